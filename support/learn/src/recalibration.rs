//! Probabilities that are learnt anew from a model's answers to examples it was not trained on: by two numbers (Platt) or by any
//! rising steps (isotonic regression). [`multiply_odds`](crate::calibration::multiply_odds) mends a shift that is known; these
//! mend what a validation set shows.

use ndarray::{Array1, Axis};
use serde::{Deserialize, Serialize};

use crate::error::{Result, ensure, refuse};
use crate::math::{exp_f64, ln};
use crate::random::permutation;
use crate::scores::{Score, check};

/// Refuses what no recalibration can be learnt from; gives how many examples are (negative, positive).
fn check_answers<S: Score>(name: &str, labels: &Array1<bool>, scores: &Array1<S>) -> Result<(usize, usize)> {
    check(labels, scores)?;
    check_finite(name, scores)?;
    let positives = labels.iter().filter(|&&label| label).count();
    let all = labels.len();
    ensure!(
        (1..all).contains(&positives),
        "{name}: of {all} labels {positives} are positive, but it needs both classes"
    );
    Ok((all - positives, positives))
}

/// Refuses a score that is NaN or infinite.
fn check_finite<S: Score>(name: &str, scores: &Array1<S>) -> Result<()> {
    let mut rows = scores.iter().map(|&score| score.into()).enumerate();
    if let Some((row, score)) = rows.find(|(_, score)| !score.is_finite()) {
        refuse!("{name}: the score of row {row} is {score}, not a finite number");
    }
    Ok(())
}

/// Platt scaling: the probability is the sigmoid of `slope` · logit + `intercept`, so it keeps the ranking where the slope is
/// above 0 (Platt, "Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods", 1999).
///
/// ```
/// use learn::recalibration::PlattScaling;
/// use ndarray::array;
///
/// let labels = array![false, false, true, false, true, true]; // of a validation set
/// let logits = array![-6.0f32, -2.0, -1.0, 1.0, 2.0, 6.0]; // model.logits(&val.features)?
/// let platt = PlattScaling::fit(&labels, &logits)?;
/// assert!(platt.slope < 1.0); // the model was too sure of itself
/// let probabilities = platt.predict(&array![-6.0f32, 6.0])?;
/// assert!(probabilities[0] > 0.1 && probabilities[1] < 0.9);
/// # Ok::<(), learn::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlattScaling {
    /// What a logit is multiplied by: below 1 where the model was too sure.
    pub slope: f64,
    /// What is added to it.
    pub intercept: f64,
}

