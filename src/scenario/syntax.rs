//! A text that is not TOML: what the parser says of it, in words for someone who does not know TOML.
//!
//! Only places and words; that there is a fault at all is the parser's word.

use std::ops::Range;

use super::schema;
use super::tree::Origin;
use crate::diagnostic::{Code, Diagnostic, Span};

/// The diagnostic of one of the parser's errors.
pub(super) fn fault(text: &str, error: &toml::de::Error) -> Diagnostic {
    let mut range = error.span().unwrap_or(text.len()..text.len());
    if error.message().starts_with("missing escaped value") && text[..range.start].ends_with('\\') {
        // The parser points behind the backslash.
        range = range.start - 1..range.start;
    }
    let span = Some(Origin { source: 0, offset: 0 }.span(range.clone()));
    if error.message().starts_with("duplicate key") {
        return duplicate(text, range, span);
    }
    if error.message().starts_with("invalid multi-line")
        && let Some(opening) = open_at_the_end(text)
    {
        let quotes = &text[opening.clone()];
        let words = format!("this is not TOML: the text that begins with {quotes} here has no end");
        return Diagnostic::error(Code::Syntax, Some(Origin { source: 0, offset: 0 }.span(opening)), words)
            .help(format!("write {quotes} behind its last line"));
    }
    let (words, help) = explain(text, range, error.message());
    let diagnostic = Diagnostic::error(Code::Syntax, span, format!("this is not TOML: {words}"));
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

fn line_start(text: &str, place: usize) -> usize {
    let before = &text.as_bytes()[..place.min(text.len())];
    before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1)
}

const QUOTES: &str = "text stands in quotes: \"…\", or '…' where it contains quotes or backslashes";

/// What is wrong, and what to write.
type Words = (String, Option<String>);

fn says(words: &str, help: &str) -> Words {
    (words.to_owned(), Some(help.to_owned()))
}

/// The line of a fault, cut there.
struct Cut<'t> {
    before: &'t str,
    /// What the parser marks, which may be nothing.
    word: &'t str,
    rest: &'t str,
}

/// What is wrong, and what to write, where the fault is one of the usual ones.
fn explain(text: &str, range: Range<usize>, message: &str) -> Words {
    let cut = Cut {
        before: text.get(line_start(text, range.start)..range.start).unwrap_or_default(),
        word: text.get(range.clone()).unwrap_or_default().trim(),
        rest: text.get(range.start..).unwrap_or_default().lines().next().unwrap_or_default(),
    };
    of_comment(&cut).or_else(|| of_template(&cut)).or_else(|| of_value(&cut, message)).or_else(|| of_key(&cut, message)).or_else(|| of_braces(&cut, message)).unwrap_or_else(|| {
        says(message, "look at the underlined place and right before it: a quote, a comma or a bracket may be missing")
    })
}

/// A comment as other languages have it.
fn of_comment(cut: &Cut<'_>) -> Option<Words> {
    let sign = ["//", "/*", ";"].into_iter().find(|sign| cut.rest.trim_start().starts_with(sign));
    // Behind a number, the comment is taken for a part of it.
    let behind = || cut.word.split_once(" //").map(|(value, text)| (value, "//", text));
    let (value, sign, text) = sign.map(|sign| ("", sign, cut.rest)).or_else(behind)?;
    let text = text.trim().trim_start_matches(sign).trim_end_matches("*/").trim();
    Some((
        format!("`{sign}` begins no comment"),
        Some(format!("comments begin with #: write `{}`", format!("{value} # {text}").trim())),
    ))
}

/// A template in double quotes that has such quotes in it, and so ends there.
fn of_template(cut: &Cut<'_>) -> Option<Words> {
    let open = cut.before.rfind("{{")?;
    let quote = cut.before[..open].rfind(['"', '\''])?;
    let ended = cut.before[open..].contains('"') && !cut.before[open..].contains("}}");
    if !ended || !cut.before[quote..].starts_with('"') || cut.before[quote..].starts_with("\"\"\"") {
        return None;
    }
    let (inner, _) = cut.rest.split_once("}}")?;
    let template = format!("{}{inner}}}}}", &cut.before[quote + 1..]);
    let help = match template.contains('\'') {
        false => format!("put the template in single quotes: '{template}'"),
        true => "put the template in single quotes, '…', and write each quote in it as \"".to_owned(),
    };
    Some(("the text ends at its second \", within the template".to_owned(), Some(help)))
}

