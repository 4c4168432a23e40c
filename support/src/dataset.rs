//! Where training takes its rows from, in which order and how many at a time: a pipeline in the manner of tf.data.
//!
//! What flows through it are row numbers. The rows themselves stay where they are until the network reads them, so an
//! oversampled stream costs no more memory than the examples it repeats.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use ndarray::Array2;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::error::{Error, Result};
use crate::examples::Examples;
use crate::random::{Purpose, generator, uniform};

/// A recipe for batches. It holds no position: the same recipe gives the same batches each time it is used, so that
/// running a cell twice gives the same numbers twice.
#[derive(Clone, Debug)]
pub struct Dataset {
    parts: Vec<Arc<Examples>>,
    stream: Stream,
    batch_size: usize,
    prefetch: usize,
}

/// A row: the number of its part, and its place in it.
pub(crate) type Row = (u32, u32);

/// The order in which rows come.
#[derive(Clone, Debug)]
enum Stream {
    /// All rows of a part, once.
    Rows {
        part: u32,
        rows: u32,
    },
    Shuffle {
        input: Box<Stream>,
        buffer_size: usize,
        seed: u64,
    },
    Repeat(Box<Stream>),
    Take {
        input: Box<Stream>,
        count: usize,
    },
    Sample {
        inputs: Vec<(Stream, f64)>,
        seed: u64,
    },
}

impl Dataset {
    /// All examples, once, in their order, in batches of 32.
    pub fn new(examples: &Examples) -> Self {
        let stream = Stream::Rows { part: 0, rows: examples.len() as u32 };
        let features = examples.features.as_standard_layout().into_owned(); // the network reads rows as slices
        let part = Arc::new(Examples { features, ..examples.clone() });
        Self { parts: vec![part], stream, batch_size: 32, prefetch: 0 }
    }

    /// Draws a new order of all examples for every pass; the seed decides all of them.
    pub fn shuffle(self, seed: u64) -> Self {
        let all = self.parts.iter().map(|part| part.len()).sum();
        self.buffered_shuffle(all, seed)
    }

    /// Shuffles as tf.data does: a buffer of `buffer_size` examples is kept full, and the next example is drawn from it
    /// at random. The order is uniform only if the buffer holds everything; otherwise it is random nearby.
    pub fn buffered_shuffle(self, buffer_size: usize, seed: u64) -> Self {
        self.map(|input| Stream::Shuffle { input, buffer_size: buffer_size.max(1), seed })
    }

    /// Starts again at the end, without end.
    pub fn repeat(self) -> Self {
        self.map(Stream::Repeat)
    }

    /// Ends a pass after `count` examples.
    pub fn take(self, count: usize) -> Self {
        self.map(|input| Stream::Take { input, count })
    }

    fn map(self, step: impl FnOnce(Box<Stream>) -> Stream) -> Self {
        Self { stream: step(Box::new(self.stream)), ..self }
    }

