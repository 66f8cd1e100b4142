//! The rows of every table as pure functions of (seed, table, column, row), the order in which they are written, and the tape.
//!
//! A value depends on nothing but the scenario's text: not on the number of workers, the machine, or other rows having been made before. What a
//! column's template means is left to `template`; what becomes of rows, to `run`. Only references to rows of a table that is deleted from depend
//! on the order too, since they leave out what is gone.

mod action;
mod combination;
mod deaths;
mod groups;
mod keys;
mod making;
mod order;
mod prefix;
mod tape;
mod view;
mod writers;

use std::sync::Arc;

use crate::template::{Distinct, Pick, Present, Scratch, Target, Template, mix};

use keys::Keys;
use order::{Occurrences, Order, Shape};
use writers::Writers;

pub use action::{Action, ActionStep, ActionValue, Key, StepRepeat};
pub use combination::{Combination, FanOut, Side};
pub use making::Culprit;
pub use order::{Interleaving, TooFew};
pub use tape::{Entry, Tape, TapeError, TapeOptions};

/// Where a column's values come from.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one for each column, made once")]
pub enum Source {
    /// The row itself: 1, 2, ….
    Row,
    /// A template.
    Template(Template),
    /// A column of a parent, drawn among those that come earlier.
    Reference {
        /// The parent's column.
        target: Target,
        /// Which of them.
        pick: Pick,
        /// In which rows it refers to any; in all where there is none.
        present: Option<Present>,
        /// Columns of one foreign key share it, so that they refer to the same parent.
        stream: u64,
        /// Whether a row that finds no parent takes NULL; otherwise it refers to itself.
        nullable: bool,
    },
    /// A column of a parent, in a combination that no other row of the table has.
    Combined {
        /// Which of the table's combinations.
        combination: usize,
        /// Which side of it.
        side: usize,
        /// As for a reference.
        present: Option<Present>,
        /// As for a reference: all columns with it are null together.
        stream: u64,
        /// The parent's column.
        target: Target,
    },
}

/// One column that rows have a value for.
#[derive(Debug)]
pub struct Column {
    /// As the scenario spells it.
    pub name: String,
    /// Where its values come from.
    pub source: Source,
    seed: u64,
}

impl Column {
    /// A column of table `table` under the scenario's seed.
    pub fn new(seed: u64, table: &str, name: &str, source: Source) -> Self {
        Column { name: name.to_owned(), source, seed: mix_names(seed, &[table, name]) }
    }

    /// How far its values are known not to repeat over the rows.
    pub fn distinct(&self) -> Distinct {
        match &self.source {
            Source::Row => Distinct::Unique,
            Source::Template(template) => template.facts().distinct(),
            Source::Reference { .. } | Source::Combined { .. } => Distinct::Unknown,
        }
    }
}

fn mix_names(seed: u64, names: &[&str]) -> u64 {
    names.iter().fold(seed, |seed, name| {
        let bytes: Vec<u64> = name.bytes().map(u64::from).collect();
        mix(seed, &bytes)
    })
}

/// One table's columns.
#[derive(Debug)]
pub struct Rows {
    /// As the scenario spells it.
    pub name: String,
    /// Those that rows have a value for, in the order of the tape.
    pub columns: Vec<Column>,
}

/// What a dataset is made of. Indexes of tables are those of `tables`, indexes of operations those of the plan.
#[derive(Debug)]
pub struct Parts {
    /// Of the scenario.
    pub seed: u64,
    /// The tables' columns; those of all workloads are the same.
    pub tables: Arc<Vec<Rows>>,
    /// Rows of each table that are there before anything is measured.
    pub loaded: Vec<u64>,
    /// Per table, the operations that write its further rows, with how many rows each writes in one part.
    pub writers: Vec<Vec<(usize, u64)>>,
    /// The operations that do something else.
    pub actions: Vec<Action>,
    /// Parents before children.
    pub ranks: Vec<usize>,
    /// Per table, the parents whose combination is distinct in every row.
    pub combinations: Vec<Vec<Combination>>,
    /// How tables and actions share the time line.
    pub interleaving: Interleaving,
    /// Pieces of equal size, one after the other: levels or iterations for which tables survive.
    pub parts: u64,
    /// Tables of which only loaded rows can be referred to or asked for, since others write them at their own pace.
    pub loaded_only: Vec<bool>,
}

