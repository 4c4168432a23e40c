//! Skeletons of the standard library and of crates, for rust-analyzer alone.
//!
//! To tell the type of a `let`, the kernel's rust-analyzer reads the whole standard library and all
//! crates that cells can name. It hardly ever looks into a function of another crate, so it gets
//! copies without the functions' bodies ([`super::skeleton`]). rustc sees the real sources.
//!
//! A copy is made when it is first asked for, and is put in place whole. A file that isn't
//! understood is copied as it is, and a crate that can't be copied is read where it is: both are
//! told in [`REFUSED`]. [`WHOLE_VARIABLE`] turns all of it off.

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::Value;

use super::metadata::is_of_the_library;
use super::skeleton::skeleton;
use crate::base::folders::{entries, name_of};
use crate::base::stamp::{Inputs, make_whole, write_whole};

/// Set by a reader, to have rust-analyzer read everything whole.
pub const WHOLE_VARIABLE: &str = "IMBALANCED_DATA_WHOLE_SOURCES";

/// In the folder of the skeletons: what was not made into one, and why.
pub const REFUSED: &str = "refused.log";

// Tests, which no cell's types come from; cargo only wants their files to be there.
const TESTS: [&str; 3] = ["benches", "examples", "tests"];

/// The folder of the skeletons of one toolchain.
pub struct Skeletons<'a>(pub &'a Path);

impl Skeletons<'_> {
    /// The skeleton of the standard library; none if there can't be one.
    pub fn of_library(&self, library: &Path) -> Option<PathBuf> {
        self.made("library", library, |folder| {
            for entry in entries(library)? {
                let (name, to) = (name_of(&entry), folder.join(name_of(&entry)));
                match name {
                    "vendor" => self.copy(&entry, &to, &|path| path.to_string_lossy().contains("/hashbrown-"))?,
                    _ => self.copy(&entry, &to, &|_| is_of_the_library(name))?,
                }
            }
            // In it cargo keeps what rustc has told it.
            write_whole(&folder.join("target/CACHEDIR.TAG"), b"Signature: 8a477f597d28d172789f06886806bc55")
        })
    }

    /// What `cargo metadata` says, but with skeletons of the crates of registries, whose sources
    /// never change.
    pub fn of_packages(&self, metadata: &str) -> Option<String> {
        let mut metadata: Value = serde_json::from_str(metadata).ok()?;
        for package in metadata["packages"].as_array_mut()? {
            let whole = PathBuf::from(package["manifest_path"].as_str()?).parent()?.to_owned();
            let is_of_registry = package["source"].as_str().is_some_and(|source| source.starts_with("registry+"));
            if !is_of_registry || whole.starts_with(self.0) {
                continue;
            }
            let Some(skeleton) = self.made(name_of(&whole), &whole, |folder| self.copy(&whole, folder, &|_| true))
            else {
                continue;
            };
            let move_it = |path: &mut Value| {
                if let Some(rest) = path.as_str().and_then(|path| Path::new(path).strip_prefix(&whole).ok()) {
                    *path = skeleton.join(rest).to_string_lossy().into();
                }
            };
            move_it(&mut package["manifest_path"]);
            package["targets"].as_array_mut()?.iter_mut().for_each(|target| move_it(&mut target["src_path"]));
        }
        Some(metadata.to_string())
    }

    // The folder of one skeleton, made if it isn't there.
    fn made(&self, name: &str, of: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Option<PathBuf> {
        if env::var_os(WHOLE_VARIABLE).is_some() {
            return None;
        }
        let stamp = Inputs::default().text("of", &of.to_string_lossy()).stamp();
        let folder = self.0.join(format!("{name}-{}", &stamp[..8]));
        let made = make_whole(&folder, make);
        made.inspect_err(|error| self.tell_refused(of, &format!("{error:#}"))).ok().map(|()| folder)
    }

    // Copies a folder's sources as skeletons, those that nobody reads as empty files, and what
    // cargo looks at as it is.
    fn copy(&self, from: &Path, to: &Path, is_read: &dyn Fn(&Path) -> bool) -> Result<()> {
        if from.is_dir() {
            for entry in entries(from)? {
                let name = name_of(&entry);
                let is_read: &dyn Fn(&Path) -> bool = if TESTS.contains(&name) { &|_| false } else { is_read };
                self.copy(&entry, &to.join(name), is_read)?;
            }
            return Ok(());
        }
        let name = name_of(from);
        let text = match name.rsplit('.').next() {
            Some("rs") if !is_read(from) => String::new(),
            Some("rs") => {
                let text = fs::read_to_string(from)?;
                skeleton(&text).unwrap_or_else(|| {
                    self.tell_refused(from, "not understood, so it is copied whole");
                    text
                })
            }
            Some("toml" | "lock") => fs::read_to_string(from)?,
            _ if name == ".cargo-checksum.json" => fs::read_to_string(from)?,
            _ => return Ok(()),
        };
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(to, text)?)
    }

    fn tell_refused(&self, what: &Path, why: &str) {
        let log = File::options().create(true).append(true).open(self.0.join(REFUSED));
        let _ = log.and_then(|mut log| writeln!(log, "{}: {why}", what.display()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::rust::Rust;
    use super::super::sources;
    use super::*;

    #[test]
    fn the_standard_library_and_a_crate_have_skeletons() {
        let here = tempfile::tempdir().unwrap();
        let library = sources::folder(&Rust::on_path().unwrap().sysroot).unwrap();
        let skeletons = Skeletons(here.path());
        let folder = skeletons.of_library(&library).unwrap();
        assert_eq!(skeletons.of_library(&library).as_ref(), Some(&folder));
        assert!(!here.path().join(REFUSED).exists());
        let vec = fs::read_to_string(folder.join("alloc/src/vec/mod.rs")).unwrap();
        assert!(vec.contains("pub fn push(&mut self, value: T){loop{}}") && vec.contains("/// Appends an element"));
        assert_eq!(fs::read_to_string(folder.join("test/src/lib.rs")).unwrap(), "");

        let registry = tempfile::tempdir().unwrap();
        let source = registry.path().join("dice-1.0.0");
        fs::create_dir_all(source.join("src")).unwrap();
        fs::write(source.join("Cargo.toml"), "[package]").unwrap();
        fs::write(source.join("src/lib.rs"), "fn f() { 1 }").unwrap();
        fs::write(source.join("src/odd.rs"), "fn f() {").unwrap();
        let manifest = source.join("Cargo.toml");
        let package = |origin| {
            let package = serde_json::json!({ "packages": [{
                "source": origin, "manifest_path": manifest, "targets": [{ "src_path": source.join("src/lib.rs") }],
            }] });
            let moved = skeletons.of_packages(&package.to_string()).unwrap();
            let moved: Value = serde_json::from_str(&moved).unwrap();
            moved["packages"][0]["targets"][0]["src_path"].as_str().map(PathBuf::from).unwrap()
        };
        assert_eq!(package(None::<&str>), source.join("src/lib.rs"), "a crate that may change is read where it is");
        let moved = package(Some("registry+x"));
        assert_eq!(fs::read_to_string(&moved).unwrap(), "fn f(){loop{}}");
        assert_eq!(fs::read_to_string(moved.with_file_name("odd.rs")).unwrap(), "fn f() {");
        assert!(fs::read_to_string(here.path().join(REFUSED)).unwrap().contains("odd.rs: not understood"));
    }
}
