//! How much of a result is chance: what it would be on other test sets like the one at hand.

use std::fmt;

use ndarray::Array1;
use rand::Rng;
use rayon::prelude::*;

use crate::cost::{Costs, CostsByExample};
use crate::error::{Error, Result};
use crate::math::sum;
use crate::metrics::{Metric, Metrics, Outcome, cross_entropy};
use crate::random::{Purpose, generator};
use crate::scores::{Score, check_probabilities, check_threshold};

/// The fewest values of which the middle 95 % can be told.
const FEWEST: usize = 40;

/// A 95 % interval.
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

/// What a model answers to labelled examples, and the threshold above which that is an alarm: `(&probabilities, 0.1)`, or
/// `&probabilities` alone for 0.5.
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a> {
    probabilities: &'a Array1<f32>,
    threshold: f64,
}

impl<'a> From<&'a Array1<f32>> for Answers<'a> {
    fn from(probabilities: &'a Array1<f32>) -> Self {
        Self { probabilities, threshold: Metrics::THRESHOLD }
    }
}

impl<'a> From<(&'a Array1<f32>, f64)> for Answers<'a> {
    fn from((probabilities, threshold): (&'a Array1<f32>, f64)) -> Self {
        Self { probabilities, threshold }
    }
}

/// A number that judges answers: a metric, or what their mistakes cost.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// One of the metrics but the loss. The cross entropy is that of the probabilities, as [`log_loss`](crate::log_loss) has it.
    Metric(Metric),
    /// The cost of all mistakes.
    Costs(Costs),
    /// The cost of all mistakes, where each example has its own.
    CostsByExample(CostsByExample),
}

impl From<&Metric> for Measure {
    fn from(metric: &Metric) -> Self {
        Self::Metric(*metric)
    }
}

impl From<&Costs> for Measure {
    fn from(costs: &Costs) -> Self {
        Self::Costs(*costs)
    }
}

impl From<&CostsByExample> for Measure {
    fn from(costs: &CostsByExample) -> Self {
        Self::CostsByExample(costs.clone())
    }
}

/// The 95 % interval of each measure by the bootstrap: the rows are drawn anew from themselves, with replacement,
/// `resamples` times, and the middle 95 % of the values that a measure takes are its interval.
///
/// Only the choice of the test rows is covered, not the randomness of training. A cost is that of as many rows as there are.
///
/// # Errors
/// When labels and probabilities differ in length, there are none, or a probability is not in [0, 1]; when the threshold is
/// NaN, a cost no price, or a metric the loss, which needs weights; when there are fewer than 40 resamples, or a measure has a
/// value on fewer than 40.
pub fn bootstrap<'a, 'm, M>(
    labels: &Array1<bool>,
    answers: impl Into<Answers<'a>>,
    measures: &'m [M],
    resamples: usize,
    seed: u64,
) -> Result<Vec<Interval>>
where
    &'m M: Into<Measure>,
{
    let measures: Vec<Measure> = measures.iter().map(Into::into).collect();
    let judge = Judge::new(labels, answers.into(), &measures)?;
    intervals(labels.len(), &measures, resamples, seed, |rows| judge.values(rows))
}

/// The 95 % interval by which the measures of `answers` are larger than those of `others` to the same examples; it excludes 0
/// when the difference is more than chance. Both are judged on the same drawn rows, so what makes a test set easy or hard for
/// both cancels: two intervals that overlap say less.
///
/// # Errors
/// As [`bootstrap`].
pub fn bootstrap_difference<'a, 'm, M>(
    labels: &Array1<bool>,
    answers: impl Into<Answers<'a>>,
    others: impl Into<Answers<'a>>,
    measures: &'m [M],
    resamples: usize,
    seed: u64,
) -> Result<Vec<Interval>>
where
    &'m M: Into<Measure>,
{
    let measures: Vec<Measure> = measures.iter().map(Into::into).collect();
    let (one, other) = (Judge::new(labels, answers.into(), &measures)?, Judge::new(labels, others.into(), &measures)?);
    let difference = |(a, b): (f64, f64)| a - b;
    intervals(labels.len(), &measures, resamples, seed, |rows| {
        one.values(rows).into_iter().zip(other.values(rows)).map(difference).collect()
    })
}

/// What the measures need to know about each row.
struct Judge<'a> {
    outcomes: Vec<Outcome>,
    threshold: f64,
    measures: &'a [Measure],
    /// For each measure, what each row costs; empty for a metric.
    costs: Vec<Vec<f64>>,
}

