//! The Rusts that the tutorial was tried with. A newer one mostly works, and when it doesn't, a
//! reader should know why.

use crate::base::process::command;

/// The newest one: its minor version.
const NEWEST: u32 = 100;

/// A line on the Rust on PATH, if it is newer than all that were tried.
pub fn newer_rust() -> Option<String> {
    let output = command("rustc").arg("--version").output().ok()?;
    line_on(&String::from_utf8_lossy(&output.stdout))
}

/// What always works.
pub fn remedy() -> String {
    format!(
        "This Rust is newer than 1.{NEWEST}, the newest one tried. With that it works:\n  rustup toolchain install 1.{NEWEST}\n  cargo +1.{NEWEST} run"
    )
}

// Of `rustc 1.101.0-nightly (…)`.
fn line_on(version: &str) -> Option<String> {
    let number = version.split(' ').nth(1)?;
    let minor: u32 = number.strip_prefix("1.")?.split('.').next()?.parse().ok()?;
    (minor > NEWEST)
        .then(|| format!("Rust {number} is newer than 1.{NEWEST}, the newest one that this tutorial was tried with"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_newer_rust_is_told() {
        for tried in ["rustc 1.95.0 (59807616e 2026-04-14)", "rustc 1.100.0-beta.7 (fd8e211ae 2026-10-17)", "gcc"] {
            assert_eq!(line_on(tried), None, "{tried}");
        }
        assert!(line_on("rustc 1.101.0-nightly (0 2026-10-15)").unwrap().starts_with("Rust 1.101.0-nightly is newer"));
    }
}
