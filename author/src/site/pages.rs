//! The sources of a language's pages: its notebooks with the English outputs, the texts, and the start page.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Edition;
use super::addresses::Addresses;
use crate::handout;
use crate::languages::{ENGLISH, path_of};
use crate::notebook::{Notebook, text_of};
use crate::{repo, shown};

/// The texts that are pages too, in English, where they are there: the file, and its page.
pub const TEXTS: [(&str, &str); 8] = [
    ("teaching/README.md", "texts/teaching"),
    ("teaching/quiz.md", "texts/quiz"),
    ("teaching/quiz-answers.md", "texts/quiz-answers"),
    ("teaching/mail.md", "texts/mail"),
    ("room/README.md", "texts/room"),
    ("data/README.md", "texts/data"),
    ("support/benches/peers/README.md", "texts/peers"),
    ("support/benches/peers/RESULTS.md", "texts/speed"),
];

/// The figure of the start page: notebook and cell.
const FIGURE: (&str, &str) = ("02_baseline", "thresholds");

const EXERCISES: &str = "exercises/";

/// The pages of a language.
pub fn names(edition: &Edition) -> Vec<String> {
    let texts = texts(edition).into_iter().map(|(_, page)| page.to_owned());
    ["index".to_owned()].into_iter().chain(edition.notebooks.iter().cloned()).chain(texts).collect()
}

fn texts(edition: &Edition) -> Vec<(&'static str, &'static str)> {
    let is_there = |(file, _): &&(&str, &str)| edition.code == ENGLISH && repo().join(file).is_file();
    TEXTS.iter().filter(is_there).copied().collect()
}

/// Writes the sources of a language's pages.
pub fn write(edition: &Edition, addresses: &mut Addresses, folder: &Path) -> Result<()> {
    for name in &edition.notebooks {
        let file = format!("notebooks/{}/{name}.ipynb", edition.code);
        let english = Notebook::read(&path_of(ENGLISH, name))?;
        let notebook = Notebook::read(&path_of(&edition.code, name))?;
        let page = format!("{}/{name}", edition.code);
        let page = composed(&english, &notebook, |text| addresses.rewrite(text, Path::new(&file), &page))?;
        put(&folder.join(format!("{name}.ipynb")), &page.text()?)?;
    }
    for (file, page) in texts(edition) {
        let text = fs::read_to_string(repo().join(file)).with_context(|| format!("can't read {file}"))?;
        let text = addresses.rewrite(&text, Path::new(file), &format!("{}/{page}", edition.code))?;
        put(&folder.join(format!("{page}.md")), &text)?;
    }
    start_page(edition, addresses, folder)
}

fn put(path: &Path, text: &str) -> Result<()> {
    let cannot = || format!("can't write {}", path.display());
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).with_context(cannot)?;
    fs::write(path, text).with_context(cannot)
}

/// The notebook as a page: links lead to pages, each cell has its anchor, outputs are the English notebook's.
fn composed(
    english: &Notebook,
    notebook: &Notebook,
    mut rewrite: impl FnMut(&str) -> Result<String>,
) -> Result<Notebook> {
    let cells = notebook.cells().iter().map(|cell| {
        let mut cell = cell.clone();
        let id = text_of(&cell["id"]);
        if cell["cell_type"] == "markdown" {
            let text = rewrite(&text_of(&cell["source"])).with_context(|| format!("cell {id}"))?;
            cell["source"] = json!(format!("<span id=\"cell-id={id}\"></span>\n\n{text}"));
            return Ok(cell);
        }
        let run = english.cells().iter().find(|run| run["id"] == cell["id"]);
        cell["outputs"] = run.map_or(json!([]), |run| run["outputs"].clone());
        cell["metadata"]["cell_id"] = json!(id);
        let mut alt = None;
        for output in cell["outputs"].as_array_mut().into_iter().flatten() {
            let Some(data) = output["data"].as_object_mut().filter(|data| data.contains_key("image/svg+xml")) else {
                continue;
            };
            data.remove("image/png");
            // A slider: it holds the picture for where its program can't run.
            if data.contains_key("text/html") {
                data.remove("image/svg+xml");
                continue;
            }
            alt = Some(short(&data.get("text/plain").map(text_of).unwrap_or_default()));
        }
        if let Some(alt) = alt {
            cell["metadata"]["mystnb"] = json!({ "image": { "alt": alt } });
        }
        Ok(cell)
    });
    let mut page = notebook.with_cells(cells.collect::<Result<_>>()?);
    page.set_language("rust");
    Ok(page)
}

