//! What a preview shows, whichever way it is drawn.

use serde::{Serialize, Serializer};

use super::{Chosen, as_json};
use crate::dataset::{Action, ActionValue, Column, Dataset, StepRepeat, Workspace};
use crate::plan::{Bind, EngineKind, Expect, Kind, Operation, Plan, Repeat, Step, Workload};
use crate::value::Value;

/// A scenario's rows and statements.
#[derive(Debug, Serialize)]
pub(super) struct Preview {
    pub(super) name: String,
    pub(super) seed: u64,
    pub(super) workloads: Vec<String>,
    pub(super) tables: Vec<TablePreview>,
    pub(super) operations: Vec<OperationPreview>,
}

/// The first rows of a table.
#[derive(Debug, Serialize)]
pub(super) struct TablePreview {
    pub(super) name: String,
    /// Rows that are there before anything is measured.
    pub(super) loaded: u64,
    /// Rows that a level writes.
    pub(super) written: Vec<Written>,
    /// Those that rows have a value for.
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Shown>>,
}

/// Rows that each level of a workload writes.
#[derive(Debug, Serialize)]
pub(super) struct Written {
    pub(super) workload: String,
    pub(super) rows: u64,
}

/// An operation, and its first occurrences.
#[derive(Debug, Serialize)]
pub(super) struct OperationPreview {
    pub(super) name: String,
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) table: Option<String>,
    pub(super) transaction: &'static str,
    pub(super) parts: Vec<Part>,
    /// Whether it writes rows as its table shows them.
    #[serde(skip)]
    pub(super) plain_insert: bool,
    pub(super) steps: Vec<StepPreview>,
}

/// What an operation is in a workload that has it.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    pub(super) workload: String,
    /// Of all operations there, 0 to 1.
    pub(super) share: f64,
    /// Workers that do nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workers: Option<u32>,
}

/// A statement, and its first executions.
#[derive(Debug, Serialize)]
pub(super) struct StepPreview {
    pub(super) sql: String,
    /// As many as values; in their order.
    pub(super) parameters: Vec<String>,
    /// How often it comes; absent where a template says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) repeat: Option<u64>,
    /// Columns of its first row that later steps use.
    pub(super) captures: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expect_rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expect_changes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expect_value: Option<Shown>,
    pub(super) executions: Vec<Execution>,
}

/// One execution of a statement.
#[derive(Debug, Serialize)]
pub(super) struct Execution {
    /// Which occurrence of the operation, from 1.
    pub(super) occurrence: u64,
    /// Which repetition, from 0.
    pub(super) n: u64,
    /// The row (from 1) of a table that the operation is about; absent where it is about none that exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) row: Option<u64>,
    pub(super) values: Vec<Shown>,
}

/// A value, or the name of one that an earlier step captures.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shown {
    Value(Value),
    Captured(String),
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Shown::Value(value) => as_json(value).serialize(serializer),
            Shown::Captured(name) => serde_json::json!({ "captured": name }).serialize(serializer),
        }
    }
}

/// Makes the rows and executions that are shown.
///
/// # Errors
/// When a value cannot be made, in words.
pub(super) fn preview(plan: &Plan, chosen: &Chosen, rows: u64) -> Result<Preview, String> {
    let mut workspace = Workspace::default();
    let tables = chosen.tables.iter().map(|table| of_table(plan, *table, rows, &mut workspace));
    let tables = tables.collect::<Result<_, _>>()?;
    let operations =
        chosen.operations.iter().map(|operation| of_operation(plan, *operation, rows, &mut workspace));
    Ok(Preview {
        name: plan.name.clone(),
        seed: plan.seed,
        workloads: plan.workloads.iter().map(|workload| workload.name.clone()).collect(),
        tables,
        operations: operations.collect::<Result<_, _>>()?,
    })
}

/// The dataset of the first crew that something holds for.
fn dataset(plan: &Plan, holds: impl Fn(&Dataset, &[u64]) -> bool) -> Option<&Dataset> {
    let crews = plan.workloads.iter().flat_map(|workload| &workload.crews);
    crews
        .map(|crew| (&*crew.dataset, &crew.counts))
        .find(|(dataset, counts)| holds(dataset, counts))
        .map(|c| c.0)
}

