//! Whether probabilities mean what they say: of the rows that got 0.15, about 15 in 100 should be positive. And what to do
//! when they are off because the model was trained on another share of positives.

use ndarray::Array1;

use crate::bootstrap::Answers;
use crate::error::{Result, ensure};
use crate::math::sum;
use crate::scores::{Score, check_each_probability, check_probabilities};
use crate::table::{Table, shown_as_table, thousands};

/// Probabilities in bins, from the lowest up, each beside the share of positives that was found. As the last expression of a
/// cell it appears as a table.
///
/// ```
/// use learn::calibration::calibration;
/// use ndarray::Array1;
///
/// // A hundred rows that got 0.1, of which ten are positive, and a hundred that got 0.8, of which half are.
/// let probabilities = Array1::from_shape_fn(200, |row| if row < 100 { 0.1 } else { 0.8 });
/// let labels = Array1::from_shape_fn(200, |row| row < 10 || row >= 150);
/// let calibration = calibration(&labels, &probabilities, 2)?;
/// assert_eq!(calibration.bins[1].share_of_positives(), 0.5);
/// let within = |bin: usize, share: f64| {
///     let (lower, upper) = calibration.bins[bin].interval();
///     lower < share && share < upper
/// };
/// assert!(within(0, 0.1) && !within(1, 0.8)); // the second bin promises too much
/// # Ok::<(), learn::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The bins; examples with the same probability are in the same one.
    pub bins: Vec<CalibrationBin>,
    /// All examples as one bin.
    pub all: CalibrationBin,
}

/// Examples whose probabilities lie next to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationBin {
    /// The number of examples.
    pub examples: usize,
    /// How many of them are positive.
    pub positives: usize,
    /// The mean of their probabilities.
    pub mean_prediction: f64,
}

impl CalibrationBin {
    fn new(examples: &[(f64, bool)]) -> Self {
        Self {
            examples: examples.len(),
            positives: examples.iter().filter(|example| example.1).count(),
            mean_prediction: sum(examples.iter().map(|example| example.0)) / examples.len() as f64,
        }
    }

    /// The share of its examples that are positive.
    pub fn share_of_positives(&self) -> f64 {
        self.positives as f64 / self.examples as f64
    }

    /// The 95 % interval of the share of positives among all examples like these: (lower, upper), by Wilson's score interval
    /// ("Probable inference, the law of succession, and statistical inference", Journal of the American Statistical Association
    /// 22, 1927), which holds for small counts and for none.
    pub fn interval(&self) -> (f64, f64) {
        wilson_interval(self.positives, self.examples)
    }
}

/// The 95 % interval of a share of which `found` in `all` were found, by Wilson's score interval.
pub(crate) fn wilson_interval(found: usize, all: usize) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054; // the normal distribution has 95 % of its mass within ± Z
    let n = all as f64;
    let share = found as f64 / n;
    let middle = share + Z * Z / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    // At none and at all the ends are exact, whatever rounding says.
    let lower = if found == 0 { 0.0 } else { (middle - spread) / scale };
    let upper = if found == all { 1.0 } else { (middle + spread) / scale };
    (lower, upper)
}

/// Sorts the examples by their probability and cuts them into `bins` of about equal size. Labels and probabilities have the
/// shape `[examples]`.
///
/// A cut never parts examples with the same probability: it moves behind them, so the sizes may differ, and there are fewer
/// bins where one probability fills several.
///
/// # Errors
/// When the two differ in length, a probability is not in [0, 1], or there are fewer examples than bins or no bin.
pub fn calibration<S: Score>(labels: &Array1<bool>, probabilities: &Array1<S>, bins: usize) -> Result<Calibration> {
    ensure!((1..=labels.len()).contains(&bins), "{} examples can't be cut into {bins} bins", labels.len());
    // A bin is full when it has its share of all, rounded down.
    let full = |bin: usize| ((bin + 1) * labels.len() / bins) as f64;
    Calibration::cut(labels, probabilities, |_| 1.0, full)
}

impl Calibration {
    /// As [`calibration`], in bins where about the same number of positives is expected, which is the sum of their probabilities:
    /// where positives are rare, bins of equal size have none, all but the last.
    ///
    /// The bins don't look at the labels. Bins that ended at a positive would have too many of them: the wait for the k-th
    /// positive is short by chance, so its share comes out about k / (k - 1) times too high.
    ///
    /// # Errors
    /// As [`calibration`], and when there are fewer positives than bins.
    pub fn by_positives<S: Score>(labels: &Array1<bool>, probabilities: &Array1<S>, bins: usize) -> Result<Self> {
        let positives = labels.iter().filter(|&&label| label).count();
        ensure!((1..=positives).contains(&bins), "{positives} positives can't be cut into {bins} bins");
        let expected = sum(probabilities.iter().map(|&p| p.into()));
        Self::cut(labels, probabilities, |p| p, |bin| expected * (bin + 1) as f64 / bins as f64)
    }

