//! Names of people, and what else is a sentence over word lists: job titles, catch phrases, streets.

use fake::locales::Data;

use crate::template::Distinct;
use crate::template::args::{ArgFault, Args, Prepared};
use crate::template::locale::per_locale;

type Words = &'static [&'static str];

enum Part {
    Plain(&'static str),
    Word(Words),
}

/// Writes one of `fake`'s sentences such as `{FirstName} {LastName}`, with a word list for every name in braces.
fn sentence_of(template: &'static str, lists: &[(&str, Words)]) -> Prepared {
    let mut parts = Vec::new();
    let mut size = 1u128;
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let close = rest[open..].find('}').map_or(rest.len(), |length| open + length);
        if open > 0 {
            parts.push(Part::Plain(&rest[..open]));
        }
        if let Some((_, words)) = lists.iter().find(|(name, _)| *name == &rest[open + 1..close]) {
            size = size.saturating_mul(words.len() as u128);
            parts.push(Part::Word(words));
        }
        rest = rest.get(close + 1..).unwrap_or("");
    }
    if !rest.is_empty() {
        parts.push(Part::Plain(rest));
    }
    Prepared::text(move |run| {
        for part in &parts {
            match part {
                Part::Plain(text) => run.text.push_str(text),
                Part::Word(words) => run.text.push_str(run.draw.word(words)),
            }
        }
    })
    .distinct(Distinct::AtMost(size))
}

pub(in crate::template) fn name(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(per_locale!(args.locale, L => sentence_of(
        L::NAME_TPL,
        &[("FirstName", L::NAME_FIRST_NAME), ("LastName", L::NAME_LAST_NAME)],
    )))
}

pub(in crate::template) fn name_with_title(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(per_locale!(args.locale, L => sentence_of(
        L::NAME_WITH_TITLE_TPL,
        &[("Title", L::NAME_TITLE), ("FirstName", L::NAME_FIRST_NAME), ("LastName", L::NAME_LAST_NAME)],
    )))
}

pub(in crate::template) fn job_title(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(per_locale!(args.locale, L => sentence_of(
        L::JOB_TITLE_TPL,
        &[("Seniority", L::JOB_SENIORITY), ("Field", L::JOB_FIELD), ("Position", L::JOB_POSITION)],
    )))
}

pub(in crate::template) fn catch_phrase(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(per_locale!(args.locale, L => sentence_of(
        L::COMPANY_CATCH_PHASE_TPL,
        &[
            ("Head", L::COMPANY_BUZZWORD_HEAD),
            ("Middle", L::COMPANY_BUZZWORD_MIDDLE),
            ("Tail", L::COMPANY_BUZZWORD_TAIL),
        ],
    )))
}

pub(in crate::template) fn bs(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(per_locale!(args.locale, L => sentence_of(
        L::COMPANY_BS_TPL,
        &[("Verb", L::COMPANY_BS_VERBS), ("Adj", L::COMPANY_BS_ADJ), ("Noun", L::COMPANY_BS_NOUNS)],
    )))
}

pub(in crate::template) fn street_address(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let locale = args.locale;
    Ok(Prepared::text(move |run| {
        use fake::Fake;
        use fake::faker::address::raw::{BuildingNumber, StreetName};
        let (number, street): (String, String) = per_locale!(locale, L => (
            BuildingNumber(L).fake_with_rng(&mut run.draw),
            StreetName(L).fake_with_rng(&mut run.draw),
        ));
        run.text.push_str(&number);
        run.text.push(' ');
        run.text.push_str(&street);
    }))
}

pub(in crate::template) fn address(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let locale = args.locale;
    Ok(Prepared::text(move |run| {
        use fake::Fake;
        use fake::faker::address::raw::{BuildingNumber, CityName, PostCode, StreetName};
        let parts: [String; 4] = per_locale!(locale, L => [
            BuildingNumber(L).fake_with_rng(&mut run.draw),
            StreetName(L).fake_with_rng(&mut run.draw),
            PostCode(L).fake_with_rng(&mut run.draw),
            CityName(L).fake_with_rng(&mut run.draw),
        ]);
        for (part, separator) in parts.iter().zip([" ", ", ", " ", ""]) {
            run.text.push_str(part);
            run.text.push_str(separator);
        }
    }))
}
