//! What the schema says about one table: columns, keys, references.

use rusqlite::{Connection, Row};

use crate::draft::sql::{self, Statement};
use crate::draft::{Affinity, SourceColumn, SourceKey, SourceTable};
use crate::plan::{self, ForeignKey};

/// A table as the schema lists it.
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) ddl: String,
    pub(super) without_rowid: bool,
    pub(super) strict: bool,
}

/// An index that no constraint made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SourceIndex {
    /// As the schema spells it.
    pub(crate) name: String,
    /// Names of columns, or SQL as the schema has it: an expression, or a column with COLLATE or DESC.
    pub(crate) items: Vec<IndexItem>,
    /// UNIQUE.
    pub(crate) unique: bool,
    /// Condition of a partial index.
    pub(crate) condition: Option<String>,
}

/// What an index is about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum IndexItem {
    /// A column by its name.
    Column(String),
    /// SQL as it is written.
    Sql(String),
}

/// Reads columns, primary key and unique groups; the references come once all tables are known.
pub(super) fn table(connection: &Connection, listed: Listed) -> rusqlite::Result<SourceTable> {
    let of = Statement::new(&listed.ddl);
    let mut rows = connection.prepare(
        "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk, hidden FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid",
    )?;
    let column = |row: &Row<'_>| {
        let (name, declared): (String, String) = (row.get(0)?, row.get(1)?);
        let column = SourceColumn {
            affinity: affinity(&declared, listed.strict),
            not_null: row.get(2)?,
            has_default: row.get(3)?,
            generated: row.get::<_, i64>(5)? != 0,
            allowed: sql::allowed(&of, &name),
            name,
            declared,
        };
        Ok((column, row.get::<_, i64>(4)?))
    };
    let found: Vec<(SourceColumn, i64)> =
        rows.query_map([&listed.name], column)?.collect::<rusqlite::Result<_>>()?;
    let mut keyed: Vec<(i64, usize)> = found
        .iter()
        .enumerate()
        .filter(|(_, (_, place))| *place > 0)
        .map(|(i, (_, place))| (*place, i))
        .collect();
    keyed.sort_unstable();
    let primary_key: Vec<usize> = keyed.into_iter().map(|(_, index)| index).collect();
    let columns: Vec<SourceColumn> = found.into_iter().map(|(column, _)| column).collect();
    let (mut unique, key_has_index) = unique_groups(connection, &listed.name, &columns)?;
    if !primary_key.is_empty() && !unique.iter().any(|group| same_members(group, &primary_key)) {
        unique.insert(0, primary_key.clone());
    }
    let integer = |&index: &usize| columns[index].declared.eq_ignore_ascii_case("integer");
    let rowid_alias = primary_key.len() == 1 && primary_key.iter().all(integer) && !key_has_index;
    Ok(SourceTable {
        name: listed.name,
        ddl: listed.ddl,
        columns,
        primary_key,
        rowid_alias,
        unique,
        foreign_keys: Vec::new(),
        without_rowid: listed.without_rowid,
        strict: listed.strict,
    })
}

fn same_members(one: &[usize], other: &[usize]) -> bool {
    one.len() == other.len() && one.iter().all(|member| other.contains(member))
}

