//! What a layer does to its outputs. To add one: a variant, and its two directions below.

use serde::{Deserialize, Serialize};

use crate::kernels::{Lane, vectorised};

/// The activation of a [`Dense`](crate::layers::Dense) layer, saved under Keras' name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// The outputs as they are.
    #[default]
    Linear,
    /// max(0, x).
    Relu,
}

impl Activation {
    /// Applies it to the outputs of a tile.
    pub(crate) fn apply(self, outputs: &mut [Lane]) {
        match self {
            Self::Linear => {}
            Self::Relu => relu(outputs),
        }
    }

    /// Turns `delta`, the gradient of the loss by the `outputs`, into that by what they were before.
    pub(crate) fn backward(self, outputs: &[Lane], delta: &mut [Lane]) {
        match self {
            Self::Linear => {}
            Self::Relu => relu_backward(outputs, delta),
        }
    }
}

vectorised! {
    /// max(0, x) in place.
    fn relu(lanes: &mut [Lane]) {
        for value in lanes.as_flattened_mut() {
            *value = if *value < 0.0 { 0.0 } else { *value }; // NaN stays: a diverged network must not look sane
        }
    }
}

vectorised! {
    /// Silences the gradient where the output of a ReLU was 0; the derivative at 0 is 0, as in Keras.
    fn relu_backward(output: &[Lane], delta: &mut [Lane]) {
        for (delta, &output) in delta.as_flattened_mut().iter_mut().zip(output.as_flattened()) {
            *delta = if output > 0.0 { *delta } else { 0.0 };
        }
    }
}
