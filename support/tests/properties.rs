//! What holds for all files, tried on many drawn at random.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use support::polars::prelude::{DataFrame, DataType};
use support::*;

struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(content: impl AsRef<[u8]>) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("support-properties-{}-{number}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// How a program writes a table.
#[derive(Clone, Debug)]
struct Dialect {
    separator: char,
    decimal_comma: bool,
    quotes: bool,
    blanks: bool,
    line_end: &'static str,
    byte_order_mark: bool,
}

fn dialect() -> impl Strategy<Value = Dialect> {
    let marks =
        prop_oneof![Just((',', false)), Just((';', false)), Just((';', true)), Just(('\t', true)), Just((',', true))];
    (marks, any::<[bool; 3]>(), prop_oneof![Just("\n"), Just("\r\n"), Just("\r")]).prop_map(
        |(marks, flags, line_end)| Dialect {
            separator: marks.0,
            decimal_comma: marks.1,
            quotes: flags[0],
            blanks: flags[1],
            line_end,
            byte_order_mark: flags[2],
        },
    )
}

#[derive(Clone, Debug)]
struct Row {
    count: Option<i64>,
    size: Option<f64>,
    text: String,
    on: Option<bool>,
}

fn row() -> impl Strategy<Value = Row> {
    // A text begins with a letter that no number, truth or mark of absence begins with; what follows may be anything that CSV
    // has to quote.
    let text = prop_oneof![3 => "[a-dg-hj-mäß][a-z ,;\t\"\n.0-9-]{0,9}[a-z\"]", 1 => Just(String::new())];
    (any::<Option<i64>>(), proptest::option::of(any::<f64>()), text, any::<Option<bool>>())
        .prop_map(|(count, size, text, on)| Row { count, size: size.filter(|size| size.is_finite()), text, on })
}

fn field(text: &str, dialect: &Dialect) -> String {
    let needs_quotes = text.contains([dialect.separator, '"', '\n', '\r']);
    let text = match dialect.quotes || needs_quotes {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
    if dialect.blanks { format!(" {text}  ") } else { text }
}

fn write(rows: &[Row], dialect: &Dialect) -> String {
    let number = |value: f64| {
        let text = format!("{value:?}");
        if dialect.decimal_comma { text.replace('.', ",") } else { text }
    };
    let header = ["count", "size", "text", "on"].map(str::to_owned);
    let records = rows.iter().map(|row| {
        [
            row.count.map_or_else(String::new, |count| count.to_string()),
            row.size.map_or_else(|| "NA".to_owned(), number),
            row.text.clone(),
            row.on.map_or_else(|| "-".to_owned(), |on| if on { "TRUE" } else { "false" }.to_owned()),
        ]
    });
    let lines = std::iter::once(header).chain(records).map(|fields| {
        let fields: Vec<String> = fields.iter().map(|text| field(text, dialect)).collect();
        fields.join(&dialect.separator.to_string()) + dialect.line_end
    });
    let mark = if dialect.byte_order_mark { "\u{feff}" } else { "" };
    mark.to_owned() + &lines.collect::<String>()
}

/// What was read says what was written, or nothing was written.
fn assert_is(frame: &DataFrame, rows: &[Row]) {
    assert_eq!(frame.height(), rows.len());
    let column = |name: &str| frame.column(name).unwrap();
    let is_empty = |name: &str| column(name).null_count() == rows.len();
    let counts: Vec<_> = rows.iter().map(|row| row.count).collect();
    assert!(is_empty("count") || column("count").i64().unwrap().to_vec() == counts);
    let bits = |value: Option<f64>| value.map(f64::to_bits);
    let sizes: Vec<_> = rows.iter().map(|row| bits(row.size)).collect();
    let read: Vec<_> = match column("size").dtype() {
        DataType::String => vec![None; rows.len()],
        _ => column("size").f64().unwrap().iter().map(bits).collect(),
    };
    assert_eq!(read, sizes);
    let texts: Vec<_> = rows.iter().map(|row| Some(row.text.as_str()).filter(|text| !text.is_empty())).collect();
    assert_eq!(column("text").str().unwrap().iter().collect::<Vec<_>>(), texts);
    let truths: Vec<_> = rows.iter().map(|row| row.on).collect();
    assert!(is_empty("on") || column("on").bool().unwrap().iter().collect::<Vec<_>>() == truths);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = data::read_csv(&TemporaryFile::new(bytes).0);
    }

    /// Pieces that a CSV file is made of come to more than bytes do.
    #[test]
    fn no_pieces_make_the_reader_panic(pieces in proptest::collection::vec(prop_oneof![
        Just("a"), Just(","), Just(";"), Just("\t"), Just("\""), Just("\n"), Just("\r"), Just("1"), Just("0"), Just("-"), Just("."),
        Just("e9"), Just("é"), Just("\u{a0}"), Just("NA"), Just("true"), Just(" "), Just("%"), Just("inf"), Just("123,456"),
    ], 0..60)) {
        let csv = "a,b\n".to_owned() + &pieces.concat();
        if let Ok(frame) = data::read_csv(&TemporaryFile::new(csv).0) {
            prop_assert!(frame.height() > 0 && frame.columns().iter().all(|column| column.len() == frame.height()));
            let _ = (data::overview(&frame), data::head(&frame, 3), Encoder::fit(&frame, "a"));
        }
    }

    #[test]
    fn what_is_read_is_what_was_written(rows in proptest::collection::vec(row(), 1..12), dialect in dialect()) {
        let csv = write(&rows, &dialect);
        let file = TemporaryFile::new(&csv);
        match data::read_csv(&file.0) {
            Ok(frame) => {
                assert_is(&frame, &rows);
                data::write_csv(&frame, &file.0).unwrap();
                assert_is(&data::read_csv(&file.0).unwrap(), &rows);
            }
            // Few numbers may all have three decimals after a comma, and mean thousands.
            Err(error) => prop_assert!(error.to_string().contains("may be"), "{error}\n{csv}"),
        }
    }
}

/// A small model with everything that a file can hold.
fn saved(path: &Path) -> (Sequential, Preprocessor) {
    let csv = "site,size,on,failed\nnorth,1.5,true,0\nsouth,NA,false,1\n,2.5,true,0\nnorth,7,false,1\n";
    let train = data::read_csv(&TemporaryFile::new(csv).0).unwrap();
    let scaler = Preprocessor::fit_encoded(&train, &Encoder::fit(&train, "failed").unwrap()).unwrap().clip(5.0);
    let model = Sequential::new(scaler.names().len(), 1)
        .add(Dense::new(3).relu())
        .add(Dropout::new(0.5))
        .add(Dense::new(1).bias(-1.0));
    model.save(path, &scaler).unwrap();
    (model, scaler)
}

/// Each byte of a file is changed in several ways: what loads is the model that was saved.
#[test]
fn a_changed_byte_is_refused_or_changes_nothing() {
    let file = TemporaryFile::new("");
    let (model, scaler) = saved(&file.0);
    let bytes = std::fs::read(&file.0).unwrap();
    let (layers, mut refused) = (model.summary(), 0);
    for place in 0..bytes.len() {
        for change in [1, 2, 4, 32, 128] {
            let mut changed = bytes.clone();
            changed[place] ^= change;
            std::fs::write(&file.0, &changed).unwrap();
            match Sequential::load(&file.0) {
                Ok((loaded, loaded_scaler)) => {
                    assert_eq!(loaded.weights(), model.weights(), "byte {place} changed by {change}");
                    assert_eq!((loaded.summary(), loaded_scaler), (layers.clone(), scaler.clone()));
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > bytes.len() * 4, "{refused} of {} changes were refused", bytes.len() * 5);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_loading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120), length in 0u64..200) {
        let bytes = [length.to_le_bytes().to_vec(), bytes].concat();
        prop_assert!(Sequential::load(&TemporaryFile::new(bytes).0).is_err());
    }

    /// Parts of a file are cut out, doubled or overwritten.
    #[test]
    fn a_file_in_pieces_is_refused(start in 0.0..1.0, length in 1usize..40, kind in 0..3, byte in any::<u8>()) {
        let file = TemporaryFile::new("");
        let (model, scaler) = saved(&file.0);
        let bytes = std::fs::read(&file.0).unwrap();
        let start = (start * bytes.len() as f64) as usize;
        let end = (start + length).min(bytes.len());
        let (before, part, after) = (&bytes[..start], &bytes[start..end], &bytes[end..]);
        let changed = match kind {
            0 => [before, after].concat(),
            1 => [before, part, part, after].concat(),
            _ => [before, &vec![byte; part.len()], after].concat(),
        };
        std::fs::write(&file.0, &changed).unwrap();
        if let Ok((loaded, loaded_scaler)) = Sequential::load(&file.0) {
            prop_assert!(loaded.weights() == model.weights() && loaded_scaler == scaler);
        }
    }
}
