//! The checks of the exercises for notebook 1.

use support::polars::prelude::DataFrame;
use support::{Examples, Preprocessor, data, roc_auc_score};

use crate::answer::Answer;
use crate::check::{Check, help, judge};
use crate::note::Note;

const LABEL: &str = "Class";

/// Accuracy for nothing.
pub mod ex1a {
    use super::*;
    help!("1a");

    /// Checks the accuracy of always answering "genuine" on the test set.
    pub fn check(answer: impl Answer, train: &Examples, val: &Examples, test: &Examples) -> Note {
        let accuracy = |sets: &[&Examples]| {
            let counts = sets.iter().map(|set| set.class_counts());
            let (neg, pos) = counts.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
            neg as f64 / (neg + pos) as f64
        };
        let other = "That is the accuracy on other rows; the test set alone is asked for.";
        let check = Check::of(ID, answer)
            .near("the accuracy", accuracy(&[test]), 0.00005)
            .mistake(1.0 - accuracy(&[test]), "This is the share of the frauds, on which the answer is wrong.")
            .mistake(accuracy(&[train]), other)
            .mistake(accuracy(&[train, val, test]), other);
        judge(|| Ok(check))
    }
}

/// A stratified split.
pub mod ex1b {
    use super::*;
    help!("1b");

    /// Checks the frauds in the training, validation and test part of a stratified split.
    pub fn check(answer: impl Answer, cleaned: &DataFrame, seed: u64) -> Note {
        judge(|| {
            let frauds = |frame: &DataFrame| Ok::<_, support::SupportError>(data::class_counts(frame, LABEL)?.1);
            let (rest, test) = data::stratified_split(cleaned, LABEL, 0.2, seed)?;
            let (train, val) = data::stratified_split(&rest, LABEL, 0.2, seed)?;
            let (random_rest, random_test) = data::train_test_split(cleaned, 0.2, seed)?;
            let (random_train, random_val) = data::train_test_split(&random_rest, 0.2, seed)?;
            let at_random = "That is the count of the split at random; take `stratified_split` for both.";
            Ok(Check::of(ID, answer)
                .count("training", frauds(&train)?)
                .mistake(
                    frauds(&rest)? as f64,
                    "These are all that are not in the test set: split the rest once more, for validation.",
                )
                .mistake(frauds(&random_train)? as f64, at_random)
                .count("validation", frauds(&val)?)
                .mistake(frauds(&random_val)? as f64, at_random)
                .count("test", frauds(&test)?)
                .mistake(frauds(&random_test)? as f64, at_random))
        })
    }
}

/// A leak through the scaler.
pub mod ex1c {
    use super::*;
    help!("1c");

    /// Checks by how many standard deviations a mean moves when the scaler sees all rows.
    pub fn check(answer: impl Answer, cleaned: &DataFrame, train: &DataFrame) -> Note {
        judge(|| {
            let (all, train) = (data::summary(cleaned, "Log Amount")?, data::summary(train, "Log Amount")?);
            let moved = (all.mean - train.mean).abs();
            Ok(Check::of(ID, answer)
                .near("the shift", moved / train.std, 0.00005)
                .mistake(
                    moved,
                    "This is the difference of the means; divide it by the standard deviation of the training set.",
                )
                .mistake(
                    -moved / train.std,
                    "How far it moves is a distance: take the difference without its sign, by `.abs()`.",
                ))
        })
    }
}

/// Who is clipped.
pub mod ex1d {
    use super::*;
    help!("1d");

    /// Checks the share of (frauds, genuine transactions) of a set with some feature at the border.
    pub fn check(answer: impl Answer, train: &Examples) -> Note {
        let (negatives, positives) = train.by_class();
        let rows = |examples: &Examples| {
            let clipped = examples.features.rows().into_iter().filter(|row| row.iter().any(|x| x.abs() >= 5.0));
            clipped.count() as f64 / examples.len() as f64
        };
        let cells = |examples: &Examples| {
            let clipped = examples.features.iter().filter(|x| x.abs() >= 5.0).count();
            clipped as f64 / examples.features.len() as f64
        };
        let counts_cells = "This is a share of all numbers; count rows that have at least one such number.";
        let check = Check::of(ID, answer)
            .number("the frauds", rows(&positives))
            .mistake(cells(&positives), counts_cells)
            .mistake(rows(&negatives), "That is the share of the genuine transactions.")
            .number("the genuine transactions", rows(&negatives))
            .mistake(cells(&negatives), counts_cells)
            .mistake(rows(&positives), "That is the share of the frauds.")
            .mistake(rows(train), "That is the share of all rows; take the genuine transactions alone.");
        judge(|| Ok(check))
    }
}

/// One feature as a model.
pub mod ex1e {
    use super::*;
    help!("1e");

    /// Checks the AUC of the single feature −V14.
    pub fn check(answer: impl Answer, train: &Examples) -> Note {
        judge(|| {
            let auc = roc_auc_score(&train.labels, &-train.feature("V14")?)?;
            Ok(Check::of(ID, answer)
                .near("the AUC", auc, 0.0006)
                .mistake(1.0 - auc, "This is the AUC of V14 itself: frauds have *low* values. Turn the sign over."))
        })
    }
}

/// A scaler of one's own.
pub mod ex1f {
    use super::*;
    help!("1f");

    /// Checks a function of (value, mean, standard deviation) by what it does.
    pub fn check(scale: fn(f64, f64, f64) -> f64, train: &DataFrame) -> Note {
        judge(|| {
            let scaler = Preprocessor::fit(train, LABEL)?;
            let is = |x: f64, result: f64| (scale(x, 10.0, 2.0) - result).abs() < 1e-9;
            let blank = scale(12.0, 10.0, 2.0).is_nan();
            if blank {
                return Ok(Check::waiting(ID));
            }
            Ok(Check::of_code(ID)
                .holds(!is(12.0, 2.0), "It subtracts the mean, but doesn't divide by the standard deviation.")
                .holds(
                    is(12.0, 1.0) && is(7.0, -1.5),
                    "For the mean 10 and the standard deviation 2, the value 12 must become 1, and 7 must become −1.5.",
                )
                .holds(!is(100.0, 45.0), "It scales, but 100 becomes 45 there: nothing is clipped at 5.")
                .holds(
                    is(100.0, 5.0) && is(-100.0, -5.0),
                    "It must clip on both sides: 100 becomes 5, and −100 becomes −5.",
                )
                .adds(format!("`StandardScaler` does the same to {} columns.", scaler.names().len())))
        })
    }
}