impl PlattScaling {
    /// The two numbers with the smallest cross entropy, for labels and logits of shape `[examples]`, best those of a validation set.
    ///
    /// As Platt's paper and scikit-learn's `_SigmoidCalibration` have it, the targets are not 1 and 0 but (n₊ + 1) / (n₊ + 2)
    /// and 1 / (n₋ + 2), so that there is an answer even where the logits part the classes. Found by Newton's steps with a line
    /// search (Lin, Lin and Weng, "A note on Platt's probabilistic outputs for support vector machines", 2007).
    ///
    /// # Errors
    /// When the two differ in length, a logit is NaN or infinite, the labels are all of one class, or the search finds no end.
    pub fn fit<S: Score>(labels: &Array1<bool>, logits: &Array1<S>) -> Result<Self> {
        const NAME: &str = "PlattScaling";
        const STEPS: usize = 100;
        let (negatives, positives) = check_answers(NAME, labels, logits)?;
        let (negatives, positives) = (negatives as f64, positives as f64);
        // Between -1 and 1, so that the two numbers have the same scale whatever the logits have.
        let all = || logits.iter().map(|&logit| logit.into());
        let (lowest, highest) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
        let middle = lowest / 2.0 + highest / 2.0;
        let half = if highest > lowest { highest / 2.0 - lowest / 2.0 } else { 1.0 };
        let targets = [1.0 / (negatives + 2.0), (positives + 1.0) / (positives + 2.0)];
        let row = |(&label, &logit): (&bool, &S)| ((logit.into() - middle) / half, targets[usize::from(label)]);
        let rows = || labels.iter().zip(logits).map(row);
        let loss = |slope: f64, intercept: f64| {
            rows().fold(0.0, |sum, (x, target)| {
                let logit = slope * x + intercept;
                sum + logit.max(0.0) + ln(1.0 + exp_f64(-logit.abs())) - target * logit
            })
        };
        let (mut slope, mut intercept) = (0.0, ln((positives + 1.0) / (negatives + 1.0)));
        let mut now = loss(slope, intercept);
        for _ in 0..STEPS {
            // Two first derivatives and three second ones; a hair on the diagonal for logits that are all the same.
            let [mut g, mut h] = [0.0, 0.0];
            let [mut gg, mut gh, mut hh] = [1e-12, 0.0, 1e-12];
            for (x, target) in rows() {
                let p = sigmoid(slope * x + intercept);
                let (error, weight) = (p - target, p * (1.0 - p));
                g += error * x;
                h += error;
                gg += weight * x * x;
                gh += weight * x;
                hh += weight;
            }
            let determinant = gg * hh - gh * gh;
            let (along, across) = ((hh * g - gh * h) / determinant, (gg * h - gh * g) / determinant);
            let promised = g * along + h * across; // twice what the step would bring if the loss were a parabola
            let mut step = 1.0;
            let next = loop {
                let next = loss(slope - step * along, intercept - step * across);
                // The last digits of the loss are rounding, and near the end the step is right without asking.
                if next <= now - 1e-4 * step * promised + 1e-13 * now || step < 1e-10 {
                    break next;
                }
                step /= 2.0;
            };
            (slope, intercept, now) = (slope - step * along, intercept - step * across, next);
            if promised.abs() <= 1e-18 * (negatives + positives) {
                let slope = slope / half;
                return Ok(Self { slope, intercept: intercept - slope * middle });
            }
        }
        refuse!("{NAME}: no end in {STEPS} steps: are a few logits far from all others?")
    }

    /// Probabilities for the examples that it learns from, each by what the others teach: they are
    /// dealt to `folds` parts, each with its share of positives, and the logits of a part go
    /// through what was learnt from the other parts. As scikit-learn's `cross_val_predict`. Two
    /// parts may rank two examples the other way round than their logits do.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and when there are fewer than two folds or fewer examples of a class.
    pub fn cross_fit<S: Score>(
        labels: &Array1<bool>,
        logits: &Array1<S>,
        folds: usize,
        seed: u64,
    ) -> Result<Array1<f32>> {
        cross_fit("PlattScaling", labels, logits, folds, seed, Self::fit, |fitted, logits| fitted.predict(logits))
    }

    /// The probability of the positive class for each logit, both of shape `[examples]`.
    ///
    /// # Errors
    /// When a logit is NaN or infinite.
    pub fn predict<S: Score>(&self, logits: &Array1<S>) -> Result<Array1<f32>> {
        check_finite("PlattScaling", logits)?;
        Ok(logits.mapv(|logit| sigmoid(self.slope * logit.into() + self.intercept) as f32))
    }
}

/// The answers to each part of the examples by what was learnt from the other parts.
fn cross_fit<S: Score, F>(
    name: &str,
    labels: &Array1<bool>,
    scores: &Array1<S>,
    folds: usize,
    seed: u64,
    fit: impl Fn(&Array1<bool>, &Array1<S>) -> Result<F>,
    predict: impl Fn(&F, &Array1<S>) -> Result<Array1<f32>>,
) -> Result<Array1<f32>> {
    let (negatives, positives) = check_answers(name, labels, scores)?;
    let fewest = negatives.min(positives);
    ensure!(
        (2..=fewest).contains(&folds),
        "{name}: {folds} folds, but at least 2 and at most {fewest}, one of a class each"
    );
    // One class is dealt after the other.
    let mut order = permutation(labels.len(), seed);
    order.sort_by_key(|&row| labels[row]);
    let mut answers = Array1::zeros(labels.len());
    for fold in 0..folds {
        let rows = |is_fold: bool| {
            let dealt = order.iter().enumerate().filter(|(place, _)| (place % folds == fold) == is_fold);
            dealt.map(|(_, &row)| row).collect::<Vec<_>>()
        };
        let (others, part) = (rows(false), rows(true));
        let fitted = fit(&labels.select(Axis(0), &others), &scores.select(Axis(0), &others))?;
        let predicted = predict(&fitted, &scores.select(Axis(0), &part))?;
        part.into_iter().zip(predicted).for_each(|(row, answer)| answers[row] = answer);
    }
    Ok(answers)
}

