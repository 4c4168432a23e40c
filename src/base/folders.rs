//! What is in folders.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// What is in a folder, in order.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut entries: Vec<PathBuf> = read.with_context(|| format!("can't read {}", folder.display()))?;
    entries.sort();
    Ok(entries)
}

/// All files in a folder and in those in it; nothing where there is none.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let in_one = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries(folder).unwrap_or_default().into_iter().flat_map(in_one).collect()
}

/// The last part of a path.
pub fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}
