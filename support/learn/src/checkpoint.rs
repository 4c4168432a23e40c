//! Models as bytes, in the safetensors format: the weights under Keras' names, and in the metadata the layers and what
//! prepares the features, without which the weights are of no use. Python reads the files with `safetensors.numpy`.

use std::fmt;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, ensure, refuse};
use crate::layers::Layer;
use crate::model::Sequential;
use crate::network::Network;

/// What turns new rows into the features of a model, and is therefore saved with it.
pub trait Preparation: Serialize + DeserializeOwned {
    /// The names of the features, in their order.
    fn names(&self) -> &[String];

    /// Refuses numbers that don't fit together, which bytes may hide.
    ///
    /// # Errors
    /// When it can't be used.
    fn check(&self) -> Result<()>;
}

/// The form of the metadata that this version writes, and the only one it reads.
const FORMAT: u32 = 2;

/// The only key of the metadata: with two of them, safetensors would write them in an order left to chance.
const KEY: &str = "support";

/// What the metadata says besides the weights.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    format: u32,
    /// That of the model's text and the weights.
    checksum: String,
    /// A [`Saved`] as text, so that the checksum is of what stands there, whatever another version would write; empty beside
    /// weights alone.
    model: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved<P> {
    inputs: usize,
    layers: Vec<Layer>,
    preparation: P,
}

impl Sequential {
    /// The weights, for [`set_weights_from_bytes`](Self::set_weights_from_bytes).
    ///
    /// # Errors
    /// When a weight is not finite.
    pub fn weights_to_bytes(&self) -> Result<Vec<u8>> {
        self.bytes(String::new())
    }

    /// Takes weights that a model with the same layers gave.
    ///
    /// # Errors
    /// When the bytes are not in the safetensors format, are damaged, or hold the weights of other layers.
    pub fn set_weights_from_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let (tensors, metadata) = open(bytes)?;
        self.set_weights(&read_weights(&tensors, metadata.as_ref(), &self.network)?.into())
    }

    /// Everything that a prediction on new rows needs: layers, weights and what prepares the features.
    ///
    /// # Errors
    /// When the preparation gives another number of features than the model takes, or one of the two can't be used.
    pub fn to_bytes(&self, preparation: &impl Preparation) -> Result<Vec<u8>> {
        self.network.check()?;
        self.check_inputs(preparation.names().len())?;
        preparation.check()?;
        self.check_names("what prepares its features", &preparation.names().into())?;
        let Network { inputs, layers, .. } = &self.network;
        let saved = Saved { inputs: *inputs, layers: layers.clone(), preparation };
        self.bytes(serde_json::to_string(&saved).map_err(|error| Error::Argument(error.to_string()))?)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) gave: the model, ready to predict, and its preparation. To train on, compile it
    /// again.
    ///
    /// # Errors
    /// When the bytes are damaged or hold no model.
    pub fn from_bytes<P: Preparation>(bytes: &[u8]) -> Result<(Self, P)> {
        let (tensors, metadata) = open(bytes)?;
        let Some(metadata) = metadata.filter(|metadata| !metadata.model.is_empty()) else {
            refuse!("this file holds no model: it was not written by Sequential::save");
        };
        let Saved::<P> { inputs, layers, preparation } = serde_json::from_str(&metadata.model).map_err(unreadable)?;
        preparation.check()?;
        let mut model = Self::new(inputs, 0);
        model.check_inputs(preparation.names().len())?;
        // No layer is added and no weight drawn before the bytes have shown that they hold the weights of all.
        model.network.layers = layers;
        model.network.check()?;
        model.network.weights = read_weights(&tensors, Some(&metadata), &model.network)?;
        model.names = preparation.names().into();
        Ok((model, preparation))
    }

    fn bytes(&self, model: String) -> Result<Vec<u8>> {
        let is_whole = self.network.weights.iter().all(|weight| weight.is_finite());
        ensure!(is_whole, "not written: a weight of the model is not finite, its training has diverged");
        let checksum = checksum(&model, &self.network.weights);
        let metadata = Metadata { format: FORMAT, checksum, model };
        let metadata = serde_json::to_string(&metadata).map_err(|error| Error::Argument(error.to_string()))?;
        let bytes: Vec<u8> = self.network.weights.iter().flat_map(|weight| weight.to_le_bytes()).collect();
        let mut rest = bytes.as_slice();
        let views = tensors(&self.network).map(|(name, shape)| {
            let (tensor, behind) = rest.split_at(size_of::<f32>() * shape.iter().product::<usize>());
            rest = behind;
            Ok((name, TensorView::new(Dtype::F32, shape, tensor)?))
        });
        let bytes = views
            .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>()
            .and_then(|views| serialize(views, Some([(KEY.to_owned(), metadata)].into_iter().collect())));
        bytes.map_err(|error| Error::Argument(error.to_string()))
    }
}

