//! The network as a reader meets it: layers added one after the other, an optimizer, predictions and metrics.

use std::sync::Arc;

use ndarray::{Array1, Array2};

use crate::bootstrap::Answers;
use crate::curves::{PrecisionRecallCurve, RocCurve, ThresholdCounts};
use crate::dataset::{check_examples, check_names};
use crate::error::{Result, ensure, refuse};
use crate::examples::Examples;
use crate::history::History;
use crate::kernels::TILE;
use crate::layers::Layer;
use crate::loss::Loss;
use crate::math::{ln, sigmoid};
use crate::metrics::{Metrics, Outcome, Tally};
use crate::network::{Network, Scratch, judge};
use crate::optimizers::Optimizer;
use crate::random::{Purpose, generator};
use crate::scores::check_threshold;
use crate::table::{Table, thousands};

/// A stack of layers that ends in the probability of the positive class, as Keras' model of this name.
///
/// The last layer gives the logit, ln of the odds; the loss works on it, and [`predict`](Self::predict) turns it into a
/// probability by the sigmoid function. Any number of layers of any width may come before.
///
/// A copy is a model of its own, with the state of the optimizer as it is.
///
/// ```
/// use learn::{dataset::Dataset, examples::Examples, layers::{Dense, Dropout}, model::Sequential, optimizers::Adam, training::FitConfig};
/// use ndarray::array;
///
/// let features = array![[-2.0, 0.5], [-1.0, -0.5], [-1.5, 0.0], [1.0, 0.5], [2.0, -0.5]];
/// let train = Examples::new(features, array![false, false, false, true, true])?;
/// let mut model = Sequential::new(2, 42)
///     .add(Dense::new(16).relu())
///     .add(Dropout::new(0.1))
///     .add(Dense::new(1))
///     .compile(Adam::new(0.01));
/// assert_eq!(model.count_params(), 2 * 16 + 16 + 16 + 1);
///
/// let before = model.evaluate(&train)?;
/// let history = model.fit(&Dataset::new(&train).shuffle(42).batch(5), &train, FitConfig::epochs(50))?;
/// assert_eq!(history.epochs(), 50);
/// assert!(model.evaluate(&train)?.loss < before.loss);
/// let probabilities = model.predict(&array![[-2.0, 0.0], [2.0, 0.0]])?;
/// assert!(probabilities[0] < probabilities[1]);
/// # Ok::<(), learn::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sequential {
    pub(crate) network: Network,
    pub(crate) optimizer: Option<Box<dyn Optimizer>>,
    /// None for the binary cross entropy.
    pub(crate) loss: Option<Arc<dyn Loss>>,
    pub(crate) seed: u64,
    /// Training steps so far.
    pub(crate) steps: u64,
    pub(crate) scratch: Scratch,
    /// The names of the features that it was trained on; none before.
    pub(crate) names: Arc<[String]>,
    pub(crate) history: History,
}

/// The weights of a model at one moment: for each layer its kernel `[inputs, units]`, row by row, then its bias.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights(Vec<f32>);

impl Weights {
    /// All weights in their order.
    pub fn values(&self) -> &[f32] {
        &self.0
    }
}

impl From<Weights> for Vec<f32> {
    fn from(weights: Weights) -> Self {
        weights.0
    }
}

impl From<Vec<f32>> for Weights {
    fn from(values: Vec<f32>) -> Self {
        Self(values)
    }
}

impl Sequential {
    /// A model without layers for examples with `inputs` features. The seed decides the first weights and dropout.
    pub fn new(inputs: usize, seed: u64) -> Self {
        Self {
            network: Network::new(inputs),
            optimizer: None,
            loss: None,
            seed,
            steps: 0,
            scratch: Scratch::default(),
            names: Arc::default(),
            history: History::default(),
        }
    }

    /// Adds a layer: a [`Dense`](crate::layers::Dense) or a [`Dropout`](crate::layers::Dropout). The last one must be `Dense::new(1)`.
    #[expect(clippy::should_implement_trait, reason = "Keras' word")]
    pub fn add(mut self, layer: impl Into<Layer>) -> Self {
        let layer = layer.into();
        let inputs = self.network.outputs();
        let mut rng = generator(self.seed, Purpose::Weights, self.network.layers.len() as u64);
        self.network.layers.push(layer.clone());
        // What there is no room for gets no weights; whoever uses the model is told.
        if !self.network.is_too_large() {
            self.network.weights.extend(layer.kind().first_weights(inputs, &mut rng));
        }
        self.scratch = Scratch::default(); // that of a training before was for fewer layers
        self
    }

    /// Chooses the optimizer for training.
    pub fn compile(self, optimizer: impl Optimizer + 'static) -> Self {
        Self { optimizer: Some(Box::new(optimizer)), ..self }
    }

