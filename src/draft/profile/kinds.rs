//! What the second column of a key holds beside each of few values of the first.

use rusqlite::Row;

use super::classes::Classes;
use super::column::{length_of, owned};
use super::distinct::Distinct;
use crate::draft::Kind;
use crate::value::Value;

/// Values of the first column at most.
const MOST: usize = 12;

#[derive(Debug)]
struct One {
    hash: u64,
    member: Value,
    rows: u64,
    classes: Classes,
    distinct: Distinct,
}

/// The kinds of one key.
#[derive(Debug)]
pub(super) struct Kinds {
    columns: (usize, usize),
    found: Vec<One>,
    /// Whether they are as few as they must be.
    few: bool,
}

impl Kinds {
    /// Of a key of two columns; nothing for others.
    pub(super) fn new(key: &[usize]) -> Option<Kinds> {
        let &[first, second] = key else { return None };
        Some(Kinds { columns: (first, second), found: Vec::new(), few: true })
    }

    pub(super) fn add(&mut self, row: &Row<'_>, hashes: &[Option<u64>]) -> rusqlite::Result<()> {
        let (first, second) = self.columns;
        let (Some(hash), Some(other), true) = (hashes[first], hashes[second], self.few) else {
            return Ok(());
        };
        let place = match self.found.iter().position(|one| one.hash == hash) {
            Some(place) => place,
            None if self.found.len() < MOST => {
                let (classes, distinct) = (Classes::default(), Distinct::default());
                let member = owned(row.get_ref(first)?);
                self.found.push(One { hash, member, rows: 0, classes, distinct });
                self.found.len() - 1
            }
            None => {
                (self.few, self.found) = (false, Vec::new());
                return Ok(());
            }
        };
        let one = &mut self.found[place];
        one.rows += 1;
        let value = row.get_ref(second)?;
        one.distinct.add(other, one.classes.add(value, length_of(value)));
        Ok(())
    }

    pub(super) fn finish(self) -> Vec<Kind> {
        let columns = self.columns;
        let kind = |one: One| {
            let One { member, rows, classes, distinct, .. } = one;
            Kind { columns, member, rows, classes: classes.finish(&distinct, 1.0) }
        };
        self.found.into_iter().map(kind).collect()
    }
}
