//! The set-up: five steps, each done only when its result is missing or out of date.
//!
//! A step is a file here; it may use the rooms `notebook`, `kernel` and `base`, and no other step
//! (the kernelspec names where the next two put the kernel). [`download`] and [`prebuilt`] fetch
//! what is not made here.

mod dependencies;
pub mod download;
pub mod evcxr;
pub mod kernelspec;
pub mod python;
mod prebuilt;
mod rust_src;
pub mod tried;

use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};

use crate::base::console::{Progress, say, seconds};
use crate::base::lock::Lock;
use crate::base::paths::{HOME_VARIABLE, Paths};
use crate::setup::dependencies::Dependencies;
use crate::setup::evcxr::Evcxr;
use crate::setup::kernelspec::KernelSpec;
use crate::setup::python::Python;
use crate::setup::rust_src::RustSrc;

/// One step of the set-up.
pub trait Step {
    /// What the step provides, for the user.
    fn title(&self) -> String;
    /// Is its result there and up to date? Quick: asked at each start.
    fn is_done(&self) -> Result<bool>;
    /// Is it done in a moment, so that it isn't worth a word?
    fn is_quick(&self) -> bool {
        false
    }
    /// The disk space it needs, in MB.
    fn megabytes(&self) -> u64;
    /// Provides it. May be killed at any time, and is called again then.
    fn run(&self, progress: &mut Progress) -> Result<()>;
}

/// How many of the steps JupyterLab needs to show the notebooks.
const TO_READ: usize = 3;

/// The steps in the order in which they build on each other.
pub fn steps(paths: &Paths) -> Vec<Box<dyn Step + '_>> {
    vec![
        Box::new(RustSrc { paths }),
        Box::new(Python { paths }),
        Box::new(KernelSpec { paths }),
        Box::new(Evcxr { paths }),
        Box::new(Dependencies { paths }),
    ]
}

/// `setup`: does what is missing, and says where it is.
pub fn run(paths: &Paths) -> Result<()> {
    prepare(paths)?;
    say(format!(
        "The set-up in {} is whole. VS Code, papermill or a JupyterLab of your own find its kernel by one of\n\n  export JUPYTER_PATH={}\n  {} kernelspec install --user --name imbalanced-data {}\n",
        Paths::shown(&paths.home),
        quoted(&paths.jupyter_path()),
        quoted(&paths.python_program("jupyter")),
        quoted(&paths.jupyter_path().join("kernels/rust"))
    ));
    Ok(())
}

// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = path.chars().all(|letter| letter.is_alphanumeric() || "/._-:\\".contains(letter));
    if is_plain { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// Fails when something is missing, for those who can't do it themselves.
pub fn expect(paths: &Paths) -> Result<()> {
    match all_done(&steps(paths))? {
        true => Ok(()),
        false => bail!(
            "the set-up in {} is missing something or out of date\nWhoever made it runs `cargo run -- setup` again; `cargo run -- doctor` says what is missing.",
            paths.home.display()
        ),
    }
}

/// Does what is missing.
pub fn prepare(paths: &Paths) -> Result<()> {
    prepare_steps(paths, 0..usize::MAX)
}

/// Does what JupyterLab misses to open and show the notebooks, which takes a minute; is all done?
pub fn prepare_to_read(paths: &Paths) -> Result<bool> {
    // Who can't make the set-up can't wait for it either.
    prepare_steps(paths, 0..if paths.is_shared() { usize::MAX } else { TO_READ })?;
    all_done(&steps(paths))
}

/// Does the rest of it, for which kernels wait.
pub fn prepare_to_run(paths: &Paths) -> Result<()> {
    prepare_steps(paths, TO_READ..usize::MAX)
}

fn prepare_steps(paths: &Paths, range: Range<usize>) -> Result<()> {
    let all = steps(paths);
    let wanted = &all[range.start..range.end.min(all.len())];
    if all_done(wanted)? {
        return Ok(());
    }
    if paths.is_shared() {
        return expect(paths).with_context(|| {
            format!("you can't write the set-up; for one of your own, set {HOME_VARIABLE} to a folder of yours")
        });
    }
    let _lock = Lock::exclusive(&paths.setup_lock(), || {
        say("Another launcher is setting up this folder: waiting for it …");
    })?;
    if all_done(wanted.iter().filter(|step| !step.is_quick()))? {
        return run_quick(wanted);
    }
    if range.start == 0 {
        say(format!(
            "Setting up the tutorial in {} (the first time takes about 15 minutes; if it is stopped, it goes on next time)",
            Paths::shown(&paths.home)
        ));
    }
    let newer_rust = tried::newer_rust();
    if let Some(line) = &newer_rust {
        say(line);
    }
    let start = Instant::now();
    for (step, number) in wanted.iter().zip(range.start + 1..) {
        let heading = format!("[{number}/{}] {}", all.len(), step.title());
        if step.is_done()? {
            say(format!("{heading}: there"));
            continue;
        }
        say(&heading);
        check_space(paths, step.as_ref())?;
        let mut progress = Progress::start();
        step.run(&mut progress)
            .map_err(|error| match &newer_rust {
                Some(_) => anyhow!("{error:#}\n{}", tried::remedy()),
                None => error,
            })
            .with_context(|| format!("set-up step {number}, {}, failed", step.title()))?;
        let elapsed = progress.elapsed();
        drop(progress);
        say(format!("      done in {}", seconds(elapsed)));
    }
    if range.end >= all.len() {
        // The kernelspec says that cells wait for the set-up, while they do.
        run_quick(&all)?;
        say(format!("Set-up done in {}", seconds(start.elapsed())));
    }
    Ok(())
}

fn run_quick(steps: &[Box<dyn Step + '_>]) -> Result<()> {
    for step in steps.iter().filter(|step| step.is_quick()) {
        if !step.is_done()? {
            step.run(&mut Progress::start())?;
        }
    }
    Ok(())
}

fn all_done<'a>(steps: impl IntoIterator<Item = &'a Box<dyn Step + 'a>>) -> Result<bool> {
    for step in steps {
        if !step.is_done()? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn check_space(paths: &Paths, step: &dyn Step) -> Result<()> {
    match free_megabytes(paths) {
        Some(free) if free < step.megabytes() => bail!(
            "{free} MB are free on the disk of {}, and {} needs about {} MB\nFree some space and run the same command again.",
            paths.home.display(),
            step.title(),
            step.megabytes()
        ),
        _ => Ok(()),
    }
}

/// The free space of the disk that the set-up is on, where the system tells.
pub fn free_megabytes(paths: &Paths) -> Option<u64> {
    paths.home.ancestors().find(|folder| folder.is_dir()).and_then(free_megabytes_of)
}

#[cfg(unix)]
fn free_megabytes_of(folder: &std::path::Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail * disk.f_frsize / 1_000_000)
}

#[cfg(not(unix))]
fn free_megabytes_of(_: &std::path::Path) -> Option<u64> {
    None
}
