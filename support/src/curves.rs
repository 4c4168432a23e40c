//! The counts behind every threshold, from one sort of the scores, and what follows from them: the ROC curve with its
//! area, the precision-recall curve with its average precision, and Keras' approximations of both.

use ndarray::Array1;

use crate::error::{Error, Result};
use crate::math::sum;

/// A score or probability of the positive class: f32 as the network gives it, or f64.
pub trait Score: Copy + PartialOrd + Into<f64> {
    /// The distance from 1 to the next number of the type.
    const EPSILON: f64;
    /// The nearest score to a threshold; comparisons are made in the type of the scores.
    fn from_threshold(threshold: f64) -> Self;
    /// Sorts scores from high to low.
    fn sort_descending(scores: &mut Vec<Self>);
}

impl Score for f64 {
    const EPSILON: f64 = f64::EPSILON;

    fn from_threshold(threshold: f64) -> Self {
        threshold
    }
    fn sort_descending(scores: &mut Vec<Self>) {
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
    }
}

impl Score for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;

    fn from_threshold(threshold: f64) -> Self {
        threshold as f32
    }

    /// A radix sort: three passes over the bits of the scores, eleven at a time, whatever the scores are.
    fn sort_descending(scores: &mut Vec<Self>) {
        const DIGIT: u32 = 11;
        // Flipped so that the order of the whole numbers is the falling order of the floats.
        let key = |score: f32| {
            let bits = (score + 0.0).to_bits(); // -0 becomes 0: the two are equal
            if bits >> 31 == 1 { bits } else { !bits & 0x7fff_ffff }
        };
        let digit = |score: f32, pass: u32| (key(score) >> (pass * DIGIT)) as usize & ((1 << DIGIT) - 1);
        let mut counts = [[0; 1 << DIGIT]; 3];
        for &score in &*scores {
            (0..).zip(&mut counts).for_each(|(pass, counts)| counts[digit(score, pass)] += 1);
        }
        let mut other = vec![0.0; scores.len()];
        for (pass, places) in (0..).zip(&mut counts) {
            let mut start = 0;
            for count in &mut *places {
                start += std::mem::replace(count, start);
            }
            for &score in &*scores {
                let place = &mut places[digit(score, pass)];
                other[*place] = score;
                *place += 1;
            }
            std::mem::swap(scores, &mut other);
        }
    }
}

/// How many positives and negatives score at or above each distinct score, from the highest score down. With sample
/// weights, the sums of their weights. Everything else in this file follows from these counts.
#[derive(Clone, Debug, PartialEq)]
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
        check(labels, scores)?;
        let mut counts = Self { thresholds: Vec::new(), true_positives: Vec::new(), false_positives: Vec::new() };
        Classes::new(pairs(labels, scores)).walk(|threshold, true_positives, false_positives| {
            counts.push(threshold, true_positives as f64, false_positives as f64);
        });
        Ok(counts)
    }

    /// Counts where each example counts as much as its weight; those of weight 0 are left out.
    ///
    /// # Errors
    /// As [`new`](Self::new), and when there is not one finite weight, at least 0, for each example.
    pub fn weighted<S: Score>(labels: &Array1<bool>, scores: &Array1<S>, weights: &Array1<f64>) -> Result<Self> {
        check(labels, scores)?;
        check_weights(labels, weights)?;
        let mut rows: Vec<(f64, bool, f64)> = labels
            .iter()
            .zip(scores)
            .zip(weights)
            .map(|((&label, &score), &weight)| (score.into(), label, weight))
            .filter(|row| row.2 > 0.0)
            .collect();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut counts = Self { thresholds: Vec::new(), true_positives: Vec::new(), false_positives: Vec::new() };
        let (mut true_positives, mut false_positives) = (0.0, 0.0);
        for tied in rows.chunk_by(|a, b| a.0 == b.0) {
            for &(_, label, weight) in tied {
                *(if label { &mut true_positives } else { &mut false_positives }) += weight;
            }
            counts.push(tied[0].0, true_positives, false_positives);
        }
        Ok(counts)
    }

    fn push(&mut self, threshold: f64, true_positives: f64, false_positives: f64) {
        self.thresholds.push(threshold);
        self.true_positives.push(true_positives);
        self.false_positives.push(false_positives);
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
        Ok(self.threshold_of(self.recall.iter().rposition(|&recall| recall >= goal).unwrap_or(0)))
    }

    /// The lowest threshold, the one that finds the most positives, at which at least the share `goal` of the alarms is right;
    /// see [`threshold_for_recall`](Self::threshold_for_recall) for the rule.
    ///
    /// # Errors
    /// When `goal` is not in [0, 1], there are no positives, or no threshold reaches it; the message has the highest precision.
    pub fn threshold_for_precision(&self, goal: f64) -> Result<f64> {
        self.check_goal(goal, "precision")?;
        let precisions = &self.precision[..self.thresholds.len()]; // without the appended one, where there is no alarm
        let point = precisions.iter().position(|&precision| precision >= goal).ok_or_else(|| {
            let highest = precisions.iter().fold(0.0, |highest: f64, &precision| highest.max(precision));
            Error::Argument(format!("no threshold has a precision of {goal}; the highest is {highest:.4}"))
        })?;
        Ok(self.threshold_of(point))
    }

    /// The threshold above which the examples of a point lie.
    fn threshold_of(&self, point: usize) -> f64 {
        if point == 0 { below_all(self.thresholds[0]) } else { self.thresholds[point - 1] }
    }

    fn check_goal(&self, goal: f64, name: &str) -> Result<()> {
        if !(0.0..=1.0).contains(&goal) {
            return Err(Error::Argument(format!("a {name} lies in [0, 1], not at {goal}")));
        }
        // At the lowest threshold everything is an alarm: its precision is the share of positives.
        match self.thresholds.is_empty() || self.precision[0] == 0.0 {
            true => Err(Error::Argument(format!("without positives no threshold has a {name}"))),
            false => Ok(()),
        }
    }
}

