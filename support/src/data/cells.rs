//! What the cells of a CSV column say, and so of which type the column is.

use std::borrow::Cow;
use std::collections::HashSet;

use polars::prelude::Column;

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
    /// The decimal mark of its numbers, with the row of the first that has one.
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

/// How the cells of a column become values.
enum Reading {
    Nothing,
    Truths,
    Wholes,
    Numbers,
    Texts,
}

struct Cells<'a> {
    texts: Vec<Cow<'a, str>>,
    forms: Vec<Form>,
    separator: u8,
}

/// Reads a column from its fields.
pub(super) fn read_column(name: &str, fields: &[&str], kind: Kind, separator: u8) -> Result<ReadColumn, Fault> {
    let texts: Vec<Cow<str>> = fields.iter().map(|field| unquoted(field)).collect();
    let forms = texts.iter().map(|text| form(text)).collect();
    let cells = Cells { texts, forms, separator };
    let reading = match cells.reading(kind) {
        Err(_) if kind == Kind::Ignored => Reading::Texts,
        reading => reading?,
    };
    let name = name.into();
    let texts = cells.texts.iter();
    let column = match reading {
        Reading::Nothing => Column::new(name, vec![None::<&str>; fields.len()]),
        Reading::Texts => {
            Column::new(name, texts.map(|text| Some(&**text).filter(|text| !text.is_empty())).collect::<Vec<_>>())
        }
        Reading::Truths => Column::new(name, texts.map(|text| truth(text)).collect::<Vec<_>>()),
        Reading::Wholes => Column::new(name, texts.map(|text| text.parse::<i64>().ok()).collect::<Vec<_>>()),
        Reading::Numbers => Column::new(name, texts.map(|text| number(text)).collect::<Vec<_>>()),
    };
    let first = |mark, forms: &[Form]| cells.first(forms).map(|row| (mark, row));
    let mark = match reading {
        Reading::Numbers => first(',', &[Comma, GroupedComma]).or(first('.', &[Point, GroupedPoint])),
        _ => None,
    };
    Ok(ReadColumn { column, mark })
}

