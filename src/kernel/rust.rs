//! The Rust toolchain that a warm folder was built with, and by which its kernels compile.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::base::process::command;

/// An installed toolchain.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Rust {
    /// Its folder.
    pub sysroot: PathBuf,
    /// The folder of the standard library's files.
    pub libraries: PathBuf,
    /// The kind of machine that it compiles for.
    pub host: String,
}

impl Rust {
    /// The one that `rustc` on PATH belongs to.
    pub fn on_path() -> Result<Self> {
        let questions = ["sysroot", "target-libdir", "host-tuple"].map(|what| format!("--print={what}"));
        let output = command("rustc").args(questions).output();
        let output = output.context("can't run `rustc`\nIs Rust installed and on PATH? See https://rustup.rs")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines = text.lines();
        let mut next = || lines.next().context("`rustc` doesn't say where it is\nTry: rustc --print sysroot");
        Ok(Self { sysroot: next()?.into(), libraries: next()?.into(), host: next()?.to_owned() })
    }

    /// Its version in all words, as it is now.
    pub fn version(&self) -> Option<String> {
        let output = command(self.program("rustc")).arg("-vV").output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// One of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.sysroot.join("bin").join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
}
