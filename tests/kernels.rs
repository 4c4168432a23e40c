//! Many kernels at once, kernels that are killed, and cells that would hang: nothing of them may stay behind.

#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use serde_json::json;

// Enough for a class on one machine to collide, where kernels can.
const MANY: usize = 6;

/// One test at a time: each wants the machine for itself. The first one sets up.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    static SET_UP: Once = Once::new();
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    SET_UP.call_once(|| {
        assert!(launcher(&["setup"]).status().unwrap().success(), "the set-up failed: see above");
    });
    guard
}

fn launcher(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imbalanced-data"));
    command.args(arguments).env_remove("CREDITCARD_CSV").stdin(Stdio::null());
    command
}

fn start(folder: &Path, name: &str, cells: &[&str]) -> Child {
    execute(folder, name, cells).stdout(Stdio::null()).spawn().unwrap()
}

fn execute(folder: &Path, name: &str, cells: &[&str]) -> Command {
    let cell = |source: &&str| json!({ "cell_type": "code", "metadata": {}, "execution_count": null, "outputs": [], "source": source });
    let cells: Vec<_> = cells.iter().map(cell).collect();
    let notebook = json!({ "cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4 });
    let path = folder.join(format!("{name}.ipynb"));
    fs::write(&path, notebook.to_string()).unwrap();
    launcher(&["execute", path.to_str().unwrap()])
}

/// Where a cell ran; its last line writes this to a file, as `PID FOLDER`.
struct Place {
    process: u32,
    clone: PathBuf,
}

fn say_place(file: &Path) -> String {
    format!(r#"std::fs::write({file:?}, format!("{{}} {{}}\n", std::process::id(), std::env::temp_dir().display()))?;"#)
}

fn place(file: &Path) -> Option<Place> {
    let text = fs::read_to_string(file).ok().filter(|text| text.ends_with('\n'))?;
    let (process, folder) = text.trim_end().split_once(' ')?;
    let clone = Path::new(folder).parent()?.to_owned();
    Some(Place { process: process.parse().ok()?, clone })
}

#[test]
fn many_kernels_run_at_once_and_leave_nothing() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let support = Path::new(env!("CARGO_MANIFEST_DIR")).join("support");
    let dep = format!(":dep support = {{ path = {support:?} }}");
    let places: Vec<PathBuf> = (0..MANY).map(|number| folder.path().join(format!("place-{number}"))).collect();
    let children: Vec<Child> = (0..MANY)
        .map(|number| {
            let sum = format!("assert_eq!(ndarray::Array1::from_elem(2, {number}).sum(), 2 * {number});");
            start(folder.path(), &number.to_string(), &[&dep, "use support::*;", &sum, &say_place(&places[number])])
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success(), "see above");
    }
    let places: Vec<Place> = places.iter().map(|file| place(file).unwrap()).collect();
    let clones: std::collections::BTreeSet<&PathBuf> = places.iter().map(|place| &place.clone).collect();
    assert_eq!(clones.len(), MANY, "each has a folder of its own");
    for Place { process, clone } in &places {
        assert!(!clone.exists(), "{} is left", clone.display());
        assert!(!Path::new("/proc").join(process.to_string()).exists(), "process {process} is left");
    }
}

/// What cells do that evcxr alone answers by waiting without end, or by an error that doesn't say why.
#[test]
#[cfg(target_os = "linux")]
fn no_cell_hangs_and_a_moved_variable_is_explained() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let fails = |cells: &[&str], why: &str| {
        let output = execute(folder.path(), "hang", cells).output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(!output.status.success() && text.contains(why), "{text}");
    };
    fails(&["let count = std::io::stdin().read_line(&mut String::new())?;"], "A cell has no keyboard");
    let no_text = r#"use std::io::Write;
std::io::stdout().write_all(b"a\xffb, half a letter: \xc3")?;
std::io::stdout().flush()?;"#;
    let cells = [
        "let kept = 41;",
        no_text,
        "assert_eq!(kept, 41);",
        "let model = vec![1];",
        "let best = model;",
        "model.len()",
    ];
    fails(&cells, "write `model.clone()` where it was moved");
}

#[cfg(target_os = "linux")]
mod killed {
    use super::*;
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    /// A cell runs in a process of evcxr, which the launcher's `kernel` started, which the driver started.
    #[derive(Clone, Copy, Debug)]
    enum Killed {
        Evcxr = 1,
        Kernel = 2,
        Driver = 3,
    }

    fn parent(process: u32) -> u32 {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().parse().unwrap()
    }

    fn is_alive(process: u32) -> bool {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        status.contains("State:") && !status.contains("State:\tZ")
    }

    #[track_caller]
    fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < Duration::from_secs(120), "{what}");
            sleep(Duration::from_millis(100));
        }
    }

    /// Minutes of a machine's time: `cargo test --test kernels -- --ignored --nocapture`.
    #[test]
    #[ignore = "takes a quarter of an hour"]
    fn a_hundred_kernels_in_a_row_and_eight_at_a_time() {
        let _alone = alone();
        let folder = tempfile::tempdir().unwrap();
        let mut clones = Vec::new();
        let mut times = Vec::new();
        let rows = std::iter::repeat_n(1, 60).chain(std::iter::repeat_n(8, 5));
        for (round, at_once) in rows.enumerate() {
            let begin = Instant::now();
            let runs: Vec<_> = (0..at_once)
                .map(|number| {
                    let file = folder.path().join(format!("place-{round}-{number}"));
                    let is_killed = (round + number) % 7 == 3;
                    let end = if is_killed { "loop { std::hint::spin_loop(); }" } else { "" };
                    let cells = format!("{}\n{end}", say_place(&file));
                    (start(folder.path(), &format!("{round}-{number}"), &[&cells]), file, is_killed)
                })
                .collect();
            for (mut child, file, is_killed) in runs {
                wait_until("a cell runs", || place(&file).is_some());
                let Place { process, clone } = place(&file).unwrap();
                if is_killed {
                    let victim = parent(parent(process));
                    assert!(Command::new("kill").args(["-9", &victim.to_string()]).status().unwrap().success());
                }
                assert_eq!(child.wait().unwrap().success(), !is_killed, "round {round}");
                clones.push((process, clone));
            }
            times.push(begin.elapsed().as_secs_f64());
            println!("round {round}: {at_once} at once, {:.1} s", begin.elapsed().as_secs_f64());
        }
        for (process, clone) in clones {
            wait_until("nothing is left", || !clone.exists() && !is_alive(process));
        }
    }

    #[test]
    fn a_kernel_killed_in_a_cell_is_gone_at_the_next_start() {
        let _alone = alone();
        for killed in [Killed::Evcxr, Killed::Kernel, Killed::Driver] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("place");
            let endless = format!("{}\nloop {{ std::hint::spin_loop(); }}", say_place(&file));
            let mut child = start(folder.path(), "endless", &[&endless]);
            wait_until("the cell runs", || place(&file).is_some());
            let Place { process, clone } = place(&file).unwrap();
            let family: Vec<u32> = std::iter::successors(Some(process), |&it| Some(parent(it))).take(4).collect();
            let victim = family[killed as usize];
            assert!(Command::new("kill").args(["-9", &victim.to_string()]).status().unwrap().success());

            assert!(!child.wait().unwrap().success(), "{killed:?}");
            if let Killed::Kernel = killed {
                // It can't clean up itself, and nobody should have to start another kernel for that.
                wait_until("what the kernel started ends with it", || !is_alive(process) && !clone.exists());
            }
            let next = start(folder.path(), "next", &["1 + 1"]).wait().unwrap();
            assert!(next.success(), "{killed:?}: see above");
            assert!(!clone.exists(), "{killed:?}: {} is left", clone.display());
            for process in family {
                wait_until(&format!("{killed:?}: process {process} is left"), || !is_alive(process));
            }
        }
    }
}
