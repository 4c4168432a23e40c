//! The checks of the lab of mistakes: which statement explains a result, and the honest number.

use std::collections::HashMap;

use support::ndarray::Array1;
use support::polars::prelude::DataFrame;
use support::{
    ClassWeight, Costs, Encoder, Examples, Sequential, SupportError, confusion_matrix, data, multiply_odds, smote,
};

use crate::answer::Answer;
use crate::check::{Check, help, judge};
use crate::note::Note;

/// How the lab trains a model.
type Train = fn(&Examples) -> Result<Sequential, SupportError>;

fn statement(check: Check, right: usize, wrong: [(usize, &str); 2]) -> Check {
    let check = check.count("the statement", right);
    wrong.iter().fold(check, |check, (number, says)| check.mistake(*number as f64, says))
}

/// Oversampled before the split.
pub mod ex9a {
    use super::*;
    help!("9a");

    const COPIES: usize = 100;

    /// Checks (statement, average precision on rows that were split off first).
    pub fn check(answer: impl Answer, all: &Examples, trained: Train, seed: u64) -> Note {
        judge(|| {
            let judged = |examples: &Examples, before: bool| -> Result<[f64; 2], SupportError> {
                let whole = if before { examples.repeat_positives(COPIES) } else { examples.clone() };
                let (one, other) = data::split_indices(whole.len(), 0.2, seed)?;
                let (part, rest) = (whole.select(&one), whole.select(&other));
                let model = trained(&if before { part } else { part.repeat_positives(COPIES) })?;
                let again = if before { rest.clone() } else { rest.repeat_positives(COPIES) };
                Ok([model.evaluate(&rest)?.prc, model.evaluate(&again)?.prc])
            };
            let ([faked, _], [honest, both]) = (judged(all, true)?, judged(all, false)?);
            let check = statement(
                Check::of(ID, answer),
                2,
                [
                    (1, "More frauds in training don't explain it: the honest run below has as many."),
                    (3, "The same frauds a hundred times bring no new information. Where else do they appear?"),
                ],
            );
            Ok(check
                .near("the honest number", honest, 0.02)
                .mistake(both, "Now each part has its own frauds, but those of the judged part are still repeated: judge on rows as they are.")
                .mistake(faked, "That is the faked number."))
        })
    }
}

/// Scaled on all rows.
pub mod ex9b {
    use super::*;
    help!("9b");

    /// Checks (statement, average precision with a scaler that has seen the training rows only).
    pub fn check(answer: impl Answer, train: &DataFrame, val: &DataFrame, trained: Train) -> Note {
        judge(|| {
            let scaler = support::Preprocessor::fit(train, "Class")?.clip(5.0);
            let honest = trained(&scaler.transform(train)?)?.evaluate(&scaler.transform(val)?)?.prc;
            let check = statement(
                Check::of(ID, answer),
                3,
                [
                    (1, "The labels of the validation rows were not used; the scaler doesn't look at labels."),
                    (2, "Clipping is done in both; it isn't what leaks."),
                ],
            );
            Ok(check.near("the honest number", honest, 0.0006))
        })
    }
}

/// The threshold chosen on the test set.
pub mod ex9c {
    use super::*;
    help!("9c");

    /// Checks (statement, cost on the test set at the threshold of the validation set).
    pub fn check(
        answer: impl Answer,
        costs: Costs,
        val: (&Array1<bool>, &Array1<f32>),
        test: (&Array1<bool>, &Array1<f32>),
    ) -> Note {
        judge(|| {
            let (threshold, lowest) = costs.curve(val.0, val.1)?.best();
            let honest = costs.total(&confusion_matrix(test.0, test.1, threshold)?);
            let (_, faked) = costs.curve(test.0, test.1)?.best();
            let check = statement(
                Check::of(ID, answer),
                1,
                [
                    (2, "The model has not been trained on the test set; look at what was chosen on it."),
                    (
                        3,
                        "The costs are the same for all; it is the threshold that was chosen with the answers in sight.",
                    ),
                ],
            );
            Ok(check.near("the honest number", honest, 0.5).mistake(faked, "That is the faked number.").mistake(
                lowest,
                "That is the lowest cost of the validation set; keep its threshold, and read the test set at it.",
            ))
        })
    }
}

/// A column that knows the future.
pub mod ex9d {
    use super::*;
    help!("9d");

    /// Checks (statement, AUC on the validation set without the column).
    pub fn check(answer: impl Answer, trained: Train, seed: u64) -> Note {
        judge(|| {
            let table = data::binary_label(&data::machines(seed), "failed", "yes")?;
            let auc = |dropped: &[&str]| -> Result<f64, SupportError> {
                let left = data::drop_columns(&table, dropped)?;
                let (train, val, _) = data::train_val_test_split(&left, "failed", seed)?;
                let scaler = support::Preprocessor::fit_encoded(&train, &Encoder::fit(&train, "failed")?)?.clip(5.0);
                Ok(trained(&scaler.transform(&train)?)?.evaluate(&scaler.transform(&val)?)?.auc)
            };
            let check = statement(
                Check::of(ID, answer),
                3,
                [
                    (1, "The validation rows were split off first; no pump is on both sides."),
                    (2, "Each number of the table is right; but when is it known?"),
                ],
            );
            Ok(check
                .near("the honest number", auc(&["inspection", "downtime_hours"])?, 0.006)
                .mistake(auc(&["inspection"])?, "That is the faked number: `downtime_hours` is still there.")
                .mistake(auc(&["downtime_hours"])?, "The running number `inspection` is still there."))
        })
    }
}

/// The same customers on both sides.
pub mod ex9e {
    use super::*;
    help!("9e");

