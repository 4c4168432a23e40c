//! The same numbers everywhere: on one core and on many, with AVX2 and without it, in debug and in release builds.
//!
//! Each step of the lesson is run on a small part of the synthetic set and boiled down to a fingerprint of all its bits.
//! The fingerprints stand in `steps.rs`. Whatever machine or build this test runs on, it must find the same ones, and so must
//! a process that is told to use one thread, or not to use AVX2. Whoever changes a result on purpose changes them here.

use std::process::Command;

#[path = "../../learn/tests/exact/fingerprint.rs"]
mod fingerprint;
mod steps;

use steps::EXPECTED;

/// Set in a process that prints its fingerprints instead of comparing them.
const CHILD: &str = "SUPPORT_EXACT_CHILD";

#[test]
fn every_step_has_its_fingerprint() {
    let found = steps::fingerprints().unwrap();
    if std::env::var_os(CHILD).is_some() {
        println!("{found}");
        return;
    }
    assert!(found == EXPECTED, "other bits than expected; found\n{found}\nexpected\n{EXPECTED}");
}

/// Runs this test once more in a process with a variable set.
fn fingerprints_with(variable: &str, value: &str) -> String {
    let program = std::env::current_exe().expect("the test knows its program");
    let output = Command::new(program)
        .args(["--exact", "every_step_has_its_fingerprint", "--nocapture"])
        .env(CHILD, "1")
        .env(variable, value)
        .output()
        .expect("the test can be run again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn one_thread_gives_the_same_bits() {
    let printed = fingerprints_with("RAYON_NUM_THREADS", "1");
    assert!(printed.contains(EXPECTED), "{printed}");
}

#[test]
fn three_threads_give_the_same_bits() {
    let printed = fingerprints_with("RAYON_NUM_THREADS", "3");
    assert!(printed.contains(EXPECTED), "{printed}");
}

#[test]
fn without_avx2_the_bits_are_the_same() {
    let printed = fingerprints_with("SUPPORT_NO_AVX2", "1");
    assert!(printed.contains(EXPECTED), "{printed}");
}
