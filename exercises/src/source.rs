//! The text of the exercises, as `en/*.md` has it.
//!
//! A file begins with a title and prose. Code in a fence ```` ```rust ```` is a cell for all exercises. A heading
//! `## 2a. Title` begins an exercise, whose first line says `Difficulty 1, 5 minutes.`; then come its task, its code
//! (fences `rust starter`, `rust solution`, `rust check`, and `rust wrong: words of the answer to it`), and the sections
//! `### Hints` (a numbered list) and `### Why`, which is shown with the solution and to a right answer.

/// The files by the names of their notebooks.
pub const FILES: &[(&str, &str)] = &[
    ("01_data", include_str!("../en/01_data.md")),
    ("02_baseline", include_str!("../en/02_baseline.md")),
    ("03_class_weights", include_str!("../en/03_class_weights.md")),
    ("04_oversampling", include_str!("../en/04_oversampling.md")),
    ("05_low_probabilities", include_str!("../en/05_low_probabilities.md")),
    ("06_decisions", include_str!("../en/06_decisions.md")),
    ("08_your_data", include_str!("../en/08_your_data.md")),
    ("09_mistakes", include_str!("../en/09_mistakes.md")),
];

/// The exercises of one notebook.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// Prose, cells and exercises, in order.
    pub parts: Vec<Part>,
}

/// A piece of an exercise notebook.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A cell of prose.
    Prose(String),
    /// A cell of code.
    Code(String),
    /// An exercise.
    Exercise(Exercise),
}

/// One exercise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exercise {
    /// Notebook and letter: `2a`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// From 1 to 3.
    pub difficulty: u8,
    /// How long it takes.
    pub minutes: u32,
    /// What is to be done.
    pub task: String,
    /// The code that a learner begins with.
    pub starter: String,
    /// Code that solves it.
    pub solution: String,
    /// The line that checks the answer.
    pub check: String,
    /// Typical wrong answers.
    pub wrong: Vec<Wrong>,
    /// Steps of help.
    pub hints: Vec<String>,
    /// What is to be learned from it.
    pub why: String,
}

/// A typical wrong answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    /// Words that the check says to it.
    pub says: String,
    /// Its code.
    pub code: String,
}

impl Source {
    /// Reads a file; an error says what is missing where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut source = Self::default();
        let mut lines = text.lines();
        let mut prose = Prose::Task;
        while let Some(line) = lines.next() {
            if let Some(kind) = line.strip_prefix("```rust") {
                let code: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
                source.add_code(kind.trim(), code.join("\n"))?;
                prose = Prose::Task;
            } else if let Some((id, title)) = line.strip_prefix("## ").and_then(exercise_heading) {
                source.parts.push(Part::Exercise(Exercise {
                    id: id.into(),
                    title: title.into(),
                    ..Exercise::default()
                }));
                prose = Prose::Task;
            } else if line == "### Hints" {
                prose = Prose::Hints;
            } else if line == "### Why" {
                prose = Prose::Why;
            } else {
                source.add_prose(&prose, line)?;
            }
        }
        source.trim();
        source.exercises().try_for_each(Exercise::is_whole)?;
        Ok(source)
    }

    /// The exercises alone.
    pub fn exercises(&self) -> impl Iterator<Item = &Exercise> {
        self.parts.iter().filter_map(|part| match part {
            Part::Exercise(exercise) => Some(exercise),
            _ => None,
        })
    }

    fn add_code(&mut self, kind: &str, code: String) -> Result<(), String> {
        let Some(Part::Exercise(exercise)) = self.parts.last_mut().filter(|_| !kind.is_empty()) else {
            self.parts.push(Part::Code(code));
            return match kind {
                "" => Ok(()),
                _ => Err(format!("a fence `rust {kind}` before the first exercise")),
            };
        };
        match kind {
            "starter" => exercise.starter = code,
            "solution" => exercise.solution = code,
            "check" => exercise.check = code,
            _ => match kind.strip_prefix("wrong: ") {
                Some(says) => exercise.wrong.push(Wrong { says: says.into(), code }),
                None => return Err(format!("{}: a fence `rust {kind}`", exercise.id)),
            },
        }
        Ok(())
    }

    fn add_prose(&mut self, prose: &Prose, line: &str) -> Result<(), String> {
        let starts = line.starts_with("# ") || line.starts_with("## ");
        if starts || !matches!(self.parts.last(), Some(Part::Prose(_) | Part::Exercise(_))) {
            self.parts.push(Part::Prose(String::new()));
        }
        match (self.parts.last_mut(), prose) {
            (Some(Part::Prose(text)), _) => push_line(text, line),
            (Some(Part::Exercise(exercise)), Prose::Hints) => match line.split_once(". ") {
                Some((number, hint)) if number.parse::<usize>().is_ok() => exercise.hints.push(hint.to_owned()),
                _ => exercise.hints.last_mut().into_iter().for_each(|hint| push_line(hint, line)),
            },
            (Some(Part::Exercise(exercise)), Prose::Why) => push_line(&mut exercise.why, line),
            (Some(Part::Exercise(exercise)), Prose::Task) => match line.strip_prefix("Difficulty ") {
                Some(rest) => {
                    let numbers = rest.strip_suffix(" minutes.").and_then(|rest| rest.split_once(", "));
                    let numbers = numbers.and_then(|(one, other)| Some((one.parse().ok()?, other.parse().ok()?)));
                    (exercise.difficulty, exercise.minutes) =
                        numbers.ok_or_else(|| format!("{}: not `Difficulty 1, 5 minutes.`: {line}", exercise.id))?;
                }
                None => push_line(&mut exercise.task, line),
            },
            _ => {}
        }
        Ok(())
    }

    fn trim(&mut self) {
        for part in &mut self.parts {
            match part {
                Part::Prose(text) => trim(text),
                Part::Code(_) => {}
                Part::Exercise(exercise) => {
                    [&mut exercise.task, &mut exercise.why].into_iter().chain(&mut exercise.hints).for_each(trim);
                }
            }
        }
        self.parts.retain(|part| *part != Part::Prose(String::new()));
    }
}

