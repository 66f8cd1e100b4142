//! Primary keys and unique groups: each is bound to values that cannot repeat, or refused.

use super::ddl::TableFacts;
use super::tables::{Input, never_repeats};
use crate::dataset::{Rows, Source};
use crate::diagnostic::{Code, Diagnostic, Span};

/// Turns references under a constraint into distinct combinations. Returns, per table, the parents of each combination.
pub(super) fn bind(
    input: &Input<'_>,
    facts: &[TableFacts],
    rows: &mut [Rows],
    faults: &mut Vec<Diagnostic>,
) -> Vec<Vec<Vec<usize>>> {
    let mut all = Vec::new();
    for (table, facts) in facts.iter().enumerate() {
        let mut combinations = Vec::new();
        for group in &facts.distinct_groups {
            match bind_group(input, table, group, rows, combinations.len()) {
                Ok(Some(parents)) => combinations.push(parents),
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        all.push(combinations);
    }
    all
}

fn bind_group(
    input: &Input<'_>,
    table: usize,
    group: &[String],
    rows: &mut [Rows],
    combination: usize,
) -> Result<Option<Vec<usize>>, Diagnostic> {
    let name = rows[table].name.clone();
    let columns = &mut rows[table].columns;
    let places: Vec<usize> = group
        .iter()
        .filter_map(|member| columns.iter().position(|c| c.name.eq_ignore_ascii_case(member)))
        .collect();
    // A column that is left out is null or has a default: with null, rows are distinct.
    if places.len() < group.len() || places.iter().any(|&p| never_repeats(&columns[p])) {
        return Ok(None);
    }
    // Several values made from the row's number may well be distinct together, which nobody can tell beforehand.
    let by_row = |&place: &usize| match &columns[place].source {
        Source::Template(template) => template.facts().uses_row(),
        _ => false,
    };
    if places.len() > 1 && places.iter().any(by_row) {
        return Ok(None);
    }
    let listed = group.iter().map(|g| format!("`{g}`")).collect::<Vec<_>>().join(", ");
    let mut parents = Vec::new();
    for &place in &places {
        let column = &columns[place];
        let at = place_of(input, &name, &column.name);
        match &column.source {
            Source::Reference { target, .. } if target.table != table => parents.push(*target),
            Source::Template(t) if t.facts().plain_reference().is_some() => {
                let words = format!("a skewed `ref` cannot be distinct, and {listed} of `{name}` must be");
                return Err(Diagnostic::error(Code::SkewedReference, at, words).help(
                    "leave out the distribution: combinations of references are then distinct by themselves",
                ));
            }
            _ => {
                let words =
                    format!("nothing keeps the values of {listed} in `{name}` distinct, and they must be");
                let help = match column_value(input, &name, &column.name) {
                    Some(text) => wrapped(&text),
                    None => "give it a value that differs in every row, such as `'{{ row }}'` or one with `unique(...)`".to_owned(),
                };
                return Err(Diagnostic::error(Code::NotDistinct, at, words).help(help));
            }
        }
    }
    for (side, (&place, &target)) in places.iter().zip(&parents).enumerate() {
        columns[place].source = Source::Combined { combination, side, target };
    }
    Ok(Some(parents.iter().map(|t| t.table).collect()))
}

fn place_of(input: &Input<'_>, table: &str, column: &str) -> Option<Span> {
    input
        .at(&["tables", table, "columns", column, "value"])
        .or_else(|| input.at(&["tables", table, "columns", column]))
        .or_else(|| input.at(&["tables", table]))
}

fn column_value(input: &Input<'_>, table: &str, column: &str) -> Option<String> {
    let columns = &input.scenario.tables.get(table)?.columns;
    let (_, section) = columns.iter().find(|(c, _)| c.eq_ignore_ascii_case(column))?;
    section.value.as_ref()?.as_str().map(str::to_owned)
}

fn wrapped(template: &str) -> String {
    let inner = template.trim().strip_prefix("{{").and_then(|t| t.strip_suffix("}}"));
    match inner.filter(|inner| !inner.contains("{{")) {
        Some(inner) => format!("write `'{{{{ unique({}) }}}}'`", inner.trim()),
        None => "put what differs from row to row into `unique(...)`, or use `row`, as in `'user-{{ row }}'`"
            .to_owned(),
    }
}
