//! Promise: the commands around a run say what they promise on stdout, change nothing, and refuse what is wrong with exit code 2.

mod common;

use std::process::Command;

use common::{Place, assert_unchanged, contents};
use serde_json::Value;

#[test]
fn the_doctor_judges_a_folder_and_leaves_it_as_it_was() {
    let place = Place::new();
    place.write("data/app.db", "not the runner's");
    let before = contents(place.root());
    let ended = place.run(&["doctor", "data", "--format", "json"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(found["facts"]["folder"].as_str().unwrap().ends_with("/data"));
    assert_eq!(found["facts"]["syncNs"]["count"], 50);
    let findings = found["findings"].as_array().unwrap();
    for topic in ["build", "file system", "sync", "free disk", "processors", "memory", "open files", "clock"]
    {
        let finding = findings.iter().find(|finding| finding["topic"] == topic);
        let finding = finding.unwrap_or_else(|| panic!("nothing on {topic}"));
        assert!(["ok", "note", "bad"].contains(&finding["status"].as_str().unwrap()), "{finding}");
        assert!(!finding["figure"].as_str().unwrap().is_empty(), "{finding}");
        assert!(finding["meaning"].as_str().unwrap().ends_with('.'), "{finding}");
    }
    // These tests are a debug build.
    assert_eq!(findings[0]["status"], "bad");
    assert_unchanged(&before, &contents(place.root()), "doctor");
}

#[test]
fn the_doctor_looks_at_the_usual_folder_unless_told_otherwise() {
    let place = Place::new();
    let folder = |ended: common::Ended| {
        let line = ended.stdout.lines().next().unwrap().to_owned();
        line.strip_prefix("measuring in ").unwrap().to_owned()
    };
    let root = place.root().canonicalize().unwrap().display().to_string();
    assert_eq!(folder(place.run(&["doctor"])), root);
    place.write("db/README.md", "");
    assert_eq!(folder(place.run(&["doctor"])), format!("{root}/db"));
}

#[test]
fn the_doctor_needs_a_folder_that_exists() {
    let place = Place::new();
    place.write("notes.txt", "");
    for (folder, words) in [("none", "none: no such file or directory"), ("notes.txt", "notes.txt is a file")]
    {
        let ended = place.run(&["doctor", folder]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
        assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains(words), "{}", ended.stderr);
    }
    assert_eq!(place.files(".").len(), 1);
}

#[test]
fn bash_completes_commands_options_and_values() {
    let place = Place::new();
    let script = place.run(&["completions", "bash"]);
    assert_eq!(script.code, 0, "{}", script.stderr);
    place.write("runner.bash", &script.stdout);
    let complete = |words: &str, word: &str, before: &str| {
        let count = words.split(' ').count() - 1;
        let code = format!(
            "compopt() {{ :; }}; source runner.bash; COMP_WORDS=({words}); COMP_CWORD={count}; \
             _runner runner '{word}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash").args(["-c", &code]).current_dir(place.root()).output().unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete("runner doc", "doc", "runner"), ["doctor"]);
    assert_eq!(complete("runner run --keep", "--keep", "run"), ["--keep-db"]);
    assert_eq!(complete("runner completions z", "z", "completions"), ["zsh"]);
}

#[test]
fn the_other_shells_and_the_manual_get_their_files() {
    let place = Place::new();
    for (what, beginning) in [("zsh", "#compdef runner"), ("fish", "#"), ("man", ".ie ")] {
        let ended = place.run(&["completions", what]);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{what}");
        assert!(ended.stdout.starts_with(beginning), "{what}: {}", &ended.stdout[..40]);
        assert!(ended.stdout.contains("doctor"), "{what}");
    }
    assert!(place.files(".").is_empty());
    std::fs::create_dir(place.path("man1")).unwrap();
    assert_eq!(place.run(&["completions", "man", "--dir", "man1"]).code, 0);
    assert!(place.path("man1/runner-run.1").is_file());
}

#[test]
fn completions_refuse_what_they_cannot_do() {
    let place = Place::new();
    for arguments in
        [vec!["completions"], vec!["completions", "tcsh"], vec!["completions", "bash", "--dir", "."]]
    {
        let ended = place.run(&arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ended.stderr.starts_with("error: "), "{arguments:?}: {}", ended.stderr);
    }
    assert!(place.files(".").is_empty());
}

#[test]
fn the_version_says_commit_database_and_target() {
    let place = Place::new();
    let short = place.run(&["-V"]);
    assert_eq!(short.stdout, format!("runner {}\n", env!("CARGO_PKG_VERSION")));
    let long = place.run(&["--version"]).stdout;
    assert!(long.starts_with(short.stdout.trim_end()), "{long}");
    for label in ["commit: ", "SQLite: 3.", "target: ", "build:  debug"] {
        assert!(long.lines().any(|line| line.starts_with(label)), "{label}: {long}");
    }
}
