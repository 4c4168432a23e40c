//! The counts behind every threshold, from one sort of the scores, and what follows from them: the ROC curve with its
//! area, and the precision-recall curve with its average precision.

use ndarray::Array1;
use rayon::prelude::*;

use crate::error::{Result, ensure, refuse};
use crate::math::sum;
use crate::scores::{Score, below_all, check, check_weights, sorted_descending};

/// How many positives and negatives score at or above each distinct score, from the highest score down. With sample
/// weights, the sums of their weights. Everything else in this file follows from these counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThresholdCounts {
    /// The distinct scores, falling.
    pub thresholds: Vec<f64>,
    /// Positives with a score ≥ the threshold; the last is all of them.
    pub true_positives: Vec<f64>,
    /// Negatives with a score ≥ the threshold; the last is all of them.
    pub false_positives: Vec<f64>,
}

impl ThresholdCounts {
    /// Counts for labels and scores, both of shape `[examples]`.
    ///
    /// # Errors
    /// When the two differ in length or a score is NaN.
    pub fn new<S: Score>(labels: &Array1<bool>, scores: &Array1<S>) -> Result<Self> {
        Self::weighted(labels, scores, &Array1::ones(labels.len()))
    }

    /// Counts where each example counts as much as its weight; those of weight 0 are left out.
    ///
    /// # Errors
    /// As [`new`](Self::new), and when there is not one finite weight, at least 0, for each example.
    pub fn weighted<S: Score>(labels: &Array1<bool>, scores: &Array1<S>, weights: &Array1<f64>) -> Result<Self> {
        check(labels, scores)?;
        check_weights(labels, weights)?;
        let rows = labels.iter().zip(scores).zip(weights).filter(|(_, weight)| **weight > 0.0);
        let mut rows: Vec<(f64, bool, f64)> =
            rows.map(|((&label, &score), &weight)| (score.into(), label, weight)).collect();
        rows.par_sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut counts = Self::default();
        let (mut true_positives, mut false_positives) = (0.0, 0.0);
        for tied in rows.chunk_by(|a, b| a.0 == b.0) {
            for &(_, label, weight) in tied {
                *(if label { &mut true_positives } else { &mut false_positives }) += weight;
            }
            counts.thresholds.push(tied[0].0);
            counts.true_positives.push(true_positives);
            counts.false_positives.push(false_positives);
        }
        Ok(counts)
    }

    fn totals(&self) -> (f64, f64) {
        let last = |counts: &[f64]| counts.last().copied().unwrap_or(0.0);
        (last(&self.false_positives), last(&self.true_positives))
    }

    /// The ROC curve.
    pub fn roc_curve(&self) -> RocCurve {
        let (negatives, positives) = self.totals();
        let rates = |counts: &[f64], total: f64| {
            let start = if total > 0.0 { 0.0 } else { f64::NAN };
            std::iter::once(start).chain(counts.iter().map(|count| count / total)).collect()
        };
        RocCurve {
            false_positive_rate: rates(&self.false_positives, negatives),
            true_positive_rate: rates(&self.true_positives, positives),
            thresholds: std::iter::once(f64::INFINITY).chain(self.thresholds.iter().copied()).collect(),
        }
    }

    /// The precision-recall curve.
    pub fn precision_recall_curve(&self) -> PrecisionRecallCurve {
        let (_, positives) = self.totals();
        let points = || self.true_positives.iter().zip(&self.false_positives).rev();
        // Without a positive, recall is 1 by convention, as in scikit-learn.
        let recall = |true_positives: f64| if positives > 0.0 { true_positives / positives } else { 1.0 };
        PrecisionRecallCurve {
            precision: points().map(|(tp, fp)| tp / (tp + fp)).chain([1.0]).collect(),
            recall: points().map(|(tp, _)| recall(*tp)).chain([0.0]).collect(),
            thresholds: self.thresholds.iter().rev().copied().collect(),
        }
    }
}

