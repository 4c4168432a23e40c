//! One kernel, from the line in the kernelspec to its end. Nothing here is seen by a reader who has no kernel running.
//!
//! The road of a start, in this order; each step is a file:
//!
//! 1. [`ports`] takes the ports that Jupyter has chosen, so that no other kernel can.
//! 2. [`own_folder`] makes a folder for this kernel alone and removes those of dead ones; [`guard`] ends what is left if this
//!    process is killed.
//! 3. [`clone`] fills it from the warm folder, in which the set-up has built all libraries; [`workspace`] says what lies in it.
//! 4. [`built_with`] gives the kernel the compiler and the variables of that build; [`inputs`] says whether its sources are
//!    still the same, and [`fresh`] tells cargo.
//! 5. [`toolchain`] gives it a `cargo` of ours, which shortens what rust-analyzer reads ([`metadata`]); [`sources`] finds the
//!    standard library's, of which and of the libraries' it reads a [`skeleton`]. It also compiles a cell by the last one's command, where that is enough ([`again`]).
//! 6. [`ready`] has it load `support` before its reader's first cell.
//! 7. evcxr runs, and this process watches it.
//!
//! What the warm folder depends on must go into [`inputs`]; what a kernel needs of its surroundings into [`built_with`].

mod again;
pub mod built_with;
pub mod clone;
pub mod fresh;
pub mod guard;
pub mod inputs;
mod layout;
mod metadata;
pub mod own_folder;
mod packages;
mod ports;
mod ready;
pub mod skeleton;
pub mod sources;
pub mod toolchain;
pub mod workspace;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use self::built_with::{BuiltWith, changes_the_build};
use self::clone::TEMPORARY;
use self::own_folder::{OwnFolder, remove_dead};
use self::ports::Ports;
use self::ready::FirstCells;
use self::workspace::{CONFIG_VARIABLE, FOLDER_VARIABLE};
use crate::base::console::{note, tell};
use crate::base::lock::Lock;
use crate::base::paths::Paths;
use crate::base::process::{command, for_each_line};
use crate::base::stop::{self, Stop, terminate_own_group};

/// The version of evcxr that the tutorial was made with.
pub const EVCXR_VERSION: &str = "0.22.0";

/// Set while the warm folder is made: the kernel then works in that folder itself, and leaves it.
pub const WARMING_VARIABLE: &str = "IMBALANCED_DATA_WARMING";

// Of mimalloc, evcxr's allocator.
const HUGE_PAGES_VARIABLE: &str = "MIMALLOC_ALLOW_THP";

// A kernel is ready in 5 seconds on a quiet machine; nobody wonders before this.
const LONG: Duration = Duration::from_secs(15);

/// Runs a kernel to its end; its exit code is the kernel's.
pub fn run(paths: &Paths, evcxr: &Path, connection_file: &Path) -> Result<u8> {
    let stop = Stop::on_signals()?;
    if let Some(folder) = std::env::var_os(WARMING_VARIABLE) {
        // The kernel of a launcher that was killed may need a moment to end.
        let _lock = Lock::exclusive(&paths.builds.join("warming.lock"), || {})?;
        let mut kernel = kernel_command(evcxr, connection_file, paths, Path::new(&folder), None);
        let ended = Run { folder: Path::new(&folder), first_cells: None, stop: &stop, begin: Instant::now() }
            .of(&mut kernel, None)?;
        return Ok(ended.code());
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
    let begin = Instant::now();
    remove_dead(paths);
    let clone = OwnFolder::new(paths)?;
    let guard = guard::of_kernel(&clone.folder);
    if let Err(error) = &guard {
        tell(format!("{error:#}: if it is killed, what it has started goes on"));
    }
    let built_with = BuiltWith::of(&paths.warm());
    // The clone waits for the disk, the other two for answers of rustc and cargo.
    let (filled, kernel, fits) = thread::scope(|scope| {
        let kernel = scope.spawn(|| kernel_command(evcxr, connection_file, paths, &clone.folder, built_with.as_ref()));
        let fits = scope.spawn(|| built_with.as_ref().is_some_and(|with| inputs::fit(paths, with).unwrap_or(false)));
        (clone.fill(paths), kernel.join(), fits.join())
    });
    filled?;
    let mut kernel = kernel.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let fits = fits.is_ok_and(|fits| fits);
    if built_with.is_some() {
        set_stamps(&clone.folder, fits)?;
    }
    let can_be_ready = fits && has_sources(built_with.as_ref()) && !ready::have_failed(paths);
    let first_cells = can_be_ready.then(|| FirstCells::write(&clone.folder, &paths.support())).transpose()?;

    let mut run = Run { folder: &clone.folder, first_cells, stop: &stop, begin };
    let mut ended = run.of(&mut kernel, Some(ports))?;
    if run.first_cells.as_ref().is_some_and(|cells| !cells.are_done()) && matches!(ended, Ended::ByItself(_)) {
        tell("it could not load support before the first cell: it starts again without, and so will others".to_owned());
        ready::remember_failure(paths)?;
        run.first_cells = None;
        ended = run.of(&mut kernel, None)?;
    }
    if stop.orphaned() {
        // Who made it can't remove it any more.
        let _ = fs::remove_file(connection_file);
    }
    Ok(ended.code())
}

// A reader may start a kernel while the set-up builds what it needs. False when it was told to stop meanwhile.
fn wait_for_set_up(paths: &Paths, evcxr: &Path, stop: &Stop) -> bool {
    let is_whole = || {
        let built_with = BuiltWith::of(&paths.warm());
        evcxr.is_file() && built_with.is_some_and(|with| inputs::fit(paths, &with).unwrap_or(false))
    };
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

fn has_sources(built_with: Option<&BuiltWith>) -> bool {
    let is_there = built_with.is_some_and(|with| sources::folder(&with.sysroot).is_some());
    if built_with.is_some() && !is_there {
        tell(format!("{}\n{}", sources::MISSING, sources::REMEDY));
    }
    is_there
}

fn set_stamps(clone: &Path, fits: bool) -> Result<()> {
    let set = match fits {
        true => fresh::keep(clone),
        false => {
            tell("support or its libraries are not as they were when they were built, so its first cell builds what has changed; `cargo run -- setup` does that once for all kernels".to_owned());
            fresh::forget(clone)
        }
    };
    set.with_context(|| format!("can't set the stamps in {}", clone.display()))
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
            // What cells and compilers leave there goes with the clone, and no two kernels meet in it.
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
                let what = stop::compiled_with(FOLDER_VARIABLE, &workspace::crate_folder(self.folder));
                tell(format!("not ready after {} s: {}", LONG.as_secs(), reason(&what)));
            }
            sleep(Duration::from_millis(100));
        }
    }
}

