//! Values of the command line: numbers as scenarios write them, and names that shells complete.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command};

/// A whole number, with underscores between its digits where that helps to read it, as in a scenario.
pub(super) fn whole(text: &str) -> Result<u64, String> {
    let digits = text.split('_');
    let plain = digits.clone().all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    if plain {
        let number = digits.collect::<String>();
        return number.parse().map_err(|_| format!("at most {}", u64::MAX));
    }
    let bare: String = text.chars().filter(|c| !",. '".contains(*c)).collect();
    Err(match bare.parse::<u64>() {
        Ok(number) if text.trim() != text || bare != text => format!("a whole number: {number}?"),
        _ => "a whole number, such as 10_000".to_owned(),
    })
}

/// As [`whole`], for numbers of workers and repetitions.
pub(super) fn small(text: &str) -> Result<u32, String> {
    u32::try_from(whole(text)?).map_err(|_| format!("at most {}", u32::MAX))
}

/// One of several numbers, which clap has parted at commas.
pub(super) fn one_of_several(text: &str) -> Result<u32, String> {
    let parts: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    small(text).map_err(|words| match parts.as_slice() {
        [] => "whole numbers with commas: 1,8".to_owned(),
        _ if words.starts_with("at most") => words,
        parts => format!("whole numbers with commas: {}", parts.join(",")),
    })
}

/// Any text; shells complete it to one of these names. Whoever takes it says what else is wrong, and names the nearest.
#[derive(Clone)]
pub(super) struct OneOf(pub(super) fn() -> Vec<&'static str>);

impl TypedValueParser for OneOf {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0().into_iter().map(PossibleValue::new)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_have_underscores_between_its_digits() {
        assert_eq!(whole("10_000"), Ok(10_000));
        assert_eq!(whole("7"), Ok(7));
        for wrong in ["x", "", "_1", "1_", "1__0", "-1", "1e4", "10k"] {
            assert_eq!(whole(wrong).unwrap_err(), "a whole number, such as 10_000", "{wrong}");
        }
        assert_eq!(whole("10,000").unwrap_err(), "a whole number: 10000?");
        assert_eq!(whole("10 000").unwrap_err(), "a whole number: 10000?");
        assert!(whole("99999999999999999999").unwrap_err().starts_with("at most"));
        assert!(small("5000000000").unwrap_err().starts_with("at most"));
    }

    #[test]
    fn several_numbers_that_are_parted_otherwise_are_told_with_commas() {
        assert_eq!(one_of_several("1_000"), Ok(1_000));
        assert_eq!(one_of_several("1.8").unwrap_err(), "whole numbers with commas: 1,8");
        assert_eq!(one_of_several("1;4;16").unwrap_err(), "whole numbers with commas: 1,4,16");
        assert_eq!(one_of_several("x").unwrap_err(), "whole numbers with commas: 1,8");
    }
}
