//! How much of a result is chance: what it would be on other test sets like the one at hand. By the percentile bootstrap (Efron,
//! "Bootstrap methods: another look at the jackknife", 1979).

use std::cell::LazyCell;
use std::fmt;

use ndarray::Array1;
use rand::Rng;
use rayon::prelude::*;

use crate::cost::{Costs, CostsByExample};
use crate::curves::areas;
use crate::error::{Error, Result, ensure, refuse};
use crate::math::{sigmoid, sum};
use crate::metrics::{Metric, Metrics, cross_entropy, squared_error};
use crate::random::{Purpose, generator};
use crate::scores::{Score, check, check_probabilities, check_threshold, sorted_descending};

/// The share of the values that an interval of [`bootstrap`] holds.
const LEVEL: f64 = 0.95;

/// The middle of the values that a number takes over the resamples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// Resamples that were left out because the measure has no value on them, as recall has none without a positive.
    pub dropped: usize,
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(3);
        write!(f, "{:.decimals$} to {:.decimals$}", self.lower, self.upper)?;
        match self.dropped {
            0 => Ok(()),
            dropped => write!(f, " ({dropped} undefined resamples left out)"),
        }
    }
}

/// What a model answers to examples, shape `[examples]`: scores that rank them, probabilities, and the threshold above which a
/// probability is an alarm. From [`Sequential::answers`](crate::model::Sequential::answers), which ranks by logits and so tells
/// apart what has the same probability of 1; or from `&probabilities` alone. With either a threshold may stand, as in
/// `(&probabilities, 0.1)`; without one it is 0.5.
#[derive(Clone, Debug)]
pub struct Answers {
    scores: Array1<f32>,
    probabilities: Array1<f32>,
    threshold: f64,
}

impl Answers {
    pub(crate) fn of_logits(logits: Array1<f32>) -> Self {
        Self { probabilities: logits.mapv(sigmoid), scores: logits, threshold: Metrics::THRESHOLD }
    }

    /// The same ranks and threshold with other probabilities.
    pub(crate) fn with_probabilities(&self, probabilities: Array1<f32>) -> Self {
        Self { scores: self.scores.clone(), probabilities, threshold: self.threshold }
    }

    /// What ranks the examples: the logits of a model.
    pub fn scores(&self) -> &Array1<f32> {
        &self.scores
    }

    /// The probabilities of the positive class.
    pub fn probabilities(&self) -> &Array1<f32> {
        &self.probabilities
    }
}

impl From<&Array1<f32>> for Answers {
    fn from(probabilities: &Array1<f32>) -> Self {
        let (scores, probabilities) = (probabilities.clone(), probabilities.clone());
        Self { scores, probabilities, threshold: Metrics::THRESHOLD }
    }
}

/// Decisions as answers: an alarm is the probability 1, and all else 0.
impl From<&Array1<bool>> for Answers {
    fn from(alarms: &Array1<bool>) -> Self {
        Self::from(&alarms.mapv(|is_alarm| if is_alarm { 1.0 } else { 0.0 }))
    }
}

impl From<&Answers> for Answers {
    fn from(answers: &Answers) -> Self {
        answers.clone()
    }
}

impl<A: Into<Answers>> From<(A, f64)> for Answers {
    fn from((answers, threshold): (A, f64)) -> Self {
        Self { threshold, ..answers.into() }
    }
}

/// A number that judges answers: a metric, or what their mistakes cost.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// One of the metrics but the loss. The cross entropy is that of the probabilities, as [`log_loss`](crate::metrics::log_loss) has it.
    Metric(Metric),
    /// The cost of all mistakes.
    Costs(CostsByExample),
}

impl From<&Self> for Measure {
    fn from(measure: &Self) -> Self {
        measure.clone()
    }
}

impl From<Metric> for Measure {
    fn from(metric: Metric) -> Self {
        Self::Metric(metric)
    }
}

impl From<&Metric> for Measure {
    fn from(metric: &Metric) -> Self {
        Self::Metric(*metric)
    }
}

