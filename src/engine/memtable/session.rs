//! One worker's way to the buffer: what is prepared outside of its lock, and what is done inside.
//!
//! Reads look in the active table, then in the immutable one, then in the store below; what stands above hides what is below. How each kind of
//! operation does so is in `reads` and `writes`.

use std::sync::Arc;

use parking_lot::lock_api::ArcRwLockWriteGuard;
use parking_lot::{RawRwLock, RwLock};

use super::buffer::{Buffer, State};
use super::memory::{Old, Slot};
use super::program::{Action, Program, What};
use super::row::{Key, KeyRef, Marks, payload};
use super::shape::Shape;
use crate::engine::sqlite::Reader;
use crate::engine::{EngineError, Failure, Lookup, Outcome, Session, Times};
use crate::plan::Transaction;
use crate::value::{Decoder, Value};

/// A session of the buffer.
pub(super) struct MemtableSession {
    program: Arc<Program>,
    tools: Tools,
}

/// What its operations share. Apart from the program, so that neither is copied to use the other.
pub(super) struct Tools {
    pub(super) buffer: Arc<Buffer>,
    /// Reads the store, where there is one.
    pub(super) reader: Option<Reader>,
    pub(super) batch: Option<Batch>,
    pub(super) marks: Marks,
    /// Encoded keys and rows on their way.
    pub(super) scratch: Vec<u8>,
    waited_ns: u64,
    pub(super) payload_bytes: u64,
}

/// The lock, held for a batch, and how to undo what it did.
pub(super) struct Batch {
    pub(super) state: ArcRwLockWriteGuard<RawRwLock, State>,
    pub(super) undo: Vec<(usize, Key, Old)>,
}

impl State {
    /// What stands under a key in memory; nothing where only the store below may tell.
    #[inline]
    pub(super) fn find(&self, table: usize, key: KeyRef<'_>, hash: u64) -> Option<&Slot> {
        let active = self.active.tables[table].find(key, hash);
        active.or_else(|| self.immutable.as_ref()?.tables[table].find(key, hash))
    }
}

impl MemtableSession {
    pub(super) fn new(buffer: Arc<Buffer>, program: Arc<Program>, reader: Option<Reader>) -> Self {
        let tools = Tools {
            buffer,
            reader,
            batch: None,
            marks: Marks::default(),
            scratch: Vec::new(),
            waited_ns: 0,
            payload_bytes: 0,
        };
        MemtableSession { program, tools }
    }
}

impl Tools {
    /// Does `work` on the state, locked once there is room for a write; a batch has its lock already. `work` says what it wrote over, to be undone
    /// with the batch.
    #[inline]
    pub(super) fn write<T>(
        &mut self,
        work: impl FnOnce(&mut State, &mut Marks) -> (T, Option<(usize, Key, Old)>),
    ) -> Result<T, Outcome> {
        let Tools { buffer, batch, marks, waited_ns, .. } = self;
        if let Some(Batch { state, undo }) = batch {
            let (result, wrote) = work(state, marks);
            undo.extend(wrote);
            return Ok(result);
        }
        let mut state = buffer.admit(|| buffer.state.write(), waited_ns)?;
        let (result, wrote) = work(&mut state, marks);
        let full = buffer.wrote(&mut state);
        drop(state);
        if full {
            buffer.wake();
        }
        // What was written over is freed without the lock.
        drop(wrote);
        Ok(result)
    }

    fn insert_all(&mut self, action: &Action, shape: &Shape, rows: &[Decoder<'_>]) -> Result<u64, Outcome> {
        let table = action.table;
        if action.payload {
            self.payload_bytes += rows.iter().map(|row| payload(*row, action.values)).sum::<u64>();
        }
        let alone = self.batch.is_none();
        if alone {
            self.hold()?;
        }
        let over = action.what == What::Put { over: true };
        for row in rows {
            self.put(table, shape, *row, over)?;
        }
        if alone {
            self.let_go();
        }
        Ok(rows.len() as u64)
    }

    /// Takes the lock for a batch.
    fn hold(&mut self) -> Result<(), Outcome> {
        let Tools { buffer, batch, waited_ns, .. } = self;
        let state = buffer.admit(|| RwLock::write_arc(&buffer.state), waited_ns)?;
        *batch = Some(Batch { state, undo: Vec::new() });
        Ok(())
    }

    /// Lets go of the batch's lock; what it did stands.
    fn let_go(&mut self) {
        let Some(Batch { mut state, undo }) = self.batch.take() else { return };
        let full = self.buffer.wrote(&mut state);
        drop(state);
        if full {
            self.buffer.wake();
        }
        drop(undo);
    }
}

impl Session for MemtableSession {
    #[inline]
    fn execute(&mut self, operation: usize, values: Decoder<'_>) -> Outcome {
        let MemtableSession { program, tools } = self;
        let action = &program.actions[operation];
        let shape = &program.shapes[action.table];
        tools.carry_out(operation, action, shape, values).unwrap_or_else(|outcome| outcome)
    }

    fn begin(&mut self, mode: Transaction) -> Outcome {
        // What only reads needs no lock of its own.
        if mode == Transaction::Deferred {
            return Outcome::Done { changes: 0 };
        }
        self.tools.hold().err().unwrap_or(Outcome::Done { changes: 0 })
    }

    fn commit(&mut self) -> Outcome {
        self.tools.let_go();
        Outcome::Done { changes: 0 }
    }

    fn roll_back(&mut self) {
        let Some(Batch { mut state, mut undo }) = self.tools.batch.take() else { return };
        while let Some((table, key, old)) = undo.pop() {
            let shape = &self.program.shapes[table];
            state.active.take_back(shape, table, key, old, &mut self.tools.marks);
        }
    }

    fn prepare_rows(&mut self, _operation: usize, _rows: usize) -> Result<(), EngineError> {
        Ok(())
    }

    fn insert_rows(&mut self, operation: usize, rows: &[Decoder<'_>]) -> Outcome {
        let MemtableSession { program, tools } = self;
        let action = &program.actions[operation];
        let inserted = tools.insert_all(action, &program.shapes[action.table], rows);
        inserted.map_or_else(|outcome| outcome, |changes| Outcome::Done { changes })
    }

    #[inline]
    fn take_times(&mut self) -> Option<Times> {
        Some(Times { waiting_ns: std::mem::take(&mut self.tools.waited_ns), committing_ns: 0 })
    }

    fn take_payload_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.tools.payload_bytes)
    }

    fn set_up(&mut self) -> Result<(), EngineError> {
        Err(per_write())
    }

    fn look_up(&mut self, _table: usize, _row: &[Value]) -> Result<Lookup, EngineError> {
        Err(per_write())
    }

    fn drop_tables(&mut self) -> Result<(), EngineError> {
        Err(per_write())
    }
}

impl Drop for MemtableSession {
    fn drop(&mut self) {
        // One that was given up in the middle of a batch.
        self.roll_back();
    }
}

fn per_write() -> EngineError {
    EngineError::Unavailable("a write buffer is not set up and torn down around every write".to_owned())
}

/// What the plan refuses, should it come nevertheless.
pub(super) fn no_sql() -> Outcome {
    let message = "a write buffer has no SQL".to_owned();
    Outcome::Refused(Failure { code: "memtable_sql", message })
}
