//! How much a result varies: from split to split and start to start, with the number of positives, and by chance.

use std::collections::BTreeSet;

use super::Figure;
use super::axes::{Axis, Panel, number};
use super::histograms::{median, sorted, sorted_group};
use super::lines::{room, write_labels};
use super::page::{Anchor, Frame, GUIDE, PIXEL, Page, Point, SMALL, Stroke, palette, shorten, tint};
use learn::bootstrap::Interval;
use learn::error::{Result, ensure};
use learn::math::ln;
use learn::table::thousands;

/// A value for each name with its interval, from the highest value down, and a line at 0 where that lies among them: an interval
/// that does not reach it differs from 0 by more than chance. What has no interval, because both ends are the value, is a mark.
///
/// # Errors
/// When there is none, or a value or an end of an interval is not finite.
pub fn intervals<N: AsRef<str>>(label: &str, intervals: &[(N, f64, Interval)]) -> Result<Figure> {
    ensure!(!intervals.is_empty(), "there is no interval to draw");
    let mut ends = vec![0.0];
    for (name, value, Interval { lower, upper, .. }) in intervals {
        let (name, all) = (name.as_ref(), [*value, *lower, *upper]);
        ensure!(all.iter().all(|end| end.is_finite()), "'{name}' is {value}, from {lower} to {upper}");
        ends.extend(all);
    }
    let mut sorted: Vec<_> = intervals.iter().collect();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
    // Far from 0, the line is not worth the room.
    let apart = ends[1..].iter().all(|&end| end > 0.0) || ends[1..].iter().all(|&end| end < 0.0);
    let (page, panel) = draw_rows(label, &ends[usize::from(apart)..], sorted.len(), 30)?;
    let (mut page, color) = (page, palette(0));
    if !apart {
        panel.vertical(&mut page, 0.0, Stroke { color: "#000000", ..GUIDE });
    }
    let decimals = if ends.iter().any(|end| end.abs() >= 100.0) { 0 } else { 4 };
    let mut alt = format!("{label}, with 95 % intervals.");
    for (row, (name, value, Interval { lower, upper, .. })) in sorted.into_iter().enumerate() {
        let name = name.as_ref();
        let [from, at, to] = [lower, value, upper].map(|&value| panel.place(value, middle(row)));
        write_name(&mut page, &panel, at.1, name);
        let text = |value: f64| number(value, decimals);
        alt += &format!(" {name}: {}", text(*value));
        if lower == upper {
            page.line(
                &[(at.0, at.1 - 9 * PIXEL), (at.0, at.1 + 9 * PIXEL)],
                Stroke { color: "#000000", width: 10, dashes: "" },
            );
            alt += ".";
        } else {
            page.line(&[from, to], Stroke { color, width: 8, dashes: "" });
            page.dot(at, 5 * PIXEL, color, "#ffffff");
            alt += &format!(", from {} to {}.", text(*lower), text(*upper));
        }
    }
    Ok(page.finish(label, alt))
}

