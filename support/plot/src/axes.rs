//! Axes with round numbers, and the frame with its grid that two of them make.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::prelude::*;

use super::page::{Anchor, Frame, GUIDE, LARGE, MEDIUM, PIXEL, Page, Point, SMALL, Stroke, text_width};
use learn::error::{Error, Result};
use learn::math::ln;
use learn::table::thousands;

/// How far a tick mark reaches out of the frame.
const TICK: i32 = 7 * PIXEL / 2;
/// A line one pixel wide.
pub(super) const EDGE: Stroke = Stroke { color: "#000000", width: PIXEL, dashes: "" };
const GRID: RGBColor = RGBColor(222, 222, 222);
const FAINT_GRID: RGBColor = RGBColor(240, 240, 240);

/// One direction of a panel: its name, its ends and the numbers written along it. plotters takes it as a coordinate.
#[derive(Clone)]
pub(super) struct Axis {
    label: String,
    /// The ends; their logarithms when the axis is logarithmic.
    low: f64,
    high: f64,
    /// Where a number is written, with its text, and where there is only a fainter line.
    marks: Vec<(f64, Option<String>)>,
    logarithmic: bool,
}

impl Axis {
    /// From `low` to `high` with about so many numbers.
    pub(super) fn linear(label: &str, low: f64, high: f64, numbers: usize) -> Self {
        let (low, high) = apart((low, high));
        let marks = round_numbers(low, high, numbers);
        Self { label: label.to_owned(), low, high, marks, logarithmic: false }
    }

    /// From the smallest to the largest value, with some air around them.
    pub(super) fn around(label: &str, values: &[f64]) -> Self {
        let (low, high) = apart(ends(values.iter().copied()));
        let air = (high - low) * 0.05;
        Self::linear(label, low - air, high + air, 7)
    }

    /// The epochs from 1 to the last.
    pub(super) fn epochs(last: usize) -> Self {
        let last = last as f64;
        let air = if last > 1.0 { 0.02 * last } else { 0.5 };
        // Whole numbers also when there are few.
        let mut marks = round_numbers(0.0, last.max(8.0), 8);
        marks.retain(|(epoch, _)| (1.0..=last).contains(epoch));
        Self { marks, ..Self::linear("epoch", 1.0 - air, last + air, 8) }
    }

    /// From `low` to `high` with a text at each of these places.
    pub(super) fn with_marks(label: &str, (low, high): (f64, f64), marks: Vec<(f64, String)>) -> Self {
        let marks = marks.into_iter().map(|(place, text)| (place, Some(text))).collect();
        Self { marks, ..Self::linear(label, low, high, 1) }
    }

    /// As [`around`](Self::around) on a logarithmic scale; values that are not above 0 have no place on it.
    pub(super) fn logarithmic(label: &str, values: &[f64]) -> Self {
        let (lowest, highest) = match ends(values.iter().copied().filter(|&value| value >= f64::MIN_POSITIVE)) {
            (low, high) if low > 0.0 => (low, high),
            _ => (0.1, 1.0), // there are none
        };
        let air = if highest > lowest { (ln(highest) - ln(lowest)) * 0.05 } else { 0.5 };
        let (low, high) = (ln(lowest) - air, ln(highest) + air);
        let marks = (-307..308).flat_map(|decade| (1..10).map(move |digit| (digit, decade)));
        let marks = marks.map(|(digit, decade)| (digit, decade, parsed(digit.into(), decade)));
        let marks: Vec<(i32, i32, f64)> = marks.filter(|mark| (low..=high).contains(&ln(mark.2))).collect();
        let digits: [&[i32]; 3] = [&[1], &[1, 2, 5], &[1, 2, 3, 4, 5, 6, 7, 8, 9]];
        let enough = |digits: &&[i32]| marks.iter().filter(|mark| digits.contains(&mark.0)).count() >= 3;
        let written = digits.into_iter().find(enough).unwrap_or(digits[2]);
        // Beyond a dozen decades not each can have its number.
        let every = marks.len() as i32 / 9 / 12 + 1;
        let text = |(digit, decade, value)| match decade {
            _ if !written.contains(&digit) || decade % every != 0 => None,
            -4..=5 => Some(number(value, (-decade).max(0) as usize)),
            _ => Some(scientific(value)),
        };
        let mut marks: Vec<_> = marks.into_iter().map(|mark| (mark.2, text(mark))).collect();
        marks.retain(|(_, text)| text.is_some() || every == 1);
        if marks.iter().flat_map(|(_, text)| text).count() < 3 && highest > lowest {
            // A short piece of the scale is hardly bent: the round numbers of a linear one fit it.
            marks.retain(|(_, text)| text.is_none());
            marks.extend(round_numbers(lowest, highest, 5));
        }
        Self { marks, logarithmic: true, ..Self::linear(label, low, high, 1) }
    }

