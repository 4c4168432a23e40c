//! Reads the credit card table, whose columns and types are known, and says where a file departs from it.

use std::path::Path;
use std::sync::Arc;

use polars::prelude::{Column, DataFrame, DataType, PlSmallStr, Schema};
use polars_io::SerReader;
use polars_io::prelude::CsvReadOptions;

use super::cells::Kind;
use super::{CLASS, class_counts, columns, csv, place};
use learn::error::{Error, Result};

/// Reads credit card transactions in the format of the original file: the 31 columns of [`columns`] in any
/// order, all numbers, `Class` 0 or 1.
///
/// # Errors
/// Names the file, the line (the header is line 1) and the column of what is wrong: a missing or extra column, text in a
/// number, a missing value, a label other than 0 and 1, one class only, no rows.
pub fn read_credit_card(path: impl AsRef<Path>) -> Result<DataFrame> {
    let path = path.as_ref();
    let header = csv::header(path)?;
    check_header(path, &header)?;
    let frame = read_quickly(path, &header).map_or_else(|| read_carefully(path), Ok)?;
    let mut frame = frame.select(columns())?;
    frame.replace(CLASS, frame.column(CLASS)?.cast(&DataType::Int64)?)?;
    let (negatives, positives) = class_counts(&frame, CLASS)?;
    if negatives == 0 || positives == 0 {
        let class = u8::from(negatives == 0);
        let problem = format!("every row has Class {class}: two classes are needed to learn one from the other");
        return Err(Error::content(path, problem));
    }
    Ok(frame)
}

/// The table as polars reads it when the types are given (`Time` has whole numbers at first and `1e+05` far down), several
/// times as fast as [`csv::read`]; none if there is anything wrong or unusual in it.
fn read_quickly(path: &Path, header: &[String]) -> Option<DataFrame> {
    let schema: Schema = header.iter().map(|name| (PlSmallStr::from(name.as_str()), DataType::Float64)).collect();
    let frame = CsvReadOptions::default()
        .with_schema(Some(Arc::new(schema)))
        .with_rechunk(true)
        .try_into_reader_with_file_path(Some(path.to_owned()))
        .and_then(|reader| reader.finish())
        .ok()?;
    let is_finite = |column: &Column| {
        let values = column.f64().and_then(|values| values.cont_slice());
        values.is_ok_and(|values| values.iter().all(|value| value.is_finite()))
    };
    let is_sound = frame.columns().iter().all(is_finite) && class_counts(&frame, CLASS).is_ok();
    (is_sound && frame.height() > 0).then_some(frame)
}

/// The table by [`csv::read`], which names what is no number; a missing value and a label that is none are named here.
fn read_carefully(path: &Path) -> Result<DataFrame> {
    let frame = csv::read(path, |_| Kind::Number)?;
    for column in frame.select(columns())?.columns() {
        let fault = column.f64()?.iter().enumerate().find_map(|(row, value)| match value {
            None => Some((row, "the value is missing".to_owned())),
            Some(value) if column.name() == CLASS && value != 0.0 && value != 1.0 => {
                Some((row, format!("a label is 0 or 1, not {value}")))
            }
            Some(_) => None,
        });
        if let Some((row, problem)) = fault {
            let place = place(&frame, row);
            return Err(Error::content(path, format!("{place}, column '{}': {problem}", column.name())));
        }
    }
    Ok(frame)
}

