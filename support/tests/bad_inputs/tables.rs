//! CSV files, columns, labels, scalers, splits and model files.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::ndarray::{Array2, array};
use support::polars::prelude::{DataFrame, DataType, NamedFrom, Series};
use support::*;

/// A file that goes with the test.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(content: impl AsRef<[u8]>) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("support-bad-{}-{number}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn read(csv: impl AsRef<[u8]>) -> Result<DataFrame, SupportError> {
    data::read_csv(&TemporaryFile::new(csv).0)
}

/// The error has to say all of `words`.
#[track_caller]
fn refused<T: Debug>(result: Result<T, SupportError>, words: &[&str]) {
    let message = result.expect_err("this should be refused").to_string();
    for word in words {
        assert!(message.contains(word), "'{word}' is not in: {message}");
    }
}

fn numbers(frame: &DataFrame, name: &str) -> Vec<Option<f64>> {
    frame.column(name).unwrap().cast(&DataType::Float64).unwrap().f64().unwrap().to_vec()
}

fn texts(frame: &DataFrame, name: &str) -> Vec<Option<String>> {
    let column = frame.column(name).unwrap().str().unwrap();
    column.iter().map(|text| text.map(str::to_owned)).collect()
}

fn of(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|&text| (!text.is_empty()).then(|| text.to_owned())).collect()
}

fn frame<T>(columns: T) -> DataFrame
where
    T: IntoIterator<Item = Series>,
{
    let columns: Vec<_> = columns.into_iter().map(Into::into).collect();
    let rows = columns.first().map_or(0, |column: &support::polars::prelude::Column| column.len());
    DataFrame::new(rows, columns).unwrap()
}

/// Rows of which the first `positives` are positive, with a number and a group for each.
fn labelled(rows: usize, positives: usize) -> DataFrame {
    frame([
        Series::new("number".into(), (0..rows).map(|row| row as f64).collect::<Vec<_>>()),
        Series::new("customer".into(), (0..rows).map(|row| format!("c{}", row % 10)).collect::<Vec<_>>()),
        Series::new("failed".into(), (0..rows).map(|row| i64::from(row < positives)).collect::<Vec<_>>()),
    ])
}

mod dialects {
    use super::*;

    #[test]
    fn blanks_around_values_do_not_count() {
        let table = read("a, b, failed\n1.5, 2, yes\n 2.5 ,\"3\" ,no\n").unwrap();
        assert_eq!(numbers(&table, "a"), [Some(1.5), Some(2.5)]);
        assert_eq!(numbers(&table, "b"), [Some(2.0), Some(3.0)]);
        assert_eq!(texts(&table, "failed"), of(&["yes", "no"]));
        let quoted = read("a, b\n1, \"x, y\"\n").unwrap();
        assert_eq!(texts(&quoted, "b"), of(&["x, y"]));
    }

    #[test]
    fn decimal_commas_are_decimals() {
        for csv in ["wait, min;n\n3,5;1\n-0,25;2\n,5;3\n7;4\n", "wait, min\tn\n3,5\t1\n-0,25\t2\n\",5\"\t3\n7\t4\n"] {
            let table = read(csv).unwrap();
            assert_eq!(numbers(&table, "wait, min"), [Some(3.5), Some(-0.25), Some(0.5), Some(7.0)]);
        }
    }

    #[test]
    fn two_decimal_marks_are_refused() {
        refused(
            read("a;b\n1,5;x\n2.5;y\n"),
            &["line 3, column 'a'", "'2.5' has a decimal point", "'1,5' a decimal comma"],
        );
        refused(read("a;b\n1,5;2.25\n"), &["column 'b' has a decimal point (line 2)", "column 'a' a decimal comma"]);
    }

