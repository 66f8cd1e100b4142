//! From facts to what they mean for results. Pure.

use serde::Serialize;

use super::facts::{Facts, Spread};
use crate::machine::FileSystem;
use crate::units::{bytes, count, duration, latency};

/// How much a fact speaks against measuring here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// Not at all.
    Ok,
    /// Something to keep in mind when reading results.
    Note,
    /// Results would mislead, or there would be none.
    Bad,
}

/// One fact, with what it means.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) topic: &'static str,
    pub(super) status: Status,
    pub(super) figure: String,
    pub(super) meaning: String,
}

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
/// A sync below this reaches no medium that keeps data without power.
const NO_MEDIUM_NS: u64 = 20_000;
/// A sync above this makes the longer scenarios a matter of hours.
const SLOW_SYNC_NS: u64 = 20_000_000;
/// Syncs of a single-row transaction with SQLite's own settings.
const SYNCS_PER_WRITE: f64 = 4.0;
/// A median below so many steps of the clock is not believed.
const CLOCK_STEPS: u64 = 10;

/// Every finding, in the order in which they matter.
pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let findings = [
        Some(build(facts)),
        Some(file_system(facts)),
        Some(syncs(facts)),
        facts.free_bytes.map(free_disk),
        processors(facts),
        facts.machine.cpu_limit.map(throttled),
        facts.frequency_governor.as_deref().map(frequency),
        other_programs(facts),
        facts.disk_pressure.map(disk_load),
        facts.stolen_share.map(host),
        memory(facts),
        Some(open_files(facts)),
        Some(clock(facts)),
    ];
    findings.into_iter().flatten().collect()
}

fn finding(topic: &'static str, status: Status, figure: String, meaning: impl Into<String>) -> Finding {
    Finding { topic, status, figure, meaning: meaning.into() }
}

fn build(facts: &Facts) -> Finding {
    let version = env!("CARGO_PKG_VERSION");
    if facts.debug_build {
        let meaning = "It is many times slower, and its results are marked as invalid: build with `cargo build --release`.";
        return finding("build", Status::Bad, format!("{version}, a debug build"), meaning);
    }
    finding("build", Status::Ok, format!("{version}, a release build"), "Its figures count.")
}

fn file_system(facts: &Facts) -> Finding {
    let Some(system) = &facts.file_system else {
        let meaning = "Whether it is a disk or memory is not known, nor what a sync does.";
        return finding("file system", Status::Note, "not told by the system".to_owned(), meaning);
    };
    let (status, meaning) = kind_of(system);
    let figure = format!("{} on {}, mounted at {}", system.kind, system.device, system.mount_point);
    finding("file system", status, figure, meaning)
}

fn kind_of(system: &FileSystem) -> (Status, &'static str) {
    let option = |name: &str| system.options.split(',').any(|option| option == name);
    if system.in_memory {
        return (
            Status::Bad,
            "It is in memory, where a sync costs nothing: writes look many times faster than on any disk. Give \
             `database.path` a folder on a disk.",
        );
    }
    if option("nobarrier") || option("barrier=0") {
        return (
            Status::Bad,
            "It is mounted without barriers: a sync does not reach the disk's medium, so durable writes look faster \
             than they are.",
        );
    }
    match system.kind.as_str() {
        "nfs" | "nfs4" | "cifs" | "smb3" | "9p" | "ceph" | "glusterfs" | "afs" | "lustre" | "fuse.sshfs" => (
            Status::Bad,
            "It is reached over a network or from the host: locks may not hold, the write-ahead log does not work \
             from several machines, and figures are those of the way there. Use a local disk.",
        ),
        "overlay" | "aufs" => (
            Status::Note,
            "It is the layer of a container: give databases a volume of their own, as they have in production.",
        ),
        "btrfs" | "zfs" | "bcachefs" => (
            Status::Note,
            "It copies what it writes, so that a sync writes more than SQLite asks for, and a file that has aged is \
             slower than a new one. Compare only with results from such a file system.",
        ),
        kind if kind.starts_with("fuse") => (
            Status::Note,
            "A program stands between SQLite and the disk: figures are also those of that program.",
        ),
        _ => (Status::Ok, "It is a local file system: figures are those of SQLite and this disk."),
    }
}

