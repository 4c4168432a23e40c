//! Brings every feature to mean 0 and standard deviation 1, by linfa.

use learn::error::{Error, Result};
use linfa::DatasetBase;
use linfa::traits::{Fit, Transformer};
use linfa_preprocessing::linear_scaling::{LinearScaler, ScalingMethod};
use ndarray::{Array2, ArrayView1, ShapeBuilder, aview1};
use serde::{Deserialize, Serialize};

/// scikit-learn's `StandardScaler` for arrays: (x - mean) / scale for each feature, in f64, then limited to ± the clip. Mean and
/// deviation are learned and applied by linfa's [`LinearScaler`].
///
/// linfa alone would lose digits where values lie far from 0 and close together, and overflow where they are very large or very
/// small. So it is given distances from the first value, in units of the largest of them, rounded down to a power of two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardScaler {
    /// For each feature what its distances are measured from.
    origins: Vec<f64>,
    units: Vec<f64>,
    /// Of the distances.
    linear: LinearScaler<f64>,
    clip: Option<f64>,
}

impl StandardScaler {
    /// Learns from an array of shape `[examples, features]`.
    ///
    /// # Errors
    /// When there are no rows or no features, a value is not finite, or the values of a feature are beyond what 64 bits hold.
    pub fn fit(train: &Array2<f64>) -> Result<Self> {
        Self::fit_named(train, |feature| format!("x{feature}"))
    }

    /// As [`fit`](Self::fit), with words for the features in an error.
    pub(crate) fn fit_named(train: &Array2<f64>, name: impl Fn(usize) -> String) -> Result<Self> {
        check_values(train)?;
        let (rows, features) = train.dim();
        if rows == 0 || features == 0 {
            let problem = format!("{rows} rows with {features} features: there is nothing to learn a scale from");
            return Err(Error::Argument(problem));
        }
        let (origins, units): (Vec<_>, Vec<_>) = train.columns().into_iter().map(origin_and_unit).unzip();
        let distances = DatasetBase::from(distances(train, &origins, &units));
        let linear = LinearScaler::standard().fit(&distances).map_err(|error| Error::Argument(error.to_string()))?;
        let scaler = Self { origins, units, linear, clip: None };
        let is_sound = |(mean, scale): (f64, f64)| mean.is_finite() && scale.is_normal();
        match scaler.mean().into_iter().zip(scaler.scale()).position(|feature| !is_sound(feature)) {
            Some(feature) => Err(Error::Argument(format!(
                "the values of '{}' are too large, or too near to each other, for a mean and a deviation in 64 bits: use another unit",
                name(feature)
            ))),
            None => Ok(scaler),
        }
    }

    /// Limits every scaled value to [-`limit`, `limit`], in standard deviations, above 0. Default: no limit.
    pub fn clip(self, limit: f64) -> Self {
        Self { clip: Some(limit), ..self }
    }

    /// The mean of each feature, in its own unit.
    pub fn mean(&self) -> Vec<f64> {
        (self.linear.offsets() * &aview1(&self.units) + aview1(&self.origins)).to_vec()
    }

    /// What each feature is divided by: its standard deviation with n in the denominator, or 1 if it is constant.
    pub fn scale(&self) -> Vec<f64> {
        (&aview1(&self.units) / self.linear.scales()).to_vec()
    }

    /// Scales an array of shape `[examples, features]`.
    ///
    /// # Errors
    /// When it has another number of features than the scaler was fitted on, or a value is not finite.
    pub fn transform(&self, features: &Array2<f64>) -> Result<Array2<f64>> {
        self.check()?;
        check_values(features)?;
        if features.ncols() != self.units.len() {
            let (known, found) = (self.units.len(), features.ncols());
            return Err(Error::Argument(format!("the scaler was fitted on {known} features, not {found}")));
        }
        let mut scaled = self.linear.transform(distances(features, &self.origins, &self.units));
        if let Some(limit) = self.clip {
            scaled.mapv_inplace(|value| value.clamp(-limit, limit));
        }
        Ok(scaled)
    }

