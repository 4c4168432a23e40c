//! What the cells of a CSV column say, and so of which type the column is.

use std::borrow::Cow;
use std::collections::HashSet;

use polars::prelude::{Column, DataType};

use super::records::unquoted;

/// What is known about a column before it is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Nothing: its cells decide, and doubtful ones are refused.
    Inferred,
    /// That no model looks at it: its cells decide, and doubtful ones make it text.
    Ignored,
    Number,
    Truth,
    Text,
}

/// A column as it was read.
pub(super) struct ReadColumn {
    pub(super) column: Column,
    /// The decimal mark of its numbers, with the row of the first that has one; none where nobody looks at them.
    pub(super) mark: Option<(char, usize)>,
}

/// The row at fault and what is wrong with it.
pub(super) type Fault = (usize, String);

/// What stands for a missing value in columns of numbers and of true and false, in small or capital letters.
const MARKERS: [&str; 11] = ["-", "--", "–", "—", ".", "?", "na", "n/a", "nan", "null", "none"];

/// The forms of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Empty,
    Marker,
    Whole,
    /// A whole number after a zero, as in 007: a code, unless other cells of the column say that it is a number.
    Code,
    /// A whole number of more digits than 64 bits hold.
    Long,
    /// A number without a decimal mark, such as 1e5.
    Exponent,
    Point,
    Comma,
    /// 12.345: twelve and a bit, or twelve thousand?
    GroupedPoint,
    GroupedComma,
    /// A number to human eyes alone: 1 234, 1,234.5, 12 %, € 5.
    Like,
    Infinite,
    Truth,
    Text,
}

use Form::*;

struct Cells<'a> {
    texts: Vec<Cow<'a, str>>,
    forms: Vec<Form>,
    separator: char,
}

/// Reads a column from its fields.
pub(super) fn read_column(name: &str, fields: &[&str], kind: Kind, separator: char) -> Result<ReadColumn, Fault> {
    let texts: Vec<Cow<str>> = fields.iter().map(|field| unquoted(field)).collect();
    let forms = texts.iter().map(|text| form(text)).collect();
    let cells = Cells { texts, forms, separator };
    let data_type = match cells.data_type(kind) {
        Err(_) if kind == Kind::Ignored => DataType::String,
        found => found?,
    };
    let (name, texts) = (name.into(), cells.texts.iter());
    let column = match data_type {
        DataType::Boolean => Column::new(name, texts.map(|text| truth(text)).collect::<Vec<_>>()),
        DataType::Int64 => Column::new(name, texts.map(|text| text.parse::<i64>().ok()).collect::<Vec<_>>()),
        DataType::Float64 => Column::new(name, texts.map(|text| number(text)).collect::<Vec<_>>()),
        DataType::String => {
            Column::new(name, texts.map(|text| (!text.is_empty()).then_some(&**text)).collect::<Vec<_>>())
        }
        _ => Column::full_null(name, fields.len(), &DataType::String),
    };
    let has_mark = data_type == DataType::Float64 && kind != Kind::Ignored;
    let first = |mark, forms: &[Form]| cells.first(forms).filter(|_| has_mark).map(|row| (mark, row));
    let mark = first(',', &[Comma, GroupedComma]).or(first('.', &[Point, GroupedPoint]));
    Ok(ReadColumn { column, mark })
}

