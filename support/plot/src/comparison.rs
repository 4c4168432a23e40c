//! How much a result varies: from seed to seed, and by chance.

use super::Figure;
use super::axes::{Axis, Panel, number};
use super::histograms::{median, sorted_group};
use super::page::{Anchor, Frame, GUIDE, PIXEL, Page, SMALL, Stroke, palette, shorten};
use learn::bootstrap::Interval;
use learn::error::{Result, ensure};
use learn::metrics::{Metric, Metrics};

/// One metric of each model for several seeds: a dot for each seed, a line at the median.
///
/// # Errors
/// As [`strip`].
pub fn spread(metric: Metric, models: &[(&str, Vec<Metrics>)]) -> Result<Figure> {
    let values = |results: &[Metrics]| results.iter().map(|metrics| metrics.get(metric)).collect();
    let groups: Vec<(&str, Vec<f64>)> = models.iter().map(|(name, results)| (*name, values(results))).collect();
    strip(metric.name(), &groups)
}

/// A dot for each value of a group, such as the metric of a model trained with several seeds, and a line at the median.
///
/// # Errors
/// When there is no group, an empty one, or a value that is not finite.
pub fn strip(label: &str, groups: &[(&str, Vec<f64>)]) -> Result<Figure> {
    ensure!(!groups.is_empty(), "there is no group to draw");
    let sorted = groups.iter().map(|(name, values)| sorted_group(name, values.clone()));
    let sorted: Vec<Vec<f64>> = sorted.collect::<Result<_>>()?;
    let (mut page, panel) = draw_rows(label, &sorted.concat(), groups.len(), 46)?;
    let mut alt = format!("{label} of each run.");
    for (row, ((name, _), sorted)) in groups.iter().zip(&sorted).enumerate() {
        for (place, &value) in sorted.iter().enumerate() {
            // Neighbours stand on different heights, so that equal values can be counted.
            let off = [0.0, 0.16, -0.16, 0.08, -0.08][place % 5];
            page.dot(panel.place(value, middle(row) + off), 4 * PIXEL, palette(row), "#ffffff");
        }
        let median = median(sorted);
        let (x, y) = panel.place(median, middle(row));
        page.line(&[(x, y - 15 * PIXEL), (x, y + 15 * PIXEL)], Stroke { color: "#000000", width: 8, dashes: "" });
        write_name(&mut page, &panel, y, name);
        let (runs, low, high) = (sorted.len(), sorted[0], sorted[sorted.len() - 1]);
        alt += &format!(" {name}: median {median:.4}, from {low:.4} to {high:.4} in {runs} runs.");
    }
    Ok(page.finish(label, alt))
}

/// A value for each name with its interval, one below the other, and a line at 0 where that lies among them: an interval that does
/// not reach it differs from 0 by more than chance.
///
/// # Errors
/// When there is none, or a value or an end of an interval is not finite.
pub fn intervals(label: &str, intervals: &[(&str, f64, Interval)]) -> Result<Figure> {
    ensure!(!intervals.is_empty(), "there is no interval to draw");
    let mut ends = Vec::new();
    for (name, value, Interval { lower, upper, .. }) in intervals {
        let all = [*value, *lower, *upper];
        ensure!(all.iter().all(|end| end.is_finite()), "'{name}' is {value}, from {lower} to {upper}");
        ends.extend(all);
    }
    let (mut page, panel) = draw_rows(label, &ends, intervals.len(), 34)?;
    if ends.iter().any(|&end| end <= 0.0) && ends.iter().any(|&end| end >= 0.0) {
        panel.vertical(&mut page, 0.0, Stroke { color: "#000000", ..GUIDE });
    }
    let mut alt = format!("{label}, with 95 % intervals.");
    for (row, (name, value, Interval { lower, upper, .. })) in intervals.iter().enumerate() {
        let [from, at, to] = [lower, value, upper].map(|&value| panel.place(value, middle(row)));
        page.line(&[from, to], Stroke { color: palette(row), width: 8, dashes: "" });
        page.dot(at, 5 * PIXEL, palette(row), "#ffffff");
        write_name(&mut page, &panel, at.1, name);
        let text = |value: f64| number(value, if value.abs() >= 100.0 { 0 } else { 4 });
        alt += &format!(" {name}: {}, from {} to {}.", text(*value), text(*lower), text(*upper));
    }
    Ok(page.finish(label, alt))
}

/// The width in pixels of the names beside the rows.
const NAMES: i32 = 150;

/// A page with so many rows below each other, each `height` pixels high, along an axis with room for the values.
fn draw_rows(label: &str, values: &[f64], count: usize, height: i32) -> Result<(Page, Panel)> {
    let height = height * count as i32 + 14;
    let mut page = Page::new(640, height + 72);
    let (x, y) = (Axis::around(label, values), Axis::linear("", -(count as f64), 0.0, 0));
    let panel = Panel::draw(&mut page, Frame::pixels(NAMES, 16, 470, height), "", x, y)?;
    Ok((page, panel))
}

/// Where the middle of a row lies on the y axis.
fn middle(row: usize) -> f64 {
    -(row as f64) - 0.5
}

fn write_name(page: &mut Page, panel: &Panel, y: i32, name: &str) {
    let name = shorten(name, SMALL, (NAMES - 20) * PIXEL);
    page.text((panel.frame.left - 8 * PIXEL, y), Anchor::End, SMALL, "#000000", &name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_told() {
        let figure = strip("prc", &[("Baseline", vec![0.7, 0.9, 0.8]), ("Weighted", vec![0.5, 0.6])]).unwrap();
        assert!(figure.alt().contains("Baseline: median 0.8000, from 0.7000 to 0.9000 in 3 runs."));
        assert!(figure.alt().contains("Weighted: median 0.5500"));
        assert_eq!(figure.svg().matches("<circle").count(), 5);
    }

    #[test]
    fn what_can_not_be_drawn_is_refused() {
        assert!(strip("prc", &[]).is_err());
        assert!(strip("prc", &[("Baseline", vec![])]).unwrap_err().to_string().contains("Baseline"));
        assert!(strip("prc", &[("Baseline", vec![f64::NAN])]).is_err());
        assert!(strip("prc", &[("Baseline", vec![0.5, 0.5])]).is_ok());
    }

    #[test]
    fn intervals_stand_below_each_other() {
        let interval = |lower, upper| Interval { lower, upper, dropped: 0 };
        let rows = [("rule", 6001.0, interval(-200.0, 9000.0)), ("oracle", 0.25, interval(0.2, 0.3))];
        let figure = intervals("euro saved", &rows).unwrap();
        assert!(
            figure.alt().contains("rule: 6,001, from −200 to 9,000. oracle: 0.2500, from 0.2000 to 0.3000."),
            "{}",
            figure.alt()
        );
        assert_eq!(figure.svg().matches("<circle").count(), 2);
        assert_eq!(figure.svg().matches("stroke-dasharray").count(), 1, "a line at 0");
        assert!(!intervals("x", &rows[1..]).unwrap().svg().contains("stroke-dasharray"));
        assert!(intervals("x", &[]).is_err());
        let message = intervals("x", &[("rule", f64::NAN, interval(0.0, 1.0))]).unwrap_err().to_string();
        assert!(message.contains("'rule' is NaN"), "{message}");
    }
}
