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
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// Asks all that this process started to end, compilers too, if it has a process group of its own.
#[cfg(unix)]
pub fn terminate_own_group() {
    use rustix::process::{Signal, getpgrp, getpid, kill_process_group};
    if getpgrp() == getpid() {
        let _ = kill_process_group(getpid(), Signal::TERM);
    }
}

/// Kills all processes of this user that were started with this variable, whoever started them.
///
/// A compiler, or a cell in an endless loop, outlives a kernel that was killed.
#[cfg(target_os = "linux")]
pub fn kill_all_with(variable: &str, value: &std::path::Path) {
    use rustix::process::{Pid, Signal, kill_process};
    let wanted = format!("{variable}={}", value.display());
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw) else {
            continue;
        };
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes()) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Other systems don't tell a process's variables.
#[cfg(not(target_os = "linux"))]
pub fn kill_all_with(_: &str, _: &std::path::Path) {}

/// Ends a program.
#[cfg(not(unix))]
pub fn terminate(child: &mut std::process::Child) {
    let _ = child.kill();
}

/// Elsewhere than on Unix there are no process groups.
#[cfg(not(unix))]
pub fn terminate_own_group() {}

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
