//! Draws diagnostics with their source lines, as rustc does, and lists them for other programs.
//!
//! Where the drawing goes, and whether it may have colours, is left to `cli`.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;

use super::{Code, Diagnostic, Severity, Source, Sources, Span};

/// All diagnostics of one file in the order of their places, then a line that counts them.
///
/// Empty when there are none. `color` adds ANSI escapes.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    render_within(diagnostics, sources, color, None)
}

/// As [`render`], for a terminal of so many columns: words are broken at spaces, long lines of the source are shown in part.
pub fn render_within(
    diagnostics: &[Diagnostic],
    sources: &Sources,
    color: bool,
    columns: Option<usize>,
) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = match columns {
        Some(columns) => renderer.term_width(columns.max(NARROWEST)),
        None => renderer,
    };
    let mut out = String::new();
    for diagnostic in sorted(diagnostics) {
        out.push_str(&renderer.render(&[group(diagnostic, sources, columns)]));
        out.push_str("\n\n");
    }
    out.push_str(&tally(diagnostics, sources));
    out.push('\n');
    out
}

/// In the order of the file; those about the file as a whole come first.
fn sorted(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|d| d.span.map(|span| (span.source, span.start, span.end)));
    sorted
}

/// Columns that words are given at least.
const NARROWEST: usize = 40;

/// Words broken at spaces, behind a beginning of so many columns.
fn broken(words: &str, beginning: usize, columns: Option<usize>) -> String {
    let Some(columns) = columns else { return words.to_owned() };
    let options = textwrap::Options::new(columns.saturating_sub(beginning).max(NARROWEST / 2))
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(words, options)
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources, columns: Option<usize>) -> Group<'a> {
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    // `warning[code]: `, and `= help: ` behind the width of line numbers.
    let message = broken(&diagnostic.message, diagnostic.code.as_str().len() + "warning[]: ".len(), columns);
    let title = level.primary_title(message).id(diagnostic.code.as_str());
    let place = diagnostic.span.and_then(|span| Some((span, sources.get(span.source)?)));
    let mut group = match place {
        Some((span, source)) => {
            let range = within(&source.text, span);
            let mut mark = AnnotationKind::Primary.span(range);
            if !diagnostic.label.is_empty() {
                mark = mark.label(&diagnostic.label);
            }
            title.element(Snippet::source(&source.text).path(&source.name).annotation(mark))
        }
        None => match sources.first() {
            Some(source) => title.element(Origin::path(&source.name)),
            None => Group::with_title(title),
        },
    };
    if let Some(help) = &diagnostic.help {
        let line = diagnostic.span.map_or(1, |span| position(sources, span).0);
        let digits = line.to_string().len();
        group = group.element(Level::HELP.message(broken(help, digits + " = help: ".len(), columns)));
    }
    group
}

/// The span's range, moved to boundaries of characters that the text has.
fn within(text: &str, span: Span) -> std::ops::Range<usize> {
    let boundary = |place: &usize| text.is_char_boundary(*place);
    let start = (0..=span.start.min(text.len())).rev().find(boundary).unwrap_or(0);
    let end = (span.end.min(text.len()).max(start)..=text.len()).find(boundary).unwrap_or(text.len());
    start..end
}

/// `2 errors and 1 warning in scenarios/x.toml`.
fn tally(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let errors = diagnostics.iter().filter(|d| d.severity() == Severity::Error).count();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let warnings = plural(diagnostics.len() - errors, "warning");
    let counts = match (errors, diagnostics.len() - errors) {
        (_, 0) => plural(errors, "error"),
        (0, _) => warnings,
        _ => format!("{} and {warnings}", plural(errors, "error")),
    };
    match sources.first() {
        Some(source) => format!("{counts} in {}", source.name),
        None => counts,
    }
}

/// Line and column of the first byte of a span, both from 1; columns count characters.
///
/// `(1, 1)` where the span lies outside of the sources.
pub fn position(sources: &[Source], span: Span) -> (usize, usize) {
    let Some(source) = sources.get(span.source) else {
        return (1, 1);
    };
    let before = &source.text[..within(&source.text, span).start];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, before[start..].chars().count() + 1)
}

/// A diagnostic for other programs: all places resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Stable name of the kind of problem.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// Name of the source: the file's path, or the flag.
    pub file: String,
    /// From 1; absent where the problem is the file as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// In characters from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// Line of the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<usize>,
    /// One past the last character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// The diagnostics as records, in the order in which [`render`] draws them.
pub fn records(diagnostics: &[Diagnostic], sources: &Sources) -> Vec<Record> {
    let record = |diagnostic: &Diagnostic| {
        let place = diagnostic.span.map(|span| position(sources, span));
        let end =
            diagnostic.span.map(|span| position(sources, Span { start: span.end.max(span.start), ..span }));
        let source = sources.get(diagnostic.span.map_or(0, |span| span.source));
        Record {
            code: diagnostic.code,
            severity: diagnostic.severity(),
            file: source.map(|source| source.name.clone()).unwrap_or_default(),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            end_line: end.map(|(line, _)| line),
            end_column: end.map(|(_, column)| column),
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
        }
    };
    sorted(diagnostics).into_iter().map(record).collect()
}

