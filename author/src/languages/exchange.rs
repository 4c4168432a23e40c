//! The file that a translator works in: one notebook's prose as Markdown, cell by cell, with the English above each.
//!
//! ```text
//! <!-- cell load-text 3f2a9c41d0e7 -->
//!
//! <!-- English
//! ## Load the data set
//! -->
//! <!-- Words: data set → 데이터셋 -->
//!
//! ## 데이터 불러오기
//! ```
//!
//! The number behind the id is the hash of the English text. Only the lines that begin a cell and what is not in a
//! comment is read back.

use std::sync::LazyLock;

use anyhow::{Result, bail};
use regex::Regex;

use super::language::Language;
use super::prose::Prose;
use super::translation::{hash_of, id_of, is_prose, translates};
use crate::notebook::{Notebook, text_of};

/// The translation of a cell, as its translator has written it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// The cell's id.
    pub cell: String,
    /// The hash of the English text that it translates.
    pub hash: String,
    /// Is it marked as one that is older than its English text?
    pub is_stale: bool,
    /// Its text; empty when it is still to be written.
    pub text: String,
}

const RULES: &str = "\
Write each cell's translation under its English text. Comments like this one are not read back. The lines that begin a
cell are: leave them as they are. The word stale in one says that the English has changed since: bring the translation
up to date, then delete the word. Links, numbers, formulas, words in code font, headings, items of lists and cells of
tables stay as many as they are.
";

static MARK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^<!-- cell ([A-Za-z0-9_-]+) ([0-9a-f]+)( stale)? -->[ \t]*$").expect("a valid expression")
});
static COMMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?s)<!--.*?-->").expect("a valid expression"));

/// The file for a notebook, with what is translated already.
pub fn written(english: &Notebook, translations: &Notebook, language: &Language) -> String {
    let rules: String = language.rules.iter().map(|rule| format!("- {rule}\n")).collect();
    let mut text = format!("<!-- {} ({})\n{rule}{rules}-->\n\n", language.native, language.name, rule = RULES);
    for cell in english.cells() {
        let (id, source) = (id_of(cell), text_of(&cell["source"]));
        // Two dashes before a bracket would end the comment.
        let shown = source.replace("-->", "-- >");
        if !is_prose(cell) {
            text += &format!("<!-- Code {id}, which stays as it is\n{shown}\n-->\n\n");
            continue;
        }
        let known = translations.cells().iter().find(|known| id_of(known) == id);
        let hash = hash_of(&source);
        let stale = if known.is_some_and(|known| translates(known) != hash) { " stale" } else { "" };
        let translation = known.map(|known| text_of(&known["source"])).unwrap_or_default();
        text += &format!("<!-- cell {id} {hash}{stale} -->\n\n<!-- English\n{shown}\n-->\n");
        text += &format!("{}\n{translation}\n\n", words(&source, language));
    }
    text
}

// What the glossary has for the words of a cell.
fn words(source: &str, language: &Language) -> String {
    let english = Prose::read(source).text();
    let words = language.terms.iter().filter(|term| term.is_in(&english)).map(|term| {
        let note = if term.note.is_empty() { String::new() } else { format!(" ({})", term.note) };
        format!("{} → {}{note}", term.english, term.usual.join(", "))
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() { String::new() } else { format!("<!-- Words: {} -->\n", words.join("; ")) }
}

/// The translations in a file.
pub fn read(text: &str) -> Result<Vec<Translation>> {
    let marks: Vec<_> = MARK.captures_iter(text).collect();
    if marks.is_empty() {
        bail!("it has no line like <!-- cell title 3f2a9c41d0e7 -->");
    }
    let starts = text.lines().filter(|line| line.starts_with("<!-- cell ")).count();
    if starts != marks.len() {
        bail!("{} of its lines that begin a cell can't be read: <!-- cell ID HASH -->", starts - marks.len());
    }
    let ends = marks.iter().skip(1).map(|mark| mark.get(0).map_or(0, |all| all.start())).chain([text.len()]);
    let translation = |(mark, end): (&regex::Captures, usize)| {
        let begin = mark.get(0).map_or(0, |all| all.end());
        Translation {
            cell: mark[1].to_owned(),
            hash: mark[2].to_owned(),
            is_stale: mark.get(3).is_some(),
            text: COMMENT.replace_all(&text[begin..end], "").trim().to_owned(),
        }
    };
    Ok(marks.iter().zip(ends).map(translation).collect())
}
