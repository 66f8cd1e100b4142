//! Loading: row by row, as any writer, so that nothing exceeds the threshold.

use super::program::{Program, What};
use crate::engine::{EngineError, Failure, Loader, Outcome, Session};
use crate::value::Decoder;

/// Puts rows into the buffer.
pub(super) struct MemtableLoader {
    session: Box<dyn Session>,
    /// The operation that inserts into each table.
    inserts: Vec<Option<usize>>,
}

impl MemtableLoader {
    pub(super) fn new(session: Box<dyn Session>, tables: usize, program: &Program) -> MemtableLoader {
        let inserts = |table: usize| {
            program.actions.iter().position(|a| a.table == table && a.what == What::Put { over: false })
        };
        MemtableLoader { session, inserts: (0..tables).map(inserts).collect() }
    }
}

impl Loader for MemtableLoader {
    fn row(&mut self, table: usize, values: Decoder<'_>) -> Result<(), EngineError> {
        let insert = self.inserts[table].expect("a table that is loaded has an insert");
        match self.session.execute(insert, values) {
            Outcome::Done { .. } | Outcome::Unexpected { .. } => Ok(()),
            Outcome::Cancelled => Err(EngineError::Interrupted),
            Outcome::Refused(failure)
            | Outcome::Torn(failure)
            | Outcome::Unknown(failure)
            | Outcome::Fatal(failure) => {
                let Failure { code, message } = failure;
                Err(EngineError::Fatal { code, message })
            }
        }
    }

    fn finish(&mut self) -> Result<(), EngineError> {
        Ok(())
    }
}
