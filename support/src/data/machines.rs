//! An invented table like those that readers bring along: text, gaps, a number for each row, and a column from the future.

use std::path::Path;

use polars::df;
use polars::prelude::DataFrame;
use rand_chacha::ChaCha8Rng;

use super::write_csv;
use learn::error::Result;
use learn::math::ln;
use learn::random::{Purpose, generator, normal_pair, uniform};

const ROWS: usize = 20_000;
const FAILURES: usize = 600;
const SITES: [(&str, f64); 4] = [("harbour", 0.5), ("north", 0.0), ("quarry", 1.0), ("south", -0.3)];

/// 20,000 inspections of pumps, 600 of which (3 %) were followed by a failure within 30 days. Invented; the seed decides every
/// number, and there is no licence to mind.
///
/// `inspection` (a running number), `site` (one of four names), `age_years`, `hours_since_service`, `temperature` (°C),
/// `vibration` (mm/s), `pressure` (bar; missing in one row of twelve, in three of twelve at the harbour), `downtime_hours`
/// (known only after a failure, and so a trap) and `failed` (yes or no).
pub fn machines(seed: u64) -> DataFrame {
    // The streams 0 to 3 of this purpose are those of the credit card set, and 4 that of `low_signal`.
    let mut rng = generator(seed, Purpose::Synthetic, 5 << 32);
    let pumps: Vec<Pump> = (0..ROWS).map(|_| Pump::draw(&mut rng)).collect();
    let mut falling = each(&pumps, |pump| pump.inclination);
    falling.sort_by(|a, b| b.total_cmp(a));
    let fails = |pump: &Pump| pump.inclination > falling[FAILURES];

    let frame = df!(
        "inspection" => (1..=ROWS as i64).collect::<Vec<_>>(),
        "site" => each(&pumps, |pump| SITES[pump.site].0),
        "age_years" => each(&pumps, |pump| pump.age),
        "hours_since_service" => each(&pumps, |pump| pump.hours),
        "temperature" => each(&pumps, |pump| pump.temperature),
        "vibration" => each(&pumps, |pump| pump.vibration),
        "pressure" => each(&pumps, |pump| pump.pressure),
        "downtime_hours" => each(&pumps, |pump| if fails(pump) { pump.downtime } else { 0.0 }),
        "failed" => each(&pumps, |pump| if fails(pump) { "yes" } else { "no" }),
    );
    frame.expect("the columns have one length and different names")
}

fn each<T>(pumps: &[Pump], value: impl Fn(&Pump) -> T) -> Vec<T> {
    pumps.iter().map(value).collect()
}

/// Writes [`machines`] to a CSV file, to practise on.
///
/// # Errors
/// When the file can't be written.
pub fn example_csv(path: impl AsRef<Path>, seed: u64) -> Result<()> {
    write_csv(&machines(seed), path)
}

struct Pump {
    site: usize,
    age: f64,
    hours: f64,
    temperature: f64,
    vibration: f64,
    pressure: Option<f64>,
    /// The hours that a failure would cost.
    downtime: f64,
    /// Those with the highest fail.
    inclination: f64,
}

impl Pump {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let site = (uniform(rng) * SITES.len() as f64) as usize;
        let age = round(20.0 * uniform(rng), 1);
        let hours = round(-900.0 * ln(1.0 - uniform(rng)), 0);
        let (warmth, shaking) = normal_pair(rng);
        let (strain, leak) = normal_pair(rng);
        let temperature = round(58.0 + 6.0 * warmth + 2.0 * strain, 1);
        let amplitude = 1.5 + 0.35 * shaking + 0.25 * strain;
        let vibration = round(amplitude * amplitude, 2);
        let is_missing = uniform(rng) < if site == 0 { 3.0 / 12.0 } else { 1.0 / 12.0 };
        let pressure = (!is_missing).then(|| round(6.0 - 0.6 * leak, 2));
        let downtime = round(4.0 - 20.0 * ln(1.0 - uniform(rng)), 1);
        let share = uniform(rng).max(f64::MIN_POSITIVE);
        let log_odds = SITES[site].1
            + 0.08 * age
            + 0.0006 * hours
            + 0.08 * (temperature - 58.0)
            + 0.7 * (vibration - 2.4)
            + 0.9 * leak
            + 0.02 * (temperature - 58.0) * (vibration - 2.4);
        let inclination = log_odds + ln(share / (1.0 - share));
        Self { site, age, hours, temperature, vibration, pressure, downtime, inclination }
    }
}

fn round(value: f64, decimals: usize) -> f64 {
    let unit = [1.0, 10.0, 100.0][decimals];
    (value * unit).round() / unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{LINE, drop_columns, read_csv};

    #[test]
    fn has_the_counts_of_its_description() {
        let frame = machines(1);
        assert_eq!(frame.shape(), (ROWS, 9));
        let failed = frame.column("failed").unwrap();
        assert_eq!(failed.str().unwrap().iter().flatten().filter(|&text| text == "yes").count(), FAILURES);
        let missing = frame.column("pressure").unwrap().null_count();
        assert!((ROWS / 9..ROWS / 7).contains(&missing), "{missing}");
        assert_eq!(frame, machines(1));
        assert_ne!(frame, machines(2));
    }

    #[test]
    fn downtime_gives_the_label_away() {
        let frame = machines(1);
        let hours: Vec<f64> = frame.column("downtime_hours").unwrap().f64().unwrap().into_no_null_iter().collect();
        let failed = frame.column("failed").unwrap();
        assert!(
            hours.iter().zip(failed.str().unwrap().iter()).all(|(&hours, text)| (hours > 0.0) == (text == Some("yes")))
        );
    }

    #[test]
    fn the_file_holds_the_same_table() {
        let path = std::env::temp_dir().join(format!("support-machines-{}.csv", std::process::id()));
        example_csv(&path, 3).unwrap();
        let read = read_csv(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        assert!(drop_columns(&read, &[LINE]).unwrap().equals_missing(&machines(3)));
    }
}
