//! Faults of a file whose shape is wrong elsewhere: those that depend on nothing of what is wrong, so that they can be told in the same go.
//!
//! All others wait until the shape is right: that a table is not there, or that a statement does not fit, may follow from what is misspelt.

use std::path::Path;

use super::build;
use crate::diagnostic::{Code, Diagnostic};
use crate::scenario::{Expansion, Taken};

/// Faults of a case, beside those of its shape.
pub(super) fn further(path: &Path, expansion: &Expansion, case: usize) -> Vec<Diagnostic> {
    let Some((loaded, taken)) = expansion.load_rest(case) else { return Vec::new() };
    let faults = build::build_case(path, &loaded).faults;
    faults.into_iter().filter(|fault| stands(fault.code, &taken)).collect()
}

/// Whether a fault stands, whatever is written in place of what was taken out.
fn stands(code: Code, taken: &[Taken]) -> bool {
    let from = |section: &str| taken.iter().any(|one| one.path.first().is_some_and(|key| key == section));
    let whole_section = taken.iter().any(|one| one.path.len() == 1 && one.is_table);
    match code {
        Code::TemplateSyntax => true,
        // Names are those of `vars`, which may be misspelt itself, and what an operation puts into scope.
        Code::TemplateUnknownName => !whole_section && !from("vars") && !from("operations"),
        // What can be asked for depends on the engine and on where the database is.
        Code::UnknownPragma | Code::PragmaValue => !from("database"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Overrides;

    /// Codes of all that is told of a text.
    fn told(text: &str) -> Vec<&'static str> {
        let rejected =
            super::super::experiment(Path::new("mine.toml"), text.to_owned(), &Overrides::default())
                .unwrap_err();
        rejected.diagnostics.iter().map(|one| one.code.as_str()).collect()
    }

    fn file(top: &str, database: &str, name: &str) -> String {
        format!(
            "language = 1\ntest = 'write'\ntotal = 10\nconcurrency = [1]\n{top}\n[database]\npath = ':memory:'\n{database}\n\
             [database.pragmas]\nsynchronous = 'of'\n[tables.users]\nshare = 1\n[tables.users.columns]\n\
             id = {{ type = 'INTEGER PRIMARY KEY' }}\nname = {{ type = 'TEXT NOT NULL', value = '{name}' }}\n"
        )
    }

    #[test]
    fn wrong_generators_and_pragmas_are_told_beside_a_wrong_shape() {
        let text = file("colour = 3", "", "{{ nmae() }}");
        assert_eq!(told(&text), ["unknown-key", "pragma-value", "template-unknown-name"]);
        assert_eq!(
            told(&file("seed = \"x\"", "", "{{ name( }}")),
            ["wrong-type", "pragma-value", "template-syntax"]
        );
    }

    #[test]
    fn what_may_follow_from_the_wrong_shape_is_not_told() {
        // The section that is unknown may be the one of the variables; another engine takes other settings.
        assert_eq!(told(&file("[var]\nx = 1", "", "{{ vars.x }}")), ["unknown-key", "pragma-value"]);
        assert_eq!(told(&file("", "engine = 'sqlit'", "{{ name() }}")), ["unknown-value"]);
        // A table that is misspelt is none that its children lack.
        let text = file("", "", "{{ name() }}").replace("'of'", "'off'").replace("share = 1", "shar = 1");
        assert_eq!(told(&text), ["unknown-key"]);
    }
}
