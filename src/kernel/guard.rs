//! Cleans up after a process that is killed and can do nothing any more.
//!
//! A guard is a small process of its own. It reads from the guarded one, which never writes; when
//! that ends, however it ends, the reading ends too, and the guard ends what is left.

use std::ffi::OsStr;
use std::io::{Read, stdin};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use clap::Args;

use crate::base::process::this_program;
use crate::base::stop::{self, Stop};
use crate::kernel::own_folder;

/// What the guarded process leaves behind.
#[derive(Args, Clone, Debug, Default)]
pub struct Left {
    /// A process group, with its own processes and those that they start
    #[arg(long)]
    pub group: Option<i32>,
    /// A process, which is asked to end
    #[arg(long)]
    pub process: Option<u32>,
    /// The folder of a kernel
    #[arg(long)]
    pub folder: Option<PathBuf>,
}

/// A guard on this process, until it is dropped.
pub struct Guard(Child);

impl Guard {
    /// Starts one that cleans this up.
    pub fn start(left: &Left) -> Result<Self> {
        let mut guard = Command::new(this_program()?);
        guard.arg("guard");
        guard.args(left.group.map(|group| format!("--group={group}")));
        guard.args(left.process.map(|process| format!("--process={process}")));
        guard.args(left.folder.iter().flat_map(|folder| [OsStr::new("--folder"), folder.as_os_str()]));
        stop::in_own_group(&mut guard);
        // It must not hold open what others read to its end.
        guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(guard.spawn().context("can't start a guard")?))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Is a guard: waits for the end of the process that started this one, and ends what is left of it.
pub fn run(left: &Left) -> Result<()> {
    // Signals are for the guarded one; this one must outlive it.
    let _stop = Stop::on_signals()?;
    let _ = stdin().lock().read(&mut [0])?;
    if let Some(group) = left.group {
        stop::kill_group(group);
    }
    if let Some(process) = left.process {
        stop::terminate_process(process);
    }
    if let Some(folder) = &left.folder {
        own_folder::remove(folder);
    }
    Ok(())
}
