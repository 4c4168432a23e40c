//! `data`: downloads the real data set, or writes the built-in one as a CSV. And which data set is chosen.

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::base::console::{Progress, Unit, say};
use crate::base::lock::Lock;
use crate::base::paths::Paths;
use crate::base::process::{command, for_each_line, python_command};
use crate::setup::python::find_python;

const PROGRAM: &str = include_str!("download.py");

/// What the program that downloads prints.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Position(u64),
    Again(String),
    Failed(String),
}

/// Names the CSV that the notebooks read.
pub const CSV_VARIABLE: &str = "CREDITCARD_CSV";

/// The value that asks for the built-in data set.
pub const SYNTHETIC: &str = "synthetic";

/// What to write.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Write the built-in synthetic set as a CSV, for other tools, instead of downloading the real one
    #[arg(long, value_name = "FILE")]
    synthetic: Option<PathBuf>,
}

/// The real data set.
struct Source {
    url: &'static str,
    bytes: u64,
    sha256: &'static str,
    /// How long nothing may come before the server is asked again.
    patience: Duration,
}

const REAL: Source = Source {
    url: "https://storage.googleapis.com/download.tensorflow.org/data/creditcard.csv",
    bytes: 150_828_752,
    sha256: "76274b691b16a6c49d3f159c883398e03ccd6d1ee12d9d8ee38f4b4b98551a89",
    patience: Duration::from_secs(30),
};

/// Downloads or writes a data set.
pub fn run(paths: &Paths, options: &Options) -> Result<()> {
    match &options.synthetic {
        Some(file) => write_synthetic(paths, file),
        None => {
            let Some(_lock) = Lock::try_exclusive(&paths.own.join("data.lock"))? else {
                bail!("another launcher is downloading the data set\nWait for it, or stop it.");
            };
            let own = paths.python_program("python");
            let python = if own.is_file() { own } else { find_python()? };
            download(&REAL, &python, &paths.data().join("creditcard.csv"))
        }
    }
}

