//! What the tests with a set-up share: the launcher, a notebook of a few cells, and what a program said.

#![allow(dead_code, reason = "each test is a program of its own, and uses what it needs")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What the launcher has set up.
pub fn home() -> PathBuf {
    std::env::var_os("IMBALANCED_DATA_HOME").map_or_else(|| repo().join("target/tutorial"), PathBuf::from)
}

pub fn launcher(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imbalanced-data"));
    command.args(arguments).env_remove("CREDITCARD_CSV").stdin(Stdio::null());
    command
}

/// The set-up, by the first test that needs it; its lines are seen even while `cargo test` holds back the tests' own.
pub fn set_up() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        assert!(launcher(&["setup"]).status().unwrap().success(), "the set-up failed: see above");
    });
}

/// One test at a time, where each wants the machine for itself.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    set_up();
    guard
}

/// Runs a notebook as another program than the launcher would: by Jupyter alone; what comes of it is written into it.
#[cfg(unix)]
pub fn by_jupyter(home: &Path, notebook: &Path) -> Command {
    let mut jupyter = Command::new(home.join("python/bin/jupyter"));
    jupyter.args(["execute", "--kernel_name=rust", "--startup_timeout=600", "--inplace"]).arg(notebook);
    jupyter.env("JUPYTER_PREFER_ENV_PATH", "1").stdin(Stdio::null());
    jupyter
}

/// The line with which a notebook begins.
pub fn dep() -> String {
    format!(":dep support = {{ path = {:?} }}", repo().join("support"))
}

/// A file with these cells.
pub fn notebook_in(folder: &Path, name: &str, cells: &[&str]) -> PathBuf {
    let cell = |(index, source): (usize, &&str)| {
        json!({
            "cell_type": "code", "id": format!("cell-{index}"), "metadata": {},
            "execution_count": null, "outputs": [], "source": source,
        })
    };
    let cells: Vec<Value> = cells.iter().enumerate().map(cell).collect();
    let kernelspec = json!({ "name": "rust", "language": "rust", "display_name": "Rust" });
    let notebook =
        json!({ "cells": cells, "metadata": { "kernelspec": kernelspec }, "nbformat": 4, "nbformat_minor": 5 });
    let path = folder.join(format!("{name}.ipynb"));
    fs::write(&path, notebook.to_string()).unwrap();
    path
}

/// All that a program wrote.
pub fn text(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
pub fn succeeds(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = text(&output);
    assert!(output.status.success(), "{command:?}\n{said}");
    said
}

/// Fails, and not by a panic, with words on its error stream.
#[track_caller]
pub fn fails(command: &mut Command, words: &[&str]) {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let said = String::from_utf8_lossy(&output.stderr);
    for word in words {
        assert!(said.contains(word), "no `{word}` in:\n{}", text(&output));
    }
}

#[track_caller]
pub fn wait_until(what: &str, patience: Duration, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < patience, "{what}");
        sleep(Duration::from_millis(50));
    }
}
