//! A column: its name, and values of one of five types.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;

use crate::chunked::{BooleanChunked, Chunked, Float64Chunked, IdxCa, StringChunked};
use crate::{PolarsResult, refused};

pub type PlSmallStr = String;

#[derive(Clone, Debug, PartialEq)]
pub enum DataType {
    Null,
    Boolean,
    UInt32,
    Int64,
    Float64,
    String,
}

impl DataType {
    pub fn is_integer(&self) -> bool {
        matches!(self, Self::Int64 | Self::UInt32)
    }

    pub fn is_float(&self) -> bool {
        matches!(self, Self::Float64)
    }

    pub fn is_primitive_numeric(&self) -> bool {
        self.is_integer() || self.is_float()
    }

    pub fn is_bool(&self) -> bool {
        matches!(self, Self::Boolean)
    }

    pub fn is_string(&self) -> bool {
        matches!(self, Self::String)
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "bool",
            Self::UInt32 => "u32",
            Self::Int64 => "i64",
            Self::Float64 => "f64",
            Self::String => "str",
        })
    }
}

/// One value of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyValue<'a> {
    Null,
    Boolean(bool),
    UInt32(u32),
    Int64(i64),
    Float64(f64),
    String(&'a str),
}

impl AnyValue<'_> {
    pub fn str_value(&self) -> Cow<'_, str> {
        match self {
            Self::Null => "null".into(),
            Self::Boolean(value) => value.to_string().into(),
            Self::UInt32(value) => value.to_string().into(),
            Self::Int64(value) => value.to_string().into(),
            Self::Float64(value) => format!("{value:?}").into(),
            Self::String(value) => (*value).into(),
        }
    }

    pub fn extract(&self) -> Option<f64> {
        match *self {
            Self::Boolean(value) => Some(u8::from(value).into()),
            Self::UInt32(value) => Some(value.into()),
            Self::Int64(value) => Some(value as f64),
            Self::Float64(value) => Some(value),
            Self::Null | Self::String(_) => None,
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::Int64(a), Self::Int64(b)) => a.cmp(b),
            (a, b) => a.extract().partial_cmp(&b.extract()).unwrap_or(Ordering::Equal),
        }
    }
}

/// A value apart from its column.
pub struct Scalar {
    sorted: Column,
    row: usize,
}

impl Scalar {
    pub fn value(&self) -> AnyValue<'_> {
        self.sorted.get(self.row).unwrap_or(AnyValue::Null)
    }
}

#[derive(Default)]
pub struct SortOptions;

impl SortOptions {
    pub fn with_maintain_order(self, _maintain: bool) -> Self {
        self
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    Boolean(BooleanChunked),
    UInt32(IdxCa),
    Int64(Chunked<i64>),
    Float64(Float64Chunked),
    String(StringChunked),
    Null(usize),
}

/// What a column holds, as it is looked at.
pub trait Element: Clone + Default {
    type View<'a>;
    fn view(&self) -> Self::View<'_>;
    fn any(view: Self::View<'_>) -> AnyValue<'_>;
    fn column(name: PlSmallStr, values: Chunked<Self>) -> Column;
}

/// What a column can be made of.
pub trait Given {
    type Element: Element;
    fn given(&self) -> Option<Self::Element>;
}

impl<G: Given> Given for Option<G> {
    type Element = G::Element;

    fn given(&self) -> Option<G::Element> {
        self.as_ref().and_then(G::given)
    }
}

impl Given for &str {
    type Element = String;

    fn given(&self) -> Option<String> {
        Some((*self).into())
    }
}

macro_rules! elements {
    ($($type:ty, $view:ty, $variant:ident, $show:expr;)*) => {$(
        impl Element for $type {
            type View<'a> = $view;

            fn view(&self) -> Self::View<'_> {
                $show(self)
            }

            fn any(view: Self::View<'_>) -> AnyValue<'_> {
                AnyValue::$variant(view)
            }

            fn column(name: PlSmallStr, values: Chunked<Self>) -> Column {
                Column { name, values: Values::$variant(values) }
            }
        }

        impl Given for $type {
            type Element = $type;

            fn given(&self) -> Option<$type> {
                Some(self.clone())
            }
        }
    )*};
}

elements! {
    bool, bool, Boolean, Clone::clone;
    u32, u32, UInt32, Clone::clone;
    i64, i64, Int64, Clone::clone;
    f64, f64, Float64, Clone::clone;
    String, &'a str, String, String::as_str;
}

/// The same for values of any type; of a column without a type, `$else`.
macro_rules! each {
    ($column:expr, $values:ident => $then:expr, $count:pat => $else:expr) => {
        match &$column.values {
            Values::Boolean($values) => $then,
            Values::UInt32($values) => $then,
            Values::Int64($values) => $then,
            Values::Float64($values) => $then,
            Values::String($values) => $then,
            Values::Null($count) => $else,
        }
    };
}

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    name: PlSmallStr,
    values: Values,
}

impl Column {
    pub fn new<G: Given>(name: PlSmallStr, values: impl AsRef<[G]>) -> Self {
        G::Element::column(name, values.as_ref().iter().map(G::given).collect())
    }

