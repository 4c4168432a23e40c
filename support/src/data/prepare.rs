//! From a table as it was found to one to learn from: what it holds, which columns go, what the label is.

use std::collections::BTreeSet;

use polars::prelude::{
    BooleanChunked, ChunkApply, Column, DataFrame, DataType, Scalar, StringChunked, UniqueKeepStrategy,
};

use super::cells::number;
use super::{class_counts, column, fault, known_numbers, shown};
use learn::error::{Error, Result};
use learn::table::{Table, thousands};

/// What each column holds: its type, how many values are missing, how many different ones there are, and the range. If rows
/// say the same as an earlier one in all columns, the last line says how many: a random split puts copies of one row on both
/// sides; see [`drop_duplicates`].
///
/// # Errors
/// When polars can't compare the values of a column.
pub fn overview(frame: &DataFrame) -> Result<Table> {
    let mut table = Table::new(["column", "type", "missing", "different", "from", "to"]);
    for column in shown(frame) {
        let kind = match column.dtype() {
            kind if kind.is_integer() => "whole numbers",
            kind if kind.is_primitive_numeric() => "numbers",
            DataType::Boolean => "true or false",
            DataType::String => "text",
            _ => "other",
        };
        let known = column.drop_nulls();
        let end = |value: Scalar| if known.is_empty() { String::new() } else { value.value().str_value().into_owned() };
        table.push([
            column.name().to_string(),
            kind.to_owned(),
            thousands(column.null_count()),
            thousands(known.n_unique()?),
            end(known.min_reduce()?),
            end(known.max_reduce()?),
        ]);
    }
    let copies = frame.height() - drop_duplicates(frame)?.height();
    if copies > 0 {
        let copies = format!("{} of {}", thousands(copies), thousands(frame.height()));
        table.push(["copies of an earlier row".into(), copies]);
    }
    Ok(table)
}

/// The table without these columns.
///
/// # Errors
/// When one of them is not there.
pub fn drop_columns(frame: &DataFrame, names: &[&str]) -> Result<DataFrame> {
    names.iter().try_for_each(|name| column(frame, name).map(drop))?;
    Ok(frame.drop_many(names.iter().copied()))
}

/// The table without the rows that lack a value in one of these columns, as pandas' `dropna`.
///
/// # Errors
/// When one of the columns is not there, or no row is left.
pub fn drop_missing(frame: &DataFrame, names: &[&str]) -> Result<DataFrame> {
    names.iter().try_for_each(|name| column(frame, name).map(drop))?;
    some_rows(frame.drop_nulls(Some(names))?, || format!("every row lacks a value in {}", names.join(" or ")))
}

/// The table without the rows that say the same as an earlier one in all columns, as pandas' `drop_duplicates`.
///
/// # Errors
/// When polars can't compare the values of a column.
pub fn drop_duplicates(frame: &DataFrame) -> Result<DataFrame> {
    let names: Vec<String> = shown(frame).map(|column| column.name().to_string()).collect();
    Ok(frame.unique_stable(Some(&names), UniqueKeepStrategy::First, None)?)
}

/// The table with the rows whose number in this column passes the test; a row without one does not.
///
/// # Errors
/// When there is no such column, it does not hold numbers, or no row is left.
pub fn filter_numbers(frame: &DataFrame, name: &str, keep: impl Fn(f64) -> bool) -> Result<DataFrame> {
    let passes: BooleanChunked = known_numbers(frame, name)?.iter().map(|value| value.is_some_and(&keep)).collect();
    some_rows(frame.filter(&passes)?, || format!("no row passes the test of column '{name}'"))
}

/// The table with the rows whose text in this column passes the test; a row without one does not. Numbers are compared as
/// they are written.
///
/// # Errors
/// When there is no such column, or no row is left.
pub fn filter_texts(frame: &DataFrame, name: &str, keep: impl Fn(&str) -> bool) -> Result<DataFrame> {
    let passes: BooleanChunked = texts(column(frame, name)?)?.iter().map(|text| text.is_some_and(&keep)).collect();
    some_rows(frame.filter(&passes)?, || format!("no row passes the test of column '{name}'"))
}

/// The rows that are left, of which there must be one.
fn some_rows(left: DataFrame, when_none: impl FnOnce() -> String) -> Result<DataFrame> {
    match left.height() {
        0 => Err(Error::Table(format!("{}: no row would be left", when_none()))),
        _ => Ok(left),
    }
}

