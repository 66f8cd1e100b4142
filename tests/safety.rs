//! The promise: the runner never harms a file that it did not make, and leaves nothing behind that it was not asked to keep.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;

use common::{Ended, Place, assert_unchanged, contents, mix, size};
use runner::engine::sqlite::APPLICATION_ID;
use rusqlite::Connection;

/// A few writes to `path`.
fn few(path: &str) -> String {
    mix("total_writes = 20\nconcurrency = [1]", &format!("path = '{path}'"))
}

/// More writes than any test waits for.
const ENDLESS: &str = "300000";

/// A place with a scenario `mine` on `path`, and the result of an earlier run of it elsewhere.
fn place_with_a_result(path: &str) -> Place {
    let place = Place::new();
    place.write("mine.toml", &few(path));
    std::fs::create_dir(place.path("db")).unwrap();
    let earlier = place.run(&["run", "mine.toml", "--set", "database.path=':memory:'"]);
    assert_eq!(earlier.code, 0, "{earlier:?}");
    place
}

fn assert_one_message(ended: &Ended, words: &str) {
    let messages = ended.stderr.lines().filter(|line| line.starts_with("error")).count();
    assert_eq!(messages, 1, "{}", ended.stderr);
    assert!(ended.stderr.contains(words), "{words:?} is not in: {}", ended.stderr);
    assert_eq!(ended.stdout, "");
}

/// Puts something in the way and runs; everything must be as before, the earlier result included.
fn assert_refused<T>(code: i32, path: &str, words: &str, put: impl FnOnce(&Path) -> T) {
    let place = place_with_a_result(path);
    let kept = put(&place.path("db"));
    let before = contents(place.root());
    let ended = place.run(&["run", "mine.toml"]);
    assert_unchanged(&before, &contents(place.root()), path);
    drop(kept);
    assert_eq!(ended.code, code, "{path}: {ended:?}");
    assert_one_message(&ended, words);
}

fn database(path: &Path, application_id: i32, journal_mode: &str) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "application_id", application_id).unwrap();
    connection.pragma_update(None, "journal_mode", journal_mode).unwrap();
    connection.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
    connection
}

#[test]
fn a_database_of_somebody_else_is_refused() {
    assert_refused(2, "db/theirs.db", "is a database that the runner did not make", |folder| {
        drop(database(&folder.join("theirs.db"), 0, "delete"));
    });
}

#[test]
fn a_database_of_somebody_else_is_refused_with_its_live_log() {
    assert_refused(2, "db/theirs.db", "is a database that the runner did not make", |folder| {
        let theirs = database(&folder.join("theirs.db"), 7, "wal");
        assert!(size(&folder.join("theirs.db-wal")) > 0 && size(&folder.join("theirs.db-shm")) > 0);
        theirs
    });
}

#[test]
fn a_text_file_is_refused() {
    assert_refused(2, "db/notes.txt", "is not a database that the runner made", |folder| {
        std::fs::write(folder.join("notes.txt"), "SQLite is mentioned in here").unwrap();
    });
}

#[test]
fn a_directory_is_refused() {
    for path in ["db/folder", "db/folder/", "db"] {
        assert_refused(2, path, "is a directory", |folder| {
            std::fs::create_dir(folder.join("folder")).unwrap();
            std::fs::write(folder.join("folder/notes.txt"), "mine").unwrap();
        });
    }
}

#[test]
fn a_symbolic_link_is_refused_wherever_it_leads() {
    let words = "is a symbolic link";
    assert_refused(2, "db/link.db", words, |folder| symlink("nothing", folder.join("link.db")).unwrap());
    assert_refused(2, "db/link.db", words, |folder| {
        drop(database(&folder.join("theirs.db"), 0, "delete"));
        symlink("theirs.db", folder.join("link.db")).unwrap();
    });
    // Even where the file itself could be taken.
    assert_refused(2, "db/link.db", words, |folder| {
        drop(database(&folder.join("ours.db"), APPLICATION_ID, "delete"));
        symlink(folder.join("ours.db"), folder.join("link.db")).unwrap();
    });
}

#[test]
fn a_uri_is_refused() {
    for path in ["file:db/x.db", "file:x.db?mode=memory", "file:///x.db"] {
        assert_refused(2, path, "is a URI", |_| ());
    }
}

