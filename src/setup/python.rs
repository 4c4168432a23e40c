//! Step 2: a Python environment with JupyterLab, nbclient and nbconvert, by uv or by venv and pip.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use crate::base::console::Progress;
use crate::base::lock::Lock;
use crate::base::paths::Paths;
use crate::base::process::{command, find_program, python_command, run_logged};
use crate::base::stamp::{self, Inputs};
use crate::setup::Step;

const REQUIREMENTS: &str = include_str!("requirements.txt");
type Version = (u32, u32);
const OLDEST: Version = (3, 10);
/// The newest for which all requirements have wheels.
const NEWEST: Version = (3, 15);

fn shown((major, minor): Version) -> String {
    format!("{major}.{minor}")
}

/// The Python environment.
pub struct Python<'a> {
    /// Its folders.
    pub paths: &'a Paths,
}

impl Python<'_> {
    fn stamp_file(&self) -> PathBuf {
        self.paths.python_home().join("tutorial.stamp")
    }

    // An environment holds its own path in its programs: a moved one is made anew.
    fn stamp(&self) -> String {
        Inputs::default()
            .text("requirements", REQUIREMENTS)
            .text("folder", &self.paths.python_home().display().to_string())
            .stamp()
    }

    // A system's Python may be upgraded under an environment, whose packages are in a folder of the
    // old version.
    fn is_of_its_python(&self) -> bool {
        const QUESTION: &str = "import sys; print('%d.%d.' % sys.version_info[:2])";
        let python = self.paths.python_program("python");
        let output = command(python).args(["-I", "-S", "-c", QUESTION]).output();
        let now = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
        let made = fs::read_to_string(self.paths.python_home().join("pyvenv.cfg")).unwrap_or_default();
        // `version = 3.12.3`, by uv `version_info = 3.12.3`.
        let made = made.lines().filter_map(|line| line.split_once('=')).find(|(name, _)| name.starts_with("version"));
        !now.is_empty() && made.is_none_or(|(_, version)| format!("{}.", version.trim()).starts_with(&now))
    }
}

/// Held while programs of the environment run: making it anew would take their files away.
pub fn in_use(paths: &Paths) -> Result<Option<Lock>> {
    match paths.is_shared() {
        true => Ok(None),
        false => Lock::shared(&lock_file(paths)).map(Some),
    }
}

fn lock_file(paths: &Paths) -> PathBuf {
    paths.home.join("python.lock")
}

impl Step for Python<'_> {
    fn title(&self) -> String {
        let jupyterlab = pinned("jupyterlab").unwrap_or_default();
        format!("Python environment with JupyterLab {jupyterlab}")
    }

    fn is_done(&self) -> Result<bool> {
        let programs = ["python", "jupyter", "jupyter-lab"];
        Ok(stamp::matches(&self.stamp_file(), &self.stamp())
            && programs.iter().all(|name| self.paths.python_program(name).is_file())
            && self.is_of_its_python())
    }

    fn megabytes(&self) -> u64 {
        500
    }

    fn run(&self, progress: &mut Progress) -> Result<()> {
        let Some(_lock) = Lock::try_exclusive(&lock_file(self.paths))? else {
            bail!(
                "the Python environment in {} has to be made anew, but JupyterLab or `execute` is using it\nStop that (Ctrl-C in its terminal), then run the same command again.",
                self.paths.python_home().display()
            );
        };
        let requirements = self.paths.home.join("requirements.txt");
        stamp::write_whole(&requirements, REQUIREMENTS.as_bytes())?;
        let log = self.paths.log("python");
        let _ = fs::remove_file(self.stamp_file());
        match find_program("uv") {
            Some(uv) => install_with_uv(&uv, self.paths, &requirements, &log, progress)?,
            None => install_with_pip(self.paths, &requirements, &log, progress)?,
        }
        stamp::write_whole(&self.stamp_file(), self.stamp().as_bytes())
    }
}

