//! `site`: static pages of the lesson in all its languages, with outputs, search and the crate's documentation.
//!
//! Pages are composed here, as notebooks whose links are those of the site; Sphinx with MyST-NB makes HTML of them, from
//! packages of PyPI alone (`author/site`). Nothing in a page is asked from another host.

mod addresses;
mod pages;
mod python;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::languages::{ENGLISH, Language, notebooks, path_of};
use crate::{repo, shown};
use addresses::Addresses;

/// Where to.
#[derive(Args)]
pub struct Options {
    /// The folder for the site; what an earlier run left there is replaced
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// A language of the site.
struct Edition {
    code: String,
    name: String,
    notebooks: Vec<String>,
    words: Value,
}

impl Edition {
    // As HTML names it: pt-BR, zh-CN.
    fn tag(&self) -> String {
        match self.code.split_once('-') {
            Some((language, place)) => format!("{language}-{}", place.to_uppercase()),
            None => self.code.clone(),
        }
    }
}

/// The Python that has Sphinx, Typst and what they need; the first call installs them.
pub fn python_environment() -> Result<PathBuf> {
    python::environment(&repo().join("target/site"))
}

/// Builds the site.
pub fn run(options: &Options) -> Result<()> {
    let work = repo().join("target/site");
    let out = match &options.out {
        Some(out) => std::path::absolute(out).with_context(|| format!("can't use {}", out.display()))?,
        None => work.join("html"),
    };
    let editions = editions()?;
    let start = Instant::now();
    let python = python_environment()?;
    let source = work.join("source");
    empty(&source)?;
    if out.is_dir() && !out.join(".nojekyll").is_file() && fs::read_dir(&out)?.next().is_some() {
        bail!("{} holds something else than a site\nName an empty folder, or one that isn't there.", out.display());
    }
    empty(&out)?;
    // GitHub Pages leaves out folders with an underscore without it; and it says that this is a site.
    fs::write(out.join(".nojekyll"), "")?;
    let mut addresses = Addresses::new();
    for edition in &editions {
        let folder = source.join(&edition.code);
        pages::write(edition, &mut addresses, &folder)?;
        fs::write(folder.join("site.json"), settings(edition, &editions).to_string())?;
    }
    for edition in &editions {
        sphinx(&python, &source.join(&edition.code), &out.join(&edition.code))?;
        println!("{}: {} pages", edition.name, pages::names(edition).len());
    }
    addresses.copy_files(&out)?;
    crate_documentation(&out.join("crate"))?;
    fs::write(out.join("index.html"), front_door(&editions))?;
    println!("The site is in {}, after {:.0?}", shown(&out), start.elapsed());
    println!("To look at it: python3 -m http.server --directory {}", shown(&out));
    Ok(())
}

/// English, and the languages that have all of its notebooks.
fn editions() -> Result<Vec<Edition>> {
    let path = repo().join("author/site/words.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
    let words: toml::Table = toml::from_str(&text).with_context(|| format!("{} can't be used", path.display()))?;
    let english = notebooks(ENGLISH)?;
    let mut editions = Vec::new();
    let others = Language::all()?.into_iter().map(|language| (language.code, language.native));
    for (code, name) in [(ENGLISH.to_owned(), "English".to_owned())].into_iter().chain(others) {
        let Some(words) = words.get(&code) else {
            bail!("{} has no words in the language {code}", path.display());
        };
        if english.iter().all(|name| path_of(&code, name).is_file()) {
            let words = serde_json::to_value(words)?;
            editions.push(Edition { code, name, notebooks: english.clone(), words });
        }
    }
    Ok(editions)
}

fn settings(edition: &Edition, editions: &[Edition]) -> Value {
    let languages: Vec<Value> = editions
        .iter()
        .map(|other| {
            let pages = pages::names(other);
            json!({ "code": other.code, "name": other.name, "tag": other.tag(), "pages": pages })
        })
        .collect();
    let sphinx = edition.tag().replace('-', "_");
    json!({ "code": edition.code, "sphinx": sphinx, "words": edition.words, "languages": languages })
}

fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("can't empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("can't make the folder {}", folder.display()))
}

// Warnings are errors: a page that Sphinx wonders about is one that a reader wonders about.
fn sphinx(python: &Path, source: &Path, out: &Path) -> Result<()> {
    let mut command = Command::new(python);
    command.args([
        "-m",
        "sphinx",
        "--builder",
        "html",
        "--fail-on-warning",
        "--keep-going",
        "--quiet",
        "--jobs",
        "auto",
    ]);
    command.arg("--conf-dir").arg(repo().join("author/site"));
    command.arg("--doctree-dir").arg(source.with_extension("doctrees")).arg(source).arg(out);
    command.env("SITE_SOURCE", source).env("PYTHONUTF8", "1");
    succeed(&mut command, "Sphinx did not make the pages")?;
    let templates = ["_static/webpack-macros.html", "_static/sbt-webpack-macros.html"];
    for left in [".buildinfo", "objects.inv", "_sources", "../jupyter_execute"].into_iter().chain(templates) {
        let left = out.join(left);
        let _ = if left.is_dir() { fs::remove_dir_all(left) } else { fs::remove_file(left) };
    }
    Ok(())
}

fn crate_documentation(out: &Path) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target = repo().join("target");
    let mut command = Command::new(cargo);
    // The whole workspace's libraries, of which there is one: its dependencies are then built as for the tests.
    command.args(["doc", "--quiet", "--workspace", "--lib", "--no-deps", "--manifest-path"]);
    command.arg(repo().join("Cargo.toml")).arg("--target-dir").arg(&target);
    // Other crates that were documented in the same folder don't belong to the site.
    empty(&target.join("doc"))?;
    succeed(&mut command, "cargo could not document the crate")?;
    copy(&target.join("doc"), out)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let cannot = || format!("can't copy {} to {}", from.display(), to.display());
    fs::create_dir_all(to).with_context(cannot)?;
    for entry in fs::read_dir(from).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target)?,
            false => drop(fs::copy(entry.path(), &target).with_context(cannot)?),
        }
    }
    Ok(())
}

fn succeed(command: &mut Command, failure: &str) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("can't start {program}"))?;
    if !status.success() {
        bail!("{failure}: see above");
    }
    Ok(())
}

// The page at the site's address leads on to the reader's language.
fn front_door(editions: &[Edition]) -> String {
    let codes: Vec<&str> = editions.iter().map(|edition| edition.code.as_str()).collect();
    let links = editions.iter().map(|edition| {
        let (code, tag, name) = (&edition.code, edition.tag(), &edition.name);
        format!("<li><a href=\"{code}/index.html\" lang=\"{tag}\" hreflang=\"{tag}\">{name}</a></li>\n")
    });
    let title = editions[0].words["title"].as_str().unwrap_or_default();
    FRONT_DOOR
        .replace("TITLE", title)
        .replace("LINKS", &links.collect::<String>())
        .replace("CODES", &json!(codes).to_string())
}

const FRONT_DOOR: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TITLE</title>
<noscript><meta http-equiv="refresh" content="0; url=en/index.html"></noscript>
<script>
const codes = CODES;
const isTraditional = (tag) => /-(tw|hk|mo|hant)/.test(tag);
const code = navigator.languages
  .map((tag) => tag.toLowerCase())
  .filter((tag) => !isTraditional(tag))
  .map((tag) => codes.find((code) => code.split("-")[0] === tag.split("-")[0]))
  .find((code) => code);
window.location.replace(`${code || "en"}/index.html`);
</script>
</head>
<body><main><h1>TITLE</h1><ul>
LINKS</ul></main></body>
</html>
"#;