/// False against true positive rate as the threshold falls, as scikit-learn's `roc_curve`.
#[derive(Clone, Debug, PartialEq)]
pub struct RocCurve {
    /// The share of negatives at or above the threshold, rising from 0 to 1; NaN without negatives.
    pub false_positive_rate: Vec<f64>,
    /// The share of positives at or above the threshold (the recall), rising from 0 to 1; NaN without positives.
    pub true_positive_rate: Vec<f64>,
    /// The thresholds, falling from infinity, which nothing reaches.
    pub thresholds: Vec<f64>,
}

impl RocCurve {
    /// The exact area under the curve: the chance that a random positive scores above a random negative, with ties
    /// counted half. NaN when there is one class only.
    pub fn auc(&self) -> f64 {
        trapezoid(&self.false_positive_rate, &self.true_positive_rate)
    }

    /// The same curve without the points on a straight line between their neighbours.
    pub fn drop_intermediate(&self) -> Self {
        let last = self.thresholds.len() - 1;
        // A rate is a count over a total below 10¹²: a smaller bend is rounding.
        let bends = |rates: &[f64], i: usize| (rates[i + 1] - 2.0 * rates[i] + rates[i - 1]).abs() > 1e-12;
        let is_kept = |&i: &usize| {
            i <= 1 || i == last || bends(&self.false_positive_rate, i) || bends(&self.true_positive_rate, i)
        };
        let kept: Vec<usize> = (0..=last).filter(is_kept).collect();
        let pick = |values: &[f64]| kept.iter().map(|&i| values[i]).collect();
        Self {
            false_positive_rate: pick(&self.false_positive_rate),
            true_positive_rate: pick(&self.true_positive_rate),
            thresholds: pick(&self.thresholds),
        }
    }
}

/// Precision and recall as the threshold rises, as scikit-learn's `precision_recall_curve`.
#[derive(Clone, Debug, PartialEq)]
pub struct PrecisionRecallCurve {
    /// The share of positives among the examples at or above the threshold; a 1 is appended.
    pub precision: Vec<f64>,
    /// The share of the positives that are at or above the threshold, falling; a 0 is appended.
    pub recall: Vec<f64>,
    /// The thresholds, rising; one fewer than there are points.
    pub thresholds: Vec<f64>,
}

impl PrecisionRecallCurve {
    /// Average precision: Σ (Rₙ - Rₙ₋₁) Pₙ, the area under the curve drawn as steps, without interpolation.
    pub fn average_precision(&self) -> f64 {
        let steps = self.recall.windows(2).zip(&self.precision);
        sum(steps.map(|(recall, precision)| (recall[0] - recall[1]) * precision))
    }

    /// The highest threshold, the one with the fewest alarms, at which at least the share `goal` of the positives is found.
    ///
    /// As everywhere an example is positive when its score is above the threshold: this is the next score below the lowest
    /// one that has to be found.
    ///
    /// # Errors
    /// When `goal` is not in [0, 1] or there are no positives.
    pub fn threshold_for_recall(&self, goal: f64) -> Result<f64> {
        self.check_goal(goal, "recall")?;
        // All positives are found at the first point.
        let point =
            (0..=self.thresholds.len()).rev().find(|&point| self.recall[point] >= goal && self.is_reached(point));
        Ok(self.threshold_of(point.unwrap_or(0)))
    }

    /// The lowest threshold, the one that finds the most positives, at which at least the share `goal` of the alarms is right;
    /// see [`threshold_for_recall`](Self::threshold_for_recall) for the rule.
    ///
    /// # Errors
    /// When `goal` is not in [0, 1], there are no positives, or no threshold reaches it; the message has the highest precision.
    pub fn threshold_for_precision(&self, goal: f64) -> Result<f64> {
        self.check_goal(goal, "precision")?;
        let precisions = &self.precision[..self.thresholds.len()]; // without the appended one, where there is no alarm
        let reached = (0..precisions.len()).filter(|&point| self.is_reached(point));
        let Some(point) = reached.clone().find(|&point| precisions[point] >= goal) else {
            let highest = reached.fold(0.0, |highest: f64, point| highest.max(precisions[point]));
            refuse!("no threshold has a precision of {goal}; the highest is {highest:.4}");
        };
        Ok(self.threshold_of(point))
    }