/// The ROC curve of labels and scores, both of shape `[examples]`; see [`ThresholdCounts`] for sample weights.
///
/// # Errors
/// When the two differ in length or a score is NaN.
pub fn roc_curve<S: Score>(labels: &Array1<bool>, scores: &Array1<S>) -> Result<RocCurve> {
    Ok(ThresholdCounts::new(labels, scores)?.roc_curve())
}

/// The precision-recall curve of labels and scores, both of shape `[examples]`; see [`ThresholdCounts`] for sample weights.
///
/// # Errors
/// When the two differ in length or a score is NaN.
pub fn precision_recall_curve<S: Score>(labels: &Array1<bool>, scores: &Array1<S>) -> Result<PrecisionRecallCurve> {
    Ok(ThresholdCounts::new(labels, scores)?.precision_recall_curve())
}

/// The rows with the `k` highest scores, the highest first: what a team looks at that has time for `k`. Of equal scores the
/// first row comes first.
///
/// # Errors
/// When a score is NaN, or there are fewer than `k`.
pub fn top_k<S: Score>(scores: &Array1<S>, k: usize) -> Result<Vec<usize>> {
    check(&Array1::from_elem(scores.len(), false), scores)?;
    if k > scores.len() {
        return Err(Error::Argument(format!("the {k} highest of {} scores: ask for fewer", scores.len())));
    }
    let mut rows: Vec<usize> = (0..scores.len()).collect();
    rows.sort_by(|&a, &b| scores[b].into().total_cmp(&scores[a].into()));
    rows.truncate(k);
    Ok(rows)
}

/// The area under the ROC curve by smartcore: the Mann-Whitney statistic with averaged ranks. NaN when there is one class only.
///
/// # Errors
/// When labels and scores differ in length or a score is NaN.
pub fn roc_auc_score<S: Score>(labels: &Array1<bool>, scores: &Array1<S>) -> Result<f64> {
    check(labels, scores)?;
    if labels.iter().all(|&label| label) || labels.iter().all(|&label| !label) {
        return Ok(f64::NAN);
    }
    let labels: Vec<f64> = labels.iter().map(|&label| f64::from(u8::from(label))).collect();
    let scores: Vec<f64> = scores.iter().map(|&score| score.into()).collect();
    Ok(smartcore::metrics::roc_auc_score(&labels, &scores))
}

