//! A skeleton of a crate: its source without what no type depends on, for rust-analyzer alone.
//!
//! To tell the type of a `let`, the kernel's rust-analyzer reads the whole standard library and all crates that cells can
//! name. It never looks into a function of another crate, except for one that returns `impl …` and for a `const fn` whose
//! value a type needs. So it gets copies in which every other body is `{loop{}}`. Comments go, and attributes that only tell
//! the compiler what to warn of. Doc comments stay, as Shift-Tab shows them, but for the examples in those that macros make:
//! core makes them for each of twelve kinds of integers. rustc sees the real sources.
//!
//! A copy lies in a folder named by what it was made from and by this file's text, is made when it is first asked for, and
//! is put in place whole. A file that isn't understood is copied as it is, and a crate that can't be copied is read where it
//! is: both are told in [`REFUSED`]. [`WHOLE_VARIABLE`] turns all of it off.

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rustc_lexer::{FrontmatterAllowed, LiteralKind, TokenKind, tokenize};
use serde_json::Value;

use super::metadata::is_of_the_library;
use crate::base::stamp::{Inputs, write_whole};

/// Set by a reader, to have rust-analyzer read everything whole.
pub const WHOLE_VARIABLE: &str = "IMBALANCED_DATA_WHOLE_SOURCES";

/// In the folder of the skeletons: what was not made into one, and why.
pub const REFUSED: &str = "refused.log";

// Tests, which no cell's types come from; cargo only wants their files to be there.
const TESTS: [&str; 3] = ["benches", "examples", "tests"];

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

/// The folder of the skeletons of one toolchain.
pub struct Skeletons<'a>(pub &'a Path);

impl Skeletons<'_> {
    /// The skeleton of the standard library; none if there can't be one.
    pub fn of_library(&self, library: &Path, rustc: &str) -> Option<PathBuf> {
        self.made("library", library, rustc, |folder| {
            for entry in fs::read_dir(library)? {
                let (entry, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
                let to = folder.join(&name);
                match name.to_str() {
                    // Half of it is this: the instructions of all processors, which no cell's types need.
                    Some("stdarch") => {}
                    Some("vendor") => self.copy(&entry, &to, &|path| path.to_string_lossy().contains("/hashbrown-"))?,
                    name => self.copy(&entry, &to, &|_| name.is_some_and(is_of_the_library))?,
                }
            }
            // In it cargo keeps what rustc has told it.
            write_whole(&folder.join("target/CACHEDIR.TAG"), b"Signature: 8a477f597d28d172789f06886806bc55")
        })
    }

    /// What `cargo metadata` says, but with skeletons of the crates of registries, whose sources never change.
    pub fn of_packages(&self, metadata: &str) -> Option<String> {
        let mut metadata: Value = serde_json::from_str(metadata).ok()?;
        for package in metadata["packages"].as_array_mut()? {
            let whole = PathBuf::from(package["manifest_path"].as_str()?).parent()?.to_owned();
            let name = whole.file_name()?.to_string_lossy();
            let is_of_registry = package["source"].as_str().is_some_and(|source| source.starts_with("registry+"));
            if !is_of_registry || whole.starts_with(self.0) {
                continue;
            }
            let Some(skeleton) = self.made(&name, &whole, "", |folder| self.copy(&whole, folder, &|_| true)) else {
                continue;
            };
            let move_it = |path: &mut Value| {
                if let Some(rest) = path.as_str().and_then(|path| Path::new(path).strip_prefix(&whole).ok()) {
                    *path = skeleton.join(rest).to_string_lossy().into();
                }
            };
            move_it(&mut package["manifest_path"]);
            package["targets"].as_array_mut()?.iter_mut().for_each(|target| move_it(&mut target["src_path"]));
        }
        Some(metadata.to_string())
    }

    // The folder of one skeleton, made if it isn't there.
    fn made(&self, name: &str, of: &Path, version: &str, make: impl Fn(&Path) -> Result<()>) -> Option<PathBuf> {
        if env::var_os(WHOLE_VARIABLE).is_some() {
            return None;
        }
        let inputs = [("of", &*of.to_string_lossy()), ("version", version), ("rules", include_str!("skeleton.rs"))];
        let stamp = inputs.into_iter().fold(Inputs::default(), |all, (name, text)| all.text(name, text)).stamp();
        let folder = self.0.join(format!("{name}-{}", &stamp[..8]));
        if folder.is_dir() {
            return Some(folder);
        }
        let part = self.0.join(format!("{name}-{}.part", std::process::id()));
        let made = make(&part).and_then(|()| Ok(fs::rename(&part, &folder)?));
        let _ = fs::remove_dir_all(&part);
        match made {
            // Another kernel may have been quicker.
            Err(error) if !folder.is_dir() => {
                self.tell_refused(of, &format!("{error:#}"));
                None
            }
            _ => Some(folder),
        }
    }

    // Copies a folder's sources as skeletons, those that nobody reads as empty files, and what cargo looks at as it is.
    fn copy(&self, from: &Path, to: &Path, is_read: &dyn Fn(&Path) -> bool) -> Result<()> {
        if from.is_dir() {
            for entry in fs::read_dir(from)? {
                let name = entry?.file_name();
                let is_test = TESTS.iter().any(|test| name == *test);
                let is_read: &dyn Fn(&Path) -> bool = if is_test { &|_| false } else { is_read };
                self.copy(&from.join(&name), &to.join(&name), is_read)?;
            }
            return Ok(());
        }
        let name = from.file_name().unwrap_or_default().to_string_lossy();
        let text = match name.rsplit('.').next() {
            Some("rs") if !is_read(from) => String::new(),
            Some("rs") => {
                let text = fs::read_to_string(from)?;
                skeleton(&text).unwrap_or_else(|| {
                    self.tell_refused(from, "not understood, so it is copied whole");
                    text
                })
            }
            Some("toml" | "lock") => fs::read_to_string(from)?,
            _ if name == ".cargo-checksum.json" => fs::read_to_string(from)?,
            _ => return Ok(()),
        };
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(to, text)?)
    }

    fn tell_refused(&self, what: &Path, why: &str) {
        let log = File::options().create(true).append(true).open(self.0.join(REFUSED));
        let _ = log.and_then(|mut log| writeln!(log, "{}: {why}", what.display()));
    }
}

