//! The warm folder: all libraries of the cells, built once; every kernel compiles its cells against it.
//!
//! It is named by what it is made from, so a changed crate is built into another folder, never over one that a living
//! kernel uses. `warm.json` in it says from what, and with what; the one beside it is that of the last. With another
//! compiler, or another value of a variable that a build script looks at (`CC`, `CFLAGS`, …), cargo would build all of it
//! again wherever a kernel needs cargo. Kernels hold a lock on theirs; those that nobody holds any more are removed.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::answers;
use super::inputs::{CRATES, Recipe};
use super::moved;
use super::rust::Rust;
use super::workspace::{self, crate_folder};
use crate::base::builds::{cargo_home, run_cargo};
use crate::base::lock::Lock;
use crate::base::paths::Paths;
use crate::base::process::command;
use crate::base::stamp::write_whole;

const RECORD: &str = "warm.json";
const BUILT: &str = "built.json";
const IN_USE: &str = "in-use.lock";
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
    /// The one that was built last: for a reader of somebody else's set-up, by a kernel of their own.
    pub fn last(paths: &Paths) -> Option<Self> {
        [paths.kernels(), paths.builds.clone()].iter().find_map(|place| Self::read(place))
    }

    /// The one that is made from everything as it is now, by this compiler; or else by the one that it was built with.
    pub fn fitting(paths: &Paths, rust: Option<&Rust>) -> Option<Self> {
        let last = Self::last(paths);
        let recipe = Recipe::now(paths, rust.or(last.as_ref().map(|last| &last.rust))?).ok()?;
        let made = [paths.kernels(), paths.builds.clone()].map(|place| place.join(recipe.folder_name()));
        made.iter().filter_map(|folder| Self::read(folder)).find(|warm| warm.recipe == recipe)
    }

    // By the record in its folder, or in the one around it of which it is the last.
    fn read(place: &Path) -> Option<Self> {
        let mut warm: Self = serde_json::from_str(&fs::read_to_string(place.join(RECORD)).ok()?).ok()?;
        warm.folder = if place.ends_with(&warm.name) { place.to_owned() } else { place.join(&warm.name) };
        warm.is_whole().then_some(warm)
    }

    fn is_whole(&self) -> bool {
        self.folder.join("Cargo.toml").is_file()
    }

    fn record(&self, folder: &Path) -> Result<()> {
        write_whole(&folder.join(RECORD), serde_json::to_string_pretty(self)?.as_bytes())
    }

    /// Keeps it from being removed while the lock is held; none when it was removed before.
    pub fn hold(&self) -> Option<Lock> {
        let lock = Lock::shared(&self.folder.join(IN_USE)).ok()?;
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

/// Builds one from everything as it is now, unless that is there; `check` sees it before it is taken for whole, unless
/// only our crates are others than in the last one.
///
/// It is made beside the last one, from its files or those of a build that was stopped, so a kernel may start at any time meanwhile, and a killed build goes
/// on where it stopped.
pub fn build(
    paths: &Paths,
    rust: &Rust,
    mut on_line: impl FnMut(&str),
    check: impl FnOnce(&Path) -> Result<()>,
) -> Result<Warm> {
    let place = paths.kernels();
    let _lock = Lock::exclusive(&place.join(BUILDING), || {})?;
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
    let built = next.join(BUILT);
    if !next.exists() {
        // Under another name until it is whole, so that one killed half-way is not taken for it.
        let part = place.join("warm-part");
        let _ = fs::remove_dir_all(&part);
        fs::create_dir_all(&part).with_context(cannot)?;
        if let Some(last) = &last {
            copy(&last.folder, &part).with_context(cannot)?;
        }
        fs::rename(&part, &next).with_context(cannot)?;
    }
    // Of a build that did not end, nobody knows.
    let mut made_from = fs::read(&built).ok().and_then(|recipe| serde_json::from_slice::<Recipe>(&recipe).ok());
    let _ = fs::remove_file(&built);
    workspace::write(&next, paths)?;
    let (recipe, like) = loop {
        let recipe = Recipe::now(paths, rust)?;
        set_stamps(&next, &recipe.changed_since(made_from.as_ref())).with_context(cannot)?;
        // With the same libraries it is built as they were, whatever is set in this terminal.
        let like = last.as_ref().filter(|last| last.recipe.ground == recipe.ground);
        answers::forget(&next, made_from.is_some() && like.is_some()).with_context(cannot)?;
        let mut cargo = cargo(&next, paths, rust)?;
        if let Some(like) = like {
            like.give(&mut cargo);
        }
        run_cargo(&mut cargo, &paths.log("warm"), &mut on_line)
            .context("Does the support crate compile? `cargo build -p support` tells")?;
        // What changes while cargo reads it may be in the build or not.
        if Recipe::now(paths, rust)? == recipe {
            break (recipe, like);
        }
        made_from = Some(recipe);
    };
    write_whole(&built, &serde_json::to_vec(&recipe)?)?;
    if like.is_none() {
        check(&next)?;
    }
    let (cargo_home, variables) = match like {
        Some(like) => (like.cargo_home.clone(), like.variables.clone()),
        None => (cargo_home(), watched_in(&crate_folder(&next).join("target"))?),
    };
    let name = recipe.folder_name();
    let warm = Warm { folder: place.join(&name), name, recipe, rust: rust.clone(), cargo_home, variables };
    let cannot = || format!("can't put {} in place", warm.folder.display());
    write_whole(&next.join(IN_USE), b"")?;
    warm.record(&next)?;
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
    let last = Warm::read(&place).map(|warm| warm.folder);
    for folder in entries(&place).into_iter().filter(|folder| folder.is_dir() && Some(folder) != last.as_ref()) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with("warm") || ["warm-next", "warm-part"].contains(&name.as_str()) {
            continue;
        }
        if let Ok(Some(_unused)) = Lock::try_exclusive(&folder.join(IN_USE)) {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Copies a folder with the times of its files, by which cargo knows what is built; without the libraries of cells, of which
/// a kernel has loaded its own.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    const OF_CELLS: [&str; 3] = ["libctx", "libcode_", "code_"];
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let name = entry.file_name().to_string_lossy().into_owned();
        if [IN_USE, RECORD, "incremental", moved::NAMES].contains(&&*name)
            || OF_CELLS.iter().any(|start| name.starts_with(start))
        {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
            make_writable(&target)?;
            let times = FileTimes::new().set_modified(entry.metadata()?.modified()?);
            File::options().write(true).open(&target)?.set_times(times)?;
        }
    }
    Ok(())
}

/// Copies its libraries into a kernel's own folder, for cargo, which is told that no source has changed: the kernel keeps the
/// crates that it started with.
pub fn take_libraries(warm: &Path, workspace: &Path) -> io::Result<()> {
    let taken = workspace.join("libraries-taken");
    if !taken.exists() {
        copy(&crate_folder(warm).join("target"), &crate_folder(workspace).join("target"))?;
        fs::write(taken, "")?;
    }
    set_stamps(workspace, &[])
}

// Those of somebody else's set-up may be for nobody to write.
#[cfg(unix)]
fn make_writable(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(file)?.permissions().mode();
    if mode & 0o200 != 0 { Ok(()) } else { fs::set_permissions(file, fs::Permissions::from_mode(mode | 0o200)) }
}

#[cfg(not(unix))]
fn make_writable(file: &Path) -> io::Result<()> {
    let mut permissions = fs::metadata(file)?.permissions();
    permissions.set_readonly(false);
    fs::set_permissions(file, permissions)
}

/// Copies one into a kernel's own folder, where cargo is to build what has changed.
pub fn copy_changed(warm: &Warm, workspace: &Path) -> Result<()> {
    copy(&warm.folder, workspace)
        .and_then(|()| answers::forget(workspace, false))
        .and_then(|()| set_stamps(workspace, &CRATES))
        .with_context(|| format!("can't copy {} to {}", warm.folder.display(), workspace.display()))
}

/// Tells cargo which of our crates have changed, whatever the time stamps of their sources say: after `git stash; git
/// stash pop` it would build them all again, and where older files came back, none.
pub fn set_stamps(workspace: &Path, changed: &[&str]) -> io::Result<()> {
    let now = FileTimes::new().set_modified(SystemTime::now());
    // In both of cargo's layouts this is the file whose time it compares, wherever it lies.
    let stamps = CRATES.map(|name| (name, format!("dep-lib-{name}")));
    for file in files(&crate_folder(workspace).join("target")) {
        let name = file.file_name().unwrap_or_default();
        match stamps.iter().find(|(_, stamp)| name == stamp.as_str()) {
            Some((name, _)) if changed.contains(name) => fs::remove_file(file)?,
            Some(_) => File::options().write(true).open(file)?.set_times(now)?,
            None => {}
        }
    }
    Ok(())
}

// Builds our crates, and what they use, as evcxr does for a cell that names them: built otherwise, with another flag or
// for another target, they would be of no use to cells.
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

/// Would cargo build all again with another value of this variable, whatever the build scripts look at?
pub fn changes_the_build(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_INCREMENTAL",
        "CARGO_TERM_QUIET",
        "CARGO_TERM_VERBOSE",
        "CARGO_TARGET_DIR",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTDOCFLAGS",
        "RUSTFLAGS",
    ];
    const STARTS: [&str; 3] = ["CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_"];
    // How many compilers run at once changes nothing in what they make.
    name != "CARGO_BUILD_JOBS" && (NAMES.contains(&name) || STARTS.iter().any(|start| name.starts_with(start)))
}

