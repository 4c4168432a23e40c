//! The committed outputs are what the notebooks give; through the real kernel, so the first run takes a while.

#![allow(missing_docs)]

mod common;

use std::fs;
use std::process::{Command, Output, Stdio};

use common::{launcher, notebook_in, repo};

fn author(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_author"));
    command
        .args(arguments)
        .env("IMBALANCED_DATA_LAUNCHER", launcher())
        .env_remove("CREDITCARD_CSV")
        .stdin(Stdio::null());
    command
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{out}\n{err}");
    out
}

#[track_caller]
fn fails(command: &mut Command, words: &[&str]) {
    let output = command.output().unwrap();
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{out}\n{err}");
    for word in words {
        assert!(err.contains(word), "no `{word}` in:\n{err}");
    }
}

macro_rules! checked {
    ($($test:ident: $name:literal;)*) => {
        $(#[test]
        fn $test() {
            assert!(author(&["check", $name]).status().unwrap().success(), "see above");
        })*

        #[test]
        fn every_notebook_is_checked() {
            let files = fs::read_dir(repo().join("notebooks/en")).unwrap().map(|entry| entry.unwrap().path());
            let notebooks = files.filter(|path| path.extension().is_some_and(|end| end == "ipynb"));
            let mut names: Vec<_> = notebooks.map(|path| path.file_stem().unwrap().to_owned()).collect();
            names.sort();
            assert_eq!(names, [$($name),*]);
        }
    };
}

// The committed outputs are what the notebooks give. A notebook alone leaves cores idle: each is a test, so that some run
// beside each other.
checked! {
    notebook_01: "01_data";
    notebook_02: "02_baseline";
    notebook_03: "03_class_weights";
    notebook_04: "04_oversampling";
    notebook_05: "05_low_probabilities";
    notebook_06: "06_decisions";
    notebook_07: "07_probabilities";
    notebook_08: "08_your_data";
}

#[test]
fn refreshed_outputs_are_stable_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4" width="40" height="40"><rect width="2" height="2"/></svg>"#;
    let figure = format!(r##"println!("EVCXR_BEGIN_CONTENT image/svg+xml\n{{}}\nEVCXR_END_CONTENT", r#"{svg}"#);"##);
    let cells = ["let loss = 0.25f64;", "println!(\"loss {loss}\");", &figure];
    let notebook = notebook_in(folder.path(), "stable", &cells);
    let name = notebook.to_str().unwrap();
    fails(&mut author(&["check", name]), &["no outputs", "refresh"]);
    succeeds(&mut author(&["refresh", name]));
    let once = fs::read_to_string(&notebook).unwrap();
    assert!(once.contains("image/png") && once.contains("image/svg+xml"), "{once}");
    let out = succeeds(&mut author(&["refresh", name]));
    assert!(out.contains("unchanged"), "{out}");
    assert_eq!(fs::read_to_string(&notebook).unwrap(), once);
    succeeds(&mut author(&["check", name]));

    fs::write(&notebook, once.replace("loss 0.25\\n", "loss 0.26\\n")).unwrap();
    fails(&mut author(&["check", name]), &["code cell 2", "committed: loss 0.26", "now:       loss 0.25"]);
}

#[test]
fn a_notebook_that_fails_is_not_refreshed() {
    let folder = tempfile::tempdir().unwrap();
    let notebook = notebook_in(folder.path(), "stable", &["println!(\"before\");", "let text: String = 1;"]);
    let before = fs::read_to_string(&notebook).unwrap();
    fails(
        &mut author(&["refresh", notebook.to_str().unwrap()]),
        &["code cell 2", "mismatched types", "did not run to their end"],
    );
    assert_eq!(fs::read_to_string(&notebook).unwrap(), before);
}

#[test]
fn committed_outputs_are_those_of_the_built_in_set() {
    for verb in ["check", "refresh"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_author"));
        command.arg(verb).env("CREDITCARD_CSV", "own.csv").stdin(Stdio::null());
        fails(&mut command, &["own.csv", "built-in data set", "--out"]);
    }
}
