//! Cloning a warm folder: large built files are hard links, which cost no time and no space; the rest is copied.
//!
//! Only files that are replaced, never changed in place, may be links ([`layout::is_replaced`]): what cargo writes about a
//! build, what build scripts make, manifests and evcxr's sources are not. The originals of links are read-only, so that
//! a write in place is an error. The small library of the exercises is copied, too: a kernel whose cells find its source
//! changed builds it again in place.
//!
//! The system lets nobody make hard links to another user's files. Readers of a shared set-up get symbolic links:
//! they cost as little, but the warm folder must stay where it is while their kernels run.

use std::fs::{self, File, FileTimes, Permissions};
use std::io;
use std::path::Path;

use crate::kernel::layout;

/// What becomes of the files that may be links.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Large {
    /// Copies.
    Copy,
    /// Hard links; copies where there are none.
    HardLink,
    /// Hard links; symbolic links, which break when the original goes, where there are none.
    AnyLink,
}

/// Clones a folder. What belongs to evcxr's own crate is left out: it is compiled anew anyway.
pub fn clone_folder(from: &Path, to: &Path, large: Large) -> io::Result<()> {
    for_each_file(from, &mut |file, name| {
        let target = to.join(name);
        match may_be_link(name) {
            true => link_file(file, &target, large),
            false => copy_file(file, &target),
        }
    })
}

/// Lets nobody write what clones will be linked to.
pub fn protect(folder: &Path) -> io::Result<()> {
    for_each_file(folder, &mut |file, name| match may_be_link(name) {
        true => set_writable(file, false),
        false => Ok(()),
    })
}

// Calls with the path of each file that belongs to a clone, and with its name below the folder.
fn for_each_file(folder: &Path, act: &mut impl FnMut(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
    fn walk(top: &Path, folder: &Path, act: &mut impl FnMut(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if is_left_out(&entry.file_name().to_string_lossy()) {
                continue;
            }
            if kind.is_dir() {
                walk(top, &path, act)?;
            } else if kind.is_file() {
                act(&path, path.strip_prefix(top).unwrap_or(&path))?;
            }
        }
        Ok(())
    }
    walk(folder, folder, act)
}

fn is_left_out(name: &str) -> bool {
    const STARTS: [&str; 4] = ["ctx-", "libctx", "libcode_", "code_"];
    const NAMES: [&str; 6] =
        ["incremental", ".cargo-lock", ".cargo-build-lock", ".cargo-artifact-lock", LOCK_FILE, TEMPORARY];
    // By these cargo only says why it builds something again.
    let explains = name.ends_with(".json") && ![".rustc_info.json", "built-with.json"].contains(&name);
    explains || NAMES.contains(&name) || STARTS.iter().any(|start| name.starts_with(start))
}

/// The file that a living kernel holds locked in its clone.
pub const LOCK_FILE: &str = "kernel.lock";

/// The folder in a clone for the temporary files of its cells.
pub const TEMPORARY: &str = "tmp";

fn may_be_link(name: &Path) -> bool {
    let is_exercises = name.file_name().is_some_and(|file| file.to_string_lossy().starts_with("libexercises"));
    layout::is_replaced(name) && !is_exercises
}

fn link_file(from: &Path, to: &Path, large: Large) -> io::Result<()> {
    make_parent(to)?;
    if large != Large::Copy && fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    #[cfg(unix)]
    if large == Large::AnyLink {
        return std::os::unix::fs::symlink(from, to);
    }
    // Another disk, or a file system without links.
    copy_file(from, to)
}

// With the same times, which cargo looks at; and writable, as the copy is nobody else's.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    make_parent(to)?;
    fs::copy(from, to)?;
    set_writable(to, true)?;
    let times = FileTimes::new().set_modified(fs::metadata(from)?.modified()?);
    File::options().write(true).open(to)?.set_times(times)
}

fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

#[cfg(unix)]
fn set_writable(file: &Path, writable: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(file)?.permissions().mode();
    let wanted = if writable { mode | 0o200 } else { mode & !0o222 };
    if mode == wanted { Ok(()) } else { fs::set_permissions(file, Permissions::from_mode(wanted)) }
}

