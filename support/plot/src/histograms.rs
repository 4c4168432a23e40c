//! Histograms of predictions: how groups of scores are distributed, and where Keras looks at them.

use std::f64::consts::FRAC_1_SQRT_2;
use std::iter::{once, successors};

use ndarray::Array1;

use super::Figure;
use super::axes::{Axis, Entry, Panel, ends};
use super::lines::{legend, legend_above};
use super::page::{Frame, Page, Stroke, palette};
use learn::error::{Result, ensure};
use learn::scores::check_probabilities;
use learn::table::thousands;

/// Histograms of predictions over each other: for each group, which share of it falls into each of `bins` parts. The
/// axis runs from 0 to 1 unless a value lies outside.
///
/// # Errors
/// When there is no group, an empty one, a value that is not finite, or no bin.
pub fn histogram(groups: &[(&str, &Array1<f32>)], bins: usize, title: &str) -> Result<Figure> {
    let count = groups.len();
    let possible = count > 0 && (1..=1000).contains(&bins);
    ensure!(possible, "{count} groups in {bins} bins: at least one of each, at most 1000 bins");
    let mut sorted = Vec::new();
    for (name, values) in groups {
        sorted.push(sorted_group(name, values.iter().map(|&value| value.into()).collect())?);
    }
    let (low, high) = limits(&sorted.concat(), (0.0, 1.0));
    let shares = |values: &Vec<f64>| percent(&histogram_counts(values, (low, high), bins));
    let shares: Vec<Vec<f64>> = sorted.iter().map(shares).collect();

    let mut page = Page::new(640, 420);
    let (x, y) = (Axis::linear("prediction", low, high, 6), share_axis("share of the group", &shares, 6));
    let mut panel = Panel::draw(&mut page, Frame::pixels(74, 34, 546, 330), title, x, y)?;
    let mut alt = format!("{title}: histograms of predictions.");
    let edge = |i: usize| low + (high - low) * i as f64 / bins as f64;
    for (color, ((name, _), sorted)) in groups.iter().zip(&sorted).enumerate() {
        let [low, median, high] = [5, 50, 95].map(|percent| sorted[(sorted.len() - 1) * percent / 100]);
        let entry = bar(format!("{name} (median {median:.3})"), color);
        draw_bars(&mut page, &mut panel, entry, edge, &shares[color]);
        let count = thousands(sorted.len());
        alt += &format!(" {name}: {count} values, median {median:.3}, nine in ten between {low:.3} and {high:.3}.");
    }
    legend(&mut page, &panel);
    Ok(page.finish(title, alt))
}

/// Lower scores are counted here.
const LOWEST: f64 = 1e-8;
/// Keras' thresholds are the multiples of this; the one at 0 has no place on a logarithmic axis.
const FIRST: f64 = 1.0 / 199.0;

