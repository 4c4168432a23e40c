//! The numbers that judge a classifier: the counts at a threshold, what follows from them, and the list of metrics
//! that every epoch and every evaluation reports.

use std::fmt;
use std::str::FromStr;

use ndarray::Array1;

use crate::curves::Classes;
use crate::error::{Error, Result, refuse};
use crate::math::{ln, sum};
use crate::scores::{Score, check, check_probabilities, check_threshold, check_weights, ratio};
use crate::table::{Table, shown_as_table};

/// How many examples of each class lie above the threshold (predicted positive) and how many do not; with sample
/// weights, the sums of their weights.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ConfusionMatrix {
    /// Negatives predicted negative.
    pub true_negatives: f64,
    /// Negatives predicted positive: false alarms.
    pub false_positives: f64,
    /// Positives predicted negative: missed.
    pub false_negatives: f64,
    /// Positives predicted positive: found.
    pub true_positives: f64,
}

/// Counts labels against scores, both of shape `[examples]`; an example is predicted positive when score > `threshold`.
///
/// ```
/// use learn::metrics::confusion_matrix;
/// use ndarray::array;
///
/// let labels = array![true, true, false, false, false];
/// let matrix = confusion_matrix(&labels, &array![0.9f32, 0.2, 0.8, 0.5, 0.1], 0.5)?;
/// assert_eq!((matrix.true_positives, matrix.false_negatives), (1.0, 1.0));
/// assert_eq!((matrix.false_positives, matrix.true_negatives), (1.0, 2.0)); // 0.5 is not above 0.5
/// assert_eq!((matrix.precision(), matrix.recall()), (0.5, 0.5));
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When the two differ in length, or a score or the threshold is NaN.
pub fn confusion_matrix<S: Score>(
    labels: &Array1<bool>,
    scores: &Array1<S>,
    threshold: f64,
) -> Result<ConfusionMatrix> {
    ConfusionMatrix::weighted(labels, scores, &Array1::ones(labels.len()), threshold)
}

impl ConfusionMatrix {
    /// As [`confusion_matrix`], where each example counts as much as its weight.
    ///
    /// # Errors
    /// As [`confusion_matrix`], and when there is not one finite weight, at least 0, for each example.
    pub fn weighted<S: Score>(
        labels: &Array1<bool>,
        scores: &Array1<S>,
        weights: &Array1<f64>,
        threshold: f64,
    ) -> Result<Self> {
        check(labels, scores)?;
        check_weights(labels, weights)?;
        check_threshold(threshold)?;
        let threshold = S::from_threshold(threshold);
        let mut counts = [[0.0; 2]; 2];
        for ((&label, &score), weight) in labels.iter().zip(scores).zip(weights) {
            counts[usize::from(label)][usize::from(score > threshold)] += weight;
        }
        Ok(Self::from(counts))
    }

    /// All examples.
    pub fn total(&self) -> f64 {
        self.true_negatives + self.false_positives + self.false_negatives + self.true_positives
    }

    /// The share of all examples that are predicted right.
    pub fn accuracy(&self) -> f64 {
        ratio(self.true_negatives + self.true_positives, self.total())
    }

    /// The share of the predicted positives that are positive; 0 when nothing is predicted positive.
    pub fn precision(&self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }

