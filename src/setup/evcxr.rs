//! Step 4: the Rust kernel, evcxr_jupyter.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::base::console::Progress;
use crate::base::paths::Paths;
use crate::base::process::{command, find_program, run_logged};
use crate::kernel::EVCXR_VERSION;
use crate::setup::step::Step;

// What the kernel never asks for, or what is quick without: rust-analyzer's crates for an editor's suggestions and for
// completion, what asks cargo and what prints. The others read the libraries at each kernel's start: there less optimisation
// is felt.
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

// One unit for each crate, and so no optimising across units: a seventh less to compile, and the kernel is as quick.
const WHOLE_CRATES: [&str; 2] = ["profile.release.codegen-units=1", "profile.release.lto=\"off\""];

/// The kernel program.
pub struct Evcxr {
    paths: Paths,
}

impl Evcxr {
    /// The step for these folders.
    pub fn new(paths: &Paths) -> Self {
        Self { paths: paths.clone() }
    }

    /// Where the kernel program is, if it is there in the right version.
    pub fn program(&self) -> Option<PathBuf> {
        let own = self.own_program();
        let on_path = find_program("evcxr_jupyter");
        on_path.into_iter().chain([own]).find(|program| has_version(program))
    }
}

impl Evcxr {
    /// Where the set-up puts it.
    pub fn own_program(&self) -> PathBuf {
        program_in(&self.paths.evcxr_root())
    }
}

impl Step for Evcxr {
    fn title(&self) -> String {
        format!("Rust kernel evcxr_jupyter {EVCXR_VERSION}")
    }

    fn is_done(&self) -> Result<bool> {
        Ok(self.program().is_some())
    }

    fn megabytes(&self) -> u64 {
        1500
    }

    fn run(&self, progress: &mut Progress) -> Result<()> {
        let root = self.paths.evcxr_root();
        let log = self.paths.log("evcxr");
        let package = format!("evcxr_jupyter@{EVCXR_VERSION}");
        if find_program("cargo-binstall").is_some() {
            progress.set_message("downloading it with cargo binstall");
            let mut binstall = command("cargo");
            // Only the files of evcxr's own releases, not those that others have built.
            binstall.args(["binstall", "--no-confirm", "--locked", "--strategies", "crate-meta-data", "--root"]);
            binstall.arg(&root).arg(&package);
            if run_logged(&mut binstall, &log, |_| {}).is_ok() && self.program().is_some() {
                return Ok(());
            }
            progress.say("      cargo binstall could not: compiling it instead");
        }
        self.compile(&root, &log, &package, progress)?;
        if self.program().is_none() {
            bail!(
                "`cargo install` ended well, but {} isn't there in version {EVCXR_VERSION}\nTry: delete {} and run the same command again",
                program_in(&root).display(),
                root.display()
            );
        }
        Ok(())
    }
}

impl Evcxr {
    // A build folder of its own, so that a killed build goes on where it stopped.
    fn compile(&self, root: &Path, log: &Path, package: &str, progress: &mut Progress) -> Result<()> {
        let build = self.paths.home.join("evcxr-build");
        progress.set_message("downloading and compiling it (about 8 minutes on two cores)");
        let mut install = command("cargo");
        install
            .args(["install", "--locked", "--force", "--root"])
            .arg(root)
            .arg(package)
            .args(settings().flat_map(|setting| ["--config".to_owned(), setting]))
            .current_dir(&self.paths.home)
            .env("CARGO_TARGET_DIR", &build)
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_TERM_PROGRESS_WHEN", "always")
            .env("CARGO_TERM_PROGRESS_WIDTH", "100");
        run_logged(&mut install, log, |line| {
            if let Some((position, total)) = progress_of(line) {
                progress.set_total(total);
                progress.set_position(position);
            } else if let Some(name) = line.trim().strip_prefix("Compiling ") {
                progress.set_message(name);
            }
        })?;
        fs::remove_dir_all(&build)
            .or_else(|error| match error.kind() {
                std::io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })
            .with_context(|| format!("can't remove {}", build.display()))
    }
}

fn settings() -> impl Iterator<Item = String> {
    let level = |(name, level): &(&str, u8)| format!("profile.release.package.{name}.opt-level={level}");
    WHOLE_CRATES.into_iter().map(str::to_owned).chain(CHEAPER.iter().map(level))
}

fn program_in(root: &Path) -> PathBuf {
    root.join("bin").join(format!("evcxr_jupyter{}", env::consts::EXE_SUFFIX))
}

// The program can't tell its version; cargo's list beside its folder can.
fn has_version(program: &Path) -> bool {
    let entry = format!("\"evcxr_jupyter {EVCXR_VERSION} (");
    let list = program.parent().and_then(Path::parent).map(|root| root.join(".crates.toml"));
    program.is_file() && list.is_some_and(|list| fs::read_to_string(list).is_ok_and(|text| text.contains(&entry)))
}

// The position in cargo's `Building [====>    ] 12/345: some, crates`.
fn progress_of(line: &str) -> Option<(u64, u64)> {
    let line = line.trim().strip_prefix("Building [")?;
    let numbers = line.split("] ").nth(1)?.split(':').next()?;
    let (position, total) = numbers.split_once('/')?;
    Some((position.trim().parse().ok()?, total.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_s_bar_is_read() {
        let line = "    Building [=====>        ] 12/345: serde, syn(build)";
        assert_eq!(progress_of(line), Some((12, 345)));
        assert_eq!(progress_of("   Compiling serde v1.0.0"), None);
    }

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
    }
}
