//! Builds by cargo. Those that run at once share the machine's cores, and the line of progress.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread::available_parallelism;

use anyhow::{Context, Result};
use jobserver::Client;

use super::console::Progress;
use super::process::run_logged_until;

/// Runs one build that nobody watches.
pub fn run_cargo(cargo: &mut Command, log: &Path) -> Result<()> {
    run_cargo_until(&AtomicBool::new(false), cargo, log, |_| {})
}

// In all builds at once there are no more compilers than cores.
fn run_cargo_until(stop: &AtomicBool, cargo: &mut Command, log: &Path, on_line: impl FnMut(&str)) -> Result<()> {
    static CORES: OnceLock<Option<Client>> = OnceLock::new();
    let cores = CORES.get_or_init(|| Client::new(jobs()).ok()).as_ref().context("can't count compilers")?;
    // Cargo starts one compiler without asking; this is its core.
    let _core = cores.acquire().context("can't wait for a core")?;
    cores.configure(cargo);
    cargo
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "100");
    run_logged_until(stop, cargo, log, on_line)
}

/// Cargo's own folder.
pub fn cargo_home() -> Option<PathBuf> {
    let named = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let home = named.or_else(|| Some(env::home_dir()?.join(".cargo")))?;
    std::path::absolute(home).ok()
}

// Cargo looks at its own setting only where nobody else counts.
fn jobs() -> usize {
    let variable = || env::var("CARGO_BUILD_JOBS").ok()?.parse().ok();
    let setting = || {
        let settings: toml::Table = fs::read_to_string(cargo_home()?.join("config.toml")).ok()?.parse().ok()?;
        settings.get("build")?.get("jobs")?.as_integer()?.try_into().ok()
    };
    let jobs = variable().or_else(setting).filter(|jobs| *jobs > 0);
    jobs.unwrap_or_else(|| available_parallelism().map_or(1, usize::from))
}

/// Two builds that run at once, or one alone.
pub struct Builds<'a> {
    // The progress, and of each build how many crates are done, and of how many.
    shown: Mutex<(&'a mut Progress, [(u64, u64); 2])>,
    stop: AtomicBool,
}

impl<'a> Builds<'a> {
    /// Shows them by this progress.
    pub fn new(progress: &'a mut Progress) -> Self {
        Self { shown: Mutex::new((progress, [(0, 0); 2])), stop: AtomicBool::new(false) }
    }

    /// Runs one of them to its end.
    pub fn run(&self, build: usize, cargo: &mut Command, log: &Path) -> Result<()> {
        run_cargo_until(&self.stop, cargo, log, |line| self.on_line(build, line))
    }

    /// Has both end. A compiler that runs at that moment may go on until it has compiled its crate.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn on_line(&self, build: usize, line: &str) {
        let Ok(mut shown) = self.shown.lock() else {
            return;
        };
        let (progress, counts) = &mut *shown;
        if let Some(count) = count_of(line) {
            counts[build] = count;
            progress.set_total(counts.iter().map(|(_, total)| total).sum());
            progress.set_position(counts.iter().map(|(done, _)| done).sum());
        } else if let Some(name) = line.trim().strip_prefix("Compiling ") {
            progress.set_message(name.split(' ').next().unwrap_or(name));
        }
    }
}

// How many crates are done in cargo's `Building [====>    ] 12/345: some, crates`, and of how many.
fn count_of(line: &str) -> Option<(u64, u64)> {
    let line = line.trim().strip_prefix("Building [")?;
    let numbers = line.split("] ").nth(1)?.split(':').next()?;
    let (done, total) = numbers.split_once('/')?;
    Some((done.trim().parse().ok()?, total.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_s_bar_is_read() {
        let line = "    Building [=====>        ] 12/345: serde, syn(build)";
        assert_eq!(count_of(line), Some((12, 345)));
        assert_eq!(count_of("   Compiling serde v1.0.0"), None);
    }
}
