//! Draws transactions from a model that was fitted to the real data set (see data/README.md).
//!
//! A row starts as 30 correlated normal numbers (a mixture of Gaussians for each class), which
//! monotone tables map to values. The model file holds the parameters of both steps and no row of
//! the real data.

use std::sync::LazyLock;

use ndarray::Array1;
use polars::prelude::{Column, DataFrame};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{CLASS, columns};
use learn::math::sum;
use learn::random::{Purpose, generator, normal_pair, uniform};

/// Time, V1 … V28 and Amount.
const VARIABLES: usize = 30;
const TIME: usize = 0;
const AMOUNT: usize = 29;
/// Rows that share a stream of the generator, so that threads can draw blocks independently.
const BLOCK: usize = 4096;
/// The genuine components deep among the frauds. Each has the weight of 4 of the 26,442 rows that
/// the model was fitted to.
const DEEP: [usize; 2] = [44, 45];

type Row = [f64; VARIABLES];

static MODEL: LazyLock<Value> = LazyLock::new(|| {
    // The file is part of the crate, and a test reads it: it can't be wrong at run time.
    serde_json::from_str(include_str!("../../../data/creditcard-model.json")).expect("the model file is valid")
});

/// The part of the model file below these keys.
fn part<T: DeserializeOwned>(keys: &str) -> T {
    MODEL.pointer(keys).and_then(|part| T::deserialize(part).ok()).expect("the model file has this part")
}

#[derive(Deserialize)]
struct Class {
    components: Vec<Component>,
    table: Tables,
}

#[derive(Deserialize)]
struct Component {
    weight: f64,
    mean: Row,
    /// The lower triangle of the Cholesky factor, row by row.
    chol: Vec<f64>,
}

/// Maps from normal scores to values: knots `z`, and for V1 … V28 a list `v` of values at them.
#[derive(Deserialize)]
struct Tables {
    z: Vec<f64>,
    v: Vec<Vec<f64>>,
    time: Knots,
    amount: Knots,
}

#[derive(Deserialize)]
struct Knots {
    z: Vec<f64>,
    x: Vec<f64>,
}

/// Amounts from `from` euro on end in `cents[i]` with probability `prob[i]`.
#[derive(Deserialize)]
struct Cents {
    from: f64,
    cents: Vec<f64>,
    prob: Vec<f64>,
}

/// The synthetic set: 284,807 transactions, 492 of them frauds, with the columns of the real one,
/// sorted by `Time`. The seed decides every row.
///
/// ```
/// use support::data;
///
/// let frame = data::synthetic(data::SYNTHETIC_SEED);
/// assert_eq!(data::class_counts(&frame, data::CLASS)?, (284_315, 492));
/// # Ok::<(), support::SupportError>(())
/// ```
pub fn synthetic(seed: u64) -> DataFrame {
    draw(seed, false).0
}

/// The set, and which of its rows are genuine ones deep among the frauds. `anew` has these drawn
/// from the other components, each at the time of the one that it replaces, so that all rows keep
/// their places.
pub(super) fn draw(seed: u64, anew: bool) -> (DataFrame, Array1<bool>) {
    let (count, frauds): (usize, usize) = (part("/counts/rows"), part("/counts/fraud"));
    let (normal, fraud, hidden): (Class, Class, Class) = (part("/normal"), part("/fraud"), hidden());
    let (share, cents): (f64, Vec<Cents>) = (part("/fraud/as_normal/share"), part("/cents"));
    let first_fraud = count - frauds;
    let mut rows = vec![(0, [0.0; VARIABLES]); count];
    let (genuine, fraudulent) = rows.split_at_mut(first_fraud);
    fill(genuine, seed, 0, |rng| normal.row(&cents, rng));
    fill(fraudulent, seed, 1, |rng| if uniform(rng) < share { &hidden } else { &fraud }.row(&cents, rng));
    if anew {
        let (mut others, mut rng) = (normal, generator(seed, Purpose::Synthetic, 2 << 32));
        DEEP.into_iter().for_each(|component| others.components[component].weight = 0.0);
        for (_, values) in genuine.iter_mut().filter(|(component, _)| DEEP.contains(component)) {
            values[TIME + 1..].copy_from_slice(&others.row(&cents, &mut rng).1[TIME + 1..]);
        }
    }

    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| rows[a].1[TIME].total_cmp(&rows[b].1[TIME]));
    rows.iter_mut().for_each(|(_, values)| values[TIME] = values[TIME].floor());
    let labels: Vec<i64> = order.iter().map(|&row| i64::from(row >= first_fraud)).collect();
    let table = columns().into_par_iter().enumerate().map(|(place, name)| match place {
        VARIABLES => Column::new(name.into(), &labels),
        _ => Column::new(name.into(), order.iter().map(|&row| rows[row].1[place]).collect::<Vec<f64>>()),
    });
    let frame = DataFrame::new(count, table.collect()).expect("the columns have one length and different names");
    (frame, order.iter().map(|&row| row < first_fraud && DEEP.contains(&rows[row].0)).collect())
}