/// The table with the label's column turned into 1 where it says `positive` and 0 where it says anything else, of which there
/// must be one value. Numbers are compared by what they are ("1" is "1.0"), true and false in small and capital letters.
///
/// # Errors
/// When the column is missing or has a missing value, when it has more than two different values or one only, and when
/// `positive` is not one of them.
pub fn binary_label(frame: &DataFrame, label: &str, positive: &str) -> Result<DataFrame> {
    let column = column(frame, label)?;
    let (texts, wanted) = (texts(column)?, positive.trim());
    if let Some(row) = texts.is_null().first_true_idx() {
        let (missing, all) = (texts.null_count(), texts.len());
        let problem = format!("the label is missing ({missing} of {all} are); drop such rows by drop_missing");
        return Err(fault(frame, label, row, problem));
    }
    let is_positive = |text: &str| match (column.dtype(), number(text), number(wanted)) {
        (DataType::Boolean, ..) => text.eq_ignore_ascii_case(wanted),
        (kind, Some(value), Some(wanted)) if kind.is_primitive_numeric() => value == wanted,
        _ => text == wanted,
    };
    let different: BTreeSet<&str> = texts.iter().flatten().collect();
    let is_found = different.iter().any(|text| is_positive(text));
    if different.len() != 2 || !is_found {
        let listed = different.iter().take(5).map(|value| format!("'{value}'")).collect::<Vec<_>>().join(", ");
        let problem = match different.len() {
            0 => "there are no rows".to_owned(),
            1 => format!("every row says {listed}: two classes are needed to learn one from the other"),
            2 => format!("no row says '{positive}'; the values are {listed}"),
            more => format!(
                "there are {more} different values ({listed}{}), but a label has two; keep the rows with two of them by filter_texts",
                if more > 5 { ", …" } else { "" }
            ),
        };
        return Err(Error::Table(format!("column '{label}': {problem}")));
    }
    let labels: Vec<i64> = texts.iter().flatten().map(|text| i64::from(is_positive(text))).collect();
    let mut frame = frame.clone();
    frame.replace(label, Column::new(label.into(), labels))?;
    Ok(frame)
}

/// How rare the positives are, and what follows from it.
///
/// # Errors
/// When the label's column is missing or not 0 and 1, or there is one class only.
pub fn imbalance(frame: &DataFrame, label: &str) -> Result<Table> {
    let (negatives, positives) = class_counts(frame, label)?;
    if negatives == 0 || positives == 0 {
        let class = u8::from(negatives == 0);
        return Err(Error::Table(format!(
            "column '{label}': every row is {class}: two classes are needed to learn one from the other"
        )));
    }
    let total = (negatives + positives) as f64;
    let mut table = Table::new(["", ""]);
    table.push(["rows".into(), thousands(negatives + positives)]);
    table.push(["negatives".into(), thousands(negatives)]);
    table.push(["positives".into(), thousands(positives)]);
    table.push(["share of positives".into(), format!("{:.2} %", 100.0 * positives as f64 / total)]);
    table.push(["one positive in".into(), format!("{:.1} rows", total / positives as f64)]);
    table.push(["accuracy of always answering no".into(), format!("{:.2} %", 100.0 * negatives as f64 / total)]);
    Ok(table)
}

/// The table with one more column of numbers, such as predictions, at its end.
///
/// # Errors
/// When there is not one value for each row, or the table has a column of this name.
pub fn add_column<V: Copy + Into<f64>>(
    frame: &DataFrame,
    name: &str,
    values: impl IntoIterator<Item = V>,
) -> Result<DataFrame> {
    let values: Vec<f64> = values.into_iter().map(Into::into).collect();
    if values.len() != frame.height() {
        return Err(Error::Table(format!("{} values for {} rows", values.len(), frame.height())));
    }
    if frame.column(name).is_ok() {
        return Err(Error::Table(format!("there is a column '{name}' already: choose another name")));
    }
    Ok(frame.hstack(&[Column::new(name.into(), values)])?)
}

