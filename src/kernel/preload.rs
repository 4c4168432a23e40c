//! The library that stands between a kernel's cells and the standard streams: it is built from the
//! package beside this file, which says what for.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::rust::Rust;
use crate::base::process::command;

/// What it is built from.
pub const SOURCE: &str = include_str!("streams/src/lib.rs");
const NAME: &str = "libstreams.so";

/// The library in a folder, built if it isn't there; none on a system that it isn't for.
pub fn library(folder: &Path, rust: &Rust) -> Option<PathBuf> {
    let library = folder.join(NAME);
    // The loader takes a list, cut at blanks and colons.
    if !cfg!(target_os = "linux") || library.to_str()?.contains([' ', ':']) {
        return None;
    }
    if !library.is_file() {
        let part = library.with_extension(format!("{}.part", std::process::id()));
        let built = build(&part, rust).filter(|()| fs::rename(&part, &library).is_ok());
        let _ = fs::remove_file(part);
        built?;
    }
    Some(library)
}

fn build(library: &Path, rust: &Rust) -> Option<()> {
    let mut rustc = command(rust.program("rustc"));
    rustc.args(["--edition", "2024", "--crate-type", "cdylib", "--crate-name", "streams"]);
    rustc.args(["-Copt-level=2", "-Cpanic=abort", "-Cstrip=symbols", "-", "-o"]).arg(library);
    let mut rustc = rustc.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let written = rustc.stdin.take()?.write_all(SOURCE.as_bytes());
    let status = rustc.wait().ok()?;
    (written.is_ok() && status.success()).then_some(())
}

/// Has the system load it before all others.
pub fn load_first(kernel: &mut Command, library: &Path) {
    let others = std::env::var_os("LD_PRELOAD").unwrap_or_default();
    let all = [library.as_os_str(), &others].join(OsStr::new(":"));
    kernel.env("LD_PRELOAD", all);
}

/// Is this the library? What a kernel starts to compile a cell has no use for it.
pub fn is_it(path: &Path) -> bool {
    path.ends_with(NAME)
}
