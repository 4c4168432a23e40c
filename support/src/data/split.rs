//! Splits a table at random into the part to learn from and the part to judge by.

use linfa::Dataset;
use ndarray::{Array1, Array2};
use polars::prelude::{DataFrame, IdxCa};

use super::{class_counts, labels};
use crate::error::{Error, Result};
use crate::random::{Purpose, generator};

/// Splits the rows at random into (train, test), as scikit-learn's function of this name does: the test part has
/// ⌈`test_size` · rows⌉ rows, and how many positives fall into it is left to chance.
///
/// # Errors
/// When `test_size` is not between 0 and 1 or leaves one part empty.
pub fn train_test_split(frame: &DataFrame, test_size: f64, seed: u64) -> Result<(DataFrame, DataFrame)> {
    let (train, test) = split_indices(frame.height(), test_size, seed)?;
    Ok((take(frame, &train)?, take(frame, &test)?))
}

/// Like [`train_test_split`], with the same share of positives in both parts, up to rounding: each class is split on its own.
///
/// # Errors
/// As [`train_test_split`], and when the label's column is not 0 and 1.
pub fn stratified_split(frame: &DataFrame, label: &str, test_size: f64, seed: u64) -> Result<(DataFrame, DataFrame)> {
    let labels = labels(frame, label)?;
    let rows_of = |class: bool| (0..labels.len()).filter(|&row| labels[row] == class).collect::<Vec<_>>();
    let (negatives, positives) = (rows_of(false), rows_of(true));
    // The sizes of the whole split hold; the positives get their share of them.
    let test_rows = test_rows(labels.len(), test_size)?;
    let test_positives = (positives.len() as f64 * test_rows as f64 / labels.len() as f64).round() as usize;
    let mut train = Vec::new();
    let mut test = Vec::new();
    for (class, test_count) in [(negatives, test_rows - test_positives), (positives, test_positives)] {
        let order = shuffled(class.len(), seed);
        let (last, first) = order.split_at(class.len() - test_count);
        train.extend(last.iter().map(|&place| class[place]));
        test.extend(first.iter().map(|&place| class[place]));
    }
    // One class after the other would make each batch of an unshuffled pass one-sided.
    let mixed = |rows: Vec<usize>| shuffled(rows.len(), seed).into_iter().map(|place| rows[place]).collect::<Vec<_>>();
    Ok((take(frame, &mixed(train))?, take(frame, &mixed(test))?))
}

/// Splits the rows into (train, validation, test) with the same share of positives: a fifth for the test set, a fifth of the
/// rest for validation, by two calls of [`stratified_split`].
///
/// # Errors
/// When the label's column is not 0 and 1, or a set would have fewer than 10 positives, too few to judge a model by.
pub fn train_val_test_split(frame: &DataFrame, label: &str, seed: u64) -> Result<(DataFrame, DataFrame, DataFrame)> {
    const FEWEST: usize = 10;
    let too_few = |positives: usize, name: &str, found: usize| {
        Error::Table(format!(
            "{positives} positives are too few for three sets: {found} would be in the {name} set, and at least {FEWEST} must be; collect more of them, or split in two by stratified_split"
        ))
    };
    let (_, positives) = class_counts(frame, label)?;
    if positives < FEWEST {
        return Err(too_few(positives, "test", positives.div_ceil(5)));
    }
    let (rest, test) = stratified_split(frame, label, 0.2, seed)?;
    let (train, val) = stratified_split(&rest, label, 0.2, seed)?;
    for (name, part) in [("validation", &val), ("test", &test)] {
        let (_, found) = class_counts(part, label)?;
        if found < FEWEST {
            return Err(too_few(positives, name, found));
        }
    }
    Ok((train, val, test))
}

/// The row numbers of a random split into (train, test).
///
/// # Errors
/// As [`train_test_split`].
pub fn split_indices(rows: usize, test_size: f64, seed: u64) -> Result<(Vec<usize>, Vec<usize>)> {
    let test_rows = test_rows(rows, test_size)?;
    // Cut here and not by linfa's `split_with_ratio`, which computes the sizes in f32.
    let mut train = shuffled(rows, seed);
    let test = train.split_off(rows - test_rows);
    Ok((train, test))
}

