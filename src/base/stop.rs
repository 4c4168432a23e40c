//! Being told to stop: signals, and the end of the process that started this one.

use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

use crate::base::folders::{entries, name_of};

/// Has this process been told to stop? On Windows, Ctrl-C ends all processes of a console by itself.
pub struct Stop {
    signals: Arc<AtomicBool>,
    parent: u32,
}

impl Stop {
    /// From now on an interrupt, a hang-up or a termination is remembered, and ends nothing.
    pub fn on_signals() -> Result<Self> {
        let signals = Arc::default();
        system::remember_signals(&signals).context("can't watch for signals")?;
        Ok(Self { signals, parent: system::parent() })
    }

    /// Did a signal come?
    pub fn requested(&self) -> bool {
        self.signals.load(Ordering::Relaxed)
    }

    /// Has the process that started this one ended?
    pub fn orphaned(&self) -> bool {
        system::parent() != self.parent
    }
}

/// Asks a program to end; elsewhere than on Unix, ends it.
pub fn terminate(child: &mut Child) {
    match cfg!(unix) {
        true => terminate_process(child.id()),
        false => drop(child.kill()),
    }
}

/// Asks a process to end.
pub fn terminate_process(process: u32) {
    if let Ok(process) = i32::try_from(process) {
        system::signal(process, system::TERM);
    }
}

/// The number of the process group that this process leads, if it leads one.
pub fn own_group() -> Option<i32> {
    system::own_group()
}

/// Kills all processes of a group.
pub fn kill_group(group: i32) {
    system::signal_group(group, system::KILL);
}

/// Asks all that this process started to end, compilers too, if it has a process group of its own.
pub fn terminate_own_group() {
    if let Some(group) = own_group() {
        system::signal_group(group, system::TERM);
    }
}

/// Has a program start in a group of its own, where no signal to this one's group reaches it.
pub fn in_own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Kills all processes of this user that were started with this variable, whoever started them.
/// Only Linux tells.
///
/// A compiler, or a cell in an endless loop, outlives a kernel that was killed.
pub fn kill_all_with(variable: &str, value: &Path) {
    let wanted = format!("{variable}={}", value.display());
    for entry in entries(Path::new("/proc")).unwrap_or_default() {
        let environment = std::fs::read(entry.join("environ")).unwrap_or_default();
        if let Ok(process) = name_of(&entry).parse()
            && environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes())
        {
            system::signal(process, system::KILL);
        }
    }
}

#[cfg(unix)]
mod system {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    pub use std::os::unix::process::parent_id as parent;

    use rustix::process::{Pid, Signal, getpgrp, getpid, kill_process, kill_process_group};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    pub const TERM: Signal = Signal::TERM;
    pub const KILL: Signal = Signal::KILL;

    pub fn remember_signals(signals: &Arc<AtomicBool>) -> io::Result<()> {
        let remember = |signal| signal_hook::flag::register(signal, Arc::clone(signals));
        [SIGHUP, SIGINT, SIGTERM].into_iter().try_for_each(|signal| remember(signal).map(drop))
    }

    pub fn signal(process: i32, signal: Signal) {
        let _ = Pid::from_raw(process).map(|process| kill_process(process, signal));
    }

    pub fn signal_group(group: i32, signal: Signal) {
        let _ = Pid::from_raw(group).map(|group| kill_process_group(group, signal));
    }

    pub fn own_group() -> Option<i32> {
        (getpgrp() == getpid()).then(|| getpid().as_raw_nonzero().get())
    }
}

// Elsewhere only the program that started another can end it, and there are no groups.
#[cfg(not(unix))]
mod system {
    pub const TERM: () = ();
    pub const KILL: () = ();

    pub fn remember_signals(_: &std::sync::Arc<std::sync::atomic::AtomicBool>) -> std::io::Result<()> {
        Ok(())
    }

    pub fn parent() -> u32 {
        0
    }

    pub fn signal(_: i32, _: ()) {}

    pub fn signal_group(_: i32, _: ()) {}

    pub fn own_group() -> Option<i32> {
        None
    }
}
