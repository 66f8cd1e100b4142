//! `runner explain`: what a code means, be it of a diagnostic or of a note in a result.

use clap::{Args, ValueEnum};

use super::layout::{hanging, paragraphs};
use super::values::OneOf;
use super::{Exit, wrap_width};
use crate::diagnostic::{Code, Severity, explain as page, markdown, nearest};
use crate::result::{NOTE_CODES, NoteCode, NoteKind, notes_markdown, notes_title};

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The code, as it stands in brackets after `error` or `warning`, or before a note of a result. Without it, all are listed.
    #[arg(value_name = "CODE", value_parser = OneOf(|| names().collect()), hide_possible_values = true)]
    code: Option<String>,
    /// Markdown prints the whole catalogue, which is `docs/diagnostics.md`.
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text, conflicts_with = "code")]
    format: ExplainFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExplainFormat {
    Text,
    Markdown,
}

/// Prints one page of the catalogue, the list of all, or the catalogue.
pub(super) fn explain(arguments: &ExplainArgs) -> Exit {
    let width = wrap_width();
    match (&arguments.code, arguments.format) {
        (None, ExplainFormat::Markdown) => print!("{}{}", markdown(), notes_markdown()),
        (None, ExplainFormat::Text) => print!("{}", list(width)),
        (Some(word), _) => match named(word) {
            Ok(Named::Diagnostic(code)) => print!("{}", text(code, width)),
            Ok(Named::Note(code)) => print!("{}", note_text(code, width)),
            Err(help) => {
                eprintln!("error: there is no code `{word}`: {help}");
                return Exit::Wrong;
            }
        },
    }
    Exit::Fine
}

/// What a code stands beside.
#[derive(Clone, Copy, Debug)]
enum Named {
    /// A line of a scenario.
    Diagnostic(Code),
    /// The figures of a result.
    Note(&'static NoteCode),
}

/// Every code there is.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    Code::ALL.iter().map(|code| code.as_str()).chain(NOTE_CODES.iter().map(|code| code.name))
}

/// The code that a word names, also as it is drawn: `error[unknown-key]`.
fn named(word: &str) -> Result<Named, String> {
    let inner =
        word.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or(word, |(inner, _)| inner);
    let plain = inner.trim().trim_end_matches(':').to_ascii_lowercase().replace('_', "-");
    let diagnostic = plain.parse().ok().map(Named::Diagnostic);
    let note = || NoteCode::named(&plain).map(Named::Note);
    diagnostic.or_else(note).ok_or_else(|| match nearest(&plain, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`runner explain` lists them all".to_owned(),
    })
}

fn list(width: usize) -> String {
    let longest = names().map(str::len).max().unwrap_or_default();
    let line = |name: &str, summary: &str| hanging(&format!("  {name:longest$}  "), summary, width);
    let mut list = String::new();
    for (title, severity) in [("Errors", Severity::Error), ("Warnings", Severity::Warning)] {
        let of = Code::ALL.iter().filter(|code| code.severity() == severity);
        let lines: String = of.map(|code| line(code.as_str(), code.summary())).collect();
        list.push_str(&format!("{title}:\n{lines}\n"));
    }
    for kind in [NoteKind::Invalidating, NoteKind::Doubt, NoteKind::Finding] {
        let of = NOTE_CODES.iter().filter(|code| code.kind == kind);
        let lines: String = of.map(|code| line(code.name, code.summary)).collect();
        list.push_str(&format!("{}:\n{lines}\n", notes_title(kind)));
    }
    list.push_str("`runner explain CODE` shows what to do, with examples.\n");
    list
}

fn text(code: Code, width: usize) -> String {
    let kind = match code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let page = page(code);
    let indented = |example: &str| {
        example.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect::<String>()
    };
    format!(
        "{}\n{}\nWrong:\n\n{}\nRight:\n\n{}",
        hanging(&format!("{kind}[{code}]: "), code.summary(), width),
        paragraphs(page.words, width),
        indented(page.wrong.text),
        indented(page.right.text)
    )
}

fn note_text(code: &NoteCode, width: usize) -> String {
    let title = notes_title(code.kind);
    format!(
        "{}\n{}\n{title}.\n",
        hanging(&format!("{}: ", code.name), code.summary, width),
        paragraphs(code.words, width),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code's own name.
    fn found(word: &str) -> Result<&'static str, String> {
        named(word).map(|named| match named {
            Named::Diagnostic(code) => code.as_str(),
            Named::Note(code) => code.name,
        })
    }

    #[test]
    fn a_code_is_found_as_it_is_drawn_and_a_slip_is_named() {
        assert_eq!(found("unknown-key"), Ok("unknown-key"));
        assert_eq!(found("error[unknown-key]:"), Ok("unknown-key"));
        assert_eq!(found("Unknown_Key"), Ok("unknown-key"));
        assert_eq!(found("mostly-waiting:"), Ok("mostly-waiting"));
        assert_eq!(found("unkown-key").unwrap_err(), "did you mean `unknown-key`?");
        assert_eq!(found("mostly-wating").unwrap_err(), "did you mean `mostly-waiting`?");
        assert_eq!(found("E0308").unwrap_err(), "`runner explain` lists them all");
    }

    #[test]
    fn the_list_has_every_code_once() {
        let list = list(usize::MAX);
        for name in names() {
            // One that scenarios are warned of and results carry stands in both parts.
            let parts = names().filter(|other| *other == name).count();
            assert_eq!(list.matches(&format!("  {name} ")).count(), parts, "{name}");
        }
    }

    #[test]
    fn nothing_is_wider_than_the_terminal_but_examples() {
        let fits =
            |text: &str| text.lines().all(|line| line.starts_with("    ") || line.chars().count() <= 80);
        assert!(fits(&list(80)));
        assert!(Code::ALL.iter().all(|code| fits(&text(*code, 80))));
        assert!(NOTE_CODES.iter().all(|code| fits(&note_text(code, 80))));
        let code = NoteCode::named("one-iteration").unwrap();
        assert!(
            note_text(code, usize::MAX).contains(code.words),
            "without a terminal, lines stay as they are"
        );
    }
}
