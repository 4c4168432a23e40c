//! Draws every kind of figure from invented data into a folder: `cargo run -p support --example figures -- FOLDER`.

use std::error::Error;
use std::path::{Path, PathBuf};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use support::ndarray::{Array1, Array2};
use support::plot::{self, Figure, dashed, solid};
use support::{
    Calibration, ConfusionMatrix, Examples, FigureFile, History, Metrics, confusion_matrix, precision_recall_curve,
    roc_curve,
};

const SEED: u64 = 1;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder? cargo run --example figures -- FOLDER")?);
    std::fs::create_dir_all(&folder)?;
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);

    let (negatives, positives) = (features(&mut rng, 182_000, 0.0)?, features(&mut rng, 315, -2.5)?);
    save(&folder, "joint", plot::joint(&negatives, "V5", "V6", "Negative distribution")?)?;
    let pair = plot::joint_pair(("Positive", &positives), ("Negative", &negatives), "V5", "V6")?;
    save(&folder, "joint_pair", pair)?;

    let (zero, careful) = (training(&mut rng, 20, 0.4, None), training(&mut rng, 20, 0.012, None));
    save(&folder, "loss", plot::loss(&[("Zero Bias", &zero), ("Careful Bias", &careful)])?)?;
    let (baseline, weighted) = (training(&mut rng, 54, 0.012, Some(43)), training(&mut rng, 13, 0.4, Some(2)));
    save(&folder, "history", plot::history(&baseline)?)?;
    save(&folder, "histories", plot::histories(&[("Baseline", &baseline), ("Weighted", &weighted)])?)?;
    save(&folder, "history_one_epoch", plot::history(&training(&mut rng, 1, 0.3, None))?)?;

    let models: Vec<_> = [1.9, 2.2, 2.5].iter().map(|&shift| scores(&mut rng, 56_000, 98, shift)).collect();
    let trains: Vec<_> = [2.1, 2.4, 2.7].iter().map(|&shift| scores(&mut rng, 182_000, 315, shift)).collect();
    let matrices: Vec<ConfusionMatrix> = [0.5, 0.1, 0.01]
        .iter()
        .map(|&threshold| confusion_matrix(&models[2].0, &models[2].1, threshold))
        .collect::<Result<_, _>>()?;
    save(&folder, "confusion_matrix", plot::confusion_matrix(&matrices[0], "Confusion matrix @ 0.50")?)?;
    let panels = [("Threshold 0.5", &matrices[0]), ("Threshold 0.1", &matrices[1]), ("Threshold 0.01", &matrices[2])];
    save(&folder, "confusion_matrices", plot::confusion_matrices(&panels)?)?;

    let names = [
        ["Train Baseline", "Test Baseline"],
        ["Train Weighted", "Test Weighted"],
        ["Train Resampled", "Test Resampled"],
    ];
    let (mut rocs, mut precisions) = (Vec::new(), Vec::new());
    for (train, test) in trains.iter().zip(&models) {
        rocs.push([roc_curve(&train.0, &train.1)?, roc_curve(&test.0, &test.1)?]);
        precisions.push([precision_recall_curve(&train.0, &train.1)?, precision_recall_curve(&test.0, &test.1)?]);
    }
    let (mut curves, mut steps) = (Vec::new(), Vec::new());
    for (color, names) in names.iter().enumerate() {
        for (set, style) in [solid(color), dashed(color)].into_iter().enumerate() {
            curves.push((names[set], &rocs[color][set], style));
            steps.push((names[set], &precisions[color][set], style));
        }
    }
    save(&folder, "roc", plot::roc(&curves)?)?;
    save(&folder, "roc_one", plot::roc(&curves[..2])?)?;
    save(&folder, "precision_recall", plot::precision_recall(&steps)?)?;
    save(&folder, "precision_recall_one", plot::precision_recall(&steps[..2])?)?;
    let test = &models[0];
    let bins =
        [Calibration::by_positives(&test.0, &test.1, 5)?, Calibration::by_positives(&trains[0].0, &trains[0].1, 8)?];
    let reliability = [("Test", &bins[0], solid(0)), ("Train", &bins[1], dashed(1))];
    save(&folder, "calibration", plot::calibration(&reliability)?)?;
    save(&folder, "calibration_log", plot::calibration_log(&reliability)?)?;
    let poor = scores(&mut rng, 400, 100, 0.1);
    save(&folder, "roc_poor", plot::roc(&[("Poor model", &roc_curve(&poor.0, &poor.1)?, solid(3))])?)?;
    let poor = precision_recall_curve(&poor.0, &poor.1)?;
    save(&folder, "precision_recall_poor", plot::precision_recall(&[("Poor model", &poor, solid(3))])?)?;

    let around = |rng: &mut ChaCha8Rng, center: f32, rows| Array1::from_shape_fn(rows, |_| center + 0.02 * normal(rng));
    let (low, high) = (around(&mut rng, 0.145, 5143), around(&mut rng, 0.15, 857));
    save(&folder, "histogram", plot::histogram(&[("negative", &low), ("positive", &high)], 100, "Before weighting")?)?;
    let cost = |miss: f64| {
        (1..100).map(move |i| (f64::from(i) / 100.0, 40.0 / f64::from(i) + miss * f64::from(i * i) / 900.0))
    };
    let costs = [("Misses cost 1", cost(1.0).collect(), solid(0)), ("Misses cost 3", cost(3.0).collect(), dashed(1))];
    save(&folder, "lines", plot::lines("threshold", "cost (thousand euros)", &costs)?)?;
    save(&folder, "lines_log_x", plot::lines_log_x("threshold", "cost (thousand euros)", &costs)?)?;
    let mut seeds = |center: f32| (0..10).map(|_| f64::from(center + 0.01 * normal(&mut rng))).collect::<Vec<_>>();
    let groups = [("Baseline", seeds(0.8)), ("Weighted", seeds(0.71)), ("Resampled", seeds(0.74))];
    save(&folder, "strip", plot::strip("prc of the test set", &groups)?)?;
    Ok(())
}

