//! `data`: downloads the real data set, or writes the built-in one as a CSV. And which data set is
//! chosen.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;

use crate::base::console::{Progress, say};
use crate::base::lock::Lock;
use crate::base::paths::Paths;
use crate::base::process::command;
use crate::setup::download::{Source, check, fetch, sha256_of};
use crate::setup::python::find_python;

/// Names the CSV that the notebooks read.
pub const CSV_VARIABLE: &str = "CREDITCARD_CSV";

/// The value that asks for the built-in data set.
pub const SYNTHETIC: &str = "synthetic";

/// What to write.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Write the built-in synthetic set as a CSV, for other tools, and download nothing
    #[arg(long, value_name = "FILE")]
    synthetic: Option<PathBuf>,
}

/// The real data set.
const REAL: Source = Source {
    url: "https://storage.googleapis.com/download.tensorflow.org/data/creditcard.csv",
    bytes: Some(150_828_752),
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
    if fs::metadata(file).is_ok_and(|about| Some(about.len()) == source.bytes) && sha256_of(file)? == source.sha256 {
        say(format!("{shown} is there and whole"));
        return Ok(());
    }
    if file.exists() {
        bail!(
            "{shown} exists, but is not the data set of the tutorial (SHA-256 {})\nMove it away and run the same command again, or name it in {CSV_VARIABLE} to use it as it is.",
            source.sha256
        );
    }
    let part = file.with_extension("csv.part");
    fetch(source, python, &part, &mut Progress::start()).map_err(|error| {
        anyhow!(
            "the data set could not be downloaded: {error:#}\nRun the same command again when the network is back: it goes on where it stopped. The notebooks work without it, on the built-in data set."
        )
    })?;
    say("Checking it");
    check(source, &part).map_err(|error| {
        anyhow!(
            "{error:#}\nRun the same command again; if that happens twice, something between here and {} changes files.",
            source.url
        )
    })?;
    fs::rename(&part, file).with_context(|| format!("can't write {}", file.display()))?;
    say(format!("The data set is in {shown}. Licence and source: data/README.md"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::download::tests::serve;

    const TEXT: &[u8] = b"Time,V1,Class\n0,1.5,0\n";
    const WRONG: &str = "80a5cd2a0a3a85d3ec5c4a5b0ff3e5b1b8e6e5f4c5f4b0bd3b0ff5cc0f1ff6cd";

    fn source(url: &'static str, file: &Path) -> Source<'static> {
        fs::write(file, TEXT).unwrap();
        let sha256 = sha256_of(file).unwrap().leak();
        fs::remove_file(file).unwrap();
        Source { url, bytes: Some(TEXT.len() as u64), sha256, patience: Duration::from_millis(500) }
    }

    fn download(source: &Source, file: &Path) -> Result<()> {
        super::download(source, &find_python().unwrap(), file)
    }

    #[test]
    fn a_broken_download_goes_on_where_it_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("creditcard.csv");
        let (url, server) = serve(TEXT, &[9], false);
        let error = download(&source(url, &file), &file).unwrap_err();
        assert_eq!(server.join().unwrap(), [0]);
        assert!(format!("{error:#}").contains("goes on where it stopped"), "{error:#}");
        assert!(!file.exists());
        let (url, server) = serve(TEXT, &[5, usize::MAX], false);
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
        let (url, server) = serve(TEXT, &[3, 0, 4, usize::MAX], true);
        download(&source(url, &file), &file).unwrap();
        assert_eq!(server.join().unwrap(), [0, 3, 3, 7]);
        assert_eq!(fs::read(&file).unwrap(), TEXT);
    }

    #[test]
    fn a_damaged_download_is_thrown_away() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("creditcard.csv");
        let (url, server) = serve(TEXT, &[usize::MAX], false);
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
