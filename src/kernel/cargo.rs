//! The `cargo` of a kernel: this launcher, by another name.
//!
//! It gives the answers that were kept ([`super::answers`]), compiles a cell by the command that
//! was ([`again`]), and says less of the packages than cargo ([`metadata`]). For anything else it
//! has cargo do the work. That needs the built libraries in the kernel's own folder, so they are
//! copied there first: cargo may build some of them anew.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use super::again::{self, Build, Compiled, NOTE_VARIABLE, NOTER, WRAPPER_VARIABLE};
use super::answers::Question;
use super::copy::take_libraries;
use super::skeletons::Skeletons;
use super::sources::{self, MISSING, REMEDY};
use super::surroundings::{Surroundings, TOOLCHAIN_VARIABLE, use_own_linker};
use super::toolchain::SKELETONS;
use super::{metadata, moved, ready};
use crate::base::console::note;
use crate::base::process::{become_it, code_of, path_from};

/// Run as a kernel's `cargo`, or before its rustc? Then does what that does.
pub fn stand_in() -> Option<ExitCode> {
    let mut arguments = env::args_os();
    let name = PathBuf::from(arguments.next()?);
    let installed = PathBuf::from(env::var_os(TOOLCHAIN_VARIABLE)?);
    if name.file_name() == Some(OsStr::new(NOTER)) {
        return again::note();
    }
    if name.file_name() != Some(OsStr::new("cargo")) {
        return None;
    }
    match run(&installed, &arguments.collect::<Vec<_>>()) {
        Ok(code) => Some(code),
        Err(error) => {
            note(format!("error: {error:#}"));
            Some(ExitCode::FAILURE)
        }
    }
}

fn run(installed: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let program = installed.join("bin/cargo");
    let cannot = || format!("can't run {}\nTry: cargo run -- doctor", program.display());
    let mut cargo = Command::new(&program);
    cargo.env("RUSTUP_TOOLCHAIN", installed).env_remove("CARGO");
    // cargo asks rustc a dozen questions each time: without the detour by rustup.
    cargo.envs(path_from(installed.join("bin")).map(|path| ("PATH", path)));
    use_own_linker(&mut cargo);
    let about = Surroundings::of_this_kernel(installed);
    let verb = arguments.first().and_then(|verb| verb.to_str()).unwrap_or_default();
    match (verb, about) {
        ("build" | "check", Some(about)) => compile(&about, cargo, arguments).with_context(cannot),
        ("metadata", about) => {
            if asks_for_a_dependency() && sources::folder(installed).is_none() {
                bail!("{MISSING}\n{REMEDY}");
            }
            answer(about.as_ref(), cargo, arguments, narrowed).with_context(cannot)
        }
        // What rust-analyzer asks: `-Z unstable-options config get`, `rustc --print cfg`, and the
        // like.
        ("locate-project" | "--version" | "-Z" | "rustc", Some(about)) => {
            answer(Some(&about), cargo, arguments, |text| text).with_context(cannot)
        }
        _ => become_it({
            cargo.args(arguments);
            cargo
        })
        .with_context(cannot),
    }
}

fn narrowed(text: String) -> String {
    let narrowed = if ready::are_to_come() { metadata::without_library(&text) } else { metadata::narrow(&text) };
    narrowed.unwrap_or(text)
}

// With the skeletons of the packages that it names, made if they aren't there.
fn say(text: &str) {
    let skeletons = env::var_os("RUSTUP_TOOLCHAIN").map(|toolchain| Path::new(&toolchain).join(SKELETONS));
    let named = skeletons.and_then(|folder| Skeletons(&folder).of_packages(text));
    print!("{}", named.as_deref().unwrap_or(text));
}

// Only what cargo answers well is kept.
fn answer(
    about: Option<&Surroundings>,
    mut cargo: Command,
    arguments: &[OsString],
    shorten: impl FnOnce(String) -> String,
) -> io::Result<ExitCode> {
    let question =
        about.and_then(|about| Question::new(about, arguments, false)).filter(|question| question.is_about_ours);
    if let Some((text, _)) = question.as_ref().and_then(Question::answer::<String>) {
        say(&text);
        return Ok(ExitCode::SUCCESS);
    }
    let output = cargo.args(arguments).stderr(Stdio::inherit()).output()?;
    let text = shorten(String::from_utf8_lossy(&output.stdout).into_owned());
    say(&text);
    if let Some(question) = question.filter(|_| output.status.success()) {
        question.keep(&text, None);
    }
    Ok(code_of(output.status).into())
}

