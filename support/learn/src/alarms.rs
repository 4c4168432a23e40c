//! Which examples are an alarm, as one answer of yes or no for each, shape `[examples]`: what every
//! policy comes down to.

use ndarray::{Array1, Zip};

use crate::error::{Result, ensure, refuse};
use crate::scores::{Score, check_each, check_threshold, top_k};
use crate::table::Table;

/// One threshold for all examples, or one for each, shape `[examples]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Thresholds<'a> {
    /// The same for all.
    One(f64),
    /// Such as those of [`CostsByExample::thresholds`](crate::cost::CostsByExample::thresholds).
    Each(&'a Array1<f64>),
}

impl From<f64> for Thresholds<'_> {
    fn from(threshold: f64) -> Self {
        Self::One(threshold)
    }
}

impl<'a> From<&'a Array1<f64>> for Thresholds<'a> {
    fn from(thresholds: &'a Array1<f64>) -> Self {
        Self::Each(thresholds)
    }
}

/// Which scores are above the threshold: one number, or one for each example.
///
/// ```
/// use learn::alarms::{above, count, highest};
/// use ndarray::array;
///
/// let p = array![0.9f32, 0.2, 0.5];
/// assert_eq!(above(&p, 0.5)?, array![true, false, false]); // 0.5 is not above 0.5
/// assert_eq!(above(&p, &array![0.95, 0.1, 0.4])?, array![false, true, true]);
/// assert_eq!(count(&highest(&p, 2)?), 2);
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When a score or a threshold is NaN, or there is not one threshold for each score.
pub fn above<'a, S: Score>(scores: &Array1<S>, threshold: impl Into<Thresholds<'a>>) -> Result<Array1<bool>> {
    check_each(scores)?;
    match threshold.into() {
        Thresholds::One(threshold) => {
            check_threshold(threshold)?;
            Ok(scores.mapv(|score| score > S::from_threshold(threshold)))
        }
        Thresholds::Each(thresholds) => {
            let (rows, others) = (scores.len(), thresholds.len());
            ensure!(rows == others, "{rows} scores, but {others} thresholds");
            thresholds.iter().try_for_each(|&threshold| check_threshold(threshold))?;
            Ok(Zip::from(scores).and(thresholds).map_collect(|&score, &own| score > S::from_threshold(own)))
        }
    }
}

/// An alarm for each of the `k` highest scores: see [`top_k`].
///
/// # Errors
/// As [`top_k`].
pub fn highest<S: Score>(scores: &Array1<S>, k: usize) -> Result<Array1<bool>> {
    let mut alarms = Array1::from_elem(scores.len(), false);
    top_k(scores, k)?.into_iter().for_each(|row| alarms[row] = true);
    Ok(alarms)
}

/// How many alarms there are.
pub fn count(alarms: &Array1<bool>) -> usize {
    alarms.iter().filter(|&&is_alarm| is_alarm).count()
}

/// The share of examples about which two policies decide alike.
///
/// # Errors
/// When the two differ in length or there are no examples.
pub fn agreement(alarms: &Array1<bool>, others: &Array1<bool>) -> Result<f64> {
    check_lengths(alarms, others)?;
    ensure!(!alarms.is_empty(), "there are no decisions to compare");
    let alike = alarms.iter().zip(others).filter(|(one, other)| one == other).count();
    Ok(alike as f64 / alarms.len() as f64)
}

/// For which examples of each class both policies give an alarm, one of them alone, or neither: the
/// counts of McNemar's test ("Note on the sampling error of the difference between correlated
/// proportions or percentages", 1947).
///
/// ```
/// use learn::alarms::compare_alarms;
/// use ndarray::array;
///
/// let labels = array![true, true, false, false];
/// let (one, other) = (array![true, false, false, false], array![true, true, true, false]);
/// let table = compare_alarms(&labels, ("baseline", &one), ("weighted", &other))?.to_string();
/// assert!(table.contains("weighted alone          1          1"), "{table}");
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When labels and alarms differ in length.
pub fn compare_alarms(
    labels: &Array1<bool>,
    (name, alarms): (&str, &Array1<bool>),
    (other, others): (&str, &Array1<bool>),
) -> Result<Table> {
    check_lengths(labels, alarms)?;
    check_lengths(labels, others)?;
    let mut table = Table::new(["alarm by", "positives", "negatives"]);
    for (who, decisions) in [
        ("both".to_owned(), (true, true)),
        (format!("{name} alone"), (true, false)),
        (format!("{other} alone"), (false, true)),
        ("neither".to_owned(), (false, false)),
    ] {
        let of = |class: bool| {
            let rows = 0..labels.len();
            rows.filter(|&row| labels[row] == class && (alarms[row], others[row]) == decisions).count().to_string()
        };
        table.push([who, of(true), of(false)]);
    }
    Ok(table)
}

/// Refuses two lists of decisions, or labels and decisions, that differ in length.
pub(crate) fn check_lengths(one: &Array1<bool>, other: &Array1<bool>) -> Result<()> {
    if one.len() != other.len() {
        refuse!("{} examples, but {} decisions", one.len(), other.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn alarms_are_compared_in_the_type_of_the_scores() {
        assert_eq!(above(&array![0.1f32], 0.1).unwrap(), array![false]);
        assert_eq!(above(&array![0.1f32], &array![0.1]).unwrap(), array![false]);
        assert_eq!(above(&array![0.1f64, 1.0], 1.0).unwrap(), array![false, false]);
        let (p, short) = (array![0.1, 0.2], array![0.1]);
        assert!(above(&p, &short).unwrap_err().to_string().contains("2 scores, but 1 thresholds"));
        assert!(above(&p, f64::NAN).is_err() && above(&array![f64::NAN], 0.1).is_err());
    }

    #[test]
    fn decisions_are_counted_by_class() {
        let (one, other) = (array![true, false, true, false], array![true, true, false, false]);
        assert_eq!(agreement(&one, &other).unwrap(), 0.5);
        assert!(agreement(&one, &array![true]).unwrap_err().to_string().contains("4 examples, but 1 decisions"));
        let labels = array![true, false, false, true];
        let text = compare_alarms(&labels, ("a", &one), ("b", &other)).unwrap().to_string();
        let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            rows,
            [
                vec!["both", "1", "0"],
                vec!["a", "alone", "0", "1"],
                vec!["b", "alone", "0", "1"],
                vec!["neither", "1", "0"]
            ]
        );
    }
}