/// By SQLite's rules; ANY of a strict table keeps what it is given.
fn affinity(declared: &str, strict: bool) -> Affinity {
    let upper = declared.to_ascii_uppercase();
    let has = |part: &str| upper.contains(part);
    if strict && upper == "ANY" {
        Affinity::Blob
    } else if has("INT") {
        Affinity::Integer
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        Affinity::Text
    } else if upper.is_empty() || has("BLOB") {
        Affinity::Blob
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}

/// Columns that are distinct together, in the order in which the schema says so; and whether the primary key has an index of its own.
fn unique_groups(
    connection: &Connection,
    table: &str,
    columns: &[SourceColumn],
) -> rusqlite::Result<(Vec<Vec<usize>>, bool)> {
    let mut lists = connection.prepare(
        "SELECT name, origin FROM pragma_index_list(?1) WHERE \"unique\" = 1 AND partial = 0 ORDER BY seq DESC",
    )?;
    let mut members = connection
        .prepare("SELECT cid, name FROM pragma_index_xinfo(?1) WHERE \"key\" = 1 ORDER BY seqno")?;
    let indexes: Vec<(String, String)> =
        lists.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, _) in &indexes {
        let names: Vec<Option<String>> =
            members.query_map([index], |row| row.get(1))?.collect::<rusqlite::Result<_>>()?;
        // Of an expression nobody can tell beforehand whether it repeats.
        let place =
            |name: &Option<String>| columns.iter().position(|column| Some(&column.name) == name.as_ref());
        let group: Option<Vec<usize>> = names.iter().map(place).collect();
        if let Some(group) = group.filter(|group| !groups.iter().any(|other| same_members(group, other))) {
            groups.push(group);
        }
    }
    Ok((groups, indexes.iter().any(|(_, origin)| origin == "pk")))
}

/// The indexes that no constraint made, in the order of the schema.
pub(super) fn indexes(connection: &Connection, table: &SourceTable) -> rusqlite::Result<Vec<SourceIndex>> {
    let mut lists = connection.prepare(
        "SELECT l.name, l.\"unique\", s.sql FROM pragma_index_list(?1) l JOIN sqlite_schema s ON s.type = 'index' AND s.name = l.name
         WHERE l.origin = 'c' AND s.sql IS NOT NULL ORDER BY l.seq DESC",
    )?;
    let listed: Vec<(String, bool, String)> = lists
        .query_map([&table.name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let index = |(name, unique, ddl): (String, bool, String)| {
        let (items, condition) = sql::index_parts(&ddl)?;
        let item = |item: String| {
            let named = sql::lone_name(&item);
            let column = table
                .columns
                .iter()
                .find(|column| named.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&column.name)));
            column.map_or(IndexItem::Sql(item), |column| IndexItem::Column(column.name.clone()))
        };
        Some(SourceIndex { name, unique, condition, items: items.into_iter().map(item).collect() })
    };
    Ok(listed.into_iter().filter_map(index).collect())
}

/// The references of a table that lead to columns of another, or of itself; and the tables that the others name.
pub(super) fn references(
    connection: &Connection,
    tables: &[SourceTable],
    table: usize,
) -> rusqlite::Result<(Vec<SourceKey>, Vec<String>)> {
    let here = &tables[table];
    let mut good = Vec::new();
    let mut broken = Vec::new();
    for key in plan::foreign_keys(connection, &here.name)? {
        match resolve(tables, here, &key) {
            Some(key) => good.push(key),
            None => broken.push(key.table),
        }
    }
    Ok((good, broken))
}

/// A reference whose columns there are distinct together, as SQLite asks for; those of the primary key where none are named.
fn resolve(tables: &[SourceTable], here: &SourceTable, key: &ForeignKey) -> Option<SourceKey> {
    let parent = tables.iter().find(|table| table.name.eq_ignore_ascii_case(&key.table))?;
    let place = |table: &SourceTable, name: &str| {
        table.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    };
    let mut columns = Vec::new();
    let mut to = Vec::new();
    for (index, (from, there)) in key.columns.iter().enumerate() {
        columns.push(place(here, from)?);
        to.push(match there {
            Some(there) => place(parent, there)?,
            None if key.columns.len() == parent.primary_key.len() => parent.primary_key[index],
            None => return None,
        });
    }
    let distinct = parent.unique.iter().any(|group| same_members(group, &to));
    let made = !to.iter().any(|&column| parent.columns[column].generated);
    (distinct && made).then(|| SourceKey {
        columns,
        table: parent.name.clone(),
        to: to.into_iter().map(|column| parent.columns[column].name.clone()).collect(),
    })
}
