//! Writes files so that a reader never meets half of one.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// Writes to a neighbour of `path` and renames it: the file is there whole or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().ok_or_else(|| Error::content(path, "this path names no file"))?;
    let part = path.with_file_name(format!("{}.{}.part", name.to_string_lossy(), std::process::id()));
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    written.map_err(|source| {
        let _ = fs::remove_file(&part); // the first error is the one to report
        Error::file(path)(source)
    })
}
