//! The layers of a network. A layer holds its settings; its weights lie with those of the others in one list, which
//! the optimizer updates and a checkpoint copies.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use serde::{Deserialize, Serialize};

use crate::activations::Activation;
use crate::error::{Result, ensure};
use crate::kernels::{self, Lane, PartialSums};
use crate::random::uniform;

/// One layer of a [`Sequential`](crate::model::Sequential) model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Layer {
    /// See [`Dense`].
    Dense(Dense),
    /// See [`Dropout`].
    Dropout(Dropout),
}

/// A fully connected layer: output = input · weights + bias, then the activation.
///
/// The weights start as Keras' Glorot uniform: anywhere in ± √(6 / (inputs + units)) (Glorot and Bengio, "Understanding the
/// difficulty of training deep feedforward neural networks", 2010).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dense {
    pub(crate) units: usize,
    pub(crate) activation: Activation,
    pub(crate) bias: f32,
}

impl Dense {
    /// A layer with `units` outputs and no activation.
    pub fn new(units: usize) -> Self {
        Self { units, activation: Activation::Linear, bias: 0.0 }
    }

    /// What is done to the outputs. Default: nothing.
    pub fn activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// Replaces negative outputs by 0: the activation [`Relu`](Activation::Relu).
    pub fn relu(self) -> Self {
        self.activation(Activation::Relu)
    }

    /// Lets the bias of every unit start at `bias`. Default: 0.
    pub fn bias(self, bias: f64) -> Self {
        Self { bias: bias as f32, ..self }
    }

    /// How far from 0 the first weights reach: √(6 / (`inputs` + units)).
    pub fn glorot_limit(&self, inputs: usize) -> f64 {
        (6.0 / (inputs as f64 + self.units as f64)).sqrt()
    }
}

/// While training, silences each input with probability `rate` and multiplies the others by 1 / (1 - `rate`), so that
/// their expected sum stays the same. When predicting it does nothing (Srivastava et al., "Dropout: a simple way to prevent neural
/// networks from overfitting", 2014).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dropout {
    pub(crate) rate: f64,
}

impl Dropout {
    /// Silences a share of `rate` in [0, 1); the rate is rounded to a multiple of 2⁻¹⁶.
    pub fn new(rate: f64) -> Self {
        Self { rate }
    }

    /// The rate in units of 2⁻¹⁶.
    fn parts(&self) -> u32 {
        (self.rate * 65_536.0).round() as u32
    }

    fn scale(&self) -> f32 {
        (65_536.0 / f64::from(65_536 - self.parts())) as f32
    }

    /// For each row of a tile a bit that is set with probability 1 - rate.
    ///
    /// Reading the binary digits of the rate from the last to the first, a random word is joined by OR for a 1 and by
    /// AND for a 0: after the digit of 2⁻ᵏ each bit is set with the probability that the digits so far spell. A rate of
    /// one half costs one random bit, any other at most sixteen.
    fn kept(&self, rng: &mut ChaCha8Rng) -> u64 {
        let parts = self.parts();
        if parts == 0 {
            return !0;
        }
        let dropped = (parts.trailing_zeros()..16).fold(0, |dropped, digit| {
            let random = rng.next_u64();
            if parts >> digit & 1 == 1 { dropped | random } else { dropped & random }
        });
        !dropped
    }
}

impl From<Dense> for Layer {
    fn from(layer: Dense) -> Self {
        Self::Dense(layer)
    }
}

impl From<Dropout> for Layer {
    fn from(layer: Dropout) -> Self {
        Self::Dropout(layer)
    }
}

impl Layer {
    pub(crate) fn kind(&self) -> &dyn Kind {
        match self {
            Self::Dense(layer) => layer,
            Self::Dropout(layer) => layer,
        }
    }
}

/// What a layer does. It sees a tile of rows at a time, so nothing that needs a whole batch, as batch normalisation, can be one.
pub(crate) trait Kind {
    /// Keras' name of the layer.
    fn name(&self) -> &'static str;

    /// Refuses settings out of their range.
    fn check(&self) -> Result<()>;

    fn outputs(&self, inputs: usize) -> usize {
        inputs
    }

    /// The shapes of the weights, each with Keras' name.
    fn shapes(&self, _inputs: usize) -> Vec<(&'static str, Vec<usize>)> {
        vec![]
    }

    /// The number of weights, or the largest there is when it is beyond all numbers.
    fn weight_count(&self, inputs: usize) -> usize {
        let count = |(_, shape): (_, Vec<usize>)| shape.into_iter().fold(1, usize::saturating_mul);
        self.shapes(inputs).into_iter().map(count).fold(0, usize::saturating_add)
    }

    /// The first weights, in the order of their shapes, each row by row.
    fn first_weights(&self, _inputs: usize, _rng: &mut ChaCha8Rng) -> Vec<f32> {
        vec![]
    }

