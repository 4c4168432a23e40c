//! What the notebooks about card payments begin with: the table, three sets, the network that is
//! followed, and its rivals. Each is what a cell would hold; notebook 2 shows them.
//!
//! ```no_run
//! use support::lesson::*;
//!
//! let sets = sets(&table()?, SEED)?;
//! println!("{sets}");
//! let baseline = train_baseline(&sets, SEED)?;
//! println!("{}", baseline.evaluate(&sets.val)?);
//! # Ok::<(), support::SupportError>(())
//! ```

use std::fmt;
use std::ops::Range;

use learn::dataset::Dataset;
use learn::early_stopping::EarlyStopping;
use learn::error::{Error, Result};
use learn::examples::Examples;
use learn::layers::{Dense, Dropout};
use learn::model::{Sequential, initial_bias};
use learn::optimizers::Adam;
use learn::over_seeds::over_seeds;
use learn::smote::smote;
use learn::training::{ClassWeight, FitConfig};
use learn::trials::{Trial, Trials};
use ndarray::{Array1, Axis};
use polars::prelude::DataFrame;

use crate::data;
use crate::preprocessor::Preprocessor;

/// Of every notebook, so that all of them have the same sets and models.
pub const SEED: u64 = 5;
/// The most epochs of a training.
pub const EPOCHS: usize = 100;
/// Large, so that most batches have some frauds.
pub const BATCH_SIZE: usize = 2048;

/// The transactions, cleaned.
///
/// # Errors
/// As [`data::load`].
pub fn table() -> Result<DataFrame> {
    clean(&data::load()?)
}

/// The transactions without `Time`, and with the logarithm of `Amount` in its place. The rows stay.
///
/// # Errors
/// When one of the two is missing.
pub fn clean(raw: &DataFrame) -> Result<DataFrame> {
    data::log_column(&data::drop_columns(raw, &["Time"])?, "Amount", 0.001)
}

/// Three sets, scaled by the first, and the row of the table that each example comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Sets {
    /// To learn from.
    pub train: Examples,
    /// To choose by.
    pub val: Examples,
    /// To judge by, once.
    pub test: Examples,
    /// The rows of `train`, counted from 0.
    pub train_rows: Vec<usize>,
    /// The rows of `val`.
    pub val_rows: Vec<usize>,
    /// The rows of `test`.
    pub test_rows: Vec<usize>,
}

/// A fifth of the rows at random to test, a fifth of the others to validate, the rest to train;
/// scaled by the training set and limited to ±5 standard deviations. The rows are those of two
/// calls of [`data::train_test_split`].
///
/// # Errors
/// When there are too few rows, a column can't be scaled, or `Class` is not 0 and 1.
pub fn sets(table: &DataFrame, seed: u64) -> Result<Sets> {
    let (rest, test_rows) = data::split_indices(table.height(), 0.2, seed)?;
    let (train, val) = data::split_indices(rest.len(), 0.2, seed)?;
    let [train_rows, val_rows] = [train, val].map(|part| part.into_iter().map(|place| rest[place]).collect::<Vec<_>>());
    let train = data::take(table, &train_rows)?;
    let scaler = Preprocessor::fit(&train, "Class")?.clip(5.0);
    let scaled = |rows: &[usize]| scaler.transform(&data::take(table, rows)?);
    let (val, test) = (scaled(&val_rows)?, scaled(&test_rows)?);
    Ok(Sets { train: scaler.transform(&train)?, val, test, train_rows, val_rows, test_rows })
}

impl fmt::Display for Sets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Training:   {}\nValidation: {}\nTest:       {}", self.train, self.val, self.test)
    }
}

/// The amounts of these rows of the table as it was loaded, in euro.
///
/// # Errors
/// When there is no column `Amount`, or no such row.
pub fn amounts(raw: &DataFrame, rows: &[usize]) -> Result<Array1<f64>> {
    let amounts = Array1::from(data::numbers(raw, "Amount")?);
    check_rows(rows, amounts.len())?;
    Ok(amounts.select(Axis(0), rows))
}

/// Which of these rows of the built-in set lie deep among the frauds: [`data::deep_rows`], one
/// answer for each row number. In any other table nobody knows; then it says so, and none does.
///
/// # Errors
/// When there is no such row.
pub fn deep_rows(table: &DataFrame, rows: &[usize]) -> Result<Array1<bool>> {
    let deep = data::deep_rows(table).unwrap_or_else(|reason| {
        println!("no row is marked as deep: {reason}");
        Array1::from_elem(table.height(), false)
    });
    check_rows(rows, deep.len())?;
    Ok(deep.select(Axis(0), rows))
}

fn check_rows(rows: &[usize], all: usize) -> Result<()> {
    match rows.iter().find(|row| **row >= all) {
        Some(row) => Err(Error::Argument(format!("there is no row {row}: the table has {all}"))),
        None => Ok(()),
    }
}

