//! What the warm folder is made from, and whether that is as it was.

use std::fs;

use anyhow::{Context, Result};

use super::built_with::BuiltWith;
use super::{EVCXR_VERSION, again, packages, workspace};
use crate::base::paths::Paths;
use crate::base::stamp::{self, Inputs};

/// Our crates and their folders, counted from that of `support`: each uses only those before it.
pub const CRATES: [(&str, &str); 3] = [("learn", "learn"), ("plot", "plot"), ("support", "")];

/// The file in the warm folder that says what it was made from.
pub const STAMP: &str = "warm.stamp";

/// Is the warm folder built from the sources and with the compiler as they are?
pub fn fit(paths: &Paths, built_with: &BuiltWith) -> Result<bool> {
    built_with.rustc_version().map_or(Ok(false), |rustc| match_stamp(paths, &rustc))
}

/// Is it built from the sources as they are, with this compiler?
pub fn match_stamp(paths: &Paths, rustc: &str) -> Result<bool> {
    Ok(stamp::matches(&paths.warm().join(STAMP), &stamp(paths, rustc)?))
}

/// The stamp of the sources as they are, with this compiler.
pub fn stamp(paths: &Paths, rustc: &str) -> Result<String> {
    let support = paths.support();
    let lock = fs::read_to_string(paths.repo.join("Cargo.lock"))
        .context("can't read Cargo.lock\nTry: git checkout Cargo.lock")?;
    let mut inputs = Inputs::default()
        .text("evcxr", EVCXR_VERSION)
        .text("rustc", rustc)
        .text("wrapper", again::WRAPPER)
        .text("builds", &paths.builds.display().to_string())
        .text("workspace", &workspace::description(paths))
        .text("packages", &packages::needed_by(&lock, "support")?);
    for (_, folder) in CRATES {
        let folder = support.join(folder);
        inputs = inputs.path(&folder.join("Cargo.toml"))?.path(&folder.join("src"))?;
    }
    // Files that the crate takes in at compile time.
    for optional in [support.join("build.rs"), support.join("data"), paths.data().join("creditcard-model.json")] {
        if optional.exists() {
            inputs = inputs.path(&optional)?;
        }
    }
    Ok(inputs.stamp())
}
