//! The ends of the range of texts that begin alike: made with the tape, so that a search by a prefix is a comparison.

use crate::value::ValueRef;

/// Of the texts that begin with the first `chars` characters of a value, one end: the least, or the least of those that come after all of them,
/// in the order of code points. Nothing for a value that is no text.
pub(super) fn end(value: ValueRef<'_>, chars: usize, after: bool) -> Option<String> {
    let ValueRef::Text(text) = value else { return None };
    let prefix: String = text.chars().take(chars).collect();
    Some(if after { successor(&prefix) } else { prefix })
}

/// The last of all characters, repeated more often than any text has it behind a prefix.
const BEYOND: usize = 8;

/// The least text that comes after all that begin with this one.
fn successor(prefix: &str) -> String {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        if let Some(next) = next(last) {
            chars.push(next);
            return chars.into_iter().collect();
        }
    }
    // After the last character of all comes nothing; texts do not begin with so many of it.
    std::iter::repeat_n(char::MAX, prefix.chars().count() + BEYOND).collect()
}

/// The character after one; surrogates are none.
fn next(char: char) -> Option<char> {
    match char {
        '\u{d7ff}' => Some('\u{e000}'),
        char::MAX => None,
        other => char::from_u32(u32::from(other) + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(text: &str, chars: usize) -> (String, String) {
        let end = |after| end(ValueRef::Text(text), chars, after).unwrap();
        (end(false), end(true))
    }

    #[test]
    fn the_ends_enclose_the_texts_that_begin_alike_and_no_others() {
        let texts = [
            "",
            "item",
            "item-1",
            "item-19",
            "item-1é",
            "item-2",
            "itém",
            "j",
            "\u{d7ff}x",
            "\u{10ffff}\u{10ffff}z",
        ];
        for text in texts {
            for chars in 1..8 {
                let (from, before) = ends(text, chars);
                for other in texts {
                    let alike = other.starts_with(&from);
                    assert_eq!(*other >= *from && *other < *before, alike, "{other} in {from:?}..{before:?}");
                }
            }
        }
        assert_eq!(ends("item-19", 6), ("item-1".to_owned(), "item-2".to_owned()));
    }

    #[test]
    fn what_is_no_text_has_no_ends() {
        assert_eq!(end(ValueRef::Integer(12), 1, false), None);
        assert_eq!(end(ValueRef::Null, 1, true), None);
    }
}
