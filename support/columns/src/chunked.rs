//! Values of one type, some of which may be missing.

use std::collections::HashMap;
use std::ops::{Not, Sub};
use std::sync::Arc;

use crate::column::{AnyValue, Column, Element, PlSmallStr};
use crate::{PolarsResult, refused};

pub type IdxSize = u32;
pub type IdxCa = Chunked<IdxSize>;
pub type BooleanChunked = Chunked<bool>;
pub type Float64Chunked = Chunked<f64>;
pub type StringChunked = Chunked<String>;

/// `known` is there where a value is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunked<T> {
    pub(crate) values: Arc<Vec<T>>,
    known: Option<Arc<Vec<bool>>>,
}

// polars has these operations as traits, which a `use` must find.
pub trait ChunkAgg {}
pub trait ChunkApply {}
pub trait ChunkCompareEq {}
pub trait ChunkFillNullValue {}
pub trait ChunkQuantile {}
pub trait ChunkUnique {}
pub trait ChunkVar {}

pub enum QuantileMethod {
    Linear,
}

pub trait IntoColumn {
    fn into_column(self) -> Column;
}

impl<T: Element> IntoColumn for Chunked<T> {
    /// The column has no name yet.
    fn into_column(self) -> Column {
        T::column("".into(), self)
    }
}

impl<T> From<Vec<T>> for Chunked<T> {
    fn from(values: Vec<T>) -> Self {
        Self { values: Arc::new(values), known: None }
    }
}

impl<T: Default> FromIterator<Option<T>> for Chunked<T> {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(values: I) -> Self {
        let (known, values): (Vec<bool>, Vec<T>) =
            values.into_iter().map(|value| (value.is_some(), value.unwrap_or_default())).unzip();
        let known = known.contains(&false).then(|| Arc::new(known));
        Self { values: Arc::new(values), known }
    }
}

impl FromIterator<bool> for BooleanChunked {
    fn from_iter<I: IntoIterator<Item = bool>>(values: I) -> Self {
        values.into_iter().collect::<Vec<_>>().into()
    }
}

impl<T: Element> Chunked<T> {
    pub fn from_vec(_name: PlSmallStr, values: Vec<T>) -> Self {
        values.into()
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn null_count(&self) -> usize {
        self.known.as_ref().map_or(0, |known| known.iter().filter(|known| !**known).count())
    }

    pub fn is_null(&self) -> BooleanChunked {
        self.iter().map(|value| value.is_none()).collect()
    }

    pub fn get(&self, row: usize) -> Option<T::View<'_>> {
        let is_known = self.known.as_ref().is_none_or(|known| known[row]);
        self.values.get(row).filter(|_| is_known).map(T::view)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<T::View<'_>>> {
        (0..self.len()).map(|row| self.get(row))
    }

    pub(crate) fn any(&self, row: usize) -> AnyValue<'_> {
        self.get(row).map_or(AnyValue::Null, T::any)
    }

    pub(crate) fn take(&self, rows: &[usize]) -> Self {
        let known = self.known.as_ref().map(|known| Arc::new(rows.iter().map(|&row| known[row]).collect()));
        Self { values: Arc::new(rows.iter().map(|&row| self.values[row].clone()).collect()), known }
    }
}

impl Float64Chunked {
    /// The values; polars refuses where one is missing, too.
    pub fn cont_slice(&self) -> PolarsResult<&[f64]> {
        if self.null_count() > 0 { refused("a value is missing") } else { Ok(&self.values) }
    }

    pub fn apply(&self, change: impl Fn(Option<f64>) -> Option<f64>) -> Self {
        self.iter().map(change).collect()
    }

    pub fn is_infinite(&self) -> BooleanChunked {
        self.iter().map(|value| value.is_some_and(f64::is_infinite)).collect()
    }

    pub fn fill_null_with_values(&self, value: f64) -> PolarsResult<Self> {
        Ok(self.iter().map(|known| known.unwrap_or(value)).collect::<Vec<_>>().into())
    }

    pub fn mean(&self) -> Option<f64> {
        let count = self.len() - self.null_count();
        (count > 0).then(|| self.iter().flatten().sum::<f64>() / count as f64)
    }

    pub fn std(&self, ddof: u8) -> Option<f64> {
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for value in self.iter().flatten() {
            count += 1.0;
            let before = value - mean;
            mean += before / count;
            squares += before * (value - mean);
        }
        (count > f64::from(ddof)).then(|| (squares / (count - f64::from(ddof))).sqrt())
    }

    pub fn min(&self) -> Option<f64> {
        self.iter().flatten().reduce(f64::min)
    }

    pub fn max(&self) -> Option<f64> {
        self.iter().flatten().reduce(f64::max)
    }

    pub fn quantile(&self, share: f64, _method: QuantileMethod) -> PolarsResult<Option<f64>> {
        let mut sorted: Vec<f64> = self.iter().flatten().collect();
        sorted.sort_by(f64::total_cmp);
        let place = share * sorted.len().saturating_sub(1) as f64;
        let ends = (sorted.get(place.floor() as usize), sorted.get(place.ceil() as usize));
        Ok(match ends {
            (Some(low), Some(high)) if low < high => Some(place.fract() * (high - low) + low),
            (low, _) => low.copied(),
        })
    }
}

impl Sub<f64> for &Float64Chunked {
    type Output = Float64Chunked;

    fn sub(self, other: f64) -> Float64Chunked {
        Chunked { values: Arc::new(self.values.iter().map(|value| value - other).collect()), known: self.known.clone() }
    }
}

impl BooleanChunked {
    pub fn first_true_idx(&self) -> Option<usize> {
        self.iter().position(|value| value == Some(true))
    }

    pub fn num_trues(&self) -> usize {
        self.iter().flatten().filter(|value| *value).count()
    }

    pub fn num_falses(&self) -> usize {
        self.iter().flatten().filter(|value| !value).count()
    }
}

impl Not for &BooleanChunked {
    type Output = BooleanChunked;

    fn not(self) -> BooleanChunked {
        self.iter().map(|value| value.map(Not::not)).collect()
    }
}

impl StringChunked {
    pub fn apply_values<'a>(&'a self, change: impl Fn(&'a str) -> std::borrow::Cow<'a, str>) -> Self {
        self.iter().map(|text| text.map(|text| change(text).into_owned())).collect()
    }

    pub fn equal_missing(&self, other: &str) -> BooleanChunked {
        self.iter().map(|text| text == Some(other)).collect()
    }

    /// The number of different texts, and for each row that of its text, in the order in which they come.
    pub fn unique_id(&self) -> PolarsResult<(IdxSize, Vec<IdxSize>)> {
        let mut numbers = HashMap::new();
        let ids = self.iter().map(|text| {
            let next = numbers.len() as IdxSize;
            *numbers.entry(text).or_insert(next)
        });
        let ids = ids.collect();
        Ok((numbers.len() as IdxSize, ids))
    }
}