/// The logistic function in 64 bits.
fn sigmoid(x: f64) -> f64 {
    let e = exp_f64(-x.abs());
    if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// Isotonic regression: of all functions that never fall, the one with the smallest squared distance from the labels, as
/// scikit-learn's `IsotonicRegression(out_of_bounds="clip")`. It bends as the examples ask for, and so needs more of them than
/// [`PlattScaling`]; what it makes equal it ranks no longer.
///
/// ```
/// use learn::recalibration::IsotonicRegression;
/// use ndarray::array;
///
/// let labels = array![false, true, false, true]; // of a validation set
/// let isotonic = IsotonicRegression::fit(&labels, &array![0.1, 0.4, 0.6, 0.9])?;
/// // Of the middle two one is positive; between the known scores the way is straight, beyond them the value stays.
/// assert_eq!(isotonic.predict(&array![0.0, 0.25, 0.5, 0.9, 1.0])?, array![0.0, 0.25, 0.5, 1.0, 1.0]);
/// # Ok::<(), learn::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IsotonicRegression {
    thresholds: Vec<f64>,
    values: Vec<f64>,
}

impl IsotonicRegression {
    /// Learns from labels and scores of shape `[examples]`, logits or probabilities, best those of a validation set: pools
    /// neighbours whose shares of positives fall (Barlow et al., "Statistical inference under order restrictions", 1972).
    /// Examples with the same score are one point, which weighs as much as they are many.
    ///
    /// # Errors
    /// When the two differ in length, a score is NaN or infinite, or the labels are all of one class.
    pub fn fit<S: Score>(labels: &Array1<bool>, scores: &Array1<S>) -> Result<Self> {
        check_answers("IsotonicRegression", labels, scores)?;
        let mut rows: Vec<(f64, bool)> = scores.iter().map(|&score| score.into()).zip(labels.iter().copied()).collect();
        rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        // Each pool: its lowest and highest score, its positives, its examples. Counts, so that shares are compared exactly.
        let mut pools: Vec<(f64, f64, u64, u64)> = Vec::new();
        for tied in rows.chunk_by(|a, b| a.0 == b.0) {
            let positives = tied.iter().filter(|row| row.1).count() as u64;
            let mut pool = (tied[0].0, tied[0].0, positives, tied.len() as u64);
            while let Some(before) = pools.pop_if(|before| before.2 * pool.3 >= pool.2 * before.3) {
                pool = (before.0, pool.1, before.2 + pool.2, before.3 + pool.3);
            }
            pools.push(pool);
        }
        let (mut thresholds, mut values) = (Vec::new(), Vec::new());
        for (lowest, highest, positives, examples) in pools {
            let points = if lowest < highest { &[lowest, highest][..] } else { &[lowest] };
            thresholds.extend(points);
            values.resize(thresholds.len(), positives as f64 / examples as f64);
        }
        Ok(Self { thresholds, values })
    }

    /// Probabilities for the examples that it learns from, as [`PlattScaling::cross_fit`].
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and when there are fewer than two folds or fewer examples of a class.
    pub fn cross_fit<S: Score>(
        labels: &Array1<bool>,
        scores: &Array1<S>,
        folds: usize,
        seed: u64,
    ) -> Result<Array1<f32>> {
        cross_fit("IsotonicRegression", labels, scores, folds, seed, Self::fit, |fitted, scores| fitted.predict(scores))
    }

