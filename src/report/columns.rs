//! Which columns a table of levels has: what every workload has, and what only some have, where they have it.

use crate::result::{Configuration, LatencyMs, RunResult};
use crate::units::{bytes, compact, count, duration, latency_or_dash, rate};

/// One column of a table of levels.
pub(super) struct Column {
    pub(super) header: &'static str,
    /// Those with the greatest number go first when the line is too short; 0 always stays.
    pub(super) dispensable: u8,
    pub(super) cell: fn(&Configuration) -> String,
}

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

/// Whether a result is nothing but one mix of writes, whose operations are its tables.
pub(super) fn is_mix_of_writes(result: &RunResult) -> bool {
    let sections = sections(result);
    sections.len() <= 1 && result.configurations.iter().all(|level| level.metrics.is_some())
}

/// The columns that these levels have something to say in.
pub(super) fn columns(levels: &[&Configuration]) -> Vec<Column> {
    let column = |header, dispensable, cell| Column { header, dispensable, cell };
    let any = |has: fn(&Configuration) -> bool| levels.iter().any(|level| has(level));
    let writes = !any(|level| level.metrics.is_none());
    let open = any(|level| level.arrivals.is_some());
    let mut columns = vec![
        column("workers", 0, |level| {
            let mark = if level.validity.valid { "" } else { "! " };
            format!("{mark}{}", level.concurrency)
        }),
        column(succeeded_header(writes), 0, |level| count(level.succeeded)),
        column("errors", 0, |level| count(level.overall.errors)),
    ];
    if open {
        columns.push(column("asked/s", 0, |level| {
            level.arrivals.as_ref().map_or_else(dash, |arrivals| rate(arrivals.asked_rate))
        }));
        columns.push(column("achieved/s", 0, |level| {
            level.arrivals.as_ref().map_or_else(dash, |arrivals| rate(arrivals.achieved_rate))
        }));
    } else {
        columns.push(column(rate_header(writes), 0, |level| rate(level.overall.throughput)));
    }
    if any(|level| level.cv.is_some()) {
        columns.push(column("cv", 1, |level| level.cv.map_or_else(dash, percent)));
    }
    columns.extend([
        column("avg", 2, |level| time(level.overall.latency_ms, |l| l.avg)),
        column("p50", 4, |level| time(level.overall.latency_ms, |l| l.p50)),
        column("p95", 1, |level| time(level.overall.latency_ms, |l| l.p95)),
        column("p99", 0, |level| time(level.overall.latency_ms, |l| l.p99)),
        column("max", 3, |level| time(level.overall.latency_ms, |l| l.max)),
    ]);
    if open {
        columns.push(column("service p99", 0, |level| time(level.overall.service_ms, |l| l.p99)));
        columns.push(column("backlog", 0, |level| {
            level.arrivals.as_ref().map_or_else(dash, |arrivals| count(arrivals.backlog_max))
        }));
    }
    if any(|level| level.pool.is_some()) {
        columns.push(column("checkout p99", 1, |level| {
            time(level.pool.as_ref().and_then(|pool| pool.checkout_ms), |l| l.p99)
        }));
    }
    if any(|level| level.batches.is_some()) {
        columns.push(column("batch p99", 1, |level| {
            time(level.batches.as_ref().and_then(|batches| batches.latency_ms), |l| l.p99)
        }));
    }
    if any(|level| level.retries.is_some()) {
        columns.push(column("retries", 1, |level| {
            level.retries.map_or_else(dash, |retries| count(retries.attempts))
        }));
    }
    columns.extend([
        column("duration", 5, |level| duration(level.duration_ms)),
        column("per worker", 6, per_worker),
        column("memory", 7, |level| level.resources.peak_memory_bytes.map_or_else(dash, bytes)),
    ]);
    columns
}

/// What acknowledged operations are called above their column.
pub(super) fn succeeded_header(writes: bool) -> &'static str {
    if writes { "written" } else { "succeeded" }
}

/// What operations per second are called above their column.
pub(super) fn rate_header(writes: bool) -> &'static str {
    if writes { "writes/s" } else { "ops/s" }
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
pub(super) fn operation_rows(levels: &[&Configuration]) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let several = levels.len() > 1;
    let mut header = vec!["operation", "count", "errors", "success", "ops/s", "avg", "p50", "p99"];
    if several {
        header.insert(1, "workers");
    }
    let names = levels.first().map(|level| level.operations.keys()).into_iter().flatten();
    let rows = names.flat_map(|name| {
        levels.iter().filter_map(move |level| {
            let figures = level.operations.get(name)?;
            let mut row = vec![name.clone()];
            if several {
                row.push(level.concurrency.to_string());
            }
            row.extend([
                count(figures.count),
                count(figures.errors),
                figures.success_rate.map_or_else(dash, percent),
                rate(figures.throughput),
                time(figures.latency_ms, |l| l.avg),
                time(figures.latency_ms, |l| l.p50),
                time(figures.latency_ms, |l| l.p99),
            ]);
            Some(row)
        })
    });
    (header, rows.collect())
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