impl From<&Costs> for Measure {
    fn from(costs: &Costs) -> Self {
        Self::Costs(costs.into())
    }
}

impl From<&CostsByExample> for Measure {
    fn from(costs: &CostsByExample) -> Self {
        Self::Costs(costs.clone())
    }
}

/// The 95 % interval of each measure by the bootstrap: the rows are drawn anew from themselves, with replacement,
/// `resamples` times, and the middle 95 % of the values that a measure takes are its interval.
///
/// Only the choice of the test rows is covered, not the randomness of training. A cost is that of as many rows as there are. With
/// fewer than 1,000 resamples the ends themselves are uncertain; of 40, they are the second value and the last but one.
///
/// ```
/// use learn::{bootstrap::bootstrap, metrics::Metric};
/// use ndarray::Array1;
///
/// let labels = Array1::from_shape_fn(1000, |row| row < 100);
/// let probabilities = Array1::from_shape_fn(1000, |row| if row < 75 { 0.9 } else { 0.1 }); // a recall of 0.75
/// let intervals = bootstrap(&labels, &probabilities, &[Metric::Recall, Metric::Auc], 1000, 42)?;
/// let recall = intervals[0];
/// assert!(recall.lower < 0.70 && recall.upper > 0.80, "{recall}"); // of 100 positives, ± 0.085
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When labels and probabilities differ in length, there are none, or a probability is not in [0, 1]; when the threshold is
/// NaN, a cost no price, or a metric the loss, which needs weights; when there are fewer than 40 resamples, or a measure has a
/// value on fewer than 40.
pub fn bootstrap<'m, M>(
    labels: &Array1<bool>,
    answers: impl Into<Answers>,
    measures: &'m [M],
    resamples: usize,
    seed: u64,
) -> Result<Vec<Interval>>
where
    &'m M: Into<Measure>,
{
    let judge = Judge::new(labels, &answers.into(), measures)?;
    resample(&judge.names(), labels.len(), LEVEL, resamples, seed, |rows| judge.values(rows))
}

/// The 95 % interval by which the measures of `answers` are larger than those of `others` to the same examples; it excludes 0
/// when the difference is more than chance. Both are judged on the same drawn rows, so what makes a test set easy or hard for
/// both cancels: two intervals that overlap say less.
///
/// ```
/// use learn::{bootstrap::bootstrap_difference, metrics::Metric};
/// use ndarray::Array1;
///
/// let labels = Array1::from_shape_fn(1000, |row| row < 100);
/// let finds = |found| Array1::from_shape_fn(1000, |row| if row < found { 0.9 } else { 0.1 });
/// let (better, other) = (finds(85), finds(75));
/// let difference = bootstrap_difference(&labels, &better, &other, &[Metric::Recall], 1000, 42)?[0];
/// assert!(difference.lower > 0.0, "{difference}"); // more than chance
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// As [`bootstrap`].
pub fn bootstrap_difference<'m, M>(
    labels: &Array1<bool>,
    answers: impl Into<Answers>,
    others: impl Into<Answers>,
    measures: &'m [M],
    resamples: usize,
    seed: u64,
) -> Result<Vec<Interval>>
where
    &'m M: Into<Measure>,
{
    let one = Judge::new(labels, &answers.into(), measures)?;
    let other = Judge::new(labels, &others.into(), measures)?;
    let difference = |(a, b): (f64, f64)| a - b;
    let differences = |rows: &[u32]| one.values(rows).into_iter().zip(other.values(rows)).map(difference).collect();
    resample(&one.names(), labels.len(), LEVEL, resamples, seed, differences)
}

