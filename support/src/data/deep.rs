//! The genuine rows of the built-in set that lie deep among the frauds: which they are, and the set
//! without them.

use ndarray::Array1;
use polars::prelude::{Column, DataFrame, DataType};

use super::synthetic::draw;
use super::{SYNTHETIC_SEED, add_column, columns, numbers};
use learn::error::{Error, Result};

/// The table that [`synthetic`](super::synthetic()) gives without the genuine rows deep among the
/// frauds: each of these some 86 is drawn anew from the other genuine components. The new row has
/// the place and the `Time` of the old one, and all other rows are the same, so the two tables are
/// split alike and models can be compared in pairs.
///
/// ```
/// use support::data;
///
/// let (with, without) = (data::synthetic(1), data::synthetic_without_deep_rows(1));
/// let (with, without) = (data::numbers(&with, "V14")?, data::numbers(&without, "V14")?);
/// let differ = with.iter().zip(&without).filter(|(with, without)| with != without).count();
/// assert!((60..120).contains(&differ));
/// # Ok::<(), support::SupportError>(())
/// ```
pub fn synthetic_without_deep_rows(seed: u64) -> DataFrame {
    draw(seed, true).0
}

/// Which rows of the built-in set are genuine ones deep among the frauds: those that
/// [`synthetic_without_deep_rows`] draws anew. One answer for each row of
/// `synthetic(SYNTHETIC_SEED)`, which may have been cleaned, as long as `V1` … `V28` and the order
/// of the rows are as they were.
///
/// ```
/// use support::data;
///
/// let frame = data::synthetic(data::SYNTHETIC_SEED);
/// let deep = data::deep_rows(&frame)?;
/// let first = deep.iter().position(|&deep| deep).unwrap();
/// assert!(data::numbers(&frame, "V14")?[first] < -3.0);
/// # Ok::<(), support::SupportError>(())
/// ```
///
/// # Errors
/// When the table is any other: nothing but the generator knows which rows these are.
pub fn deep_rows(frame: &DataFrame) -> Result<Array1<bool>> {
    let (built_in, deep) = draw(SYNTHETIC_SEED, false);
    let is_same = |name: &String| matches!((numbers(frame, name), numbers(&built_in, name)), (Ok(a), Ok(b)) if a == b);
    match columns()[1..=28].iter().all(is_same) {
        true => Ok(deep),
        false => Err(Error::Table(format!(
            "which rows are deep is known of the built-in set alone; this table has other rows, another order of them or other values in V1 to V28: take data::synthetic({SYNTHETIC_SEED})"
        ))),
    }
}

/// The table with one more column `deep`: 1 for the rows that [`deep_rows`] names and 0 for all
/// others. In any other table than the built-in set all its values are missing, so that the same
/// cells run on a file of the reader's own.
///
/// ```
/// use support::data;
///
/// let frame = data::with_deep(&data::synthetic(data::SYNTHETIC_SEED))?;
/// assert!(data::rows_where(&frame, "deep", |deep| deep == 1.0)?.len() > 60);
/// let other = data::with_deep(&data::machines(1))?;
/// assert!(data::rows_where(&other, "deep", |deep| deep == 1.0)?.is_empty());
/// # Ok::<(), support::SupportError>(())
/// ```
///
/// # Errors
/// When the table has a column of this name.
pub fn with_deep(frame: &DataFrame) -> Result<DataFrame> {
    let Ok(deep) = deep_rows(frame) else {
        return Ok(frame.hstack(&[Column::full_null("deep".into(), frame.height(), &DataType::Float64)])?);
    };
    add_column(frame, "deep", deep.iter().map(|&deep| u8::from(deep)))
}

#[cfg(test)]
mod tests {
    use super::super::{CLASS, drop_columns, log_column, synthetic};
    use super::*;
    use learn::math::sum;

    /// 8 of 26,442 rows would be 86 of 284,315.
    #[test]
    fn without_deep_rows_all_others_are_the_same() {
        let (with, without) = (synthetic(SYNTHETIC_SEED), synthetic_without_deep_rows(SYNTHETIC_SEED));
        let deep = deep_rows(&with).unwrap();
        let count = deep.iter().filter(|&&deep| deep).count();
        assert!((60..=115).contains(&count), "{count} deep rows");
        for name in columns() {
            let [with, without] = [&with, &without].map(|frame| numbers(frame, &name).unwrap());
            let differ = |row: usize| with[row] != without[row];
            match name.as_str() {
                "Time" | CLASS => assert!(with == without, "{name}"),
                "Amount" => assert!((0..with.len()).all(|row| deep[row] || !differ(row))),
                _ => assert!((0..with.len()).all(|row| deep[row] == differ(row)), "{name}"),
            }
        }
        let [labels, v14] = [CLASS, "V14"].map(|name| numbers(&with, name).unwrap());
        let mean_of = |rows: &dyn Fn(usize) -> bool| {
            let values: Vec<f64> = (0..v14.len()).filter(|&row| rows(row)).map(|row| v14[row]).collect();
            sum(values.iter().copied()) / values.len() as f64
        };
        let (of_deep, of_frauds) = (mean_of(&|row| deep[row]), mean_of(&|row| labels[row] == 1.0));
        assert!(of_deep < of_frauds / 2.0, "mean V14 {of_deep} of deep rows, {of_frauds} of frauds");
        assert!((0..deep.len()).all(|row| !deep[row] || labels[row] == 0.0));
    }

    #[test]
    fn deep_rows_are_known_of_the_built_in_set_alone() {
        let frame = synthetic(SYNTHETIC_SEED);
        let cleaned = log_column(&drop_columns(&frame, &["Time"]).unwrap(), "Amount", 0.001).unwrap();
        assert_eq!(deep_rows(&cleaned).unwrap(), deep_rows(&frame).unwrap());
        let others = [synthetic(1), synthetic_without_deep_rows(SYNTHETIC_SEED), frame.head(Some(1000))];
        for other in others.into_iter().chain(drop_columns(&frame, &["V7"])) {
            let message = deep_rows(&other).unwrap_err().to_string();
            assert!(message.ends_with("take data::synthetic(7)"), "{message}");
        }
    }
}
