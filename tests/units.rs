//! The promise: a unit in a process of its own measures what one in this process does, under caps that are real; what becomes of that process is
//! told, and nothing of it is left.
//!
//! Where this machine makes no control groups, there is nothing of this to see: it says so, and no case runs.

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{Place, mix};
use runner::clock::Clock;
use runner::experiment::{Conductor, Journal, Outcome, UnitError, UnitKey, check_limits};
use runner::measure::VerificationStatus;
use runner::plan::{self, Experiment, Limits, Plan};
use runner::run::{self, Event};
use runner::scenario::Overrides;

const MIB: u64 = 1 << 20;

/// A plan with a database in the place, held to limits.
fn plan(place: &Place, text: &str, limits: Limits) -> Plan {
    let path = place.path("mine.toml");
    let (plan, _) = plan::prepare(&path, text.to_owned(), &Overrides::default()).unwrap();
    Plan { limits, ..plan }
}

fn in_file(place: &Place, top: &str) -> String {
    mix(top, &format!("path = {:?}", place.path("mine.db")))
}

/// Whether this machine sets such limits.
fn can_limit(plan: &Plan) -> bool {
    let experiment = Experiment { cases: vec![plan.clone()], case_order: plan::CaseOrder::File };
    match check_limits(&experiment) {
        Ok(()) => true,
        Err(refusal) => {
            assert!(!refusal.remedy.is_empty());
            false
        }
    }
}

fn conductor(stop: &Arc<AtomicBool>) -> Conductor {
    Conductor::new(&Overrides::default(), &Clock::real(), stop)
        .with_program(PathBuf::from(env!("CARGO_BIN_EXE_runner")))
}

fn run(plan: &Plan) -> Result<Outcome, UnitError> {
    conductor(&Arc::default()).run(plan, &run::stretches(plan)[0], false, &mut |_| {})
}

fn capped(mib: u64) -> Limits {
    Limits { memory_bytes: Some(mib * MIB), cpus: None }
}

/// Workers, iteration, operations planned, those acknowledged by name, and what was found.
type Shape = (u32, u32, u64, Vec<(String, u64)>, VerificationStatus);

/// What does not depend on time.
fn shape(outcome: &Outcome) -> Vec<Shape> {
    let each = outcome.levels.iter().map(|level| {
        let m = &level.measurement;
        let counts = m.operations.iter().map(|o| (o.name.clone(), o.succeeded.count())).collect();
        (m.concurrency, m.iteration, m.planned, counts, level.verification.status)
    });
    each.collect()
}

#[test]
fn a_process_of_its_own_comes_to_the_same_and_knows_its_peak() {
    let place = Place::new();
    let text = in_file(&place, "total_writes = 300\nconcurrency = [1]\niterations = 2\nreset = 'level'");
    let free = plan(&place, &text, Limits::default());
    let here = run(&free).unwrap();
    assert_eq!(here.levels.len(), 2);
    assert_eq!(here.peak_memory_bytes, None);
    let limited = plan(&place, &text, Limits { cpus: Some(1.5), ..capped(256) });
    if !can_limit(&limited) {
        return;
    }
    let there = run(&limited).unwrap();
    assert_eq!(there.failure, None);
    assert_eq!(shape(&there), shape(&here));
    assert_eq!(there.facts, here.facts);
    let peak = there.peak_memory_bytes.unwrap();
    assert!((MIB..=256 * MIB).contains(&peak), "{peak}");
    let of_level = there.levels[0].measurement.resources.peak_memory_bytes.unwrap();
    assert!(of_level <= peak, "{of_level} of {peak}: that of the group");
    assert_eq!(place.files("."), Vec::<PathBuf>::new(), "the databases are gone");
}

#[test]
fn a_process_that_needs_more_memory_than_it_may_use_is_a_failure_and_its_database_goes() {
    let place = Place::new();
    let table = "[tables.t]\nshare = 1\ncolumns.id = { type = 'INTEGER PRIMARY KEY' }\ncolumns.b = { type = 'BLOB', value = '{{ bytes(50000) }}' }\n";
    let database = format!(
        "[database]\npath = {:?}\npragmas = {{ cache_size = -1000000, cache_spill = 1000000 }}\n",
        place.path("mine.db")
    );
    // One transaction for all, whose pages must stay in memory.
    let top = "total_writes = 3000\nconcurrency = [1]\nbatch_size = 3000\n";
    let plan = plan(&place, &format!("{top}{database}{table}"), capped(48));
    if !can_limit(&plan) {
        return;
    }
    let outcome = run(&plan).unwrap();
    assert_eq!(outcome.failure.as_deref(), Some("killed: it needed more memory than 48MiB"));
    assert_eq!(outcome.levels.len(), 0);
    assert!(outcome.peak_memory_bytes.is_some_and(|peak| (40 * MIB..=48 * MIB).contains(&peak)));
    assert_eq!(place.files("."), Vec::<PathBuf>::new());
}

