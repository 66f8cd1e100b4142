//! The rows of every table as pure functions of (seed, table, column, row), the order in which they are written, and the tape.
//!
//! A value depends on nothing but the scenario's text: not on the number of workers, the machine, or other rows having been made before. What a
//! column's template means is left to `template`; what becomes of rows, to `run`.

mod action;
mod combination;
mod order;
mod tape;

use std::cell::RefCell;
use std::sync::Arc;

use crate::template::{
    Distinct, Distribution, Draw, References, RenderError, RowContext, Scratch, Target, Template, mix,
};
use crate::value::{Value, ValueRef};

pub use action::{Action, ActionStep, ActionValue, Key, StepRepeat};
pub use order::{Interleaving, Order, TooFew, Walk};
pub use tape::{Entry, Tape, TapeError, TapeOptions};

/// Where a column's values come from.
#[derive(Debug)]
pub enum Source {
    /// The row itself: 1, 2, ….
    Row,
    /// A template.
    Template(Template),
    /// A column of a parent, uniformly among those that come earlier.
    Reference {
        /// The parent's column.
        target: Target,
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
    pub combinations: Vec<Vec<Vec<usize>>>,
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
        /// Deletes that find a row.
        possible: u64,
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
    writers: Vec<Vec<(usize, u64)>>,
    loaded: Vec<u64>,
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
        let order = |combinations: &[Vec<Vec<usize>>], interleaving| {
            Order::new(&counts, &parts.ranks, combinations, interleaving, parts.parts)
                .map_err(Unorderable::TooFew)
        };
        let mixed = order(&parts.combinations, Interleaving::Mixed)?;
        // Written table by table, no row has to wait for combinations.
        let none = vec![Vec::new(); counts.len()];
        let phased = match parts.interleaving {
            Interleaving::Mixed => None,
            Interleaving::Phased => Some(order(&none, Interleaving::Phased)?),
        };
        Ok(Dataset {
            seed: parts.seed,
            tables: parts.tables,
            mixed,
            phased,
            writers: parts.writers,
            loaded: parts.loaded,
        })
    }

    /// The tables' columns.
    pub fn tables(&self) -> &[Rows] {
        &self.tables
    }

    /// The order of the writes.
    fn order(&self) -> &Order {
        self.phased.as_ref().unwrap_or(&self.mixed)
    }

    /// Rows of a table that are there before anything is measured.
    pub fn loaded(&self, table: usize) -> u64 {
        self.loaded[table]
    }

    /// Rows of a table in all: loaded, and written in all parts.
    pub fn rows_in_all(&self, table: usize) -> u64 {
        self.loaded[table] + self.order().count(table) * self.order().parts()
    }

    /// Rows loaded, over all tables.
    pub fn load_total(&self) -> u64 {
        self.loaded.iter().sum()
    }

    /// Operations in one part.
    pub fn part_total(&self) -> u64 {
        self.order().part_total()
    }

    /// The operation that writes a row (from 0).
    fn writer(&self, table: usize, _row: u64) -> usize {
        self.writers[table][0].0
    }

    /// Values that the steps of an occurrence (from 0) of an operation share, in their order: what an update has written.
    ///
    /// # Errors
    /// When a template fails on this occurrence.
    pub fn shared_values(
        &self,
        _operation: usize,
        _ordinal: u64,
        _workspace: &mut Workspace,
    ) -> Result<Vec<Value>, RenderError> {
        unimplemented!()
    }

