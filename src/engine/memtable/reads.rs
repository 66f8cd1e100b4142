//! Operations that read, through all layers.
//!
//! What is below cannot be read under the lock of what is above without keeping writers out; so the store is read without it. A row of the store
//! counts as long as no flush has ended since memory was looked at: else everything is read again, at last with the lock.

use std::sync::Arc;

use parking_lot::RwLock;

use super::buffer::State;
use super::memory::{Rows, hash_of_value};
use super::program::{Action, By, What};
use super::reading::Reading;
use super::row::{KeyRef, Order, encode_value};
use super::session::Tools;
use super::shape::Shape;
use crate::engine::Outcome;
use crate::engine::sqlite::{Reader, Stored};
use crate::value::{Decoder, EncodedValue};

/// Attempts without the lock.
const ATTEMPTS: u32 = 3;

/// A row that is not to be counted, or a reason to begin anew.
enum Seen {
    Visible,
    Hidden,
    TooLate,
}

impl Tools {
    /// Reads rows.
    ///
    /// # Errors
    /// What becomes of an operation that the store refuses.
    #[inline]
    pub(super) fn read(
        &mut self,
        operation: usize,
        action: &Action,
        shape: &Shape,
        values: Decoder<'_>,
    ) -> Result<Outcome, Outcome> {
        let reading = match action.what {
            What::Get => self.get(operation, action, shape.key.len(), values)?,
            _ => self.many(operation, action, shape, values)?,
        };
        if action.payload {
            self.payload_bytes += reading.bytes;
        }
        Ok(reading.outcome())
    }

    #[inline]
    fn get<'a>(
        &mut self,
        operation: usize,
        action: &'a Action,
        columns: usize,
        mut values: Decoder<'_>,
    ) -> Result<Reading<'a>, Outcome> {
        let mut reading = Reading::new(action);
        let start = values.rest();
        let mut length = 0;
        (0..columns).for_each(|_| length += values.encoded().len());
        let encoded = &start[..length];
        let key = KeyRef::new(encoded, columns);
        let hash = key.hash();
        let mut look = |state: &State| match state.find(action.table, key, hash) {
            Some(slot) => {
                slot.row.iter().for_each(|row| reading.row(row));
                true
            }
            None => false,
        };
        let known = match &self.batch {
            Some(batch) => look(&batch.state),
            None => look(&self.buffer.state.read()),
        };
        if let (false, Some(reader)) = (known, &mut self.reader) {
            let bound = bound(encoded, columns);
            reader.read(operation, &bound, |row| {
                reading.stored(row, columns);
                false
            })?;
        }
        Ok(reading)
    }

    fn many<'a>(
        &mut self,
        operation: usize,
        action: &'a Action,
        shape: &'a Shape,
        values: Decoder<'_>,
    ) -> Result<Reading<'a>, Outcome> {
        let Tools { buffer, reader, batch, scratch, .. } = self;
        let query = Query::new(action, shape, values);
        if let Some(batch) = batch {
            return query.under_lock(&batch.state, reader.as_mut().map(|r| (r, operation)), scratch);
        }
        let Some(reader) = reader else { return query.under_lock(&buffer.state.read(), None, scratch) };
        for _ in 0..ATTEMPTS {
            if let Some(reading) = query.beside_lock(&buffer.state, (&mut *reader, operation), scratch)? {
                return Ok(reading);
            }
        }
        query.under_lock(&buffer.state.read(), Some((reader, operation)), scratch)
    }
}

fn bound(encoded: &[u8], count: usize) -> Vec<EncodedValue<'_>> {
    let mut values = Decoder::new(encoded);
    (0..count).map(|_| values.value()).collect()
}

/// An operation that may read several rows.
struct Query<'a, 'v> {
    action: &'a Action,
    shape: &'a Shape,
    /// The encoded values that it looks for: one, or the two ends of a range.
    first: &'v [u8],
    second: Option<&'v [u8]>,
}

/// Rows of memory in order, kept to be merged with those of the store.
type Kept = std::vec::IntoIter<(Order, Box<[u8]>)>;

impl<'a, 'v> Query<'a, 'v> {
    fn new(action: &'a Action, shape: &'a Shape, mut values: Decoder<'v>) -> Query<'a, 'v> {
        let first = values.encoded();
        let second = matches!(action.what, What::Range { .. }).then(|| values.encoded());
        Query { action, shape, first, second }
    }

