//! Promise: every code is explained, its wrong example is reported under that code and its right one is not, and the page of all codes is
//! made from the same source.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --test catalogue` writes `docs/diagnostics.md` anew.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use runner::diagnostic::{Code, Example, Severity, explain, markdown};
use runner::plan;
use runner::result::{NOTE_CODES, notes_markdown};
use runner::scenario::Overrides;

fn runner(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command.args(arguments).current_dir(folder).output().expect("the runner can be started")
}

/// Codes that a scenario is reported under, with their words.
fn reported(example: Example) -> Vec<(Code, String)> {
    let mut found = reported_as(example, &Overrides::default());
    // Some things are wrong with `--quick` alone.
    let quick = Overrides { quick: true, ..Overrides::default() };
    let more =
        reported_as(example, &quick).into_iter().filter(|(code, _)| code.severity() == Severity::Error);
    found.extend(more);
    found
}

fn reported_as(example: Example, overrides: &Overrides) -> Vec<(Code, String)> {
    let found = match plan::experiment(Path::new("mine.toml"), example.whole(), overrides) {
        Ok((experiment, _)) => experiment.warnings(),
        Err(rejected) => rejected.diagnostics,
    };
    found.into_iter().map(|diagnostic| (diagnostic.code, diagnostic.message)).collect()
}

/// A folder with what command lines of examples name.
fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder for the test can be made");
    let mine = Example { language: "toml", text: "seed = 1" }.whole();
    fs::create_dir(folder.path().join("copies")).expect("a folder can be made");
    for name in ["mine.toml", "copies/mine.toml", "copies/mine-2.toml"] {
        fs::write(folder.path().join(name), &mine).expect("a scenario can be written");
    }
    folder
}

/// What `runner …` of an example says, and its exit code.
fn said(example: Example) -> (String, Option<i32>) {
    let line = example.text.strip_prefix("runner ").expect("a command line starts with the runner");
    // Quotes are the shell's: an argument in them keeps its spaces.
    let arguments: Vec<&str> = line
        .split('\'')
        .enumerate()
        .flat_map(|(place, part)| if place % 2 == 1 { vec![part] } else { part.split_whitespace().collect() })
        .collect();
    let output = runner(&arguments, workplace().path());
    (String::from_utf8_lossy(&output.stderr).into_owned(), output.status.code())
}

#[test]
fn every_wrong_example_is_reported_under_its_code_and_every_right_one_is_fine() {
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let page = explain(*code);
        if page.wrong.language == "sh" {
            let (words, exit) = said(page.wrong);
            if exit != Some(2) || !words.contains(&format!("[{code}]")) {
                wrong.push(format!("{code}: its wrong command line says {words}"));
            }
            let (words, exit) = said(page.right);
            if exit != Some(0) || !words.is_empty() {
                wrong.push(format!("{code}: its right command line says {words}"));
            }
            continue;
        }
        let found = reported(page.wrong);
        if found.is_empty() || found.iter().any(|(other, _)| other != code) {
            wrong.push(format!("{code}: its wrong example is reported as {found:?}"));
        }
        let found = reported(page.right);
        if !found.is_empty() {
            wrong.push(format!("{code}: its right example is reported as {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The codes of scenarios, then those of results.
fn all() -> String {
    markdown() + &notes_markdown()
}

#[test]
fn a_code_of_a_result_is_explained_and_listed() {
    let text = |arguments: &[&str]| {
        let output = runner(arguments, Path::new("."));
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let listed = text(&["explain"]);
    for code in [&NOTE_CODES[0], &NOTE_CODES[NOTE_CODES.len() - 1]] {
        let page = text(&["explain", code.name]);
        assert!(page.starts_with(&format!("{}: {}\n", code.name, code.summary)), "{page}");
        assert!(page.contains(code.words), "{page}");
        assert!(listed.contains(&format!("  {} ", code.name)), "{listed}");
    }
}

#[test]
fn the_page_of_all_codes_is_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnostics.md");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        fs::write(&path, all()).expect("the page can be written");
    }
    let all = all();
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let remedy = "cargo run -- explain --format markdown > docs/diagnostics.md";
    assert!(kept == all, "docs/diagnostics.md is out of date: {remedy}");
    let printed = runner(&["explain", "--format", "markdown"], Path::new("."));
    assert_eq!(String::from_utf8_lossy(&printed.stdout), kept);
}

#[test]
fn a_code_is_explained_with_both_examples() {
    for code in [Code::UnknownKey, Code::FullScan] {
        let output = runner(&["explain", code.as_str()], Path::new("."));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0));
        let page = explain(code);
        for part in [code.summary(), page.words, "Wrong:", "Right:"] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
        for line in page.wrong.text.lines().chain(page.right.text.lines()) {
            assert!(text.contains(&format!("    {line}")), "{line:?} is not in {text}");
        }
    }
}

#[test]
fn an_unknown_code_is_answered_with_the_nearest() {
    let output = runner(&["explain", "unkown-key"], Path::new("."));
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(words, "error: there is no code `unkown-key`: did you mean `unknown-key`?\n");
}

#[test]
fn without_a_code_all_are_listed() {
    let output = runner(&["explain"], Path::new("."));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for code in Code::ALL {
        assert!(text.contains(&format!("  {code} ")) && text.contains(code.summary()), "{code}");
    }
}