    /// The share of the positives that are predicted positive; 0 when there are none.
    pub fn recall(&self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// The harmonic mean of precision and recall.
    pub fn f1(&self) -> f64 {
        ratio(2.0 * self.true_positives, 2.0 * self.true_positives + self.false_positives + self.false_negatives)
    }

    /// The mean of the recalls of the classes that are there.
    pub fn balanced_accuracy(&self) -> f64 {
        let negatives = self.true_negatives + self.false_positives;
        let positives = self.true_positives + self.false_negatives;
        match (negatives > 0.0, positives > 0.0) {
            (true, true) => (self.true_negatives / negatives + self.recall()) / 2.0,
            (true, false) => self.true_negatives / negatives,
            _ => self.recall(),
        }
    }

    /// Matthews' correlation coefficient; 0 where it is undefined.
    pub fn mcc(&self) -> f64 {
        let Self { true_negatives: tn, false_positives: fp, false_negatives: r#fn, true_positives: tp } = *self;
        // A root for each factor: the product of four counts can overflow what f64 holds exactly.
        let root = (tp + fp).sqrt() * (tp + r#fn).sqrt() * (tn + fp).sqrt() * (tn + r#fn).sqrt();
        ratio(tp * tn - fp * r#fn, root)
    }
}

impl From<[[f64; 2]; 2]> for ConfusionMatrix {
    /// From counts by label, then by whether the score is above the threshold.
    fn from([[true_negatives, false_positives], [false_negatives, true_positives]]: [[f64; 2]; 2]) -> Self {
        Self { true_negatives, false_positives, false_negatives, true_positives }
    }
}

impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { true_negatives, false_positives, false_negatives, true_positives } = self;
        writeln!(f, "Negatives left alone (true negatives):  {true_negatives}")?;
        writeln!(f, "False alarms         (false positives): {false_positives}")?;
        writeln!(f, "Positives missed     (false negatives): {false_negatives}")?;
        writeln!(f, "Positives found      (true positives):  {true_positives}")?;
        write!(f, "Positives in total:                     {}", false_negatives + true_positives)
    }
}

/// Mean squared distance between probability and label, Σ (p - y)² / n: the Brier score.
///
/// ```
/// use learn::metrics::brier_score;
/// use ndarray::array;
///
/// let score = brier_score(&array![true, false, false, true], &array![0.5, 0.0, 0.0, 0.5])?;
/// assert_eq!(score, (0.25 + 0.0 + 0.0 + 0.25) / 4.0);
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When the arrays differ in length or a probability is not in [0, 1].
pub fn brier_score<S: Score>(labels: &Array1<bool>, probabilities: &Array1<S>) -> Result<f64> {
    check_probabilities(labels, probabilities)?;
    Ok(mean(labels.iter().zip(probabilities).map(|(&label, &p)| squared_error(label, p.into()))))
}

/// Mean of -ln of the probability given to the true class, with probabilities limited to [ε, 1 - ε] by the ε of their
/// type, as scikit-learn's `log_loss`.
///
/// ```
/// use learn::metrics::log_loss;
/// use ndarray::array;
///
/// let labels = array![true, false, false, false];
/// let share = log_loss(&labels, &array![0.25, 0.25, 0.25, 0.25])?; // who knows the share of positives and no more
/// assert!((share - 0.562_335).abs() < 1e-6);
/// assert!(log_loss(&labels, &array![0.75, 0.1, 0.1, 0.1])? < share);
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When the arrays differ in length or a probability is not in [0, 1].
pub fn log_loss<S: Score>(labels: &Array1<bool>, probabilities: &Array1<S>) -> Result<f64> {
    check_probabilities(labels, probabilities)?;
    Ok(mean(labels.iter().zip(probabilities).map(|(&label, &p)| cross_entropy(label, p))))
}

/// The cross entropy of one example, as [`log_loss`] limits it.
pub(crate) fn cross_entropy<S: Score>(label: bool, probability: S) -> f64 {
    let p = probability.into().clamp(S::EPSILON, 1.0 - S::EPSILON);
    -ln(if label { p } else { 1.0 - p })
}

/// The squared distance between the probability of one example and its label.
pub(crate) fn squared_error(label: bool, probability: f64) -> f64 {
    let error = probability - f64::from(u8::from(label));
    error * error
}

pub(crate) fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    sum(values) / count
}

/// What an epoch or an evaluation reports, in this order. All are NaN when the model's answer to an example is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// What training minimises: the mean loss, each example multiplied by its class or sample weight.
    pub loss: f64,
    /// The mean cross entropy in nats, without weights, computed from the logits; the loss may be another.
    pub cross_entropy: f64,
    /// The mean squared distance between probability and label.
    pub brier_score: f64,
    /// An example is predicted positive when its probability is above it: 0.5 while training.
    pub threshold: f64,
    /// The counts at the threshold.
    pub confusion_matrix: ConfusionMatrix,
    /// The exact area under the ROC curve, ranked by logits.
    pub auc: f64,
    /// The average precision: the exact area under the precision-recall curve, ranked by logits.
    pub prc: f64,
}

/// What a model made of one example.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) label: bool,
    /// What the loss is multiplied by.
    pub(crate) weight: f32,
    pub(crate) loss: f32,
    pub(crate) cross_entropy: f32,
    pub(crate) logit: f32,
    pub(crate) probability: f32,
}

