//! The translations are whole and say what the English notebooks say; and each way to drift is noticed.

use serde_json::{Value, json};

use super::faults::{faults, prose_faults};
use super::*;
use crate::notebook::text_of;

const KOREAN: &str = r#"
name = "Korean"
native = "한국어"
ahead = "> 아직 영어입니다."
italics = false
rules = ["Polite."]

[[term]]
english = "precision"
use = ["정밀도"]
must = true

[[forbidden]]
pattern = "매트릭스"
instead = "지표"
why = "that is a matrix"
"#;

fn korean() -> Language {
    Language::parse("ko", KOREAN).unwrap()
}

fn notebook(cells: &[(&str, &str, &str)]) -> Notebook {
    let cell = |(kind, id, source): &(&str, &str, &str)| match *kind {
        "code" => json!({
            "cell_type": "code", "id": id, "metadata": {}, "source": source,
            "execution_count": 1, "outputs": [{ "output_type": "stream", "name": "stdout", "text": "0.93\n" }],
        }),
        _ => json!({ "cell_type": kind, "id": id, "metadata": {}, "source": source }),
    };
    let cells: Vec<Value> = cells.iter().map(cell).collect();
    Notebook::parse(&json!({ "cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5 }).to_string()).unwrap()
}

fn english() -> Notebook {
    notebook(&[
        ("markdown", "title", "# A network\n\nIt finds **many** of 492 frauds."),
        ("code", "run", "println!(\"{:.2}\", 0.93);"),
        ("markdown", "run-read", "Its precision is [0.93](#cell-id=run), see `prc`."),
    ])
}

fn translation(english: &Notebook) -> Notebook {
    let texts = [
        ("title", "# 신경망\n\n492건의 부정 거래 중 **많은 수**를 찾습니다."),
        ("run-read", "정밀도는 [0.93](#cell-id=run)입니다. `prc`를 보세요."),
    ];
    let mut known = translation::empty(english);
    for (id, text) in texts {
        let cell = english.cells().iter().find(|cell| cell["id"] == id).unwrap();
        translation::put(&mut known, id, &translation::hash_of(&text_of(&cell["source"])), text);
    }
    translation::translated(english, &known)
}

#[track_caller]
fn fails(english: &Notebook, translated: &Notebook, cell: &str, word: &str) {
    let found = faults(english, translated, &korean());
    assert!(found.iter().any(|fault| fault.cell == cell && fault.what.contains(word)), "{found:?}");
}

/// The notebook with one cell changed.
fn changed(notebook: &Notebook, id: &str, change: impl Fn(&mut Value)) -> Notebook {
    let mut cells = notebook.cells().to_vec();
    change(cells.iter_mut().find(|cell| cell["id"] == id).unwrap());
    notebook.with_cells(cells)
}

#[test]
fn every_translation_is_whole_and_says_what_the_english_says() {
    for language in Language::all().unwrap() {
        let (there, _) = split(&language).unwrap();
        let found = found(&language, &there).unwrap();
        assert!(found.is_empty(), "{}\nTry: cargo run -p author -- languages", found.join("\n"));
    }
}

#[test]
fn a_good_translation_has_no_fault() {
    let english = english();
    let translated = translation(&english);
    assert_eq!(faults(&english, &translated, &korean()), []);
    assert_eq!(translated.cells()[1]["outputs"], json!([]));
    assert_eq!(translated.cells()[1]["execution_count"], Value::Null);
}

#[test]
fn a_changed_english_sentence_is_noticed() {
    let english = english();
    let translated = translation(&english);
    let now =
        changed(&english, "title", |cell| cell["source"] = json!("# A network\n\nIt finds **few** of 492 frauds."));
    fails(&now, &translated, "title", "the English has changed");
    // Taking over code and structure doesn't make it new.
    fails(&now, &translation::translated(&now, &translated), "title", "the English has changed");
}

#[test]
fn a_changed_code_cell_is_noticed() {
    let english = english();
    let translated = translation(&english);
    let source = json!("println!(\"{:.2}\", 0.94);");
    let now = changed(&english, "run", |cell| cell["source"] = source.clone());
    fails(&now, &translated, "run", "the code is not that of the English notebook");
    assert_eq!(faults(&now, &translation::translated(&now, &translated), &korean()), []);
}

#[test]
fn missing_added_and_moved_cells_are_noticed() {
    let english = english();
    let translated = translation(&english);
    let without = |notebook: &Notebook, place: usize| {
        let mut cells = notebook.cells().to_vec();
        cells.remove(place);
        notebook.with_cells(cells)
    };
    fails(&english, &without(&translated, 2), "run-read", "is not translated");
    fails(&english, &without(&translated, 1), "run", "the code is missing");
    fails(&without(&english, 2), &translated, "run-read", "is not in the English notebook");
    let mut cells = translated.cells().to_vec();
    cells.swap(0, 2);
    fails(&english, &translated.with_cells(cells), "run-read, run, title", "another order");
    let with_outputs = changed(&translated, "run", |cell| cell["outputs"] = json!([{ "output_type": "stream" }]));
    fails(&english, &with_outputs, "run", "outputs");
}

#[test]
fn what_must_stay_the_same_is_compared() {
    let english = "## Loss\n\nThe precision is [0.93](#cell-id=run) of 1,234 (see [here](https://a.b)), `prc`: $p_0$.\n\n- one ![](a.png)\n- two";
    let good = "## 손실\n\n1,234개 중 정밀도는 [0.93](#cell-id=run)입니다([여기](https://a.b)를 보세요). `prc`: $p_0$.\n\n- 하나 ![](a.png)\n- 둘";
    let faults = |translated: &str| prose_faults(english, translated, &korean()).join("\n");
    assert_eq!(faults(good), "");
    for (from, to, words) in [
        ("#cell-id=run", "#cell-id=runs", "\"#cell-id=run\" is missing"),
        ("https://a.b", "https://a.c", "\"https://a.c\" is not in the English text"),
        ("[0.93]", "[0.39]", "the number 0.93 is missing"),
        ("[0.93](#cell-id=run)", "0.93([그림](#cell-id=run))", "a link to #cell-id=run says 0.93"),
        ("1,234", "1.234", "the number 1,234 is missing"),
        ("개 중", "개 중 87건, 350건,", "350 is not in the English text"),
        ("$p_0$", "$p_1$", "formula \"p_0\""),
        ("`prc`", "prc", "\"prc\" is missing"),
        ("a.png", "b.png", "image"),
        ("## ", "### ", "a heading ##"),
        ("\n- 둘", "", "an item of a list: 2 times in English, here 1"),
        ("정밀도", "정확도", "\"precision\" without 정밀도"),
        ("손실", "매트릭스", "write 지표; that is a matrix"),
        ("손실", "**손실(Loss)**은", "the mark ** is shown as it stands"),
        ("손실", "*손실*", "italics"),
    ] {
        assert!(good.contains(from));
        let found = faults(&good.replacen(from, to, 1));
        assert!(found.contains(words), "{from} → {to}: {found:?}");
    }
}

#[test]
fn a_paragraph_that_is_still_english_is_noticed() {
    let english = "Now train a small network.\n\nSee [Classification on imbalanced data](https://a.b).";
    let translated = "Now train a small network.\n\n[Classification on imbalanced data](https://a.b)를 보세요.";
    let found = prose_faults(english, translated, &korean());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("still English"));
}

#[test]
fn number_words_may_become_digits() {
    let faults = |english, translated| prose_faults(english, translated, &korean());
    assert!(faults("thirteen of a hundred, and 2 more", "100개 중 13개, 그리고 두 개").is_empty());
    assert_eq!(faults("37 epochs", "에포크").len(), 1);
}

#[test]
fn a_translators_file_is_read_back() {
    let english = english();
    let empty = exchange::written(&english, &translation::empty(&english), &korean());
    let read = exchange::read(&empty).unwrap();
    assert_eq!(read.len(), 2);
    assert!(read.iter().all(|cell| cell.text.is_empty() && !cell.is_stale));
    assert!(empty.contains("It finds **many** of 492 frauds.") && empty.contains("precision → 정밀도"));

    let known = translation(&english);
    let read = exchange::read(&exchange::written(&english, &known, &korean())).unwrap();
    assert_eq!(read[1].text, "정밀도는 [0.93](#cell-id=run)입니다. `prc`를 보세요.");
    let mut again = translation::empty(&english);
    read.iter().for_each(|cell| translation::put(&mut again, &cell.cell, &cell.hash, &cell.text));
    assert_eq!(translation::translated(&english, &again), known);

    let now = changed(&english, "title", |cell| cell["source"] = json!("# Another network"));
    let read = exchange::read(&exchange::written(&now, &known, &korean())).unwrap();
    assert!(read[0].is_stale && !read[1].is_stale);
}

#[test]
fn a_translators_file_that_cant_be_read_is_refused() {
    assert!(exchange::read("한국어").unwrap_err().to_string().contains("no line like"));
    let wrong = "<!-- cell title 3f2a -->\n제목\n<!-- cell run-read -->\n결과";
    assert!(exchange::read(wrong).unwrap_err().to_string().contains("can't be read"));
}

#[test]
fn a_translators_file_is_of_a_language_and_a_notebook() {
    for (path, name) in [("translations/ko/01_data.md", "01_data"), ("x/ko/exercises/01_data.md", "exercises/01_data")]
    {
        let (language, notebook) = meant_by(Path::new(path)).unwrap();
        assert_eq!((language.code.as_str(), notebook.as_str()), ("ko", name));
    }
    for (path, fault) in [("translations/ko/none.md", "named like no notebook"), ("xx/01_data.md", "no language")] {
        let error = meant_by(Path::new(path)).unwrap_err().to_string();
        assert!(error.contains(fault), "{error}");
    }
}

#[test]
fn english_ahead_is_the_english_text_under_a_line() {
    let english = english();
    let line = &korean().ahead;
    let mut cells = translation(&english).cells().to_vec();
    cells[2] = translation::ahead(&english.cells()[2], line);
    let translated = english.with_cells(cells);
    assert_eq!(faults(&english, &translated, &korean()), []);
    // It follows the English text, and nothing else stands under the line.
    let title = translation::ahead(&english.cells()[0], line);
    assert_eq!(text_of(&title["source"]), format!("# A network\n\n{line}\n\nIt finds **many** of 492 frauds."));
    let now = changed(&english, "run-read", |cell| cell["source"] = json!("Anew."));
    fails(&now, &translated, "run-read", "is not the English text");
    let followed = translation::translated(&now, &translated);
    assert_eq!(text_of(&followed.cells()[2]["source"]), format!("{line}\n\nAnew."));
    assert_eq!(faults(&now, &followed, &korean()), []);
}
