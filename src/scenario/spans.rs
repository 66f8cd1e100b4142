//! Where each key and value of a scenario stands, also inside its strings.
//!
//! Building the map is left to `tree`, changing it to `overrides`.

use std::ops::Range;

use indexmap::IndexMap;

use crate::diagnostic::{Source, Span};

/// The place of every key and value, by key path. Items of an array go by their index, from `"0"`.
#[derive(Clone, Debug, Default)]
pub struct Spans {
    pub(super) root: Node,
}

/// The places of one value and all below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) key: Option<Span>,
    pub(super) value: Option<Span>,
    pub(super) children: IndexMap<String, Node>,
}

impl Node {
    pub(super) fn at<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Option<&Node> {
        path.into_iter().try_fold(self, |node, part| node.children.get(part))
    }
}

impl Spans {
    /// The key itself, without its value. Items of an array have none.
    pub fn key(&self, path: &[&str]) -> Option<Span> {
        self.root.at(path.iter().copied())?.key
    }

    /// The value, with its quotes; the header of a table that has one.
    pub fn value(&self, path: &[&str]) -> Option<Span> {
        self.root.at(path.iter().copied())?.value
    }

    /// The place in the file of a byte range of the decoded string at `path`.
    ///
    /// A range that begins or ends within an escape takes in the whole escape.
    pub fn inside(&self, path: &[&str], range: Range<usize>, sources: &[Source]) -> Option<Span> {
        let span = self.value(path)?;
        let raw = sources.get(span.source)?.text.get(span.start..span.end)?;
        let range = raw_range(raw, range);
        Some(Span { source: span.source, start: span.start + range.start, end: span.start + range.end })
    }
}

/// Maps a byte range of a decoded TOML string to one of its text, quotes included.
fn raw_range(raw: &str, decoded: Range<usize>) -> Range<usize> {
    let mut start = None;
    let mut end = None;
    let mut offset = 0;
    let string = Text::new(raw);
    let (first, last) = (string.position, string.end);
    for Piece { decoded_length, raw: place } in string {
        // Pieces that decode to nothing (a line-ending backslash) belong to no character.
        if decoded_length == 0 {
            continue;
        }
        let next = offset + decoded_length;
        if start.is_none() && decoded.start < next {
            start = Some(place.start);
        }
        if end.is_none() && decoded.end <= next {
            end = Some(if decoded.end == offset { place.start } else { place.end });
        }
        offset = next;
    }
    let past = if offset == 0 { first } else { last };
    let start = start.unwrap_or(past);
    start..end.unwrap_or(past).max(start)
}

/// What one or more bytes of a TOML string decode to.
struct Piece {
    decoded_length: usize,
    raw: Range<usize>,
}

/// Walks over the text of a TOML string that is known to be well formed.
struct Text<'a> {
    raw: &'a str,
    position: usize,
    end: usize,
    escapes: bool,
}

impl<'a> Text<'a> {
    fn new(raw: &'a str) -> Self {
        let quotes = ["\"\"\"", "'''", "\"", "'"];
        // Without quotes it is a bare word of the command line, or no string at all.
        let quote =
            quotes.into_iter().find(|q| raw.len() >= 2 * q.len() && raw.starts_with(q) && raw.ends_with(q));
        let length = quote.map_or(0, str::len);
        let mut position = length;
        if length == 3 {
            let rest = &raw[position..];
            position += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
        }
        let escapes = quote.is_some_and(|quote| quote.starts_with('"'));
        Text { raw, position, end: raw.len() - length, escapes }
    }

    /// Length of the escape at the start of `rest`, and of what it decodes to.
    fn escape(rest: &str) -> (usize, usize) {
        let hexadecimal = |digits: usize| {
            let code = rest.get(2..2 + digits).and_then(|code| u32::from_str_radix(code, 16).ok());
            let character = code.and_then(char::from_u32);
            (2 + digits, character.map_or(1, char::len_utf8))
        };
        match rest.as_bytes().get(1) {
            Some(b'x') => hexadecimal(2),
            Some(b'u') => hexadecimal(4),
            Some(b'U') => hexadecimal(8),
            Some(b' ' | b'\t' | b'\r' | b'\n') => {
                let line = rest[1..].trim_start_matches([' ', '\t', '\r', '\n']);
                (rest.len() - line.len(), 0)
            }
            _ => (2, 1),
        }
    }
}

