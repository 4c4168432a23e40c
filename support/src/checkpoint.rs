//! Models on disk, in the safetensors format: the weights under Keras' names, and in the file's metadata the layers
//! and the scaler, without which the weights are of no use. Python reads the files with `safetensors.numpy`.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::layers::Layer;
use crate::model::{Sequential, Weights};
use crate::network::Network;
use crate::scaler::StandardScaler;

/// What the metadata of a file says besides the weights.
#[derive(Serialize, Deserialize)]
struct Architecture {
    inputs: usize,
    layers: Vec<Layer>,
}

impl Sequential {
    /// Writes the weights, for [`load_weights`](Self::load_weights); the file appears whole or not at all.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        self.write(path.as_ref(), HashMap::new())
    }

    /// Reads weights that a model with the same layers wrote.
    ///
    /// # Errors
    /// When the file can't be read, is not a safetensors file, or holds the weights of other layers.
    pub fn load_weights(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(Error::file(path))?;
        let weights = read_weights(path, &parse(path, &bytes)?, &self.network)?;
        self.set_weights(&weights)
    }

    /// Writes everything that a prediction on new rows needs: layers, weights and the scaler with its columns.
    ///
    /// # Errors
    /// When the scaler has another number of features than the model, or the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>, scaler: &StandardScaler) -> Result<()> {
        self.check_inputs(scaler.names().len())?;
        let architecture = Architecture { inputs: self.network.inputs, layers: self.network.layers.clone() };
        let json =
            |value: serde_json::Result<String>| value.map_err(|error| Error::content(path.as_ref(), error.to_string()));
        let metadata = HashMap::from([
            ("architecture".to_owned(), json(serde_json::to_string(&architecture))?),
            ("scaler".to_owned(), json(serde_json::to_string(scaler))?),
        ]);
        self.write(path.as_ref(), metadata)
    }

    /// Reads what [`save`](Self::save) wrote: the model, ready to predict, and its scaler. To train on, compile it again.
    ///
    /// # Errors
    /// When the file can't be read or was not written by [`save`](Self::save).
    pub fn load(path: impl AsRef<Path>) -> Result<(Self, StandardScaler)> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(Error::file(path))?;
        let tensors = parse(path, &bytes)?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| unreadable(path, &error))?;
        let metadata = |key: &str| {
            let text = header.metadata().as_ref().and_then(|metadata| metadata.get(key));
            text.ok_or_else(|| {
                Error::content(
                    path,
                    format!("this file has weights but no {key}: it was not written by Sequential::save"),
                )
            })
        };
        let architecture: Architecture =
            serde_json::from_str(metadata("architecture")?).map_err(|error| unreadable(path, &error))?;
        let scaler: StandardScaler =
            serde_json::from_str(metadata("scaler")?).map_err(|error| unreadable(path, &error))?;
        let mut model = architecture.layers.into_iter().fold(Self::new(architecture.inputs, 0), Self::add);
        model.network.check()?;
        model.check_inputs(scaler.names().len())?;
        let weights = read_weights(path, &tensors, &model.network)?;
        model.set_weights(&weights)?;
        Ok((model, scaler))
    }

    fn write(&self, path: &Path, metadata: HashMap<String, String>) -> Result<()> {
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
            .and_then(|views| serialize(views, Some(metadata)));
        write_whole(path, &bytes.map_err(|error| Error::content(path, error.to_string()))?)
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

fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<SafeTensors<'a>> {
    SafeTensors::deserialize(bytes).map_err(|error| unreadable(path, &error))
}

fn read_weights(path: &Path, file: &SafeTensors, network: &Network) -> Result<Weights> {
    let mut values = Vec::with_capacity(network.weights.len());
    for (name, shape) in tensors(network) {
        let tensor = file.tensor(&name).map_err(|_| {
            Error::content(
                path,
                format!("there are no weights called {name}: the file is of a model with other layers"),
            )
        })?;
        if tensor.shape() != shape || tensor.dtype() != Dtype::F32 {
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
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(values.into()),
        false => Err(Error::content(
            path,
            "a weight is not a finite number: the file is damaged or the training had diverged",
        )),
    }
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
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
        assert!(Sequential::load(&file.0).unwrap_err().to_string().contains("no architecture"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let message = model(1).save_weights("no/such/folder/weights.safetensors").unwrap_err().to_string();
        assert!(message.contains("no/such/folder"), "{message}");
    }
}
