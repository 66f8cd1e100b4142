//! Rows that are there before anything is measured.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::RunError;
use super::states::RowStates;
use crate::dataset::Tape;
use crate::engine::{Engine, EngineError, Loader, Outcome};
use crate::plan::{Kind, Operation, Plan, Transaction};

/// Rows of one transaction.
const ROWS: u64 = 10_000;
/// Between two looks at whether the run is to stop.
const LOOK: u64 = 256;

/// The operation that inserts into each table.
pub(super) fn inserts(plan: &Plan) -> Vec<Option<usize>> {
    let inserts = |operation: &Operation, wanted: usize| matches!(operation.kind, Kind::Insert { table } if table == wanted);
    (0..plan.tables.len()).map(|table| plan.operations.iter().position(|o| inserts(o, table))).collect()
}

/// Writes the rows of a tape, in bulk where the engine can, and notes which of them the database has. `done` counts them.
///
/// # Errors
/// When one is refused: what is measured afterwards would not be what the scenario says.
pub(super) fn load(
    plan: &Plan,
    tape: &Tape,
    engine: &mut dyn Engine,
    states: &RowStates,
    done: &AtomicU64,
    stop: &AtomicBool,
) -> Result<(), RunError> {
    if let Some(mut loader) = engine.loader()? {
        return in_bulk(plan, tape, loader.as_mut(), done, stop);
    }
    let mut session = engine.open_session(0)?;
    let mut place = 0;
    while place < tape.len() {
        let end = tape.len().min(place + ROWS);
        accept(session.begin(Transaction::Immediate), "loading could not begin")?;
        while place < end {
            if place.is_multiple_of(LOOK) && stop.load(Ordering::Relaxed) {
                session.roll_back();
                return Err(RunError::Interrupted);
            }
            tape.passed(place);
            let entry = tape.entry(place);
            let operation = &plan.operations[entry.operation];
            let row = entry.row;
            let values = entry.parents(|_, _| {});
            let what = format_args!("row {} of {} could not be loaded", row + 1, operation.name);
            let changes = accept(session.execute(entry.operation, values), what)?;
            if let (0, Some(table)) = (changes, operation.inserts()) {
                states.refuse(table, row);
            }
            place += 1;
        }
        accept(session.commit(), "loaded rows could not be committed")?;
        done.store(place, Ordering::Relaxed);
    }
    Ok(())
}

/// Every row of the tape is one of the dataset, with a value for each of its columns.
fn in_bulk(
    plan: &Plan,
    tape: &Tape,
    loader: &mut dyn Loader,
    done: &AtomicU64,
    stop: &AtomicBool,
) -> Result<(), RunError> {
    for place in 0..tape.len() {
        if place.is_multiple_of(LOOK) {
            done.store(place, Ordering::Relaxed);
            if stop.load(Ordering::Relaxed) {
                return Err(RunError::Interrupted);
            }
        }
        tape.passed(place);
        let entry = tape.entry(place);
        let table = plan.operations[entry.operation].inserts().expect("only rows of tables are loaded");
        let values = entry.parents(|_, _| {});
        loader.row(table, values)?;
    }
    loader.finish()?;
    done.store(tape.len(), Ordering::Relaxed);
    Ok(())
}

fn accept(outcome: Outcome, what: impl std::fmt::Display) -> Result<u64, RunError> {
    match outcome {
        Outcome::Done { changes } => Ok(changes),
        Outcome::Cancelled => Err(RunError::Interrupted),
        Outcome::Unexpected { failure, .. }
        | Outcome::Refused(failure)
        | Outcome::Torn(failure)
        | Outcome::Unknown(failure)
        | Outcome::Fatal(failure) => {
            let message = format!("{what}: {}", failure.message);
            Err(EngineError::Fatal { code: failure.code, message }.into())
        }
    }
}