impl Iterator for Text<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let rest = self.raw.get(self.position..self.end)?;
        let first = rest.chars().next()?;
        let (raw_length, decoded_length) = if first == '\\' && self.escapes {
            Text::escape(rest)
        } else {
            (first.len_utf8(), first.len_utf8())
        };
        let start = self.position;
        self.position = (start + raw_length).min(self.end);
        Some(Piece { decoded_length, raw: start..self.position })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes with toml, and checks that every character of the decoded text maps to its own place.
    fn map(raw: &str, word: &str) -> String {
        let document = format!("k = {raw}");
        let table = toml::de::DeTable::parse(&document).unwrap();
        let value = table.get_ref().get("k").unwrap();
        assert_eq!(&document[value.span()], raw);
        let decoded = value.get_ref().as_str().unwrap();
        let mut last = 0;
        for (i, c) in decoded.char_indices() {
            let range = raw_range(raw, i..i + c.len_utf8());
            assert!(range.start >= last && range.end > range.start, "{raw} {c} {range:?}");
            last = range.end;
            let piece = &raw[range];
            assert!(piece.starts_with('\\') || piece == c.to_string(), "{raw}: {c:?} became {piece:?}");
        }
        let start = decoded.find(word).unwrap_or_else(|| panic!("{word} in {decoded:?}"));
        raw[raw_range(raw, start..start + word.len())].to_owned()
    }

    #[test]
    fn a_literal_string_maps_byte_for_byte() {
        assert_eq!(map("'{{ nmae() }}'", "nmae"), "nmae");
        assert_eq!(map(r"'C:\new é x'", "x"), "x");
        assert_eq!(map(r"'C:\new é x'", r"\new"), r"\new");
    }

    #[test]
    fn escapes_of_a_basic_string_are_counted() {
        assert_eq!(map(r#""{{ \"a\" | nmae }}""#, "nmae"), "nmae");
        assert_eq!(map(r#""\n\t\u00e9\U0001F600\x41\\ x y""#, "x"), "x");
        assert_eq!(map(r#""a\u00e9b""#, "é"), r"\u00e9");
        assert_eq!(map(r#""a\"b\"c""#, "\"b\""), r#"\"b\""#);
        assert_eq!(map(r#""é😀 x""#, "x"), "x");
    }

    #[test]
    fn a_multi_line_string_loses_its_first_newline_and_its_continuations() {
        assert_eq!(map("\"\"\"\nab x\"\"\"", "x"), "x");
        assert_eq!(map("\"\"\"\r\nab x\"\"\"", "x"), "x");
        assert_eq!(map("'''\na\\n'b x'''", "x"), "x");
        assert_eq!(map("'''\na\\n'b x'''", "a"), "a");
        assert_eq!(map("\"\"\"one \\\n\n   two \\u00e9 \\  \n three\"\"\"", "two"), "two");
        assert_eq!(map("\"\"\"one \\\n\n   two \\u00e9 \\  \n three\"\"\"", "three"), "three");
        assert_eq!(map("\"\"\"one \\\n   two\"\"\"", "one two"), "one \\\n   two");
        assert_eq!(map("\"\"\"a\nb\r\nc x\"\"\"", "x"), "x");
        assert_eq!(map("\"\"\"say \"x\"\"\"\"", "\"x\""), "\"x\"");
    }

    #[test]
    fn an_empty_or_exceeding_range_stays_within_the_quotes() {
        assert_eq!(raw_range("'abc'", 0..0), 1..1);
        assert_eq!(raw_range("'abc'", 1..1), 2..2);
        assert_eq!(raw_range("'abc'", 3..3), 4..4);
        assert_eq!(raw_range("'abc'", 2..90), 3..4);
        assert_eq!(raw_range("''", 0..1), 1..1);
        assert_eq!(raw_range("bare", 1..3), 1..3);
        assert_eq!(raw_range("", 1..3), 0..0);
        assert_eq!(raw_range("'", 0..1), 0..1);
    }
}