/// Values that are none, or do not end.
fn of_value(cut: &Cut<'_>, message: &str) -> Option<Words> {
    if message.contains("must be quoted") && cut.word.is_empty() {
        return Some(says("there is no value after the `=`", "write a value"));
    }
    if message.contains("must be quoted")
        || message.starts_with("invalid boolean")
        || message.starts_with("invalid float")
    {
        // Without its comma, the next pair's key is taken for part of the value.
        let behind = cut.rest.strip_prefix(cut.word).unwrap_or_default();
        return Some(if cut.word.contains(' ') && behind.trim_start().starts_with('=') {
            pairs_without_comma()
        } else {
            unquoted(cut.word)
        });
    }
    if message.starts_with("unexpected key or value") {
        return Some(behind_value(cut));
    }
    if message.starts_with("missing escaped value") {
        return Some(says(
            "a \\ that begins no escape",
            "write \\\\ for a backslash, or put the text in '…'",
        ));
    }
    if message.starts_with("invalid fraction") && cut.rest.starts_with('.') {
        return Some(says("a range, which TOML does not have", "name each number of a list: [1, 2, 4, 8]"));
    }
    if message.starts_with("unexpected leading zero") {
        return Some(says(
            "a number that begins with 0",
            "leave the 0 out, or put the value in quotes if it is text",
        ));
    }
    let quote = message.starts_with("invalid basic string") || message.starts_with("invalid literal string");
    (quote && cut.word.is_empty()).then(|| {
        says(
            "the text does not end on its line",
            "write the closing quote, the same as the opening one; a text of several lines stands in \"\"\"…\"\"\" or '''…'''",
        )
    })
}

/// Something stands behind a value.
fn behind_value(cut: &Cut<'_>) -> Words {
    let value = cut.before.split_once('=').map_or("", |(_, value)| value.trim());
    if let Some(more) = cut.rest.trim_start().strip_prefix(',') {
        let all = format!("{value},{more}");
        let digits = all.replace(',', "");
        return if digits.parse::<u64>().is_ok() && !more.starts_with(' ') {
            let number = format!("write {digits} or {}", all.replace(',', "_"));
            (format!("`{all}` has commas between its digits"), Some(number))
        } else {
            ("several values for one key".to_owned(), Some(format!("a list stands in brackets: [{all}]")))
        };
    }
    // A number that is misspelt or a word after the text would stand apart from its quote.
    if value.starts_with('"')
        && value.ends_with('"')
        && !cut.rest.starts_with([' ', '\t', '#'])
        && cut.before.ends_with('"')
    {
        return says(
            "the text ends at its second \"",
            "a text that contains \" stands in '…', or has \\\" for each of them",
        );
    }
    if value.starts_with('\'') {
        return says(
            "the text ends at its second '",
            "a text that contains ' stands in \"…\" or in \'\'\'…\'\'\'",
        );
    }
    says("something follows the value", "each key stands on a line of its own, with one value")
}

/// Keys and headers.
fn of_key(cut: &Cut<'_>, message: &str) -> Option<Words> {
    let Cut { before, rest, .. } = cut;
    Some(match () {
        () if message.starts_with("invalid unquoted key") && rest.starts_with(':') => {
            says("a `:` after the key", "write `=` between key and value")
        }
        () if message.starts_with("key with no value") && before.trim().eq_ignore_ascii_case("pragma") => {
            says("a word before the key", "write the PRAGMA's name alone: `journal_mode = \"wal\"`")
        }
        () if message.starts_with("key with no value") => {
            says("a key without `=` and a value", "write `key = value`")
        }
        () if message.starts_with("unclosed table") && rest.contains(']') => {
            let name = format!("{before}{}", rest.split(']').next().unwrap_or_default());
            let parts = name.trim_matches(['[', ' ']).split_whitespace().collect::<Vec<_>>();
            let name = parts.join(if parts.concat().contains('.') { "_" } else { "." });
            says("the name of a table has a space in it", &format!("write for instance `[{name}]`"))
        }
        () if message.starts_with("unclosed table") => {
            says("the header of a table does not end", "write `]` after its name")
        }
        () => return None,
    })
}

fn pairs_without_comma() -> Words {
    says("the pairs between the braces lack a comma", "write `,` between one pair and the next")
}

/// Lists, and pairs between braces.
fn of_braces(cut: &Cut<'_>, message: &str) -> Option<Words> {
    let Cut { before, rest, .. } = cut;
    if message.starts_with("missing comma between key-value pairs") {
        return Some(if before.ends_with('\'') && !rest.starts_with(char::is_whitespace) {
            says(
                "the text ends at its second '",
                "in a text in '…', write quotes as \": '{{ ref(\"users.id\") }}'",
            )
        } else {
            pairs_without_comma()
        });
    }
    if message.starts_with("missing key for inline table") && before.ends_with('{') {
        let template = rest.split("}}").next().unwrap_or_default().trim();
        let help = format!("write '{{{{ {} }}}}'", template.trim_matches(['{', ' ']));
        return Some(says("a template without quotes", &help));
    }
    if message.starts_with("unclosed inline table") {
        return Some(says("the braces do not end", "write `}` after the last value between them"));
    }
    message.starts_with("missing comma between array elements").then(|| {
        says("the list does not end, or lacks a comma", "write `,` between values and `]` after the last")
    })
}

