//! The Rust toolchain that a warm folder was built with, and by which its kernels compile.

use std::env;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::base::process::command;

const DOES_NOT_RUN: &str = "`rustc` does not run\nIs Rust installed and on PATH? See https://rustup.rs";

/// An installed toolchain.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Rust {
    /// Its folder.
    pub sysroot: PathBuf,
    /// The folder of the standard library's files.
    pub libraries: PathBuf,
    /// The kind of machine that it compiles for.
    pub host: String,
    #[serde(skip)]
    pub(super) version: Arc<OnceLock<Option<String>>>,
}

impl Rust {
    /// The one that `rustc` on PATH belongs to.
    pub fn on_path() -> Result<Self> {
        let questions = ["sysroot", "target-libdir", "host-tuple"].map(|what| format!("--print={what}"));
        let output = command("rustc").args(questions).output();
        let output = output.context(DOES_NOT_RUN)?;
        let text = String::from_utf8_lossy(&output.stdout);
        match *text.lines().collect::<Vec<_>>() {
            [sysroot, libraries, host] if output.status.success() => {
                let (sysroot, libraries, host) = (sysroot.into(), libraries.into(), host.to_owned());
                Ok(Self { sysroot, libraries, host, ..Self::default() })
            }
            _ => bail!("{DOES_NOT_RUN}\n{}", String::from_utf8_lossy(&output.stderr).trim_end()),
        }
    }

    /// Its version in full; none if it doesn't run. It is asked once.
    pub fn version(&self) -> Option<&str> {
        let ask = || {
            let output = command(self.program("rustc")).arg("-vV").output().ok()?;
            output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        };
        self.version.get_or_init(ask).as_deref()
    }

    /// One of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.sysroot.join("bin").join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
}
