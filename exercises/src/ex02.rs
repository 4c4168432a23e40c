//! The checks of the exercises for notebook 2.

use support::ndarray::Array1;
use support::{Examples, Metric, Sequential, brier_score, initial_bias, log_loss};

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
                "This is the share of the alarms that are false; the rate is a share of the genuine transactions.",
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
                .holds(same, "It doesn't answer the same to every transaction: some weights are not 0.")
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

    /// Checks how many alarms find 65 and 70 frauds.
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
            .count("alarms for 65 frauds", until(65))
            .mistake(until(65) as f64 - 65.0, only_false)
            .mistake(at(0.1), table)
            .count("alarms for 70 frauds", until(70))
            .mistake(until(70) as f64 - 70.0, only_false)
            .mistake(at(0.01), table);
        judge(|| Ok(check))
    }
}

/// Logistic regression.
pub mod ex2f {
    use super::*;
    help!("2f");

    /// Checks a model that has been trained.
    pub fn check(model: &Sequential, baseline: &Sequential, train: &Examples, val: &Examples) -> Note {
        judge(|| {
            let features = train.features.ncols();
            let (params, prc) = (model.count_params(), model.evaluate(val)?.get(Metric::Prc));
            let trained = !model.history().train.is_empty();
            let bias = f64::from(model.weights().values().last().copied().unwrap_or(0.0));
            let adds = format!(
                "{params} parameters reach an average precision of {prc:.3} on the validation set, the network's {} reach {:.3}. (The careful bias is {:.2}; its own is {bias:.2} now.)",
                baseline.count_params(),
                baseline.evaluate(val)?.get(Metric::Prc),
                initial_bias(train)?
            );
            Ok(Check::of_code(ID)
                .holds(params != baseline.count_params(), "This model is still the network: it has a hidden layer.")
                .holds(params == features + 1, &format!("Logistic regression has one weight for each of the {features} features, and a bias; this model has {params} parameters."))
                .holds(trained, "The layers are right; now train it with `fit`.")
                .holds(prc > 0.3, "It is trained, but finds hardly anything. Did it start with the bias, and train until early stopping?")
                .adds(adds))
        })
    }
}
