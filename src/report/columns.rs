//! Which columns a table of levels has: what every workload has, and what only some have, where they have it.

use indexmap::IndexSet;

use super::setting::{differ_in_durability, short};
use crate::result::{Configuration, LatencyMs, OperationFigures, RunResult, Summary, last_key, plain_value};
use crate::units::{bytes, compact, count, duration, latency_or_dash, rate};

/// One column of a table of levels.
pub(super) struct Column {
    pub(super) header: String,
    /// Those with the greatest number go first when the line is too short; 0 always stays.
    pub(super) dispensable: u8,
    pub(super) cell: Cell,
    /// JSON pointer below the level to what the cell shows; absent where that is computed from several values.
    pub(super) place: Option<&'static str>,
}

impl Column {
    fn at(self, place: &'static str) -> Column {
        Column { place: Some(place), ..self }
    }
}

/// What a column shows of a level.
type Cell = Box<dyn Fn(&Configuration) -> String>;

/// The levels of one workload, in their order.
pub(super) struct Section<'a> {
    pub(super) workload: &'a str,
    pub(super) levels: Vec<&'a Configuration>,
}

/// One for each workload, in the order of their first levels.
pub(super) fn sections(result: &RunResult) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for level in &result.configurations {
        match sections.iter_mut().find(|section| section.workload == level.workload) {
            Some(section) => section.levels.push(level),
            None => sections.push(Section { workload: &level.workload, levels: vec![level] }),
        }
    }
    sections
}

/// Whether a result is nothing but one mix of writes of a single case, whose operations are its tables.
pub(super) fn is_mix_of_writes(result: &RunResult) -> bool {
    let sections = sections(result);
    sections.len() <= 1
        && !result.has_several_cases()
        && result.configurations.iter().all(|level| level.metrics.is_some())
}

/// The columns that these levels have something to say in.
pub(super) fn columns(result: &RunResult, levels: &[&Configuration]) -> Vec<Column> {
    let any = |has: fn(&Configuration) -> bool| levels.iter().any(|level| has(level));
    let writes = !any(|level| level.metrics.is_none());
    let open = any(|level| level.arrivals.is_some());
    let mut columns = cases(levels);
    let plain = columns.is_empty();
    if differ_in_durability(result, levels) {
        let base = result.engine.durability;
        columns.push(column("acknowledged", 0, move |level| {
            level.durability.or(base).map_or_else(dash, |class| short(class).to_owned())
        }));
    }
    columns.extend([
        column("workers", 0, |level| {
            let mark = if level.validity.valid { "" } else { "! " };
            format!("{mark}{}", level.concurrency)
        })
        .at("/concurrency"),
        column(succeeded_header(writes), if plain { 0 } else { 2 }, |level| count(level.succeeded))
            .at("/succeeded"),
        column("errors", 0, |level| count(level.overall.errors)).at("/overall/errors"),
    ]);
    if any(|level| level.unknown > 0) {
        columns.push(column("unknown", 0, |level| count(level.unknown)).at("/unknown"));
    }
    if any(|level| !level.failures.is_empty()) {
        columns.push(column("failed", 0, failed_iterations).at("/iterationsFailed"));
    }
    if open {
        columns.push(
            column("asked/s", 0, |level| {
                level.arrivals.as_ref().map_or_else(dash, |arrivals| rate(arrivals.asked_rate))
            })
            .at("/arrivals/askedRate"),
        );
        columns.push(
            column("achieved/s", 0, |level| {
                level.arrivals.as_ref().map_or_else(dash, |arrivals| rate(arrivals.achieved_rate))
            })
            .at("/arrivals/achievedRate"),
        );
    } else if any(|level| level.statistics.is_some()) {
        columns.push(
            column(median_header(writes), 0, |level| throughput(level).map_or_else(dash, rate))
                .at("/statistics/throughput/median"),
        );
        columns.push(
            column("95 % interval", 1, |level| {
                level.statistics.as_ref().map_or_else(dash, |found| interval(&found.throughput, rate))
            })
            .at("/statistics/throughput"),
        );
    } else {
        columns.push(
            column(rate_header(writes), 0, |level| rate(level.overall.throughput)).at("/overall/throughput"),
        );
    }
    if any(|level| level.cv.is_some()) {
        columns.push(column("cv", 1, |level| level.cv.map_or_else(dash, percent)).at("/cv"));
    }
    if any(|level| level.overall.bytes_per_second.is_some()) {
        columns.push(column("MB/s", 0, |level| payload(level).map_or_else(dash, megabytes)));
    }
    columns.extend([
        column("avg", 2, |level| time(level.overall.latency_ms, |l| l.avg)).at("/overall/latencyMs/avg"),
        column("p50", 4, |level| time(level.overall.latency_ms, |l| l.p50)).at("/overall/latencyMs/p50"),
        column("p95", 1, |level| time(level.overall.latency_ms, |l| l.p95)).at("/overall/latencyMs/p95"),
        column("p99", 0, |level| time(level.overall.latency_ms, |l| l.p99)).at("/overall/latencyMs/p99"),
        column("max", 3, |level| time(level.overall.latency_ms, |l| l.max)).at("/overall/latencyMs/max"),
    ]);
    columns.extend(of_some(levels));
    let limited = any(|level| level.limits.is_some());
    columns.extend([
        column("duration", 5, |level| duration(level.duration_ms)).at("/durationMs"),
        column("per worker", 6, per_worker).at("/workers"),
        column("memory", if limited { 1 } else { 7 }, |level| peak_memory(level).map_or_else(dash, bytes))
            .at("/resources/peakMemoryBytes"),
    ]);
    columns
}

