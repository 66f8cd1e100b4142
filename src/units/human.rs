//! Numbers as tables and sentences print them, for people: grouped digits, three significant digits, a unit that fits.
//!
//! What can be read back is printed by the quantities themselves.

/// A count with thousands separators: `100,000`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `940`, `13.2k`, `1.25M`: at most five characters.
pub fn compact(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        1_000..999_500 => format!("{}k", significant(number as f64 / 1e3)),
        999_500..999_500_000 => format!("{}M", significant(number as f64 / 1e6)),
        _ => format!("{}G", significant(number as f64 / 1e9)),
    }
}

/// Per second: whole and grouped from 100 on, three significant digits below.
pub fn rate(per_second: f64) -> String {
    if per_second >= 99.95 { count(per_second.round() as u64) } else { significant(per_second) }
}

/// A factor with the digits that tell it from 1: `0.985`, `2.10`, `433`.
pub fn factor(ratio: f64) -> String {
    match ratio {
        r if r >= 9.995 => rate(r),
        r if r < 0.1 || (0.9..1.1).contains(&r) => format!("{r:.3}"),
        r => format!("{r:.2}"),
    }
}

/// A latency: `340 ns`, `12.3 µs`, `2.61 ms`, `1.20 s`, `120 s`.
pub fn latency(ms: f64) -> String {
    let ns = ms * 1e6;
    if ns < 999.5 {
        format!("{ns:.0} ns")
    } else if ns < 999.5e3 {
        format!("{} µs", significant(ns / 1e3))
    } else if ns < 999.5e6 {
        format!("{} ms", significant(ns / 1e6))
    } else {
        format!("{} s", significant(ns / 1e9))
    }
}

/// A latency, or a dash where there is none.
pub fn latency_or_dash(ms: Option<f64>) -> String {
    ms.map_or_else(|| "–".to_owned(), latency)
}

/// A duration: as a latency below two minutes, then `4m 51s`, then `1h 05m`.
pub fn duration(ms: f64) -> String {
    let seconds = (ms / 1e3).round() as u64;
    match seconds {
        0..120 => latency(ms),
        120..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// `12.0 KiB`, `1.50 GiB`.
pub fn bytes(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1_024.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1_024.0;
        unit += 1;
    }
    format!("{} {}", significant(value), units[unit])
}

/// Three significant digits, without an exponent.
fn significant(value: f64) -> String {
    match value.abs() {
        v if v >= 99.95 => format!("{value:.0}"),
        v if v >= 9.995 => format!("{value:.1}"),
        v if v >= 0.9995 || v == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// `1 worker`, `8 workers`; `1`, `2 and 4` for lists of levels.
pub fn workers(levels: &[u32]) -> String {
    let (last, first) = match levels {
        [] => return String::new(),
        [1] => return "1 worker".to_owned(),
        [only] => return format!("{only} workers"),
        [first @ .., last] => (last, first),
    };
    let first: Vec<String> = first.iter().map(ToString::to_string).collect();
    format!("{} and {last} workers", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_threes() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [999, 1_000, 13_211, 999_499, 1_250_000].map(compact),
            ["999", "1.00k", "13.2k", "999k", "1.25M"]
        );
    }

    #[test]
    fn times_carry_the_unit_that_fits() {
        let times = [0.000_34, 0.000_999_9, 0.012_34, 0.9999, 2.614, 999.6, 1_200.0, 65_000.0];
        assert_eq!(
            times.map(latency),
            ["340 ns", "1.00 µs", "12.3 µs", "1.00 ms", "2.61 ms", "1.00 s", "1.20 s", "65.0 s"]
        );
        assert_eq!([4_000.0, 291_000.0, 3_900_000.0].map(duration), ["4.00 s", "4m 51s", "1h 05m"]);
        assert_eq!(latency_or_dash(None), "–");
    }

    #[test]
    fn rates_and_sizes_have_three_digits() {
        assert_eq!(
            [26_123.4, 344.2, 99.97, 12.34, 0.5, 0.0].map(rate),
            ["26,123", "344", "100", "12.3", "0.500", "0.00"]
        );
        assert_eq!([12, 12_288, 1_610_612_736].map(bytes), ["12 B", "12.0 KiB", "1.50 GiB"]);
    }

    #[test]
    fn factors_have_the_digits_that_tell_them_from_one() {
        assert_eq!(
            [0.012_3, 0.334, 0.985, 1.004, 2.104, 12.34, 433.4, 12_345.6].map(factor),
            ["0.012", "0.33", "0.985", "1.004", "2.10", "12.3", "433", "12,346"]
        );
    }

    #[test]
    fn levels_are_listed_as_people_do() {
        assert_eq!(workers(&[1]), "1 worker");
        assert_eq!(workers(&[8]), "8 workers");
        assert_eq!(workers(&[1, 2, 4]), "1, 2 and 4 workers");
    }
}
