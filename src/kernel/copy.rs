//! Copies of what is built, of which cargo knows what it need not build again: by the times of
//! files.

use std::fs::{self, File, FileTimes};
use std::path::Path;
use std::time::SystemTime;

use anyhow::Result;

use super::inputs::CRATES;
use super::moved;
use super::warm::{IN_USE, RECORD};
use super::workspace::crate_folder;
use crate::base::folders::{entries, files, name_of};

/// Copies a folder with the times of its files; without what is of cells, as a kernel has loaded
/// its own. What rustc never writes twice, most of it, is linked.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    const OF_CELLS: [&str; 4] = ["libctx", "libcode_", "code_", "ctx-"];
    fs::create_dir_all(to)?;
    for path in entries(from)? {
        let (name, target) = (name_of(&path), to.join(name_of(&path)));
        if [IN_USE, RECORD, moved::NAMES].contains(&name) || OF_CELLS.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &target)?;
            continue;
        }
        // Of a copy that was stopped: it may be linked, and what is written into it would be in the
        // first one, too.
        let _ = fs::remove_file(&target);
        if !(is_for_good(&path) && fs::hard_link(&path, &target).is_ok()) {
            fs::copy(&path, &target)?;
            make_writable(&target)?;
            let times = FileTimes::new().set_modified(fs::metadata(&path)?.modified()?);
            File::options().write(true).open(&target)?.set_times(times)?;
        }
    }
    Ok(())
}

// A registry's crate, which rustc writes under another name and renames; or what it keeps of one of
// our crates' functions, and links itself from each of its runs to the next. Never what says by its
// time what is built.
fn is_for_good(file: &Path) -> bool {
    let name = name_of(file);
    let is_ours = CRATES.iter().any(|ours| {
        let rest = name.strip_prefix("lib").and_then(|name| name.strip_prefix(ours));
        rest.is_some_and(|rest| rest.starts_with(['-', '.']))
    });
    let is_library = name.starts_with("lib") && (name.ends_with(".rlib") || name.ends_with(".rmeta"));
    (is_library && !is_ours) || name.ends_with(".o")
}

/// Copies a warm folder's libraries into a kernel's own folder, for cargo, which is told which of
/// our crates have changed.
pub fn take_libraries(warm: &Path, workspace: &Path, changed: &[&str]) -> Result<()> {
    let taken = workspace.join("libraries-taken");
    if !taken.exists() {
        copy(&crate_folder(warm).join("target"), &crate_folder(workspace).join("target"))?;
        fs::write(taken, "")?;
    }
    set_stamps(workspace, changed)
}

/// Tells cargo which of our crates have changed, whatever the time stamps of their sources say:
/// after `git stash; git stash pop` it would build them all again, and where older files came back,
/// none.
pub fn set_stamps(workspace: &Path, changed: &[&str]) -> Result<()> {
    let now = FileTimes::new().set_modified(SystemTime::now());
    // In both of cargo's layouts this is the file whose time it compares, wherever it lies.
    let stamps = CRATES.map(|name| (name, format!("dep-lib-{name}")));
    for file in files(&crate_folder(workspace).join("target")) {
        match stamps.iter().find(|(_, stamp)| name_of(&file) == stamp) {
            Some((name, _)) if changed.contains(name) => fs::remove_file(file)?,
            Some(_) => File::options().write(true).open(file)?.set_times(now)?,
            None => {}
        }
    }
    Ok(())
}

// Those of somebody else's set-up may be for nobody to write.
#[cfg(unix)]
fn make_writable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(file)?.permissions().mode();
    Ok(fs::set_permissions(file, fs::Permissions::from_mode(mode | 0o200))?)
}

#[cfg(not(unix))]
fn make_writable(file: &Path) -> Result<()> {
    let mut permissions = fs::metadata(file)?.permissions();
    permissions.set_readonly(false);
    Ok(fs::set_permissions(file, permissions)?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::stamp::write_whole;

    fn put(path: &Path, text: &str) {
        write_whole(path, text.as_bytes()).unwrap();
        let old = FileTimes::new().set_modified(SystemTime::now() - Duration::from_secs(1000));
        File::options().write(true).open(path).unwrap().set_times(old).unwrap();
    }

    fn age(path: &Path) -> u64 {
        fs::metadata(path).unwrap().modified().unwrap().elapsed().unwrap_or_default().as_secs()
    }

    #[test]
    fn of_our_crates_those_that_have_changed_are_built_again() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("ctx/target/x86_64/debug");
        let [changed, kept, other] = [
            ".fingerprint/support-1a/dep-lib-support",
            "build/learn/1a/fingerprint/dep-lib-learn",
            "dep-lib-support_macros",
        ]
        .map(|name| target.join(name));
        for path in [&changed, &kept, &other] {
            put(path, "");
        }
        set_stamps(folder.path(), &["support"]).unwrap();
        assert!(!changed.exists() && age(&kept) < 500 && age(&other) >= 1000);
    }

    #[test]
    fn a_copy_has_the_same_times_and_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        put(&from.join("deps/libsupport.so"), "built");
        put(&from.join("deps/libpolars-1a.rlib"), "built");
        let left_out = [IN_USE, "deps/libctx.so", "libcode_1.so"];
        for name in left_out {
            put(&from.join(name), "");
        }
        let mut permissions = fs::metadata(from.join("deps/libsupport.so")).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(from.join("deps/libsupport.so"), permissions).unwrap();
        // The second goes on where one was stopped.
        copy(&from, &to).unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(from.join("deps/libpolars-1a.rlib")).unwrap(), "built");
        assert!(["libpolars-1a.rlib", "libpolars.rmeta", "0a.o"].iter().all(|name| is_for_good(Path::new(name))));
        assert!(
            !["liblearn-1a.rlib", "libsupport.so", "dep-lib-polars"].iter().any(|name| is_for_good(Path::new(name)))
        );
        assert_eq!(fs::read_to_string(to.join("deps/libpolars-1a.rlib")).unwrap(), "built");
        assert!(age(&to.join("deps/libsupport.so")) >= 1000);
        assert!(left_out.iter().all(|name| !to.join(name).exists()));
        fs::write(to.join("deps/libsupport.so"), "built again").unwrap();
        assert_eq!(fs::read_to_string(from.join("deps/libsupport.so")).unwrap(), "built");
    }
}
