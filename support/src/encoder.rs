//! Turns text and missing values into numbers, by a recipe learned from the training set alone and saved with the model.

use std::collections::BTreeSet;

use polars::prelude::{Column, DataFrame, DataType, NamedFrom, Series};
use serde::{Deserialize, Serialize};

use crate::data::{MAX_CATEGORIES, column, summary, texts};
use crate::error::{Error, Result};
use crate::table::Table;

/// What becomes of each column. A column of numbers stays; where training rows lack a value, the training median takes its
/// place and a column "… missing" of 0 and 1 says so. A column of text becomes one column "…=category" of 0 and 1 for each
/// text of the training rows, as scikit-learn's `OneHotEncoder`.
///
/// What no training row had counts as ordinary: an unknown text is 0 in all columns of its categories, a missing number is
/// the median.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encoder {
    label: String,
    columns: Vec<(String, Recipe)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Recipe {
    Number { median: f64, marks_missing: bool },
    Text { categories: Vec<String>, marks_missing: bool },
}

impl Encoder {
    /// Learns what to do with each column but the label's.
    ///
    /// # Errors
    /// Names the column: when the label's is missing; when one is empty or has the same value in every row, and so nothing to
    /// say; when one holds more than 50 different texts; when one holds neither numbers nor text.
    pub fn fit(train: &DataFrame, label: &str) -> Result<Self> {
        column(train, label)?;
        let features = train.columns().iter().filter(|column| column.name() != label);
        let columns: Vec<_> =
            features.map(|column| Ok((column.name().to_string(), recipe(train, column)?))).collect::<Result<_>>()?;
        Ok(Self { label: label.into(), columns })
    }

    /// A table of numbers for a table with the columns that the encoder was fitted on: their codes in the order of fitting,
    /// and the label if there is one. Other columns are left out.
    ///
    /// # Errors
    /// When a column is missing, or holds text where the training rows had numbers.
    pub fn transform(&self, frame: &DataFrame) -> Result<DataFrame> {
        let mut encoded = Vec::new();
        for (name, recipe) in &self.columns {
            let column = column(frame, name)?;
            match recipe {
                Recipe::Number { median, marks_missing } => {
                    let values = numbers(column)?;
                    let filled: Vec<f64> = values.iter().map(|value| value.unwrap_or(*median)).collect();
                    encoded.push(Column::from(Series::new(name.as_str().into(), filled)));
                    if *marks_missing {
                        encoded.push(flags(missing_name(name), values.iter().map(Option::is_none)));
                    }
                }
                Recipe::Text { categories, marks_missing } => {
                    let texts = texts(column)?;
                    for category in categories {
                        let flag = texts.iter().map(|text| text.as_ref() == Some(category));
                        encoded.push(flags(format!("{name}={category}"), flag));
                    }
                    if *marks_missing {
                        encoded.push(flags(missing_name(name), texts.iter().map(Option::is_none)));
                    }
                }
            }
        }
        encoded.extend(frame.column(&self.label).cloned());
        Ok(DataFrame::new(frame.height(), encoded)?)
    }

    /// What becomes of each column, as a table to look at.
    pub fn summary(&self) -> Table {
        let mut table = Table::new(["column", "becomes", "missing values"]);
        for (name, recipe) in &self.columns {
            let (becomes, missing) = match recipe {
                Recipe::Number { median, marks_missing: true } => {
                    (name.clone(), format!("{median}, and 1 in \"{}\"", missing_name(name)))
                }
                Recipe::Number { median, .. } => (name.clone(), format!("none in training; {median}")),
                Recipe::Text { categories, marks_missing } => (
                    categories.iter().map(|category| format!("{name}={category}")).collect::<Vec<_>>().join(", "),
                    match marks_missing {
                        true => format!("1 in \"{}\"", missing_name(name)),
                        false => "none in training; 0 in all".to_owned(),
                    },
                ),
            };
            table.push([name.clone(), becomes, missing]);
        }
        table
    }
}

fn recipe(train: &DataFrame, column: &Column) -> Result<Recipe> {
    let name = column.name().as_str();
    let refuse = |problem: String| Err(Error::Table(format!("column '{name}' {problem}")));
    let missing = column.null_count();
    if missing == column.len() {
        return refuse("is empty: drop it".into());
    }
    if missing == 0 && column.n_unique()? == 1 {
        return refuse("has the same value in every row of the training set: it says nothing, drop it".into());
    }
    match column.dtype() {
        kind if kind.is_primitive_numeric() => {
            Ok(Recipe::Number { median: summary(train, name)?.median, marks_missing: missing > 0 })
        }
        DataType::Boolean => {
            let trues = numbers(column)?.into_iter().flatten().filter(|&value| value == 1.0).count();
            let median = f64::from(u8::from(2 * trues > column.len() - missing));
            Ok(Recipe::Number { median, marks_missing: missing > 0 })
        }
        DataType::String => {
            let categories: BTreeSet<String> = texts(column)?.into_iter().flatten().collect();
            match categories.len() <= MAX_CATEGORIES {
                true => Ok(Recipe::Text { categories: categories.into_iter().collect(), marks_missing: missing > 0 }),
                false => refuse(format!(
                    "holds {} different texts, too many for categories: drop it, or put the rare ones together (at most {MAX_CATEGORIES})",
                    categories.len()
                )),
            }
        }
        kind => refuse(format!("holds {kind}, neither numbers nor text: drop it, or turn it into numbers")),
    }
}

