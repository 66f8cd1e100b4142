//! What a scenario asks of a write buffer, and a write buffer cannot do.
//!
//! What it asks of engines in general is left to others.

use super::ddl::TableFacts;
use super::lookups;
use super::operation::{Kind, Transaction};
use super::operations::Made;
use super::tables::{Input, Tables};
use super::{Buffer, Database, MemtableDatabase, Persister, SqliteDatabase};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::scenario::OperationSection;

/// Where faults go.
struct Refusals<'f>(&'f mut Vec<Diagnostic>);

impl Refusals<'_> {
    fn add(&mut self, at: Option<Span>, words: impl Into<String>, help: impl Into<String>) {
        self.0.push(Diagnostic::error(Code::Engine, at, words.into()).help(help.into()));
    }
}

/// Looks at tables, operations and the database of a plan for a write buffer. Faults are added to `faults`.
pub(super) fn check(
    input: &Input<'_>,
    tables: &Tables,
    made: &[Made],
    database: Option<&Database>,
    faults: &mut Vec<Diagnostic>,
) {
    let Some(Database::Memtable(database)) = database else { return };
    let mut refusals = Refusals(faults);
    check_database(input, database, &mut refusals);
    for (index, name) in input.scenario.tables.keys().enumerate() {
        check_table(input, tables, index, name, &mut refusals);
    }
    for made in made {
        let name = made.operation.name.as_str();
        if let Some(section) = input.scenario.operations.get(name) {
            Checked { input, tables, made, section, name }.all(&mut refusals);
        }
    }
}

/// Whether the file may have keys for another case than this one.
fn is_varied(input: &Input<'_>) -> bool {
    !input.scenario.variants.is_empty() || !input.scenario.matrix.is_empty()
}

fn check_database(input: &Input<'_>, database: &MemtableDatabase, refusals: &mut Refusals<'_>) {
    let section = &input.scenario.database;
    let key = |key: &str| {
        let path = ["database", key];
        input.spans.key(&path).or_else(|| input.at(&path))
    };
    if section.statement_cache.is_some() {
        let words = "a write buffer executes no statements, so there is nothing to cache";
        refusals.add(key("statement_cache"), words, "leave out `statement_cache`");
    }
    if !section.allow.is_empty() {
        refusals.add(
            key("allow"),
            "a write buffer executes no SQL that could be allowed more",
            "leave out `allow`",
        );
    }
    let Buffer { persister, .. } = database.buffer;
    if persister == Persister::None && !is_varied(input) {
        let help = "write `persister = \"sqlite\"` under [buffer], or leave it out";
        if !section.pragmas.is_empty() {
            refusals.add(key("pragmas"), "PRAGMAs are for SQLite, and this buffer flushes to nothing", help);
        }
        if section.path.is_some() {
            refusals.add(key("path"), "`path` is for SQLite, and this buffer flushes to nothing", help);
        }
    }
    if let Some(store) = &database.store {
        check_store(store, refusals);
    }
}

fn check_store(store: &SqliteDatabase, refusals: &mut Refusals<'_>) {
    for pragma in &store.pragmas {
        match (pragma.name.as_str(), pragma.expected.as_str()) {
            ("foreign_keys", "1") => refusals.add(
                pragma.span,
                "a write buffer does not enforce foreign keys, and a flush that failed by one would end the run",
                "leave it out: no row is sent before those that it refers to are acknowledged",
            ),
            ("locking_mode", "exclusive") => refusals.add(
                pragma.span,
                "a flush and the workers' reads need a connection each, and `locking_mode = \"exclusive\"` lets one in",
                "leave it out",
            ),
            ("query_only", "1") => {
                refusals.add(pragma.span, "nothing could be flushed with `query_only`", "leave it out");
            }
            _ => {}
        }
    }
}

fn check_table(input: &Input<'_>, tables: &Tables, index: usize, name: &str, refusals: &mut Refusals<'_>) {
    let (facts, rows) = (&tables.facts[index], &tables.rows[index]);
    let at = input.spans.key(&["tables", name]).or_else(|| input.at(&["tables", name]));
    if facts.primary_key.is_empty() {
        let words = format!("`{name}` has no primary key, and a write buffer keeps rows by it");
        refusals.add(at, words, "add one, such as `id = { type = \"INTEGER PRIMARY KEY\" }`");
        return;
    }
    let place = |column: &String| rows.columns.iter().position(|c| c.name.eq_ignore_ascii_case(column));
    if let Some(column) = facts.primary_key.iter().find(|column| place(column).is_none()) {
        let words = format!("`{column}` is part of the primary key of `{name}` and has no values");
        refusals.add(at, words, format!("give `{column}` a `value`: a write buffer does not make up keys"));
        return;
    }
    let key: Vec<usize> = facts.primary_key.iter().filter_map(place).collect();
    if lookups::identity(facts, &rows.columns) != key {
        let words = format!("the primary key of `{name}` may be NULL, and a write buffer keeps rows by it");
        refusals.add(at, words, "give its columns values that are never NULL");
    }
}

