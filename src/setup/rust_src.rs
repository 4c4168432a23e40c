//! Step 1: the sources of the standard library, of the very toolchain that compiles the cells.
//!
//! The kernel tells the type of a `let` from them: without them it takes no `let x = "a".len();`.
//! No profile of rustup installs them, and other packagers keep them in a package of their own.

use std::path::Path;

use anyhow::{Result, bail};

use crate::base::console::Progress;
use crate::base::paths::Paths;
use crate::base::process::{command, find_program, run_logged};
use crate::kernel::rust::Rust;
use crate::kernel::sources::{MISSING, REMEDY, folder};
use crate::setup::Step;

/// The sources of the standard library.
pub struct RustSrc<'a> {
    /// Its folders.
    pub paths: &'a Paths,
}

impl Step for RustSrc<'_> {
    fn title(&self) -> String {
        "Sources of Rust's standard library".to_owned()
    }

    fn is_done(&self) -> Result<bool> {
        // A Rust that does not run is told by the step itself.
        Ok(Rust::on_path().is_ok_and(|rust| folder(&rust.sysroot).is_some()))
    }

    fn megabytes(&self) -> u64 {
        100
    }

    fn run(&self, progress: &mut Progress) -> Result<()> {
        let sysroot = Rust::on_path()?.sysroot;
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
    use super::*;

    #[test]
    fn rustup_names_a_toolchain_as_its_folder() {
        let name = |path| toolchain_name(Path::new(path)).map(|name| name.to_string_lossy().into_owned());
        assert_eq!(name("/home/a/.rustup/toolchains/1.95.0-x86_64").as_deref(), Some("1.95.0-x86_64"));
        assert_eq!(name("/usr"), None);
    }
}
