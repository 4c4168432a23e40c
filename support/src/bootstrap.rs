//! How much of a result is chance: what the metrics would be on other test sets like the one at hand.

use ndarray::Array1;
use rand::Rng;
use rayon::prelude::*;

use crate::curves::check;
use crate::error::{Error, Result};
use crate::metrics::{Metric, Metrics, Outcome};
use crate::random::{Purpose, generator};

/// The 95 % interval of each metric by the bootstrap: the rows are drawn anew from themselves, with replacement,
/// `resamples` times, and the middle 95 % of the values that a metric takes are its interval, as (lower, upper).
///
/// Only the choice of the test rows is covered, not the randomness of training.
///
/// # Errors
/// When labels and probabilities differ in length, there are none, or a probability is NaN; when a metric is a loss or the
/// cross entropy, which need logits; when there are fewer than 40 resamples.
pub fn bootstrap(
    labels: &Array1<bool>,
    probabilities: &Array1<f32>,
    metrics: &[Metric],
    resamples: usize,
    seed: u64,
) -> Result<Vec<(f64, f64)>> {
    check(labels, probabilities)?;
    if labels.is_empty() || resamples < 40 {
        return Err(Error::Argument("a bootstrap needs at least one row and 40 resamples".into()));
    }
    if let Some(metric) = metrics.iter().find(|metric| matches!(metric, Metric::Loss | Metric::CrossEntropy)) {
        return Err(Error::Argument(format!("the {} can't be computed from probabilities", metric.name())));
    }
    let rows = labels.len() as u32;
    let values: Vec<Vec<f64>> = (0..resamples as u64)
        .into_par_iter()
        .map(|number| {
            let mut rng = generator(seed, Purpose::Bootstrap, number);
            let drawn = (0..rows).map(|_| {
                let row = rng.gen_range(0..rows) as usize;
                Outcome { label: labels[row], weight: 1.0, loss: f32::NAN, probability: probabilities[row] }
            });
            let resampled = Metrics::new(&drawn.collect::<Vec<_>>(), Metrics::THRESHOLD);
            metrics.iter().map(|&metric| resampled.get(metric)).collect()
        })
        .collect();
    let interval = |place: usize| {
        let mut values: Vec<f64> = values.iter().map(|values| values[place]).collect();
        values.sort_by(f64::total_cmp);
        let cut = resamples / 40;
        (values[cut], values[resamples - 1 - cut])
    };
    Ok((0..metrics.len()).map(interval).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recall is a share of k positives: its interval is about ± 1.96 √(p (1 - p) / k).
    #[test]
    fn the_interval_of_recall_is_the_binomial_one() {
        let labels = Array1::from_shape_fn(10_000, |row| row < 100);
        let probabilities = Array1::from_shape_fn(10_000, |row| if row < 75 { 0.9 } else { 0.1 });
        let intervals = bootstrap(&labels, &probabilities, &[Metric::Recall, Metric::Precision], 1000, 1).unwrap();
        let (lower, upper) = intervals[0];
        assert!((lower - 0.665).abs() < 0.02 && (upper - 0.835).abs() < 0.02, "{lower} to {upper}");
        assert_eq!(intervals[1], (1.0, 1.0));
        assert_eq!(
            intervals,
            bootstrap(&labels, &probabilities, &[Metric::Recall, Metric::Precision], 1000, 1).unwrap()
        );
    }

    #[test]
    fn what_cannot_be_computed_is_refused() {
        let (labels, probabilities) = (Array1::from_elem(3, true), Array1::from_elem(3, 0.5));
        assert!(bootstrap(&labels, &probabilities, &[Metric::Loss], 100, 1).is_err());
        assert!(bootstrap(&labels, &probabilities, &[Metric::Recall], 3, 1).is_err());
    }
}
