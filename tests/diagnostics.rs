//! Promise: every mistake in a scenario is shown at its place, with what to write instead, before anything runs.
//!
//! `diagnostics/` holds at least one bad scenario per code, `CODE.toml` or `CODE-WHAT.toml`, and beside each what `runner check` says of
//! it. `UPDATE_SNAPSHOTS=1 cargo test --test diagnostics` writes the snapshots anew: read every change before keeping it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use runner::diagnostic::{Code, Severity};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

/// Stems of the files with this extension, in their order.
fn stems(extension: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).expect("the folder of bad scenarios can be read");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let wanted = paths.filter(|path| path.extension().is_some_and(|e| e == extension));
    // Said of the usual build, which has no other driver.
    let wanted = wanted.filter(|path| !(cfg!(feature = "turso") && path.ends_with("driver.toml")));
    wanted.map(|path| path.file_stem().expect("it has a name").to_string_lossy().into_owned()).collect()
}

/// The longest code that the stem begins with, word by word.
fn code_of(stem: &str) -> Option<Code> {
    let begins = |code: &&Code| {
        stem.strip_prefix(code.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', ' ']))
    };
    Code::ALL.iter().filter(begins).max_by_key(|code| code.as_str().len()).copied()
}

/// A copy of all bad scenarios, as working directory: whatever a check leaves behind is seen there.
struct Workplace(tempfile::TempDir);

impl Workplace {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder for the test can be made");
        for stem in stems("toml") {
            let name = format!("{stem}.toml");
            fs::copy(folder().join(&name), dir.path().join(&name)).expect("a bad scenario can be copied");
        }
        Workplace(dir)
    }

    fn runner(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.args(arguments).current_dir(self.0.path());
        command.output().expect("the runner can be started")
    }

    /// Every file with its content; folders with none.
    fn contents(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.0.path().to_owned()];
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(dir).expect("the folder can be read") {
                let path = entry.expect("an entry can be read").path();
                if path.is_dir() {
                    open.push(path.clone());
                }
                let content = fs::read(&path).ok();
                found.insert(path, content);
            }
        }
        found
    }
}

/// Compares with the snapshot, or writes it where the environment asks for that. Returns what differs.
fn compare(name: &str, text: &str) -> Option<String> {
    let path = folder().join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        fs::write(&path, text).expect("a snapshot can be written");
        return None;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    (kept != text).then(|| format!("--- {name}: kept\n{kept}\n+++ {name}: found\n{text}"))
}

/// Exit code 2, the problems on stderr, nothing said to be fine on stdout.
fn refused(name: &str, output: &Output) -> String {
    let stderr = String::from_utf8(output.stderr.clone()).expect("diagnostics are text");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{name}: {stderr}");
    assert_eq!(stdout, "", "{name}");
    stderr
}

/// What cannot come from a scenario alone: a name, the arguments, and what must be said.
const COMMAND_LINES: &[(&str, &[&str])] = &[
    ("unreadable-file", &["check", "missing.toml"]),
    ("unreadable-file-near", &["check", "goood.toml"]),
    ("unreadable-file-directory", &["check", "empty"]),
    ("unreadable-file-directory-run", &["run", "other"]),
    ("unreadable-file-latin1", &["check", "latin1.toml"]),
    ("duplicate-name", &["check", "good.toml", "other/good.toml"]),
    ("bad-override", &["check", "good.toml", "--set", "seed", "--set", "=3", "--set", "a b=3"]),
    ("bad-override-path", &["check", "good.toml", "--set", "total_writes.x=1", "--set", "concurrency.7=1"]),
    ("bad-override-value", &["check", "good.toml", "--set", "concurrency=[1", "--set", "seed="]),
    ("unknown-key-set", &["check", "good.toml", "--set", "database.busy_timout=60s"]),
    ("bad-quantity-set", &["check", "good.toml", "--set", "database.busy_timeout=60sec"]),
    ("pragma-value-set", &["check", "good.toml", "--set", "database.pragmas.journal_mode=wall"]),
    (
        "template-unknown-name-set",
        &["check", "good.toml", "--set", "tables.users.columns.name.value={{ nmae() }}"],
    ),
    ("type-and-ddl-set", &["check", "good.toml", "--set", "tables.user.share=3"]),
    (
        "out-of-range-flags",
        &["check", "good.toml", "--total", "0", "--concurrency", "1,2000", "--iterations", "0"],
    ),
    ("unknown-workload-flag", &["check", "good.toml", "--workload", "wirte", "--workload", "write"]),
    ("unknown-variant-flag", &["check", "good.toml", "--variant", "wal", "--variant", "base"]),
    ("unknown-variant-flags", &["check", "pragma-value-variant.toml", "--variant", "wa"]),
    (
        "bad-override-matrix",
        &["check", "target-limit-matrix.toml", "--set", "vars.size=3MB", "--set", "limits.memory=64MiB"],
    ),
    ("bad-override-matrix-flag", &["check", "many.toml", "--total", "7"]),
    (
        "bad-override-variant",
        &["check", "many.toml", "--variant", "more", "--set", "variants.more.concurrency.4=2"],
    ),
    ("quick-key-quick", &["check", "--quick", "quick-key.toml"]),
];