    /// Whether a threshold parts the examples of a point from those below. Not where different logits are the same probability.
    fn is_reached(&self, point: usize) -> bool {
        point == 0 || self.thresholds.get(point).is_none_or(|threshold| self.thresholds[point - 1] < *threshold)
    }

    /// The threshold above which the examples of a point lie.
    fn threshold_of(&self, point: usize) -> f64 {
        if point == 0 { below_all(self.thresholds[0]) } else { self.thresholds[point - 1] }
    }

    fn check_goal(&self, goal: f64, name: &str) -> Result<()> {
        ensure!((0.0..=1.0).contains(&goal), "a {name} lies in [0, 1], not at {goal}");
        // At the lowest threshold everything is an alarm: its precision is the share of positives.
        let has_positives = !self.thresholds.is_empty() && self.precision[0] != 0.0;
        ensure!(has_positives, "without positives no threshold has a {name}");
        Ok(())
    }
}

/// The ROC curve of labels and scores, both of shape `[examples]`; see [`ThresholdCounts`] for sample weights.
///
/// ```
/// use learn::curves::roc_curve;
/// use ndarray::array;
///
/// let curve = roc_curve(&array![false, false, true, true], &array![0.1, 0.4, 0.35, 0.8])?;
/// assert_eq!(curve.false_positive_rate, [0.0, 0.0, 0.5, 0.5, 1.0]);
/// assert_eq!(curve.true_positive_rate, [0.0, 0.5, 0.5, 1.0, 1.0]);
/// assert_eq!(curve.auc(), 0.75); // of four pairs of a positive and a negative three are ranked right
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When the two differ in length or a score is NaN.
pub fn roc_curve<S: Score>(labels: &Array1<bool>, scores: &Array1<S>) -> Result<RocCurve> {
    Ok(ThresholdCounts::new(labels, scores)?.roc_curve())
}

/// The precision-recall curve of labels and scores, both of shape `[examples]`; see [`ThresholdCounts`] for sample weights.
///
/// ```
/// use learn::curves::precision_recall_curve;
/// use ndarray::array;
///
/// let curve = precision_recall_curve(&array![false, false, true, true], &array![0.1, 0.4, 0.35, 0.8])?;
/// assert_eq!(curve.recall, [1.0, 1.0, 0.5, 0.5, 0.0]);
/// assert_eq!(curve.precision, [0.5, 2.0 / 3.0, 0.5, 1.0, 1.0]);
/// assert_eq!(curve.average_precision(), 0.5 * 1.0 + 0.5 * 2.0 / 3.0);
/// assert_eq!(curve.threshold_for_recall(1.0)?, 0.1); // both positives are above it
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When the two differ in length or a score is NaN.
pub fn precision_recall_curve<S: Score>(labels: &Array1<bool>, scores: &Array1<S>) -> Result<PrecisionRecallCurve> {
    Ok(ThresholdCounts::new(labels, scores)?.precision_recall_curve())
}

/// The scores of each class, falling. Each class is sorted on its own, so that no label has to travel through the sort.
#[derive(Clone, Debug, Default)]
pub(crate) struct Classes {
    negatives: Vec<f32>,
    positives: Vec<f32>,
}

impl Classes {
    /// Adds a score.
    pub(crate) fn push(&mut self, label: bool, score: f32) {
        if label { &mut self.positives } else { &mut self.negatives }.push(score);
    }

    /// The exact (ROC AUC, average precision), without the curves; NaN when a score is NaN.
    pub(crate) fn areas(self) -> (f64, f64) {
        let [negatives, positives] = [self.negatives, self.positives].map(sorted_descending);
        // Sorted, NaN lies at one end or the other, whichever its sign: and then nothing was ranked.
        let ends = [negatives.first(), negatives.last(), positives.first(), positives.last()];
        if ends.into_iter().flatten().any(|score| score.is_nan()) {
            return (f64::NAN, f64::NAN);
        }
        let mut at_least = 0; // negatives at or above the score at hand
        let steps = positives.chunk_by(|a, b| a == b).map(|tied| {
            let above = at_least + negatives[at_least..].iter().take_while(|&&score| score > tied[0]).count();
            let between = above - at_least;
            at_least = above + negatives[above..].iter().take_while(|&&score| score == tied[0]).count();
            [between, at_least - above, tied.len()]
        });
        areas(negatives.len(), positives.len(), steps)
    }
}

