//! The sheet that a figure is drawn on, an SVG document whose unit is a quarter of a pixel, and its colors, which readers with
//! any color vision can tell apart.
//!
//! plotters draws in whole numbers, which a quarter of a pixel makes fine enough. What it draws, and the elements
//! written here, follow each other in one document.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::Figure;
use learn::table::escape;

/// Units in a pixel.
pub(super) const PIXEL: i32 = 4;

/// The size of tick labels, legends and notes in pixels.
pub(super) const SMALL: i32 = 11;
/// The size of axis labels in pixels.
pub(super) const MEDIUM: i32 = 12;
/// The size of titles in pixels.
pub(super) const LARGE: i32 = 14;

/// A point in units.
pub(super) type Point = (i32, i32);

/// A rectangle in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Frame {
    /// A rectangle of so many units.
    pub(super) fn new(left: i32, top: i32, width: i32, height: i32) -> Self {
        Self { left, top, right: left + width, bottom: top + height }
    }

    /// A rectangle of so many pixels, moved to their middles, where a line one pixel wide is sharp.
    pub(super) fn pixels(left: i32, top: i32, width: i32, height: i32) -> Self {
        Self::new(left * PIXEL + PIXEL / 2, top * PIXEL + PIXEL / 2, width * PIXEL, height * PIXEL)
    }

    /// The rectangle with a margin around it.
    pub(super) fn grown(self, margin: i32) -> Self {
        let Self { left, top, right, bottom } = self;
        Self { left: left - margin, top: top - margin, right: right + margin, bottom: bottom + margin }
    }

    pub(super) fn width(self) -> i32 {
        self.right - self.left
    }

    pub(super) fn height(self) -> i32 {
        self.bottom - self.top
    }

    pub(super) fn center(self) -> Point {
        (self.left + self.width() / 2, self.top + self.height() / 2)
    }

    /// Whether two rectangles have a part in common.
    pub(super) fn meets(self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    pub(super) fn contains(self, (x, y): Point) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }
}

/// The point of a text that is put at its place; upright, it reads from bottom to top around it.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
    Upright,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke {
    pub color: &'static str,
    pub width: i32,
    /// Units drawn and units left out in turn; all are drawn when this is empty.
    pub dashes: &'static str,
}

/// A line of black or grey dashes, for what is not data.
pub(super) const GUIDE: Stroke = Stroke { color: "#808080", width: 4, dashes: "4 8" };

/// A figure in the making.
pub(super) struct Page {
    /// In pixels.
    pub width: i32,
    pub height: i32,
    body: String,
}

impl Page {
    /// An empty sheet of so many pixels.
    pub(super) fn new(width: i32, height: i32) -> Self {
        Self { width, height, body: String::new() }
    }

