//! What is wrong with a translated notebook: each fault names language, notebook and cell.

use std::fmt;

use serde_json::Value;

use super::language::Language;
use super::prose::{Link, Prose, numbers_of};
use super::translation::{ahead, hash_of, id_of, is_ahead, is_prose, translates};
use crate::notebook::{Notebook, text_of};

/// Something to mend in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The cell's id.
    pub cell: String,
    /// What is wrong, and what to do.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        write!(to, "cell {}: {}", self.cell, self.what)
    }
}

/// All that is wrong with a notebook's translation.
pub fn faults(english: &Notebook, translated: &Notebook, language: &Language) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |cell: &Value, what: String| faults.push(Fault { cell: id_of(cell).to_owned(), what });
    for cell in english.cells() {
        let Some(other) = translated.cells().iter().find(|other| id_of(other) == id_of(cell)) else {
            match is_prose(cell) {
                true => fault(cell, "is not translated".to_owned()),
                false => fault(cell, "the code is missing".to_owned()),
            }
            continue;
        };
        if cell["cell_type"] != other["cell_type"] {
            fault(cell, "is code in one language and prose in the other".to_owned());
        } else if is_prose(cell) {
            cell_faults(cell, other, language).into_iter().for_each(|what| fault(cell, what));
        } else if text_of(&cell["source"]) != text_of(&other["source"]) {
            fault(cell, "the code is not that of the English notebook".to_owned());
        } else if other["outputs"].as_array().is_none_or(|outputs| !outputs.is_empty()) {
            fault(cell, "has outputs, which only the English notebook keeps".to_owned());
        }
    }
    for other in translated.cells() {
        if !english.cells().iter().any(|cell| id_of(cell) == id_of(other)) {
            fault(other, "is not in the English notebook".to_owned());
        }
    }
    let ids = |notebook: &Notebook| notebook.cells().iter().map(|cell| id_of(cell).to_owned()).collect::<Vec<_>>();
    if faults.is_empty() && ids(english) != ids(translated) {
        faults.push(Fault { cell: ids(translated).join(", "), what: "the cells are in another order".to_owned() });
    }
    faults
}

fn cell_faults(cell: &Value, other: &Value, language: &Language) -> Vec<String> {
    let english = text_of(&cell["source"]);
    if is_ahead(other) {
        let is_so = text_of(&ahead(cell, &language.ahead)["source"]) == text_of(&other["source"]);
        return if is_so { vec![] } else { vec!["is not the English text under the line for it".to_owned()] };
    }
    if translates(other) != hash_of(&english) {
        return vec!["the English has changed since it was translated".to_owned()];
    }
    prose_faults(&english, &text_of(&other["source"]), language)
}

/// What is wrong with the translation of one cell's Markdown.
pub fn prose_faults(english: &str, translated: &str, language: &Language) -> Vec<String> {
    let (english, translated) = (Prose::read(english), Prose::read(translated));
    let mut faults = Vec::new();
    faults.extend(missing_and_added("link", &addresses(&english.links), &addresses(&translated.links)));
    faults.extend(missing_and_added("image", &english.images, &translated.images));
    faults.extend(missing_and_added("formula", &english.formulas, &translated.formulas));
    faults.extend(missing_and_added("block of code", &english.listings, &translated.listings));
    faults.extend(missing_and_added("HTML element", &english.html, &translated.html));
    let code = |prose: &Prose| prose.code.iter().cloned().collect::<Vec<_>>();
    faults.extend(missing_and_added("word in code font", &code(&english), &code(&translated)));
    faults.extend(shape_faults(&english, &translated));
    faults.extend(number_faults(&english, &translated));
    faults.extend(mark_faults(&english, &translated, language));
    faults.extend(word_faults(&english, &translated, language));
    faults
}

fn addresses(links: &[Link]) -> Vec<String> {
    links.iter().map(|link| link.to.clone()).collect()
}

fn missing_and_added(kind: &str, english: &[String], translated: &[String]) -> Vec<String> {
    let missing = left_over(english, translated).into_iter();
    let missing = missing.map(|item| format!("the {kind} {item:?} is missing"));
    let added = left_over(translated, english).into_iter();
    missing.chain(added.map(|item| format!("the {kind} {item:?} is not in the English text"))).collect()
}

/// What is in the first list more often than in the second.
fn left_over<'a>(these: &'a [String], those: &[String]) -> Vec<&'a str> {
    let mut those: Vec<&str> = those.iter().map(String::as_str).collect();
    let mut left = Vec::new();
    for item in these {
        match those.iter().position(|other| other == item) {
            Some(index) => drop(those.swap_remove(index)),
            None => left.push(item.as_str()),
        }
    }
    left
}

