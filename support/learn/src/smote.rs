//! Positives that nobody has seen, drawn between those that are there.

use ndarray::{Array1, Array2, ArrayView1, Axis};
use rand::Rng;

use crate::error::{Result, ensure};
use crate::examples::Examples;
use crate::math::sum;
use crate::random::{Purpose, generator, uniform};

/// The examples, and after them as many new positives as make both classes equal: each lies at a random place on the straight line
/// from a random positive to one of its `k` nearest positives (Chawla et al., "SMOTE: synthetic minority over-sampling technique",
/// 2002). As imbalanced-learn's `SMOTE(k_neighbors=k)`, whose default for `k` is 5.
///
/// Nearest is by the distance of the features as they are, so scale them first. Every positive is compared with every other.
/// Only training sets are for this: a model is judged by examples that are real.
///
/// ```
/// use learn::{examples::Examples, smote::smote};
/// use ndarray::array;
///
/// let features = array![[0.0, 0.0], [1.0, 2.0], [3.0, 1.0], [8.0, 8.0], [9.0, 9.0]];
/// let train = Examples::new(features, array![false, false, false, true, true])?;
/// let balanced = smote(&train, 1, 42)?;
/// assert_eq!(balanced.class_counts(), (3, 3));
/// let new = balanced.features.row(5);
/// assert!(new[0] == new[1] && (8.0..=9.0).contains(&new[0])); // between the two positives
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When `k` is 0 or there are not more than `k` positives, when there are more positives than negatives, or the examples have
/// sample weights: nobody knows that of a new one.
pub fn smote(examples: &Examples, k: usize, seed: u64) -> Result<Examples> {
    let (_, positives) = examples.by_class();
    let (negative_count, positive_count) = examples.class_counts();
    ensure!(
        (1..positive_count).contains(&k),
        "smote: {positive_count} positives have no {k} neighbours: k is at least 1 and below their number"
    );
    ensure!(
        positive_count <= negative_count,
        "smote: {positive_count} positives are already more than {negative_count} negatives"
    );
    ensure!(examples.weights.is_none(), "smote: the examples have sample weights, but a new one has none");
    let neighbours = nearest(&positives.features, k);
    let mut rng = generator(seed, Purpose::Smote, 0);
    let mut features = Array2::zeros((negative_count - positive_count, examples.features.ncols()));
    for mut new in features.rows_mut() {
        let from = rng.gen_range(0..positive_count as u64) as usize;
        let to = neighbours[from][rng.gen_range(0..k as u64) as usize];
        let share = uniform(&mut rng);
        let ends = positives.features.row(from).into_iter().zip(positives.features.row(to));
        for (place, (&from, &to)) in new.iter_mut().zip(ends) {
            *place = (f64::from(from) + share * (f64::from(to) - f64::from(from))) as f32;
        }
    }
    let labels = Array1::from_elem(features.nrows(), true);
    examples.concat(&Examples { features, labels, weights: None, names: examples.names.clone() })
}

