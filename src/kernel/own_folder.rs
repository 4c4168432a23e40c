//! The folder of one kernel: what its cells are compiled from and to, locked while the kernel lives
//! and removed at its end.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use super::workspace::{self, FOLDER_VARIABLE};
use crate::base::folders::{entries, name_of};
use crate::base::lock::Lock;
use crate::base::paths::Paths;
use crate::base::stop::kill_all_with;

const PREFIX: &str = "kernel-";

/// The file that a living kernel holds locked.
const LOCK_FILE: &str = "kernel.lock";

/// The folder in it for the temporary files of its cells.
pub const TEMPORARY: &str = "tmp";

/// One kernel's folder, removed when dropped.
pub struct OwnFolder {
    /// Where it is.
    pub folder: PathBuf,
    lock: Option<Lock>,
}

impl OwnFolder {
    /// An empty one, locked.
    pub fn new(paths: &Paths) -> Result<Self> {
        loop {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
            let folder = paths.kernels().join(format!("{PREFIX}{}-{now}", std::process::id()));
            fs::create_dir_all(&folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
            // A kernel that looks for dead ones may have it for a moment, and then removes the
            // folder.
            if let Some(lock) = Lock::try_exclusive(&folder.join(LOCK_FILE))? {
                return Ok(Self { folder, lock: Some(lock) });
            }
        }
    }
}

impl Drop for OwnFolder {
    fn drop(&mut self) {
        // Windows removes no file that is open.
        self.lock = None;
        remove(&self.folder);
    }
}

/// Removes those whose kernel was killed: nobody holds their lock any more.
pub fn remove_dead(paths: &Paths) {
    for folder in all(paths).into_iter().filter(|folder| !is_young_and_unlocked(folder)) {
        if let Ok(Some(lock)) = Lock::try_exclusive(&folder.join(LOCK_FILE)) {
            drop(lock);
            remove(&folder);
        }
    }
}

/// Removes one, with what still runs in it: the cell of a killed kernel, or a compiler.
pub fn remove(folder: &Path) {
    kill_all_in(folder);
    // Jupyter kills a kernel that takes long to end. What it leaves then still has its lock file,
    // by which the next kernel knows that it is dead.
    entries(folder).unwrap_or_default().iter().filter(|path| path.is_dir()).for_each(|path| remove_folder(path));
    remove_folder(folder);
}

/// Kills what works in one.
pub fn kill_all_in(folder: &Path) {
    kill_all_with(FOLDER_VARIABLE, &workspace::crate_folder(folder));
}

/// Is no other kernel there?
pub fn is_alone(paths: &Paths, own: &Path) -> bool {
    all(paths).iter().all(|folder| folder == own)
}

fn all(paths: &Paths) -> Vec<PathBuf> {
    let mut folders = entries(&paths.kernels()).unwrap_or_default();
    folders.retain(|path| name_of(path).starts_with(PREFIX));
    folders
}

// A process may still write a file while it dies.
fn remove_folder(folder: &Path) {
    for _ in 0..20 {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => sleep(Duration::from_millis(50)),
            _ => return,
        }
    }
}

// Between making its folder and locking it, a starting kernel looks dead.
fn is_young_and_unlocked(folder: &Path) -> bool {
    let age = fs::metadata(folder).and_then(|about| about.modified()).ok().and_then(|time| time.elapsed().ok());
    let lock = fs::metadata(folder.join(LOCK_FILE));
    lock.is_err_and(|error| error.kind() == ErrorKind::NotFound) && age.is_none_or(|age| age < Duration::from_secs(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_dead_kernels_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::in_one(folder.path());
        let (dead, alive, starting) =
            (folder.path().join("kernel-1-1"), folder.path().join("kernel-2-2"), folder.path().join("kernel-3-3"));
        drop(Lock::try_exclusive(&dead.join(LOCK_FILE)).unwrap());
        fs::write(dead.join("file"), "").unwrap();
        let held = Lock::try_exclusive(&alive.join(LOCK_FILE)).unwrap();
        fs::create_dir(&starting).unwrap();
        fs::create_dir(folder.path().join("warm")).unwrap();

        remove_dead(&paths);

        assert!(!dead.exists());
        assert!(alive.exists());
        assert!(starting.exists());
        assert!(folder.path().join("warm").exists());
        drop(held);
    }
}
