//! Compares the crate with vectors computed by Keras, scikit-learn and pandas.
//!
//! The vectors lie in tests/reference, with a README that says how they were made and how close to come; the tolerances
//! here are the ones it advises. The environment variable `REFERENCE_DIR` names another folder of the same structure.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use ndarray::{Array1, Array2, Axis};
use serde_json::Value;
use support::polars::prelude::{Column, DataFrame, NamedFrom, Series};
use support::*;

fn folder() -> PathBuf {
    match std::env::var_os("REFERENCE_DIR") {
        Some(folder) => folder.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference"),
    }
}

fn read(name: &str) -> Value {
    let path = folder().join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A number, which JSON has to write as text when it is NaN or infinite.
fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap_or_else(|_| panic!("'{text}' is not a number")),
        value => value.as_f64().unwrap_or_else(|| panic!("{value} is not a number")),
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(number).collect()
}

fn floats(value: &Value) -> Vec<f32> {
    numbers(value).into_iter().map(|number| number as f32).collect()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("{value} is not a list"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is not text"))
}

fn count(value: &Value) -> usize {
    number(value) as usize
}

fn labels(value: &Value) -> Array1<bool> {
    numbers(value).into_iter().map(|label| label == 1.0).collect()
}

fn matrix(rows: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = list(rows).iter().map(numbers).collect();
    let columns = rows.first().map_or(0, Vec::len);
    Array2::from_shape_vec((rows.len(), columns), rows.concat()).unwrap()
}

/// Whether two numbers are as near as an absolute and a relative tolerance allow; NaN is near NaN, ∞ near ∞.
fn near(got: f64, expected: f64, absolute: f64, relative: f64) -> bool {
    got == expected
        || (got.is_nan() && expected.is_nan())
        || (got - expected).abs() <= absolute + relative * expected.abs()
}

#[track_caller]
fn assert_near(got: f64, expected: f64, absolute: f64, relative: f64, what: &str) {
    assert!(near(got, expected, absolute, relative), "{what}: got {got:e}, expected {expected:e}");
}

#[track_caller]
fn assert_all_near(got: &[f64], expected: &[f64], absolute: f64, relative: f64, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}: length");
    for (place, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        assert_near(got, expected, absolute, relative, &format!("{what}[{place}]"));
    }
}

/// A curve stored whole, or as {len, index, value, sum_of_finite} when it is long.
#[track_caller]
fn assert_curve(got: &[f64], stored: &Value, tolerance: f64, what: &str) {
    let Some(places) = stored.get("index") else {
        return assert_all_near(got, &numbers(stored), tolerance, 0.0, what);
    };
    assert_eq!(got.len(), count(&stored["len"]), "{what}: length");
    for (place, expected) in numbers(places).into_iter().zip(numbers(&stored["value"])) {
        assert_near(got[place as usize], expected, tolerance, 0.0, &format!("{what}[{place}]"));
    }
    let sum: f64 = got.iter().filter(|value| value.is_finite()).sum();
    assert_near(sum, number(&stored["sum_of_finite"]), 1e-8, 0.0, &format!("{what}: sum"));
}

fn metric_cases() -> Vec<Value> {
    ["metrics.json", "metrics_large.json"].iter().flat_map(|file| list(&read(file)["cases"]).clone()).collect()
}

fn weights_of(case: &Value, rows: usize) -> Array1<f64> {
    case.get("sample_weight").map_or_else(|| Array1::ones(rows), |weights| numbers(weights).into())
}

#[test]
fn curves_and_areas_are_scikit_learns() {
    let mut compared = BTreeMap::new();
    for case in metric_cases() {
        let name = text(&case["name"]);
        let labels = labels(&case["labels"]);
        let scores: Array1<f64> = numbers(&case["scores"]).into();
        check_curves(name, &labels, &scores, &case, &case["sklearn"], &mut compared);
        if let Some(expected) = case.get("sklearn_on_f32_scores") {
            let scores = scores.mapv(|score| score as f32);
            check_curves(&format!("{name} in f32"), &labels, &scores, &case, expected, &mut compared);
        }
    }
    // 24 cases, four of them weighted and two of one class; four have some of the numbers for f32 scores too. A key that is
    // missing or renamed would pass unseen otherwise.
    let expected = [
        ("average_precision_score", 28),
        ("brier_score_loss", 20),
        ("log_loss", 24),
        ("precision_recall_curve", 24),
        ("roc_auc_score", 28),
        ("roc_curve_drop_intermediate_false", 24),
        ("roc_curve_drop_intermediate_true", 18),
    ];
    assert_eq!(compared, BTreeMap::from(expected));
}

