//! One kernel, from the line in the kernelspec to its end. Nothing here is seen by a reader who has no kernel running.
//!
//! The road of a start; each step is a file, and 3 and 5 go on side by side:
//!
//! 1. [`ports`] takes the ports that Jupyter has chosen, so that no other kernel can.
//! 2. [`own_folder`] makes a folder for this kernel alone and removes those of dead ones; [`guard`] ends what is left if this
//!    process is killed.
//! 3. [`warm`] says where all libraries are built, from what, and by which compiler ([`rust`]); [`inputs`] says whether that
//!    is as it was. If only our crates have changed, they are built now, into another folder, once for all kernels.
//! 4. [`workspace`] puts into the kernel's folder the few files that cells are compiled from.
//! 5. [`toolchain`] gives it a `cargo` of ours; [`sources`] finds the standard library's, of which and of the libraries' rust-analyzer
//!    reads a [`skeleton`].
//! 6. [`ready`] has it load `support` before its reader's first cell.
//! 7. [`preload`] stands between the cells and the standard streams.
//! 8. evcxr runs, and this process watches it.
//!
//! What evcxr then asks our `cargo` ([`mod@cargo`], in the [`surroundings`] that step 5 has told it) is answered as it was
//! before ([`answers`]), compiled by the command of before ([`again`]), or left to cargo, whose list of packages is
//! shortened ([`metadata`]). An error about a variable that was moved away is explained ([`moved`]).

mod again;
mod answers;
mod cargo;
pub mod guard;
mod inputs;
mod metadata;
mod moved;
mod own_folder;
mod ports;
mod preload;
pub mod ready;
pub mod rust;
pub mod skeleton;
pub mod sources;
mod surroundings;
pub mod toolchain;
pub mod warm;
pub mod workspace;

pub use cargo::stand_in;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use self::own_folder::{OwnFolder, TEMPORARY, remove_dead};
use self::ports::Ports;
use self::ready::FirstCells;
use self::rust::Rust;
use self::surroundings::{TOOLCHAIN_VARIABLE, WARM_VARIABLE};
use self::warm::{Warm, changes_the_build};
use self::workspace::{CONFIG_VARIABLE, FOLDER_VARIABLE};
use crate::base::console::{note, tell};
use crate::base::lock::Lock;
use crate::base::paths::Paths;
use crate::base::process::{command, for_each_line};
use crate::base::stop::{Stop, terminate_own_group};

/// The version of evcxr that the tutorial was made with.
pub const EVCXR_VERSION: &str = "0.22.0";

/// Set while the warm folder is made: the kernel then works in that folder itself, and does not remove it.
pub const WARMING_VARIABLE: &str = "IMBALANCED_DATA_WARMING";

// Of mimalloc, evcxr's allocator.
const HUGE_PAGES_VARIABLE: &str = "MIMALLOC_ALLOW_THP";

// A kernel is ready in so many seconds on a quiet machine, and nobody wonders before this.
const QUIET: u64 = 4;
const LONG: Duration = Duration::from_secs(15);

