//! Examples for other libraries, and what these make of them.

use learn::error::{Error, Result};
use learn::examples::Examples;
use learn::layers::Dense;
use learn::model::Sequential;
use learn::scores::{Score, check};
use linfa::Dataset;
use ndarray::{Array1, Ix1};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

/// The examples as linfa has them, for any model or tool of linfa: the records have the shape `[examples, features]`, the targets
/// are the labels, shape `[examples]`; names and sample weights come along.
///
/// ```
/// use support::{Examples, linfa_dataset, ndarray::{Array1, Array2}};
///
/// let features = Array2::from_shape_fn((10, 2), |(row, column)| (row + column) as f32);
/// let examples = Examples::new(features, Array1::from_shape_fn(10, |row| row % 5 == 0))?;
/// for (train, left_out) in linfa_dataset(&examples).fold(5) {
///     assert_eq!((train.records.nrows(), left_out.targets.len()), (8, 2));
/// }
/// # Ok::<(), support::SupportError>(())
/// ```
pub fn linfa_dataset(examples: &Examples) -> Dataset<f32, bool, Ix1> {
    let dataset = Dataset::new(examples.features.clone(), examples.labels.clone());
    let dataset = dataset.with_feature_names(examples.names.to_vec());
    match &examples.weights {
        Some(weights) => dataset.with_weights(weights.clone()),
        None => dataset,
    }
}

/// Logistic regression by smartcore, as a model of ours without a hidden layer: L-BFGS over all examples at once instead of Adam
/// over batches. `l2` is the penalty on the squared weights, scikit-learn's 1 / C, where C is 1 by default; 0 for none. Sample
/// weights are not looked at.
///
/// It goes to the minimum by the system's exponential function: on another system the last digit of a weight may differ.
///
/// # Errors
/// When `l2` is negative or not finite, or a class has no examples.
pub fn logistic_regression(examples: &Examples, l2: f64) -> Result<Sequential> {
    let (rows, features) = examples.features.dim();
    if !(l2.is_finite() && l2 >= 0.0) {
        return Err(Error::Argument(format!("the penalty of a logistic regression is at least 0, not {l2}")));
    }
    let refused = |error: &dyn std::fmt::Display| Error::Argument(format!("logistic regression by smartcore: {error}"));
    let values = examples.features.iter().map(|&value| value.into()).collect();
    let matrix = DenseMatrix::<f64>::new(rows, features, values, false).map_err(|error| refused(&error))?;
    let labels: Vec<u8> = examples.labels.iter().map(|&label| label.into()).collect();
    let parameters = LogisticRegressionParameters::default().with_alpha(l2);
    let fitted = LogisticRegression::fit(&matrix, &labels, parameters).map_err(|error| refused(&error))?;
    let weights = fitted.coefficients().iterator(0).chain(fitted.intercept().iterator(0));
    let mut model = Sequential::new(features, 0).add(Dense::new(1));
    model.set_weights(&weights.map(|&weight| weight as f32).collect::<Vec<_>>().into())?;
    Ok(model)
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

#[cfg(test)]
mod tests {
    use super::*;
    use learn::dataset::Dataset as Batches;
    use learn::low_signal::low_signal;
    use learn::optimizers::Adam;
    use learn::training::FitConfig;
    use ndarray::{Axis, Slice};

    /// The first features of customers, standard deviation 1.
    fn examples() -> Examples {
        let all = low_signal(1);
        let features = all.features.slice_axis(Axis(1), Slice::from(..4)).mapv(|feature| feature / 0.02);
        Examples::new(features, all.labels).unwrap()
    }

    #[test]
    fn smartcore_finds_the_minimum_that_adam_goes_to() {
        let examples = examples();
        let theirs = logistic_regression(&examples, 0.0).unwrap();
        let mut ours = Sequential::new(4, 1).add(Dense::new(1)).compile(Adam::new(0.05));
        ours.fit(&Batches::new(&examples).batch(6_000), None, FitConfig::epochs(600)).unwrap();
        for (ours, theirs) in ours.weights().values().iter().zip(theirs.weights().values()) {
            assert!((ours - theirs).abs() < 2e-3, "{ours} {theirs}");
        }
        // The log odds of the share of positives are lower than any bias with informative features, but near it.
        let penalised = logistic_regression(&examples, 1e6).unwrap();
        assert!(penalised.weights().values()[..4].iter().all(|weight| weight.abs() < 1e-3));
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let examples = examples();
        let one_class = examples.by_class().0;
        assert!(logistic_regression(&one_class, 1.0).unwrap_err().to_string().contains("number of classes: 1"));
        assert!(logistic_regression(&examples, -1.0).is_err() && logistic_regression(&examples, f64::NAN).is_err());
    }
}