/// The 95 % interval of the difference of a measure to that of the first answers, for each of the
/// others; all of them are judged on the same drawn rows.
///
/// # Errors
/// As [`bootstrap`].
pub(crate) fn bootstrap_to_first(
    labels: &Array1<bool>,
    answers: &[Answers],
    measure: &Measure,
    resamples: usize,
    seed: u64,
) -> Result<Vec<Interval>> {
    let judge = |answers| Judge::new(labels, answers, std::slice::from_ref(measure));
    let judges = answers.iter().map(judge).collect::<Result<Vec<_>>>()?;
    let Some((first, others)) = judges.split_first() else { return Ok(Vec::new()) };
    let names = vec![first.names()[0]; others.len()];
    resample(&names, labels.len(), LEVEL, resamples, seed, |rows| {
        let of_first = first.values(rows)[0];
        others.iter().map(|other| other.values(rows)[0] - of_first).collect()
    })
}

/// The interval of any number by the bootstrap: `statistic` computes it from the numbers of drawn rows, below `rows`, of which some
/// come twice and some not at all. NaN is left out. The interval holds the share `level` of the values, such as 0.95.
///
/// ```
/// use learn::bootstrap::bootstrap_statistic;
///
/// let amounts: Vec<f64> = (0..500).map(f64::from).collect();
/// let mean = |rows: &[u32]| rows.iter().map(|&row| amounts[row as usize]).sum::<f64>() / rows.len() as f64;
/// let interval = bootstrap_statistic(amounts.len(), mean, 0.9, 1000, 1)?;
/// assert!(interval.lower > 235.0 && interval.upper < 265.0);
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When there are no rows, `level` is not between 0 and 1, or there are too few resamples for it, or too few on which the number
/// has a value.
pub fn bootstrap_statistic(
    rows: usize,
    statistic: impl Fn(&[u32]) -> f64 + Sync,
    level: f64,
    resamples: usize,
    seed: u64,
) -> Result<Interval> {
    Ok(resample(&["statistic"], rows, level, resamples, seed, |rows| vec![statistic(rows)])?[0])
}

/// The measures of answers on all rows, without any drawing.
///
/// # Errors
/// As [`bootstrap`].
pub(crate) fn measure<'m, M>(labels: &Array1<bool>, answers: &Answers, measures: &'m [M]) -> Result<Vec<f64>>
where
    &'m M: Into<Measure>,
{
    Ok(Judge::new(labels, answers, measures)?.values(&(0..labels.len() as u32).collect::<Vec<_>>()))
}

/// What the measures need to know about each row, so that a resample has only to be counted, not sorted.
///
/// Areas and counts depend on the drawn rows only by how many of them lie between one positive's score and the next, and above the
/// threshold. So each row is given the number of its kind. With j counting the distinct scores of positives from the highest down, a
/// negative between the scores j - 1 and j is of kind 6j, one with the score j of 6j + 2, and a positive of 6j + 4; one more above
/// the threshold.
struct Judge {
    measures: Vec<Measure>,
    threshold: f64,
    /// That of each row.
    kinds: Vec<u32>,
    /// How many distinct scores of positives there are, and one more.
    steps: usize,
    /// For each measure that is a sum or a mean over the rows, what each adds; empty for the others.
    parts: Vec<Vec<f64>>,
}

