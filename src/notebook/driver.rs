//! Runs notebooks through the real kernel, by a small Python program with nbclient and nbconvert.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::base::jupyter;
use crate::base::paths::Paths;
use crate::base::process::{create_log, failure_in, for_each_line};
use crate::base::stamp;

const PROGRAM: &str = include_str!("driver.py");

/// What happens while a notebook runs.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The kernel is being started.
    Start {
        /// The number of code cells.
        cells: u64,
    },
    /// A cell starts.
    Cell {
        /// Counts code cells from 1, as `In [1]`.
        number: u64,
        /// Counts all cells from 0.
        index: usize,
    },
    /// A cell has ended without an error.
    CellDone {
        /// Counts code cells from 1.
        number: u64,
        /// Counts all cells from 0.
        index: usize,
        /// How long it took.
        seconds: f64,
        /// Shows it a table or a figure?
        result: bool,
        /// The most that the kernel, and the process that runs its cells, have held, in MB; only
        /// Linux tells.
        memory: Vec<u64>,
    },
    /// A cell failed, or the kernel ended.
    Error(Failure),
    /// The kernel has ended; always last.
    Done {
        /// How long the notebook took, with its kernel's start.
        seconds: f64,
    },
}

/// Why a notebook stopped early.
#[derive(Clone, Debug, Deserialize)]
pub struct Failure {
    /// The code cell, counted from 1; 0 when no cell was running.
    pub number: u64,
    /// The cell, counted from 0 among all.
    pub index: Option<usize>,
    /// The error as the kernel prints it, with colours.
    pub text: String,
}

/// How a run ended.
pub struct Outcome {
    /// Why it stopped early, if it did.
    pub failure: Option<Failure>,
    /// How long it took.
    pub seconds: f64,
    /// What the kernel and cargo wrote; kept only after a failure.
    pub log: PathBuf,
}

/// Runs a notebook in its own folder; what comes of it, even an error, is written to `executed`.
pub fn run_notebook(
    paths: &Paths,
    notebook: &Path,
    executed: &Path,
    environment: &[(&str, String)],
    mut on_event: impl FnMut(&Event),
) -> Result<Outcome> {
    if let Some(folder) = executed.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
    }
    let stem = notebook.file_stem().unwrap_or_default().to_string_lossy();
    // Two launchers may run the same notebook at once.
    let log = paths.log(&format!("execute-{stem}-{}", std::process::id()));
    let mut program = python_program(paths, "run")?;
    program.arg(notebook).arg(executed).envs(environment.iter().cloned());
    let mut child = program
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("can't start the Python environment\nTry: cargo run -- doctor")?;
    let mut failure = None;
    let mut seconds = None;
    let mut log_file = create_log(&log)?;
    let (sender, lines) = mpsc::channel();
    send_lines(child.stdout.take().context("lost the Python program")?, sender.clone());
    send_lines(child.stderr.take().context("lost the Python program")?, sender);
    while let Some(line) = next_line(&lines, &mut child) {
        let Ok(event) = serde_json::from_str::<Event>(&line) else {
            let _ = writeln!(log_file, "{line}");
            continue;
        };
        match &event {
            Event::Error(error) => {
                let _ = writeln!(log_file, "{}", error.text);
                failure = Some(error.clone());
            }
            Event::Done { seconds: all } => seconds = Some(*all),
            _ => {}
        }
        on_event(&event);
    }
    let status = child.wait().context("lost the Python program")?;
    match seconds {
        Some(seconds) if status.success() => {
            if failure.is_none() {
                let _ = std::fs::remove_file(&log);
            }
            Ok(Outcome { failure, seconds, log })
        }
        _ => bail!(failure_in(&format!("running {} failed ({status})", Paths::shown(notebook)), &log)),
    }
}

// What a killed kernel leaves running holds the streams open; after the program's end no line comes.
fn next_line(lines: &mpsc::Receiver<String>, child: &mut Child) -> Option<String> {
    loop {
        match lines.recv_timeout(Duration::from_millis(200)) {
            Ok(line) => return Some(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => return None,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                if let Ok(Some(_)) = child.try_wait() {
                    // Its last words may have come between the two questions.
                    return lines.recv_timeout(Duration::from_millis(200)).ok();
                }
            }
        }
    }
}

// Sends the lines of a stream as they come.
fn send_lines(stream: impl Read + Send + 'static, sender: mpsc::Sender<String>) {
    thread::spawn(move || for_each_line(stream, |line| drop(sender.send(line.to_owned()))));
}

/// Writes a notebook as an HTML page.
pub fn write_html(paths: &Paths, notebook: &Path, page: &Path) -> Result<()> {
    let log = paths.log("html");
    let status = python_program(paths, "html")?
        .arg(notebook)
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(create_log(&log)?)
        .status()
        .context("can't start the Python environment\nTry: cargo run -- doctor")?;
    if !status.success() {
        bail!(failure_in(&format!("can't make {}", Paths::shown(page)), &log));
    }
    Ok(())
}

fn python_program(paths: &Paths, verb: &str) -> Result<Command> {
    let program = paths.own.join("driver.py");
    // Another launcher may be reading it.
    if !stamp::matches(&program, PROGRAM) {
        stamp::write_whole(&program, PROGRAM.as_bytes())?;
    }
    let mut python = jupyter::command(paths, "python");
    // No .pyc files, no user site packages.
    python.arg("-s").arg(program).arg(verb);
    Ok(python)
}
