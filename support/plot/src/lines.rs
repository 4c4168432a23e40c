//! Curves, their thinning, and the legend that keeps out of their way.

use super::axes::{Axis, Entry, Panel};
use super::page::{Anchor, Frame, PIXEL, Page, Point, SMALL, ink, shorten, text_width};
use super::{Figure, Style};
use learn::error::{Result, ensure};

/// How far a thinned curve may lie from the full one: half a pixel.
const TOLERANCE: f64 = 0.5 * PIXEL as f64;

/// The height of a row of a legend.
const ROW: i32 = 17 * PIXEL;
/// The length of the line beside a name.
const SAMPLE: i32 = 26 * PIXEL;
const GAP: i32 = 7 * PIXEL;

/// Points to be joined by a line, and its name in the legend.
pub(super) struct Curve {
    pub name: String,
    pub style: Style,
    pub points: Vec<(f64, f64)>,
}

/// Draws curves into a panel. A curve is interrupted where a value is NaN.
pub(super) fn draw_curves(page: &mut Page, panel: &mut Panel, curves: &[Curve]) {
    page.clip(panel.frame, |page| {
        for Curve { name, style: Style(stroke), points } in curves {
            let places: Vec<Option<Point>> = points.iter().map(|&(x, y)| panel.at(x, y)).collect();
            for piece in places.split(Option::is_none) {
                let piece = thin(piece.iter().flatten().copied());
                match piece[..] {
                    [] => {}
                    // A curve of one point: a disc for a solid line, a ring for a dashed one.
                    [point] if stroke.dashes.is_empty() => page.dot(point, 3 * PIXEL, stroke.color, stroke.color),
                    [point] => page.dot(point, 3 * PIXEL, "#ffffff", stroke.color),
                    _ => page.line(&piece, *stroke),
                }
                panel.drawn.push(piece);
            }
            panel.entries.push((name.clone(), *stroke));
        }
    });
}

/// Draws curves and writes the name of each beside its last point.
pub(super) fn draw_named(page: &mut Page, panel: &mut Panel, curves: &[Curve]) {
    let before = panel.entries.len();
    draw_curves(page, panel, curves);
    panel.entries.truncate(before);
    for Curve { name, style, points } in curves {
        let last = points.iter().rev().find_map(|&(x, y)| panel.at(x, y).filter(|&place| panel.frame.contains(place)));
        let Frame { right, .. } = panel.frame;
        // Beside the frame, unless the curve ends far from it.
        let beside = |(x, y): Point| (if x > right - panel.frame.width() / 10 { right } else { x }, y);
        panel.labels.extend(last.map(|place| (beside(place), name.clone(), style.0.color)));
    }
}

/// The pixels that names need to the right of a frame.
pub(super) fn room<'a>(names: impl Iterator<Item = &'a str>) -> i32 {
    names.map(|name| text_width(name, SMALL) / PIXEL).max().unwrap_or(0).clamp(20, 170) + 16
}

