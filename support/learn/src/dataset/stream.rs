//! The order in which rows come: a description, which a data set keeps, and what walks along it.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::math::sum;
use crate::random::{Purpose, generator, uniform};

/// The order of the rows, by number.
#[derive(Clone, Debug)]
pub(super) enum Stream {
    Rows(u32), // so many, once
    Shuffle { input: Box<Stream>, buffer_size: usize, seed: u64 },
    Repeat(Box<Stream>),
    Take { input: Box<Stream>, count: usize },
    Sample { sources: Vec<Source>, seed: u64 },
}

/// A stream in a mixture.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) stream: Stream,
    pub(super) weight: f64,
    /// The number that its first row has in the mixture.
    pub(super) first: u32,
}

/// The bits of a pass's number that count passes; those above say which source of a mixture it is of.
const PASS_BITS: u32 = 40;
/// All of these bits.
const PASSES: u64 = (1 << PASS_BITS) - 1;

/// The number of the first pass that a repeated stream makes in its own pass `pass`: each has 2²⁰ numbers for itself, so
/// that no order comes again in the next.
fn first_of_repeated(pass: u64) -> u64 {
    (pass & !PASSES) | (pass << 20 & PASSES)
}

/// The number of a pass over a source of a mixture that is a source itself: the first of the inner and the second of the outer
/// mixture are not the second of the inner and the first of the outer.
fn source_of_source(pass: u64, place: u64) -> u64 {
    let source = ((pass >> PASS_BITS) + 1) * 64 + place;
    (pass & PASSES) | (source & 0xffff) << PASS_BITS
}

/// Rows that come one after the other.
pub(super) type Rows = Box<dyn Iterator<Item = u32> + Send>;

impl Stream {
    /// The number of rows in a pass; none if it does not end.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Self::Rows(rows) => Some(*rows as usize),
            Self::Shuffle { input, .. } => input.len(),
            Self::Repeat(input) => input.len().filter(|&len| len == 0),
            Self::Take { input, count } => Some(input.len().map_or(*count, |len| len.min(*count))),
            Self::Sample { sources, .. } => {
                sources.iter().filter(|source| source.weight > 0.0).map(|source| source.stream.len()).sum()
            }
        }
    }

    /// The rows that can come. The first rows of a shuffled stream may be any of it.
    pub(super) fn all(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match self {
            Self::Rows(rows) => Box::new(0..*rows),
            Self::Shuffle { input, .. } | Self::Repeat(input) | Self::Take { input, .. } => input.all(),
            Self::Sample { sources, .. } => {
                let drawn = sources.iter().filter(|source| source.weight > 0.0);
                Box::new(drawn.flat_map(|source| source.stream.all().map(|row| source.first + row)))
            }
        }
    }

    /// The rows of a pass. The number of the pass decides its random numbers, together with the seed.
    pub(super) fn rows(&self, pass: u64) -> Rows {
        self.rows_of(pass, false)
    }

    /// As [`rows`](Self::rows), of a stream that is a source of a mixture or not.
    fn rows_of(&self, pass: u64, is_source: bool) -> Rows {
        match self {
            Self::Rows(rows) => Box::new(0..*rows),
            Self::Shuffle { input, buffer_size, seed } => {
                let rng = generator(*seed, Purpose::Shuffle, pass);
                Box::new(shuffled(input.rows_of(pass, is_source), *buffer_size, rng))
            }
            Self::Repeat(input) if input.len() == Some(0) => Box::new(std::iter::empty()),
            Self::Repeat(input) => {
                let input = input.clone();
                Box::new((first_of_repeated(pass)..).flat_map(move |pass| input.rows_of(pass, is_source)))
            }
            Self::Take { input, count } => Box::new(input.rows_of(pass, is_source).take(*count)),
            Self::Sample { sources, seed } => {
                // Each source has passes of its own, so that two with the same seed are not shuffled alike.
                let number = |place: u64| match is_source {
                    true => source_of_source(pass, place),
                    false => pass | place << PASS_BITS,
                };
                let inputs = (0..)
                    .zip(sources)
                    .map(|(place, source)| (source.weight, source.first, source.stream.rows_of(number(place), true)));
                Box::new(sampled(inputs.collect(), generator(*seed, Purpose::Sampling, pass)))
            }
        }
    }
}

/// Rows from a buffer that is kept full, in random order.
fn shuffled(mut input: Rows, buffer_size: usize, mut rng: ChaCha8Rng) -> impl Iterator<Item = u32> {
    let mut buffer = Vec::new();
    std::iter::from_fn(move || {
        while buffer.len() < buffer_size
            && let Some(row) = input.next()
        {
            buffer.push(row);
        }
        let place = (!buffer.is_empty()).then(|| rng.gen_range(0..buffer.len() as u32))?;
        Some(buffer.swap_remove(place as usize))
    })
}

/// Rows from several streams, drawn with weights; for each its weight, the number of its first row, and its rows.
fn sampled(mut inputs: Vec<(f64, u32, Rows)>, mut rng: ChaCha8Rng) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        loop {
            let total = sum(inputs.iter().map(|(weight, ..)| *weight));
            if total == 0.0 {
                return None;
            }
            let target = uniform(&mut rng) * total;
            let mut reached = 0.0;
            let reaches = |(weight, ..): &(f64, u32, Rows)| {
                reached += weight;
                target < reached
            };
            let chosen = inputs.iter().position(reaches).unwrap_or(inputs.len() - 1);
            let (_, first, input) = &mut inputs[chosen];
            match input.next() {
                Some(row) => return Some(*first + row),
                None => drop(inputs.remove(chosen)),
            }
        }
    })
}
