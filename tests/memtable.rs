//! Promise: what a write buffer acknowledged is in its store after an orderly end, and after a crash no more is lost than it says.

mod common;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use common::{Place, Running, size};
use runner::clock::Clock;
use runner::engine::memtable::MemtableEngine;
use runner::engine::{Engine, Outcome};
use runner::plan::{self, Database, Plan};
use runner::scenario::Overrides;
use runner::value::{Decoder, ValueRef, encode};
use rusqlite::{Connection, OpenFlags};

/// Names the folder in which the child of a test works.
const CHILD: &str = "RUNNER_TEST_MEMTABLE_CHILD";
const THRESHOLD: u64 = 64;
const WRITERS: usize = 4;

const TABLE: &str = "
[tables.items]
rows = 200
share = 5
indexes = [{ columns = ['name'] }, { columns = ['kind'] }]
[tables.items.columns]
id = { type = 'INTEGER PRIMARY KEY' }
name = { type = 'TEXT NOT NULL', value = 'n{{ row }}' }
kind = { type = 'INTEGER NOT NULL', value = '{{ row % 7 }}' }
";

const OPERATIONS: &str = "
[operations.get]
share = 2
get = 'items'
[operations.find]
share = 1
find = 'items'
by = 'kind'
limit = 5
[operations.prefix]
share = 1
find = 'items'
by = 'name'
prefix = 3
[operations.scan]
share = 1
scan = 'items'
[operations.update]
share = 3
update = 'items'
keys = 'zipfian'
set = { name = 'new-{{ row }}' }
[operations.put]
share = 2
upsert = 'items'
[operations.delete]
share = 1
delete = 'items'
";

fn scenario(top: &str, persister: &str, operations: &str) -> String {
    format!("{top}\n[database]\nengine = 'memtable'\n{persister}\n{operations}{TABLE}")
}

fn in_file(threshold: u64) -> String {
    format!(
        "path = 'db/x.db'\n[database.pragmas]\njournal_mode = 'wal'\nsynchronous = 'off'\n[buffer]\npersister = 'sqlite'\nthreshold = {threshold}"
    )
}

fn rows_of(path: &Path) -> u64 {
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    file.query_row("SELECT count(*) FROM items", [], |row| row.get::<_, i64>(0)).unwrap().cast_unsigned()
}

#[test]
fn after_an_orderly_end_every_acknowledged_row_is_in_the_file() {
    let place = Place::new();
    place.write("mine.toml", &scenario("total = 5_000\nconcurrency = [4]", &in_file(100), ""));
    let ended = place.run(&["run", "mine.toml", "--keep-db"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(rows_of(&place.path("db/x.db")), 200 + 5_000);
}

#[test]
fn every_operation_leaves_what_it_acknowledged_whoever_else_is_at_work() {
    for (name, persister) in [("store", in_file(50)), ("nothing", "[buffer]\nthreshold = 50".to_owned())] {
        let place = Place::new();
        let top = "total = 6_000\nconcurrency = [8]";
        place.write(&format!("{name}.toml"), &scenario(top, &persister, OPERATIONS));
        let ended = place.run(&["run", &format!("{name}.toml")]);
        assert_eq!(ended.code, 0, "{name}: {}\n{}", ended.stdout, ended.stderr);
        let result = std::fs::read_to_string(place.path(&format!("results/{name}.json"))).unwrap();
        let result: serde_json::Value = serde_json::from_str(&result).unwrap();
        let level = &result["configurations"][0];
        assert_eq!(level["errors"], serde_json::json!([]), "{name}");
        assert_eq!(level["verification"]["status"], "verified", "{name}: {}", level["verification"]);
    }
}

#[test]
fn batches_are_written_as_a_whole() {
    for mode in ["transaction", "multi_row"] {
        let place = Place::new();
        let top = format!("total = 4_000\nconcurrency = [4]\nbatch_size = 30\nbatch_mode = '{mode}'");
        place.write("mine.toml", &scenario(&top, &in_file(100), ""));
        let ended = place.run(&["run", "mine.toml", "--keep-db"]);
        assert_eq!(ended.code, 0, "{mode}: {}", ended.stderr);
        assert_eq!(rows_of(&place.path("db/x.db")), 200 + 4_000, "{mode}");
    }
}

fn child_plan(folder: &Path) -> Plan {
    let path = folder.join("x.db");
    let store = in_file(THRESHOLD).replace("db/x.db", &path.display().to_string());
    let text = scenario("total = 10\nconcurrency = [4]", &store, "");
    let made = plan::prepare(Path::new("mine.toml"), text, &Overrides::default());
    made.unwrap_or_else(|rejected| panic!("{:?}", rejected.diagnostics)).0
}

/// Not a test by itself: the process that `a_crash_loses_no_more_than_the_limit` kills. It writes rows for as long as it lives, and after each one
/// that was acknowledged a byte into a file, which outlives it.
#[test]
fn child_that_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let folder = Path::new(&folder);
    let plan = child_plan(folder);
    let Database::Memtable(database) = &plan.database else { panic!("a write buffer") };
    let mut engine = MemtableEngine::open(database, &plan, &Clock::real(), Arc::default()).unwrap();
    engine.reset().unwrap();
    let limit = engine.counters().unwrap().buffer.unwrap().at_risk_limit;
    std::fs::write(folder.join("limit"), limit.to_string()).unwrap();
    let sessions: Vec<_> = (0..WRITERS).map(|worker| engine.open_session(worker).unwrap()).collect();
    let next = AtomicI64::new(1);
    let next = &next;
    std::thread::scope(|scope| {
        for mut session in sessions {
            let mut acknowledged = appended(&folder.join("acknowledged"));
            scope.spawn(move || {
                loop {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    let mut row = Vec::new();
                    encode(&mut row, ValueRef::Integer(id));
                    encode(&mut row, ValueRef::Text("name"));
                    encode(&mut row, ValueRef::Integer(1));
                    match session.execute(0, Decoder::new(&row)) {
                        Outcome::Done { changes: 1 } => acknowledged.write_all(&[1]).unwrap(),
                        other => panic!("{other:?}"),
                    }
                }
            });
        }
    });
}

fn appended(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

#[test]
fn a_crash_loses_no_more_than_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child_that_is_killed", "--nocapture"]).env(CHILD, folder.path());
    command.stdout(std::process::Stdio::null());
    let mut child = Running::start(&mut command);
    let acknowledged = folder.path().join("acknowledged");
    // In the middle of the work: several tables were flushed, and others are on their way.
    child.until("many rows are acknowledged", |_| size(&acknowledged) > 20 * THRESHOLD);
    child.kill();
    let _ = child.ended();
    let limit: u64 = std::fs::read_to_string(folder.path().join("limit")).unwrap().parse().unwrap();
    assert_eq!(limit, 2 * THRESHOLD);
    let acknowledged = size(&acknowledged);
    let stored = rows_of_crashed(&folder.path().join("x.db"));
    assert!(stored > 0, "something was flushed");
    let lost = acknowledged.saturating_sub(stored);
    assert!(
        lost <= limit,
        "{acknowledged} acknowledged, {stored} stored: {lost} lost, and {limit} are allowed"
    );
}

/// A write-ahead log that nobody closed is read by whoever may write.
fn rows_of_crashed(path: &Path) -> u64 {
    let file = Connection::open(path).unwrap();
    let sound: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    file.query_row("SELECT count(*) FROM items", [], |row| row.get::<_, i64>(0)).unwrap().cast_unsigned()
}
