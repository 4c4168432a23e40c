//! Labels, shapes, weights, optimizers, thresholds, data sets and figures.

use std::fmt::Debug;

use support::ndarray::{Array1, Array2, array};
use support::*;

/// The error has to say all of `words`.
#[track_caller]
fn refused<T: Debug>(result: Result<T, SupportError>, words: &[&str]) {
    let message = result.expect_err("this should be refused").to_string();
    for word in words {
        assert!(message.contains(word), "'{word}' is not in: {message}");
    }
}

/// Two features that tell the classes apart but for some; every fifth example is positive.
fn examples(rows: usize) -> Examples {
    let value = |(row, column): (usize, usize)| {
        let noise = (row * 37 + column * 11) % 17;
        noise as f32 / 17.0 + if row.is_multiple_of(5) { 0.4 } else { 0.0 }
    };
    let labels = Array1::from_shape_fn(rows, |row| row.is_multiple_of(5));
    Examples::new(Array2::from_shape_fn((rows, 2), value), labels).unwrap()
}

fn of_one_class(label: bool) -> Examples {
    Examples::new(Array2::from_shape_fn((50, 2), |(row, _)| row as f32 / 50.0), Array1::from_elem(50, label)).unwrap()
}

fn model() -> Sequential {
    Sequential::new(2, 1).add(Dense::new(4).relu()).add(Dense::new(1)).compile(Adam::new(1e-2))
}

fn fit(model: &mut Sequential, config: FitConfig) -> Result<History, SupportError> {
    model.fit(&Dataset::new(&examples(200)).shuffle(1), &examples(100), config)
}

fn is_nan(metrics: &Metrics) -> bool {
    Metric::ALL.iter().all(|&metric| metrics.get(metric).is_nan())
}

#[test]
fn a_first_bias_and_balanced_weights_need_both_classes() {
    for label in [true, false] {
        refused(initial_bias(&of_one_class(label)), &["50 examples", "one class"]);
        refused(ClassWeight::balanced(&of_one_class(label)), &["one class"]);
    }
    refused(initial_bias(&examples(200).select(&[])), &["0 examples"]);
    assert_eq!(initial_bias(&examples(200)).unwrap(), -(4f64.ln()));
}

#[test]
fn one_class_is_not_trained_on() {
    let train = |dataset: &Dataset| model().fit(dataset, None, FitConfig::epochs(1));
    refused(train(&Dataset::new(&of_one_class(false))), &["negatives only", "both classes"]);
    refused(train(&Dataset::new(&of_one_class(true)).shuffle(1)), &["positives only"]);
    refused(train(&Dataset::new(&examples(200)).take(1)), &["positives only"]);
    let endless = |label| Dataset::new(&of_one_class(label)).repeat();
    let mixed = |weights| Dataset::sample_from_datasets([endless(true), endless(false)], weights, 1).unwrap();
    let config = FitConfig::epochs(1).steps_per_epoch(2);
    refused(model().fit(&mixed([1.0, 0.0]), None, config.clone()), &["positives only"]);
    assert!(model().fit(&mixed([0.5, 0.5]), None, config).is_ok());
}

#[test]
fn a_validation_set_of_one_class_can_not_be_monitored() {
    for (monitor, label) in [("val_prc", false), ("val_auc", false), ("val_recall", false), ("val_precision", true)] {
        let config = FitConfig::epochs(3).early_stopping(EarlyStopping::monitor(monitor).restore_best_weights());
        let result = model().fit(&Dataset::new(&examples(200)), &of_one_class(label), config);
        refused(result, &[monitor, "all of one class", "val_loss"]);
    }
    let config = FitConfig::epochs(3).early_stopping(EarlyStopping::monitor("val_loss"));
    let history = model().fit(&Dataset::new(&examples(200)), &of_one_class(false), config).unwrap();
    assert!(history.val.iter().all(|metrics| metrics.auc.is_nan() && metrics.loss.is_finite()));
}

