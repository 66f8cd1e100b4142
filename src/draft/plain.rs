//! Values that a column takes for certain, without looking like anything: what is left when a guess is refused.

use super::{Affinity, SourceColumn, SourceTable};

/// A template for a column by its type alone; `distinct` where its values must not repeat.
pub(super) fn plain(table: &SourceTable, column: &SourceColumn, distinct: bool) -> String {
    if !distinct && let Some(choice) = choice(column) {
        return choice;
    }
    // Without STRICT, a column takes every type, and text reads best where nothing is declared.
    let affinity = match column.affinity {
        Affinity::Blob if !table.strict || column.declared.eq_ignore_ascii_case("any") => Affinity::Text,
        other => other,
    };
    let value = match (affinity, distinct) {
        (Affinity::Text, true) => "v{{ row }}",
        (Affinity::Text, false) => "{{ word() }}",
        (Affinity::Integer | Affinity::Numeric | Affinity::Real, true) => "{{ row }}",
        (Affinity::Integer | Affinity::Numeric, false) => "{{ int(1, 1000) }}",
        (Affinity::Real, false) => "{{ float(1, 1000) }}",
        (Affinity::Blob, true) => "{{ unique(bytes(16)) }}",
        (Affinity::Blob, false) => "{{ bytes(16) }}",
    };
    value.to_owned()
}

/// One of the members that a CHECK allows, each as likely as another.
pub(super) fn choice(column: &SourceColumn) -> Option<String> {
    if column.allowed.is_empty() {
        return None;
    }
    let members: Option<Vec<String>> = column.allowed.iter().map(|literal| member(literal)).collect();
    Some(format!("{{{{ choice([{}]) }}}}", members?.join(", ")))
}

/// An SQL literal as templates write it; none for blobs.
pub(super) fn member(literal: &str) -> Option<String> {
    match literal.strip_prefix('\'') {
        Some(rest) => Some(text(&rest.strip_suffix('\'')?.replace("''", "'"))),
        None if literal.starts_with(['x', 'X']) => None,
        None => Some(literal.to_owned()),
    }
}

/// Text as templates write it.
pub(super) fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What stands between the braces of a template that is one expression.
pub(super) fn expression(template: &str) -> Option<&str> {
    let inner = template.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!inner.contains("}}") && !inner.contains("{{")).then(|| inner.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_check_become_a_choice() {
        let column = |allowed: &[&str]| SourceColumn {
            name: "a".to_owned(),
            declared: "TEXT".to_owned(),
            affinity: Affinity::Text,
            not_null: true,
            has_default: false,
            generated: false,
            allowed: allowed.iter().map(|&literal| literal.to_owned()).collect(),
        };
        let made = choice(&column(&["'x'", "'it''s \"so\"'", "-1"]));
        assert_eq!(made.as_deref(), Some(r#"{{ choice(["x", "it's \"so\"", -1]) }}"#));
        assert_eq!(choice(&column(&["x'00'"])), None);
        assert_eq!(choice(&column(&[])), None);
    }

    #[test]
    fn only_a_lone_expression_comes_out_of_its_braces() {
        assert_eq!(expression("{{ name() }}"), Some("name()"));
        assert_eq!(expression("{{ a() }}-{{ b() }}"), None);
        assert_eq!(expression("v{{ row }}"), None);
    }
}
