//! How the iterations of several cases come together in a result, in whatever order they run.

use super::super::testing::*;
use super::super::validate;
use super::*;
use crate::engine::Durability;
use crate::measure::*;
use crate::plan::Limits;

/// The base and a variant at two points of a matrix, three iterations at one and two workers each.
fn cases() -> Vec<Plan> {
    let points = [("base", 256), ("base", 512), ("wal", 256), ("wal", 512)];
    let case = |(index, (variant, mib)): (usize, &(&str, u64))| {
        let mut case = plan();
        case.case = index;
        case.variant = (*variant).to_owned();
        case.parameters.insert("limits.memory".to_owned(), format!("{mib}MiB").into());
        case.limits = Limits { memory_bytes: Some(mib << 20), cpus: None };
        case.workloads[0].iterations = 3;
        case
    };
    points.iter().enumerate().map(case).collect()
}

fn measured(concurrency: u32, number: u32, duration_ms: u64) -> LevelMeasurement {
    let mut measured = level(concurrency, &[1_000_000, 3_000_000], 0);
    measured.iteration = number;
    measured.duration_ns = duration_ms * 1_000_000;
    measured
}

fn failed(iteration: u32, position: u32) -> FailedIteration {
    FailedIteration {
        workload: "write".to_owned(),
        concurrency: 2,
        iteration,
        position,
        reason: "Killed: it needed more than 256 MiB.".to_owned(),
        peak_memory_bytes: Some(256 << 20),
    }
}

#[test]
fn configurations_stand_in_the_order_of_cases_and_levels_whatever_ran_first() {
    let cases = cases();
    let mut result = begun();
    let mut position = 0;
    for (case, concurrency, number) in
        [(3, 2, 1), (0, 2, 1), (2, 1, 1), (0, 1, 1), (3, 2, 2), (1, 1, 1), (0, 2, 2), (3, 1, 1), (0, 2, 3)]
    {
        position += 1;
        result.add_level(&cases[case], &measured(concurrency, number, 4), verified(2), position);
    }
    let found: Vec<_> = result
        .document
        .configurations
        .iter()
        .map(|one| (one.variant.as_str(), one.parameters["limits.memory"].as_str().unwrap(), one.concurrency))
        .collect();
    let expected = [
        ("base", "256MiB", 1),
        ("base", "256MiB", 2),
        ("base", "512MiB", 1),
        ("wal", "256MiB", 1),
        ("wal", "512MiB", 1),
        ("wal", "512MiB", 2),
    ];
    assert_eq!(found, expected);
    let second = &result.document.configurations[1];
    let positions: Vec<_> = second.iterations.iter().map(|one| (one.iteration, one.position)).collect();
    assert_eq!(positions, [(1, 2), (2, 7), (3, 9)]);
    assert_eq!(second.limits.unwrap().memory_bytes, Some(256 << 20));
    assert_eq!((second.iterations_succeeded, second.iterations_failed), (3, 0));
    let document = serde_json::to_value(&result.document).unwrap();
    assert_eq!(validate(&document), Vec::<String>::new());
}

#[test]
fn iterations_that_come_late_stand_in_their_order() {
    let case = &cases()[0];
    let mut result = begun();
    for (position, number) in [(1, 2), (2, 3), (3, 1)] {
        result.add_level(case, &measured(1, number, 4), verified(2), position);
    }
    let found = &result.document.configurations[0];
    let numbers: Vec<_> = found.iterations.iter().map(|one| (one.iteration, one.position)).collect();
    assert_eq!(numbers, [(1, 3), (2, 1), (3, 2)]);
    // The seconds follow one another as they ran.
    let seconds: Vec<_> = found.time_series.iter().filter_map(|second| second.iteration).collect();
    assert_eq!(seconds, [2, 3, 1]);
}