/// Writes the labels of a panel beside their points, right or left of them, where they hide least of what is drawn and nothing of
/// each other.
pub(super) fn write_labels(page: &mut Page, panel: &mut Panel) {
    let height = (SMALL + 3) * PIXEL;
    let mut taken: Vec<Frame> = Vec::new();
    let inside = panel.frame.grown(2 * PIXEL);
    // Right of the frame there is room below it, too.
    let room = Frame { right: (page.width - 1) * PIXEL, bottom: inside.bottom + 18 * PIXEL, ..inside };
    let mut labels = std::mem::take(&mut panel.labels);
    labels.sort_by_key(|label| label.0.1);
    for ((x, y), name, color) in labels {
        let name = shorten(&name, SMALL, room.right - panel.frame.left);
        let width = text_width(&name, SMALL);
        let mut best: Option<(usize, Frame)> = None;
        for step in 0..40 {
            let off = 5 * PIXEL * ((step + 1) / 2) * if step % 2 == 0 { 1 } else { -1 };
            for left in [x + 7 * PIXEL, x - 7 * PIXEL - width] {
                let place = Frame::new(left, y + off - height / 2, width, height);
                let fits = room.contains((place.left, place.top)) && room.contains((place.right, place.bottom));
                let free = taken.iter().all(|other| !place.meets(other));
                // What belongs to the frame stays in it, and what belongs beside it stays beside.
                let Frame { right, .. } = panel.frame;
                let astray = if x < right { place.right > right || place.bottom > inside.bottom } else { left < x };
                let fault = 12 * hidden(place, &panel.drawn) + 2 * step as usize + usize::from(left < x);
                let fault = fault + if astray { 1000 } else { 0 };
                if fits && free && best.is_none_or(|(least, _)| fault < least) {
                    best = Some((fault, place));
                }
            }
        }
        let place = best.map_or(Frame::new(x + 7 * PIXEL, y - height / 2, width, height), |(_, place)| place);
        page.rectangle(place, r##"fill="#ffffff" fill-opacity="0.7""##);
        page.text((place.left, place.center().1), Anchor::Start, SMALL, ink(color), &name);
        taken.push(place);
    }
}

/// The points that a curve needs to stay within [`TOLERANCE`]: Douglas and Peucker's algorithm.
pub(super) fn thin(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut points: Vec<Point> = points.collect();
    points.dedup();
    let mut kept: Vec<bool> = (0..points.len()).map(|i| i == 0 || i + 1 == points.len()).collect();
    let mut open = vec![(0, points.len().saturating_sub(1))];
    while let Some((first, last)) = open.pop() {
        let distance = |&i: &usize| distance(points[i], points[first], points[last]);
        let farthest = (first + 1..last).max_by(|i, j| distance(i).total_cmp(&distance(j)));
        if let Some(middle) = farthest.filter(|i| distance(i) > TOLERANCE) {
            kept[middle] = true;
            open.extend([(first, middle), (middle, last)]);
        }
    }
    points.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(point, _)| point).collect()
}

/// The distance of a point from the piece of a line between two others.
fn distance(point: Point, from: Point, to: Point) -> f64 {
    let (along, there) = (vector(from, to), vector(from, point));
    let square = along.0 * along.0 + along.1 * along.1;
    let share = if square > 0.0 { ((along.0 * there.0 + along.1 * there.1) / square).clamp(0.0, 1.0) } else { 0.0 };
    let (x, y) = (there.0 - share * along.0, there.1 - share * along.1);
    (x * x + y * y).sqrt()
}

/// The step from one point to another.
fn vector(from: Point, to: Point) -> (f64, f64) {
    (f64::from(to.0) - f64::from(from.0), f64::from(to.1) - f64::from(from.1))
}

