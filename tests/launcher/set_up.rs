//! The set-up on machines where something is missing, old or new, and a set-up that is killed: with programs that stand in for
//! Rust's and Python.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::{Launcher, Ran, script};

// A Rust with sources.
fn rust(launcher: &Launcher) {
    for name in ["core", "std"] {
        let source = launcher.path("rust/lib/rustlib/src/rust/library").join(name).join("src/lib.rs");
        fs::create_dir_all(source.parent().unwrap()).unwrap();
        fs::write(source, "").unwrap();
    }
    script(&launcher.path("path/rustc"), &says_where(launcher));
}

fn says_where(launcher: &Launcher) -> String {
    format!("printf '%s\\n' {} libraries host", launcher.path("rust").display())
}

#[test]
fn without_python_the_set_up_says_what_to_install() {
    let launcher = Launcher::new();
    rust(&launcher);
    let mut command = launcher.command(&["execute"]);
    command.env("PATH", launcher.path("path"));
    Ran(command.output().unwrap()).fails(&["set-up step 2", "no Python", "python3-venv", "uv"]);
}

#[test]
fn a_rust_that_nobody_has_tried_is_told_with_what_works() {
    let launcher = Launcher::new();
    rust(&launcher);
    for (minor, is_new) in [(95, false), (100, false), (200, true)] {
        let says = format!("[ $1 = --version ] && echo 'rustc 1.{minor}.0 (x)' || {}", says_where(&launcher));
        script(&launcher.path("path/rustc"), &says);
        script(&launcher.path("path/cargo"), "echo cargo");
        let run = |verb| {
            let mut command = launcher.command(&[verb]);
            command.env("PATH", launcher.path("path"));
            Ran(command.output().unwrap())
        };
        assert_eq!(run("doctor").out().contains("Rust 1.200.0 is newer than 1.100"), is_new);
        let set_up = run("setup");
        assert_eq!(set_up.out().contains("Rust 1.200.0 is newer than 1.100"), is_new);
        let ends_so = set_up.err().ends_with("rustup toolchain install 1.100\n  cargo +1.100 run\n");
        assert_eq!(ends_so, is_new, "{}", set_up.err());
        set_up.fails(&["set-up step 2", "no Python"]);
    }
}

#[test]
fn a_set_up_that_is_killed_in_a_step_goes_on_there() {
    let launcher = Launcher::new();
    // Each step's program waits, and says so; the set-up is killed; then the program does its work or fails.
    let kill_in = |step: &str, program: &str| {
        script(&launcher.path("path").join(program), &format!("{}\nexec sleep 60", said_first(&launcher, program)));
        let mut command = launcher.command(&["setup"]);
        command.env("PATH", format!("{}:/usr/bin:/bin", launcher.path("path").display())).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.starts_with(step)), "{step}");
        let waits = launcher.path(&format!("{program}-waits"));
        while !waits.exists() {
            assert!(child.try_wait().unwrap().is_none(), "{step} is over");
            sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    };
    script(&launcher.path("path/rustc"), &says_where(&launcher));
    kill_in("[1/5]", "rustup");
    rust(&launcher);
    kill_in("[2/5]", "python3");
    // The next step needs a real environment: here its failure tells that the set-up came so far again.
    execute_with_python(&launcher, "[ \"$1\" = -c ] && { echo 3 11 1; exit; }; echo no venv today; exit 1")
        .fails(&["set-up step 2", "no venv today"]);
}

fn said_first(launcher: &Launcher, program: &str) -> String {
    let waits = launcher.path(&format!("{program}-waits"));
    // The question for Python's version is answered.
    format!("[ \"$1\" = -c ] && {{ echo 3 11 1; exit; }}\ntouch {}", waits.display())
}

fn execute_with_python(launcher: &Launcher, python: &str) -> Ran {
    rust(launcher);
    script(&launcher.path("path/python3"), python);
    let mut command = launcher.command(&["execute"]);
    // None of the system's Pythons is found.
    command.env("PATH", launcher.path("path"));
    Ran(command.output().unwrap())
}