fn column(header: &str, dispensable: u8, cell: impl Fn(&Configuration) -> String + 'static) -> Column {
    Column { header: header.to_owned(), dispensable, cell: Box::new(cell), place: None }
}

/// What only some workloads have.
fn of_some(levels: &[&Configuration]) -> Vec<Column> {
    let any = |has: fn(&Configuration) -> bool| levels.iter().any(|level| has(level));
    let mut columns = Vec::new();
    if any(|level| level.arrivals.is_some()) {
        columns.push(
            column("service p99", 0, |level| time(level.overall.service_ms, |l| l.p99))
                .at("/overall/serviceMs/p99"),
        );
        columns.push(
            column("backlog", 0, |level| {
                level.arrivals.as_ref().map_or_else(dash, |arrivals| count(arrivals.backlog_max))
            })
            .at("/arrivals/backlogMax"),
        );
    }
    if any(|level| level.pool.is_some()) {
        columns.push(
            column("checkout p99", 1, |level| {
                time(level.pool.as_ref().and_then(|pool| pool.checkout_ms), |l| l.p99)
            })
            .at("/pool/checkoutMs/p99"),
        );
    }
    if any(|level| level.batches.is_some()) {
        columns.push(
            column("batch p99", 1, |level| {
                time(level.batches.as_ref().and_then(|batches| batches.latency_ms), |l| l.p99)
            })
            .at("/batches/latencyMs/p99"),
        );
    }
    if any(|level| level.retries.is_some()) {
        columns.push(
            column("retries", 1, |level| level.retries.map_or_else(dash, |retries| count(retries.attempts)))
                .at("/retries/attempts"),
        );
    }
    columns
}

/// What tells cases apart: the variant, values of the matrix, and limits that are none of them. Empty where all levels are of one case.
pub(super) fn cases(levels: &[&Configuration]) -> Vec<Column> {
    let differ = |value: &dyn Fn(&Configuration) -> String| {
        let mut values = levels.iter().map(|level| value(level));
        let first = values.next();
        values.any(|other| Some(other) != first)
    };
    let mut columns = Vec::new();
    if differ(&|level| level.variant.clone()) {
        columns.push(column("variant", 0, |level| level.variant.clone()));
    }
    let keys: IndexSet<&String> = levels.iter().flat_map(|level| level.parameters.keys()).collect();
    for key in &keys {
        let twins = keys.iter().filter(|other| last_key(other) == last_key(key)).count();
        let header = if twins > 1 { key.as_str() } else { last_key(key) };
        let key = (*key).clone();
        let value = move |level: &Configuration| level.parameters.get(&key).map_or_else(dash, plain_value);
        if differ(&value) {
            columns.push(column(header, 0, value));
        }
    }
    let memory =
        |level: &Configuration| level.limits.and_then(|limits| limits.memory_bytes).map_or_else(dash, bytes);
    let cpus = |level: &Configuration| {
        level.limits.and_then(|limits| limits.cpus).map_or_else(dash, |cpus| cpus.to_string())
    };
    if !keys.iter().any(|key| *key == "limits.memory") && differ(&memory) {
        columns.push(column("memory limit", 0, memory));
    }
    if !keys.iter().any(|key| *key == "limits.cpus") && differ(&cpus) {
        columns.push(column("cpu limit", 0, cpus));
    }
    columns
}

/// Said with tables whose levels were repeated, since a comparison has medians over iterations.
pub(super) const TOGETHER: &str = "latencies of all iterations together";

/// Whether one of them was repeated.
pub(super) fn are_repeated<'a>(levels: impl IntoIterator<Item = &'a Configuration>) -> bool {
    levels.into_iter().any(|level| level.iterations.len() > 1)
}

/// The iterations' median where there are several; otherwise that of all. Absent where no iteration has figures.
pub(super) fn throughput(level: &Configuration) -> Option<f64> {
    Some(level.typical_throughput()).filter(|_| level.statistics.is_some() || !level.iterations.is_empty())
}

/// That of an iteration that was killed is a peak, too.
fn peak_memory(level: &Configuration) -> Option<u64> {
    let failed = level.failures.iter().filter_map(|failure| failure.peak_memory_bytes);
    failed.chain(level.resources.peak_memory_bytes).max()
}

