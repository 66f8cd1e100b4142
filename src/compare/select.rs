//! Which levels of two results belong together: those of the same case, or of two cases that are named.

use super::Incomparable;
use crate::diagnostic::nearest;
use crate::result::{Configuration, RunResult, last_key, plain_value};

/// The case of one side, where it is named: a variant, values of the matrix, or both. Nothing named means every case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Name of the variant.
    pub variant: Option<String>,
    /// Keys of the matrix, in full or by their last part, each with its value as text.
    pub parameters: Vec<(String, String)>,
}

impl Selection {
    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.variant.is_none() && self.parameters.is_empty()
    }

    /// As it is told: `wal, file_size 100MB`; absent where it names nothing.
    pub(super) fn words(&self) -> Option<String> {
        let parameters = self.parameters.iter().map(|(key, value)| format!("{} {value}", last_key(key)));
        let parts: Vec<String> = self.variant.iter().cloned().chain(parameters).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// The same with the keys of the matrix in full.
    ///
    /// # Errors
    /// When the result has no such variant, key or value, with those that it has.
    pub(super) fn resolved(&self, result: &RunResult, path: &str) -> Result<Selection, Incomparable> {
        let levels = &result.configurations;
        if let Some(variant) = &self.variant {
            let known = distinct(levels.iter().map(|level| level.variant.clone()));
            known_one(path, "variant", variant, &known)?;
        }
        let keys = distinct(levels.iter().flat_map(|level| level.parameters.keys().cloned()));
        let mut parameters = Vec::new();
        for (key, value) in &self.parameters {
            let full = keys.iter().find(|known| *known == key);
            let Some(full) = full.or_else(|| keys.iter().find(|known| last_key(known) == key)) else {
                let short: Vec<String> = keys.iter().map(|key| last_key(key).to_owned()).collect();
                return Err(unknown(path, "key of the matrix", key, &short));
            };
            let values = levels.iter().filter_map(|level| level.parameters.get(full)).map(plain_value);
            known_one(path, &format!("{} of the matrix", last_key(full)), value, &distinct(values))?;
            parameters.push((full.clone(), value.clone()));
        }
        Ok(Selection { variant: self.variant.clone(), parameters })
    }

    fn has(&self, level: &Configuration) -> bool {
        let is = |(key, value): &(String, String)| {
            level.parameters.get(key).map(plain_value).as_ref() == Some(value)
        };
        self.variant.as_ref().is_none_or(|name| *name == level.variant) && self.parameters.iter().all(is)
    }

    /// Whether a key of the matrix is what is compared.
    pub(super) fn names(&self, key: &str) -> bool {
        self.parameters.iter().any(|(named, _)| named == key)
    }
}

/// The cases of one result that can be held against one another, by the words that name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Variants; none where there are not several.
    pub variants: Vec<String>,
    /// Keys of the matrix, by their last part where that is of one key alone, each with its values as text; those of one value are left out.
    pub parameters: Vec<(String, Vec<String>)>,
}

impl Choices {
    /// Those of a result.
    pub fn of(result: &RunResult) -> Choices {
        let levels = &result.configurations;
        let mut variants = distinct(levels.iter().map(|level| level.variant.clone()));
        if variants.len() < 2 {
            variants.clear();
        }
        let keys = distinct(levels.iter().flat_map(|level| level.parameters.keys().cloned()));
        let named = |key: &String| {
            let same = keys.iter().filter(|other| last_key(other) == last_key(key)).count();
            let values = levels.iter().filter_map(|level| level.parameters.get(key)).map(plain_value);
            let name = if same == 1 { last_key(key) } else { key.as_str() };
            (name.to_owned(), distinct(values))
        };
        let parameters = keys.iter().map(named).filter(|(_, values)| values.len() > 1).collect();
        Choices { variants, parameters }
    }

    /// Whether there is one case, or too few to choose among.
    pub fn is_empty(&self) -> bool {
        self.variants.is_empty() && self.parameters.is_empty()
    }
}

fn distinct(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    all.for_each(|one| {
        if !found.contains(&one) {
            found.push(one);
        }
    });
    found
}

