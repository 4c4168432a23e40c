//! Reads any table in a CSV file: finds the separator and the type of each column by itself, and says where it can't.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use polars::prelude::{Column, DataFrame};
use polars_io::SerWriter;
use polars_io::prelude::CsvWriter;
use rayon::iter::Either;
use rayon::prelude::*;

use super::LINE;
use super::cells::{Kind, ReadColumn, read_column};
use super::records::{Fault, Records, unquoted};
use learn::error::{Error, Result};

/// Reads a CSV file with a header, as spreadsheets and programs of any country write them. Columns are separated by commas,
/// semicolons or tabs, decimals by a point or a comma; blanks around a value don't count. A column without a name is called by
/// its place: "column 1".
///
/// The type of a column follows from all of its cells. One of numbers, or of true and false, has missing values where a cell is
/// empty or says `-`, `.`, `?`, `NA`, `N/A`, `NaN`, `null` or `None`; in one of text only an empty cell is missing. Whole numbers
/// are text where one has a zero before it (`007`) or most have more digits than a number keeps. A column that holds numbers for
/// the greater part and something else is refused, because it would become text, and each number a category; if it does hold
/// codes, use [`read_csv_with_text`].
///
/// The last column, [`LINE`], says at which line of the file each row starts. No step learns from it; errors name it.
///
/// # Errors
/// Names the file, the line (the header is line 1) and the column: when the file can't be read or is not UTF-8, has one
/// column only, no rows, two columns of the same name, a line with too many or too few values, a quote that is never closed,
/// something else among numbers, or numbers that can be read in two ways.
pub fn read_csv(path: impl AsRef<Path>) -> Result<DataFrame> {
    read(path.as_ref(), |_| Kind::Inferred)
}

/// As [`read_csv`], with these columns read as text whatever they hold.
///
/// # Errors
/// As [`read_csv`], and when there is no column of such a name.
pub fn read_csv_with_text(path: impl AsRef<Path>, columns: &[&str]) -> Result<DataFrame> {
    let frame = read(path.as_ref(), |name| if columns.contains(&name) { Kind::Text } else { Kind::Inferred })?;
    columns.iter().try_for_each(|name| super::column(&frame, name).map(drop))?;
    Ok(frame)
}

/// Writes a table as CSV, without [`LINE`]; the file appears whole or not at all.
///
/// # Errors
/// When the file can't be written.
pub fn write_csv(frame: &DataFrame, path: impl AsRef<Path>) -> Result<()> {
    crate::files::write_whole(path.as_ref(), &csv_bytes(frame)?)
}

/// What [`write_csv`] writes.
///
/// # Errors
/// When polars can't write a column.
pub fn csv_bytes(frame: &DataFrame) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    CsvWriter::new(&mut bytes).finish(&mut frame.drop_many([LINE]))?;
    Ok(bytes)
}

/// As [`read_csv`], from the bytes of a file that errors call `name`.
///
/// # Errors
/// As [`read_csv`].
pub fn read_csv_bytes(name: &str, bytes: &[u8]) -> Result<DataFrame> {
    read_bytes(Path::new(name), bytes, |_| Kind::Inferred)
}

/// Reads a CSV file whose columns are of the kinds that `kind` tells for their names.
pub(crate) fn read(path: &Path, kind: impl Fn(&str) -> Kind + Sync) -> Result<DataFrame> {
    read_bytes(path, &crate::files::read(path)?, kind)
}

/// As [`read`], from the bytes of the file.
pub(crate) fn read_bytes(path: &Path, bytes: &[u8], kind: impl Fn(&str) -> Kind + Sync) -> Result<DataFrame> {
    let (mut records, names) = open(path, bytes)?;
    let mut columns = vec![Vec::new(); names.len()];
    let mut lines = Vec::new();
    for record in &mut records {
        let (line, fields) = record.map_err(at(path))?;
        if fields.len() != names.len() {
            let problem = format!("found {} values, but the header has {} columns", fields.len(), names.len());
            return Err(at(path)(Fault { line, problem }));
        }
        lines.push(u32::try_from(line).unwrap_or(u32::MAX));
        columns.iter_mut().zip(fields).for_each(|(column, field)| column.push(field));
    }
    if lines.is_empty() {
        return Err(Error::content(path, "there are no rows below the header"));
    }

    let (read, faults): (Vec<ReadColumn>, Vec<String>) =
        names.par_iter().zip(columns).partition_map(|(name, fields)| {
            match read_column(name, &fields, kind(name), records.separator) {
                Ok(column) => Either::Left(column),
                Err((row, problem)) => Either::Right(format!("line {}, column '{name}': {problem}", lines[row])),
            }
        });
    if !faults.is_empty() {
        return Err(Error::content(path, faults.join("\n")));
    }
    check_marks(path, &read, &lines)?;
    let line_numbers = Column::new(LINE.into(), &lines);
    Ok(DataFrame::new(lines.len(), read.into_iter().map(|read| read.column).chain([line_numbers]).collect())?)
}

