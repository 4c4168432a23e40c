//! Times the lesson's work on 1, 10 and 100 times its rows, to see that time and memory grow in step with them:
//! `cargo run --release -p support --example growth`. A process for each size prints one line of JSON, with
//! processor times in nanoseconds for each row; the largest needs about 7 GB of memory.

use std::error::Error;
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use support::ndarray::{Array1, Array2};
use support::polars::prelude::DataFrame;
use support::*;

const SEED: u64 = 5;
const SIZES: [(&str, u64); 5] = [("train", 1), ("train", 10), ("train", 100), ("csv", 1), ("csv", 10)];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => {
            for (work, times) in SIZES {
                Command::new(std::env::current_exe()?).args([work, &times.to_string()]).status()?;
            }
            Ok(())
        }
        [work, times] if work == "train" => print("train", train(times.parse()?)?),
        [work, times] if work == "csv" => print("csv", csv(times.parse()?)?),
        _ => Err("usage: growth [train|csv TIMES]".into()),
    }
}

fn print(work: &str, mut results: Map<String, Value>) -> Result<(), Box<dyn Error>> {
    results.insert("work".into(), work.into());
    results.insert("peak_mb".into(), peak_mb().into());
    println!("{}", Value::Object(results));
    Ok(())
}

/// Training, predictions and curves on training sets of many seeds, one after the other.
fn train(times: u64) -> Result<Map<String, Value>, Box<dyn Error>> {
    let (first, _) = tables(0)?;
    let scaler = Preprocessor::fit(&first, data::CLASS)?.clip(5.0);
    let rows = first.height() * times as usize;
    let (mut features, mut labels) = (Vec::with_capacity(rows * 29), Vec::with_capacity(rows));
    let mut val = None;
    for seed in 0..times {
        let (train, table) = tables(seed)?;
        let block = scaler.transform(&train)?;
        features.extend(block.features.iter());
        labels.extend(block.labels);
        val.get_or_insert(scaler.transform(&table)?);
    }
    let train = Examples::new(Array2::from_shape_vec((rows, 29), features)?, Array1::from(labels))?;
    let (val, loaded_mb) = (val.ok_or("at least one block")?, peak_mb());

    let mut results = Map::from_iter([("rows".into(), json!(rows)), ("loaded_mb".into(), loaded_mb.into())]);
    let mut time = Times { rows, results: &mut results };
    let mut model = Sequential::new(29, SEED)
        .add(Dense::new(16).relu())
        .add(Dropout::new(0.5))
        .add(Dense::new(1).bias(-6.36))
        .compile(Adam::new(1e-3));
    // Rows in their order are read ahead by the processor, shuffled ones are not: once they no longer fit into its
    // cache, the difference between `ordered_epoch` and `bare_epoch` is what the memory takes to find them.
    let ordered = Dataset::new(&train).batch(2048);
    time.of("ordered_epoch", || ordered.iter().try_for_each(|batch| model.train_on_batch(&batch).map(drop)))?;
    drop(ordered);
    let batches = time.of("dataset", || Ok(Dataset::new(&train).shuffle(SEED).batch(2048)))?;
    time.of("shuffled_pass", || Ok(batches.iter().count()))?;
    time.of("bare_epoch", || batches.iter().try_for_each(|batch| model.train_on_batch(&batch).map(drop)))?;
    time.of("epoch", || model.fit(&batches, &val, FitConfig::epochs(1)))?;
    let predictions = time.of("predict", || model.predict(&train.features))?;
    let counts = time.of("counts", || ThresholdCounts::new(&train.labels, &predictions))?;
    time.of("curves", || Ok((counts.roc_curve(), counts.precision_recall_curve())))?;
    time.of("evaluate", || model.evaluate(&train))?;
    Ok(results)
}

/// Writing and reading a table of synthetic sets, one after the other.
fn csv(times: u64) -> Result<Map<String, Value>, Box<dyn Error>> {
    let mut table = data::synthetic(0);
    for seed in 1..times {
        table.vstack_mut(&data::synthetic(seed))?;
    }
    let file = std::env::temp_dir().join(format!("growth-{}.csv", std::process::id()));
    let rows = table.height();
    let mut results = Map::from_iter([("rows".into(), json!(rows)), ("loaded_mb".into(), peak_mb().into())]);
    let mut time = Times { rows, results: &mut results };
    time.of("write_csv", || data::write_csv(&table, &file))?;
    drop(table);
    let table = time.of("read_csv", || data::read_credit_card(&file))?;
    std::fs::remove_file(&file)?;
    time.of("split", || data::train_test_split(&table, 0.2, SEED))?;
    time.of("scale", || Preprocessor::fit(&table, data::CLASS)?.transform(&table))?;
    Ok(results)
}

/// The training and the validation table of one synthetic set.
fn tables(seed: u64) -> Result<(DataFrame, DataFrame), Box<dyn Error>> {
    let cleaned = data::log_column(&data::synthetic(seed).drop("Time")?, "Amount", 0.001)?;
    let (train, _) = data::train_test_split(&cleaned, 0.2, SEED)?;
    Ok(data::train_test_split(&train, 0.2, SEED)?)
}

struct Times<'a> {
    rows: usize,
    results: &'a mut Map<String, Value>,
}

impl Times<'_> {
    /// Does the work some times, notes the mean time for each row, and gives what the last one gave.
    fn of<T>(&mut self, name: &str, mut work: impl FnMut() -> Result<T, SupportError>) -> Result<T, SupportError> {
        let runs = 3 + 5_000_000 / self.rows; // the clock ticks every 10 ms
        let start = processor_time();
        for _ in 1..runs {
            drop(work()?);
        }
        let result = work()?;
        let each = (processor_time() - start).as_nanos() as f64 / (runs * self.rows) as f64;
        self.results.insert(name.into(), json!((each * 10.0).round() / 10.0));
        Ok(result)
    }
}

/// The time that all threads of this process have computed, which other programs disturb less than the time that has
/// passed; where the system does not say it, the time that has passed.
fn processor_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in brackets: the state and ten numbers, then the ticks in the program and in the system for it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Vec<u64> = fields.skip(11).take(2).filter_map(|ticks| ticks.parse().ok()).collect();
    match ticks.as_slice() {
        [program, system] => Duration::from_millis(10 * (program + system)),
        _ => START.elapsed(),
    }
}

/// The most memory that this process had so far, where the system says it.
fn peak_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? / 1024)
}