/// The exact (ROC AUC, average precision) of labels with scores, without the curves; NaN when a score is NaN.
pub(crate) fn areas<S: Score>(examples: impl Iterator<Item = (bool, S)>) -> (f64, f64) {
    let Classes { negatives, positives } = Classes::new(examples);
    let (mut pairs, mut precision) = (0.0, 0.0);
    // Negatives and positives at or above the score at hand.
    let (mut at_least, mut found) = (0, 0);
    for tied in positives.chunk_by(|a, b| a == b) {
        let above = at_least + negatives[at_least..].iter().take_while(|&&score| score > tied[0]).count();
        at_least = above + negatives[above..].iter().take_while(|&&score| score == tied[0]).count();
        found += tied.len();
        // A pair of a positive and a negative counts when the positive scores higher, and half when both score the same.
        pairs += tied.len() as f64 * (negatives.len() as f64 - (above + at_least) as f64 / 2.0);
        precision += tied.len() as f64 * found as f64 / (found + at_least) as f64;
    }
    // Sorted, NaN lies at one end or the other, whichever its sign: and then nothing was ranked.
    let has_nan =
        |scores: &[S]| [scores.first(), scores.last()].into_iter().flatten().any(|&score| score.into().is_nan());
    if has_nan(&negatives) || has_nan(&positives) {
        return (f64::NAN, f64::NAN);
    }
    let total = positives.len() as f64;
    (pairs / (total * negatives.len() as f64), if total > 0.0 { precision / total } else { 0.0 })
}

/// The scores of each class, falling. Each class is sorted on its own, so that no label has to travel through the sort.
struct Classes<S> {
    negatives: Vec<S>,
    positives: Vec<S>,
}

impl<S: Score> Classes<S> {
    fn new(examples: impl Iterator<Item = (bool, S)>) -> Self {
        let (mut negatives, mut positives) = (Vec::with_capacity(examples.size_hint().0), Vec::new());
        examples.for_each(|(label, score)| if label { &mut positives } else { &mut negatives }.push(score));
        S::sort_descending(&mut negatives);
        S::sort_descending(&mut positives);
        Self { negatives, positives }
    }

    /// Visits each distinct score from the highest down with the numbers of positives and negatives at or above it.
    fn walk(&self, mut visit: impl FnMut(f64, usize, usize)) {
        let Self { negatives, positives } = self;
        let (mut below, mut above) = (0, 0);
        while let Some(threshold) = match (positives.get(above), negatives.get(below)) {
            (Some(&p), Some(&n)) => Some(if p > n { p } else { n }),
            (p, n) => p.or(n).copied(),
        } {
            above += positives[above..].iter().take_while(|&&score| score == threshold).count();
            below += negatives[below..].iter().take_while(|&&score| score == threshold).count();
            visit(threshold.into(), above, below);
        }
    }
}

pub(crate) fn check<S: Score>(labels: &Array1<bool>, scores: &Array1<S>) -> Result<()> {
    if labels.len() != scores.len() {
        return Err(Error::Argument(format!("{} labels, but {} scores", labels.len(), scores.len())));
    }
    match scores.iter().position(|&score| score.into().is_nan()) {
        Some(row) => Err(Error::Argument(format!("the score of row {row} is NaN: has the training diverged?"))),
        None => Ok(()),
    }
}

/// As [`check`], and refuses what is no probability.
pub(crate) fn check_probabilities<S: Score>(labels: &Array1<bool>, probabilities: &Array1<S>) -> Result<()> {
    check(labels, probabilities)?;
    match probabilities.iter().position(|&probability| !(0.0..=1.0).contains(&probability.into())) {
        Some(row) => Err(Error::Argument(format!(
            "row {row}: {} is not a probability; Sequential::predict gives probabilities",
            probabilities[row].into()
        ))),
        None => Ok(()),
    }
}

/// Refuses a threshold that nothing lies above or below.
pub(crate) fn check_threshold(threshold: f64) -> Result<()> {
    match threshold.is_nan() {
        true => Err(Error::Argument("the threshold is NaN, and no score is above that: pass a number".into())),
        false => Ok(()),
    }
}

/// A threshold that all scores are above: 0 when they are probabilities other than 0.
pub(crate) fn below_all(lowest: f64) -> f64 {
    if lowest > 0.0 { 0.0 } else { f64::NEG_INFINITY }
}

