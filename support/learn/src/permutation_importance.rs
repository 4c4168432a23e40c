//! How much a model leans on each feature.

use rand::seq::SliceRandom;

use crate::error::{Result, ensure};
use crate::examples::Examples;
use crate::metrics::{Metric, mean};
use crate::model::Sequential;
use crate::random::{Purpose, generator};
use crate::table::{Table, shown_as_table};

/// How much worse a metric becomes without each feature, in the order of the features. As the last expression of a cell it appears
/// as a table, the most important feature first.
#[derive(Clone, Debug, PartialEq)]
pub struct PermutationImportance {
    /// The metric that was asked for.
    pub metric: Metric,
    /// Its value when no feature is shuffled.
    pub baseline: f64,
    /// The names of the features.
    pub names: Vec<String>,
    /// For each feature the mean of how much worse the metric became; below 0 where it became better.
    pub means: Vec<f64>,
    /// For each feature the standard deviation of that over the repeats, with their number as the divisor.
    pub deviations: Vec<f64>,
}

/// Shuffles one feature among the examples, so that it says nothing about them any more, and measures how much worse the metric
/// becomes: how far it falls, or rises where lower is better. `repeats` times for each feature; the others stay as they are
/// (Breiman, "Random forests", 2001, section 10). As scikit-learn's `permutation_importance`.
///
/// It tells what this model uses, not what could be used: of two features that say the same, each may seem to be of no importance.
/// Ask it about examples that the model was not trained on.
///
/// ```
/// use learn::{examples::Examples, layers::Dense, metrics::Metric, model::Sequential};
/// use learn::permutation_importance::permutation_importance;
/// use ndarray::array;
///
/// let features = array![[-2.0, 5.0], [-1.0, 6.0], [1.0, 5.0], [2.0, 6.0]];
/// let val = Examples::new(features, array![false, false, true, true])?.with_names(["amount", "hour"])?;
/// let mut model = Sequential::new(2, 1).add(Dense::new(1));
/// model.set_weights(&vec![1.0, 0.0, 0.0].into())?; // it looks at the amount alone
/// let importance = permutation_importance(&model, &val, Metric::Auc, 20, 42)?;
/// assert!(importance.means[0] > 0.1);
/// assert_eq!(importance.means[1], 0.0);
/// assert_eq!(importance.names, ["amount", "hour"]);
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// As [`evaluate`](Sequential::evaluate), when `repeats` is 0, and when the metric has no finite value on these examples, as an
/// area has none with one class.
pub fn permutation_importance(
    model: &Sequential,
    examples: &Examples,
    metric: Metric,
    repeats: usize,
    seed: u64,
) -> Result<PermutationImportance> {
    ensure!(repeats > 0, "permutation_importance: at least one repeat");
    let baseline = model.evaluate(examples)?.get(metric);
    let name = metric.name();
    ensure!(baseline.is_finite(), "permutation_importance: the {name} of these examples is {baseline}");
    let sign = if metric.higher_is_better() { 1.0 } else { -1.0 };
    let (mut means, mut deviations) = (Vec::new(), Vec::new());
    let mut shuffled = examples.clone();
    for place in 0..examples.features.ncols() {
        let mut rng = generator(seed, Purpose::Importance, place as u64);
        let mut values = examples.features.column(place).to_vec();
        let mut drops = Vec::with_capacity(repeats);
        for _ in 0..repeats {
            values.shuffle(&mut rng);
            shuffled.features.column_mut(place).iter_mut().zip(&values).for_each(|(to, from)| *to = *from);
            drops.push(sign * (baseline - model.evaluate(&shuffled)?.get(metric)));
        }
        shuffled.features.column_mut(place).assign(&examples.features.column(place));
        let mean_drop = mean(drops.iter().copied());
        means.push(mean_drop);
        deviations.push(mean(drops.iter().map(|drop| (drop - mean_drop) * (drop - mean_drop))).sqrt());
    }
    Ok(PermutationImportance { metric, baseline, names: examples.names.to_vec(), means, deviations })
}

