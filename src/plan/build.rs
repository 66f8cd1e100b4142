//! Scenario -> Plan: every check that needs more than the file's shape, and every decision.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::ddl::{TableFacts, quote};
use super::tables::{self, Input, Tables};
use super::{
    Crew, Database, Extent, Load, Location, Operation, Plan, Record, Table, WarmUp, Workload, pragma, shares,
};
use crate::dataset::{Dataset, Interleaving, Parts, Rows, Source, Workspace};
use crate::diagnostic::{Code, Diagnostic};
use crate::scenario::{Allow, Loaded, Reset};

/// Makes the plan of a scenario whose shape is right. `path` names the result unless the scenario does.
///
/// # Errors
/// Everything that is wrong, at once as far as one fault does not hide the next.
pub fn build(path: &Path, loaded: &Loaded) -> Result<Plan, Vec<Diagnostic>> {
    let scenario = &loaded.scenario;
    let input = Input { scenario, spans: &loaded.spans, sources: &loaded.sources };
    let mut faults = Vec::new();
    let name = name(path, &input, &mut faults);
    check_levels(&input, &mut faults);
    let database = database(&input, &mut faults);
    let found = tables::resolve(&input, &mut faults);
    let counts = found.as_ref().and_then(|tables| counts(&input, tables, &mut faults));
    let parts = match scenario.reset {
        Reset::Scenario => scenario.concurrency.len() as u64,
        Reset::Level | Reset::Iteration | Reset::Write => 1,
    };
    let (Some(tables), Some(counts), Some(database)) = (found, counts, database) else { return Err(faults) };
    let in_all: Vec<u64> = counts.iter().map(|c| c * parts).collect();
    tables::check_capacity(&input, &tables, &in_all, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let (plan_tables, operations) = statements(&tables, &counts);
    let writers: Vec<Vec<(usize, u64)>> = (0..plan_tables.len())
        .map(|table| {
            let operation = operations.iter().position(|o: &Operation| o.inserts() == Some(table));
            operation.map(|operation| (operation, counts[table])).into_iter().collect()
        })
        .collect();
    let names: Vec<String> = tables.rows.iter().map(|r| r.name.clone()).collect();
    let dataset = Dataset::new(Parts {
        seed: scenario.seed,
        tables: Arc::new(tables.rows),
        loaded: vec![0; plan_tables.len()],
        writers: writers.clone(),
        actions: Vec::new(),
        ranks: tables.ranks,
        combinations: tables.combinations,
        interleaving: match scenario.order {
            crate::scenario::Order::Mixed => Interleaving::Mixed,
            crate::scenario::Order::Phased => Interleaving::Phased,
        },
        parts,
        loaded_only: vec![false; plan_tables.len()],
    })
    .map_err(|fault| vec![tables::unorderable(&input, &names, &fault)])?;
    check_first_rows(&input, &dataset, &counts)?;
    let mut per_operation = vec![0; operations.len()];
    writers.iter().flatten().for_each(|&(operation, count)| per_operation[operation] = count);
    let workload = Workload {
        name: scenario.test.clone(),
        crews: vec![Crew { role: None, workers: None, dataset: Arc::new(dataset), counts: per_operation }],
        extent: Extent::Total(scenario.total_writes),
        concurrency: scenario.concurrency.clone(),
        iterations: 1,
        warm_up: WarmUp::None,
        reset: scenario.reset,
        load: Load::Closed,
        retry: None,
        batch: None,
        pool: None,
        only_inserts: true,
    };
    Ok(Plan {
        name,
        test: scenario.test.clone(),
        description: scenario.description.clone(),
        seed: scenario.seed,
        database,
        tables: plan_tables,
        operations,
        workloads: vec![workload],
        targets: Vec::new(),
        quick: loaded.overrides.iter().any(|(key, _)| key == "--quick"),
        result_schema: scenario.output.schema.clone(),
        source: record(path, loaded),
    })
}

fn record(path: &Path, loaded: &Loaded) -> Record {
    let text = loaded.sources[0].text.clone();
    let sha256 = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    Record {
        path: path.to_owned(),
        text,
        sha256,
        overrides: loaded.overrides.clone(),
        effective: loaded.effective.clone(),
    }
}

fn name(path: &Path, input: &Input<'_>, faults: &mut Vec<Diagnostic>) -> String {
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let name = input.scenario.name.clone().unwrap_or(stem);
    let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(good) {
        let words = format!("`{name}` cannot name a result");
        faults
            .push(Diagnostic::error(Code::BadName, input.at(&["name"]), words).help(
                "use letters, digits, dot, underscore and hyphen, in `name` or in the file's own name",
            ));
    }
    name
}

fn check_levels(input: &Input<'_>, faults: &mut Vec<Diagnostic>) {
    let levels = &input.scenario.concurrency;
    for (i, level) in levels.iter().enumerate() {
        if levels[..i].contains(level) {
            let at = input.at(&["concurrency", &i.to_string()]);
            let words = format!("{level} stands twice in `concurrency`");
            faults.push(Diagnostic::error(Code::ConcurrencyRepeat, at, words).help("name each level once"));
        }
    }
}

fn database(input: &Input<'_>, faults: &mut Vec<Diagnostic>) -> Option<Database> {
    let section = &input.scenario.database;
    let at = input.at(&["database", "path"]);
    let refuse = |words: &str, help: &str| Diagnostic::error(Code::BadPath, at, words).help(help.to_owned());
    let shared = input.scenario.reset != Reset::Write && input.scenario.concurrency.iter().any(|&c| c > 1);
    let location = match section.path.as_str() {
        ":memory:" => Location::Memory { shared },
        "" => {
            faults.push(refuse(
                "the database has no path",
                "write a file such as \"db/mine.db\", or \":memory:\"",
            ));
            return None;
        }
        uri if uri.starts_with("file:") => {
            faults.push(refuse("`path` is a URI", "write a plain path such as \"db/mine.db\""));
            return None;
        }
        path if path.ends_with('/') || Path::new(path).is_dir() => {
            faults.push(refuse(&format!("`{path}` is a directory"), "name a file in it"));
            return None;
        }
        path => Location::File(PathBuf::from(path)),
    };
    let before = faults.len();
    let mut pragmas = Vec::new();
    for (name, value) in &section.pragmas {
        let path = ["database", "pragmas", name.as_str()];
        let place = pragma::Place { key: input.spans.key(&path), value: input.at(&path) };
        match pragma::resolve(name, value, place, &location) {
            Ok(pragma) => pragmas.push(pragma),
            Err(fault) => faults.push(fault),
        }
    }
    let busy_timeout_ms = u32::try_from(section.busy_timeout.as_millis()).unwrap_or(u32::MAX);
    if busy_timeout_ms > i32::MAX as u32 {
        let at = input.at(&["database", "busy_timeout"]);
        faults.push(
            Diagnostic::error(Code::OutOfRange, at, "`busy_timeout` is too long").help("at most 24 days"),
        );
    }
    (faults.len() == before).then(|| Database {
        location,
        busy_timeout_ms,
        pragmas,
        allow_attach: section.allow.contains(&Allow::Attach),
        statement_cache: None,
    })
}

fn counts(input: &Input<'_>, tables: &Tables, faults: &mut Vec<Diagnostic>) -> Option<Vec<u64>> {
    let shares: Vec<f64> = input.scenario.tables.values().map(|t| t.share).collect();
    if shares.iter().all(|&share| share <= 0.0) {
        faults.push(
            Diagnostic::error(
                Code::NoWrites,
                input.at(&["tables"]),
                "no table has a share, so nothing would be written",
            )
            .help("give at least one table a `share`, such as `share = 10`"),
        );
        return None;
    }
    let needed = needed(tables, &shares);
    let counts = shares::apportion(input.scenario.total_writes, &shares, &needed);
    if counts.is_none() {
        let names = input.scenario.tables.keys().zip(&needed).filter(|(_, needed)| **needed);
        let names: Vec<String> = names.map(|(name, _)| format!("`{name}`")).collect();
        let words = format!(
            "`total_writes = {}` is not enough: other tables refer to {}, so a row is needed {} first",
            input.scenario.total_writes,
            names.join(", "),
            if names.len() == 1 { "there" } else { "in each of them" }
        );
        faults.push(
            Diagnostic::error(Code::Share, input.at(&["total_writes"]), words)
                .help("write at least one row for each table of the mix"),
        );
    }
    counts
}

/// Parents of tables that are written, and their parents.
fn needed(tables: &Tables, shares: &[f64]) -> Vec<bool> {
    let mut needed = vec![false; shares.len()];
    let mut open: Vec<usize> = (0..shares.len()).filter(|&t| shares[t] > 0.0).collect();
    while let Some(table) = open.pop() {
        for &parent in &tables.parents[table] {
            if !needed[parent] {
                needed[parent] = true;
                open.push(parent);
            }
        }
    }
    needed
}

fn statements(tables: &Tables, counts: &[u64]) -> (Vec<Table>, Vec<Operation>) {
    let mut made = Vec::new();
    let mut operations = Vec::new();
    for (index, (facts, rows)) in tables.facts.iter().zip(&tables.rows).enumerate() {
        let columns: Vec<String> = rows.columns.iter().map(|c| c.name.clone()).collect();
        let place = |name: &String| columns.iter().position(|c| c.eq_ignore_ascii_case(name));
        let whole = |group: &Vec<String>| group.iter().map(place).collect::<Option<Vec<usize>>>();
        let key = facts.distinct_groups.iter().find_map(whole).unwrap_or_default();
        if counts[index] > 0 {
            let sql = insert(&rows.name, &columns);
            operations.push(Operation::insert(&rows.name, index, sql, columns.len()));
        }
        made.push(Table {
            name: rows.name.clone(),
            create: facts.create.clone(),
            columns,
            key,
            references: facts.foreign_keys.iter().map(|k| k.table.clone()).collect(),
            references_bound: references_bound(facts, rows),
        });
    }
    (made, operations)
}

fn references_bound(facts: &TableFacts, rows: &Rows) -> bool {
    let bound = |name: &String| match rows.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name)) {
        Some(column) => matches!(column.source, Source::Reference { .. } | Source::Combined { .. }),
        None => true,
    };
    facts.foreign_keys.iter().all(|key| key.columns.iter().all(|(here, _)| bound(here)))
}

