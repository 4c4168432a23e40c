//! `execute`: runs notebooks through the real kernel, without a browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;

use crate::base::console::{Progress, note, say, seconds};
use crate::base::paths::Paths;
use crate::base::stamp::write_whole;
use crate::data::{self, CSV_VARIABLE};
use crate::notebook::driver::{Event, Failure, run_notebook, write_html};
use crate::notebook::file::{self as notebook, Notebook, stem_of};
use crate::setup;
use crate::setup::python;

/// What to run, and what to do with the outputs.
#[derive(Args, Clone, Debug, Default)]
pub struct Options {
    /// Notebooks to run: a name, its start (`02`), or a path; all of the lesson when none is given
    names: Vec<String>,
    /// Write the executed notebooks, and an HTML page of each, into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the notebooks one after the other; is all well?
pub fn run(paths: &Paths, options: &Options) -> Result<bool> {
    let notebooks = notebook::find(paths, &options.names)?;
    for path in &notebooks {
        // What can be told before the set-up is told before it.
        Notebook::read(path)?;
    }
    let csv = data::chosen_csv()?;
    let environment: Vec<(&str, String)> = csv.into_iter().map(|csv| (CSV_VARIABLE, csv)).collect();
    let out = options.out.as_deref().map(prepare_out).transpose()?;
    setup::prepare(paths)?;
    let _in_use = python::in_use(paths)?;

    let start = Instant::now();
    let mut results = Vec::new();
    for path in &notebooks {
        results.push(run_one(paths, path, out.as_deref(), &environment)?);
    }
    let good = results.iter().filter(|result| **result).count();
    say(format!("{good} of {} notebooks ran in {}", results.len(), seconds(start.elapsed())));
    Ok(good == results.len())
}

fn prepare_out(folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
    Ok(std::path::absolute(folder)?)
}

fn run_one(paths: &Paths, path: &Path, out: Option<&Path>, environment: &[(&str, String)]) -> Result<bool> {
    let shown = Paths::shown(path);
    let notebook = Notebook::read(path)?;
    say(format!("{shown}: starting its kernel"));
    let executed = paths.own.join("executed").join(format!("{}-{}.ipynb", stem_of(path), std::process::id()));
    let mut progress = Progress::start();
    let outcome = run_notebook(paths, path, &executed, environment, |event| {
        show(event, &notebook, &mut progress);
    })?;
    drop(progress);

    if let Some(out) = out {
        write_out(paths, &executed, &out.join(format!("{}.ipynb", stem_of(path))))?;
    }
    let _ = fs::remove_file(&executed);
    let took = seconds(Duration::from_secs_f64(outcome.seconds));
    if let Some(failure) = outcome.failure {
        show_failure(&shown, &failure, &notebook, &outcome.log);
        return Ok(false);
    }
    say(format!("{shown}: ran in {took}"));
    Ok(true)
}

fn show(event: &Event, notebook: &Notebook, progress: &mut Progress) {
    match event {
        Event::Start { cells } => progress.set_total(*cells),
        Event::Cell { number, index } => {
            progress.set_message(&format!("[{number}] {}", notebook.first_line(*index)));
        }
        Event::CellDone { number, index, seconds: took, .. } => {
            progress.set_position(*number);
            let took = seconds(Duration::from_secs_f64(*took));
            progress.say(format!("  [{number}] {took:>8}  {}", notebook.first_line(*index)));
        }
        Event::Error(_) | Event::Done { .. } => {}
    }
}

fn write_out(paths: &Paths, executed: &Path, file: &Path) -> Result<()> {
    write_whole(file, &fs::read(executed).with_context(|| format!("can't read {}", executed.display()))?)?;
    let page = file.with_extension("html");
    write_html(paths, file, &page)?;
    say(format!("  wrote {} and {}", Paths::shown(file), Paths::shown(&page)));
    Ok(())
}

fn show_failure(shown: &str, failure: &Failure, notebook: &Notebook, log: &Path) {
    let text = failure.text.trim_end();
    match failure.index {
        Some(index) => note(format!(
            "error: {shown}, code cell {}, failed: {}\n{text}",
            failure.number,
            notebook.first_line(index)
        )),
        None => note(format!(
            "error: {shown}: its kernel did not start or did not last\n{text}\nIts messages are in {}\nTry: cargo run -- doctor",
            Paths::shown(log)
        )),
    }
}
