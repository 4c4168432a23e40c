//! What more positives are worth.

use std::ops::Range;

use crate::error::{Result, ensure};
use crate::examples::Examples;
use crate::metrics::mean;
use crate::model::Sequential;
use crate::over_seeds::over_seeds;
use crate::table::{Table, shown_as_table, thousands};

/// How well models rank that were trained with so many positives. As the last expression of a cell
/// it appears as a table.
#[derive(Clone, Debug, PartialEq)]
pub struct LearningCurve {
    /// (positives, average precision), for each number of positives each seed.
    pub points: Vec<(usize, f64)>,
}

/// Trains with each number of positives and each seed, always with all negatives, and judges by the
/// average precision on `val`: with the same seed the fewer positives are among the more. Trainings
/// run side by side on all cores. As scikit-learn's `learning_curve`.
///
/// ```
/// use learn::{dataset::Dataset, layers::Dense, learning_curve::learning_curve, low_signal::low_signal};
/// use learn::{model::Sequential, optimizers::Adam, training::FitConfig};
///
/// let all = low_signal(1);
/// let (train, val) = (all.select(&(0..3000).collect::<Vec<_>>()), all.select(&(3000..6000).collect::<Vec<_>>()));
/// let curve = learning_curve(&train, &val, &[40, 400], 0..2, |few, seed| {
///     let mut model = Sequential::new(887, seed).add(Dense::new(1)).compile(Adam::new(1e-3));
///     model.fit(&Dataset::new(few).batch(32), None, FitConfig::epochs(2))?;
///     Ok(model)
/// })?;
/// assert_eq!(curve.points.iter().map(|point| point.0).collect::<Vec<_>>(), [40, 40, 400, 400]);
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When a number is 0 or more than there are, and the first of `fit`.
pub fn learning_curve(
    train: &Examples,
    val: &Examples,
    positives: &[usize],
    seeds: Range<u64>,
    fit: impl Fn(&Examples, u64) -> Result<Sequential> + Sync,
) -> Result<LearningCurve> {
    ensure!(!positives.contains(&0), "without a positive there is nothing to learn");
    let runs: Vec<(usize, u64)> =
        positives.iter().flat_map(|&count| seeds.clone().map(move |seed| (count, seed))).collect();
    let points = over_seeds(0..runs.len() as u64, |run| -> Result<(usize, f64)> {
        let (count, seed) = runs[run as usize];
        let model = fit(&train.keep_positives(count, seed)?, seed)?;
        Ok((count, model.evaluate(val)?.prc))
    });
    Ok(LearningCurve { points: points? })
}

impl LearningCurve {
    fn table(&self) -> Table {
        let mut table = Table::new(["positives", "runs", "mean prc", "lowest", "highest"]);
        for runs in self.points.chunk_by(|a, b| a.0 == b.0) {
            let values = || runs.iter().map(|run| run.1);
            let (lowest, highest) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
            let numbers = [mean(values()), lowest, highest].map(|value| format!("{value:.4}"));
            table.push([thousands(runs[0].0), runs.len().to_string()].into_iter().chain(numbers));
        }
        table
    }
}

shown_as_table!(LearningCurve);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Dense;
    use crate::low_signal::low_signal;

    #[test]
    fn the_table_groups_by_positives() {
        let curve = LearningCurve { points: vec![(40, 0.7), (40, 0.8), (1321, 0.9)] };
        let text = curve.to_string();
        let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows, [["40", "2", "0.7500", "0.7000", "0.8000"], ["1,321", "1", "0.9000", "0.9000", "0.9000"]]);
    }

    #[test]
    fn what_can_not_be_drawn_is_refused() {
        let examples = low_signal(1);
        let fit = |_: &Examples, seed| Ok(Sequential::new(887, seed).add(Dense::new(1)));
        for (counts, expected) in [(&[0][..], "without a positive"), (&[9000], "9000 of 857")] {
            let message = learning_curve(&examples, &examples, counts, 0..1, fit).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
