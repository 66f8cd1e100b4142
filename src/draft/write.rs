//! A draft as text.

use std::fmt::Write;

use toml_writer::{ToTomlKey, ToTomlValue, TomlKeyBuilder, TomlStringBuilder};

use super::document::{Document, DraftColumn, DraftTable};
use super::source::{IndexItem, SourceIndex};
use crate::plan::quote;
use crate::units::count;

/// A comment stands behind its line if both fit into so many characters.
const LINE_WIDTH: usize = 150;

/// The whole file.
pub(super) fn text(document: &Document) -> String {
    let mut out = String::new();
    if let Some(schema) = &document.schema {
        line(&mut out, &format!("#:schema {schema}\n"));
    }
    head(&mut out, document);
    for table in &document.tables {
        write_table(&mut out, document, table);
    }
    suggestions(&mut out, document);
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// One line of comment: control characters cannot stand in one.
fn comment(out: &mut String, text: &str) {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line(out, format!("# {clean}").trim_end());
}

fn head(out: &mut String, document: &Document) {
    let tables = document.tables.len();
    let (total, fewer) = document.total_writes();
    comment(
        out,
        &format!(
            "Drafted from {}: {}, {}.",
            document.source,
            plural(tables as u64, "table"),
            plural(document.rows, "row")
        ),
    );
    line(out, "#");
    comment(
        out,
        "Measured: the schema as it stands below, the rows of each table (its share), and for each column its types, NULLs, lengths, distinct values,",
    );
    comment(
        out,
        "ranges and formats. Guessed: the generator of each column, from these figures, its name and its type; the comment beside it says what it rests on.",
    );
    comment(
        out,
        if document.with_values {
            "The members of small enumerations stand here as they are; no other value of the database does."
        } else {
            "No text of the database stands here, and of its numbers only ranges, steps and quantiles; members of small enumerations are invented (--with-values writes the real ones)."
        },
    );
    comment(
        out,
        "Not known, since the file does not tell: which rows are read, changed or deleted, and the PRAGMAs that belong to connections (synchronous,",
    );
    comment(out, "foreign_keys, cache_size, mmap_size, …): set those that the application sets.");
    for part in document.tables.iter().filter(|table| table.seen < table.rows) {
        comment(
            out,
            &format!(
                "Of {}, {} of {} rows were looked at.",
                part.source.name,
                count(part.seen),
                count(part.rows)
            ),
        );
    }
    for left in in_groups(&document.left_out) {
        wrapped(out, &format!("Left out: {left}."));
    }
    line(out, "");
    line(out, "language = 1");
    line(
        out,
        &format!(
            "description = {}",
            string(&format!("Rows like those of {}, in the same shares.", document.source))
        ),
    );
    line(out, "seed = 42");
    let why = if fewer { "  # fewer than the rows, in the same shares" } else { "" };
    line(out, &format!("total_writes = {}{why}", grouped(total)));
    line(out, "concurrency = [1, 4]");
    line(out, "");
    line(out, "[database]");
    line(out, &format!("path = {}", string(&format!("db/{}.db", document.name))));
    line(out, "busy_timeout = \"5s\"");
    line(out, "");
    line(out, "# Those that the database file itself keeps and that differ from SQLite's defaults.");
    line(out, "[database.pragmas]");
    for (name, value) in &document.settings {
        line(out, &format!("{name} = {value}"));
    }
}

/// `trigger a`, `trigger b` as `trigger a, b`, in the order of the first of each kind.
fn in_groups(left_out: &[String]) -> Vec<String> {
    let mut groups: Vec<(&str, String)> = Vec::new();
    for left in left_out {
        let (kind, name) = left.split_once(' ').unwrap_or(("", left));
        // A table comes with a reason of its own.
        match groups.iter_mut().find(|(known, _)| *known == kind && kind != "table") {
            Some((_, text)) => {
                text.push_str(", ");
                text.push_str(name.strip_prefix("table ").unwrap_or(name));
            }
            None => groups.push((kind, left.clone())),
        }
    }
    groups.into_iter().map(|(_, text)| text).collect()
}

/// A comment of several lines.
fn wrapped(out: &mut String, text: &str) {
    let mut rest = String::new();
    for word in text.split(' ') {
        if !rest.is_empty() && rest.chars().count() + word.chars().count() + 3 > LINE_WIDTH {
            comment(out, &rest);
            rest = "  ".to_owned();
        }
        if !rest.is_empty() {
            rest.push(' ');
        }
        rest.push_str(word);
    }
    comment(out, &rest);
}

fn write_table(out: &mut String, document: &Document, table: &DraftTable) {
    let name = key(&table.source.name);
    let no_rows = document.tables.iter().all(|table| table.share == 0);
    line(out, "");
    for note in &table.notes {
        comment(out, note);
    }
    line(out, &format!("[tables.{name}]"));
    let share = if no_rows { 1 } else { table.share };
    let why = match (table.rows, no_rows) {
        (0, true) => "  # there are no rows in the database",
        (0, false) => "  # no rows in the database",
        _ if table.share != table.rows => "  # fewer than the rows of the database",
        _ => "",
    };
    line(out, &format!("share = {}{why}", grouped(share)));
    line(out, &format!("ddl = {}", block(&table.ddl)));
    if !table.indexes.is_empty() {
        line(out, "indexes = [");
        for index in &table.indexes {
            line(out, &format!("    {},", index_text(index, table)));
        }
        line(out, "]");
    }
    let valued = table.columns.iter().any(|column| column.value.is_some());
    if valued {
        line(out, &format!("[tables.{name}.columns]"));
    }
    for column in &table.columns {
        write_column(out, column, valued);
    }
}

fn write_column(out: &mut String, column: &DraftColumn, valued: bool) {
    let Some(value) = &column.value else {
        if valued || !column.note.is_empty() {
            let note = if column.note.is_empty() { "left to SQLite" } else { &column.note };
            comment(out, &format!("{}: {note}", column.name));
        }
        return;
    };
    let text = format!("{} = {{ value = {} }}", key(&column.name), string(value));
    if column.note.is_empty() {
        line(out, &text);
    } else if text.chars().count() + column.note.chars().count() + 4 <= LINE_WIDTH && !text.contains('\n') {
        out.push_str(&text);
        out.push_str("  ");
        comment(out, &column.note);
    } else {
        comment(out, &column.note);
        line(out, &text);
    }
}

fn index_text(index: &SourceIndex, table: &DraftTable) -> String {
    let valued =
        |name: &str| table.columns.iter().any(|column| column.name == name && column.value.is_some());
    let item = |item: &IndexItem| match item {
        // Only columns that stand under `columns` are put in quotes by themselves.
        IndexItem::Column(name) if valued(name) || is_simple(name) => string(name),
        IndexItem::Column(name) => string(&quote(name)),
        IndexItem::Sql(text) => string(text),
    };
    let items: Vec<String> = index.items.iter().map(item).collect();
    let mut text = format!("{{ name = {}, columns = [{}]", string(&index.name), items.join(", "));
    if index.unique {
        text.push_str(", unique = true");
    }
    if let Some(condition) = &index.condition {
        let _never = write!(text, ", where = {}", string(condition));
    }
    text.push_str(" }");
    text
}

/// Whether SQL takes a name without quotes; with a digit or capital in it is no keyword.
fn is_simple(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|c| c.is_ascii_lowercase())
        && characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && name.contains('_')
        && !name.starts_with("current_")
}

