//! References to keys that grow from row to row: which rows have keys of how many digits is known, and so is how many rows refer to keys of that length.

use super::relations::{early_digits, significant};
use super::{Subject, decimal, key, room};
use crate::draft::{SourceTable, Storage, TableProfile};

/// How far a mean length may be off before it is seen to.
const CLOSE: f64 = 0.04;

/// How far from the first rows those lie that a reference finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Far {
    /// Drawn among the rows that are there, so that the first ones come more often.
    Drawn,
    /// One after the other, all over the table.
    AllOver,
}

/// Keys that begin at one number and grow by another.
#[derive(Clone, Copy, Debug)]
struct Growing {
    start: u64,
    step: u64,
}

impl Growing {
    /// Rows (from 1) whose keys have so many digits, of `rows`.
    fn rows_with(&self, digits: u32, rows: u64) -> Option<(u64, u64)> {
        let (low, high) = (10u64.checked_pow(digits - 1)?, 10u64.checked_pow(digits)? - 1);
        let low = if digits == 1 { 0 } else { low };
        let first = low.saturating_sub(self.start).div_ceil(self.step) + 1;
        let last = (high.checked_sub(self.start)? / self.step + 1).min(rows);
        (first <= last).then_some((first, last))
    }
}

/// What the keys of a table will be: the row's number, or a sequence.
fn growing(table: &SourceTable, profile: &TableProfile, name: &str) -> Option<Growing> {
    let place = table.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))?;
    if !(table.rowid_alias && table.primary_key == [place]) || profile.seen == 0 {
        return None;
    }
    let subject = Subject::new(&table.columns[place], &profile.columns[place], profile, false);
    let Some(value) = key(&subject).value else { return Some(Growing { start: 1, step: 1 }) };
    let (start, step) = value.strip_prefix("{{ seq(")?.strip_suffix(") }}")?.split_once(", ")?;
    Some(Growing { start: start.parse().ok()?, step: step.parse().ok().filter(|step| *step > 0)? })
}

/// References to keys of each length apart, where those that are found otherwise would have another length; nothing where that is not needed, or the keys
/// do not grow.
pub(super) fn by_length(
    target: &str,
    name: &str,
    (parent, parents): &(SourceTable, TableProfile),
    profile: &TableProfile,
    column: usize,
    far: Far,
) -> Option<String> {
    let grows = growing(parent, parents, name)?;
    let holds = &profile.columns[column];
    let last = grows.start as f64 + grows.step as f64 * (parents.rows.max(1) - 1) as f64;
    let expected = match far {
        Far::Drawn if grows.start == 1 && grows.step == 1 => 1.0 + early_digits(parents.rows as f64),
        _ => room::mean_digits(grows.start as f64, last),
    };
    let length = holds.length.mean;
    if (expected - length).abs() <= length * CLOSE {
        return None;
    }
    // Rows and distinct values by length, where the parent has keys of that length; others are put to the nearest.
    let mut classes: Vec<(u32, u64, u64)> = Vec::new();
    for class in holds.classes.iter().filter(|class| class.kind == Storage::Integer && !class.negative) {
        let wanted = class.length.min as i64;
        let digits = (1..=19u32)
            .filter(|digits| grows.rows_with(*digits, parents.rows).is_some())
            .min_by_key(|digits| (i64::from(*digits) - wanted).abs())?;
        match classes.iter_mut().find(|(known, ..)| *known == digits) {
            Some((_, rows, distinct)) => {
                (*rows, *distinct) = (*rows + class.rows, *distinct + class.distinct)
            }
            None => classes.push((digits, class.rows, class.distinct)),
        }
    }
    let sum: u64 = classes.iter().map(|(_, rows, _)| rows).sum();
    let filled = profile.rows as f64 * sum as f64 / profile.seen.max(1) as f64;
    let part = |&(digits, rows, distinct): &(u32, u64, u64)| {
        let (first, last) = grows.rows_with(digits, parents.rows)?;
        let there = last - first + 1;
        let distinct = distinct.min(there).max(1) as f64;
        let fan_out = (filled * rows as f64 / sum as f64 / distinct).max(1.0);
        // Half a row less, which is rounded up.
        let share = (distinct - 0.5) / there as f64;
        let share =
            if distinct < there as f64 { format!(", share={}", significant(share)) } else { String::new() };
        let rows_named = format!("rows=[{first}, {last}]");
        Some(format!("[ref({target}, fan_out={}{share}, {rows_named}), {rows}]", decimal(fan_out)))
    };
    let parts: Vec<String> = classes.iter().map(part).collect::<Option<_>>()?;
    // All rows, those with NULL left out.
    let per = filled.round();
    (!parts.is_empty()).then(|| format!("weighted([{}], per={per}, in_order=true)", parts.join(", ")))
}