    /// The output for a tile; while training there is a `chance`, and dropout is on.
    fn forward(&self, weights: &[f32], input: &[Lane], output: &mut [Lane], chance: Option<Chance<'_>>);

    /// Adds to the gradient by the weights, and turns `delta`, the gradient by the output, into the gradient by the input, which
    /// the first layer does not need.
    fn backward(&self, weights: &[f32], tape: Tape<'_>, gradient: &mut [PartialSums]);
}

impl Kind for Dense {
    fn name(&self) -> &'static str {
        "Dense"
    }

    fn check(&self) -> Result<()> {
        let Self { units, bias, .. } = self;
        ensure!(*units > 0, "Dense: a layer has at least one unit");
        ensure!(bias.is_finite(), "Dense: a bias of {bias} is not finite: does each class have an example?");
        Ok(())
    }

    fn outputs(&self, _inputs: usize) -> usize {
        self.units
    }

    fn shapes(&self, inputs: usize) -> Vec<(&'static str, Vec<usize>)> {
        vec![("kernel", vec![inputs, self.units]), ("bias", vec![self.units])]
    }

    fn first_weights(&self, inputs: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let limit = self.glorot_limit(inputs);
        let kernel = (0..inputs * self.units).map(|_| (limit * (2.0 * uniform(rng) - 1.0)) as f32);
        kernel.chain(std::iter::repeat_n(self.bias, self.units)).collect()
    }

    fn forward(&self, weights: &[f32], input: &[Lane], output: &mut [Lane], _chance: Option<Chance<'_>>) {
        let (kernel, bias) = weights.split_at(weights.len() - self.units);
        kernels::dense(input, kernel, bias, output);
        self.activation.apply(output);
    }

    fn backward(&self, weights: &[f32], tape: Tape<'_>, gradient: &mut [PartialSums]) {
        let Tape { input, output, delta, input_delta, .. } = tape;
        self.activation.backward(output, delta);
        let (kernel, bias) = gradient.split_at_mut(gradient.len() - self.units);
        kernels::dense_gradient(input, delta, kernel, bias);
        if let Some(input_delta) = input_delta {
            kernels::dense_backward(delta, &weights[..weights.len() - self.units], input_delta);
        }
    }
}

impl Kind for Dropout {
    fn name(&self) -> &'static str {
        "Dropout"
    }

    fn check(&self) -> Result<()> {
        let is_rate = (0.0..1.0).contains(&self.rate) && self.parts() < 65_536;
        ensure!(is_rate, "Dropout: a rate lies in [0, 1), not at {}", self.rate);
        Ok(())
    }

    fn forward(&self, _weights: &[f32], input: &[Lane], output: &mut [Lane], chance: Option<Chance<'_>>) {
        let Some(Chance { rng, kept }) = chance else {
            return output.copy_from_slice(input);
        };
        kept.clear();
        kept.extend(input.iter().map(|_| self.kept(rng)));
        kernels::mask(input, kept, self.scale(), output);
    }

    fn backward(&self, _weights: &[f32], tape: Tape<'_>, _gradient: &mut [PartialSums]) {
        let Tape { kept, delta, input_delta, .. } = tape;
        match (input_delta, kept) {
            (Some(input_delta), Some(kept)) => kernels::mask(delta, kept, self.scale(), input_delta),
            (Some(input_delta), None) => input_delta.copy_from_slice(delta),
            (None, _) => {}
        }
    }
}

/// Where dropout draws from while training, and where it notes which rows of which inputs it lets through.
pub(crate) struct Chance<'a> {
    pub(crate) rng: &'a mut ChaCha8Rng,
    pub(crate) kept: &'a mut Vec<u64>,
}

/// What a layer left behind on the way forward, and the gradients on the way back.
pub(crate) struct Tape<'a> {
    pub(crate) input: &'a [Lane],
    pub(crate) output: &'a [Lane],
    /// What dropout let through; none when it was off.
    pub(crate) kept: Option<&'a [u64]>,
    pub(crate) delta: &'a mut [Lane],
    pub(crate) input_delta: Option<&'a mut [Lane]>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};

    #[test]
    fn dropout_keeps_the_share_it_promises() {
        for rate in [0.0, 0.1, 0.25, 0.5, 0.9] {
            let mut rng = generator(1, Purpose::Dropout, 0);
            let words = 20_000;
            let kept: u32 = (0..words).map(|_| Dropout::new(rate).kept(&mut rng).count_ones()).sum();
            let share = f64::from(kept) / f64::from(words * 64);
            let spread = (rate * (1.0 - rate) / f64::from(words * 64)).sqrt();
            assert!((share - (1.0 - rate)).abs() <= 4.0 * spread + 1e-5, "rate {rate}: kept {share}");
        }
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        for layer in [Layer::from(Dense::new(0)), Dense::new(1).bias(f64::NEG_INFINITY).into()] {
            assert!(layer.kind().check().is_err(), "{layer:?}");
        }
        for rate in [1.0, 0.999_999, -0.1, f64::NAN] {
            assert!(Dropout::new(rate).check().is_err(), "{rate}");
        }
    }

    #[test]
    fn first_weights_are_glorot_uniform() {
        let layer = Dense::new(16).relu().bias(0.5);
        let weights = layer.first_weights(29, &mut generator(7, Purpose::Weights, 0));
        let limit = layer.glorot_limit(29);
        assert!((limit - 0.365_148_371_670_110_7).abs() < 1e-15);
        let (kernel, bias) = weights.split_at(29 * 16);
        let largest = kernel.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
        assert!(f64::from(largest) <= limit && f64::from(largest) > 0.97 * limit);
        assert_eq!(bias, [0.5; 16]);
    }
}
