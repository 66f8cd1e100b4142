//! Statements of operations, tried against the empty tables: what they need, what they give, and which tables they write.
//!
//! Nothing is carried out. What their parameters are bound to is left to `operations`.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Batch, Connection, ErrorCode, ffi};

use super::ddl::{OTHER_FILE, TOO_SHORT, quote, token_length};
use super::names::Names;
use crate::diagnostic::nearest;

/// What SQLite makes of a statement.
#[derive(Debug, Default)]
pub(super) struct Examined {
    /// In the order of their numbers, with their sign: `:name`. None where it has no name.
    pub(super) parameters: Vec<Option<String>>,
    /// Names of the columns that it gives.
    pub(super) columns: Vec<String>,
    pub(super) writes: bool,
    /// Tables whose number of rows it may change, by index; each once.
    pub(super) counts: Vec<usize>,
    /// Columns that it may change in rows that exist: table and name; each once.
    pub(super) overwrites: Vec<(usize, String)>,
}

/// Why SQLite refuses a statement.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) words: String,
    pub(super) help: String,
    /// Bytes of the statement; all of it where none are told.
    pub(super) range: Option<Range<usize>>,
}

/// What the authorizer is asked while a statement is prepared.
#[derive(Default)]
struct Asked {
    counts: Vec<String>,
    overwrites: Vec<(String, String)>,
    transaction: bool,
    schema: bool,
}

/// Sets what decides whether deletes reach other tables, as the scenario has it.
pub(super) fn enforce_foreign_keys(database: &Connection, on: bool) -> rusqlite::Result<()> {
    database.pragma_update(None, "foreign_keys", on)
}

/// Whether removing a row of a table removes or changes others of the same table.
pub(super) fn cascades_to_itself(database: &Connection, table: &str) -> bool {
    let sql = "SELECT count(*) > 0 FROM pragma_foreign_key_list(?1) \
        WHERE lower(\"table\") = lower(?1) AND on_delete NOT IN ('NO ACTION', 'RESTRICT')";
    database.query_row(sql, [table], |row| row.get(0)).unwrap_or(false)
}

/// Prepares a statement and notes what it does. `attach` says whether it may open other files.
pub(super) fn examine(
    database: &mut Connection,
    sql: &str,
    names: &Names,
    attach: bool,
) -> Result<Examined, Refusal> {
    let asked = Arc::new(Mutex::new(Asked::default()));
    let noted = Arc::clone(&asked);
    let watching = database.authorizer(Some(move |context: AuthContext<'_>| {
        note(&context.action, attach, &mut noted.lock().unwrap_or_else(PoisonError::into_inner))
    }));
    watching.map_err(|error| refusal(&error, sql, names))?;
    let prepared = describe(database, sql);
    let asked = std::mem::take(&mut *asked.lock().unwrap_or_else(PoisonError::into_inner));
    let mut examined = prepared.map_err(|error| refusal(&error, sql, names))?.ok_or_else(|| Refusal {
        words: "there is no statement here".to_owned(),
        help: "write one, such as `SELECT 1`".to_owned(),
        range: None,
    })?;
    let whole = |words: &str, help: &str| {
        Err(Refusal { words: words.to_owned(), help: help.to_owned(), range: None })
    };
    if asked.transaction {
        let help =
            "leave it out, and write for instance `transaction = \"immediate\"` beside the operation's steps";
        return whole("a statement of an operation cannot begin or end a transaction", help);
    }
    if asked.schema {
        let help = "tables and indexes are made before a level, as `[tables]` says";
        return whole("an operation cannot change the schema", help);
    }
    for name in &asked.counts {
        examined.counts.extend(names.table(name).filter(|table| !examined.counts.contains(table)));
    }
    for (name, column) in asked.overwrites {
        let Some(table) = names.table(&name) else { continue };
        let entry = (table, column);
        if !examined.overwrites.contains(&entry) {
            examined.overwrites.push(entry);
        }
    }
    Ok(examined)
}

