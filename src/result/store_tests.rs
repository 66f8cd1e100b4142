//! What the store promises: an earlier result is never lost, nothing foreign is harmed, nothing is left behind.

use super::super::reading::read;
use super::super::testing::finished;
use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn at(second: &str) -> RunResult {
    RunResult { timestamp: format!("2026-11-21T10:00:{second}Z"), ..finished() }
}

#[test]
fn a_finished_result_is_kept_twice_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::prepare(folder.path(), "base-0", None).unwrap();
    let path = store.save(&finished(), true).unwrap();
    assert_eq!(read(&path).unwrap(), finished());
    assert_eq!(names(folder.path()), ["base-0.json", "history"]);
    let kept = folder.path().join("history/base-0/2026-11-21T10-00-00Z.json");
    assert_eq!(read(&kept).unwrap(), finished());
}

#[test]
fn results_of_one_second_do_not_overwrite_each_other_in_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::prepare(folder.path(), "base-0", None).unwrap();
    store.save(&finished(), true).unwrap();
    store.save(&finished(), true).unwrap();
    store.save(&RunResult { test_name: "other".to_owned(), ..finished() }, true).unwrap();
    let history = folder.path().join("history/base-0");
    assert_eq!(names(&history), ["2026-11-21T10-00-00Z-2.json", "2026-11-21T10-00-00Z.json"]);
}

#[test]
fn what_a_killed_run_left_goes_to_the_history_before_it_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::prepare(folder.path(), "base-0", None).unwrap();
    let killed = RunResult { status: Status::Running, ..at("01") };
    store.save(&killed, false).unwrap();
    store.save(&killed, false).unwrap();
    assert!(names(&folder.path().join("history/base-0")).is_empty());
    store.save(&at("02"), false).unwrap();
    assert_eq!(read(&folder.path().join("history/base-0/2026-11-21T10-00-01Z.json")).unwrap(), killed);
}

#[test]
fn the_old_result_stays_when_the_new_one_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::prepare(folder.path(), "base-0", None).unwrap();
    store.save(&at("01"), true).unwrap();
    // A file where the history's folder was.
    fs::remove_dir_all(folder.path().join("history")).unwrap();
    fs::write(folder.path().join("history"), "").unwrap();
    assert!(matches!(store.save(&at("02"), true), Err(StoreError::Write { .. })));
    assert_eq!(read(&store.path()).unwrap(), at("01"));
    assert_eq!(names(folder.path()), ["base-0.json", "history"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_told_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("results");
    fs::write(&file, "mine").unwrap();
    assert!(matches!(Store::prepare(&file, "base-0", None), Err(StoreError::Write { .. })));
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

#[test]
fn what_runner_did_not_write_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base-0.json");
    let refused = |what: &str| {
        let error = Store::prepare(folder.path(), "base-0", None).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    };
    fs::create_dir(&path).unwrap();
    refused("is a directory");
    fs::remove_dir(&path).unwrap();
    std::os::unix::fs::symlink("elsewhere", &path).unwrap();
    refused("is a symbolic link");
    fs::remove_file(&path).unwrap();
    fs::write(&path, "{\"name\":\"package\"}").unwrap();
    refused("is not a result of runner");
    assert_eq!(fs::read(&path).unwrap(), b"{\"name\":\"package\"}");
}

#[test]
fn a_document_that_fails_the_scenarios_own_schema_is_rejected_and_kept_aside() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("mine.schema.json");
    fs::write(&schema, r#"{"properties":{"configurations":{"minItems":9},"testName":{"const":"read"}}}"#)
        .unwrap();
    let results = folder.path().join("results");
    let store = Store::prepare(&results, "base-0", Some(&schema)).unwrap();
    store.save(&RunResult { status: Status::Running, ..at("01") }, false).unwrap();
    let Err(StoreError::Rejected { path, errors, .. }) = store.save(&at("01"), true) else { panic!() };
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert_eq!(path, store.rejected_path());
    assert_eq!(read(&store.path()).unwrap().status, Status::Running);
    let kept: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(kept["document"]["status"], "completed");
    let relaxed = Store::prepare(&results, "base-0", None).unwrap();
    relaxed.save(&at("02"), true).unwrap();
    assert!(!path.exists());
}

#[test]
fn a_schema_that_is_none_is_told_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("mine.json");
    for text in ["not json", r#"{"type": "nonsense"}"#] {
        fs::write(&schema, text).unwrap();
        let result = Store::prepare(&folder.path().join("results"), "base-0", Some(&schema));
        assert!(matches!(result, Err(StoreError::Schema { .. })), "{text}");
    }
    assert!(!folder.path().join("results").exists());
}

#[test]
fn leftovers_of_dead_processes_are_removed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mine = format!(".a.json.tmp-{}-abc", std::process::id());
    // The greatest process number that Linux gives is below this one.
    let dead = ".a.json.tmp-99999999-abc";
    let foreign = ["a.json.tmp-99999999-abc", ".a.json.tmp-99999999", ".a.json.tmp-x-abc"];
    for name in foreign.iter().chain([&dead, &mine.as_str()]) {
        fs::write(folder.path().join(name), "").unwrap();
    }
    Store::prepare(folder.path(), "base-0", None).unwrap();
    let left = names(folder.path());
    assert!(!left.iter().any(|name| name == dead));
    assert!(left.contains(&mine) && foreign.iter().all(|name| left.iter().any(|l| l == name)));
}
