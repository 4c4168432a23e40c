//! The launcher's commands on good and bad input, without the set-up: the real program, in a folder of its own.

#![allow(missing_docs)]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The launcher, with an empty folder in place of `target/tutorial`.
struct Launcher {
    home: TempDir,
}

impl Launcher {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_imbalanced-data"));
        command
            .args(arguments)
            .env("IMBALANCED_DATA_HOME", self.home.path())
            .env_remove("CREDITCARD_CSV")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran(self.command(arguments).output().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

struct Ran(Output);

impl Ran {
    fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    #[track_caller]
    fn succeeds(self) -> Self {
        assert!(self.0.status.success(), "{}\n{}", self.out(), self.err());
        self
    }

    fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// Fails with a message that holds all these words, and without a panic.
    #[track_caller]
    fn fails(self, words: &[&str]) {
        let err = self.err();
        assert!(!self.0.status.success(), "{}\n{err}", self.out());
        assert!(!err.contains("panicked"), "{err}");
        for word in words {
            assert!(err.contains(word), "no `{word}` in:\n{err}");
        }
    }
}

#[test]
fn help_names_the_verbs() {
    let help = Launcher::new().run(&["--help"]).succeeds().out();
    for verb in ["lab", "execute", "data", "measure", "doctor"] {
        assert!(help.contains(&format!("\n  {verb} ")), "{help}");
    }
    assert!(!help.contains("kernel "), "{help}");
    let rows = |line: &str| line.chars().count().div_ceil(80).max(1);
    assert!(help.lines().map(rows).sum::<usize>() <= 24, "it fits a screen: {help}");
}

#[test]
fn a_language_that_is_not_there_is_told_before_the_set_up() {
    let launcher = Launcher::new();
    launcher.run(&["--language", "tlh"]).fails(&["not there in `tlh`", "There are: en (English)"]);
    assert!(!launcher.path("python").exists());
}

#[test]
fn an_unknown_verb_is_refused() {
    Launcher::new().run(&["exekute"]).fails(&["exekute", "execute"]);
}

#[test]
fn a_missing_csv_is_told_before_the_set_up() {
    for verb in ["lab", "execute"] {
        let launcher = Launcher::new();
        let mut command = launcher.command(&[verb]);
        command.env("CREDITCARD_CSV", "no/such.csv");
        let here = std::env::current_dir().unwrap().join("no/such.csv");
        let ran = Ran(command.output().unwrap());
        ran.fails(&["CREDITCARD_CSV", here.to_str().unwrap(), "relative path"]);
        assert!(!launcher.path("python").exists());
    }
}

#[test]
fn a_folder_is_no_csv() {
    let launcher = Launcher::new();
    let mut command = launcher.command(&["execute"]);
    command.env("CREDITCARD_CSV", launcher.home.path());
    Ran(command.output().unwrap()).fails(&["which is a folder"]);
}

#[test]
fn an_unknown_notebook_is_told_with_those_there_are() {
    Launcher::new().run(&["execute", "99_nothing"]).fails(&["no notebook named `99_nothing`", "There are:"]);
}

#[test]
fn a_file_that_is_no_notebook_is_told() {
    let launcher = Launcher::new();
    let file = launcher.path("broken.ipynb");
    fs::write(&file, "<<<<<<< HEAD").unwrap();
    launcher.run(&["execute", file.to_str().unwrap()]).fails(&["broken.ipynb", "isn't JSON"]);
}

#[test]
fn a_port_in_use_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    Launcher::new().run(&["lab", "--port", &port, "--no-browser"]).fails(&["port", &port, "Leave out --port"]);
}

#[test]
fn doctor_tells_machines_where_things_are() {
    let launcher = Launcher::new();
    let report: Value = serde_json::from_str(&launcher.run(&["doctor", "--json"]).out()).unwrap();
    for key in ["jupyter", "kernelspec", "warm"] {
        let path = Path::new(report[key].as_str().unwrap());
        assert!(path.starts_with(launcher.home.path()), "{key}: {}", path.display());
    }
    assert_eq!(report["ready"], false);
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.len() >= 8);
    for check in checks {
        assert!(check["name"].is_string() && check["detail"].is_string(), "{check}");
        let states = ["ok", "missing", "optional", "wrong"];
        assert!(states.contains(&check["state"].as_str().unwrap()), "{check}");
        assert_eq!(check["state"] == "ok", check["mend"].is_null(), "{check}");
    }
}

#[test]
fn doctor_says_how_to_mend() {
    let told = Launcher::new().run(&["doctor"]).out();
    assert!(told.contains("– Python environment") && told.contains("    cargo run"), "{told}");
}

#[test]
fn without_rust_or_python_doctor_fails_and_says_so() {
    let launcher = Launcher::new();
    let mut command = launcher.command(&["doctor"]);
    command.env("PATH", "");
    let ran = Ran(command.output().unwrap());
    assert_eq!(ran.0.status.code(), Some(1));
    let told = ran.out();
    assert!(told.contains("✗ Rust") && told.contains("✗ Python"), "{told}");
}

#[test]
fn without_rust_the_set_up_says_what_to_install() {
    let launcher = Launcher::new();
    let mut command = launcher.command(&["execute"]);
    command.env("PATH", "");
    Ran(command.output().unwrap()).fails(&["set-up step 1", "`rustc` does not run", "rustup.rs"]);
}

