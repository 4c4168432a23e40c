//! Step 3: the kernelspec named `rust`, inside the Python environment, and in a folder for other
//! clients; never in the user's home.

use std::fs;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::base::console::Progress;
use crate::base::paths::Paths;
use crate::base::process::this_program;
use crate::base::stamp;
use crate::kernel::warm::Warm;
use crate::setup::Step;
use crate::setup::evcxr::Evcxr;

// Beside a kernelspec `rust`, evcxr looks for this; without it, it takes the kernelspec for its
// own, out of date.
const EVCXR_S_VERSION: &str = "1";

/// The kernelspec, and the copy of this launcher that it starts.
pub struct KernelSpec<'a> {
    /// Its folders.
    pub paths: &'a Paths,
}

impl KernelSpec<'_> {
    fn folders(&self) -> [PathBuf; 2] {
        [self.paths.kernelspec(), self.paths.jupyter_path().join("kernels/rust")]
    }

    fn stamp_file(&self) -> PathBuf {
        self.paths.home.join("bin/launcher.stamp")
    }

    // A message interrupts the running cell; a signal would end evcxr itself.
    fn content(&self) -> String {
        let evcxr = Evcxr { paths: self.paths };
        let is_whole = evcxr.program().is_some() && Warm::last(self.paths).is_some();
        let spec = json!({
            "argv": [
                self.paths.kernel_launcher(), "kernel",
                "--repo", self.paths.repo,
                "--home", self.paths.home,
                "--builds", self.paths.builds,
                "--evcxr", evcxr.program().unwrap_or_else(|| evcxr.own_program()),
                "{connection_file}",
            ],
            // JupyterLab shows it beside the notebook.
            "display_name": if is_whole { "Rust" } else { "Rust, being compiled: read on, cells wait" },
            "language": "rust",
            "interrupt_mode": "message",
        });
        format!("{spec:#}")
    }

    // What the kernelspec that is there starts: the launcher and evcxr.
    fn programs(&self) -> Option<[PathBuf; 2]> {
        let spec: Value =
            serde_json::from_str(&fs::read_to_string(self.paths.kernelspec().join("kernel.json")).ok()?).ok()?;
        let words: Vec<&str> = spec["argv"].as_array()?.iter().filter_map(Value::as_str).collect();
        let evcxr = words.iter().position(|word| *word == "--evcxr")? + 1;
        Some([PathBuf::from(words.first()?), PathBuf::from(words.get(evcxr)?)])
    }

    fn launcher_stamp() -> Result<String> {
        let launcher = this_program().context("can't find this program's own file")?;
        let about = fs::metadata(&launcher).with_context(|| format!("can't read {}", launcher.display()))?;
        let changed = about.modified().ok();
        let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Ok(format!("{} {} {:?}", launcher.display(), about.len(), changed))
    }
}

impl Step for KernelSpec<'_> {
    fn title(&self) -> String {
        "Kernelspec `rust`".to_owned()
    }

    fn is_done(&self) -> Result<bool> {
        if self.paths.is_shared() {
            // It starts the launcher and the kernel of who made it, whichever this user has.
            return Ok(self.programs().is_some_and(|programs| programs.iter().all(|program| program.is_file())));
        }
        let content = self.content();
        let is_there = |folder: &PathBuf| {
            stamp::matches(&folder.join("kernel.json"), &content)
                && stamp::matches(&folder.join("version.txt"), EVCXR_S_VERSION)
        };
        Ok(self.folders().iter().all(is_there)
            && stamp::matches(&self.stamp_file(), &Self::launcher_stamp()?)
            && self.paths.kernel_launcher().is_file())
    }

    fn is_quick(&self) -> bool {
        true
    }

    fn megabytes(&self) -> u64 {
        100
    }

    fn run(&self, _: &mut Progress) -> Result<()> {
        // Before the copy: cargo may put another one there meanwhile.
        let stamp = Self::launcher_stamp()?;
        let launcher = this_program().context("can't find this program's own file")?;
        let copy = self.paths.kernel_launcher();
        let beside = copy.with_extension("part");
        let cannot = || format!("can't copy this program to {}", copy.display());
        fs::create_dir_all(self.paths.home.join("bin")).with_context(cannot)?;
        fs::copy(&launcher, &beside).with_context(cannot)?;
        fs::rename(&beside, &copy).with_context(cannot)?;
        let content = self.content();
        for folder in self.folders() {
            stamp::write_whole(&folder.join("kernel.json"), content.as_bytes())?;
            stamp::write_whole(&folder.join("version.txt"), EVCXR_S_VERSION.as_bytes())?;
        }
        stamp::write_whole(&self.stamp_file(), stamp.as_bytes())
    }
}
