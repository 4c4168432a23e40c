//! A first look at a table: its first rows, a summary of each column, how many rows each class has.

use polars::prelude::{AnyValue, ChunkAgg, ChunkQuantile, ChunkVar, Column, DataFrame, QuantileMethod};

use super::{fault, known_numbers, labels, numbers, shown};
use learn::error::Result;
use learn::math::ln;
use learn::table::Table;

/// The first `rows` rows, as a table to look at.
pub fn head(frame: &DataFrame, rows: usize) -> Table {
    let first = frame.head(Some(rows));
    let mut table = Table::new(std::iter::once("").chain(shown(&first).map(|column| column.name().as_str())));
    let columns: Vec<Vec<String>> = shown(&first).map(cells).collect();
    for row in 0..first.height() {
        table.push(std::iter::once(row.to_string()).chain(columns.iter().map(|column| column[row].clone())));
    }
    table
}

/// Count, mean, standard deviation, minimum, quartiles and maximum of each of the named columns.
///
/// # Errors
/// When a column is missing or does not hold numbers.
pub fn describe(frame: &DataFrame, names: &[&str]) -> Result<Table> {
    let mut table = Table::new(std::iter::once("").chain(names.iter().copied()));
    let mut columns = Vec::new();
    for name in names {
        let summary = summary(frame, name)?;
        let mut cells = same_decimals(&summary.values()[1..]);
        cells.insert(0, summary.count.to_string());
        columns.push(cells);
    }
    for (row, statistic) in Summary::NAMES.into_iter().enumerate() {
        table.push(std::iter::once(statistic.to_owned()).chain(columns.iter().map(|cells| cells[row].clone())));
    }
    Ok(table)
}

/// What pandas' `describe` computes of one column; missing values and NaN are left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The number of values.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation with n - 1 in the denominator; NaN for a single value.
    pub std: f64,
    /// The smallest.
    pub min: f64,
    /// The first quartile, interpolated linearly between neighbours.
    pub lower_quartile: f64,
    /// The median.
    pub median: f64,
    /// The third quartile.
    pub upper_quartile: f64,
    /// The largest.
    pub max: f64,
}

impl Summary {
    const NAMES: [&str; 8] = ["count", "mean", "std", "min", "25%", "50%", "75%", "max"];

    /// The eight numbers in pandas' order.
    pub fn values(&self) -> [f64; 8] {
        let Self { count, mean, std, min, lower_quartile, median, upper_quartile, max } = *self;
        [count as f64, mean, std, min, lower_quartile, median, upper_quartile, max]
    }
}

/// Summarises one numeric column.
///
/// # Errors
/// When the column is missing or does not hold numbers.
pub fn summary(frame: &DataFrame, name: &str) -> Result<Summary> {
    let values = known_numbers(frame, name)?;
    // The deviation is that of the distances from the first value, which keep their digits far from 0.
    let shifted = &values - values.iter().flatten().next().unwrap_or(0.0);
    let quantile = |share| values.quantile(share, QuantileMethod::Linear).map(|value| value.unwrap_or(f64::NAN));
    Ok(Summary {
        count: values.len() - values.null_count(),
        mean: values.mean().unwrap_or(f64::NAN),
        std: shifted.std(1).unwrap_or(f64::NAN),
        min: values.min().unwrap_or(f64::NAN),
        lower_quartile: quantile(0.25)?,
        median: quantile(0.5)?,
        upper_quartile: quantile(0.75)?,
        max: values.max().unwrap_or(f64::NAN),
    })
}

/// How many rows are (negative, positive), by a column of 0 and 1.
///
/// # Errors
/// When the column is missing or holds anything else.
pub fn class_counts(frame: &DataFrame, label: &str) -> Result<(usize, usize)> {
    let labels = labels(frame, label)?;
    let positives = labels.iter().filter(|&&label| label).count();
    Ok((labels.len() - positives, positives))
}

/// The table with the column `name` replaced by its logarithm ln(x + `offset`), called "Log `name`", in the same
/// place; `offset` keeps zeros finite and has the column's unit.
///
/// # Errors
/// When the column is missing, or a value plus `offset` is not above zero.
pub fn log_column(frame: &DataFrame, name: &str, offset: f64) -> Result<DataFrame> {
    let sums: Vec<f64> = numbers(frame, name)?.into_iter().map(|value| value + offset).collect();
    if let Some(row) = sums.iter().position(|sum| sum.is_nan() || *sum < f64::MIN_POSITIVE) {
        return Err(fault(frame, name, row, format!("{} has no logarithm; use a larger offset", sums[row])));
    }
    let logarithms: Vec<f64> = sums.into_iter().map(ln).collect();
    let mut frame = frame.clone();
    frame.replace(name, Column::new(name.into(), logarithms))?;
    frame.rename(name, format!("Log {name}").into())?;
    Ok(frame)
}

