//! Times the parts that the lesson is made of, one by one: `cargo bench -p support [-- NAME]`.

use std::path::PathBuf;
use std::sync::LazyLock;

use divan::{Bencher, black_box};
use support::ndarray::Array1;
use support::polars::prelude::DataFrame;
use support::*;

const SEED: u64 = 5;
const BATCH_SIZE: usize = 2048;

/// The training set of the lesson, as a table and ready for the network, and the predictions after an epoch.
struct Lesson {
    frame: DataFrame,
    train: Examples,
    predictions: Array1<f32>,
}

static LESSON: LazyLock<Lesson> = LazyLock::new(|| {
    let prepare = || {
        let raw = data::synthetic(data::SYNTHETIC_SEED);
        let cleaned = data::log_column(&raw.drop("Time").unwrap(), "Amount", 0.001)?;
        let (frame, _) = data::train_test_split(&cleaned, 0.2, SEED)?;
        let (frame, _) = data::train_test_split(&frame, 0.2, SEED)?;
        let train = Preprocessor::fit(&frame, data::CLASS)?.clip(5.0).transform(&frame)?;
        let mut model = model();
        model.fit(&batches(&train), None, FitConfig::epochs(1))?;
        let predictions = model.predict(&train.features)?;
        Ok::<_, SupportError>(Lesson { frame, train, predictions })
    };
    prepare().unwrap()
});

fn model() -> Sequential {
    Sequential::new(29, SEED)
        .add(Dense::new(16).relu())
        .add(Dropout::new(0.5))
        .add(Dense::new(1).bias(-6.36))
        .compile(Adam::new(1e-3))
}

fn batches(train: &Examples) -> Dataset {
    Dataset::new(train).shuffle(SEED).batch(BATCH_SIZE)
}

fn main() {
    LazyLock::force(&LESSON);
    divan::main();
}

#[divan::bench]
fn train_on_batch(bencher: Bencher) {
    let batch = batches(&LESSON.train).iter().next().unwrap();
    let mut model = model();
    bencher.bench_local(|| model.train_on_batch(&batch).unwrap());
}

#[divan::bench]
fn predict(bencher: Bencher) {
    let model = model();
    bencher.bench_local(|| model.predict(&LESSON.train.features).unwrap());
}

#[divan::bench]
fn evaluate(bencher: Bencher) {
    let model = model();
    bencher.bench_local(|| model.evaluate(&LESSON.train).unwrap());
}

#[divan::bench]
fn shuffled_pass(bencher: Bencher) {
    let batches = batches(&LESSON.train);
    bencher.bench(|| batches.iter().map(|batch| batch.len()).sum::<usize>());
}

#[divan::bench]
fn oversampled_278_batches(bencher: Bencher) {
    let (negatives, positives) = LESSON.train.by_class();
    let endless = |examples| Dataset::new(examples).buffered_shuffle(100_000, SEED).repeat();
    let mixed = [endless(&positives), endless(&negatives)];
    let batches = Dataset::sample_from_datasets(mixed, [0.5, 0.5], SEED).unwrap().batch(BATCH_SIZE).prefetch(2);
    bencher.bench(|| batches.iter().take(278).map(|batch| batch.len()).sum::<usize>());
}

#[divan::bench]
fn threshold_counts(bencher: Bencher) {
    bencher.bench(|| ThresholdCounts::new(&LESSON.train.labels, &LESSON.predictions).unwrap());
}

#[divan::bench]
fn both_curves(bencher: Bencher) {
    let counts = ThresholdCounts::new(&LESSON.train.labels, &LESSON.predictions).unwrap();
    bencher.bench(|| (black_box(&counts).roc_curve(), black_box(&counts).precision_recall_curve()));
}

#[divan::bench]
fn roc_auc(bencher: Bencher) {
    bencher.bench(|| roc_auc_score(&LESSON.train.labels, &LESSON.predictions).unwrap());
}

#[divan::bench]
fn fit_scaler_and_transform(bencher: Bencher) {
    bencher.bench(|| Preprocessor::fit(&LESSON.frame, data::CLASS).unwrap().transform(&LESSON.frame).unwrap());
}

#[divan::bench(sample_count = 5)]
fn read_csv(bencher: Bencher) {
    let file: PathBuf = std::env::temp_dir().join(format!("parts-{}.csv", std::process::id()));
    data::write_csv(&data::synthetic(data::SYNTHETIC_SEED), &file).unwrap();
    bencher.bench_local(|| data::read_credit_card(&file).unwrap());
    std::fs::remove_file(&file).unwrap();
}

#[divan::bench(sample_count = 10)]
fn synthetic() -> DataFrame {
    data::synthetic(data::SYNTHETIC_SEED)
}