    /// Makes the row (from 0) of a table, handing each column's value to `each`, and notes the parents in the workspace.
    ///
    /// # Errors
    /// When a template fails on this row.
    pub fn row(
        &self,
        table: usize,
        row: u64,
        workspace: &mut Workspace,
        each: &mut dyn FnMut(ValueRef<'_>),
    ) -> Result<(), RenderError> {
        workspace.parents.clear();
        let Workspace { scratch, parents } = workspace;
        let view = View {
            dataset: self,
            table,
            row,
            key: self.mixed.key(table, row),
            parents: RefCell::new(parents),
        };
        for column in &self.tables[table].columns {
            each(view.column(column, scratch)?);
        }
        Ok(())
    }

    /// The same, as values.
    ///
    /// # Errors
    /// When a template fails on this row.
    pub fn values(
        &self,
        table: usize,
        row: u64,
        workspace: &mut Workspace,
    ) -> Result<Vec<Value>, RenderError> {
        let mut values = Vec::with_capacity(self.tables[table].columns.len());
        self.row(table, row, workspace, &mut |value| values.push(value.to_owned()))?;
        Ok(values)
    }

    fn value_of_parent(&self, target: Target, row: u64, scratch: &mut Scratch) -> Result<Value, RenderError> {
        let column = &self.tables[target.table].columns[target.column];
        if let Source::Row = column.source {
            return Ok(Value::Integer(row as i64 + 1));
        }
        // What the parent itself refers to is the parent's business.
        let mut ignored = Vec::new();
        let view = View {
            dataset: self,
            table: target.table,
            row,
            key: self.mixed.key(target.table, row),
            parents: RefCell::new(&mut ignored),
        };
        view.column(column, scratch).map(ValueRef::to_owned)
    }
}

/// The other tables, as one row sees them.
struct View<'a> {
    dataset: &'a Dataset,
    table: usize,
    row: u64,
    key: u64,
    parents: RefCell<&'a mut Vec<(usize, u64)>>,
}

impl View<'_> {
    fn column<'s>(&self, column: &'s Column, scratch: &'s mut Scratch) -> Result<ValueRef<'s>, RenderError> {
        match &column.source {
            Source::Row => Ok(ValueRef::Integer(self.row as i64 + 1)),
            Source::Template(template) => {
                let context = RowContext {
                    row: self.row + 1,
                    repetition: 0,
                    seed: mix(column.seed, &[self.row]),
                    column_seed: column.seed,
                    references: self,
                };
                template.render(&context, scratch)
            }
            Source::Reference { target, stream, nullable } => {
                let available = self.available(target.table);
                if available == 0 {
                    return if *nullable { Ok(ValueRef::Null) } else { self.own_value(*target) };
                }
                let mut draw = Draw::new(mix(self.dataset.seed, &[*stream, self.row]));
                let parent = Distribution::Uniform.pick(&mut draw, self.row + 1, available);
                self.parent_value(*target, parent - 1, scratch)
            }
            Source::Combined { combination, side, target } => {
                let seed = mix(self.dataset.seed, &[self.table as u64, *combination as u64]);
                let cell = self.dataset.mixed.combination(self.table, *combination, self.row, seed);
                self.parent_value(*target, cell[*side], scratch)
            }
        }
    }

    /// The first row of a table that refers to itself, where NULL is not allowed.
    fn own_value<'s>(&self, target: Target) -> Result<ValueRef<'s>, RenderError> {
        match self.dataset.tables[target.table].columns[target.column].source {
            Source::Row => Ok(ValueRef::Integer(self.row as i64 + 1)),
            _ => Err(RenderError::new(
                "the first row of a table cannot refer to an earlier one, and its column is NOT NULL",
            )),
        }
    }

    fn parent_value<'s>(
        &self,
        target: Target,
        row: u64,
        scratch: &'s mut Scratch,
    ) -> Result<ValueRef<'s>, RenderError> {
        self.note(target.table, row);
        if let Source::Row = self.dataset.tables[target.table].columns[target.column].source {
            return Ok(ValueRef::Integer(row as i64 + 1));
        }
        let value = self.dataset.value_of_parent(target, row, scratch)?;
        Ok(scratch.keep(value))
    }

    fn note(&self, table: usize, row: u64) {
        let mut parents = self.parents.borrow_mut();
        if !parents.contains(&(table, row)) {
            parents.push((table, row));
        }
    }
}

impl References for View<'_> {
    fn available(&self, table: usize) -> u64 {
        if table == self.table { self.row } else { self.dataset.mixed.rows_until(table, self.key) }
    }

    fn value(&self, target: Target, row: u64, scratch: &mut Scratch) -> Result<Value, RenderError> {
        self.note(target.table, row - 1);
        self.dataset.value_of_parent(target, row - 1, scratch)
    }
}
