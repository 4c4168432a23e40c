//! The notebooks through the real kernel, as a reader runs them: set-up included, so the first run takes a while.

#![allow(missing_docs)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{dep, fails, launcher, notebook_in, set_up};

#[test]
fn two_kernels_run_at_once() {
    set_up();
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<(Child, PathBuf)> = ["one", "two"]
        .into_iter()
        .map(|name| {
            let print = format!("println!(\"I am {name}: {{}}\", ndarray::arr1(&[1.0, 2.0]).sum());");
            let wait = "std::thread::sleep(std::time::Duration::from_secs(3));";
            let notebook = notebook_in(folder.path(), name, &[&dep(), "use support::*;", wait, &print]);
            let out = folder.path().join("out");
            let mut command = launcher(&["execute", notebook.to_str().unwrap(), "--out"]);
            command.arg(&out).stdout(Stdio::null());
            (command.spawn().unwrap(), out.join(format!("{name}.ipynb")))
        })
        .collect();
    for (mut child, out) in children {
        assert!(child.wait().unwrap().success(), "see above");
        let name = out.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&out).unwrap();
        assert!(text.contains(&format!("I am {name}: 3")), "{text}");
        let page = fs::read_to_string(out.with_extension("html")).unwrap();
        assert!(page.contains(&format!("I am {name}: 3")));
    }
}

#[test]
fn a_failing_cell_is_named_and_what_ran_is_kept() {
    set_up();
    let folder = tempfile::tempdir().unwrap();
    let cells = ["println!(\"before\");", "let text: String = 1;", "println!(\"after\");"];
    let notebook = notebook_in(folder.path(), "failing", &cells);
    let out = folder.path().join("out");
    let before = fs::read_to_string(&notebook).unwrap();
    fails(
        launcher(&["execute", notebook.to_str().unwrap(), "--out"]).arg(&out),
        &["failing.ipynb, code cell 2", "let text: String = 1;", "mismatched types"],
    );
    let kept = fs::read_to_string(out.join("failing.ipynb")).unwrap();
    assert!(kept.contains("before\\n") && !kept.contains("after\\n"), "{kept}");
    assert_eq!(fs::read_to_string(&notebook).unwrap(), before);
}

#[test]
fn an_error_at_run_time_is_a_failure_too() {
    set_up();
    let folder = tempfile::tempdir().unwrap();
    for (cell, words) in [
        ("let n: i32 = \"x\".parse()?;", "invalid digit found in string"),
        ("let n = [1, 2].to_vec()[2];", "index out of bounds"),
    ] {
        let notebook = notebook_in(folder.path(), "error", &["1 + 1", cell, "2 + 2"]);
        let command = &mut launcher(&["execute", notebook.to_str().unwrap()]);
        fails(command, &["error.ipynb, code cell 2, failed", cell, words]);
    }
}

#[test]
fn jupyterlab_starts_asks_for_its_token_and_stops() {
    set_up();
    let start = Instant::now();
    let mut lab = Running(launcher(&["--no-browser"]).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(lab.0.stdout.take().unwrap()).lines();
    let url = lines
        .by_ref()
        .map(|line| line.unwrap())
        .find_map(|line| line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned))
        .expect("the launcher prints an address");
    println!("JupyterLab answered after {:.1?}", start.elapsed());
    let (address, rest) = url["http://".len()..].split_once('/').unwrap();
    let (_, token) = rest.split_once("?token=").unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    assert!(get(address, "/api/contents").starts_with("HTTP/1.1 403"));
    assert!(get(address, &format!("/api/contents?token={token}")).starts_with("HTTP/1.1 200"));
    let kernels = get(address, &format!("/api/kernelspecs?token={token}"));
    assert!(kernels.contains("\"default\": \"rust\"") && !kernels.contains("python3"), "{kernels}");
    stop(&mut lab.0);
    for line in lines {
        println!("{}", line.unwrap());
    }
    assert!(TcpStream::connect(address).is_err(), "it no longer listens");
}

/// A program that doesn't outlive a failing test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            stop(&mut self.0);
        }
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[cfg(unix)]
fn stop(child: &mut Child) {
    let signal = Command::new("kill").arg(child.id().to_string()).status();
    assert!(signal.unwrap().success());
    assert!(child.wait().unwrap().success());
}

#[cfg(not(unix))]
fn stop(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
