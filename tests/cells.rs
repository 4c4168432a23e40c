//! The kernel's cargo: a cell is compiled by the command of an earlier one, in this kernel or another, while nothing else has
//! changed, and by cargo in any other case. On Unix, where kernels have a cargo of ours; with a small crate in place of `support`.

#![allow(missing_docs)]
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

const CARGO: &str = "cargo";
const RUSTC: &str = "rustc";

/// A workspace of cells, and a toolchain whose cargo says that it was called.
struct Cells {
    folder: TempDir,
    /// The folder of the kernel that compiles.
    kernel: &'static str,
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
            kernel: "work",
            environment: Vec::new(),
            arguments: vec!["--target".to_owned(), host, "--message-format=json".to_owned()],
            number: 0,
        };
        cells.put("support/Cargo.toml", &manifest("support", "rlib", ""));
        cells.put_workspace("work");
        cells.put("support/src/lib.rs", "pub const TEXT: &str = include_str!(\"../text\");");
        cells.put("support/text", "first text");
        cells.put("other/Cargo.toml", &manifest("other", "rlib", ""));
        cells.put("other/src/lib.rs", "");
        cells.script(
            "installed/bin/cargo",
            &format!("echo >> {}; exec {sysroot}/bin/cargo \"$@\"", cells.calls().display()),
        );
        symlink(Path::new(&sysroot).join("bin/rustc"), cells.path("installed/bin/rustc")).unwrap();
        fs::create_dir_all(cells.path("toolchain/bin")).unwrap();
        for name in ["toolchain/bin/cargo", "toolchain/note"] {
            symlink(env!("CARGO_BIN_EXE_imbalanced-data"), cells.path(name)).unwrap();
        }
        cells
    }

    fn put_workspace(&self, folder: &str) {
        let dependency = format!("support = {{ path = {:?} }}", self.path("support"));
        self.put(&format!("{folder}/Cargo.toml"), "[workspace]\nmembers = [\"ctx\"]\nresolver = \"3\"\n");
        self.put(&format!("{folder}/ctx/Cargo.toml"), &manifest("ctx", "cdylib", &dependency));
        self.put(&format!("{folder}/ctx/.cargo/config.toml"), "[net]\noffline = true\n");
    }

    /// From now on this kernel compiles, against what the first one has built.
    fn start_kernel(&mut self, folder: &'static str) {
        self.put_workspace(folder);
        self.kernel = folder;
        self.environment.retain(|(name, _)| name != "IMBALANCED_DATA_WARM");
        self.environment.push(("IMBALANCED_DATA_WARM".to_owned(), self.path("work").display().to_string()));
    }

    fn has_libraries(&self) -> bool {
        let built = self.path(&format!("{}/ctx/target", self.kernel));
        built.is_dir() && files_in(&built).iter().any(|file| file.to_string_lossy().contains("libsupport"))
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
        let here = format!("{}/ctx", self.kernel);
        self.put(&format!("{here}/src/lib.rs"), cell);
        let mut cargo = Command::new(self.path("toolchain/bin/cargo"));
        cargo.arg(verb).args(&self.arguments).current_dir(self.path(&here));
        cargo
            .env("IMBALANCED_DATA_TOOLCHAIN", self.path("installed"))
            .env("IMBALANCED_DATA_SUPPORT", self.path("support"))
            .env("RUSTUP_TOOLCHAIN", self.path("toolchain"))
            .env("EVCXR_TMPDIR", self.path(&here))
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

    let workspace = fs::read_to_string(cells.path("work/Cargo.toml")).unwrap();
    cells.put("work/Cargo.toml", &format!("{workspace}[profile.dev]\nopt-level = 1\n"));
    cells.is_left_to_cargo("the profile", "first text");
    let crate_manifest = fs::read_to_string(cells.path("work/ctx/Cargo.toml")).unwrap();
    cells.put("work/ctx/Cargo.toml", &crate_manifest.replace("2024", "2021"));
    cells.is_left_to_cargo("the cell's manifest", "first text");
    cells.put("work/ctx/.cargo/config.toml", "[net]\noffline = false\n");
    cells.is_left_to_cargo("cargo's settings", "first text");
    cells.put("work/.cargo/config.toml", "[term]\nquiet = true\n");
    cells.is_left_to_cargo("settings in a folder above", "first text");
    cells.environment.push(("CARGO_VARIABLE".to_owned(), "1".to_owned()));
    cells.is_left_to_cargo("a variable", "first text");
    cells.environment[0].1 = "2".to_owned();
    cells.is_left_to_cargo("a variable's value", "first text");
    cells.arguments.push("--verbose".to_owned());
    cells.is_left_to_cargo("an argument", "first text");
    for file in files_in(&cells.path("work/ctx/target")) {
        if file.file_name().unwrap().to_string_lossy().starts_with("libsupport") {
            fs::remove_file(file).unwrap();
        }
    }
    cells.is_left_to_cargo("support's library", "first text");
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
fn a_cell_sees_the_variables_of_its_own_kernel() {
    let mut cells = Cells::new();
    cells.is_left_to_cargo("the first cell", "first text");
    cells.environment.push(("CELL_VARIABLE".to_owned(), "of another kernel".to_owned()));
    let cell = "#[unsafe(no_mangle)] pub fn cell() -> &'static str { env!(\"CELL_VARIABLE\") }";
    let (by, output) = cells.run("build", cell);
    assert_eq!((by, output.status.success()), (RUSTC, true));
    let library = cells.path(&format!("work/ctx/target/{}/debug/libctx.so", cells.arguments[1]));
    let text = b"of another kernel";
    assert!(fs::read(library).unwrap().windows(text.len()).any(|found| found == text));
}

#[test]
fn a_kernel_copies_nothing_until_cargo_is_needed() {
    let mut cells = Cells::new();
    assert_eq!(cells.compile("first text"), CARGO);
    cells.start_kernel("second");
    assert_eq!(cells.compile("first text"), RUSTC);
    assert!(!cells.has_libraries(), "it is compiled against those of the first");

    cells.environment.push(("CARGO_VARIABLE".to_owned(), "1".to_owned()));
    wait();
    assert_eq!(cells.compile("first text"), CARGO);
    assert!(cells.has_libraries());
    cells.start_kernel("third");
    assert_eq!(cells.compile("first text"), RUSTC, "as it was kept for all");
    assert!(!cells.has_libraries());
}

#[test]
fn a_kernel_keeps_the_crate_that_it_started_with() {
    let mut cells = Cells::new();
    assert_eq!(cells.compile("first text"), CARGO);
    cells.start_kernel("second");
    for text in ["pub const TEXT: &str = \"second text\";", "pub const TEXT: i32 = \"no number\";"] {
        wait();
        cells.put("support/src/lib.rs", text);
        assert_eq!(cells.compile("first text"), RUSTC);
    }
    let dependencies =
        format!("support = {{ path = {:?} }}\nother = {{ path = {:?} }}", cells.path("support"), cells.path("other"));
    cells.put("second/ctx/Cargo.toml", &manifest("ctx", "cdylib", &dependencies));
    for _ in 0..2 {
        wait();
        assert_eq!(cells.compile("first text"), CARGO, "another crate is cargo's");
    }
}

#[test]
fn of_a_manifest_that_is_being_edited_nothing_is_kept() {
    let mut cells = Cells::new();
    cells.is_left_to_cargo("the first cell", "first text");
    let manifest = fs::read_to_string(cells.path("support/Cargo.toml")).unwrap();
    cells.put("support/Cargo.toml", &format!("{manifest}[features]\nother = []\n"));
    assert_eq!(cells.compile("first text"), RUSTC, "it keeps the crate that it started with");
    cells.environment.push(("CARGO_VARIABLE".to_owned(), "1".to_owned()));
    for _ in 0..2 {
        wait();
        assert_eq!(cells.compile("first text"), CARGO);
    }
    wait();
    cells.start_kernel("second");
    cells.is_left_to_cargo("a kernel that starts with it", "first text");
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
        cells.environment = vec![("CARGO_VARIABLE".to_owned(), format!("{verb} {code}"))];
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
    cells.put("support/src/lib.rs", "pub const TEXT: i32 = \"no number\";");
    let (by, output) = cells.run("build", "");
    assert_eq!((by, output.status.success()), (CARGO, false));
    cells.put("support/src/lib.rs", "pub const TEXT: &str = \"second text\";");
    cells.is_left_to_cargo("an error", "second text");
}
