//! Is what was acknowledged there, as it was made, and nothing else?

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::comparison::Comparison;
use super::ledger::{Ledger, dataset_of};
use crate::dataset::Source;
use crate::engine::{EngineError, Inspector, Lookup};
use crate::measure::{
    IntegrityCheck, OrphanVerification, TableVerification, Verification, VerificationStatus,
};
use crate::plan::{Crew, Plan};
use crate::template::mix;
use crate::value::Value;

/// Tables with more acknowledged rows are compared by a sample.
const ALL_ROWS: u64 = 200_000;
/// One row in so many of a larger table.
const SAMPLE_ROWS: u64 = 20_000;
/// Rows that are named per table; the others are counted.
const NAMED: usize = 5;
/// Databases above this size get the quick integrity check.
const QUICK_CHECK_BYTES: u64 = 512 << 20;

/// What a level is compared with.
pub(super) struct Expected<'a> {
    pub(super) plan: &'a Plan,
    pub(super) crews: &'a [Crew],
    pub(super) ledger: &'a Ledger,
    pub(super) database_bytes: Option<u64>,
    /// Counts rows that were compared, for whoever watches.
    pub(super) done: &'a AtomicU64,
    /// Ends the comparison early.
    pub(super) stop: &'a AtomicBool,
}

/// Compares everything. An interruption or a database that does not answer makes it impossible.
pub(super) fn verify(
    expected: &Expected<'_>,
    inspector: &mut dyn Inspector,
) -> Result<Verification, EngineError> {
    let mut result = Verification { status: VerificationStatus::Verified, ..Verification::default() };
    let mut untold = Vec::new();
    for (table, known) in expected.ledger.tables.iter().enumerate() {
        match &known.unaccounted {
            None => verify_table(expected, inspector, table, &mut result)?,
            Some(reason) => untold.push(reason.clone()),
        }
    }
    let quick = expected.database_bytes.is_some_and(|bytes| bytes > QUICK_CHECK_BYTES);
    if let Some(integrity) = inspector.integrity(quick)? {
        result.integrity_check = Some(if quick { IntegrityCheck::Quick } else { IntegrityCheck::Full });
        result.integrity = integrity;
    }
    if !result.integrity.is_empty() {
        result.problems.push(format!("the database is damaged: {}", result.integrity[0]));
    }
    verify_orphans(expected, inspector, &mut result)?;
    if !result.problems.is_empty() {
        result.status = VerificationStatus::Failed;
    } else if !untold.is_empty() {
        result.status = VerificationStatus::NotVerified;
    }
    result.problems.extend(untold);
    Ok(result)
}

fn verify_table(
    expected: &Expected<'_>,
    inspector: &mut dyn Inspector,
    table: usize,
    result: &mut Verification,
) -> Result<(), EngineError> {
    let name = &expected.plan.tables[table].name;
    let states = &expected.ledger.states;
    let (least, most) = expected.ledger.rows(table);
    let found = inspector.count(table)?;
    let wanted = found.clamp(least, most);
    result.tables.push(TableVerification { table: name.clone(), expected: wanted, found: Some(found) });
    if found != wanted {
        let range = if least == most { least.to_string() } else { format!("{least} to {most}") };
        let (rows, were) =
            (if found == 1 { "row" } else { "rows" }, if range == "1" { "was" } else { "were" });
        result.problems.push(format!("{name} holds {found} {rows}, and {range} {were} acknowledged"));
    }
    if expected.ledger.tables[table].counts_only {
        return Ok(());
    }
    let acknowledged = least;
    // Counts that differ ask for every row.
    let all = acknowledged <= ALL_ROWS || found != acknowledged;
    let wanted = |row: u64| all || mix(0, &[table as u64, row]) % acknowledged < SAMPLE_ROWS;
    let mut wrong = 0;
    let mut differs = |row: u64, lookup: &Lookup| {
        wrong += 1;
        if wrong <= NAMED {
            result.problems.push(describe(name, row, lookup));
        }
    };
    let revived = &expected.ledger.tables[table].revived;
    let mut comparison = Comparison::new(expected, inspector, table);
    for row in states.acknowledged(table).chain(revived.iter().copied()).filter(|&row| wanted(row)) {
        if expected.stop.load(Ordering::Relaxed) {
            return Err(EngineError::Interrupted);
        }
        comparison.add(row, &mut differs)?;
        result.sampled_rows += 1;
    }
    comparison.compare(&mut differs)?;
    if wrong > NAMED {
        result.problems.push(format!("{} more rows of {name} are lost or altered", wrong - NAMED));
    }
    if found > most {
        name_surplus(expected, inspector, table, result)?;
    }
    Ok(())
}

