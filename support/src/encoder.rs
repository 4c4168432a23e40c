//! Turns text and missing values into numbers, by a recipe learned from the training set alone and saved with the model.

use std::collections::{BTreeSet, HashMap};

use polars::prelude::{
    BooleanChunked, ChunkCompareEq, ChunkFillNullValue, Column, DataFrame, DataType, Float64Chunked, IntoColumn,
};
use serde::{Deserialize, Serialize};

use crate::data::{Kind, LINE, MAX_CATEGORIES, column, known_numbers, place, shown, summary, texts};
use learn::error::{Error, Result};
use learn::table::{Table, thousands};

/// What becomes of each column. A column of numbers stays; where training rows lack a value, the training median takes its
/// place and a column "… missing" of 0 and 1 says so. A column of text becomes one column "…=category" of 0 and 1 for each
/// text of the training rows, as scikit-learn's `OneHotEncoder`.
///
/// What no training row had counts as ordinary: an unknown text is 0 in all columns of its categories, a missing number is
/// the median.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoder {
    pub(crate) label: String,
    columns: Vec<(String, Recipe)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Recipe {
    Number { median: f64, marks_missing: bool },
    Truth { usual: bool, marks_missing: bool },
    Text { categories: Vec<String>, marks_missing: bool },
}

impl Recipe {
    fn marks_missing(&self) -> bool {
        match self {
            Self::Number { marks_missing, .. }
            | Self::Truth { marks_missing, .. }
            | Self::Text { marks_missing, .. } => *marks_missing,
        }
    }

    /// What stands for a missing value: of text, 0 in the column of each category.
    fn usual(&self) -> f64 {
        match self {
            Self::Number { median, .. } => *median,
            Self::Truth { usual, .. } => f64::from(u8::from(*usual)),
            Self::Text { .. } => 0.0,
        }
    }
}

impl Encoder {
    /// Learns what to do with each column but the label's.
    ///
    /// # Errors
    /// When the label's column is missing, and for all columns at once that can't be encoded: one that is empty or has the same
    /// value in every row, and so nothing to say; one of more than 50 different texts, or of dates; one that holds neither
    /// numbers nor text; one whose code has the name of another column.
    pub fn fit(train: &DataFrame, label: &str) -> Result<Self> {
        column(train, label)?;
        let (mut columns, mut faults) = (Vec::new(), Vec::new());
        for column in shown(train).filter(|column| column.name() != label) {
            match recipe(train, column)? {
                Ok(recipe) => columns.push((column.name().to_string(), recipe)),
                Err(problem) => faults.push((column.name().as_str(), problem)),
            }
        }
        let encoder = Self { label: label.into(), columns };
        let mut names: HashMap<String, &str> = HashMap::new();
        for (column, recipe) in &encoder.columns {
            for name in codes(column, recipe).into_iter().chain(recipe.marks_missing().then(|| missing_name(column))) {
                if let Some(other) = names.insert(name.clone(), column) {
                    faults.push((column, format!("and '{other}' would both become '{name}': rename one of them")));
                }
            }
        }
        if faults.is_empty() {
            return Ok(encoder);
        }
        let problems: Vec<String> = faults.iter().map(|(name, problem)| format!("column '{name}' {problem}")).collect();
        let mut problem = problems.join("\n");
        if faults.len() > 1 {
            let names: Vec<&str> = faults.iter().map(|(name, _)| *name).collect();
            problem += &format!("\nto drop all {}: {names:?}", names.len());
        }
        Err(Error::Table(problem))
    }

    /// A table of numbers for a table with the columns that the encoder was fitted on: their codes in the order of fitting,
    /// and the label if there is one. Other columns are left out.
    ///
    /// # Errors
    /// When a column is missing, or holds text where the training rows had numbers.
    pub fn transform(&self, frame: &DataFrame) -> Result<DataFrame> {
        let mut encoded = Vec::new();
        for (name, recipe) in &self.columns {
            let is_missing = if let Recipe::Text { categories, .. } = recipe {
                let texts = texts(column(frame, name)?)?;
                for (category, code) in categories.iter().zip(codes(name, recipe)) {
                    encoded.push(flags(code, &texts.equal_missing(category.as_str()))?);
                }
                texts.is_null()
            } else {
                let values = self.numbers(frame, name)?;
                let filled = values.fill_null_with_values(recipe.usual())?;
                encoded.push(filled.into_column().with_name(name.into()));
                values.is_null()
            };
            if recipe.marks_missing() {
                encoded.push(flags(missing_name(name), &is_missing)?);
            }
        }
        encoded.extend([self.label.as_str(), LINE].iter().flat_map(|name| frame.column(name).ok()).cloned());
        Ok(DataFrame::new(frame.height(), encoded)?)
    }

    /// What the rows of a table hold that no training row had, a sentence for each column: texts that are none of its
    /// categories, and missing values where training had none. The model takes them for ordinary.
    ///
    /// # Errors
    /// As [`transform`](Self::transform).
    pub fn unseen(&self, frame: &DataFrame) -> Result<Vec<String>> {
        let mut unseen = Vec::new();
        let rows = thousands(frame.height());
        for (name, recipe) in &self.columns {
            let (missing, instead) = if let Recipe::Text { categories, .. } = recipe {
                let texts = texts(column(frame, name)?)?;
                let is_unknown = |text: &&str| !categories.iter().any(|category| category == text);
                let unknown: Vec<&str> = texts.iter().flatten().filter(is_unknown).collect();
                if let Some(first) = unknown.first() {
                    unseen.push(format!(
                        "column '{name}': {} of {rows} values, such as '{first}', were in no training row; they count as none of its categories",
                        thousands(unknown.len())
                    ));
                }
                (texts.null_count(), "they count as none of its categories")
            } else {
                (self.numbers(frame, name)?.null_count(), "the training median stands for them")
            };
            if missing > 0 && !recipe.marks_missing() {
                unseen.push(format!(
                    "column '{name}': {} of {rows} values are missing, as none was in training; {instead}",
                    thousands(missing)
                ));
            }
        }
        Ok(unseen)
    }