/// What the frauds that look genuine are drawn from: the genuine components, by other weights and
/// moved, with amounts of their own.
fn hidden() -> Class {
    let mut class: Class = part("/normal");
    let (weights, shift): (Vec<f64>, Row) = (part("/fraud/as_normal/weights"), part("/fraud/as_normal/shift"));
    for (component, weight) in class.components.iter_mut().zip(weights) {
        component.weight = weight;
        component.mean.iter_mut().zip(shift).for_each(|(mean, shift)| *mean += shift);
    }
    class.table.amount = part("/fraud/as_normal/amount");
    class
}

/// Draws the rows of one class; `call` separates the random numbers of the two.
fn fill<T: Send>(rows: &mut [T], seed: u64, call: u64, row: impl Fn(&mut ChaCha8Rng) -> T + Sync) {
    rows.par_chunks_mut(BLOCK).enumerate().for_each(|(block, rows)| {
        let mut rng = generator(seed, Purpose::Synthetic, (call << 32) | block as u64);
        rows.fill_with(|| row(&mut rng));
    });
}

impl Class {
    /// A row, and the number of the component that it comes from.
    fn row(&self, cents: &[Cents], rng: &mut ChaCha8Rng) -> (usize, Row) {
        let weights = || self.components.iter().map(|component| component.weight);
        let chosen = choose(uniform(rng) * sum(weights()), weights()).unwrap_or(self.components.len() - 1);
        let (scores, tables) = (self.components[chosen].scores(rng), &self.table);
        let values = std::array::from_fn(|place| match place {
            TIME => interpolate(scores[TIME], &tables.time.z, &tables.time.x),
            AMOUNT => amount(scores[AMOUNT], &tables.amount, cents, uniform(rng)),
            place => interpolate(scores[place], &tables.z, &tables.v[place - 1]),
        });
        (chosen, values)
    }
}

impl Component {
    /// 30 correlated normal scores: mean + L · e.
    fn scores(&self, rng: &mut ChaCha8Rng) -> Row {
        let mut noise = [0.0; VARIABLES];
        for pair in noise.chunks_exact_mut(2) {
            (pair[0], pair[1]) = normal_pair(rng);
        }
        let mut start = 0;
        std::array::from_fn(|place| {
            let factors = &self.chol[start..=start + place];
            start += place + 1;
            self.mean[place] + sum(factors.iter().zip(&noise).map(|(factor, noise)| factor * noise))
        })
    }
}

/// The place at which the running sum of `weights` exceeds `target`, if it does.
fn choose(target: f64, weights: impl Iterator<Item = f64>) -> Option<usize> {
    let mut sum = 0.0;
    weights.into_iter().position(|weight| {
        sum += weight;
        target < sum
    })
}

/// The last knot at or below `z`, with one after it.
fn interval(z: f64, knots: &[f64]) -> usize {
    knots.partition_point(|&knot| knot <= z).clamp(1, knots.len() - 1) - 1
}

/// Linear between the knots, constant beyond both ends.
fn interpolate(z: f64, knots: &[f64], values: &[f64]) -> f64 {
    let i = interval(z, knots);
    let share = ((z - knots[i]) / (knots[i + 1] - knots[i])).clamp(0.0, 1.0);
    values[i] + share * (values[i + 1] - values[i])
}

