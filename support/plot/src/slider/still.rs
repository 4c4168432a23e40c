//! The slider as a picture and a table, for pages that run no programs.

use super::Shown;
use crate::axes::{Axis, Panel, number};
use crate::evaluation::{precision_recall_panel, steps};
use crate::histograms::{classes, draw_bars, histogram_counts, of_class, percent, share_axis};
use crate::lines::{Curve, draw_curves, legend};
use crate::page::{Frame, GUIDE, PIXEL, Page, Stroke};
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

        let mut panel = precision_recall_panel(&mut page, Frame::pixels(508, 34, 334, 302), "Precision and recall")?;
        let mut curves = Vec::new();
        for (color, &(name, scores)) in models.iter().enumerate() {
            let points = steps(&precision_recall_curve(labels, scores)?);
            curves.push(Curve { name: name.to_owned(), style: solid(color), points });
        }
        draw_curves(&mut page, &mut panel, &curves);
        for (curve, (name, scores)) in curves.iter().zip(*models) {
            let matrix = confusion_matrix(labels, scores, Metrics::THRESHOLD)?;
            page.dot(panel.place(matrix.recall(), matrix.precision()), 5 * PIXEL, curve.style.0.color, "#000000");
            alt += &format!(" {name}: precision {:.3}, recall {:.3}.", matrix.precision(), matrix.recall());
        }
        legend(&mut page, &panel);
        Ok(page.finish("A threshold", alt))
    }

    /// The histograms of the scores of each class by the first model, and a line at the threshold.
    fn scores(&self, page: &mut Page) -> Result<()> {
        let (name, scores) = self.models[0];
        let (low, high) = self.thresholds.logits();
        let logit = |p: f64| ln(p / (1.0 - p)).clamp(low, high);
        let shares = [false, true].map(|class| {
            let logits: Vec<f64> = of_class(self.labels, scores, class).map(logit).collect();
            percent(&histogram_counts(&logits, (low, high), BARS))
        });
        let (x, y) = (Axis::logits("score", low, high), share_axis("share of the class", &shares, 6));
        let mut panel = Panel::draw(page, Frame::pixels(74, 34, 350, 302), &format!("Scores of {name}"), x, y)?;
        for ((name, stroke), shares) in classes().into_iter().zip(&shares) {
            let edge = |i: usize| low + (high - low) * i as f64 / BARS as f64;
            let outlines = draw_bars(page, stroke.color, shares, |i, share| panel.place(edge(i), share));
            panel.drawn.extend(outlines);
            panel.entries.push((name, stroke));
        }
        let threshold = Stroke { color: "#000000", ..GUIDE };
        panel.vertical(page, logit(Metrics::THRESHOLD), threshold);
        panel.entries.push(("threshold".to_owned(), threshold));
        legend(page, &panel);
        Ok(())
    }

    /// The numbers of each model at 0.5 and at its lowest cost.
    pub(super) fn table(&self) -> Result<Table> {
        let Self { labels, models, costs, days, .. } = self;
        let columns = ["threshold", "found", "missed", "false alarms", "precision", "recall"];
        let mut table = Table::new(["model"].into_iter().chain(columns).chain(days.map(|_| "a day")).chain(["cost"]));
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
        match char::from(byte) {
            plain if plain.is_ascii_alphanumeric() || "-._/:=,".contains(plain) => address.push(plain),
            _ => address += &format!("%{byte:02X}"),
        }
    }
    let alt = escape(figure.alt()).replace('"', "&quot;");
    format!("<img alt=\"{alt}\" width=\"860\" src=\"{address}\">")
}
