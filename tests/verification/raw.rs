//! What operations leave behind that are not inserts of the dataset's rows.

use runner::clock::Clock;
use runner::engine::scripted::{Answer, Reply, Script, ScriptedEngine};
use runner::engine::{Failure, Lookup, Orphans};
use runner::measure::{Verification, VerificationStatus};
use runner::plan::{Kind, Operation};

use crate::{always, answered, carry_out, plan};

/// 100 operations of raw SQL, each answered by the next of `replies`, and counted as `change` makes it.
fn raw(replies: &[Reply], miscount: i64, change: impl Fn(&mut Operation)) -> Verification {
    let tables = "[tables.notes]\nshare = 1\n[tables.notes.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n";
    let top = "total_writes = 100\nconcurrency = [4]\n[database]\npath = ':memory:'\n";
    let mut plan = plan(&format!("{top}{tables}"));
    let mut script = always(&plan, replies);
    script.miscounts.insert(0, miscount);
    plan.operations[0].kind = Kind::Sql { writes: true };
    change(&mut plan.operations[0]);
    let clock = Clock::virtual_time();
    let mut engine = ScriptedEngine::new(script, &clock);
    let (ended, mut levels) = carry_out(&plan, &mut engine, clock, &|| ());
    ended.unwrap();
    levels[0].assert_sums();
    levels.remove(0).verification
}

#[test]
fn rows_of_raw_sql_are_counted_as_the_scenario_says() {
    let adds = |operation: &mut Operation| operation.changes = vec![(0, 1)];
    let replies = [Reply::done(1), answered(1, Answer::refused("SQLITE_BUSY"))];
    let found = raw(&replies, 0, adds);
    assert_eq!((found.status, found.sampled_rows), (VerificationStatus::Verified, 0));
    assert_eq!(found.tables[0].expected, found.tables[0].found.unwrap());
    let lost = raw(&[Reply::done(1)], -1, adds);
    assert_eq!(lost.status, VerificationStatus::Failed);
    assert_eq!(lost.problems, ["notes holds 99 rows, and 100 were acknowledged"]);
}

#[test]
fn an_operation_that_was_not_as_expected_stands_and_one_that_was_torn_may() {
    let adds = |operation: &mut Operation| operation.changes = vec![(0, 1)];
    let failure = || Failure { code: "expect_rows", message: "none instead of 1".to_owned() };
    let unexpected = raw(&[answered(1, Answer::Unexpected(1, failure()))], 0, adds);
    assert_eq!(unexpected.status, VerificationStatus::Verified);
    assert_eq!(unexpected.tables[0].found, Some(100));
    // 25 at each of four sessions, the first of each torn.
    let mut replies = vec![Reply::done(1); 25];
    replies[0] = answered(1, Answer::Torn(failure()));
    for (miscount, status) in [(0, VerificationStatus::Verified), (4, VerificationStatus::Verified)] {
        assert_eq!(raw(&replies, miscount, adds).status, status, "{miscount}");
    }
    assert_eq!(raw(&replies, 5, adds).problems, ["notes holds 101 rows, and 96 to 100 were acknowledged"]);
    assert_eq!(raw(&replies, -1, adds).problems, ["notes holds 95 rows, and 96 to 100 were acknowledged"]);
}

#[test]
fn rows_that_nobody_accounts_for_are_not_verified() {
    let found = raw(&[Reply::done(1)], 17, |operation| {
        operation.name = "tidy".to_owned();
        operation.unaccounted = vec![0];
    });
    assert_eq!(found.status, VerificationStatus::NotVerified);
    assert_eq!(found.problems, ["what tidy does to the rows of notes is not said, so they are not verified"]);
    assert!(found.tables.is_empty());
}

#[test]
fn an_operation_that_never_came_leaves_no_doubt() {
    let found = raw(&[answered(1, Answer::refused("SQLITE_BUSY"))], 0, |operation| {
        operation.unaccounted = vec![0];
    });
    assert_eq!((found.status, found.tables[0].expected), (VerificationStatus::Verified, 0));
}

#[test]
fn rows_removed_in_numbers_are_counted() {
    let delete = |operation: &mut Operation| operation.kind = Kind::Delete { table: 0 };
    // The script adds what an operation changes; 200 rows fewer, each of the 100 having removed two.
    let found = raw(&[answered(1, Answer::Done(2))], -200, delete);
    assert_eq!(found.tables[0].expected, 0);
    assert_eq!((found.status, found.sampled_rows), (VerificationStatus::Verified, 0));
}

/// A row that is deleted while an upsert of it is under way; `written` rows come of that, and `looked_up` is what the database answers.
fn upsert_beside_delete(written: i64, looked_up: Lookup) -> Verification {
    let plan = plan(
        "total = 2\nconcurrency = [2]\n[database]\npath = ':memory:'\n\
        [tables.notes]\nrows = 1\n[tables.notes.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n\
        text = { type = 'TEXT', value = '{{ word() }}' }\n\
        [operations.put]\nshare = 1\nupsert = 'notes'\nhit_ratio = 1\n\
        [operations.drop]\nshare = 1\ndelete = 'notes'\n",
    );
    let script = Script {
        operations: vec![(0, vec![Reply::done(1)]), (0, vec![Reply::done(50)]), (0, vec![Reply::done(10)])],
        adds: [(1, written), (2, -1)].into(),
        look_up: Some(looked_up),
        orphans: Orphans { per_table: vec![0], enforced: false },
        ..Script::default()
    };
    let clock = Clock::virtual_time();
    let mut engine = ScriptedEngine::new(script, &clock);
    let (ended, mut levels) = carry_out(&plan, &mut engine, clock, &|| ());
    ended.unwrap();
    let level = levels.remove(0);
    assert_eq!(level.succeeded(), 2, "{:?}", level.errors);
    level.verification
}

#[test]
fn a_row_that_an_upsert_may_have_written_anew_after_its_delete_may_be_there() {
    let found = upsert_beside_delete(1, Lookup::Same);
    assert_eq!((found.status, found.tables[0].expected), (VerificationStatus::Verified, 1));
}

#[test]
fn a_row_that_may_have_been_deleted_after_an_upsert_of_it_may_be_gone() {
    let found = upsert_beside_delete(0, Lookup::Missing);
    assert_eq!((found.status, found.tables[0].expected), (VerificationStatus::Verified, 0));
}
