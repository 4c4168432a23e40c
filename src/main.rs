//! Sets up and opens the tutorial: `cargo run`, `cargo run -- execute`, `-- data`, `-- measure`,
//! `-- doctor`.
//!
//! Each verb is a file beside this one. What they share is in four rooms, of which each uses only
//! those after it: `setup` (what is made once), `notebook` (running one), `kernel` (what one kernel
//! does) and `base` (folders, programs, locks, words). Errors say what failed, why that may be, and
//! what to type next.

mod base;
mod data;
mod doctor;
mod execute;
mod hub;
mod kernel;
mod lab;
mod language;
mod measure;
mod notebook;
mod reset;
mod setup;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::base::console::note;
use crate::base::paths::Paths;
use crate::base::process;
use crate::kernel::guard;

/// A tutorial on imbalanced classification in Rust: sets itself up and opens in JupyterLab.
#[derive(Parser)]
#[command(name = "cargo run --", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    lab: lab::Options,
}

#[derive(Subcommand)]
enum Verb {
    /// Open JupyterLab on the notebooks (also without a verb)
    Lab(lab::Options),
    /// Run the notebooks without a browser
    Execute(execute::Options),
    /// Download the real data set
    Data(data::Options),
    /// Run the notebooks and print how long a reader waits
    Measure(measure::Options),
    /// Say what is missing on this machine and how to mend it
    Doctor(doctor::Options),
    /// Put exercises of your copy back as they were given out
    Reset(reset::Options),
    /// Only set up what is missing, for a container or for others to use
    Setup,
    /// Be one learner's server; JupyterHub starts it and gives the arguments
    #[command(hide = true)]
    Hub {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Clean up after a process that is killed; the launcher starts it
    #[command(hide = true)]
    Guard(guard::Left),
    /// Run one kernel; the kernelspec starts it
    #[command(hide = true)]
    Kernel {
        #[arg(long)]
        repo: PathBuf,
        #[arg(long)]
        home: PathBuf,
        #[arg(long)]
        builds: PathBuf,
        #[arg(long)]
        evcxr: PathBuf,
        connection_file: PathBuf,
    },
}

fn main() -> ExitCode {
    if let Some(code) = kernel::stand_in() {
        return code;
    }
    match run(Arguments::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let error = format!("{error:#}");
            note(format!("error: {error}"));
            match process::probable_cause(&error) {
                Some(cause) if !error.contains(cause) => note(format!("Probable cause: {cause}")),
                _ => {}
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<u8> {
    let well = |result: bool| u8::from(!result);
    let verb = arguments.verb.unwrap_or(Verb::Lab(arguments.lab));
    if let Verb::Kernel { repo, home, builds, evcxr, connection_file } = verb {
        return kernel::run(&Paths::of_kernel(repo, home, builds)?, &evcxr, &connection_file);
    }
    if let Verb::Guard(left) = verb {
        return guard::run(&left).map(|()| 0);
    }
    let paths = Paths::find()?;
    match verb {
        Verb::Lab(options) => lab::run(&paths, &options),
        Verb::Execute(options) => execute::run(&paths, &options).map(well),
        Verb::Data(options) => data::run(&paths, &options).map(|()| 0),
        Verb::Measure(options) => measure::run(&paths, &options).map(|()| 0),
        Verb::Doctor(options) => doctor::run(&paths, &options).map(well),
        Verb::Reset(options) => reset::run(&paths, &options).map(|()| 0),
        Verb::Setup => setup::run(&paths).map(|()| 0),
        Verb::Hub { arguments } => hub::run(&paths, &arguments),
        Verb::Guard(_) | Verb::Kernel { .. } => unreachable!("returned above"),
    }
}
