//! Has a kernel do, while its reader still reads, what the first cells would wait for.
//!
//! evcxr runs the cells in `init.evcxr` before it takes any other. Ours add `support` and ask for
//! one type, so that rust-analyzer reads the libraries now; the notebook's own `:dep` then finds it
//! done. evcxr ends when they fail, and answers nobody while they run. So they are only for a
//! kernel in which they can't fail, and where they did fail, the kernel is started again without,
//! and so are all others with the same warm folder for an hour: it may have been the machine's
//! fault.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::workspace::{CONFIG_VARIABLE, FOLDER_VARIABLE};
use crate::base::paths::Paths;
use crate::base::stamp::{self, write_whole};
use crate::kernel::workspace::dep_line;

const CELLS: &str = "init.evcxr";
const DONE: &str = "done";

// How long a failure is remembered.
const A_WHILE: Duration = Duration::from_secs(3600);

/// The cells of one kernel.
pub struct FirstCells {
    /// The folder with the file that evcxr looks for.
    pub folder: PathBuf,
}

impl FirstCells {
    /// Writes them into a kernel's own folder.
    pub fn write(own: &Path, support: &Path) -> Result<Self> {
        let cells = Self { folder: own.join("config") };
        // The same words in each kernel, so that what they compile to can be kept.
        let file = format!("std::path::Path::new(&folder).join({DONE:?})");
        let done = format!("std::env::var_os({CONFIG_VARIABLE:?}).map(|folder| std::fs::write({file}, \"\").ok());");
        // A type of `support`'s own is told without the standard library's sources.
        let lines = [&dep_line("support", support), "let _ready = support::Adam::new(0.001);", &done];
        write_whole(&cells.folder.join(CELLS), lines.join("\n").as_bytes())?;
        Ok(cells)
    }

    /// Have they run to their end?
    pub fn are_done(&self) -> bool {
        self.folder.join(DONE).exists()
    }
}

/// Have they failed with this warm folder, not long ago?
pub fn have_failed(paths: &Paths, warm: &str) -> bool {
    let age = fs::metadata(failed_file(paths)).and_then(|about| about.modified()).ok().and_then(|it| it.elapsed().ok());
    age.is_some_and(|age| age < A_WHILE) && stamp::matches(&failed_file(paths), warm)
}

/// Remembers that they have.
pub fn remember_failure(paths: &Paths, warm: &str) -> Result<()> {
    write_whole(&failed_file(paths), warm.as_bytes())
}

fn failed_file(paths: &Paths) -> PathBuf {
    paths.own.join("first-cells-failed")
}

/// Asked in a kernel: have these cells not come to their end?
pub fn are_running() -> bool {
    let folder = env::var_os(CONFIG_VARIABLE).map(PathBuf::from);
    folder.is_some_and(|folder| folder.join(CELLS).is_file() && !folder.join(DONE).exists())
}

/// Asked in a kernel: are these cells still to be run?
///
/// Before them evcxr runs a cell of its own, `42`, for which rust-analyzer would read the whole
/// standard library. It reads all again when they have added `support`.
pub fn are_to_come() -> bool {
    let manifest = env::var_os(FOLDER_VARIABLE).map(|folder| PathBuf::from(folder).join("Cargo.toml"));
    let manifest = manifest.and_then(|manifest| fs::read_to_string(manifest).ok());
    are_running() && manifest.is_some_and(|manifest| !manifest.contains("support"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_remembered_for_one_warm_folder_and_an_hour() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::in_one(folder.path());
        assert!(!have_failed(&paths, "one"));
        remember_failure(&paths, "one").unwrap();
        assert!(have_failed(&paths, "one") && !have_failed(&paths, "two"));
        let file = fs::File::options().write(true).open(failed_file(&paths)).unwrap();
        file.set_modified(std::time::SystemTime::now() - A_WHILE).unwrap();
        assert!(!have_failed(&paths, "one"));
    }
}