fn shape_faults(english: &Prose, translated: &Prose) -> Vec<String> {
    let count = |prose: &Prose, kind: &str| prose.shape.iter().filter(|shape| **shape == kind).count();
    let mut kinds: Vec<&str> = english.shape.iter().chain(&translated.shape).copied().collect();
    kinds.sort();
    kinds.dedup();
    let differs = kinds.into_iter().filter_map(|kind| {
        let (english, translated) = (count(english, kind), count(translated, kind));
        (english != translated).then(|| format!("{kind}: {english} times in English, here {translated}"))
    });
    differs.collect()
}

fn number_faults(english: &Prose, translated: &Prose) -> Vec<String> {
    let mut faults = Vec::new();
    let (ours, theirs) = (translated.numbers(), english.numbers());
    for number in left_over(&theirs, &ours).into_iter().filter(|number| !is_small(number, 10)) {
        faults.push(format!("the number {number} is missing; numbers keep the form that they have in English"));
    }
    // What English says in words (thirteen, a hundred) is a number in some languages.
    let may_be_a_word = |number: &str| is_small(number, 100) || number.trim_end_matches('0') == "1";
    for number in left_over(&ours, &theirs).into_iter().filter(|number| !may_be_a_word(number)) {
        faults.push(format!("the number {number} is not in the English text"));
    }
    if left_over(&addresses(&english.links), &addresses(&translated.links)).is_empty() {
        for link in left_over(&computed(english), &computed(translated)) {
            faults.push(format!("in English, a link {link}; here it says another number"));
        }
    }
    faults
}

/// The links to cells, with their numbers.
fn computed(prose: &Prose) -> Vec<String> {
    let links = prose.links.iter().filter(|link| link.to.starts_with("#cell-id="));
    links.map(|link| format!("to {} says {}", link.to, numbers_of(&link.says).join(", "))).collect()
}

fn is_small(number: &str, limit: u32) -> bool {
    number.parse::<u32>().is_ok_and(|number| number < limit)
}

fn mark_faults(english: &Prose, translated: &Prose, language: &Language) -> Vec<String> {
    let mut faults = Vec::new();
    let (ours, theirs) = (translated.text(), english.text());
    for mark in ["**", "](", "`", "$"] {
        if let Some((place, _)) = ours.match_indices(mark).nth(theirs.matches(mark).count()) {
            faults.push(format!(
                "the mark {mark} is shown as it stands, after {:?}; bold words must begin and end with a letter: put parentheses, quotes and stops outside of it",
                before(&ours, place)
            ));
        }
    }
    if translated.has_italics && !language.has_italics {
        faults.push(format!("has words in italics, which {} doesn't write", language.name));
    }
    faults
}

fn before(text: &str, place: usize) -> &str {
    let start = text[..place].char_indices().rev().nth(14).map_or(0, |(index, _)| index);
    &text[start..place]
}

fn word_faults(english: &Prose, translated: &Prose, language: &Language) -> Vec<String> {
    let mut faults = Vec::new();
    let (ours, theirs) = (translated.text(), english.text());
    for block in &translated.blocks {
        let words =
            block.unlinked.split_whitespace().filter(|word| word.chars().any(|letter| letter.is_ascii_alphabetic()));
        if words.count() >= 4 && english.blocks.iter().any(|other| other.unlinked == block.unlinked) {
            faults.push(format!("is still English: {:?}", block.text));
        }
    }
    for forbidden in &language.forbidden {
        for block in &translated.blocks {
            if let Some(found) = forbidden.pattern.find(&block.text) {
                let around = around(&block.text, found.start(), found.end());
                faults.push(format!("{around:?}: write {}; {}", forbidden.instead, forbidden.why));
            }
        }
    }
    let lower = ours.to_lowercase();
    for term in language.terms.iter().filter(|term| term.must && term.is_in(&theirs)) {
        if !term.usual.iter().any(|word| lower.contains(&word.to_lowercase())) {
            faults.push(format!("speaks of {:?} without {}", term.english, term.usual.join(" or ")));
        }
    }
    faults
}

fn around(text: &str, start: usize, end: usize) -> &str {
    let from = text[..start].char_indices().rev().nth(9).map_or(0, |(index, _)| index);
    let to = text[end..].char_indices().nth(10).map_or(text.len(), |(index, _)| end + index);
    &text[from..to]
}
