//! Notebook files: finding them by name, and the little that the launcher reads in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::base::folders::entries;
use crate::base::paths::Paths;

/// A notebook, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Notebook {
    json: Value,
}

/// The notebooks that the names mean; without names, all of the lesson.
pub fn find(paths: &Paths, names: &[String]) -> Result<Vec<PathBuf>> {
    let lesson = list(&paths.lesson())?;
    if lesson.is_empty() && names.is_empty() {
        bail!("no notebook in {}\nTry: git checkout notebooks", paths.lesson().display());
    }
    if names.is_empty() {
        return Ok(lesson);
    }
    names.iter().map(|name| find_one(name, &lesson)).collect()
}

fn find_one(name: &str, lesson: &[PathBuf]) -> Result<PathBuf> {
    let path = Path::new(name);
    if path.extension().is_some_and(|extension| extension == "ipynb") && path.is_file() {
        return std::path::absolute(path).with_context(|| format!("can't read {name}"));
    }
    let stem = name.strip_suffix(".ipynb").unwrap_or(name);
    let known: Vec<(&PathBuf, String)> = lesson.iter().map(|path| (path, stem_of(path))).collect();
    let exact = known.iter().find(|(_, known)| known == stem);
    let begins: Vec<_> = known.iter().filter(|(_, known)| known.starts_with(stem)).collect();
    let shown: Vec<&str> = known.iter().map(|(_, stem)| stem.as_str()).collect();
    match (exact, begins.as_slice()) {
        (Some((path, _)), _) => Ok((*path).clone()),
        (None, [(path, _)]) if !stem.is_empty() => Ok((*path).clone()),
        (None, []) => bail!(
            "no notebook named `{name}`\nThere are: {}\nA path to another .ipynb file is good too.",
            shown.join(", ")
        ),
        _ => bail!(
            "`{name}` could be any of {}\nWrite more of the name.",
            begins.iter().map(|(_, stem)| stem.as_str()).collect::<Vec<_>>().join(", ")
        ),
    }
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut notebooks = entries(folder).map_err(|error| anyhow!("{error:#}\nTry: git checkout notebooks"))?;
    notebooks.retain(|path| path.extension().is_some_and(|extension| extension == "ipynb"));
    Ok(notebooks)
}

/// The file's name without `.ipynb`.
pub fn stem_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

impl Notebook {
    /// Reads a notebook file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("can't read the notebook {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not a notebook", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let json: Value =
            serde_json::from_str(text).context("it isn't JSON; perhaps a merge left its marks in it (<<<<<<<)")?;
        if !json["cells"].is_array() {
            bail!(
                "it has no cells; notebooks of format 3 and older must be converted: jupyter nbconvert --to notebook"
            );
        }
        Ok(Self { json })
    }

    /// The first line of a cell, counted from 0 among all cells.
    pub fn first_line(&self, index: usize) -> String {
        const LONGEST: usize = 80;
        // A text, or a list of its lines.
        let source = match &self.json["cells"][index]["source"] {
            Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
            text => text.as_str().unwrap_or_default().to_owned(),
        };
        let line = source.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_notebooks() {
        let lesson = ["01_data", "02_baseline", "05_a", "05_b"];
        let lesson: Vec<PathBuf> = lesson.iter().map(|name| format!("{name}.ipynb").into()).collect();
        let found = |name| find_one(name, &lesson).map_err(|error| error.to_string());
        assert_eq!(found("01"), Ok(lesson[0].clone()));
        assert_eq!(found("02_baseline.ipynb"), Ok(lesson[1].clone()));
        assert!(found("05").unwrap_err().contains("any of 05_a, 05_b"));
        assert!(found("09").unwrap_err().contains("There are: 01_data"));
        assert!(found("").is_err());
    }
}