#[test]
fn statistics_are_those_of_the_iterations_own_figures() {
    let case = &cases()[0];
    let mut result = begun();
    result.add_level(case, &measured(1, 1, 4), verified(2), 1);
    assert_eq!(result.document.configurations[0].statistics, None);
    result.add_level(case, &measured(1, 2, 5), verified(2), 2);
    let mut payload = measured(1, 3, 10);
    payload.operations[1].payload_bytes = 5_000_000;
    result.add_level(case, &payload, verified(2), 3);
    let found = &result.document.configurations[0];
    let statistics = found.statistics.as_ref().unwrap();
    // 2 operations in 4, 5 and 10 ms.
    let throughput = statistics.throughput;
    assert_eq!((throughput.n, throughput.median, throughput.min, throughput.max), (3, 400.0, 200.0, 500.0));
    assert_eq!(throughput.interval(), Some((200.0, 500.0)));
    assert!((throughput.mean - 1_100.0 / 3.0).abs() < 1e-9);
    assert_eq!(found.cv, throughput.cv);
    let latency = statistics.latency_ms.as_ref().unwrap();
    assert_eq!((latency.avg.median, latency.p99.median, latency.p999.stddev), (2.0, 3.0, 0.0));
    assert_eq!(statistics.payload_bytes_per_second, None, "two of the three have none");
    // 5 MB in 19 ms.
    let posts = &found.operations["posts"];
    assert_eq!(
        (posts.bytes_per_second, found.operations["users"].bytes_per_second),
        (Some(263_157_894.737), None)
    );
    assert_eq!(found.overall.bytes_per_second, posts.bytes_per_second);
    assert_eq!(found.iterations[2].payload_bytes_per_second, Some(500_000_000.0));
}

#[test]
fn statistics_of_many_iterations_are_complete_at_the_last_one_and_at_the_end() {
    let mut case = cases().remove(0);
    case.workloads[0].iterations = 45;
    let count = |result: &Builder| {
        let found = &result.document.configurations[0];
        (found.statistics.as_ref().unwrap().throughput.n, found.iterations_succeeded)
    };
    let mut result = begun();
    let add = |result: &mut Builder, number| {
        result.add_level(&case, &measured(1, number, u64::from(number)), verified(2), number);
    };
    (1..=26).for_each(|number| add(&mut result, number));
    assert_eq!(count(&result), (25, 26), "a figure of a while ago says of how many it is");
    let mut interrupted = result;
    interrupted.finish(&plan(), Status::Interrupted, None);
    assert_eq!(count(&interrupted), (26, 26));
    let mut result = begun();
    (1..=45).for_each(|number| add(&mut result, number));
    assert_eq!(count(&result), (45, 45));
}

#[test]
fn an_iteration_that_failed_is_counted_with_its_reason_and_is_in_no_figure() {
    let case = &cases()[0];
    let mut result = begun();
    result.add_level(case, &measured(2, 1, 4), verified(2), 1);
    result.add_failure(case, failed(2, 2));
    result.add_level(case, &measured(2, 3, 4), verified(2), 3);
    let [found] = result.document.configurations.as_slice() else { panic!("one configuration") };
    assert_eq!((found.iterations_succeeded, found.iterations_failed), (2, 1));
    assert_eq!((found.succeeded, found.iterations.len()), (4, 2));
    assert_eq!(found.statistics.as_ref().unwrap().throughput.n, 2);
    let expected = IterationFailure {
        iteration: 2,
        position: 2,
        reason: "Killed: it needed more than 256 MiB.".to_owned(),
        peak_memory_bytes: Some(256 << 20),
    };
    assert_eq!(found.failures, [expected]);
    let codes: Vec<&str> = found.validity.doubts.iter().map(|doubt| doubt.code.as_str()).collect();
    assert!(codes.contains(&"failed-iterations") && found.validity.valid, "{codes:?}");
    assert!(result.document.failed_levels().is_empty());
}

