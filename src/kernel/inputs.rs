//! What a warm folder is made from. By it the folder is named, so none is ever built over another
//! that a kernel uses, and whether one fits the sources as they are is a question of its name
//! alone.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};

use super::rust::Rust;
use super::{EVCXR_VERSION, workspace};
use crate::base::paths::Paths;
use crate::base::stamp::Inputs;

/// Our crates, whose sources change while the tutorial is written.
pub const CRATES: [&str; 4] = ["learn", "plot", "support", "exercises"];

// What says how cargo's answers are kept and shortened: those of another launcher may be others.
const OF_ANSWERS: [&str; 6] = [
    include_str!("again.rs"),
    include_str!("answers.rs"),
    include_str!("cargo.rs"),
    include_str!("metadata.rs"),
    include_str!("ready.rs"),
    include_str!("surroundings.rs"),
];

/// What one warm folder is made from.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Recipe {
    /// evcxr, the compiler, the libraries, all manifests, and what this launcher does with cargo's
    /// answers.
    pub ground: String,
    /// The sources of each of our crates.
    pub crates: BTreeMap<String, String>,
}

impl Recipe {
    /// Everything as it is now, with this compiler.
    pub fn now(paths: &Paths, rust: &Rust) -> Result<Self> {
        let rustc = rust.program("rustc");
        let version = rust.version().with_context(|| format!("{} does not run", rustc.display()))?;
        let support = paths.support();
        let folders = [support.join("learn"), support.join("plot"), support.clone(), paths.exercises()];
        let mut ground = Inputs::default()
            .text("evcxr", EVCXR_VERSION)
            .text("rustc", &rustc.display().to_string())
            .text("version", version)
            .text("answers", &OF_ANSWERS.concat())
            .text("workspace", &workspace::description(paths))
            .path(&paths.repo.join("Cargo.lock"))
            .map_err(|error| anyhow!("{error:#}\nTry: git checkout Cargo.lock"))?
            .path(&paths.repo.join("Cargo.toml"))?;
        let mut crates = BTreeMap::new();
        for (name, folder) in CRATES.into_iter().zip(folders) {
            ground = ground.path(&folder.join("Cargo.toml"))?;
            let mut sources = Inputs::default().path(&folder.join("src"))?;
            // Files that the crates take in at compile time.
            let taken_in: &[_] = match name {
                "support" => {
                    &[folder.join("build.rs"), folder.join("data"), paths.data().join("creditcard-model.json")]
                }
                _ => &[folder.join("build.rs"), folder.join("en")],
            };
            for path in taken_in.iter().filter(|path| path.exists()) {
                sources = sources.path(path)?;
            }
            crates.insert(name.to_owned(), sources.stamp());
        }
        Ok(Self { ground: ground.stamp(), crates })
    }

    /// The name of the folder that is made from it.
    pub fn folder_name(&self) -> String {
        let whole = self.crates.iter().fold(Inputs::default(), |all, (name, stamp)| all.text(name, stamp));
        format!("warm-{}", &whole.text("ground", &self.ground).stamp()[..12])
    }

    /// Our crates whose sources are others than in an earlier one.
    pub fn changed_since(&self, earlier: Option<&Recipe>) -> Vec<&str> {
        let same = |name: &&str| earlier.is_some_and(|earlier| earlier.crates.get(*name) == self.crates.get(*name));
        self.crates.keys().map(String::as_str).filter(|name| !same(name)).collect()
    }
}
