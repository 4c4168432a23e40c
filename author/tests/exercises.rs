//! Each exercise fails kindly as it is given out, tells each typical mistake apart, and is solved by its solution: all
//! through the real kernel, one for each notebook.

#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

#[path = "../../exercises/src/source.rs"]
#[allow(dead_code)]
mod source;

use source::{Exercise, FILES, Part, Source};

fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn launcher() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_author"))
        .with_file_name(format!("imbalanced-data{}", std::env::consts::EXE_SUFFIX));
    let mut cargo = Command::new(env!("CARGO"));
    let status = cargo.args(["build", "--quiet", "--workspace", "--bins"]).current_dir(repo()).status();
    assert!(status.unwrap().success(), "the launcher can't be built: see above");
    program
}

/// A cell, and the words that must appear below it.
struct Trial {
    of: String,
    code: String,
    says: String,
}

fn trials(exercise: &Exercise) -> Vec<Trial> {
    let Exercise { id, starter, solution, wrong, hints, .. } = exercise;
    let trial =
        |what: &str, code: String, says: &str| Trial { of: format!("{id}, {what}"), code, says: says.to_owned() };
    let mut trials = vec![trial("starter", exercise.cell(starter), &format!("`ex{id}::hint(1)` helps"))];
    trials.extend(wrong.iter().map(|wrong| trial("wrong answer", exercise.cell(&wrong.code), &wrong.says)));
    trials.push(trial("solution", exercise.cell(solution), "Right!"));
    // Help is tested without the kernel, in the crate; here only that a learner gets at it.
    if id.ends_with('a') {
        trials.push(trial("last hint", format!("ex{id}::hint({})", hints.len()), "This was the last hint"));
        trials.push(trial("solution()", format!("ex{id}::solution()"), solution.lines().next().unwrap()));
    }
    trials
}

/// Runs cells in one kernel; what appeared below each.
fn run(name: &str, cells: &[String]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let cell = |(number, code): (usize, &String)| {
        json!({
            "cell_type": "code", "id": format!("cell-{number}"), "metadata": {}, "execution_count": null, "outputs": [],
            // The notebook lies elsewhere.
            "source": code.replace("\"../../../", &format!("\"{}/", repo().display())),
        })
    };
    let cells: Vec<Value> = cells.iter().enumerate().map(cell).collect();
    let notebook = json!({ "cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5 });
    let file = folder.path().join(format!("{name}.ipynb"));
    fs::write(&file, notebook.to_string()).unwrap();
    let out = folder.path().join("out");
    let mut execute = Command::new(launcher());
    execute.arg("execute").arg(&file).arg("--out").arg(&out).env("CREDITCARD_CSV", "synthetic").stdin(Stdio::null());
    assert!(execute.status().unwrap().success(), "{name}: see above");
    let executed: Value =
        serde_json::from_str(&fs::read_to_string(out.join(format!("{name}.ipynb"))).unwrap()).unwrap();
    executed["cells"].as_array().unwrap().iter().map(output).collect()
}

fn output(cell: &Value) -> String {
    let text = |value: &Value| match value {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    };
    let outputs = cell["outputs"].as_array().into_iter().flatten();
    outputs.map(|output| text(&output["text"]) + &text(&output["data"]["text/plain"])).collect()
}

#[track_caller]
fn prove(name: &str) {
    let text = FILES.iter().find(|(file, _)| *file == name).unwrap().1;
    let source = Source::parse(text).unwrap();
    let trials: Vec<Trial> = source.exercises().flat_map(trials).collect();
    let setup = source.parts.iter().filter_map(|part| match part {
        Part::Code(code) => Some(code.clone()),
        _ => None,
    });
    let mut cells: Vec<String> = setup.collect();
    let before = cells.len();
    cells.extend(trials.iter().map(|trial| trial.code.clone()));
    cells.push("progress()".to_owned());
    let outputs = run(name, &cells);
    let mut failures = Vec::new();
    for (Trial { of, says, .. }, output) in trials.iter().zip(&outputs[before..]) {
        println!("--- {of}\n{output}");
        let is_right = output.starts_with("Right!");
        if !output.contains(says) || is_right != of.ends_with("solution") {
            failures.push(format!("{of}: no `{says}` in: {output}"));
        }
    }
    let progress = outputs.last().unwrap();
    for exercise in source.exercises() {
        if !progress.contains(&format!("{} ✓", exercise.id)) {
            failures.push(format!("{} is not remembered: {progress}", exercise.id));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_notebooks_are_what_the_text_says() {
    let status = Command::new(env!("CARGO_BIN_EXE_author")).args(["exercises", "--check"]).status().unwrap();
    assert!(status.success(), "see above");
}

macro_rules! proven {
    ($($test:ident: $name:literal;)*) => {
        $(#[test]
        fn $test() {
            prove($name);
        })*

        #[test]
        fn every_file_is_proven() {
            assert_eq!(FILES.iter().map(|(name, _)| *name).collect::<Vec<_>>(), [$($name),*]);
        }
    };
}

proven! {
    exercises_01: "01_data";
    exercises_02: "02_baseline";
    exercises_03: "03_class_weights";
    exercises_04: "04_oversampling";
    exercises_05: "05_low_probabilities";
    exercises_06: "06_decisions";
    exercises_07: "07_your_data";
    exercises_08: "08_mistakes";
}