/// A legend inside a panel, where it hides least of what is drawn there.
pub(super) fn legend(page: &mut Page, panel: &Panel) {
    let margin = 7 * PIXEL;
    let entries = fitted(&panel.entries, panel.frame.width() - 2 * margin);
    let width = entries.iter().map(entry_width).max().unwrap_or(0);
    let height = ROW * entries.len() as i32 + GAP;
    let Frame { left, top, right, bottom } = panel.frame;
    let (middle_x, middle_y) = panel.frame.center();
    let x = [left + margin, middle_x - width / 2, right - margin - width];
    let y = [top + margin, middle_y - height / 2, bottom - margin - height];
    // matplotlib's order of preference.
    let corners = [(2, 0), (0, 0), (0, 2), (2, 2), (2, 1), (0, 1), (1, 2), (1, 0), (1, 1)];
    let boxes = corners.map(|(column, row)| Frame::new(x[column], y[row], width, height));
    let place = boxes.into_iter().min_by_key(|place| hidden(place.grown(margin), &panel.drawn)).unwrap_or(panel.frame);
    page.rectangle(place, r##"rx="10" fill="#ffffff" fill-opacity="0.85" stroke="#cccccc" stroke-width="3""##);
    for (row, entry) in (0..).zip(&entries) {
        draw_entry(page, (place.left + GAP, place.top + GAP / 2 + ROW * row + ROW / 2), entry);
    }
}

/// A legend in rows of its own at the top of the page; returns their height in pixels.
pub(super) fn legend_above(page: &mut Page, entries: &[Entry]) -> i32 {
    let room = (page.width - 40) * PIXEL;
    let width = |row: &[Entry]| row.iter().map(entry_width).sum::<i32>();
    let mut rows: Vec<Vec<Entry>> = Vec::new();
    for entry in fitted(entries, room) {
        match rows.last_mut().filter(|row| width(row) + entry_width(&entry) <= room) {
            Some(row) => row.push(entry),
            None => rows.push(vec![entry]),
        }
    }
    for (place, row) in (0..).zip(&rows) {
        let (mut x, y) = ((page.width * PIXEL - width(row)) / 2, 12 * PIXEL + ROW * place + ROW / 2);
        for entry in row {
            draw_entry(page, (x, y), entry);
            x += entry_width(entry);
        }
    }
    ROW / PIXEL * rows.len() as i32
}

/// The entries with their names so short that each fits into a width.
fn fitted(entries: &[Entry], width: i32) -> Vec<Entry> {
    entries.iter().map(|(name, stroke)| (shorten(name, SMALL, width - SAMPLE - 3 * GAP), *stroke)).collect()
}

fn entry_width((name, _): &Entry) -> i32 {
    SAMPLE + 3 * GAP + text_width(name, SMALL)
}

fn draw_entry(page: &mut Page, (x, y): Point, (name, stroke): &Entry) {
    page.line(&[(x, y), (x + SAMPLE, y)], *stroke);
    page.text((x + SAMPLE + GAP, y), Anchor::Start, SMALL, "#000000", name);
}

/// How much of the lines a box would hide: the number of steps of two pixels along them that fall into it.
fn hidden(place: Frame, drawn: &[Vec<Point>]) -> usize {
    let hidden = |pair: &[Point]| {
        let (from, (x, y)) = (pair[0], vector(pair[0], pair[1]));
        // Far outside the page the steps don't matter, so their number is limited.
        let steps = (((x * x + y * y).sqrt() / f64::from(2 * PIXEL)) as i32).clamp(1, 5000);
        let at = |i: i32| {
            let share = f64::from(i) / f64::from(steps);
            (from.0.saturating_add((x * share) as i32), from.1.saturating_add((y * share) as i32))
        };
        (0..steps).filter(|&i| place.contains(at(i))).count()
    };
    drawn.iter().flat_map(|piece| piece.windows(2)).map(hidden).sum()
}

/// A name for the legend, points (x, y) in the order in which a line joins them, and how to draw it.
pub type Line<'a> = (&'a str, Vec<(f64, f64)>, Style);

