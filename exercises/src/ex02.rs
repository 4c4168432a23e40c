//! The checks of the exercises for notebook 2.

use support::ndarray::Array1;
use support::polars::prelude::DataFrame;
use support::{Examples, SupportError, brier_score, data, log_loss, outcomes};

use crate::answer::Answer;
use crate::check::{Check, help, judge};
use crate::note::Note;

/// Precision, recall and false positive rate by hand.
pub mod ex2a {
    use super::*;
    help!("2a");

    /// Checks (precision, recall, false positive rate).
    pub fn check(answer: impl Answer) -> Note {
        let (tp, fp, fn_, tn) = (60.0, 7.0, 22.0, 45_480.0);
        let check = Check::of(ID, answer)
            .number("precision", tp / (tp + fp))
            .mistake(
                tp / (tp + fn_),
                "This is the share of the frauds that were found; precision is a share of the alarms.",
            )
            .number("recall", tp / (tp + fn_))
            .mistake(tp / (tp + fp), "This is a share of the alarms; recall is a share of the frauds.")
            .number("false positive rate", fp / (fp + tn))
            .mistake(
                fp / (tp + fp),
                "This is the share of the alarms that are false; the rate is a share of the genuine payments.",
            );
        judge(|| Ok(check))
    }
}

/// Batches without a fraud.
pub mod ex2b {
    use super::*;
    help!("2b");

    /// Checks the chances for batches of 32 and of 2048 rows drawn from a set.
    pub fn check(answer: impl Answer, train: &Examples) -> Note {
        let (neg, pos) = train.class_counts();
        let share = pos as f64 / (neg + pos) as f64;
        let none = |rows: i32| (1.0 - share).powi(rows);
        let expected = |rows: f64| rows * share;
        let says = "This is how many frauds to expect in a batch; wanted is the chance that there is none.";
        let turned = "This is the chance of at least one.";
        let check = Check::of(ID, answer)
            .number("the batch of 32", none(32))
            .mistake(expected(32.0), says)
            .mistake(1.0 - none(32), turned)
            .number("the batch of 2048", none(2048))
            .mistake(expected(2048.0), says)
            .mistake(1.0 - none(2048), turned);
        judge(|| Ok(check))
    }
}

/// The bias for other data.
pub mod ex2c {
    use super::*;
    help!("2c");

    /// Checks the biases for 857 of 6,000 and 384 of 12,800.
    pub fn check(answer: impl Answer) -> Note {
        let odds = |pos: f64, all: f64| (pos / (all - pos)).ln();
        let share = |pos: f64, all: f64| (pos / all).ln();
        let says = "This is the logarithm of the share, pos / total; the bias is that of the odds, pos / neg.";
        let check = Check::of(ID, answer)
            .near("857 of 6,000", odds(857.0, 6000.0), 0.005)
            .mistake(share(857.0, 6000.0), says)
            .near("384 of 12,800", odds(384.0, 12_800.0), 0.005)
            .mistake(share(384.0, 12_800.0), says);
        judge(|| Ok(check))
    }
}

/// The model that always says the same.
pub mod ex2d {
    use super::*;
    help!("2d");

    /// Checks predictions for the validation set against the share of frauds in the training set.
    pub fn check(predictions: &Array1<f32>, train: &Examples, val: &Examples) -> Note {
        judge(|| {
            if predictions.iter().any(|p| p.is_nan()) {
                return Ok(Check::waiting(ID));
            }
            let share = |examples: &Examples| examples.class_counts().1 as f32 / examples.len() as f32;
            let are = |p: f32| predictions.iter().all(|q| (q - p).abs() < 0.005 * p);
            let first = predictions.first().copied().unwrap_or(f32::NAN);
            let same = predictions.iter().all(|p| *p == first);
            let (p, q) = (share(train), share(val));
            let says_loss = format!(
                "Its cross entropy on the validation set is {:.5}, its Brier score {:.6}: numbers to beat.",
                log_loss(&val.labels, predictions)?,
                brier_score(&val.labels, predictions)?
            );
            Ok(Check::of_code(ID)
                .holds(predictions.len() == val.len(), "These are not as many predictions as the validation set has rows.")
                .holds(!are(0.5), "It answers 0.5, or nearly: its output bias is 0 or close to it, and the sigmoid of 0 is one half. The bias is the logit of the share, not the share.")
                .holds(same, "It doesn't answer the same to every payment: some weights are not 0.")
                .holds(!are(q) || are(p), "This is the share of the validation set, which nobody knows when the model is made.")
                .holds(are(p), "It answers always the same, but not the share of frauds in the training set.")
                .adds(says_loss))
        })
    }
}

