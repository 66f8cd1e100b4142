//! Numbers: ranges, quantiles and sequences, rounded so that no bound is a value of the database.

use super::{Need, Subject, room, tried};

/// Integers from `least` to `greatest` in as many rows, ascending, about as long as `length`.
pub(super) fn sequence(least: f64, greatest: f64, rows: u64, length: f64) -> Option<String> {
    let span = (greatest - least).max(0.0);
    let step = ((span / rows.max(2) as f64).floor() as i64).max(1);
    let start = outward_low(least, span, 1.0);
    let candidates = [(start, step), (start, 1), (10f64.powf(length - 1.0).floor(), 1)];
    let close = |(start, step): &(f64, i64)| {
        let mean = room::mean_digits(*start, *start + *step as f64 * rows as f64);
        (mean - length).abs() <= 0.05 * length
    };
    let found = candidates.iter().find(|candidate| least >= 0.0 && close(candidate))?;
    Some(format!("seq({}, {})", found.0 as i64, found.1))
}

fn unit(subject: &Subject<'_>) -> f64 {
    if is_real(subject) { 10f64.powi(-(subject.holds.decimals.min(12) as i32)) } else { 1.0 }
}

fn is_real(subject: &Subject<'_>) -> bool {
    subject.holds.reals > subject.holds.integers
}

/// Rounds down to a tenth of the span's order, or of its own where that is finer, and off the value itself.
fn outward_low(least: f64, span: f64, unit: f64) -> f64 {
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

fn outward_high(greatest: f64, span: f64, unit: f64) -> f64 {
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

/// A draw whose values lie as those measured do: a range where they lie evenly, quantiles where not.
fn drawn(subject: &Subject<'_>, segments: usize) -> (String, Vec<f64>) {
    let points = points(subject, segments);
    let (low, high) = (points[0], points[points.len() - 1]);
    let even = |(place, point): (usize, &f64)| {
        let share = place as f64 / (points.len() - 1) as f64;
        (point - (low + (high - low) * share)).abs() <= (high - low) * 0.04
    };
    let digits = subject.holds.decimals.min(12);
    if points.iter().enumerate().all(even) {
        let (low, high) = (written(low, subject), written(high, subject));
        let call = if is_real(subject) {
            format!("float({low}, {high}, {digits})")
        } else {
            format!("int({low}, {high})")
        };
        return (call, points);
    }
    let listed: Vec<String> = points.iter().map(|point| written(*point, subject)).collect();
    let digits = if is_real(subject) { format!(", {digits}") } else { String::new() };
    (format!("quantiles([{}]{digits})", listed.join(", ")), points)
}

/// The same with as few points as meet the mean length.
fn fitting(subject: &Subject<'_>) -> (String, Vec<f64>) {
    let length = subject.holds.length.mean;
    let off = |expression: &str| tried::tried(expression).map_or(0.0, |tried| (tried.length - length).abs());
    let mut best: Option<(f64, (String, Vec<f64>))> = None;
    for segments in [8, 16, 32] {
        let made = drawn(subject, segments);
        let off = off(&made.0);
        if best.as_ref().is_none_or(|(least, _)| off < *least) {
            best = Some((off, made));
        }
        if off <= length * 0.03 {
            break;
        }
    }
    best.map_or_else(|| drawn(subject, 8), |(_, made)| made)
}

fn is_number(subject: &Subject<'_>) -> bool {
    let holds = subject.holds;
    holds.integers.max(holds.reals) > holds.texts.max(holds.blobs) && holds.quantiles.len() > 1
}

/// A column of numbers that nothing binds: with its distinct values.
pub(super) fn free(subject: &Subject<'_>) -> Option<(String, String)> {
    if !is_number(subject) {
        return None;
    }
    let (distinct, rows, filled) = (subject.distinct() as f64, subject.rows as f64, subject.filled as f64);
    if subject.comes_in_runs() {
        let count =
            room::solve(1.0, rows, distinct, |count| room::surviving(count, rows / count, subject.nulls));
        let (value, words) = different(subject, count.round() as u64, Need::Mostly);
        return Some((format!("runs({}, {value})", super::decimal((rows / count).max(1.0))), words));
    }
    let (expression, points) = fitting(subject);
    let unit = unit(subject);
    let all = expected(&points, unit, filled);
    if (all - distinct).abs() <= 0.04 * distinct {
        return Some((expression, "a range like that measured".to_owned()));
    }
    if all < distinct {
        let (expression, words) = different(subject, subject.distinct(), Need::Mostly);
        return Some((
            if subject.is_unique() { expression } else { format!("among({distinct}, {expression})") },
            words,
        ));
    }
    let made = room::solve(1.0, rows, distinct, |made| {
        expected(&points, unit, room::surviving(made, rows / made, subject.nulls))
    });
    Some((format!("among({}, {expression})", made.round().max(1.0)), "a range like that measured".to_owned()))
}

/// Numbers that differ from each other.
pub(super) fn different(subject: &Subject<'_>, count: u64, need: Need) -> (String, String) {
    let holds = subject.holds;
    let words = "a range like that measured".to_owned();
    let (Some(&least), Some(&greatest)) = (holds.quantiles.first(), holds.quantiles.last()) else {
        return ("row".to_owned(), "the row's number".to_owned());
    };
    let unit = unit(subject);
    let (mut expression, mut points) = fitting(subject);
    if need == Need::Mostly && expected(&points, unit, count as f64) >= count as f64 * 0.97 {
        return (expression, words);
    }
    let span = greatest - least;
    if !is_real(subject) {
        if (holds.ascending || count < 64)
            && let Some(sequence) = sequence(least, greatest, count, holds.length.mean)
        {
            return (sequence, "a sequence".to_owned());
        }
        let low = outward_low(least, span, 1.0);
        let high = outward_high(greatest, span, 1.0).max(low + count as f64 - 1.0);
        let range = format!("unique(int({}, {}))", low as i64, high as i64);
        let close = tried::tried(&range)
            .is_none_or(|tried| (tried.length - holds.length.mean).abs() <= holds.length.mean * 0.07);
        let begins = 10f64.powf(holds.length.mean.round() - 1.0);
        let sequence = || sequence(begins, begins, count, holds.length.mean);
        return (if close { range } else { sequence().unwrap_or(range) }, words);
    }
    if need == Need::EachRow {
        return (format!("{} + row", written(least.floor(), subject)), "one more from row to row".to_owned());
    }
    // Too narrow for its digits: more segments follow the values more closely.
    (expression, points) = drawn(subject, 32);
    debug_assert!(points.len() > 1, "least and greatest at least");
    (expression, words)
}