/// Runs a kernel to its end; its exit code is the kernel's.
pub fn run(paths: &Paths, evcxr: &Path, connection_file: &Path) -> Result<u8> {
    let stop = Stop::on_signals()?;
    if let Some(folder) = std::env::var_os(WARMING_VARIABLE) {
        return warm_up(paths, evcxr, connection_file, Path::new(&folder), &stop);
    }
    let ports = match Ports::hold(connection_file) {
        Ok(ports) => ports,
        Err(error) => {
            tell(format!("{error:#}. It ends; Jupyter starts it again with other ports"));
            return Ok(ports::LOST);
        }
    };
    if !wait_for_set_up(paths, evcxr, &stop) {
        return Ok(0);
    }
    remove_dead(paths);
    let own = OwnFolder::new(paths)?;
    let guard = guard::of_kernel(&own.folder);
    if let Err(error) = &guard {
        tell(format!("{error:#}: if it is killed, what it has started goes on"));
    }
    let last = Warm::last(paths);
    let rust = last.as_ref().map(|warm| warm.rust.clone()).or_else(|| Rust::on_path().ok());
    // Both wait for answers of rustc and cargo.
    let (held, kernel) = thread::scope(|scope| {
        let kernel = scope.spawn(|| kernel_command(evcxr, connection_file, paths, rust.as_ref()));
        (hold_libraries(paths), kernel.join())
    });
    let mut kernel = kernel.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    warm::remove_unused(paths);
    let warm = held.as_ref().map(|(warm, _)| warm);
    match warm {
        Some(warm) => start_beside(warm, &own.folder, &mut kernel)?,
        None => start_from(last.as_ref(), paths, &own.folder)?,
    }
    if let Some(built) = warm.or(last.as_ref()) {
        built.give(&mut kernel);
    }
    if let Some(rust) = &rust {
        let built = warm.map(|warm| warm.folder.as_path());
        find_libraries(&mut kernel, rust, [own.folder.as_path()].into_iter().chain(built));
    }

    let name = warm.map_or("", |warm| &warm.name);
    let can_be_ready = warm.is_some_and(has_sources) && !ready::have_failed(paths, name);
    let first_cells = can_be_ready.then(|| FirstCells::write(&own.folder, &paths.support())).transpose()?;
    let mut run = Run { folder: &own.folder, first_cells, stop: &stop, begin: Instant::now() };
    let mut ended = run.of(&mut kernel, Some(ports))?;
    let has_failed = run.first_cells.as_ref().is_some_and(|cells| !cells.are_done());
    // When whoever started it has gone, it ends with an error too.
    if has_failed && matches!(ended, Ended::ByItself(_)) && !stop.orphaned() {
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
    Ok(ended.code())
}

// The set-up's kernel works in the folder that is being made, and leaves there what cargo has answered.
fn warm_up(paths: &Paths, evcxr: &Path, connection_file: &Path, folder: &Path, stop: &Stop) -> Result<u8> {
    // The kernel of a launcher that was killed may need a moment to end.
    let _lock = Lock::exclusive(&paths.builds.join("warming.lock"), || {})?;
    let rust = Rust::on_path()?;
    let mut kernel = kernel_command(evcxr, connection_file, paths, Some(&rust));
    if let Some(last) = Warm::last(paths).filter(|last| last.has_same_libraries(paths)) {
        last.give(&mut kernel);
    }
    find_libraries(&mut kernel, &rust, [folder].into_iter());
    let first_cells = Some(FirstCells::write(folder, &paths.support())?);
    let ended = Run { folder, first_cells, stop, begin: Instant::now() }.of(&mut kernel, None)?;
    for name in ["config", TEMPORARY, "jupyter"] {
        let _ = fs::remove_dir_all(folder.join(name));
    }
    Ok(ended.code())
}

// A reader may start a kernel while the set-up builds what it needs. False when it was told to stop meanwhile.
fn wait_for_set_up(paths: &Paths, evcxr: &Path, stop: &Stop) -> bool {
    let is_whole = || evcxr.is_file() && Warm::fitting(paths, None).is_some();
    let mut told = false;
    while Lock::is_held(&paths.setup_lock()) && !is_whole() {
        if !told {
            told = true;
            tell("waits for the set-up, which is still at work; cells that are run now run after it");
        }
        if stop.requested() || stop.orphaned() {
            return false;
        }
        sleep(Duration::from_millis(500));
    }
    true
}

// The warm folder that is made from the sources as they are, which stays while the lock is held. Where only our crates
// have changed, it is made now.
fn hold_libraries(paths: &Paths) -> Option<(Warm, Lock)> {
    for _ in 0..3 {
        let warm = match (Warm::fitting(paths, None), Warm::last(paths)) {
            (Some(warm), Some(last)) if last.name != warm.name => {
                warm::build(paths, &last.rust, |_| {}, |_| Ok(())).ok()?; // makes it the last again
                warm
            }
            (Some(warm), _) => warm,
            (None, Some(last)) => build_changed(paths, &last)?,
            (None, None) => return None,
        };
        // Another kernel may have built a newer one, and removed it.
        if let Some(lock) = warm.hold() {
            return Some((warm, lock));
        }
    }
    None
}

fn build_changed(paths: &Paths, last: &Warm) -> Option<Warm> {
    if !last.has_same_libraries(paths) {
        return None;
    }
    tell("support or another crate of ours changed since it was built: it is built again first, once for all kernels");
    warm::build(paths, &last.rust, |_| {}, |_| Ok(())).inspect_err(|error| tell(format!("{error:#}"))).ok()
}

// With a `cargo` of ours the built libraries stay where they are; any other would build them in the kernel's folder.
fn start_beside(warm: &Warm, folder: &Path, kernel: &mut Command) -> Result<()> {
    workspace::copy(&warm.folder, folder)?;
    if !kernel.get_envs().any(|(name, _)| name == TOOLCHAIN_VARIABLE) {
        let cannot = || format!("can't copy {}", warm.folder.display());
        return warm::take_libraries(&warm.folder, folder).with_context(cannot);
    }
    kernel.env(WARM_VARIABLE, &warm.folder);
    Ok(())
}

// Without libraries that fit, cargo builds in the kernel's own folder what they lack.
fn start_from(last: Option<&Warm>, paths: &Paths, folder: &Path) -> Result<()> {
    match last {
        Some(last) => {
            tell(
                "support or its libraries are not as they were when they were built, so its first cell builds what has changed; `cargo run -- setup` does that once for all kernels",
            );
            warm::copy_changed(last, folder)?;
        }
        None => tell(format!(
            "evcxr {EVCXR_VERSION}: no built dependencies in {}, so the first cell compiles them all, which takes minutes. `cargo run` builds them once for all kernels.",
            paths.builds.display()
        )),
    }
    workspace::write(folder, paths)
}

fn has_sources(warm: &Warm) -> bool {
    let is_there = sources::folder(&warm.rust.sysroot).is_some();
    if !is_there {
        tell(format!("{}\n{}", sources::MISSING, sources::REMEDY));
    }
    is_there
}

/// One run of evcxr in a folder.
struct Run<'a> {
    folder: &'a Path,
    first_cells: Option<FirstCells>,
    stop: &'a Stop,
    begin: Instant,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// It was asked to, with this code.
    Well(u8),
    /// It gave up, with this code.
    ByItself(u8),
    /// It was killed, by this launcher or another program.
    Killed,
}

