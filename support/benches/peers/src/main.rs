//! Times one bare training epoch of the lesson's baseline in several libraries, in turns, and prints one line of JSON:
//! `RAYON_NUM_THREADS=1 cargo run --release -- FILE`, where the file is the credit card table as CSV.

mod burn;
mod candle;
mod ours;
mod plain;

use std::error::Error;
use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use serde_json::{Map, Value, json};
use support::{Examples, Preprocessor, data};

const INPUTS: usize = 29;
const UNITS: usize = 16;
const BATCH_SIZE: usize = 2048;
/// ln(positives / negatives), as in the lesson.
const BIAS: f32 = -6.36;
const SEED: u64 = 5;
/// Each library trains for some epochs, then comes the next one, and so on for some turns: what else the machine does
/// meets all of them.
const TURNS: usize = 4;
/// The first epoch of a turn is not counted: the data of the library before it are still in the processor's cache.
const EPOCHS: usize = 6;

/// A library with the network in it: Dense(16, relu), Dropout(0.5), Dense(1), Glorot weights, Adam(1e-3, epsilon 1e-7).
trait Peer {
    /// Trains on all examples once, in a new order, and gives the mean loss of the batches.
    fn epoch(&mut self) -> f64;
}

/// The order of the rows, drawn anew for each epoch.
struct Order {
    rows: Vec<usize>,
    rng: SmallRng,
}

impl Order {
    fn new(rows: usize) -> Self {
        Self { rows: (0..rows).collect(), rng: SmallRng::seed_from_u64(SEED) }
    }

    fn batches(&mut self) -> std::slice::Chunks<'_, usize> {
        self.rows.shuffle(&mut self.rng);
        self.rows.chunks(BATCH_SIZE)
    }
}

/// The limit of Glorot's uniform distribution, Keras' default for a first kernel.
fn glorot(inputs: usize, outputs: usize) -> f32 {
    (6.0 / (inputs + outputs) as f32).sqrt()
}

/// The lesson's training set: no `Time`, log of `Amount`, two splits, standardised, clipped.
fn train(file: &str) -> Result<Examples, Box<dyn Error>> {
    let cleaned = data::log_column(&data::read_credit_card(file)?.drop("Time")?, "Amount", 0.001)?;
    let (train, _) = data::train_test_split(&cleaned, 0.2, SEED)?;
    let (train, _) = data::train_test_split(&train, 0.2, SEED)?;
    Ok(Preprocessor::fit(&train, data::CLASS)?.clip(5.0).transform(&train)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("name the CSV file")?;
    let train = train(&file)?;
    let mut peers: [(&str, Box<dyn Peer>); 4] = [
        ("support", Box::new(ours::Ours::new(&train))),
        ("burn", Box::new(burn::Burn::new(&train))),
        ("candle", Box::new(candle::Candle::new(&train)?)),
        ("ndarray", Box::new(plain::Plain::new(&train))),
    ];
    let mut times = vec![Vec::new(); peers.len()];
    let mut losses = vec![Vec::new(); peers.len()];
    for _ in 0..TURNS {
        for (place, (_, peer)) in peers.iter_mut().enumerate() {
            for epoch in 0..EPOCHS {
                let start = Instant::now();
                losses[place].push(peer.epoch());
                if epoch > 0 {
                    times[place].push(start.elapsed().as_secs_f64() * 1e3);
                }
            }
        }
    }
    let results = peers.iter().zip(&mut times).zip(&losses).map(|(((name, _), times), losses)| {
        let counted = &mut times[1..];
        counted.sort_by(f64::total_cmp);
        (
            (*name).to_owned(),
            json!({ "epoch_bare": counted[counted.len() / 2], "shortest": counted[0], "losses": losses }),
        )
    });
    println!("{}", Value::Object(results.collect::<Map<_, _>>()));
    Ok(())
}
