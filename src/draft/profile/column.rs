//! What one column holds, value by value.

use std::collections::HashMap;

use rusqlite::types::ValueRef;

use super::classes::Classes;
use super::distinct::Distinct;
use super::format::{format_of, parts_of};
use crate::draft::{ColumnProfile, Format, Lengths, Sign};
use crate::template::{Draw, mix};
use crate::value::Value;

/// Members that an enumeration has at most.
const MOST_MEMBERS: usize = 32;
/// Numbers that stand for all, for their quantiles.
const NUMBERS: usize = 8192;
/// Texts that stand for all, for their format.
const TEXTS: usize = 1024;

/// Parts of equal weight that the quantiles bound.
const SEGMENTS: usize = 32;

/// A sample of which every value seen is a member with the same probability (Vitter 1985, algorithm R).
#[derive(Debug)]
struct Reservoir<T> {
    kept: Vec<T>,
    most: usize,
    seen: u64,
    draw: Draw,
}

impl<T> Reservoir<T> {
    fn new(most: usize) -> Self {
        Reservoir { kept: Vec::new(), most, seen: 0, draw: Draw::new(most as u64) }
    }

    fn add(&mut self, value: impl FnOnce() -> T) {
        self.seen += 1;
        if self.kept.len() < self.most {
            self.kept.push(value());
        } else if let place = self.draw.below(self.seen) as usize
            && place < self.most
        {
            self.kept[place] = value();
        }
    }
}

/// Takes the values of a column in the table's own order.
#[derive(Debug)]
pub(super) struct Accumulator {
    profile: ColumnProfile,
    distinct: Distinct,
    classes: Classes,
    last_hash: Option<u64>,
    lengths: f64,
    /// Per hash: all while there are few, then those that came first.
    members: HashMap<u64, (Value, u64)>,
    few: bool,
    numbers: Reservoir<f64>,
    sum: f64,
    least: f64,
    greatest: f64,
    last_number: Option<f64>,
    texts: Reservoir<String>,
    span: Option<(String, String)>,
}

impl Accumulator {
    pub(super) fn new() -> Self {
        Accumulator {
            profile: ColumnProfile { ascending: true, ..ColumnProfile::default() },
            distinct: Distinct::default(),
            classes: Classes::default(),
            last_hash: None,
            lengths: 0.0,
            members: HashMap::new(),
            few: true,
            numbers: Reservoir::new(NUMBERS),
            sum: 0.0,
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
            last_number: None,
            texts: Reservoir::new(TEXTS),
            span: None,
        }
    }

    /// Takes a value. Returns its hash, none for NULL.
    pub(super) fn add(&mut self, value: ValueRef<'_>) -> Option<u64> {
        let Some(hash) = hash_of(value) else {
            self.profile.nulls += 1;
            return None;
        };
        if self.last_hash.replace(hash) != Some(hash) {
            self.profile.runs += 1;
        }
        let length = match value {
            ValueRef::Null => 0,
            ValueRef::Integer(number) => {
                self.profile.integers += 1;
                self.number(number as f64);
                digits(number)
            }
            ValueRef::Real(number) => {
                self.profile.reals += 1;
                self.number(number);
                number.to_string().len() as u64
            }
            ValueRef::Text(bytes) => {
                self.profile.texts += 1;
                self.text(bytes)
            }
            ValueRef::Blob(bytes) => {
                self.profile.blobs += 1;
                bytes.len() as u64
            }
        };
        self.distinct.add(hash, self.classes.add(value, length));
        let first = self.filled() == 1;
        let lengths = &mut self.profile.length;
        lengths.min = if first { length } else { lengths.min.min(length) };
        lengths.max = lengths.max.max(length);
        self.lengths += length as f64;
        self.member(hash, value);
        Some(hash)
    }

    fn filled(&self) -> u64 {
        let profile = &self.profile;
        profile.integers + profile.reals + profile.texts + profile.blobs
    }

    fn number(&mut self, number: f64) {
        self.numbers.add(|| number);
        self.sum += number;
        self.least = self.least.min(number);
        self.greatest = self.greatest.max(number);
        if self.last_number.replace(number).is_some_and(|last| last >= number) {
            self.profile.ascending = false;
        }
    }

    fn text(&mut self, bytes: &[u8]) -> u64 {
        let text = String::from_utf8_lossy(bytes);
        self.texts.add(|| text.clone().into_owned());
        // Only dates are compared as texts, and none is longer.
        if bytes.len() <= 40 && bytes.first().is_some_and(u8::is_ascii_digit) {
            match &mut self.span {
                None => self.span = Some((text.clone().into_owned(), text.clone().into_owned())),
                Some((least, _)) if *text < **least => *least = text.clone().into_owned(),
                Some((_, greatest)) if *text > **greatest => *greatest = text.clone().into_owned(),
                Some(_) => {}
            }
        }
        text.chars().count() as u64
    }

    fn member(&mut self, hash: u64, value: ValueRef<'_>) {
        if let Some((_, count)) = self.members.get_mut(&hash) {
            *count += 1;
        } else if self.members.len() < MOST_MEMBERS {
            self.members.insert(hash, (owned(value), 1));
        } else {
            self.few = false;
        }
    }

