//! Names in a statement: tables, columns and functions that there are none of.
//!
//! The whole of a statement is one scope here: a name that exists anywhere in it passes.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Ident, ObjectName, Query, SelectItem, Spanned, Statement, TableAlias, TableFactor, TableObject,
    Visitor,
};

use super::super::operations::instead;
use super::super::statements::Refusal;
use super::examine::{self, Written, name_of};
use super::functions::{self, Call};
use super::text::Places;
use super::{fold, output};
use crate::diagnostic::nearest;

/// Tables with all their columns, as PostgreSQL has them.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) tables: Vec<(String, Vec<String>)>,
}

impl Known {
    pub(super) fn columns(&self, table: &str) -> Option<&[String]> {
        self.tables.iter().find(|(name, _)| name == table).map(|(_, columns)| columns.as_slice())
    }
}

/// What a statement names, and what it writes.
pub(super) struct Scope<'a> {
    known: &'a Known,
    /// Queries behind WITH.
    ctes: BTreeSet<String>,
    /// Other names of tables, and the table; none for what is no table.
    aliases: Vec<(String, Option<String>)>,
    /// Names that the statement gives to columns.
    own: BTreeSet<String>,
    /// Whether it has rows of which the columns are not known.
    opaque: bool,
    functions: Vec<Call>,
    relations: Vec<ObjectName>,
    columns: Vec<Ident>,
    qualified: Vec<Vec<Ident>>,
    inserted: Vec<(ObjectName, Vec<ObjectName>)>,
    makes_table: bool,
    pub(super) written: Vec<Written>,
}

/// Columns that every table has, and words that stand where a column could.
const SPECIAL: [&str; 20] = [
    "cmax",
    "cmin",
    "ctid",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "excluded",
    "localtime",
    "localtimestamp",
    "oid",
    "session_user",
    "tableoid",
    "user",
    "xmax",
    "xmin",
];

impl<'a> Scope<'a> {
    pub(super) fn of(known: &'a Known, tree: &Statement) -> Scope<'a> {
        let mut scope = Scope {
            known,
            ctes: BTreeSet::new(),
            aliases: Vec::new(),
            own: BTreeSet::new(),
            opaque: false,
            functions: Vec::new(),
            relations: Vec::new(),
            columns: Vec::new(),
            qualified: Vec::new(),
            inserted: Vec::new(),
            makes_table: false,
            written: Vec::new(),
        };
        examine::visit(tree, &mut scope);
        scope
    }

    /// Says what there is none of.
    pub(super) fn check(&self, tree: &Statement, places: &Places<'_>) -> Result<(), Refusal> {
        if self.makes_table {
            let words = "an operation cannot change the schema: SELECT … INTO makes a table".to_owned();
            let help = "write INSERT INTO … SELECT, into a table of `[tables]`".to_owned();
            return Err(Refusal { words, help, range: places.range(tree.span()) });
        }
        self.relations.iter().try_for_each(|name| self.check_table(name, places))?;
        self.functions.iter().try_for_each(|call| {
            functions::check(call, places, "SQL for PostgreSQL alone stands in `sql_postgres` beside `sql`")
        })?;
        self.check_written(places)?;
        self.qualified.iter().try_for_each(|parts| self.check_qualified(parts, places))?;
        self.columns.iter().try_for_each(|name| self.check_column(name, places))
    }

    fn check_table(&self, name: &ObjectName, places: &Places<'_>) -> Result<(), Refusal> {
        let range = places.range(name.span());
        if name.0.len() > 1 {
            let words = format!("`{name}` names a schema, and an operation stays in that of the run");
            let help = "write the name of the table alone".to_owned();
            return Err(Refusal { words, help, range });
        }
        let table = name_of(name);
        if self.ctes.contains(&table) || self.known.columns(&table).is_some() {
            return Ok(());
        }
        let tables = self.known.tables.iter().map(|(name, _)| name.as_str());
        let cased = tables.clone().find(|known| known.eq_ignore_ascii_case(&table));
        let help = match cased {
            Some(known) => format!("write `\"{known}\"`: without quotes PostgreSQL reads small letters"),
            None => instead(&table, "tables", tables),
        };
        Err(Refusal { words: format!("there is no table `{name}`"), help, range })
    }

    fn check_written(&self, places: &Places<'_>) -> Result<(), Refusal> {
        for (table, columns) in &self.inserted {
            let table = name_of(table);
            let Some(known) = self.known.columns(&table) else { continue };
            for column in columns {
                let name = name_of(column);
                if !known.contains(&name) {
                    return Err(unknown_column(&name, Some(&table), known, places.range(column.span())));
                }
            }
        }
        for written in &self.written {
            let Written::Update(table, columns) = written else { continue };
            let Some(known) = self.known.columns(table) else { continue };
            if let Some(name) = columns.iter().find(|name| !known.contains(name)) {
                let range = places.word(name);
                return Err(unknown_column(name, Some(table), known, range));
            }
        }
        Ok(())
    }

    fn check_qualified(&self, parts: &[Ident], places: &Places<'_>) -> Result<(), Refusal> {
        let [table, column] = parts else { return Ok(()) };
        let (name, column_name) = (fold(table), fold(column));
        if SPECIAL.contains(&name.as_str()) || SPECIAL.contains(&column_name.as_str()) {
            return Ok(());
        }
        let aliased = self.aliases.iter().find(|(alias, _)| *alias == name);
        let columns = match aliased {
            Some((_, Some(table))) if !self.ctes.contains(table) => {
                self.known.columns(table).map(|c| (table.as_str(), c))
            }
            Some(_) => None,
            None if self.ctes.contains(&name) => None,
            None => match self.known.columns(&name) {
                Some(columns) => Some((name.as_str(), columns)),
                None => {
                    let aliases = self.aliases.iter().map(|(alias, _)| alias.as_str());
                    let tables = self.known.tables.iter().map(|(table, _)| table.as_str());
                    let names: Vec<&str> = aliases.chain(tables).collect();
                    let help = instead(&name, "tables", names.into_iter());
                    let words = format!("there is no table `{table}` here");
                    return Err(Refusal { words, help, range: places.range(table.span) });
                }
            },
        };
        match columns {
            Some((table, columns)) if !columns.contains(&column_name) => {
                Err(unknown_column(&column_name, Some(table), columns, places.range(column.span)))
            }
            _ => Ok(()),
        }
    }

    fn check_column(&self, column: &Ident, places: &Places<'_>) -> Result<(), Refusal> {
        let name = fold(column);
        let mine = self.own.contains(&name) || self.ctes.contains(&name) || SPECIAL.contains(&name.as_str());
        let alias = self.aliases.iter().any(|(alias, _)| *alias == name);
        let used = || self.known.tables.iter().filter(|(table, _)| self.uses(table));
        let known = used().any(|(table, columns)| *table == name || columns.contains(&name));
        if mine || alias || known || self.opaque {
            return Ok(());
        }
        let columns: Vec<String> = used().flat_map(|(_, columns)| columns.iter().cloned()).collect();
        Err(unknown_column(&name, None, &columns, places.range(column.span)))
    }

    fn uses(&self, table: &str) -> bool {
        self.relations.iter().any(|name| name_of(name) == table)
    }

    fn alias(&mut self, alias: Option<&TableAlias>, table: Option<String>, columns_known: bool) {
        if let Some(alias) = alias {
            self.aliases.push((fold(&alias.name), table));
            self.own.extend(alias.columns.iter().map(|column| fold(&column.name)));
        }
        let named = alias.is_some_and(|alias| !alias.columns.is_empty());
        self.opaque |= !columns_known && !named;
    }
}

fn unknown_column(
    name: &str,
    table: Option<&str>,
    columns: &[String],
    range: Option<std::ops::Range<usize>>,
) -> Refusal {
    let words = match table {
        Some(table) => format!("table `{table}` has no column `{name}`"),
        None => format!("there is no column `{name}` here"),
    };
    let cased = columns.iter().find(|known| known.eq_ignore_ascii_case(name));
    let help = match (cased, nearest(name, columns.iter().map(String::as_str))) {
        (Some(known), _) => format!("write `\"{known}\"`: without quotes PostgreSQL reads small letters"),
        (None, _) if name == "rowid" => "PostgreSQL has none: find rows by their key".to_owned(),
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) if columns.is_empty() => "texts stand in single quotes; \"…\" is a name".to_owned(),
        (None, None) => {
            let mut list: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
            list.dedup();
            format!("the columns are {}; texts stand in single quotes", list.join(", "))
        }
    };
    Refusal { words, help, range }
}

