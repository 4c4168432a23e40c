//! Links of notebooks and texts, which name files of the repository, as links between the pages of the site.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use regex::{Captures, Regex};

use super::pages::TEXTS;
use crate::repo;

/// The files that pages link to and that are copied into the site.
pub struct Addresses {
    files: BTreeMap<String, String>,
}

static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\(([^()\s]+)\)").expect("a valid expression"));

impl Addresses {
    /// No file yet.
    pub fn new() -> Self {
        Self { files: BTreeMap::new() }
    }

    /// The Markdown of a file with the links that it has on the site. `page` is its page, as `en/exercises/01_data`.
    pub fn rewrite(&mut self, markdown: &str, file: &Path, page: &str) -> Result<String> {
        let mut failure = None;
        let rewritten = LINK.replace_all(markdown, |link: &Captures| match self.address(&link[1], file, page) {
            Ok(address) => format!("]({address})"),
            Err(error) => {
                failure.get_or_insert(error);
                String::new()
            }
        });
        match failure {
            Some(failure) => Err(failure).with_context(|| format!("{} can't be a page", file.display())),
            None => Ok(rewritten.into_owned()),
        }
    }

    fn address(&mut self, link: &str, file: &Path, page: &str) -> Result<String> {
        if link.starts_with('#') || link.contains("://") || link.starts_with("mailto:") {
            return Ok(link.to_owned());
        }
        let (target, fragment) = match link.split_once('#') {
            Some((target, fragment)) => (target, format!("#{fragment}")),
            None => (link, String::new()),
        };
        let folder = file.parent().unwrap_or(Path::new(""));
        let target = normal(&folder.join(target));
        let up = "../".repeat(page.matches('/').count());
        let address = self.of_site(&target)?;
        // The start page has not the headings of the README that it stands for.
        let fragment = if address.ends_with("/index.html") { "" } else { &fragment };
        Ok(format!("{up}{address}{fragment}"))
    }

    /// Where a file of the repository is on the site.
    pub fn of_site(&mut self, target: &str) -> Result<String> {
        if let Some(notebook) = target.strip_prefix("notebooks/").and_then(|path| path.strip_suffix(".ipynb")) {
            return Ok(format!("{notebook}.html"));
        }
        if let Some((_, page)) = TEXTS.iter().find(|(file, _)| *file == target) {
            return Ok(format!("en/{page}.html"));
        }
        for (folder, name) in
            [("support/src/", "support"), ("support/learn/src/", "learn"), ("support/plot/src/", "plot")]
        {
            if let Some(source) = target.strip_prefix(folder) {
                return Ok(format!("crate/src/{name}/{source}.html"));
            }
        }
        match target {
            "support" => return Ok("crate/support/index.html".to_owned()),
            "README.md" => return Ok("en/index.html".to_owned()),
            _ => {}
        }
        let path = repo().join(target);
        // The contents beside each page stand for a list of files.
        if path.is_dir() {
            return Ok("en/index.html".to_owned());
        }
        if !path.is_file() {
            bail!("it links to {target}, which is no file of the repository, and no page of the site");
        }
        // A browser shows a text, and would store what it doesn't know.
        let is_text = ["rs", "toml", "in", "py", "lock", "md", "typ"]
            .iter()
            .any(|end| path.extension().is_some_and(|it| it == *end));
        let address = format!("files/{target}{}", if is_text { ".txt" } else { "" });
        self.files.insert(target.to_owned(), address.clone());
        Ok(address)
    }

    /// Copies the files that pages link to.
    pub fn copy_files(&self, out: &Path) -> Result<()> {
        for (file, address) in &self.files {
            let to = out.join(address);
            let cannot = || format!("can't copy {file} to {}", to.display());
            fs::create_dir_all(to.parent().unwrap_or(out)).with_context(cannot)?;
            fs::copy(repo().join(file), &to).with_context(cannot)?;
        }
        Ok(())
    }
}

// Without `..`, with slashes.
fn normal(path: &Path) -> String {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::CurDir => {}
            part => parts.push(part),
        }
    }
    parts.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(link: &str, file: &str, page: &str) -> Result<String> {
        Addresses::new().rewrite(&format!("[a]({link})"), Path::new(file), page)
    }

    #[test]
    fn links_lead_to_pages() {
        for (link, page) in [
            ("#cell-id=evaluate", "#cell-id=evaluate"),
            ("https://a.b/c", "https://a.b/c"),
            ("02_baseline.ipynb", "../ko/02_baseline.html"),
            ("02_baseline.ipynb#cell-id=a", "../ko/02_baseline.html#cell-id=a"),
            ("../../support/src/data/mod.rs", "../crate/src/support/data/mod.rs.html"),
            ("../../support/plot/src/lib.rs", "../crate/src/plot/lib.rs.html"),
            ("../../data/README.md", "../en/texts/data.html"),
            ("../../support/Cargo.toml", "../files/support/Cargo.toml.txt"),
        ] {
            let found = rewritten(link, "notebooks/ko/01_data.ipynb", "ko/01_data").unwrap();
            assert_eq!(found, format!("[a]({page})"));
        }
        let deeper = rewritten("../02_baseline.ipynb", "notebooks/en/exercises/02.ipynb", "en/exercises/02").unwrap();
        assert_eq!(deeper, "[a](../../en/02_baseline.html)");
    }

    #[test]
    fn a_link_to_nothing_is_an_error() {
        let error = rewritten("../../support/none.rs", "notebooks/en/01_data.ipynb", "en/01_data").unwrap_err();
        assert!(format!("{error:#}").contains("support/none.rs"), "{error:#}");
    }
}