/// The version that the requirements name for a package.
pub fn pinned(package: &str) -> Option<&'static str> {
    let start = format!("{package}==");
    let rest = REQUIREMENTS.lines().find_map(|line| line.strip_prefix(&start))?;
    rest.split(' ').next()
}

fn install_with_uv(uv: &Path, paths: &Paths, requirements: &Path, log: &Path, progress: &mut Progress) -> Result<()> {
    progress.set_message("uv makes the environment");
    let home = paths.python_home();
    let tried = format!(">={},<3.{}", shown(OLDEST), NEWEST.1 + 1);
    let mut make = python_command(uv);
    make.args(["venv", "--no-project", "--clear", "--python", &tried]).arg(&home);
    run_logged(&mut make, log, |_| {})?;
    progress.set_message("uv installs the packages");
    let mut install = python_command(uv);
    install.args(["pip", "install", "--require-hashes", "--no-build", "--python"]);
    install.arg(paths.python_program("python")).arg("-r").arg(requirements);
    run_logged(&mut install, log, |_| {})
}

fn install_with_pip(paths: &Paths, requirements: &Path, log: &Path, progress: &mut Progress) -> Result<()> {
    let python = find_python()?;
    let Some(untried) = untried(&python) else {
        return install_with(&python, paths, requirements, log, progress);
    };
    progress.say(format!("      {untried}"));
    install_with(&python, paths, requirements, log, progress).map_err(|error| {
        anyhow!(
            "{error:#}\n{untried}\nInstall Python {}, or uv, which fetches one, and run the same command again.",
            shown(NEWEST)
        )
    })
}

fn install_with(python: &Path, paths: &Paths, requirements: &Path, log: &Path, progress: &mut Progress) -> Result<()> {
    progress.set_message("making the environment");
    let mut make = python_command(python);
    make.args(["-m", "venv", "--clear"]).arg(paths.python_home());
    run_logged(&mut make, log, |_| {}).context(
        "`python3 -m venv` failed\nOn Debian and Ubuntu it is a package of its own: `sudo apt install python3-venv`; or install uv, which needs no Python",
    )?;
    let total = REQUIREMENTS.lines().filter(|line| line.contains("==") && !line.contains(';')).count() as u64;
    progress.set_total(total);
    let mut collected = 0;
    let mut install = python_command(paths.python_program("python"));
    install
        .args(["-m", "pip", "install", "--disable-pip-version-check"])
        .args(["--no-input", "--progress-bar", "off", "--require-hashes", "--only-binary", ":all:", "-r"])
        .arg(requirements);
    run_logged(&mut install, log, |line| {
        if let Some(package) = line.strip_prefix("Collecting ") {
            collected = (collected + 1).min(total);
            progress.set_position(collected);
            progress.set_message(package.split([' ', '=']).next().unwrap_or(package));
        } else if line.starts_with("Installing collected packages") {
            progress.set_message("unpacking");
        }
    })
}

/// A Python that is new enough and can make environments, if possible one that is tried.
pub fn find_python() -> Result<PathBuf> {
    let versions = (OLDEST.1..=NEWEST.1).rev().map(|minor| format!("python3.{minor}"));
    let names = ["python3".to_owned(), "python".to_owned()].into_iter().chain(versions);
    choose(names.filter_map(|name| find_program(&name)).map(|path| (ask_python(&path), path)))
}

/// What to know about a Python that is newer than those tried.
pub fn untried(python: &Path) -> Option<String> {
    let (version, _) = ask_python(python)?;
    (version > NEWEST).then(|| {
        format!("Python {} is newer than the newest one tried with this tutorial, {}", shown(version), shown(NEWEST))
    })
}

