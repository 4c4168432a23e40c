//! Other clients than the tutorial's own JupyterLab: papermill and nbconvert, from an environment of their own, beside a
//! kernelspec `rust` that is somebody else's. On Unix, whose paths the environment has.

#![allow(missing_docs)]
#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use common::{dep, launcher, notebook_in, repo, set_up, succeeds};
use serde_json::Value;

const FOREIGN: &str =
    r#"{"argv": ["/no/such/kernel", "{connection_file}"], "display_name": "Rust", "language": "rust"}"#;

/// What `setup` tells the reader to type: the folder for `JUPYTER_PATH`, and the command.
fn told() -> &'static (PathBuf, Vec<String>) {
    static TOLD: OnceLock<(PathBuf, Vec<String>)> = OnceLock::new();
    TOLD.get_or_init(|| {
        set_up();
        let said = succeeds(&mut launcher(&["setup"]));
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
        let dep = format!("{}\nuse support::*;", dep());
        notebook_in(self.home.path(), "cells", &[&dep, "println!(\"{}\", thousands(1234));"])
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
    let report: Value = serde_json::from_slice(&launcher(&["doctor", "--json"]).output().unwrap().stdout).unwrap();
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
