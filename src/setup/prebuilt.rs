//! The Rust kernel from an archive that is packed as those of evcxr's releases, of which none was
//! tried: seconds in place of minutes.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::download::{Source, check, fetch};
use crate::base::console::Progress;
use crate::base::process::command;
use crate::kernel::EVCXR_VERSION;

/// Names an archive: `URL#sha256=…`.
const VARIABLE: &str = "IMBALANCED_DATA_EVCXR";

const ARCHIVE: &str = "archive";

/// The archive to take the kernel from, if one is named. Upstream publishes no hashes of its own,
/// so none is known here.
pub fn archive() -> Option<String> {
    env::var(VARIABLE).ok().filter(|archive| !archive.is_empty())
}

/// Where the program is in the folder that cargo installs it in.
pub fn program_in(root: &Path) -> PathBuf {
    root.join("bin").join(format!("evcxr_jupyter{}", env::consts::EXE_SUFFIX))
}

/// The file beside the program's folder that tells its version, in the words of cargo's own list.
pub fn record(root: &Path) -> PathBuf {
    root.join("prebuilt.txt")
}

/// Puts an archive's program into a folder, as cargo would.
pub fn install(archive: &str, python: &Path, root: &Path, progress: &mut Progress) -> Result<()> {
    let beside = root.with_extension("part");
    let _ = fs::remove_dir_all(&beside);
    let installed = install_beside(archive, python, &beside, progress)
        .and_then(|()| fs::rename(&beside, root).with_context(|| format!("can't write {}", root.display())));
    let _ = fs::remove_dir_all(&beside);
    installed
}

fn install_beside(archive: &str, python: &Path, root: &Path, progress: &mut Progress) -> Result<()> {
    let Some((url, sha256)) = archive.split_once("#sha256=") else {
        bail!("{archive} has no `#sha256=` at its end");
    };
    // The program itself doesn't tell, and another version isn't what the tutorial was tried with.
    if !url.contains(EVCXR_VERSION) {
        bail!("{url} is not named as version {EVCXR_VERSION}");
    }
    let (file, program) = (root.join(ARCHIVE), program_in(root));
    let cannot = || format!("can't write into {}", root.display());
    fs::create_dir_all(root.join("bin")).with_context(cannot)?;
    progress.set_message("downloading it");
    let source = Source { url, bytes: None, sha256, patience: Duration::from_secs(30) };
    fetch(&source, python, &file, progress)?;
    check(&source, &file)?;
    let mut unpack = command("tar");
    unpack.args(["-xf", ARCHIVE, "-C", "bin", "--strip-components=1", "--no-same-owner"]).current_dir(root);
    let unpacked = unpack.output().context("can't start `tar`")?;
    if !unpacked.status.success() {
        let errors = String::from_utf8_lossy(&unpacked.stderr);
        bail!("{url} can't be unpacked: {}", errors.lines().last().unwrap_or_default());
    }
    match command(&program).arg("--help").output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => bail!("the program of {url} does not run here ({})", output.status),
        Err(error) => bail!("the program of {url} does not run here: {error}"),
    }
    fs::remove_file(&file).with_context(cannot)?;
    fs::write(record(root), format!("evcxr_jupyter {EVCXR_VERSION} ({archive})\n")).with_context(cannot)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::download::sha256_of;
    use crate::setup::download::tests::serve;
    use crate::setup::python::find_python;

    /// What installing leaves of a program that is packed as upstream packs it, and then damaged.
    fn installed(text: &str, damage: impl Fn(&mut [u8])) -> (Result<()>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let [program, home] = [program_in(folder.path()), folder.path().join("home")];
        for folder in [program.parent().unwrap(), &home] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(&program, text).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut pack = command("tar");
        assert!(pack.args(["-czf", ARCHIVE, "bin"]).current_dir(&folder).status().unwrap().success());
        let archive = folder.path().join(ARCHIVE);
        let sha256 = sha256_of(&archive).unwrap();
        let mut sent = fs::read(archive).unwrap();
        damage(&mut sent);
        let (url, server) = serve(sent.leak(), &[usize::MAX], false);
        let archive = format!("{url}-{EVCXR_VERSION}.tar.gz#sha256={sha256}");
        let root = home.join("evcxr");
        let result = install(&archive, &find_python().unwrap(), &root, &mut Progress::start());
        server.join().unwrap();
        assert_eq!(result.is_ok(), record(&root).is_file() && program_in(&root).is_file());
        (result, fs::read_dir(home).unwrap().count())
    }

    #[cfg(unix)]
    #[test]
    fn a_whole_archive_is_unpacked_and_tried() {
        let (result, files) = installed("#!/bin/sh\n[ \"$1\" = --help ]\n", |_| {});
        result.unwrap();
        assert_eq!(files, 1);
    }

    #[test]
    fn what_is_not_as_it_should_be_is_not_taken() {
        let fails = |damage: fn(&mut [u8]), why: &str| {
            let (result, files) = installed("#!/bin/sh\nexit 3\n", damage);
            let error = result.unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains('\n') && files == 0, "{error}");
        };
        fails(|_| {}, "does not run here");
        fails(|packed| packed[20] ^= 1, "is damaged");
        for (archive, why) in [("http://0.22.0.tar.gz", "#sha256="), ("http://0.21.0#sha256=0", "0.22.0")] {
            let error = install(archive, Path::new("python"), Path::new("evcxr"), &mut Progress::start());
            assert!(error.unwrap_err().to_string().contains(why));
        }
    }
}
