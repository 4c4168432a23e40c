//! Scores and what is asked of them: an order, a threshold, no NaN.

use std::fmt::Display;

use ndarray::Array1;

use crate::error::{Result, ensure, refuse};

/// A score or probability of the positive class: f32 as the network gives it, or f64.
pub trait Score: Copy + PartialOrd + Into<f64> {
    /// The distance from 1 to the next number of the type.
    const EPSILON: f64;
    /// The nearest score to a threshold; comparisons are made in the type of the scores.
    fn from_threshold(threshold: f64) -> Self;
}

impl Score for f64 {
    const EPSILON: f64 = f64::EPSILON;

    fn from_threshold(threshold: f64) -> Self {
        threshold
    }
}

impl Score for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;

    fn from_threshold(threshold: f64) -> Self {
        threshold as f32
    }
}

/// The scores from high to low, by a radix sort: three passes over their bits, eleven at a time, whatever the scores are.
pub(crate) fn sorted_descending(mut scores: Vec<f32>) -> Vec<f32> {
    const DIGIT: u32 = 11;
    // Flipped so that the order of the whole numbers is the falling order of the floats.
    let key = |score: f32| {
        let bits = (score + 0.0).to_bits(); // -0 becomes 0: the two are equal
        if bits >> 31 == 1 { bits } else { !bits & 0x7fff_ffff }
    };
    let digit = |score: f32, pass: u32| (key(score) >> (pass * DIGIT)) as usize & ((1 << DIGIT) - 1);
    let mut counts = [[0; 1 << DIGIT]; 3];
    for &score in &scores {
        (0..).zip(&mut counts).for_each(|(pass, counts)| counts[digit(score, pass)] += 1);
    }
    let mut other = vec![0.0; scores.len()];
    for (pass, places) in (0..).zip(&mut counts) {
        let mut start = 0;
        for count in &mut *places {
            start += std::mem::replace(count, start);
        }
        for &score in &scores {
            let place = &mut places[digit(score, pass)];
            other[*place] = score;
            *place += 1;
        }
        std::mem::swap(&mut scores, &mut other);
    }
    scores
}

/// The rows with the `k` highest scores, the highest first: what a team looks at that has time for `k`. Of equal scores the
/// first row comes first.
///
/// # Errors
/// When a score is NaN, or there are fewer than `k`.
pub fn top_k<S: Score>(scores: &Array1<S>, k: usize) -> Result<Vec<usize>> {
    check_each(scores)?;
    ensure!(k <= scores.len(), "the {k} highest of {} scores: ask for fewer", scores.len());
    let mut rows: Vec<usize> = (0..scores.len()).collect();
    rows.sort_by(|&a, &b| scores[b].into().total_cmp(&scores[a].into()));
    rows.truncate(k);
    Ok(rows)
}

/// Refuses labels and scores that differ in length, and a score that is NaN.
///
/// # Errors
/// Then.
pub fn check<S: Score>(labels: &Array1<bool>, scores: &Array1<S>) -> Result<()> {
    ensure!(labels.len() == scores.len(), "{} labels, but {} scores", labels.len(), scores.len());
    check_each(scores)
}

/// Refuses a score that is NaN.
pub(crate) fn check_each<S: Score>(scores: &Array1<S>) -> Result<()> {
    if let Some(row) = scores.iter().position(|&score| score.into().is_nan()) {
        refuse!("the score of row {row} is NaN: has the training diverged?");
    }
    Ok(())
}

/// As [`check`], and refuses what is no probability.
pub fn check_probabilities<S: Score>(labels: &Array1<bool>, probabilities: &Array1<S>) -> Result<()> {
    check(labels, probabilities)?;
    check_each_probability(probabilities)
}

/// Refuses what is no probability.
///
/// # Errors
/// Then.
pub fn check_each_probability<S: Score>(probabilities: &Array1<S>) -> Result<()> {
    let mut rows = probabilities.iter().map(|&probability| probability.into()).enumerate();
    if let Some((row, probability)) = rows.find(|(_, probability)| !(0.0..=1.0).contains(probability)) {
        refuse!("row {row}: {probability} is not a probability; Sequential::predict gives probabilities");
    }
    Ok(())
}

/// Refuses a threshold that nothing lies above or below.
pub fn check_threshold(threshold: f64) -> Result<()> {
    ensure!(!threshold.is_nan(), "the threshold is NaN, and no score is above that: pass a number");
    Ok(())
}

/// A threshold that all scores are above: 0 when they are probabilities other than 0.
pub fn below_all(lowest: f64) -> f64 {
    if lowest > 0.0 { 0.0 } else { f64::NEG_INFINITY }
}

/// Refuses sample weights that are not one finite number, at least 0, for each label.
///
/// # Errors
/// Then.
pub fn check_weights<W: Copy + Display + Into<f64>>(labels: &Array1<bool>, weights: &Array1<W>) -> Result<()> {
    ensure!(labels.len() == weights.len(), "{} labels, but {} sample weights", labels.len(), weights.len());
    if let Some((row, weight)) = weights.iter().enumerate().find(|(_, weight)| !is_amount((**weight).into())) {
        refuse!("the sample weight of row {row} is {weight}: a weight is a finite number, at least 0");
    }
    Ok(())
}

/// Whether something can count or cost as much: a finite number, at least 0.
pub(crate) fn is_amount(number: f64) -> bool {
    number.is_finite() && number >= 0.0
}

/// a / b, or 0 where Keras and scikit-learn report 0 for 0 / 0. What is NaN stays NaN.
pub fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use rand::Rng;

    #[test]
    fn the_highest_come_first_and_of_equals_the_first() {
        let scores = array![0.2, 0.9, 0.5, 0.9, 0.1];
        assert_eq!(top_k(&scores, 3).unwrap(), [1, 3, 2]);
        assert_eq!((top_k(&scores, 0).unwrap().len(), top_k(&scores, 5).unwrap()[4]), (0, 4));
        assert!(top_k(&scores, 6).unwrap_err().to_string().contains("the 6 highest of 5"));
        assert!(top_k(&array![0.2, f64::NAN], 1).unwrap_err().to_string().contains("row 1 is NaN"));
    }

    #[test]
    fn radix_sort_orders_every_kind_of_float() {
        let mut rng = crate::random::generator(3, crate::random::Purpose::Shuffle, 0);
        let mut scores: Vec<f32> =
            (0..5000).map(|_| f32::from_bits(rng.r#gen())).filter(|score| !score.is_nan()).collect();
        scores.extend([0.0, -0.0, 1e-45, -1e-45, f32::INFINITY, f32::NEG_INFINITY, 1.0, 1.0]);
        let mut expected = scores.clone();
        expected.sort_by(|a, b| b.partial_cmp(a).unwrap());
        assert!(sorted_descending(scores).iter().zip(&expected).all(|(a, b)| a == b));
    }
}
