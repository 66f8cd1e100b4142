//! What an experiment will do, in words, and roughly what it will take.

mod cases;
mod room;
mod size;
mod time;

use crate::machine;
use crate::plan::{
    Arrivals, BatchMode, BatchSize, CaseOrder, Crew, Experiment, Extent, Load, Plan, WarmUp, Workload,
};
use crate::units::{bytes, count, duration, rate};
use cases::Estimate;

pub(super) use room::refuse;

/// A few lines: for each workload its levels, operations and their pace; loaded rows, time, disk and memory. Where there are several cases, a line
/// for each.
pub(super) fn describe(experiment: &Experiment) -> String {
    let plan = experiment.first();
    let (estimates, basis) = cases::estimate(experiment);
    let mut lines = vec![plan.name.clone()];
    if !plan.description.is_empty() {
        lines.push(format!("  {}", plan.description));
    }
    let several = experiment.cases.len() > 1;
    if several {
        let order = match experiment.case_order {
            CaseOrder::Random => "in random order",
            CaseOrder::File => "in the order of the file",
        };
        lines.push(format!("  cases      {}, {order}", count(experiment.cases.len() as u64)));
        lines.extend(cases::table(experiment, &estimates));
        lines.push("  the first case:".to_owned());
    }
    for workload in &plan.workloads {
        if plan.workloads.len() > 1 {
            lines.push(format!("  workload   {}", workload.name));
        }
        lines.extend(of_workload(plan, workload));
    }
    for (index, loaded) in loaded(plan).into_iter().enumerate() {
        let title = if index == 0 { "loaded" } else { "" };
        lines.push(format!("  {title:<10} {loaded}"));
    }
    if several {
        lines.push("  all cases:".to_owned());
        lines.extend(cases::totals(experiment));
    }
    lines.extend(needs(experiment, &estimates, &basis, several));
    lines.join("\n")
}

/// Disk, memory and time.
fn needs(experiment: &Experiment, estimates: &[Estimate], basis: &str, several: bool) -> Vec<String> {
    let plan = experiment.first();
    let size = estimates.iter().map(|estimate| estimate.size.database).max().unwrap_or(0);
    let memory = estimates.iter().map(|estimate| estimate.memory).max().unwrap_or(0);
    let largest = if several { " for the largest case" } else { "" };
    let database = match (plan.database.file(), plan.database.postgres()) {
        (Some(path), _) => {
            let free = machine::free_bytes(time::existing_folder(path));
            let free = free.map_or(String::new(), |free| format!(", {} free", bytes(free)));
            format!("{}, about {}{largest}{free}", path.display(), bytes(size))
        }
        (None, Some(server)) => {
            format!("schema {} of a server, about {}{largest}", server.schema, bytes(size))
        }
        (None, None) => format!("in memory, about {}{largest}", bytes(size)),
    };
    let whole: f64 = estimates.iter().map(|estimate| estimate.nanos).sum();
    vec![
        format!("  database   {database}"),
        format!("  memory     about {}{largest}", bytes(memory)),
        format!("  time       about {} ({basis})", duration(whole / 1e6)),
    ]
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