    /// What came of it, for a table of `rows` rows of which `seen` were looked at.
    pub(super) fn finish(mut self, seen: u64, rows: u64) -> ColumnProfile {
        let filled = self.filled();
        let all = (filled as f64 * rows.max(1) as f64 / seen.max(1) as f64).round() as u64;
        let mut profile = std::mem::take(&mut self.profile);
        profile.distinct = self.distinct.of_runs(profile.runs, filled, all);
        let scale = profile.distinct as f64 / self.distinct.seen().max(1) as f64;
        profile.classes = self.classes.finish(&self.distinct, scale);
        let mean = if filled == 0 { 0.0 } else { self.lengths / filled as f64 };
        profile.length = Lengths { mean, ..profile.length };
        let numbers = profile.integers + profile.reals;
        if numbers > 0 {
            profile.mean = self.sum / numbers as f64;
            profile.quantiles = quantiles(&mut self.numbers.kept, self.least, self.greatest);
            profile.decimals = decimals(&self.numbers.kept);
        }
        profile.ascending &= numbers > 1;
        profile.format = format_of(&self.texts.kept);
        profile.parts = parts_of(&self.texts.kept);
        profile.letters = letters(&self.texts.kept);
        if matches!(profile.format, Some(Format::Date | Format::DateTime)) {
            profile.span = self.span;
            profile.tail = self.texts.kept.first().and_then(|text| text.get(19..)).map(|tail| {
                tail.chars().map(|sign| if sign.is_ascii_digit() { '0' } else { sign }).collect()
            });
            profile.spaced = self.texts.kept.first().is_some_and(|text| text.get(10..11) == Some(" "));
        }
        let mut members: Vec<(Value, u64)> = self.members.into_values().collect();
        members.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| order(&a.0).cmp(&order(&b.0))));
        if self.few {
            profile.members = members;
        } else {
            let is_common =
                |(value, count): &(Value, u64)| matches!(value, Value::Text(_)) && count * 5 >= filled;
            profile.common = members.into_iter().next().filter(is_common);
        }
        profile
    }
}

/// An order of values that does not depend on the map that they came from.
fn order(value: &Value) -> String {
    value.as_ref().to_string()
}

pub(super) fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(v) => Value::Integer(v),
        ValueRef::Real(v) => Value::Real(v),
        ValueRef::Text(v) => Value::Text(String::from_utf8_lossy(v).into_owned()),
        ValueRef::Blob(v) => Value::Blob(v.to_vec()),
    }
}

fn hash_of(value: ValueRef<'_>) -> Option<u64> {
    Some(match value {
        ValueRef::Null => return None,
        ValueRef::Integer(v) => mix(1, &[v as u64]),
        ValueRef::Real(v) => mix(2, &[v.to_bits()]),
        ValueRef::Text(bytes) => hash_bytes(3, bytes),
        ValueRef::Blob(bytes) => hash_bytes(4, bytes),
    })
}

fn hash_bytes(kind: u64, bytes: &[u8]) -> u64 {
    let mut hash = mix(kind, &[bytes.len() as u64]);
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = mix(hash, &[u64::from_le_bytes(word)]);
    }
    hash
}

/// Characters of a text, bytes of a blob, of any other value as text.
pub(super) fn length_of(value: ValueRef<'_>) -> u64 {
    match value {
        ValueRef::Null => 0,
        ValueRef::Integer(number) => digits(number),
        ValueRef::Real(number) => number.to_string().len() as u64,
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).chars().count() as u64,
        ValueRef::Blob(bytes) => bytes.len() as u64,
    }
}

fn digits(number: i64) -> u64 {
    u64::from(number < 0) + u64::from(number.unsigned_abs().checked_ilog10().unwrap_or(0)) + 1
}

fn quantiles(kept: &mut [f64], least: f64, greatest: f64) -> Vec<f64> {
    kept.sort_by(f64::total_cmp);
    let inner = (1..SEGMENTS).map(|place| kept[(kept.len() - 1) * place / SEGMENTS]);
    std::iter::once(least).chain(inner).chain(std::iter::once(greatest)).collect()
}

/// Digits after the point that most of the broken numbers have.
fn decimals(numbers: &[f64]) -> u32 {
    let mut counts = [0u32; 18];
    for number in numbers.iter().filter(|number| number.fract() != 0.0) {
        let text = number.to_string();
        let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len());
        counts[digits.min(17)] += 1;
    }
    let all: u32 = counts.iter().sum();
    let mut below = 0;
    // The trailing zeros of rounded numbers do not show, so the digits that nine of ten need are the digits that were written.
    counts
        .iter()
        .position(|count| {
            below += count;
            f64::from(below) >= f64::from(all) * 0.9
        })
        .unwrap_or(0) as u32
}

/// Characters by kind, the most frequent first.
fn letters(texts: &[String]) -> Vec<(Sign, u64)> {
    let mut counts: Vec<(Sign, u64)> = Vec::new();
    for sign in texts.iter().flat_map(|text| text.chars().take(200)).map(Sign::of) {
        let sign = if let Sign::Mark(_) = sign { Sign::Mark('*') } else { sign };
        match counts.iter_mut().find(|(known, _)| *known == sign) {
            Some((_, count)) => *count += 1,
            None => counts.push((sign, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