const GOOD: &str = "total_writes = 100\nconcurrency = [1]\n[database]\npath = \"db/good.db\"\n[tables.users]\nshare = 1\n\
    [tables.users.columns]\nid = { type = \"INTEGER PRIMARY KEY\" }\nname = { type = \"TEXT\", value = '{{ name() }}' }\n";

/// What makes several cases of it.
const MANY: &str = "[matrix]\ntotal = [100, 1000]\n[variants.more]\nseed = 1\n";

fn workplace_for_command_lines() -> Workplace {
    let workplace = Workplace::new();
    let dir = workplace.0.path();
    fs::create_dir(dir.join("other")).expect("a folder can be made");
    fs::create_dir(dir.join("empty")).expect("a folder can be made");
    fs::write(dir.join("good.toml"), GOOD).expect("a scenario can be written");
    fs::write(dir.join("other/good.toml"), GOOD).expect("a scenario can be written");
    fs::write(dir.join("many.toml"), format!("{GOOD}{MANY}")).expect("a scenario can be written");
    fs::write(dir.join("latin1.toml"), b"description = \"M\xfcller\"\n").expect("a file can be written");
    workplace
}

#[test]
fn every_bad_scenario_is_refused_in_the_words_of_its_snapshot() {
    let workplace = Workplace::new();
    let before = workplace.contents();
    let mut differences = Vec::new();
    for stem in stems("toml") {
        let text = refused(&stem, &workplace.runner(&["check", "--deny-warnings", &format!("{stem}.toml")]));
        differences.extend(compare(&stem, &text));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(workplace.contents() == before, "`check` has made or changed a file");
}

#[test]
fn every_bad_command_line_is_refused_in_the_words_of_its_snapshot() {
    let workplace = workplace_for_command_lines();
    let before = workplace.contents();
    let mut differences = Vec::new();
    for (name, arguments) in COMMAND_LINES {
        let text = refused(name, &workplace.runner(arguments));
        differences.extend(compare(name, &text));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(workplace.contents() == before, "`check` has made or changed a file");
}

#[test]
fn the_good_scenario_that_the_command_lines_spoil_is_fine() {
    let output = workplace_for_command_lines().runner(&["check", "good.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "good.toml: fine\n");
}

#[test]
fn every_code_has_a_case_and_every_case_shows_its_code() {
    let mut shown = BTreeSet::new();
    let names = stems("toml").into_iter().chain(COMMAND_LINES.iter().map(|(name, _)| (*name).to_owned()));
    for name in names {
        let code = code_of(&name).unwrap_or_else(|| panic!("`{name}` begins with no code; rename it"));
        let path = folder().join(format!("{name}.txt"));
        let snapshot = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}.txt: {error}"));
        let kind = if code.severity() == Severity::Warning { "warning" } else { "error" };
        assert!(snapshot.contains(&format!("{kind}[{code}]")), "{name}.txt does not show `{code}`");
        shown.insert(code);
    }
    let missing: Vec<&str> = Code::ALL.iter().filter(|c| !shown.contains(c)).map(|c| c.as_str()).collect();
    assert!(missing.is_empty(), "add tests/diagnostics/CODE.toml for {missing:?}");
}

#[test]
fn every_snapshot_belongs_to_a_case() {
    let mut cases = stems("toml");
    cases.extend(COMMAND_LINES.iter().map(|(name, _)| (*name).to_owned()));
    let stray: Vec<String> = stems("txt").difference(&cases).cloned().collect();
    assert!(stray.is_empty(), "remove the snapshots of {stray:?}, or add their scenarios");
}

#[test]
fn every_diagnostic_has_a_place_and_says_what_to_write() {
    // What is wrong with the file as a whole stands at no line.
    let whole = ["unreadable-file", "duplicate-name", "bad-name"];
    for name in stems("txt") {
        let text = fs::read_to_string(folder().join(format!("{name}.txt"))).expect("a snapshot can be read");
        // `2 errors in x.toml` ends the diagnostics of each file.
        let is_tally = |line: &&str| {
            [" error", " warning"].iter().any(|word| line.contains(word))
                && !line.contains(" | ")
                && line.starts_with(|c: char| c.is_ascii_digit())
        };
        let (tallies, lines): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| is_tally(line));
        let counted: usize =
            tallies.iter().filter_map(|line| line.split(' ').next()?.parse::<usize>().ok()).sum();
        let rest = lines.join("\n");
        let rest = rest.replace("warning[", "error[");
        let parts: Vec<&str> = rest.split("error[").skip(1).collect();
        assert_eq!(parts.len(), counted, "{name} counts its diagnostics wrongly");
        for part in parts {
            let of_file = whole.iter().any(|code| part.starts_with(&format!("{code}]")));
            let place = part.lines().nth(1).unwrap_or_default().trim_start();
            let place = place.strip_prefix("--> ").unwrap_or_else(|| panic!("{name} has no place:\n{part}"));
            let numbers = place.rsplit(':').take_while(|part| part.parse::<u32>().is_ok()).count();
            assert!(of_file || numbers == 2, "{name} has no line and column:\n{part}");
            assert!(of_file || part.contains('^'), "{name} underlines nothing:\n{part}");
            assert!(part.contains("= help: ") || part.contains("must be"), "{name} has no help:\n{part}");
            assert!(!part.contains('\x1b'), "{name} has colours");
        }
    }
}

#[test]
fn a_run_refuses_what_a_check_refuses_and_makes_nothing() {
    let workplace = Workplace::new();
    let before = workplace.contents();
    for stem in ["pragma-value", "template-syntax-escapes", "syntax-header", "sql-ddl"] {
        let text = refused(stem, &workplace.runner(&["run", &format!("{stem}.toml")]));
        let kept = fs::read_to_string(folder().join(format!("{stem}.txt"))).expect("a snapshot can be read");
        assert_eq!(text, kept, "{stem}");
    }
    assert!(workplace.contents() == before, "`run` has made or changed a file");
}

#[test]
fn all_files_of_a_call_are_checked_and_the_good_ones_are_said_to_be_fine() {
    let workplace = workplace_for_command_lines();
    let output = workplace.runner(&["check", "no-value.toml", "good.toml", "no-writes.toml"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "good.toml: fine\n");
    assert!(
        stderr.contains("1 error in no-value.toml") && stderr.contains("1 error in no-writes.toml"),
        "{stderr}"
    );
}

/// The warnings, none of which refuses a file by itself.
fn warned() -> Vec<String> {
    let is_warning = |stem: &String| code_of(stem).is_some_and(|code| code.severity() == Severity::Warning);
    stems("toml").into_iter().filter(is_warning).collect()
}

#[test]
fn a_warning_refuses_a_file_only_where_warnings_are_denied() {
    let workplace = Workplace::new();
    for stem in warned() {
        let file = format!("{stem}.toml");
        let output = workplace.runner(&["check", &file]);
        assert_eq!(output.status.code(), Some(0), "{stem}");
        let kept = fs::read_to_string(folder().join(format!("{stem}.txt"))).expect("a snapshot can be read");
        assert_eq!(String::from_utf8_lossy(&output.stderr), kept, "{stem}");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(stdout.starts_with(&format!("{file}: fine, with ")), "{stdout}");
        let quiet = workplace.runner(&["check", "--quiet", &file]);
        assert!(quiet.stdout.is_empty() && !quiet.stderr.is_empty(), "{stem}");
    }
}

#[test]
fn a_file_that_allows_a_warning_is_not_given_it() {
    let workplace = Workplace::new();
    for stem in warned() {
        let code = code_of(&stem).expect("it begins with a code");
        let text = fs::read_to_string(folder().join(format!("{stem}.toml"))).expect("it can be read");
        let file = workplace.0.path().join("allowed.toml");
        fs::write(&file, format!("allow_warnings = [\"{code}\"]\n{text}")).expect("it can be written");
        let output = workplace.runner(&["check", "--deny-warnings", "allowed.toml"]);
        assert_eq!(output.status.code(), Some(0), "{stem}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn an_editor_gets_every_problem_with_its_place() {
    let workplace = workplace_for_command_lines();
    let output =
        workplace.runner(&["check", "--format", "json", "unknown-key.toml", "full-scan.toml", "good.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stderr.is_empty());
    let records: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let records = records.as_array().expect("it is a list");
    assert_eq!(records.len(), 6, "{records:?}");
    let first = serde_json::json!({ "code": "unknown-key", "severity": "error", "file": "unknown-key.toml", "line": 2, "column": 1,
        "end_line": 2, "end_column": 12, "message": "unknown key `total_write`", "help": "write `total_writes`" });
    assert_eq!(records[0], first);
    assert_eq!(records[4]["severity"], "warning");
    assert_eq!(records[4]["file"], "full-scan.toml");
    let fine = workplace.runner(&["check", "--format", "json", "good.toml"]);
    assert_eq!((fine.status.code(), String::from_utf8_lossy(&fine.stdout).as_ref()), (Some(0), "[]\n"));
}

#[test]
fn a_folder_stands_for_its_scenarios_in_their_order() {
    let workplace = workplace_for_command_lines();
    let folder = workplace.0.path().join("other");
    fs::write(folder.join("another.toml"), GOOD).expect("a scenario can be written");
    fs::write(folder.join("notes.txt"), "no scenario").expect("a file can be written");
    let output = workplace.runner(&["check", "other"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "other/another.toml: fine\nother/good.toml: fine\n");
}
