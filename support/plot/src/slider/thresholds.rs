//! The thresholds that the slider can stand at, and what is counted at each of them.
//!
//! They are written with three significant digits, of the probability below 0.1 and of its distance from 1 above 0.9, so a
//! step changes the odds by at most one part in a hundred, and the text that the reader sees is the threshold to the last bit.

use std::mem::replace;

use ndarray::Array1;

use crate::axes::{ends, parsed};
use crate::histograms::of_class;
use learn::curves::ThresholdCounts;
use learn::error::Result;
use learn::math::ln;
use learn::scores::Score;

/// The thresholds 0, …, 0.00101, …, 0.101, …, 0.899, …, 0.99899, …, 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thresholds {
    /// The lowest above 0 is ten to the power of minus this.
    pub low: u32,
    /// The highest below 1 lies so far from it.
    pub high: u32,
}

impl Thresholds {
    /// Those between which the scores of positives lie, and most of the others.
    pub(super) fn around<'a>(labels: &Array1<bool>, scores: impl Iterator<Item = &'a Array1<f32>>) -> Self {
        const LARGEST: Thresholds = Thresholds { low: 9, high: 7 }; // 1 - 10⁻⁷ is the last f32 but one below 1
        let of_positives = scores.flat_map(|scores| of_class(labels, scores, true));
        let (lowest, highest) = ends(of_positives.chain([0.1, 0.9]));
        let digits = |distance, most| (2..most).find(|&places| distance >= power(places)).unwrap_or(most);
        Self { low: digits(lowest, LARGEST.low), high: digits(1.0 - highest, LARGEST.high) }
    }

    /// The logits of the lowest and the highest of them.
    pub(super) fn logits(self) -> (f64, f64) {
        let distance = |places: u32| ln((1.0 - power(places)) / power(places));
        (-distance(self.low), distance(self.high))
    }

    /// All of them as texts, from 1 down to 0.
    pub(super) fn falling(self) -> Vec<String> {
        let upper = (4..=self.high + 2).rev().flat_map(|places| {
            // 0.99900 to 0.99001, then 0.9900 to 0.9001: nines less a number of three digits.
            (100..1000).map(move |digits| decimal(10u64.pow(places) - digits, places))
        });
        let middle = (100..=900).rev().map(|digits| decimal(digits, 3));
        let lower = (4..=self.low + 2).flat_map(|places| (100..1000).rev().map(move |digits| decimal(digits, places)));
        std::iter::once("1".to_owned()).chain(upper).chain(middle).chain(lower).chain(["0".to_owned()]).collect()
    }
}

/// Ten to the power of minus so many places.
fn power(places: u32) -> f64 {
    parsed(1.0, -(places as i32))
}

/// `digits` behind so many places of the decimal point, without zeros at the end.
fn decimal(digits: u64, places: u32) -> String {
    format!("0.{digits:0width$}", width = places as usize).trim_end_matches('0').to_owned()
}

/// Positives and negatives above each threshold of one model, as the page reads them: how many more there are than above the
/// threshold before, from 1 down to 0, separated by spaces; -12 stands for twelve thresholds in a row where nothing is new. And
/// of the `cents` those of the positives that are new, for each number above 0 among the positives.
pub(super) fn counts(
    labels: &Array1<bool>,
    scores: &Array1<f32>,
    cents: Option<&Array1<f64>>,
    thresholds: &[String],
) -> Result<[String; 3]> {
    let [positives, negatives] = new_above(&ThresholdCounts::new(labels, scores)?, thresholds);
    let mut found = Vec::new();
    if let Some(cents) = cents {
        let [cents, _] = new_above(&ThresholdCounts::weighted(labels, scores, cents)?, thresholds);
        found = cents.into_iter().zip(&positives).filter(|(_, new)| **new > 0.0).map(|(cents, _)| cents).collect();
    }
    Ok([steps(&positives), steps(&negatives), spaced(found)])
}

/// The amounts that are to be lost, those of the positives, in whole cents; 0 for negatives.
pub(super) fn cents(labels: &Array1<bool>, amounts: &Array1<f64>) -> Array1<f64> {
    labels.iter().zip(amounts).map(|(&label, amount)| if label { (100.0 * amount).round() } else { 0.0 }).collect()
}

/// What lies above each of the falling thresholds and not above the one before: [positives, negatives].
fn new_above(counts: &ThresholdCounts, thresholds: &[String]) -> [Vec<f64>; 2] {
    let scores_above = |text: &String| {
        let threshold = f64::from(f32::from_threshold(text.parse().unwrap_or(f64::NAN)));
        counts.thresholds.partition_point(|&score| score > threshold)
    };
    let places: Vec<usize> = thresholds.iter().map(scores_above).collect();
    [&counts.true_positives, &counts.false_positives].map(|counts| {
        let above = places.iter().map(|&place| if place == 0 { 0.0 } else { counts[place - 1] });
        let mut before = 0.0;
        above.map(|above| above - replace(&mut before, above)).collect()
    })
}

