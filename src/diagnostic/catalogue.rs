//! The catalogue of codes: why each is reported, with a wrong and a right example.
//!
//! `catalogue/CODE.md` holds one page each; `runner explain` and `docs/diagnostics.md` are made from these pages, and from the codes of
//! results, which stand in `result`.

use std::fmt::Write;

use super::{Code, Severity};

/// What a code means to someone whose file it was found in.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// Why this is reported, and what to do; lines of at most 100 characters.
    pub words: &'static str,
    /// What is reported.
    pub wrong: Example,
    /// What to write instead.
    pub right: Example,
}

/// A part of a scenario, or a command line.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// `toml`: keys of a scenario whose other keys are as in [`FRAME`]; `sh`: a command line beside such a scenario, `mine.toml`.
    pub language: &'static str,
    /// Without the fence.
    pub text: &'static str,
}

/// What examples leave out, by the beginnings of the lines that stand for a part of it: an example with such a line brings its own.
const FRAME: [(&[&str], &str); 4] = [
    (&["total_writes", "total =", "duration", "max_operations"], "total_writes = 100\n"),
    (&["concurrency", "workers"], "concurrency = [1]\n"),
    (&["[database", "database"], "[database]\npath = \"db/mine.db\"\n"),
    (
        &["[tables", "tables"],
        "[tables.users]\nshare = 10\n[tables.users.columns]\nid = { type = \"INTEGER PRIMARY KEY\" }\n\
        name = { type = \"TEXT NOT NULL\", value = '{{ name() }}' }\n",
    ),
];

impl Example {
    /// The whole scenario that a part of one stands for.
    pub fn whole(&self) -> String {
        let lacks = |beginnings: &[&str]| {
            !self.text.lines().any(|line| beginnings.iter().any(|start| line.trim_start().starts_with(start)))
        };
        let part = |range: std::ops::Range<usize>| -> String {
            FRAME[range].iter().filter(|(lines, _)| lacks(lines)).map(|(_, text)| *text).collect()
        };
        format!("{}{}\n{}", part(0..2), self.text, part(2..4))
    }
}

/// The explanation of a code.
pub fn explain(code: Code) -> Explanation {
    let (words, examples) = code.page().split_once("\n## Wrong\n").expect("a test reads every page");
    let (wrong, right) = examples.split_once("\n## Right\n").expect("a test reads every page");
    Explanation { words: words.trim(), wrong: example(wrong), right: example(right) }
}

fn example(fenced: &'static str) -> Example {
    let inner = fenced.trim().trim_start_matches("```").trim_end_matches("```");
    let (language, text) = inner.split_once('\n').unwrap_or((inner, ""));
    Example { language, text: text.trim_end() }
}

/// The whole catalogue as one page.
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    for (title, severity) in [("Errors", Severity::Error), ("Warnings", Severity::Warning)] {
        let of = || Code::ALL.iter().filter(move |code| code.severity() == severity);
        let _ = write!(page, "\n## {title}\n\n{}\n\n| code | |\n| --- | --- |\n", intent(severity));
        for code in of() {
            let _ = writeln!(page, "| [`{code}`](#{code}) | {} |", code.summary());
        }
        for code in of() {
            let Explanation { words, wrong, right } = explain(*code);
            let _ = write!(page, "\n### {code}\n\n{}\n\n{words}\n", code.summary());
            for (title, Example { language, text }) in [("Wrong:", wrong), ("Right:", right)] {
                let _ = write!(page, "\n{title}\n\n```{language}\n{text}\n```\n");
            }
        }
    }
    page
}

const HEAD: &str = "\
<!-- Made by `runner explain --format markdown` from src/diagnostic/catalogue/ and src/result/notes.rs; change the pages there. -->

# Diagnostics

`runner check` names each problem of a scenario by a code, in brackets: `error[unknown-key]`. A code never changes its name, and
`runner explain CODE` prints what stands here. The codes of notes below a result stand at the end of the page.

The examples show the lines that matter. What they leave out is a small scenario around them: a total, a level, a database and one
table, `users`, with the columns `id` and `name`. A test checks that each wrong example is reported under its code, and each right
one is not.
";

fn intent(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => {
            "A scenario with an error does not run; nothing is created or changed. Exit code 2."
        }
        Severity::Warning => {
            "A scenario with warnings runs, but probably not as meant. They are told where there is no error, by `run` and `plan`, too. With\n\
            `runner check --deny-warnings` they end with exit code 2, too, for CI. Where a file means what is warned of, it says so:\n\
            `allow_warnings = [\"full-scan\"]` at its top."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_words_and_two_examples_that_fit_a_terminal() {
        for code in Code::ALL {
            let page = code.page();
            assert!(page.lines().all(|line| line.chars().count() <= 100), "{code}: a line is too long");
            for title in ["\n## Wrong\n", "\n## Right\n"] {
                assert_eq!(page.matches(title).count(), 1, "{code} {title:?}");
            }
            let Explanation { words, wrong, right } = explain(*code);
            let sentences = words.matches(['.', ':']).count();
            assert!(sentences >= 2 && words.ends_with('.'), "{code}: {words}");
            for example in [wrong, right] {
                assert!(["toml", "sh"].contains(&example.language), "{code}: {example:?}");
                assert!(!example.text.is_empty() && !example.text.contains("```"), "{code}: {example:?}");
            }
            assert_ne!(wrong.text, right.text, "{code}");
        }
    }

    #[test]
    fn an_example_stands_for_a_whole_scenario() {
        let example = Example { language: "toml", text: "seed = 1\n[database]\npath = \"x.db\"" };
        let whole = example.whole();
        assert!(
            whole.starts_with("total_writes = 100\nconcurrency = [1]\nseed = 1\n[database]\n"),
            "{whole}"
        );
        assert!(whole.contains("[tables.users]") && whole.matches("path").count() == 1, "{whole}");
    }
}
