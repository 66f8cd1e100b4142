//! How much each workload does, by how many, and how fast: its own keys, and those of the top where it says nothing.
//!
//! Which operations it does is left to `mixes`.

use super::extras::{batch, pool, retry};
use super::load_keys::{Keys, Section};
use super::sizes;
use super::tables::Input;
use super::workload::{Arrivals, Batch, Extent, Load, Pool, Retry, Stage, WarmUp};
use crate::diagnostic::{Code, Diagnostic};
use crate::scenario::{ArrivalsKey, LoadKeys, Reset, StageSection, WorkloadSection};

/// Everything about a workload but its operations.
#[derive(Debug)]
pub(super) struct Settled<'a> {
    pub(super) name: String,
    /// Absent where the file has no workloads.
    pub(super) section: Option<&'a WorkloadSection>,
    pub(super) extent: Extent,
    pub(super) concurrency: Vec<u32>,
    pub(super) iterations: u32,
    pub(super) warm_up: WarmUp,
    pub(super) reset: Reset,
    pub(super) load: Load,
    pub(super) retry: Option<Retry>,
    pub(super) batch: Option<Batch>,
    pub(super) pool: Option<Pool>,
}

impl Settled<'_> {
    /// Operations on the tape of one part.
    pub(super) fn part_total(&self) -> u64 {
        let measured = match self.extent {
            Extent::Total(total) => total,
            Extent::Time { at_most, .. } => at_most,
        };
        measured + self.warm_up.at_most()
    }

    /// Parts that follow each other in the same tables.
    pub(super) fn parts(&self) -> u64 {
        match self.reset {
            Reset::Scenario => self.concurrency.len() as u64 * u64::from(self.iterations),
            Reset::Level => u64::from(self.iterations),
            Reset::Iteration | Reset::Write => 1,
        }
    }
}

/// Settles every workload of the file, or the one that the file is. Faults are added to `faults`; a workload with some is left out.
pub(super) fn settle<'a>(input: &Input<'a>, faults: &mut Vec<Diagnostic>) -> Vec<Settled<'a>> {
    let scenario = input.scenario;
    let top = Section { keys: scenario.load(), workload: None };
    if scenario.workloads.is_empty() {
        let keys = Keys { input, own: top, top, faults };
        return one(keys, scenario.test.clone(), None).into_iter().collect();
    }
    let each = scenario.workloads.iter().filter_map(|(name, section)| {
        let own = Section { keys: section.load(), workload: Some(name) };
        one(Keys { input, own, top, faults }, name.clone(), Some(section))
    });
    each.collect()
}

fn one<'a>(
    mut keys: Keys<'_, 'a>,
    name: String,
    section: Option<&'a WorkloadSection>,
) -> Option<Settled<'a>> {
    let before = keys.faults.len();
    let roles = section.and_then(|section| section.workers.as_ref());
    let load = pace(&mut keys);
    let extent = extent(&mut keys, &load, roles.is_some());
    let warm_up = warm_up(&mut keys, &load, extent);
    let concurrency = concurrency(&mut keys, section);
    let batch = batch(&mut keys);
    let retry = retry(&mut keys);
    let pool = pool(&mut keys);
    let reset = keys.own.keys.reset.or(keys.top.keys.reset).unwrap_or_default();
    let iterations = keys.own.keys.iterations.or(keys.top.keys.iterations).unwrap_or(1);
    let open = matches!(load, Some(Load::Open { .. }));
    let pace_home = keys.home(|k| k.rate.is_some() || k.stages.is_some());
    let pace_key = if pace_home.keys.stages.is_some() { "stages" } else { "rate" };
    if open && roles.is_some() {
        let help = "roles work as fast as they can; leave out the rate, or write a `mix` and `concurrency`";
        keys.conflict(pace_home, "workers", pace_key, help);
    }
    if open && batch.is_some() {
        let help = "arrivals of a rate are executed one by one; leave out the rate or the batches";
        let sizes = keys.home(|k| k.batch_size.or(k.batch_max).is_some()).keys;
        let size_key = if sizes.batch_size.is_some() { "batch_size" } else { "batch_max" };
        keys.conflict(pace_home, size_key, pace_key, help);
    }
    check_reset(&mut keys, reset, iterations, extent.as_ref(), batch.is_some(), pool.is_some());
    if keys.faults.len() > before {
        return None;
    }
    Some(Settled {
        name,
        section,
        extent: extent?,
        concurrency: concurrency?,
        iterations,
        warm_up,
        reset,
        load: load?,
        retry,
        batch,
        pool,
    })
}

