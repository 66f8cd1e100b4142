//! Words, sentences and paragraphs, written straight into the buffer over `fake`'s word lists.

use fake::locales::Data;

use super::lengths::Lengths;
use super::numbers::LONGEST;
use crate::template::args::{ArgFault, Args, Prepared};
use crate::template::datum::Run;
use crate::template::locale::{Locale, per_locale};

/// Words of a sentence within a paragraph, as in `fake`.
const SENTENCE: (usize, usize) = (4, 9);
/// Sentences of a paragraph within paragraphs, as in `fake`.
const PARAGRAPH: (usize, usize) = (4, 6);
const LIMIT: usize = 1_000_000;

type Words = &'static [&'static str];

fn list(locale: Locale) -> Words {
    per_locale!(locale, L => <L as Data>::LOREM_WORD)
}

pub(in crate::template) fn words(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let (low, high) = args.lengths(3, 6, LIMIT)?;
    let list = list(args.locale);
    Ok(Prepared::text(move |run| {
        let count = run.draw.length(low, high);
        write_words(run, list, count);
    }))
}

pub(in crate::template) fn sentence(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let lengths = args.lengths(SENTENCE.0, SENTENCE.1, LIMIT)?;
    let list = list(args.locale);
    Ok(Prepared::text(move |run| write_sentence(run, list, lengths)))
}

pub(in crate::template) fn paragraph(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let lengths = args.lengths(PARAGRAPH.0, PARAGRAPH.1, LIMIT)?;
    let list = list(args.locale);
    Ok(Prepared::text(move |run| write_paragraph(run, list, lengths)))
}

pub(in crate::template) fn paragraphs(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let (low, high) = args.lengths(2, 4, LIMIT)?;
    let list = list(args.locale);
    Ok(Prepared::text(move |run| {
        for index in 0..run.draw.length(low, high) {
            if index > 0 {
                run.text.push_str("\n\n");
            }
            write_paragraph(run, list, PARAGRAPH);
        }
    }))
}

pub(in crate::template) fn text(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let lengths = Lengths::new(args, 20, 80, LONGEST, 3)?;
    let list = list(args.locale);
    let prepared = Prepared::text(move |run| {
        let length = lengths.draw(run);
        write_characters(run, list, length);
    });
    Ok(if lengths.is_exact() { prepared.uses_row() } else { prepared })
}

/// Words of exactly so many characters together, the last one cut; no space at either end.
fn write_characters(run: &mut Run<'_>, list: Words, length: usize) {
    let start = run.text.len();
    let mut left = length;
    while left > 0 {
        // Where one is left, a letter more at the last word.
        if left < length && left > 1 {
            run.text.push(' ');
            left -= 1;
        }
        let word = run.draw.word(list).trim();
        if word.is_ascii() {
            let part = &word[..word.len().min(left)];
            run.text.push_str(part);
            left -= part.len();
        } else {
            for character in word.chars().take(left) {
                run.text.push(character);
                left -= 1;
            }
        }
    }
    // Some languages have words with a space within, where one may have been cut.
    if run.text[start..].ends_with(char::is_whitespace) {
        run.text.pop();
        run.text.push('a');
    }
}

fn write_paragraph(run: &mut Run<'_>, list: Words, (low, high): (usize, usize)) {
    for index in 0..run.draw.length(low, high) {
        if index > 0 {
            run.text.push(' ');
        }
        write_sentence(run, list, SENTENCE);
    }
}

fn write_sentence(run: &mut Run<'_>, list: Words, (low, high): (usize, usize)) {
    let count = run.draw.length(low, high);
    if count == 0 {
        return;
    }
    let first = run.draw.pick(list);
    let mut characters = first.chars();
    if let Some(initial) = characters.next() {
        run.text.push(initial.to_ascii_uppercase());
        run.text.push_str(characters.as_str());
    }
    for _ in 1..count {
        run.text.push(' ');
        run.text.push_str(run.draw.word(list));
    }
    run.text.push('.');
}

fn write_words(run: &mut Run<'_>, list: Words, count: usize) {
    for index in 0..count {
        if index > 0 {
            run.text.push(' ');
        }
        run.text.push_str(run.draw.word(list));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::LOCALE_NAMES;

    #[test]
    fn every_locale_has_words_that_text_can_be_made_of() {
        for name in LOCALE_NAMES {
            let words = list(Locale::parse(name).expect("its own name"));
            assert!(words.iter().all(|word| !word.trim().is_empty()), "{name}");
        }
    }
}