    #[test]
    fn marks_between_thousands_are_refused() {
        refused(
            read("pay,b\n\"1,234\",x\n\"12,345\",y\n"),
            &["line 2, column 'pay'", "'1,234' may be 1234", "write 1234"],
        );
        // Nothing else in the file tells whether these are tens or tens of thousands.
        refused(read("pay;b\n45.000;x\n52.300;y\n61.250;x\n"), &["line 2, column 'pay'", "'45.000' may be 45000"]);
        refused(read("pay\tb\n45,000\tx\n52,300\ty\n"), &["line 2, column 'pay'", "'45,000' may be 45000"]);
        assert!(read("pay;b\n45.000;x\n52.3;y\n").is_ok() && read("pay,b\n45.000,x\n52.300,y\n").is_ok());
        refused(read("pay;b\n999;x\n1.234;y\n"), &["line 3, column 'pay'", "'1.234' may be 1234"]);
        refused(
            read("pay;b\n1.234,5;x\n7,5;y\n3,5;z\n"),
            &["line 2, column 'pay'", "'1.234,5' is not written as a number"],
        );
        refused(read("pay;b\n1 234;x\n7;y\n12 000;z\n"), &["column 'pay'", "'1 234' is not written as a number"]);
        refused(read("pay;b\n€ 5;x\n€ 6;y\n"), &["'€ 5' is not written as a number"]);
        // Three decimals are no thousands where one value has another number of them, or a zero before the mark.
        assert_eq!(numbers(&read("kg;b\n1,234;x\n0,5;y\n9;z\n").unwrap(), "kg"), [Some(1.234), Some(0.5), Some(9.0)]);
        assert_eq!(numbers(&read("kg,b\n1.234,x\n9,y\n").unwrap(), "kg"), [Some(1.234), Some(9.0)]);
    }

    #[test]
    fn a_plus_and_exponents_belong_to_numbers() {
        let table = read("a,b\n+5,1e3\n-6,2E-1\n").unwrap();
        assert_eq!(table.column("a").unwrap().i64().unwrap().to_vec(), [Some(5), Some(-6)]);
        assert_eq!(numbers(&table, "b"), [Some(1000.0), Some(0.2)]);
    }

    #[test]
    fn marks_of_absence_are_missing_among_numbers_alone() {
        let marks = ["-", "n/a", "NA", ".", "?", "null", "\"\"", "", "NaN", "None", "–"];
        let rows: String = marks.iter().map(|mark| format!("{mark},{mark},true\n")).collect();
        let table = read(format!("size,kind,new\n1.5,shed,false\n{rows}")).unwrap();
        assert_eq!(table.column("size").unwrap().null_count(), marks.len());
        assert_eq!(table.column("size").unwrap().dtype(), &DataType::Float64);
        let kinds = texts(&table, "kind");
        assert_eq!(kinds.iter().filter(|kind| kind.is_none()).count(), 2, "{kinds:?}");
        assert!(kinds.contains(&Some("NA".into())) && kinds.contains(&Some("None".into())));
    }

    #[test]
    fn a_table_of_quotes_alone_has_numbers_in_it() {
        let table = read("\"a\",\"b\"\n\"1.5\",\"x\"\n\"\",\"\"\n").unwrap();
        assert_eq!(numbers(&table, "a"), [Some(1.5), None]);
        assert_eq!(texts(&table, "b"), of(&["x", ""]));
    }

    #[test]
    fn quotes_for_inches_stay_in_their_rows() {
        let table = read("pipe,length\n5\" steel,1\n6\" steel,2\n").unwrap();
        assert_eq!(texts(&table, "pipe"), of(&["5\" steel", "6\" steel"]));
        refused(
            read("pipe,length\n\"5\" steel\",1\n"),
            &["line 2", "a quote that belongs to the text is written twice"],
        );
        refused(read("pipe,length\n\"steel,1\nlead,2\n"), &["line 2", "a quote is opened and never closed"]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        refused(read(""), &["the file is empty"]);
        refused(read("\u{feff}"), &["the file is empty"]);
        refused(read("a,b\n"), &["no rows below the header"]);
        refused(read("a,b\n\n \n"), &["no rows below the header"]);
        refused(read("a|b\n1|2\n"), &["line 1 has one column only", "commas, semicolons or tabs"]);
        refused(read("Report of May\na,b\n1,2\n"), &["line 1 has one column only"]);
        refused(read("a,b\n1,2\n1,2,3\n"), &["line 3: found 3 values, but the header has 2 columns"]);
        refused(read("a,b,c\n1,2,3\n1,2\n"), &["line 3: found 2 values"]);
        refused(read("a,b,a\n1,2,3\n"), &["line 1: column 'a' is there twice"]);
        refused(read(format!("{},b\n1,2\n", data::LINE)), &["the name of the line numbers"]);
        refused(read([0xff, 0xfe, b'a', 0, b',', 0, b'b', 0]), &["UTF-16", "UTF-8"]);
        refused(read([b'a', 0, b',', 0, b'b', 0]), &["line 1 has a zero byte"]);
        refused(read(b"a,b\nM\xfcller,1\n"), &["line 2 is not text in UTF-8"]);
        refused(data::read_csv(std::env::temp_dir()), &[]);
    }

    #[test]
    fn marks_of_byte_order_and_line_ends_do_not_count() {
        let plain = read("a,b\n1,x\n2,y\n").unwrap();
        for csv in ["\u{feff}a,b\r\n1,x\r\n2,y\r\n", "a,b\r1,x\r2,y", "a,b\n1,x\n2,y"] {
            assert_eq!(read(csv).unwrap(), plain);
        }
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let rows: String = (0..60).map(|row| format!("{row},{row}.5,x\n")).collect();
        let csv = format!("a,b,c\n{rows}seven,1,x\n8,12 mm,x\n");
        refused(read(csv), &["line 62, column 'a': 'seven'", "line 63, column 'b': '12 mm'", "most of this column"]);
    }
}

mod columns {
    use super::*;

