//! Trying a draft out: as `check` does, then with rows of it in an empty database in memory with the same schema.

use std::ops::RangeInclusive;
use std::path::Path;

use rusqlite::{Connection, Statement, ffi, params_from_iter, types};

use super::document::{Document, DraftTable};
use super::source::IndexItem;
use crate::dataset::{Dataset, Workspace};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::plan::{self, Plan, Table};
use crate::scenario::{self, Overrides, Spans};
use crate::value::ValueRef;

/// Rows that are tried over all tables.
const ROWS_IN_ALL: u64 = 40_000;
/// Bounds of the rows that are tried per table.
const ROWS: RangeInclusive<u64> = 250..=2_000;
/// Rows that are tried of all tables with a CHECK that is not understood.
const CHECKED_ROWS_IN_ALL: u64 = 100_000;
/// Bounds of these rows per table.
const CHECKED_ROWS: RangeInclusive<u64> = 2_000..=10_000;
/// Different faults that are told per table.
const MOST_FAULTS: usize = 20;

/// What is wrong with a draft, by indexes into it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// SQLite refuses the table's SQL.
    Ddl { table: usize, words: String },
    /// SQLite refuses an index, or cannot keep it.
    Index { table: usize, index: usize, words: String },
    /// A value cannot be made, or its column does not take it.
    Value { table: usize, column: usize },
    /// A value is NULL where it must not be.
    Null { table: usize, column: usize },
    /// Values under a constraint come twice.
    Repeats { table: usize, columns: Vec<usize> },
    /// A CHECK refuses a row: its name, or its expression.
    Check { table: usize, name: String },
    /// A foreign key does not fit the table that it refers to.
    References { table: usize },
    /// There are not as many combinations of parents as rows: the table can have this share of its rows.
    TooMany { table: usize, share: f64 },
    /// Anything else about a table.
    Table { table: usize, words: String },
    /// Anything else.
    File(String),
}

/// Everything that is wrong with the text of a draft. Where it is not to be thorough, only few rows are tried.
pub(super) fn faults(document: &Document, text: &str, thorough: bool) -> Vec<Fault> {
    let path = format!("{}.toml", document.name);
    let path = Path::new(&path);
    let loaded = match scenario::load(path, text.to_owned(), &Overrides::default()) {
        Ok(loaded) => loaded,
        Err(rejected) => return rejected.diagnostics.into_iter().map(|d| Fault::File(d.message)).collect(),
    };
    let mut found = Vec::new();
    match plan::build(path, &loaded) {
        Err(diagnostics) => {
            let placed = diagnostics.iter().map(|diagnostic| placed(document, &loaded.spans, diagnostic));
            placed.for_each(|fault| push(&mut found, fault));
        }
        Ok(plan) => match rows(document, &plan, thorough) {
            Ok(faults) => found = faults,
            Err(error) => found.push(Fault::File(error.to_string())),
        },
    }
    found
}

fn push(found: &mut Vec<Fault>, fault: Fault) {
    if !found.contains(&fault) {
        found.push(fault);
    }
}

/// What a diagnostic of `check` is about.
fn placed(document: &Document, spans: &Spans, diagnostic: &Diagnostic) -> Fault {
    let words = || diagnostic.message.clone();
    let Some(at) = diagnostic.span else { return Fault::File(words()) };
    let within = |whole: Option<Span>| {
        whole.is_some_and(|whole| whole.source == at.source && whole.start <= at.start && at.end <= whole.end)
    };
    for (index, table) in document.tables.iter().enumerate() {
        let name = table.source.name.as_str();
        let column = table.columns.iter().position(|column| {
            let path = ["tables", name, "columns", column.name.as_str()];
            within(spans.value(&path)) || within(spans.key(&path))
        });
        if let Some(column) = column {
            return Fault::Value { table: index, column };
        }
        let item = (0..table.indexes.len())
            .find(|item| within(spans.value(&["tables", name, "indexes", &item.to_string()])));
        if let Some(item) = item {
            return Fault::Index { table: index, index: item, words: words() };
        }
        if within(spans.value(&["tables", name, "ddl"])) {
            return Fault::Ddl { table: index, words: words() };
        }
        if within(spans.key(&["tables", name])) || within(spans.value(&["tables", name])) {
            return match too_many(diagnostic) {
                Some(share) => Fault::TooMany { table: index, share },
                None => Fault::Table { table: index, words: words() },
            };
        }
    }
    Fault::File(words())
}

