//! The Rust toolchain of a kernel: the installed one, seen so that less of its and our libraries'
//! source is read.
//!
//! The kernel learns the type of a `let` from rust-analyzer, which reads the source of every
//! package that `cargo metadata` lists and of the whole standard library: 130 MB, for the few
//! crates that a cell can name. That was most of a kernel's start and of its memory. So the kernel
//! gets a folder that looks like a toolchain, of links to the installed one; only `cargo` is this
//! launcher, which narrows the list ([`super::cargo`]) and names the [skeletons](super::skeletons)
//! of what is left. Compiling is not touched: rustc sees all packages.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::again::NOTER;
use super::preload;
use super::rust::Rust;
use super::skeletons::Skeletons;
use super::sources;
use super::surroundings::{SUPPORT_VARIABLE, TOOLCHAIN_VARIABLE};
use crate::base::folders::{entries, name_of};
use crate::base::lock::Lock;
use crate::base::paths::Paths;
use crate::base::process::{command, path_from, this_program};
use crate::base::stamp::{Inputs, make_whole};

/// In the toolchain's folder, the skeletons that rust-analyzer reads.
pub const SKELETONS: &str = "skeletons";

// Beside the toolchains, held by who uses one, or removes some.
const LOCK: &str = "toolchains.lock";

// What is made in it is made by these.
const RULES: [&str; 6] = [
    include_str!("metadata.rs"),
    include_str!("preload.rs"),
    include_str!("skeleton.rs"),
    include_str!("skeletons.rs"),
    include_str!("toolchain.rs"),
    preload::SOURCE,
];

// The folder of such a toolchain, named by all that it is made from: kernels of another may be
// running.
fn folder(here: &Path, rust: &Rust, launcher: &Path) -> Option<PathBuf> {
    // A running program knows itself without links.
    let launcher = launcher.canonicalize().unwrap_or_else(|_| launcher.to_owned());
    let name = Inputs::default()
        .text("installed", &rust.sysroot.to_string_lossy())
        .text("version", rust.version()?)
        .text("library", &sources::folder(&rust.sysroot).unwrap_or_default().to_string_lossy())
        .text("launcher", &launcher.to_string_lossy())
        .text("rules", &RULES.concat());
    Some(here.join(format!("toolchain-{}", &name.stamp()[..8])))
}

/// The folder of the skeletons that kernels of this compiler read.
pub fn skeletons(paths: &Paths, rust: &Rust) -> Option<PathBuf> {
    Some(folder(&paths.kernels(), rust, &paths.kernel_launcher())?.join(SKELETONS))
}

/// Gives a kernel such a toolchain, in a folder here. Where that can't be, it works without, only
/// slower.
pub fn narrow(kernel: &mut Command, here: &Path, rust: &Rust, support: &Path) -> Option<PathBuf> {
    // A launcher of another kind of system has no links, or no programs without an ending.
    let launcher = this_program().ok().filter(|_| cfg!(unix))?;
    // Another kernel, which saw none beside it, may be removing toolchains.
    let _lock = Lock::shared(&here.join(LOCK)).ok();
    let folder = folder(here, rust, &launcher)?;
    make_whole(&folder, |part| link_all(part, &rust.sysroot, &launcher).and_then(|()| try_it(part, rust, support)))
        .ok()?;
    give(kernel, &folder, rust, support)?;
    let whole = folder.join("library");
    if sources::are_in(&whole) {
        let skeleton = Skeletons(&folder.join(SKELETONS)).of_library(&whole);
        kernel.env("RUST_SRC_PATH", skeleton.filter(|library| sources::are_in(library)).unwrap_or(whole));
    }
    Some(folder)
}

fn give(command: &mut Command, folder: &Path, rust: &Rust, support: &Path) -> Option<()> {
    command
        .env(TOOLCHAIN_VARIABLE, &rust.sysroot)
        .env(SUPPORT_VARIABLE, support)
        // Where rustup is, its `cargo` and `rustc` are those of this folder; rust-analyzer asks for
        // both by it.
        .env("RUSTUP_TOOLCHAIN", folder)
        // Where it isn't, rust-analyzer takes the first, and evcxr what is on PATH.
        .env("CARGO", folder.join("bin/cargo"))
        .env("PATH", path_from(folder.join("bin"))?);
    Some(())
}

