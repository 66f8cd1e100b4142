//! The promise: a gate can fail. A target of every kind passes on a sound run, and fails when a fault is put into what the database does: a delay,
//! an error, samples that are missing, a row that is lost. No figure is touched: each is measured, judged and told as in any run.

use std::path::Path;
use std::sync::Arc;

use runner::clock::Clock;
use runner::engine::Engine;
use runner::engine::scripted::{Answer, Reply, Rule, Script, ScriptedEngine};
use runner::engine::{Lookup, Orphans};
use runner::machine::Machine;
use runner::measure::VerificationStatus;
use runner::plan::Plan;
use runner::result::{Builder, Environment, RunResult, Runner, Status, Storage, TargetStatus};
use runner::run::{self, Event};
use runner::scenario::{self, Overrides};

const MS: u64 = 1_000_000;

/// 2,000 writes and as many reads by four workers; each takes 1 ms where no fault is put in.
const SCENARIO: &str = "
total = 4000
concurrency = [4]
[database]
path = ':memory:'
[tables.notes]
share = 1
[tables.notes.columns]
id = { type = 'INTEGER PRIMARY KEY' }
[operations.read]
share = 1
get = 'notes'
[[targets]]
";

/// Indexes of the plan's operations.
const WRITE: usize = 0;
const READ: usize = 1;

fn plan(target: &str) -> Plan {
    let file = Path::new("mine.toml");
    let text = format!("{SCENARIO}{target}\n");
    let loaded = scenario::load(file, text, &Overrides::default()).unwrap_or_else(|r| panic!("{r:?}"));
    let plan = runner::plan::build(file, &loaded).unwrap();
    let names: Vec<&str> = plan.operations.iter().map(|operation| operation.name.as_str()).collect();
    assert_eq!(names, ["notes", "read"]);
    plan
}

/// A database without a fault.
fn sound() -> Script {
    let replies = vec![Reply::done(MS)];
    Script {
        operations: vec![(0, replies.clone()), (0, replies)],
        adds: [(READ, 0)].into(),
        orphans: Orphans { per_table: vec![0], enforced: false },
        ..Script::default()
    }
}

/// Environment of a build whose figures count: those of a debug build meet no target.
fn environment() -> Environment {
    Environment {
        runner: Runner { build_profile: "release".to_owned(), ..Runner::this() },
        machine: Machine::default(),
        storage: Storage::default(),
        clock_resolution_ns: 1,
        comparability: Default::default(),
        comparability_key: String::new(),
    }
}

/// From the scenario to its result.
fn carried_out(target: &str, script: Script, environment: Environment) -> RunResult {
    let plan = plan(target);
    let clock = Clock::virtual_time();
    let mut engine = ScriptedEngine::new(script, &clock);
    let started = "2026-11-21T10:00:00Z".parse().unwrap();
    let mut result = Builder::new(&plan, &engine.facts(), environment, started);
    let options = run::Options::new(clock, Arc::default());
    run::execute(&plan, &mut engine, &options, &mut |event| {
        if let Event::LevelFinished { measurement, verification } = event {
            result.add_level(&plan, measurement, verification, measurement.iteration);
        }
    })
    .unwrap();
    result.finish(&plan, Status::Completed, None);
    result.document
}

/// Status and reason of the only target.
fn verdict(result: &RunResult) -> (TargetStatus, String) {
    let verdicts: Vec<_> = result.all_targets().map(|(_, verdict)| verdict).collect();
    let [verdict] = verdicts.as_slice() else { panic!("one level has one target: {verdicts:?}") };
    (verdict.status, verdict.reason.clone().unwrap_or_default())
}

/// Passes on a sound run, and with the fault comes to `status`, for a reason that ends with `says`; nothing but the target fails the run then.
fn gate(target: &str, fault: &dyn Fn(&mut Script), status: TargetStatus, says: &str) {
    let result = carried_out(target, sound(), environment());
    assert_eq!(verdict(&result), (TargetStatus::Pass, String::new()));
    assert!(!result.targets_failed() && !result.verification_failed());

    let mut script = sound();
    fault(&mut script);
    let result = carried_out(target, script, environment());
    let (found, reason) = verdict(&result);
    assert_eq!(found, status, "{reason}");
    assert!(reason.ends_with(says), "{reason}");
    assert!(result.targets_failed() && !result.verification_failed());
    assert!(result.configurations[0].validity.valid);
}

fn slow() -> Reply {
    Reply::done(50 * MS)
}

fn refused() -> Reply {
    Reply { latency_ns: MS, answer: Answer::refused("SQLITE_BUSY") }
}

/// One in `of` executions of these operations is answered by `reply`.
fn one_in(of: usize, operations: &[usize], reply: &Reply, script: &mut Script) {
    for operation in operations {
        let mut replies = vec![Reply::done(MS); of];
        replies[of / 2] = reply.clone();
        script.operations[*operation].1 = replies;
    }
}

/// A single execution, somewhere within the run, is answered by `reply`.
fn once(reply: Reply, script: &mut Script) {
    script.rule = Some(Rule::new(move |execution| (execution.ordinal == 1_234).then(|| reply.clone())));
}

