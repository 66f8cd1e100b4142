//! What a row of the dataset must look like after modifications.
//!
//! A column holds what one of its modifications gave it: one that is not certainly followed by another, acknowledged one of the same column.
//! Without an acknowledged one, it may hold the dataset's value; without any, it does.

use std::collections::BTreeMap;

use super::journal::Modification;
use super::verify::Expected;
use crate::dataset::Workspace;
use crate::engine::{EngineError, Inspector, Lookup};
use crate::plan::Kind;
use crate::value::Value;

/// What to look for.
pub(super) enum Sought {
    /// Nothing: it cannot be found, so that only its being counted tells that it is there.
    Nothing,
    /// A row with these values, and what else it may hold.
    Row(Vec<Value>, Option<Alternatives>),
}

/// What a row may hold that was modified.
pub(super) struct Alternatives {
    /// Of each column, at least one.
    candidates: Vec<Vec<Value>>,
    /// Columns that it is found by.
    key: Vec<usize>,
}

/// What to look for in the place of a row (from 0); columns that were [overwritten](super::ledger::TableLedger::overwritten) may hold anything.
pub(super) fn sought(
    expected: &Expected<'_>,
    table: usize,
    row: u64,
    workspace: &mut Workspace,
) -> Result<Sought, EngineError> {
    let dataset = super::ledger::dataset_of(expected.crews, table);
    let values = dataset.values(table, row, workspace).map_err(unmade)?;
    let modifications = expected.ledger.modifications(table, row);
    let overwritten = &expected.ledger.tables[table].overwritten;
    if modifications.is_empty() && overwritten.is_empty() {
        return Ok(Sought::Row(values, None));
    }
    let known = &expected.plan.tables[table].key;
    // As the engine has it: what has no key, or NULL in it, is found as a whole.
    let whole = known.is_empty() || known.iter().any(|&column| values[column] == Value::Null);
    let key = if whole { (0..values.len()).collect() } else { known.clone() };
    if key.iter().any(|column| overwritten.contains(column)) {
        return Ok(Sought::Nothing);
    }
    let modifications = &latest(modifications);
    let given = given(expected, modifications, workspace)?;
    let candidates: Vec<Vec<Value>> =
        (0..values.len()).map(|column| candidates(modifications, &given, column, &values[column])).collect();
    let first = candidates.iter().map(|values| values[0].clone()).collect();
    let several = candidates.iter().any(|values| values.len() > 1);
    Ok(Sought::Row(first, several.then_some(Alternatives { candidates, key })))
}

/// Compares a row with all that it may hold.
pub(super) fn look_up(
    expected: &Expected<'_>,
    inspector: &mut dyn Inspector,
    table: usize,
    alternatives: &Alternatives,
) -> Result<Lookup, EngineError> {
    let mut found = Lookup::Missing;
    for key in keys(&alternatives.key, &alternatives.candidates) {
        found = look_for(expected, inspector, table, &alternatives.candidates, &key)?;
        if found == Lookup::Same {
            break;
        }
    }
    Ok(found)
}

fn unmade(error: crate::template::RenderError) -> EngineError {
    EngineError::Unavailable(error.to_string())
}

