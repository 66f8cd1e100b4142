//! What `runner --version` says: the build and the database in it.

use std::sync::OnceLock;

/// Version, commit, SQLite and system, a line each; clap puts the program's name before it.
pub(super) fn long() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
        format!(
            "{}\ncommit: {}\nSQLite: {}\ntarget: {}\nbuild:  {profile}",
            env!("CARGO_PKG_VERSION"),
            env!("RUNNER_COMMIT"),
            rusqlite::version(),
            env!("RUNNER_TARGET"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_names_commit_database_and_target() {
        let lines: Vec<&str> = long().lines().collect();
        assert_eq!(lines[0], env!("CARGO_PKG_VERSION"));
        for (line, label) in lines[1..].iter().zip(["commit: ", "SQLite: 3.", "target: ", "build:  "]) {
            assert!(line.starts_with(label) && line.len() > label.len(), "{line}");
        }
        assert_eq!(lines.len(), 5);
    }
}