    #[test]
    fn something_else_among_few_numbers_is_refused() {
        refused(read("age,b\n41,x\n42,y\nold,z\n"), &["line 4, column 'age': 'old' is not a number"]);
        refused(read("age,b\n41,x\n42,y\n43 y,z\n"), &["'43 y' is not a number, as most of this column is"]);
        refused(read("age,b\n41,x\ninf,y\n"), &["line 3, column 'age': 'inf' is not a finite number"]);
        refused(read("age,b\n1e999,x\n1,y\n"), &["line 2, column 'age': '1e999' is too large"]);
        let unknown = "unknown,x\n".repeat(20);
        refused(read(format!("age,b\n41,x\n42,y\n{unknown}")), &["line 4, column 'age': 'unknown'"]);
    }

    #[test]
    fn codes_among_numbers_are_read_as_text_when_asked() {
        let file = TemporaryFile::new("icd,b\n410,1\n411,2\nE11,3\n");
        refused(data::read_csv(&file.0), &["'E11' is not a number", "read_csv_with_text"]);
        let table = data::read_csv_with_text(&file.0, &["icd"]).unwrap();
        assert_eq!(texts(&table, "icd"), of(&["410", "411", "E11"]));
        refused(data::read_csv_with_text(&file.0, &["icd", "B"]), &["no column is called 'B'", "icd, b"]);
    }

    #[test]
    fn long_numbers_are_identifiers_or_refused() {
        let table = read("id,b\n12345678901234567890,1\n12345678901234567891,2\n").unwrap();
        assert_eq!(texts(&table, "id"), of(&["12345678901234567890", "12345678901234567891"]));
        refused(
            read("age,b\n41,1\n99999999999999999999,2\n42,3\n"),
            &["line 3", "'99999999999999999999' has too many digits"],
        );
    }

    #[test]
    fn zeros_before_a_whole_number_make_it_a_code() {
        assert_eq!(texts(&read("zip,b\n01067,1\n80331,2\n").unwrap(), "zip"), of(&["01067", "80331"]));
        assert_eq!(numbers(&read("size,b\n00,1\n1.5,2\n").unwrap(), "size"), [Some(0.0), Some(1.5)]);
    }

    #[test]
    fn dates_are_no_categories() {
        for dates in [["2024-05-01", "2024-05-02"], ["1.5.2024", "31.12.2024"], ["5/1/24 12:30", "5/2/24 9:15"]] {
            let table = read(format!("day,failed\n{},1\n{},0\n", dates[0], dates[1])).unwrap();
            refused(Encoder::fit(&table, "failed"), &["column 'day' holds dates", dates[0], "time_split"]);
        }
    }

    #[test]
    fn columns_without_a_word_to_say_are_named_at_once() {
        let names: Vec<String> = (0..30).map(|number| format!("c{number}")).collect();
        let row = |value: &str| format!("{},{value}\n", ["7"; 30].join(","));
        let table = read(format!("{},failed\n{}{}", names.join(","), row("0"), row("1"))).unwrap();
        refused(
            Encoder::fit(&table, "failed"),
            &["column 'c0' has the same", "column 'c29'", "to drop all 30: [\"c0\", "],
        );
        let empty = read("a,b,failed\n,NA,0\n,-,1\n").unwrap();
        refused(Encoder::fit(&empty, "failed"), &["column 'a' is empty", "column 'b' is empty", "[\"a\", \"b\"]"]);
    }