fn check_header(path: &Path, header: &[String]) -> Result<()> {
    let expected = columns();
    let missing: Vec<_> = expected.iter().filter(|name| !header.contains(name)).map(String::as_str).collect();
    let extra: Vec<_> = header.iter().filter(|name| !expected.contains(name)).map(String::as_str).collect();
    let problem = if missing.len() == expected.len() {
        " is not the header Time, V1, …, V28, Amount, Class of the credit card table".to_owned()
    } else if !missing.is_empty() {
        format!(": these columns are missing: {}", missing.join(", "))
    } else if !extra.is_empty() {
        format!(": these columns do not belong to the credit card table; delete them: {}", extra.join(", "))
    } else {
        return Ok(());
    };
    Err(Error::content(path, format!("line 1{problem}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::ChunkAgg;

    /// A small table with frauds in rows 1 and 3, one cell of it replaced.
    fn table(line: usize, column: &str, text: &str) -> String {
        let names = columns();
        let mut csv = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(",") + "\n";
        for row in 2..6 {
            let value = |name: &String| match (row == line && name == column, name == CLASS) {
                (true, _) => text.to_owned(),
                (_, true) => format!("\"{}\"", row % 2),
                _ => format!("{}.5", row * 7),
            };
            csv += &(names.iter().map(value).collect::<Vec<_>>().join(",") + "\n");
        }
        csv
    }

    fn read(name: &str, csv: &str) -> Result<DataFrame> {
        let path = std::env::temp_dir().join(format!("support-csv-{}-{name}.csv", std::process::id()));
        std::fs::write(&path, csv).unwrap();
        let frame = read_credit_card(&path);
        std::fs::remove_file(path).unwrap();
        frame
    }

    #[track_caller]
    fn refused(name: &str, csv: &str, expected: &str) {
        let message = read(name, csv).unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains(name), "{message}");
    }

    #[test]
    fn reads_quoted_labels_and_exponents() {
        let frame = read("good", &table(3, "Time", "1e+05")).unwrap();
        assert_eq!(frame.shape(), (4, 31));
        assert_eq!(frame.column("Time").unwrap().f64().unwrap().get(1), Some(100_000.0));
        assert_eq!(frame.column(CLASS).unwrap().i64().unwrap().sum(), Some(2));
    }

    #[test]
    fn the_same_table_in_other_ways_of_writing() {
        let good = table(0, "", "");
        let expected = read("plain", &good).unwrap();
        let labels = good.replace("\"1\"", "1.0").replace("\"0\"", "0.0");
        assert_eq!(read("labels", &labels).unwrap(), expected);
        assert_eq!(read("blanks", &good.replace(',', ", ").replace(" 14.5", " +14.5")).unwrap(), expected);
        assert_eq!(read("european", &good.replace(',', ";").replace('.', ",")).unwrap(), expected);
    }

    #[test]
    fn columns_may_come_in_any_order() {
        let mut reversed = String::new();
        for line in table(0, "", "").lines() {
            reversed += &(line.split(',').rev().collect::<Vec<_>>().join(",") + "\r\n");
        }
        assert_eq!(read("reversed", &reversed).unwrap(), read("straight", &table(0, "", "")).unwrap());
    }

    #[test]
    fn faults_are_named_with_file_line_and_column() {
        refused("text", &table(4, "V7", "abc"), "line 4, column 'V7': 'abc' is not a number");
        refused("empty-cell", &table(3, "V28", ""), "line 3, column 'V28': the value is missing");
        refused("nan", &table(5, "Amount", "NaN"), "line 5, column 'Amount': the value is missing");
        refused("infinity", &table(5, "Amount", "inf"), "line 5, column 'Amount': 'inf' is not a finite number");
        refused("label", &table(2, CLASS, "2"), "line 2, column 'Class': a label is 0 or 1, not 2");
        refused("fraction", &table(2, CLASS, "0.5"), "line 2, column 'Class': a label is 0 or 1, not 0.5");
        refused("ragged", &table(2, "V3", "1,2"), "line 2: found 32 values, but the header has 31 columns");
        refused("short", &table(0, "", "").replace("14.5,14.5,14.5,", "14.5,"), "line 2: found 11 values");
    }

    #[test]
    fn headers_and_classes_are_checked() {
        let good = table(0, "", "");
        refused("missing", &good.replace("\"V9\",", ""), "these columns are missing: V9");
        refused(
            "extra",
            &good.replace("\"V9\",", "\"V9\",\"Bank\","),
            "do not belong to the credit card table; delete them: Bank",
        );
        refused("twice", &good.replace("\"V9\"", "\"V9\",\"V9\""), "column 'V9' is there twice");
        refused("other", "a,b,c\n1,2,3\n", "line 1 is not the header");
        refused("nothing", "", "the file is empty");
        refused("no-rows", good.lines().next().unwrap(), "there are no rows");
        refused("one-class", &good.replace("\"1\"", "\"0\""), "every row has Class 0");
        refused("binary", "\u{0}\u{1}\u{2}", "line 1 has a zero byte");
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = read_credit_card("no/such.csv").unwrap_err().to_string();
        assert!(message.starts_with("no/such.csv: "), "{message}");
    }
}
