//! From tables of a scenario to rows of a dataset: which column has a value, from where, and what must be distinct.

use std::sync::Arc;

use super::columns;
use super::ddl::{self, TableFacts, span_of};
use super::names::Names;
use super::references::{self, Place};
use super::values;
use super::{EngineKind, postgres};
use crate::dataset::{Column, Combination, Rows, Source};
use crate::diagnostic::{Code, Diagnostic, Sources, Span, nearest};
use crate::scenario::{Loaded, Scenario, Spans};
use crate::template::Distinct;

/// What the tables come to.
pub(super) struct Tables {
    pub(super) facts: Vec<TableFacts>,
    pub(super) rows: Arc<Vec<Rows>>,
    /// Per table, the references that are distinct together.
    pub(super) combinations: Vec<Vec<Combination>>,
    /// Parents before children.
    pub(super) ranks: Vec<usize>,
    /// Tables that another table's rows refer to.
    pub(super) parents: Vec<Vec<usize>>,
    /// What templates and operations may name.
    pub(super) names: Names,
    /// The empty tables, in memory.
    pub(super) database: rusqlite::Connection,
}

pub(super) struct Input<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) spans: &'a Spans,
    pub(super) sources: &'a Sources,
    /// Engines of all cases.
    pub(super) engines: &'a [EngineKind],
}

impl<'a> Input<'a> {
    pub(super) fn of(loaded: &'a Loaded) -> Input<'a> {
        let Loaded { scenario, spans, sources, engines, .. } = loaded;
        Input { scenario, spans, sources, engines }
    }
}

impl Input<'_> {
    pub(super) fn at(&self, parts: &[&str]) -> Option<Span> {
        span_of(self.spans, parts)
    }

    /// What carries out the case.
    pub(super) fn engine(&self) -> EngineKind {
        self.scenario.database.engine
    }

    /// What makes the tables, in words.
    pub(super) fn store(&self) -> &'static str {
        if self.is_postgres() { EngineKind::Postgres.in_words() } else { EngineKind::Sqlite.in_words() }
    }

    /// The key under which the SQL of a table stands, where it has any.
    pub(super) fn ddl_key(&self, table: &str) -> &'static str {
        let section = self.scenario.tables.get(table);
        section.and_then(|section| section.sql_of(self.is_postgres())).map_or("ddl", |(key, _)| key)
    }

    /// Whether it is a server that speaks PostgreSQL's protocol.
    pub(super) fn is_postgres(&self) -> bool {
        self.engine() == EngineKind::Postgres
    }
}

/// Makes the tables in memory, then decides where each column's values come from. Faults are added to `faults`.
pub(super) fn resolve(input: &Input<'_>, faults: &mut Vec<Diagnostic>) -> Option<Tables> {
    let scenario = input.scenario;
    let before = faults.len();
    let (database, facts) = make_all(input, faults)?;
    if faults.len() > before {
        return None;
    }
    let names = Names {
        tables: scenario
            .tables
            .iter()
            .zip(&facts)
            .map(|((name, section), facts)| (name.clone(), written(section, facts)))
            .collect(),
    };
    let mut rows = Vec::new();
    for (table, (name, _)) in scenario.tables.iter().enumerate() {
        let mut columns = Vec::new();
        for column in &names.tables[table].1 {
            match source_of(input, &facts, &names, table, column) {
                Ok(source) => columns.push(Column::new(scenario.seed, name, column, source)),
                Err(found) => faults.extend(found),
            }
        }
        columns::report_missing(input, &facts[table], name, &names.tables[table].1, faults);
        columns::report_misspelt(input, &facts[table], name, faults);
        references::choose_alike(input, name, &mut columns, faults);
        rows.push(Rows { name: name.clone(), columns });
    }
    if faults.len() > before {
        return None;
    }
    let parents: Vec<Vec<usize>> = rows.iter().enumerate().map(|(t, r)| parents_of(t, r)).collect();
    let ranks = match rank(&parents) {
        Ok(ranks) => ranks,
        Err(circle) => {
            faults.push(columns::circle(input, &circle));
            return None;
        }
    };
    let combinations = super::distinct::bind(input, &facts, &mut rows, faults);
    Some(Tables { facts, rows: Arc::new(rows), combinations, ranks, parents, names, database })
}

