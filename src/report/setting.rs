//! Where and against what a result was measured, in a line each.

use crate::result::RunResult;
use crate::units::{bytes, latency};

/// The database and the disk in a line.
pub(super) fn setting(result: &RunResult) -> String {
    let engine = &result.engine;
    let mut parts = vec![format!("{} {}", engine.name, engine.version).trim().to_owned()];
    parts.push(engine.path.clone().unwrap_or_else(|| engine.storage.clone()));
    for name in ["journal_mode", "synchronous"] {
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
fn spelled<'a>(name: &str, value: &'a str) -> &'a str {
    match (name, value) {
        ("synchronous", "0") => "off",
        ("synchronous", "1") => "normal",
        ("synchronous", "2") => "full",
        ("synchronous", "3") => "extra",
        _ => value,
    }
}
