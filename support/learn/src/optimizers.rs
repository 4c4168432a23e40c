//! What turns a gradient into new weights, in order of increasing complexity; formulas and defaults as in Keras 3.

use std::fmt::{Debug, Display};

use crate::error::{Result, ensure};

/// Updates weights against their gradient.
pub trait Optimizer: Debug + Send + Sync + BoxClone {
    /// One step: changes `weights` by `gradient`, both in the same order at every step.
    fn step(&mut self, weights: &mut [f32], gradient: &[f32]);

    /// Refuses settings that can't train; asked before the first step.
    ///
    /// # Errors
    /// When a setting is out of its range.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// How large its steps are; none if it has no such number.
    fn learning_rate(&self) -> Option<f64> {
        None
    }

    /// Takes steps of another size from now on, and keeps what it remembers; [`check`](Self::check) judges the rate.
    fn set_learning_rate(&mut self, _learning_rate: f64) {}

    /// What the optimizer remembers of each weight, under Keras' names.
    fn slots(&self) -> Vec<(&'static str, &[f32])> {
        vec![]
    }
}

/// A copy of a boxed optimizer; every one that is `Clone` has it.
pub trait BoxClone {
    /// The copy.
    fn box_clone(&self) -> Box<dyn Optimizer>;
}

impl<T: Optimizer + Clone + 'static> BoxClone for T {
    fn box_clone(&self) -> Box<dyn Optimizer> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Optimizer> {
    fn clone(&self) -> Self {
        (**self).box_clone()
    }
}

/// Refuses a share of what was that is not in [0, 1): at 1 nothing new would count.
fn check_share(optimizer: &str, name: &str, share: impl Copy + Into<f64> + Display) -> Result<()> {
    let is_share = share.into() >= 0.0 && (share.into() as f32) < 1.0;
    ensure!(is_share, "{optimizer}: a {name} lies in [0, 1), not at {share}");
    Ok(())
}

/// Refuses a learning rate that leads nowhere, and an ε that does not keep a divisor from 0.
fn check_above_0(optimizer: &str, name: &str, number: f32) -> Result<()> {
    ensure!(number.is_finite() && number > 0.0, "{optimizer}: {name} is a finite number above 0, not {number}");
    Ok(())
}

/// Stochastic gradient descent: w ← w - rate · g, with momentum m ← µ m - rate · g, w ← w + m.
#[derive(Clone, Debug)]
pub struct Sgd {
    learning_rate: f64,
    momentum: f32,
    nesterov: bool,
    momenta: Vec<f32>,
}

impl Sgd {
    /// Steps of `learning_rate` times the gradient. Keras' default is 0.01.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate, momentum: 0.0, nesterov: false, momenta: Vec::new() }
    }

    /// Keeps the share `momentum` of the last step. Default: 0.
    pub fn momentum(self, momentum: f64) -> Self {
        Self { momentum: momentum as f32, ..self }
    }

    /// Goes to where the momentum is about to lead: w ← w + µ m - rate · g (Nesterov 1983). Default: w ← w + m.
    pub fn nesterov(self) -> Self {
        Self { nesterov: true, ..self }
    }
}

impl Optimizer for Sgd {
    fn step(&mut self, weights: &mut [f32], gradient: &[f32]) {
        self.momenta.resize(weights.len(), 0.0);
        let rate = self.learning_rate as f32;
        for ((weight, momentum), &g) in weights.iter_mut().zip(&mut self.momenta).zip(gradient) {
            *momentum = self.momentum * *momentum - rate * g;
            *weight += if self.nesterov { self.momentum * *momentum - rate * g } else { *momentum };
        }
    }

    fn learning_rate(&self) -> Option<f64> {
        Some(self.learning_rate)
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    fn check(&self) -> Result<()> {
        check_above_0("Sgd", "a learning rate", self.learning_rate as f32)?;
        check_share("Sgd", "momentum", self.momentum)
    }

    fn slots(&self) -> Vec<(&'static str, &[f32])> {
        if self.momentum == 0.0 { vec![] } else { vec![("momentum", &self.momenta)] }
    }
}

/// RMSprop: v ← ρ v + (1 - ρ) g², w ← w - rate · g / √(v + ε), with ε inside the root, as Keras has it and PyTorch has not.
#[derive(Clone, Debug)]
pub struct RmsProp {
    learning_rate: f64,
    rho: f32,
    momentum: f32,
    epsilon: f32,
    momenta: Vec<f32>,
    velocities: Vec<f32>,
}

impl RmsProp {
    /// Steps of about `learning_rate`, with ρ = 0.9 and ε = 1e-7. Keras' default is 0.001.
    pub fn new(learning_rate: f64) -> Self {
        let (rho, momentum, epsilon) = (0.9, 0.0, 1e-7);
        Self { learning_rate, rho, momentum, epsilon, momenta: Vec::new(), velocities: Vec::new() }
    }

