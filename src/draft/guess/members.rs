//! Enumerations: few values, each with its weight.

use super::{Subject, literal, tried};
use crate::draft::{Format, Sign};
use crate::template::{Draw, mix};
use crate::value::Value;

/// A weighted choice, where a column has few members and rows enough for each; NULL is one of them.
pub(super) fn weighted(subject: &Subject<'_>) -> Option<String> {
    let members = &subject.holds.members;
    let few = !members.is_empty()
        && (members.len() as u64 * 4 <= subject.filled || !subject.column.allowed.is_empty());
    let made = match subject.holds.format {
        Some(Format::Date | Format::DateTime | Format::Json | Format::Uuid | Format::Email | Format::Url) => {
            !subject.with_values
        }
        _ => false,
    };
    if !few || made {
        return None;
    }
    list(subject, subject.holds.nulls)
}

/// The same of the rows that hold something, however many members they have for so few rows, as long as they are short.
pub(super) fn listed(subject: &Subject<'_>) -> Option<String> {
    const LONGEST: f64 = 24.0;
    let short = !subject.holds.members.is_empty() && subject.holds.length.mean <= LONGEST;
    short.then(|| list(subject, 0)).flatten()
}

fn list(subject: &Subject<'_>, nulls: u64) -> Option<String> {
    let mut shown: Vec<(String, u64)> = Vec::new();
    for (value, count) in stand_ins(subject) {
        shown.push((literal::value(&value)?, count));
    }
    if nulls > 0 {
        shown.push(("none".to_owned(), nulls));
    }
    let sum: u64 = shown.iter().map(|(_, count)| count).sum();
    let pairs: Vec<String> = shown.iter().map(|(value, count)| format!("[{value}, {count}]")).collect();
    Some(format!("weighted([{}], per={sum})", pairs.join(", ")))
}

/// A value that stands for another; empty text for itself.
pub(super) fn stand_in(value: &Value, with_values: bool) -> Value {
    let other = |seed| Some(disguised(value, seed)).filter(|made| !same(made, value));
    if with_values { value.clone() } else { (0..100).find_map(other).unwrap_or_else(|| value.clone()) }
}

/// The members, or what stands for them: of the same type and length, and none of them.
pub(super) fn stand_ins(subject: &Subject<'_>) -> Vec<(Value, u64)> {
    let members = &subject.holds.members;
    let is_allowed =
        |value: &Value| subject.column.allowed.iter().any(|allowed| *allowed == value.as_ref().to_string());
    let is_flag = |value: &Value| matches!(value, Value::Integer(0 | 1));
    if subject.with_values
        || members.iter().all(|(value, _)| is_allowed(value))
        || members.iter().all(|(value, _)| is_flag(value))
    {
        return members.clone();
    }
    let mut made: Vec<(Value, u64)> = Vec::new();
    for (place, (value, count)) in members.iter().enumerate() {
        // One of a single sign says nothing, and there may be no other left.
        let candidates = (0..400u64).map(|attempt| disguised(value, mix(place as u64, &[attempt])));
        let fits = |candidate: &Value, strict: bool| {
            let known = |others: &[(Value, u64)]| others.iter().any(|(other, _)| same(other, candidate));
            let taken = known(&made) || strict && known(members);
            !taken && tried::length(candidate) == tried::length(value)
        };
        let found = candidates
            .clone()
            .find(|candidate| fits(candidate, true))
            .or_else(|| candidates.clone().find(|candidate| fits(candidate, false)));
        made.push((found.unwrap_or_else(|| value.clone()), *count));
    }
    made
}

fn same(one: &Value, other: &Value) -> bool {
    one.as_ref().to_string() == other.as_ref().to_string()
}

/// Another value of the same type, with signs of the same kinds.
fn disguised(value: &Value, seed: u64) -> Value {
    let mut draw = Draw::new(seed);
    match value {
        Value::Null => Value::Null,
        Value::Integer(v) => {
            disguised_digits(&v.to_string(), &mut draw).parse().map_or(Value::Integer(*v), Value::Integer)
        }
        Value::Real(v) => {
            let text = disguised_digits(&v.to_string(), &mut draw);
            text.parse().map_or(Value::Real(*v), Value::Real)
        }
        Value::Text(text) => Value::Text(disguised_text(text, &mut draw)),
        Value::Blob(bytes) => Value::Blob(bytes.iter().map(|_| draw.bits() as u8).collect()),
        Value::Pooled(bytes) => Value::Pooled(*bytes),
    }
}

/// Digits for digits; neither the first nor the last becomes a zero that would be dropped.
fn disguised_digits(text: &str, draw: &mut Draw) -> String {
    let digits: Vec<usize> =
        text.char_indices().filter(|(_, sign)| sign.is_ascii_digit()).map(|(place, _)| place).collect();
    let edges = [digits.first().copied(), digits.last().copied()];
    let one = |(place, sign): (usize, char)| match sign {
        '0' if edges.contains(&Some(place)) && digits.len() > 1 => '0',
        '0'..='9' if edges.contains(&Some(place)) && digits.len() > 1 => (b'1' + draw.below(9) as u8) as char,
        '0'..='9' => (b'0' + draw.below(10) as u8) as char,
        other => other,
    };
    text.char_indices().map(one).collect()
}

fn disguised_text(text: &str, draw: &mut Draw) -> String {
    const VOWELS: &[u8] = b"aeiou";
    const CONSONANTS: &[u8] = b"bcdfghjklmnprstvwz";
    let mut vowel = false;
    let mut letter = |draw: &mut Draw| {
        vowel = !vowel;
        *draw.pick(if vowel { CONSONANTS } else { VOWELS }) as char
    };
    text.chars()
        .map(|sign| match Sign::of(sign) {
            Sign::Digit => (b'0' + draw.below(10) as u8) as char,
            Sign::Lower => letter(draw),
            Sign::Upper => letter(draw).to_ascii_uppercase(),
            Sign::Hiragana => pick_from('\u{3042}', 60, draw),
            Sign::Katakana => pick_from('\u{30a2}', 60, draw),
            Sign::Han => pick_from('\u{4e00}', 5000, draw),
            Sign::Hangul => pick_from('\u{ac00}', 5000, draw),
            Sign::Cyrillic => pick_from('\u{0430}', 32, draw),
            Sign::Arabic => pick_from('\u{0627}', 20, draw),
            // A control character would not be let into the file.
            Sign::Mark(_) if sign.is_control() && sign != '\n' && sign != '\t' => '_',
            Sign::Mark('*') => letter(draw),
            Sign::Space | Sign::Mark(_) => sign,
        })
        .collect()
}

fn pick_from(first: char, count: u64, draw: &mut Draw) -> char {
    char::from_u32(first as u32 + draw.below(count) as u32).unwrap_or(first)
}