    /// Mixes data sets: each example comes from one of them, drawn with these weights. One that has ended is left out.
    ///
    /// # Errors
    /// When there is not one finite weight, at least 0 and not all 0, for each data set, or they differ in their features.
    pub fn sample_from_datasets<const N: usize>(datasets: [Self; N], weights: [f64; N], seed: u64) -> Result<Self> {
        if !(weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0) && weights.iter().sum::<f64>() > 0.0) {
            return Err(Error::Argument(format!("weights are finite, at least 0 and not all 0, unlike {weights:?}")));
        }
        let features = datasets.each_ref().map(Self::features);
        if features.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(Error::Argument(format!("data sets with {features:?} features can't be mixed")));
        }
        if datasets.iter().any(Self::has_weights) && !datasets.iter().all(Self::has_weights) {
            return Err(Error::Argument("some of the data sets have sample weights and some have none".into()));
        }
        let mut parts = Vec::new();
        let mut inputs = Vec::new();
        for (dataset, weight) in datasets.into_iter().zip(weights) {
            inputs.push((dataset.stream.with_parts_after(parts.len() as u32), weight));
            parts.extend(dataset.parts);
        }
        Ok(Self { parts, stream: Stream::Sample { inputs, seed }, batch_size: 32, prefetch: 0 })
    }

    /// Takes `batch_size` examples at a time, at least 1; the last batch of a pass has what is left. Default: 32.
    pub fn batch(self, batch_size: usize) -> Self {
        Self { batch_size: batch_size.max(1), ..self }
    }

    /// Prepares up to `batches` batches ahead on a thread of its own. The batches are the same. Default: 0, none.
    pub fn prefetch(self, batches: usize) -> Self {
        Self { prefetch: batches, ..self }
    }

    /// The number of features.
    pub fn features(&self) -> usize {
        self.parts.first().map_or(0, |part| part.features.ncols())
    }

    /// The number of examples in a pass; none if it does not end.
    pub fn len(&self) -> Option<usize> {
        self.stream.len()
    }

    /// Whether there are no examples.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The number of batches in a pass; none if it does not end.
    pub fn steps(&self) -> Option<usize> {
        self.len().map(|len| len.div_ceil(self.batch_size))
    }

    /// Whether the examples carry sample weights.
    pub(crate) fn has_weights(&self) -> bool {
        self.parts.iter().any(|part| part.weights.is_some())
    }

    /// The batches of the first pass.
    pub fn iter(&self) -> Batches {
        self.batches(std::iter::once(self.stream.rows(0)))
    }

    /// The batches of one pass after the other, without end; none if there are no examples.
    pub(crate) fn passes(&self) -> Batches {
        let stream = self.stream.clone();
        let passes = if self.is_empty() { 0..0 } else { 0..u64::MAX };
        self.batches(passes.map(move |pass| stream.rows(pass)))
    }

    /// Cuts each pass into batches; none reaches from one pass into the next.
    fn batches(&self, passes: impl Iterator<Item = Rows> + Send + 'static) -> Batches {
        let parts: Arc<[Arc<Examples>]> = self.parts.clone().into();
        let batch_size = self.batch_size;
        let batches = passes.flat_map(move |mut rows| {
            let parts = parts.clone();
            std::iter::from_fn(move || {
                let rows: Vec<Row> = rows.by_ref().take(batch_size).collect();
                (!rows.is_empty()).then(|| Batch { parts: parts.clone(), rows })
            })
        });
        Batches(match self.prefetch {
            0 => Box::new(batches),
            ahead => Box::new(Prefetch::new(batches, ahead)),
        })
    }
}

type Rows = Box<dyn Iterator<Item = Row> + Send>;

impl Stream {
    /// The same stream of parts that stand behind `count` others.
    fn with_parts_after(self, count: u32) -> Self {
        let moved = |input: Box<Self>| Box::new(input.with_parts_after(count));
        match self {
            Self::Rows { part, rows } => Self::Rows { part: part + count, rows },
            Self::Shuffle { input, buffer_size, seed } => Self::Shuffle { input: moved(input), buffer_size, seed },
            Self::Repeat(input) => Self::Repeat(moved(input)),
            Self::Take { input, count } => Self::Take { input: moved(input), count },
            Self::Sample { inputs, seed } => {
                let inputs = inputs.into_iter().map(|(input, weight)| (input.with_parts_after(count), weight));
                Self::Sample { inputs: inputs.collect(), seed }
            }
        }
    }

    fn len(&self) -> Option<usize> {
        match self {
            Self::Rows { rows, .. } => Some(*rows as usize),
            Self::Shuffle { input, .. } => input.len(),
            Self::Repeat(input) => input.len().filter(|&len| len == 0),
            Self::Take { input, count } => Some(input.len().map_or(*count, |len| len.min(*count))),
            Self::Sample { inputs, .. } => inputs.iter().map(|(input, _)| input.len()).sum(),
        }
    }

