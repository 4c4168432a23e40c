//! What wrong decisions cost, and the threshold at which they cost least.

use ndarray::{Array1, Axis};
use rayon::prelude::*;

use crate::alarms::check_lengths;
use crate::curves::ThresholdCounts;
use crate::error::{Result, ensure, refuse};
use crate::math::sum;
use crate::metrics::{ConfusionMatrix, confusion_matrix, mean};
use crate::random::permutation;
use crate::scores::{Score, below_all, check_each_probability, check_probabilities, check_threshold, is_amount};
use crate::table::{Table, shown_as_table, thousands};

/// What each kind of mistake costs, compared with the right decision, in any unit; written as
/// `Costs { false_alarm: 200.0, missed: 5000.0 }`, so that the two can't be mistaken for each other.
///
/// ```
/// use learn::{cost::Costs, metrics::confusion_matrix};
/// use ndarray::array;
///
/// let costs = Costs { false_alarm: 1.0, missed: 4.0 };
/// assert_eq!(costs.threshold()?, 0.2); // an alarm pays above a probability of 1 / (1 + 4)
/// let (labels, probabilities) = (array![true, true, false, false], array![0.9, 0.3, 0.6, 0.1]);
/// assert_eq!(costs.total(&confusion_matrix(&labels, &probabilities, 0.5)?), 1.0 + 4.0);
/// assert_eq!(costs.total(&confusion_matrix(&labels, &probabilities, 0.2)?), 1.0);
/// # Ok::<(), learn::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// A false positive: an alarm for nothing.
    pub false_alarm: f64,
    /// A false negative: a positive that was let through.
    pub missed: f64,
}

impl Costs {
    /// Refuses what is no price: without one on both mistakes the best threshold is to stop everything, or nothing.
    ///
    /// # Errors
    /// When a cost is not a finite number above 0.
    pub fn check(&self) -> Result<()> {
        let Self { false_alarm, missed } = self;
        ensure!(
            [false_alarm, missed].iter().all(|cost| cost.is_finite() && **cost > 0.0),
            "costs are finite numbers above 0, not {false_alarm} for a false alarm and {missed} for a missed positive"
        );
        Ok(())
    }

    /// The same costs for each of some examples, where a missed positive costs its amount as well, as a stolen sum does;
    /// `amounts` has the shape `[examples]`.
    ///
    /// # Errors
    /// When an amount is not a finite number, at least 0, or a cost is not a finite number above 0.
    pub fn with_amounts(&self, amounts: &Array1<f64>) -> Result<CostsByExample> {
        self.check()?;
        if let Some((row, amount)) = amounts.iter().enumerate().find(|(_, amount)| !is_amount(**amount)) {
            refuse!("the amount of row {row} is {amount}: an amount is a finite number, at least 0");
        }
        Ok(CostsByExample { fixed: *self, amounts: Some(amounts.clone()) })
    }

    /// What the mistakes counted in a confusion matrix cost together.
    pub fn total(&self, matrix: &ConfusionMatrix) -> f64 {
        self.false_alarm * matrix.false_positives + self.missed * matrix.false_negatives
    }

    /// The probability above which an alarm is expected to cost less than none, if the probability is right:
    /// p · missed > (1 - p) · false_alarm, so p > false_alarm / (false_alarm + missed).
    ///
    /// # Errors
    /// When a cost is not a finite number above 0.
    pub fn threshold(&self) -> Result<f64> {
        self.check()?;
        Ok(self.false_alarm / (self.false_alarm + self.missed))
    }

    /// What decisions cost that are given as an alarm or none for each example; see
    /// [`CostsByExample::of_alarms`].
    ///
    /// # Errors
    /// As there.
    pub fn of_alarms(&self, labels: &Array1<bool>, alarms: &Array1<bool>) -> Result<f64> {
        CostsByExample::from(self).of_alarms(labels, alarms)
    }

    /// What the alarms save; see [`CostsByExample::saved`].
    ///
    /// # Errors
    /// As there.
    pub fn saved(&self, labels: &Array1<bool>, alarms: &Array1<bool>) -> Result<f64> {
        CostsByExample::from(self).saved(labels, alarms)
    }

