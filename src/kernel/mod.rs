//! One kernel, from the line in the kernelspec to its end. Nothing here is seen by a reader who has
//! no kernel running.
//!
//! The road of a start; each step is a file, and 3 and 4 go on side by side:
//!
//! 1. [`ports`] takes the ports that Jupyter has chosen, so that no other kernel can.
//! 2. [`own_folder`] makes a folder for this kernel alone and removes those of dead ones; [`guard`]
//!    ends what is left if this process is killed.
//! 3. [`libraries`] finds the [`warm`] folder, where all of them are built, and by which compiler
//!    ([`rust`]); [`inputs`] says whether it is made from the sources as they are. If only our
//!    crates have changed, they are built now, into another folder that begins as a
//!    [`copy`](mod@copy) of the last, once for all kernels.
//! 4. [`environment`] makes the command of evcxr. [`toolchain`] gives it a `cargo` of ours;
//!    [`sources`] finds the standard library's; [`preload`] stands between the cells and the
//!    standard streams; the [variables](build_variables) that builds depend on keep their values.
//! 5. [`workspace`] puts into the kernel's folder the few files that cells are compiled from.
//! 6. [`ready`] has it load `support` before its reader's first cell.
//! 7. [`running`]: evcxr runs, and this process watches it.
//!
//! What evcxr then asks our `cargo` ([`mod@cargo`], in the [`surroundings`] that variables tell it)
//! is answered as it was before ([`answers`]), compiled by the command of before ([`again`]), or
//! left to cargo, whose list of packages is shortened ([`metadata`]) and names [`skeletons`], each
//! made by [`skeleton`], for rust-analyzer to read. An error about a variable that was moved away
//! is explained ([`moved`]).

mod again;
mod answers;
mod build_variables;
mod cargo;
mod copy;
mod environment;
pub mod guard;
mod inputs;
mod libraries;
mod metadata;
mod moved;
mod own_folder;
mod ports;
mod preload;
pub mod ready;
mod running;
pub mod rust;
mod skeleton;
pub mod skeletons;
pub mod sources;
mod surroundings;
pub mod toolchain;
pub mod warm;
pub mod workspace;

pub use cargo::stand_in;

use std::fs;
use std::panic::resume_unwind;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::Result;

use self::guard::{Guard, Left};
use self::libraries::Libraries;
use self::own_folder::{OwnFolder, remove_dead};
use self::ports::Ports;
use self::ready::FirstCells;
use self::running::Run;
use self::warm::Warm;
use crate::base::console::tell;
use crate::base::lock::Lock;
use crate::base::paths::Paths;
use crate::base::stop::{Stop, own_group, terminate_own_group};

/// The version of evcxr that the tutorial was made with.
pub const EVCXR_VERSION: &str = "0.22.0";

/// Set by the set-up for its own kernel: the warm folder that is not in place yet.
pub const WARMING_VARIABLE: &str = "IMBALANCED_DATA_WARMING";

