//! The slider as a picture and a table, for pages that run no programs.

use std::fmt::Write;

use super::Shown;
use crate::axes::{Axis, Panel, number};
use crate::distribution::{draw_bars, histogram_counts};
use crate::evaluation::steps;
use crate::lines::{Curve, GUIDE, draw_curves, entries, legend};
use crate::page::{Frame, PIXEL, Page, Stroke};
use crate::{Figure, solid};
use learn::calibration::share;
use learn::curves::precision_recall_curve;
use learn::error::Result;
use learn::math::ln;
use learn::metrics::{ConfusionMatrix, Metrics, confusion_matrix};
use learn::table::{Table, escape};

/// The bars of a histogram.
const BARS: usize = 60;

impl Shown<'_> {
    /// The scores of the first model and the precision-recall curves of all, with their places at the threshold 0.5.
    pub(super) fn figure(&self) -> Result<Figure> {
        let Self { labels, models, .. } = self;
        let mut page = Page::new(860, 392);
        let mut alt =
            String::from("The threshold 0.5 among the scores of each class and on the precision-recall curves.");
        self.scores(&mut page)?;

        let axis = |label: &str| Axis::linear(label, -0.02, 1.03, 6);
        let frame = Frame::pixels(508, 34, 334, 302);
        let panel = Panel::draw(&mut page, frame, "Precision and recall", axis("recall"), axis("precision"))?;
        let mut curves = Vec::new();
        for (color, (name, scores)) in models.iter().enumerate() {
            curves.push(Curve::new(*name, solid(color), steps(&precision_recall_curve(labels, scores)?)));
        }
        let drawn = draw_curves(&mut page, &panel, &curves);
        for (curve, (name, scores)) in curves.iter().zip(*models) {
            let matrix = confusion_matrix(labels, scores, Metrics::THRESHOLD)?;
            if let Some(point) = panel.at(matrix.recall(), matrix.precision()) {
                page.dot(point, 5 * PIXEL, curve.stroke.color, "#000000");
            }
            alt += &format!(" {name}: precision {:.3}, recall {:.3}.", matrix.precision(), matrix.recall());
        }
        legend(&mut page, &panel, &entries(&curves), &drawn);
        Ok(page.finish("A threshold", alt))
    }

    /// The histograms of the scores of each class by the first model, and a line at the threshold.
    fn scores(&self, page: &mut Page) -> Result<()> {
        let (name, scores) = self.models[0];
        let (low, high) = self.thresholds.logits();
        let heights = [false, true].map(|class| {
            let of_class =
                scores.iter().zip(self.labels).filter(|(_, label)| **label == class).map(|(&score, _)| score.into());
            let places: Vec<f64> = of_class.map(|p: f64| ln(p / (1.0 - p)).clamp(low, high)).collect();
            let counts = histogram_counts(&places, (low, high), BARS);
            counts.into_iter().map(|count| 100.0 * count as f64 / places.len() as f64).collect::<Vec<f64>>()
        });
        let highest = heights.iter().flatten().copied().fold(0.0, f64::max);
        let y = Axis::linear("share of the class", 0.0, 1.06 * highest, 6).percent();
        let title = format!("Scores of {name}");
        let frame = Frame::pixels(74, 34, 350, 302);
        let panel = Panel::draw(page, frame, &title, Axis::logits("score", low, high), y)?;
        let (mut drawn, mut names) = (Vec::new(), Vec::new());
        // The colors that the models leave.
        for (class, color, heights) in [("negatives", 7, &heights[0]), ("positives", 3, &heights[1])] {
            let stroke = Stroke::from(solid(color));
            let edge = |i: usize| low + (high - low) * i as f64 / heights.len() as f64;
            drawn.extend(draw_bars(page, &panel, edge, heights, stroke.color));
            names.push((class.to_owned(), Stroke { width: 12, ..stroke }));
        }
        let threshold = Metrics::THRESHOLD;
        if let Some((x, _)) = panel.at(ln(threshold / (1.0 - threshold)), 0.0) {
            page.line(&[(x, frame.top), (x, frame.bottom)], Stroke { color: "#000000", ..GUIDE });
            names.push(("threshold".to_owned(), Stroke { color: "#000000", ..GUIDE }));
        }
        legend(page, &panel, &names, &drawn);
        Ok(())
    }

    /// The numbers of each model at 0.5 and at its lowest cost.
    pub(super) fn table(&self) -> Result<Table> {
        let Self { labels, models, costs, days, .. } = self;
        let per_day = days.map(|_| "a day");
        let columns = ["threshold", "found", "missed", "false alarms", "precision", "recall"];
        let mut table = Table::new(["model"].into_iter().chain(columns).chain(per_day).chain(["cost"]));
        for (name, scores) in *models {
            for threshold in [Metrics::THRESHOLD, costs.curve(labels, scores)?.best().0] {
                let matrix = confusion_matrix(labels, scores, threshold)?;
                let ConfusionMatrix { true_positives, false_positives, false_negatives, .. } = matrix;
                let counts = [true_positives, false_negatives, false_positives].map(|count| number(count, 0));
                let rates = [matrix.precision(), matrix.recall()].map(|rate| format!("{rate:.3}"));
                let alarms = days.map(|days| number((true_positives + false_positives) / days, 0));
                let cost = number(costs.total(labels, scores, threshold)?, 0);
                let cells = [(*name).to_owned(), share(threshold)].into_iter().chain(counts).chain(rates);
                table.push(cells.chain(alarms).chain([cost]));
            }
        }
        Ok(table)
    }
}

/// The picture within a web page. As an image and not as the drawing itself, for sites that clean pages let images through.
pub(super) fn image(figure: &Figure) -> String {
    let mut address = String::from("data:image/svg+xml,");
    for byte in figure.svg().bytes() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'/' | b':' | b'=' | b',' => {
                address.push(char::from(byte));
            }
            _ => write!(address, "%{byte:02X}").expect("a String takes everything"),
        }
    }
    let alt = escape(figure.alt()).replace('"', "&quot;");
    format!("<img alt=\"{alt}\" width=\"860\" src=\"{address}\">")
}