fn try_it(folder: &Path, rust: &Rust, support: &Path) -> Result<()> {
    for program in ["cargo", "rustc"] {
        let mut program = command(program);
        give(&mut program, folder, rust, support).context("a folder on PATH has an odd name")?;
        ensure!(program.arg("-vV").output()?.status.success(), "{} does not run", program.get_program().display());
    }
    Ok(())
}

/// Removes the others, which kernels that have ended had, if no other kernel is there.
pub fn remove_others(here: &Path, own: &Path, is_alone: impl FnOnce() -> bool) {
    // A kernel that starts now waits for this, and one that has started is seen.
    let Ok(Some(_lock)) = Lock::try_exclusive(&here.join(LOCK)) else {
        return;
    };
    let others = if is_alone() { entries(here).unwrap_or_default() } else { Vec::new() };
    for path in others {
        if path != own && name_of(&path).starts_with("toolchain-") {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

fn link_all(folder: &Path, installed: &Path, launcher: &Path) -> Result<()> {
    let link = |target: &Path, name: &Path| {
        let link = folder.join(name);
        fs::create_dir_all(link.parent().unwrap_or(folder))?;
        symlink(target, &link)
    };
    for program in entries(&installed.join("bin"))? {
        let target = if program.ends_with("cargo") { launcher } else { &program };
        link(target, &Path::new("bin").join(name_of(&program)))?;
    }
    link(launcher, Path::new(NOTER))?;
    for name in ["lib", "libexec"].map(Path::new).iter().filter(|name| installed.join(name).is_dir()) {
        link(&installed.join(name), name)?;
    }
    // `stdarch` is half of it: the instructions of all processors, which no cell's types need.
    let library = sources::folder(installed).map_or_else(|| Ok(Vec::new()), |library| entries(&library))?;
    for entry in library.iter().filter(|entry| !entry.ends_with("stdarch")) {
        link(entry, &Path::new("library").join(name_of(entry)))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
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
        link_all(&folder, &installed, &this_program().unwrap()).unwrap();
        assert_eq!(fs::read_link(folder.join("bin/rustdoc")).unwrap(), installed.join("bin/rustdoc"));
        assert_eq!(fs::read_link(folder.join("bin/cargo")).unwrap(), this_program().unwrap());
        assert!(folder.join("library/core/src/lib.rs").is_file());
        assert!(!folder.join("library/stdarch").exists());
        assert_eq!(fs::read_dir(folder.join("bin")).unwrap().count(), 3);
    }

    #[test]
    fn without_an_answer_or_links_a_kernel_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let silent = Rust { sysroot: installed(home.path()), ..Rust::default() };
        for (here, rust) in [(home.path(), silent), (&file, Rust::on_path().unwrap())] {
            let mut kernel = Command::new("kernel");
            assert_eq!(narrow(&mut kernel, here, &rust, home.path()), None);
            assert_eq!(kernel.get_envs().count(), 0);
        }
    }

    #[test]
    fn toolchains_of_kernels_that_have_ended_are_removed() {
        let home = tempfile::tempdir().unwrap();
        let put = |name: &str| fs::create_dir(home.path().join(name)).unwrap();
        ["toolchain-1", "toolchain-2", "toolchain-2.7.part", "warm-1"].into_iter().for_each(put);
        let own = home.path().join("toolchain-1");
        let left = || entries(home.path()).unwrap().len();
        remove_others(home.path(), &own, || false);
        assert_eq!(left(), 5);
        let starting = Lock::shared(&home.path().join(LOCK)).unwrap();
        remove_others(home.path(), &own, || true);
        assert_eq!(left(), 5);
        drop(starting);
        remove_others(home.path(), &own, || true);
        assert!(left() == 3 && own.exists() && home.path().join("warm-1").exists());
    }
}
