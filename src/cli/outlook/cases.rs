//! The cases of an experiment: what each will take, and a line for each.

use std::collections::HashMap;
use std::sync::Arc;

use super::size::Size;
use super::time::Disks;
use crate::cli::layout;
use crate::plan::{Experiment, Extent, Plan};
use crate::units::{bytes, count, duration};

/// What a case will take.
pub(super) struct Estimate {
    pub(super) size: Size,
    /// Bytes.
    pub(super) memory: u64,
    pub(super) nanos: f64,
}

/// The size of each case. Those that are planned alike are looked at once.
pub(super) fn sizes(experiment: &Experiment) -> Vec<Size> {
    let mut known: HashMap<usize, Size> = HashMap::new();
    let of = |plan: &Plan| {
        let dataset = plan.workloads.first().and_then(|workload| workload.crews.first());
        match dataset.map(|crew| Arc::as_ptr(&crew.dataset) as usize) {
            Some(same) => known.entry(same).or_insert_with(|| Size::of(plan)).clone(),
            None => Size::of(plan),
        }
    };
    experiment.cases.iter().map(of).collect()
}

/// What each case will take, and what the time of the first one rests on.
pub(super) fn estimate(experiment: &Experiment) -> (Vec<Estimate>, String) {
    let mut disks = Disks::default();
    let mut first_basis = None;
    let each = experiment.cases.iter().zip(sizes(experiment)).map(|(plan, size)| {
        let (nanos, basis) = disks.nanos(plan, &size);
        first_basis.get_or_insert(basis);
        Estimate { memory: size.memory(plan), size, nanos }
    });
    let estimates = each.collect();
    (estimates, first_basis.unwrap_or_default())
}

/// Operations of all levels and iterations of a case; those of a level that lasts for a time are not known.
fn operations(plan: &Plan) -> Option<u64> {
    let of = |workload: &crate::plan::Workload| match workload.extent {
        Extent::Total(total) => {
            Some(total * workload.concurrency.len() as u64 * u64::from(workload.iterations))
        }
        Extent::Time { .. } => None,
    };
    plan.workloads.iter().map(of).sum()
}

/// Levels with their iterations.
fn levels(plan: &Plan) -> u64 {
    plan.workloads.iter().map(|w| w.concurrency.len() as u64 * u64::from(w.iterations)).sum()
}

/// What all cases come to.
pub(super) fn totals(experiment: &Experiment) -> Vec<String> {
    let all: u64 = experiment.cases.iter().map(levels).sum();
    let mut lines = vec![format!("  levels     {}, iterations included", count(all))];
    let only_writes =
        |plan: &Plan| plan.workloads.iter().all(|workload| workload.only_writes(&plan.operations));
    let what = if experiment.cases.iter().all(only_writes) { "writes" } else { "operations" };
    if let Some(sum) = experiment.cases.iter().map(operations).sum::<Option<u64>>() {
        lines.push(format!("  {what:<10} {}", count(sum)));
    }
    lines
}

/// A line for each case: its variant, its values and limits, and what it will take.
pub(super) fn table(experiment: &Experiment, estimates: &[Estimate]) -> Vec<String> {
    let cases = &experiment.cases;
    let varied = cases.iter().any(|plan| plan.variant != cases[0].variant);
    let memory = |plan: &Plan| plan.limits.memory_bytes.map(bytes);
    let cpus = |plan: &Plan| plan.limits.cpus.map(|cpus| cpus.to_string());
    let parameters: Vec<&String> = cases[0].parameters.keys().collect();
    let limited = |key: &str, has: &dyn Fn(&Plan) -> bool| {
        !parameters.iter().any(|name| *name == key) && cases.iter().any(has)
    };
    let (with_memory, with_cpus) = (
        limited("limits.memory", &|p| p.limits.memory_bytes.is_some()),
        limited("limits.cpus", &|p| p.limits.cpus.is_some()),
    );
    let with_operations = cases.iter().any(|plan| operations(plan).is_some());
    let mut rows: Vec<Vec<String>> = Vec::new();
    let row = |variant: String, values: Vec<String>, rest: [String; 6]| {
        let [number, memory, cpus, operations, database, time] = rest;
        let mut cells = vec![number];
        cells.extend(varied.then_some(variant));
        cells.extend(values);
        cells.extend(with_memory.then_some(memory));
        cells.extend(with_cpus.then_some(cpus));
        cells.extend(with_operations.then_some(operations));
        cells.extend([database, time]);
        cells
    };
    let titles = ["", "limits.memory", "limits.cpus", "operations", "database", "time"].map(str::to_owned);
    rows.push(row("variant".to_owned(), parameters.iter().map(|name| (*name).clone()).collect(), titles));
    for (plan, estimate) in cases.iter().zip(estimates) {
        let dash = || "-".to_owned();
        let rest = [
            (plan.case + 1).to_string(),
            memory(plan).unwrap_or_else(dash),
            cpus(plan).unwrap_or_else(dash),
            operations(plan).map_or_else(dash, count),
            bytes(estimate.size.database),
            duration(estimate.nanos / 1e6),
        ];
        rows.push(row(plan.variant.clone(), plan.parameters.values().map(shown).collect(), rest));
    }
    aligned(&rows)
}

/// A value of the matrix: text as it is.
fn shown(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Columns as wide as their widest cell, two spaces apart.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let widest = |column: usize| rows.iter().map(|row| layout::width(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(layout::width(cell)))));
        format!("    {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
