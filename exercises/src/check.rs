//! How an answer is judged: number by number, each against the right one and against those that typical mistakes give.

use support::SupportError;

use crate::answer::Answer;
use crate::note::Note;
use crate::progress;
use crate::source;

/// A number is right when it is off by no more than this share of it: three digits are enough.
const TOLERANCE: f64 = 0.005;

/// A judgement in the making.
pub(crate) struct Check {
    id: &'static str,
    numbers: Vec<f64>,
    place: usize,
    right_so_far: Vec<&'static str>,
    // The number that is wrong, if one was, and what may be told of it.
    wrong: Option<Wrong>,
    adds: String,
}

struct Wrong {
    place: usize,
    name: &'static str,
    // None: a share of the number it is compared with.
    tolerance: Option<f64>,
    says: Option<String>,
}

impl Check {
    pub(crate) fn of(id: &'static str, answer: impl Answer) -> Self {
        let numbers = answer.numbers();
        Self { id, numbers, place: 0, right_so_far: Vec::new(), wrong: None, adds: String::new() }
    }

    /// A check of what code does; there are no numbers.
    pub(crate) fn of_code(id: &'static str) -> Self {
        Self::of(id, 0.0)
    }

    /// The check of what still has its blank.
    pub(crate) fn waiting(id: &'static str) -> Self {
        Self::of(id, f64::NAN)
    }

    /// The next number of the answer, to three digits.
    pub(crate) fn number(self, name: &'static str, right: f64) -> Self {
        self.compare(name, right, None)
    }

    /// The next number, which must be exact.
    pub(crate) fn count(self, name: &'static str, right: usize) -> Self {
        self.compare(name, right as f64, Some(0.01))
    }

    /// The next number, which may be off by as much.
    pub(crate) fn near(self, name: &'static str, right: f64, tolerance: f64) -> Self {
        self.compare(name, right, Some(tolerance))
    }

    fn compare(mut self, name: &'static str, right: f64, tolerance: Option<f64>) -> Self {
        let place = self.place;
        self.place += 1;
        let Some(&number) = self.numbers.get(place) else {
            return self;
        };
        // What is computed with a blank isn't an answer either.
        if self.numbers[..=place].iter().any(|number| number.is_nan()) || self.wrong.is_some() {
            return self;
        }
        if are_close(number, right, tolerance) {
            self.right_so_far.push(name);
            return self;
        }
        let was_whole = number == 0.0 && right.abs() < 1.0;
        let says = was_whole.then(|| "In Rust 1 / 2 is 0, as both are whole numbers: write 1.0 / 2.0.".to_owned());
        self.wrong = Some(Wrong { place, name, tolerance, says });
        self.mistake(
            100.0 * right,
            "That looks like a percentage; the check wants the share itself, such as 0.3 for 30 %.",
        )
        .mistake(-right, "Look at the sign.")
    }

    /// What to say to a typical wrong value of the number before.
    pub(crate) fn mistake(self, value: f64, says: &str) -> Self {
        let tolerance = self.wrong.as_ref().and_then(|wrong| wrong.tolerance);
        self.mistake_within(tolerance, value, says)
    }

    /// As [`Check::mistake`], for a whole number that is met exactly, however much the right answer may be off.
    pub(crate) fn mistaken_count(self, value: f64, says: &str) -> Self {
        self.mistake_within(Some(0.5), value, says)
    }

    /// As [`Check::mistake`], where the wrong value is met to this share of it.
    pub(crate) fn mistake_of(self, share: f64, value: f64, says: &str) -> Self {
        self.mistake_within(Some(share * value.abs()), value, says)
    }

    fn mistake_within(mut self, tolerance: Option<f64>, value: f64, says: &str) -> Self {
        if let Some(wrong) = self.wrong.as_mut().filter(|wrong| wrong.place + 1 == self.place && wrong.says.is_none())
            && are_close(self.numbers[wrong.place], value, tolerance)
        {
            wrong.says = Some(says.to_owned());
        }
        self
    }

    /// Something that must hold, and what to say when it doesn't.
    pub(crate) fn holds(mut self, holds: bool, says: &str) -> Self {
        if !holds && self.wrong.is_none() {
            self.wrong = Some(Wrong { place: 0, name: "", tolerance: None, says: Some(says.to_owned()) });
        }
        self
    }

    /// A sentence for those who have solved it.
    pub(crate) fn adds(mut self, text: String) -> Self {
        self.adds = text;
        self
    }

