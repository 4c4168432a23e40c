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
    rest: &'a str,
    pub(super) separator: char,
    line: usize,
}

impl<'a> Records<'a> {
    pub(super) fn new(text: &'a str, separator: char) -> Self {
        Self { rest: text, separator, line: 1 }
    }

    /// The fields of the next record, each with its quotes and without the blanks around it.
    fn record(&mut self) -> Result<Vec<&'a str>, Fault> {
        let mut fields = Vec::new();
        while !self.take_field(&mut fields)? {}
        Ok(fields)
    }

    /// Adds the next field to `fields`, and says whether it is the last of its record.
    fn take_field(&mut self, fields: &mut Vec<&'a str>) -> Result<bool, Fault> {
        let separator = self.separator;
        let is_blank = |c: char| c == ' ' || (c == '\t' && separator != '\t');
        let ends_field = |c: char| c == separator || c == '\n' || c == '\r';
        let text = self.rest.trim_start_matches(is_blank);
        let (field, rest) = if text.starts_with('"') {
            let (field, rest) = text.split_at(self.quoted(text)?);
            (field, rest.trim_start_matches(is_blank))
        } else {
            let (field, rest) = text.split_at(text.find(ends_field).unwrap_or(text.len()));
            (field.trim(), rest)
        };
        if !rest.is_empty() && !rest.starts_with(ends_field) {
            let problem = "more text follows a closing quote; a quote that belongs to the text is written twice";
            return Err(Fault { line: self.line, problem: problem.into() });
        }
        let is_last = !rest.starts_with(separator);
        // A line ends with \n, \r\n or \r.
        self.line += field.matches(['\n', '\r']).count() - field.matches("\r\n").count() + usize::from(is_last);
        self.rest = rest.strip_prefix("\r\n").unwrap_or(rest.get(1..).unwrap_or_default());
        fields.push(field);
        Ok(is_last)
    }

    /// The length of the quoted text at the beginning of `text`, with its quotes.
    fn quoted(&self, text: &str) -> Result<usize, Fault> {
        let mut length = 1;
        while let Some(place) = text[length..].find('"') {
            length += place + 1;
            if !text[length..].starts_with('"') {
                return Ok(length);
            }
            length += 1; // two quotes are one that belongs to the text
        }
        Err(Fault { line: self.line, problem: "a quote is opened and never closed".into() })
    }
}

impl<'a> Iterator for Records<'a> {
    /// The number of a record's first line, and its fields.
    type Item = Result<(usize, Vec<&'a str>), Fault>;

    /// Blank lines are left out. What follows a fault is not to be read.
    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let line = self.line;
            match self.record() {
                Ok(fields) if fields == [""] => {}
                record => return Some(record.map(|fields| (line, fields))),
            }
        }
        None
    }
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

    fn records(text: &str, separator: char) -> Vec<(usize, Vec<String>)> {
        let records = Records::new(text, separator).map_while(Result::ok);
        records
            .map(|(line, fields)| (line, fields.into_iter().map(|field| unquoted(field).into_owned()).collect()))
            .collect()
    }

    fn record(line: usize, fields: &[&str]) -> (usize, Vec<String>) {
        (line, fields.iter().map(|&field| field.to_owned()).collect())
    }

    #[test]
    fn fields_are_cut_at_separators_outside_quotes() {
        assert_eq!(
            records("a, b ,c\n1,\"x, \"\"y\"\"\" ,\n", ','),
            [record(1, &["a", "b", "c"]), record(2, &["1", "x, \"y\"", ""])]
        );
        assert_eq!(records("a\t b\t\t", '\t'), [record(1, &["a", "b", "", ""])]);
        assert_eq!(records("5\" pipe;\" quoted\";\"\"", ';'), [record(1, &["5\" pipe", "quoted", ""])]);
    }

    #[test]
    fn lines_are_counted_as_editors_do() {
        let text = "a,b\r\n\r\n\"two\nlines\",1\rx,2\n\n\n\"three\r\nlines\n\",3\ny,4";
        let lines: Vec<usize> = records(text, ',').into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [1, 3, 5, 8, 11]);
    }

    #[test]
    fn quotes_out_of_place_are_named() {
        for (text, line, problem) in [
            ("a,b\n1,\"x\n2,y\n", 2, "never closed"),
            ("a,b\n1,2\n\"x\" y,3\n", 3, "more text follows a closing quote"),
            ("a,b\n1,\"5\" pipe\"\n", 2, "written twice"),
        ] {
            let fault = Records::new(text, ',').find_map(Result::err).expect("a fault");
            assert!(fault.line == line && fault.problem.contains(problem), "{}: {}", fault.line, fault.problem);
        }
    }
}
