//! Downloads of files whose hashes are known.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::base::console::{Progress, Unit};
use crate::base::process::{for_each_line, python_command};
use crate::base::stamp::hex;

const PROGRAM: &str = include_str!("download.py");

/// What the program that downloads prints.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Position(u64),
    Again(String),
    Failed(String),
}

/// A file on a server.
pub struct Source<'a> {
    /// Where it is.
    pub url: &'a str,
    /// Its size, where that is known.
    pub bytes: Option<u64>,
    /// Its hash, in hexadecimal digits.
    pub sha256: &'a str,
    /// How long nothing may come before the server is asked again.
    pub patience: Duration,
}

/// Downloads it, or what is missing of it.
///
/// By Python, which knows the system's certificates and proxies, and is there for Jupyter anyway.
pub fn fetch(source: &Source, python: &Path, part: &Path, progress: &mut Progress) -> Result<()> {
    if fs::metadata(part).is_ok_and(|about| source.bytes.is_none_or(|bytes| about.len() > bytes)) {
        fs::remove_file(part).with_context(|| format!("can't remove {}", part.display()))?;
    }
    progress.count(Unit::Bytes);
    if let Some(bytes) = source.bytes {
        progress.set_total(bytes);
    }
    let mut child = python_command(python)
        .args(["-c", PROGRAM, source.url])
        .arg(part)
        .args([source.bytes.unwrap_or(0).to_string(), source.patience.as_secs_f64().to_string()])
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
    progress.count(Unit::Items);
    let status = child.wait().context("lost the download")?;
    match failure {
        None if status.success() => Ok(()),
        None => bail!("{} ({status})", source.url),
        Some(why) => bail!("{}: {why}", source.url),
    }
}

/// Throws a downloaded file away that is another.
pub fn check(source: &Source, part: &Path) -> Result<()> {
    let sha256 = sha256_of(part)?;
    if !sha256.eq_ignore_ascii_case(source.sha256) {
        fs::remove_file(part).with_context(|| format!("can't remove {}", part.display()))?;
        bail!("the download is damaged: its SHA-256 is {sha256}, not {}", source.sha256);
    }
    Ok(())
}

/// The hash of a file, in hexadecimal digits.
pub fn sha256_of(path: &Path) -> Result<String> {
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
    Ok(hex(&digest.finalize()))
}

#[cfg(test)]
pub mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;
    use crate::setup::python::find_python;

    /// A server that answers one request for each limit and gives at most so many bytes; after them
    /// it either ends the connection or says nothing more. Returns the ranges it was asked for.
    pub fn serve(
        file: &'static [u8],
        limits: &'static [usize],
        stalls: bool,
    ) -> (&'static str, thread::JoinHandle<Vec<usize>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/file", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let mut silent = Vec::new();
            let answer = |limit: &usize| {
                let (mut stream, _) = listener.accept().unwrap();
                let from = range(&stream);
                let status = if from > 0 { "206 Partial Content" } else { "200 OK" };
                let rest = &file[from..];
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

    fn fetched(url: &str) -> Result<String> {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("part");
        let source = Source { url, bytes: None, sha256: "", patience: Duration::from_millis(500) };
        fetch(&source, &find_python().unwrap(), &part, &mut Progress::start())?;
        Ok(fs::read_to_string(part)?)
    }

    /// What comes of a server's first and only answer.
    fn answered(answer: &'static str) -> Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/file", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            range(&stream);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let result = fetched(&url);
        server.join().unwrap();
        result
    }

    #[test]
    fn a_length_need_not_be_told() {
        assert_eq!(answered("HTTP/1.0 200 OK\r\n\r\nall of it").unwrap(), "all of it");
        assert_eq!(answered("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nall").unwrap(), "all");
        let in_pieces = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n0\r\n\r\n";
        assert_eq!(answered(in_pieces).unwrap(), "all");
    }

    #[test]
    fn what_would_fail_again_is_told_at_once() {
        let error = |result: Result<String>| result.unwrap_err().to_string();
        assert!(error(answered("HTTP/1.1 404 Not Found\r\n\r\n")).contains("404"));
        assert!(error(fetched("nowhere")).contains("unknown url type"));
    }
}