/// One sentence for a row that is not as it was made; `row` from 0.
pub(super) fn describe(table: &str, row: u64, lookup: &Lookup) -> String {
    let row = row + 1;
    match lookup {
        Lookup::Same => format!("row {row} of {table} is as it was made"),
        Lookup::NotKept => format!("row {row} of {table} was counted and let go"),
        Lookup::Missing => format!("row {row} of {table} was acknowledged, and is lost"),
        Lookup::Different { column, stored } => {
            format!("row {row} of {table} is altered: {column} holds {}", stored.as_ref())
        }
    }
}

/// Names rows that nobody wrote, where a key tells them.
fn name_surplus(
    expected: &Expected<'_>,
    inspector: &mut dyn Inspector,
    table: usize,
    result: &mut Verification,
) -> Result<(), EngineError> {
    let columns = &dataset_of(expected.crews, table).tables()[table].columns;
    let by_row = |&column: &usize| matches!(columns[column].source, Source::Row);
    let Some(place) = expected.plan.tables[table].key.iter().position(by_row) else { return Ok(()) };
    let name = &expected.plan.tables[table].name;
    let mut named = 0;
    inspector.keys(table, &mut |key| {
        let known = match key[place] {
            Value::Integer(row) => {
                let revived = |row| expected.ledger.tables[table].may_be_revived(row);
                let there = |row| expected.ledger.states.is_acknowledged(table, row) || revived(row);
                u64::try_from(row - 1).is_ok_and(there)
            }
            _ => false,
        };
        if !known {
            named += 1;
            let key = key[place].as_ref();
            result.problems.push(format!("{name} holds a row with the key {key} that was not acknowledged"));
        }
        named < NAMED
    })
}

/// Whether rows that others refer to may be gone.
fn loses_rows(ledger: &Ledger, table: usize) -> bool {
    let known = &ledger.tables[table];
    known.counts_only || known.rekeyed || known.unaccounted.is_some() || ledger.states.any_deleted(table)
}

fn verify_orphans(
    expected: &Expected<'_>,
    inspector: &mut dyn Inspector,
    result: &mut Verification,
) -> Result<(), EngineError> {
    let orphans = inspector.orphans()?;
    let mut tables = Vec::new();
    let may_dangle = |name: &String| {
        let parent = expected.plan.tables.iter().position(|t| t.name.eq_ignore_ascii_case(name));
        parent.is_some_and(|parent| loses_rows(expected.ledger, parent))
    };
    for (index, (table, &found)) in expected.plan.tables.iter().zip(&orphans.per_table).enumerate() {
        if table.references.is_empty() {
            continue;
        }
        // No child is sent before its parent is acknowledged. Where the scenario makes the values itself, gives rows other references, or removes
        // parents, any number is right.
        let known = &expected.ledger.tables[index];
        let open = !table.references_bound
            || known.redirected
            || known.counts_only
            || known.unaccounted.is_some()
            || table.references.iter().any(may_dangle);
        let wanted = if open { found } else { 0 };
        tables.push(TableVerification { table: table.name.clone(), expected: wanted, found: Some(found) });
        if found != wanted || (orphans.enforced && found > 0) {
            result.problems.push(format!("{found} references of {} lead to no row", table.name));
        }
    }
    result.orphans = Some(OrphanVerification { enforced: orphans.enforced, tables });
    Ok(())
}
