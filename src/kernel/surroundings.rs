//! What a kernel's programs find around them: folders, told by variables, and the linker.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::preload;
use super::workspace::{FOLDER_VARIABLE, crate_folder};

/// Tells the launcher, when it runs as `cargo`, where the installed toolchain is.
pub const TOOLCHAIN_VARIABLE: &str = "IMBALANCED_DATA_TOOLCHAIN";

/// Tells it where the sources of `support` are.
pub const SUPPORT_VARIABLE: &str = "IMBALANCED_DATA_SUPPORT";

/// Tells it the warm folder of its kernel, if it has one.
pub const WARM_VARIABLE: &str = "IMBALANCED_DATA_WARM";

/// The folders that a kernel works with.
pub struct Surroundings {
    /// The toolchain as it is installed.
    pub installed: PathBuf,
    /// The toolchain as the kernel sees it.
    pub toolchain: PathBuf,
    /// The kernel's own folder.
    pub workspace: PathBuf,
    /// The folder with the built libraries; none when they are in the kernel's own.
    pub warm: Option<PathBuf>,
    support: PathBuf,
}

impl Surroundings {
    /// Those that the variables tell.
    pub fn of_this_kernel(installed: &Path) -> Option<Self> {
        let folder = |variable: &str| env::var_os(variable).map(PathBuf::from);
        Some(Self {
            installed: installed.to_owned(),
            toolchain: folder("RUSTUP_TOOLCHAIN")?,
            workspace: folder(FOLDER_VARIABLE)?.parent()?.to_owned(),
            warm: folder(WARM_VARIABLE),
            support: folder(SUPPORT_VARIABLE)?,
        })
    }

    /// The folder of the cell's crate.
    pub fn cell(&self) -> PathBuf {
        crate_folder(&self.workspace)
    }

    fn ours(&self) -> [PathBuf; 2] {
        [self.support.clone(), self.support.with_file_name("exercises")]
    }

    /// Does a manifest lie in a folder of ours?
    pub fn is_ours(&self, manifest: &Path) -> bool {
        self.ours().iter().any(|folder| folder.canonicalize().is_ok_and(|folder| manifest.starts_with(folder)))
    }

    /// Are all the dependencies of a manifest ours?
    pub fn are_ours(&self, manifest: &toml::Table) -> bool {
        let is_ours = |dependency: &toml::Value| {
            let folder = dependency.get("path").and_then(toml::Value::as_str);
            folder.and_then(|folder| Path::new(folder).canonicalize().ok()).is_some_and(|folder| self.is_ours(&folder))
        };
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        dependencies.is_none_or(|dependencies| dependencies.values().all(is_ours))
    }

    /// Have our manifests been edited since this kernel started? What cargo then says is of no use
    /// when that is taken back.
    pub fn are_manifests_edited(&self) -> bool {
        let time = |folder: &Path| fs::metadata(folder.join("Cargo.toml")).and_then(|about| about.modified()).ok();
        let [support, exercises] = self.ours();
        let parts = [support.join("learn"), support.join("plot"), support.with_file_name("")];
        let start = time(&self.workspace);
        [support, exercises].iter().chain(&parts).any(|folder| time(folder) > start)
    }

    /// A text that holds for any kernel.
    pub fn without_paths(&self, text: &str) -> String {
        [(&self.workspace, "@KERNEL@"), (&self.toolchain, "@TOOLCHAIN@")]
            .into_iter()
            .fold(text.to_owned(), |text, (folder, name)| text.replace(&*folder.to_string_lossy(), name))
    }

    /// A word of a command that names what lies with the built libraries.
    pub fn with_libraries(&self, word: &str) -> String {
        word.replace(&*self.workspace.to_string_lossy(), "@LIBRARIES@")
    }

    /// Such a text for this kernel.
    pub fn with_paths(&self, text: &str, libraries: &Path) -> String {
        [(&*self.workspace, "@KERNEL@"), (&*self.toolchain, "@TOOLCHAIN@"), (libraries, "@LIBRARIES@")]
            .into_iter()
            .fold(text.to_owned(), |text, (folder, name)| text.replace(name, &folder.to_string_lossy()))
    }
}

/// evcxr takes mold or lld when one is on PATH: another than the set-up was linked with would build
/// all again.
pub fn use_own_linker(cargo: &mut Command) {
    if let Ok(flags) = env::var("RUSTFLAGS") {
        cargo.env("RUSTFLAGS", own_linker_s(&flags));
    }
    // `mold -run` works by a library that is loaded before all others.
    let is_mold = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("mold-wrapper"));
    if let Some(loaded) = env::var_os("LD_PRELOAD") {
        let kept = env::split_paths(&loaded).filter(|path| !is_mold(path) && !preload::is_it(path));
        if let Ok(kept) = env::join_paths(kept) {
            cargo.env("LD_PRELOAD", kept);
        }
    }
}

/// The flags without another linker's.
pub fn own_linker_s(flags: &str) -> String {
    flags.split(' ').filter(|flag| !flag.starts_with("-Clink-arg=-fuse-ld=")).collect::<Vec<_>>().join(" ")
}
