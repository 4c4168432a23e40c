//! The lesson stays short: cells that are seen at a glance, and words that are read in an evening.

#![allow(missing_docs)]

use std::fs;
use std::path::Path;

use serde_json::Value;

const LINES: usize = 10;
const WIDTH: usize = 100;
const WORDS: usize = 12_000;
const FOLDED: usize = 3_000;

fn text(cell: &Value) -> String {
    match &cell["source"] {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    }
}

/// Each English cell: its kind, where it is, and its text.
fn cells() -> Vec<(String, String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("notebooks/en");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all = Vec::new();
    for path in files.filter(|path| path.extension().is_some_and(|end| end == "ipynb")) {
        let notebook: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for cell in notebook["cells"].as_array().unwrap() {
            let id = cell["id"].as_str().unwrap();
            all.push((cell["cell_type"].as_str().unwrap().to_owned(), format!("{name}, {id}"), text(cell)));
        }
    }
    assert!(all.len() > 100);
    all
}

fn is_long(code: &str) -> bool {
    code.lines().count() > LINES || code.lines().any(|line| line.chars().count() > WIDTH)
}

/// The words outside of folds, and those in them; a word is what stands between blanks.
fn words(prose: &str) -> (usize, usize) {
    let all = prose.split_whitespace().count();
    let folds = prose.split("<details>").skip(1).filter_map(|fold| fold.split("</details>").next());
    let folded = folds.map(|fold| fold.split_whitespace().count()).sum();
    (all - folded, folded)
}

#[test]
fn cells_stay_short() {
    let cells = cells();
    let long = cells.iter().filter(|(kind, _, code)| kind == "code" && is_long(code));
    let long: Vec<&str> = long.map(|(_, place, _)| place.as_str()).collect();
    assert!(long.is_empty(), "over {LINES} lines or {WIDTH} characters:\n{}", long.join("\n"));
    assert!(is_long(&"\n".repeat(11)) && is_long(&"x".repeat(101)) && !is_long(&format!("{}\n", "x".repeat(100))));
}

#[test]
fn the_lesson_is_read_in_an_evening() {
    let prose = cells().into_iter().filter(|(kind, ..)| kind == "markdown").map(|(.., prose)| words(&prose));
    let (read, folded) = prose.fold((0, 0), |(read, folded), (more, hidden)| (read + more, folded + hidden));
    assert!(read <= WORDS && folded <= FOLDED, "{read} words, and {folded} in folds");
    assert_eq!(words("One two <details> three four</details> five"), (4, 2));
}