/// The candidate that was probably meant: equal but for case or separators, begun by the word, or few letters away.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = plain(word);
    let length = wanted.chars().count();
    let score = |candidate: &'a str| {
        let other = plain(candidate);
        if other == wanted {
            return Some((0, candidate));
        }
        let distance = strsim::damerau_levenshtein(&wanted, &other);
        // One slip in every three letters; a word of one or two letters is like any other.
        if length >= 2
            && distance <= length.max(other.chars().count()).div_ceil(3).min(4)
            && distance < length
        {
            return Some((distance, candidate));
        }
        // `de` for `de_de`: the first word of several.
        let first_word = length >= 2
            && candidate
                .split_once(['_', '-', '.'])
                .is_some_and(|(first, _)| first.eq_ignore_ascii_case(word));
        let begun = first_word
            || length >= 3 && (other.starts_with(&wanted) || wanted.starts_with(&other) && other.len() >= 3);
        begun.then_some((5, candidate))
    };
    candidates.into_iter().filter_map(score).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        vec![
            Source {
                name: "scenarios/x.toml".to_owned(),
                text: "test = \"été\" # ü\n[database]\nbusy_timout = \"5s\"\n".to_owned(),
            },
            Source { name: "--set".to_owned(), text: "seed=x\n".to_owned() },
        ]
    }

    fn span(source: usize, start: usize, end: usize) -> Option<Span> {
        Some(Span { source, start, end })
    }

    #[test]
    fn a_diagnostic_looks_like_one_of_rustc() {
        let diagnostics = [
            Diagnostic::error(Code::WrongType, span(1, 5, 6), "`seed` is text"),
            Diagnostic::error(Code::UnknownKey, span(0, 31, 42), "unknown key `busy_timout`")
                .label("not a key of `[database]`")
                .help("write `busy_timeout`"),
        ];
        let expected = "\
error[unknown-key]: unknown key `busy_timout`
 --> scenarios/x.toml:3:1
  |
3 | busy_timout = \"5s\"
  | ^^^^^^^^^^^ not a key of `[database]`
  |
  = help: write `busy_timeout`

error[wrong-type]: `seed` is text
 --> --set:1:6
  |
1 | seed=x
  |      ^

2 errors in scenarios/x.toml
";
        assert_eq!(render(&diagnostics, &sources(), false), expected);
    }

    #[test]
    fn columns_count_characters() {
        let sources = sources();
        let hash = sources[0].text.find('#').unwrap();
        assert_eq!(position(&sources, Span { source: 0, start: hash, end: hash + 1 }), (1, 14));
        let diagnostics = [Diagnostic::warning(Code::FullScan, span(0, hash, hash + 1), "here")];
        let drawn = render(&diagnostics, &sources, false);
        assert!(drawn.contains("warning[full-scan]: here\n --> scenarios/x.toml:1:14\n"), "{drawn}");
        assert!(drawn.ends_with("\n1 warning in scenarios/x.toml\n"), "{drawn}");
    }

    #[test]
    fn any_span_can_be_drawn() {
        let sources = sources();
        let length = sources[0].text.len();
        for (start, end) in
            [(0, 0), (length, length), (9, 10), (5, 2), (length + 9, length + 20), (0, length)]
        {
            let diagnostics = [Diagnostic::error(Code::Sql, span(0, start, end), "here").label("x")];
            assert!(render(&diagnostics, &sources, true).contains("scenarios/x.toml"));
            position(&sources, span(0, start, end).unwrap());
        }
        let whole = [Diagnostic::error(Code::UnreadableFile, None, "no such file")];
        assert_eq!(
            render(&whole, &sources, false),
            "error[unreadable-file]: no such file\n--> scenarios/x.toml\n\n1 error in scenarios/x.toml\n"
        );
        assert!(render(&whole, &Vec::new(), false).contains("no such file"));
        assert!(render(&[Diagnostic::error(Code::Sql, span(7, 0, 1), "x")], &sources, false).contains('x'));
    }

    #[test]
    fn records_carry_the_place() {
        let diagnostics = [Diagnostic::error(Code::UnknownKey, span(0, 31, 42), "no").help("yes")];
        let json = serde_json::to_value(records(&diagnostics, &sources())).unwrap();
        let expected = serde_json::json!([{ "code": "unknown-key", "severity": "error", "file": "scenarios/x.toml",
            "line": 3, "column": 1, "end_line": 3, "end_column": 12, "message": "no", "help": "yes" }]);
        assert_eq!(json, expected);
    }

    #[test]
    fn the_nearest_name_allows_slips_but_not_other_words() {
        let keys = ["path", "busy_timeout", "pragmas", "total_writes", "seed", "share"];
        let near = |word| nearest(word, keys);
        assert_eq!(near("busy_timout"), Some("busy_timeout"));
        assert_eq!(near("busyTimeout"), Some("busy_timeout"));
        assert_eq!(near("PATH"), Some("path"));
        assert_eq!(near("pragma"), Some("pragmas"));
        assert_eq!(near("total"), Some("total_writes"));
        assert_eq!(near("sahre"), Some("share"));
        assert_eq!(near("colour"), None);
        assert_eq!(near("x"), None);
        assert_eq!(nearest("usres", ["users", "posts"]), Some("users"));
    }
}
