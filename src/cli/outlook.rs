//! What a plan will do, in words, and roughly what it will take.

use std::fmt::Write;
use std::path::Path;

use crate::dataset::Workspace;
use crate::machine;
use crate::plan::{Location, Plan};
use crate::units::{bytes, count, duration, latency};
use crate::value::ValueRef;

/// Rows of each table that are made to estimate their size.
const SAMPLE: u64 = 200;
/// What a row takes on disk beyond its values, pages and indexes included; seen with rows of about 100 bytes.
const BYTES_PER_ROW: f64 = 40.0;
/// A single-row transaction without any sync.
const TRANSACTION_NS: f64 = 30_000.0;

/// A few lines: levels, writes per table, time and disk.
pub(super) fn describe(plan: &Plan) -> String {
    let mut text = String::new();
    let workload = &plan.workloads[0];
    let crew = &workload.crews[0];
    let levels: Vec<String> = workload.concurrency.iter().map(u32::to_string).collect();
    let whole = workload.planned() * workload.concurrency.len() as u64;
    let mut line = |words: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{words}");
    };
    line(plan.name.clone());
    if !plan.description.is_empty() {
        line(format!("  {}", plan.description));
    }
    line(format!("  levels     {} ({} workers)", workload.concurrency.len(), levels.join(", ")));
    line(format!("  writes     {} per level, {} in all", count(workload.planned()), count(whole)));
    for (operation, &times) in plan.operations.iter().zip(&crew.counts) {
        line(format!("             {:>12}  {}", count(times), operation.name));
    }
    let size = disk_bytes(plan);
    match &plan.database.location {
        Location::File(path) => {
            let free = machine::free_bytes(existing_folder(path));
            let free = free.map_or(String::new(), |free| format!(", {} free", bytes(free)));
            line(format!("  database   {}, about {}{free}", path.display(), bytes(size)));
        }
        Location::Memory { .. } => line(format!("  database   in memory, about {}", bytes(size))),
    }
    let (nanos, basis) = nanos_per_write(plan);
    line(format!("  time       about {} ({basis})", duration(nanos * whole as f64 / 1e6)));
    text.trim_end().to_owned()
}

fn existing_folder(path: &Path) -> &Path {
    path.ancestors().skip(1).find(|p| p.is_dir()).unwrap_or(Path::new("."))
}

fn disk_bytes(plan: &Plan) -> u64 {
    let mut workspace = Workspace::default();
    let mut total = 0.0;
    let crew = &plan.workloads[0].crews[0];
    for (operation, &times) in plan.operations.iter().zip(&crew.counts) {
        let Some(table) = operation.inserts() else { continue };
        let sample = times.min(SAMPLE);
        let mut payload = 0usize;
        for row in 0..sample {
            let measure = &mut |value: ValueRef<'_>| {
                payload += match value {
                    ValueRef::Null => 0,
                    ValueRef::Integer(_) | ValueRef::Real(_) => 8,
                    ValueRef::Text(text) => text.len(),
                    ValueRef::Blob(blob) => blob.len(),
                }
            };
            // A row that cannot be made is told when it is made for real.
            let _ = crew.dataset.row(table, row, &mut workspace, measure);
        }
        total += (payload as f64 / sample.max(1) as f64 + BYTES_PER_ROW) * times as f64;
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