/// What is new at each threshold, where nothing is by the number of such thresholds in a row.
fn steps(new: &[f64]) -> String {
    let end = new.iter().rposition(|&new| new != 0.0).map_or(0, |last| last + 1);
    let runs = new[..end].chunk_by(|a, b| *a == 0.0 && *b == 0.0);
    spaced(runs.map(|run| if run[0] == 0.0 { -(run.len() as f64) } else { run[0] }))
}

fn spaced(numbers: impl IntoIterator<Item = f64>) -> String {
    numbers.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use learn::cost::Costs;
    use learn::metrics::confusion_matrix;
    use learn::random::{Purpose, generator, uniform};
    use ndarray::array;

    /// The counts at each threshold, as the page adds them up.
    fn running(text: &str, thresholds: usize) -> Vec<f64> {
        let (mut counts, mut place) = (vec![0.0; thresholds], 0);
        for step in text.split_whitespace().map(|step| step.parse::<f64>().unwrap()) {
            if step < 0.0 {
                place += -step as usize;
            } else {
                counts[place] = step;
                place += 1;
            }
        }
        counts
            .iter()
            .scan(0.0, |sum, new| {
                *sum += new;
                Some(*sum)
            })
            .collect()
    }

    #[test]
    fn thresholds_fall_and_have_three_digits() {
        let falling = Thresholds { low: 4, high: 4 }.falling();
        // 1 and 0, three powers of ten at each end, and what lies between 0.1 and 0.9.
        assert_eq!(falling.len(), 2 + 2 * 3 * 900 + 801);
        for (place, text) in
            [(0, "1"), (1, "0.9999"), (2, "0.999899"), (falling.len() - 2, "0.0001"), (falling.len() - 1, "0")]
        {
            assert_eq!(falling[place], text);
        }
        for text in ["0.5", "0.101", "0.1", "0.0999", "0.00123", "0.9", "0.9001", "0.99", "0.9899", "0.99899"] {
            assert!(falling.iter().any(|threshold| threshold == text), "{text}");
        }
        let numbers: Vec<f64> = falling.iter().map(|text| text.parse().unwrap()).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] > pair[1]));
    }

    #[test]
    fn they_reach_from_the_lowest_positive_to_the_highest() {
        let labels = array![true, true, false];
        let around = |scores: Array1<f32>| Thresholds::around(&labels, [&scores].into_iter());
        assert_eq!(around(array![0.2, 0.5, 1e-6]), Thresholds { low: 2, high: 2 });
        assert_eq!(around(array![0.0004, 0.9995, 0.5]), Thresholds { low: 4, high: 4 });
        assert_eq!(around(array![0.0, 1.0, 0.5]), Thresholds { low: 9, high: 7 });
    }

    #[test]
    fn at_every_threshold_the_counts_are_those_of_the_confusion_matrix() {
        let mut rng = generator(3, Purpose::Sampling, 0);
        let labels = Array1::from_shape_simple_fn(2000, || uniform(&mut rng) < 0.1);
        // Over many powers of ten, some at a threshold itself, some at the ends.
        let mut score = || match uniform(&mut rng) {
            x if x < 0.01 => 0.0,
            x if x < 0.02 => 1.0,
            x if x < 0.3 => (1000.0 * uniform(&mut rng)).round() as f32 / 1000.0,
            x if x < 0.6 => 1.0 - 0.1f32.powf(7.0 * uniform(&mut rng) as f32),
            _ => 0.1f32.powf(8.0 * uniform(&mut rng) as f32),
        };
        let scores = Array1::from_shape_simple_fn(2000, &mut score);
        let amounts = Array1::from_shape_fn(2000, |row| (row % 700) as f64 / 4.0);
        let costs = Costs { false_alarm: 3.0, missed: 7.0 }.with_amounts(&amounts).unwrap();
        let falling = Thresholds::around(&labels, [&scores].into_iter()).falling();
        let all_cents = cents(&labels, &amounts);
        let [positives, negatives, cents_found] = counts(&labels, &scores, Some(&all_cents), &falling).unwrap();
        let (positives, negatives) = (running(&positives, falling.len()), running(&negatives, falling.len()));
        let mut new_cents = cents_found.split(' ').map(|cents| cents.parse::<f64>().unwrap());
        let (mut found_cents, all_cents) = (0.0, all_cents.sum());
        for (place, text) in falling.iter().enumerate() {
            let threshold = text.parse().unwrap();
            if positives[place] > if place == 0 { 0.0 } else { positives[place - 1] } {
                found_cents += new_cents.next().unwrap();
            }
            if place % 7 > 0 && place + 100 < falling.len() {
                continue; // a seventh of all, and the last hundred
            }
            let matrix = confusion_matrix(&labels, &scores, threshold).unwrap();
            let above = (matrix.true_positives, matrix.false_positives);
            assert_eq!((positives[place], negatives[place]), above, "{text}");
            let cost = 3.0 * matrix.false_positives + 7.0 * matrix.false_negatives + (all_cents - found_cents) / 100.0;
            assert!((cost - costs.total(&labels, &scores, threshold).unwrap()).abs() < 1e-6, "{text}");
        }
        assert_eq!(new_cents.next(), None);
    }
}
