//! The address of a server as a scenario spells it: variables of the environment put in, and no secret in any message.

use std::fmt::Write;

/// Puts the environment's values in place of `${NAME}` and `${NAME:-default}`. Those before the `@` are percent-encoded, so that a password may
/// hold any character. Says what is wrong in words that hold none of the values.
pub(super) fn resolve(url: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let user_ends = user_end(url);
    let mut out = String::with_capacity(url.len());
    let mut at = 0;
    while let Some(found) = url[at..].find("${") {
        let start = at + found;
        let inner = &url[start + 2..];
        let length = inner.find('}').ok_or_else(|| "`url` has `${` without `}`".to_owned())?;
        out.push_str(&url[at..start]);
        let value = value_of(&inner[..length], &variable)?;
        // The whole of it as one variable is an address itself.
        if start < user_ends {
            encode(&mut out, &value)
        } else {
            out.push_str(&value)
        }
        at = start + 2 + length + 1;
    }
    out.push_str(&url[at..]);
    Ok(out)
}

/// What stands between the braces.
fn value_of(inner: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(format!("`${{{name}}}` in `url` is no name of an environment variable"));
    }
    // As in a shell, an empty value counts as none where there is a default.
    let value = variable(name).filter(|value| default.is_none() || !value.is_empty());
    value.or_else(|| default.map(str::to_owned)).ok_or_else(|| {
        format!(
            "the environment variable {name} is not set: `url` takes part of the server's address from it"
        )
    })
}

/// Where user and password end; 0 where there are none.
fn user_end(url: &str) -> usize {
    // Variables may hold any default, an address included, so they are stepped over.
    let (mut depth, mut start, mut end) = (0u32, None, 0);
    for (at, c) in url.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ':' if start.is_none() && url[at..].starts_with("://") => start = Some(at + 3),
            '@' if start.is_some() => end = at,
            '/' | '?' if start.is_some_and(|start| at >= start) => break,
            _ => {}
        }
    }
    end
}

/// Percent-encodes all but the characters that are never anything else than themselves.
fn encode(out: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("text grows");
        }
    }
}

/// Takes parameters with these names out of the query of an address; returns the rest of it, and their values in the order of the names.
pub(super) fn take_parameters<const N: usize>(url: &str, names: [&str; N]) -> (String, [Option<String>; N]) {
    let mut taken = [const { None }; N];
    let Some((head, query)) = url.split_once('?') else { return (url.to_owned(), taken) };
    let mut kept: Vec<&str> = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match names.iter().position(|wanted| *wanted == name) {
            Some(index) => taken[index] = Some(decoded(value)),
            None => kept.push(part),
        }
    }
    let rest = if kept.is_empty() { head.to_owned() } else { format!("{head}?{}", kept.join("&")) };
    (rest, taken)
}

/// Percent-encoding undone; what is not two digits stays as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let code =
            digits.and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u8::from_str_radix(d, 16).ok());
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<String> {
        match name {
            "PASSWORD" => Some("p@ss/w:rd".to_owned()),
            "HOST" => Some("db.example:5433".to_owned()),
            "ADDRESS" => Some("postgres://me@there/data".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_put_in_and_those_of_the_user_are_encoded() {
        let resolved = |url| resolve(url, variable);
        assert_eq!(
            resolved("postgres://me:${PASSWORD}@${HOST}/data"),
            Ok("postgres://me:p%40ss%2Fw%3Ard@db.example:5433/data".to_owned())
        );
        assert_eq!(resolved("${ADDRESS}"), Ok("postgres://me@there/data".to_owned()));
        let with_default = "${ADDRESS:-postgres://postgres@localhost:5432/postgres}";
        assert_eq!(resolved(with_default), Ok("postgres://me@there/data".to_owned()));
        assert_eq!(
            resolve(with_default, |_| None),
            Ok("postgres://postgres@localhost:5432/postgres".to_owned())
        );
        assert_eq!(
            resolved("postgres://${USER:-a@b}@${NONE:-localhost}/data"),
            Ok("postgres://a%40b@localhost/data".to_owned())
        );
        assert_eq!(resolved("postgres://h${EMPTY}/${EMPTY:-data}"), Ok("postgres://h/data".to_owned()));
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let fault = resolve("postgres://me:${SECRET_PASSWORD}@h/d", variable).unwrap_err();
        assert!(fault.contains("SECRET_PASSWORD is not set"), "{fault}");
        assert!(resolve("postgres://${PASSWORD", variable).is_err());
        assert!(resolve("postgres://${A B}", variable).is_err());
    }

    #[test]
    fn parameters_are_taken_out_of_the_query() {
        let url = "postgres://h/d?sslmode=verify-full&application_name=x&sslrootcert=a%20b.pem";
        let (rest, [mode, file]) = take_parameters(url, ["sslmode", "sslrootcert"]);
        assert_eq!(rest, "postgres://h/d?application_name=x");
        assert_eq!((mode.as_deref(), file.as_deref()), (Some("verify-full"), Some("a b.pem")));
        assert_eq!(take_parameters("postgres://h/d?sslmode=require", ["sslmode"]).0, "postgres://h/d");
    }
}
