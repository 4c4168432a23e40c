//! The checks of the exercises for notebook 4.

use support::ndarray::Array1;
use support::{
    ClassWeight, Examples, Metric, bootstrap, bootstrap_difference, brier_score, confusion_matrix, multiply_odds,
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
            .mistake(
                (steps * batch_size) as f64 / 2.0 / neg as f64,
                "That is how often each genuine transaction is shown.",
            )
            .mistake(
                steps as f64 * batch_size as f64 / 2.0,
                "These are all frauds shown in an epoch; how often is each of them among these?",
            );
        judge(|| Ok(check))
    }
}

/// The way back.
pub mod ex4b {
    use super::*;
    help!("4b");

    /// Checks probabilities of the oversampled model after they were turned back.
    pub fn check(undone: &Array1<f32>, resampled: &Array1<f32>, train: &Examples, val: &Examples) -> Note {
        judge(|| {
            let (neg, pos) = train.class_counts();
            let ratio = pos as f64 / neg as f64;
            let is = |other: &Array1<f32>| {
                undone.len() == other.len() && undone.iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-5 + 0.01 * b)
            };
            let half = multiply_odds(resampled, 2.0 * ratio)?;
            let plain = resampled.mapv(|p| (f64::from(p) * ratio) as f32);
            let (before, after) =
                (brier_score(&val.labels, resampled)?, brier_score(&val.labels, undone).unwrap_or(f64::NAN));
            Ok(Check::of_code(ID)
                .holds(!is(resampled), "Nothing has changed: these are still the probabilities of a world that is half fraud.")
                .holds(!is(&plain), "The probabilities were multiplied; multiply the odds, p / (1 − p). A probability near 1 must stay near 1 when it is turned to odds and back only if they are large enough.")
                .holds(!is(&half), "The factor is twice too large: of the odds 1 : 1 in training, pos : neg remain.")
                .holds(!is(&multiply_odds(resampled, 1.0 / ratio)?), "The factor is turned over: frauds are rarer than the model was told, so the odds must fall.")
                .holds(is(&multiply_odds(resampled, ratio)?), "These are other probabilities. Training had odds of 1 : 1, the world has pos : neg.")
                .adds(format!("The Brier score falls from {before:.5} to {after:.5}.")))
        })
    }
}

/// The interval of a difference.
pub mod ex4c {
    use super::*;
    help!("4c");

    /// Checks the 95 % interval of AP(baseline) − AP(oversampled).
    pub fn check(
        answer: impl Answer,
        labels: &Array1<bool>,
        baseline: &Array1<f32>,
        resampled: &Array1<f32>,
        seed: u64,
    ) -> Note {
        judge(|| {
            let right = bootstrap_difference(labels, baseline, resampled, &[Metric::Prc], 1000, seed)?[0];
            let one = bootstrap(labels, baseline, &[Metric::Prc], 1000, seed)?[0];
            let other = bootstrap(labels, resampled, &[Metric::Prc], 1000, seed)?[0];
            let ends = "These are the ends of two intervals subtracted. The same rows are hard for both models, so the difference varies less: draw the rows once for both.";
            Ok(Check::of(ID, answer)
                .near("the lower end", right.lower, 0.012)
                .mistake(one.lower - other.upper, ends)
                .mistake(one.lower - other.lower, ends)
                .mistake(one.lower, "That is the interval of the baseline alone.")
                .mistake(-right.upper, "That is oversampled minus baseline.")
                .near("the upper end", right.upper, 0.012)
                .mistake(one.upper - other.lower, ends))
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

    /// Checks a function that leaves so many frauds in a training set, by what it does.
    pub fn check(with_frauds: fn(&Examples, usize) -> Examples, train: &Examples) -> Note {
        let (neg, pos) = train.class_counts();
        let wanted = pos / 4;
        let (left_neg, left_pos) = with_frauds(train, wanted).class_counts();
        let check = Check::of_code(ID)
            .holds((left_neg, left_pos) != (neg, pos), "The function gives back the whole set: the frauds are all there.")
            .holds(left_pos != wanted || left_neg == neg, "As many frauds as wanted, but genuine transactions are gone, too. Then two things change at once: leave them all in.")
            .holds(left_pos == wanted && left_neg == neg, &format!("Asked for {wanted} frauds it leaves {left_pos}, and {left_neg} of {neg} genuine transactions."));
        judge(|| Ok(check))
    }
}

/// Which weights are like oversampling.
pub mod ex4f {
    use super::*;
    help!("4f");

    /// Checks (w₁ / w₀ of oversampling to half frauds, to a tenth).
    pub fn check(answer: impl Answer, train: &Examples) -> Note {
        judge(|| {
            let ratio = ClassWeight::balanced(train)?.odds_factor();
            Ok(Check::of(ID, answer)
                .number("half frauds", ratio)
                .mistake(1.0 / ratio, "Turned over: a fraud counts for more, so the ratio is above 1.")
                .mistake(ratio / 2.0, "That is the weight of a fraud, w₁; divide it by w₀.")
                .number("a tenth frauds", ratio / 9.0)
                .mistake(ratio / 10.0, "A tenth of the rows is frauds, so the odds are 1 : 9, not 1 : 10.")
                .mistake(
                    ratio / 5.0,
                    "The odds of a tenth are 1 : 9; compare them with the odds of the data, pos : neg.",
                ))
        })
    }
}
