//! The way of a batch through the layers and back, tile by tile.
//!
//! A batch is cut into chunks of eight tiles (512 rows), which the processor's cores share. Each chunk sums its own
//! gradient, and the chunks are added in their order: the result does not depend on how many cores there are.

use std::fmt;
use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::dataset::{Batch, LINE, Line, lines_per_row};
use crate::error::{Result, ensure};
use crate::kernels::{self, Lane, PartialSums, TILE, total};
use crate::layers::{Chance, Layer, Tape};
use crate::loss::{self, Loss};
use crate::metrics::Outcome;
use crate::random::{Purpose, generator};
use crate::table::thousands;

/// Rows in a chunk.
const CHUNK: usize = 8 * TILE;
/// Chunks at work at the same time: enough for many cores.
const MAX_CHUNKS: usize = 64;

/// The most weights that a network may have: a gigabyte of them, and eight times as much at work.
const MAX_WEIGHTS: usize = 1 << 28;

/// The most sums of gradients at the same time, unless one chunk has more: half a gigabyte of them.
const MAX_SUMS: usize = 1 << 24;

/// The layers and their weights.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) inputs: usize,
    pub(crate) layers: Vec<Layer>,
    /// The weights of all layers, from input to output.
    pub(crate) weights: Vec<f32>,
}

/// A batch on its way through the network.
pub(crate) struct Step<'a> {
    pub(crate) batch: &'a Batch,
    /// What the loss of (negatives, positives) is multiplied by, instead of the rows' own weights.
    pub(crate) class_weight: Option<(f32, f32)>,
    /// (seed, number of the step), or none to leave dropout off.
    pub(crate) dropout: Option<(u64, u64)>,
    /// None for the binary cross entropy.
    pub(crate) loss: Option<&'a dyn Loss>,
}

/// Room for the work on a batch, kept from one to the next.
#[derive(Default)]
pub(crate) struct Scratch {
    /// For each chunk that is worked on at the same time.
    chunks: Vec<Workspace>,
    gradient: Vec<f32>,
}

impl Clone for Scratch {
    fn clone(&self) -> Self {
        Self::default() // a copy of a model makes room of its own
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scratch") // half a megabyte of intermediate results tells nobody anything
    }
}

