//! What binds columns together: foreign keys, and keys that may not repeat.

use super::room::{referred, solve};
use super::{digits, kinds, literal};
use crate::draft::{GroupProfile, SourceKey, SourceTable, TableProfile};

/// How a column is bound to others.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Role {
    /// Not at all.
    Free,
    /// Another value in each row.
    Unique,
    /// Part of a key: a new value after so many rows.
    Runs(f64),
    /// Part of a key: so many values, one after the other.
    Cycle(u64),
    /// Part of a key: each of so many values for so many rows.
    RunsOfCycle(u64, u64),
    /// Part of a key of two columns: values by kind.
    Kinds(String),
    /// A reference, as a call.
    Reference {
        /// Such as `ref("users.id", fan_out=3)`.
        call: String,
        /// Whether the call gives NULL where it is due.
        with_nulls: bool,
    },
}

/// One role for each column.
pub(super) fn roles(
    table: &SourceTable,
    profile: &TableProfile,
    all: &[(SourceTable, TableProfile)],
    with_values: bool,
) -> Vec<Role> {
    let mut roles = vec![Role::Free; table.columns.len()];
    let own = kinds::layout(table, profile, all);
    let own = own.and_then(|layout| Some((layout.columns, layout.expressions(table, profile, with_values)?)));
    if let Some(((first, second), (one, other))) = own {
        (roles[first], roles[second]) = (Role::Kinds(one), Role::Kinds(other));
    }
    let mut picks: Vec<Option<Pick>> = Vec::new();
    for (key, group) in table.foreign_keys.iter().zip(&profile.foreign_keys) {
        let bound = key.columns.iter().any(|&column| table.columns[column].generated);
        let parents = all.iter().find(|(other, _)| other.name.eq_ignore_ascii_case(&key.table));
        picks.push(
            parents
                .filter(|_| !bound)
                .map(|(_, parents)| Pick::new(table, profile, group, parents.rows, key)),
        );
    }
    for group in &table.unique {
        bind(table, profile, group, &mut picks, &mut roles);
    }
    for ((key, pick), group) in table.foreign_keys.iter().zip(&picks).zip(&profile.foreign_keys) {
        let Some(pick) = pick else { continue };
        let free = |column: &usize| {
            matches!(roles[*column], Role::Free) && table.unique.iter().all(|group| !group.contains(column))
        };
        let by_kind = all
            .iter()
            .find(|(other, _)| other.name.eq_ignore_ascii_case(&key.table) && other.name != table.name)
            .filter(|_| key.columns.iter().all(free))
            .and_then(|(parent, parents)| {
                let layout = kinds::layout(parent, parents, all)?;
                // What the parent is not given cannot be relied on.
                layout.expressions(parent, parents, with_values)?;
                layout.calls(parent, key, group, profile)
            });
        if let Some(calls) = by_kind {
            for (&column, call) in key.columns.iter().zip(calls) {
                roles[column] = Role::Reference { call, with_nulls: true };
            }
            continue;
        }
        for (place, &column) in key.columns.iter().enumerate() {
            // Where two foreign keys share a column, it follows the first.
            if matches!(roles[column], Role::Free) {
                let target = literal::text(&format!("{}.{}", key.table, key.to[place]));
                let plain =
                    key.columns.len() == 1 && table.unique.iter().all(|group| !group.contains(&column));
                let parent = all.iter().find(|(other, _)| other.name.eq_ignore_ascii_case(&key.table));
                let by_length =
                    parent.filter(|(parent, _)| plain && parent.name != table.name).and_then(|parent| {
                        digits::by_length(&target, &key.to[place], parent, profile, column, pick.far())
                    });
                let call = by_length.unwrap_or_else(|| pick.call(&target));
                roles[column] = Role::Reference { call, with_nulls: false };
            }
        }
    }
    roles
}

/// How a foreign key chooses its parents.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Pick {
    fan_out: Option<f64>,
    share: Option<f64>,
    /// Rows, those with NULL left out.
    filled: f64,
    rows: f64,
    nulls: f64,
    distinct: f64,
    parents: f64,
    /// Whether drawing at random would give numbers that are too short: more rows refer to the parents that came early.
    too_short: bool,
}

