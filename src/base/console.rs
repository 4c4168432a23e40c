//! What the user sees: lines on standard output, and progress on the error stream.
//!
//! In a terminal, long work shows a bar; elsewhere (CI, a pipe), a line now and then.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

const QUIET_INTERVAL: Duration = Duration::from_secs(20);

/// Prints a line, and ignores a reader that went away.
pub fn say(line: impl Display) {
    let _ = writeln!(stdout().lock(), "{line}");
}

/// Prints a line on the error stream; its colours only in a terminal.
pub fn note(line: impl Display) {
    let mut stream = stderr().lock();
    let line = line.to_string();
    let line = if stream.is_terminal() { line } else { without_colours(&line) };
    let _ = writeln!(stream, "{line}");
}

/// Begins the lines of a kernel that its reader should see: JupyterLab's log has many others.
pub const FOR_THE_READER: &str = "tutorial kernel: ";

/// Says what the reader of a kernel should know; JupyterLab's terminal shows it, and its log.
pub fn tell(what: impl Display) {
    note(format!("{FOR_THE_READER}{what}"));
}

/// A text without its escape codes.
pub fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.find(|c: char| c.is_ascii_alphabetic()).map_or(0, |end| end + 1);
        plain.push_str(&part[code..]);
    }
    plain
}

/// A duration in the words of a reader: `0.4 s`, `35 s`, `4 min 10 s`.
pub fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 9.95 {
        format!("{seconds:.1} s")
    } else if seconds < 99.5 {
        format!("{seconds:.0} s")
    } else {
        let whole = seconds.round() as u64;
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

/// The progress of one long piece of work.
pub struct Progress {
    bar: ProgressBar,
    last_line: Instant,
    unit: Unit,
}

/// What a progress counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Crates, packages, cells.
    Items,
    /// Bytes of a download.
    Bytes,
}

impl Progress {
    /// Starts to show a progress, of items at first.
    pub fn start() -> Self {
        let mut progress = Self { bar: ProgressBar::no_length(), last_line: Instant::now(), unit: Unit::Items };
        progress.count(Unit::Items);
        progress.bar.enable_steady_tick(Duration::from_millis(200));
        progress
    }

    /// From now on it counts these, from 0; the total may come later.
    pub fn count(&mut self, unit: Unit) {
        self.unit = unit;
        self.bar.unset_length();
        self.bar.set_position(0);
        self.bar.set_style(style(match unit {
            Unit::Items => "      {spinner} {elapsed:>4}  {wide_msg}",
            Unit::Bytes => "      {spinner} {bytes}  {bytes_per_sec}  {wide_msg}",
        }));
    }

    /// Says how many units there are in all.
    pub fn set_total(&mut self, total: u64) {
        if self.bar.length() != Some(total) {
            self.bar.set_length(total);
            self.bar.set_style(style(match self.unit {
                Unit::Items => "      {elapsed:>4} [{bar:30}] {pos}/{len}  {wide_msg}",
                Unit::Bytes => "      [{bar:30}] {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
            }));
        }
    }

    /// Says how many units are done.
    pub fn set_position(&mut self, position: u64) {
        self.bar.set_position(position);
        self.line_now_and_then();
    }

    /// Says what is being worked on.
    pub fn set_message(&mut self, message: &str) {
        self.bar.set_message(message.to_owned());
        self.line_now_and_then();
    }

    /// Prints a line above the bar.
    pub fn say(&self, line: impl Display) {
        self.bar.suspend(|| say(line));
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.bar.elapsed()
    }

    fn line_now_and_then(&mut self) {
        // It is hidden where there is no terminal.
        if !self.bar.is_hidden() || self.last_line.elapsed() < QUIET_INTERVAL {
            return;
        }
        self.last_line = Instant::now();
        let shown = |count: u64| match self.unit {
            Unit::Items => count.to_string(),
            Unit::Bytes => HumanBytes(count).to_string(),
        };
        let total = self.bar.length().map(|total| format!("/{}", shown(total))).unwrap_or_default();
        say(format!(
            "      … {}{total} after {}  {}",
            shown(self.bar.position()),
            seconds(self.elapsed()),
            self.bar.message()
        ));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_out() {
        assert_eq!(without_colours("\u{1b}[38;5;246m│\u{1b}[0m let \u{1b}[31mx\u{1b}[0m"), "│ let x");
        assert_eq!(without_colours("a[0] = 1"), "a[0] = 1");
    }

    #[test]
    fn durations_read_well() {
        let shown = |s: f64| seconds(Duration::from_secs_f64(s));
        assert_eq!(shown(0.44), "0.4 s");
        assert_eq!(shown(35.2), "35 s");
        assert_eq!(shown(249.7), "4 min 10 s");
    }
}
