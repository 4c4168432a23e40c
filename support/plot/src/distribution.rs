//! How two features are distributed together in each class: hexagons and dots with marginal histograms, and points on any axes.

use std::collections::BTreeMap;

use super::axes::{Axis, Panel, draw_upper_edges, number};
use super::histograms::{classes, draw_bars, histogram_counts, limits, percent, scaled, share_axis, sorted};
use super::lines::{Curve, Line, draw_curves, fits, legend};
use super::page::{Anchor, Frame, GREY, ORANGE, PIXEL, Page, SMALL, Stroke, ink, shade};
use super::{Figure, Style};
use learn::error::{Result, ensure};
use learn::examples::Examples;
use learn::math::ln;
use learn::table::thousands;

/// The features are clipped here, so these are the ends of the axes unless a value lies outside.
const LIMIT: f64 = 5.0;

/// How two features are distributed in each class: negatives as hexagons, the more of them the darker, on a logarithmic scale,
/// positives as dots, and at the edges the histogram of each feature, a share of the class in each bin. Bins with values at the
/// very end of an axis are hatched: clipping gathers there what lay beyond.
///
/// # Errors
/// When a feature is unknown, a class is missing, or a value is not finite.
pub fn joint(examples: &Examples, x: &str, y: &str) -> Result<Figure> {
    let (size, margin, gap, left, top) = (400, 66, 8, 64, 86);
    let limits = [Feature::new(examples, x)?, Feature::new(examples, y)?].map(|feature| feature.limits);
    let (negatives, positives) = examples.by_class();
    let (no, yes) = (&negatives, &positives);
    let sets = [[Feature::new(no, x)?, Feature::new(no, y)?], [Feature::new(yes, x)?, Feature::new(yes, y)?]];
    // Both classes on the axes of all.
    let sets = sets.map(|[a, b]| [Feature { limits: limits[0], ..a }, Feature { limits: limits[1], ..b }]);
    let mut page = Page::new(640, top + size + 62);
    let frame = Frame::pixels(left, top, size, size);
    let [x_axis, y_axis] = [0, 1].map(|i| Axis::linear([x, y][i], limits[i].0, limits[i].1, 6));
    let panel = Panel::draw(&mut page, frame, "", x_axis, y_axis)?;
    let cells = Hexagons::count(&sets[0]);
    page.clip(frame, |page| {
        cells.draw(page, frame);
        let points = || sets[1][0].values.iter().zip(&sets[1][1].values).map(|(&x, &y)| panel.place(x, y));
        // All edges first, so that none cuts through a dot.
        page.discs(points(), 13, "#000000");
        page.discs(points(), 10, ORANGE);
    });
    draw_upper_edges(&mut page, frame);

    let counts =
        [0, 1].map(|i| sets.each_ref().map(|set| percent(&histogram_counts(&set[i].values, limits[i], MARGIN_BARS))));
    let mut hatched = false;
    for (i, shares) in counts.iter().enumerate() {
        let along = Axis::linear("", limits[i].0, limits[i].1, 0);
        let up = share_axis("", shares, 2);
        let panel = if i == 0 {
            Panel::draw(&mut page, Frame::pixels(left, top - margin - gap, size, margin), "", along, up)?
        } else {
            Panel::draw(&mut page, Frame::pixels(left + size + gap, top, margin, size), "", up, along)?
        };
        let edge = |bin: usize| limits[i].0 + (limits[i].1 - limits[i].0) * bin as f64 / MARGIN_BARS as f64;
        let place =
            |bin: usize, share: f64| if i == 0 { panel.place(edge(bin), share) } else { panel.place(share, edge(bin)) };
        for (set, (shares, (_, stroke))) in sets.iter().zip(shares.iter().zip(classes())) {
            draw_bars(&mut page, stroke.color, shares, place);
            for (bin, end) in [(0, limits[i].0), (MARGIN_BARS - 1, limits[i].1)] {
                if set[i].values.iter().filter(|&&value| value == end).count() > 1 {
                    let ((x0, y0), (x1, y1)) = (place(bin, 0.0), place(bin + 1, shares[bin]));
                    hatch(
                        &mut page,
                        Frame { left: x0.min(x1), top: y0.min(y1), right: x0.max(x1), bottom: y0.max(y1) },
                    );
                    hatched = true;
                }
            }
        }
    }

    let [no, yes] = [&negatives, &positives].map(|class| thousands(class.len()));
    let mut notes = vec![(format!("{no} negatives"), ink(GREY)), (format!("{yes} positives"), ink(ORANGE))];
    notes.push(("margins: % of the class".to_owned(), "#000000"));
    notes.extend(hatched.then(|| ("hatched: clipped".to_owned(), "#000000")));
    for (row, (text, color)) in (0..).zip(&notes) {
        let place = ((left + size + gap + 8) * PIXEL, (top - margin - gap + 8 + 16 * row) * PIXEL);
        page.text(place, Anchor::Start, SMALL, color, text);
    }
    let color_bar = Frame::pixels(left + size + gap + margin + 16, top + 40, 12, size - 80);
    page.color_bar(color_bar, dark, &cells.ticks(), "negatives in a hexagon");
    let [no_features, yes_features] = sets.map(|set| set.map(Feature::describe).join(" and "));
    let alt = format!("{no} negatives as hexagons of {no_features}. {yes} positives as dots of {yes_features}.");
    Ok(page.finish(&format!("{y} against {x}"), alt))
}

/// The bars of a histogram at the edge.
const MARGIN_BARS: usize = 40;

