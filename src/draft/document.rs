//! A draft before it is text: what is known of each table and column, and what has been decided.

use std::collections::HashSet;

use super::order::{may_be_null, parents_first};
use super::source::{IndexItem, Source, SourceIndex};
use super::sql::{self, Bounds, Statement};
use super::{Guess, SourceTable, TableProfile, guess, plain};

/// More writes than this would take long with SQLite as it comes.
const MOST_WRITES: u64 = 1_000_000;
/// Writes of a draft from a database without rows.
const WRITES_WITHOUT_ROWS: u64 = 1_000;

/// A whole file.
#[derive(Debug)]
pub(super) struct Document {
    /// Stem of the file.
    pub(super) name: String,
    /// File name of the database, for comments.
    pub(super) source: String,
    /// Path of the schema for editors, as seen from the file.
    pub(super) schema: Option<String>,
    /// Whether members of small enumerations stand in the file.
    pub(super) with_values: bool,
    pub(super) settings: Vec<(&'static str, String)>,
    pub(super) left_out: Vec<String>,
    /// Parents first.
    pub(super) tables: Vec<DraftTable>,
    /// Rows of the database.
    pub(super) rows: u64,
}

/// One table.
#[derive(Debug)]
pub(super) struct DraftTable {
    /// As the source has it, without references that had to be given up.
    pub(super) source: SourceTable,
    /// What is written, which may leave constraints out.
    pub(super) ddl: String,
    pub(super) rows: u64,
    /// Rows that were looked at.
    pub(super) seen: u64,
    pub(super) share: u64,
    pub(super) indexes: Vec<SourceIndex>,
    /// Comments on the table.
    pub(super) notes: Vec<String>,
    /// In the order of the source.
    pub(super) columns: Vec<DraftColumn>,
    /// How often a guess about the table as a whole was refused.
    pub(super) refused: u32,
}

/// One column.
#[derive(Debug)]
pub(super) struct DraftColumn {
    pub(super) name: String,
    /// A template; absent where the column is left out.
    pub(super) value: Option<String>,
    pub(super) note: String,
    /// How often its value was refused.
    pub(super) refused: u32,
}

impl DraftColumn {
    /// Gives the column another value and says why.
    pub(super) fn replace(&mut self, value: String, why: &str) {
        self.value = Some(value);
        self.add_note(why);
    }

    pub(super) fn add_note(&mut self, words: &str) {
        if !self.note.contains(words) {
            let between = if self.note.is_empty() { "" } else { "; " };
            self.note = format!("{}{between}{words}", self.note);
        }
    }
}

impl DraftTable {
    pub(super) fn add_note(&mut self, words: impl Into<String>) {
        let words = words.into();
        if !self.notes.contains(&words) {
            self.notes.push(words);
        }
    }
}

impl Document {
    /// Guesses a generator for every column, and settles what follows from the schema alone.
    pub(super) fn new(
        name: &str,
        file_name: &str,
        source: &Source,
        profiles: &[TableProfile],
        with_values: bool,
    ) -> Document {
        let (order, broken) = parents_first(&source.tables);
        // A reference that is given up is a column like any other.
        let mut tables = source.tables.clone();
        // Nor does one hold that has more values than the other table has rows.
        let mut untrue: Vec<Vec<String>> = vec![Vec::new(); tables.len()];
        let mut profiles = profiles.to_vec();
        for (index, table) in tables.iter_mut().enumerate() {
            let measured = std::mem::take(&mut profiles[index].foreign_keys);
            let mut kept = Vec::with_capacity(measured.len());
            let mut groups = measured.into_iter().enumerate();
            let name = table.name.clone();
            table.foreign_keys.retain(|key| {
                let Some((place, group)) = groups.next() else { return false };
                let parent =
                    source.tables.iter().position(|other| other.name.eq_ignore_ascii_case(&key.table));
                let holds =
                    parent.is_none_or(|parent| group.distinct <= source.rows[parent]) || key.table == name;
                let stays = holds && !broken.contains(&(index, place));
                if stays {
                    kept.push(group);
                } else if !holds {
                    untrue[index].push(key.table.clone());
                }
                stays
            });
            profiles[index].foreign_keys = kept;
        }
        let all: Vec<(SourceTable, TableProfile)> = tables.into_iter().zip(profiles).collect();
        let make = |index: usize| {
            let (table, profile) = &all[index];
            let guesses = guess::guess(table, profile, &all, with_values);
            let mut made = draft_table(table, profile, guesses, &source.indexes[index]);
            for &(_, key) in broken.iter().filter(|(from, _)| *from == index) {
                give_up(&mut made, &source.tables[index], key);
            }
            drop_references(&mut made, &source.broken[index]);
            if !untrue[index].is_empty() {
                drop_references(&mut made, &untrue[index]);
                made.source.foreign_keys.retain(|key| !untrue[index].contains(&key.table));
            }
            made
        };
        Document {
            name: name.to_owned(),
            source: file_name.to_owned(),
            schema: None,
            with_values,
            settings: source.settings.clone(),
            left_out: source.left_out.clone(),
            tables: order.into_iter().map(make).collect(),
            rows: source.rows.iter().sum(),
        }
    }