fn note(action: &AuthAction<'_>, attach: bool, asked: &mut Asked) -> Authorization {
    match action {
        AuthAction::Attach { .. } | AuthAction::Unknown { code: ffi::SQLITE_ATTACH, .. } if !attach => {
            return Authorization::Deny;
        }
        AuthAction::Insert { table_name } | AuthAction::Delete { table_name } => {
            asked.counts.push((*table_name).to_owned());
        }
        AuthAction::Update { table_name, column_name } => {
            asked.overwrites.push(((*table_name).to_owned(), (*column_name).to_owned()));
        }
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => asked.transaction = true,
        AuthAction::CreateTable { .. }
        | AuthAction::CreateIndex { .. }
        | AuthAction::CreateTrigger { .. }
        | AuthAction::CreateView { .. }
        | AuthAction::CreateVtable { .. }
        | AuthAction::DropTable { .. }
        | AuthAction::DropIndex { .. }
        | AuthAction::DropVtable { .. }
        | AuthAction::AlterTable { .. } => asked.schema = true,
        _ => {}
    }
    Authorization::Allow
}

/// Nothing where the text holds no statement.
fn describe(database: &Connection, sql: &str) -> rusqlite::Result<Option<Examined>> {
    if Batch::new(database, sql).next()?.is_none() {
        return Ok(None);
    }
    let statement = database.prepare(sql)?;
    let parameters = (1..=statement.parameter_count())
        .map(|number| {
            statement.parameter_name(number).filter(|name| !name.starts_with('?')).map(str::to_owned)
        })
        .collect();
    let columns = statement.column_names().map(str::to_owned).collect();
    Ok(Some(Examined { parameters, columns, writes: !statement.readonly(), ..Examined::default() }))
}

fn refusal(error: &rusqlite::Error, sql: &str, names: &Names) -> Refusal {
    let from = |offset: &i32| {
        let start = usize::try_from(*offset).ok().filter(|start| sql.is_char_boundary(*start))?;
        let sign = usize::from(sql[start..].starts_with([':', '$', '@']));
        Some(start..start + sign + token_length(&sql[start + sign..]).max(1 - sign))
    };
    let usual = "correct the SQL; tables and columns are those of `[tables]`";
    let (words, help, range) = match error {
        rusqlite::Error::SqlInputError { error: denied, .. } | rusqlite::Error::SqliteFailure(denied, _)
            if denied.code == ErrorCode::AuthorizationForStatementDenied =>
        {
            (OTHER_FILE.to_owned(), "add `allow = [\"attach\"]` to `[database]` if it is meant to", None)
        }
        rusqlite::Error::SqlInputError { msg, .. } | rusqlite::Error::SqliteFailure(_, Some(msg))
            if msg == "incomplete input" =>
        {
            (TOO_SHORT.to_owned(), "look for a bracket, a quote or a word that is missing", None)
        }
        rusqlite::Error::SqlInputError { msg, offset, .. } => (msg.clone(), usual, from(offset)),
        rusqlite::Error::SqliteFailure(_, Some(words)) => (words.clone(), usual, None),
        rusqlite::Error::MultipleStatement => (
            "only one statement can stand here".to_owned(),
            "write one step for each: `[[operations.NAME.steps]]` with its `sql`",
            None,
        ),
        other => (other.to_string(), usual, None),
    };
    let range = range.or_else(|| parameter_at(sql, unknown(&words)?.1));
    let (before, rest) = range.as_ref().map_or(("", ""), |range| sql.split_at(range.start));
    let help = advice(&words, before, rest, names).unwrap_or_else(|| help.to_owned());
    Refusal { words: format!("SQLite refuses this: {words}"), help, range }
}

/// What a message of SQLite says does not exist: its kind, and its name.
fn unknown(words: &str) -> Option<(&'static str, &str)> {
    let (_, column) = words.split_once(" has no column named ").unwrap_or_default();
    if !column.is_empty() {
        return Some(("column", column));
    }
    let kinds = ["table", "column", "function"];
    kinds.into_iter().find_map(|kind| Some((kind, words.strip_prefix(&format!("no such {kind}: "))?)))
}

/// Keywords that a misspelt word may have meant.
const KEYWORDS: [&str; 24] = [
    "SELECT",
    "FROM",
    "WHERE",
    "INSERT",
    "INTO",
    "VALUES",
    "UPDATE",
    "DELETE",
    "ORDER",
    "GROUP",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "JOIN",
    "INNER",
    "UNION",
    "EXISTS",
    "BETWEEN",
    "LIKE",
    "RETURNING",
    "CONFLICT",
    "DISTINCT",
    "REPLACE",
    "WITH",
];

