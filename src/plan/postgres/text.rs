//! SQL as tokens and trees, as PostgreSQL reads it, with the place of each in its text.
//!
//! What a tree may consist of is left to those who ask for one.

use std::ops::Range;

use sqlparser::ast::Statement;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

use super::super::ddl::{TOO_SHORT, token_length};
use super::super::statements::Refusal;

/// A text whose places are known by line and column.
pub(super) struct Places<'t> {
    text: &'t str,
    lines: Vec<usize>,
}

impl<'t> Places<'t> {
    pub(super) fn new(text: &'t str) -> Places<'t> {
        let behind = text.match_indices('\n').map(|(at, _)| at + 1);
        Places { text, lines: std::iter::once(0).chain(behind).collect() }
    }

    /// Bytes before a place; none where it is not one of the text.
    pub(super) fn byte(&self, place: Location) -> Option<usize> {
        let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
        let start = *self.lines.get(line)?;
        let mut ends = self.text[start..].char_indices().map(|(at, _)| start + at);
        Some(ends.nth(column).unwrap_or(self.text.len()))
    }

    /// The first mention of a whole word, whatever its case.
    pub(super) fn word(&self, word: &str) -> Option<Range<usize>> {
        let inner = |c: char| c.is_alphanumeric() || c == '_';
        let (text, word) = (self.text.to_ascii_lowercase(), word.to_ascii_lowercase());
        let whole = |at: &usize| !text[..*at].ends_with(inner) && !text[at + word.len()..].starts_with(inner);
        let at = text.match_indices(&word).map(|(at, _)| at).find(whole)?;
        Some(at..at + word.len())
    }

    pub(super) fn range(&self, span: Span) -> Option<Range<usize>> {
        let (start, end) = (self.byte(span.start)?, self.byte(span.end)?);
        (start < end).then_some(start..end)
    }
}

/// The tokens of a text, blanks and comments among them.
pub(super) fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, Refusal> {
    let dialect = PostgreSqlDialect {};
    Tokenizer::new(&dialect, sql).tokenize_with_location().map_err(|error| {
        let start = Places::new(sql).byte(error.location);
        let unclosed = error.message.contains("Unterminated") || error.message.contains("Expected close");
        let help = if unclosed {
            "look for a quote or a comment that does not end"
        } else {
            "names are quoted as \"name\", texts as 'text'"
        };
        let words = format!("PostgreSQL would refuse this: {}", in_words(&error.message));
        Refusal { words, help: help.to_owned(), range: start.map(|start| from(sql, start)) }
    })
}

/// What the tokens of a text come to.
pub(super) fn statements(sql: &str, tokens: Vec<TokenWithSpan>) -> Result<Vec<Statement>, Refusal> {
    let dialect = PostgreSqlDialect {};
    let last = tokens.iter().rev().find(|token| !matches!(token.token, Token::Whitespace(_))).map(|t| t.span);
    let parsed = Parser::new(&dialect).with_tokens_with_locations(tokens).parse_statements();
    parsed.map_err(|error| {
        let message = match &error {
            ParserError::TokenizerError(words) | ParserError::ParserError(words) => words.clone(),
            ParserError::RecursionLimitExceeded => "it is nested too deeply".to_owned(),
        };
        refusal(sql, &message, last)
    })
}

fn refusal(sql: &str, message: &str, last: Option<Span>) -> Refusal {
    let places = Places::new(sql);
    let (words, place) = match message.rsplit_once(" at Line: ") {
        Some((words, place)) => (words, place.split_once(", Column: ")),
        None => (message, None),
    };
    let location = place.and_then(|(line, column)| {
        Some(Location { line: line.trim().parse().ok()?, column: column.trim().parse().ok()? })
    });
    if words.ends_with("found: EOF") {
        let help = "look for a bracket, a quote or a word that is missing".to_owned();
        let range = last.and_then(|span| places.range(span));
        return Refusal { words: format!("PostgreSQL would refuse this: {TOO_SHORT}"), help, range };
    }
    let range = location.and_then(|location| places.byte(location)).map(|start| from(sql, start));
    let words = format!("PostgreSQL would refuse this: {}", in_words(words));
    let help = "look at the underlined word and right before it: a comma, a sign or a keyword may be missing or misspelt";
    Refusal { words, help: help.to_owned(), range }
}

/// From a byte on, the word that stands there.
fn from(sql: &str, start: usize) -> Range<usize> {
    let start = start.min(sql.len());
    start..start + token_length(&sql[start..])
}

/// `Expected: a, found: b`, in a sentence.
fn in_words(message: &str) -> String {
    let message = message.trim_start_matches("sql parser error: ");
    match message.strip_prefix("Expected: ").and_then(|rest| rest.split_once(", found: ")) {
        Some((expected, found)) => format!("`{found}` stands where {expected} is expected"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(sql: &str) -> (String, Option<&str>) {
        let found = tokens(sql).and_then(|tokens| statements(sql, tokens)).expect_err("it is no SQL");
        (found.words, found.range.map(|range| &sql[range]))
    }

    #[test]
    fn a_fault_is_placed_at_its_word_in_the_line_where_it_stands() {
        let (words, place) = refused("SELECT é,\n  FRM users");
        assert_eq!(place, Some("users"), "{words}");
        assert!(words.starts_with("PostgreSQL would refuse this: `users` stands where"), "{words}");
        assert_eq!(refused("SELECT (1").1, Some("1"));
        assert!(refused("SELECT (1").0.ends_with(TOO_SHORT));
        assert!(refused("SELECT 'open").0.contains("Unterminated"), "{:?}", refused("SELECT 'open"));
    }

    #[test]
    fn what_only_postgresql_has_is_taken() {
        for sql in [
            "SELECT id FROM users WHERE id = $1 FOR UPDATE SKIP LOCKED",
            "INSERT INTO users (id) VALUES ($1) ON CONFLICT (id) DO NOTHING RETURNING id::text AS t",
            "WITH x AS (DELETE FROM users RETURNING *) SELECT count(*) FROM x",
            "SELECT now() - interval '1 day', generate_series(1, 10)",
            "SELECT a->>'b', c @> '{}'::jsonb FROM t, LATERAL (SELECT 1) AS l",
            "UPDATE t SET a = s.b FROM (VALUES (1, 2)) AS s (k, b) WHERE t.k = s.k",
            "SELECT DISTINCT ON (a) a, $$it's$$ FROM t ORDER BY a, b DESC NULLS LAST",
            "DELETE FROM t USING u WHERE t.id = u.id AND u.x = ANY($1)",
        ] {
            assert_eq!(
                tokens(sql).and_then(|t| statements(sql, t)).map_err(|r| r.words).map(|s| s.len()),
                Ok(1)
            );
        }
    }
}
