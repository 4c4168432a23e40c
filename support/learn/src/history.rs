//! What training leaves behind: the metrics of every epoch.

use std::fmt;

use crate::metrics::{Metric, Metrics};

/// The metrics of every epoch, on the training and on the validation set.
///
/// The training metrics are gathered while the epoch runs, with dropout on and weights that still change, as Keras
/// does; the validation metrics come after it, with dropout off. So validation can look better than training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// One entry for each epoch.
    pub train: Vec<Metrics>,
    /// One entry for each epoch; empty when `fit` was given no validation set.
    pub val: Vec<Metrics>,
    /// The epoch with the best monitored value, counted from 0, when early stopping watched.
    pub best_epoch: Option<usize>,
}

impl History {
    /// The number of epochs that were run.
    pub fn epochs(&self) -> usize {
        self.train.len()
    }

    /// The number of the best epoch, counted from 1 as tables and figures do; where nothing
    /// watched, that of the last one.
    pub fn best(&self) -> usize {
        self.best_epoch.map_or(self.epochs(), |epoch| epoch + 1)
    }

    /// One metric over the epochs of the training set.
    pub fn train(&self, metric: Metric) -> Vec<f64> {
        self.train.iter().map(|metrics| metrics.get(metric)).collect()
    }

    /// One metric over the epochs of the validation set.
    pub fn val(&self, metric: Metric) -> Vec<f64> {
        self.val.iter().map(|metrics| metrics.get(metric)).collect()
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} epochs", self.epochs())?;
        match self.best_epoch {
            Some(best) => write!(f, ", the best of which was epoch {}", best + 1),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_counted_from_1() {
        assert_eq!(History::default().best(), 0);
        assert_eq!(History { best_epoch: Some(4), ..History::default() }.best(), 5);
    }
}