/// The value of `CREDITCARD_CSV`, with a path made absolute: a kernel runs in another folder.
pub fn chosen_csv() -> Result<Option<String>> {
    let Some(value) = env::var_os(CSV_VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    if value == SYNTHETIC {
        return Ok(Some(SYNTHETIC.to_owned()));
    }
    let path = std::path::absolute(&value).context("can't read the current folder")?;
    let shown = path.display();
    let about = fs::metadata(&path).with_context(|| {
        format!(
            "{CSV_VARIABLE} names {shown}, which can't be read\nCorrect it; a relative path counts from the folder where you type the command. Without it the notebooks use data/creditcard.csv, or else the built-in data set."
        )
    })?;
    if about.is_dir() {
        bail!("{CSV_VARIABLE} names {shown}, which is a folder\nName the CSV file in it.");
    }
    path.to_str()
        .map(|path| Some(path.to_owned()))
        .with_context(|| format!("{CSV_VARIABLE} names {shown}, which is not valid UTF-8"))
}

fn write_synthetic(paths: &Paths, file: &Path) -> Result<()> {
    let file = std::path::absolute(file)?;
    if file.parent().is_some_and(|folder| !folder.is_dir()) {
        bail!("the folder of {} doesn't exist\nMake it first.", file.display());
    }
    say("Compiling and running the support crate's example `synthetic_csv`");
    let status = command("cargo")
        .args(["run", "--quiet", "--package", "support", "--example", "synthetic_csv", "--"])
        .arg(&file)
        .current_dir(&paths.repo)
        .status()
        .context("can't run `cargo`\nIs Rust installed and on PATH? See rustup.rs")?;
    if !status.success() {
        bail!("the synthetic set could not be written to {}: see above", file.display());
    }
    say(format!("The synthetic set is in {}", Paths::shown(&file)));
    Ok(())
}

fn download(source: &Source, python: &Path, file: &Path) -> Result<()> {
    let shown = Paths::shown(file);
    if fs::metadata(file).is_ok_and(|about| about.len() == source.bytes) && sha256_of(file)? == source.sha256 {
        say(format!("{shown} is there and whole"));
        return Ok(());
    }
    if file.exists() {
        bail!(
            "{shown} exists, but is not the data set of the tutorial ({} bytes, SHA-256 {})\nMove it away and run the same command again, or name it in {CSV_VARIABLE} to use it as it is.",
            source.bytes,
            source.sha256
        );
    }
    let part = file.with_extension("csv.part");
    fetch(source, python, &part)?;
    say("Checking it");
    let sha256 = sha256_of(&part)?;
    if sha256 != source.sha256 {
        fs::remove_file(&part).with_context(|| format!("can't remove {}", part.display()))?;
        bail!(
            "the download is damaged: its SHA-256 is {sha256}, not {}\nRun the same command again; if that happens twice, something between here and {} changes files.",
            source.sha256,
            source.url
        );
    }
    fs::rename(&part, file).with_context(|| format!("can't write {}", file.display()))?;
    say(format!("The data set is in {shown}. Licence and source: data/README.md"));
    Ok(())
}

// Python knows the system's certificates and proxies, and is there for Jupyter anyway.
fn fetch(source: &Source, python: &Path, part: &Path) -> Result<()> {
    const FAILED: &str = "the data set could not be downloaded";
    const REMEDY: &str = "Run the same command again when the network is back: it goes on where it stopped. The notebooks work without it, on the built-in data set.";
    if fs::metadata(part).is_ok_and(|about| about.len() > source.bytes) {
        fs::remove_file(part).with_context(|| format!("can't remove {}", part.display()))?;
    }
    let mut progress = Progress::start(Unit::Bytes);
    progress.set_total(source.bytes);
    let mut child = python_command(python)
        .args(["-c", PROGRAM, source.url])
        .arg(part)
        .args([source.bytes.to_string(), source.patience.as_secs_f64().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("can't start {}", python.display()))?;
    let mut failure = None;
    for_each_line(child.stdout.take().context("lost the download's output")?, |line| {
        match serde_json::from_str(line) {
            Ok(Event::Position(position)) => progress.set_position(position),
            Ok(Event::Again(why)) => progress.say(format!("  {why}: trying again")),
            Ok(Event::Failed(why)) => failure = Some(why),
            Err(_) => progress.say(line),
        }
    });
    let status = child.wait().context("lost the download")?;
    match failure {
        None if status.success() => Ok(()),
        None => bail!("{FAILED} from {} ({status})\n{REMEDY}", source.url),
        Some(why) => bail!("{FAILED} from {}: {why}\n{REMEDY}", source.url),
    }
}

fn sha256_of(path: &Path) -> Result<String> {
    let mut file = File::open(path).with_context(|| format!("can't read {}", path.display()))?;
    let mut digest = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut block).with_context(|| format!("can't read {}", path.display()))?;
        if read == 0 {
            break;
        }
        digest.update(&block[..read]);
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    const TEXT: &[u8] = b"Time,V1,Class\n0,1.5,0\n";
    const WRONG: &str = "80a5cd2a0a3a85d3ec5c4a5b0ff3e5b1b8e6e5f4c5f4b0bd3b0ff5cc0f1ff6cd";

    /// A server that answers one request for each limit and gives at most so many bytes; after them it either ends the
    /// connection or says nothing more. Returns the ranges it was asked for.
    fn serve(limits: &'static [usize], stalls: bool) -> (&'static str, thread::JoinHandle<Vec<usize>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/creditcard.csv", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let mut silent = Vec::new();
            let answer = |limit: &usize| {
                let (mut stream, _) = listener.accept().unwrap();
                let from = range(&stream);
                let status = if from > 0 { "206 Partial Content" } else { "200 OK" };
                let rest = &TEXT[from..];
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", rest.len());
                stream.write_all(head.as_bytes()).unwrap();
                stream.write_all(&rest[..rest.len().min(*limit)]).unwrap();
                if stalls {
                    silent.push(stream);
                }
                from
            };
            limits.iter().map(answer).collect()
        });
        (url.leak(), server)
    }

    fn range(stream: &TcpStream) -> usize {
        let lines = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
        let from = lines.filter_map(|line| {
            let line = line.to_lowercase();
            line.strip_prefix("range: bytes=")?.strip_suffix('-')?.parse().ok()
        });
        from.last().unwrap_or(0)
    }

    fn source(url: &'static str, file: &Path) -> Source {
        fs::write(file, TEXT).unwrap();
        let sha256 = sha256_of(file).unwrap().leak();
        fs::remove_file(file).unwrap();
        Source { url, bytes: TEXT.len() as u64, sha256, patience: Duration::from_millis(500) }
    }

    fn download(source: &Source, file: &Path) -> Result<()> {
        super::download(source, &find_python().unwrap(), file)
    }

    #[test]
    fn a_broken_download_goes_on_where_it_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("creditcard.csv");
        let (url, server) = serve(&[9], false);
        let error = download(&source(url, &file), &file).unwrap_err();
        assert_eq!(server.join().unwrap(), [0]);
        assert!(format!("{error:#}").contains("goes on where it stopped"), "{error:#}");
        assert!(!file.exists());
        let (url, server) = serve(&[5, usize::MAX], false);
        download(&source(url, &file), &file).unwrap();
        assert_eq!(server.join().unwrap(), [9, 14]);
        assert_eq!(fs::read(&file).unwrap(), TEXT);
        assert!(!file.with_extension("csv.part").exists());
        let elsewhere = folder.path().join("other");
        download(&source("http://127.0.0.1:1/", &elsewhere), &file).unwrap();
    }

    #[test]
    fn a_download_that_stalls_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("creditcard.csv");
        let (url, server) = serve(&[3, 0, 4, usize::MAX], true);
        download(&source(url, &file), &file).unwrap();
        assert_eq!(server.join().unwrap(), [0, 3, 3, 7]);
        assert_eq!(fs::read(&file).unwrap(), TEXT);
    }

    #[test]
    fn a_damaged_download_is_thrown_away() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("creditcard.csv");
        let (url, server) = serve(&[usize::MAX], false);
        let damaged = Source { sha256: WRONG, ..source(url, &file) };
        let error = download(&damaged, &file).unwrap_err().to_string();
        server.join().unwrap();
        assert!(error.contains("damaged"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn another_file_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("creditcard.csv");
        fs::write(&file, "mine").unwrap();
        assert!(download(&REAL, &file).unwrap_err().to_string().contains("Move it away"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    }
}