    /// Keeps the share ρ of the mean square of the gradients so far. Default: 0.9.
    pub fn rho(self, rho: f64) -> Self {
        Self { rho: rho as f32, ..self }
    }

    /// Keeps the share µ of the last step: m ← µ m + rate · g / √(v + ε), w ← w - m. Default: 0.
    pub fn momentum(self, momentum: f64) -> Self {
        Self { momentum: momentum as f32, ..self }
    }

    /// What is added below the root, so that no step is divided by 0. Default: 1e-7.
    pub fn epsilon(self, epsilon: f64) -> Self {
        Self { epsilon: epsilon as f32, ..self }
    }
}

impl Optimizer for RmsProp {
    fn step(&mut self, weights: &mut [f32], gradient: &[f32]) {
        self.velocities.resize(weights.len(), 0.0);
        self.momenta.resize(weights.len(), 0.0);
        let rate = self.learning_rate as f32;
        let slots = self.velocities.iter_mut().zip(&mut self.momenta);
        for ((weight, (velocity, momentum)), &g) in weights.iter_mut().zip(slots).zip(gradient) {
            *velocity = self.rho * *velocity + (1.0 - self.rho) * (g * g);
            let step = rate * g / (*velocity + self.epsilon).sqrt();
            *momentum = if self.momentum == 0.0 { step } else { self.momentum * *momentum + step };
            *weight -= *momentum;
        }
    }

    fn learning_rate(&self) -> Option<f64> {
        Some(self.learning_rate)
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    fn check(&self) -> Result<()> {
        check_above_0("RmsProp", "a learning rate", self.learning_rate as f32)?;
        check_share("RmsProp", "rho", self.rho)?;
        check_share("RmsProp", "momentum", self.momentum)?;
        check_above_0("RmsProp", "an epsilon", self.epsilon)
    }

    fn slots(&self) -> Vec<(&'static str, &[f32])> {
        let momenta = (self.momentum != 0.0).then_some(("momentum", &self.momenta[..]));
        std::iter::once(("velocity", &self.velocities[..])).chain(momenta).collect()
    }
}

/// Adam (Kingma and Ba 2014), in the form with ε beside the uncorrected root: with t counting the steps,
/// α = rate · √(1 - β₂ᵗ) / (1 - β₁ᵗ), m ← m + (1 - β₁)(g - m), v ← v + (1 - β₂)(g² - v), w ← w - α m / (√v + ε).
#[derive(Clone, Debug)]
pub struct Adam {
    learning_rate: f64,
    beta_1: f64,
    beta_2: f64,
    epsilon: f32,
    /// β₁ᵗ and β₂ᵗ, as products: a power function would differ between machines.
    powers: (f64, f64),
    momenta: Vec<f32>,
    velocities: Vec<f32>,
}

impl Adam {
    /// Steps of about `learning_rate`, with β₁ = 0.9, β₂ = 0.999 and ε = 1e-7. Keras' default is 0.001.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            powers: (1.0, 1.0),
            momenta: Vec::new(),
            velocities: Vec::new(),
        }
    }

    /// Keeps the share β₁ of the mean of the gradients so far. Default: 0.9.
    pub fn beta_1(self, beta_1: f64) -> Self {
        Self { beta_1, ..self }
    }

    /// Keeps the share β₂ of the mean of their squares so far. Default: 0.999.
    pub fn beta_2(self, beta_2: f64) -> Self {
        Self { beta_2, ..self }
    }

    /// What is added to the root, so that no step is divided by 0. Default: 1e-7.
    pub fn epsilon(self, epsilon: f64) -> Self {
        Self { epsilon: epsilon as f32, ..self }
    }
}

