//! Draws every kind of figure from invented data into a folder: `cargo run -p plot --example figures -- FOLDER`.

use std::error::Error;
use std::path::{Path, PathBuf};

use learn::bootstrap::Interval;
use learn::calibration::{Calibration, multiply_odds};
use learn::cost::Costs;
use learn::curves::{ThresholdCounts, precision_recall_curve, roc_curve};
use learn::examples::Examples;
use learn::history::History;
use learn::metrics::{ConfusionMatrix, Metric, Metrics, confusion_matrix};
use learn::random::{Purpose, generator, normal_pair};
use ndarray::{Array1, Array2};
use plot::{Figure, dashed, negatives, positives, solid};

const SEED: u64 = 1;
/// The training set and the validation set: (negatives, positives).
const TRAIN: (usize, usize) = (181_955, 321);
const VAL: (usize, usize) = (45_487, 82);

fn main() -> Result<(), Box<dyn Error>> {
    let folder =
        PathBuf::from(std::env::args().nth(1).ok_or("which folder? cargo run -p plot --example figures -- FOLDER")?);
    std::fs::create_dir_all(&folder)?;
    let mut rng = generator(SEED, Purpose::Sampling, 0);
    let rng = &mut move || normal_pair(&mut rng).0 as f32;

    save(&folder, "imbalance", plot::imbalance(284_315, 492)?)?;
    save(&folder, "joint", plot::joint(&features(rng)?, "V5", "V6")?)?;
    let mut counts = |mean: f32, spread: f32| -> Vec<usize> {
        (0..500).map(|_| (mean + spread * rng()).max(0.0).round() as usize).collect()
    };
    let batches = [("as they come", counts(3.6, 1.9)), ("half and half", counts(1024.0, 22.0))];
    save(&folder, "positives_per_batch", plot::positives_per_batch(&batches)?)?;

    let (zero, careful) = (training(rng, 20, 0.4, None), training(rng, 20, 0.012, None));
    save(&folder, "loss", plot::loss(&[("zero bias", &zero), ("careful bias", &careful)])?)?;
    let (baseline, weighted) = (training(rng, 54, 0.012, Some(43)), training(rng, 13, 0.4, Some(2)));
    save(&folder, "history", plot::history(&baseline)?)?;
    let runs = [("baseline", &baseline), ("weighted", &weighted)];
    save(&folder, "histories", plot::histories(&runs)?)?;
    let rates = [Metric::Precision, Metric::Recall, Metric::CrossEntropy];
    save(&folder, "histories_of", plot::histories_of(&runs, &rates)?)?;
    save(&folder, "history_one_epoch", plot::history(&training(rng, 1, 0.3, None))?)?;

    let names = ["baseline", "weighted", "oversampled"];
    let models = [2.5, 2.2, 2.3].map(|shift| scores(rng, VAL, shift));
    let (labels, baseline) = &models[0];
    let matrices: Vec<ConfusionMatrix> =
        [0.5, 0.1, 0.01].iter().map(|&at| confusion_matrix(labels, baseline, at)).collect::<Result<_, _>>()?;
    save(&folder, "confusion_matrix", plot::confusion_matrix(&matrices[0], "Validation set at threshold 0.5")?)?;
    let panels = [("Threshold 0.5", &matrices[0]), ("Threshold 0.1", &matrices[1]), ("Threshold 0.01", &matrices[2])];
    save(&folder, "confusion_matrices", plot::confusion_matrices(&panels)?)?;

    let rocs: Vec<_> = models.iter().map(|(labels, p)| roc_curve(labels, p)).collect::<Result<_, _>>()?;
    let steps: Vec<_> = models.iter().map(|(labels, p)| precision_recall_curve(labels, p)).collect::<Result<_, _>>()?;
    let roc: Vec<_> = (0..3).map(|i| (names[i], &rocs[i], solid(i))).collect();
    let prc: Vec<_> = (0..3).map(|i| (names[i], &steps[i], solid(i))).collect();
    save(&folder, "roc", plot::roc(&roc)?)?;
    save(&folder, "precision_recall", plot::precision_recall(&prc)?)?;
    save(&folder, "precision_recall_at", plot::precision_recall_at(&prc[..1], &[0.5, 0.1, 0.01])?)?;
    let poor = scores(rng, (400, 100), 0.1);
    save(&folder, "roc_poor", plot::roc(&[("Poor model", &roc_curve(&poor.0, &poor.1)?, dashed(3))])?)?;

    let factor = f64::from(TRAIN.0 as u32) / f64::from(TRAIN.1 as u32);
    let high = multiply_odds(&models[1].1, factor)?;
    save(&folder, "keras_thresholds", plot::keras_thresholds(labels, &[("baseline", baseline), ("weighted", &high)])?)?;
    save(&folder, "histograms", plot::histograms(labels, &[("baseline", baseline), ("weighted", &high)])?)?;
    let answered = Array1::from_shape_fn(6000, |row| row % 7 == 0);
    let plain = answered.mapv(|label| (0.145 + 0.008 * rng() + if label { 0.005 } else { 0.0 }).clamp(0.01, 0.9));
    let shifted = multiply_odds(&plain, 6.0)?;
    let signal = [("without weights", &plain), ("with weights", &shifted)];
    save(&folder, "histograms_narrow", plot::histograms(&answered, &signal)?)?;
    let logit = |p: f32| f64::from(p / (1.0 - p)).ln();
    let points = plain.iter().map(|&p| (logit(p), logit(p) + 6f64.ln() + 0.1 * f64::from(rng()))).collect();
    let line = [-2.5, -1.0].map(|x| (x, x + 6f64.ln())).to_vec();
    let (points, line) = ([("trained with weights", points, negatives())], [("shifted", line, solid(0))]);
    save(&folder, "scatter", plot::scatter("logit without weights", "logit with weights", &points, &line)?)?;
    let mut cloud = |center: f64, count| -> Vec<(f64, f64)> {
        (0..count).map(|_| (center + f64::from(rng()), center / 2.0 + f64::from(rng()))).collect()
    };
    let outcomes = [
        ("let through", cloud(0.0, 2000), negatives()),
        ("found", cloud(-5.0, 60), positives()),
        ("missed", cloud(-2.0, 20), solid(0)),
        ("false alarms", cloud(-4.0, 12), solid(5)),
    ];
    save(&folder, "scatter_outcomes", plot::scatter("V14", "V17", &outcomes, &[])?)?;

    let bins: Vec<_> = [baseline, &high, &models[2].1]
        .iter()
        .map(|p| Calibration::by_positives(labels, p, 5))
        .collect::<Result<_, _>>()?;
    let reliability: Vec<_> = (0..3).map(|i| (names[i], &bins[i], solid(i))).collect();
    save(&folder, "calibration_logit", plot::calibration_logit(&reliability)?)?;

    let costs = Costs { false_alarm: 5.0, missed: 130.0 };
    let curve = costs.curve(labels, baseline)?;
    let dots = [("0.5", 0.5), ("the rule", costs.threshold()?), ("the minimum", curve.best().0)];
    let label = "cost on the validation set in euro";
    let chosen: Vec<f64> = (0..100).map(|_| f64::from((-3.0 + 0.5 * rng()).exp())).collect();
    save(&folder, "cost_curve", plot::cost_curve(label, &curve, &dots, &chosen)?)?;
    save(&folder, "cost_curve_weighted", plot::cost_curve(label, &costs.curve(labels, &high)?, &dots[..2], &[])?)?;
    let ranks: Vec<_> = models.iter().map(|(labels, p)| ThresholdCounts::new(labels, p)).collect::<Result<_, _>>()?;
    let rankings: Vec<_> = (0..3).map(|i| (names[i], &ranks[i], solid(i))).collect();
    save(&folder, "capacity", plot::capacity(&rankings, 0.32, 100.0)?)?;

    let mut runs = |center: f64| -> Vec<(usize, f64)> {
        let split = |i: usize| [0.0, -0.04, 0.03, 0.01][i / 2];
        (0..8).map(|i| (i / 2, center + split(i) + 0.012 * f64::from(rng()))).collect()
    };
    let groups = [("baseline", runs(0.78)), ("weighted", runs(0.74)), ("oversampled", runs(0.745))];
    save(&folder, "by_split", plot::by_split("average precision on validation", &groups)?)?;
    let mut reached = |count: usize, center: f64| [0; 3].map(|_| (count, center + 0.006 * f64::from(rng())));
    let curve = [(40, 0.755), (80, 0.765), (160, 0.772), (321, 0.782)].map(|(count, center)| reached(count, center));
    let others = [("weighted", reached(321, 0.74).to_vec()), ("64 units", reached(321, 0.8).to_vec())];
    let [weighted, larger] = others;
    let groups = [("baseline", curve.concat()), weighted, ("oversampled", reached(321, 0.742).to_vec()), larger];
    save(&folder, "learning_curve", plot::learning_curve("average precision on validation", &groups)?)?;
    let interval = |lower, upper| Interval { lower, upper, dropped: 0 };
    let saved = [
        ("the rule", 420.0, interval(-80.0, 900.0)),
        ("the minimum", 610.0, interval(50.0, 1200.0)),
        ("by amount", -150.0, interval(-600.0, 240.0)),
        ("oracle", 1900.0, interval(1900.0, 1900.0)),
    ];
    save(&folder, "intervals", plot::intervals("euro saved against 0.5, on the validation set", &saved)?)?;
    let prevalence = [(
        "precision",
        (1..100).map(|i| (0.001 * f64::from(i), f64::from(i) / (f64::from(i) + 3.0))).collect(),
        solid(0),
    )];
    save(&folder, "lines", plot::lines("share of positives", "precision", &prevalence)?)?;
    save(&folder, "lines_log_x", plot::lines_log_x("share of positives", "precision", &prevalence)?)?;
    let slider = plot::slider(labels, &[("baseline", baseline), ("weighted", &models[1].1)], &costs, 0.32)?;
    save(&folder, "slider", slider.still().clone())?;
    Ok(())
}

