//! What a plan will do, in words, and roughly what it will take.

use std::fmt::Write;
use std::path::Path;

use crate::dataset::Workspace;
use crate::machine;
use crate::plan::{
    Arrivals, BatchMode, BatchSize, Crew, Extent, Kind, Load, Location, Plan, WarmUp, Workload,
};
use crate::units::{bytes, count, duration, latency, rate};
use crate::value::ValueRef;

/// Rows of each table that are made to estimate their size.
const SAMPLE: u64 = 200;
/// What a row takes on disk beyond its values, pages and indexes included; seen with rows of about 100 bytes.
const BYTES_PER_ROW: f64 = 40.0;
/// A single-row transaction without any sync.
const TRANSACTION_NS: f64 = 30_000.0;
/// A row within a transaction, and a read.
const WITHIN_NS: f64 = 5_000.0;

/// A few lines: for each workload its levels, operations and their pace; loaded rows, time and disk.
pub(super) fn describe(plan: &Plan) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{words}");
    };
    line(plan.name.clone());
    if !plan.description.is_empty() {
        line(format!("  {}", plan.description));
    }
    let several = plan.workloads.len() > 1;
    for workload in &plan.workloads {
        if several {
            line(format!("  workload   {}", workload.name));
        }
        of_workload(plan, workload).into_iter().for_each(&mut line);
    }
    for (index, loaded) in loaded(plan).into_iter().enumerate() {
        let title = if index == 0 { "loaded" } else { "" };
        line(format!("  {title:<10} {loaded}"));
    }
    let size = plan.workloads.iter().map(|workload| disk_bytes(plan, workload)).max().unwrap_or(0);
    match &plan.database.location {
        Location::File(path) => {
            let free = machine::free_bytes(existing_folder(path));
            let free = free.map_or(String::new(), |free| format!(", {} free", bytes(free)));
            line(format!("  database   {}, about {}{free}", path.display(), bytes(size)));
        }
        Location::Memory { .. } => line(format!("  database   in memory, about {}", bytes(size))),
    }
    let (nanos, basis) = nanos_per_write(plan);
    let whole: f64 = plan.workloads.iter().map(|w| workload_ns(w, operation_ns(plan, w, nanos))).sum();
    line(format!("  time       about {} ({basis})", duration(whole / 1e6)));
    text.trim_end().to_owned()
}

fn ms(ns: u64) -> String {
    duration(ns as f64 / 1e6)
}

fn of_workload(plan: &Plan, workload: &Workload) -> Vec<String> {
    let levels: Vec<String> = workload.concurrency.iter().map(u32::to_string).collect();
    let repeated = match workload.iterations {
        1 => String::new(),
        times => format!(", {} times each", count(u64::from(times))),
    };
    let noun = if workload.concurrency == [1] { "worker" } else { "workers" };
    let mut lines = vec![format!("  levels     {} ({} {noun}){repeated}", levels.len(), levels.join(", "))];
    let what = if workload.only_writes(&plan.operations) { "writes" } else { "operations" };
    let rounds = workload.concurrency.len() as u64 * u64::from(workload.iterations);
    lines.push(match workload.extent {
        Extent::Total(total) => {
            format!("  {what:<10} {} per level, {} in all", count(total), count(total * rounds))
        }
        Extent::Time { duration_ns, at_most } => {
            format!("  {what:<10} for {} per level, at most {}", ms(duration_ns), count(at_most))
        }
    });
    for crew in &workload.crews {
        lines.extend(of_crew(plan, workload, crew));
    }
    lines.extend(match workload.warm_up {
        WarmUp::None => None,
        WarmUp::Operations(many) => Some(format!("  warm-up    {} operations", count(many))),
        WarmUp::Time { duration_ns, .. } => Some(format!("  warm-up    {}", ms(duration_ns))),
    });
    if let Load::Open { arrivals, stages } = &workload.load {
        let spread = match arrivals {
            Arrivals::Constant => "evenly",
            Arrivals::Poisson => "at random",
        };
        let stage = |stage: &crate::plan::Stage| match stage.duration_ns {
            Some(ns) => format!("{} for {}", rate(stage.rate), ms(ns)),
            None => rate(stage.rate),
        };
        let stages: Vec<String> = stages.iter().map(stage).collect();
        lines.push(format!("  rate       {} per second, {spread}", stages.join(", then ")));
    }
    if let Some(batch) = workload.batch {
        let size = match batch.size {
            BatchSize::Fixed(size) => count(size),
            BatchSize::Adaptive { min, max, .. } => format!("{} to {}", count(min), count(max)),
        };
        let how = match batch.mode {
            BatchMode::Transaction => "in one transaction",
            BatchMode::MultiRow => "in one INSERT for each table",
        };
        lines.push(format!("  batches    of {size}, {how}"));
    }
    if let Some(retry) = &workload.retry {
        let noun = if retry.attempts == 1 { "attempt" } else { "attempts" };
        lines.push(format!("  retry      {} {noun} on {}", retry.attempts, retry.on.join(", ")));
    }
    if let Some(pool) = workload.pool {
        let noun = if pool.max == 1 { "connection" } else { "connections" };
        let from = if pool.initial < pool.max { format!("{} to ", pool.initial) } else { String::new() };
        lines.push(format!("  pool       {from}{} {noun}", pool.max));
    }
    lines
}

