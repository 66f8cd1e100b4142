//! Quantities as a scenario writes them (`"250ms"`, `"64MiB"`, `"500/s"`), and numbers as tables print them.
//!
//! Which range makes sense where is left to the key that takes the quantity.

mod human;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use human::{bytes, compact, count, duration, factor, latency, latency_or_dash, rate, workers};

/// A text that is not a quantity. Its words end up in a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Nothing before the unit that is a number.
    #[error("`{text}` does not begin with a number; an example is \"{example}\"")]
    NoNumber {
        /// As it was written.
        text: String,
        /// A correct one.
        example: &'static str,
    },
    /// A number alone.
    #[error("`{text}` has no unit; the units are {units}")]
    NoUnit {
        /// As it was written.
        text: String,
        /// All units, with commas.
        units: String,
    },
    /// A unit that is not one of the list.
    #[error("`{unit}` is not a unit; the units are {units}")]
    UnknownUnit {
        /// What stands after the number.
        unit: String,
        /// All units, with commas.
        units: String,
    },
    /// Larger than 64 bits of the base unit.
    #[error("`{text}` is too large")]
    TooLarge {
        /// As it was written.
        text: String,
    },
}

/// A length of time, to the nanosecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    ns: u64,
}

/// A number of bytes. MB is 10^6, MiB is 2^20.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size {
    bytes: u64,
}

/// A number of arrivals in a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Rate {
    per_second: f64,
}

/// Units of time with their nanoseconds, largest first.
const TIMES: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Units of size with their bytes, largest first; of two that fit, the first is printed.
const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

/// Units of a rate with their seconds, largest rate first.
const RATES: [(&str, u64); 3] = [("/s", 1), ("/m", 60), ("/h", 3_600)];

// The digits are limited so that what matches a pattern always fits into 64 bits.
const DURATION_PATTERN: &str =
    r"^([0-9]{1,6}(\.[0-9]{1,9})?[mh]|[0-9]{1,9}(\.[0-9]{1,9})?s|[0-9]{1,12}(\.[0-9]{1,9})?(ms|us|ns))$";
const SIZE_PATTERN: &str = r"^([0-9]{1,6}(\.[0-9]{1,9})?(TiB|TB)|[0-9]{1,9}(\.[0-9]{1,9})?(GiB|GB)|[0-9]{1,12}(\.[0-9]{1,9})?(MiB|MB|KiB|kB|B))$";
const RATE_PATTERN: &str = r"^[0-9]{1,12}(\.[0-9]{1,9})?/[smh]$";

/// What tells one kind of quantity from another.
struct Kind {
    units: &'static [(&'static str, u64)],
    example: &'static str,
}

const TIME: Kind = Kind { units: &TIMES, example: "250ms" };
const SIZE: Kind = Kind { units: &SIZES, example: "64MiB" };
const RATE: Kind = Kind { units: &RATES, example: "500/s" };

impl Kind {
    fn all(&self) -> String {
        let names: Vec<&str> = self.units.iter().rev().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The whole part, the fraction's digits and the unit's factor.
    fn split<'a>(&self, text: &'a str) -> Result<(&'a str, &'a str, u64), QuantityError> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
            return Err(QuantityError::NoNumber { text: text.to_owned(), example: self.example });
        }
        if unit.is_empty() {
            return Err(QuantityError::NoUnit { text: text.to_owned(), units: self.all() });
        }
        let factor = self.units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
        match factor {
            Some(factor) => Ok((whole, fraction, factor)),
            None => {
                let unit = unit.trim_start().to_owned();
                Err(QuantityError::UnknownUnit { unit, units: self.all() })
            }
        }
    }

    /// The quantity in its base unit; digits below it are cut off.
    fn parse(&self, text: &str) -> Result<u64, QuantityError> {
        let (whole, fraction, factor) = self.split(text)?;
        let too_large = || QuantityError::TooLarge { text: text.to_owned() };
        let whole: u64 = whole.parse().map_err(|_| too_large())?;
        // Nine digits are as fine as a nanosecond of a second.
        let digits = &fraction[..fraction.len().min(9)];
        let part: u64 = digits.parse().map_err(|_| too_large())?;
        let scale = 10u128.pow(u32::try_from(digits.len()).map_err(|_| too_large())?);
        let total = u128::from(whole) * u128::from(factor) + u128::from(part) * u128::from(factor) / scale;
        u64::try_from(total).map_err(|_| too_large())
    }

    /// The largest unit that needs no fraction.
    fn print(&self, amount: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = self.units.iter().find(|(_, factor)| amount != 0 && amount.is_multiple_of(*factor));
        match exact {
            Some((name, factor)) => write!(f, "{}{name}", amount / factor),
            None => f.write_str("0"),
        }
    }
}

impl Duration {
    /// So many nanoseconds.
    pub const fn from_nanos(ns: u64) -> Self {
        Duration { ns }
    }

    /// So many milliseconds; at most 584 years.
    pub const fn from_millis(ms: u64) -> Self {
        Duration { ns: ms.saturating_mul(1_000_000) }
    }

    /// In nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.ns
    }

    /// In whole milliseconds, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.ns / 1_000_000
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        std::time::Duration::from_nanos(duration.ns)
    }
}

impl FromStr for Duration {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        Ok(Duration { ns: TIME.parse(text)? })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ns == 0 { f.write_str("0ms") } else { TIME.print(self.ns, f) }
    }
}

