//! The same work from several starts, on all cores.

use rayon::prelude::*;

use crate::error::Result;

/// What `run` gives for each seed, in the order of the seeds. Seeds run side by side, as many as there are cores, and give the
/// bits that they give alone.
///
/// ```
/// use learn::layers::Dense;
/// use learn::model::Sequential;
/// use learn::over_seeds::over_seeds;
/// use ndarray::array;
///
/// let outputs = over_seeds(0..3, |seed| Sequential::new(2, seed).add(Dense::new(1)).logits(&array![[1.0, 0.0]]))?;
/// assert_eq!(outputs.len(), 3);
/// assert_ne!(outputs[0], outputs[1]);
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// The first in the order of the seeds.
pub fn over_seeds<T: Send>(
    seeds: impl IntoIterator<Item = u64>,
    run: impl Fn(u64) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let seeds: Vec<u64> = seeds.into_iter().collect();
    let results: Vec<Result<T>> = seeds.into_par_iter().map(&run).collect();
    results.into_iter().collect()
}
