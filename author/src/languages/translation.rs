//! The translated notebooks: code and structure are the English ones', prose knows which English text it translates.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::notebook::{Notebook, lines_of, text_of};

/// The field of a cell's metadata that holds the hash of the English text.
const TRANSLATES: &str = "translates";

/// The field of a cell's metadata that says that it shows the English text, for want of a translation.
const AHEAD: &str = "english_ahead";

/// The notebook that the English one becomes with these translations.
///
/// A cell that is not translated is left out: it must be missed, and not be read as English.
pub fn translated(english: &Notebook, translations: &Notebook) -> Notebook {
    let cells = english.cells().iter().filter_map(|cell| {
        let mut cell = cell.clone();
        if is_prose(&cell) {
            let known = translations.cells().iter().find(|known| id_of(known) == id_of(&cell) && is_prose(known))?;
            if is_ahead(known) {
                return Some(ahead(&cell, &line_of(known)));
            }
            cell["source"] = lines_of(&text_of(&known["source"]));
            cell["metadata"][TRANSLATES] = json!(translates(known));
        } else if cell["cell_type"] == "code" {
            cell["outputs"] = json!([]);
            cell["execution_count"] = Value::Null;
        }
        Some(cell)
    });
    english.with_cells(cells.collect())
}

/// A notebook to put a first translation into.
pub fn empty(english: &Notebook) -> Notebook {
    english.with_cells(Vec::new())
}

/// Puts the translation of a cell in.
pub fn put(translations: &mut Notebook, id: &str, hash: &str, text: &str) {
    let cell = json!({ "cell_type": "markdown", "id": id, "metadata": { TRANSLATES: hash }, "source": lines_of(text) });
    let mut cells = translations.cells().to_vec();
    match cells.iter_mut().find(|known| id_of(known) == id) {
        Some(known) => *known = cell,
        None => cells.push(cell),
    }
    *translations = translations.with_cells(cells);
}

/// The English cell with a line that says, in the reader's language, that it isn't translated yet: at its top, below a heading.
pub fn ahead(english: &Value, line: &str) -> Value {
    let mut cell = english.clone();
    let text = text_of(&english["source"]);
    cell["source"] = lines_of(&match text.split_once('\n').filter(|_| text.starts_with('#')) {
        Some((heading, rest)) => format!("{heading}\n\n{line}\n{rest}"),
        None => format!("{line}\n\n{text}"),
    });
    cell["metadata"][TRANSLATES] = json!(hash_of(&text));
    cell["metadata"][AHEAD] = json!(true);
    cell
}

/// Does it show the English text?
pub fn is_ahead(cell: &Value) -> bool {
    cell["metadata"][AHEAD] == true
}

// The line in the reader's language: the first quoted one.
fn line_of(ahead: &Value) -> String {
    let text = text_of(&ahead["source"]);
    text.lines().find(|line| line.starts_with('>')).unwrap_or_default().to_owned()
}

/// Is it a cell of prose?
pub fn is_prose(cell: &Value) -> bool {
    cell["cell_type"] == "markdown"
}

/// A cell's id.
pub fn id_of(cell: &Value) -> &str {
    cell["id"].as_str().unwrap_or_default()
}

/// The hash of the English text that a cell translates.
pub fn translates(cell: &Value) -> &str {
    cell["metadata"][TRANSLATES].as_str().unwrap_or_default()
}

/// The start of an English text's SHA-256, long enough that no two texts share it.
pub fn hash_of(english: &str) -> String {
    Sha256::digest(english.trim()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