    /// The cost of 1,000 examples; see [`CostsByExample::per_1000`].
    ///
    /// # Errors
    /// As there.
    pub fn per_1000(&self, labels: &Array1<bool>, alarms: &Array1<bool>) -> Result<f64> {
        CostsByExample::from(self).per_1000(labels, alarms)
    }

    /// The cost at every threshold that decides differently, for labels and probabilities of shape `[examples]`.
    ///
    /// # Errors
    /// When the two differ in length, there are none, a probability is not in [0, 1], or a cost is not a finite number above 0.
    pub fn curve<S: Score>(&self, labels: &Array1<bool>, probabilities: &Array1<S>) -> Result<CostCurve> {
        CostsByExample::from(self).curve(labels, probabilities)
    }
}

/// Costs that may differ from example to example: see [`Costs::with_amounts`]. From `Costs` alone they are the same for all.
#[derive(Clone, Debug, PartialEq)]
pub struct CostsByExample {
    /// What is the same for all.
    fixed: Costs,
    /// What it costs beside that to miss each, if it is positive.
    amounts: Option<Array1<f64>>,
}

impl From<&Costs> for CostsByExample {
    fn from(costs: &Costs) -> Self {
        Self { fixed: *costs, amounts: None }
    }
}

impl From<&Self> for CostsByExample {
    fn from(costs: &Self) -> Self {
        costs.clone()
    }
}

impl CostsByExample {
    /// What is the same for all examples.
    pub fn fixed(&self) -> &Costs {
        &self.fixed
    }

    /// What it costs beside that to miss each example, if it is positive; none when all cost the same.
    pub fn amounts(&self) -> Option<&Array1<f64>> {
        self.amounts.as_ref()
    }

    /// What the mistakes cost together when an alarm is given above `threshold`.
    ///
    /// # Errors
    /// When labels, probabilities and amounts differ in length, a probability is not in [0, 1], or the threshold is NaN.
    pub fn total<S: Score>(&self, labels: &Array1<bool>, probabilities: &Array1<S>, threshold: f64) -> Result<f64> {
        check_threshold(threshold)?;
        if self.amounts.is_none() {
            self.check(labels, probabilities)?;
            return Ok(self.fixed.total(&confusion_matrix(labels, probabilities, threshold)?));
        }
        self.total_above(labels, probabilities, |_| threshold)
    }

    /// As [`total`](Self::total), when each example has the threshold of its own costs: see [`thresholds`](Self::thresholds).
    ///
    /// # Errors
    /// As [`total`](Self::total).
    pub fn total_at_own_thresholds<S: Score>(&self, labels: &Array1<bool>, probabilities: &Array1<S>) -> Result<f64> {
        self.total_above(labels, probabilities, |row| self.own_threshold(row))
    }

    /// For each example that has an amount the probability above which an alarm is expected to cost less than none, if the probability is right:
    /// the rule of [`Costs::threshold`], so the more there is to lose, the lower.
    pub fn thresholds(&self) -> Array1<f64> {
        (0..self.amounts.as_ref().map_or(0, |amounts| amounts.len())).map(|row| self.own_threshold(row)).collect()
    }

    fn own_threshold(&self, row: usize) -> f64 {
        self.fixed.false_alarm / (self.fixed.false_alarm + self.missed(row))
    }

    /// What it costs to miss the example of a row, if it is positive.
    ///
    /// # Panics
    /// When there are amounts, but none of such a row.
    pub fn missed(&self, row: usize) -> f64 {
        self.amounts.as_ref().map_or(0.0, |amounts| amounts[row]) + self.fixed.missed
    }

    fn total_above<S: Score>(
        &self,
        labels: &Array1<bool>,
        probabilities: &Array1<S>,
        threshold: impl Fn(usize) -> f64,
    ) -> Result<f64> {
        self.check(labels, probabilities)?;
        let is_alarm = |row: usize| probabilities[row] > S::from_threshold(threshold(row));
        Ok(sum((0..labels.len()).map(|row| self.cost(row, labels[row], is_alarm(row)))))
    }

