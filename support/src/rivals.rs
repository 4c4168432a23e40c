//! What other libraries make of the same examples, to compare with.

use learn::error::Result;
use learn::scores::{Score, check};
use ndarray::Array1;

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
