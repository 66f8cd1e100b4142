//! `url`: what can be told of a server's address before anybody connects.
//!
//! Variables of the environment are put in by the engine, when it connects.

use std::ops::Range;

use super::super::tables::Input;
use crate::diagnostic::{Code, Diagnostic, nearest};

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
const SSL_MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];
/// What may stand behind the question mark.
const PARAMETERS: [&str; 20] = [
    "sslmode",
    "sslrootcert",
    "sslnegotiation",
    "user",
    "password",
    "dbname",
    "host",
    "hostaddr",
    "port",
    "options",
    "application_name",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
];
const EXAMPLE: &str = "write for instance `url = \"postgres://postgres@localhost/postgres\"`; a password comes from the environment, as in \
    `postgres://me:${PGPASSWORD}@db.example.com/bench`";

/// What is wrong, what to write instead, and where.
#[derive(Debug, PartialEq, Eq)]
struct Wrong {
    words: String,
    help: String,
    range: Range<usize>,
}

/// Looks at `url`. Faults are added to `faults`.
pub(super) fn check(input: &Input<'_>, faults: &mut Vec<Diagnostic>) {
    let path = ["database", "url"];
    let Some(url) = input.scenario.database.url.as_deref().filter(|url| !url.trim().is_empty()) else {
        let at = input.spans.key(&["database"]).or_else(|| input.at(&["database"]));
        let words = "`url` is missing in `[database]`: it says where the server is";
        faults.push(Diagnostic::error(Code::MissingKey, at, words).help(EXAMPLE));
        return;
    };
    if let Some(Wrong { words, help, range }) = wrong(url, 0) {
        let at = input.spans.inside(&path, range, input.sources).or_else(|| input.at(&path));
        faults.push(Diagnostic::error(Code::BadUrl, at, words).help(help));
    }
}

/// What is wrong with an address that begins at a byte of the key's value.
fn wrong(url: &str, start: usize) -> Option<Wrong> {
    let refuse = |words: &str, help: &str, range: Range<usize>| {
        let range = start + range.start..start + range.end;
        Some(Wrong { words: words.to_owned(), help: help.to_owned(), range })
    };
    let variables = match variables(url) {
        Ok(variables) => variables,
        Err(range) => {
            let words = "a variable of the environment is written `${NAME}`, or `${NAME:-value}` with one for when it is not set";
            return refuse(words, "write for instance `${PGPASSWORD}`", range);
        }
    };
    // All of it, or its scheme, comes from the environment: only what stands there for want of that can be looked at.
    if let Some(first) = variables.first().filter(|range| range.start == 0) {
        let default = url[first.clone()].find(":-").map(|at| at + 2).filter(|_| first.end == url.len());
        return default.and_then(|at| wrong(&url[at..first.end - 1], start + at));
    }
    let Some(scheme) = SCHEMES.iter().find(|scheme| url.starts_with(*scheme)) else {
        let end = url.find("://").map_or(url.len(), |at| at + 3);
        let words = match &url[..end] {
            "jdbc:postgresql://" => "this is an address of Java's".to_owned(),
            other if other.ends_with("://") => format!("`{other}` is no server of PostgreSQL's protocol"),
            _ if url.contains("host=") => "this is a list of keywords, and an address is wanted".to_owned(),
            _ => "an address begins with `postgres://`".to_owned(),
        };
        return refuse(&words, EXAMPLE, 0..end);
    };
    let inside = |at: usize| variables.iter().any(|range| range.contains(&at));
    let ends = url
        .char_indices()
        .skip(scheme.len())
        .find(|(at, c)| ['/', '?'].contains(c) && !inside(*at))
        .map_or(url.len(), |(at, _)| at);
    let at_sign =
        url[..ends].char_indices().filter(|(at, c)| *c == '@' && !inside(*at)).map(|(at, _)| at).next_back();
    let colon = at_sign.and_then(|end| {
        url[..end]
            .char_indices()
            .skip(scheme.len())
            .find(|(at, c)| *c == ':' && !inside(*at))
            .map(|(at, _)| at)
    });
    if let (Some(colon), Some(end)) = (colon, at_sign)
        && is_literal(url, colon + 1..end, &variables)
    {
        let user = &url[scheme.len()..colon];
        let help = format!(
            "write `{scheme}{user}:${{PGPASSWORD}}@…`, and give it when you run: `PGPASSWORD=… runner run …`"
        );
        let words = "a password stands here, where everyone who gets the file or its results can read it";
        return refuse(words, &help, colon + 1..end);
    }
    if let Some(wrong) = port(url, at_sign.map_or(scheme.len(), |at| at + 1)..ends, &variables) {
        return Some(Wrong { range: start + wrong.range.start..start + wrong.range.end, ..wrong });
    }
    let query = url.char_indices().find(|(at, c)| *c == '?' && !inside(*at)).map(|(at, _)| at + 1)?;
    parameters(url, query, &variables)
        .map(|wrong| Wrong { range: start + wrong.range.start..start + wrong.range.end, ..wrong })
}

