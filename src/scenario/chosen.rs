//! `--workload`: which workloads of a file run.
//!
//! Whether the file has them is left to `plan`, which knows the one of a file that names none.

use serde_json::Value;

use super::Overrides;
use super::overrides::Applied;
use super::tree::toml_text;
use crate::diagnostic::{Source, Sources, Span};

/// The workloads that the command line names, with their places. They change no key.
pub(super) fn chosen(
    overrides: &Overrides,
    sources: &mut Sources,
    applied: &mut Applied,
) -> Vec<(String, Span)> {
    if overrides.workloads.is_empty() {
        return Vec::new();
    }
    let source = sources.len();
    let mut start = 0;
    let place = |name: &String| {
        let span = Span { source, start, end: start + name.len() };
        start = span.end + 1;
        (name.clone(), span)
    };
    let chosen = overrides.workloads.iter().map(place).collect();
    sources.push(Source { name: "--workload".to_owned(), text: overrides.workloads.join("\n") });
    applied.extend(
        overrides
            .workloads
            .iter()
            .map(|name| ("--workload".to_owned(), toml_text(&Value::from(name.as_str())))),
    );
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_workloads_have_their_places_and_are_told() {
        let workloads = ["append", "read"].map(str::to_owned).to_vec();
        let mut sources = vec![Source { name: "x.toml".to_owned(), text: String::new() }];
        let mut applied = Applied::new();
        let overrides = Overrides { workloads, ..Overrides::default() };
        let chosen = chosen(&overrides, &mut sources, &mut applied);
        let text = |span: Span| &sources[span.source].text[span.start..span.end];
        let found: Vec<_> = chosen.iter().map(|(name, span)| (name.as_str(), text(*span))).collect();
        assert_eq!(found, [("append", "append"), ("read", "read")]);
        let told = [("--workload", "\"append\""), ("--workload", "\"read\"")];
        assert_eq!(applied, told.map(|(flag, name)| (flag.to_owned(), name.to_owned())));
    }

    #[test]
    fn without_a_choice_nothing_is_told() {
        let (mut sources, mut applied) = (Vec::new(), Applied::new());
        assert!(chosen(&Overrides::default(), &mut sources, &mut applied).is_empty());
        assert!(sources.is_empty() && applied.is_empty());
    }
}
