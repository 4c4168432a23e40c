//! `reset`: puts exercises of a learner's copy back as they were given out.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::base::console::say;
use crate::base::folders::{entries, files};
use crate::base::own_copy;
use crate::base::paths::Paths;
use crate::base::stamp::write_whole;

/// The file beside the exercises in which the kernel notes what is solved.
const PROGRESS: &str = "progress.txt";

/// Which exercises to put back.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Exercises (`2c`), or all of a notebook (`02`)
    #[arg(required = true)]
    names: Vec<String>,
}

/// Puts them back.
pub fn run(paths: &Paths, options: &Options) -> Result<()> {
    let copy = own_copy::existing(paths)?.with_context(|| {
        format!(
            "there is no copy of the notebooks in {}\nTry: cargo run -- lab --class, and do the exercises there; or, for the checkout's own, git checkout notebooks",
            own_copy::of_class(paths).display()
        )
    })?;
    for name in &options.names {
        let mut found = 0;
        for original in exercise_notebooks(&paths.notebooks())? {
            let own = copy.join(original.strip_prefix(paths.notebooks())?);
            if own.is_file() {
                found += reset(&original, &own, name)?;
            }
        }
        match found {
            0 => bail!(
                "there is no exercise {name} in {}\nExercises are named as in the notebooks: 2c; all of a notebook: 02",
                copy.display()
            ),
            _ => say(format!(
                "{name} is as it was given out: {found} cells. Where the notebook is open, choose File, Reload Notebook from Disk."
            )),
        }
    }
    Ok(())
}

fn exercise_notebooks(notebooks: &Path) -> Result<Vec<PathBuf>> {
    let languages = entries(notebooks)?.into_iter();
    let mut found: Vec<_> = languages.flat_map(|language| files(&language.join("exercises"))).collect();
    found.retain(|file| file.extension().is_some_and(|end| end == "ipynb"));
    Ok(found)
}

/// Takes the cells of an exercise, or all, from the original; how many were there?
fn reset(original: &Path, own: &Path, name: &str) -> Result<usize> {
    let is_notebook = original.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with(&format!("{name}_")));
    let given = read(original)?;
    let wanted: Vec<&Value> = given["cells"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|cell| is_notebook || exercise_of(cell) == Some(name))
        .collect();
    if wanted.is_empty() {
        return Ok(0);
    }
    let mut text = Vec::new();
    if is_notebook {
        text = fs::read(original).with_context(|| format!("can't read {}", original.display()))?;
    } else {
        let mut notebook = read(own)?;
        for cell in notebook["cells"].as_array_mut().into_iter().flatten() {
            if let Some(given) = wanted.iter().find(|given| given["id"] == cell["id"]) {
                *cell = (*given).clone();
            }
        }
        notebook.serialize(&mut Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b" ")))?;
        text.push(b'\n');
    }
    write_whole(own, &text)?;
    let ids: Vec<&str> = wanted.iter().filter_map(|cell| exercise_of(cell)).collect();
    forget(&own.with_file_name(PROGRESS), &ids)?;
    Ok(wanted.len())
}

// Its cells are called `2c`, `2c-answer`, `2c-help`.
fn exercise_of(cell: &Value) -> Option<&str> {
    let id = cell["id"].as_str()?;
    let name = id.split('-').next()?;
    name.starts_with(|first: char| first.is_ascii_digit()).then_some(name)
}

fn forget(progress: &Path, ids: &[&str]) -> Result<()> {
    let Ok(text) = fs::read_to_string(progress) else {
        return Ok(());
    };
    let left: Vec<&str> = text.lines().filter(|line| !ids.contains(line)).map(str::trim).collect();
    write_whole(progress, left.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes())
}

fn read(notebook: &Path) -> Result<Value> {
    let text = fs::read_to_string(notebook).with_context(|| format!("can't read {}", notebook.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a notebook", notebook.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn notebook(folder: &Path, name: &str, words: &str) -> PathBuf {
        let cell = |id: &str| json!({ "cell_type": "code", "id": id, "source": format!("{words} {id}") });
        let ids = ["setup-1", "2b", "2b-answer", "2c", "2c-answer", "2c-help"];
        let file = folder.join(name);
        let notebook = json!({ "cells": ids.iter().map(|id| cell(id)).collect::<Vec<_>>() });
        fs::create_dir_all(folder).unwrap();
        fs::write(&file, notebook.to_string()).unwrap();
        file
    }

    #[test]
    fn one_exercise_is_put_back_and_the_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let original = notebook(&folder.path().join("notebooks"), "02_baseline.ipynb", "given");
        let own = notebook(&folder.path().join("work"), "02_baseline.ipynb", "mine");
        let progress = own.with_file_name(PROGRESS);
        fs::write(&progress, "2b\n2c\n").unwrap();
        assert_eq!(reset(&original, &own, "2c").unwrap(), 3);
        let sources: Vec<String> = read(&own).unwrap()["cells"]
            .as_array()
            .unwrap()
            .iter()
            .map(|cell| cell["source"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(sources[1..5], ["mine 2b", "mine 2b-answer", "given 2c", "given 2c-answer"]);
        assert_eq!(fs::read_to_string(&progress).unwrap(), "2b\n");
        assert_eq!(reset(&original, &own, "7a").unwrap(), 0);
        assert_eq!(reset(&original, &own, "02").unwrap(), 6);
        assert_eq!(read(&own).unwrap(), read(&original).unwrap());
        assert_eq!(fs::read_to_string(&progress).unwrap(), "");
    }
}