fn save(folder: &Path, name: &str, figure: Figure) -> Result<(), Box<dyn Error>> {
    std::fs::write(folder.join(format!("{name}.svg")), figure.svg())?;
    println!("{name}: {} bytes. {figure}", figure.svg().len());
    Ok(())
}

fn features(rng: &mut impl FnMut() -> f32) -> Result<Examples, Box<dyn Error>> {
    let labels = Array1::from_shape_fn(TRAIN.0 + TRAIN.1, |row| row >= TRAIN.0);
    let mut features = Array2::zeros((labels.len(), 2));
    for (mut row, &label) in features.rows_mut().into_iter().zip(&labels) {
        let (center, spread) = if label { (-2.5, 2.4) } else { (0.0, 0.9) };
        // A few lie far out.
        let far = if rng() > 1.65 { 2.5 } else { 1.0 };
        row[0] = (center + far * spread * rng()).clamp(-5.0, 5.0);
        row[1] = (0.3 * center - 0.3 * row[0] + far * 0.6 * spread * rng()).clamp(-5.0, 5.0);
    }
    Ok(Examples::new(features, labels)?.with_names(["V5", "V6"])?)
}

fn training(rng: &mut impl FnMut() -> f32, epochs: usize, start: f64, best_epoch: Option<usize>) -> History {
    let mut set = |base: f64| -> Vec<Metrics> {
        let mut at = |epoch: usize| {
            let left = 1.0 / (1.0 + epoch as f64);
            let noise = f64::from(rng()) * 0.01;
            let found = (315.0 * (base - 0.5 * left + noise)).clamp(0.0, 315.0).round();
            Metrics {
                loss: 0.003 / base + start * left * left + 0.02 * noise.abs(),
                cross_entropy: 0.004 + start * left,
                brier_score: 0.0005,
                threshold: 0.5,
                confusion_matrix: ConfusionMatrix {
                    true_negatives: 181_900.0,
                    false_positives: (40.0 + 400.0 * left + 500.0 * noise).max(0.0).round(),
                    false_negatives: 315.0 - found,
                    true_positives: found,
                },
                auc: (0.97 - 0.1 * left).min(1.0),
                prc: (base - 0.4 * left + noise).clamp(0.0, 1.0),
            }
        };
        (0..epochs).map(&mut at).collect()
    };
    History { train: set(0.72), val: set(0.8), best_epoch }
}

/// Labels and probabilities, where the logits of the positives are higher by twice `shift`.
fn scores(
    rng: &mut impl FnMut() -> f32,
    (negatives, positives): (usize, usize),
    shift: f32,
) -> (Array1<bool>, Array1<f32>) {
    let labels = Array1::from_shape_fn(negatives + positives, |row| row >= negatives);
    let scores = labels.mapv(|label| {
        let logit = 1.3 * rng() - 8.0 + if label { 3.0 * shift + 2.5 * rng() } else { 0.0 };
        1.0 / (1.0 + (-logit).exp())
    });
    (labels, scores)
}