#[test]
fn an_old_python_is_told() {
    let launcher = Launcher::new();
    script(&launcher.path("path/python"), "echo 3 6 1");
    execute_with_python(&launcher, "echo 3 8 1").fails(&["no Python 3.10", "python3 is 3.8"]);
}

#[test]
fn a_python_that_is_too_new_is_told_and_its_failure_says_what_to_do() {
    let launcher = Launcher::new();
    let too_new = "echo 3 99 1; exit 1";
    let ran = execute_with_python(&launcher, too_new);
    assert_eq!(ran.out().matches("Python 3.99 is newer than the newest one tried").count(), 1, "{}", ran.out());
    assert!(ran.err().trim_end().ends_with("or uv, which fetches one, and run the same command again."));
    ran.fails(&["-m venv", "Install Python 3.15"]);

    script(&launcher.path("path/python3.12"), "[ \"$1\" = -c ] && { echo 3 12 1; exit; }; exit 1");
    let ran = execute_with_python(&launcher, too_new);
    assert!(!ran.out().contains("3.99"), "{}", ran.out());
    ran.fails(&["python3.12 -m venv"]);
}

#[test]
fn a_python_without_venv_is_told() {
    execute_with_python(&Launcher::new(), "echo 3 11 0").fails(&["no `venv` module", "apt install python3-venv"]);
}

#[test]
fn a_failing_install_tells_cause_and_log_and_is_tried_again() {
    let launcher = Launcher::new();
    // Its `venv` makes a Python whose pip finds no network.
    let python = r#"
[ "$1" = -c ] && { echo 3 11 1; exit; }
PATH=/usr/bin:/bin
mkdir -p "$4/bin"
printf '#!/bin/sh\necho "Failed to establish a new connection"\nexit 1\n' > "$4/bin/python"
chmod +x "$4/bin/python""#;
    for _ in 0..2 {
        let ran = execute_with_python(&launcher, python);
        ran.fails(&["pip install", "no network", "python.log"]);
        let log = fs::read_to_string(launcher.path("logs/python.log")).unwrap();
        assert!(log.contains("new connection"), "{log}");
    }
    let report = launcher.run(&["doctor"]).out();
    assert!(report.contains("– Python environment") && report.contains("    cargo run"), "{report}");
}

#[test]
fn a_full_disk_is_told() {
    let python =
        r#"[ "$1" = -c ] && { echo 3 11 1; exit; }; echo "OSError: [Errno 28] No space left on device"; exit 1"#;
    execute_with_python(&Launcher::new(), python).fails(&["the disk is full"]);
}

#[test]
fn a_kernel_that_does_not_compile_is_told_at_once() {
    let launcher = Launcher::new();
    let builds = launcher.path("builds");
    // The libraries' build, which goes on for a minute, and the kernel's, which fails once that has begun.
    script(&launcher.path("rust/bin/rustc"), "echo rustc 1.95.0");
    script(&launcher.path("rust/bin/cargo"), &format!("PATH=/usr/bin:/bin; touch {}; exec sleep 60", builds.display()));
    let waits = format!("PATH=/usr/bin:/bin; until [ -e {} ]; do sleep .1; done", builds.display());
    script(&launcher.path("path/cargo"), &format!("{waits}; echo 'error: no kernel today'; exit 1"));
    let python = r#"
[ "$1" = -c ] && { echo 3 11 1; exit; }
PATH=/usr/bin:/bin
mkdir -p "$4/bin"
for program in python jupyter jupyter-lab; do
    printf '#!/bin/sh\necho 3.11.\n' > "$4/bin/$program"
    chmod +x "$4/bin/$program"
done"#;
    let begin = Instant::now();
    execute_with_python(&launcher, python).fails(&["set-up step 4", "cargo install", "no kernel today"]);
    assert!(begin.elapsed() < Duration::from_secs(50));
}
