//! Comparing rows as made with rows as stored.
//!
//! SQLite stores a value as its column's affinity has it: `'12'` in an INTEGER column becomes 12. So the comparison is left to SQLite, which
//! applies the same affinity to the value it compares with; always byte by byte, whatever collation the column has.

use std::ffi::CString;

use rusqlite::types::{ToSqlOutput, ValueRef as SqlRef};
use rusqlite::{Connection, Row, ffi, params_from_iter};

use super::blobs::{self, Cell};
use super::codes;
use crate::engine::Lookup;
use crate::plan::Table;
use crate::plan::quote;
use crate::value::{Stretch, Value};

/// Bytes of an altered large value that are told.
const SHOWN_BYTES: usize = 16;

/// Finds a row by its key, or as a whole where the table has none, and compares it column by column but for the `ignored` ones.
pub(super) fn look_up(
    connection: &Connection,
    table: &Table,
    row: &[Value],
    ignored: &[usize],
) -> rusqlite::Result<Lookup> {
    assert_eq!(row.len(), table.columns.len(), "a row has a value for every column of its table");
    let large = large(table, row);
    let mut statement = connection.prepare_cached(&look_up_sql(table, ignored, &large))?;
    let nothing = Value::Null;
    let held = |(index, value)| if large.contains(&index) { &nothing } else { value };
    let mut found = statement.query(params_from_iter(row.iter().enumerate().map(held).map(bound)))?;
    let Some(stored) = found.next()? else { return Ok(Lookup::Missing) };
    if table.key.is_empty() {
        return Ok(Lookup::Same);
    }
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
fn large(table: &Table, row: &[Value]) -> Vec<usize> {
    let apart = |(index, value): &(usize, &Value)| {
        matches!(value, Value::Pooled(stretch) if stretch.whole().is_none()) && !table.key.contains(index)
    };
    let possible = table.rowid && !table.key.is_empty();
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

fn look_up_sql(table: &Table, ignored: &[usize], large: &[usize]) -> String {
    let same = |index: usize| match ignored.contains(&index) || large.contains(&index) {
        // Every value is bound, so each has its place.
        true => format!("?{0} IS ?{0}", index + 1),
        false => format!("{} IS ?{} COLLATE BINARY", quote(&table.columns[index]), index + 1),
    };
    let all = 0..table.columns.len();
    let (wanted, sought): (Vec<String>, Vec<String>) = if table.key.is_empty() {
        (vec!["1".to_owned()], all.map(same).collect())
    } else {
        // The key in the column's own collation, so that its index serves.
        let key = |index: &usize| format!("{} IS ?{}", quote(&table.columns[*index]), index + 1);
        let pair = |index: usize| match large.contains(&index) {
            true => format!("NULL, {}", same(index)),
            false => format!("{}, {}", quote(&table.columns[index]), same(index)),
        };
        let rowid = (!large.is_empty()).then(|| "rowid".to_owned());
        (all.map(pair).chain(rowid).collect(), table.key.iter().map(key).collect())
    };
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
            let sql = format!("EXPLAIN QUERY PLAN {}", look_up_sql(&table(key), &[], &[]));
            let plan: String = connection
                .query_row(&sql, params_from_iter(row.iter().map(bound)), |row| row.get("detail"))
                .unwrap();
            assert!(plan.starts_with("SEARCH"), "{plan}");
        }
    }
}