    /// Takes over what plotters drew, a document of its own.
    pub(super) fn append(&mut self, svg: &str) {
        // What lies between the opening and the closing tag of plotters' document.
        let body = svg.split_once('\n').map_or("", |(_, rest)| rest);
        let body = body.strip_suffix("</svg>\n").unwrap_or(body);
        // plotters lets control characters of a label through, which XML forbids.
        self.body.extend(body.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }));
    }

    /// Writes an SVG element.
    pub(super) fn element(&mut self, element: impl Display) {
        self.body += &format!("{element}\n");
    }

    /// Puts what is drawn behind a window. An inner document clips without the name that `clip-path` needs, and names
    /// would meet those of other figures on the same web page.
    pub(super) fn clip(&mut self, frame: Frame, draw: impl FnOnce(&mut Self)) {
        let (Frame { left, top, .. }, width, height) = (frame, frame.width(), frame.height());
        self.element(format_args!(
            r#"<svg x="{left}" y="{top}" width="{width}" height="{height}" viewBox="{left} {top} {width} {height}">"#
        ));
        draw(self);
        self.element(format_args!("</svg>"));
    }

    /// One line of text, its middle at the height of `y` unless it is upright.
    pub(super) fn text(&mut self, (x, y): Point, anchor: Anchor, pixels: i32, color: &str, text: &str) {
        let (anchor, turn) = match anchor {
            Anchor::Start => ("start", String::new()),
            Anchor::Middle => ("middle", String::new()),
            Anchor::End => ("end", String::new()),
            Anchor::Upright => ("middle", format!(r#" transform="rotate(270 {x} {y})""#)),
        };
        // Capitals are about 0.72 of the size high in the usual fonts: the middle lies 0.36 above the base line.
        let down = pixels * PIXEL * 36 / 100;
        let (size, text) = (pixels * PIXEL, clean(text));
        self.element(format_args!(
            r#"<text x="{x}" y="{y}" dy="{down}" text-anchor="{anchor}" font-size="{size}" fill="{color}"{turn}>{text}</text>"#
        ));
    }

    /// A rectangle; what fills it and what its edge is like, as attributes.
    pub(super) fn rectangle(&mut self, frame: Frame, look: impl Display) {
        let (Frame { left, top, .. }, width, height) = (frame, frame.width(), frame.height());
        self.element(format_args!(r#"<rect x="{left}" y="{top}" width="{width}" height="{height}" {look}/>"#));
    }

    /// A line through points.
    pub(super) fn line(&mut self, points: &[Point], Stroke { color, width, dashes }: Stroke) {
        let dashes = if dashes.is_empty() { String::new() } else { format!(r#" stroke-dasharray="{dashes}""#) };
        let look =
            format_args!(r#"fill="none" stroke="{color}" stroke-width="{width}" stroke-linejoin="round"{dashes}"#);
        self.polyline(points, look);
    }

    /// The area below a line, and the line.
    pub(super) fn area(&mut self, points: &[Point], color: &str) {
        self.polyline(points, format_args!(r#"fill="{color}" fill-opacity="0.35" stroke="{color}" stroke-width="5""#));
    }

    fn polyline(&mut self, points: &[Point], look: impl Display) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
        self.element(format_args!(r#"<polyline {look} points="{}"/>"#, points.join(" ")));
    }

    /// A disc with an edge.
    pub(super) fn dot(&mut self, (x, y): Point, radius: i32, fill: &str, edge: &str) {
        self.element(format_args!(
            r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}" stroke="{edge}" stroke-width="5"/>"#
        ));
    }

    /// Discs without an edge, as one path, which takes a fifth of the bytes; those that hide each other are drawn once.
    pub(super) fn discs(&mut self, points: impl IntoIterator<Item = Point>, radius: i32, color: &str) {
        let cells: BTreeSet<Point> = points.into_iter().map(|(x, y)| (x / 2 * 2, y / 2 * 2)).collect();
        let path: String = cells.into_iter().map(|(x, y)| format!("M{x},{y}h0")).collect();
        let width = 2 * radius;
        self.element(format_args!(
            r#"<path fill="none" stroke="{color}" stroke-width="{width}" stroke-linecap="round" d="{path}"/>"#
        ));
    }

    /// A scale of colors from bottom to top, with marks at shares of its height.
    pub(super) fn color_bar(
        &mut self,
        frame: Frame,
        color: impl Fn(f64) -> String,
        ticks: &[(f64, String)],
        label: &str,
    ) {
        const STEPS: i32 = 64;
        for step in 0..STEPS {
            let height = |step: i32| frame.bottom - frame.height() * step / STEPS;
            // Each reaches under the next, so that no seam shows.
            let top = height((step + 2).min(STEPS));
            let share = f64::from(step) / f64::from(STEPS - 1);
            let part = Frame { top, bottom: height(step), ..frame };
            self.rectangle(part, format_args!(r#"fill="{}""#, color(share)));
        }
        self.rectangle(frame, r##"fill="none" stroke="#000000" stroke-width="2""##);
        for (share, text) in ticks {
            let y = frame.bottom - (f64::from(frame.height()) * share).round() as i32;
            let mark = Stroke { color: "#000000", width: 3, dashes: "" };
            self.line(&[(frame.right, y), (frame.right + 3 * PIXEL, y)], mark);
            self.text((frame.right + 6 * PIXEL, y), Anchor::Start, SMALL, "#000000", text);
        }
        let widest = ticks.iter().map(|(_, text)| text_width(text, SMALL)).max().unwrap_or(0);
        self.text((frame.right + 14 * PIXEL + widest, frame.center().1), Anchor::Upright, SMALL, "#000000", label);
    }

    /// The figure: the sheet with a white ground, which shows in dark themes too.
    pub(super) fn finish(self, title: &str, alt: String) -> Figure {
        let Self { width, height, body } = self;
        let (wide, high, title, label) = (width * PIXEL, height * PIXEL, clean(title), clean(&alt));
        let svg = format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {wide} {high}" font-family="sans-serif" role="img" aria-label="{label}">
<title>{title}</title>
<rect width="{wide}" height="{high}" fill="#ffffff"/>
{body}</svg>"##
        );
        Figure { svg, alt }
    }
}

/// Text as it may stand between tags and in attributes.
fn clean(text: &str) -> String {
    let printable: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    escape(&printable).replace('"', "&quot;")
}

/// About how wide a text is, in units: as in DejaVu Sans, which is wider than most; East Asian characters are square.
pub(super) fn text_width(text: &str, pixels: i32) -> i32 {
    let hundredths: i32 = text.chars().map(|c| if u32::from(c) >= 0x1100 { 100 } else { 59 }).sum();
    hundredths * pixels * PIXEL / 100
}

/// The text, or what of it fits into a width with an ellipsis.
pub(super) fn shorten(text: &str, pixels: i32, width: i32) -> String {
    if text_width(text, pixels) <= width {
        return text.to_owned();
    }
    let mut short = text.to_owned();
    while text_width(&short, pixels) + text_width("…", pixels) > width && short.pop().is_some() {}
    short.trim_end().to_owned() + "…"
}

/// Okabe and Ito's palette ("Color Universal Design", 2008) without its orange, each color with a tone that has more than half of
/// white, and one that can be read as text.
const PALETTE: [[&str; 3]; 8] = [
    ["#0072b2", "#8cc0dc", "#0072b2"],
    ["#cc79a7", "#e8c3d7", "#9c4a78"],
    ["#009e73", "#8cd3c0", "#00785a"],
    ["#56b4e9", "#b3ddf5", "#2079ad"],
    ["#d55e00", "#ecb78c", "#b04e00"],
    ["#000000", "#8c8c8c", "#000000"],
    ["#f0e442", "#f8f3aa", "#786f00"],
    ["#999999", "#d1d1d1", "#666666"],
];

/// The palette's orange, which positives have everywhere, and nothing else but mistakes.
pub(super) const ORANGE: &str = "#e69f00";
/// The color of negatives.
pub(super) const GREY: &str = "#767676";

/// The color of a curve or group; the palette repeats.
pub(super) fn palette(place: usize) -> &'static str {
    PALETTE[place % PALETTE.len()][0]
}

/// The color of a curve in the background.
pub(super) fn tint(place: usize) -> &'static str {
    PALETTE[place % PALETTE.len()][1]
}

/// A color as dark as text has to be.
pub(super) fn ink(color: &str) -> &'static str {
    let known = PALETTE.iter().find(|tones| tones[..2].contains(&color)).map(|tones| tones[2]);
    known.unwrap_or(if color == ORANGE { "#966400" } else { "#404040" })
}

/// White at 0, the color at 1, and a mixture between.
pub(super) fn shade(color: &str, share: f64) -> String {
    let mix = |from: usize| {
        let full = u8::from_str_radix(&color[from..from + 2], 16).map_or(0.0, f64::from);
        (255.0 + (full - 255.0) * share.clamp(0.0, 1.0)).round() as u8
    };
    format!("#{:02x}{:02x}{:02x}", mix(1), mix(3), mix(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tint_is_its_color_and_white() {
        for [color, tint, _] in PALETTE {
            assert_eq!(shade(color, 0.45), tint);
        }
        assert_eq!((shade(ORANGE, 0.0).as_str(), shade(ORANGE, 2.0).as_str()), ("#ffffff", ORANGE));
        assert_eq!(palette(3), palette(11));
    }

    /// The contrast of text on white that WCAG 2 asks for.
    #[test]
    fn ink_can_be_read() {
        for color in PALETTE.map(|tones| tones[0]).into_iter().chain([ORANGE, GREY]) {
            let light = |from: usize| {
                let share = f64::from(u8::from_str_radix(&ink(color)[from..from + 2], 16).unwrap()) / 255.0;
                if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
            };
            let light = 0.2126 * light(1) + 0.7152 * light(3) + 0.0722 * light(5);
            assert!(1.05 / (light + 0.05) >= 4.5, "{color}");
        }
    }
}
