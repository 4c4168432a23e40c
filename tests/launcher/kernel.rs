//! A kernel's life, with a program that stands in for evcxr.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Launcher, Ran, script};

pub fn kernel(launcher: &Launcher, evcxr: &Path) -> Command {
    let repo = env!("CARGO_MANIFEST_DIR");
    let home = launcher.home.path().to_str().unwrap();
    let evcxr = evcxr.to_str().unwrap();
    let places = ["--repo", repo, "--home", home, "--builds", home, "--evcxr", evcxr];
    let mut command = launcher.command(&["kernel"]);
    command.args(places).arg("connection.json");
    command
}

fn clones(launcher: &Launcher) -> Vec<PathBuf> {
    let entries = fs::read_dir(launcher.home.path()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_clone = |path: &PathBuf| path.is_dir() && path.file_name().unwrap().to_string_lossy().starts_with("kernel-");
    paths.filter(is_clone).collect()
}

// A warm folder of other sources than these.
pub fn put_warm(launcher: &Launcher, files: &[&str]) -> PathBuf {
    let warm = launcher.path("warm-1");
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap().stdout;
    let rust = json!({
        "sysroot": String::from_utf8(sysroot).unwrap().trim(), "libraries": "/", "host": "x86_64-unknown-linux-gnu",
    });
    let recipe = json!({ "ground": "other", "crates": {} });
    let about = json!({ "name": "warm-1", "recipe": recipe, "rust": rust, "cargo_home": null, "variables": {} });
    fs::write(launcher.path("warm.json"), about.to_string()).unwrap();
    for file in files {
        fs::create_dir_all(warm.join(file).parent().unwrap()).unwrap();
        fs::write(warm.join(file), "warm").unwrap();
    }
    warm
}

#[test]
fn a_missing_kernel_is_told() {
    let launcher = Launcher::new();
    let mut command = kernel(&launcher, Path::new("/no/evcxr_jupyter"));
    Ran(command.output().unwrap()).fails(&["/no/evcxr_jupyter", "doctor"]);
    assert!(clones(&launcher).is_empty());
}

#[test]
fn a_kernel_works_in_a_folder_that_is_gone_at_its_end() {
    let launcher = Launcher::new();
    let warm = put_warm(&launcher, &["Cargo.toml", "ctx/target/debug/libpolars.rlib"]);
    let evcxr = launcher.path("evcxr_jupyter");
    script(
        &evcxr,
        r#"echo "$@"; cat "$EVCXR_TMPDIR/target/debug/libpolars.rlib"; echo; echo "profile ${CARGO_PROFILE_DEV_OPT_LEVEL:-unset}, pwd $PWD"; exit 3"#,
    );
    let mut command = kernel(&launcher, &evcxr);
    command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "2");
    let ran = Ran(command.output().unwrap());
    assert_eq!(ran.0.status.code(), Some(3));
    let out = ran.err();
    assert!(out.contains("support or its libraries are not as they were"), "{out}");
    assert!(out.contains("--control_file connection.json\nwarm\nprofile unset"), "{out}");
    assert!(clones(&launcher).is_empty());
    assert_eq!(fs::read_to_string(warm.join("Cargo.toml")).unwrap(), "warm", "it is nobody's to write");
}

#[test]
fn without_a_warm_folder_a_kernel_starts_cold_and_says_so() {
    let launcher = Launcher::new();
    let evcxr = launcher.path("evcxr_jupyter");
    script(&evcxr, r#"ls "$EVCXR_TMPDIR/.."; grep overflow "$EVCXR_TMPDIR/../Cargo.toml""#);
    let ran = Ran(kernel(&launcher, &evcxr).output().unwrap()).succeeds();
    assert!(ran.err().contains("the first cell compiles"), "{}", ran.err());
    for word in ["Cargo.lock", "keep", "overflow-checks = false"] {
        assert!(ran.err().contains(word), "{}", ran.err());
    }
}

#[test]
fn a_kernel_gets_a_toolchain_that_says_less() {
    let launcher = Launcher::new();
    let evcxr = launcher.path("evcxr_jupyter");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let host = "$(rustc -vV | sed -n 's/host: //p')";
    let ask = format!(
        "metadata --format-version 1 --offline --filter-platform {host} --manifest-path '{}'",
        manifest.display()
    );
    script(&evcxr, &format!(r#"echo "in $RUSTUP_TOOLCHAIN"; "$CARGO" --version; "$CARGO" {ask}"#));
    let ran = Ran(kernel(&launcher, &evcxr).output().unwrap()).succeeds();
    let out = ran.err();
    assert!(out.contains(&format!("in {}", launcher.path("toolchain").display())), "{out}");
    assert!(out.contains("cargo 1."), "{out}");
    let list: Value = serde_json::from_str(out.lines().find(|line| line.starts_with('{')).unwrap()).unwrap();
    let names: Vec<&str> =
        list["packages"].as_array().unwrap().iter().map(|package| package["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"polars-core"), "{names:?}");
    assert!(!names.contains(&"chrono-tz"), "{names:?}");
}

#[test]
fn a_terminated_kernel_cleans_up_and_a_killed_one_is_cleaned_up_after() {
    let launcher = Launcher::new();
    let evcxr = launcher.path("evcxr_jupyter");
    script(&evcxr, "echo started; exec sleep 60");
    let start = || {
        let mut child = kernel(&launcher, &evcxr).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        while line != "started\n" {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0);
        }
        child
    };
    let (mut terminated, mut killed) = (start(), start());
    assert_eq!(clones(&launcher).len(), 2);
    let signal = Command::new("kill").arg(terminated.id().to_string()).status();
    assert!(signal.unwrap().success());
    terminated.wait().unwrap();
    assert_eq!(clones(&launcher).len(), 1);

    killed.kill().unwrap();
    killed.wait().unwrap();
    for _ in 0..100 {
        if clones(&launcher).is_empty() {
            return;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("{:?} is left", clones(&launcher));
}

#[test]
fn a_kernel_that_waits_for_the_set_up_ends_when_it_is_told_to() {
    let launcher = Launcher::new();
    let lock = fs::File::create(launcher.path("setup.lock")).unwrap();
    lock.lock().unwrap();
    let mut child = kernel(&launcher, Path::new("evcxr_jupyter")).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("waits for the set-up")));
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    assert!(clones(&launcher).is_empty());
}

#[test]
fn a_kernel_whose_folder_is_deleted_ends_and_says_so() {
    let launcher = Launcher::new();
    let evcxr = launcher.path("evcxr_jupyter");
    script(&evcxr, r#"rm -r "$(dirname "$EVCXR_TMPDIR")"; exec sleep 60"#);
    let ran = Ran(kernel(&launcher, &evcxr).output().unwrap());
    ran.fails(&["was deleted while its kernel ran", "cargo run"]);
}