impl PermutationImportance {
    fn table(&self) -> Table {
        let mut table = Table::new(["feature", &format!("worse {}", self.metric.name()), "deviation"]);
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by(|&a, &b| self.means[b].total_cmp(&self.means[a]));
        for place in order {
            let [mean, deviation] = [&self.means, &self.deviations].map(|values| format!("{:.6}", values[place]));
            table.push([self.names[place].clone(), mean, deviation]);
        }
        table
    }
}

shown_as_table!(PermutationImportance);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Dense;
    use ndarray::{Array1, Array2};

    /// Forty rows, 14 of them positive, and the model 2 x0 - x1.
    fn model_and_examples() -> (Sequential, Examples) {
        let of = |row: usize, factor: usize| (row * factor % 40) as f32 / 20.0 - 1.0;
        let features = Array2::from_shape_fn((40, 3), |(row, column)| of(row, [7, 11, 3][column]));
        // In whole twentieths, as 3 x0 - x1 + noise > 1 is exact only there.
        let labels = (0..40).map(|row| 3 * (row * 7 % 40) + row * 13 % 40 > 80 + row * 11 % 40);
        let examples = Examples::new(features, labels.collect()).unwrap();
        let mut model = Sequential::new(3, 1).add(Dense::new(1));
        model.set_weights(&vec![2.0, -1.0, 0.0, 0.0].into()).unwrap();
        (model, examples)
    }

    /// By scikit-learn 1.9.1: `permutation_importance` of the same model with the scorer of each name and `n_repeats=1000`: the
    /// means and deviations of x0 and x1. The shuffles are others, so a mean may differ by √2 · deviation / √1000 by chance.
    #[test]
    fn importances_are_those_of_scikit_learn() {
        let (model, examples) = model_and_examples();
        assert_eq!(examples.class_counts(), (26, 14));
        for (metric, means, deviations) in [
            (Metric::Auc, [0.39911, 0.04001], [0.08874, 0.02576]), // roc_auc
            (Metric::Prc, [0.49237, 0.07536], [0.08888, 0.04747]), // average_precision
            (Metric::CrossEntropy, [0.40865, 0.05385], [0.08664, 0.02831]), // neg_log_loss
            (Metric::BrierScore, [0.16852, 0.02193], [0.03523, 0.01230]), // neg_brier_score
        ] {
            let found = permutation_importance(&model, &examples, metric, 1000, 1).unwrap();
            for place in 0..2 {
                let chance = deviations[place] * (2.0f64 / 1000.0).sqrt();
                let (mean, deviation) = (found.means[place], found.deviations[place]);
                assert!((mean - means[place]).abs() < 4.0 * chance, "{metric:?} of {place}: {mean}");
                assert!((deviation / deviations[place] - 1.0).abs() < 0.15, "{metric:?} of {place}: {deviation}");
            }
            assert_eq!((found.means[2], found.deviations[2]), (0.0, 0.0), "{metric:?}");
        }
    }

    #[test]
    fn the_table_begins_with_the_most_important() {
        let (model, examples) = model_and_examples();
        let examples = examples.with_names(["a", "b", "c"]).unwrap();
        let importance = permutation_importance(&model, &examples, Metric::Auc, 5, 1).unwrap();
        assert_eq!(importance, permutation_importance(&model, &examples, Metric::Auc, 5, 1).unwrap());
        assert_eq!(importance.baseline, model.evaluate(&examples).unwrap().auc);
        let turned = PermutationImportance { means: vec![0.1, -0.2, 0.3], deviations: vec![0.0; 3], ..importance };
        let text = turned.to_string();
        let firsts: Vec<&str> = text.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
        assert_eq!(firsts, ["feature", "c", "a", "b"]);
        assert!(text.contains("worse auc") && text.contains("-0.200000"), "{text}");
    }

    #[test]
    fn what_has_no_importance_is_refused() {
        let (model, examples) = model_and_examples();
        let refused = |examples: &Examples, repeats| {
            permutation_importance(&model, examples, Metric::Auc, repeats, 1).unwrap_err().to_string()
        };
        assert!(refused(&examples, 0).contains("at least one repeat"));
        let negatives = Examples { labels: Array1::from_elem(40, false), ..examples.clone() };
        assert!(refused(&negatives, 1).contains("auc of these examples is NaN"));
        assert!(refused(&examples.select(&[]), 1).contains("no examples"));
    }
}
