//! Fixed plans, measurements and results for the tests of this room and of `report`.

use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;

use super::builder::{Builder, FailedIteration};
use super::environment::{Environment, Runner, Storage};
use super::model::{RunResult, Status};
use crate::dataset::{Dataset, Interleaving, Parts, Rows};
use crate::engine::{Durability, Facts};
use crate::machine::{FileSystem, Machine};
use crate::measure::*;
use crate::plan::{
    BASE_VARIANT, Crew, Database, Extent, Limits, Load, Location, Operation, Outputs, Plan, PostgresDatabase,
    Record, Setting, SqliteDatabase, WarmUp, Workload,
};
use crate::scenario::Reset;

/// Two tables, one operation each.
pub(crate) fn plan() -> Plan {
    let operation =
        |name: &str, table| Operation::insert(name, table, format!("INSERT INTO {name} VALUES (?)"), 1);
    Plan {
        name: "base-0".to_owned(),
        case: 0,
        variant: BASE_VARIANT.to_owned(),
        parameters: IndexMap::new(),
        limits: Limits::default(),
        test: "write".to_owned(),
        description: "SQLite as it comes.".to_owned(),
        seed: 42,
        database: Database::Sqlite(SqliteDatabase {
            location: Location::File(PathBuf::from("db/base-0.db")),
            busy_timeout_ms: 5_000,
            pragmas: Vec::new(),
            allow_attach: false,
            statement_cache: None,
            from: None,
            driver: crate::plan::Driver::default(),
        }),
        tables: Vec::new(),
        operations: vec![operation("users", 0), operation("posts", 1)],
        workloads: vec![workload()],
        targets: Vec::new(),
        quick: false,
        outputs: Outputs::default(),
        warnings: Vec::new(),
        source: Record {
            path: PathBuf::from("scenarios/base-0.toml"),
            text: "total_writes = 4\n".to_owned(),
            sha256: "0".repeat(64),
            overrides: vec![("total_writes".to_owned(), "4".to_owned())],
            effective: serde_json::json!({ "total_writes": 4, "order": "mixed" }),
        },
    }
}

/// A server with settings asked for.
pub(crate) fn server(settings: &[(&str, &str)]) -> PostgresDatabase {
    let setting = |(name, value): &(&str, &str)| Setting {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
        span: None,
    };
    PostgresDatabase {
        url: "postgres://postgres@localhost/postgres".to_owned(),
        url_span: None,
        schema: "runner_base-0".to_owned(),
        settings: settings.iter().map(setting).collect(),
        reconnect_timeout_ms: 10_000,
    }
}

fn workload() -> Workload {
    Workload {
        name: "write".to_owned(),
        crews: vec![Crew {
            role: None,
            workers: None,
            dataset: Arc::new(empty_dataset()),
            counts: vec![2, 2],
        }],
        extent: Extent::Total(4),
        concurrency: vec![1, 2],
        iterations: 1,
        warm_up: WarmUp::None,
        reset: Reset::Level,
        load: Load::Closed,
        retry: None,
        batch: None,
        pool: None,
        only_inserts: true,
    }
}

/// A quiet machine with a disk, and a release build.
pub(crate) fn environment() -> Environment {
    Environment {
        runner: Runner {
            version: "0.1.0".to_owned(),
            build_profile: "release".to_owned(),
            target: "x86_64-unknown-linux-gnu".to_owned(),
            commit: None,
            profiler: None,
        },
        machine: Machine { kernel: Some("Linux 6.1".to_owned()), cpu_count: Some(2), ..Machine::default() },
        storage: Storage {
            file_system: Some(FileSystem {
                kind: "ext4".to_owned(),
                device: "/dev/sda1".to_owned(),
                mount_point: "/".to_owned(),
                options: "rw".to_owned(),
                in_memory: false,
            }),
            free_bytes: Some(1 << 30),
            sync_latency_ms: Some(0.9),
        },
        clock_resolution_ns: 30,
        comparability: indexmap::IndexMap::new(),
        comparability_key: String::new(),
    }
}

/// A result without levels, started at ten o'clock.
pub(crate) fn begun() -> Builder {
    let facts = Facts {
        name: "sqlite".into(),
        version: "3.50.4".to_owned(),
        settings: vec![("journal_mode".to_owned(), "delete".to_owned())],
        storage: "file".into(),
        durability: Durability::PowerLoss,
        ..Facts::default()
    };
    Builder::new(&plan(), &facts, environment(), "2026-11-21T10:00:00.9Z".parse().unwrap())
}

