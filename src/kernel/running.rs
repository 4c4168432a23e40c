//! evcxr's process: started, watched, ended.

use std::fs;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::own_folder::{self, TEMPORARY};
use super::ports::Ports;
use super::ready::FirstCells;
use super::workspace::{self, CONFIG_VARIABLE, FOLDER_VARIABLE};
use crate::base::console::{note, tell};
use crate::base::process::{code_of, for_each_line};
use crate::base::stop::{Stop, terminate_own_group};

// A kernel is ready in so many seconds on a quiet machine, and nobody wonders before the second;
// after the third it hangs.
const QUIET: u64 = 4;
const LONG: Duration = Duration::from_secs(15);
const TOO_LONG: Duration = Duration::from_secs(300);

/// One run of evcxr in a folder.
pub struct Run<'a> {
    /// The kernel's own.
    pub folder: &'a Path,
    /// The cells that it runs before its reader's.
    pub first_cells: Option<FirstCells>,
    /// Must it end?
    pub stop: &'a Stop,
    /// When it was started.
    pub begin: Instant,
}

/// How it ended.
pub struct Ended {
    /// With this exit code.
    pub code: u8,
    /// Without being asked to, or killed by another program.
    pub gave_up: bool,
}

impl Run<'_> {
    /// Runs it to its end, on ports that are free from now on.
    pub fn of(&self, kernel: &mut Command, ports: Option<Ports>) -> Result<Ended> {
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
            // What cells and compilers leave there goes with the folder, and no two kernels meet in
            // it.
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

    // A signal, or the end of the server that started this kernel, ends it: nothing else would, and
    // it holds a gigabyte.
    fn wait(&self, child: &mut Child, is_deaf: &AtomicBool) -> Result<Ended> {
        let mut told = false;
        loop {
            if let Some(status) = child.try_wait().context("lost the Rust kernel")? {
                let code = code_of(status);
                let gave_up = status.code().is_some() && code != 0 && !self.stop.requested();
                return Ok(Ended { code, gave_up });
            }
            let deleted = !self.folder.exists();
            if deleted {
                note(format!("{} was deleted while its kernel ran\nTry: cargo run", self.folder.display()));
            }
            let is_deaf = is_deaf.load(Ordering::Relaxed);
            if is_deaf {
                tell("it got a message that was signed with another kernel's key, and hears nothing after that. It ends; Jupyter starts it again".to_owned());
            }
            let has_to_end = deleted || is_deaf || self.stop.requested() || self.stop.orphaned();
            if has_to_end {
                terminate_own_group();
            }
            let waits = self.first_cells.as_ref().is_some_and(|cells| !cells.are_done());
            let hangs = waits && self.begin.elapsed() > TOO_LONG;
            if hangs {
                own_folder::kill_all_in(self.folder);
            }
            if has_to_end || hangs {
                let _ = child.kill();
                child.wait().context("lost the Rust kernel")?;
                return Ok(Ended { code: 1, gave_up: !has_to_end });
            }
            if waits && !told && self.begin.elapsed() > LONG {
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

// Passes on what evcxr says of itself, and sees when it has stopped taking cells, which it
// survives. Tells the end.
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
