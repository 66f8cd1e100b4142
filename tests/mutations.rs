//! Promise: whatever a file becomes under somebody's hands, `runner check` answers: it never panics, and what it finds has a place that can
//! be shown.
//!
//! Shipped scenarios are changed at random, by a seed of their own, so that a failure can be repeated.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

use rayon::prelude::*;
use runner::diagnostic::{Diagnostic, Sources, position, render};
use runner::plan;
use runner::scenario::Overrides;

/// Changed copies of each shipped file.
const COPIES: u64 = 500;

/// What people, programs and slips of the hand leave behind.
const ODDITIES: [&str; 36] = [
    "-1",
    "0",
    "1e400",
    "nan",
    "-inf",
    "18446744073709551616",
    "9223372036854775807",
    "0.1",
    "\"\"",
    "''",
    "'''",
    "\"\"\"",
    "[",
    "]",
    "[]",
    "[[]]",
    "{",
    "}",
    "{}",
    "true",
    "1979-05-27T07:32:00Z",
    "'{{'",
    "'{{ unique(row) }}'",
    "'{{ ref(\"users.id\") }}'",
    "'{{ range(999999999) }}'",
    "'{% for i in x %}'",
    "\"5 minutes\"",
    "\"1e9h\"",
    "é",
    "\u{1F600}",
    "\u{FEFF}",
    "\u{202E}",
    "\0",
    "\r",
    "=",
    "#",
];

/// SplitMix64.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }
}

/// Words, numbers and signs, with the space before them.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, c) in text.char_indices() {
        let kind = if c.is_alphanumeric() || c == '_' {
            0
        } else if c.is_whitespace() {
            1
        } else {
            2
        };
        if last.is_some_and(|last| last != kind || kind == 2) {
            found.push(&text[start..at]);
            start = at;
        }
        last = Some(kind);
    }
    found.push(&text[start..]);
    found
}

/// Deletes, doubles, swaps or replaces one of the pieces.
fn shuffle(pieces: &mut Vec<&str>, draw: &mut Draw) {
    let (a, b) = (draw.below(pieces.len()), draw.below(pieces.len()));
    match draw.below(5) {
        0 => {
            pieces.remove(a);
        }
        1 => pieces.insert(b, pieces[a]),
        2 => pieces.swap(a, b),
        3 => pieces[a] = draw.one(&ODDITIES),
        _ => pieces[a] = pieces[b],
    }
}

fn mutated(text: &str, draw: &mut Draw) -> String {
    let mut text = text.to_owned();
    for _ in 0..=draw.below(3) {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let place = places.get(draw.below(places.len())).copied().unwrap_or(0);
        text = match draw.below(8) {
            0 => text[..place].to_owned(),
            1 => format!("{}{}{}", &text[..place], draw.one(&ODDITIES), &text[place..]),
            2 | 3 => {
                let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
                if !lines.is_empty() {
                    shuffle(&mut lines, draw);
                }
                lines.concat()
            }
            _ => {
                let mut tokens = tokens(&text);
                shuffle(&mut tokens, draw);
                tokens.concat()
            }
        };
    }
    text
}

fn shipped() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut open = vec![folder];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("the scenarios can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "toml") {
                let text = fs::read_to_string(&path).expect("a scenario can be read");
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no scenario is shipped");
    found
}

fn seed(file: usize, copy: u64) -> Draw {
    Draw((file as u64) << 32 | copy)
}

/// What is wrong with an answer, if anything.
fn complaint(diagnostics: &[Diagnostic], sources: &Sources) -> Option<String> {
    let drawn = render(diagnostics, sources, false);
    for diagnostic in diagnostics {
        let Diagnostic { code, message, .. } = diagnostic;
        if message.is_empty() || !drawn.contains(code.as_str()) {
            return Some(format!("{code} is not told: {message}"));
        }
        let Some(span) = diagnostic.span else { continue };
        let Some(source) = sources.get(span.source) else {
            return Some(format!("{code} stands in no source: {message}"));
        };
        if span.start > span.end || span.end > source.text.len() {
            return Some(format!("{code} stands beyond its source, at {span:?}: {message}"));
        }
        let (line, column) = position(sources, span);
        if line == 0 || column == 0 {
            return Some(format!("{code} has no place: {message}"));
        }
    }
    None
}

fn answer(text: &str) -> Option<String> {
    match plan::prepare(Path::new("mine.toml"), text.to_owned(), &Overrides::default()) {
        Ok((plan, sources)) => complaint(&plan.warnings, &sources),
        Err(rejected) if rejected.diagnostics.is_empty() => Some("refused without a word".to_owned()),
        Err(rejected) => complaint(&rejected.diagnostics, &rejected.sources),
    }
}

#[test]
fn whatever_becomes_of_a_file_it_is_answered_with_places() {
    let files = shipped();
    let cases: Vec<(usize, u64)> =
        (0..files.len()).flat_map(|file| (0..COPIES).map(move |copy| (file, copy))).collect();
    let wrong: Vec<String> = cases
        .into_par_iter()
        .filter_map(|(file, copy)| {
            let text = mutated(&files[file].1, &mut seed(file, copy));
            let found = catch_unwind(AssertUnwindSafe(|| answer(&text)))
                .unwrap_or_else(|_| Some("it panics".to_owned()));
            found.map(|words| format!("{} copy {copy}: {words}\n{text}", files[file].0.display()))
        })
        .collect();
    assert!(wrong.is_empty(), "{} answers are wrong, the first: {}", wrong.len(), wrong[0]);
}

#[test]
fn a_folder_of_changed_files_ends_with_0_or_2_and_every_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder for the test can be made");
    let files = shipped();
    let mut names = Vec::new();
    for copy in 0..60 {
        let file = copy as usize % files.len();
        let name = format!("copy-{copy}.toml");
        let text = mutated(&files[file].1, &mut seed(file, COPIES + copy));
        fs::write(folder.path().join(&name), text).expect("a file can be written");
        names.push(name);
    }
    let output =
        Command::new(env!("CARGO_BIN_EXE_runner")).args(["check", "."]).current_dir(folder.path()).output();
    let output = output.expect("the runner can be started");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(matches!(output.status.code(), Some(0 | 2)), "{:?}: {said}", output.status);
    for name in &names {
        assert!(
            said.contains(&format!("/{name}: fine")) || said.contains(&format!("in ./{name}")),
            "{name}: {said}"
        );
    }
    let left = fs::read_dir(folder.path()).expect("the folder can be read").count();
    assert_eq!(left, names.len(), "`check` has made files");
}