/// The names and shapes of a network's weights: dense_0/kernel, dense_0/bias, dense_1/kernel, ….
fn tensors(network: &Network) -> impl Iterator<Item = (String, Vec<usize>)> {
    let layers = network.with_inputs().map(|(inputs, layer)| (layer.kind().name(), layer.kind().shapes(inputs)));
    layers.filter(|(_, shapes)| !shapes.is_empty()).enumerate().flat_map(|(number, (layer, shapes))| {
        let layer = layer.to_lowercase();
        shapes.into_iter().map(move |(name, shape)| (format!("{layer}_{number}/{name}"), shape))
    })
}

/// The tensors of a file and our part of its metadata; none in a file that another program wrote.
fn open(bytes: &[u8]) -> Result<(SafeTensors<'_>, Option<Metadata>)> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(unreadable)?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
    let Some(text) = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY)) else {
        return Ok((tensors, None));
    };
    let Format { format } = serde_json::from_str(text).map_err(unreadable)?;
    ensure!(format == FORMAT, "the file has format {format}, but this version reads format {FORMAT}: write it again");
    Ok((tensors, Some(serde_json::from_str(text).map_err(unreadable)?)))
}

/// FNV-1a of a model's settings and weights: whatever single byte changes, so does this.
fn checksum(model: &str, weights: &[f32]) -> String {
    let bytes = model.bytes().chain(weights.iter().flat_map(|weight| weight.to_le_bytes()));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}

/// The weights in the network's order. Nothing takes more room than the file has shown to hold.
///
/// They are held against the checksum, for a file may be valid and yet not what was written: a byte that changes on a disk makes
/// another weight or another mean of it.
fn read_weights(file: &SafeTensors, metadata: Option<&Metadata>, network: &Network) -> Result<Vec<f32>> {
    let mut values = Vec::new();
    let mut expected = 0;
    for (name, shape) in tensors(network) {
        expected += 1;
        let Ok(tensor) = file.tensor(&name) else {
            refuse!("there are no weights called {name}: the file is of a model with other layers");
        };
        let (dtype, found) = (tensor.dtype(), tensor.shape());
        ensure!(dtype == Dtype::F32, "{name} holds numbers of the type {dtype:?}, but weights are F32");
        ensure!(
            found == shape,
            "{name} has the shape {found:?}, but the model needs {shape:?}: the file is of a model with other layers"
        );
        values.extend(tensor.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    }
    let found = file.len();
    ensure!(
        found == expected,
        "the file has {found} tensors, but the model {expected}: it is of a model with other layers"
    );
    let is_whole = values.iter().all(|value| value.is_finite());
    ensure!(is_whole, "a weight is not a finite number: the file is damaged or the training had diverged");
    match metadata {
        Some(metadata) if checksum(&metadata.model, &values) != metadata.checksum => {
            Err(unreadable("its checksum is not that of its content: the file is damaged"))
        }
        _ => Ok(values),
    }
}

fn unreadable(error: impl fmt::Display) -> Error {
    Error::Argument(format!("not a readable checkpoint ({error}): write it again with save or save_weights"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Dense;

    #[derive(Serialize, Deserialize)]
    struct Names(Vec<String>);

    impl Preparation for Names {
        fn names(&self) -> &[String] {
            &self.0
        }

        fn check(&self) -> Result<()> {
            Ok(())
        }
    }

    /// Another version may write the same numbers in other words.
    #[test]
    fn the_checksum_is_of_what_stands_in_the_file() {
        let model = Sequential::new(1, 1).add(Dense::new(1));
        let text = r#"{ "inputs": 1, "layers": [{"Dense": {"units": 1, "activation": "linear", "bias": 0.00}}], "preparation": ["a"] }"#;
        let bytes = model.bytes(text.into()).unwrap();
        let (loaded, names) = Sequential::from_bytes::<Names>(&bytes).unwrap();
        assert_eq!((loaded.weights(), names.0), (model.weights(), vec!["a".to_owned()]));
        let mut bytes = bytes;
        let place = bytes.windows(4).position(|part| part == b"0.00").unwrap();
        bytes[place..place + 4].copy_from_slice(b"0.01");
        let message = Sequential::from_bytes::<Names>(&bytes).err().unwrap().to_string();
        assert!(message.contains("checksum"), "{message}");
    }
}
