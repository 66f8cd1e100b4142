//! Dates and times within a range, as ISO 8601 text or Unix seconds.

use jiff::civil::{Date, DateTime};

use crate::template::args::{ArgFault, Args, Prepared};
use crate::template::datum::{Datum, Piece};

const FROM: &str = "2020-01-01";
const TO: &str = "2025-12-31";

/// A date, or a date with a time; a date alone stands for its first second, or its last where a range ends.
fn seconds(args: &Args<'_>, index: usize, default: &str, at_end: bool) -> Result<i64, ArgFault> {
    if let Some(Datum::Integer(unix)) = args.get(index) {
        return Ok(*unix);
    }
    let text = args.text(index)?.unwrap_or(default);
    let plain = text.strip_suffix('Z').unwrap_or(text);
    let moment = if plain.len() > 10 {
        plain.parse::<DateTime>().ok()
    } else {
        let end = if at_end { (23, 59, 59) } else { (0, 0, 0) };
        plain.parse::<Date>().ok().map(|date| date.at(end.0, end.1, end.2, 0))
    };
    let zoned = moment.and_then(|moment| moment.to_zoned(jiff::tz::TimeZone::UTC).ok());
    zoned.map(|zoned| zoned.timestamp().as_second()).ok_or_else(|| {
        ArgFault::new(index, format!("\"{text}\" is not a date"))
            .help("write \"2024-12-31\" or \"2024-12-31T23:59:59Z\"")
    })
}

fn range(args: &Args<'_>) -> Result<(i64, u128), ArgFault> {
    let from = seconds(args, 0, FROM, false)?;
    let to = seconds(args, 1, TO, true)?;
    if to < from {
        let name = args.info.name;
        return Err(ArgFault::new(1, format!("the range of {name}(...) ends before it starts"))
            .help("write the earlier date first"));
    }
    Ok((from, (to - from) as u128 + 1))
}

pub(in crate::template) fn date(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let (from, span) = range(args)?;
    let first = from.div_euclid(DAY);
    let last = (from + span as i64 - 1).div_euclid(DAY);
    Ok(Prepared::counted((last - first) as u128 + 1, move |run, index| {
        let start = run.text.len();
        write_date(run.text, first + index as i64);
        Piece::Text(start)
    }))
}

pub(in crate::template) fn datetime(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let (from, span) = range(args)?;
    Ok(Prepared::counted(span, move |run, index| {
        let start = run.text.len();
        let moment = from + index as i64;
        write_date(run.text, moment.div_euclid(DAY));
        run.text.push('T');
        write_time(run.text, moment.rem_euclid(DAY));
        run.text.push('Z');
        Piece::Text(start)
    }))
}

pub(in crate::template) fn timestamp(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let (from, span) = range(args)?;
    Ok(Prepared::counted(span, move |_, index| Piece::Integer(from + index as i64)))
}

pub(in crate::template) fn time(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(Prepared::counted(DAY as u128, |run, index| {
        let start = run.text.len();
        write_time(run.text, index as i64);
        Piece::Text(start)
    }))
}

const DAY: i64 = 86_400;

fn write_two(out: &mut String, number: i64) {
    out.push(char::from(b'0' + (number / 10 % 10) as u8));
    out.push(char::from(b'0' + (number % 10) as u8));
}

fn write_time(out: &mut String, second: i64) {
    write_two(out, second / 3600);
    out.push(':');
    write_two(out, second / 60 % 60);
    out.push(':');
    write_two(out, second % 60);
}

/// Days since 1970-01-01 as a date, after Hinnant's `civil_from_days`. Years have four digits, as jiff allows -9999 to 9999.
fn write_date(out: &mut String, days: i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if year < 0 {
        out.push('-');
    }
    write_two(out, year.abs() / 100);
    write_two(out, year.abs() % 100);
    out.push('-');
    write_two(out, month);
    out.push('-');
    write_two(out, day_of_year - (153 * month_from_march + 2) / 5 + 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_agree_with_jiff() {
        let epoch = jiff::civil::date(1970, 1, 1);
        for days in (-700_000..2_900_000).step_by(977) {
            let mut text = String::new();
            write_date(&mut text, days);
            let expected = epoch.checked_add(jiff::Span::new().days(days)).unwrap();
            assert_eq!(text, expected.to_string());
        }
    }
}
