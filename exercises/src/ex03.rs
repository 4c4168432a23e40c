//! The checks of the exercises for notebook 3.

use support::ndarray::Array1;
use support::{
    Adam, ClassWeight, Dataset, Dense, Dropout, EarlyStopping, Examples, FitConfig, History, Metric, Sequential,
    SupportError, confusion_matrix, initial_bias, keras_auc, roc_auc_score,
};

use crate::answer::Answer;
use crate::check::{Check, help, judge};
use crate::note::Note;

/// The share of the frauds in the loss.
pub mod ex3a {
    use super::*;
    help!("3a");

    /// Checks the share (at the start, at the end) for predictions of an untrained and of a trained model.
    pub fn check(answer: impl Answer, labels: &Array1<bool>, start: &Array1<f32>, end: &Array1<f32>) -> Note {
        let loss_of = |predictions: &Array1<f32>, class: bool| -> f64 {
            let rows = labels.iter().zip(predictions).filter(|(label, _)| **label == class);
            rows.map(|(_, p)| -f64::from(if class { *p } else { 1.0 - *p }).max(1e-7).ln()).sum()
        };
        let share =
            |predictions| loss_of(predictions, true) / (loss_of(predictions, true) + loss_of(predictions, false));
        let frauds = labels.iter().filter(|label| **label).count() as f64;
        let rows = frauds / labels.len() as f64;
        let mean = |predictions, class: bool| {
            loss_of(predictions, class) / if class { frauds } else { labels.len() as f64 - frauds }
        };
        let share_of_means =
            |predictions| mean(predictions, true) / (mean(predictions, true) + mean(predictions, false));
        let says_rows = "This is the share of the frauds among the rows, not in the loss.";
        let says_means = "This compares the mean loss of a fraud with that of a genuine transaction; take the sums.";
        let says_weighted = "This is the share of the genuine transactions.";
        let says_ratio = "This divides by the loss of the genuine transactions; divide by that of both classes.";
        let ratio = |predictions| loss_of(predictions, true) / loss_of(predictions, false);
        let check = Check::of(ID, answer)
            .near("at the start", share(start), 0.005)
            .mistake(rows, says_rows)
            .mistake(share_of_means(start), says_means)
            .mistake(1.0 - share(start), says_weighted)
            .mistake(ratio(start), says_ratio)
            .near("at the end", share(end), 0.005)
            .mistake(rows, says_rows)
            .mistake(share_of_means(end), says_means)
            .mistake(1.0 - share(end), says_weighted)
            .mistake(ratio(end), says_ratio);
        judge(|| Ok(check))
    }
}

/// The start of the original.
pub mod ex3b {
    use super::*;
    help!("3b");

    /// Checks the history of a training with class weights from the bias ln(pos / neg).
    pub fn check(history: &History, train: &Examples, val: &Examples, seed: u64) -> Note {
        judge(|| {
            let is = |bias: f64, weights: bool, seed: u64| -> Result<bool, SupportError> {
                Ok(val_prc(history) == val_prc(&fit(bias, weights, seed, train, val, history.epochs())?))
            };
            let bias = initial_bias(train)?;
            let right = is(bias, true, seed)?;
            let mut check = Check::of_code(ID);
            if !right {
                check = check
                    .holds(!is(0.0, true, seed)?, "This training began at the bias 0, as the one above it.")
                    .holds(!is(bias, false, seed)?, "This training has the bias, but no class weights.");
            }
            let precision = history.best_epoch.map_or(0.0, |best| history.val[best].get(Metric::Precision));
            let adds = format!(
                "Its best epoch is {}, and there {:.3} of its alarms on the validation set are right.",
                history.best_epoch.map_or(0, |best| best + 1),
                precision
            );
            Ok(check
                .holds(right, "This is another training. Change one thing at a time: the same seed, batches, weights and stopping, and only the bias differs.")
                .adds(adds))
        })
    }

    fn val_prc(history: &History) -> Vec<f64> {
        history.val(Metric::Prc)
    }

