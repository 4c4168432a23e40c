//! Step 1: the sources of the standard library, of the very toolchain that compiles the cells.
//!
//! The kernel tells the type of a `let` from them: without them it takes no `let x = "a".len();`. No profile of
//! rustup installs them, and other packagers keep them in a package of their own.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::console::Progress;
use crate::paths::Paths;
use crate::process::{command, find_program, run_logged};
use crate::setup::Step;

/// What is wrong without them.
pub const MISSING: &str =
    "the sources of Rust's standard library are missing, from which the kernel tells the types of variables";

/// What to type, by who packages this Rust.
pub const REMEDY: &str = "\
rustup: rustup component add rust-src
Debian, Ubuntu: sudo apt install rust-src
Fedora: sudo dnf install rust-src
Arch Linux, Alpine: the package rust-src
Homebrew: brew reinstall rust
Nix: set RUST_SRC_PATH to ${rustPlatform.rustLibSrc}
Elsewhere: install Rust by https://rustup.rs
Then run the same again.";

/// The sources of the standard library.
pub struct Sources {
    paths: Paths,
}

impl Sources {
    /// The step for these folders.
    pub fn new(paths: &Paths) -> Self {
        Self { paths: paths.clone() }
    }
}

/// Where they are, if they are there: the folder with `core` and `std`.
pub fn folder(sysroot: &Path) -> Option<PathBuf> {
    // rust-analyzer takes this variable's folder before the toolchain's own.
    let named = env::var_os("RUST_SRC_PATH").map(PathBuf::from);
    let own = sysroot.join("lib/rustlib/src/rust/library");
    named.into_iter().chain([own]).find(|folder| are_in(folder))
}

/// Does the folder hold the sources?
pub fn are_in(folder: &Path) -> bool {
    ["core", "std"].iter().all(|name| folder.join(name).join("src/lib.rs").is_file())
}

/// The folder of the toolchain that `rustc` on PATH belongs to.
pub fn sysroot() -> Result<PathBuf> {
    let cannot = "`rustc` does not run\nIs Rust installed and on PATH? See https://rustup.rs";
    let output = command("rustc").args(["--print", "sysroot"]).output().context(cannot)?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.trim() {
        folder if output.status.success() && !folder.is_empty() => Ok(PathBuf::from(folder)),
        _ => bail!("{cannot}\n{}", String::from_utf8_lossy(&output.stderr).trim_end()),
    }
}

impl Step for Sources {
    fn title(&self) -> String {
        "Sources of Rust's standard library".to_owned()
    }

    fn is_done(&self) -> Result<bool> {
        // A Rust that does not run is told by the step itself.
        Ok(sysroot().is_ok_and(|sysroot| folder(&sysroot).is_some()))
    }

    fn megabytes(&self) -> u64 {
        100
    }

    fn run(&self, progress: &mut Progress) -> Result<()> {
        let sysroot = sysroot()?;
        let missing = format!("{MISSING}\nThey belong into {}", sysroot.display());
        let Some(rustup) = find_program("rustup") else {
            bail!("{missing}\n{REMEDY}");
        };
        progress.set_message("rustup adds the component rust-src");
        let mut add = command(rustup);
        add.args(["component", "add", "rust-src"]);
        // `cargo run` may have been given another toolchain than rustup's default.
        if let Some(name) = toolchain_name(&sysroot) {
            add.arg("--toolchain").arg(name);
        }
        let added = run_logged(&mut add, &self.paths.log("rust-src"), |_| {});
        match added {
            _ if folder(&sysroot).is_some() => Ok(()),
            Ok(()) => bail!("{missing}, but rustup has put them elsewhere\n{REMEDY}"),
            Err(error) => bail!(
                "{missing}, but rustup could not add them: {error:#}\nWith a network, and as the owner of that folder:\n{REMEDY}"
            ),
        }
    }
}

// A toolchain of rustup's is named as its folder.
fn toolchain_name(sysroot: &Path) -> Option<&std::ffi::OsStr> {
    let parent = sysroot.parent()?;
    parent.ends_with("toolchains").then(|| sysroot.file_name()).flatten()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn half_of_them_are_not_the_sources() {
        let sysroot = tempfile::tempdir().unwrap();
        let library = sysroot.path().join("lib/rustlib/src/rust/library");
        let put = |name: &str| {
            fs::create_dir_all(library.join(name).join("src")).unwrap();
            fs::write(library.join(name).join("src/lib.rs"), "").unwrap();
        };
        put("core");
        assert!(!are_in(&library));
        put("std");
        assert!(are_in(&library));
    }

    #[test]
    fn rustup_names_a_toolchain_as_its_folder() {
        let name = |path| toolchain_name(Path::new(path)).map(|name| name.to_string_lossy().into_owned());
        assert_eq!(name("/home/a/.rustup/toolchains/1.95.0-x86_64").as_deref(), Some("1.95.0-x86_64"));
        assert_eq!(name("/usr"), None);
    }
}
