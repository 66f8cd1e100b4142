//! Roughly how long a case takes: what a transaction costs with its settings on its disk, which is measured for a moment.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::size::Size;
use crate::machine;
use crate::plan::{BatchSize, Extent, Kind, Load, Plan, WarmUp, Workload};
use crate::units::latency;

/// A single-row transaction without any sync.
const TRANSACTION_NS: f64 = 30_000.0;
/// A row within a transaction, a row that is loaded, and a read.
const WITHIN_NS: f64 = 5_000.0;
/// A transaction that writes on a server, and a read: with the way there and back. Nobody asks the server.
const SERVER_NS: f64 = 1_000_000.0;
const SERVER_READ_NS: f64 = 100_000.0;
/// Operations that write more bytes than this are as slow as the disk takes them.
const LARGE: f64 = 16_384.0;
/// How often they are written: to the database, and to its journal or log or while they are moved.
const TIMES_WRITTEN: f64 = 2.0;

/// What was measured of a folder's disk; absent where it could not be.
#[derive(Clone, Copy)]
struct Disk {
    sync_ns: Option<u64>,
    /// Measured only where operations are large.
    bytes_per_second: Option<Option<f64>>,
}

/// Measures each folder once.
#[derive(Default)]
pub(super) struct Disks {
    known: HashMap<PathBuf, Disk>,
}

impl Disks {
    /// Nanoseconds of a case, and what the figure rests on.
    pub(super) fn nanos(&mut self, plan: &Plan, size: &Size) -> (f64, String) {
        let (per_write, basis) = self.nanos_per_write(plan);
        let each = plan.workloads.iter().zip(&size.written).map(|(workload, written)| {
            let operation_ns = operation_ns(plan, workload, per_write);
            let large = self.large_ns(plan, workload, *written);
            workload_ns(workload, operation_ns, large)
        });
        let loaded: f64 = each.sum();
        let rows = plan.workloads.first().and_then(|workload| workload.crews.first());
        let rows = rows.map_or(0, |crew| crew.dataset.load_total());
        (loaded + rows as f64 * WITHIN_NS, basis)
    }

    fn disk(&mut self, path: &Path) -> &mut Disk {
        let folder = existing_folder(path).to_owned();
        let measure =
            |folder: &PathBuf| Disk { sync_ns: machine::sync_latency_ns(folder), bytes_per_second: None };
        self.known.entry(folder).or_insert_with_key(measure)
    }

    /// Nanoseconds per write, and what the figure rests on.
    fn nanos_per_write(&mut self, plan: &Plan) -> (f64, String) {
        if plan.database.postgres().is_some() {
            let basis = "at a guess of 1 ms a transaction: what the server and the way to it take shows only in a run";
            return (SERVER_NS, basis.to_owned());
        }
        let Some(path) = plan.database.file() else {
            return (TRANSACTION_NS / 5.0, "a single-row transaction in memory".to_owned());
        };
        let syncs = syncs(plan);
        // Around each write the tables are made, then its parents (one or two as a rule), and the tables are dropped.
        let transactions = if plan.per_write() { 4.5 } else { 1.0 };
        let Some(sync) = self.disk(path).sync_ns else {
            return (TRANSACTION_NS * transactions, "syncs could not be measured".to_owned());
        };
        let nanos = (TRANSACTION_NS + syncs * sync as f64) * transactions;
        let sync = latency(sync as f64 / 1e6);
        (nanos, format!("{syncs} syncs a transaction at {sync} here; more workers may take longer"))
    }

    /// Nanoseconds that a level's bytes take, where its operations are large.
    fn large_ns(&mut self, plan: &Plan, workload: &Workload, written: f64) -> f64 {
        let operations: u64 = workload.crews.iter().flat_map(|crew| &crew.counts).sum();
        let Some(path) = plan.database.file() else { return 0.0 };
        if written < LARGE * operations as f64 {
            return 0.0;
        }
        let folder = existing_folder(path).to_owned();
        let disk = self.disk(path);
        let speed = *disk.bytes_per_second.get_or_insert_with(|| machine::write_bytes_per_second(&folder));
        speed.map_or(0.0, |speed| written * TIMES_WRITTEN / speed * 1e9)
    }
}

/// Syncs of a transaction that writes, with the plan's settings.
fn syncs(plan: &Plan) -> f64 {
    let setting =
        |name: &str| plan.database.pragmas().iter().find(|p| p.name == name).map(|p| p.expected.as_str());
    match (setting("journal_mode").unwrap_or("delete"), setting("synchronous").unwrap_or("2")) {
        (_, "0") | ("wal", "1") => 0.0,
        ("wal" | "memory" | "off", _) => 1.0,
        ("delete" | "truncate", "1") => 3.0,
        ("delete", "2") | ("persist", "1") => 4.0,
        _ => 5.0,
    }
}

/// The nearest folder above a path that exists.
pub(super) fn existing_folder(path: &Path) -> &Path {
    path.ancestors().skip(1).find(|p| p.is_dir()).unwrap_or(Path::new("."))
}

/// Nanoseconds per operation of a workload, if a transaction that writes takes so many.
fn operation_ns(plan: &Plan, workload: &Workload, transaction_ns: f64) -> f64 {
    let (mut writes, mut all) = (0, 0);
    for crew in &workload.crews {
        for (operation, times) in plan.operations.iter().zip(&crew.counts) {
            all += times;
            let reads = matches!(
                operation.kind,
                Kind::Get { .. } | Kind::Find { .. } | Kind::Scan { .. } | Kind::Sql { writes: false }
            );
            writes += if reads { 0 } else { *times };
        }
    }
    let share = writes as f64 / all.max(1) as f64;
    let write_ns = match workload.batch.map(|batch| batch.size) {
        None => transaction_ns,
        Some(BatchSize::Fixed(size) | BatchSize::Adaptive { max: size, .. }) => {
            transaction_ns / size as f64 + WITHIN_NS
        }
    };
    let read_ns = if plan.database.postgres().is_some() { SERVER_READ_NS } else { WITHIN_NS };
    share * write_ns + (1.0 - share) * read_ns
}

/// A workload's nanoseconds, if an operation takes so many, and the bytes of a level so many more.
fn workload_ns(workload: &Workload, nanos_per_operation: f64, large_ns: f64) -> f64 {
    let rounds = workload.concurrency.len() as f64 * f64::from(workload.iterations);
    let measured = match (workload.extent, &workload.load) {
        (Extent::Time { duration_ns, .. }, _) => duration_ns as f64,
        (Extent::Total(total), Load::Closed) => total as f64 * nanos_per_operation + large_ns,
        (Extent::Total(total), Load::Open { stages, .. }) => {
            // At the pace of its last stage, which goes on until all have arrived.
            let per_second = stages.last().map_or(1.0, |stage| stage.rate);
            total as f64 / per_second * 1e9
        }
    };
    let before = match workload.warm_up {
        WarmUp::None => 0.0,
        WarmUp::Operations(many) => many as f64 * nanos_per_operation,
        WarmUp::Time { duration_ns, .. } => duration_ns as f64,
    };
    (measured + before) * rounds
}
