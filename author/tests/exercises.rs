//! Each exercise fails kindly as it is given out, tells each typical mistake apart, and is solved by its solution: all
//! through the real kernel, one for each notebook.

#![allow(missing_docs)]

mod common;

use std::fs;
use std::process::{Command, Stdio};

use common::{launcher, notebook_in, repo};
use serde_json::Value;

#[path = "../../exercises/src/source.rs"]
#[allow(dead_code)]
mod source;

use source::{Exercise, FILES, Part, Source};

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
    // The notebook lies elsewhere.
    let root = format!("\"{}/", repo().display());
    let cells: Vec<String> = cells.iter().map(|code| code.replace("\"../../../", &root)).collect();
    let file = notebook_in(folder.path(), name, &cells);
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
    exercises_08: "08_your_data";
    exercises_09: "09_mistakes";
}