    /// From `low` to `high`, the logits of probabilities, with the probabilities written along it.
    pub(super) fn logits(label: &str, low: f64, high: f64) -> Self {
        let probability = |places: i32| match places {
            ..0 => 1.0 - parsed(1.0, places),
            0 => 0.5,
            _ => parsed(1.0, -places),
        };
        let text = |places: i32| match places {
            ..-5 => format!("1 − {}", scientific(parsed(1.0, places))),
            5.. => scientific(probability(places)),
            _ => format!("{}", probability(places)),
        };
        if high - low < 5.0 {
            // Powers of ten lie too far apart: multiples of the finest step that leaves room for their texts.
            let steps = [(1, 3), (2, 3), (5, 3), (1, 2), (2, 2), (5, 2), (1, 1), (2, 1)];
            let marks = steps.map(|(digit, places)| {
                let all = (1..10i32.pow(places as u32) / digit).map(|n| parsed((n * digit).into(), -places));
                let inside = all.filter(|&p| (low..=high).contains(&logit(p)));
                inside.map(|p| (logit(p), number(p, places as usize))).collect::<Vec<_>>()
            });
            let marks = marks.into_iter().find(|marks| marks.len() <= 8).unwrap_or_default();
            return Self::with_marks(label, (low, high), marks);
        }
        let place = |places: i32| logit(probability(places));
        let inside: Vec<i32> = (-12..=12).rev().filter(|&places| (low..=high).contains(&place(places))).collect();
        // There is room for about half a dozen numbers.
        let every = inside.len() as i32 / 8 + 1;
        let mark = |places: i32| (place(places), (places % every == 0).then(|| text(places)));
        Self { marks: inside.into_iter().map(mark).collect(), ..Self::linear(label, low, high, 1) }
    }

    /// The same axis with a % after each number.
    pub(super) fn percent(mut self) -> Self {
        for text in self.marks.iter_mut().flat_map(|(_, text)| text) {
            *text += " %";
        }
        self
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let place = if self.logarithmic { ln(value.max(f64::MIN_POSITIVE)) } else { *value };
        // What lies far outside comes nearer, so that a line to it fits into an i32.
        let share = ((place - self.low) / (self.high - self.low)).clamp(-1000.0, 1000.0);
        from + (f64::from(to - from) * share).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        let faint = hint.weight().allow_light_points();
        self.marks.iter().filter(|(_, text)| text.is_none() == faint).map(|(value, _)| *value).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.marks.iter().filter(|mark| mark.0 == *value).find_map(|mark| mark.1.clone()).unwrap_or_default()
    }
}

