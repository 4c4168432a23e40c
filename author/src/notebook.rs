//! Notebook files, and the one form in which their outputs are committed.
//!
//! In that form running a notebook again gives the same bytes: cells are counted from 1, pieces of one stream
//! are one output, and each SVG figure has a PNG beside it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

use crate::png;

/// The tag of a cell whose output differs from run to run, such as a measured time.
pub const VOLATILE: &str = "volatile";

/// A notebook, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Notebook {
    json: Value,
}

impl Notebook {
    /// Reads a notebook file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("can't read the notebook {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not a notebook", path.display()))
    }

    /// Reads a notebook's text.
    pub fn parse(text: &str) -> Result<Self> {
        let json: Value =
            serde_json::from_str(text).context("it isn't JSON; perhaps a merge left its marks in it (<<<<<<<)")?;
        if !json["cells"].is_array() {
            bail!(
                "it has no cells; notebooks of format 3 and older must be converted: jupyter nbconvert --to notebook"
            );
        }
        Ok(Self { json })
    }

    /// The notebook's text.
    pub fn text(&self) -> Result<String> {
        text_of_json(&self.json)
    }

    /// The code cells that hold code, in order.
    pub fn code_cells(&self) -> Vec<Cell<'_>> {
        self.cells()
            .iter()
            .filter(|cell| is_code(cell))
            .enumerate()
            .map(|(index, json)| Cell { number: index as u64 + 1, json })
            .collect()
    }

    /// Says in which language its code is, by the name that Pygments has for it.
    pub fn set_language(&mut self, name: &str) {
        self.json["metadata"]["language_info"] = json!({ "name": name, "pygments_lexer": name });
    }

    /// Brings outputs and metadata to their one form.
    pub fn normalise(&mut self) -> Result<()> {
        let mut number = 0;
        for cell in self.json["cells"].as_array_mut().into_iter().flatten() {
            if cell["cell_type"] != "code" {
                continue;
            }
            if let Some(metadata) = cell["metadata"].as_object_mut() {
                // Times, and what JupyterLab remembers of the view.
                metadata.retain(|name, _| name == "tags" || name == "jupyter");
            }
            if !is_code(cell) {
                cell["execution_count"] = Value::Null;
                cell["outputs"] = json!([]);
                continue;
            }
            number += 1;
            cell["execution_count"] = json!(number);
            let outputs = std::mem::take(&mut cell["outputs"]);
            let mut outputs = normal_outputs(outputs);
            for output in &mut outputs {
                if output["output_type"] == "execute_result" {
                    output["execution_count"] = json!(number);
                }
                add_png(output).with_context(|| format!("code cell {number}"))?;
            }
            cell["outputs"] = Value::Array(outputs);
        }
        if let Some(metadata) = self.json["metadata"].as_object_mut() {
            metadata.retain(|name, _| name == "language_info");
            let rust = json!({ "display_name": "Rust", "language": "rust", "name": "rust" });
            metadata.insert("kernelspec".to_owned(), rust);
        }
        Ok(())
    }

    /// Takes a volatile cell's outputs from an earlier run where only numbers in them have changed.
    pub fn keep_volatile_outputs(&mut self, earlier: &Self) {
        let earlier = earlier.cells();
        for cell in self.json["cells"].as_array_mut().into_iter().flatten() {
            if !is_volatile(cell) {
                continue;
            }
            let same = earlier.iter().find(|before| {
                before["source"] == cell["source"]
                    && without_numbers(&before["outputs"]) == without_numbers(&cell["outputs"])
            });
            if let Some(before) = same {
                cell["outputs"] = before["outputs"].clone();
            }
        }
    }

    /// Does it hold any code?
    pub fn has_code(&self) -> bool {
        !self.code_cells().is_empty()
    }

    /// Has it been run and saved with its outputs?
    pub fn has_outputs(&self) -> bool {
        self.code_cells().iter().any(|cell| !cell.outputs().is_empty())
    }

    /// The numbers of the code cells with an SVG figure that has no PNG beside it.
    pub fn cells_without_png(&self) -> Vec<u64> {
        let lacks = |output: &Value| {
            let data = output["data"].as_object();
            data.is_some_and(|data| data.contains_key("image/svg+xml") && !data.contains_key("image/png"))
        };
        let cells = self.code_cells().into_iter();
        cells.filter(|cell| cell.outputs().iter().any(lacks)).map(|cell| cell.number).collect()
    }

    /// The PNG of the figure below the cell of this id, in Base64.
    pub fn png_of(&self, id: &str) -> Option<String> {
        let cell = self.cells().iter().find(|cell| cell["id"] == id)?;
        let mut outputs = cell["outputs"].as_array()?.iter();
        outputs.find_map(|output| Some(text_of(output["data"].get("image/png")?)))
    }

    /// All cells, in order.
    pub fn cells(&self) -> &[Value] {
        self.json["cells"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The notebook with other cells.
    pub fn with_cells(&self, cells: Vec<Value>) -> Self {
        let mut json = self.json.clone();
        json["cells"] = Value::Array(cells);
        Self { json }
    }
}

/// A code cell.
#[derive(Clone, Copy)]
pub struct Cell<'a> {
    /// Counted from 1 among the cells with code, as `In [1]`.
    pub number: u64,
    json: &'a Value,
}

impl<'a> Cell<'a> {
    /// The first line of its code.
    pub fn first_line(&self) -> String {
        first_line(self.json)
    }

    /// Its code.
    pub fn source(&self) -> String {
        text_of(&self.json["source"])
    }

    /// Is it tagged as one whose output differs from run to run?
    pub fn is_volatile(&self) -> bool {
        is_volatile(self.json)
    }

