//! Histograms of predictions: how groups of scores are distributed, and where Keras looks at them.

use std::f64::consts::FRAC_1_SQRT_2;
use std::iter::{once, successors};

use ndarray::Array1;

use super::Figure;
use super::axes::{Axis, Entry, Panel, ends, logit};
use super::lines::{legend_above, write_labels};
use super::page::{Frame, GREY, ORANGE, PIXEL, Page, Point, Stroke};
use learn::calibration::share as share_text;
use learn::error::{Result, ensure};
use learn::scores::check_probabilities;

/// Lower scores are counted here.
const LOWEST: f64 = 1e-8;
/// Keras' thresholds are the multiples of this; the one at 0 has no place on a logarithmic axis.
const FIRST: f64 = 1.0 / 199.0;

/// How the probabilities of each model are distributed, negatives and positives apart, below each other on one logit axis, with
/// lines at the share of positives and at 0.5. What lies beyond the ends of the axis counts there.
///
/// # Errors
/// When there is no model, labels and probabilities differ in length, a probability is not in [0, 1], or a class is missing.
pub fn histograms(labels: &Array1<bool>, models: &[(&str, &Array1<f32>)]) -> Result<Figure> {
    check(labels, models)?;
    let share = labels.iter().filter(|label| **label).count() as f64 / labels.len() as f64;
    let all =
        models.iter().flat_map(|(_, scores)| scores.iter().map(|&score| f64::from(score).clamp(1e-6, 1.0 - 1e-6)));
    let (low, high) = ends(all.chain([share, 0.5]).map(logit));
    let air = 0.03 * (high - low);
    let (low, high) = (low - air, high + air);
    let edges: Vec<f64> = (0..=BARS).map(|i| low + (high - low) * i as f64 / BARS as f64).collect();
    let axis = |label: &str| Axis::logits(label, low, high);
    let titles: Vec<String> = models.iter().map(|(name, _)| (*name).to_owned()).collect();
    let guides = |page: &mut Page, panel: &mut Panel| {
        panel.guide(page, logit(share), &format!("base rate {}", share_text(share)));
        panel.guide(page, 0.0, "0.5");
    };
    let page = draw_stack(labels, models, &titles, (axis, &edges, logit), guides)?;
    let mut alt = String::from("Where the probabilities of each class lie, on a logit axis.");
    for (name, scores) in models {
        let text = [(false, "negatives"), (true, "positives")].map(|(class, of)| {
            let sorted = sorted(of_class(labels, scores, class).collect());
            let [low, high] = [5, 95].map(|percent| share_text(sorted[(sorted.len() - 1) * percent / 100]));
            format!(
                "the median of the {of} is {}, nine in ten are between {low} and {high}",
                share_text(median(&sorted))
            )
        });
        alt += &format!(" {name}: {}.", text.join("; "));
    }
    alt += &format!(" The base rate is {}.", share_text(share));
    Ok(page.finish("Probabilities of each class", alt))
}