/// Bytes per second: the iterations' median where there are several.
pub(super) fn payload(level: &Configuration) -> Option<f64> {
    let statistics = level.statistics.as_ref().and_then(|found| found.payload_bytes_per_second);
    statistics.map(|found| found.median).or(level.overall.bytes_per_second)
}

/// Millions of bytes.
pub(super) fn megabytes(bytes: f64) -> String {
    rate(bytes / 1e6)
}

/// `480–520`.
fn interval(summary: &Summary, drawn: fn(f64) -> String) -> String {
    summary.interval().map_or_else(dash, |(low, high)| format!("{}–{}", drawn(low), drawn(high)))
}

/// `2 of 10`.
fn failed_iterations(level: &Configuration) -> String {
    match level.iterations_failed {
        0 => "0".to_owned(),
        failed => format!("{failed} of {}", failed + level.iterations_succeeded),
    }
}

/// What acknowledged operations are called above their column.
pub(super) fn succeeded_header(writes: bool) -> &'static str {
    if writes { "written" } else { "succeeded" }
}

/// What operations per second are called above their column.
pub(super) fn rate_header(writes: bool) -> &'static str {
    if writes { "writes/s" } else { "ops/s" }
}

/// The same for the median of several iterations.
fn median_header(writes: bool) -> &'static str {
    if writes { "median writes/s" } else { "median ops/s" }
}

pub(super) fn dash() -> String {
    "–".to_owned()
}

pub(super) fn time(times: Option<LatencyMs>, pick: fn(&LatencyMs) -> f64) -> String {
    latency_or_dash(times.as_ref().map(pick))
}

/// `99.9 %`; never rounded to all or nothing.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        _ if share > 0.999_5 && share < 1.0 => "> 99.9 %".to_owned(),
        _ if share > 0.0 && share < 0.000_5 => "< 0.1 %".to_owned(),
        _ if share == 1.0 => "100 %".to_owned(),
        _ => format!("{percent:.1} %"),
    }
}

/// Fewest and most acknowledged operations of a worker.
fn per_worker(level: &Configuration) -> String {
    match (level.workers.fewest, level.workers.most) {
        (Some(fewest), Some(most)) if fewest.acknowledged != most.acknowledged => {
            format!("{}–{}", compact(fewest.acknowledged), compact(most.acknowledged))
        }
        (Some(fewest), _) => compact(fewest.acknowledged),
        _ => dash(),
    }
}

/// Header and rows of each operation at each level: what came of it and how long it took.
pub(super) fn operation_rows(levels: &[&Configuration]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut columns = cases(levels);
    if levels.len() > 1 {
        columns.push(column("workers", 0, |level| level.concurrency.to_string()));
    }
    let operations = || levels.iter().flat_map(|level| level.operations.values());
    let payload = operations().any(|figures| figures.bytes_per_second.is_some());
    let unknown = operations().any(|figures| figures.unknown > 0);
    let mut header = vec!["operation".to_owned()];
    header.extend(columns.iter().map(|column| column.header.clone()));
    header.extend(["count", "errors"].map(str::to_owned));
    header.extend(unknown.then(|| "unknown".to_owned()));
    header.extend(["success", "ops/s"].map(str::to_owned));
    header.extend(payload.then(|| "MB/s".to_owned()));
    header.extend(["avg", "p50", "p99"].map(str::to_owned));
    let rows = by_operation(levels).into_iter().map(|(name, level, figures)| {
        let mut row = vec![name.to_owned()];
        row.extend(columns.iter().map(|column| (column.cell)(level)));
        row.extend([count(figures.count), count(figures.errors)]);
        row.extend(unknown.then(|| count(figures.unknown)));
        row.extend([figures.success_rate.map_or_else(dash, percent), rate(figures.throughput)]);
        row.extend(payload.then(|| figures.bytes_per_second.map_or_else(dash, megabytes)));
        row.extend([
            time(figures.latency_ms, |l| l.avg),
            time(figures.latency_ms, |l| l.p50),
            time(figures.latency_ms, |l| l.p99),
        ]);
        row
    });
    (header, rows.collect())
}

/// Each operation at each level that has it, in the order of `operation_rows`.
pub(super) fn by_operation<'a>(
    levels: &[&'a Configuration],
) -> Vec<(&'a str, &'a Configuration, &'a OperationFigures)> {
    let names: IndexSet<&String> = levels.iter().flat_map(|level| level.operations.keys()).collect();
    let of = |name: &'a String| {
        levels.iter().filter_map(move |level| Some((name.as_str(), *level, level.operations.get(name)?)))
    };
    names.into_iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_to_all_or_nothing() {
        assert_eq!(
            [1.0, 0.999_9, 0.5, 0.000_1, 0.0].map(percent),
            ["100 %", "> 99.9 %", "50.0 %", "< 0.1 %", "0.0 %"]
        );
    }
}
