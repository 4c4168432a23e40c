//! Being told to stop: signals, and the end of the process that started this one.

use anyhow::Result;

/// Has this process been told to stop?
pub struct Stop {
    #[cfg(unix)]
    signals: std::sync::Arc<std::sync::atomic::AtomicBool>,
    #[cfg(unix)]
    parent: u32,
}

#[cfg(unix)]
impl Stop {
    /// From now on an interrupt, a hang-up or a termination no longer ends this process, but is remembered.
    pub fn on_signals() -> Result<Self> {
        use anyhow::Context;
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let signals = std::sync::Arc::default();
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, std::sync::Arc::clone(&signals)).context("can't watch for signals")?;
        }
        Ok(Self { signals, parent: std::os::unix::process::parent_id() })
    }

    /// Did a signal come?
    pub fn requested(&self) -> bool {
        self.signals.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Has the process that started this one ended?
    pub fn orphaned(&self) -> bool {
        std::os::unix::process::parent_id() != self.parent
    }
}

/// Asks a program to end.
#[cfg(unix)]
pub fn terminate(child: &mut std::process::Child) {
    terminate_process(child.id());
}

/// Asks a process to end.
#[cfg(unix)]
pub fn terminate_process(process: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// The number of the process group that this process leads, if it leads one.
#[cfg(unix)]
pub fn own_group() -> Option<i32> {
    use rustix::process::{getpgrp, getpid};
    (getpgrp() == getpid()).then(|| getpid().as_raw_nonzero().get())
}

/// Kills all processes of a group.
#[cfg(unix)]
pub fn kill_group(group: i32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(group) = Pid::from_raw(group) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Has a program start in a group of its own, where no signal to this one's group reaches it.
#[cfg(unix)]
pub fn in_own_group(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

/// Asks all that this process started to end, compilers too, if it has a process group of its own.
#[cfg(unix)]
pub fn terminate_own_group() {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(group) = own_group().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::TERM);
    }
}

/// Kills all processes of this user that were started with this variable, whoever started them.
///
/// A compiler, or a cell in an endless loop, outlives a kernel that was killed.
#[cfg(target_os = "linux")]
pub fn kill_all_with(variable: &str, value: &std::path::Path) {
    use rustix::process::{Pid, Signal, kill_process};
    for process in all_with(variable, value) {
        if let Some(process) = Pid::from_raw(process) {
            let _ = kill_process(process, Signal::KILL);
        }
    }
}

#[cfg(target_os = "linux")]
fn all_with(variable: &str, value: &std::path::Path) -> impl Iterator<Item = i32> {
    let wanted = format!("{variable}={}", value.display());
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(move |entry| {
        let process = entry.file_name().to_str()?.parse().ok()?;
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes()).then_some(process)
    })
}

/// Other systems don't tell a process's variables.
#[cfg(not(target_os = "linux"))]
pub fn kill_all_with(_: &str, _: &std::path::Path) {}

/// Ends a program.
#[cfg(not(unix))]
pub fn terminate(child: &mut std::process::Child) {
    let _ = child.kill();
}

/// Elsewhere than on Unix only the program that started another can end it.
#[cfg(not(unix))]
pub fn terminate_process(_: u32) {}

/// Elsewhere than on Unix there are no process groups.
#[cfg(not(unix))]
pub fn terminate_own_group() {}

/// Elsewhere than on Unix there are no process groups.
#[cfg(not(unix))]
pub fn own_group() -> Option<i32> {
    None
}

/// Elsewhere than on Unix there are no process groups.
#[cfg(not(unix))]
pub fn kill_group(_: i32) {}

/// Elsewhere than on Unix there are no process groups.
#[cfg(not(unix))]
pub fn in_own_group(_: &mut std::process::Command) {}

#[cfg(not(unix))]
impl Stop {
    /// Elsewhere than on Unix, Ctrl-C ends all processes of a console by itself.
    pub fn on_signals() -> Result<Self> {
        Ok(Self {})
    }

    /// Did a signal come?
    pub fn requested(&self) -> bool {
        false
    }

    /// Has the process that started this one ended?
    pub fn orphaned(&self) -> bool {
        false
    }
}