    /// As [`calibration`], in bins that end at these probabilities, which rise: a probability that
    /// is equal to an edge is below it. Bins without examples are left out.
    ///
    /// ```
    /// use learn::calibration::Calibration;
    /// use ndarray::array;
    ///
    /// let (labels, probabilities) = (array![false, false, true, true], array![0.001f32, 0.01, 0.2, 0.9]);
    /// let calibration = Calibration::with_edges(&labels, &probabilities, &[0.01, 0.1, 0.5])?;
    /// assert_eq!(calibration.bins.iter().map(|bin| bin.examples).collect::<Vec<_>>(), [2, 1, 1]);
    /// # Ok::<(), learn::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When labels and probabilities differ in length, there are none, a probability is not in [0,
    /// 1], or the edges don't rise.
    pub fn with_edges<S: Score>(labels: &Array1<bool>, probabilities: &Array1<S>, edges: &[f64]) -> Result<Self> {
        ensure!(!labels.is_empty(), "there are no examples to put into bins");
        ensure!(edges.windows(2).all(|pair| pair[0] < pair[1]), "the edges of bins rise, unlike {edges:?}");
        let sorted = sorted(labels, probabilities)?;
        let end = |&edge: &f64| sorted.partition_point(|row| row.0 <= S::from_threshold(edge).into());
        let mut cuts: Vec<usize> = edges.iter().map(end).chain([sorted.len()]).filter(|&end| end > 0).collect();
        cuts.dedup();
        Ok(Self::new(&sorted, cuts))
    }

    /// Cuts where the running sum of `counts` reaches what `full` says for the bin; the last has what is left.
    fn cut<S: Score>(
        labels: &Array1<bool>,
        probabilities: &Array1<S>,
        counts: impl Fn(f64) -> f64,
        full: impl Fn(usize) -> f64,
    ) -> Result<Self> {
        let sorted = sorted(labels, probabilities)?;
        let (mut cuts, mut counted, mut bin, mut end) = (vec![], 0.0, 0, 0);
        for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
            end += tied.len();
            counted += counts(tied[0].0) * tied.len() as f64;
            if counted >= full(bin) && end < sorted.len() {
                cuts.push(end);
                bin += (0..).take_while(|more| counted >= full(bin + more)).count();
            }
        }
        cuts.push(sorted.len());
        Ok(Self::new(&sorted, cuts))
    }

    /// Bins that end before these rows.
    fn new(sorted: &[(f64, bool)], cuts: Vec<usize>) -> Self {
        let mut start = 0;
        let bin = |end: usize| CalibrationBin::new(&sorted[std::mem::replace(&mut start, end)..end]);
        Self { bins: cuts.into_iter().map(bin).collect(), all: CalibrationBin::new(sorted) }
    }

    /// The points (mean prediction, share of positives), for a figure.
    pub fn points(&self) -> Vec<(f64, f64)> {
        self.bins.iter().map(|bin| (bin.mean_prediction, bin.share_of_positives())).collect()
    }

    fn table(&self) -> Table {
        let mut table =
            Table::new(["bin", "examples", "positives", "mean prediction", "share of positives", "95 % interval"]);
        let names = (1..=self.bins.len()).map(|number| number.to_string()).chain(["all".to_owned()]);
        for (name, bin) in names.zip(self.bins.iter().chain([&self.all])) {
            let (lower, upper) = bin.interval();
            table.push([
                name,
                thousands(bin.examples),
                thousands(bin.positives),
                share(bin.mean_prediction),
                share(bin.share_of_positives()),
                format!("{} to {}", share(lower), share(upper)),
            ]);
        }
        table
    }
}

shown_as_table!(Calibration);

/// Probabilities, rising, with their labels.
fn sorted<S: Score>(labels: &Array1<bool>, probabilities: &Array1<S>) -> Result<Vec<(f64, bool)>> {
    check_probabilities(labels, probabilities)?;
    let mut sorted: Vec<(f64, bool)> = probabilities.iter().map(|&p| p.into()).zip(labels.iter().copied()).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(sorted)
}

/// A share with three decimals, or as many as its first two digits need.
pub fn share(value: f64) -> String {
    let mut decimals = 3;
    let mut smallest = 0.01;
    while value > 0.0 && value < smallest && decimals < 12 {
        decimals += 1;
        smallest /= 10.0;
    }
    format!("{value:.decimals$}")
}

