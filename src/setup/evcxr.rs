//! Step 4: the Rust kernel, evcxr_jupyter.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Result, bail};

use super::prebuilt::{self, program_in};
use crate::base::builds::Builds;
use crate::base::console::Progress;
use crate::base::paths::Paths;
use crate::base::process::{command, find_program};
use crate::kernel::rust::Rust;
use crate::kernel::{EVCXR_VERSION, warm};
use crate::setup::Step;

// What the kernel never asks for, or what is quick without: rust-analyzer's crates for an editor's
// suggestions and for completion, what asks cargo and what prints. The others read the libraries at
// each kernel's start: there less optimisation is felt.
const CHEAPER: [(&str, u8); 8] = [
    ("backtrace", 0),
    ("pulldown-cmark", 0),
    ("ra_ap_ide", 0),
    ("ra_ap_ide_assists", 0),
    ("ra_ap_ide_completion", 1),
    ("ra_ap_ide_diagnostics", 0),
    ("ra_ap_ide_ssr", 0),
    ("ra_ap_project_model", 0),
];

// One unit for each crate, and so no optimising across units: a seventh less to compile, and the
// kernel is as quick.
const WHOLE_CRATES: [&str; 2] = ["profile.release.codegen-units=1", "profile.release.lto=\"off\""];

/// The kernel program.
pub struct Evcxr<'a> {
    /// Its folders.
    pub paths: &'a Paths,
}

impl Evcxr<'_> {
    /// Where the kernel program is, if it is there in the right version.
    pub fn program(&self) -> Option<PathBuf> {
        let own = self.own_program();
        let on_path = find_program("evcxr_jupyter");
        on_path.into_iter().chain([own]).find(|program| has_version(program))
    }

    /// Where the set-up puts it.
    pub fn own_program(&self) -> PathBuf {
        program_in(&self.paths.evcxr_root())
    }
}

impl Step for Evcxr<'_> {
    fn title(&self) -> String {
        format!("Rust kernel evcxr_jupyter {EVCXR_VERSION}")
    }

    fn is_done(&self) -> Result<bool> {
        Ok(self.program().is_some())
    }

    fn megabytes(&self) -> u64 {
        // With the libraries, which are built beside it.
        4000
    }

    fn run(&self, progress: &mut Progress) -> Result<()> {
        let root = self.paths.evcxr_root();
        // A build folder of its own, so that a killed build goes on where it stopped.
        let build = self.paths.home.join("evcxr-build");
        // A broken or older one, or this step would be done.
        let _ = fs::remove_dir_all(&root);
        let is_prebuilt = prebuilt::archive().is_some_and(|archive| {
            prebuilt::install(&archive, &self.paths.python_program("python"), &root, progress)
                .inspect_err(|error| progress.say(format!("      {error:#}: compiling the kernel instead")))
                .is_ok()
        });
        if !is_prebuilt {
            self.compile(&root, &build, progress)?;
        }
        if self.program().is_none() {
            bail!(
                "`cargo install` ended well, but {} isn't there in version {EVCXR_VERSION}\nTry: delete {} and run the same command again",
                program_in(&root).display(),
                root.display()
            );
        }
        let _ = fs::remove_dir_all(&build);
        Ok(())
    }
}

impl Evcxr<'_> {
    // Each of two builds waits for single crates at times, so that of the next step runs beside.
    fn compile(&self, root: &Path, build: &Path, progress: &mut Progress) -> Result<()> {
        progress
            .set_message("downloading and compiling it, and the notebooks' libraries (about 10 minutes on two cores)");
        let mut install = command("cargo");
        install
            .args(["install", "--locked", "--force", "--root"])
            .arg(root)
            .arg(format!("evcxr_jupyter@{EVCXR_VERSION}"))
            .args(settings().flat_map(|setting| ["--config".to_owned(), setting]))
            .current_dir(&self.paths.home)
            .env("CARGO_TARGET_DIR", build);
        let builds = Builds::new(progress);
        thread::scope(|scope| {
            scope.spawn(|| self.build_libraries(&builds));
            // The end of both is waited for, and a failure should be told at once.
            builds.run(0, &mut install, &self.paths.log("evcxr")).inspect_err(|_| builds.stop())
        })
    }

    // Whatever fails here, the next step finds it too, and tells.
    fn build_libraries(&self, builds: &Builds) {
        let run = |cargo: &mut Command, log: &Path| builds.run(1, cargo, log);
        let check = |_: &Path| bail!("there is no kernel yet to try them with");
        let _ = Rust::on_path().and_then(|rust| warm::build(self.paths, &rust, run, check));
    }
}

fn settings() -> impl Iterator<Item = String> {
    let level = |(name, level): &(&str, u8)| format!("profile.release.package.{name}.opt-level={level}");
    WHOLE_CRATES.into_iter().map(str::to_owned).chain(CHEAPER.iter().map(level))
}

// Is it there, in the right version? The program can't tell, but a list beside its folder can:
// cargo's, or our own.
fn has_version(program: &Path) -> bool {
    let entry = format!("evcxr_jupyter {EVCXR_VERSION} (");
    let Some(root) = program.parent().and_then(Path::parent) else {
        return false;
    };
    let tells = |list: PathBuf| fs::read_to_string(list).is_ok_and(|text| text.contains(&entry));
    program.is_file() && (tells(root.join(".crates.toml")) || tells(prebuilt::record(root)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_version_counts() {
        let root = tempfile::tempdir().unwrap();
        let program = program_in(root.path());
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::write(&program, "").unwrap();
        assert!(!has_version(&program));
        let list = |version| format!("[v1]\n\"evcxr_jupyter {version} (registry)\" = [\"evcxr_jupyter\"]\n");
        fs::write(root.path().join(".crates.toml"), list("0.21.1")).unwrap();
        assert!(!has_version(&program));
        fs::write(root.path().join(".crates.toml"), list(EVCXR_VERSION)).unwrap();
        assert!(has_version(&program));
        fs::remove_file(root.path().join(".crates.toml")).unwrap();
        assert!(!has_version(&program));
        fs::write(prebuilt::record(root.path()), format!("evcxr_jupyter {EVCXR_VERSION} (file)\n")).unwrap();
        assert!(has_version(&program));
    }
}
