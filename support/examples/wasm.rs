//! The steps of the two `tests/exact`, the core's and the lesson's, as WebAssembly, for `tests/wasm/run`, which compares what
//! they find there with what is expected.

#[path = "../learn/tests/exact/steps.rs"]
mod core_steps;
#[path = "../learn/tests/exact/fingerprint.rs"]
mod fingerprint;
#[path = "../tests/exact/steps.rs"]
mod steps;

/// Runs the steps and hands back the address of their text; 0 where one of them failed. Its length stands in the four bytes
/// before it.
#[unsafe(no_mangle)]
pub extern "C" fn fingerprints() -> *const u8 {
    let both = core_steps::fingerprints().and_then(|core| Ok(core + &steps::fingerprints()?));
    both.map_or(std::ptr::null(), |text| address(&text))
}

/// The address of the text that the steps must give, as `fingerprints` has it.
#[unsafe(no_mangle)]
pub extern "C" fn expected() -> *const u8 {
    address(&[core_steps::EXPECTED, steps::EXPECTED].concat())
}

fn address(text: &str) -> *const u8 {
    let length = (text.len() as u32).to_le_bytes();
    let bytes: &'static mut [u8] = [&length, text.as_bytes()].concat().leak();
    bytes[4..].as_ptr()
}