/// A value of each model for every split of the data, such as its average precision on validation: a color for each model, and a
/// thin line for each start. The k-th value of a split is that of the k-th start, so that what differs from model to model can be
/// told from what differs from split to split.
///
/// ```
/// let baseline = vec![(1, 0.78), (1, 0.79), (2, 0.71), (2, 0.70)]; // two splits, two starts each
/// let weighted = vec![(1, 0.74), (1, 0.73), (2, 0.66), (2, 0.67)];
/// let figure = plot::by_split("prc", &[("baseline", baseline), ("weighted", weighted)])?;
/// assert!(figure.alt().ends_with("weighted − baseline: median −0.0450, from −0.0600 to −0.0300, below 0 in 4 of 4 runs."));
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When there is no model, one without values, or a value is not finite.
pub fn by_split<N: AsRef<str>>(label: &str, models: &[(N, Vec<(usize, f64)>)]) -> Result<Figure> {
    let values = checked(models)?;
    let splits = distinct(models.iter().flat_map(|model| &model.1));
    let place = |split: usize| splits.partition_point(|&other| other < split) as f64;
    let marks = splits.iter().map(|&split| (place(split), split.to_string())).collect();
    let names: Vec<String> = models
        .iter()
        .zip(&values)
        .map(|((name, _), values)| format!("{} {:.3}", name.as_ref(), median(values)))
        .collect();
    let room = room(names.iter().map(String::as_str));
    let mut page = Page::new(84 + 470 + room, 400);
    let x = Axis::with_marks("split", (-0.4, splits.len() as f64 - 0.6), marks);
    let frame = Frame::pixels(84, 16, 470, 328);
    let mut panel = Panel::draw(&mut page, frame, "", x, Axis::around(label, &values.concat()))?;
    let mut alt = format!("{label} of each run by split.");
    for (color, ((name, runs), values)) in models.iter().zip(&values).enumerate() {
        let name = name.as_ref();
        let (low, high, count) = (values[0], values[values.len() - 1], values.len());
        let middle = median(values);
        alt += &format!(" {name}: median {middle:.4}, from {low:.4} to {high:.4} in {count} runs.");
        let points =
            |start: usize| splits.iter().filter_map(move |&split| Some((split, start_of(runs, split, start)?)));
        let mut last = Vec::new();
        for start in (0..).take_while(|&start| points(start).next().is_some()) {
            let line: Vec<Point> = points(start).map(|(split, value)| panel.place(place(split), value)).collect();
            page.line(&line, Stroke { color: tint(color), width: 5, dashes: "" });
            for &point in &line {
                page.dot(point, 3 * PIXEL + 2, palette(color), "#ffffff");
            }
            last.extend(line.last().copied());
            panel.drawn.push(line);
        }
        let height = last.iter().map(|point| point.1).sum::<i32>() / last.len().max(1) as i32;
        panel.labels.push(((frame.right, height), names[color].clone(), palette(color)));
    }
    for (name, runs) in &models[1..] {
        let pairs = runs.iter().enumerate().filter_map(|(i, &(split, value))| {
            let start = runs[..i].iter().filter(|run| run.0 == split).count();
            Some(value - start_of(&models[0].1, split, start)?)
        });
        let gaps = sorted(pairs.collect());
        if let (Some(&low), Some(&high)) = (gaps.first(), gaps.last()) {
            let [middle, low, high] = [median(&gaps), low, high].map(|gap| number(gap, 4));
            let below = gaps.iter().filter(|gap| **gap < 0.0).count();
            alt += &format!(
                " {} − {}: median {middle}, from {low} to {high}, below 0 in {below} of {} runs.",
                name.as_ref(),
                models[0].0.as_ref(),
                gaps.len()
            );
        }
    }
    write_labels(&mut page, &mut panel);
    Ok(page.finish(&format!("{label} by split"), alt))
}

/// What the start-th run on a split reached.
fn start_of(runs: &[(usize, f64)], split: usize, start: usize) -> Option<f64> {
    runs.iter().filter(|run| run.0 == split).nth(start).map(|run| run.1)
}

/// What each model reaches with so many positives to learn from, on a logarithmic axis: a dot for each run, and a line through
/// the medians. A model with a single number of positives has dots only.
///
/// # Errors
/// As [`by_split`], and when a number of positives is 0.
pub fn learning_curve<N: AsRef<str>>(label: &str, models: &[(N, Vec<(usize, f64)>)]) -> Result<Figure> {
    let values = checked(models)?;
    let all = distinct(models.iter().flat_map(|model| &model.1));
    ensure!(all[0] > 0, "with 0 positives there is nothing to learn from, and no place on a logarithmic axis");
    let room = room(models.iter().map(|model| model.0.as_ref()));
    let mut page = Page::new(84 + 470 + room, 400);
    let counts: Vec<f64> = all.iter().map(|&count| count as f64).collect();
    let (low, high) = (ln(counts[0]), ln(counts[counts.len() - 1]));
    let air = 0.06 * (high - low) + 0.02;
    let marks = all.iter().map(|&count| (ln(count as f64), thousands(count))).collect();
    let x = Axis::with_marks("positives in the training set", (low - air, high + air), marks);
    let frame = Frame::pixels(84, 16, 470, 328);
    let mut panel = Panel::draw(&mut page, frame, "", x, Axis::around(label, &values.concat()))?;
    let mut alt = format!("{label} against the number of positives in the training set.");
    let mut singles = 0;
    for (color, (name, runs)) in models.iter().enumerate() {
        let name = name.as_ref();
        let own = distinct(runs.iter());
        // Dots without a line would lie on the end of another model's.
        singles += i32::from(own.len() == 1);
        let aside = if own.len() == 1 { 6 * PIXEL * singles } else { 0 };
        let at = |count: usize, value: f64| {
            let (x, y) = panel.place(ln(count as f64), value);
            (x + aside, y)
        };
        let mut line = Vec::new();
        let mut texts = Vec::new();
        for &count in &own {
            let values = sorted(runs.iter().filter(|run| run.0 == count).map(|run| run.1).collect());
            line.push(at(count, median(&values)));
            texts.push(format!("{:.4} with {}", median(&values), thousands(count)));
        }
        page.line(&line, Stroke { color: palette(color), width: 7, dashes: "" });
        for &(count, value) in runs {
            page.dot(at(count, value), 3 * PIXEL + 2, palette(color), "#ffffff");
        }
        alt += &format!(" {name}: median {}.", texts.join(", "));
        let end = line[line.len() - 1];
        panel.labels.push(((frame.right, end.1), name.to_owned(), palette(color)));
        panel.drawn.push(line);
    }
    write_labels(&mut page, &mut panel);
    Ok(page.finish(&format!("{label} and the number of positives"), alt))
}

