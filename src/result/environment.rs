//! What was run, where, and against what: the part of a result that decides which results may be compared.

use std::path::Path;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Durability, Facts};
use crate::machine::{self, FileSystem, Machine};
use crate::plan::{Database, Plan};

/// What was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScenarioRecord {
    /// The file, as it was named on the command line.
    pub path: String,
    /// What question it answers.
    pub description: String,
    /// SHA-256 of the file's text, in hexadecimal.
    pub sha256: String,
    /// The file as it was read.
    pub text: String,
    /// What the command line changed, in its order.
    pub overrides: Vec<OverrideRecord>,
    /// What came of file and overrides.
    pub effective: serde_json::Value,
    /// Every generated value follows from it.
    pub seed: u64,
}

/// One change by the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OverrideRecord {
    /// Path of the key.
    pub key: String,
    /// Its new value, as TOML.
    pub value: String,
}

/// Against what it was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Engine {
    /// Name of the engine, such as `sqlite`.
    pub name: String,
    /// Version of the database.
    pub version: String,
    /// The exact source that it was built from.
    pub source_id: String,
    /// How it was compiled.
    pub compile_options: Vec<String>,
    /// In which way the database is held, such as `file`, `shared memory` or `server`.
    pub storage: String,
    /// What a write survives once it is acknowledged, as far as the engine and its settings promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durability: Option<Durability>,
    /// The database file; absent for a database in memory, and for a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How long a connection of SQLite waits for a lock, milliseconds; 0 refuses at once. Absent for other engines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy_timeout_ms: Option<u32>,
    /// Every setting in force, as read from a worker's connection.
    pub settings: IndexMap<String, String>,
    /// Settings that the scenario asks for and that could not be confirmed by reading them back.
    pub unconfirmed_settings: Vec<String>,
}

/// The engine of a case that has another one than the unchanged file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaseEngine {
    /// Name of the engine, such as `postgres`.
    pub name: String,
    /// Version of the database.
    pub version: String,
    /// In which way the database is held.
    pub storage: String,
}

/// Where it was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// What measured.
    pub runner: Runner,
    /// The machine.
    pub machine: Machine,
    /// What holds the database file.
    pub storage: Storage,
    /// Least difference between two readings of the clock, nanoseconds.
    pub clock_resolution_ns: u64,
    /// What two results must share to be compared without being asked.
    pub comparability: IndexMap<String, String>,
    /// SHA-256 of `comparability`, in hexadecimal.
    pub comparability_key: String,
}

/// The runner's own build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Runner {
    /// Its version.
    pub version: String,
    /// `release`, or `debug` for a build whose figures mean nothing.
    pub build_profile: String,
    /// Architecture, system and C library that it was built for.
    pub target: String,
    /// Commit that it was built from, with a `+` where files had been changed; absent when that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The profiler that ran while levels were measured, `cpu`; absent where there was none, as a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiler: Option<String>,
}

/// What holds the database file. Absent parts were not measured, or there is no file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// Its file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_system: Option<FileSystem>,
    /// Bytes that were free before the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
    /// One write of 4 KiB with `fdatasync` beside the database, median of twenty, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_latency_ms: Option<f64>,
}

impl Runner {
    /// This build.
    pub fn this() -> Runner {
        Runner {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            build_profile: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
            target: env!("RUNNER_TARGET").to_owned(),
            commit: Some(env!("RUNNER_COMMIT").to_owned()).filter(|commit| commit != "unknown"),
            profiler: None,
        }
    }
}

impl Storage {
    /// Measures where a database file is or will be. `None` for a database in memory.
    pub fn measure(path: Option<&Path>) -> Storage {
        let Some(path) = path else { return Storage::default() };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Storage {
            file_system: machine::file_system(path),
            free_bytes: machine::free_bytes(folder),
            sync_latency_ms: machine::sync_latency_ns(folder).map(|ns| ns as f64 / 1e6),
        }
    }
}