    pub fn full_null(name: PlSmallStr, length: usize, kind: &DataType) -> Self {
        match kind {
            DataType::String => Self::new(name, vec![None::<String>; length]),
            _ => Self { name, values: Values::Null(length) },
        }
    }

    pub fn name(&self) -> &PlSmallStr {
        &self.name
    }

    pub fn with_name(self, name: PlSmallStr) -> Self {
        Self { name, ..self }
    }

    pub fn dtype(&self) -> &DataType {
        match self.values {
            Values::Boolean(_) => &DataType::Boolean,
            Values::UInt32(_) => &DataType::UInt32,
            Values::Int64(_) => &DataType::Int64,
            Values::Float64(_) => &DataType::Float64,
            Values::String(_) => &DataType::String,
            Values::Null(_) => &DataType::Null,
        }
    }

    pub fn len(&self) -> usize {
        each!(self, values => values.len(), count => *count)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn null_count(&self) -> usize {
        each!(self, values => values.null_count(), count => *count)
    }

    pub fn has_nulls(&self) -> bool {
        self.null_count() > 0
    }

    pub fn is_full_null(&self) -> bool {
        self.null_count() == self.len()
    }

    pub fn is_null(&self) -> BooleanChunked {
        each!(self, values => values.is_null(), count => vec![true; *count].into())
    }

    pub fn get(&self, row: usize) -> PolarsResult<AnyValue<'_>> {
        if row >= self.len() {
            return refused(format!("no row {row} in column '{}' of {}", self.name, self.len()));
        }
        Ok(each!(self, values => values.any(row), _ => AnyValue::Null))
    }

    fn iter(&self) -> impl Iterator<Item = AnyValue<'_>> {
        (0..self.len()).flat_map(|row| self.get(row))
    }

    pub fn take(&self, rows: &IdxCa) -> PolarsResult<Self> {
        Ok(self.rows(&rows.values.iter().map(|&row| row as usize).collect::<Vec<_>>()))
    }

    pub(crate) fn rows(&self, rows: &[usize]) -> Self {
        let name = self.name.clone();
        each!(self, values => Element::column(name, values.take(rows)), _ => Self { name, values: Values::Null(rows.len()) })
    }

    pub fn drop_nulls(&self) -> Self {
        let known = self.iter().enumerate().filter(|(_, value)| *value != AnyValue::Null).map(|(row, _)| row);
        self.rows(&known.collect::<Vec<_>>())
    }

    pub fn n_unique(&self) -> PolarsResult<usize> {
        Ok(self.keys().collect::<HashSet<_>>().len())
    }

    /// Texts that are equal where the values are.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Option<String>> {
        self.iter().map(|value| (value != AnyValue::Null).then(|| value.str_value().into_owned()))
    }

    pub fn arg_sort(&self, _options: SortOptions) -> IdxCa {
        let values: Vec<AnyValue> = self.iter().collect();
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_by(|&a, &b| values[a as usize].order(&values[b as usize]));
        order.into()
    }

    pub fn min_reduce(&self) -> PolarsResult<Scalar> {
        Ok(Scalar { sorted: self.sorted()?, row: 0 })
    }

    pub fn max_reduce(&self) -> PolarsResult<Scalar> {
        let sorted = self.sorted()?;
        Ok(Scalar { row: sorted.len().saturating_sub(1), sorted })
    }

    fn sorted(&self) -> PolarsResult<Self> {
        let known = self.drop_nulls();
        known.take(&known.arg_sort(SortOptions))
    }

    pub fn rechunk(&self) -> Self {
        self.clone()
    }

    pub fn cast(&self, kind: &DataType) -> PolarsResult<Self> {
        if self.dtype() == kind {
            return Ok(self.clone());
        }
        let name = self.name.clone();
        Ok(match kind {
            DataType::Float64 => Self::new(name, self.iter().map(|value| value.extract()).collect::<Vec<_>>()),
            DataType::Int64 => {
                Self::new(name, self.iter().map(|value| value.extract().map(|value| value as i64)).collect::<Vec<_>>())
            }
            DataType::String => Self::new(name, self.keys().collect::<Vec<_>>()),
            _ => return refused(format!("column '{name}': {} can't become {kind}", self.dtype())),
        })
    }
}

macro_rules! views {
    ($($kind:ident, $variant:ident, $values:ty;)*) => {
        impl Column {$(
            pub fn $kind(&self) -> PolarsResult<&$values> {
                match &self.values {
                    Values::$variant(values) => Ok(values),
                    _ => refused(format!("column '{}' is of type {}, not {}", self.name, self.dtype(), stringify!($kind))),
                }
            }
        )*}
    };
}

views! {
    f64, Float64, Float64Chunked;
    u32, UInt32, IdxCa;
    bool, Boolean, BooleanChunked;
    str, String, StringChunked;
}
