//! Reads any table in a CSV file: finds the separator and the types by itself, and says where a file is no table.

use std::collections::HashSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use polars::prelude::{DataFrame, DataType};
use polars_io::SerReader;
use polars_io::prelude::{CsvParseOptions, CsvReadOptions, NullValues};

use super::MAX_CATEGORIES;
use crate::error::{Error, Result};

/// What stands for a missing value, besides an empty field.
const MISSING: [&str; 8] = ["NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"];

/// Reads a CSV file with a header. Columns are separated by commas, semicolons or tabs, whichever the header has most of.
/// A column is of whole numbers, numbers, true and false, or text, as all of its values allow; an empty field, `NA`, `N/A`,
/// `NaN`, `null`, `None` and `?` are missing values. A column without a name is called by its place: "column 1".
///
/// # Errors
/// Names the file, the line (the header is line 1) and the column: when the file can't be read or is not UTF-8, has one
/// column only, no rows, two columns of the same name, a line with too many or too few values, a quote that is never closed,
/// or text in a column of numbers.
pub fn read_csv(path: impl AsRef<Path>) -> Result<DataFrame> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(Error::file(path))?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
        Error::content(path, format!("line {line} is not text in UTF-8: save the file as CSV with this encoding"))
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let first = records(text).next().map_or("", |(_, record)| record);
    let separator = *[b',', b';', b'\t'].iter().rev().max_by_key(|&&mark| fields(first, mark).len()).unwrap_or(&b',');
    let names = names(path, &fields(first, separator))?;
    let rows = check_lines(path, text, separator, names.len())?;

    // Without blank lines and carriage returns, of which polars would make rows and values.
    let clean = records(text).map(|(_, record)| record).collect::<Vec<_>>().join("\n");
    let missing = MISSING.iter().map(|&text| text.into()).collect();
    let parse =
        CsvParseOptions::default().with_separator(separator).with_null_values(Some(NullValues::AllColumns(missing)));
    let mut frame = CsvReadOptions::default()
        .with_infer_schema_length(None) // all rows: a column may look like whole numbers for long
        .with_parse_options(parse)
        .with_rechunk(true)
        .into_reader_with_file_handle(Cursor::new(clean.as_bytes()))
        .finish()
        .map_err(|error| Error::content(path, error.to_string()))?;
    if frame.height() != rows {
        return Err(Error::content(path, format!("{} of {rows} rows could be read", frame.height())));
    }
    frame.set_column_names(&names)?;
    check_numbers(path, text, &frame)?;
    Ok(frame)
}

/// The records of a CSV text, each with the number of its first line; blank lines are left out. A line break in quotes
/// does not end a record.
fn records(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = text;
    let mut line = 1;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let mut quoted = false;
            let end = rest.bytes().position(|byte| {
                quoted ^= byte == b'"';
                byte == b'\n' && !quoted
            });
            let (record, next) = end.map_or((rest, ""), |end| (&rest[..end], &rest[end + 1..]));
            let first = line;
            line += 1 + record.matches('\n').count();
            rest = next;
            let record = record.strip_suffix('\r').unwrap_or(record);
            if !record.is_empty() {
                return Some((first, record));
            }
        }
        None
    })
}

/// The fields of a record, with their quotes.
fn fields(record: &str, separator: u8) -> Vec<&str> {
    let mut quoted = false;
    record
        .split(|c: char| {
            quoted ^= c == '"';
            c == char::from(separator) && !quoted
        })
        .collect()
}

fn names(path: &Path, header: &[&str]) -> Result<Vec<String>> {
    if header.len() < 2 {
        let problem =
            "line 1 has one column only: a table has a header, with columns separated by commas, semicolons or tabs";
        return Err(Error::content(path, problem));
    }
    let mut names: Vec<String> = Vec::new();
    for (place, field) in header.iter().enumerate() {
        let field = field.trim();
        let field = field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field);
        let name = match field.trim() {
            "" => format!("column {}", place + 1),
            name => name.replace("\"\"", "\""),
        };
        if names.contains(&name) {
            return Err(Error::content(path, format!("line 1: column '{name}' is there twice; rename or delete one")));
        }
        names.push(name);
    }
    Ok(names)
}

/// Counts the rows, all of which must have as many fields as the header.
fn check_lines(path: &Path, text: &str, separator: u8, columns: usize) -> Result<usize> {
    let mut rows = 0;
    for (line, record) in records(text).skip(1) {
        if !record.matches('"').count().is_multiple_of(2) {
            return Err(Error::content(path, format!("line {line}: a quote is opened and never closed")));
        }
        let found = fields(record, separator).len();
        if found != columns {
            let problem = format!("line {line}: found {found} values, but the header has {columns} columns");
            return Err(Error::content(path, problem));
        }
        rows += 1;
    }
    match rows {
        0 => Err(Error::content(path, "there are no rows below the header")),
        rows => Ok(rows),
    }
}

