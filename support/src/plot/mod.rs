//! Figures in the look of matplotlib and seaborn, as SVG.
//!
//! Each function takes what the rest of the crate computes and returns a [`Figure`], which shows itself as the last
//! expression of a cell. The axes are drawn by plotters; [`page`] adds what it lacks: dashes, clipping, hexagons.
//!
//! Every coordinate is a whole number, so the same data give the same bytes on every machine.

mod axes;
mod colors;
mod lines;
mod page;

mod comparison;
mod distribution;
mod evaluation;
mod training;

use std::fmt;
use std::path::Path;

use crate::error::Result;
use crate::files::write_whole;
use crate::table::show;

pub use comparison::strip;
pub use distribution::{histogram, joint, joint_pair};
pub use evaluation::{confusion_matrices, confusion_matrix, precision_recall, roc};
pub use lines::{lines, lines_log_x};
pub use training::{histories, history, loss};

/// A drawing and the same in words. As the last expression of a cell it appears as a picture.
#[derive(Clone, PartialEq)]
pub struct Figure {
    svg: String,
    alt: String,
}

impl Figure {
    /// The drawing.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// What the drawing shows, in words and numbers, for those who can't see it.
    pub fn alt(&self) -> &str {
        &self.alt
    }

    /// Writes the drawing to an SVG file.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_whole(path.as_ref(), self.svg.as_bytes())
    }

    /// Shows the figure in a notebook: the kernel calls this for the last expression of a cell.
    pub fn evcxr_display(&self) {
        show(&[("image/svg+xml", &self.svg), ("text/plain", &self.alt)]);
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.alt)
    }
}

impl fmt::Debug for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.alt)
    }
}

/// The color of a curve and whether it is dashed; made by [`solid`] and [`dashed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    color: usize,
    dashed: bool,
}

/// A solid line in one of the ten colors of the palette, counted from 0; they start again after the tenth.
pub fn solid(color: usize) -> Style {
    Style { color, dashed: false }
}

/// A dashed line in one of the ten colors of the palette, counted from 0; they start again after the tenth.
pub fn dashed(color: usize) -> Style {
    Style { color, dashed: true }
}