    fn bound(&self) -> Vec<EncodedValue<'v>> {
        [Some(self.first), self.second].into_iter().flatten().map(|v| Decoder::new(v).value()).collect()
    }

    /// With a lock from beginning to end.
    fn under_lock(
        &self,
        state: &State,
        reader: Option<(&mut Reader, usize)>,
        scratch: &mut Vec<u8>,
    ) -> Result<Reading<'a>, Outcome> {
        let mut reading = Reading::new(self.action);
        let Some(reader) = reader else {
            self.in_memory(state, &mut |_, row| {
                reading.row(row);
                !reading.is_full()
            });
            return Ok(reading);
        };
        let kept = self.keep(state, &mut reading);
        let hidden = |key: KeyRef<'_>| match state.find(self.action.table, key, key.hash()) {
            Some(_) => Seen::Hidden,
            None => Seen::Visible,
        };
        self.in_store(reader, kept, &mut reading, scratch, hidden)?;
        Ok(reading)
    }

    /// With the lock for memory alone; nothing where a flush came in between.
    fn beside_lock(
        &self,
        lock: &Arc<RwLock<State>>,
        reader: (&mut Reader, usize),
        scratch: &mut Vec<u8>,
    ) -> Result<Option<Reading<'a>>, Outcome> {
        let mut reading = Reading::new(self.action);
        let state = lock.read();
        let flushes = state.flushes;
        let kept = self.keep(&state, &mut reading);
        drop(state);
        let seen = |key: KeyRef<'_>| {
            let state = lock.read();
            match state.find(self.action.table, key, key.hash()) {
                _ if state.flushes != flushes => Seen::TooLate,
                Some(_) => Seen::Hidden,
                None => Seen::Visible,
            }
        };
        let whole = self.in_store(reader, kept, &mut reading, scratch, seen)?;
        Ok(whole.then_some(reading))
    }

    /// Reads memory, or keeps its rows where those of the store may come between them.
    fn keep(&self, state: &State, reading: &mut Reading<'a>) -> Kept {
        let mut kept = Vec::new();
        let limit = usize::try_from(self.action.limit).unwrap_or(usize::MAX);
        let in_order = matches!(self.action.what, What::Scan { .. });
        self.in_memory(state, &mut |order, row| {
            if let (true, Some(order)) = (in_order, order) {
                kept.push((order.clone(), row.into()));
                return kept.len() < limit;
            }
            reading.row(row);
            !reading.is_full()
        });
        kept.into_iter()
    }

    /// Goes through what the store has. False where it has to be done again.
    fn in_store(
        &self,
        (reader, operation): (&mut Reader, usize),
        kept: Kept,
        reading: &mut Reading<'a>,
        scratch: &mut Vec<u8>,
        mut seen: impl FnMut(KeyRef<'_>) -> Seen,
    ) -> Result<bool, Outcome> {
        let columns = self.shape.key.len();
        let mut kept = kept.peekable();
        let mut whole = true;
        if !reading.is_full() {
            reader.read(operation, &self.bound(), |row| {
                scratch.clear();
                (0..columns).for_each(|column| encode_value(scratch, row.column(column)));
                match seen(KeyRef::new(scratch, columns)) {
                    Seen::Hidden => return true,
                    Seen::TooLate => {
                        whole = false;
                        return false;
                    }
                    Seen::Visible => {}
                }
                if kept.peek().is_some() {
                    let here = self.order_of(row, scratch);
                    while let Some((_, row)) = kept.next_if(|(order, _)| *order <= here && !reading.is_full())
                    {
                        reading.row(&row);
                    }
                }
                if !reading.is_full() {
                    reading.stored(row, columns);
                }
                !reading.is_full()
            })?;
        }
        kept.for_each(|(_, row)| {
            if !reading.is_full() {
                reading.row(&row);
            }
        });
        Ok(whole)
    }

    /// Where a stored row stands in the order of a scan: the column is the last one of its row.
    fn order_of(&self, row: &Stored<'_>, scratch: &mut Vec<u8>) -> Order {
        scratch.clear();
        encode_value(scratch, row.column(self.shape.key.len() + self.action.reads.len()));
        Order::of(scratch)
    }

    /// Visits the rows in memory that are looked for, until `visit` returns false: the order comes with those that are read along one.
    fn in_memory(&self, state: &State, visit: &mut dyn FnMut(Option<&Order>, &[u8]) -> bool) {
        let table = self.action.table;
        let active = &state.active.tables[table];
        let immutable = state.immutable.as_ref().map(|memory| &memory.tables[table]);
        match self.action.what {
            What::Range { ordered } | What::Scan { ordered } => {
                self.along(ordered, active, immutable, visit);
            }
            _ => self.with_value(active, immutable, visit),
        }
    }

    fn with_value(
        &self,
        active: &Rows,
        immutable: Option<&Rows>,
        visit: &mut dyn FnMut(Option<&Order>, &[u8]) -> bool,
    ) {
        let By::Index { index, column } = self.action.by else { return };
        // Nothing equals NULL.
        if Decoder::new(self.first).value() == EncodedValue::Null {
            return;
        }
        let hash = hash_of_value(self.first);
        for slot in active.with(index, column, self.first, hash) {
            if let Some(row) = &slot.row
                && !visit(None, row)
            {
                return;
            }
        }
        let Some(immutable) = immutable else { return };
        for slot in immutable.with(index, column, self.first, hash) {
            let hidden = active.find(slot.key.as_ref(), slot.key.as_ref().hash()).is_some();
            if let (false, Some(row)) = (hidden, &slot.row)
                && !visit(None, row)
            {
                return;
            }
        }
    }

    fn along(
        &self,
        ordered: usize,
        active: &Rows,
        immutable: Option<&Rows>,
        visit: &mut dyn FnMut(Option<&Order>, &[u8]) -> bool,
    ) {
        let from = Order::of(self.first);
        let before = self.second.map(Order::of);
        if from == Order::Null || before == Some(Order::Null) {
            return;
        }
        let mut above = active.from(ordered, &from, before.as_ref()).peekable();
        let hidden =
            |slot: &super::memory::Slot| active.find(slot.key.as_ref(), slot.key.as_ref().hash()).is_some();
        let below = immutable.map(|rows| rows.from(ordered, &from, before.as_ref()));
        let mut below = below.into_iter().flatten().filter(|(_, slot)| !hidden(slot)).peekable();
        loop {
            let next = match (above.peek(), below.peek()) {
                (Some((a, _)), Some((b, _))) if a <= b => above.next(),
                (Some(_), None) => above.next(),
                _ => below.next(),
            };
            let Some((order, slot)) = next else { return };
            if let Some(row) = &slot.row
                && !visit(Some(order), row)
            {
                return;
            }
        }
    }
}
