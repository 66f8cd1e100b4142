//! Promise: a terminal that can is shown a chart below the table, every table ends with what it comes to, and what is no terminal gets text alone.

mod common;

use common::{Ended, Place, mix};

/// A place with the result of two levels.
fn measured() -> Place {
    let place = Place::new();
    place.write("mine.toml", &mix("total_writes = 50\nconcurrency = [1, 2]", "path = ':memory:'"));
    let ended = place.run(&["run", "mine.toml", "--quiet"]);
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""));
    place
}

/// The runner in a terminal of so many columns that these variables describe; what it shows stands in `stdout`.
fn shown(place: &Place, columns: u32, variables: &str, arguments: &str) -> Ended {
    let runner = env!("CARGO_BIN_EXE_runner");
    let command = format!("stty cols {columns} && env {variables} {runner} {arguments}");
    let mut script = place.command("script", &["--quiet", "--return", "--command", &command, "/dev/null"]);
    let ended = common::Running::start(&mut script).ended();
    Ended { stdout: ended.stdout.replace("\r\n", "\n"), ..ended }
}

const ABLE: &str = "-u NO_COLOR LC_ALL=C.UTF-8 TERM=xterm-256color";

/// A debug build's figures should not be believed, so that the bars are hatched.
const BAR: &str = "  ░";

#[test]
fn a_terminal_is_shown_a_bar_for_each_level_and_at_last_what_it_comes_to() {
    let ended = shown(&measured(), 100, ABLE, "report results/mine.json --format table");
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let plain = console_text(&ended.stdout);
    let header =
        plain.iter().position(|line| line.split_whitespace().eq(["workers", "writes/s"])).expect("a chart");
    assert!(
        plain[header + 1].starts_with("      1  ") && plain[header + 2].starts_with("      2  "),
        "{plain:?}"
    );
    assert_eq!(plain.iter().filter(|line| line.contains(BAR)).count(), 2, "{plain:?}");
    let last = plain.iter().rfind(|line| line.starts_with("→ ")).expect("a conclusion");
    assert!(last.starts_with("→ Not to be believed (debug-build): "), "{last}");
    assert!(ended.stdout.contains("\x1b[31m░") && ended.stdout.contains("\x1b[1m→ "), "{}", ended.stdout);
}

#[test]
fn a_run_in_a_terminal_shows_the_same() {
    let place = measured();
    let ended = shown(&place, 100, ABLE, "run mine.toml --total 40");
    assert_eq!(ended.code, 0);
    let plain = console_text(&ended.stdout);
    assert_eq!(plain.iter().filter(|line| line.contains(BAR)).count(), 2, "{plain:?}");
    assert!(plain.iter().any(|line| line.starts_with("→ Not to be believed (debug-build): ")), "{plain:?}");
}

#[test]
fn without_colours_the_chart_is_there_all_the_same() {
    let ended = shown(
        &measured(),
        100,
        "NO_COLOR=1 LC_ALL=C.UTF-8 TERM=xterm",
        "report results/mine.json --format table",
    );
    assert!(ended.stdout.contains(BAR) && !ended.stdout.contains('\x1b'), "{}", ended.stdout);
}

#[test]
fn a_terminal_that_cannot_draw_gets_the_table_and_the_conclusion() {
    let place = measured();
    let unable = [
        (100, "LC_ALL=C.UTF-8 TERM=dumb"),
        (100, "LC_ALL=C TERM=xterm"),
        (100, "-u LC_ALL -u LC_CTYPE LANG=en_GB.ISO-8859-1 TERM=xterm"),
        (59, ABLE),
    ];
    for (columns, variables) in unable {
        let ended = shown(&place, columns, variables, "report results/mine.json --format table");
        assert!(ended.stdout.contains("workers") && ended.stdout.contains("→ Not to be"), "{}", ended.stdout);
        assert!(!ended.stdout.contains('░') && !ended.stdout.contains('█'), "{variables}: {}", ended.stdout);
    }
}

#[test]
fn a_pipe_gets_the_conclusion_without_chart_progress_or_colours() {
    let place = measured();
    let ended = place.run(&["run", "mine.toml"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    assert!(!ended.stdout.contains('\x1b') && !ended.stdout.contains('░'), "{}", ended.stdout);
    let conclusion = ended.stdout.lines().filter(|line| line.starts_with("→ ")).count();
    assert_eq!(conclusion, 1, "{}", ended.stdout);
    assert!(ended.stdout.trim_end().ends_with("results/mine.json"), "{}", ended.stdout);
}

#[test]
fn a_table_that_goes_into_a_file_is_plain_wherever_it_is_asked_for() {
    let place = measured();
    let ended = shown(&place, 100, ABLE, "report results/mine.json --format table -o table.txt");
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""));
    let written = std::fs::read_to_string(place.path("table.txt")).unwrap();
    assert!(
        written.contains("→ Not to be believed") && !written.contains('\x1b') && !written.contains('░'),
        "{written}"
    );
}

/// Lines without colours, and without what was drawn over.
fn console_text(shown: &str) -> Vec<String> {
    let last = |line: &str| line.rsplit('\r').next().unwrap_or_default().to_owned();
    let mut plain = String::new();
    let mut characters = shown.chars();
    while let Some(character) = characters.next() {
        if character != '\x1b' {
            plain.push(character);
        } else {
            // A control sequence ends with a letter.
            characters.by_ref().find(char::is_ascii_alphabetic);
        }
    }
    plain.lines().map(last).collect()
}
