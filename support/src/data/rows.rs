//! Single rows of a table, by their numbers: to look at those that a model gets wrong, and to
//! compare groups of them.

use polars::prelude::{DataFrame, IdxCa, IdxSize};

use super::summary::{cells, same_decimals};
use super::{column, known_numbers, summary};
use learn::error::{Error, Result};
use learn::table::{Table, thousands};

/// The table of these rows, in this order; rows are counted from 0, and one may come more than
/// once.
///
/// ```
/// use support::data;
///
/// let frame = data::read_csv_bytes("shop.csv", b"euro,fraud\n5,0\n1871,1\n20,0\n")?;
/// assert_eq!(data::numbers(&data::take(&frame, &[2, 1])?, "euro")?, [20.0, 1871.0]);
/// # Ok::<(), support::SupportError>(())
/// ```
///
/// # Errors
/// When a number is not that of a row.
pub fn take(frame: &DataFrame, rows: &[usize]) -> Result<DataFrame> {
    let count = frame.height();
    if let Some(row) = rows.iter().find(|&&row| row >= count) {
        return Err(Error::Table(format!(
            "there is no row {row} among {}, which are counted from 0: take row numbers of this very table",
            thousands(count)
        )));
    }
    let rows = rows.iter().map(|&row| row as IdxSize).collect();
    Ok(frame.take(&IdxCa::from_vec("".into(), rows))?)
}

/// The numbers of the rows whose number in this column passes the test, in their order; a row
/// without one does not. None is a possible answer.
///
/// ```
/// use support::data;
///
/// let frame = data::read_csv_bytes("shop.csv", b"euro,fraud\n5,0\n1871,1\n20,0\n")?;
/// assert_eq!(data::rows_where(&frame, "euro", |euro| euro > 10.0)?, [1, 2]);
/// # Ok::<(), support::SupportError>(())
/// ```
///
/// # Errors
/// When there is no such column, or it does not hold numbers.
pub fn rows_where(frame: &DataFrame, name: &str, passes: impl Fn(f64) -> bool) -> Result<Vec<usize>> {
    let values = known_numbers(frame, name)?;
    Ok(values.iter().enumerate().filter(|(_, value)| value.is_some_and(&passes)).map(|(row, _)| row).collect())
}

/// These rows and columns as a table to look at. It begins with the number of the row, counted from
/// 0.
///
/// ```
/// use support::data;
///
/// let frame = data::read_csv_bytes("shop.csv", b"euro,fraud\n5,0\n1871,1\n20,0\n")?;
/// let table = data::rows(&frame, &[1, 0], &["euro"])?;
/// assert_eq!(table.to_string(), "row  euro\n1    1871\n0       5\n");
/// # Ok::<(), support::SupportError>(())
/// ```
///
/// # Errors
/// When a number is not that of a row, or a column is not there.
pub fn rows(frame: &DataFrame, rows: &[usize], names: &[&str]) -> Result<Table> {
    let chosen = take(frame, rows)?;
    let columns = names.iter().map(|name| column(&chosen, name).map(cells)).collect::<Result<Vec<_>>>()?;
    let mut table = Table::new(std::iter::once("row").chain(names.iter().copied()));
    for (place, row) in rows.iter().enumerate() {
        table.push(std::iter::once(row.to_string()).chain(columns.iter().map(|column| column[place].clone())));
    }
    Ok(table)
}

/// The median of each column in groups of rows: a line for each group with its name and the number
/// of its rows. Missing values are left out; where none is left, a dash stands.
///
/// ```
/// use support::data;
///
/// let frame = data::read_csv_bytes("shop.csv", b"euro,fraud\n5,0\n1871,1\n20,0\n")?;
/// let groups = [("genuine", vec![0, 2]), ("fraud", vec![1]), ("unknown", vec![])];
/// let table = data::group_medians(&frame, &groups, &["euro"])?;
/// assert_eq!(table.to_string().lines().nth(1), Some("genuine     2    12.50"));
/// assert_eq!(table.to_string().lines().nth(3), Some("unknown     0        –"));
/// # Ok::<(), support::SupportError>(())
/// ```
///
/// # Errors
/// When a number is not that of a row, or a column is not there or does not hold numbers.
pub fn group_medians<R: AsRef<[usize]>>(frame: &DataFrame, groups: &[(&str, R)], names: &[&str]) -> Result<Table> {
    names.iter().try_for_each(|name| column(frame, name).map(drop))?;
    let frame = frame.select(names.iter().copied())?;
    let parts = groups.iter().map(|(_, rows)| take(&frame, rows.as_ref())).collect::<Result<Vec<_>>>()?;
    let mut columns = Vec::new();
    for name in names {
        let medians = parts.iter().map(|part| Ok(summary(part, name)?.median)).collect::<Result<Vec<_>>>()?;
        let text = |(cell, median): (String, &f64)| if median.is_nan() { "–".to_owned() } else { cell };
        columns.push(same_decimals(&medians).into_iter().zip(&medians).map(text).collect::<Vec<_>>());
    }
    let mut table = Table::new(["", "rows"].into_iter().chain(names.iter().copied()));
    for (place, (group, rows)) in groups.iter().enumerate() {
        let cells = columns.iter().map(|column| column[place].clone());
        table.push([(*group).to_owned(), thousands(rows.as_ref().len())].into_iter().chain(cells));
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::super::read_csv_bytes;
    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let frame = read_csv_bytes("shop.csv", b"euro,site\n5,a\n1871,b\n").unwrap();
        for result in [
            take(&frame, &[1, 2]).map(drop),
            rows(&frame, &[2], &["euro"]).map(drop),
            group_medians(&frame, &[("all", [0, 2])], &["euro"]).map(drop),
        ] {
            let message = result.unwrap_err().to_string();
            assert!(message.starts_with("there is no row 2 among 2"), "{message}");
        }
        for result in [
            rows(&frame, &[0], &["euros"]).map(drop),
            rows_where(&frame, "euros", |_| true).map(drop),
            group_medians(&frame, &[("all", [0])], &["euros"]).map(drop),
        ] {
            let message = result.unwrap_err().to_string();
            assert!(message.starts_with("no column is called 'euros'"), "{message}");
        }
        let message = group_medians(&frame, &[("all", [0])], &["site"]).unwrap_err().to_string();
        assert!(message.contains("'site' holds text"), "{message}");
    }

    #[test]
    fn missing_values_pass_no_test_and_count_for_no_median() {
        let frame = read_csv_bytes("shop.csv", b"euro,items\n5,\n,\n21,\n,3\n").unwrap();
        assert_eq!(rows_where(&frame, "euro", |_| true).unwrap(), [0, 2]);
        let table = group_medians(&frame, &[("all", &[0, 1, 2, 3][..]), ("some", &[1])], &["euro", "items"]).unwrap();
        assert_eq!(table.to_string(), "      rows  euro  items\nall      4    13      3\nsome     1     –      –\n");
        assert!(rows(&frame, &[1], &["euro"]).unwrap().to_string().contains("missing"));
    }
}