    #[test]
    fn two_columns_do_not_become_one() {
        let table = read("site=north,site,failed\n1,north,0\n2,south,1\n").unwrap();
        refused(Encoder::fit(&table, "failed"), &["column 'site' and 'site=north' would both become 'site=north'"]);
    }

    #[test]
    fn new_rows_keep_the_types_of_training() {
        let old = "code,note,size,on,failed\n007,TRUE,1.5,true,0\nA12,unknown,2.5,false,1\n008,TRUE,3.5,true,0\n";
        let train = read(old).unwrap();
        let scaler = Preprocessor::fit_encoded(&train, &Encoder::fit(&train, "failed").unwrap()).unwrap();
        let expected = scaler.transform_features(&train.head(Some(1))).unwrap();
        let new = |csv: &str| scaler.read_csv(&TemporaryFile::new(csv).0);
        // Each of these columns would be of another type if it was read on its own.
        let row = new("code,note,size,on,id\n007,TRUE,1.5,TRUE,x\n").unwrap();
        assert_eq!(scaler.transform_features(&row).unwrap(), expected);
        let row = new("size,note,code,on\n+1.50,TRUE,007,1\n").unwrap();
        assert_eq!(scaler.transform_features(&row).unwrap(), expected);
        refused(new("code,note,size,on\n007,TRUE,big,true\n"), &["line 2, column 'size': 'big' is not a number"]);
        refused(new("code,note,size,on\n007,TRUE,1,maybe\n"), &["column 'on': 'maybe' is not true or false"]);
        // A column that no model looks at may hold anything.
        assert!(new("code,note,size,on,id\n007,TRUE,1.5,TRUE,7\n008,TRUE,2.5,TRUE,8\n008,TRUE,2,TRUE,n7\n").is_ok());
    }

    #[test]
    fn what_no_training_row_had_is_counted() {
        let train = read("site,size,failed\nnorth,1,0\nsouth,2,1\nnorth,3,0\n").unwrap();
        let encoder = Encoder::fit(&train, "failed").unwrap();
        assert!(encoder.unseen(&train).unwrap().is_empty());
        let new = read("site,size\nwest,1\nnorth,2\n,3\neast,4\nsouth,NA\n").unwrap();
        let unseen = encoder.unseen(&new).unwrap();
        assert_eq!(unseen.len(), 3, "{unseen:?}");
        assert!(unseen[0].contains("column 'site': 2 of 5 values, such as 'west'"), "{unseen:?}");
        assert!(unseen[1].contains("column 'site': 1 of 5 values are missing"), "{unseen:?}");
        assert!(unseen[2].contains("column 'size': 1 of 5 values are missing") && unseen[2].contains("median"));
    }

    #[test]
    fn a_row_that_does_not_fit_is_named_by_its_line() {
        let train = read("size,failed\n1,0\n2,1\n4,0\n").unwrap();
        let encoder = Encoder::fit(&train, "failed").unwrap();
        let new = read("size,failed\n\n\"\",0\nsmall,1\nlarge,0\n").unwrap();
        refused(encoder.transform(&new), &["column 'size' does not hold numbers", "line 4 says 'small'"]);
        // The line stays with the row through sorting and splitting.
        let rows: String = (0..50).map(|row| format!("{},{}\n", row, row % 2)).collect();
        let table = read(format!("size,failed\n{rows}NA,1\n")).unwrap();
        let sorted = table.reverse();
        refused(
            Preprocessor::fit(&sorted, "failed"),
            &["column 'size', line 52: the value is missing", "drop_missing"],
        );
    }

    #[test]
    fn rows_are_dropped_and_kept() {
        let table = read("size,site,failed\n1,a,yes\n,b,no\n3,,\n4,test,no\n3,a,no\n3,a,no\n").unwrap();
        assert_eq!(data::drop_missing(&table, &["size", "failed"]).unwrap().height(), 4);
        assert_eq!(data::drop_duplicates(&table).unwrap().height(), 5);
        assert_eq!(data::filter_numbers(&table, "size", |size| size < 4.0).unwrap().height(), 4);
        assert_eq!(data::filter_texts(&table, "site", |site| site != "test").unwrap().height(), 4);
        assert!(data::overview(&table).unwrap().to_string().contains("copies of an earlier row"));
        refused(data::drop_missing(&table, &["size", "gone"]), &["no column is called 'gone'", "size, site, failed"]);
        refused(data::filter_numbers(&table, "site", |_| true), &["column 'site' holds text"]);
        refused(data::filter_numbers(&table, "size", |size| size > 9.0), &["no row would be left"]);
    }
}

mod labels {
    use super::*;

