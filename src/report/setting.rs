//! Where and against what a result was measured, in a line each.

use crate::result::{Configuration, Durability, RunResult};
use crate::units::{bytes, latency};

/// The database and the disk in a line.
pub(super) fn setting(result: &RunResult) -> String {
    let engine = &result.engine;
    let mut parts = vec![format!("{} {}", engine.name, engine.version).trim().to_owned()];
    parts.push(place(result));
    for name in told_settings(result) {
        if let Some(value) = engine.settings.get(name) {
            parts.push(format!("{name} {}", spelled(name, value)));
        }
    }
    parts.extend(engine.busy_timeout_ms.map(|ms| format!("busy_timeout {ms} ms")));
    parts.extend(limits(result));
    let storage = &result.environment.storage;
    if let Some(system) = storage.file_system.as_ref().filter(|_| engine.path.is_some()) {
        let sync = storage.sync_latency_ms.map_or(String::new(), |ms| format!(", one sync {}", latency(ms)));
        parts.push(format!("{}{sync}", system.kind));
    }
    parts.join(" · ")
}

/// Where rows are: a file, a server, or in which way else.
fn place(result: &RunResult) -> String {
    let engine = &result.engine;
    let server = engine.settings.get("server").filter(|_| engine.storage == "server");
    let whole = || match &engine.path {
        Some(path) if engine.storage == "buffer" => format!("{} before {path}", engine.storage),
        Some(path) => path.clone(),
        None => engine.storage.clone(),
    };
    server.cloned().unwrap_or_else(whole)
}

/// Settings that decide how fast an engine is and what it promises, then those that the scenario asks of a server's sessions.
fn told_settings(result: &RunResult) -> Vec<&str> {
    let engine = &result.engine;
    let mut names = match engine.storage.as_str() {
        "server" => vec!["synchronous_commit", "fsync"],
        "buffer" => vec!["threshold", "flush_timeout", "persister", "journal_mode", "synchronous"],
        _ => vec!["journal_mode", "synchronous"],
    };
    if engine.storage == "server"
        && let Some(asked) = result.scenario.effective["database"]["settings"].as_object()
    {
        let asked = asked.keys().map(String::as_str);
        let others: Vec<&str> = asked.filter(|name| !names.contains(name)).collect();
        names.extend(others);
    }
    names
}

/// What an acknowledged write survives, in a line; absent where the result does not say it.
pub(super) fn acknowledged(result: &RunResult) -> Option<String> {
    let base = result.engine.durability?;
    let levels: Vec<&Configuration> = result.configurations.iter().collect();
    if differ_in_durability(result, &levels) {
        return Some(format!("acknowledged = {}; not the same in all cases", base.in_words()));
    }
    // Where the unchanged file was not run, its class is nobody's.
    let all = levels.first().and_then(|level| result.durability_of(level));
    Some(format!("acknowledged = {}", all.unwrap_or(base).in_words()))
}

/// Whether these levels do not all promise the same.
pub(super) fn differ_in_durability(result: &RunResult, levels: &[&Configuration]) -> bool {
    let mut classes = levels.iter().map(|level| result.durability_of(level));
    let first = classes.next();
    classes.any(|other| Some(other) != first)
}

/// A class in a column.
pub(super) fn short(durability: Durability) -> &'static str {
    match durability {
        Durability::Memory => "in memory",
        Durability::ProcessCrash => "survives process crash",
        Durability::PowerLoss => "survives power loss",
    }
}

/// What all levels were limited to, where all had the same limits.
fn limits(result: &RunResult) -> Option<String> {
    let limits = result.configurations.first()?.limits?;
    let same = result.configurations.iter().all(|level| level.limits == Some(limits));
    let memory = limits.memory_bytes.map(|size| format!("{} of memory", bytes(size)));
    let cpus =
        limits.cpus.map(|cpus| format!("{cpus} {}", if cpus == 1.0 { "processor" } else { "processors" }));
    let words: Vec<String> = memory.into_iter().chain(cpus).collect();
    same.then(|| format!("limited to {}", words.join(" and ")))
}

/// The machine in a line.
pub(super) fn machine(result: &RunResult) -> String {
    let machine = &result.environment.machine;
    let cpus = machine.cpus_available.map(|count| format!("{count} processors"));
    let memory = machine.memory_limit_bytes.or(machine.memory_bytes);
    let memory = memory.map(|size| format!("{} of memory", bytes(size)));
    let runner = &result.environment.runner;
    let runner = Some(format!("runner {} ({})", runner.version, runner.build_profile));
    let parts = [machine.cpu_model.clone(), cpus, memory, machine.kernel.clone(), runner];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// SQLite answers with a number where people write a word.
pub(super) fn spelled<'a>(name: &str, value: &'a str) -> &'a str {
    match (name, value) {
        ("synchronous", "0") => "off",
        ("synchronous", "1") => "normal",
        ("synchronous", "2") => "full",
        ("synchronous", "3") => "extra",
        _ => value,
    }
}
