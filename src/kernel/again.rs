//! Compiles a cell by the command that cargo compiled one by before.
//!
//! For each cell cargo finds out anew that of 158 packages only `src/lib.rs` of the cell's crate
//! has changed, which takes longer than compiling it. So what cargo told rustc is kept as an answer
//! ([`super::answers`]): the next cell is compiled by the same, against the libraries that it was
//! about, and what rustc says is passed on as cargo would.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::moved;
use super::surroundings::{Surroundings, use_own_linker};
use crate::base::console::{self, without_colours};
use crate::base::process::become_it;

/// The name by which the launcher, before rustc, notes how a cell's crate is compiled.
pub const NOTER: &str = "note";

/// Tells it where to.
pub const NOTE_VARIABLE: &str = "IMBALANCED_DATA_NOTE";

/// Tells cargo of it.
pub const WRAPPER_VARIABLE: &str = "RUSTC_WRAPPER";

// By these rustc would ask a cargo that has ended for leave to use a core.
const OF_JOBS: [&str; 3] = ["CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS"];

// Cargo's exit code when a crate doesn't compile.
const CARGO_FAILED: u8 = 101;

/// How a cell is compiled.
#[derive(Deserialize, Serialize)]
pub struct Build {
    rustc: Rustc,
    /// Where rustc puts the library, and where cargo then links it to.
    library: [PathBuf; 2],
    /// Cargo's message on the library.
    message: Value,
}

/// How cargo ran rustc.
#[derive(Deserialize, Serialize)]
struct Rustc {
    folder: PathBuf,
    /// The variables that cargo adds.
    environment: BTreeMap<String, String>,
    words: Vec<String>,
}

/// What cargo would have said, and where the library is if there is one.
#[derive(Deserialize, Serialize)]
pub struct Compiled {
    /// Cargo's exit code.
    pub code: u8,
    /// Its messages.
    pub lines: Vec<String>,
    /// The cell's library.
    pub library: Option<PathBuf>,
}

impl Compiled {
    /// Would it be the same again? An error of the cell's has a code; one of the machine's, as of a
    /// full disk, has none.
    pub fn is_of_the_cell(&self) -> bool {
        let messages = self.lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut errors = messages.filter(|message| message["message"]["level"] == "error").peekable();
        match self.code {
            0 => true,
            CARGO_FAILED => errors.peek().is_some() && errors.all(|error| !error["message"]["code"].is_null()),
            _ => false,
        }
    }

    /// Says what cargo would have said.
    pub fn pass_on(&self, about: &Surroundings) -> ExitCode {
        for line in &self.lines {
            println!("{}", moved::explain(&about.workspace, line).as_ref().unwrap_or(line));
        }
        ExitCode::from(self.code)
    }
}

/// Stands before rustc: notes the folder, the environment and the command that compile a cell, and
/// is rustc from then on.
pub fn note() -> Option<ExitCode> {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.windows(2).any(|pair| pair == ["--crate-name", "ctx"]) {
        let variables = env::vars().filter(|(name, _)| name.starts_with("CARGO") && !OF_JOBS.contains(&name.as_str()));
        let rustc = Rustc { folder: env::current_dir().ok()?, environment: variables.collect(), words: words.clone() };
        let _ = fs::write(env::var_os(NOTE_VARIABLE)?, serde_json::to_string(&rustc).ok()?);
    }
    let mut rustc = Command::new(words.first()?);
    rustc.args(&words[1..]).env_remove(NOTE_VARIABLE).env_remove(WRAPPER_VARIABLE);
    let program = words[0].clone();
    become_it(rustc)
        .inspect_err(|error| console::note(format!("error: can't run {program}: {error}")))
        .ok()
        .or(Some(ExitCode::FAILURE))
}

