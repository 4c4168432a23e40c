//! Where chance comes from: ChaCha8, a generator whose stream is defined for all machines and versions.

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::error::{Result, ensure};
use crate::math::ln;

/// What random numbers are drawn for. Each purpose has streams of its own, so one seed may serve several. The numbers are
/// part of every published result: never change one.
#[derive(Clone, Copy)]
pub enum Purpose {
    /// The order of the rows before a split.
    Split = 0,
    /// The order of the rows in a pass over a data set.
    Shuffle = 1,
    /// The first weights of a network.
    Weights = 2,
    /// The units that dropout silences in a training step.
    Dropout = 3,
    /// The rows of the synthetic set.
    Synthetic = 4,
    /// The source of each example in a mixture, and the rows of an oversampled set.
    Sampling = 5,
    /// The rows of a bootstrap's resamples.
    Bootstrap = 6,
    /// The places of the positives that SMOTE makes up.
    Smote = 7,
    /// The orders in which the importance of a feature is found.
    Importance = 8,
}

/// The generator of one purpose: the seed is what a cell shows, and each use (a pass, a training step) has a
/// number, so that it can be repeated without those before it.
pub fn generator(seed: u64, purpose: Purpose, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((purpose as u64) << 56) | number);
    rng
}

/// A uniform number in [0, 1) on a grid of 2⁻⁵³.
pub fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    rng.r#gen::<f64>()
}

/// Two independent standard normal numbers by Marsaglia's polar method, which needs only ln and a square root.
pub fn normal_pair(rng: &mut ChaCha8Rng) -> (f64, f64) {
    loop {
        let (x, y) = (2.0 * uniform(rng) - 1.0, 2.0 * uniform(rng) - 1.0);
        let square = x * x + y * y;
        if square > 0.0 && square < 1.0 {
            let factor = (-2.0 * ln(square) / square).sqrt();
            return (x * factor, y * factor);
        }
    }
}

/// `count` row numbers below `rows`, each drawn from all of them: some come twice, some not at all. As numpy's
/// `random.choice`.
///
/// # Errors
/// When there are no rows to draw from.
pub fn random_choice(rows: usize, count: usize, seed: u64) -> Result<Vec<usize>> {
    ensure!(rows > 0 || count == 0, "there are no rows to draw from");
    let mut rng = generator(seed, Purpose::Sampling, 0);
    Ok((0..count).map(|_| rng.gen_range(0..rows as u64) as usize).collect())
}

/// The row numbers below `rows` in random order, as numpy's `random.permutation`.
pub fn permutation(rows: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    order.shuffle(&mut generator(seed, Purpose::Sampling, 1));
    order
}