    /// Chooses another loss than the binary cross entropy, such as
    /// [`BinaryFocalCrossentropy`](crate::loss::BinaryFocalCrossentropy), before [`compile`](Self::compile) or after it.
    pub fn loss(self, loss: impl Loss + 'static) -> Self {
        Self { loss: Some(Arc::new(loss)), ..self }
    }

    /// How large the steps of the optimizer are; none without an optimizer, or where it has no such number.
    pub fn learning_rate(&self) -> Option<f64> {
        self.optimizer.as_ref()?.learning_rate()
    }

    /// Goes on with steps of another size, such as half of the last ones, between two epochs or two calls of
    /// [`fit`](Self::fit). What the optimizer remembers stays.
    ///
    /// ```
    /// use learn::{layers::Dense, model::Sequential, optimizers::Adam};
    ///
    /// let mut model = Sequential::new(29, 1).add(Dense::new(1)).compile(Adam::new(1e-3));
    /// model.set_learning_rate(1e-4)?;
    /// assert_eq!(model.learning_rate(), Some(1e-4));
    /// # Ok::<(), learn::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no optimizer or it has no learning rate, and when the rate is not a finite number above 0: it stays as it was.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        let Some(optimizer) = &mut self.optimizer else {
            refuse!("the model has no optimizer: call .compile(Adam::new(1e-3)) first");
        };
        let Some(before) = optimizer.learning_rate() else {
            refuse!("the optimizer of the model has no learning rate");
        };
        optimizer.set_learning_rate(learning_rate);
        optimizer.check().inspect_err(|_| optimizer.set_learning_rate(before))
    }

    /// The layers with their output shapes and numbers of weights.
    pub fn summary(&self) -> Table {
        let mut table = Table::new(["Layer", "Output Shape", "Param #"]);
        for (inputs, layer) in self.network.with_inputs() {
            let shape = format!("(None, {})", layer.kind().outputs(inputs));
            table.push([layer.kind().name().to_owned(), shape, thousands(layer.kind().weight_count(inputs))]);
        }
        table.push(["Total params".to_owned(), String::new(), thousands(self.count_params())]);
        table
    }

    /// The number of weights.
    pub fn count_params(&self) -> usize {
        self.network.weights.len()
    }

    /// The probability of the positive class for each row of features, shape `[rows, features]`.
    ///
    /// # Errors
    /// When the rows have another number of features than the model, or the model has no usable last layer.
    pub fn predict(&self, features: &Array2<f32>) -> Result<Array1<f32>> {
        Ok(self.logits(features)?.mapv(sigmoid))
    }

    /// The logit of the positive class for each row of features, shape `[rows, features]`: the logarithm of its odds, as
    /// scikit-learn's `decision_function`. It ranks rows that [`predict`](Self::predict) gives the same probability, for near 1
    /// there are few numbers of 32 bits.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn logits(&self, features: &Array2<f32>) -> Result<Array1<f32>> {
        self.network.check()?;
        self.check_inputs(features.ncols())?;
        let rows = features.as_standard_layout();
        Ok(self.network.logits(rows.as_slice().expect("in standard layout it is one slice")).into())
    }

    /// Logits and probabilities of the examples with these features, for [`bootstrap`](crate::bootstrap::bootstrap).
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    pub fn answers(&self, features: &Array2<f32>) -> Result<Answers> {
        Ok(Answers::of_logits(self.logits(features)?))
    }

    /// The metrics on these examples at the threshold 0.5, with dropout off and the loss weighted by their sample weights.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), when there are no examples, and when their features have other names than those that the
    /// model was trained on.
    pub fn evaluate(&self, examples: &Examples) -> Result<Metrics> {
        self.evaluate_at(examples, Metrics::THRESHOLD)
    }

    /// As [`evaluate`](Self::evaluate), where an example is predicted positive when its probability is above `threshold`.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), and when the threshold is NaN.
    pub fn evaluate_at(&self, examples: &Examples, threshold: f64) -> Result<Metrics> {
        check_threshold(threshold)?;
        check_examples(examples)?;
        ensure!(!examples.is_empty(), "there are no examples to evaluate");
        self.check_names("the examples", &examples.names)?;
        let logits = self.logits(&examples.features)?;
        Ok(metrics(logits.as_slice().expect("one array"), examples, self.loss.as_deref(), threshold))
    }

    /// The ROC curve on these examples, ranked by their logits.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn roc_curve(&self, examples: &Examples) -> Result<RocCurve> {
        Ok(self.threshold_counts(examples)?.roc_curve())
    }

    /// The precision-recall curve on these examples, ranked by their logits.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn precision_recall_curve(&self, examples: &Examples) -> Result<PrecisionRecallCurve> {
        Ok(self.threshold_counts(examples)?.precision_recall_curve())
    }

    /// The counts at all thresholds, which are probabilities, of the ranking by logits.
    fn threshold_counts(&self, examples: &Examples) -> Result<ThresholdCounts> {
        self.check_names("the examples", &examples.names)?;
        let counts = ThresholdCounts::new(&examples.labels, &self.logits(&examples.features)?)?;
        let mut lowest = f64::INFINITY; // the sigmoid's last bit may rise where a logit's falls
        let thresholds = counts.thresholds.into_iter().map(|logit| {
            lowest = f64::from(sigmoid(logit as f32)).min(lowest);
            lowest
        });
        Ok(ThresholdCounts { thresholds: thresholds.collect(), ..counts })
    }

    pub(crate) fn check_inputs(&self, features: usize) -> Result<()> {
        let inputs = self.network.inputs;
        ensure!(features == inputs, "the model was made for {inputs} features, but the examples have {features}");
        Ok(())
    }

    /// Refuses features that have other names than those of the training set.
    pub(crate) fn check_names(&self, whose: &str, names: &Arc<[String]>) -> Result<()> {
        check_names(("the training set of the model", &self.names), (whose, names))
    }

    /// The epochs of the last call of [`fit`](Self::fit), also of one that ended in an error because the training diverged.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// A copy of the weights, to come back to.
    pub fn weights(&self) -> Weights {
        Weights(self.network.weights.clone())
    }

    /// Replaces the weights, for example by those that [`weights`](Self::weights) gave before training.
    ///
    /// # Errors
    /// When their number is not the model's.
    pub fn set_weights(&mut self, weights: &Weights) -> Result<()> {
        let (own, given) = (self.count_params(), weights.0.len());
        ensure!(given == own, "the model has {own} weights, but {given} were given");
        self.network.weights.clone_from(&weights.0);
        Ok(())
    }
}

