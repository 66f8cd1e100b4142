//! What the plan's operations are to the buffer, decided once.

use std::sync::Arc;

use super::shape::Shape;
use crate::plan::{Expect, Kind, Operation, Table, quote};

/// The plan's operations, by index.
#[derive(Debug)]
pub(super) struct Program {
    /// Of the tables.
    pub(super) shapes: Arc<[Shape]>,
    pub(super) actions: Vec<Action>,
    /// For each operation that may have to look below, the statement that does: the key's columns come first in its rows.
    pub(super) below: Vec<Option<String>>,
}

/// One operation.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) what: What,
    pub(super) table: usize,
    pub(super) by: By,
    /// Columns that are read, in their order.
    pub(super) reads: Vec<usize>,
    /// Whether these are all columns as they stand in the row.
    pub(super) reads_all: bool,
    /// Rows that are read, at most.
    pub(super) limit: u64,
    pub(super) expect: Expect,
    /// Values on the tape.
    pub(super) values: usize,
    /// Whether bytes of values are counted.
    pub(super) payload: bool,
}

/// What it does.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Writes a row; with `over`, perhaps one that is there.
    Put { over: bool },
    /// Reads the row with a key.
    Get,
    /// Reads rows with a value.
    Find,
    /// Reads rows with a value between two, by the column at this place among the ordered ones.
    Range { ordered: usize },
    /// Reads rows in order, by the column at this place among the ordered ones.
    Scan { ordered: usize },
    /// Gives columns new values: column of the row, and index into the operation's values.
    Update { sets: Vec<(usize, usize)> },
    /// Removes a row.
    Delete,
    /// Nothing that a buffer could do: refused by the plan.
    Sql,
}

/// What finds rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The primary key.
    Key,
    /// The index at this place, which has this column alone.
    Index { index: usize, column: usize },
}

impl Program {
    pub(super) fn new(tables: &[Table], operations: &[Operation]) -> Program {
        let shape = |(index, table)| Shape::new(index, table, operations);
        let shapes: Arc<[Shape]> = tables.iter().enumerate().map(shape).collect();
        Program {
            actions: operations.iter().map(|operation| action(&shapes, operation)).collect(),
            below: operations.iter().map(|operation| below(tables, operation)).collect(),
            shapes,
        }
    }
}

fn table_of(kind: &Kind) -> Option<usize> {
    match kind {
        Kind::Insert { table }
        | Kind::Upsert { table, .. }
        | Kind::Get { table }
        | Kind::Find { table }
        | Kind::Scan { table }
        | Kind::Update { table, .. }
        | Kind::Delete { table } => Some(*table),
        Kind::Sql { .. } => None,
    }
}

fn action(shapes: &[Shape], operation: &Operation) -> Action {
    let table = table_of(&operation.kind).unwrap_or(0);
    let shape = &shapes[table];
    let index = |column: usize| shape.indexes.iter().position(|columns| *columns == [column]);
    let by = match operation.by.as_slice() {
        [column] if shape.key != [*column] => {
            index(*column).map_or(By::Key, |index| By::Index { index, column: *column })
        }
        _ => By::Key,
    };
    let along = || shape.ordered.iter().position(|column| operation.by.first() == Some(column)).unwrap_or(0);
    let what = match &operation.kind {
        Kind::Insert { .. } => What::Put { over: false },
        Kind::Upsert { .. } => What::Put { over: true },
        Kind::Get { .. } | Kind::Find { .. } if by == By::Key && !operation.range => What::Get,
        Kind::Find { .. } if operation.range => What::Range { ordered: along() },
        Kind::Get { .. } | Kind::Find { .. } => What::Find,
        Kind::Scan { .. } => What::Scan { ordered: along() },
        Kind::Update { sets, .. } => What::Update { sets: sets.clone() },
        Kind::Delete { .. } => What::Delete,
        Kind::Sql { .. } => What::Sql,
    };
    let one = matches!(operation.kind, Kind::Get { .. });
    Action {
        what,
        table,
        by,
        reads: operation.reads.clone(),
        reads_all: operation.reads.iter().copied().eq(0..shape.columns),
        limit: operation.limit.unwrap_or(if one { 1 } else { u64::MAX }),
        expect: operation.steps.first().map(|step| step.expect.clone()).unwrap_or_default(),
        values: operation.values,
        payload: operation.payload,
    }
}

/// The key's columns, and what is read, of the rows that the operation is about.
fn below(tables: &[Table], operation: &Operation) -> Option<String> {
    let table = &tables[table_of(&operation.kind)?];
    let all: Vec<usize> = (0..table.columns.len()).collect();
    let wanted = match operation.kind {
        Kind::Insert { .. } | Kind::Upsert { .. } | Kind::Sql { .. } => return None,
        Kind::Update { .. } => &all[..],
        Kind::Delete { .. } => &[],
        Kind::Get { .. } | Kind::Find { .. } | Kind::Scan { .. } => &operation.reads,
    };
    let column = |column: &usize| quote(&table.columns[*column]);
    // Rows that are merged with others say last where they belong.
    let along = matches!(operation.kind, Kind::Scan { .. }).then(|| &operation.by[0]);
    let columns: Vec<String> = table.key.iter().chain(wanted).chain(along).map(column).collect();
    let is = |(index, by): (usize, &usize)| format!("{} = ?{}", column(by), index + 1);
    let found = match operation.kind {
        Kind::Scan { .. } => format!("{0} >= ?1 ORDER BY {0}", column(&operation.by[0])),
        Kind::Find { .. } if operation.range => {
            format!("{0} >= ?1 AND {0} < ?2", column(&operation.by[0]))
        }
        _ => operation.by.iter().enumerate().map(is).collect::<Vec<_>>().join(" AND "),
    };
    Some(format!("SELECT {} FROM {} WHERE {found}", columns.join(", "), quote(&table.name)))
}

/// The statements that write a table into the store: an upsert of a row, and the removal of a key.
pub(super) fn flushes(index: usize, table: &Table) -> [Operation; 2] {
    let name = quote(&table.name);
    let columns: Vec<String> = table.columns.iter().map(|column| quote(column)).collect();
    let key: Vec<&str> = table.key.iter().map(|&column| columns[column].as_str()).collect();
    let marks: Vec<String> = (1..=columns.len()).map(|number| format!("?{number}")).collect();
    let new = (0..columns.len()).filter(|column| !table.key.contains(column));
    let new: Vec<String> = new.map(|c| format!("{0} = excluded.{0}", columns[c])).collect();
    let action = if new.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", new.join(", ")) };
    let put = format!(
        "INSERT INTO {name} ({}) VALUES ({}) ON CONFLICT ({}) DO {action}",
        columns.join(", "),
        marks.join(", "),
        key.join(", ")
    );
    let is: Vec<String> =
        key.iter().enumerate().map(|(i, column)| format!("{column} = ?{}", i + 1)).collect();
    let remove = format!("DELETE FROM {name} WHERE {}", is.join(" AND "));
    [
        Operation::insert(&table.name, index, put, columns.len()),
        Operation::insert(&table.name, index, remove, key.len()),
    ]
}
