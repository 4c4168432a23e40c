//! Other clients than the tutorial's own JupyterLab: papermill and nbconvert, from an environment of their own, beside a
//! kernelspec `rust` that is somebody else's. On Unix, whose paths the environment has.

#![allow(missing_docs)]
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

const FOREIGN: &str =
    r#"{"argv": ["/no/such/kernel", "{connection_file}"], "display_name": "Rust", "language": "rust"}"#;

fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn launcher(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imbalanced-data"));
    command.args(arguments).env_remove("CREDITCARD_CSV").stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap()
}

/// What `setup` tells the reader to type: the folder for `JUPYTER_PATH`, and the command.
fn told() -> &'static (PathBuf, Vec<String>) {
    static TOLD: OnceLock<(PathBuf, Vec<String>)> = OnceLock::new();
    TOLD.get_or_init(|| {
        let setup = launcher(&["setup"]);
        assert!(setup.status.success(), "the set-up failed: see above");
        let said = String::from_utf8(setup.stdout).unwrap();
        let line = |part: &str| said.lines().find(|line| line.contains(part)).unwrap().trim().to_owned();
        let path = line("export JUPYTER_PATH=").split_once('=').unwrap().1.to_owned();
        (PathBuf::from(path), line("kernelspec install").split(' ').map(str::to_owned).collect())
    })
}

/// A Python environment of another project.
fn environment() -> &'static Path {
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients");
        let requirements = repo().join("tests/clients.txt");
        let done = folder.join("requirements.txt");
        if fs::read(&done).is_ok_and(|installed| installed == fs::read(&requirements).unwrap()) {
            return folder;
        }
        succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r"]);
        succeeds(pip.arg(&requirements));
        fs::copy(requirements, done).unwrap();
        folder
    })
}

#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{said}");
    said
}

/// A user with a kernelspec `rust` of another program.
struct User {
    home: tempfile::TempDir,
}

impl User {
    fn new() -> Self {
        let user = Self { home: tempfile::tempdir().unwrap() };
        fs::create_dir_all(user.foreign()).unwrap();
        fs::write(user.foreign().join("kernel.json"), FOREIGN).unwrap();
        user
    }

    fn foreign(&self) -> PathBuf {
        self.home.path().join(".local/share/jupyter/kernels/rust")
    }

    /// A program of the other environment, started by this user.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("HOME", self.home.path()).current_dir(self.home.path());
        // Rust is where it was.
        let real = std::env::home_dir().unwrap();
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            let named = std::env::var_os(name).map_or_else(|| real.join(folder), PathBuf::from);
            command.env(name, named);
        }
        for name in ["JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_PREFER_ENV_PATH", "XDG_DATA_HOME"] {
            command.env_remove(name);
        }
        command
    }

    /// Two cells in a notebook, whose second prints 1,234.
    fn notebook(&self) -> PathBuf {
        let cell = |source: &str| json!({ "cell_type": "code", "metadata": {}, "execution_count": null, "outputs": [], "source": source });
        let dep = format!(":dep support = {{ path = {:?} }}\nuse support::*;", repo().join("support"));
        let kernelspec = json!({ "name": "rust", "language": "rust", "display_name": "Rust" });
        let notebook = json!({
            "cells": [cell(&dep), cell("println!(\"{}\", thousands(1234));")],
            "metadata": { "kernelspec": kernelspec }, "nbformat": 4, "nbformat_minor": 4,
        });
        let path = self.home.path().join("cells.ipynb");
        fs::write(&path, notebook.to_string()).unwrap();
        path
    }
}

#[track_caller]
fn assert_ran(notebook: &Path) {
    let notebook: Value = serde_json::from_str(&fs::read_to_string(notebook).unwrap()).unwrap();
    let text = notebook["cells"][1]["outputs"][0]["text"].to_string();
    assert!(text.contains("1,234"), "{notebook}");
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        files.insert(entry.path(), fs::read(entry.path()).unwrap());
    }
    files
}

#[test]
fn papermill_and_nbconvert_run_cells_beside_a_foreign_kernelspec() {
    let (jupyter_path, install) = told();
    let user = User::new();
    let (input, output) = (user.notebook(), user.home.path().join("output.ipynb"));
    let ours = files(&jupyter_path.join("kernels/rust"));
    let program = |name: &str| user.command(&environment().join("bin").join(name));

    let mut papermill = program("papermill");
    papermill.args(["--cwd", "."]).args([&input, &output]).env("JUPYTER_PATH", jupyter_path);
    succeeds(&mut papermill);
    assert_ran(&output);

    fs::remove_file(&output).unwrap();
    let mut nbconvert = program("jupyter-nbconvert");
    nbconvert.args(["--execute", "--to", "notebook", "--output", "output.ipynb"]).arg(&input);
    succeeds(nbconvert.env("JUPYTER_PATH", jupyter_path));
    assert_ran(&output);

    // For good, under a name of its own, in the user's home.
    fs::remove_file(&output).unwrap();
    succeeds(user.command(Path::new(&install[0])).args(&install[1..]));
    let mut papermill = program("papermill");
    succeeds(papermill.args(["--cwd", ".", "--kernel", "imbalanced-data"]).args([&input, &output]));
    assert_ran(&output);

    assert_eq!(fs::read_to_string(user.foreign().join("kernel.json")).unwrap(), FOREIGN);
    assert_eq!(fs::read_dir(user.foreign()).unwrap().count(), 1);
    assert!(files(&jupyter_path.join("kernels/rust")) == ours, "ours is as it was");
}

#[test]
fn another_evcxr_leaves_our_kernelspec_alone() {
    let (jupyter_path, _) = told();
    let ours = files(&jupyter_path.join("kernels/rust"));
    let report: Value = serde_json::from_slice(&launcher(&["doctor", "--json"]).stdout).unwrap();
    // evcxr writes its kernelspecs anew before it looks at what it was started with.
    let start = |path: &Path| {
        let mut evcxr = Command::new(report["kernel"].as_str().unwrap());
        let output = evcxr.args(["--control_file", "/no/such/file"]).env("JUPYTER_PATH", path).output().unwrap();
        assert!(!output.status.success());
    };
    start(jupyter_path);
    assert!(files(&jupyter_path.join("kernels/rust")) == ours, "ours is as it was");

    // So it does, without our precaution.
    let user = User::new();
    start(&user.home.path().join(".local/share/jupyter"));
    assert_ne!(fs::read_to_string(user.foreign().join("kernel.json")).unwrap(), FOREIGN);
}
