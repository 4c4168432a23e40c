//! Brings every feature to mean 0 and standard deviation 1, with numbers learned from the training set alone.

use linfa::prelude::Fit;
use linfa_preprocessing::linear_scaling::LinearScaler;
use ndarray::{Array2, ShapeBuilder};
use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use crate::data::{labels, numbers};
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::examples::Examples;

/// scikit-learn's `StandardScaler`: (x - mean) / scale for each feature, computed in f64, then limited to ± the
/// clip. It remembers the columns it was fitted on, so that it turns any table with them into [`Examples`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StandardScaler {
    names: Vec<String>,
    label: String,
    mean: Vec<f64>,
    scale: Vec<f64>,
    clip: Option<f64>,
    /// What happens to a table before it is scaled.
    #[serde(default)]
    encoder: Option<Encoder>,
}

impl StandardScaler {
    /// Learns mean and standard deviation of every column but the label's.
    ///
    /// # Errors
    /// When there are no rows or no features, or a feature is not numeric or has a missing value.
    pub fn fit(train: &DataFrame, label: &str) -> Result<Self> {
        crate::data::column(train, label)?;
        let names: Vec<String> =
            train.get_column_names().into_iter().map(|name| name.to_string()).filter(|name| name != label).collect();
        Ok(Self { label: label.into(), ..Self::fit_array(&matrix(train, &names)?)?.with_names(names) })
    }

    /// As [`fit`](Self::fit), for a table that `encoder` turns into numbers first. The scaler keeps the encoder and applies it
    /// to every table.
    ///
    /// # Errors
    /// As [`fit`](Self::fit) and [`Encoder::transform`].
    pub fn fit_encoded(train: &DataFrame, label: &str, encoder: &Encoder) -> Result<Self> {
        Ok(Self { encoder: Some(encoder.clone()), ..Self::fit(&encoder.transform(train)?, label)? })
    }

    /// Learns from an array of shape `[examples, features]`.
    ///
    /// # Errors
    /// When there are no rows or no features, or a value is not finite.
    pub fn fit_array(train: &Array2<f64>) -> Result<Self> {
        if train.is_empty() {
            return Err(Error::Argument(format!(
                "{} rows with {} features: there is nothing to learn a scale from",
                train.nrows(),
                train.ncols()
            )));
        }
        if let Some(((row, column), value)) = train.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(Error::Argument(format!(
                "feature {column} of row {row} is {value}: drop or fill such rows first"
            )));
        }
        // Measured from the first row, so that no digits are lost where values are far from 0 and close together; and
        // column-major, so that linfa sums each feature along contiguous memory.
        let origin = train.row(0);
        let mut columns = Array2::zeros(train.dim().f());
        columns.assign(&(train - &origin));
        let fitted = LinearScaler::standard()
            .fit(&linfa::DatasetBase::from(columns))
            .map_err(|error| Error::Argument(error.to_string()))?;
        Ok(Self {
            names: (0..train.ncols()).map(|place| format!("x{place}")).collect(),
            label: String::new(),
            mean: (&origin + fitted.offsets()).to_vec(),
            scale: fitted.scales().iter().map(|factor| factor.recip()).collect(), // linfa keeps the factor
            clip: None,
            encoder: None,
        })
    }

    fn with_names(self, names: Vec<String>) -> Self {
        Self { names, ..self }
    }

    /// Limits every scaled value to [-`limit`, `limit`], in standard deviations. Default: no limit.
    pub fn clip(self, limit: f64) -> Self {
        Self { clip: Some(limit.abs()), ..self }
    }

    /// The mean of each feature, in its own unit.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// What each feature is divided by: its standard deviation with n in the denominator, or 1 if it is constant.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// The names of the features, in the order of the columns of [`transform`](Self::transform).
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Scales the features of a table and takes its labels.
    ///
    /// # Errors
    /// When a column the scaler was fitted on is missing, or holds a missing value or text; when a label is not 0 or 1.
    pub fn transform(&self, frame: &DataFrame) -> Result<Examples> {
        let labels = labels(frame, &self.label)?;
        Examples::new(self.transform_features(frame)?, labels.into())?.with_names(self.names.iter().cloned())
    }

    /// Scales the features of a table without labels, such as new transactions; shape `[rows, features]`.
    ///
    /// # Errors
    /// As [`transform`](Self::transform).
    pub fn transform_features(&self, frame: &DataFrame) -> Result<Array2<f32>> {
        let features = match &self.encoder {
            Some(encoder) => matrix(&encoder.transform(frame)?, &self.names)?,
            None => matrix(frame, &self.names)?,
        };
        Ok(self.scaled(features)?.mapv(|value| value as f32).as_standard_layout().into_owned())
    }

    /// Scales an array of shape `[examples, features]`.
    ///
    /// # Errors
    /// When it has another number of features than the scaler was fitted on.
    pub fn transform_array(&self, features: &Array2<f64>) -> Result<Array2<f64>> {
        self.scaled(features.clone())
    }

    fn scaled(&self, mut features: Array2<f64>) -> Result<Array2<f64>> {
        if features.ncols() != self.mean.len() {
            return Err(Error::Argument(format!(
                "the scaler was fitted on {} features, not {}",
                self.mean.len(),
                features.ncols()
            )));
        }
        let limit = self.clip.filter(|limit| !limit.is_nan()).unwrap_or(f64::INFINITY); // clamp panics at NaN
        for ((mut column, &mean), &scale) in features.columns_mut().into_iter().zip(&self.mean).zip(&self.scale) {
            column.mapv_inplace(|value| ((value - mean) / scale).clamp(-limit, limit));
        }
        Ok(features)
    }
}

/// The named columns as an array of shape `[rows, columns]`, column-major as they are in the table.
fn matrix(frame: &DataFrame, names: &[String]) -> Result<Array2<f64>> {
    let mut values = Vec::with_capacity(frame.height() * names.len());
    for name in names {
        values.extend(numbers(frame, name)?);
    }
    Array2::from_shape_vec((frame.height(), names.len()).f(), values)
        .map_err(|error| Error::Argument(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_clip_that_is_no_number_limits_nothing() {
        let scaler = StandardScaler::fit_array(&array![[0.0], [2.0]]).unwrap().clip(f64::NAN);
        assert_eq!(scaler.transform_array(&array![[0.0], [11.0]]).unwrap(), array![[-1.0], [10.0]]);
    }
}