/// A level of 4 ms whose acknowledged writes took `latencies`, alternating between the tables and dealt evenly to the workers; the
/// refused ones are all of the first table.
pub(crate) fn level(concurrency: u32, latencies: &[u64], refused: u64) -> LevelMeasurement {
    let mut operations: Vec<OperationMeasurement> = ["users", "posts"]
        .map(|name| OperationMeasurement { name: name.to_owned(), ..OperationMeasurement::default() })
        .into();
    latencies.iter().enumerate().for_each(|(index, ns)| operations[index % 2].succeeded.record(*ns));
    (0..refused).for_each(|_| operations[0].failed.record(5_000_000));
    operations[0].errors = refused;
    let count = latencies.len() as u64;
    let share = count / u64::from(concurrency);
    let worker = WorkerMeasurement {
        attempted: share + refused / u64::from(concurrency),
        succeeded: share,
        longest_ns: latencies.iter().max().copied().unwrap_or(0),
    };
    let slowest = latencies.iter().max().map(|ns| SlowOperation {
        latency_ns: *ns,
        worker: 0,
        operation: 1,
        row: 7,
        second: 0,
    });
    let error = ErrorMeasurement {
        operation: 0,
        code: "SQLITE_BUSY".into(),
        count: refused,
        sample: "database is locked".to_owned(),
    };
    LevelMeasurement {
        workload: "write".to_owned(),
        iteration: 1,
        concurrency,
        planned: count + refused,
        duration_ns: 4_000_000,
        complete: true,
        operations,
        time_series: vec![SecondMeasurement {
            operations: count,
            errors: refused,
            ..SecondMeasurement::default()
        }],
        workers: vec![worker; concurrency as usize],
        slowest: slowest.into_iter().collect(),
        errors: if refused > 0 { vec![error] } else { Vec::new() },
        resources: ResourceMeasurement { user_cpu_ns: Some(3_000_000), ..ResourceMeasurement::default() },
        floor_ns: 90,
        ..LevelMeasurement::default()
    }
}

/// Everything that was acknowledged is there.
pub(crate) fn verified(rows: u64) -> Verification {
    Verification {
        status: VerificationStatus::Verified,
        tables: vec![TableVerification { table: "users".to_owned(), expected: rows, found: Some(rows) }],
        sampled_rows: rows.min(100),
        integrity_check: Some(IntegrityCheck::Full),
        ..Verification::default()
    }
}

/// Two levels without a flaw.
pub(crate) fn finished() -> RunResult {
    let mut result = begun();
    result.add_level(&plan(), &level(1, &[1_000_000, 3_000_000], 0), verified(2), 1);
    result.add_level(&plan(), &level(2, &[1_200_000, 2_600_000], 0), verified(2), 1);
    result.finish(&plan(), Status::Completed, None);
    result.document
}

/// Base and a variant that is twice as fast, each at two sizes under a limit, three iterations; at the larger size the variant is killed.
pub(crate) fn experiment() -> RunResult {
    let mut result = begun();
    let mut position = 0;
    let points = [("base", "1MB"), ("base", "2MB"), ("wal", "1MB"), ("wal", "2MB")];
    for (index, (variant, size)) in points.into_iter().enumerate() {
        let mut case = plan();
        case.case = index;
        case.variant = variant.to_owned();
        case.parameters.insert("vars.file_size".to_owned(), size.into());
        case.limits = Limits { memory_bytes: Some(256 << 20), cpus: None };
        case.workloads[0].iterations = 3;
        for (iteration, ms) in [(1, 20), (2, 22), (3, 18)] {
            position += 1;
            if (variant, size) == ("wal", "2MB") {
                let failed = FailedIteration {
                    workload: "write".to_owned(),
                    concurrency: 1,
                    iteration,
                    position,
                    reason: "Killed: it needed more than 256 MiB.".to_owned(),
                    peak_memory_bytes: Some(256 << 20),
                };
                result.add_failure(&case, failed);
                continue;
            }
            let mut measured = level(1, &[1_000_000, 3_000_000], 0);
            measured.iteration = iteration;
            measured.duration_ns = ms * if variant == "wal" { 500_000 } else { 1_000_000 };
            measured.operations[1].payload_bytes = 1_000_000;
            result.add_level(&case, &measured, verified(2), position);
        }
    }
    result.finish(&plan(), Status::Completed, None);
    result.document
}

fn empty_dataset() -> Dataset {
    let rows = |name: &str| Rows { name: name.to_owned(), columns: Vec::new() };
    let parts = Parts {
        seed: 42,
        tables: Arc::new(vec![rows("users"), rows("posts")]),
        loaded: vec![0, 0],
        writers: vec![vec![(0, 2)], vec![(1, 2)]],
        actions: Vec::new(),
        ranks: vec![0, 1],
        combinations: vec![Vec::new(), Vec::new()],
        interleaving: Interleaving::Mixed,
        parts: 1,
        loaded_only: vec![false, false],
    };
    Dataset::new(parts).expect("nothing has to be distinct")
}