    /// Writes of each level, and whether they are fewer than the rows.
    pub(super) fn total_writes(&self) -> (u64, bool) {
        let rows: u64 = self.tables.iter().map(|table| table.share).sum();
        if rows == 0 {
            return (WRITES_WITHOUT_ROWS, false);
        }
        // Where others refer to a table, it gets a row even if it had none.
        (rows.clamp(self.tables.len() as u64, MOST_WRITES.max(self.tables.len() as u64)), rows > MOST_WRITES)
    }
}

fn draft_table(
    table: &SourceTable,
    profile: &TableProfile,
    guesses: Vec<Guess>,
    indexes: &[SourceIndex],
) -> DraftTable {
    let of = Statement::new(&table.ddl);
    let column = |(column, guess): (&super::SourceColumn, Guess)| {
        let bounds = sql::bounds(&of, &column.name);
        let value = guess.value.map(|value| within(&value, bounds).unwrap_or(value));
        DraftColumn { name: column.name.clone(), value, note: guess.note, refused: 0 }
    };
    let columns: Vec<DraftColumn> = table.columns.iter().zip(guesses).map(column).collect();
    let mut made = DraftTable {
        ddl: table.ddl.clone(),
        rows: profile.rows,
        seen: profile.seen,
        share: profile.rows,
        indexes: indexes.to_vec(),
        notes: Vec::new(),
        columns,
        refused: 0,
        source: table.clone(),
    };
    for index in 0..made.indexes.len() {
        let one = &made.indexes[index];
        if one.unique && !is_kept_distinct(one, &made.columns) {
            open_index(&mut made, index);
        }
    }
    made
}

/// Whether an index that the language does not look into (a partial one, or one of expressions) never sees a value twice.
fn is_kept_distinct(index: &SourceIndex, columns: &[DraftColumn]) -> bool {
    let plain = index.items.iter().all(|item| matches!(item, IndexItem::Column(_)));
    if plain && index.condition.is_none() {
        return true;
    }
    index.items.iter().any(|item| {
        let IndexItem::Column(name) = item else { return false };
        let column = columns.iter().find(|column| column.name == *name);
        column.is_some_and(|column| column.value.as_ref().is_some_and(|value| value.contains("unique(")))
    })
}

/// Leaves UNIQUE out of an index that values cannot be kept distinct for.
pub(super) fn open_index(table: &mut DraftTable, index: usize) {
    table.indexes[index].unique = false;
    let words = format!(
        "index {} is UNIQUE in the database; here it is not, since nothing keeps the generated values distinct for it",
        table.indexes[index].name
    );
    table.add_note(words);
}

/// Leaves a reference NULL, or to a guess, since it closes a circle.
fn give_up(table: &mut DraftTable, source: &SourceTable, key: usize) {
    let reference = &source.foreign_keys[key];
    let optional = may_be_null(source, key);
    for &column in &reference.columns {
        let known = &source.columns[column];
        // It may be part of another reference, which stays.
        if table.source.foreign_keys.iter().any(|other| other.columns.contains(&column)) {
            continue;
        }
        let words = format!("refers to {} in the database, which leads back to this table", reference.table);
        let made = &mut table.columns[column];
        if optional && !known.not_null && !source.primary_key.contains(&column) {
            made.replace("{{ none }}".to_owned(), &format!("{words}; left NULL"));
        } else {
            // Without a value of its own, the column would become a reference again.
            let distinct = source.unique.iter().any(|group| group.contains(&column));
            let value = made.value.take().unwrap_or_else(|| plain::plain(source, known, distinct));
            made.replace(value, &format!("{words}; no reference here"));
        }
    }
}

/// Takes references out of the SQL that lead to no table of the draft, or to columns that SQLite cannot refer to.
pub(super) fn drop_references(table: &mut DraftTable, parents: &[String]) {
    if parents.is_empty() {
        return;
    }
    let of = Statement::new(&table.ddl);
    let named = |parent: &String| parents.iter().any(|other| other.eq_ignore_ascii_case(parent));
    let found: Vec<_> =
        of.references().into_iter().filter(|(parent, _)| named(parent)).map(|(_, at)| at).collect();
    let ddl = sql::without(&table.ddl, &found);
    table.ddl = ddl;
    let unique: HashSet<&String> = parents.iter().collect();
    let mut names: Vec<String> = unique.into_iter().map(|name| name.escape_debug().to_string()).collect();
    names.sort();
    table.add_note(format!(
        "REFERENCES {} is left out: there is no such table here, its columns are not unique, or it has fewer rows than are referred to",
        names.join(", ")
    ));
}

/// A template whose numbers keep to the limits that a CHECK sets; none where nothing is to be changed.
fn within(template: &str, bounds: Bounds) -> Option<String> {
    if bounds == Bounds::default() {
        return None;
    }
    let start =
        ["quantiles([", "int(", "float("].iter().find_map(|call| Some(template.find(call)? + call.len()))?;
    let length = template[start..].find([']', ')'])?;
    let whole = template[..start].ends_with("int(");
    let mut changed = false;
    let mut clamp = |text: &str| {
        let Ok(number) = text.trim().parse::<f64>() else { return text.to_owned() };
        let step = if whole || number.fract() == 0.0 { 1.0 } else { number.abs().max(1.0) * 1e-6 };
        let least =
            bounds.least.map_or(f64::MIN, |(least, reached)| if reached { least } else { least + step });
        let greatest = bounds
            .greatest
            .map_or(f64::MAX, |(greatest, reached)| if reached { greatest } else { greatest - step });
        let kept = number.min(greatest).max(least);
        changed |= kept.to_bits() != number.to_bits();
        if kept.to_bits() == number.to_bits() { text.trim().to_owned() } else { format!("{kept}") }
    };
    let mut numbers: Vec<String> = template[start..start + length]
        .split(',')
        .collect::<Vec<_>>()
        .into_iter()
        .enumerate()
        .map(|(index, text)| {
            // Behind the range of `float` come its digits.
            if index > 1 && template[..start].ends_with("float(") {
                text.trim().to_owned()
            } else {
                clamp(text)
            }
        })
        .collect();
    numbers.iter_mut().for_each(|number| {
        if number == "-0" {
            "0".clone_into(number);
        }
    });
    changed.then(|| format!("{}{}{}", &template[..start], numbers.join(", "), &template[start + length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_to_the_limits_of_a_check() {
        let bounds = Bounds { least: Some((0.0, false)), greatest: Some((100.0, true)) };
        let kept = |template: &str| within(template, bounds);
        assert_eq!(kept("{{ int(-10, 110) }}").as_deref(), Some("{{ int(1, 100) }}"));
        assert_eq!(
            kept("{{ maybe(0.5, quantiles([-5, 20, 120], digits=2)) }}").as_deref(),
            Some("{{ maybe(0.5, quantiles([1, 20, 100], digits=2)) }}")
        );
        assert_eq!(kept("{{ float(1.5, 99.5, 200) }}"), None);
        assert_eq!(kept("{{ name() }}"), None);
        assert_eq!(within("{{ int(-10, 110) }}", Bounds::default()), None);
    }
}
