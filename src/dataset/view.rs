//! The other tables, as one row or occurrence sees them, and what its columns are made of.

use std::cell::RefCell;

use super::deaths::{Choice, Deaths};
use super::{Column, Dataset, Source};
use crate::template::{Draw, Pick, Present, References, RenderError, RowContext, Scratch, Target, mix};
use crate::value::{Value, ValueRef};

/// Who asks: a row of a table, or an occurrence of an action.
pub(super) struct View<'a> {
    dataset: &'a Dataset,
    /// A table or, after all tables, an action.
    lane: usize,
    /// The row or occurrence, from 0.
    number: u64,
    /// Its place in the order that decides what it may refer to.
    key: u64,
    /// What values are drawn by, from 0: the same number, but for a row that is not in the dataset.
    pub(super) row: u64,
    /// Of a step.
    pub(super) repetition: Option<u64>,
    parents: RefCell<&'a mut Vec<(usize, u64)>>,
}

impl<'a> View<'a> {
    /// A row of a table.
    pub(super) fn row(
        dataset: &'a Dataset,
        table: usize,
        row: u64,
        parents: &'a mut Vec<(usize, u64)>,
    ) -> Self {
        let key = dataset.mixed.key(table, row);
        let parents = RefCell::new(parents);
        View { dataset, lane: table, number: row, key, row, repetition: None, parents }
    }

    /// An occurrence of an action.
    pub(super) fn occurrence(
        dataset: &'a Dataset,
        action: usize,
        ordinal: u64,
        parents: &'a mut Vec<(usize, u64)>,
    ) -> Self {
        let lane = dataset.tables.len() + action;
        let key = dataset.order().key(lane, ordinal);
        let parents = RefCell::new(parents);
        View { dataset, lane, number: ordinal, key, row: ordinal, repetition: None, parents }
    }

    pub(super) fn column<'s>(
        &self,
        column: &'s Column,
        scratch: &'s mut Scratch,
    ) -> Result<ValueRef<'s>, RenderError> {
        match &column.source {
            Source::Row => Ok(ValueRef::Integer(self.row as i64 + 1)),
            Source::Template(template) => {
                let seed = match self.repetition {
                    None => mix(column.seed, &[self.row]),
                    Some(repetition) => mix(column.seed, &[self.row, repetition]),
                };
                let context = RowContext {
                    row: self.row + 1,
                    repetition: self.repetition.unwrap_or(0),
                    seed,
                    column_seed: column.seed,
                    references: self,
                };
                template.render(&context, scratch)
            }
            Source::Reference { target, stream, nullable, pick, present } => {
                let mut draw = Draw::new(mix(self.dataset.seed, &[*stream, self.row]));
                let Some(number) = self.number(*present, *stream, &mut draw) else {
                    return Ok(ValueRef::Null);
                };
                match self.pick_parent(target.table, pick, number, &mut draw) {
                    Some(parent) => self.parent_value(*target, parent, scratch),
                    None if *nullable || present.is_some() => Ok(ValueRef::Null),
                    None => self.own_value(*target),
                }
            }
            Source::Combined { combination, side, target, present, stream } => {
                let mut draw = Draw::new(mix(self.dataset.seed, &[*stream, self.row]));
                if self.number(*present, *stream, &mut draw).is_none() {
                    return Ok(ValueRef::Null);
                }
                let seed = mix(self.dataset.seed, &[self.lane as u64, *combination as u64]);
                let cell = self.dataset.mixed.combination(self.lane, *combination, self.row, seed);
                self.parent_value(*target, cell[*side], scratch)
            }
        }
    }

    /// The number (from 0) of this row among those that refer to something; none where it does not.
    fn number(&self, present: Option<Present>, stream: u64, draw: &mut Draw) -> Option<u64> {
        let Some(present) = present else { return Some(self.row) };
        present.number(draw, mix(self.dataset.seed, &[stream, self.lane as u64]), self.row).ok()
    }

    /// A row (from 0) of a table that is there, for the row of that number among those that refer to some; none where there is none.
    fn pick_parent(&self, table: usize, pick: &Pick, number: u64, draw: &mut Draw) -> Option<u64> {
        let available = self.available(table);
        if available == 0 {
            return None;
        }
        // A row that is not in the dataset has no place among those of one parent.
        let pick = match pick.fan_out {
            Some(_) if self.row != self.number => Pick { fan_out: None, ..*pick },
            _ => *pick,
        };
        let Some((deaths, before)) = self.deaths(table) else {
            return Some(pick.row(draw, number, available));
        };
        let drawn = match pick.fan_out {
            Some(_) => Some(pick.row(draw, number, available)),
            None => {
                let distribution = pick.distribution.unwrap_or_default();
                let reach = pick.reach(available);
                deaths.draw(Choice { distribution, sequence: number + 1, available: reach }, before, draw)
            }
        };
        // Where all that are reached are gone, another one.
        let parent = deaths.nearest(drawn.unwrap_or(0), available, before);
        Some(parent.expect("some row is available"))
    }

    /// Where rows of a table are deleted: which, and how many before this place.
    fn deaths(&self, table: usize) -> Option<(&'a Deaths, u64)> {
        let keys = &self.dataset.keys;
        let deaths = keys.deaths[table].as_ref()?;
        let order = self.dataset.order();
        Some((deaths, keys.deletes_before(order, deaths, order.place(self.lane, self.number))))
    }

    /// The first row of a table that refers to itself, where NULL is not allowed.
    fn own_value<'s>(&self, target: Target) -> Result<ValueRef<'s>, RenderError> {
        let table = &self.dataset.tables[target.table];
        if target.table != self.lane {
            return Err(RenderError::new(format!(
                "no row of {} exists yet that it could refer to",
                table.name
            )));
        }
        match table.columns[target.column].source {
            Source::Row => Ok(ValueRef::Integer(self.row as i64 + 1)),
            _ => Err(RenderError::new(
                "the first row of a table cannot refer to an earlier one, and its column is NOT NULL",
            )),
        }
    }

    fn parent_value<'s>(
        &self,
        target: Target,
        row: u64,
        scratch: &'s mut Scratch,
    ) -> Result<ValueRef<'s>, RenderError> {
        self.note(target.table, row);
        self.dataset.lend_value(target, row, scratch)
    }

    fn note(&self, table: usize, row: u64) {
        let mut parents = self.parents.borrow_mut();
        if !parents.contains(&(table, row)) {
            parents.push((table, row));
        }
    }
}

impl References for View<'_> {
    fn available(&self, table: usize) -> u64 {
        let dataset = self.dataset;
        let is_action = self.lane >= dataset.tables.len();
        let Some((deaths, before)) = self.deaths(table) else {
            let order = if is_action { dataset.order() } else { &dataset.mixed };
            return if table == self.lane { self.number } else { order.available(table, self.key) };
        };
        // What is gone follows from the order of the writes, so what has come must too.
        let order = dataset.order();
        let come = match table == self.lane {
            true => self.number,
            false => order.available(table, order.key(self.lane, self.number)),
        };
        if come == 0 || deaths.nearest(0, come, before).is_none() { 0 } else { come }
    }

    fn value(&self, target: Target, row: u64, scratch: &mut Scratch) -> Result<Value, RenderError> {
        let mut parent = row - 1;
        if let Some((deaths, before)) = self.deaths(target.table) {
            let come = self.available(target.table);
            parent = deaths.nearest(parent, come, before).expect("some row is available");
        }
        self.note(target.table, parent);
        self.dataset.value_of(target, parent, scratch)
    }
}
