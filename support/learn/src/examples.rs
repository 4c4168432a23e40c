//! The value that flows from the table to the network: a whole set, a split or a class are all `Examples`.

use std::fmt;
use std::sync::Arc;

use ndarray::{Array1, Array2, Axis, concatenate};

use crate::error::{Result, ensure, refuse};
use crate::random::permutation;
use crate::scores::check_weights;
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
        let rows = features.nrows();
        ensure!(rows == labels.len(), "{rows} rows of features, but {} labels", labels.len());
        if let Some(((row, column), value)) = features.indexed_iter().find(|(_, value)| !value.is_finite()) {
            refuse!("feature {column} of row {row} is {value}: drop or fill such rows first");
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
        let features = self.features.ncols();
        ensure!(names.len() == features, "{} names for {features} features", names.len());
        Ok(Self { names, ..self })
    }

    /// The same examples with sample weights, as Keras' argument `sample_weight`.
    ///
    /// # Errors
    /// When there is not one finite weight, at least 0, for each example.
    pub fn with_weights(self, weights: Array1<f32>) -> Result<Self> {
        check_weights(&self.labels, &weights)?;
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

    /// The share of positives; NaN when there are no examples.
    pub fn positive_rate(&self) -> f64 {
        self.class_counts().1 as f64 / self.len() as f64
    }

    /// The examples of each class: (negatives, positives).
    pub fn by_class(&self) -> (Self, Self) {
        (self.select(&self.rows_of(false)), self.select(&self.rows_of(true)))
    }

    /// The row numbers of a class.
    fn rows_of(&self, class: bool) -> Vec<usize> {
        (0..self.len()).filter(|&row| self.labels[row] == class).collect()
    }

    /// The same examples with each positive `times` times, its copies side by side.
    pub fn repeat_positives(&self, times: usize) -> Self {
        let copies = |row| std::iter::repeat_n(row, if self.labels[row] { times } else { 1 });
        self.select(&(0..self.len()).flat_map(copies).collect::<Vec<_>>())
    }

    /// All positives and as many negatives, drawn without replacement, in the order that they have
    /// here; as imbalanced-learn's `RandomUnderSampler`. The odds of a model that is trained on
    /// them are too high: see [`BaseRates`](crate::calibration::BaseRates).
    ///
    /// ```
    /// use learn::examples::Examples;
    /// use ndarray::{Array1, Array2};
    ///
    /// let train = Examples::new(Array2::zeros((1000, 1)), Array1::from_shape_fn(1000, |row| row < 20))?;
    /// assert_eq!(train.undersample(42)?.class_counts(), (20, 20));
    /// assert_eq!(train.keep_positives(5, 42)?.class_counts(), (980, 5));
    /// # Ok::<(), learn::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there are more positives than negatives.
    pub fn undersample(&self, seed: u64) -> Result<Self> {
        let (negatives, positives) = self.class_counts();
        ensure!(positives <= negatives, "undersample: {positives} positives are more than {negatives} negatives");
        Ok(self.keep(false, positives, seed))
    }

    /// All negatives and `count` positives, drawn without replacement. With the same seed the fewer
    /// are among the more.
    ///
    /// # Errors
    /// When there are fewer positives than `count`.
    pub fn keep_positives(&self, count: usize, seed: u64) -> Result<Self> {
        let (_, positives) = self.class_counts();
        ensure!(count <= positives, "keep_positives: {count} of {positives} positives: ask for fewer");
        Ok(self.keep(true, count, seed))
    }

    /// All examples of the other class and `count` of this one.
    fn keep(&self, class: bool, count: usize, seed: u64) -> Self {
        let rows = self.rows_of(class);
        let chosen = permutation(rows.len(), seed).into_iter().take(count).map(|place| rows[place]);
        let mut all: Vec<usize> = chosen.chain(self.rows_of(!class)).collect();
        all.sort_unstable();
        self.select(&all)
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
            _ => refuse!("only one of the two has sample weights"),
        };
        if self.names != other.names {
            let (names, others) = (self.names.join(", "), other.names.join(", "));
            refuse!("the features differ: {names} against {others}");
        }
        Ok(Self {
            features: concatenate![Axis(0), self.features, other.features],
            labels: concatenate![Axis(0), self.labels, other.labels],
            weights,
            names: self.names.clone(),
        })
    }

    /// One feature of all examples.
    ///
    /// # Errors
    /// When no feature has this name.
    pub fn feature(&self, name: &str) -> Result<Array1<f32>> {
        Ok(self.features.column(self.place(name)?).to_owned())
    }

    /// The same examples without these features.
    ///
    /// # Errors
    /// When no feature has such a name, or none would be left.
    pub fn without(&self, names: &[&str]) -> Result<Self> {
        let left_out = names.iter().map(|name| self.place(name)).collect::<Result<Vec<_>>>()?;
        let kept: Vec<usize> = (0..self.names.len()).filter(|place| !left_out.contains(place)).collect();
        ensure!(!kept.is_empty(), "without {} no feature is left", names.join(", "));
        let features = self.features.select(Axis(1), &kept).as_standard_layout().into_owned();
        Ok(Self { features, names: kept.iter().map(|&place| self.names[place].clone()).collect(), ..self.clone() })
    }

    fn place(&self, name: &str) -> Result<usize> {
        let Some(place) = self.names.iter().position(|known| known == name) else {
            refuse!("no feature is called '{name}'; the features are {}", self.names.join(", "));
        };
        Ok(place)
    }

    /// The share of all values of all features that lie between -`limit` and `limit`, both
    /// included; NaN when there are none.
    pub fn share_of_values_within(&self, limit: f32) -> f64 {
        let within = self.features.iter().filter(|value| value.abs() <= limit).count();
        within as f64 / self.features.len() as f64
    }

    /// The share of the examples with at least one feature at or beyond -`limit` or `limit`, such
    /// as the limit that values were clipped at; NaN when there are no examples.
    pub fn share_of_rows_reaching(&self, limit: f32) -> f64 {
        let rows = self.features.rows().into_iter();
        let reaching = rows.filter(|row| row.iter().any(|value| value.abs() >= limit)).count();
        reaching as f64 / self.len() as f64
    }
}

