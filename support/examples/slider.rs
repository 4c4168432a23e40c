//! A slider over invented scores, and what the confusion matrix counts of them: the tests in a browser compare the two.
//!
//! `slider page FILE` writes a page with two sliders, the second one without amounts and days. `slider counts MODEL THRESHOLD…`
//! prints for each threshold the true negatives, false positives, false negatives, true positives and the cost in euro.

use std::error::Error;

use support::ndarray::Array1;
use support::{Costs, FigureFile, confusion_matrix, multiply_odds, plot};

const COSTS: Costs = Costs { false_alarm: 5.0, missed: 15.0 };

/// Labels, scores and amounts.
fn invented() -> (Array1<bool>, Array1<f32>, Array1<f64>) {
    // The middle of a product of whole numbers is as good as random, between 0 and 1.
    let random = |row: usize| (row as u64 + 1).wrapping_mul(6_364_136_223_846_793_005) >> 40;
    let labels = Array1::from_shape_fn(20_000, |row| row % 250 == 0);
    let scores = Array1::from_shape_fn(20_000, |row| {
        let x = random(row) as f32 / 16_777_216.0;
        if row % 250 == 0 { 1.0 - x * x * x } else { (x * x * x * x).powi(3).max(1e-20) }
    });
    (labels, scores, Array1::from_shape_fn(20_000, |row| (random(row + 7) % 40_000) as f64 / 100.0))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (labels, scores, amounts) = invented();
    let weighted = multiply_odds(&scores, 300.0)?;
    let models = [("baseline", &scores), ("weighted", &weighted)];
    let costs = COSTS.with_amounts(&amounts)?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["page", file] => {
            let first = plot::slider(&labels, &models, &costs, 0.5)?;
            let second = plot::slider(&labels, &models[..1], &COSTS, None)?;
            first.save(file)?;
            let page = std::fs::read_to_string(file)?.replace("</html>", &format!("{}\n</html>", second.html()));
            std::fs::write(file, page)?;
        }
        ["counts", model, ref thresholds @ ..] => {
            let (_, scores) = models.iter().find(|(name, _)| *name == model).ok_or("which model?")?;
            for threshold in thresholds {
                let threshold = threshold.parse()?;
                let matrix = confusion_matrix(&labels, scores, threshold)?;
                let cost = costs.total(&labels, scores, threshold)?;
                println!(
                    "{} {} {} {} {cost:.2}",
                    matrix.true_negatives, matrix.false_positives, matrix.false_negatives, matrix.true_positives
                );
            }
        }
        _ => return Err("slider page FILE, or slider counts MODEL THRESHOLD…".into()),
    }
    Ok(())
}
