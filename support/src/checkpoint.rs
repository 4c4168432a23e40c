//! Models on disk, in the safetensors format: the weights under Keras' names, and in the file's metadata the layers
//! and the scaler, without which the weights are of no use. Python reads the files with `safetensors.numpy`.

use std::collections::HashMap;
use std::path::Path;
use std::{fmt, fs};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::layers::Layer;
use crate::model::Sequential;
use crate::network::Network;
use crate::scaler::StandardScaler;

/// The form of the metadata that this version writes, and the only one it reads.
const FORMAT: u32 = 1;

/// The only key of the metadata: with two of them, safetensors would write them in an order left to chance.
const KEY: &str = "support";

/// What the metadata of a file says besides the weights.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    format: u32,
    /// That of everything else in the file.
    checksum: String,
    /// Nothing in a file of weights alone.
    model: Option<Saved>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    inputs: usize,
    layers: Vec<Layer>,
    scaler: StandardScaler,
}

impl Sequential {
    /// Writes the weights, for [`load_weights`](Self::load_weights); the file appears whole or not at all.
    ///
    /// # Errors
    /// When a weight is not finite, or the file can't be written.
    pub fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        self.write(path.as_ref(), None)
    }

    /// Reads weights that a model with the same layers wrote.
    ///
    /// # Errors
    /// When the file can't be read, is not a safetensors file, is damaged, or holds the weights of other layers.
    pub fn load_weights(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(Error::file(path))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|error| unreadable(path, &error))?;
        let metadata = metadata(path, &bytes)?;
        let weights = read_weights(path, &tensors, &self.network)?;
        if let Some(metadata) = metadata {
            check(path, &metadata, &weights)?;
        }
        self.set_weights(&weights.into())
    }

    /// Writes everything that a prediction on new rows needs: layers, weights and the scaler with its columns.
    ///
    /// # Errors
    /// When the scaler has another number of features than the model, one of the two can't be used, or the file can't be
    /// written.
    pub fn save(&self, path: impl AsRef<Path>, scaler: &StandardScaler) -> Result<()> {
        self.network.check()?;
        self.check_inputs(scaler.names().len())?;
        scaler.check()?;
        let layers = self.network.layers.clone();
        self.write(path.as_ref(), Some(Saved { inputs: self.network.inputs, layers, scaler: scaler.clone() }))
    }

    /// Reads what [`save`](Self::save) wrote: the model, ready to predict, and its scaler. To train on, compile it again.
    ///
    /// # Errors
    /// When the file can't be read, is damaged or was not written by [`save`](Self::save).
    pub fn load(path: impl AsRef<Path>) -> Result<(Self, StandardScaler)> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(Error::file(path))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|error| unreadable(path, &error))?;
        let no_model = || Error::content(path, "this file holds no model: it was not written by Sequential::save");
        let metadata = metadata(path, &bytes)?.ok_or_else(no_model)?;
        let saved = metadata.model.as_ref().ok_or_else(no_model)?;
        let at = |error: Error| Error::content(path, error.to_string());
        saved.scaler.check().map_err(at)?;
        let mut model = Self::new(saved.inputs, 0);
        model.check_inputs(saved.scaler.names().len()).map_err(at)?;
        // No layer is added and no weight drawn before the file has shown that it holds the weights of all.
        model.network.layers.clone_from(&saved.layers);
        model.network.check().map_err(at)?;
        model.network.weights = read_weights(path, &tensors, &model.network)?;
        check(path, &metadata, &model.network.weights)?;
        Ok((model, saved.scaler.clone()))
    }

    fn write(&self, path: &Path, model: Option<Saved>) -> Result<()> {
        if self.network.weights.iter().any(|weight| !weight.is_finite()) {
            return Err(Error::content(
                path,
                "not written: a weight of the model is not finite, its training has diverged",
            ));
        }
        let at = |error: &dyn fmt::Display| Error::content(path, error.to_string());
        let checksum = checksum(model.as_ref(), &self.network.weights).map_err(|error| at(&error))?;
        let metadata = Metadata { format: FORMAT, checksum, model };
        let metadata = serde_json::to_string(&metadata).map_err(|error| at(&error))?;
        let mut start = 0;
        let tensors = tensors(&self.network).map(|(name, shape)| {
            let values = &self.network.weights[start..start + shape.iter().product::<usize>()];
            start += values.len();
            (name, shape, values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
        });
        let tensors: Vec<_> = tensors.collect();
        let views = tensors
            .iter()
            .map(|(name, shape, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes)?)));
        let bytes = views
            .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>()
            .and_then(|views| serialize(views, Some(HashMap::from([(KEY.to_owned(), metadata)]))));
        write_whole(path, &bytes.map_err(|error| at(&error))?)
    }
}