/// Finds a column of numbers that became text because of a few values: too many texts for categories, and most are numbers.
fn check_numbers(path: &Path, text: &str, frame: &DataFrame) -> Result<()> {
    for column in frame.columns().iter().filter(|column| column.dtype() == &DataType::String) {
        let values = column.str()?;
        let different: HashSet<&str> = values.iter().flatten().collect();
        let is_number = |value: &str| value.trim().parse::<f64>().is_ok();
        let numbers = different.iter().filter(|value| is_number(value)).count();
        if different.len() <= MAX_CATEGORIES || 2 * numbers < different.len() {
            continue;
        }
        let odd =
            values.iter().enumerate().find_map(|(row, value)| Some((row, value.filter(|value| !is_number(value))?)));
        if let Some((row, value)) = odd {
            let line = records(text).nth(row + 1).map_or(0, |(line, _)| line);
            let problem = format!(
                "line {line}, column '{}': '{value}' is not a number, as most of this column is",
                column.name()
            );
            return Err(Error::content(path, problem));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, csv: impl AsRef<[u8]>) -> Result<DataFrame> {
        let path = std::env::temp_dir().join(format!("support-read-{}-{name}.csv", std::process::id()));
        fs::write(&path, csv).unwrap();
        let frame = read_csv(&path);
        fs::remove_file(path).unwrap();
        frame
    }

    #[track_caller]
    fn refused(name: &str, csv: impl AsRef<[u8]>, expected: &str) {
        let message = read(name, csv).unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains(name), "{message}");
    }

    fn types(frame: &DataFrame) -> Vec<String> {
        frame.columns().iter().map(|column| format!("{} {}", column.name(), column.dtype())).collect()
    }

    #[test]
    fn types_follow_from_all_values() {
        let late = "1,1,a,yes,true\n".repeat(1000) + "2,1.5,,no,false\n";
        let frame = read("types", format!("id,size,site,failed,new\n{late}")).unwrap();
        assert_eq!(types(&frame), ["id i64", "size f64", "site str", "failed str", "new bool"]);
        assert_eq!((frame.height(), frame.column("site").unwrap().null_count()), (1001, 1));
    }

    #[test]
    fn separators_quotes_line_ends_and_marks_of_absence() {
        let comma = read("comma", "a,b c,d\n1,\"x, y\",2.5\n,\"two\nlines\",NA\n").unwrap();
        let semicolon = read("semicolon", "\u{feff}a;\"b c\";d\r\n1;x, y;2.5\r\n?;\"two\nlines\";NaN\r\n\r\n").unwrap();
        assert_eq!(comma, semicolon);
        assert_eq!(types(&comma), ["a i64", "b c str", "d f64"]);
        assert_eq!(comma.column("b c").unwrap().str().unwrap().get(1), Some("two\nlines"));
        assert_eq!(comma.columns().iter().map(|column| column.null_count()).collect::<Vec<_>>(), [1, 0, 1]);
        assert_eq!(types(&read("index", ",a\n0,7\n1,8\n").unwrap()), ["column 1 i64", "a i64"]);
        assert_eq!(read("tab", "a\tb\n1\t2").unwrap().shape(), (1, 2));
    }

    #[test]
    fn faults_are_named_with_file_line_and_column() {
        refused("short", "a,b\n1,2\n3\n", "line 3: found 1 values, but the header has 2 columns");
        refused("long", "a,b\n1,2\n\n\"3\n\",4,5\n", "line 4: found 3 values");
        refused("twice", "a,b,a\n1,2,3\n", "line 1: column 'a' is there twice");
        refused("no-rows", "a,b\n", "there are no rows");
        refused("empty", "", "line 1 has one column only");
        refused("one-column", "a\n1\n", "line 1 has one column only");
        refused("latin", b"a,b\n1,2\n\xfc,3\n", "line 3 is not text in UTF-8");
        refused("quote", "a,b\n1,2\n\"3,4\n5,6\n", "line 3: a quote is opened");
        let numbers: String = (0..200).map(|row| format!("{row}.5,{row}\n")).collect();
        refused("number", format!("a,b\n{numbers}12 mm,3\n"), "line 202, column 'a': '12 mm' is not a number");
        let message = read_csv("no/such/file.csv").unwrap_err().to_string();
        assert!(message.starts_with("no/such/file.csv: "), "{message}");
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let pieces = ["a", ",", ";", "\"", "\n", "\r\n", "1", "-", "e9", "é", "\t", "NA", "\u{0}"];
        let mut state = 1usize;
        for length in 0..400 {
            let mut csv = String::new();
            for _ in 0..length % 40 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                csv += pieces[(state >> 33) % pieces.len()];
            }
            let _ = read("noise", csv); // an error or a table, but no panic
        }
    }
}
