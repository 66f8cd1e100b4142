//! Promise: a preview shows the rows and values that a run writes, opens no database, and fits the terminal.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const SCENARIO: &str = r#"
total_writes = 99
concurrency = [1]
[database]
path = "db/shop.db"
[tables.users]
share = 1
rows = 50
[tables.users.columns]
id = { type = "INTEGER PRIMARY KEY" }
name = { type = "TEXT NOT NULL", value = '{{ name() }}' }
nick = { type = "TEXT", value = '{{ maybe(0, username()) }}' }
avatar = { type = "BLOB", value = '{{ bytes(2048) }}' }
[operations.rename]
share = 1
update = "users"
set = { name = "renamed-{{ row }}" }
[operations.log]
share = 1
transaction = "immediate"
bind = { who = '{{ row }}' }
changes = { users = 0 }
[[operations.log.steps]]
sql = "SELECT name FROM users WHERE id = :who"
capture = ["name"]
[[operations.log.steps]]
sql = "UPDATE users SET nick = :name WHERE id = :who + :n"
bind = { n = '{{ n }}' }
repeat = 2
[operations.idle]
get = "users"
"#;

fn preview(text: &str, arguments: &[&str]) -> (Output, TempDir) {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("shop.toml"), text).expect("a file can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(["preview", "shop.toml"])
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .expect("the runner can be started");
    (output, folder)
}

fn printed(arguments: &[&str]) -> String {
    let (output, _folder) = preview(SCENARIO, arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).expect("a preview is text")
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(&[arguments, &["--format", "json"]].concat())).expect("it is JSON")
}

/// The part of a preview that begins with a name.
fn part<'a>(text: &'a str, name: &str) -> &'a str {
    let start = text.find(&format!("\n{name} · ")).unwrap_or_else(|| panic!("{name} is not in {text}"));
    let part = &text[start + 1..];
    part.split("\n\n").next().unwrap_or(part)
}

#[test]
fn rows_are_shown_with_nulls_and_shortened_blobs() {
    let text = printed(&["--rows", "2"]);
    let users = part(&text, "users");
    assert!(users.starts_with("users · 50 rows loaded · 33 rows written in each level\n"), "{users}");
    let lines: Vec<&str> = users.lines().collect();
    assert_eq!(lines.len(), 5, "a title, a header, a rule and two rows: {users}");
    assert!(lines[3].contains("NULL") && lines[3].contains("…' 2.00 KiB"), "{users}");
}

#[test]
fn operations_are_shown_with_the_values_of_their_parameters() {
    let text = printed(&["--rows", "3"]);
    let rename = part(&text, "rename");
    assert!(rename.contains("UPDATE \"users\" SET \"name\" = ?1 WHERE \"id\" = ?2"), "{rename}");
    assert!(rename.contains("?1 name") && rename.contains("renamed-3"), "{rename}");
    let log = part(&text, "log");
    assert!(log.starts_with("log · 2 statements · immediate transaction · 33.3 % of the mix"), "{log}");
    assert!(log.contains("captures name") && log.contains("captured name"), "{log}");
    assert!(log.contains("2 times, counted by n"), "{log}");
    assert!(part(&text, "idle").contains("never comes"), "{text}");
}

#[test]
fn a_name_chooses_one_table_or_operation() {
    let text = printed(&["--table", "users"]);
    assert!(text.contains("\nusers · ") && !text.contains("\nrename · "), "{text}");
    let text = printed(&["--operation", "rename", "--operation", "log"]);
    assert!(
        text.contains("\nrename · ") && text.contains("\nlog · ") && !text.contains("\nusers · 50"),
        "{text}"
    );
}

#[test]
fn a_name_that_is_not_there_is_refused_with_the_nearest() {
    for (flag, name, near) in [("--table", "user", "`users`"), ("--operation", "renam", "`rename`")] {
        let (output, _folder) = preview(SCENARIO, &[flag, name]);
        assert_eq!(output.status.code(), Some(2));
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.contains(&format!("`{name}`")) && words.contains(near), "{words}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_wrong_file_shows_its_faults_and_no_rows() {
    let (output, _folder) = preview("total_writes = 10\n", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty() && !output.stderr.is_empty());
}

#[test]
fn no_database_is_opened_on_disk() {
    let (output, folder) = preview(SCENARIO, &[]);
    assert!(output.status.success());
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["shop.toml"]);
}

#[test]
fn json_has_whole_values_and_every_parameter() {
    let preview = json(&["--rows", "2"]);
    let users = &preview["tables"][0];
    assert_eq!(users["columns"], serde_json::json!(["id", "name", "nick", "avatar"]));
    assert_eq!(users["rows"][1][0], 2);
    assert_eq!(users["rows"][0][2], Value::Null);
    assert_eq!(users["rows"][0][3]["blob"].as_str().map(str::len), Some(4096));
    let log = preview["operations"].as_array().unwrap().iter().find(|o| o["name"] == "log").unwrap();
    let second = &log["steps"][1];
    assert_eq!(second["parameters"], serde_json::json!([":name", ":who", ":n"]));
    assert_eq!(second["executions"][0]["values"], serde_json::json!([{ "captured": "name" }, 1, 0]));
}

#[test]
fn what_is_shown_is_what_a_run_writes() {
    let shown = json(&["--rows", "60", "--table", "users"]);
    let (_, folder) = preview(SCENARIO, &[]);
    fs::create_dir(folder.path().join("db")).unwrap();
    let arguments = ["run", "shop.toml", "--keep-db", "--quiet", "--set", "operations={}"];
    let run = Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
    let database = rusqlite::Connection::open(folder.path().join("db/shop.db")).unwrap();
    let mut rows = database.prepare("SELECT id, name, nick FROM users ORDER BY id LIMIT 60").unwrap();
    let written: Vec<Value> = rows
        .query_map([], |row| {
            Ok(serde_json::json!([
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, Option<String>>(2)?
            ]))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let shown: Vec<Value> = shown["tables"][0]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| Value::from(row.as_array().unwrap()[..3].to_vec()))
        .collect();
    assert_eq!(written.len(), 60);
    assert_eq!(shown, written);
}

#[test]
fn flags_change_what_is_shown_as_they_change_a_run() {
    let preview = json(&["--set", "seed=7", "--table", "users", "--rows", "1"]);
    assert_eq!(preview["seed"], 7);
    assert_ne!(preview["tables"][0]["rows"][0][1], json(&["--rows", "1"])["tables"][0]["rows"][0][1]);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    use std::io::Read;
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("shop.toml"), SCENARIO).expect("a file can be written");
    // More than a pipe holds, so that the runner still writes when the reader leaves.
    let mut child = Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(["preview", "shop.toml", "--rows", "80", "--format", "json"])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the runner can be started");
    let mut start = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
