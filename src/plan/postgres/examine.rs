//! Statements of the scenario's own, as PostgreSQL reads them: what they need, what they give, and which tables they write.
//!
//! Nothing is carried out. Which names there are is looked at in `scope`, which columns a statement gives in `output`.

use sqlparser::ast::{Assignment, AssignmentTarget, LimitClause, ObjectName, OnConflictAction, OnInsert};
use sqlparser::ast::{FromTable, Insert, Query, Statement, TableFactor, TableObject, TableWithJoins, Visit};
use sqlparser::tokenizer::Word;

use super::super::ddl::quote;
use super::super::statements::{self, Examined, Refusal};
use super::super::tables::Tables;
use super::numbered::{self, Numbered};
use super::scope::{Known, Scope};
use super::text::{self, Places};
use super::{fold, output};

/// A statement as it is sent, and what is known of it.
#[derive(Debug)]
pub(in super::super) struct Read {
    pub(in super::super) sql: String,
    pub(in super::super) examined: Examined,
}

/// Reads a statement. `own` says that it is written for PostgreSQL; else names stand for the scenario's tables and columns whatever their case.
pub(in super::super) fn read(tables: &mut Tables, sql: &str, own: bool) -> Result<Read, Refusal> {
    let known = known(tables);
    let spelt = |word: &Word, called: bool| if own { None } else { respelt(&known, word, called) };
    let Numbered { sql: made, parameters, tokens } = numbered::numbered(sql, &spelt)?;
    let trees = text::statements(sql, tokens).map_err(|refusal| with_keyword(refusal, sql, tables))?;
    let tree = only(&trees)?;
    check_kind(tree)?;
    let scope = Scope::of(&known, tree);
    scope.check(tree, &Places::new(sql))?;
    // What SQLite takes as well is known from there: names of columns as the scenario has them for both.
    let tried =
        if own { None } else { statements::examine(&mut tables.database, sql, &tables.names, false).ok() };
    let examined = match tried {
        Some(examined) => Examined { parameters, ..examined },
        None => {
            let columns = output::of_statement(&known, tree).unwrap_or_else(|| vec![output::ALL.to_owned()]);
            let mut examined = Examined { parameters, columns, ..Examined::default() };
            for written in &scope.written {
                note(tables, written, &mut examined);
            }
            examined
        }
    };
    Ok(Read { sql: made, examined })
}

/// What a statement does to rows of one table.
#[derive(Debug)]
pub(super) enum Written {
    Insert(String),
    Delete(String),
    Update(String, Vec<String>),
}