#[test]
fn a_set_up_under_a_file_is_an_error() {
    let launcher = Launcher::new();
    let file = launcher.path("file");
    fs::write(&file, "").unwrap();
    let mut command = launcher.command(&["execute"]);
    command.env("IMBALANCED_DATA_HOME", file.join("home"));
    Ran(command.output().unwrap()).fails(&["can't make the folder"]);
}

#[test]
fn the_second_launcher_waits_and_says_so() {
    let launcher = Launcher::new();
    let lock = File::create(launcher.path("setup.lock")).unwrap();
    lock.lock().unwrap();
    let mut command = launcher.command(&["execute"]);
    command.env("PATH", "").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    assert!(line.contains("Another launcher"), "{line}");
    assert!(child.try_wait().unwrap().is_none());
    lock.unlock().unwrap();
    assert!(!child.wait().unwrap().success(), "it went on to the missing Python");
}

#[test]
fn the_synthetic_set_needs_a_folder() {
    Launcher::new()
        .run(&["data", "--synthetic", "/no/such/folder/set.csv"])
        .fails(&["/no/such/folder", "Make it first"]);
}

/// Programs that stand in for missing or broken ones.
#[cfg(unix)]
mod with_scripts {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::thread::sleep;
    use std::time::Duration;

    fn script(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

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
        assert!(report.contains("– Python environment"), "{report}");
    }

    #[test]
    fn a_full_disk_is_told() {
        let python =
            r#"[ "$1" = -c ] && { echo 3 11 1; exit; }; echo "OSError: [Errno 28] No space left on device"; exit 1"#;
        execute_with_python(&Launcher::new(), python).fails(&["the disk is full"]);
    }

    fn kernel(launcher: &Launcher, evcxr: &Path) -> Command {
        let repo = env!("CARGO_MANIFEST_DIR");
        let home = launcher.home.path().to_str().unwrap();
        let evcxr = evcxr.to_str().unwrap();
        launcher.command(&[
            "kernel",
            "--repo",
            repo,
            "--home",
            home,
            "--builds",
            home,
            "--evcxr",
            evcxr,
            "connection.json",
        ])
    }

    fn clones(launcher: &Launcher) -> Vec<PathBuf> {
        let entries = fs::read_dir(launcher.home.path()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let is_clone =
            |path: &PathBuf| path.is_dir() && path.file_name().unwrap().to_string_lossy().starts_with("kernel-");
        paths.filter(is_clone).collect()
    }

    // A warm folder of other sources than these.
    fn put_warm(launcher: &Launcher, files: &[&str]) -> PathBuf {
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

    // What root may write says nothing: the launcher then runs as another user, from where that user can read it.
    fn as_reader(launcher: &Launcher, mut arguments: Command) -> Command {
        use std::os::unix::process::CommandExt;
        let program = launcher.path("launcher");
        fs::copy(env!("CARGO_BIN_EXE_imbalanced-data"), &program).unwrap();
        let mut command = Command::new(program);
        command.args(arguments.get_args()).envs(arguments.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null()).current_dir("/");
        arguments.stdin(Stdio::null());
        if fs::metadata("/proc/self").is_ok_and(|about| std::os::unix::fs::MetadataExt::uid(&about) == 0) {
            command.uid(65534).gid(65534);
        }
        command
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_kernel_of_a_shared_set_up_works_in_its_user_s_cache() {
        let launcher = Launcher::new();
        put_warm(&launcher, &["Cargo.toml", "ctx/Cargo.toml", "ctx/target/libpolars.rlib", "../warm.lock"]);
        let evcxr = launcher.path("evcxr_jupyter");
        script(&evcxr, r#"cat "$EVCXR_TMPDIR/target/libpolars.rlib"; echo; echo "$EVCXR_TMPDIR"; echo "$TMPDIR""#);
        let cache = tempfile::tempdir().unwrap();
        set_mode(cache.path(), 0o777);
        let mut command = as_reader(&launcher, kernel(&launcher, &evcxr));
        set_mode(launcher.home.path(), 0o555);
        command.env("XDG_CACHE_HOME", cache.path());
        let ran = Ran(command.output().unwrap());
        set_mode(launcher.home.path(), 0o755);

        let said = ran.succeeds().err();
        let lines: Vec<&str> = said.lines().skip_while(|line| *line != "warm").collect();
        assert_eq!(lines.len(), 3, "{said}");
        let clone = Path::new(lines[1]).parent().unwrap();
        assert!(clone.starts_with(cache.path()), "{said}");
        assert!(Path::new(lines[2]).starts_with(clone), "{said}");
        assert!(!clone.exists(), "{said}");
    }

    #[test]
    fn an_incomplete_shared_set_up_is_told() {
        let launcher = Launcher::new();
        let mut command = as_reader(&launcher, launcher.command(&["execute"]));
        set_mode(launcher.home.path(), 0o555);
        let ran = Ran(command.env("XDG_CACHE_HOME", "/tmp").output().unwrap());
        set_mode(launcher.home.path(), 0o755);
        ran.fails(&["can't write the set-up", "IMBALANCED_DATA_HOME", "is missing something", "setup"]);
    }
}
