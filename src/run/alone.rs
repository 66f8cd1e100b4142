//! One write in a database of its own: tables and parents are made before it, untimed, and dropped after the row was looked up.

use super::crew::Claim;
use super::journal::Subject;
use super::line::Line;
use super::single::Single;
use super::verify;
use crate::dataset::Workspace;
use crate::engine::{EngineError, Lookup, Outcome, Session};
use crate::value::{Decoder, encode};

impl Single<'_, '_, '_> {
    fn session(&mut self) -> &mut dyn Session {
        match &mut self.line {
            Line::Own(session) => session.as_mut(),
            Line::Shared(_) => unreachable!("a database of its own is not shared"),
        }
    }

    pub(super) fn write_alone(&mut self, claim: Claim, subject: Subject, values: Decoder<'_>) {
        let shared = self.worker.shared;
        let clock = shared.clock;
        let start = clock.now();
        let table = shared.plan.operations[subject.operation].inserts().expect("only inserts are set up for");
        let ready = self.session().set_up().and_then(|()| self.make_parents(table, subject.row));
        self.worker.tally.reset_ns += clock.nanos_between(start, clock.now());
        if let Err(error) = ready {
            return shared.give_up(error);
        }
        let acknowledged =
            self.execute(claim, subject, values) && shared.states.is_acknowledged(table, subject.row);
        let start = clock.now();
        let checked = if acknowledged { self.check(table, subject.row) } else { Ok(()) };
        let dropped = checked.and_then(|()| self.session().drop_tables());
        self.worker.tally.reset_ns += clock.nanos_between(start, clock.now());
        if let Err(error) = dropped {
            shared.give_up(error);
        }
    }

    fn make_parents(&mut self, table: usize, row: u64) -> Result<(), EngineError> {
        // Depth first: a parent's own parents come before it.
        let dataset = self.worker.crew.dataset;
        let mut workspace = Workspace::default();
        let mut made: Vec<(usize, u64)> = Vec::new();
        let mut open = vec![(table, row, false)];
        while let Some((table_now, row_now, parents_made)) = open.pop() {
            if made.contains(&(table_now, row_now)) {
                continue;
            }
            let mut bytes = Vec::new();
            dataset
                .row(table_now, row_now, &mut workspace, &mut |value| encode(&mut bytes, value))
                .map_err(|error| EngineError::Unavailable(error.to_string()))?;
            if !parents_made {
                open.push((table_now, row_now, true));
                open.extend(workspace.parents().iter().map(|&(t, r)| (t, r, false)));
                continue;
            }
            made.push((table_now, row_now));
            if (table_now, row_now) != (table, row) {
                self.insert_parent(table_now, &bytes)?;
            }
        }
        Ok(())
    }

    fn insert_parent(&mut self, table: usize, bytes: &[u8]) -> Result<(), EngineError> {
        let operations = &self.worker.shared.plan.operations;
        let operation = operations.iter().position(|o| o.inserts() == Some(table));
        let operation = operation.expect("a table that others refer to is written");
        let outcome = self.session().execute(operation, Decoder::new(bytes));
        // What is measured is the row that needs it.
        self.session().take_payload_bytes();
        match outcome {
            Outcome::Done { .. } => Ok(()),
            Outcome::Cancelled => Err(EngineError::Interrupted),
            Outcome::Unknown(f) => Err(EngineError::Fatal {
                code: f.code,
                message: format!("the answer to a parent row was lost: {}", f.message),
            }),
            Outcome::Unexpected { failure: f, .. }
            | Outcome::Torn(f)
            | Outcome::Refused(f)
            | Outcome::Fatal(f) => Err(EngineError::Fatal {
                code: f.code,
                message: format!("a parent row was refused: {}", f.message),
            }),
        }
    }

    fn check(&mut self, table: usize, row: u64) -> Result<(), EngineError> {
        let dataset = self.worker.crew.dataset;
        let values = dataset
            .values(table, row, &mut Workspace::default())
            .map_err(|error| EngineError::Unavailable(error.to_string()))?;
        self.worker.tally.looked_up += 1;
        let found = self.session().look_up(table, &values)?;
        if found != Lookup::Same {
            let name = &dataset.tables()[table].name;
            self.worker.tally.problems.push(verify::describe(name, row, &found));
        }
        Ok(())
    }
}