impl Judge {
    fn new<'m, M>(labels: &Array1<bool>, answers: &Answers, measures: &'m [M]) -> Result<Self>
    where
        &'m M: Into<Measure>,
    {
        let measures: Vec<Measure> = measures.iter().map(Into::into).collect();
        let &Answers { ref scores, ref probabilities, threshold } = answers;
        check(labels, scores)?;
        check_probabilities(labels, probabilities)?;
        check_threshold(threshold)?;
        let in_f32 = f32::from_threshold(threshold);
        let of_rows = |part: &dyn Fn(usize, bool, f32) -> f64| {
            let rows = labels.iter().zip(probabilities).enumerate();
            rows.map(|(row, (&label, &probability))| part(row, label, probability)).collect()
        };
        let parts = measures.iter().map(|measure| match measure {
            Measure::Metric(Metric::Loss) => {
                refuse!("the loss can't be computed from probabilities, for it has weights: use the cross entropy")
            }
            Measure::Metric(Metric::CrossEntropy) => {
                Ok(of_rows(&|_, label, p| f64::from(cross_entropy(label, p) as f32)))
            }
            Measure::Metric(Metric::BrierScore) => Ok(of_rows(&|_, label, p| squared_error(label, p.into()))),
            Measure::Metric(_) => Ok(Vec::new()),
            Measure::Costs(costs) => {
                costs.check(labels, probabilities)?;
                Ok(of_rows(&|row, label, p| costs.cost(row, label, p > in_f32)))
            }
        });
        let parts = parts.collect::<Result<_>>()?;
        // Only areas ask for an order.
        let has_area = measures.iter().any(|measure| matches!(measure, Measure::Metric(Metric::Auc | Metric::Prc)));
        let ranked = labels.iter().zip(scores).filter(|(label, _)| has_area && **label);
        let mut positives = sorted_descending(ranked.map(|(_, &score)| score).collect());
        positives.dedup();
        let kind = |((&label, &score), &probability): ((&bool, &f32), &f32)| {
            let place = positives.partition_point(|&positive| positive > score);
            let is_tied = positives.get(place) == Some(&score);
            6 * place as u32 + if label { 4 } else { 2 * u32::from(is_tied) } + u32::from(probability > in_f32)
        };
        let kinds = labels.iter().zip(scores).zip(probabilities).map(kind).collect();
        Ok(Self { measures, threshold, kinds, steps: positives.len() + 1, parts })
    }

    /// What the measures are called.
    fn names(&self) -> Vec<&'static str> {
        let name = |measure: &Measure| match measure {
            Measure::Metric(metric) => metric.name(),
            Measure::Costs(_) => "cost",
        };
        self.measures.iter().map(name).collect()
    }

    /// The values of the measures on some rows; NaN where one has none.
    fn values(&self, rows: &[u32]) -> Vec<f64> {
        let metrics = LazyCell::new(|| self.metrics(rows)); // costs alone need none
        let value = |(measure, parts): (&Measure, &Vec<f64>)| {
            let total = || sum(rows.iter().map(|&row| parts[row as usize]));
            match measure {
                Measure::Costs(_) => total(),
                Measure::Metric(Metric::CrossEntropy | Metric::BrierScore) => total() / rows.len() as f64,
                Measure::Metric(metric) => metrics.defined(*metric),
            }
        };
        self.measures.iter().zip(&self.parts).map(value).collect()
    }

    /// The metrics on some rows that follow from the numbers of each kind; the others are NaN.
    fn metrics(&self, rows: &[u32]) -> Metrics {
        // For each score of positives: the negatives above, the negatives with it and the positives with it, by the decision.
        let mut counts = vec![[[0u32; 2]; 3]; self.steps];
        let places = counts.as_flattened_mut().as_flattened_mut();
        rows.iter().for_each(|&row| places[self.kinds[row as usize] as usize] += 1);
        let mut matrix = [[0u32; 2]; 2];
        for [between, tied, positives] in &counts {
            for decision in 0..2 {
                matrix[0][decision] += between[decision] + tied[decision];
                matrix[1][decision] += positives[decision];
            }
        }
        let of_both = |counts: [u32; 2]| (counts[0] + counts[1]) as usize;
        let [negatives, positives] = matrix.map(of_both);
        let steps = counts.iter().map(|counts| counts.map(of_both));
        let (auc, prc) = areas(negatives, positives, steps);
        Metrics {
            loss: f64::NAN,
            cross_entropy: f64::NAN,
            brier_score: f64::NAN,
            threshold: self.threshold,
            confusion_matrix: matrix.map(|counts| counts.map(f64::from)).into(),
            auc,
            prc,
        }
    }
}

