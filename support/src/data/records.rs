//! Cuts the text of a CSV file into records and fields.
//!
//! Not by a library, because those that there are take what is no CSV in silence: a quote that is never closed, text after a
//! closing quote, a blank before an opening one. With each of these a table would lose rows or its columns their meaning.

use std::borrow::Cow;

/// What is wrong in which line; the first is line 1.
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) problem: String,
}

/// The records of a CSV text, one after the other.
pub(super) struct Records<'a> {
    text: &'a str,
    pub(super) separator: u8,
    place: usize,
    line: usize,
}

impl<'a> Records<'a> {
    pub(super) fn new(text: &'a str, separator: u8) -> Self {
        Self { text, separator, place: 0, line: 1 }
    }

    /// Puts the fields of the next record into `fields`, each with its quotes and without the blanks around it, and gives the
    /// number of the record's first line; none at the end. Blank lines are left out.
    pub(super) fn read(&mut self, fields: &mut Vec<&'a str>) -> Result<Option<usize>, Fault> {
        while self.place < self.text.len() {
            fields.clear();
            let line = self.line;
            loop {
                let (field, is_last) = self.field()?;
                fields.push(field);
                if is_last {
                    break;
                }
            }
            if *fields != [""] {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    /// The next field, and whether it is the last of its record.
    fn field(&mut self) -> Result<(&'a str, bool), Fault> {
        let bytes = self.text.as_bytes();
        let after_blanks = |from: usize| {
            let is_blank = |&&byte: &&u8| byte == b' ' || (byte == b'\t' && self.separator != b'\t');
            from + bytes[from..].iter().take_while(is_blank).count()
        };
        let ends_field = |byte: u8| byte == self.separator || byte == b'\n' || byte == b'\r';
        let start = after_blanks(self.place);
        let (field, end) = if bytes.get(start) == Some(&b'"') {
            let close = self.closing_quote(start)?;
            let end = after_blanks(close);
            if bytes.get(end).is_some_and(|&byte| !ends_field(byte)) {
                let problem = "more text follows a closing quote; a quote that belongs to the text is written twice";
                return Err(Fault { line: self.line, problem: problem.into() });
            }
            (&self.text[start..close], end)
        } else {
            let length = bytes[start..].iter().position(|&byte| ends_field(byte));
            let end = length.map_or(bytes.len(), |length| start + length);
            (self.text[start..end].trim(), end)
        };
        self.line += line_ends(&bytes[start..end]);
        let separated = bytes.get(end) == Some(&self.separator);
        self.place = end + if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
        self.line += usize::from(!separated);
        Ok((field, !separated))
    }

    /// The place after the quote that closes the one at `start`.
    fn closing_quote(&self, start: usize) -> Result<usize, Fault> {
        let bytes = self.text.as_bytes();
        let mut place = start + 1;
        while let Some(length) = bytes[place..].iter().position(|&byte| byte == b'"') {
            place += length + 1;
            if bytes.get(place) != Some(&b'"') {
                return Ok(place);
            }
            place += 1; // two quotes are one that belongs to the text
        }
        Err(Fault { line: self.line, problem: "a quote is opened and never closed".into() })
    }
}

/// The number of line ends: \n, \r\n or \r.
fn line_ends(bytes: &[u8]) -> usize {
    let ends = bytes.iter().filter(|&&byte| byte == b'\n' || byte == b'\r').count();
    ends - bytes.windows(2).filter(|pair| pair == b"\r\n").count()
}

/// What a field says: without its quotes and the blanks inside them, and each doubled quote once.
pub(super) fn unquoted(field: &str) -> Cow<'_, str> {
    match field.strip_prefix('"').and_then(|field| field.strip_suffix('"')) {
        Some(text) if text.contains("\"\"") => text.trim().replace("\"\"", "\"").into(),
        Some(text) => text.trim().into(),
        None => field.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str, separator: u8) -> Vec<(usize, Vec<String>)> {
        let mut records = Records::new(text, separator);
        let (mut all, mut fields) = (Vec::new(), Vec::new());
        while let Ok(Some(line)) = records.read(&mut fields) {
            all.push((line, fields.iter().map(|field| unquoted(field).into_owned()).collect()));
        }
        all
    }

    fn record(line: usize, fields: &[&str]) -> (usize, Vec<String>) {
        (line, fields.iter().map(|&field| field.to_owned()).collect())
    }

    #[test]
    fn fields_are_cut_at_separators_outside_quotes() {
        assert_eq!(
            records("a, b ,c\n1,\"x, \"\"y\"\"\" ,\n", b','),
            [record(1, &["a", "b", "c"]), record(2, &["1", "x, \"y\"", ""])]
        );
        assert_eq!(records("a\t b\t\t", b'\t'), [record(1, &["a", "b", "", ""])]);
        assert_eq!(records("5\" pipe;\" quoted\";\"\"", b';'), [record(1, &["5\" pipe", "quoted", ""])]);
    }

    #[test]
    fn lines_are_counted_as_editors_do() {
        let text = "a,b\r\n\r\n\"two\nlines\",1\rx,2\n\n\n\"three\r\nlines\n\",3\ny,4";
        let lines: Vec<usize> = records(text, b',').into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [1, 3, 5, 8, 11]);
    }

    #[test]
    fn quotes_out_of_place_are_named() {
        for (text, line, problem) in [
            ("a,b\n1,\"x\n2,y\n", 2, "never closed"),
            ("a,b\n1,2\n\"x\" y,3\n", 3, "more text follows a closing quote"),
            ("a,b\n1,\"5\" pipe\"\n", 2, "written twice"),
        ] {
            let mut records = Records::new(text, b',');
            let mut fields = Vec::new();
            let fault = loop {
                match records.read(&mut fields) {
                    Ok(record) => assert!(record.is_some(), "{text:?} is read without a fault"),
                    Err(fault) => break fault,
                }
            };
            assert!(fault.line == line && fault.problem.contains(problem), "{}: {}", fault.line, fault.problem);
        }
    }
}
