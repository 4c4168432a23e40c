//! Where everything lies. All that the launcher makes is under one folder, `target/tutorial`.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::base::stamp::Inputs;

/// Names another folder to use instead of `target/tutorial`.
pub const HOME_VARIABLE: &str = "IMBALANCED_DATA_HOME";

/// The folders of one checkout of the tutorial.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The checkout: the folder with the workspace's Cargo.toml.
    pub repo: PathBuf,
    /// The folder that holds all that the launcher makes.
    pub home: PathBuf,
    /// The folder in which cells are compiled: `home`, unless that has a space in it.
    pub builds: PathBuf,
    /// The folder that this user writes in: `home`, unless that is somebody else's set-up, shared
    /// to be read.
    pub own: PathBuf,
}

impl Paths {
    /// Finds the checkout that the current folder lies in, or the one this launcher was built in.
    pub fn find() -> Result<Self> {
        let repo = find_repo()?;
        let home = match env::var_os(HOME_VARIABLE) {
            Some(home) => std::path::absolute(home).context("can't read the current folder")?,
            None => repo.join("target").join("tutorial"),
        };
        if home.to_str().is_none() {
            bail!(
                "the path {} is not valid UTF-8, which evcxr needs\nTry: move the checkout to another folder",
                home.display()
            );
        }
        let builds = builds_folder(&home)?;
        Self::of_kernel(repo, home, builds)
    }

    /// The folders that the kernelspec names, and those of the user who runs the kernel.
    pub fn of_kernel(repo: PathBuf, home: PathBuf, builds: PathBuf) -> Result<Self> {
        let own = match home.is_dir() && !is_writable(&home) {
            true => cache_folder(&home)?,
            false => home.clone(),
        };
        Ok(Self { repo, home, builds, own })
    }

    /// All in one folder.
    #[cfg(test)]
    pub fn in_one(folder: &Path) -> Self {
        let [repo, home, builds, own] = std::array::from_fn(|_| folder.to_path_buf());
        Self { repo, home, builds, own }
    }

    /// Is the set-up somebody else's, to be read only?
    pub fn is_shared(&self) -> bool {
        self.own != self.home
    }

    /// The folder of notebooks that JupyterLab shows.
    pub fn notebooks(&self) -> PathBuf {
        self.repo.join("notebooks")
    }

    /// The crate that checks the exercises.
    pub fn exercises(&self) -> PathBuf {
        self.repo.join("exercises")
    }

    /// The English notebooks.
    pub fn lesson(&self) -> PathBuf {
        self.notebooks().join("en")
    }

    /// The folder of the data set.
    pub fn data(&self) -> PathBuf {
        self.repo.join("data")
    }

    /// The support crate.
    pub fn support(&self) -> PathBuf {
        self.repo.join("support")
    }

    /// The Python environment.
    pub fn python_home(&self) -> PathBuf {
        self.home.join("python")
    }

    /// The Python environment's folder of programs.
    pub fn python_bin(&self) -> PathBuf {
        self.python_home().join(if cfg!(windows) { "Scripts" } else { "bin" })
    }

    /// A program of the Python environment.
    pub fn python_program(&self, name: &str) -> PathBuf {
        self.python_bin().join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    /// The root that evcxr_jupyter is installed into when it isn't on PATH.
    pub fn evcxr_root(&self) -> PathBuf {
        self.home.join("evcxr")
    }

    /// The folder of the kernelspec named `rust`.
    pub fn kernelspec(&self) -> PathBuf {
        self.python_home().join("share/jupyter/kernels/rust")
    }

    /// A folder of Jupyter's with that kernelspec alone, for clients of other environments.
    pub fn jupyter_path(&self) -> PathBuf {
        self.home.join("share/jupyter")
    }

    /// The copy of the launcher that the kernelspec starts: `cargo run` may rebuild the original at
    /// any time.
    pub fn kernel_launcher(&self) -> PathBuf {
        self.home.join("bin").join(format!("imbalanced-data{}", env::consts::EXE_SUFFIX))
    }

    /// The folder of the kernels' folders, and of the warm folders that this user builds; as
    /// programs that work in it see it, without links.
    pub fn kernels(&self) -> PathBuf {
        let folder = if self.is_shared() { &self.own } else { &self.builds };
        folder.canonicalize().unwrap_or_else(|_| folder.clone())
    }

    /// JupyterLab's own configuration, data and run-time files, which would otherwise go to the
    /// user's home.
    pub fn jupyter(&self, part: &str) -> PathBuf {
        self.own.join("jupyter").join(part)
    }

    /// Locked while the set-up is being made.
    pub fn setup_lock(&self) -> PathBuf {
        self.home.join("setup.lock")
    }

    /// A log file.
    pub fn log(&self, name: &str) -> PathBuf {
        self.own.join("logs").join(format!("{name}.log"))
    }

    /// A path as a reader would write it: relative to the current folder when it lies in it.
    pub fn shown(path: &Path) -> String {
        env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).display().to_string()
    }
}

// evcxr 0.22 splits a library's path at a space ("dlopen failed"), so its builds then go to the
// user's cache.
fn builds_folder(home: &Path) -> Result<PathBuf> {
    match has_space(home) {
        true => cache_folder(home),
        false => Ok(home.to_path_buf()),
    }
}

fn has_space(path: &Path) -> bool {
    path.to_string_lossy().contains(' ')
}

// A folder in the user's cache for what can't be in `home`.
fn cache_folder(home: &Path) -> Result<PathBuf> {
    let cache = ["XDG_CACHE_HOME", "LOCALAPPDATA"].iter().find_map(env::var_os).map(PathBuf::from);
    let cache = cache.or_else(|| Some(env::home_dir()?.join(".cache")));
    let name = Inputs::default().text("home", &home.to_string_lossy()).stamp();
    match cache.filter(|cache| cache.is_absolute() && !has_space(cache)) {
        Some(cache) => Ok(cache.join("imbalanced-data").join(&name[..12])),
        None => bail!(
            "the Rust kernel can't work in {}, which has a space in its path or is not yours to write, and your cache folder has a space in its path too\nTry: set {HOME_VARIABLE} to a folder of yours without spaces",
            home.display()
        ),
    }
}

/// May this user make files in the folder? The system also knows of disks that can only be read.
#[cfg(unix)]
pub fn is_writable(folder: &Path) -> bool {
    use rustix::fs::{Access, access};
    access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

/// Elsewhere than on Unix, only trying tells.
#[cfg(not(unix))]
pub fn is_writable(_: &Path) -> bool {
    true
}

fn find_repo() -> Result<PathBuf> {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
    let here = env::current_dir().context("can't read the current folder")?;
    let mut folders = here.ancestors().chain([built_in]);
    folders.find(|folder| is_repo(folder)).map(Path::to_path_buf).with_context(|| {
        format!(
            "the tutorial is no longer in {}, where this program was built\nTry: cargo run, in the folder it was moved to",
            built_in.display()
        )
    })
}

fn is_repo(folder: &Path) -> bool {
    folder.join("support/Cargo.toml").is_file() && folder.join("notebooks").is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_go_where_no_space_is() {
        let plain = Path::new("/a/Grüße/tutorial");
        assert_eq!(builds_folder(plain).unwrap(), plain);
        if let Ok(folder) = builds_folder(Path::new("/a b/tutorial")) {
            assert!(!folder.to_string_lossy().contains(' '));
            assert_ne!(folder, builds_folder(Path::new("/a c/tutorial")).unwrap());
        }
    }
}