#[test]
fn nan_weights_have_no_score() {
    let mut model = model();
    for nan in [f32::NAN, -f32::NAN] {
        model.set_weights(&vec![nan; model.count_params()].into()).unwrap();
        assert!(is_nan(&model.evaluate(&examples(100)).unwrap()));
        refused(model.roc_curve(&examples(100)), &["row 0 is NaN", "diverged"]);
    }
}

#[test]
fn a_loop_that_diverges_is_stopped_before_its_weights_are_lost() {
    let mut model = model().compile(Sgd::new(1e30));
    let dataset = Dataset::new(&examples(200)).batch(50);
    let diverged =
        (0..50).flat_map(|pass| dataset.iter_pass(pass)).find_map(|batch| model.train_on_batch(&batch).err());
    let message = diverged.expect("a rate of 1e30 diverges").to_string();
    assert!(message.contains("the gradient is no longer finite"), "{message}");
    assert!(model.weights().values().iter().all(|weight| !weight.is_nan()));
}

#[test]
fn a_rate_or_momentum_out_of_range_is_refused() {
    for rate in [f64::NAN, -1e-3, 0.0, f64::INFINITY, 1e39, 1e-60] {
        refused(
            fit(&mut model().compile(Adam::new(rate)), FitConfig::epochs(1)),
            &["Adam: a learning rate", "above 0"],
        );
        refused(fit(&mut model().compile(RmsProp::new(rate)), FitConfig::epochs(1)), &["RmsProp", "above 0"]);
        refused(fit(&mut model().compile(Sgd::new(rate)), FitConfig::epochs(1)), &["Sgd", "above 0"]);
    }
    for momentum in [2.0, 1.0, -0.5, f64::NAN] {
        let mut model = model().compile(Sgd::new(0.1).momentum(momentum));
        refused(fit(&mut model, FitConfig::epochs(1)), &["Sgd: a momentum lies in [0, 1)"]);
        let batch = Dataset::new(&examples(10)).iter().next().unwrap();
        refused(model.train_on_batch(&batch), &["momentum"]);
    }
}

/// Weights around 1e38 after the only step: the loss of the epoch was taken before it and is finite.
#[test]
fn a_last_step_that_diverges_is_noticed() {
    for config in [FitConfig::epochs(1), FitConfig::epochs(1).steps_per_epoch(1)] {
        let mut model = model().compile(Sgd::new(3e38));
        let before = model.weights();
        let whole = Dataset::new(&examples(200)).batch(200);
        refused(model.fit(&whole, &examples(100), config), &["diverged", "in epoch 1", "from before the training"]);
        assert_eq!(model.weights(), before);
        assert_eq!(model.history().epochs(), 0);
    }
}

/// An optimizer that behaves until it is told not to.
#[derive(Clone, Debug)]
struct Breaks {
    inner: Adam,
    steps_left: usize,
    with: f32,
}

impl Optimizer for Breaks {
    fn step(&mut self, weights: &mut [f32], gradient: &[f32]) {
        match self.steps_left.checked_sub(1) {
            Some(left) => {
                self.steps_left = left;
                self.inner.step(weights, gradient);
            }
            None => weights.fill(self.with),
        }
    }
}

