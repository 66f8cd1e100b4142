//! `pattern("[A-Z]{3}-[0-9]{4}")`: text in the shape of a small regular expression.
//!
//! Literals, classes with ranges, `\d` `\w`, a backslash before any other sign, and `{n}` `{n,m}` `?` after one of them.

use super::lengths::Lengths;
use super::numbers::LONGEST;
use crate::template::args::{ArgFault, Args, Prepared};
use crate::template::datum::Piece;
use crate::template::draw::Draw;

/// One character of a set, a number of times.
#[derive(Clone, Debug, PartialEq)]
struct Element {
    set: Vec<char>,
    low: u32,
    high: u32,
}

const LIMIT: u32 = 10_000;

pub(in crate::template) fn pattern(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let source = args.text(0)?.unwrap_or("");
    let elements = parse(source).map_err(|(message, help)| ArgFault::new(0, message).help(help))?;
    // With two lengths that vary, two different draws can spell the same text, so its values cannot be counted off.
    let countable = elements.iter().filter(|element| element.low != element.high).count() <= 1;
    let size = elements.iter().try_fold(1u128, |size, element| size.checked_mul(element.size()?));
    match size {
        Some(size) if countable => Ok(Prepared::counted(size, move |run, index| {
            let start = run.text.len();
            write_indexed(run.text, &elements, index);
            Piece::Text(start)
        })),
        _ => Ok(Prepared::text(move |run| write_drawn(run.text, &elements, &mut run.draw))),
    }
}

pub(in crate::template) fn chars(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let lengths = Lengths::new(args, 8, 8, LONGEST, 4)?;
    let set = args.text(3)?.unwrap_or("a-z0-9");
    let wrong = |(message, help)| ArgFault::new(3, message).help(help);
    let set = match parse(&format!("[{set}]")).map_err(wrong)?.as_mut_slice() {
        [only] if only.low == 1 && only.high == 1 => std::mem::take(&mut only.set),
        _ => {
            return Err(ArgFault::new(3, "a set consists of signs and ranges, such as a-z0-9")
                .help("write chars(3, 12, 5.5, \"A-Z0-9\")"));
        }
    };
    let prepared = Prepared::text(move |run| {
        for _ in 0..lengths.draw(run) {
            run.text.push(*run.draw.pick(&set));
        }
    });
    Ok(if lengths.is_exact() { prepared.uses_row() } else { prepared })
}

impl Element {
    fn size(&self) -> Option<u128> {
        let mut sum = 0u128;
        for count in self.low..=self.high {
            sum = sum.checked_add((self.set.len() as u128).checked_pow(count)?)?;
        }
        Some(sum)
    }
}

/// The text of an index: a number in mixed radix, one digit per element.
fn write_indexed(out: &mut String, elements: &[Element], mut index: u128) {
    for element in elements {
        if element.low == element.high {
            for _ in 0..element.low {
                let digit = index % element.set.len() as u128;
                index /= element.set.len() as u128;
                out.push(element.set[digit as usize]);
            }
            continue;
        }
        // Counting fits: the whole pattern's size was computed from these.
        let size = element.size().unwrap_or(u128::MAX);
        let mut place = index % size;
        index /= size;
        let radix = element.set.len() as u128;
        let mut count = element.low;
        while count < element.high && place >= radix.pow(count) {
            place -= radix.pow(count);
            count += 1;
        }
        for _ in 0..count {
            out.push(element.set[(place % radix) as usize]);
            place /= radix;
        }
    }
}

fn write_drawn(out: &mut String, elements: &[Element], draw: &mut Draw) {
    for element in elements {
        for _ in 0..draw.length(element.low as usize, element.high as usize) {
            out.push(*draw.pick(&element.set));
        }
    }
}

type Wrong = (String, String);

fn parse(source: &str) -> Result<Vec<Element>, Wrong> {
    let mut elements: Vec<Element> = Vec::new();
    let mut rest = source.chars();
    while let Some(character) = rest.next() {
        let set = match character {
            '[' => class(&mut rest)?,
            '\\' => escape(rest.next())?,
            '{' | '}' | '?' | ']' | '(' | ')' | '|' | '*' | '+' | '.' | '^' | '$' => {
                return Err(unexpected(character));
            }
            plain => vec![plain],
        };
        let (low, high) = repetition(&mut rest)?;
        elements.push(Element { set, low, high });
    }
    Ok(elements)
}