fn test_rows(rows: usize, test_size: f64) -> Result<usize> {
    if !(test_size > 0.0 && test_size < 1.0) {
        return Err(Error::Argument(format!("test_size is a share of the rows between 0 and 1, not {test_size}")));
    }
    let test_rows = (test_size * rows as f64).ceil() as usize;
    match rows.checked_sub(test_rows) {
        None | Some(0) => Err(Error::Argument(format!(
            "{rows} rows with test_size {test_size} would leave no row to train on: use more rows or a smaller test_size"
        ))),
        Some(_) => Ok(test_rows),
    }
}

/// The numbers 0 … n - 1 in an order drawn by linfa.
fn shuffled(n: usize, seed: u64) -> Vec<usize> {
    let numbers = Array2::from_shape_fn((n, 1), |(row, _)| row as f64);
    let dataset = Dataset::new(numbers, Array1::<()>::default(n)).shuffle(&mut generator(seed, Purpose::Split, 0));
    dataset.records().iter().map(|&row| row as usize).collect()
}

fn take(frame: &DataFrame, rows: &[usize]) -> Result<DataFrame> {
    let rows: Vec<_> = rows.iter().map(|&row| row as polars::prelude::IdxSize).collect();
    Ok(frame.take(&IdxCa::from_vec("".into(), rows))?)
}

#[cfg(test)]
mod tests {
    use super::super::class_counts;
    use super::*;
    use polars::prelude::{Column, NamedFrom, Series};

    fn frame(rows: usize, positives: usize) -> DataFrame {
        let number = Column::from(Series::new("row".into(), (0..rows).map(|row| row as f64).collect::<Vec<_>>()));
        let class = Column::from(Series::new(
            "Class".into(),
            (0..rows).map(|row| i64::from(row < positives)).collect::<Vec<_>>(),
        ));
        DataFrame::new(rows, vec![number, class]).unwrap()
    }

    #[test]
    fn every_row_goes_to_exactly_one_part() {
        let (train, test) = split_indices(1003, 0.2, 7).unwrap();
        assert_eq!((train.len(), test.len()), (802, 201));
        let mut all = [train, test].concat();
        assert!(!all.is_sorted());
        all.sort_unstable();
        assert_eq!(all, (0..1003).collect::<Vec<_>>());
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(split_indices(100, 0.2, 1).unwrap(), split_indices(100, 0.2, 1).unwrap());
        assert_ne!(split_indices(100, 0.2, 1).unwrap(), split_indices(100, 0.2, 2).unwrap());
    }

    #[test]
    fn strata_keep_their_share() {
        let (train, test) = stratified_split(&frame(1000, 50), "Class", 0.2, 3).unwrap();
        assert_eq!(class_counts(&train, "Class").unwrap(), (760, 40));
        assert_eq!(class_counts(&test, "Class").unwrap(), (190, 10));
        let order: Vec<_> = train.column("row").unwrap().f64().unwrap().into_no_null_iter().collect();
        assert!(order[..500].iter().any(|&row| row < 50.0), "positives are spread over the part");
    }

    #[test]
    fn three_sets_have_the_same_share_or_are_refused() {
        let (train, val, test) = train_val_test_split(&frame(2000, 100), "Class", 3).unwrap();
        let counts = [train, val, test].map(|part| class_counts(&part, "Class").unwrap());
        assert_eq!(counts, [(1216, 64), (304, 16), (380, 20)]);
        for positives in [0, 3, 12, 55] {
            let message = train_val_test_split(&frame(2000, positives), "Class", 3).unwrap_err().to_string();
            assert!(message.contains(&format!("{positives} positives are too few")), "{message}");
        }
        assert!(train_val_test_split(&frame(2000, 64), "Class", 3).is_ok());
    }

    #[test]
    fn impossible_sizes_are_refused() {
        for (rows, size) in [(10, 0.0), (10, 1.0), (10, -0.2), (10, f64::NAN), (1, 0.2), (0, 0.2), (3, 0.9)] {
            assert!(split_indices(rows, size, 0).is_err(), "{rows} {size}");
        }
    }
}
