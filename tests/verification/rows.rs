//! Operations on rows of the dataset, against SQLite itself, by workers that overtake each other.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use runner::clock::Clock;
use runner::engine::Engine;
use runner::engine::sqlite::SqliteEngine;
use runner::measure::VerificationStatus;

use crate::common::{Place, mix};
use crate::{Level, carry_out, plan};

const NOTES: &str = "[tables.notes]\nrows = 4_000\n[tables.notes.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n\
    email = { type = 'TEXT NOT NULL UNIQUE', value = '{{ unique(email()) }}' }\ntext = { type = 'TEXT', value = '{{ word() }}' }\n";

/// Carries a scenario out on a file that is synced by nobody; `text` stands below `[database]`.
fn levels(top: &str, pragmas: &str, text: &str) -> Vec<Level> {
    let place = Place::new();
    let path = place.path("mine.db");
    let plan = plan(&format!(
        "{top}\n[database]\npath = {path:?}\nbusy_timeout = '60s'\n[database.pragmas]\njournal_mode = 'wal'\n\
         synchronous = 'off'\n{pragmas}\n{text}"
    ));
    let stop = Arc::new(AtomicBool::new(false));
    let clock = Clock::real();
    let mut engine = SqliteEngine::open(
        plan.database.sqlite().unwrap(),
        &plan.tables,
        &plan.operations,
        false,
        &clock,
        stop,
    )
    .unwrap();
    let (ended, levels) = carry_out(&plan, &mut engine, clock, &|| ());
    ended.unwrap();
    engine.tear_down(false).unwrap();
    levels.iter().for_each(Level::assert_sums);
    assert!(levels.iter().all(|level| level.complete));
    levels
}

fn assert_verified(levels: &[Level]) {
    for (index, level) in levels.iter().enumerate() {
        let found = &level.verification;
        assert_eq!(found.status, VerificationStatus::Verified, "level {index}: {:?}", found.problems);
    }
}

#[test]
fn rows_that_are_upserted_and_deleted_at_the_same_time_are_accounted_for() {
    let operations = "[operations.put]\nshare = 1\nupsert = 'notes'\nhit_ratio = 1.0\nkeys = 'sequential'\n\
        [operations.drop]\nshare = 1\ndelete = 'notes'\nkeys = 'sequential'\n";
    let top = "total_writes = 6_000\nconcurrency = [8]\nreset = 'iteration'\niterations = 3";
    let levels = levels(top, "", &format!("{NOTES}{operations}"));
    assert_verified(&levels);
    assert!(levels.iter().all(|level| level.succeeded() == 6_000));
}

#[test]
fn rows_that_many_change_at_once_hold_one_of_the_last_values() {
    let operations = "[operations.put]\nshare = 2\nupsert = 'notes'\nby = 'email'\nkeys = 'zipfian'\n\
        [operations.set]\nshare = 4\nupdate = 'notes'\nset = { text = '{{ name() }}' }\nkeys = 'zipfian'\n\
        [operations.drop]\nshare = 1\ndelete = 'notes'\nkeys = 'latest'\n\
        [operations.add]\nshare = 1\ninsert = 'notes'\n";
    for batches in ["", "batch_size = 20\n"] {
        let top = format!("total_writes = 5_000\nconcurrency = [1, 8]\nseed = 7\n{batches}");
        assert_verified(&levels(&top, "", &format!("{NOTES}{operations}")));
    }
}

#[test]
fn rows_that_an_upsert_cannot_find_any_more_are_said_not_to_be_verified() {
    let operations = "[operations.put]\nshare = 1\nupsert = 'notes'\nby = 'email'\n\
        [operations.move]\nshare = 1\nupdate = 'notes'\nset = { email = 'x{{ row }}@example.org' }\n";
    let found = levels("total_writes = 8_000\nconcurrency = [1]", "", &format!("{NOTES}{operations}"));
    let words = "rows of notes were given other values than put looks for, so they are not verified";
    assert_eq!(found[0].verification.problems, [words]);
    assert_eq!(found[0].verification.status, VerificationStatus::NotVerified);
}

const FAMILY: &str = "[tables.users]\nrows = 200\n[tables.users.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n\
    [tables.posts]\nrows = 300\n[tables.posts.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n\
    user_id = { type = 'INTEGER REFERENCES users(id) ACTION' }\n\
    [operations.drop]\nshare = 1\ndelete = 'users'\n[operations.add]\nshare = 3\ninsert = 'posts'\n";

fn family(action: &str, foreign_keys: &str) -> Level {
    let pragmas = format!("foreign_keys = {foreign_keys}");
    let text = FAMILY.replace("ACTION", action);
    let mut levels = levels("total_writes = 400\nconcurrency = [4]", &pragmas, &text);
    levels.remove(0)
}

#[test]
fn children_that_go_with_their_parents_are_said_not_to_be_verified() {
    let found = family("ON DELETE CASCADE", "true");
    assert_eq!(
        found.verification.problems,
        ["what drop does to the rows of posts is not said, so they are not verified"]
    );
    assert_eq!(found.verification.status, VerificationStatus::NotVerified);
    assert_eq!(found.operations["drop"], (100, 0));
    assert_eq!(found.verification.tables.len(), 1, "the parents are counted");
}