impl Visitor for Scope<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.ctes.insert(fold(&cte.alias.name));
            self.own.extend(cte.alias.columns.iter().map(|column| fold(&column.name)));
            match output::of_query(self.known, &cte.query) {
                Some(columns) => self.own.extend(columns),
                None => self.opaque |= cte.alias.columns.is_empty(),
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &sqlparser::ast::Select) -> ControlFlow<()> {
        self.makes_table |= select.into.is_some();
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.own.insert(fold(alias));
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        if !self.functions.iter().any(|function| function.name.span() == relation.span()) {
            self.relations.push(relation.clone());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                self.alias(alias.as_ref(), Some(name_of(name)), true);
            }
            TableFactor::Table { name, alias, .. } | TableFactor::Function { name, alias, .. } => {
                self.functions.push(Call::in_place_of_table(name));
                self.own.insert(name_of(name));
                self.alias(alias.as_ref(), None, false);
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let columns = output::of_query(self.known, subquery);
                self.alias(alias.as_ref(), None, columns.is_some());
                self.own.extend(columns.into_iter().flatten());
            }
            TableFactor::UNNEST { alias, .. } | TableFactor::TableFunction { alias, .. } => {
                self.alias(alias.as_ref(), None, false);
            }
            TableFactor::NestedJoin { alias, .. } => self.alias(alias.as_ref(), None, true),
            _ => self.opaque = true,
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => self.columns.push(name.clone()),
            Expr::CompoundIdentifier(parts) => self.qualified.push(parts.clone()),
            Expr::Function(function) => self.functions.push(Call::of(function)),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        self.written.extend(Written::of(statement));
        if let Statement::Insert(insert) = statement
            && let TableObject::TableName(table) = &insert.table
        {
            self.inserted.push((table.clone(), insert.columns.clone()));
            if let Some(alias) = &insert.table_alias {
                self.aliases.push((fold(&alias.alias), Some(name_of(table))));
            }
        }
        ControlFlow::Continue(())
    }
}
