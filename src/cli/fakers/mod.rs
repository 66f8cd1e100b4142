//! `runner fakers`: the generators, with live examples. The page of the documentation comes from the same list.

mod page;
mod terminal;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::layout::Paint;
use super::values::OneOf;
use super::{Exit, output, stdout_color, stdout_width};
use crate::diagnostic::nearest;
use crate::template::{GeneratorInfo, LOCALE_NAMES, Locale, catalogue, samples};
use crate::value::Value;

#[derive(Debug, Args)]
pub(super) struct FakersArgs {
    /// One generator, or those whose name, group or explanation has this word.
    #[arg(value_name = "WORD", value_parser = OneOf(|| catalogue().iter().map(|info| info.name).collect()), hide_possible_values = true)]
    word: Option<String>,
    /// Language of the examples.
    #[arg(long, value_name = "LOCALE", default_value = "en", value_parser = OneOf(|| LOCALE_NAMES.to_vec()), hide_possible_values = true)]
    locale: String,
    /// What to print; `markdown` is the page of the documentation, always of all generators.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
}

type Info = &'static GeneratorInfo;

/// What a word leads to.
enum Found {
    /// The generator of this name, and the others of its group.
    One(Info, Vec<Info>),
    Several(Vec<Info>),
}

pub(super) fn fakers(arguments: &FakersArgs) -> Exit {
    let Some(locale) = Locale::parse(&arguments.locale) else {
        let wanted = arguments.locale.to_lowercase().replace('-', "_");
        // A language alone is as good as said.
        let begun = LOCALE_NAMES.iter().copied().find(|name| !wanted.is_empty() && name.starts_with(&wanted));
        let help = match begun.or_else(|| nearest(&wanted, LOCALE_NAMES.iter().copied())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the locales are {}", LOCALE_NAMES.join(", ")),
        };
        return wrong(&format!("there is no locale `{}`", arguments.locale), &help);
    };
    let found = match &arguments.word {
        None => Found::Several(catalogue().iter().collect()),
        Some(word) => match find(word) {
            Some(found) => found,
            None => return wrong(&format!("no generator has to do with `{word}`"), &instead(word)),
        },
    };
    let paint = Paint { color: stdout_color() };
    let width = stdout_width();
    let text = match (arguments.format, found) {
        (Format::Markdown, _) => page::page(),
        (Format::Json, Found::One(info, _)) => format!("{:#}\n", record(info, locale)),
        (Format::Json, Found::Several(several)) => {
            let records: Vec<_> = several.into_iter().map(|info| record(info, locale)).collect();
            format!("{:#}\n", serde_json::Value::Array(records))
        }
        (Format::Text, Found::One(info, others)) => terminal::one(info, &others, locale, width, paint),
        (Format::Text, Found::Several(several)) => terminal::list(&several, locale, width, paint),
    };
    output::put(&text)
}

fn wrong(words: &str, help: &str) -> Exit {
    eprintln!("error: {words}\n  help: {help}");
    Exit::Wrong
}

fn find(word: &str) -> Option<Found> {
    let word = word.trim().trim_matches(['{', '}']).trim();
    let word = word.split('(').next().unwrap_or(word).trim().to_lowercase();
    if word.is_empty() {
        return Some(Found::Several(catalogue().iter().collect()));
    }
    let has = |text: &str| text.to_lowercase().contains(&word);
    let named: Vec<Info> = catalogue().iter().filter(|info| has(info.name)).collect();
    let related = catalogue().iter().filter(|info| !has(info.name) && (has(info.group) || has(info.about)));
    let all: Vec<Info> = named.into_iter().chain(related).collect();
    match all.iter().find(|info| info.name == word) {
        Some(info) => {
            let others =
                catalogue().iter().filter(|other| other.group == info.group && other.name != info.name);
            Some(Found::One(info, others.collect()))
        }
        None if all.is_empty() => None,
        // In the order of the list.
        None => Some(Found::Several(
            catalogue().iter().filter(|info| all.iter().any(|other| other.name == info.name)).collect(),
        )),
    }
}

fn instead(word: &str) -> String {
    match nearest(word, catalogue().iter().map(|info| info.name)) {
        Some(near) => format!("did you mean `{near}`? `runner fakers` lists all"),
        None => format!("the groups are {}; `runner fakers` lists all", groups().join(", ")),
    }
}

/// In their order.
fn groups() -> Vec<&'static str> {
    let mut groups: Vec<&str> = catalogue().iter().map(|info| info.group).collect();
    groups.dedup();
    groups
}

/// Values of the generator's example in the first rows.
fn values(info: &GeneratorInfo, locale: Locale, rows: u64) -> Vec<Value> {
    samples(info.example, locale, rows).expect("a test makes every example of the catalogue")
}

/// A language, with its first values, or with none where they are those of English.
fn by_locale(info: &GeneratorInfo, rows: u64) -> Vec<(Locale, Vec<Value>)> {
    /// Enough rows for a difference to show.
    const COMPARED: u64 = 20;
    let locales = LOCALE_NAMES.iter().filter_map(|name| Locale::parse(name));
    let english = values(info, Locale::En, COMPARED);
    let own = |locale| {
        let mut values = values(info, locale, COMPARED);
        if locale != Locale::En && values == english {
            values.clear();
        }
        values.truncate(rows as usize);
        (locale, values)
    };
    if info.localized { locales.map(own).collect() } else { Vec::new() }
}

/// For editors and scripts.
fn record(info: &GeneratorInfo, locale: Locale) -> serde_json::Value {
    let parameters: Vec<_> = info
        .parameters
        .iter()
        .map(|parameter| {
            json!({
                "name": parameter.name,
                "required": parameter.default.is_none(),
                "default": parameter.default.filter(|default| !default.is_empty()),
                "meaning": info.meaning(parameter),
            })
        })
        .collect();
    let values: Vec<_> = values(info, locale, 3).iter().map(super::preview::as_json).collect();
    json!({
        "name": info.name,
        "group": info.group,
        "signature": info.signature(),
        "gives": info.gives(),
        "localized": info.localized,
        "about": info.about,
        "parameters": parameters,
        "example": info.example,
        "values": values,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: Option<Found>) -> Vec<&'static str> {
        match found {
            None => Vec::new(),
            Some(Found::Several(several)) => several.iter().map(|info| info.name).collect(),
            Some(Found::One(info, _)) => vec![info.name],
        }
    }

    #[test]
    fn a_word_finds_names_groups_and_explanations() {
        assert_eq!(names(find("email")), ["email"]);
        assert_eq!(names(find("{{ email() }}")), ["email"]);
        assert_eq!(names(find("mail")), ["email", "free_email", "safe_email"]);
        assert!(names(find("finance")).contains(&"bic"));
        assert!(names(find("telephone")).contains(&"phone_number"));
        assert!(find("xyzzy").is_none());
    }

    #[test]
    fn an_unknown_word_leads_to_the_nearest_name() {
        assert_eq!(instead("emial"), "did you mean `email`? `runner fakers` lists all");
        assert!(instead("q").starts_with("the groups are names, internet, "));
    }

    #[test]
    fn languages_without_words_of_their_own_are_told_from_others() {
        let info = catalogue().iter().find(|info| info.name == "name").unwrap();
        let locales = by_locale(info, 2);
        assert_eq!(locales.len(), LOCALE_NAMES.len());
        assert!(locales.iter().any(|(locale, values)| *locale == Locale::DeDe && values.len() == 2));
        let plain = catalogue().iter().find(|info| info.name == "uuid4").unwrap();
        assert!(by_locale(plain, 2).is_empty());
    }
}
