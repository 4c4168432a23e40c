//! Step 5: the warm folder, in which the dependencies of all cells are built once.
//!
//! The real kernel builds them, so that everything is as it will ask for it; where it has and only some sources have
//! changed, cargo does it in the same way, which is quicker. The new folder is made beside the old
//! one, from its built files, and takes its place when it is whole: a kernel may start at any time meanwhile,
//! and a killed build goes on where it stopped.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::json;

use crate::base::console::Progress;
use crate::base::lock::Lock;
use crate::base::paths::Paths;
use crate::base::process::{command, probable_cause, run_logged};
use crate::base::stamp;
use crate::kernel::WARMING_VARIABLE;
use crate::kernel::built_with::BuiltWith;
use crate::kernel::clone::{Large, clone_folder, protect};
use crate::kernel::fresh;
use crate::kernel::workspace;
use crate::kernel::{inputs, sources};
use crate::notebook::driver::{Event, run_notebook};
use crate::setup::step::Step;

const DOES_IT_COMPILE: &str = "Does the support crate compile? `cargo build -p support` tells.";

/// The warm folder.
pub struct Warm {
    paths: Paths,
}

impl Warm {
    /// The step for these folders.
    pub fn new(paths: &Paths) -> Self {
        Self { paths: paths.clone() }
    }
}

impl Step for Warm {
    fn title(&self) -> String {
        "The notebooks' dependencies, built once for all kernels".to_owned()
    }

    fn is_done(&self) -> Result<bool> {
        Ok(BuiltWith::of(&self.paths.warm()).is_some() && inputs::match_stamp(&self.paths, &rustc_version()?)?)
    }

    fn megabytes(&self) -> u64 {
        1500
    }

    fn run(&self, progress: &mut Progress) -> Result<()> {
        let stamp = inputs::stamp(&self.paths, &rustc_version()?)?;
        let next = self.paths.warm_next();
        progress.set_message("starting the kernel");
        if self.paths.builds != self.paths.home {
            progress.say(format!(
                "      in {}, as the kernel can't work in a folder with a space in its path",
                self.paths.builds.display()
            ));
        }
        if self.start_next(&next)? {
            self.build_again_in(&next, progress)?;
            return self.put_in_place(&next, &stamp);
        }
        if let Some(total) = crates_to_build(&self.paths) {
            progress.set_total(total);
        }
        self.build_in(&next, progress)?;
        self.put_in_place(&next, &stamp)
    }
}

impl Warm {
    // Is it a copy of a whole one, so that only what has changed is to be built?
    fn start_next(&self, next: &Path) -> Result<bool> {
        let cannot = || format!("can't make {}", next.display());
        let mut is_copy = false;
        if !next.exists() {
            // Under another name until it is whole, so that one killed half-way is not taken for it.
            let part = next.with_extension("part");
            let _ = fs::remove_dir_all(&part);
            match self.paths.warm().is_dir() {
                // Copies: what is built again must not be what living kernels use.
                true => clone_folder(&self.paths.warm(), &part, Large::Copy).with_context(cannot)?,
                false => fs::create_dir_all(&part).with_context(cannot)?,
            }
            // Its contents have changed, or another input has; the time stamps of sources needn't tell.
            fresh::forget(&part).with_context(cannot)?;
            is_copy = BuiltWith::of(&part).is_some_and(|with| with.is_of_this_evcxr());
            fs::rename(&part, next).with_context(cannot)?;
        }
        let _ = fs::remove_file(next.join(inputs::STAMP));
        workspace::write(next, &self.paths)?;
        Ok(is_copy)
    }

    // Cargo alone does it: a kernel would take a third of the time to start.
    fn build_again_in(&self, next: &Path, progress: &mut Progress) -> Result<()> {
        let version = rustc_version()?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
        let mut cargo = workspace::build(next, &self.paths, &sources::sysroot()?, host)?;
        run_logged(&mut cargo, &self.paths.log("warm"), |line| {
            if let Some(name) = compiled_crate(line) {
                progress.set_message(name);
            }
        })
        .map_err(|error| anyhow!("{error:#}\n{DOES_IT_COMPILE}"))
    }

