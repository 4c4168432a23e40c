//! What wrong decisions cost, and the threshold at which they cost least.

use ndarray::Array1;

use crate::curves::{Score, ThresholdCounts};
use crate::error::{Error, Result};
use crate::metrics::ConfusionMatrix;

/// What each kind of mistake costs, compared with the right decision, in any unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// A false positive: an alarm for nothing.
    pub false_alarm: f64,
    /// A false negative: a positive that was let through.
    pub missed: f64,
}

impl Costs {
    /// Costs of a false alarm and of a missed positive.
    ///
    /// # Errors
    /// When one of them is not a finite number above 0: without a price on both mistakes the best threshold is to stop
    /// everything, or nothing.
    pub fn new(false_alarm: f64, missed: f64) -> Result<Self> {
        match [false_alarm, missed].iter().all(|cost| cost.is_finite() && *cost > 0.0) {
            true => Ok(Self { false_alarm, missed }),
            false => Err(Error::Argument(format!(
                "costs are finite numbers above 0, not {false_alarm} for a false alarm and {missed} for a missed positive"
            ))),
        }
    }

    /// What the mistakes counted in a confusion matrix cost together.
    pub fn total(&self, matrix: &ConfusionMatrix) -> f64 {
        self.false_alarm * matrix.false_positives + self.missed * matrix.false_negatives
    }

    /// The probability above which an alarm is expected to cost less than none, if the probability is right:
    /// p · missed > (1 - p) · false_alarm, so p > false_alarm / (false_alarm + missed).
    pub fn threshold(&self) -> f64 {
        self.false_alarm / (self.false_alarm + self.missed)
    }

    /// The cost at every threshold that decides differently, for labels and scores of shape `[examples]`.
    ///
    /// # Errors
    /// When the two differ in length, there are none, or a score is NaN.
    pub fn curve<S: Score>(&self, labels: &Array1<bool>, scores: &Array1<S>) -> Result<CostCurve> {
        let counts = ThresholdCounts::new(labels, scores)?;
        let Some((&all_positives, &lowest)) = counts.true_positives.last().zip(counts.thresholds.last()) else {
            return Err(Error::Argument("there are no examples to count the cost of".into()));
        };
        // An example is predicted positive above the threshold, so the threshold that lets in the examples with a score
        // is the next lower score; the last one lets in all.
        let everything = if lowest > 0.0 { 0.0 } else { f64::NEG_INFINITY };
        let thresholds = counts.thresholds.iter().copied().chain([everything]).collect();
        let alarms = counts.true_positives.iter().zip(&counts.false_positives);
        let costs = std::iter::once((&0.0, &0.0))
            .chain(alarms)
            .map(|(found, false_alarms)| self.missed * (all_positives - found) + self.false_alarm * false_alarms);
        Ok(CostCurve { thresholds, costs: costs.collect() })
    }
}

/// What decisions cost as the threshold falls from the highest score, where nothing is an alarm, until everything is.
#[derive(Clone, Debug, PartialEq)]
pub struct CostCurve {
    /// The thresholds, falling; an example is an alarm when its score is above.
    pub thresholds: Vec<f64>,
    /// The total cost at each of them.
    pub costs: Vec<f64>,
}

impl CostCurve {
    /// The threshold with the lowest cost, and that cost: (threshold, cost). Of several the highest, with the fewest alarms.
    pub fn best(&self) -> (f64, f64) {
        let mut points = self.points().into_iter();
        let first = points.next().unwrap_or((f64::NAN, f64::NAN));
        points.fold(first, |best, point| if point.1 < best.1 { point } else { best })
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
        assert_eq!(COSTS.threshold(), 0.1);
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
    fn ties_of_cost_go_to_fewer_alarms() {
        let costs = Costs::new(1.0, 1.0).unwrap();
        assert_eq!(costs.curve(&array![true, false], &array![0.2, 0.7]).unwrap().best(), (0.7, 1.0));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (false_alarm, missed) in [(0.0, 1.0), (1.0, -1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            assert!(Costs::new(false_alarm, missed).unwrap_err().to_string().contains("above 0"));
        }
        assert!(COSTS.curve(&array![], &Array1::<f32>::from_vec(vec![])).is_err());
        assert!(COSTS.curve(&array![true], &array![f32::NAN]).is_err());
    }
}