fn check_curves<S: Score>(
    name: &str,
    labels: &Array1<bool>,
    scores: &Array1<S>,
    case: &Value,
    expected: &Value,
    compared: &mut BTreeMap<&'static str, usize>,
) {
    let mut count = |key: &'static str| *compared.entry(key).or_default() += 1;
    let weighted = case.get("sample_weight").is_some();
    let counts = if weighted {
        ThresholdCounts::weighted(labels, scores, &weights_of(case, labels.len())).unwrap()
    } else {
        ThresholdCounts::new(labels, scores).unwrap()
    };
    let (roc, pr) = (counts.roc_curve(), counts.precision_recall_curve());
    if let Some(stored) = expected.get("roc_curve_drop_intermediate_false").filter(|stored| stored.get("fpr").is_some())
    {
        count("roc_curve_drop_intermediate_false");
        assert_curve(&roc.false_positive_rate, &stored["fpr"], 1e-12, &format!("{name}: fpr"));
        assert_curve(&roc.true_positive_rate, &stored["tpr"], 1e-12, &format!("{name}: tpr"));
        assert_curve(&roc.thresholds, &stored["thresholds"], 0.0, &format!("{name}: ROC thresholds"));
    }
    // With weights, rounding decides in scikit-learn which collinear points stay: README, point 9.
    if let Some(stored) = expected.get("roc_curve_drop_intermediate_true").filter(|_| !weighted) {
        let thin = roc.drop_intermediate();
        if labels.iter().any(|&label| label) && labels.iter().any(|&label| !label) {
            count("roc_curve_drop_intermediate_true");
            assert_curve(&thin.false_positive_rate, &stored["fpr"], 1e-12, &format!("{name}: thinned fpr"));
            assert_curve(&thin.thresholds, &stored["thresholds"], 0.0, &format!("{name}: thinned thresholds"));
        }
    }
    if let Some(stored) = expected.get("precision_recall_curve").filter(|stored| stored.get("recall").is_some()) {
        count("precision_recall_curve");
        assert_curve(&pr.precision, &stored["precision"], 1e-12, &format!("{name}: precision"));
        assert_curve(&pr.recall, &stored["recall"], 1e-12, &format!("{name}: recall"));
        assert_curve(&pr.thresholds, &stored["thresholds"], 0.0, &format!("{name}: PR thresholds"));
    }
    let mut scalar = |key: &'static str, got: f64, relative: f64| {
        if let Some(expected) = expected.get(key).filter(|value| !value.is_object()) {
            count(key);
            assert_near(got, number(expected), 1e-12, relative, &format!("{name}: {key}"));
        }
    };
    scalar("roc_auc_score", roc.auc(), 0.0);
    scalar("average_precision_score", pr.average_precision(), 0.0);
    if !weighted {
        let by_ranks = roc_auc_score(labels, scores).unwrap();
        assert_near(by_ranks, number(&expected["roc_auc_score"]), 1e-12, 0.0, &format!("{name}: AUC by ranks"));
        scalar("brier_score_loss", brier_score(labels, scores).unwrap(), 0.0);
        // scikit-learn sums the loss of f32 scores in f32.
        let relative = if S::EPSILON == f64::EPSILON { 1e-9 } else { 2e-6 };
        scalar("log_loss", log_loss(labels, scores).unwrap(), relative);
    }
}

