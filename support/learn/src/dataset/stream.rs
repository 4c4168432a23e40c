//! The order in which rows come: a description, which a data set keeps, and what walks along it.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::math::sum;
use crate::random::{Purpose, generator, uniform};

/// The order of the rows, by number.
#[derive(Clone, Debug)]
pub(super) enum Stream {
    /// So many rows, once.
    Rows(u32),
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
        sources: Vec<Source>,
        seed: u64,
    },
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

/// The number of the first pass that a repeated stream makes in its own pass `pass`: each has 2²⁰ numbers for itself, so
/// that no order comes again in the next.
fn first_of_repeated(pass: u64) -> u64 {
    let counted = (1 << PASS_BITS) - 1;
    (pass & !counted) | (pass << 20 & counted)
}

/// The number of a pass over a source of a mixture that is a source itself: the first of the inner and the second of the outer
/// mixture are not the second of the inner and the first of the outer.
fn source_of_source(pass: u64, place: u64) -> u64 {
    let counted = (1 << PASS_BITS) - 1;
    let source = ((pass >> PASS_BITS) + 1) * 64 + place;
    (pass & counted) | (source & 0xffff) << PASS_BITS
}

/// Rows that come one after the other.
pub(super) trait Rows: Send {
    /// Appends the next `count` rows to `rows`, or as many as are left. Many at a time, for a call costs more than a row.
    fn append(&mut self, count: usize, rows: &mut Vec<u32>);
}

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
    pub(super) fn rows(&self, pass: u64) -> Box<dyn Rows> {
        self.rows_of(pass, false)
    }

    /// As [`rows`](Self::rows), of a stream that is a source of a mixture or not.
    fn rows_of(&self, pass: u64, is_source: bool) -> Box<dyn Rows> {
        match self {
            Self::Rows(rows) => Box::new(0..*rows),
            Self::Shuffle { input, buffer_size, seed } => Box::new(Shuffled {
                input: Fetched::new(input.rows_of(pass, is_source)),
                buffer: Vec::new(),
                buffer_size: *buffer_size,
                rng: generator(*seed, Purpose::Shuffle, pass),
            }),
            Self::Repeat(input) => {
                let pass = first_of_repeated(pass);
                Box::new(Repeated { rows: input.rows_of(pass, is_source), input: (**input).clone(), pass, is_source })
            }
            Self::Take { input, count } => Box::new(Fetched::new(input.rows_of(pass, is_source)).take(*count)),
            Self::Sample { sources, seed } => {
                // Each source has passes of its own, so that two with the same seed are not shuffled alike.
                let number = |place: u64| match is_source {
                    true => source_of_source(pass, place),
                    false => pass | place << PASS_BITS,
                };
                let inputs = (0..).zip(sources).map(|(place, source)| {
                    (source.weight, source.first, Fetched::new(source.stream.rows_of(number(place), true)))
                });
                Box::new(Sampled { inputs: inputs.collect(), rng: generator(*seed, Purpose::Sampling, pass) })
            }
        }
    }
}

impl<I: Iterator<Item = u32> + Send> Rows for I {
    fn append(&mut self, count: usize, rows: &mut Vec<u32>) {
        rows.extend(self.take(count));
    }
}

/// Rows one by one, fetched many at a time.
struct Fetched {
    /// None at their end.
    rows: Option<Box<dyn Rows>>,
    ready: std::vec::IntoIter<u32>,
}

impl Fetched {
    fn new(rows: Box<dyn Rows>) -> Self {
        Self { rows: Some(rows), ready: Vec::new().into_iter() }
    }
}

impl Iterator for Fetched {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        self.ready.next().or_else(|| {
            let mut ready = Vec::new();
            self.rows.as_mut()?.append(1024, &mut ready);
            self.ready = ready.into_iter();
            let row = self.ready.next();
            if row.is_none() {
                self.rows = None;
            }
            row
        })
    }
}

/// Rows from a buffer that is kept full, in random order.
struct Shuffled {
    input: Fetched,
    buffer: Vec<u32>,
    buffer_size: usize,
    rng: ChaCha8Rng,
}

impl Iterator for Shuffled {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        while self.buffer.len() < self.buffer_size
            && let Some(row) = self.input.next()
        {
            self.buffer.push(row);
        }
        if self.buffer.is_empty() {
            return None;
        }
        let place = self.rng.gen_range(0..self.buffer.len() as u32);
        Some(self.buffer.swap_remove(place as usize))
    }
}

/// One pass after the other.
struct Repeated {
    input: Stream,
    pass: u64,
    is_source: bool,
    rows: Box<dyn Rows>,
}

impl Rows for Repeated {
    fn append(&mut self, count: usize, rows: &mut Vec<u32>) {
        let end = rows.len() + count;
        while rows.len() < end && self.input.len() != Some(0) {
            self.rows.append(end - rows.len(), rows);
            if rows.len() < end {
                self.pass += 1;
                self.rows = self.input.rows_of(self.pass, self.is_source);
            }
        }
    }
}

/// Rows from several streams, drawn with weights.
struct Sampled {
    /// For each its weight, the number of its first row, and its rows.
    inputs: Vec<(f64, u32, Fetched)>,
    rng: ChaCha8Rng,
}

impl Rows for Sampled {
    fn append(&mut self, count: usize, rows: &mut Vec<u32>) {
        let end = rows.len() + count;
        while rows.len() < end {
            let total = sum(self.inputs.iter().map(|(weight, ..)| *weight));
            if total == 0.0 {
                return;
            }
            let target = uniform(&mut self.rng) * total;
            let mut reached = 0.0;
            let reaches = |(weight, ..): &(f64, u32, Fetched)| {
                reached += weight;
                target < reached
            };
            let chosen = self.inputs.iter().position(reaches).unwrap_or(self.inputs.len() - 1);
            let (_, first, input) = &mut self.inputs[chosen];
            match input.next() {
                Some(row) => rows.push(*first + row),
                None => drop(self.inputs.remove(chosen)),
            }
        }
    }
}