fn save(folder: &Path, name: &str, figure: Figure) -> Result<(), Box<dyn Error>> {
    figure.save(folder.join(format!("{name}.svg")))?;
    println!("{name}: {} bytes. {figure}", figure.svg().len());
    Ok(())
}

/// About standard normal.
fn normal(rng: &mut ChaCha8Rng) -> f32 {
    (0..12).map(|_| rng.r#gen::<f32>()).sum::<f32>() - 6.0
}

fn features(rng: &mut ChaCha8Rng, rows: usize, center: f32) -> Result<Examples, Box<dyn Error>> {
    let spread = if center == 0.0 { 0.9 } else { 2.4 };
    let mut features = Array2::zeros((rows, 2));
    for mut row in features.rows_mut() {
        // A few lie far out.
        let far = if rng.gen_bool(0.05) { 2.5 } else { 1.0 };
        row[0] = (center + far * spread * normal(rng)).clamp(-5.0, 5.0);
        row[1] = (0.3 * center - 0.3 * row[0] + far * 0.6 * spread * normal(rng)).clamp(-5.0, 5.0);
    }
    Ok(Examples::new(features, Array1::from_elem(rows, center != 0.0))?.with_names(["V5", "V6"])?)
}

fn training(rng: &mut ChaCha8Rng, epochs: usize, start: f64, best_epoch: Option<usize>) -> History {
    let mut set = |base: f64| -> Vec<Metrics> {
        let mut at = |epoch: usize| {
            let left = 1.0 / (1.0 + epoch as f64);
            let noise = f64::from(normal(rng)) * 0.01;
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
fn scores(rng: &mut ChaCha8Rng, negatives: usize, positives: usize, shift: f32) -> (Array1<bool>, Array1<f32>) {
    let labels = Array1::from_shape_fn(negatives + positives, |row| row >= negatives);
    let scores = labels.mapv(|label| {
        let logit = 1.3 * normal(rng) - 6.0 + if label { 2.0 * shift + 1.5 * normal(rng) } else { 0.0 };
        1.0 / (1.0 + (-logit).exp())
    });
    (labels, scores)
}