/// What is summed over outcomes, one after the other, until all metrics can be told. Of an example only its logit stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    threshold: f64,
    loss: f64,
    cross_entropy: f64,
    brier_score: f64,
    /// By label, then by whether the probability is above the threshold.
    counts: [[u64; 2]; 2],
    /// Ranked by logits: near 1 and 0 different logits are the same probability in 32 bits.
    logits: Classes,
}

impl Tally {
    pub(crate) fn new(threshold: f64) -> Self {
        Self { threshold, ..Self::default() }
    }

    pub(crate) fn add(&mut self, outcomes: &[Outcome]) {
        let threshold = f32::from_threshold(self.threshold);
        for outcome in outcomes {
            self.loss += f64::from(outcome.loss) * f64::from(outcome.weight);
            self.cross_entropy += f64::from(outcome.cross_entropy);
            self.brier_score += squared_error(outcome.label, outcome.probability.into());
            self.counts[usize::from(outcome.label)][usize::from(outcome.probability > threshold)] += 1;
            self.logits.push(outcome.label, outcome.logit);
        }
    }

    /// The metrics of what was added, at least one outcome.
    pub(crate) fn metrics(self) -> Metrics {
        let (auc, prc) = self.logits.areas();
        let count = self.counts.as_flattened().iter().sum::<u64>() as f64;
        // NaN is above no threshold, but that is no answer: nothing can be counted.
        let is_nan = self.brier_score.is_nan();
        let counts = self.counts.map(|counts| counts.map(|count| if is_nan { f64::NAN } else { count as f64 }));
        Metrics {
            loss: self.loss / count,
            cross_entropy: self.cross_entropy / count,
            brier_score: self.brier_score / count,
            threshold: self.threshold,
            confusion_matrix: counts.into(),
            auc,
            prc,
        }
    }
}

impl Metrics {
    /// The threshold unless another is asked for.
    pub const THRESHOLD: f64 = 0.5;

    /// One of the metrics.
    pub fn get(&self, metric: Metric) -> f64 {
        (metric.row().value)(self)
    }

    /// The value of a metric, or NaN where it is a convention: 0 for a recall without positives is no result.
    pub(crate) fn defined(&self, metric: Metric) -> f64 {
        let divided_by = (metric.row().divided_by)(&self.confusion_matrix);
        if divided_by > 0.0 { self.get(metric) } else { f64::NAN }
    }

    fn table(&self) -> Table {
        compare(&[("value", self)])
    }
}

shown_as_table!(Metrics);

/// The metrics of several models side by side, one column for each. The thresholds are among them when one is not 0.5.
pub fn compare(models: &[(&str, &Metrics)]) -> Table {
    let mut table = Table::new(std::iter::once("metric").chain(models.iter().map(|(name, _)| *name)));
    if models.iter().any(|(_, metrics)| metrics.threshold != Metrics::THRESHOLD) {
        let cells = models.iter().map(|(_, metrics)| format!("{:.4}", metrics.threshold));
        table.push(std::iter::once("threshold".to_owned()).chain(cells));
    }
    for metric in Metric::ALL {
        let cells = models.iter().map(|(_, metrics)| metric.format(metrics.get(metric)));
        table.push(std::iter::once(metric.name().to_owned()).chain(cells));
    }
    table
}

/// The name of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Metrics` and the methods of `ConfusionMatrix` say what each is")]
pub enum Metric {
    Loss,
    CrossEntropy,
    BrierScore,
    TruePositives,
    FalsePositives,
    TrueNegatives,
    FalseNegatives,
    Accuracy,
    Precision,
    Recall,
    Auc,
    Prc,
}

/// What there is to say of a metric: to add one, add its variant and its row.
#[derive(Clone, Copy)]
struct Row {
    metric: Metric,
    name: &'static str,
    higher_is_better: bool,
    decimals: Option<usize>,
    value: fn(&Metrics) -> f64,
    /// What the value is divided by, where that may be 0 and the value then a convention.
    divided_by: fn(&ConfusionMatrix) -> f64,
}

const HIGHER: bool = true;
const LOWER: bool = false;