/// The splits, or the numbers of positives, of runs.
fn distinct<'a>(runs: impl Iterator<Item = &'a (usize, f64)>) -> Vec<usize> {
    runs.map(|run| run.0).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The values of each model from the lowest up.
fn checked<N: AsRef<str>>(models: &[(N, Vec<(usize, f64)>)]) -> Result<Vec<Vec<f64>>> {
    ensure!(!models.is_empty(), "there is no model to draw");
    models.iter().map(|(name, runs)| sorted_group(name.as_ref(), runs.iter().map(|run| run.1).collect())).collect()
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
    fn each_run_has_a_dot_and_each_start_a_line() {
        let runs = vec![(3, 0.7), (3, 0.9), (8, 0.8)];
        let figure = by_split("prc", &[("baseline", runs.clone())]).unwrap();
        assert!(figure.alt().ends_with("baseline: median 0.8000, from 0.7000 to 0.9000 in 3 runs."));
        assert_eq!(figure.svg().matches("<circle").count(), 3);
        assert!(figure.svg().contains(">baseline 0.800<"));
        let figure = learning_curve("prc", &[("baseline", runs), ("weighted", vec![(8, 0.5)])]).unwrap();
        let told = "baseline: median 0.8000 with 3, 0.8000 with 8. weighted: median 0.5000 with 8.";
        assert!(figure.alt().ends_with(told), "{}", figure.alt());
    }

    #[test]
    fn what_can_not_be_drawn_is_refused() {
        for draw in [by_split::<&str>, learning_curve::<&str>] {
            assert!(draw("prc", &Vec::new()).is_err());
            assert!(draw("prc", &[("baseline", vec![])]).unwrap_err().to_string().contains("baseline"));
            assert!(draw("prc", &[("baseline", vec![(1, f64::NAN)])]).is_err());
            assert!(draw("prc", &[("baseline", vec![(1, 0.5), (1, 0.5)])]).is_ok());
        }
        assert!(learning_curve("prc", &[("baseline", vec![(0, 0.5)])]).is_err());
    }

    #[test]
    fn intervals_stand_below_each_other() {
        let interval = |lower, upper| Interval { lower, upper, dropped: 0 };
        let rows = [("rule", 6001.0, interval(-200.0, 9000.0)), ("oracle", 500.0, interval(500.0, 500.0))];
        let figure = intervals("euro saved", &rows).unwrap();
        assert!(figure.alt().contains("rule: 6,001, from −200 to 9,000. oracle: 500."), "{}", figure.alt());
        assert_eq!(figure.svg().matches("<circle").count(), 1, "the oracle is a mark");
        assert_eq!(figure.svg().matches("stroke-dasharray").count(), 1, "a line at 0");
        assert!(!intervals("x", &rows[1..]).unwrap().svg().contains("stroke-dasharray"));
        assert!(intervals("x", &rows[..0]).is_err());
        let message = intervals("x", &[("rule", f64::NAN, interval(0.0, 1.0))]).unwrap_err().to_string();
        assert!(message.contains("'rule' is NaN"), "{message}");
    }
}
