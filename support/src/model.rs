//! The network as a reader meets it: layers added one after the other, an optimizer, predictions and metrics.

use ndarray::{Array1, Array2, ArrayBase, Data, Ix2};

use crate::curves::{PrecisionRecallCurve, RocCurve, precision_recall_curve, roc_curve};
use crate::error::{Error, Result};
use crate::examples::Examples;
use crate::kernels::{self, TILE};
use crate::layers::Layer;
use crate::metrics::{Metrics, Outcome};
use crate::network::{Network, Scratch};
use crate::optimizers::Optimizer;
use crate::random::{Purpose, generator};
use crate::table::{Table, thousands};

/// A stack of layers that ends in the probability of the positive class, as Keras' model of this name.
///
/// The last layer gives the logit, ln of the odds; the loss works on it, and [`predict`](Self::predict) turns it into a
/// probability by the sigmoid function. Any number of layers of any width may come before.
#[derive(Debug)]
pub struct Sequential {
    pub(crate) network: Network,
    pub(crate) optimizer: Option<Box<dyn Optimizer>>,
    pub(crate) seed: u64,
    /// Training steps so far.
    pub(crate) steps: u64,
    pub(crate) scratch: Scratch,
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

impl From<Vec<f32>> for Weights {
    fn from(values: Vec<f32>) -> Self {
        Self(values)
    }
}

impl Sequential {
    /// A model without layers for examples with `inputs` features. The seed decides the first weights and dropout.
    pub fn new(inputs: usize, seed: u64) -> Self {
        Self { network: Network::new(inputs), optimizer: None, seed, steps: 0, scratch: Scratch::default() }
    }

    /// Adds a layer: a [`Dense`](crate::Dense) or a [`Dropout`](crate::Dropout). The last one must be `Dense::new(1)`.
    #[expect(clippy::should_implement_trait, reason = "Keras' word")]
    pub fn add(mut self, layer: impl Into<Layer>) -> Self {
        let layer = layer.into();
        let inputs = self.network.outputs();
        let mut rng = generator(self.seed, Purpose::Weights, self.network.layers.len() as u64);
        self.network.weights.extend(layer.first_weights(inputs, &mut rng));
        self.network.layers.push(layer);
        self
    }

    /// Chooses the optimizer for training. The loss is the binary cross entropy.
    pub fn compile(self, optimizer: impl Optimizer + 'static) -> Self {
        Self { optimizer: Some(Box::new(optimizer)), ..self }
    }

    /// The layers with their output shapes and numbers of weights.
    pub fn summary(&self) -> Table {
        let mut table = Table::new(["Layer", "Output Shape", "Param #"]);
        for (inputs, layer) in self.network.with_inputs() {
            let shape = format!("(None, {})", layer.outputs(inputs));
            table.push([layer.name().to_owned(), shape, thousands(layer.weight_count(inputs))]);
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
        Ok(self.logits(features)?.into_iter().map(crate::math::sigmoid).collect())
    }

    /// The metrics on these examples, with dropout off and the loss weighted by their sample weights.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), and when there are no examples.
    pub fn evaluate(&self, examples: &Examples) -> Result<Metrics> {
        if examples.is_empty() {
            return Err(Error::Argument("there are no examples to evaluate".into()));
        }
        let logits = self.logits(&examples.features)?;
        Ok(Metrics::new(&outcomes(&logits, &examples.labels, examples.weights.as_ref())))
    }

    /// The ROC curve on these examples.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn roc_curve(&self, examples: &Examples) -> Result<RocCurve> {
        roc_curve(&examples.labels, &self.predict(&examples.features)?)
    }

    /// The precision-recall curve on these examples.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn precision_recall_curve(&self, examples: &Examples) -> Result<PrecisionRecallCurve> {
        precision_recall_curve(&examples.labels, &self.predict(&examples.features)?)
    }

    fn logits(&self, features: &Array2<f32>) -> Result<Vec<f32>> {
        self.network.check()?;
        self.check_inputs(features.ncols())?;
        Ok(self.network.logits(rows(&features.as_standard_layout())))
    }

    pub(crate) fn check_inputs(&self, features: usize) -> Result<()> {
        match features == self.network.inputs {
            true => Ok(()),
            false => Err(Error::Argument(format!(
                "the model was made for {} features, but the examples have {features}",
                self.network.inputs
            ))),
        }
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
        if weights.0.len() != self.count_params() {
            return Err(Error::Argument(format!(
                "the model has {} weights, but {} were given",
                self.count_params(),
                weights.0.len()
            )));
        }
        self.network.weights.clone_from(&weights.0);
        Ok(())
    }
}

/// The values of an array in standard layout, row by row.
pub(crate) fn rows(features: &ArrayBase<impl Data<Elem = f32>, Ix2>) -> &[f32] {
    features.as_slice().expect("an array in standard layout is one slice")
}

/// The bias that lets an untrained model answer with the share of positives: ln(`positives` / `negatives`), the
/// logarithm of the odds.
pub fn initial_bias(negatives: usize, positives: usize) -> f64 {
    crate::math::ln(positives as f64 / negatives as f64)
}

/// What logits of shape `[rows]` mean for labels and sample weights.
fn outcomes(logits: &[f32], labels: &Array1<bool>, weights: Option<&Array1<f32>>) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(logits.len());
    for (tile, logits) in logits.chunks(TILE).enumerate() {
        let (mut z, mut targets, mut losses, mut probabilities) = ([0.0; TILE], [0.0; TILE], [0.0; TILE], [0.0; TILE]);
        z[..logits.len()].copy_from_slice(logits);
        let label = |row| labels[tile * TILE + row];
        (0..logits.len()).for_each(|row| targets[row] = f32::from(u8::from(label(row))));
        kernels::binary_crossentropy(&z, &targets, &mut losses, &mut probabilities);
        outcomes.extend((0..logits.len()).map(|row| Outcome {
            label: label(row),
            weight: weights.map_or(1.0, |weights| weights[tile * TILE + row]),
            loss: losses[row],
            probability: probabilities[row],
        }));
    }
    outcomes
}