    /// What a column of new rows must hold, if it was there in training.
    pub(crate) fn kind(&self, name: &str) -> Option<Kind> {
        let (_, recipe) = self.columns.iter().find(|(column, _)| column == name)?;
        Some(match recipe {
            Recipe::Number { .. } => Kind::Number,
            Recipe::Truth { .. } => Kind::Truth,
            Recipe::Text { .. } => Kind::Text,
        })
    }

    /// The values of a column that had numbers in training.
    fn numbers(&self, frame: &DataFrame, name: &str) -> Result<Float64Chunked> {
        let column = column(frame, name)?;
        if let Ok(texts) = column.str()
            && let Some((row, text)) = texts.iter().enumerate().find_map(|(row, text)| Some((row, text?)))
        {
            return Err(Error::Table(format!(
                "column '{name}' does not hold numbers, as it did when the encoder was fitted: {} says '{text}'; Preprocessor::read_csv reads new rows as training rows were read",
                place(frame, row)
            )));
        }
        known_numbers(frame, name)
    }

    /// What becomes of each column, as a table to look at. Of more than two categories it has the first, the last and their number.
    pub fn summary(&self) -> Table {
        let mut table = Table::new(["column", "becomes", "missing values"]);
        for (name, recipe) in &self.columns {
            let (mark, usual) = (missing_name(name), recipe.usual());
            let missing = match (recipe, recipe.marks_missing()) {
                (Recipe::Text { .. }, true) => format!("1 in \"{mark}\""),
                (Recipe::Text { .. }, false) => "none in training; 0 in all".to_owned(),
                (_, true) => format!("{usual}, and 1 in \"{mark}\""),
                (_, false) => format!("none in training; {usual}"),
            };
            let codes = codes(name, recipe);
            let becomes = match codes.as_slice() {
                [first, _, .., last] => format!("{first} … {last} ({})", codes.len()),
                few => few.join(", "),
            };
            table.push([name.clone(), becomes, missing]);
        }
        table
    }
}

/// The names of the columns that a column becomes, besides the one that marks what is missing.
fn codes(name: &str, recipe: &Recipe) -> Vec<String> {
    match recipe {
        Recipe::Text { categories, .. } => categories.iter().map(|category| format!("{name}={category}")).collect(),
        _ => vec![name.to_owned()],
    }
}

/// What to do with a column, or why nothing can be done with it.
fn recipe(train: &DataFrame, column: &Column) -> Result<std::result::Result<Recipe, String>> {
    let name = column.name().as_str();
    let marks_missing = column.has_nulls();
    Ok(match column.dtype() {
        _ if column.null_count() == column.len() => Err("is empty: drop it".into()),
        _ if !marks_missing && column.n_unique()? == 1 => {
            Err("has the same value in every row of the training set: it says nothing, drop it".into())
        }
        kind if kind.is_primitive_numeric() => {
            let summary = summary(train, name)?;
            Ok(Recipe::Number { median: summary.median, marks_missing: summary.count < column.len() })
        }
        DataType::Boolean => {
            let values = column.bool()?;
            Ok(Recipe::Truth { usual: values.num_trues() > values.num_falses(), marks_missing })
        }
        DataType::String => {
            let categories: BTreeSet<String> = texts(column)?.iter().flatten().map(str::to_owned).collect();
            let times: Vec<&String> = categories.iter().filter(|text| is_time(text)).collect();
            match times.first() {
                Some(time) if 2 * times.len() > categories.len() => Err(format!(
                    "holds dates or times such as '{time}': drop it, or turn it into a number such as the days since then (time_split can split by it before)"
                )),
                _ if categories.len() > MAX_CATEGORIES => Err(format!(
                    "holds {} different texts, too many for categories: drop it, or put the rare ones together (at most {MAX_CATEGORIES})",
                    categories.len()
                )),
                _ => Ok(Recipe::Text { categories: categories.into_iter().collect(), marks_missing }),
            }
        }
        kind => Err(format!("holds {kind}, neither numbers nor text: drop it, or turn it into numbers")),
    })
}

/// Whether a text is a date or a time in numbers: 2024-05-31, 31.05.24, 5/31/2024 12:30, 12:30.
fn is_time(text: &str) -> bool {
    let lengths: Vec<usize> = text.split(|c: char| !c.is_ascii_digit()).take(3).map(str::len).collect();
    let marks = text.trim_start_matches(|c: char| c.is_ascii_digit());
    match lengths.as_slice() {
        [4, 1..=2, 1..=2] | [1..=2, 1..=2, 2 | 4] => marks.starts_with(['-', '.', '/', ':']),
        [1..=2, 2] => marks.starts_with(':'),
        _ => false,
    }
}

/// A column of 1 where it is so, and 0 elsewhere.
fn flags(name: String, is_so: &BooleanChunked) -> Result<Column> {
    Ok(is_so.clone().into_column().with_name(name.into()).cast(&DataType::Float64)?)
}

fn missing_name(name: &str) -> String {
    format!("{name} missing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::{NamedFrom, Series};

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