/// Why operations cannot be put in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unorderable {
    /// A table has more rows than its parents give combinations.
    TooFew(TooFew),
    /// An operation asks for rows of a table that never has any.
    NoRows {
        /// Index into the actions.
        action: usize,
    },
    /// More rows are to be deleted than there are.
    NothingLeft {
        /// Index into the actions.
        action: usize,
        /// Deletes of this action, over all parts, that find a row and leave one to what needs one.
        possible: u64,
    },
    /// Rows are to be deleted that rows still to come may refer to, since theirs must be distinct combinations.
    StillNeeded {
        /// Index into the actions.
        action: usize,
        /// Table whose rows are combinations.
        child: usize,
    },
    /// Rows of a table with more rows than can be kept track of (2^32 - 1) are to be deleted.
    TooMany {
        /// Index into the actions.
        action: usize,
    },
}

/// The rows of all tables, and what operations take from them, in their order.
#[derive(Debug)]
pub struct Dataset {
    seed: u64,
    tables: Arc<Vec<Rows>>,
    /// What each row may refer to follows from this order, whichever way the rows are written.
    mixed: Order,
    phased: Option<Order>,
    writers: Vec<Writers>,
    actions: Vec<Action>,
    keys: Keys,
}

/// Buffers for making rows, kept from row to row.
#[derive(Debug, Default)]
pub struct Workspace {
    scratch: Scratch,
    parents: Vec<(usize, u64)>,
}

impl Workspace {
    /// The rows that the last row made refers to: table and row (from 0), each once.
    pub fn parents(&self) -> &[(usize, u64)] {
        &self.parents
    }
}

impl Dataset {
    /// Rows are written in the phased order where there is one; their values are those of the mixed one, in which every row refers to fewer
    /// others, so that the order changes no value.
    ///
    /// # Errors
    /// When rows cannot be distinct, or operations ask for rows that never come.
    pub fn new(parts: Parts) -> Result<Self, Unorderable> {
        let counts: Vec<u64> =
            parts.writers.iter().map(|writers| writers.iter().map(|(_, count)| count).sum()).collect();
        let occurrences = keys::occurrences(&parts, &counts)?;
        let order = |combinations: &[Vec<Combination>], actions: &[Occurrences], interleaving| {
            let shape = Shape {
                loaded: &parts.loaded,
                loaded_only: &parts.loaded_only,
                counts: &counts,
                ranks: &parts.ranks,
                combinations,
                actions,
                interleaving,
                parts: parts.parts,
            };
            Order::new(shape).map_err(Unorderable::TooFew)
        };
        let (mixed, phased) = match parts.interleaving {
            Interleaving::Mixed => (order(&parts.combinations, &occurrences, Interleaving::Mixed)?, None),
            Interleaving::Phased => {
                // Written table by table, no row has to wait for combinations.
                let none = vec![Vec::new(); counts.len()];
                let mixed = order(&parts.combinations, &[], Interleaving::Mixed)?;
                (mixed, Some(order(&none, &occurrences, Interleaving::Phased)?))
            }
        };
        let keys = Keys::new(&parts, phased.as_ref().unwrap_or(&mixed))?;
        let writers = parts.writers.into_iter().enumerate();
        let writers = writers.map(|(table, writers)| Writers::new(mix(parts.seed, &[table as u64]), writers));
        Ok(Dataset {
            seed: parts.seed,
            tables: parts.tables,
            mixed,
            phased,
            writers: writers.collect(),
            actions: parts.actions,
            keys,
        })
    }