/// The values of a column as text.
pub(super) fn cells(column: &Column) -> Vec<String> {
    let values = || (0..column.len()).flat_map(|row| column.get(row));
    let numbers: Vec<f64> = values().map(|value| value.extract().unwrap_or(f64::NAN)).collect();
    let text = |(value, number): (AnyValue, String)| match value {
        AnyValue::Null => "missing".to_owned(),
        _ if column.dtype().is_float() => number,
        other => other.str_value().into_owned(),
    };
    values().zip(same_decimals(&numbers)).map(text).collect()
}

/// Numbers of one column with the same number of decimals: none for whole numbers, else about six digits. A number that would
/// lose its first digits in this way, or be as long as a line, is written with a power of ten: 2.0000e-6.
pub(super) fn same_decimals(values: &[f64]) -> Vec<String> {
    const LONGEST: f64 = 1e15;
    let finite = || values.iter().copied().filter(|value| value.abs() < LONGEST);
    let decimals = match finite().fold(0.0, |largest: f64, value| largest.max(value.abs())) {
        _ if finite().all(|value| value == value.trunc()) => 0,
        largest if largest >= 1e5 => 1,
        largest if largest >= 100.0 => 2,
        _ => 4,
    };
    let least = [0.5, 0.05, 0.005, 0.0005, 0.00005][decimals];
    let text = |&value: &f64| match value.abs() {
        size if size.is_finite() && (size >= LONGEST || (size > 0.0 && size < least)) => format!("{value:.4e}"),
        _ => format!("{value:.decimals$}"),
    };
    values.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::{NamedFrom, Series};

    fn frame() -> DataFrame {
        let amount = Column::from(Series::new("Amount".into(), [0.0, 1.5, 10.0, 200.25]));
        let class = Column::from(Series::new("Class".into(), [0i64, 0, 1, 0]));
        let shop = Column::from(Series::new("shop".into(), ["a", "b", "<c>", "d"]));
        DataFrame::new(4, vec![amount, class, shop]).unwrap()
    }

    #[test]
    fn head_shows_numbers_and_text() {
        let expected = "   Amount  Class  shop\n0  0.0000      0     a\n1  1.5000      0     b\n";
        assert_eq!(head(&frame(), 2).to_string(), expected);
    }

    #[test]
    fn no_number_is_shown_as_zero_or_as_a_line_of_digits() {
        let sizes = Column::from(Series::new("size".into(), [2e-6, 0.0, 1e300, 0.25]));
        let text = head(&DataFrame::new(4, vec![sizes]).unwrap(), 4).to_string();
        assert_eq!(text, "         size\n0   2.0000e-6\n1      0.0000\n2  1.0000e300\n3      0.2500\n");
        let text = describe(&frame(), &["Amount"]).unwrap().to_string();
        assert!(!text.contains("e-"), "{text}");
    }

    #[test]
    fn head_says_what_is_missing() {
        let size = Column::from(Series::new("size".into(), [Some(2.5), None]));
        let site = Column::from(Series::new("site".into(), [None, Some("a")]));
        let text = head(&DataFrame::new(2, vec![size, site]).unwrap(), 2).to_string();
        assert_eq!(text, "      size     site\n0   2.5000  missing\n1  missing        a\n");
    }

    #[test]
    fn describe_lists_the_statistics() {
        let text = describe(&frame(), &["Amount"]).unwrap().to_string();
        let words: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(
            words,
            [
                "Amount", "count", "4", "mean", "52.94", "std", "98.31", "min", "0.00", "25%", "1.12", "50%", "5.75",
                "75%", "57.56", "max", "200.25"
            ]
        );
    }

    #[test]
    fn logarithm_replaces_the_column() {
        let logged = log_column(&frame(), "Amount", 0.001).unwrap();
        assert_eq!(logged.get_column_names(), ["Log Amount", "Class", "shop"]);
        assert!((logged.column("Log Amount").unwrap().f64().unwrap().get(0).unwrap() - 0.001f64.ln()).abs() < 1e-14);
        let message = log_column(&frame(), "Amount", 0.0).unwrap_err().to_string();
        assert!(message.contains("column 'Amount', row 0"), "{message}");
    }

    #[test]
    fn errors_name_the_column() {
        assert!(describe(&frame(), &["shop"]).unwrap_err().to_string().contains("'shop'"));
        assert!(class_counts(&frame(), "Klass").unwrap_err().to_string().contains("Amount, Class, shop"));
        assert!(
            class_counts(&frame(), "Amount").unwrap_err().to_string().contains("row 1: a label is 0 or 1, not 1.5")
        );
        assert_eq!(class_counts(&frame(), "Class").unwrap(), (3, 1));
    }
}
