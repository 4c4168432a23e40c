//! The way of a batch through the layers and back, tile by tile.
//!
//! A batch is cut into chunks of eight tiles (512 rows), which the processor's cores share. Each chunk sums its own
//! gradient, and the chunks are added in their order: the result does not depend on how many cores there are.

use rayon::prelude::*;

use crate::dataset::Row;
use crate::error::{Error, Result};
use crate::kernels::{self, Lane, PartialSums, TILE, total};
use crate::layers::{Layer, Tape};
use crate::random::{Purpose, generator};

/// Rows in a chunk.
const CHUNK: usize = 8 * TILE;

/// The layers and their weights.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) inputs: usize,
    pub(crate) layers: Vec<Layer>,
    /// The weights of all layers, from input to output.
    pub(crate) weights: Vec<f32>,
}

/// The rows of a batch, and what the loss needs of each.
pub(crate) struct Rows<'a> {
    /// The features of all rows of each part, row by row.
    pub(crate) parts: &'a [&'a [f32]],
    /// The rows of the batch, by part and number.
    pub(crate) numbers: &'a [Row],
    pub(crate) targets: &'a [f32],
    /// What each row's loss is multiplied by, in the gradient.
    pub(crate) weights: &'a [f32],
}

/// What the rows of a batch gave, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) probabilities: Vec<f32>,
    pub(crate) losses: Vec<f32>,
}

/// The buffers that one chunk needs on its way.
struct Workspace {
    /// The rows of a tile, one after the other.
    staging: Vec<f32>,
    /// The input of the first layer and the output of each.
    outputs: Vec<Vec<Lane>>,
    /// The rows and units that dropout let through, for each layer.
    kept: Vec<Vec<u64>>,
    /// The gradients by the outputs of the layer at hand and by its inputs.
    deltas: [Vec<Lane>; 2],
    gradient: Vec<PartialSums>,
}

impl Network {
    pub(crate) fn new(inputs: usize) -> Self {
        Self { inputs, layers: Vec::new(), weights: Vec::new() }
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.inputs == 0 {
            return Err(Error::Argument("a model has at least one input".into()));
        }
        self.layers.iter().try_for_each(Layer::check)?;
        match self.outputs() {
            1 if self.layers.iter().any(|layer| matches!(layer, Layer::Dense(_))) => Ok(()),
            units => Err(Error::Argument(format!(
                "the last layer gives the logit of the positive class: end the model with Dense::new(1), not with {units} outputs"
            ))),
        }
    }

    pub(crate) fn outputs(&self) -> usize {
        self.layers.iter().fold(self.inputs, |inputs, layer| layer.outputs(inputs))
    }

    /// The number of inputs of each layer, with the layer.
    pub(crate) fn with_inputs(&self) -> impl Iterator<Item = (usize, &Layer)> {
        self.layers.iter().scan(self.inputs, |width, layer| {
            let inputs = std::mem::replace(width, layer.outputs(*width));
            Some((inputs, layer))
        })
    }

    /// The place of each layer's weights among all.
    fn ranges(&self) -> Vec<std::ops::Range<usize>> {
        let mut start = 0;
        let range = |(inputs, layer): (usize, &Layer)| {
            let range = start..start + layer.weight_count(inputs);
            start = range.end;
            range
        };
        self.with_inputs().map(range).collect()
    }

