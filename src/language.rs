//! The languages of the notebooks, and which of them a reader gets.

use std::env;
use std::path::Path;

use anyhow::{Result, bail};

use crate::base::paths::Paths;

/// A language: the name of its folder in `notebooks`, and its own name.
pub struct Language {
    /// The name of its folder, as `pt-br`.
    pub code: &'static str,
    /// What its speakers call it.
    pub name: &'static str,
}

const ENGLISH: Language = Language { code: "en", name: "English" };

const ALL: [Language; 5] = [
    ENGLISH,
    Language { code: "ko", name: "한국어" },
    Language { code: "zh-cn", name: "简体中文" },
    Language { code: "pt-br", name: "Português (Brasil)" },
    Language { code: "ja", name: "日本語" },
];

/// The language that is asked for, or else the system's, where the lesson has it, or else English.
pub fn choose(paths: &Paths, asked: Option<&str>) -> Result<&'static Language> {
    let offered = offered(paths);
    let Some(asked) = asked else {
        return Ok(system().and_then(|language| meant(&offered, &language)).unwrap_or(&ENGLISH));
    };
    match meant(&offered, asked) {
        Some(language) => Ok(language),
        None => bail!(
            "the notebooks are not there in `{asked}`\nThere are: {}",
            offered
                .iter()
                .map(|language| format!("{} ({})", language.code, language.name))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

/// The languages that have each notebook of the lesson, English first.
pub fn offered(paths: &Paths) -> Vec<&'static Language> {
    let english = notebooks(&paths.notebooks().join(ENGLISH.code));
    let is_whole = |language: &&Language| {
        let there = notebooks(&paths.notebooks().join(language.code));
        english.iter().all(|name| there.contains(name))
    };
    ALL.iter().filter(is_whole).collect()
}

fn notebooks(folder: &Path) -> Vec<std::ffi::OsString> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).filter(|name| name.to_string_lossy().ends_with(".ipynb")).collect()
}

// What POSIX says: the first of these that is set and not empty.
fn system() -> Option<String> {
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
    names.iter().filter_map(|name| env::var(name).ok()).find(|value| !value.is_empty())
}

// `pt_BR.UTF-8`, `pt-BR` and `pt` mean pt-br; zh_TW means no zh-cn, as it is written in other
// characters.
fn meant(offered: &[&'static Language], asked: &str) -> Option<&'static Language> {
    let asked = asked.split(['.', '@']).next().unwrap_or_default().replace('_', "-").to_lowercase();
    let plain = asked.split('-').next().unwrap_or_default();
    let is_traditional = ["tw", "hk", "mo", "hant"].iter().any(|part| asked.split('-').any(|word| word == *part));
    let exact = offered.iter().find(|language| language.code == asked);
    let near = || {
        let mut offered = offered.iter().filter(|_| !is_traditional);
        offered.find(|language| language.code.split('-').next() == Some(plain))
    };
    exact.or_else(near).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_s_name_of_a_language_is_understood() {
        let all: Vec<&Language> = ALL.iter().collect();
        let found = |asked| meant(&all, asked).map(|language| language.code);
        assert_eq!(found("ko_KR.UTF-8"), Some("ko"));
        assert_eq!(found("ja_JP.eucJP@x"), Some("ja"));
        assert_eq!(found("pt_BR"), Some("pt-br"));
        assert_eq!(found("pt"), Some("pt-br"));
        assert_eq!(found("zh_CN.UTF-8"), Some("zh-cn"));
        assert_eq!(found("zh-Hans-SG"), Some("zh-cn"));
        assert_eq!(found("zh_TW.UTF-8"), None);
        assert_eq!(found("en_GB.UTF-8"), Some("en"));
        for other in ["C", "C.UTF-8", "POSIX", "de_DE.UTF-8", ""] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[test]
    fn a_language_that_is_not_whole_is_not_offered() {
        assert!(meant(&[&ENGLISH], "ko").is_none());
    }
}
