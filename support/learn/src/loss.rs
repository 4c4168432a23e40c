//! What training minimises: the value of each loss, and beside it its slope, from which the gradient starts.
//!
//! Losses work on the logit and not on the probability, so that a confident mistake keeps its true cost and its slope.

use std::fmt::Debug;

use crate::error::{Result, ensure};
use crate::kernels::{Lane, TILE, vectorised};
use crate::math::{exp, ln_1p, sigmoid};
use crate::scores::is_amount;

vectorised! {
    /// The binary cross entropy of logits z against targets y of 0 and 1, row by row, its slopes, and the probabilities:
    ///
    /// loss = max(z, 0) - z y + ln(1 + e^-|z|), d loss / dz = p - y, p = 1 / (1 + e^-z).
    fn binary_crossentropy(logits: &Lane, targets: &Lane, losses: &mut Lane, slopes: &mut Lane, probabilities: &mut Lane) {
        for row in 0..TILE {
            let (z, y) = (logits[row], targets[row]);
            let e = exp(-z.abs());
            losses[row] = if z > 0.0 { z } else { 0.0 } - z * y + ln_1p(e);
            probabilities[row] = if z >= 0.0 { 1.0 } else { e } / (1.0 + e);
            slopes[row] = probabilities[row] - y;
        }
    }
}

/// A loss other than the binary cross entropy, chosen by [`Sequential::loss`](crate::model::Sequential::loss).
///
/// ```
/// use learn::{loss::Loss, model::Sequential, optimizers::Adam};
///
/// /// (p - y)², from which the Brier score is the mean.
/// #[derive(Debug)]
/// struct Squared;
///
/// impl Loss for Squared {
///     fn value_and_slope(&self, logit: f32, target: f32) -> (f32, f32) {
///         let p = 1.0 / (1.0 + (-logit).exp());
///         ((p - target).powi(2), 2.0 * (p - target) * p * (1.0 - p))
///     }
/// }
///
/// let model = Sequential::new(29, 1).compile(Adam::new(1e-3)).loss(Squared);
/// ```
pub trait Loss: Debug + Send + Sync {
    /// The loss of an example with this logit and the target 0 or 1, and its derivative by the logit.
    fn value_and_slope(&self, logit: f32, target: f32) -> (f32, f32);

    /// Refuses settings that can't train; asked before the first step.
    ///
    /// # Errors
    /// When a setting is out of its range.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Keras' loss of this name: the cross entropy of each example times (1 - pₜ)^γ, where pₜ is the probability that the model
/// gives to the true class. The surer the model is of what is right, the less the example counts (Lin et al., "Focal loss for
/// dense object detection", 2017).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinaryFocalCrossentropy {
    gamma: f64,
    alpha: Option<f64>,
}

impl BinaryFocalCrossentropy {
    /// The loss for a γ of at least 0, with which it is the binary cross entropy. Keras' default is 2.
    pub fn new(gamma: f64) -> Self {
        Self { gamma, alpha: None }
    }

    /// Multiplies the loss of positives by α and that of negatives by 1 - α, as Keras' `apply_class_balancing`, where the
    /// default is 0.25. Default here: both count in full.
    pub fn alpha(self, alpha: f64) -> Self {
        Self { alpha: Some(alpha), ..self }
    }
}

impl Loss for BinaryFocalCrossentropy {
    /// With s = ±1 for the class and q = 1 - pₜ: loss = α q^γ (-ln pₜ), d loss / dz = -s α q^γ (q - γ pₜ ln pₜ).
    fn value_and_slope(&self, logit: f32, target: f32) -> (f32, f32) {
        let sign = if target > 0.0 { 1.0 } else { -1.0 };
        let z = sign * logit; // of the true class
        let rest = ln_1p(exp(-z.abs()));
        let (entropy, minus_ln_q) = if z > 0.0 { (rest, z + rest) } else { (rest - z, rest) };
        let gamma = self.gamma as f32;
        let alpha = self.alpha.map_or(1.0, |alpha| if target > 0.0 { alpha } else { 1.0 - alpha }) as f32;
        let factor = alpha * exp(-gamma * minus_ln_q);
        (factor * entropy, -sign * factor * (sigmoid(-z) + gamma * sigmoid(z) * entropy))
    }