/// What is wrong with a port of the hosts, which stand between these places.
fn port(url: &str, hosts: Range<usize>, variables: &[Range<usize>]) -> Option<Wrong> {
    let mut at = hosts.start;
    for host in url[hosts].split(',') {
        let begin = at;
        at += host.len() + 1;
        // The colons of an address in brackets are its own.
        let from = host.rfind(']').unwrap_or(0);
        let Some(colon) = host[from..].find(':').map(|colon| from + colon) else { continue };
        let range = begin + colon + 1..begin + host.len();
        if variables.iter().any(|variable| variable.start < range.end && range.start < variable.end) {
            continue;
        }
        let digits = &url[range.clone()];
        if !digits.parse::<u16>().is_ok_and(|port| port > 0) {
            return Some(Wrong {
                words: format!("`{digits}` is no port"),
                help: "a port is a number from 1 to 65535; a server's is 5432 as a rule".to_owned(),
                range,
            });
        }
    }
    None
}

/// What is wrong behind the question mark.
fn parameters(url: &str, query: usize, variables: &[Range<usize>]) -> Option<Wrong> {
    let mut at = query;
    for part in url[query..].split('&') {
        let begin = at;
        at += part.len() + 1;
        let Some((name, value)) = part.split_once('=') else { continue };
        let range = begin + name.len() + 1..begin + part.len();
        let name_at = begin..begin + name.len();
        if !PARAMETERS.contains(&name)
            && !variables.iter().any(|variable| variable.start < at && begin < variable.end)
        {
            let help = match nearest(name, PARAMETERS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", PARAMETERS.map(|name| format!("`{name}`")).join(", ")),
            };
            return Some(Wrong { words: format!("there is no parameter `{name}`"), help, range: name_at });
        }
        if name == "password" && is_literal(url, range.clone(), variables) {
            return Some(Wrong {
                words: "a password stands here, where everyone who gets the file or its results can read it"
                    .to_owned(),
                help: "write `password=${PGPASSWORD}`, and give it when you run: `PGPASSWORD=… runner run …`"
                    .to_owned(),
                range,
            });
        }
        if name == "sslmode" && is_literal(url, range.clone(), variables) && !SSL_MODES.contains(&value) {
            let help = match nearest(value, SSL_MODES) {
                Some(near) => format!("did you mean `sslmode={near}`?"),
                None => format!("the modes are {}", SSL_MODES.map(|mode| format!("`{mode}`")).join(", ")),
            };
            return Some(Wrong { words: format!("there is no sslmode `{value}`"), help, range });
        }
    }
    None
}

/// Whether something stands in a range that is no variable.
fn is_literal(url: &str, range: Range<usize>, variables: &[Range<usize>]) -> bool {
    let inside = |at: usize| variables.iter().any(|variable| variable.contains(&at));
    url[range.clone()].char_indices().any(|(at, _)| !inside(range.start + at))
}

/// Where `${…}` stand; the place of one that is none.
fn variables(url: &str) -> Result<Vec<Range<usize>>, Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = url[from..].find("${").map(|at| from + at) {
        let Some(end) = url[start..].find('}').map(|at| start + at + 1) else {
            return Err(start..url.len());
        };
        let name = url[start + 2..end - 1].split(":-").next().unwrap_or_default();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(start..end);
        }
        found.push(start..end);
        from = end;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> Option<&str> {
        wrong(url, 0).map(|wrong| &url[wrong.range])
    }

    #[test]
    fn addresses_are_taken_with_their_variables() {
        for url in [
            "postgres://postgres@localhost/postgres",
            "postgresql://${PGUSER}:${PGPASSWORD}@[::1]:5433/bench?sslmode=verify-full",
            "${RUNNER_POSTGRES_URL:-postgres://postgres@localhost:5432/postgres}",
            "${ADDRESS}",
            "postgres://me:${P:-a@b:c/d}@host/db",
            "postgres://localhost",
            "postgres://host/db?sslmode=${MODE}&connect_timeout=3",
            "postgres://host/db?${PARAMETERS}",
            "postgres://me@one:5432,two:5433/db",
            "postgres://me@${HOST}:${PORT:-5432}/db",
        ] {
            assert_eq!(wrong(url, 0), None, "{url}");
        }
    }

    #[test]
    fn a_password_is_found_wherever_it_stands() {
        assert_eq!(place("postgres://me:secret@host/db"), Some("secret"));
        assert_eq!(place("postgres://me:s3c@ret@host"), Some("s3c@ret"));
        assert_eq!(place("${U:-postgres://me:secret@host/db}"), Some("secret"));
        assert_eq!(place("postgres://host/db?user=me&password=secret"), Some("secret"));
        assert_eq!(place("postgres://me:${A}b@host/db"), Some("${A}b"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert_eq!(place("mysql://host/db"), Some("mysql://"));
        assert_eq!(place("host=localhost"), Some("host=localhost"));
        assert_eq!(place("postgres://${PGUSER@host"), Some("${PGUSER@host"));
        assert_eq!(place("postgres://host/db?sslmode=verify_full"), Some("verify_full"));
        assert_eq!(place("postgres://host/db?sslmod=require"), Some("sslmod"));
        assert_eq!(place("postgres://me@host:99999/db"), Some("99999"));
        assert_eq!(place("postgres://one:5432,[::1]:0/db"), Some("0"));
    }
}
