//! The training loop: the only file that sees data, model, optimizer, metrics and early stopping together.

use std::fmt::Write;

use crate::dataset::{Batch, Dataset};
use crate::early_stopping::EarlyStopping;
use crate::error::{Error, Result};
use crate::examples::Examples;
use crate::history::History;
use crate::metrics::{Metric, Metrics, Outcome, mean};
use crate::model::Sequential;
use crate::network::{Scratch, Step};

/// What the loss of an example is multiplied by, for each class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassWeight {
    /// For negatives.
    pub negative: f64,
    /// For positives.
    pub positive: f64,
}

impl ClassWeight {
    /// The weights that give both classes the same sum and all examples the mean 1: total / 2 / count, as scikit-learn's
    /// "balanced".
    pub fn balanced(negatives: usize, positives: usize) -> Self {
        let half = (negatives + positives) as f64 / 2.0;
        Self { negative: half / negatives as f64, positive: half / positives as f64 }
    }
}

/// How to train.
#[derive(Clone, Debug)]
pub struct FitConfig {
    epochs: usize,
    steps_per_epoch: Option<usize>,
    class_weight: Option<ClassWeight>,
    early_stopping: Option<EarlyStopping>,
    verbose: Option<usize>,
}

impl FitConfig {
    /// Trains for so many epochs, or fewer if early stopping ends it.
    pub fn epochs(epochs: usize) -> Self {
        Self { epochs, steps_per_epoch: None, class_weight: None, early_stopping: None, verbose: None }
    }

    /// The number of batches in an epoch. A data set that ends is then begun again when it has ended, whichever epoch
    /// it is. Default: an epoch is one pass over the data set.
    pub fn steps_per_epoch(self, steps: usize) -> Self {
        Self { steps_per_epoch: Some(steps), ..self }
    }

    /// Weighs the loss of each class. Default: both weigh 1.
    pub fn class_weight(self, class_weight: ClassWeight) -> Self {
        Self { class_weight: Some(class_weight), ..self }
    }

    /// Stops when a metric no longer improves. Default: trains all epochs.
    pub fn early_stopping(self, early_stopping: EarlyStopping) -> Self {
        Self { early_stopping: Some(early_stopping), ..self }
    }

    /// Prints a line every so many epochs, and for the first and the last. Default: prints nothing.
    pub fn verbose(self, every: usize) -> Self {
        Self { verbose: Some(every.max(1)), ..self }
    }
}