#[test]
fn a_case_that_never_succeeds_has_a_configuration_without_figures() {
    let mut case = cases().remove(2);
    case.targets = vec![crate::plan::Target {
        workload: None,
        operation: None,
        concurrency: None,
        variant: Some("wal".to_owned()),
        vars: Vec::new(),
        metric: "iterations.success_rate".to_owned(),
        max: None,
        min: Some(1.0),
        span: None,
    }];
    let mut result = begun();
    (1..=3).for_each(|number| result.add_failure(&case, failed(number, number)));
    let [found] = result.document.configurations.as_slice() else { panic!("one configuration") };
    assert_eq!((found.variant.as_str(), found.concurrency), ("wal", 2));
    assert_eq!((found.iterations_succeeded, found.iterations_failed, found.attempted), (0, 3, 0));
    assert!(!found.validity.valid);
    let [doubt] = found.validity.doubts.as_slice() else { panic!("one doubt") };
    assert_eq!(
        doubt.sentence,
        "All 3 iterations failed, the first one: Killed: it needed more than 256 MiB."
    );
    assert_eq!(found.targets[0].status, TargetStatus::Fail);
    assert_eq!(result.document.failed_levels().len(), 1);
    let document = serde_json::to_value(&result.document).unwrap();
    assert_eq!(validate(&document), Vec::<String>::new());
}

#[test]
fn iterations_that_lost_a_row_or_were_cut_short_failed() {
    let case = &cases()[0];
    let lost = Verification {
        status: VerificationStatus::Failed,
        problems: vec!["Table users has 1 row of 2.".to_owned()],
        ..verified(2)
    };
    let mut result = begun();
    result.add_level(case, &measured(1, 1, 4), verified(2), 1);
    result.add_level(case, &measured(1, 2, 4), lost, 2);
    let short = LevelMeasurement { complete: false, ..measured(1, 3, 4) };
    result.add_level(case, &short, Verification::default(), 3);
    let found = &result.document.configurations[0];
    assert_eq!((found.iterations_succeeded, found.iterations_failed), (1, 2));
    let reasons: Vec<&str> = found.failures.iter().map(|failure| failure.reason.as_str()).collect();
    assert_eq!(reasons, ["Table users has 1 row of 2.", "It was cut short."]);
    assert_eq!(found.statistics, None, "one value has no spread");
}

#[test]
fn what_came_from_another_process_makes_the_same_configuration() {
    let case = &cases()[0];
    let mut original = measured(1, 1, 4);
    original.operations[0].payload_bytes = 77;
    original.resources.other_load = Some(0.1 + 0.2);
    original.pool = Some(PoolMeasurement { opened: 2, ..PoolMeasurement::default() });
    original.errors = level(1, &[], 2).errors;
    let text = serde_json::to_string(&(&original, verified(2))).unwrap();
    let (read, verification): (LevelMeasurement, Verification) = serde_json::from_str(&text).unwrap();
    let (mut here, mut there) = (begun(), begun());
    here.add_level(case, &original, verified(2), 1);
    there.add_level(case, &read, verification, 1);
    assert_eq!(here.document, there.document);
}

#[test]
fn settings_of_a_case_that_differ_from_the_base_stand_with_it() {
    let cases = cases();
    let facts = |journal: &str, synchronous: &str, durability| crate::engine::Facts {
        name: "sqlite".into(),
        version: "3.50.4".to_owned(),
        storage: "file".into(),
        durability,
        settings: vec![
            ("journal_mode".to_owned(), journal.to_owned()),
            ("synchronous".to_owned(), synchronous.to_owned()),
        ],
        ..crate::engine::Facts::default()
    };
    let mut result = begun();
    result.document.engine.settings.insert("synchronous".to_owned(), "2".to_owned());
    result.set_facts(&cases[0], &facts("delete", "2", Durability::PowerLoss));
    result.set_facts(&cases[2], &facts("wal", "1", Durability::ProcessCrash));
    result.add_level(&cases[0], &measured(1, 1, 4), verified(2), 1);
    result.add_level(&cases[2], &measured(1, 1, 4), verified(2), 2);
    let [base, wal] = result.document.configurations.as_slice() else { panic!("two configurations") };
    assert!(base.settings.is_empty() && base.durability.is_none() && wal.engine.is_none());
    assert_eq!(wal.durability, Some(Durability::ProcessCrash));
    let own: Vec<_> = wal.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(own, ["journal_mode=wal", "synchronous=1"]);
    let told = result.document.findings.iter().find(|finding| finding.code == "less-durable").unwrap();
    assert!(told.sentence.starts_with("In wal, memory 256MiB: In WAL with `synchronous` normal"), "{told:?}");
}

