//! Comparing rows as made with rows as stored.
//!
//! SQLite stores a value as its column's affinity has it: `'12'` in an INTEGER column becomes 12. So the comparison is left to SQLite, which
//! applies the same affinity to the value it compares with; always byte by byte, whatever collation the column has.

use std::ffi::CString;

use rusqlite::types::{ToSqlOutput, ValueRef as SqlRef};
use rusqlite::{Connection, OptionalExtension, Row, ffi, params_from_iter};

use super::blobs::{self, Cell};
use super::codes;
use crate::engine::Lookup;
use crate::plan::Table;
use crate::plan::quote;
use crate::value::{Stretch, Value};

/// Bytes of an altered large value that are told.
const SHOWN_BYTES: usize = 16;

/// The columns that find a row; none where the table has no key, or where the row has a NULL in it: SQLite takes such a key any number of times.
fn key<'t>(table: &'t Table, row: &[Value]) -> &'t [usize] {
    let whole = table.key.iter().any(|&column| row[column] == Value::Null);
    if whole { &[] } else { &table.key }
}

/// Finds a row by its key, or as a whole where it has none, and compares it column by column but for the `ignored` ones. `near` is the row id
/// where the last one without a key was found: the next one is mostly beside it.
pub(super) fn look_up(
    connection: &Connection,
    table: &Table,
    row: &[Value],
    ignored: &[usize],
    near: &mut i64,
) -> rusqlite::Result<Lookup> {
    assert_eq!(row.len(), table.columns.len(), "a row has a value for every column of its table");
    let key = key(table, row);
    if key.is_empty() {
        return look_up_whole(connection, table, row, ignored, near);
    }
    let large = large(table, key, row);
    let mut statement = connection.prepare_cached(&look_up_sql(table, key, ignored, &large))?;
    let nothing = Value::Null;
    let held = |(index, value)| if large.contains(&index) { &nothing } else { value };
    let mut found = statement.query(params_from_iter(row.iter().enumerate().map(held).map(bound)))?;
    let Some(stored) = found.next()? else { return Ok(Lookup::Missing) };
    for (index, made) in row.iter().enumerate().filter(|(index, _)| !ignored.contains(index)) {
        if stored.get::<_, bool>(2 * index + 1)? {
            continue;
        }
        let value = value(stored.get_ref(2 * index)?);
        if !rounded(&value, made) {
            return Ok(Lookup::Different { column: table.columns[index].clone(), stored: value });
        }
    }
    for &index in large.iter().filter(|index| !ignored.contains(index)) {
        let Value::Pooled(made) = &row[index] else { continue };
        let rowid = stored.get(2 * row.len())?;
        if let Some(stored) = other_blob(connection, table, index, rowid, *made)? {
            return Ok(Lookup::Different { column: table.columns[index].clone(), stored });
        }
    }
    Ok(Lookup::Same)
}

/// Columns whose values are too large to be held: they are compared piece by piece, by their rowid.
fn large(table: &Table, key: &[usize], row: &[Value]) -> Vec<usize> {
    let apart = |(index, value): &(usize, &Value)| {
        matches!(value, Value::Pooled(stretch) if stretch.whole().is_none()) && !key.contains(index)
    };
    let possible = table.rowid && !key.is_empty();
    let found = row.iter().enumerate().filter(|each| possible && apart(each));
    found.map(|(index, _)| index).collect()
}

/// The first bytes of a stored blob that is another than the one made; NULL where it is no blob.
fn other_blob(
    connection: &Connection,
    table: &Table,
    column: usize,
    rowid: i64,
    made: Stretch,
) -> rusqlite::Result<Option<Value>> {
    let name = |name: &str| CString::new(name).map_err(rusqlite::Error::from);
    let (table, column) = (name(&table.name)?, name(&table.columns[column])?);
    let cell = Cell { table: &table, column: &column, rowid };
    let failed = |code| rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
    match blobs::is(connection, cell, made) {
        Ok(true) => Ok(None),
        Ok(false) => {
            let mut start = Vec::new();
            let keep = |_: u64, piece: &[u8]| {
                let missing = SHOWN_BYTES.saturating_sub(start.len()).min(piece.len());
                start.extend_from_slice(&piece[..missing]);
            };
            blobs::read(connection, cell, &mut Vec::new(), blobs::PIECE_BYTES, keep).map_err(failed)?;
            Ok(Some(Value::Blob(start)))
        }
        Err(code) if codes::primary(code) == ffi::SQLITE_ERROR => Ok(Some(Value::Null)),
        Err(code) => Err(failed(code)),
    }
}