    /// Where a customer lives: customers of a district have the same features.
    pub fn district(examples: &Examples, row: usize) -> u32 {
        examples.features[[row, 0]].to_bits()
    }

    /// The AUC on the rows `judged` of a model that answers with the share of answers in the customer's district among the
    /// rows `train`, or with the share of all where it has none.
    pub fn auc_of_shares(examples: &Examples, train: &[usize], judged: &[usize]) -> Result<f64, SupportError> {
        let mut counts: HashMap<u32, (f32, f32)> = HashMap::new();
        for &row in train {
            let count = counts.entry(district(examples, row)).or_default();
            *count = (count.0 + f32::from(u8::from(examples.labels[row])), count.1 + 1.0);
        }
        let rate = |row: &usize| counts.get(&district(examples, *row)).map_or(0.1428, |(answers, all)| answers / all);
        let scores: Array1<f32> = judged.iter().map(rate).collect();
        support::roc_auc_score(&examples.select(judged).labels, &scores)
    }

    /// Checks (statement, AUC on customers of districts that training has not seen).
    pub fn check(answer: impl Answer, examples: &Examples, seed: u64) -> Note {
        judge(|| {
            let (train, test) = data::split_indices(examples.len(), 0.2, seed)?;
            let faked = auc_of_shares(examples, &train, &test)?;
            let check = statement(
                Check::of(ID, answer),
                2,
                [
                    (1, "Rows of a table may stand in any order; a split at random takes care of it."),
                    (3, "A share of answers is computed from training rows only. But from whose?"),
                ],
            );
            Ok(check.near("the honest number", 0.5, 0.0006).mistake(faked, "That is the faked number."))
        })
    }
}

/// Wrong probabilities times euros.
pub mod ex9f {
    use super::*;
    help!("9f");

    /// Checks (statement, frauds to be expected from mended probabilities).
    pub fn check(answer: impl Answer, val: &Examples, weighted: &Array1<f32>, class_weight: ClassWeight) -> Note {
        judge(|| {
            let sum = |p: &Array1<f32>| p.iter().map(|p| f64::from(*p)).sum::<f64>();
            let faked = sum(weighted);
            let honest = sum(&multiply_odds(weighted, 1.0 / class_weight.odds_factor())?);
            let check = statement(
                Check::of(ID, answer),
                1,
                [
                    (2, "The ranking is good; but a sum of probabilities needs more than a ranking."),
                    (3, "With a threshold nothing would be wrong: what is wrong shows in the sum."),
                ],
            );
            Ok(check
                .near("the honest number", honest, 0.01 * honest)
                .mistake(faked, "That is the faked number.")
                .mistake(
                    faked / class_weight.odds_factor(),
                    "The probabilities were divided; divide the odds, by `multiply_odds`.",
                )
                .mistake(val.class_counts().1 as f64, "That is what came, not what the model promises.")
                .adds(format!("{} frauds came.", val.class_counts().1)))
        })
    }
}

/// Frauds invented before the split.
pub mod ex9g {
    use super::*;
    help!("9g");

    const NEIGHBOURS: usize = 5;

    /// Checks (statement, average precision on rows that were split off before frauds were invented).
    pub fn check(answer: impl Answer, all: &Examples, trained: Train, seed: u64) -> Note {
        judge(|| {
            let split = |examples: &Examples| -> Result<(Examples, Examples), SupportError> {
                let (one, other) = data::split_indices(examples.len(), 0.2, seed)?;
                Ok((examples.select(&one), examples.select(&other)))
            };
            let (part, rest) = split(&smote(all, NEIGHBOURS, seed)?)?;
            let faked = trained(&part)?.evaluate(&rest)?.prc;
            let (part, rest) = split(all)?;
            let model = trained(&smote(&part, NEIGHBOURS, seed)?)?;
            let honest = model.evaluate(&rest)?.prc;
            let both = match smote(&rest, NEIGHBOURS, seed) {
                Ok(invented) => model.evaluate(&invented)?.prc,
                Err(_) => f64::NAN, // too few frauds to invent from
            };
            let check = statement(
                Check::of(ID, answer),
                3,
                [
                    (1, "Then it would find real frauds as well: judge it on some."),
                    (2, "More steps don't explain it: the honest run has as many."),
                ],
            );
            Ok(check
                .near("the honest number", honest, 0.02)
                .mistake(faked, "That is the faked number.")
                .mistake(both, "Now each part has frauds invented from its own, but the judged part has them: judge on rows as they are."))
        })
    }
}

/// A pilot on a balanced sample.
pub mod ex9h {
    use super::*;
    help!("9h");

    /// Checks (statement, precision on the set as it is).
    pub fn check(answer: impl Answer, val: &Examples, pilot: &Examples, model: &Sequential, threshold: f64) -> Note {
        judge(|| {
            let matrix = |set: &Examples| confusion_matrix(&set.labels, &model.predict(&set.features)?, threshold);
            let (honest, faked) = (matrix(val)?, matrix(pilot)?);
            let check = statement(
                Check::of(ID, answer),
                2,
                [
                    (1, "The rows are those of the validation set; none of them was in training."),
                    (3, "It finds nearly all frauds of the pilot: look at the recall."),
                ],
            );
            Ok(check
                .number("the honest number", honest.precision())
                .mistake(faked.precision(), "That is the faked number.")
                .mistake(honest.recall(), "That is the recall, which the pilot measured well.")
                .adds(format!(
                    "The recall is {:.3} in the pilot and {:.3} among all rows.",
                    faked.recall(),
                    honest.recall()
                )))
        })
    }
}