/// The values of a column that had numbers in training. In new rows it may be empty, and then has no type.
fn numbers(column: &Column) -> Result<Vec<Option<f64>>> {
    let kind = column.dtype();
    if !kind.is_primitive_numeric() && !kind.is_bool() && column.null_count() < column.len() {
        return Err(Error::Table(format!(
            "column '{}' does not hold numbers, as it did when the encoder was fitted",
            column.name()
        )));
    }
    let values = column.cast(&DataType::Float64)?;
    Ok(values.f64()?.iter().collect())
}

fn flags(name: String, values: impl Iterator<Item = bool>) -> Column {
    let values: Vec<f64> = values.map(|value| f64::from(u8::from(value))).collect();
    Series::new(name.into(), values).into()
}

fn missing_name(name: &str) -> String {
    format!("{name} missing")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(size: &[Option<f64>], site: &[Option<&str>]) -> DataFrame {
        let label: Vec<i64> = (0..size.len() as i64).map(|row| row % 2).collect();
        let columns = [
            Series::new("size".into(), size).into(),
            Series::new("failed".into(), label).into(),
            Series::new("site".into(), site).into(),
        ];
        DataFrame::new(size.len(), columns.to_vec()).unwrap()
    }

    fn train() -> DataFrame {
        frame(&[Some(1.0), None, Some(5.0), Some(2.0)], &[Some("b"), Some("a"), Some("b"), None])
    }

    fn values(frame: &DataFrame, name: &str) -> Vec<f64> {
        frame.column(name).unwrap().f64().unwrap().into_no_null_iter().collect()
    }

    #[test]
    fn text_and_gaps_become_numbers() {
        let encoded = Encoder::fit(&train(), "failed").unwrap().transform(&train()).unwrap();
        let names = encoded.get_column_names();
        assert_eq!(names, ["size", "size missing", "site=a", "site=b", "site missing", "failed"]);
        assert_eq!(values(&encoded, "size"), [1.0, 2.0, 5.0, 2.0]);
        assert_eq!(values(&encoded, "size missing"), [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(values(&encoded, "site=b"), [1.0, 0.0, 1.0, 0.0]);
        assert_eq!(values(&encoded, "site missing"), [0.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn new_rows_are_encoded_by_what_training_taught() {
        let encoder = Encoder::fit(&train(), "failed").unwrap();
        let new = frame(&[Some(100.0), None], &[Some("c"), Some("a")]).drop("failed").unwrap();
        let encoded = encoder.transform(&new).unwrap();
        assert_eq!(encoded.get_column_names(), ["size", "size missing", "site=a", "site=b", "site missing"]);
        assert_eq!(values(&encoded, "size"), [100.0, 2.0]);
        let sites = ["site=a", "site=b", "site missing"].map(|name| values(&encoded, name)[0]);
        assert_eq!(sites, [0.0; 3], "an unknown site is none of the known ones");
        // A column without any value is read as text.
        let mut empty = new.clone();
        empty.replace("size", Column::from(Series::new("size".into(), [None::<&str>, None]))).unwrap();
        assert_eq!(values(&encoder.transform(&empty).unwrap(), "size"), [2.0, 2.0]);
    }

    #[test]
    fn a_column_never_incomplete_in_training_has_no_mark() {
        let full = frame(&[Some(1.0), Some(3.0), Some(4.0)], &[Some("a"), Some("b"), Some("a")]);
        let encoder = Encoder::fit(&full, "failed").unwrap();
        let encoded = encoder.transform(&train()).unwrap();
        assert_eq!(encoded.get_column_names(), ["size", "site=a", "site=b", "failed"]);
        assert_eq!(values(&encoded, "size"), [1.0, 3.0, 5.0, 2.0]);
        assert!(encoder.summary().to_string().contains("none in training"));
    }

    #[test]
    fn columns_that_say_nothing_are_refused() {
        let refused = |name: &str, column: Series, expected: &str| {
            let mut frame = train();
            frame.replace(name, column.with_name(name.into()).into()).unwrap();
            let message = Encoder::fit(&frame, "failed").unwrap_err().to_string();
            assert!(message.contains(expected) && message.contains(name), "{message}");
        };
        refused("size", Series::new("".into(), [7i64; 4]), "same value in every row");
        refused("site", Series::new("".into(), ["a"; 4]), "same value in every row");
        refused("size", Series::new("".into(), [None::<f64>; 4]), "is empty");
        let names: Vec<String> = (0..100).map(|row| format!("name {row}")).collect();
        let columns = [Series::new("n".into(), names).into(), Series::new("failed".into(), [0i64; 100]).into()];
        let message = Encoder::fit(&DataFrame::new(100, columns.to_vec()).unwrap(), "failed").unwrap_err().to_string();
        assert!(message.contains("column 'n' holds 100 different texts"), "{message}");
        assert!(Encoder::fit(&train(), "Class").unwrap_err().to_string().contains("no column is called 'Class'"));
    }

    #[test]
    fn text_where_numbers_were_is_refused() {
        let mut new = train();
        new.replace("size", Column::from(Series::new("size".into(), ["big"; 4]))).unwrap();
        let message = Encoder::fit(&train(), "failed").unwrap().transform(&new).unwrap_err().to_string();
        assert!(message.contains("column 'size' does not hold numbers"), "{message}");
    }
}
