//! The kernel's cargo: a cell is compiled by the last one's command while nothing else has changed, and by cargo in any
//! other case. On Unix, where kernels have a cargo of ours; with a small crate in place of `support`.

#![allow(missing_docs)]
#![cfg(unix)]

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tempfile::TempDir;

const CARGO: &str = "cargo";
const RUSTC: &str = "rustc";

/// A workspace of cells, and a toolchain whose cargo says that it was called.
struct Cells {
    folder: TempDir,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    number: u32,
}

impl Cells {
    fn new() -> Self {
        let rustc = |what: &str| {
            let output = Command::new("rustc").args(["--print", what]).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let (sysroot, host) = (rustc("sysroot"), rustc("host-tuple"));
        let cells = Self {
            folder: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
            arguments: vec!["--target".to_owned(), host, "--message-format=json".to_owned()],
            number: 0,
        };
        cells.put("work/Cargo.toml", "[workspace]\nmembers = [\"ctx\"]\nresolver = \"3\"\n");
        let dependency = format!("support = {{ path = {:?} }}", cells.path("support"));
        cells.put("work/ctx/Cargo.toml", &manifest("ctx", "cdylib", &dependency));
        cells.put("work/ctx/.cargo/config.toml", "[net]\noffline = true\n");
        cells.put("support/Cargo.toml", &manifest("support", "rlib", ""));
        cells.put("support/src/lib.rs", "pub const TEXT: &str = include_str!(\"../text\");");
        cells.put("support/text", "first text");
        cells.put("other/Cargo.toml", &manifest("other", "rlib", ""));
        cells.put("other/src/lib.rs", "");
        cells.script(
            "installed/bin/cargo",
            &format!("echo >> {}; exec {sysroot}/bin/cargo \"$@\"", cells.calls().display()),
        );
        symlink(Path::new(&sysroot).join("bin/rustc"), cells.path("installed/bin/rustc")).unwrap();
        cells.script("toolchain/note", include_str!("../src/kernel/note.sh"));
        fs::create_dir_all(cells.path("toolchain/bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_imbalanced-data"), cells.path("toolchain/bin/cargo")).unwrap();
        cells
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    fn script(&self, name: &str, text: &str) {
        let head = if text.starts_with("#!") { "" } else { "#!/bin/sh\n" };
        self.put(name, &format!("{head}{text}\n"));
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn calls(&self) -> PathBuf {
        self.path("calls")
    }

    fn run(&self, verb: &str, cell: &str) -> (&'static str, Output) {
        let before = fs::read(self.calls()).unwrap_or_default();
        self.put("work/ctx/src/lib.rs", cell);
        let mut cargo = Command::new(self.path("toolchain/bin/cargo"));
        cargo.arg(verb).args(&self.arguments).current_dir(self.path("work/ctx"));
        cargo
            .env("IMBALANCED_DATA_TOOLCHAIN", self.path("installed"))
            .env("IMBALANCED_DATA_SUPPORT", self.path("support"))
            .env("RUSTUP_TOOLCHAIN", self.path("toolchain"))
            .env("EVCXR_TMPDIR", self.path("work/ctx"))
            .env("RUSTC", self.path("installed/bin/rustc"))
            .envs([("CARGO_TARGET_DIR", "target"), ("CARGO_BUILD_BUILD_DIR", "target")])
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env_remove("RUSTC_WRAPPER");
        let output = cargo.output().unwrap();
        let is_by_cargo = fs::read(self.calls()).unwrap_or_default() != before;
        (if is_by_cargo { CARGO } else { RUSTC }, output)
    }

    /// Compiles another cell, as evcxr does; who did it? The library is the cell's, and has what is in `support`.
    #[track_caller]
    fn compile(&mut self, text: &str) -> &'static str {
        self.number += 1;
        let marker = format!("marker {}.", self.number);
        let cell = format!(
            "#[unsafe(no_mangle)] pub fn cell() -> String {{ format!(\"{{}}{{}}\", {marker:?}, support::TEXT) }}"
        );
        let (by, output) = self.run("build", &cell);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
        let mut messages = said.lines().rev().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let library = messages.find(|message| message["target"]["name"] == "ctx").unwrap();
        let library = PathBuf::from(library["filenames"][0].as_str().unwrap());
        let kept = library.with_file_name(format!("libcode_{}.so", self.number));
        fs::rename(library, &kept).unwrap();
        let bytes = fs::read(kept).unwrap();
        for wanted in [marker.as_bytes(), text.as_bytes()] {
            assert!(bytes.windows(wanted.len()).any(|found| found == wanted), "by {by}");
        }
        by
    }

    /// The next cell is compiled by cargo, and the one after it by rustc.
    #[track_caller]
    fn is_left_to_cargo(&mut self, what: &str, text: &str) {
        wait();
        assert_eq!(self.compile(text), CARGO, "{what}");
        assert_eq!(self.compile(text), RUSTC, "after: {what}");
    }
}

/// So that what was written is older than the build.
fn wait() {
    sleep(Duration::from_millis(50));
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

fn manifest(name: &str, kind: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"{kind}\"]\n[dependencies]\n{dependencies}\n"
    )
}

#[test]
fn the_second_cell_is_compiled_by_the_command_of_the_first() {
    let mut cells = Cells::new();
    cells.is_left_to_cargo("the first cell", "first text");
    let library = |number: u32, cells: &Cells| {
        let host = &cells.arguments[1];
        fs::read(cells.path(&format!("work/ctx/target/{host}/debug/libcode_{number}.so"))).unwrap()
    };
    let before = [library(1, &cells), library(2, &cells)];
    assert_eq!(cells.compile("first text"), RUSTC);
    assert!(before == [library(1, &cells), library(2, &cells)], "loaded libraries are left alone");
}

#[test]
fn whatever_else_changes_is_left_to_cargo() {
    let mut cells = Cells::new();
    cells.is_left_to_cargo("the first cell", "first text");

    cells.put("support/src/lib.rs", "pub const TEXT: &str = \"second text\";");
    cells.is_left_to_cargo("a source of support", "second text");
    let text = "pub const TEXT: &str = include_str!(\"../text\");";
    cells.put("support/src/lib.rs", text);
    cells.is_left_to_cargo("a source of support, again", "first text");
    cells.put("support/text", "third text");
    cells.is_left_to_cargo("a file that support takes in", "third text");

    let workspace = fs::read_to_string(cells.path("work/Cargo.toml")).unwrap();
    cells.put("work/Cargo.toml", &format!("{workspace}[profile.dev]\nopt-level = 1\n"));
    cells.is_left_to_cargo("the profile", "third text");
    let crate_manifest = fs::read_to_string(cells.path("work/ctx/Cargo.toml")).unwrap();
    cells.put("work/ctx/Cargo.toml", &format!("{crate_manifest}\n# touched\n"));
    cells.is_left_to_cargo("the cell's manifest", "third text");
    cells.put("support/Cargo.toml", &manifest("support", "rlib", "").replace("1.0.0", "1.0.1"));
    cells.is_left_to_cargo("support's manifest", "third text");
    cells.put("work/ctx/.cargo/config.toml", "[net]\noffline = false\n");
    cells.is_left_to_cargo("cargo's settings", "third text");
    cells.put("work/.cargo/config.toml", "[term]\nquiet = true\n");
    cells.is_left_to_cargo("settings in a folder above", "third text");
    fs::remove_file(cells.path("work/Cargo.lock")).unwrap();
    cells.is_left_to_cargo("the lock file", "third text");

    cells.environment.push(("CELL_VARIABLE".to_owned(), "1".to_owned()));
    cells.is_left_to_cargo("a variable", "third text");
    cells.environment[0].1 = "2".to_owned();
    cells.is_left_to_cargo("a variable's value", "third text");
    cells.arguments.push("--verbose".to_owned());
    cells.is_left_to_cargo("an argument", "third text");
    for file in files_in(&cells.path("work/ctx/target")) {
        if file.file_name().unwrap().to_string_lossy().starts_with("libsupport") {
            fs::remove_file(file).unwrap();
        }
    }
    cells.is_left_to_cargo("support's library", "third text");
}

#[test]
fn with_sources_that_may_change_cargo_compiles_each_cell() {
    let mut cells = Cells::new();
    cells.is_left_to_cargo("the first cell", "first text");
    let dependencies =
        format!("support = {{ path = {:?} }}\nother = {{ path = {:?} }}", cells.path("support"), cells.path("other"));
    cells.put("work/ctx/Cargo.toml", &manifest("ctx", "cdylib", &dependencies));
    for _ in 0..3 {
        wait();
        assert_eq!(cells.compile("first text"), CARGO);
    }
}

#[test]
fn a_support_with_a_build_script_is_cargo_s() {
    let mut cells = Cells::new();
    cells.put("support/build.rs", "fn main() { println!(\"cargo::rerun-if-changed=text\"); }");
    for _ in 0..2 {
        wait();
        assert_eq!(cells.compile("first text"), CARGO);
    }
}

#[test]
fn what_changes_while_cargo_builds_is_seen_by_the_next_build() {
    let mut cells = Cells::new();
    let soon = fs::FileTimes::new().set_modified(SystemTime::now() + Duration::from_secs(60));
    File::options().append(true).open(cells.path("support/text")).unwrap().set_times(soon).unwrap();
    assert_eq!(cells.compile("first text"), CARGO);
    assert_eq!(cells.compile("first text"), CARGO);
}

#[test]
fn errors_and_warnings_are_those_of_cargo() {
    let mut cells = Cells::new();
    cells.is_left_to_cargo("the first cell", "first text");
    let messages = |output: &Output| -> Vec<Value> {
        let lines = String::from_utf8_lossy(&output.stdout);
        let messages = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        messages.filter(|message| message["reason"] == "compiler-message").collect()
    };
    for (verb, cell, code, is_good) in [
        ("build", "pub fn cell() -> i32 { \"text\" }", "E0308", false),
        ("check", "pub fn cell() -> i32 { support::NONE }", "E0425", false),
        ("build", "pub fn cell() { let unused = 1; }", "unused_variables", true),
        ("check", "pub fn cell() { let unused = 1; }", "unused_variables", true),
    ] {
        let (by, ours) = cells.run(verb, cell);
        assert_eq!(by, RUSTC, "{code}");
        // Another variable is a reason for cargo, and what it says in truth.
        cells.environment = vec![("CELL_VARIABLE".to_owned(), format!("{verb} {code}"))];
        let (by, cargo_s) = cells.run(verb, cell);
        assert_eq!(by, CARGO);
        assert_eq!(messages(&ours), messages(&cargo_s));
        assert!(messages(&ours).iter().any(|message| message["message"]["code"]["code"] == code), "{code}");
        assert_eq!(ours.status.code(), cargo_s.status.code());
        assert_eq!(ours.status.success(), is_good);
        cells.environment.clear();
        wait();
        cells.compile("first text");
    }
}

#[test]
fn after_an_error_that_cargo_found_cargo_compiles() {
    let mut cells = Cells::new();
    cells.is_left_to_cargo("the first cell", "first text");
    cells.put("support/src/lib.rs", "pub const TEXT: i32 = \"no number\";");
    let (by, output) = cells.run("build", "");
    assert_eq!((by, output.status.success()), (CARGO, false));
    cells.put("support/src/lib.rs", "pub const TEXT: &str = \"second text\";");
    cells.is_left_to_cargo("an error", "second text");
}
