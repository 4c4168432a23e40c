//! Cloning a warm folder: large built files are hard links, which cost no time and no space; the rest is copied.
//!
//! Only files that are replaced, never changed in place, may be links: libraries and object files are;
//! manifests, cargo's fingerprints and evcxr's sources are not.
//!
//! The system lets nobody make hard links to another user's files. Readers of a shared set-up get symbolic links:
//! they cost as little, but the warm folder must stay where it is while their kernels run.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::Path;

/// What takes the place of a hard link that can't be made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// A copy, which is as independent as a hard link.
    Copy,
    /// A symbolic link, which breaks when the original goes.
    SymbolicLink,
}

/// Clones a folder. What belongs to evcxr's own crate is left out: it is compiled anew anyway.
pub fn clone_folder(from: &Path, to: &Path, instead: Instead) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let target = to.join(&name);
        let name = name.to_string_lossy();
        let kind = entry.file_type()?;
        if is_left_out(&name) {
            continue;
        }
        if kind.is_dir() {
            clone_folder(&entry.path(), &target, instead)?;
        } else if kind.is_file() {
            match is_replaced_whole(&name) {
                true => link_file(&entry.path(), &target, instead)?,
                false => copy_file(&entry.path(), &target)?,
            }
        }
    }
    Ok(())
}

fn is_left_out(name: &str) -> bool {
    const STARTS: [&str; 4] = ["ctx-", "libctx", "libcode_", "code_"];
    const NAMES: [&str; 6] =
        ["incremental", ".cargo-lock", ".cargo-build-lock", ".cargo-artifact-lock", LOCK_FILE, TEMPORARY];
    // By these cargo only says why it builds something again.
    let explains = name.ends_with(".json") && name != ".rustc_info.json";
    explains || NAMES.contains(&name) || STARTS.iter().any(|start| name.starts_with(start))
}

/// The file that a living kernel holds locked in its clone.
pub const LOCK_FILE: &str = "kernel.lock";

/// The folder in a clone for the temporary files of its cells.
pub const TEMPORARY: &str = "tmp";

fn is_replaced_whole(name: &str) -> bool {
    const ENDS: [&str; 9] = [".rlib", ".rmeta", ".so", ".dylib", ".dll", ".lib", ".a", ".o", ".pdb"];
    let program = !name.contains('.');
    ENDS.iter().any(|end| name.ends_with(end)) || program && name.contains("build")
}

fn link_file(from: &Path, to: &Path, instead: Instead) -> io::Result<()> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    #[cfg(unix)]
    if instead == Instead::SymbolicLink {
        return std::os::unix::fs::symlink(from, to);
    }
    // Another disk, or a file system without links.
    let _ = instead;
    copy_file(from, to)
}

// With the same times, which cargo looks at.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    let about = fs::metadata(from)?;
    let times = FileTimes::new().set_modified(about.modified()?);
    match File::options().write(true).open(to) {
        Ok(file) => file.set_times(times),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_shared_and_the_rest_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        let (warm, clone) = (folder.path().join("warm"), folder.path().join("clone"));
        let put = |name: &str| {
            let path = warm.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "warm").unwrap();
        };
        put("Cargo.toml");
        put("ctx/target/deps/libpolars-1.rlib");
        put("ctx/target/deps/libctx.so");
        put("ctx/target/.cargo-lock");
        put("ctx/target/incremental/a/b");
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        File::options()
            .write(true)
            .open(warm.join("Cargo.toml"))
            .unwrap()
            .set_times(FileTimes::new().set_modified(old))
            .unwrap();

        clone_folder(&warm, &clone, Instead::Copy).unwrap();

        let modified = fs::metadata(clone.join("Cargo.toml")).unwrap().modified();
        assert_eq!(modified.unwrap(), old);
        assert!(clone.join("ctx/target/deps/libpolars-1.rlib").is_file());
        assert!(!clone.join("ctx/target/deps/libctx.so").exists());
        assert!(!clone.join("ctx/target/.cargo-lock").exists());
        assert!(!clone.join("ctx/target/incremental").exists());
        fs::write(clone.join("Cargo.toml"), "changed").unwrap();
        assert_eq!(fs::read_to_string(warm.join("Cargo.toml")).unwrap(), "warm");
    }
}