#[test]
fn a_journal_beside_a_missing_database_is_refused() {
    for suffix in ["-journal", "-wal", "-shm"] {
        assert_refused(2, "db/gone.db", "belongs to a database that is not there", |folder| {
            std::fs::write(folder.join(format!("gone.db{suffix}")), "rows of somebody").unwrap();
        });
    }
}

#[test]
fn sql_of_a_scenario_reaches_no_other_file_neither_in_a_run_nor_in_a_check() {
    let statements =
        ["ATTACH 'db/theirs.db' AS theirs", "ATTACH DATABASE 'db/new.db' AS new", "VACUUM INTO 'db/copy.db'"];
    for ddl in statements {
        let place = Place::new();
        std::fs::create_dir(place.path("db")).unwrap();
        drop(database(&place.path("db/theirs.db"), 0, "delete"));
        let text = format!(
            "total_writes = 20\nconcurrency = [1]\n[database]\npath = 'db/x.db'\n\
             [tables.notes]\nshare = 1\nddl = \"{ddl}\"\n[tables.notes.columns]\nn = {{ value = 1 }}\n"
        );
        place.write("mine.toml", &text);
        let before = contents(place.root());
        for command in ["check", "plan", "run"] {
            let ended = place.run(&[command, "mine.toml"]);
            assert_unchanged(&before, &contents(place.root()), ddl);
            assert_eq!(ended.code, 2, "{ddl}: {ended:?}");
            assert_one_message(&ended, "mine.toml:7");
        }
    }
}

#[test]
fn a_run_that_is_refused_creates_nothing() {
    for (code, path) in [(2, "db/folder"), (3, "notes.txt/mine.db")] {
        let place = Place::new();
        place.write("mine.toml", &few(path));
        place.write("notes.txt", "mine");
        std::fs::create_dir_all(place.path("db/folder")).unwrap();
        let before = contents(place.root());
        let ended = place.run(&["run", "mine.toml"]);
        assert_eq!(ended.code, code, "{ended:?}");
        assert_unchanged(&before, &contents(place.root()), path);
    }
}

#[test]
fn a_run_leaves_the_folder_of_its_database_as_it_was() {
    let place = Place::new();
    place.write("mine.toml", &few("db/inner/mine.db"));
    assert_eq!(place.run(&["run", "mine.toml"]).code, 0);
    assert!(!place.path("db").exists());
    place.write("db/inner/notes.txt", "mine");
    place.write("db/inner/mine.db-notes", "mine too");
    let before = contents(&place.path("db"));
    for pragma in ["database.pragmas.journal_mode=wal", "database.pragmas.journal_mode=persist", "seed=1"] {
        assert_eq!(place.run(&["run", "mine.toml", "--set", pragma]).code, 0);
        assert_unchanged(&before, &contents(&place.path("db")), pragma);
    }
}

#[test]
fn a_database_is_kept_when_asked_for_and_taken_again_by_the_next_run() {
    let place = Place::new();
    place.write("mine.toml", &few("db/mine.db"));
    assert_eq!(place.run(&["run", "mine.toml", "--keep-db"]).code, 0);
    assert_eq!(place.files("db"), [Path::new("mine.db")]);
    let kept = Connection::open(place.path("db/mine.db")).unwrap();
    assert_eq!(kept.query_row("SELECT count(*) FROM posts", [], |row| row.get(0)), Ok(8));
    kept.close().unwrap();
    assert_eq!(place.run(&["run", "mine.toml"]).code, 0);
    assert!(place.files("db").is_empty());
}

#[test]
fn what_a_killed_run_left_is_taken_over() {
    for pragma in ["database.pragmas.journal_mode=wal", "database.pragmas.journal_mode=delete"] {
        let place = Place::new();
        place.write("mine.toml", &few("db/mine.db"));
        let mut killed = place.start(&["run", "mine.toml", "--set", pragma, "--total", ENDLESS]);
        let (file, log) = (place.path("db/mine.db"), place.path("db/mine.db-wal"));
        killed.until("rows", |_| size(&file) + size(&log) > 200_000);
        killed.kill();
        assert_eq!(killed.ended().code, 128 + 9);
        assert!(size(&file) > 0);
        assert_eq!(place.run(&["run", "mine.toml", "--set", pragma]).code, 0);
        assert!(place.files("db").is_empty(), "{:?}", place.files("db"));
    }
}