/// Draws rows, computes the values on each drawing, one for each name, and gives the interval of each.
fn resample(
    names: &[&str],
    rows: usize,
    level: f64,
    resamples: usize,
    seed: u64,
    values: impl Fn(&[u32]) -> Vec<f64> + Sync,
) -> Result<Vec<Interval>> {
    let count = u32::try_from(rows).map_err(|_| Error::Argument("a bootstrap has fewer than 2³² rows".into()))?;
    ensure!(level > 0.0 && level < 1.0, "an interval holds a share of the values between 0 and 1, not {level}");
    let fewest = (2.0 / (1.0 - level)).ceil();
    ensure!(rows > 0 && cut(resamples, level) > 0, "a bootstrap needs at least one row and {fewest} resamples");
    let draw = |drawn: &mut Vec<u32>, number: u64| {
        let mut rng = generator(seed, Purpose::Bootstrap, number);
        drawn.clear();
        drawn.extend((0..rows).map(|_| rng.gen_range(0..count)));
        values(drawn)
    };
    let drawn: Vec<Vec<f64>> = (0..resamples as u64).into_par_iter().map_init(Vec::new, draw).collect();
    let of_name = |(place, name): (usize, &&str)| interval(name, drawn.iter().map(|values| values[place]), level);
    names.iter().enumerate().map(of_name).collect()
}

/// How many of so many values lie beyond each end of an interval.
fn cut(values: usize, level: f64) -> usize {
    // A hair more, for 0.95 is a little less in 64 bits, or more.
    (values as f64 * (1.0 - level) / 2.0 + 1e-9) as usize
}

