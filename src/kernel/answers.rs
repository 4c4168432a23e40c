//! What cargo has answered, kept beside the libraries that it was about, and given again to the
//! next kernel that asks.
//!
//! evcxr and rust-analyzer ask cargo two dozen questions at each start, and the same in each
//! kernel. An answer depends on the words, on the manifest of the cell's crate, on cargo's settings
//! and variables, and on the compiler; those are its name. On all else it depends by the warm
//! folder, in which it lies. What is said of packages that are not the tutorial's own is kept for
//! the same kernel alone, if at all. In any case of doubt cargo is asked.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::surroundings::{Surroundings, own_linker_s};
use super::workspace::crate_folder;
use crate::base::builds::cargo_home;
use crate::base::stamp::{Inputs, write_whole};

const FOLDER: &str = "answers";

/// The part that holds for one text of a crate's sources.
const OF_SOURCES: &str = "answers/of-sources";

/// Takes a workspace's answers away: all, or only those that depend on our crates' sources.
pub fn forget(workspace: &Path, only_of_sources: bool) -> io::Result<()> {
    let folder = workspace.join(if only_of_sources { OF_SOURCES } else { FOLDER });
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// One question to cargo: where its answer is, if there is one, and where it may be kept.
pub struct Question<'a> {
    about: &'a Surroundings,
    name: String,
    /// May what is said of these packages be kept? Those of a reader's own folder may change at any
    /// time.
    pub is_about_ours: bool,
}

impl<'a> Question<'a> {
    /// What the arguments ask in the current folder; none when only cargo can know.
    pub fn new(about: &'a Surroundings, arguments: &[OsString], with_cell: bool) -> Option<Self> {
        let here = env::current_dir().ok()?;
        let words: Vec<&str> = arguments.iter().map(|word| word.to_str()).collect::<Option<_>>()?;
        let is_known = |path: &Path| [&about.workspace, &about.toolchain].iter().any(|folder| path.starts_with(folder));
        let is_elsewhere = |pair: &[&str]| pair[0] == "--manifest-path" && !is_known(Path::new(pair[1]));
        if !is_known(&here) || words.windows(2).any(is_elsewhere) {
            return None;
        }
        let cell = crate_folder(&about.workspace);
        let manifest: toml::Table = toml::from_str(&fs::read_to_string(cell.join("Cargo.toml")).ok()?).ok()?;
        let mut inputs = Inputs::default()
            .text("words", &about.without_paths(&words.join("\n")))
            .text("folder", &about.without_paths(here.to_str()?))
            // Its dependencies are in any order.
            .text("manifest", &about.without_paths(&manifest.to_string()))
            .text("workspace", &fs::read_to_string(about.workspace.join("Cargo.toml")).ok()?)
            .text("first cells", if super::ready::are_to_come() { "to come" } else { "" });
        if with_cell {
            inputs = inputs.text("cell", &fs::read_to_string(cell.join("src/lib.rs")).ok()?);
        }
        for file in settings(&cell) {
            if let Ok(text) = fs::read_to_string(&file) {
                inputs = inputs.text(&about.without_paths(file.to_str()?), &text);
            }
        }
        let mut variables: Vec<(String, String)> = env::vars_os().filter_map(of_cargo).collect();
        variables.sort();
        for (name, value) in variables {
            inputs = inputs.text(&name, &about.without_paths(&value));
        }
        let rustc = fs::metadata(about.installed.join("bin/rustc")).ok()?;
        let changed = rustc.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let name = inputs.text("rustc", &format!("{changed:?} {}", rustc.len())).stamp();
        let folder = if with_cell { OF_SOURCES } else { FOLDER };
        let is_about_ours = about.are_ours(&manifest);
        Some(Self { about, name: format!("{folder}/{}", &name[..24]), is_about_ours })
    }

    /// The answer, and the folder of the libraries that it is about.
    pub fn answer<T: DeserializeOwned>(&self) -> Option<(T, &'a Path)> {
        [Some(&self.about.workspace), self.about.warm.as_ref()].into_iter().flatten().find_map(|folder| {
            let text = fs::read_to_string(folder.join(&self.name)).ok()?;
            Some((serde_json::from_str(&self.about.with_paths(&text, folder)).ok()?, folder.as_path()))
        })
    }

    /// Keeps an answer: of our crates alone for other kernels too, of others for this one. Where it
    /// can't, cargo is asked again. The file beside it comes back from [`Question::file`].
    pub fn keep(&self, answer: &impl Serialize, file: Option<&Path>) {
        if self.about.are_manifests_edited() {
            return;
        }
        let for_all = self.about.warm.as_ref().filter(|_| self.is_about_ours);
        let kept = for_all.unwrap_or(&self.about.workspace).join(&self.name);
        let Ok(text) = serde_json::to_string(answer) else { return };
        if let Some(file) = file {
            let Ok(bytes) = fs::read(file) else { return };
            if write_whole(&kept.with_extension("file"), &bytes).is_err() {
                return;
            }
        }
        let _ = write_whole(&kept, self.about.without_paths(&text).as_bytes());
    }

    /// The file that was kept with the answer in a folder.
    pub fn file(&self, folder: &Path) -> PathBuf {
        folder.join(&self.name).with_extension("file")
    }
}

// The settings that cargo reads.
fn settings(cell: &Path) -> Vec<PathBuf> {
    let folders = cell.ancestors().map(|folder| folder.join(".cargo")).chain(cargo_home());
    folders.flat_map(|folder| ["config", "config.toml"].map(|name| folder.join(name))).collect()
}

// A variable that cargo looks at. The two name folders, and change no answer.
fn of_cargo((name, value): (OsString, OsString)) -> Option<(String, String)> {
    const NOT: [&str; 2] = ["CARGO_HOME", "CARGO_RESOLVER_LOCKFILE_PATH"];
    let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
    let is_cargo_s = ["CARGO", "RUSTC", "RUSTFLAGS", "RUSTDOC"].iter().any(|start| name.starts_with(start));
    let value = if name == "RUSTFLAGS" { own_linker_s(&value) } else { value };
    (is_cargo_s && !NOT.contains(&name.as_str())).then_some((name, value))
}