    #[track_caller]
    fn positives(csv: &str, positive: &str) -> i64 {
        let labelled = data::binary_label(&read(csv).unwrap(), "failed", positive).unwrap();
        labelled.column("failed").unwrap().i64().unwrap().iter().flatten().sum()
    }

    #[test]
    fn labels_are_found_as_a_reader_writes_them() {
        for positive in ["True", "true", "TRUE", " True "] {
            assert_eq!(positives("a,failed\n1,True\n2,False\n3,False\n", positive), 1);
        }
        for positive in ["1", "1.0", "1.00"] {
            assert_eq!(positives("a,failed\n1,1.0\n2,0.0\n3,0.0\n", positive), 1);
            assert_eq!(positives("a,failed\n1,1\n2,0\n3,0\n", positive), 1);
        }
        assert_eq!(positives("a;failed\n1,5;1,0\n2,5;0,0\n", "1,0"), 1);
    }

    #[test]
    fn other_labels_are_refused() {
        let label = |csv: &str, positive: &str| data::binary_label(&read(csv).unwrap(), "failed", positive);
        let holes = "a,failed\n1,yes\n\n2,\n3,no\n";
        refused(label(holes, "yes"), &["column 'failed', line 4: the label is missing (1 of 3 are)", "drop_missing"]);
        let mended = data::drop_missing(&read(holes).unwrap(), &["failed"]).unwrap();
        assert!(data::binary_label(&mended, "failed", "yes").is_ok());
        refused(
            label("a,failed\n1,yes\n2,no\n3,-\n", "yes"),
            &["3 different values ('-', 'no', 'yes')", "filter_texts"],
        );
        refused(label("a,failed\n1,yes\n2,no\n", "Yes"), &["no row says 'Yes'; the values are 'no', 'yes'"]);
        refused(label("a,failed\n1,yes\n2,yes\n", "yes"), &["every row says 'yes'"]);
        refused(label("a,broken\n1,yes\n2,no\n", "yes"), &["no column is called 'failed'; the columns are a, broken"]);
        let dropped = data::drop_columns(&read("a,failed\n1,yes\n2,no\n").unwrap(), &["failed"]).unwrap();
        refused(data::binary_label(&dropped, "failed", "yes"), &["no column is called 'failed'"]);
        refused(
            data::class_counts(&read("a,failed\n1,0\n2,7\n").unwrap(), "failed"),
            &["line 3: a label is 0 or 1, not 7"],
        );
    }

    #[test]
    fn the_credit_card_table_may_write_its_class_as_a_decimal() {
        let names = data::columns().join(",");
        let row = |class: &str| format!("{}{class}\n", "1.5,".repeat(30));
        let read = |csv: String| data::read_credit_card(&TemporaryFile::new(csv).0);
        let table = read(format!("{names}\n{}{}", row("1.0"), row("0.0"))).unwrap();
        assert_eq!(data::class_counts(&table, data::CLASS).unwrap(), (1, 1));
        refused(
            read(format!("{names}\n{}{}", row("1"), row("NaN"))),
            &["line 3, column 'Class': the value is missing"],
        );
        refused(read(format!("{names}\n{}{}", row("1"), row("no"))), &["line 3, column 'Class': 'no' is not a number"]);
    }
}

mod scalers {
    use super::*;

    #[test]
    fn numbers_of_any_size_are_scaled() {
        for size in [1e200, 1e155, 1e-17, 1e-200] {
            let scaler = StandardScaler::fit(&array![[size], [-size], [size], [-size]]).unwrap();
            // linfa multiplies by the inverse of the deviation, which costs the last bit.
            let is_one = |value: f64| (value - 1.0).abs() <= f64::EPSILON;
            assert!(scaler.mean()[0] == 0.0 && is_one(scaler.scale()[0] / size));
            let scaled = scaler.transform(&array![[size], [0.0]]).unwrap();
            assert!(is_one(scaled[[0, 0]]) && scaled[[1, 0]] == 0.0, "{size}");
        }
        refused(StandardScaler::fit(&array![[f64::MAX], [f64::MIN]]), &["'x0'", "too large", "use another unit"]);
        refused(StandardScaler::fit(&array![[0.0], [5e-324]]), &["'x0'", "too near to each other"]);
    }