/// The interval of the values that something takes on the resamples.
fn interval(name: &str, values: impl ExactSizeIterator<Item = f64>, level: f64) -> Result<Interval> {
    let resamples = values.len();
    let mut values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    values.sort_unstable_by(f64::total_cmp);
    let (cut, count) = (cut(values.len(), level), values.len());
    ensure!(
        cut > 0,
        "the {name} has a value on {count} of {resamples} resamples only: there are too few examples of a class, or too few alarms"
    );
    Ok(Interval { lower: values[cut], upper: values[count - 1 - cut], dropped: resamples - count })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 positives, 75 of them at 0.9 and the rest, like all negatives, at 0.1.
    fn answers() -> (Array1<bool>, Array1<f32>) {
        let labels = Array1::from_shape_fn(10_000, |row| row < 100);
        let probabilities = Array1::from_shape_fn(10_000, |row| if row < 75 { 0.9 } else { 0.1 });
        (labels, probabilities)
    }

    /// Recall is a share of k positives: its interval is about ± 1.96 √(p (1 - p) / k).
    #[test]
    fn the_interval_of_recall_is_the_binomial_one() {
        let (labels, probabilities) = answers();
        let interval = || bootstrap(&labels, &probabilities, &[Metric::Recall, Metric::Precision], 1000, 1).unwrap();
        let Interval { lower, upper, dropped } = interval()[0];
        assert!((lower - 0.665).abs() < 0.02 && (upper - 0.835).abs() < 0.02, "{lower} to {upper}");
        assert_eq!((dropped, interval()[1]), (0, Interval { lower: 1.0, upper: 1.0, dropped: 0 }));
        assert_eq!(interval(), interval());
    }

    #[test]
    fn what_has_the_same_probability_of_1_is_ranked_by_its_logit() {
        let labels = Array1::from_shape_fn(1_000, |row| row % 4 == 0);
        let logits = labels.mapv(|label| if label { 20.0 } else { 18.0 });
        let answers = Answers::of_logits(logits);
        let area = |answers: Answers| bootstrap(&labels, answers, &[Metric::Auc], 100, 1).unwrap()[0];
        assert_eq!(area((&answers).into()), Interval { lower: 1.0, upper: 1.0, dropped: 0 });
        assert!(area(answers.probabilities().into()).upper < 0.6);
    }

    #[test]
    fn the_threshold_decides() {
        let (labels, probabilities) = answers();
        let recall = |threshold| bootstrap(&labels, (&probabilities, threshold), &[Metric::Recall], 100, 1).unwrap()[0];
        assert_eq!((recall(0.05).lower, recall(0.95).upper), (1.0, 0.0));
    }

    /// A cost of 10 for each of the 25 missed: a count with the standard deviation √(n p (1 - p)) ≈ 5.
    #[test]
    fn the_interval_of_a_cost_is_that_of_its_count() {
        let (labels, probabilities) = answers();
        let costs = Costs { false_alarm: 1.0, missed: 10.0 };
        let fixed = bootstrap(&labels, &probabilities, &[costs], 1000, 1).unwrap()[0];
        assert!((fixed.lower - 152.0).abs() < 20.0 && (fixed.upper - 348.0).abs() < 20.0, "{fixed}");
        let amounts = costs.with_amounts(&Array1::zeros(labels.len())).unwrap();
        assert_eq!(bootstrap(&labels, &probabilities, &[amounts], 1000, 1).unwrap()[0], fixed);
        let missed = bootstrap(&labels, &probabilities, &[Metric::FalseNegatives], 1000, 1).unwrap()[0];
        assert_eq!((10.0 * missed.lower, 10.0 * missed.upper), (fixed.lower, fixed.upper));
    }

    #[test]
    fn a_difference_is_taken_on_the_same_rows() {
        let (labels, probabilities) = answers();
        let measures = [Metric::Recall, Metric::CrossEntropy, Metric::BrierScore, Metric::Auc];
        for interval in bootstrap_difference(&labels, &probabilities, &probabilities, &measures, 100, 1).unwrap() {
            assert_eq!((interval.lower, interval.upper), (0.0, 0.0));
        }
        // One that finds five more of the hundred is better in almost every resample, though the intervals overlap.
        let better = Array1::from_shape_fn(10_000, |row| if row < 80 { 0.9 } else { 0.1 });
        let recall = |answers| bootstrap(&labels, answers, &[Metric::Recall], 1000, 1).unwrap()[0];
        assert!(recall(&probabilities).upper > recall(&better).lower);
        let difference = bootstrap_difference(&labels, &better, &probabilities, &[Metric::Recall], 1000, 1).unwrap()[0];
        assert!(difference.lower > 0.005 && difference.upper < 0.12, "{difference}");
    }

    /// With one positive among four rows about (3/4)⁴ of the resamples have none: 32 %.
    #[test]
    fn what_is_undefined_is_left_out_and_counted() {
        let labels = Array1::from_vec(vec![true, false, false, false]);
        let probabilities = Array1::from_vec(vec![0.9, 0.1, 0.2, 0.95]);
        let measures = [Metric::Recall, Metric::Prc, Metric::Auc, Metric::Precision, Metric::Accuracy];
        let found = bootstrap(&labels, &probabilities, &measures, 1000, 1).unwrap();
        assert!(found[..3].iter().all(|interval| (270..370).contains(&interval.dropped)), "{found:?}");
        assert_eq!((found[0].lower, found[0].upper), (1.0, 1.0));
        assert!(found.iter().all(|interval| interval.lower.is_finite() && interval.upper.is_finite()));
        assert_eq!(found[4].dropped, 0);
        let text = format!("1.0 to 1.0 ({} undefined resamples left out)", found[0].dropped);
        assert_eq!(format!("{:.1}", found[0]), text);
        assert!(!found[4].to_string().contains("left out"));
        let message =
            bootstrap(&labels.mapv(|_| true), &probabilities, &[Metric::Auc], 100, 1).unwrap_err().to_string();
        assert!(message.contains("auc has a value on 0 of 100"), "{message}");
    }

    #[test]
    fn what_cannot_be_computed_is_refused() {
        let (labels, probabilities) = (Array1::from_elem(3, true), Array1::from_elem(3, 0.5));
        assert!(bootstrap(&labels, &probabilities, &[Metric::Loss], 100, 1).is_err());
        assert!(bootstrap(&labels, &probabilities, &[Metric::Recall], 3, 1).is_err());
        assert!(bootstrap(&labels, (&probabilities, f64::NAN), &[Metric::Recall], 100, 1).is_err());
        assert!(bootstrap(&labels, &Array1::from_elem(3, -4.0), &[Metric::Recall], 100, 1).is_err());
        assert!(bootstrap(&labels, &probabilities, &[Costs { false_alarm: 1.0, missed: f64::NAN }], 100, 1).is_err());
    }
}