/// One test for each line: the target, the fault, and what becomes of the target then.
macro_rules! gates {
    ($($(#[$comment:meta])* $name:ident: $target:literal, $fault:expr => $status:ident, $says:literal;)*) => {
        $(
            $(#[$comment])*
            #[test]
            fn $name() {
                gate($target, &$fault, TargetStatus::$status, $says);
            }
        )*
    };
}

gates! {
    an_average_latency_fails_when_one_operation_in_twenty_is_delayed:
        "metric = 'latency.avg'\nmax = '2ms'",
        |script: &mut Script| one_in(20, &[WRITE, READ], &slow(), script)
        => Fail, ", above 2 ms.";
    a_99th_percentile_fails_when_one_operation_in_twenty_is_delayed:
        "metric = 'latency.p99'\nmax = '5ms'",
        |script: &mut Script| one_in(20, &[WRITE, READ], &slow(), script)
        => Fail, ", above 5 ms.";
    a_greatest_latency_fails_when_a_single_operation_is_delayed:
        "metric = 'latency.max'\nmax = '10ms'",
        |script: &mut Script| once(slow(), script)
        => Fail, ", above 10 ms.";
    a_throughput_fails_when_all_operations_are_delayed:
        "metric = 'throughput'\nmin = '3000/s'",
        |script: &mut Script| one_in(1, &[WRITE, READ], &slow(), script)
        => Fail, ", below 3000 per second.";
    a_throughput_fails_when_half_of_the_reads_are_refused_however_fast:
        "metric = 'throughput'\noperation = 'read'\nmin = '1500/s'",
        |script: &mut Script| one_in(2, &[READ], &refused(), script)
        => Fail, ", below 1500 per second.";
    an_error_rate_fails_when_one_read_in_twenty_is_refused:
        "metric = 'error_rate'\nmax = 0.01",
        |script: &mut Script| one_in(20, &[READ], &refused(), script)
        => Fail, ", above 0.01.";
    a_number_of_errors_fails_when_a_single_operation_is_refused:
        "metric = 'errors'\nmax = 0",
        |script: &mut Script| once(refused(), script)
        => Fail, ", above 0.";
    a_success_rate_of_one_operation_fails_when_one_in_twenty_of_it_is_refused:
        "metric = 'success_rate'\noperation = 'read'\nmin = 0.99",
        |script: &mut Script| one_in(20, &[READ], &refused(), script)
        => Fail, ", below 0.99.";
    a_count_fails_when_one_write_in_twenty_is_missing:
        "metric = 'count'\noperation = 'notes'\nmin = 2000",
        |script: &mut Script| one_in(20, &[WRITE], &refused(), script)
        => Fail, ", below 2000.";
    /// What was not measured is no 0, which would be below every limit.
    a_median_without_any_sample_fails:
        "metric = 'latency.p50'\noperation = 'read'\nmax = '5ms'",
        |script: &mut Script| one_in(1, &[READ], &refused(), script)
        => Fail, ": nothing was measured.";
    a_99th_percentile_of_too_few_samples_does_not_pass:
        "metric = 'latency.p99'\noperation = 'read'\nmax = '5ms'",
        |script: &mut Script| script.operations[READ].1 = vec![refused(), refused(), Reply::done(MS)]
        => Invalid, " samples are too few, 1,000 are needed so that 10 lie beyond the percentile.";
}

#[test]
fn a_latency_within_its_limit_does_not_pass_when_rows_are_lost_and_the_run_fails() {
    let target = "metric = 'latency.avg'\nmax = '2ms'";
    let result = carried_out(target, sound(), environment());
    assert_eq!(verdict(&result), (TargetStatus::Pass, String::new()));
    assert!(!result.verification_failed());

    let faults = [
        ("one row fewer", Script { miscounts: [(0, -1)].into(), ..sound() }),
        ("no row is found again", Script { look_up: Some(Lookup::Missing), ..sound() }),
    ];
    for (fault, script) in faults {
        let result = carried_out(target, script, environment());
        let level = &result.configurations[0];
        assert!(level.targets[0].measured.unwrap() < 2.0, "{fault}: the figure itself is within its limit");
        assert_eq!(level.verification.status, VerificationStatus::Failed, "{fault}");
        assert!(!level.validity.valid && result.verification_failed() && result.targets_failed(), "{fault}");
        let (status, reason) = verdict(&result);
        assert_eq!(status, TargetStatus::Invalid, "{fault}");
        assert!(reason.ends_with("the level is invalid (verification-failed)."), "{fault}: {reason}");
    }
}

#[test]
fn a_latency_within_its_limit_does_not_pass_where_the_runner_is_a_debug_build() {
    let target = "metric = 'latency.avg'\nmax = '2ms'";
    let mut environment = environment();
    environment.runner.build_profile = "debug".to_owned();
    let result = carried_out(target, sound(), environment);
    let (status, reason) = verdict(&result);
    assert_eq!(status, TargetStatus::Invalid);
    assert!(reason.ends_with("the level is invalid (debug-build)."), "{reason}");
    assert!(result.targets_failed() && !result.verification_failed());
}