/// How far around the last row that was found the next one is looked for, before the whole table is: rows come in about the order in which
/// they were made, as far as workers do not overtake each other. No index tells where a row as a whole is.
const AROUND: [(i64, i64); 3] = [(0, 32), (-256, 256), (-4_096, 4_096)];

fn look_up_whole(
    connection: &Connection,
    table: &Table,
    row: &[Value],
    ignored: &[usize],
    near: &mut i64,
) -> rusqlite::Result<Lookup> {
    let values = || row.iter().map(bound);
    let taken = |name: &&str| table.columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    let Some(row_id) = ["rowid", "_rowid_", "oid"].into_iter().find(|name| !taken(name)) else {
        let sql = format!("SELECT 1 FROM {} WHERE {} LIMIT 1", quote(&table.name), whole(table, ignored));
        let mut statement = connection.prepare_cached(&sql)?;
        let found = statement.exists(params_from_iter(values()))?;
        return Ok(if found { Lookup::Same } else { Lookup::Missing });
    };
    let (name, all) = (quote(&table.name), whole(table, ignored));
    let range = format!("{row_id} BETWEEN ?{} AND ?{}", row.len() + 1, row.len() + 2);
    // An index on columns that are mostly NULL would be a detour.
    let close = format!("SELECT {row_id} FROM {name} NOT INDEXED WHERE {range} AND {all} LIMIT 1");
    let mut close = connection.prepare_cached(&close)?;
    for (from, to) in AROUND {
        let limits = [near.saturating_add(from), near.saturating_add(to)];
        let bounds = limits.iter().map(|limit| ToSqlOutput::Borrowed(SqlRef::Integer(*limit)));
        let found: Option<i64> =
            close.query_row(params_from_iter(values().chain(bounds)), |row| row.get(0)).optional()?;
        if let Some(found) = found {
            *near = found;
            return Ok(Lookup::Same);
        }
    }
    let mut anywhere =
        connection.prepare_cached(&format!("SELECT {row_id} FROM {name} WHERE {all} LIMIT 1"))?;
    let found: Option<i64> = anywhere.query_row(params_from_iter(values()), |row| row.get(0)).optional()?;
    *near = found.unwrap_or(*near);
    Ok(if found.is_some() { Lookup::Same } else { Lookup::Missing })
}

/// The condition that a column is as its value, which is bound.
fn same(table: &Table, ignored: &[usize], index: usize) -> String {
    match ignored.contains(&index) {
        // Every value is bound, so each has its place.
        true => format!("?{0} IS ?{0}", index + 1),
        false => format!("{} IS ?{} COLLATE BINARY", quote(&table.columns[index]), index + 1),
    }
}

fn whole(table: &Table, ignored: &[usize]) -> String {
    (0..table.columns.len()).map(|index| same(table, ignored, index)).collect::<Vec<_>>().join(" AND ")
}

fn look_up_sql(table: &Table, key: &[usize], ignored: &[usize], large: &[usize]) -> String {
    // The key in the column's own collation, so that its index serves.
    let found = |index: &usize| format!("{} IS ?{}", quote(&table.columns[*index]), index + 1);
    let left_out = [ignored, large].concat();
    let pair = |index: usize| match large.contains(&index) {
        true => format!("NULL, {}", same(table, &left_out, index)),
        false => format!("{}, {}", quote(&table.columns[index]), same(table, &left_out, index)),
    };
    let rowid = (!large.is_empty()).then(|| "rowid".to_owned());
    let wanted: Vec<String> = (0..table.columns.len()).map(pair).chain(rowid).collect();
    let sought: Vec<String> = key.iter().map(found).collect();
    format!("SELECT {} FROM {} WHERE {} LIMIT 1", wanted.join(", "), quote(&table.name), sought.join(" AND "))
}

/// Whether a number was stored as the nearest float, as a REAL column does with an integer beyond 2^53.
fn rounded(stored: &Value, made: &Value) -> bool {
    match (stored, made) {
        (Value::Real(stored), Value::Integer(made)) => *stored == *made as f64,
        (Value::Real(stored), Value::Text(made)) => made.trim().parse() == Ok(*stored),
        _ => false,
    }
}

/// Calls `visit` with the key of every row, or with all columns where there is no key.
pub(super) fn keys(
    connection: &Connection,
    table: &Table,
    visit: &mut dyn FnMut(&[Value]) -> bool,
) -> rusqlite::Result<()> {
    let all: Vec<usize> = (0..table.columns.len()).collect();
    let wanted = if table.key.is_empty() { &all } else { &table.key };
    let columns: Vec<String> = wanted.iter().map(|index| quote(&table.columns[*index])).collect();
    let mut statement =
        connection.prepare(&format!("SELECT {} FROM {}", columns.join(", "), quote(&table.name)))?;
    let mut rows = statement.query([])?;
    let mut key = Vec::with_capacity(wanted.len());
    while let Some(row) = rows.next()? {
        read_into(&mut key, row, wanted.len())?;
        if !visit(&key) {
            break;
        }
    }
    Ok(())
}