impl Ended {
    fn code(self) -> u8 {
        match self {
            Ended::Well(code) | Ended::ByItself(code) => code,
            Ended::Killed => 1,
        }
    }
}

impl Run<'_> {
    fn of(&self, kernel: &mut Command, ports: Option<Ports>) -> Result<Ended> {
        let temporary = self.folder.join(TEMPORARY);
        fs::create_dir_all(&temporary).with_context(|| format!("can't make the folder {}", temporary.display()))?;
        match &self.first_cells {
            Some(cells) => kernel.env(CONFIG_VARIABLE, &cells.folder),
            None => kernel.env(CONFIG_VARIABLE, self.folder.join("no-config")),
        };
        kernel
            .env(FOLDER_VARIABLE, workspace::crate_folder(self.folder))
            // evcxr writes a kernelspec `rust` where this leads, and over one that is there.
            .env("JUPYTER_PATH", self.folder.join("jupyter"))
            // What cells and compilers leave there goes with the folder, and no two kernels meet in it.
            .envs(["TMPDIR", "TMP", "TEMP"].map(|name| (name, &temporary)))
            // Its greeting doesn't belong among the events of a program that runs a notebook.
            .stdout(std::io::stderr())
            .stderr(Stdio::piped());
        drop(ports);
        let mut child = kernel.spawn().with_context(|| {
            format!("can't start the Rust kernel {}\nTry: cargo run -- doctor", kernel.get_program().display())
        })?;
        let is_deaf = Arc::new(AtomicBool::new(false));
        let all_passed_on = child.stderr.take().map(|stream| pass_on(stream, Arc::clone(&is_deaf)));
        let ended = self.wait(&mut child, &is_deaf);
        if let Some(all_passed_on) = all_passed_on {
            // Its last words; but a process that it left behind may hold the stream open.
            let _ = all_passed_on.recv_timeout(Duration::from_secs(1));
        }
        ended
    }

    // A signal, or the end of the server that started this kernel, ends it: nothing else would, and it holds a gigabyte.
    fn wait(&self, child: &mut Child, is_deaf: &AtomicBool) -> Result<Ended> {
        let mut told = false;
        loop {
            if let Some(status) = child.try_wait().context("lost the Rust kernel")? {
                let code = status.code().map(|code| u8::try_from(code).unwrap_or(1));
                return Ok(match code {
                    Some(code) if code == 0 || self.stop.requested() => Ended::Well(code),
                    Some(code) => Ended::ByItself(code),
                    None => Ended::Killed,
                });
            }
            let deleted = !self.folder.exists();
            if deleted {
                note(format!("{} was deleted while its kernel ran\nTry: cargo run", self.folder.display()));
            }
            let is_deaf = is_deaf.load(Ordering::Relaxed);
            if is_deaf {
                tell("it got a message that was signed with another kernel's key, and hears nothing after that. It ends; Jupyter starts it again".to_owned());
            }
            if deleted || is_deaf || self.stop.requested() || self.stop.orphaned() {
                terminate_own_group();
                let _ = child.kill();
                child.wait().context("lost the Rust kernel")?;
                return Ok(Ended::Killed);
            }
            if !told && self.begin.elapsed() > LONG && self.first_cells.as_ref().is_some_and(|it| !it.are_done()) {
                told = true;
                tell(format!(
                    "not ready after {} s: it reads the libraries, which takes {QUIET} s on a quiet machine; other programs may keep this one busy",
                    LONG.as_secs()
                ));
            }
            sleep(Duration::from_millis(100));
        }
    }
}