    #[test]
    fn a_clip_that_limits_everything_or_nothing_is_refused() {
        let scaler = Preprocessor::fit(&labelled(20, 10), "failed");
        refused(scaler, &["column 'customer' holds text, not numbers"]);
        let table = data::drop_columns(&labelled(20, 10), &["customer"]).unwrap();
        for limit in [0.0, -5.0, f64::NAN] {
            let scaler = Preprocessor::fit(&table, "failed").unwrap().clip(limit);
            refused(scaler.transform(&table), &[&format!("a clip of {limit}"), "above 0"]);
            let model = Sequential::new(1, 1).add(Dense::new(1));
            refused(model.save(std::env::temp_dir().join("never-written"), &scaler), &["a clip of"]);
        }
    }

    #[test]
    fn values_are_named_by_column_and_row() {
        let column =
            |values: &[f64]| frame([Series::new("speed".into(), values), Series::new("y".into(), [0i64, 1, 0])]);
        let good = column(&[1.0, 2.0, 3.0]);
        let scaler = Preprocessor::fit(&good, "y").unwrap();
        refused(
            Preprocessor::fit(&column(&[1.0, f64::INFINITY, 3.0]), "y"),
            &["column 'speed', row 1: the value is infinite"],
        );
        refused(scaler.transform(&column(&[1.0, 2.0, f64::NAN])), &["column 'speed', row 2: the value is missing"]);
        refused(scaler.transform(&column(&[1.0, 1e60, 3.0])), &["column 'speed', row 1: the value is too far from"]);
        let scaler = StandardScaler::fit(&array![[1.0], [2.0]]).unwrap();
        refused(scaler.transform(&array![[f64::NAN]]), &["feature 0 of row 0 is NaN"]);
        refused(scaler.transform(&array![[1.0, 2.0]]), &["fitted on 1 features, not 2"]);
        refused(StandardScaler::fit(&Array2::zeros((0, 3))), &["0 rows with 3 features"]);
    }

    #[test]
    fn small_and_large_numbers_are_shown_as_what_they_are() {
        let table =
            frame([Series::new("farad".into(), [2e-6, 3e-6, 4e-6]), Series::new("huge".into(), [1e300, 2e300, 3e300])]);
        let text = data::describe(&table, &["farad", "huge"]).unwrap().to_string();
        assert!(text.contains("3.0000e-6") && text.contains("2.0000e300"), "{text}");
        assert!(text.lines().all(|line| line.len() < 60), "{text}");
    }
}

mod splits {
    use super::*;

    #[test]
    fn each_part_has_both_classes() {
        refused(data::stratified_split(&labelled(100, 0), "failed", 0.2, 1), &["0 positives among 100 rows"]);
        refused(data::stratified_split(&labelled(100, 1), "failed", 0.2, 1), &["1 positives among 100 rows"]);
        refused(data::stratified_split(&labelled(1000, 2), "failed", 0.2, 1), &["2 positives", "would have none"]);
        refused(data::stratified_split(&labelled(100, 99), "failed", 0.2, 1), &["1 negatives among 100 rows"]);
        refused(data::train_val_test_split(&labelled(2000, 2), "failed", 1), &["2 positives are too few"]);
        // POSITIVE set to the common value.
        refused(data::train_val_test_split(&labelled(2000, 1988), "failed", 1), &["12 negatives are too few"]);
        assert!(data::stratified_split(&labelled(100, 5), "failed", 0.2, 1).is_ok());
    }

    #[test]
    fn a_group_is_on_one_side() {
        let (train, test) = data::group_split(&labelled(100, 30), "customer", 0.25, 1).unwrap();
        assert_eq!((train.height(), test.height()), (70, 30)); // three of ten groups
        let groups = |part: &DataFrame| texts(part, "customer");
        assert!(groups(&train).iter().all(|group| !groups(&test).contains(group)));
        assert_eq!(data::group_split(&labelled(100, 30), "customer", 0.25, 1).unwrap().1, test);
        refused(data::group_split(&labelled(100, 30), "client", 0.2, 1), &["no column is called 'client'"]);
        let one = read("customer,failed\na,1\na,0\n").unwrap();
        refused(data::group_split(&one, "customer", 0.2, 1), &["column 'customer' has 1 groups", "no row to train on"]);
        let holes = read("customer,failed\na,1\n,0\n").unwrap();
        refused(data::group_split(&holes, "customer", 0.5, 1), &["line 3: the group is missing"]);
    }