/// Which share of a table's rows its references have combinations for.
fn too_many(diagnostic: &Diagnostic) -> Option<f64> {
    let (_, rows) =
        diagnostic.message.split_once(" gets ").filter(|_| diagnostic.code == Code::NotDistinct)?;
    let numbers: Vec<f64> = rows.split(' ').filter_map(|word| word.parse().ok()).collect();
    match numbers.as_slice() {
        [rows, combinations] if *rows > 0.0 => Some(combinations / rows),
        _ => None,
    }
}

/// Writes rows of every table.
fn rows(document: &Document, plan: &Plan, thorough: bool) -> rusqlite::Result<Vec<Fault>> {
    let database = Connection::open_in_memory()?;
    database.execute_batch("PRAGMA foreign_keys = OFF; BEGIN")?;
    for sql in plan.tables.iter().flat_map(|table| &table.create) {
        database.execute_batch(sql)?;
    }
    let mut found = Vec::new();
    let Some(crew) = plan.workloads.first().and_then(|workload| workload.crews.first()) else {
        return Ok(vec![Fault::File("there is no work in it".to_owned())]);
    };
    let is_checked = |table: &DraftTable| {
        table.source.columns.iter().all(|column| column.allowed.is_empty())
            && !super::sql::Statement::new(&table.ddl).checks().is_empty()
    };
    let checked = document.tables.iter().filter(|table| is_checked(table)).count().max(1) as u64;
    let share = |all: u64, tables: u64, bounds: RangeInclusive<u64>| match thorough {
        true => (all / tables).clamp(*bounds.start(), *bounds.end()),
        false => *ROWS.start(),
    };
    let usual = share(ROWS_IN_ALL, plan.tables.len() as u64, ROWS);
    for (index, table) in plan.tables.iter().enumerate() {
        let most = match is_checked(&document.tables[index]) {
            true => share(CHECKED_ROWS_IN_ALL, checked, CHECKED_ROWS),
            false => usual,
        };
        let trial =
            Trial { document, database: &database, table: index, plan: table, dataset: &crew.dataset };
        found.extend(trial.run(most)?);
        let check = format!("PRAGMA foreign_key_check({})", plan::quote(&table.name));
        // Rows without a parent are no fault here: only some rows of each table are there.
        if database.prepare(&check).and_then(|mut check| check.query([])?.next().map(|_| ())).is_err() {
            found.push(Fault::References { table: index });
        }
    }
    Ok(found)
}

/// Rows of one table.
struct Trial<'a> {
    document: &'a Document,
    database: &'a Connection,
    table: usize,
    plan: &'a Table,
    dataset: &'a Dataset,
}

