//! Dates, and dates with a time.

use jiff::civil::Date;

use super::{Subject, literal};
use crate::draft::Format;

/// An expression for a column of dates, its range rounded outward to whole months; nothing for another column.
pub(super) fn moment(subject: &Subject<'_>) -> Option<String> {
    let holds = subject.holds;
    let (least, greatest) = holds.span.as_ref()?;
    let from: Date = least.get(..10)?.parse().ok()?;
    let to: Date = greatest.get(..10)?.parse().ok()?;
    let (from, to) = (from.first_of_month(), to.last_of_month());
    let range = format!("\"{from}\", \"{to}\"");
    match holds.format? {
        Format::Date => Some(format!("date({range})")),
        Format::DateTime => {
            let tail = holds.tail.as_deref().unwrap_or_default();
            if !holds.spaced && tail == "Z" {
                return Some(format!("datetime({range})"));
            }
            let between = if holds.spaced { " " } else { "T" };
            let tail = match tail {
                "" => String::new(),
                "Z" => " ~ \"Z\"".to_owned(),
                other => format!(" ~ {}", zone(other)),
            };
            Some(format!("date({range}) ~ \"{between}\" ~ time(){tail}"))
        }
        _ => None,
    }
}

/// Fractions of a second are drawn, a zone is that of Greenwich.
fn zone(tail: &str) -> String {
    let digits =
        tail.strip_prefix('.').map_or(0, |rest| rest.chars().take_while(|sign| *sign == '0').count());
    let rest = if digits > 0 { &tail[digits + 1..] } else { tail };
    let fraction = (digits > 0).then(|| format!("pattern(\"\\\\.[0-9]{{{digits}}}\")"));
    let rest = (!rest.is_empty()).then(|| literal::text(rest));
    fraction.into_iter().chain(rest).collect::<Vec<_>>().join(" ~ ")
}

/// Different moments in the column's range, days or seconds.
pub(super) fn room(subject: &Subject<'_>) -> f64 {
    let days = || {
        let (least, greatest) = subject.holds.span.as_ref()?;
        let from: Date = least.get(..10)?.parse().ok()?;
        let to: Date = greatest.get(..10)?.parse().ok()?;
        Some(f64::from((to.last_of_month() - from.first_of_month()).get_days()) + 1.0)
    };
    let days = days().unwrap_or(1.0);
    if subject.holds.format == Some(Format::DateTime) { days * 86_400.0 } else { days }
}
