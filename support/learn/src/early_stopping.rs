//! Stops training when a monitored metric no longer improves, as Keras' callback of this name.

use crate::error::{Result, ensure, refuse};
use crate::examples::Examples;
use crate::history::History;
use crate::metrics::Metric;

/// When to stop, and with which weights.
///
/// ```
/// use learn::early_stopping::EarlyStopping;
///
/// let early_stopping = EarlyStopping::monitor("val_prc").patience(2).restore_best_weights();
/// // In a training it is passed on: FitConfig::epochs(100).early_stopping(early_stopping). What it does there:
/// let mut watch = early_stopping.watch()?;
/// let stops: Vec<bool> =
///     (0..).zip([0.5, 0.7, 0.6, 0.65]).map(|(epoch, prc)| watch.observe(epoch, Some(prc)).stop).collect();
/// assert_eq!(stops, [false, false, false, true]); // two epochs without a better one
/// assert_eq!(watch.best_epoch(), Some(1));
/// assert!(EarlyStopping::monitor("val_prcc").watch().is_err());
/// # Ok::<(), learn::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EarlyStopping {
    monitor: String,
    mode: Option<Mode>,
    patience: usize,
    min_delta: f64,
    start_from_epoch: usize,
    restore_best_weights: bool,
}

/// Whether a metric should fall or rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Lower is better.
    Min,
    /// Higher is better.
    Max,
}

impl EarlyStopping {
    /// Watches a metric by its name: one of [`Metric`]'s, of the training set, or of the validation set with `val_` before it:
    /// "val_prc", "val_auc", "val_loss", "recall", ….
    pub fn monitor(name: &str) -> Self {
        Self {
            monitor: name.into(),
            mode: None,
            patience: 10,
            min_delta: 0.0,
            start_from_epoch: 0,
            restore_best_weights: false,
        }
    }

    /// How many epochs without improvement end the training; 0 is the same as 1. Default: 10.
    pub fn patience(self, patience: usize) -> Self {
        Self { patience, ..self }
    }

    /// Whether the metric should fall or rise. Default: what is better for it.
    pub fn mode(self, mode: Mode) -> Self {
        Self { mode: Some(mode), ..self }
    }

    /// A change of `min_delta` or less is no improvement. Default: 0.
    pub fn min_delta(self, min_delta: f64) -> Self {
        Self { min_delta: min_delta.abs(), ..self }
    }

    /// The first epoch, counted from 0, that is watched. Default: 0.
    pub fn start_from_epoch(self, epoch: usize) -> Self {
        Self { start_from_epoch: epoch, ..self }
    }

    /// Goes back to the weights of the best epoch when training ends, early or not. Default: keeps those of the last.
    pub fn restore_best_weights(self) -> Self {
        Self { restore_best_weights: true, ..self }
    }

    /// Begins to watch.
    ///
    /// # Errors
    /// When no metric has the monitored name.
    pub fn watch(&self) -> Result<Watch> {
        let monitor = &self.monitor;
        let of_val = monitor.strip_prefix("val_");
        let Ok(metric) = of_val.unwrap_or(monitor).parse::<Metric>() else {
            let names = Metric::ALL.map(Metric::name).join(", ");
            refuse!("EarlyStopping can't monitor '{monitor}'; it knows {names}, and each with val_ before it");
        };
        let best_is = if metric.higher_is_better() { Mode::Max } else { Mode::Min };
        let mode = self.mode.unwrap_or(best_is);
        Ok(Watch { settings: self.clone(), metric, val: of_val.is_some(), mode, best: None, wait: 0 })
    }
}

impl Default for EarlyStopping {
    /// Watches `val_prc` with a patience of 10, as the lesson does.
    fn default() -> Self {
        Self::monitor("val_prc")
    }
}

/// What has been seen so far.
#[derive(Clone, Debug)]
pub struct Watch {
    settings: EarlyStopping,
    metric: Metric,
    val: bool,
    mode: Mode,
    /// The best value and its epoch.
    best: Option<(f32, usize)>,
    wait: usize,
}

/// What an epoch means for the training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// This epoch is the best so far.
    pub improved: bool,
    /// This epoch should be the last.
    pub stop: bool,
}

