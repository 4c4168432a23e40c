//! `doctor`: says what is missing or wrong on this machine, and the command that mends it.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::base::console::say;
use crate::base::paths::Paths;
use crate::base::process::{command, find_program};
use crate::data;
use crate::kernel::rust::Rust;
use crate::kernel::skeletons::{REFUSED, WHOLE_VARIABLE};
use crate::kernel::warm::Warm;
use crate::kernel::{ready, sources, toolchain};
use crate::setup::evcxr::Evcxr;
use crate::setup::python;
use crate::setup::tried;
use crate::setup::{free_megabytes, steps};

/// How to tell it.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Machine-readable, with the paths of Jupyter, the kernelspec and the warm folder
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Check {
    name: &'static str,
    /// `ok`, `missing` (the next `cargo run` mends it), `optional`, or `wrong`.
    state: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

/// Looks at everything; is nothing wrong that only the user can mend?
pub fn run(paths: &Paths, options: &Options) -> Result<bool> {
    let checks = all_checks(paths);
    let well = checks.iter().all(|check| check.state != "wrong");
    if options.json {
        let report = json!({
            "jupyter": paths.python_program("jupyter"),
            "python": paths.python_program("python"),
            "kernelspec": paths.kernelspec(),
            "kernel": Evcxr { paths }.program(),
            "warm": warm_folder(paths),
            "home": paths.home,
            "ready": checks.iter().all(|check| check.state == "ok" || check.state == "optional"),
            "checks": checks,
        });
        say(format!("{report:#}"));
        return Ok(well);
    }
    for check in &checks {
        let sign = match check.state {
            "ok" => "✓",
            "optional" => "·",
            "missing" => "–",
            _ => "✗",
        };
        say(format!("{sign} {}: {}", check.name, check.detail));
        if let Some(mend) = &check.mend {
            say(format!("    {mend}"));
        }
    }
    say(match well {
        true => "Nothing stands in the way: `cargo run` does what is missing.",
        false => "Mend what is marked ✗, then run `cargo run -- doctor` again.",
    });
    Ok(well)
}

fn all_checks(paths: &Paths) -> Vec<Check> {
    let mut checks = vec![rust(), compiler(), python(paths), rust_sources(), skeletons(paths), disk(paths)];
    checks.extend(setup_steps(paths));
    checks.extend(first_cells(paths));
    checks.push(data_set(paths));
    checks
}

fn check(name: &'static str, state: &'static str, detail: impl Into<String>) -> Check {
    Check { name, state, detail: detail.into(), mend: None }
}

impl Check {
    fn mend(mut self, command: impl Into<String>) -> Self {
        self.mend = Some(command.into());
        self
    }
}

// An error's first line says what is wrong, and the rest what to do.
fn wrong(name: &'static str, error: &anyhow::Error, otherwise: &str) -> Check {
    let text = error.to_string();
    let (what, mend) = text.split_once('\n').unwrap_or((&text, otherwise));
    check(name, "wrong", what).mend(mend)
}

fn first_line_of(program: &str, arguments: &[&str]) -> Option<String> {
    let output = command(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().next()?.to_owned();
    output.status.success().then_some(line)
}

fn rust() -> Check {
    let versions = ["cargo", "rustc"].map(|program| first_line_of(program, &["--version"]));
    match versions {
        [Some(cargo), Some(rustc)] => {
            let newer = tried::newer_rust().map(|line| format!("; {line}")).unwrap_or_default();
            check("Rust", "ok", format!("{rustc}, {cargo}{newer}"))
        }
        _ => check("Rust", "wrong", "cargo or rustc doesn't run")
            .mend("Install Rust from https://rustup.rs and open a new terminal"),
    }
}

fn compiler() -> Check {
    let linker = ["cc", "gcc", "clang", "cl", "link"].into_iter().find(|name| find_program(name).is_some());
    match linker {
        Some(name) => check("C compiler and linker", "ok", name),
        None => check("C compiler and linker", "wrong", "none on PATH; Rust needs one to link")
            .mend("Debian and Ubuntu: sudo apt install build-essential; macOS: xcode-select --install"),
    }
}

fn python(paths: &Paths) -> Check {
    if let Some(uv) = find_program("uv") {
        return check("Python", "ok", format!("by {}", uv.display()));
    }
    match python::find_python() {
        Ok(python) => {
            let newer = python::untried(&python).map(|line| format!("; {line}")).unwrap_or_default();
            check("Python", "ok", format!("{}{newer}", python.display()))
        }
        Err(_) if first_line_of(&paths.python_program("python").to_string_lossy(), &["--version"]).is_some() => {
            check("Python", "ok", "the environment's own runs")
        }
        Err(error) => wrong("Python", &error, "Install Python 3"),
    }
}

fn rust_sources() -> Check {
    let name = "Sources of the standard library";
    match Rust::on_path().map(|rust| sources::folder(&rust.sysroot)) {
        Ok(Some(folder)) => check(name, "ok", folder.display().to_string()),
        Ok(None) if find_program("rustup").is_some() => {
            check(name, "wrong", sources::MISSING).mend("rustup component add rust-src (`cargo run` does it too)")
        }
        Ok(None) => check(name, "wrong", sources::MISSING).mend(sources::REMEDY.replace('\n', "\n    ")),
        Err(error) => wrong(name, &error, "Install Rust from https://rustup.rs"),
    }
}

fn skeletons(paths: &Paths) -> Check {
    let name = "Sources as the kernel reads them";
    if env::var_os(WHOLE_VARIABLE).is_some() {
        let detail = format!("whole, as {WHOLE_VARIABLE} is set: a kernel starts slower and holds 200 MB more");
        return check(name, "optional", detail).mend(format!("unset {WHOLE_VARIABLE}"));
    }
    let rust = Warm::last(paths).map_or_else(Rust::on_path, |warm| Ok(warm.rust));
    let folder = rust.ok().and_then(|rust| toolchain::skeletons(paths, &rust)).unwrap_or_default();
    match fs::read_to_string(folder.join(REFUSED)) {
        Ok(refused) => {
            let first = refused.lines().next().unwrap_or_default();
            let detail = format!("not all without the bodies of functions: {first}");
            check(name, "optional", detail)
                .mend(format!("Nothing is wrong but its speed; to try again: rm -r {}", folder.display()))
        }
        Err(_) => {
            let detail =
                format!("without the bodies of functions, in {}; {WHOLE_VARIABLE}=1 turns that off", folder.display());
            check(name, "ok", detail)
        }
    }
}

fn disk(paths: &Paths) -> Check {
    match free_megabytes(paths) {
        None => check("Disk", "ok", "unknown"),
        Some(free) if free < 1000 => check("Disk", "wrong", format!("{free} MB free; notebooks and builds need more"))
            .mend("Free some space: the set-up needs about 4 GB, and 2 GB stay in use"),
        Some(free) => check("Disk", "ok", format!("{} GB free", free / 1000)),
    }
}

fn setup_steps(paths: &Paths) -> Vec<Check> {
    let names = ["Python environment", "Kernelspec", "Kernel", "Warm folder"];
    let folders = [
        paths.python_home(),
        paths.kernelspec(),
        Evcxr { paths }.program().unwrap_or_else(|| paths.evcxr_root()),
        warm_folder(paths),
    ];
    // The first step, the sources, has a check of its own.
    let looked_at = names.into_iter().zip(folders);
    looked_at
        .zip(steps(paths).iter().skip(1))
        .map(|((name, folder), step)| match step.is_done() {
            Ok(true) => check(name, "ok", folder.display().to_string()),
            Ok(false) => check(name, "missing", format!("{}: missing or out of date", step.title())).mend("cargo run"),
            Err(error) => check(name, "wrong", format!("{error:#}")).mend("See above"),
        })
        .collect()
}

fn warm_folder(paths: &Paths) -> PathBuf {
    Warm::last(paths).map_or_else(|| paths.kernels(), |warm| warm.folder)
}

// Nothing to say when they have not failed.
fn first_cells(paths: &Paths) -> Option<Check> {
    let has_failed = |warm: &Warm| ready::have_failed(paths, &warm.name);
    Warm::last(paths).filter(has_failed)?;
    let detail =
        "a kernel could not load support at its start: for an hour others don't try, and first cells take longer";
    Some(check("Kernel start", "optional", detail).mend("cargo run -- execute 01, which shows the kernel's own words"))
}

fn data_set(paths: &Paths) -> Check {
    let name = "Data set";
    let real = paths.data().join("creditcard.csv");
    match data::chosen_csv() {
        Err(error) => wrong(name, &error, "unset CREDITCARD_CSV"),
        Ok(Some(csv)) => check(name, "ok", format!("{} (by {})", csv, data::CSV_VARIABLE)),
        Ok(None) if real.is_file() => check(name, "ok", real.display().to_string()),
        Ok(None) => {
            check(name, "optional", "the built-in synthetic set; the real one is not there").mend("cargo run -- data")
        }
    }
}
