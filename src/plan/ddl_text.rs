//! The scenario's tables as SQL, and where each part of it stands in the scenario.
//!
//! What a database makes of it is left to `ddl` and `postgres`.

use std::ops::Range;

use crate::diagnostic::{Sources, Span};
use crate::scenario::{Spans, TableSection};

/// An identifier as SQL takes it whatever its letters.
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn quote_all(names: &[String]) -> String {
    names.iter().map(|n| quote(n)).collect::<Vec<_>>().join(", ")
}

/// Where SQL text came from, so that a fault in it can be shown in the scenario.
pub(super) struct Piece {
    pub(super) range: Range<usize>,
    pub(super) path: Vec<String>,
}

/// One statement with the origin of its parts.
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) pieces: Vec<Piece>,
    /// Where a fault stands that lies in no piece.
    pub(super) path: Vec<String>,
}

impl Statement {
    fn new(path: Vec<String>) -> Self {
        Statement { sql: String::new(), pieces: Vec::new(), path }
    }

    fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    fn push_from(&mut self, text: &str, path: Vec<String>) {
        let start = self.sql.len();
        self.sql.push_str(text);
        self.pieces.push(Piece { range: start..self.sql.len(), path });
    }

    /// Where bytes of the statement stand in the scenario; nothing where they come from no piece of it.
    pub(super) fn place(&self, range: Range<usize>, spans: &Spans, sources: &Sources) -> Option<Span> {
        let offset = range.start;
        let piece = self.pieces.iter().find(|p| p.range.contains(&offset) || p.range.end == offset)?;
        let parts: Vec<&str> = piece.path.iter().map(String::as_str).collect();
        // A column named in a list of names stands there whole, so the offset means nothing.
        let exact = matches!(parts.last(), Some(&("type" | "ddl" | "ddl_postgres" | "where")));
        if exact {
            let within = offset - piece.range.start;
            let end = range.end.min(piece.range.end) - piece.range.start;
            spans.inside(&parts, within..end.max(within + 1), sources)
        } else {
            span_of(spans, &parts)
        }
    }

    /// Where the whole of it stands.
    pub(super) fn whole(&self, spans: &Spans) -> Option<Span> {
        let parts: Vec<&str> = self.path.iter().map(String::as_str).collect();
        span_of(spans, &parts)
    }
}

fn path(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|p| (*p).to_owned()).collect()
}

/// The `CREATE TABLE` of a table; `postgres` says whether SQL that is written for PostgreSQL goes before other.
pub(super) fn create_table(name: &str, table: &TableSection, postgres: bool) -> Statement {
    let mut statement = Statement::new(path(&["tables", name]));
    if let Some((key, ddl)) = table.sql_of(postgres) {
        statement.push_from(ddl, path(&["tables", name, key]));
        return statement;
    }
    statement.push(&format!("CREATE TABLE {} (", quote(name)));
    for (i, (column, section)) in table.columns.iter().enumerate() {
        if i > 0 {
            statement.push(", ");
        }
        statement.push(&quote(column));
        statement.push(" ");
        let sql_type = section.sql_type.as_deref().unwrap_or_default();
        statement.push_from(sql_type, path(&["tables", name, "columns", column, "type"]));
    }
    if !table.primary_key.is_empty() {
        statement.push(", ");
        let text = format!("PRIMARY KEY ({})", quote_all(&table.primary_key));
        statement.push_from(&text, path(&["tables", name, "primary_key"]));
    }
    for (i, group) in table.unique.iter().enumerate() {
        statement.push(", ");
        let text = format!("UNIQUE ({})", quote_all(group));
        statement.push_from(&text, path(&["tables", name, "unique", &i.to_string()]));
    }
    statement.push(")");
    statement
}

pub(super) fn create_indexes(name: &str, table: &TableSection) -> Vec<Statement> {
    let one = |(i, index): (usize, &crate::scenario::IndexSection)| {
        let at = path(&["tables", name, "indexes", &i.to_string()]);
        let made = format!("{name}_{}", index.columns.join("_"));
        let index_name = index.name.as_deref().unwrap_or(&made);
        let mut statement = Statement::new(at.clone());
        let unique = if index.unique { "UNIQUE " } else { "" };
        statement.push(&format!("CREATE {unique}INDEX {} ON {} (", quote(index_name), quote(name)));
        for (j, column) in index.columns.iter().enumerate() {
            if j > 0 {
                statement.push(", ");
            }
            // An expression stands as it is; a column is quoted.
            let known = table.columns.keys().any(|c| c.eq_ignore_ascii_case(column));
            let text = if known { quote(column) } else { column.clone() };
            let mut item = at.clone();
            item.extend(["columns".to_owned(), j.to_string()]);
            statement.push_from(&text, item);
        }
        statement.push(")");
        if let Some(condition) = &index.condition {
            statement.push(" WHERE ");
            let mut item = at.clone();
            item.push("where".to_owned());
            statement.push_from(condition, item);
        }
        statement
    };
    table.indexes.iter().enumerate().map(one).collect()
}

pub(super) fn span_of(spans: &Spans, parts: &[&str]) -> Option<Span> {
    spans.value(parts).or_else(|| spans.key(parts))
}