fn check_reset(
    keys: &mut Keys<'_, '_>,
    reset: Reset,
    iterations: u32,
    extent: Option<&Extent>,
    batches: bool,
    pool: bool,
) {
    let home = keys.home(|k| k.reset.is_some());
    let at = home.at(keys.input, &["reset"]).or_else(|| keys.own.at(keys.input, &[]));
    let timed = matches!(extent, Some(Extent::Time { .. }));
    if timed && reset == Reset::Scenario {
        let words = "a `duration` and `reset = \"scenario\"` exclude each other: nobody knows where the next level would continue";
        keys.fault(
            Code::Reset,
            at,
            words.to_owned(),
            "write `reset = \"level\"`, or a `total` instead of the duration",
        );
    }
    if timed && reset == Reset::Level && iterations > 1 {
        let at = keys.home(|k| k.iterations.is_some()).at(keys.input, &["iterations"]).or(at);
        let words = "iterations with a `duration` cannot continue at each other's next rows: nobody knows how far one comes";
        keys.fault(
            Code::Reset,
            at,
            words.to_owned(),
            "write `reset = \"iteration\"`, so that each starts afresh",
        );
    }
    for (given, what) in [(batches, "batches"), (pool, "a pool")] {
        if given && reset == Reset::Write {
            let words = format!(
                "`reset = \"write\"` and {what} exclude each other: each write has its tables and connection to itself"
            );
            keys.fault(Code::Reset, at, words, "write `reset = \"level\"`, or leave the other out");
        }
    }
}

fn concurrency(keys: &mut Keys<'_, '_>, section: Option<&WorkloadSection>) -> Option<Vec<u32>> {
    if let Some(workers) = section.and_then(|section| section.workers.as_ref()) {
        let own = keys.own;
        if section.is_some_and(|section| section.mix.is_some()) {
            keys.conflict(own, "workers", "mix", "give each operation its workers, or all of them a mix");
        }
        if own.keys.concurrency.is_some() {
            keys.conflict(
                own,
                "workers",
                "concurrency",
                "the workers are those of the roles; leave out `concurrency`",
            );
        }
        let sum: u64 = workers.values().map(|count| u64::from(*count)).sum();
        if workers.is_empty() || sum > 1024 {
            let at = own.key_at(keys.input, "workers");
            keys.fault(
                Code::OutOfRange,
                at,
                format!("{sum} workers in all, but there must be from 1 to 1_024"),
                "change the numbers of workers",
            );
        }
        return u32::try_from(sum).ok().map(|sum| vec![sum]);
    }
    let home = keys.home(|k| k.concurrency.is_some());
    let Some(levels) = home.keys.concurrency else {
        let at = keys.own.at(keys.input, &[]);
        let words = match keys.own.workload {
            Some(name) => format!("workload `{name}` does not say how many workers it has"),
            None => "`concurrency` is missing".to_owned(),
        };
        keys.fault(
            Code::MissingKey,
            at,
            words,
            "add for instance `concurrency = [1, 8]`, or `workers` with a number for each operation",
        );
        return None;
    };
    for (index, level) in levels.iter().enumerate() {
        if levels[..index].contains(level) {
            let at = home.at(keys.input, &["concurrency", &index.to_string()]);
            let words = format!("{level} stands twice in `concurrency`");
            keys.fault(Code::ConcurrencyRepeat, at, words, "name each level once");
        }
    }
    Some(levels.to_vec())
}

/// Whether stages say by themselves how long a level lasts.
fn timed(stages: Option<&[StageSection]>) -> bool {
    stages.and_then(<[StageSection]>::last).is_some_and(|stage| stage.duration.is_some())
}

fn extent(keys: &mut Keys<'_, '_>, load: &Option<Load>, roles: bool) -> Option<Extent> {
    let says =
        |k: &LoadKeys<'_>| k.total.or(k.total_writes).is_some() || k.duration.is_some() || timed(k.stages);
    let home = keys.home(says);
    let LoadKeys { total, total_writes, duration, stages, .. } = home.keys;
    let name = if total.is_some() { "total" } else { "total_writes" };
    if total.is_some() && total_writes.is_some() {
        keys.conflict(home, "total_writes", "total", "they are two names of one key; keep one");
    }
    let total = total.or(total_writes);
    if total.is_some() && duration.is_some() {
        keys.conflict(
            home,
            name,
            "duration",
            "a level ends after so many operations, or after a time; keep one",
        );
        return None;
    }
    if timed(stages) && (total.is_some() || duration.is_some()) {
        let other = if total.is_some() { name } else { "duration" };
        let help = "the stages say by themselves how long a level lasts; leave out the duration of the last one, or the other key";
        keys.conflict(home, other, "stages", help);
        return None;
    }
    if let Some(total) = total {
        if roles {
            let words =
                format!("`workers` and `{name}` exclude each other: roles work side by side for a time");
            let at = home.key_at(keys.input, name);
            keys.fault(Code::ConflictingKeys, at, words, "write for instance `duration = \"10s\"` instead");
            return None;
        }
        let given = keys.own.keys.max_operations.is_some();
        keys.idle("max_operations", given, "beside a total", "leave it out: a total is exact");
        return Some(Extent::Total(total));
    }
    let staged = || stages.filter(|_| timed(stages)).map(sizes::sum_ns);
    let Some(duration_ns) = duration.map(|duration| duration.as_nanos()).or_else(staged) else {
        let at = keys.own.at(keys.input, &[]);
        let words = match keys.own.workload {
            Some(name) => format!("workload `{name}` does not say how much it does"),
            None => "nothing says how much is done".to_owned(),
        };
        keys.fault(Code::MissingKey, at, words, "add for instance `total = 100_000` or `duration = \"30s\"`");
        return None;
    };
    if duration_ns == 0 {
        let key = if duration.is_some() { "duration" } else { "stages" };
        let at = home.at(keys.input, &[key]);
        keys.fault(
            Code::OutOfRange,
            at,
            format!("`{key}` is 0, but a level must last"),
            "write for instance \"10s\"",
        );
        return None;
    }
    let most = keys.own.keys.max_operations.or(keys.top.keys.max_operations);
    let at_most = most.unwrap_or_else(|| sizes::operations(load.as_ref(), duration_ns));
    Some(Extent::Time { duration_ns, at_most })
}

