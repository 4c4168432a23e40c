//! What keeps the cells of the tutorial short: the data, the network, the training loop, the metrics and the plots.
//!
//! This crate is the door. It holds tables, their preparation and files, on polars, linfa and smartcore; the network with all
//! that judges it is the crate `learn` below it, the figures are `plot`. Cells find everything here.
//!
//! The road of one row, with the file that each step is in:
//!
//! ```text
//! a CSV file --data--> DataFrame --preprocessor (encoder, scaler)--> Examples --learn: dataset--> Batch
//!    --model (network, layers, kernels)--> logit --loss--> gradient --optimizers--> weights   (training turns this circle)
//!    --model.predict--> probabilities --curves, metrics, cost--> numbers --plot--> Figure
//! ```
//!
//! The files below are in the order of the lesson, and each uses only those above it.

#![cfg_attr(target_family = "wasm", allow(unused_imports, reason = "polars has as traits what columns has as methods"))]

// Where polars doesn't compile, `columns` stands for both.
#[cfg(target_family = "wasm")]
pub extern crate columns as polars;
#[cfg(target_family = "wasm")]
extern crate columns as polars_io;

mod files;
pub mod data;
mod encoder;
mod scaler;
mod preprocessor;
mod save;
mod pipeline;
mod others;
pub mod lesson;

pub use encoder::Encoder;
pub use others::{linfa_dataset, logistic_regression, roc_auc_score};
pub use pipeline::Pipeline;
pub use preprocessor::Preprocessor;
pub use save::{FigureFile, ModelFile};
pub use scaler::StandardScaler;

#[doc(inline)]
pub use learn::{
    activations::Activation,
    alarms::{Thresholds, above, agreement, compare_alarms, count, highest},
    bootstrap::{Answers, Interval, Measure, bootstrap, bootstrap_difference, bootstrap_statistic},
    by_class::ByClass,
    calibration::{BaseRates, Calibration, CalibrationBin, calibration, multiply_odds},
    comparison::{
        Difference, Differences, Policies, Policy, by_group, compare_at_recall, compare_methods,
        compare_methods_and_costs, compare_policies, compare_probabilities, compare_runs, differences, max_difference,
        top_false_alarms,
    },
    cost::{CostCurve, Costs, CostsByExample, Halves},
    curves::{PrecisionRecallCurve, RocCurve, ThresholdCounts, precision_recall_curve, roc_curve},
    dataset::{Batch, Batches, Dataset},
    early_stopping::{EarlyStopping, Mode},
    error::Error as SupportError,
    examples::Examples,
    history::History,
    keras_auc::{KerasAuc, keras_auc},
    layers::{Dense, Dropout, Layer},
    learning_curve::{LearningCurve, learning_curve},
    loss::{BinaryFocalCrossentropy, Loss},
    metrics::{ConfusionMatrix, Metric, Metrics, brier_score, compare, confusion_matrix, log_loss},
    model::{Sequential, Weights, initial_bias},
    optimizers::{Adam, Optimizer, RmsProp, Sgd},
    outcomes::{Outcomes, highest_negatives, outcomes},
    over_seeds::over_seeds,
    permutation_importance::{PermutationImportance, permutation_importance},
    random::{permutation, random_choice},
    recalibration::{IsotonicRegression, PlattScaling, Recalibration},
    scores::{Score, top_k},
    smote::smote,
    table::{Table, thousands},
    training::{ClassWeight, FitConfig, Training},
    trials::{Trial, Trials},
};
#[doc(inline)]
pub use plot;

// Cells reach the libraries through these, so that both use the same versions.
pub use linfa;
pub use linfa_preprocessing;
pub use ndarray;
pub use plotters;
#[cfg(not(target_family = "wasm"))]
pub use polars;
