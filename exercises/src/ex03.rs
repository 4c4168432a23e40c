//! The checks of the exercises for notebook 3.

use support::lesson::{batches, make_model};
use support::ndarray::Array1;
use support::{
    ClassWeight, Examples, FitConfig, History, Metric, Sequential, SupportError, confusion_matrix, initial_bias,
    keras_auc, roc_auc_score,
};

use crate::answer::Answer;
use crate::check::{Check, help, judge};
use crate::note::Note;

/// The share of the frauds in the loss.
pub mod ex3a {
    use super::*;
    help!("3a");

    /// Checks the share (before training, after it) of an untrained and of a trained model.
    pub fn check(answer: impl Answer, untrained: &Sequential, trained: &Sequential, val: &Examples) -> Note {
        judge(|| {
            let mut check = Check::of(ID, answer);
            let (neg, pos) = val.class_counts();
            for (name, model) in [("before training", untrained), ("after it", trained)] {
                let loss = model.loss_by_class(val, None)?;
                let share = loss.share_of_positives();
                let (genuine, fraud) = (loss.negatives / neg as f64, loss.positives / pos as f64);
                let pull = model.pull_by_class(val, None)?.share_of_positives();
                check = check
                    .near(name, share, 0.005)
                    .mistake(val.positive_rate(), "This is the share of the frauds among the rows, not in the loss.")
                    .mistake(1.0 - share, "This is the share of the genuine payments.")
                    .mistake(
                        loss.positives / loss.negatives,
                        "This divides by the loss of the genuine payments; divide by that of both classes.",
                    )
                    .mistake(pull, "This is the share of the pull, |p − y|; the loss is asked for.")
                    .mistake(
                        fraud / (genuine + fraud),
                        "This compares the mean loss of a fraud with that of a genuine payment; take the sums.",
                    );
            }
            Ok(check)
        })
    }
}

/// Stopped after two epochs.
pub mod ex3b {
    use super::*;
    help!("3b");

    const EPOCHS: usize = 2;

    /// Checks the history of two epochs with class weights from the bias ln(pos / neg).
    pub fn check(history: &History, train: &Examples, val: &Examples, seed: u64) -> Note {
        judge(|| {
            let run = |bias: f64, weights: bool| fit(bias, weights, seed, train, val);
            let is = |other: &History| history.val(Metric::Prc) == other.val(Metric::Prc);
            let (bias, from_zero) = (initial_bias(train)?, run(0.0, true)?);
            let right = is(&run(bias, true)?);
            let precision = |history: &History| {
                let shares: Vec<String> =
                    history.val(Metric::Precision).iter().map(|share| format!("{share:.3}")).collect();
                shares.join(" and ")
            };
            let adds = format!(
                "The share of right alarms on the validation set is {} after the two epochs; from the bias 0 it is {}.",
                precision(history),
                precision(&from_zero)
            );
            let mut check = Check::of_code(ID).holds(history.epochs() == EPOCHS, "Two epochs are asked for.");
            if !right {
                check = check
                    .holds(!is(&from_zero), "This training began at the bias 0.")
                    .holds(!is(&run(bias, false)?), "This training has the bias, but no class weights.");
            }
            Ok(check
                .holds(right, "This is another training. Change one thing at a time: the same seed, batches, weights and epochs, and only the bias differs.")
                .adds(adds))
        })
    }

    fn fit(bias: f64, weights: bool, seed: u64, train: &Examples, val: &Examples) -> Result<History, SupportError> {
        let config = FitConfig::epochs(EPOCHS);
        let config = if weights { config.class_weight(ClassWeight::balanced(train)?) } else { config };
        make_model(bias, seed).fit(&batches(train, seed), val, config)
    }
}

/// The same decisions by a threshold.
pub mod ex3c {
    use super::*;
    help!("3c");

