//! Splits a table into the part to learn from and the part to judge by.

use std::collections::HashSet;

use linfa::Dataset;
use linfa::dataset::Records;
use ndarray::{Array2, Ix1};
use polars::prelude::{BooleanChunked, ChunkUnique, Column, DataFrame, IntoColumn, SortOptions};

use super::{class_counts, column, fault, labels, numbers, take, texts};
use learn::error::{Error, Result};
use learn::random::{Purpose, generator};

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
/// As [`train_test_split`], and when the label's column is not 0 and 1, or a part would have no positives or no negatives.
pub fn stratified_split(frame: &DataFrame, label: &str, test_size: f64, seed: u64) -> Result<(DataFrame, DataFrame)> {
    let classes = rows_by_class(frame, label)?;
    // The sizes of the whole split hold; the positives get their share of them.
    let rows = frame.height();
    let test_rows = test_rows(rows, test_size)?;
    let (_, positives) = &classes[1];
    let test_positives = (positives.len() as f64 * test_rows as f64 / rows as f64).round() as usize;
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for ((name, class), test_count) in classes.into_iter().zip([test_rows - test_positives, test_positives]) {
        let count = class.len();
        if test_count == 0 || test_count >= count {
            return Err(Error::Table(format!(
                "{count} {name} among {rows} rows with test_size {test_size}: one part would have none of them, and nothing can be learned or judged without; collect more of them, or choose another test_size"
            )));
        }
        let (of_train, of_test) = cut(shuffled(class, seed), count - test_count);
        train.extend(of_train);
        test.extend(of_test);
    }
    // One class after the other would make each batch of an unshuffled pass one-sided.
    let mixed = |rows| take(frame, &shuffled(rows, seed).targets.to_vec());
    Ok((mixed(train)?, mixed(test)?))
}

