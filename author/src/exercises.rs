//! `exercises`: makes the exercise notebooks from the exercises' text, in which the solutions are.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::notebook::text_of_json;
use crate::source::{Exercise, FILES, Part, Source};

/// Where they go, from the repository's folder.
const FOLDER: &str = "notebooks/en/exercises";

/// Writes the notebooks, or only says which are not what would be written; are all as they should be?
pub fn run(repo: &Path, only_check: bool) -> Result<bool> {
    let folder = repo.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("can't make {}", folder.display()))?;
    let mut well = true;
    for (name, text) in FILES {
        let source = Source::parse(text).or_else(|error| bail!("exercises/en/{name}.md: {error}"))?;
        let notebook = text_of_json(&notebook(name, &source))?;
        let file = folder.join(format!("{name}.ipynb"));
        let is_current = fs::read_to_string(&file).is_ok_and(|before| before == notebook);
        if !is_current && only_check {
            eprintln!(
                "error: {FOLDER}/{name}.ipynb is not what exercises/en/{name}.md says\nTry: cargo run -p author -- exercises"
            );
            well = false;
        } else if !is_current {
            super::write_whole(&file, &notebook)?;
            println!("{FOLDER}/{name}.ipynb: written");
        }
    }
    Ok(well)
}

/// The notebook that a learner begins with.
fn notebook(name: &str, source: &Source) -> Value {
    let mut cells = Vec::new();
    let mut number = 0;
    for part in &source.parts {
        match part {
            Part::Prose(text) => {
                number += 1;
                cells.push(prose(&format!("text-{number}"), text));
            }
            Part::Code(code) => {
                number += 1;
                cells.push(cell(&format!("setup-{number}"), code));
            }
            Part::Exercise(exercise) => cells.extend(cells_of(exercise)),
        }
    }
    cells.push(prose("progress-text", &ending(name)));
    cells.push(cell("progress", "progress()"));
    json!({
        "cells": cells,
        "metadata": {
            "kernelspec": { "display_name": "Rust", "language": "rust", "name": "rust" },
            "language_info": {
                "codemirror_mode": "rust", "file_extension": ".rs", "mimetype": "text/rust", "name": "Rust",
                "pygment_lexer": "rust", "version": "",
            },
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    })
}

fn cells_of(exercise: &Exercise) -> [Value; 3] {
    let Exercise { id, title, difficulty, minutes, task, starter, hints, .. } = exercise;
    let stars = "★".repeat(usize::from(*difficulty)) + &"☆".repeat(3 - usize::from(*difficulty));
    let text = format!("## {id}. {title}\n\n{stars} · {minutes} minutes\n\n{task}");
    let help = format!("// ex{id}::hint(1)   // up to hint({}), then ex{id}::solution()", hints.len());
    [prose(id, &text), cell(&format!("{id}-answer"), &exercise.cell(starter)), cell(&format!("{id}-help"), &help)]
}

fn ending(name: &str) -> String {
    let names = FILES.iter().map(|(name, _)| *name);
    let next = names.skip_while(|other| *other != name).nth(1);
    let next = next.map(|next| {
        format!("\n\n**Next:** [exercises {}]({next}.ipynb)", next.trim_start_matches('0').get(..1).unwrap_or(next))
    });
    format!(
        "## What is done\n\nA solved exercise is remembered in the file `progress.txt` beside this notebook.{}",
        next.unwrap_or_default()
    )
}

fn prose(id: &str, text: &str) -> Value {
    json!({ "cell_type": "markdown", "id": id, "metadata": {}, "source": lines(text) })
}

fn cell(id: &str, code: &str) -> Value {
    json!({
        "cell_type": "code", "execution_count": null, "id": id, "metadata": {}, "outputs": [], "source": lines(code),
    })
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}