impl Environment {
    /// Asks the machine. Takes as long as twenty syncs beside the database file. Comparability is added by [`super::Builder`].
    pub fn measure(database: Option<&Path>) -> Environment {
        Environment { storage: Storage::measure(database), ..Environment::look(database) }
    }

    /// The same without what takes time: the file system is all that is told of the storage.
    pub fn look(database: Option<&Path>) -> Environment {
        Environment {
            runner: Runner::this(),
            machine: Machine::describe(),
            storage: Storage { file_system: database.and_then(machine::file_system), ..Storage::default() },
            clock_resolution_ns: machine::clock_resolution_ns(),
            comparability: IndexMap::new(),
            comparability_key: String::new(),
        }
    }
}

impl Engine {
    /// What the database said of itself, with what the scenario asked for.
    pub(super) fn new(plan: &Plan, facts: &Facts) -> Engine {
        let settings: IndexMap<String, String> = facts.settings.iter().cloned().collect();
        let confirmed = |name: &str, expected: &str| {
            let found = settings.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.is_some_and(|(_, value)| value.eq_ignore_ascii_case(expected))
        };
        let pragmas = plan.database.pragmas().iter();
        let mut unconfirmed: Vec<String> = pragmas
            .filter(|pragma| !confirmed(&pragma.name, &pragma.expected))
            .map(|pragma| pragma.name.clone())
            .collect();
        // A server answers in units of its own; that a setting took effect was compared there.
        let asked = plan.database.postgres().map_or(&[][..], |database| &database.settings);
        let known = |name: &str| settings.keys().any(|other| other.eq_ignore_ascii_case(name));
        unconfirmed.extend(asked.iter().filter(|one| !known(&one.name)).map(|one| one.name.clone()));
        let busy_timeout_ms = match &plan.database {
            Database::Sqlite(database) => Some(database.busy_timeout_ms),
            Database::Postgres(_) | Database::Memtable(_) => None,
        };
        Engine {
            name: facts.name.to_string(),
            version: facts.version.clone(),
            source_id: facts.source_id.clone(),
            compile_options: facts.compile_options.clone(),
            storage: facts.storage.to_string(),
            durability: Some(facts.durability),
            path: plan.database.file().map(|path| path.to_string_lossy().into_owned()),
            busy_timeout_ms,
            unconfirmed_settings: unconfirmed,
            settings,
        }
    }

    /// Whether another is the same program, in the same version, holding its database in the same way.
    pub(super) fn is_like(&self, other: &Engine) -> bool {
        (&self.name, &self.version, &self.storage) == (&other.name, &other.version, &other.storage)
    }

    pub(super) fn of_case(&self) -> CaseEngine {
        CaseEngine { name: self.name.clone(), version: self.version.clone(), storage: self.storage.clone() }
    }
}

impl ScenarioRecord {
    /// From the plan's record.
    pub(super) fn new(plan: &Plan) -> ScenarioRecord {
        let source = &plan.source;
        let overrides = source.overrides.iter().cloned();
        ScenarioRecord {
            path: source.path.to_string_lossy().into_owned(),
            description: plan.description.clone(),
            sha256: source.sha256.clone(),
            text: source.text.clone(),
            overrides: overrides.map(|(key, value)| OverrideRecord { key, value }).collect(),
            effective: source.effective.clone(),
            seed: plan.seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn a_server_has_no_path_and_what_was_asked_of_its_sessions_is_confirmed_by_name() {
        let mut plan = testing::plan();
        plan.database = Database::Postgres(testing::server(&[("work_mem", "64MB"), ("jit", "off")]));
        let settings = vec![("work_mem".to_owned(), "65536kB".to_owned())];
        let facts = Facts { name: "postgres".into(), storage: "server".into(), settings, ..Facts::default() };
        let engine = Engine::new(&plan, &facts);
        assert_eq!((engine.path, engine.busy_timeout_ms), (None, None));
        assert_eq!(engine.unconfirmed_settings, ["jit"]);
    }
}
