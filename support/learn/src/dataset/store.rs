//! Examples as training reads them.
//!
//! The rows of a shuffled batch lie all over the memory, and memory comes in cache lines of 64 bytes. So a row is stored
//! in whole lines, with its target and its weight: fetching everything about it takes as few lines as possible.

use std::sync::Arc;

use ndarray::{Array2, s};
use prefetch_index::prefetch_index;

use crate::error::{Error, Result, ensure, refuse};
use crate::examples::Examples;

/// A cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(crate) struct Line(pub(crate) [f32; LINE]);

/// Numbers in a line.
pub(crate) const LINE: usize = 16;

/// The lines that a row takes: its features, its target and its weight.
pub(crate) fn lines_per_row(features: usize) -> usize {
    (features + 2).div_ceil(LINE)
}

/// Rows of features, each followed by the target, 0 or 1, and the weight.
#[derive(Debug)]
pub(super) struct Store {
    lines: Vec<Line>,
    lines_per_row: usize,
    features: usize,
    rows: u32,
    has_weights: bool,
    names: Arc<[String]>,
}

impl Store {
    pub(super) fn new(examples: &Examples) -> Result<Self> {
        check_examples(examples)?;
        let features = examples.features.ncols();
        let lines_per_row = lines_per_row(features);
        let rows = u32::try_from(examples.len())
            .map_err(|_| Error::Argument("a data set has fewer than 2³² examples".into()))?;
        let mut lines = vec![Line::default(); examples.len() * lines_per_row];
        let weights = examples.weights.as_ref();
        for (row, line) in lines.chunks_exact_mut(lines_per_row).enumerate() {
            let target = f32::from(u8::from(examples.labels[row]));
            let weight = weights.map_or(1.0, |weights| weights[row]);
            let values = examples.features.row(row).into_iter().copied().chain([target, weight]);
            line.iter_mut().flat_map(|line| &mut line.0).zip(values).for_each(|(place, value)| *place = value);
        }
        Ok(Self { lines, lines_per_row, features, rows, has_weights: weights.is_some(), names: examples.names.clone() })
    }

    fn row(&self, row: u32) -> &[Line] {
        &self.lines[row as usize * self.lines_per_row..][..self.lines_per_row]
    }
}

/// Several stores with the same features, their rows numbered through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stores {
    /// Each store, with the number of its first row.
    stores: Arc<[(u32, Arc<Store>)]>,
}

impl Stores {
    pub(super) fn new(store: Store) -> Self {
        Self { stores: Arc::new([(0, Arc::new(store))]) }
    }

    /// These stores and then `others`.
    pub(super) fn and(&self, others: &Self) -> Self {
        let first = self.rows();
        let moved = others.stores.iter().map(|(row, store)| (first + row, store.clone()));
        Self { stores: self.stores.iter().cloned().chain(moved).collect() }
    }

    /// The number of rows of all.
    pub(super) fn rows(&self) -> u32 {
        self.stores.last().map_or(0, |(first, store)| first + store.rows)
    }

    /// The number of features.
    pub(crate) fn features(&self) -> usize {
        self.stores.first().map_or(0, |(_, store)| store.features)
    }

    /// The names of the features; none when there are no stores.
    pub(crate) fn names(&self) -> Arc<[String]> {
        self.stores.first().map(|(_, store)| store.names.clone()).unwrap_or_default()
    }

    pub(crate) fn have_weights(&self) -> bool {
        self.stores.iter().any(|(_, store)| store.has_weights)
    }

    pub(super) fn label(&self, row: u32) -> bool {
        self.values(row).nth(self.features()) == Some(1.0)
    }

    /// A copy of some rows.
    pub(super) fn examples(&self, rows: &[u32]) -> Examples {
        let features = self.features();
        let values = rows.iter().flat_map(|&row| self.values(row).take(features + 2)).collect();
        let values = Array2::from_shape_vec((rows.len(), features + 2), values).expect("each row has all values");
        Examples {
            features: values.slice(s![.., ..features]).to_owned(),
            labels: values.column(features).mapv(|target| target == 1.0),
            weights: self.have_weights().then(|| values.column(features + 1).to_owned()),
            names: self.names(),
        }
    }

