//! Has a kernel do, while its reader still reads, what the first cells would wait for.
//!
//! evcxr runs the cells in `init.evcxr` before it takes any other. Ours add `support` and ask for one type, so that
//! rust-analyzer reads the libraries now; the notebook's own `:dep` then finds it done. evcxr ends when they fail, and
//! answers nobody while they run. So they are only for a kernel in which they can't fail, and where they did fail,
//! the kernel is started again without, and so are all others with the same warm folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::workspace::{CONFIG_VARIABLE, FOLDER_VARIABLE};
use crate::base::paths::Paths;
use crate::base::stamp::{self, write_whole};
use crate::kernel::workspace::dep_line;

const CELLS: &str = "init.evcxr";

/// The cells of one kernel.
pub struct FirstCells {
    /// The folder with the file that evcxr looks for.
    pub folder: PathBuf,
}

impl FirstCells {
    /// Writes them into a kernel's clone.
    pub fn write(clone: &Path, support: &Path) -> Result<Self> {
        let cells = Self { folder: clone.join("config") };
        let done = format!("std::fs::write({:?}, \"\").ok();", cells.done_file());
        // A type of `support`'s own is told without the standard library's sources.
        let lines = [&dep_line("support", support), "let _ready = support::Adam::new(0.001);", &done];
        write_whole(&cells.folder.join(CELLS), lines.join("\n").as_bytes())?;
        Ok(cells)
    }

    /// Have they run to their end?
    pub fn are_done(&self) -> bool {
        self.done_file().exists()
    }

    fn done_file(&self) -> PathBuf {
        self.folder.join("done")
    }
}

/// Have they failed with this warm folder?
pub fn have_failed(paths: &Paths) -> bool {
    fs::read_to_string(warm_stamp(paths)).is_ok_and(|warm| stamp::matches(&failed_file(paths), &warm))
}

/// Remembers that they have.
pub fn remember_failure(paths: &Paths) -> Result<()> {
    write_whole(&failed_file(paths), fs::read_to_string(warm_stamp(paths))?.as_bytes())
}

fn warm_stamp(paths: &Paths) -> PathBuf {
    paths.warm().join("warm.stamp")
}

fn failed_file(paths: &Paths) -> PathBuf {
    paths.own.join("first-cells-failed")
}

/// Asked in a kernel: are these cells still to be run?
///
/// Before them evcxr runs a cell of its own, `42`, for which rust-analyzer would read the whole standard library. It
/// reads all again when they have added `support`.
pub fn are_to_come() -> bool {
    let file = |variable: &str, name: &str| Some(PathBuf::from(std::env::var_os(variable)?).join(name));
    let has_cells = file(CONFIG_VARIABLE, CELLS).is_some_and(|cells| cells.is_file());
    let manifest = file(FOLDER_VARIABLE, "Cargo.toml").and_then(|manifest| fs::read_to_string(manifest).ok());
    has_cells && manifest.is_some_and(|manifest| !manifest.contains("support"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_remembered_for_one_warm_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = || folder.path().to_path_buf();
        let paths = Paths { repo: path(), home: path(), builds: path(), own: path() };
        assert!(!have_failed(&paths));
        write_whole(&warm_stamp(&paths), b"one").unwrap();
        remember_failure(&paths).unwrap();
        assert!(have_failed(&paths));
        write_whole(&warm_stamp(&paths), b"two").unwrap();
        assert!(!have_failed(&paths));
    }
}
