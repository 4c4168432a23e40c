//! Locks on files, so that two launchers don't set up the same folder, and what a living kernel
//! uses isn't removed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;

use anyhow::{Context, Result};

/// Held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock; calls `on_wait` first when another process has it.
    pub fn exclusive(path: &Path, on_wait: impl FnOnce()) -> Result<Self> {
        if let Some(lock) = Self::try_exclusive(path)? {
            return Ok(lock);
        }
        on_wait();
        let file = open(path)?;
        file.lock().with_context(|| cannot_lock(path))?;
        Ok(Self { _file: file })
    }

    /// Waits for a lock that many may hold at once, while nobody has it exclusively.
    pub fn shared(path: &Path) -> Result<Self> {
        // A reader of somebody else's set-up may lock what it can't write.
        let file = File::open(path).or_else(|_| open(path))?;
        file.lock_shared().with_context(|| cannot_lock(path))?;
        Ok(Self { _file: file })
    }

    /// Does another process have it, as far as this user can tell?
    pub fn is_held(path: &Path) -> bool {
        let file = File::open(path);
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Takes the lock if nobody has it.
    pub fn try_exclusive(path: &Path) -> Result<Option<Self>> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| cannot_lock(path)),
        }
    }
}

fn open(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
    }
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .with_context(|| format!("can't write {}", path.display()))
}

fn cannot_lock(path: &Path) -> String {
    format!("can't lock {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/lock");
        let held = Lock::exclusive(&path, || panic!("nobody has it")).unwrap();
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
        drop(held);
        assert!(Lock::try_exclusive(&path).unwrap().is_some());
    }
}
