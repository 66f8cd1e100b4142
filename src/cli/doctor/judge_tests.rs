//! Each threshold, from both sides.

use super::super::facts::Spread;
use super::*;
use crate::machine::Machine;

/// A machine that nothing speaks against.
fn good() -> Facts {
    Facts {
        other_load: Some(0.0),
        load_average: Some(0.1),
        disk_pressure: Some(0.0),
        stolen_share: Some(0.0),
        frequency_governor: Some("performance".to_owned()),
        file_system: Some(system("ext4", "rw,relatime")),
        free_bytes: Some(100 * GIB),
        available_memory_bytes: Some(16 * GIB),
        sync_ns: Some(spread(2_000_000, 2_500_000)),
        clock_resolution_ns: 20,
        clock_reading_ns: 12.0,
        open_files_hard_limit: Some(1 << 20),
        machine: Machine { cpus_available: Some(8), ..Machine::default() },
        ..Facts::default()
    }
}

fn system(kind: &str, options: &str) -> FileSystem {
    FileSystem {
        kind: kind.to_owned(),
        device: "/dev/sda1".to_owned(),
        mount_point: "/".to_owned(),
        options: options.to_owned(),
        in_memory: kind == "tmpfs",
    }
}

fn spread(p50: u64, p95: u64) -> Spread {
    Spread { count: 50, min: p50 / 2, p50, p95, max: 2 * p95 }
}

/// What a changed machine gets on a topic.
fn status(topic: &str, change: impl FnOnce(&mut Facts)) -> Status {
    let mut facts = good();
    change(&mut facts);
    let findings = judge(&facts);
    findings
        .iter()
        .find(|finding| finding.topic == topic)
        .unwrap_or_else(|| panic!("nothing on {topic}"))
        .status
}

#[test]
fn nothing_speaks_against_a_good_machine() {
    let findings = judge(&good());
    let against: Vec<_> = findings.iter().filter(|finding| finding.status != Status::Ok).collect();
    assert!(against.is_empty(), "{against:?}");
    assert!(findings.len() >= 11, "{findings:?}");
}

#[test]
fn figures_of_a_debug_build_are_bad() {
    assert_eq!(status("build", |facts| facts.debug_build = true), Status::Bad);
}

#[test]
fn file_systems_are_told_apart() {
    let of = |kind: &str, options: &str| {
        let system = system(kind, options);
        status("file system", |facts| facts.file_system = Some(system))
    };
    assert_eq!(of("xfs", "rw"), Status::Ok);
    assert_eq!(of("tmpfs", "rw"), Status::Bad);
    assert_eq!(of("nfs4", "rw"), Status::Bad);
    assert_eq!(of("ext4", "rw,barrier=0"), Status::Bad);
    assert_eq!(of("ext4", "rw,barrier=01"), Status::Ok);
    assert_eq!(of("overlay", "rw"), Status::Note);
    assert_eq!(of("btrfs", "rw"), Status::Note);
    assert_eq!(of("fuse.mergerfs", "rw"), Status::Note);
    assert_eq!(status("file system", |facts| facts.file_system = None), Status::Note);
}

#[test]
fn syncs_are_too_fast_fast_usual_uneven_slow_or_none() {
    let of = |p50: u64, p95: u64| status("sync", |facts| facts.sync_ns = Some(spread(p50, p95)));
    assert_eq!(of(19_999, 19_999), Status::Bad);
    assert_eq!(of(20_000, 30_000), Status::Ok);
    assert_eq!(of(2_000_000, 10_000_000), Status::Ok);
    assert_eq!(of(2_000_000, 10_000_001), Status::Note);
    assert_eq!(of(20_000_001, 20_000_001), Status::Note);
    let none = |facts: &mut Facts| {
        facts.sync_ns = None;
        facts.sync_error = Some("permission denied".to_owned());
    };
    assert_eq!(status("sync", none), Status::Bad);
}