/// The keyword that was meant by the word at which SQLite stopped, or by the one before it, which it may have taken for a name.
pub(super) fn keyword(before: &str, rest: &str, names: &Names) -> Option<String> {
    let inner = |c: char| c.is_alphanumeric() || c == '_';
    let at = rest.split(|c| !inner(c)).next().unwrap_or_default();
    let last = before.trim_end().rsplit(|c| !inner(c)).next().unwrap_or_default();
    let meant = |word: &str| {
        let upper = word.to_ascii_uppercase();
        let known = names.table(word).is_some()
            || names.tables.iter().any(|(_, columns)| columns.iter().any(|c| c.eq_ignore_ascii_case(word)));
        if upper.len() < 3 || known || KEYWORDS.contains(&upper.as_str()) {
            return None;
        }
        let slips = |keyword: &&&str| strsim::damerau_levenshtein(&upper, keyword) <= 1 + keyword.len() / 6;
        KEYWORDS
            .iter()
            .filter(slips)
            .min_by_key(|keyword| strsim::damerau_levenshtein(&upper, keyword))
            .copied()
    };
    let instead = |word: &str| Some(format!("did you mean {} instead of {word}?", meant(word)?));
    instead(at).or_else(|| instead(last))
}

/// What to write instead of a template in SQL, where a statement has one from a fault on.
pub(super) fn template_in(rest: &str) -> Option<String> {
    let help = "a template cannot stand in SQL: write `:name` there, and `bind = { name = '{{ … }}' }`";
    (rest.starts_with("{{") || rest.starts_with("{%")).then(|| help.to_owned())
}

/// What to write instead, where the fault is one of the usual ones; `rest` is the statement from the fault on.
fn advice(words: &str, before: &str, rest: &str, names: &Names) -> Option<String> {
    if let Some(help) = template_in(rest) {
        return Some(help);
    }
    if rest.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("FOR UPDATE")) {
        let help = "SQLite has no FOR UPDATE; `transaction = \"immediate\"` beside the operation's steps takes the lock";
        return Some(help.to_owned());
    }
    if rest.starts_with('{') || rest.starts_with("%s") {
        return Some("a parameter is written `:name`, and has its value in `bind`".to_owned());
    }
    if words.ends_with(": syntax error") && before.trim_end().to_ascii_uppercase().ends_with("INSERT") {
        return Some("write INSERT INTO".to_owned());
    }
    if words.ends_with(": syntax error") {
        let help = "look at the underlined word and right before it: a comma, a sign or a keyword may be missing or misspelt";
        return Some(keyword(before, rest, names).unwrap_or_else(|| help.to_owned()));
    }
    let (kind, name) = unknown(words)?;
    let bare = name.rsplit('.').next().unwrap_or(name);
    match kind {
        "table" => {
            let tables = names.tables.iter().map(|(table, _)| table.as_str());
            Some(super::operations::instead(bare, "tables", tables))
        }
        "column" => {
            let columns = names.tables.iter().flat_map(|(_, columns)| columns.iter().map(String::as_str));
            nearest(bare, columns).map(|near| format!("did you mean `{near}`?"))
        }
        _ => Some("write a function of SQLite, or `:name` with its value in `bind`".to_owned()),
    }
}

/// Bytes of a parameter in a statement, its sign included.
pub(super) fn parameter_at(sql: &str, parameter: &str) -> Option<Range<usize>> {
    let inner = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    // One without a name may have a number.
    let whole = |start: &usize| {
        let sign = parameter.starts_with(|c: char| !inner(c));
        (sign || !sql[..*start].ends_with(inner))
            && (parameter == "?" || !sql[start + parameter.len()..].starts_with(inner))
    };
    let start = sql.match_indices(parameter).map(|(start, _)| start).find(whole)?;
    Some(start..start + parameter.len())
}

/// The INSERT of all columns of a dataset row.
pub(super) fn insert(table: &str, columns: &[String]) -> String {
    if columns.is_empty() {
        return format!("INSERT INTO {} DEFAULT VALUES", quote(table));
    }
    let marks = (1..=columns.len()).map(|i| format!("?{i}")).collect::<Vec<_>>().join(", ");
    format!("INSERT INTO {} ({}) VALUES ({marks})", quote(table), list(columns))
}

