//! What decisions cost, and how many alarms they take.

use super::axes::{Axis, Panel, ends, logit, number};
use super::histograms::sorted;
use super::lines::{Curve, draw_curves, write_labels};
use super::page::{Frame, GUIDE, PIXEL, Page, Stroke};
use super::{Figure, Style, solid};
use learn::calibration::share;
use learn::cost::CostCurve;
use learn::curves::ThresholdCounts;
use learn::error::{Result, ensure};

/// The cost at every threshold, as steps on a logit axis, with a labelled dot on them at each threshold of `dots`. The part is
/// shown where deciding costs little more than never raising an alarm; an arrow stands at what costs more. Where thresholds were also `chosen` on other rows, such as
/// folds, halves or draws, each is a tick below, and the middle nine of ten lie on a grey band: how far chance moves the minimum.
///
/// ```
/// use learn::cost::Costs;
/// use ndarray::array;
///
/// let (labels, probabilities) = (array![true, true, false, false], array![0.9f32, 0.3, 0.6, 0.1]);
/// let curve = Costs { false_alarm: 1.0, missed: 4.0 }.curve(&labels, &probabilities)?;
/// let figure = plot::cost_curve("euro", &curve, &[("the rule", 0.2), ("0.5", 0.5)], &[])?;
/// assert!(figure.alt().ends_with("the rule, 0.200: 1. 0.5, 0.500: 5."));
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When the curve is empty, or a threshold is not in [0, 1].
pub fn cost_curve(label: &str, curve: &CostCurve, dots: &[(&str, f64)], chosen: &[f64]) -> Result<Figure> {
    let CostCurve { thresholds, costs } = curve;
    ensure!(!costs.is_empty() && thresholds.len() == costs.len(), "there is no cost to draw");
    for threshold in dots.iter().map(|dot| dot.1).chain(chosen.iter().copied()) {
        ensure!((0.0..=1.0).contains(&threshold), "a threshold has to be in [0, 1], not {threshold}");
    }
    let cost_at = |threshold: f64| costs[thresholds.partition_point(|&other| other > threshold).min(costs.len() - 1)];
    // From never an alarm down: each cost holds from its threshold up to the one before.
    let mut points = vec![(1.0, costs[0])];
    for (&threshold, &cost) in thresholds.iter().zip(costs) {
        points.extend([(points[points.len() - 1].0, cost), (threshold, cost)]);
    }
    let most = 1.3 * costs[0];
    let shown = points.iter().filter(|point| point.1 <= most && point.0 > 0.0 && point.0 < 1.0).map(|point| point.0);
    let (low, high) = ends(shown.chain(dots.iter().map(|dot| dot.1)).chain(chosen.iter().copied()).map(logit));
    let air = 0.03 * (high - low) + 0.05;
    let mut page = Page::new(652, 440);
    let x = Axis::logits("threshold", low - air, high + air);
    let y = Axis::linear(label, 0.0, if most > 0.0 { most } else { 1.0 }, 7);
    let mut panel = Panel::draw(&mut page, Frame::pixels(90, 16, 530, 368), "", x, y)?;
    let points: Vec<_> = points.into_iter().map(|(threshold, cost)| (logit(threshold), cost)).collect();

    let (threshold, least) = curve.best();
    let mut alt = format!(
        "{label} against the threshold, as steps. Never an alarm: {}. Least: {} above {}.",
        money(costs[0]),
        money(least),
        share(threshold)
    );
    let sorted = sorted(chosen.to_vec());
    if !sorted.is_empty() {
        let [from, to] = [5, 95].map(|percent| sorted[(sorted.len() - 1) * percent / 100]);
        let [(left, bottom), (right, _)] = [from, to].map(|threshold| panel.place(logit(threshold), 0.0));
        let band = Frame { left, top: panel.frame.top + 2, right: right.max(left + PIXEL), bottom };
        page.rectangle(band, r##"fill="#999999" fill-opacity="0.25""##);
        for &threshold in &sorted {
            let (x, y) = panel.place(logit(threshold), 0.0);
            page.line(&[(x, y), (x, y - 10 * PIXEL)], Stroke { color: "#404040", width: 4, dashes: "" });
        }
        let (count, from, to) = (sorted.len(), share(from), share(to));
        alt += &format!(" Of {count} thresholds chosen on other rows nine in ten are between {from} and {to}.");
    }
    draw_curves(&mut page, &mut panel, &[Curve { name: String::new(), style: solid(0), points }]);
    for &(name, threshold) in dots {
        let cost = cost_at(threshold);
        let above = if cost > most { " ↑" } else { "" };
        let place = panel.place(logit(threshold), cost.min(most));
        page.dot(place, 5 * PIXEL, "#000000", "#ffffff");
        panel.drawn.push(vec![(place.0 - 20, place.1), (place.0 + 20, place.1)]);
        panel.labels.push((place, format!("{name}: {}{above}", money(cost)), "#000000"));
        alt += &format!(" {name}, {}: {}.", share(threshold), money(cost));
    }
    write_labels(&mut page, &mut panel);
    Ok(page.finish(&format!("{label} against the threshold"), alt))
}

fn money(value: f64) -> String {
    number(value, if value.fract() == 0.0 || value.abs() >= 100.0 { 0 } else { 2 })
}

/// The share of positives that each ranking finds with so many alarms a day, on a logarithmic axis, and how many it finds with
/// `alarms_a_day` of them; `days` is the number of days that the examples cover. Logits rank examples whose probabilities round
/// to the same number: count them, with `ThresholdCounts::new(&labels, &logits)`.
///
/// # Errors
/// When there is no ranking, one has no positives, or `days` or `alarms_a_day` is not a finite number above 0.
pub fn capacity(rankings: &[(&str, &ThresholdCounts, Style)], days: f64, alarms_a_day: f64) -> Result<Figure> {
    ensure!(!rankings.is_empty(), "there is no ranking to draw");
    for (name, value) in [("days", days), ("alarms_a_day", alarms_a_day)] {
        ensure!(value.is_finite() && value > 0.0, "{name} has to be a finite number above 0, not {value}");
    }
    let mut curves = Vec::new();
    let mut dots = Vec::new();
    let mut alt =
        format!("The share of positives found against alarms a day, and what {alarms_a_day} alarms a day find.");
    for &(name, counts, style) in rankings {
        let all = counts.true_positives.last().copied().unwrap_or(0.0);
        ensure!(all > 0.0, "'{name}' has no positives to find");
        let alarms = counts.true_positives.iter().zip(&counts.false_positives);
        let points: Vec<_> = alarms.map(|(found, wrong)| ((found + wrong) / days, 100.0 * found / all)).collect();
        let reached = points.partition_point(|point| point.0 <= alarms_a_day);
        let found = if reached == 0 { 0.0 } else { counts.true_positives[reached - 1] };
        dots.push((100.0 * found / all, format!("{name}: {} of {}", number(found, 0), number(all, 0)), style));
        alt += &format!(" {name}: {} of {} positives.", number(found, 0), number(all, 0));
        curves.push(Curve { name: name.to_owned(), style, points });
    }
    let x: Vec<f64> =
        curves.iter().flat_map(|curve| &curve.points).map(|point| point.0).chain([alarms_a_day]).collect();
    let mut page = Page::new(618, 430);
    let (x, y) = (Axis::logarithmic("alarms a day", &x), Axis::linear("positives found", 0.0, 103.0, 6).percent());
    let mut panel = Panel::draw(&mut page, Frame::pixels(78, 16, 520, 358), "", x, y)?;
    panel.vertical(&mut page, alarms_a_day, GUIDE);
    draw_curves(&mut page, &mut panel, &curves);
    for (share, text, Style(stroke)) in dots {
        let place = panel.place(alarms_a_day, share);
        page.dot(place, 4 * PIXEL, stroke.color, "#000000");
        panel.labels.push((place, text, stroke.color));
    }
    write_labels(&mut page, &mut panel);
    Ok(page.finish("Positives found by alarms a day", alt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use learn::cost::Costs;
    use ndarray::array;

    #[test]
    fn what_was_chosen_elsewhere_lies_on_a_band() {
        let (labels, probabilities) = (array![true, true, false, false], array![0.9f32, 0.3, 0.6, 0.1]);
        let curve = Costs { false_alarm: 1.0, missed: 4.0 }.curve(&labels, &probabilities).unwrap();
        let figure = cost_curve("euro", &curve, &[("never", 1.0), ("always", 0.0)], &[0.2, 0.3, 0.4]).unwrap();
        assert!(figure.svg().contains("#404040") && figure.svg().contains(">never: 8<"));
        assert!(figure.alt().contains("Least: 1 above 0.100. Of 3 thresholds"), "{}", figure.alt());
        assert!(figure.alt().ends_with("never, 1.000: 8. always, 0.000: 2."), "{}", figure.alt());
        assert!(cost_curve("euro", &curve, &[], &[]).is_ok());
        assert!(cost_curve("euro", &curve, &[("a", f64::NAN)], &[]).unwrap_err().to_string().contains("[0, 1]"));
        assert!(cost_curve("euro", &curve, &[], &[2.0]).is_err());
    }

    #[test]
    fn alarms_a_day_find_what_ranks_highest() {
        let counts = ThresholdCounts::new(&array![true, false, true, false], &array![4.0f32, 3.0, 2.0, 1.0]).unwrap();
        let found = |alarms| capacity(&[("a", &counts, solid(0))], 2.0, alarms).unwrap().alt().to_owned();
        assert!(found(1.0).ends_with("a: 1 of 2 positives.") && found(1.5).ends_with("a: 2 of 2 positives."));
        assert!(found(0.1).ends_with("a: 0 of 2 positives."));
        assert!(capacity(&[], 1.0, 1.0).is_err() && capacity(&[("a", &counts, solid(0))], 0.0, 1.0).is_err());
        let none = ThresholdCounts::new(&array![false], &array![0.0f32]).unwrap();
        assert!(capacity(&[("a", &none, solid(0))], 1.0, 1.0).unwrap_err().to_string().contains("'a'"));
    }
}
