//! `execute`: runs notebooks through the real kernel, without a browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::base::console::{Progress, Unit, note, say, seconds};
use crate::base::paths::Paths;
use crate::base::stamp::write_whole;
use crate::data::{self, CSV_VARIABLE, SYNTHETIC};
use crate::notebook::compare::differences;
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
    /// Refresh the outputs in the notebooks' own files
    #[arg(long, conflicts_with = "check")]
    in_place: bool,
    /// Fail when an output differs from the one in the notebook's file
    #[arg(long)]
    check: bool,
}

/// Runs the notebooks one after the other; is all well?
pub fn run(paths: &Paths, options: &Options) -> Result<bool> {
    let notebooks = notebook::find(paths, &options.names)?;
    for path in &notebooks {
        // What can be told before the set-up is told before it.
        Notebook::read(path)?;
    }
    let environment = [(CSV_VARIABLE, data_set(options)?)];
    let environment: Vec<(&str, String)> =
        environment.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let out = options.out.as_deref().map(prepare_out).transpose()?;
    setup::prepare(paths)?;
    let _in_use = python::in_use(paths)?;

    let start = Instant::now();
    let mut results = Vec::new();
    for path in &notebooks {
        let result = run_one(paths, path, options, out.as_deref(), &environment)?;
        results.push(result);
    }
    let good = results.iter().filter(|result| **result).count();
    say(format!(
        "{good} of {} notebooks {} in {}",
        results.len(),
        if options.check { "ran and match" } else { "ran" },
        seconds(start.elapsed())
    ));
    Ok(good == results.len())
}

// Committed outputs are those of the built-in data set, whatever data set the reader has.
fn data_set(options: &Options) -> Result<Option<String>> {
    let chosen = data::chosen_csv()?;
    if !options.check && !options.in_place {
        return Ok(chosen);
    }
    match chosen {
        Some(csv) if csv != SYNTHETIC => bail!(
            "{CSV_VARIABLE} is set to {csv}, but the committed outputs are those of the built-in data set\nRun without {CSV_VARIABLE}; or, for your data, `execute --out DIR`."
        ),
        _ => Ok(Some(SYNTHETIC.to_owned())),
    }
}

fn prepare_out(folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
    Ok(std::path::absolute(folder)?)
}

fn run_one(
    paths: &Paths,
    path: &Path,
    options: &Options,
    out: Option<&Path>,
    environment: &[(&str, String)],
) -> Result<bool> {
    let shown = Paths::shown(path);
    let committed = Notebook::read(path)?;
    say(format!("{shown}: starting its kernel"));
    let executed = paths.own.join("executed").join(format!("{}-{}.ipynb", stem_of(path), std::process::id()));
    if let Some(folder) = executed.parent() {
        fs::create_dir_all(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
    }
    let mut progress = Progress::start(Unit::Items);
    let outcome = run_notebook(paths, path, &executed, environment, |event| {
        show(event, &committed, &mut progress);
    })?;
    drop(progress);

    let mut result = Notebook::read(&executed)?;
    let _ = fs::remove_file(&executed);
    result.normalise().with_context(|| format!("{shown} has an output that can't be kept"))?;
    if let Some(out) = out {
        write_out(paths, &result, &out.join(format!("{}.ipynb", stem_of(path))))?;
    }
    let took = seconds(Duration::from_secs_f64(outcome.seconds));
    if let Some(failure) = outcome.failure {
        show_failure(&shown, &failure, &committed, &outcome.log);
        return Ok(false);
    }
    if options.check {
        return check(&shown, &committed, &result, &took);
    }
    if options.in_place {
        result.keep_volatile_outputs(&committed);
        let text = result.text()?;
        let changed = fs::read_to_string(path).is_ok_and(|before| before != text);
        if changed {
            write_whole(path, text.as_bytes())?;
        }
        let what = if changed { "refreshed" } else { "unchanged" };
        say(format!("{shown}: {what} ({took})"));
    } else {
        say(format!("{shown}: ran in {took}"));
    }
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
        Event::Message { .. } | Event::Error(_) | Event::Done { .. } => {}
    }
}

fn write_out(paths: &Paths, notebook: &Notebook, file: &Path) -> Result<()> {
    write_whole(file, notebook.text()?.as_bytes())?;
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

fn check(shown: &str, committed: &Notebook, now: &Notebook, took: &str) -> Result<bool> {
    if committed.has_code() && !committed.has_outputs() {
        note(format!("error: {shown} has no outputs to compare with\nTry: cargo run -- execute --in-place {shown}"));
        return Ok(false);
    }
    let mut before = committed.clone();
    before.normalise()?;
    let mut found: Vec<String> = differences(&before, now)
        .into_iter()
        .map(|found| {
            let what = found.what.replace('\n', "\n  ");
            format!("  code cell {}: {}\n  {what}", found.cell, found.first_line)
        })
        .collect();
    found.extend(
        committed
            .cells_without_png()
            .into_iter()
            .map(|cell| format!("  code cell {cell}: its figure has no PNG beside the SVG, so GitHub shows none")),
    );
    if found.is_empty() {
        say(format!("{shown}: outputs match ({took})"));
        return Ok(true);
    }
    note(format!(
        "error: {shown}: {} of its outputs differ from the committed ones\n{}\nIf the new ones are right: cargo run -- execute --in-place {shown}\nA cell whose output may differ from run to run, such as a measured time, is tagged `{}`.",
        found.len(),
        found.join("\n"),
        notebook::VOLATILE
    ));
    Ok(false)
}
