//! The Rust kernel from an archive, as evcxr's releases have them: seconds in place of minutes.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::download::{Source, check, fetch};
use crate::base::console::Progress;
use crate::base::process::{command, python_command};
use crate::kernel::EVCXR_VERSION;

/// Names an archive: `URL#sha256=…`.
const VARIABLE: &str = "IMBALANCED_DATA_EVCXR";

// The processor and the system, and an archive for them. Upstream's belong here, once somebody has their hashes.
const KNOWN: [(&str, &str); 0] = [];

// The program alone, wherever in the archive it is.
const UNPACK: &str = "
import os, shutil, sys, tarfile
archive, program = sys.argv[1:]
with tarfile.open(archive) as tar:
    inside = [file for file in tar if file.isfile() and os.path.basename(file.name) == os.path.basename(program)]
    if not inside:
        sys.exit('there is no ' + os.path.basename(program) + ' in it')
    with tar.extractfile(inside[0]) as source, open(program, 'wb') as target:
        shutil.copyfileobj(source, target)
os.chmod(program, 0o755)";

/// The archive to take the kernel from, if there is one for this machine.
pub fn archive() -> Option<String> {
    let machine = format!("{}-{}", env::consts::ARCH, env::consts::OS);
    let known = KNOWN.iter().find(|(of, _)| *of == machine).map(|(_, archive)| (*archive).to_owned());
    env::var(VARIABLE).ok().filter(|archive| !archive.is_empty()).or(known)
}

/// The file beside the program's folder that tells its version, in the words of cargo's own list.
pub fn record(root: &Path) -> PathBuf {
    root.join("prebuilt.txt")
}

/// Puts an archive's program into a folder, as cargo would.
pub fn install(archive: &str, python: &Path, root: &Path, progress: &mut Progress) -> Result<()> {
    let Some((url, sha256)) = archive.split_once("#sha256=") else {
        bail!("{archive} has no `#sha256=` at its end");
    };
    // The program itself doesn't tell, and another version isn't what the tutorial was tried with.
    if !url.contains(EVCXR_VERSION) {
        bail!("{url} is not named as version {EVCXR_VERSION}");
    }
    progress.set_message("downloading it");
    let part = root.with_extension("archive.part");
    let source = Source { url, bytes: None, sha256, patience: Duration::from_secs(30) };
    fetch(&source, python, &part, progress)?;
    check(&source, &part)?;
    let beside = root.with_extension("part");
    let cannot = || format!("can't make {}", beside.display());
    let _ = fs::remove_dir_all(&beside);
    let program = super::evcxr::program_in(&beside);
    fs::create_dir_all(beside.join("bin")).with_context(cannot)?;
    let unpacked = python_command(python).args(["-c", UNPACK]).arg(&part).arg(&program).output()?;
    if !unpacked.status.success() {
        let errors = String::from_utf8_lossy(&unpacked.stderr);
        bail!("{url} can't be unpacked: {}", errors.lines().last().unwrap_or_default());
    }
    match command(&program).arg("--help").output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => bail!("the program of {url} does not run here ({})", output.status),
        Err(error) => bail!("the program of {url} does not run here: {error}"),
    }
    fs::write(record(&beside), format!("evcxr_jupyter {EVCXR_VERSION} ({archive})\n")).with_context(cannot)?;
    fs::rename(&beside, root).with_context(|| format!("can't write {}", root.display()))?;
    let _ = fs::remove_file(part);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::console::Unit;
    use crate::setup::download::sha256_of;
    use crate::setup::download::tests::serve;
    use crate::setup::evcxr::{has_version, program_in};
    use crate::setup::python::find_python;

    /// Serves an archive as upstream makes it, and installs it.
    fn installed(program: &str, served: impl Fn(Vec<u8>) -> Vec<u8>) -> (Result<()>, bool, usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let inside = path("evcxr_jupyter-v0.22.0").join(program_in(Path::new("")).file_name().unwrap());
        fs::create_dir_all(inside.parent().unwrap()).unwrap();
        fs::write(&inside, program).unwrap();
        let python = find_python().unwrap();
        let pack = "import sys, tarfile; tarfile.open(sys.argv[1], 'w:gz').add(sys.argv[2], 'a/' + sys.argv[3])";
        let mut command = python_command(&python);
        command.args(["-c", pack]).args([path("packed"), inside.clone()]).arg(inside.file_name().unwrap());
        assert!(command.status().unwrap().success());
        let sha256 = sha256_of(&path("packed")).unwrap();
        let (url, server) = serve(served(fs::read(path("packed")).unwrap()).leak(), &[usize::MAX], false);
        fs::create_dir(path("home")).unwrap();
        let root = path("home").join("evcxr");
        let archive = format!("{url}-{EVCXR_VERSION}.tar.gz#sha256={sha256}");
        let result = install(&archive, &python, &root, &mut Progress::start(Unit::Items));
        server.join().unwrap();
        (result, has_version(&program_in(&root)), fs::read_dir(path("home")).unwrap().count())
    }

    #[cfg(unix)]
    #[test]
    fn a_whole_archive_is_unpacked_and_tried() {
        let (result, is_there, files) = installed("#!/bin/sh\n[ \"$1\" = --help ]\n", |packed| packed);
        result.unwrap();
        assert!(is_there && files == 1);
    }

    #[test]
    fn what_is_not_as_it_should_be_is_not_taken() {
        let no_program = "#!/bin/sh\nexit 3\n";
        let (result, is_there, _) = installed(no_program, |packed| packed);
        assert!(result.unwrap_err().to_string().contains("does not run here") && !is_there);
        let (result, is_there, files) = installed(no_program, |packed| packed[1..].to_vec());
        assert!(result.unwrap_err().to_string().contains("is damaged") && !is_there && files == 0);
        for (archive, why) in [("http://127.0.0.1:1/v0.22.0.tar.gz", "#sha256="), ("http://v0.21.0#sha256=0", "0.22.0")]
        {
            let error = install(archive, Path::new("python"), Path::new("evcxr"), &mut Progress::start(Unit::Items));
            assert!(error.unwrap_err().to_string().contains(why));
        }
    }
}