#[test]
fn what_was_learnt_before_a_divergence_is_kept() {
    // Seven steps an epoch: in the fourth epoch the weights break, in its middle or with its last step.
    for (steps_left, with) in [(24, f32::NAN), (27, f32::INFINITY), (24, 1e30)] {
        let breaks = || model().compile(Breaks { inner: Adam::new(1e-2), steps_left, with });
        let after = |epochs| {
            let mut model = model();
            let history = fit(&mut model, FitConfig::epochs(epochs)).unwrap();
            (model.weights(), history)
        };
        let mut plain = breaks();
        refused(
            fit(&mut plain, FitConfig::epochs(9)),
            &["in epoch 4", "has the weights of epoch 3", "model.history()"],
        );
        assert_eq!((plain.weights(), plain.history().clone()), after(3), "{steps_left} {with}");

        // "Best" is the highest loss here, so that it is not the last epoch.
        let watch = EarlyStopping::monitor("val_loss").mode(Mode::Max).restore_best_weights();
        let mut watched = breaks();
        let result = fit(&mut watched, FitConfig::epochs(9).early_stopping(watch));
        refused(result, &["in epoch 4", "has the weights of epoch 1, the best until then"]);
        assert_eq!(watched.weights(), after(1).0);
        assert_eq!((watched.history().epochs(), watched.history().best_epoch), (3, Some(0)));

        // And it can go on.
        let mut again = plain.compile(Adam::new(1e-3));
        assert!(fit(&mut again, FitConfig::epochs(1)).unwrap().train[0].loss < after(1).1.train[0].loss);
    }
}

#[test]
fn columns_in_another_order_are_noticed() {
    let named = |rows, names: [&str; 2]| examples(rows).with_names(names).unwrap();
    let (train, swapped) = (named(200, ["age", "hours"]), named(100, ["hours", "age"]));
    let dataset = Dataset::new(&train);
    let mut model = model();
    let words = ["'age'", "'hours'", "feature 0", "same columns in the same order"];
    refused(model.fit(&dataset, &swapped, FitConfig::epochs(1)), &words);
    refused(Dataset::sample_from_datasets([dataset.clone(), Dataset::new(&swapped)], [0.5, 0.5], 1), &words);
    model.fit(&dataset, &train, FitConfig::epochs(1)).unwrap();
    refused(model.evaluate(&swapped), &["in the training set of the model", "'age'", "'hours'"]);
    refused(model.roc_curve(&swapped), &["in the training set of the model"]);
    refused(model.precision_recall_curve(&swapped), &["in the training set of the model"]);
    refused(model.fit(&Dataset::new(&swapped), None, FitConfig::epochs(1)), &["in the training set of the model"]);
    let batch = Dataset::new(&swapped).iter().next().unwrap();
    refused(model.train_on_batch(&batch), &["in the training set of the model"]);
    // Features without names are known by their place alone.
    assert!(model.evaluate(&examples(100)).is_ok());
}

#[test]
fn a_layer_can_be_added_after_a_training() {
    let mut model = Sequential::new(2, 1).add(Dense::new(1)).compile(Adam::new(1e-2));
    fit(&mut model, FitConfig::epochs(1)).unwrap();
    let mut deeper = model.add(Dense::new(8).relu()).add(Dense::new(1)).compile(Adam::new(1e-2));
    assert_eq!(deeper.count_params(), 3 + 16 + 9);
    assert!(fit(&mut deeper, FitConfig::epochs(1)).unwrap().train[0].loss.is_finite());
}

#[test]
fn a_layer_too_large_for_any_memory_is_refused() {
    for units in [1 << 40, usize::MAX] {
        let mut model = Sequential::new(2, 1).add(Dense::new(units).relu()).add(Dense::new(1)).compile(Adam::new(1e-2));
        refused(fit(&mut model, FitConfig::epochs(1)), &["weights", "no room"]);
        refused(model.evaluate(&examples(10)), &["no room"]);
        assert!(model.summary().to_string().contains("Total params"));
    }
}

#[test]
fn examples_with_an_exchanged_field_are_refused() {
    let broken = [
        Examples { labels: array![true, false], ..examples(10) },
        Examples { weights: Some(array![1.0]), ..examples(10) },
        Examples { names: ["one".to_owned()].into(), ..examples(10) },
        Examples { features: Array2::zeros((3, 2)), ..examples(10) },
    ];
    for broken in broken {
        refused(model().evaluate(&broken), &["don't fit together"]);
        let dataset = Dataset::new(&broken);
        refused(model().fit(&dataset, None, FitConfig::epochs(1)), &["don't fit together"]);
        refused(model().fit(&Dataset::new(&examples(50)), &broken, FitConfig::epochs(1)), &["don't fit together"]);
        assert!(std::panic::catch_unwind(|| dataset.iter()).is_err());
        refused(Dataset::sample_from_datasets([dataset], [1.0], 1), &["don't fit together"]);
    }
}

