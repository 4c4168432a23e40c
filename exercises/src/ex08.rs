//! The checks of the exercises for notebook 8.

use support::ndarray::Array1;
use support::{Costs, Examples, Sequential, SupportError};

use crate::answer::Answer;
use crate::check::{Check, help, judge};
use crate::note::Note;

/// Which columns go.
pub mod ex8a {
    use super::*;
    help!("8a");

    /// Checks the numbers of the columns that a model must not see.
    pub fn check(columns: impl IntoIterator<Item = impl Answer>) -> Note {
        let columns: Vec<f64> = columns.into_iter().flat_map(Answer::numbers).collect();
        if columns.is_empty() || columns.iter().any(|column| column.is_nan()) {
            return judge(|| Ok(Check::waiting(ID)));
        }
        let has = |column: u32| columns.contains(&f64::from(column));
        let kept: Vec<String> =
            [2, 3, 5, 7].into_iter().filter(|&column| has(column)).map(|column| column.to_string()).collect();
        let check = Check::of_code(ID)
            .holds(has(4), "A column that must go is left: it is known only after it was sent back. When would you have each value?")
            .holds(has(1), "A column that must go is left: it names the row instead of describing it.")
            .holds(has(6), "A column that must go is left: it is a number of the whole year, and this order is a part of it.")
            .holds(kept.is_empty(), &format!("These are known at the moment of the order, and may help: {}.", kept.join(", ")))
            .holds(columns.iter().all(|&column| (1.0..=7.0).contains(&column)), "There are columns 1 to 7.");
        judge(|| Ok(check))
    }
}

/// What was promised, and what came.
pub mod ex8b {
    use super::*;
    help!("8b");

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

/// Right on average, and in a group?
pub mod ex8c {
    use super::*;
    help!("8c");

    /// Checks (positives promised in a group, those that came, the difference in standard deviations).
    pub fn check(answer: impl Answer, model: &Sequential, group: &Examples, all: &Examples) -> Note {
        judge(|| {
            let promised = |examples: &Examples| -> Result<(f64, f64), SupportError> {
                let p = model.predict(&examples.features)?.mapv(f64::from);
                Ok((p.sum(), p.mapv(|p| p * (1.0 - p)).sum()))
            };
            let ((sum, variance), came) = (promised(group)?, group.class_counts().1);
            let off = came as f64 - sum;
            Ok(Check::of(ID, answer)
                .number("promised", sum)
                .mistake(sum / group.len() as f64, "This is the mean; how many failures are promised in all?")
                .mistake(promised(all)?.0, "That is what is promised for all pumps of the validation set.")
                .count("came", came)
                .mistake(all.class_counts().1 as f64, "That is how many came among all pumps of the validation set.")
                .near("the standard deviations", off / variance.sqrt(), 0.01 * (off / variance.sqrt()).abs() + 0.005)
                .mistake(off / variance, "That is the variance below the line; the standard deviation is its root.")
                .mistake(off, "That is the difference; divide it by the standard deviation.")
                .mistake(off / sum, "That is the difference as a share of what was promised.")
                .adds(format!("{came} failures came where {sum:.1} were promised.")))
        })
    }
}
