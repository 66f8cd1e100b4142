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
    let as_told = (least..=most).contains(&found);
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
    let all = acknowledged <= ALL_ROWS || !as_told;
    let wanted = |row: u64| all || mix(0, &[table as u64, row]) % acknowledged < SAMPLE_ROWS;
    let revived = expected.ledger.tables[table].revived.iter().copied();
    let rows = states.acknowledged(table).chain(revived).filter(|&row| wanted(row));
    let mut wrong = Wrong::default();
    let acknowledged = compare(expected, inspector, table, rows, false, &mut wrong)?;
    result.sampled_rows += acknowledged.rows - acknowledged.not_kept;
    result.not_kept_rows += acknowledged.not_kept;
    // It is right for them to be there and right for them not to be, but not for them to be there in part.
    let doubtful = expected.ledger.doubtful(table);
    let doubtful = compare(expected, inspector, table, doubtful, true, &mut wrong)?;
    result.unknown_rows += doubtful.rows - doubtful.not_kept;
    result.unknown_rows_found += doubtful.same;
    result.problems.extend(wrong.named);
    if wrong.more > 0 {
        result.problems.push(format!("{} more rows of {name} are lost or altered", wrong.more));
    }
    if found > most {
        name_surplus(expected, inspector, table, result)?;
    }
    Ok(())
}

/// Rows that are not as they should be: the first ones in words, and how many more.
#[derive(Default)]
struct Wrong {
    named: Vec<String>,
    more: usize,
}

impl Wrong {
    fn add(&mut self, table: &str, row: u64, lookup: &Lookup) {
        if self.named.len() < NAMED {
            self.named.push(describe(table, row, lookup));
        } else {
            self.more += 1;
        }
    }
}

/// What came of comparing rows.
#[derive(Default)]
struct Compared {
    /// All of them.
    rows: u64,
    /// Let go on purpose.
    not_kept: u64,
    /// As they were made.
    same: u64,
}

/// Compares rows with what is stored; those that are lost or altered join `wrong`. Where it is not known whether they are there, none is lost.
fn compare(
    expected: &Expected<'_>,
    inspector: &mut dyn Inspector,
    table: usize,
    rows: impl Iterator<Item = u64>,
    doubtful: bool,
    wrong: &mut Wrong,
) -> Result<Compared, EngineError> {
    let name = &expected.plan.tables[table].name;
    let (mut taken, mut not_kept, mut others) = (0, 0, 0);
    let mut differs = |row: u64, lookup: &Lookup| match lookup {
        Lookup::Same => {}
        Lookup::NotKept => not_kept += 1,
        Lookup::Missing if doubtful => others += 1,
        Lookup::Missing | Lookup::Different { .. } => {
            others += 1;
            wrong.add(name, row, lookup);
        }
    };
    let mut comparison = Comparison::new(expected, inspector, table);
    for row in rows {
        if expected.stop.load(Ordering::Relaxed) {
            return Err(EngineError::Interrupted);
        }
        comparison.add(row, &mut differs)?;
        taken += 1;
    }
    comparison.compare(&mut differs)?;
    Ok(Compared { rows: taken, not_kept, same: taken - not_kept - others })
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
                u64::try_from(row - 1).is_ok_and(|row| expected.ledger.may_be_there(table, row))
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
    if orphans.per_table.len() < expected.plan.tables.len() {
        // The engine does not look for them.
        return Ok(());
    }
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
