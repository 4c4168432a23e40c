//! Running other programs: their environment, and their output in a log file.

use std::collections::VecDeque;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::base::paths::Paths;
use crate::base::stop::terminate;

/// This program's own file.
pub fn this_program() -> std::io::Result<PathBuf> {
    let program = env::current_exe()?;
    // A set-up may have put a newer one in its place meanwhile; Linux then says so at the end of
    // the name.
    let newer = program.to_str().and_then(|name| name.strip_suffix(" (deleted)")).map(PathBuf::from);
    Ok(newer.filter(|newer| newer.is_file()).unwrap_or(program))
}

/// A command without what `cargo run` adds to the environment.
///
/// Cargo puts `target/debug` first in the library path, where a cell would find the wrong
/// `libsupport`; and its variables about the launcher's package make other builds think that
/// something changed.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_cargo_run_variable) {
            command.env_remove(name);
        }
    }
    for name in ["LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"] {
        if let Some(value) = env::var_os(name) {
            match without_build_folders(&value) {
                Some(rest) => command.env(name, rest),
                None => command.env_remove(name),
            };
        }
    }
    command
}

/// A command of Python's that no setting of another Python reaches.
pub fn python_command(program: impl AsRef<OsStr>) -> Command {
    let mut command = command(program);
    for name in ["PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONUSERBASE", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"]
    {
        command.env_remove(name);
    }
    command
}

/// The value of a variable for a command: its own or the inherited one.
pub fn variable_of(command: &Command, name: &str) -> Option<OsString> {
    match command.get_envs().find(|(known, _)| *known == name) {
        Some((_, value)) => value.map(OsStr::to_owned),
        None => env::var_os(name),
    }
}

/// PATH with a folder before all others; none where one of them has an odd name.
pub fn path_from(folder: PathBuf) -> Option<OsString> {
    let rest = env::var_os("PATH").unwrap_or_default();
    env::join_paths([folder].into_iter().chain(env::split_paths(&rest))).ok()
}

fn is_cargo_run_variable(name: &str) -> bool {
    const NAMES: [&str; 6] =
        ["CARGO", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR", "OUT_DIR"];
    const PREFIXES: [&str; 3] = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_EXE_"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn without_build_folders(value: &OsStr) -> Option<OsString> {
    let rest: Vec<PathBuf> =
        env::split_paths(value).filter(|path| !path.as_os_str().is_empty() && !is_build_folder(path)).collect();
    if rest.is_empty() {
        return None;
    }
    env::join_paths(rest).ok()
}

fn is_build_folder(path: &Path) -> bool {
    let is = |name: &str| path.ends_with(name);
    let inside = |name: &str| path.components().any(|part| part.as_os_str() == name);
    is("debug") || is("release") || is("deps") || inside("rustlib") || inside("toolchains")
}

/// Is another program from now on.
#[cfg(unix)]
pub fn become_it(mut program: Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;

    Err(program.exec())
}

/// Elsewhere than on Unix it waits for it.
#[cfg(not(unix))]
pub fn become_it(mut program: Command) -> std::io::Result<ExitCode> {
    program.status().map(|status| ExitCode::from(code_of(status)))
}

/// The exit code of a program that has ended; 1 where a signal has ended it.
pub fn code_of(status: ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Runs a command to its end with all its output in a log file; `on_line` sees each line.
///
/// A failure tells the last lines, the probable cause where the output gives it away, and where the
/// log is.
pub fn run_logged(command: &mut Command, log: &Path, on_line: impl FnMut(&str)) -> Result<()> {
    run_logged_until(&AtomicBool::new(false), command, log, on_line)
}

/// The same, but the command is asked to end once `stop` is set; that is a failure, too.
pub fn run_logged_until(
    stop: &AtomicBool,
    command: &mut Command,
    log: &Path,
    mut on_line: impl FnMut(&str),
) -> Result<()> {
    let shown = shown_command(command);
    let mut log_file = create_log(log)?;
    let _ = writeln!(log_file, "> {shown}");
    let (reader, writer) = std::io::pipe().context("can't make a pipe")?;
    command.stdin(Stdio::null()).stdout(writer.try_clone().context("can't make a pipe")?).stderr(writer);
    let spawned = command.spawn();
    // The command holds the pipe's other end: without this the reading below would never end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = spawned.with_context(|| format!("can't start `{shown}`"))?;
    let mut tail = VecDeque::new();
    let (reading, at_the_end) = channel::<()>();
    thread::scope(|scope| {
        let child = &mut child;
        scope.spawn(move || {
            while at_the_end.recv_timeout(Duration::from_millis(200)) == Err(RecvTimeoutError::Timeout) {
                if stop.load(Ordering::Relaxed) {
                    return terminate(child);
                }
            }
        });
        let _reading = reading;
        for_each_line(reader, |line| {
            let _ = writeln!(log_file, "{line}");
            on_line(line);
            if !line.trim().is_empty() && !line.contains("[=") {
                tail.push_back(line.to_owned());
                if tail.len() > 40 {
                    tail.pop_front();
                }
            }
        });
    });
    let status = child.wait().with_context(|| format!("lost `{shown}`"))?;
    if status.success() {
        return Ok(());
    }
    Err(anyhow!(failure(&format!("`{shown}` failed ({status})"), &Vec::from(tail).join("\n"), log)))
}

/// What failed, the last lines of its output, the probable cause where they tell it, and the log.
fn failure(what: &str, output: &str, log: &Path) -> String {
    let lines: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines[lines.len().saturating_sub(8)..].join("\n    ");
    let cause = probable_cause(output).map(|cause| format!("\nProbable cause: {cause}")).unwrap_or_default();
    format!("{what}\n    {last}{cause}\nIts whole output is in {}", Paths::shown(log))
}

/// Opens a log file anew.
pub fn create_log(log: &Path) -> Result<File> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
    }
    File::create(log).with_context(|| format!("can't write {}", log.display()))
}

/// Calls `on_line` for each line; a carriage return ends one too, as in a progress bar.
pub fn for_each_line(reader: impl Read, mut on_line: impl FnMut(&str)) {
    let mut line = Vec::new();
    for byte in BufReader::new(reader).bytes().map_while(Result::ok) {
        if byte == b'\n' || byte == b'\r' {
            if !line.is_empty() {
                on_line(&String::from_utf8_lossy(&line));
                line.clear();
            }
        } else {
            line.push(byte);
        }
    }
    if !line.is_empty() {
        on_line(&String::from_utf8_lossy(&line));
    }
}

/// The lines that another program adds to a file.
pub struct NewLines {
    file: File,
    rest: Vec<u8>,
}

impl NewLines {
    /// From the file's start.
    pub fn of(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("can't read {}", path.display()))?;
        Ok(Self { file, rest: Vec::new() })
    }

    /// The whole lines since the last time.
    pub fn read(&mut self) -> Vec<String> {
        let _ = self.file.read_to_end(&mut self.rest);
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let rest = self.rest.split_off(whole);
        let text = std::mem::replace(&mut self.rest, rest);
        String::from_utf8_lossy(&text).lines().map(str::to_owned).collect()
    }
}

