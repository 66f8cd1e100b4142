//! What each generator does. How they are called and described is left to `catalogue`.

pub(super) mod chance;
pub(super) mod internet;
mod lengths;
pub(super) mod lorem;
pub(super) mod names;
pub(super) mod numbers;
pub(super) mod pattern;
pub(super) mod quantiles;
pub(super) mod time;
pub(super) mod web;

use super::Distinct;
use super::args::Prepared;

/// One word of a list.
pub(super) fn one_of(words: &'static [&'static str]) -> Prepared {
    Prepared::new(move |run| {
        let word = *run.draw.pick(words);
        Ok(run.put_text(word))
    })
    .distinct(Distinct::AtMost(words.len() as u128))
}

/// A generator that takes a word from a list of `fake`, by its constant's name.
macro_rules! words {
    ($list:ident) => {
        |args| {
            Ok(crate::template::generators::one_of(crate::template::locale::per_locale!(
                args.locale, L => <L as fake::locales::Data>::$list
            )))
        }
    };
}

/// A generator that calls one of `fake`'s.
macro_rules! faked {
    ($module:ident :: $faker:ident) => {
        |args| {
            let locale = args.locale;
            Ok(crate::template::args::Prepared::text(move |run| {
                use fake::Fake;
                let text: String = crate::template::locale::per_locale!(
                    locale, L => fake::faker::$module::raw::$faker(L).fake_with_rng(&mut run.draw)
                );
                run.text.push_str(&text);
            }))
        }
    };
}

pub(super) use {faked, words};
