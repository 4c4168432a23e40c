//! Tables: the transactions of the lesson and those of the reader, what they hold, and how they are split.

mod csv;
mod low_signal;
mod machines;
mod prepare;
mod read;
mod split;
mod summary;
mod synthetic;

use std::path::{Path, PathBuf};

use polars::prelude::{Column, DataFrame};

pub use self::csv::{read_credit_card, write_csv};
pub use self::low_signal::low_signal;
pub use self::machines::{example_csv, machines};
pub(crate) use self::prepare::texts;
pub use self::prepare::{add_column, binary_label, drop_columns, imbalance, overview};
pub use self::read::read_csv;
pub use self::split::{split_indices, stratified_split, train_test_split, train_val_test_split};
pub use self::summary::{Summary, class_counts, describe, head, log_column, summary};
pub use self::synthetic::synthetic;
use crate::error::{Error, Result};
use crate::table::thousands;

/// The seed of the synthetic set that [`load`] falls back to.
pub const SYNTHETIC_SEED: u64 = 4;

/// The label's column: 1 for a fraud, 0 for a genuine transaction.
pub const CLASS: &str = "Class";

/// The most different texts that a column may hold to count as one of categories.
pub const MAX_CATEGORIES: usize = 50;

/// The columns of the credit card table, in its order: `Time` (seconds since the first transaction),
/// `V1` … `V28` (principal components), `Amount` (euro) and `Class`.
pub fn columns() -> Vec<String> {
    let components = (1..=28).map(|number| format!("V{number}"));
    std::iter::once("Time".into()).chain(components).chain(["Amount".into(), CLASS.into()]).collect()
}

/// Loads the credit card transactions from the first of these that is there, and says in one line which it was:
/// the file that the environment variable `CREDITCARD_CSV` names (the word `synthetic` stands for the built-in
/// set), `data/creditcard.csv` in the repository, the built-in synthetic set.
///
/// # Errors
/// When the file can't be read or is not a table of credit card transactions; see [`read_credit_card`].
pub fn load() -> Result<DataFrame> {
    let (frame, source) = match source()? {
        Some(path) => (read_credit_card(&path)?, format!("from {}", file_name(&path))),
        None => (synthetic(SYNTHETIC_SEED), format!("of the built-in synthetic set (seed {SYNTHETIC_SEED})")),
    };
    println!("{} transactions {source}", thousands(frame.height()));
    Ok(frame)
}

/// The file that [`load`] reads, or none for the built-in set.
fn source() -> Result<Option<PathBuf>> {
    let variable = std::env::var_os("CREDITCARD_CSV").filter(|value| !value.is_empty());
    if let Some(value) = variable {
        if value == "synthetic" {
            return Ok(None);
        }
        let path = PathBuf::from(value);
        return match path.is_file() {
            true => Ok(Some(path)),
            false => Err(Error::content(
                path,
                "no such file; the environment variable CREDITCARD_CSV names it: correct it, or unset it to use the built-in set",
            )),
        };
    }
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/creditcard.csv");
    Ok(fetched.is_file().then_some(fetched))
}

/// The name alone: a full path would make the same notebook print something else on each machine.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The column, or an error that lists the columns there are.
pub(crate) fn column<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a Column> {
    frame.column(name).map_err(|_| {
        let names: Vec<&str> = frame.get_column_names().iter().map(|name| name.as_str()).collect();
        Error::Table(format!("no column is called '{name}'; the columns are {}", names.join(", ")))
    })
}

/// The values of a numeric column, all of them finite.
pub(crate) fn numbers(frame: &DataFrame, name: &str) -> Result<Vec<f64>> {
    use polars::prelude::DataType;
    let column = column(frame, name)?;
    if !column.dtype().is_primitive_numeric() && !column.dtype().is_bool() {
        let kind = if column.dtype() == &DataType::String { "text".into() } else { column.dtype().to_string() };
        return Err(Error::Table(format!(
            "column '{name}' holds {kind}, not numbers: drop it, or let an Encoder turn it into numbers"
        )));
    }
    let values = column.cast(&DataType::Float64)?;
    let values = values.f64()?;
    values
        .iter()
        .enumerate()
        .map(|(row, value)| match value {
            Some(value) if value.is_finite() => Ok(value),
            Some(value) => Err(Error::Table(format!(
                "column '{name}', row {row}: {value} is not a finite number; drop or fill such rows first"
            ))),
            None => Err(Error::Table(format!(
                "column '{name}', row {row}: the value is missing; drop such rows, or let an Encoder fill them"
            ))),
        })
        .collect()
}

/// The values of the label's column, true for the positive class.
pub(crate) fn labels(frame: &DataFrame, label: &str) -> Result<Vec<bool>> {
    numbers(frame, label)?
        .into_iter()
        .enumerate()
        .map(|(row, value)| match value {
            0.0 => Ok(false),
            1.0 => Ok(true),
            other => Err(Error::Table(format!("column '{label}', row {row}: a label is 0 or 1, not {other}"))),
        })
        .collect()
}