/// The network that the lesson follows, as TensorFlow's has it: 16 units, half of them silent in
/// each step of training.
pub fn make_model(output_bias: f64, seed: u64) -> Sequential {
    Sequential::new(29, seed)
        .add(Dense::new(16).relu())
        .add(Dropout::new(0.5))
        .add(Dense::new(1).bias(output_bias))
        .compile(Adam::new(1e-3))
}

/// A larger network: 64 units, and all of them work.
pub fn make_larger(output_bias: f64, seed: u64) -> Sequential {
    Sequential::new(29, seed).add(Dense::new(64).relu()).add(Dense::new(1).bias(output_bias)).compile(Adam::new(1e-3))
}

/// Logistic regression: no hidden layer.
pub fn make_logistic(output_bias: f64, seed: u64) -> Sequential {
    Sequential::new(29, seed).add(Dense::new(1).bias(output_bias)).compile(Adam::new(1e-3))
}

/// Ends a training when the ranking of the validation set has not improved for ten epochs, and goes
/// back to the best.
pub fn early_stopping() -> EarlyStopping {
    EarlyStopping::monitor("val_prc").patience(10).restore_best_weights()
}

/// At most [`EPOCHS`] epochs.
pub fn config() -> FitConfig {
    FitConfig::epochs(EPOCHS).early_stopping(early_stopping())
}

/// All rows in random order.
pub fn batches(examples: &Examples, seed: u64) -> Dataset {
    Dataset::new(examples).shuffle(seed).batch(BATCH_SIZE)
}

/// Batches of which about half are frauds, without end: oversampling.
///
/// # Errors
/// When the examples are all of one class.
pub fn half_and_half(examples: &Examples, seed: u64) -> Result<Dataset> {
    const BUFFER_SIZE: usize = 100_000;
    let (negatives, positives) = examples.by_class();
    let stream = |class| Dataset::new(class).buffered_shuffle(BUFFER_SIZE, seed).repeat();
    let mixed = Dataset::sample_from_datasets([stream(&positives), stream(&negatives)], [0.5, 0.5], seed)?;
    Ok(mixed.batch(BATCH_SIZE))
}

/// Trains a model and gives it back; its epochs are `model.history()`.
///
/// # Errors
/// As [`Sequential::fit`].
pub fn fit(mut model: Sequential, train: &Dataset, val: &Examples, config: FitConfig) -> Result<Sequential> {
    model.fit(train, val, config)?;
    Ok(model)
}

/// Trained as the data are, from the share of frauds.
///
/// # Errors
/// As [`fit`], and when there are no frauds.
pub fn train_baseline(sets: &Sets, seed: u64) -> Result<Sequential> {
    let model = make_model(initial_bias(&sets.train)?, seed);
    fit(model, &batches(&sets.train, seed), &sets.val, config())
}

/// Trained with class weights that make both classes count the same; a training that pretends so
/// starts at a bias of 0.
///
/// # Errors
/// As [`train_baseline`].
pub fn train_weighted(sets: &Sets, start_bias: f64, seed: u64) -> Result<Sequential> {
    let config = config().class_weight(ClassWeight::balanced(&sets.train)?);
    fit(make_model(start_bias, seed), &batches(&sets.train, seed), &sets.val, config)
}

/// Trained on batches of which half are frauds, in short epochs, so that early stopping looks
/// often.
///
/// # Errors
/// As [`train_baseline`].
pub fn train_oversampled(sets: &Sets, seed: u64) -> Result<Sequential> {
    let config = FitConfig::epochs(10 * EPOCHS).steps_per_epoch(20).early_stopping(early_stopping());
    fit(make_model(0.0, seed), &half_and_half(&sets.train, seed)?, &sets.val, config)
}

/// Trained on all frauds and as many other rows, in epochs as short. Its probabilities are those of
/// a world where half are frauds:
/// [`Answers::multiply_odds`](learn::bootstrap::Answers::multiply_odds) corrects them.
///
/// # Errors
/// As [`train_baseline`].
pub fn train_undersampled(sets: &Sets, seed: u64) -> Result<Sequential> {
    let batches = Dataset::new(&sets.train.undersample(seed)?).shuffle(seed).batch(32);
    let config = FitConfig::epochs(10 * EPOCHS).early_stopping(early_stopping());
    fit(make_model(0.0, seed), &batches, &sets.val, config)
}

/// Trained on all rows and as many new frauds as make both classes equal, each between two of the
/// five nearest.
///
/// # Errors
/// As [`train_baseline`].
pub fn train_smote(sets: &Sets, seed: u64) -> Result<Sequential> {
    let config = FitConfig::epochs(10 * EPOCHS).steps_per_epoch(20).early_stopping(early_stopping());
    fit(make_model(0.0, seed), &batches(&smote(&sets.train, 5, seed)?, seed), &sets.val, config)
}

