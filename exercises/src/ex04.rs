//! The checks of the exercises for notebook 4.

use support::ndarray::Array1;
use support::{
    Examples, Metric, Sequential, bootstrap, bootstrap_difference, brier_score, confusion_matrix, multiply_odds,
};

use crate::answer::Answer;
use crate::check::{Check, help, judge};
use crate::note::Note;

/// How often a fraud is shown.
pub mod ex4a {
    use super::*;
    help!("4a");

    /// Checks how often each fraud is shown in an epoch of so many steps with half frauds.
    pub fn check(answer: impl Answer, train: &Examples, steps: usize, batch_size: usize) -> Note {
        let (neg, pos) = train.class_counts();
        let shown = (steps * batch_size) as f64 / 2.0 / pos as f64;
        let check = Check::of(ID, answer)
            .near("how often", shown, 0.01 * shown)
            .mistake(2.0 * shown, "Only half of the rows of a batch are frauds.")
            .mistake((steps * batch_size) as f64 / 2.0 / neg as f64, "That is how often each genuine payment is shown.")
            .mistake(
                steps as f64 * batch_size as f64 / 2.0,
                "These are all frauds shown in an epoch; how often is each of them among these?",
            );
        judge(|| Ok(check))
    }
}

/// Undersampled, and corrected.
pub mod ex4b {
    use super::*;
    help!("4b");

    /// Checks probabilities that were turned back, of a model trained on few of the genuine payments.
    pub fn check(corrected: &Array1<f32>, raw: &Array1<f32>, few: &Examples, train: &Examples, val: &Examples) -> Note {
        judge(|| {
            let odds = |set: &Examples| {
                let (neg, pos) = set.class_counts();
                pos as f64 / neg as f64
            };
            let (factor, pos) = (odds(train) / odds(few), train.class_counts().1);
            let is = |other: &Array1<f32>| {
                corrected.len() == other.len()
                    && corrected.iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-6 + 0.002 * b)
            };
            let plain = raw.mapv(|p| (f64::from(p) * factor) as f32);
            let shares = multiply_odds(raw, train.positive_rate() / few.positive_rate())?;
            let mean = |p: &Array1<f32>| p.iter().map(|p| f64::from(*p)).sum::<f64>() / p.len() as f64;
            let adds = format!(
                "The mean was {:.5} and is {:.5}, where {:.5} of the rows are frauds; the Brier score falls from {:.5} to {:.5}.",
                mean(raw),
                mean(corrected),
                val.positive_rate(),
                brier_score(&val.labels, raw)?,
                brier_score(&val.labels, corrected).unwrap_or(f64::NAN)
            );
            Ok(Check::of_code(ID)
                .holds(few.class_counts() == (10 * pos, pos), "`few` should have all frauds and ten genuine payments for each.")
                .holds(!is(raw), "Nothing has changed: these are still the probabilities of a world with ten genuine payments for each fraud.")
                .holds(!is(&plain), "The probabilities were multiplied; multiply the odds, p / (1 − p).")
                .holds(!is(&multiply_odds(raw, odds(train))?), "This corrects as if training had odds of 1 : 1; `few` has 1 : 10.")
                .holds(!is(&multiply_odds(raw, 1.0 / factor)?), "The factor is turned over: frauds are rarer than the model was told, so the odds must fall.")
                .holds(!is(&shares), "Close, but the factor divides shares; divide the odds, pos : neg, of both sets.")
                .holds(is(&multiply_odds(raw, factor)?), "These are other probabilities. Training had odds of 1 : 10, the world has pos : neg.")
                .adds(adds))
        })
    }
}

/// The interval of a difference.
pub mod ex4c {
    use super::*;
    help!("4c");

    /// How far the ends may be off: another seed draws other rows.
    const NEAR: f64 = 0.002;

