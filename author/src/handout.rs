//! `handout`: makes the one-page handout, in each language whose words are in `teaching/handout`.
//!
//! English words stand alone; another language holds, beside each of its texts, the English one that it translates.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use toml::{Table, Value};

use crate::languages::ENGLISH;
use crate::{repo, shown};

// Typst as its package for Python has it; the folder is the working directory.
const COMPILE: &str = "
import sys, typst
for language in sys.argv[1:]:
    typst.compile('handout.typ', output=language + '.pdf', sys_inputs={'language': language})
";

/// Writes a PDF for each language.
pub fn run() -> Result<bool> {
    let faults = faults(&folder())?;
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    let languages: Vec<String> = languages(&folder())?;
    let python = crate::site::python_environment()?;
    let status = Command::new(&python).args(["-c", COMPILE]).args(&languages).current_dir(folder()).status();
    if !status.with_context(|| format!("can't start {}", python.display()))?.success() {
        bail!("Typst did not make the handout: see above");
    }
    for language in languages {
        if lacks_letters(&language)? {
            bail!("{} has boxes for letters\nTry: apt-get install fonts-noto-cjk", shown(&pdf_of(&language)));
        }
        println!("{}", shown(&pdf_of(&language)));
    }
    Ok(true)
}

/// Were Chinese, Japanese or Korean words written without a font for them? Typst then draws boxes and says nothing.
fn lacks_letters(language: &str) -> Result<bool> {
    let words = fs::read_to_string(folder().join(language).with_extension("toml"))?;
    let pdf = fs::read(pdf_of(language))?;
    Ok(words.chars().any(|letter| letter > '\u{3000}') && !pdf.windows(3).any(|name| name == b"CJK"))
}

/// The handout in a language.
pub fn pdf_of(language: &str) -> PathBuf {
    folder().join(language).with_extension("pdf")
}

fn folder() -> PathBuf {
    repo().join("teaching/handout")
}

fn languages(folder: &Path) -> Result<Vec<String>> {
    let mut codes = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            codes.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    codes.sort();
    Ok(codes)
}

/// Where a language differs from what the English says.
fn faults(folder: &Path) -> Result<Vec<String>> {
    let english = texts(folder, ENGLISH)?;
    let mut faults = Vec::new();
    for language in languages(folder)?.iter().filter(|language| *language != ENGLISH) {
        let translated = texts(folder, language)?;
        for (key, text) in &english {
            match translated.get(key) {
                None => faults.push(format!("{language}, handout, {key}: it isn't translated")),
                Some(entry) if entry.english.as_ref() != Some(&text.text) => {
                    faults.push(format!("{language}, handout, {key}: the English has changed since it was translated"));
                }
                Some(entry) if numbers(&entry.text) != numbers(&text.text) => {
                    faults.push(format!("{language}, handout, {key}: other numbers than in the English"));
                }
                Some(_) => {}
            }
        }
        let unknown = translated.keys().filter(|key| !english.contains_key(*key));
        faults.extend(unknown.map(|key| format!("{language}, handout, {key}: the English has no such text")));
    }
    Ok(faults)
}

struct Entry {
    english: Option<String>,
    text: String,
}

// By their keys; those of a list are numbered.
fn texts(folder: &Path, language: &str) -> Result<BTreeMap<String, Entry>> {
    let path = folder.join(language).with_extension("toml");
    let written = fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
    let table: Table = toml::from_str(&written).with_context(|| format!("{} can't be used", path.display()))?;
    let mut texts = BTreeMap::new();
    for (key, value) in &table {
        match value {
            Value::Array(values) => {
                for (number, value) in values.iter().enumerate() {
                    texts.insert(format!("{key} {}", number + 1), entry(value));
                }
            }
            value => drop(texts.insert(key.clone(), entry(value))),
        }
    }
    for (key, entry) in &mut texts {
        entry.text = entry.text.trim().to_owned();
        if entry.text.is_empty() {
            bail!("{}: {key} has no text", path.display());
        }
    }
    Ok(texts)
}

fn entry(value: &Value) -> Entry {
    let of = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    match value {
        Value::Table(table) => {
            Entry { english: of(table.get("english")), text: of(table.get("text")).unwrap_or_default() }
        }
        value => Entry { english: None, text: of(Some(value)).unwrap_or_default() },
    }
}

// All but the small ones, which some languages write where the English has a word.
fn numbers(text: &str) -> Vec<String> {
    let mut numbers: Vec<String> = text
        .split(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .map(|number| number.trim_matches('.').to_owned())
        .filter(|number| number.len() > 1)
        .collect();
    numbers.sort();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handouts_say_what_the_english_one_says() {
        assert_eq!(faults(&folder()).unwrap(), [""; 0]);
        for language in languages(&folder()).unwrap() {
            let pdf = fs::read(pdf_of(&language)).unwrap_or_default();
            assert!(pdf.starts_with(b"%PDF"), "{language}: cargo run -p author -- handout");
            assert!(!lacks_letters(&language).unwrap(), "{language}");
        }
    }

    #[test]
    fn a_changed_a_missing_and_an_invented_text_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("en.toml", "title = \"One page\"\nlist = [\"At 0.5\", \"Then\"]\n");
        let good = "title = { english = \"One page\", text = \"Uma\" }\nlist = [{ english = \"At 0.5\", text = \"Em 0.5\" }, \
                    { english = \"Then\", text = \"Então\" }]\n";
        write("pt-br.toml", good);
        assert_eq!(faults(folder.path()).unwrap(), [""; 0]);
        for (from, to, fault) in [
            ("One page", "A page", "pt-br, handout, title: the English has changed"),
            ("Em 0.5", "Em 0,5", "pt-br, handout, list 1: other numbers"),
            ("list = [{ english = \"At 0.5\", text = \"Em 0.5\" }, ", "list = [", "pt-br, handout, list 2: it isn't"),
            ("title =", "more = \"x\"\ntitle =", "pt-br, handout, more: the English has no such text"),
        ] {
            write("pt-br.toml", &good.replace(from, to));
            assert!(faults(folder.path()).unwrap().iter().any(|found| found.starts_with(fault)), "{fault}");
        }
        write("pt-br.toml", &good.replace("Uma", ""));
        assert!(faults(folder.path()).unwrap_err().to_string().ends_with("title has no text"));
    }
}