fn of_table(plan: &Plan, table: usize, rows: u64, workspace: &mut Workspace) -> Result<TablePreview, String> {
    let known = &plan.tables[table];
    let mut shown = Vec::new();
    let mut loaded = 0;
    if let Some(dataset) = dataset(plan, |dataset, _| dataset.rows_in_all(table) > 0) {
        loaded = dataset.loaded(table);
        for row in 0..dataset.rows_in_all(table).min(rows) {
            let values = dataset.values(table, row, workspace).map_err(|error| {
                format!("row {} of table {} cannot be made: {error}", row + 1, known.name)
            })?;
            shown.push(values.into_iter().map(Shown::Value).collect());
        }
    }
    let written = |workload: &Workload| {
        let rows: u64 = workload.crews.iter().map(|crew| crew.dataset.rows_per_part(table)).sum();
        (rows > 0).then(|| Written { workload: workload.name.clone(), rows })
    };
    Ok(TablePreview {
        name: known.name.clone(),
        loaded,
        written: plan.workloads.iter().filter_map(written).collect(),
        columns: known.columns.clone(),
        rows: shown,
    })
}

fn of_operation(
    plan: &Plan,
    index: usize,
    rows: u64,
    workspace: &mut Workspace,
) -> Result<OperationPreview, String> {
    let operation = &plan.operations[index];
    let mut steps: Vec<StepPreview> =
        operation.steps.iter().map(|step| of_step(plan.database.engine(), operation, step)).collect();
    let (kind, table) = kind(&operation.kind);
    if let Some(dataset) = dataset(plan, |_, counts| counts[index] > 0) {
        name_parameters(plan, dataset, index, &mut steps);
        fill(plan, dataset, index, rows, workspace, &mut steps)?;
    }
    Ok(OperationPreview {
        name: operation.name.clone(),
        kind,
        table: table.map(|table| plan.tables[table].name.clone()),
        transaction: operation.transaction.as_str(),
        parts: plan.workloads.iter().filter_map(|workload| part(workload, index)).collect(),
        plain_insert: table.is_some_and(|table| {
            matches!(operation.kind, Kind::Insert { .. }) && plan.tables[table].name == operation.name
        }),
        steps,
    })
}

fn part(workload: &Workload, operation: usize) -> Option<Part> {
    let counts = workload.crews.iter().map(|crew| (crew.counts[operation], crew.counts.iter().sum::<u64>()));
    let (own, all) = counts.fold((0, 0), |sum, crew| (sum.0 + crew.0, sum.1 + crew.1));
    let workers = workload.crews.iter().find(|crew| crew.counts[operation] > 0).and_then(|crew| crew.workers);
    (own > 0).then(|| Part { workload: workload.name.clone(), share: own as f64 / all as f64, workers })
}

fn kind(kind: &Kind) -> (&'static str, Option<usize>) {
    match kind {
        Kind::Insert { table } => ("insert", Some(*table)),
        Kind::Upsert { table, .. } => ("upsert", Some(*table)),
        Kind::Get { table } => ("get", Some(*table)),
        Kind::Find { table } => ("find", Some(*table)),
        Kind::Scan { table } => ("scan", Some(*table)),
        Kind::Update { table, .. } => ("update", Some(*table)),
        Kind::Delete { table } => ("delete", Some(*table)),
        Kind::Sql { .. } => ("sql", None),
    }
}

fn of_step(engine: EngineKind, operation: &Operation, step: &Step) -> StepPreview {
    let mark = if engine == EngineKind::Postgres { '$' } else { '?' };
    let Expect { rows, changes, value } = &step.expect;
    StepPreview {
        sql: dedented(&step.sql),
        parameters: (1..=step.binds.len()).map(|number| format!("{mark}{number}")).collect(),
        repeat: match step.repeat {
            Repeat::Fixed(times) => Some(times),
            Repeat::Drawn => None,
        },
        captures: step.captures.iter().map(|(_, slot)| operation.captures[*slot].clone()).collect(),
        expect_rows: *rows,
        expect_changes: *changes,
        expect_value: value.clone().map(Shown::Value),
        executions: Vec::new(),
    }
}

/// Without empty lines around it and the spaces that all of its lines begin with.
fn dedented(sql: &str) -> String {
    let lines: Vec<&str> = sql.trim_matches(['\n', '\r']).trim_end().lines().map(str::trim_end).collect();
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let common = lines.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    let lines: Vec<&str> = lines.iter().map(|line| line.get(common..).unwrap_or("")).collect();
    lines.join("\n")
}

