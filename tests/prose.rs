//! The numbers in the prose are those that the cells print.
//!
//! In the notebooks a number that a cell computes is a link to that cell, as in `[0.17 %](#cell-id=imbalance)` or, for a cell of
//! another notebook, `[0.17 %](01_data.ipynb#cell-id=imbalance)`; in JupyterLab it leads there. Here each link is followed, and
//! the number must stand in what the cell has printed. This holds for every cell of prose. A number word from three up is
//! read as its digits, `[thirteen](#cell-id=split)` as 13; shares and multiples in words (half, a tenth, the third, twice, dozens)
//! can't be compared with anything, so they are refused: write the number. "One half" is 0.5.
//!
//! What was found on real rows, which no reader has, no cell computes: it is in a file of aggregates with its date. A sentence that
//! links to it, as in `On real rows it is −0.063 ([29 November 2026](../../support/benches/peers/real_rows.json#weights))`, has its
//! numbers from the file's table of that name. In a Markdown table under such a line, which must give the date as the file does,
//! the numbers of each row are, in their order and with their sign, in one row of the file's table; the heads count as a row.
//!
//! A number needs no link when it is given and not measured:
//! - 0, 1 and 2, the number of a notebook ("notebook 5"), of a point in a list, the 95 of "95 % interval" and "the middle
//!   95 %", and years;
//! - a number that stands in the notebook's code, such as a threshold or a batch size, also as percent (`0.2` and 20 %);
//! - one in `code`, in a formula, or in a name (V14, UTF-8);
//! - one in a sentence with a link to a page of the web, which is then its source;
//! - the minutes that the first cell says it takes.
//!
//! What this leaves out: whether the sentence around a number is true; the sign of a number; a measured number that happens to
//! stand in the code as well, or looks like a year; "one", "two", "first", "second", and words without a number ("most", "many");
//! the numbers inside figures, but for their descriptions; the numbers of others, beyond naming where they are from; the
//! exercises, which have no outputs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};

/// The number words from three on, one by one.
const CARDINALS: &str = "three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen \
                         seventeen eighteen nineteen twenty";

/// Those after them that are one word.
const LARGE: [(&str, f64); 11] = [
    ("thirty", 30.0),
    ("forty", 40.0),
    ("fifty", 50.0),
    ("sixty", 60.0),
    ("seventy", 70.0),
    ("eighty", 80.0),
    ("ninety", 90.0),
    ("hundred", 100.0),
    ("thousand", 1000.0),
    ("million", 1e6),
    ("billion", 1e9),
];

/// Words for shares, multiples, places and amounts, which no output can be compared with.
const INCOMPARABLE: &str = "half halves halved third thirds quarter quarters fourth fourths fifth fifths sixth sixths \
                            seventh sevenths eighth eighths ninth ninths tenth tenths eleventh twelfth thirteenth \
                            fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twentieths \
                            hundredth hundredths thousandth thousandths twice thrice double doubles doubled triple \
                            tripled threefold fourfold tenfold dozen dozens hundreds thousands millions";

/// Where the file of aggregates of real rows is, and how a link to one of its tables ends before the name.
const DATED: &str = "support/benches/peers/real_rows.json";

/// The file, as `real_rows.py` beside it writes it.
static REAL_ROWS: LazyLock<Value> = LazyLock::new(|| {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(DATED)).expect("readable");
    serde_json::from_str(&text).expect("valid JSON")
});

/// A notebook: its cells and where they are from.
struct Notebook {
    name: String,
    cells: Vec<Value>,
}

fn notebooks() -> Vec<Notebook> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("notebooks/en");
    let files = fs::read_dir(folder).expect("the notebooks are there").map(|entry| entry.expect("readable").path());
    let mut paths: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "ipynb")).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Notebook {
    let notebook: Value = serde_json::from_str(&fs::read_to_string(path).expect("readable")).expect("valid JSON");
    let cells = notebook["cells"].as_array().expect("a notebook has cells").clone();
    Notebook { name: path.file_name().expect("a file has a name").to_string_lossy().into_owned(), cells }
}

