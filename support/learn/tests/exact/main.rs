//! The same bits everywhere. `support/tests/exact` has the whole lesson, tables and figures included, on one thread and on
//! many; here are the steps that run in a browser, too.

mod fingerprint;
mod steps;

#[test]
fn every_step_has_its_fingerprint() {
    let (found, expected) = (steps::fingerprints().unwrap(), steps::EXPECTED);
    assert!(found == expected, "other bits than expected; found\n{found}\nexpected\n{expected}");
}
