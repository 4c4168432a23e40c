//! The verb behind the kernelspec: `kernel {connection_file}` clones the warm folder and runs evcxr_jupyter in it.
//!
//! Two kernels in one folder would overwrite each other's cells; without a folder each start would compile
//! every dependency again, for minutes.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread::{self, sleep};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::clone::{Instead, LOCK_FILE, TEMPORARY, clone_folder};
use crate::console::note;
use crate::evcxr::VERSION;
use crate::lock::Lock;
use crate::paths::Paths;
use crate::process::command;
use crate::ready;
use crate::stop::{Stop, kill_all_with, terminate_own_group};
use crate::toolchain;
use crate::workspace;

/// Set while the warm folder is made: the kernel then works in that folder itself, and leaves it.
pub const WARMING_VARIABLE: &str = "IMBALANCED_DATA_WARMING";

const PREFIX: &str = "kernel-";

/// Tells evcxr its folder; and, as no two kernels have the same, whose a process is.
pub const FOLDER_VARIABLE: &str = "EVCXR_TMPDIR";

/// Tells evcxr where its start-up cells are.
pub const CONFIG_VARIABLE: &str = "EVCXR_CONFIG_DIR";

/// Runs a kernel to its end; its exit code is the kernel's.
pub fn run(paths: &Paths, evcxr: &Path, connection_file: &Path) -> Result<u8> {
    let stop = Stop::on_signals()?;
    if let Some(folder) = std::env::var_os(WARMING_VARIABLE) {
        // The kernel of a launcher that was killed may need a moment to end.
        let _lock = Lock::exclusive(&paths.builds.join("warming.lock"), || {})?;
        return run_in(Path::new(&folder), kernel_command(evcxr, paths), None, connection_file, &stop);
    }
    remove_dead_clones(paths);
    // The clone waits for the disk, the other two for answers of rustc and cargo.
    let (clone, kernel, is_ready) = thread::scope(|scope| {
        let kernel = scope.spawn(|| kernel_command(evcxr, paths));
        let is_ready = scope.spawn(|| ready::is_possible(paths));
        (Clone::new(paths), kernel.join(), is_ready.join())
    });
    let (clone, kernel) = (clone?, kernel.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
    let is_ready = is_ready.is_ok_and(|is_ready| is_ready);
    let first_cells = is_ready.then(|| ready::cells(&clone.folder, paths)).flatten();
    let code = run_in(&clone.folder, kernel, first_cells, connection_file, &stop);
    if stop.orphaned() {
        // Who made it can't remove it any more.
        let _ = fs::remove_file(connection_file);
    }
    code
}

fn run_in(
    folder: &Path,
    mut kernel: Command,
    first_cells: Option<PathBuf>,
    connection_file: &Path,
    stop: &Stop,
) -> Result<u8> {
    let temporary = folder.join(TEMPORARY);
    fs::create_dir_all(&temporary).with_context(|| format!("can't make the folder {}", temporary.display()))?;
    if let Some(first_cells) = first_cells {
        kernel.env(CONFIG_VARIABLE, first_cells);
    }
    let mut child = kernel
        .env(FOLDER_VARIABLE, workspace::crate_folder(folder))
        // What cells and compilers leave there goes with the clone, and no two kernels meet in it.
        .envs(["TMPDIR", "TMP", "TEMP"].map(|name| (name, &temporary)))
        .arg("--control_file")
        .arg(connection_file)
        // Its greeting doesn't belong among the events of a program that runs a notebook.
        .stdout(std::io::stderr())
        .spawn()
        .with_context(|| {
            format!("can't start the Rust kernel {}\nTry: cargo run -- doctor", kernel.get_program().display())
        })?;
    let status = wait(&mut child, stop, folder)?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

fn kernel_command(evcxr: &Path, paths: &Paths) -> Command {
    let mut kernel = command(evcxr);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(changes_the_build) {
            kernel.env_remove(name);
        }
    }
    kernel
        // The user's own start-up cells and dependencies for evcxr would change what the lesson shows.
        .env(CONFIG_VARIABLE, paths.home.join("evcxr-config"))
        // evcxr reads cargo's lines, and would miss coloured ones.
        .env("CARGO_TERM_COLOR", "never");
    let Some(rust) = installed_rust() else {
        return kernel;
    };
    toolchain::narrow(&mut kernel, &paths.clones().join("toolchain"), &rust.root);
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

fn installed_rust() -> Option<Rust> {
    let output = command("rustc").args(["--print", "sysroot", "--print", "target-libdir"]).output().ok()?;
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

// With one of these set otherwise than when the warm folder was built, cargo would build it all again.
fn changes_the_build(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        WARMING_VARIABLE,
        "CARGO_BUILD_TARGET",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_INCREMENTAL",
        "CARGO_TERM_QUIET",
        "CARGO_TERM_VERBOSE",
        "CARGO_TARGET_DIR",
        "RUSTFLAGS",
    ];
    NAMES.contains(&name) || name.starts_with("CARGO_PROFILE_")
}

// A signal, or the end of the server that started this kernel, ends it: nothing else would, and it holds a gigabyte.
fn wait(child: &mut Child, stop: &Stop, folder: &Path) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().context("lost the Rust kernel")? {
            return Ok(status);
        }
        let deleted = !folder.exists();
        if deleted {
            note(format!("{} was deleted while its kernel ran\nTry: cargo run", folder.display()));
        }
        if deleted || stop.requested() || stop.orphaned() {
            terminate_own_group();
            let _ = child.kill();
            return child.wait().context("lost the Rust kernel");
        }
        sleep(Duration::from_millis(100));
    }
}

/// A clone of the warm folder, removed when dropped.
struct Clone {
    folder: PathBuf,
    lock: Option<Lock>,
}

impl Clone {
    fn new(paths: &Paths) -> Result<Self> {
        let folder = paths.clones().join(format!("{PREFIX}{}-{}", std::process::id(), nanoseconds()));
        fs::create_dir_all(&folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
        let lock = Lock::try_exclusive(&folder.join(LOCK_FILE))?;
        let clone = Self { folder, lock };
        // Not while a new warm folder takes the place of the old one.
        let _warm = Lock::shared(&paths.builds.join("warm.lock"))?;
        if paths.warm().join("Cargo.toml").is_file() {
            let instead = if paths.is_shared() { Instead::SymbolicLink } else { Instead::Copy };
            clone_folder(&paths.warm(), &clone.folder, instead)
                .with_context(|| format!("can't clone {} to {}", paths.warm().display(), clone.folder.display()))?;
        } else {
            note(format!(
                "evcxr {VERSION}: no built dependencies in {}, so the first cell compiles them all, which takes minutes. `cargo run` builds them once for all kernels.",
                paths.warm().display()
            ));
            workspace::write(&clone.folder, paths)?;
        }
        Ok(clone)
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

// With what still runs in it: the cell of a killed kernel, or a compiler.
fn remove(clone: &Path) {
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
