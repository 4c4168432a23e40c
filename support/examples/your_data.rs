//! From a CSV file to a saved model and its predictions for new rows: the road of notebook 8 as a program to copy.
//! `cargo run --release -p support --example your_data [-- FILE]`; without a file it writes an invented one.

use std::error::Error;
use std::path::PathBuf;

use support::*;

const SEED: u64 = 5;

// What to change for a table of your own.
const LABEL: &str = "failed";
const POSITIVE: &str = "yes";
const DROP: &[&str] = &["inspection", "downtime_hours"];
const COSTS: Costs = Costs { false_alarm: 200.0, missed: 5000.0 };

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("your-data-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = match std::env::args().nth(1) {
        Some(path) => PathBuf::from(path),
        None => {
            let path = folder.join("pumps.csv");
            data::example_csv(&path, SEED)?;
            path
        }
    };

    // Read, look, and say what is to be predicted.
    let raw = data::read_csv(&path)?;
    println!("{}", data::overview(&raw)?);
    let table = data::drop_missing(&data::drop_columns(&raw, DROP)?, &[LABEL])?;
    let table = data::binary_label(&table, LABEL, POSITIVE)?;
    println!("{}", data::imbalance(&table, LABEL)?);

    // Split before anything is learned. For rows of one customer see `group_split`, for rows with a date `time_split`.
    let (train_df, val_df, test_df) = data::train_val_test_split(&table, LABEL, SEED)?;
    let encoder = Encoder::fit(&train_df, LABEL)?;
    let scaler = Preprocessor::fit_encoded(&train_df, &encoder)?.clip(5.0);
    let (train, val, test) = (scaler.transform(&train_df)?, scaler.transform(&val_df)?, scaler.transform(&test_df)?);

    let mut model = Sequential::new(train.features.ncols(), SEED)
        .add(Dense::new(16).relu())
        .add(Dropout::new(0.5))
        .add(Dense::new(1).bias(initial_bias(&train)?))
        .compile(Adam::new(1e-3));
    let early_stopping = EarlyStopping::monitor("val_prc").patience(10).restore_best_weights();
    let config = FitConfig::epochs(100).early_stopping(early_stopping).verbose(10);
    model.fit(&Dataset::new(&train).shuffle(SEED).batch(256), &val, config)?;

    // The rule of the prices needs no search; whether its probabilities may be believed is seen on the validation set.
    let threshold = COSTS.threshold()?;
    println!("Validation set:\n{}", model.evaluate_at(&val, threshold)?);
    println!("Test set at the threshold {threshold:.4}:\n{}", model.evaluate_at(&test, threshold)?);

    // One file holds all that a decision needs.
    let file = folder.join("model.safetensors");
    Pipeline::new(model, scaler)?.threshold(threshold)?.save(&file)?;

    // Some other day, in another program: new rows, without a label.
    let new_rows = folder.join("new.csv");
    data::write_csv(&data::drop_columns(&test_df, &[LABEL])?, &new_rows)?;
    let pipeline = Pipeline::load(&file)?;
    let new = pipeline.preprocessor().read_csv(&new_rows)?; // with the types of training
    let alarms = pipeline.predict_classes(&new)?.iter().filter(|&&is_alarm| is_alarm).count();
    println!("{} alarms among {} new rows", thousands(alarms), thousands(new.height()));
    let scored = data::add_column(&new, "probability", pipeline.predict(&new)?)?;
    data::write_csv(&scored, folder.join("scored.csv"))?;
    println!("{}", data::head(&scored, 3));
    println!("Model and scores are in {}", folder.display());
    Ok(())
}