#[test]
fn logits_are_not_taken_for_probabilities() {
    let (labels, logits) = (array![true, false, true], array![2.5f32, -1.0, 0.5]);
    let costs = Costs { false_alarm: 1.0, missed: 2.0 };
    let words = ["row 0", "2.5 is not a probability"];
    refused(log_loss(&labels, &logits), &words);
    refused(brier_score(&labels, &logits), &words);
    refused(calibration(&labels, &logits, 1), &words);
    refused(Calibration::by_positives(&labels, &logits, 1), &words);
    refused(costs.curve(&labels, &logits), &words);
    refused(keras_auc(&labels, &logits), &words);
    refused(bootstrap(&labels, &logits, &[Metric::Auc], 100, 1), &words);
    refused(multiply_odds(&logits, 2.0), &words);
}

#[test]
fn tied_predictions_share_a_bin() {
    let labels = Array1::from_shape_fn(1200, |row| row < 165);
    let constant = calibration(&labels, &Array1::from_elem(1200, 0.15f32), 3).unwrap();
    assert_eq!(constant.bins.len(), 1);
    assert_eq!(constant.bins[0].share_of_positives(), 0.1375);
}

#[test]
fn few_positives_leave_resamples_out_and_none_are_refused() {
    let labels = Array1::from_shape_fn(1000, |row| row < 3);
    let probabilities = Array1::from_shape_fn(1000, |row| (1000 - row) as f32 / 1000.0);
    let interval = bootstrap(&labels, &probabilities, &[Metric::Auc], 1000, 1).unwrap()[0];
    assert!((20..80).contains(&interval.dropped), "about e⁻³ of 1000: {interval}");
    assert!(interval.lower > 0.99 && interval.upper <= 1.0, "{interval}");
    refused(bootstrap(&labels.mapv(|_| false), &probabilities, &[Metric::Recall], 100, 1), &["recall", "0 of 100"]);
    refused(bootstrap(&labels, (&probabilities, 2.0), &[Metric::Precision], 100, 1), &["precision", "too few alarms"]);
}

#[test]
fn a_threshold_that_is_no_number_is_refused() {
    let (labels, scores) = (array![true, false], array![0.9f32, 0.1]);
    refused(confusion_matrix(&labels, &scores, f64::NAN), &["the threshold is NaN"]);
    refused(model().evaluate_at(&examples(10), f64::NAN), &["the threshold is NaN"]);
    refused(bootstrap(&labels, (&scores, f64::NAN), &[Metric::Recall], 100, 1), &["the threshold is NaN"]);
}

#[test]
fn a_goal_that_no_threshold_reaches_is_refused() {
    let curve = precision_recall_curve(&array![false, true, false, true], &array![0.1, 0.4, 0.5, 0.3]).unwrap();
    refused(curve.threshold_for_precision(0.9), &["precision of 0.9", "highest is 0.6667"]);
    for goal in [-0.1, 1.1, f64::NAN] {
        refused(curve.threshold_for_recall(goal), &["a recall lies in [0, 1]"]);
        refused(curve.threshold_for_precision(goal), &["a precision lies in [0, 1]"]);
    }
    let none = precision_recall_curve(&array![false, false], &array![0.1, 0.4]).unwrap();
    refused(none.threshold_for_recall(0.5), &["without positives"]);
    let empty = precision_recall_curve::<f32>(&array![], &array![]).unwrap();
    refused(empty.threshold_for_recall(0.5), &["without positives"]);
    refused(empty.threshold_for_precision(0.0), &["without positives"]);
}

