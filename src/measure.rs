//! `measure`: what a reader waits for. Runs the notebooks and prints the times and the memory, one
//! JSON object a line; then, on the error stream, how they stand to what we want.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;
use serde::Serialize;

use crate::base::console::{note, say};
use crate::base::paths::Paths;
use crate::data::{CSV_VARIABLE, SYNTHETIC};
use crate::notebook::driver::{Event, run_notebook};
use crate::notebook::file::{self as notebook, stem_of};
use crate::setup;

/// What to measure.
#[derive(Args, Clone, Debug, Default)]
pub struct Options {
    /// Notebooks to run: a name, its start (`02`), or a path; all of the lesson when none is given
    names: Vec<String>,
}

/// Seconds, megabytes, and the cores they depend on.
#[derive(Debug, Default, Serialize)]
struct Measured {
    notebook: String,
    cores: usize,
    /// Until the kernel takes cells.
    kernel_start: f64,
    /// The first cell, with the `:dep`.
    first_cell: f64,
    /// From the kernel's start to the first result that is shown: a table or a figure.
    first_result: Option<f64>,
    /// Over the cells after that one.
    median_cell: Option<f64>,
    /// The most that the kernel held, and the process that runs the cells, data and all; only Linux
    /// tells.
    kernel_mb: Option<u64>,
    cells_mb: Option<u64>,
    /// With the kernel's start and end.
    all: f64,
}

/// Runs the notebooks one after the other.
pub fn run(paths: &Paths, options: &Options) -> Result<()> {
    let notebooks = notebook::find(paths, &options.names)?;
    setup::prepare(paths)?;
    let mut all = Vec::new();
    for path in &notebooks {
        let measured = measure(paths, path)?;
        say(serde_json::to_string(&measured)?);
        all.push(measured);
    }
    note(beside_targets(&all, options.names.is_empty()));
    Ok(())
}

// What we want on two quiet cores, beside what was measured: medians over the notebooks, and the
// most memory.
fn beside_targets(all: &[Measured], is_lesson: bool) -> String {
    let middle =
        |value: &dyn Fn(&Measured) -> Option<f64>| median(&mut all.iter().filter_map(value).collect::<Vec<_>>());
    let memory = all.iter().filter_map(|measured| measured.kernel_mb).max();
    let mut rows = vec![
        ("kernel start", 3.5, "s", middle(&|measured| Some(measured.kernel_start))),
        ("median warm cell", 0.28, "s", middle(&|measured| measured.median_cell)),
        ("memory of a kernel", 300.0, "MB", memory.map(|megabytes| megabytes as f64)),
    ];
    if is_lesson {
        rows.push(("all notebooks", 240.0, "s", Some(all.iter().map(|measured| measured.all).sum())));
    }
    let mut table = format!("{:<20} {:>9} {:>12}", "", "target", "measured");
    for (name, target, unit, value) in rows {
        let digits = usize::from(target < 10.0) * 2;
        let measured = value.map_or("–".to_owned(), |value| format!("{value:.digits$} {unit}"));
        let sign = value.filter(|value| *value > target).map_or("", |_| "  missed");
        table += &format!("\n{name:<20} {:>9} {measured:>12}{sign}", format!("≤ {target} {unit}"));
    }
    table
}

fn measure(paths: &Paths, path: &Path) -> Result<Measured> {
    let executed = paths.own.join("executed").join(format!("measured-{}.ipynb", std::process::id()));
    let mut begin = Instant::now();
    let mut measured = Measured {
        notebook: stem_of(path),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        ..Measured::default()
    };
    let mut later = Vec::new();
    let environment = [(CSV_VARIABLE, SYNTHETIC.to_owned())];
    let outcome = run_notebook(paths, path, &executed, &environment, |event| match event {
        Event::Start { .. } => begin = Instant::now(),
        Event::Cell { number: 1, .. } => measured.kernel_start = begin.elapsed().as_secs_f64(),
        Event::CellDone { number, seconds, result, memory, .. } => {
            measured.kernel_mb = measured.kernel_mb.max(memory.first().copied());
            measured.cells_mb = measured.cells_mb.max(memory.get(1).copied());
            if *number == 1 {
                measured.first_cell = *seconds;
            }
            if measured.first_result.is_some() {
                later.push(*seconds);
            } else if *result {
                measured.first_result = Some(begin.elapsed().as_secs_f64());
            }
        }
        _ => {}
    })?;
    let _ = fs::remove_file(&executed);
    if let Some(failure) = outcome.failure {
        bail!("{}, code cell {}, failed\n{}", Paths::shown(path), failure.number, failure.text.trim_end());
    }
    measured.median_cell = median(&mut later);
    measured.all = outcome.seconds;
    Ok(measured)
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 0 => Some(f64::midpoint(values[middle - 1], values[middle])),
        _ => Some(values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_its_target_is_missed() {
        let measured = |cell| Measured { kernel_start: 3.0, median_cell: Some(cell), all: 90.0, ..Measured::default() };
        let table = beside_targets(&[measured(0.25), measured(0.45), measured(0.5)], true);
        let rows: Vec<&str> = table.lines().collect();
        assert_eq!(rows[1], "kernel start           ≤ 3.5 s       3.00 s");
        assert_eq!(rows[2], "median warm cell      ≤ 0.28 s       0.45 s  missed");
        assert_eq!(rows[3], "memory of a kernel    ≤ 300 MB            –");
        assert_eq!(rows[4], "all notebooks          ≤ 240 s        270 s  missed");
        assert_eq!(beside_targets(&[], false).lines().count(), 4);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
