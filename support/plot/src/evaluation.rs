//! Figures that judge a model: confusion matrices, ROC and precision-recall curves, and how far its probabilities can be taken
//! at their word.

use super::axes::{Axis, Panel, ends, logit, number};
use super::lines::{Curve, draw_curves, legend, write_labels};
use super::page::{Anchor, Frame, GREY, GUIDE, LARGE, MEDIUM, ORANGE, PIXEL, Page, Point, SMALL, Stroke, shade};
use super::{Figure, Style};
use learn::calibration::{Calibration, CalibrationBin, share as share_text};
use learn::curves::{PrecisionRecallCurve, RocCurve};
use learn::error::{Result, ensure};
use learn::math::sum;
use learn::metrics::ConfusionMatrix;
use learn::scores::Score;

/// The counts of a confusion matrix and their share of the row. Mistakes are orange, the more of them the darker; right answers
/// are grey.
///
/// # Errors
/// When a count is negative or not finite.
pub fn confusion_matrix(matrix: &ConfusionMatrix, title: &str) -> Result<Figure> {
    confusion_matrices(&[(title, matrix)])
}

/// Several confusion matrices side by side, each with its title, on one scale of color.
///
/// # Errors
/// When there is none, or a count is negative or not finite.
pub fn confusion_matrices(matrices: &[(&str, &ConfusionMatrix)]) -> Result<Figure> {
    const COLUMNS: usize = 3;
    const CLASSES: [&str; 2] = ["negative (0)", "positive (1)"];
    ensure!(!matrices.is_empty(), "there is no confusion matrix to draw");
    let mistakes = matrices.iter().flat_map(|(_, matrix)| [matrix.false_positives, matrix.false_negatives]);
    let most = mistakes.fold(1.0, f64::max);
    let cell = if matrices.len() == 1 { 126 } else { 98 };
    let (left, top, gap) = (64, 34, 26);
    let columns = matrices.len().min(COLUMNS) as i32;
    let rows = matrices.len().div_ceil(COLUMNS) as i32;
    let (step_x, step_y) = (2 * cell + gap, 2 * cell + top + 52);
    let mut page = Page::new(left + columns * step_x, rows * step_y + 4);
    let mut alt = String::from("Confusion matrices, rows by actual and columns by predicted label.");
    for (place, (title, matrix)) in matrices.iter().enumerate() {
        let ConfusionMatrix { true_negatives, false_positives, false_negatives, true_positives } = **matrix;
        let counts = [[true_negatives, false_positives], [false_negatives, true_positives]];
        for count in counts.as_flattened() {
            ensure!(count.is_finite() && *count >= 0.0, "the confusion matrix '{title}' has a count of {count}");
        }
        let texts = counts.map(|row| row.map(|count| number(count, usize::from(count.fract() != 0.0))));
        let (column, row) = (place as i32 % COLUMNS as i32, place as i32 / COLUMNS as i32);
        let (x, y) = (left + column * step_x, top + row * step_y);
        let pixels = |x: i32, y: i32| (x * PIXEL, y * PIXEL);
        page.text(pixels(x + cell, y - 14), Anchor::Middle, LARGE, "#000000", title);
        page.text(pixels(x + cell, y + 2 * cell + 36), Anchor::Middle, MEDIUM, "#000000", "Predicted label");
        let middle = |from: i32, i: usize| from + cell * i as i32 + cell / 2;
        for (i, counts) in counts.iter().enumerate() {
            page.text(pixels(middle(x, i), y + 2 * cell + 14), Anchor::Middle, SMALL, "#000000", CLASSES[i]);
            if column == 0 {
                page.text(pixels(x - 14, middle(y, i)), Anchor::Upright, SMALL, "#000000", CLASSES[i]);
            }
            let total: f64 = counts.iter().sum();
            for (j, count) in counts.iter().enumerate() {
                let frame = Frame::pixels(x + cell * j as i32, y + cell * i as i32, cell, cell);
                // The area, not the side, of what is counted: few mistakes can be seen beside many.
                let color = if i == j { shade(GREY, 0.15) } else { shade(ORANGE, (count / most).sqrt()) };
                page.rectangle(frame, format_args!(r##"fill="{color}" stroke="#ffffff" stroke-width="8""##));
                page.text(pixels(middle(x, j), middle(y, i) - 8), Anchor::Middle, 17, "#000000", &texts[i][j]);
                if total > 0.0 {
                    let percent = format!("{:.2} %", 100.0 * count / total);
                    page.text(pixels(middle(x, j), middle(y, i) + 13), Anchor::Middle, SMALL, "#000000", &percent);
                }
            }
        }
        if column == 0 {
            page.text(pixels(x - 38, y + cell), Anchor::Upright, MEDIUM, "#000000", "Actual label");
        }
        let [[tn, fp], [fn_, tp]] = &texts;
        alt += &format!(
            " {title}: {tn} true negatives, {fp} false positives, {fn_} false negatives, {tp} true positives."
        );
    }
    Ok(page.finish("Confusion matrix", alt))
}

/// The lowest false positive rate on the axis, in %.
const LOWEST: f64 = 1e-3;

/// True against false positive rate, which is on a logarithmic axis: where negatives are many, all that can be used lies below
/// 1 %. The legend has the area under each curve on plain axes.
///
/// # Errors
/// When there is no curve, or one lacks positives or negatives.
pub fn roc(curves: &[(&str, &RocCurve, Style)]) -> Result<Figure> {
    ensure!(!curves.is_empty(), "there is no ROC curve to draw");
    let mut drawable = Vec::new();
    let mut alt = String::from("ROC curves: the share of positives found against the share of false alarms.");
    for &(name, curve, style) in curves {
        let (x, y) = (&curve.false_positive_rate, &curve.true_positive_rate);
        check(name, x, y)?;
        let auc = curve.auc();
        let points: Vec<(f64, f64)> = x.iter().zip(y).map(|(x, y)| (100.0 * x, 100.0 * y)).collect();
        drawable.push(Curve { name: format!("{name} (AUC = {auc:.4})"), style, points: bent(&points) });
        let found = |most| x.iter().zip(y).filter(|(x, _)| **x <= most).map(|(_, y)| 100.0 * y).fold(0.0, f64::max);
        alt += &format!(
            " {name}: area under the curve {auc:.4}; at 0.01 %, 0.1 % and 1 % false alarms {:.1} %, {:.1} % and {:.1} % of \
             the positives are found.",
            found(1e-4),
            found(1e-3),
            found(1e-2)
        );
    }
    let mut page = Page::new(600, 450);
    let x = Axis::logarithmic("false positive rate (logarithmic scale)", &[LOWEST, 100.0]).percent();
    let y = Axis::linear("true positive rate (recall)", -2.0, 102.0, 6).percent();
    let mut panel = Panel::draw(&mut page, Frame::pixels(78, 16, 500, 372), "", x, y)?;
    let chance = Curve { name: String::new(), style: Style(GUIDE), points: bent(&[(0.0, 0.0), (100.0, 100.0)]) };
    draw_curves(&mut page, &mut panel, &[chance]);
    panel.entries.clear();
    draw_curves(&mut page, &mut panel, &drawable);
    panel.entries.push(("chance (AUC = 0.5)".into(), GUIDE));
    legend(&mut page, &panel);
    Ok(page.finish("ROC curves", alt))
}

/// A curve of straight pieces with so many points that it bends as it has to on a logarithmic axis.
fn bent(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut bent: Vec<(f64, f64)> = Vec::new();
    for &(x, y) in points {
        if let Some((before, low)) = bent.last().copied().filter(|before| before.1 != y && x > before.0) {
            let ratio = 1.25;
            let mut at = (before.max(LOWEST / 2.0)) * ratio;
            while at < x {
                bent.push((at, low + (y - low) * (at - before) / (x - before)));
                at *= ratio;
            }
        }
        // From the left edge, where 0 would be.
        bent.push((x.max(LOWEST / 2.0), y));
    }
    bent
}

/// Precision against recall, as steps, so that the area under the picture is the average precision of the legend.
///
/// # Errors
/// When there is no curve, or one has no examples.
pub fn precision_recall(curves: &[(&str, &PrecisionRecallCurve, Style)]) -> Result<Figure> {
    precision_recall_at(curves, &[])
}

/// As [`precision_recall`], with a dot on each curve where it is at each of these thresholds.
///
/// # Errors
/// As [`precision_recall`].
pub fn precision_recall_at(curves: &[(&str, &PrecisionRecallCurve, Style)], thresholds: &[f64]) -> Result<Figure> {
    let (mut page, mut panel, mut alt) = draw_precision_recall(curves)?;
    for &(name, curve, style) in curves {
        for &threshold in thresholds {
            // An example is an alarm above the threshold, as scores are compared.
            let least = f64::from(f32::from_threshold(threshold));
            let place = curve.thresholds.partition_point(|&score| score <= least);
            if place == curve.thresholds.len() {
                continue; // no alarm, and so no precision
            }
            let (recall, precision) = (curve.recall[place], curve.precision[place]);
            let point = panel.place(recall, precision);
            page.dot(point, 4 * PIXEL, style.0.color, "#000000");
            panel.labels.push((point, threshold.to_string(), style.0.color));
            alt += &format!(" {name} at the threshold {threshold}: precision {precision:.2}, recall {recall:.2}.");
        }
    }
    finish_precision_recall(page, panel, alt)
}

fn draw_precision_recall(curves: &[(&str, &PrecisionRecallCurve, Style)]) -> Result<(Page, Panel, String)> {
    ensure!(!curves.is_empty(), "there is no precision-recall curve to draw");
    let mut drawable = Vec::new();
    let mut alt = String::from("Precision-recall curves, drawn as steps.");
    for &(name, curve, style) in curves {
        check(name, &curve.recall, &curve.precision)?;
        let ap = curve.average_precision();
        drawable.push(Curve { name: format!("{name} (AP = {ap:.4})"), style, points: steps(curve) });
        let points = || curve.recall.iter().zip(&curve.precision);
        let best = |goal| points().filter(|(recall, _)| **recall >= goal).map(|(_, best)| *best).fold(0.0, f64::max);
        let (low, high) = (best(0.5), best(0.8));
        alt +=
            &format!(" {name}: average precision {ap:.4}; precision {low:.2} at a recall of 0.5 and {high:.2} at 0.8.");
    }
    let mut page = Page::new(560, 470);
    let mut panel = precision_recall_panel(&mut page, Frame::pixels(66, 16, 474, 398), "")?;
    // At the lowest threshold everything is predicted positive: where that precision is about the same behind all curves, it is
    // the share of positives, and what guessing reaches.
    let shares = || curves.iter().map(|(_, curve, _)| curve.precision[0]);
    let (low, high) = ends(shares());
    let chance = (low > 0.0 && high <= 1.1 * low).then(|| sum(shares()) / curves.len() as f64);
    if let Some(share) = chance {
        page.line(&[panel.place(0.0, share), panel.place(1.0, share)], GUIDE);
        alt += &format!(" Chance: average precision {share:.4}, the share of positives.");
    }
    draw_curves(&mut page, &mut panel, &drawable);
    panel.entries.extend(chance.map(|share| (format!("chance (AP = {share:.4})"), GUIDE)));
    Ok((page, panel, alt))
}

fn finish_precision_recall(mut page: Page, mut panel: Panel, alt: String) -> Result<Figure> {
    legend(&mut page, &panel);
    write_labels(&mut page, &mut panel);
    Ok(page.finish("Precision-recall curves", alt))
}

/// A panel of precision against recall.
pub(super) fn precision_recall_panel(page: &mut Page, frame: Frame, title: &str) -> Result<Panel> {
    let axis = |label: &str| Axis::linear(label, -0.02, 1.03, 6);
    Panel::draw(page, frame, title, axis("recall"), axis("precision"))
}

/// The points (recall, precision) of a curve drawn as steps.
pub(super) fn steps(curve: &PrecisionRecallCurve) -> Vec<(f64, f64)> {
    // From the lowest threshold up: at each precision back to the next recall, then to its precision.
    let pairs = curve.recall.windows(2).zip(&curve.precision);
    pairs.flat_map(|(recall, &precision)| [(recall[0], precision), (recall[1], precision)]).collect()
}

/// Whether the rates of a curve can be drawn.
fn check(name: &str, x: &[f64], y: &[f64]) -> Result<()> {
    let finite = x.iter().chain(y).all(|rate| rate.is_finite());
    ensure!(x.len() == y.len(), "the curve '{name}' has {} x, but {} y", x.len(), y.len());
    ensure!(finite, "the curve '{name}' is undefined: its labels lack one of the classes");
    ensure!(x.len() > 1, "the curve '{name}' has no examples");
    Ok(())
}

/// A reliability diagram on logit axes: the share of positives in each bin against the mean prediction, with its 95 % interval.
/// Points on the dotted diagonal mean what they say; below it the predictions are too high. A bin of one class only has no point,
/// only its interval.
///
/// # Errors
/// When there is no calibration.
pub fn calibration_logit(calibrations: &[(&str, &Calibration, Style)]) -> Result<Figure> {
    const PREDICTED: &str = "mean prediction";
    const FOUND: &str = "share of positives";
    let bins = || calibrations.iter().flat_map(|(_, calibration, _)| &calibration.bins);
    ensure!(bins().next().is_some(), "there is no calibration to draw");
    let of_bin = |bin: &CalibrationBin| {
        let (lower, upper) = bin.interval();
        [bin.mean_prediction, if lower > 0.0 { lower } else { upper }, if upper < 1.0 { upper } else { lower }]
    };
    let (low, high) = ends(bins().flat_map(of_bin).map(|p| logit(p.clamp(1e-6, 1.0 - 1e-6))));
    let air = 0.04 * (high - low) + 0.2;
    let (low, high) = (low - air, high + air);
    let mut page = Page::new(540, 512);
    let axis = |label| Axis::logits(label, low, high);
    let mut panel = Panel::draw(&mut page, Frame::pixels(84, 16, 438, 438), "", axis(PREDICTED), axis(FOUND))?;
    let mut alt = format!("Reliability diagram on logit axes: {FOUND} against {PREDICTED}.");
    page.clip(panel.frame, |page| {
        let diagonal = vec![panel.place(low, low), panel.place(high, high)];
        page.line(&diagonal, GUIDE);
        panel.drawn.push(diagonal);
        for &(name, calibration, style) in calibrations {
            let mut texts = Vec::new();
            for bin in &calibration.bins {
                let (prediction, share) = (bin.mean_prediction, bin.share_of_positives());
                let (lower, upper) = bin.interval();
                let at = |share| panel.place(logit(prediction), logit(share));
                let (bar, dot): (Vec<Point>, Point) = (vec![at(lower), at(upper)], at(share));
                page.line(&bar, Stroke { width: 6, dashes: "", ..style.0 });
                panel.drawn.push(bar);
                if share > 0.0 && share < 1.0 {
                    page.dot(dot, 5 * PIXEL, style.0.color, style.0.color);
                }
                let said = share_text(prediction);
                texts.push(format!(
                    "{} ({} of {}) where {said} was predicted",
                    share_text(share),
                    bin.positives,
                    bin.examples
                ));
            }
            alt += &format!(" {name}: {}.", texts.join(", "));
            panel.entries.push((name.to_owned(), Stroke { width: 12, dashes: "", ..style.0 }));
        }
    });
    panel.entries.push(("as predicted".into(), GUIDE));
    legend(&mut page, &panel);
    Ok(page.finish("Reliability diagram", alt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dashed, solid};
    use learn::calibration::calibration as calibrate;
    use learn::curves::{precision_recall_curve, roc_curve};
    use ndarray::{Array1, array};

    #[test]
    fn legends_and_descriptions_have_the_areas() {
        let (labels, scores) = (array![false, false, true, true], array![0.1, 0.4, 0.35, 0.8]);
        let figure = roc(&[("Test", &roc_curve(&labels, &scores).unwrap(), solid(0))]).unwrap();
        assert!(figure.svg.contains("Test (AUC = 0.7500)") && figure.alt.contains("area under the curve 0.7500"));
        let curve = precision_recall_curve(&labels, &scores).unwrap();
        let figure = precision_recall(&[("Test", &curve, dashed(0))]).unwrap();
        assert!(figure.svg.contains("Test (AP = 0.8333)") && figure.svg.contains("chance (AP = 0.5000)"));
        assert!(figure.alt.contains("average precision 0.8333"));
    }

    #[test]
    fn one_class_is_refused_by_name() {
        let curve = roc_curve(&array![true, true], &array![0.1, 0.2]).unwrap();
        let message = roc(&[("Test", &curve, solid(0))]).unwrap_err().to_string();
        assert!(message.contains("'Test'") && message.contains("classes"), "{message}");
        let none = precision_recall_curve::<f32>(&array![], &array![]).unwrap();
        assert!(precision_recall(&[("Test", &none, solid(0))]).is_err());
        assert!(roc(&[]).is_err() && precision_recall(&[]).is_err() && confusion_matrices(&[]).is_err());
    }

    #[test]
    fn counts_are_written_with_their_share_of_the_row() {
        let matrix = ConfusionMatrix {
            true_negatives: 56_854.0,
            false_positives: 10.0,
            false_negatives: 25.0,
            true_positives: 75.0,
        };
        let figure = confusion_matrix(&matrix, "At 0.5").unwrap();
        for text in [">56,854<", ">10<", ">25.00 %<", ">75.00 %<", ">At 0.5<"] {
            assert!(figure.svg.contains(text), "{text}");
        }
        assert!(figure.alt.contains("At 0.5: 56,854 true negatives, 10 false positives"));
    }

    #[test]
    fn an_empty_matrix_is_drawn_and_a_broken_one_refused() {
        assert!(!confusion_matrix(&ConfusionMatrix::default(), "").unwrap().svg.contains("NaN"));
        let broken = ConfusionMatrix { true_positives: f64::NAN, ..ConfusionMatrix::default() };
        assert!(confusion_matrix(&broken, "Test").unwrap_err().to_string().contains("'Test'"));
    }

    #[test]
    fn a_straight_roc_curve_bends_on_a_logarithmic_axis() {
        let points = bent(&[(0.0, 0.0), (0.0, 40.0), (100.0, 100.0)]);
        assert_eq!((points[0].1, points[1].1, points[points.len() - 1]), (0.0, 40.0, (100.0, 100.0)));
        let (x, y) = points[points.len() / 2];
        assert!(
            (y - (40.0 + 0.6 * x)).abs() < 0.01 && points.windows(2).all(|pair| pair[1].0 < 1.3 * pair[0].0),
            "{x} {y}"
        );
    }

    #[test]
    fn thresholds_are_marked_on_the_curve() {
        let (labels, scores) = (array![false, false, true, true], array![0.1f32, 0.4, 0.35, 0.8]);
        let curve = precision_recall_curve(&labels, &scores).unwrap();
        let figure = precision_recall_at(&[("Test", &curve, solid(0))], &[0.35, 0.9]).unwrap();
        assert!(figure.alt.ends_with("Test at the threshold 0.35: precision 0.50, recall 0.50."), "{}", figure.alt);
        assert_eq!(figure.svg.matches("<circle").count(), 1, "above 0.9 nothing is an alarm");
    }

    #[test]
    fn each_bin_has_a_point_and_an_interval() {
        let labels = Array1::from_shape_fn(10_000, |row| row % 1000 == 999);
        let probabilities = Array1::from_shape_fn(10_000, |row| 1e-5 * (row + 1) as f64);
        let rare = calibrate(&labels, &probabilities, 4).unwrap();
        let figure = calibration_logit(&[("Test", &rare, solid(0))]).unwrap();
        assert_eq!(figure.svg().matches("<circle").count(), 4);
        assert!(figure.svg().contains(">as predicted<") && !figure.svg().contains("NaN"));
        assert!(figure.alt().contains("Test: 0.00080 (2 of 2500) where 0.013 was predicted,"), "{}", figure.alt());
    }

    #[test]
    fn a_bin_of_one_class_has_an_interval() {
        for label in [false, true] {
            let (labels, probabilities) = (Array1::from_elem(50, label), Array1::from_elem(50, 0.01));
            let figure =
                calibration_logit(&[("Test", &calibrate(&labels, &probabilities, 1).unwrap(), solid(0))]).unwrap();
            assert_eq!(figure.svg().matches("<circle").count(), 0);
        }
        assert!(calibration_logit(&[]).is_err());
    }
}
