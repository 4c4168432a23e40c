//! The steps of the lesson on a set that needs no table, each as a fingerprint of its bits: natively (`main.rs`) and as
//! WebAssembly (`support/examples/wasm.rs`).

use learn::bootstrap::{Interval, bootstrap, bootstrap_difference, bootstrap_statistic};
use learn::calibration::{Calibration, multiply_odds};
use learn::cost::Costs;
use learn::curves::{precision_recall_curve, roc_curve};
use learn::dataset::Dataset;
use learn::early_stopping::EarlyStopping;
use learn::error::Result;
use learn::examples::Examples;
use learn::keras_auc::keras_auc;
use learn::layers::{Dense, Dropout};
use learn::loss::BinaryFocalCrossentropy;
use learn::low_signal::low_signal;
use learn::metrics::{Metric, brier_score, log_loss};
use learn::model::Sequential;
use learn::optimizers::{Adam, RmsProp, Sgd};
use learn::permutation_importance::permutation_importance;
use learn::random::{permutation, random_choice};
use learn::recalibration::{IsotonicRegression, PlattScaling};
use learn::smote::smote;
use learn::training::{ClassWeight, FitConfig};
use ndarray::s;

use crate::fingerprint::{of_bytes, of_examples, of_f32, of_f64, of_history, of_rows};

const SEED: u64 = 5;

/// The steps and the fingerprints of what they give, wherever they run.
pub const EXPECTED: &str = "\
low signal             fe7bc5487c120011
permutation            33891c2158e42615
choice of rows         f7c7b9e4560848b2
first weights          cae788e09dd40dd6
trained weights        2d1b8c84f75ae663
history                5151040e173abe42
class weights          004787e476657cfd
focal loss             11f0ec5aba72facb
SGD                    bd369e3724f72fa3
RMSprop                ae51d9b8232c25e8
oversampling           bd1311d01e73744d
SMOTE                  639e132dbfd63c32
permutation importance 94ac06f2f30f3415
logits                 a4d37efe32613bdc
predictions            a810894a46aa9f99
metrics                51c475a39cec0bd7
ROC curve              9de9233ba5d50fe3
precision and recall   e31b4abb44d33acf
Keras' areas           99519020a0ae13d7
losses                 5edc511fe292bdd3
bootstrap              376243c42c0cdd0f
paired bootstrap       6adc66260bc71b85
own statistic          73f8b06305813dd4
calibration            1ce6129b8d5b0d66
odds                   859c1f700ddf9880
Platt scaling          4acb4d1e56201810
isotonic regression    a9cff5de0d58fe05
costs                  cf8e8497e090be15
costs by amount        c56edcd1944802bb
saved weights          e026301130049141
gradient               a0bfd47e48a6f8be
";

fn model(features: usize) -> Sequential {
    Sequential::new(features, SEED)
        .add(Dense::new(16).relu())
        .add(Dropout::new(0.3))
        .add(Dense::new(7).relu())
        .add(Dense::new(1).bias(-1.8))
        .compile(Adam::new(1e-3))
}

