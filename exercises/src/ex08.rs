//! The checks of the exercises for notebook 8.

use support::ndarray::Array1;
use support::polars::prelude::DataFrame;
use support::{Costs, Examples, Sequential};

use crate::answer::Answer;
use crate::check::{Check, help, judge};
use crate::note::Note;

/// Which columns go.
pub mod ex8a {
    use super::*;
    help!("8a");

    /// Checks the columns that are left of the table of pumps.
    pub fn check(left: &DataFrame) -> Note {
        let has = |name: &str| left.column(name).is_ok();
        let kept = ["site", "age_years", "hours_since_service", "temperature", "vibration", "pressure"];
        let gone: Vec<&str> = kept.iter().copied().filter(|name| !has(name)).collect();
        let check = Check::of_code(ID)
            .holds(has("failed"), "The label itself is gone; there is nothing left to predict.")
            .holds(
                !has("downtime_hours"),
                "One column is known only after the failure. When would you have each value?",
            )
            .holds(
                !has("inspection"),
                "One column names the row instead of describing it: it is different in every row.",
            )
            .holds(
                gone.is_empty(),
                &format!("These are known when the inspection is made, and may help: {}.", gone.join(", ")),
            );
        judge(|| Ok(check))
    }
}

/// Two rules.
pub mod ex8b {
    use super::*;
    help!("8b");

    /// Checks the thresholds for (200, 1,000) and (400, 5,000).
    pub fn check(answer: impl Answer) -> Note {
        let add = "This is false alarm / missed; below the line stand both prices.";
        let check = Check::of(ID, answer)
            .number("200 and 1,000", 1.0 / 6.0)
            .mistake(0.2, add)
            .number("400 and 5,000", 400.0 / 5400.0)
            .mistake(0.08, add);
        judge(|| Ok(check))
    }
}

/// What was promised, and what came.
pub mod ex8c {
    use super::*;
    help!("8c");

    /// Checks the lowest cost of the validation set and the cost of its threshold on the test set, for each row.
    pub fn check(
        answer: impl Answer,
        costs: Costs,
        val: (&Array1<bool>, &Array1<f32>),
        test: (&Array1<bool>, &Array1<f32>),
    ) -> Note {
        judge(|| {
            let (threshold, lowest) = costs.curve(val.0, val.1)?.best();
            let paid = costs.total(&support::confusion_matrix(test.0, test.1, threshold)?);
            let (_, best_of_test) = costs.curve(test.0, test.1)?.best();
            let (rows, test_rows) = (val.0.len() as f64, test.0.len() as f64);
            let totals = "This is the total; the two sets differ in size, so divide by the number of rows.";
            Ok(Check::of(ID, answer)
                .number("promised", lowest / rows)
                .mistake(lowest, totals)
                .number("paid", paid / test_rows)
                .mistake(paid, totals)
                .mistake(paid / rows, "Divide by the number of rows of the test set.")
                .mistake(best_of_test / test_rows, "That is the lowest cost of the test set: its threshold was chosen by looking at the answers. Take the one of the validation set."))
        })
    }
}

/// As many as a mechanic can visit.
pub mod ex8d {
    use super::*;
    help!("8d");

    /// Checks (alarms on the validation set, precision among them) for a capacity on a set of another size.
    pub fn check(
        answer: impl Answer,
        labels: &Array1<bool>,
        predictions: &Array1<f32>,
        visits: usize,
        of: usize,
    ) -> Note {
        let mut ranked: Vec<(f32, bool)> = predictions.iter().copied().zip(labels.iter().copied()).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let found = |count: usize| ranked[..count.min(ranked.len())].iter().filter(|row| row.1).count() as f64;
        let count = visits * labels.len() / of;
        let positives = labels.iter().filter(|label| **label).count() as f64;
        let check = Check::of(ID, answer)
            .count("the visits", count)
            .mistake(visits as f64, "That many for all pumps; the validation set has fewer of them.")
            .number("the precision", found(count) / count as f64)
            .mistake(found(count), "That is how many of them fail; precision is a share of the visits.")
            .mistake(found(count) / positives, "That is the recall: a share of the failures.")
            .mistake(found(visits) / visits as f64, "That is the precision of more visits than fit.");
        judge(|| Ok(check))
    }
}

/// A simpler rival.
pub mod ex8e {
    use super::*;
    help!("8e");

    /// Checks a logistic regression on the pumps.
    pub fn check(model: &Sequential, network: &Sequential, val: &Examples, costs: Costs) -> Note {
        judge(|| {
            let lowest = |model: &Sequential| {
                Ok::<_, support::SupportError>(costs.curve(&val.labels, &model.predict(&val.features)?)?.best().1)
            };
            let params = model.count_params();
            let features = val.features.ncols();
            let nothing = costs.missed * val.class_counts().1 as f64;
            Ok(Check::of_code(ID)
                .holds(params != network.count_params(), "This is the network with its hidden layer.")
                .holds(params == features + 1, &format!("Logistic regression has one weight for each of the {features} features, and a bias; this model has {params} parameters."))
                .holds(!model.history().train.is_empty(), "The layers are right; now train it with `fit`.")
                .adds(format!(
                    "Lowest cost on the validation set: {:.0} euro with logistic regression, {:.0} with the network, {nothing:.0} without any alarm.",
                    lowest(model)?,
                    lowest(network)?
                )))
        })
    }
}

/// A rarer failure.
pub mod ex8f {
    use super::*;
    help!("8f");

    /// Checks the precision at 0.3 % failures for a recall of 0.675 and a false positive rate of 0.109.
    pub fn check(answer: impl Answer) -> Note {
        let precision = |share: f64| 0.675 * share / (0.675 * share + 0.109 * (1.0 - share));
        let check = Check::of(ID, answer)
            .number("the precision", precision(0.003))
            .mistake(precision(0.03), "That is the precision at 3 %.")
            .mistake(
                precision(0.03) / 10.0,
                "Not quite in proportion: count right alarms and all alarms among 1,000 pumps.",
            );
        judge(|| Ok(check))
    }
}
