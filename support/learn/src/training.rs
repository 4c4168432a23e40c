//! The training loop: the only file that sees data, model, optimizer, metrics and early stopping together.

use crate::dataset::{Batch, Batches, Dataset, Stores, check_examples, check_names};
use crate::early_stopping::{EarlyStopping, Watch};
use crate::error::{Error, Result, ensure, refuse};
use crate::examples::Examples;
use crate::history::History;
use crate::metrics::{Metric, Metrics, Outcome, Tally, mean};
use crate::model::{Sequential, Weights, both_counts};
use crate::network::{Scratch, Step};
use crate::scores::is_amount;

/// What the loss of an example is multiplied by, for each class.
///
/// ```
/// use learn::{examples::Examples, training::ClassWeight};
/// use ndarray::{Array1, Array2};
///
/// let train = Examples::new(Array2::zeros((100, 1)), Array1::from_shape_fn(100, |row| row < 10))?;
/// let class_weight = ClassWeight::balanced(&train)?; // for FitConfig::class_weight
/// assert_eq!(class_weight.positive, 5.0);
/// assert_eq!(class_weight.positive * 10.0, class_weight.negative * 90.0);
/// assert_eq!(class_weight.odds_factor(), 9.0);
/// # Ok::<(), learn::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassWeight {
    /// For negatives.
    pub negative: f64,
    /// For positives.
    pub positive: f64,
}

impl ClassWeight {
    /// The weights that give both classes of these examples the same sum and all of them the mean 1: total / 2 / count, as
    /// scikit-learn's "balanced".
    ///
    /// # Errors
    /// When there are none of one class.
    pub fn balanced(examples: &Examples) -> Result<Self> {
        let (negatives, positives) = both_counts(examples)?;
        let half = (negatives + positives) / 2.0;
        Ok(Self { negative: half / negatives, positive: half / positives })
    }

    /// How many times too high the odds of a model come out that was trained with these weights: 1 divided by it is what
    /// [`multiply_odds`](crate::calibration::multiply_odds) needs to undo them.
    pub fn odds_factor(&self) -> f64 {
        self.positive / self.negative
    }

    /// Refuses weights that nothing can be learnt with.
    fn check(self) -> Result<()> {
        let (negative, positive) = self.in_f32();
        ensure!(
            is_amount(negative.into()) && is_amount(positive.into()) && negative.max(positive) > 0.0,
            "class weights are finite in 32 bits, at least 0 and not both 0, unlike {} and {}",
            self.negative,
            self.positive
        );
        Ok(())
    }

    /// The two weights (for negatives, for positives) in the type of the network.
    fn in_f32(self) -> (f32, f32) {
        (self.negative as f32, self.positive as f32)
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

    /// Prints the metrics of an epoch as the row of a table, every so many epochs, and for the first and the last; the names
    /// stand above the first row. Default: prints nothing.
    pub fn verbose(self, every: usize) -> Self {
        Self { verbose: Some(every.max(1)), ..self }
    }
}

/// A training between two epochs: what [`Sequential::begin`] begins and [`Sequential::end`] ends.
pub struct Training {
    config: FitConfig,
    steps: usize,
    watch: Option<Watch>,
    best_weights: Option<Weights>,
    last_weights: Weights,
    history: History,
    outcomes: Vec<Outcome>,
    batches: Batches,
    next: Option<Batch>,
    /// Whether no epoch follows.
    is_over: bool,
}

impl Training {
    /// The metrics of the epochs until now.
    pub fn history(&self) -> &History {
        &self.history
    }
}

impl Sequential {
    /// Trains on the batches of `train` and reports on `val` after each epoch; `None` for no validation. Each call starts with
    /// the first pass over the data set. It is the loop over [`begin`](Self::begin), [`epoch`](Self::epoch) and
    /// [`end`](Self::end).
    ///
    /// # Errors
    /// When model, data and settings don't fit together; the message says which.
    ///
    /// When the training diverges: the loss, a weight or the gradient is no longer finite. The model then has the weights of the
    /// best epoch if early stopping restores them, else of the last one that was whole; the message says which that is, and
    /// [`history`](Self::history) has the epochs until then. To go on, compile the model again with a smaller learning rate.
    pub fn fit<'a>(
        &mut self,
        train: &Dataset,
        val: impl Into<Option<&'a Examples>>,
        config: FitConfig,
    ) -> Result<History> {
        let val = val.into();
        // From a thread of the pool the work of a step is shared without waking one up.
        rayon::scope(|_| {
            let mut training = self.begin(train, val, config)?;
            while self.epoch(&mut training, val)? {}
            Ok(self.end(training))
        })
    }