impl Cells<'_> {
    fn count(&self, forms: &[Form]) -> usize {
        self.forms.iter().filter(|form| forms.contains(form)).count()
    }

    fn first(&self, forms: &[Form]) -> Option<usize> {
        self.forms.iter().position(|form| forms.contains(form))
    }

    /// The type of the column's values, the null type if there is none.
    fn data_type(&self, kind: Kind) -> Result<DataType, Fault> {
        let known = self.forms.len() - self.count(&[Empty, Marker]);
        let odd = self.first(&[Like, Infinite, Truth, Text]);
        match (kind, odd) {
            (Kind::Text, _) => Ok(DataType::String),
            (Kind::Truth, _) => self.truths(known),
            (Kind::Number, None) => self.numbers(),
            (Kind::Number, Some(row)) => self.refused(row, self.not_a_number(row)),
            _ if known == 0 => Ok(DataType::Null),
            _ if self.count(&[Truth]) == known => Ok(DataType::Boolean),
            (_, None) => self.wholes(known),
            (_, Some(row)) if self.are_mostly_numbers() => {
                let advice = "correct it, or leave it empty if it is unknown (read_csv_with_text is for codes)";
                self.refused(row, &format!("{}, as most of this column is; {advice}", self.not_a_number(row)))
            }
            _ => Ok(DataType::String),
        }
    }

    /// What is wrong with the cell of this row.
    fn refused(&self, row: usize, problem: &str) -> Result<DataType, Fault> {
        Err((row, format!("'{}' {problem}", self.texts[row])))
    }

    /// Whole numbers, or codes that look like them, or else numbers.
    fn wholes(&self, known: usize) -> Result<DataType, Fault> {
        let long = self.count(&[Long]);
        match self.first(&[Long]) {
            _ if self.count(&[Whole, Code, Long]) < known => self.numbers(),
            // 007 is not 7, and of twenty digits a number would lose the last.
            _ if self.count(&[Code]) > 0 || 2 * long > known => Ok(DataType::String),
            Some(row) => self.refused(row, "has too many digits for a number"),
            None => Ok(DataType::Int64),
        }
    }

    /// True and false, or their numbers.
    fn truths(&self, known: usize) -> Result<DataType, Fault> {
        if self.count(&[Truth]) == known {
            return Ok(DataType::Boolean);
        }
        let mut cells = self.forms.iter().zip(&self.texts);
        match cells.position(|(form, text)| !matches!(form, Empty | Marker) && !matches!(&**text, "0" | "1")) {
            Some(row) => self.refused(row, "is not true or false, as this column was in training"),
            None => Ok(DataType::Int64),
        }
    }

    /// Numbers, if all of them mean the same by a point and a comma and none is too large.
    fn numbers(&self) -> Result<DataType, Fault> {
        let (point, comma) = (self.first(&[Point, GroupedPoint]), self.first(&[Comma, GroupedComma]));
        if let (Some(point), Some(comma)) = (point, comma) {
            let problem = format!(
                "'{}' has a decimal point and '{}' a decimal comma; write all numbers in one way, without marks between thousands",
                self.texts[point], self.texts[comma]
            );
            return Err((point.max(comma), problem));
        }
        // Where all have three digits behind the mark, 45.000 is 45 or 45 thousand. No file separates its fields by commas and
        // writes 45.000 for the latter; one that writes "45,000" means that.
        let are_grouped = self.count(&[Point, Comma]) == 0 && (comma.is_some() || self.separator != ',');
        if let Some(row) = self.first(&[GroupedPoint, GroupedComma]).filter(|_| are_grouped) {
            let text = &self.texts[row];
            let thousands = text.replace([',', '.'], "");
            let problem = format!("may be {thousands} or a number with three decimals; write {thousands}, or {text}0");
            return self.refused(row, &problem);
        }
        match self.texts.iter().position(|text| number(text).is_some_and(f64::is_infinite)) {
            Some(row) => self.refused(row, "is too large for a number"),
            None => Ok(DataType::Float64),
        }
    }

    /// Whether more than half of the values are numbers, or of the different values.
    fn are_mostly_numbers(&self) -> bool {
        let is_number = |form: Form| !matches!(form, Empty | Marker | Code | Truth | Text);
        let values = || self.forms.iter().zip(&self.texts).filter(|(form, _)| !matches!(form, Empty | Marker));
        let numbers = values().filter(|(form, _)| is_number(**form)).count();
        let different: HashSet<&str> = values().map(|(_, text)| text.as_ref()).collect();
        let different_numbers = different.iter().filter(|text| is_number(form(text))).count();
        2 * numbers > values().count() || 2 * different_numbers > different.len()
    }

    fn not_a_number(&self, row: usize) -> &'static str {
        match self.forms[row] {
            Like => "is not written as a number (write 1234.5, without units and marks between thousands)",
            Infinite => "is not a finite number",
            _ => "is not a number",
        }
    }
}