/// The values as text, whole numbers without a decimal point.
pub(crate) fn texts(column: &Column) -> Result<StringChunked> {
    if column.dtype().is_float() {
        let numbers = column.cast(&DataType::Float64)?;
        return Ok(numbers.f64()?.iter().map(|value| value.map(|value| value.to_string())).collect());
    }
    let texts = column.cast(&DataType::String)?;
    Ok(texts.str()?.apply_values(|text| text.trim().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::{NamedFrom, Series};

    fn frame(labels: Column) -> DataFrame {
        let rows = labels.len();
        let size: Vec<Option<f64>> = (0..rows).map(|row| (row != 1).then_some(row as f64 + 0.5)).collect();
        DataFrame::new(rows, vec![Column::from(Series::new("size".into(), size)), labels]).unwrap()
    }

    fn text(values: &[&str]) -> Column {
        Series::new("failed".into(), values).into()
    }

    fn refused(result: Result<DataFrame>, expected: &str) {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn the_overview_counts() {
        let table = overview(&frame(text(&["no", "yes", "no"]))).unwrap().to_string();
        let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[1], ["size", "numbers", "1", "2", "0.5", "2.5"]);
        assert_eq!(rows[2], ["failed", "text", "0", "2", "no", "yes"]);
        assert!(!table.contains("copies"), "{table}");
        let empty = DataFrame::new(2, vec![Column::from(Series::new("x".into(), [None::<f64>, None]))]).unwrap();
        let table = overview(&empty).unwrap().to_string();
        let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[1], ["x", "numbers", "2", "0"]);
        assert_eq!(rows[2].join(" "), "copies of an earlier row 1 of 2");
    }

    #[test]
    fn labels_of_any_type_become_0_and_1() {
        let numbers = Column::from(Series::new("failed".into(), [2i64, 1, 1, 2]));
        let floats = Column::from(Series::new("failed".into(), [2.0, 1.0, 1.0, 2.0]));
        let truths = Column::from(Series::new("failed".into(), [true, false, false, true]));
        for (labels, positive) in [
            (text(&["yes", "no", " no", "yes"]), "yes"),
            (numbers.clone(), "2"),
            (numbers, "2.0"),
            (floats.clone(), "2"),
            (floats, "2.0"),
            (truths.clone(), "true"),
            (truths, "True"),
        ] {
            let labelled = binary_label(&frame(labels), "failed", positive).unwrap();
            assert_eq!(
                labelled.column("failed").unwrap().i64().unwrap().to_vec(),
                [Some(1), Some(0), Some(0), Some(1)]
            );
        }
    }

    #[test]
    fn other_labels_are_refused() {
        refused(binary_label(&frame(text(&["yes", "no"])), "broken", "yes"), "the columns are size, failed");
        refused(
            binary_label(&frame(text(&["yes", "no"])), "failed", "Yes"),
            "no row says 'Yes'; the values are 'no', 'yes'",
        );
        refused(
            binary_label(&frame(text(&["a", "b", "c"])), "failed", "a"),
            "3 different values ('a', 'b', 'c'), but a label has two",
        );
        refused(binary_label(&frame(text(&["no", "no"])), "failed", "yes"), "every row says 'no'");
        let holes = Column::from(Series::new("failed".into(), [Some("yes"), None]));
        refused(binary_label(&frame(holes), "failed", "yes"), "row 1: the label is missing");
    }

    #[test]
    fn columns_come_and_go() {
        let frame = frame(text(&["no", "yes"]));
        assert_eq!(drop_columns(&frame, &["failed"]).unwrap().get_column_names(), ["size"]);
        refused(drop_columns(&frame, &["size", "id"]), "no column is called 'id'; the columns are size, failed");
        let scored = add_column(&frame, "probability", [0.25f32, 0.5]).unwrap();
        assert_eq!(scored.column("probability").unwrap().f64().unwrap().to_vec(), [Some(0.25), Some(0.5)]);
        refused(add_column(&frame, "size", [1.0, 2.0]), "choose another name");
        refused(add_column(&frame, "p", [1.0]), "1 values for 2 rows");
    }

    #[test]
    fn the_report_says_how_rare_positives_are() {
        let labels = Column::from(Series::new("failed".into(), [0i64, 0, 0, 1]));
        let text = imbalance(&frame(labels), "failed").unwrap().to_string();
        assert!(text.contains("25.00 %") && text.contains("4.0 rows") && text.contains("75.00 %"), "{text}");
        let message = imbalance(&frame(Series::new("failed".into(), [1i64]).into()), "failed").unwrap_err().to_string();
        assert!(message.contains("every row is 1"), "{message}");
    }
}