#[test]
fn a_loop_over_passes_sees_a_new_order_each_time() {
    let dataset = Dataset::new(&examples(200)).shuffle(1).batch(200);
    let order = |pass| dataset.iter_pass(pass).next().unwrap().examples();
    assert_eq!(order(0), dataset.iter().next().unwrap().examples());
    assert_ne!(order(0), order(1));
    // Such a loop is what fit does.
    let mut by_hand = model();
    for batch in (0..3).flat_map(|pass| dataset.iter_pass(pass)) {
        by_hand.train_on_batch(&batch).unwrap();
    }
    let mut fitted = model();
    fitted.fit(&dataset, None, FitConfig::epochs(3)).unwrap();
    assert_eq!(by_hand.weights(), fitted.weights());
}

#[test]
fn what_would_fill_the_memory_is_refused() {
    let endless = || Dataset::new(&examples(200)).repeat();
    let config = FitConfig::epochs(1).steps_per_epoch(1);
    let words = ["repeats for ever", "fill the memory"];
    refused(model().fit(&endless().batch(usize::MAX), None, config.clone()), &words);
    refused(model().fit(&endless().buffered_shuffle(10_000_000_000, 1), None, config.clone()), &words);
    let mixed = [endless().buffered_shuffle(usize::MAX, 1), endless()];
    refused(Dataset::sample_from_datasets(mixed, [0.5, 0.5], 1), &words);
    // Without end there is no end to wait for; with one, all is one batch.
    assert!(model().fit(&Dataset::new(&examples(200)).batch(usize::MAX), None, config).is_ok());
}

#[test]
fn a_mixture_needs_weights_with_a_sum() {
    let set = || Dataset::new(&examples(10));
    for weights in [[1e308, 1e308], [f64::INFINITY, 1.0], [f64::NAN, 1.0], [-1.0, 2.0], [0.0, 0.0]] {
        refused(Dataset::sample_from_datasets([set(), set()], weights, 1), &["not all 0", "finite sum"]);
    }
    let wide = Examples::new(Array2::zeros((4, 3)), array![true, false, true, false]).unwrap();
    refused(Dataset::sample_from_datasets([set(), Dataset::new(&wide)], [0.5, 0.5], 1), &["[2, 3] features"]);
    let weighted = examples(10).with_weights(Array1::ones(10)).unwrap();
    let both = [set(), Dataset::new(&weighted)];
    refused(Dataset::sample_from_datasets(both, [0.5, 0.5], 1), &["some have none"]);
}

#[test]
fn no_epochs_are_no_training() {
    let mut model = model();
    let before = model.weights();
    assert_eq!(fit(&mut model, FitConfig::epochs(0)).unwrap(), History::default());
    assert_eq!(model.weights(), before);
    refused(plot::history(model.history()), &["epochs"]);
}

#[test]
fn figures_refuse_what_they_can_not_draw() {
    let one_class = roc_curve(&array![true, true], &array![0.1, 0.2]).unwrap();
    refused(plot::roc(&[("Test", &one_class, plot::solid(0))]), &["'Test'", "one of the classes"]);
    refused(plot::roc(&[]), &["no ROC curve"]);
    refused(plot::by_split("prc", &[("a", vec![(1, f64::NAN)])]), &["value 0 of 'a' is NaN"]);
    refused(plot::lines("x", "y", &[("a", vec![(f64::NAN, 1.0)], plot::solid(0))]), &["nothing to draw"]);
    refused(plot::calibration_logit(&[]), &["no calibration"]);
    let broken = ConfusionMatrix { true_positives: f64::NAN, ..ConfusionMatrix::default() };
    refused(plot::confusion_matrix(&broken, "Test"), &["'Test'", "NaN"]);
    let hostile = roc_curve(&array![true, false], &array![0.9, 0.2]).unwrap();
    let svg = plot::roc(&[("<script>\u{0}&", &hostile, plot::solid(99))]).unwrap().svg().to_owned();
    assert!(svg.contains("&lt;script&gt;") && !svg.contains('\u{0}'));
}

