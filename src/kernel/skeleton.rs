//! The skeleton of one source: what is left of it without what no type depends on.
//!
//! Every function's body becomes `{loop{}}`, except where it returns `impl …` and in a `const fn`
//! whose value a type may need. Comments go, and attributes that only tell the compiler what to
//! warn of. Doc comments stay, as Shift-Tab shows them, but for the examples in those that macros
//! make: core makes them for each of twelve kinds of integers.

use std::fmt::Write as _;
use std::ops::Range;

use rustc_lexer::{FrontmatterAllowed, LiteralKind, TokenKind, tokenize};

// Of these rust-analyzer asks nothing.
const SILENT_ATTRIBUTES: [&str; 14] = [
    "allow",
    "cold",
    "deny",
    "diagnostic",
    "expect",
    "inline",
    "must_use",
    "rustc_const_stable",
    "rustc_const_unstable",
    "rustc_diagnostic_item",
    "rustc_on_unimplemented",
    "stable",
    "track_caller",
    "warn",
];

// What may stand before `fn`, with an ABI's name.
const QUALIFIERS: [&str; 6] = ["async", "const", "default", "extern", "safe", "unsafe"];

/// A source without bodies; none if it isn't understood.
pub fn skeleton(text: &str) -> Option<String> {
    let source = Source::read(text)?;
    let mut skeleton = String::new();
    source.write(0..source.tokens.len(), Place::Items, &mut skeleton);
    // All items of the file must be left: else something was taken for what it isn't.
    Source::read(&skeleton)?.outline().eq(source.outline()).then_some(skeleton)
}

/// Where a piece of a source stands, and so what may go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Among items or statements.
    Items,
    /// In what a macro makes of its arguments: of doc comments the examples go, too.
    Made,
    /// In a macro's arguments, which it may compare word by word: only bodies go.
    Arguments,
    /// In what a macro's arguments are compared with: nothing goes.
    Pattern,
}

struct Token<'a> {
    kind: TokenKind,
    text: &'a str,
    /// What stands before it.
    gap: &'static str,
    /// Of an opening bracket, the place of the closing one; else its own.
    close: usize,
}

struct Source<'a> {
    tokens: Vec<Token<'a>>,
}