    /// Checks the 95 % interval of AUC(baseline) − AUC(oversampled).
    pub fn check(
        answer: impl Answer,
        labels: &Array1<bool>,
        baseline: &Array1<f32>,
        resampled: &Array1<f32>,
        seed: u64,
    ) -> Note {
        judge(|| {
            let right = bootstrap_difference(labels, baseline, resampled, &[Metric::Auc], 1000, seed)?[0];
            let numbers = answer.numbers();
            let is_off = numbers.first().is_some_and(|lower| (lower - right.lower).abs() > NEAR);
            let mut check = Check::of(ID, numbers).near("the lower end", right.lower, NEAR);
            if is_off {
                // Seconds of work, for those alone whom it may help.
                let one = bootstrap(labels, baseline, &[Metric::Auc], 1000, seed)?[0];
                let other = bootstrap(labels, resampled, &[Metric::Auc], 1000, seed)?[0];
                let ends = "These are the ends of two intervals subtracted. The same rows are hard for both models, so the difference varies less: draw the rows once for both.";
                check = check
                    .mistake(one.lower - other.upper, ends)
                    .mistake(one.lower - other.lower, ends)
                    .mistake(one.lower, "That is the interval of the baseline alone.")
                    .mistake(-right.upper, "That is oversampled minus baseline.");
            }
            Ok(check.near("the upper end", right.upper, NEAR).mistake(right.lower, "The lower end comes first."))
        })
    }
}

/// What mistakes cost.
pub mod ex4d {
    use super::*;
    help!("4d");

    /// Checks the cost of (baseline at 0.5, baseline at 0.1, oversampled at 0.5) at 1 : 100.
    pub fn check(answer: impl Answer, labels: &Array1<bool>, baseline: &Array1<f32>, resampled: &Array1<f32>) -> Note {
        judge(|| {
            let (mut check, models) = (
                Check::of(ID, answer),
                [
                    ("baseline at 0.5", baseline, 0.5),
                    ("baseline at 0.1", baseline, 0.1),
                    ("oversampled at 0.5", resampled, 0.5),
                ],
            );
            for (name, predictions, threshold) in models {
                let matrix = confusion_matrix(labels, predictions, threshold)?;
                let cost = |false_alarm: f64, missed: f64| {
                    false_alarm * matrix.false_positives + missed * matrix.false_negatives
                };
                check = check
                    .near(name, cost(1.0, 100.0), 0.5)
                    .mistake(cost(100.0, 1.0), "The prices are swapped: a false alarm (false positive) costs 1, a missed fraud (false negative) 100.")
                    .mistake(cost(0.0, 100.0), "The false alarms are forgotten.")
                    .mistake(cost(1.0, 100.0) + matrix.true_positives, "A right alarm costs nothing here.");
            }
            Ok(check)
        })
    }
}

/// Fewer positives to learn from.
pub mod ex4e {
    use super::*;
    help!("4e");

    const DRAWS: usize = 3;

    /// Checks draws of a quarter of the frauds, each with a model trained on it.
    pub fn check(runs: &[(Examples, Sequential)], baseline: &Sequential, train: &Examples, val: &Examples) -> Note {
        judge(|| {
            let (neg, pos) = train.class_counts();
            let mut check = Check::of_code(ID);
            let mut reached = Vec::new();
            for (few, model) in runs {
                let (left_neg, left_pos) = few.class_counts();
                let counts = format!(
                    "A quarter would be {} frauds; here are {left_pos}, and {left_neg} of {neg} genuine payments.",
                    pos / 4
                );
                check = check
                    .holds((left_neg, left_pos) != (neg, pos), "This is the whole set: the frauds are all there.")
                    .holds(left_pos != pos / 4 || left_neg == neg, "As many frauds as wanted, but genuine payments are gone as well. Then two things change at once: leave them all in.")
                    .holds((left_neg, left_pos) == (neg, pos / 4), &counts)
                    .holds(model.weights() != baseline.weights(), "This model is the baseline itself; train another one on the few.");
                reached.push(model.evaluate(val)?.prc);
            }
            let differ =
                runs.iter().enumerate().all(|(place, run)| runs[..place].iter().all(|before| before.0 != run.0));
            let all: Vec<String> = reached.iter().map(|prc| format!("{prc:.3}")).collect();
            Ok(check
                .holds(runs.len() == DRAWS && differ, "Three different draws are asked for.")
                .adds(format!(
                    "With a quarter of the frauds the average precision on the validation set is {}; with all of them {:.3}.",
                    all.join(", "),
                    baseline.evaluate(val)?.prc
                )))
        })
    }
}
