//! The Rust toolchain of a kernel: the installed one, seen so that less of its and our libraries' source is read.
//!
//! The kernel learns the type of a `let` from rust-analyzer, which reads the source of every package that
//! `cargo metadata` lists and of the whole standard library: 130 MB, for the few crates that a cell can name.
//! That was most of a kernel's start and of its memory. So the kernel gets a folder that looks like a toolchain,
//! of links to the installed one; only `cargo` is this launcher, which narrows the list ([`super::cargo`]) and names the
//! [skeletons](super::skeleton) of what is left.
//! Compiling is not touched: rustc sees all packages.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[cfg(unix)]
use anyhow::Context;
use anyhow::Result;

use crate::base::process::{command, this_program};
use crate::base::stamp::Inputs;
use crate::kernel::again::NOTER;
use crate::kernel::skeleton::Skeletons;
use crate::kernel::sources;
use crate::kernel::surroundings::{SUPPORT_VARIABLE, TOOLCHAIN_VARIABLE};

/// In the toolchain's folder, the skeletons that rust-analyzer reads.
pub const SKELETONS: &str = "skeletons";

/// The folder of such a toolchain, in a folder here.
fn folder(here: &Path, installed: &Path) -> PathBuf {
    // One for each installed toolchain: kernels of another may be running.
    let name = Inputs::default().text("installed", &installed.display().to_string()).stamp();
    here.join(format!("toolchain-{}", &name[..8]))
}

/// The folder of its skeletons.
pub fn skeletons(here: &Path, installed: &Path) -> PathBuf {
    folder(here, installed).join(SKELETONS)
}

/// Gives a kernel such a toolchain, in a folder here. Where that can't be, it works without, only slower.
pub fn narrow(kernel: &mut Command, here: &Path, installed: &Path, support: &Path) {
    let folder = &folder(here, installed);
    // A launcher of another kind of system has no links, or no programs without an ending.
    if cfg!(not(unix)) || link_all(folder, installed).is_err() {
        return;
    }
    let rest = env::var_os("PATH").unwrap_or_default();
    let Ok(path) = env::join_paths([folder.join("bin")].into_iter().chain(env::split_paths(&rest))) else {
        return;
    };
    let give = |command: &mut Command| {
        command
            .env(TOOLCHAIN_VARIABLE, installed)
            .env(SUPPORT_VARIABLE, support)
            // Where rustup is, its `cargo` and `rustc` are those of this folder; rust-analyzer asks for both by it.
            .env("RUSTUP_TOOLCHAIN", folder)
            // Where it isn't, rust-analyzer takes the first, and evcxr what is on PATH.
            .env("CARGO", folder.join("bin/cargo"))
            .env("PATH", &path);
    };
    let version = |program: &str| {
        let mut program = command(program);
        give(&mut program);
        let output = program.arg("-vV").output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (Some(_), Some(rustc)) = (version("cargo"), version("rustc")) else {
        return;
    };
    give(kernel);
    let whole = folder.join("library");
    if sources::are_in(&whole) {
        let skeleton = Skeletons(&folder.join(SKELETONS)).of_library(&whole, &rustc);
        kernel.env("RUST_SRC_PATH", skeleton.filter(|library| sources::are_in(library)).unwrap_or(whole));
    }
}

fn link_all(folder: &Path, installed: &Path) -> Result<()> {
    let launcher = this_program()?;
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    for program in entries(&installed.join("bin")) {
        let is_cargo = program.file_name() == "cargo";
        let target = if is_cargo { launcher.clone() } else { program.path() };
        link(&target, &folder.join("bin").join(program.file_name()))?;
    }
    link(&launcher, &folder.join(NOTER))?;
    for name in ["lib", "libexec"].iter().filter(|name| installed.join(name).is_dir()) {
        link(&installed.join(name), &folder.join(name))?;
    }
    let Some(library) = sources::folder(installed) else {
        return Ok(());
    };
    // `stdarch` is half of it: the instructions of all processors, which no cell's types need.
    for entry in entries(&library).filter(|entry| entry.file_name() != "stdarch") {
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
    let beside = link.with_added_extension(format!("{}.part", std::process::id()));
    let _ = fs::remove_file(&beside);
    std::os::unix::fs::symlink(target, &beside)?;
    Ok(fs::rename(beside, link)?)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> Result<()> {
    anyhow::bail!("links need a permission here")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn installed(home: &Path) -> PathBuf {
        let installed = home.join("installed");
        let library = installed.join("lib/rustlib/src/rust/library");
        for name in ["core/src", "std/src", "stdarch/crates"] {
            fs::create_dir_all(library.join(name)).unwrap();
            fs::write(library.join(name).join("lib.rs"), "").unwrap();
        }
        fs::create_dir_all(installed.join("bin")).unwrap();
        for name in ["cargo", "rustc", "rustdoc"] {
            fs::write(installed.join("bin").join(name), "").unwrap();
        }
        installed
    }

    #[test]
    fn a_toolchain_is_linked_but_for_cargo_and_the_instructions() {
        let home = tempfile::tempdir().unwrap();
        let (installed, folder) = (installed(home.path()), home.path().join("toolchain"));
        for _ in 0..2 {
            link_all(&folder, &installed).unwrap();
        }
        assert_eq!(fs::read_link(folder.join("bin/rustdoc")).unwrap(), installed.join("bin/rustdoc"));
        assert_eq!(fs::read_link(folder.join("bin/cargo")).unwrap(), this_program().unwrap());
        assert!(folder.join("library/core/src/lib.rs").is_file());
        assert!(!folder.join("library/stdarch").exists());
        assert_eq!(fs::read_dir(folder.join("bin")).unwrap().count(), 3);
    }

    #[test]
    fn a_toolchain_that_does_not_answer_is_not_given() {
        let home = tempfile::tempdir().unwrap();
        let mut kernel = Command::new("kernel");
        narrow(&mut kernel, home.path(), &installed(home.path()), home.path());
        assert_eq!(kernel.get_envs().count(), 0);
    }

    #[test]
    fn without_links_a_kernel_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let mut kernel = Command::new("kernel");
        narrow(&mut kernel, &file, home.path(), home.path());
        assert_eq!(kernel.get_envs().count(), 0);
    }
}
