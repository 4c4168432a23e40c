//! `languages`: the notebooks in other languages, which can't drift from the English ones.
//!
//! A translated notebook is a real one: its code cells are copies of the English ones', and each of its cells of prose
//! holds the hash of the English text that it translates. `author/languages/README.md` tells translators how to work.

mod earlier;
mod exchange;
mod faults;
mod language;
mod prose;
mod translation;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};

use crate::notebook::Notebook;
use crate::{repo, shown, write_whole};
use faults::faults;
pub use language::Language;

/// The folder of the English notebooks.
pub const ENGLISH: &str = "en";

/// What to do with the translations; without a verb, take over code and structure and list what is to be translated.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Write the files in which a translator works: translations/LANGUAGE/NOTEBOOK.md
    Export {
        /// The language: ja, ko, pt-br, zh-cn
        language: String,
        /// Notebooks: a name or its start (`02`); all when none is given
        names: Vec<String>,
    },
    /// Read such files back into the notebooks
    Import {
        /// The files; all of translations/ when none is given
        files: Vec<PathBuf>,
    },
    /// Show the English text where a translation is missing or stale, and keep the stale ones in author/languages/earlier/
    Ahead,
}

/// Does it; is all translated?
pub fn run(options: &Options) -> Result<bool> {
    match &options.verb {
        Some(Verb::Export { language, names }) => export(&Language::find(language)?, names).map(|()| true),
        Some(Verb::Import { files }) => import(files),
        Some(Verb::Ahead) => {
            let languages = Language::all()?;
            languages.iter().try_for_each(earlier::english_ahead)?;
            report(&languages)
        }
        None => {
            let languages = Language::all()?;
            for language in &languages {
                take_over(language)?;
            }
            report(&languages)
        }
    }
}

fn folder(code: &str) -> PathBuf {
    repo().join("notebooks").join(code)
}

fn exchange_folder() -> PathBuf {
    repo().join("translations")
}

/// The notebooks of a language, by their paths in its folder, without `.ipynb`.
pub fn notebooks(code: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    collect(&folder(code), "", &mut names)?;
    names.sort();
    Ok(names)
}

fn collect(folder: &Path, before: &str, names: &mut Vec<String>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // JupyterLab keeps its copies in folders with a dot.
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{before}{name}/"), names)?;
        } else if let Some(stem) = name.strip_suffix(".ipynb") {
            names.push(format!("{before}{stem}"));
        }
    }
    Ok(())
}

/// A notebook's file.
pub fn path_of(code: &str, name: &str) -> PathBuf {
    folder(code).join(format!("{name}.ipynb"))
}

/// The translated notebook, or an empty one.
fn translations(language: &Language, name: &str, english: &Notebook) -> Result<Notebook> {
    let path = path_of(&language.code, name);
    match path.is_file() {
        true => Notebook::read(&path),
        false => Ok(translation::empty(english)),
    }
}

fn write(path: &Path, text: &str) -> Result<bool> {
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
    }
    write_whole(path, text)?;
    Ok(true)
}

// Code, structure and order of the English notebooks, for those that have a translation.
fn take_over(language: &Language) -> Result<()> {
    let english = notebooks(ENGLISH)?;
    for name in notebooks(&language.code)? {
        let path = path_of(&language.code, &name);
        if !english.contains(&name) {
            continue;
        }
        let notebook = Notebook::read(&path)?;
        let english = Notebook::read(&path_of(ENGLISH, &name))?;
        if write(&path, &translation::translated(&english, &notebook).text()?)? {
            println!("{}: took over code and structure", shown(&path));
        }
    }
    Ok(())
}

/// Lists what is to be done; is it nothing?
fn report(languages: &[Language]) -> Result<bool> {
    let mut well = true;
    for language in languages {
        let (there, missing) = split(language)?;
        let found = found(language, &there)?;
        well &= found.is_empty();
        for fault in &found {
            eprintln!("{fault}");
        }
        let all = there.len() + missing.len();
        let ahead = cells_ahead(language, &there)?;
        let state = match (missing.is_empty(), found.is_empty()) {
            (true, true) if ahead > 0 => format!("English ahead in {ahead} cells"),
            (true, true) => "whole".to_owned(),
            (true, false) => format!("{} faults", found.len()),
            (false, _) if there.is_empty() => format!("not begun: 0 of {all} notebooks"),
            (false, _) => {
                format!("not offered yet: {} of {all} notebooks, without {}", there.len(), missing.join(", "))
            }
        };
        println!("{} ({}): {state}", language.name, language.code);
    }
    Ok(well)
}

/// How many cells of these notebooks show the English text, for want of a translation.
fn cells_ahead(language: &Language, names: &[String]) -> Result<usize> {
    let notebooks = names.iter().map(|name| Notebook::read(&path_of(&language.code, name)));
    let ahead = |notebook: Notebook| notebook.cells().iter().filter(|cell| translation::is_ahead(cell)).count();
    notebooks.map(|notebook| Ok(ahead(notebook?))).sum()
}

/// The notebooks that are there in a language, and those that aren't.
fn split(language: &Language) -> Result<(Vec<String>, Vec<String>)> {
    Ok(notebooks(ENGLISH)?.into_iter().partition(|name| path_of(&language.code, name).is_file()))
}