pub(crate) fn check_weights(labels: &Array1<bool>, weights: &Array1<f64>) -> Result<()> {
    if labels.len() != weights.len() {
        return Err(Error::Argument(format!("{} labels, but {} sample weights", labels.len(), weights.len())));
    }
    match weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
        Some(row) => Err(Error::Argument(format!(
            "the sample weight of row {row} is {}: a weight is a finite number, at least 0",
            weights[row]
        ))),
        None => Ok(()),
    }
}

fn pairs<S: Score>(labels: &Array1<bool>, scores: &Array1<S>) -> impl Iterator<Item = (bool, S)> {
    labels.iter().copied().zip(scores.iter().copied())
}

fn trapezoid(x: &[f64], y: &[f64]) -> f64 {
    sum(x.windows(2).zip(y.windows(2)).map(|(x, y)| (x[1] - x[0]) * (y[0] + y[1]) / 2.0))
}

/// What Keras' metric `AUC` reports: areas over 200 fixed thresholds instead of the scores themselves.
///
/// Scores below 1/199 all fall under its first threshold, so where positives are rare the areas come out too small.
#[derive(Clone, Debug, PartialEq)]
pub struct KerasAuc {
    /// The area under the ROC curve by the trapezoidal rule.
    pub roc: f64,
    /// The area under the precision-recall curve, interpolated by Davis and Goadrich.
    pub pr: f64,
    /// Positives above each threshold -ε, 1/199, …, 198/199, 1 + ε, or the sums of their weights.
    pub true_positives: Vec<f64>,
    /// Negatives above each threshold, likewise.
    pub false_positives: Vec<f64>,
}

/// Keras' approximate areas for labels and probabilities, both of shape `[examples]`.
///
/// # Errors
/// When the two differ in length or a probability is not in [0, 1].
pub fn keras_auc(labels: &Array1<bool>, probabilities: &Array1<f32>) -> Result<KerasAuc> {
    KerasAuc::weighted(labels, probabilities, &Array1::ones(labels.len()))
}

impl KerasAuc {
    /// As [`keras_auc`], with sample weights.
    ///
    /// # Errors
    /// As [`keras_auc`], and when there is not one finite weight, at least 0, for each example.
    pub fn weighted(labels: &Array1<bool>, probabilities: &Array1<f32>, weights: &Array1<f64>) -> Result<Self> {
        const THRESHOLDS: usize = 200;
        check_probabilities(labels, probabilities)?;
        check_weights(labels, weights)?;
        let mut true_positives = vec![0.0; THRESHOLDS];
        let mut false_positives = vec![0.0; THRESHOLDS];
        for ((&label, &probability), weight) in labels.iter().zip(probabilities).zip(weights) {
            let bucket = ((probability * (THRESHOLDS - 1) as f32).ceil() as usize).saturating_sub(1);
            *(if label { &mut true_positives[bucket] } else { &mut false_positives[bucket] }) += weight;
        }
        for counts in [&mut true_positives, &mut false_positives] {
            for bucket in (0..THRESHOLDS - 1).rev() {
                counts[bucket] += counts[bucket + 1];
            }
        }
        let pr = davis_goadrich(&true_positives, &false_positives);
        let areas = Self { roc: 0.0, pr, true_positives, false_positives };
        Ok(Self { roc: areas.roc_curve().auc(), ..areas })
    }

    /// The curve of which `roc` is the area: straight from threshold to threshold. Without a class its rate is 0.
    pub fn roc_curve(&self) -> RocCurve {
        let rates = |counts: &[f64]| counts.iter().rev().map(|count| ratio(*count, counts[0])).collect();
        let last = self.true_positives.len() - 1;
        let threshold = |i: usize| match i {
            0 => f64::NEG_INFINITY, // nothing is at or below -ε
            i if i == last => f64::INFINITY,
            i => i as f64 / last as f64,
        };
        RocCurve {
            false_positive_rate: rates(&self.false_positives),
            true_positive_rate: rates(&self.true_positives),
            thresholds: (0..=last).rev().map(threshold).collect(),
        }
    }
}