fn reason(compiled: &[String]) -> String {
    match compiled.iter().find(|name| *name != "ctx") {
        Some(name) => format!("cargo builds {name} again, though the set-up has built it. Try: cargo run -- setup"),
        None => "it reads the libraries, which takes 5 s on a quiet machine; other programs may keep this one busy"
            .to_owned(),
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

fn kernel_command(
    evcxr: &Path,
    connection_file: &Path,
    paths: &Paths,
    folder: &Path,
    built_with: Option<&BuiltWith>,
) -> Command {
    let mut kernel = command(evcxr);
    kernel.arg("--control_file").arg(connection_file);
    for (name, _) in std::env::vars_os() {
        if name == WARMING_VARIABLE || name.to_str().is_some_and(changes_the_build) {
            kernel.env_remove(name);
        }
    }
    if let Some(built_with) = built_with {
        built_with.give(&mut kernel);
    }
    // evcxr reads cargo's lines, and would miss coloured ones.
    kernel.env("CARGO_TERM_COLOR", "never");
    // evcxr's allocator takes pages of 2 MB, where 4 kB hold the same in 65 MB less and cost no time.
    if std::env::var_os(HUGE_PAGES_VARIABLE).is_none() {
        kernel.env(HUGE_PAGES_VARIABLE, "0");
    }
    let Some(rust) = installed_rust(built_with) else {
        return kernel;
    };
    toolchain::narrow(&mut kernel, paths.clones(), &rust.root, &paths.support());
    if cfg!(windows) {
        return kernel;
    }
    // A cell's library names those that it needs by paths relative to where rustc has put it, but evcxr moves it. From
    // there the paths lead astray: `support` isn't found in cargo's newer layout, and the standard library isn't
    // whenever checkout and toolchain share a folder, such as the user's home.
    let cells = layout::cells(folder, &rust.host);
    // The system's loader remembers when a folder was not there.
    let _ = fs::create_dir_all(&cells);
    let (name, rest) = match cfg!(target_os = "macos") {
        true => ("DYLD_FALLBACK_LIBRARY_PATH", "/usr/local/lib:/usr/lib".into()),
        false => ("LD_LIBRARY_PATH", set_for(&kernel, "LD_LIBRARY_PATH").unwrap_or_default()),
    };
    let folders = [rust.libraries, cells].into_iter().chain(std::env::split_paths(&rest));
    if let Ok(path) = std::env::join_paths(folders.filter(|folder| !folder.as_os_str().is_empty())) {
        kernel.env(name, path);
    }
    kernel
}

struct Rust {
    root: PathBuf,
    libraries: PathBuf,
    host: String,
}

// The toolchain that the warm folder was built with, or else the one on PATH.
fn installed_rust(built_with: Option<&BuiltWith>) -> Option<Rust> {
    let recorded = built_with.map(|with| with.sysroot.join("bin/rustc")).filter(|rustc| rustc.is_file());
    let rustc = recorded.unwrap_or_else(|| PathBuf::from("rustc"));
    let output =
        command(rustc).args(["sysroot", "target-libdir", "host-tuple"].map(|what| format!("--print={what}"))).output();
    let text = String::from_utf8(output.ok()?.stdout).ok()?;
    let [root, libraries, host] = text.lines().collect::<Vec<_>>()[..] else {
        return None;
    };
    Some(Rust { root: root.into(), libraries: libraries.into(), host: host.to_owned() })
}

// The value a command gives to a variable, its own or the inherited one.
fn set_for(command: &Command, name: &str) -> Option<OsString> {
    match command.get_envs().find(|(known, _)| *known == name) {
        Some((_, value)) => value.map(OsStr::to_owned),
        None => std::env::var_os(name),
    }
}
