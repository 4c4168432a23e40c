//! Figures that judge a model: confusion matrices, ROC and precision-recall curves, and how far its probabilities can be taken
//! at their word.

use super::axes::{Axis, Panel, ends, number};
use super::lines::{Curve, draw_curves, legend};
use super::page::{Anchor, Frame, GUIDE, LARGE, MEDIUM, PIXEL, Page, SMALL, Stroke, blue};
use super::{Figure, Style};
use learn::calibration::{Calibration, CalibrationBin, share as share_text};
use learn::curves::{PrecisionRecallCurve, RocCurve};
use learn::error::{Result, ensure};
use learn::math::sum;
use learn::metrics::ConfusionMatrix;

/// The counts of a confusion matrix. The color is the share of the row, so that the rare class can be seen too.
///
/// # Errors
/// When a count is negative or not finite.
pub fn confusion_matrix(matrix: &ConfusionMatrix, title: &str) -> Result<Figure> {
    confusion_matrices(&[(title, matrix)])
}

/// Several confusion matrices side by side, each with its title.
///
/// # Errors
/// When there is none, or a count is negative or not finite.
pub fn confusion_matrices(matrices: &[(&str, &ConfusionMatrix)]) -> Result<Figure> {
    const COLUMNS: usize = 3;
    const CLASSES: [&str; 2] = ["negative (0)", "positive (1)"];
    ensure!(!matrices.is_empty(), "there is no confusion matrix to draw");
    let cell = if matrices.len() == 1 { 126 } else { 98 };
    let (left, top, gap) = (64, 34, 26);
    let columns = matrices.len().min(COLUMNS) as i32;
    let rows = matrices.len().div_ceil(COLUMNS) as i32;
    let (step_x, step_y) = (2 * cell + gap, 2 * cell + top + 52);
    let right = left + columns * step_x - gap;
    let mut page = Page::new(right + 80, rows * step_y + 4);
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
                let share = if total > 0.0 { count / total } else { 0.0 };
                let frame = Frame::pixels(x + cell * j as i32, y + cell * i as i32, cell, cell);
                page.rectangle(frame, format_args!(r#"fill="{}""#, blue(share)));
                let color = if share > 0.68 { "#ffffff" } else { "#000000" };
                page.text(pixels(middle(x, j), middle(y, i) - 8), Anchor::Middle, 17, color, &texts[i][j]);
                if total > 0.0 {
                    let percent = format!("{:.2} %", 100.0 * share);
                    page.text(pixels(middle(x, j), middle(y, i) + 13), Anchor::Middle, SMALL, color, &percent);
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
    let ticks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| (share, format!("{:.0} %", 100.0 * share)));
    page.color_bar(Frame::pixels(right + 16, top, 12, 2 * cell), blue, &ticks, "");
    Ok(page.finish("Confusion matrix", alt))
}

/// True against false positive rate: the whole curves, and the corner that matters with the axes of the original
/// lesson. The legend has the area under each curve.
///
/// # Errors
/// When there is no curve, or one lacks positives or negatives.
pub fn roc(curves: &[(&str, &RocCurve, Style)]) -> Result<Figure> {
    const X: &str = "false positive rate";
    ensure!(!curves.is_empty(), "there is no ROC curve to draw");
    let mut drawable = Vec::new();
    let mut alt = String::from("ROC curves: the share of positives found against the share of false alarms.");
    for &(name, curve, style) in curves {
        let (x, y) = (&curve.false_positive_rate, &curve.true_positive_rate);
        check(name, x, y)?;
        let auc = curve.auc();
        let points = x.iter().zip(y).map(|(x, y)| (100.0 * x, 100.0 * y)).collect();
        drawable.push(Curve { name: format!("{name} (AUC = {auc:.4})"), style, points });
        let found = x.iter().zip(y).filter(|(x, _)| **x <= 0.01).map(|(_, y)| 100.0 * y).fold(0.0, f64::max);
        alt += &format!(
            " {name}: area under the curve {auc:.4}; at 1 % false alarms {found:.1} % of the positives are found."
        );
    }
    let detail = drawable.iter().flat_map(|curve| &curve.points).any(|&(x, y)| x <= 20.0 && y >= 80.0);
    let mut page = Page::new(if detail { 806 } else { 430 }, 412);
    let axis = |label: &str, low: f64, high: f64| Axis::linear(label, low, high, 6).percent();
    let (x, y) = (axis(X, -2.0, 102.0), axis("true positive rate (recall)", -2.0, 102.0));
    let title = if detail { "Whole curves" } else { "" };
    let mut panel = Panel::draw(&mut page, Frame::pixels(78, 34, 322, 322), title, x, y)?;
    page.line(&[panel.place(0.0, 0.0), panel.place(100.0, 100.0)], GUIDE);
    draw_curves(&mut page, &mut panel, &drawable);
    if detail {
        let ((left, top), (right, bottom)) = (panel.place(-0.5, 100.5), panel.place(20.0, 80.0));
        let corner = Frame { left, top, right, bottom };
        page.rectangle(corner, r##"fill="none" stroke="#808080" stroke-width="3""##);
    }
    panel.entries.push(("chance (AUC = 0.5)".into(), GUIDE));
    legend(&mut page, &panel);
    if detail {
        let (x, y) = (axis(X, -0.5, 20.0), axis("", 80.0, 100.5));
        let mut panel = Panel::draw(&mut page, Frame::pixels(460, 34, 322, 322), "Upper left corner", x, y)?;
        draw_curves(&mut page, &mut panel, &drawable);
    }
    Ok(page.finish("ROC curves", alt))
}

/// Precision against recall, as steps, so that the area under the picture is the average precision of the legend.
///
/// # Errors
/// When there is no curve, or one has no examples.
pub fn precision_recall(curves: &[(&str, &PrecisionRecallCurve, Style)]) -> Result<Figure> {
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
    legend(&mut page, &panel);
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

const PREDICTED: &str = "mean prediction";
const FOUND: &str = "share of positives";

/// A reliability diagram: the share of positives in each bin against the mean prediction, with its 95 % interval. Points on
/// the dotted diagonal mean what they say; below it the predictions are too high.
///
/// # Errors
/// When there is no calibration.
pub fn calibration(calibrations: &[(&str, &Calibration, Style)]) -> Result<Figure> {
    let highest = bins(calibrations).map(|bin| bin.mean_prediction.max(bin.interval().1)).fold(0.0, f64::max);
    let axes = [PREDICTED, FOUND].map(|label| Axis::linear(label, -0.02 * highest, 1.04 * highest, 6));
    draw_bins(calibrations, axes, (0.0, highest))
}

/// As [`calibration`] on logarithmic axes, for rare positives. A bin without positives has no point there, only its interval.
///
/// # Errors
/// As [`calibration`].
pub fn calibration_log(calibrations: &[(&str, &Calibration, Style)]) -> Result<Figure> {
    let x: Vec<f64> = bins(calibrations).map(|bin| bin.mean_prediction).collect();
    let y = bins(calibrations).map(CalibrationBin::interval);
    let y: Vec<f64> = y.flat_map(|(lower, upper)| [if lower > 0.0 { lower } else { upper }, upper]).collect();
    let lowest = x.iter().chain(&y).copied().filter(|&value| value > 0.0).fold(1.0, f64::min);
    let axes = [Axis::logarithmic(PREDICTED, &x), Axis::logarithmic(FOUND, &y)];
    draw_bins(calibrations, axes, (lowest / 10.0, 1.0)) // from below the axes, where the frame cuts it off
}

fn bins<'a>(calibrations: &[(&str, &'a Calibration, Style)]) -> impl Iterator<Item = &'a CalibrationBin> {
    calibrations.iter().flat_map(|(_, calibration, _)| &calibration.bins)
}

