//! Which row each occurrence of an operation is about: how often it finds one, which rows are deleted, and which are drawn among the others.
//!
//! Hits are spread evenly over a part, and their number is the ratio's, rounded. What is deleted is decided once, in the order of the deletes, so
//! that no row goes twice and nothing later is about it.

use super::deaths::{Choice, Deaths};
use super::order::{Occurrences, Order, Place};
use super::{Action, ActionValue, Column, Key, Parts, Source, StepRepeat, Unorderable, mix_names};
use crate::template::{Draw, mix};

/// What follows from an action's key.
#[derive(Debug)]
pub(super) struct Keyed {
    pub(super) key: Key,
    /// Its place among the order's lanes.
    lane: usize,
    seed: u64,
    /// Occurrences in one part.
    count: u64,
    /// Those that find a row.
    pub(super) hits: u64,
    /// The first row number (from 0) that no row has and no other action uses: the occurrences' misses and new values count from here.
    pub(super) beyond: u64,
    /// Rows that it deletes, in order.
    victims: Vec<u32>,
}

impl Keyed {
    /// Of the first occurrences, how many find a row.
    fn hits_among(&self, occurrences: u64) -> u64 {
        if self.count == 0 {
            return 0;
        }
        let (part, within) = (occurrences / self.count, occurrences % self.count);
        let in_part = u128::from(within) * u128::from(self.hits) / u128::from(self.count);
        part * self.hits + in_part as u64
    }

    /// How many finds come before an occurrence, where it finds a row itself.
    fn hit(&self, ordinal: u64) -> Option<u64> {
        let before = self.hits_among(ordinal);
        (self.hits_among(ordinal + 1) > before).then_some(before)
    }
}

/// What all operations are about.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Per action.
    pub(super) actions: Vec<Option<Keyed>>,
    /// Per table, where rows of it are deleted.
    pub(super) deaths: Vec<Option<Deaths>>,
    /// Per table, the first row number (from 0) that nothing asks for.
    pub(super) beyond: Vec<u64>,
}

/// Row numbers that no total reaches: where others write the table's rows, nobody here knows how many.
const OUT_OF_REACH: u64 = 1 << 40;

/// How often an action finds a row in one part.
pub(super) fn hits_of(action: &Action) -> u64 {
    let ratio = action.key.map_or(0.0, |key| key.hit_ratio.clamp(0.0, 1.0));
    ((action.count as f64 * ratio).round() as u64).min(action.count)
}

/// The tables that a column takes values from and cannot do without.
fn needs(column: &Column) -> Vec<usize> {
    match &column.source {
        Source::Row
        | Source::Reference { nullable: true, .. }
        | Source::Reference { present: Some(_), .. } => Vec::new(),
        Source::Reference { target, .. } | Source::Combined { target, .. } => vec![target.table],
        Source::Template(template) => template.facts().required().iter().map(|t| t.table).collect(),
    }
}

/// The tables whose rows an action cannot do without, as far as values are made by templates and references.
fn needs_of_values(parts: &Parts, action: &Action) -> Vec<usize> {
    let shared = action.values.iter().flat_map(|value| match (value, action.key) {
        (ActionValue::Own(column), _) => needs(column),
        (ActionValue::Fresh { column }, Some(key)) => needs(&parts.tables[key.table].columns[*column]),
        (ActionValue::Fresh { .. } | ActionValue::Key { .. } | ActionValue::Prefix { .. }, _) => Vec::new(),
    });
    let steps = action.steps.iter().flat_map(|step| {
        let drawn = match &step.repeat {
            StepRepeat::Drawn(column) => needs(column),
            StepRepeat::Fixed(_) => Vec::new(),
        };
        drawn.into_iter().chain(step.values.iter().flat_map(needs))
    });
    shared.chain(steps).collect()
}

/// When each action comes: not before the first row of the tables that it needs.
///
/// # Errors
/// When one of these tables never has a row.
pub(super) fn occurrences(parts: &Parts, counts: &[u64]) -> Result<Vec<Occurrences>, Unorderable> {
    let comes = |table: usize| {
        parts.loaded[table] > 0 || (counts[table] * parts.parts > 0 && !parts.loaded_only[table])
    };
    let wait = |(index, action): (usize, &Action)| {
        if action.count == 0 {
            return Ok(Occurrences::default());
        }
        let mut tables = needs_of_values(parts, action);
        tables.extend(action.key.filter(|_| hits_of(action) > 0).map(|key| key.table));
        if tables.iter().any(|&table| !comes(table)) {
            return Err(Unorderable::NoRows { action: index });
        }
        let late = action.key.is_some_and(|key| key.removes);
        Ok(Occurrences { count: action.count, waits: tables, late })
    };
    parts.actions.iter().enumerate().map(wait).collect()
}

impl Keys {
    /// # Errors
    /// When more rows are to be deleted than there are, or rows that others still need.
    pub(super) fn new(parts: &Parts, order: &Order) -> Result<Self, Unorderable> {
        let tables = parts.tables.len();
        let reach = |table: usize| {
            let floor = if parts.loaded_only[table] { OUT_OF_REACH } else { 0 };
            order.in_all(table).max(floor)
        };
        let mut keys = Keys {
            actions: Vec::new(),
            deaths: (0..tables).map(|_| None).collect(),
            beyond: (0..tables).map(reach).collect(),
        };
        for (index, action) in parts.actions.iter().enumerate() {
            let keyed = action.key.map(|key| Keyed {
                key,
                lane: tables + index,
                seed: mix_names(parts.seed, &[&action.name]),
                count: action.count,
                hits: hits_of(action),
                beyond: keys.beyond[key.table],
                victims: Vec::new(),
            });
            if let Some(keyed) = &keyed {
                keys.beyond[keyed.key.table] += action.count * parts.parts;
            }
            keys.actions.push(keyed);
        }
        for table in 0..tables {
            keys.decide_deletes(parts, order, table)?;
        }
        Ok(keys)
    }

