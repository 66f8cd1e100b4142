//! Promise: a file with variants and a matrix is one experiment, planned as a whole, and what has no room does not start.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn runner(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command.args(arguments).current_dir(folder).output().expect("the runner can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const FILE: &str = "total = 1_000
concurrency = [1, 2]
iterations = 3
reset = \"iteration\"
vars.length = 20

[database]
path = \"db/mine.db\"

[tables.notes]
share = 1
[tables.notes.columns]
id   = { type = \"INTEGER PRIMARY KEY\" }
body = { type = \"TEXT NOT NULL\", value = '{{ text(vars.length) }}' }
";

const VARIED: &str = "
[matrix]
vars.length = [20, 200]
limits.memory = [\"64MiB\", \"1GiB\"]

[variants.wal]
database.pragmas.journal_mode = \"wal\"

[variants.half]
total = 500
";

/// A folder with one scenario, `mine.toml`.
fn with(more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder for the test can be made");
    fs::write(folder.path().join("mine.toml"), format!("{FILE}{more}")).expect("a scenario can be written");
    folder
}

#[test]
fn a_plan_has_a_line_for_each_case_and_what_all_come_to() {
    let folder = with(VARIED);
    let output = runner(folder.path(), &["plan", "mine.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    let has = |words: &str| assert!(said.contains(words), "{words}:\n{said}");
    has("cases      12, in random order\n");
    has("variant  vars.length  limits.memory  operations");
    has("\n    1   base     20           64MiB          6,000 ");
    has("\n    8   wal      200          1GiB           6,000 ");
    has("\n    12  half     200          1GiB           3,000 ");
    has("levels     72, iterations included\n");
    has("writes     60,000\n");
    assert!(!folder.path().join("db").exists(), "a plan makes nothing");
}

#[test]
fn a_plan_of_a_plain_file_has_no_cases() {
    let output = runner(with("").path(), &["plan", "mine.toml"]);
    let said = text(&output.stdout);
    assert!(!said.contains("case") && said.contains("\n  memory     about "), "{said}");
}

#[test]
fn one_variant_is_planned_alone() {
    let folder = with(VARIED);
    let output = runner(folder.path(), &["plan", "mine.toml", "--variant", "wal"]);
    let said = text(&output.stdout);
    assert!(said.contains("cases      4, in random order\n") && !said.contains("half"), "{said}");
}

/// Refused by `plan` and `run` with exit code 3, for this reason; nothing is made.
fn has_no_room(folder: &Path, reason: &str) {
    for command in ["plan", "run"] {
        let output = runner(folder, &[command, "mine.toml"]);
        assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(reason), "{}", text(&output.stderr));
    }
    let left: Vec<_> = fs::read_dir(folder).expect("the folder can be read").collect();
    assert_eq!(left.len(), 1, "something was made: {left:?}");
}

#[test]
fn a_database_larger_than_the_disk_does_not_start() {
    let folder = with("[variants.many]\ntables.notes.rows = 1_000_000_000\nvars.length = 100_000\n");
    has_no_room(folder.path(), "error: mine.toml: case 2 (variant many): the database would become about ");
}

#[test]
fn a_database_in_memory_larger_than_its_limit_does_not_start() {
    let folder = with(
        "[variants.small]\nlimits.memory = \"32MiB\"\ndatabase.path = \":memory:\"\ntotal = 1_000_000\n",
    );
    has_no_room(folder.path(), "case 2 (variant small): with its database in memory it would need about ");
}
