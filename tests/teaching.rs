//! The teacher's kit: the minutes of its routes add up and suffice, and what it names is there.

#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn kit(name: &str) -> String {
    fs::read_to_string(repo().join("teaching").join(name)).unwrap()
}

/// The notebook of this number, if it is there.
fn notebook(number: &str) -> Option<String> {
    let mut files = fs::read_dir(repo().join("notebooks/en")).unwrap().map(|entry| entry.unwrap().path());
    let is_it = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(number);
    files.find(is_it).map(|path| fs::read_to_string(path).unwrap())
}

fn has_cell(notebook: &str, id: &str) -> bool {
    notebook.contains(&format!("\"id\": \"{id}\""))
}

/// What a notebook says in its first cell: minutes to read, and to run.
fn minutes_of(notebook: &str) -> Option<(u32, u32)> {
    let (_, rest) = notebook.split_once("**Minutes:** ")?;
    let (read, rest) = rest.split_once(" to read, ")?;
    let (run, _) = rest.split_once(" to run")?;
    Some((read.parse().expect("minutes to read"), run.parse().expect("minutes to run")))
}

/// The minutes of each exercise.
fn exercises() -> BTreeMap<String, u32> {
    let mut exercises = BTreeMap::new();
    for entry in fs::read_dir(repo().join("exercises/en")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for part in text.split("\n## ").skip(1) {
            let id = part.split(". ").next().unwrap().to_owned();
            let line = part.lines().find_map(|line| line.strip_prefix("Difficulty ")).expect("difficulty and minutes");
            let minutes = line.split([' ', ',']).filter_map(|word| word.parse().ok()).next_back().unwrap();
            exercises.insert(id, minutes);
        }
    }
    exercises
}

/// A row of a route.
struct Stretch<'a> {
    minutes: u32,
    how: &'a str,
    what: &'a str,
}

/// What a route is called, its rows, and the sum it states.
fn routes(text: &str) -> Vec<(&str, Vec<Stretch<'_>>, u32)> {
    let routes = text.split("\n### ").skip(1);
    routes
        .map(|route| {
            let mut stretches = Vec::new();
            let mut sum = 0;
            for line in route.lines().take_while(|line| !line.starts_with("## ")) {
                let cells: Vec<&str> = line.split('|').map(str::trim).collect();
                let [_, minutes, how, what, _] = cells[..] else { continue };
                match minutes.parse() {
                    Ok(minutes) => stretches.push(Stretch { minutes, how, what }),
                    Err(_) => sum = minutes.trim_matches('*').parse().unwrap_or(sum),
                }
            }
            (route.lines().next().unwrap(), stretches, sum)
        })
        .collect()
}

#[test]
fn the_minutes_of_each_route_add_up() {
    let text = kit("README.md");
    let routes = routes(&text);
    let sums: Vec<u32> = routes.iter().map(|(_, _, sum)| *sum).collect();
    assert_eq!(sums, [90, 210, 360]);
    for (name, stretches, sum) in routes {
        assert_eq!(stretches.iter().map(|stretch| stretch.minutes).sum::<u32>(), sum, "{name}");
    }
}

#[test]
fn each_stretch_has_the_minutes_that_it_needs() {
    let (text, exercises) = (kit("README.md"), exercises());
    for (route, stretches, _) in routes(&text) {
        for Stretch { minutes, how, what } in stretches {
            let needed = match how {
                "talk" | "break" => 1,
                "exercises" => what
                    .split(", ")
                    .map(|id| exercises.get(id).unwrap_or_else(|| panic!("{route}: there is no exercise {id}")))
                    .sum(),
                // A notebook may be in the making, and then says no minutes yet.
                _ => match notebook(&what[..2]).as_deref().map(|notebook| (notebook, minutes_of(notebook))) {
                    Some((notebook, stated)) => {
                        if let Some((_, id)) = what.split_once("to `") {
                            let id = id.split('`').next().unwrap();
                            assert!(has_cell(notebook, id), "{route}: {what}: there is no cell {id}");
                        }
                        match (how, stated) {
                            ("read", Some((read, run))) => read + run,
                            ("run" | "show", Some((_, run))) => run,
                            ("read" | "run" | "show", None) => 0,
                            _ => panic!("{route}: `{how}` is no way to teach {what}"),
                        }
                    }
                    None => 0,
                },
            };
            assert!(minutes >= needed, "{route}: {what} needs {needed} minutes, and has {minutes}");
        }
    }
}

#[test]
fn what_the_kit_names_is_there() {
    let exercises = exercises();
    for name in ["README.md", "quiz-answers.md", "slides.md"] {
        let text = kit(name);
        for (before, _) in text.match_indices("#cell-id=") {
            let file = text[..before].rsplit("](").next().unwrap();
            let id = text[before..].trim_start_matches("#cell-id=").split(')').next().unwrap();
            let notebook = fs::read_to_string(repo().join("teaching").join(file)).unwrap();
            assert!(has_cell(&notebook, id), "{name}: {file} has no cell {id}");
        }
        // Exercises are named as 2c.
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
        let is_id = |word: &&str| word.len() == 2 && matches!(word.as_bytes(), [b'1'..=b'9', b'a'..=b'h']);
        for id in words.filter(is_id) {
            assert!(exercises.contains_key(id), "{name}: there is no exercise {id}");
        }
    }
    let figures = kit("slides.md");
    let figures = figures.lines().filter_map(|line| line.strip_prefix("![")?.strip_suffix(')')?.split_once("]("));
    for (alt, place) in figures {
        let (name, id) = place.split_once('#').unwrap();
        assert!(!alt.is_empty() && has_cell(&notebook(&name[..2]).unwrap(), id), "slides: no figure {place}");
    }
}

#[test]
fn there_are_twelve_slides_and_eight_questions() {
    let slides = kit("slides.md");
    let slides: Vec<&str> = slides.split("\n---\n").collect();
    assert_eq!(slides.len(), 12);
    assert!(slides.iter().all(|slide| slide.contains("\nNote: ")));
    let (quiz, answers) = (kit("quiz.md"), kit("quiz-answers.md"));
    for number in 1..=8 {
        assert!(quiz.contains(&format!("**{number}.** ")) && answers.contains(&format!("| {number} | ")), "{number}");
    }
}