#[test]
fn counts_at_thresholds_are_scikit_learns_and_keras() {
    for case in metric_cases() {
        let name = text(&case["name"]);
        let labels = labels(&case["labels"]);
        let scores: Array1<f64> = numbers(&case["scores"]).into();
        let scores_in_f32 = scores.mapv(|score| score as f32);
        let weights = weights_of(&case, labels.len());
        for expected in list(&case["sklearn_at_threshold"]) {
            let threshold = number(&expected["threshold"]);
            let got = ConfusionMatrix::weighted(&labels, &scores, &weights, threshold).unwrap();
            let counts = [got.true_negatives, got.false_positives, got.false_negatives, got.true_positives];
            let stored: Vec<f64> = list(&expected["confusion_matrix_labels_0_1"]).iter().flat_map(numbers).collect();
            let what = format!("{name} at {threshold}");
            assert_all_near(&counts, &stored, 0.0, 1e-12, &what);
            for (key, got) in [
                ("accuracy", got.accuracy()),
                ("precision", got.precision()),
                ("recall", got.recall()),
                ("f1", got.f1()),
                ("balanced_accuracy", got.balanced_accuracy()),
                ("mcc", got.mcc()),
            ] {
                assert_near(got, number(&expected[key]), 1e-12, 0.0, &format!("{what}: {key}"));
            }
        }
        for expected in list(&case["keras"]["at_threshold"]) {
            let threshold = number(&expected["threshold"]);
            let got = ConfusionMatrix::weighted(&labels, &scores_in_f32, &weights, threshold).unwrap();
            let what = format!("{name} at {threshold} in Keras");
            for (key, got) in [
                ("tp", got.true_positives),
                ("fp", got.false_positives),
                ("tn", got.true_negatives),
                ("fn", got.false_negatives),
                ("accuracy", got.accuracy()),
                ("precision", got.precision()),
                ("recall", got.recall()),
            ] {
                let relative = if case.get("sample_weight").is_some() { 1e-6 } else { 0.0 };
                let absolute = if key.len() == 2 { 0.0 } else { 1e-6 };
                assert_near(got, number(&expected[key]), absolute, relative, &format!("{what}: {key}"));
            }
        }
    }
}

#[test]
fn approximate_areas_are_keras() {
    for case in metric_cases() {
        let name = text(&case["name"]);
        let labels = labels(&case["labels"]);
        let scores: Array1<f32> = floats(&case["scores"]).into();
        let keras = &case["keras"];
        let got = KerasAuc::weighted(&labels, &scores, &weights_of(&case, labels.len())).unwrap();
        let relative = if case.get("sample_weight").is_some() { 1e-6 } else { 0.0 };
        assert_all_near(
            &got.true_positives,
            &numbers(&keras["auc_tp_at_200_thresholds"]),
            0.0,
            relative,
            &format!("{name}: tp"),
        );
        assert_all_near(
            &got.false_positives,
            &numbers(&keras["auc_fp_at_200_thresholds"]),
            0.0,
            relative,
            &format!("{name}: fp"),
        );
        assert_near(got.roc, number(&keras["auc_roc_200"]), 2e-6, 0.0, &format!("{name}: Keras' ROC AUC"));
        assert_near(got.pr, number(&keras["auc_pr_200"]), 2e-6, 0.0, &format!("{name}: Keras' PR AUC"));
    }
}

/// Evaluates a network of one weight 1 and no bias, whose logits are therefore its inputs.
fn evaluate_logits(logits: &[f32], labels: &Array1<bool>) -> Metrics {
    let mut model = Sequential::new(1, 0).add(Dense::new(1));
    model.set_weights(&vec![1.0, 0.0].into()).unwrap();
    let features = Array1::from_vec(logits.to_vec()).insert_axis(Axis(1));
    model.evaluate(&Examples::new(features, labels.clone()).unwrap()).unwrap()
}

#[test]
fn cross_entropy_of_logits_is_keras() {
    let mut cases = 0;
    for case in metric_cases() {
        let (Some(logits), Some(expected)) =
            (case.get("logits_f32"), case["keras"].get("binary_crossentropy_loss_from_logits"))
        else {
            continue;
        };
        let got = evaluate_logits(&floats(logits), &labels(&case["labels"])).cross_entropy;
        assert_near(got, number(expected), 1e-7, 2e-6, text(&case["name"]));
        cases += 1;
    }
    assert!(cases > 0, "no case has logits");
}

const TRAINING_FILES: [&str; 6] = [
    "training.json",
    "training_d29_adam.json",
    "training_d29_other.json",
    "training_deep_adam.json",
    "training_deep_rmsprop.json",
    "training_deep_sgd.json",
];