    fn build_in(&self, next: &Path, progress: &mut Progress) -> Result<()> {
        let folder = self.paths.home.join("warming");
        let notebook = folder.join("warm.ipynb");
        let cells = [
            workspace::dep_line("support", &self.paths.support()),
            "use support::*;".to_owned(),
            "let warm = 1.0f64;".to_owned(),
            // No kernel loads it but those of the exercises. Its stamps are cargo's own: it is built again in seconds.
            workspace::dep_line("exercises", &self.paths.exercises()),
        ];
        stamp::write_whole(&notebook, notebook_of(&cells).to_string().as_bytes())?;
        let mut built = 0;
        let warming = [(WARMING_VARIABLE, next.display().to_string())];
        let executed = folder.join("executed.ipynb");
        let outcome = run_notebook(&self.paths, &notebook, &executed, &warming, |event| {
            if let Event::Message { text } = event
                && let Some(name) = compiled_crate(text)
            {
                built += 1;
                progress.set_position(built);
                progress.set_message(name);
            }
        })?;
        let Some(failure) = outcome.failure else {
            return Ok(());
        };
        let text = failure.text.trim_end();
        let cause = match (probable_cause(text), failure.index) {
            (Some(cause), _) => format!("Probable cause: {cause}"),
            (None, Some(_)) => DOES_IT_COMPILE.to_owned(),
            (None, None) => "Run `cargo run -- doctor`; it looks at what the kernel needs.".to_owned(),
        };
        bail!(
            "the kernel could not build them:\n{text}\n{cause}\nIts whole output is in {}",
            Paths::shown(&outcome.log)
        )
    }

    fn put_in_place(&self, next: &Path, stamp: &str) -> Result<()> {
        BuiltWith::record(next, sources::sysroot()?)?;
        protect(next).with_context(|| format!("can't make the files in {} read-only", next.display()))?;
        stamp::write_whole(&next.join(inputs::STAMP), stamp.as_bytes())?;
        let warm = self.paths.warm();
        let old = self.paths.builds.join("warm-old");
        let cannot = || format!("can't put {} in place", warm.display());
        let _ = fs::remove_dir_all(&old);
        {
            let _lock = Lock::exclusive(&self.paths.builds.join("warm.lock"), || {})?;
            if warm.exists() {
                fs::rename(&warm, &old).with_context(cannot)?;
            }
            fs::rename(next, &warm).with_context(cannot)?;
        }
        let _ = fs::remove_dir_all(&old);
        Ok(())
    }
}

/// The crate named in one of cargo's lines.
fn compiled_crate(line: &str) -> Option<&str> {
    line.trim().strip_prefix("Compiling ")?.split(' ').next()
}

fn notebook_of(cells: &[String]) -> serde_json::Value {
    let cells: Vec<_> = cells
        .iter()
        .enumerate()
        .map(|(index, source)| {
            json!({
                "cell_type": "code", "id": format!("cell-{index}"), "metadata": {},
                "execution_count": null, "outputs": [], "source": source,
            })
        })
        .collect();
    json!({ "cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5 })
}

fn rustc_version() -> Result<String> {
    let output = command("rustc")
        .arg("-vV")
        .output()
        .context("can't run `rustc`\nIs Rust installed and on PATH? See rustup.rs")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

// How many crates cargo will name: only for the bar.
fn crates_to_build(paths: &Paths) -> Option<u64> {
    let output = command("cargo")
        .args(["tree", "--package", "support", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(&paths.repo)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let crates: std::collections::BTreeSet<&str> =
        text.lines().map(|line| line.trim_end_matches(" (*)").trim_end_matches(" (proc-macro)")).collect();
    // evcxr passes on only cargo's lines that name a crate without a hyphen.
    let named = crates.iter().filter_map(|line| line.split(' ').next()).filter(|name| !name.contains('-'));
    Some(named.count() as u64).filter(|total| *total > 0)
}
