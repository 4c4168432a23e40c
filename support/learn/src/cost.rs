//! What wrong decisions cost, and the threshold at which they cost least.

use ndarray::Array1;

use crate::curves::ThresholdCounts;
use crate::error::{Result, ensure, refuse};
use crate::math::sum;
use crate::metrics::{ConfusionMatrix, confusion_matrix};
use crate::scores::{Score, below_all, check_probabilities, check_threshold, is_amount};

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
        let amounts = self.amounts.as_ref().map_or(labels.len(), |amounts| amounts.len());
        ensure!(labels.len() == amounts, "{} labels, but {amounts} amounts", labels.len());
        Ok(())
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
}