/// A source without bodies; none if it isn't understood.
fn skeleton(text: &str) -> Option<String> {
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

    // Of a doc comment what stands before its examples, as one token: a macro may make it a dozen times. Its length.
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

    #[test]
    fn the_standard_library_and_a_crate_have_skeletons() {
        let here = tempfile::tempdir().unwrap();
        let library = crate::kernel::sources::folder(&crate::kernel::sources::sysroot().unwrap()).unwrap();
        let skeletons = Skeletons(here.path());
        let folder = skeletons.of_library(&library, "rustc").unwrap();
        assert_eq!(skeletons.of_library(&library, "rustc").as_ref(), Some(&folder));
        assert!(!here.path().join(REFUSED).exists());
        let vec = fs::read_to_string(folder.join("alloc/src/vec/mod.rs")).unwrap();
        assert!(vec.contains("pub fn push(&mut self, value: T){loop{}}") && vec.contains("/// Appends an element"));
        assert_eq!(fs::read_to_string(folder.join("test/src/lib.rs")).unwrap(), "");

        let registry = tempfile::tempdir().unwrap();
        let source = registry.path().join("dice-1.0.0");
        fs::create_dir_all(source.join("src")).unwrap();
        fs::write(source.join("Cargo.toml"), "[package]").unwrap();
        fs::write(source.join("src/lib.rs"), "fn f() { 1 }").unwrap();
        fs::write(source.join("src/odd.rs"), "fn f() {").unwrap();
        let manifest = source.join("Cargo.toml");
        let package = |origin| {
            let package = serde_json::json!({ "packages": [{
                "source": origin, "manifest_path": manifest, "targets": [{ "src_path": source.join("src/lib.rs") }],
            }] });
            let moved = skeletons.of_packages(&package.to_string()).unwrap();
            let moved: Value = serde_json::from_str(&moved).unwrap();
            moved["packages"][0]["targets"][0]["src_path"].as_str().map(PathBuf::from).unwrap()
        };
        assert_eq!(package(None::<&str>), source.join("src/lib.rs"), "a crate that may change is read where it is");
        let moved = package(Some("registry+x"));
        assert_eq!(fs::read_to_string(&moved).unwrap(), "fn f(){loop{}}");
        assert_eq!(fs::read_to_string(moved.with_file_name("odd.rs")).unwrap(), "fn f() {");
        assert!(fs::read_to_string(here.path().join(REFUSED)).unwrap().contains("odd.rs: not understood"));
    }
}