/// Curves of any kind: a name, its points (x, y) and a style for each. A curve is interrupted where a value is NaN.
///
/// # Errors
/// When no curve has a point.
pub fn lines(x_label: &str, y_label: &str, curves: &[Line<'_>]) -> Result<Figure> {
    draw_lines(x_label, y_label, curves, Axis::around)
}

/// As [`lines`], on a logarithmic x axis; points whose x is not above 0 are left out.
///
/// # Errors
/// As [`lines`].
pub fn lines_log_x(x_label: &str, y_label: &str, curves: &[Line<'_>]) -> Result<Figure> {
    draw_lines(x_label, y_label, curves, Axis::logarithmic)
}

/// Whether a point has a place on linear axes.
pub(super) fn fits(&&(x, y): &&(f64, f64)) -> bool {
    x.is_finite() && y.is_finite()
}

fn draw_lines(x_label: &str, y_label: &str, lines: &[Line<'_>], x_axis: fn(&str, &[f64]) -> Axis) -> Result<Figure> {
    let (x, y): (Vec<f64>, Vec<f64>) = lines.iter().flat_map(|line| &line.1).copied().unzip();
    let mut page = Page::new(640, 440);
    let frame = Frame::pixels(84, 16, 536, 368);
    let mut panel = Panel::draw(&mut page, frame, "", x_axis(x_label, &x), Axis::around(y_label, &y))?;
    let fits = |point: &&(f64, f64)| fits(point) && panel.at(point.0, point.1).is_some();
    let mut points = lines.iter().flat_map(|line| &line.1);
    ensure!(points.any(|point| fits(&point)), "there is nothing to draw: no curve has a point that fits on the axes");
    let mut alt = format!("Lines of {y_label} against {x_label}.");
    let mut curves = Vec::new();
    for (name, points, style) in lines {
        curves.push(Curve { name: (*name).to_owned(), style: *style, points: points.clone() });
        let mut points: Vec<_> = points.iter().filter(fits).collect();
        points.sort_by(|a, b| a.1.total_cmp(&b.1));
        if let (Some((x, lowest)), Some((x_of_highest, highest))) = (points.first(), points.last()) {
            alt += &format!(" {name}: from {lowest:.4} at {x:.4} (lowest)");
            alt += &format!(" to {highest:.4} at {x_of_highest:.4} (highest).");
        }
    }
    draw_curves(&mut page, &mut panel, &curves);
    legend(&mut page, &panel);
    Ok(page.finish(&format!("{y_label} against {x_label}"), alt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solid;

    /// A curve like a ROC curve of very many points: many small steps.
    fn stairs() -> Vec<Point> {
        let mut seed = 1u32;
        let mut at = (0, 0);
        let mut points = vec![at];
        while at.0 < 1600 && at.1 < 1600 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let up = (seed >> 16) % 1600 > at.1 as u32;
            at = if up { (at.0, at.1 + 1) } else { (at.0 + 1, at.1) };
            points.extend([at; 20]);
        }
        points
    }

    #[test]
    fn a_thinned_curve_keeps_its_ends_and_stays_within_half_a_pixel() {
        let full = stairs();
        let thinned = thin(full.iter().copied());
        assert!(thinned.len() * 20 < full.len(), "{} of {} points", thinned.len(), full.len());
        assert_eq!((thinned.first(), thinned.last()), (full.first(), full.last()));
        for &point in &full {
            let nearest = thinned.windows(2).map(|pair| distance(point, pair[0], pair[1])).fold(f64::MAX, f64::min);
            assert!(nearest <= TOLERANCE, "{point:?} is {nearest} units away");
        }
    }

    #[test]
    fn thinning_keeps_what_turns_back() {
        let spike = [(0, 0), (100, 0), (100, 300), (100, 0), (200, 0)];
        assert_eq!(thin(spike.into_iter()), spike);
        assert_eq!(thin([(1, 1), (1, 1)].into_iter()), [(1, 1)]);
        assert_eq!(thin(std::iter::empty()), []);
    }

    #[test]
    fn nan_interrupts_a_curve() {
        let points = vec![(0.0, 0.0), (1.0, 1.0), (2.0, f64::NAN), (3.0, 1.0), (4.0, 0.0), (5.0, f64::NAN), (6.0, 1.0)];
        let svg = lines("x", "y", &[("a", points, solid(0))]).unwrap().svg;
        let data = svg.split_once("<svg x=").unwrap().1.split_once("</svg>").unwrap().0;
        assert_eq!((data.matches("<polyline").count(), data.matches("<circle").count()), (2, 1));
    }

    #[test]
    fn a_curve_without_finite_points_is_refused() {
        assert!(lines("x", "y", &[]).is_err());
        assert!(lines("x", "y", &[("a", vec![(0.0, f64::NAN)], solid(0))]).is_err());
        assert!(lines_log_x("x", "y", &[("a", vec![(-1.0, 1.0)], solid(0))]).is_err());
    }

    #[test]
    fn a_legend_goes_where_nothing_is() {
        let rising = vec![vec![(0, 400), (400, 0)]];
        let (upper_left, upper_right) =
            (Frame { left: 0, top: 0, right: 100, bottom: 100 }, Frame { left: 300, top: 0, right: 400, bottom: 100 });
        assert_eq!(hidden(upper_left, &rising), 0);
        assert!(hidden(upper_right, &rising) > 10);
    }
}
