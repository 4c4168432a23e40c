//! Is `support` in a workspace built from its sources as they are? Their content decides.
//!
//! Cargo goes by time stamps: after `git stash; git stash pop`, or in a restored cache, it would build `support` again
//! in each kernel, though nothing has changed; and where older files came back, it would not, though all has. So a
//! workspace's stamps are set to say what the contents say.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::kernel::layout;

const CRATE: &str = "support";

/// Says to cargo that `support` was built from the sources as they are.
pub fn keep(workspace: &Path) -> io::Result<()> {
    let now = FileTimes::new().set_modified(SystemTime::now());
    stamps(workspace).into_iter().try_for_each(|file| File::options().write(true).open(file)?.set_times(now))
}

/// Has cargo build `support` again.
pub fn forget(workspace: &Path) -> io::Result<()> {
    layout::fingerprints(workspace, CRATE).into_iter().try_for_each(fs::remove_dir_all)?;
    unlink(workspace)
}

/// Before a build: what cargo is about to write again must not be a link to what other kernels use.
pub fn unlink_changed(workspace: &Path, sources: &Path) -> io::Result<()> {
    let modified = |path: &PathBuf| fs::metadata(path).and_then(|about| about.modified()).ok();
    let built = stamps(workspace).iter().filter_map(modified).min();
    let changed = all_files(sources).iter().filter_map(modified).max();
    if built < changed { unlink(workspace) } else { Ok(()) }
}

fn unlink(workspace: &Path) -> io::Result<()> {
    layout::libraries(workspace, CRATE).into_iter().try_for_each(fs::remove_file)
}

// The files whose time cargo compares with those of the sources.
fn stamps(workspace: &Path) -> Vec<PathBuf> {
    let files = layout::fingerprints(workspace, CRATE).into_iter().flat_map(|folder| layout::entries(&folder));
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
    fn only_support_is_kept_forgotten_and_unlinked() {
        for [ours, other, library, other_library] in [
            [
                ".fingerprint/support-1a/dep-lib-support",
                ".fingerprint/support-macros-1a/dep-lib-support_macros",
                "deps/libsupport.so",
                "deps/libsupport_macros-1.rlib",
            ],
            [
                "build/support/1a/fingerprint/dep-lib-support",
                "build/support-macros/1a/fingerprint/dep-lib-support_macros",
                "build/support/1a/out/libsupport.so",
                "build/support-macros/1a/out/libsupport_macros-1.rlib",
            ],
        ] {
            let folder = tempfile::tempdir().unwrap();
            let sources = folder.path().join("src");
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
            let [ours, other, library, other_library] = [ours, other, library, other_library]
                .map(|name| put(folder.path().join("ctx/target/x86_64/debug").join(name)));
            let source = put(sources.join("plot/mod.rs"));
            let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();

            unlink_changed(folder.path(), &sources).unwrap();
            assert!(library.exists());
            set(&source, old + Duration::from_secs(10));
            keep(folder.path()).unwrap();
            assert!(modified(&ours) > old + Duration::from_secs(500));
            assert_eq!(modified(&other), old);
            unlink_changed(folder.path(), &sources).unwrap();
            assert!(library.exists());

            set(&source, SystemTime::now() + Duration::from_secs(10));
            unlink_changed(folder.path(), &sources).unwrap();
            assert!(!library.exists() && other_library.exists());

            forget(folder.path()).unwrap();
            assert!(!ours.exists() && other.exists());
        }
    }
}