/// The text of a field that may be a string or a list of lines.
fn joined(text: &Value) -> String {
    match text {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    }
}

/// All text that a cell has printed or shown.
fn output(cell: &Value) -> String {
    let outputs = cell["outputs"].as_array().into_iter().flatten();
    outputs.map(|output| joined(&output["text"]) + "\n" + &joined(&output["data"]["text/plain"]) + "\n").collect()
}

/// The prose with what stands between `open` and `close` replaced by a blank.
fn without(prose: &str, open: &str, close: &str) -> String {
    let mut kept = String::new();
    let mut rest = prose;
    while let Some((before, after)) = rest.split_once(open) {
        kept = kept + before + " ";
        rest = after.split_once(close).map_or("", |(_, after)| after);
    }
    kept + rest
}

/// A number in digits, or a word that stands for one.
struct Number {
    /// As it is written.
    text: String,
    /// What it is; none for a word that can't be compared.
    value: Option<f64>,
    /// Whether a percent sign follows.
    is_percent: bool,
    /// Whether a minus sign stands before it: −, not a hyphen.
    is_negative: bool,
}

impl Number {
    /// In the form in which outputs are searched: without commas between thousands.
    fn digits(&self) -> String {
        match self.value {
            Some(value) if self.text.starts_with(|letter: char| letter.is_alphabetic()) => value.to_string(),
            _ => self.text.replace(',', ""),
        }
    }

    fn signed_digits(&self) -> String {
        if self.is_negative { format!("−{}", self.digits()) } else { self.digits() }
    }
}

/// What a number word in small letters stands for.
fn word_value(word: &str) -> Option<f64> {
    let place = CARDINALS.split_whitespace().position(|cardinal| cardinal == word);
    let large = || LARGE.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    place.map(|place| place as f64 + 3.0).or_else(large)
}

/// The numbers of a text, in digits and in words, but for those that are part of a name.
fn numbers(text: &str) -> Vec<Number> {
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let start = at;
        let belongs = |at: usize, test: fn(char) -> bool| letters.get(at).is_some_and(|&letter| test(letter));
        if letters[at].is_ascii_digit() {
            let is_part = |letter: char| letter.is_ascii_digit() || letter == '.' || letter == ',';
            while belongs(at, is_part) {
                at += 1;
            }
            let text: String = letters[start..at].iter().collect();
            let text = text.trim_end_matches(['.', ',']).to_owned();
            let after: String = letters[at..].iter().take(2).filter(|letter| !letter.is_whitespace()).collect();
            let before = |back: usize| start.checked_sub(back).map(|place| letters[place]);
            let is_name = before(1).is_some_and(|letter| letter.is_alphabetic() || letter == '_')
                || before(1) == Some('-') && before(2).is_some_and(char::is_uppercase);
            if !is_name {
                let value = text.replace(',', "").parse().ok();
                let (is_percent, is_negative) = (after.starts_with('%'), before(1) == Some('−'));
                found.push(Number { text, value, is_percent, is_negative });
            }
        } else if letters[at].is_alphabetic() {
            while belongs(at, |letter| letter.is_alphanumeric() || letter == '_') {
                at += 1;
            }
            let word: String = letters[start..at].iter().collect();
            let lower = word.to_lowercase();
            let value = word_value(&lower);
            if value.is_some() || INCOMPARABLE.split_whitespace().any(|word| word == lower) {
                let after: String = letters[at..].iter().take(8).collect();
                let is_percent = after.trim_start().starts_with("percent");
                found.push(Number { text: word, value, is_percent, is_negative: false });
            }
        } else {
            if "½⅓⅔¼¾⅕⅛".contains(letters[at]) {
                let text = letters[at].to_string();
                found.push(Number { text, value: None, is_percent: false, is_negative: false });
            }
            at += 1;
        }
    }
    found
}