#[test]
fn settings_of_fit_that_do_not_fit_together_are_refused() {
    let train = Dataset::new(&examples(200));
    let val = examples(50);
    let with = |config: FitConfig| model().fit(&train, &val, config);
    let stop = |monitor| FitConfig::epochs(1).early_stopping(EarlyStopping::monitor(monitor));
    let weigh = |negative, positive| FitConfig::epochs(1).class_weight(ClassWeight { negative, positive });
    refused(with(FitConfig::epochs(1).steps_per_epoch(0)), &["at least one step"]);
    refused(with(stop("val_pcr")), &["can't monitor 'val_pcr'", "prc"]);
    refused(model().fit(&train, None, stop("val_prc")), &["monitors val_prc", "no validation set"]);
    for (negative, positive) in [(0.0, 0.0), (1e39, 1.0), (1.0, f64::NAN), (-1.0, 1.0), (1e-60, 1e-60)] {
        refused(with(weigh(negative, positive)), &["class weights are finite in 32 bits", &negative.to_string()]);
    }
    let weighted = Dataset::new(&examples(200).with_weights(Array1::ones(200)).unwrap());
    refused(model().fit(&weighted, None, weigh(1.0, 2.0)), &["can't be combined"]);
    refused(model().fit(&train.clone().repeat(), None, FitConfig::epochs(1)), &["repeats for ever", "steps_per_epoch"]);
    refused(model().fit(&train, &val.select(&[]), FitConfig::epochs(1)), &["validation set is empty"]);
    let nothing = Dataset::new(&examples(200).select(&[]));
    refused(model().fit(&nothing, None, FitConfig::epochs(1)), &["no examples to train on"]);
    refused(model().evaluate(&val.select(&[])), &["no examples to evaluate"]);

    let uncompiled = || Sequential::new(2, 1).add(Dense::new(1));
    refused(uncompiled().fit(&train, None, FitConfig::epochs(1)), &["no optimizer", "compile"]);
    refused(fit(&mut Sequential::new(2, 1).compile(Adam::new(1e-2)), FitConfig::epochs(1)), &["Dense::new(1)"]);
    let compiled = |model: Sequential| model.compile(Adam::new(1e-2));
    refused(fit(&mut compiled(Sequential::new(2, 1).add(Dense::new(2))), FitConfig::epochs(1)), &["2 outputs"]);
    refused(fit(&mut compiled(Sequential::new(0, 1).add(Dense::new(1))), FitConfig::epochs(1)), &["one input"]);
    refused(fit(&mut compiled(uncompiled().add(Dense::new(0))), FitConfig::epochs(1)), &["at least one unit"]);
    let with_rate = |rate| compiled(Sequential::new(2, 1).add(Dropout::new(rate)).add(Dense::new(1)));
    for rate in [1.0, -0.1, f64::NAN] {
        refused(fit(&mut with_rate(rate), FitConfig::epochs(1)), &["Dropout", "[0, 1)"]);
    }
    let infinite = compiled(Sequential::new(2, 1).add(Dense::new(1).bias(f64::INFINITY)));
    refused(fit(&mut infinite.clone(), FitConfig::epochs(1)), &["a bias of inf"]);
}

#[test]
fn a_batch_has_at_least_one_example() {
    assert_eq!(Dataset::new(&examples(10)).batch(0).iter().map(|batch| batch.len()).collect::<Vec<_>>(), [1; 10]);
}

