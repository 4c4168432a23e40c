//! Times the parts that a learner waits for and prints them as one line of JSON, medians in milliseconds, with the peak
//! memory in megabytes:
//! `cargo run --release -p support --example timing [-- --csv FILE]`.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::json;
use support::*;

const SEED: u64 = 5;

/// The median time of several runs in milliseconds, and what the last one gave.
fn time<T>(runs: usize, mut work: impl FnMut() -> Result<T, SupportError>) -> Result<(f64, T), SupportError> {
    let mut times = Vec::new();
    loop {
        let start = Instant::now();
        let result = work()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        if times.len() == runs {
            times.sort_by(f64::total_cmp);
            return Ok((times[runs / 2], result));
        }
    }
}

fn model() -> Sequential {
    Sequential::new(29, SEED)
        .add(Dense::new(16).relu())
        .add(Dropout::new(0.5))
        .add(Dense::new(1).bias(-6.36))
        .compile(Adam::new(1e-3))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let csv = match arguments.as_slice() {
        [] => None,
        [flag, file] if flag == "--csv" => Some(PathBuf::from(file)),
        _ => return Err("usage: timing [--csv FILE]".into()),
    };
    let (synthetic, raw) = time(5, || Ok(data::synthetic(data::SYNTHETIC_SEED)))?;
    let written = std::env::temp_dir().join(format!("timing-{}.csv", std::process::id()));
    if csv.is_none() {
        data::write_csv(&raw, &written)?;
    }
    let file = csv.as_ref().unwrap_or(&written);
    let loaded = time(5, || data::read_credit_card(file));
    if csv.is_none() {
        std::fs::remove_file(&written)?;
    }
    let (load_csv, raw) = loaded?;

    let cleaned = data::log_column(&raw.drop("Time")?, "Amount", 0.001)?;
    let (train, _) = data::train_test_split(&cleaned, 0.2, SEED)?;
    let (train, val) = data::train_test_split(&train, 0.2, SEED)?;
    let scaler = Preprocessor::fit(&train, data::CLASS)?.clip(5.0);
    let (train, val) = (scaler.transform(&train)?, scaler.transform(&val)?);
    let batches = Dataset::new(&train).shuffle(SEED).batch(2048);
    let (negatives, positives) = train.by_class();
    let endless = |examples| Dataset::new(examples).buffered_shuffle(100_000, SEED).repeat();
    let resampled = Dataset::sample_from_datasets([endless(&positives), endless(&negatives)], [0.5, 0.5], SEED)?;
    let resampled = resampled.batch(2048).prefetch(2);

    let bare = || {
        let mut model = model();
        time(21, || {
            for batch in batches.iter() {
                model.train_on_batch(&batch)?;
            }
            Ok(())
        })
    };
    let (epoch_bare, ()) = bare()?;
    let (epoch_bare_1t, ()) = rayon::ThreadPoolBuilder::new().num_threads(1).build()?.install(bare)?;
    let mut full = model();
    let (epoch_full, _) = time(21, || full.fit(&batches, &val, FitConfig::epochs(1)))?;
    let mut oversampled = model();
    let mut epochs = |steps, runs| {
        time(runs, || oversampled.fit(&resampled, &val, FitConfig::epochs(4).steps_per_epoch(steps)))
            .map(|(time, _)| time / 4.0)
    };
    let (resampled_epoch_278, short_epoch_20) = (epochs(278, 7)?, epochs(20, 15)?);
    let (predict_all, predictions) = time(21, || full.predict(&train.features))?;
    let (curves, _) = time(11, || {
        let counts = ThresholdCounts::new(&train.labels, &predictions)?;
        Ok((counts.roc_curve(), counts.precision_recall_curve()))
    })?;
    println!(
        "{}",
        json!({
            "rows": train.len(), "threads": std::thread::available_parallelism()?.get(),
            "epoch_bare_1t": epoch_bare_1t, "epoch_bare": epoch_bare, "epoch_full": epoch_full,
            "resampled_epoch_278": resampled_epoch_278, "short_epoch_20": short_epoch_20,
            "predict_all": predict_all, "load_csv": load_csv, "synthetic": synthetic, "curves": curves,
            "peak_mb": peak_memory(),
        })
    );
    Ok(())
}

/// The most memory that this process has held, in millions of bytes; Linux tells it.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}
