use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use crate::column::{AnyValue, DataType, PlSmallStr};
use crate::frame::DataFrame;
use crate::{PolarsResult, refused};

pub struct CsvWriter<W>(W);

pub trait SerWriter<W> {
    fn new(writer: W) -> Self;
    fn finish(&mut self, frame: &mut DataFrame) -> PolarsResult<()>;
}

impl<W: Write> SerWriter<W> for CsvWriter<W> {
    fn new(writer: W) -> Self {
        Self(writer)
    }

    fn finish(&mut self, frame: &mut DataFrame) -> PolarsResult<()> {
        let quoted = |text: &str| match text.contains(['"', ',', '\n', '\r']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_owned(),
        };
        let names: Vec<String> = frame.columns().iter().map(|column| quoted(column.name())).collect();
        let mut text = names.join(",") + "\n";
        for row in 0..frame.height() {
            let cells = frame.columns().iter().flat_map(|column| column.get(row)).map(|value| match value {
                AnyValue::Null => String::new(),
                value => quoted(&value.str_value()),
            });
            text += &(cells.collect::<Vec<_>>().join(",") + "\n");
        }
        self.0.write_all(text.as_bytes()).or_else(|error| refused(error.to_string()))
    }
}

pub type Schema = std::collections::HashMap<PlSmallStr, DataType>;

/// Reads no file: `support` reads all of them with its own reader here.
#[derive(Default)]
pub struct CsvReadOptions;

pub trait SerReader {
    fn finish(self) -> PolarsResult<DataFrame>;
}

impl SerReader for CsvReadOptions {
    fn finish(self) -> PolarsResult<DataFrame> {
        refused("a page reads no files")
    }
}

impl CsvReadOptions {
    pub fn with_schema(self, _schema: Option<Arc<Schema>>) -> Self {
        self
    }

    pub fn with_rechunk(self, _rechunk: bool) -> Self {
        self
    }

    pub fn try_into_reader_with_file_path(self, _path: Option<PathBuf>) -> PolarsResult<Self> {
        Ok(self)
    }
}