/// The same probabilities with their odds p / (1 - p) multiplied by `factor`; that adds ln `factor` to every logit.
///
/// A model that was trained as if positives were `factor` times as common against negatives as they
/// are gives odds that are `factor` times too high, so multiplying by 1 / `factor` mends it; the
/// ranking stays the same. The factor is
/// [`ClassWeight::odds_factor`](crate::training::ClassWeight::odds_factor) for class weights and
/// [`BaseRates::odds_factor`] for oversampling or another base rate. The correction is Theorem 2 of
/// Elkan, "The foundations of cost-sensitive learning" (IJCAI 2001), written for odds. For
/// undersampling it is equation 4 of Dal Pozzolo et al., "Calibrating probability with
/// undersampling for unbalanced classification" (SSCI 2015), where the factor is the share of
/// negatives kept.
///
/// ```
/// use learn::calibration::{BaseRates, multiply_odds};
/// use ndarray::array;
///
/// // Trained on equal parts, used where one in a hundred is positive.
/// let factor = BaseRates { trained_on: 0.5, applied_to: 0.01 }.odds_factor()?;
/// let mended = multiply_odds(&array![0.5, 0.99], factor)?;
/// assert!((mended[0] - 0.01).abs() < 1e-6 && (mended[1] - 0.5).abs() < 1e-5);
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When a probability is not in [0, 1] or the factor is not a finite number above 0.
pub fn multiply_odds(probabilities: &Array1<f32>, factor: f64) -> Result<Array1<f32>> {
    check_each_probability(probabilities)?;
    ensure!(factor.is_finite() && factor > 0.0, "odds are multiplied by a finite number above 0, not by {factor}");
    Ok(probabilities.mapv(|p| {
        let p = f64::from(p);
        let positive = factor * p;
        (positive / (positive + (1.0 - p))) as f32
    }))
}

impl Answers {
    /// The same answers with their odds multiplied: see [`multiply_odds`]. Ranks and threshold
    /// stay.
    ///
    /// # Errors
    /// When the factor is not a finite number above 0.
    pub fn multiply_odds(&self, factor: f64) -> Result<Self> {
        Ok(self.with_probabilities(multiply_odds(self.probabilities(), factor)?))
    }
}

/// The share of positives that a model was trained on, and that of the rows it is applied to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BaseRates {
    /// As training saw it: 0.5 after oversampling to equal parts.
    pub trained_on: f64,
    /// As it is.
    pub applied_to: f64,
}

impl BaseRates {
    /// What [`multiply_odds`] has to multiply by: the odds of the one rate over those of the other.
    ///
    /// # Errors
    /// When a rate is not between 0 and 1.
    pub fn odds_factor(&self) -> Result<f64> {
        let Self { trained_on, applied_to } = *self;
        let is_rate = |rate: f64| rate > 0.0 && rate < 1.0;
        ensure!(
            is_rate(trained_on) && is_rate(applied_to),
            "a base rate lies between 0 and 1, unlike {trained_on} or {applied_to}"
        );
        Ok(applied_to / (1.0 - applied_to) * ((1.0 - trained_on) / trained_on))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator, uniform};
    use ndarray::array;

    fn counts(calibration: &Calibration) -> Vec<(usize, usize)> {
        calibration.bins.iter().map(|bin| (bin.examples, bin.positives)).collect()
    }

