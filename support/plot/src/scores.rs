//! Where the scores of models lie, and where Keras looks at them.

use std::f64::consts::FRAC_1_SQRT_2;
use std::iter::successors;

use ndarray::Array1;

use super::Figure;
use super::axes::{Axis, Panel, ends};
use super::colors::palette;
use super::distribution::{draw_bars, median, sorted};
use super::lines::legend_above;
use super::page::{Frame, Page, Stroke};
use learn::error::{Error, Result};
use learn::scores::check_probabilities;

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
    let both = labels.iter().any(|&label| label) && labels.iter().any(|&label| !label);
    if models.is_empty() || !both {
        return Err(Error::Argument("there is nothing to draw: it takes a model, and examples of both classes".into()));
    }
    let all = models.iter().flat_map(|(_, scores)| scores.iter());
    let (lowest, _) = ends(all.map(|&score| f64::from(score).clamp(LOWEST, FIRST)));
    let mut edges: Vec<f64> = successors(Some(1.0), |&edge| (edge > lowest).then_some(edge * FRAC_1_SQRT_2)).collect();
    edges.reverse();

    let bar = |name: &str, color| (name.to_owned(), Stroke { color, width: 12, dashes: "" });
    let thresholds = Stroke { color: "#a0a0a0", width: 2, dashes: "" };
    let names = [
        bar("negatives", palette(0)),
        bar("positives", palette(1)),
        ("thresholds".into(), Stroke { width: 4, ..thresholds }),
    ];
    let (top, height, gap) = (64, 112, 56);
    let rows = models.len() as i32;
    let mut page = Page::new(640, top + (height + gap) * rows);
    legend_above(&mut page, &names);
    let mut alt = String::from("Where the scores of each model lie, on a logarithmic axis.");
    for (row, (name, scores)) in (0..).zip(models) {
        let below = scores.iter().filter(|&&score| f64::from(score) <= FIRST).count() as f64 / labels.len() as f64;
        let below = format!("{:.1} % of the scores are not above the first threshold", 100.0 * below);
        let classes = [false, true].map(|class| Class::new(labels, scores, class, &edges));
        let highest = classes.iter().flat_map(|class| &class.shares).copied().fold(0.0, f64::max);
        let x_label = if row + 1 == rows { "score" } else { "" };
        let y_label = if row == 0 { "share of the class" } else { "" };
        let x = Axis::logarithmic(x_label, [edges[0], 1.0].into_iter());
        let y = Axis::linear(y_label, 0.0, 1.06 * highest, 4).percent();
        let frame = Frame::pixels(78, top + (height + gap) * row, 546, height);
        let panel = Panel::draw(&mut page, frame, &format!("{name}: {below}"), x, y)?;
        page.clip(frame, |page| {
            let mut places: Vec<i32> = (1..200).map(|i| panel.place(f64::from(i) * FIRST, 0.0).0).collect();
            places.dedup();
            for x in places {
                page.line(&[(x, frame.top), (x, frame.bottom)], thresholds);
            }
            for (color, class) in classes.iter().enumerate() {
                draw_bars(page, &panel, |i| edges[i], &class.shares, palette(color));
            }
        });
        let [negatives, positives] = classes.map(|class| class.median);
        alt += &format!(
            " {name}: {below}, 1/199; the median of the negatives is {negatives:.5}, of the positives {positives:.5}."
        );
    }
    Ok(page.finish("Scores and Keras' thresholds", alt))
}

/// The scores of a class.
struct Class {
    /// How many % of them lie between two edges.
    shares: Vec<f64>,
    median: f64,
}

impl Class {
    fn new(labels: &Array1<bool>, scores: &Array1<f32>, class: bool, edges: &[f64]) -> Self {
        let of_class = labels.iter().zip(scores).filter(|(label, _)| **label == class);
        let scores = sorted(&of_class.map(|(_, &score)| score.into()).collect::<Vec<_>>());
        let mut shares = vec![0.0; edges.len() - 1];
        for &score in &scores {
            let place = edges.partition_point(|&edge| edge < score).max(1) - 1;
            shares[place] += 100.0 / scores.len() as f64;
        }
        Self { shares, median: median(&scores) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn every_score_is_counted_between_its_edges() {
        let labels = array![false, false, false, true];
        let class = Class::new(&labels, &array![0.0, 0.3, 1.0, 0.5], false, &[0.25, 0.5, 1.0]);
        assert_eq!(class.shares.iter().map(|share| share.round()).collect::<Vec<_>>(), [67.0, 33.0]);
        assert!((class.median - 0.3).abs() < 1e-6);
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
    }
}