// For a cell with a type it can't tell, the kernel asks for a check: with no checked dependencies
// in the warm folder, that takes minutes. A build has them, and finds the same errors.
fn compile(about: &Surroundings, cargo: Command, arguments: &[OsString]) -> Result<ExitCode> {
    let arguments = arguments.get(1..).unwrap_or_default();
    // The first cells are the same in each kernel: what came of them is kept whole.
    let of_first = ready::are_running().then(|| Question::new(about, arguments, true)).flatten();
    if let Some((compiled, folder)) = of_first.as_ref().and_then(Question::answer::<Compiled>)
        && let Some(question) = &of_first
        && compiled.library.as_ref().is_none_or(|library| put(&question.file(folder), library).is_ok())
    {
        return Ok(compiled.pass_on(about));
    }
    let of_all = Question::new(about, arguments, false);
    let known = of_all.as_ref().and_then(Question::answer::<Build>);
    let (compiled, code) = match known.and_then(|(build, _)| build.run().ok().flatten()) {
        Some(compiled) => {
            let code = compiled.pass_on(about);
            (Some(compiled), code)
        }
        None => compile_by_cargo(about, cargo, arguments, of_all.as_ref())?,
    };
    if let Some(Compiled { code: 0, .. }) = compiled
        && let Ok(program) = fs::read_to_string(about.cell().join("src/lib.rs"))
    {
        moved::remember(&about.workspace, &program);
    }
    if let Some(question) = of_first.filter(|question| question.is_about_ours)
        && let Some(compiled) = compiled.filter(Compiled::is_of_the_cell)
    {
        question.keep(&compiled, compiled.library.as_deref());
    }
    Ok(code)
}

fn put(kept: &Path, library: &Path) -> io::Result<()> {
    fs::create_dir_all(library.parent().unwrap_or(library))?;
    let _ = fs::remove_file(library);
    fs::copy(kept, library).map(|_| ())
}

// Has cargo compile a cell in the kernel's own folder, and keeps how if it succeeds. None where it
// isn't known how.
fn compile_by_cargo(
    about: &Surroundings,
    mut cargo: Command,
    arguments: &[OsString],
    question: Option<&Question>,
) -> Result<(Option<Compiled>, ExitCode)> {
    if let Some(warm) = &about.warm {
        take_libraries(warm, &about.workspace, &[]).with_context(|| format!("can't copy {}", warm.display()))?;
    }
    let note = about.workspace.join("rustc.note");
    let _ = fs::remove_file(&note);
    let noter = about.toolchain.join(NOTER);
    // The reader's own wrapper would not see all of its compiler's work.
    let notes = env::var_os(WRAPPER_VARIABLE).is_none() && noter.is_file();
    if notes {
        cargo.env(WRAPPER_VARIABLE, noter).env(NOTE_VARIABLE, &note);
    }
    let mut child = cargo.arg("build").args(arguments).stdout(Stdio::piped()).spawn()?;
    let mut lines = Vec::new();
    for line in child.stdout.take().into_iter().flat_map(|stream| BufReader::new(stream).lines()) {
        let line = line?;
        println!("{}", moved::explain(&about.workspace, &line).as_ref().unwrap_or(&line));
        lines.push(line);
    }
    let status = child.wait()?;
    let build = notes.then(|| Build::noted(about, &note, &lines)).flatten();
    let library = build.as_ref().map(|build| build.library().to_owned());
    if let (true, Some(build), Some(question)) = (status.success(), build, question) {
        question.keep(&build, None);
    }
    let compiled = match status.code() {
        Some(0) => library.map(|library| Compiled { code: 0, lines, library: Some(library) }),
        Some(code) => u8::try_from(code).ok().map(|code| Compiled { code, lines, library: None }),
        None => None,
    };
    Ok((compiled, code_of(status).into()))
}

// Does the kernel ask whether the crate of a `:dep` is there? It does so in a manifest of this
// name.
fn asks_for_a_dependency() -> bool {
    fs::read_to_string("Cargo.toml").is_ok_and(|manifest| manifest.contains("\"evcxr_dummy_validate_dep\""))
}