/// The model and the data of a training run.
fn prepare(file: &Value, run: &Value) -> (Sequential, Dataset, Examples, Option<ClassWeight>) {
    let data = &file["datasets"][text(&run["dataset"])];
    let shape = (count(&data["n"]), count(&data["d"]));
    let features = Array2::from_shape_vec(shape, floats(&data["x_row_major"])).unwrap();
    let mut examples = Examples::new(features, labels(&data["y"])).unwrap();
    if let Some(weights) = run.get("sample_weight").filter(|weights| weights.is_array()) {
        examples = examples.with_weights(floats(weights).into()).unwrap();
    }
    let class_weight = run["class_weight"]
        .as_object()
        .map(|weights| ClassWeight { negative: number(&weights["0"]), positive: number(&weights["1"]) });

    let sizes: Vec<usize> = list(&run["layer_sizes"]).iter().map(count).collect();
    let (hidden, last) = sizes[1..].split_at(sizes.len() - 2);
    let model = hidden.iter().fold(Sequential::new(sizes[0], 0), |model, &units| model.add(Dense::new(units).relu()));
    let mut model = compile(model.add(Dense::new(last[0])), &run["optimizer"]);
    let initial = &file["initial_weights"][text(&run["initial_weights"])]["values"];
    model.set_weights(&flat(initial).into()).unwrap();
    let dataset = Dataset::new(&examples).batch(count(&run["batch_size"]));
    (model, dataset, examples, class_weight)
}

fn compile(model: Sequential, optimizer: &Value) -> Sequential {
    let rate = number(&optimizer["learning_rate"]);
    match text(&optimizer["class"]) {
        "Adam" => model.compile(Adam::new(rate)),
        "RMSprop" => model.compile(RmsProp::new(rate)),
        "SGD" => model.compile(Sgd::new(rate).momentum(number(&optimizer["momentum"]))),
        other => panic!("unknown optimizer {other}"),
    }
}

fn flat(tensors: &Value) -> Vec<f32> {
    list(tensors).iter().flat_map(floats).collect()
}

fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| value.into()).collect()
}

/// The examples with the weights that training gives them, class weights included, for evaluation.
fn weighted(examples: &Examples, class_weight: Option<ClassWeight>) -> Examples {
    let Some(ClassWeight { negative, positive }) = class_weight else {
        return examples.clone();
    };
    let weights = examples.labels.mapv(|label| if label { positive } else { negative } as f32);
    examples.clone().with_weights(weights).unwrap()
}

#[test]
fn training_steps_are_keras() {
    for name in TRAINING_FILES {
        let file = read(name);
        for run in list(&file["runs"]) {
            let what = format!("{name}, {}", text(&run["name"]));
            let (mut model, dataset, examples, class_weight) = prepare(&file, run);
            let all = weighted(&examples, class_weight);
            let batches = Dataset::new(&all).batch(count(&run["batch_size"]));

            let gradient: Vec<f64> = widen(&model.gradient(&batches.iter().next().unwrap()).unwrap());
            let expected: Vec<f64> = list(&run["gradient_first_batch"]).iter().flat_map(numbers).collect();
            let largest = expected.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
            assert_all_near(&gradient, &expected, 3e-6 * largest, 0.0, &format!("{what}: gradient"));

            let loss = |expected: &Value, got: f64, when: &str| {
                assert_near(got, number(expected), 2e-6, 3e-6, &format!("{what}: loss {when}"));
            };
            loss(&run["evaluate_loss_before"], model.evaluate(&all).unwrap().loss, "before");
            check_predictions(run, "predictions_before", &model, &examples, &what);

            let mut steps = list(&run["steps"]).iter();
            for (number, batch) in (0..).flat_map(|_| batches.iter()).take(steps.len()).enumerate() {
                let step = steps.next().unwrap();
                let got = model.train_on_batch(&batch).unwrap();
                loss(&step["batch_loss_before_update"], got, &format!("of step {}", number + 1));
                let expected = widen(&flat(&step["weights"]));
                assert_all_near(
                    &widen(model.weights().values()),
                    &expected,
                    1e-6,
                    1e-6,
                    &format!("{what}: step {}", number + 1),
                );
            }

            // The same from the start through fit, with the weights where Keras takes them.
            let (mut model, ..) = prepare(&file, run);
            let mut config = FitConfig::epochs(count(&run["epochs"]));
            if let Some(class_weight) = class_weight {
                config = config.class_weight(class_weight);
            }
            let history = model.fit(&dataset, None, config).unwrap();
            for (epoch, expected) in list(&run["epoch_losses"]).iter().enumerate() {
                loss(expected, history.train[epoch].loss, &format!("of epoch {}", epoch + 1));
            }
            let expected = widen(&flat(&run["final_weights"]));
            assert_all_near(&widen(model.weights().values()), &expected, 2e-6, 1e-6, &format!("{what}: final weights"));
            loss(&run["evaluate_loss_after"], model.evaluate(&all).unwrap().loss, "after");
            check_predictions(run, "predictions_after", &model, &examples, &what);
        }
    }
}