/// Draws the bins, and the diagonal from `low` to `high`.
fn draw_bins(of: &[(&str, &Calibration, Style)], [x, y]: [Axis; 2], (low, high): (f64, f64)) -> Result<Figure> {
    ensure!(bins(of).next().is_some(), "there is no calibration to draw");
    let mut page = Page::new(560, 470);
    let mut panel = Panel::draw(&mut page, Frame::pixels(84, 16, 456, 398), "", x, y)?;
    let mut alt = format!("Reliability diagram: {FOUND} against {PREDICTED}.");
    let mut curves = Vec::new();
    page.clip(panel.frame, |page| {
        page.line(&[panel.place(low, low), panel.place(high, high)], GUIDE);
        for &(name, calibration, style) in of {
            let mut texts = Vec::new();
            for bin in &calibration.bins {
                let (prediction, share) = (bin.mean_prediction, bin.share_of_positives());
                let (lower, upper) = bin.interval();
                if let (Some(from), Some(to)) = (panel.at(prediction, lower.max(low)), panel.at(prediction, upper)) {
                    page.line(&[from, to], Stroke { width: 3, dashes: "", ..style.0 });
                }
                if let Some(point) = panel.at(prediction, share) {
                    page.dot(point, 3 * PIXEL, style.0.color, "#ffffff");
                }
                texts.push(format!("{} where {} was predicted", share_text(share), share_text(prediction)));
            }
            alt += &format!(" {name}: {}.", texts.join(", "));
            curves.push(Curve { name: name.to_owned(), style, points: calibration.points() });
        }
    });
    draw_curves(&mut page, &mut panel, &curves);
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
    fn each_bin_has_a_point_and_an_interval() {
        let labels = Array1::from_shape_fn(10_000, |row| row % 1000 == 999);
        let probabilities = Array1::from_shape_fn(10_000, |row| 1e-5 * (row + 1) as f64);
        let rare = calibrate(&labels, &probabilities, 4).unwrap();
        for figure in [calibration, calibration_log].map(|draw| draw(&[("Test", &rare, solid(0))]).unwrap()) {
            assert_eq!(figure.svg().matches("<circle").count(), 4);
            assert!(figure.svg().contains(">as predicted<") && !figure.svg().contains("NaN"));
            assert!(figure.alt().contains("Test: 0.00080 where 0.013 was predicted,"), "{}", figure.alt());
        }
    }

    #[test]
    fn a_bin_without_positives_has_an_interval_on_logarithmic_axes() {
        let (labels, probabilities) = (Array1::from_elem(50, false), Array1::from_elem(50, 0.01));
        let none = calibrate(&labels, &probabilities, 1).unwrap();
        let figure = calibration_log(&[("Test", &none, solid(0))]).unwrap();
        assert_eq!(figure.svg().matches("<circle").count(), 0);
        assert!(calibration(&[("Test", &none, solid(0))]).is_ok());
        assert!(calibration(&[]).is_err() && calibration_log(&[]).is_err());
    }
}