/// The names in the first record of a file that may be long.
pub(super) fn header(path: &Path) -> Result<Vec<String>> {
    const LONGEST: u64 = 1 << 20; // a first line without end is not a header
    let file = fs::File::open(path).map_err(Error::file(path))?;
    let mut line = Vec::new();
    BufReader::new(file.take(LONGEST)).read_until(b'\n', &mut line).map_err(Error::file(path))?;
    open(path, &line).map(|(_, names)| names)
}

/// The records below the header, and the names in that.
fn open<'a>(path: &Path, bytes: &'a [u8]) -> Result<(Records<'a>, Vec<String>)> {
    let text = text(path, bytes)?;
    let mut records = Records::new(text, separator(text));
    let header = records.next().ok_or_else(|| Error::content(path, "the file is empty"))?;
    let (line, fields) = header.map_err(at(path))?;
    let refused = |problem: String| Err(Error::content(path, format!("line {line}{problem}")));
    if fields.len() < 2 {
        return refused(
            " has one column only: a table has a header, with columns separated by commas, semicolons or tabs".into(),
        );
    }
    let mut names: Vec<String> = Vec::new();
    for (place, field) in fields.iter().enumerate() {
        let name = match unquoted(field) {
            name if name.is_empty() => format!("column {}", place + 1),
            name => name.into_owned(),
        };
        if name == LINE || names.contains(&name) {
            let twice = if name == LINE { "has the name of the line numbers" } else { "is there twice" };
            return refused(format!(": column '{name}' {twice}; rename or delete one"));
        }
        names.push(name);
    }
    Ok((records, names))
}

fn text<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Error::content(path, "this is text in UTF-16: save the file as CSV in UTF-8"));
    }
    let at = |place: usize, problem: &str| {
        let line = 1 + bytes[..place].iter().filter(|&&byte| byte == b'\n').count();
        Error::content(path, format!("line {line} {problem}"))
    };
    if let Some(place) = bytes.iter().position(|&byte| byte == 0) {
        return Err(at(place, "has a zero byte in it: is this a text file? Save it as CSV in UTF-8"));
    }
    let problem = "is not text in UTF-8: save the file as CSV with this encoding";
    let text = std::str::from_utf8(bytes).map_err(|error| at(error.valid_up_to(), problem))?;
    Ok(text.trim_start_matches('\u{feff}'))
}

/// A fault with the file that it is in.
fn at(path: &Path) -> impl Fn(Fault) -> Error {
    move |Fault { line, problem }| Error::content(path, format!("line {line}: {problem}"))
}

/// The separator that cuts the header and the rows after it into the same number of fields; if there is none, the one that the
/// header has most of. Commas come last, because text and numbers have them, too.
fn separator(text: &str) -> char {
    const ROWS: usize = 100;
    let fields = |separator: char| {
        let mut counts = Records::new(text, separator).map(|record| record.map_or(0, |(_, fields)| fields.len()));
        let columns = counts.next().unwrap_or(0);
        (columns, counts.take(ROWS).all(|count| count == columns))
    };
    let candidates = ['\t', ';', ','].map(|separator| (separator, fields(separator)));
    let even = candidates.iter().find(|(_, (columns, even))| *even && *columns > 1);
    even.or(candidates.iter().max_by_key(|(_, (columns, _))| *columns)).map_or(',', |(separator, _)| *separator)
}

/// One file writes its decimals in one way; where it does not, 1.234 may be a thousand.
fn check_marks(path: &Path, columns: &[ReadColumn], lines: &[u32]) -> Result<()> {
    let first = |wanted: char| {
        columns.iter().find_map(|read| {
            let (_, row) = read.mark.filter(|(mark, _)| *mark == wanted)?;
            Some((read.column.name(), lines[row]))
        })
    };
    let (Some((point, line)), Some((comma, other))) = (first('.'), first(',')) else {
        return Ok(());
    };
    let problem = format!(
        "column '{point}' has a decimal point (line {line}), but column '{comma}' a decimal comma (line {other}); write all numbers in one way, without marks between thousands"
    );
    Err(Error::content(path, problem))
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
        super::super::shown(frame).map(|column| format!("{} {}", column.name(), column.dtype())).collect()
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
        assert_eq!(comma.columns().iter().map(|column| column.null_count()).collect::<Vec<_>>(), [1, 0, 1, 0]);
        assert_eq!(types(&read("index", ",a\n0,7\n1,8\n").unwrap()), ["column 1 i64", "a i64"]);
        assert_eq!(read("tab", "a\tb\n1\t2").unwrap().shape(), (1, 3));
    }

    #[test]
    fn faults_are_named_with_file_line_and_column() {
        refused("short", "a,b\n1,2\n3\n", "line 3: found 1 values, but the header has 2 columns");
        refused("long", "a,b\n1,2\n\n\"3\n\",4,5\n", "line 4: found 3 values");
        refused("twice", "a,b,a\n1,2,3\n", "line 1: column 'a' is there twice");
        refused("no-rows", "a,b\n", "there are no rows");
        refused("empty", "", "the file is empty");
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