/// How the scores of each model are distributed on a logarithmic axis, negatives and positives apart, over the thresholds from
/// which Keras' metric `AUC` computes its area. In which order the scores between two of them are it can't see, nor that of all
/// below the first, 1/199.
///
/// # Errors
/// When there is no model, labels and probabilities differ in length, a probability is not in [0, 1], or a class is missing.
pub fn keras_thresholds(labels: &Array1<bool>, models: &[(&str, &Array1<f32>)]) -> Result<Figure> {
    for (_, scores) in models {
        check_probabilities(labels, scores)?;
    }
    let both = [false, true].iter().all(|class| labels.iter().any(|label| label == class));
    ensure!(both && !models.is_empty(), "there is nothing to draw: it takes a model, and examples of both classes");
    let all = models.iter().flat_map(|(_, scores)| scores.iter());
    let (lowest, _) = ends(all.map(|&score| f64::from(score).clamp(LOWEST, FIRST)));
    let mut edges: Vec<f64> = successors(Some(1.0), |&edge| (edge > lowest).then_some(edge * FRAC_1_SQRT_2)).collect();
    edges.reverse();

    let classes = [bar("negatives", 0), bar("positives", 1)];
    let thresholds = Stroke { color: "#a0a0a0", width: 2, dashes: "" };
    let (top, height, gap) = (64, 112, 56);
    let rows = models.len() as i32;
    let mut page = Page::new(640, top + (height + gap) * rows);
    let sample = ("thresholds".to_owned(), Stroke { width: 4, ..thresholds });
    legend_above(&mut page, &[&classes[..], &[sample]].concat());
    let mut alt = String::from("Where the scores of each model lie, on a logarithmic axis.");
    for (row, (name, scores)) in (0..).zip(models) {
        let below = scores.iter().filter(|&&score| f64::from(score) <= FIRST).count() as f64 / labels.len() as f64;
        let below = format!("{:.1} % of the scores are not above the first threshold", 100.0 * below);
        let by_class = [false, true].map(|class| sorted(of_class(labels, scores, class).collect()));
        let shares = by_class.each_ref().map(|scores| percent(&counts_between(&edges, scores)));
        let x = Axis::logarithmic(if row + 1 == rows { "score" } else { "" }, &[edges[0], 1.0]);
        let y = share_axis(if row == 0 { "share of the class" } else { "" }, &shares, 4);
        let frame = Frame::pixels(78, top + (height + gap) * row, 546, height);
        let mut panel = Panel::draw(&mut page, frame, &format!("{name}: {below}"), x, y)?;
        page.clip(frame, |page| {
            let mut places: Vec<i32> = (1..200).map(|i| panel.place(f64::from(i) * FIRST, 0.0).0).collect();
            places.dedup();
            for x in places {
                page.line(&[(x, frame.top), (x, frame.bottom)], thresholds);
            }
            for (class, shares) in classes.iter().zip(&shares) {
                draw_bars(page, &mut panel, class.clone(), |i| edges[i], shares);
            }
        });
        let [negatives, positives] = by_class.map(|scores| median(&scores));
        alt += &format!(
            " {name}: {below}, 1/199; the median of the negatives is {negatives:.5}, of the positives {positives:.5}."
        );
    }
    Ok(page.finish("Scores and Keras' thresholds", alt))
}

/// An axis for the shares of groups, in %.
pub(super) fn share_axis(label: &str, shares: &[Vec<f64>], numbers: usize) -> Axis {
    let highest = shares.iter().flatten().copied().fold(0.0, f64::max);
    Axis::linear(label, 0.0, 1.06 * highest, numbers).percent()
}

/// The name of a histogram and its color, counted as those of lines.
pub(super) fn bar(name: impl Into<String>, color: usize) -> Entry {
    (name.into(), Stroke { color: palette(color), width: 12, dashes: "" })
}

/// The outline of bars as high as the shares, the i-th from `edge(i)` to `edge(i + 1)`, and the area below it.
pub(super) fn draw_bars(page: &mut Page, panel: &mut Panel, bar: Entry, edge: impl Fn(usize) -> f64, shares: &[f64]) {
    // Bins without values interrupt the outline, so that it does not run along the axis.
    let filled: Vec<usize> = (0..shares.len()).filter(|&i| shares[i] > 0.0).collect();
    for run in filled.chunk_by(|i, next| i + 1 == *next) {
        let steps = run.iter().flat_map(|&i| [(i, shares[i]), (i + 1, shares[i])]);
        let outline = once((run[0], 0.0)).chain(steps).chain([(run[run.len() - 1] + 1, 0.0)]);
        let points: Vec<_> = outline.map(|(i, share)| panel.place(edge(i), share)).collect();
        page.area(&points, bar.1.color);
        panel.drawn.push(points);
    }
    panel.entries.push(bar);
}

/// The scores of one class.
pub(super) fn of_class(labels: &Array1<bool>, scores: &Array1<f32>, class: bool) -> impl Iterator<Item = f64> {
    labels.iter().zip(scores).filter(move |(label, _)| **label == class).map(|(_, &score)| score.into())
}

/// How many values lie in each of `count` equal parts between the limits; the upper limit belongs to the last.
pub(super) fn histogram_counts(values: &[f64], limits: (f64, f64), count: usize) -> Vec<usize> {
    let mut counts = vec![0; count];
    for &value in values {
        counts[(scaled(value, limits, count) as usize).min(count - 1)] += 1;
    }
    counts
}