impl Size {
    /// So many bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Size { bytes }
    }

    /// In bytes.
    pub const fn as_bytes(self) -> u64 {
        self.bytes
    }
}

impl FromStr for Size {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        Ok(Size { bytes: SIZE.parse(text)? })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bytes == 0 { f.write_str("0B") } else { SIZE.print(self.bytes, f) }
    }
}

impl Rate {
    /// So many each second.
    pub const fn from_per_second(per_second: f64) -> Self {
        Rate { per_second }
    }

    /// How many in each second.
    pub const fn per_second(self) -> f64 {
        self.per_second
    }
}

impl FromStr for Rate {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (_, _, seconds) = RATE.split(text)?;
        let number = text.split_once('/').map_or(text, |(number, _)| number);
        let number: f64 = number.parse().map_err(|_| QuantityError::TooLarge { text: text.to_owned() })?;
        Ok(Rate { per_second: number / seconds as f64 })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A rate given per minute or hour is printed so, rather than as 0.01666….
        for (name, seconds) in RATES {
            let number = self.per_second * seconds as f64;
            if (number - number.round()).abs() < 1e-9 * number.abs().max(1.0) {
                return write!(f, "{}{name}", number.round());
            }
        }
        write!(f, "{}/s", self.per_second)
    }
}

/// Text in files, for a type that parses and prints; with its pattern and examples in schemas.
macro_rules! as_text {
    ($type:ident, $pattern:expr, $description:literal, $examples:tt) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "title": stringify!($type),
                    "description": $description,
                    "type": "string",
                    "pattern": $pattern,
                    "examples": $examples
                })
            }
        }
    };
}

as_text!(Duration, DURATION_PATTERN, "A time with its unit: ns, us, ms, s, m or h.", ["250ms", "5s", "1m"]);
as_text!(
    Size,
    SIZE_PATTERN,
    "A size with its unit: B, kB, MB, GB, TB (powers of 1,000) or KiB, MiB, GiB, TiB (powers of 1,024).",
    ["64MiB", "100MB"]
);
as_text!(Rate, RATE_PATTERN, "A number for each second, minute or hour.", ["500/s", "30/m"]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_with_its_unit_and_printed_in_the_largest_exact_one() {
        for (text, ns, printed) in [
            ("250ms", 250_000_000, "250ms"),
            ("5s", 5_000_000_000, "5s"),
            ("5000ms", 5_000_000_000, "5s"),
            ("1m", 60_000_000_000, "1m"),
            ("90s", 90_000_000_000, "90s"),
            ("1h", 3_600_000_000_000, "1h"),
            ("100us", 100_000, "100us"),
            ("1.5s", 1_500_000_000, "1500ms"),
            ("0ms", 0, "0ms"),
            ("7ns", 7, "7ns"),
        ] {
            let duration: Duration = text.parse().unwrap();
            assert_eq!(duration.as_nanos(), ns, "{text}");
            assert_eq!(duration.to_string(), printed);
        }
        assert_eq!(Duration::from_millis(1_500).as_millis(), 1_500);
    }

    #[test]
    fn a_wrong_quantity_says_which_part_is_wrong() {
        let error = |text: &str| text.parse::<Duration>().unwrap_err().to_string();
        assert_eq!(error("5"), "`5` has no unit; the units are ns, us, ms, s, m, h");
        assert_eq!(error("5sec"), "`sec` is not a unit; the units are ns, us, ms, s, m, h");
        assert_eq!(error("soon"), "`soon` does not begin with a number; an example is \"250ms\"");
        assert_eq!(error("99999999999h"), "`99999999999h` is too large");
    }

    #[test]
    fn sizes_tell_powers_of_ten_from_powers_of_two() {
        assert_eq!("100MB".parse::<Size>().unwrap().as_bytes(), 100_000_000);
        assert_eq!("64MiB".parse::<Size>().unwrap().as_bytes(), 64 << 20);
        assert_eq!("1.5kB".parse::<Size>().unwrap().as_bytes(), 1_500);
        assert_eq!("64MiB".parse::<Size>().unwrap().to_string(), "64MiB");
        assert_eq!("100MB".parse::<Size>().unwrap().to_string(), "100MB");
    }

    #[test]
    fn a_rate_keeps_the_time_it_was_given_for() {
        assert_eq!("500/s".parse::<Rate>().unwrap().per_second(), 500.0);
        assert_eq!("30/m".parse::<Rate>().unwrap().per_second(), 0.5);
        assert_eq!("500/s".parse::<Rate>().unwrap().to_string(), "500/s");
        assert_eq!("1/h".parse::<Rate>().unwrap().to_string(), "1/h");
        assert!("500/d".parse::<Rate>().is_err());
    }

    #[test]
    fn whatever_matches_a_pattern_can_be_read() {
        let pattern = jsonschema::validator_for(&serde_json::json!({ "pattern": DURATION_PATTERN })).unwrap();
        for text in ["999999h", "999999m", "999999999s", "999999999999ms", "0.999999999ns", "1.5h"] {
            assert!(pattern.is_valid(&text.into()), "{text}");
            assert!(text.parse::<Duration>().is_ok(), "{text}");
        }
        let pattern = jsonschema::validator_for(&serde_json::json!({ "pattern": SIZE_PATTERN })).unwrap();
        for text in ["999999TiB", "999999999GiB", "999999999999MiB", "1B"] {
            assert!(pattern.is_valid(&text.into()), "{text}");
            assert!(text.parse::<Size>().is_ok(), "{text}");
        }
    }
}
