//! The warm folder: all libraries of the cells, built once; every kernel compiles its cells against
//! it.
//!
//! It is named by what it is made from, so a changed crate is built into another folder, never over
//! one that a living kernel uses. `warm.json` in it says from what, and with what; the one beside
//! it is that of the last. With another compiler, or another value of one of some
//! [variables](super::build_variables), cargo would build all of it again wherever a kernel needs
//! cargo. Kernels hold a lock on theirs; those that nobody holds any more are removed.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::answers;
use super::build_variables::{changes_the_build, watched_in};
use super::copy::{copy, set_stamps};
use super::inputs::Recipe;
use super::rust::Rust;
use super::workspace::{self, crate_folder};
use crate::base::builds::cargo_home;
use crate::base::console::tell;
use crate::base::folders::{entries, name_of};
use crate::base::lock::Lock;
use crate::base::paths::Paths;
use crate::base::process::command;
use crate::base::stamp::{make_whole, write_whole};

/// The file in it, and beside it, that says what it is.
pub const RECORD: &str = "warm.json";
/// The file in it that kernels hold locked.
pub const IN_USE: &str = "in-use.lock";
const BUILDING: &str = "warm.lock";

/// A whole warm folder, and what it was built with.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Warm {
    /// Where it is.
    #[serde(skip)]
    pub folder: PathBuf,
    /// Its name there.
    pub name: String,
    /// What it is made from.
    pub recipe: Recipe,
    /// The compiler.
    pub rust: Rust,
    /// Cargo's folder with the sources of the crates.
    cargo_home: Option<PathBuf>,
    /// The variables that build scripts look at; none where one wasn't set.
    variables: BTreeMap<String, Option<String>>,
}

impl Warm {
    /// The one that was built last: of somebody else's set-up by its owner, or by a kernel of this
    /// reader's.
    pub fn last(paths: &Paths) -> Option<Self> {
        // Without somebody else both are the same folder, and the second is without links.
        let mut places = [paths.builds.clone(), paths.kernels()];
        places.sort_by_key(|place| fs::metadata(place.join(RECORD)).and_then(|about| about.modified()).ok());
        places.iter().rev().find_map(|place| Self::last_in(place))
    }

    /// The one that is made from everything as it is now, by this compiler; or else by the one that
    /// it was built with.
    pub fn fitting(paths: &Paths, rust: Option<&Rust>) -> Option<Self> {
        let last = Self::last(paths);
        let recipe = Recipe::now(paths, rust.or(last.as_ref().map(|last| &last.rust))?).ok()?;
        let made = [paths.kernels(), paths.builds.clone()].map(|place| place.join(recipe.folder_name()));
        made.iter().filter_map(|folder| Self::in_folder(folder)).find(|warm| warm.recipe == recipe)
    }

    /// The one in this folder.
    pub fn in_folder(folder: &Path) -> Option<Self> {
        Self::read(folder, |_| folder.to_owned())
    }

    fn last_in(place: &Path) -> Option<Self> {
        Self::read(place, |name| place.join(name))
    }

    fn read(place: &Path, folder: impl FnOnce(&str) -> PathBuf) -> Option<Self> {
        let mut warm: Self = serde_json::from_str(&fs::read_to_string(place.join(RECORD)).ok()?).ok()?;
        warm.folder = folder(&warm.name);
        warm.is_whole().then_some(warm)
    }

    /// Is it still there?
    pub fn is_whole(&self) -> bool {
        self.folder.join("Cargo.toml").is_file()
    }

    fn record(&self, folder: &Path) -> Result<()> {
        write_whole(&folder.join(RECORD), serde_json::to_string_pretty(self)?.as_bytes())
    }

    /// Keeps it from being removed while the lock is held; none when it was removed before.
    pub fn hold(&self) -> Option<Lock> {
        let lock = Lock::shared(&self.folder.join(IN_USE)).inspect_err(|error| tell(format!("{error:#}"))).ok()?;
        self.is_whole().then_some(lock)
    }

    /// Have only the sources of our crates changed since, if anything?
    pub fn has_same_libraries(&self, paths: &Paths) -> bool {
        Recipe::now(paths, &self.rust).is_ok_and(|now| now.ground == self.recipe.ground)
    }