    fn fit(
        bias: f64,
        weights: bool,
        seed: u64,
        train: &Examples,
        val: &Examples,
        epochs: usize,
    ) -> Result<History, SupportError> {
        let mut model = Sequential::new(train.features.ncols(), seed)
            .add(Dense::new(16).relu())
            .add(Dropout::new(0.5))
            .add(Dense::new(1).bias(bias))
            .compile(Adam::new(1e-3));
        let stop = EarlyStopping::monitor("val_prc").patience(10).restore_best_weights();
        let config = FitConfig::epochs(epochs).early_stopping(stop);
        let config = if weights { config.class_weight(ClassWeight::balanced(train)?) } else { config };
        model.fit(&Dataset::new(train).shuffle(seed).batch(2048), val, config)?;
        Ok(model.history().clone())
    }
}

/// The same decisions by a threshold.
pub mod ex3c {
    use super::*;
    help!("3c");

    /// Checks (threshold, alarms at it) for the baseline's predictions.
    pub fn check(answer: impl Answer, train: &Examples, predictions: &Array1<f32>) -> Note {
        judge(|| {
            let ClassWeight { negative, positive } = ClassWeight::balanced(train)?;
            let alarms = |threshold: f64| predictions.iter().filter(|p| f64::from(**p) > threshold).count();
            let threshold = negative / (negative + positive);
            Ok(Check::of(ID, answer)
                .number("the threshold", threshold)
                .mistake(1.0 / positive, "This is 1 / w₁; but w₀ is not 1, it is about one half.")
                .mistake(
                    positive / (negative + positive),
                    "Turned over: the threshold falls when a fraud counts for more.",
                )
                .mistake(
                    0.5,
                    "That is the threshold of the weighted model; which one of the baseline corresponds to it?",
                )
                .near("the alarms", alarms(threshold) as f64, 0.01 * alarms(threshold) as f64 + 1.0)
                .mistake(alarms(0.5) as f64, "These are the baseline's alarms at 0.5."))
        })
    }
}

/// Who finds what.
pub mod ex3d {
    use super::*;
    help!("3d");

    /// Checks (found by the weighted model only, by the baseline only, p of McNemar's exact test).
    pub fn check(answer: impl Answer, labels: &Array1<bool>, baseline: &Array1<f32>, weighted: &Array1<f32>) -> Note {
        let only = |one: &Array1<f32>, other: &Array1<f32>| {
            let frauds = labels.iter().zip(one).zip(other).filter(|((label, _), _)| **label);
            frauds.filter(|((_, one), other)| **one > 0.5 && **other <= 0.5).count()
        };
        let found = |one: &Array1<f32>| labels.iter().zip(one).filter(|(label, p)| **label && **p > 0.5).count();
        let (gained, lost) = (only(weighted, baseline), only(baseline, weighted));
        let p = mcnemar(gained, lost);
        let all = "These are all frauds that it finds; count those that the other model misses.";
        let check = Check::of(ID, answer)
            .count("by the weighted model only", gained)
            .mistake(found(weighted) as f64, all)
            .mistake(lost as f64, "That is the count of the other model.")
            .count("by the baseline only", lost)
            .mistake(found(baseline) as f64, all)
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

    /// Checks Keras' AUC of (baseline, weighted) and the exact one of both.
    pub fn check(answer: impl Answer, labels: &Array1<bool>, baseline: &Array1<f32>, weighted: &Array1<f32>) -> Note {
        judge(|| {
            let keras = (keras_auc(labels, baseline)?.roc, keras_auc(labels, weighted)?.roc);
            let exact = (roc_auc_score(labels, baseline)?, roc_auc_score(labels, weighted)?);
            let ahead = |(baseline, weighted): (f64, f64)| {
                let winner = if baseline > weighted { "the baseline" } else { "the weighted model" };
                format!("{winner} is ahead by {:.4}", (baseline - weighted).abs())
            };
            let is_exact = "This is the exact one; Keras' comes from `keras_auc`.";
            let is_keras = "This is Keras'; the exact one comes from `roc_auc_score`.";
            Ok(Check::of(ID, answer)
                .near("Keras, baseline", keras.0, 0.00006)
                .mistake(exact.0, is_exact)
                .mistake(keras.1, "That is the weighted model's.")
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