    /// The rows of a pass. The number of the pass decides its random numbers, together with the seed.
    fn rows(&self, pass: u64) -> Rows {
        match self {
            &Self::Rows { part, rows } => Box::new((0..rows).map(move |row| (part, row))),
            Self::Shuffle { input, buffer_size, seed } => Box::new(Shuffled {
                input: input.rows(pass),
                ended: false,
                buffer: Vec::new(),
                buffer_size: *buffer_size,
                rng: generator(*seed, Purpose::Shuffle, pass),
            }),
            Self::Repeat(input) if input.len() == Some(0) => Box::new(std::iter::empty()),
            Self::Repeat(input) => {
                let input = input.clone();
                Box::new((pass..).flat_map(move |pass| input.rows(pass)))
            }
            Self::Take { input, count } => Box::new(input.rows(pass).take(*count)),
            Self::Sample { inputs, seed } => {
                // Each input has passes of its own, so that two with the same seed are not shuffled alike.
                let inputs =
                    (0..).zip(inputs).map(|(place, (input, weight))| (input.rows(pass | place << 40), *weight));
                Box::new(Sampled { inputs: inputs.collect(), rng: generator(*seed, Purpose::Sampling, pass) })
            }
        }
    }
}

/// Rows from a buffer that is kept full, in random order.
struct Shuffled {
    input: Rows,
    ended: bool,
    buffer: Vec<Row>,
    buffer_size: usize,
    rng: ChaCha8Rng,
}

impl Iterator for Shuffled {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        while !self.ended && self.buffer.len() < self.buffer_size {
            match self.input.next() {
                Some(row) => self.buffer.push(row),
                None => self.ended = true,
            }
        }
        if self.buffer.is_empty() {
            return None;
        }
        let place = self.rng.gen_range(0..self.buffer.len() as u32);
        Some(self.buffer.swap_remove(place as usize))
    }
}

/// Rows from several streams, drawn with weights.
struct Sampled {
    inputs: Vec<(Rows, f64)>,
    rng: ChaCha8Rng,
}

impl Iterator for Sampled {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            let total: f64 = self.inputs.iter().map(|(_, weight)| weight).sum();
            if total == 0.0 {
                return None;
            }
            let target = uniform(&mut self.rng) * total;
            let mut sum = 0.0;
            let reaches = |(_, weight): &(Rows, f64)| {
                sum += weight;
                target < sum
            };
            let chosen = self.inputs.iter().position(reaches).unwrap_or(self.inputs.len() - 1);
            match self.inputs[chosen].0.next() {
                Some(row) => return Some(row),
                None => drop(self.inputs.remove(chosen)),
            }
        }
    }
}

/// Batches, in order.
pub struct Batches(Box<dyn Iterator<Item = Batch> + Send>);

impl Iterator for Batches {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        self.0.next()
    }
}

/// Batches that a thread of its own prepares. It ends when the batches do, or when nobody takes them any more.
struct Prefetch {
    receiver: Option<Receiver<Batch>>,
    thread: Option<JoinHandle<()>>,
}

impl Prefetch {
    fn new(batches: impl Iterator<Item = Batch> + Send + 'static, ahead: usize) -> Self {
        let (sender, receiver) = sync_channel(ahead);
        let thread = std::thread::spawn(move || {
            for batch in batches {
                if sender.send(batch).is_err() {
                    break; // the receiver is gone
                }
            }
        });
        Self { receiver: Some(receiver), thread: Some(thread) }
    }
}

impl Iterator for Prefetch {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        self.receiver.as_ref()?.recv().ok()
    }
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        self.receiver = None; // so that the thread's next send fails and it ends
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Some rows of the examples, by number: nothing is copied until the network reads them.
#[derive(Clone, Debug)]
pub struct Batch {
    pub(crate) parts: Arc<[Arc<Examples>]>,
    pub(crate) rows: Vec<Row>,
}

