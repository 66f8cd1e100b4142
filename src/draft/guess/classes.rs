//! Values of several types or lengths, each class with its own part of the rows and its own distinct values: right by construction where nothing simpler
//! is.

use super::{Candidate, Need, Subject, number, per, text};
use crate::draft::{Class, ColumnProfile, Storage};

/// Classes that are written apart at most.
const MOST: usize = 12;

/// All classes of a column, each with as many rows and values as measured.
pub(super) fn by_length(subject: &Subject<'_>) -> Option<Candidate> {
    let mut classes = subject.holds.classes.clone();
    while classes.len() > MOST {
        merge(&mut classes)?;
    }
    let sum: u64 = classes.iter().map(|class| class.rows).sum();
    let mut parts = Vec::with_capacity(classes.len());
    for class in &classes {
        parts.push((pool(subject, class)?, class.rows));
    }
    let words = if subject.holds.is_mixed() { "values by type and length" } else { "values by length" };
    Some((weighted(&parts, sum), words.to_owned()))
}

/// Values with their rows, as one expression.
pub(super) fn weighted(parts: &[(String, u64)], sum: u64) -> String {
    match parts {
        [(only, _)] => only.clone(),
        several => {
            let pairs: Vec<String> =
                several.iter().map(|(value, rows)| format!("[{value}, {rows}]")).collect();
            format!("weighted([{}], per={sum})", pairs.join(", "))
        }
    }
}

/// As many values of a class as it has rows, no two alike.
pub(super) fn distinct(subject: &Subject<'_>, class: &Class) -> Option<String> {
    Some(match class.kind {
        Storage::Integer => format!("unique(int({}))", range(class, 0, class.rows)?),
        Storage::Real if class.decimals <= 12 => {
            format!("unique(float({}, {}))", range(class, class.decimals, class.rows)?, class.decimals)
        }
        Storage::Text => {
            let holds = of_texts(subject, class, class.rows);
            text::different(
                &Subject { holds: &holds, filled: class.rows, ..*subject },
                class.rows,
                Need::EachRow,
            )
            .0
        }
        Storage::Real | Storage::Blob => return None,
    })
}

/// What a column holds, as far as it is texts.
fn of_texts(subject: &Subject<'_>, class: &Class, count: u64) -> ColumnProfile {
    let mut holds = subject.holds.clone();
    (holds.integers, holds.reals, holds.blobs) = (0, 0, 0);
    (holds.length, holds.distinct) = (class.length, count);
    // Parts are those of most texts, which may be others.
    let length: f64 = holds.parts.iter().map(|part| part.mean).sum();
    if (length - class.length.mean).abs() > class.length.mean * 0.05 {
        holds.parts.clear();
    }
    holds
}

/// Puts the class with the fewest rows to a neighbour of its kind.
fn merge(classes: &mut Vec<Class>) -> Option<()> {
    let akin = |one: &Class, other: &Class| one.kind == other.kind && one.negative == other.negative;
    let place = (0..classes.len() - 1)
        .filter(|&place| akin(&classes[place], &classes[place + 1]))
        .min_by_key(|&place| classes[place].rows.min(classes[place + 1].rows))?;
    let (one, other) = (classes.remove(place), classes[place]);
    let rows = one.rows + other.rows;
    let all = one.length.mean * one.rows as f64 + other.length.mean * other.rows as f64;
    let into = &mut classes[place];
    *into = if one.rows > other.rows { one } else { other };
    (into.rows, into.distinct) = (rows, one.distinct + other.distinct);
    into.length.min = one.length.min.min(other.length.min);
    into.length.max = one.length.max.max(other.length.max);
    into.length.mean = all / rows as f64;
    (into.least, into.greatest) = (one.least.min(other.least), one.greatest.max(other.greatest));
    Some(())
}

/// As many distinct values of a class as it has.
fn pool(subject: &Subject<'_>, class: &Class) -> Option<String> {
    let count = class.distinct.min(class.rows);
    let value = match class.kind {
        Storage::Integer => format!("unique(int({}))", range(class, 0, count)?),
        Storage::Real if class.decimals <= 12 => {
            format!("unique(float({}, {}))", range(class, class.decimals, count)?, class.decimals)
        }
        Storage::Real => {
            let sign = if class.negative { "-" } else { "" };
            let (low, high) = (class.least * 0.9, class.greatest * 1.1);
            let (low, high) = if class.negative { (high, low) } else { (low, high) };
            format!("float({sign}{low:.3}, {sign}{high:.3})")
        }
        Storage::Blob => {
            let lengths = class.length;
            format!("bytes({}, {}, {:.1}{})", lengths.min, lengths.max, lengths.mean, per(count))
        }
        Storage::Text => {
            let holds = of_texts(subject, class, count);
            let part = Subject { holds: &holds, filled: class.rows, ..*subject };
            text::different(&part, count, Need::Mostly).0
        }
    };
    let once = count == class.rows && matches!(class.kind, Storage::Text | Storage::Blob);
    Some(if once { value } else { format!("among({count}, {value})") })
}

/// Bounds around the numbers of a class, as long as they are, with room for so many.
fn range(class: &Class, digits: u32, count: u64) -> Option<String> {
    let unit = 10f64.powi(-(digits as i32));
    // Of a number with digits after the point, those before it.
    let other = u64::from(class.negative) + if digits > 0 { u64::from(digits) + 1 } else { 0 };
    let signs = class.length.max.saturating_sub(other).max(1);
    let shortest = class.length.min.saturating_sub(other).max(1);
    let lowest = if shortest <= 1 {
        if class.least < 1.0 { 0.0 } else { 1.0 }
    } else {
        10f64.powi(shortest as i32 - 1)
    };
    let highest = 10f64.powi(signs as i32) - unit;
    let span = class.greatest - class.least;
    let mut low = number::outward_low(class.least, span, unit).max(lowest);
    let mut high = number::outward_high(class.greatest, span, unit).min(highest);
    // Where the values lie close together, further ones are taken, as long as they are as long.
    let missing = count as f64 * 1.15 - ((high - low) / unit).floor() - 1.0;
    if missing > 0.0 {
        high = (high + missing * unit).min(highest);
        let missing = count as f64 * 1.15 - ((high - low) / unit).floor() - 1.0;
        low = (low - missing.max(0.0) * unit).max(lowest);
    }
    if ((high - low) / unit + 1e-6).floor() + 1.0 < count as f64 {
        return None;
    }
    let (low, high) = if class.negative { (-high, -low) } else { (low, high) };
    Some(if digits == 0 && class.kind == Storage::Integer {
        format!("{}, {}", low as i64, high as i64)
    } else {
        format!("{low:.0$}, {high:.0$}", digits as usize)
    })
}