/// The names and shapes of a network's weights: dense_0/kernel, dense_0/bias, dense_1/kernel, ….
fn tensors(network: &Network) -> impl Iterator<Item = (String, Vec<usize>)> {
    let with_weights =
        network.with_inputs().map(|(inputs, layer)| layer.shapes(inputs)).filter(|shapes| !shapes.is_empty());
    with_weights.enumerate().flat_map(|(number, shapes)| {
        shapes.into_iter().map(move |(name, shape)| (format!("dense_{number}/{name}"), shape))
    })
}

/// Our part of a file's metadata; nothing in a file that another program wrote.
fn metadata(path: &Path, bytes: &[u8]) -> Result<Option<Metadata>> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| unreadable(path, &error))?;
    let Some(text) = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY)) else {
        return Ok(None);
    };
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_str(text).map_err(|error| unreadable(path, &error))?;
    if format != FORMAT {
        let problem = format!("the file has format {format}, but this version reads format {FORMAT}: write it again");
        return Err(Error::content(path, problem));
    }
    serde_json::from_str(text).map(Some).map_err(|error| unreadable(path, &error))
}

/// A file may be valid and yet not what was written: a byte that changes on a disk makes another weight or another mean of it.
fn check(path: &Path, metadata: &Metadata, weights: &[f32]) -> Result<()> {
    match checksum(metadata.model.as_ref(), weights) {
        Ok(checksum) if checksum == metadata.checksum => Ok(()),
        _ => Err(unreadable(path, &"its checksum is not that of its content: the file is damaged")),
    }
}

/// FNV-1a of a model's settings and weights: whatever single byte changes, so does this.
fn checksum(model: Option<&Saved>, weights: &[f32]) -> serde_json::Result<String> {
    let settings = serde_json::to_vec(&model)?;
    let bytes = settings.into_iter().chain(weights.iter().flat_map(|weight| weight.to_le_bytes()));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    Ok(format!("{hash:016x}"))
}

/// The weights in the network's order. Nothing takes more room than the file has shown to hold.
fn read_weights(path: &Path, file: &SafeTensors, network: &Network) -> Result<Vec<f32>> {
    let mut values = Vec::new();
    let mut expected = 0;
    for (name, shape) in tensors(network) {
        expected += 1;
        let tensor = file.tensor(&name).map_err(|_| {
            Error::content(
                path,
                format!("there are no weights called {name}: the file is of a model with other layers"),
            )
        })?;
        if tensor.dtype() != Dtype::F32 {
            let problem = format!("{name} holds numbers of the type {:?}, but weights are F32", tensor.dtype());
            return Err(Error::content(path, problem));
        }
        if tensor.shape() != shape {
            let problem = format!(
                "{name} has the shape {:?}, but the model needs {shape:?}: the file is of a model with other layers",
                tensor.shape()
            );
            return Err(Error::content(path, problem));
        }
        values.extend(
            tensor.data().chunks_exact(4).map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        );
    }
    if file.len() != expected {
        let problem = format!(
            "the file has {} tensors, but the model {expected}: it is of a model with other layers",
            file.len()
        );
        return Err(Error::content(path, problem));
    }
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(values),
        false => Err(Error::content(
            path,
            "a weight is not a finite number: the file is damaged or the training had diverged",
        )),
    }
}

fn unreadable(path: &Path, error: &dyn fmt::Display) -> Error {
    Error::content(path, format!("not a readable checkpoint ({error}): write it again with save or save_weights"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Dense, Dropout};
    use ndarray::Array2;

    fn model(seed: u64) -> Sequential {
        Sequential::new(3, seed).add(Dense::new(4).relu()).add(Dropout::new(0.5)).add(Dense::new(1).bias(-2.0))
    }

    fn scaler() -> StandardScaler {
        let train = Array2::from_shape_fn((5, 3), |(row, column)| (row * row + column) as f64);
        StandardScaler::fit_array(&train).unwrap().clip(5.0)
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
        model.network.weights[2] = f32::NAN;
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
}
