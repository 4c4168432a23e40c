//! The value that flows from the table to the network: a whole set, a split or a class are all `Examples`.

use std::fmt;
use std::sync::Arc;

use ndarray::{Array1, Array2, Axis, concatenate};

use crate::error::{Error, Result};
use crate::random::permutation;
use crate::table::thousands;

/// Rows to learn from or to judge by.
#[derive(Clone, Debug, PartialEq)]
pub struct Examples {
    /// The features, shape `[examples, features]`.
    pub features: Array2<f32>,
    /// The labels, shape `[examples]`; true is the positive, rare class.
    pub labels: Array1<bool>,
    /// How much each example counts in the loss, shape `[examples]`; all count 1 when there are none.
    pub weights: Option<Array1<f32>>,
    /// The names of the features.
    pub names: Arc<[String]>,
}

impl Examples {
    /// Examples from an array of features and their labels; the features are called x0, x1, ….
    ///
    /// # Errors
    /// When the two differ in length, or a feature is not finite.
    pub fn new(features: Array2<f32>, labels: Array1<bool>) -> Result<Self> {
        if features.nrows() != labels.len() {
            return Err(Error::Argument(format!("{} rows of features, but {} labels", features.nrows(), labels.len())));
        }
        if let Some(((row, column), value)) = features.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(Error::Argument(format!(
                "feature {column} of row {row} is {value}: drop or fill such rows first"
            )));
        }
        let names = (0..features.ncols()).map(|place| format!("x{place}")).collect();
        let features =
            if features.is_standard_layout() { features } else { features.as_standard_layout().into_owned() };
        Ok(Self { features, labels, weights: None, names })
    }

    /// The same examples with names for the features.
    ///
    /// # Errors
    /// When there is not one name for each feature.
    pub fn with_names(self, names: impl IntoIterator<Item = impl Into<String>>) -> Result<Self> {
        let names: Arc<[String]> = names.into_iter().map(Into::into).collect();
        if names.len() != self.features.ncols() {
            return Err(Error::Argument(format!("{} names for {} features", names.len(), self.features.ncols())));
        }
        Ok(Self { names, ..self })
    }

    /// The same examples with sample weights, as Keras' argument `sample_weight`.
    ///
    /// # Errors
    /// When there is not one finite weight, at least 0, for each example.
    pub fn with_weights(self, weights: Array1<f32>) -> Result<Self> {
        if weights.len() != self.len() {
            return Err(Error::Argument(format!("{} sample weights for {} examples", weights.len(), self.len())));
        }
        if let Some((row, weight)) =
            weights.iter().enumerate().find(|(_, weight)| !(weight.is_finite() && **weight >= 0.0))
        {
            return Err(Error::Argument(format!(
                "the sample weight of row {row} is {weight}: a weight is a finite number, at least 0"
            )));
        }
        Ok(Self { weights: Some(weights), ..self })
    }

    /// The number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// How many examples are (negative, positive).
    pub fn class_counts(&self) -> (usize, usize) {
        let positives = self.labels.iter().filter(|&&label| label).count();
        (self.len() - positives, positives)
    }

    /// The examples of each class: (negatives, positives).
    pub fn by_class(&self) -> (Self, Self) {
        let rows_of = |class: bool| (0..self.len()).filter(|&row| self.labels[row] == class).collect::<Vec<_>>();
        (self.select(&rows_of(false)), self.select(&rows_of(true)))
    }

    /// The examples at these row numbers, in this order; a row may come more than once.
    ///
    /// # Panics
    /// When a row number is out of range.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            features: self.features.select(Axis(0), rows),
            labels: self.labels.select(Axis(0), rows),
            weights: self.weights.as_ref().map(|weights| weights.select(Axis(0), rows)),
            names: self.names.clone(),
        }
    }

    /// These examples and then `other`.
    ///
    /// # Errors
    /// When the two have different features, or only one of them has sample weights.
    pub fn concat(&self, other: &Self) -> Result<Self> {
        let weights = match (&self.weights, &other.weights) {
            (Some(weights), Some(others)) => Some(concatenate![Axis(0), *weights, *others]),
            (None, None) => None,
            _ => return Err(Error::Argument("only one of the two has sample weights".into())),
        };
        if self.names != other.names {
            let (names, others) = (self.names.join(", "), other.names.join(", "));
            return Err(Error::Argument(format!("the features differ: {names} against {others}")));
        }
        Ok(Self {
            features: concatenate![Axis(0), self.features, other.features],
            labels: concatenate![Axis(0), self.labels, other.labels],
            weights,
            names: self.names.clone(),
        })
    }

    /// The examples in (train, left out), so many times that each is left out once, as scikit-learn's `StratifiedKFold`: each
    /// class is dealt to the folds at random and in equal parts, so all folds have the same share of positives up to one.
    ///
    /// # Errors
    /// When there are fewer than two folds, or fewer examples of a class than folds.
    pub fn stratified_folds(&self, folds: usize, seed: u64) -> Result<Vec<(Self, Self)>> {
        let mut fold_of = vec![0; self.len()];
        for (name, class) in [("negatives", false), ("positives", true)] {
            let rows: Vec<usize> = (0..self.len()).filter(|&row| self.labels[row] == class).collect();
            if folds < 2 || rows.len() < folds {
                let count = rows.len();
                return Err(Error::Argument(format!(
                    "{count} {name} can't be dealt to {folds} folds, of at least two"
                )));
            }
            for (place, number) in permutation(rows.len(), seed).into_iter().enumerate() {
                fold_of[rows[number]] = place % folds;
            }
        }
        let rows = |fold: usize, inside: bool| {
            (0..self.len()).filter(|&row| (fold_of[row] == fold) == inside).collect::<Vec<_>>()
        };
        Ok((0..folds).map(|fold| (self.select(&rows(fold, false)), self.select(&rows(fold, true)))).collect())
    }

    /// One feature of all examples.
    ///
    /// # Errors
    /// When no feature has this name.
    pub fn feature(&self, name: &str) -> Result<Array1<f32>> {
        let place = self.names.iter().position(|known| known == name);
        let place = place.ok_or_else(|| {
            Error::Argument(format!("no feature is called '{name}'; the features are {}", self.names.join(", ")))
        })?;
        Ok(self.features.column(place).to_owned())
    }
}

