//! Figures in the look of matplotlib, as SVG, and the slider, as HTML.
//!
//! Positives are orange and negatives grey in all of them, models have the other colors of Okabe and Ito's palette, and names stand
//! beside what they name where there is room.
//!
//! Here belongs what draws, and nothing that computes a result or knows of files. Each function takes what the crate `learn`
//! computed and returns a [`Figure`], which shows itself as the last
//! expression of a cell. The axes are drawn by plotters; `page` adds what it lacks: dashes, clipping, hexagons.
//!
//! Every coordinate is a whole number, so the same data give the same bytes on every machine.

mod axes;
mod lines;
mod page;

mod histograms;

mod comparison;
mod counts;
mod decisions;
mod distribution;
mod evaluation;
mod slider;
mod training;

use std::fmt;

use learn::table::show;
use page::{GREY, ORANGE, Stroke, palette, tint};

pub use comparison::{by_split, intervals, learning_curve};
pub use counts::{imbalance, positives_per_batch};
pub use decisions::{capacity, cost_curve};
pub use distribution::{joint, scatter};
pub use evaluation::{
    calibration_logit, confusion_matrices, confusion_matrix, precision_recall, precision_recall_at, roc,
};
pub use histograms::{histograms, keras_thresholds};
pub use lines::{Line, lines, lines_log_x};
pub use slider::{Slider, slider};
pub use training::{histories, histories_of, history, loss};

/// A drawing and the same in words. As the last expression of a cell it appears as a picture.
#[derive(Clone, PartialEq)]
pub struct Figure {
    svg: String,
    alt: String,
}

impl Figure {
    /// The drawing.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// What the drawing shows, in words and numbers, for those who can't see it.
    pub fn alt(&self) -> &str {
        &self.alt
    }

    /// Shows the figure in a notebook: the kernel calls this for the last expression of a cell.
    pub fn evcxr_display(&self) {
        show(&[("image/svg+xml", &self.svg), ("text/plain", &self.alt)]);
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.alt)
    }
}

impl fmt::Debug for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.alt)
    }
}

/// The color of a curve and how it is drawn; made by [`solid`], [`dashed`] and [`pale`], and for
/// classes by [`positives`] and [`negatives`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style(Stroke);

/// A solid line in one of the eight colors of the palette, counted from 0; they start again after the eighth.
pub fn solid(color: usize) -> Style {
    Style(Stroke { color: palette(color), width: 7, dashes: "" }) // 1.75 pixels
}

/// A dashed line in one of the eight colors of the palette, counted from 0; they start again after the eighth.
pub fn dashed(color: usize) -> Style {
    Style(Stroke { dashes: "26 11", ..solid(color).0 }) // matplotlib's proportion of 3.7 to 1.6 line widths
}

/// A thin line in a lighter tone of one of the colors, for what the others are to stand out from.
pub fn pale(color: usize) -> Style {
    Style(Stroke { color: tint(color), width: 5, dashes: "" })
}

/// The orange that positives have in every figure.
pub fn positives() -> Style {
    Style(Stroke { color: ORANGE, ..solid(0).0 })
}

