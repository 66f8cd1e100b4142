//! What takes the rows that are flushed: nothing that counts them, or an SQLite database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hashbrown::HashSet;
use parking_lot::Mutex;

use super::memory::{Memory, Rows, Slot};
use super::shape::Shape;
use crate::clock::Clock;
use crate::engine::{Failure, Outcome, Session};
use crate::plan::Transaction;
use crate::value::Decoder;

/// Takes one table of the buffer at a time.
pub(super) trait Persister: Send {
    /// Takes all rows and tombstones, or none.
    ///
    /// # Errors
    /// Why that is not possible: the end of the run.
    fn persist(&mut self, memory: &Memory) -> Result<(), Failure>;
}

/// Rows that were let go, by table.
#[derive(Debug, Default)]
pub(super) struct LetGo {
    tables: Vec<Gone>,
}

#[derive(Debug, Default)]
struct Gone {
    rows: u64,
    /// Hashes of their keys, where rows may be written again under keys that were let go.
    keys: Option<HashSet<u64>>,
}

impl LetGo {
    pub(super) fn new(shapes: &[Shape]) -> LetGo {
        let gone = |shape: &Shape| Gone { rows: 0, keys: shape.overwrites.then(HashSet::new) };
        LetGo { tables: shapes.iter().map(gone).collect() }
    }

    /// Rows of a table.
    pub(super) fn rows(&self, table: usize) -> u64 {
        self.tables[table].rows
    }

    /// Whether a row that is in memory is one of them already.
    pub(super) fn has(&self, table: usize, slot: &Slot) -> bool {
        slot.below
            || self.tables[table].keys.as_ref().is_some_and(|keys| keys.contains(&slot.key.as_ref().hash()))
    }

    fn add(&mut self, table: usize, rows: &Rows) {
        let gone = &mut self.tables[table];
        for slot in &rows.slots {
            let below = match &mut gone.keys {
                None => slot.below,
                Some(keys) if slot.row.is_some() => !keys.insert(slot.key.as_ref().hash()),
                Some(keys) => keys.remove(&slot.key.as_ref().hash()),
            };
            match (slot.row.is_some(), below) {
                (true, false) => gone.rows += 1,
                (false, true) => gone.rows = gone.rows.saturating_sub(1),
                _ => {}
            }
        }
    }
}

/// Counts rows and lets them go.
#[derive(Debug)]
pub(super) struct Nothing(pub(super) Arc<Mutex<LetGo>>);

impl Persister for Nothing {
    fn persist(&mut self, memory: &Memory) -> Result<(), Failure> {
        let mut gone = self.0.lock();
        memory.tables.iter().enumerate().for_each(|(table, rows)| gone.add(table, rows));
        Ok(())
    }
}

/// Writes each table into an SQLite database, in one transaction.
pub(super) struct IntoSqlite {
    /// With an upsert and a delete for each table, in this order.
    pub(super) session: Box<dyn Session>,
    pub(super) clock: Clock,
    /// Tells that the run is being stopped.
    pub(super) stop: Arc<AtomicBool>,
}

/// Between two attempts of a flush that readers keep out.
const PATIENCE: Duration = Duration::from_millis(1);

impl Persister for IntoSqlite {
    fn persist(&mut self, memory: &Memory) -> Result<(), Failure> {
        loop {
            match self.try_once(memory) {
                Ok(()) => return Ok(()),
                Err(outcome) => {
                    self.session.roll_back();
                    match outcome {
                        // Readers may keep a writer out for longer than the connection waits; the rows are in no danger meanwhile.
                        Outcome::Refused(failure)
                            if is_busy(&failure) && !self.stop.load(Ordering::Relaxed) =>
                        {
                            self.clock.sleep(PATIENCE);
                        }
                        other => return Err(failure(other)),
                    }
                }
            }
        }
    }
}

fn is_busy(failure: &Failure) -> bool {
    ["SQLITE_BUSY", "SQLITE_LOCKED"].iter().any(|code| failure.code.starts_with(code))
}

fn failure(outcome: Outcome) -> Failure {
    let words = |failure: Failure| Failure {
        message: format!("what the buffer holds could not be flushed: {}", failure.message),
        ..failure
    };
    match outcome {
        Outcome::Unexpected { failure, .. }
        | Outcome::Refused(failure)
        | Outcome::Torn(failure)
        | Outcome::Unknown(failure)
        | Outcome::Fatal(failure) => words(failure),
        Outcome::Done { .. } | Outcome::Cancelled => {
            Failure { code: "SQLITE_INTERRUPT", message: "a flush was given up".to_owned() }
        }
    }
}

impl IntoSqlite {
    fn try_once(&mut self, memory: &Memory) -> Result<(), Outcome> {
        let done = |outcome| match outcome {
            Outcome::Done { .. } => Ok(()),
            other => Err(other),
        };
        done(self.session.begin(Transaction::Immediate))?;
        let mut key = Vec::new();
        // Removals first: a value that has to be unique may have gone from one row to another.
        for (table, rows) in memory.tables.iter().enumerate() {
            for slot in rows.slots.iter().filter(|slot| slot.row.is_none()) {
                key.clear();
                slot.key.as_ref().encode(&mut key);
                done(self.session.execute(2 * table + 1, Decoder::new(&key)))?;
            }
        }
        for (table, rows) in memory.tables.iter().enumerate() {
            for row in rows.slots.iter().filter_map(|slot| slot.row.as_deref()) {
                done(self.session.execute(2 * table, Decoder::new(row)))?;
            }
        }
        done(self.session.commit())
    }
}
