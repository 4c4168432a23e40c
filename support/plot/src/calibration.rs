//! Figures of how far probabilities can be taken at their word.

use super::axes::{Axis, Panel};
use super::lines::{Curve, GUIDE, draw_curves, legend};
use super::page::{Frame, PIXEL, Page, Stroke};
use super::{Figure, Style};
use learn::calibration::{Calibration, CalibrationBin, share as text};
use learn::error::{Result, ensure};

const X: &str = "mean prediction";
const Y: &str = "share of positives";

/// A reliability diagram: the share of positives in each bin against the mean prediction, with its 95 % interval. Points on
/// the dotted diagonal mean what they say; below it the predictions are too high.
///
/// # Errors
/// When there is no calibration.
pub fn calibration(calibrations: &[(&str, &Calibration, Style)]) -> Result<Figure> {
    let highest = bins(calibrations).map(|bin| bin.mean_prediction.max(bin.interval().1)).fold(0.0, f64::max);
    let axis = |label: &str| Axis::linear(label, -0.02 * highest, 1.04 * highest, 6);
    draw(calibrations, axis(X), axis(Y), (0.0, highest))
}

/// As [`calibration`] on logarithmic axes, for rare positives. A bin without positives has no point there, only its interval.
///
/// # Errors
/// As [`calibration`].
pub fn calibration_log(calibrations: &[(&str, &Calibration, Style)]) -> Result<Figure> {
    let x = bins(calibrations).map(|bin| bin.mean_prediction);
    let y = bins(calibrations).map(CalibrationBin::interval);
    let y = y.flat_map(|(lower, upper)| [if lower > 0.0 { lower } else { upper }, upper]);
    let lowest = x.clone().chain(y.clone()).filter(|&value| value > 0.0).fold(1.0, f64::min);
    let axis = |label: &str, values: Vec<f64>| Axis::logarithmic(label, &values);
    draw(calibrations, axis(X, x.collect()), axis(Y, y.collect()), (lowest / 10.0, 1.0)) // from below the axes, where the frame cuts it off
}

fn bins<'a>(calibrations: &[(&str, &'a Calibration, Style)]) -> impl Iterator<Item = &'a CalibrationBin> + Clone {
    calibrations.iter().flat_map(|(_, calibration, _)| &calibration.bins)
}

/// Draws the bins, and the diagonal from `low` to `high`.
fn draw(calibrations: &[(&str, &Calibration, Style)], x: Axis, y: Axis, (low, high): (f64, f64)) -> Result<Figure> {
    ensure!(bins(calibrations).next().is_some(), "there is no calibration to draw");
    let mut page = Page::new(560, 470);
    let mut panel = Panel::draw(&mut page, Frame::pixels(84, 16, 456, 398), "", x, y)?;
    let mut alt = format!("Reliability diagram: {Y} against {X}.");
    let mut curves = Vec::new();
    page.clip(panel.frame, |page| {
        page.line(&[panel.place(low, low), panel.place(high, high)], GUIDE);
        for &(name, calibration, style) in calibrations {
            let mut texts = Vec::new();
            for bin in &calibration.bins {
                let (prediction, share, (lower, upper)) =
                    (bin.mean_prediction, bin.share_of_positives(), bin.interval());
                if let (Some(from), Some(to)) = (panel.at(prediction, lower.max(low)), panel.at(prediction, upper)) {
                    page.line(&[from, to], Stroke { width: 3, dashes: "", ..style.0 });
                }
                if let Some(point) = panel.at(prediction, share) {
                    page.dot(point, 3 * PIXEL, style.0.color, "#ffffff");
                }
                texts.push(format!("{} where {} was predicted", text(share), text(prediction)));
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
    use crate::solid;
    use learn::calibration::calibration as calibrate;
    use ndarray::Array1;

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
