//! Keras' approximations of the areas under the ROC and the precision-recall curve.

use ndarray::Array1;

use crate::curves::RocCurve;
use crate::error::Result;
use crate::math::{ln, sum};
use crate::scores::{check_probabilities, check_weights, ratio};

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
/// ```
/// use learn::{curves::roc_curve, keras_auc::keras_auc};
/// use ndarray::array;
///
/// let (labels, probabilities) = (array![false, false, true, true], array![0.001f32, 0.002, 0.003, 0.004]);
/// assert_eq!(roc_curve(&labels, &probabilities)?.auc(), 1.0);
/// assert_eq!(keras_auc(&labels, &probabilities)?.roc, 0.5); // all are below the first threshold, 1/199
/// # Ok::<(), learn::error::Error>(())
/// ```
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
        let logarithm = if p > 0.0 && higher_p > 0.0 { ln(p / higher_p) } else { 0.0 };
        slope * ((tp - higher_tp) + (higher_tp - slope * higher_p) * logarithm)
    };
    ratio(sum((0..true_positives.len() - 1).map(area)), true_positives[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curves::roc_curve;
    use ndarray::array;

    #[test]
    fn keras_sees_nothing_below_its_first_threshold() {
        let (labels, scores) = (array![false, false, true, true], array![0.001f32, 0.002, 0.003, 0.004]);
        assert_eq!(roc_curve(&labels, &scores).unwrap().auc(), 1.0);
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
