//! Which keys of an operation go with which of its kinds.

use super::operations::Bench;
use crate::diagnostic::Code;
use crate::scenario::OperationSection;

/// The kinds, and the keys that go with each beside `share` and `transaction`.
pub(super) const KINDS: [(&str, &[&str]); 9] = [
    ("insert", &["blob_io", "expect_changes"]),
    ("upsert", &["by", "keys", "hit_ratio", "expect_changes"]),
    ("get", &["by", "keys", "hit_ratio", "columns", "blob_io", "expect_rows", "expect_value"]),
    ("find", &["by", "prefix", "keys", "hit_ratio", "limit", "columns", "expect_rows", "expect_value"]),
    ("scan", &["by", "keys", "hit_ratio", "limit", "columns", "expect_rows", "expect_value"]),
    ("update", &["by", "keys", "hit_ratio", "set", "expect_changes"]),
    ("delete", &["by", "keys", "hit_ratio", "expect_changes"]),
    ("sql", &["sql_postgres", "bind", "changes", "expect_rows", "expect_changes", "expect_value"]),
    ("steps", &["bind", "changes"]),
];

/// The keys that go only with some kinds, as far as they are given.
fn given(section: &OperationSection) -> Vec<&'static str> {
    let all = [
        // A statement of its own may be for PostgreSQL alone.
        ("sql_postgres", section.sql_postgres.is_some()),
        ("by", section.by.is_some()),
        ("prefix", section.prefix.is_some()),
        ("keys", section.keys.is_some()),
        ("hit_ratio", section.hit_ratio.is_some()),
        ("limit", section.limit.is_some()),
        ("columns", section.columns.is_some()),
        ("blob_io", section.blob_io.is_some()),
        ("set", !section.set.is_empty()),
        ("bind", !section.bind.is_empty()),
        ("changes", section.changes.is_some()),
        ("expect_rows", section.expect_rows.is_some()),
        ("expect_changes", section.expect_changes.is_some()),
        ("expect_value", section.expect_value.is_some()),
    ];
    all.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
}

/// Keys that do nothing beside the kind.
pub(super) fn check(bench: &mut Bench<'_, '_>, kind: &str) {
    let allowed = KINDS.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, keys)| keys);
    for key in given(bench.section).into_iter().filter(|key| !allowed.contains(key)) {
        let at = bench.key_at(&[key]);
        if key.starts_with("expect_") {
            let words = format!("`{key}` cannot be beside `{kind}`");
            let help = match kind {
                "steps" => format!("write `{key}` into the step that it is about"),
                "insert" | "upsert" | "update" | "delete" => {
                    "it reads no rows; write `expect_changes`".to_owned()
                }
                _ => "it changes no rows; write `expect_rows`".to_owned(),
            };
            bench.fault(Code::Expectation, at, words, help);
            continue;
        }
        let with: Vec<String> = KINDS
            .iter()
            .filter(|(_, keys)| keys.contains(&key))
            .map(|(kind, _)| format!("`{kind}`"))
            .collect();
        let words = format!("`{key}` has no effect beside `{kind}`");
        bench.fault(Code::NoEffect, at, words, format!("leave it out; it goes with {}", with.join(", ")));
    }
}
