//! The Rust toolchain of a kernel: the installed one, seen so that less of its and our libraries' source is read.
//!
//! The kernel learns the type of a `let` from rust-analyzer, which reads the source of every package that
//! `cargo metadata` lists and of the whole standard library: 130 MB, for the few crates that a cell can name.
//! That was most of a kernel's start and of its memory. So the kernel gets a folder that looks like a toolchain,
//! of links to the installed one; only `cargo` is this launcher, which narrows the list ([`stand_in`]) and names the
//! [skeletons](super::skeleton) of what is left.
//! Compiling is not touched: rustc sees all packages.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::base::console::note;
use crate::base::process::command;
use crate::base::stamp::{self, Inputs, write_whole};
use crate::kernel::again::{self, Place, WRAPPER_VARIABLE};
use crate::kernel::fresh;
use crate::kernel::metadata;
use crate::kernel::ready;
use crate::kernel::skeleton::Skeletons;
use crate::kernel::sources::{self, MISSING, REMEDY};
use crate::kernel::workspace::{CACHE_TAG, FOLDER_VARIABLE};

/// Tells the launcher, when it runs as `cargo`, where the installed toolchain is.
const TOOLCHAIN_VARIABLE: &str = "IMBALANCED_DATA_TOOLCHAIN";

/// Tells it where the sources of `support` are.
const SUPPORT_VARIABLE: &str = "IMBALANCED_DATA_SUPPORT";

/// In the toolchain's folder, the program that notes how a cell is compiled.
const WRAPPER: &str = "note";

/// In the toolchain's folder, the skeletons that rust-analyzer reads.
const SKELETONS: &str = "skeletons";

/// The folder of such a toolchain, in a folder here.
pub fn folder(here: &Path, installed: &Path) -> PathBuf {
    // One for each installed toolchain: kernels of another may be running.
    let name = Inputs::default().text("installed", &installed.display().to_string()).stamp();
    here.join(format!("toolchain-{}", &name[..8]))
}

/// The folder of its skeletons.
pub fn skeletons(here: &Path, installed: &Path) -> PathBuf {
    folder(here, installed).join(SKELETONS)
}

/// Puts the program that notes how a cell is compiled before rustc, if the reader has none of their own there.
///
/// Cargo keeps what one rustc has told it: every cargo of a kernel names it in the same way, or each would ask anew.
pub fn wrap_rustc(cargo: &mut Command, folder: &Path) {
    let wrapper = folder.join(WRAPPER);
    if wrapper.is_file() && env::var_os(WRAPPER_VARIABLE).is_none() {
        cargo.env(WRAPPER_VARIABLE, wrapper);
    }
}

/// Gives a kernel such a toolchain, in a folder here. Where that can't be, it works without, only slower.
pub fn narrow(kernel: &mut Command, here: &Path, installed: &Path, support: &Path) {
    let folder = &folder(here, installed);
    // A launcher of another kind of system has no links, or no programs without an ending.
    if cfg!(not(unix)) || link_all(folder, installed).is_err() {
        return;
    }
    let give = |command: &mut Command| {
        command
            .env(TOOLCHAIN_VARIABLE, installed)
            .env(SUPPORT_VARIABLE, support)
            // Where rustup is, its `cargo` and `rustc` are those of this folder; rust-analyzer asks for both by it.
            .env("RUSTUP_TOOLCHAIN", folder)
            // Where it isn't, rust-analyzer takes this one.
            .env("CARGO", folder.join("bin/cargo"));
    };
    let version = |program: &str| {
        let mut program = command(program);
        give(&mut program);
        let output = program.arg("-vV").output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (Some(_), Some(rustc)) = (version("cargo"), version("rustc")) else {
        return;
    };
    give(kernel);
    let whole = folder.join("library");
    if sources::are_in(&whole) {
        let skeleton = Skeletons(&folder.join(SKELETONS)).of_library(&whole, &rustc);
        kernel.env("RUST_SRC_PATH", skeleton.filter(|library| sources::are_in(library)).unwrap_or(whole));
    }
}

fn link_all(folder: &Path, installed: &Path) -> Result<()> {
    let launcher = env::current_exe()?;
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    for program in entries(&installed.join("bin")) {
        let is_cargo = program.file_name() == "cargo";
        let target = if is_cargo { launcher.clone() } else { program.path() };
        link(&target, &folder.join("bin").join(program.file_name()))?;
    }
    write_program(&folder.join(WRAPPER), again::WRAPPER)?;
    for name in ["lib", "libexec"].iter().filter(|name| installed.join(name).is_dir()) {
        link(&installed.join(name), &folder.join(name))?;
    }
    let Some(library) = sources::folder(installed) else {
        return Ok(());
    };
    // `stdarch` is half of it: the instructions of all processors, which no cell's types need.
    for entry in entries(&library).filter(|entry| entry.file_name() != "stdarch") {
        link(&entry.path(), &folder.join("library").join(entry.file_name()))?;
    }
    // In it cargo keeps what rustc has told it.
    write_whole(&folder.join("library/target/CACHEDIR.TAG"), CACHE_TAG.as_bytes())
}

#[cfg(unix)]
fn link(target: &Path, link: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|found| found == target) {
        return Ok(());
    }
    fs::create_dir_all(link.parent().context("a link needs a folder")?)?;
    // Another kernel may be starting: the link is never missing.
    let beside = beside(link);
    let _ = fs::remove_file(&beside);
    std::os::unix::fs::symlink(target, &beside)?;
    Ok(fs::rename(beside, link)?)
}

