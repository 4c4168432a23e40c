//! The verb behind the kernelspec: `kernel {connection_file}` clones the warm folder and runs evcxr_jupyter in it.
//!
//! Two kernels in one folder would overwrite each other's cells; without a folder each start would compile
//! every dependency again, for minutes.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::built_with::{BuiltWith, changes_the_build};
use crate::clone::{LOCK_FILE, Large, TEMPORARY, clone_folder};
use crate::console::note;
use crate::evcxr::VERSION;
use crate::fresh;
use crate::guard;
use crate::lock::Lock;
use crate::paths::Paths;
use crate::ports::{self, Ports};
use crate::process::{command, for_each_line};
use crate::ready::{self, FirstCells};
use crate::sources;
use crate::stop::{self, Stop, kill_all_with, terminate_own_group};
use crate::toolchain;
use crate::warm::Warm;
use crate::workspace;

/// Set while the warm folder is made: the kernel then works in that folder itself, and leaves it.
pub const WARMING_VARIABLE: &str = "IMBALANCED_DATA_WARMING";

const PREFIX: &str = "kernel-";

/// Tells evcxr its folder; and, as no two kernels have the same, whose a process is.
pub const FOLDER_VARIABLE: &str = "EVCXR_TMPDIR";

/// Tells evcxr where its start-up cells are.
pub const CONFIG_VARIABLE: &str = "EVCXR_CONFIG_DIR";

/// Begins the lines that a reader should see: JupyterLab's log has many others.
pub const FOR_THE_READER: &str = "tutorial kernel: ";

// A kernel is ready in 5 seconds on a quiet machine; nobody wonders before this.
const LONG: Duration = Duration::from_secs(15);

