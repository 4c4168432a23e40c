//! Step 5: the warm folder, in which the dependencies of all cells are built once.
//!
//! Cargo builds them as the kernel's cells will ask for them. Then the kernel itself runs in the
//! new folder, which shows that it is whole, and leaves there what cargo has answered it, so that
//! no other kernel has to ask again.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};
use serde_json::json;

use crate::base::builds::Builds;
use crate::base::console::Progress;
use crate::base::paths::Paths;
use crate::base::process::probable_cause;
use crate::base::stamp;
use crate::kernel::WARMING_VARIABLE;
use crate::kernel::rust::Rust;
use crate::kernel::warm::{self, Warm};
use crate::kernel::workspace;
use crate::notebook::driver::run_notebook;
use crate::setup::Step;

/// The libraries of all cells, in a warm folder.
pub struct Dependencies<'a> {
    /// Its folders.
    pub paths: &'a Paths,
}

impl Step for Dependencies<'_> {
    fn title(&self) -> String {
        "The notebooks' dependencies, built once for all kernels".to_owned()
    }

    fn is_done(&self) -> Result<bool> {
        Ok(Warm::fitting(self.paths, Some(&Rust::on_path()?)).is_some())
    }

    fn megabytes(&self) -> u64 {
        1500
    }

    fn run(&self, progress: &mut Progress) -> Result<()> {
        if self.paths.builds != self.paths.home {
            progress.say(format!(
                "      in {}, as the kernel can't work in a folder with a space in its path",
                self.paths.builds.display()
            ));
        }
        let builds = Builds::new(progress);
        let run = |cargo: &mut Command, log: &Path| builds.run(0, cargo, log);
        warm::build(self.paths, &Rust::on_path()?, run, |folder| self.try_in(folder))?;
        warm::remove_unused(self.paths);
        Ok(())
    }
}

impl Dependencies<'_> {
    // Has the kernel run cells as those of the lesson and of the exercises.
    fn try_in(&self, next: &Path) -> Result<()> {
        let folder = self.paths.home.join("first-kernel");
        let notebook = folder.join("cells.ipynb");
        let cells = [
            workspace::dep_line("support", &self.paths.support()),
            "use support::*;".to_owned(),
            "let one = 1.0f64;".to_owned(),
            workspace::dep_line("exercises", &self.paths.exercises()),
            "let two = 2.0f64;".to_owned(),
        ];
        stamp::write_whole(&notebook, notebook_of(&cells).to_string().as_bytes())?;
        let warming = [(WARMING_VARIABLE, next.display().to_string())];
        let outcome = run_notebook(self.paths, &notebook, &folder.join("executed.ipynb"), &warming, |_| {});
        let outcome = outcome.and_then(|outcome| fs::remove_dir_all(&folder).map(|()| outcome).map_err(Into::into))?;
        let Some(failure) = outcome.failure else {
            return Ok(());
        };
        let text = failure.text.trim_end();
        let cause = probable_cause(text).map(|cause| format!("Probable cause: {cause}"));
        let cause = cause.unwrap_or("Run `cargo run -- doctor`; it looks at what the kernel needs.".to_owned());
        bail!(
            "the kernel does not run with them:\n{text}\n{cause}\nIts whole output is in {}",
            Paths::shown(&outcome.log)
        )
    }
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
