//! Reads the credit card table with an explicit schema, and says where a file departs from it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use polars::prelude::{ChunkAgg, DataFrame, DataType, PlSmallStr, Schema};
use polars_io::SerReader;
use polars_io::prelude::{CsvReadOptions, CsvWriter, SerWriter};

use super::{CLASS, columns};
use crate::error::{Error, Result};

/// Reads credit card transactions in the format of the original file: the 31 columns of [`columns`] in any
/// order, all numbers, `Class` 0 or 1.
///
/// # Errors
/// Names the file, the line (the header is line 1) and the column of the first thing that is wrong: a missing or
/// extra column, text in a number, a missing value, a label other than 0 and 1, one class only, no rows.
pub fn read_credit_card(path: impl AsRef<Path>) -> Result<DataFrame> {
    let path = path.as_ref();
    let header = header(path)?;
    check_header(path, &header)?;
    // Types are given, not inferred: `Time` has whole numbers at first and `1e+05` far down.
    let schema: Schema = header
        .iter()
        .map(|name| (PlSmallStr::from(name.as_str()), if name == CLASS { DataType::Int64 } else { DataType::Float64 }))
        .collect();
    let frame = CsvReadOptions::default()
        .with_schema(Some(Arc::new(schema)))
        .with_rechunk(true)
        .try_into_reader_with_file_path(Some(path.to_owned()))
        .and_then(|reader| reader.finish())
        .map_err(|error| first_fault(path, &header).unwrap_or_else(|| Error::content(path, error.to_string())))?;
    if frame.height() == 0 {
        return Err(Error::content(path, "there are no rows below the header"));
    }
    // A look at the loaded columns costs little; only when something is wrong is the file read again as text.
    if !is_complete(&frame)? {
        return Err(first_fault(path, &header).unwrap_or_else(|| Error::content(path, "a value is missing")));
    }
    let frauds = frame.column(CLASS)?.i64()?.sum().unwrap_or(0);
    if frauds == 0 || frauds == frame.height() as i64 {
        let class = i64::from(frauds > 0);
        return Err(Error::content(
            path,
            format!("every row has Class {class}: two classes are needed to learn one from the other"),
        ));
    }
    Ok(frame.select(columns())?)
}

/// Writes a table as CSV; the file appears whole or not at all.
///
/// # Errors
/// When the file can't be written.
pub fn write_csv(frame: &DataFrame, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let mut bytes = Vec::new();
    CsvWriter::new(&mut bytes).finish(&mut frame.clone())?;
    crate::files::write_whole(path, &bytes)
}

/// The column names in the file's first line.
fn header(path: &Path) -> Result<Vec<String>> {
    const LONGEST: u64 = 1 << 20; // a first line without end is not a header
    let file = File::open(path).map_err(Error::file(path))?;
    let mut line = Vec::new();
    BufReader::new(file.take(LONGEST)).read_until(b'\n', &mut line).map_err(Error::file(path))?;
    let line = String::from_utf8(line)
        .map_err(|_| Error::content(path, "the first line is not text in UTF-8: is this a CSV file?"))?;
    Ok(fields(line.trim_start_matches('\u{feff}').trim_end()).into_iter().map(str::to_owned).collect())
}

fn check_header(path: &Path, header: &[String]) -> Result<()> {
    let expected = columns();
    let missing: Vec<_> = expected.iter().filter(|name| !header.contains(name)).map(String::as_str).collect();
    let extra: Vec<_> = header.iter().filter(|name| !expected.contains(name)).map(String::as_str).collect();
    if missing.len() == expected.len() {
        return Err(Error::content(
            path,
            "line 1 is not the header Time, V1, …, V28, Amount, Class of the credit card table",
        ));
    }
    if let Some(name) = missing.first() {
        return Err(Error::content(
            path,
            format!("line 1: column '{name}' is missing ({} of {} are)", missing.len(), expected.len()),
        ));
    }
    if let Some(name) = extra.first() {
        let problem = format!(
            "line 1: column '{name}' does not belong to the credit card table; delete it ({} such columns)",
            extra.len()
        );
        return Err(Error::content(path, problem));
    }
    match header.iter().enumerate().find(|(place, name)| header[..*place].contains(name)) {
        Some((_, name)) => Err(Error::content(path, format!("line 1: column '{name}' is there twice"))),
        None => Ok(()),
    }
}

