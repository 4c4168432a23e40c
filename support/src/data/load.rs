//! Finds the transactions of the lesson: in a file that the reader has, or made by the built-in model.

use std::path::{Path, PathBuf};

use polars::prelude::DataFrame;

use super::{SYNTHETIC_SEED, read_credit_card, synthetic};
use learn::error::{Error, Result};
use learn::table::thousands;

/// Loads the credit card transactions from the first of these that is there, and says in one line which it was:
/// the file that the environment variable `CREDITCARD_CSV` names (the word `synthetic` stands for the built-in
/// set), `data/creditcard.csv` in the repository, the built-in synthetic set. The text of the lesson has the numbers of the
/// built-in set: with another file, a second line says so.
///
/// # Errors
/// When the file can't be read or is not a table of credit card transactions; see [`read_credit_card`].
pub fn load() -> Result<DataFrame> {
    let path = source()?;
    let frame = match &path {
        Some(path) => read_credit_card(path)?,
        None => synthetic(SYNTHETIC_SEED),
    };
    println!("{}", announcement(frame.height(), path.as_deref()));
    Ok(frame)
}

/// What [`load`] says about the table that it read from a file, or made. It names the file without its folder, so that the same
/// notebook prints the same on each machine.
fn announcement(rows: usize, path: Option<&Path>) -> String {
    let rows = thousands(rows);
    match path {
        None => format!("{rows} transactions of the built-in synthetic set (seed {SYNTHETIC_SEED})"),
        Some(path) => format!(
            "{rows} transactions from {}\nNote: the numbers in the text are those of the built-in set, not of this file.",
            path.file_name().unwrap_or(path.as_os_str()).display()
        ),
    }
}

/// The file that [`load`] reads, or none for the built-in set.
fn source() -> Result<Option<PathBuf>> {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/creditcard.csv");
    match std::env::var_os("CREDITCARD_CSV").filter(|value| !value.is_empty()).map(PathBuf::from) {
        None => Ok(fetched.is_file().then_some(fetched)),
        Some(path) if path.as_os_str() == "synthetic" => Ok(None),
        Some(path) if path.is_file() => Ok(Some(path)),
        Some(path) => Err(Error::content(
            path,
            "no such file; the environment variable CREDITCARD_CSV names it: correct it, or unset it to use the built-in set",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_of_another_file_is_told_whose_numbers_the_text_has() {
        let text = announcement(284_807, None);
        assert_eq!(text, "284,807 transactions of the built-in synthetic set (seed 7)");
        let text = announcement(26_839, Some(Path::new("some/folder/mine.csv")));
        let (first, second) = text.split_once('\n').unwrap();
        assert_eq!(first, "26,839 transactions from mine.csv");
        assert!(second.contains("numbers in the text are those of the built-in set"), "{second}");
        assert!(text.lines().all(|line| line.chars().count() <= 88), "{text}");
    }
}
