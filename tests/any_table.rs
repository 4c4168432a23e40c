//! The notebook on a reader's own data, through the real kernel, with files as others write them: it runs to its end after a
//! change of the one cell that says so, and of nothing else. With the set-up, so the first run takes a while.

#![allow(missing_docs)]

mod common;

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use common::{launcher, repo};
use serde_json::Value;

/// The cell to edit.
const EDIT: &str = "edit";

/// A folder as deep in the repository as that of the notebooks, which find the crate by a relative path.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = repo().join("target").join(format!("your-data-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Numbers below `below` that look drawn at random, the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// A German spreadsheet: semicolons, decimal commas, a byte order mark, a name with blanks; customers with high rates leave.
fn with_decimal_commas() -> String {
    let mut draw = Draw(1);
    let mut csv = "\u{feff}Kunde;Umsatz in EUR;Quote;Gekündigt\r\n".to_owned();
    for row in 0..2500 {
        let (sales, rate) = (draw.below(1_000_000), draw.below(1000));
        let leaves = rate + draw.below(400) > 1200;
        let answer = if leaves { "ja" } else { "nein" };
        write!(csv, "{};{},{:02};0,{rate:03};{answer}\r\n", 100_000 + row, sales / 100, sales % 100).unwrap();
    }
    csv
}

/// A shop's list: dates, categories with commas in quotes, gaps in text; the label is one of two words.
fn with_categories_and_dates() -> String {
    let goods = ["shoes", "\"coats, jackets\"", "shirts", "hats", "", "socks", "bags"];
    let mut draw = Draw(2);
    let mut csv = "date,order,article,channel,items,state\n".to_owned();
    for row in 0..3000 {
        let (article, items) = (draw.below(7) as usize, 1 + draw.below(9));
        let channel = ["web", "phone", "branch"][draw.below(3) as usize];
        let is_loose = article < 2 && channel == "web";
        let state = if draw.below(100) < if is_loose { 45 } else { 4 } { "returned" } else { "kept" };
        let (month, day) = (1 + row / 250, 1 + draw.below(28));
        writeln!(csv, "2024-{month:02}-{day:02},A-{row},{},{channel},{items},{state}", goods[article]).unwrap();
    }
    csv
}

/// A table from Python: True and False, 40 % of a column missing, and a few labels.
fn with_gaps() -> String {
    let mut draw = Draw(3);
    let mut csv = ",age,income,married,default\n".to_owned();
    for row in 0..2500 {
        let (age, income) = (18 + draw.below(60), 800 + draw.below(5000));
        let label = income + draw.below(3000) < 1900;
        let label = if row % 500 == 7 { "" } else { python(label) };
        let married = python(draw.below(2) == 0);
        let income = if draw.below(10) < 4 { "NaN".to_owned() } else { format!("{income}.0") };
        writeln!(csv, "{row},{age},{income},{married},{label}").unwrap();
    }
    csv
}

fn python(truth: bool) -> &'static str {
    if truth { "True" } else { "False" }
}

/// The notebook with another cell to edit; all other cells are those of the lesson.
fn edited(edit: &str) -> Value {
    let text = fs::read_to_string(repo().join("notebooks/en/08_your_data.ipynb")).unwrap();
    let mut notebook: Value = serde_json::from_str(&text).unwrap();
    let cells = notebook["cells"].as_array_mut().unwrap();
    let cell = cells.iter_mut().find(|cell| cell["id"] == EDIT).expect("there is a cell to edit");
    cell["source"] = edit.into();
    notebook
}

/// What the cell with this id printed, and its result as text.
fn output(notebook: &Value, id: &str) -> String {
    let cells = notebook["cells"].as_array().unwrap();
    let cell = cells.iter().find(|cell| cell["id"] == id).unwrap_or_else(|| panic!("no cell {id}"));
    let joined = |text: &Value| match text {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    };
    let outputs = cell["outputs"].as_array().into_iter().flatten();
    outputs.map(|output| joined(&output["text"]) + "\n" + &joined(&output["data"]["text/plain"])).collect()
}

