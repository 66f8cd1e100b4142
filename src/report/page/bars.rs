//! Cases, and several results, side by side: bars of throughput and p99, each with its change from the first.

use indexmap::{IndexMap, IndexSet};
use serde::Serialize;

use super::Shown;
use super::place::{Place, p99, p99_label, throughput};
use super::unlike::circumstances;
use crate::result::{Configuration, last_key, plain_value};
use crate::units::{latency, rate, workers};

/// What stands side by side at one number of workers and one point of the matrix.
#[derive(Debug, Serialize)]
pub(super) struct Bars {
    pub(super) title: String,
    /// Which p99 it is.
    pub(super) tail: &'static str,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) rate: Option<Bar>,
    pub(super) p99: Option<Bar>,
}

/// A figure as a bar. Lengths are shares of the longest of its group, per cent.
#[derive(Debug, Serialize)]
pub(super) struct Bar {
    pub(super) text: String,
    /// How it differs from the first row of its group; empty there, and no factor where the two do not share what they must.
    pub(super) change: String,
    pub(super) pointer: String,
    pub(super) length: f64,
    /// Start and width of its interval.
    pub(super) interval: Option<(f64, f64)>,
    /// The interval in words.
    pub(super) ends: String,
}

/// One of those that stand side by side.
struct One<'a> {
    name: String,
    level: &'a Configuration,
    /// Its place among all levels of its result.
    index: usize,
    /// What it must share with the first for a factor between them.
    circumstances: IndexMap<String, String>,
}

/// A workload with the title of its group.
type Key = (String, String);

/// A group for each workload, number of workers and point of the matrix where several variants or several results meet, the first and as many as
/// have no more rows than `most`; and how many groups there are.
pub(super) fn bars(shown: &[Shown<'_>], most: usize) -> (Vec<Bars>, usize) {
    let workloads: IndexSet<&str> = shown
        .iter()
        .flat_map(|one| one.result.configurations.iter().map(|level| level.workload.as_str()))
        .collect();
    let mut groups: IndexMap<Key, Vec<One<'_>>> = IndexMap::new();
    for one in shown {
        for (index, level) in one.result.configurations.iter().enumerate() {
            // Two workloads at one number of workers do not meet.
            let key = (level.workload.clone(), title(level, workloads.len() > 1));
            groups.entry(key).or_default().push(One {
                name: name(one, level, shown.len() > 1),
                level,
                index,
                circumstances: circumstances(one.result, level),
            });
        }
    }
    let several: Vec<_> = groups.into_iter().filter(|(_, group)| group.len() > 1).collect();
    let all = several.len();
    let mut rows = 0;
    let room = several.into_iter().take_while(|(_, group)| {
        let first = rows == 0;
        rows += group.len();
        first || rows <= most
    });
    (room.map(|((_, title), group)| drawn(title, &group)).collect(), all)
}

fn title(level: &Configuration, several: bool) -> String {
    let workload = several.then(|| level.workload.clone());
    let point =
        level.parameters.iter().map(|(key, value)| format!("{} {}", last_key(key), plain_value(value)));
    let at = std::iter::once(workers(&[level.concurrency]));
    workload.into_iter().chain(point).chain(at).collect::<Vec<_>>().join(", ")
}

fn name(shown: &Shown<'_>, level: &Configuration, several: bool) -> String {
    let varied = shown.result.configurations.iter().any(|other| other.variant != level.variant);
    match (several, varied) {
        (true, true) => format!("{}, {}", shown.name, level.variant),
        (true, false) => shown.name.clone(),
        _ => level.variant.clone(),
    }
}

fn drawn(title: String, group: &[One<'_>]) -> Bars {
    let rates = column(group, throughput, |value| format!("{}/s", rate(value)));
    let tails = column(group, p99, latency);
    let rows = group.iter().zip(rates).zip(tails).map(|((one, rate), p99)| {
        let mark = if one.level.validity.valid { "" } else { "! " };
        Row { name: format!("{mark}{}", one.name), rate, p99 }
    });
    Bars { title, tail: p99_label(group.iter().map(|one| one.level)), rows: rows.collect() }
}

fn column(
    group: &[One<'_>],
    figure: fn(&Configuration) -> Option<Place>,
    text: fn(f64) -> String,
) -> Vec<Option<Bar>> {
    let places: Vec<Option<Place>> = group.iter().map(|one| figure(one.level)).collect();
    let ends = places
        .iter()
        .flatten()
        .map(|place| place.interval.map_or(place.value, |(_, high)| high.max(place.value)));
    let most = ends.fold(0.0, f64::max);
    let length = |value: f64| if most > 0.0 { value / most * 100.0 } else { 0.0 };
    let first = places.first().and_then(Option::as_ref);
    let bar = |(number, (one, place)): (usize, (&One<'_>, &Option<Place>))| {
        let place = place.as_ref()?;
        let factor = first.filter(|_| number > 0).and_then(|base| place.factor(base));
        Some(Bar {
            text: text(place.value),
            change: match factor {
                None => String::new(),
                Some(factor) if one.circumstances == group[0].circumstances => times(factor),
                Some(_) => "differs".to_owned(),
            },
            pointer: format!("/configurations/{}{}", one.index, place.pointer),
            length: length(place.value),
            interval: place.interval.map(|(low, high)| (length(low), length(high) - length(low))),
            ends: place
                .interval
                .map_or_else(String::new, |(low, high)| format!("{} to {}", text(low), text(high))),
        })
    };
    group.iter().zip(&places).enumerate().map(bar).collect()
}

/// `× 1.25`, and of what is a small part `÷ 40.0`.
fn times(ratio: f64) -> String {
    match ratio {
        many if many >= 9.995 => format!("× {many:.1}"),
        few if few > 0.0 && few <= 0.1 => format!("÷ {:.1}", 1.0 / few),
        _ => format!("× {ratio:.2}"),
    }
}