/// The bias that lets an untrained model answer with the share of positives: ln(positives / negatives), the logarithm of
/// the odds among these examples.
///
/// # Errors
/// When there are none of one class: the odds are 0 or infinite then.
pub fn initial_bias(examples: &Examples) -> Result<f64> {
    let (negatives, positives) = both_counts(examples)?;
    Ok(ln(positives / negatives))
}

/// How many examples are (negative, positive).
///
/// # Errors
/// When there are none of one class.
pub(crate) fn both_counts(examples: &Examples) -> Result<(f64, f64)> {
    let (negatives, positives) = examples.class_counts();
    ensure!(negatives.min(positives) > 0, "the examples are all of one class ({examples}): a classifier needs both");
    Ok((negatives as f64, positives as f64))
}

/// The metrics of logits, shape `[examples]`.
fn metrics(logits: &[f32], examples: &Examples, loss: Option<&dyn Loss>, threshold: f64) -> Metrics {
    let mut tally = Tally::new(threshold);
    for (tile, logits) in logits.chunks(TILE).enumerate() {
        let (mut z, mut targets, mut weights, mut slopes) = ([0.0; TILE], [0.0; TILE], [1.0; TILE], [0.0; TILE]);
        for (row, &logit) in logits.iter().enumerate() {
            let example = tile * TILE + row;
            z[row] = logit;
            targets[row] = f32::from(u8::from(examples.labels[example]));
            weights[row] = examples.weights.as_ref().map_or(1.0, |weights| weights[example]);
        }
        let mut outcomes = [Outcome::default(); TILE];
        judge(&z, &targets, &weights, loss, &mut outcomes, &mut slopes);
        tally.add(&outcomes[..logits.len()]);
    }
    tally.metrics()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Dense;
    use ndarray::array;

    /// In 32 bits the probabilities of 18, 20 and 25 are all 1, or next to it.
    #[test]
    fn logits_rank_what_probabilities_can_not() {
        let features = array![[18.0f32], [20.0], [25.0], [-3.0]];
        let examples = Examples::new(features, array![false, true, true, false]).unwrap();
        let mut model = Sequential::new(1, 0).add(Dense::new(1));
        model.set_weights(&vec![1.0, 0.0].into()).unwrap();
        assert_eq!(model.logits(&examples.features).unwrap(), array![18.0, 20.0, 25.0, -3.0]);
        let metrics = model.evaluate(&examples).unwrap();
        assert_eq!((metrics.auc, metrics.prc), (1.0, 1.0));
        assert_eq!(model.roc_curve(&examples).unwrap().auc(), 1.0);
        let curve = model.precision_recall_curve(&examples).unwrap();
        assert_eq!(curve.average_precision(), 1.0);
        // A threshold is a probability, and finds what it promises when probabilities are compared with it.
        let threshold = curve.threshold_for_recall(1.0).unwrap();
        assert_eq!(model.evaluate_at(&examples, threshold).unwrap().confusion_matrix.recall(), 1.0);
    }
}