const fn row(
    metric: Metric,
    name: &'static str,
    higher_is_better: bool,
    decimals: Option<usize>,
    value: fn(&Metrics) -> f64,
) -> Row {
    Row { metric, name, higher_is_better, decimals, value, divided_by: |_| f64::INFINITY }
}

impl Row {
    const fn divided_by(self, divided_by: fn(&ConfusionMatrix) -> f64) -> Self {
        Self { divided_by, ..self }
    }
}

const ROWS: [Row; 12] = [
    row(Metric::Loss, "loss", LOWER, Some(6), |metrics| metrics.loss),
    row(Metric::CrossEntropy, "cross entropy", LOWER, Some(6), |metrics| metrics.cross_entropy),
    row(Metric::BrierScore, "Brier score", LOWER, Some(6), |metrics| metrics.brier_score),
    row(Metric::TruePositives, "tp", HIGHER, None, |metrics| metrics.confusion_matrix.true_positives),
    row(Metric::FalsePositives, "fp", LOWER, None, |metrics| metrics.confusion_matrix.false_positives),
    row(Metric::TrueNegatives, "tn", HIGHER, None, |metrics| metrics.confusion_matrix.true_negatives),
    row(Metric::FalseNegatives, "fn", LOWER, None, |metrics| metrics.confusion_matrix.false_negatives),
    row(Metric::Accuracy, "accuracy", HIGHER, Some(4), |metrics| metrics.confusion_matrix.accuracy()),
    row(Metric::Precision, "precision", HIGHER, Some(4), |metrics| metrics.confusion_matrix.precision())
        .divided_by(|matrix| matrix.true_positives + matrix.false_positives),
    row(Metric::Recall, "recall", HIGHER, Some(4), |metrics| metrics.confusion_matrix.recall())
        .divided_by(|matrix| matrix.true_positives + matrix.false_negatives),
    row(Metric::Auc, "auc", HIGHER, Some(4), |metrics| metrics.auc),
    row(Metric::Prc, "prc", HIGHER, Some(4), |metrics| metrics.prc)
        .divided_by(|matrix| matrix.true_positives + matrix.false_negatives),
];

impl Metric {
    /// All metrics in the order in which they are reported.
    pub const ALL: [Self; ROWS.len()] = {
        let mut all = [Self::Loss; ROWS.len()];
        let mut place = 0;
        while place < all.len() {
            all[place] = ROWS[place].metric;
            place += 1;
        }
        all
    };

    fn row(self) -> &'static Row {
        const { &ROWS }.get(self as usize).expect("a row for each variant")
    }

    /// The metric's name in tables, figures and [`EarlyStopping`](crate::early_stopping::EarlyStopping), as in the original lesson.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether a larger value is a better one.
    pub fn higher_is_better(self) -> bool {
        self.row().higher_is_better
    }

    /// How many decimals its values are written with.
    pub(crate) fn decimals(self) -> usize {
        self.row().decimals.unwrap_or(0)
    }

    /// Counts as whole numbers, losses with six decimals, the rest with four.
    pub fn format(self, value: f64) -> String {
        self.row().decimals.map_or_else(|| value.to_string(), |decimals| format!("{value:.decimals$}"))
    }
}

impl FromStr for Metric {
    type Err = Error;