    /// Gives a kernel what it was built with.
    pub fn give(&self, kernel: &mut Command) {
        for (name, value) in &self.variables {
            match value {
                Some(value) => kernel.env(name, value),
                None => kernel.env_remove(name),
            };
        }
        if let Some(home) = self.cargo_home.as_ref().filter(|home| home.is_dir()) {
            kernel.env("CARGO_HOME", home);
        }
    }
}

/// Builds one from everything as it is now, unless that is there. `run` runs cargo, with a log;
/// `check` sees the folder before it is taken for whole, unless only our crates are others than in
/// the last one.
///
/// It is made beside the last one, from its files or those of a build that was stopped, so a kernel
/// may start at any time meanwhile, and a killed build goes on where it stopped.
pub fn build(
    paths: &Paths,
    rust: &Rust,
    mut run: impl FnMut(&mut Command, &Path) -> Result<()>,
    check: impl FnOnce(&Path) -> Result<()>,
) -> Result<Warm> {
    let place = paths.kernels();
    let _lock = Lock::exclusive(&place.join(BUILDING), || tell("waits for another build of the same libraries"))?;
    if let Some(warm) = Warm::fitting(paths, Some(rust)) {
        // Not the last one, where a change was taken back that a kernel goes on with.
        if warm.folder.starts_with(&place) {
            warm.record(&place)?;
        }
        return Ok(warm);
    }
    let next = place.join("warm-next");
    let cannot = || format!("can't make {}", next.display());
    let last = Warm::last(paths);
    let mut made_from = None;
    make_whole(&next, |part| {
        fs::create_dir_all(part)?;
        made_from = last.as_ref().map(|last| last.recipe.clone());
        last.as_ref().map_or(Ok(()), |last| copy(&last.folder, part))
    })
    .with_context(cannot)?;
    // One that was built, but not tried yet; of one that was stopped nobody knows.
    made_from = made_from.or_else(|| Some(Warm::in_folder(&next)?.recipe));
    let _ = fs::remove_file(next.join(RECORD));
    workspace::write(&next, paths)?;
    let (recipe, like, cargo) = loop {
        let recipe = Recipe::now(paths, rust)?;
        set_stamps(&next, &recipe.changed_since(made_from.as_ref())).with_context(cannot)?;
        // With the same libraries it is built as they were, whatever is set in this terminal.
        let has_ground = |of: &Recipe| of.ground == recipe.ground;
        let like = last.as_ref().filter(|last| has_ground(&last.recipe) && made_from.as_ref().is_none_or(has_ground));
        answers::forget(&next, made_from.is_some() && like.is_some()).with_context(cannot)?;
        let mut cargo = cargo(&next, paths, rust)?;
        if let Some(like) = like {
            like.give(&mut cargo);
        }
        run(&mut cargo, &paths.log("warm")).context(
            "can't build the notebooks' libraries; `cargo build -p exercises` tells whether our crates compile",
        )?;
        // What changes while cargo reads it may be in the build or not.
        if Recipe::now(paths, rust)? == recipe {
            break (recipe, like, cargo);
        }
        made_from = Some(recipe);
    };
    let is_other = like.is_none();
    let (cargo_home, variables) = match like {
        Some(like) => (like.cargo_home.clone(), like.variables.clone()),
        None => (cargo_home(), watched_in(&crate_folder(&next).join("target"), &cargo)?),
    };
    let name = recipe.folder_name();
    let warm = Warm { folder: place.join(&name), name, recipe, rust: rust.clone(), cargo_home, variables };
    write_whole(&next.join(IN_USE), b"")?;
    warm.record(&next)?;
    if is_other {
        check(&next)?;
    }
    let cannot = || format!("can't put {} in place", warm.folder.display());
    if warm.folder.exists() {
        fs::remove_dir_all(&warm.folder).with_context(cannot)?; // not whole: else it was used again
    }
    fs::rename(&next, &warm.folder).with_context(cannot)?;
    warm.record(&place)?;
    Ok(warm)
}

