//! The sources of the standard library, from which rust-analyzer tells the types of variables.

use std::env;
use std::path::{Path, PathBuf};

/// What is wrong without them.
pub const MISSING: &str =
    "the sources of Rust's standard library are missing, from which the kernel tells the types of variables";

/// What to type, by who packages this Rust.
pub const REMEDY: &str = "\
rustup: rustup component add rust-src
Debian, Ubuntu: sudo apt install rust-src
Fedora: sudo dnf install rust-src
Arch Linux, Alpine: the package rust-src
Homebrew: brew reinstall rust
Nix: set RUST_SRC_PATH to ${rustPlatform.rustLibSrc}
Elsewhere: install Rust by https://rustup.rs
Then run the same again.";

/// Where they are, if they are there: the folder with `core` and `std`.
pub fn folder(sysroot: &Path) -> Option<PathBuf> {
    // rust-analyzer takes this variable's folder before the toolchain's own.
    let named = env::var_os("RUST_SRC_PATH").map(PathBuf::from);
    let own = sysroot.join("lib/rustlib/src/rust/library");
    named.into_iter().chain([own]).find(|folder| are_in(folder))
}

/// Does the folder hold the sources?
pub fn are_in(folder: &Path) -> bool {
    ["core", "std"].iter().all(|name| folder.join(name).join("src/lib.rs").is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn half_of_them_are_not_the_sources() {
        let sysroot = tempfile::tempdir().unwrap();
        let library = sysroot.path().join("lib/rustlib/src/rust/library");
        let put = |name: &str| {
            fs::create_dir_all(library.join(name).join("src")).unwrap();
            fs::write(library.join(name).join("src/lib.rs"), "").unwrap();
        };
        put("core");
        assert!(!are_in(&library));
        put("std");
        assert!(are_in(&library));
    }
}
