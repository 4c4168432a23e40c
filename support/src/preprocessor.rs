//! From a table to examples: text becomes numbers, numbers are scaled, by a recipe learned from the training set alone.

use std::path::Path;

use learn::checkpoint::Preparation;
use learn::error::{Error, Result};
use learn::examples::Examples;
use ndarray::{Array2, ShapeBuilder};
use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use crate::data::{Kind, fault, labels, numbers, read_bytes, shown};
use crate::encoder::Encoder;
use crate::files::read;
use crate::scaler::StandardScaler;

/// What prepares rows for a model, as scikit-learn's `ColumnTransformer` with a `StandardScaler`: an [`Encoder`], if there is text
/// or a value is missing, and a [`StandardScaler`]. It remembers its columns, so that it turns any table with them into
/// [`Examples`], and is saved with the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessor {
    label: String,
    names: Vec<String>,
    encoder: Option<Encoder>,
    scaler: StandardScaler,
}

impl Preparation for Preprocessor {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn check(&self) -> Result<()> {
        self.scaler.check()?;
        let (names, features) = (self.names.len(), self.scaler.scale().len());
        if names != features {
            let problem = format!("this Preprocessor can't be used: it has {names} names for {features} features");
            return Err(Error::Argument(problem));
        }
        Ok(())
    }
}

impl Preprocessor {
    /// Learns mean and standard deviation of every column but the label's.
    ///
    /// # Errors
    /// When there are no rows or no features, or a feature is not numeric or has a missing value.
    pub fn fit(train: &DataFrame, label: &str) -> Result<Self> {
        crate::data::column(train, label)?;
        let names: Vec<String> =
            shown(train).map(|column| column.name().to_string()).filter(|name| name != label).collect();
        let scaler = StandardScaler::fit_named(&matrix(train, &names)?, |feature| names[feature].clone())?;
        Ok(Self { label: label.into(), names, encoder: None, scaler })
    }

    /// As [`fit`](Self::fit), for a table that `encoder` turns into numbers first. The encoder, with its label, is kept and applied
    /// to every table.
    ///
    /// # Errors
    /// As [`fit`](Self::fit) and [`Encoder::transform`].
    pub fn fit_encoded(train: &DataFrame, encoder: &Encoder) -> Result<Self> {
        Ok(Self { encoder: Some(encoder.clone()), ..Self::fit(&encoder.transform(train)?, &encoder.label)? })
    }

    /// Limits every scaled value to [-`limit`, `limit`], in standard deviations, above 0. Default: no limit.
    pub fn clip(self, limit: f64) -> Self {
        Self { scaler: self.scaler.clip(limit), ..self }
    }

    /// The names of the features, in the order of the columns of [`transform`](Self::transform).
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The mean of each feature of the training rows, in its own unit.
    pub fn mean(&self) -> Vec<f64> {
        self.scaler.mean()
    }

    /// What each feature is divided by: see [`StandardScaler::scale`].
    pub fn scale(&self) -> Vec<f64> {
        self.scaler.scale()
    }

    /// Scales the features of a table and takes its labels.
    ///
    /// # Errors
    /// When a column that was there in training is missing, or holds a missing value or text where it held numbers; when a label is
    /// not 0 or 1.
    pub fn transform(&self, frame: &DataFrame) -> Result<Examples> {
        let labels = labels(frame, &self.label)?;
        Examples::new(self.transform_features(frame)?, labels.into())?.with_names(self.names.iter().cloned())
    }

    /// Scales the features of a table without labels, such as new transactions; shape `[rows, features]`.
    ///
    /// # Errors
    /// As [`transform`](Self::transform).
    pub fn transform_features(&self, frame: &DataFrame) -> Result<Array2<f32>> {
        let encoded = self.encoder.as_ref().map(|encoder| encoder.transform(frame)).transpose()?;
        let features = matrix(encoded.as_ref().unwrap_or(frame), &self.names)?;
        let scaled = self.scaler.transform(&features)?.mapv(|value| value as f32);
        if let Some(((row, column), _)) = scaled.indexed_iter().find(|(_, value)| !value.is_finite()) {
            let problem =
                "the value is too far from those of the training rows for 32 bits; correct it, or limit it by clip";
            return Err(fault(frame, &self.names[column], row, problem));
        }
        Ok(scaled.as_standard_layout().into_owned())
    }

    /// What the rows of a table hold that no training row had, a sentence for each column: see [`Encoder::unseen`].
    ///
    /// # Errors
    /// As [`transform`](Self::transform).
    pub fn unseen(&self, frame: &DataFrame) -> Result<Vec<String>> {
        self.encoder.as_ref().map_or(Ok(Vec::new()), |encoder| encoder.unseen(frame))
    }

    /// Reads new rows from a CSV file as [`read_csv`](crate::data::read_csv) does, with the types of the training rows: what was
    /// text stays text, if it looks like a number or not, and what was a number must be one. Columns that were not there in
    /// training may hold anything.
    ///
    /// # Errors
    /// As [`read_csv`](crate::data::read_csv), and for a value of another type than in training.
    pub fn read_csv(&self, path: impl AsRef<Path>) -> Result<DataFrame> {
        let path = path.as_ref();
        self.read_csv_bytes(&path.to_string_lossy(), &read(path)?)
    }

    /// As [`read_csv`](Self::read_csv), from the bytes of a file that errors call `name`.
    ///
    /// # Errors
    /// As [`read_csv`](Self::read_csv).
    pub fn read_csv_bytes(&self, name: &str, bytes: &[u8]) -> Result<DataFrame> {
        let of_training = |name: &str| match &self.encoder {
            Some(encoder) => encoder.kind(name),
            None => self.names.iter().any(|known| known == name).then_some(Kind::Number),
        };
        let of_others = |name: &str| if name == self.label { Kind::Inferred } else { Kind::Ignored };
        read_bytes(Path::new(name), bytes, |name| of_training(name).unwrap_or_else(|| of_others(name)))
    }
}

/// The named columns as an array of shape `[rows, columns]`, column-major as they are in the table.
fn matrix(frame: &DataFrame, names: &[String]) -> Result<Array2<f64>> {
    let mut values = Vec::with_capacity(frame.height() * names.len());
    for name in names {
        values.extend(numbers(frame, name)?);
    }
    Ok(Array2::from_shape_vec((frame.height(), names.len()).f(), values).expect("a number for each row and name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{csv_bytes, read_csv_bytes};

    #[test]
    fn tables_and_preprocessors_go_through_bytes() {
        let table = read_csv_bytes("pumps.csv", b"site,size,failed\nnorth,1.5,0\nsouth,,1\nnorth,3,0\n").unwrap();
        assert!(read_csv_bytes("pumps.csv", b"site\n").unwrap_err().to_string().starts_with("pumps.csv: line 1"));
        let encoder = Encoder::fit(&table, "failed").unwrap();
        let preprocessor = Preprocessor::fit_encoded(&table, &encoder).unwrap().clip(5.0);
        let again = preprocessor.read_csv_bytes("new.csv", &csv_bytes(&table).unwrap()).unwrap();
        let text = serde_json::to_string(&preprocessor).unwrap();
        let copy: Preprocessor = serde_json::from_str(&text).unwrap();
        assert_eq!(copy.transform(&again).unwrap(), preprocessor.transform(&table).unwrap());
    }
}