    /// Its outputs.
    pub fn outputs(&self) -> &'a [Value] {
        self.json["outputs"].as_array().map_or(&[], Vec::as_slice)
    }
}

/// A notebook's text, in the form in which nbformat writes it.
pub fn text_of_json(notebook: &Value) -> Result<String> {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(b" ");
    serde::Serialize::serialize(notebook, &mut Serializer::with_formatter(&mut bytes, formatter))?;
    bytes.push(b'\n');
    Ok(String::from_utf8(bytes)?)
}

/// A text that may be cut into a list of lines.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        other => other.to_string(),
    }
}

/// A text as a list of lines, as nbformat writes it.
pub fn lines_of(text: &str) -> Value {
    text.split_inclusive('\n').collect()
}

fn is_code(cell: &Value) -> bool {
    cell["cell_type"] == "code" && !text_of(&cell["source"]).trim().is_empty()
}

fn is_volatile(cell: &Value) -> bool {
    cell["metadata"]["tags"].as_array().is_some_and(|tags| tags.iter().any(|tag| tag == VOLATILE))
}

fn first_line(cell: &Value) -> String {
    const LONGEST: usize = 80;
    let source = text_of(&cell["source"]);
    let line = source.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// Outputs with each stream's pieces joined.
fn normal_outputs(outputs: Value) -> Vec<Value> {
    let Value::Array(outputs) = outputs else {
        return Vec::new();
    };
    let mut streams: Vec<(String, String)> = Vec::new();
    let mut rest = Vec::new();
    for mut output in outputs {
        if output["output_type"] != "stream" {
            if let Some(metadata) = output.get_mut("metadata") {
                *metadata = json!({});
            }
            rest.push(output);
            continue;
        }
        let name = text_of(&output["name"]);
        let text = text_of(&output["text"]);
        match streams.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => all.push_str(&text),
            None => streams.push((name, text)),
        }
    }
    // Streams come first, standard output before the error stream: how they mix is a matter of chance.
    streams.sort_by_key(|(name, _)| name != "stdout");
    let streams = streams.into_iter().filter(|(_, text)| !text.is_empty());
    streams
        .map(|(name, text)| json!({ "name": name, "output_type": "stream", "text": lines_of(&text) }))
        .chain(rest)
        .collect()
}

fn add_png(output: &mut Value) -> Result<()> {
    let Some(data) = output.get_mut("data").and_then(Value::as_object_mut) else {
        return Ok(());
    };
    normal_data(data);
    if let Some(svg) = data.get("image/svg+xml").map(text_of) {
        let image = png::from_svg(&svg)?;
        data.insert("image/png".to_owned(), Value::String(image));
    }
    Ok(())
}

// Texts as lists of lines, as nbformat writes them, so that a change shows as few lines.
fn normal_data(data: &mut Map<String, Value>) {
    for (kind, value) in data.iter_mut() {
        if kind.starts_with("text/") || kind == "image/svg+xml" || kind == "application/javascript" {
            *value = lines_of(&text_of(value));
        }
    }
}

fn without_numbers(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let parts = text.split(|c: char| c.is_ascii_digit() || c == '.' || c == ' ');
            Value::String(parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("#"))
        }
        Value::Array(items) => items.iter().map(without_numbers).collect(),
        Value::Object(items) => items
            .iter()
            .filter(|(name, _)| *name != "image/png" && *name != "execution_count")
            .map(|(name, value)| (name.clone(), without_numbers(value)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A notebook with one code cell.
    pub fn with_outputs(source: &str, tags: &[&str], outputs: Value) -> Notebook {
        Notebook {
            json: json!({
                "cells": [{
                    "cell_type": "code", "id": "a", "metadata": { "tags": tags },
                    "execution_count": 7, "outputs": outputs, "source": source,
                }],
                "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
            }),
        }
    }

    fn stream(name: &str, text: &str) -> Value {
        json!({ "output_type": "stream", "name": name, "text": text })
    }

    #[test]
    fn normal_form_is_stable() {
        let figure = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><rect width="2" height="2"/></svg>"#;
        let mut notebook = with_outputs(
            "1 + 1",
            &[],
            json!([
                stream("stdout", "one\n"),
                stream("stderr", "warning\n"),
                { "output_type": "execute_result", "execution_count": 9, "metadata": { "x": 1 },
                  "data": { "image/svg+xml": figure, "text/plain": "a\nb" } },
                stream("stdout", "two\n"),
            ]),
        );
        notebook.normalise().unwrap();
        let outputs = notebook.code_cells()[0].outputs();
        assert_eq!(outputs[0]["text"], json!(["one\n", "two\n"]));
        assert_eq!(outputs[1]["text"], json!(["warning\n"]));
        assert_eq!(outputs[2]["execution_count"], 1);
        assert_eq!(outputs[2]["data"]["text/plain"], json!(["a\n", "b"]));
        assert!(outputs[2]["data"]["image/png"].as_str().unwrap().starts_with("iVBOR"));
        let once = notebook.text().unwrap();
        let mut again = Notebook::parse(&once).unwrap();
        again.normalise().unwrap();
        assert_eq!(again.text().unwrap(), once);
    }

    #[test]
    fn volatile_outputs_stay_when_only_numbers_change() {
        let made = |text: &str| with_outputs("time()", &[VOLATILE], json!([stream("stdout", text)]));
        let before = made("took 12.5 ms\n");
        let mut after = made("took  8.1 ms\n");
        after.keep_volatile_outputs(&before);
        assert_eq!(after, before);
        let mut other = made("took 9 epochs\n");
        other.keep_volatile_outputs(&before);
        assert_ne!(other, before);
    }
}
