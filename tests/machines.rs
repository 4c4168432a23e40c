//! Other machines than the one where this was made: a toolchain without sources, other variables, touched files, lost
//! ports. Through the real kernel; on Unix, whose scripts and links they need. Two tests have homes of their own, and run
//! beside the others.

#![allow(missing_docs)]
#![cfg(unix)]

mod common;

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, SystemTime};

use common::{alone, by_jupyter, dep, fails, home, launcher, notebook_in, repo, set_up, succeeds, text, wait_until};
use serde_json::{Value, json};

/// On a busy machine the Python environment alone takes five minutes.
const PATIENCE: Duration = Duration::from_secs(1200);

/// Runs cells by Jupyter alone. What the kernel said comes back, and then the notebook.
fn execute_by_jupyter(home: &Path, cells: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let notebook = notebook_in(folder.path(), "cells", cells);
    let mut output = by_jupyter(home, &notebook).envs(environment.iter().copied()).output().unwrap();
    output.stdout.extend(fs::read(notebook).unwrap());
    output
}

fn sysroot() -> PathBuf {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// The toolchain, as rustup installs it: without the sources.
fn link_toolchain(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let is_sources = from.ends_with("lib/rustlib") && entry.file_name() == "src";
            if !is_sources && entry.file_name() != "share" {
                link_toolchain(&path, &target)?;
            }
        } else if kind.is_symlink() {
            symlink(fs::read_link(&path)?, &target)?;
        } else if fs::hard_link(&path, &target).is_err() {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What a warm folder was made from, as it is written beside it and in it.
fn put_record(home: &Path, record: &Value) {
    for folder in [home.to_owned(), home.join(record["name"].as_str().unwrap())] {
        fs::write(folder.join("warm.json"), record.to_string()).unwrap();
    }
}

#[test]
fn a_toolchain_without_sources_gets_them_and_says_so_when_they_vanish() {
    set_up();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (toolchain, home, scripts) =
        (folder.path().join("toolchain"), folder.path().join("home"), folder.path().join("bin"));
    let sources = sysroot().join("lib/rustlib/src/rust");
    link_toolchain(&sysroot(), &toolchain).unwrap();
    let start = |arguments: &[&str], with_rustup: bool| {
        let kernel = common::home().join("evcxr/bin");
        let mut path = vec![toolchain.join("bin"), kernel, "/usr/local/bin".into(), "/usr/bin".into(), "/bin".into()];
        let rest = std::env::var_os("PATH").unwrap();
        path.extend(std::env::split_paths(&rest).filter(|folder| !folder.join("rustup").exists()));
        if with_rustup {
            path.insert(0, scripts.clone());
        }
        let mut command = launcher(arguments);
        command.env("PATH", std::env::join_paths(path).unwrap()).env("IMBALANCED_DATA_HOME", &home);
        command.env_remove("RUSTUP_TOOLCHAIN").env_remove("RUST_SRC_PATH");
        command
    };

    fails(
        &mut start(&["execute", "01"], false),
        &["set-up step 1", "sources of Rust's standard library", "sudo apt install rust-src"],
    );
    script(&scripts.join("rustup"), "echo 'error: could not download file'; exit 1");
    fails(
        &mut start(&["execute", "01"], true),
        &["set-up step 1", "could not download file", "rustup component add rust-src"],
    );
    let doctor = start(&["doctor"], false).output().unwrap();
    assert!(!doctor.status.success());
    let said = text(&doctor);
    assert!(said.contains("✗ Sources of the standard library") && said.contains("rust-src"), "{said}");
    assert!(!home.join("python").exists(), "it stopped at once");

    let add = format!(
        "[ \"$1 $2 $3\" = 'component add rust-src' ] || exit 1\nmkdir -p {0}/lib/rustlib/src && ln -s {1} {0}/lib/rustlib/src/rust",
        toolchain.display(),
        sources.display()
    );
    script(&scripts.join("rustup"), &add);
    // The built dependencies, which this home would need minutes for; it builds `support` itself. Killed half-way once.
    fs::create_dir_all(&home).unwrap();
    let mut last: Value = serde_json::from_str(&fs::read_to_string(common::home().join("warm.json")).unwrap()).unwrap();
    succeeds(Command::new("cp").arg("-a").arg(common::home().join(last["name"].as_str().unwrap())).arg(&home));
    last["recipe"]["ground"] = json!("another toolchain");
    put_record(&home, &last);
    let mut killed = start(&["setup"], true).stdout(Stdio::null()).spawn().unwrap();
    wait_until("the dependencies are built", PATIENCE, || home.join("warm-next/ctx/target").is_dir());
    killed.kill().unwrap();
    killed.wait().unwrap();
    // JupyterLab opens before the rest is built, and a kernel that is started meanwhile waits for it.
    let mut lab = start(&["--no-browser"], true).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(lab.stdout.take().unwrap()).lines().map(Result::unwrap);
    let before: Vec<String> = lines.take_while(|line| !line.contains("JupyterLab is at")).collect();
    assert!(!before.iter().any(|line| line.starts_with("[5/5]")), "{before:?}");
    let ran = execute_by_jupyter(&home, &[&dep(), "println!(\"{}\", 1 + 1);"], &[]);
    let said = text(&ran);
    assert!(ran.status.success() && said.contains("waits for the set-up"), "{said}");
    assert!(Command::new("kill").arg(lab.id().to_string()).status().unwrap().success());
    lab.wait().unwrap();
    succeeds(&mut start(&["execute", "01"], true));

    // Once a source has changed cargo builds `support` again, and does it as the kernel asks for it.
    let mut last: Value = serde_json::from_str(&fs::read_to_string(home.join("warm.json")).unwrap()).unwrap();
    last["recipe"]["crates"]["learn"] = json!("of other sources");
    put_record(&home, &last);
    succeeds(&mut start(&["setup"], true));
    let built = fs::read_to_string(home.join("logs/warm.log")).unwrap();
    let lines = built.lines().filter_map(|line| line.trim().strip_prefix("Compiling "));
    let names: Vec<&str> = lines.filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["learn", "plot", "support", "exercises"], "{built}");
    let ran = execute_by_jupyter(&home, &[&dep(), "use support::*;", "println!(\"{}\", thousands(1234));"], &[]);
    let said = text(&ran);
    assert!(ran.status.success() && !said.contains("Compiling"), "{said}");

    fs::remove_file(toolchain.join("lib/rustlib/src/rust")).unwrap();
    let ran = execute_by_jupyter(&home, &["1 + 1"], &[]);
    assert!(ran.status.success(), "{}", text(&ran));
    let ran = execute_by_jupyter(&home, &[&dep()], &[]);
    let said = text(&ran);
    assert!(!ran.status.success(), "{said}");
    assert!(
        said.contains("sources of Rust's standard library are missing") && said.contains("component add rust-src"),
        "{said}"
    );
}

#[test]
fn touched_sources_and_another_compiler_build_nothing_again() {
    let _alone = alone();
    let now = fs::FileTimes::new().set_modified(SystemTime::now());
    for name in
        ["support/src/lib.rs", "support/learn/src/lib.rs", "support/plot/src/lib.rs", "data/creditcard-model.json"]
    {
        File::options().append(true).open(repo().join(name)).unwrap().set_times(now).unwrap();
    }
    let environment =
        [("CC", "/usr/bin/gcc"), ("CFLAGS", "-O1"), ("RUSTFLAGS", "-Cdebuginfo=1"), ("RUSTC_BOOTSTRAP", "1")];
    let ran =
        execute_by_jupyter(&home(), &[&dep(), "use support::*;", "println!(\"{}\", thousands(1234));"], &environment);
    let said = text(&ran);
    assert!(ran.status.success(), "{said}");
    assert!(!said.contains("Compiling"), "{said}");
    // On a busy machine it says that it reads the libraries, which is no building.
    let complaint = |line: &&str| line.contains("tutorial kernel:") && !line.contains("it reads the libraries");
    assert_eq!(said.lines().find(complaint), None, "{said}");
}

/// A checkout with a small crate in place of `support`, one of whose libraries looks at `CC` when it is built.
fn small_checkout(folder: &Path) {
    let put = |name: &str, text: &str| {
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        fs::write(folder.join(name), text).unwrap();
    };
    let package = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{rest}")
    };
    put("Cargo.toml", "[workspace]\nmembers = [\"support\", \"exercises\"]\nresolver = \"3\"\n");
    put("Cargo.lock", include_str!("../Cargo.lock"));
    put(
        "support/Cargo.toml",
        &package("support", "[lib]\ncrate-type = [\"rlib\", \"dylib\"]\n[dependencies]\npsm = \"0.1\"\n"),
    );
    put(
        "support/src/lib.rs",
        "//! Small.\npub fn text() -> &'static str { \"one\" }\npub struct Adam;\nimpl Adam { pub fn new(_: f64) -> Self { psm::stack_pointer(); Self } }\n",
    );
    for part in ["learn", "plot"] {
        put(&format!("support/{part}/Cargo.toml"), &package(part, "[workspace]\n"));
        put(&format!("support/{part}/src/lib.rs"), "");
    }
    put("exercises/Cargo.toml", &package("exercises", "[dependencies]\nsupport = { path = \"../support\" }\n"));
    put("exercises/src/lib.rs", "");
    fs::create_dir(folder.join("notebooks")).unwrap();
    // Of the lock file only these crates' versions stay; a later change of it would be one of the set-up's inputs.
    succeeds(Command::new("cargo").args(["update", "--workspace", "--offline"]).current_dir(folder));
}

