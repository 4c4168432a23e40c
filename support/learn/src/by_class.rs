//! How much of the loss, and of what pulls on the network, is that of each class.

use std::fmt;

use crate::error::Result;
use crate::examples::Examples;
use crate::math::sum;
use crate::model::{Sequential, both_counts};
use crate::training::ClassWeight;

/// The parts of the classes in a mean over all examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ByClass {
    /// That of the negatives.
    pub negatives: f64,
    /// That of the positives.
    pub positives: f64,
}

impl ByClass {
    /// The positives' share of the whole.
    pub fn share_of_positives(&self) -> f64 {
        self.positives / (self.negatives + self.positives)
    }
}

impl fmt::Display for ByClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self { negatives, positives }, share) = (self, 100.0 * self.share_of_positives());
        write!(f, "{negatives:.6} of the negatives and {positives:.6} of the positives ({share:.1} %)")
    }
}

impl Sequential {
    /// The loss on these examples, as the sum of a part for each class; `None` for no class
    /// weights.
    ///
    /// ```
    /// use learn::{examples::Examples, layers::Dense, model::Sequential, training::ClassWeight};
    /// use ndarray::{Array1, Array2};
    ///
    /// let train = Examples::new(Array2::zeros((100, 1)), Array1::from_shape_fn(100, |row| row < 2))?;
    /// let untrained = Sequential::new(1, 1).add(Dense::new(1)); // answers 0.5 to all
    /// assert!((untrained.loss_by_class(&train, None)?.share_of_positives() - 0.02).abs() < 1e-6);
    /// let balanced = ClassWeight::balanced(&train)?;
    /// assert!((untrained.loss_by_class(&train, balanced)?.share_of_positives() - 0.5).abs() < 1e-6);
    /// # Ok::<(), learn::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), and when there are none of one class.
    pub fn loss_by_class(&self, examples: &Examples, class_weight: impl Into<Option<ClassWeight>>) -> Result<ByClass> {
        by_class(examples, class_weight.into(), |class| Ok(self.evaluate(class)?.loss))
    }

    /// What pulls on the logits in the cross entropy, |p - y|, as the mean over these examples and
    /// the sum of a part for each class. Where a model answers all with the share of positives, the
    /// two pull alike.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), and when there are none of one class.
    pub fn pull_by_class(&self, examples: &Examples, class_weight: impl Into<Option<ClassWeight>>) -> Result<ByClass> {
        by_class(examples, class_weight.into(), |class| {
            let answers = self.predict(&class.features)?;
            let distance = |(&p, &label): (&f32, &bool)| (f64::from(p) - f64::from(u8::from(label))).abs();
            Ok(sum(answers.iter().zip(&class.labels).map(distance)) / class.len() as f64)
        })
    }
}

/// The part of each class in the mean over all examples, from the mean over those of the class.
fn by_class(
    examples: &Examples,
    class_weight: Option<ClassWeight>,
    mean: impl Fn(&Examples) -> Result<f64>,
) -> Result<ByClass> {
    let counts = both_counts(examples)?;
    let weights = class_weight.unwrap_or(ClassWeight { negative: 1.0, positive: 1.0 });
    let (negatives, positives) = examples.by_class();
    let part = |class, count, weight| mean(class).map(|mean| weight * mean * count / (counts.0 + counts.1));
    Ok(ByClass {
        negatives: part(&negatives, counts.0, weights.negative)?,
        positives: part(&positives, counts.1, weights.positive)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Dense;
    use crate::low_signal::low_signal;
    use crate::model::initial_bias;
    use ndarray::Array2;

    #[test]
    fn the_parts_make_the_loss() {
        let examples = low_signal(1);
        let model = Sequential::new(887, 1).add(Dense::new(8).relu()).add(Dense::new(1));
        let parts = model.loss_by_class(&examples, None).unwrap();
        let loss = model.evaluate(&examples).unwrap().loss;
        assert!((parts.negatives + parts.positives - loss).abs() < 1e-9, "{parts} of {loss}");
        assert!(parts.to_string().contains(" %)"), "{parts}");
        assert!(model.loss_by_class(&examples.by_class().0, None).is_err());
    }

    #[test]
    fn at_the_share_of_positives_both_classes_pull_alike() {
        let examples = low_signal(1);
        let nothing = Examples { features: Array2::zeros((examples.len(), 1)), ..examples };
        let nothing = Examples::new(nothing.features, nothing.labels).unwrap();
        let model = Sequential::new(1, 1).add(Dense::new(1).bias(initial_bias(&nothing).unwrap()));
        let pull = model.pull_by_class(&nothing, None).unwrap();
        assert!((pull.share_of_positives() - 0.5).abs() < 1e-6, "{pull}");
    }
}
