//! Whether probabilities mean what they say: of the rows that got 0.15, about 15 in 100 should be positive.

use ndarray::Array1;

use crate::curves::{Score, check};
use crate::error::{Error, Result};
use crate::metrics::{mean, target};
use crate::table::{Table, thousands};

/// Sorts the examples by their probability, cuts them into `groups` of equal size (to within one), and sets the mean
/// probability of each beside its share of positives; the last row is of all examples. Labels and probabilities have the
/// shape `[examples]`.
///
/// # Errors
/// When the two differ in length, a probability is NaN, or there are fewer examples than groups or no group.
pub fn calibration<S: Score>(labels: &Array1<bool>, probabilities: &Array1<S>, groups: usize) -> Result<Table> {
    check(labels, probabilities)?;
    let rows = labels.len();
    if groups == 0 || groups > rows {
        return Err(Error::Argument(format!("{rows} examples can't be cut into {groups} groups")));
    }
    let mut sorted: Vec<(f64, f64)> =
        labels.iter().zip(probabilities).map(|(&label, &p)| (p.into(), target(label))).collect();
    // By label too, so that the order of tied examples does not matter.
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut table = Table::new(["group", "examples", "mean prediction", "share of positives"]);
    let mut push = |name: String, part: &[(f64, f64)]| {
        let predicted = mean(part.iter().map(|row| row.0));
        let observed = mean(part.iter().map(|row| row.1));
        table.push([name, thousands(part.len()), format!("{predicted:.3}"), format!("{observed:.3}")]);
    };
    for group in 0..groups {
        push((group + 1).to_string(), &sorted[group * rows / groups..(group + 1) * rows / groups]);
    }
    push("all".into(), &sorted);
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn groups_are_formed_from_the_lowest_probability_up() {
        let labels = array![true, false, true, false, true];
        let text = calibration(&labels, &array![0.9, 0.1, 0.4, 0.3, 0.2], 2).unwrap().to_string();
        let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows, [["1", "2", "0.150", "0.500"], ["2", "3", "0.533", "0.667"], ["all", "5", "0.380", "0.600"]]);
    }

    #[test]
    fn the_order_of_ties_does_not_matter() {
        let probabilities = Array1::from_elem(4, 0.5f32);
        let one = calibration(&array![true, true, false, false], &probabilities, 2).unwrap();
        assert_eq!(one, calibration(&array![false, true, false, true], &probabilities, 2).unwrap());
    }

    #[test]
    fn impossible_groups_are_refused() {
        assert!(calibration(&array![true], &array![0.5], 0).is_err());
        assert!(calibration(&array![true], &array![0.5], 2).unwrap_err().to_string().contains("1 examples"));
        assert!(calibration(&array![true], &array![f32::NAN], 1).is_err());
    }
}