    /// What decisions cost that are given as an alarm or none for each example, as labels are.
    ///
    /// ```
    /// use learn::{alarms::above, cost::Costs};
    /// use ndarray::array;
    ///
    /// let costs = Costs { false_alarm: 5.0, missed: 15.0 }.with_amounts(&array![100.0, 20.0, 300.0])?;
    /// let (labels, p) = (array![true, false, true], array![0.9, 0.7, 0.02]);
    /// assert_eq!(costs.of_alarms(&labels, &above(&p, 0.5)?)?, 5.0 + 315.0);
    /// assert_eq!(costs.saved(&labels, &above(&p, 0.5)?)?, 115.0 + 315.0 - 320.0); // against no alarm at all
    /// assert_eq!(costs.saved(&labels, &costs.alarms(&p)?)?, 425.0); // each above its own threshold
    /// # Ok::<(), learn::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When labels, alarms and amounts differ in length, or a cost is not a finite number above 0.
    pub fn of_alarms(&self, labels: &Array1<bool>, alarms: &Array1<bool>) -> Result<f64> {
        self.fixed.check()?;
        check_lengths(labels, alarms)?;
        self.check_amounts(labels.len())?;
        Ok(sum((0..labels.len()).map(|row| self.cost(row, labels[row], alarms[row]))))
    }

    /// What the alarms save: the cost of no alarm at all, less theirs. Below 0 where they cost more
    /// than they prevent.
    ///
    /// # Errors
    /// As [`of_alarms`](Self::of_alarms).
    pub fn saved(&self, labels: &Array1<bool>, alarms: &Array1<bool>) -> Result<f64> {
        let none = Array1::from_elem(labels.len(), false);
        Ok(self.of_alarms(labels, &none)? - self.of_alarms(labels, alarms)?)
    }

    /// The cost of 1,000 examples like these, so that sets of different sizes can be compared.
    ///
    /// # Errors
    /// As [`of_alarms`](Self::of_alarms), and when there are no examples.
    pub fn per_1000(&self, labels: &Array1<bool>, alarms: &Array1<bool>) -> Result<f64> {
        ensure!(!labels.is_empty(), "there are no examples to count the cost of");
        Ok(1000.0 * self.of_alarms(labels, alarms)? / labels.len() as f64)
    }

    /// The alarms of the rule: where an alarm is expected to cost less than none, if the
    /// probability is right; each example has the threshold of its own costs.
    ///
    /// # Errors
    /// When there is not one amount for each probability, one is not in [0, 1], or a cost is not a
    /// finite number above 0.
    pub fn alarms<S: Score>(&self, probabilities: &Array1<S>) -> Result<Array1<bool>> {
        self.fixed.check()?;
        self.check_amounts(probabilities.len())?;
        check_each_probability(probabilities)?;
        let is_alarm = |row: usize| probabilities[row] > S::from_threshold(self.own_threshold(row));
        Ok((0..probabilities.len()).map(is_alarm).collect())
    }

    /// What each example is expected to cost without an alarm, if the probability is right: p times
    /// what it costs to miss it. The order in which few alarms prevent most.
    ///
    /// # Errors
    /// When there is not one amount for each probability, or one is not in [0, 1].
    pub fn expected_losses<S: Score>(&self, probabilities: &Array1<S>) -> Result<Array1<f64>> {
        self.check_amounts(probabilities.len())?;
        check_each_probability(probabilities)?;
        Ok(probabilities.iter().enumerate().map(|(row, &p)| p.into() * self.missed(row)).collect())
    }