#[test]
fn a_second_runner_on_one_file_is_kept_off() {
    let place = Place::new();
    place.write("mine.toml", &few("db/mine.db"));
    let mut first = place.start(&["run", "mine.toml", "--total", ENDLESS, "--results", "first"]);
    let file = place.path("db/mine.db");
    first.until("the database", |_| size(&file) > 100_000);
    let second = place.run(&["run", "mine.toml", "--results", "second"]);
    assert_eq!(second.code, 3, "{second:?}");
    assert_one_message(&second, "another runner is using db/mine.db");
    assert!(!place.path("second").exists());
    assert!(first.is_running());
    first.interrupt();
    let first = first.ended();
    assert_eq!(first.code, 130, "{first:?}");
    assert_eq!(first.stderr, "");
    assert!(place.files("db").is_empty());
}

const HOLD: &str = "RUNNER_TEST_HOLD";

/// The other process of the test below; does nothing when run as a test of its own.
#[test]
fn other_process() {
    let Some(path) = std::env::var_os(HOLD) else { return };
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    std::io::stdout().write_all(b"\nholding\n").unwrap();
    std::io::stdout().flush().unwrap();
    // Until the pipe is closed.
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn a_database_that_another_process_has_locked_is_left_to_it() {
    let place = place_with_a_result("db/mine.db");
    let path = place.path("db/mine.db");
    drop(database(&path, APPLICATION_ID, "delete"));
    let before = contents(place.root());
    let program = std::env::current_exe().unwrap();
    let arguments = ["other_process", "--exact", "--nocapture", "--test-threads=1"];
    let mut command = place.command(program.to_str().unwrap(), &arguments);
    let mut holder = command.env(HOLD, &path).stdin(Stdio::piped()).spawn().unwrap();
    let holding =
        BufReader::new(holder.stdout.take().unwrap()).lines().any(|line| line.unwrap() == "holding");
    let ended = place.run(&["run", "mine.toml"]);
    let words = format!("db/mine.db is locked by another process ({}); close it first", holder.id());
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert!(holding, "the other process holds its lock");
    assert_eq!(ended.code, 3, "{ended:?}");
    assert_one_message(&ended, &words);
    assert_unchanged(&before, &contents(place.root()), "a locked database");
    assert_eq!(place.run(&["run", "mine.toml"]).code, 0);
}

/// Puts something where the result has to go; nothing may be run then, and it must stay.
fn assert_no_place_for_a_result(words: &str, put: impl FnOnce(&Place)) {
    let place = Place::new();
    place.write(
        "mine.toml",
        &mix(&format!("total_writes = {ENDLESS}\nconcurrency = [1]"), "path = 'db/mine.db'"),
    );
    put(&place);
    let files = place.files(".");
    let before = contents(&place.path("results"));
    let ended = place.run(&["run", "mine.toml"]);
    assert_eq!(ended.code, 5, "{ended:?}");
    assert_one_message(&ended, words);
    assert_eq!(place.files("."), files);
    for (path, entry) in before {
        assert!(
            contents(&place.path("results")).get(&path) == Some(&entry),
            "{} has changed",
            path.display()
        );
    }
    assert!(!place.path("db").exists(), "nothing was run");
}

#[test]
fn what_stands_in_the_place_of_a_result_stays_and_nothing_is_run() {
    assert_no_place_for_a_result("results/mine.json is a directory", |place| {
        place.write("results/mine.json/notes.txt", "mine");
    });
    assert_no_place_for_a_result("results/mine.json is not a result of runner", |place| {
        place.write("results/mine.json", "{ \"mine\": true }");
    });
    assert_no_place_for_a_result("results/mine.json is a symbolic link", |place| {
        place.write("results/other.json", "{}");
        symlink("other.json", place.path("results/mine.json")).unwrap();
    });
    assert_no_place_for_a_result("results cannot be written: not a directory\n", |place| {
        place.write("results", "mine");
    });
}