    /// The scores at which the function bends, rising: scikit-learn's `X_thresholds_`.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// Its value at each of them, never falling: scikit-learn's `y_thresholds_`.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The probability of the positive class for each score, both of shape `[examples]`: on the straight line between two known
    /// scores, and beyond all of them that of the nearest.
    ///
    /// # Errors
    /// When a score is NaN or infinite.
    pub fn predict<S: Score>(&self, scores: &Array1<S>) -> Result<Array1<f32>> {
        check_finite("IsotonicRegression", scores)?;
        Ok(scores.mapv(|score| self.value(score.into()) as f32))
    }

    fn value(&self, score: f64) -> f64 {
        let above = self.thresholds.partition_point(|&threshold| threshold <= score);
        if above == 0 || above == self.thresholds.len() {
            return self.values[above.saturating_sub(1)];
        }
        let (low, high) = (above - 1, above);
        let width = self.thresholds[high] - self.thresholds[low];
        let share = (score - self.thresholds[low]) / width;
        self.values[low] + share * (self.values[high] - self.values[low])
    }
}

/// One of the two, as a saved model carries it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recalibration {
    /// By two numbers.
    Platt(PlattScaling),
    /// By rising steps.
    Isotonic(IsotonicRegression),
}

impl From<PlattScaling> for Recalibration {
    fn from(platt: PlattScaling) -> Self {
        Self::Platt(platt)
    }
}

impl From<IsotonicRegression> for Recalibration {
    fn from(isotonic: IsotonicRegression) -> Self {
        Self::Isotonic(isotonic)
    }
}

impl Recalibration {
    /// The probability of the positive class for each logit, both of shape `[examples]`.
    ///
    /// # Errors
    /// When a logit is NaN or infinite.
    pub fn predict<S: Score>(&self, logits: &Array1<S>) -> Result<Array1<f32>> {
        match self {
            Self::Platt(platt) => platt.predict(logits),
            Self::Isotonic(isotonic) => isotonic.predict(logits),
        }
    }

    /// Refuses numbers that no `fit` gives, which a file may hold.
    ///
    /// # Errors
    /// When it can't be used.
    pub fn check(&self) -> Result<()> {
        let (name, is_sound) = match self {
            Self::Platt(PlattScaling { slope, intercept }) => {
                ("Platt scaling", slope.is_finite() && intercept.is_finite())
            }
            Self::Isotonic(IsotonicRegression { thresholds, values }) => {
                let has_pairs = !values.is_empty() && thresholds.len() == values.len();
                let rises = thresholds.is_sorted_by(|a, b| a < b) && values.is_sorted();
                let in_range = values.iter().all(|value| (0.0..=1.0).contains(value));
                let is_finite = thresholds.iter().all(|threshold| threshold.is_finite());
                ("isotonic regression", has_pairs && rises && in_range && is_finite)
            }
        };
        ensure!(is_sound, "this {name} can't be used: its numbers don't fit");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator, normal_pair, uniform};
    use ndarray::array;

    fn booleans(bits: &[u8]) -> Array1<bool> {
        bits.iter().map(|&bit| bit == 1).collect()
    }

