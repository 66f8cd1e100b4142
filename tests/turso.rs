//! Promise: another driver executes the same scenarios on the same file format, and SQLite finds what it wrote. A build that does not have it says
//! how to get one that has.
//!
//! `cargo test --features turso --test turso` includes the tests of the driver itself.

mod common;

use common::{Place, mix};

/// What the driver needs beside its name.
const DATABASE: &str =
    "driver = \"turso\"\npath = \"db/t.db\"\nbusy_timeout = \"30s\"\npragmas.journal_mode = \"wal\"";

#[test]
#[cfg(not(feature = "turso"))]
fn a_build_without_the_driver_says_how_to_make_one_that_has_it() {
    let place = Place::new();
    place.write("t.toml", &mix("total_writes = 100\nconcurrency = [1]", DATABASE));
    for command in ["check", "run"] {
        let ended = place.run(&[command, "t.toml"]);
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(ended.stderr.contains("error[driver]"), "{ended:?}");
        assert!(ended.stderr.contains("--features turso"), "{ended:?}");
    }
    assert!(place.files("db").is_empty() && place.files("results").is_empty());
    // Past what the test harness captures.
    let words = "\nwithout the driver turso: its own tests. To include them: cargo test --features turso --test turso\n";
    std::io::Write::write_all(&mut std::io::stderr(), words.as_bytes()).unwrap();
}

#[cfg(feature = "turso")]
mod built_in {
    use super::*;
    use runner::result::{RunResult, VerificationStatus};

    fn assert_verified(result: &RunResult, levels: usize) {
        assert_eq!(result.configurations.len(), levels);
        for level in &result.configurations {
            assert_eq!(level.verification.status, VerificationStatus::Verified, "{:?}", level.verification);
            assert_eq!(level.attempted, level.succeeded + level.overall.errors);
        }
    }

    #[test]
    fn rows_that_it_wrote_are_found_by_sqlite() {
        let place = Place::new();
        place.write("t.toml", &mix("total_writes = 300\nconcurrency = [1, 4]", DATABASE));
        let ended = place.run(&["run", "t.toml"]);
        assert_eq!(ended.code, 0, "{ended:?}");
        let result = place.result("t");
        assert_verified(&result, 2);
        assert_eq!(result.engine.name, "turso");
        assert!(result.engine.version.starts_with("0."), "{}", result.engine.version);
        assert_eq!(result.configurations[0].succeeded, 300);
        assert!(place.files("db").is_empty(), "a run left its database behind");
    }

    #[test]
    fn a_foreign_key_is_enforced_and_a_setting_is_read_back() {
        let place = Place::new();
        let database = format!("{DATABASE}\npragmas.foreign_keys = true\npragmas.synchronous = \"normal\"");
        place.write("t.toml", &mix("total_writes = 300\nconcurrency = [2]", &database));
        let ended = place.run(&["run", "t.toml"]);
        assert_eq!(ended.code, 0, "{ended:?}");
        let result = place.result("t");
        assert_verified(&result, 1);
        let settings = serde_json::to_value(&result.engine).unwrap()["settings"].clone();
        assert_eq!((&settings["foreign_keys"], &settings["synchronous"]), (&"1".into(), &"1".into()));
        assert_eq!(serde_json::to_value(&result.engine).unwrap()["durability"], "process_crash");
    }

    #[test]
    fn batches_and_loaded_rows_are_written_as_by_sqlite() {
        let place = Place::new();
        let batches = |mode: &str| {
            format!(
                "[workloads.{mode}]\nmix = {{ tags = 1 }}\ntotal = 200\nconcurrency = [1, 2]\nbatch_size = 20\nbatch_mode = \"{mode}\"\n"
            )
        };
        let text = mix("", DATABASE).replace("share = ", "rows = ");
        place.write("t.toml", &format!("{text}\n{}\n{}", batches("transaction"), batches("multi_row")));
        let ended = place.run(&["run", "t.toml"]);
        assert_eq!(ended.code, 0, "{ended:?}");
        assert_verified(&place.result("t"), 4);
    }

    #[test]
    fn the_shipped_scenario_gives_the_same_with_both_drivers() {
        let place = Place::new();
        let shipped =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/drivers/file-share-driver.toml");
        place.write("file-share-driver.toml", &std::fs::read_to_string(shipped).unwrap());
        let point = "matrix={ vars = { file_size = [\"700kB\"] } }";
        let smaller = ["--set", point, "--set", "iterations=2", "--set", "targets=[]"];
        let ended = place.run(&[["run", "file-share-driver.toml"].as_slice(), &smaller].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
        let result = place.result("file-share-driver");
        assert_verified(&result, 2);
        for level in &result.configurations {
            assert_eq!((level.attempted, level.overall.errors), (6, 0), "{:?}", level.errors);
        }
        // Bytes are to operations as they are with SQLite.
        let bytes = |level: usize| {
            let one = &result.configurations[level].iterations[0];
            one.payload_bytes_per_second.unwrap() / one.throughput
        };
        assert!((bytes(0) / bytes(1) - 1.0).abs() < 1e-4, "{} and {}", bytes(0), bytes(1));
    }

    #[test]
    fn what_is_refused_is_counted_under_the_name_that_sqlite_has_for_it() {
        let place = Place::new();
        let operation = "\n[operations.again]\nshare = 10\nchanges = { tags = 1 }\nsql = \"INSERT INTO tags (id, name) VALUES (1, 'again')\"\n";
        place.write(
            "t.toml",
            &format!("{}{operation}", mix("total_writes = 300\nconcurrency = [1]", DATABASE)),
        );
        let ended = place.run(&["run", "t.toml"]);
        assert_eq!(ended.code, 0, "{ended:?}");
        let result = place.result("t");
        let codes: Vec<&str> =
            result.configurations[0].errors.iter().map(|error| error.code.as_str()).collect();
        assert_eq!(codes, ["SQLITE_CONSTRAINT_UNIQUE"]);
        assert_verified(&result, 1);
    }
}