impl<'a> Judge<'a> {
    fn new(labels: &Array1<bool>, answers: Answers, measures: &'a [Measure]) -> Result<Self> {
        let Answers { probabilities, threshold } = answers;
        check_probabilities(labels, probabilities)?;
        check_threshold(threshold)?;
        let in_f32 = f32::from_threshold(threshold);
        let of_rows = |cost: &dyn Fn(usize, bool, bool) -> f64| {
            let rows = labels.iter().zip(probabilities).enumerate();
            rows.map(|(row, (&label, &probability))| cost(row, label, probability > in_f32)).collect()
        };
        let costs = measures.iter().map(|measure| match measure {
            Measure::Metric(Metric::Loss) => Err(Error::Argument(
                "the loss can't be computed from probabilities, for it has weights: use the cross entropy".into(),
            )),
            Measure::Metric(_) => Ok(Vec::new()),
            Measure::Costs(costs @ Costs { false_alarm, missed }) => {
                costs.check()?;
                Ok(of_rows(&|_, label, is_alarm| match (label, is_alarm) {
                    (true, false) => *missed,
                    (false, true) => *false_alarm,
                    _ => 0.0,
                }))
            }
            Measure::CostsByExample(costs) => {
                costs.check(labels, probabilities)?;
                Ok(of_rows(&|row, label, is_alarm| costs.cost(row, label, is_alarm)))
            }
        });
        let costs = costs.collect::<Result<_>>()?;
        let outcome = |(&label, &probability): (&bool, &f32)| Outcome {
            label,
            weight: 1.0,
            loss: cross_entropy(label, probability) as f32,
            probability,
        };
        let outcomes = labels.iter().zip(probabilities).map(outcome).collect();
        Ok(Self { outcomes, threshold, measures, costs })
    }

    /// The values of the measures on some rows; NaN where one has none.
    fn values(&self, rows: &[u32]) -> Vec<f64> {
        let asks_for = |asked: fn(Metric) -> bool| {
            self.measures.iter().any(|measure| matches!(measure, Measure::Metric(metric) if asked(*metric)))
        };
        let drawn = || rows.iter().map(|&row| self.outcomes[row as usize]).collect::<Vec<_>>();
        let metrics = if asks_for(|metric| matches!(metric, Metric::Auc | Metric::Prc)) {
            Some(Metrics::new(&drawn(), self.threshold))
        } else if asks_for(|_| true) {
            Some(Metrics::without_areas(&drawn(), self.threshold))
        } else {
            None
        };
        let value = |(measure, costs): (&Measure, &Vec<f64>)| match measure {
            Measure::Metric(metric) => metrics.map_or(f64::NAN, |metrics| defined(&metrics, *metric)),
            _ => sum(rows.iter().map(|&row| costs[row as usize])),
        };
        self.measures.iter().zip(&self.costs).map(value).collect()
    }
}

/// A metric, or NaN where its value is a convention: 0 for a recall without positives is no result.
fn defined(metrics: &Metrics, metric: Metric) -> f64 {
    let matrix = &metrics.confusion_matrix;
    let divided_by = match metric {
        Metric::Recall | Metric::Prc => matrix.true_positives + matrix.false_negatives,
        Metric::Precision => matrix.true_positives + matrix.false_positives,
        _ => f64::INFINITY,
    };
    if divided_by > 0.0 { metrics.get(metric) } else { f64::NAN }
}

/// Draws rows and takes the middle of what the measures give.
fn intervals(
    rows: usize,
    measures: &[Measure],
    resamples: usize,
    seed: u64,
    values: impl Fn(&[u32]) -> Vec<f64> + Sync,
) -> Result<Vec<Interval>> {
    let count = u32::try_from(rows).map_err(|_| Error::Argument("a bootstrap has fewer than 2³² rows".into()))?;
    if rows == 0 || resamples < FEWEST {
        return Err(Error::Argument(format!("a bootstrap needs at least one row and {FEWEST} resamples")));
    }
    let values: Vec<Vec<f64>> = (0..resamples as u64)
        .into_par_iter()
        .map(|number| {
            let mut rng = generator(seed, Purpose::Bootstrap, number);
            values(&(0..rows).map(|_| rng.gen_range(0..count)).collect::<Vec<_>>())
        })
        .collect();
    let interval = |(place, measure): (usize, &Measure)| {
        let mut values: Vec<f64> = values.iter().map(|values| values[place]).filter(|value| !value.is_nan()).collect();
        values.sort_unstable_by(f64::total_cmp);
        if values.len() < FEWEST {
            let name = match measure {
                Measure::Metric(metric) => metric.name(),
                _ => "cost",
            };
            return Err(Error::Argument(format!(
                "the {name} has a value on {} of {resamples} resamples only: there are too few examples of a class, or too few alarms",
                values.len()
            )));
        }
        let cut = values.len() / FEWEST;
        let dropped = resamples - values.len();
        Ok(Interval { lower: values[cut], upper: values[values.len() - 1 - cut], dropped })
    };
    measures.iter().enumerate().map(interval).collect()
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
