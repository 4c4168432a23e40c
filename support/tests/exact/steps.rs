//! The lesson on a small part of the synthetic set, step by step, each as a fingerprint of its bits: natively (`main.rs`) and as
//! WebAssembly (`examples/wasm.rs`).

use support::polars::prelude::DataFrame;
use support::*;

use crate::fingerprint::{of_bytes, of_examples, of_f32, of_f64, of_history, of_rows};

const SEED: u64 = 5;
const COSTS: Costs = Costs { false_alarm: 200.0, missed: 5000.0 };

/// The steps and the fingerprints of what they give.
pub const EXPECTED: &str = "\
synthetic set          8dfc5d88b6fe361a
description            83c65b4852c55bdc
logarithm              0cf9a9701b304086
scaler                 ccb774792029247c
scaled features        0c234385a7410530
first weights          d5676035a44ba875
trained weights        0ff2f55aabd69216
history                76d406f43edb19e2
weighted history       b6ddcb15e6c60ad4
oversampled weights    674496c0c999ff5c
the same, prefetched   674496c0c999ff5c
predictions            109cc9a440f5271b
ROC curve              c4c3abfc2e50be9f
Keras' areas           59d904da8f52057a
bootstrap              a2cc7fa54a354e92
figure                 e915c6ef341a219c
weights by Sgd         849ba3e669b0a463
weights by RmsProp     ad6ba49334d25b17
calibration            c61605585da1bc8d
odds                   607b208e7bdc02ae
paired bootstrap       a178e5c78de6df5d
costs                  6eda25920e62fe1b
losses                 31673125c7aba591
choice of rows         f7c7b9e4560848b2
permutation            f83002103bbb1f6d
all figures            92c271cce869154c
low signal             fe7bc5487c120011
machines               b0d315a1e1c47405
CSV text               bf4d694bc1aef3e1
overview               bd378d0e2c62a8cd
later rows             134f4fa5b362371b
another site           eba4bcbb614281fd
stratified split       ce6acbbab4d0a0d9
encoded features       dd22265a62311230
saved weights          d21fa1c7264f8763
saved model            7e9b573bc621f44e
";

fn of_frame(frame: &DataFrame) -> String {
    let columns = frame.columns().iter().filter_map(|column| column.f64().ok());
    of_f64(columns.flat_map(|column| column.iter().flatten()))
}

fn model() -> Sequential {
    Sequential::new(29, SEED)
        .add(Dense::new(16).relu())
        .add(Dropout::new(0.3))
        .add(Dense::new(7).relu())
        .add(Dense::new(1).bias(-6.0))
        .compile(Adam::new(1e-3))
}

