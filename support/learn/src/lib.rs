//! The learning part of the tutorial: from examples to batches, through the network and back, to the numbers that judge it.
//!
//! Here belongs what needs arrays alone. There is no data frame, no file, no figure and no thread of our own, so that the same code
//! runs in a notebook and in a browser, where it gives the same bits. Tables and files are the crate `support`'s, figures are
//! `plot`'s.
//!
//! ```text
//! Examples --dataset--> Batch --network (layers, kernels)--> logit --loss--> gradient --optimizers--> weights
//!    --model.logits--> ranking --curves--> areas          --model.predict--> probabilities --metrics, cost--> numbers
//! ```
//!
//! The files below are in the order of the lesson, and each uses only those above it; `training` turns the circle.

pub mod error;
pub mod math;
pub mod random;
pub mod table;
pub mod scores;

pub mod examples;
pub mod low_signal;
pub mod smote;

pub mod curves;
pub mod keras_auc;
pub mod metrics;
pub mod alarms;
pub mod outcomes;
pub mod cost;
pub mod bootstrap;
pub mod calibration;
pub mod recalibration;
pub mod comparison;

pub mod dataset;
mod kernels;
pub mod activations;
pub mod loss;
pub mod layers;
mod network;
pub mod optimizers;
pub mod history;
pub mod model;
pub mod permutation_importance;
pub mod checkpoint;
pub mod early_stopping;
pub mod training;
pub mod by_class;
pub mod over_seeds;
pub mod learning_curve;
pub mod trials;
