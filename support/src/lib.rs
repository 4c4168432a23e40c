//! What keeps the cells of the tutorial short: the data, the network, the training loop, the metrics and the plots.
//!
//! The road of one row, with the file that each step is in:
//!
//! ```text
//! a CSV file --data--> DataFrame --encoder, scaler--> Examples --dataset--> Batch
//!    --model (network, layers, kernels)--> logit --loss--> gradient --optimizers--> weights   (training turns this circle)
//!    --model.predict--> probabilities --curves, metrics, cost--> numbers --plot--> Figure
//! ```
//!
//! The files below are in the order of the lesson, and each uses only those above it.

mod error;
mod files;
mod math;
mod random;
mod table;

mod examples;
pub mod data;
mod encoder;
mod scaler;

mod curves;
mod metrics;
mod cost;
mod bootstrap;
mod calibration;

mod dataset;
mod kernels;
mod layers;
mod network;
mod optimizers;
mod history;
mod model;
mod checkpoint;
mod early_stopping;
mod training;

pub mod plot;

pub use bootstrap::{Answers, Interval, Measure, bootstrap, bootstrap_difference};
pub use calibration::{BaseRates, Calibration, CalibrationBin, calibration, multiply_odds};
pub use cost::{CostCurve, Costs, CostsByExample};
pub use curves::{
    KerasAuc, PrecisionRecallCurve, RocCurve, Score, ThresholdCounts, keras_auc, precision_recall_curve, roc_auc_score,
    roc_curve, top_k,
};
pub use dataset::{Batch, Batches, Dataset};
pub use early_stopping::{EarlyStopping, Mode, Verdict, Watch};
pub use encoder::Encoder;
pub use error::Error as SupportError;
pub use examples::{Examples, permutation, random_choice};
pub use history::History;
pub use layers::{Dense, Dropout, Layer};
pub use metrics::{ConfusionMatrix, Metric, Metrics, brier_score, compare, confusion_matrix, log_loss};
pub use model::{Sequential, Weights, initial_bias};
pub use optimizers::{Adam, Optimizer, RmsProp, Sgd};
pub use scaler::StandardScaler;
pub use table::{Table, thousands};
pub use training::{ClassWeight, FitConfig};

// Cells reach the libraries through these, so that both use the same versions.
pub use linfa;
pub use ndarray;
pub use plotters;
pub use polars;