fn form(text: &str) -> Form {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let begins_a_number = |first: char| first.is_ascii_digit() || first == '.' || first == ',';
    match text {
        "" => Empty,
        _ if unsigned.starts_with(begins_a_number) && number(text).is_some() => form_of_number(text, unsigned),
        _ if MARKERS.iter().any(|marker| text.eq_ignore_ascii_case(marker)) => Marker,
        _ if truth(text).is_some() => Truth,
        _ if ["inf", "infinity"].iter().any(|word| unsigned.eq_ignore_ascii_case(word)) => Infinite,
        _ if is_like_a_number(text) => Like,
        _ => Text,
    }
}

fn form_of_number(text: &str, unsigned: &str) -> Form {
    match unsigned.split_once(['.', ',']) {
        Some((whole, fraction)) => {
            let is_group = (1..=3).contains(&whole.len()) && !whole.starts_with('0');
            let is_grouped = is_group && fraction.len() == 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
            match (text.contains(','), is_grouped) {
                (true, true) => GroupedComma,
                (true, false) => Comma,
                (false, true) => GroupedPoint,
                (false, false) => Point,
            }
        }
        None if text.contains(['e', 'E']) => Exponent,
        None if text.len() > 1 && text.starts_with('0') => Code,
        None if text.parse::<i64>().is_err() => Long,
        None => Whole,
    }
}

/// Whether this is a number with a unit of money or per cent, or with marks between its thousands. A date is none.
fn is_like_a_number(text: &str) -> bool {
    let bare = text.trim_matches(|c: char| "$€£¥%".contains(c) || c.is_whitespace());
    let bare = bare.strip_prefix(['+', '-']).unwrap_or(bare);
    let is_mark = |c: char| matches!(c, ',' | '.' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}');
    let groups: Vec<&str> = bare.split(is_mark).collect();
    if groups.iter().any(|group| group.is_empty() || !group.bytes().all(|byte| byte.is_ascii_digit())) {
        return false;
    }
    let marks: Vec<char> = bare.chars().filter(|&c| is_mark(c)).collect();
    let ([first, ..], [.., last], [leading, between @ .., ending]) = (&marks[..], &marks[..], &groups[..]) else {
        return true;
    };
    let is_decimal = matches!(last, ',' | '.');
    let are_thousands = leading.len() <= 3 && between.iter().all(|group| group.len() == 3);
    (is_decimal && between.is_empty()) || (are_thousands && (ending.len() == 3 || (is_decimal && first != last)))
}

fn truth(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

/// The number that a text says, with a decimal point or comma; none for a marker.
pub(super) fn number(text: &str) -> Option<f64> {
    let number = if text.contains(',') { text.replace(',', ".").parse() } else { text.parse::<f64>() };
    number.ok().filter(|number| !number.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_cells() {
        for (texts, expected) in [
            (["0", "-12", "+5", "9223372036854775807"].as_slice(), Whole),
            (&["007", "00"], Code),
            (&["9223372036854775808", "-12345678901234567890"], Long),
            (&["1e5", "1E-05"], Exponent),
            (&["1.5", ".5", "5.", "-0.125", "1.5e+10", "1234.567", "0.123"], Point),
            (&["1,5", ",5", "0,125"], Comma),
            (&["12.345", "-1.000"], GroupedPoint),
            (&["12,345"], GroupedComma),
            (&["1 234", "1'234'567", "1,234.5", "1.234,56", "12 %", "€ 5", "1,234,567", "$1,000"], Like),
            (&["inf", "-Infinity"], Infinite),
            (&["true", "FALSE"], Truth),
            (&["-", "N/A", "NaN", "None", "?", "."], Marker),
            (&["2024-05-01", "01.05.2024", "1.2.3", "10.0.0.1", "12 mm", "a", "1e", "e5", "+", "1_000", "10 20"], Text),
        ] {
            for text in texts {
                assert_eq!(form(text), expected, "{text}");
            }
        }
    }
}
