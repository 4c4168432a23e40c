//! What a kernel compiles its cells against: the libraries of a warm folder, or else those that
//! cargo builds in its own.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::copy::take_libraries;
use super::inputs::CRATES;
use super::rust::Rust;
use super::surroundings::WARM_VARIABLE;
use super::warm::{self, Warm};
use super::{EVCXR_VERSION, WARMING_VARIABLE, environment, workspace};
use crate::base::builds::run_cargo;
use crate::base::console::tell;
use crate::base::lock::Lock;
use crate::base::paths::Paths;

/// What a kernel finds when it starts.
pub struct Libraries {
    /// The compiler.
    pub rust: Option<Rust>,
    // The warm folder that is made from the sources as they are, which stays while the lock is
    // held.
    held: Option<(Warm, Lock)>,
    last: Option<Warm>,
}

impl Libraries {
    /// Those of the set-up that is being made, or of the last one.
    pub fn find(paths: &Paths) -> Self {
        let made = env::var_os(WARMING_VARIABLE).and_then(|folder| Warm::in_folder(Path::new(&folder)));
        let held = made.clone().and_then(|warm| warm.hold().map(|lock| (warm, lock)));
        let last = made.or_else(|| Warm::last(paths));
        let rust = last.as_ref().map(|warm| warm.rust.clone()).or_else(|| Rust::on_path().ok());
        Self { rust, held, last }
    }

    /// Holds the warm folder that is made from the sources as they are. Where only our crates have
    /// changed, it is made now.
    pub fn hold(&mut self, paths: &Paths) {
        if self.held.is_none() {
            self.held = self.last.clone().and_then(|last| hold(paths, last));
        }
    }

    /// The warm folder, if it fits.
    pub fn warm(&self) -> Option<&Warm> {
        self.held.as_ref().map(|(warm, _)| warm)
    }

    /// Gives them to a kernel that works in this folder.
    pub fn give(&self, kernel: &mut Command, has_our_cargo: bool, folder: &Path, paths: &Paths) -> Result<()> {
        workspace::write(folder, paths)?;
        let take = |from: &Warm, changed: &[&str]| {
            let cannot = || format!("can't copy {} to {}", from.folder.display(), folder.display());
            take_libraries(&from.folder, folder, changed).with_context(cannot)
        };
        match (self.warm(), &self.last) {
            (Some(warm), _) if has_our_cargo => drop(kernel.env(WARM_VARIABLE, &warm.folder)),
            // Any other would build them in the kernel's folder.
            (Some(warm), _) => take(warm, &[])?,
            (None, Some(last)) if last.is_whole() => {
                tell(
                    "support or its libraries are not as they were when they were built, so its first cell builds what has changed; `cargo run -- setup` does that once for all kernels",
                );
                // Where it can't be held, another kernel may remove it meanwhile.
                let _lock = last.hold();
                take(last, &CRATES)?;
            }
            (None, _) => tell(format!(
                "evcxr {EVCXR_VERSION}: no built dependencies in {}, so the first cell compiles them all, which takes minutes. `cargo run` builds them once for all kernels.",
                paths.builds.display()
            )),
        }
        if let Some(built) = self.warm().or(self.last.as_ref()) {
            built.give(kernel);
        }
        if let Some(rust) = &self.rust {
            let built = self.warm().map(|warm| warm.folder.as_path());
            environment::find_libraries(kernel, rust, [folder].into_iter().chain(built));
        }
        Ok(())
    }
}

fn hold(paths: &Paths, mut last: Warm) -> Option<(Warm, Lock)> {
    let sysroot = last.rust.sysroot.clone();
    for _ in 0..3 {
        let warm = match Warm::fitting(paths, Some(&last.rust)) {
            Some(warm) if warm.name == last.name => warm,
            // Making it again makes it the last.
            Some(_) => build(paths, &last.rust)?,
            None if last.has_same_libraries(paths) => {
                tell(
                    "support or another crate of ours changed since it was built: it is built again first, once for all kernels",
                );
                build(paths, &last.rust)?
            }
            None => return None,
        };
        // Another kernel may have built a newer one, and removed it.
        if let Some(lock) = warm.hold() {
            return Some((warm, lock));
        }
        // This kernel's compiler is already chosen.
        last = Warm::last(paths).filter(|last| last.rust.sysroot == sysroot)?;
    }
    None
}

fn build(paths: &Paths, rust: &Rust) -> Option<Warm> {
    warm::build(paths, rust, run_cargo, |_| Ok(())).inspect_err(|error| tell(format!("{error:#}"))).ok()
}