/// The fewest alarms.
pub mod ex2e {
    use super::*;
    help!("2e");

    /// Checks how many alarms find 75 and 78 frauds.
    pub fn check(answer: impl Answer, labels: &Array1<bool>, predictions: &Array1<f32>) -> Note {
        let mut rows: Vec<(f32, bool)> = predictions.iter().copied().zip(labels.iter().copied()).collect();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        let until = |goal: usize| {
            let mut found = 0;
            rows.iter()
                .take_while(|row| {
                    let before = found;
                    found += usize::from(row.1);
                    before < goal
                })
                .count()
        };
        let at = |threshold: f32| predictions.iter().filter(|&&p| p > threshold).count() as f64;
        let table = "These are the alarms at one threshold of the notebook's table. Other thresholds may find as many frauds with fewer: walk through the ranking.";
        let only_false = "These are the false alarms alone; an alarm that is right is an alarm too.";
        let check = Check::of(ID, answer)
            .count("alarms for 75 frauds", until(75))
            .mistake(until(75) as f64 - 75.0, only_false)
            .mistake(at(0.1), table)
            .count("alarms for 78 frauds", until(78))
            .mistake(until(78) as f64 - 78.0, only_false)
            .mistake(at(0.1), table);
        judge(|| Ok(check))
    }
}

/// Who the false alarms are.
pub mod ex2f {
    use super::*;
    help!("2f");

    const THRESHOLD: f64 = 0.01;
    const COLUMNS: [&str; 5] = ["V4", "V10", "V12", "V14", "V17"];

    /// Checks (false alarms at 0.01, deep rows among them, columns in which they are like the found frauds), for the table
    /// and the labels of a set.
    pub fn check(
        answer: impl Answer,
        payments: &DataFrame,
        labels: &Array1<bool>,
        predictions: &Array1<f32>,
        deep: &Array1<bool>,
    ) -> Note {
        judge(|| {
            let at = outcomes(labels, predictions, THRESHOLD)?;
            let (alarms, half) = (at.false_alarms.len(), outcomes(labels, predictions, 0.5)?.false_alarms);
            let marked = |rows: &[usize]| rows.iter().filter(|&&row| deep[row]).count();
            let (deep_alarms, all_deep) = (marked(&at.false_alarms), deep.iter().filter(|deep| **deep).count());
            let median = |rows: &[usize], column: &str| -> Result<f64, SupportError> {
                Ok(data::summary(&data::take(payments, rows)?, column)?.median)
            };
            let mut like_frauds = 0;
            for column in COLUMNS {
                let alarm = median(&at.false_alarms, column)?;
                let (found, alone) = (median(&at.found, column)?, median(&at.left_alone, column)?);
                like_frauds += usize::from((alarm - found).abs() < (alarm - alone).abs());
            }
            Ok(Check::of(ID, answer)
                .count("the false alarms", alarms)
                .mistake(half.len() as f64, "These are those at 0.5; lower the threshold to 0.01.")
                .mistake((alarms + at.found.len()) as f64, "All alarms, the right ones among them; how many are false?")
                .count("the deep rows", deep_alarms)
                .mistake(
                    all_deep as f64,
                    "That is all deep rows of the validation set; how many of them get a false alarm?",
                )
                .mistake(marked(&half) as f64, "That is how many of them get one at 0.5.")
                .count("the columns", like_frauds)
                .mistake(
                    (COLUMNS.len() - like_frauds) as f64,
                    "These are the columns in which they are like the genuine payments left alone.",
                )
                .adds(format!(
                    "At 0.5, {} of {} false alarms are deep rows, at 0.01 {deep_alarms} of {alarms}.",
                    marked(&half),
                    half.len()
                )))
        })
    }
}
