//! A set-up of somebody else's, which this user can only read.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::kernel::{kernel, put_warm};
use crate::{Launcher, Ran, script};

// What root may write says nothing: the launcher then runs as another user, from where that user can read it.
fn as_reader(launcher: &Launcher, mut arguments: Command) -> Command {
    let program = launcher.path("launcher");
    // By a program of its own: a child that another test starts meanwhile would inherit our open copy, and what is open for
    // writing can't be started ("Text file busy").
    let copied =
        Command::new("cp").args([env!("CARGO_BIN_EXE_imbalanced-data").as_ref(), program.as_os_str()]).status();
    assert!(copied.unwrap().success());
    let mut command = Command::new(program);
    command.args(arguments.get_args()).envs(arguments.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).current_dir("/");
    arguments.stdin(Stdio::null());
    if fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0) {
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
