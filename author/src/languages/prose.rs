//! What a cell of prose holds besides its words: links, numbers, formulas, code, images, and its shape.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use regex::Regex;

/// A link, and what it says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The address that it leads to.
    pub to: String,
    /// Its text.
    pub says: String,
}

/// A paragraph, a heading, an item of a list or a cell of a table.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Its text; code and formulas are left out.
    pub text: String,
    /// The same without the texts of links.
    pub unlinked: String,
}

/// A cell of prose, as CommonMark reads it.
#[derive(Clone, Debug, Default)]
pub struct Prose {
    /// All links, in order.
    pub links: Vec<Link>,
    /// The addresses of its images.
    pub images: Vec<String>,
    /// Its words in code font.
    pub code: BTreeSet<String>,
    /// Its blocks of code.
    pub listings: Vec<String>,
    /// Its formulas, without the words in them.
    pub formulas: Vec<String>,
    /// The names of its HTML elements.
    pub html: Vec<String>,
    /// Its headings, items of lists and cells of tables, in order.
    pub shape: Vec<&'static str>,
    /// Its text.
    pub blocks: Vec<Block>,
    /// Are some words in italics?
    pub has_italics: bool,
}

static WORDS_IN_FORMULA: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\\text\{[^}]*\}").expect("a valid expression"));
static ELEMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"</?[a-zA-Z][a-zA-Z0-9]*").expect("a valid expression"));
static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[0-9]+(?:[.,][0-9]+)*").expect("a valid expression"));

impl Prose {
    /// Reads a cell's Markdown, with the extensions that JupyterLab has.
    pub fn read(markdown: &str) -> Self {
        let mut prose = Self::default();
        let mut links: Vec<Link> = Vec::new();
        let mut image = 0;
        let mut listing = None::<String>;
        let options = Options::ENABLE_TABLES | Options::ENABLE_MATH | Options::ENABLE_STRIKETHROUGH;
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Start(Tag::Link { dest_url, .. }) => {
                    links.push(Link { to: dest_url.into_string(), says: String::new() });
                }
                Event::End(TagEnd::Link) => prose.links.extend(links.pop()),
                Event::Start(Tag::Image { dest_url, .. }) => {
                    prose.images.push(dest_url.into_string());
                    image += 1;
                }
                Event::End(TagEnd::Image) => image -= 1,
                Event::Start(Tag::CodeBlock(_)) => listing = Some(String::new()),
                Event::End(TagEnd::CodeBlock) => prose.listings.extend(listing.take()),
                Event::Start(Tag::Emphasis) => prose.has_italics = true,
                Event::Start(tag) => prose.start(&tag),
                Event::Text(text) if listing.is_some() => listing.iter_mut().for_each(|code| code.push_str(&text)),
                Event::Text(_) if image > 0 => {}
                Event::Text(text) => prose.add(&text, links.last_mut()),
                Event::SoftBreak | Event::HardBreak => prose.add(" ", links.last_mut()),
                Event::Code(code) => {
                    // Where code was, so that its neighbours don't grow together.
                    prose.add("\u{FFFC}", None);
                    links.iter_mut().for_each(|link| link.says.push_str(&code));
                    prose.code.insert(code.into_string());
                }
                Event::InlineMath(formula) | Event::DisplayMath(formula) => {
                    prose.add("\u{FFFC}", None);
                    prose.formulas.push(WORDS_IN_FORMULA.replace_all(formula.trim(), r"\text{}").into_owned());
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    prose.html.extend(ELEMENT.find_iter(&html).map(|name| name.as_str().to_owned()));
                }
                _ => {}
            }
        }
        prose
    }

    fn start(&mut self, tag: &Tag) {
        let shape = match tag {
            Tag::Heading { level, .. } => match level {
                HeadingLevel::H1 => "a heading #",
                HeadingLevel::H2 => "a heading ##",
                HeadingLevel::H3 => "a heading ###",
                _ => "a smaller heading",
            },
            Tag::Item => "an item of a list",
            Tag::TableCell => "a cell of a table",
            Tag::Paragraph => {
                self.blocks.push(Block::default());
                return;
            }
            _ => return,
        };
        self.shape.push(shape);
        self.blocks.push(Block::default());
    }

    fn add(&mut self, text: &str, link: Option<&mut Link>) {
        if self.blocks.is_empty() {
            self.blocks.push(Block::default());
        }
        let Some(block) = self.blocks.last_mut() else { return };
        block.text.push_str(text);
        match link {
            Some(link) => link.says.push_str(text),
            None => block.unlinked.push_str(text),
        }
    }

    /// All text, a line for each block.
    pub fn text(&self) -> String {
        self.blocks.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// The numbers of the text, links included, sorted.
    pub fn numbers(&self) -> Vec<String> {
        let mut numbers = numbers_of(&self.text());
        numbers.sort();
        numbers
    }
}

/// The numbers in a text, as they are written.
pub fn numbers_of(text: &str) -> Vec<String> {
    NUMBER.find_iter(text).map(|number| number.as_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_taken_apart() {
        let prose = Prose::read(
            "## Loss\n\nIt is [0.17 %](#cell-id=a) of **284,807**, see `auc` and $\\frac{\\text{fraud}}{2}$.\n\n- ![alt 3](a.png)\n- *two*\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nlet x = 5;\n```\n",
        );
        assert_eq!(prose.links, [Link { to: "#cell-id=a".to_owned(), says: "0.17 %".to_owned() }]);
        assert_eq!(prose.images, ["a.png"]);
        assert!(prose.code.contains("auc"));
        assert_eq!(prose.listings, ["let x = 5;\n"]);
        assert_eq!(prose.formulas, [r"\frac{\text{}}{2}"]);
        assert_eq!(prose.numbers(), ["0.17", "1", "2", "284,807"]);
        assert_eq!(prose.shape.iter().filter(|shape| **shape == "a cell of a table").count(), 4);
        assert!(prose.has_italics);
        assert_eq!(prose.blocks[1].unlinked, "It is  of 284,807, see \u{FFFC} and \u{FFFC}.");
    }

    #[test]
    fn bold_that_commonmark_does_not_close_stays_text() {
        assert!(Prose::read("**정밀도(Precision)**는 다르다").text().contains("**"));
        assert!(!Prose::read("**정밀도**(Precision)는 다르다").text().contains("**"));
    }
}
