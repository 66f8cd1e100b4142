//! Words that other tools and SQL use for keys of the language: what someone probably meant who wrote one of them.
//!
//! Words that are only misspelt are left to `nearest`.

/// A path of table names.
type Place = &'static [&'static str];

/// What a word stands for.
pub(super) enum Meant {
    /// A key of the same table.
    Key(&'static str),
    /// Something that is written in another way.
    Help(&'static str),
}

/// Which tables have which habits: a place, a word, and the key meant. `*` stands for any name or number.
const KEYS: &[(Place, &[(&str, &str)])] = &[
    (
        &[],
        &[
            ("operation", "operations"),
            ("workload", "workloads"),
            ("table", "tables"),
            ("target", "targets"),
            ("workers", "concurrency"),
            ("threads", "concurrency"),
            ("clients", "concurrency"),
            ("connections", "concurrency"),
            ("batch", "batch_size"),
            ("repeat", "iterations"),
            ("runs", "iterations"),
            ("variables", "vars"),
            ("sqlite", "database"),
            ("db", "database"),
        ],
    ),
    (
        &["database"],
        &[
            ("file", "path"),
            ("filename", "path"),
            ("db", "path"),
            ("dsn", "url"),
            ("uri", "url"),
            ("timeout", "busy_timeout"),
            ("backend", "engine"),
        ],
    ),
    (&["tables", "*", "columns", "*"], &[("template", "value"), ("faker", "value"), ("generator", "value")]),
    (
        &["workloads", "*"],
        &[
            ("operations", "mix"),
            ("weights", "mix"),
            ("shares", "mix"),
            ("roles", "workers"),
            ("threads", "concurrency"),
            ("clients", "concurrency"),
            ("batch", "batch_size"),
            ("repeat", "iterations"),
            ("runs", "iterations"),
        ],
    ),
    (
        &["operations", "*"],
        &[
            ("weight", "share"),
            ("ratio", "share"),
            ("query", "sql"),
            ("statement", "sql"),
            ("statements", "steps"),
            ("queries", "steps"),
            ("values", "set"),
            ("params", "bind"),
            ("parameters", "bind"),
            ("key", "by"),
            ("distribution", "keys"),
        ],
    ),
    (
        &["operations", "*", "steps", "*"],
        &[
            ("query", "sql"),
            ("statement", "sql"),
            ("params", "bind"),
            ("parameters", "bind"),
            ("times", "repeat"),
        ],
    ),
    (&["tables", "*"], &[("weight", "share"), ("count", "rows"), ("index", "indexes"), ("sql", "ddl")]),
    (
        &["retry"],
        &[
            ("max_attempts", "attempts"),
            ("retries", "attempts"),
            ("max_retries", "attempts"),
            ("delay", "base_delay"),
            ("backoff", "factor"),
            ("multiplier", "factor"),
            ("codes", "on"),
            ("errors", "on"),
        ],
    ),
    (
        &["pool"],
        &[
            ("size", "max"),
            ("connections", "max"),
            ("max_connections", "max"),
            ("max_size", "max"),
            ("min", "initial"),
            ("timeout", "checkout_timeout"),
        ],
    ),
    (
        &["targets", "*"],
        &[
            ("less_than", "max"),
            ("below", "max"),
            ("limit", "max"),
            ("threshold", "max"),
            ("at_most", "max"),
            ("greater_than", "min"),
            ("above", "min"),
            ("at_least", "min"),
            ("workers", "concurrency"),
        ],
    ),
];

/// What stands elsewhere or is written in another way.
const HELPS: &[(Place, &[&str], &str)] = &[
    (
        &["operations", "*"],
        &["read", "select", "lookup", "fetch", "query_table"],
        "write `get` to read one row, `find` for all rows with a value, `scan` for rows in an order, or `sql` for a SELECT of your own",
    ),
    (
        &["operations", "*"],
        &["write", "create", "add"],
        "write `insert` for the table's next row, or `sql` for an INSERT of your own",
    ),
    (&["operations", "*"], &["remove"], "write `delete`"),
    (
        &["operations", "*"],
        &["where", "filter", "condition"],
        "rows are found by one column, `by`; for any other condition write the statement as `sql`",
    ),
    (
        &["operations", "*"],
        &["type", "kind", "table", "action"],
        "the kind is the key and the table its value, such as `get = \"users\"`; kinds are `insert`, `upsert`, `get`, `find`, `scan`, `update`, `delete`, `sql` and `steps`",
    ),
    (&["operations", "*"], &["repeat"], "`repeat` stands in a step: `[[operations.NAME.steps]]`"),
    (&["operations", "*"], &["capture"], "`capture` stands in a step: `[[operations.NAME.steps]]`"),
    (
        &["operations", "*", "steps", "*"],
        &["transaction"],
        "`transaction` stands in `[operations.NAME]`, for all of its steps",
    ),
    (
        &["operations", "*", "steps", "*"],
        &["changes"],
        "`changes` stands in `[operations.NAME]`, for all of its steps",
    ),
    (
        &[],
        &["mix"],
        "`mix` stands in `[workloads.NAME]`; without workloads, write a `share` into each table or operation",
    ),
    (
        &["tables", "*", "columns", "*"],
        &["default"],
        "write a DEFAULT into the SQL of its `type`, as in `\"INTEGER DEFAULT 5\"`, or give it a `value`",
    ),
    (
        &["tables", "*", "columns", "*"],
        &["values", "choices", "options"],
        "write a template that draws one: `value = '{{ choice([1, 2, 3]) }}'`",
    ),
    (
        &["tables", "*", "columns", "*"],
        &["unique", "not_null", "nullable", "primary_key", "references"],
        "constraints stand in its `type`, as in CREATE TABLE: `type = \"TEXT NOT NULL UNIQUE\"`",
    ),
    (
        &["targets", "*"],
        &["avg", "p50", "p90", "p95", "p99", "p999", "latency", "throughput"],
        "the figure is a value and its limit a key of its own: `metric = \"latency.p99\"` and `max = \"5ms\"`",
    ),
    (
        &["workloads", "*"],
        &["insert", "upsert", "get", "find", "scan", "update", "delete", "sql", "steps"],
        "what is done stands in `[operations.NAME]`; a workload says how much of it: `mix = { NAME = 1 }`",
    ),
    (&["workloads", "*"], &["share"], "a workload names the shares of its operations: `mix = { users = 1 }`"),
];

/// What someone who wrote `word` in the table at `path` probably meant.
pub(super) fn meant(path: &[String], word: &str) -> Option<Meant> {
    // `[retry]` and `[pool]` stand in workloads too.
    let path = match path {
        [first, _, section] if first == "workloads" => std::slice::from_ref(section),
        other => other,
    };
    let here = |place: &[&str]| {
        place.len() == path.len() && place.iter().zip(path).all(|(a, b)| *a == "*" || a == b)
    };
    let word = word.to_lowercase();
    let help = HELPS.iter().find(|(place, words, _)| here(place) && words.contains(&word.as_str()));
    if let Some((_, _, help)) = help {
        return Some(Meant::Help(help));
    }
    let (_, words) = KEYS.iter().find(|(place, _)| here(place))?;
    words.iter().find(|(habit, _)| *habit == word).map(|(_, key)| Meant::Key(key))
}

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;

    #[test]
    fn every_key_that_a_habit_stands_for_exists_and_no_habit_is_a_key() {
        let schema = schema::json_schema();
        for (place, words) in KEYS {
            let path: Vec<&str> = place.iter().map(|part| if *part == "*" { "0" } else { part }).collect();
            let here = schema::at(&schema, &path).unwrap_or_else(|| panic!("{place:?} is no table"));
            let keys: Vec<&str> = schema::keys(here).collect();
            for (word, key) in *words {
                assert!(keys.contains(key), "{place:?} has no key `{key}`");
                assert!(!keys.contains(word), "`{word}` is a key of {place:?}");
            }
        }
        for (place, words, _) in HELPS {
            let path: Vec<&str> = place.iter().map(|part| if *part == "*" { "0" } else { part }).collect();
            let here = schema::at(&schema, &path).unwrap_or_else(|| panic!("{place:?} is no table"));
            assert!(schema::keys(here).all(|key| !words.contains(&key)), "{place:?}: {words:?}");
        }
    }
}