impl Written {
    /// Of a statement alone, without those in it.
    pub(super) fn of(statement: &Statement) -> Vec<Written> {
        let update = |table: &ObjectName, assignments: &[Assignment]| {
            let targets = assignments.iter().flat_map(|assignment| match &assignment.target {
                AssignmentTarget::ColumnName(name) => std::slice::from_ref(name),
                AssignmentTarget::Tuple(names) => names,
            });
            let columns = targets.filter_map(|name| Some(fold(name.0.first()?.as_ident()?))).collect();
            Written::Update(name_of(table), columns)
        };
        match statement {
            Statement::Insert(insert) => {
                let TableObject::TableName(table) = &insert.table else { return Vec::new() };
                let mut all = vec![Written::Insert(name_of(table))];
                if let Some(OnInsert::OnConflict(conflict)) = &insert.on
                    && let OnConflictAction::DoUpdate(new) = &conflict.action
                {
                    all.push(update(table, &new.assignments));
                }
                all
            }
            Statement::Update(sqlparser::ast::Update { table, assignments, .. }) => {
                table_of(table).map(|table| update(table, assignments)).into_iter().collect()
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
                from.iter().filter_map(table_of).map(|table| Written::Delete(name_of(table))).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The table that stands first.
fn table_of(table: &TableWithJoins) -> Option<&ObjectName> {
    match &table.relation {
        TableFactor::Table { name, args: None, .. } => Some(name),
        _ => None,
    }
}

/// As PostgreSQL looks for it.
pub(super) fn name_of(name: &ObjectName) -> String {
    name.0.last().and_then(|part| part.as_ident()).map(fold).unwrap_or_default()
}

/// What there is to name: tables with all their columns, as PostgreSQL has them.
fn known(tables: &Tables) -> Known {
    let of = |((name, _), facts): (&(String, Vec<String>), &super::super::ddl::TableFacts)| {
        (name.clone(), facts.columns.iter().map(|column| column.name.clone()).collect())
    };
    Known { tables: tables.names.tables.iter().zip(&tables.facts).map(of).collect() }
}

/// Words that SQLite takes as a name and PostgreSQL does not.
const RESERVED: [&str; 14] = [
    "analyse",
    "array",
    "asymmetric",
    "both",
    "fetch",
    "grant",
    "leading",
    "only",
    "placing",
    "some",
    "symmetric",
    "trailing",
    "user",
    "variadic",
];

/// A table or column whose name PostgreSQL would not find as it is written.
fn respelt(known: &Known, word: &Word, called: bool) -> Option<String> {
    if word.quote_style.is_some() || called {
        return None;
    }
    let lower = word.value.to_lowercase();
    let names = known.tables.iter().flat_map(|(table, columns)| std::iter::once(table).chain(columns));
    let mut same = names.filter(|name| name.eq_ignore_ascii_case(&word.value));
    let name = same.next()?;
    let plain = *name == lower && !RESERVED.contains(&lower.as_str());
    // Two names that differ by their case alone are told apart by who writes them.
    (!plain && same.all(|other| other == name)).then(|| name.clone())
}

fn with_keyword(refusal: Refusal, sql: &str, tables: &Tables) -> Refusal {
    let (before, rest) = refusal.range.as_ref().map_or(("", ""), |range| sql.split_at(range.start));
    let help =
        match statements::template_in(rest).or_else(|| statements::keyword(before, rest, &tables.names)) {
            Some(help) => help,
            None => refusal.help.clone(),
        };
    Refusal { help, ..refusal }
}

fn only(trees: &[Statement]) -> Result<&Statement, Refusal> {
    let refuse = |words: &str, help: &str| {
        Err(Refusal { words: words.to_owned(), help: help.to_owned(), range: None })
    };
    match trees {
        [one] => Ok(one),
        [] => refuse("there is no statement here", "write one, such as `SELECT 1`"),
        _ => refuse(
            "PostgreSQL would refuse this: only one statement can stand here",
            "write one step for each: `[[operations.NAME.steps]]` with its `sql`",
        ),
    }
}

/// What an operation may be.
fn check_kind(tree: &Statement) -> Result<(), Refusal> {
    let refuse = |words: String, help: &str| Err(Refusal { words, help: help.to_owned(), range: None });
    let first = || tree.to_string().split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    match tree {
        Statement::Query(query) => check_query(query),
        Statement::Insert(insert) => check_insert(insert),
        Statement::Update(_) | Statement::Delete(_) => Ok(()),
        Statement::StartTransaction { .. }
        | Statement::Commit { .. }
        | Statement::Rollback { .. }
        | Statement::Savepoint { .. }
        | Statement::ReleaseSavepoint { .. } => {
            let help = "leave it out, and write for instance `transaction = \"repeatable_read\"` beside the operation's steps";
            refuse("a statement of an operation cannot begin or end a transaction".to_owned(), help)
        }
        _ if ["CREATE", "DROP", "ALTER"].contains(&first().as_str()) => {
            let help = "tables and indexes are made before a level, as `[tables]` says";
            refuse("an operation cannot change the schema".to_owned(), help)
        }
        Statement::Set(_) => {
            let help = "settings of every session stand in `[database.settings]`";
            refuse("an operation cannot change a session".to_owned(), help)
        }
        _ => {
            let help = "write SELECT, INSERT, UPDATE, DELETE, VALUES, or one of them behind WITH";
            refuse(format!("an operation reads and writes rows, and {} does neither", first()), help)
        }
    }
}

fn check_query(query: &Query) -> Result<(), Refusal> {
    let LimitClauses(found) = LimitClauses::of(query);
    if found {
        return Err(Refusal {
            words: "PostgreSQL would refuse this: LIMIT has one number".to_owned(),
            help: "write `LIMIT rows OFFSET skipped` instead of `LIMIT skipped, rows`".to_owned(),
            range: None,
        });
    }
    Ok(())
}

/// Whether the query has SQLite's `LIMIT a, b`.
struct LimitClauses(bool);

impl LimitClauses {
    fn of(query: &Query) -> LimitClauses {
        LimitClauses(matches!(query.limit_clause, Some(LimitClause::OffsetCommaLimit { .. })))
    }
}

fn check_insert(insert: &Insert) -> Result<(), Refusal> {
    if insert.or.is_none() && !insert.replace_into {
        return Ok(());
    }
    let words = "PostgreSQL would refuse this: it has no INSERT OR … and no REPLACE".to_owned();
    let help = "write INSERT … ON CONFLICT DO NOTHING, or ON CONFLICT (column) DO UPDATE SET …, which SQLite takes as well";
    Err(Refusal { words, help: help.to_owned(), range: None })
}

/// Adds what a write does to rows, those included that go or change with them.
fn note(tables: &mut Tables, written: &Written, examined: &mut Examined) {
    examined.writes = true;
    let sql = match written {
        Written::Insert(table) => format!("INSERT INTO {} DEFAULT VALUES", quote(table)),
        Written::Delete(table) => format!("DELETE FROM {} WHERE 1", quote(table)),
        Written::Update(table, columns) => {
            let each: Vec<String> =
                columns.iter().map(|column| format!("{} = NULL", quote(column))).collect();
            format!("UPDATE {} SET {}", quote(table), each.join(", "))
        }
    };
    let Ok(found) = statements::examine(&mut tables.database, &sql, &tables.names, false) else { return };
    examined.counts.extend(
        found.counts.iter().filter(|table| !examined.counts.contains(table)).copied().collect::<Vec<_>>(),
    );
    let new: Vec<_> =
        found.overwrites.into_iter().filter(|entry| !examined.overwrites.contains(entry)).collect();
    examined.overwrites.extend(new);
}

/// Goes through a tree.
pub(super) fn visit(tree: &Statement, visitor: &mut impl sqlparser::ast::Visitor) {
    let _ = tree.visit(visitor);
}