/// Cargo has put what it builds into other folders since Rust 1.100; by these two variables an older one does so, too.
const NEWER_FOLDERS: [(&str, &str); 2] =
    [("__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS", "nightly"), ("CARGO_UNSTABLE_BUILD_DIR_NEW_LAYOUT", "true")];

/// Says how many of the built libraries are in the kernel's own folder: all of them, if it had to ask cargo.
const LIBRARIES: &str = "fn count(folder: &std::path::Path) -> usize {
    let in_one = |path: std::path::PathBuf| if path.is_dir() { count(&path) } else { path.ends_with(\"libsupport.so\").into() };
    std::fs::read_dir(folder).unwrap().map(|entry| in_one(entry.unwrap().path())).sum()
}
println!(\"libraries: {}\", count(std::path::Path::new(&std::env::var(\"EVCXR_TMPDIR\")?)));";

#[test]
fn a_kernel_copies_and_builds_nothing_and_a_changed_crate_reaches_the_next_one() {
    set_up();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let repo = folder.path().canonicalize().unwrap();
    small_checkout(&repo);
    let home = repo.join("target/tutorial");
    let rest = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths([common::home().join("evcxr/bin")].into_iter().chain(std::env::split_paths(&rest)));
    let path = path.unwrap();
    let warm_folders = || -> Vec<PathBuf> {
        let entries = fs::read_dir(&home).into_iter().flatten().map(|entry| entry.unwrap().path());
        entries
            .filter(|path| path.is_dir() && path.file_name().unwrap().to_string_lossy().starts_with("warm"))
            .collect()
    };
    let source = repo.join("support/src/lib.rs");
    let first_text = fs::read_to_string(&source).unwrap();
    for newer in [&[][..], &NEWER_FOLDERS] {
        fs::write(&source, &first_text).unwrap();
        warm_folders().iter().for_each(|folder| fs::remove_dir_all(folder).unwrap());
        let mut set_up = launcher(&["setup"]);
        set_up.current_dir(&repo).env("PATH", &path).env_remove("IMBALANCED_DATA_HOME").envs(newer.iter().copied());
        succeeds(&mut set_up);
        let warm = warm_folders().pop().unwrap();
        assert_eq!(warm.join("ctx/target/debug/build/psm").is_dir(), !newer.is_empty(), "they are the newer folders");

        File::options().append(true).open(&source).unwrap().set_modified(SystemTime::now()).unwrap();
        let mut environment = vec![("CC", "/usr/bin/gcc")];
        environment.extend(newer);
        let dep = format!(":dep support = {{ path = {:?} }}", repo.join("support"));
        let text = "println!(\"text: {}\", support::text());";
        let ran =
            execute_by_jupyter(&home, &[&dep, "let adam = support::Adam::new(0.1);", text, LIBRARIES], &environment);
        let said = text_of(&ran);
        assert!(!said.contains("Compiling") && !said.contains("tutorial kernel:"), "{said}");
        assert!(said.contains("text: one"), "{said}");
        assert!(said.contains("libraries: 0"), "{said}");

        // One kernel goes on with the crate that it started with, the next one has the changed one, once built.
        let (begun, changed) = (repo.join("begun"), repo.join("changed"));
        let wait = format!(
            "std::fs::write({begun:?}, \"\")?;\nwhile !std::path::Path::new({changed:?}).exists() {{ std::thread::sleep(std::time::Duration::from_millis(50)); }}"
        );
        thread::scope(|scope| {
            let older = scope.spawn(|| execute_by_jupyter(&home, &[&dep, &wait, text], &environment));
            wait_until("the older kernel has begun", PATIENCE, || begun.exists() || older.is_finished());
            fs::write(&source, first_text.replace("one", "two")).unwrap();
            for (round, is_built) in [true, false].into_iter().enumerate() {
                let ran = execute_by_jupyter(&home, &[&dep, text], &environment);
                let said = text_of(&ran);
                assert!(said.contains("text: two"), "{round}: {said}");
                assert_eq!(said.contains("changed since it was built"), is_built, "{round}: {said}");
                assert_eq!(warm_folders().len(), 2, "{round}: the older kernel uses one");
            }
            // A change that is taken back finds the older kernel's folder, which stays as it is.
            fs::write(&source, &first_text).unwrap();
            let said = text_of(&execute_by_jupyter(&home, &[&dep, text], &environment));
            assert!(said.contains("text: one") && !said.contains("changed since it was built"), "{said}");
            fs::write(&source, first_text.replace("one", "two")).unwrap();
            fs::write(&changed, "").unwrap();
            let said = text_of(&older.join().unwrap());
            assert!(said.contains("text: one"), "{said}");
        });
        // Another crate is built by cargo, in the kernel's own folder.
        let other = format!(":dep learn = {{ path = {:?} }}", repo.join("support/learn"));
        let said = text_of(&execute_by_jupyter(&home, &[&dep, &other, text, LIBRARIES], &environment));
        assert!(!said.contains("libraries: 0"), "{said}");
        assert!(said.contains("text: two") && !said.contains("Compiling psm"), "{said}");
        assert_eq!(warm_folders().len(), 1, "nobody uses the other one any more");
        fs::remove_file(begun).unwrap();
        fs::remove_file(changed).unwrap();
    }
}

#[track_caller]
fn text_of(ran: &Output) -> String {
    let said = text(ran);
    assert!(ran.status.success(), "{said}");
    said
}

/// A kernel as Jupyter starts it, with a connection file of free ports.
fn start_kernel(connection_file: &Path) -> Child {
    let spec = fs::read_to_string(home().join("python/share/jupyter/kernels/rust/kernel.json")).unwrap();
    let spec: Value = serde_json::from_str(&spec).unwrap();
    let words: Vec<&str> = spec["argv"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..words.len() - 1]).arg(connection_file).stdin(Stdio::null()).stderr(Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().unwrap()
}

fn connection_file(folder: &Path) -> PathBuf {
    let free: Vec<TcpListener> = (0..5).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let port = |place: usize| free[place].local_addr().unwrap().port();
    let connection = json!({
        "transport": "tcp", "ip": "127.0.0.1", "key": "right", "signature_scheme": "hmac-sha256", "kernel_name": "rust",
        "shell_port": port(0), "iopub_port": port(1), "stdin_port": port(2), "control_port": port(3), "hb_port": port(4),
    });
    let file = folder.join("connection.json");
    fs::write(&file, connection.to_string()).unwrap();
    file
}

#[test]
fn a_kernel_that_fails_in_its_first_cells_starts_again_without_them() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let file = connection_file(folder.path());
    let log = folder.path().join("log");
    let evcxr = folder.path().join("evcxr_jupyter");
    let has_cells = "[ -e \"$EVCXR_CONFIG_DIR/init.evcxr\" ]";
    script(&evcxr, &format!("{has_cells} && {{ echo with >> {0}; exit 1; }}; echo without >> {0}", log.display()));
    let failed = home().join("first-cells-failed");
    for expected in ["with\nwithout\n", "with\nwithout\nwithout\n"] {
        let repo = repo().display().to_string();
        let home = home().display().to_string();
        let mut kernel = launcher(&["kernel", "--repo", &repo, "--home", &home, "--builds", &home, "--evcxr"]);
        let ran = kernel.arg(&evcxr).arg(&file).output().unwrap();
        assert!(ran.status.success(), "{}", text(&ran));
        assert_eq!(fs::read_to_string(&log).unwrap(), expected, "{}", text(&ran));
    }
    fs::remove_file(failed).unwrap();
}

/// A client's few lines: waits until the kernel answers; then, with another key, sends one message.
fn client(connection_file: &Path, then: &str) -> Output {
    let program = format!(
        "
import sys, time
from jupyter_client import BlockingKernelClient
for again in range(60):
    client = BlockingKernelClient()
    client.load_connection_file(sys.argv[1])
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        break
    except RuntimeError:
        # To a client that did not start the kernel it is dead until its heart beats.
        client.stop_channels()
        time.sleep(0.5)
{then}"
    );
    Command::new(home().join("python/bin/python")).args(["-c", &program]).arg(connection_file).output().unwrap()
}

#[test]
fn of_two_kernels_with_the_same_ports_the_second_ends_at_once() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let file = connection_file(folder.path());
    let mut first = start_kernel(&file);
    sleep(Duration::from_millis(500));
    let mut second = start_kernel(&file);
    assert_eq!(second.wait().unwrap().code(), Some(75));
    let answered = client(&file, "client.shutdown()");
    assert!(answered.status.success(), "{}", text(&answered));
    assert!(first.wait().unwrap().success());
}

#[test]
fn a_kernel_that_hears_nothing_any_more_ends() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let file = connection_file(folder.path());
    let mut kernel = start_kernel(&file);
    let sent = client(&file, "client.session.key = b'wrong'\nclient.kernel_info()\nimport time; time.sleep(1)");
    assert!(sent.status.success(), "{}", text(&sent));
    wait_until("the kernel ends, so that Jupyter starts it again", PATIENCE, || kernel.try_wait().unwrap().is_some());
    assert!(!kernel.wait().unwrap().success());
}
