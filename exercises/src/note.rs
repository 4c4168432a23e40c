//! What the checks say: a coloured note in a notebook, and text elsewhere.

use std::fmt;

/// A note to the learner. As the last expression of a cell it appears below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    color: &'static str,
    text: String,
}

impl Note {
    pub(crate) fn right(text: String) -> Self {
        Self { color: "#2e9e44", text }
    }

    pub(crate) fn wrong(text: String) -> Self {
        Self { color: "#d98a00", text }
    }

    pub(crate) fn plain(text: String) -> Self {
        Self { color: "#5b8def", text }
    }

    fn html(&self) -> String {
        let text = self.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        // What stands between backticks is code.
        let pieces = text.split('`').enumerate();
        let text: String = pieces
            .map(|(place, piece)| if place % 2 == 0 { piece.to_owned() } else { format!("<code>{piece}</code>") })
            .collect();
        let style = format!("border-left: 4px solid {}; padding: .3em .8em; white-space: pre-wrap", self.color);
        format!("<div style=\"{style}\">{text}</div>")
    }

    /// Shows the note in a notebook: the kernel calls this for the last expression of a cell.
    pub fn evcxr_display(&self) {
        print!(
            "EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT\nEVCXR_BEGIN_CONTENT text/plain\n{self}\nEVCXR_END_CONTENT\n",
            self.html()
        );
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_shown_as_code_and_nothing_as_markup() {
        let note = Note::plain("`a < b` & c".into());
        assert!(note.html().contains("<code>a &lt; b</code> &amp; c"));
        assert_eq!(note.to_string(), "`a < b` & c");
    }
}