#[cfg(unix)]
fn write_program(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // Left as it is when it is there: by its times cargo would take it for another, and ask rustc all again.
    if stamp::matches(path, text) {
        return Ok(());
    }
    let beside = beside(path);
    fs::write(&beside, text)?;
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o755))?;
    Ok(fs::rename(beside, path)?)
}

#[cfg(unix)]
fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    PathBuf::from(beside)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> Result<()> {
    anyhow::bail!("links need a permission here")
}

#[cfg(not(unix))]
fn write_program(_: &Path, _: &str) -> Result<()> {
    anyhow::bail!("there is no shell here")
}

/// Run as a kernel's `cargo`? Then does what cargo does, and says less of the packages.
pub fn stand_in() -> Option<ExitCode> {
    let mut arguments = env::args_os();
    let name = arguments.next()?;
    let installed = PathBuf::from(env::var_os(TOOLCHAIN_VARIABLE)?);
    if Path::new(&name).file_name() != Some(OsStr::new("cargo")) {
        return None;
    }
    match run_cargo(&installed, &arguments.collect::<Vec<_>>()) {
        Ok(code) => Some(code),
        Err(error) => {
            note(format!("error: {error:#}"));
            Some(ExitCode::FAILURE)
        }
    }
}

fn run_cargo(installed: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let program = installed.join("bin/cargo");
    let cannot = || format!("can't run {}\nTry: cargo run -- doctor", program.display());
    let mut cargo = Command::new(&program);
    cargo.env("RUSTUP_TOOLCHAIN", installed).env_remove("CARGO");
    // cargo asks rustc a dozen questions each time: without the detour by rustup.
    let rest = env::var_os("PATH").unwrap_or_default();
    if let Ok(path) = env::join_paths([installed.join("bin")].into_iter().chain(env::split_paths(&rest))) {
        cargo.env("PATH", path);
    }
    use_own_linker(&mut cargo);
    let verb = arguments.first().and_then(|verb| verb.to_str()).unwrap_or_default();
    if verb == "build" || verb == "check" {
        let sources = env::var_os(SUPPORT_VARIABLE).map(PathBuf::from);
        let cell = env::var_os(FOLDER_VARIABLE).map(PathBuf::from);
        let toolchain = env::var_os("RUSTUP_TOOLCHAIN").map(PathBuf::from);
        if let (Some(support), Some(cell), Some(toolchain)) = (sources, cell, toolchain) {
            let place = Place { cell: &cell, support: &support, wrapper: &toolchain.join(WRAPPER) };
            return compile(&place, cargo, arguments).with_context(cannot);
        }
    }
    cargo.args(arguments);
    if verb != "metadata" {
        return become_it(cargo).with_context(cannot);
    }
    if let Some(folder) = env::var_os("RUSTUP_TOOLCHAIN") {
        wrap_rustc(&mut cargo, Path::new(&folder));
    }
    if asks_for_a_dependency() && sources::folder(installed).is_none() {
        bail!("{MISSING}\n{REMEDY}");
    }
    let output = cargo.stderr(std::process::Stdio::inherit()).output().with_context(cannot)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let narrowed = if ready::are_to_come() { metadata::without_library(&text) } else { metadata::narrow(&text) };
    let text = narrowed.as_deref().unwrap_or(&text);
    let here = env::var_os("RUSTUP_TOOLCHAIN").map(|toolchain| Path::new(&toolchain).join(SKELETONS));
    let skeletons = here.and_then(|here| Skeletons(&here).of_packages(text));
    print!("{}", skeletons.as_deref().unwrap_or(text));
    Ok(code_of(output.status))
}

