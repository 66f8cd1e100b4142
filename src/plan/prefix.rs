//! `find` by the first characters of a text: a range whose ends are made with the tape.

use super::ddl::quote;
use super::lookups::Draft;
use super::operation::Kind;
use super::operations::{Bench, Taken};
use crate::diagnostic::Code;

/// A column without texts has no values that begin alike.
pub(super) fn check(bench: &mut Bench<'_, '_>, table: usize, column: usize) {
    let (rows, name) = (&bench.tables.rows[table], &bench.tables.rows[table].columns[column].name);
    if is_text(&bench.tables.database, &rows.name, name) {
        return;
    }
    let words = format!("`{name}` of `{}` holds no texts, and `prefix` is about how texts begin", rows.name);
    let at = bench.at(&["prefix"]);
    bench.fault(Code::WrongType, at, words, "name a column of type TEXT with `by`, or leave out `prefix`");
}

/// Whether a column's type has SQLite's affinity of texts.
fn is_text(database: &rusqlite::Connection, table: &str, column: &str) -> bool {
    let declared: rusqlite::Result<String> = database.query_row(
        "SELECT type FROM pragma_table_xinfo(?1) WHERE name = ?2 COLLATE NOCASE",
        [table, column],
        |row| row.get(0),
    );
    let declared = declared.unwrap_or_default().to_uppercase();
    !declared.contains("INT") && ["CHAR", "CLOB", "TEXT"].iter().any(|word| declared.contains(word))
}

/// find, by the first characters of a text: both ends of the range are values.
pub(super) fn find(
    bench: &Bench<'_, '_>,
    table: usize,
    columns: &[String],
    column: usize,
    selected: &str,
) -> Draft {
    let (name, by) = (quote(&bench.tables.rows[table].name), quote(&columns[column]));
    let limit = bench.section.limit.map_or(String::new(), |limit| format!(" LIMIT {limit}"));
    let sql = format!("SELECT {selected} FROM {name} WHERE {by} >= ?1 AND {by} < ?2{limit}");
    let chars = bench.section.prefix.unwrap_or(1) as usize;
    let end = |after| Taken::Prefix { column, chars, after };
    Draft { kind: Kind::Find { table }, sql, values: vec![end(false), end(true)] }
}