fn known_one(path: &str, what: &str, wanted: &str, known: &[String]) -> Result<(), Incomparable> {
    if known.iter().any(|one| one == wanted) { Ok(()) } else { Err(unknown(path, what, wanted, known)) }
}

fn unknown(path: &str, what: &str, wanted: &str, known: &[String]) -> Incomparable {
    let near = nearest(wanted, known.iter().map(String::as_str)).filter(|_| known.len() > 1);
    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    let there = match known {
        [] => "there is none".to_owned(),
        [one] => format!("there is {one}"),
        all => format!("there are {}", all.join(", ")),
    };
    Incomparable::NoSuchCase(format!("{path} has no {what} `{wanted}`: {there}{near}"))
}

/// Levels of both sides that belong together.
#[derive(Debug)]
pub(super) struct Pairs<'a> {
    /// Each with its place in its result.
    pub(super) levels: Vec<Pair<'a>>,
    pub(super) only_base: Vec<String>,
    pub(super) only_candidate: Vec<String>,
}

/// A level of the base and one of the candidate, each with its place in its result.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub(super) base: (usize, &'a Configuration),
    pub(super) candidate: (usize, &'a Configuration),
}

/// Pairs the levels of two results. Both selections are resolved and name the same things.
pub(super) fn pairs<'a>(
    base: (&'a RunResult, &Selection),
    candidate: (&'a RunResult, &Selection),
) -> Pairs<'a> {
    fn of<'a>((result, selection): (&'a RunResult, &Selection)) -> Vec<(usize, &'a Configuration)> {
        result.configurations.iter().enumerate().filter(|(_, level)| selection.has(level)).collect()
    }
    let selection = base.1;
    let together = |a: &Configuration, b: &Configuration| {
        a.workload == b.workload
            && a.concurrency == b.concurrency
            && (selection.variant.is_some() || a.variant == b.variant)
            && shared(a, selection).eq(shared(b, selection))
    };
    let (ours, theirs) = (of(base), of(candidate));
    let partner = |level: &Configuration| theirs.iter().find(|(_, other)| together(level, other)).copied();
    let levels =
        ours.iter().filter_map(|one| Some(Pair { base: *one, candidate: partner(one.1)? })).collect();
    let told = |level: &Configuration| {
        format!("{}, {}", level.case_or_base(), crate::units::workers(&[level.concurrency]))
    };
    Pairs {
        levels,
        only_base: ours.iter().filter(|one| partner(one.1).is_none()).map(|one| told(one.1)).collect(),
        only_candidate: theirs
            .iter()
            .filter(|one| !ours.iter().any(|other| together(other.1, one.1)))
            .map(|one| told(one.1))
            .collect(),
    }
}

/// Values of the matrix that are not what is compared.
pub(super) fn shared<'a>(
    level: &'a Configuration,
    selection: &'a Selection,
) -> impl Iterator<Item = (&'a String, &'a serde_json::Value)> {
    level.parameters.iter().filter(|(key, _)| !selection.names(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::testing;

    #[test]
    fn cases_are_named_as_they_are_chosen_and_what_does_not_vary_is_left_out() {
        let mut result = testing::finished();
        assert!(Choices::of(&result).is_empty());
        for (index, level) in result.configurations.iter_mut().enumerate() {
            for key in ["database.pragmas.cache_size", "a.size", "b.size"] {
                level.parameters.insert(key.to_owned(), index.into());
            }
            level.parameters.insert("seed".to_owned(), 7.into());
        }
        let choices = Choices::of(&result);
        let names: Vec<&str> = choices.parameters.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["cache_size", "a.size", "b.size"]);
        assert!(
            choices.variants.is_empty() && choices.parameters.iter().all(|(_, values)| values == &["0", "1"])
        );
        for (name, values) in &choices.parameters {
            let named = Selection { variant: None, parameters: vec![(name.clone(), values[1].clone())] };
            assert!(
                named.resolved(&result, "mine.json").is_ok_and(|found| found.has(&result.configurations[1]))
            );
        }
    }
}