impl Pick {
    fn new(
        table: &SourceTable,
        profile: &TableProfile,
        group: &GroupProfile,
        parents: u64,
        key: &SourceKey,
    ) -> Pick {
        let rows = profile.rows as f64;
        let nulls = group.nulls as f64 / profile.seen.max(1) as f64;
        let filled = rows * (1.0 - nulls);
        let parents = if key.table.eq_ignore_ascii_case(&table.name) { rows } else { parents as f64 };
        let distinct = (group.distinct as f64).min(parents).max(1.0);
        let mut pick = Pick { filled, rows, nulls, distinct, parents, ..Pick::default() };
        if filled < 1.0 || parents < 1.0 {
            return pick;
        }
        let drawn = referred(parents, filled);
        let runs = group.runs as f64 * rows / profile.seen.max(1) as f64;
        let together = runs <= distinct * 1.5 && distinct < filled * 0.9;
        let column = &profile.columns[key.columns[0]];
        let short = 1.0 + early_digits(parents);
        pick.too_short = column.integers > 0 && short < column.length.mean * 0.93;
        if (drawn - distinct).abs() <= 0.04 * distinct && !pick.too_short {
            return pick;
        }
        if drawn > distinct && !together && !pick.too_short {
            let reach = solve(1.0, parents, distinct, |reach| referred(reach, filled));
            pick.share = Some((reach / parents).min(1.0)).filter(|share| *share < 0.995);
        } else {
            pick.come_together();
        }
        pick
    }

    /// Rows of one parent one after the other, those with NULL left out.
    fn come_together(&mut self) {
        let parents = self.distinct.min(self.parents);
        self.fan_out = Some((self.filled / parents).max(1.0));
        self.share = Some(parents / self.parents).filter(|share| *share < 0.95);
    }

    /// How far the rows referred to lie from the first ones: drawn among those that are there, or all over.
    fn far(&self) -> digits::Far {
        if self.fan_out.is_some() { digits::Far::AllOver } else { digits::Far::Drawn }
    }

    fn call(&self, target: &str) -> String {
        let mut call = format!("ref({target}");
        if let Some(fan_out) = self.fan_out {
            call.push_str(&format!(", fan_out={}", super::decimal(fan_out)));
        }
        if let Some(share) = self.share {
            call.push_str(&format!(", share={}", significant(share)));
        }
        call.push(')');
        call
    }
}

/// Digits beyond the first of the parents' row numbers, weighted by the rows that draw one of those there while both tables grow: those up to a
/// share x of all parents get x (1 - ln x) of the rows.
pub(super) fn early_digits(parents: f64) -> f64 {
    let mut sum = 0.0;
    let mut power = 10.0;
    while power < parents {
        let share: f64 = power / parents;
        sum += 1.0 - share * (1.0 - share.ln());
        power *= 10.0;
    }
    sum
}

/// Four digits that count.
pub(super) fn significant(share: f64) -> String {
    let digits = (4.0 - share.log10().floor()).clamp(4.0, 12.0) as usize;
    let text = format!("{share:.digits$}");
    text.trim_end_matches('0').to_owned()
}

/// What a key consists of: a foreign key, or a column of its own.
enum Member {
    Key(usize),
    Column(usize),
}