impl<'a> Source<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut tokens: Vec<Token> = Vec::new();
        let (mut open, mut at, mut gap) = (Vec::new(), 0, "");
        for token in tokenize(text, FrontmatterAllowed::No) {
            let text = text.get(at..at + token.len as usize)?;
            at += text.len();
            match token.kind {
                TokenKind::Whitespace if text.contains('\n') => gap = "\n",
                TokenKind::Whitespace
                | TokenKind::LineComment { doc_style: None }
                | TokenKind::BlockComment { doc_style: None, terminated: true } => {
                    gap = if gap.is_empty() { " " } else { gap }
                }
                TokenKind::Unknown
                | TokenKind::InvalidIdent
                | TokenKind::BlockComment { terminated: false, .. }
                | TokenKind::Literal {
                    kind:
                        LiteralKind::Char { terminated: false }
                        | LiteralKind::Byte { terminated: false }
                        | LiteralKind::Str { terminated: false }
                        | LiteralKind::ByteStr { terminated: false }
                        | LiteralKind::CStr { terminated: false }
                        | LiteralKind::RawStr { n_hashes: None }
                        | LiteralKind::RawByteStr { n_hashes: None }
                        | LiteralKind::RawCStr { n_hashes: None },
                    ..
                } => return None,
                kind => {
                    let here = tokens.len();
                    match text {
                        "(" | "[" | "{" => open.push(here),
                        ")" | "]" | "}" => {
                            let opening: &mut Token = tokens.get_mut(open.pop()?)?;
                            if !["()", "[]", "{}"].contains(&&*format!("{}{text}", opening.text)) {
                                return None;
                            }
                            opening.close = here;
                        }
                        _ => {}
                    }
                    tokens.push(Token { kind, text, gap, close: here });
                    gap = "";
                }
            }
        }
        open.is_empty().then_some(Self { tokens })
    }

    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn close(&self, at: usize) -> usize {
        self.tokens.get(at).map_or(at, |token| token.close)
    }

    fn is_name(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| matches!(token.kind, TokenKind::Ident | TokenKind::RawIdent))
    }

    fn opens(&self, at: usize) -> bool {
        self.close(at) > at
    }

    // The names outside of all brackets.
    fn outline(&self) -> impl Iterator<Item = &'a str> {
        let next = |at: &usize| Some(self.close(*at) + 1);
        let all = std::iter::successors(Some(0), next).take_while(|at| *at < self.tokens.len());
        all.filter(|at| self.is_name(*at)).map(|at| self.text(at))
    }

    fn write(&self, range: Range<usize>, place: Place, skeleton: &mut String) {
        let (mut at, mut gap) = (range.start, "");
        while at < range.end {
            let token = &self.tokens[at];
            // The end of a doc comment's line must stay when what follows goes.
            gap = if gap == "\n" { gap } else { token.gap };
            if self.may_go(at, place) {
                at = self.close(if token.text == "#" { at + 1 } else { at }) + 1;
                continue;
            }
            if place == Place::Made && is_doc(token) {
                at += self.write_summary(at, skeleton);
                gap = "\n";
                continue;
            }
            skeleton.push_str(gap);
            skeleton.push_str(token.text);
            gap = "";
            at += 1;
            if place == Place::Pattern {
                continue;
            }
            let group = match token.text {
                "macro_rules" if self.text(at) == "!" => self.is_name(at + 1).then_some(at + 2),
                "macro" if self.is_name(at) => Some(at + 1),
                _ if token.kind == TokenKind::Ident && self.text(at) == "!" => Some(at + 1),
                "fn" => self.body(at),
                _ => None,
            };
            let Some(group) = group.filter(|group| self.opens(*group)) else {
                continue;
            };
            self.write(at..group, Place::Pattern, skeleton);
            at = self.close(group) + 1;
            match token.text {
                "fn" => skeleton.push_str("{loop{}}"),
                "macro_rules" => self.write_rules(group..at, skeleton),
                "macro" => self.write(group..at, Place::Pattern, skeleton),
                _ => self.write(group..at, Place::Arguments, skeleton),
            }
        }
    }

    // Of a doc comment what stands before its examples, as one token: a macro may make it a dozen
    // times. Its length.
    fn write_summary(&self, at: usize, skeleton: &mut String) -> usize {
        let lines: Vec<_> = self.tokens[at..].iter().map_while(|token| token.text.strip_prefix("///")).collect();
        let summary: Vec<_> = lines.iter().copied().take_while(|line| line.trim() != "# Examples").collect();
        let is_first = at == 0 || self.text(at - 1) != "]";
        if is_first && !summary.is_empty() {
            let _ = write!(skeleton, "\n#[doc = r####\"{}\"####]", summary.join("\n").trim_end());
        }
        lines.len().max(1)
    }

    // `{ (pattern) => { made } ; … }`
    fn write_rules(&self, range: Range<usize>, skeleton: &mut String) {
        let mut at = range.start + 1;
        self.write(range.start..at, Place::Pattern, skeleton);
        while at + 1 < range.end {
            let is_made = self.opens(at) && self.text(at - 1) == ">";
            let end = self.close(at) + 1;
            self.write(at..end, if is_made { Place::Made } else { Place::Pattern }, skeleton);
            at = end;
        }
        self.write(at..range.end, Place::Pattern, skeleton);
    }

    // An attribute that nobody misses.
    fn may_go(&self, at: usize, place: Place) -> bool {
        if place == Place::Pattern || place == Place::Arguments {
            return false;
        }
        let is_attribute = self.text(at) == "#" && self.text(at + 1) == "[";
        let is_doc = place == Place::Made && self.text(at + 2) == "doc" && self.text(at + 3) == "=";
        is_attribute && (is_doc || SILENT_ATTRIBUTES.contains(&self.text(at + 2)))
    }

    // After `fn`: the opening brace of a body that may go.
    fn body(&self, at: usize) -> Option<usize> {
        let before = (2..7).map_while(|back| Some(self.text(at.checked_sub(back)?)));
        let is_qualifier = |word: &&str| QUALIFIERS.contains(word) || word.starts_with('"');
        if before.take_while(is_qualifier).any(|word| word == "const") {
            return None;
        }
        let name = if self.text(at) == "$" { at + 1 } else { at };
        if !self.is_name(name) {
            return None;
        }
        let (mut at, mut angles, mut has_arguments) = (name + 1, 0, false);
        loop {
            let before = self.text(at - 1);
            match self.text(at) {
                "<" => angles += 1,
                ">" if before != "-" && before != "=" => angles -= 1,
                "{" if angles == 0 => return has_arguments.then_some(at),
                "(" if angles == 0 => has_arguments = true,
                // `fn f() -> $result $body`: no body of its own.
                "$" if self.text(at + 1) != "(" && angles == 0 && (before == ")" || self.is_name(at - 1)) => {
                    return None;
                }
                "impl" if has_arguments && angles >= 0 => return None,
                "" | ";" | ")" | "]" | "}" => return None,
                _ => {}
            }
            at = self.close(at) + 1;
        }
    }
}