// For a cell with a type it can't tell, the kernel asks for a check: with no checked dependencies in the
// warm folder, that takes minutes. A build has them, and finds the same errors.
fn compile(place: &Place, mut cargo: Command, arguments: &[OsString]) -> std::io::Result<ExitCode> {
    let arguments = arguments.get(1..).unwrap_or_default();
    if let Some(code) = place.compile(arguments) {
        return Ok(code);
    }
    if let Some(workspace) = place.cell.parent() {
        fresh::unlink_changed(workspace, place.support)?;
    }
    cargo.arg("build").args(arguments);
    place.compile_by_cargo(cargo, arguments).map(code_of)
}

// evcxr takes mold or lld when one is on PATH: another than the set-up was linked with would build all again.
fn use_own_linker(cargo: &mut Command) {
    if let Ok(flags) = env::var("RUSTFLAGS") {
        let kept: Vec<&str> = flags.split(' ').filter(|flag| !flag.starts_with("-Clink-arg=-fuse-ld=")).collect();
        cargo.env("RUSTFLAGS", kept.join(" "));
    }
    // `mold -run` works by a library that is loaded before all others.
    let is_mold = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("mold-wrapper"));
    if let Some(loaded) = env::var_os("LD_PRELOAD") {
        let kept = env::split_paths(&loaded).filter(|path| !is_mold(path));
        if let Ok(kept) = env::join_paths(kept) {
            cargo.env("LD_PRELOAD", kept);
        }
    }
}

// Does the kernel ask whether the crate of a `:dep` is there? It does so in a manifest of this name.
fn asks_for_a_dependency() -> bool {
    fs::read_to_string("Cargo.toml").is_ok_and(|manifest| manifest.contains("\"evcxr_dummy_validate_dep\""))
}

#[cfg(unix)]
fn become_it(mut cargo: Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;

    Err(cargo.exec())
}

#[cfg(not(unix))]
fn become_it(mut cargo: Command) -> std::io::Result<ExitCode> {
    cargo.status().map(code_of)
}

fn code_of(status: std::process::ExitStatus) -> ExitCode {
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn installed(home: &Path) -> PathBuf {
        let installed = home.join("installed");
        let library = installed.join("lib/rustlib/src/rust/library");
        for name in ["core/src", "std/src", "stdarch/crates"] {
            fs::create_dir_all(library.join(name)).unwrap();
            fs::write(library.join(name).join("lib.rs"), "").unwrap();
        }
        fs::create_dir_all(installed.join("bin")).unwrap();
        for name in ["cargo", "rustc", "rustdoc"] {
            fs::write(installed.join("bin").join(name), "").unwrap();
        }
        installed
    }

    #[test]
    fn a_toolchain_is_linked_but_for_cargo_and_the_instructions() {
        let home = tempfile::tempdir().unwrap();
        let (installed, folder) = (installed(home.path()), home.path().join("toolchain"));
        for _ in 0..2 {
            link_all(&folder, &installed).unwrap();
        }
        assert_eq!(fs::read_link(folder.join("bin/rustdoc")).unwrap(), installed.join("bin/rustdoc"));
        assert_eq!(fs::read_link(folder.join("bin/cargo")).unwrap(), env::current_exe().unwrap());
        assert!(folder.join("library/core/src/lib.rs").is_file());
        assert!(!folder.join("library/stdarch").exists());
        assert_eq!(fs::read_dir(folder.join("bin")).unwrap().count(), 3);
    }

    #[test]
    fn a_toolchain_that_does_not_answer_is_not_given() {
        let home = tempfile::tempdir().unwrap();
        let mut kernel = Command::new("kernel");
        narrow(&mut kernel, home.path(), &installed(home.path()), home.path());
        assert_eq!(kernel.get_envs().count(), 0);
    }

    #[test]
    fn without_links_a_kernel_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let mut kernel = Command::new("kernel");
        narrow(&mut kernel, &file, home.path(), home.path());
        assert_eq!(kernel.get_envs().count(), 0);
    }
}
