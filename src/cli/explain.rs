//! `runner explain`: a diagnostic by its code.

use clap::{Args, ValueEnum};

use super::Exit;
use crate::diagnostic::{Code, Severity, explain as page, markdown, nearest};

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The code, as it stands in brackets after `error` or `warning`. Without it, all are listed.
    #[arg(value_name = "CODE")]
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
    match (&arguments.code, arguments.format) {
        (None, ExplainFormat::Markdown) => print!("{}", markdown()),
        (None, ExplainFormat::Text) => print!("{}", list()),
        (Some(word), _) => match named(word) {
            Ok(code) => print!("{}", text(code)),
            Err(help) => {
                eprintln!("error: there is no code `{word}`: {help}");
                return Exit::Wrong;
            }
        },
    }
    Exit::Fine
}

/// The code that a word names, also as it is drawn: `error[unknown-key]`.
fn named(word: &str) -> Result<Code, String> {
    let inner =
        word.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or(word, |(inner, _)| inner);
    let plain = inner.trim().to_ascii_lowercase().replace('_', "-");
    plain.parse().map_err(|()| match nearest(&plain, Code::ALL.iter().map(|code| code.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`runner explain` lists them all".to_owned(),
    })
}

fn list() -> String {
    let width = Code::ALL.iter().map(|code| code.as_str().len()).max().unwrap_or_default();
    let mut list = String::new();
    for (title, severity) in [("Errors", Severity::Error), ("Warnings", Severity::Warning)] {
        list.push_str(&format!("{title}:\n"));
        for code in Code::ALL.iter().filter(|code| code.severity() == severity) {
            list.push_str(&format!("  {:width$}  {}\n", code.as_str(), code.summary()));
        }
        list.push('\n');
    }
    list.push_str("`runner explain CODE` shows what to do, with examples.\n");
    list
}

fn text(code: Code) -> String {
    let kind = match code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let page = page(code);
    let indented = |example: &str| {
        example.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect::<String>()
    };
    format!(
        "{kind}[{code}]: {}\n\n{}\n\nWrong:\n\n{}\nRight:\n\n{}",
        code.summary(),
        page.words,
        indented(page.wrong.text),
        indented(page.right.text)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_as_it_is_drawn_and_a_slip_is_named() {
        assert_eq!(named("unknown-key"), Ok(Code::UnknownKey));
        assert_eq!(named("error[unknown-key]:"), Ok(Code::UnknownKey));
        assert_eq!(named("Unknown_Key"), Ok(Code::UnknownKey));
        assert_eq!(named("unkown-key").unwrap_err(), "did you mean `unknown-key`?");
        assert_eq!(named("E0308").unwrap_err(), "`runner explain` lists them all");
    }

    #[test]
    fn the_list_has_every_code_once() {
        let list = list();
        for code in Code::ALL {
            assert_eq!(list.matches(&format!("  {code} ")).count(), 1, "{code}");
        }
    }
}