    /// Checks (the baseline's threshold that corresponds to the weighted model's 0.9, alarms at it).
    pub fn check(answer: impl Answer, train: &Examples, predictions: &Array1<f32>) -> Note {
        judge(|| {
            let ratio = ClassWeight::balanced(train)?.odds_factor();
            let alarms = |threshold: f64| predictions.iter().filter(|p| f64::from(**p) > threshold).count();
            let of_odds = |odds: f64| odds / (1.0 + odds);
            let threshold = of_odds(9.0 / ratio);
            Ok(Check::of(ID, answer)
                .number("the threshold", threshold)
                .mistake(of_odds(1.0 / ratio), "That is what 0.5 comes to; here it is 0.9.")
                .mistake(
                    0.9,
                    "That is the threshold of the weighted model; which one of the baseline corresponds to it?",
                )
                .mistake(0.9 / ratio, "This divides the probability; divide the odds, 0.9 / 0.1.")
                .mistake(9.0 / ratio, "These are the odds; a probability is odds / (1 + odds).")
                .mistake(of_odds(9.0 * ratio), "The other direction: the threshold falls when a fraud counts for more.")
                .near("the alarms", alarms(threshold) as f64, 0.01 * alarms(threshold) as f64 + 1.0)
                .mistake(alarms(0.9) as f64, "These are the baseline's alarms at 0.9."))
        })
    }
}

/// Who finds what.
pub mod ex3d {
    use super::*;
    help!("3d");

    /// Checks (found by the weighted model at 0.9 alone, by the baseline at 0.1 alone, p of McNemar's exact test).
    pub fn check(answer: impl Answer, labels: &Array1<bool>, baseline: &Array1<f32>, weighted: &Array1<f32>) -> Note {
        let found = |p: &Array1<f32>, threshold: f32| -> Vec<bool> {
            labels.iter().zip(p).map(|(label, p)| *label && *p > threshold).collect()
        };
        let alone =
            |one: &[bool], other: &[bool]| one.iter().zip(other).filter(|(one, other)| **one && !**other).count();
        let all = |found: &[bool]| found.iter().filter(|found| **found).count() as f64;
        let (old, new) = (found(baseline, 0.1), found(weighted, 0.9));
        let (gained, lost) = (alone(&new, &old), alone(&old, &new));
        let at_half = alone(&found(weighted, 0.5), &found(baseline, 0.5));
        let p = mcnemar(gained, lost);
        let whole = "These are all frauds that it finds; count those that the other model misses.";
        let check = Check::of(ID, answer)
            .count("by the weighted model alone", gained)
            .mistake(all(&new), whole)
            .mistake(at_half as f64, "That is the count at 0.5, for both; the thresholds are 0.1 and 0.9.")
            .mistake(lost as f64, "That is the count of the other model.")
            .count("by the baseline alone", lost)
            .mistake(all(&old), whole)
            .number("p", p)
            .mistake(p / 2.0, "This is one side; a difference to the other side would have been as surprising.");
        judge(|| Ok(check))
    }

    /// The chance that of so many fair coins so few, or fewer, fall on the rarer side, on either side.
    pub(crate) fn mcnemar(one: usize, other: usize) -> f64 {
        let n = one + other;
        let mut term = 0.5f64.powi(n as i32);
        let mut tail = 0.0;
        for k in 0..=one.min(other) {
            tail += term;
            term *= (n - k) as f64 / (k + 1) as f64;
        }
        (2.0 * tail).min(1.0)
    }
}

/// Two ways to measure an AUC.
pub mod ex3e {
    use super::*;
    help!("3e");

    /// Checks Keras' AUC of (baseline, weighted) and the exact one of both on the training set; `val` is not asked for.
    pub fn check(
        answer: impl Answer,
        (baseline, weighted): (&Sequential, &Sequential),
        train: &Examples,
        val: &Examples,
    ) -> Note {
        judge(|| {
            let of = |model: &Sequential, set: &Examples| -> Result<(f64, f64), SupportError> {
                let p = model.predict(&set.features)?;
                Ok((keras_auc(&set.labels, &p)?.roc, roc_auc_score(&set.labels, &p)?))
            };
            let (one, other) = (of(baseline, train)?, of(weighted, train)?);
            let (keras, exact) = ((one.0, other.0), (one.1, other.1));
            let ahead = |(baseline, weighted): (f64, f64)| {
                let winner = if baseline > weighted { "the baseline" } else { "the weighted model" };
                format!("{winner} is ahead by {:.4}", (baseline - weighted).abs())
            };
            let on_val = "These are those of the validation set; take the training set.";
            let is_exact = "This is the exact one; Keras' comes from `keras_auc`.";
            let is_keras = "This is Keras'; the exact one comes from `roc_auc_score`.";
            Ok(Check::of(ID, answer)
                .near("Keras, baseline", keras.0, 0.00006)
                .mistake(exact.0, is_exact)
                .mistake(keras.1, "That is the weighted model's.")
                .mistake(of(baseline, val)?.0, on_val)
                .near("Keras, weighted", keras.1, 0.00006)
                .mistake(exact.1, is_exact)
                .near("exact, baseline", exact.0, 0.00006)
                .mistake(keras.0, is_keras)
                .near("exact, weighted", exact.1, 0.00006)
                .mistake(keras.1, is_keras)
                .adds(format!("Measured by Keras, {}; measured exactly, {}.", ahead(keras), ahead(exact))))
        })
    }
}

