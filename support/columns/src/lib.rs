//! The part of polars' interface that `support` uses, for WebAssembly, where polars itself doesn't compile.
//!
//! `support/src/lib.rs` takes this crate under the names `polars` and `polars_io` there, so that the rest of it is one text for
//! both. What a name means is in polars' documentation; `tests/wasm/run` checks that the tables of the lesson get the same bits.

#![allow(missing_docs, reason = "polars documents what has its names")]

mod chunked;
mod column;
mod frame;

/// Tables from and to files: those of polars-io. A page has no files; it reads bytes by `support`'s own reader.
pub mod csv;

pub mod prelude {
    pub use crate::chunked::{
        BooleanChunked, ChunkAgg, ChunkApply, ChunkCompareEq, ChunkFillNullValue, ChunkQuantile, ChunkUnique, ChunkVar,
        Chunked, Float64Chunked, IdxCa, IdxSize, IntoColumn, QuantileMethod, StringChunked,
    };
    pub use crate::column::{AnyValue, Column, DataType, PlSmallStr, Scalar, SortOptions};
    pub use crate::csv::{CsvReadOptions, CsvWriter, Schema};
    pub use crate::frame::{DataFrame, UniqueKeepStrategy};
}

pub use csv::{SerReader, SerWriter};

/// An error of a cell's `?`, as those of `support`.
pub type PolarsResult<T> = learn::error::Result<T>;

fn refused<T>(problem: impl Into<String>) -> PolarsResult<T> {
    Err(learn::error::Error::Table(problem.into()))
}

#[macro_export]
macro_rules! df {
    ($($name:expr => $values:expr),* $(,)?) => {{
        let columns = vec![$($crate::prelude::Column::new($name.into(), $values)),*];
        $crate::prelude::DataFrame::new(columns[0].len(), columns)
    }};
}
