//! What can be wrong with a template, and the nearest name for a misspelt one. Showing it in the scenario file is left to `plan`.

use std::ops::Range;

/// What kind of mistake a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It does not parse.
    Syntax,
    /// A name that is neither a variable nor in `vars`.
    UnknownName,
    /// A function, filter or test that does not exist.
    UnknownGenerator,
    /// A wrong number, type or range of arguments.
    WrongArgument,
    /// A table or column that does not exist.
    UnknownReference,
    /// `unique(...)` of something that cannot be distinct.
    NotEnoughValues,
    /// A file that cannot be read.
    MissingFile,
    /// Something of minijinja that values cannot use.
    Unsupported,
}

/// One mistake in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// Bytes of the template's source.
    pub range: Range<usize>,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// The candidate that is close enough to be what was meant.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            // A name that begins or ends the other is a likely abbreviation.
            let part = lower.len() >= 3 && (candidate.starts_with(&lower) || lower.starts_with(candidate));
            (if part { distance.min(1) } else { distance }, distance, candidate)
        })
        .filter(|(rank, _, candidate)| *rank <= 1.max(lower.len().max(candidate.len()) / 3))
        .min_by_key(|(rank, distance, _)| (*rank, *distance))
        .map(|(_, _, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        assert_eq!(nearest("frist_name", ["last_name", "first_name"]), Some("first_name"));
        assert_eq!(nearest("emial", ["email", "name"]), Some("email"));
        assert_eq!(nearest("quux", ["email", "name"]), None);
    }
}