fn make_all(
    input: &Input<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<(rusqlite::Connection, Vec<TableFacts>)> {
    let mut all = Vec::new();
    let database = match ddl::trial_database() {
        Ok(database) => database,
        Err(error) => {
            faults.push(Diagnostic::error(Code::Sql, None, format!("SQLite does not start: {error}")));
            return None;
        }
    };
    for (name, section) in &input.scenario.tables {
        let typed = section.columns.iter().find(|(_, c)| c.sql_type.is_some());
        if let (Some(_), Some((column, _))) = (&section.ddl, typed) {
            let at = input.at(&["tables", name, "columns", column, "type"]);
            faults.push(
                Diagnostic::error(
                    Code::TypeAndDdl,
                    at,
                    format!("`{name}` has `ddl`, so its columns have no `type`"),
                )
                .help("leave out `type` here, or leave out `ddl`"),
            );
        }
        let only_server = section.ddl.is_none() && section.ddl_postgres.is_some() && typed.is_none();
        if only_server && !input.is_postgres() {
            let at = input.spans.key(&["tables", name, "ddl_postgres"]);
            let words = format!("`{name}` has `ddl_postgres` alone, which is for a server");
            let help = "write the table for this engine as `ddl`, or give its columns types";
            faults.push(Diagnostic::error(Code::TypeAndDdl, at, words).help(help));
            continue;
        }
        if section.sql_of(input.is_postgres()).is_none() && section.columns.is_empty() {
            let at = input.at(&["tables", name]);
            let others = input.scenario.tables.keys().map(String::as_str).filter(|other| other != name);
            let list = "list them under `columns`, or write the table as SQL under `ddl`";
            let help = nearest(name, others)
                .map_or_else(|| list.to_owned(), |near| format!("did you mean `{near}`? Otherwise {list}"));
            faults.push(
                Diagnostic::error(Code::TypeAndDdl, at, format!("table `{name}` has no columns")).help(help),
            );
            continue;
        }
        let unknown = columns::unknown_in_groups(input, name, section);
        if !unknown.is_empty() {
            faults.extend(unknown);
            continue;
        }
        let made = match input.engine() {
            EngineKind::Postgres => postgres::make(&database, input, name, section),
            EngineKind::Sqlite | EngineKind::Memtable => {
                ddl::make(&database, name, section, input.spans, input.sources)
            }
        };
        match made {
            Ok(facts) => all.push(facts),
            Err(found) => faults.extend(found),
        }
    }
    Some((database, all))
}

/// The columns that an INSERT names, in the table's order.
fn written(section: &crate::scenario::TableSection, facts: &TableFacts) -> Vec<String> {
    let referring: Vec<&String> =
        facts.foreign_keys.iter().flat_map(|k| k.columns.iter().map(|(here, _)| here)).collect();
    let has_value =
        |name: &str| section.columns.iter().any(|(c, s)| c.eq_ignore_ascii_case(name) && s.value.is_some());
    let keep = |c: &&ddl::ColumnFacts| {
        !c.generated
            && (c.row_id || has_value(&c.name) || referring.iter().any(|r| r.eq_ignore_ascii_case(&c.name)))
    };
    facts.columns.iter().filter(keep).map(|c| c.name.clone()).collect()
}

fn source_of(
    input: &Input<'_>,
    facts: &[TableFacts],
    names: &Names,
    table: usize,
    column: &str,
) -> Result<Source, Vec<Diagnostic>> {
    let (name, section) =
        input.scenario.tables.get_index(table).expect("the tables are numbered in their order");
    let place = Place { facts, names, table, column };
    let given = section.columns.iter().find(|(c, _)| c.eq_ignore_ascii_case(column));
    if let Some((spelt, value)) = given.and_then(|(c, s)| Some((c, s.value.as_ref()?))) {
        let path = ["tables", name, "columns", spelt, "value"];
        return values::made_from(input, names, &path, value, false)
            .map(|template| place.reference_or_template(template));
    }
    place.without_value(input, name).map_err(|fault| vec![fault])
}

fn parents_of(table: usize, rows: &Rows) -> Vec<usize> {
    let mut parents: Vec<usize> = rows
        .columns
        .iter()
        .flat_map(|column| match &column.source {
            Source::Reference { target, .. } | Source::Combined { target, .. } => vec![target.table],
            Source::Template(template) => template.facts().references().iter().map(|t| t.table).collect(),
            Source::Row => Vec::new(),
        })
        .filter(|&parent| parent != table)
        .collect();
    parents.sort_unstable();
    parents.dedup();
    parents
}

/// Numbers the tables so that parents come first; the tables of a circle where that cannot be.
fn rank(parents: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut ranks = vec![usize::MAX; parents.len()];
    for place in 0..parents.len() {
        let ready = |&t: &usize| ranks[t] == usize::MAX && parents[t].iter().all(|&p| ranks[p] != usize::MAX);
        match (0..parents.len()).find(ready) {
            Some(table) => ranks[table] = place,
            None => return Err(circle(parents, &ranks)),
        }
    }
    Ok(ranks)
}

/// Every table without a rank has a parent without one: going from parent to parent comes back somewhere.
fn circle(parents: &[Vec<usize>], ranks: &[usize]) -> Vec<usize> {
    let open = |table: &usize| ranks[*table] == usize::MAX;
    let mut way: Vec<usize> = (0..ranks.len()).find(|t| open(t)).into_iter().collect();
    while let Some(next) = way.last().and_then(|&t| parents[t].iter().copied().find(|p| open(p))) {
        if let Some(start) = way.iter().position(|&t| t == next) {
            return way.split_off(start);
        }
        way.push(next);
    }
    way
}

/// Tables whose unique columns run out of values before the rows do.
pub(super) fn check_capacity(
    input: &Input<'_>,
    tables: &Tables,
    rows_in_all: &[u64],
    faults: &mut Vec<Diagnostic>,
) {
    for (table, rows) in tables.rows.iter().enumerate() {
        for column in &rows.columns {
            let Source::Template(template) = &column.source else { continue };
            let capacity = template.facts().capacity();
            if let Some(few) = capacity.filter(|&c| c < u128::from(rows_in_all[table])) {
                let at = input.at(&["tables", &rows.name, "columns", &column.name, "value"]);
                let words = format!(
                    "`{}` gets {} rows, but this gives only {few} distinct values",
                    rows.name, rows_in_all[table]
                );
                faults.push(
                    Diagnostic::error(Code::NotDistinct, at, words)
                        .help("widen its range, or write fewer rows"),
                );
            }
        }
    }
}

/// Whether values of a column never repeat.
pub(super) fn never_repeats(column: &Column) -> bool {
    column.distinct() == Distinct::Unique
}
