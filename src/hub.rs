//! `hub`: one learner's server, which JupyterHub starts as that learner; see room/README.md.

use std::ffi::OsString;

use anyhow::{Context, Result, bail};

use crate::base::jupyter;
use crate::base::own_copy;
use crate::base::paths::Paths;
use crate::base::process::become_it;
use crate::setup;

const PROGRAM: &str = "jupyterhub-singleuser";

/// Becomes the server; the hub's arguments are handed on.
pub fn run(paths: &Paths, arguments: &[OsString]) -> Result<u8> {
    setup::expect(paths)?;
    if !paths.python_program(PROGRAM).is_file() {
        bail!("{PROGRAM} is not in {}\nRoom set-up installs it: see room/README.md", paths.python_bin().display());
    }
    jupyter::write_settings(paths)?;
    let notebooks = own_copy::notebooks(paths)?;
    let mut server = jupyter::command(paths, PROGRAM);
    server.args(arguments).arg(format!("--ServerApp.root_dir={}", notebooks.display())).current_dir(&notebooks);
    // The hub watches and ends the process that it has started.
    become_it(server).map(|_| 0).with_context(|| format!("can't start {PROGRAM}"))
}