/// The values of the number literals in the code of a notebook, but for texts and comments.
fn literals(cells: &[Value]) -> Vec<f64> {
    let code = cells.iter().filter(|cell| cell["cell_type"] == "code").map(|cell| joined(&cell["source"]) + "\n");
    let without_texts: String =
        code.flat_map(|code| code.lines().map(|line| without(line, "\"", "\"") + "\n").collect::<Vec<_>>()).collect();
    let code: String =
        without_texts.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect();
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.';
    let mut found = Vec::new();
    // `1..=5` holds two literals, `.0` is a field, and the minus of 1e-3 belongs to it.
    for word in code.replace("..", " ").replace("e-", "e~").split(|letter| !is_word(letter) && letter != '~') {
        let word = word.replace('_', "").replace('~', "-");
        if word.starts_with(|letter: char| letter.is_ascii_digit()) {
            let number = word.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
            found.extend([word.as_str(), number].iter().flat_map(|word| word.parse::<f64>()));
        }
    }
    found
}

/// The sentences of a prose; a line ends one, too.
fn sentences(prose: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    for letter in prose.chars() {
        let sentence = sentences.last_mut().expect("there is one");
        let ended = sentence.trim_end_matches(['*', ')', '”', '"']);
        let is_list_number = ended.trim_end_matches('.').trim().chars().all(|letter| letter.is_ascii_digit());
        if letter == '\n' || letter == ' ' && ended.ends_with(['.', '!', '?']) && !is_list_number {
            sentences.push(String::new());
        } else {
            sentence.push(letter);
        }
    }
    sentences
}

/// The links of a sentence, (text, target), and what is left of it.
fn links(sentence: &str) -> (Vec<(String, String)>, String) {
    let (mut found, mut left, mut rest) = (Vec::new(), String::new(), sentence);
    while let Some((before, after)) = rest.split_once("](") {
        let (before, text) = before.rsplit_once('[').unwrap_or((before, ""));
        let (target, after) = after.split_once(')').unwrap_or((after, ""));
        found.push((text.to_owned(), target.to_owned()));
        left = left + before + " ";
        rest = after;
    }
    (found, left + rest)
}

/// What can't be compared, or is not allowed, in the prose of one notebook; all of them are there to be linked to.
fn faults(notebook: &Notebook, all: &[Notebook]) -> Vec<String> {
    let literals = literals(&notebook.cells);
    let prose = notebook.cells.iter().filter(|cell| cell["cell_type"] == "markdown");
    prose.flat_map(|cell| faults_of(cell, notebook, all, &literals)).collect()
}

/// The faults of one cell of prose, by the number literals of its notebook.
fn faults_of(cell: &Value, notebook: &Notebook, all: &[Notebook], literals: &[f64]) -> Vec<String> {
    let mut faults = Vec::new();
    let prose = [("<!--", "-->"), ("```", "```"), ("`", "`"), ("$$", "$$"), ("$", "$")]
        .into_iter()
        .fold(joined(&cell["source"]), |prose, (open, close)| without(&prose, open, close));
    // The table of the file that the last line with text names, while there are only rows of a table after it.
    let mut dated: Option<DatedTable> = None;
    for line in prose.lines() {
        let is_row = line.trim_start().starts_with('|');
        let mut named = None;
        // A row is one sentence, whatever stops its cells have.
        for sentence in if is_row && dated.is_some() { vec![line.to_owned()] } else { sentences(line) } {
            let (links, left) = links(sentence.trim());
            let has_source = links.iter().any(|(_, target)| target.starts_with("http"));
            let source = links.iter().find_map(|(_, target)| DatedTable::named_by(target));
            let allowed = source.as_ref().or(dated.as_ref()).map(|table| table.numbers(is_row)).unwrap_or_default();
            let unlinked = |text: &str| unlinked(text, &notebook.name, literals, &allowed).collect::<Vec<_>>();
            for (text, target) in &links {
                match target.split_once("#cell-id=") {
                    Some((file, id)) => {
                        faults.extend(wrong_link(notebook, all, &without_number_of(file, text), file, id));
                    }
                    None if has_source => {}
                    None => faults.extend(unlinked(&without_number_of(target, text))),
                }
            }
            match &dated {
                Some(table) if is_row => faults.extend(table.wrong_row(&left, &unlinked)),
                _ if has_source || left.starts_with("**Minutes:**") => {}
                _ => faults.extend(unlinked(&left)),
            }
            faults.extend(source.as_ref().and_then(DatedTable::is_missing));
            named = source.map(|source| DatedTable { has_date: line.contains(date()), ..source }).or(named);
        }
        if !is_row && !line.trim().is_empty() {
            dated = named;
        }
    }
    let from = format!("{}, cell {}", notebook.name, cell["id"].as_str().unwrap_or_default());
    faults.into_iter().map(|fault| format!("{from} {fault}")).collect()
}

