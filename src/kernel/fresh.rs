//! Is `support` in a workspace built from its sources as they are? Their content decides.
//!
//! Cargo goes by time stamps: after `git stash; git stash pop`, or in a restored cache, it would build `support` again
//! in each kernel, though nothing has changed; and where older files came back, it would not, though all has. So a
//! workspace's stamps are set to say what the contents say.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::kernel::workspace::crate_folder;

const CRATE: &str = "support";

/// Says to cargo that `support` was built from the sources as they are.
pub fn keep(workspace: &Path) -> io::Result<()> {
    let now = FileTimes::new().set_modified(SystemTime::now());
    for file in fingerprints(workspace).iter().flat_map(|folder| files_in(folder)) {
        if name_of(&file).starts_with("dep-") {
            File::options().write(true).open(file)?.set_times(now)?;
        }
    }
    Ok(())
}

/// Has cargo build `support` again.
pub fn forget(workspace: &Path) -> io::Result<()> {
    for folder in fingerprints(workspace) {
        fs::remove_dir_all(folder)?;
    }
    unlink(workspace)
}

/// Before a build: what cargo is about to write again must not be a link to what other kernels use.
pub fn unlink_changed(workspace: &Path, sources: &Path) -> io::Result<()> {
    let modified = |path: &Path| fs::metadata(path).and_then(|about| about.modified()).ok();
    let built = fingerprints(workspace)
        .iter()
        .flat_map(|folder| files_in(folder))
        .filter(|file| name_of(file).starts_with("dep-"))
        .filter_map(|file| modified(&file))
        .min();
    let changed = all_files(sources).iter().filter_map(|file| modified(file)).max();
    if built < changed { unlink(workspace) } else { Ok(()) }
}

// The library's name has no hash, so each build writes it to the same place.
fn unlink(workspace: &Path) -> io::Result<()> {
    for file in build_folders(workspace).iter().flat_map(|folder| files_in(&folder.join("deps"))) {
        let name = name_of(&file);
        if name.starts_with(&format!("lib{CRATE}.")) || name.starts_with(&format!("{CRATE}.")) {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}

// `target/debug`, and `target/HOST/debug`.
fn build_folders(workspace: &Path) -> Vec<PathBuf> {
    let target = crate_folder(workspace).join("target");
    let hosts = files_in(&target);
    hosts.into_iter().chain([target]).map(|folder| folder.join("debug")).filter(|folder| folder.is_dir()).collect()
}

fn fingerprints(workspace: &Path) -> Vec<PathBuf> {
    let all = build_folders(workspace).into_iter().flat_map(|folder| files_in(&folder.join(".fingerprint")));
    all.filter(|folder| name_of(folder).rsplit_once('-').is_some_and(|(name, _)| name == CRATE)).collect()
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn all_files(path: &Path) -> Vec<PathBuf> {
    match path.is_dir() {
        true => files_in(path).iter().flat_map(|path| all_files(path)).collect(),
        false => vec![path.to_owned()],
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_support_is_kept_forgotten_and_unlinked() {
        let folder = tempfile::tempdir().unwrap();
        let built = folder.path().join("ctx/target/x86_64/debug");
        let sources = folder.path().join("src");
        let old = SystemTime::now() - Duration::from_secs(1000);
        let put = |path: PathBuf| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let file = File::create(&path).unwrap();
            file.set_times(FileTimes::new().set_modified(old)).unwrap();
            path
        };
        let ours = put(built.join(".fingerprint/support-1a/dep-lib-support"));
        let other = put(built.join(".fingerprint/support-macros-1a/dep-lib-support_macros"));
        let library = put(built.join("deps/libsupport.so"));
        put(built.join("deps/libsupport_macros-1.rlib"));
        let source = put(sources.join("plot/mod.rs"));
        let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();

        unlink_changed(folder.path(), &sources).unwrap();
        assert!(library.exists());
        let later = FileTimes::new().set_modified(old + Duration::from_secs(10));
        File::options().write(true).open(&source).unwrap().set_times(later).unwrap();
        keep(folder.path()).unwrap();
        assert!(modified(&ours) > old + Duration::from_secs(500));
        assert_eq!(modified(&other), old);
        unlink_changed(folder.path(), &sources).unwrap();
        assert!(library.exists());

        let now = FileTimes::new().set_modified(SystemTime::now() + Duration::from_secs(10));
        File::options().write(true).open(&source).unwrap().set_times(now).unwrap();
        unlink_changed(folder.path(), &sources).unwrap();
        assert!(!library.exists());
        assert!(built.join("deps/libsupport_macros-1.rlib").exists());

        forget(folder.path()).unwrap();
        assert!(!ours.exists());
        assert!(other.exists());
    }
}
