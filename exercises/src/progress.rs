//! Which exercises are solved, in a file beside the notebook: it outlives the kernel.

use std::fs;
use std::path::Path;

use crate::note::Note;
use crate::source::{FILES, Source};

const FILE: &str = "progress.txt";

/// Stands in a file since the lesson has eight notebooks: before, exercises had other numbers.
const NUMBERS: &str = "of-8";

/// Numbers from before, and those of today; nothing where an exercise has gone or has become another.
const RENAMED: [(&str, &str); 16] = [
    ("1c", ""),
    ("1d", ""),
    ("1f", "1c"),
    ("2f", ""),
    ("4b", ""),
    ("4e", ""),
    ("4f", ""),
    ("5a", ""),
    ("5f", "5a"),
    ("6d", ""),
    ("7a", ""),
    ("7b", ""),
    ("7c", "8b"),
    ("7d", ""),
    ("7e", ""),
    ("7f", ""),
];

fn solved(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.contains(&NUMBERS) {
        true => words.into_iter().filter(|word| *word != NUMBERS).map(str::to_owned).collect(),
        false => words.into_iter().map(of_today).filter(|id| !id.is_empty()).collect(),
    }
}

fn of_today(id: &str) -> String {
    match RENAMED.iter().find(|(before, _)| *before == id) {
        Some((_, today)) => (*today).to_owned(),
        None => id.replace('8', "9"), // the lab of mistakes
    }
}

/// Remembers that an exercise is solved. Where nothing can be written, nothing is remembered.
pub(crate) fn record(id: &str) {
    record_in(Path::new(FILE), id);
}

fn record_in(file: &Path, id: &str) {
    let mut solved = solved(file);
    if !solved.iter().any(|known| known == id) {
        solved.push(id.to_owned());
        solved.sort();
        let _ = fs::write(file, format!("{NUMBERS}\n{}\n", solved.join("\n")));
    }
}

/// A list of all exercises, with those that are solved.
pub fn progress() -> Note {
    Note::plain(list(&solved(Path::new(FILE))))
}

fn list(solved: &[String]) -> String {
    let mut lines = Vec::new();
    let (mut all, mut done) = (0, 0);
    for (notebook, text) in FILES {
        let source = Source::parse(text).unwrap_or_default();
        let marks: Vec<String> = source
            .exercises()
            .map(|exercise| {
                let is_solved = solved.contains(&exercise.id);
                all += 1;
                done += usize::from(is_solved);
                format!("{} {}", exercise.id, if is_solved { "✓" } else { "·" })
            })
            .collect();
        lines.push(format!("{notebook:<20}  {}", marks.join("   ")));
    }
    format!("{done} of {all} exercises are solved\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exercise_is_remembered_once() {
        let folder = std::env::temp_dir().join(format!("progress-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(FILE);
        for id in ["2b", "2a", "2b"] {
            record_in(&file, id);
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "of-8\n2a\n2b\n");
        // What was solved under the earlier numbers counts on.
        let earlier = folder.join("earlier.txt");
        fs::write(&earlier, "1f\n2a\n5a\n7c\n8e\n").unwrap();
        record_in(&earlier, "5a");
        assert_eq!(solved(&earlier), ["1c", "2a", "5a", "8b", "9e"]);
        let list = list(&solved(&file));
        assert!(list.starts_with("2 of ") && list.contains("2a ✓   2b ✓   2c ·"), "{list}");
        fs::remove_dir_all(folder).unwrap();
    }
}