impl Sequential {
    /// Trains on the batches of `train` and reports on `val` after each epoch; `None` for no validation.
    ///
    /// # Errors
    /// When model, data and settings don't fit together (the message says which), or the loss is no longer finite.
    pub fn fit<'a>(
        &mut self,
        train: &Dataset,
        val: impl Into<Option<&'a Examples>>,
        config: FitConfig,
    ) -> Result<History> {
        let val = val.into();
        // From a thread of the pool the work of a step is shared without waking one up.
        rayon::scope(|_| self.run_epochs(train, val, &config))
    }

    fn run_epochs(&mut self, train: &Dataset, val: Option<&Examples>, config: &FitConfig) -> Result<History> {
        let steps = self.check_fit(train, val, config)?;
        let mut watch = config.early_stopping.as_ref().map(EarlyStopping::watch).transpose()?;
        let mut best_weights = None;
        let mut history = History::default();
        let mut outcomes = Vec::new();
        let mut batches = train.passes();
        let mut next = batches.next();
        for epoch in 0..config.epochs {
            outcomes.clear();
            for _ in 0..steps {
                let Some(batch) = next else { break };
                let trained = || self.step(&batch, config.class_weight, &mut outcomes);
                let (trained, drawn) = rayon::join(trained, || batches.next());
                trained?;
                next = drawn;
            }
            let model = &*self;
            let (on_train, on_val) =
                rayon::join(|| Metrics::new(&outcomes), || val.map(|val| model.evaluate(val)).transpose());
            history.train.push(on_train);
            history.val.extend(on_val?);
            check_finite(&history)?;
            let mut stop = epoch + 1 == config.epochs;
            if let Some(watch) = &mut watch {
                let verdict = watch.observe_last(&history);
                if verdict.improved && watch.restores() {
                    best_weights = Some(self.weights());
                }
                stop |= verdict.stop;
            }
            if config.verbose.is_some_and(|every| epoch == 0 || (epoch + 1).is_multiple_of(every) || stop) {
                println!("{}", progress(&history));
            }
            if stop {
                break;
            }
        }
        history.best_epoch = watch.and_then(|watch| watch.best_epoch());
        if let Some(weights) = best_weights {
            self.set_weights(&weights)?;
        }
        Ok(history)
    }

    /// One training step on one batch; gives the batch's loss before it.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn train_on_batch(&mut self, batch: &Batch) -> Result<f64> {
        self.network.check()?;
        self.check_inputs(batch.stores.features())?;
        let mut outcomes = Vec::new();
        self.step(batch, None, &mut outcomes)?;
        Ok(mean(outcomes.iter().map(|outcome| f64::from(outcome.loss) * f64::from(outcome.weight))))
    }

    /// The gradient of the loss of a batch by the weights, in the order of [`Weights`](crate::Weights), with dropout off.
    ///
    /// # Errors
    /// When the batch does not fit the model.
    pub fn gradient(&self, batch: &Batch) -> Result<Vec<f32>> {
        self.network.check()?;
        self.check_inputs(batch.stores.features())?;
        let step = Step { batch, class_weight: None, dropout: None };
        let mut scratch = Scratch::default();
        Ok(self.network.gradient(&step, &mut scratch, &mut vec![Outcome::default(); batch.len()]).to_vec())
    }

    /// Forward, backward, update: everything that happens to a batch. What came out for its rows is appended to `outcomes`.
    fn step(&mut self, batch: &Batch, class_weight: Option<ClassWeight>, outcomes: &mut Vec<Outcome>) -> Result<()> {
        let Some(optimizer) = &mut self.optimizer else {
            return Err(Error::Argument(
                "the model has no optimizer: call .compile(Adam::new(1e-3)) before training".into(),
            ));
        };
        let class_weight = class_weight.map(|weight| (weight.negative as f32, weight.positive as f32));
        let step = Step { batch, class_weight, dropout: Some((self.seed, self.steps)) };
        let start = outcomes.len();
        outcomes.resize(start + batch.len(), Outcome::default());
        let gradient = self.network.gradient(&step, &mut self.scratch, &mut outcomes[start..]);
        optimizer.step(&mut self.network.weights, gradient);
        self.steps += 1;
        Ok(())
    }

    /// Refuses what does not fit together; gives the steps of an epoch.
    fn check_fit(&self, train: &Dataset, val: Option<&Examples>, config: &FitConfig) -> Result<usize> {
        self.network.check()?;
        self.check_inputs(train.features())?;
        if train.is_empty() {
            return Err(Error::Argument("there are no examples to train on".into()));
        }
        match val {
            Some(val) if val.is_empty() => {
                return Err(Error::Argument("the validation set is empty: pass None to go without".into()));
            }
            Some(val) => self.check_inputs(val.features.ncols())?,
            None => {}
        }
        if let Some(early_stopping) = &config.early_stopping
            && early_stopping.watch()?.needs_validation()
            && val.is_none()
        {
            return Err(Error::Argument("early stopping monitors the validation set, but there is none: pass one to fit, or monitor a metric without val_".into()));
        }
        if let Some(ClassWeight { negative, positive }) = config.class_weight {
            if train.has_weights() {
                return Err(Error::Argument(
                    "class weights and sample weights can't be combined: multiply them into the sample weights".into(),
                ));
            }
            if !(negative.is_finite() && positive.is_finite() && negative >= 0.0 && positive >= 0.0) {
                return Err(Error::Argument(format!(
                    "class weights are finite and at least 0, not {negative} and {positive}: does each class have an example?"
                )));
            }
        }
        match config.steps_per_epoch.or(train.steps()) {
            None => Err(Error::Argument(
                "the data set repeats for ever: say with steps_per_epoch how long an epoch is".into(),
            )),
            Some(0) => Err(Error::Argument("an epoch has at least one step".into())),
            Some(steps) => Ok(steps),
        }
    }
}

fn check_finite(history: &History) -> Result<()> {
    match history.train.last().is_some_and(|metrics| metrics.loss.is_finite()) {
        true => Ok(()),
        false => Err(Error::Argument(format!(
            "the loss is no longer a finite number in epoch {}: build the model again with a smaller learning rate, and look for features that are not scaled",
            history.epochs()
        ))),
    }
}

/// The last epoch in a line.
fn progress(history: &History) -> String {
    let mut line = format!("epoch {:3}", history.epochs());
    for (prefix, metrics) in [("", history.train.last()), ("val_", history.val.last())] {
        for metric in [Metric::Loss, Metric::Precision, Metric::Recall, Metric::Prc] {
            if let Some(metrics) = metrics {
                let _ = write!(line, "  {prefix}{} {:.4}", metric.name(), metrics.get(metric)); // writing to a String can't fail
            }
        }
    }
    line
}