fn syncs(facts: &Facts) -> Finding {
    let Some(spread) = facts.sync_ns else {
        let reason = facts.sync_error.as_deref().unwrap_or("the system does not say why");
        let meaning = "No database can be made in this folder: give `database.path` another one.";
        return finding("sync", Status::Bad, format!("no file can be written here: {reason}"), meaning);
    };
    let ms = |ns: u64| latency(ns as f64 / 1e6);
    let figure = format!(
        "{} as a rule, 95 % within {}, the longest {} of {}",
        ms(spread.p50),
        ms(spread.p95),
        ms(spread.max),
        spread.count
    );
    let (status, meaning) = judge_syncs(&spread);
    finding("sync", status, figure, meaning)
}

fn judge_syncs(spread: &Spread) -> (Status, String) {
    let write_ms = SYNCS_PER_WRITE * spread.p50 as f64 / 1e6;
    let cost = format!(
        "A transaction of SQLite as it comes syncs about {SYNCS_PER_WRITE:.0} times: {}, so 100,000 of them take {}. With \
         `journal_mode = \"wal\"` and `synchronous = \"normal\"`, hardly any waits for a sync.",
        latency(write_ms),
        duration(write_ms * 1e5)
    );
    if spread.p50 < NO_MEDIUM_NS {
        let meaning = "Too fast for any medium that keeps data without power: what acknowledges the syncs does so before data \
                       is safe. Durable writes look faster than they are.";
        return (Status::Bad, meaning.to_owned());
    }
    if spread.p50 > SLOW_SYNC_NS {
        return (Status::Note, format!("Slow. {cost} Try scenarios out with `--quick`."));
    }
    if spread.p95 > 5 * spread.p50 {
        let meaning = "They differ a lot, as where something else uses the disk: the highest percentiles will not be the same \
                       tomorrow. Repeat levels with `iterations`.";
        return (Status::Note, format!("{cost} {meaning}"));
    }
    if spread.p50 < 1_000_000 {
        let meaning = "Fast, as of a disk for data centres or of a virtual disk; a drive of a desktop computer that is so fast \
                       may not wait for its medium.";
        return (Status::Ok, format!("{cost} {meaning}"));
    }
    (Status::Ok, cost)
}

fn free_disk(free: u64) -> Finding {
    let (status, meaning) = match free {
        0..GIB => (Status::Bad, "Too little: most scenarios would end early, with a full disk."),
        GIB..10_737_418_240 => {
            (Status::Note, "Enough for small databases; `runner plan` says what a scenario needs.")
        }
        _ => (Status::Ok, "Enough; `runner plan` says what a scenario needs."),
    };
    finding("free disk", status, bytes(free), meaning)
}

fn processors(facts: &Facts) -> Option<Finding> {
    let usable = facts.processors()?;
    let whole = (usable.floor() as u64).max(1);
    let model = facts.machine.cpu_model.as_deref().unwrap_or("of an unknown model");
    let of = match facts.machine.cpu_count {
        Some(all) if f64::from(all) > usable => format!(" of {all}"),
        _ => String::new(),
    };
    let status = match usable {
        u if u < 2.0 => Status::Bad,
        u if u < 4.0 => Status::Note,
        _ => Status::Ok,
    };
    let meaning = if usable < 2.0 {
        "Workers take turns on one processor, with each other and with everything else: latency is mostly the wait for it.".to_owned()
    } else {
        format!(
            "Levels of up to {whole} workers have a processor for each. With more, readers wait for processors; writers hardly do, \
             since SQLite lets one write at a time and the others wait for its lock."
        )
    };
    Some(finding("processors", status, format!("{usable}{of}, {model}"), meaning))
}

fn throttled(limit: f64) -> Finding {
    let meaning = "A control group stops this process when it has used its share, for up to a tenth of a second: the highest latencies \
                   are such stops.";
    finding("processor limit", Status::Note, format!("the time of {limit} processors"), meaning)
}

fn frequency(governor: &str) -> Finding {
    let (status, meaning) = if governor == "performance" {
        (Status::Ok, "The processor keeps its speed.")
    } else {
        (
            Status::Note,
            "The processor changes its speed with its load, so short levels and low rates look slower: choose the governor \
             `performance` while you measure.",
        )
    };
    finding("processor speed", status, governor.to_owned(), meaning)
}

