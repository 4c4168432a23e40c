//! Splits a table into the part to learn from and the part to judge by.

use std::cmp::Ordering;
use std::collections::HashMap;

use linfa::{Dataset, DatasetBase};
use ndarray::{Array1, Array2};
use polars::prelude::{DataFrame, DataType, IdxCa};

use super::{class_counts, column, labels, numbers, place, texts};
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
    let labels = labels(frame, label)?;
    let rows_of = |class: bool| (0..labels.len()).filter(|&row| labels[row] == class).collect::<Vec<_>>();
    let (negatives, positives) = (rows_of(false), rows_of(true));
    // The sizes of the whole split hold; the positives get their share of them.
    let test_rows = test_rows(labels.len(), test_size)?;
    let test_positives = (positives.len() as f64 * test_rows as f64 / labels.len() as f64).round() as usize;
    let mut train = Vec::new();
    let mut test = Vec::new();
    for (name, class, test_count) in
        [("negatives", negatives, test_rows - test_positives), ("positives", positives, test_positives)]
    {
        if test_count == 0 || test_count >= class.len() {
            return Err(Error::Table(format!(
                "{} {name} among {} rows with test_size {test_size}: one part would have none of them, and nothing can be learned or judged without; collect more of them, or choose another test_size",
                class.len(),
                labels.len()
            )));
        }
        let (of_train, of_test) = cut(shuffled(class.len(), seed), class.len() - test_count);
        train.extend(of_train.into_iter().map(|place| class[place]));
        test.extend(of_test.into_iter().map(|place| class[place]));
    }
    // One class after the other would make each batch of an unshuffled pass one-sided.
    let mixed = |rows: Vec<usize>| {
        of_dataset(&shuffled(rows.len(), seed)).into_iter().map(|place| rows[place]).collect::<Vec<_>>()
    };
    Ok((take(frame, &mixed(train))?, take(frame, &mixed(test))?))
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
    let labels = labels(frame, label)?;
    let mut fold_of = vec![0; labels.len()];
    for (name, class) in [("negatives", false), ("positives", true)] {
        let rows: Vec<usize> = (0..labels.len()).filter(|&row| labels[row] == class).collect();
        if folds < 2 || rows.len() < folds {
            let count = rows.len();
            return Err(Error::Table(format!("{count} {name} can't be dealt to {folds} folds, of at least two")));
        }
        for (place, number) in of_dataset(&shuffled(rows.len(), seed)).into_iter().enumerate() {
            fold_of[rows[number]] = place % folds;
        }
    }
    Ok((0..folds).map(move |fold| {
        let part = |inside: bool| {
            let rows: Vec<usize> = (0..fold_of.len()).filter(|&row| (fold_of[row] == fold) == inside).collect();
            take(frame, &rows).expect("rows of this table")
        };
        (part(false), part(true))
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
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut group_of = Vec::with_capacity(groups.len());
    for (row, name) in groups.iter().enumerate() {
        let Some(name) = name else {
            let place = place(frame, row);
            return Err(Error::Table(format!(
                "column '{group}', {place}: the group is missing; drop such rows by drop_missing"
            )));
        };
        let next = numbers.len();
        group_of.push(*numbers.entry(name).or_insert(next));
    }
    let (_, test_groups) = split_indices(numbers.len(), test_size, seed)
        .map_err(|error| Error::Table(format!("column '{group}' has {} groups: {error}", numbers.len())))?;
    let mut is_test = vec![false; numbers.len()];
    test_groups.into_iter().for_each(|number| is_test[number] = true);
    let part = |test: bool| (0..group_of.len()).filter(|&row| is_test[group_of[row]] == test).collect::<Vec<_>>();
    Ok((take(frame, &part(false))?, take(frame, &part(true))?))
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
    let missing = (times.is_null().iter()).position(|is_missing| is_missing == Some(true));
    if let Some(row) = missing {
        let place = place(frame, row);
        return Err(Error::Table(format!(
            "column '{time}', {place}: the time is missing; drop such rows by drop_missing"
        )));
    }
    // The place of each row's time among all different times.
    let ranks = match times.dtype() {
        DataType::String => {
            let texts: Vec<String> = texts(times)?.into_iter().flatten().collect();
            if let Some(row) = texts.iter().position(|text| !sorts_as_time(text, &texts[0])) {
                return Err(Error::Table(format!(
                    "column '{time}', {}: '{}' does not sort as a time; write the year first and all parts with the same number of digits, as in 2024-05-31",
                    place(frame, row),
                    texts[row]
                )));
            }
            ranks(&texts, String::cmp)
        }
        _ => ranks(&numbers(frame, time)?, f64::total_cmp),
    };
    let rows = ranks.len();
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by_key(|&row| ranks[row]);
    let mut first_test = rows - test_rows(rows, test_size)?;
    while first_test > 0 && ranks[order[first_test]] == ranks[order[first_test - 1]] {
        first_test -= 1;
    }
    if first_test == 0 {
        return Err(Error::Table(format!(
            "column '{time}': too many rows have the same time as the first of the test part: none would be left to train on"
        )));
    }
    Ok((take(frame, &order[..first_test])?, take(frame, &order[first_test..])?))
}

/// Whether a text begins with four digits and has its digits where `first` has them.
fn sorts_as_time(text: &str, first: &str) -> bool {
    let form = |text: &str| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    text.bytes().take_while(u8::is_ascii_digit).count() >= 4 && form(text) == form(first)
}

fn ranks<T>(values: &[T], compare: impl Fn(&T, &T) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| compare(&values[a], &values[b]));
    let mut ranks = vec![0; values.len()];
    for pair in order.windows(2) {
        ranks[pair[1]] = ranks[pair[0]] + usize::from(compare(&values[pair[0]], &values[pair[1]]).is_ne());
    }
    ranks
}

/// The row numbers of a random split into (train, test).
///
/// # Errors
/// As [`train_test_split`].
pub fn split_indices(rows: usize, test_size: f64, seed: u64) -> Result<(Vec<usize>, Vec<usize>)> {
    let test_rows = test_rows(rows, test_size)?;
    Ok(cut(shuffled(rows, seed), rows - test_rows))
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

/// Row numbers for linfa; rows themselves it can't hold, for a table has texts.
type Numbers = DatasetBase<Array2<f64>, Array1<()>>;

/// The numbers 0 … n - 1 in an order drawn by linfa.
fn shuffled(n: usize, seed: u64) -> Numbers {
    let numbers = Array2::from_shape_fn((n, 1), |(row, _)| row as f64);
    Dataset::new(numbers, Array1::default(n)).shuffle(&mut generator(seed, Purpose::Split, 0))
}

/// The first `rows` numbers and the others, cut by linfa, which takes a ratio: the first part gets ⌈ratio · n⌉, computed in 32
/// bits. Of the ratios next to rows / n this is the largest that takes no more than `rows`. Where it takes fewer, as 32 bits
/// don't count beyond 2²⁴, the rest is cut from the second part in the same way.
fn cut(numbers: Numbers, rows: usize) -> (Vec<usize>, Vec<usize>) {
    let all = numbers.records().nrows();
    let size = |ratio: f32| (all as f32 * ratio).ceil() as usize;
    let nearest = (rows as f64 / all as f64) as f32;
    let ratios = (0..).map(|below| f32::from_bits((nearest.to_bits() + 2).saturating_sub(below)));
    let ratio = ratios.into_iter().find(|&ratio| size(ratio) <= rows).unwrap_or(0.0);
    let (first, second) = numbers.split_with_ratio(ratio);
    let (mut first, missing) = (of_dataset(&first), rows - first.records().nrows());
    if missing == 0 {
        return (first, of_dataset(&second));
    }
    let (more, second) = cut(second, missing);
    first.extend(more);
    (first, second)
}

fn of_dataset(numbers: &Numbers) -> Vec<usize> {
    numbers.records().iter().map(|&row| row as usize).collect()
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

    /// scikit-learn's sizes, whatever 32 bits make of the ratio.
    #[test]
    fn linfa_cuts_at_every_size() {
        let numbers = |n: usize| Dataset::new(Array2::from_shape_fn((n, 1), |(row, _)| row as f64), Array1::default(n));
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
