//! What the warm folder was built with: recorded when it was built, and given to each kernel.
//!
//! With another compiler, another folder of crates, or another value of a variable that a build script looks at (`CC`,
//! `CFLAGS`, …), cargo would build all of it again, in each kernel. A kernel may be started from a shell or
//! a Jupyter that has such variables; the set-up was made from another.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::{EVCXR_VERSION, layout};
use crate::base::process::command;
use crate::base::stamp::write_whole;

const FILE: &str = "built-with.json";

/// A compiler, and the environment of a build.
#[derive(Debug, Deserialize, Serialize)]
pub struct BuiltWith {
    /// The version of evcxr.
    evcxr: String,
    /// The folder of the Rust toolchain.
    pub sysroot: PathBuf,
    /// Cargo's folder with the sources of the crates.
    cargo_home: Option<PathBuf>,
    /// The variables that build scripts look at; none where one wasn't set.
    variables: BTreeMap<String, Option<String>>,
}

impl BuiltWith {
    /// What a warm folder was built with, if it was built.
    pub fn of(warm: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(warm.join(FILE)).ok()?).ok()
    }

    /// Writes down what this process has just built a folder with.
    pub fn record(folder: &Path, sysroot: PathBuf) -> Result<()> {
        let mut variables = BTreeMap::new();
        for name in watched_in(folder).with_context(|| format!("can't read {}", folder.display()))? {
            let value = env::var(&name).ok();
            variables.insert(name, value);
        }
        let built_with = Self { evcxr: EVCXR_VERSION.to_owned(), sysroot, cargo_home: cargo_home(), variables };
        write_whole(&folder.join(FILE), serde_json::to_string_pretty(&built_with)?.as_bytes())
    }

    /// Was it built as the kernels of today would?
    pub fn is_of_this_evcxr(&self) -> bool {
        self.evcxr == EVCXR_VERSION
    }

    /// The version of the compiler as it is now, in all words.
    pub fn rustc_version(&self) -> Option<String> {
        let output = command(self.sysroot.join("bin/rustc")).arg("-vV").output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Gives a kernel the same.
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

fn cargo_home() -> Option<PathBuf> {
    let named = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let home = named.or_else(|| Some(env::home_dir()?.join(".cargo")))?;
    std::path::absolute(home).ok()
}

fn watched_in(folder: &Path) -> std::io::Result<Vec<String>> {
    // The launcher and cargo set these themselves, or a user has another by right.
    const OURS: [&str; 6] = ["CARGO", "CARGO_HOME", "HOME", "PATH", "RUSTC", "RUSTUP_TOOLCHAIN"];
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            names.extend(watched_in(&path)?);
        } else if layout::is_said_by_a_build_script(&path) {
            names.extend(watched_by(&String::from_utf8_lossy(&fs::read(&path)?)));
        }
    }
    names.retain(|name| !OURS.contains(&name.as_str()) && !changes_the_build(name));
    Ok(names)
}

fn watched_by(output: &str) -> impl Iterator<Item = String> {
    let line = |line: &str| {
        let rest = line.strip_prefix("cargo::").or_else(|| line.strip_prefix("cargo:"))?;
        let name = rest.strip_prefix("rerun-if-env-changed=")?.trim();
        (!name.is_empty() && !name.contains(['=', '\0'])).then(|| name.to_owned())
    };
    output.lines().filter_map(line).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_build_scripts_look_at_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        for (file, said) in [
            (
                "psm-1/output",
                "cargo:rerun-if-env-changed=HOME\ncargo:rerun-if-env-changed=CARGO_PKG_NAME\ncargo:rustc-cfg=asm\n",
            ),
            ("psm/1/run/stdout", "cargo::rerun-if-env-changed=NO_SUCH_CC\ncargo:rerun-if-env-changed=RUSTFLAGS\n"),
        ] {
            write_whole(&folder.path().join("ctx/target/x/debug/build").join(file), said.as_bytes()).unwrap();
        }
        BuiltWith::record(folder.path(), PathBuf::from("/sysroot")).unwrap();

        let built_with = BuiltWith::of(folder.path()).unwrap();
        assert_eq!(built_with.variables.keys().collect::<Vec<_>>(), ["CARGO_PKG_NAME", "NO_SUCH_CC"]);
        let mut kernel = Command::new("kernel");
        kernel.env("NO_SUCH_CC", "other").env("CARGO_PKG_NAME", "other");
        built_with.give(&mut kernel);
        let given: BTreeMap<_, _> = kernel.get_envs().collect();
        assert_eq!(given[std::ffi::OsStr::new("NO_SUCH_CC")], None);
        assert_eq!(given[std::ffi::OsStr::new("CARGO_PKG_NAME")], Some(env!("CARGO_PKG_NAME").as_ref()));
    }

    #[test]
    fn jobs_are_the_reader_s_choice() {
        assert!(!changes_the_build("CARGO_BUILD_JOBS"));
        for name in ["CARGO_BUILD_TARGET", "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "CARGO_PROFILE_DEV_DEBUG"] {
            assert!(changes_the_build(name), "{name}");
        }
    }
}
