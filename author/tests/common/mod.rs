//! What both tests through the kernel need: the launcher, and a notebook of a few cells.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use serde_json::{Value, json};

pub fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The launcher, beside this test's own programs; built, and the set-up made, by the first test that needs it.
pub fn launcher() -> PathBuf {
    static BUILT: Once = Once::new();
    let program = Path::new(env!("CARGO_BIN_EXE_author"))
        .with_file_name(format!("imbalanced-data{}", std::env::consts::EXE_SUFFIX));
    BUILT.call_once(|| {
        let mut cargo = Command::new(env!("CARGO"));
        let status = cargo.args(["build", "--quiet", "--workspace", "--bins"]).current_dir(repo()).status();
        assert!(status.unwrap().success(), "the launcher can't be built: see above");
        assert!(Command::new(&program).arg("setup").status().unwrap().success(), "the set-up failed: see above");
    });
    program
}

/// A file with these cells.
pub fn notebook_in(folder: &Path, name: &str, cells: &[impl AsRef<str>]) -> PathBuf {
    let cell = |(index, source): (usize, &str)| {
        json!({
            "cell_type": "code", "id": format!("cell-{index}"), "metadata": {},
            "execution_count": null, "outputs": [], "source": source,
        })
    };
    let cells: Vec<Value> = cells.iter().map(AsRef::as_ref).enumerate().map(cell).collect();
    let notebook = json!({ "cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5 });
    let path = folder.join(format!("{name}.ipynb"));
    fs::write(&path, notebook.to_string()).unwrap();
    path
}
