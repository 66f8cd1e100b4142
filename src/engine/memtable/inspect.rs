//! Reading back what a buffer without a store holds, when nobody is working. With a store, everything is flushed first, and the store is asked.

use std::sync::Arc;

use parking_lot::Mutex;

use super::buffer::{Buffer, State};
use super::memory::Slot;
use super::persister::LetGo;
use super::reading::owned;
use super::row::KeyRef;
use crate::engine::{EngineError, Inspector, Lookup, Orphans};
use crate::plan::Table;
use crate::value::{Decoder, EncodedValue, Value, encode};

/// Bytes of an altered large value that are told.
const SHOWN_BYTES: u64 = 16;

/// Looks at the layers in memory; rows that were let go are only counted.
pub(super) struct MemoryInspector<'a> {
    pub(super) buffer: Arc<Buffer>,
    pub(super) let_go: Arc<Mutex<LetGo>>,
    pub(super) tables: &'a [Table],
}

impl MemoryInspector<'_> {
    /// Every key in memory with what the topmost layer has for it.
    fn slots(state: &State, table: usize) -> impl Iterator<Item = &Slot> {
        let active = &state.active.tables[table];
        let hidden = |slot: &&Slot| active.find(slot.key.as_ref(), slot.key.as_ref().hash()).is_none();
        let immutable = state.immutable.iter().flat_map(move |memory| memory.tables[table].slots.iter());
        active.slots.iter().chain(immutable.filter(hidden))
    }
}

impl Inspector for MemoryInspector<'_> {
    fn count(&mut self, table: usize) -> Result<u64, EngineError> {
        let (state, gone) = (self.buffer.state.read(), self.let_go.lock());
        let mut rows = i64::try_from(gone.rows(table)).unwrap_or(i64::MAX);
        for slot in Self::slots(&state, table) {
            rows += i64::from(slot.row.is_some()) - i64::from(gone.has(table, slot));
        }
        Ok(rows.unsigned_abs())
    }

    fn look_up(&mut self, table: usize, row: &[Value], ignored: &[usize]) -> Result<Lookup, EngineError> {
        let known = &self.tables[table];
        let mut encoded = Vec::new();
        known.key.iter().for_each(|&column| encode(&mut encoded, row[column].as_ref()));
        let key = KeyRef::new(&encoded, known.key.len());
        let state = self.buffer.state.read();
        let Some(slot) = state.find(table, key, key.hash()) else {
            let kept = self.let_go.lock().rows(table) == 0;
            return Ok(if kept { Lookup::Missing } else { Lookup::NotKept });
        };
        let Some(stored) = &slot.row else { return Ok(Lookup::Missing) };
        let mut values = Decoder::new(stored);
        for (column, made) in row.iter().enumerate() {
            let value = values.value();
            if !ignored.contains(&column) && !is(value, made) {
                let stored = match value {
                    EncodedValue::Blob(bytes) => {
                        Value::Blob(bytes[..bytes.len().min(SHOWN_BYTES as usize)].to_vec())
                    }
                    other => owned(other),
                };
                return Ok(Lookup::Different { column: known.columns[column].clone(), stored });
            }
        }
        Ok(Lookup::Same)
    }

    fn keys(&mut self, table: usize, visit: &mut dyn FnMut(&[Value]) -> bool) -> Result<(), EngineError> {
        let state = self.buffer.state.read();
        let key = &self.tables[table].key;
        for row in Self::slots(&state, table).filter_map(|slot| slot.row.as_deref()) {
            let mut values = Decoder::new(row);
            let row: Vec<Value> = self.tables[table].columns.iter().map(|_| owned(values.value())).collect();
            let key: Vec<Value> = key.iter().map(|&column| row[column].clone()).collect();
            if !visit(&key) {
                break;
            }
        }
        Ok(())
    }

    fn integrity(&mut self, _quick: bool) -> Result<Option<Vec<String>>, EngineError> {
        Ok(None)
    }

    fn orphans(&mut self) -> Result<Orphans, EngineError> {
        Ok(Orphans { per_table: vec![0; self.tables.len()], enforced: false })
    }
}

/// Whether a value is stored as it was made.
fn is(stored: EncodedValue<'_>, made: &Value) -> bool {
    match (stored, made) {
        (EncodedValue::Blob(bytes), Value::Pooled(stretch)) => {
            bytes.len() as u64 == stretch.len() && stretch.holds(0, bytes)
        }
        (stored, made) => owned(stored) == *made,
    }
}
