//! The launcher's commands on good and bad input, without the set-up: the real program, in a folder of its own.

#![allow(missing_docs)]

#[cfg(unix)]
mod kernel;
#[cfg(unix)]
mod set_up;
#[cfg(unix)]
mod shared;

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The launcher, with an empty folder in place of `target/tutorial`.
struct Launcher {
    home: TempDir,
}

impl Launcher {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_imbalanced-data"));
        command
            .args(arguments)
            .env("IMBALANCED_DATA_HOME", self.home.path())
            .env_remove("CREDITCARD_CSV")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran(self.command(arguments).output().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

struct Ran(Output);

impl Ran {
    fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    #[track_caller]
    fn succeeds(self) -> Self {
        assert!(self.0.status.success(), "{}\n{}", self.out(), self.err());
        self
    }

    fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// Fails with a message that holds all these words, and without a panic.
    #[track_caller]
    fn fails(self, words: &[&str]) {
        let err = self.err();
        assert!(!self.0.status.success(), "{}\n{err}", self.out());
        assert!(!err.contains("panicked"), "{err}");
        for word in words {
            assert!(err.contains(word), "no `{word}` in:\n{err}");
        }
    }
}

/// A program that stands in for a missing or broken one.
#[cfg(unix)]
fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn help_names_the_verbs() {
    let help = Launcher::new().run(&["--help"]).succeeds().out();
    for verb in ["lab", "execute", "data", "measure", "doctor"] {
        assert!(help.contains(&format!("\n  {verb} ")), "{help}");
    }
    assert!(!help.contains("kernel "), "{help}");
    let rows = |line: &str| line.chars().count().div_ceil(80).max(1);
    assert!(help.lines().map(rows).sum::<usize>() <= 24, "it fits a screen: {help}");
}

#[test]
fn a_language_that_is_not_there_is_told_before_the_set_up() {
    let launcher = Launcher::new();
    launcher.run(&["--language", "tlh"]).fails(&["not there in `tlh`", "There are: en (English)"]);
    assert!(!launcher.path("python").exists());
}

#[test]
fn an_unknown_verb_is_refused() {
    Launcher::new().run(&["exekute"]).fails(&["exekute", "execute"]);
}

#[test]
fn a_missing_csv_is_told_before_the_set_up() {
    for verb in ["lab", "execute"] {
        let launcher = Launcher::new();
        let mut command = launcher.command(&[verb]);
        command.env("CREDITCARD_CSV", "no/such.csv");
        let here = std::env::current_dir().unwrap().join("no/such.csv");
        let ran = Ran(command.output().unwrap());
        ran.fails(&["CREDITCARD_CSV", here.to_str().unwrap(), "relative path"]);
        assert!(!launcher.path("python").exists());
    }
}

#[test]
fn a_folder_is_no_csv() {
    let launcher = Launcher::new();
    let mut command = launcher.command(&["execute"]);
    command.env("CREDITCARD_CSV", launcher.home.path());
    Ran(command.output().unwrap()).fails(&["which is a folder"]);
}

#[test]
fn an_unknown_notebook_is_told_with_those_there_are() {
    Launcher::new().run(&["execute", "99_nothing"]).fails(&["no notebook named `99_nothing`", "There are:"]);
}

#[test]
fn a_file_that_is_no_notebook_is_told() {
    let launcher = Launcher::new();
    let file = launcher.path("broken.ipynb");
    fs::write(&file, "<<<<<<< HEAD").unwrap();
    launcher.run(&["execute", file.to_str().unwrap()]).fails(&["broken.ipynb", "isn't JSON"]);
}

#[test]
fn a_port_in_use_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    Launcher::new().run(&["lab", "--port", &port, "--no-browser"]).fails(&["port", &port, "Leave out --port"]);
}

#[test]
fn doctor_tells_machines_where_things_are() {
    let launcher = Launcher::new();
    let report: Value = serde_json::from_str(&launcher.run(&["doctor", "--json"]).out()).unwrap();
    for key in ["jupyter", "kernelspec", "warm"] {
        let path = Path::new(report[key].as_str().unwrap());
        assert!(path.starts_with(launcher.home.path()), "{key}: {}", path.display());
    }
    assert_eq!(report["ready"], false);
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.len() >= 8);
    for check in checks {
        assert!(check["name"].is_string() && check["detail"].is_string(), "{check}");
        let states = ["ok", "missing", "optional", "wrong"];
        assert!(states.contains(&check["state"].as_str().unwrap()), "{check}");
        assert_eq!(check["state"] == "ok", check["mend"].is_null(), "{check}");
    }
}

#[test]
fn without_rust_or_python_doctor_fails_and_says_so() {
    let launcher = Launcher::new();
    let mut command = launcher.command(&["doctor"]);
    command.env("PATH", "");
    let ran = Ran(command.output().unwrap());
    assert_eq!(ran.0.status.code(), Some(1));
    let told = ran.out();
    assert!(told.contains("✗ Rust") && told.contains("✗ Python"), "{told}");
}

#[test]
fn without_rust_the_set_up_says_what_to_install() {
    let launcher = Launcher::new();
    let mut command = launcher.command(&["execute"]);
    command.env("PATH", "");
    Ran(command.output().unwrap()).fails(&["set-up step 1", "`rustc` does not run", "rustup.rs"]);
}

#[test]
fn a_set_up_under_a_file_is_an_error() {
    let launcher = Launcher::new();
    let file = launcher.path("file");
    fs::write(&file, "").unwrap();
    let mut command = launcher.command(&["execute"]);
    command.env("IMBALANCED_DATA_HOME", file.join("home"));
    Ran(command.output().unwrap()).fails(&["can't make the folder"]);
}

#[test]
fn the_second_launcher_waits_and_says_so() {
    let launcher = Launcher::new();
    let lock = File::create(launcher.path("setup.lock")).unwrap();
    lock.lock().unwrap();
    let mut command = launcher.command(&["execute"]);
    command.env("PATH", "").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    assert!(line.contains("Another launcher"), "{line}");
    assert!(child.try_wait().unwrap().is_none());
    lock.unlock().unwrap();
    assert!(!child.wait().unwrap().success(), "it went on to the missing Python");
}

#[test]
fn the_synthetic_set_needs_a_folder() {
    Launcher::new()
        .run(&["data", "--synthetic", "/no/such/folder/set.csv"])
        .fails(&["/no/such/folder", "Make it first"]);
}
