//! The checks of the exercises for notebook 1.

use support::polars::prelude::DataFrame;
use support::{Examples, Preprocessor, data, roc_auc_score};

use crate::answer::Answer;
use crate::check::{Check, help, judge};
use crate::note::Note;

const LABEL: &str = "Class";
/// What scaled features are limited to.
const LIMIT: f32 = 5.0;

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

/// A scaler of one's own.
pub mod ex1c {
    use super::*;
    help!("1c");

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
                .adds(format!("The scaler does the same to {} columns.", scaler.names().len())))
        })
    }
}

/// A rule instead of a model.
pub mod ex1d {
    use super::*;
    help!("1d");

    /// Checks (share of the frauds found, share of the alarms that are right) of the rule "some feature at the limit".
    pub fn check(answer: impl Answer, train: &Examples, val: &Examples) -> Note {
        let shares = |set: &Examples| {
            let (negatives, positives) = set.by_class();
            let stopped = negatives.share_of_rows_reaching(LIMIT);
            (positives.share_of_rows_reaching(LIMIT), stopped, negatives.len() as f64 / positives.len() as f64)
        };
        let (found, stopped, negatives) = shares(val);
        let other = "That is the share in the training set; the validation set is asked for.";
        let check = Check::of(ID, answer)
            .number("the frauds", found)
            .mistake(stopped, "That is the share of the genuine payments that get an alarm.")
            .mistake(shares(train).0, other)
            .number("the alarms", found / (found + negatives * stopped))
            .mistake(
                found / (found + stopped),
                "Shares of groups of different size can't be added: count the alarms of each group first.",
            )
            .mistake(
                found / (negatives * stopped),
                "This divides by the false alarms; divide by all alarms, the right ones among them.",
            )
            .mistake(
                stopped,
                "That is the share of the genuine payments that get an alarm; how many of all alarms are right?",
            );
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