impl Batch {
    /// The number of examples.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A copy of the examples, to look at.
    pub fn examples(&self) -> Examples {
        let Examples { features, names, .. } = &*self.parts[0];
        let weights: Option<Vec<f32>> = self.rows.iter().map(|&row| self.weight(row)).collect();
        Examples {
            features: Array2::from_shape_fn((self.len(), features.ncols()), |(place, feature)| {
                let (part, row) = self.rows[place];
                self.parts[part as usize].features[[row as usize, feature]]
            }),
            labels: self.rows.iter().map(|&row| self.label(row)).collect(),
            weights: weights.map(Into::into),
            names: names.clone(),
        }
    }

    /// The share of positives.
    pub fn positive_rate(&self) -> f64 {
        let positives = self.rows.iter().filter(|&&row| self.label(row)).count();
        positives as f64 / self.len() as f64
    }

    pub(crate) fn label(&self, (part, row): Row) -> bool {
        self.parts[part as usize].labels[row as usize]
    }

    pub(crate) fn weight(&self, (part, row): Row) -> Option<f32> {
        self.parts[part as usize].weights.as_ref().map(|weights| weights[row as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array1;

    /// Examples whose only feature is their number, from `first` on.
    fn examples(first: usize, rows: usize, label: bool) -> Examples {
        let features = Array2::from_shape_fn((rows, 1), |(row, _)| (first + row) as f32);
        Examples::new(features, Array1::from_elem(rows, label)).unwrap()
    }

    fn dataset(rows: usize) -> Dataset {
        Dataset::new(&examples(0, rows, false))
    }

    /// The first `count` examples that come out, by number.
    fn numbers(batches: Batches, count: usize) -> Vec<usize> {
        batches
            .flat_map(|batch| batch.examples().features.into_iter())
            .map(|number| number as usize)
            .take(count)
            .collect()
    }

    fn sorted(mut numbers: Vec<usize>) -> Vec<usize> {
        numbers.sort_unstable();
        numbers
    }

    #[test]
    fn a_pass_has_every_example_once_and_a_short_last_batch() {
        let dataset = dataset(100).shuffle(1).batch(32);
        let sizes: Vec<usize> = dataset.iter().map(|batch| batch.len()).collect();
        assert_eq!((sizes, dataset.steps()), (vec![32, 32, 32, 4], Some(4)));
        let all = numbers(dataset.iter(), usize::MAX);
        assert!(!all.is_sorted());
        assert_eq!(sorted(all), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn recipes_repeat_and_passes_differ() {
        let dataset = dataset(100).shuffle(1).batch(10);
        assert_eq!(numbers(dataset.iter(), 100), numbers(dataset.iter(), 100));
        let two = numbers(dataset.passes(), 200);
        assert_eq!(two[..100], numbers(dataset.iter(), 100));
        assert_ne!(two[..100], two[100..]);
        assert_ne!(numbers(dataset.iter(), 100), numbers(dataset.clone().shuffle(2).iter(), 100));
    }

    #[test]
    fn repeating_shows_every_example_once_before_any_twice() {
        for buffer_size in [1, 7, 50, 100, 1000] {
            let endless = dataset(100).buffered_shuffle(buffer_size, 3).repeat().batch(32);
            assert_eq!((endless.len(), endless.steps()), (None, None));
            for pass in numbers(endless.iter(), 500).chunks(100) {
                assert_eq!(sorted(pass.to_vec()), (0..100).collect::<Vec<_>>(), "buffer of {buffer_size}");
            }
        }
    }

    #[test]
    fn a_buffer_shuffles_nearby() {
        let order = numbers(dataset(1000).buffered_shuffle(10, 1).iter(), 1000);
        assert!(order.iter().enumerate().all(|(place, &number)| number < place + 10));
        assert_eq!(numbers(dataset(50).buffered_shuffle(1, 1).iter(), 50), (0..50).collect::<Vec<_>>());
        // With a buffer for everything each example is equally likely to come first.
        let first = |seed| numbers(dataset(10).shuffle(seed).iter(), 1)[0];
        let counts = (0..2000).fold([0; 10], |mut counts, seed| {
            counts[first(seed)] += 1;
            counts
        });
        assert!(counts.iter().all(|&count| (140..260).contains(&count)), "{counts:?}");
    }

    fn mixed(weights: [f64; 2]) -> Dataset {
        let negatives = Dataset::new(&examples(0, 1000, false)).shuffle(1).repeat();
        let positives = Dataset::new(&examples(1000, 20, true)).shuffle(1).repeat();
        Dataset::sample_from_datasets([negatives, positives], weights, 5).unwrap()
    }

    #[test]
    fn sources_come_with_their_share_and_in_their_order() {
        for (weights, share) in [([0.5, 0.5], 0.5), ([3.0, 1.0], 0.25), ([1.0, 0.0], 0.0)] {
            let batch = mixed(weights).batch(20_000).iter().next().unwrap();
            assert!((batch.positive_rate() - share).abs() < 0.015, "{}", batch.positive_rate());
        }
        let order = numbers(mixed([0.5, 0.5]).iter(), 4000);
        let negatives: Vec<usize> = order.iter().copied().filter(|&number| number < 1000).collect();
        assert_eq!(sorted(negatives[..1000].to_vec()), (0..1000).collect::<Vec<_>>());
        let positives: Vec<usize> = order.into_iter().filter(|&number| number >= 1000).collect();
        for pass in positives.chunks_exact(20) {
            assert_eq!(sorted(pass.to_vec()), (1000..1020).collect::<Vec<_>>());
        }
    }

    #[test]
    fn sources_that_end_are_left_out() {
        let (negatives, positives) = (Dataset::new(&examples(0, 50, false)), Dataset::new(&examples(50, 5, true)));
        let mixed = Dataset::sample_from_datasets([negatives, positives], [0.5, 0.5], 1).unwrap();
        assert_eq!(mixed.len(), Some(55));
        assert_eq!(sorted(numbers(mixed.iter(), usize::MAX)), (0..55).collect::<Vec<_>>());
    }

    #[test]
    fn mixtures_that_make_no_sense_are_refused() {
        let two = || [dataset(3), dataset(4)];
        for weights in [[0.0, 0.0], [-1.0, 2.0], [f64::NAN, 1.0]] {
            assert!(Dataset::sample_from_datasets(two(), weights, 1).is_err());
        }
        let wide = Dataset::new(&Examples::new(Array2::zeros((2, 3)), Array1::from_elem(2, true)).unwrap());
        assert!(Dataset::sample_from_datasets([dataset(3), wide], [0.5, 0.5], 1).is_err());
    }

    #[test]
    fn prefetching_changes_nothing() {
        let plain = mixed([0.5, 0.5]).batch(64);
        let ahead = plain.clone().prefetch(2);
        assert_eq!(numbers(plain.iter(), 10_000), numbers(ahead.iter(), 10_000));
        let finite = dataset(100).shuffle(1).batch(7).prefetch(3);
        assert_eq!(sorted(numbers(finite.iter(), usize::MAX)), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_consumer_may_stop_early() {
        for taken in 0..4 {
            let mut batches = mixed([0.5, 0.5]).batch(8).prefetch(1).iter();
            assert_eq!(batches.by_ref().take(taken).count(), taken);
            drop(batches); // joins the thread: a blocked one would hang here
        }
    }

    #[test]
    fn take_ends_a_pass() {
        assert_eq!(numbers(dataset(100).repeat().take(250).iter(), usize::MAX).len(), 250);
        assert_eq!(dataset(100).repeat().take(250).len(), Some(250));
        assert_eq!(numbers(dataset(10).take(25).iter(), usize::MAX).len(), 10);
    }

    #[test]
    fn nothing_repeated_is_nothing() {
        let nothing = dataset(0).shuffle(1).repeat();
        assert!(nothing.is_empty() && nothing.iter().next().is_none() && nothing.passes().next().is_none());
    }
}