impl Exercise {
    fn is_whole(&self) -> Result<(), String> {
        let missing = [
            ("its difficulty and minutes", self.minutes == 0),
            ("a task", self.task.is_empty()),
            ("a starter", self.starter.is_empty()),
            ("a solution", self.solution.is_empty()),
            ("a check", self.check.is_empty()),
            ("a wrong answer", self.wrong.is_empty()),
            ("two hints", self.hints.len() < 2),
            ("why", self.why.is_empty()),
        ];
        match missing.iter().find(|(_, missing)| *missing) {
            Some((what, _)) => Err(format!("exercise {} lacks {what}", self.id)),
            None => Ok(()),
        }
    }

    /// A cell with this code and the check.
    pub fn cell(&self, code: &str) -> String {
        format!("{code}\n{}", self.check)
    }
}

/// The exercise of this name, and the notebook it belongs to.
pub fn find(id: &str) -> Option<(&'static str, Exercise)> {
    FILES.iter().find_map(|(notebook, text)| {
        let source = Source::parse(text).ok()?;
        let exercise = source.exercises().find(|exercise| exercise.id == id)?.clone();
        Some((*notebook, exercise))
    })
}

/// What prose belongs to.
enum Prose {
    Task,
    Hints,
    Why,
}

// `2a. Title`
fn exercise_heading(line: &str) -> Option<(&str, &str)> {
    let (id, title) = line.split_once(". ")?;
    let is_id = id.len() == 2 && id.starts_with(|first: char| first.is_ascii_digit());
    is_id.then_some((id, title))
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn trim(text: &mut String) {
    *text = text.trim().to_owned();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_whole() {
        for (name, text) in FILES {
            let source = Source::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let digit = name.trim_start_matches('0').chars().next();
            let ids: Vec<&str> = source.exercises().map(|exercise| exercise.id.as_str()).collect();
            let expected: Vec<String> =
                ('a'..).take(ids.len()).map(|letter| format!("{}{letter}", digit.unwrap())).collect();
            assert_eq!(ids, expected, "{name}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let text = FILES[0].1;
        let error = |from: &str, to: &str| Source::parse(&text.replace(from, to)).unwrap_err();
        assert!(error("### Why", "### Hints").contains("1a lacks why"));
        assert!(error("```rust starter", "```rust begin").contains("1a: a fence `rust begin`"));
        assert!(error("Difficulty 1", "Difficulty one").contains("1a: not `Difficulty"));
    }
}
