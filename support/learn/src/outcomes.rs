//! Who was found, who was missed and who got a false alarm, by row number: error analysis begins
//! with looking at them.

use ndarray::Array1;

use crate::alarms::{Thresholds, above};
use crate::error::{Result, refuse};
use crate::scores::{Score, check, top_k};
use crate::table::{Table, shown_as_table, thousands};

/// The rows of each outcome, those with the highest score first. As the last expression of a cell
/// it appears as a table of their counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Positives above the threshold.
    pub found: Vec<usize>,
    /// Positives that are not.
    pub missed: Vec<usize>,
    /// Negatives above the threshold.
    pub false_alarms: Vec<usize>,
    /// Negatives that are not.
    pub left_alone: Vec<usize>,
}

/// The rows of each outcome, for labels and scores of shape `[examples]`; an alarm is a score above
/// the threshold, which may be one for each example.
///
/// ```
/// use learn::outcomes::outcomes;
/// use ndarray::array;
///
/// let labels = array![false, true, true, false];
/// let outcomes = outcomes(&labels, &array![0.7, 0.8, 0.3, 0.9], 0.5)?;
/// assert_eq!(outcomes.false_alarms, [3, 0]); // the highest score first
/// assert_eq!(outcomes.in_table(&[10, 20, 30, 40])?.missed, [30]); // the set's third row is the table's 30th
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When labels and scores differ in length, or a score or threshold is NaN.
pub fn outcomes<'a, S: Score>(
    labels: &Array1<bool>,
    scores: &Array1<S>,
    threshold: impl Into<Thresholds<'a>>,
) -> Result<Outcomes> {
    check(labels, scores)?;
    let alarms = above(scores, threshold)?;
    let mut outcomes = Outcomes::default();
    for row in top_k(scores, scores.len())? {
        let rows = match (labels[row], alarms[row]) {
            (true, true) => &mut outcomes.found,
            (true, false) => &mut outcomes.missed,
            (false, true) => &mut outcomes.false_alarms,
            (false, false) => &mut outcomes.left_alone,
        };
        rows.push(row);
    }
    Ok(outcomes)
}

impl Outcomes {
    /// The outcomes with their rows, for tables by group.
    pub fn groups(&self) -> [(&'static str, &[usize]); 4] {
        [
            ("found", &self.found),
            ("missed", &self.missed),
            ("false alarms", &self.false_alarms),
            ("left alone", &self.left_alone),
        ]
    }

    /// The same rows by their numbers in the table that the set was taken from: `rows` has one for
    /// each example of the set.
    ///
    /// # Errors
    /// When there are fewer than examples.
    pub fn in_table(&self, rows: &[usize]) -> Result<Self> {
        let number = |&row: &usize| match rows.get(row) {
            Some(&number) => Ok(number),
            None => refuse!("the set has a row {row}, but there are {} row numbers", rows.len()),
        };
        let numbers = |of: &[usize]| of.iter().map(number).collect::<Result<Vec<_>>>();
        let Self { found, missed, false_alarms, left_alone } = self;
        Ok(Self {
            found: numbers(found)?,
            missed: numbers(missed)?,
            false_alarms: numbers(false_alarms)?,
            left_alone: numbers(left_alone)?,
        })
    }

    /// How many rows of each outcome have a mark, for which `marks` has one answer for each row;
    /// `name` stands above them.
    ///
    /// # Errors
    /// When there are fewer marks than rows.
    pub fn marked(&self, name: &str, marks: &Array1<bool>) -> Result<Table> {
        let mut table = Table::new(["outcome", "rows", name]);
        for (outcome, rows) in self.groups() {
            if let Some(row) = rows.iter().find(|row| **row >= marks.len()) {
                refuse!("'{name}' has {} marks, but there is a row {row}", marks.len());
            }
            let marked = rows.iter().filter(|row| marks[**row]).count();
            table.push([outcome.to_owned(), thousands(rows.len()), thousands(marked)]);
        }
        Ok(table)
    }

    fn table(&self) -> Table {
        let mut table = Table::new(["outcome", "rows"]);
        for (outcome, rows) in self.groups() {
            table.push([outcome.to_owned(), thousands(rows.len())]);
        }
        table
    }
}

shown_as_table!(Outcomes);

/// The `k` negatives with the highest scores, the highest first: the false alarms that come before
/// all others, whatever the threshold.
///
/// # Errors
/// When labels and scores differ in length, a score is NaN, or there are fewer than `k` negatives.
pub fn highest_negatives<S: Score>(labels: &Array1<bool>, scores: &Array1<S>, k: usize) -> Result<Vec<usize>> {
    check(labels, scores)?;
    let mut rows = top_k(scores, scores.len())?;
    rows.retain(|&row| !labels[row]);
    if rows.len() < k {
        refuse!("the {k} highest of {} negatives: ask for fewer", rows.len());
    }
    rows.truncate(k);
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn every_row_has_one_outcome() {
        let labels = array![true, false, true, false, true];
        let scores = array![0.9, 0.8, 0.1, 0.2, 0.6];
        let found = outcomes(&labels, &scores, 0.5).unwrap();
        assert_eq!(found.groups().map(|(_, rows)| rows), [&[0, 4][..], &[2], &[1], &[3]]);
        assert_eq!(found.to_string().lines().nth(3), Some("false alarms     1"));
        // Thresholds of their own.
        assert_eq!(outcomes(&labels, &scores, &array![0.95, 0.5, 0.0, 0.5, 0.5]).unwrap().missed, [0]);
        let deep = array![false, true, false, false, true];
        let text = found.marked("deep", &deep).unwrap().to_string();
        assert_eq!(text.lines().nth(1), Some("found            2     1"));
        assert!(found.in_table(&[1, 2]).unwrap_err().to_string().contains("2 row numbers"));
        assert!(found.marked("deep", &array![true]).is_err());
    }

    #[test]
    fn the_highest_negatives_come_first() {
        let (labels, scores) = (array![true, false, false, false], array![0.9f32, 0.2, 0.8, 0.5]);
        assert_eq!(highest_negatives(&labels, &scores, 2).unwrap(), [2, 3]);
        assert!(highest_negatives(&labels, &scores, 4).unwrap_err().to_string().contains("the 4 highest of 3"));
    }
}
