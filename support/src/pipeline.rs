//! A model with all that a decision on new rows needs: what prepares them before it, and after it what corrects its
//! probabilities and the threshold that decides.

use std::path::Path;

use learn::checkpoint::Preparation;
use learn::error::Result;
use learn::metrics::Metrics;
use learn::model::Sequential;
use learn::recalibration::Recalibration;
use learn::scores::{Score, check_threshold};
use ndarray::Array1;
use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use crate::files::{read, write_whole};
use crate::preprocessor::Preprocessor;
use crate::save::in_file;

/// From the rows of a table to decisions, as one value that is saved and loaded whole; scikit-learn's `Pipeline` with
/// `CalibratedClassifierCV` and `FixedThresholdClassifier` around it.
///
/// ```
/// # use support::{Dense, Pipeline, Preprocessor, Sequential, data};
/// # let folder = std::env::temp_dir();
/// let pumps = data::binary_label(&data::machines(1), "failed", "yes")?.select(["temperature", "failed"])?;
/// let scaler = Preprocessor::fit(&pumps, "failed")?;
/// let model = Sequential::new(1, 1).add(Dense::new(1)); // and trained
/// let pipeline = Pipeline::new(model, scaler)?.threshold(0.04)?;
/// pipeline.save(folder.join("pumps.safetensors"))?;
///
/// let loaded = Pipeline::load(folder.join("pumps.safetensors"))?;
/// assert_eq!(loaded.predict(&pumps)?, pipeline.predict(&pumps)?);
/// let alarms = loaded.predict_classes(&pumps)?;
/// assert_eq!(alarms[0], loaded.predict(&pumps)?[0] > 0.04);
/// # std::fs::remove_file(folder.join("pumps.safetensors"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pipeline {
    model: Sequential,
    around: Around,
}

/// What stands around the model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Around {
    preprocessor: Preprocessor,
    recalibration: Option<Recalibration>,
    threshold: f64,
}

impl Preparation for Around {
    fn names(&self) -> &[String] {
        self.preprocessor.names()
    }

    fn check(&self) -> Result<()> {
        self.preprocessor.check()?;
        self.recalibration.iter().try_for_each(Recalibration::check)?;
        check_threshold(self.threshold)
    }
}

impl Pipeline {
    /// The model on what the preprocessor makes of a row; decides at 0.5 until it is told another threshold.
    ///
    /// # Errors
    /// When the two don't fit together: another number of features, or names other than those of the training.
    pub fn new(model: Sequential, preprocessor: Preprocessor) -> Result<Self> {
        model.to_bytes(&preprocessor)?;
        Ok(Self { model, around: Around { preprocessor, recalibration: None, threshold: Metrics::THRESHOLD } })
    }

    /// Passes the model's logits through what was learnt from a validation set: a `PlattScaling` or an `IsotonicRegression`.
    pub fn recalibration(mut self, recalibration: impl Into<Recalibration>) -> Self {
        self.around.recalibration = Some(recalibration.into());
        self
    }

    /// Decides at this probability: a row is positive when its own is greater.
    ///
    /// # Errors
    /// When the threshold is NaN.
    pub fn threshold(mut self, threshold: f64) -> Result<Self> {
        check_threshold(threshold)?;
        self.around.threshold = threshold;
        Ok(self)
    }

    /// The probability above which a row is positive.
    pub fn decides_above(&self) -> f64 {
        self.around.threshold
    }

    /// What prepares the rows: it reads a file with the types of training, and names categories that it has never seen.
    pub fn preprocessor(&self) -> &Preprocessor {
        &self.around.preprocessor
    }

    /// The probability of the positive class for each row, shape `[rows]`.
    ///
    /// # Errors
    /// When a column is missing or holds what can't be prepared, or a logit can't be recalibrated.
    pub fn predict(&self, rows: &DataFrame) -> Result<Array1<f32>> {
        let features = self.around.preprocessor.transform_features(rows)?;
        match &self.around.recalibration {
            Some(recalibration) => recalibration.predict(&self.model.logits(&features)?),
            None => self.model.predict(&features),
        }
    }

