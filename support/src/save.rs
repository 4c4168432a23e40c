//! Models and figures in files.

use std::path::Path;

use learn::error::{Error, Result};
use learn::model::Sequential;
use plot::{Figure, Slider};

use crate::files::{read, write_whole};
use crate::preprocessor::Preprocessor;

/// A model in a file, in the form of [`Sequential::to_bytes`]; the file appears whole or not at all.
pub trait ModelFile: Sized {
    /// Writes the weights, for [`load_weights`](Self::load_weights).
    ///
    /// # Errors
    /// When a weight is not finite, or the file can't be written.
    fn save_weights(&self, path: impl AsRef<Path>) -> Result<()>;

    /// Reads weights that a model with the same layers wrote.
    ///
    /// # Errors
    /// When the file can't be read, is not a safetensors file, is damaged, or holds the weights of other layers.
    fn load_weights(&mut self, path: impl AsRef<Path>) -> Result<()>;

    /// Writes layers, weights and the preprocessor with its columns; [`Pipeline`](crate::Pipeline) has the threshold, too.
    ///
    /// # Errors
    /// When the preprocessor has another number of features than the model, one of the two can't be used, or the file can't be
    /// written.
    fn save(&self, path: impl AsRef<Path>, preprocessor: &Preprocessor) -> Result<()>;

    /// Reads what [`save`](Self::save) wrote: the model, ready to predict, and its preprocessor. To train on, compile it again.
    ///
    /// # Errors
    /// When the file can't be read, is damaged or was not written by [`save`](Self::save).
    fn load(path: impl AsRef<Path>) -> Result<(Self, Preprocessor)>;
}

impl ModelFile for Sequential {
    fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        write_whole(path.as_ref(), &self.weights_to_bytes().map_err(in_file(path.as_ref()))?)
    }

    fn load_weights(&mut self, path: impl AsRef<Path>) -> Result<()> {
        self.set_weights_from_bytes(&read(path.as_ref())?).map_err(in_file(path.as_ref()))
    }

    fn save(&self, path: impl AsRef<Path>, preprocessor: &Preprocessor) -> Result<()> {
        write_whole(path.as_ref(), &self.to_bytes(preprocessor)?)
    }

    fn load(path: impl AsRef<Path>) -> Result<(Self, Preprocessor)> {
        Self::from_bytes(&read(path.as_ref())?).map_err(in_file(path.as_ref()))
    }
}

/// A figure in a file of its own; the file appears whole or not at all.
pub trait FigureFile {
    /// Writes the figure: a drawing as SVG, a slider as a web page.
    ///
    /// # Errors
    /// When the file can't be written.
    fn save(&self, path: impl AsRef<Path>) -> Result<()>;
}

impl FigureFile for Figure {
    fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_whole(path.as_ref(), self.svg().as_bytes())
    }
}

impl FigureFile for Slider {
    fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_whole(path.as_ref(), self.page().as_bytes())
    }
}