/// For each row the numbers of the `k` others that are nearest, the nearest first; of equals the first.
fn nearest(features: &Array2<f32>, k: usize) -> Vec<Vec<usize>> {
    let distance = |one: ArrayView1<f32>, other: ArrayView1<f32>| {
        sum(one.iter().zip(other).map(|(&a, &b)| (f64::from(a) - f64::from(b)) * (f64::from(a) - f64::from(b))))
    };
    let of_row = |(row, values): (usize, ArrayView1<f32>)| {
        let all = features.axis_iter(Axis(0)).map(|other| distance(values, other)).enumerate();
        let mut others: Vec<(usize, f64)> = all.filter(|other| other.0 != row).collect();
        let nearer = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
        if k < others.len() {
            others.select_nth_unstable_by(k, nearer);
            others.truncate(k);
        }
        others.sort_unstable_by(nearer);
        others.into_iter().map(|other| other.0).collect()
    };
    features.axis_iter(Axis(0)).enumerate().map(of_row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    const POSITIVES: [[f32; 2]; 6] = [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [3.0, 3.0], [4.0, 3.0], [10.0, 10.0]];

    /// Two thousand negatives around (50, 50), and the positives.
    fn examples() -> Examples {
        let features = Array2::from_shape_fn((2006, 2), |(row, column)| match row.checked_sub(2000) {
            Some(positive) => POSITIVES[positive][column],
            None => 49.0 + (row % 45) as f32 / 20.0,
        });
        Examples::new(features, Array1::from_shape_fn(2006, |row| row >= 2000)).unwrap()
    }

    /// By scikit-learn 1.9.1: `NearestNeighbors(n_neighbors=3).fit(positives).kneighbors()`.
    #[test]
    fn neighbours_are_those_of_scikit_learn() {
        let expected = [[1, 2, 3], [0, 2, 3], [0, 1, 3], [4, 2, 1], [3, 2, 1], [4, 3, 2]];
        assert_eq!(nearest(&Array2::from(POSITIVES.to_vec()), 3), expected);
        assert_eq!(nearest(&array![[1.0], [1.0], [1.0]], 2), [[1, 2], [0, 2], [0, 1]]);
    }

    #[test]
    fn new_positives_lie_between_neighbours() {
        let (before, k) = (examples(), 2);
        let after = smote(&before, k, 1).unwrap();
        assert_eq!(after.class_counts(), (2000, 2000));
        assert_eq!(after.select(&(0..2006).collect::<Vec<_>>()), before);
        let neighbours = nearest(&Array2::from(POSITIVES.to_vec()), k);
        let mut lines = [[0; 6]; 6];
        for new in after.features.rows().into_iter().skip(2006) {
            // The place on a line from its ends: where the sum of the distances is the line's length.
            let distance = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
            let on = |from: usize, to: usize| {
                let (from, to, at) = (POSITIVES[from], POSITIVES[to], [new[0], new[1]]);
                distance(from, at) + distance(at, to) - distance(from, to) < 1e-5
            };
            let ends = (0..6).flat_map(|from| neighbours[from].iter().map(move |&to| (from, to)));
            let (from, to) = ends.clone().find(|&(from, to)| on(from, to)).expect("on a line between neighbours");
            lines[from][to] += 1;
        }
        // Each of six positives with each of two neighbours: a twelfth of 1,994, with 95 % within ± 25; lines that have two
        // directions are found by the first.
        assert!(lines.as_flattened().iter().all(|&count| count == 0 || (120..380).contains(&count)), "{lines:?}");
    }

    /// By imbalanced-learn 0.14.2 over 50 seeds: `SMOTE(k_neighbors=2)` gives new positives whose features have the means
    /// 2.158 and 2.324 (± 0.064 and 0.056 from seed to seed) and the deviations 2.518 and 2.295 (± 0.05).
    #[test]
    fn new_positives_are_spread_as_those_of_imbalanced_learn() {
        let all = smote(&examples(), 2, 7).unwrap().features.mapv(f64::from);
        let new = all.slice(ndarray::s![2006.., ..]);
        let (means, deviations) = (new.mean_axis(Axis(0)).unwrap(), new.std_axis(Axis(0), 0.0));
        assert!((means[0] - 2.158).abs() < 0.2 && (means[1] - 2.324).abs() < 0.2, "{means}");
        assert!((deviations[0] - 2.518).abs() < 0.15 && (deviations[1] - 2.295).abs() < 0.15, "{deviations}");
    }

    #[test]
    fn the_seed_decides() {
        let with = |seed| smote(&examples(), 5, seed).unwrap();
        assert_eq!(with(1), with(1));
        assert_ne!(with(1), with(2));
        let equal = with(1);
        assert_eq!(smote(&equal, 5, 1).unwrap(), equal);
    }

    #[test]
    fn what_can_not_be_balanced_is_refused() {
        let message = |examples: &Examples, k| smote(examples, k, 1).unwrap_err().to_string();
        let examples = examples();
        assert!(message(&examples, 0).contains("k is at least 1"));
        assert!(message(&examples, 6).contains("6 positives have no 6 neighbours"));
        let swapped = Examples { labels: examples.labels.mapv(|label| !label), ..examples.clone() };
        assert!(message(&swapped, 5).contains("more than 6 negatives"));
        let weighted = examples.with_weights(Array1::ones(2006)).unwrap();
        assert!(message(&weighted, 5).contains("sample weights"));
    }
}