/// How the scores of each model are distributed on a logarithmic axis, negatives and positives apart, over the thresholds from
/// which Keras' metric `AUC` computes its area. In which order the scores between two of them are it can't see, nor that of all
/// below the first, 1/199.
///
/// # Errors
/// As [`histograms`].
pub fn keras_thresholds(labels: &Array1<bool>, models: &[(&str, &Array1<f32>)]) -> Result<Figure> {
    check(labels, models)?;
    let all = models.iter().flat_map(|(_, scores)| scores.iter());
    let (lowest, _) = ends(all.map(|&score| f64::from(score).clamp(LOWEST, FIRST)));
    let mut edges: Vec<f64> = successors(Some(1.0), |&edge| (edge > lowest).then_some(edge * FRAC_1_SQRT_2)).collect();
    edges.reverse();
    let mut alt = String::from("Where the scores of each model lie, on a logarithmic axis.");
    let mut titles = Vec::new();
    for (name, scores) in models {
        let below = scores.iter().filter(|&&score| f64::from(score) <= FIRST).count() as f64 / labels.len() as f64;
        let below = format!("{:.1} % of the scores are not above the first threshold", 100.0 * below);
        let [negatives, positives] =
            [false, true].map(|class| median(&sorted(of_class(labels, scores, class).collect())));
        alt += &format!(
            " {name}: {below}, 1/199; the median of the negatives is {negatives:.5}, of the positives {positives:.5}."
        );
        titles.push(format!("{name}: {below}"));
    }
    let axis = |label: &str| Axis::logarithmic(label, &[edges[0], 1.0]);
    let rug = |page: &mut Page, panel: &mut Panel| {
        // Near 1 they are closer than lines can show.
        let mut places: Vec<i32> = (1..200).map(|i| panel.place(f64::from(i) * FIRST, 0.0).0).collect();
        places.dedup();
        let Frame { top, right, .. } = panel.frame;
        for &x in &places {
            page.line(&[(x, top), (x, top + 10 * PIXEL)], Stroke { color: "#000000", width: 2, dashes: "" });
        }
        let first = (places.first().copied().unwrap_or(right), top + 7 * PIXEL);
        panel.drawn.push(vec![first, (right, first.1)]);
        panel.labels.push((first, "Keras' thresholds".to_owned(), "#000000"));
    };
    let page = draw_stack(labels, models, &titles, (axis, &edges, |score| score), rug)?;
    Ok(page.finish("Scores and Keras' thresholds", alt))
}

/// The bars of a histogram.
const BARS: usize = 36;

/// Histograms of each class by each model, below each other on the same axes: the axis, the edges of the bars on it, and where a
/// score lies on it. What comes on top, `finish` draws.
fn draw_stack(
    labels: &Array1<bool>,
    models: &[(&str, &Array1<f32>)],
    titles: &[String],
    (axis, edges, place): (impl Fn(&str) -> Axis, &[f64], fn(f64) -> f64),
    finish: impl Fn(&mut Page, &mut Panel),
) -> Result<Page> {
    let of_model = |(_, scores): &(&str, &Array1<f32>)| {
        let of = |class| percent(&counts_between(edges, of_class(labels, scores, class).map(place)));
        [of(false), of(true)]
    };
    let shares: Vec<[Vec<f64>; 2]> = models.iter().map(of_model).collect();
    // Above the bars there is room for what marks a place among them.
    let highest = shares.iter().flatten().flatten().copied().fold(0.0, f64::max);
    let (top, height, gap) = (64, 118, 56);
    let mut page = Page::new(652, top + (height + gap) * models.len() as i32);
    legend_above(&mut page, &classes());
    for (row, shares_of_model) in shares.iter().enumerate() {
        let x = axis(if row + 1 == models.len() { "score" } else { "" });
        let y = share_axis(if row == 0 { "share of the class" } else { "" }, &[vec![1.2 * highest]], 4);
        let frame = Frame::pixels(78, top + (height + gap) * row as i32, 546, height);
        let mut panel = Panel::draw(&mut page, frame, &titles[row], x, y)?;
        for ((_, stroke), shares) in classes().iter().zip(shares_of_model) {
            let outlines = draw_bars(&mut page, stroke.color, shares, |i, share| panel.place(edges[i], share));
            panel.drawn.extend(outlines);
        }
        finish(&mut page, &mut panel);
        write_labels(&mut page, &mut panel);
    }
    Ok(page)
}

fn check(labels: &Array1<bool>, models: &[(&str, &Array1<f32>)]) -> Result<()> {
    for (_, scores) in models {
        check_probabilities(labels, scores)?;
    }
    let both = [false, true].iter().all(|class| labels.iter().any(|label| label == class));
    ensure!(both && !models.is_empty(), "there is nothing to draw: it takes a model, and examples of both classes");
    Ok(())
}

/// What a legend says of the classes.
pub(super) fn classes() -> [Entry; 2] {
    let bar = |name: &str, color| (name.to_owned(), Stroke { color, width: 12, dashes: "" });
    [bar("negatives", GREY), bar("positives", ORANGE)]
}

