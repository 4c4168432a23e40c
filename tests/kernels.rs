//! Many kernels at once, kernels that are killed, and cells that would hang: nothing of them may stay behind.

#![allow(missing_docs)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{alone, dep, launcher, notebook_in};

// Enough for a class on one machine to collide, where kernels can.
const MANY: usize = 6;

fn start(folder: &Path, name: &str, cells: &[&str]) -> Child {
    execute(folder, name, cells).stdout(Stdio::null()).spawn().unwrap()
}

fn execute(folder: &Path, name: &str, cells: &[&str]) -> Command {
    launcher(&["execute", notebook_in(folder, name, cells).to_str().unwrap()])
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
    let places: Vec<PathBuf> = (0..MANY).map(|number| folder.path().join(format!("place-{number}"))).collect();
    let children: Vec<Child> = (0..MANY)
        .map(|number| {
            let sum = format!("assert_eq!(ndarray::Array1::from_elem(2, {number}).sum(), 2 * {number});");
            start(folder.path(), &number.to_string(), &[&dep(), "use support::*;", &sum, &say_place(&places[number])])
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
    let fails = |cells: &[&str], why: &str| common::fails(&mut execute(folder.path(), "hang", cells), &[why]);
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
    use std::fs::File;
    use std::iter::repeat_n;
    use std::time::{Duration, Instant};

    use super::common::{by_jupyter, home};
    use super::*;

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
    fn wait_until(what: &str, is_so: impl FnMut() -> bool) {
        common::wait_until(what, Duration::from_secs(120), is_so);
    }

    fn kill(process: u32) {
        assert!(Command::new("kill").args(["-9", &process.to_string()]).status().unwrap().success());
    }

    /// The process of a cell, that of evcxr, the launcher's and the driver's.
    fn family(process: u32) -> Vec<u32> {
        std::iter::successors(Some(process), |&it| Some(parent(it))).take(4).collect()
    }

    /// What kernels have left in the folder of all of them: folders of their own, locks that are held, processes.
    fn left_in(kernels: &Path) -> Vec<PathBuf> {
        let one = kernels.join("kernel-").display().to_string();
        let paths = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let is_held = |path: &PathBuf| {
            path.extension().is_some_and(|end| end == "lock") && File::open(path).unwrap().try_lock().is_err()
        };
        let works_in_one = |process: &PathBuf| {
            let says = |file: &str| {
                fs::read(process.join(file)).is_ok_and(|text| String::from_utf8_lossy(&text).contains(&one))
            };
            says("cmdline") || says("environ")
        };
        let files = paths(kernels).filter(|path| path.to_string_lossy().starts_with(&one) || is_held(path));
        files.chain(paths(Path::new("/proc")).filter(works_in_one)).collect()
    }

    /// Minutes of a machine's time: `cargo test --test kernels -- --ignored --nocapture`, or fewer with `KERNELS=20`.
    #[test]
    #[ignore = "takes a quarter of an hour"]
    fn kernels_eight_at_a_time_and_a_hundred_in_a_row() {
        let _alone = alone();
        let folder = tempfile::tempdir().unwrap();
        let count = std::env::var("KERNELS").map_or(100, |count| count.parse().unwrap());
        for (round, at_once) in repeat_n(8, count / 20).chain(repeat_n(1, count)).enumerate() {
            let begin = Instant::now();
            let run = |number: usize| {
                let file = folder.path().join(format!("place-{round}-{number}"));
                let killed = [None, None, Some(Killed::Evcxr), None, Some(Killed::Kernel)][(round + number) % 5];
                let end = if killed.is_some() { "loop { std::hint::spin_loop(); }" } else { "" };
                // Without the launcher's driver, which would start a kernel again.
                let cells = format!("{}\n{end}", say_place(&file));
                let notebook = notebook_in(folder.path(), &format!("{round}-{number}"), &[&cells]);
                let mut jupyter = by_jupyter(&home(), &notebook);
                if killed.is_some() {
                    jupyter.stderr(Stdio::null());
                }
                let child = jupyter.spawn().unwrap();
                (child, file, killed)
            };
            let mut processes = Vec::new();
            let mut kernels = PathBuf::new();
            for (mut child, file, killed) in (0..at_once).map(run).collect::<Vec<_>>() {
                let mut has_ended = || child.try_wait().unwrap().is_some();
                wait_until("the cell runs", || place(&file).is_some() || has_ended());
                let Place { process, clone } = place(&file).expect("the kernel died at its start");
                kernels = clone.parent().unwrap().to_owned();
                processes.push(process);
                if let Some(killed) = killed {
                    let family = family(process);
                    kill(family[killed as usize]);
                    processes.extend(&family[1..3]);
                }
                wait_until("Jupyter sees the end", &mut has_ended);
                assert_eq!(child.wait().unwrap().success(), killed.is_none(), "round {round}: {killed:?} was killed");
            }
            wait_until("nothing is left", || left_in(&kernels).is_empty() && !processes.iter().any(|&it| is_alive(it)));
            println!("round {round}: {at_once} at once, {:.1} s", begin.elapsed().as_secs_f64());
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
            let family = family(process);
            kill(family[killed as usize]);

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
