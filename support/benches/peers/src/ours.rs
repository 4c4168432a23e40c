//! The crate `support`.

use support::*;

use crate::{BATCH_SIZE, BIAS, INPUTS, Peer, SEED, UNITS};

pub struct Ours {
    model: Sequential,
    dataset: Dataset,
    epochs: u64,
}

impl Ours {
    pub fn new(train: &Examples) -> Self {
        let model = Sequential::new(INPUTS, SEED)
            .add(Dense::new(UNITS).relu())
            .add(Dropout::new(0.5))
            .add(Dense::new(1).bias(BIAS.into()))
            .compile(Adam::new(1e-3));
        Self { model, dataset: Dataset::new(train), epochs: 0 }
    }
}

impl Peer for Ours {
    fn epoch(&mut self) -> f64 {
        // The order of a pass depends on the seed alone, so each epoch has its own.
        self.epochs += 1;
        let batches = self.dataset.clone().shuffle(SEED + self.epochs).batch(BATCH_SIZE);
        let losses: Vec<f64> = batches.iter().map(|batch| self.model.train_on_batch(&batch).unwrap()).collect();
        losses.iter().sum::<f64>() / losses.len() as f64
    }
}
