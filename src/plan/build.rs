//! Scenario -> Plan: every check that needs more than the file's shape, and every decision.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::crews::Crews;
use super::ddl::TableFacts;
use super::loads::{self, Settled};
use super::mixes::{Mixer, Share};
use super::operations::{self, Made};
use super::tables::{self, Input, Tables};
use super::targets::{About, Aim};
use super::warnings::{self, Finished};
use super::{
    Database, Index, Operation, Outputs, Plan, Record, Table, Target, Workload, capabilities, database,
    limits, lookups, payload, postgres, statements,
};
use crate::dataset::{Rows, Source};
use crate::diagnostic::{Code, Diagnostic};
use crate::scenario::{Loaded, Reset};

/// Makes the plan of a scenario whose shape is right. `path` names the result unless the scenario does.
///
/// # Errors
/// Everything that is wrong, at once as far as one fault does not hide the next.
pub fn build(path: &Path, loaded: &Loaded) -> Result<Plan, Vec<Diagnostic>> {
    let Built { plan, mut faults, aims } = build_case(path, loaded);
    faults.extend(aims.into_iter().flat_map(|aim| aim.missed));
    match plan.filter(|_| faults.is_empty()) {
        Some(plan) => Ok(plan),
        None => Err(each_once(faults)),
    }
}

/// What came of one case.
pub(super) struct Built {
    /// Absent only where there are faults.
    pub(super) plan: Option<Plan>,
    pub(super) faults: Vec<Diagnostic>,
    /// What each target is about in this case; none where faults keep it from being seen.
    pub(super) aims: Vec<Aim>,
}

/// Makes the plan of one case of several: what its targets do not find in it they may find in another one.
pub(super) fn build_case(path: &Path, loaded: &Loaded) -> Built {
    let input = Input::of(loaded);
    let (mut faults, mut aims) = (Vec::new(), Vec::new());
    let plan = assemble(path, loaded, &input, &mut faults, &mut aims);
    Built { plan, faults, aims }
}

/// What stands at the top of a file is looked at for each workload, and in each case, but told once.
pub(super) fn each_once(faults: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut told: Vec<Diagnostic> = Vec::new();
    for fault in faults {
        if !told.iter().any(|other| other.span == fault.span && other.message == fault.message) {
            told.push(fault);
        }
    }
    told
}

fn assemble(
    path: &Path,
    loaded: &Loaded,
    input: &Input<'_>,
    faults: &mut Vec<Diagnostic>,
    aims: &mut Vec<Aim>,
) -> Option<Plan> {
    let scenario = input.scenario;
    let name = name(path, input, faults);
    let limits = limits::settle(input, faults);
    let settled = loads::settle(input, faults);
    let all_settled = settled.len() == scenario.workloads.len().max(1);
    check_resets(input, &settled, faults);
    capabilities::check(input, &settled, faults);
    let shared = settled.iter().any(|s| {
        s.pool.is_some() || (s.reset != Reset::Write && s.concurrency.iter().any(|&workers| workers > 1))
    });
    let database = database::settle(input, &name, shared, faults);
    let mut tables = tables::resolve(input, faults)?;
    let foreign_keys = input.is_postgres()
        || database.iter().flat_map(Database::pragmas).any(|p| p.name == "foreign_keys" && p.expected == "1");
    let before = faults.len();
    let made = operations::resolve(input, &mut tables, foreign_keys, faults);
    if faults.len() > before || !all_settled {
        return None;
    }
    let shares = share_out(input, &tables, &made, &settled, faults)?;
    let (mut plan_tables, mut operations, inserts) = statements(input, &tables, &made, &shares);
    let from = database.as_ref().is_some_and(|database| database.from().is_some());
    payload::settle(&tables, &made, from, &mut plan_tables, &mut operations);
    let crews = Crews { input, tables: &tables, made: &made, operations: &operations, inserts: &inserts };
    let mut workloads: Vec<Workload> = Vec::new();
    for (settled, shares) in settled.iter().zip(&shares) {
        match crews.workload(settled, shares) {
            Ok(workload) => workloads.push(workload),
            Err(found) => faults.extend(found),
        }
    }
    let about = About { input, loaded, operations: &operations, workloads: &workloads };
    let mut targets = about.resolve(faults, aims);
    let (database, quick) = (database?, loaded.overrides.iter().any(|(key, _)| key == "--quick"));
    let warnings = if faults.is_empty() {
        let own = targets.iter().zip(&*aims).filter(|(_, aim)| aim.here);
        let own: Vec<Target> = own.map(|(target, _)| target.clone()).collect();
        let finished = Finished {
            input,
            tables: &tables,
            made: &made,
            operations: &operations,
            workloads: &workloads,
            targets: &own,
            database: &database,
            effective: &loaded.effective,
            computed: &loaded.computed,
            quick,
        };
        warnings::find(&finished)
    } else {
        Vec::new()
    };
    if !loaded.chosen.is_empty() {
        check_chosen(loaded, &settled, faults);
        workloads.retain(|workload| loaded.chosen.iter().any(|(name, _)| *name == workload.name));
        targets.retain(|target| workloads.iter().any(|workload| is_about(target, workload, &operations)));
    }
    Some(Plan {
        name,
        case: 0,
        variant: loaded.variant.clone(),
        parameters: loaded.parameters.clone(),
        limits,
        test: scenario.test.clone(),
        description: scenario.description.clone(),
        seed: scenario.seed,
        database,
        tables: plan_tables,
        operations,
        workloads,
        targets,
        quick,
        outputs: Outputs {
            schema: scenario.output.schema.clone(),
            csv: scenario.output.csv,
            summary: scenario.output.summary,
            logs: scenario.output.logs,
        },
        source: record(path, loaded),
        warnings,
    })
}