/// Quoted names with commas.
pub(super) fn list(columns: &[String]) -> String {
    columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ")
}

/// `"a" = ?1 AND "b" = ?2`, from parameter `first` on.
pub(super) fn equal(columns: &[String], first: usize) -> String {
    let parts = columns.iter().zip(first..).map(|(column, number)| format!("{} = ?{number}", quote(column)));
    parts.collect::<Vec<_>>().join(" AND ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> (Connection, Names) {
        let database = Connection::open_in_memory().unwrap();
        database
            .execute_batch(
                "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT);\
                 CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a(id) ON DELETE CASCADE)",
            )
            .unwrap();
        let columns = |list: &[&str]| list.iter().map(|c| (*c).to_owned()).collect();
        let tables =
            vec![("a".to_owned(), columns(&["id", "x"])), ("b".to_owned(), columns(&["id", "a_id"]))];
        (database, Names { tables })
    }

    #[test]
    fn a_statement_says_what_it_needs_and_gives() {
        let (mut database, names) = names();
        let sql = "SELECT x AS text, id FROM a WHERE id = :id OR id > :low OR id = :id";
        let found = examine(&mut database, sql, &names, false).unwrap();
        assert_eq!(found.parameters, [Some(":id".to_owned()), Some(":low".to_owned())]);
        assert_eq!(found.columns, ["text", "id"]);
        assert!(!found.writes && found.counts.is_empty() && found.overwrites.is_empty());
    }

    #[test]
    fn a_statement_says_which_tables_it_writes_also_through_foreign_keys() {
        let (mut database, names) = names();
        let update = examine(&mut database, "UPDATE a SET x = 'y'", &names, false).unwrap();
        assert_eq!((update.overwrites, update.counts), (vec![(0, "x".to_owned())], vec![]));
        enforce_foreign_keys(&database, false).unwrap();
        assert_eq!(examine(&mut database, "DELETE FROM a", &names, false).unwrap().counts, [0]);
        enforce_foreign_keys(&database, true).unwrap();
        let mut counts = examine(&mut database, "DELETE FROM a WHERE id = 1", &names, false).unwrap().counts;
        counts.sort_unstable();
        assert_eq!(counts, [0, 1]);
    }

    #[test]
    fn what_an_operation_cannot_do_is_refused() {
        let (mut database, names) = names();
        let mut words = |sql: &str, attach| match examine(&mut database, sql, &names, attach) {
            Ok(_) => String::new(),
            Err(refusal) => refusal.words,
        };
        assert_eq!(words("ATTACH 'x' AS y", false), format!("SQLite refuses this: {OTHER_FILE}"));
        assert_eq!(words("ATTACH 'x' AS y", true), "");
        assert_eq!(words("BEGIN", false), "a statement of an operation cannot begin or end a transaction");
        assert_eq!(words("DROP TABLE a", false), "an operation cannot change the schema");
        assert_eq!(words("-- nothing", false), "there is no statement here");
        assert_eq!(
            words("SELECT 1; SELECT 2", false),
            "SQLite refuses this: only one statement can stand here"
        );
        assert_eq!(words("SELECT missing FROM a", false), "SQLite refuses this: no such column: missing");
    }

    #[test]
    fn a_parameter_is_found_as_a_whole_word() {
        assert_eq!(parameter_at("SELECT :name_2, :name", ":name"), Some(16..21));
        assert_eq!(parameter_at("SELECT 1", ":name"), None);
        assert_eq!(parameter_at("SELECT items, item FROM x", "item"), Some(14..18));
        assert_eq!(parameter_at("SELECT ?1", "?"), Some(7..8));
    }

    #[test]
    fn names_are_quoted_whatever_their_letters() {
        assert_eq!(insert("t\"x", &["a b".to_owned()]), "INSERT INTO \"t\"\"x\" (\"a b\") VALUES (?1)");
        assert_eq!(insert("t", &[]), "INSERT INTO \"t\" DEFAULT VALUES");
        assert_eq!(equal(&["a".to_owned(), "b".to_owned()], 3), "\"a\" = ?3 AND \"b\" = ?4");
    }
}
