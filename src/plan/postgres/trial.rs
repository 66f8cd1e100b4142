//! A table of PostgreSQL in SQLite's form: what is known of a table is read from there, and statements are tried in it.

use rusqlite::Connection;
use sqlparser::ast::{
    ColumnDef, ColumnOption, CreateIndex, CreateTable, Expr, ForeignKeyConstraint, GeneratedAs, IndexColumn,
    TableConstraint,
};

use super::super::ddl::{TableFacts, quote, read_back};
use super::types;

/// Makes the table, and says what it is. The statements of PostgreSQL go with it.
///
/// # Errors
/// What SQLite says, in words.
pub(super) fn make(
    database: &Connection,
    name: &str,
    create: &CreateTable,
    tried: &[String],
    made: Vec<String>,
) -> Result<TableFacts, String> {
    for sql in tried {
        database.execute_batch(sql).map_err(|error| match error {
            rusqlite::Error::SqlInputError { msg, .. } => msg,
            rusqlite::Error::SqliteFailure(_, Some(words)) => words,
            other => other.to_string(),
        })?;
    }
    let mut facts = read_back(database, name, made).map_err(|error| error.to_string())?;
    for (column, known) in create.columns.iter().zip(&mut facts.columns) {
        if column.options.iter().any(|option| always_made(&option.option)) {
            (known.generated, known.row_id) = (true, false);
        }
    }
    Ok(facts)
}

/// `CREATE TABLE` with types, keys and what may be left out: the rest decides nothing here.
pub(super) fn table(create: &CreateTable, name: &str) -> String {
    let of_table = create.constraints.iter().find_map(|constraint| match constraint {
        TableConstraint::PrimaryKey(key) => Some(names(&key.columns)),
        _ => None,
    });
    let mut parts: Vec<String> = create.columns.iter().map(column_of).collect();
    let mut keys: Vec<String> =
        create.columns.iter().filter(|column| is_key(column)).map(|c| c.name.value.clone()).collect();
    keys.extend(of_table.into_iter().flatten());
    if !keys.is_empty() {
        parts.push(format!("PRIMARY KEY ({})", list(&keys)));
    }
    for column in &create.columns {
        for option in &column.options {
            let own = std::slice::from_ref(&column.name.value);
            match &option.option {
                ColumnOption::Unique(_) => parts.push(format!("UNIQUE ({})", list(own))),
                ColumnOption::ForeignKey(key) => parts.push(foreign_key(key, own)),
                _ => {}
            }
        }
    }
    for constraint in &create.constraints {
        match constraint {
            TableConstraint::Unique(unique) => {
                parts.push(format!("UNIQUE ({})", list(&names(&unique.columns))))
            }
            TableConstraint::ForeignKey(key) => {
                let own: Vec<String> = key.columns.iter().map(|column| column.value.clone()).collect();
                parts.push(foreign_key(key, &own));
            }
            _ => {}
        }
    }
    format!("CREATE TABLE {} ({})", quote(name), parts.join(", "))
}

/// An index; one on expressions or some of the rows is only there by its name.
pub(super) fn index(index: &CreateIndex, table: &str) -> String {
    let plain: Option<Vec<String>> = index
        .columns
        .iter()
        .map(|column| match &column.column.expr {
            Expr::Identifier(name) => Some(quote(&name.value)),
            _ => None,
        })
        .collect();
    let unique = if index.unique { "UNIQUE " } else { "" };
    let name = index.name.as_ref().and_then(|name| name.0.last()?.as_ident()).map_or("", |name| &name.value);
    let begin = format!("CREATE {unique}INDEX {} ON {}", quote(name), quote(table));
    match plain.filter(|_| index.predicate.is_none()) {
        Some(columns) => format!("{begin} ({})", columns.join(", ")),
        None => format!("{begin} (1) WHERE 0"),
    }
}

fn column_of(column: &ColumnDef) -> String {
    let mut text = format!("{} {}", quote(&column.name.value), types::in_sqlite(&column.data_type));
    let made =
        |option: &ColumnOption| matches!(option, ColumnOption::Generated { generation_expr: None, .. });
    let options = || column.options.iter().map(|option| &option.option);
    if options().any(|option| matches!(option, ColumnOption::NotNull)) {
        text.push_str(" NOT NULL");
    }
    let default = options().any(|option| matches!(option, ColumnOption::Default(_)) || made(option));
    if default || types::is_serial(&column.data_type) {
        text.push_str(" DEFAULT 0");
    }
    text
}

/// Whether PostgreSQL makes the values, and takes no others.
fn always_made(option: &ColumnOption) -> bool {
    match option {
        ColumnOption::Generated { generation_expr: Some(_), .. } => true,
        ColumnOption::Generated { generated_as, .. } => *generated_as == GeneratedAs::Always,
        _ => false,
    }
}

fn is_key(column: &ColumnDef) -> bool {
    column.options.iter().any(|option| matches!(option.option, ColumnOption::PrimaryKey(_)))
}

fn foreign_key(key: &ForeignKeyConstraint, own: &[String]) -> String {
    let table = key.foreign_table.0.last().and_then(|part| part.as_ident()).map_or("", |name| &name.value);
    let referred: Vec<String> = key.referred_columns.iter().map(|column| column.value.clone()).collect();
    let mut text = format!("FOREIGN KEY ({}) REFERENCES {}", list(own), quote(table));
    if !referred.is_empty() {
        text.push_str(&format!(" ({})", list(&referred)));
    }
    for (event, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
        if let Some(action) = action {
            text.push_str(&format!(" ON {event} {action}"));
        }
    }
    text
}

fn names(columns: &[IndexColumn]) -> Vec<String> {
    let name = |column: &IndexColumn| match &column.column.expr {
        Expr::Identifier(name) => Some(name.value.clone()),
        _ => None,
    };
    columns.iter().filter_map(name).collect()
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ")
}
