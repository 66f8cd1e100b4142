//! The scenario's tables as PostgreSQL makes them: `CREATE TABLE` and its indexes, from the same columns as SQLite's.
//!
//! What a table comes to is read from SQLite, in whose form it is tried: `trial`.

use std::ops::ControlFlow;

use rusqlite::Connection;
use sqlparser::ast::{
    ColumnOption, CreateIndex, CreateTable, DataType, Expr, ForeignKeyConstraint, Ident, ObjectName,
    Statement as Tree, TableConstraint, Value, VisitMut, VisitorMut,
};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::super::ddl::TableFacts;
use super::super::ddl_text::{Statement, create_indexes, create_table};
use super::super::statements::Refusal;
use super::super::tables::Input;
use super::text::{self, Places};
use super::{fold, functions, trial, types};
use crate::diagnostic::{Code, Diagnostic};
use crate::scenario::{ColumnSection, TableSection};

/// Makes one table's statements, and what the table comes to.
pub(in super::super) fn make(
    database: &Connection,
    input: &Input<'_>,
    name: &str,
    table: &TableSection,
) -> Result<TableFacts, Vec<Diagnostic>> {
    let own = table.ddl_postgres.is_some();
    untyped(input, name, table)?;
    let statement = create_table(name, table, true);
    let placed = |statement: &Statement, refusal: Refusal| {
        let at = refusal.range.and_then(|range| statement.place(range, input.spans, input.sources));
        let at = at.or_else(|| statement.whole(input.spans));
        Diagnostic::error(Code::Sql, at, refusal.words).help(refusal.help)
    };
    let mut create = parse_table(&statement.sql, own).map_err(|refusal| vec![placed(&statement, refusal)])?;
    if let Err(refusal) = check_table(&create, name, own, &statement.sql) {
        return Err(vec![placed(&statement, refusal)]);
    }
    let mut made = vec![create.to_string()];
    if own {
        // As the server understands it: what it makes is known by those names.
        let _ = VisitMut::visit(&mut create, &mut Folding);
    }
    let columns = create.columns.iter().map(|column| column.name.value.clone()).collect();
    let spelling = Spelling { input, columns };
    if !own {
        translate(&mut create, &spelling, name);
        made = vec![create.to_string()];
    }
    let mut tried = vec![trial::table(&create, name)];
    let mut faults = Vec::new();
    for index in create_indexes(name, table) {
        match parse_index(&index.sql) {
            Ok(mut tree) => {
                translate_index(&mut tree, &spelling);
                tried.push(trial::index(&tree, name));
                made.push(tree.to_string());
            }
            Err(refusal) => faults.push(placed(&index, refusal)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    trial::make(database, name, &create, &tried, made).map_err(|words| {
        let help =
            "two things of a database cannot have one name, and a table has one primary key".to_owned();
        let words = format!("PostgreSQL would refuse this: {words}");
        vec![placed(&statement, Refusal { words, help, range: None })]
    })
}

/// Columns without a type, which SQLite takes.
fn untyped(input: &Input<'_>, name: &str, table: &TableSection) -> Result<(), Vec<Diagnostic>> {
    let bare = |column: &ColumnSection| column.sql_type.as_deref().is_none_or(|text| text.trim().is_empty());
    let none = table.sql_of(true).is_none();
    let found: Vec<Diagnostic> = table
        .columns
        .iter()
        .filter(|(_, section)| none && bare(section))
        .map(|(column, _)| {
            let at = input.spans.key(&["tables", name, "columns", column]);
            let words = format!("column `{column}` of `{name}` has no type, and PostgreSQL wants one");
            Diagnostic::error(Code::TypeAndDdl, at, words).help("write one, such as `type = \"TEXT\"`")
        })
        .collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// The tree of a `CREATE TABLE`; `own` says that it is written for PostgreSQL.
fn parse_table(sql: &str, own: bool) -> Result<CreateTable, Refusal> {
    let mut tokens = text::tokens(sql)?;
    if !own {
        tokens = without_sqlite(sql, tokens)?;
    }
    let only = |words: &str| Refusal {
        words: words.to_owned(),
        help: "write CREATE TABLE alone; indexes stand under `indexes`".to_owned(),
        range: None,
    };
    match text::statements(sql, tokens)?.as_slice() {
        [Tree::CreateTable(create)] => Ok(create.clone()),
        [_] => Err(only("this is no CREATE TABLE")),
        [] => Err(only("there is no statement here")),
        _ => Err(only("only one statement can stand here")),
    }
}

fn parse_index(sql: &str) -> Result<CreateIndex, Refusal> {
    let tokens = without_sqlite(sql, text::tokens(sql)?)?;
    match text::statements(sql, tokens)?.as_slice() {
        [Tree::CreateIndex(index)] => Ok(index.clone()),
        _ => Err(Refusal {
            words: "only one statement can stand here".to_owned(),
            help: "an item of `columns` is the name of a column, or an expression; `where` is a condition, such as `price > 0`"
                .to_owned(),
            range: None,
        }),
    }
}

/// Takes out what SQLite needs and PostgreSQL does by itself; refuses what only SQLite has.
fn without_sqlite(sql: &str, tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>, Refusal> {
    let solid: Vec<&TokenWithSpan> =
        tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
    let word = |index: usize| match solid.get(index).map(|token| &token.token) {
        Some(Token::Word(word)) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
        _ => String::new(),
    };
    let refuse = |first: usize, last: usize, words: String, help: &str| {
        let places = Places::new(sql);
        let ends = [first, last].map(|index| solid.get(index).and_then(|token| places.range(token.span)));
        let range = match ends {
            [Some(first), Some(last)] => Some(first.start..last.end),
            _ => None,
        };
        Refusal { words, help: help.to_owned(), range }
    };
    let end = solid.iter().rposition(|token| token.token == Token::RParen).unwrap_or(solid.len());
    let (mut dropped, mut inserted) = (Vec::new(), Vec::new());
    for index in 0..solid.len() {
        match word(index).as_str() {
            "COLLATE" if ["NOCASE", "BINARY", "RTRIM"].contains(&word(index + 1).as_str()) => {
                let words = format!("PostgreSQL has no collation {}", word(index + 1));
                let help = match word(index + 1).as_str() {
                    "NOCASE" => {
                        "leave it out, and let an index on `lower(…)` and statements of your own compare without case; or give the table `ddl_postgres`"
                    }
                    "BINARY" => "leave it out, or give the table `ddl_postgres` with COLLATE \"C\"",
                    _ => "leave it out, or give the table `ddl_postgres`",
                };
                return Err(refuse(index, index + 1, words, help));
            }
            "CONFLICT" if index > 0 && word(index - 1) == "ON" => {
                let words = "PostgreSQL has no ON CONFLICT in CREATE TABLE".to_owned();
                let help = "leave it out, and write it into the statement: `upsert`, or INSERT … ON CONFLICT";
                return Err(refuse(index - 1, index + 1, words, help));
            }
            "AUTOINCREMENT" => dropped.push(index),
            // A generated column, which SQLite needs fewer words for.
            "AS" if solid.get(index + 1).is_some_and(|next| next.token == Token::LParen) => {
                if index > 0 && word(index - 1) != "ALWAYS" {
                    inserted.extend([(index, "GENERATED"), (index, "ALWAYS")]);
                }
                let behind = closing(&solid, index + 1) + 1;
                dropped.extend((word(behind) == "VIRTUAL").then_some(behind));
                inserted.extend((word(behind) != "STORED").then_some((behind, "STORED")));
            }
            "ASC" | "DESC" if index > 0 && word(index - 1) == "KEY" => dropped.push(index),
            "STRICT" | "WITHOUT" | "ROWID" if index > end => {
                dropped.push(index);
                dropped.extend((solid[index - 1].token == Token::Comma).then_some(index - 1));
            }
            _ => {}
        }
    }
    let mut made = Vec::new();
    for (index, token) in solid.iter().enumerate() {
        let before = inserted.iter().filter(|(place, _)| *place == index);
        made.extend(
            before.map(|(_, word)| TokenWithSpan { token: Token::make_keyword(word), span: token.span }),
        );
        made.extend((!dropped.contains(&index)).then(|| (*token).clone()));
    }
    Ok(made)
}

/// Where the bracket closes that opens at an index.
fn closing(tokens: &[&TokenWithSpan], open: usize) -> usize {
    let mut depth = 0;
    let closes = |token: &&TokenWithSpan| {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        depth == 0
    };
    tokens[open..].iter().position(closes).map_or(tokens.len(), |length| open + length)
}

/// What a table of the scenario cannot be.
fn check_table(create: &CreateTable, name: &str, own: bool, sql: &str) -> Result<(), Refusal> {
    let refuse = |words: String, help: String| Err(Refusal { words, help, range: None });
    let help = format!("write `CREATE TABLE {name} (…)`, one statement");
    let made = match create.name.0.as_slice() {
        [made] => made.as_ident(),
        _ => {
            let words = "a table stands in the schema of the run, and names no other".to_owned();
            return refuse(words, help);
        }
    };
    let same = |made: &Ident| if own { fold(made) == name } else { made.value.eq_ignore_ascii_case(name) };
    if !made.is_some_and(same) {
        let quoted = own && made.is_some_and(|made| made.value.eq_ignore_ascii_case(name));
        let help = if quoted {
            format!("write `CREATE TABLE \"{name}\" (…)`: without quotes PostgreSQL reads small letters")
        } else {
            help
        };
        return refuse(format!("`{}` is not the table `{name}`", create.name), help);
    }
    if create.temporary || create.query.is_some() || create.columns.is_empty() {
        return refuse(format!("this makes no table `{name}` with columns of its own"), help);
    }
    functions::check_table(create, own, sql)?;
    match foreign_keys(create).find(|key| key.foreign_table.0.len() > 1) {
        Some(key) => refuse(
            format!("`REFERENCES {}` names another schema than the run's", key.foreign_table),
            "refer to a table of the scenario, by its name alone".to_owned(),
        ),
        None => Ok(()),
    }
}

/// Of columns and of the table.
fn foreign_keys(create: &CreateTable) -> impl Iterator<Item = &ForeignKeyConstraint> {
    let options = create.columns.iter().flat_map(|column| &column.options);
    let of_columns = options.filter_map(|option| match &option.option {
        ColumnOption::ForeignKey(key) => Some(key),
        _ => None,
    });
    of_columns.chain(create.constraints.iter().filter_map(|constraint| match constraint {
        TableConstraint::ForeignKey(key) => Some(key),
        _ => None,
    }))
}

/// How tables and columns are spelt in the scenario: there, names stand for the same thing whatever their case.
struct Spelling<'a, 'b> {
    input: &'a Input<'b>,
    /// Of the table itself, as it is made.
    columns: Vec<String>,
}

impl Spelling<'_, '_> {
    fn table(&self, name: &str) -> Option<&str> {
        self.input.scenario.tables.keys().find(|table| table.eq_ignore_ascii_case(name)).map(String::as_str)
    }

    fn column(&self, table: &str, name: &str) -> Option<&str> {
        let section = self.input.scenario.tables.get(table)?;
        if section.ddl.is_some() {
            return None;
        }
        section.columns.keys().find(|column| column.eq_ignore_ascii_case(name)).map(String::as_str)
    }

    /// A name of a column of the table.
    fn respell(&self, name: &mut Ident) {
        let exact = self.columns.iter().find(|column| **column == name.value);
        let known =
            exact.or_else(|| self.columns.iter().find(|column| column.eq_ignore_ascii_case(&name.value)));
        if let Some(known) = known {
            *name = Ident::with_quote('"', known);
        }
    }

    fn refer(&self, key: &mut ForeignKeyConstraint) {
        let [part] = key.foreign_table.0.as_slice() else { return };
        let Some(name) = part.as_ident().map(|name| name.value.clone()) else { return };
        let table = self.table(&name).unwrap_or(&name).to_owned();
        for column in &mut key.referred_columns {
            let known = self.column(&table, &column.value).unwrap_or(&column.value).to_owned();
            *column = Ident::with_quote('"', known);
        }
        key.foreign_table = ObjectName::from(vec![Ident::with_quote('"', table)]);
    }
}

impl VisitorMut for &Spelling<'_, '_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Identifier(name) = expr {
            self.respell(name);
        }
        ControlFlow::Continue(())
    }
}

/// Names as PostgreSQL understands them.
struct Folding;

impl VisitorMut for Folding {
    type Break = ();

    fn pre_visit_ident(&mut self, name: &mut Ident) -> ControlFlow<()> {
        name.value = fold(name);
        ControlFlow::Continue(())
    }
}

/// From SQLite's words to PostgreSQL's, names as the scenario spells them.
fn translate(create: &mut CreateTable, spelling: &Spelling<'_, '_>, name: &str) {
    create.name = ObjectName::from(vec![Ident::with_quote('"', name)]);
    for column in &mut create.columns {
        column.name = Ident::with_quote('"', column.name.value.clone());
        column.data_type = types::translated(&column.data_type);
        let boolean = matches!(column.data_type, DataType::Boolean | DataType::Bool);
        for option in &mut column.options {
            match &mut option.option {
                ColumnOption::Default(value) => as_default(value, boolean),
                ColumnOption::ForeignKey(key) => spelling.refer(key),
                _ => {}
            }
        }
    }
    let as_written = |name: &mut Ident| *name = Ident::with_quote('"', name.value.clone());
    for constraint in &mut create.constraints {
        let columns = match constraint {
            TableConstraint::ForeignKey(key) => {
                key.columns.iter_mut().for_each(as_written);
                spelling.refer(key);
                continue;
            }
            TableConstraint::Unique(unique) => &mut unique.columns,
            TableConstraint::PrimaryKey(key) => &mut key.columns,
            _ => continue,
        };
        for column in columns {
            if let Expr::Identifier(name) = &mut column.column.expr {
                as_written(name);
            }
        }
    }
    let mut spelling = spelling;
    let _ = VisitMut::visit(create, &mut spelling);
}

/// A default as PostgreSQL takes it: SQLite reads a name in quotes as text where there is no such column, and 0 and 1 as truth values.
fn as_default(value: &mut Expr, boolean: bool) {
    let replaced = match value {
        Expr::Identifier(name) if name.quote_style == Some('"') => {
            Value::SingleQuotedString(name.value.clone())
        }
        Expr::Value(given) if boolean => match &given.value {
            Value::Number(digits, _) if digits == "0" => Value::Boolean(false),
            Value::Number(digits, _) if digits == "1" => Value::Boolean(true),
            _ => return,
        },
        _ => return,
    };
    *value = Expr::Value(replaced.into());
}

/// Columns as the scenario spells them, expressions in brackets.
fn translate_index(index: &mut CreateIndex, spelling: &Spelling<'_, '_>) {
    let mut spelling = spelling;
    let _ = VisitMut::visit(index, &mut spelling);
    for column in &mut index.columns {
        let expr = &mut column.column.expr;
        if !matches!(expr, Expr::Identifier(_) | Expr::Function(_) | Expr::Nested(_)) {
            let inner = std::mem::replace(expr, Expr::Value(Value::Null.into()));
            *expr = Expr::Nested(Box::new(inner));
        }
    }
}
