//! Parents before children, and which references have to be given up where tables refer to each other in a circle.

use super::SourceTable;

/// A reference: table, and number of its foreign key.
pub(super) type Reference = (usize, usize);

/// The tables with parents first, else in the order of the schema; and the references that stand in the way, those that may be NULL first.
pub(super) fn parents_first(tables: &[SourceTable]) -> (Vec<usize>, Vec<Reference>) {
    let mut order: Vec<usize> = Vec::new();
    let mut broken: Vec<Reference> = Vec::new();
    while order.len() < tables.len() {
        let open = |table: usize| !order.contains(&table);
        let waits_for = |table: usize| {
            let keys = tables[table].foreign_keys.iter().enumerate();
            keys.filter_map(|(key, reference)| {
                let parent = tables.iter().position(|other| other.name == reference.table)?;
                (parent != table && open(parent) && !broken.contains(&(table, key))).then_some((key, parent))
            })
            .collect::<Vec<_>>()
        };
        match (0..tables.len()).find(|&table| open(table) && waits_for(table).is_empty()) {
            Some(table) => order.push(table),
            None => {
                let first = (0..tables.len()).find(|&table| open(table)).expect("a table is left");
                broken.push(weakest(tables, &circle(first, waits_for)));
            }
        }
    }
    (order, broken)
}

/// Going from parent to parent comes back somewhere, since each of these tables waits for another.
fn circle(first: usize, waits_for: impl Fn(usize) -> Vec<(usize, usize)>) -> Vec<Reference> {
    let mut way: Vec<(Reference, usize)> = Vec::new();
    let mut table = first;
    loop {
        if let Some(start) = way.iter().position(|((from, _), _)| *from == table) {
            return way[start..].iter().map(|(reference, _)| *reference).collect();
        }
        let (key, parent) = waits_for(table)[0];
        way.push(((table, key), parent));
        table = parent;
    }
}

/// Of the references of a circle, one that may be NULL, or else the last.
fn weakest(tables: &[SourceTable], circle: &[Reference]) -> Reference {
    let optional = circle.iter().find(|&&(table, key)| may_be_null(&tables[table], key));
    *optional.or(circle.last()).expect("a circle has references")
}

/// Whether a reference can be left NULL.
pub(super) fn may_be_null(table: &SourceTable, key: usize) -> bool {
    let columns = &table.foreign_keys[key].columns;
    columns.iter().any(|&column| !table.columns[column].not_null && !table.primary_key.contains(&column))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::{Affinity, SourceColumn, SourceKey};

    fn table(name: &str, parents: &[(&str, bool)]) -> SourceTable {
        let column = |(parent, not_null): &(&str, bool)| SourceColumn {
            name: format!("{parent}_id"),
            declared: "INTEGER".to_owned(),
            affinity: Affinity::Integer,
            not_null: *not_null,
            has_default: false,
            generated: false,
            allowed: Vec::new(),
        };
        let key = |(index, (parent, _)): (usize, &(&str, bool))| SourceKey {
            columns: vec![index],
            table: (*parent).to_owned(),
            to: vec!["id".to_owned()],
        };
        SourceTable {
            name: name.to_owned(),
            ddl: String::new(),
            columns: parents.iter().map(column).collect(),
            primary_key: Vec::new(),
            rowid_alias: false,
            unique: Vec::new(),
            foreign_keys: parents.iter().enumerate().map(key).collect(),
            without_rowid: false,
            strict: false,
        }
    }

    #[test]
    fn parents_come_first_and_a_table_may_refer_to_itself() {
        let tables = [table("c", &[("b", true), ("c", false)]), table("b", &[("a", true)]), table("a", &[])];
        assert_eq!(parents_first(&tables), (vec![2, 1, 0], vec![]));
    }

    #[test]
    fn a_circle_is_broken_where_null_is_allowed() {
        let tables = [
            table("outside", &[("a", true)]),
            table("a", &[("b", true)]),
            table("b", &[("c", false)]),
            table("c", &[("a", true)]),
        ];
        assert_eq!(parents_first(&tables), (vec![2, 1, 0, 3], vec![(2, 0)]));
    }

    #[test]
    fn two_circles_are_both_broken() {
        let tables =
            [table("a", &[("b", true), ("c", true)]), table("b", &[("a", true)]), table("c", &[("a", true)])];
        let (order, broken) = parents_first(&tables);
        assert_eq!((order.len(), broken.len()), (3, 2));
    }
}