/// Runs the steps; one line for each.
pub fn fingerprints() -> Result<String> {
    let mut lines = Vec::new();
    let mut step = |name: &str, fingerprint: String| lines.push(format!("{name:<22} {fingerprint}\n"));
    let customers = low_signal(SEED);
    step("low signal", of_examples(&customers));
    let order = permutation(customers.len(), SEED);
    step("permutation", of_rows(order.iter().copied()));
    step("choice of rows", of_rows(random_choice(1000, 500, SEED)?));
    let (train, val) = (customers.select(&order[..4_000]), customers.select(&order[4_000..]));
    let inputs = train.names.len();

    let batches = Dataset::new(&train).shuffle(SEED).batch(512);
    let mut baseline = model(inputs);
    step("first weights", of_f32(baseline.weights().values()));
    let stopping = EarlyStopping::monitor("val_prc").patience(2).restore_best_weights();
    let history = baseline.fit(&batches, &val, FitConfig::epochs(8).early_stopping(stopping))?;
    step("trained weights", of_f32(baseline.weights().values()));
    step("history", of_history(&history));
    let weights = ClassWeight::balanced(&train)?;
    for (name, mut model, config) in [
        ("class weights", model(inputs), FitConfig::epochs(2).class_weight(weights)),
        ("focal loss", model(inputs).loss(BinaryFocalCrossentropy::new(2.0)), FitConfig::epochs(2)),
        ("SGD", model(inputs).compile(Sgd::new(0.1).momentum(0.9)), FitConfig::epochs(1)),
        ("RMSprop", model(inputs).compile(RmsProp::new(1e-3)), FitConfig::epochs(1)),
    ] {
        model.fit(&batches, None, config)?;
        step(name, of_f32(model.weights().values()));
    }
    let (negatives, positives) = train.by_class();
    let endless = |examples| Dataset::new(examples).buffered_shuffle(500, SEED).repeat();
    let mixed = Dataset::sample_from_datasets([endless(&positives), endless(&negatives)], [0.5, 0.5], SEED)?;
    let mut oversampled = model(inputs);
    oversampled.fit(&mixed.batch(512).prefetch(2), None, FitConfig::epochs(2).steps_per_epoch(10))?;
    step("oversampling", of_f32(oversampled.weights().values()));
    let few = Examples::new(val.features.slice(s![..500, ..5]).to_owned(), val.labels.slice(s![..500]).to_owned())?;
    step("SMOTE", of_examples(&smote(&few, 5, SEED)?));
    let importance = permutation_importance(&model(5), &few, Metric::Auc, 3, SEED)?;
    step("permutation importance", of_f64(importance.means));

    let (logits, p, labels) = (baseline.logits(&val.features)?, baseline.predict(&val.features)?, &val.labels);
    step("logits", of_f32(&logits));
    step("predictions", of_f32(&p));
    let metrics = baseline.evaluate(&val)?;
    step("metrics", of_f64(Metric::ALL.map(|metric| metrics.get(metric))));
    step("ROC curve", of_f64(roc_curve(labels, &logits)?.true_positive_rate));
    step("precision and recall", of_f64(precision_recall_curve(labels, &logits)?.precision));
    let keras = keras_auc(labels, &p)?;
    step("Keras' areas", of_f64([keras.roc, keras.pr]));
    step("losses", of_f64([log_loss(labels, &p)?, brier_score(labels, &p)?]));
    let ends = |intervals: Vec<Interval>| of_f64(intervals.iter().flat_map(|i| [i.lower, i.upper]));
    let asked = [Metric::Auc, Metric::Prc, Metric::BrierScore, Metric::Recall];
    step("bootstrap", ends(bootstrap(labels, &p, &asked, 100, SEED)?));
    step("paired bootstrap", ends(bootstrap_difference(labels, (&p, 0.1), &p, &asked, 100, SEED)?));
    let mean = |rows: &[u32]| rows.iter().map(|&row| f64::from(p[row as usize])).sum::<f64>() / rows.len() as f64;
    step("own statistic", ends(vec![bootstrap_statistic(p.len(), mean, 0.9, 100, SEED)?]));
    let bins = Calibration::by_positives(labels, &p, 5)?.bins;
    step("calibration", of_f64(bins.iter().flat_map(|bin| [bin.mean_prediction, bin.interval().0, bin.interval().1])));
    step("odds", of_f32(&multiply_odds(&p, 0.01)?));
    step("Platt scaling", of_f32(&PlattScaling::fit(labels, &logits)?.predict(&logits)?));
    step("isotonic regression", of_f32(&IsotonicRegression::fit(labels, &logits)?.predict(&logits)?));
    let costs = Costs { false_alarm: 5.0, missed: 15.0 };
    step("costs", of_f64(costs.curve(labels, &p)?.costs));
    let amounts = val.features.column(0).mapv(|feature| f64::from(feature.abs()) * 1000.0);
    step("costs by amount", of_f64(costs.with_amounts(&amounts)?.curve(labels, &p)?.costs));
    step("saved weights", of_bytes(baseline.weights_to_bytes()?));
    let batch = batches.iter().next().expect("the set has a first batch");
    step("gradient", of_f32(&baseline.gradient(&batch)?));
    Ok(lines.concat())
}
