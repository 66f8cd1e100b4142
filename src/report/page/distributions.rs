//! Latency distributions: what share of the operations stayed below what latency.

use indexmap::IndexMap;

use super::Room;
use super::chart::{Chart, Head, Kind, Point, axis};
use super::charts::Part;
use crate::result::{Configuration, Iteration, LatencyMs, decode_histogram, last_key, plain_value};
use crate::units::workers;

/// Levels whose distributions fit into one chart.
const MOST_SERIES: usize = 8;
/// Shares of the operations that the distribution is drawn at.
const QUANTILES: [f64; 12] = [0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999, 0.99999];
/// Those among the percentiles of iterations that iterations do not have.
const BETWEEN: [f64; 3] = [0.75, 0.98, 0.995];

const TEXT: &str = "Latency that a share of the operations did not exceed. Both axes are logarithmic: each step to the right is a tenth of the \
                    operations that are left. Bands reach from the fastest iteration to the slowest.";

/// One chart where all levels fit, one for each point of the matrix where those fit, otherwise one for each number of workers there.
pub(super) fn distributions(index: usize, parts: &[Part<'_>], room: Room) -> Vec<Chart> {
    let keys: [fn(&Configuration) -> Key; 3] =
        [|_| (String::new(), 0), |level| (point(level), 0), |level| (point(level), level.concurrency)];
    let groups = keys
        .map(|key| grouped(parts, key))
        .into_iter()
        .reduce(
            |coarse, fine| if coarse.values().any(|group| group.len() > MOST_SERIES) { fine } else { coarse },
        )
        .unwrap_or_default();
    let (shown, all) = (groups.len().min(room.charts), groups.len());
    let drawn =
        groups.into_iter().take(room.charts).enumerate().filter_map(|(number, ((name, _), levels))| {
            let mut text = TEXT.to_owned();
            if levels.len() > MOST_SERIES {
                text.push_str(&format!(" The first {MOST_SERIES} of {} levels are drawn.", levels.len()));
            }
            if shown < all {
                text.push_str(&format!(" These are {shown} of {all} charts; the others are in the result."));
            }
            // What all of them share stands in the title alone.
            let same = levels.iter().all(|(_, level)| level.concurrency == levels[0].1.concurrency);
            let at = workers(&[levels[0].1.concurrency]);
            let shared = Some(name)
                .filter(|name| !name.is_empty())
                .into_iter()
                .chain((same && levels.len() > 1).then_some(at));
            let shared = shared.collect::<Vec<_>>().join(", ");
            let title = if shared.is_empty() { String::new() } else { format!(": {shared}") };
            let head = Head {
                id: format!("latency-{index}-{number}"),
                title: format!("Latency distribution{title}"),
                text: &text,
            };
            let x = axis("share of operations", Kind::Percentile, true);
            let mut chart = Chart::new(head, x, axis("latency", Kind::Latency, true));
            let grouped = all > 1;
            for &(part, level) in levels.iter().take(MOST_SERIES) {
                let at = (!same || levels.len() == 1).then(|| workers(&[level.concurrency]));
                let name = if grouped { part.named_by_variant(level, at) } else { part.named(level, at) };
                if let Some(points) = points(&chart, part, level) {
                    chart.add(name, points);
                }
            }
            (!chart.series.is_empty()).then_some(chart)
        });
    drawn.collect()
}

/// Values of the matrix.
fn point(level: &Configuration) -> String {
    let values =
        level.parameters.iter().map(|(key, value)| format!("{} {}", last_key(key), plain_value(value)));
    values.collect::<Vec<_>>().join(", ")
}

/// A group's key, of which the first part is its name.
type Key = (String, u32);

fn grouped<'p, 'a>(
    parts: &'p [Part<'a>],
    key: fn(&Configuration) -> Key,
) -> IndexMap<Key, Vec<(&'p Part<'a>, &'a Configuration)>> {
    let mut groups: IndexMap<Key, Vec<(&Part<'_>, &Configuration)>> = IndexMap::new();
    for part in parts {
        for level in &part.section.levels {
            groups.entry(key(level)).or_default().push((part, *level));
        }
    }
    groups
}

/// As far as there are operations beyond a share.
fn points(chart: &Chart, part: &Part<'_>, level: &Configuration) -> Option<Vec<Point>> {
    let histogram = level.histogram.as_deref().and_then(decode_histogram)?;
    let reached = |share: &&f64| (1.0 - **share) * histogram.len() as f64 >= 1.0 || **share == 0.0;
    // A band between percentiles that iterations do not have would be a guess, beside a line that is none.
    let banded = level.iterations.len() > 1;
    let guessed = |share: &&f64| banded && BETWEEN.contains(*share);
    let points = QUANTILES.iter().filter(reached).filter(|share| !guessed(share)).map(|&share| {
        let ms = histogram.value_at_quantile(share) as f64 / 1e6;
        let mut point =
            chart.point(1.0 / (1.0 - share), Some(ms), part.pointer(level, &place(level, share, ms)));
        (point.low, point.high) = iterations(level, share).unzip();
        point
    });
    Some(points.collect())
}

/// The figure itself where the result has it, otherwise the histogram that it was read from.
fn place(level: &Configuration, share: f64, ms: f64) -> String {
    let figure = |name: &str, of: fn(&LatencyMs) -> f64| {
        let same = level.overall.latency_ms.as_ref().is_some_and(|latency| of(latency) == ms);
        same.then(|| format!("/overall/latencyMs/{name}"))
    };
    let found = match permille(share) {
        500 => figure("p50", |latency| latency.p50),
        900 => figure("p90", |latency| latency.p90),
        950 => figure("p95", |latency| latency.p95),
        990 => figure("p99", |latency| latency.p99),
        999 => figure("p999", |latency| latency.p999),
        _ => None,
    };
    found.unwrap_or_else(|| "/histogram".to_owned())
}

/// Exact for all quantiles that a result has; one that is none of them is no whole number and gives 0.
fn permille(share: f64) -> u32 {
    let permille = share * 1000.0;
    if (permille - permille.round()).abs() < 1e-9 { permille.round() as u32 } else { 0 }
}

/// Least and most over the iterations, where they have this percentile.
fn iterations(level: &Configuration, share: f64) -> Option<(f64, f64)> {
    let pick = |one: &Iteration| match permille(share) {
        500 => one.p50_ms,
        900 => one.p90_ms,
        950 => one.p95_ms,
        990 => one.p99_ms,
        999 => one.p999_ms,
        _ => None,
    };
    if level.iterations.len() < 2 {
        return None;
    }
    let values: Option<Vec<f64>> = level.iterations.iter().map(pick).collect();
    let values = values?;
    let least = values.iter().copied().reduce(f64::min)?;
    Some((least, values.into_iter().reduce(f64::max)?))
}