/// Whether every value is there and finite, and every label 0 or 1.
fn is_complete(frame: &DataFrame) -> Result<bool> {
    for column in frame.columns() {
        let complete = match column.dtype() {
            DataType::Int64 => column.i64()?.iter().all(|label| matches!(label, Some(0 | 1))),
            _ => column.null_count() == 0 && column.f64()?.iter().flatten().all(f64::is_finite),
        };
        if !complete {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads the file as text and finds the first line that does not fit the header.
fn first_fault(path: &Path, header: &[String]) -> Option<Error> {
    let lines = BufReader::new(File::open(path).ok()?).lines();
    for (number, line) in (1..).zip(lines) {
        let Ok(line) = line else {
            return Some(Error::content(path, format!("line {number} is not text in UTF-8")));
        };
        if number > 1
            && let Some(problem) = fault(line.trim_end(), header)
        {
            return Some(Error::content(path, format!("line {number}{problem}")));
        }
    }
    None
}

/// What is wrong with a line of values, if anything.
fn fault(line: &str, header: &[String]) -> Option<String> {
    let fields = fields(line);
    if fields.len() != header.len() {
        return Some(format!(": found {} values, but the header has {} columns", fields.len(), header.len()));
    }
    fields.iter().zip(header).find_map(|(field, name)| {
        let problem = match field.parse::<f64>() {
            _ if field.is_empty() => "the value is missing".into(),
            Err(_) => format!("'{field}' is not a number"),
            Ok(number) if !number.is_finite() => format!("{field} is not a finite number"),
            Ok(number) if name == CLASS && number != 0.0 && number != 1.0 => format!("a label is 0 or 1, not {field}"),
            Ok(_) => return None,
        };
        Some(format!(", column '{name}': {problem}"))
    })
}

/// The fields of a line without their quotes; a number never holds a quote or a comma itself.
fn fields(line: &str) -> Vec<&str> {
    line.split(',').map(|field| field.trim().trim_matches('"')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        refused("nan", &table(5, "Amount", "NaN"), "line 5, column 'Amount': NaN is not a finite number");
        refused("label", &table(2, CLASS, "2"), "line 2, column 'Class': a label is 0 or 1, not 2");
        refused("fraction", &table(2, CLASS, "0.5"), "line 2, column 'Class': a label is 0 or 1, not 0.5");
        refused("ragged", &table(2, "V3", "1,2"), "line 2: found 32 values, but the header has 31 columns");
        refused("short", &table(0, "", "").replace("14.5,14.5,14.5,", "14.5,"), "line 2: found 11 values");
    }

    #[test]
    fn headers_and_classes_are_checked() {
        let good = table(0, "", "");
        refused("missing", &good.replace("\"V9\",", ""), "column 'V9' is missing");
        refused("extra", &good.replace("\"V9\",", "\"V9\",\"Bank\","), "column 'Bank' does not belong");
        refused("twice", &good.replace("\"V9\"", "\"V9\",\"V9\""), "column 'V9' is there twice");
        refused("other", "a,b,c\n1,2,3\n", "line 1 is not the header");
        refused("nothing", "", "line 1 is not the header");
        refused("no-rows", good.lines().next().unwrap(), "there are no rows");
        refused("one-class", &good.replace("\"1\"", "\"0\""), "every row has Class 0");
        refused("binary", "\u{0}\u{1}\u{2}", "line 1 is not the header");
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = read_credit_card("no/such.csv").unwrap_err().to_string();
        assert!(message.starts_with("no/such.csv: "), "{message}");
    }
}