    #[test]
    fn bins_are_formed_from_the_lowest_probability_up() {
        let labels = array![true, false, true, false, true];
        let text = calibration(&labels, &array![0.9, 0.1, 0.4, 0.3, 0.2], 2).unwrap().to_string();
        let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split_whitespace().take(5).collect()).collect();
        assert_eq!(
            rows,
            [["1", "2", "1", "0.150", "0.500"], ["2", "3", "2", "0.533", "0.667"], ["all", "5", "3", "0.380", "0.600"]]
        );
    }

    #[test]
    fn ties_are_never_parted() {
        // A constant answer is one bin, with the share of all.
        let labels = Array1::from_shape_fn(1200, |row| row < 165);
        let constant = calibration(&labels, &Array1::from_elem(1200, 0.15f32), 3).unwrap();
        assert_eq!(counts(&constant), [(1200, 165)]);
        assert_eq!(constant.bins[0].share_of_positives(), 0.1375);
        // The cut after two of five moves behind the tied block, in whatever order its labels come.
        let probabilities = array![0.1, 0.2, 0.2, 0.2, 0.9];
        for labels in [array![false, true, false, false, true], array![false, false, false, true, true]] {
            assert_eq!(counts(&calibration(&labels, &probabilities, 2).unwrap()), [(4, 1), (1, 1)]);
        }
        // A block that fills two bins and more leaves fewer of them.
        let labels = array![true, false, false, false, false, true];
        let probabilities = array![0.1, 0.2, 0.2, 0.2, 0.2, 0.9];
        assert_eq!(counts(&calibration(&labels, &probabilities, 6).unwrap()), [(1, 1), (4, 0), (1, 1)]);
    }

    #[test]
    fn bins_of_equal_expected_positives() {
        // Five positives are expected, one in each bin: of 64 rows of 1/64, of eight of 1/8, and so on.
        let probabilities = [(64, 1.0 / 64.0), (8, 0.125), (4, 0.25), (2, 0.5), (1, 1.0)];
        let probabilities: Array1<f64> = probabilities.iter().flat_map(|&(rows, p)| vec![p; rows]).collect();
        let labels = Array1::from_shape_fn(79, |row| row >= 74);
        let found = Calibration::by_positives(&labels, &probabilities, 5).unwrap();
        assert_eq!(counts(&found), [(64, 0), (8, 0), (4, 2), (2, 2), (1, 1)]);
        assert_eq!((found.all.examples, found.all.positives), (79, 5));
        let message = Calibration::by_positives(&labels, &probabilities, 6).unwrap_err().to_string();
        assert!(message.contains("5 positives can't be cut into 6 bins"), "{message}");
    }

    /// Probabilities that are right by construction: each bin finds the share that was predicted, on average over fifty draws.
    #[test]
    fn right_probabilities_are_found_right() {
        let mut rng = generator(1, Purpose::Sampling, 7);
        let probabilities = Array1::from_shape_fn(20_000, |row| 0.03 + 2e-6 * row as f64);
        let mut ratios = Vec::new();
        for _ in 0..50 {
            let labels = probabilities.mapv(|p| uniform(&mut rng) < p);
            let bins = Calibration::by_positives(&labels, &probabilities, 200).unwrap().bins;
            ratios.extend(bins.iter().map(|bin| bin.share_of_positives() / bin.mean_prediction));
        }
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
    }

    #[test]
    fn the_interval_is_wilsons() {
        for (examples, positives) in [(10, 0), (10, 10), (100, 15), (3, 1), (100_000, 2)] {
            let bin = CalibrationBin { examples, positives, mean_prediction: 0.0 };
            let (lower, upper) = bin.interval();
            let share = bin.share_of_positives();
            assert!((0.0..=share).contains(&lower) && (share..=1.0).contains(&upper), "{lower} to {upper}");
            // What defines it: at both ends the share that was found lies 1.96 standard deviations away.
            for end in [lower, upper] {
                let deviations = (share - end) / (end * (1.0 - end) / examples as f64).sqrt();
                let is_exact_end = (end == 0.0 && positives == 0) || (end == 1.0 && positives == examples);
                assert!(is_exact_end || (deviations.abs() - 1.959_963_984_540_054).abs() < 1e-9, "{deviations}");
            }
        }
        let (lower, upper) = CalibrationBin { examples: 10, positives: 0, mean_prediction: 0.0 }.interval();
        assert!(lower == 0.0 && (upper - 0.2775).abs() < 1e-4, "{lower} to {upper}");
    }

    #[test]
    fn small_shares_keep_two_digits() {
        let texts = [0.0, 0.15, 0.0123, 0.00173, 0.000_06, 1.0].map(share);
        assert_eq!(texts, ["0.000", "0.150", "0.012", "0.0017", "0.000060", "1.000"]);
    }

    #[test]
    fn odds_return_to_where_they_were() {
        let probabilities = array![0.0f32, 1e-6, 0.0017, 0.5, 0.999, 1.0];
        let factor = BaseRates { trained_on: 0.0017, applied_to: 0.5 }.odds_factor().unwrap();
        let even = multiply_odds(&probabilities, factor).unwrap();
        assert!((even[2] - 0.5).abs() < 1e-6, "{even}");
        assert_eq!((even[0], even[5]), (0.0, 1.0));
        let back = BaseRates { trained_on: 0.5, applied_to: 0.0017 }.odds_factor().unwrap();
        assert!((factor * back - 1.0).abs() < 1e-15);
        for (got, expected) in multiply_odds(&even, back).unwrap().iter().zip(&probabilities) {
            assert!((got - expected).abs() < 1e-4, "{got} {expected}");
        }
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(multiply_odds(&probabilities, factor).unwrap_err().to_string().contains("above 0"));
        }
        assert!(BaseRates { trained_on: 0.0, applied_to: 0.5 }.odds_factor().is_err());
        assert!(multiply_odds(&array![1.5], 2.0).unwrap_err().to_string().contains("row 0: 1.5"));
    }

    #[test]
    fn impossible_bins_are_refused() {
        assert!(calibration(&array![true], &array![0.5], 0).is_err());
        assert!(calibration(&array![true], &array![0.5], 2).unwrap_err().to_string().contains("1 examples"));
        assert!(calibration(&array![true], &array![f32::NAN], 1).is_err());
        assert!(calibration(&array![true], &array![-2.5], 1).unwrap_err().to_string().contains("not a probability"));
    }
}
