//! The languages that the lesson is translated into, and the glossary of each: `author/languages/*.toml`.

use std::fs;

use anyhow::{Context, Result, bail};
use regex::Regex;
use serde::Deserialize;

use crate::repo;

/// A language, with its rules and its words.
#[derive(Clone, Debug)]
pub struct Language {
    /// The name of its folder in `notebooks`.
    pub code: String,
    /// Its English name.
    pub name: String,
    /// Its own name.
    pub native: String,
    /// The line above an English text that isn't translated yet.
    pub ahead: String,
    /// How to write in it, for translators.
    pub rules: Vec<String>,
    /// Does it write words in italics?
    pub has_italics: bool,
    /// What the lesson's words are in this language.
    pub terms: Vec<Term>,
    /// What must not be written, and why.
    pub forbidden: Vec<Forbidden>,
}

/// A word of the lesson.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The English word.
    pub english: String,
    /// What it is in this language; what the text may vary comes after the usual word.
    #[serde(rename = "use")]
    pub usual: Vec<String>,
    /// Must a cell whose English has the word have its translation?
    #[serde(default)]
    pub must: bool,
    /// For the translator.
    #[serde(default)]
    pub note: String,
}

/// A word or sign that must not be written.
#[derive(Clone, Debug)]
pub struct Forbidden {
    /// What is looked for.
    pub pattern: Regex,
    /// What to write.
    pub instead: String,
    /// What is wrong with it.
    pub why: String,
}

// A language's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    native: String,
    ahead: String,
    italics: bool,
    rules: Vec<String>,
    term: Vec<Term>,
    forbidden: Vec<ForbiddenText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForbiddenText {
    pattern: String,
    instead: String,
    why: String,
}

impl Language {
    /// All languages but English, by the names of their folders.
    pub fn all() -> Result<Vec<Self>> {
        let folder = repo().join("author/languages");
        let entries = fs::read_dir(&folder).with_context(|| format!("can't read {}", folder.display()))?;
        let mut paths: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
        paths.sort();
        paths
            .iter()
            .map(|path| {
                let code = path.file_stem().unwrap_or_default().to_string_lossy();
                let text = fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
                Self::parse(&code, &text).with_context(|| format!("{} can't be used", path.display()))
            })
            .collect()
    }

    /// The language of a folder's name.
    pub fn find(code: &str) -> Result<Self> {
        let all = Self::all()?;
        let codes: Vec<String> = all.iter().map(|language| language.code.clone()).collect();
        match all.into_iter().find(|language| language.code == code) {
            Some(language) => Ok(language),
            None => bail!("no language `{code}`\nThere are: {}", codes.join(", ")),
        }
    }

    /// Reads a language's file.
    pub fn parse(code: &str, text: &str) -> Result<Self> {
        let File { name, native, ahead, italics, rules, term, forbidden } = toml::from_str(text)?;
        if let Some(empty) = term.iter().find(|term| term.usual.iter().all(|word| word.is_empty())) {
            bail!("the term `{}` has no translation", empty.english);
        }
        let forbidden = forbidden.into_iter().map(|text| {
            let pattern = Regex::new(&text.pattern).with_context(|| format!("the pattern `{}`", text.pattern))?;
            Ok(Forbidden { pattern, instead: text.instead, why: text.why })
        });
        let forbidden = forbidden.collect::<Result<_>>()?;
        Ok(Self { code: code.to_owned(), name, native, ahead, rules, has_italics: italics, terms: term, forbidden })
    }
}

impl Term {
    /// Does the English text have the word, in the singular or the plural?
    pub fn is_in(&self, english: &str) -> bool {
        let pattern = format!(r"(?i)\b{}(?:s|es)?\b", regex::escape(&self.english));
        Regex::new(&pattern).is_ok_and(|word| word.is_match(english))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_languages_have_the_same_terms() {
        let all = Language::all().unwrap();
        let terms = |language: &Language| language.terms.iter().map(|term| term.english.clone()).collect::<Vec<_>>();
        for language in &all {
            assert_eq!(terms(language), terms(&all[0]), "{} and {}", language.name, all[0].name);
        }
    }

    #[test]
    fn no_translation_is_forbidden() {
        for language in Language::all().unwrap() {
            for term in &language.terms {
                for (word, forbidden) in
                    term.usual.iter().flat_map(|word| language.forbidden.iter().map(move |not| (word, not)))
                {
                    let (name, english) = (&language.name, &term.english);
                    assert!(!forbidden.pattern.is_match(word), "{name}: {english} is {word}, which is forbidden");
                }
            }
        }
    }

    #[test]
    fn words_are_found_whole_and_in_the_plural() {
        let term = Term { english: "loss".to_owned(), usual: vec![], must: true, note: String::new() };
        assert!(term.is_in("The Losses differ") && term.is_in("a loss."));
        assert!(!term.is_in("lossless"));
    }
}