/// Runs a kernel to its end; its exit code is the kernel's.
pub fn run(paths: &Paths, evcxr: &Path, connection_file: &Path) -> Result<u8> {
    let stop = Stop::on_signals()?;
    let ports = match Ports::hold(connection_file) {
        Ok(ports) => ports,
        Err(error) => {
            tell(format!("{error:#}. It ends; Jupyter starts it again with other ports"));
            return Ok(ports::LOST);
        }
    };
    remove_dead(paths);
    let own = OwnFolder::new(paths)?;
    let guard = Guard::start(&Left { group: own_group(), folder: Some(own.folder.clone()), ..Left::default() });
    if let Err(error) = &guard {
        tell(format!("{error:#}: if it is killed, what it has started goes on"));
    }
    let prepared = {
        let (paths, folder) = (paths.clone(), own.folder.clone());
        let (evcxr, connection_file) = (evcxr.to_owned(), connection_file.to_owned());
        unless_stopped(&stop, move || prepare(&paths, &evcxr, &connection_file, &folder))
    };
    let Some(prepared) = prepared else { return Ok(0) };
    let (mut kernel, libraries) = prepared?;

    let name = libraries.warm().map_or("", |warm| &warm.name);
    let can_be_ready = libraries.warm().is_some_and(has_sources) && !ready::have_failed(paths, name);
    let first_cells = can_be_ready.then(|| FirstCells::write(&own.folder, &paths.support())).transpose()?;
    let mut run = Run { folder: &own.folder, first_cells, stop: &stop, begin: Instant::now() };
    let mut ended = run.of(&mut kernel, Some(ports))?;
    let has_failed = run.first_cells.as_ref().is_some_and(|cells| !cells.are_done());
    // When whoever started it has gone, it ends with an error too.
    if has_failed && ended.gave_up && !stop.orphaned() {
        tell(
            "it could not load support before the first cell: it starts again without, and so will others for an hour",
        );
        ready::remember_failure(paths, name)?;
        run.first_cells = None;
        ended = run.of(&mut kernel, None)?;
    }
    if stop.orphaned() {
        // Who made it can't remove it any more.
        let _ = fs::remove_file(connection_file);
    }
    Ok(ended.code)
}

// Does what may take minutes; none when this process is told to stop meanwhile: with its end the
// rest ends too.
fn unless_stopped<T: Send + 'static>(stop: &Stop, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (working, at_the_end) = channel::<()>();
    let worker = thread::spawn(move || {
        let _working = working;
        work()
    });
    while at_the_end.recv_timeout(Duration::from_millis(200)) == Err(RecvTimeoutError::Timeout) {
        if stop.requested() || stop.orphaned() {
            terminate_own_group();
            return None;
        }
    }
    Some(worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
}

// Finds what a kernel needs, and builds it where it may.
fn prepare(paths: &Paths, evcxr: &Path, connection_file: &Path, folder: &Path) -> Result<(Command, Libraries)> {
    wait_for_set_up(paths, evcxr);
    let mut libraries = Libraries::find(paths);
    let rust = libraries.rust.clone();
    // Both wait for answers of rustc and cargo.
    let kernel = thread::scope(|scope| {
        let kernel = scope.spawn(|| environment::command(evcxr, connection_file, paths, rust.as_ref()));
        libraries.hold(paths);
        kernel.join()
    });
    let (mut kernel, toolchain) = kernel.unwrap_or_else(|panic| resume_unwind(panic));
    libraries.give(&mut kernel, toolchain.is_some(), folder, paths)?;
    warm::remove_unused(paths);
    if let Some(toolchain) = toolchain {
        toolchain::remove_others(&paths.kernels(), &toolchain, || own_folder::is_alone(paths, folder));
    }
    Ok((kernel, libraries))
}

// A reader may start a kernel while the set-up builds what it needs; the set-up's own can't wait.
fn wait_for_set_up(paths: &Paths, evcxr: &Path) {
    let is_own = std::env::var_os(WARMING_VARIABLE).is_some();
    let mut seen = None;
    let mut has_to_wait = || {
        // All sources are read to see whether what is built fits them: once for each that is built.
        let built = Some((evcxr.is_file(), Warm::last(paths).map(|last| last.name)));
        Lock::is_held(&paths.setup_lock())
            && (seen == built || {
                seen = built;
                !(evcxr.is_file() && Warm::fitting(paths, None).is_some())
            })
    };
    if is_own || !has_to_wait() {
        return;
    }
    tell("waits for the set-up, which is still at work; cells that are run now run after it");
    while has_to_wait() {
        sleep(Duration::from_millis(500));
    }
}

fn has_sources(warm: &Warm) -> bool {
    let is_there = sources::folder(&warm.rust.sysroot).is_some();
    if !is_there {
        tell(format!("{}\n{}", sources::MISSING, sources::REMEDY));
    }
    is_there
}