impl Build {
    /// How cargo has just built a cell; none where something is not as in the cells of the lesson.
    pub fn noted(about: &Surroundings, note: &Path, lines: &[String]) -> Option<Self> {
        let own = about.cell().join("Cargo.toml").canonicalize().ok()?;
        let mut cell = None;
        for line in lines {
            let message: Value = serde_json::from_str(line).ok()?;
            let is_of_a_folder = message["package_id"].as_str().is_some_and(|package| package.starts_with("path+"));
            if !is_of_a_folder || message["reason"] == "compiler-message" {
                continue;
            }
            let manifest = Path::new(message["manifest_path"].as_str()?).canonicalize().ok()?;
            if manifest == own && message["reason"] == "compiler-artifact" {
                cell = Some(message);
            } else if !about.is_ours(&manifest) {
                // The reader's own, whose sources may change.
                return None;
            }
        }
        let message = cell?;
        let mut rustc: Rustc = serde_json::from_str(&fs::read_to_string(note).ok()?).ok()?;
        let out = rustc.words.iter().position(|word| word == "--out-dir")? + 1;
        let shown = PathBuf::from(message["filenames"][0].as_str()?);
        let built = Path::new(rustc.words.get(out)?).join(shown.file_name()?);
        // The libraries stay where they are; all else is in the folder of the kernel that asks.
        let mut before = String::new();
        for word in &mut rustc.words {
            if ["-L", "--extern"].contains(&before.as_str()) || word.starts_with("-L") {
                *word = about.with_libraries(word);
            }
            before.clone_from(word);
        }
        Some(Self { rustc, library: [built, shown], message })
    }

    /// Where cargo puts the cell's library.
    pub fn library(&self) -> &Path {
        &self.library[1]
    }

    /// Compiles the cell; none when rustc says what cargo should see.
    pub fn run(&self) -> io::Result<Option<Compiled>> {
        let [built, shown] = &self.library;
        // evcxr has renamed what was linked there: a linker that writes in place would change the
        // last cell's library.
        for file in [built, shown] {
            let _ = fs::remove_file(file);
            fs::create_dir_all(file.parent().unwrap_or(file))?;
        }
        let [rustc, arguments @ ..] = self.rustc.words.as_slice() else {
            return Ok(None);
        };
        // `--extern support=FILE`
        let mut linked = self.rustc.words.windows(2).filter(|pair| pair[0] == "--extern");
        if !linked.all(|pair| pair[1].split_once('=').is_none_or(|(_, file)| Path::new(file).is_file())) {
            return Ok(None);
        }
        let mut rustc = Command::new(rustc);
        for name in OF_JOBS {
            rustc.env_remove(name);
        }
        use_own_linker(&mut rustc);
        rustc.args(arguments).current_dir(&self.rustc.folder).envs(&self.rustc.environment).stdin(Stdio::null());
        let output = rustc.output()?;
        let Some(mut lines) = self.messages(&output.stderr) else {
            return Ok(None);
        };
        match output.status.code() {
            Some(0) => {
                fs::hard_link(built, shown).or_else(|_| fs::copy(built, shown).map(|_| ()))?;
                lines.push(self.message.to_string());
                Ok(Some(Compiled { code: 0, lines, library: Some(shown.clone()) }))
            }
            Some(1) if !lines.is_empty() => Ok(Some(Compiled { code: CARGO_FAILED, lines, library: None })),
            _ => Ok(None),
        }
    }

    // What rustc says, as cargo would pass it on.
    fn messages(&self, said: &[u8]) -> Option<Vec<String>> {
        let mut lines = Vec::new();
        for line in str::from_utf8(said).ok()?.lines() {
            let mut message: Value = serde_json::from_str(line).ok()?;
            match message["$message_type"].as_str()? {
                // The second is for a lint of cargo's own, which it doesn't pass on.
                "artifact" | "unused_extern" => continue,
                "diagnostic" => {}
                _ => return None,
            }
            let text = message["message"].as_str()?;
            let is_count = ["warning emitted", "warnings emitted"].iter().any(|end| text.ends_with(end));
            if is_count || text.starts_with("aborting due to") {
                continue;
            }
            let rendered = message["rendered"].as_str().map(without_colours);
            message["rendered"] = rendered.into();
            let about =
                ["package_id", "manifest_path", "target"].map(|name| (name.to_owned(), self.message[name].clone()));
            let reason = ("reason".to_owned(), Value::from("compiler-message"));
            let whole = about.into_iter().chain([reason, ("message".to_owned(), message)]);
            lines.push(Value::Object(whole.collect()).to_string());
        }
        Some(lines)
    }
}