#[test]
fn features_of_another_width_are_refused() {
    let wide = Examples::new(Array2::zeros((4, 3)), array![true, false, true, false]).unwrap();
    let words = ["made for 2 features", "have 3"];
    refused(model().predict(&wide.features), &words);
    refused(model().evaluate(&wide), &words);
    refused(model().fit(&Dataset::new(&wide), None, FitConfig::epochs(1)), &words);
    refused(model().fit(&Dataset::new(&examples(50)), &wide, FitConfig::epochs(1)), &words);
    refused(model().train_on_batch(&Dataset::new(&wide).iter().next().unwrap()), &words);
    refused(model().gradient(&Dataset::new(&wide).iter().next().unwrap()), &words);
}

#[test]
fn weights_of_another_model_are_refused() {
    let mut model = model();
    refused(model.set_weights(&vec![0.0; 3].into()), &["has 17 weights", "3 were given"]);
}

#[test]
fn labels_and_scores_of_different_lengths_are_refused() {
    let (labels, scores) = (array![true, false], array![0.5f32]);
    let words = ["2 labels, but 1 scores"];
    refused(confusion_matrix(&labels, &scores, 0.5), &words);
    refused(roc_curve(&labels, &scores), &words);
    refused(precision_recall_curve(&labels, &scores), &words);
    refused(roc_auc_score(&labels, &scores), &words);
    refused(keras_auc(&labels, &scores), &words);
    refused(log_loss(&labels, &scores), &words);
    refused(calibration(&labels, &scores, 1), &words);
    refused(bootstrap(&labels, &scores, &[Metric::Auc], 100, 1), &words);
    refused(Costs { false_alarm: 1.0, missed: 1.0 }.curve(&labels, &scores), &words);
    refused(ThresholdCounts::weighted(&labels, &array![0.1, 0.2], &array![1.0]), &["1 sample weights"]);
    refused(ThresholdCounts::weighted(&labels, &array![0.1, 0.2], &array![1.0, f64::NAN]), &["row 1 is NaN"]);
}

#[test]
fn costs_without_a_price_are_refused() {
    for (false_alarm, missed) in [(0.0, 1.0), (1.0, -1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
        let costs = Costs { false_alarm, missed };
        let words = ["above 0", "false alarm", "missed positive"];
        refused(costs.threshold(), &words);
        refused(costs.curve(&array![true, false], &array![0.5, 0.1]), &words);
        refused(costs.with_amounts(&array![1.0]), &words);
        refused(bootstrap(&array![true, false], &array![0.5, 0.1], &[costs], 100, 1), &words);
    }
    let costs = Costs { false_alarm: 1.0, missed: 2.0 };
    refused(costs.with_amounts(&array![5.0, f64::NAN]), &["row 1 is NaN"]);
    let by_example = costs.with_amounts(&array![5.0]).unwrap();
    refused(by_example.curve(&array![true, false], &array![0.5, 0.1]), &["2 labels, but 1 amounts"]);
}

#[test]
fn a_copy_of_a_model_goes_its_own_way() {
    let mut model = model();
    fit(&mut model, FitConfig::epochs(2)).unwrap();
    let mut copy = model.clone();
    assert_eq!((copy.weights(), copy.history()), (model.weights(), model.history()));
    let before = model.weights();
    fit(&mut copy, FitConfig::epochs(1)).unwrap();
    assert_eq!(model.weights(), before);
    // With the optimizer's state the original makes the same steps.
    fit(&mut model, FitConfig::epochs(1)).unwrap();
    assert_eq!(model.weights(), copy.weights());
}

#[test]
fn rows_can_not_be_drawn_from_nothing() {
    refused(random_choice(0, 1, 1), &["no rows"]);
    refused(bootstrap(&array![], &Array1::<f32>::zeros(0), &[Metric::Recall], 100, 1), &["at least one row"]);
    refused(bootstrap(&array![true], &array![0.5], &[Metric::Recall], 39, 1), &["40 resamples"]);
    refused(bootstrap(&array![true], &array![0.5], &[Metric::Loss], 100, 1), &["loss", "cross entropy"]);
}