fn other_programs(facts: &Facts) -> Option<Finding> {
    let (now, minute) = (facts.other_load, facts.load_average);
    let worst = now.into_iter().chain(minute).reduce(f64::max)?;
    let processors = facts.processors().unwrap_or(1.0);
    let figures = [
        now.map(|load| format!("{load:.0} want a processor now")),
        minute.map(|load| format!("{load:.2} on average over the last minute")),
    ];
    let figure = figures.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let (status, meaning) = if worst >= processors {
        (
            Status::Bad,
            "Other programs take the processors from the workers: end them, or wait, before you measure.",
        )
    } else if worst >= 1.0 {
        (
            Status::Note,
            "Other programs work beside: with as many workers as processors, they are in the figures.",
        )
    } else {
        (Status::Ok, "The machine has time.")
    };
    Some(finding("other programs", status, figure, meaning))
}

fn disk_load(share: f64) -> Finding {
    let (status, meaning) = match share {
        s if s >= 0.2 => (Status::Bad, "Other programs keep the disk busy: syncs wait for theirs."),
        s if s >= 0.02 => (
            Status::Note,
            "Other programs use the disk: the highest percentiles will have something of theirs.",
        ),
        _ => (Status::Ok, "Nothing else uses the disks."),
    };
    let figure = format!("something waited for a disk {:.1} % of the last ten seconds", share * 100.0);
    finding("disk load", status, figure, meaning)
}

fn host(share: f64) -> Finding {
    let (status, meaning) = match share {
        s if s >= 0.05 => (
            Status::Bad,
            "The host gives this machine's processors to others: figures change with what those do.",
        ),
        s if s >= 0.005 => (
            Status::Note,
            "The host gives some of this machine's time to others: repeat levels with `iterations`.",
        ),
        _ => (Status::Ok, "No host takes processors away, or none that says so."),
    };
    finding(
        "host",
        status,
        format!("took {:.1} % of the processors' time since the start", share * 100.0),
        meaning,
    )
}

fn memory(facts: &Facts) -> Option<Finding> {
    let limit = facts.machine.memory_limit_bytes;
    let usable = [facts.available_memory_bytes, limit].into_iter().flatten().min()?;
    let of = if limit == Some(usable) { "granted by the control group" } else { "free" };
    let status = match usable {
        u if u < 512 * MIB => Status::Bad,
        u if u < 2 * GIB => Status::Note,
        _ => Status::Ok,
    };
    let meaning = "A database that fits is read from memory, not from the disk: reads of one that does not are slower than any figure here.";
    Some(finding("memory", status, format!("{} {of}", bytes(usable)), meaning))
}

fn open_files(facts: &Facts) -> Finding {
    let Some(limit) = facts.open_files_hard_limit else {
        return finding(
            "open files",
            Status::Ok,
            "no limit".to_owned(),
            "Enough for every number of workers.",
        );
    };
    // Two for each connection, and what the runner and its threads hold.
    let workers = (limit.saturating_sub(32) / 2).min(1_024);
    let (status, meaning) = match workers {
        1_024 => (Status::Ok, "Enough for every number of workers.".to_owned()),
        128.. => (
            Status::Note,
            format!("Enough for about {} workers; for more, raise it with `ulimit -n`.", count(workers)),
        ),
        _ => (Status::Bad, format!("Enough for about {workers} workers only: raise it with `ulimit -n`.")),
    };
    finding("open files", status, format!("at most {}", count(limit)), meaning)
}

fn clock(facts: &Facts) -> Finding {
    let (step, cost) = (facts.clock_resolution_ns, facts.clock_reading_ns);
    let status = match cost.max(step as f64) {
        ns if ns > 1_000.0 => Status::Bad,
        ns if ns > 200.0 => Status::Note,
        _ => Status::Ok,
    };
    let source =
        facts.clock_source.as_ref().map_or(String::new(), |source| format!(", kernel's source {source}"));
    let figure = format!("a step of {step} ns, a reading costs {cost:.0} ns{source}");
    let meaning = format!(
        "It is read twice for each operation. Operations that take less than {} ns as a rule cannot be timed, and are marked \
         as invalid (`timer-bound`); those of SQLite take longer.",
        CLOCK_STEPS * step
    );
    finding("clock", status, figure, meaning)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