/// The grey of negatives.
pub fn negatives() -> Style {
    Style(Stroke { color: GREY, ..solid(0).0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use learn::calibration::calibration as calibrate;
    use learn::cost::Costs;
    use learn::curves::{ThresholdCounts, precision_recall_curve, roc_curve};
    use learn::examples::Examples;
    use learn::history::History;
    use learn::metrics::{ConfusionMatrix, Metrics};
    use learn::random::{Purpose, generator, normal_pair};
    use ndarray::{Array1, Array2};

    const ROWS: usize = 60_000;

    /// A figure of every kind, of as many rows as the lesson has.
    fn figures() -> Vec<(&'static str, Figure)> {
        let mut rng = generator(1, Purpose::Synthetic, 0);
        let mut normal = || normal_pair(&mut rng).0;
        let features = Array2::from_shape_fn((ROWS, 2), |_| (2.5 * normal() as f32).clamp(-5.0, 5.0));
        let labels = Array1::from_shape_fn(ROWS, |row| row % 400 == 0);
        let scores = labels.mapv(|label| (normal() + if label { 2.0 } else { 0.0 }) as f32);
        let probabilities = scores.mapv(|score| (score / 20.0 + 0.5).clamp(0.0, 1.0));
        let examples = Examples::new(features, labels.clone()).unwrap();
        let points = scores.iter().zip(&probabilities).map(|(&x, &y)| (f64::from(x), f64::from(y))).collect();
        let runs = vec![(40, 0.7), (40, 0.75), (321, 0.8)];
        let epochs: Vec<Metrics> = (0..100)
            .map(|epoch| {
                let loss = 0.5 / (1.0 + f64::from(epoch)) + 0.001 * normal().abs();
                let confusion_matrix = ConfusionMatrix { true_positives: f64::from(epoch), ..Default::default() };
                let prc = 0.5 + 0.01 * normal();
                Metrics { loss, cross_entropy: loss, brier_score: 0.0, threshold: 0.5, confusion_matrix, auc: prc, prc }
            })
            .collect();
        let run = History { train: epochs.clone(), val: epochs, best_epoch: Some(90) };
        let rocs = roc_curve(&labels, &scores).unwrap();
        let steps = precision_recall_curve(&labels, &scores).unwrap();
        let bins = calibrate(&labels, &probabilities, 5).unwrap();
        let matrix = run.val[50].confusion_matrix;
        let costs = Costs { false_alarm: 5.0, missed: 100.0 };
        let counts = ThresholdCounts::new(&labels, &scores).unwrap();
        let cost = costs.curve(&labels, &probabilities).unwrap();
        let hostile = "a <b> & \"c\" \u{1} '価格'";
        vec![
            ("joint", joint(&examples, "x0", "x1").unwrap()),
            ("scatter", scatter(hostile, "y", &[(hostile, points, positives())], &[]).unwrap()),
            ("imbalance", imbalance(284_315, 492).unwrap()),
            ("loss", loss(&[(hostile, &run), ("Weighted", &run)]).unwrap()),
            ("history", history(&run).unwrap()),
            ("histories", histories(&[(hostile, &run), ("Weighted", &run)]).unwrap()),
            ("confusion_matrices", confusion_matrices(&[("0.5", &matrix), (hostile, &matrix)]).unwrap()),
            ("roc", roc(&[(hostile, &rocs, pale(0)), ("Test", &rocs, dashed(11))]).unwrap()),
            (
                "precision_recall",
                precision_recall_at(&[(hostile, &steps, solid(0)), ("Test", &steps, dashed(0))], &[0.5, 0.7]).unwrap(),
            ),
            ("calibration", calibration_logit(&[(hostile, &bins, solid(0)), ("Test", &bins, dashed(1))]).unwrap()),
            ("keras_thresholds", keras_thresholds(&labels, &[(hostile, &probabilities)]).unwrap()),
            ("histograms", histograms(&labels, &[(hostile, &probabilities), ("Test", &probabilities)]).unwrap()),
            ("by_split", by_split(hostile, &[(hostile, runs.clone()), ("b", runs.clone())]).unwrap()),
            ("learning_curve", learning_curve(hostile, &[(hostile, runs.clone()), ("b", runs)]).unwrap()),
            ("positives_per_batch", positives_per_batch(&[(hostile, vec![3, 5, 900]), ("b", vec![7])]).unwrap()),
            ("cost_curve", cost_curve(hostile, &cost, &[(hostile, 0.5), ("b", 0.6)], &[0.4, 0.45]).unwrap()),
            ("capacity", capacity(&[(hostile, &counts, solid(0))], 0.3, 100.0).unwrap()),
            ("lines", lines("x", hostile, &[("a", vec![(0.0, -1e300), (1.0, 1e300)], solid(0))]).unwrap()),
            ("lines_log_x", lines_log_x("x", "y", &[("a", vec![(1e-9, 1.0), (1e9, 1.0)], dashed(0))]).unwrap()),
            ("slider", slider(&labels, &[(hostile, &probabilities)], &costs, 1.0).unwrap().still().clone()),
        ]
    }

    /// Checks that tags are closed in order and attributes are in quotes.
    fn assert_well_formed(svg: &str) {
        let mut open = Vec::new();
        for piece in svg.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("no end of <{piece}"));
            assert!(!text.contains('>') && tag.matches('"').count().is_multiple_of(2), "<{piece}");
            let name = tag.split([' ', '/']).next().unwrap();
            match (tag.strip_prefix('/'), tag.ends_with('/')) {
                (Some(name), _) => assert_eq!(open.pop(), Some(name)),
                (None, false) => open.push(name),
                (None, true) => {}
            }
        }
        assert!(open.is_empty(), "{open:?}");
        assert!(
            !svg.replace("&amp;", "")
                .replace("&lt;", "")
                .replace("&gt;", "")
                .replace("&quot;", "")
                .replace("&apos;", "")
                .contains('&')
        );
        assert!(svg.chars().all(|c| c == '\n' || !c.is_control()));
    }

    #[test]
    fn figures_are_well_formed_small_and_described() {
        for (name, figure) in figures() {
            let (svg, alt) = (figure.svg(), figure.alt());
            assert_well_formed(svg);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
            let limit = if ["joint", "scatter"].contains(&name) { 400_000 } else { 60_000 };
            assert!(svg.len() < limit, "{name} has {} bytes", svg.len());
            assert!(alt.len() > 40 && alt.ends_with('.') && !alt.contains("NaN"), "{name}: {alt}");
            assert_eq!((figure.to_string(), format!("{figure:?}")), (alt.to_owned(), alt.to_owned()));
            assert!(svg.contains("aria-label=\"") && svg.contains("fill=\"#ffffff\"/>"), "{name}");
        }
    }

    #[test]
    fn coordinates_are_whole_numbers() {
        for (name, figure) in figures() {
            for attribute in ["points=\"", " d=\"", " x=\"", " y=\"", " x1=\"", " cx=\"", " r=\"", " width=\""] {
                for text in figure.svg().split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                    assert!(!text.contains('.') && !text.contains('e'), "{name}: {attribute}{text}");
                }
            }
        }
    }
}