    fn check(&self) -> Result<()> {
        let Self { gamma, alpha } = *self;
        ensure!(is_amount(gamma), "BinaryFocalCrossentropy: γ is a finite number, at least 0, not {gamma}");
        if let Some(alpha) = alpha {
            ensure!((0.0..=1.0).contains(&alpha), "BinaryFocalCrossentropy: α lies in [0, 1], not at {alpha}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keras 3.15.1, in f32: keras.losses.BinaryFocalCrossentropy(gamma=.., from_logits=True, reduction=None, and with an α
    /// apply_class_balancing=True, alpha=..) of each logit. Further out Keras clips the probability.
    #[test]
    fn focal_loss_is_keras() {
        const LOGITS: [f32; 5] = [-2.5, -0.75, 0.0, 0.3, 1.5];
        type Case = (f64, Option<f64>, f32, [f64; 5]);
        const CASES: [Case; 10] = [
            (2.0, None, 0.0, [0.00045396807, 0.0398191996, 0.1732867956, 0.2819237113, 1.1372724771]),
            (2.0, None, 1.0, [2.2024700642, 0.5244201422, 0.1732867956, 0.1003932804, 0.0067028441]),
            (2.0, Some(0.25), 0.0, [0.00034047605, 0.0298644006, 0.1299650967, 0.2114427835, 0.8529543877]),
            (2.0, Some(0.25), 1.0, [0.5506175160, 0.1311050355, 0.0433216989, 0.0250983201, 0.0016757110]),
            (0.0, None, 0.0, [0.0788897350, 0.3868709803, 0.6931471825, 0.8543552160, 1.7014133931]),
            (0.0, None, 1.0, [2.5788896084, 1.1368710995, 0.6931471825, 0.5543552637, 0.2014132589]),
            (0.5, Some(0.75), 0.0, [0.0054320241, 0.0547819845, 0.1225322634, 0.1618831903, 0.3846037686]),
            (0.5, Some(0.75), 1.0, [1.8593592644, 0.7026912570, 0.3675968051, 0.2712242901, 0.0645196587]),
            (5.0, None, 0.0, [1.9816751e-7, 0.0013148676, 0.0216608495, 0.0534406006, 0.6215077639]),
            (5.0, None, 1.0, [1.7383046150, 0.1642977297, 0.0216608495, 0.0077371211, 4.0692630e-5]),
        ];
        for (gamma, alpha, target, expected) in CASES {
            let loss = BinaryFocalCrossentropy { gamma, alpha };
            for (logit, expected) in LOGITS.into_iter().zip(expected) {
                let value = f64::from(loss.value_and_slope(logit, target).0);
                assert!((value / expected - 1.0).abs() < 5e-6, "{loss:?} at {logit}, {target}: {value} not {expected}");
            }
        }
    }

    /// The definitions in f64, by probabilities of the true class and of the other that lose no digits.
    #[test]
    fn focal_loss_and_its_slope_hold_far_out() {
        for (gamma, alpha) in [(0.0, None), (0.5, Some(0.75)), (2.0, None), (2.0, Some(0.25)), (5.0, None)] {
            let loss = BinaryFocalCrossentropy { gamma, alpha };
            for (target, sign) in [(0.0, -1.0), (1.0, 1.0)] {
                let weight = alpha.map_or(1.0, |alpha| if target > 0.0 { alpha } else { 1.0 - alpha });
                for logit in [-30.0, -12.5, -4.0, -1.0, 0.0, 0.5, 3.0, 9.0, 25.0] {
                    let z = sign * f64::from(logit);
                    let (p, q) = (1.0 / (1.0 + (-z).exp()), 1.0 / (1.0 + z.exp()));
                    let entropy = (-z).exp().ln_1p();
                    let factor = weight * q.powf(gamma);
                    let expected = (factor * entropy, -sign * factor * (q + gamma * p * entropy));
                    let found = loss.value_and_slope(logit, target);
                    for (found, expected) in [(found.0, expected.0), (found.1, expected.1)] {
                        let error = (f64::from(found) - expected).abs();
                        assert!(
                            error < 3e-5 * expected.abs() + 1e-30,
                            "{loss:?} at {logit}, {target}: {found}, {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn settings_that_can_not_train_are_refused() {
        for loss in [
            BinaryFocalCrossentropy::new(-1.0),
            BinaryFocalCrossentropy::new(f64::NAN),
            BinaryFocalCrossentropy::new(2.0).alpha(1.5),
        ] {
            assert!(loss.check().is_err(), "{loss:?}");
        }
        assert!(BinaryFocalCrossentropy::new(0.0).alpha(0.0).check().is_ok());
    }

    #[test]
    fn cross_entropy_stays_finite_and_exact_far_out() {
        let mut logits = [0.0; TILE];
        logits[..6].copy_from_slice(&[0.0, 1000.0, -1000.0, 1000.0, -24.0, 24.0]);
        let mut targets = [0.0; TILE];
        targets[..6].copy_from_slice(&[1.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
        let (mut losses, mut slopes, mut probabilities) = ([0.0; TILE], [0.0; TILE], [0.0; TILE]);
        binary_crossentropy(&logits, &targets, &mut losses, &mut slopes, &mut probabilities);
        assert!((losses[0] - std::f32::consts::LN_2).abs() < 1e-6);
        assert_eq!((losses[3], losses[4]), (1000.0, 24.0));
        assert!(losses[1] < 1e-30 && losses[2] < 1e-30);
        assert!((losses[5] / 3.775e-11 - 1.0).abs() < 1e-3, "{}", losses[5]);
        assert_eq!((probabilities[0], probabilities[1]), (0.5, 1.0));
        assert_eq!((slopes[0], slopes[1], slopes[3]), (-0.5, 0.0, 1.0));
    }
}
