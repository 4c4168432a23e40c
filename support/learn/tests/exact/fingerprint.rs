//! All bits of a result, boiled down to one number.

use learn::examples::Examples;
use learn::history::History;
use learn::metrics::Metric;

/// FNV-1a over the bits of everything that is added.
struct Fingerprint(u64);

impl Fingerprint {
    fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
}

pub fn of_bits(bits: impl IntoIterator<Item = u64>) -> String {
    let mut fingerprint = Fingerprint(0xcbf2_9ce4_8422_2325);
    bits.into_iter().flat_map(u64::to_le_bytes).for_each(|byte| fingerprint.add(byte));
    format!("{:016x}", fingerprint.0)
}

pub fn of_f64(values: impl IntoIterator<Item = f64>) -> String {
    of_bits(values.into_iter().map(f64::to_bits))
}

pub fn of_f32<'a>(values: impl IntoIterator<Item = &'a f32>) -> String {
    of_bits(values.into_iter().map(|value| value.to_bits().into()))
}

pub fn of_rows(rows: impl IntoIterator<Item = usize>) -> String {
    of_bits(rows.into_iter().map(|row| row as u64))
}

pub fn of_bytes(bytes: impl IntoIterator<Item = u8>) -> String {
    of_bits(bytes.into_iter().map(u64::from))
}

pub fn of_history(history: &History) -> String {
    let metrics = history.train.iter().chain(&history.val);
    of_f64(metrics.flat_map(|metrics| Metric::ALL.map(|metric| metrics.get(metric))))
}

pub fn of_examples(examples: &Examples) -> String {
    let features = examples.features.iter().map(|value| value.to_bits().into());
    of_bits(features.chain(examples.labels.iter().map(|&label| label.into())))
}