    /// By its name, with blanks or as a word of code: "Brier score", "brier_score".
    fn from_str(name: &str) -> Result<Self> {
        let word = |name: &str| name.to_lowercase().replace(' ', "_");
        let Some(metric) = Self::ALL.into_iter().find(|metric| word(metric.name()) == word(name)) else {
            refuse!("no metric is called '{name}'; the metrics are {}", Self::ALL.map(Self::name).join(", "));
        };
        Ok(metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn metrics_of(outcomes: &[Outcome], threshold: f64) -> Metrics {
        let mut tally = Tally::new(threshold);
        tally.add(outcomes);
        tally.metrics()
    }

    #[test]
    fn each_variant_has_its_row() {
        assert!(ROWS.iter().enumerate().all(|(place, row)| row.metric as usize == place));
        for name in ["Brier score", "brier_score", "cross_entropy", "prc"] {
            assert!(name.parse::<Metric>().is_ok(), "{name}");
        }
    }

    #[test]
    fn counts_and_ratios_by_hand() {
        let labels = array![true, true, true, false, false, false, false, false];
        let scores = array![0.9f32, 0.6, 0.5, 0.7, 0.2, 0.1, 0.1, 0.0];
        let matrix = confusion_matrix(&labels, &scores, 0.5).unwrap();
        assert_eq!(
            matrix,
            ConfusionMatrix { true_negatives: 4.0, false_positives: 1.0, false_negatives: 1.0, true_positives: 2.0 }
        );
        assert_eq!((matrix.accuracy(), matrix.precision(), matrix.recall()), (0.75, 2.0 / 3.0, 2.0 / 3.0));
        let weighted =
            ConfusionMatrix::weighted(&labels, &scores, &array![1., 2., 4., 8., 1., 1., 1., 0.], 0.5).unwrap();
        assert_eq!(
            (weighted.true_positives, weighted.false_negatives, weighted.false_positives, weighted.true_negatives),
            (3.0, 4.0, 8.0, 3.0)
        );
    }

    #[test]
    fn undefined_ratios_are_zero() {
        let matrix = confusion_matrix(&array![false, false], &array![0.1f32, 0.2], 0.5).unwrap();
        assert_eq!((matrix.precision(), matrix.recall(), matrix.f1(), matrix.mcc()), (0.0, 0.0, 0.0, 0.0));
        assert_eq!(ConfusionMatrix::default().accuracy(), 0.0);
    }

    #[test]
    fn names_lead_back_to_their_metric() {
        for metric in Metric::ALL {
            assert_eq!(metric.name().parse::<Metric>().unwrap(), metric);
        }
        assert!("prx".parse::<Metric>().unwrap_err().to_string().contains("loss, cross entropy"));
    }

    #[test]
    fn lengths_and_nan_are_refused() {
        assert!(confusion_matrix(&array![true], &array![0.1f32, 0.2], 0.5).is_err());
        assert!(confusion_matrix(&array![true], &array![f32::NAN], 0.5).unwrap_err().to_string().contains("row 0"));
        let message = confusion_matrix(&array![true], &array![0.1f32], f64::NAN).unwrap_err().to_string();
        assert!(message.contains("the threshold is NaN"), "{message}");
        let logits = array![0.2, -3.5];
        for message in [log_loss(&array![true, false], &logits), brier_score(&array![true, false], &logits)] {
            assert!(message.unwrap_err().to_string().contains("row 1: -3.5 is not a probability"));
        }
    }

    #[test]
    fn models_stand_side_by_side() {
        let outcome = |label, probability: f32| Outcome {
            weight: 2.0,
            loss: 0.25,
            cross_entropy: 0.25,
            logit: probability,
            ..Outcome { label, probability, ..Outcome::default() }
        };
        let metrics = metrics_of(&[outcome(true, 0.75), outcome(false, 0.25)], 0.5);
        let text = compare(&[("baseline", &metrics), ("weighted", &metrics)]).to_string();
        assert!(text.starts_with("metric         baseline  weighted\nloss           0.500000  0.500000\n"), "{text}");
        assert!(metrics.to_string().ends_with("prc              1.0000\n"), "{metrics}");
        let low = metrics_of(&[outcome(true, 0.75), outcome(false, 0.25)], 0.01);
        let text = compare(&[("baseline", &metrics), ("weighted", &low)]).to_string();
        assert!(text.contains("\nthreshold        0.5000    0.0100\n"), "{text}");
        assert_eq!((low.confusion_matrix.false_positives, metrics.confusion_matrix.false_positives), (1.0, 0.0));
    }

    #[test]
    fn nan_never_scores() {
        let outcome = |label, value: f32| Outcome {
            label,
            weight: 1.0,
            loss: value,
            cross_entropy: value,
            logit: value,
            probability: value,
        };
        for nan in [f32::NAN, -f32::NAN] {
            let outcomes = [outcome(true, 0.75), outcome(false, 0.25), outcome(true, nan), outcome(false, 0.5)];
            let metrics = metrics_of(&outcomes, 0.5);
            assert!(Metric::ALL.iter().all(|&metric| metrics.get(metric).is_nan()), "{metrics}");
            assert!(metrics.to_string().contains("accuracy") && metrics.to_string().contains("NaN"));
        }
        let outcomes = [outcome(true, f32::NAN), outcome(false, f32::NAN)];
        assert!(metrics_of(&outcomes, 0.5).auc.is_nan());
    }
}