/// Removes those that were not built last and that no kernel uses.
pub fn remove_unused(paths: &Paths) {
    let place = paths.kernels();
    // Not while one is being put in place.
    let Ok(Some(_lock)) = Lock::try_exclusive(&place.join(BUILDING)) else {
        return;
    };
    let last = Warm::last_in(&place).map(|warm| warm.folder);
    for folder in entries(&place).unwrap_or_default() {
        let name = name_of(&folder);
        if (name.starts_with("warm") && name != "warm-next" && folder.is_dir())
            && Some(&folder) != last.as_ref()
            && let Ok(Some(_unused)) = Lock::try_exclusive(&folder.join(IN_USE))
        {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

// Builds our crates, and what they use, as evcxr does for a cell that names them: built otherwise,
// with another flag or for another target, they would be of no use to cells.
fn cargo(workspace: &Path, paths: &Paths, rust: &Rust) -> Result<Command> {
    let crates = [("support", paths.support()), ("exercises", paths.exercises())];
    workspace::write_crate(workspace, &crates)?;
    let mut cargo = command(rust.program("cargo"));
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(changes_the_build)) {
        cargo.env_remove(name);
    }
    cargo
        .args(["build", "--target", &rust.host])
        .args(crates.iter().flat_map(|(name, _)| ["--package", name]))
        .current_dir(crate_folder(workspace))
        .env("CARGO_TARGET_DIR", "target")
        .env("CARGO_BUILD_BUILD_DIR", "target")
        .env("RUSTC", rust.program("rustc"))
        .env("RUSTFLAGS", "-Cprefer-dynamic");
    Ok(cargo)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::time::{Duration, SystemTime};

    use super::*;

    fn some_warm() -> Warm {
        let variables = [("NO_SUCH_CC", None), ("CFLAGS", Some("-O1"))];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).into();
        let recipe = Recipe { ground: String::new(), crates: BTreeMap::new() };
        let (folder, name, rust) = (PathBuf::new(), "warm-1".to_owned(), Rust::default());
        Warm { folder, name, recipe, rust, cargo_home: None, variables }
    }

    #[test]
    fn a_kernel_gets_what_it_was_built_with() {
        let mut kernel = Command::new("kernel");
        kernel.env("NO_SUCH_CC", "other").env("CFLAGS", "other");
        some_warm().give(&mut kernel);
        let given: BTreeMap<_, _> = kernel.get_envs().collect();
        assert_eq!(given[OsStr::new("NO_SUCH_CC")], None);
        assert_eq!(given[OsStr::new("CFLAGS")], Some(OsStr::new("-O1")));
    }

    #[test]
    fn the_last_one_is_the_owner_s_or_the_reader_s() {
        let folder = tempfile::tempdir().unwrap();
        let [owner_s, reader_s] = ["owner", "reader"].map(|name| folder.path().canonicalize().unwrap().join(name));
        let paths = Paths { own: reader_s.clone(), ..Paths::in_one(&owner_s) };
        let put = |place: &Path, seconds: u64| {
            write_whole(&place.join("warm-1/Cargo.toml"), b"").unwrap();
            some_warm().record(place).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            fs::File::options().write(true).open(place.join(RECORD)).unwrap().set_modified(time).unwrap();
        };
        let last = || Warm::last(&paths).map(|warm| warm.folder.parent().unwrap().to_owned());
        assert_eq!(last(), None);
        put(&owner_s, 1000);
        assert_eq!(last().as_ref(), Some(&owner_s));
        put(&reader_s, 2000);
        assert_eq!(last().as_ref(), Some(&reader_s));
        put(&owner_s, 3000);
        assert_eq!(last().as_ref(), Some(&owner_s));
    }

    #[test]
    fn what_neither_was_built_last_nor_is_used_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::in_one(folder.path());
        for name in ["warm", "warm-1", "warm-2", "warm-next", "kernel-1"] {
            write_whole(&folder.path().join(name).join("Cargo.toml"), b"").unwrap();
        }
        let held = Lock::shared(&folder.path().join("warm-1").join(IN_USE)).unwrap();
        remove_unused(&paths);
        let exists = |name: &str| folder.path().join(name).exists();
        assert!(!exists("warm") && exists("warm-1") && !exists("warm-2") && exists("warm-next") && exists("kernel-1"));
        drop(held);
        remove_unused(&paths);
        assert!(!exists("warm-1"));
    }
}