/// A table of the file of aggregates.
struct DatedTable {
    name: String,
    /// Whether the line that names it has the file's date.
    has_date: bool,
}

/// When the file of aggregates was made.
fn date() -> &'static str {
    REAL_ROWS["date"].as_str().expect("the file has a date")
}

/// The numbers of a text with their signs.
fn signed(text: &str) -> Vec<String> {
    numbers(&numbered(text)).iter().map(Number::signed_digits).collect()
}

impl DatedTable {
    /// That of a link such as `../../support/benches/peers/real_rows.json#weights`.
    fn named_by(target: &str) -> Option<Self> {
        let (file, name) = target.split_once('#')?;
        file.ends_with(DATED).then(|| Self { name: name.to_owned(), has_date: false })
    }

    fn is_missing(&self) -> Option<String> {
        let is_there = REAL_ROWS["tables"][&self.name].is_object();
        (!is_there).then(|| format!("names the table {} of {DATED}, which is not there", self.name))
    }

    /// The numbers of each row as it is printed, the heads first.
    fn rows(&self) -> Vec<Vec<String>> {
        let rows = REAL_ROWS["tables"][&self.name]["printed"].as_array().into_iter().flatten();
        let cells =
            |row: &Value| row.as_array().into_iter().flatten().map(|cell| joined(cell) + " ").collect::<String>();
        rows.map(|row| signed(&cells(row))).collect()
    }

    /// The numbers that a sentence on this table, or the name of a row, may have. A minus may be said in words in a sentence.
    fn numbers(&self, with_sign: bool) -> Vec<String> {
        let of_rows = self.rows().into_iter().flatten();
        let about = signed(&format!("{} {}", date(), REAL_ROWS["rows"]));
        let all = of_rows.chain(about);
        all.map(|number| if with_sign { number } else { number.trim_start_matches('−').to_owned() }).collect()
    }

    /// What is wrong with the cells of a row of a table in the prose; the name of the row is judged as a sentence.
    fn wrong_row(&self, row: &str, unlinked: &dyn Fn(&str) -> Vec<String>) -> Vec<String> {
        let (name, cells) = row.trim().trim_start_matches('|').split_once('|').unwrap_or((row, ""));
        let mut faults = unlinked(name);
        let cells = signed(cells);
        let is_part = |printed: &Vec<String>| {
            let mut rest = printed.iter();
            cells.iter().all(|number| rest.any(|other| other == number))
        };
        if !cells.is_empty() && !self.rows().iter().any(is_part) {
            let numbers = cells.join(", ");
            faults.push(format!("has {numbers} in a row, but no row of the table {} of {DATED} has them", self.name));
        }
        if !cells.is_empty() && !self.has_date {
            faults.push(format!("has a table of {DATED}, but the line above it does not say its date, {}", date()));
        }
        faults
    }
}