/// The larger network, trained as the baseline.
///
/// # Errors
/// As [`train_baseline`].
pub fn train_larger(sets: &Sets, seed: u64) -> Result<Sequential> {
    let model = make_larger(initial_bias(&sets.train)?, seed);
    fit(model, &batches(&sets.train, seed), &sets.val, config())
}

/// Logistic regression, trained as the baseline.
///
/// # Errors
/// As [`train_baseline`].
pub fn train_logistic(sets: &Sets, seed: u64) -> Result<Sequential> {
    let model = make_logistic(initial_bias(&sets.train)?, seed);
    fit(model, &batches(&sets.train, seed), &sets.val, config())
}

/// Trains all methods on each split and from each start, and judges them on the validation set of
/// the split. Split s with start k has the seed 10 s + k. `train` gives the models of one run with
/// the names of the methods; runs go side by side on all cores.
///
/// # Errors
/// The first of `train` in the order of runs, and when there is no run or the methods of two runs
/// differ.
pub fn trials(
    table: &DataFrame,
    splits: Range<u64>,
    starts: Range<u64>,
    train: impl Fn(&Sets, u64) -> Result<Vec<(&'static str, Sequential)>> + Sync,
) -> Result<Trials> {
    let sets = splits.clone().map(|split| sets(table, split)).collect::<Result<Vec<_>>>()?;
    let runs: Vec<(u64, u64)> =
        splits.clone().flat_map(|split| starts.clone().map(move |start| (split, start))).collect();
    let results = over_seeds(0..runs.len() as u64, |run| {
        let (split, start) = runs[run as usize];
        let sets = &sets[(split - splits.start) as usize];
        let models = train(sets, 10 * split + start)?;
        let names: Vec<&str> = models.iter().map(|(name, _)| *name).collect();
        Ok((names, Trial::new(split as usize, start as usize, &models, &sets.val)?))
    })?;
    let names = results.first().map(|(names, _)| names.clone()).unwrap_or_default();
    Trials::new(&names, results.into_iter().map(|(_, run)| run).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Few rows of the built-in set, with its frauds spread over them.
    fn small() -> DataFrame {
        let raw = data::synthetic(1);
        let is_fraud = data::numbers(&raw, "Class").unwrap();
        let rows: Vec<usize> = (0..raw.height()).filter(|&row| row % 50 == 0 || is_fraud[row] == 1.0).collect();
        data::take(&raw, &rows).unwrap()
    }

    #[test]
    fn sets_know_their_rows() {
        let raw = small();
        let table = clean(&raw).unwrap();
        let sets = sets(&table, SEED).unwrap();
        let (rest, test) = data::train_test_split(&table, 0.2, SEED).unwrap();
        let (train, val) = data::train_test_split(&rest, 0.2, SEED).unwrap();
        let scaler = Preprocessor::fit(&train, "Class").unwrap().clip(5.0);
        assert_eq!(sets.val, scaler.transform(&val).unwrap());
        assert_eq!(sets.test, scaler.transform(&test).unwrap());
        assert_eq!(amounts(&raw, &sets.test_rows).unwrap().len(), test.height());
        let class = data::numbers(&table, "Class").unwrap();
        assert!(sets.train_rows.iter().zip(&sets.train.labels).all(|(&row, &label)| (class[row] == 1.0) == label));
        // Nobody knows the deep rows of this table.
        assert!(deep_rows(&table, &sets.val_rows).unwrap().iter().all(|&is_deep| !is_deep));
        assert!(sets.to_string().starts_with("Training:   "), "{sets}");
        assert!(amounts(&raw, &[raw.height()]).unwrap_err().to_string().contains("there is no row"));
    }

    #[test]
    fn runs_are_ordered_by_split_and_start() {
        let table = clean(&small()).unwrap();
        let untrained = |sets: &Sets, seed| {
            Ok(vec![("zero", make_model(0.0, seed)), ("careful", make_model(initial_bias(&sets.train)?, seed))])
        };
        let found = trials(&table, 1..3, 0..2, untrained).unwrap();
        let order: Vec<_> = found.runs().iter().map(|run| (run.split, run.start)).collect();
        assert_eq!(order, [(1, 0), (1, 1), (2, 0), (2, 1)]);
        assert!(found.to_string().contains("careful"), "{found}");
        assert!(trials(&table, 0..0, 0..2, untrained).is_err());
    }

    #[test]
    fn every_method_trains() {
        let sets = sets(&clean(&small()).unwrap(), 1).unwrap();
        let prc = |model: Sequential| model.evaluate(&sets.val).unwrap().prc;
        for trained in
            [train_baseline, train_undersampled, train_smote, train_logistic, train_larger, train_oversampled]
        {
            assert!(prc(trained(&sets, 1).unwrap()) > 0.5);
        }
        assert!(prc(train_weighted(&sets, 0.0, 1).unwrap()) > 0.5);
    }
}
