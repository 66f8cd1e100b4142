//! Changing a draft until it passes: what is guessed gives way first, then what is measured, then the schema, each with a word about it.

use super::DraftError;
use super::document::{Document, DraftTable, drop_references, open_index};
use super::plain::{choice, expression, member, plain, text};
use super::source::IndexItem;
use super::sql::{self, Statement};
use super::trial::{Fault, faults};
use super::write;

/// Said of a column whose guess did not hold.
const REFUSED: &str = "what was measured could not be kept, so this is any value that the column takes";

/// Writes the draft and changes it until nothing is wrong with it.
///
/// # Errors
/// When no table can be kept.
pub(super) fn settle(document: &mut Document) -> Result<String, DraftError> {
    // Each round changes something, and nothing is changed back.
    let columns: usize =
        document.tables.iter().map(|table| table.columns.len() + table.indexes.len() + 8).sum();
    let mut thorough = false;
    for _ in 0..columns * 4 {
        let text = write::text(document);
        let found = faults(document, &text, thorough);
        if found.is_empty() && thorough {
            return Ok(text);
        }
        thorough |= found.is_empty();
        let mut hopeless = Vec::new();
        for fault in found {
            if let Err((table, words)) = adapt(document, fault) {
                hopeless.push((table, words));
            }
        }
        leave_out(document, hopeless)?;
    }
    Err(DraftError::new("no draft of it passes its own check"))
}

/// A table that cannot be kept, and why.
type Hopeless = (Option<usize>, String);

fn adapt(document: &mut Document, fault: Fault) -> Result<(), Hopeless> {
    match fault {
        Fault::File(words) => Err((None, words)),
        Fault::Ddl { table, words } => ddl(&mut document.tables[table], &words).ok_or((Some(table), words)),
        Fault::Index { table, index, words } => {
            index_refused(&mut document.tables[table], index, &words);
            Ok(())
        }
        Fault::Value { table, column } => value(&mut document.tables[table], column)
            .ok_or_else(|| (Some(table), "its values are refused".to_owned())),
        Fault::Null { table, column } => not_null(&mut document.tables[table], column)
            .ok_or_else(|| (Some(table), "a column must not be NULL".to_owned())),
        Fault::Repeats { table, columns } => repeats(&mut document.tables[table], &columns)
            .ok_or_else(|| (Some(table), "its values cannot be kept distinct".to_owned())),
        Fault::Check { table, name } => {
            check(&mut document.tables[table], &name);
            Ok(())
        }
        Fault::References { table } => {
            let table = &mut document.tables[table];
            let all = Statement::new(&table.ddl)
                .references()
                .into_iter()
                .map(|(parent, _)| parent)
                .collect::<Vec<_>>();
            drop_references(table, &all);
            Ok(())
        }
        Fault::TooMany { table: at, share } => {
            let table = &mut document.tables[at];
            if table.share == 0 {
                return Err((Some(at), "its references give too few combinations".to_owned()));
            }
            table.share = ((table.share as f64 * share * 0.98) as u64).min(table.share - 1);
            Ok(())
        }
        Fault::Table { table, words } => whole(&mut document.tables[table]).ok_or((Some(table), words)),
    }
}

/// Takes tables out, with the references to them. Without a table that is known to be at fault, there is no way on.
fn leave_out(document: &mut Document, hopeless: Vec<Hopeless>) -> Result<(), DraftError> {
    let mut gone: Vec<usize> = Vec::new();
    for (table, words) in hopeless {
        let Some(table) = table else {
            return Err(DraftError::new(format!("no draft of it passes its own check: {words}")));
        };
        if !gone.contains(&table) {
            let name = document.tables[table].source.name.escape_debug().to_string();
            document.left_out.push(format!("table {name}: {words}"));
            gone.push(table);
        }
    }
    gone.sort_unstable();
    let names: Vec<String> =
        gone.into_iter().rev().map(|table| document.tables.remove(table).source.name).collect();
    if document.tables.is_empty() {
        return Err(DraftError::new(format!(
            "none of its tables can be drafted: {}",
            document.left_out.join("; ")
        )));
    }
    for table in document.tables.iter_mut().filter(|_| !names.is_empty()) {
        let to_gone: Vec<Vec<usize>> = table
            .source
            .foreign_keys
            .extract_if(.., |key| names.contains(&key.table))
            .map(|key| key.columns)
            .collect();
        if to_gone.is_empty() {
            continue;
        }
        drop_references(table, &names);
        for column in to_gone.into_iter().flatten() {
            by_type(table, column);
        }
    }
    Ok(())
}