/// Those that are not certainly followed by another of the same operation: a row that is asked for often has many.
fn latest(modifications: &[Modification]) -> Vec<Modification> {
    let mut starts: BTreeMap<usize, u64> = BTreeMap::new();
    for m in modifications.iter().filter(|m| m.certain) {
        let start_ns = starts.entry(m.operation).or_default();
        *start_ns = (*start_ns).max(m.span.start_ns);
    }
    let followed = |m: &&Modification| starts.get(&m.operation).is_some_and(|start| m.span.end_ns < *start);
    modifications.iter().filter(|m| !followed(m)).copied().collect()
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
    let acknowledged = setting.iter().filter(|(m, _)| m.certain);
    let last_start_ns = acknowledged.map(|(m, _)| m.span.start_ns).max();
    // What nobody acknowledged may never have been done.
    let first = if last_start_ns.is_none() { Some(made.clone()) } else { None };
    let standing = setting.iter().filter(|(m, _)| m.span.end_ns >= last_start_ns.unwrap_or(0));
    first.into_iter().chain(standing.map(|(_, value)| value.clone())).collect()
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
    let ignored: Vec<usize> = expected.ledger.tables[table].overwritten.iter().copied().collect();
    loop {
        let found = inspector.look_up(table, &values, &ignored)?;
        let Lookup::Different { column, .. } = &found else { return Ok(found) };
        let columns = &expected.plan.tables[table].columns;
        let Some(place) = columns.iter().position(|name| name == column) else { return Ok(found) };
        tried[place] += 1;
        if let Some(next) = candidates[place].get(tried[place]) {
            values[place] = next.clone();
        } else {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::journal::Span;
    use super::*;

    /// Modifications of one row by their times, the n-th of which sets column 0 to n.
    fn possible(spans: &[(u64, u64)]) -> Vec<Value> {
        let modification = |&(start_ns, end_ns)| Modification {
            table: 0,
            row: 0,
            operation: 0,
            ordinal: 0,
            crew: 0,
            span: Span { start_ns, end_ns },
            certain: end_ns != u64::MAX,
        };
        let modifications: Vec<Modification> = spans.iter().map(modification).collect();
        let given = (1..=spans.len()).map(|n| vec![(0, Value::Integer(n as i64))]).collect();
        candidates(&modifications, &given, 0, &Value::Null)
    }

    fn integers(values: &[i64]) -> Vec<Value> {
        values.iter().map(|value| Value::Integer(*value)).collect()
    }

    #[test]
    fn a_column_that_nobody_modified_is_as_it_was_made() {
        assert_eq!(possible(&[]), [Value::Null]);
        let other = candidates(&[], &Vec::new(), 3, &Value::Integer(9));
        assert_eq!(other, integers(&[9]));
    }

    #[test]
    fn a_modification_that_another_certainly_followed_does_not_count() {
        assert_eq!(possible(&[(10, 20), (21, 30), (1, 9)]), integers(&[2]));
    }

    #[test]
    fn of_modifications_at_one_time_any_may_have_been_the_last() {
        assert_eq!(possible(&[(10, 20), (15, 30), (1, 9), (20, 25)]), integers(&[1, 2, 4]));
    }

    #[test]
    fn a_modification_whose_answer_was_lost_may_stand_or_not() {
        let lost = u64::MAX;
        let made = Value::Null;
        assert_eq!(possible(&[(10, lost)]), [made, Value::Integer(1)]);
        assert_eq!(possible(&[(10, 20), (30, lost)]), integers(&[1, 2]));
        assert_eq!(
            possible(&[(10, lost), (30, 40)]),
            integers(&[1, 2]),
            "it may come later than it was given up"
        );
    }

    #[test]
    fn of_a_row_that_is_modified_all_the_time_only_the_latest_values_are_made() {
        let modification = |(operation, start_ns): (usize, u64)| Modification {
            table: 0,
            row: 0,
            operation,
            ordinal: start_ns,
            crew: 0,
            span: Span { start_ns, end_ns: start_ns + 15 },
            certain: true,
        };
        let all: Vec<Modification> =
            (0..200_000).map(|n| ((n % 2) as usize, n * 10)).map(modification).collect();
        let found: Vec<(usize, u64)> = latest(&all).iter().map(|m| (m.operation, m.ordinal)).collect();
        assert_eq!(found, [(0, 1_999_980), (1, 1_999_990)]);
    }

    #[test]
    fn a_row_whose_key_may_differ_is_looked_for_under_each() {
        let candidates = [integers(&[1, 2]), integers(&[5]), integers(&[7, 8])];
        let found = keys(&[0, 2], &candidates);
        let pair = |a, b| vec![(0, Value::Integer(a)), (2, Value::Integer(b))];
        assert_eq!(found, [pair(1, 7), pair(1, 8), pair(2, 7), pair(2, 8)]);
    }
}