fn insert(table: &str, columns: &[String]) -> String {
    if columns.is_empty() {
        return format!("INSERT INTO {} DEFAULT VALUES", quote(table));
    }
    let names = columns.iter().map(|c| quote(c)).collect::<Vec<_>>().join(", ");
    let marks = (1..=columns.len()).map(|i| format!("?{i}")).collect::<Vec<_>>().join(", ");
    format!("INSERT INTO {} ({names}) VALUES ({marks})", quote(table))
}

/// What depends on the row is tried on the first and the last.
fn check_first_rows(input: &Input<'_>, dataset: &Dataset, counts: &[u64]) -> Result<(), Vec<Diagnostic>> {
    let mut workspace = Workspace::default();
    let mut faults = Vec::new();
    for (table, &count) in counts.iter().enumerate() {
        let rows = dataset.tables().get(table).filter(|_| count > 0);
        let Some(rows) = rows else { continue };
        for row in [0, count - 1] {
            let mut made = 0;
            let Err(error) = dataset.row(table, row, &mut workspace, &mut |_| made += 1) else { continue };
            let column = rows.columns.get(made).map_or("", |c| c.name.as_str());
            let at = input
                .at(&["tables", &rows.name, "columns", column, "value"])
                .or_else(|| input.at(&["tables", &rows.name]));
            let words = format!("`{column}` in row {} of `{}` cannot be made: {error}", row + 1, rows.name);
            let help = "a template must give a value for every row; `row` counts them from 1";
            faults.push(Diagnostic::error(Code::TemplateArgument, at, words).help(help));
            break;
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}