    fn note(self) -> Note {
        let Self { id, numbers, place, right_so_far, wrong, adds } = self;
        let module = format!("ex{id}");
        let help = format!("`{module}::hint(1)` helps.");
        let waits = wrong.is_none() && right_so_far.is_empty();
        if numbers.iter().any(|number| number.is_nan()) && waits {
            return Note::plain(unfilled(id));
        }
        if place > 0 && numbers.len() != place {
            return Note::wrong(format!(
                "{id} wants {place} numbers, in parentheses and with commas between them; these are {}.",
                numbers.len()
            ));
        }
        if let Some(Wrong { name, says, .. }) = wrong {
            let so_far = match right_so_far.is_empty() {
                true => String::new(),
                false => format!("Right so far: {}. ", right_so_far.join(", ")),
            };
            return Note::wrong(match (says, name) {
                (Some(says), "") => format!("Not yet. {says} {help}"),
                (Some(says), name) => format!("{so_far}Not yet: {name}. {says}"),
                (None, name) => format!("{so_far}Not yet: {name}. {help}"),
            });
        }
        if numbers.iter().any(|number| number.is_nan()) {
            return Note::plain(format!("Right so far: {}. A blank, `___`, is left.", right_so_far.join(", ")));
        }
        progress::record(id);
        let why = source::find(id).map(|(_, exercise)| exercise.why).unwrap_or_default();
        let adds = if adds.is_empty() { adds } else { format!(" {adds}") };
        Note::right(format!("Right!{adds}\n\n{why}"))
    }
}

fn are_close(number: f64, other: f64, tolerance: Option<f64>) -> bool {
    (number - other).abs() <= tolerance.unwrap_or(TOLERANCE * other.abs())
}

/// Judges; an error of the library is told as it is.
pub(crate) fn judge(check: impl FnOnce() -> Result<Check, SupportError>) -> Note {
    match check() {
        Ok(check) => check.note(),
        Err(error) => Note::wrong(format!("The check can't use this answer: {error}")),
    }
}

pub(crate) fn unfilled(id: &str) -> String {
    format!(
        "{id} waits for your answer: in the cell above, put a number or an expression in the place of each `___`, and run it again (Shift-Enter). `ex{id}::hint(1)` helps."
    )
}

/// A step of help.
pub(crate) fn hint(id: &str, step: usize) -> Note {
    let hints = source::find(id).map(|(_, exercise)| exercise.hints).unwrap_or_default();
    let last = hints.len();
    match step.checked_sub(1).and_then(|place| hints.get(place)) {
        Some(hint) if step < last => Note::plain(format!("{hint}\n\nNext: `ex{id}::hint({})`", step + 1)),
        Some(hint) => Note::plain(format!("{hint}\n\nThis was the last hint; then there is `ex{id}::solution()`")),
        None => Note::plain(format!("The hints of {id} are numbered from 1 to {last}.")),
    }
}

/// The code of a solution, and why.
pub(crate) fn solution(id: &str) -> Note {
    let exercise = source::find(id).map(|(_, exercise)| exercise).unwrap_or_default();
    Note::plain(format!("`{}`\n\n{}", exercise.solution, exercise.why))
}

/// What every exercise has beside its check.
macro_rules! help {
    ($id:literal) => {
        const ID: &str = $id;

        /// A step of help, counted from 1.
        pub fn hint(step: usize) -> crate::note::Note {
            crate::check::hint(ID, step)
        }

        /// A solution, and why it is one.
        pub fn solution() -> crate::note::Note {
            crate::check::solution(ID)
        }
    };
}
pub(crate) use help;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::___;

    fn said(answer: impl Answer) -> String {
        let check = Check::of("2a", answer).number("one", 0.25).mistake(0.75, "Turned over.").count("two", 7);
        judge(|| Ok(check)).to_string()
    }

    #[test]
    fn a_wrong_answer_gets_its_own_words_and_never_the_right_number() {
        for (answer, words) in [
            ((___, ___), "waits for your answer"),
            ((0.25, ___), "Right so far: one. A blank"),
            ((0.75, ___), "Turned over."),
            ((25.0, 7.0), "percentage"),
            ((0.0, 7.0), "whole numbers"),
            ((0.4, 7.0), "Not yet: one. `ex2a::hint(1)` helps."),
            ((___, 8.0), "waits for your answer"),
            ((0.2505, 8.0), "Right so far: one. Not yet: two"),
        ] {
            let said = said(answer);
            assert!(said.contains(words), "{answer:?}: {said}");
            assert!(!said.contains("0.25 ") && !said.contains('7'), "{said}");
        }
        assert!(said(0.25).contains("wants 2 numbers"));
    }

    #[test]
    fn hints_come_step_by_step() {
        assert!(hint("2a", 1).to_string().contains("Next: `ex2a::hint(2)`"));
        assert!(hint("2a", 2).to_string().contains("`ex2a::solution()`"));
        for step in [0, 9] {
            assert_eq!(hint("2a", step).to_string(), "The hints of 2a are numbered from 1 to 2.");
        }
        assert!(solution("2a").to_string().starts_with("`let answer"));
    }
}