// What a screen reader says of a figure: its first sentences.
fn short(text: &str) -> String {
    const LONGEST: usize = 400;
    let mut short = String::new();
    for sentence in text.split_whitespace().collect::<Vec<_>>().join(" ").split_inclusive(". ") {
        if !short.is_empty() && short.len() + sentence.len() > LONGEST {
            break;
        }
        short += sentence;
    }
    short.trim().to_owned()
}

/// What this is, with a figure, and how to begin: in the words of the first notebook.
fn start_page(edition: &Edition, addresses: &mut Addresses, folder: &Path) -> Result<()> {
    let word = |name: &str| edition.words[name].as_str().unwrap_or_default().to_owned();
    let first = edition.notebooks.first().context("the lesson has no notebook")?;
    let file = path_of(&edition.code, first);
    let notebook = Notebook::read(&file)?;
    let hook = second_paragraph(&notebook).with_context(|| format!("{} doesn't begin with a title", shown(&file)))?;
    let hook = addresses.rewrite(&hook, &PathBuf::from(shown(&file)), &format!("{}/index", edition.code))?;
    // On the page of the notebook, not on this one.
    let hook = hook.replace("](#", &format!("]({first}.html#"));
    let handout = format!("../{}", addresses.of_site(&shown(&handout::pdf_of(&edition.code)))?);
    let (svg, alt) = figure(&Notebook::read(&path_of(ENGLISH, FIGURE.0))?)?;
    put(&folder.join("start.svg"), &svg)?;
    let (lesson, exercises): (Vec<_>, Vec<_>) =
        edition.notebooks.iter().map(String::as_str).partition(|name| !name.starts_with(EXERCISES));
    let texts = texts(edition).into_iter().map(|(_, page)| page).collect::<Vec<_>>();
    let contents = |caption: &str, pages: &[&str]| match pages.is_empty() {
        true => String::new(),
        false => format!("```{{toctree}}\n:hidden:\n:caption: {}\n\n{}\n```\n\n", word(caption), pages.join("\n")),
    };
    let text = format!(
        "# {title}\n\n<div class=\"start\">\n\n{hook}\n\n[![{alt}](start.svg)]({figure}.html#cell-id={cell})\n\n<p class=\"go\"><a href=\"{first}.html\">{start}</a> <a href=\"../crate/support/index.html\">{documentation}</a> <a href=\"{handout}\">{handout_word}</a></p>\n\n{run}\n\n```\ncargo run\n```\n\n</div>\n\n{lesson}{exercises}{texts}",
        title = word("title"),
        figure = FIGURE.0,
        cell = FIGURE.1,
        start = word("start"),
        documentation = word("crate"),
        handout_word = word("handout"),
        run = word("run"),
        lesson = contents("lesson", &lesson),
        exercises = contents("exercises", &exercises),
        texts = contents("teaching", &texts),
    );
    put(&folder.join("index.md"), &text)
}

fn second_paragraph(notebook: &Notebook) -> Option<String> {
    let title = text_of(&notebook.cells().first()?["source"]);
    let mut paragraphs = title.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs.next().filter(|heading| heading.starts_with("# "))?;
    paragraphs.next().map(str::to_owned)
}

fn figure(notebook: &Notebook) -> Result<(String, String)> {
    let cell = notebook.cells().iter().find(|cell| cell["id"] == FIGURE.1);
    let outputs = cell.and_then(|cell| cell["outputs"].as_array()).into_iter().flatten();
    let mut data = outputs.map(|output| &output["data"]).filter(|data| !data["image/svg+xml"].is_null());
    let data: &Value = data.next().with_context(|| format!("{} has no figure in its cell {}", FIGURE.0, FIGURE.1))?;
    let alt = short(&text_of(&data["text/plain"])).replace(['[', ']'], "");
    Ok((text_of(&data["image/svg+xml"]), alt))
}