// Takes no more of the iterator than it must: each is a program to start.
fn choose(pythons: impl Iterator<Item = (Option<(Version, bool)>, PathBuf)>) -> Result<PathBuf> {
    let (mut unfit, mut untried, mut without_venv) = (Vec::new(), None, None);
    for (answer, path) in pythons {
        match answer {
            None => unfit.push(format!("{} doesn't start", path.display())),
            Some((version, _)) if version < OLDEST => {
                unfit.push(format!("{} is {}", path.display(), shown(version)));
            }
            Some((_, false)) => without_venv = without_venv.or(Some(path)),
            Some((version, _)) if version > NEWEST => untried = untried.or(Some(path)),
            Some(_) => return Ok(path),
        }
    }
    if let Some(path) = untried {
        return Ok(path);
    }
    if let Some(path) = without_venv {
        bail!(
            "{} has no `venv` module, so it can't make an environment\nOn Debian and Ubuntu: `sudo apt install python3-venv`; or install uv, which needs no Python\nThen run the same command again.",
            path.display()
        );
    }
    let unfit = match unfit.is_empty() {
        true => "neither python3 nor uv is on PATH".to_owned(),
        false => unfit.join(", "),
    };
    bail!(
        "no Python {} or newer: {unfit}\nInstall one (Debian and Ubuntu: `sudo apt install python3 python3-venv`; macOS: `brew install python`; Windows: python.org), or uv, and run the same command again.",
        shown(OLDEST)
    )
}

fn ask_python(python: &Path) -> Option<(Version, bool)> {
    const QUESTION: &str = "
import sys
try:
    import ensurepip, venv
    able = 1
except ImportError:
    able = 0
print(sys.version_info[0], sys.version_info[1], able)";
    let output = command(python).args(["-c", QUESTION]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.split_whitespace().map(str::parse::<u32>);
    let mut next = || numbers.next()?.ok();
    Some(((next()?, next()?), next()? == 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::process::probable_cause;

    #[test]
    fn every_requirement_is_pinned() {
        for line in REQUIREMENTS.lines().filter(|line| !line.starts_with(['#', ' '])) {
            assert!(line.contains("==") && line.ends_with(" \\"), "no version, or no hashes after it: {line}");
        }
        assert!(pinned("jupyterlab").unwrap().starts_with("4.6."));
        assert_eq!(pinned("nbclient"), Some("0.11.0"));
        assert_eq!(pinned("nbconvert"), Some("7.17.2"));
    }

    #[test]
    fn a_tried_python_is_chosen_wherever_there_is_one() {
        let choose = |pythons: &[(u32, bool)]| {
            let numbered = pythons.iter().zip(0..);
            choose(
                numbered.map(|((minor, able), place)| (Some(((3, *minor), *able)), PathBuf::from(place.to_string()))),
            )
            .map(|path| path.display().to_string())
            .map_err(|error| error.to_string())
        };
        let next = NEWEST.1 + 1;
        assert_eq!(choose(&[(12, true), (15, true)]).unwrap(), "0");
        assert_eq!(choose(&[(next, true), (9, true), (NEWEST.1, true), (14, true)]).unwrap(), "2");
        assert_eq!(choose(&[(12, false), (11, true)]).unwrap(), "1");
        assert_eq!(choose(&[(next, false), (next, true), (next + 1, true)]).unwrap(), "1", "better than none");
        assert!(choose(&[(9, true), (12, false)]).unwrap_err().starts_with("1 has no `venv`"));
        assert!(choose(&[(8, true)]).unwrap_err().starts_with("no Python 3.10 or newer: 0 is 3.8\n"));
        assert!(choose(&[]).unwrap_err().contains("neither python3 nor uv"));
    }

    #[test]
    fn the_cause_of_pip_s_failure_names_the_tried_pythons() {
        let cause = probable_cause("ERROR: No matching distribution found for x==1").unwrap();
        let tried = format!("Python {} to {}", shown(OLDEST), shown(NEWEST));
        assert!(cause.contains(&tried), "{cause}");
    }
}