    /// The action of a lane; only called for those with a key.
    fn of_lane(&self, lane: usize) -> &Keyed {
        let action = lane - self.deaths.len();
        self.actions[action].as_ref().expect("the action has a key")
    }

    fn decide_deletes(&mut self, parts: &Parts, order: &Order, table: usize) -> Result<(), Unorderable> {
        let removes = |keyed: &&Keyed| keyed.key.table == table && keyed.key.removes && keyed.hits > 0;
        let lanes: Vec<usize> = self.actions.iter().flatten().filter(removes).map(|k| k.lane).collect();
        let Some(&first) = lanes.first() else { return Ok(()) };
        let action = first - parts.tables.len();
        if order.in_all(table) > Deaths::MOST_ROWS {
            return Err(Unorderable::TooMany { action });
        }
        if let Some(child) = later_child(parts, order, table) {
            return Err(Unorderable::StillNeeded { action, child });
        }
        let users = self.users(parts, table);
        let mut deaths = Deaths::new(lanes.clone(), order.in_all(table));
        let mut next: Vec<u64> = vec![0; lanes.len()];
        let mut delete = 0;
        loop {
            let come = |i: usize| next[i] < order.in_all(lanes[i]);
            let soonest = (0..lanes.len()).filter(|&i| come(i)).min_by_key(|&i| order.key(lanes[i], next[i]));
            let Some(which) = soonest else { break };
            let ordinal = next[which];
            next[which] += 1;
            let keyed = self.of_lane(lanes[which]);
            let Some(hit) = keyed.hit(ordinal) else { continue };
            let nothing_left =
                Unorderable::NothingLeft { action: lanes[which] - parts.tables.len(), possible: hit };
            let place = order.place(lanes[which], ordinal);
            let available = order.available(table, place.key);
            let choice = Choice { distribution: keyed.key.distribution, sequence: hit + 1, available };
            let mut draw = Draw::new(mix(keyed.seed, &[ordinal]));
            let left = available.saturating_sub(delete);
            if left == 0 || (left == 1 && self.is_used_before_more(order, table, &users, place)) {
                return Err(nothing_left);
            }
            let victim = deaths.draw(choice, delete, &mut draw).expect("a row is left");
            deaths.note(victim, delete);
            delete += 1;
            let action = lanes[which] - parts.tables.len();
            let keyed = self.actions[action].as_mut().expect("the action has a key");
            keyed.victims.push(victim as u32);
        }
        self.deaths[table] = Some(deaths);
        Ok(())
    }

    /// The lanes that cannot do without a row of a table, deletes left out.
    fn users(&self, parts: &Parts, table: usize) -> Vec<usize> {
        let tables = parts.tables.iter().enumerate().filter(|&(child, rows)| {
            child != table && rows.columns.iter().any(|column| needs(column).contains(&table))
        });
        let actions = parts.actions.iter().enumerate().filter(|(_, action)| {
            let about = action.key.is_some_and(|key| key.table == table && !key.removes);
            (about && hits_of(action) > 0) || needs_of_values(parts, action).contains(&table)
        });
        let lane = |(action, _): (usize, &Action)| parts.tables.len() + action;
        tables.map(|(child, _)| child).chain(actions.map(lane)).collect()
    }

    /// Whether something asks for a row of a table that has none left after this place, before the next one comes.
    fn is_used_before_more(&self, order: &Order, table: usize, users: &[usize], place: Place) -> bool {
        let until = order.key_of_next(table, order.available(table, place.key));
        users.iter().any(|&lane| {
            let before = if lane < self.deaths.len() {
                order.rows_until(lane, place.key)
            } else {
                order.before_place(lane, place)
            };
            order.rows_before(lane, until) > before
        })
    }

    /// How many deletes of a table's rows come before a place.
    pub(super) fn deletes_before(&self, order: &Order, deaths: &Deaths, place: Place) -> u64 {
        let deletes = |&lane: &usize| self.of_lane(lane).hits_among(order.before_place(lane, place));
        deaths.lanes.iter().map(deletes).sum()
    }

    /// The row (from 0) that an occurrence is about, where it finds one.
    pub(super) fn target(&self, order: &Order, keyed: &Keyed, ordinal: u64) -> Option<u64> {
        let hit = keyed.hit(ordinal)?;
        if keyed.key.removes {
            return Some(u64::from(keyed.victims[hit as usize]));
        }
        let place = order.place(keyed.lane, ordinal);
        let available = order.available(keyed.key.table, place.key);
        let choice = Choice { distribution: keyed.key.distribution, sequence: hit + 1, available };
        let mut draw = Draw::new(mix(keyed.seed, &[ordinal]));
        Some(match &self.deaths[keyed.key.table] {
            None => choice.draw(&mut draw),
            Some(deaths) => {
                let deletes = self.deletes_before(order, deaths, place);
                deaths.draw(choice, deletes, &mut draw).expect("deletes leave a row to those that need one")
            }
        })
    }
}

/// A table with rows that come after a delete and must be distinct combinations with rows of `table`: they may need any of them.
fn later_child(parts: &Parts, order: &Order, table: usize) -> Option<usize> {
    // All deletes of the only part come after all tables.
    if parts.interleaving == super::Interleaving::Phased && parts.parts == 1 {
        return None;
    }
    let combines = |child: &usize| {
        parts.combinations[*child].iter().flat_map(|each| &each.sides).any(|side| side.table == table)
    };
    (0..parts.tables.len()).filter(|&child| order.count(child) > 0).find(combines)
}
