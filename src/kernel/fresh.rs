//! Are our crates in a workspace built from their sources as they are? Their content decides.
//!
//! Cargo goes by time stamps: after `git stash; git stash pop`, or in a restored cache, it would build `support` again
//! in each kernel, though nothing has changed; and where older files came back, it would not, though all has. So a
//! workspace's stamps are set to say what the contents say.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::kernel::inputs::CRATES;
use crate::kernel::layout;

/// Says to cargo that they were built from the sources as they are.
pub fn keep(workspace: &Path) -> io::Result<()> {
    let now = FileTimes::new().set_modified(SystemTime::now());
    let files = CRATES.iter().flat_map(|(package, _)| stamps(workspace, package));
    files.into_iter().try_for_each(|file| File::options().write(true).open(file)?.set_times(now))
}

/// Has cargo build them again.
pub fn forget(workspace: &Path) -> io::Result<()> {
    for (package, _) in CRATES {
        layout::fingerprints(workspace, package).into_iter().try_for_each(fs::remove_dir_all)?;
    }
    unlink(workspace, &CRATES)
}

/// Before a build: what cargo is about to write again must not be a link to what other kernels use.
pub fn unlink_changed(workspace: &Path, support: &Path) -> io::Result<()> {
    let modified = |path: &PathBuf| fs::metadata(path).and_then(|about| about.modified()).ok();
    let is_changed = |(package, folder): &(&str, &str)| {
        let built = stamps(workspace, package).iter().filter_map(modified).min();
        let changed = all_files(&support.join(folder).join("src")).iter().filter_map(modified).max();
        built.is_some_and(|built| Some(built) < changed)
    };
    // Those that use a changed one are built again too.
    let first = CRATES.iter().position(is_changed).unwrap_or(CRATES.len());
    unlink(workspace, &CRATES[first..])
}

fn unlink(workspace: &Path, crates: &[(&str, &str)]) -> io::Result<()> {
    let files = crates.iter().flat_map(|(package, _)| layout::libraries(workspace, package));
    files.into_iter().try_for_each(fs::remove_file)
}

// The files whose time cargo compares with those of the sources.
fn stamps(workspace: &Path, package: &str) -> Vec<PathBuf> {
    let files = layout::fingerprints(workspace, package).into_iter().flat_map(|folder| layout::entries(&folder));
    files.filter(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("dep-"))).collect()
}

fn all_files(path: &Path) -> Vec<PathBuf> {
    match path.is_dir() {
        true => layout::entries(path).iter().flat_map(|path| all_files(path)).collect(),
        false => vec![path.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_our_crates_are_kept_forgotten_and_unlinked() {
        for files in [
            [
                ".fingerprint/plot-1a/dep-lib-plot",
                ".fingerprint/support-1a/dep-lib-support",
                ".fingerprint/support-macros-1a/dep-lib-support_macros",
                ".fingerprint/learn-1a/dep-lib-learn",
                "deps/libplot-1a.rlib",
                "deps/libsupport.so",
                "deps/libsupport_macros-1.rlib",
                "deps/liblearn-1a.rlib",
            ],
            [
                "build/plot/1a/fingerprint/dep-lib-plot",
                "build/support/1a/fingerprint/dep-lib-support",
                "build/support-macros/1a/fingerprint/dep-lib-support_macros",
                "build/learn/1a/fingerprint/dep-lib-learn",
                "build/plot/1a/out/libplot-1a.rlib",
                "build/support/1a/out/libsupport.so",
                "build/support-macros/1a/out/libsupport_macros-1.rlib",
                "build/learn/1a/out/liblearn-1a.rlib",
            ],
        ] {
            let folder = tempfile::tempdir().unwrap();
            let support = folder.path().join("support");
            let old = SystemTime::now() - Duration::from_secs(1000);
            let set = |path: &Path, time: SystemTime| {
                let file = File::options().write(true).open(path).unwrap();
                file.set_times(FileTimes::new().set_modified(time)).unwrap();
            };
            let put = |path: PathBuf| {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                File::create(&path).unwrap();
                set(&path, old);
                path
            };
            let [ours, users, other, used, library, users_library, other_library, used_library] =
                files.map(|name| put(folder.path().join("ctx/target/x86_64/debug").join(name)));
            put(support.join("src/lib.rs"));
            let source = put(support.join("plot/src/lines/mod.rs"));
            let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();

            unlink_changed(folder.path(), &support).unwrap();
            assert!(library.exists());
            set(&source, old + Duration::from_secs(10));
            keep(folder.path()).unwrap();
            assert!([&ours, &users, &used].iter().all(|file| modified(file) > old + Duration::from_secs(500)));
            assert_eq!(modified(&other), old);
            unlink_changed(folder.path(), &support).unwrap();
            assert!(library.exists());

            set(&source, SystemTime::now() + Duration::from_secs(10));
            unlink_changed(folder.path(), &support).unwrap();
            assert!(!library.exists() && !users_library.exists());
            assert!(other_library.exists() && used_library.exists());

            forget(folder.path()).unwrap();
            assert!(!ours.exists() && !users.exists() && !used.exists() && other.exists());
        }
    }
}
