//! Which packages of Cargo.lock one package needs, with their versions.
//!
//! The lock file also holds the launcher's dependencies; a change of those is no reason to build the cells' again.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Deserialize)]
struct LockFile {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    checksum: String,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// The packages that `root` needs, one a line.
pub fn needed_by(lock_file: &str, root: &str) -> Result<String> {
    let lock: LockFile =
        toml::from_str(lock_file).context("can't understand Cargo.lock\nTry: git checkout Cargo.lock")?;
    let mut by_name: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in &lock.package {
        by_name.entry(&package.name).or_default().push(package);
    }
    let mut waiting = vec![root];
    let mut seen = BTreeSet::new();
    let mut lines = BTreeSet::new();
    while let Some(dependency) = waiting.pop() {
        if !seen.insert(dependency) {
            continue;
        }
        // `name`, or `name version` when the file holds several.
        let mut words = dependency.split(' ');
        let name = words.next().unwrap_or_default();
        let version = words.next();
        for package in by_name.get(name).into_iter().flatten() {
            if version.is_none_or(|version| version == package.version) {
                lines.insert(format!("{} {} {}", package.name, package.version, package.checksum));
                waiting.extend(package.dependencies.iter().map(String::as_str));
            }
        }
    }
    Ok(lines.into_iter().collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4
[[package]]
name = "launcher"
version = "1.0.0"
dependencies = ["clap"]
[[package]]
name = "clap"
version = "4.0.0"
[[package]]
name = "support"
version = "1.0.0"
dependencies = ["rand 0.8.0", "polars"]
[[package]]
name = "polars"
version = "0.55.0"
dependencies = ["rand 0.9.0"]
[[package]]
name = "rand"
version = "0.8.0"
[[package]]
name = "rand"
version = "0.9.0"
"#;

    #[test]
    fn only_what_is_needed() {
        let needed = needed_by(LOCK, "support").unwrap();
        let names: Vec<&str> = needed.lines().map(str::trim_end).collect();
        assert_eq!(names, ["polars 0.55.0", "rand 0.8.0", "rand 0.9.0", "support 1.0.0"]);
        assert!(!needed_by(LOCK, "rand 0.8.0").unwrap().contains("0.9.0"));
    }
}
