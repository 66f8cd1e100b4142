//! The promise: large objects are written and read back as they were made, their bytes are counted exactly, and the runner needs no memory
//! for them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use runner::clock::Clock;
use runner::engine::Engine;
use runner::engine::sqlite::SqliteEngine;
use runner::measure::VerificationStatus;
use runner::plan::{Database, Location, Plan};
use runner::run::{self, Event, Options};
use runner::scenario::{self, Overrides};

/// A file that no two chunks of 100 kB make up, stored and read back.
const FILES: &str = r#"
[vars]
file = "1050kB"
chunk = "100kB"

[tables.chunks]
primary_key = ["file", "number"]
[tables.chunks.columns]
file   = { type = "INTEGER", value = '{{ row }}' }
number = { type = "INTEGER", value = 0 }
data   = { type = "BLOB NOT NULL", value = '{{ bytes(vars.chunk) }}' }

[operations.store]
share = 1
transaction = "immediate"
bind = { file = '{{ row }}' }
changes = { chunks = '{{ (size(vars.file) + size(vars.chunk) - 1) // size(vars.chunk) }}' }
[[operations.store.steps]]
sql = "INSERT INTO chunks (file, number, data) VALUES (:file, :number, :data)"
repeat = '{{ (size(vars.file) + size(vars.chunk) - 1) // size(vars.chunk) }}'
bind = { number = '{{ n }}', data = '{{ bytes([size(vars.chunk), size(vars.file) - n * size(vars.chunk)]|min) }}' }

[operations.fetch]
share = 1
sql = "SELECT data FROM chunks WHERE file = :file ORDER BY number"
bind = { file = '{{ row }}' }
"#;

/// Whole blobs in rows of the dataset.
const BLOBS: &str = r#"
[tables.blobs]
rows = 3
share = 1
[tables.blobs.columns]
id   = { type = "INTEGER PRIMARY KEY" }
name = { type = "TEXT NOT NULL", value = 'four' }
data = { type = "BLOB NOT NULL", value = '{{ bytes("300kB") }}' }

[operations.fetch]
share = 1
get = "blobs"
columns = ["data"]
"#;

fn plan(top: &str, text: &str) -> Plan {
    let file = Path::new("mine.toml");
    let text = format!("{top}\ndatabase.path = \"mine.db\"\ndatabase.pragmas.synchronous = \"off\"\n{text}");
    let loaded =
        scenario::load(file, text, &Overrides::default()).unwrap_or_else(|r| panic!("{:#?}", r.diagnostics));
    runner::plan::build(file, &loaded).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// Operations acknowledged and their bytes, by name. Everything is verified, and nothing failed.
fn carried_out(top: &str, text: &str) -> BTreeMap<String, (u64, u64)> {
    let mut plan = plan(top, text);
    let folder = tempfile::tempdir().unwrap();
    let Database::Sqlite(database) = &mut plan.database else { panic!("an SQLite database") };
    database.location = Location::File(folder.path().join("mine.db"));
    let clock = Clock::real();
    let stop = Arc::new(AtomicBool::new(false));
    let (tables, operations) = (&plan.tables, &plan.operations);
    let mut engine = SqliteEngine::open(
        plan.database.sqlite().unwrap(),
        tables,
        operations,
        false,
        &clock,
        Arc::clone(&stop),
    )
    .unwrap();
    let options = Options {
        tape_budget_bytes: 1 << 20,
        tape_folder: folder.path().to_owned(),
        ..Options::new(clock, stop)
    };
    let mut found = BTreeMap::new();
    run::execute(&plan, &mut engine, &options, &mut |event| {
        if let Event::LevelFinished { measurement, verification } = event {
            assert_eq!(verification.status, VerificationStatus::Verified, "{:?}", verification.problems);
            assert!(measurement.errors.is_empty(), "{:?}", measurement.errors);
            for operation in &measurement.operations {
                let entry: &mut (u64, u64) = found.entry(operation.name.clone()).or_default();
                *entry = (entry.0 + operation.succeeded.count(), entry.1 + operation.payload_bytes);
            }
        }
    })
    .unwrap();
    engine.tear_down(false).unwrap();
    found
}

#[test]
fn a_file_in_chunks_counts_its_bytes_once_written_and_once_read() {
    let found = carried_out("total = 6\nconcurrency = [1]", FILES);
    assert_eq!(found["store"], (3, 3 * 1_050_000));
    assert_eq!(found["fetch"], (3, 3 * 1_050_000));
}

#[test]
fn bytes_are_the_same_whichever_way_operations_are_sent() {
    let each = 300_000 + 4;
    for way in [
        "concurrency = [1]",
        "concurrency = [3]\nretry = { attempts = 50 }",
        "concurrency = [2]\npool = { max = 1 }",
        "concurrency = [1]\nbatch_size = 4",
        "concurrency = [1]\nwarmup_operations = 5",
    ] {
        let found = carried_out(&format!("total = 20\n{way}"), BLOBS);
        assert_eq!(found["blobs"], (10, 10 * each), "{way}");
        assert_eq!(found["fetch"], (10, 10 * 300_000), "{way}");
    }
    let rows = BLOBS.replace("[operations.fetch]\nshare = 1", "[operations.fetch]");
    let found =
        carried_out("total = 10\nconcurrency = [1]\nbatch_size = 4\nbatch_mode = \"multi_row\"", &rows);
    assert_eq!(found["blobs"], (10, 10 * each));
}

#[test]
fn blobs_in_pieces_are_the_same_blobs() {
    let text = format!(
        "{BLOBS}blob_io = \"64KiB\"\n[operations.store]\nshare = 1\ninsert = \"blobs\"\nblob_io = \"1kB\"\n"
    );
    let found = carried_out("total = 30\nconcurrency = [2]\nretry = { attempts = 50 }", &text);
    assert_eq!(found["store"], (10, 10 * 300_004));
    assert_eq!(found["fetch"], (10, 10 * 300_000));
}

#[test]
fn a_scenario_without_bytes_counts_none() {
    let text = BLOBS.replace("bytes(\"300kB\")", "text(100)");
    let found = carried_out("total = 20\nconcurrency = [1]", &text);
    assert_eq!(found["blobs"], (10, 0));
    assert_eq!(found["fetch"], (10, 0));
}

#[test]
fn a_value_of_200_mb_goes_through_without_being_held() {
    let text = BLOBS.replace("300kB", "200MB").replace("rows = 3", "rows = 1");
    let text = format!("{text}blob_io = \"1MiB\"\n");
    let before = peak_bytes();
    let found = carried_out("total = 2\nconcurrency = [1]", &text);
    assert_eq!(found["fetch"], (1, 200_000_000));
    assert_eq!(found["blobs"], (1, 200_000_004));
    // Other tests of this file run meanwhile, on a few megabytes each.
    assert!(peak_bytes() - before < 150 << 20, "{} bytes more", peak_bytes() - before);
}

/// The most memory that this process ever had.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}
