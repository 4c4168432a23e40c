//! English ahead: where the English text was written anew, a translated notebook shows it under a line in the reader's
//! language, and the older translation waits here, in `author/languages/earlier/LANGUAGE/NOTEBOOK.md`, for the translator.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use super::exchange::{self, Translation};
use super::language::Language;
use super::translation::{self, ahead, hash_of, id_of, is_ahead, is_prose, translates};
use super::{ENGLISH, notebooks, path_of, write};
use crate::notebook::{Notebook, text_of};
use crate::repo;

fn path(language: &Language, name: &str) -> PathBuf {
    repo().join("author/languages/earlier").join(&language.code).join(format!("{name}.md"))
}

fn read(language: &Language, name: &str) -> Result<Vec<Translation>> {
    let path = path(language, name);
    match path.is_file() {
        true => exchange::read(&fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?),
        false => Ok(Vec::new()),
    }
}

fn keep(language: &Language, name: &str, texts: &[Translation]) -> Result<()> {
    let path = path(language, name);
    if texts.is_empty() {
        return if path.is_file() { fs::remove_file(path).map_err(Into::into) } else { Ok(()) };
    }
    let text = |kept: &Translation| format!("<!-- cell {} {} stale -->\n\n{}\n", kept.cell, kept.hash, kept.text);
    write(&path, &texts.iter().map(text).collect::<Vec<_>>().join("\n")).map(drop)
}

/// Has each notebook of a language show the English text where it has no translation of it.
pub fn english_ahead(language: &Language) -> Result<()> {
    let ours = notebooks(&language.code)?;
    if ours.is_empty() {
        return Ok(());
    }
    let known: Vec<(String, Notebook)> = ours
        .into_iter()
        .map(|name| Ok((name.clone(), Notebook::read(&path_of(&language.code, &name))?)))
        .collect::<Result<_>>()?;
    // A cell may have moved to another notebook: its translation goes with it.
    let all: Vec<&Value> = known
        .iter()
        .flat_map(|(_, notebook)| notebook.cells())
        .filter(|cell| is_prose(cell) && !is_ahead(cell))
        .collect();
    let mut used = Vec::new();
    for name in notebooks(ENGLISH)? {
        let english = Notebook::read(&path_of(ENGLISH, &name))?;
        let cells = english.cells().iter().map(|cell| {
            let hash = hash_of(&text_of(&cell["source"]));
            match all.iter().find(|known| id_of(known) == id_of(cell) && translates(known) == hash) {
                Some(known) if is_prose(cell) => {
                    used.push(*known);
                    (*known).clone()
                }
                _ if is_prose(cell) => ahead(cell, &language.ahead),
                _ => cell.clone(),
            }
        });
        let cells = english.with_cells(cells.collect());
        write(&path_of(&language.code, &name), &translation::translated(&english, &cells).text()?)?;
    }
    for (name, notebook) in &known {
        let mut texts = read(language, name)?;
        for cell in notebook.cells().iter().filter(|cell| is_prose(cell) && !is_ahead(cell)) {
            if !used.contains(&cell) {
                let (cell, hash, text) =
                    (id_of(cell).to_owned(), translates(cell).to_owned(), text_of(&cell["source"]));
                texts.retain(|kept| kept.cell != cell);
                texts.push(Translation { cell, hash, is_stale: true, text });
            }
        }
        keep(language, name, &texts)?;
        if !path_of(ENGLISH, name).is_file() {
            fs::remove_file(path_of(&language.code, name))?;
        }
    }
    Ok(())
}

/// A notebook's translations with the earlier ones in place of English text.
pub fn with_earlier(language: &Language, name: &str, known: Notebook) -> Result<Notebook> {
    let mut with = known.with_cells(known.cells().iter().filter(|cell| !is_ahead(cell)).cloned().collect());
    for kept in read(language, name)? {
        if !with.cells().iter().any(|cell| id_of(cell) == kept.cell) {
            translation::put(&mut with, &kept.cell, &kept.hash, &kept.text);
        }
    }
    Ok(with)
}

/// Removes the earlier translations of cells that are translated now.
pub fn forget(language: &Language, name: &str, known: &Notebook) -> Result<()> {
    let mut texts = read(language, name)?;
    let is_translated = |id: &str| known.cells().iter().any(|cell| id_of(cell) == id && !is_ahead(cell));
    texts.retain(|kept| !is_translated(&kept.cell));
    keep(language, name, &texts)
}