    /// The logits of all rows of features, which lie row by row.
    pub(crate) fn logits(&self, features: &[f32]) -> Vec<f32> {
        let ranges = self.ranges();
        let mut logits = vec![0.0; features.len() / self.inputs];
        logits.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, logits)| {
            let mut outputs = self.buffers();
            let mut staging = vec![0.0; self.inputs * TILE];
            for (tile, logits) in logits.chunks_mut(TILE).enumerate() {
                let first = chunk * CHUNK + tile * TILE;
                gather(
                    features[first * self.inputs..].chunks_exact(self.inputs).take(logits.len()),
                    &mut staging,
                    &mut outputs[0],
                );
                for (place, layer) in self.layers.iter().enumerate() {
                    let (before, after) = outputs.split_at_mut(place + 1);
                    layer.predict(&self.weights[ranges[place].clone()], &before[place], &mut after[0]);
                }
                logits.copy_from_slice(&outputs[self.layers.len()][0][..logits.len()]);
            }
        });
        logits
    }

    /// One way forward and back: the gradient of Σ weight · loss by all weights; the probabilities and losses of the
    /// rows are appended to `outcome`. With a `dropout` of (seed, step), dropout acts as in that training step.
    pub(crate) fn gradient(&self, rows: &Rows, dropout: Option<(u64, u64)>, outcome: &mut Outcome) -> Vec<f32> {
        let ranges = self.ranges();
        let start = outcome.losses.len();
        outcome.probabilities.resize(start + rows.numbers.len(), 0.0);
        outcome.losses.resize(start + rows.numbers.len(), 0.0);
        let chunks: Vec<Vec<PartialSums>> = outcome.probabilities[start..]
            .par_chunks_mut(CHUNK)
            .zip(outcome.losses[start..].par_chunks_mut(CHUNK))
            .enumerate()
            .map(|(chunk, (probabilities, losses))| {
                let mut workspace = self.workspace();
                let tiles = probabilities.chunks_mut(TILE).zip(losses.chunks_mut(TILE));
                for (tile, (probabilities, losses)) in tiles.enumerate() {
                    let first = chunk * CHUNK + tile * TILE;
                    let dropout = dropout.map(|(seed, step)| (seed, step, (first / TILE) as u64));
                    self.tile(rows, first, dropout, &ranges, &mut workspace, probabilities, losses);
                }
                workspace.gradient
            })
            .collect();
        (0..self.weights.len()).map(|place| chunks.iter().map(|chunk| total(&chunk[place])).sum()).collect()
    }

    #[expect(clippy::too_many_arguments, reason = "the loop above cuts everything it has into tiles")]
    fn tile(
        &self,
        rows: &Rows,
        first: usize,
        dropout: Option<(u64, u64, u64)>,
        ranges: &[std::ops::Range<usize>],
        workspace: &mut Workspace,
        probabilities: &mut [f32],
        losses: &mut [f32],
    ) {
        let count = losses.len();
        let Workspace { staging, outputs, kept, deltas, gradient } = workspace;
        let numbers = rows.numbers[first..first + count].iter();
        let features = |&(part, row): &Row| &rows.parts[part as usize][row as usize * self.inputs..][..self.inputs];
        gather(numbers.map(features), staging, &mut outputs[0]);
        let mut rng = dropout.map(|(seed, step, tile)| {
            let mut rng = generator(seed, Purpose::Dropout, step);
            rng.set_word_pos(u128::from(tile) << 32); // a stretch of the stream for each tile
            rng
        });
        for (place, layer) in self.layers.iter().enumerate() {
            let (before, after) = outputs.split_at_mut(place + 1);
            let weights = &self.weights[ranges[place].clone()];
            match &mut rng {
                Some(rng) => layer.forward(weights, &before[place], &mut after[0], &mut kept[place], rng),
                None => layer.predict(weights, &before[place], &mut after[0]),
            }
        }

        // Rows beyond the last have the weight 0, so they add nothing to any gradient.
        let (mut targets, mut weights, mut loss, mut probability) =
            ([0.0; TILE], [0.0; TILE], [0.0; TILE], [0.0; TILE]);
        targets[..count].copy_from_slice(&rows.targets[first..first + count]);
        weights[..count].copy_from_slice(&rows.weights[first..first + count]);
        kernels::binary_crossentropy(&outputs[self.layers.len()][0], &targets, &mut loss, &mut probability);
        probabilities.copy_from_slice(&probability[..count]);
        losses.copy_from_slice(&loss[..count]);

        let [delta, input_delta] = deltas;
        for row in 0..TILE {
            delta[0][row] = weights[row] * (probability[row] - targets[row]);
        }
        let mut width = 1;
        for (place, layer) in self.layers.iter().enumerate().rev() {
            let inputs = outputs[place].len();
            let tape = Tape {
                input: &outputs[place],
                output: &outputs[place + 1],
                kept: &kept[place],
                delta: &mut delta[..width],
                input_delta: (place > 0).then_some(&mut input_delta[..inputs]),
            };
            layer.backward(&self.weights[ranges[place].clone()], tape, &mut gradient[ranges[place].clone()]);
            std::mem::swap(delta, input_delta);
            width = inputs;
        }
    }

    /// Room for the input of the first layer and the output of each.
    fn buffers(&self) -> Vec<Vec<Lane>> {
        let widths = self.with_inputs().map(|(inputs, _)| inputs).chain([self.outputs()]);
        widths.map(|width| vec![[0.0; TILE]; width]).collect()
    }

    fn workspace(&self) -> Workspace {
        let outputs = self.buffers();
        let widest = outputs.iter().map(Vec::len).max().unwrap_or(0);
        Workspace {
            staging: vec![0.0; self.inputs * TILE],
            kept: vec![Vec::new(); self.layers.len()],
            deltas: [vec![[0.0; TILE]; widest], vec![[0.0; TILE]; widest]],
            gradient: vec![[0.0; 8]; self.weights.len()],
            outputs,
        }
    }
}

/// Copies rows into a tile, feature by feature; lanes beyond the last row keep what they held.
///
/// The rows of a shuffled batch lie all over the memory. They are fetched whole first, with nothing else to do between
/// them, so that the processor can wait for many at once; only then are they turned over.
fn gather<'a>(rows: impl Iterator<Item = &'a [f32]>, staging: &mut [f32], tile: &mut [Lane]) {
    let width = tile.len();
    for (copy, row) in staging.chunks_exact_mut(width).zip(rows) {
        copy.copy_from_slice(row);
    }
    for (feature, lane) in tile.iter_mut().enumerate() {
        for (value, row) in lane.iter_mut().zip(staging.chunks_exact(width)) {
            *value = row[feature];
        }
    }
}