impl Optimizer for Adam {
    fn step(&mut self, weights: &mut [f32], gradient: &[f32]) {
        self.momenta.resize(weights.len(), 0.0);
        self.velocities.resize(weights.len(), 0.0);
        self.powers = (self.powers.0 * self.beta_1, self.powers.1 * self.beta_2);
        let alpha = (self.learning_rate * (1.0 - self.powers.1).sqrt() / (1.0 - self.powers.0)) as f32;
        let (one_minus_beta_1, one_minus_beta_2) = ((1.0 - self.beta_1) as f32, (1.0 - self.beta_2) as f32);
        let slots = self.momenta.iter_mut().zip(&mut self.velocities);
        for ((weight, (momentum, velocity)), &g) in weights.iter_mut().zip(slots).zip(gradient) {
            *momentum += (g - *momentum) * one_minus_beta_1;
            *velocity += (g * g - *velocity) * one_minus_beta_2;
            *weight -= *momentum * alpha / (velocity.sqrt() + self.epsilon);
        }
    }

    fn learning_rate(&self) -> Option<f64> {
        Some(self.learning_rate)
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    fn check(&self) -> Result<()> {
        check_above_0("Adam", "a learning rate", self.learning_rate as f32)?;
        check_share("Adam", "beta_1", self.beta_1)?;
        check_share("Adam", "beta_2", self.beta_2)?;
        check_above_0("Adam", "an epsilon", self.epsilon)
    }

    fn slots(&self) -> Vec<(&'static str, &[f32])> {
        vec![("momentum", &self.momenta), ("velocity", &self.velocities)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two weights and four gradients, the last in the other direction.
    fn steps(mut optimizer: impl Optimizer) -> [f64; 2] {
        let mut weights = [1.0, -0.5];
        optimizer.check().unwrap();
        for gradient in [[0.5, -0.1], [0.25, 0.2], [1.0, 0.0], [-0.75, 0.3]] {
            optimizer.step(&mut weights, &gradient);
        }
        weights.map(f64::from)
    }

    /// By numpy in 64 bits, with the updates of Keras 3's `SGD`, `RMSprop` and `Adam`.
    #[test]
    fn settings_do_what_they_do_in_keras() {
        for (got, expected) in [
            (steps(Sgd::new(0.1).momentum(0.9)), [0.645300000, -0.549810000]),
            (steps(Sgd::new(0.1).momentum(0.9).nesterov()), [0.580770000, -0.584829000]),
            (steps(RmsProp::new(0.1)), [0.436622960, -0.732930084]),
            (steps(RmsProp::new(0.1).rho(0.5).momentum(0.8).epsilon(0.01)), [0.267499999, -0.651505445]),
            (steps(Adam::new(0.1)), [0.685430458, -0.525368057]),
            (steps(Adam::new(0.1).beta_1(0.5).beta_2(0.75).epsilon(0.1)), [0.789200929, -0.570036173]),
        ] {
            assert!(
                got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-6),
                "{got:?} {expected:?}"
            );
        }
    }

    #[test]
    fn settings_out_of_their_range_are_refused() {
        let message = |optimizer: &dyn Optimizer| optimizer.check().unwrap_err().to_string();
        for value in [-0.1, 1.0, f64::NAN, f64::INFINITY] {
            assert!(message(&Adam::new(0.1).beta_1(value)).contains("beta_1 lies in [0, 1)"));
            assert!(message(&Adam::new(0.1).beta_2(value)).contains("beta_2 lies in [0, 1)"));
            assert!(message(&RmsProp::new(0.1).rho(value)).contains("rho lies in [0, 1)"));
            assert!(message(&RmsProp::new(0.1).momentum(value)).contains("momentum lies in [0, 1)"));
        }
        for value in [-1e-7, 0.0, 1e-60, f64::NAN, f64::INFINITY] {
            assert!(message(&Adam::new(0.1).epsilon(value)).contains("Adam: an epsilon"));
            assert!(message(&RmsProp::new(0.1).epsilon(value)).contains("RmsProp: an epsilon"));
        }
        assert!(Adam::new(0.1).beta_1(0.0).beta_2(0.0).check().is_ok());
    }

    #[test]
    fn a_learning_rate_is_read_and_changed() {
        let optimizers: [Box<dyn Optimizer>; 3] =
            [Box::new(Sgd::new(0.1)), Box::new(RmsProp::new(0.1)), Box::new(Adam::new(0.1))];
        for mut optimizer in optimizers {
            assert_eq!(optimizer.learning_rate(), Some(0.1));
            optimizer.set_learning_rate(0.05);
            assert_eq!(optimizer.learning_rate(), Some(0.05));
            optimizer.set_learning_rate(0.0);
            assert!(optimizer.check().is_err());
        }
    }
}
