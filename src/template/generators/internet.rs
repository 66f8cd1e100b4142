//! E-mail addresses and user names over Latin spellings of `fake`'s names. Other things of the internet are left to `web`.

use std::sync::LazyLock;

use fake::locales::Data;

use crate::template::args::{ArgFault, Args, Prepared};
use crate::template::datum::{Run, write_integer};
use crate::template::locale::{Locale, per_locale};

/// A locale's names in lower-case letters a to z, made once.
struct Latin {
    first: Vec<String>,
    last: Vec<String>,
}

/// Latin spellings of a locale's names.
fn latin(locale: Locale) -> &'static Latin {
    per_locale!(locale, L => {
        static NAMES: LazyLock<Latin> =
            LazyLock::new(|| Latin { first: spell(L::NAME_FIRST_NAME), last: spell(L::NAME_LAST_NAME) });
        &NAMES
    })
}

fn spell(names: &[&str]) -> Vec<String> {
    let mut spelt: Vec<String> = names
        .iter()
        .map(|name| {
            let latin = deunicode::deunicode(name).to_ascii_lowercase();
            latin.chars().filter(char::is_ascii_alphabetic).collect::<String>()
        })
        .filter(|name| !name.is_empty())
        .collect();
    spelt.dedup();
    if spelt.is_empty() {
        spelt.push("user".to_owned());
    }
    spelt
}

/// Domains that never belong to anybody (RFC 2606).
const SAFE_DOMAINS: [&str; 3] = ["example.com", "example.net", "example.org"];

fn write_person(run: &mut Run<'_>, names: &Latin) {
    run.text.push_str(run.draw.word(&names.first));
    run.text.push('.');
    run.text.push_str(run.draw.word(&names.last));
}

pub(in crate::template) fn email(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let names = latin(args.locale);
    Ok(Prepared::text(move |run| {
        write_person(run, names);
        run.text.push('@');
        run.text.push_str(run.draw.word(&SAFE_DOMAINS));
    }))
}

pub(in crate::template) fn free_email(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let names = latin(args.locale);
    let providers = per_locale!(args.locale, L => L::INTERNET_FREE_EMAIL_PROVIDER);
    Ok(Prepared::text(move |run| {
        write_username(run, names);
        run.text.push('@');
        run.text.push_str(run.draw.word(providers));
    }))
}

pub(in crate::template) fn safe_email(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let names = latin(args.locale);
    Ok(Prepared::text(move |run| {
        run.text.push_str(run.draw.word(&names.first));
        run.text.push('@');
        run.text.push_str(run.draw.word(&SAFE_DOMAINS));
    }))
}

pub(in crate::template) fn username(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let names = latin(args.locale);
    Ok(Prepared::text(move |run| write_username(run, names)))
}

fn write_username(run: &mut Run<'_>, names: &Latin) {
    run.text.push_str(run.draw.word(&names.first));
    let form = run.draw.below(4);
    if form == 0 {
        let number = run.draw.below(1000) as i64;
        write_integer(run.text, number);
        return;
    }
    run.text.push(if form == 1 { '.' } else { '_' });
    run.text.push_str(run.draw.word(&names.last));
}

pub(in crate::template) fn domain(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let names = latin(args.locale);
    let suffixes = per_locale!(args.locale, L => L::INTERNET_DOMAIN_SUFFIX);
    Ok(Prepared::text(move |run| write_domain(run, names, suffixes)))
}

fn write_domain(run: &mut Run<'_>, names: &Latin, suffixes: &[&str]) {
    run.text.push_str(run.draw.word(&names.last));
    run.text.push('.');
    run.text.push_str(run.draw.word(suffixes));
}

pub(in crate::template) fn url(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let names = latin(args.locale);
    let suffixes = per_locale!(args.locale, L => L::INTERNET_DOMAIN_SUFFIX);
    Ok(Prepared::text(move |run| {
        run.text.push_str("https://");
        write_domain(run, names, suffixes);
        run.text.push('/');
        run.text.push_str(run.draw.word(fake::locales::EN::LOREM_WORD));
    }))
}

pub(in crate::template) fn password(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let (low, high) = args.lengths(8, 16, 10_000)?;
    let characters = per_locale!(args.locale, L => L::INTERNET_PASSWORD_CHARS);
    Ok(Prepared::text(move |run| {
        for _ in 0..run.draw.length(low, high) {
            run.text.push(*run.draw.pick(characters));
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_locale_has_latin_names() {
        for name in crate::template::locale::LOCALE_NAMES {
            let names = latin(Locale::parse(name).unwrap());
            assert!(names.first.len() > 5 && names.last.len() > 5, "{name}");
            assert!(names.first.iter().all(|n| n.bytes().all(|b| b.is_ascii_lowercase())), "{name}");
        }
    }
}
