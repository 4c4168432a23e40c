//! Trains the networks of the lesson's dated tables and prints what came out as one line of JSON; `benches/peers/real_rows.py`
//! starts it, does the rest and explains the design:
//! `cargo run -p support --example real_rows -- FILE ROWS`, where ROWS is JSON with lists of row numbers of the
//! file: {"name": [rows to leave out], …}.

use std::error::Error;

use serde_json::{Map, Value, json};
use support::polars::prelude::DataFrame;
use support::*;

/// Genuine transactions for each fraud in the full file.
const FULL_RATIO: f64 = 284_315.0 / 492.0;
const SPLITS: u64 = 8;
const STARTS: u64 = 2;
const EPOCHS: usize = 100;
/// An epoch of the lesson has as many steps with batches of 2,048 of the full file.
const STEPS: usize = 89;
const BATCH_SIZE: usize = 192;
/// So many frauds are few.
const FEW: usize = 40;
/// The name of a column for the row numbers, while the table is split.
const ROW: &str = "row";

/// What a network is trained on.
#[derive(Clone, Copy)]
enum Training {
    /// Genuine rows count as in the full file.
    Plain,
    /// Both classes count the same.
    Balanced,
    /// As many frauds as genuine rows in a batch, drawn again and again.
    Oversampled,
    /// All frauds, and as many genuine rows, drawn once.
    Undersampled,
    /// As `Plain`, with few of the frauds.
    Few,
}

/// Where the bias of the last layer starts.
#[derive(Clone, Copy)]
enum Bias {
    Zero,
    /// The logarithm of the odds among the rows as they count in the full file.
    LogOdds,
}

/// A name, the units of the hidden layer (16 with dropout, as in the lesson; 0 for no layer), the training and the start.
type Recipe = (&'static str, usize, Training, Bias);

/// Trained on each list of rows.
const WEIGHTS: [Recipe; 3] = [
    ("baseline", 16, Training::Plain, Bias::LogOdds),
    ("weighted from 0", 16, Training::Balanced, Bias::Zero),
    ("weighted from ln", 16, Training::Balanced, Bias::LogOdds),
];

/// Trained on all rows.
const OTHERS: [Recipe; 7] = [
    ("64 units", 64, Training::Plain, Bias::LogOdds),
    ("64 units weighted", 64, Training::Balanced, Bias::Zero),
    ("no hidden layer", 0, Training::Plain, Bias::LogOdds),
    ("oversampled", 16, Training::Oversampled, Bias::Zero),
    ("undersampled", 16, Training::Undersampled, Bias::Zero),
    ("few frauds", 16, Training::Few, Bias::LogOdds),
    ("few frauds, 64 units", 64, Training::Few, Bias::LogOdds),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, rows] = arguments.as_slice() else { return Err("usage: real_rows FILE ROWS".into()) };
    let left_out: Map<String, Value> = serde_json::from_str(rows)?;
    let table = data::log_column(&data::read_credit_card(file)?.drop("Time")?, "Amount", 0.001)?;
    let (genuine, frauds) = data::class_counts(&table, data::CLASS)?;
    // The same for each list, so that only the rows differ.
    let count = FULL_RATIO / (genuine as f64 / frauds as f64);
    let table = data::add_column(&table, ROW, (0..table.height()).map(|row| row as f64))?;
    let mut results = Map::new();
    for (name, rows) in left_out {
        let rows: Vec<usize> = serde_json::from_value(rows)?;
        let recipes = WEIGHTS.iter().chain(OTHERS.iter().filter(|_| rows.is_empty()));
        let runs = |recipe| over_seeds(0..SPLITS * STARTS, |run| trial(&table, &rows, count, recipe, run));
        let of_recipe = |recipe: &Recipe| Ok::<_, SupportError>((recipe.0.to_owned(), runs(*recipe)?.into()));
        results.insert(name, recipes.map(of_recipe).collect::<Result<Map<_, Value>, _>>()?.into());
    }
    let (_, training_frauds) = data::class_counts(&data::train_val_test_split(&table, data::CLASS, 0)?.0, data::CLASS)?;
    let settings = json!({ "splits": SPLITS, "starts": STARTS, "few": FEW, "training_frauds": training_frauds });
    println!("{}", json!({ "settings": settings, "runs": results }));
    Ok(())
}