/// Draws slanting lines over a rectangle.
fn hatch(page: &mut Page, frame: Frame) {
    page.clip(frame, |page| {
        let (wide, high) = (frame.width(), frame.height());
        for start in (-high..wide).step_by(4 * PIXEL as usize) {
            let line = [(frame.left + start, frame.bottom), (frame.left + start + high, frame.top)];
            page.line(&line, Stroke { color: "#000000", width: 2, dashes: "" });
        }
    });
}

/// Points of groups on any axes, each group with its name and the color of its style, and lines through them. Groups that come
/// later lie on top.
///
/// ```
/// use plot::{negatives, positives, scatter};
///
/// let groups = [("genuine", vec![(0.0, 1.0), (0.5, 2.0)], negatives()), ("fraud", vec![(3.0, 1.5)], positives())];
/// let figure = scatter("V14", "V17", &groups, &[])?;
/// assert!(figure.alt().contains("fraud: 1 point,"));
/// # Ok::<(), learn::error::Error>(())
/// ```
///
/// # Errors
/// When no group has a point.
pub fn scatter(x_label: &str, y_label: &str, groups: &[Line<'_>], lines: &[Line<'_>]) -> Result<Figure> {
    let points = groups.iter().flat_map(|group| &group.1).filter(fits);
    let (x, y): (Vec<f64>, Vec<f64>) = points.copied().unzip();
    ensure!(!x.is_empty(), "there is nothing to draw: no group has a point");
    let mut page = Page::new(620, 500);
    let (x_axis, y_axis) = (Axis::around(x_label, &x), Axis::around(y_label, &y));
    let mut panel = Panel::draw(&mut page, Frame::pixels(78, 16, 522, 426), "", x_axis, y_axis)?;
    let mut alt = format!("Points of {y_label} against {x_label}.");
    for (name, points, Style(stroke)) in groups {
        let places = || points.iter().filter(fits).map(|&(x, y)| panel.place(x, y));
        let radius = if points.len() > 300 { 7 } else { 12 };
        page.discs(places(), radius + 3, "#ffffff");
        page.discs(places(), radius, stroke.color);
        let at = |value: fn(&(f64, f64)) -> f64| {
            let sorted = sorted(points.iter().filter(fits).map(value).collect());
            [0, sorted.len() / 2, sorted.len().max(1) - 1]
                .map(|i| sorted.get(i).map_or("none".into(), |&value| number(value, 2)))
        };
        let (count, [left, middle, right], [low, center, high]) =
            (points.len(), at(|point| point.0), at(|point| point.1));
        let points = if count == 1 { "point" } else { "points" };
        alt += &format!(
            " {name}: {} {points}, {x_label} from {left} to {right} (median {middle}), {y_label} from {low} to {high} (median \
             {center}).",
            thousands(count)
        );
        // A legend keeps off the points, but not at any price: a few of them stand for all.
        let some: Vec<_> = places().step_by(count / 500 + 1).collect();
        panel.drawn.extend(some.into_iter().map(|place| vec![place, place]));
        panel.entries.push(((*name).to_owned(), Stroke { width: 16, dashes: "", ..*stroke }));
    }
    let lines =
        lines.iter().map(|(name, points, style)| Curve { name: (*name).into(), style: *style, points: points.clone() });
    draw_curves(&mut page, &mut panel, &lines.collect::<Vec<_>>());
    legend(&mut page, &panel);
    Ok(page.finish(&format!("{y_label} against {x_label}"), alt))
}

/// A feature of all examples, and the ends of its axis.
struct Feature<'a> {
    name: &'a str,
    values: Vec<f64>,
    limits: (f64, f64),
}

impl<'a> Feature<'a> {
    fn new(examples: &Examples, name: &'a str) -> Result<Self> {
        let values: Vec<f64> = examples.feature(name)?.iter().map(|&value| value.into()).collect();
        ensure!(!values.is_empty(), "there is nothing to draw: it takes examples of both classes");
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

/// The color of a share of the logarithmic scale; the lightest must differ from the white ground.
fn dark(share: f64) -> String {
    shade(GREY, 0.18 + 0.82 * share)
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
            let color = dark(color as f64 / (COLORS - 1) as f64);
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
    use crate::solid;
    use ndarray::{Array1, Array2, array};

    fn examples(rows: usize) -> Examples {
        let value = |(row, column): (usize, usize)| ((row * (7 + 4 * column)) % 101) as f32 / 10.1 - 5.0;
        Examples::new(Array2::from_shape_fn((rows, 2), value), Array1::from_elem(rows, false)).unwrap()
    }

    fn features(examples: &Examples) -> [Feature<'_>; 2] {
        ["x0", "x1"].map(|name| Feature::new(examples, name).unwrap())
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
        assert!(joint(&examples(5), "x0", "x1").unwrap_err().to_string().contains("both classes"));
        assert!(joint(&examples(5), "x0", "V6").unwrap_err().to_string().contains("V6"));
        let mut broken = examples(5);
        broken.features[[2, 1]] = f32::NAN;
        assert!(joint(&broken, "x0", "x1").unwrap_err().to_string().contains("'x1' of row 2 is NaN"));
        assert!(scatter("x", "y", &[("a", vec![(f64::NAN, 0.0)], solid(0))], &[]).is_err());
    }

    #[test]
    fn clipped_bins_are_hatched() {
        let features = array![[-5.0, 0.0], [-5.0, 1.0], [2.0, 1.0], [1.0, 2.0]];
        let examples = |labels| Examples::new(features.clone(), labels).unwrap();
        let figure = joint(&examples(array![false, false, true, true]), "x0", "x1").unwrap();
        assert!(figure.svg().contains(">hatched: clipped<"));
        assert!(figure.alt().starts_with("2 negatives as hexagons of x0 (median"), "{}", figure.alt());
        let figure = joint(&examples(array![false, true, true, true]), "x0", "x1").unwrap();
        assert!(!figure.svg().contains("hatched"));
    }
}
