//! Values of a column by type and length.

use rusqlite::types::ValueRef;

use super::distinct::Distinct;
use crate::draft::{Class, Lengths, Storage};

/// What is counted of one class.
#[derive(Clone, Debug)]
struct Counted {
    kind: Storage,
    negative: bool,
    /// Of numbers; 0 for texts and blobs, whose lengths are all in one class.
    length: u64,
    rows: u64,
    lengths: u64,
    shortest: u64,
    longest: u64,
    least: f64,
    greatest: f64,
    decimals: [u32; 18],
}

/// The classes of a column.
#[derive(Debug, Default)]
pub(super) struct Classes {
    counted: Vec<Counted>,
}

impl Classes {
    /// Counts a value of that length. Returns the number of its class.
    pub(super) fn add(&mut self, value: ValueRef<'_>, length: u64) -> u16 {
        let (kind, number) = match value {
            ValueRef::Null => return 0,
            ValueRef::Integer(v) => (Storage::Integer, Some(v as f64)),
            ValueRef::Real(v) => (Storage::Real, Some(v)),
            ValueRef::Text(_) => (Storage::Text, None),
            ValueRef::Blob(_) => (Storage::Blob, None),
        };
        let negative = number.is_some_and(|number| number < 0.0);
        let same = if number.is_some() { length } else { 0 };
        let is_it = |one: &Counted| one.kind == kind && one.length == same && one.negative == negative;
        let place = self.counted.iter().position(is_it).unwrap_or_else(|| {
            self.counted.push(Counted {
                kind,
                negative,
                length: same,
                rows: 0,
                lengths: 0,
                shortest: u64::MAX,
                longest: 0,
                least: f64::INFINITY,
                greatest: 0.0,
                decimals: [0; 18],
            });
            self.counted.len() - 1
        });
        let one = &mut self.counted[place];
        one.rows += 1;
        one.lengths += length;
        (one.shortest, one.longest) = (one.shortest.min(length), one.longest.max(length));
        if let Some(number) = number {
            (one.least, one.greatest) = (one.least.min(number.abs()), one.greatest.max(number.abs()));
        }
        if let ValueRef::Real(number) = value {
            // Of a number without digits after the point, one zero is written.
            let whole = number.abs().trunc().to_string().len() as u64 + u64::from(negative);
            one.decimals[length.saturating_sub(whole + 1).min(17) as usize] += 1;
        }
        place as u16
    }

    /// What came of it, with the distinct values of each class from among all of them, `scale` times as many as were seen.
    pub(super) fn finish(self, distinct: &Distinct, scale: f64) -> Vec<Class> {
        let counts = distinct.by_class(self.counted.len());
        let class = |(one, seen): (Counted, u64)| {
            let most = (0..18).max_by_key(|&digits| one.decimals[digits]).unwrap_or(0);
            Class {
                kind: one.kind,
                negative: one.negative,
                rows: one.rows,
                distinct: ((seen as f64 * scale).round() as u64).max(1),
                length: Lengths {
                    min: one.shortest,
                    max: one.longest,
                    mean: one.lengths as f64 / one.rows as f64,
                },
                least: one.least.min(one.greatest),
                greatest: one.greatest,
                decimals: most as u32,
            }
        };
        let mut classes: Vec<Class> = self.counted.into_iter().zip(counts).map(class).collect();
        classes.sort_by_key(|class| (class.kind, !class.negative, class.length.min));
        classes
    }
}