// The variables that build scripts look at, as they are now; what they say lies in a file of one of these names.
fn watched_in(target: &Path) -> io::Result<BTreeMap<String, Option<String>>> {
    // The launcher and cargo set these themselves, or a user has another by right.
    const OURS: [&str; 6] = ["CARGO", "CARGO_HOME", "HOME", "PATH", "RUSTC", "RUSTUP_TOOLCHAIN"];
    let mut variables = BTreeMap::new();
    for file in files(target).iter().filter(|file| file.ends_with("output") || file.ends_with("run/stdout")) {
        let names = watched_by(&String::from_utf8_lossy(&fs::read(file)?));
        let names = names.into_iter().filter(|name| !OURS.contains(&name.as_str()) && !changes_the_build(name));
        variables.extend(names.map(|name| (name.clone(), env::var(name).ok())));
    }
    Ok(variables)
}

fn watched_by(output: &str) -> Vec<String> {
    let line = |line: &str| {
        let rest = line.strip_prefix("cargo::").or_else(|| line.strip_prefix("cargo:"))?;
        let name = rest.strip_prefix("rerun-if-env-changed=")?.trim();
        (!name.is_empty() && !name.contains(['=', '\0'])).then(|| name.to_owned())
    };
    output.lines().filter_map(line).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let in_one = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries(folder).into_iter().flat_map(in_one).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn put(path: &Path, text: &str) {
        write_whole(path, text.as_bytes()).unwrap();
        let old = FileTimes::new().set_modified(SystemTime::now() - Duration::from_secs(1000));
        File::options().write(true).open(path).unwrap().set_times(old).unwrap();
    }

    fn age(path: &Path) -> u64 {
        fs::metadata(path).unwrap().modified().unwrap().elapsed().unwrap_or_default().as_secs()
    }

    #[test]
    fn what_build_scripts_look_at_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        for (file, said) in [
            (
                "psm-1/output",
                "cargo:rerun-if-env-changed=HOME\ncargo:rerun-if-env-changed=CARGO_PKG_NAME\ncargo:rustc-cfg=asm\n",
            ),
            ("psm/1/run/stdout", "cargo::rerun-if-env-changed=NO_SUCH_CC\ncargo::rerun-if-env-changed=RUSTFLAGS\n"),
        ] {
            put(&folder.path().join("x/debug/build").join(file), said);
        }
        let variables = watched_in(folder.path()).unwrap();
        let own = env!("CARGO_PKG_NAME").to_owned();
        let expected = [("CARGO_PKG_NAME".to_owned(), Some(own.clone())), ("NO_SUCH_CC".to_owned(), None)];
        assert_eq!(variables, BTreeMap::from(expected));

        let rust = Rust { sysroot: "".into(), libraries: "".into(), host: String::new() };
        let recipe = Recipe { ground: String::new(), crates: BTreeMap::new() };
        let (folder, name) = (folder.path().to_owned(), String::new());
        let mut kernel = Command::new("kernel");
        kernel.env("NO_SUCH_CC", "other").env("CARGO_PKG_NAME", "other");
        Warm { folder, name, recipe, rust, cargo_home: None, variables }.give(&mut kernel);
        let given: BTreeMap<_, _> = kernel.get_envs().collect();
        assert_eq!(given[std::ffi::OsStr::new("NO_SUCH_CC")], None);
        assert_eq!(given[std::ffi::OsStr::new("CARGO_PKG_NAME")], Some(own.as_ref()));
    }

    #[test]
    fn jobs_are_the_reader_s_choice() {
        assert!(!changes_the_build("CARGO_BUILD_JOBS"));
        for name in ["CARGO_BUILD_TARGET", "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "CARGO_PROFILE_DEV_DEBUG"] {
            assert!(changes_the_build(name), "{name}");
        }
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
        let left_out = [IN_USE, "deps/libctx.so", "libcode_1.so"];
        for name in left_out {
            put(&from.join(name), "");
        }
        let mut permissions = fs::metadata(from.join("deps/libsupport.so")).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(from.join("deps/libsupport.so"), permissions).unwrap();
        copy(&from, &to).unwrap();
        assert!(age(&to.join("deps/libsupport.so")) >= 1000);
        assert!(left_out.iter().all(|name| !to.join(name).exists()));
        fs::write(to.join("deps/libsupport.so"), "built again").unwrap();
        assert_eq!(fs::read_to_string(from.join("deps/libsupport.so")).unwrap(), "built");
    }

    #[test]
    fn what_neither_was_built_last_nor_is_used_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = || folder.path().to_path_buf();
        let paths = Paths { repo: path(), home: path(), builds: path(), own: path() };
        for name in ["warm", "warm-1", "warm-2", "warm-next", "kernel-1"] {
            put(&folder.path().join(name).join("Cargo.toml"), "");
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
