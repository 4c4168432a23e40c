//! Brings every feature to mean 0 and standard deviation 1, with numbers learned from the training set alone.

use std::path::Path;

use ndarray::{Array2, ArrayView1, ShapeBuilder};
use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use learn::checkpoint::Preparation;

use crate::data::{Kind, labels, numbers, place, shown};
use crate::encoder::Encoder;
use learn::error::{Error, Result};
use learn::examples::Examples;

/// scikit-learn's `StandardScaler`: (x - mean) / scale for each feature, computed in f64, then limited to ± the
/// clip. It remembers the columns it was fitted on, so that it turns any table with them into [`Examples`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardScaler {
    names: Vec<String>,
    label: String,
    mean: Vec<f64>,
    scale: Vec<f64>,
    clip: Option<f64>,
    /// What happens to a table before it is scaled.
    encoder: Option<Encoder>,
}

impl Preparation for StandardScaler {
    fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether the numbers fit together, which a file may hide.
    fn check(&self) -> Result<()> {
        let features = self.names.len();
        let problem = match self.clip {
            _ if self.mean.len() != features || self.scale.len() != features => {
                format!("{features} names, {} means and {} scales", self.mean.len(), self.scale.len())
            }
            _ if !self.mean.iter().all(|mean| mean.is_finite()) => "a mean that is not finite".into(),
            _ if !self.scale.iter().all(|scale| scale.is_finite() && *scale > 0.0) => {
                "a scale that is not above 0".into()
            }
            Some(limit) if !(limit.is_finite() && limit > 0.0) => {
                format!("a clip of {limit}: it is a number of standard deviations above 0, such as 5")
            }
            _ => return Ok(()),
        };
        Err(Error::Argument(format!("this StandardScaler can't be used: it has {problem}")))
    }
}

impl StandardScaler {
    /// Learns mean and standard deviation of every column but the label's.
    ///
    /// # Errors
    /// When there are no rows or no features, or a feature is not numeric or has a missing value.
    pub fn fit(train: &DataFrame, label: &str) -> Result<Self> {
        crate::data::column(train, label)?;
        let names: Vec<String> =
            shown(train).map(|column| column.name().to_string()).filter(|name| name != label).collect();
        Self::learn(&matrix(train, &names)?, names, label)
    }

    /// As [`fit`](Self::fit), for a table that `encoder` turns into numbers first. The scaler keeps the encoder, with its label,
    /// and applies it to every table.
    ///
    /// # Errors
    /// As [`fit`](Self::fit) and [`Encoder::transform`].
    pub fn fit_encoded(train: &DataFrame, encoder: &Encoder) -> Result<Self> {
        Ok(Self { encoder: Some(encoder.clone()), ..Self::fit(&encoder.transform(train)?, encoder.label())? })
    }

    /// Learns from an array of shape `[examples, features]`.
    ///
    /// # Errors
    /// When there are no rows or no features, or a value is not finite.
    pub fn fit_array(train: &Array2<f64>) -> Result<Self> {
        if let Some(((row, column), value)) = train.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(Error::Argument(format!(
                "feature {column} of row {row} is {value}: drop or fill such rows first"
            )));
        }
        Self::learn(train, (0..train.ncols()).map(|place| format!("x{place}")).collect(), "")
    }

    fn learn(train: &Array2<f64>, names: Vec<String>, label: &str) -> Result<Self> {
        if train.is_empty() {
            return Err(Error::Argument(format!(
                "{} rows with {} features: there is nothing to learn a scale from",
                train.nrows(),
                train.ncols()
            )));
        }
        let learned = names.iter().zip(train.columns()).map(|(name, values)| {
            mean_and_scale(values).ok_or_else(|| {
                Error::Argument(format!(
                    "the values of '{name}' are too large, or too near to each other, for a mean and a deviation in 64 bits: use another unit"
                ))
            })
        });
        let (mean, scale) = learned.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        Ok(Self { names, label: label.into(), mean, scale, clip: None, encoder: None })
    }

    /// Reads new rows from a CSV file as [`read_csv`](crate::data::read_csv) does, with the types of the training rows: what was
    /// text stays text, if it looks like a number or not, and what was a number must be one. Columns that the scaler does not
    /// know may hold anything.
    ///
    /// # Errors
    /// As [`read_csv`](crate::data::read_csv), and for a value of another type than in training.
    pub fn read_csv(&self, path: impl AsRef<Path>) -> Result<DataFrame> {
        crate::data::read(path.as_ref(), |name| match &self.encoder {
            Some(encoder) => encoder.kind(name),
            None if self.names.iter().any(|known| known == name) => Kind::Number,
            None if name == self.label => Kind::Inferred,
            None => Kind::Ignored,
        })
    }

    /// Limits every scaled value to [-`limit`, `limit`], in standard deviations, above 0. Default: no limit.
    pub fn clip(self, limit: f64) -> Self {
        Self { clip: Some(limit), ..self }
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

    /// Scales the features of a table and takes its labels. What no training row had is told in a line for each column; see
    /// [`Encoder::unseen`].
    ///
    /// # Errors
    /// When a column the scaler was fitted on is missing, or holds a missing value or text; when a label is not 0 or 1.
    pub fn transform(&self, frame: &DataFrame) -> Result<Examples> {
        self.check_columns()?;
        let labels = labels(frame, &self.label)?;
        Examples::new(self.transform_features(frame)?, labels.into())?.with_names(self.names.iter().cloned())
    }

    /// Scales the features of a table without labels, such as new transactions; shape `[rows, features]`.
    ///
    /// # Errors
    /// As [`transform`](Self::transform).
    pub fn transform_features(&self, frame: &DataFrame) -> Result<Array2<f32>> {
        self.check_columns()?;
        let features = match &self.encoder {
            Some(encoder) => {
                encoder.unseen(frame)?.iter().for_each(|sentence| eprintln!("{sentence}"));
                matrix(&encoder.transform(frame)?, &self.names)?
            }
            None => matrix(frame, &self.names)?,
        };
        let scaled = self.scaled(features)?.mapv(|value| value as f32);
        if let Some(((row, column), _)) = scaled.indexed_iter().find(|(_, value)| !value.is_finite()) {
            let (name, place) = (&self.names[column], place(frame, row));
            return Err(Error::Table(format!(
                "column '{name}', {place}: the value is too far from those of the training rows for 32 bits; correct it, or limit the scaler by clip"
            )));
        }
        Ok(scaled.as_standard_layout().into_owned())
    }

    /// Scales an array of shape `[examples, features]`.
    ///
    /// # Errors
    /// When it has another number of features than the scaler was fitted on, or a value is not finite.
    pub fn transform_array(&self, features: &Array2<f64>) -> Result<Array2<f64>> {
        if let Some(((row, column), value)) = features.indexed_iter().find(|(_, value)| !value.is_finite()) {
            let name = self.names.get(column).map_or("", String::as_str);
            return Err(Error::Argument(format!(
                "feature '{name}' of row {row} is {value}: drop or fill such rows first"
            )));
        }
        self.scaled(features.clone())
    }

    fn scaled(&self, mut features: Array2<f64>) -> Result<Array2<f64>> {
        self.check()?;
        if features.ncols() != self.mean.len() {
            return Err(Error::Argument(format!(
                "the scaler was fitted on {} features, not {}",
                self.mean.len(),
                features.ncols()
            )));
        }
        let limit = self.clip.unwrap_or(f64::INFINITY);
        for ((mut column, &mean), &scale) in features.columns_mut().into_iter().zip(&self.mean).zip(&self.scale) {
            column.mapv_inplace(|value| ((value - mean) / scale).clamp(-limit, limit));
        }
        Ok(features)
    }

    fn check_columns(&self) -> Result<()> {
        match self.label.is_empty() {
            true => Err(Error::Argument(
                "this StandardScaler was fitted on an array, which has no names of columns: use transform_array".into(),
            )),
            false => Ok(()),
        }
    }
}

