//! The checks of the exercises for notebook 6.

use support::ndarray::Array1;
use support::{Costs, Examples, SupportError, ThresholdCounts, above, compare_policies};

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

/// Three hundred alarms a day.
pub mod ex6c {
    use super::*;
    help!("6c");

    const A_DAY: f64 = 300.0;

    /// The validation set's share of the two days, in days.
    fn days(val: &Examples, rows: usize) -> f64 {
        2.0 * val.len() as f64 / rows as f64
    }

    /// Checks (alarms that fit the validation set, frauds among them) for 300 alarms a day and a table of two days.
    pub fn check(answer: impl Answer, val: &Examples, predictions: &Array1<f32>, rows: usize) -> Note {
        let mut ranked: Vec<(f32, bool)> = predictions.iter().copied().zip(val.labels.iter().copied()).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let found = |count: usize| ranked[..count.min(ranked.len())].iter().filter(|row| row.1).count();
        let alarms = A_DAY * days(val, rows);
        let check = Check::of(ID, answer)
            .near("the alarms", alarms.round(), 0.5)
            .mistake(A_DAY, "That is a whole day; the validation set is only a part of two days.")
            .mistake(2.0 * A_DAY, "That is for all payments of two days; the validation set holds a part of them.")
            .mistake((alarms / 2.0).round(), "The table has two days, so twice 300 alarms fit it.")
            .near("the frauds", found(alarms.round() as usize) as f64, 1.0)
            .mistake(found(300) as f64, "Those are the frauds among the first 300 of the ranking.")
            .mistake(found(600) as f64, "Those are the frauds among the first 600 of the ranking.");
        judge(|| Ok(check))
    }
}

/// A threshold chosen and defended.
pub mod ex6d {
    use super::*;
    help!("6d");

    /// Checks (a threshold that the prices defend, what it saves more than 0.5, both ends of the 95 % interval).
    pub fn check(
        answer: impl Answer,
        labels: &Array1<bool>,
        predictions: &Array1<f32>,
        prices: Costs,
        seed: u64,
    ) -> Note {
        judge(|| {
            let numbers = answer.numbers();
            let chosen = numbers.first().copied().unwrap_or(f64::NAN);
            let rule = prices.threshold()?;
            let mut check = Check::of(ID, numbers);
            if !chosen.is_nan() {
                let (cheapest, _) = prices.curve(labels, predictions)?.best();
                check = check.holds(
                    (chosen - cheapest).abs() > 1e-9,
                    "This threshold is the cheapest on these very rows, and that is its only reason. What do the prices say?",
                );
            }
            let check = check
                .near("your threshold", 1.25 * rule, 0.75 * rule)
                .mistake(0.5, "That is the threshold that nobody chose.")
                .mistake(1.0 - rule, "Turned over: the dearer a missed fraud, the lower the threshold.");
            if chosen.is_nan() {
                return Ok(["euro more", "the lower end", "the upper end"]
                    .into_iter()
                    .fold(check, |check, name| check.number(name, 0.0)));
            }
            let alarms = above(predictions, chosen)?;
            let saved = prices.saved(labels, &alarms)?;
            let policies = [("0.5", above(predictions, 0.5)?), ("chosen", alarms)];
            let compared = compare_policies(labels, &prices, &policies, seed)?;
            let Some((_, more, interval)) = compared.differences().first().copied() else { return Ok(check) };
            let tolerance = 0.1 * (interval.upper - interval.lower) + 0.5;
            Ok(check
                .near("euro more", more, 0.5)
                .mistake(saved, "That is what it saves against no alarm at all; compare with 0.5.")
                .mistake(-more, "Look at the sign.")
                .near("the lower end", interval.lower, tolerance)
                .near("the upper end", interval.upper, tolerance)
                .mistake(interval.lower, "The lower end comes first.")
                .adds(format!("The rule says {rule:.4}; your {chosen:.4} can be defended.")))
        })
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
                .mistake(matrix.precision(), "That is the precision here. The model is the same, but there are fewer frauds among as many genuine payments.")
                .mistake(matrix.precision() * prevalence / here, "Not in proportion: write alarms on frauds and alarms on genuine payments, and divide.")
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

/// Alarms a day, read off a figure.
pub mod ex6g {
    use super::*;
    help!("6g");

    /// A figure is read to so much of a number.
    const READ: f64 = 0.28;

    /// Checks (alarms a day that find 85 % of the positives, 95 %) for the counts of a set of so many days.
    pub fn check(answer: impl Answer, counts: &ThresholdCounts, days: f64) -> Note {
        let all = counts.true_positives.last().copied().unwrap_or(0.0);
        let alarms = |share: f64| {
            let place = counts.true_positives.iter().position(|&found| found >= share * all).unwrap_or(0);
            counts
                .true_positives
                .get(place)
                .zip(counts.false_positives.get(place))
                .map_or(0.0, |(found, wrong)| found + wrong)
        };
        let (one, other) = (alarms(0.85) / days, alarms(0.95) / days);
        let factor = "That is too low or too high by a factor of ten: each mark across is ten times the one before.";
        let check = Check::of(ID, answer)
            .near("for 85 %", one, READ * one)
            .mistaken_count(alarms(0.85), "These are the alarms on the validation set, not in a day.")
            .mistake_of(READ, one / 10.0, factor)
            .mistake_of(READ, one * 10.0, factor)
            .near("for 95 %", other, READ * other)
            .mistaken_count(alarms(0.95), "These are the alarms on the validation set, not in a day.")
            .mistake_of(READ, one * 0.95 / 0.85, "That is computed as if the axis had equal steps: follow the curve.")
            .mistake_of(READ, other / 10.0, factor)
            .mistake_of(READ, other * 10.0, factor)
            .adds(format!("It takes {one:.0} alarms a day for 85 %, and {other:.0} for 95 %."));
        judge(|| Ok(check))
    }
}