/// Gives a column any value of its type.
fn by_type(table: &mut DraftTable, column: usize) {
    let distinct = table.source.unique.iter().any(|group| group.contains(&column));
    let value = plain(&table.source, &table.source.columns[column], distinct);
    table.columns[column].replace(value, REFUSED);
}

fn ddl(table: &mut DraftTable, words: &str) -> Option<()> {
    table.refused += 1;
    if words.contains("collation") {
        let without = sql::without_collations(&table.ddl);
        if without != table.ddl {
            table.ddl = without;
            table.add_note("COLLATE is left out: SQLite alone does not know the collation");
            return Some(());
        }
    }
    (drop_checks(table, |_| true)).then_some(())
}

fn index_refused(table: &mut DraftTable, index: usize, words: &str) {
    if table.indexes[index].unique && words.contains("UNIQUE constraint failed") {
        open_index(table, index);
        return;
    }
    let known = &mut table.indexes[index];
    if words.contains("collation") {
        let mut changed = false;
        for item in &mut known.items {
            if let IndexItem::Sql(text) = item {
                let without = sql::without_collations(text);
                changed |= without != *text;
                *text = without;
            }
        }
        if changed {
            table.add_note("COLLATE is left out of an index: SQLite alone does not know the collation");
            return;
        }
    }
    let gone = table.indexes.remove(index);
    table.add_note(format!("Index {} is left out: {words}", gone.name));
}

fn value(table: &mut DraftTable, column: usize) -> Option<()> {
    let refused = table.columns[column].refused;
    table.columns[column].refused += 1;
    let known = &table.source.columns[column];
    let reference = table.source.foreign_keys.iter().find_map(|key| {
        let place = key.columns.iter().position(|&other| other == column)?;
        Some(format!("{{{{ ref({}) }}}}", text(&format!("{}.{}", key.table, key.to[place]))))
    });
    let now = table.columns[column].value.clone();
    match (refused, reference) {
        (0, Some(reference)) if now.as_ref() != Some(&reference) => {
            table.columns[column].replace(reference, REFUSED);
        }
        (0 | 1, _) => by_type(table, column),
        (2, _) if !known.not_null => table.columns[column].replace("{{ none }}".to_owned(), "left NULL"),
        (2, _) if known.has_default || table.source.rowid_alias => table.columns[column].value = None,
        _ => return None,
    }
    Some(())
}

fn not_null(table: &mut DraftTable, column: usize) -> Option<()> {
    let inner = table.columns[column].value.as_deref().and_then(without_maybe);
    match inner {
        Some(inner) => {
            table.columns[column].replace(inner, "never NULL here");
            Some(())
        }
        None => value(table, column),
    }
}

/// `{{ x }}` of `{{ maybe(p, x) }}`.
fn without_maybe(template: &str) -> Option<String> {
    let inner = expression(template)?.strip_prefix("maybe(")?.strip_suffix(')')?;
    let (_, value) = inner.split_once(',')?;
    Some(format!("{{{{ {} }}}}", value.trim()))
}

