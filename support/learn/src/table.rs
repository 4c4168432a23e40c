//! A small table of text: drawn as HTML in a notebook and aligned with spaces elsewhere.

use std::fmt;
use std::ops::Range;

/// Rows of text under a header. As the last expression of a cell it appears as an HTML table, and printed its columns are aligned.
///
/// ```
/// use learn::table::Table;
///
/// let mut table = Table::new(["model", "recall"]);
/// for (name, recall) in [("baseline", 0.8125), ("weighted", 0.9)] {
///     table.push([name.to_owned(), format!("{recall:.3}")]);
/// }
/// assert_eq!(table.to_string(), "model     recall\nbaseline   0.812\nweighted   0.900\n");
/// assert!(table.html().contains("<th>baseline</th><td>0.812</td>"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        Self { header: header.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row. Where it has fewer cells than the header the rest stays empty; where it has more, they stand below no name.
    pub fn push<S: Into<String>>(&mut self, row: impl IntoIterator<Item = S>) {
        self.rows.push(row.into_iter().map(Into::into).collect());
        let width = self.rows.last().map_or(0, Vec::len).max(self.header.len());
        for line in std::iter::once(&mut self.header).chain(&mut self.rows) {
            line.resize(width, String::new());
        }
    }

    /// The table as a part of a web page.
    pub fn html(&self) -> String {
        let mut html = String::from("<table class=\"dataframe\">\n<thead><tr>");
        for name in &self.header {
            html += &format!("<th>{}</th>", escape(name));
        }
        html += "</tr></thead>\n<tbody>\n";
        for row in &self.rows {
            html += "<tr>";
            for (column, cell) in row.iter().enumerate() {
                let tag = if column == 0 { "th" } else { "td" };
                html += &format!("<{tag}>{}</{tag}>", escape(cell));
            }
            html += "</tr>\n";
        }
        html + "</tbody>\n</table>"
    }

    /// Shows the table in a notebook: the kernel calls this for the last expression of a cell.
    pub fn evcxr_display(&self) {
        show(&[("text/html", &self.html()), ("text/plain", &self.to_string())]);
    }
}

impl fmt::Display for Table {
    /// The first column to the left, the others to the right. Columns that don't fit on a page follow below the others, beside
    /// the first once more.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.header.is_empty() {
            return Ok(());
        }
        let lines = || std::iter::once(&self.header).chain(&self.rows);
        let width = |column: usize| lines().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        for (number, columns) in pages(&widths).into_iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            for line in lines() {
                let mut text = format!("{:<width$}", line[0], width = widths[0]);
                for column in columns.clone() {
                    text += &format!("  {:>width$}", line[column], width = widths[column]);
                }
                writeln!(f, "{}", text.trim_end())?;
            }
        }
        Ok(())
    }
}

/// Lets a type that has a method `table` appear as that table, in a notebook and as text.
macro_rules! shown_as_table {
    ($type:ty) => {
        impl $type {
            /// Shows it in a notebook as a table.
            pub fn evcxr_display(&self) {
                self.table().evcxr_display();
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.table().fmt(f)
            }
        }
    };
}

pub(crate) use shown_as_table;

/// The columns after the first, cut so that each piece fits on a page beside the first.
fn pages(widths: &[usize]) -> Vec<Range<usize>> {
    const PAGE: usize = 88;
    let (mut pages, mut start, mut filled) = (Vec::new(), 1, widths[0]);
    for (column, width) in widths.iter().enumerate().skip(1) {
        if filled + 2 + width > PAGE && column > start {
            pages.push(start..column);
            (start, filled) = (column, widths[0]);
        }
        filled += 2 + width;
    }
    pages.push(start..widths.len());
    pages
}

/// Hands the kernel one result in several forms, of which the front end shows the richest.
/// One write, so that the lines of another thread can't come between.
pub fn show(forms: &[(&str, &str)]) {
    let mut text = String::new();
    for (mime, content) in forms {
        text += &format!("EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT\n");
    }
    print!("{text}");
}

/// The text with what HTML would take for its own replaced.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A whole number with a comma between the thousands: 284,807.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_aligned_and_html_is_escaped() {
        let mut table = Table::new(["name", "a<b"]);
        table.push(["mean", "1.5"]);
        table.push(["standard", "10.25"]);
        assert_eq!(table.to_string(), "name        a<b\nmean        1.5\nstandard  10.25\n");
        assert!(table.html().contains("<th>a&lt;b</th>"));
    }

    #[test]
    fn rows_of_another_length_are_filled() {
        let mut table = Table::new(["a", "b"]);
        table.push(["1"]);
        table.push(["1", "2", "3"]);
        assert_eq!(table.to_string(), "a  b\n1\n1  2  3\n");
        assert!(table.html().contains("<th>1</th><td></td><td></td>"));
        assert_eq!(Table::new([""; 0]).to_string(), "");
    }

    #[test]
    fn what_is_too_wide_for_a_page_goes_on_below() {
        let (name, cell) = ("n".repeat(20), "c".repeat(30));
        let mut table = Table::new(["", &name, "b", "c"]);
        table.push(["mean", &cell, &cell, &cell]);
        let head = format!("      {name:>30}  {:>30}", "b");
        let body = format!("mean  {cell}  {cell}");
        assert_eq!(table.to_string(), format!("{head}\n{body}\n\n      {:>30}\nmean  {cell}\n", "c"));
        let mut single = Table::new(["one column"]);
        single.push(["x".repeat(100)]);
        assert_eq!(single.to_string().lines().count(), 2);
    }

    #[test]
    fn thousands_are_separated() {
        let texts = [0, 999, 1000, 284_807, 1_000_000].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "284,807", "1,000,000"]);
    }
}
