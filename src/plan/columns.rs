//! Words and places of what is wrong with columns, their references and their templates.
//!
//! Which column has which values is left to `tables`.

use super::ddl::{ColumnFacts, TableFacts};
use super::tables::Input;
use crate::diagnostic::{Code, Diagnostic, Span, nearest};
use crate::scenario::TableSection;

/// ``table `users` has no column `nmae` ``.
pub(super) fn no_such(table: &str, column: &str) -> String {
    format!("table `{table}` has no column `{column}`")
}

/// What a table has instead.
pub(super) fn list(facts: &TableFacts) -> String {
    its_columns(facts.columns.iter().map(|c| c.name.as_str()))
}

fn its_columns<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    format!("its columns are {}", names.join(", "))
}

/// Names in `primary_key`, `unique` and `indexes` that are no columns; and those that `ddl` leaves without effect.
pub(super) fn unknown_in_groups(input: &Input<'_>, table: &str, section: &TableSection) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    let has = |name: &str| section.columns.keys().any(|column| column.eq_ignore_ascii_case(name));
    if input.is_postgres() && section.ddl_postgres.is_some() {
        // Beside it, keys and types are for other engines, and indexes may name what only it has.
        return faults;
    }
    if section.ddl.is_some() {
        let given = [("primary_key", section.primary_key.is_empty()), ("unique", section.unique.is_empty())];
        for (key, _) in given.iter().filter(|(_, empty)| !empty) {
            let words = format!("`{key}` has no effect beside `ddl`");
            let at = input.spans.key(&["tables", table, key]);
            let help = "write the constraint into the SQL of `ddl`";
            faults.push(Diagnostic::error(Code::TypeAndDdl, at, words).help(help));
        }
        return faults;
    }
    let mut look = |path: &[&str], names: &[String], may_be_expressions: bool| {
        for (i, name) in names.iter().enumerate() {
            let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
            if has(name) || (may_be_expressions && !plain) {
                continue;
            }
            let index = i.to_string();
            let place: Vec<&str> = path.iter().copied().chain([index.as_str()]).collect();
            let columns = || section.columns.keys().map(String::as_str);
            let help = nearest(name, columns())
                .map_or_else(|| its_columns(columns()), |near| format!("did you mean `{near}`?"));
            let words = no_such(table, name);
            faults.push(Diagnostic::error(Code::UnknownColumn, input.at(&place), words).help(help));
        }
    };
    look(&["tables", table, "primary_key"], &section.primary_key, false);
    for (i, group) in section.unique.iter().enumerate() {
        look(&["tables", table, "unique", &i.to_string()], group, false);
    }
    for (i, index) in section.indexes.iter().enumerate() {
        look(&["tables", table, "indexes", &i.to_string(), "columns"], &index.columns, true);
    }
    faults
}

/// Columns that must have a value and have none.
pub(super) fn report_missing(
    input: &Input<'_>,
    facts: &TableFacts,
    table: &str,
    written: &[String],
    faults: &mut Vec<Diagnostic>,
) {
    let in_key = |name: &String| facts.primary_key.contains(name);
    // SQLite lets a primary key be NULL, in every row, unless it is a number that SQLite gives itself.
    let must = |c: &&ColumnFacts| (c.not_null || in_key(&c.name)) && !c.has_default && !c.generated;
    for column in facts.columns.iter().filter(must).filter(|c| !written.contains(&c.name)) {
        let in_sql = || word(input, &["tables", table, input.ddl_key(table)], &column.name, 0);
        let at = input
            .spans
            .key(&["tables", table, "columns", &column.name])
            .or_else(in_sql)
            .or_else(|| input.at(&["tables", table]));
        let words = format!("column `{}` of `{table}` must have a value, and none is given", column.name);
        let help = if !column.not_null && facts.primary_key.len() == 1 && input.is_postgres() {
            "whole numbers that are a primary key count 1, 2, 3, … by themselves; give this one a value, such as `value = '{{ row }}'`"
                .to_owned()
        } else if !column.not_null && facts.primary_key.len() == 1 {
            "SQLite numbers the rows of `INTEGER PRIMARY KEY` alone: write that, or give it a value, such as `value = '{{ row }}'`"
                .to_owned()
        } else if input.scenario.tables[table].sql_of(input.is_postgres()).is_some() {
            format!(
                "add `{} = {{ value = '{{{{ word() }}}}' }}` to `[tables.{table}.columns]`, or a DEFAULT to the SQL",
                column.name
            )
        } else {
            "add a template, such as `value = '{{ word() }}'`, or a DEFAULT to its type".to_owned()
        };
        faults.push(Diagnostic::error(Code::NoValue, at, words).help(help));
    }
}