/// The three quotes of a text of several lines that the end of the file is still part of.
fn open_at_the_end(text: &str) -> Option<Range<usize>> {
    let mut place = 0;
    while place < text.len() {
        let rest = &text[place..];
        let quotes = [r#"""""#, "'''", "\"", "'"].into_iter().find(|quotes| rest.starts_with(quotes));
        let line_end = rest.find('\n').unwrap_or(rest.len());
        place += match quotes {
            _ if rest.starts_with('#') => line_end,
            None => rest.chars().next().map_or(1, char::len_utf8),
            Some(quotes) => {
                let begin = quotes.len();
                match closing(&rest[begin..], quotes) {
                    Some(length) => begin + length,
                    None if begin == 3 => return Some(place..place + begin),
                    // A text of one line: told elsewhere.
                    None => line_end.max(1),
                }
            }
        };
    }
    None
}

/// Bytes of a text up to the end of its closing quotes; backslashes escape in double quotes only.
fn closing(text: &str, quotes: &str) -> Option<usize> {
    let mut escaped = false;
    for (place, character) in text.char_indices() {
        if quotes.len() == 1 && character == '\n' {
            return None;
        }
        if !escaped && text[place..].starts_with(quotes) {
            return Some(place + quotes.len());
        }
        escaped = !escaped && character == '\\' && quotes.starts_with('"');
    }
    None
}

/// A value that is neither number nor boolean, and stands without quotes.
fn unquoted(word: &str) -> (String, Option<String>) {
    let words = format!("`{word}` is text without quotes");
    let help = match word.to_lowercase().as_str() {
        "true" | "yes" | "on" => "write true, or put it in quotes if it is text".to_owned(),
        "false" | "no" | "off" => "write false, or put it in quotes if it is text".to_owned(),
        lower if thousands(lower).is_some() => {
            let number = thousands(lower).unwrap_or_default();
            return (format!("`{word}` is no number"), Some(format!("write {number}")));
        }
        "null" | "none" | "nil" => "leave the key out: TOML has no null".to_owned(),
        lower if !lower.is_empty() && lower.chars().all(|c| c.is_ascii_digit() || c == ' ') => {
            return (
                format!("`{word}` has spaces between its digits"),
                Some(format!("write {}", word.replace(' ', "_"))),
            );
        }
        _ if word.contains(['\'', '"', '\\']) => QUOTES.to_owned(),
        _ => format!("text stands in quotes: write \"{word}\""),
    };
    (words, Some(help))
}

/// `100k` and `2M` as numbers.
fn thousands(word: &str) -> Option<String> {
    let (digits, zeros) = match word.strip_suffix('k') {
        Some(digits) => (digits, "_000"),
        None => (
            word.strip_suffix("mio").or(word.strip_suffix("mil")).or(word.strip_suffix("million"))?,
            "_000_000",
        ),
    };
    digits.trim().parse::<u32>().ok().map(|number| format!("{number}{zeros}"))
}

fn duplicate(text: &str, range: Range<usize>, span: Option<Span>) -> Diagnostic {
    let key = text.get(range.clone()).unwrap_or_default();
    let line_start = line_start(text, range.start);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let message = if line.trim_start().starts_with('[') {
        format!("the table `{}` stands twice", line.trim_matches(|c: char| "[] \t".contains(c) || c == '\r'))
    } else {
        format!("the key `{key}` stands twice in one table")
    };
    let diagnostic = Diagnostic::error(Code::DuplicateKey, span, message).label("a second time here");
    let name = line.trim().trim_start_matches('[').split(']').next().unwrap_or_default();
    let path: Vec<&str> = name.split('.').map(str::trim).collect();
    let is_list =
        schema::at(&schema::shape().schema, &path).is_some_and(|found| schema::takes(found, "array"));
    if line.trim_start().starts_with('[') && is_list {
        return diagnostic.help(format!("write two brackets around the name each time: `[[{name}]]`"));
    }
    match earlier(text, line_start, line, key) {
        Some(number) => diagnostic.help(format!("it stands at line {number} already; keep one of the two")),
        None => diagnostic.help("keep one of the two"),
    }
}

/// The line, from 1, of the first mention of a duplicate: the same header, or a line of the same table with the same key.
fn earlier(text: &str, line_start: usize, line: &str, key: &str) -> Option<usize> {
    let lines: Vec<&str> = text.get(..line_start)?.lines().collect();
    let bare = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    if line.trim_start().starts_with('[') {
        return lines.iter().position(|other| bare(other) == bare(line)).map(|index| index + 1);
    }
    let table =
        lines.iter().rposition(|other| other.trim_start().starts_with('[')).map_or(0, |index| index + 1);
    let same = |other: &&str| {
        other.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    lines[table..].iter().position(same).map(|index| table + index + 1)
}

#[cfg(test)]
#[path = "syntax_tests.rs"]
mod tests;