/// The exact (ROC AUC, average precision) of so many negatives and positives. For each score of positives, from the highest down,
/// `steps` has the negatives between it and the one before, the negatives with this score, and the positives with it.
pub(crate) fn areas(negatives: usize, positives: usize, steps: impl Iterator<Item = [usize; 3]>) -> (f64, f64) {
    let (mut pairs, mut precision) = (0.0, 0.0);
    // Negatives and positives at or above the score at hand.
    let (mut at_least, mut found) = (0, 0);
    for [between, tied_negatives, tied] in steps {
        let above = at_least + between;
        at_least = above + tied_negatives;
        found += tied;
        if tied > 0 {
            // A pair of a positive and a negative counts when the positive scores higher, and half when both score the same.
            pairs += tied as f64 * (negatives as f64 - (above + at_least) as f64 / 2.0);
            precision += tied as f64 * found as f64 / (found + at_least) as f64;
        }
    }
    let total = positives as f64;
    (pairs / (total * negatives as f64), if positives > 0 { precision / total } else { 0.0 })
}

fn trapezoid(x: &[f64], y: &[f64]) -> f64 {
    sum(x.windows(2).zip(y.windows(2)).map(|(x, y)| (x[1] - x[0]) * (y[0] + y[1]) / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use rand::Rng;

    /// The definition of the area under the ROC curve: every pair of a positive and a negative, ties counted half.
    fn auc_by_pairs(labels: &Array1<bool>, scores: &Array1<f32>) -> f64 {
        let of =
            |class: bool| labels.iter().zip(scores).filter(move |(label, _)| **label == class).map(|(_, &score)| score);
        let (mut won, mut pairs) = (0.0, 0.0);
        for positive in of(true) {
            for negative in of(false) {
                pairs += 1.0;
                won += if positive > negative {
                    1.0
                } else if positive == negative {
                    0.5
                } else {
                    0.0
                };
            }
        }
        won / pairs
    }

    /// The definition of average precision: over each threshold, the gain in recall times the precision.
    fn average_precision_by_thresholds(labels: &Array1<bool>, scores: &Array1<f32>) -> f64 {
        let mut thresholds: Vec<f32> = scores.to_vec();
        thresholds.sort_by(|a, b| b.total_cmp(a));
        thresholds.dedup();
        let positives = labels.iter().filter(|&&label| label).count() as f64;
        let (mut sum, mut last_recall) = (0.0, 0.0);
        for threshold in thresholds {
            let above: Vec<bool> =
                labels.iter().zip(scores).filter(|(_, score)| **score >= threshold).map(|(&label, _)| label).collect();
            let found = above.iter().filter(|&&label| label).count() as f64;
            sum += (found / positives - last_recall) * found / above.len() as f64;
            last_recall = found / positives;
        }
        sum
    }

    fn random(rows: usize, levels: u32, seed: u64) -> (Array1<bool>, Array1<f32>) {
        let mut rng = crate::random::generator(seed, crate::random::Purpose::Shuffle, 0);
        let labels = Array1::from_shape_fn(rows, |_| rng.gen_range(0..4) == 0);
        let scores =
            labels.mapv(|label| (rng.gen_range(0..levels) as f32 + f32::from(u8::from(label))) / levels as f32);
        (labels, scores)
    }

    fn areas_of(labels: &Array1<bool>, scores: &Array1<f32>) -> (f64, f64) {
        let mut classes = Classes::default();
        labels.iter().zip(scores).for_each(|(&label, &score)| classes.push(label, score));
        classes.areas()
    }

    #[test]
    fn areas_agree_with_their_definitions_whatever_the_ties() {
        for seed in 0..20 {
            for levels in [1, 2, 5, 1000] {
                let (labels, scores) = random(150, levels, seed);
                let (auc, prc) = areas_of(&labels, &scores);
                assert!((auc - auc_by_pairs(&labels, &scores)).abs() < 1e-12);
                assert!((prc - average_precision_by_thresholds(&labels, &scores)).abs() < 1e-12);
                assert!((auc - roc_curve(&labels, &scores).unwrap().auc()).abs() < 1e-12);
                assert!((prc - precision_recall_curve(&labels, &scores).unwrap().average_precision()).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn curves_are_monotone_and_end_in_the_corners() {
        let (labels, scores) = random(500, 50, 1);
        let roc = roc_curve(&labels, &scores).unwrap();
        assert!(roc.false_positive_rate.is_sorted() && roc.true_positive_rate.is_sorted());
        assert_eq!(
            (roc.false_positive_rate[0], roc.true_positive_rate[0], roc.thresholds[0]),
            (0.0, 0.0, f64::INFINITY)
        );
        assert_eq!((roc.false_positive_rate.last(), roc.true_positive_rate.last()), (Some(&1.0), Some(&1.0)));
        let pr = precision_recall_curve(&labels, &scores).unwrap();
        assert!(pr.thresholds.is_sorted() && pr.recall.iter().rev().is_sorted());
        assert_eq!((pr.precision.last(), pr.recall.last()), (Some(&1.0), Some(&0.0)));
    }

    /// Every threshold there is, under the rule that decides everywhere, against the one that the curve names.
    #[test]
    fn thresholds_for_a_goal_are_the_best_ones() {
        use crate::metrics::confusion_matrix;
        for levels in [3, 20, 1000] {
            let (labels, scores) = random(300, levels, 4);
            let curve = precision_recall_curve(&labels, &scores).unwrap();
            let at = |threshold| confusion_matrix(&labels, &scores, threshold).unwrap();
            let thresholds = || curve.thresholds.iter().copied().chain([below_all(curve.thresholds[0])]);
            for goal in (0..=20).map(|goal| f64::from(goal) / 20.0) {
                let chosen = curve.threshold_for_recall(goal).unwrap();
                assert!(at(chosen).recall() >= goal);
                assert!(thresholds().all(|other| other <= chosen || at(other).recall() < goal), "{goal} {chosen}");
                let reached = |threshold: f64| at(threshold).true_positives > 0.0 && at(threshold).precision() >= goal;
                match curve.threshold_for_precision(goal) {
                    Ok(chosen) => {
                        assert!(at(chosen).precision() >= goal);
                        assert!(thresholds().all(|other| other >= chosen || !reached(other)), "{goal} {chosen}");
                    }
                    Err(_) => assert!(!thresholds().any(reached), "{goal}"),
                }
            }
        }
    }

    #[test]
    fn dropping_intermediate_points_keeps_the_curve() {
        let (labels, scores) = random(500, 400, 2);
        let (full, thin) =
            (roc_curve(&labels, &scores).unwrap(), roc_curve(&labels, &scores).unwrap().drop_intermediate());
        assert!(thin.thresholds.len() < full.thresholds.len());
        assert!((full.auc() - thin.auc()).abs() < 1e-12);
    }

    #[test]
    fn scikit_learns_four_points() {
        let (labels, scores) = (array![false, false, true, true], array![0.1, 0.4, 0.35, 0.8]);
        assert_eq!(roc_curve(&labels, &scores).unwrap().auc(), 0.75);
        assert!((precision_recall_curve(&labels, &scores).unwrap().average_precision() - 5.0 / 6.0).abs() < 1e-15);
    }

    #[test]
    fn one_class_is_undefined_not_a_half() {
        let scores = array![0.1f32, 0.2];
        assert!(areas_of(&array![true, true], &scores).0.is_nan());
        assert_eq!(areas_of(&array![false, false], &scores).1, 0.0);
    }
}