/// What is wrong with a link to a cell: it is not there, or does not print the numbers of the text.
fn wrong_link<'a>(
    notebook: &'a Notebook,
    all: &'a [Notebook],
    says: &'a str,
    file: &str,
    id: &'a str,
) -> Box<dyn Iterator<Item = String> + 'a> {
    let wanted = if file.is_empty() { notebook.name.as_str() } else { file };
    let target = [notebook].into_iter().chain(all).find(|other| other.name == wanted);
    let Some(cell) = target.and_then(|other| other.cells.iter().find(|cell| cell["id"] == id)) else {
        return Box::new(std::iter::once(format!(
            "leads from [{says}] to the cell {id} of {wanted}, which is not there"
        )));
    };
    let printed: Vec<String> = numbers(&output(cell)).iter().map(Number::digits).collect();
    Box::new(numbers(&numbered(says)).into_iter().filter_map(move |number| match number.value {
        None => {
            Some(format!("says '{}' in [{says}], which no output can be compared with: write the number", number.text))
        }
        Some(_) if printed.contains(&number.digits()) => None,
        Some(_) => Some(format!("says {} in [{says}], but the cell {id} does not print it", number.text)),
    }))
}

/// What a link to another notebook says, but for the number of that notebook: `[5](05_low_probabilities.ipynb)`.
fn without_number_of(file: &str, text: &str) -> String {
    let number = file.split_once('_').map_or("", |(number, _)| number.trim_start_matches('0'));
    match text.strip_prefix(number) {
        Some(rest)
            if !number.is_empty() && !rest.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.') =>
        {
            rest.to_owned()
        }
        _ => text.to_owned(),
    }
}

/// The numbers of a text without links that need one; those `allowed` have their source in the sentence.
fn unlinked(text: &str, notebook: &str, literals: &[f64], allowed: &[String]) -> impl Iterator<Item = String> {
    let own: Option<f64> = notebook.split('_').next().and_then(|number| number.parse().ok());
    let title = text.starts_with("# ").then_some(own).flatten();
    let text = numbered(text);
    let is_near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
    let is_given = |number: &Number| {
        let Some(value) = number.value else { return false };
        let is_year = number.text.len() == 4 && (1900.0..2100.0).contains(&value) && !number.text.contains('.');
        let is_literal = literals
            .iter()
            .any(|&literal| is_near(value, literal) || number.is_percent && is_near(value / 100.0, literal));
        let is_allowed = allowed.contains(&number.digits()) || allowed.contains(&number.signed_digits());
        [0.0, 1.0, 2.0].contains(&value) || is_year || is_literal || is_allowed || title == Some(value)
    };
    let needing: Vec<Number> = numbers(&text).into_iter().filter(|number| !is_given(number)).collect();
    needing.into_iter().map(|number| match number.value {
        Some(_) => format!("says {}, but not which cell computes it", number.text),
        None => format!("says '{}', which no output can be compared with: link the number to its cell", number.text),
    })
}

/// The text without the numbers that only count places: of a point in a list, of notebooks, of a 95 % interval. "One half" is
/// written as the number it is.
fn numbered(text: &str) -> String {
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let text = if digits > 0 && text[digits..].starts_with(". ") { &text[digits..] } else { text };
    let mut text = text.replace("one half", "0.5").replace("One half", "0.5");
    for phrase in ["95 % interval", "95 % confidence", "middle 95 %"] {
        text = text.replace(phrase, "interval");
    }
    for word in ["notebook ", "Notebook ", "notebooks ", "Notebooks "] {
        let mut from = 0;
        while let Some(place) = text[from..].find(word).map(|place| from + place + word.len()) {
            let rest = text[place..].trim_start_matches(|letter: char| letter.is_ascii_digit());
            // "notebooks 3 and 4", "notebooks 1 to 5"
            let rest = match rest.strip_prefix(" and ").or(rest.strip_prefix(" to ")) {
                Some(after) if word.to_lowercase() == "notebooks " => {
                    after.trim_start_matches(|letter: char| letter.is_ascii_digit())
                }
                _ => rest,
            };
            text = text[..place].to_owned() + rest;
            from = place;
        }
    }
    text
}