/// The same of a program whose output is in its log alone, and what to do.
pub fn failure_in(what: &str, log: &Path) -> String {
    let output = fs::read(log).unwrap_or_default();
    format!("{}\nTry: cargo run -- doctor", failure(what, &String::from_utf8_lossy(&output), log))
}

fn shown_command(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or(program.as_os_str())];
    words.extend(command.get_args());
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

/// What an output says about why a program failed, in the words of someone who wants to mend it.
pub fn probable_cause(output: &str) -> Option<&'static str> {
    const CAUSES: [(&[&str], &str); 6] = [
        (
            &["No space left on device", "not enough space", "Disk quota exceeded"],
            "the disk is full. Free some space (the tutorial needs about 4 GB) and run the same command again.",
        ),
        (
            &[
                "Could not resolve host",
                "Couldn't resolve host",
                "Temporary failure in name resolution",
                "Name or service not known",
                "Failed to establish a new connection",
                "connection broken by",
                "error sending request",
                "Failed to connect",
                "Could not connect",
                "Couldn't connect",
                "attempting to make an HTTP request",
                "network failure",
                "Network is unreachable",
                "failed to download",
                "failed to query replaced source",
                "ConnectTimeout",
                "Timeout was reached",
                "timed out",
            ],
            "no network, or a package registry can't be reached. Connect (behind a proxy: set HTTPS_PROXY) and run the same command again: it goes on where it stopped.",
        ),
        // After the network: without one, pip ends with these words too.
        (
            &["No matching distribution found", "has no usable wheels", "there is no version of"],
            "a pinned package has no wheel for this Python, or for this system. Use Python 3.10 to 3.15, or uv, which fetches one, and run the same command again.",
        ),
        (
            &["linker `cc` not found", "failed to find tool", "is `cc` not installed"],
            "no C compiler. Install one (Debian and Ubuntu: `sudo apt install build-essential`; macOS: `xcode-select --install`) and run the same command again.",
        ),
        (
            &["signal: 9", "SIGKILL", "Killed"],
            "the operating system stopped a compiler, mostly because memory ran out. Close other programs or set CARGO_BUILD_JOBS=1, and run the same command again.",
        ),
        (
            &["Permission denied", "Read-only file system"],
            "a file or folder can't be written. Look at the owner of the `target` folder.",
        ),
    ];
    CAUSES.iter().find(|(signs, _)| signs.iter().any(|sign| output.contains(sign))).map(|(_, cause)| *cause)
}

