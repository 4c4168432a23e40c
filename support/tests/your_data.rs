//! From a reader's CSV file to a saved model that is applied to new rows: the road of the last notebook.

use std::fmt::Write;
use std::path::PathBuf;

use support::*;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("support-your-data-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A table as a spreadsheet may write it: semicolons, quotes, gaps, a label of true and false in the middle. Customers
/// who wait long leave, those in the city sooner.
fn csv(rows: u32) -> String {
    let mut csv = String::from("\"customer no\";wait;left;\"place; kind\"\r\n");
    for row in 0..rows {
        let wait = row.wrapping_mul(2_654_435_761) >> 24; // 0 to 255, as good as random
        let (text, leaves) = if row % 3 == 0 { ("\"city; old\"", wait > 200) } else { ("village", wait > 245) };
        let wait = if row % 17 == 0 { "NA".to_owned() } else { format!("{}.5", wait) };
        writeln!(csv, "{row};{wait};{leaves};{text}\r").unwrap();
    }
    csv
}

#[test]
fn a_file_becomes_a_model_that_can_be_loaded() {
    let folder = Folder::new("road");
    let path = folder.0.join("customers.csv");
    std::fs::write(&path, csv(3000)).unwrap();
    let table = data::drop_columns(&data::read_csv(&path).unwrap(), &["customer no"]).unwrap();
    let table = data::binary_label(&table, "left", "true").unwrap();
    let (train_df, val_df, test_df) = data::train_val_test_split(&table, "left", 1).unwrap();
    let encoder = Encoder::fit(&train_df, "left").unwrap();
    let scaler = Preprocessor::fit_encoded(&train_df, &encoder).unwrap().clip(5.0);
    assert_eq!(scaler.names(), ["wait", "wait missing", "place; kind=city; old", "place; kind=village"]);

    let (train, val) = (scaler.transform(&train_df).unwrap(), scaler.transform(&val_df).unwrap());
    let mut model = Sequential::new(train.features.ncols(), 1)
        .add(Dense::new(8).relu())
        .add(Dense::new(1).bias(initial_bias(&train).unwrap()))
        .compile(Adam::new(1e-2));
    model.fit(&Dataset::new(&train).shuffle(1), &val, FitConfig::epochs(10)).unwrap();
    let predictions = model.predict(&scaler.transform(&test_df).unwrap().features).unwrap();
    let labels = scaler.transform(&test_df).unwrap().labels;
    assert!(roc_auc_score(&labels, &predictions).unwrap() > 0.9);

    let costs = Costs { false_alarm: 1.0, missed: 20.0 };
    let (threshold, cost) = costs.curve(&labels, &predictions).unwrap().best();
    assert_eq!(costs.total(&confusion_matrix(&labels, &predictions, threshold).unwrap()), cost);

    let file = folder.0.join("model.safetensors");
    model.save(&file, &scaler).unwrap();
    let (loaded, loaded_scaler) = Sequential::load(&file).unwrap();
    assert_eq!(loaded_scaler, scaler);
    // New rows have no label, and their columns in another order.
    let new = test_df.select(["place; kind", "wait"]).unwrap();
    let again = loaded.predict(&loaded_scaler.transform_features(&new).unwrap()).unwrap();
    assert_eq!(again, predictions);
    let scored = data::add_column(&new, "probability", again).unwrap();
    data::write_csv(&scored, folder.0.join("scored.csv")).unwrap();
    let read = data::read_csv(folder.0.join("scored.csv")).unwrap();
    assert_eq!(read.column("probability").unwrap(), scored.column("probability").unwrap());
}

#[test]
fn steps_that_were_left_out_are_named() {
    let folder = Folder::new("steps");
    let path = folder.0.join("customers.csv");
    std::fs::write(&path, csv(300)).unwrap();
    let raw = data::read_csv(&path).unwrap();
    let says = |result: Result<Preprocessor, SupportError>, expected: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    };
    says(
        Preprocessor::fit(&raw, "left"),
        "column 'wait', line 2: the value is missing; drop such rows by drop_missing, or let an Encoder",
    );
    says(
        Preprocessor::fit(&raw.drop("wait").unwrap(), "left"),
        "column 'place; kind' holds text, not numbers: drop it",
    );
    says(Preprocessor::fit(&raw, "gone"), "no column is called 'gone'");

    let table = data::binary_label(&raw, "left", "true").unwrap();
    let encoder = Encoder::fit(&table, "left").unwrap();
    let scaler = Preprocessor::fit_encoded(&table, &encoder).unwrap();
    let message = scaler.transform_features(&table.drop("wait").unwrap()).unwrap_err().to_string();
    assert!(message.contains("no column is called 'wait'"), "{message}");
    let message = data::train_val_test_split(&table.head(Some(30)), "left", 1).unwrap_err().to_string();
    assert!(message.contains("too few for three sets"), "{message}");
}
