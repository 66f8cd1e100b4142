//! One table of the buffer in memory: rows and tombstones by key, with their indexes. Active ones change; an immutable one is only read.

use std::collections::BTreeSet;
use std::ops::Bound;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::postings::Postings;
use super::row::{Key, KeyRef, Marks, New, Order, column, hash_of};
use super::shape::Shape;

/// What stands under a key.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) key: Key,
    /// The row; absent for a tombstone.
    pub(super) row: Option<Box<[u8]>>,
    /// Whether a row with this key was below when this came.
    pub(super) below: bool,
}

/// What stood under a key before it was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Old {
    Nothing,
    Tombstone,
    Row(Box<[u8]>),
}

/// Rows and tombstones of one table of the scenario.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) slots: Vec<Slot>,
    primary: HashTable<u32>,
    secondary: Vec<Postings>,
    ordered: Vec<BTreeSet<(Order, u32)>>,
}

impl Rows {
    fn new(shape: &Shape) -> Rows {
        Rows {
            secondary: shape.indexes.iter().map(|_| Postings::default()).collect(),
            ordered: shape.ordered.iter().map(|_| BTreeSet::new()).collect(),
            ..Rows::default()
        }
    }

    /// What stands under a key; `hash` is the key's.
    #[inline]
    pub(super) fn find(&self, key: KeyRef<'_>, hash: u64) -> Option<&Slot> {
        let slots = &self.slots;
        let place = self.primary.find(hash, |place| slots[*place as usize].key.as_ref() == key)?;
        Some(&slots[*place as usize])
    }

    /// Rows with a value in the one column of an index.
    #[inline]
    pub(super) fn with<'a>(
        &'a self,
        index: usize,
        in_column: usize,
        value: &'a [u8],
        hash: u64,
    ) -> impl Iterator<Item = &'a Slot> {
        let is = move |place: u32| {
            let row = self.slots[place as usize].row.as_deref();
            row.is_some_and(|row| column(row, in_column) == value)
        };
        self.secondary[index].with(hash, is).map(|place| &self.slots[place as usize])
    }

    /// Rows in the order of a column.
    pub(super) fn from<'a>(
        &'a self,
        ordered: usize,
        from: &Order,
        before: Option<&Order>,
    ) -> impl Iterator<Item = (&'a Order, &'a Slot)> {
        let end = before.map_or(Bound::Unbounded, |before| Bound::Excluded((before.clone(), 0)));
        // An end before the beginning is no range at all.
        let empty = before.is_some_and(|before| before <= from);
        let start = Bound::Included((from.clone(), 0));
        let found = (!empty).then(|| self.ordered[ordered].range((start, end)));
        found.into_iter().flatten().map(|(order, place)| (order, &self.slots[*place as usize]))
    }

    /// Writes a row, or with none a tombstone; `marks` are those of the row.
    #[inline]
    fn write(
        &mut self,
        shape: &Shape,
        key: Key,
        hash: u64,
        row: Option<Box<[u8]>>,
        marks: &mut Marks,
        below: bool,
    ) -> Old {
        let Rows { slots, primary, .. } = self;
        let known = |place: &u32| slots[*place as usize].key == key;
        let place = match primary.entry(hash, known, |place| slots[*place as usize].key.as_ref().hash()) {
            Entry::Occupied(place) => {
                let place = *place.get();
                return self.exchange(shape, place, row, marks);
            }
            Entry::Vacant(vacant) => {
                let place = u32::try_from(slots.len()).expect("a threshold is below four billion rows");
                vacant.insert(place);
                place
            }
        };
        slots.push(Slot { key, row, below });
        if self.slots[place as usize].row.is_some() {
            self.list(shape, place, marks);
        }
        Old::Nothing
    }

    /// Adds a row to all indexes.
    fn list(&mut self, shape: &Shape, place: u32, marks: &mut Marks) {
        let Rows { slots, secondary, ordered, .. } = self;
        for ((postings, columns), &hash) in secondary.iter_mut().zip(&shape.indexes).zip(&marks.hashes) {
            postings.add(place, hash, |other| same(slots, columns, place, other));
        }
        for (set, order) in ordered.iter_mut().zip(&mut marks.orders) {
            set.insert((std::mem::replace(order, Order::Null), place));
        }
    }

    /// Takes a row out of all indexes.
    fn unlist(&mut self, shape: &Shape, place: u32) {
        self.secondary.iter_mut().for_each(|postings| postings.remove(place));
        let row = self.slots[place as usize].row.as_deref().expect("a row that is listed");
        for (set, &ordered) in self.ordered.iter_mut().zip(&shape.ordered) {
            set.remove(&(Order::of(column(row, ordered)), place));
        }
    }

    /// Puts another row, or a tombstone, under a key that has something.
    fn exchange(&mut self, shape: &Shape, place: u32, row: Option<Box<[u8]>>, marks: &mut Marks) -> Old {
        match (&self.slots[place as usize].row, &row) {
            (None, None) => return Old::Tombstone,
            (None, Some(_)) => {
                self.slots[place as usize].row = row;
                self.list(shape, place, marks);
                return Old::Tombstone;
            }
            (Some(_), None) => {
                self.unlist(shape, place);
                return Old::Row(self.slots[place as usize].row.take().expect("it was just there"));
            }
            (Some(_), Some(_)) => {}
        }
        let old = std::mem::replace(&mut self.slots[place as usize].row, row).expect("it was just there");
        let Rows { slots, secondary, ordered, .. } = self;
        let new = slots[place as usize].row.as_deref().expect("it was just put there");
        for ((postings, columns), &hash) in secondary.iter_mut().zip(&shape.indexes).zip(&marks.hashes) {
            let stays =
                postings.hash(place) == hash && columns.iter().all(|&c| column(&old, c) == column(new, c));
            if !stays {
                postings.remove(place);
                postings.add(place, hash, |other| same(slots, columns, place, other));
            }
        }
        for ((set, order), &along) in ordered.iter_mut().zip(&mut marks.orders).zip(&shape.ordered) {
            let before = Order::of(column(&old, along));
            if before != *order {
                set.remove(&(before, place));
                set.insert((std::mem::replace(order, Order::Null), place));
            }
        }
        Old::Row(old)
    }

    /// Takes back what was written last under a new key.
    fn forget_last(&mut self, shape: &Shape) {
        let place = u32::try_from(self.slots.len() - 1).expect("a place");
        if self.slots[place as usize].row.is_some() {
            self.unlist(shape, place);
        }
        let slot = self.slots.pop().expect("there is a last one");
        if let Ok(entry) = self.primary.find_entry(slot.key.as_ref().hash(), |other| *other == place) {
            entry.remove();
        }
    }

    fn clear(&mut self) {
        self.primary.clear();
        self.secondary.iter_mut().for_each(Postings::clear);
        self.ordered.iter_mut().for_each(BTreeSet::clear);
        self.slots.clear();
    }
}