    /// The costs of the examples at these row numbers, in this order.
    ///
    /// # Panics
    /// When a row number is out of range.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self { amounts: self.amounts.as_ref().map(|amounts| amounts.select(Axis(0), rows)), ..self.clone() }
    }

    /// What the cheapest threshold of some rows costs on others: cuts the examples in two at
    /// random, `cuts` times, takes the minimum of one half and pays on the other, both ways round.
    /// `threshold` was chosen without these rows, such as that of the rule, and pays beside it. All
    /// costs are those of as many rows as there are.
    ///
    /// ```
    /// use learn::cost::{Costs, CostsByExample};
    /// use ndarray::Array1;
    ///
    /// let labels = Array1::from_shape_fn(400, |row| row % 8 == 0);
    /// let p = Array1::from_shape_fn(400, |row| (row * 37 % 100) as f64 / 100.0); // that knows nothing
    /// let costs = CostsByExample::from(&Costs { false_alarm: 1.0, missed: 7.0 });
    /// let halves = costs.halves(&labels, &p, 20, 0.125)?;
    /// let mean = |costs: &[f64]| costs.iter().sum::<f64>() / costs.len() as f64;
    /// assert!(mean(&halves.promised) < mean(&halves.paid)); // the minimum is partly luck
    /// # Ok::<(), learn::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`total`](Self::total), and when there are fewer than two examples or no cut.
    pub fn halves<S: Score + Sync + Send>(
        &self,
        labels: &Array1<bool>,
        probabilities: &Array1<S>,
        cuts: u64,
        threshold: f64,
    ) -> Result<Halves> {
        self.check(labels, probabilities)?;
        check_threshold(threshold)?;
        let all = labels.len();
        ensure!(all >= 2 && cuts > 0, "{all} examples can't be cut in two {cuts} times: at least 2, and once");
        let part = |rows: &[usize]| {
            let scale = all as f64 / rows.len() as f64;
            (self.select(rows), labels.select(Axis(0), rows), probabilities.select(Axis(0), rows), scale)
        };
        let pay = |here: &[usize], there: &[usize]| -> Result<[f64; 4]> {
            let (costs, labels, p, scale) = part(here);
            let (cheapest, promised) = costs.curve(&labels, &p)?.best();
            let (costs, labels, p, scale_there) = part(there);
            let paid = |threshold| costs.total(&labels, &p, threshold).map(|cost| scale_there * cost);
            Ok([cheapest, scale * promised, paid(cheapest)?, paid(threshold)?])
        };
        let cut = |number| -> Result<[[f64; 4]; 2]> {
            let rows = permutation(all, number);
            let (one, other) = rows.split_at(all / 2);
            Ok([pay(one, other)?, pay(other, one)?])
        };
        let results: Vec<Result<_>> = (0..cuts).into_par_iter().map(cut).collect();
        let results = results.into_iter().collect::<Result<Vec<_>>>()?.concat();
        let [thresholds, promised, paid, by_threshold] =
            [0, 1, 2, 3].map(|place| results.iter().map(|result| result[place]).collect());
        Ok(Halves { thresholds, promised, paid, by_threshold })
    }

    /// What one decision costs.
    pub(crate) fn cost(&self, row: usize, label: bool, is_alarm: bool) -> f64 {
        match (label, is_alarm) {
            (true, false) => self.missed(row),
            (false, true) => self.fixed.false_alarm,
            _ => 0.0,
        }
    }

    /// The cost at every threshold that decides differently.
    ///
    /// # Errors
    /// As [`total`](Self::total), and when there are no examples.
    pub fn curve<S: Score>(&self, labels: &Array1<bool>, probabilities: &Array1<S>) -> Result<CostCurve> {
        self.check(labels, probabilities)?;
        if self.amounts.is_none() {
            return CostCurve::new(&ThresholdCounts::new(labels, probabilities)?, &self.fixed);
        }
        let price = |(row, &label)| if label { self.missed(row) } else { self.fixed.false_alarm };
        let prices = labels.iter().enumerate().map(price).collect();
        CostCurve::new(
            &ThresholdCounts::weighted(labels, probabilities, &prices)?,
            &Costs { false_alarm: 1.0, missed: 1.0 },
        )
    }

    /// Refuses what is no price, and labels and probabilities that the costs are not of.
    ///
    /// # Errors
    /// When a cost is not a finite number above 0, labels, probabilities and amounts differ in length, or a probability is not
    /// in [0, 1].
    pub fn check<S: Score>(&self, labels: &Array1<bool>, probabilities: &Array1<S>) -> Result<()> {
        self.fixed.check()?;
        check_probabilities(labels, probabilities)?;
        self.check_amounts(labels.len())
    }

    /// Refuses another number of examples than there are amounts.
    fn check_amounts(&self, examples: usize) -> Result<()> {
        let amounts = self.amounts.as_ref().map_or(examples, |amounts| amounts.len());
        ensure!(examples == amounts, "{examples} labels, but {amounts} amounts");
        Ok(())
    }
}

