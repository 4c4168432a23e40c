//! The layers of a network. A layer holds its settings; its weights lie with those of the others in one list, which
//! the optimizer updates and a checkpoint copies.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::kernels::{self, Lane, PartialSums};
use crate::random::uniform;

/// One layer of a [`Sequential`](crate::Sequential) model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Layer {
    /// See [`Dense`].
    Dense(Dense),
    /// See [`Dropout`].
    Dropout(Dropout),
}

/// A fully connected layer: output = input · weights + bias, then the activation.
///
/// The weights start as Keras' Glorot uniform: anywhere in ± √(6 / (inputs + units)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dense {
    pub(crate) units: usize,
    pub(crate) relu: bool,
    pub(crate) bias: f32,
}

impl Dense {
    /// A layer with `units` outputs and no activation.
    pub fn new(units: usize) -> Self {
        Self { units, relu: false, bias: 0.0 }
    }

    /// Replaces negative outputs by 0. Default: no activation.
    pub fn relu(self) -> Self {
        Self { relu: true, ..self }
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
/// their expected sum stays the same. When predicting it does nothing.
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
    /// Keras' name of the layer.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Dense(_) => "Dense",
            Self::Dropout(_) => "Dropout",
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Dense(Dense { units: 0, .. }) => Err(Error::Argument("Dense: a layer has at least one unit".into())),
            Self::Dense(Dense { bias, .. }) if !bias.is_finite() => {
                Err(Error::Argument(format!("Dense: a bias of {bias} is not finite: does each class have an example?")))
            }
            Self::Dropout(Dropout { rate }) if !(0.0..1.0).contains(rate) || Dropout::new(*rate).parts() == 65_536 => {
                Err(Error::Argument(format!("Dropout: a rate lies in [0, 1), not at {rate}")))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn outputs(&self, inputs: usize) -> usize {
        match self {
            Self::Dense(dense) => dense.units,
            Self::Dropout(_) => inputs,
        }
    }

    /// The shapes of the weights, each with Keras' name.
    pub(crate) fn shapes(&self, inputs: usize) -> Vec<(&'static str, Vec<usize>)> {
        match self {
            Self::Dense(dense) => vec![("kernel", vec![inputs, dense.units]), ("bias", vec![dense.units])],
            Self::Dropout(_) => vec![],
        }
    }

    /// The number of weights, or the largest there is when it is beyond all numbers.
    pub(crate) fn weight_count(&self, inputs: usize) -> usize {
        match self {
            Self::Dense(dense) => inputs.saturating_mul(dense.units).saturating_add(dense.units),
            Self::Dropout(_) => 0,
        }
    }

    /// The first weights: the kernel `[inputs, units]` row by row, then the bias `[units]`.
    pub(crate) fn first_weights(&self, inputs: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
        match self {
            Self::Dense(dense) => {
                let limit = dense.glorot_limit(inputs);
                let kernel = (0..inputs * dense.units).map(|_| (limit * (2.0 * uniform(rng) - 1.0)) as f32);
                kernel.chain(std::iter::repeat_n(dense.bias, dense.units)).collect()
            }
            Self::Dropout(_) => vec![],
        }
    }

    /// The output for a tile when predicting.
    pub(crate) fn predict(&self, weights: &[f32], input: &[Lane], output: &mut [Lane]) {
        match self {
            Self::Dense(dense) => {
                let (kernel, bias) = weights.split_at(weights.len() - dense.units);
                kernels::dense(input, kernel, bias, output);
                if dense.relu {
                    kernels::relu(output);
                }
            }
            Self::Dropout(_) => output.copy_from_slice(input),
        }
    }

    /// The output for a tile when training. Dropout notes in `kept` which rows of which inputs it lets through.
    pub(crate) fn forward(
        &self,
        weights: &[f32],
        input: &[Lane],
        output: &mut [Lane],
        kept: &mut Vec<u64>,
        rng: &mut ChaCha8Rng,
    ) {
        match self {
            Self::Dense(_) => self.predict(weights, input, output),
            Self::Dropout(dropout) => {
                kept.clear();
                kept.extend(input.iter().map(|_| dropout.kept(rng)));
                kernels::mask(input, kept, dropout.scale(), output);
            }
        }
    }

    /// Adds to the gradient by the weights, and turns `delta`, the gradient by the output, into the gradient by the
    /// input, which the first layer does not need.
    pub(crate) fn backward(&self, weights: &[f32], tape: Tape<'_>, gradient: &mut [PartialSums]) {
        let Tape { input, output, kept, delta, input_delta } = tape;
        match self {
            Self::Dense(dense) => {
                if dense.relu {
                    kernels::relu_backward(output, delta);
                }
                let (kernel, bias) = gradient.split_at_mut(gradient.len() - dense.units);
                kernels::dense_gradient(input, delta, kernel, bias);
                if let Some(input_delta) = input_delta {
                    kernels::dense_backward(delta, &weights[..weights.len() - dense.units], input_delta);
                }
            }
            Self::Dropout(dropout) => {
                if let Some(input_delta) = input_delta {
                    match kept {
                        Some(kept) => kernels::mask(delta, kept, dropout.scale(), input_delta),
                        None => input_delta.copy_from_slice(delta),
                    }
                }
            }
        }
    }
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
            assert!(layer.check().is_err(), "{layer:?}");
        }
        for rate in [1.0, 0.999_999, -0.1, f64::NAN] {
            assert!(Layer::from(Dropout::new(rate)).check().is_err(), "{rate}");
        }
    }

    #[test]
    fn first_weights_are_glorot_uniform() {
        let layer = Dense::new(16).relu().bias(0.5);
        let weights = Layer::from(layer.clone()).first_weights(29, &mut generator(7, Purpose::Weights, 0));
        let limit = layer.glorot_limit(29);
        assert!((limit - 0.365_148_371_670_110_7).abs() < 1e-15);
        let (kernel, bias) = weights.split_at(29 * 16);
        let largest = kernel.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
        assert!(f64::from(largest) <= limit && f64::from(largest) > 0.97 * limit);
        assert_eq!(bias, [0.5; 16]);
    }
}