/// A frame with axes, into which data are drawn.
pub(super) struct Panel {
    pub frame: Frame,
    x: Axis,
    y: Axis,
    /// The pieces of lines on it, out of whose way its legend keeps.
    pub drawn: Vec<Vec<Point>>,
    /// What its legend says.
    pub entries: Vec<Entry>,
    /// Names to be written beside points, in a color.
    pub labels: Vec<(Point, String, &'static str)>,
}

/// A name in a legend, beside a piece of its line.
pub(super) type Entry = (String, Stroke);

impl Panel {
    /// Draws grid, frame, numbers and names of the axes, with a title above when it is not empty.
    pub(super) fn draw(page: &mut Page, frame: Frame, title: &str, x: Axis, y: Axis) -> Result<Self> {
        // plotters divides the size by 1.24.
        let font = |pixels: i32| ("sans-serif", f64::from(pixels * PIXEL) * 1.24).into_font();
        let widest = y.marks.iter().flat_map(|(_, text)| text).map(|text| text_width(text, SMALL)).max().unwrap_or(0);
        let name = if y.label.is_empty() { 0 } else { MEDIUM * PIXEL + 4 * PIXEL };
        let (left, below) = (widest + 2 * TICK + name, 2 * TICK + (SMALL + MEDIUM + 7) * PIXEL);
        let mut svg = String::new();
        let sheet = SVGBackend::with_string(&mut svg, ((page.width * PIXEL) as u32, (page.height * PIXEL) as u32));
        let size = (left + frame.width(), frame.height() + below);
        let area = sheet.into_drawing_area().shrink((frame.left - left, frame.top), size);
        let draw_mesh = |mut chart: ChartContext<'_, _, Cartesian2d<Axis, Axis>>| {
            let mut mesh = chart.configure_mesh();
            mesh.bold_line_style(GRID.stroke_width(3)).light_line_style(FAINT_GRID.stroke_width(2));
            mesh.axis_style(BLACK.stroke_width(4)).set_all_tick_mark_size(TICK);
            mesh.label_style(font(SMALL)).axis_desc_style(font(MEDIUM));
            mesh.x_desc(x.label.as_str()).y_desc(y.label.as_str()).draw()
        };
        let mut builder = ChartBuilder::on(&area);
        let builder = builder.x_label_area_size(below).y_label_area_size(left);
        let drawn = builder.build_cartesian_2d(x.clone(), y.clone()).and_then(draw_mesh);
        drawn.map_err(|error| Error::Argument(format!("plotters can't draw this: {error}")))?;
        drop(area);
        page.append(&svg);
        draw_upper_edges(page, frame);
        page.text((frame.center().0, frame.top - 11 * PIXEL), Anchor::Middle, LARGE, "#000000", title);
        Ok(Self { frame, x, y, drawn: Vec::new(), entries: Vec::new(), labels: Vec::new() })
    }

    /// A line from the lower to the upper edge.
    pub(super) fn vertical(&self, page: &mut Page, x: f64, stroke: Stroke) {
        let (x, _) = self.place(x, 0.0);
        page.line(&[(x, self.frame.top), (x, self.frame.bottom)], stroke);
    }

    /// The same line in grey dashes, and its name beside its upper end.
    pub(super) fn guide(&mut self, page: &mut Page, x: f64, name: &str) {
        self.vertical(page, x, GUIDE);
        self.labels.push(((self.place(x, 0.0).0, self.frame.top + 9 * PIXEL), name.to_owned(), GUIDE.color));
    }

    /// Where a pair of values lies on the page; nowhere when one is NaN or has no logarithm.
    pub(super) fn at(&self, x: f64, y: f64) -> Option<Point> {
        let has = |axis: &Axis, value: f64| if axis.logarithmic { value >= f64::MIN_POSITIVE } else { !value.is_nan() };
        (has(&self.x, x) && has(&self.y, y)).then(|| self.place(x, y))
    }

    /// As [`at`](Self::at), of values that are known to lie somewhere.
    pub(super) fn place(&self, x: f64, y: f64) -> Point {
        let Frame { left, top, right, bottom } = self.frame;
        (self.x.map(&x, (left, right)), self.y.map(&y, (bottom, top)))
    }
}

/// The two edges of a frame that plotters leaves open.
pub(super) fn draw_upper_edges(page: &mut Page, frame: Frame) {
    let Frame { left, top, right, bottom } = frame;
    page.line(&[(left, top), (right, top), (right, bottom)], EDGE);
}

/// The logit of a probability, of 0 and 1 that of the nearest numbers which the figures tell from them.
pub(super) fn logit(p: f64) -> f64 {
    const NEAREST: f64 = 1e-9;
    let p = p.clamp(NEAREST, 1.0 - NEAREST);
    ln(p / (1.0 - p))
}

/// The smallest and the largest of the finite values, limited so that their distance is finite too; (0, 1) when there
/// are none.
pub(super) fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite()).map(|value| value.clamp(-1e300, 1e300));
    finite.map(|value| (value, value)).reduce(|(a, b), (low, high)| (a.min(low), b.max(high))).unwrap_or((0.0, 1.0))
}

