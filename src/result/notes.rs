//! The codes that results carry: what each doubt and each finding means, and what to do about it.
//!
//! `runner explain` and the last part of `docs/diagnostics.md` are made from this list alone; no result carries a code that it lacks. The
//! sentences with their figures are left to `validity` and `findings`.

mod codes;

use std::fmt::Write;

use crate::diagnostic::Code;

pub use codes::NOTE_CODES;

/// What a code of a result is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// The figures are worth nothing.
    Invalidating,
    /// The figures are less certain than they look.
    Doubt,
    /// What the figures say about the database.
    Finding,
}

/// A code that stands beside the figures of a result.
#[derive(Clone, Copy, Debug)]
pub struct NoteCode {
    /// The stable name: `one-iteration`.
    pub name: &'static str,
    /// What it is about.
    pub kind: NoteKind,
    /// One sentence: when a result carries it.
    pub summary: &'static str,
    /// What it means, and what to do; lines of at most 100 characters.
    pub words: &'static str,
}

impl NoteCode {
    /// The code of this name.
    pub fn named(name: &str) -> Option<&'static NoteCode> {
        NOTE_CODES.iter().find(|code| code.name == name)
    }
}

const fn code(kind: NoteKind, name: &'static str, summary: &'static str, words: &'static str) -> NoteCode {
    NoteCode { name, kind, summary, words }
}

use NoteKind::{Doubt, Finding, Invalidating};

/// What the codes of a kind are about, as a title.
pub const fn title(kind: NoteKind) -> &'static str {
    match kind {
        NoteKind::Invalidating => "Results: figures not to be believed",
        NoteKind::Doubt => "Results: figures with a doubt",
        NoteKind::Finding => "Results: what figures say about the database",
    }
}

const fn intent(kind: NoteKind) -> &'static str {
    match kind {
        NoteKind::Invalidating => {
            "A level with such a doubt is marked with `!`; it meets no target and becomes no baseline."
        }
        NoteKind::Doubt => "A note of caution below the figures; they count all the same.",
        NoteKind::Finding => {
            "Each with its figures and what to try next; none of them changes the exit code."
        }
    }
}

/// All codes as the end of the page of codes.
pub fn notes_markdown() -> String {
    let mut page = String::new();
    for kind in [Invalidating, Doubt, Finding] {
        let of = || NOTE_CODES.iter().filter(move |code| code.kind == kind);
        let _ = write!(page, "\n## {}\n\n{}\n\n| code | |\n| --- | --- |\n", title(kind), intent(kind));
        for NoteCode { name, summary, .. } in of() {
            let _ = writeln!(page, "| [`{name}`](#{name}) | {summary} |");
        }
        // What a scenario is warned of, and its result carries, is explained once.
        for NoteCode { name, summary, words, .. } in of().filter(|code| code.name.parse::<Code>().is_err()) {
            let _ = write!(page, "\n### {name}\n\n{summary}\n\n{words}\n");
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_once_in_lines_that_fit_a_terminal() {
        for (i, code) in NOTE_CODES.iter().enumerate() {
            let name = code.name;
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{name}");
            assert!(NOTE_CODES[..i].iter().all(|other| other.name != name), "{name}");
            assert!(code.words.lines().all(|line| line.chars().count() <= 105), "{name}");
            assert!(code.summary.ends_with('.') && code.words.ends_with('.'), "{name}");
            assert_eq!(NoteCode::named(name).unwrap().summary, code.summary);
        }
    }

    #[test]
    fn every_code_has_one_place_on_the_page() {
        let page = crate::diagnostic::markdown() + &notes_markdown();
        for code in NOTE_CODES {
            assert_eq!(page.matches(&format!("\n### {}\n", code.name)).count(), 1, "{}", code.name);
        }
    }

    /// The constructors of doubts and findings refuse a code without an explanation; this is the other direction.
    #[test]
    fn every_explained_code_is_one_that_results_carry() {
        let sources = [
            include_str!("validity.rs"),
            include_str!("findings/mod.rs"),
            include_str!("findings/buffer.rs"),
            include_str!("findings/refusals.rs"),
            include_str!("findings/load.rs"),
            include_str!("findings/durability.rs"),
            include_str!("findings/variants.rs"),
        ];
        for code in NOTE_CODES {
            let call = match code.kind {
                Finding => format!("finding(\"{}\", ", code.name),
                kind => format!("doubt(\"{}\", {}, ", code.name, kind == Invalidating),
            };
            assert!(sources.iter().any(|source| source.contains(&call)), "{}", code.name);
        }
        let called = |source: &'static str| {
            let calls = ["doubt(\"", " Some(finding(\"", "super::finding(\""];
            calls
                .into_iter()
                .flat_map(move |call| source.split(call).skip(1))
                .filter_map(|rest| rest.split('"').next())
        };
        let called: std::collections::BTreeSet<&str> = sources.into_iter().flat_map(called).collect();
        assert_eq!(called.len(), NOTE_CODES.len(), "{called:?}");
    }
}