fn repeats(table: &mut DraftTable, columns: &[usize]) -> Option<()> {
    let refers = |column: &usize| table.source.foreign_keys.iter().any(|key| key.columns.contains(column));
    // What refers to others is left as it is, and so is what has few members, as long as another column can differ.
    let rank = |column: &usize| (refers(column), !table.source.columns[*column].allowed.is_empty());
    let column = *columns.iter().min_by_key(|column| rank(column))?;
    let alone = columns.len() == 1;
    let known = &table.columns[column];
    if known.refused == 0 && alone {
        let inner = known.value.as_deref().and_then(expression).filter(|inner| !inner.contains("unique("));
        if let Some(inner) = inner.map(|inner| format!("{{{{ unique({inner}) }}}}")) {
            let made = &mut table.columns[column];
            made.refused += 1;
            made.replace(inner, "made distinct");
            return Some(());
        }
    }
    if known.refused > 1 {
        return None;
    }
    let value = plain(&table.source, &table.source.columns[column], true);
    let made = &mut table.columns[column];
    made.refused = 2;
    made.replace(value, REFUSED);
    Some(())
}

/// Gives columns values that a CHECK allows where it lists them, or takes the CHECK out.
fn check(table: &mut DraftTable, name: &str) {
    let of = Statement::new(&table.ddl);
    let is_meant = |check: &sql::Check| check.name.as_deref() == Some(name) || check.expression(&of) == name;
    let mentioned =
        of.checks().into_iter().filter(is_meant).flat_map(|check| check.inner).filter_map(|at| of.name(at));
    let mentioned: Vec<String> = mentioned.collect();
    let mut changed = false;
    for (known, made) in table.source.columns.iter().zip(&mut table.columns) {
        let is_mentioned = mentioned.iter().any(|other| other.eq_ignore_ascii_case(&known.name));
        // Weights of members that are allowed are not what is wrong.
        let is_allowed = made.value.as_ref().is_some_and(|value| {
            value.contains("weighted(")
                && known.allowed.iter().filter_map(|one| member(one)).any(|one| value.contains(&one))
        });
        let is_open = is_mentioned && !is_allowed && made.refused == 0 && made.value.is_some();
        let members = choice(known).filter(|_| is_open);
        if let Some(members) = members.filter(|members| made.value.as_ref() != Some(members)) {
            made.refused += 1;
            made.replace(members, "the members that the CHECK allows");
            changed = true;
        }
    }
    if !changed && !drop_checks(table, |known| known == name) {
        drop_checks(table, |_| true);
    }
}

/// Takes CHECKs out of the table's SQL, by name or expression. False when there is none.
fn drop_checks(table: &mut DraftTable, is_meant: impl Fn(&str) -> bool) -> bool {
    let of = Statement::new(&table.ddl);
    let meant: Vec<sql::Check> = of
        .checks()
        .into_iter()
        .filter(|check| check.name.as_deref().is_some_and(&is_meant) || is_meant(check.expression(&of)))
        .collect();
    let expressions: Vec<String> = meant.iter().map(|check| check.expression(&of).to_owned()).collect();
    let ranges: Vec<_> = meant.into_iter().map(|check| check.whole).collect();
    let ddl = sql::without(&table.ddl, &ranges);
    table.ddl = ddl;
    for expression in &expressions {
        table.add_note(format!("CHECK ({expression}) is left out: generated rows do not keep to it"));
    }
    !expressions.is_empty()
}

/// Something else about a table is refused: its values by their types alone, then without its CHECKs.
fn whole(table: &mut DraftTable) -> Option<()> {
    table.refused += 1;
    match table.refused {
        1 => {
            let referring: Vec<usize> =
                table.source.foreign_keys.iter().flat_map(|key| key.columns.iter().copied()).collect();
            let plain: Vec<usize> = (0..table.columns.len())
                .filter(|column| table.columns[*column].value.is_some() && !referring.contains(column))
                .collect();
            plain.into_iter().for_each(|column| by_type(table, column));
            Some(())
        }
        2 => {
            drop_checks(table, |_| true);
            Some(())
        }
        _ => None,
    }
}