impl fmt::Display for Examples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, positives) = self.class_counts();
        let share = 100.0 * positives as f64 / self.len().max(1) as f64;
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
    use crate::random::{permutation, random_choice};
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
        assert_eq!(examples.select(&[]).to_string(), "0 examples with 2 features, 0 positive (0.00 %)");
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
    fn classes_are_thinned_and_repeated() {
        let labels = Array1::from_shape_fn(50, |row| row % 5 == 0);
        let all = Examples::new(Array2::from_shape_fn((50, 1), |(row, _)| row as f32), labels).unwrap();
        let rows = |examples: &Examples| examples.features.column(0).mapv(|row| row as usize).to_vec();
        let few = all.undersample(1).unwrap();
        assert!(few.class_counts() == (10, 10) && rows(&few).is_sorted());
        assert_ne!(rows(&few), rows(&all.undersample(2).unwrap()));
        // The few positives are among the more, whatever their number.
        let (two, five) = (all.keep_positives(2, 3).unwrap(), all.keep_positives(5, 3).unwrap());
        assert_eq!((two.class_counts(), five.class_counts()), ((40, 2), (40, 5)));
        assert!(rows(&two).iter().all(|row| rows(&five).contains(row)));
        assert_eq!(rows(&all.repeat_positives(3))[..5], [0, 0, 0, 1, 2]);
        assert_eq!(all.repeat_positives(3).class_counts(), (40, 30));
        assert_eq!(all.repeat_positives(1), all);
        assert!(all.keep_positives(11, 1).unwrap_err().to_string().contains("11 of 10 positives"));
        assert!(all.repeat_positives(5).undersample(1).unwrap_err().to_string().contains("50 positives"));
    }

    #[test]
    fn shares_and_features() {
        let all = examples().with_names(["a", "b"]).unwrap();
        assert_eq!((all.share_of_values_within(2.0), all.share_of_rows_reaching(5.0)), (2.0 / 6.0, 1.0 / 3.0));
        assert_eq!(all.positive_rate(), 1.0 / 3.0);
        let only = all.without(&["a"]).unwrap();
        assert_eq!((only.features.clone(), only.names.to_vec()), (array![[2.0], [4.0], [6.0]], vec!["b".to_owned()]));
        assert!(only.features.is_standard_layout());
        assert!(all.without(&["c"]).unwrap_err().to_string().contains("'c'; the features are a, b"));
        assert!(all.without(&["a", "b"]).is_err());
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