#[test]
fn numbers_in_the_prose_are_printed_by_their_cells() {
    let all = notebooks();
    let faults: Vec<String> = all.iter().flat_map(|notebook| faults(notebook, &all)).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Each linked number of each notebook in turn becomes one that no cell prints.
#[test]
fn a_changed_digit_is_noticed_wherever_it_is() {
    let all = notebooks();
    let mut changed = 0;
    for notebook in &all {
        let literals = literals(&notebook.cells);
        for cell in notebook.cells.iter().filter(|cell| cell["cell_type"] == "markdown") {
            let prose = joined(&cell["source"]);
            for (text, target) in links(&without(&prose, "`", "`")).0 {
                if target.contains("#cell-id=") && !numbers(&numbered(&text)).is_empty() {
                    let other = prose.replacen(&format!("[{text}]({target})"), &format!("[98765.4321]({target})"), 1);
                    let other = json!({ "id": cell["id"], "source": other });
                    let faults = faults_of(&other, notebook, &all, &literals);
                    let noticed = faults.iter().any(|fault| fault.contains("98765.4321"));
                    assert!(noticed, "{}: [{text}] can be changed unnoticed", notebook.name);
                    changed += 1;
                }
            }
        }
    }
    assert!(changed >= 10, "only {changed} numbers of all notebooks are linked to their cells");
}

/// What is found in one cell of prose, after a cell that splits at 0.2 and prints "Training 1,234 rows, 13 frauds, 0.77".
fn judged(prose: &str) -> Vec<String> {
    let code = json!({
        "cell_type": "code", "id": "split", "outputs": [{ "text": ["Training 1,234 rows, ", "13 frauds, 0.77"] }],
        "source": "let (train, test) = split(&rows[1..=7], 0.2, \"9 of 90\")?; // 900\nx1.fit(2_048, 1e-3, f32::MAX, pair.0);",
    });
    let prose = json!({ "cell_type": "markdown", "id": "split-read", "source": prose });
    let notebook = Notebook { name: "03_made_up.ipynb".to_owned(), cells: vec![code, prose] };
    faults(&notebook, &[])
}

#[track_caller]
fn passes(prose: &str) {
    assert_eq!(judged(prose), Vec::<String>::new());
}

#[track_caller]
fn is_refused(prose: &str, number: &str) {
    let faults = judged(prose);
    let named = |fault: &String| fault.starts_with("03_made_up.ipynb, cell split-read ") && fault.contains(number);
    assert!(faults.len() == 1 && faults.iter().all(named), "{faults:?}");
}

#[test]
fn a_linked_number_is_the_printed_one() {
    passes("It finds [0.77](#cell-id=split) of [13 frauds](#cell-id=split) in [1,234 rows](#cell-id=split).");
    passes("There are [thirteen](#cell-id=split), see [notebook 3](03_made_up.ipynb#cell-id=split).");
    is_refused("It finds [0.78](#cell-id=split) of them.", "says 0.78 in [0.78]");
    is_refused("There are [fourteen](#cell-id=split).", "says fourteen");
    is_refused("There are [a dozen](#cell-id=split).", "'dozen'");
    is_refused("It finds [0.77](#cell-id=fit) of them.", "the cell fit of 03_made_up.ipynb, which is not there");
    is_refused("It finds [0.77](02_baseline.ipynb#cell-id=split) of them.", "02_baseline.ipynb, which is not there");
}

#[test]
fn a_number_without_a_source_is_noticed() {
    is_refused("It finds 0.77 of them, `0.5` and $x^{12}$ apart.", "says 0.77, but not which cell");
    is_refused("In parentheses (0.9, say) it is the same.", "0.9");
    is_refused("It stops 1,235 customers.", "1,235");
    is_refused("That is 13 of them.", "13");
    is_refused("That is **thirteen** of them.", "thirteen");
    is_refused("Nearly three.\n\nFor 7 of them.", "three");
    is_refused("The quotient is 9.", "says 9,");
    is_refused("A look at [figure 9](../../support/plot/src/lib.rs).", "says 9,");
}

#[test]
fn a_share_or_a_multiple_in_words_is_noticed() {
    for word in ["half", "Twice", "third", "tenth", "dozens", "½", "hundreds"] {
        is_refused(&format!("It is {word} of what it was."), word);
    }
}

#[test]
fn what_is_given_needs_no_link() {
    passes("# Imbalanced data, 3: made up");
    passes("The first two, one by one: 0, 1 and 2. As in notebook 5, notebooks 1 to 7, [notebook 12](12_x.ipynb).");
    passes(
        "The words are in [2](02_baseline.ipynb), next is [12, the end](12_end.ipynb), after [4](04_oversampling.ipynb).",
    );
    is_refused("It found [12](04_oversampling.ipynb) of them.", "says 12,");
    is_refused("It is one half of it.", "says 0.5");
    passes("A batch of 2,048, and 20 % for the test set; 0.001 and seven, as the code says.");
    passes("V14, f32 and UTF-8 are names, 2019 is a year, and this is a 95 % interval.");
    passes("3. The third… is no word for a place in a list.".replace("third", "last").as_str());
    passes("```\nlet x = 77;\n```\n**Minutes:** 25 to read, 3 to run");
    passes("Elkan found 77 of 99 ([paper](https://example.org/77)). So did we.");
    is_refused("Elkan found 77 ([paper](https://example.org/77)). We found 78.", "78");
    is_refused("The batch has 2,049 rows.", "2,049");
    is_refused("The code prints 90 in a text.", "90");
}

/// With numbers of the file as it is now, so that it may be made anew.
#[test]
fn a_dated_number_is_in_the_file_of_real_rows() {
    let tables = REAL_ROWS["tables"].as_object().expect("the file has tables");
    for (name, table) in tables {
        let link = format!("[{}](../../{DATED}#{name})", date());
        let rows: Vec<String> = table["printed"]
            .as_array()
            .expect("a table has rows")
            .iter()
            .map(|row| {
                format!("| {} |", row.as_array().expect("cells").iter().map(joined).collect::<Vec<_>>().join(" | "))
            })
            .collect();
        let (head, others) = rows.split_first().expect("a table has heads");
        let before = format!("On real rows ({link}, {} frauds):\n\n{head}\n|---|---|", REAL_ROWS["rows"]["frauds"]);
        passes(&format!("{before}\n{}\n\nSo it is.", others.join("\n")));
        passes(&format!("On real rows it is {}, {link}.", others[0].replace('|', " ").replace('−', "minus ")));
        for row in others {
            let number = numbers(row).pop().expect("a row has numbers").text;
            let place = row.rfind(&number).expect("it is there");
            let (start, end) = (&row[..place], &row[place + number.len()..]);
            is_refused(&format!("{before}\n{start}98765.4321{end}"), "98765.4321");
            let other_sign = start.strip_suffix('−').map_or_else(|| format!("{start}−"), str::to_owned);
            is_refused(&format!("{before}\n{other_sign}{number}{end}"), &number);
            is_refused(&format!("On real rows ([then](../../{DATED}#{name})):\n\n{row}"), "does not say its date");
        }
    }
    is_refused(&format!("On real rows it is 98765.4321 ([then](../../{DATED}#weights))."), "98765.4321");
    is_refused(&format!("On [real rows](../../{DATED}#nowhere) it is so."), "nowhere");
    is_refused(&format!("See [this](../../{DATED}#weights).\n\nIt is so.\n\n| x | 0.987654 |"), "0.987654");
}
