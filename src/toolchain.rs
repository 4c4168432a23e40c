//! The Rust toolchain of a kernel: the installed one, seen so that less of its and our libraries' source is read.
//!
//! The kernel learns the type of a `let` from rust-analyzer, which reads the source of every package that
//! `cargo metadata` lists and of the whole standard library: 130 MB, for the few crates that a cell can name.
//! That was most of a kernel's start and of its memory. So the kernel gets a folder that looks like a toolchain,
//! of links to the installed one; only `cargo` is this launcher, which narrows the list ([`stand_in`]).
//! Compiling is not touched: rustc sees all packages.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::console::note;
use crate::metadata;
use crate::process::command;
use crate::ready;

/// Tells the launcher, when it runs as `cargo`, where the installed toolchain is.
const TOOLCHAIN_VARIABLE: &str = "IMBALANCED_DATA_TOOLCHAIN";

/// Gives a kernel such a toolchain, in this folder. Where that can't be, it works without, only slower.
pub fn narrow(kernel: &mut Command, folder: &Path, installed: &Path) {
    // A launcher of another kind of system has no links, or no programs without an ending.
    if cfg!(not(unix)) || link_all(folder, installed).is_err() {
        return;
    }
    let give = |command: &mut Command| {
        command
            .env(TOOLCHAIN_VARIABLE, installed)
            // Where rustup is, its `cargo` and `rustc` are those of this folder; rust-analyzer asks for both by it.
            .env("RUSTUP_TOOLCHAIN", folder)
            // Where it isn't, rust-analyzer takes this one.
            .env("CARGO", folder.join("bin/cargo"));
    };
    let answers = |program: &str| {
        let mut program = command(program);
        give(&mut program);
        program.arg("--version").output().is_ok_and(|output| output.status.success())
    };
    if !answers("cargo") || !answers("rustc") {
        return;
    }
    give(kernel);
    if folder.join("library/core/src/lib.rs").is_file() {
        kernel.env("RUST_SRC_PATH", folder.join("library"));
    }
}

fn link_all(folder: &Path, installed: &Path) -> Result<()> {
    let launcher = env::current_exe()?;
    link(&launcher, &folder.join("bin/cargo"))?;
    link(&installed.join("bin/rustc"), &folder.join("bin/rustc"))?;
    link(&installed.join("lib"), &folder.join("lib"))?;
    let library = installed.join("lib/rustlib/src/rust/library");
    // `stdarch` is half of it: the instructions of all processors, which no cell's types need.
    for entry in fs::read_dir(&library).into_iter().flatten().flatten().filter(|entry| entry.file_name() != "stdarch") {
        link(&entry.path(), &folder.join("library").join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(unix)]
fn link(target: &Path, link: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|found| found == target) {
        return Ok(());
    }
    fs::create_dir_all(link.parent().context("a link needs a folder")?)?;
    // Another kernel may be starting: the link is never missing.
    let beside = link.with_extension(format!("{}.part", std::process::id()));
    let _ = fs::remove_file(&beside);
    std::os::unix::fs::symlink(target, &beside)?;
    Ok(fs::rename(beside, link)?)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> Result<()> {
    anyhow::bail!("links need a permission here")
}

/// Run as a kernel's `cargo`? Then does what cargo does, and says less of the packages.
pub fn stand_in() -> Option<ExitCode> {
    let mut arguments = env::args_os();
    let name = arguments.next()?;
    let installed = PathBuf::from(env::var_os(TOOLCHAIN_VARIABLE)?);
    if Path::new(&name).file_name() != Some(OsStr::new("cargo")) {
        return None;
    }
    match run_cargo(&installed, &arguments.collect::<Vec<_>>()) {
        Ok(code) => Some(code),
        Err(error) => {
            note(format!("error: {error:#}"));
            Some(ExitCode::FAILURE)
        }
    }
}

fn run_cargo(installed: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let program = installed.join("bin/cargo");
    let cannot = || format!("can't run {}\nTry: cargo run -- doctor", program.display());
    let mut cargo = Command::new(&program);
    cargo.env("RUSTUP_TOOLCHAIN", installed).env_remove("CARGO");
    // cargo asks rustc a dozen questions each time: without the detour by rustup.
    let rest = env::var_os("PATH").unwrap_or_default();
    if let Ok(path) = env::join_paths([installed.join("bin")].into_iter().chain(env::split_paths(&rest))) {
        cargo.env("PATH", path);
    }
    // For a cell with a type it can't tell, the kernel asks for a check: with no checked dependencies in the
    // warm folder, that takes minutes. A build has them, and finds the same errors.
    cargo.args(arguments.iter().map(|argument| if argument == "check" { OsStr::new("build") } else { argument }));
    if arguments.first().is_none_or(|verb| verb != "metadata") {
        return become_it(cargo).with_context(cannot);
    }
    let output = cargo.stderr(std::process::Stdio::inherit()).output().with_context(cannot)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let narrowed = if ready::is_to_come() { metadata::without_library(&text) } else { metadata::narrow(&text) };
    print!("{}", narrowed.as_deref().unwrap_or(&text));
    Ok(code_of(output.status))
}

#[cfg(unix)]
fn become_it(mut cargo: Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;

    Err(cargo.exec())
}

#[cfg(not(unix))]
fn become_it(mut cargo: Command) -> std::io::Result<ExitCode> {
    cargo.status().map(code_of)
}

fn code_of(status: std::process::ExitStatus) -> ExitCode {
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_linked_without_instructions() {
        let home = tempfile::tempdir().unwrap();
        let (installed, folder) = (home.path().join("installed"), home.path().join("toolchain"));
        let library = installed.join("lib/rustlib/src/rust/library");
        for name in ["core/src", "stdarch/crates"] {
            fs::create_dir_all(library.join(name)).unwrap();
        }
        for _ in 0..2 {
            link_all(&folder, &installed).unwrap();
        }
        assert!(folder.join("library/core/src").is_dir());
        assert!(folder.join("bin/cargo").is_file());
        assert!(!folder.join("library/stdarch").exists());
    }

    #[test]
    fn a_toolchain_that_does_not_answer_is_not_given() {
        let home = tempfile::tempdir().unwrap();
        let mut kernel = Command::new("kernel");
        narrow(&mut kernel, &home.path().join("toolchain"), home.path());
        assert_eq!(kernel.get_envs().count(), 0);
    }

    #[test]
    fn without_links_a_kernel_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let mut kernel = Command::new("kernel");
        narrow(&mut kernel, &file, home.path());
        assert_eq!(kernel.get_envs().count(), 0);
    }
}