// Passes on what evcxr says of itself, and sees when it has stopped to take cells, which it survives. Tells the end.
fn pass_on(stream: ChildStderr, is_deaf: Arc<AtomicBool>) -> mpsc::Receiver<()> {
    let (end, at_the_end) = mpsc::channel();
    thread::spawn(move || {
        for_each_line(stream, |line| {
            note(line);
            if line.starts_with("shell error:") || line.starts_with("execution error:") {
                is_deaf.store(true, Ordering::Relaxed);
            }
        });
        let _ = end.send(());
    });
    at_the_end
}

fn kernel_command(evcxr: &Path, connection_file: &Path, paths: &Paths, rust: Option<&Rust>) -> Command {
    let mut kernel = command(evcxr);
    kernel.arg("--control_file").arg(connection_file);
    for (name, _) in std::env::vars_os() {
        if name == WARMING_VARIABLE || name.to_str().is_some_and(changes_the_build) {
            kernel.env_remove(name);
        }
    }
    // evcxr reads cargo's lines, and would miss coloured ones.
    kernel.env("CARGO_TERM_COLOR", "never");
    // evcxr's allocator takes pages of 2 MB, where 4 kB hold the same in 65 MB less and cost no time.
    if std::env::var_os(HUGE_PAGES_VARIABLE).is_none() {
        kernel.env(HUGE_PAGES_VARIABLE, "0");
    }
    if let Some(rust) = rust {
        toolchain::narrow(&mut kernel, &paths.kernels(), &rust.sysroot, &paths.support());
        if let Some(library) = preload::library(&paths.kernels(), rust) {
            preload::load_first(&mut kernel, &library);
        }
    }
    kernel
}

// A cell's library names those that it needs by paths relative to where rustc has put it, but evcxr moves it. From there
// the paths lead astray: `support` isn't found, and the standard library isn't whenever checkout and toolchain share a
// folder, such as the user's home.
fn find_libraries<'a>(kernel: &mut Command, rust: &Rust, workspaces: impl Iterator<Item = &'a Path>) {
    if cfg!(windows) {
        return;
    }
    let built: Vec<_> = workspaces.map(|workspace| workspace::cells(workspace, &rust.host)).collect();
    // The system's loader remembers when a folder was not there.
    built.iter().for_each(|folder| drop(fs::create_dir_all(folder)));
    let (name, rest) = match cfg!(target_os = "macos") {
        true => ("DYLD_FALLBACK_LIBRARY_PATH", "/usr/local/lib:/usr/lib".into()),
        false => ("LD_LIBRARY_PATH", set_for(kernel, "LD_LIBRARY_PATH").unwrap_or_default()),
    };
    let folders = [rust.libraries.clone()].into_iter().chain(built).chain(std::env::split_paths(&rest));
    if let Ok(path) = std::env::join_paths(folders.filter(|folder| !folder.as_os_str().is_empty())) {
        kernel.env(name, path);
    }
}

// The value a command gives to a variable, its own or the inherited one.
fn set_for(command: &Command, name: &str) -> Option<OsString> {
    match command.get_envs().find(|(known, _)| *known == name) {
        Some((_, value)) => value.map(OsStr::to_owned),
        None => std::env::var_os(name),
    }
}