    /// Prepares a training that goes on epoch by epoch, for who wants to look, or to draw, in between:
    ///
    /// ```
    /// use learn::{dataset::Dataset, layers::Dense, low_signal::low_signal, model::Sequential, optimizers::Sgd, training::FitConfig};
    ///
    /// let examples = low_signal(1);
    /// let mut model = Sequential::new(887, 1).add(Dense::new(1)).compile(Sgd::new(0.1));
    /// let mut training = model.begin(&Dataset::new(&examples).batch(500), &examples, FitConfig::epochs(3))?;
    /// while model.epoch(&mut training, &examples)? {
    ///     println!("{} epochs", training.history().epochs());
    /// }
    /// assert_eq!(model.end(training).epochs(), 3);
    /// # Ok::<(), learn::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn begin<'a>(
        &mut self,
        train: &Dataset,
        val: impl Into<Option<&'a Examples>>,
        config: FitConfig,
    ) -> Result<Training> {
        let watch = config.early_stopping.as_ref().map(EarlyStopping::watch).transpose()?;
        let steps = self.check_fit(train, val.into(), &config, watch.as_ref())?;
        self.names = train.stores.names();
        let mut batches = train.passes();
        Ok(Training {
            steps,
            watch,
            best_weights: None,
            last_weights: self.weights(),
            history: History::default(),
            outcomes: Vec::new(),
            next: batches.next(),
            batches,
            is_over: config.epochs == 0,
            config,
        })
    }

    /// One epoch of a training, reported on `val`, the same as when it began; gives whether another follows.
    ///
    /// # Errors
    /// When the training diverges; see [`fit`](Self::fit).
    pub fn epoch<'a>(&mut self, training: &mut Training, val: impl Into<Option<&'a Examples>>) -> Result<bool> {
        let val = val.into();
        let Training { config, steps, watch, best_weights, last_weights, history, outcomes, batches, next, is_over } =
            training;
        if *is_over {
            return Ok(false);
        }
        let mut tally = Tally::new(Metrics::THRESHOLD);
        let mut fault = None;
        for _ in 0..*steps {
            let Some(batch) = next.take() else { break };
            let trained = || self.step(&batch, config.class_weight, outcomes);
            let (trained, drawn) = rayon::join(trained, || batches.next());
            *next = drawn;
            tally.add(outcomes);
            if !trained? {
                fault = Some("the gradient");
                break;
            }
        }
        let model = &*self;
        let (on_train, on_val) = rayon::join(|| tally.metrics(), || val.map(|val| model.evaluate(val)).transpose());
        let on_val = on_val?;
        // The last update of an epoch shows in the weights and on the validation set alone.
        if !on_train.loss.is_finite() {
            fault = fault.or(Some("the loss"));
        } else if self.network.weights.iter().any(|weight| !weight.is_finite()) {
            fault = fault.or(Some("a weight"));
        } else if on_val.is_some_and(|metrics| !metrics.loss.is_finite()) {
            fault = fault.or(Some("the loss of the validation set"));
        }
        if let Some(fault) = fault {
            return Err(self.diverged(fault, training));
        }
        *last_weights = self.weights();
        history.train.push(on_train);
        history.val.extend(on_val);
        *is_over = history.epochs() == config.epochs;
        if let Some(watch) = watch {
            let verdict = watch.observe_last(history);
            history.best_epoch = watch.best_epoch();
            if verdict.improved && watch.restores() {
                *best_weights = Some(self.weights());
            }
            *is_over |= verdict.stop;
        }
        let epoch = history.epochs();
        if config.verbose.is_some_and(|every| epoch == 1 || epoch.is_multiple_of(every) || *is_over) {
            let (head, row) = progress(history);
            if epoch == 1 {
                println!("{head}");
            }
            println!("{row}");
        }
        Ok(!*is_over)
    }

    /// Ends a training: goes back to the best weights, if early stopping does so, and gives the history.
    pub fn end(&mut self, training: Training) -> History {
        let Training { best_weights, history, .. } = training;
        if let Some(weights) = best_weights {
            self.network.weights = weights.into();
        }
        self.history.clone_from(&history);
        history
    }

    /// Ends a training as [`end`](Self::end) does, or with the last weights, and gives the error that says which.
    fn diverged(&mut self, fault: &str, training: &mut Training) -> Error {
        training.is_over = true;
        let Training { best_weights, last_weights, history, .. } = training;
        let epochs = history.epochs();
        let (weights, source) = match (best_weights, history.best_epoch) {
            (Some(best), Some(epoch)) => (best, format!("of epoch {}, the best until then", epoch + 1)),
            _ if epochs == 0 => (last_weights, "from before the training".into()),
            _ => (last_weights, format!("of epoch {epochs}")),
        };
        self.network.weights = weights.clone().into();
        self.history.clone_from(history);
        Error::Diverged(format!(
            "{fault} is no longer finite in epoch {}. The model has the weights {source}, and model.history() what came before",
            epochs + 1
        ))
    }

    /// One training step on one batch; gives the batch's loss before it.
    ///
    /// # Errors
    /// When model and batch don't fit together, and when the gradient is no longer finite: the weights are left as they are then.
    pub fn train_on_batch(&mut self, batch: &Batch) -> Result<f64> {
        self.one_batch(batch, None)
    }

    /// As [`train_on_batch`](Self::train_on_batch), with the loss of each class weighted: as Keras' argument `class_weight`.
    ///
    /// # Errors
    /// As [`train_on_batch`](Self::train_on_batch), when a weight is not a finite number, at least 0, or both are 0, and when the
    /// batch has sample weights.
    pub fn train_on_batch_weighted(&mut self, batch: &Batch, class_weight: ClassWeight) -> Result<f64> {
        self.one_batch(batch, Some(class_weight))
    }

    fn one_batch(&mut self, batch: &Batch, class_weight: Option<ClassWeight>) -> Result<f64> {
        self.check_training(&batch.stores, class_weight)?;
        let mut outcomes = Vec::new();
        if !self.step(batch, class_weight, &mut outcomes)? {
            let problem = "the gradient is no longer finite, and the weights of the model are left as they are";
            return Err(Error::Diverged(problem.into()));
        }
        Ok(mean(outcomes.iter().map(|outcome| f64::from(outcome.loss) * f64::from(outcome.weight))))
    }

    /// The gradient of the loss of a batch by the weights, in the order of [`Weights`], with dropout off.
    ///
    /// # Errors
    /// When the batch does not fit the model.
    pub fn gradient(&self, batch: &Batch) -> Result<Vec<f32>> {
        self.network.check()?;
        self.check_inputs(batch.stores.features())?;
        let step = Step { batch, class_weight: None, dropout: None, loss: self.loss.as_deref() };
        let mut scratch = Scratch::default();
        Ok(self.network.gradient(&step, &mut scratch, &mut vec![Outcome::default(); batch.len()]).to_vec())
    }

    /// Forward, backward, update: everything that happens to a batch. What came out for its rows is in `outcomes`.
    /// Without an update when the gradient is not finite: false then.
    fn step(&mut self, batch: &Batch, class_weight: Option<ClassWeight>, outcomes: &mut Vec<Outcome>) -> Result<bool> {
        let Some(optimizer) = &mut self.optimizer else {
            refuse!("the model has no optimizer: call .compile(Adam::new(1e-3)) before training");
        };
        let class_weight = class_weight.map(ClassWeight::in_f32);
        let step = Step { batch, class_weight, dropout: Some((self.seed, self.steps)), loss: self.loss.as_deref() };
        outcomes.resize(batch.len(), Outcome::default());
        let gradient = self.network.gradient(&step, &mut self.scratch, outcomes);
        if !gradient.iter().all(|value| value.is_finite()) {
            return Ok(false);
        }
        optimizer.step(&mut self.network.weights, gradient);
        self.steps += 1;
        Ok(true)
    }

    /// Refuses layers, an optimizer, examples and class weights that don't fit together.
    fn check_training(&self, examples: &Stores, class_weight: Option<ClassWeight>) -> Result<()> {
        self.network.check()?;
        self.check_inputs(examples.features())?;
        self.check_names("the examples", &examples.names())?;
        self.loss.as_ref().map_or(Ok(()), |loss| loss.check())?;
        self.optimizer.as_ref().map_or(Ok(()), |optimizer| optimizer.check())?;
        ensure!(
            class_weight.is_none() || !examples.have_weights(),
            "class weights and sample weights can't be combined: multiply them into the sample weights"
        );
        class_weight.map_or(Ok(()), ClassWeight::check)
    }

    /// Refuses what does not fit together; gives the steps of an epoch.
    fn check_fit(
        &self,
        train: &Dataset,
        val: Option<&Examples>,
        config: &FitConfig,
        watch: Option<&Watch>,
    ) -> Result<usize> {
        train.check()?;
        self.check_training(&train.stores, config.class_weight)?;
        if let Some(val) = val {
            check_examples(val)?;
            ensure!(!val.is_empty(), "the validation set is empty: pass None to go without");
            self.check_inputs(val.features.ncols())?;
            check_names(("the training set", &train.stores.names()), ("the validation set", &val.names))?;
        }
        watch.map_or(Ok(()), |watch| watch.check(val))?;
        match config.steps_per_epoch.or(train.steps()) {
            None => refuse!("the data set repeats for ever: say with steps_per_epoch how long an epoch is"),
            Some(0) => refuse!("an epoch has at least one step"),
            Some(steps) => Ok(steps),
        }
    }
}

