//! Where cargo puts what it builds, in a workspace of cells: the one file that knows the names of its folders.
//!
//! ```text
//! in ctx/target/debug and ctx/target/HOST/debug    Rust 1.99 and older    Rust 1.100 and newer
//! libraries                                        deps/                  build/PACKAGE/HASH/out/
//! how they were built (by it cargo knows whether)  .fingerprint/…-HASH/   build/PACKAGE/HASH/fingerprint/
//! programs of build scripts                        build/…-HASH/          build/PACKAGE/HASH/out/
//! what they have said                              build/…-HASH/output    build/PACKAGE/HASH/run/stdout
//! what they have made                              build/…-HASH/out/      build/PACKAGE/HASH/out/
//! the cell's library, and those it is linked to    the folder itself      the folder itself
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use super::workspace::crate_folder;

/// The folder where evcxr puts a cell's library.
pub fn cells(workspace: &Path, host: &str) -> PathBuf {
    crate_folder(workspace).join("target").join(host).join("debug")
}

/// Is this, named by its path, a file that cargo replaces and never changes in place? The libraries are, and the
/// programs of build scripts; what those make may be anything.
pub fn is_replaced(path: &Path) -> bool {
    const LIBRARIES: [&str; 5] = ["rlib", "rmeta", "so", "dylib", "dll"];
    let is_in = |folder: &str, levels: usize| {
        path.ancestors().nth(levels).and_then(Path::file_name).is_some_and(|found| found == folder)
    };
    let is_library = path.extension().is_some_and(|end| LIBRARIES.iter().any(|library| end == *library));
    let name = name_of(path);
    let is_build_script =
        ["build-script-", "build_script_"].iter().any(|start| name.starts_with(start)) && !name.ends_with(".d");
    let is_built = is_in("out", 1) && is_in("build", 4);
    let is_linked_to = is_in("debug", 1) && name.starts_with("lib");
    is_library && (is_in("deps", 1) || is_built || is_linked_to) || is_build_script && (is_in("build", 2) || is_built)
}

/// Does the file hold what a build script has said?
pub fn is_said_by_a_build_script(path: &Path) -> bool {
    path.ends_with("output") || path.ends_with("run/stdout")
}

/// The folders by which cargo knows whether a package is built from its sources as they are.
pub fn fingerprints(workspace: &Path, package: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in build_folders(workspace) {
        let of_package = |folder: &PathBuf| name_of(folder).rsplit_once('-').is_some_and(|(name, _)| name == package);
        found.extend(entries(&folder.join(".fingerprint")).into_iter().filter(of_package));
        found.extend(entries(&folder.join("build").join(package)).iter().map(|unit| unit.join("fingerprint")));
    }
    found.retain(|folder| folder.is_dir());
    found
}

/// The files of a package's library, which each build writes to the same place.
pub fn libraries(workspace: &Path, package: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in build_folders(workspace) {
        found.extend(entries(&folder.join("deps")));
        found.extend(entries(&folder.join("build").join(package)).iter().flat_map(|unit| entries(&unit.join("out"))));
    }
    // `libsupport.so` and `support.d`; with a hash where a crate makes no dylib.
    let is_its_own = |name: &str| name.strip_prefix(package).is_some_and(|rest| rest.starts_with(['.', '-']));
    found.retain(|file| is_its_own(name_of(file).trim_start_matches("lib")));
    found
}

fn build_folders(workspace: &Path) -> Vec<PathBuf> {
    let target = crate_folder(workspace).join("target");
    let hosts = entries(&target);
    hosts.into_iter().chain([target]).map(|folder| folder.join("debug")).filter(|folder| folder.is_dir()).collect()
}

/// What is in a folder; nothing when there is none.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
