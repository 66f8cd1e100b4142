//! `--workload` and `--variant`: which workloads and variants of a file run.
//!
//! Whether the file has the workloads is left to `plan`, which knows the one of a file that names none.

use serde_json::Value;

use super::Overrides;
use super::overrides::Applied;
use super::tree::toml_text;
use super::varied::Variant;
use crate::diagnostic::{Code, Diagnostic, Source, Sources, Span, nearest};

/// Names with their places among the overrides.
type Named = Vec<(String, Span)>;

/// The workloads that the command line names, with their places. They change no key.
pub(super) fn workloads(overrides: &Overrides, sources: &mut Sources, told: &mut Applied) -> Named {
    named("--workload", &overrides.workloads, sources, told)
}

/// The variants that the command line names, with their places.
pub(super) fn variants(overrides: &Overrides, sources: &mut Sources, told: &mut Applied) -> Named {
    named("--variant", &overrides.variants, sources, told)
}

fn named(flag: &str, names: &[String], sources: &mut Sources, told: &mut Applied) -> Named {
    if names.is_empty() {
        return Vec::new();
    }
    let source = sources.len();
    let mut start = 0;
    let place = |name: &String| {
        let span = Span { source, start, end: start + name.len() };
        start = span.end + 1;
        (name.clone(), span)
    };
    let chosen = names.iter().map(place).collect();
    sources.push(Source { name: flag.to_owned(), text: names.join("\n") });
    told.extend(names.iter().map(|name| (flag.to_owned(), toml_text(&Value::from(name.as_str())))));
    chosen
}

/// Indexes of the variants that are wanted, in the file's order: all where none is named. At least one.
pub(super) fn among(
    wanted: &[(String, Span)],
    variants: &[Variant],
    faults: &mut Vec<Diagnostic>,
) -> Vec<usize> {
    for (name, span) in wanted {
        if variants.iter().any(|variant| variant.name == *name) {
            continue;
        }
        let names = variants.iter().map(|variant| variant.name.as_str());
        let list: Vec<String> = names.clone().map(|name| format!("`{name}`")).collect();
        let help = match (nearest(name, names), list.as_slice()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, [_]) => "the file has no `[variants]`: leave it out".to_owned(),
            (None, _) => format!("the variants are {}", list.join(", ")),
        };
        let words = format!("there is no variant `{name}`");
        faults.push(Diagnostic::error(Code::UnknownVariant, Some(*span), words).help(help));
    }
    let is_wanted = |index: &usize| wanted.iter().any(|(name, _)| *name == variants[*index].name);
    let kept: Vec<usize> = (0..variants.len()).filter(is_wanted).collect();
    if kept.is_empty() { (0..variants.len()).collect() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_workloads_have_their_places_and_are_told() {
        let workloads_of = super::workloads;
        let workloads = ["append", "read"].map(str::to_owned).to_vec();
        let mut sources = vec![Source { name: "x.toml".to_owned(), text: String::new() }];
        let mut applied = Applied::new();
        let overrides = Overrides { workloads, ..Overrides::default() };
        let chosen = workloads_of(&overrides, &mut sources, &mut applied);
        let text = |span: Span| &sources[span.source].text[span.start..span.end];
        let found: Vec<_> = chosen.iter().map(|(name, span)| (name.as_str(), text(*span))).collect();
        assert_eq!(found, [("append", "append"), ("read", "read")]);
        let told = [("--workload", "\"append\""), ("--workload", "\"read\"")];
        assert_eq!(applied, told.map(|(flag, name)| (flag.to_owned(), name.to_owned())));
    }

    #[test]
    fn without_a_choice_nothing_is_told() {
        let (mut sources, mut applied) = (Vec::new(), Applied::new());
        assert!(variants(&Overrides::default(), &mut sources, &mut applied).is_empty());
        assert!(sources.is_empty() && applied.is_empty());
    }
}