/// Tables are made around every write in all workloads or in none: each worker then has a database of its own.
fn check_resets(input: &Input<'_>, settled: &[Settled<'_>], faults: &mut Vec<Diagnostic>) {
    let writes = settled.iter().filter(|s| s.reset == Reset::Write).count();
    if writes == 0 || writes == settled.len() {
        return;
    }
    for one in settled.iter().filter(|s| s.reset == Reset::Write) {
        let own = ["workloads", one.name.as_str(), "reset"];
        let at = input.at(&own).or_else(|| input.at(&["reset"]));
        let words = "`reset = \"write\"` holds for all workloads of a file or for none";
        let help = "give all workloads this `reset`, or move those with another one to a file of their own";
        faults.push(Diagnostic::error(Code::Reset, at, words).help(help));
    }
}

/// Workloads that the command line names and the file does not have.
fn check_chosen(loaded: &Loaded, settled: &[Settled<'_>], faults: &mut Vec<Diagnostic>) {
    let names = settled.iter().map(|settled| settled.name.as_str());
    for (name, span) in &loaded.chosen {
        if !names.clone().any(|known| known == name) {
            let words = format!("there is no workload `{name}`");
            let help = operations::instead(name, "workloads", names.clone());
            faults.push(Diagnostic::error(Code::UnknownWorkload, Some(*span), words).help(help));
        }
    }
}

/// Whether a target has a level to be about in a workload.
pub(super) fn is_about(target: &Target, workload: &Workload, operations: &[Operation]) -> bool {
    let comes = |name: &String| {
        let index = operations.iter().position(|operation| operation.name == *name);
        index.is_some_and(|index| workload.crews.iter().any(|crew| crew.counts[index] > 0))
    };
    target.workload.as_ref().is_none_or(|name| *name == workload.name)
        && target.operation.as_ref().is_none_or(comes)
        && target.concurrency.is_none_or(|workers| workload.concurrency.contains(&workers))
}

fn share_out(
    input: &Input<'_>,
    tables: &Tables,
    made: &[Made],
    settled: &[Settled<'_>],
    faults: &mut Vec<Diagnostic>,
) -> Option<Vec<Vec<Share>>> {
    let each: Vec<Option<Vec<Share>>> =
        settled.iter().map(|settled| Mixer { input, tables, made, settled, faults }.shares()).collect();
    each.into_iter().collect()
}

pub(super) fn record(path: &Path, loaded: &Loaded) -> Record {
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

/// The plan's tables; its operations, inserts of tables first; and which of them inserts the rows of a table's share.
fn statements(
    input: &Input<'_>,
    tables: &Tables,
    made: &[Made],
    shares: &[Vec<Share>],
) -> (Vec<Table>, Vec<Operation>, Vec<Option<usize>>) {
    let mut plan_tables = Vec::new();
    let mut operations = Vec::new();
    let mut inserts = Vec::new();
    for (index, (facts, rows)) in tables.facts.iter().zip(tables.rows.iter()).enumerate() {
        let columns: Vec<String> = rows.columns.iter().map(|c| c.name.clone()).collect();
        let shared = shares.iter().flatten().any(|share| share.inserts[index] > 0);
        let written = shared || input.scenario.tables[index].rows > 0;
        inserts.push(written.then_some(operations.len()));
        if written {
            let sql = statements::insert(&rows.name, &columns);
            let sql = if input.is_postgres() { postgres::marks(&sql) } else { sql };
            operations.push(Operation::insert(&rows.name, index, sql, columns.len()));
        }
        plan_tables.push(Table {
            name: rows.name.clone(),
            create: facts.create.clone(),
            key: lookups::identity(facts, &rows.columns),
            indexes: indexes(facts, &columns),
            columns,
            references: facts.foreign_keys.iter().map(|k| k.table.clone()).collect(),
            references_bound: references_bound(facts, rows),
            rowid: !input.is_postgres() && payload::has_rowid(&tables.database, &rows.name),
            bytes: Vec::new(),
        });
    }
    operations.extend(made.iter().map(|made| made.operation.clone()));
    (plan_tables, operations, inserts)
}

/// Unique groups and indexes of which every column has values.
fn indexes(facts: &TableFacts, columns: &[String]) -> Vec<Index> {
    let place = |name: &String| columns.iter().position(|column| column.eq_ignore_ascii_case(name));
    let whole = |(names, unique): (&Vec<String>, bool)| {
        let columns = names.iter().map(place).collect::<Option<Vec<usize>>>()?;
        Some(Index { columns, unique })
    };
    let unique = facts.distinct_groups.iter().map(|group| (group, true));
    unique.chain(facts.plain_indexes.iter().map(|group| (group, false))).filter_map(whole).collect()
}

fn references_bound(facts: &TableFacts, rows: &Rows) -> bool {
    let bound = |name: &String| match rows.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name)) {
        Some(column) => matches!(column.source, Source::Reference { .. } | Source::Combined { .. }),
        None => true,
    };
    facts.foreign_keys.iter().all(|key| key.columns.iter().all(|(here, _)| bound(here)))
}