#[test]
fn an_interrupted_process_ends_and_leaves_nothing() {
    let place = Place::new();
    let text = in_file(&place, "concurrency = [1]\nduration = '1h'");
    let plan = plan(&place, &text, capped(256));
    if !can_limit(&plan) {
        return;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let mut events = Vec::new();
    let ended = conductor(&stop).run(&plan, &run::stretches(&plan)[0], false, &mut |event| {
        events.push(match event {
            Event::LevelStarted { .. } => {
                stop.store(true, Ordering::Relaxed);
                "started"
            }
            // One that was begun before the word came is told as far as it went.
            Event::LevelFinished { measurement, .. } => {
                assert!(!measurement.complete);
                "other"
            }
            _ => "other",
        });
    });
    assert_eq!(ended.unwrap_err(), UnitError::Interrupted);
    let order: Vec<_> = events.into_iter().filter(|event| *event != "other").collect();
    assert_eq!(order, ["started"]);
    assert_eq!(place.files("."), Vec::<PathBuf>::new());
}

#[test]
fn a_database_that_is_not_ours_is_refused_as_in_this_process() {
    let place = Place::new();
    place.write("mine.db", "notes of mine");
    let text = in_file(&place, "total_writes = 10\nconcurrency = [1]");
    let limited = plan(&place, &text, capped(256));
    if !can_limit(&limited) {
        return;
    }
    let refused = run(&limited).unwrap_err();
    assert_eq!(refused, run(&plan(&place, &text, Limits::default())).unwrap_err());
    assert!(matches!(refused, UnitError::Foreign(_)), "{refused}");
    assert_eq!(std::fs::read_to_string(place.path("mine.db")).unwrap(), "notes of mine");
}

#[test]
fn how_a_process_ended_that_said_nothing_is_told() {
    let place = Place::new();
    let text = in_file(&place, "total_writes = 10\nconcurrency = [1]");
    let plan = plan(&place, &text, capped(256));
    if !can_limit(&plan) {
        return;
    }
    let with = |program: &str| {
        let mut conductor = conductor(&Arc::default()).with_program(Path::new(program).to_owned());
        conductor.run(&plan, &run::stretches(&plan)[0], false, &mut |_| {})
    };
    place.write("fails", "#!/bin/sh\necho 'no such thing' >&2\nexit 7\n");
    let script = place.path("fails");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let outcome = with(script.to_str().unwrap()).unwrap();
    assert_eq!(outcome.failure.as_deref(), Some("its process ended with code 7: no such thing"));
    let missing = with("/nowhere/runner").unwrap_err();
    assert!(matches!(missing, UnitError::Unavailable(_)), "{missing}");
}

#[test]
fn an_outcome_that_was_kept_has_the_same_figures() {
    let place = Place::new();
    let plan = plan(&place, &in_file(&place, "total_writes = 200\nconcurrency = [1]"), Limits::default());
    let outcome = run(&plan).unwrap();
    let journal = Journal::at(&place.path("results/mine/cases"));
    let key = UnitKey::of(&plan, &run::stretches(&plan)[0], "here");
    journal.store(&key, &outcome).unwrap();
    let found: Outcome = journal.find(&key).unwrap();
    assert_eq!(serde_json::to_value(&found).unwrap(), serde_json::to_value(&outcome).unwrap());
    let (kept, made) = (&found.levels[0].measurement, &outcome.levels[0].measurement);
    assert_eq!(kept.duration_ns, made.duration_ns);
    assert_eq!(
        kept.operations[0].succeeded.percentile_ns(99.0),
        made.operations[0].succeeded.percentile_ns(99.0)
    );
}

/// A table with rows before anything is measured.
fn with_rows(place: &Place, top: &str, database: &str) -> String {
    let path = place.path("mine.db");
    format!(
        "{top}\n[database]\npath = {path:?}\n{database}\n[tables.t]\nshare = 1\nrows = 200\n\
         columns.id = {{ type = 'INTEGER PRIMARY KEY' }}\ncolumns.name = {{ type = 'TEXT', value = '{{{{ name() }}}}' }}\n"
    )
}

/// How often rows were loaded over all stretches of a plan, each of which is verified; and how many rows each level began with.
fn loads(plan: &Plan, conductor: &mut Conductor) -> usize {
    let mut loads = 0;
    for stretch in run::stretches(plan) {
        let outcome = conductor
            .run(plan, &stretch, false, &mut |event| {
                loads += usize::from(matches!(event, Event::Loading { .. }))
            })
            .unwrap();
        assert_eq!(outcome.failure, None);
        for level in &outcome.levels {
            let verification = &level.verification;
            assert_eq!(verification.status, VerificationStatus::Verified, "{:?}", verification.problems);
        }
    }
    loads
}

#[test]
fn rows_are_loaded_once_for_all_units_of_an_experiment() {
    let place = Place::new();
    let text =
        with_rows(&place, "total_writes = 50\nconcurrency = [1]\niterations = 3\nreset = 'iteration'", "");
    for limits in [Limits::default(), capped(256)] {
        let plan = plan(&place, &text, limits);
        if !limits.is_empty() && !can_limit(&plan) {
            return;
        }
        let mut conductor = conductor(&Arc::default());
        assert_eq!(loads(&plan, &mut conductor), 1, "{limits:?}");
        drop(conductor);
        assert_eq!(place.files("."), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_plain_run_loads_once_too() {
    let place = Place::new();
    place.write(
        "mine.toml",
        &with_rows(
            &place,
            "total_writes = 50\nconcurrency = [1, 2]\niterations = 2\nreset = 'iteration'",
            "busy_timeout = '60s'",
        ),
    );
    let plan = plan(&place, &std::fs::read_to_string(place.path("mine.toml")).unwrap(), Limits::default());
    let (clock, stop) = (Clock::real(), Arc::default());
    let mut engine = runner::experiment::open_engine(&plan, &clock, &stop).unwrap();
    let options = runner::experiment::options(&plan, &clock, &stop);
    let (mut loads, mut statuses) = (0, Vec::new());
    run::execute(&plan, engine.as_mut(), &options, &mut |event| match event {
        Event::Loading { .. } => loads += 1,
        Event::LevelFinished { verification, .. } => statuses.push(verification.status),
        _ => {}
    })
    .unwrap();
    assert_eq!((loads, statuses), (1, vec![VerificationStatus::Verified; 4]));
}

#[test]
fn a_copy_of_a_database_has_its_rows_beside_those_of_the_scenario() {
    let place = Place::new();
    let source = rusqlite::Connection::open(place.path("app.db")).unwrap();
    source
        .execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (5001, 'there before'), (5002, 'and this')")
        .unwrap();
    drop(source);
    let text = with_rows(
        &place,
        "total_writes = 50\nconcurrency = [1]\niterations = 2\nreset = 'iteration'",
        &format!("from = {:?}", place.path("app.db")),
    );
    let plan = plan(&place, &text, Limits::default());
    assert_eq!(loads(&plan, &mut conductor(&Arc::default())), 1);
    let outcome = run(&plan).unwrap();
    let table = &outcome.levels[0].verification.tables[0];
    assert_eq!((table.expected, table.found), (252, Some(252)));
    assert_eq!(place.files("."), [PathBuf::from("app.db")]);
}

#[test]
fn every_unit_of_an_experiment_is_that_of_its_own_case() {
    let place = Place::new();
    let top = "concurrency = [1]\ntotal_writes = 10\niterations = 2\nreset = 'iteration'\n\
               limits.memory = '128MiB'\nmatrix.total_writes = [20, 40]\nvariants.wal.database.pragmas.journal_mode = 'wal'";
    let path = place.path("mine.toml");
    let (experiment, _) = plan::experiment(&path, in_file(&place, top), &Overrides::default()).unwrap();
    if !can_limit(&experiment.cases[0]) {
        return;
    }
    let mut conductor = conductor(&Arc::default());
    let units = run::order(&experiment);
    assert_eq!(units.len(), 4 * 2);
    for unit in units {
        let plan = &experiment.cases[unit.case];
        let outcome = conductor.run(plan, &unit.stretch, false, &mut |_| {}).unwrap();
        assert_eq!(outcome.failure, None);
        let [level] = outcome.levels.as_slice() else { panic!("one iteration") };
        assert_eq!(level.verification.status, VerificationStatus::Verified);
        let wanted = plan.parameters["total_writes"].as_u64().unwrap();
        let iterations = unit.stretch.iterations_of(plan);
        assert_eq!((level.measurement.planned, vec![(1, level.measurement.iteration)]), (wanted, iterations));
        let settings = outcome.facts.unwrap().settings;
        let journal = settings.iter().find(|(name, _)| name == "journal_mode").unwrap();
        assert_eq!(journal.1, if plan.variant == "wal" { "wal" } else { "delete" });
    }
    drop(conductor);
    assert_eq!(place.files("."), Vec::<PathBuf>::new());
}