/// What cheapest thresholds promised and what they cost elsewhere, two values for each cut: see
/// [`CostsByExample::halves`]. As the last expression of a cell it appears as a table of means.
#[derive(Clone, Debug, PartialEq)]
pub struct Halves {
    /// The cheapest threshold of one half.
    pub thresholds: Vec<f64>,
    /// What it costs there.
    pub promised: Vec<f64>,
    /// What it costs on the other half.
    pub paid: Vec<f64>,
    /// What the threshold that was chosen without these rows costs on the other half.
    pub by_threshold: Vec<f64>,
}

impl Halves {
    fn table(&self) -> Table {
        let mut table = Table::new(["cost", "mean", "lowest", "highest"]);
        for (name, costs) in [
            ("minimum, promised", &self.promised),
            ("minimum, paid on the other half", &self.paid),
            ("the given threshold", &self.by_threshold),
        ] {
            let lowest = costs.iter().copied().fold(f64::INFINITY, f64::min);
            let highest = costs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let numbers = [mean(costs.iter().copied()), lowest, highest].map(money);
            table.push(std::iter::once(name.to_owned()).chain(numbers));
        }
        table
    }
}

shown_as_table!(Halves);

/// A cost or what was saved: whole from 100 on, with two decimals below.
pub(crate) fn money(value: f64) -> String {
    let size = value.abs().round();
    match size < 100.0 {
        true => format!("{value:.2}"),
        false => format!("{}{}", if value < 0.0 { "-" } else { "" }, thousands(size as usize)),
    }
}

/// What decisions cost as the threshold falls from the highest score, where nothing is an alarm, until everything is.
///
/// ```
/// use learn::cost::Costs;
/// use ndarray::array;
///
/// let (labels, probabilities) = (array![true, true, false, false], array![0.9, 0.3, 0.6, 0.1]);
/// let curve = Costs { false_alarm: 1.0, missed: 4.0 }.curve(&labels, &probabilities)?;
/// assert_eq!(curve.thresholds, [0.9, 0.6, 0.3, 0.1, 0.0]);
/// assert_eq!(curve.costs, [8.0, 4.0, 5.0, 1.0, 2.0]); // least above 0.1, where nothing is missed
/// # Ok::<(), learn::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CostCurve {
    /// The thresholds, falling; an example is an alarm when its score is above.
    pub thresholds: Vec<f64>,
    /// The total cost at each of them.
    pub costs: Vec<f64>,
}

impl CostCurve {
    fn new(counts: &ThresholdCounts, costs: &Costs) -> Result<Self> {
        let Some((&all_positives, &lowest)) = counts.true_positives.last().zip(counts.thresholds.last()) else {
            refuse!("there are no examples to count the cost of");
        };
        // An example is predicted positive above the threshold, so the threshold that lets in the examples with a score
        // is the next lower score; the last one lets in all.
        let thresholds = counts.thresholds.iter().copied().chain([below_all(lowest)]).collect();
        let alarms = counts.true_positives.iter().zip(&counts.false_positives);
        let costs = std::iter::once((&0.0, &0.0))
            .chain(alarms)
            .map(|(found, false_alarms)| costs.missed * (all_positives - found) + costs.false_alarm * false_alarms);
        Ok(Self { thresholds, costs: costs.collect() })
    }

    /// The threshold with the lowest cost, and that cost: (threshold, cost). Of several the highest, with the fewest alarms.
    pub fn best(&self) -> (f64, f64) {
        // Of equal ones the first.
        self.points().into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((f64::NAN, f64::NAN))
    }