fn unexpected(character: char) -> Wrong {
    let message = format!("a pattern cannot have `{character}` here");
    let help = match character {
        '*' | '+' => "say how often: {1,5}".to_owned(),
        '.' => "write a class such as [a-z0-9], or \\. for the point itself".to_owned(),
        '(' | ')' | '|' => {
            "patterns have classes, literals and {n}; for alternatives write choice([...])".to_owned()
        }
        '^' | '$' => "leave it out: a pattern is always the whole text".to_owned(),
        other => format!("write \\{other} for the sign itself"),
    };
    (message, help)
}

fn escape(character: Option<char>) -> Result<Vec<char>, Wrong> {
    Ok(match character {
        Some('d') => ('0'..='9').collect(),
        Some('w') => ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(['_']).collect(),
        Some('s') => vec![' '],
        Some('n') => vec!['\n'],
        Some('t') => vec!['\t'],
        Some(letter) if letter.is_ascii_alphanumeric() => {
            return Err((
                format!("a pattern knows no \\{letter}"),
                "write \\d, \\w or a class such as [a-z]".to_owned(),
            ));
        }
        Some(sign) => vec![sign],
        None => {
            return Err((
                "a pattern cannot end with a backslash".to_owned(),
                "write \\\\ for one".to_owned(),
            ));
        }
    })
}

fn class(rest: &mut std::str::Chars<'_>) -> Result<Vec<char>, Wrong> {
    let open =
        || ("a class of the pattern is not closed".to_owned(), "write ] at its end, as in [A-Z]".to_owned());
    let mut set = Vec::new();
    loop {
        match rest.next().ok_or_else(open)? {
            ']' => break,
            '^' if set.is_empty() => {
                return Err((
                    "a class cannot exclude signs".to_owned(),
                    "name the signs that may stand there".to_owned(),
                ));
            }
            '\\' => set.extend(escape(rest.next())?),
            first => {
                let mut ahead = rest.clone();
                let last = match (ahead.next(), ahead.next()) {
                    (Some('-'), Some(last)) if last != ']' => last,
                    _ => {
                        set.push(first);
                        continue;
                    }
                };
                *rest = ahead;
                if last < first {
                    return Err((
                        format!("the range {first}-{last} of the pattern runs backwards"),
                        format!("write {last}-{first}"),
                    ));
                }
                set.extend(first..=last);
            }
        }
    }
    set.sort_unstable();
    set.dedup();
    if set.is_empty() {
        return Err((
            "a class of the pattern is empty".to_owned(),
            "write at least one sign, as in [A-Z]".to_owned(),
        ));
    }
    Ok(set)
}

fn repetition(rest: &mut std::str::Chars<'_>) -> Result<(u32, u32), Wrong> {
    if rest.as_str().starts_with('?') {
        rest.next();
        return Ok((0, 1));
    }
    let Some(inside) = rest.as_str().strip_prefix('{') else { return Ok((1, 1)) };
    let wrong = || {
        (
            "a repetition of the pattern is not understood".to_owned(),
            format!("write {{3}} or {{2,5}}, at most {LIMIT}"),
        )
    };
    let (counts, after) = inside.split_once('}').ok_or_else(wrong)?;
    let (low, high) = counts.split_once(',').unwrap_or((counts, counts));
    let low: u32 = low.trim().parse().map_err(|_| wrong())?;
    let high: u32 = high.trim().parse().map_err(|_| wrong())?;
    if high > LIMIT {
        return Err(wrong());
    }
    if high < low {
        return Err((
            format!("the repetition {{{low},{high}}} runs backwards"),
            format!("write {{{high},{low}}}"),
        ));
    }
    *rest = after.chars();
    Ok((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_index_spells_another_text() {
        for source in ["[ab]{2}-[0-2]", "x[ab]{0,3}y", "\\d?z", "[a-c]{1,2}[01]"] {
            let elements = parse(source).unwrap();
            let size = elements.iter().map(|e| e.size().unwrap()).product::<u128>();
            let texts: BTreeSet<String> = (0..size)
                .map(|index| {
                    let mut text = String::new();
                    write_indexed(&mut text, &elements, index);
                    text
                })
                .collect();
            assert_eq!(texts.len() as u128, size, "{source}");
        }
    }

    #[test]
    fn mistakes_say_what_to_write() {
        for (source, help) in [
            ("[A-Z", "write ] at its end, as in [A-Z]"),
            ("[Z-A]", "write A-Z"),
            ("a+", "say how often: {1,5}"),
            ("a{5,2}", "write {2,5}"),
            ("a{x}", "write {3} or {2,5}, at most 10000"),
        ] {
            assert_eq!(parse(source).unwrap_err().1, help, "{source}");
        }
    }
}
