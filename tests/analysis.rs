//! What a kernel says of code that its reader hasn't run: with the skeletons that it reads, the same as with whole sources.
//! On Unix, where there are skeletons.

#![allow(missing_docs)]
#![cfg(unix)]

mod common;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{dep, launcher, repo, set_up};
use serde_json::{Value, json};

const CELLS: [&str; 2] = [
    "use support::*; use support::polars::prelude::*; use support::ndarray::prelude::*;",
    "let mut list = vec![1, 2, 3]; let table = df!(\"a\" => [1.0, 2.0])?; let matrix = Array2::<f64>::zeros((2, 2));",
];

// Types from the standard library, from the crates, from the value of a `const fn`, from `impl` in a result.
const LETS: [&str; 8] = [
    "let a = [0u8; 3usize.pow(2)];",
    "let b = list.iter().copied().map(f64::from).sum::<f64>();",
    "let c = \"a b\".split(' ').map(str::to_owned).collect::<std::collections::BTreeSet<String>>();",
    "let d = matrix.mean_axis(Axis(0));",
    "let e = table.column(\"a\")?.f64()?.into_no_null_iter().collect::<Vec<_>>();",
    "let f = std::sync::Arc::new(std::sync::Mutex::new(vec![Some(1u8)]));",
    "let g = u32::MAX.count_ones().to_be_bytes();",
    "let h = std::time::Instant::now().elapsed().as_secs_f64();",
];

const SHOWN: [&str; 8] = [
    "Vec::push",
    "list.sort_by(",
    "DataFrame::head",
    "table.column(",
    "Adam::new",
    "matrix.dot(",
    "1.0f64.sqrt(",
    "Iterator::map",
];

const COMPLETED: [&str; 8] = ["table.hei", "list.", "table.", "matrix.", "1.0f64.", "Adam::", "std::fs::", "support::"];

fn answers(whole: bool) -> Value {
    let doctor = launcher(&["doctor", "--json"]).output().unwrap();
    let doctor: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let path = |name: &str| Path::new(doctor[name].as_str().unwrap()).to_owned();
    let dep = dep();
    let runs = [&*dep].into_iter().chain(CELLS).chain(LETS).map(|code| json!(["run", code]));
    let shown = SHOWN.iter().map(|code| json!(["inspect", code]));
    let completed = COMPLETED.iter().map(|code| json!(["complete", code]));
    let questions: Vec<Value> = runs.chain(shown).chain(completed).collect();
    let mut python = Command::new(path("python"));
    python
        .arg(repo().join("tests/analysis.py"))
        .env("JUPYTER_PATH", path("kernelspec").join("../.."))
        .env_remove(VARIABLE);
    if whole {
        python.env(VARIABLE, "1");
    }
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(json!(questions).to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

const VARIABLE: &str = "IMBALANCED_DATA_WHOLE_SOURCES";

#[test]
fn skeletons_tell_what_whole_sources_do() {
    set_up();
    let (short, whole) = (answers(false), answers(true));
    for code in CELLS.iter().chain(&LETS) {
        assert_eq!(short[code], "ok", "{code}");
    }
    for code in SHOWN.iter().chain(&COMPLETED) {
        assert!(short[code].to_string().len() > 20 || *code == "table.hei", "{code}: {}", short[code]);
        assert_eq!(short[code], whole[code], "{code}");
    }
}
