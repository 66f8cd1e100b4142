//! `docs/generators.md`, from the same list as the help.

use super::terminal::capital;
use super::{groups, values};
use crate::cli::layout::{shortened, shown};
use crate::template::{GeneratorInfo, LOCALE_NAMES, Locale, catalogue, samples};

/// Columns of the screen for the values of an example.
const VALUES: usize = 70;

/// The whole page.
pub(super) fn page() -> String {
    let mut out = String::from(
        "<!-- Written by `runner fakers --format markdown`; what stands here is changed in the catalogue of generators. -->\n\n\
         # Generators\n\n\
         What a [template](format.md#templates) can call. `runner fakers` shows the same in a terminal, `runner fakers WORD` what has to do \
         with a\nword, and one generator in full by its name.\n\n\
         A parameter with `=` may be left out and is then what stands behind it; one with `?` may be left out altogether. Arguments stand in\n\
         their order or by name: `int(1, 6)`, `int(low=1, high=6)`. Generators marked ᴸ give other values in other [languages](#languages).\n\
         The values are those of the first three rows of a made-up column; long ones are cut off.\n",
    );
    for group in groups() {
        out.push_str(&format!(
            "\n## {}\n\n| generator | gives | | example | rows 1, 2, 3 |\n| --- | --- | --- | --- | --- |\n",
            capital(group)
        ));
        for info in catalogue().iter().filter(|info| info.group == group) {
            out.push_str(&row(info));
        }
    }
    out.push_str(&parameters());
    out.push_str(&languages());
    out
}

fn row(info: &GeneratorInfo) -> String {
    let mark = if info.localized { " ᴸ" } else { "" };
    let shown: Vec<String> = values(info, Locale::En, 3).iter().map(shown).collect();
    format!(
        "| {}{mark} | {} | {} | {} | {} |\n",
        code(&info.signature()),
        info.gives(),
        plain(info.about),
        code(&format!("'{{{{ {} }}}}'", info.example)),
        plain(&shortened(&shown.join(" · "), VALUES)),
    )
}

/// What parameters mean: those of one name and meaning in one line.
fn parameters() -> String {
    let mut lines: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for info in catalogue() {
        for parameter in info.parameters {
            let meaning = info.meaning(parameter);
            match lines.iter_mut().find(|(name, known, _)| *name == parameter.name && *known == meaning) {
                Some((_, _, generators)) => generators.push(info.name),
                None => lines.push((parameter.name, meaning, vec![info.name])),
            }
        }
    }
    lines.sort_by_key(|(name, ..)| *name);
    let mut out = String::from("\n## Parameters\n\n| parameter | of | |\n| --- | --- | --- |\n");
    for (name, meaning, generators) in lines {
        let generators: Vec<String> = generators.iter().map(|name| format!("`{name}`")).collect();
        out.push_str(&format!("| `{name}` | {} | {} |\n", generators.join(", "), plain(meaning)));
    }
    out
}

/// What a language changes, shown by three generators.
fn languages() -> String {
    const SHOWN: [&str; 3] = ["name()", "city()", "words(3)"];
    let mut out = format!(
        "\n## Languages\n\nThe key `locale` holds for a whole file; in a call it holds there: `'{{{{ name(locale=\"fr_fr\") }}}}'`. Where a language has no words\n\
         of its own for something, they are English.\n\n| locale | | {} |\n| --- | --- | --- | --- | --- |\n",
        SHOWN.map(|call| format!("`{call}`")).join(" | ")
    );
    for locale in LOCALE_NAMES.iter().filter_map(|name| Locale::parse(name)) {
        let values = SHOWN.map(|call| {
            let values = samples(call, locale, 1).expect("the calls are those of the catalogue");
            plain(&values.first().map_or(String::new(), shown))
        });
        let meaning = locale.meaning().trim_end_matches('.');
        out.push_str(&format!("| `\"{}\"` | {meaning} | {} |\n", locale.name(), values.join(" | ")));
    }
    out
}

/// Code in a cell of a table.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// Text in a cell of a table: what Markdown would read is escaped.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if "\\`*_{}[]<>#|~".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_generator_once() {
        let page = page();
        for info in catalogue() {
            let start = format!("\n| `{}`", info.signature().replace('|', "\\|"));
            assert_eq!(page.matches(&start).count(), 1, "{start}");
        }
    }

    #[test]
    fn text_in_a_table_is_read_as_text() {
        assert_eq!(plain("a|b_c <d>"), "a\\|b\\_c \\<d\\>");
    }
}
