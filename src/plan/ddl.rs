//! The scenario's tables as SQL, and what SQLite makes of them: tried in an empty database in memory.

use std::ops::Range;

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Batch, Connection, ErrorCode, ffi};

use crate::diagnostic::{Code, Diagnostic, Sources, Span};
use crate::scenario::{Spans, TableSection};

/// An identifier as SQL takes it whatever its letters.
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn quote_all(names: &[String]) -> String {
    names.iter().map(|n| quote(n)).collect::<Vec<_>>().join(", ")
}

/// Where SQL text came from, so that a fault in it can be shown in the scenario.
struct Piece {
    range: Range<usize>,
    path: Vec<String>,
}

/// One statement with the origin of its parts.
pub(super) struct Statement {
    pub(super) sql: String,
    pieces: Vec<Piece>,
    /// Where a fault stands that lies in no piece.
    path: Vec<String>,
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

/// A column as SQLite sees it.
#[derive(Clone, Debug)]
pub(super) struct ColumnFacts {
    pub(super) name: String,
    pub(super) not_null: bool,
    pub(super) has_default: bool,
    /// An alias of the row id: takes integers only, and one that is left out is made up.
    pub(super) row_id: bool,
    /// Computed from others: never inserted.
    pub(super) generated: bool,
}

/// A foreign key as SQLite sees it.
#[derive(Clone, Debug)]
pub struct ForeignKey {
    /// The table that it refers to.
    pub table: String,
    /// Column here, and column there; nothing where the primary key is meant.
    pub columns: Vec<(String, Option<String>)>,
}

/// A table as SQLite sees it.
#[derive(Clone, Debug)]
pub(super) struct TableFacts {
    pub(super) create: Vec<String>,
    pub(super) columns: Vec<ColumnFacts>,
    pub(super) primary_key: Vec<String>,
    /// Columns of primary key, UNIQUE constraints and unique indexes, without partial ones and expressions.
    pub(super) distinct_groups: Vec<Vec<String>>,
    /// Columns of indexes that are not unique.
    pub(super) plain_indexes: Vec<Vec<String>>,
    pub(super) foreign_keys: Vec<ForeignKey>,
}

/// What is wrong with a statement that was denied.
pub(super) const OTHER_FILE: &str = "it would reach another file";

/// An empty database in memory from which no statement reaches a file: ATTACH makes the file that it names, and so does VACUUM INTO.
pub(super) fn trial_database() -> rusqlite::Result<Connection> {
    let mut database = Connection::open_in_memory()?;
    database.authorizer(Some(|context: AuthContext<'_>| match context.action {
        AuthAction::Attach { .. } | AuthAction::Unknown { code: ffi::SQLITE_ATTACH, .. } => {
            Authorization::Deny
        }
        // `temp_store_directory` and its like hold for the whole process.
        AuthAction::Pragma { pragma_name, .. } if pragma_name.ends_with("_store_directory") => {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }))?;
    Ok(database)
}

/// Makes one table in the database in memory and reads back what it is.
pub(super) fn make(
    database: &Connection,
    name: &str,
    table: &TableSection,
    spans: &Spans,
    sources: &Sources,
) -> Result<TableFacts, Vec<Diagnostic>> {
    let mut create = Vec::new();
    let statement = create_table(name, table, false);
    run(database, &statement, spans, sources).map_err(|d| vec![d])?;
    create.push(statement.sql);
    if !exists(database, name) {
        let at = span_of(spans, &["tables", name, "ddl"]);
        return Err(vec![
            Diagnostic::error(Code::Sql, at, format!("`ddl` does not make a table `{name}`"))
                .help(format!("write `CREATE TABLE {name} (…)`, one statement")),
        ]);
    }
    let mut faults = Vec::new();
    for index in create_indexes(name, table) {
        match run(database, &index, spans, sources) {
            Ok(()) => create.push(index.sql),
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    read_back(database, name, create).map_err(|error| {
        let at = span_of(spans, &["tables", name]);
        vec![Diagnostic::error(Code::Sql, at, format!("SQLite cannot describe table `{name}`: {error}"))]
    })
}

fn exists(database: &Connection, name: &str) -> bool {
    let sql = "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?1)";
    database.query_row(sql, [name], |row| row.get(0)).unwrap_or(false)
}

pub(super) fn span_of(spans: &Spans, parts: &[&str]) -> Option<Span> {
    spans.value(parts).or_else(|| spans.key(parts))
}

/// `incomplete input`, as SQLite has it.
pub(super) const TOO_SHORT: &str = "the SQL ends too early";

fn run(
    database: &Connection,
    statement: &Statement,
    spans: &Spans,
    sources: &Sources,
) -> Result<(), Diagnostic> {
    let prepared = database.prepare(&statement.sql).map_err(|error| {
        // SQLite looks at a second statement before the first is carried out, and misses what that would have made.
        let several =
            statement.sql.contains(';') && matches!(Batch::new(database, &statement.sql).next(), Ok(Some(_)));
        if several { rusqlite::Error::MultipleStatement } else { error }
    });
    let Err(error) = prepared.and_then(|mut prepared| prepared.execute([])) else { return Ok(()) };
    let (words, offset) = match &error {
        rusqlite::Error::SqlInputError { error: denied, .. } | rusqlite::Error::SqliteFailure(denied, _)
            if denied.code == ErrorCode::AuthorizationForStatementDenied =>
        {
            (OTHER_FILE.to_owned(), Some(0))
        }
        rusqlite::Error::SqlInputError { msg, .. } if msg == "incomplete input" => {
            (TOO_SHORT.to_owned(), None)
        }
        rusqlite::Error::SqlInputError { msg, offset, .. } => (msg.clone(), usize::try_from(*offset).ok()),
        rusqlite::Error::SqliteFailure(_, Some(words)) if words == "incomplete input" => {
            (TOO_SHORT.to_owned(), None)
        }
        rusqlite::Error::SqliteFailure(_, Some(words)) => (words.clone(), None),
        rusqlite::Error::MultipleStatement => ("only one statement can stand here".to_owned(), None),
        rusqlite::Error::ExecuteReturnedResults => ("this is a query; write CREATE TABLE".to_owned(), None),
        other => (other.to_string(), None),
    };
    let found = offset.and_then(|offset| {
        let end = offset + token_length(&statement.sql[offset..]);
        statement.place(offset..end, spans, sources)
    });
    let whole = || {
        let ends = |piece: &&Piece, key: &str| piece.path.last().is_some_and(|last| last == key);
        let piece = match &error {
            rusqlite::Error::MultipleStatement => statement.pieces.first(),
            _ if words == TOO_SHORT => {
                let open = |p: &&Piece| {
                    let sql = &statement.sql[p.range.clone()];
                    sql.matches('(').count() > sql.matches(')').count()
                };
                statement.pieces.iter().find(open).or(statement.pieces.last())
            }
            _ if words.contains("more than one primary key") => {
                statement.pieces.iter().find(|piece| ends(piece, "primary_key"))
            }
            _ => statement.pieces.iter().find(|p| mentions(&statement.sql[p.range.clone()], &words)),
        };
        let path = piece.map_or(&statement.path, |p| &p.path);
        span_of(spans, &path.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let help = help(statement, &words);
    Err(Diagnostic::error(Code::Sql, found.or_else(whole), format!("SQLite refuses this: {words}"))
        .help(help))
}

/// What to write instead, as far as SQLite's words tell.
fn help(statement: &Statement, words: &str) -> &'static str {
    let within = |key: &str| {
        statement.path.iter().chain(statement.pieces.iter().flat_map(|p| &p.path)).any(|p| p == key)
    };
    if words == OTHER_FILE {
        "write CREATE TABLE: the SQL of a table stays within the scenario's own database"
    } else if words.contains("more than one primary key") {
        "keep `primary_key`, or PRIMARY KEY in the type of one column, not both"
    } else if words.contains("already exists") {
        "two things of a database cannot have one name; give this index a `name` of its own, or this table another one"
    } else if words.contains("one statement") {
        "write CREATE TABLE alone; indexes stand under `indexes`"
    } else if within("indexes") {
        "an item of `columns` is the name of a column, or an expression; `where` is a condition, such as `price > 0`"
    } else if within("ddl") {
        "`ddl` is one CREATE TABLE statement; look right before the underlined place too, for a comma or bracket"
    } else if words.to_ascii_uppercase().contains("\"AUTO_INCREMENT\"") {
        "leave it out: SQLite numbers the rows of `INTEGER PRIMARY KEY` by itself"
    } else {
        "write a type and its constraints as in CREATE TABLE, for example `TEXT NOT NULL`"
    }
}

/// Whether SQLite's words name something in this piece of the statement.
fn mentions(piece: &str, words: &str) -> bool {
    let named = words.rsplit([' ', ':']).next().unwrap_or_default().trim_matches(['"', '\'', ')']);
    named.len() > 1 && piece.contains(named)
}

pub(super) fn token_length(text: &str) -> usize {
    let word = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    if word > 0 { word } else { text.chars().next().map_or(0, char::len_utf8) }
}

pub(super) fn read_back(
    database: &Connection,
    name: &str,
    create: Vec<String>,
) -> rusqlite::Result<TableFacts> {
    let mut rows = database.prepare(
        "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk, hidden FROM pragma_table_xinfo(?1) ORDER BY cid",
    )?;
    let mut keys: Vec<(i64, String, String)> = Vec::new();
    let mut columns = Vec::new();
    let mut query = rows.query([name])?;
    while let Some(row) = query.next()? {
        let (column, sql_type): (String, String) = (row.get(0)?, row.get(1)?);
        let place: i64 = row.get(4)?;
        if place > 0 {
            keys.push((place, column.clone(), sql_type));
        }
        columns.push(ColumnFacts {
            name: column,
            not_null: row.get(2)?,
            has_default: row.get(3)?,
            row_id: false,
            generated: row.get::<_, i64>(5)? != 0,
        });
    }
    keys.sort_by_key(|k| k.0);
    if let [(_, only, sql_type)] = keys.as_slice()
        && sql_type.eq_ignore_ascii_case("integer")
    {
        columns.iter_mut().filter(|c| c.name == *only).for_each(|c| c.row_id = true);
    }
    let primary_key: Vec<String> = keys.into_iter().map(|k| k.1).collect();
    let mut distinct_groups = index_columns(database, name, true)?;
    if !primary_key.is_empty() && !distinct_groups.contains(&primary_key) {
        distinct_groups.insert(0, primary_key.clone());
    }
    let foreign_keys = foreign_keys(database, name)?;
    let plain_indexes = index_columns(database, name, false)?;
    Ok(TableFacts { create, columns, primary_key, distinct_groups, plain_indexes, foreign_keys })
}

/// Columns of the indexes on all rows; none with expressions.
fn index_columns(database: &Connection, name: &str, unique: bool) -> rusqlite::Result<Vec<Vec<String>>> {
    let mut lists = database.prepare(
        "SELECT name FROM pragma_index_list(?1) WHERE \"unique\" = ?2 AND partial = 0 ORDER BY seq DESC",
    )?;
    let mut members = database.prepare("SELECT name FROM pragma_index_info(?1) ORDER BY seqno")?;
    let indexes: Vec<String> =
        lists.query_map((name, unique), |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut groups = Vec::new();
    for index in indexes {
        let columns: Vec<Option<String>> =
            members.query_map([&index], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let columns: Option<Vec<String>> = columns.into_iter().collect();
        if let Some(columns) = columns.filter(|c| !groups.contains(c)) {
            groups.push(columns);
        }
    }
    Ok(groups)
}

/// The foreign keys of a table, in the order of its CREATE TABLE.
///
/// # Errors
/// SQLite's.
pub fn foreign_keys(database: &Connection, name: &str) -> rusqlite::Result<Vec<ForeignKey>> {
    let mut rows = database.prepare(
        "SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?1) ORDER BY id DESC, seq",
    )?;
    let mut query = rows.query([name])?;
    let mut keys: Vec<(i64, ForeignKey)> = Vec::new();
    while let Some(row) = query.next()? {
        let id: i64 = row.get(0)?;
        let pair = (row.get(2)?, row.get(3)?);
        match keys.last_mut() {
            Some((last, key)) if *last == id => key.columns.push(pair),
            _ => keys.push((id, ForeignKey { table: row.get(1)?, columns: vec![pair] })),
        }
    }
    Ok(keys.into_iter().map(|k| k.1).collect())
}
