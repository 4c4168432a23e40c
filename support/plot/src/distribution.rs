//! How two features are distributed together: hexagons with marginal histograms.

use std::collections::BTreeMap;

use super::Figure;
use super::axes::{Axis, EDGE, Panel, draw_upper_edges, number};
use super::histograms::{histogram_counts, limits, scaled, sorted};
use super::page::{Anchor, Frame, LARGE, PIXEL, Page, blue};
use learn::error::{Result, ensure};
use learn::examples::Examples;
use learn::math::ln;
use learn::table::thousands;

/// The features are clipped here, so these are the ends of the axes unless a value lies outside.
const LIMIT: f64 = 5.0;
/// The lightest blue of a hexagon that counts something: it must differ from the white ground.
const LIGHTEST: f64 = 0.2;

/// How two features are distributed: hexagons colored by the number of examples in them, on a logarithmic scale, with
/// the histogram of each feature at the edges, as seaborn's `jointplot(kind="hex")`.
///
/// # Errors
/// When a feature is unknown, there are no examples, or a value is not finite.
pub fn joint(examples: &Examples, x: &str, y: &str, title: &str) -> Result<Figure> {
    draw_joint(Page::new(606, 540), &[(title, examples)], x, y, 384, 62)
}

/// Two such distributions side by side, each with its title: the classes, for example.
///
/// # Errors
/// As [`joint`].
pub fn joint_pair(left: (&str, &Examples), right: (&str, &Examples), x: &str, y: &str) -> Result<Figure> {
    draw_joint(Page::new(920, 412), &[left, right], x, y, 264, 48)
}

/// Distributions with titles, side by side: a frame of `size` pixels for the hexagons, and of `margin` for the histograms.
fn draw_joint(mut page: Page, sets: &[(&str, &Examples)], x: &str, y: &str, size: i32, margin: i32) -> Result<Figure> {
    const GAP: i32 = 6;
    let mut alt = Vec::new();
    for (&(title, examples), left) in sets.iter().zip([58, 518]) {
        let features = [Feature::new(examples, x, title)?, Feature::new(examples, y, title)?];
        let top = 38 + margin + GAP;
        let frame = Frame::pixels(left, top, size, size);
        let [x_axis, y_axis] = features.each_ref().map(|of| Axis::linear(of.name, of.limits.0, of.limits.1, 6));
        Panel::draw(&mut page, frame, "", x_axis, y_axis)?;
        page.text((frame.center().0, 18 * PIXEL), Anchor::Middle, LARGE, "#000000", title);

        let cells = Hexagons::count(&features);
        page.clip(frame, |page| cells.draw(page, frame));
        draw_upper_edges(&mut page, frame);

        let above = Frame::pixels(left, top - margin - GAP, size, margin);
        let beside = Frame::pixels(left + size + GAP, top, margin, size);
        let [across, up] = features.each_ref().map(|of| histogram_counts(&of.values, of.limits, cells.columns));
        draw_margin(&mut page, &across, |from, to, height| above.part((from, 0.0), (to, height)));
        draw_margin(&mut page, &up, |from, to, height| beside.part((0.0, from), (height, to)));
        page.line(&[(above.left, above.bottom), (above.right, above.bottom)], EDGE);
        page.line(&[(beside.left, beside.top), (beside.left, beside.bottom)], EDGE);

        let color_bar = Frame::pixels(left + size + GAP + margin + 10, top, 12, size);
        page.color_bar(color_bar, shade, &cells.ticks(), "examples in a hexagon");
        let (rows, features) = (thousands(examples.len()), features.map(Feature::describe).join(" and "));
        alt.push(format!("{title}: {rows} examples in hexagons of {features}."));
    }
    Ok(page.finish(&format!("{y} against {x}"), alt.join(" ")))
}

/// A feature of all examples, and the ends of its axis.
struct Feature<'a> {
    name: &'a str,
    values: Vec<f64>,
    limits: (f64, f64),
}

