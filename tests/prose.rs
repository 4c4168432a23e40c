//! The numbers in the prose are those that the cells print.
//!
//! In the notebooks a number that a cell computes is a link to that cell, as in `[0.17 %](#cell-id=imbalance)`; in
//! JupyterLab it leads there. Here each link is followed, and the number must stand in the cell's committed output.
//!
//! A cell of prose whose id ends in `-read` says what a result means. In such a cell every measured number (one with a
//! decimal point or at least three digits) must be a link. What is in parentheses, in code or in a formula is exempt:
//! there stand the numbers of others, and those that are given and not measured.

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

/// The prose without what stands between `open` and `close`.
fn without(prose: &str, open: &str, close: &str) -> String {
    let mut kept = String::new();
    let mut rest = prose;
    while let Some((before, after)) = rest.split_once(open) {
        kept += before;
        rest = after.split_once(close).map_or("", |(_, after)| after);
    }
    kept + rest
}

/// The measured numbers in the prose of a result that name no source.
fn without_source(prose: &str) -> Vec<String> {
    // A link is [number](#…): with what is in parentheses and in brackets gone, so are all links.
    let prose = [("`", "`"), ("$", "$"), ("(", ")"), ("[", "]")]
        .into_iter()
        .fold(prose.to_owned(), |prose, (open, close)| without(&prose, open, close));
    numbers(&prose).into_iter().filter(|number| number.contains('.') || number.len() >= 3).collect()
}

/// What is wrong with a notebook's links.
fn faults(cells: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    for cell in cells.iter().filter(|cell| cell["cell_type"] == "markdown") {
        let (prose, from) = (joined(&cell["source"]), cell["id"].as_str().unwrap_or_default());
        if from.ends_with("-read") {
            let sourceless = without_source(&prose).into_iter();
            faults
                .extend(sourceless.map(|number| format!("cell {from} says {number}, but not which cell computes it")));
        }
        for Link { says, cell: target } in links(&prose) {
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

#[test]
fn a_number_without_a_source_is_noticed() {
    assert_eq!(
        without_source("It finds 0.77 of 1,234 frauds with `0.5` (the original: 0.9), two more."),
        ["0.77", "1234"]
    );
    assert!(without_source("It finds [0.77](#cell-id=evaluate) of them in 20 runs.").is_empty());
}