/// The ends of a range, or when it is a single value those of one around it.
fn apart((low, high): (f64, f64)) -> (f64, f64) {
    let air = if low == 0.0 { 0.5 } else { low.abs() * 0.1 };
    if high > low { (low, high) } else { (low - air, low + air) }
}

/// At most `count` multiples of 1, 2 or 5 times a power of ten between the ends, with their texts.
fn round_numbers(low: f64, high: f64, count: usize) -> Vec<(f64, Option<String>)> {
    let mut steps = (-300..300).flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| (digit, decade, parsed(digit, decade))));
    let Some((digit, decade, size)) = steps.find(|step| (high - low) / step.2 <= count as f64) else {
        return Vec::new();
    };
    let (first, last) = ((low / size - 1e-9).ceil(), (high / size + 1e-9).floor());
    let decimals = (-decade).max(0) as usize;
    let multiples = (0..=count).map(|place| first + place as f64).take_while(|&multiple| multiple <= last);
    let values = multiples.map(|multiple| parsed(multiple * digit, decade));
    let large = |value: f64| value.abs() >= 1e7 || decimals > 6;
    let text = |value| if large(value) { scientific(value) } else { number(value, decimals) };
    values.map(|value| (value.clamp(low, high), Some(text(value)))).collect()
}

/// `digits`, a whole number, times ten to the power of `decade`, as exact as an f64 can be on every machine.
pub(super) fn parsed(digits: f64, decade: i32) -> f64 {
    format!("{digits:.0}e{decade}").parse().expect("digits and an exponent are a number")
}

/// A number as a digit and a power of ten, with a true minus sign.
fn scientific(value: f64) -> String {
    format!("{value:e}").replace('-', "−")
}

/// A number with so many decimals, commas between the thousands and a true minus sign.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let whole = whole.parse().map_or(whole.to_owned(), thousands);
    let sign = if value < 0.0 && text.bytes().any(|c| (b'1'..=b'9').contains(&c)) { "−" } else { "" };
    format!("{sign}{whole}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.marks.iter().filter_map(|(_, text)| text.as_deref()).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(texts(&Axis::linear("", -5.0, 5.0, 6)), ["−4", "−2", "0", "2", "4"]);
        assert_eq!(texts(&Axis::linear("", 0.0, 1.03, 6)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(&Axis::linear("", 0.0, 30_000.0, 4)), ["0", "10,000", "20,000", "30,000"]);
        assert_eq!(texts(&Axis::linear("", 0.0, 3e38, 3)), ["0", "1e38", "2e38", "3e38"]);
        assert_eq!(texts(&Axis::epochs(1)), ["1"]);
        assert_eq!(texts(&Axis::epochs(20)), ["5", "10", "15", "20"]);
    }

    #[test]
    fn logarithmic_ticks_adapt_to_the_range() {
        let axis = |low: f64, high: f64| Axis::logarithmic("", &[low, high]);
        assert_eq!(texts(&axis(0.001, 1.0)), ["0.001", "0.01", "0.1", "1"]);
        assert_eq!(texts(&axis(0.003, 0.3)), ["0.005", "0.01", "0.02", "0.05", "0.1", "0.2"]);
        assert_eq!(texts(&axis(3.1, 4.9)), ["3.5", "4.0", "4.5"]);
        assert!(texts(&axis(1e-300, 1e300)).len() < 20);
    }

    #[test]
    fn all_equal_and_missing_values_still_make_an_axis() {
        for values in [vec![], vec![f64::NAN], vec![0.0, 0.0], vec![-3.0], vec![1e300, -1e300], vec![f64::MAX]] {
            let axis = Axis::around("", &values);
            assert!(axis.high > axis.low, "{values:?}");
            assert!(!texts(&axis).is_empty(), "{values:?}");
            let axis = Axis::logarithmic("", &values);
            assert!(axis.high > axis.low && axis.high.is_finite(), "{values:?}");
        }
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(number(-1234.5, 1), "−1,234.5");
        assert_eq!(number(-0.001, 1), "0.0");
        assert_eq!(number(0.25, 2), "0.25");
    }
}
