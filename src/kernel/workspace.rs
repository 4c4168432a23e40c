//! The cargo workspace that a kernel's cells are compiled in.
//!
//! evcxr writes its crate, `ctx`, anew for each cell. Left alone, it would take the newest version
//! of every dependency at each start, and build them with debug assertions. As a member of a
//! workspace it takes the versions from our lock file and the profile from our manifest. A second
//! member, `keep`, names `support` as an optional dependency: it is never built, but cargo keeps
//! its versions in the lock file, even while `ctx` has no dependencies yet. So a kernel starts
//! without network.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::base::paths::Paths;
use crate::base::stamp::write_whole;

/// Tells evcxr its folder; and, as no two kernels have the same, whose a process is.
pub const FOLDER_VARIABLE: &str = "EVCXR_TMPDIR";

/// Tells evcxr where its start-up cells are.
pub const CONFIG_VARIABLE: &str = "EVCXR_CONFIG_DIR";

/// The folder of evcxr's crate in a workspace.
pub fn crate_folder(workspace: &Path) -> PathBuf {
    workspace.join("ctx")
}

/// The folder where cargo puts a cell's library, and those it is linked to.
pub fn cells(workspace: &Path, host: &str) -> PathBuf {
    crate_folder(workspace).join("target").join(host).join("debug")
}

/// Writes the workspace's files, not the crate's, which evcxr writes.
pub fn write(workspace: &Path, paths: &Paths) -> Result<()> {
    let put = |name: &str, text: &str| {
        let file = workspace.join(name);
        let cannot = || format!("can't write {}", file.display());
        fs::create_dir_all(file.parent().unwrap_or(workspace)).with_context(cannot)?;
        fs::write(&file, text).with_context(cannot)
    };
    put("Cargo.toml", MANIFEST)?;
    put("keep/Cargo.toml", &keep_manifest(&paths.support()))?;
    put("keep/src/lib.rs", "")?;
    put("ctx/Cargo.toml", CRATE)?;
    put("ctx/src/lib.rs", "")?;
    let lock = paths.repo.join("Cargo.lock");
    fs::copy(&lock, workspace.join("Cargo.lock")).with_context(|| format!("can't copy {}", lock.display()))?;
    Ok(())
}

/// All that the workspace's files say, for a stamp.
pub fn description(paths: &Paths) -> String {
    [MANIFEST, CRATE, &keep_manifest(&paths.support())].concat()
}

/// The `:dep` line of a cell, with a path that holds anywhere.
pub fn dep_line(name: &str, folder: &Path) -> String {
    format!(":dep {name} = {{ path = {} }}", toml_string(folder))
}

/// Writes the crate's manifest as evcxr would for cells that name these crates.
pub fn write_crate(workspace: &Path, crates: &[(&str, PathBuf)]) -> Result<()> {
    let lines = crates.iter().map(|(name, folder)| format!("{name} = {{ path = {} }}\n", toml_string(folder)));
    let manifest: String = [CRATE, "\n[dependencies]\n"].into_iter().map(str::to_owned).chain(lines).collect();
    write_whole(&crate_folder(workspace).join("Cargo.toml"), manifest.as_bytes())
}

fn keep_manifest(support: &Path) -> String {
    KEEP.replace("{support}", &toml_string(support))
}

fn toml_string(path: &Path) -> String {
    // Forward slashes are good on Windows too, and need no escape.
    let path = match cfg!(windows) {
        true => path.to_string_lossy().replace('\\', "/"),
        false => path.to_string_lossy().into_owned(),
    };
    toml::Value::String(path).to_string()
}

// Dependencies are compiled once for many cells, so they are worth optimising; a cell is compiled
// while the reader waits. Numbers in a loop over a million rows want the highest level and no
// checks. What has changed in one of our crates reaches the next kernel in a quarter of the time
// where rustc keeps what it made of the rest.
const MANIFEST: &str = r#"[workspace]
members = ["ctx", "keep"]
resolver = "3"

[profile.dev]
opt-level = 0
debug = false
strip = "debuginfo"
rpath = true
debug-assertions = false
overflow-checks = false
codegen-units = 16
incremental = true

[profile.dev.package."*"]
opt-level = 1

[profile.dev.package.learn]
opt-level = 3

[profile.dev.package.support]
opt-level = 3

[profile.dev.package.exercises]
opt-level = 0

[profile.dev.package.ndarray]
opt-level = 3

[profile.dev.package.linfa]
opt-level = 3

[profile.dev.package.rand_chacha]
opt-level = 3

[profile.dev.package.polars-io]
opt-level = 3
"#;

const CRATE: &str = r#"[package]
name = "ctx"
version = "1.0.0"
edition = "2024"

[lib]
crate-type = ["cdylib"]
"#;

const KEEP: &str = r#"[package]
name = "keep"
version = "0.0.0"
edition = "2024"

[dependencies]
support = { path = {support}, optional = true }
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_survive() {
        let path = Path::new("/tmp/Schöne Grüße/a \"quoted\" folder");
        let line = dep_line("support", path);
        let value = line.strip_prefix(":dep ").unwrap();
        let table: toml::Table = toml::from_str(value).unwrap();
        assert_eq!(table["support"]["path"].as_str(), path.to_str());
        let keep: toml::Table = toml::from_str(&keep_manifest(path)).unwrap();
        assert_eq!(keep["dependencies"]["support"]["path"].as_str(), path.to_str());
    }
}