/// The mean of values and their standard deviation with n in the denominator, or 1 if all are the same; none if the numbers
/// are beyond what 64 bits hold.
///
/// The values are measured from the first one, so that no digits are lost where they are far from 0 and close together, and in
/// units of the largest distance from it, rounded down to a power of two, so that no square is too large or too small. The mean
/// is that of eight sums side by side, the deviation Welford's. Their order is fixed and nothing is fused: the bits are the same
/// on every machine.
fn mean_and_scale(values: ArrayView1<f64>) -> Option<(f64, f64)> {
    let origin = values[0];
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max((value - origin).abs()));
    if largest == 0.0 {
        return Some((origin, 1.0));
    }
    let unit = f64::from_bits(largest.to_bits() & f64::INFINITY.to_bits()); // the exponent alone
    let distances: Vec<f64> = values.iter().map(|value| (value - origin) / unit).collect();
    let count = distances.len() as f64;

    let mut sums = [0.0; 8];
    let eights = distances.chunks_exact(8);
    let rest = eights.remainder();
    for eight in eights {
        sums.iter_mut().zip(eight).for_each(|(sum, distance)| *sum += distance);
    }
    let sum = (0..4).fold(0.0, |sum, place| sum + (sums[place] + sums[place + 4]));
    let sum = rest.iter().fold(sum, |sum, distance| sum + distance);

    let (mut mean, mut squares) = (0.0, 0.0);
    for (number, distance) in (1u32..).zip(&distances) {
        let before = distance - mean;
        mean += before / f64::from(number);
        squares += (distance - mean) * before;
    }
    let (mean, scale) = (origin + unit * (sum / count), unit * (squares / count).sqrt());
    (mean.is_finite() && scale.is_normal()).then_some((mean, scale))
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
    fn a_clip_is_a_number_above_0() {
        let scaler = StandardScaler::fit_array(&array![[0.0], [2.0]]).unwrap();
        for limit in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let message = scaler.clone().clip(limit).transform_array(&array![[0.0]]).unwrap_err().to_string();
            assert!(message.contains(&format!("a clip of {limit}")), "{message}");
        }
        assert_eq!(scaler.clip(5.0).transform_array(&array![[0.0], [11.0]]).unwrap(), array![[-1.0], [5.0]]);
    }

    #[test]
    fn numbers_of_any_size_are_scaled_alike() {
        let plain = array![[1.0], [2.0], [4.0], [-3.0]];
        let expected = StandardScaler::fit_array(&plain).unwrap().transform_array(&plain).unwrap();
        for power in [-1000, -60, 60, 1000] {
            let unit = f64::from_bits(((1023 + power) as u64) << 52); // 2 to this power
            let column = &plain * unit;
            let scaler = StandardScaler::fit_array(&column).unwrap();
            assert_eq!(scaler.transform_array(&column).unwrap(), expected, "2^{power}");
        }
        let message = StandardScaler::fit_array(&array![[1e308], [-1e308]]).unwrap_err().to_string();
        assert!(message.contains("'x0' are too large"), "{message}");
    }
}