fn warm_up(keys: &mut Keys<'_, '_>, load: &Option<Load>, extent: Option<Extent>) -> WarmUp {
    let home = keys.home(|k| k.warmup.is_some() || k.warmup_operations.is_some());
    match (home.keys.warmup, home.keys.warmup_operations) {
        (None, None) => WarmUp::None,
        (Some(_), Some(_)) => {
            keys.conflict(
                home,
                "warmup",
                "warmup_operations",
                "a warm-up is a time or a number of operations; keep one",
            );
            WarmUp::None
        }
        (None, Some(count)) => WarmUp::Operations(count),
        (Some(duration), None) if duration.as_nanos() == 0 => WarmUp::None,
        (Some(duration), None) => {
            let duration_ns = duration.as_nanos();
            let given = keys.own.keys.max_operations.or(keys.top.keys.max_operations);
            let at_most = match (extent, given) {
                // As dense as what is measured.
                (Some(Extent::Time { duration_ns: measured_ns, .. }), Some(most)) => {
                    sizes::in_proportion(most, duration_ns, measured_ns)
                }
                _ => sizes::operations(load.as_ref(), duration_ns),
            };
            WarmUp::Time { duration_ns, at_most }
        }
    }
}

fn pace(keys: &mut Keys<'_, '_>) -> Option<Load> {
    let home = keys.home(|k| k.rate.is_some() || k.stages.is_some());
    let arrivals = keys.own.keys.arrivals.or(keys.top.keys.arrivals).unwrap_or_default();
    let arrivals = match arrivals {
        ArrivalsKey::Constant => Arrivals::Constant,
        ArrivalsKey::Poisson => Arrivals::Poisson,
    };
    let stages: Vec<Stage> = match (home.keys.rate, home.keys.stages) {
        (None, None) => {
            let given = keys.own.keys.arrivals.is_some();
            keys.idle("arrivals", given, "without a rate", "add for instance `rate = \"500/s\"`");
            return Some(Load::Closed);
        }
        (Some(_), Some(_)) => {
            keys.conflict(home, "rate", "stages", "each stage has a rate of its own; leave out `rate`");
            return None;
        }
        (Some(rate), None) => vec![Stage { rate: rate.per_second(), duration_ns: None }],
        (None, Some(stages)) => stages
            .iter()
            .map(|s| Stage { rate: s.rate.per_second(), duration_ns: s.duration.map(|d| d.as_nanos()) })
            .collect(),
    };
    let mut sound = true;
    for (index, stage) in stages.iter().enumerate() {
        let number = index.to_string();
        let staged = home.keys.stages.is_some();
        let path: &[&str] = if staged { &["stages", &number, "rate"] } else { &["rate"] };
        if stage.rate <= 0.0 {
            let at = home.at(keys.input, path);
            keys.fault(
                Code::OutOfRange,
                at,
                "a rate of 0 starts nothing".to_owned(),
                "write for instance \"500/s\"",
            );
            sound = false;
        }
        if stage.duration_ns.is_none_or(|ns| ns == 0) && index + 1 < stages.len() {
            let at = home.at(keys.input, &path[..path.len() - 1]);
            let words =
                format!("stage {} has no `duration`, so that the next one would never come", index + 1);
            keys.fault(
                Code::MissingKey,
                at,
                words,
                "add for instance `duration = \"10s\"`; only the last one can do without",
            );
            sound = false;
        }
    }
    sound.then_some(Load::Open { arrivals, stages })
}
