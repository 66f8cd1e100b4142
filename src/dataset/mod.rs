//! The rows of every table as pure functions of (seed, table, column, row), the order in which they are written, and the tape.
//!
//! A value depends on nothing but the scenario's text: not on the number of workers, the machine, or other rows having been made before. What a
//! column's template means is left to `template`; what becomes of rows, to `run`.

mod combination;
mod order;
mod tape;

use std::cell::RefCell;

use crate::template::{
    Distinct, Distribution, Draw, References, RenderError, RowContext, Scratch, Target, Template, mix,
};
use crate::value::{Value, ValueRef};

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

/// The rows of all tables.
#[derive(Debug)]
pub struct Dataset {
    seed: u64,
    tables: Vec<Rows>,
    /// What each row may refer to follows from this order, whichever way the rows are written.
    mixed: Order,
    phased: Option<Order>,
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
    /// `tables` as the orders count them. Rows are written in the phased order where there is one; their values are those of the mixed one,
    /// in which every row refers to fewer others, so that the order changes no value.
    pub fn new(seed: u64, tables: Vec<Rows>, mixed: Order, phased: Option<Order>) -> Self {
        Dataset { seed, tables, mixed, phased }
    }

    /// The tables' columns.
    pub fn tables(&self) -> &[Rows] {
        &self.tables
    }

    /// The order of the writes.
    pub fn order(&self) -> &Order {
        self.phased.as_ref().unwrap_or(&self.mixed)
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