fn is_doc(token: &Token) -> bool {
    matches!(token.kind, TokenKind::LineComment { .. } | TokenKind::BlockComment { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes_once(text: &str, expected: &str) {
        assert_eq!(skeleton(text).as_deref(), Some(expected));
    }

    #[track_caller]
    fn becomes(text: &str, expected: &str) {
        becomes_once(text, expected);
        assert_eq!(skeleton(expected).as_deref(), Some(expected), "not the same twice");
    }

    #[track_caller]
    fn stays(text: &str) {
        becomes(text, text);
    }

    #[test]
    fn bodies_go() {
        becomes("fn f(x: i32) -> i32 { x } // more\nstruct S;", "fn f(x: i32) -> i32{loop{}}\nstruct S;");
        becomes("fn f() { fn g() {} struct S; }", "fn f(){loop{}}");
        becomes(
            "trait T { fn f(&self) -> u8 { 1 } fn g(&self); }",
            "trait T { fn f(&self) -> u8{loop{}} fn g(&self); }",
        );
        becomes("pub unsafe extern \"C\" fn f() { g() }", "pub unsafe extern \"C\" fn f(){loop{}}");
        becomes("async fn r#fn() -> u8 { 1 }", "async fn r#fn() -> u8{loop{}}");
        becomes("fn f() -> ! { loop {} }", "fn f() -> !{loop{}}");
    }

    #[test]
    fn what_types_depend_on_stays() {
        stays("fn f() -> impl Iterator<Item = u8> { [1].into_iter() }");
        stays("fn f() -> Option<impl Fn(u8) -> u8> { Some(|x| x) }");
        becomes("fn f(g: impl Fn(u8) -> u8) -> u8 { g(1) }", "fn f(g: impl Fn(u8) -> u8) -> u8{loop{}}");
        stays("pub const unsafe fn f() -> usize { 3 }");
        stays("const F: fn(u8) -> u8 = |x| { x + 1 };");
        stays("extern \"C\" { fn f(x: fn(u8) -> u8); safe fn g(); }");
        stays("struct S { f: fn() -> u8, g: for<'a> fn(&'a u8) -> &'a u8 }");
        becomes(
            "const N: usize = { const fn f() -> usize { 1 } fn g() { 2 } f() };",
            "const N: usize = { const fn f() -> usize { 1 } fn g(){loop{}} f() };",
        );
    }

    #[test]
    fn braces_before_a_body_are_none() {
        becomes(
            "fn f<const N: usize>(x: A<{ N + 1 }>) -> B<{ N }> { x }",
            "fn f<const N: usize>(x: A<{ N + 1 }>) -> B<{ N }>{loop{}}",
        );
        becomes(
            "fn f<T>() where [(); { N }]: Sized, A<{ N }>: Fn() -> B<T> { x }",
            "fn f<T>() where [(); { N }]: Sized, A<{ N }>: Fn() -> B<T>{loop{}}",
        );
        becomes(
            "fn f<F: Fn() -> Vec<Vec<u8>>, const N: usize = { 1 }>() { x }",
            "fn f<F: Fn() -> Vec<Vec<u8>>, const N: usize = { 1 }>(){loop{}}",
        );
    }

    #[test]
    fn literals_and_lifetimes_are_no_brackets() {
        let text = r###"const A: &str = "fn f() {"; const B: &str = r#"" { "#; const C: (char, u8) = ('{', b'}'); struct L<'a>(&'a u8);"###;
        stays(text);
        becomes(
            r##"fn f<'a>(x: &'a str) -> &'a str { match x { "}" | r#"}"# => "{", _ => x } } fn g();"##,
            "fn f<'a>(x: &'a str) -> &'a str{loop{}} fn g();",
        );
    }

    #[test]
    fn docs_stay_and_other_comments_go() {
        becomes("/// Says { so.\nfn f() { 1 } /* { /* } */ */", "/// Says { so.\nfn f(){loop{}}");
        stays("//! All.\n/** More. */\nstruct S;");
        becomes(
            "#[inline]\n#[must_use = \"x\"]\n#[unstable(feature = \"x\")]\nfn f() {}",
            "\n#[unstable(feature = \"x\")]\nfn f(){loop{}}",
        );
        stays("#[doc(alias = \"x\")]\n#[cfg(unix)]\nstruct S;");
    }

    #[test]
    fn macros_keep_what_they_compare() {
        becomes_once(
            "macro_rules! m { (fn $n:ident() { $b:expr }) => { /// Doc.\n#[inline] fn $n() { $b } }; }",
            "macro_rules! m { (fn $n:ident() { $b:expr }) => {\n#[doc = r####\" Doc.\"####]\nfn $n(){loop{}} }; }",
        );
        stays("macro_rules! m { ($n:ident, $b:block) => { fn $n() $b fn g() -> $r $b impl S { } } }");
        becomes_once(
            "macro_rules! m { () => {\n/// A.\n///\n/// # Examples\n/// B.\n#[doc = concat!(\"C\")]\n/// D.\nconst A: u8 = 1; } }",
            "macro_rules! m { () => {\n#[doc = r####\" A.\"####]\nconst A: u8 = 1; } }",
        );
        stays("m! { #[stable(since = \"1\")] /// Doc.\nstruct S; }");
        becomes("m! { fn f() { 1 } }", "m! { fn f(){loop{}} }");
        stays("pub macro m { ($x:expr) => { fn f() { $x } } }");
        becomes("fn f() { if !(a) { m!{} } } struct S;", "fn f(){loop{}} struct S;");
    }

    #[test]
    fn what_is_not_understood_has_none() {
        for text in ["fn f() {", "fn f(} )", "const A: &str = \"", "/* ", "struct \u{7}S;"] {
            assert!(skeleton(text).is_none(), "{text}");
        }
    }
}