/// Through `fit` with early stopping, against the weights that Keras had after each epoch.
#[test]
fn restored_weights_are_keras() {
    let mut runs = 0;
    for name in TRAINING_FILES {
        let file = read(name);
        for run in list(&file["runs"]) {
            let what = format!("{name}, {}", text(&run["name"]));
            let steps_per_epoch = count(&run["steps_per_epoch"]);
            let after = |epoch: usize| match list(&run["steps"]).get(epoch * steps_per_epoch - 1) {
                _ if epoch == count(&run["epochs"]) => Some(&run["final_weights"]),
                step => step.map(|step| &step["weights"]),
            };
            let losses = numbers(&run["epoch_losses"]);
            assert!(losses.is_sorted_by(|a, b| a > b), "{what}: the loss falls");
            let fit = |config: &dyn Fn(EarlyStopping) -> EarlyStopping| {
                let (mut model, dataset, _, class_weight) = prepare(&file, run);
                let mut settings =
                    FitConfig::epochs(losses.len()).early_stopping(config(EarlyStopping::monitor("loss")));
                if let Some(class_weight) = class_weight {
                    settings = settings.class_weight(class_weight);
                }
                (model.fit(&dataset, None, settings).unwrap(), model)
            };
            let check = |model: &Sequential, epoch: usize| {
                if let Some(expected) = after(epoch) {
                    let got = widen(model.weights().values());
                    assert_all_near(&got, &widen(&flat(expected)), 2e-6, 1e-6, &format!("{what}: epoch {epoch}"));
                }
            };
            // The first epoch is the best when the loss should rise; without restoring, the last weights stay.
            let (history, model) = fit(&|stop| stop.mode(Mode::Max).patience(1).restore_best_weights());
            assert_eq!((history.epochs(), history.best_epoch), (2, Some(0)), "{what}");
            check(&model, 1);
            let (history, model) = fit(&|stop| stop.mode(Mode::Max).restore_best_weights());
            assert_eq!((history.epochs(), history.best_epoch), (3, Some(0)), "{what}");
            check(&model, 1);
            let (history, model) = fit(&|stop| stop.mode(Mode::Max));
            assert_eq!((history.epochs(), history.best_epoch), (3, Some(0)), "{what}");
            check(&model, 3);
            let (history, model) = fit(&|stop| stop.patience(1).restore_best_weights());
            assert_eq!((history.epochs(), history.best_epoch), (3, Some(2)), "{what}");
            check(&model, 3);
            runs += usize::from(after(1).is_some());
        }
    }
    assert!(runs >= 21, "Keras' weights after the first epoch are known for {runs} runs only");
}

fn check_predictions(run: &Value, key: &str, model: &Sequential, examples: &Examples, what: &str) {
    let saturated = text(&run["name"]).ends_with("_saturated");
    let got = model.predict(&examples.features).unwrap();
    for (row, expected) in numbers(&run[key]).into_iter().enumerate() {
        let got = f64::from(got[row]);
        assert_near(got, expected, 1e-5, 0.0, &format!("{what}: {key} of row {row}"));
        if saturated {
            assert_near(got, expected, 0.0, 5e-5, &format!("{what}: {key} of row {row}"));
        }
    }
}

#[test]
fn optimizers_are_keras() {
    for run in list(&read("optimizers.json")["runs"]) {
        let (name, settings) = (text(&run["name"]), &run["optimizer"]);
        let rate = number(&settings["learning_rate"]);
        let mut optimizer: Box<dyn Optimizer> = match text(&settings["class"]) {
            "Adam" => Box::new(Adam::new(rate)),
            "RMSprop" => Box::new(RmsProp::new(rate)),
            _ => Box::new(Sgd::new(rate).momentum(number(&settings["momentum"]))),
        };
        let mut variable = floats(&run["initial"]);
        let steps = list(&run["steps"]);
        let stored: Vec<Vec<f64>> = steps.iter().map(|step| numbers(&step["variable"])).collect();
        for (number, (gradient, step)) in list(&run["gradients"]).iter().zip(steps).enumerate() {
            optimizer.step(&mut variable, &floats(gradient));
            for (column, (&got, &expected)) in variable.iter().zip(&stored[number]).enumerate() {
                let largest = stored.iter().fold(0.0, |largest: f64, values| largest.max(values[column].abs()));
                let tolerance = if column < 5 { 2e-5 * largest + 1e-12 } else { 1e-6 };
                assert_near(got.into(), expected, tolerance, 0.0, &format!("{name}, step {number}, column {column}"));
            }
            for (slot, values) in optimizer.slots() {
                let expected = step["slots"].get(slot).unwrap_or_else(|| panic!("{name} has no slot {slot}"));
                assert_all_near(
                    &widen(values),
                    &numbers(expected),
                    1e-25,
                    2e-5,
                    &format!("{name}, step {number}, {slot}"),
                );
            }
        }
    }
}

