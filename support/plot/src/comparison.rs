//! How much a result varies: from seed to seed, and by chance.

use super::Figure;
use super::axes::{Axis, Panel, number};
use super::colors::palette;
use super::lines::GUIDE;
use super::page::{Anchor, Frame, PIXEL, Page, SMALL, Stroke, shorten};
use learn::bootstrap::Interval;
use learn::error::{Error, Result};
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
    if groups.is_empty() {
        return Err(Error::Argument("there is no group to draw".into()));
    }
    for (name, values) in groups {
        if values.is_empty() {
            return Err(Error::Argument(format!("the group '{name}' has no values")));
        }
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::Argument(format!("value {place} of '{name}' is {}", values[place])));
        }
    }
    let rows = groups.len() as i32;
    let (left, height) = (150, 46 * rows + 14);
    let mut page = Page::new(640, height + 72);
    let x = Axis::around(label, groups.iter().flat_map(|group| &group.1).copied(), 7);
    let y = Axis::unlabelled(0.0, f64::from(rows));
    let panel = Panel::draw(&mut page, Frame::pixels(left, 16, 470, height), "", x, y)?;
    let mut alt = format!("{label} of each run.");
    for (row, (name, values)) in groups.iter().enumerate() {
        let (color, middle) = (palette(row), f64::from(rows) - row as f64 - 0.5);
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        for (place, &value) in sorted.iter().enumerate() {
            // Neighbours stand on different heights, so that equal values can be counted.
            let off = [0.0, 0.16, -0.16, 0.08, -0.08][place % 5];
            if let Some(point) = panel.at(value, middle + off) {
                page.dot(point, 4 * PIXEL, color, "#ffffff");
            }
        }
        let median = (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0;
        if let Some((x, y)) = panel.at(median, middle) {
            let mark = Stroke { color: "#000000", width: 8, dashes: "" };
            page.line(&[(x, y - 15 * PIXEL), (x, y + 15 * PIXEL)], mark);
            let name = shorten(name, SMALL, (left - 20) * PIXEL);
            page.text((panel.frame.left - 8 * PIXEL, y), Anchor::End, SMALL, "#000000", &name);
        }
        alt += &format!(
            " {name}: median {median:.4}, from {:.4} to {:.4} in {} runs.",
            sorted[0],
            sorted[sorted.len() - 1],
            sorted.len()
        );
    }
    Ok(page.finish(label, alt))
}

/// A value for each name with its interval, one below the other, and a line at 0 where that lies among them: an interval that does
/// not reach it differs from 0 by more than chance.
///
/// # Errors
/// When there is none, or a value or an end of an interval is not finite.
pub fn intervals(label: &str, rows: &[(&str, f64, Interval)]) -> Result<Figure> {
    let ends = || rows.iter().flat_map(|(_, value, interval)| [*value, interval.lower, interval.upper]);
    if rows.is_empty() {
        return Err(Error::Argument("there is no interval to draw".into()));
    }
    if let Some((name, value, Interval { lower, upper, .. })) =
        rows.iter().find(|row| ![row.1, row.2.lower, row.2.upper].iter().all(|end| end.is_finite()))
    {
        return Err(Error::Argument(format!("'{name}' is {value}, from {lower} to {upper}")));
    }
    let count = rows.len() as i32;
    let (left, height) = (150, 34 * count + 14);
    let mut page = Page::new(640, height + 72);
    let (x, y) = (Axis::around(label, ends(), 7), Axis::unlabelled(0.0, f64::from(count)));
    let panel = Panel::draw(&mut page, Frame::pixels(left, 16, 470, height), "", x, y)?;
    if let (true, Some((zero, _))) = (ends().any(|end| end <= 0.0) && ends().any(|end| end >= 0.0), panel.at(0.0, 0.0))
    {
        page.line(&[(zero, panel.frame.top), (zero, panel.frame.bottom)], Stroke { color: "#000000", ..GUIDE });
    }
    let mut alt = format!("{label}, with 95 % intervals.");
    for (row, (name, value, Interval { lower, upper, .. })) in rows.iter().enumerate() {
        let (color, middle) = (palette(row), f64::from(count) - row as f64 - 0.5);
        if let (Some(from), Some(at), Some(to)) =
            (panel.at(*lower, middle), panel.at(*value, middle), panel.at(*upper, middle))
        {
            page.line(&[from, to], Stroke { color, width: 8, dashes: "" });
            page.dot(at, 5 * PIXEL, color, "#ffffff");
            let name = shorten(name, SMALL, (left - 20) * PIXEL);
            page.text((panel.frame.left - 8 * PIXEL, at.1), Anchor::End, SMALL, "#000000", &name);
        }
        let text = |value: f64| number(value, if value.abs() >= 100.0 { 0 } else { 4 });
        alt += &format!(" {name}: {}, from {} to {}.", text(*value), text(*lower), text(*upper));
    }
    Ok(page.finish(label, alt))
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