impl Trial<'_> {
    fn run(&self, most: u64) -> rusqlite::Result<Vec<Fault>> {
        let mut found = Vec::new();
        let total = self.dataset.rows_in_all(self.table);
        let columns: Vec<String> = self.plan.columns.iter().map(|name| plan::quote(name)).collect();
        let table = plan::quote(&self.plan.name);
        let sql = if columns.is_empty() {
            format!("INSERT INTO {table} DEFAULT VALUES")
        } else {
            let marks = vec!["?"; columns.len()].join(", ");
            format!("INSERT INTO {table} ({}) VALUES ({marks})", columns.join(", "))
        };
        let mut insert = match self.database.prepare(&sql) {
            Ok(insert) => insert,
            Err(error) => return Ok(vec![self.whole(&error)]),
        };
        let mut workspace = Workspace::default();
        // The first rows, and some as far as the end.
        let first = total.min(most);
        let step = ((total - first) / (most / 5).max(1)).max(1);
        let rows =
            (0..first).chain((first..total).rev().step_by(usize::try_from(step).unwrap_or(usize::MAX)));
        for row in rows {
            if let Err(fault) = self.one(&mut insert, row, &mut workspace) {
                push(&mut found, fault);
                if found.len() >= MOST_FAULTS {
                    break;
                }
            }
        }
        Ok(found)
    }

    fn one(&self, insert: &mut Statement<'_>, row: u64, workspace: &mut Workspace) -> Result<(), Fault> {
        let mut values = Vec::with_capacity(self.plan.columns.len());
        let made = self.dataset.row(self.table, row, workspace, &mut |value| values.push(bound(value)));
        if made.is_err() {
            return Err(self.value(self.plan.columns.get(values.len()).map_or("", String::as_str)));
        }
        match insert.execute(params_from_iter(values)) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.refused(&error)),
        }
    }

    /// Why SQLite refuses a row.
    fn refused(&self, error: &rusqlite::Error) -> Fault {
        let (code, words) = match error {
            rusqlite::Error::SqliteFailure(failure, words) => {
                (failure.extended_code, words.clone().unwrap_or_default())
            }
            _ => return self.whole(error),
        };
        let behind = words.split_once(": ").map_or("", |(_, behind)| behind);
        match code {
            ffi::SQLITE_CONSTRAINT_CHECK => Fault::Check { table: self.table, name: behind.to_owned() },
            ffi::SQLITE_CONSTRAINT_NOTNULL => match self.named(behind).first() {
                Some(&column) => Fault::Null { table: self.table, column },
                None => self.whole(error),
            },
            ffi::SQLITE_CONSTRAINT_DATATYPE => {
                let column =
                    words.rsplit_once(&format!(" column {}.", self.plan.name)).map_or("", |(_, name)| name);
                self.value(column)
            }
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID => self.repeats(behind, error),
            ffi::SQLITE_MISMATCH => match self.document.tables[self.table].source.primary_key.first() {
                Some(&column) => Fault::Value { table: self.table, column },
                None => self.whole(error),
            },
            _ => self.whole(error),
        }
    }

    /// Which constraint finds a value twice.
    fn repeats(&self, behind: &str, error: &rusqlite::Error) -> Fault {
        let table = &self.document.tables[self.table];
        let columns = self.named(behind);
        let is_of = |item: &IndexItem| matches!(item, IndexItem::Sql(_));
        let index = table.indexes.iter().position(|index| {
            let named = behind == format!("index '{}'", index.name);
            // A partial index is named by its columns, like any other.
            let partial = index.unique && index.condition.is_some() && {
                let names = |column: &usize| {
                    let name = &table.columns[*column].name;
                    index.items.iter().any(|item| matches!(item, IndexItem::Column(known) if known == name))
                };
                index.items.len() == columns.len() && columns.iter().all(names)
            };
            named || partial || (columns.is_empty() && index.unique && index.items.iter().any(is_of))
        });
        match index {
            Some(index) => Fault::Index { table: self.table, index, words: error.to_string() },
            None if columns.is_empty() => self.whole(error),
            None => Fault::Repeats { table: self.table, columns },
        }
    }

    /// The columns in SQLite's list `table.column, table.column`.
    fn named(&self, list: &str) -> Vec<usize> {
        let names = &self.document.tables[self.table].columns;
        let is_named = |name: &String| {
            let whole = format!("{}.{name}", self.plan.name);
            list == whole
                || list.starts_with(&format!("{whole}, "))
                || list.ends_with(&format!(", {whole}"))
                || list.contains(&format!(", {whole}, "))
        };
        (0..names.len()).filter(|&index| is_named(&names[index].name)).collect()
    }

    fn value(&self, name: &str) -> Fault {
        let columns = &self.document.tables[self.table].columns;
        match columns.iter().position(|column| column.name.eq_ignore_ascii_case(name)) {
            Some(column) => Fault::Value { table: self.table, column },
            None => Fault::Table { table: self.table, words: "a value cannot be made".to_owned() },
        }
    }

    fn whole(&self, error: &rusqlite::Error) -> Fault {
        Fault::Table { table: self.table, words: error.to_string() }
    }
}

fn bound(value: ValueRef<'_>) -> types::Value {
    match value {
        ValueRef::Null => types::Value::Null,
        ValueRef::Integer(v) => types::Value::Integer(v),
        ValueRef::Real(v) => types::Value::Real(v),
        ValueRef::Text(v) => types::Value::Text(v.to_owned()),
        ValueRef::Blob(v) => types::Value::Blob(v.to_vec()),
        ValueRef::Pooled(v) => types::Value::Blob(v.to_vec()),
    }
}
