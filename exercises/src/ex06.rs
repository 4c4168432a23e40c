//! The checks of the exercises for notebook 6.

use support::ndarray::Array1;
use support::{ClassWeight, Costs, Examples, SupportError};

use crate::answer::Answer;
use crate::check::{Check, help, judge};
use crate::note::Note;

/// The threshold of two prices.
pub mod ex6a {
    use super::*;
    help!("6a");

    /// Checks the thresholds for (5, 495) and (200, 1000).
    pub fn check(answer: impl Answer) -> Note {
        let check = Check::of(ID, answer)
            .number("5 and 495 euro", 0.01)
            .mistake(5.0 / 495.0, "Nearly: this is false alarm / missed. Add both prices below the line.")
            .mistake(0.99, "Turned over: the dearer a missed fraud, the lower the threshold.")
            .number("200 and 1,000 euro", 1.0 / 6.0)
            .mistake(0.2, "This is false alarm / missed. Add both prices below the line.")
            .mistake(5.0 / 6.0, "Turned over: the dearer a missed fraud, the lower the threshold.");
        judge(|| Ok(check))
    }
}

/// A threshold for each amount.
pub mod ex6b {
    use super::*;
    help!("6b");

    /// Checks a function of the amount, by what it does.
    pub fn check(threshold: fn(f64) -> f64) -> Note {
        let amounts = [0.0, 10.0, 95.0, 1000.0, 25_000.0];
        let is = |rule: fn(f64) -> f64| amounts.iter().all(|&amount| (threshold(amount) - rule(amount)).abs() < 1e-6);
        if threshold(10.0).is_nan() {
            return judge(|| Ok(Check::waiting(ID)));
        }
        let same = amounts.iter().all(|&amount| threshold(amount) == threshold(0.0));
        let check = Check::of_code(ID)
            .holds(!same, "The threshold is the same for every amount.")
            .holds(
                !is(|amount| 5.0 / (amount + 20.0)),
                "The price of the false alarm is missing below the line: cost / (cost + loss).",
            )
            .holds(
                !is(|amount| 5.0 / (5.0 + amount)),
                "The fee of 20 euro is missing: it is lost together with the amount.",
            )
            .holds(
                !is(|amount| (amount + 20.0) / (amount + 25.0)),
                "Turned over: the larger the amount, the lower the threshold.",
            )
            .holds(is(|amount| 5.0 / (amount + 25.0)), "For 95 euro it must be 5 / 120, and for 0 euro 5 / 25.");
        judge(|| Ok(check))
    }
}

/// A hundred alarms a day.
pub mod ex6c {
    use super::*;
    help!("6c");

    /// The validation set's share of the two days, in days.
    fn days(val: &Examples, rows: usize) -> f64 {
        2.0 * val.len() as f64 / rows as f64
    }

    /// Checks (alarms that fit the validation set, frauds among them) for 100 alarms a day and a table of two days.
    pub fn check(answer: impl Answer, val: &Examples, predictions: &Array1<f32>, rows: usize) -> Note {
        let mut ranked: Vec<(f32, bool)> = predictions.iter().copied().zip(val.labels.iter().copied()).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let found = |count: usize| ranked[..count.min(ranked.len())].iter().filter(|row| row.1).count();
        let alarms = 100.0 * days(val, rows);
        let check = Check::of(ID, answer)
            .near("the alarms", alarms.round(), 0.5)
            .mistake(100.0, "That is a whole day; the validation set is only a part of two days.")
            .mistake(200.0, "That is for all transactions of two days; the validation set holds a part of them.")
            .mistake((alarms / 2.0).round(), "The table has two days, so twice 100 alarms fit it.")
            .near("the frauds", found(alarms.round() as usize) as f64, 1.0)
            .mistake(found(100) as f64, "Those are the frauds among the first 100 of the ranking.")
            .mistake(found(200) as f64, "Those are the frauds among the first 200 of the ranking.");
        judge(|| Ok(check))
    }
}

/// Decide with an inherited model.
pub mod ex6d {
    use super::*;
    help!("6d");