impl Cells<'_> {
    fn count(&self, forms: &[Form]) -> usize {
        self.forms.iter().filter(|form| forms.contains(form)).count()
    }

    fn first(&self, forms: &[Form]) -> Option<usize> {
        self.forms.iter().position(|form| forms.contains(form))
    }

    fn reading(&self, kind: Kind) -> Result<Reading, Fault> {
        let known = self.forms.len() - self.count(&[Empty, Marker]);
        let odd = self.first(&[Like, Infinite, Truth, Text]);
        match (kind, odd) {
            (Kind::Text, _) => Ok(Reading::Texts),
            (Kind::Number, Some(row)) => self.refused(row, self.not_a_number(row)),
            (Kind::Number, None) => self.numbers(),
            (Kind::Truth, _) => self.truths(known),
            (Kind::Inferred | Kind::Ignored, _) if known == 0 => Ok(Reading::Nothing),
            (Kind::Inferred | Kind::Ignored, _) if self.count(&[Truth]) == known => Ok(Reading::Truths),
            (Kind::Inferred | Kind::Ignored, Some(row)) if self.are_mostly_numbers() => {
                let advice = "correct it, or leave it empty if it is unknown (read_csv_with_text is for codes)";
                self.refused(row, &format!("{}, as most of this column is; {advice}", self.not_a_number(row)))
            }
            (Kind::Inferred | Kind::Ignored, Some(_)) => Ok(Reading::Texts),
            (Kind::Inferred | Kind::Ignored, None) => self.wholes(known),
        }
    }

    /// What is wrong with the cell of this row.
    fn refused(&self, row: usize, problem: &str) -> Result<Reading, Fault> {
        Err((row, format!("'{}' {problem}", self.texts[row])))
    }

    /// Whole numbers, or codes that look like them, or else numbers.
    fn wholes(&self, known: usize) -> Result<Reading, Fault> {
        let long = self.count(&[Long]);
        match self.first(&[Long]) {
            _ if self.count(&[Whole, Code, Long]) < known => self.numbers(),
            // 007 is not 7, and of twenty digits a number would lose the last.
            _ if self.count(&[Code]) > 0 || 2 * long > known => Ok(Reading::Texts),
            Some(row) => self.refused(row, "has too many digits for a number"),
            None => Ok(Reading::Wholes),
        }
    }

    /// True and false, or their numbers.
    fn truths(&self, known: usize) -> Result<Reading, Fault> {
        if self.count(&[Truth]) == known {
            return Ok(Reading::Truths);
        }
        let mut cells = self.forms.iter().zip(&self.texts);
        match cells.position(|(form, text)| !matches!(form, Empty | Marker) && !matches!(&**text, "0" | "1")) {
            Some(row) => self.refused(row, "is not true or false, as this column was in training"),
            None => Ok(Reading::Wholes),
        }
    }

    /// Numbers, if all of them mean the same by a point and a comma and none is too large.
    fn numbers(&self) -> Result<Reading, Fault> {
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
        let are_grouped = self.count(&[Point, Comma]) == 0 && (comma.is_some() || self.separator != b',');
        if let Some(row) = self.first(&[GroupedPoint, GroupedComma]).filter(|_| are_grouped) {
            let text = &self.texts[row];
            let thousands = text.replace([',', '.'], "");
            let problem = format!("may be {thousands} or a number with three decimals; write {thousands}, or {text}0");
            return self.refused(row, &problem);
        }
        match self.texts.iter().position(|text| number(text).is_some_and(f64::is_infinite)) {
            Some(row) => self.refused(row, "is too large for a number"),
            None => Ok(Reading::Numbers),
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
    if text.is_empty() {
        return Empty;
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, rest) = unsigned.split_at(digits(unsigned));
    let mark = rest.chars().next().filter(|mark| ['.', ','].contains(mark));
    let rest = if mark.is_some() { &rest[1..] } else { rest };
    let (fraction, rest) = rest.split_at(if mark.is_some() { digits(rest) } else { 0 });
    let exponent = rest.strip_prefix(['e', 'E']).map(|power| power.strip_prefix(['+', '-']).unwrap_or(power));
    let is_number = !(whole.is_empty() && fraction.is_empty())
        && exponent.map_or(rest.is_empty(), |power| !power.is_empty() && digits(power) == power.len());
    let groups = exponent.is_none() && fraction.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    match mark {
        Some('.') if is_number && groups => GroupedPoint,
        Some(',') if is_number && groups => GroupedComma,
        Some('.') if is_number => Point,
        Some(_) if is_number => Comma,
        None if is_number && exponent.is_some() => Exponent,
        None if is_number && text.len() > 1 && text.starts_with('0') => Code,
        None if is_number && text.parse::<i64>().is_err() => Long,
        None if is_number => Whole,
        _ if MARKERS.iter().any(|marker| text.eq_ignore_ascii_case(marker)) => Marker,
        _ if truth(text).is_some() => Truth,
        _ if ["inf", "infinity"].iter().any(|word| unsigned.eq_ignore_ascii_case(word)) => Infinite,
        _ if is_like_a_number(text) => Like,
        _ => Text,
    }
}

/// Whether this is a number with a unit of money or per cent, or with marks between its thousands. A date is none.
fn is_like_a_number(text: &str) -> bool {
    let bare = text.trim_matches(|c: char| "$€£¥%".contains(c) || c.is_whitespace());
    let bare = bare.strip_prefix(['+', '-']).unwrap_or(bare);
    let is_mark = |c: char| matches!(c, ',' | '.' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}');
    let groups: Vec<&str> = bare.split(is_mark).collect();
    let marks: Vec<char> = bare.chars().filter(|&c| is_mark(c)).collect();
    if groups.iter().any(|group| group.is_empty() || !group.bytes().all(|byte| byte.is_ascii_digit())) {
        return false;
    }
    let is_decimal = |mark: char| matches!(mark, ',' | '.');
    match marks.as_slice() {
        [] => true,
        [mark] if is_decimal(*mark) => true,
        [first, .., last] | [first @ last] => {
            let (ending, thousands) = groups.split_last().unwrap_or((&"", &[]));
            groups[0].len() <= 3
                && thousands[1..].iter().all(|group| group.len() == 3)
                && (ending.len() == 3 || (is_decimal(*last) && first != last))
        }
    }
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