#[test]
fn scaling_is_scikit_learns() {
    let file = read("scaler.json");
    for case in list(&file["cases"]) {
        let name = text(&case["name"]);
        if name.ends_with("_optional") {
            continue; // corner cases in which another behaviour is defensible; NaN, for example, is refused here
        }
        let (fit, transform) = (matrix(&case["fit"]), matrix(&case["transform"]));
        let scaler = StandardScaler::fit(&fit).unwrap();
        let (absolute, relative) = match name {
            "huge_values" => (1e-12, 1e-9),
            "float32_input" => (1e-5, 1e-12),
            _ => (1e-12, 1e-12),
        };
        let check = |key: &str, got: &[f64], columns: usize| {
            let expected: Vec<f64> = match &case[key] {
                rows if rows[0].is_array() => matrix(rows).into_iter().collect(),
                row => numbers(row),
            };
            assert_eq!(got.len(), expected.len(), "{name}: {key}");
            for (place, (&got, &expected)) in got.iter().zip(&expected).enumerate() {
                // Column 1 of the huge values cancels.
                let absolute = if name == "huge_values" && place % columns == 1 { 3e-6 } else { absolute };
                assert_near(got, expected, absolute, relative, &format!("{name}: {key}[{place}]"));
            }
        };
        let columns = fit.ncols();
        check("mean", &scaler.mean(), columns);
        check("scale", &scaler.scale(), columns);
        let flat = |array: Array2<f64>| array.into_iter().collect::<Vec<f64>>();
        check("fit_scaled", &flat(scaler.transform(&fit).unwrap()), columns);
        check("transform_scaled", &flat(scaler.transform(&transform).unwrap()), columns);
        let clipped = scaler.clip(5.0);
        check("fit_clipped", &flat(clipped.transform(&fit).unwrap()), columns);
        check("transform_clipped", &flat(clipped.transform(&transform).unwrap()), columns);
    }
}

#[test]
fn scaling_keeps_its_digits_far_from_zero() {
    let case = &read("scaler.json")["large_offset"];
    let integer = |key: &str| case[key].as_u64().unwrap();
    let (a, b, m) = (integer("a"), integer("b"), integer("m"));
    let mut u = integer("seed");
    let column = Array2::from_shape_fn((count(&case["n"]), 1), |_| {
        u = (a * u + b) % m;
        1000.0 + u as f64 / m as f64
    });
    let scaler = StandardScaler::fit(&column).unwrap();
    assert_near(scaler.mean()[0], number(&case["mean"]), 0.0, 1e-14, "mean");
    assert_near(scaler.scale()[0].powi(2), number(&case["var_population"]), 0.0, 1e-12, "variance");
    let scaled = scaler.transform(&column).unwrap();
    for (row, expected) in numbers(&case["rows"]).into_iter().zip(numbers(&case["scaled"])) {
        assert_near(scaled[[row as usize, 0]], expected, 1e-9, 0.0, &format!("row {row}"));
    }
}

#[test]
fn logarithms_of_amounts_are_numpys() {
    let case = &read("scaler.json")["log_amount"];
    let amounts = numbers(&case["amount"]);
    let frame = frame(vec![Series::new("Amount".into(), amounts)]);
    let logged = data::log_column(&frame, "Amount", number(&case["eps"])).unwrap();
    let got: Vec<f64> = logged.column("Log Amount").unwrap().f64().unwrap().into_no_null_iter().collect();
    assert_all_near(&got, &numbers(&case["log_amount"]), 0.0, 4e-15, "log amount");
}

fn frame(columns: Vec<Series>) -> DataFrame {
    DataFrame::new(columns[0].len(), columns.into_iter().map(Column::from).collect()).unwrap()
}

