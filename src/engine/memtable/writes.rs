//! Operations that write: rows put, changed and removed.

use super::buffer::State;
use super::memory::Old;
use super::program::{Action, By, What};
use super::reading::changed;
use super::row::{Key, KeyRef, Marks, bytes_of, column, copy_whole, encode_value, payload};
use super::session::{Tools, no_sql};
use super::shape::Shape;
use crate::engine::Outcome;
use crate::value::{Decoder, EncodedValue};

/// A row of the store below, as it stood when so many flushes were done.
#[derive(Debug)]
struct Fetched {
    flushes: u64,
    /// Its encoded key and, for an update, its encoded row.
    row: Option<(Key, Vec<u8>)>,
}

/// What became of a change.
enum Step {
    Changed,
    /// There is no such row.
    Nothing,
    /// Only the store can tell; so many flushes are done.
    AskStore(u64),
}

/// What a change is about.
struct Change<'a> {
    action: &'a Action,
    shape: &'a Shape,
    /// Values on the tape.
    values: Decoder<'a>,
    /// Where the encoded value that finds the row stands.
    found_by: &'a [u8],
    has_store: bool,
}

impl Tools {
    /// Carries an operation out.
    ///
    /// # Errors
    /// What becomes of one that is refused, given up or the last.
    #[inline]
    pub(super) fn carry_out(
        &mut self,
        operation: usize,
        action: &Action,
        shape: &Shape,
        values: Decoder<'_>,
    ) -> Result<Outcome, Outcome> {
        match &action.what {
            What::Put { over } => {
                self.put(action.table, shape, values, *over)?;
                if action.payload {
                    self.payload_bytes += payload(values, action.values);
                }
                Ok(changed(action, 1))
            }
            What::Update { .. } | What::Delete => {
                let changes = self.change(operation, action, shape, values)?;
                if action.payload && changes > 0 {
                    self.payload_bytes += written(action, values);
                }
                Ok(changed(action, changes))
            }
            What::Sql => Err(no_sql()),
            What::Get | What::Find | What::Range { .. } | What::Scan { .. } => {
                self.read(operation, action, shape, values)
            }
        }
    }

    /// Writes the next row of the tape; `over` one that may be there.
    #[inline]
    pub(super) fn put(
        &mut self,
        table: usize,
        shape: &Shape,
        values: Decoder<'_>,
        over: bool,
    ) -> Result<(), Outcome> {
        let new = self.marks.row(shape, values);
        let in_batch = self.batch.is_some();
        self.write(|state, marks| {
            // Rows of the dataset come once each.
            let below = over && state.is_below(table, new.key.as_ref(), new.hash);
            let key = if in_batch { new.key.clone() } else { Key::Integer(0) };
            let old = state.active.put(shape, table, new, marks, below);
            ((), Some((table, key, old)))
        })
    }

    /// Updates or deletes a row; how many there were.
    fn change(
        &mut self,
        operation: usize,
        action: &Action,
        shape: &Shape,
        values: Decoder<'_>,
    ) -> Result<u64, Outcome> {
        let mut after = values;
        let own =
            if let What::Update { .. } = action.what { action.values - by_columns(action, shape) } else { 0 };
        (0..own).for_each(|_| {
            after.encoded();
        });
        let start = after.rest();
        let found_by = &start[..encoded_length(after, by_columns(action, shape))];
        let has_store = self.reader.is_some();
        let change = Change { action, shape, values, found_by, has_store };
        let mut fetched: Option<Fetched> = None;
        loop {
            let step = self.write(|state, marks| change.make(state, marks, fetched.as_ref()))?;
            let flushes = match step {
                Step::Changed => return Ok(1),
                Step::Nothing => return Ok(0),
                Step::AskStore(flushes) => flushes,
            };
            fetched = Some(Fetched { flushes, row: self.fetch(operation, &change)? });
        }
    }

    /// Reads a row of the store.
    fn fetch(&mut self, operation: usize, change: &Change<'_>) -> Result<Option<(Key, Vec<u8>)>, Outcome> {
        let reader = self.reader.as_mut().expect("a store that is asked");
        let Change { action, shape, found_by, .. } = change;
        let by = by_columns(action, shape);
        let mut values = Decoder::new(found_by);
        let bound: Vec<EncodedValue<'_>> = (0..by).map(|_| values.value()).collect();
        let wanted = if action.what == What::Delete { 0 } else { shape.columns };
        let mut found = None;
        reader.read(operation, &bound, |row| {
            let (mut key, mut whole) = (Vec::new(), Vec::new());
            (0..shape.key.len()).for_each(|c| encode_value(&mut key, row.column(c)));
            (0..wanted).for_each(|c| encode_value(&mut whole, row.column(shape.key.len() + c)));
            found = Some((KeyRef::new(&key, shape.key.len()).to_owned(), whole));
            false
        })?;
        Ok(found)
    }
}