/// Davis and Goadrich (2006), "The relationship between precision-recall and ROC curves", as Keras' `interpolate_pr_auc`.
fn davis_goadrich(true_positives: &[f64], false_positives: &[f64]) -> f64 {
    let predicted: Vec<f64> = true_positives.iter().zip(false_positives).map(|(tp, fp)| tp + fp).collect();
    let area = |i: usize| {
        let (tp, p, higher_tp, higher_p) = (true_positives[i], predicted[i], true_positives[i + 1], predicted[i + 1]);
        let slope = ratio(tp - higher_tp, p - higher_p);
        let logarithm = if p > 0.0 && higher_p > 0.0 { crate::math::ln(p / higher_p) } else { 0.0 };
        slope * ((tp - higher_tp) + (higher_tp - slope * higher_p) * logarithm)
    };
    ratio(sum((0..true_positives.len() - 1).map(area)), true_positives[0])
}

/// a / b, or 0 where Keras and scikit-learn report 0 for 0 / 0. What is NaN stays NaN.
pub(crate) fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
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

    #[test]
    fn the_highest_come_first_and_of_equals_the_first() {
        let scores = array![0.2, 0.9, 0.5, 0.9, 0.1];
        assert_eq!(top_k(&scores, 3).unwrap(), [1, 3, 2]);
        assert_eq!((top_k(&scores, 0).unwrap().len(), top_k(&scores, 5).unwrap()[4]), (0, 4));
        assert!(top_k(&scores, 6).unwrap_err().to_string().contains("the 6 highest of 5"));
        assert!(top_k(&array![0.2, f64::NAN], 1).unwrap_err().to_string().contains("row 1 is NaN"));
    }

    #[test]
    fn areas_agree_with_their_definitions_whatever_the_ties() {
        for seed in 0..20 {
            for levels in [1, 2, 5, 1000] {
                let (labels, scores) = random(150, levels, seed);
                let (auc, prc) = areas(pairs(&labels, &scores));
                assert!((auc - auc_by_pairs(&labels, &scores)).abs() < 1e-12);
                assert!((prc - average_precision_by_thresholds(&labels, &scores)).abs() < 1e-12);
                assert!((auc - roc_curve(&labels, &scores).unwrap().auc()).abs() < 1e-12);
                assert!((auc - roc_auc_score(&labels, &scores).unwrap()).abs() < 1e-12);
                assert!((prc - precision_recall_curve(&labels, &scores).unwrap().average_precision()).abs() < 1e-12);
                let ones = Array1::ones(labels.len());
                assert_eq!(
                    ThresholdCounts::weighted(&labels, &scores, &ones).unwrap(),
                    ThresholdCounts::new(&labels, &scores).unwrap()
                );
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
    fn radix_sort_orders_every_kind_of_float() {
        let mut rng = crate::random::generator(3, crate::random::Purpose::Shuffle, 0);
        let mut scores: Vec<f32> =
            (0..5000).map(|_| f32::from_bits(rng.r#gen())).filter(|score| !score.is_nan()).collect();
        scores.extend([0.0, -0.0, 1e-45, -1e-45, f32::INFINITY, f32::NEG_INFINITY, 1.0, 1.0]);
        let mut expected = scores.clone();
        expected.sort_by(|a, b| b.partial_cmp(a).unwrap());
        f32::sort_descending(&mut scores);
        assert!(scores.iter().zip(&expected).all(|(a, b)| a == b));
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
        assert!(areas(pairs(&array![true, true], &scores)).0.is_nan());
        assert!(roc_auc_score(&array![false, false], &scores).unwrap().is_nan());
        assert_eq!(areas(pairs(&array![false, false], &scores)).1, 0.0);
    }

    #[test]
    fn keras_sees_nothing_below_its_first_threshold() {
        let (labels, scores) = (array![false, false, true, true], array![0.001f32, 0.002, 0.003, 0.004]);
        assert_eq!(areas(pairs(&labels, &scores)), (1.0, 1.0));
        let keras = keras_auc(&labels, &scores).unwrap();
        let curve = keras.roc_curve();
        assert_eq!((keras.roc, curve.auc()), (0.5, 0.5));
        assert_eq!(
            (&curve.false_positive_rate[198..], &curve.true_positive_rate[198..]),
            (&[0.0, 1.0][..], &[0.0, 1.0][..])
        );
        assert_eq!((curve.thresholds[0], curve.thresholds[198]), (f64::INFINITY, 1.0 / 199.0));
        assert!(keras_auc(&labels, &array![0.1, 0.2, 0.3, 1.5]).is_err());
    }
}