    /// Checks (the probability behind the weighted 0.9, the threshold on the weighted scale for the rule 0.01).
    pub fn check(answer: impl Answer, class_weight: ClassWeight) -> Note {
        let ratio = class_weight.odds_factor();
        let turn = |p: f64, factor: f64| factor * p / (factor * p + 1.0 - p);
        let check = Check::of(ID, answer)
            .number("the probability", turn(0.9, 1.0 / ratio))
            .mistake(0.9 / ratio, "This divides the probability; divide the odds, 0.9 / 0.1.")
            .mistake(9.0 / ratio, "These are the odds; the probability is odds / (1 + odds).")
            .mistake(turn(0.9, 1.0 / class_weight.positive), "The factor is w₁ / w₀, not w₁ alone.")
            .mistake(0.9, "0.9 is what the model says; turn it back.")
            .number("the threshold", turn(0.01, ratio))
            .mistake(
                0.01,
                "That is the threshold for right probabilities; where does it lie on the scale of this model?",
            )
            .mistake(0.01 * ratio, "A probability above 1? Multiply the odds, 0.01 / 0.99, by the ratio.")
            .mistake(0.01 / 0.99 * ratio, "These are the odds; the threshold is odds / (1 + odds).")
            .mistake(
                turn(0.01, 1.0 / ratio),
                "The other direction: this model's answers are too high, so its threshold lies higher, too.",
            );
        judge(|| Ok(check))
    }
}

/// Another share of frauds.
pub mod ex6e {
    use super::*;
    help!("6e");

    /// Checks the precision where frauds are so much rarer, with the same rates as on a set at a threshold.
    pub fn check(
        answer: impl Answer,
        val: &Examples,
        predictions: &Array1<f32>,
        threshold: f64,
        prevalence: f64,
    ) -> Note {
        judge(|| {
            let matrix = support::confusion_matrix(&val.labels, predictions, threshold)?;
            let (neg, pos) = val.class_counts();
            let (tpr, fpr) = (matrix.recall(), matrix.false_positives / neg as f64);
            let precision = |share: f64| tpr * share / (tpr * share + fpr * (1.0 - share));
            let here = pos as f64 / (neg + pos) as f64;
            Ok(Check::of(ID, answer)
                .number("the precision", precision(prevalence))
                .mistake(matrix.precision(), "That is the precision here. The model is the same, but there are fewer frauds among as many genuine transactions.")
                .mistake(matrix.precision() * prevalence / here, "Not in proportion: write alarms on frauds and alarms on genuine transactions, and divide.")
                .mistake(tpr * prevalence / fpr, "These are the odds of an alarm; precision is a share of all alarms."))
        })
    }
}

/// What a policy costs.
pub mod ex6f {
    use super::*;
    help!("6f");

    /// Checks the cost of (no alarm, the rule of thumb, a threshold for each amount).
    pub fn check(
        answer: impl Answer,
        labels: &Array1<bool>,
        predictions: &Array1<f32>,
        amounts: &Array1<f64>,
        costs: Costs,
    ) -> Note {
        judge(|| {
            let cost = |stop: &dyn Fn(f64, f64) -> bool| -> f64 {
                let rows = labels.iter().zip(predictions).zip(amounts);
                let of_row = |((label, p), amount): ((&bool, &f32), &f64)| match (*label, stop(f64::from(*p), *amount))
                {
                    (false, true) => costs.false_alarm,
                    (true, false) => costs.missed + amount,
                    _ => 0.0,
                };
                rows.map(of_row).sum()
            };
            let own = |amount: f64| costs.false_alarm / (costs.false_alarm + costs.missed + amount);
            let mean = amounts.mean().unwrap_or(0.0);
            let [nothing, half, one, each] = [
                cost(&|_, _| false),
                cost(&|p, _| p > 0.5),
                cost(&|p, _| p > own(mean)),
                cost(&|p, amount| p > own(amount)),
            ];
            let saves = if each < one { "saves another" } else { "costs another" };
            Ok::<_, SupportError>(
                Check::of(ID, answer)
                    .near("no alarm", nothing, 1.0)
                    .mistake(
                        nothing - costs.missed * labels.iter().filter(|l| **l).count() as f64,
                        "The fee of each missed fraud is missing.",
                    )
                    .near("one threshold", one, 1.0)
                    .mistake(half, "That is the cost at 0.5.")
                    .mistake(each, "That is the cost with a threshold for each amount.")
                    .near("a threshold for each amount", each, 1.0)
                    .mistake(one, "That is the cost with one threshold for all.")
                    .adds(format!(
                        "At 0.5 it would be {half:.0} euro. A threshold for each amount {saves} {:.0} euro here.",
                        (one - each).abs()
                    )),
            )
        })
    }
}