    #[test]
    fn the_latest_rows_are_tested() {
        let csv = "day,n\n2024-01-03,3\n2024-01-01,1\n2024-01-05,5\n2024-01-04,4\n2024-01-04,4\n";
        let (train, test) = data::time_split(&read(csv).unwrap(), "day", 0.2).unwrap();
        assert_eq!(
            (numbers(&train, "n"), numbers(&test, "n")),
            (vec![Some(1.0), Some(3.0), Some(4.0), Some(4.0)], vec![Some(5.0)])
        );
        let (train, test) = data::time_split(&read(csv).unwrap(), "day", 0.4).unwrap();
        assert_eq!((train.height(), test.height()), (2, 3), "one day is not on both sides");
        let (train, _) = data::time_split(&labelled(10, 3), "number", 0.3).unwrap();
        assert_eq!(train.height(), 7);
        let german = read("day,n\n03.01.2024,3\n01.02.2023,1\n").unwrap();
        refused(data::time_split(&german, "day", 0.5), &["line 2: '03.01.2024' does not sort as a time", "2024-05-31"]);
        refused(
            data::time_split(&read("day,n\n2024-1-3,3\n2024-11-3,1\n").unwrap(), "day", 0.5),
            &["'2024-11-3' does not"],
        );
        refused(
            data::time_split(&read("day,n\n2024-01-03,3\n,1\n").unwrap(), "day", 0.5),
            &["line 3: the time is missing"],
        );
        refused(data::time_split(&read("day,n\n1,3\n1,1\n").unwrap(), "day", 0.5), &["the same time"]);
    }

    #[test]
    fn copies_are_counted_and_dropped() {
        let row = "1.5,a,1\n";
        let table = read(format!("x,site,failed\n{}2.5,b,0\n", row.repeat(5))).unwrap();
        let overview = data::overview(&table).unwrap().to_string();
        assert!(overview.lines().last().unwrap().contains("4 of 6"), "{overview}");
        assert_eq!(data::drop_duplicates(&table).unwrap().height(), 2);
    }

    #[test]
    fn the_prices_of_mistakes_have_names() {
        let costs = Costs { false_alarm: 5000.0, missed: 200.0 };
        assert!((costs.threshold().unwrap() - 5000.0 / 5200.0).abs() < 1e-15);
    }
}

mod model_files {
    use super::*;

