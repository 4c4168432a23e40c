//! Compiles a cell by the very command that cargo compiled the last one by.
//!
//! For each cell cargo finds out anew that of 158 packages only `src/lib.rs` of the cell's crate has changed, which takes
//! longer than compiling it. So what cargo told rustc for the last cell is noted, with all that cargo looks at: while
//! that is as it was, rustc is told the same, and what it says is passed on as cargo would. In any other case cargo
//! does the work: what it decides is never decided here.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::console::without_colours;

/// A program that stands before rustc, and notes how the cell's crate is compiled.
pub const WRAPPER: &str = include_str!("note.sh");

/// Tells it where to.
const NOTE_VARIABLE: &str = "IMBALANCED_DATA_NOTE";

// Cargo's exit code when a crate doesn't compile.
const CARGO_FAILED: u8 = 101;

/// Tells cargo of it.
pub const WRAPPER_VARIABLE: &str = "RUSTC_WRAPPER";

/// A build that succeeded, and all that it depended on but the cell.
#[derive(Deserialize, Serialize)]
struct Build {
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    files: Vec<(PathBuf, Stamp)>,
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
    environment: BTreeMap<String, String>,
    words: Vec<String>,
}

/// Time of change and size; none when there is no file.
type Stamp = Option<(u64, u32, u64)>;

/// The cell's crate, in whose folder cargo is run, and the crate it uses.
pub struct Place<'a> {
    /// The folder of the cell's crate.
    pub cell: &'a Path,
    /// The folder of `support`.
    pub support: &'a Path,
    /// The wrapper.
    pub wrapper: &'a Path,
}

impl Place<'_> {
    fn record(&self) -> PathBuf {
        self.cell.with_file_name("build.json")
    }

    /// Compiles the cell by the last build's command; none when cargo has to.
    pub fn compile(&self, arguments: &[OsString]) -> Option<ExitCode> {
        let build: Build = serde_json::from_str(&fs::read_to_string(self.record()).ok()?).ok()?;
        let is_same = words(arguments)? == build.arguments
            && environment()? == build.environment
            && build.files.iter().all(|(file, stamp)| stamp_of(file) == *stamp);
        if !is_same {
            return None;
        }
        let (code, lines) = build.run().ok()??;
        for line in lines {
            println!("{line}");
        }
        Some(code)
    }

    /// Has cargo compile it, and notes how if it succeeds.
    pub fn compile_by_cargo(&self, mut cargo: Command, arguments: &[OsString]) -> io::Result<ExitStatus> {
        let record = self.record();
        let note = self.cell.with_file_name("rustc.note");
        for file in [&record, &note] {
            if let Err(error) = fs::remove_file(file)
                && error.kind() != io::ErrorKind::NotFound
            {
                return Err(error);
            }
        }
        // The reader's own wrapper would not see all of its compiler's work.
        let notes = env::var_os(WRAPPER_VARIABLE).is_none() && self.wrapper.is_file();
        if notes {
            cargo.env(WRAPPER_VARIABLE, self.wrapper).env(NOTE_VARIABLE, &note);
        }
        let begin = SystemTime::now();
        let mut child = cargo.stdout(Stdio::piped()).spawn()?;
        let mut lines = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines() {
                let line = line?;
                println!("{line}");
                lines.push(line);
            }
        }
        let status = child.wait()?;
        if notes
            && status.success()
            && let Some(build) = self.build(&note, &lines, arguments, begin)
            && let Ok(text) = serde_json::to_string(&build)
        {
            fs::write(record, text)?;
        }
        let _ = fs::remove_file(note);
        Ok(status)
    }

    // None where something is not as in the cells of the lesson: then cargo compiles the next cell too.
    fn build(&self, note: &Path, lines: &[String], arguments: &[OsString], begin: SystemTime) -> Option<Build> {
        let messages: Vec<Value> = lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let support = self.support.canonicalize().ok()?;
        let own = self.cell.join("Cargo.toml").canonicalize().ok()?;
        let mut sources = Vec::new();
        let mut cell = None;
        let is_of_a_folder = |message: &&Value| {
            message["package_id"].as_str().is_some_and(|package| package.starts_with("path+"))
                && message["reason"] != "compiler-message"
        };
        for message in messages.iter().filter(is_of_a_folder) {
            // Cargo knows when a build script is to be run again.
            if message["reason"] != "compiler-artifact" || message["target"]["kind"][0] == "custom-build" {
                return None;
            }
            let manifest = Path::new(message["manifest_path"].as_str()?).canonicalize().ok()?;
            if manifest == own {
                cell = Some(message);
            } else if manifest.starts_with(&support) {
                sources.extend(sources_of(message)?);
            } else {
                // The reader's own, whose sources may change.
                return None;
            }
        }
        let cell = cell?;
        let rustc = Rustc::noted(note)?;
        let shown = PathBuf::from(cell["filenames"][0].as_str()?);
        let built =
            rustc.after("--out-dir").map(|folder| Path::new(folder).join(shown.file_name().unwrap_or_default()))?;
        sources.extend(self.settings());
        sources.push(PathBuf::from(rustc.words.first()?));
        let mut files = stamps(sources);
        // Changed while cargo read them: the next build may see more.
        let begin = since_epoch(begin)?;
        if files.iter().any(|(_, stamp)| stamp.is_some_and(|(seconds, nanoseconds, _)| (seconds, nanoseconds) >= begin))
        {
            return None;
        }
        files.extend(stamps(rustc.libraries()));
        files.extend(stamps([self.cell.with_file_name("Cargo.lock")]));
        Some(Build {
            arguments: words(arguments)?,
            environment: environment()?,
            files,
            rustc,
            library: [built, shown],
            message: cell.clone(),
        })
    }

    // The manifests and settings that cargo reads.
    fn settings(&self) -> Vec<PathBuf> {
        let workspace = self.cell.parent().unwrap_or(self.cell);
        let mut files: Vec<PathBuf> = self.support.ancestors().map(|folder| folder.join("Cargo.toml")).collect();
        files.extend([self.cell, workspace, &workspace.join("keep")].map(|folder| folder.join("Cargo.toml")));
        let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
        let folders = self.cell.ancestors().map(|folder| folder.join(".cargo")).chain(home);
        files.extend(folders.flat_map(|folder| ["config", "config.toml"].map(|name| folder.join(name))));
        files
    }
}