/// Runs the notebook on a table, with the cell to edit as a reader would write it; gives it with its outputs.
fn run(name: &str, csv: &str, edit: &str) -> Value {
    let folder = Folder::new(name);
    let (notebook, out) = (folder.0.join(format!("{name}.ipynb")), folder.0.join("out"));
    fs::write(folder.0.join("mine.csv"), csv).unwrap();
    fs::write(&notebook, edited(edit).to_string()).unwrap();
    let status = launcher(&["execute", "--out"]).args([&out, &notebook]).status().unwrap();
    assert!(status.success(), "the notebook fails on {name}: see above");
    serde_json::from_str(&fs::read_to_string(out.join(format!("{name}.ipynb"))).unwrap()).unwrap()
}

#[track_caller]
fn prints(notebook: &Value, id: &str, words: &[&str]) {
    let output = output(notebook, id);
    let in_line = output.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(in_line.contains(word), "the cell {id} does not say `{word}`:\n{output}");
    }
}

/// The model that was saved gives the predictions that were tested, for rows read from a file, and is better than chance.
fn comes_to_its_end(notebook: &Value, unit: &str) {
    prints(notebook, "same", &["to the last bit: true"]);
    prints(notebook, "cost", &["the rule", "the minimum", unit]);
    prints(notebook, "halves", &["minimum, paid on the other half", "Our threshold:"]);
    prints(notebook, "test", &["never an alarm", "always an alarm", unit]);
    let luck = output(notebook, "luck");
    let auc = luck.lines().find(|line| line.starts_with("test")).and_then(|line| line.split_whitespace().nth(2));
    let auc: f64 = auc.and_then(|auc| auc.parse().ok()).unwrap_or_else(|| panic!("no AUC in:\n{luck}"));
    assert!(auc > 0.6, "the lower end of the interval of the AUC is {auc}:\n{luck}");
}

#[test]
fn semicolons_and_decimal_commas() {
    let edit = r#"let path = "mine.csv";
const LABEL: &str = "Gekündigt";
const POSITIVE: &str = "ja";
const DROP: &[&str] = &["Kunde"];
const GROUPS: &[&str] = &[];
let costs = Costs { false_alarm: 10.0, missed: 250.0 };
const UNIT: &str = "Euro";"#;
    let notebook = run("decimal_commas", &with_decimal_commas(), edit);
    prints(&notebook, "read", &["Umsatz in EUR numbers", "Quote numbers"]);
    prints(&notebook, "refusal", &["All columns hold numbers"]);
    comes_to_its_end(&notebook, "Euro");
}

#[test]
fn text_categories_and_dates() {
    let edit = r#"let path = "mine.csv";
const LABEL: &str = "state";
const POSITIVE: &str = "returned";
const DROP: &[&str] = &["date", "order"];
const GROUPS: &[&str] = &["channel", "article"];
let costs = Costs { false_alarm: 2.5, missed: 20.0 };
const UNIT: &str = "dollars";"#;
    let notebook = run("categories", &with_categories_and_dates(), edit);
    prints(&notebook, "copies", &["of 3,000 rows repeat an earlier one"]);
    prints(&notebook, "refusal", &["column 'article' holds text"]);
    prints(&notebook, "groups", &["web", "phone", "branch", "coats, jackets", "missing"]);
    prints(&notebook, "encoder", &["article=bags", "1 in \"article missing\""]);
    comes_to_its_end(&notebook, "dollars");
}

#[test]
fn a_label_of_true_and_false_and_gaps() {
    let edit = r#"let path = "mine.csv";
const LABEL: &str = "default";
const POSITIVE: &str = "True";
const DROP: &[&str] = &["column 1"];
const GROUPS: &[&str] = &["married"];
let costs = Costs { false_alarm: 1.0, missed: 8.0 };
const UNIT: &str = "points";"#;
    let notebook = run("gaps", &with_gaps(), edit);
    prints(&notebook, "label", &["left out: 5", "2,495"]);
    prints(&notebook, "encoder", &["1 in \"income missing\""]);
    prints(&notebook, "groups", &["married", "true", "false"]);
    comes_to_its_end(&notebook, "points");
}
