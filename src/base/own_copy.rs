//! A reader's own copy of the notebooks: for a checkout that somebody else has made and only lets
//! them read, and for a learner whose work a `git pull` must not meet.
//!
//! It keeps the checkout's shape, as cells name the crates by a relative path.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::base::console::say;
use crate::base::folders::entries;
use crate::base::paths::{Paths, is_writable};
use crate::base::stamp::write_whole;

const NAME: &str = "imbalanced-data";

/// The notebooks that this user can save: the checkout's, or a copy of them in the user's home.
///
/// A notebook that is there already stays as it is; one that was deleted comes anew.
pub fn notebooks(paths: &Paths) -> Result<PathBuf> {
    if is_writable(&paths.notebooks()) {
        return Ok(paths.notebooks());
    }
    let copy = in_home()?;
    copy_missing(&paths.notebooks(), &copy.join("notebooks"))?;
    for original in [paths.support(), paths.exercises()] {
        link(&original, &copy.join(original.file_name().unwrap_or_default()))?;
    }
    // For a CSV of the reader's own, where the notebooks look for it.
    let data = copy.join("data");
    fs::create_dir_all(&data).with_context(|| format!("can't make the folder {}", data.display()))?;
    say(format!("{} can't be written: your copy of the notebooks is in {}", paths.repo.display(), copy.display()));
    Ok(copy.join("notebooks"))
}

/// The copy in `work`, which git doesn't see; made, or completed, now. For a checkout that can't be
/// written, the one in the home.
pub fn notebooks_of_class(paths: &Paths) -> Result<PathBuf> {
    if !is_writable(&paths.repo) {
        return notebooks(paths);
    }
    // As deep as the folder of the originals, so that relative paths lead to the same places.
    copy_missing(&paths.notebooks(), &of_class(paths))?;
    say(format!("Your copy of the notebooks is in {}: git doesn't see it", Paths::shown(&of_class(paths))));
    Ok(of_class(paths))
}

/// Where the copy for a class is.
pub fn of_class(paths: &Paths) -> PathBuf {
    paths.repo.join("work")
}

/// The copy that this user has, if there is one.
pub fn existing(paths: &Paths) -> Result<Option<PathBuf>> {
    let copy = if is_writable(&paths.repo) { of_class(paths) } else { in_home()?.join("notebooks") };
    Ok(copy.is_dir().then_some(copy))
}

fn in_home() -> Result<PathBuf> {
    let home =
        std::env::home_dir().context("this user has no home folder for a copy of the notebooks\nTry: set HOME")?;
    Ok(home.join(NAME))
}

fn copy_missing(from: &Path, to: &Path) -> Result<()> {
    let cannot = || format!("can't copy {} to {}", from.display(), to.display());
    fs::create_dir_all(to).with_context(cannot)?;
    for entry in entries(from)? {
        let target = to.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() {
            copy_missing(&entry, &target)?;
        } else if !target.exists() {
            write_whole(&target, &fs::read(entry).with_context(cannot)?)?;
        }
    }
    Ok(())
}

// What is there already is the reader's, unless it is a link to a checkout that has moved.
#[cfg(unix)]
fn link(original: &Path, link: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|old| old != original) {
        fs::remove_file(link).with_context(|| format!("can't remove {}", link.display()))?;
    }
    match fs::symlink_metadata(link) {
        Ok(_) => Ok(()),
        Err(_) => std::os::unix::fs::symlink(original, link)
            .with_context(|| format!("can't make the link {}", link.display())),
    }
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_has_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("en")).unwrap();
        fs::write(from.join("en/01.ipynb"), "one").unwrap();
        fs::write(from.join("en/02.ipynb"), "two").unwrap();
        copy_missing(&from, &to).unwrap();
        fs::write(to.join("en/01.ipynb"), "mine").unwrap();
        fs::remove_file(to.join("en/02.ipynb")).unwrap();
        copy_missing(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("en/01.ipynb")).unwrap(), "mine");
        assert_eq!(fs::read_to_string(to.join("en/02.ipynb")).unwrap(), "two");
    }

    #[test]
    fn the_copy_of_a_class_is_as_deep_as_the_notebooks() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::in_one(folder.path());
        let exercise = "en/exercises/02_baseline.ipynb";
        let given = paths.notebooks().join(exercise);
        fs::create_dir_all(given.parent().unwrap()).unwrap();
        fs::create_dir_all(paths.support()).unwrap();
        fs::write(&given, "given").unwrap();
        assert_eq!(existing(&paths).unwrap(), None);
        let copy = notebooks_of_class(&paths).unwrap();
        assert_eq!(existing(&paths).unwrap(), Some(copy.clone()));
        let own = copy.join(exercise);
        assert!(own.parent().unwrap().join("../../../support").is_dir());
        fs::write(&own, "mine").unwrap();
        fs::write(&given, "given anew by a pull").unwrap();
        notebooks_of_class(&paths).unwrap();
        assert_eq!(fs::read_to_string(own).unwrap(), "mine");
    }

    #[test]
    fn a_link_follows_the_checkout() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("support");
        for original in ["/old", "/new", "/new"] {
            link(Path::new(original), &at).unwrap();
            assert_eq!(fs::read_link(&at).unwrap(), Path::new(original));
        }
    }
}