/// One run: the average precision on validation and test set, how many frauds and genuine rows of the test set (these as in the
/// full file) are above .5, and the best epoch.
fn trial(
    table: &DataFrame,
    left_out: &[usize],
    count: f64,
    (_, units, training, bias): Recipe,
    run: u64,
) -> Result<Value, SupportError> {
    let (split, start) = (run / STARTS, run);
    let [train, val, test] = sets(table, left_out, split)?;
    let (train, batches) = batches(train, training, start)?;
    let class_weight = match training {
        Training::Plain | Training::Few => ClassWeight { negative: 1.0, positive: 1.0 / count },
        Training::Balanced => ClassWeight::balanced(&train)?,
        Training::Oversampled | Training::Undersampled => ClassWeight { negative: 1.0, positive: 1.0 },
    };
    let bias = match bias {
        Bias::Zero => 0.0,
        Bias::LogOdds => initial_bias(&train)? - count.ln(),
    };
    let model = Sequential::new(train.features.ncols(), start);
    let model = match units {
        0 => model,
        16 => model.add(Dense::new(16).relu()).add(Dropout::new(0.5)),
        units => model.add(Dense::new(units).relu()),
    };
    let mut model = model.add(Dense::new(1).bias(bias)).compile(Adam::new(1e-3));
    let config = FitConfig::epochs(EPOCHS).steps_per_epoch(STEPS).class_weight(class_weight);
    let best_epoch = fit(&mut model, &batches, config, &val, count)?;
    let logits = model.logits(&test.features)?;
    let above = |class: bool| test.labels.iter().zip(&logits).filter(|row| *row.0 == class && *row.1 > 0.0).count();
    Ok(json!({
        "val": average_precision(&model, &val, count)?,
        "test": average_precision(&model, &test, count)?,
        "found": above(true),
        "false_alarms": above(false) as f64 * count,
        "best_epoch": best_epoch,
    }))
}

/// Training, validation and test set: the same rows for the same split, but for those that are left out.
fn sets(table: &DataFrame, left_out: &[usize], split: u64) -> Result<[Examples; 3], SupportError> {
    let kept = |part: &DataFrame| {
        let kept = data::filter_numbers(part, ROW, |row| !left_out.contains(&(row as usize)))?;
        data::drop_columns(&kept, &[ROW])
    };
    let (train, val, test) = data::train_val_test_split(table, data::CLASS, split)?;
    let (train, val, test) = (kept(&train)?, kept(&val)?, kept(&test)?);
    let scaler = Preprocessor::fit(&train, data::CLASS)?.clip(5.0);
    Ok([scaler.transform(&train)?, scaler.transform(&val)?, scaler.transform(&test)?])
}

/// The rows of the training set that are trained on, and the batches in which they come.
fn batches(train: Examples, training: Training, start: u64) -> Result<(Examples, Dataset), SupportError> {
    let (negatives, positives) = train.by_class();
    let some = |examples: &Examples, rows: usize| examples.select(&permutation(examples.len(), start)[..rows]);
    let train = match training {
        Training::Plain | Training::Balanced | Training::Oversampled => train,
        Training::Undersampled => some(&negatives, positives.len()).concat(&positives)?,
        Training::Few => negatives.concat(&some(&positives, FEW))?,
    };
    let batches = match training {
        Training::Oversampled => {
            let classes = [&positives, &negatives].map(|class| Dataset::new(class).shuffle(start).repeat());
            Dataset::sample_from_datasets(classes, [0.5, 0.5], start)?
        }
        _ => Dataset::new(&train).shuffle(start),
    };
    Ok((train, batches.batch(BATCH_SIZE)))
}

/// Trains with the lesson's early stopping, where a genuine row counts `count` times in what is watched, and gives the best
/// epoch, counted from 1.
fn fit(
    model: &mut Sequential,
    batches: &Dataset,
    config: FitConfig,
    val: &Examples,
    count: f64,
) -> Result<usize, SupportError> {
    let mut watch = EarlyStopping::monitor("val_prc").patience(10).watch()?;
    let mut training = model.begin(batches, None, config)?;
    let mut best = model.weights();
    for epoch in 0.. {
        let goes_on = model.epoch(&mut training, None)?;
        let verdict = watch.observe(epoch, Some(average_precision(model, val, count)?));
        if verdict.improved {
            best = model.weights();
        }
        if verdict.stop || !goes_on {
            break;
        }
    }
    model.end(training);
    model.set_weights(&best)?;
    Ok(watch.best_epoch().map_or(0, |epoch| epoch + 1))
}

/// The exact average precision of the ranking by logits, where the precision is tp / (tp + `count` fp).
fn average_precision(model: &Sequential, examples: &Examples, count: f64) -> Result<f64, SupportError> {
    let weights = examples.labels.mapv(|label| if label { 1.0 } else { count });
    let counts = ThresholdCounts::weighted(&examples.labels, &model.logits(&examples.features)?, &weights)?;
    Ok(counts.precision_recall_curve().average_precision())
}