/// Runs a kernel to its end; its exit code is the kernel's.
pub fn run(paths: &Paths, evcxr: &Path, connection_file: &Path) -> Result<u8> {
    let begin = Instant::now();
    let stop = Stop::on_signals()?;
    if let Some(folder) = std::env::var_os(WARMING_VARIABLE) {
        // The kernel of a launcher that was killed may need a moment to end.
        let _lock = Lock::exclusive(&paths.builds.join("warming.lock"), || {})?;
        let mut kernel = kernel_command(evcxr, connection_file, paths, None);
        let ended = Run { folder: Path::new(&folder), first_cells: None, stop: &stop, begin }.of(&mut kernel, None)?;
        return Ok(ended.code());
    }
    let ports = match Ports::hold(connection_file) {
        Ok(ports) => ports,
        Err(error) => {
            tell(format!("{error:#}. It ends; Jupyter starts it again with other ports"));
            return Ok(ports::LOST);
        }
    };
    remove_dead_clones(paths);
    let clone = Clone::new(paths)?;
    let guard = guard::of_kernel(&clone.folder);
    if let Err(error) = &guard {
        tell(format!("{error:#}: if it is killed, what it has started goes on"));
    }
    let built_with = BuiltWith::of(&paths.warm());
    // The clone waits for the disk, the other two for answers of rustc and cargo.
    let (filled, kernel, fits) = thread::scope(|scope| {
        let kernel = scope.spawn(|| kernel_command(evcxr, connection_file, paths, built_with.as_ref()));
        let fits = scope.spawn(|| built_with.as_ref().is_some_and(|with| Warm::new(paths).fits(with).unwrap_or(false)));
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

// What a reader should know; JupyterLab's terminal shows it, and its log.
fn tell(what: String) {
    note(format!("{FOR_THE_READER}{what}"));
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

fn kernel_command(evcxr: &Path, connection_file: &Path, paths: &Paths, built_with: Option<&BuiltWith>) -> Command {
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
    let Some(rust) = installed_rust(built_with) else {
        return kernel;
    };
    toolchain::narrow(&mut kernel, paths.clones(), &rust.root, &paths.support());
    if cfg!(windows) {
        return kernel;
    }
    // A cell's library names the standard library by a path relative to `deps`, but evcxr moves it one folder up.
    // From there the path leads astray whenever checkout and toolchain share a folder, such as the user's home.
    let (name, rest) = match cfg!(target_os = "macos") {
        true => ("DYLD_FALLBACK_LIBRARY_PATH", "/usr/local/lib:/usr/lib".into()),
        false => ("LD_LIBRARY_PATH", set_for(&kernel, "LD_LIBRARY_PATH").unwrap_or_default()),
    };
    let folders = [rust.libraries].into_iter().chain(std::env::split_paths(&rest));
    if let Ok(path) = std::env::join_paths(folders.filter(|folder| !folder.as_os_str().is_empty())) {
        kernel.env(name, path);
    }
    kernel
}

struct Rust {
    root: PathBuf,
    libraries: PathBuf,
}

// The toolchain that the warm folder was built with, or else the one on PATH.
fn installed_rust(built_with: Option<&BuiltWith>) -> Option<Rust> {
    let recorded = built_with.map(|with| with.sysroot.join("bin/rustc")).filter(|rustc| rustc.is_file());
    let rustc = recorded.unwrap_or_else(|| PathBuf::from("rustc"));
    let output = command(rustc).args(["--print", "sysroot", "--print", "target-libdir"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut folders = text.lines().map(PathBuf::from).filter(|folder| folder.is_dir());
    Some(Rust { root: folders.next()?, libraries: folders.next()? })
}

// The value a command gives to a variable, its own or the inherited one.
fn set_for(command: &Command, name: &str) -> Option<OsString> {
    match command.get_envs().find(|(known, _)| *known == name) {
        Some((_, value)) => value.map(OsStr::to_owned),
        None => std::env::var_os(name),
    }
}

/// A clone of the warm folder, removed when dropped.
struct Clone {
    folder: PathBuf,
    lock: Option<Lock>,
}

impl Clone {
    // Empty, and locked.
    fn new(paths: &Paths) -> Result<Self> {
        loop {
            let folder = paths.clones().join(format!("{PREFIX}{}-{}", std::process::id(), nanoseconds()));
            fs::create_dir_all(&folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
            // A kernel that looks for dead clones may have it for a moment, and then removes the folder.
            if let Some(lock) = Lock::try_exclusive(&folder.join(LOCK_FILE))? {
                return Ok(Self { folder, lock: Some(lock) });
            }
        }
    }

    fn fill(&self, paths: &Paths) -> Result<()> {
        // Not while a new warm folder takes the place of the old one.
        let _warm = Lock::shared(&paths.builds.join("warm.lock"))?;
        if paths.warm().join("Cargo.toml").is_file() {
            let large = if paths.is_shared() { Large::AnyLink } else { Large::HardLink };
            return clone_folder(&paths.warm(), &self.folder, large)
                .with_context(|| format!("can't clone {} to {}", paths.warm().display(), self.folder.display()));
        }
        tell(format!(
            "evcxr {VERSION}: no built dependencies in {}, so the first cell compiles them all, which takes minutes. `cargo run` builds them once for all kernels.",
            paths.warm().display()
        ));
        workspace::write(&self.folder, paths)
    }
}

impl Drop for Clone {
    fn drop(&mut self) {
        // Windows removes no file that is open.
        self.lock = None;
        remove(&self.folder);
    }
}

fn nanoseconds() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos())
}

/// Removes the clones whose kernel was killed: nobody holds their lock any more.
pub fn remove_dead_clones(paths: &Paths) {
    let Ok(entries) = fs::read_dir(paths.clones()) else {
        return;
    };
    for entry in entries.flatten() {
        let folder = entry.path();
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with(PREFIX) || is_young_and_unlocked(&folder) {
            continue;
        }
        if let Ok(Some(lock)) = Lock::try_exclusive(&folder.join(LOCK_FILE)) {
            drop(lock);
            remove(&folder);
        }
    }
}

/// Removes a clone, with what still runs in it: the cell of a killed kernel, or a compiler.
pub fn remove(clone: &Path) {
    kill_all_with(FOLDER_VARIABLE, &workspace::crate_folder(clone));
    // Jupyter kills a kernel that takes long to end. What it leaves then still has its lock file, by which
    // the next kernel knows that it is dead.
    for entry in fs::read_dir(clone).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            remove_folder(&entry.path());
        }
    }
    remove_folder(clone);
}

// A process may still write a file while it dies.
fn remove_folder(folder: &Path) {
    for _ in 0..20 {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => sleep(Duration::from_millis(50)),
            _ => return,
        }
    }
}

// Between making its folder and locking it, a starting kernel looks dead.
fn is_young_and_unlocked(folder: &Path) -> bool {
    let age = fs::metadata(folder).and_then(|about| about.modified()).ok().and_then(|time| time.elapsed().ok());
    let has_lock = fs::metadata(folder.join(LOCK_FILE))
        .map_err(|error| error.kind())
        .map_or_else(|kind| kind != ErrorKind::NotFound, |_| true);
    !has_lock && age.is_none_or(|age| age < Duration::from_secs(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dead_clones_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = || folder.path().to_path_buf();
        let paths = Paths { repo: path(), home: path(), builds: path(), own: path() };
        let (dead, alive, starting) =
            (folder.path().join("kernel-1-1"), folder.path().join("kernel-2-2"), folder.path().join("kernel-3-3"));
        drop(Lock::try_exclusive(&dead.join(LOCK_FILE)).unwrap());
        fs::write(dead.join("file"), "").unwrap();
        let held = Lock::try_exclusive(&alive.join(LOCK_FILE)).unwrap();
        fs::create_dir(&starting).unwrap();
        fs::create_dir(folder.path().join("warm")).unwrap();

        remove_dead_clones(&paths);

        assert!(!dead.exists());
        assert!(alive.exists());
        assert!(starting.exists());
        assert!(folder.path().join("warm").exists());
        drop(held);
    }
}