/// Whether two rows have the same values in the columns of an index.
fn same(slots: &[Slot], columns: &[usize], one: u32, other: u32) -> bool {
    let row = |place: u32| slots[place as usize].row.as_deref();
    let (Some(one), Some(other)) = (row(one), row(other)) else { return false };
    columns.iter().all(|&c| column(one, c) == column(other, c))
}

/// All tables of the scenario, as the buffer fills and flushes them together.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) tables: Vec<Rows>,
    entries: u64,
}

impl Memory {
    pub(super) fn new(shapes: &[Shape]) -> Memory {
        Memory { tables: shapes.iter().map(Rows::new).collect(), entries: 0 }
    }

    /// Rows and tombstones.
    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    /// Writes a row.
    #[inline]
    pub(super) fn put(
        &mut self,
        shape: &Shape,
        table: usize,
        new: New,
        marks: &mut Marks,
        below: bool,
    ) -> Old {
        let New { key, hash, row } = new;
        self.counted(|tables| tables[table].write(shape, key, hash, Some(row), marks, below))
    }

    /// Leaves a tombstone.
    pub(super) fn bury(&mut self, shape: &Shape, table: usize, key: Key, below: bool) -> Old {
        let hash = key.as_ref().hash();
        self.counted(|tables| tables[table].write(shape, key, hash, None, &mut Marks::default(), below))
    }

    fn counted(&mut self, write: impl FnOnce(&mut [Rows]) -> Old) -> Old {
        let old = write(&mut self.tables);
        self.entries += u64::from(old == Old::Nothing);
        old
    }

    /// Takes a write back; to be done in the opposite order.
    pub(super) fn take_back(&mut self, shape: &Shape, table: usize, key: Key, old: Old, marks: &mut Marks) {
        let rows = &mut self.tables[table];
        let hash = key.as_ref().hash();
        match old {
            Old::Nothing => {
                rows.forget_last(shape);
                self.entries -= 1;
            }
            Old::Tombstone => {
                rows.write(shape, key, hash, None, marks, false);
            }
            Old::Row(row) => {
                let New { row, .. } = marks.encoded(shape, row);
                rows.write(shape, key, hash, Some(row), marks, false);
            }
        }
    }

    /// Empties it, and keeps its memory for the next.
    pub(super) fn clear(&mut self) {
        self.tables.iter_mut().for_each(Rows::clear);
        self.entries = 0;
    }
}

/// The hash of a value under an index of one column.
#[inline]
pub(super) fn hash_of_value(value: &[u8]) -> u64 {
    hash_of([value])
}