#[test]
fn the_cost_of_a_hundred_thousand_writes_is_told() {
    let findings = judge(&good());
    let sync = findings.iter().find(|finding| finding.topic == "sync").unwrap();
    assert!(
        sync.meaning.contains("about 4 times: 8.00 ms, so 100,000 of them take 13m 20s"),
        "{}",
        sync.meaning
    );
    assert_eq!(sync.figure, "2.00 ms as a rule, 95 % within 2.50 ms, the longest 5.00 ms of 50");
}

#[test]
fn room_is_judged() {
    let disk = |free: u64| status("free disk", |facts| facts.free_bytes = Some(free));
    assert_eq!((disk(GIB - 1), disk(GIB), disk(10 * GIB)), (Status::Bad, Status::Note, Status::Ok));
    let memory = |free: u64| status("memory", |facts| facts.available_memory_bytes = Some(free));
    assert_eq!((memory(511 * MIB), memory(GIB), memory(2 * GIB)), (Status::Bad, Status::Note, Status::Ok));
    let granted = |limit: u64| status("memory", |facts| facts.machine.memory_limit_bytes = Some(limit));
    assert_eq!((granted(64 * MIB), granted(4 * GIB)), (Status::Bad, Status::Ok));
    let files = |limit: Option<u64>| status("open files", |facts| facts.open_files_hard_limit = limit);
    assert_eq!(
        (files(Some(256)), files(Some(1_024)), files(Some(4_096))),
        (Status::Bad, Status::Note, Status::Ok)
    );
    assert_eq!(files(None), Status::Ok);
}

#[test]
fn processors_are_held_against_levels() {
    let of = |count: u32, limit: Option<f64>| {
        let mut facts = good();
        facts.machine.cpus_available = Some(count);
        facts.machine.cpu_limit = limit;
        let found = processors(&facts).unwrap();
        (found.status, found.figure, found.meaning)
    };
    assert_eq!(of(1, None).0, Status::Bad);
    assert_eq!(of(2, None).0, Status::Note);
    assert!(of(2, None).2.starts_with("Levels of up to 2 workers"));
    assert_eq!(of(4, None).0, Status::Ok);
    assert_eq!(of(8, Some(1.5)).0, Status::Bad);
    assert_eq!(of(8, Some(1.5)).1, "1.5, of an unknown model");
    assert_eq!(status("processor limit", |facts| facts.machine.cpu_limit = Some(4.0)), Status::Note);
    assert_eq!(
        status("processor speed", |facts| facts.frequency_governor = Some("powersave".to_owned())),
        Status::Note
    );
}

#[test]
fn what_others_do_is_judged() {
    let load = |now: f64, minute: f64| {
        status("other programs", |facts| (facts.other_load, facts.load_average) = (Some(now), Some(minute)))
    };
    assert_eq!((load(0.0, 0.9), load(1.0, 0.0), load(0.0, 8.0)), (Status::Ok, Status::Note, Status::Bad));
    let disk = |share: f64| status("disk load", |facts| facts.disk_pressure = Some(share));
    assert_eq!((disk(0.01), disk(0.02), disk(0.2)), (Status::Ok, Status::Note, Status::Bad));
    let host = |share: f64| status("host", |facts| facts.stolen_share = Some(share));
    assert_eq!((host(0.004), host(0.005), host(0.05)), (Status::Ok, Status::Note, Status::Bad));
}

#[test]
fn a_coarse_or_costly_clock_is_told() {
    let of = |step: u64, cost: f64| {
        status("clock", |facts| (facts.clock_resolution_ns, facts.clock_reading_ns) = (step, cost))
    };
    assert_eq!((of(200, 20.0), of(201, 20.0), of(20, 1_001.0)), (Status::Ok, Status::Note, Status::Bad));
}

#[test]
fn what_the_system_does_not_tell_is_left_out() {
    let findings = judge(&Facts { clock_resolution_ns: 1, ..Facts::default() });
    let topics: Vec<&str> = findings.iter().map(|finding| finding.topic).collect();
    assert_eq!(topics, ["build", "file system", "sync", "open files", "clock"]);
}