/// Gives the columns of a group roles in which no two rows are alike.
fn bind(
    table: &SourceTable,
    profile: &TableProfile,
    group: &[usize],
    picks: &mut [Option<Pick>],
    roles: &mut [Role],
) {
    let rows = profile.rows.max(1) as f64;
    let distinct = |column: usize| profile.columns[column].distinct.max(1) as f64;
    let key_of = |column: usize| {
        table
            .foreign_keys
            .iter()
            .zip(picks.iter())
            .position(|(key, pick)| pick.is_some() && key.columns.contains(&column))
    };
    let alone = |column: &usize| key_of(*column).is_none();
    let is_kinds = |column: &usize| matches!(roles[*column], Role::Kinds(_));
    if group.iter().any(|&column| roles[column] == Role::Unique)
        || group.iter().filter(|column| is_kinds(column)).count() == 2
    {
        return;
    }
    // Where next to no value comes twice, the column can as well be the one that never repeats.
    let fits = |column: &usize| distinct(*column) >= rows * 0.97 || group.len() == 1;
    if let Some(&column) = group.iter().filter(|column| alone(column)).find(|column| fits(column)) {
        roles[column] = Role::Unique;
        return;
    }
    let mut members: Vec<(f64, Member)> = Vec::new();
    for &column in group {
        match key_of(column) {
            Some(key)
                if members
                    .iter()
                    .any(|(_, member)| matches!(member, Member::Key(other) if *other == key)) => {}
            Some(key) => members.push((picks[key].map_or(1.0, |pick| pick.distinct), Member::Key(key))),
            None => members.push((distinct(column), Member::Column(column))),
        }
    }
    members.sort_by(|a, b| b.0.total_cmp(&a.0));
    if members
        .iter()
        .any(|(_, member)| matches!(member, Member::Column(column) if roles[*column] != Role::Free))
    {
        return;
    }
    let leader = members.iter().position(|(_, member)| matches!(member, Member::Key(_)));
    match leader {
        Some(place) => bind_to_key(&members, place, picks, roles),
        None => count_through(&members, rows, roles),
    }
}

/// A group with references: rows of one parent come together, and the others differ among them.
fn bind_to_key(members: &[(f64, Member)], leader: usize, picks: &mut [Option<Pick>], roles: &mut [Role]) {
    let columns: Vec<(f64, usize)> = members
        .iter()
        .filter_map(|(distinct, member)| match member {
            Member::Column(column) => Some((*distinct, *column)),
            Member::Key(_) => None,
        })
        .collect();
    let Member::Key(key) = members[leader].1 else { return };
    let keys = members.len() - columns.len();
    let mut fan_out = 1.0;
    if let Some(pick) = &mut picks[key]
        && (keys == 1 || pick.fan_out.is_some())
    {
        pick.come_together();
        fan_out = pick.fan_out.unwrap_or(1.0);
    }
    // Only one of several can come together.
    for (place, (_, member)) in members.iter().enumerate() {
        if let Member::Key(other) = member
            && place != leader
            && let Some(pick) = &mut picks[*other]
            && pick.fan_out.take().is_some()
        {
            let reach = solve(1.0, pick.parents, pick.distinct, |reach| referred(reach, pick.filled));
            pick.share = Some(reach / pick.parents).filter(|share| *share < 0.995);
        }
    }
    if keys > 1 {
        return;
    }
    let mut within = 1u64;
    for (distinct, column) in columns {
        let needed = (fan_out.ceil() / within as f64).ceil();
        let count = distinct.max(needed) as u64;
        roles[column] = if within == 1 { Role::Cycle(count) } else { Role::RunsOfCycle(within, count) };
        within = within.saturating_mul(count);
        if within as f64 >= fan_out.ceil() {
            break;
        }
    }
}

/// A group of plain columns: the one with most values changes slowest, the others count through in between, like the digits of a number.
fn count_through(members: &[(f64, Member)], rows: f64, roles: &mut [Role]) {
    let [(slowest, Member::Column(first)), rest @ ..] = members else { return };
    let stretch = (rows / slowest).max(1.0);
    roles[*first] = Role::Runs(stretch);
    let mut within = 1u64;
    for (place, (distinct, member)) in rest.iter().enumerate() {
        let Member::Column(column) = member else { continue };
        if within as f64 >= stretch.ceil() {
            break;
        }
        let last = place + 1 == rest.len();
        let needed = if last { (stretch.ceil() / within as f64).ceil() } else { 1.0 };
        let count = distinct.max(needed) as u64;
        roles[*column] = if within == 1 { Role::Cycle(count) } else { Role::RunsOfCycle(within, count) };
        within = within.saturating_mul(count);
    }
}