/// Reads that fit the keys and indexes, to be taken into use by whoever knows that they are done.
fn suggestions(out: &mut String, document: &Document) {
    let mut told: Vec<String> = Vec::new();
    let mut text = String::new();
    for table in document.tables.iter().filter(|table| table.rows > 0) {
        let first = |names: Option<&String>| {
            let name = names?;
            table.columns.iter().find(|column| column.name == *name && column.value.is_some())
        };
        let mut add = |kind: &str, by: Option<&str>| {
            let wanted = by.map_or(String::new(), |by| format!("_by_{by}"));
            let name = unused(&format!("{kind}_{}{wanted}", table.source.name), &told, document);
            let by = by.map_or(String::new(), |by| format!("# by = {}\n", string(by)));
            let limit = if kind == "find" { "# limit = 100\n" } else { "" };
            let _never = write!(
                text,
                "#\n# [operations.{name}]\n# share = 10\n# {kind} = {}\n{by}{limit}",
                string(&table.source.name)
            );
            told.push(name);
        };
        let key = &table.source.primary_key;
        if let [only] = key.as_slice()
            && (table.source.rowid_alias || table.columns[*only].value.is_some())
        {
            add("get", None);
        } else if let Some(column) = first(key.first().map(|&index| &table.source.columns[index].name)) {
            add("find", Some(&column.name));
        }
        let mut seen: Vec<&str> = Vec::new();
        for index in &table.indexes {
            let Some(IndexItem::Column(name)) = index.items.first() else { continue };
            if first(Some(name)).is_some() && !seen.contains(&name.as_str()) {
                seen.push(name);
                add("find", Some(name));
            }
        }
    }
    if !text.is_empty() {
        line(out, "");
        line(
            out,
            "# Reads that the keys and indexes of the database are made for. Take away the # of those that the application does, and give them",
        );
        line(
            out,
            "# their shares, beside those of the tables: a share of 10 beside tables with 90 in all is a tenth of all operations.",
        );
        out.push_str(&text);
    }
}

/// A name of letters, digits and underscores that no other operation and no table has.
fn unused(wanted: &str, told: &[String], document: &Document) -> String {
    let clean: String = wanted
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .collect();
    let taken = |name: &String| {
        told.contains(name)
            || document.tables.iter().any(|table| table.source.name.eq_ignore_ascii_case(name))
    };
    let numbered = (2..).map(|number| format!("{clean}_{number}"));
    std::iter::once(clean.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(clean)
}

fn plural(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A whole number as TOML shows long ones.
fn grouped(number: u64) -> String {
    count(number).replace(',', "_")
}

fn key(name: &str) -> String {
    TomlKeyBuilder::new(name).as_default().to_toml_key()
}

/// One line of text, with as few escapes as can be.
fn string(text: &str) -> String {
    let builder = TomlStringBuilder::new(text);
    let written = builder.as_basic_pretty().filter(|_| !text.contains("{{"));
    written.or_else(|| builder.as_literal()).unwrap_or_else(|| builder.as_basic()).to_toml_value()
}

/// Lines of text as they are, where that can be.
fn block(text: &str) -> String {
    let builder = TomlStringBuilder::new(text);
    // A carriage return would not survive: TOML reads all ends of lines alike.
    let plain = !text.contains("'''") && !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t');
    if plain { format!("'''\n{text}\n'''") } else { builder.as_basic().to_toml_value() }
}
