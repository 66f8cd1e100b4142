//! Starters: one commented scenario for each kind of work, valid and runnable as it stands.

/// The kinds of work; the first one is taken where none is asked for.
pub const NAMES: &[&str] = &[
    "write-mix",
    "read-mostly",
    "queue",
    "key-value",
    "event-store",
    "large-objects",
    "time-series",
    "server",
    "write-buffer",
];

/// What stands in the files for the name of the new one.
const STAND_IN: &str = "starter";

/// The text of a starter for a new scenario of that name (its file's stem), which names its database. Absent for an unknown template.
pub fn text(template: &str, name: &str) -> Option<String> {
    let name: String = name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    let text = raw(template)?;
    let commands = text.replace(&format!("{STAND_IN}.toml"), &format!("{name}.toml"));
    Some(commands.replace(&format!("db/{STAND_IN}.db"), &format!("db/{name}.db")))
}

/// What a starter is about, in a line: the first one of its file.
pub fn summary(template: &str) -> Option<&'static str> {
    let line = raw(template)?.lines().next()?;
    line.strip_prefix("# ")?.strip_prefix(template)?.strip_prefix(": ")
}

/// What names of results and of files may have alike, and needs no escape in TOML.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn raw(template: &str) -> Option<&'static str> {
    Some(match template {
        "write-mix" => include_str!("starters/write-mix.toml"),
        "read-mostly" => include_str!("starters/read-mostly.toml"),
        "queue" => include_str!("starters/queue.toml"),
        "key-value" => include_str!("starters/key-value.toml"),
        "event-store" => include_str!("starters/event-store.toml"),
        "large-objects" => include_str!("starters/large-objects.toml"),
        "time-series" => include_str!("starters/time-series.toml"),
        "server" => include_str!("starters/server.toml"),
        "write-buffer" => include_str!("starters/write-buffer.toml"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_text_that_speaks_of_the_new_file_alone() {
        for template in NAMES {
            let text = text(template, "mine").unwrap();
            assert!(text.contains("path = \"db/mine.db\""), "{template}");
            assert!(text.contains("runner check mine.toml"), "{template}");
            assert!(!text.contains(STAND_IN), "{template}");
        }
        assert_eq!(text("write", "mine"), None);
    }

    #[test]
    fn every_starter_says_in_a_line_what_it_is_about() {
        for template in NAMES {
            let summary =
                summary(template).unwrap_or_else(|| panic!("{template} does not begin with its name"));
            assert!(summary.ends_with('.') && summary.len() < 120, "{template}: {summary}");
        }
        assert_eq!(summary("write"), None);
    }

    #[test]
    fn a_name_that_needs_quotes_does_not_break_the_file() {
        for name in ["a\"b", "a\\b", "a\nb", "ärger", "a b"] {
            let text = text("write-mix", name).unwrap();
            let table: toml::Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let path = table["database"]["path"].as_str().unwrap();
            assert!(path.strip_prefix("db/").is_some_and(|file| file.chars().all(is_plain)), "{path}");
        }
    }
}
