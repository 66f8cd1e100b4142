//! What a row of the dataset must look like after acknowledged modifications.
//!
//! A column holds what one of its modifications gave it: one that is not certainly followed by another of the same column. Without any, it
//! holds the dataset's value.

use super::journal::Modification;
use super::verify::Expected;
use crate::dataset::Workspace;
use crate::engine::{EngineError, Inspector, Lookup};
use crate::plan::Kind;
use crate::value::Value;

/// Compares a row (from 0) with what is stored, columns that may hold anything left out.
pub(super) fn look_up(
    expected: &Expected<'_>,
    inspector: &mut dyn Inspector,
    table: usize,
    row: u64,
    workspace: &mut Workspace,
) -> Result<Lookup, EngineError> {
    let dataset = super::ledger::dataset_of(expected.crews, table);
    let values = dataset.values(table, row, workspace).map_err(unmade)?;
    let modifications = expected.ledger.modifications(table, row);
    let overwritten = &expected.ledger.tables[table].overwritten;
    if modifications.is_empty() && overwritten.is_empty() {
        return inspector.look_up(table, &values);
    }
    let all: Vec<usize> = (0..values.len()).collect();
    let known = &expected.plan.tables[table].key;
    let key = if known.is_empty() { &all } else { known };
    if key.iter().any(|column| overwritten.contains(column)) {
        // It cannot be found, so that only its being counted tells that it is there.
        return Ok(Lookup::Same);
    }
    let given = given(expected, modifications, workspace)?;
    let candidates: Vec<Vec<Value>> =
        (0..values.len()).map(|column| candidates(modifications, &given, column, &values[column])).collect();
    let mut found = Lookup::Missing;
    for key in keys(key, &candidates) {
        found = look_for(expected, inspector, table, &candidates, &key)?;
        if found == Lookup::Same {
            break;
        }
    }
    Ok(found)
}

fn unmade(error: crate::template::RenderError) -> EngineError {
    EngineError::Unavailable(error.to_string())
}

/// Per modification, the columns that it sets, and their values.
type Given = Vec<Vec<(usize, Value)>>;

fn given(
    expected: &Expected<'_>,
    modifications: &[Modification],
    workspace: &mut Workspace,
) -> Result<Given, EngineError> {
    let of = |modification: &Modification| {
        let dataset = &expected.crews[modification.crew].dataset;
        let values =
            dataset.shared_values(modification.operation, modification.ordinal, workspace).map_err(unmade)?;
        Ok(match &expected.plan.operations[modification.operation].kind {
            Kind::Update { sets, .. } => {
                sets.iter().map(|&(column, value)| (column, values[value].clone())).collect()
            }
            // An upsert has a value for each column of the row.
            Kind::Upsert { sets, .. } => {
                sets.iter().map(|&column| (column, values[column].clone())).collect()
            }
            _ => Vec::new(),
        })
    };
    modifications.iter().map(of).collect()
}

/// What a column may hold.
fn candidates(modifications: &[Modification], given: &Given, column: usize, made: &Value) -> Vec<Value> {
    let sets = |sets: &[(usize, Value)]| sets.iter().find(|(set, _)| *set == column).map(|(_, v)| v.clone());
    let setting: Vec<(&Modification, Value)> =
        modifications.iter().zip(given).filter_map(|(m, given)| Some((m, sets(given)?))).collect();
    let last = |m: &Modification| !setting.iter().any(|(other, _)| other.span.start_ns > m.span.end_ns);
    let standing: Vec<Value> =
        setting.iter().filter(|(m, _)| last(m)).map(|(_, value)| value.clone()).collect();
    if standing.is_empty() { vec![made.clone()] } else { standing }
}

/// The keys that a row may have: mostly one.
fn keys(columns: &[usize], candidates: &[Vec<Value>]) -> Vec<Vec<(usize, Value)>> {
    columns.iter().fold(vec![Vec::new()], |keys, &column| {
        let with = |key: &Vec<(usize, Value)>, value: &Value| {
            key.iter().cloned().chain([(column, value.clone())]).collect()
        };
        keys.iter().flat_map(|key| candidates[column].iter().map(move |value| with(key, value))).collect()
    })
}

/// Looks under one key, and lets every column that differs take its next candidate.
fn look_for(
    expected: &Expected<'_>,
    inspector: &mut dyn Inspector,
    table: usize,
    candidates: &[Vec<Value>],
    key: &[(usize, Value)],
) -> Result<Lookup, EngineError> {
    let mut values: Vec<Value> = candidates.iter().map(|values| values[0].clone()).collect();
    key.iter().for_each(|(column, value)| values[*column] = value.clone());
    let mut tried = vec![0; values.len()];
    loop {
        let found = inspector.look_up(table, &values)?;
        let Lookup::Different { column, stored } = &found else { return Ok(found) };
        let columns = &expected.plan.tables[table].columns;
        let Some(place) = columns.iter().position(|name| name == column) else { return Ok(found) };
        tried[place] += 1;
        if expected.ledger.tables[table].overwritten.contains(&place) && tried[place] == 1 {
            values[place] = stored.clone();
        } else if let Some(next) = candidates[place].get(tried[place]) {
            values[place] = next.clone();
        } else {
            return Ok(found);
        }
    }
}
