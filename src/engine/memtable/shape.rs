//! What the buffer knows of a table: its key, its indexes, and which columns it keeps in order.

use crate::plan::{Kind, Operation, Table};

/// One table.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// Values of a row.
    pub(super) columns: usize,
    /// Columns of the primary key.
    pub(super) key: Vec<usize>,
    /// Columns of each index that is hashed; the key is not among them.
    pub(super) indexes: Vec<Vec<usize>>,
    /// Columns whose values are kept in order: those that a scan or a find by a prefix goes along.
    pub(super) ordered: Vec<usize>,
    /// Whether a row may be written whose key is there already.
    pub(super) overwrites: bool,
}

impl Shape {
    /// What a table is to a plan's operations.
    pub(super) fn new(index: usize, table: &Table, operations: &[Operation]) -> Shape {
        let others = table.indexes.iter().map(|index| &index.columns);
        let mut indexes: Vec<Vec<usize>> = Vec::new();
        for columns in others.filter(|columns| **columns != table.key) {
            if !indexes.contains(columns) {
                indexes.push(columns.clone());
            }
        }
        let mut ordered = Vec::new();
        for operation in operations {
            match operation.kind {
                Kind::Scan { table } | Kind::Find { table } if table == index => {}
                _ => continue,
            }
            let along = operation.range || matches!(operation.kind, Kind::Scan { .. });
            if along && !ordered.contains(&operation.by[0]) {
                ordered.push(operation.by[0]);
            }
        }
        let upserts =
            |operation: &Operation| matches!(operation.kind, Kind::Upsert { table, .. } if table == index);
        Shape {
            columns: table.columns.len(),
            key: table.key.clone(),
            indexes,
            ordered,
            overwrites: operations.iter().any(upserts),
        }
    }
}