/// One operation.
struct Checked<'a> {
    input: &'a Input<'a>,
    tables: &'a Tables,
    made: &'a Made,
    section: &'a OperationSection,
    name: &'a str,
}

impl Checked<'_> {
    fn at(&self, rest: &[&str]) -> Option<Span> {
        let path: Vec<&str> = ["operations", self.name].iter().chain(rest).copied().collect();
        self.input.spans.key(&path).or_else(|| self.input.at(&path))
    }

    fn all(&self, refusals: &mut Refusals<'_>) {
        let operation = &self.made.operation;
        if let Kind::Sql { .. } = operation.kind {
            let key = if self.section.sql.is_some() { "sql" } else { "steps" };
            let help = "write one of `insert`, `upsert`, `get`, `find`, `scan`, `update` and `delete`";
            refusals.add(
                self.at(&[key]),
                "a write buffer has no SQL: it reads and writes rows of its tables",
                help,
            );
            return;
        }
        if operation.transaction != Transaction::None {
            let words = "a write buffer has no transactions: each operation is one by itself";
            refusals.add(self.at(&["transaction"]), words, "leave out `transaction`");
        }
        if operation.blob_io.is_some() {
            let words =
                "`blob_io` is SQLite's way to write blobs in pieces, and a write buffer takes whole rows";
            refusals.add(self.at(&["blob_io"]), words, "leave out `blob_io`");
        }
        self.columns(refusals);
        match operation.kind {
            Kind::Insert { .. } | Kind::Sql { .. } => {}
            Kind::Upsert { table, .. }
            | Kind::Get { table }
            | Kind::Find { table }
            | Kind::Scan { table }
            | Kind::Update { table, .. }
            | Kind::Delete { table } => self.by(table, refusals),
        }
    }

    /// What finds the rows is the key, or has an index.
    fn by(&self, table: usize, refusals: &mut Refusals<'_>) {
        let operation = &self.made.operation;
        let (facts, rows) = (&self.tables.facts[table], &self.tables.rows[table]);
        let name = |column: &usize| rows.columns[*column].name.clone();
        let by: Vec<String> = operation.by.iter().map(name).collect();
        let at = if self.section.by.is_some() { self.at(&["by"]) } else { self.at(&[]) };
        if same(&by, &facts.primary_key) {
            return;
        }
        if let Kind::Upsert { .. } = operation.kind {
            let words = format!(
                "a write buffer finds the row to write over by its primary key, and not by `{}`",
                by.join(", ")
            );
            let help = format!("leave out `by`: the primary key is {}", facts.primary_key.join(", "));
            refusals.add(at, words, help);
        } else if !has_index(facts, &by) {
            let list = by.join(", ");
            let words = format!(
                "no index of `{}` has `{list}` alone, and a write buffer looks for rows by an index",
                rows.name
            );
            let help = format!(
                "give the table `indexes = [{{ columns = [\"{list}\"] }}]`, or find rows by its primary key"
            );
            refusals.add(at, words, help);
        }
    }

    /// What is read, and set, stands in the rows of the dataset.
    fn columns(&self, refusals: &mut Refusals<'_>) {
        let table = match self.made.operation.kind {
            Kind::Get { table }
            | Kind::Find { table }
            | Kind::Scan { table }
            | Kind::Update { table, .. } => table,
            _ => return,
        };
        let rows = &self.tables.rows[table];
        let missing = |column: &str| !rows.columns.iter().any(|c| c.name.eq_ignore_ascii_case(column));
        let words = |column: &str| {
            format!("`{column}` of `{}` has no values, and a write buffer makes up none", rows.name)
        };
        let help = |column: &str| format!("give `{column}` a `value`, or leave it out");
        for (index, column) in self.section.columns.iter().flatten().enumerate().filter(|(_, c)| missing(c)) {
            refusals.add(self.at(&["columns", &index.to_string()]), words(column), help(column));
        }
        for column in self.section.set.keys().filter(|column| missing(column)) {
            refusals.add(self.at(&["set", column]), words(column), help(column));
        }
    }
}

fn same(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.eq_ignore_ascii_case(b))
}

fn has_index(facts: &TableFacts, columns: &[String]) -> bool {
    facts.distinct_groups.iter().chain(&facts.plain_indexes).any(|group| same(group, columns))
}