    /// A model file in the safetensors format with this metadata and one tensor for each shape.
    fn file(metadata: &str, tensors: &[(&str, &[usize])]) -> TemporaryFile {
        let mut header = serde_json::Map::new();
        header.insert("__metadata__".into(), serde_json::json!({ "support": metadata }));
        let mut end = 0;
        for (name, shape) in tensors {
            let start = end;
            end += 4 * shape.iter().product::<usize>();
            header.insert(
                (*name).into(),
                serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [start, end]}),
            );
        }
        let header = serde_json::to_string(&header).unwrap();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.bytes());
        bytes.resize(bytes.len() + end, 0);
        TemporaryFile::new(bytes)
    }

    const LINEAR: &str = r#""linear":{"offsets":{"v":1,"dim":[1],"data":[0.0]},"scales":{"v":1,"dim":[1],"data":[1.0]},"method":{"Standard":[true,true]}}"#;

    fn preprocessor() -> String {
        let scaler = format!(r#"{{"origins":[0.0],"units":[1.0],{LINEAR},"clip":null}}"#);
        format!(r#"{{"label":"y","names":["a"],"encoder":null,"scaler":{scaler}}}"#)
    }

    fn metadata(inputs: &str, layers: &str, scaler: &str) -> String {
        let model = format!(r#"{{"inputs":{inputs},"layers":[{layers}],"preparation":{scaler}}}"#);
        serde_json::json!({"format": 2, "checksum": "0", "model": model}).to_string()
    }

    fn dense(units: &str) -> String {
        format!(r#"{{"Dense":{{"units":{units},"activation":"linear","bias":0.0}}}}"#)
    }

    const SMALL: [(&str, &[usize]); 2] = [("dense_0/kernel", &[1, 1]), ("dense_0/bias", &[1])];

    #[test]
    fn sizes_that_no_memory_has_are_refused() {
        let load = |metadata: &str| Sequential::load(&file(metadata, &SMALL).0);
        for units in ["1000000000000", "18446744073709551615"] {
            let layers = format!("{},{}", dense(units), dense("1"));
            refused(load(&metadata("1", &layers, &preprocessor())), &["more than", "weights"]);
        }
        refused(
            load(&metadata("18446744073709551615", &dense("1"), &preprocessor())),
            &["made for 18446744073709551615 features"],
        );
        let layers = format!("{},{}", dense("3"), dense("1"));
        refused(
            load(&metadata("1", &layers, &preprocessor())),
            &["dense_0/kernel has the shape [1, 1]", "needs [1, 3]"],
        );
        refused(load(&metadata("1", "", &preprocessor())), &["end the model with Dense::new(1)"]);
        refused(load(&metadata("1", &dense("0"), &preprocessor())), &["at least one unit"]);
        let dropout = format!(r#"{},{{"Dropout":{{"rate":7.0}}}}"#, dense("1"));
        refused(load(&metadata("1", &dropout, &preprocessor())), &["a rate lies in [0, 1)"]);
        refused(load(&metadata("-1", &dense("1"), &preprocessor())), &["not a readable checkpoint"]);
    }

    #[test]
    fn scalers_that_do_not_fit_together_are_refused() {
        let load = |from: &str, to: &str| {
            let scaler = preprocessor().replace(from, to);
            assert_ne!(scaler, preprocessor());
            Sequential::load(&file(&metadata("1", &dense("1"), &scaler), &SMALL).0)
        };
        refused(load(r#""clip":null"#, r#""clip":-1.0"#), &["a clip of -1"]);
        refused(load(r#""clip":null"#, r#""clip":0.0"#), &["a clip of 0"]);
        refused(load(r#""units":[1.0]"#, r#""units":[]"#), &["numbers for [1, 0, 1, 1] features"]);
        refused(load(r#""units":[1.0]"#, r#""units":[0.0]"#), &["a scale that is not above 0"]);
        refused(load(r#""data":[1.0]"#, r#""data":[-1.0]"#), &["a scale that is not above 0"]);
        refused(load(r#""data":[1.0]"#, r#""data":[1.0,2.0]"#), &["not a readable checkpoint"]);
        refused(load("[true,true]", "[false,true]"), &["another method"]);
        refused(load(r#""names":["a"]"#, r#""names":["a","b"]"#), &["2 names for 1 features"]);
        refused(load(r#""origins":[0.0]"#, r#""origins":[1e999]"#), &["not a readable checkpoint"]);
        refused(load(r#""clip""#, r#""clap""#), &["not a readable checkpoint"]);
        // What fits together and was not written by `save` is told by its checksum.
        refused(load(r#""origins":[0.0]"#, r#""origins":[3.0]"#), &["checksum"]);
    }

    #[test]
    fn other_files_are_refused() {
        refused(Sequential::load(&file(r#"{"format":1}"#, &SMALL).0), &["format 1", "reads format 2"]);
        refused(Sequential::load(&file("", &SMALL).0), &["not a readable checkpoint"]);
        refused(Sequential::load(&TemporaryFile::new("").0), &["not a readable checkpoint"]);
        refused(Sequential::load(&TemporaryFile::new(u64::MAX.to_le_bytes()).0), &["not a readable checkpoint"]);
        refused(Sequential::load("no/such/model"), &["no/such/model"]);
    }

    #[test]
    fn examples_with_exchanged_fields_are_refused() {
        let mut examples = Examples::new(array![[1.0], [2.0], [3.0]], array![true, false, true]).unwrap();
        examples.labels = array![true];
        let mut model = Sequential::new(1, 1).add(Dense::new(1)).compile(Adam::new(1e-3));
        refused(model.evaluate(&examples), &["3 rows", "1 labels"]);
        refused(model.fit(&Dataset::new(&examples), None, FitConfig::epochs(1)), &["3 rows", "1 labels"]);
    }
}
