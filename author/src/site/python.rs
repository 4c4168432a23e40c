//! The Python environment that Sphinx and Typst run in, made once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::succeed;
use crate::repo;

/// The environment's Python; the first call installs it, which needs a network.
pub fn environment(work: &Path) -> Result<PathBuf> {
    let requirements = repo().join("author/site/requirements.txt");
    let wanted = fs::read_to_string(&requirements)?;
    let home = work.join("python");
    let python = home.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = home.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) && python.is_file() {
        return Ok(python);
    }
    println!("Installing Sphinx and Typst into {}", home.display());
    let base = ["python3", "python"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()));
    let Some(base) = base else {
        bail!("no Python on PATH\nInstall Python 3.11 or newer with its module venv.");
    };
    succeed(Command::new(base).args(["-m", "venv", "--clear"]).arg(&home), "`python3 -m venv` failed")?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    install.args(["--require-hashes", "--only-binary", ":all:", "--requirement"]).arg(&requirements);
    succeed(&mut install, "pip could not install the site's packages")?;
    fs::write(stamp, wanted)?;
    Ok(python)
}