#[test]
fn bias_and_class_weights_are_the_formulas() {
    let file = read("bias_and_weights.json");
    for pair in list(&file["pairs"]) {
        let (neg, pos) = (count(&pair["neg"]), count(&pair["pos"]));
        let labels: Array1<bool> = (0..neg + pos).map(|row| row < pos).collect();
        let examples = Examples::new(Array2::zeros((neg + pos, 1)), labels).unwrap();
        assert_eq!(examples.class_counts(), (neg, pos));
        let what = |key: &str| format!("{neg} negatives, {pos} positives: {key}");
        let bias = initial_bias(&examples).unwrap();
        assert_near(bias, number(&pair["initial_bias"]), 0.0, 1e-14, &what("initial_bias"));
        let ClassWeight { negative, positive } = ClassWeight::balanced(&examples).unwrap();
        assert_near(negative, number(&pair["weight_for_0"]), 0.0, 1e-14, &what("weight_for_0"));
        assert_near(positive, number(&pair["weight_for_1"]), 0.0, 1e-14, &what("weight_for_1"));
        // A model whose only working weight is this bias answers p₀ everywhere, at a loss of the entropy at p₀.
        let model = Sequential::new(1, 0).add(Dense::new(1).bias(bias));
        let metrics = model.evaluate(&examples).unwrap();
        assert_near(metrics.loss, number(&pair["entropy_at_p0"]), 0.0, 2e-6, &what("entropy_at_p0"));
        let p0 = f64::from(model.predict(&Array2::zeros((1, 1))).unwrap()[0]);
        assert_near(p0, number(&pair["p0"]), 0.0, 2e-6, &what("p0"));
    }
    for steps in list(&file["steps"]) {
        let (neg, batch) = (count(&steps["neg"]), count(&steps["batch_size"]));
        assert_eq!((2 * neg).div_ceil(batch), count(&steps["resampled_steps_per_epoch"]), "{neg} negatives");
    }
}

#[test]
fn splits_have_scikit_learns_sizes() {
    let file = read("bias_and_weights.json");
    for case in list(&file["splits"]) {
        let n = count(&case["n"]);
        if case.get("error").is_some() {
            let second = data::split_indices(n, 0.2, 1).and_then(|(train, _)| data::split_indices(train.len(), 0.2, 1));
            assert!(second.is_err(), "{n} rows are too few for two splits");
            continue;
        }
        let sizes =
            |rows: usize| data::split_indices(rows, 0.2, 1).map(|(train, test)| (train.len(), test.len())).unwrap();
        let (train, test) = sizes(n);
        assert_eq!((train, test), (count(&case["first"]["train"]), count(&case["first"]["test"])), "{n} rows");
        assert_eq!(sizes(train), (count(&case["second"]["train"]), count(&case["second"]["val"])), "{train} rows");
    }
    for case in list(&file["stratified_splits"]) {
        let (neg, pos) = (count(&case["neg"]), count(&case["pos"]));
        let labels: Vec<i64> = (0..neg + pos).map(|row| i64::from(row < pos)).collect();
        let all = frame(vec![Series::new("Class".into(), labels)]);
        let (train, test) = data::stratified_split(&all, "Class", 0.2, 1).unwrap();
        let (train, val) = data::stratified_split(&train, "Class", 0.2, 1).unwrap();
        for (key, part) in [("train", &train), ("val", &val), ("test", &test)] {
            let (_, positives) = data::class_counts(part, "Class").unwrap();
            assert_eq!(part.height(), count(&case[format!("{key}_n")]), "{neg} + {pos}: rows of {key}");
            let expected = count(&case[format!("{key}_pos")]);
            assert!(
                positives.abs_diff(expected) <= 1,
                "{neg} + {pos}: {positives} positives in {key}, expected {expected}"
            );
        }
    }
}

#[test]
fn early_stopping_is_keras() {
    let file = read("early_stopping.json");
    for run in list(&file["runs"]) {
        let what = run.to_string();
        let mode = if text(&run["mode"]) == "max" { Mode::Max } else { Mode::Min };
        let settings = EarlyStopping::monitor("val_prc")
            .mode(mode)
            .patience(count(&run["patience"]))
            .min_delta(number(&run["min_delta"]))
            .start_from_epoch(count(&run["start_from_epoch"]));
        let mut watch = settings.watch().unwrap();
        let mut epochs_run = 0;
        let mut stopped = false;
        for (epoch, value) in list(&file["traces"][text(&run["trace"])]).iter().enumerate() {
            epochs_run += 1;
            let value = (!value.is_null()).then(|| number(value));
            stopped = watch.observe(epoch, value).stop;
            if stopped {
                break;
            }
        }
        let expected = &run["expect"];
        assert_eq!(epochs_run, count(&expected["epochs_run"]), "{what}");
        assert_eq!(stopped, expected["stopped"].as_bool().unwrap(), "{what}");
        assert_eq!(watch.wait(), count(&expected["wait_at_end"]), "{what}");
        if let Some(best) = watch.best() {
            assert_eq!(watch.best_epoch(), Some(count(&expected["best_epoch"])), "{what}");
            let stored = number(&expected["best"]);
            assert!(best as f32 == stored as f32 || (best.is_nan() && stored.is_nan()), "{what}: best {best}");
        }
        if run["restore_best_weights"].as_bool().unwrap() {
            let restored = watch.best_epoch().unwrap_or(epochs_run - 1);
            assert_eq!(restored, count(&expected["weights_after_training_are_of_epoch"]), "{what}");
        }
    }
}