    /// The points (threshold, cost), for a figure.
    pub fn points(&self) -> Vec<(f64, f64)> {
        self.thresholds.iter().copied().zip(self.costs.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarms::above;
    use crate::metrics::confusion_matrix;
    use crate::random::{Purpose, generator, uniform};
    use ndarray::array;

    const COSTS: Costs = Costs { false_alarm: 10.0, missed: 90.0 };

    #[test]
    fn the_curve_is_counted_by_hand() {
        let (labels, scores) = (array![false, true, false, true], array![0.1, 0.4, 0.4, 0.8]);
        let curve = COSTS.curve(&labels, &scores).unwrap();
        assert_eq!(curve.points(), [(0.8, 180.0), (0.4, 90.0), (0.1, 10.0), (0.0, 20.0)]);
        assert_eq!(curve.best(), (0.1, 10.0));
    }

    #[test]
    fn every_point_is_what_the_confusion_matrix_costs() {
        let mut rng = generator(1, Purpose::Sampling, 0);
        for rows in [1, 2, 50, 400] {
            let labels = Array1::from_shape_simple_fn(rows, || uniform(&mut rng) < 0.2);
            // Few distinct values, so that many are tied; 0 and 1 are among them.
            let scores = Array1::from_shape_simple_fn(rows, || (20.0 * uniform(&mut rng)).round() as f32 / 20.0);
            let curve = COSTS.curve(&labels, &scores).unwrap();
            for (threshold, cost) in curve.points() {
                let matrix = confusion_matrix(&labels, &scores, threshold).unwrap();
                assert_eq!(COSTS.total(&matrix), cost, "{rows} rows at {threshold}");
            }
            // No threshold on a grid costs less than the best.
            let (_, best) = curve.best();
            for step in -1..=101 {
                let matrix = confusion_matrix(&labels, &scores, f64::from(step) / 100.0).unwrap();
                assert!(COSTS.total(&matrix) >= best);
            }
        }
    }

    #[test]
    fn the_rule_of_thumb_is_right_for_right_probabilities() {
        assert_eq!(COSTS.threshold().unwrap(), 0.1);
        // In groups of 1,000 with k/100 positives each, the probability k/100 is right.
        let (mut labels, mut scores) = (Vec::new(), Vec::new());
        for percent in 0..40 {
            labels.extend((0..1000).map(|row| row < 10 * percent));
            scores.extend([percent as f64 / 100.0; 1000]);
        }
        let (threshold, _) = COSTS.curve(&labels.into(), &scores.into()).unwrap().best();
        assert_eq!(threshold, 0.1);
    }

    #[test]
    fn a_missed_positive_costs_its_amount_and_a_fee() {
        let (labels, scores) = (array![true, true, false, false], array![0.2, 0.6, 0.6, 0.1]);
        let costs = Costs { false_alarm: 5.0, missed: 10.0 }.with_amounts(&array![1000.0, 20.0, 7.0, 8.0]).unwrap();
        assert_eq!(costs.total(&labels, &scores, 0.5).unwrap(), 1010.0 + 5.0);
        let curve = costs.curve(&labels, &scores).unwrap();
        assert_eq!(curve.points(), [(0.6, 1040.0), (0.2, 1015.0), (0.1, 5.0), (0.0, 10.0)]);
        for (threshold, cost) in curve.points() {
            assert_eq!(costs.total(&labels, &scores, threshold).unwrap(), cost);
        }
        assert_eq!(costs.thresholds()[1], 5.0 / 35.0);
        // The large amount is stopped at its own threshold, 5 / 1015, the last one at 5 / 23 is not.
        assert_eq!(costs.total_at_own_thresholds(&labels, &scores).unwrap(), 5.0);
        // Without amounts it is what the fixed costs give.
        let nothing = COSTS.with_amounts(&Array1::zeros(4)).unwrap();
        assert_eq!(nothing.curve(&labels, &scores).unwrap(), COSTS.curve(&labels, &scores).unwrap());
    }

    #[test]
    fn ties_of_cost_go_to_fewer_alarms() {
        let costs = Costs { false_alarm: 1.0, missed: 1.0 };
        assert_eq!(costs.curve(&array![true, false], &array![0.2, 0.7]).unwrap().best(), (0.7, 1.0));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (false_alarm, missed) in [(0.0, 1.0), (1.0, -1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            let costs = Costs { false_alarm, missed };
            assert!(costs.threshold().unwrap_err().to_string().contains("above 0"));
            assert!(costs.curve(&array![true], &array![0.5]).is_err() && costs.with_amounts(&array![1.0]).is_err());
        }
        assert!(COSTS.curve(&array![true], &array![-2.0]).unwrap_err().to_string().contains("not a probability"));
        assert!(COSTS.with_amounts(&array![1.0, -1.0]).unwrap_err().to_string().contains("row 1"));
        let by_example = COSTS.with_amounts(&array![1.0, 2.0]).unwrap();
        assert!(by_example.total(&array![true], &array![0.5], 0.5).unwrap_err().to_string().contains("2 amounts"));
        assert!(by_example.total(&array![true, false], &array![0.5, 0.5], f64::NAN).is_err());
        assert!(COSTS.curve(&array![], &Array1::<f32>::from_vec(vec![])).is_err());
        assert!(COSTS.curve(&array![true], &array![f32::NAN]).is_err());
    }

    #[test]
    fn alarms_cost_what_thresholds_do() {
        let mut rng = generator(4, Purpose::Sampling, 0);
        let labels = Array1::from_shape_simple_fn(300, || uniform(&mut rng) < 0.2);
        let p = Array1::from_shape_simple_fn(300, || uniform(&mut rng) as f32);
        let amounts = Array1::from_shape_simple_fn(300, || (1000.0 * uniform(&mut rng)).round());
        for costs in [CostsByExample::from(&COSTS), COSTS.with_amounts(&amounts).unwrap()] {
            let cost = costs.of_alarms(&labels, &above(&p, 0.3).unwrap()).unwrap();
            assert_eq!(cost, costs.total(&labels, &p, 0.3).unwrap());
            let own = costs.of_alarms(&labels, &costs.alarms(&p).unwrap()).unwrap();
            assert_eq!(own, costs.total_at_own_thresholds(&labels, &p).unwrap());
            assert_eq!(costs.per_1000(&labels, &above(&p, 0.3).unwrap()).unwrap(), 1000.0 * cost / 300.0);
            let nothing = costs.total(&labels, &p, 1.0).unwrap();
            assert_eq!(costs.saved(&labels, &above(&p, 0.3).unwrap()).unwrap(), nothing - cost);
            let few = [3, 0, 299];
            let expected = costs.expected_losses(&p).unwrap();
            let chosen = costs.select(&few).expected_losses(&p.select(Axis(0), &few)).unwrap();
            assert_eq!(chosen, expected.select(Axis(0), &few));
        }
        let costs = COSTS.with_amounts(&amounts).unwrap();
        assert!(costs.alarms(&array![0.5]).unwrap_err().to_string().contains("1 labels, but 300 amounts"));
        assert!(costs.of_alarms(&labels, &array![true]).unwrap_err().to_string().contains("1 decisions"));
    }

    #[test]
    fn halves_are_scaled_to_all_rows() {
        // Any half with both classes is parted by a threshold without a mistake; everything an
        // alarm costs 10 for each negative.
        let labels = Array1::from_shape_fn(201, |row| row % 2 == 0);
        let p = labels.mapv(|label| if label { 0.9 } else { 0.1 });
        let costs = CostsByExample::from(&COSTS);
        let halves = costs.halves(&labels, &p, 3, 0.05).unwrap();
        assert!(halves.promised == [0.0; 6] && halves.paid == [0.0; 6] && halves.thresholds == [0.1; 6]);
        let both = |cut: usize| {
            halves.by_threshold[2 * cut] * 101.0 / 201.0 + halves.by_threshold[2 * cut + 1] * 100.0 / 201.0
        };
        assert!((0..3).all(|cut| (both(cut) - 1000.0).abs() < 1e-9));
        assert!(halves.to_string().contains("the given threshold"), "{halves}");
        assert!(costs.halves(&labels, &p, 0, 0.5).is_err());
    }
}
