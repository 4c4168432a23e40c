//! `slides`: makes a deck of `teaching/slides.md`, with the figures that the notebooks' outputs hold.
//!
//! The deck is a notebook in which each slide is a cell; nbconvert makes a page of it that runs in a browser, without a
//! network.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::notebook::{Notebook, text_of_json};

/// Writes `slides.ipynb`, `slides.html` and the folder `reveal` that the page needs.
pub fn run(repo: &Path, out: &Path) -> Result<bool> {
    let file = repo.join("teaching/slides.md");
    let text = fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))?;
    let mut cells = Vec::new();
    for (number, slide) in slides(&text).enumerate() {
        cells.extend(cells_of(repo, number + 1, slide)?);
    }
    let notebook = json!({ "cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5 });
    fs::create_dir_all(out).with_context(|| format!("can't make {}", out.display()))?;
    let file = out.join("slides.ipynb");
    super::write_whole(&file, &text_of_json(&notebook)?)?;
    let page = out.join("slides.html");
    let python = crate::site::python_environment()?;
    let status = Command::new(&python).arg(repo.join("author/src/slides.py")).arg(&file).arg(&page).status();
    if !status.with_context(|| format!("can't start {}", python.display()))?.success() {
        bail!("nbconvert could not make the deck: see above");
    }
    println!("The deck is {}; the teacher's notes appear with the key S", page.display());
    Ok(true)
}

// Between lines `---`, without the comment at the top.
fn slides(text: &str) -> impl Iterator<Item = &str> {
    let text = text.split_once("-->").map_or(text, |(_, text)| text);
    text.split("\n---\n").map(str::trim)
}

// The slide, and the teacher's note.
fn cells_of(repo: &Path, number: usize, slide: &str) -> Result<Vec<Value>> {
    let (shown, note) = slide.split_once("\nNote: ").with_context(|| format!("slide {number} has no `Note: `"))?;
    let figures = shown.lines().filter(|line| line.starts_with("![")).count();
    let mut lines = Vec::new();
    for line in shown.trim().lines() {
        let figure = line.strip_prefix("![").and_then(|line| line.strip_suffix(')')?.split_once("]("));
        lines.push(match figure {
            Some((alt, place)) => {
                let png = png_of(repo, place).with_context(|| format!("slide {number}"))?;
                // The question below must stay on the screen.
                let style = format!("max-height: 52vh; max-width: {}%; display: inline", 96 / figures);
                format!("<img alt=\"{alt}\" style=\"{style}\" src=\"data:image/png;base64,{}\">", png.replace('\n', ""))
            }
            None => line.to_owned(),
        });
    }
    let cell = |id: &str, kind: &str, text: &str| {
        json!({
            "cell_type": "markdown", "id": format!("{id}-{number}"), "metadata": { "slideshow": { "slide_type": kind } },
            "source": text,
        })
    };
    Ok(vec![cell("slide", "slide", &lines.join("\n")), cell("note", "notes", note.trim())])
}

// The figure at `notebook#cell`.
fn png_of(repo: &Path, place: &str) -> Result<String> {
    let (notebook, cell) = place.split_once('#').with_context(|| format!("{place} is not notebook#cell"))?;
    let path = repo.join("notebooks/en").join(format!("{notebook}.ipynb"));
    let notebook = Notebook::read(&path)?;
    notebook.png_of(cell).with_context(|| format!("the cell {cell} of {} has no figure", path.display()))
}