    /// The tables' columns.
    pub fn tables(&self) -> &[Rows] {
        &self.tables
    }

    /// The operations other than inserts of dataset rows.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The order of the writes.
    fn order(&self) -> &Order {
        self.phased.as_ref().unwrap_or(&self.mixed)
    }

    /// Rows of a table that are there before anything is measured.
    pub fn loaded(&self, table: usize) -> u64 {
        self.mixed.loaded(table)
    }

    /// Rows of a table that each part writes.
    pub fn rows_per_part(&self, table: usize) -> u64 {
        self.mixed.count(table)
    }

    /// Rows of a table in all: loaded, and written in all parts.
    pub fn rows_in_all(&self, table: usize) -> u64 {
        self.mixed.in_all(table)
    }

    /// Row numbers of a table that values may be made of: its rows, and those beyond them that misses and new values take. A template with
    /// fewer values than this can fail.
    pub fn row_numbers(&self, table: usize) -> u64 {
        self.keys.beyond[table]
    }

    /// Rows loaded, over all tables.
    pub fn load_total(&self) -> u64 {
        self.order().load_total()
    }

    /// Operations in one part.
    pub fn part_total(&self) -> u64 {
        self.order().part_total()
    }

    /// How many parts there are, the load left out.
    pub fn parts(&self) -> u64 {
        self.order().parts()
    }

    /// How often an operation of the plan comes in one part.
    pub fn count_of(&self, operation: usize) -> u64 {
        let written: u64 = self.writers.iter().map(|writers| writers.count_of(operation)).sum();
        let actions = self.actions.iter().filter(|action| action.operation == operation);
        written + actions.map(|action| action.count).sum::<u64>()
    }

    /// The table whose rows an operation of the plan is about, where it asks for some.
    pub fn key_table(&self, operation: usize) -> Option<usize> {
        self.action_of(operation).and_then(|action| self.actions[action].key).map(|key| key.table)
    }

    /// How often an operation of the plan finds a row that it is about, in one part.
    pub fn hits_of(&self, operation: usize) -> u64 {
        let keyed = self.action_of(operation).and_then(|action| self.keys.actions[action].as_ref());
        keyed.map_or(0, |keyed| keyed.hits)
    }

    /// The row (table, row from 0) that an occurrence (from 0, over all parts) of an operation is about; none where it finds none.
    pub fn target(&self, operation: usize, ordinal: u64) -> Option<(usize, u64)> {
        self.action_of(operation).and_then(|action| self.target_of(action, ordinal))
    }

    /// Whether some operation deletes rows of a table.
    pub fn is_deleted_from(&self, table: usize) -> bool {
        self.keys.deaths[table].is_some()
    }

    /// The rows (from 0, loaded ones left out) of a table that an operation of the plan writes, in their order.
    pub fn written_by(&self, operation: usize, table: usize) -> impl Iterator<Item = u64> {
        let rows = self.loaded(table)..self.rows_in_all(table);
        let comes = self.count_of(operation) > 0;
        rows.filter(move |row| comes && self.writer(table, *row) == operation)
    }

    /// Which of [`Dataset::actions`] an operation of the plan is, where it is one.
    pub fn action_of(&self, operation: usize) -> Option<usize> {
        self.actions.iter().position(|action| action.operation == operation)
    }

    fn target_of(&self, action: usize, ordinal: u64) -> Option<(usize, u64)> {
        let keyed = self.keys.actions[action].as_ref()?;
        let row = self.keys.target(self.order(), keyed, ordinal)?;
        Some((keyed.key.table, row))
    }

    /// The operation that writes a row (from 0, not a loaded one).
    fn writer(&self, table: usize, row: u64) -> usize {
        self.writers[table].of_row(row - self.mixed.loaded(table))
    }
}

#[cfg(test)]
mod tests;