/// The operations of a crew; how often each comes in a level, or its part of all.
fn of_crew(plan: &Plan, workload: &Workload, crew: &Crew) -> Vec<String> {
    // How many are measured is known only where nothing of it is time or warm-up.
    let open = matches!(workload.extent, Extent::Time { .. }) || workload.warm_up != WarmUp::None;
    let total: u64 = crew.counts.iter().sum();
    let each = plan.operations.iter().zip(&crew.counts).filter(|(_, times)| **times > 0);
    each.map(|(operation, &times)| {
        let name = &operation.name;
        match crew.workers {
            Some(workers) => {
                let noun = if workers == 1 { "worker" } else { "workers" };
                format!("             {:>12}  {name}", format!("{workers} {noun}"))
            }
            None if open => {
                let percent = 100.0 * times as f64 / total.max(1) as f64;
                format!("             {:>12}  {name}", format!("{percent:.1} %"))
            }
            None => format!("             {:>12}  {name}", count(times)),
        }
    })
    .collect()
}

/// Tables with rows that are there before a level.
fn loaded(plan: &Plan) -> Vec<String> {
    let Some(crew) = plan.workloads.first().and_then(|workload| workload.crews.first()) else {
        return Vec::new();
    };
    let each = plan.tables.iter().enumerate().map(|(index, table)| (crew.dataset.loaded(index), &table.name));
    each.filter(|(rows, _)| *rows > 0).map(|(rows, name)| format!("{:>14}  {name}", count(rows))).collect()
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
    share * write_ns + (1.0 - share) * WITHIN_NS
}

/// A workload's nanoseconds, if an operation takes so many.
fn workload_ns(workload: &Workload, nanos_per_operation: f64) -> f64 {
    let rounds = workload.concurrency.len() as f64 * f64::from(workload.iterations);
    let measured = match (workload.extent, &workload.load) {
        (Extent::Time { duration_ns, .. }, _) => duration_ns as f64,
        (Extent::Total(total), Load::Closed) => total as f64 * nanos_per_operation,
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

fn existing_folder(path: &Path) -> &Path {
    path.ancestors().skip(1).find(|p| p.is_dir()).unwrap_or(Path::new("."))
}

fn disk_bytes(plan: &Plan, workload: &Workload) -> u64 {
    let mut workspace = Workspace::default();
    let mut total = 0.0;
    for (index, crew) in workload.crews.iter().enumerate() {
        for table in 0..plan.tables.len() {
            // Loaded rows are there once, whichever crew is asked.
            let loaded = if index == 0 { crew.dataset.loaded(table) } else { 0 };
            let inserts = plan.operations.iter().zip(&crew.counts);
            let inserts =
                inserts.filter(|(o, _)| matches!(o.kind, Kind::Insert { table: of } if of == table));
            let rows = loaded + inserts.map(|(_, &times)| times).sum::<u64>();
            let sample = rows.min(SAMPLE);
            let mut payload = 0usize;
            for row in 0..sample {
                let measure = &mut |value: ValueRef<'_>| {
                    payload += match value {
                        ValueRef::Null => 0,
                        ValueRef::Integer(_) | ValueRef::Real(_) => 8,
                        ValueRef::Text(text) => text.len(),
                        ValueRef::Blob(blob) => blob.len(),
                        ValueRef::Pooled(blob) => blob.len() as usize,
                    }
                };
                // A row that cannot be made is told when it is made for real.
                let _ = crew.dataset.row(table, row, &mut workspace, measure);
            }
            total += (payload as f64 / sample.max(1) as f64 + BYTES_PER_ROW) * rows as f64;
        }
    }
    total as u64
}

/// Nanoseconds per write, and what the figure rests on.
fn nanos_per_write(plan: &Plan) -> (f64, String) {
    let Location::File(path) = &plan.database.location else {
        return (TRANSACTION_NS / 5.0, "a single-row transaction in memory".to_owned());
    };
    let setting =
        |name: &str| plan.database.pragmas.iter().find(|p| p.name == name).map(|p| p.expected.as_str());
    let journal = setting("journal_mode").unwrap_or("delete");
    let synchronous = setting("synchronous").unwrap_or("2");
    let syncs = match (journal, synchronous) {
        (_, "0") | ("wal", "1") => 0.0,
        ("wal" | "memory" | "off", _) => 1.0,
        ("delete" | "truncate", "1") => 3.0,
        ("delete", "2") | ("persist", "1") => 4.0,
        _ => 5.0,
    };
    // Around each write the tables are made, then its parents (one or two as a rule), and the tables are dropped.
    let transactions = if plan.per_write() { 4.5 } else { 1.0 };
    let Some(sync) = machine::sync_latency_ns(existing_folder(path)) else {
        return (TRANSACTION_NS * transactions, "syncs could not be measured".to_owned());
    };
    let nanos = (TRANSACTION_NS + syncs * sync as f64) * transactions;
    (
        nanos,
        format!(
            "{syncs} syncs a transaction at {} here; more workers may take longer",
            latency(sync as f64 / 1e6)
        ),
    )
}