impl Watch {
    /// Takes the monitored value of an epoch, counted from 0, or none if it is missing. Compares in f32, as Keras
    /// does: an improvement beyond its digits is none.
    pub fn observe(&mut self, epoch: usize, value: Option<f64>) -> Verdict {
        let Some(value) = value.filter(|_| epoch >= self.settings.start_from_epoch) else {
            return Verdict { improved: false, stop: false };
        };
        let (value, min_delta) = (value as f32, self.settings.min_delta as f32);
        self.wait += 1;
        let improved = match (self.best, self.mode) {
            (None, _) => true,
            (Some((best, _)), Mode::Max) => value - min_delta > best,
            (Some((best, _)), Mode::Min) => value + min_delta < best,
        };
        if improved {
            self.best = Some((value, epoch));
            self.wait = 0;
        }
        Verdict { improved, stop: !improved && self.wait >= self.settings.patience && epoch > 0 }
    }

    /// The epoch with the best value, counted from 0.
    pub fn best_epoch(&self) -> Option<usize> {
        self.best.map(|(_, epoch)| epoch)
    }

    /// The best value.
    pub fn best(&self) -> Option<f64> {
        self.best.map(|(value, _)| value.into())
    }

    /// Epochs since the best one.
    pub fn wait(&self) -> usize {
        self.wait
    }

    pub(crate) fn restores(&self) -> bool {
        self.settings.restore_best_weights
    }

    /// Takes the monitored value from the last epoch of the history. An epoch in which it is undefined says nothing: as
    /// the first one it would be the best for ever.
    pub(crate) fn observe_last(&mut self, history: &History) -> Verdict {
        let metrics = if self.val { &history.val } else { &history.train };
        let value = metrics.last().map(|metrics| metrics.get(self.metric)).filter(|value| !value.is_nan());
        self.observe(history.epochs() - 1, value)
    }

    /// Refuses a validation set about which the metric says nothing: it would be the same in all epochs.
    pub(crate) fn check(&self, val: Option<&Examples>) -> Result<()> {
        if !self.val {
            return Ok(());
        }
        let name = self.metric.name();
        let Some(val) = val else {
            refuse!(
                "early stopping monitors val_{name}, but there is no validation set: pass one to fit, or monitor a metric without val_"
            );
        };
        let needs_both = matches!(self.metric, Metric::Precision | Metric::Recall | Metric::Auc | Metric::Prc);
        let (negatives, positives) = val.class_counts();
        ensure!(
            !needs_both || negatives.min(positives) > 0,
            "early stopping monitors val_{name}, but the validation set is all of one class ({val}): use one with both, or monitor val_loss"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a watch over values and gives the number of epochs and the best one.
    fn run(settings: &EarlyStopping, values: &[f64]) -> (usize, Option<usize>) {
        let mut watch = settings.watch().unwrap();
        let stop = (0..values.len()).find(|&epoch| watch.observe(epoch, Some(values[epoch])).stop);
        (stop.map_or(values.len(), |epoch| epoch + 1), watch.best_epoch())
    }

    #[test]
    fn stops_after_its_patience() {
        let prc = |patience| EarlyStopping::monitor("val_prc").patience(patience);
        let loss = |patience| EarlyStopping::monitor("val_loss").patience(patience);
        for (settings, values, expected, why) in [
            (prc(2), vec![0.1, 0.2, 0.3, 0.4], (4, Some(3)), "it keeps rising"),
            (prc(2), vec![0.3, 0.2, 0.1, 0.4], (3, Some(0)), "two epochs without improvement"),
            (prc(1), vec![0.3, 0.3], (2, Some(0)), "the same value is no improvement"),
            (prc(0), vec![0.3, 0.2, 0.4], (2, Some(0)), "a patience of 0 is one of 1"),
            (loss(2), vec![0.3, 0.2, 0.3, 0.3, 0.1], (4, Some(1)), "a loss should fall"),
            (loss(1).mode(Mode::Max), vec![0.1, 0.2, 0.1], (3, Some(1)), "unless told otherwise"),
            (prc(1).min_delta(0.1), vec![0.1, 0.15, 0.3], (2, Some(0)), "0.05 more is too little"),
            (prc(1).start_from_epoch(2), vec![0.9, 0.1, 0.2, 0.3], (4, Some(3)), "early epochs don't count"),
        ] {
            assert_eq!(run(&settings, &values), expected, "{why}");
        }
    }

    #[test]
    fn unknown_names_are_refused() {
        let message = EarlyStopping::monitor("val_pcr").watch().unwrap_err().to_string();
        assert!(message.contains("'val_pcr'") && message.contains("prc"), "{message}");
    }
}
