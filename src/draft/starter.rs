//! Starter files for kinds of work.

/// The kinds.
pub const NAMES: &[&str] = &["write-mix"];

/// The file of a kind, for a scenario of this name.
pub fn text(template: &str, name: &str) -> Option<String> {
    NAMES.contains(&template).then(|| {
        format!(
            "total_writes = 1_000\nconcurrency = [1, 4]\n\n[database]\npath = \"db/{name}.db\"\n\n[tables.notes]\nshare = 1\n[tables.notes.columns]\nid = {{ type = \"INTEGER PRIMARY KEY\" }}\n"
        )
    })
}
