//! A cell that names a variable which an earlier cell has moved away: rustc knows only that there
//! is none. Here it is told why.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// The file in a kernel's folder with the names of the variables that its cells have kept.
pub const NAMES: &str = "variables";

/// Remembers the variables that a cell keeps, by the program that evcxr makes of the cell.
pub fn remember(kernel: &Path, program: &str) {
    let file = kernel.join(NAMES);
    let mut names = fs::read_to_string(&file).unwrap_or_default();
    let before = names.len();
    for name in kept_by(program) {
        if !names.lines().any(|known| known == name) {
            names += name;
            names += "\n";
        }
    }
    if names.len() > before {
        // Without the file an error says less, and no more than that.
        let _ = fs::write(file, names);
    }
}

// As in `store.put_variable::<i32>(stringify!(rows), rows);`
fn kept_by(program: &str) -> impl Iterator<Item = &str> {
    program.split("put_variable::<").skip(1).filter_map(|call| {
        let (_, name) = call.split_once("stringify!(")?;
        Some(name.split_once(')')?.0)
    })
}

/// A message of rustc with the reason, if it misses a variable that the kernel had.
pub fn explain(kernel: &Path, message: &str) -> Option<String> {
    if !message.contains("\"E0425\"") {
        return None;
    }
    let mut json: Value = serde_json::from_str(message).ok()?;
    let text = json["message"]["message"].as_str()?;
    let (_, name) = text.split_once("cannot find value `")?;
    let name = name.split_once('`')?.0;
    if !fs::read_to_string(kernel.join(NAMES)).ok()?.lines().any(|known| known == name) {
        return None;
    }
    json["message"]["message"] = format!(
        "{text}: an earlier cell made `{name}`, and one after it moved it away, as `let other = {name};` does, or was \
         interrupted. Run the cell that makes it again; to keep it, write `{name}.clone()` where it was moved"
    )
    .into();
    Some(json.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_was_there_is_explained_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let missing = |name: &str| {
            let text = format!("cannot find value `{name}` in this scope");
            serde_json::json!({ "message": { "code": { "code": "E0425" }, "message": text } }).to_string()
        };
        assert_eq!(explain(folder.path(), &missing("model")), None);
        remember(
            folder.path(),
            "s.put_variable::<Vec<i32>>(stringify!(rows), rows);\ns.put_variable::<M>(stringify!(model), model);",
        );
        remember(folder.path(), "s.put_variable::<M>(stringify!(model), model);");
        assert_eq!(fs::read_to_string(folder.path().join(NAMES)).unwrap(), "rows\nmodel\n");
        let explained = explain(folder.path(), &missing("model")).unwrap();
        assert!(explained.contains("`model.clone()`") && explained.contains("E0425"), "{explained}");
        assert_eq!(explain(folder.path(), &missing("mode")), None);
        assert_eq!(explain(folder.path(), "{\"code\": \"E0308\"}"), None);
    }
}