#[test]
fn first_weights_and_summaries_are_keras() {
    let file = read("glorot.json");
    for case in list(&file["limits"]) {
        let (inputs, units) = (count(&case["fan_in"]), count(&case["fan_out"]));
        let limit = Dense::new(units).glorot_limit(inputs);
        assert_near(limit, number(&case["limit"]), 0.0, 1e-15, &format!("{inputs} x {units}"));
        let model = Sequential::new(inputs, 1).add(Dense::new(units));
        let weights = model.weights();
        let (kernel, bias) = weights.values().split_at(inputs * units);
        assert!(bias.iter().all(|&bias| bias == 0.0));
        assert!(kernel.iter().all(|weight| f64::from(weight.abs()) <= limit * (1.0 + 1e-7)));
        if kernel.len() >= 400 {
            let variance = kernel.iter().map(|&weight| f64::from(weight).powi(2)).sum::<f64>() / kernel.len() as f64;
            assert_near(variance, number(&case["variance"]), 0.0, 0.2, &format!("{inputs} x {units}: variance"));
        }
    }
    for case in list(&file["models"]) {
        let sizes: Vec<usize> = list(&case["layer_sizes"]).iter().map(count).collect();
        let dropout = case["dropout_after_each_hidden_layer"].as_f64();
        let mut model = Sequential::new(sizes[0], 1);
        for (place, &units) in sizes.iter().enumerate().skip(1) {
            model = model.add(Dense::new(units).relu());
            if let Some(rate) = dropout.filter(|_| place + 1 < sizes.len()) {
                model = model.add(Dropout::new(rate));
            }
        }
        assert_eq!(model.count_params(), count(&case["total_params"]), "{}", case["name"]);
        let summary = model.summary().to_string();
        let mut lines = summary.lines().skip(1);
        for layer in list(&case["layers"]) {
            let words: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
            let shape = format!("(None, {})", count(&layer["output_size"]));
            let expected = format!("{} {shape} {}", text(&layer["type"]), thousands(count(&layer["params"])));
            assert_eq!(words.join(" "), expected, "{}", case["name"]);
        }
    }
}

#[test]
fn descriptions_are_pandas() {
    let file = read("describe.json");
    for case in list(&file["frames"]) {
        let name = text(&case["name"]);
        for (column, values) in case["columns"].as_object().unwrap() {
            let values: Vec<Option<f64>> =
                list(values).iter().map(|value| (!value.is_null()).then(|| number(value))).collect();
            let frame = frame(vec![Series::new(column.as_str().into(), values)]);
            let got = data::summary(&frame, column).unwrap().values();
            for (key, got) in ["count", "mean", "std", "min", "25%", "50%", "75%", "max"].into_iter().zip(got) {
                let relative = if name.contains("large_offset") && key == "std" { 1e-10 } else { 1e-12 };
                let absolute = if key == "mean" { 1e-15 } else { 0.0 };
                let expected = number(&case["describe"][column][key]);
                assert_near(got, expected, absolute, relative, &format!("{name}, {column}: {key}"));
            }
        }
    }
    for case in list(&file["value_counts"]) {
        let values = numbers(&case["values"]);
        if values.iter().all(|value| [0.0, 1.0].contains(value)) {
            let counts = list(&case["bincount"]).iter().map(count).collect::<Vec<_>>();
            let frame = frame(vec![Series::new("Class".into(), values)]);
            let (negatives, positives) = data::class_counts(&frame, "Class").unwrap();
            assert_eq!([negatives, positives][..counts.len()], counts[..], "{}", case["name"]);
        }
    }
}
