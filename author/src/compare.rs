//! Comparing a notebook's fresh outputs with the committed ones.

use serde_json::Value;

use crate::notebook::{Cell, Notebook, text_of};

/// How a cell's output differs.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// The code cell, counted from 1.
    pub cell: u64,
    /// The first line of its code.
    pub first_line: String,
    /// What differs, for a reader.
    pub what: String,
}

/// All cells whose outputs differ. Both notebooks are in the normal form, and have the same code.
pub fn differences(committed: &Notebook, now: &Notebook) -> Vec<Difference> {
    let pairs = committed.code_cells().into_iter().zip(now.code_cells());
    pairs
        .filter(|(before, _)| !before.is_volatile())
        .filter_map(|(before, after)| {
            let what = cell_difference(&before, &after)?;
            Some(Difference { cell: after.number, first_line: after.first_line(), what })
        })
        .collect()
}

fn cell_difference(before: &Cell, after: &Cell) -> Option<String> {
    if before.source() != after.source() {
        return Some("the code differs".to_owned());
    }
    let (before, after) = (before.outputs(), after.outputs());
    let all = before.len().max(after.len());
    (0..all).find_map(|index| match (before.get(index), after.get(index)) {
        (Some(before), Some(after)) => output_difference(before, after),
        (Some(before), None) => Some(only("committed", before)),
        (None, Some(after)) => Some(only("now", after)),
        (None, None) => None,
    })
}

fn only(side: &str, output: &Value) -> String {
    let other = if side == "now" { "committed" } else { "now" };
    let text = shown_text(output);
    let line = text.lines().next().unwrap_or_default();
    format!("{} is {side} there, but not {other}: {}", kind_of(output), short(line))
}

fn output_difference(before: &Value, after: &Value) -> Option<String> {
    let (kind_before, kind_after) = (kind_of(before), kind_of(after));
    if kind_before != kind_after {
        return Some(format!("committed: {kind_before}\nnow:       {kind_after}"));
    }
    match before.get("data").and_then(Value::as_object) {
        None => text_difference(&kind_before, &shown_text(before), &shown_text(after)),
        Some(data) => data
            .iter()
            // Derived from the SVG, and checked by making it again.
            .filter(|(kind, _)| *kind != "image/png")
            .find_map(|(kind, value)| {
                let now = text_of(&after["data"][kind]);
                text_difference(&words_for(kind), &text_of(value), &now)
            }),
    }
}

fn text_difference(what: &str, before: &str, after: &str) -> Option<String> {
    if before == after {
        return None;
    }
    let (mut old, mut new) = (before.lines(), after.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (old.next(), new.next()) {
            (Some(old), Some(new)) if old == new => {}
            (None, None) => return Some(format!("{what} differs in its line ends")),
            (old, new) => {
                let old = old.map_or_else(|| "(ends)".to_owned(), |line| line.to_owned());
                let new = new.map_or_else(|| "(ends)".to_owned(), |line| line.to_owned());
                let (old, new) = window(&old, &new);
                return Some(format!("{what} differs in line {number}\n  committed: {old}\n  now:       {new}"));
            }
        }
    }
}

// The part of two long lines around their first difference.
fn window(old: &str, new: &str) -> (String, String) {
    let same = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
    let skip = if same > 60 { same - 30 } else { 0 };
    let cut = |line: &str| {
        let rest: String = line.chars().skip(skip).collect();
        let start = if skip > 0 { "…" } else { "" };
        format!("{start}{}", short(&rest))
    };
    (cut(old), cut(new))
}

fn short(line: &str) -> String {
    let mut chars = line.chars();
    let start: String = chars.by_ref().take(110).collect();
    match chars.next() {
        Some(_) => format!("{start}…"),
        None => start,
    }
}

fn kind_of(output: &Value) -> String {
    match output["output_type"].as_str().unwrap_or_default() {
        "stream" => match output["name"].as_str() {
            Some("stderr") => "text on the error stream".to_owned(),
            _ => "printed text".to_owned(),
        },
        "error" => "an error".to_owned(),
        _ => {
            let kinds = output["data"].as_object().into_iter().flatten();
            let kinds: Vec<String> =
                kinds.filter(|(kind, _)| *kind != "image/png").map(|(kind, _)| words_for(kind)).collect();
            format!("a result ({})", kinds.join(", "))
        }
    }
}

fn words_for(kind: &str) -> String {
    match kind {
        "image/svg+xml" => "the figure",
        "text/html" => "the table or page (text/html)",
        "text/plain" => "the value (text/plain)",
        other => other,
    }
    .to_owned()
}

fn shown_text(output: &Value) -> String {
    if output["output_type"] == "error" {
        return text_of(&output["evalue"]);
    }
    match output.get("text") {
        Some(text) => text_of(text),
        None => {
            let data = output["data"].as_object();
            let value = data.and_then(|data| data.get("text/plain").or_else(|| data.values().next()));
            value.map(text_of).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notebook::VOLATILE;
    use crate::notebook::tests::with_outputs;
    use serde_json::json;

    fn printed(text: &str) -> Value {
        json!([{ "output_type": "stream", "name": "stdout", "text": text }])
    }

    fn difference(before: Value, after: Value) -> Option<String> {
        let before = with_outputs("let x = 1;", &[], before);
        let after = with_outputs("let x = 1;", &[], after);
        differences(&before, &after).pop().map(|found| found.what)
    }

    #[test]
    fn the_same_is_the_same() {
        assert_eq!(difference(printed("a\n"), printed("a\n")), None);
    }

    #[test]
    fn the_first_differing_line_is_shown() {
        let what = difference(printed("a\nloss 0.1\n"), printed("a\nloss 0.2\n")).unwrap();
        assert!(what.contains("line 2"), "{what}");
        assert!(what.contains("committed: loss 0.1") && what.contains("now:       loss 0.2"));
    }

    #[test]
    fn long_lines_are_cut_around_the_difference() {
        let line = |end| format!("{}{end}{}", "x".repeat(5000), "y".repeat(5000));
        let what = difference(printed(&line("1")), printed(&line("2"))).unwrap();
        assert!(what.len() < 600 && what.contains("x1y"), "{what}");
    }

    #[test]
    fn a_figure_is_called_a_figure_and_its_png_is_not_compared() {
        let figure = |svg: &str, png: &str| {
            let data = json!({ "image/svg+xml": svg, "image/png": png });
            json!([{ "output_type": "execute_result", "data": data }])
        };
        assert_eq!(difference(figure("<svg/>", "A"), figure("<svg/>", "B")), None);
        let what = difference(figure("<svg/>", "A"), figure("<svg >", "A")).unwrap();
        assert!(what.starts_with("the figure differs"), "{what}");
    }

    #[test]
    fn missing_and_other_outputs_are_named() {
        let what = difference(printed("a"), json!([])).unwrap();
        assert!(what.contains("not now"), "{what}");
        let error = json!([{ "output_type": "error", "evalue": "no", "traceback": [] }]);
        assert!(difference(printed("a"), error).unwrap().contains("an error"));
    }

    #[test]
    fn volatile_cells_are_not_compared() {
        let made = |text| with_outputs("t()", &[VOLATILE], printed(text));
        assert!(differences(&made("1"), &made("2")).is_empty());
    }
}