impl<'a> Feature<'a> {
    fn new(examples: &Examples, name: &'a str, title: &str) -> Result<Self> {
        let values: Vec<f64> = examples.feature(name)?.iter().map(|&value| value.into()).collect();
        ensure!(!values.is_empty(), "there are no examples to draw for '{title}'");
        for (row, value) in values.iter().enumerate() {
            ensure!(value.is_finite(), "feature '{name}' of row {row} is {value}");
        }
        Ok(Self { name, limits: limits(&values, (-LIMIT, LIMIT)), values })
    }

    fn describe(self) -> String {
        let sorted = sorted(self.values);
        let [low, median, high] = [25, 50, 75].map(|percent| number(sorted[(sorted.len() - 1) * percent / 100], 2));
        format!("{} (median {median}, middle half from {low} to {high})", self.name)
    }
}

/// The color of a share of the logarithmic scale.
fn shade(share: f64) -> String {
    blue(LIGHTEST + (1.0 - LIGHTEST) * share)
}

/// Draws the bars of a histogram, whose frames `bar` gives for shares of its width, from where to where, and of its height.
fn draw_margin(page: &mut Page, counts: &[usize], bar: impl Fn(f64, f64, f64) -> Frame) {
    let highest = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let edge = |place: usize| place as f64 / counts.len() as f64;
    for (i, &count) in counts.iter().enumerate() {
        let frame = bar(edge(i), edge(i + 1), count as f64 / highest);
        if frame.width() > 0 && frame.height() > 0 {
            page.rectangle(frame, r##"fill="#6baed6" stroke="#ffffff" stroke-width="1""##);
        }
    }
}

/// Counts on a grid of hexagons: a lattice of `columns` by `rows` and another one in the middle of its gaps.
struct Hexagons {
    columns: usize,
    rows: usize,
    /// The number of examples by (row, column) of the center in half steps.
    counts: BTreeMap<(usize, usize), usize>,
    /// The largest of them.
    most: usize,
}

impl Hexagons {
    /// Each example counts in the hexagon with the nearest center; more examples are given smaller hexagons.
    fn count([x, y]: &[Feature<'_>; 2]) -> Self {
        let columns = ((x.values.len() as f64).sqrt() as usize).clamp(12, 44);
        // Regular hexagons with a corner on top: neighbouring rows are √3/2 of a width apart.
        let rows = (columns as f64 / 3f64.sqrt()).round() as usize;
        let mut counts = BTreeMap::new();
        for (&a, &b) in x.values.iter().zip(&y.values) {
            let (x, y) = (scaled(a, x.limits, columns), scaled(b, y.limits, rows));
            let gap = |place: f64, count: usize| place.floor().min((count - 1) as f64) + 0.5;
            let (whole, half) = ((x.round(), y.round()), (gap(x, columns), gap(y, rows)));
            // A step up is √3 times as long as one to the right, so its square counts three times.
            let square = |(a, b): (f64, f64)| (x - a) * (x - a) + 3.0 * (y - b) * (y - b);
            let (a, b) = if square(whole) <= square(half) { whole } else { half };
            *counts.entry(((2.0 * b) as usize, (2.0 * a) as usize)).or_default() += 1;
        }
        let most = counts.values().copied().max().unwrap_or(1);
        Self { columns, rows, counts, most }
    }

    /// Where a count lies on the scale of colors.
    fn share(&self, count: usize) -> f64 {
        if self.most > 1 { ln(count as f64) / ln(self.most as f64) } else { 1.0 }
    }

    /// One path for all hexagons of a color, which takes a third of the bytes of one for each.
    fn draw(&self, page: &mut Page, frame: Frame) {
        const COLORS: usize = 48;
        let step_x = f64::from(frame.width()) / (2 * self.columns) as f64;
        let step_y = f64::from(frame.height()) / (2 * self.rows) as f64;
        // Half the width and a quarter of the height, rounded up so that no gaps open.
        let (w, h) = (step_x.ceil() as i32, (step_y / 3.0).ceil() as i32);
        let side = 2 * h;
        let mut paths = vec![String::new(); COLORS];
        for (&(row, column), &count) in &self.counts {
            let x = frame.left + (step_x * column as f64).round() as i32 - w;
            let y = frame.bottom - (step_y * row as f64).round() as i32 - h;
            let color = (self.share(count) * (COLORS - 1) as f64).round() as usize;
            paths[color] += &format!("M{x},{y}v{side}l{w},{h}l{w},-{h}v-{side}l-{w},-{h}z");
        }
        for (color, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
            let color = shade(color as f64 / (COLORS - 1) as f64);
            // A thin edge of the same color closes the seams between neighbours.
            page.element(format_args!(r#"<path fill="{color}" stroke="{color}" stroke-width="2" d="{path}"/>"#));
        }
    }

    /// Numbers for the scale of colors: powers of ten, or single counts when there is no more than a few.
    fn ticks(&self) -> Vec<(f64, String)> {
        let few = self.most < 30;
        let steps: &[usize] = if few { &[1, 2, 5, 10, 20] } else { &[1, 10, 100, 1000, 10_000, 100_000, 1_000_000] };
        let reached = steps.iter().filter(|&&count| count <= self.most);
        reached.map(|&count| (self.share(count), thousands(count))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2, array};

    fn examples(rows: usize) -> Examples {
        let value = |(row, column): (usize, usize)| ((row * (7 + 4 * column)) % 101) as f32 / 10.1 - 5.0;
        Examples::new(Array2::from_shape_fn((rows, 2), value), Array1::from_elem(rows, false)).unwrap()
    }

    fn features(examples: &Examples) -> [Feature<'_>; 2] {
        ["x0", "x1"].map(|name| Feature::new(examples, name, "").unwrap())
    }

    #[test]
    fn every_example_counts_in_one_hexagon() {
        for rows in [1, 2, 500, 20_000] {
            let examples = examples(rows);
            let cells = Hexagons::count(&features(&examples));
            assert_eq!(cells.counts.values().sum::<usize>(), rows);
        }
    }

    #[test]
    fn an_example_counts_where_it_lies() {
        let corners = array![[-5.0, -5.0], [5.0, 5.0]];
        let examples = Examples::new(corners, array![true, true]).unwrap();
        let cells = Hexagons::count(&features(&examples));
        let Hexagons { columns, rows, counts, .. } = cells;
        assert_eq!(counts, BTreeMap::from([((0, 0), 1), ((2 * rows, 2 * columns), 1)]));
    }

    #[test]
    fn histograms_count_every_value() {
        assert_eq!(histogram_counts(&[0.0, 0.24, 0.25, 1.0, 1.0], (0.0, 1.0), 4), [2, 1, 0, 2]);
        let examples = examples(3000);
        let [_, x1] = features(&examples);
        assert_eq!(histogram_counts(&x1.values, x1.limits, 37).iter().sum::<usize>(), 3000);
    }

    #[test]
    fn axes_end_at_5_or_at_the_data() {
        let examples = |last: f32| Examples::new(array![[0.0, 1.0], [last, 1.0]], array![true, false]).unwrap();
        let limits = |last: f32| features(&examples(last)).map(|feature| feature.limits);
        assert_eq!(limits(3.0), [(-5.0, 5.0), (-5.0, 5.0)]);
        assert_eq!(limits(30.0), [(0.0, 30.0), (-5.0, 5.0)]);
    }

    #[test]
    fn what_can_not_be_drawn_is_refused() {
        assert!(joint(&examples(0), "x0", "x1", "none").unwrap_err().to_string().contains("no examples"));
        assert!(joint(&examples(5), "x0", "V6", "").unwrap_err().to_string().contains("V6"));
        let mut broken = examples(5);
        broken.features[[2, 1]] = f32::NAN;
        assert!(joint(&broken, "x0", "x1", "").unwrap_err().to_string().contains("'x1' of row 2 is NaN"));
    }
}