/// All that is wrong with these notebooks: language, notebook, cell and fault.
fn found(language: &Language, names: &[String]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for name in names {
        let english = Notebook::read(&path_of(ENGLISH, name))?;
        let notebook = Notebook::read(&path_of(&language.code, name))?;
        let faults = faults(&english, &notebook, language);
        if faults.is_empty() && translation::translated(&english, &notebook).text()? != notebook.text()? {
            found.push(format!("{}, {name}: not in the form that `languages` writes", language.name));
        }
        found.extend(faults.iter().map(|fault| format!("{}, {name}, {fault}", language.name)));
    }
    for name in notebooks(&language.code)?.iter().filter(|name| !path_of(ENGLISH, name).is_file()) {
        found.push(format!("{}, {name}: there is no such English notebook", language.name));
    }
    Ok(found)
}

fn export(language: &Language, names: &[String]) -> Result<()> {
    let all = notebooks(ENGLISH)?;
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|known| is_meant(known, name))) {
        bail!("no notebook named `{unknown}`\nThere are: {}", all.join(", "));
    }
    for name in all.iter().filter(|known| names.is_empty() || names.iter().any(|name| is_meant(known, name))) {
        let english = Notebook::read(&path_of(ENGLISH, name))?;
        let known = earlier::with_earlier(language, name, translations(language, name, &english)?)?;
        let path = exchange_folder().join(&language.code).join(format!("{name}.md"));
        if let Some(cell) = not_imported(&path, &known)? {
            bail!(
                "{} has a translation of {cell} that isn't in the notebook yet\nTry: cargo run -p author -- languages import {}",
                shown(&path),
                shown(&path)
            );
        }
        write(&path, &exchange::written(&english, &known, language))?;
        println!("{}", shown(&path));
    }
    Ok(())
}

fn is_meant(known: &str, name: &str) -> bool {
    known.starts_with(name.trim_end_matches(".ipynb"))
}

// The cell of a translator's file that would be lost if it were written anew.
fn not_imported(path: &Path, known: &Notebook) -> Result<Option<String>> {
    if !path.is_file() {
        return Ok(None);
    }
    let is_in = |translation: &exchange::Translation| {
        known.cells().iter().any(|cell| {
            translation::id_of(cell) == translation.cell
                && crate::notebook::text_of(&cell["source"]) == translation.text
        })
    };
    let mut written = read_exchange(path)?.into_iter();
    Ok(written.find(|translation| !translation.text.is_empty() && !is_in(translation)).map(|lost| lost.cell))
}

fn read_exchange(path: &Path) -> Result<Vec<exchange::Translation>> {
    let text = fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
    exchange::read(&text).with_context(|| format!("{} can't be used", shown(path)))
}

fn import(files: &[PathBuf]) -> Result<bool> {
    let files = if files.is_empty() { all_exchanges()? } else { files.to_vec() };
    if files.is_empty() {
        bail!("no file in {}\nTry: cargo run -p author -- languages export ko", shown(&exchange_folder()));
    }
    let mut well = true;
    for file in &files {
        let (language, name) = meant_by(file)?;
        let english = Notebook::read(&path_of(ENGLISH, &name))?;
        let mut known = translations(&language, &name, &english)?;
        for translation in read_exchange(file)? {
            // A stale one stays what it is until its mark is taken away.
            if !translation.text.is_empty() && !translation.is_stale {
                translation::put(&mut known, &translation.cell, &translation.hash, &translation.text);
            }
        }
        let path = path_of(&language.code, &name);
        write(&path, &translation::translated(&english, &known).text()?)?;
        earlier::forget(&language, &name, &known)?;
        let found = found(&language, std::slice::from_ref(&name))?;
        found.iter().for_each(|fault| eprintln!("{fault}"));
        println!(
            "{}: {}",
            shown(&path),
            if found.is_empty() { "whole".to_owned() } else { format!("{} faults", found.len()) }
        );
        well &= found.is_empty();
    }
    Ok(well)
}

fn all_exchanges() -> Result<Vec<PathBuf>> {
    let names = notebooks(ENGLISH)?;
    let file =
        |(language, name): (&Language, &String)| exchange_folder().join(&language.code).join(format!("{name}.md"));
    let languages = Language::all()?;
    let all = languages.iter().flat_map(|language| names.iter().map(move |name| (language, name)));
    Ok(all.map(file).filter(|path| path.is_file()).collect())
}

// translations/ko/exercises/01_data.md: the language and the notebook.
fn meant_by(file: &Path) -> Result<(Language, String)> {
    let whole = std::path::absolute(file).with_context(|| format!("can't find {}", file.display()))?;
    let parts: Vec<String> = whole.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let known = notebooks(ENGLISH)?;
    // From the front: the exercises to a notebook have its name, in a folder of theirs.
    let split = parts.iter().enumerate().find(|(index, _)| known.contains(&parts[index + 1..].join("/")));
    if let Some((index, code)) = split {
        return Ok((Language::find(code)?, parts[index + 1..].join("/")));
    }
    bail!(
        "{} is named like no notebook: it must end in LANGUAGE/NAME.md\nThe notebooks: {}",
        file.display(),
        known.join(", ")
    )
}

#[cfg(test)]
mod tests;
