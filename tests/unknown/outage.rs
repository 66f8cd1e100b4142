//! A server that goes away in the middle of a level: for a while, or for good.

use runner::cli::Exit;
use runner::engine::EngineError;
use runner::plan::{Batch, BatchMode, BatchSize};
use runner::result::{self, Builder, Environment, Status};

use super::*;

/// 100 operations of 100 ms by four workers, and a server that is away from 1,050 ms on.
fn away(plan: &Plan, to_ns: u64, keeps: bool) -> Script {
    let outage = Outage { from_ns: 1_050 * MS, to_ns, patience_ns: 10 * SECOND, keeps };
    Script { outage: Some(outage), ..script(plan, &[Reply::done(100 * MS)]) }
}

#[test]
fn a_server_that_comes_back_in_time_costs_what_was_in_flight_and_the_wait() {
    for keeps in [true, false] {
        let plan = notes(100, 4);
        let level = level(&plan, away(&plan, 4 * SECOND, keeps));
        assert_eq!((level.succeeded(), level.errors(), level.unknown()), (96, 0, 4));
        level.assert_verified();
        let found = level.verification.tables[0].found;
        assert_eq!(found, Some(if keeps { 100 } else { 96 }));
        // The next operation of each worker waits for the connection, and its latency has the wait.
        let longest = level.measured.operations[0].succeeded.max_ns().unwrap();
        assert_eq!(longest, 4 * SECOND - 1_050 * MS + 100 * MS);
        let quiet = level.measured.time_series.iter().filter(|second| second.operations == 0).count();
        assert_eq!(quiet, 2, "seconds from 2 to 4");
        assert!(level.measured.duration_ns > 4 * SECOND);
    }
}

#[test]
fn statements_of_an_open_transaction_are_refused_and_only_its_commit_can_be_lost() {
    let mut plan = notes(100, 2);
    plan.workloads[0].batch = Some(Batch { mode: BatchMode::Transaction, size: BatchSize::Fixed(5) });
    let level = level(&plan, away(&plan, 4 * SECOND, false));
    assert_eq!((level.errors_with("08006"), level.unknown()), (10, 0), "a batch of each worker");
    level.assert_verified();
    let mut script = away(&plan, 4 * SECOND, true);
    script.operations[0].1 = vec![Reply::done(MS)];
    script.commits = vec![Reply::done(200 * MS)];
    let level = super::level(&plan, script);
    assert_eq!((level.errors(), level.unknown()), (0, 10));
    level.assert_verified();
    assert_eq!(level.verification.tables[0].found, Some(100));
}

#[test]
fn a_server_that_stays_away_ends_the_run_with_what_was_measured() {
    let plan = notes(100, 4);
    let (ended, level) = played(&plan, away(&plan, u64::MAX, true));
    let error = ended.unwrap_err();
    assert!(matches!(&error, RunError::Engine(EngineError::Fatal { code: "08006", .. })), "{error:?}");
    assert_eq!(Exit::from(&error).code(), 4);
    assert!(!level.measured.complete);
    assert_eq!((level.succeeded(), level.errors(), level.unknown()), (40, 4, 4));
    assert_eq!(level.verification.status, VerificationStatus::Impossible);
    assert_eq!(level.verification.problems, ["the rows could not be compared: the server is away"]);

    let facts =
        runner::engine::Facts { name: "postgres".into(), storage: "server".into(), ..Default::default() };
    let started = "2026-11-21T10:00:00Z".parse().unwrap();
    let mut builder = Builder::new(&plan, &facts, Environment::measure(None), started);
    builder.add_level(&plan, &level.measured, level.verification.clone(), 1);
    builder.finish(&plan, Status::Failed, Some(error.to_string()));
    let document = serde_json::to_value(&builder.document).unwrap();
    assert_eq!(result::validate(&document), Vec::<String>::new());
    let configuration = &document["configurations"][0];
    assert_eq!(configuration["attempted"], 48);
    assert_eq!((&configuration["succeeded"], &configuration["unknown"]), (&40.into(), &4.into()));
    assert_eq!(configuration["overall"]["errors"], 4);
    assert_eq!(configuration["operations"]["notes"]["unknown"], 4);
    assert_eq!(configuration["unknownOutcomes"][0]["code"], "08006");
    assert_eq!(configuration["complete"], false);
    assert_eq!(configuration["validity"]["valid"], false);
    let codes: Vec<&str> = builder.document.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["unknown-commits", "connection-lost"]);
}

#[test]
fn a_server_that_is_away_between_two_levels_takes_nothing_from_the_first() {
    let mut plan = notes(40, 4);
    plan.workloads[0].concurrency = vec![4, 2];
    let clock = Clock::virtual_time();
    let mut script = script(&plan, &[Reply::done(100 * MS)]);
    // The first level ends at 1,000 ms.
    let outage = Outage { from_ns: SECOND, to_ns: u64::MAX, patience_ns: SECOND, keeps: false };
    script.outage = Some(outage);
    let mut engine = ScriptedEngine::new(script, &clock);
    let (ended, levels) = carry_out(&plan, &mut engine, &clock);
    assert!(ended.is_err());
    assert_eq!(levels.len(), 1);
    assert_eq!(levels[0].succeeded(), 40);
    assert_eq!(levels[0].verification.status, VerificationStatus::Impossible);
    assert!(engine.tear_down(false).is_err());
}