/// Columns of the file that the table does not have, or whose values SQLite makes itself.
pub(super) fn report_misspelt(
    input: &Input<'_>,
    facts: &TableFacts,
    table: &str,
    faults: &mut Vec<Diagnostic>,
) {
    for (column, section) in &input.scenario.tables[table].columns {
        let known = facts.columns.iter().find(|c| c.name.eq_ignore_ascii_case(column));
        let (words, help) = match known {
            None => {
                let near = nearest(column, facts.columns.iter().map(|c| c.name.as_str()));
                let help = near.map_or_else(|| list(facts), |n| format!("did you mean `{n}`?"));
                (no_such(table, column), help)
            }
            Some(c) if c.generated && section.value.is_some() => (
                format!("column `{column}` of `{table}` is computed by {} from others", input.store()),
                "leave out its `value`".to_owned(),
            ),
            Some(_) => continue,
        };
        let at = input.spans.key(&["tables", table, "columns", column]);
        faults.push(Diagnostic::error(Code::UnknownColumn, at, words).help(help));
    }
}

/// Where a column's foreign key names a table or column: inside its type, or inside the table's SQL.
pub(super) fn referring_place(input: &Input<'_>, table: &str, column: &str, named: &str) -> Option<Span> {
    let of_type = ["tables", table, "columns", column, "type"];
    let of_sql = ["tables", table, input.ddl_key(table)];
    let inside = |path: &[&str], text: Option<&str>| {
        let behind = text?.to_ascii_uppercase().find("REFERENCES")?;
        word(input, path, named, behind + "REFERENCES".len())
    };
    let section = &input.scenario.tables[table];
    let sql_type = section.columns.get(column).and_then(|column| column.sql_type.as_ref());
    inside(&of_type, sql_type.map(String::as_str))
        .or_else(|| inside(&of_sql, section.sql_of(input.is_postgres()).map(|(_, sql)| sql)))
        .or_else(|| input.at(&of_type))
        .or_else(|| input.at(&of_sql))
        .or_else(|| input.at(&["tables", table]))
}

/// The first mention of a whole word in the text at a path, from byte `from` on.
fn word(input: &Input<'_>, path: &[&str], word: &str, from: usize) -> Option<Span> {
    let [_, table, rest @ ..] = path else { return None };
    let section = input.scenario.tables.get(*table)?;
    let text = match rest {
        ["ddl"] => section.ddl.as_deref()?,
        ["ddl_postgres"] => section.ddl_postgres.as_deref()?,
        ["columns", column, "type"] => section.columns.get(*column)?.sql_type.as_deref()?,
        _ => return None,
    };
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    let lower = text.to_ascii_lowercase();
    let start = lower.match_indices(&word.to_ascii_lowercase()).map(|(i, _)| i).find(|&i| {
        i >= from && !lower[..i].ends_with(in_word) && !lower[i + word.len()..].starts_with(in_word)
    })?;
    input.spans.inside(path, start..start + word.len(), input.sources)
}

/// Tables that refer to each other in a circle.
pub(super) fn circle(input: &Input<'_>, tables: &[usize]) -> Diagnostic {
    let name = |table: &usize| input.scenario.tables.get_index(*table).map_or("", |(name, _)| name.as_str());
    let first = tables.first().map_or("", name);
    let way: Vec<String> = tables.iter().chain(tables.first()).map(|t| format!("`{}`", name(t))).collect();
    let words = format!("{} is a circle of references, so none can be written first", way.join(" → "));
    Diagnostic::error(Code::ReferenceCycle, input.at(&["tables", first]), words)
        .help("give one of the referring columns a `value` that is no reference, or leave out its REFERENCES")
}

/// A template that is none: the parser's words without its jargon, and what to write.
pub(super) fn template_words(message: &str, help: Option<String>) -> (String, Option<String>) {
    let words =
        message.replace("end of input", "end of the text").replace("variable block", "the expression");
    let words = words.replace("end of block", "end of the statement");
    let help = help.unwrap_or_else(|| {
        let help = if message.contains("end of input") {
            "`{% if … %}` ends with `{% endif %}`, `{% for … %}` with `{% endfor %}`"
        } else if message.contains("end of variable block") {
            "write what is missing before the `}}`"
        } else {
            "look right before the underlined place: a `)`, a quote or a value may be missing"
        };
        help.to_owned()
    });
    (words, Some(help))
}