#[test]
fn a_case_with_another_engine_says_so_and_has_all_of_its_settings() {
    let cases = cases();
    let server = crate::engine::Facts {
        name: "postgres".into(),
        version: "15.4".to_owned(),
        storage: "server".into(),
        durability: Durability::PowerLoss,
        settings: vec![
            ("journal_mode".to_owned(), "delete".to_owned()),
            ("fsync".to_owned(), "on".to_owned()),
        ],
        ..crate::engine::Facts::default()
    };
    let mut result = begun();
    result.set_facts(&cases[2], &server);
    result.add_level(&cases[0], &measured(1, 1, 4), verified(2), 1);
    result.add_level(&cases[2], &measured(1, 1, 4), verified(2), 2);
    let [base, other] = result.document.configurations.as_slice() else { panic!("two configurations") };
    assert!(base.engine.is_none());
    assert_eq!(other.engine.as_ref().unwrap().name, "postgres");
    assert_eq!(other.durability, None, "the same as the base's");
    assert_eq!(result.document.engine_of(base), "sqlite");
    assert_eq!(result.document.engine_of(other), "postgres");
    assert_eq!(other.settings.keys().collect::<Vec<_>>(), ["journal_mode", "fsync"]);
}

#[test]
#[should_panic(expected = "iteration 1 of a level comes once")]
fn an_iteration_is_added_once() {
    let case = &cases()[0];
    let mut result = begun();
    result.add_level(case, &measured(1, 1, 4), verified(2), 1);
    result.add_level(case, &measured(1, 1, 4), verified(2), 2);
}

#[test]
fn a_target_is_judged_by_the_variables_of_its_own_case() {
    let mut cases = cases();
    let target = crate::plan::Target {
        workload: None,
        operation: None,
        concurrency: None,
        variant: None,
        vars: vec![("chunk".to_owned(), 4.into())],
        metric: "throughput".to_owned(),
        max: None,
        min: Some(1.0),
        span: None,
    };
    for case in &mut cases {
        case.targets = vec![target.clone()];
    }
    cases[2].source.effective = serde_json::json!({ "vars": { "chunk": 4 } });
    let mut result = begun();
    result.add_level(&cases[0], &measured(1, 1, 4), verified(2), 1);
    result.add_level(&cases[2], &measured(1, 1, 4), verified(2), 2);
    result.finish(&cases[0], Status::Completed, None);
    let counts: Vec<usize> = result.document.configurations.iter().map(|one| one.targets.len()).collect();
    assert_eq!(counts, [0, 1]);
    assert!(result.document.targets.is_empty());
}

#[test]
fn a_result_that_knows_nothing_of_lost_answers_is_read_all_the_same() {
    let mut document = serde_json::to_value(finished()).unwrap();
    let level = &mut document["configurations"][0];
    assert_eq!(level.as_object_mut().unwrap().remove("unknown"), Some(0.into()));
    level["overall"].as_object_mut().unwrap().remove("unknown");
    document["engine"].as_object_mut().unwrap().remove("durability");
    assert_eq!(validate(&document), Vec::<String>::new());
    let read: RunResult = serde_json::from_value(document).unwrap();
    assert_eq!(read.engine.durability, None);
}