    fn assert_near(got: impl IntoIterator<Item = f64>, expected: &[f64], within: f64) {
        let got: Vec<f64> = got.into_iter().collect();
        assert_eq!(got.len(), expected.len());
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() < within, "{got} against {expected}");
        }
    }

    /// By scikit-learn 1.9.1: `_SigmoidCalibration().fit(logits, labels)`, its `-a_`, `-b_` and `predict`. Its search ends within
    /// 1e-8; Newton's steps in numpy give 0.4768209785589528 and -0.09640095067145003.
    #[test]
    fn platt_scaling_is_that_of_scikit_learn() {
        let labels = booleans(&[0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1]);
        let logits = array![-3.0, -2.5, -2.0, -1.5, -1.5, -1.0, -0.5, 0.0, 0.25, 1.0, 1.5, 3.0];
        let platt = PlattScaling::fit(&labels, &logits).unwrap();
        assert_near([platt.slope, platt.intercept], &[0.476_820_978_558_952_8, -0.096_400_950_671_450_03], 1e-12);
        let got = platt.predict(&array![-4.0, 0.0, 2.0, 50.0]).unwrap();
        let expected = [0.118_816_577_580, 0.475_918_408_785, 0.702_083_899_048, 0.999_999_999_951];
        assert_near(got.iter().map(|&p| p.into()), &expected, 1e-7);
        // The unit of the logits does not matter, nor where their 0 is.
        let moved = PlattScaling::fit(&labels, &logits.mapv(|logit| 1e-3 * logit + 7.0)).unwrap();
        assert_near([1e-3 * moved.slope, moved.intercept + 7.0 * moved.slope], &[platt.slope, platt.intercept], 1e-9);
    }

    /// The same for logits that part the classes, where targets of 0 and 1 would have no end.
    #[test]
    fn platt_scaling_ends_where_the_classes_are_parted() {
        let (labels, logits) = (booleans(&[0, 0, 0, 0, 1, 1]), array![-30.0f32, -20.0, -10.0, -5.0, 40.0, 100.0]);
        let platt = PlattScaling::fit(&labels, &logits).unwrap();
        assert_near([platt.slope, platt.intercept], &[0.026_811_410, -0.976_083_441], 1e-6);
        let same = PlattScaling::fit(&labels, &Array1::from_elem(6, 2.5)).unwrap();
        let share = (4.0 / 6.0 + 2.0 * 3.0 / 4.0) / 6.0; // the mean of the targets
        assert_near(same.predict(&array![2.5f32]).unwrap().iter().map(|&p| p.into()), &[share], 1e-6);
    }

    /// Logits that were doubled and moved by 2. Over 60 draws numpy's answers have the standard deviations 0.007 and 0.027.
    #[test]
    fn platt_scaling_finds_what_was_done_to_the_logits() {
        let mut rng = generator(1, Purpose::Sampling, 7);
        let honest: Vec<f64> = (0..100_000).map(|_| normal_pair(&mut rng).0 * 1.5 - 4.0).collect();
        let labels = honest.iter().map(|&logit| uniform(&mut rng) < sigmoid(logit)).collect();
        let platt = PlattScaling::fit(&labels, &honest.iter().map(|logit| 2.0 * logit + 2.0).collect()).unwrap();
        assert_near([platt.slope], &[0.5], 4.0 * 0.007);
        assert_near([platt.intercept], &[-1.0], 4.0 * 0.027);
    }

    /// By scikit-learn 1.9.1: `IsotonicRegression(out_of_bounds="clip").fit(scores, labels)`.
    #[test]
    fn isotonic_regression_is_that_of_scikit_learn() {
        let labels = booleans(&[0, 1, 0, 0, 1, 0, 0, 1, 1, 1, 0, 1]);
        let scores = array![0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.5, 0.5, 0.6, 0.8, 0.8, 0.9];
        let isotonic = IsotonicRegression::fit(&labels, &scores).unwrap();
        assert_eq!(isotonic.thresholds(), [0.1, 0.2, 0.4, 0.5, 0.6, 0.8, 0.9]);
        let two_thirds = 2.0 / 3.0;
        assert_eq!(isotonic.values(), [0.0, 0.4, 0.4, 0.5, two_thirds, two_thirds, 1.0]);
        let got = isotonic.predict(&array![0.0, 0.1, 0.15, 0.25, 0.45, 0.55, 0.7, 0.85, 0.95]).unwrap();
        let expected = [0.0, 0.0, 0.2, 0.4, 0.45, 0.583_333_333, two_thirds, 0.833_333_333, 1.0];
        assert_near(got.iter().map(|&p| p.into()), &expected, 1e-7);

        let scores = array![
            0.08, 0.48, 0.01, 0.38, 0.35, 0.0, 0.01, 0.76, 0.21, 0.0, 0.07, 0.32, 0.26, 0.44, 0.52, 0.59, 0.9, 0.95,
            0.19, 0.0, 0.29, 0.81, 0.05, 0.02, 0.67, 0.41, 0.24, 0.85, 0.04, 0.17, 0.11, 0.09, 0.03, 1.0, 0.02, 0.13,
            0.55, 0.72, 0.15, 0.63
        ];
        let positives = [1, 4, 13, 15, 16, 17, 20, 24, 27, 33, 37, 38, 39];
        let labels = (0..40).map(|row| positives.contains(&row)).collect();
        let isotonic = IsotonicRegression::fit(&labels, &scores).unwrap();
        assert_eq!(isotonic.thresholds(), [0.0, 0.13, 0.15, 0.26, 0.29, 0.41, 0.44, 0.55, 0.59, 0.81, 0.85, 1.0]);
        let sixth = 1.0 / 6.0;
        let expected = [0.0, 0.0, sixth, sixth, 0.4, 0.4, 0.5, 0.5, two_thirds, two_thirds, 1.0, 1.0];
        assert_near(isotonic.values().iter().copied(), &expected, 1e-15);
    }

    #[test]
    fn a_ranking_upside_down_is_one_pool() {
        let isotonic =
            IsotonicRegression::fit(&array![true, true, false, false], &array![1.0f32, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!((isotonic.thresholds(), isotonic.values()), (&[1.0, 4.0][..], &[0.5, 0.5][..]));
        let same = IsotonicRegression::fit(&array![true, false], &array![3.0f32, 3.0]).unwrap();
        assert_eq!(same.predict(&array![2.0, 3.0, 4.0]).unwrap(), array![0.5, 0.5, 0.5]);
    }

    #[test]
    fn what_can_not_be_learnt_from_is_refused_by_name() {
        let both = array![true, false];
        let refused = |labels: &Array1<bool>, scores: &Array1<f64>, words: &str| {
            for message in [
                PlattScaling::fit(labels, scores).unwrap_err().to_string(),
                IsotonicRegression::fit(labels, scores).unwrap_err().to_string(),
            ] {
                assert!(message.contains(words), "{message}");
            }
        };
        refused(&both, &array![1.0], "2 labels, but 1 scores");
        refused(&both, &array![1.0, f64::NAN], "row 1 is NaN");
        refused(&both, &array![f64::INFINITY, 1.0], "row 0 is inf");
        refused(&array![true, true], &array![1.0, 2.0], "of 2 labels 2 are positive");
        refused(&array![false, false], &array![1.0, 2.0], "of 2 labels 0 are positive");
        refused(&array![], &array![], "needs both classes");
        let platt = PlattScaling { slope: 1.0, intercept: 0.0 };
        assert!(platt.predict(&array![f32::NAN]).unwrap_err().to_string().contains("row 0 is NaN"));
        let isotonic = IsotonicRegression::fit(&both, &array![1.0, 0.0]).unwrap();
        assert!(isotonic.predict(&array![0.0, f64::NAN]).unwrap_err().to_string().contains("row 1 is NaN"));
    }

    #[test]
    fn no_example_teaches_its_own_answer() {
        let labels = Array1::from_shape_fn(60, |row| row % 6 == 0);
        let scores = Array1::from_shape_fn(60, |row| (row % 7) as f64 + f64::from(u8::from(row % 6 == 0)));
        let answers = PlattScaling::cross_fit(&labels, &scores, 5, 1).unwrap();
        let isotonic = IsotonicRegression::cross_fit(&labels, &scores, 5, 1).unwrap();
        // Another label of row 12 changes the answers to rows of other parts, not to itself.
        let mut others = labels.clone();
        (others[12], others[13]) = (false, true); // as many positives
        assert_ne!(PlattScaling::cross_fit(&others, &scores, 5, 1).unwrap(), answers);
        assert!(answers.iter().chain(&isotonic).all(|p| (0.0..=1.0).contains(p)));
        let all = PlattScaling::fit(&labels, &scores).unwrap().predict(&scores).unwrap();
        assert!((0..60).any(|row| answers[row] != all[row]));
        assert!(PlattScaling::cross_fit(&labels, &scores, 11, 1).unwrap_err().to_string().contains("at most 10"));
    }
}
