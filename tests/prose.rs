//! The numbers in the prose are those that the cells print.
//!
//! In the notebooks a number that a cell computes is a link to that cell, as in `[0.17 %](#cell-id=imbalance)`; in
//! JupyterLab it leads there. Here each link is followed, and the number must stand in the cell's committed output.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A link in the prose of a notebook: what it says, and the id of the cell it leads to.
struct Link {
    says: String,
    cell: String,
}

fn notebooks() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("notebooks/en");
    let files = fs::read_dir(folder).expect("the notebooks are there").map(|entry| entry.expect("readable").path());
    let mut notebooks: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "ipynb")).collect();
    notebooks.sort();
    assert!(!notebooks.is_empty());
    notebooks
}

fn cells(notebook: &Path) -> Vec<Value> {
    let text = fs::read_to_string(notebook).expect("readable");
    let notebook: Value = serde_json::from_str(&text).expect("valid JSON");
    notebook["cells"].as_array().expect("a notebook has cells").clone()
}

/// The text of a field that may be a string or a list of lines.
fn joined(text: &Value) -> String {
    match text {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    }
}

fn links(prose: &str) -> Vec<Link> {
    let ends = prose.match_indices("](#cell-id=");
    let link = |(end, mark): (usize, &str)| {
        let start = prose[..end].rfind('[').expect("a link has a beginning") + 1;
        let cell = prose[end + mark.len()..].split(')').next().unwrap_or_default();
        Link { says: prose[start..end].to_owned(), cell: cell.to_owned() }
    };
    ends.map(link).collect()
}

/// All text that a cell has printed or shown.
fn output(cell: &Value) -> String {
    let outputs = cell["outputs"].as_array().into_iter().flatten();
    outputs.map(|output| joined(&output["text"]) + "\n" + &joined(&output["data"]["text/plain"]) + "\n").collect()
}

/// The numbers of a text, without the commas between their thousands.
fn numbers(text: &str) -> Vec<String> {
    let is_part = |letter: char| letter.is_ascii_digit() || letter == '.' || letter == ',';
    let words = text.split(|letter| !is_part(letter));
    words.map(|word| word.trim_matches(['.', ',']).replace(',', "")).filter(|word| !word.is_empty()).collect()
}

/// What is wrong with a notebook's links.
fn faults(cells: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    for cell in cells.iter().filter(|cell| cell["cell_type"] == "markdown") {
        for Link { says, cell: target } in links(&joined(&cell["source"])) {
            let from = cell["id"].as_str().unwrap_or_default();
            let Some(computed) = cells.iter().find(|cell| cell["id"] == target.as_str()) else {
                faults.push(format!("cell {from}: [{says}] leads to the cell {target}, which is not there"));
                continue;
            };
            let printed = numbers(&output(computed));
            for number in numbers(&says) {
                if !printed.contains(&number) {
                    faults.push(format!("cell {from} says {says}, but the cell {target} does not print {number}"));
                }
            }
        }
    }
    faults
}

#[test]
fn numbers_in_the_prose_are_printed_by_their_cells() {
    let mut found = 0;
    for notebook in notebooks() {
        let cells = cells(&notebook);
        let faults = faults(&cells);
        assert!(faults.is_empty(), "{}:\n{}", notebook.display(), faults.join("\n"));
        found += cells.iter().map(|cell| links(&joined(&cell["source"])).len()).sum::<usize>();
    }
    assert!(found >= 10, "only {found} numbers of all notebooks are linked to their cells");
}

#[test]
fn a_changed_number_is_noticed() {
    for notebook in notebooks() {
        let mut cells = cells(&notebook);
        for place in 0..cells.len() {
            let prose = joined(&cells[place]["source"]);
            if cells[place]["cell_type"] != "markdown" || links(&prose).is_empty() {
                continue;
            }
            let original = cells[place]["source"].take();
            let Link { says, cell } = links(&prose).remove(0);
            let says = format!("[{says}](#cell-id={cell})");
            cells[place]["source"] = Value::String(prose.replace(&says, &format!("[98765.4321](#cell-id={cell})")));
            assert!(!faults(&cells).is_empty(), "{}: {says} can be changed unnoticed", notebook.display());
            cells[place]["source"] = original;
        }
    }
}
