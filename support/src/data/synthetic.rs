//! Draws transactions from a model that was fitted to the real data set (see data/README.md).
//!
//! A row starts as 30 correlated normal numbers (a mixture of Gaussians for each class), which monotone tables map
//! to values. The model file holds the parameters of both steps and no row of the real data.

use std::sync::LazyLock;

use polars::prelude::{Column, DataFrame, SortOptions};
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

type Row = [f64; VARIABLES];

static MODEL: LazyLock<Value> = LazyLock::new(|| {
    // The file is part of the crate, and a test reads it: it can't be wrong at run time.
    serde_json::from_str(include_str!("../../../data/creditcard-model.json")).expect("the model file is valid")
});

/// The part of the model file below these keys.
fn part<T: DeserializeOwned>(keys: &str) -> T {
    MODEL.pointer(keys).and_then(|part| T::deserialize(part).ok()).expect("the model file has this part")
}

/// Amounts from `from` euro on end in `cents[i]` with probability `prob[i]`.
#[derive(Deserialize)]
struct Cents {
    from: f64,
    cents: Vec<f64>,
    prob: Vec<f64>,
}

#[derive(Deserialize)]
struct Component {
    weight: f64,
    mean: Vec<f64>,
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

/// The synthetic set: 284,807 transactions, 492 of them frauds, with the columns of the real one, sorted by `Time`.
/// The seed decides every row.
pub fn synthetic(seed: u64) -> DataFrame {
    let (rows, frauds): (usize, usize) = (part("/counts/rows"), part("/counts/fraud"));
    let mut drawn = draw("normal", rows - frauds, seed, 0);
    let mut drawn_frauds = draw("fraud", frauds, seed, 1);
    // Without rows that look like the other class the two would be too easy to tell apart.
    disguise(&mut drawn, &draw("fraud", part("/overlap/lookalike"), seed, 2));
    disguise(&mut drawn_frauds, &draw("normal", part("/overlap/stealth"), seed, 3));

    drawn.append(&mut drawn_frauds);
    let values = |place: usize| drawn.iter().map(|row| row[place]).collect::<Vec<f64>>();
    let order = Column::new("".into(), values(TIME)).arg_sort(SortOptions::default().with_maintain_order(true));
    let labels: Vec<i64> = (0..rows).map(|row| i64::from(row >= rows - frauds)).collect();
    let table = columns().into_par_iter().enumerate().map(|(place, name)| match place {
        TIME => Column::new(name.into(), values(TIME).into_iter().map(f64::floor).collect::<Vec<f64>>()),
        VARIABLES => Column::new(CLASS.into(), &labels),
        _ => Column::new(name.into(), values(place)),
    });
    let frame = DataFrame::new(rows, table.collect()).and_then(|frame| frame.take(&order));
    frame.expect("the columns have one length and different names")
}

/// Gives the last rows the key features of rows drawn from the other class.
fn disguise(rows: &mut [Row], others: &[Row]) {
    let features: Vec<String> = part("/overlap/features");
    let first = rows.len() - others.len();
    for (place, _) in columns().iter().enumerate().filter(|(_, name)| features.contains(name)) {
        rows[first..].iter_mut().zip(others).for_each(|(row, other)| row[place] = other[place]);
    }
}

/// Draws `count` rows of the class that the model file calls so; `call` separates the random numbers of the four calls.
fn draw(class: &str, count: usize, seed: u64, call: u64) -> Vec<Row> {
    let components: Vec<Component> = part(&format!("/{class}/components"));
    let tables: Tables = part(&format!("/{class}/table"));
    let cents: Vec<Cents> = part("/cents");
    let mut rows = vec![[0.0; VARIABLES]; count];
    rows.par_chunks_mut(BLOCK).enumerate().for_each(|(block, rows)| {
        let mut rng = generator(seed, Purpose::Synthetic, (call << 32) | block as u64);
        for row in rows {
            let scores = scores(&components, &mut rng);
            *row = tables.values(&scores, &cents, &mut rng);
        }
    });
    rows
}

/// 30 correlated normal scores: a component is chosen, then mean + L · e.
fn scores(components: &[Component], rng: &mut ChaCha8Rng) -> Row {
    let weights = || components.iter().map(|component| component.weight);
    let chosen = choose(uniform(rng) * sum(weights()), weights());
    let component = &components[chosen.unwrap_or(components.len() - 1)];
    let mut noise = [0.0; VARIABLES];
    for pair in noise.chunks_exact_mut(2) {
        (pair[0], pair[1]) = normal_pair(rng);
    }
    let mut start = 0;
    std::array::from_fn(|place| {
        let factors = &component.chol[start..=start + place];
        start += place + 1;
        component.mean[place] + sum(factors.iter().zip(&noise).map(|(factor, noise)| factor * noise))
    })
}

impl Tables {
    fn values(&self, scores: &Row, cents: &[Cents], rng: &mut ChaCha8Rng) -> Row {
        std::array::from_fn(|place| match place {
            TIME => interpolate(scores[TIME], &self.time.z, &self.time.x),
            AMOUNT => amount(scores[AMOUNT], &self.amount, cents, uniform(rng)),
            place => interpolate(scores[place], &self.z, &self.v[place - 1]),
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

/// An amount in euro. Where two neighbouring knots agree it is a price point; else some cents are likelier than others.
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
    use super::super::{SYNTHETIC_SEED, class_counts, summary};
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
            // A few very large amounts make most of the deviation, so it scatters more than the rest.
            near("Amount", [88.0, 259.0, 5.5, 21.5, 76.7], [0.03, 0.15, 0.06, 0.06, 0.06]);
            near("V1", [0.0, 1.97, -0.92, 0.02, 1.32], [0.03; 5]);
            let time = summary(&frame, "Time").unwrap();
            assert!(time.min >= 0.0 && time.max <= 172_792.0 && (time.median - 84_468.0).abs() < 2_000.0);
            let free =
                frame.column("Amount").unwrap().f64().unwrap().iter().flatten().filter(|&euro| euro == 0.0).count();
            assert!((1_500..2_200).contains(&free), "{free} amounts of zero");
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
