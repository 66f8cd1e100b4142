//! Numbers: ranges, quantiles and sequences, rounded so that no bound is a value of the database.

use super::{Need, Subject, room, tried};
use crate::draft::Affinity;

/// Values that are counted off rather than drawn.
const FEW: f64 = 100.0;

/// Integers in as many rows, ascending, about as long as `length`, from about `least` to about `greatest` where that length allows it.
pub(super) fn sequence(least: f64, greatest: f64, rows: u64, length: f64) -> Option<String> {
    if least < 0.0 {
        return None;
    }
    let rows = rows.max(1) as f64;
    let span = (greatest - least).max(0.0);
    // Two lengths in the proportion that the mean asks for: so many end below a power of ten, and the others follow.
    let power = 10f64.powf(length.floor());
    let across = power - ((length.floor() + 1.0 - length) * rows).round();
    let starts =
        [outward_low(least, span, 1.0), across.max(1.0), 10f64.powf((length - 1.0).max(0.0)).floor(), 1.0];
    let widest = (span / rows).floor().max(1.0);
    let steps = [widest, (widest / 2.0).floor(), (widest / 5.0).floor(), (widest / 20.0).floor(), 2.0, 1.0];
    let mut best: Option<(f64, f64, f64)> = None;
    for start in starts {
        for step in steps.into_iter().filter(|step| *step >= 1.0) {
            let off = (room::mean_digits(start, start + step * (rows - 1.0)) - length).abs();
            // The first that is close enough; else the closest.
            if best.is_none_or(|(least, ..)| least > length * 0.04 && off < least) {
                best = Some((off, start, step));
            }
        }
    }
    let (_, start, step) = best.filter(|(off, ..)| *off <= length * 0.08)?;
    Some(format!("seq({}, {})", start as i64, step as i64))
}

fn unit(subject: &Subject<'_>) -> f64 {
    if is_real(subject) { 10f64.powi(-(subject.holds.decimals.min(12) as i32)) } else { 1.0 }
}

fn is_real(subject: &Subject<'_>) -> bool {
    subject.holds.reals > subject.holds.integers
}

/// Rounds down to a tenth of the span's order, or of its own where that is finer, and off the value itself.
pub(super) fn outward_low(least: f64, span: f64, unit: f64) -> f64 {
    let step = order(span / 2.0).max(unit);
    let rounded = (least / step).floor() * step;
    if rounded == least && least.abs() > 9.0 * unit { rounded - step } else { rounded }.max(
        if least >= unit {
            unit
        } else if least >= 0.0 {
            0.0
        } else {
            f64::MIN
        },
    )
}

pub(super) fn outward_high(greatest: f64, span: f64, unit: f64) -> f64 {
    -outward_low(-greatest, span, unit)
}

/// The power of ten two digits below the number's.
fn order(number: f64) -> f64 {
    if number <= 0.0 { 0.0 } else { 10f64.powf(number.log10().floor() - 1.0) }
}

/// The quantiles, rounded; as many segments as asked for.
fn points(subject: &Subject<'_>, segments: usize) -> Vec<f64> {
    let measured = &subject.holds.quantiles;
    let (unit, last) = (unit(subject), measured.len() - 1);
    let span = measured[last] - measured[0];
    let step = last / segments.min(last);
    let mut points: Vec<f64> = (0..=last)
        .step_by(step)
        .map(|place| match place {
            0 => outward_low(measured[0], span, unit),
            place if place == last => outward_high(measured[last], span, unit),
            place => {
                let value = measured[place];
                let step = order(value.abs()).min(order(span) / 10.0).max(unit);
                (value / step).round() * step
            }
        })
        .collect();
    for place in 1..points.len() {
        points[place] = points[place].max(points[place - 1]);
    }
    points
}

/// Different values of `draws` between the points.
fn expected(points: &[f64], unit: f64, draws: f64) -> f64 {
    let each = draws / (points.len() - 1) as f64;
    let mut sum = 0.0;
    let mut place = 1;
    while place < points.len() {
        let (from, to) = (points[place - 1], points[place]);
        if from == to {
            // A value that fills several segments is one value.
            while place < points.len() && points[place] == from {
                place += 1;
            }
            sum += 1.0;
            continue;
        }
        sum += room::different(((to - from) / unit).max(1.0), each);
        place += 1;
    }
    sum
}