/// As many frauds as the other.
pub mod ex3f {
    use super::*;
    help!("3f");

    /// Checks the fewest false alarms, or up to a tenth more, for which the baseline finds as many frauds as the weighted model.
    pub fn check(answer: impl Answer, labels: &Array1<bool>, baseline: &Array1<f32>, weighted: &Array1<f32>) -> Note {
        judge(|| {
            let of_weighted = confusion_matrix(labels, weighted, 0.5)?;
            let mut rows: Vec<(f32, bool)> = baseline.iter().copied().zip(labels.iter().copied()).collect();
            rows.sort_by(|a, b| b.0.total_cmp(&a.0));
            let (mut found, mut fewest) = (0.0, 0.0);
            for (_, is_fraud) in rows {
                match is_fraud {
                    _ if found >= of_weighted.true_positives => break,
                    true => found += 1.0,
                    false => fewest += 1.0,
                }
            }
            Ok(Check::of(ID, answer)
                .near("the false alarms", 1.05 * fewest, 0.05 * fewest + 0.5)
                .mistaken_count(of_weighted.false_positives, "These are the weighted model's own.")
                .mistaken_count(
                    confusion_matrix(labels, baseline, 0.5)?.false_positives,
                    "These are the baseline's at 0.5; lower its threshold.",
                )
                .mistaken_count(fewest + found, "These are all its alarms, the right ones among them.")
                .adds(format!("The weighted model raises {} for as many frauds.", of_weighted.false_positives)))
        })
    }
}

/// Without the deep rows.
pub mod ex3g {
    use super::*;
    help!("3g");

    /// Checks (difference of the average precision with the deep rows, without them, statement), for (baseline, weighted,
    /// validation set) of both.
    pub fn check(
        answer: impl Answer,
        (baseline, weighted, val): (&Sequential, &Sequential, &Examples),
        (calm_baseline, calm_weighted, calm): (&Sequential, &Sequential, &Examples),
    ) -> Note {
        judge(|| {
            let prc = |model: &Sequential, set| Ok::<_, SupportError>(model.evaluate(set)?.prc);
            let paired = val.labels == calm.labels && val.features != calm.features;
            let with = prc(weighted, val)? - prc(baseline, val)?;
            let without = prc(calm_weighted, calm)? - prc(calm_baseline, calm)?;
            let on_other = prc(weighted, calm)? - prc(baseline, calm)?;
            let itself = "That is the average precision itself; take the baseline's away from it.";
            Ok(Check::of(ID, answer)
                .holds(paired, "The two validation sets don't belong together: this exercise is about the built-in set, and the same set without its deep rows.")
                .near("with the deep rows", with, 0.0006)
                .mistake(prc(weighted, val)?, itself)
                .mistake(prc(baseline, val)?, itself)
                .mistake(on_other, "These models are those with the deep rows, but judged on the rows without them.")
                .mistake(without, "That is the difference without the deep rows.")
                .near("without them", without, 0.0006)
                .mistake(prc(calm_weighted, calm)?, itself)
                .mistake(on_other, "These models were trained with the deep rows; take `calm_baseline` and `calm_weighted`.")
                .count("the statement", 2)
                .mistake(1.0, "The deep rows were not taken away but drawn anew: there are as many rows as before.")
                .mistake(3.0, "Average precision depends on the ranking alone; probabilities of the wrong size don't change it.")
                .adds(format!("The difference is {with:.4} with the deep rows and {without:.4} without them.")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ex3d::mcnemar;

    #[test]
    fn mcnemar_s_exact_test() {
        // scipy.stats.binomtest(0, 6), (2, 10), (5, 10)
        for (one, other, p) in [(6, 0, 0.03125), (8, 2, 0.109375), (5, 5, 1.0)] {
            assert!((mcnemar(one, other) - p).abs() < 1e-12);
        }
    }
}