fn read_into(key: &mut Vec<Value>, row: &Row<'_>, columns: usize) -> rusqlite::Result<()> {
    key.clear();
    for index in 0..columns {
        key.push(value(row.get_ref(index)?));
    }
    Ok(())
}

fn bound(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value {
        Value::Null => SqlRef::Null,
        Value::Integer(v) => SqlRef::Integer(*v),
        Value::Real(v) => SqlRef::Real(*v),
        Value::Text(v) => SqlRef::Text(v.as_bytes()),
        Value::Blob(v) => SqlRef::Blob(v),
        Value::Pooled(v) => match v.whole() {
            Some(bytes) => SqlRef::Blob(bytes),
            None => return ToSqlOutput::Owned(v.to_vec().into()),
        },
    })
}

fn value(value: SqlRef<'_>) -> Value {
    match value {
        SqlRef::Null => Value::Null,
        SqlRef::Integer(v) => Value::Integer(v),
        SqlRef::Real(v) => Value::Real(v),
        SqlRef::Text(v) => Value::Text(String::from_utf8_lossy(v).into_owned()),
        SqlRef::Blob(v) => Value::Blob(v.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a hint where the row is.
    fn look_up(
        connection: &Connection,
        table: &Table,
        row: &[Value],
        ignored: &[usize],
    ) -> rusqlite::Result<Lookup> {
        super::look_up(connection, table, row, ignored, &mut 0)
    }

    fn table(key: &[usize]) -> Table {
        Table {
            name: "odd \" name".to_owned(),
            create: Vec::new(),
            columns: ["a", "b", "c"].map(str::to_owned).to_vec(),
            key: key.to_vec(),
            references: Vec::new(),
            references_bound: true,
            rowid: true,
            bytes: Vec::new(),
            indexes: Vec::new(),
        }
    }

    fn stored(columns: &str, row: &[Value]) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&format!("CREATE TABLE \"odd \"\" name\" ({columns})")).unwrap();
        let insert = "INSERT INTO \"odd \"\" name\" VALUES (?1, ?2, ?3)";
        connection.execute(insert, params_from_iter(row.iter().map(bound))).unwrap();
        connection
    }

    #[test]
    fn what_affinity_does_to_a_value_is_not_a_difference() {
        let text = |text: &str| Value::Text(text.to_owned());
        let columns = "a INTEGER PRIMARY KEY, b TEXT, c REAL";
        let rows = [
            [text("12"), Value::Integer(5), Value::Integer(7)],
            [Value::Real(12.0), Value::Real(0.1), Value::Integer((1 << 60) + 1)],
            [Value::Integer(-1), Value::Blob(vec![0, 255]), text("1e3")],
            [Value::Integer(1), Value::Null, Value::Real(f64::INFINITY)],
        ];
        for row in rows {
            assert_eq!(
                look_up(&stored(columns, &row), &table(&[0]), &row, &[]).unwrap(),
                Lookup::Same,
                "{row:?}"
            );
        }
        let row = [text("12"), text("12.50"), Value::Integer(1)];
        assert_eq!(
            look_up(&stored("a NUMERIC UNIQUE, b NUMERIC, c BLOB", &row), &table(&[0]), &row, &[]).unwrap(),
            Lookup::Same
        );
        assert_eq!(look_up(&stored("a, b, c INTEGER", &row), &table(&[]), &row, &[]).unwrap(), Lookup::Same);
    }

    #[test]
    fn a_value_that_differs_in_case_or_kind_is_found_and_named() {
        let text = |text: &str| Value::Text(text.to_owned());
        let connection = stored(
            "a INTEGER PRIMARY KEY, b TEXT COLLATE NOCASE, c BLOB",
            &[Value::Integer(1), text("Ann"), text("5")],
        );
        let look = |row: &[Value], key: &[usize]| look_up(&connection, &table(key), row, &[]).unwrap();
        let different = |column: &str, stored| Lookup::Different { column: column.to_owned(), stored };
        assert_eq!(look(&[Value::Integer(1), text("ann"), text("5")], &[0]), different("b", text("Ann")));
        assert_eq!(
            look(&[Value::Integer(1), text("Ann"), Value::Integer(5)], &[0]),
            different("c", text("5"))
        );
        assert_eq!(look(&[Value::Integer(1), Value::Null, text("5")], &[0]), different("b", text("Ann")));
        assert_eq!(look(&[Value::Integer(2), text("Ann"), text("5")], &[0]), Lookup::Missing);
        assert_eq!(look(&[Value::Integer(1), text("Ann"), text("6")], &[]), Lookup::Missing);
        assert_eq!(look(&[Value::Integer(1), text("Ann"), text("5")], &[]), Lookup::Same);
    }

    #[test]
    fn a_row_with_null_in_its_key_is_sought_as_a_whole() {
        let row = |a: i64, c: i64| [Value::Integer(a), Value::Null, Value::Integer(c)];
        let connection = stored("a, b, c, PRIMARY KEY (a, b)", &row(1, 2));
        connection.execute_batch("INSERT INTO \"odd \"\" name\" VALUES (1, NULL, 3), (2, NULL, 3)").unwrap();
        let look =
            |row: &[Value], ignored: &[usize]| look_up(&connection, &table(&[0, 1]), row, ignored).unwrap();
        for there in [row(1, 2), row(1, 3), row(2, 3)] {
            assert_eq!(look(&there, &[]), Lookup::Same, "{there:?}");
        }
        assert_eq!(look(&row(2, 2), &[]), Lookup::Missing);
        assert_eq!(look(&row(2, 2), &[2]), Lookup::Same);
    }

    #[test]
    fn a_row_without_a_key_is_found_near_the_last_one_and_anywhere_else() {
        let row = |a: i64| [Value::Integer(a), Value::Null, Value::Integer(a % 7)];
        for columns in ["a, b, c", "a, b, rowid", "a, b, c, PRIMARY KEY (b, c)"] {
            let connection = stored(columns, &row(1));
            let mut insert = connection.prepare("INSERT INTO \"odd \"\" name\" VALUES (?1, ?2, ?3)").unwrap();
            // Two neighbours have changed places, and one came very late.
            let order = (2..=8_999).filter(|a| *a != 50).map(|a| a ^ i64::from(a >= 100)).chain([50]);
            for a in order {
                insert.execute(params_from_iter(row(a).iter().map(bound))).unwrap();
            }
            let mut table = table(if columns.contains("KEY") { &[1, 2] } else { &[] });
            table.columns[2] = columns.split(", ").nth(2).unwrap().to_owned();
            let mut near = 0;
            for a in 1..=8_999 {
                let looked = super::look_up(&connection, &table, &row(a), &[], &mut near).unwrap();
                assert_eq!(looked, Lookup::Same, "{columns}: {a}");
            }
            assert!(near >= 8_990, "{near}");
            let none = super::look_up(&connection, &table, &row(9_999), &[], &mut near).unwrap();
            assert_eq!((none, near >= 8_990), (Lookup::Missing, true));
        }
    }

    #[test]
    fn an_ignored_column_may_hold_anything() {
        let integer = Value::Integer;
        let connection = stored("a INTEGER PRIMARY KEY, b, c", &[integer(1), integer(2), integer(3)]);
        let look = |key: &[usize], b: i64, c: i64, ignored: &[usize]| -> Lookup {
            look_up(&connection, &table(key), &[integer(1), integer(b), integer(c)], ignored).unwrap()
        };
        assert_eq!(look(&[0], 7, 3, &[1]), Lookup::Same);
        assert_eq!(look(&[0], 7, 8, &[1]), Lookup::Different { column: "c".to_owned(), stored: integer(3) });
        assert_eq!(look(&[], 7, 3, &[1]), Lookup::Same);
        assert_eq!(look(&[], 7, 8, &[1]), Lookup::Missing);
        assert_eq!(look(&[], 7, 8, &[1, 2]), Lookup::Same);
    }

    #[test]
    fn a_row_is_sought_by_index_where_there_is_one() {
        let row = [Value::Integer(1), Value::Integer(2), Value::Null];
        for columns in ["a INTEGER PRIMARY KEY, b, c", "a, b TEXT COLLATE NOCASE, c, UNIQUE (a, b)"] {
            let connection = stored(columns, &row);
            let key: &[usize] = if columns.contains("UNIQUE") { &[0, 1] } else { &[0] };
            let sql = format!("EXPLAIN QUERY PLAN {}", look_up_sql(&table(key), key, &[], &[]));
            let plan: String = connection
                .query_row(&sql, params_from_iter(row.iter().map(bound)), |row| row.get("detail"))
                .unwrap();
            assert!(plan.starts_with("SEARCH"), "{plan}");
        }
    }
}