impl fmt::Display for Examples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, positives) = self.class_counts();
        let share = 100.0 * positives as f64 / self.len() as f64;
        write!(
            f,
            "{} examples with {} features, {} positive ({share:.2} %)",
            thousands(self.len()),
            self.features.ncols(),
            thousands(positives)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::random_choice;
    use ndarray::array;

    fn examples() -> Examples {
        Examples::new(array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], array![false, true, false]).unwrap()
    }

    #[test]
    fn classes_keep_their_rows_weights_and_names() {
        let examples = examples().with_names(["a", "b"]).unwrap().with_weights(array![1.0, 2.0, 3.0]).unwrap();
        let (negatives, positives) = examples.by_class();
        assert_eq!(negatives.features, array![[1.0, 2.0], [5.0, 6.0]]);
        assert_eq!(negatives.weights, Some(array![1.0, 3.0]));
        assert_eq!(positives.feature("b").unwrap(), array![4.0]);
        assert_eq!(examples.class_counts(), (2, 1));
        assert_eq!(examples.to_string(), "3 examples with 2 features, 1 positive (33.33 %)");
    }

    #[test]
    fn oversampling_by_numbers() {
        let (negatives, positives) = examples().by_class();
        let chosen = positives.select(&random_choice(1, 5, 1).unwrap());
        let all = negatives.concat(&chosen).unwrap();
        assert_eq!((all.len(), all.class_counts()), (7, (2, 5)));
        let mut order = permutation(7, 1);
        assert_eq!(all.select(&order).class_counts(), (2, 5));
        order.sort_unstable();
        assert_eq!(order, (0..7).collect::<Vec<_>>());
        assert!(random_choice(0, 1, 1).is_err());
        assert!(negatives.concat(&chosen.with_names(["a", "b"]).unwrap()).is_err());
    }

    #[test]
    fn each_example_is_left_out_once_and_the_share_stays() {
        let features = Array2::from_shape_fn((103, 1), |(row, _)| row as f32);
        let examples = Examples::new(features, Array1::from_shape_fn(103, |row| row % 8 == 0)).unwrap();
        let folds = examples.stratified_folds(5, 1).unwrap();
        let mut left_out = Vec::new();
        for (train, val) in &folds {
            let (negatives, positives) = val.class_counts();
            assert!(negatives == 18 && (2..=3).contains(&positives), "{negatives} {positives}");
            let mut both: Vec<f32> = train.concat(val).unwrap().features.into_iter().collect();
            both.sort_unstable_by(f32::total_cmp);
            assert!(both.iter().enumerate().all(|(row, &value)| value == row as f32));
            left_out.extend(val.features.iter().copied());
        }
        left_out.sort_unstable_by(f32::total_cmp);
        assert!(left_out.iter().enumerate().all(|(row, &value)| value == row as f32) && left_out.len() == 103);
        assert_eq!(folds, examples.stratified_folds(5, 1).unwrap());
        assert_ne!(folds, examples.stratified_folds(5, 2).unwrap());
        for (folds, words) in [(1, "at least two"), (14, "13 positives can't be dealt to 14 folds")] {
            let message = examples.stratified_folds(folds, 1).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Examples::new(array![[1.0], [2.0]], array![true]).is_err());
        let message = Examples::new(array![[1.0], [f32::NAN]], array![true, false]).unwrap_err().to_string();
        assert!(message.contains("feature 0 of row 1 is NaN"), "{message}");
        assert!(examples().with_names(["a"]).is_err());
        assert!(examples().with_weights(array![1.0, -1.0, 1.0]).unwrap_err().to_string().contains("row 1 is -1"));
        assert!(examples().feature("V5").unwrap_err().to_string().contains("x0, x1"));
    }
}