fn written(number: f64, subject: &Subject<'_>) -> String {
    if !is_real(subject) {
        return format!("{}", number as i64);
    }
    let digits = subject.holds.decimals.min(12) as usize;
    let text = format!("{number:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A draw whose values lie as those measured do, with so many digits after the point: a range where they lie evenly, quantiles where not.
fn drawn(subject: &Subject<'_>, segments: usize, digits: u32) -> String {
    let points = points(subject, segments);
    let (low, high) = (points[0], points[points.len() - 1]);
    let even = |(place, point): (usize, &f64)| {
        let share = place as f64 / (points.len() - 1) as f64;
        (point - (low + (high - low) * share)).abs() <= (high - low) * 0.04
    };
    if points.iter().enumerate().all(even) {
        let (low, high) = (written(low, subject), written(high, subject));
        return if is_real(subject) {
            format!("float({low}, {high}, {digits})")
        } else {
            format!("int({low}, {high})")
        };
    }
    let listed: Vec<String> = points.iter().map(|point| written(*point, subject)).collect();
    let digits = if is_real(subject) { format!(", {digits}") } else { String::new() };
    format!("quantiles([{}]{digits})", listed.join(", "))
}

/// The same with as few points, and with such digits, as meet the mean length.
fn fitting(subject: &Subject<'_>) -> (String, f64) {
    let length = subject.holds.length.mean;
    let most = subject.holds.decimals.min(12);
    // A number without digits would be kept as an integer where the column's affinity is one of numbers.
    let least =
        u32::from(!matches!(subject.column.affinity, Affinity::Real | Affinity::Blob | Affinity::Text));
    let digits: Vec<u32> = if is_real(subject) { (least.min(most)..=most).rev().collect() } else { vec![0] };
    let mut best: Option<(f64, String, u32)> = None;
    for digits in digits {
        for segments in [8, 16, 32] {
            if best.as_ref().is_some_and(|(least, ..)| *least <= length * 0.04) {
                continue;
            }
            let made = drawn(subject, segments, digits);
            let off = tried::tried(&made).map_or(f64::MAX, |tried| (tried.length - length).abs());
            if best.as_ref().is_none_or(|(least, ..)| off < *least) {
                best = Some((off, made, digits));
            }
        }
    }
    best.map_or_else(
        || (drawn(subject, 8, most), 1.0),
        |(_, made, digits)| (made, if is_real(subject) { 10f64.powi(-(digits as i32)) } else { 1.0 }),
    )
}

/// Different values of an expression in so many rows: counted where they can be made, else computed.
fn found(subject: &Subject<'_>, expression: &str, unit: f64, draws: f64) -> f64 {
    tried::distinct(expression, draws.round() as u64)
        .unwrap_or_else(|| expected(&points(subject, 32), unit, draws))
}

/// Exactly so many numbers, evenly over the range; nothing where it has no room, or their length would be off.
fn counted(subject: &Subject<'_>, count: u64) -> Option<String> {
    let quantiles = &subject.holds.quantiles;
    let (least, greatest) = (*quantiles.first()?, *quantiles.last()?);
    let length = subject.holds.length.mean;
    let most = if is_real(subject) { subject.holds.decimals.clamp(1, 12) } else { 0 };
    (most.min(1)..=most).rev().find_map(|digits| {
        let unit = 10f64.powi(-(digits as i32));
        let low = outward_low(least, greatest - least, unit);
        let high = outward_high(greatest, greatest - least, unit).max(low + (count as f64 - 1.0) * unit);
        let call = match is_real(subject) {
            true => format!("unique(float({low:.0$}, {high:.0$}, {digits}))", digits as usize),
            false => format!("unique(int({}, {}))", low as i64, high as i64),
        };
        let among = format!("among({count}, {call})");
        let close = |tried: tried::Tried| (tried.length - length).abs() <= length * 0.07;
        tried::tried(&among).is_some_and(close).then_some(call)
    })
}

pub(super) fn is_number(subject: &Subject<'_>) -> bool {
    let holds = subject.holds;
    holds.integers.max(holds.reals) > holds.texts.max(holds.blobs) && holds.quantiles.len() > 1
}

/// A column of numbers that nothing binds: with its distinct values.
pub(super) fn free(subject: &Subject<'_>) -> Option<(String, String)> {
    if !is_number(subject) {
        return None;
    }
    let (distinct, rows) = (subject.distinct() as f64, subject.filled as f64);
    if subject.comes_in_runs() {
        let (value, words) = different(subject, distinct as u64, Need::Mostly);
        return Some((format!("runs({}, {value})", super::decimal((rows / distinct).max(1.0))), words));
    }
    let (expression, unit) = fitting(subject);
    let words = "a range like that measured".to_owned();
    // Of few values, chance would miss too many.
    let counted_off = || Some(format!("among({distinct}, {})", counted(subject, distinct as u64)?));
    if distinct <= FEW
        && let Some(expression) = counted_off()
    {
        return Some((expression, words));
    }
    let all = found(subject, &expression, unit, rows);
    if (all - distinct).abs() <= 0.04 * distinct {
        return Some((expression, words));
    }
    let made = room::solve(1.0, rows, distinct, |made| {
        if rows <= 2000.0 {
            found(subject, &expression, unit, made)
        } else {
            expected(&points(subject, 32), unit, made)
        }
    });
    let made = made.round().max(1.0);
    let drawn = format!("among({made}, {expression})");
    if (found(subject, &expression, unit, made) - distinct).abs() <= 0.05 * distinct {
        return Some((drawn, words));
    }
    // Where values lie too close for chance to find that many, they are counted off.
    Some((counted_off().unwrap_or(drawn), words))
}

/// Numbers that differ from each other.
pub(super) fn different(subject: &Subject<'_>, count: u64, need: Need) -> (String, String) {
    let holds = subject.holds;
    let words = "a range like that measured".to_owned();
    let (Some(&least), Some(&greatest)) = (holds.quantiles.first(), holds.quantiles.last()) else {
        return ("row".to_owned(), "the row's number".to_owned());
    };
    let (expression, unit) = fitting(subject);
    if need == Need::Mostly && found(subject, &expression, unit, count as f64) >= count as f64 * 0.97 {
        return (expression, words);
    }
    if is_real(subject) {
        if let Some(call) = counted(subject, count) {
            return (call, words);
        }
        return match need {
            Need::EachRow => {
                (format!("{} + row", written(least.floor(), subject)), "one more from row to row".to_owned())
            }
            Need::Mostly => (expression, words),
        };
    }
    let in_order =
        || sequence(least, greatest, count, holds.length.mean).map(|call| (call, "a sequence".to_owned()));
    if (holds.ascending || count < 64)
        && let Some(sequence) = in_order()
    {
        return sequence;
    }
    if let Some(call) = counted(subject, count) {
        return (call, words);
    }
    in_order().unwrap_or_else(|| {
        let high = outward_high(greatest, greatest - least, 1.0).max(least + count as f64);
        (format!("unique(int({}, {}))", outward_low(least, greatest - least, 1.0) as i64, high as i64), words)
    })
}
