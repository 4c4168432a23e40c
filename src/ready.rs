//! Has a kernel do, while its reader still reads, what the first cells would wait for.
//!
//! evcxr runs the cells in `init.evcxr` before it takes any other. Ours adds `support` and asks for one type, so that
//! rust-analyzer reads the libraries now; the notebook's own `:dep` then finds it done. It must not fail, as
//! that would end the kernel, nor compile for minutes, as clients give up after one: so it is only
//! for a warm folder that is built from the sources as they are.

use std::path::{Path, PathBuf};

use crate::kernel::{CONFIG_VARIABLE, FOLDER_VARIABLE};
use crate::paths::Paths;
use crate::setup::Step;
use crate::stamp::write_whole;
use crate::warm::Warm;
use crate::workspace::dep_line;

const CELLS: &str = "init.evcxr";

/// Can't such cells fail?
pub fn is_possible(paths: &Paths) -> bool {
    Warm::new(paths).is_done().unwrap_or(false)
}

/// The folder with such cells for a kernel, in its clone.
pub fn cells(clone: &Path, paths: &Paths) -> Option<PathBuf> {
    let folder = clone.join("config");
    let cells = [&dep_line(&paths.support()), "let _ready = support::thousands(1).len();"].join("\n");
    write_whole(&folder.join(CELLS), cells.as_bytes()).ok()?;
    Some(folder)
}

/// Asked in a kernel: are these cells still to be run?
///
/// Before them evcxr runs a cell of its own, `42`, for which rust-analyzer would read the whole standard library. It
/// reads all again when they have added `support`.
pub fn is_to_come() -> bool {
    let file = |variable: &str, name: &str| Some(PathBuf::from(std::env::var_os(variable)?).join(name));
    let has_cells = file(CONFIG_VARIABLE, CELLS).is_some_and(|cells| cells.is_file());
    let manifest = file(FOLDER_VARIABLE, "Cargo.toml").and_then(|manifest| std::fs::read_to_string(manifest).ok());
    has_cells && manifest.is_some_and(|manifest| !manifest.contains("support"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cold_folder_gets_no_first_cells() {
        let folder = tempfile::tempdir().unwrap();
        let path = || folder.path().to_path_buf();
        let repo = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        assert!(!is_possible(&Paths::of_kernel(repo, path(), path()).unwrap()));
    }
}
