//! Where training takes its rows from, in which order and how many at a time.

use std::sync::Arc;

use rand::seq::SliceRandom;

use crate::examples::Examples;
use crate::random::{Purpose, generator};

/// A recipe for batches. It holds no position: the same recipe gives the same batches each time it is used, so that
/// running a cell twice gives the same numbers twice.
#[derive(Clone, Debug)]
pub struct Dataset {
    examples: Arc<Examples>,
    shuffle: Option<u64>,
    batch_size: usize,
}

impl Dataset {
    /// All examples, in their order, in batches of 32.
    pub fn new(examples: &Examples) -> Self {
        Self { examples: Arc::new(examples.clone()), shuffle: None, batch_size: 32 }
    }

    /// Draws a new order for every pass; the seed decides all of them. Default: the order of the examples.
    pub fn shuffle(self, seed: u64) -> Self {
        Self { shuffle: Some(seed), ..self }
    }

    /// Takes `batch_size` examples at a time; the last batch of a pass has what is left. Default: 32.
    ///
    /// # Panics
    /// When `batch_size` is 0.
    pub fn batch(self, batch_size: usize) -> Self {
        assert!(batch_size > 0, "a batch has at least one example");
        Self { batch_size, ..self }
    }

    /// The number of features.
    pub fn features(&self) -> usize {
        self.examples.features.ncols()
    }

    /// The number of examples in a pass.
    pub fn len(&self) -> usize {
        self.examples.len()
    }

    /// Whether there are no examples.
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// The number of batches in a pass.
    pub fn steps(&self) -> usize {
        self.len().div_ceil(self.batch_size)
    }

    /// Whether the examples carry sample weights.
    pub(crate) fn has_weights(&self) -> bool {
        self.examples.weights.is_some()
    }

    /// The batches of the first pass.
    pub fn iter(&self) -> Batches {
        self.pass(0)
    }

    /// The batches of one pass over the examples, counted from 0; training uses one for each epoch.
    pub fn pass(&self, number: u64) -> Batches {
        let mut rows: Vec<u32> = (0..self.len() as u32).collect();
        if let Some(seed) = self.shuffle {
            rows.shuffle(&mut generator(seed, Purpose::Shuffle, number));
        }
        Batches { examples: self.examples.clone(), rows: rows.into(), batch_size: self.batch_size, start: 0 }
    }
}

/// The batches of a pass, in order.
#[derive(Clone, Debug)]
pub struct Batches {
    examples: Arc<Examples>,
    rows: Arc<[u32]>,
    batch_size: usize,
    start: usize,
}

impl Iterator for Batches {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let end = (self.start + self.batch_size).min(self.rows.len());
        let range = self.start..end;
        self.start = end;
        (!range.is_empty()).then(|| Batch { examples: self.examples.clone(), rows: self.rows[range].to_vec() })
    }
}

/// Some rows of the examples, by number: nothing is copied until the network reads them.
#[derive(Clone, Debug)]
pub struct Batch {
    pub(crate) examples: Arc<Examples>,
    pub(crate) rows: Vec<u32>,
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
        self.examples.select(&self.rows.iter().map(|&row| row as usize).collect::<Vec<_>>())
    }

    /// The share of positives.
    pub fn positive_rate(&self) -> f64 {
        let positives = self.rows.iter().filter(|&&row| self.examples.labels[row as usize]).count();
        positives as f64 / self.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2};

    fn dataset(rows: usize) -> Dataset {
        let features = Array2::from_shape_fn((rows, 1), |(row, _)| row as f32);
        Dataset::new(&Examples::new(features, Array1::from_shape_fn(rows, |row| row % 3 == 0)).unwrap())
    }

    fn rows(batches: Batches) -> Vec<u32> {
        batches.flat_map(|batch| batch.rows).collect()
    }

    #[test]
    fn a_pass_has_every_example_once_and_a_short_last_batch() {
        let dataset = dataset(100).shuffle(1).batch(32);
        let sizes: Vec<usize> = dataset.iter().map(|batch| batch.len()).collect();
        assert_eq!((sizes, dataset.steps()), (vec![32, 32, 32, 4], 4));
        let mut all = rows(dataset.iter());
        assert!(!all.is_sorted());
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn passes_differ_and_repeat() {
        let dataset = dataset(100).shuffle(1).batch(10);
        assert_eq!(rows(dataset.pass(3)), rows(dataset.pass(3)));
        assert_ne!(rows(dataset.pass(3)), rows(dataset.pass(4)));
        assert_ne!(rows(dataset.pass(0)), rows(dataset.clone().shuffle(2).pass(0)));
    }

    #[test]
    fn a_batch_can_be_looked_at() {
        let batch = dataset(10).batch(4).iter().next().unwrap();
        assert_eq!(batch.examples().features.column(0).to_vec(), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(batch.positive_rate(), 0.5);
    }
}