/// Runs the steps; one line for each.
pub fn fingerprints() -> Result<String, SupportError> {
    let mut lines = Vec::new();
    let mut step = |name: &str, fingerprint: String| lines.push(format!("{name:<22} {fingerprint}\n"));
    let raw = data::synthetic(data::SYNTHETIC_SEED);
    step("synthetic set", of_frame(&raw));
    step("description", of_bytes(data::describe(&raw, &["V1", "Amount"])?.to_string().into_bytes()));
    let cleaned = data::log_column(&raw.drop("Time")?, "Amount", 0.001)?;
    step("logarithm", of_frame(&cleaned.select(["Log Amount"])?));
    let (train, test) = data::train_test_split(&cleaned, 0.2, SEED)?;
    let scaler = Preprocessor::fit(&train, data::CLASS)?.clip(5.0);
    step("scaler", of_f64(scaler.mean().into_iter().chain(scaler.scale())));
    let (train, test) = (scaler.transform(&train)?, scaler.transform(&test)?);
    step("scaled features", of_f32(&test.features));
    let train = train.select(&(0..30_000).collect::<Vec<_>>());

    let batches = Dataset::new(&train).shuffle(SEED).batch(2048);
    let mut baseline = model();
    step("first weights", of_f32(baseline.weights().values()));
    let history = baseline.fit(&batches, &test, FitConfig::epochs(3))?;
    step("trained weights", of_f32(baseline.weights().values()));
    step("history", of_history(&history));
    let mut weighted = model();
    let history = weighted.fit(&batches, &test, FitConfig::epochs(2).class_weight(ClassWeight::balanced(&train)?))?;
    step("weighted history", of_history(&history));
    let (negatives, positives) = train.by_class();
    let endless = |examples| Dataset::new(examples).buffered_shuffle(1000, SEED).repeat();
    let mixed = Dataset::sample_from_datasets([endless(&positives), endless(&negatives)], [0.5, 0.5], SEED)?;
    for (name, ahead) in [("oversampled weights", 0), ("the same, prefetched", 2)] {
        let mut model = model();
        let dataset = mixed.clone().batch(1000).prefetch(ahead);
        model.fit(&dataset, None, FitConfig::epochs(2).steps_per_epoch(20))?;
        step(name, of_f32(model.weights().values()));
    }

    let predictions = baseline.predict(&test.features)?;
    step("predictions", of_f32(&predictions));
    step("ROC curve", of_f64(roc_curve(&test.labels, &predictions)?.true_positive_rate));
    let keras = keras_auc(&test.labels, &predictions)?;
    step("Keras' areas", of_f64([keras.roc, keras.pr]));
    let intervals = bootstrap(&test.labels, &predictions, &[Metric::Prc, Metric::BrierScore], 40, SEED)?;
    step("bootstrap", of_f64(intervals.into_iter().flat_map(|interval| [interval.lower, interval.upper])));
    let roc = baseline.roc_curve(&test)?;
    step("figure", of_bytes(plot::roc(&[("Test", &roc, plot::solid(0))])?.svg().bytes()));

    for (name, compiled) in [
        ("weights by Sgd", model().compile(Sgd::new(0.1).momentum(0.9))),
        ("weights by RmsProp", model().compile(RmsProp::new(1e-3))),
    ] {
        let mut model = compiled;
        model.fit(&batches, None, FitConfig::epochs(1))?;
        step(name, of_f32(model.weights().values()));
    }
    let bins = Calibration::by_positives(&test.labels, &predictions, 5)?;
    let ends = bins.bins.iter().flat_map(|bin| [bin.mean_prediction, bin.interval().0, bin.interval().1]);
    step("calibration", of_f64(ends));
    step("odds", of_f32(&multiply_odds(&predictions, 0.01)?));
    let measures = [Metric::Auc, Metric::CrossEntropy, Metric::Recall];
    let difference = bootstrap_difference(&test.labels, (&predictions, 0.1), &predictions, &measures, 40, SEED)?;
    step("paired bootstrap", of_f64(difference.into_iter().flat_map(|interval| [interval.lower, interval.upper])));
    let curve = COSTS.curve(&test.labels, &predictions)?;
    step("costs", of_f64(curve.points().into_iter().flat_map(|(threshold, cost)| [threshold, cost])));
    step("losses", of_f64([log_loss(&test.labels, &predictions)?, brier_score(&test.labels, &predictions)?]));
    step("choice of rows", of_rows(random_choice(1000, 500, SEED)?));
    step("permutation", of_rows(permutation(1000, SEED)));

    let steps = baseline.precision_recall_curve(&test)?;
    let matrix = baseline.evaluate_at(&test, steps.threshold_for_recall(0.8)?)?.confusion_matrix;
    let curves = [("Costs", curve.points(), plot::dashed(1))];
    let counts = ThresholdCounts::new(&test.labels, &predictions)?;
    let runs: Vec<_> = history.train(Metric::Loss).into_iter().enumerate().map(|(i, loss)| (i + 1, loss)).collect();
    let figures = [
        plot::imbalance(negatives.len(), positives.len())?,
        plot::joint(&test, "V5", "V6")?,
        plot::loss(&[("Weighted", &history)])?,
        plot::history(&history)?,
        plot::confusion_matrix(&matrix, "Test")?,
        plot::precision_recall_at(&[("Test", &steps, plot::solid(0))], &[0.5])?,
        plot::calibration_logit(&[("Test", &bins, plot::solid(0))])?,
        plot::histograms(&test.labels, &[("Test", &predictions)])?,
        plot::keras_thresholds(&test.labels, &[("Test", &predictions)])?,
        plot::lines("threshold", "cost", &curves)?,
        plot::lines_log_x("threshold", "cost", &curves)?,
        plot::scatter("threshold", "cost", &curves, &[])?,
        plot::cost_curve("cost", &curve, &[("0.5", 0.5)], &[0.1, 0.2])?,
        plot::capacity(&[("Test", &counts, plot::solid(0))], 0.4, 100.0)?,
        plot::by_split("loss", &[("Weighted", runs.clone())])?,
        plot::learning_curve("loss", &[("Weighted", runs)])?,
    ];
    step("all figures", of_bytes(figures.each_ref().map(|figure| figure.svg()).concat().into_bytes()));

    let customers = data::low_signal(SEED);
    step("low signal", of_examples(&customers));
    let pumps = data::machines(SEED);
    step("machines", of_frame(&pumps));
    let csv = data::csv_bytes(&pumps)?;
    step("CSV text", of_bytes(csv.iter().copied()));
    let read = data::read_csv_bytes("pumps.csv", &csv)?;
    step("overview", of_bytes(data::overview(&read)?.to_string().into_bytes()));
    let later = data::drop_missing(&data::time_split(&read, "inspection", 0.3)?.1, &["pressure"])?;
    step("later rows", of_frame(&later));
    step("another site", of_frame(&data::group_split(&later, "site", 0.3, SEED)?.0));
    let pumps = data::binary_label(&data::drop_columns(&pumps, &["inspection", "downtime_hours"])?, "failed", "yes")?;
    let (train, _, test) = data::train_val_test_split(&pumps, "failed", SEED)?;
    step("stratified split", of_frame(&test));
    let scaler = Preprocessor::fit_encoded(&train, &Encoder::fit(&train, "failed")?)?.clip(5.0);
    step("encoded features", of_examples(&scaler.transform(&test)?));

    step("saved weights", of_bytes(baseline.weights_to_bytes()?));
    let small = Sequential::new(scaler.names().len(), SEED).add(Dense::new(1));
    step("saved model", of_bytes(small.to_bytes(&scaler)?));
    Ok(lines.concat())
}
