//! The order in which rows come: a description, which a data set keeps, and what walks along it.

use std::ops::Range;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::math::sum;
use crate::random::{Purpose, generator, uniform};

/// The order of the rows, by number.
#[derive(Clone, Debug)]
pub(super) enum Stream {
    /// These rows, once.
    Rows(Range<u32>),
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
    /// The same stream where the rows are numbered from `first` on.
    pub(super) fn numbered_from(self, first: u32) -> Self {
        let moved = |input: Box<Self>| Box::new(input.numbered_from(first));
        match self {
            Self::Rows(rows) => Self::Rows(rows.start + first..rows.end + first),
            Self::Shuffle { input, buffer_size, seed } => Self::Shuffle { input: moved(input), buffer_size, seed },
            Self::Repeat(input) => Self::Repeat(moved(input)),
            Self::Take { input, count } => Self::Take { input: moved(input), count },
            Self::Sample { inputs, seed } => {
                let inputs = inputs.into_iter().map(|(input, weight)| (input.numbered_from(first), weight));
                Self::Sample { inputs: inputs.collect(), seed }
            }
        }
    }

    /// The number of rows in a pass; none if it does not end.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Self::Rows(rows) => Some(rows.len()),
            Self::Shuffle { input, .. } => input.len(),
            Self::Repeat(input) => input.len().filter(|&len| len == 0),
            Self::Take { input, count } => Some(input.len().map_or(*count, |len| len.min(*count))),
            Self::Sample { inputs, .. } => {
                inputs.iter().filter(|(_, weight)| *weight > 0.0).map(|(input, _)| input.len()).sum()
            }
        }
    }

    /// The rows that can come, in ranges. The first rows of a shuffled stream may be any of it.
    pub(super) fn sources(&self) -> Vec<Range<u32>> {
        match self {
            Self::Rows(rows) => vec![rows.clone()],
            Self::Shuffle { input, .. } | Self::Repeat(input) => input.sources(),
            Self::Take { input, count } => match **input {
                Self::Rows(ref rows) => {
                    let first = rows.start..rows.start + rows.len().min(*count) as u32;
                    vec![first]
                }
                ref input => input.sources(),
            },
            Self::Sample { inputs, .. } => {
                inputs.iter().filter(|(_, weight)| *weight > 0.0).flat_map(|(input, _)| input.sources()).collect()
            }
        }
    }

    /// The size of the largest buffer that is filled from a stream without end; 0 without any.
    pub(super) fn largest_endless_buffer(&self) -> usize {
        match self {
            Self::Rows(_) => 0,
            Self::Shuffle { input, buffer_size, .. } => {
                input.largest_endless_buffer().max(if input.len().is_none() { *buffer_size } else { 0 })
            }
            Self::Repeat(input) | Self::Take { input, .. } => input.largest_endless_buffer(),
            Self::Sample { inputs, .. } => {
                inputs.iter().map(|(input, _)| input.largest_endless_buffer()).max().unwrap_or(0)
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
            Self::Rows(rows) => Box::new(rows.clone()),
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
            Self::Take { input, count } => Box::new(Taken { input: input.rows_of(pass, is_source), left: *count }),
            Self::Sample { inputs, seed } => {
                // Each input has passes of its own, so that two with the same seed are not shuffled alike.
                let number = |place: u64| match is_source {
                    true => source_of_source(pass, place),
                    false => pass | place << PASS_BITS,
                };
                let rows = |place: u64, input: &Self| Fetched::new(input.rows_of(number(place), true));
                let inputs = (0..).zip(inputs).map(|(place, (input, weight))| (rows(place, input), *weight));
                Box::new(Sampled { inputs: inputs.collect(), rng: generator(*seed, Purpose::Sampling, pass) })
            }
        }
    }
}

impl Rows for Range<u32> {
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

impl Rows for Shuffled {
    fn append(&mut self, count: usize, rows: &mut Vec<u32>) {
        for _ in 0..count {
            while self.buffer.len() < self.buffer_size
                && let Some(row) = self.input.next()
            {
                self.buffer.push(row);
            }
            if self.buffer.is_empty() {
                return;
            }
            let place = self.rng.gen_range(0..self.buffer.len() as u32);
            rows.push(self.buffer.swap_remove(place as usize));
        }
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

/// The first rows.
struct Taken {
    input: Box<dyn Rows>,
    left: usize,
}

impl Rows for Taken {
    fn append(&mut self, count: usize, rows: &mut Vec<u32>) {
        let count = count.min(self.left);
        self.left -= count;
        self.input.append(count, rows);
    }
}

/// Rows from several streams, drawn with weights.
struct Sampled {
    inputs: Vec<(Fetched, f64)>,
    rng: ChaCha8Rng,
}

impl Rows for Sampled {
    fn append(&mut self, count: usize, rows: &mut Vec<u32>) {
        let end = rows.len() + count;
        while rows.len() < end {
            let total = sum(self.inputs.iter().map(|(_, weight)| *weight));
            if total == 0.0 {
                return;
            }
            let target = uniform(&mut self.rng) * total;
            let mut reached = 0.0;
            let reaches = |(_, weight): &(Fetched, f64)| {
                reached += weight;
                target < reached
            };
            let chosen = self.inputs.iter().position(reaches).unwrap_or(self.inputs.len() - 1);
            match self.inputs[chosen].0.next() {
                Some(row) => rows.push(row),
                None => drop(self.inputs.remove(chosen)),
            }
        }
    }
}
