//! What turns a gradient into new weights, in order of increasing complexity; formulas and defaults as in Keras 3.

use std::fmt::Debug;

use crate::error::{Error, Result};

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

fn check_learning_rate(optimizer: &str, rate: f32) -> Result<()> {
    match rate.is_finite() && rate > 0.0 {
        true => Ok(()),
        false => Err(Error::Argument(format!("{optimizer}: a learning rate is a finite number above 0, not {rate}"))),
    }
}

/// Stochastic gradient descent: w ← w - rate · g, with momentum m ← µ m - rate · g, w ← w + m.
#[derive(Clone, Debug)]
pub struct Sgd {
    learning_rate: f32,
    momentum: f32,
    momenta: Vec<f32>,
}

impl Sgd {
    /// Steps of `learning_rate` times the gradient. Keras' default is 0.01.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate: learning_rate as f32, momentum: 0.0, momenta: Vec::new() }
    }

    /// Keeps the share `momentum` of the last step. Default: 0.
    pub fn momentum(self, momentum: f64) -> Self {
        Self { momentum: momentum as f32, ..self }
    }
}

impl Optimizer for Sgd {
    fn step(&mut self, weights: &mut [f32], gradient: &[f32]) {
        self.momenta.resize(weights.len(), 0.0);
        for ((weight, momentum), &g) in weights.iter_mut().zip(&mut self.momenta).zip(gradient) {
            *momentum = self.momentum * *momentum - self.learning_rate * g;
            *weight += *momentum;
        }
    }

    fn check(&self) -> Result<()> {
        check_learning_rate("Sgd", self.learning_rate)?;
        match (0.0..1.0).contains(&self.momentum) {
            true => Ok(()),
            false => Err(Error::Argument(format!("Sgd: a momentum lies in [0, 1), not at {}", self.momentum))),
        }
    }

    fn slots(&self) -> Vec<(&'static str, &[f32])> {
        if self.momentum == 0.0 { vec![] } else { vec![("momentum", &self.momenta)] }
    }
}

/// RMSprop: v ← ρ v + (1 - ρ) g², w ← w - rate · g / √(v + ε), with ε inside the root, as Keras has it and PyTorch has not.
#[derive(Clone, Debug)]
pub struct RmsProp {
    learning_rate: f32,
    rho: f32,
    epsilon: f32,
    velocities: Vec<f32>,
}

impl RmsProp {
    /// Steps of about `learning_rate`, with ρ = 0.9 and ε = 1e-7. Keras' default is 0.001.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate: learning_rate as f32, rho: 0.9, epsilon: 1e-7, velocities: Vec::new() }
    }
}

impl Optimizer for RmsProp {
    fn step(&mut self, weights: &mut [f32], gradient: &[f32]) {
        self.velocities.resize(weights.len(), 0.0);
        for ((weight, velocity), &g) in weights.iter_mut().zip(&mut self.velocities).zip(gradient) {
            *velocity = self.rho * *velocity + (1.0 - self.rho) * (g * g);
            *weight -= self.learning_rate * g / (*velocity + self.epsilon).sqrt();
        }
    }

    fn check(&self) -> Result<()> {
        check_learning_rate("RmsProp", self.learning_rate)
    }

    fn slots(&self) -> Vec<(&'static str, &[f32])> {
        vec![("velocity", &self.velocities)]
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

    fn check(&self) -> Result<()> {
        check_learning_rate("Adam", self.learning_rate as f32)
    }

    fn slots(&self) -> Vec<(&'static str, &[f32])> {
        vec![("momentum", &self.momenta), ("velocity", &self.velocities)]
    }
}
