//! What only the notebooks' authors need: `cargo run -p author -- refresh`, `-- check`, `-- exercises`,
//! `-- handout`, `-- languages`, `-- site`, `-- slides`.
//!
//! The notebooks are run by the launcher, as a reader runs them (`cargo run -- execute --out`); what comes of them is
//! brought to the form in which outputs are committed, and written into the notebooks' own files or compared with them.

mod compare;
mod exercises;
mod handout;
mod languages;
mod notebook;
mod png;
mod site;
mod slides;
/// The text of the exercises. The crate that it belongs to would have this program wait for polars.
#[path = "../../exercises/src/source.rs"]
#[allow(dead_code)]
mod source;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

use crate::compare::differences;
use crate::notebook::Notebook;

const CSV_VARIABLE: &str = "CREDITCARD_CSV";

/// The value that asks for the built-in data set.
const SYNTHETIC: &str = "synthetic";

/// Names the launcher's program, if it is built already.
const LAUNCHER_VARIABLE: &str = "IMBALANCED_DATA_LAUNCHER";

/// Keeps the notebooks' outputs what the cells give, and their translations what the English says.
#[derive(Parser)]
#[command(name = "cargo run -p author --", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run notebooks and write their outputs into their own files, with a PNG beside each figure
    Refresh(Names),
    /// Run notebooks and fail when an output differs from the committed one
    Check(Names),
    /// Make a deck of the slides in teaching
    Slides {
        /// Where to write it
        #[arg(long, default_value = "target/slides")]
        out: PathBuf,
    },
    /// Make the handout of one page, in each language
    Handout,
    /// Make the exercise notebooks from the text in exercises/en
    Exercises {
        /// Only fail when one is not what would be made
        #[arg(long)]
        check: bool,
    },
    /// Take over code and structure into the translated notebooks, and list what is to be translated
    Languages(languages::Options),
    /// Build the static pages of the lesson, in all its languages
    Site(site::Options),
}

#[derive(clap::Args)]
struct Names {
    /// Notebooks to run: a name, its start (`02`), or a path; all of the lesson when none is given
    names: Vec<String>,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().verb {
        Verb::Refresh(Names { names }) => each(&names, refresh),
        Verb::Check(Names { names }) => each(&names, check),
        Verb::Slides { out } => slides::run(repo(), &out),
        Verb::Handout => handout::run(),
        Verb::Exercises { check } => exercises::run(repo(), check),
        Verb::Languages(options) => languages::run(&options),
        Verb::Site(options) => site::run(&options).map(|()| true),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the notebooks, then calls with each file and with what came of it; is all well?
fn each(names: &[String], act: fn(&Path, Notebook) -> Result<bool>) -> Result<bool> {
    let out = tempfile::tempdir().context("can't make a folder for the executed notebooks")?;
    run(names, out.path())?;
    let mut executed: Vec<PathBuf> = fs::read_dir(out.path())?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    executed.retain(|path| path.extension().is_some_and(|end| end == "ipynb"));
    executed.sort();
    let mut well = true;
    for path in executed {
        let source = source_of(&path, names);
        let mut notebook = Notebook::read(&path)?;
        notebook.normalise().with_context(|| format!("{} has an output that can't be kept", source.display()))?;
        well &= act(&source, notebook)?;
    }
    Ok(well)
}

/// The launcher runs the notebooks on the built-in set, whatever data set the author has.
fn run(names: &[String], out: &Path) -> Result<()> {
    if let Some(csv) = env::var_os(CSV_VARIABLE).filter(|csv| !csv.is_empty() && csv != SYNTHETIC) {
        bail!(
            "{CSV_VARIABLE} is set to {}, but the committed outputs are those of the built-in data set\nRun without {CSV_VARIABLE}; or, for your data, `cargo run -- execute --out DIR`.",
            csv.display()
        );
    }
    let mut launcher = match env::var_os(LAUNCHER_VARIABLE) {
        Some(program) => Command::new(program),
        None => {
            let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
            let mut cargo = Command::new(cargo);
            cargo.args(["run", "--quiet", "--manifest-path"]).arg(repo().join("Cargo.toml")).arg("--");
            cargo
        }
    };
    let status = launcher.args(["execute", "--out"]).arg(out).args(names).env(CSV_VARIABLE, SYNTHETIC).status();
    let status = status.context("can't start the launcher\nTry: cargo build")?;
    if !status.success() {
        bail!("the notebooks did not run to their end: see above");
    }
    Ok(())
}

/// The file that was run: a path that was named, or a notebook of the lesson.
fn source_of(executed: &Path, names: &[String]) -> PathBuf {
    let named = names.iter().map(PathBuf::from).find(|path| path.is_file() && path.file_name() == executed.file_name());
    named.unwrap_or_else(|| repo().join("notebooks/en").join(executed.file_name().unwrap_or_default()))
}

fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(repo()).unwrap_or(path).display().to_string()
}

fn refresh(source: &Path, mut executed: Notebook) -> Result<bool> {
    executed.keep_volatile_outputs(&Notebook::read(source)?);
    let text = executed.text()?;
    let is_new = fs::read_to_string(source).is_ok_and(|before| before != text);
    if is_new {
        write_whole(source, &text)?;
    }
    println!("{}: {}", shown(source), if is_new { "refreshed" } else { "unchanged" });
    Ok(true)
}

fn write_whole(path: &Path, text: &str) -> Result<()> {
    let cannot = || format!("can't write {}", path.display());
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(cannot)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).with_context(cannot)?;
    if let Ok(about) = fs::metadata(path) {
        file.as_file().set_permissions(about.permissions()).with_context(cannot)?;
    }
    file.persist(path).with_context(cannot)?;
    Ok(())
}

fn check(source: &Path, executed: Notebook) -> Result<bool> {
    let name = shown(source);
    let mut committed = Notebook::read(source)?;
    if committed.has_code() && !committed.has_outputs() {
        eprintln!("error: {name} has no outputs to compare with\nTry: cargo run -p author -- refresh {name}");
        return Ok(false);
    }
    let without_png = committed.cells_without_png().into_iter();
    let without_png: Vec<String> = without_png
        .map(|cell| format!("  code cell {cell}: its figure has no PNG beside the SVG, so GitHub shows none"))
        .collect();
    committed.normalise()?;
    let found = differences(&committed, &executed).into_iter().map(|found| {
        let what = found.what.replace('\n', "\n  ");
        format!("  code cell {}: {}\n  {what}", found.cell, found.first_line)
    });
    let found: Vec<String> = found.chain(without_png).collect();
    if found.is_empty() {
        println!("{name}: outputs match");
        return Ok(true);
    }
    eprintln!(
        "error: {name}: {} of its outputs differ from the committed ones\n{}\nIf the new ones are right: cargo run -p author -- refresh {name}\nA cell whose output may differ from run to run, such as a measured time, is tagged `{}`.",
        found.len(),
        found.join("\n"),
        notebook::VOLATILE
    );
    Ok(false)
}