/// The last epoch as a row of a table, and above it the head; with a validation set they have 80 characters, so that they fit on a
/// page.
fn progress(history: &History) -> (String, String) {
    const METRICS: [Metric; 4] = [Metric::Loss, Metric::Precision, Metric::Recall, Metric::Prc];
    let (mut head, mut row) = ("epoch".to_owned(), format!("{:5}", history.epochs()));
    for (prefix, set) in [("", &history.train), ("val_", &history.val)] {
        for (metrics, metric) in set.last().into_iter().flat_map(|metrics| METRICS.map(|metric| (metrics, metric))) {
            let name = format!("{prefix}{}", metric.name());
            head += &format!("  {name:>6}");
            row += &format!("  {:width$.4}", metrics.get(metric), width = name.len().max(6));
        }
    }
    (head, row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Dense;
    use crate::loss::BinaryFocalCrossentropy;
    use crate::metrics::ConfusionMatrix;
    use crate::optimizers::{Optimizer, Sgd};
    use ndarray::{Array1, array};

    fn history(val: Option<Metrics>) -> History {
        let confusion_matrix =
            ConfusionMatrix { true_positives: 1.0, true_negatives: 1.0, ..ConfusionMatrix::default() };
        let (auc, prc, threshold) = (1.0, 1.0, 0.5);
        let metrics =
            Metrics { loss: 12.25, cross_entropy: 12.25, brier_score: 0.0, threshold, confusion_matrix, auc, prc };
        History { train: vec![metrics; 120], val: val.into_iter().collect(), best_epoch: None }
    }

    #[test]
    fn progress_is_a_table_that_fits_on_a_page() {
        let history = history(history(None).train.last().copied());
        let (header, row) = progress(&history);
        assert_eq!(header, "epoch    loss  precision  recall     prc  val_loss  val_precision  val_recall  val_prc");
        assert_eq!(row, "  120  12.2500     1.0000  1.0000  1.0000   12.2500         1.0000      1.0000   1.0000");
        assert!(header.len() <= 88 && row.len() <= 88);
    }

    #[test]
    fn without_a_validation_set_half_of_the_columns_are_left() {
        let history = history(None);
        let (header, row) = progress(&history);
        assert_eq!(header, "epoch    loss  precision  recall     prc");
        assert_eq!(row, "  120  12.2500     1.0000  1.0000  1.0000");
    }

    fn examples() -> Examples {
        Examples::new(array![[1.0], [2.0], [-1.0], [0.5]], array![true, false, false, true]).unwrap()
    }

    fn model() -> Sequential {
        Sequential::new(1, 1).add(Dense::new(1)).compile(Sgd::new(0.1))
    }

    fn batch(examples: &Examples) -> Batch {
        Dataset::new(examples).iter().next().unwrap()
    }

    #[test]
    fn a_loss_is_chosen_before_or_after_the_optimizer() {
        let layers = || Sequential::new(1, 1).add(Dense::new(1));
        let focal = || BinaryFocalCrossentropy::new(2.0);
        let mut models = [
            layers().loss(focal()).compile(Sgd::new(0.1)),
            layers().compile(Sgd::new(0.1)).loss(focal()),
            layers().compile(Sgd::new(0.1)),
        ];
        let [before, after, other] =
            models.each_mut().map(|model| (model.train_on_batch(&batch(&examples())).unwrap(), model.weights()));
        assert_eq!(before, after);
        assert_ne!(before, other);
    }

    #[test]
    fn a_divergence_is_no_wrong_argument() {
        let far = Examples::new(array![[1e20], [1e20]], array![true, false]).unwrap();
        let mut model = model().compile(Sgd::new(1e30));
        let error = model.fit(&Dataset::new(&far), None, FitConfig::epochs(9)).unwrap_err();
        assert!(matches!(error, Error::Diverged(_)), "{error:?}");
        let message = error.to_string();
        assert!(message.contains("in epoch 1") && message.contains("smaller learning rate"), "{message}");
    }

    /// Class weights are the sample weights of their classes, and those of a fit.
    #[test]
    fn a_batch_is_trained_on_with_class_weights() {
        let class_weight = ClassWeight { negative: 0.5, positive: 3.0 };
        let (mut one, mut other, mut fitted, mut plain) = (model(), model(), model(), model());
        let loss = one.train_on_batch_weighted(&batch(&examples()), class_weight).unwrap();
        let weights = examples().labels.mapv(|label| if label { 3.0 } else { 0.5 });
        let weighted = examples().with_weights(weights).unwrap();
        assert_eq!(loss, other.train_on_batch(&batch(&weighted)).unwrap());
        let config = FitConfig::epochs(1).class_weight(class_weight);
        let history = fitted.fit(&Dataset::new(&examples()), None, config).unwrap();
        assert_eq!((one.weights(), history.train[0].loss), (other.weights(), loss));
        assert_eq!(one.weights(), fitted.weights());
        assert_ne!(plain.train_on_batch(&batch(&examples())).unwrap(), loss);
        assert_ne!(plain.weights(), one.weights());
    }

    #[test]
    fn class_weights_that_teach_nothing_are_refused() {
        let refused = |examples: &Examples, negative, positive| {
            let class_weight = ClassWeight { negative, positive };
            model().train_on_batch_weighted(&batch(examples), class_weight).unwrap_err().to_string()
        };
        for (negative, positive) in [(0.0, 0.0), (-1.0, 1.0), (1.0, f64::NAN), (1e300, 1.0)] {
            assert!(refused(&examples(), negative, positive).contains("class weights are finite in 32 bits"));
        }
        let weighted = examples().with_weights(Array1::ones(4)).unwrap();
        assert!(refused(&weighted, 1.0, 2.0).contains("can't be combined"));
    }

    /// A step of half the rate goes half as far; of a rate that is refused nothing stays.
    #[test]
    fn the_learning_rate_changes_between_epochs() {
        let change = |model: &mut Sequential| {
            let before = model.weights().values()[0];
            model.train_on_batch(&batch(&examples())).unwrap();
            model.weights().values()[0] - before
        };
        let (mut whole, mut half) = (model(), model());
        half.set_learning_rate(0.05).unwrap();
        let (whole, halved) = (change(&mut whole), change(&mut half));
        assert!((whole - 2.0 * halved).abs() < 1e-6 && whole != 0.0, "{whole} {halved}");
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(half.set_learning_rate(rate).unwrap_err().to_string().contains("learning rate"), "{rate}");
            assert_eq!(half.learning_rate(), Some(0.05));
        }

        let mut model = model();
        let data = Dataset::new(&examples());
        let mut training = model.begin(&data, None, FitConfig::epochs(2)).unwrap();
        model.epoch(&mut training, None).unwrap();
        let (mut other, before) = (model.clone(), model.weights());
        other.set_learning_rate(0.01).unwrap();
        model.epoch(&mut training, None).unwrap();
        other.train_on_batch(&batch(&examples())).unwrap();
        let way = |model: &Sequential| model.weights().values()[0] - before.values()[0];
        assert!((way(&model) - 10.0 * way(&other)).abs() < 1e-5);
    }

    #[test]
    fn without_a_learning_rate_none_is_set() {
        #[derive(Clone, Debug)]
        struct Still;
        impl Optimizer for Still {
            fn step(&mut self, _weights: &mut [f32], _gradient: &[f32]) {}
        }
        assert!(Sequential::new(1, 1).set_learning_rate(0.1).unwrap_err().to_string().contains("no optimizer"));
        let mut model = Sequential::new(1, 1).add(Dense::new(1)).compile(Still);
        assert_eq!(model.learning_rate(), None);
        assert!(model.set_learning_rate(0.1).unwrap_err().to_string().contains("no learning rate"));
    }
}