/// Finds a program on PATH.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(&file)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_carriage_returns_too() {
        let mut lines = Vec::new();
        for_each_line(&b"one\rtwo\r\nthree"[..], |line| lines.push(line.to_owned()));
        assert_eq!(lines, ["one", "two", "three"]);
    }

    #[test]
    fn cargo_s_folders_leave_the_library_path() {
        let value = ["/repo/target/debug/deps", "/repo/target/debug", "/r/toolchains/x/lib", "/opt/lib"];
        let value = env::join_paths(value).unwrap();
        assert_eq!(without_build_folders(&value), Some(OsString::from("/opt/lib")));
        assert_eq!(without_build_folders(OsStr::new("/repo/target/debug")), None);
    }

    #[test]
    fn lines_are_read_when_they_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = File::create(&path).unwrap();
        let mut lines = NewLines::of(&path).unwrap();
        log.write_all(b"one\ntw").unwrap();
        assert_eq!(lines.read(), ["one"]);
        assert!(lines.read().is_empty());
        log.write_all(b"o\nthree\n").unwrap();
        assert_eq!(lines.read(), ["two", "three"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_is_to_stop_ends_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let begin = std::time::Instant::now();
        let stop = AtomicBool::new(true);
        let ended = run_logged_until(&stop, Command::new("sleep").arg("60"), &folder.path().join("log"), |_| {});
        assert!(ended.is_err() && begin.elapsed() < Duration::from_secs(30));
    }

    // The words are those of pip 23 and 26, of uv 0.13 and of cargo.
    #[test]
    fn causes_are_told_apart() {
        const PIP_ENDS: &str = "(from versions: none)\nERROR: No matching distribution found for six==1.17.0";
        let pip =
            |why: &str| format!("Retrying (Retry(total=0)) after connection broken by '{why}': /six/\n{PIP_ENDS}");
        let uv =
            |why: &str| format!("error sending request for url (https://host/six/)\n  client error (Connect)\n  {why}");
        let is = |words: &str, output: &str| {
            let cause = probable_cause(output).unwrap_or("none");
            assert!(cause.contains(words), "{cause}: {output}");
        };
        is("no wheel", PIP_ENDS);
        is("no wheel", "Because pyyaml==6.0.3 has no usable wheels and you require pyyaml==6.0.3");
        is("no wheel", "Because there is no version of six==99.0 and you require six==99.0");
        is("no network", &pip("NewConnectionError('Failed to establish a new connection: [Errno 111]')"));
        is("no network", &pip("NameResolutionError(\"Failed to resolve 'host' ([Errno -2])\")"));
        is("no network", &uv("tcp connect error"));
        is("no network", &uv("dns error"));
        is("no network", "[6] Could not resolve host: index");
        is("none", "error[E0308]: mismatched types");
        is("disk is full", "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device");
        is("disk is full", "failed to copy file from a to b: No space left on device (os error 28)");
    }
}