/// An amount in euro. Where two neighbouring knots agree it is a price point; else some cents are
/// likelier than others.
fn amount(z: f64, knots: &Knots, cents: &[Cents], chance: f64) -> f64 {
    let i = interval(z, &knots.z);
    let euro = interpolate(z, &knots.z, &knots.x);
    let band = cents.iter().rev().find(|band| band.from <= euro).filter(|_| knots.x[i] != knots.x[i + 1]);
    let likely = band.and_then(|band| choose(chance, band.prob.iter().copied()).map(|place| band.cents[place]));
    let euro = likely.map_or(euro, |cents| euro.floor() + cents / 100.0);
    (euro * 100.0).round_ties_even() / 100.0
}

#[cfg(test)]
mod tests {
    use super::super::{SYNTHETIC_SEED, class_counts, numbers, summary};
    use super::*;

    #[test]
    fn counts_and_columns_are_those_of_the_real_set() {
        let frame = synthetic(SYNTHETIC_SEED);
        assert_eq!(frame.height(), 284_807);
        assert_eq!(class_counts(&frame, CLASS).unwrap(), (284_315, 492));
        assert!(frame.get_column_names().iter().map(|name| name.as_str()).eq(columns().iter().map(String::as_str)));
    }

    /// The ranges hold for every seed; data/README.md lists the values of the real set.
    #[test]
    fn distributions_are_near_those_of_the_real_set() {
        for seed in [SYNTHETIC_SEED, 1] {
            let frame = synthetic(seed);
            let near = |name: &str, expected: [f64; 5], tolerances: [f64; 5]| {
                let s = summary(&frame, name).unwrap();
                let got = [s.mean, s.std, s.lower_quartile, s.median, s.upper_quartile];
                for ((got, expected), tolerance) in got.into_iter().zip(expected).zip(tolerances) {
                    let distance = (got - expected).abs() / expected.abs().max(1.0);
                    assert!(distance <= tolerance, "{name}: {got}, expected {expected}");
                }
            };
            // A few very large amounts make most of the deviation, so it scatters more than the
            // rest.
            near("Amount", [88.7, 262.0, 5.4, 22.0, 76.7], [0.03, 0.15, 0.06, 0.06, 0.06]);
            near("V1", [0.0, 1.96, -0.91, 0.03, 1.33], [0.03; 5]);
            let time = summary(&frame, "Time").unwrap();
            assert!(time.min >= 0.0 && time.max <= 172_792.0 && (time.median - 85_025.0).abs() < 2_000.0);
            let free = numbers(&frame, "Amount").unwrap().into_iter().filter(|&euro| euro == 0.0).count();
            assert!((1_700..2_100).contains(&free), "{free} amounts of zero");
        }
    }

    /// The frauds that `as_normal` draws: without it 0 of 492 are so.
    #[test]
    fn some_frauds_look_genuine() {
        for seed in [SYNTHETIC_SEED, 1] {
            let frame = synthetic(seed);
            let key = ["V10", "V12", "V14", "V17", CLASS].map(|name| numbers(&frame, name).unwrap());
            let looks_genuine = |&row: &usize| key[4][row] == 1.0 && key[..4].iter().all(|values| values[row] > -1.5);
            let alike = (0..frame.height()).filter(looks_genuine).count();
            println!("{alike}");
            assert!((45..95).contains(&alike), "{alike} of 492 frauds look genuine");
        }
    }

    #[test]
    fn the_seed_decides_every_row() {
        assert!(synthetic(5).equals(&synthetic(5)));
        assert!(!synthetic(5).equals(&synthetic(6)));
    }

    #[test]
    fn interpolation_is_constant_beyond_the_ends() {
        let (z, x) = ([-1.0, 0.0, 2.0], [10.0, 20.0, 40.0]);
        let got = [-5.0, -1.0, -0.5, 0.0, 1.0, 2.0, 9.0].map(|score| interpolate(score, &z, &x));
        assert_eq!(got, [10.0, 10.0, 15.0, 20.0, 30.0, 40.0, 40.0]);
    }
}