/// The buffers that one chunk needs on its way.
struct Workspace {
    /// The rows of a tile, one after the other.
    rows: Vec<Line>,
    /// The rows of a tile turned over, and the output of each layer.
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
        ensure!(self.inputs > 0, "a model has at least one input");
        self.layers.iter().try_for_each(|layer| layer.kind().check())?;
        ensure!(
            !self.is_too_large(),
            "the model would have more than {} weights, for which there is no room: give its layers fewer units",
            thousands(MAX_WEIGHTS)
        );
        let units = self.outputs();
        ensure!(
            units == 1 && !self.ranges().iter().all(Range::is_empty),
            "the last layer gives the logit of the positive class: end the model with Dense::new(1), not with {units} outputs"
        );
        Ok(())
    }

    /// Whether there is no room for the weights.
    pub(crate) fn is_too_large(&self) -> bool {
        let counts = self.with_inputs().map(|(inputs, layer)| layer.kind().weight_count(inputs));
        counts.fold(0usize, usize::saturating_add) > MAX_WEIGHTS
    }

    pub(crate) fn outputs(&self) -> usize {
        self.layers.iter().fold(self.inputs, |inputs, layer| layer.kind().outputs(inputs))
    }

    /// The number of inputs of each layer, with the layer.
    pub(crate) fn with_inputs(&self) -> impl Iterator<Item = (usize, &Layer)> {
        self.layers.iter().scan(self.inputs, |width, layer| {
            let inputs = std::mem::replace(width, layer.kind().outputs(*width));
            Some((inputs, layer))
        })
    }

    /// The place of each layer's weights among all.
    fn ranges(&self) -> Vec<Range<usize>> {
        let mut start = 0;
        let range = |(inputs, layer): (usize, &Layer)| {
            let range = start..start + layer.kind().weight_count(inputs);
            start = range.end;
            range
        };
        self.with_inputs().map(range).collect()
    }

    /// The logits of all rows of features, which lie row by row.
    pub(crate) fn logits(&self, features: &[f32]) -> Vec<f32> {
        let ranges = self.ranges();
        let mut logits = vec![0.0; features.len() / self.inputs];
        logits.par_chunks_mut(CHUNK).zip(features.par_chunks(CHUNK * self.inputs)).for_each(|(logits, features)| {
            let Workspace { mut rows, mut outputs, .. } = self.workspace();
            for (logits, features) in logits.chunks_mut(TILE).zip(features.chunks(TILE * self.inputs)) {
                let lines = rows.chunks_exact_mut(lines_per_row(self.inputs));
                for (lines, row) in lines.zip(features.chunks_exact(self.inputs)) {
                    lines.iter_mut().flat_map(|line| &mut line.0).zip(row).for_each(|(place, value)| *place = *value);
                }
                kernels::transpose(&rows, &mut outputs[0]);
                self.forward(&ranges, &mut outputs, None);
                logits.copy_from_slice(&outputs[self.layers.len()][0][..logits.len()]);
            }
        });
        logits
    }

    /// The outputs of the layers on one tile, from the first of `outputs`, its rows, on.
    fn forward(
        &self,
        ranges: &[Range<usize>],
        outputs: &mut [Vec<Lane>],
        mut dropout: Option<(&mut ChaCha8Rng, &mut [Vec<u64>])>,
    ) {
        for (place, (inputs, layer)) in self.with_inputs().enumerate() {
            let (before, after) = outputs.split_at_mut(place + 1);
            let weights = &self.weights[ranges[place].clone()];
            let chance = dropout.as_mut().map(|(rng, kept)| Chance { rng, kept: &mut kept[place] });
            layer.kind().forward(weights, &before[place][..inputs], &mut after[0], chance);
        }
    }

    /// One way forward and back: the gradient of the mean weighted loss of the batch by all weights, and what came out
    /// for each of its rows.
    pub(crate) fn gradient<'a>(&self, step: &Step, scratch: &'a mut Scratch, outcomes: &mut [Outcome]) -> &'a [f32] {
        let ranges = self.ranges();
        let Scratch { chunks, gradient } = scratch;
        let at_once = chunks_at_once(self.weights.len());
        chunks.resize_with(outcomes.len().div_ceil(CHUNK).min(at_once), || self.workspace());
        gradient.clear();
        gradient.resize(self.weights.len(), 0.0);
        let groups = step.batch.rows.chunks(CHUNK * at_once).zip(outcomes.chunks_mut(CHUNK * at_once));
        for (group, (rows, outcomes)) in groups.enumerate() {
            type Chunk<'a> = (usize, ((&'a [u32], &'a mut [Outcome]), &'a mut Workspace));
            let work = |(chunk, ((rows, outcomes), workspace)): Chunk| {
                workspace.gradient.fill([0.0; 8]);
                let first = (group * at_once + chunk) * (CHUNK / TILE);
                for (tile, (rows, outcomes)) in rows.chunks(TILE).zip(outcomes.chunks_mut(TILE)).enumerate() {
                    self.tile(step, first + tile, rows, &ranges, workspace, outcomes);
                }
            };
            if rows.len() <= CHUNK || rayon::current_num_threads() == 1 {
                // Nobody to share with: handing the work to another thread would only cost time.
                rows.chunks(CHUNK).zip(outcomes.chunks_mut(CHUNK)).zip(&mut *chunks).enumerate().for_each(work);
            } else {
                let rows = rows.par_chunks(CHUNK).zip(outcomes.par_chunks_mut(CHUNK));
                rows.zip(&mut *chunks).enumerate().for_each(work);
            }
            for chunk in &chunks[..outcomes.len().div_ceil(CHUNK)] {
                for (sum, sums) in gradient.iter_mut().zip(&chunk.gradient) {
                    *sum += total(sums);
                }
            }
        }
        gradient
    }

    /// Tile number `tile` of a batch: its gradient is added to that in the workspace.
    fn tile(
        &self,
        step: &Step,
        tile: usize,
        numbers: &[u32],
        ranges: &[Range<usize>],
        workspace: &mut Workspace,
        outcomes: &mut [Outcome],
    ) {
        let Workspace { rows, outputs, kept, deltas, gradient } = workspace;
        let next = step.batch.rows.chunks(TILE).nth(tile + 1);
        step.batch.stores.prefetch(next.unwrap_or_default()); // comes from the memory while this tile is worked on
        step.batch.stores.fetch(numbers, rows);
        kernels::transpose(rows, &mut outputs[0]);
        let mut rng = step.dropout.map(|(seed, step)| {
            let mut rng = generator(seed, Purpose::Dropout, step);
            rng.set_word_pos((tile as u128) << 32); // a stretch of the stream for each tile
            rng
        });
        self.forward(ranges, outputs, rng.as_mut().map(|rng| (rng, kept.as_mut_slice())));

        let targets = outputs[0][self.inputs];
        let weights: Lane = match step.class_weight {
            Some((negative, positive)) => targets.map(|target| if target > 0.0 { positive } else { negative }),
            None => outputs[0][self.inputs + 1],
        };
        let mut slopes = [0.0; TILE];
        judge(&outputs[self.layers.len()][0], &targets, &weights, step.loss, outcomes, &mut slopes);

        let [delta, input_delta] = deltas;
        // The loss of a batch is divided by its rows, not by the sum of their weights, as in Keras.
        let count = step.batch.len() as f32;
        for row in 0..TILE {
            delta[0][row] = weights[row] / count * slopes[row];
        }
        delta[0][numbers.len()..].fill(0.0); // what is left of an earlier tile adds nothing to any gradient
        let mut width = 1;
        for (place, layer) in self.layers.iter().enumerate().rev() {
            let inputs = if place == 0 { self.inputs } else { outputs[place].len() };
            let tape = Tape {
                input: &outputs[place][..inputs],
                output: &outputs[place + 1],
                kept: step.dropout.map(|_| kept[place].as_slice()),
                delta: &mut delta[..width],
                input_delta: (place > 0).then_some(&mut input_delta[..inputs]),
            };
            layer.kind().backward(&self.weights[ranges[place].clone()], tape, &mut gradient[ranges[place].clone()]);
            std::mem::swap(delta, input_delta);
            width = inputs;
        }
    }

    fn workspace(&self) -> Workspace {
        let lines = lines_per_row(self.inputs);
        let units = self.with_inputs().map(|(inputs, layer)| layer.kind().outputs(inputs));
        let outputs: Vec<Vec<Lane>> =
            std::iter::once(lines * LINE).chain(units).map(|width| vec![[0.0; TILE]; width]).collect();
        let widest = outputs.iter().map(Vec::len).max().unwrap_or(0);
        Workspace {
            rows: vec![Line::default(); lines * TILE],
            kept: vec![Vec::new(); self.layers.len()],
            deltas: [vec![[0.0; TILE]; widest], vec![[0.0; TILE]; widest]],
            gradient: vec![[0.0; 8]; self.weights.len()],
            outputs,
        }
    }
}

