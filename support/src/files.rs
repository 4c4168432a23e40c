//! Reads files, and writes them so that a reader never meets half of one.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use learn::error::{Error, Result};

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(Error::file(path))
}

/// Writes to a neighbour of `path` and renames it: the file is there whole or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().ok_or_else(|| Error::content(path, "this path names no file"))?;
    // Neither another process nor another thread writes to the same neighbour.
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let part = path.with_file_name(format!("{}.{}.{number}.part", name.to_string_lossy(), std::process::id()));
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    written.map_err(|source| {
        let _ = fs::remove_file(&part); // the first error is the one to report
        Error::file(path)(source)
    })
}