// A read-only file can't be removed everywhere.
#[cfg(not(unix))]
fn set_writable(file: &Path, writable: bool) -> io::Result<()> {
    let mut permissions: Permissions = fs::metadata(file)?.permissions();
    if writable && permissions.readonly() {
        permissions.set_readonly(false);
        fs::set_permissions(file, permissions)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    const BUILT: &str = "ctx/target/x86_64/debug";

    // Of cargo's files, in both its layouts: is it shared by clones?
    const FILES: [(&str, bool); 17] = [
        ("deps/libpolars-1.rlib", true),
        ("deps/libsupport.so", true),
        ("deps/libexercises-1.rmeta", false),
        ("deps/polars-1.d", false),
        (".fingerprint/psm-1/run-build-script-build-script-build", false),
        ("build/psm-1/output", false),
        ("build/psm-1/out/psm.o", false),
        ("../../debug/build/psm-2/build-script-build", true),
        ("../../debug/build/psm-2/build_script_build-2.d", false),
        ("build/polars/1f/out/libpolars-1f.rlib", true),
        ("build/polars/1f/out/polars-1f.d", false),
        ("build/polars/1f/fingerprint/lib-polars", false),
        ("build/psm/2f/out/psm.o", false),
        ("build/psm/2f/run/stdout", false),
        ("../../debug/build/psm/3f/out/build_script_build", true),
        ("libsupport.so", true),
        ("../../../../Cargo.toml", false),
    ];

    // It is compiled anew anyway.
    const OF_EVCXR: [&str; 5] = [
        "deps/libctx.so",
        "libctx.so",
        ".cargo-lock",
        "incremental/a/b",
        ".fingerprint/psm-1/run-build-script-build-script-build.json",
    ];

    fn warm(folder: &Path) {
        for name in FILES.iter().map(|(name, _)| name).chain(&OF_EVCXR).chain(&["../../../../built-with.json"]) {
            let path = folder.join(BUILT).join(name);
            for parent in [folder.join(BUILT).as_path(), path.parent().unwrap()] {
                fs::create_dir_all(parent).unwrap();
            }
            fs::write(path, "warm").unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn libraries_and_programs_are_shared_and_nothing_else() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("warm"), folder.path().join("clone"));
        warm(&from);
        clone_folder(&from, &to, Large::HardLink).unwrap();
        let inode = |folder: &Path, name: &str| fs::metadata(folder.join(name)).unwrap().ino();
        for (name, shared) in FILES {
            let name = format!("{BUILT}/{name}");
            assert_eq!(inode(&from, &name) == inode(&to, &name), shared, "{name}");
        }
    }

    #[test]
    fn evcxr_s_own_crate_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("warm"), folder.path().join("clone"));
        warm(&from);
        clone_folder(&from, &to, Large::HardLink).unwrap();
        for name in OF_EVCXR {
            assert!(!to.join(BUILT).join(name).exists(), "{name}");
        }
        assert!(to.join("built-with.json").is_file());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_shared_is_read_only_and_a_copy_of_it_is_not() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("warm"), folder.path().join("copy"));
        warm(&from);
        protect(&from).unwrap();
        let may_write = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o222 != 0;
        let library = Path::new(BUILT).join("deps/libpolars-1.rlib");
        assert!(!may_write(&from.join(&library)));
        assert!(may_write(&from.join("Cargo.toml")));
        clone_folder(&from, &to, Large::Copy).unwrap();
        assert!(may_write(&to.join(&library)));
        fs::write(to.join(&library), "changed").unwrap();
        assert_eq!(fs::read_to_string(from.join(&library)).unwrap(), "warm");
    }

    #[test]
    fn copies_keep_their_times() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("warm"), folder.path().join("clone"));
        warm(&from);
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let times = FileTimes::new().set_modified(old);
        File::options().write(true).open(from.join("Cargo.toml")).unwrap().set_times(times).unwrap();
        clone_folder(&from, &to, Large::Copy).unwrap();
        assert_eq!(fs::metadata(to.join("Cargo.toml")).unwrap().modified().unwrap(), old);
        fs::write(to.join("Cargo.toml"), "changed").unwrap();
        assert_eq!(fs::read_to_string(from.join("Cargo.toml")).unwrap(), "warm");
    }
}