/// The rows of each class, with the word for them.
fn rows_by_class(frame: &DataFrame, label: &str) -> Result<[(&'static str, Vec<usize>); 2]> {
    let labels = labels(frame, label)?;
    let rows_of = |class: bool| (0..labels.len()).filter(|&row| labels[row] == class).collect();
    Ok([("negatives", rows_of(false)), ("positives", rows_of(true))])
}

/// The rows in (train, left out), so many times that each is left out once, as scikit-learn's `StratifiedKFold`: each class is dealt
/// to the folds at random and in equal parts, so all folds have the same share of positives up to one. Tables and not examples:
/// what is learned from the training part, the scale too, must not know the rows that are left out.
///
/// # Errors
/// When there are fewer than two folds, or fewer rows of a class than folds.
pub fn stratified_folds(
    frame: &DataFrame,
    label: &str,
    folds: usize,
    seed: u64,
) -> Result<impl Iterator<Item = (DataFrame, DataFrame)>> {
    let mut fold_of = vec![0; frame.height()];
    for (name, rows) in rows_by_class(frame, label)? {
        let count = rows.len();
        if folds < 2 || count < folds {
            return Err(Error::Table(format!("{count} {name} can't be dealt to {folds} folds, of at least two")));
        }
        for (place, &row) in shuffled(rows, seed).targets.iter().enumerate() {
            fold_of[row] = place % folds;
        }
    }
    Ok((0..folds).map(move |fold| {
        let left_out: BooleanChunked = fold_of.iter().map(|&other| other == fold).collect();
        parts(frame, &left_out).expect("a mask for each row of this table")
    }))
}

/// Splits the rows into (train, validation, test) with the same share of positives: a fifth for the test set, a fifth of the
/// rest for validation, by two calls of [`stratified_split`].
///
/// # Errors
/// When the label's column is not 0 and 1, or a set would have fewer than 10 positives or 10 negatives, too few to judge a
/// model by.
pub fn train_val_test_split(frame: &DataFrame, label: &str, seed: u64) -> Result<(DataFrame, DataFrame, DataFrame)> {
    const FEWEST: usize = 10;
    let too_few = |class: &str, all: usize, name: &str, found: usize| {
        Error::Table(format!(
            "{all} {class} are too few for three sets: {found} would be in the {name} set, and at least {FEWEST} must be; collect more of them, or split in two by stratified_split"
        ))
    };
    let (negatives, positives) = class_counts(frame, label)?;
    let classes = [("negatives", negatives), ("positives", positives)];
    if let Some((class, all)) = classes.into_iter().find(|(_, all)| *all < 3 * FEWEST) {
        return Err(too_few(class, all, "validation", all / 6));
    }
    let (rest, test) = stratified_split(frame, label, 0.2, seed)?;
    let (train, val) = stratified_split(&rest, label, 0.2, seed)?;
    for (name, part) in [("validation", &val), ("test", &test)] {
        let (negatives, positives) = class_counts(part, label)?;
        for ((class, all), found) in classes.into_iter().zip([negatives, positives]) {
            if found < FEWEST {
                return Err(too_few(class, all, name, found));
            }
        }
    }
    Ok((train, val, test))
}

/// Splits the rows into (train, test) by groups, such as customers or machines, as scikit-learn's `GroupShuffleSplit`: all
/// rows of a group go to one part, the test part gets ⌈`test_size` · groups⌉ groups drawn at random. The order of rows stays.
///
/// # Errors
/// When there is no such column, a row has no group, or `test_size` is not between 0 and 1 or leaves one part empty.
pub fn group_split(frame: &DataFrame, group: &str, test_size: f64, seed: u64) -> Result<(DataFrame, DataFrame)> {
    let groups = texts(column(frame, group)?)?;
    if let Some(row) = groups.is_null().first_true_idx() {
        return Err(fault(frame, group, row, "the group is missing; drop such rows by drop_missing"));
    }
    let (count, group_of) = groups.unique_id()?;
    let (_, test_groups) = split_indices(count as usize, test_size, seed)
        .map_err(|error| Error::Table(format!("column '{group}' has {count} groups: {error}")))?;
    let test_groups: HashSet<usize> = test_groups.into_iter().collect();
    let is_test: BooleanChunked = group_of.iter().map(|&group| test_groups.contains(&(group as usize))).collect();
    parts(frame, &is_test)
}

/// Splits the rows into (train, test) by time: the test part has the latest ⌈`test_size` · rows⌉ rows, and more if the first of
/// them has the same time as rows before it. Both parts are in the order of time, which is a column of numbers or of texts that
/// sort as what they mean: 2024-05-31.
///
/// # Errors
/// When there is no such column, a time is missing or a text of another form, or `test_size` is not between 0 and 1 or leaves one
/// part empty.
pub fn time_split(frame: &DataFrame, time: &str, test_size: f64) -> Result<(DataFrame, DataFrame)> {
    let times = column(frame, time)?;
    if let Some(row) = times.is_null().first_true_idx() {
        return Err(fault(frame, time, row, "the time is missing; drop such rows by drop_missing"));
    }
    let times: Column = if times.dtype().is_string() {
        let texts = texts(times)?;
        let first = texts.get(0).unwrap_or_default();
        if let Some((row, text)) = texts.iter().flatten().enumerate().find(|(_, text)| !sorts_as_time(text, first)) {
            let problem = format!(
                "'{text}' does not sort as a time; write the year first and all parts with the same number of digits, as in 2024-05-31"
            );
            return Err(fault(frame, time, row, problem));
        }
        texts.into_column()
    } else {
        Column::new(time.into(), numbers(frame, time)?)
    };
    let order = times.arg_sort(SortOptions::default().with_maintain_order(true));
    let times = times.take(&order)?;
    let mut first_test = frame.height() - test_rows(frame.height(), test_size)?;
    while first_test > 0 && times.get(first_test)? == times.get(first_test - 1)? {
        first_test -= 1;
    }
    if first_test == 0 {
        return Err(Error::Table(format!(
            "column '{time}': too many rows have the same time as the first of the test part: none would be left to train on"
        )));
    }
    Ok(frame.take(&order)?.split_at(first_test as i64))
}

/// Whether a text begins with four digits and has its digits where `first` has them.
fn sorts_as_time(text: &str, first: &str) -> bool {
    let form = |text: &str| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    text.bytes().take_while(u8::is_ascii_digit).count() >= 4 && form(text) == form(first)
}

/// The row numbers of a random split into (train, test).
///
/// # Errors
/// As [`train_test_split`].
pub fn split_indices(rows: usize, test_size: f64, seed: u64) -> Result<(Vec<usize>, Vec<usize>)> {
    let test_rows = test_rows(rows, test_size)?;
    Ok(cut(shuffled((0..rows).collect(), seed), rows - test_rows))
}

fn test_rows(rows: usize, test_size: f64) -> Result<usize> {
    if !(test_size > 0.0 && test_size < 1.0) {
        return Err(Error::Argument(format!("test_size is a share of the rows between 0 and 1, not {test_size}")));
    }
    let test_rows = (test_size * rows as f64).ceil() as usize;
    if test_rows >= rows {
        return Err(Error::Argument(format!(
            "{rows} rows with test_size {test_size} would leave no row to train on: use more rows or a smaller test_size"
        )));
    }
    Ok(test_rows)
}

/// Row numbers for linfa, as the targets of records without features; rows themselves it can't hold, for a table has texts.
type Rows = Dataset<f64, usize, Ix1>;

/// The rows in an order drawn by linfa.
fn shuffled(rows: Vec<usize>, seed: u64) -> Rows {
    let records = Array2::zeros((rows.len(), 0));
    Dataset::new(records, rows.into()).shuffle(&mut generator(seed, Purpose::Split, 0))
}

/// The first `count` rows and the others, cut by linfa, which takes a ratio: the first part gets ⌈ratio · n⌉, computed in 32 bits.
fn cut(rows: Rows, count: usize) -> (Vec<usize>, Vec<usize>) {
    let all = rows.nsamples() as f32;
    let mut ratio = count as f32 / all;
    while (ratio * all).ceil() as usize > count {
        ratio = ratio.next_down();
    }
    let (first, second) = rows.split_with_ratio(ratio);
    let (mut first, mut second) = (first.targets.to_vec(), second.targets.to_vec());
    // Among millions of rows, 32 bits may count too few.
    first.extend(second.drain(..count - first.len()));
    (first, second)
}

/// The table in (train, test), by a mask of the rows to test.
fn parts(frame: &DataFrame, is_test: &BooleanChunked) -> Result<(DataFrame, DataFrame)> {
    Ok((frame.filter(&!is_test)?, frame.filter(is_test)?))
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

    /// scikit-learn's sizes, whatever 32 bits make of the ratio.
    #[test]
    fn linfa_cuts_at_every_size() {
        let numbers = |n: usize| Dataset::new(Array2::zeros((n, 0)), (0..n).collect());
        for n in (2..700).chain([45_569, 182_276, 227_845, 284_807, 1_000_003, (1 << 24) + 3, 30_000_001]) {
            let sizes: &[f64] = if n > 1000 { &[0.2, 0.37] } else { &[0.01, 0.1, 0.2, 0.25, 1.0 / 3.0, 0.5, 0.9] };
            for test_rows in sizes.iter().filter_map(|&size| test_rows(n, size).ok()) {
                let (train, test) = cut(numbers(n), n - test_rows);
                assert_eq!((train.len(), test.len()), (n - test_rows, test_rows), "{n}");
                assert!(train.iter().chain(&test).copied().eq(0..n), "{n}");
            }
        }
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
    fn each_row_is_left_out_once_and_the_share_stays() {
        let rows =
            |frame: &DataFrame| frame.column("row").unwrap().f64().unwrap().into_no_null_iter().collect::<Vec<_>>();
        let frame = frame(103, 13);
        let deal =
            |seed| stratified_folds(&frame, "Class", 5, seed).unwrap().map(|fold| rows(&fold.1)).collect::<Vec<_>>();
        for (train, left_out) in stratified_folds(&frame, "Class", 5, 1).unwrap() {
            let (negatives, positives) = class_counts(&left_out, "Class").unwrap();
            assert!(negatives == 18 && (2..=3).contains(&positives), "{negatives} {positives}");
            let mut both = [rows(&train), rows(&left_out)].concat();
            both.sort_unstable_by(f64::total_cmp);
            assert!(both.into_iter().eq((0..103).map(f64::from)));
        }
        let mut left_out = deal(1).concat();
        left_out.sort_unstable_by(f64::total_cmp);
        assert!(left_out.into_iter().eq((0..103).map(f64::from)));
        assert_eq!(deal(1), deal(1));
        assert_ne!(deal(1), deal(2));
        for (folds, words) in [(1, "at least two"), (14, "13 positives can't be dealt to 14 folds")] {
            let message = stratified_folds(&frame, "Class", folds, 1).err().unwrap().to_string();
            assert!(message.contains(words), "{message}");
        }
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
