//! Examples for other libraries, and what these make of them.

use learn::error::Result;
use learn::examples::Examples;
use learn::scores::{Score, check};
use linfa::Dataset;
use ndarray::{Array1, Ix1};

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