/// Parameters are called as in the scenario's SQL, or like the columns that they are values of.
fn name_parameters(plan: &Plan, dataset: &Dataset, operation: usize, steps: &mut [StepPreview]) {
    let known = &plan.operations[operation];
    let action = dataset.action_of(operation).map(|action| &dataset.actions()[action]);
    let columns = |table: usize| &plan.tables[table].columns;
    let shared = |index: usize| match (action, kind(&known.kind).1) {
        (Some(Action { values, key, .. }), _) => match &values[index] {
            ActionValue::Own(column) => last_name(column, known),
            ActionValue::Key { column }
            | ActionValue::Fresh { column }
            | ActionValue::Prefix { column, .. } => {
                key.map_or(String::new(), |key| columns(key.table)[*column].clone())
            }
        },
        (None, Some(table)) => columns(table)[index].clone(),
        (None, None) => String::new(),
    };
    for (index, (step, shown)) in known.steps.iter().zip(steps).enumerate() {
        for (number, bind) in step.binds.iter().enumerate() {
            let name = match bind {
                Bind::Shared(value) => shared(*value),
                Bind::Own(value) => action
                    .map_or(String::new(), |action| last_name(&action.steps[index].values[*value], known)),
                Bind::Captured(slot) => known.captures[*slot].clone(),
            };
            let is_raw = matches!(known.kind, Kind::Sql { .. });
            shown.parameters[number] =
                if is_raw { format!(":{name}") } else { format!("{} {name}", shown.parameters[number]) };
        }
    }
}

/// A value of the operation's own is named by its place below the operation: `bind.stream`, `steps.1.bind.id`, `set.name`.
fn last_name(column: &Column, operation: &Operation) -> String {
    let name = column.name.as_str();
    let name = match name.strip_prefix("steps.").and_then(|rest| rest.split_once('.')) {
        Some((_, rest)) if matches!(operation.kind, Kind::Sql { .. }) => rest,
        _ => name,
    };
    name.strip_prefix("bind.").or_else(|| name.strip_prefix("set.")).unwrap_or(name).to_owned()
}

/// Adds the executions of the operation's first occurrences.
fn fill(
    plan: &Plan,
    dataset: &Dataset,
    operation: usize,
    rows: u64,
    workspace: &mut Workspace,
    steps: &mut [StepPreview],
) -> Result<(), String> {
    let known = &plan.operations[operation];
    let failed = |number: u64, error: &dyn std::fmt::Display| {
        format!("number {} of operation {} cannot be made: {error}", number + 1, known.name)
    };
    let Some(place) = dataset.action_of(operation) else {
        // It inserts the next rows of a table.
        let Some(table) = known.inserts() else { return Ok(()) };
        for (occurrence, row) in dataset.written_by(operation, table).take(rows as usize).enumerate() {
            let values = dataset.values(table, row, workspace).map_err(|error| failed(row, &error))?;
            let values = values.into_iter().map(Shown::Value).collect();
            let occurrence = occurrence as u64 + 1;
            steps[0].executions.push(Execution { occurrence, n: 0, row: Some(row + 1), values });
        }
        return Ok(());
    };
    let action = &dataset.actions()[place];
    for occurrence in 0..rows.min(action.count * dataset.parts()) {
        let mut made = Vec::new();
        let target = dataset
            .occurrence(place, occurrence, workspace, &mut |value| made.push(value.to_owned()))
            .map_err(|error| failed(occurrence, &error))?;
        let row = target.map(|(_, row)| row + 1);
        execute(known, action, (occurrence + 1, row, rows), &made, steps);
    }
    Ok(())
}

/// Deals the values of one occurrence to its statements, as they stand on the tape.
fn execute(
    known: &Operation,
    action: &Action,
    (occurrence, row, rows): (u64, Option<u64>, u64),
    made: &[Value],
    steps: &mut [StepPreview],
) {
    let (shared, mut rest) = made.split_at(action.values.len());
    for ((step, taken), shown) in known.steps.iter().zip(&action.steps).zip(steps) {
        let times = match (&taken.repeat, rest) {
            (StepRepeat::Fixed(times), _) => *times,
            (StepRepeat::Drawn(_), [Value::Integer(times), after @ ..]) => {
                rest = after;
                *times as u64
            }
            (StepRepeat::Drawn(_), _) => 0,
        };
        for n in 0..times {
            let (own, after) = rest.split_at(taken.values.len());
            rest = after;
            // A step that comes often does not hide the occurrences after this one.
            if n >= rows.div_ceil(2) || shown.executions.len() as u64 >= rows {
                continue;
            }
            let value = |bind: &Bind| match bind {
                Bind::Shared(index) => Shown::Value(shared[*index].clone()),
                Bind::Own(index) => Shown::Value(own[*index].clone()),
                Bind::Captured(slot) => Shown::Captured(known.captures[*slot].clone()),
            };
            let values = step.binds.iter().map(value).collect();
            shown.executions.push(Execution { occurrence, n, row, values });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::dedented;

    #[test]
    fn statements_lose_the_indent_that_all_lines_share() {
        assert_eq!(dedented("\n    SELECT 1\n      AS one\n    "), "SELECT 1\n  AS one");
        assert_eq!(dedented("SELECT 1"), "SELECT 1");
        assert_eq!(dedented("  a\n\n  é"), "a\n\né");
    }
}