#[test]
fn children_that_lose_their_parents_are_compared_without_the_reference() {
    let found = family("ON DELETE SET NULL", "true");
    assert_eq!(found.verification.status, VerificationStatus::Verified, "{:?}", found.verification.problems);
    assert_eq!(found.operations["drop"], (100, 0));
    // A post may come when its user is gone.
    assert_eq!(found.verification.sampled_rows, 100 + 300 + found.operations["add"].0);
}

#[test]
fn parents_that_are_still_needed_are_kept_and_the_refusal_is_counted() {
    let found = family("", "true");
    assert_eq!(found.verification.status, VerificationStatus::Verified, "{:?}", found.verification.problems);
    let refused = found.errors_with("SQLITE_CONSTRAINT_FOREIGNKEY");
    assert!(refused > 0 && refused == 400 - found.succeeded(), "{refused}");
}

#[test]
fn parents_that_nobody_protects_leave_their_children_behind() {
    let found = family("ON DELETE CASCADE", "false");
    assert_eq!(found.verification.status, VerificationStatus::Verified, "{:?}", found.verification.problems);
    assert_eq!(found.operations["drop"], (100, 0));
}

#[test]
fn references_to_values_that_are_updated_may_lead_nowhere() {
    let text = "[tables.users]\nrows = 100\n[tables.users.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n\
        email = { type = 'TEXT NOT NULL UNIQUE', value = '{{ unique(email()) }}' }\n\
        [tables.posts]\nrows = 300\n[tables.posts.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n\
        user = { type = 'TEXT REFERENCES users(email)' }\n\
        [operations.move]\nshare = 1\nupdate = 'users'\nset = { email = 'x{{ row }}' }\n";
    assert_verified(&levels("total_writes = 100\nconcurrency = [4]", "foreign_keys = false", text));
}

#[test]
fn batches_whose_rows_wait_for_those_of_others_come_to_their_end() {
    for batches in [
        "batch_size = 7",
        "batch_size = 50\nbatch_mode = 'multi_row'",
        "batch_min = 2\nbatch_max = 40\nbatch_success = 0.9",
    ] {
        let text = mix(&format!("total_writes = 2_000\nconcurrency = [1, 8]\n{batches}"), "path = 'mine.db'");
        let (top, rest) = text.split_once("\n[database]").unwrap();
        let tables = rest.split_once("[tables.users]").unwrap().1;
        let levels = levels(top, "", &format!("[tables.users]{tables}"));
        assert_verified(&levels);
        assert!(levels.iter().all(|level| level.succeeded() == 2_000), "{batches}");
    }
}

#[test]
fn every_reset_of_several_workloads_and_iterations_is_verified() {
    let operations = "[operations.add]\ninsert = 'notes'\n[operations.set]\nupdate = 'notes'\nset = { text = '{{ name() }}' }\n\
        [operations.put]\nupsert = 'notes'\n[operations.drop]\ndelete = 'notes'\n[operations.read]\nget = 'notes'\nexpect_rows = 1\n\
        [workloads.write]\nmix = { add = 2, set = 1, put = 1, drop = 1 }\n[workloads.read_and_write]\nmix = { read = 4, drop = 1, put = 1 }\n\
        warmup_operations = 50\n";
    for reset in ["level", "iteration", "scenario"] {
        let top = format!("total = 300\nconcurrency = [1, 4]\niterations = 3\nreset = '{reset}'");
        let levels = levels(&top, "", &format!("{NOTES}{operations}"));
        assert_eq!(levels.len(), 2 * 2 * 3, "{reset}");
        assert_verified(&levels);
    }
}

/// SQLite takes NULL in a PRIMARY KEY, also of several rows alike.
#[test]
fn rows_with_null_in_their_key_are_told_apart() {
    let top = "total_writes = 400\nconcurrency = [2]";
    let table = |ddl: &str, columns: &str| {
        format!(
            "[tables.notes]\nrows = 40\nshare = 1\nddl = \"CREATE TABLE notes({ddl})\"\n[tables.notes.columns]\n{columns}"
        )
    };
    let all_null = table(
        "a TEXT, b INTEGER, v INTEGER NOT NULL, PRIMARY KEY (a, b)",
        "a = { value = '{{ none }}' }\nb = { value = '{{ none }}' }\nv = { value = '{{ row }}' }\n",
    );
    let some_null = table(
        "a TEXT PRIMARY KEY, v INTEGER NOT NULL, w TEXT",
        "a = { value = '{{ maybe(0.5, unique(word())) }}' }\nv = { value = '{{ row }}' }\nw = { value = '{{ word() }}' }\n",
    );
    let another_key = table(
        "a TEXT PRIMARY KEY, v INTEGER NOT NULL UNIQUE, w TEXT",
        "a = { value = '{{ maybe(0.5, unique(word())) }}' }\nv = { value = '{{ row }}' }\nw = { value = '{{ word() }}' }\n",
    );
    let by_key = "[operations.set]\nshare = 1\nupdate = 'notes'\nset = { w = '{{ name() }}' }\n";
    let by_other = format!("{by_key}by = 'v'\n");
    for text in [
        all_null.clone(),
        some_null.clone(),
        another_key.clone(),
        format!("{another_key}{by_other}"),
        format!("{some_null}{by_key}"),
    ] {
        assert_verified(&levels(top, "", &text));
    }
}