impl Build {
    // The exit code and the messages of cargo; none when rustc says what cargo should see.
    fn run(&self) -> io::Result<Option<(ExitCode, Vec<String>)>> {
        let [built, shown] = &self.library;
        // evcxr has renamed what was linked there: a linker that writes in place would change the last cell's library.
        for file in [built, shown] {
            let _ = fs::remove_file(file);
        }
        let [rustc, arguments @ ..] = self.rustc.words.as_slice() else {
            return Ok(None);
        };
        let output = Command::new(rustc)
            .args(arguments)
            .current_dir(&self.rustc.folder)
            .env_clear()
            .envs(&self.rustc.environment)
            .stdin(Stdio::null())
            .output()?;
        let Some(mut lines) = self.messages(&output.stderr) else {
            return Ok(None);
        };
        match output.status.code() {
            Some(0) => {
                fs::hard_link(built, shown)?;
                lines.push(self.message.to_string());
                Ok(Some((ExitCode::SUCCESS, lines)))
            }
            Some(1) if !lines.is_empty() => Ok(Some((ExitCode::from(CARGO_FAILED), lines))),
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

impl Rustc {
    // As the wrapper has written it: the folder, the environment, an empty word, the command.
    fn noted(file: &Path) -> Option<Self> {
        let text = fs::read_to_string(file).ok()?;
        let (folder, text) = text.strip_suffix('\0')?.split_once('\0')?;
        let (environment, words) = text.split_once("\0\0")?;
        // By the first three rustc would ask a cargo that has ended for leave to use a core.
        const NOT: [&str; 5] = ["CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS", WRAPPER_VARIABLE, NOTE_VARIABLE];
        let environment = environment.split('\0').filter_map(|variable| variable.split_once('='));
        let environment = environment.filter(|(name, _)| !NOT.contains(name));
        Some(Self {
            folder: PathBuf::from(folder),
            environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            words: words.split('\0').map(str::to_owned).collect(),
        })
    }

    fn after(&self, option: &str) -> Option<&str> {
        let place = self.words.iter().position(|word| word == option)?;
        self.words.get(place + 1).map(String::as_str)
    }

    // What is linked to: `--extern support=FILE`.
    fn libraries(&self) -> Vec<PathBuf> {
        let named = self.words.windows(2).filter(|pair| pair[0] == "--extern");
        named.filter_map(|pair| Some(PathBuf::from(pair[1].split_once('=')?.1))).collect()
    }
}

// The sources that a library of cargo's message was made of, as rustc has written beside it.
fn sources_of(message: &Value) -> Option<Vec<PathBuf>> {
    let library = Path::new(message["filenames"][0].as_str()?);
    let name = library.file_stem()?.to_str()?;
    let list = library.with_file_name(format!("{}.d", name.strip_prefix("lib").unwrap_or(name)));
    let text = fs::read_to_string(list).ok()?;
    let (_, sources) = text.lines().next()?.split_once(": ")?;
    let mut files = vec![String::new()];
    let mut characters = sources.chars();
    while let Some(character) = characters.next() {
        match (character, files.last_mut()) {
            ('\\', Some(file)) => file.extend(characters.next()),
            (' ', _) => files.push(String::new()),
            (_, Some(file)) => file.push(character),
            (_, None) => {}
        }
    }
    Some(files.into_iter().map(PathBuf::from).collect())
}

fn stamps(files: impl IntoIterator<Item = PathBuf>) -> Vec<(PathBuf, Stamp)> {
    let with_stamp = |file: PathBuf| {
        let stamp = stamp_of(&file);
        (file, stamp)
    };
    files.into_iter().map(with_stamp).collect()
}

fn stamp_of(file: &Path) -> Stamp {
    let about = fs::metadata(file).ok()?;
    let (seconds, nanoseconds) = since_epoch(about.modified().ok()?)?;
    Some((seconds, nanoseconds, about.len()))
}

fn since_epoch(time: SystemTime) -> Option<(u64, u32)> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some((since.as_secs(), since.subsec_nanos()))
}

// None when one is no text, as for the arguments.
fn environment() -> Option<BTreeMap<String, String>> {
    let text = |text: OsString| text.into_string().ok();
    env::vars_os().map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}

fn words(arguments: &[OsString]) -> Option<Vec<String>> {
    let texts: Option<Vec<&str>> = arguments.iter().map(OsString::as_os_str).map(OsStr::to_str).collect();
    Some(texts?.into_iter().map(str::to_owned).collect())
}