/// How many values lie above each edge and not above the next; those that are not above the first count there too.
fn counts_between(edges: &[f64], values: &[f64]) -> Vec<usize> {
    let mut counts = vec![0; edges.len() - 1];
    for &value in values {
        counts[edges.partition_point(|&edge| edge < value).max(1) - 1] += 1;
    }
    counts
}

/// Counts in % of all.
pub(super) fn percent(counts: &[usize]) -> Vec<f64> {
    let all = counts.iter().sum::<usize>() as f64;
    counts.iter().map(|&count| 100.0 * count as f64 / all).collect()
}

/// How many of `count` equal parts between the limits lie below a value.
pub(super) fn scaled(value: f64, (low, high): (f64, f64), count: usize) -> f64 {
    (value - low) / (high - low) * count as f64
}

/// The usual limits, or the ends of the values when one lies outside.
pub(super) fn limits(values: &[f64], usual: (f64, f64)) -> (f64, f64) {
    let (low, high) = ends(values.iter().copied());
    if low >= usual.0 && high <= usual.1 { usual } else { (low, if high > low { high } else { low + 1.0 }) }
}

/// Values from the lowest up.
pub(super) fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The values of a group from the lowest up; refuses a group without any, and a value that is not finite.
pub(super) fn sorted_group(name: &str, values: Vec<f64>) -> Result<Vec<f64>> {
    ensure!(!values.is_empty(), "the group '{name}' has no values");
    for (place, value) in values.iter().enumerate() {
        ensure!(value.is_finite(), "value {place} of '{name}' is {value}");
    }
    Ok(sorted(values))
}

/// The value in the middle of sorted ones, or between the two there.
pub(super) fn median(sorted: &[f64]) -> f64 {
    (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn every_score_is_counted_between_its_edges() {
        let labels = array![false, false, false, true];
        let scores = sorted(of_class(&labels, &array![0.0, 0.3, 1.0, 0.5], false).collect());
        let shares = percent(&counts_between(&[0.25, 0.5, 1.0], &scores));
        assert_eq!(shares.iter().map(|share| share.round()).collect::<Vec<_>>(), [67.0, 33.0]);
        assert!((median(&scores) - 0.3).abs() < 1e-6);
    }

    #[test]
    fn what_lies_below_the_first_threshold_is_told() {
        let labels = Array1::from_shape_fn(1000, |row| row < 10);
        let rare = labels.mapv(|label| if label { 0.9 } else { 0.004 });
        let figure = keras_thresholds(&labels, &[("Plain", &rare), ("Weighted", &labels.mapv(|_| 0.5))]).unwrap();
        assert!(figure.alt().contains("Plain: 99.0 % of the scores are not above the first threshold, 1/199"));
        assert!(figure.alt().contains("Weighted: 0.0 %") && figure.svg().contains(">thresholds<"));
        // Near 1 they are closer than the lines can show, but more than half of the 199 stay.
        let lines = figure.svg().matches("#a0a0a0").count();
        assert!((200..2 * 200).contains(&lines), "{lines}");
    }

    #[test]
    fn what_can_not_be_drawn_is_refused() {
        let (labels, scores) = (array![true, false], array![0.5, 0.0]);
        assert!(keras_thresholds(&labels, &[("a", &scores)]).is_ok());
        assert!(keras_thresholds(&labels, &[]).is_err());
        assert!(keras_thresholds(&array![true, true], &[("a", &scores)]).is_err());
        assert!(keras_thresholds(&labels, &[("a", &array![0.5, 1.5])]).is_err());
        assert!(histogram(&[], 10, "").is_err());
        assert!(histogram(&[("a", &array![])], 10, "").unwrap_err().to_string().contains("'a'"));
        assert!(histogram(&[("a", &array![0.5, f32::NAN])], 10, "").is_err());
        assert!(histogram(&[("a", &array![0.5])], 0, "").is_err());
    }
}
