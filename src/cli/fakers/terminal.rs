//! The generators in a terminal: a list, or one of them in full.

use super::{Info, by_locale, values};
use crate::cli::layout::{Cell, Grid, Paint, shortened, shown, width, wrapped};
use crate::template::{GeneratorInfo, Locale};
use crate::value::Value;

/// What a localized generator is marked with.
const LOCALIZED: &str = "ᴸ";
/// Columns of the screen for calls; longer ones have a line of their own.
const CALLS: usize = 24;

/// Each group with its generators: call, explanation, and what its example gives.
pub(super) fn list(infos: &[Info], locale: Locale, line: usize, paint: Paint) -> String {
    let mut out = String::new();
    let mut group = "";
    // The rest of the line, in two parts.
    let rest = line.saturating_sub(CALLS).max(40);
    let about = rest * 2 / 5;
    for info in infos {
        if info.group != group {
            group = info.group;
            let gap = if out.is_empty() { "" } else { "\n" };
            out.push_str(&format!("{gap}{}\n", paint.bold(&capital(group))));
        }
        let mark = if info.localized { LOCALIZED } else { "" };
        let call = format!("  {}{mark}", info.signature());
        let fits = width(&call) + 2 <= CALLS;
        if !fits {
            out.push_str(&format!("{call}\n"));
        }
        let abouts = wrapped(info.about, about);
        let examples = example(info, locale, rest - about - 2);
        for index in 0..abouts.len().max(examples.len()) {
            let call = if index == 0 && fits { call.as_str() } else { "" };
            let words = abouts.get(index).map_or("", String::as_str);
            let example = examples.get(index).map_or("", String::as_str);
            let line = format!("{}{}{}", padded(call, CALLS), padded(words, about + 2), paint.dim(example));
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    if infos.iter().any(|info| info.localized) {
        let words = format!(
            "{LOCALIZED} takes locale=\"de_de\" and so on; `=` shows what a parameter is when left out, `?` that it may be. \
             `runner fakers NAME` shows one in full."
        );
        out.push('\n');
        wrapped(&words, line).iter().for_each(|line| out.push_str(&format!("{}\n", paint.dim(line))));
    }
    out
}

/// The first values, with the call where that says more than the signature; on two lines where one is too short for both.
fn example(info: &GeneratorInfo, locale: Locale, most: usize) -> Vec<String> {
    let values: Vec<String> = values(info, locale, 3).iter().map(shown).collect();
    let values = values.join(" · ");
    if info.parameters.is_empty() {
        return vec![shortened(&values, most)];
    }
    let whole = format!("{} → {values}", info.example);
    if width(&whole) <= most {
        return vec![whole];
    }
    vec![shortened(info.example, most), shortened(&format!("→ {values}"), most)]
}

/// One generator: what it is, its parameters, its first values, and those of each language.
pub(super) fn one(info: Info, others: &[Info], locale: Locale, line: usize, paint: Paint) -> String {
    let mut out = format!("{}\n", paint.bold(&info.signature()));
    let words = format!("{}. {}", capital(info.about), gives(info));
    wrapped(&words, line).iter().for_each(|line| out.push_str(&format!("{line}\n")));
    if !info.parameters.is_empty() {
        let row = |parameter: &crate::template::Parameter| {
            let default = match parameter.default {
                None => "required",
                Some("") => "–",
                Some(default) => default,
            };
            vec![Cell::plain(parameter.name), Cell::plain(default), Cell::plain(info.meaning(parameter))]
        };
        let grid = Grid {
            header: ["parameter", "default", "meaning"].map(str::to_owned).to_vec(),
            rows: info.parameters.iter().map(row).collect(),
            leading: 1,
        };
        out.push_str(&format!("\n{}", grid.drawn(line, 2, paint)));
    }
    out.push_str(&format!("\n  value = '{{{{ {} }}}}'\n\n", info.example));
    let rows = values(info, locale, 5);
    let rows = rows.iter().enumerate().map(|(index, v)| vec![Cell::number(index as u64 + 1), Cell::value(v)]);
    let grid = Grid { header: vec!["row".to_owned(), "value".to_owned()], rows: rows.collect(), leading: 1 };
    out.push_str(&grid.drawn(line, 2, paint));
    if let Some(Languages { grid, shown, english }) = languages(info) {
        out.push_str(&format!("\n{}\n", grid.drawn(line, 2, paint)));
        let call = localized(info, shown);
        let mut words = format!("`locale` at the top of a file, or in a call: {call}.");
        if !english.is_empty() {
            words.push_str(&format!(" As in English: {}.", english.join(", ")));
        }
        wrapped(&words, line - 2).iter().for_each(|line| out.push_str(&format!("  {}\n", paint.dim(line))));
    }
    if !others.is_empty() {
        let names: Vec<&str> = others.iter().map(|info| info.name).collect();
        out.push('\n');
        for line in wrapped(&format!("In the same group: {}", names.join(", ")), line) {
            out.push_str(&format!("{}\n", paint.dim(&line)));
        }
    }
    out
}

/// The type of its values, in a sentence.
fn gives(info: &GeneratorInfo) -> String {
    match info.gives() {
        "any" => "Gives values of any type.".to_owned(),
        "integer" => "Gives an integer.".to_owned(),
        "real" => "Gives a real number.".to_owned(),
        "boolean" => "Gives true or false, stored as 1 or 0.".to_owned(),
        other => format!("Gives {other}."),
    }
}

/// The example with a language in it.
fn localized(info: &GeneratorInfo, locale: Locale) -> String {
    let call = info.example.strip_suffix(')').unwrap_or(info.example);
    let comma = if call.ends_with('(') { "" } else { ", " };
    format!("{call}{comma}locale=\"{}\")", locale.name())
}

struct Languages {
    /// A row for each language with words of its own.
    grid: Grid,
    /// One of these, other than English if there is one.
    shown: Locale,
    /// Names of the others.
    english: Vec<&'static str>,
}

/// Absent where values are the same in every language.
fn languages(info: &GeneratorInfo) -> Option<Languages> {
    let (english, own): (Vec<_>, Vec<_>) =
        by_locale(info, 2).into_iter().partition(|(_, values)| values.is_empty());
    let row = |(locale, values): &(Locale, Vec<Value>)| {
        let shown: Vec<String> = values.iter().map(shown).collect();
        let language = Cell::plain(locale.meaning().trim_end_matches('.'));
        vec![Cell::plain(locale.name()), language, Cell::plain(shown.join(" · "))]
    };
    let header = ["locale", "language", "rows 1 and 2"].map(str::to_owned).to_vec();
    let others = own.iter().map(|(locale, _)| *locale).filter(|locale| *locale != Locale::En);
    // Where English stands alone, nothing is to be chosen.
    let shown = others.max_by_key(|locale| *locale == Locale::DeDe)?;
    let english = english.iter().map(|(locale, _)| locale.name()).collect();
    Some(Languages { grid: Grid { header, rows: own.iter().map(row).collect(), leading: 1 }, shown, english })
}

fn padded(text: &str, most: usize) -> String {
    format!("{text}{}", " ".repeat(most.saturating_sub(width(text))))
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::catalogue;

    const PLAIN: Paint = Paint { color: false };

    #[test]
    fn no_line_of_the_list_is_longer_than_the_terminal_unless_a_call_is() {
        let infos: Vec<Info> = catalogue().iter().collect();
        for most in [80, 120] {
            for line in list(&infos, Locale::En, most, PLAIN).lines() {
                assert!(width(line) <= most || line.trim_end().ends_with([')', 'ᴸ']), "{line}");
            }
        }
    }

    #[test]
    fn one_generator_shows_its_parameters_values_and_languages() {
        let info = catalogue().iter().find(|info| info.name == "sentence").unwrap();
        let text = one(info, &[], Locale::En, 80, PLAIN);
        assert!(text.starts_with("sentence(min=4, max=9)\nSentence of min to max words. Gives text.\n"));
        assert!(text.contains("min        4        least number of words"), "{text}");
        assert!(text.contains("value = '{{ sentence(4, 8) }}'"), "{text}");
        assert!(text.contains("sentence(4, 8, locale=\"zh_cn\")."), "{text}");
    }
}
