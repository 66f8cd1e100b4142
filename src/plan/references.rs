//! What columns refer to: foreign keys and templates that are one `ref`. Columns of one foreign key refer to the same row.

use super::columns;
use super::ddl::{ForeignKey, TableFacts};
use super::names::Names;
use super::tables::Input;
use crate::dataset::{Column, Source};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::template::{Pick, PlainReference, Present, Target, Template, mix};

/// Beyond any foreign key's number: a `ref` of its own draws on its own.
const OWN: u64 = 1_000_000;

/// A column of the table that is looked at.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) facts: &'a [TableFacts],
    pub(super) names: &'a Names,
    pub(super) table: usize,
    pub(super) column: &'a str,
}

impl Place<'_> {
    fn own(&self) -> &TableFacts {
        &self.facts[self.table]
    }

    /// The foreign key that the column belongs to: its number, itself, and the place of the column in it. Of several, the one with most columns,
    /// since what it refers to has the values of the others.
    fn key(&self, wanted: impl Fn(&ForeignKey) -> bool) -> Option<(usize, &ForeignKey, usize)> {
        let mut best: Option<(usize, &ForeignKey, usize)> = None;
        for (number, key) in self.own().foreign_keys.iter().enumerate().filter(|(_, key)| wanted(key)) {
            let Some(place) = key.columns.iter().position(|(here, _)| here.eq_ignore_ascii_case(self.column))
            else {
                continue;
            };
            if best.is_none_or(|(_, other, _)| key.columns.len() > other.columns.len()) {
                best = Some((number, key, place));
            }
        }
        best
    }

    fn source(&self, target: Target, stream: u64, pick: Pick, present: Option<Present>) -> Source {
        let facts = self.own();
        let nullable = facts.columns.iter().any(|c| c.name.eq_ignore_ascii_case(self.column) && !c.not_null);
        let in_key = facts.primary_key.iter().any(|k| k.eq_ignore_ascii_case(self.column));
        let stream = mix(self.table as u64, &[stream]);
        Source::Reference { target, pick, present, stream, nullable: nullable && !in_key }
    }

    /// Where the values of a column without a template come from: its foreign key, or the row itself.
    pub(super) fn without_value(&self, input: &Input<'_>, table: &str) -> Result<Source, Diagnostic> {
        let Some((number, key, place)) = self.key(|_| true) else { return Ok(Source::Row) };
        let target = self.foreign_target(input, table, key, place)?;
        Ok(self.source(target, number as u64, Pick::default(), None))
    }

    /// A template that is one `ref`, or `maybe` of one, is drawn like a column with REFERENCES and no value.
    pub(super) fn reference_or_template(&self, template: Template) -> Source {
        let Some(PlainReference { target, pick, present }) = template.facts().plain_reference() else {
            return Source::Template(template);
        };
        let to_same =
            |key: &ForeignKey| key.columns.len() > 1 && self.names.table(&key.table) == Some(target.table);
        if let Some((number, ..)) = self.key(to_same) {
            return self.source(target, number as u64, pick, present);
        }
        if !pick.is_even() {
            return Source::Template(template);
        }
        let columns = &self.own().columns;
        let place = columns.iter().position(|c| c.name.eq_ignore_ascii_case(self.column)).unwrap_or(0);
        self.source(target, OWN + place as u64, pick, present)
    }

    fn foreign_target(
        &self,
        input: &Input<'_>,
        table: &str,
        key: &ForeignKey,
        place: usize,
    ) -> Result<Target, Diagnostic> {
        let Place { facts, names, column, .. } = *self;
        let fault = |code, named: &str, words: String, help: String| {
            let at = columns::referring_place(input, table, column, named);
            Err(Diagnostic::error(code, at, words).help(help))
        };
        let Some(parent) = names.table(&key.table) else {
            let near = nearest(&key.table, names.tables.iter().map(|(t, _)| t.as_str()));
            let help =
                near.map_or("add the table to the scenario".to_owned(), |n| format!("did you mean `{n}`?"));
            let words = format!("`{column}` refers to `{}`, which is no table here", key.table);
            return fault(Code::UnknownTable, &key.table, words, help);
        };
        let there = key.columns[place].1.clone().or_else(|| facts[parent].primary_key.get(place).cloned());
        let Some(there) = there else {
            let words = format!("`{column}` refers to `{}`, which has no primary key", key.table);
            let help = format!("name the column: `REFERENCES {}(column)`", key.table);
            return fault(Code::UnknownColumn, &key.table, words, help);
        };
        match names.column(parent, &there) {
            Some(column) => Ok(Target { table: parent, column }),
            None => {
                let known = facts[parent].columns.iter().any(|c| c.name.eq_ignore_ascii_case(&there));
                let near = nearest(&there, facts[parent].columns.iter().map(|c| c.name.as_str()));
                let (words, help) = match near {
                    _ if known => (
                        format!("`{column}` refers to `{}.{there}`, a column without values", key.table),
                        format!(
                            "write `INTEGER PRIMARY KEY` as its type there, or give `{there}` of `{}` a `value`",
                            key.table
                        ),
                    ),
                    Some(near) => (columns::no_such(&key.table, &there), format!("did you mean `{near}`?")),
                    None => (columns::no_such(&key.table, &there), columns::list(&facts[parent])),
                };
                fault(Code::UnknownColumn, &there, words, help)
            }
        }
    }
}

/// Makes all columns of one foreign key choose their row alike: as the one that says how.
pub(super) fn choose_alike(
    input: &Input<'_>,
    table: &str,
    columns: &mut [Column],
    faults: &mut Vec<Diagnostic>,
) {
    type Choice = (Pick, Option<Present>);
    let choice = |column: &Column| match &column.source {
        Source::Reference { stream, pick, present, .. } => Some((*stream, (*pick, *present))),
        _ => None,
    };
    let says = |choice: &Choice| *choice != (Pick::default(), None);
    let all: Vec<Option<(u64, Choice)>> = columns.iter().map(choice).collect();
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    for (index, column) in columns.iter_mut().enumerate() {
        let Some((stream, own)) = all[index] else { continue };
        let told = |other: &Option<(u64, Choice)>| {
            other.filter(|(of, choice)| *of == stream && says(choice)).map(|(_, choice)| choice)
        };
        let first = all.iter().enumerate().find_map(|(place, other)| Some((place, told(other)?)));
        let Some((first, choice)) = first else { continue };
        if says(&own) && own != choice {
            let at = input.at(&["tables", table, "columns", &column.name, "value"]);
            let words = format!(
                "`{}` belongs to a foreign key of several columns, whose `ref`s choose different rows",
                column.name
            );
            let help = format!(
                "write the same distribution, `fan_out`, `share` and `maybe` as in `{}`",
                names[first]
            );
            faults.push(Diagnostic::error(Code::TemplateArgument, at, words).help(help));
        }
        if let Source::Reference { pick, present, .. } = &mut column.source {
            (*pick, *present) = choice;
        }
    }
}
