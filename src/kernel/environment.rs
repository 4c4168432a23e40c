//! The command that evcxr is started by: what it and all that it starts find in their environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::build_variables::changes_the_build;
use super::rust::Rust;
use super::{WARMING_VARIABLE, preload, toolchain, workspace};
use crate::base::paths::Paths;
use crate::base::process::{self, variable_of};

// Of mimalloc, evcxr's allocator.
const HUGE_PAGES_VARIABLE: &str = "MIMALLOC_ALLOW_THP";

/// evcxr for one connection, and the toolchain that it got, if it has one of ours.
pub fn command(evcxr: &Path, connection_file: &Path, paths: &Paths, rust: Option<&Rust>) -> (Command, Option<PathBuf>) {
    let mut kernel = process::command(evcxr);
    kernel.arg("--control_file").arg(connection_file);
    for (name, _) in std::env::vars_os() {
        if name == WARMING_VARIABLE || name.to_str().is_some_and(changes_the_build) {
            kernel.env_remove(name);
        }
    }
    // evcxr reads cargo's lines, and would miss coloured ones.
    kernel.env("CARGO_TERM_COLOR", "never");
    // evcxr's allocator takes pages of 2 MB, where 4 kB hold the same in 65 MB less and cost no
    // time.
    if std::env::var_os(HUGE_PAGES_VARIABLE).is_none() {
        kernel.env(HUGE_PAGES_VARIABLE, "0");
    }
    let toolchain = rust.and_then(|rust| {
        let toolchain = toolchain::narrow(&mut kernel, &paths.kernels(), rust, &paths.support())?;
        if let Some(library) = preload::library(&toolchain, rust) {
            preload::load_first(&mut kernel, &library);
        }
        Some(toolchain)
    });
    (kernel, toolchain)
}

/// Tells the system's loader where libraries are that lie in the target folders of these
/// workspaces.
///
/// A cell's library names those that it needs by paths relative to where rustc has put it, but
/// evcxr moves it. From there the paths lead astray: `support` isn't found, and the standard
/// library isn't whenever checkout and toolchain share a folder, such as the user's home.
pub fn find_libraries<'a>(kernel: &mut Command, rust: &Rust, workspaces: impl Iterator<Item = &'a Path>) {
    if cfg!(windows) {
        return;
    }
    let built: Vec<_> = workspaces.map(|workspace| workspace::cells(workspace, &rust.host)).collect();
    // The system's loader remembers when a folder was not there.
    built.iter().for_each(|folder| drop(fs::create_dir_all(folder)));
    let (name, rest) = match cfg!(target_os = "macos") {
        true => ("DYLD_FALLBACK_LIBRARY_PATH", "/usr/local/lib:/usr/lib".into()),
        false => ("LD_LIBRARY_PATH", variable_of(kernel, "LD_LIBRARY_PATH").unwrap_or_default()),
    };
    let folders = [rust.libraries.clone()].into_iter().chain(built).chain(std::env::split_paths(&rest));
    if let Ok(path) = std::env::join_paths(folders.filter(|folder| !folder.as_os_str().is_empty())) {
        kernel.env(name, path);
    }
}
