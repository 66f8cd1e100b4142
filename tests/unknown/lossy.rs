//! SQLite behind a line that loses answers: what stands in the database is right whichever way it went, and what is wrong is still found.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use runner::engine::sqlite::SqliteEngine;
use runner::engine::{
    Checkpoint, Connector, Counters, EngineError, Facts, Failure, Inspector, Lookup, Outcome, Session, Times,
};
use runner::plan::Transaction;
use runner::value::{Decoder, Value};

use super::*;

/// What the line does to one operation, or one commit, in so many.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It is carried out or not, by turns, and the answer is lost.
    Loses(u64),
    /// It is acknowledged and not carried out.
    Lies(u64),
}

struct Lossy {
    engine: SqliteEngine,
    fault: Fault,
}

impl Engine for Lossy {
    fn reset(&mut self) -> Result<(), EngineError> {
        self.engine.reset()
    }

    fn open_session(&mut self, worker: usize) -> Result<Box<dyn Session>, EngineError> {
        let session = self.engine.open_session(worker)?;
        let number = worker as u64 * 5;
        Ok(Box::new(LossySession { session, fault: self.fault, number, within: false }))
    }

    fn connector(&mut self) -> Result<Arc<dyn Connector>, EngineError> {
        self.engine.connector()
    }

    fn facts(&self) -> Facts {
        self.engine.facts()
    }

    fn counters(&mut self) -> Result<Counters, EngineError> {
        self.engine.counters()
    }

    fn take_checkpoints(&mut self) -> Vec<Checkpoint> {
        self.engine.take_checkpoints()
    }

    fn inspector(&mut self) -> Result<Box<dyn Inspector + '_>, EngineError> {
        self.engine.inspector()
    }

    fn tear_down(&mut self, keep: bool) -> Result<(), EngineError> {
        self.engine.tear_down(keep)
    }
}

struct LossySession {
    session: Box<dyn Session>,
    fault: Fault,
    number: u64,
    /// A transaction is open.
    within: bool,
}

impl LossySession {
    /// `call` ends in a commit; `undo` is what it takes for it not to have been.
    fn through(
        &mut self,
        call: impl FnOnce(&mut dyn Session) -> Outcome,
        undo: impl FnOnce(&mut dyn Session),
    ) -> Outcome {
        self.number += 1;
        let (every, lies) = match self.fault {
            Fault::Loses(every) => (every, false),
            Fault::Lies(every) => (every, true),
        };
        if !self.number.is_multiple_of(every) {
            return call(self.session.as_mut());
        }
        let carried_out = !lies && (self.number / every).is_multiple_of(2);
        if carried_out {
            call(self.session.as_mut());
        } else {
            undo(self.session.as_mut());
        }
        match lies {
            true => Outcome::Done { changes: 1 },
            false => Outcome::Unknown(Failure { code: "08006", message: "the line is dead".to_owned() }),
        }
    }
}

impl Session for LossySession {
    fn execute(&mut self, operation: usize, values: Decoder<'_>) -> Outcome {
        if self.within {
            return self.session.execute(operation, values);
        }
        self.through(|session| session.execute(operation, values), |_| ())
    }

    fn begin(&mut self, mode: Transaction) -> Outcome {
        self.within = true;
        self.session.begin(mode)
    }

    fn commit(&mut self) -> Outcome {
        self.within = false;
        self.through(|session| session.commit(), |session| session.roll_back())
    }

    fn roll_back(&mut self) {
        self.within = false;
        self.session.roll_back();
    }

    fn prepare_rows(&mut self, operation: usize, rows: usize) -> Result<(), EngineError> {
        self.session.prepare_rows(operation, rows)
    }

    fn insert_rows(&mut self, operation: usize, rows: &[Decoder<'_>]) -> Outcome {
        self.session.insert_rows(operation, rows)
    }

    fn take_times(&mut self) -> Option<Times> {
        self.session.take_times()
    }

    fn set_up(&mut self) -> Result<(), EngineError> {
        self.session.set_up()
    }

    fn look_up(&mut self, table: usize, row: &[Value]) -> Result<Lookup, EngineError> {
        self.session.look_up(table, row)
    }

    fn drop_tables(&mut self) -> Result<(), EngineError> {
        self.session.drop_tables()
    }
}

const NOTES: &str = "[tables.notes]\nrows = 4_000\n[tables.notes.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n\
    text = { type = 'TEXT', value = '{{ word() }}' }\nnumber = { type = 'INTEGER NOT NULL', value = '{{ int(1, 9) }}' }\n";

/// One level of so many operations of each kind on a database in memory.
fn lossy(fault: Fault, top: &str, operations: &str) -> Level {
    let text = format!(
        "total_writes = 3_000\n{top}\n[database]\npath = ':memory:'\nbusy_timeout = '60s'\n{NOTES}{operations}"
    );
    let plan = plan(&text);
    let clock = Clock::real();
    let stop = Arc::new(AtomicBool::new(false));
    let database = plan.database.sqlite().unwrap();
    let engine = SqliteEngine::open(database, &plan.tables, &plan.operations, false, &clock, stop).unwrap();
    let mut engine = Lossy { engine, fault };
    let (ended, mut levels) = carry_out(&plan, &mut engine, &clock);
    ended.unwrap();
    engine.tear_down(false).unwrap();
    levels.remove(0)
}

const ADD: &str = "[operations.add]\nshare = 1\ninsert = 'notes'\n";
const PUT: &str = "[operations.put]\nshare = 1\nupsert = 'notes'\nhit_ratio = 0.9\nkeys = 'zipfian'\n";
const SET: &str =
    "[operations.set]\nshare = 1\nupdate = 'notes'\nset = { text = '{{ name() }}' }\nkeys = 'zipfian'\n";
const DROP: &str = "[operations.drop]\nshare = 1\ndelete = 'notes'\n";

#[test]
fn whatever_stands_of_lost_operations_the_rest_is_verified() {
    let all = [ADD, PUT, SET, DROP].concat();
    for operations in [ADD, PUT, SET, DROP, &all] {
        for top in ["concurrency = [1]", "concurrency = [4]", "concurrency = [4]\nbatch_size = 7"] {
            let level = lossy(Fault::Loses(11), top, operations);
            assert!(level.unknown() > 100, "{}", level.unknown());
            level.assert_verified();
        }
    }
}

#[test]
fn half_of_the_lost_inserts_are_found() {
    let level = lossy(Fault::Loses(10), "concurrency = [1]", ADD);
    let found = &level.verification;
    assert_eq!((level.succeeded(), level.unknown()), (2_700, 300));
    assert_eq!((found.unknown_rows, found.unknown_rows_found), (300, 150));
    assert_eq!(found.tables[0].found, Some(4_000 + 2_700 + 150));
}

#[test]
fn what_was_acknowledged_and_not_done_is_found_all_the_same() {
    for operations in [ADD, SET, DROP] {
        let level = lossy(Fault::Lies(50), "concurrency = [1]", operations);
        assert_eq!(level.unknown(), 0);
        assert_eq!(level.verification.status, VerificationStatus::Failed, "{operations}");
    }
}