    fn values(&self, row: u32) -> impl Iterator<Item = f32> {
        self.row(row).iter().flat_map(|line| line.0)
    }

    /// Asks the memory for rows that are needed soon, without waiting for them.
    pub(crate) fn prefetch(&self, rows: &[u32]) {
        for row in rows.iter().map(|&row| self.row(row)) {
            (0..row.len()).for_each(|line| prefetch_index(row, line));
        }
    }

    /// Copies rows into `lines`, one after the other: for each its features, its target, its weight, and what is left
    /// of its last line.
    pub(crate) fn fetch(&self, rows: &[u32], lines: &mut [Line]) {
        for (lines, &row) in lines.chunks_exact_mut(lines_per_row(self.features())).zip(rows) {
            lines.iter_mut().zip(self.row(row)).for_each(|(line, from)| *line = *from);
        }
    }

    #[inline]
    fn row(&self, row: u32) -> &[Line] {
        let place = self.stores.partition_point(|(first, _)| *first <= row) - 1;
        let (first, store) = &self.stores[place];
        store.row(row - first)
    }
}

/// Refuses examples whose fields no longer fit together: they are public, so any of them may have been exchanged.
pub(crate) fn check_examples(examples: &Examples) -> Result<()> {
    let (rows, columns) = examples.features.dim();
    let weights = examples.weights.as_ref().map_or(rows, |weights| weights.len());
    let (labels, names) = (examples.labels.len(), examples.names.len());
    ensure!(
        (labels, weights, names) == (rows, rows, columns),
        "the examples don't fit together: {rows} rows of {columns} features, but {labels} labels, {weights} weights and {names} names"
    );
    Ok(())
}

/// Refuses two sets of features, each with words for whose they are, that differ in a name or in their order. The names that
/// [`Examples::new`] gives say nothing about a feature but its place.
pub(crate) fn check_names(
    (whose, names): (&str, &Arc<[String]>),
    (other, others): (&str, &Arc<[String]>),
) -> Result<()> {
    let are_places = |names: &[String]| (0..).zip(names).all(|(place, name)| *name == format!("x{place}"));
    if Arc::ptr_eq(names, others) || names == others || are_places(names) || are_places(others) {
        return Ok(());
    }
    let difference = (0..).zip(names.iter().zip(others.iter())).find(|(_, (name, other))| name != other);
    match difference {
        Some((place, (name, found))) => refuse!(
            "feature {place} is '{name}' in {whose}, but '{found}' in {other}: all tables need the same columns in the same order, so transform them by one preprocessor"
        ),
        None => refuse!("there are {} features in {whose}, but {} in {other}", names.len(), others.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array1;

    #[test]
    fn rows_come_back_as_they_were_whatever_their_width() {
        for features in [1, 14, 15, 30] {
            let set = |rows: usize, first: usize| {
                let value = |(row, feature)| (100 * (first + row) + feature) as f32;
                Examples::new(
                    Array2::from_shape_fn((rows, features), value),
                    Array1::from_shape_fn(rows, |row| row == 1),
                )
                .and_then(|set| set.with_weights(Array1::from_shape_fn(rows, |row| 0.5 * row as f32)))
                .unwrap()
            };
            let (one, two) = (set(3, 0), set(2, 3));
            let stores = |set| Stores::new(Store::new(set).unwrap());
            let stores = stores(&one).and(&stores(&two));
            assert_eq!((stores.rows(), stores.features()), (5, features));
            let rows = [4, 0, 3, 2, 2, 1];
            assert_eq!(stores.examples(&rows), one.concat(&two).unwrap().select(&rows.map(|row| row as usize)));
            let mut lines = vec![Line::default(); lines_per_row(features)];
            stores.fetch(&[4], &mut lines);
            let values: Vec<f32> = lines.iter().flat_map(|line| line.0).take(features + 2).collect();
            assert_eq!((values[0], &values[features..]), (400.0, [1.0, 0.5].as_slice()));
        }
    }
}
