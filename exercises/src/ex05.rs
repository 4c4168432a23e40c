//! The checks of the exercises for notebook 5.

use support::ndarray::Array1;
use support::{ClassWeight, Examples, Metric, SupportError, bootstrap, roc_auc_score};

use crate::answer::Answer;
use crate::check::{Check, help, judge};
use crate::note::Note;

/// A calibration by eye.
pub mod ex5a {
    use super::*;
    help!("5a");

    /// Checks how many answers (the plain, the weighted) model promises for all customers of a set.
    pub fn check(
        answer: impl Answer,
        val: &Examples,
        plain: &Array1<f32>,
        weighted: &Array1<f32>,
        weight: ClassWeight,
    ) -> Note {
        let sum = |p: &Array1<f32>| p.iter().map(|p| f64::from(*p)).sum::<f64>();
        let above = |p: &Array1<f32>| p.iter().filter(|p| **p > 0.5).count() as f64;
        let real = val.class_counts().1;
        let counted = "This counts the predictions above 0.5; a probability of 0.2 promises a fifth of an answer.";
        let check = Check::of(ID, answer)
            .near("without weights", sum(plain), 1.5)
            .mistake(sum(plain) / val.len() as f64, "This is the mean; the sum is wanted.")
            .near("with weights", sum(weighted), 1.5)
            .mistake(above(weighted), counted)
            .mistake(
                sum(plain) * weight.odds_factor(),
                "Don't compute it from the other: add up the weighted model's own predictions.",
            )
            .adds(format!("{real} answered."));
        judge(|| Ok(check))
    }
}

/// A probability turned back.
pub mod ex5b {
    use super::*;
    help!("5b");

    /// Checks the probability behind the weighted 0.604 for the ratio 5.936.
    pub fn check(answer: impl Answer) -> Note {
        let (p, ratio) = (0.604, 5.936);
        let check = Check::of(ID, answer)
            .number("the probability", p / (p + ratio * (1.0 - p)))
            .mistake(
                p / ratio,
                "This divides the probability; divide the odds, p / (1 − p), and turn them back into a probability.",
            )
            .mistake(p / (1.0 - p) / ratio, "These are the odds; a probability is odds / (1 + odds).")
            .mistake(
                ratio * p / (ratio * p + 1.0 - p),
                "This is the other direction: it raises the probability once more.",
            );
        judge(|| Ok(check))
    }
}

/// A letter and its price.
pub mod ex5c {
    use super::*;
    help!("5c");

    /// Checks (threshold, profit of writing to all) for labels of customers.
    pub fn check(answer: impl Answer, labels: &Array1<bool>) -> Note {
        let answers = labels.iter().filter(|label| **label).count() as f64;
        let letters = labels.len() as f64;
        let check = Check::of(ID, answer)
            .number("the threshold", 0.2)
            .mistake(
                1.0 / 6.0,
                "The stamp is spent in both cases, so an answer brings 5 − 1 = 4 euro and silence costs 1.",
            )
            .mistake(0.25, "That would be 1 / 4; the rule is cost / (cost + gain).")
            .near("the profit", 5.0 * answers - letters, 0.5)
            .mistake(5.0 * answers, "That is the income; the stamps are still to be paid.")
            .mistake(5.0 * answers - (letters - answers), "Those who answer got a stamp as well.");
        judge(|| Ok(check))
    }
}

/// The interval of an average precision.
pub mod ex5d {
    use super::*;
    help!("5d");

    /// Checks the 95 % interval of the average precision.
    pub fn check(answer: impl Answer, labels: &Array1<bool>, predictions: &Array1<f32>, seed: u64) -> Note {
        judge(|| {
            let interval = |metric| Ok::<_, SupportError>(bootstrap(labels, predictions, &[metric], 1000, seed)?[0]);
            let (right, auc) = (interval(Metric::Prc)?, interval(Metric::Auc)?);
            let share = labels.iter().filter(|label| **label).count() as f64 / labels.len() as f64;
            let verdict = if right.lower > share {
                "The share of those who answered lies outside: the features say something."
            } else {
                "The share of those who answered lies inside: by this measure it may be luck."
            };
            Ok(Check::of(ID, answer)
                .near("the lower end", right.lower, 0.006)
                .mistake(auc.lower, "That is the interval of the AUC.")
                .mistake(interval(Metric::Accuracy)?.lower, "That is the interval of the accuracy.")
                .mistake(right.upper, "The lower end comes first.")
                .near("the upper end", right.upper, 0.006)
                .adds(verdict.to_owned()))
        })
    }
}

/// A lost day.
pub mod ex5e {
    use super::*;
    help!("5e");

    /// Checks that another model was trained, and says what came of it.
    pub fn check(changed: &Array1<f32>, plain: &Array1<f32>, val: &Examples) -> Note {
        judge(|| {
            let share = val.class_counts().1 as f64 / val.len() as f64;
            let mean = |p: &Array1<f32>| f64::from(p.mean().unwrap_or(f32::NAN));
            let spread = changed.iter().any(|p| (f64::from(*p) - mean(changed)).abs() > 1e-4);
            Ok(Check::of_code(ID)
                .holds(changed != plain, "These are the predictions of the notebook's model, to the last bit: change one thing and train again.")
                .holds(spread, "It answers the same to everybody: was it trained, and not with steps that are far too large?")
                .holds((mean(changed) - 0.5).abs() > 0.1, "The mean is near one half: with class weights, or untrained? Change something else, and no weights.")
                .adds(format!(
                    "Mean prediction {:.3} (before {:.3}, the share of answers is {share:.3}), AUC {:.3} (before {:.3}).",
                    mean(changed),
                    mean(plain),
                    roc_auc_score(&val.labels, changed)?,
                    roc_auc_score(&val.labels, plain)?
                )))
        })
    }
}