    /// Which rows are above the threshold, shape `[rows]`.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn predict_classes(&self, rows: &DataFrame) -> Result<Array1<bool>> {
        let threshold = f32::from_threshold(self.around.threshold);
        Ok(self.predict(rows)?.mapv(|probability| probability > threshold))
    }

    /// Writes all of it to one file, which appears whole or not at all.
    ///
    /// # Errors
    /// When a weight is not finite, or the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_whole(path.as_ref(), &self.model.to_bytes(&self.around)?)
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// When the file can't be read, is damaged, or was written by something else.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let (model, around) = Sequential::from_bytes(&read(path.as_ref())?).map_err(in_file(path.as_ref()))?;
        Ok(Self { model, around })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use learn::layers::Dense;
    use learn::recalibration::{IsotonicRegression, PlattScaling};
    use ndarray::array;
    use polars::prelude::{Column, NamedFrom, Series};

    fn pipeline() -> (Pipeline, DataFrame) {
        let column = |name: &str, values: [f64; 4]| Column::from(Series::new(name.into(), values));
        let columns = vec![column("size", [1.0, 2.0, 3.0, 4.0]), column("failed", [0.0, 0.0, 1.0, 1.0])];
        let rows = DataFrame::new(4, columns).unwrap();
        let mut model = Sequential::new(1, 1).add(Dense::new(1));
        model.set_weights(&vec![2.0, -1.0].into()).unwrap();
        (Pipeline::new(model, Preprocessor::fit(&rows, "failed").unwrap()).unwrap(), rows)
    }

    #[test]
    fn what_was_loaded_decides_as_what_was_saved() {
        let (plain, rows) = pipeline();
        let labels = array![false, false, true, true];
        let logits = plain.model.logits(&plain.preprocessor().transform_features(&rows).unwrap()).unwrap();
        let path = std::env::temp_dir().join(format!("pipeline-{}.safetensors", std::process::id()));
        let platt = PlattScaling::fit(&labels, &logits).unwrap();
        let isotonic = IsotonicRegression::fit(&labels, &logits).unwrap();
        for (pipeline, expected) in [
            (plain.clone(), plain.model.predict(&plain.preprocessor().transform_features(&rows).unwrap()).unwrap()),
            (plain.clone().recalibration(platt), platt.predict(&logits).unwrap()),
            (plain.clone().recalibration(isotonic.clone()), isotonic.predict(&logits).unwrap()),
        ] {
            let pipeline = pipeline.threshold(f64::from(expected[2]) - 1e-3).unwrap();
            pipeline.save(&path).unwrap();
            let loaded = Pipeline::load(&path).unwrap();
            assert_eq!(loaded.predict(&rows).unwrap(), expected);
            assert_eq!(loaded.predict_classes(&rows).unwrap(), labels);
            assert_eq!(loaded.decides_above(), pipeline.decides_above());
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (pipeline, rows) = pipeline();
        assert!(pipeline.clone().threshold(f64::NAN).is_err());
        assert!(Pipeline::new(Sequential::new(2, 1).add(Dense::new(1)), pipeline.preprocessor().clone()).is_err());
        assert!(pipeline.predict(&rows.drop("size").unwrap()).unwrap_err().to_string().contains("size"));
        let broken = [r#"{"thresholds":[1.0],"values":[]}"#, r#"{"thresholds":[2.0,1.0],"values":[0.1,0.2]}"#];
        for text in broken {
            let isotonic: IsotonicRegression = serde_json::from_str(text).unwrap();
            let around = Around { recalibration: Some(isotonic.into()), ..pipeline.around.clone() };
            assert!(around.check().unwrap_err().to_string().contains("isotonic"));
        }
    }
}