    /// Refuses numbers that don't fit together, which a file may hide.
    pub(crate) fn check(&self) -> Result<()> {
        let (offsets, scales) = (self.linear.offsets(), self.linear.scales());
        let lengths = [self.origins.len(), self.units.len(), offsets.len(), scales.len()];
        let problem = if lengths.iter().any(|length| *length != lengths[0]) {
            format!("numbers for {lengths:?} features")
        } else if self.linear.method() != &ScalingMethod::Standard(true, true) {
            "another method than the standard".into()
        } else if !offsets.iter().chain(&self.origins).all(|mean| mean.is_finite()) {
            "a mean that is not finite".into()
        } else if !scales.iter().chain(&self.units).all(|scale| scale.is_normal() && *scale > 0.0) {
            "a scale that is not above 0".into()
        } else if let Some(limit) = self.clip.filter(|limit| !(limit.is_finite() && *limit > 0.0)) {
            format!("a clip of {limit}: it is a number of standard deviations above 0, such as 5")
        } else {
            return Ok(());
        };
        Err(Error::Argument(format!("this StandardScaler can't be used: it has {problem}")))
    }
}

/// The first value, and the power of two below the largest distance from it; 1 where all values are the same.
fn origin_and_unit(values: ArrayView1<f64>) -> (f64, f64) {
    let origin = values[0];
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max((value - origin).abs()));
    let unit = f64::from_bits(largest.to_bits() & f64::INFINITY.to_bits()); // the exponent alone
    (origin, if largest == 0.0 { 1.0 } else { unit })
}

/// The values as distances from the origins in their units, feature by feature.
fn distances(values: &Array2<f64>, origins: &[f64], units: &[f64]) -> Array2<f64> {
    let mut distances = Array2::zeros(values.raw_dim().f());
    distances.assign(values);
    (distances - aview1(origins)) / aview1(units)
}

fn check_values(values: &Array2<f64>) -> Result<()> {
    match values.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, feature), value)) => {
            Err(Error::Argument(format!("feature {feature} of row {row} is {value}: drop or fill such rows first")))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_clip_is_a_number_above_0() {
        let scaler = StandardScaler::fit(&array![[0.0], [2.0]]).unwrap();
        for limit in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let message = scaler.clone().clip(limit).transform(&array![[0.0]]).unwrap_err().to_string();
            assert!(message.contains(&format!("a clip of {limit}")), "{message}");
        }
        assert_eq!(scaler.clip(5.0).transform(&array![[0.0], [11.0]]).unwrap(), array![[-1.0], [5.0]]);
    }

    #[test]
    fn numbers_of_any_size_are_scaled_alike() {
        let plain = array![[1.0], [2.0], [4.0], [-3.0]];
        let expected = StandardScaler::fit(&plain).unwrap().transform(&plain).unwrap();
        for power in [-1000, -60, 60, 1000] {
            let unit = f64::from_bits(((1023 + power) as u64) << 52); // 2 to this power
            let column = &plain * unit;
            let scaler = StandardScaler::fit(&column).unwrap();
            assert_eq!(scaler.transform(&column).unwrap(), expected, "2^{power}");
        }
        let message = StandardScaler::fit(&array![[1e308], [-1e308]]).unwrap_err().to_string();
        assert!(message.contains("'x0' are too large"), "{message}");
    }

    #[test]
    fn a_feature_that_never_changes_becomes_0() {
        let scaler = StandardScaler::fit(&array![[7.5, 1.0], [7.5, 3.0]]).unwrap();
        assert_eq!((scaler.mean(), scaler.scale()), (vec![7.5, 2.0], vec![1.0, 1.0]));
        assert_eq!(scaler.transform(&array![[7.5, 3.0]]).unwrap(), array![[0.0, 1.0]]);
    }

    #[test]
    fn it_is_linfas_scaler_where_that_keeps_its_digits() {
        let train = Array2::from_shape_fn((200, 3), |(row, column)| ((row * row * (column + 2)) % 97) as f64 - 40.0);
        let ours = StandardScaler::fit(&train).unwrap().transform(&train).unwrap();
        let linfas = LinearScaler::standard().fit(&DatasetBase::from(train.clone())).unwrap().transform(train);
        assert!(ours.iter().zip(&linfas).all(|(a, b)| (a - b).abs() < 1e-13));
    }
}