/// How many chunks are at work at the same time. Each has a sum for each weight, so of large networks fewer, which changes no bit.
fn chunks_at_once(weights: usize) -> usize {
    (MAX_SUMS / weights.max(1)).clamp(1, MAX_CHUNKS)
}

/// What the logits of a tile mean for its targets and weights, and the slope of the loss at each.
pub(crate) fn judge(
    logits: &Lane,
    targets: &Lane,
    weights: &Lane,
    loss: Option<&dyn Loss>,
    outcomes: &mut [Outcome],
    slopes: &mut Lane,
) {
    let (mut entropies, mut probabilities) = ([0.0; TILE], [0.0; TILE]);
    loss::binary_crossentropy(logits, targets, &mut entropies, slopes, &mut probabilities);
    let mut losses = entropies;
    if let Some(loss) = loss {
        for row in 0..TILE {
            (losses[row], slopes[row]) = loss.value_and_slope(logits[row], targets[row]);
        }
    }
    for (row, outcome) in outcomes.iter_mut().enumerate() {
        *outcome = Outcome {
            label: targets[row] > 0.0,
            weight: weights[row],
            loss: losses[row],
            cross_entropy: entropies[row],
            logit: logits[row],
            probability: probabilities[row],
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Dataset;
    use crate::examples::Examples;
    use crate::layers::{Dense, Dropout};
    use crate::loss::BinaryFocalCrossentropy;
    use crate::metrics::mean;
    use crate::random::uniform;
    use ndarray::{Array1, Array2};

    fn examples(rows: usize) -> Examples {
        let mut rng = generator(1, Purpose::Shuffle, 0);
        let features = Array2::from_shape_simple_fn((rows, 5), || (2.0 * uniform(&mut rng) - 1.0) as f32);
        let weights = Array1::from_shape_simple_fn(rows, || (0.5 + uniform(&mut rng)) as f32);
        let labels = features.column(0).mapv(|value| value > 0.3);
        Examples::new(features, labels).unwrap().with_weights(weights).unwrap()
    }

    fn network() -> Network {
        let mut network = Network::new(5);
        let layers = [
            Layer::from(Dense::new(7).bias(0.1)),
            Dropout::new(0.5).into(),
            Dense::new(6).relu().bias(0.2).into(),
            Dropout::new(0.3).into(),
            Dense::new(1).into(),
        ];
        for (place, layer) in (0..).zip(layers) {
            let inputs = network.outputs();
            network.weights.extend(layer.kind().first_weights(inputs, &mut generator(2, Purpose::Weights, place)));
            network.layers.push(layer);
        }
        network
    }

    /// The loss of all examples in one batch, and its gradient.
    fn learn(network: &Network, batch: &Batch, dropout: Option<(u64, u64)>) -> (f64, Vec<f32>) {
        learn_by(network, batch, dropout, None)
    }

    fn learn_by(
        network: &Network,
        batch: &Batch,
        dropout: Option<(u64, u64)>,
        loss: Option<&dyn Loss>,
    ) -> (f64, Vec<f32>) {
        let step = Step { batch, class_weight: None, dropout, loss };
        let mut outcomes = vec![Outcome::default(); batch.len()];
        let gradient = network.gradient(&step, &mut Scratch::default(), &mut outcomes).to_vec();
        let losses = outcomes.iter().map(|outcome| f64::from(outcome.loss) * f64::from(outcome.weight));
        (mean(losses), gradient)
    }

    fn one_batch(examples: &Examples) -> Batch {
        Dataset::new(examples).batch(usize::MAX).iter().next().unwrap()
    }

    /// The same number of a step silences the same units, so the loss can be differentiated by hand.
    #[test]
    fn the_gradient_with_dropout_is_the_slope_of_the_loss() {
        const H: f32 = 1e-3;
        let batch = one_batch(&examples(1500)); // three chunks, and a last tile that is not full
        let focal = BinaryFocalCrossentropy::new(2.0).alpha(0.25);
        for (dropout, loss) in
            [(Some((3, 0)), None), (Some((3, 8)), None), (None, None), (Some((3, 0)), Some(&focal as &dyn Loss))]
        {
            let network = network();
            let (_, gradient) = learn_by(&network, &batch, dropout, loss);
            let largest = gradient.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
            for (place, &expected) in gradient.iter().enumerate() {
                let at = |change: f32| {
                    let mut moved = network.clone();
                    moved.weights[place] += change;
                    learn_by(&moved, &batch, dropout, loss).0
                };
                let slope = (at(H) - at(-H)) / f64::from(2.0 * H);
                let error = (slope - f64::from(expected)).abs();
                assert!(error < 1e-3 * f64::from(largest), "{dropout:?}, weight {place}: {slope} against {expected}");
            }
        }
        let gradients = [Some((3, 0)), Some((3, 8)), None].map(|dropout| learn(&network(), &batch, dropout).1);
        assert!(gradients[0] != gradients[1] && gradients[0] != gradients[2]);
    }

    #[test]
    fn the_sums_of_all_chunks_at_work_have_a_bound() {
        for weights in [1, 497, 1 << 18, (1 << 18) + 1, 1 << 24, MAX_WEIGHTS] {
            assert!(chunks_at_once(weights) * weights <= MAX_SUMS.max(weights), "{weights}");
        }
        assert_eq!((chunks_at_once(497), chunks_at_once(MAX_WEIGHTS)), (MAX_CHUNKS, 1));
    }

    /// A batch of more chunks than are at work at the same time is the mean of its parts.
    #[test]
    fn a_batch_of_more_than_64_chunks_is_worked_off_in_groups() {
        const FIRST: usize = CHUNK * MAX_CHUNKS;
        let examples = examples(FIRST + 1300);
        let network = network();
        let part = |rows: Range<usize>| learn(&network, &one_batch(&examples.select(&rows.collect::<Vec<_>>())), None);
        let (loss, gradient) = learn(&network, &one_batch(&examples), None);
        let (parts, rows) = ([part(0..FIRST), part(FIRST..examples.len())], [FIRST as f64, 1300.0]);
        let all = examples.len() as f64;
        let expected = (parts[0].0 * rows[0] + parts[1].0 * rows[1]) / all;
        assert!((loss - expected).abs() < 1e-12 * loss, "{loss} against {expected}");
        for (place, &value) in gradient.iter().enumerate() {
            let of = |part: usize| f64::from(parts[part].1[place]) * rows[part];
            let expected = (of(0) + of(1)) / all;
            assert!((f64::from(value) - expected).abs() < 1e-6, "weight {place}: {value} against {expected}");
        }
        // The second group has dropout of its own: its tiles are numbered on.
        let same = learn(&network, &one_batch(&examples), Some((1, 0)));
        assert_eq!(same, learn(&network, &one_batch(&examples), Some((1, 0))));
    }
}
