//! Stamps: a small file, written last, that says a step of the set-up was done, and from what.
//!
//! A step that was killed half-way has no stamp, and one whose inputs changed has another: both are
//! done again.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::base::folders::{entries, name_of};

/// Gathers all that a step's result depends on.
#[derive(Default)]
pub struct Inputs(Sha256);

impl Inputs {
    /// Adds a text under a name.
    pub fn text(mut self, name: &str, text: &str) -> Self {
        self.add(name, text.as_bytes());
        self
    }

    /// Adds the content of a file, or of every file of a folder.
    pub fn path(mut self, path: &Path) -> Result<Self> {
        self.add_path(path, &path.display().to_string())?;
        Ok(self)
    }

    /// The stamp of these inputs.
    pub fn stamp(self) -> String {
        hex(&self.0.finalize())
    }

    fn add_path(&mut self, path: &Path, name: &str) -> Result<()> {
        if !path.is_dir() {
            self.add(name, &fs::read(path).with_context(|| format!("can't read {}", path.display()))?);
            return Ok(());
        }
        for entry in entries(path)? {
            let file = name_of(&entry);
            // An editor's own, and gone again in a moment.
            if file.starts_with(['.', '#']) || file.ends_with('~') {
                continue;
            }
            self.add_path(&entry, &format!("{name}/{file}"))?;
        }
        Ok(())
    }

    fn add(&mut self, name: &str, bytes: &[u8]) {
        for part in [name.as_bytes(), bytes] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
    }
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Is this the stamp in the file?
pub fn matches(file: &Path, stamp: &str) -> bool {
    fs::read_to_string(file).is_ok_and(|found| found == stamp)
}

/// Writes a whole file or nothing: beside it first, then renamed.
pub fn write_whole(path: &Path, content: &[u8]) -> Result<()> {
    let cannot = || format!("can't write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(cannot)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let write = || {
        let mut file = fs::File::create(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().with_context(cannot).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

/// Makes a whole folder or nothing, unless it is there: beside it first, then renamed.
pub fn make_whole(folder: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let beside = folder.with_added_extension(format!("{}.part", std::process::id()));
    let _ = fs::remove_dir_all(&beside);
    let made = make(&beside).and_then(|()| Ok(fs::rename(&beside, folder)?));
    let _ = fs::remove_dir_all(&beside);
    // Another program may have been quicker.
    if folder.is_dir() { Ok(()) } else { made }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_input_counts() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = |version| {
            let inputs = Inputs::default().text("version", version);
            inputs.path(folder.path()).unwrap().stamp()
        };
        fs::write(folder.path().join("a"), "1").unwrap();
        let first = stamp("1");
        assert_eq!(first, stamp("1"));
        assert_ne!(first, stamp("2"));
        fs::write(folder.path().join("a"), "2").unwrap();
        assert_ne!(first, stamp("1"));
    }

    #[test]
    fn a_stamp_is_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/file.stamp");
        assert!(!matches(&file, "x"));
        write_whole(&file, b"x").unwrap();
        assert!(matches(&file, "x"));
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }
}
