//! Promise: every starter is a scenario that runs as it stands, explains its keys, and leaves a sound result.

mod common;

use common::{Place, postgres, targets_of_too_few_samples};
use runner::draft::starter;
use runner::result::{Status, VerificationStatus};

/// How a quick run ends: a debug build, whose figures are worth nothing, meets no target.
fn fine(text: &str) -> i32 {
    i32::from(cfg!(debug_assertions) && text.contains("[[targets]]"))
}

#[test]
fn every_starter_passes_the_check_without_making_a_file() {
    let place = Place::new();
    for template in starter::NAMES {
        let file = format!("{template}.toml");
        place.write(&file, &starter::text(template, template).unwrap());
        let ended = place.run(&["check", &file]);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{template}");
    }
    assert_eq!(place.files(".").len(), starter::NAMES.len());
}

#[test]
fn every_starter_runs_without_errors_and_its_rows_are_verified() {
    let place = Place::new();
    for template in starter::NAMES {
        let mut text = starter::text(template, template).unwrap();
        if text.contains("engine = \"postgres\"") {
            if postgres::shared().is_none() {
                continue;
            }
            text = text.replace("${RUNNER_POSTGRES_URL:", "${RUNNER_TEST_POSTGRES:");
        }
        let file = format!("{template}.toml");
        place.write(&file, &text);
        // As `runner new` tells it.
        let ended = place.run(&["run", "--quick", "--quiet", &file]);
        assert_eq!(ended.code, fine(&text), "{template}: {}", ended.stderr);
        let result = place.result(template);
        assert_eq!(targets_of_too_few_samples(&result), [""; 0], "{template}");
        assert_eq!(result.status, Status::Completed, "{template}: {:?}", result.reason);
        for level in &result.configurations {
            let case = format!("{template}, {} with {}", level.workload, level.concurrency);
            let verification = &level.verification;
            assert_eq!(
                verification.status,
                VerificationStatus::Verified,
                "{case}: {:?}",
                verification.problems
            );
            assert!(level.succeeded > 0 && level.errors.is_empty(), "{case}: {:?}", level.errors);
        }
    }
    assert!(place.files("db").is_empty(), "a starter left its database behind");
}

/// Keys that repeat within a file are explained where they come first.
#[test]
fn every_key_of_a_starter_is_explained_where_it_first_stands() {
    for template in starter::NAMES {
        let text = starter::text(template, "mine").unwrap();
        let mut known: Vec<&str> = Vec::new();
        let mut explained = false;
        for line in text.lines() {
            let key = line.split(" = ").next().unwrap_or_default().trim();
            let is_key = !line.starts_with(['#', '[', ' ']) && line.contains(" = ");
            // A comment holds to the end of its paragraph.
            explained = (explained && !line.is_empty()) || line.contains("# ");
            if is_key && !known.contains(&key) {
                assert!(explained, "{template}: nothing is said of `{line}`");
                known.push(key);
            }
        }
        assert!(known.len() > 8, "{template}: {known:?}");
    }
}