/// An axis for the shares of groups, in %.
pub(super) fn share_axis(label: &str, shares: &[Vec<f64>], numbers: usize) -> Axis {
    let highest = shares.iter().flatten().copied().fold(0.0, f64::max);
    Axis::linear(label, 0.0, 1.06 * highest, numbers).percent()
}

/// Bars as high as the shares, the i-th between the edges i and i + 1, as their outline and the area below it: `place` says where
/// an edge and a share are. Returns the outlines.
pub(super) fn draw_bars(
    page: &mut Page,
    color: &str,
    shares: &[f64],
    place: impl Fn(usize, f64) -> Point,
) -> Vec<Vec<Point>> {
    // Bins without values interrupt the outline, so that it does not run along the axis.
    let filled: Vec<usize> = (0..shares.len()).filter(|&i| shares[i] > 0.0).collect();
    let runs = filled.chunk_by(|i, next| i + 1 == *next).map(|run| {
        let steps = run.iter().flat_map(|&i| [(i, shares[i]), (i + 1, shares[i])]);
        let outline = once((run[0], 0.0)).chain(steps).chain([(run[run.len() - 1] + 1, 0.0)]);
        let points: Vec<Point> = outline.map(|(i, share)| place(i, share)).collect();
        page.area(&points, color);
        points
    });
    runs.collect()
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

/// How many values lie above each edge and not above the next; those beyond the ends count there.
fn counts_between(edges: &[f64], values: impl Iterator<Item = f64>) -> Vec<usize> {
    let mut counts = vec![0; edges.len() - 1];
    for value in values {
        counts[edges.partition_point(|&edge| edge < value).clamp(1, edges.len() - 1) - 1] += 1;
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
        let scores = sorted(of_class(&labels, &array![0.0, 0.3, 1.5, 0.5], false).collect());
        let shares = percent(&counts_between(&[0.25, 0.5, 1.0], scores.iter().copied()));
        assert_eq!(shares.iter().map(|share| share.round()).collect::<Vec<_>>(), [67.0, 33.0]);
        assert!((median(&scores) - 0.3).abs() < 1e-6);
    }

    #[test]
    fn what_lies_below_the_first_threshold_is_told() {
        let labels = Array1::from_shape_fn(1000, |row| row < 10);
        let rare = labels.mapv(|label| if label { 0.9 } else { 0.004 });
        let figure = keras_thresholds(&labels, &[("Plain", &rare), ("Weighted", &labels.mapv(|_| 0.5))]).unwrap();
        assert!(figure.alt().contains("Plain: 99.0 % of the scores are not above the first threshold, 1/199"));
        assert!(figure.alt().contains("Weighted: 0.0 %") && figure.svg().contains(">Keras' thresholds<"));
        // Near 1 they are closer than the lines can show, but more than half of the 199 stay.
        let lines = figure.svg().matches(r#"stroke-width="2" stroke-linejoin"#).count();
        assert!((200..2 * 200).contains(&lines), "{lines}");
    }

    #[test]
    fn probabilities_stand_below_each_other_with_the_base_rate() {
        let labels = Array1::from_shape_fn(1000, |row| row < 150);
        let (before, after) = (labels.mapv(|label| if label { 0.16 } else { 0.14 }), labels.mapv(|_| 0.5));
        let figure = histograms(&labels, &[("before", &before), ("after", &after)]).unwrap();
        assert_eq!(figure.svg().matches(">base rate 0.150<").count(), 2);
        assert!(figure.alt().contains("before: the median of the negatives is 0.140"), "{}", figure.alt());
    }

    #[test]
    fn what_can_not_be_drawn_is_refused() {
        let (labels, scores) = (array![true, false], array![0.5, 0.0]);
        assert!(keras_thresholds(&labels, &[("a", &scores)]).is_ok());
        assert!(keras_thresholds(&labels, &[]).is_err());
        assert!(keras_thresholds(&array![true, true], &[("a", &scores)]).is_err());
        assert!(keras_thresholds(&labels, &[("a", &array![0.5, 1.5])]).is_err());
        assert!(histograms(&labels, &[("a", &array![1.0, 0.0])]).is_ok());
        assert!(histograms(&labels, &[("a", &array![f32::NAN, 0.0])]).is_err());
    }
}