/// What is wrong with the bytes of a file, with its name.
pub(crate) fn in_file(path: &Path) -> impl FnOnce(Error) -> Error {
    move |error| Error::content(path, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use learn::dataset::Dataset;
    use learn::examples::Examples;
    use learn::layers::{Dense, Dropout};
    use learn::optimizers::Adam;
    use learn::training::FitConfig;
    use ndarray::{Array1, Array2};
    use polars::prelude::{Column, DataFrame, NamedFrom, Series};

    fn model(seed: u64) -> Sequential {
        Sequential::new(3, seed).add(Dense::new(4).relu()).add(Dropout::new(0.5)).add(Dense::new(1).bias(-2.0))
    }

    fn preprocessor(names: [&str; 3]) -> Preprocessor {
        let column = |name: &str, from: i32| Column::from(Series::new(name.into(), [from, from * from, 7, 9]));
        let label = Column::from(Series::new("y".into(), [0, 1, 0, 1]));
        let columns = names.iter().zip(2..).map(|(name, from)| column(name, from)).chain([label]).collect();
        Preprocessor::fit(&DataFrame::new(4, columns).unwrap(), "y").unwrap().clip(5.0)
    }

    fn scaler() -> Preprocessor {
        preprocessor(["a", "b", "c"])
    }

    struct TemporaryFile(std::path::PathBuf);

    impl TemporaryFile {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("support-{}-{name}.safetensors", std::process::id())))
        }
    }

    impl Drop for TemporaryFile {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    #[test]
    fn a_saved_model_predicts_the_same() {
        let file = TemporaryFile::new("model");
        let (model, scaler) = (model(1), scaler());
        model.save(&file.0, &scaler).unwrap();
        let (loaded, loaded_scaler) = Sequential::load(&file.0).unwrap();
        let features = Array2::from_shape_fn((70, 3), |(row, column)| (row as f32 - 30.0) * (column as f32 + 0.1));
        assert_eq!(loaded.predict(&features).unwrap(), model.predict(&features).unwrap());
        assert_eq!(loaded_scaler, scaler);
    }

    /// A model of columns in one order predicts nonsense from columns in another, and can't tell.
    #[test]
    fn columns_in_another_order_are_refused_when_saving_and_after_loading() {
        let file = TemporaryFile::new("names");
        let (ours, others) = (preprocessor(["a", "b", "c"]), preprocessor(["b", "a", "c"]));
        let examples = |names: &[String]| {
            let features = Array2::from_shape_fn((4, 3), |(row, column)| (row * column) as f32);
            Examples::new(features, Array1::from(vec![true, false, true, false]))
                .unwrap()
                .with_names(names.to_vec())
                .unwrap()
        };
        let mut model = model(1).compile(Adam::new(1e-3));
        model.fit(&Dataset::new(&examples(ours.names())), None, FitConfig::epochs(1)).unwrap();
        let message = model.save(&file.0, &others).unwrap_err().to_string();
        assert!(
            message.contains("feature 0 is 'a' in the training set") && message.contains("but 'b' in"),
            "{message}"
        );
        model.save(&file.0, &ours).unwrap();
        let (loaded, _) = Sequential::load(&file.0).unwrap();
        assert!(loaded.evaluate(&examples(ours.names())).is_ok());
        assert!(loaded.evaluate(&examples(others.names())).unwrap_err().to_string().contains("feature 0 is 'a'"));
    }

    #[test]
    fn two_files_of_one_model_are_the_same() {
        let files = ["first", "second"].map(TemporaryFile::new);
        let [first, second] = files.each_ref().map(|file| {
            model(1).save(&file.0, &scaler()).unwrap();
            fs::read(&file.0).unwrap()
        });
        assert!(first == second);
    }

    #[test]
    fn a_model_that_diverged_is_not_saved() {
        let file = TemporaryFile::new("diverged");
        let mut model = model(1);
        let mut weights: Vec<f32> = model.weights().into();
        weights[2] = f32::NAN;
        model.set_weights(&weights.into()).unwrap();
        assert!(model.save(&file.0, &scaler()).unwrap_err().to_string().contains("not finite"));
        assert!(model.save_weights(&file.0).is_err() && !file.0.exists());
    }

    #[test]
    fn weights_return_to_a_model_of_the_same_layers() {
        let file = TemporaryFile::new("weights");
        model(1).save_weights(&file.0).unwrap();
        let mut other = model(2);
        assert_ne!(other.weights(), model(1).weights());
        other.load_weights(&file.0).unwrap();
        assert_eq!(other.weights(), model(1).weights());
    }

    #[test]
    fn damaged_and_foreign_files_are_refused_and_change_nothing() {
        let file = TemporaryFile::new("damaged");
        let refused = |expected: &str| {
            let mut model = model(3);
            let before = model.weights();
            let message = model.load_weights(&file.0).unwrap_err().to_string();
            assert!(message.contains(expected) && message.contains("damaged.safetensors"), "{message}");
            assert_eq!(model.weights(), before);
        };
        refused("");
        fs::write(&file.0, "not a model").unwrap();
        refused("not a readable checkpoint");
        model(1).save_weights(&file.0).unwrap();
        let bytes = fs::read(&file.0).unwrap();
        fs::write(&file.0, &bytes[..bytes.len() - 3]).unwrap();
        refused("not a readable checkpoint");
        Sequential::new(3, 1).add(Dense::new(5)).add(Dense::new(1)).save_weights(&file.0).unwrap();
        refused("dense_0/kernel has the shape [3, 5], but the model needs [3, 4]");
        assert!(Sequential::load(&file.0).unwrap_err().to_string().contains("this file holds no model"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let message = model(1).save_weights("no/such/folder/weights.safetensors").unwrap_err().to_string();
        assert!(message.contains("no/such/folder"), "{message}");
    }

    #[test]
    fn a_figure_is_saved_whole() {
        let figure = plot::imbalance(20, 1).unwrap();
        let path = std::env::temp_dir().join(format!("figure-{}.svg", std::process::id()));
        figure.save(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), figure.svg());
        fs::remove_file(path).unwrap();
    }
}
