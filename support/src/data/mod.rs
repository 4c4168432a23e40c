//! Tables: the transactions of the lesson and those of the reader, what they hold, and how they are split.

mod records;
mod cells;
mod csv;
mod credit_card;
mod machines;
mod prepare;
mod summary;
mod rows;
mod split;
mod synthetic;
mod deep;
mod load;

use std::fmt::Display;

use polars::prelude::{ChunkApply, Column, DataFrame, DataType, Float64Chunked};

pub(crate) use self::cells::Kind;
pub use self::credit_card::read_credit_card;
pub(crate) use self::csv::read_bytes;
pub use self::csv::{csv_bytes, read_csv, read_csv_bytes, read_csv_with_text, write_csv};
pub use self::deep::{deep_rows, synthetic_without_deep_rows, with_deep};
pub use self::load::load;
pub use self::machines::{example_csv, machines};
pub(crate) use self::prepare::texts;
pub use self::prepare::{
    add_column, binary_label, drop_columns, drop_duplicates, drop_missing, filter_numbers, filter_texts, imbalance,
    overview,
};
pub use self::rows::{group_medians, rows, rows_where, take};
pub use self::split::{
    group_split, split_indices, stratified_folds, stratified_split, time_split, train_test_split, train_val_test_split,
};
pub use self::summary::{Summary, class_counts, describe, head, log_column, summary};
pub use self::synthetic::synthetic;
use learn::error::{Error, Result};
#[doc(inline)]
pub use learn::low_signal::low_signal;

/// The seed of the synthetic set that [`load`] falls back to.
pub const SYNTHETIC_SEED: u64 = 7;

/// The label's column: 1 for a fraud, 0 for a genuine transaction.
pub const CLASS: &str = "Class";

/// The column in which [`read_csv`] notes at which line of the file each row starts. It goes with the rows through every split,
/// and no step learns from it.
pub const LINE: &str = "(line)";

/// The most different texts that a column may hold to count as one of categories.
pub const MAX_CATEGORIES: usize = 50;

/// The columns of the credit card table, in its order: `Time` (seconds since the first transaction),
/// `V1` … `V28` (principal components), `Amount` (euro) and `Class`.
pub fn columns() -> Vec<String> {
    let components = (1..=28).map(|number| format!("V{number}"));
    std::iter::once("Time".into()).chain(components).chain(["Amount".into(), CLASS.into()]).collect()
}

/// The column, or an error that lists the columns there are.
pub(crate) fn column<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a Column> {
    frame.column(name).map_err(|_| {
        let names: Vec<&str> = shown(frame).map(|column| column.name().as_str()).collect();
        Error::Table(format!("no column is called '{name}'; the columns are {}", names.join(", ")))
    })
}

/// The columns to show or to learn from: all but [`LINE`].
pub(crate) fn shown(frame: &DataFrame) -> impl Iterator<Item = &Column> {
    frame.columns().iter().filter(|column| column.name() != LINE)
}

/// How to find a row: by its line in the file, if the table still knows it.
pub(crate) fn place(frame: &DataFrame, row: usize) -> String {
    let line = frame.column(LINE).ok().and_then(|lines| lines.u32().ok()?.get(row));
    line.map_or_else(|| format!("row {row}"), |line| format!("line {line}"))
}

/// What is wrong with the value of a column in a row.
pub(crate) fn fault(frame: &DataFrame, name: &str, row: usize, problem: impl Display) -> Error {
    Error::Table(format!("column '{name}', {}: {problem}", place(frame, row)))
}

/// The values of a column of numbers, or of true and false, in one piece. NaN stands for a missing value.
///
/// # Errors
/// When there is no such column, it holds anything else, or a value is infinite.
pub(crate) fn known_numbers(frame: &DataFrame, name: &str) -> Result<Float64Chunked> {
    let column = column(frame, name)?;
    let kind = column.dtype();
    if !kind.is_primitive_numeric() && !kind.is_bool() && !column.is_full_null() {
        let kind = if kind == &DataType::String { "text".into() } else { kind.to_string() };
        return Err(Error::Table(format!(
            "column '{name}' holds {kind}, not numbers: drop it, or let an Encoder turn it into numbers"
        )));
    }
    let values = column.cast(&DataType::Float64)?.rechunk();
    let values = values.f64()?.apply(|value| value.filter(|value| !value.is_nan()));
    match values.is_infinite().first_true_idx() {
        Some(row) => Err(fault(frame, name, row, "the value is infinite; drop or correct such rows first")),
        None => Ok(values),
    }
}

/// The values of a column of numbers, such as the amounts that mistakes cost.
///
/// # Errors
/// When there is no such column, it holds text, or a value is missing or infinite.
pub fn numbers(frame: &DataFrame, name: &str) -> Result<Vec<f64>> {
    let values = known_numbers(frame, name)?;
    match values.is_null().first_true_idx() {
        Some(row) => {
            let problem = "the value is missing; drop such rows by drop_missing, or let an Encoder fill them";
            Err(fault(frame, name, row, problem))
        }
        None => Ok(values.cont_slice()?.to_vec()),
    }
}

/// The values of the label's column, true for the positive class.
pub(crate) fn labels(frame: &DataFrame, label: &str) -> Result<Vec<bool>> {
    let values = numbers(frame, label)?;
    match values.iter().position(|&value| value != 0.0 && value != 1.0) {
        Some(row) => Err(fault(frame, label, row, format!("a label is 0 or 1, not {}", values[row]))),
        None => Ok(values.into_iter().map(|value| value == 1.0).collect()),
    }
}