/// Columns that find the row.
fn by_columns(action: &Action, shape: &Shape) -> usize {
    match action.by {
        By::Key => shape.key.len(),
        By::Index { .. } => 1,
    }
}

fn encoded_length(mut values: Decoder<'_>, count: usize) -> usize {
    let before = values.rest().len();
    (0..count).for_each(|_| {
        values.encoded();
    });
    before - values.rest().len()
}

/// Bytes of the texts and blobs that an update writes.
fn written(action: &Action, mut values: Decoder<'_>) -> u64 {
    let What::Update { sets } = &action.what else { return 0 };
    let last = sets.iter().map(|(_, value)| value + 1).max().unwrap_or(0);
    (0..last).map(|_| bytes_of(values.value())).sum()
}

impl State {
    /// Whether the immutable table has a row with this key that the active one does not hide.
    #[inline]
    fn is_below(&self, table: usize, key: KeyRef<'_>, hash: u64) -> bool {
        let Some(immutable) = &self.immutable else { return false };
        self.active.tables[table].find(key, hash).is_none()
            && immutable.tables[table].find(key, hash).is_some_and(|slot| slot.row.is_some())
    }

    /// The key of a row in memory with a value under an index.
    pub(super) fn key_with(&self, table: usize, index: usize, in_column: usize, value: &[u8]) -> Option<Key> {
        let hash = super::memory::hash_of_value(value);
        let active = &self.active.tables[table];
        let mut found = active.with(index, in_column, value, hash);
        if let Some(slot) = found.next() {
            return Some(slot.key.clone());
        }
        let rows = &self.immutable.as_ref()?.tables[table];
        let mut found = rows.with(index, in_column, value, hash);
        let visible =
            found.find(|slot| active.find(slot.key.as_ref(), slot.key.as_ref().hash()).is_none())?;
        Some(visible.key.clone())
    }
}

type Wrote = Option<(usize, Key, Old)>;

impl Change<'_> {
    /// Changes the row where it is known; `fetched` is what the store said.
    fn make(&self, state: &mut State, marks: &mut Marks, fetched: Option<&Fetched>) -> (Step, Wrote) {
        let table = self.action.table;
        let current = fetched.filter(|fetched| fetched.flushes == state.flushes);
        let stored = current.and_then(|fetched| fetched.row.as_ref());
        let ask = || match (self.has_store, current) {
            (true, None) => (Step::AskStore(state.flushes), None),
            _ => (Step::Nothing, None),
        };
        let found;
        let key = match self.action.by {
            By::Key => KeyRef::new(self.found_by, self.shape.key.len()),
            By::Index { index, column } => {
                let in_memory = state.key_with(table, index, column, self.found_by);
                match in_memory.or_else(|| stored.map(|(key, _)| key.clone())) {
                    None => return ask(),
                    Some(key) => {
                        found = key;
                        found.as_ref()
                    }
                }
            }
        };
        let hash = key.hash();
        let (row, below) = match state.active.tables[table].find(key, hash) {
            Some(slot) => (slot.row.as_deref(), false),
            None => {
                let immutable =
                    state.immutable.as_ref().and_then(|memory| memory.tables[table].find(key, hash));
                match (immutable, stored) {
                    (Some(slot), _) => (slot.row.as_deref(), true),
                    (None, Some((_, row))) => (Some(row.as_slice()), true),
                    (None, None) => return ask(),
                }
            }
        };
        let Some(row) = row else { return (Step::Nothing, None) };
        let old = match &self.action.what {
            What::Update { sets } => {
                let row = self.merged(row, sets);
                let new = marks.encoded(self.shape, row);
                state.active.put(self.shape, table, new, marks, below)
            }
            _ => state.active.bury(self.shape, table, key.to_owned(), below),
        };
        (Step::Changed, Some((table, key.to_owned(), old)))
    }

    /// A row with its new values.
    fn merged(&self, row: &[u8], sets: &[(usize, usize)]) -> Box<[u8]> {
        let mut out = Vec::with_capacity(row.len() + self.values.rest().len());
        let mut values = Decoder::new(row);
        for place in 0..self.shape.columns {
            let old = values.encoded();
            match sets.iter().find(|(column, _)| *column == place) {
                Some((_, value)) => copy_whole(&mut out, column(self.values.rest(), *value), 1),
                None => out.extend_from_slice(old),
            }
        }
        out.into()
    }
}
