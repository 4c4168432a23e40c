//! The variables that a build depends on: with another value of one of them, cargo would build all
//! of it again.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::base::folders::files;
use crate::base::process::variable_of;

/// Would cargo build all again with another value of this variable, whatever build scripts do?
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

/// The variables that build scripts look at (`CC`, `CFLAGS`, …), as cargo had them; none where one
/// wasn't set.
///
/// What they say lies in a file of one of these names.
pub fn watched_in(target: &Path, cargo: &Command) -> io::Result<BTreeMap<String, Option<String>>> {
    // The launcher and cargo set these themselves, or a user has another by right.
    const OURS: [&str; 6] = ["CARGO", "CARGO_HOME", "HOME", "PATH", "RUSTC", "RUSTUP_TOOLCHAIN"];
    let mut variables = BTreeMap::new();
    for file in files(target).iter().filter(|file| file.ends_with("output") || file.ends_with("run/stdout")) {
        let names = watched_by(&String::from_utf8_lossy(&std::fs::read(file)?));
        let names = names.into_iter().filter(|name| !OURS.contains(&name.as_str()) && !changes_the_build(name));
        let value = |name: &str| variable_of(cargo, name)?.into_string().ok();
        variables.extend(names.map(|name| (name.clone(), value(&name))));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::process::command;
    use crate::base::stamp::write_whole;

    #[test]
    fn what_build_scripts_look_at_is_found() {
        let folder = tempfile::tempdir().unwrap();
        for (file, said) in [
            (
                "psm-1/output",
                "cargo:rerun-if-env-changed=HOME\ncargo:rerun-if-env-changed=CARGO_PKG_NAME\ncargo:rustc-cfg=asm\n\
                 cargo:rerun-if-env-changed=CFLAGS\n",
            ),
            ("psm/1/run/stdout", "cargo::rerun-if-env-changed=NO_SUCH_CC\ncargo::rerun-if-env-changed=RUSTFLAGS\n"),
        ] {
            let file = folder.path().join("x/debug/build").join(file);
            write_whole(&file, said.as_bytes()).unwrap();
        }
        // This process has the first, by which a test is run, and not the second.
        let mut cargo = command("cargo");
        cargo.env("CFLAGS", "-O1");
        let variables = watched_in(folder.path(), &cargo).unwrap();
        let expected = [("CARGO_PKG_NAME", None), ("CFLAGS", Some("-O1")), ("NO_SUCH_CC", None)];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
        assert_eq!(variables, BTreeMap::from(expected));
    }

    #[test]
    fn jobs_are_the_reader_s_choice() {
        assert!(!changes_the_build("CARGO_BUILD_JOBS"));
        for name in ["CARGO_BUILD_TARGET", "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "CARGO_PROFILE_DEV_DEBUG"] {
            assert!(changes_the_build(name), "{name}");
        }
    }
}
