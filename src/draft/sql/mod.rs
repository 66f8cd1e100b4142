//! Just enough of SQL's spelling to find constraints in a statement that SQLite has taken: CHECKs, REFERENCES, the parts of an index.
//!
//! A whole parser would refuse dialects that SQLite takes; words, strings and brackets are all that is needed here. What the constraints mean
//! for a draft is left to `adapt`.

mod checks;

use std::ops::Range;

pub(super) use checks::{Bounds, allowed, bounds};

/// What a piece of SQL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in `"…"`, `[…]` or backticks.
    Quoted,
    /// Text or a blob in `'…'`.
    Literal,
    /// A number.
    Number,
    /// Any other character.
    Symbol,
}

/// One piece of SQL.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Bytes of the statement.
    pub(super) range: Range<usize>,
    /// Brackets around it; those of a bracket itself are the ones outside.
    pub(super) depth: usize,
}

/// A statement and its pieces, comments left out.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    pub(super) sql: &'a str,
    pub(super) tokens: Vec<Token>,
}

impl<'a> Statement<'a> {
    pub(super) fn new(sql: &'a str) -> Self {
        let mut tokens: Vec<Token> = Vec::new();
        let mut depth = 0_usize;
        let mut at = 0;
        while at < sql.len() {
            let rest = &sql[at..];
            let first = rest.chars().next().unwrap_or(' ');
            let (kind, length) = match first {
                _ if first.is_whitespace() => (None, first.len_utf8()),
                _ if rest.starts_with("--") => (None, rest.find('\n').unwrap_or(rest.len())),
                _ if rest.starts_with("/*") => (None, rest.find("*/").map_or(rest.len(), |end| end + 2)),
                '\'' => (Some(Kind::Literal), quoted(rest, '\'')),
                'x' | 'X' if rest[1..].starts_with('\'') => {
                    (Some(Kind::Literal), 1 + quoted(&rest[1..], '\''))
                }
                '"' | '`' => (Some(Kind::Quoted), quoted(rest, first)),
                '[' => (Some(Kind::Quoted), rest.find(']').map_or(rest.len(), |end| end + 1)),
                _ if is_number(rest) => (Some(Kind::Number), number(rest)),
                _ if in_word(first) => (Some(Kind::Word), rest.find(|c| !in_word(c)).unwrap_or(rest.len())),
                _ => (Some(Kind::Symbol), first.len_utf8()),
            };
            if first == ')' && kind == Some(Kind::Symbol) {
                depth = depth.saturating_sub(1);
            }
            if let Some(kind) = kind {
                tokens.push(Token { kind, range: at..at + length, depth });
            }
            if first == '(' && kind == Some(Kind::Symbol) {
                depth += 1;
            }
            at += length;
        }
        Statement { sql, tokens }
    }

    /// A piece as it is written; nothing beyond the end.
    pub(super) fn text(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |token| &self.sql[token.range.clone()])
    }

    /// Whether a piece is this keyword or symbol.
    pub(super) fn is(&self, index: usize, word: &str) -> bool {
        let known = self.tokens.get(index);
        known.is_some_and(|token| matches!(token.kind, Kind::Word | Kind::Symbol))
            && self.text(index).eq_ignore_ascii_case(word)
    }

    /// The name that a piece is.
    pub(super) fn name(&self, index: usize) -> Option<String> {
        let token = self.tokens.get(index)?;
        matches!(token.kind, Kind::Word | Kind::Quoted).then(|| unquoted(self.text(index)))
    }

    /// The piece that closes the bracket at `open`.
    pub(super) fn closing(&self, open: usize) -> Option<usize> {
        let depth = self.tokens.get(open)?.depth;
        (open + 1..self.tokens.len()).find(|&i| self.is(i, ")") && self.tokens[i].depth == depth)
    }

    /// Bytes from one piece to another, both included.
    pub(super) fn span(&self, first: usize, last: usize) -> Range<usize> {
        self.tokens[first].range.start..self.tokens[last].range.end
    }

    /// Every CHECK.
    pub(super) fn checks(&self) -> Vec<Check> {
        let mut found = Vec::new();
        for index in (0..self.tokens.len()).filter(|&i| self.is(i, "CHECK") && self.is(i + 1, "(")) {
            let Some(last) = self.closing(index + 1) else { continue };
            let (first, name) = self.constraint(index);
            found.push(Check { name, inner: index + 2..last, whole: self.removable(first, last) });
        }
        found
    }

    /// Every REFERENCES, with FOREIGN KEY where it has one: the table that it names, and its bytes.
    pub(super) fn references(&self) -> Vec<(String, Range<usize>)> {
        let mut found = Vec::new();
        for index in (0..self.tokens.len()).filter(|&i| self.is(i, "REFERENCES")) {
            let Some(table) = self.name(index + 1) else { continue };
            let mut last = index + 1;
            if self.is(last + 1, "(") {
                last = self.closing(last + 1).unwrap_or(last);
            }
            while let Some(length) = self.clause(last + 1) {
                last += length;
            }
            let first = self.foreign_key(index).unwrap_or(index);
            let (first, _) = self.constraint(first);
            found.push((table, self.removable(first, last)));
        }
        found
    }

    /// Where the FOREIGN KEY (…) begins that ends right before a piece.
    fn foreign_key(&self, index: usize) -> Option<usize> {
        let close = index.checked_sub(1).filter(|&i| self.is(i, ")"))?;
        let depth = self.tokens[close].depth;
        let open = (2..close).rev().find(|&i| self.is(i, "(") && self.tokens[i].depth == depth)?;
        (self.is(open - 1, "KEY") && self.is(open - 2, "FOREIGN")).then(|| open - 2)
    }

    /// Pieces of what may follow REFERENCES: ON DELETE CASCADE, MATCH FULL, NOT DEFERRABLE and so on.
    fn clause(&self, at: usize) -> Option<usize> {
        if self.is(at, "ON") && (self.is(at + 1, "DELETE") || self.is(at + 1, "UPDATE")) {
            let two = self.is(at + 2, "SET") || self.is(at + 2, "NO");
            return Some(if two { 4 } else { 3 });
        }
        if self.is(at, "MATCH") || self.is(at, "INITIALLY") {
            return Some(2);
        }
        if self.is(at, "NOT") && self.is(at + 1, "DEFERRABLE") {
            return Some(2);
        }
        self.is(at, "DEFERRABLE").then_some(1)
    }

    /// Where a constraint begins, with CONSTRAINT and its name if it has one.
    fn constraint(&self, index: usize) -> (usize, Option<String>) {
        if index > 1 && self.is(index - 2, "CONSTRAINT") {
            return (index - 2, self.name(index - 1));
        }
        (index, None)
    }

    /// Bytes that can go without leaving a comma too many.
    fn removable(&self, first: usize, last: usize) -> Range<usize> {
        let comma = first > 0 && self.is(first - 1, ",");
        self.span(if comma { first - 1 } else { first }, last)
    }
}

/// A CHECK of a table.
#[derive(Clone, Debug)]
pub(super) struct Check {
    /// Of its CONSTRAINT.
    pub(super) name: Option<String>,
    /// Pieces of its expression.
    pub(super) inner: Range<usize>,
    /// Its bytes, with CONSTRAINT and the comma before it.
    pub(super) whole: Range<usize>,
}

impl Check {
    /// Its expression as it is written.
    pub(super) fn expression<'a>(&self, of: &Statement<'a>) -> &'a str {
        if self.inner.is_empty() { "" } else { &of.sql[of.span(self.inner.start, self.inner.end - 1)] }
    }
}

/// What stands in the brackets of CREATE INDEX, item by item, and its WHERE.
pub(super) fn index_parts(sql: &str) -> Option<(Vec<String>, Option<String>)> {
    let of = Statement::new(sql);
    let on = (0..of.tokens.len()).find(|&at| of.is(at, "ON"))?;
    let open = (on..of.tokens.len()).find(|&at| of.is(at, "("))?;
    let close = of.closing(open)?;
    let depth = of.tokens[open].depth + 1;
    let mut items = Vec::new();
    let mut start = open + 1;
    for at in open + 1..=close {
        if at == close || (of.is(at, ",") && of.tokens[at].depth == depth) {
            items.push(sql[of.span(start, at.checked_sub(1).filter(|last| *last >= start)?)].to_owned());
            start = at + 1;
        }
    }
    let condition = of.is(close + 1, "WHERE").then(|| {
        let last = of.tokens.len() - 1;
        sql[of.span((close + 2).min(last), last)].to_owned()
    });
    Some((items, condition))
}

/// The column that a text names, where it is nothing but a name.
pub(super) fn lone_name(text: &str) -> Option<String> {
    let of = Statement::new(text);
    if of.tokens.len() == 1 { of.name(0) } else { None }
}

/// The statement without COLLATE and the names behind it.
pub(super) fn without_collations(sql: &str) -> String {
    let of = Statement::new(sql);
    let at = (0..of.tokens.len()).filter(|&at| of.is(at, "COLLATE") && at + 1 < of.tokens.len());
    without(sql, &at.map(|at| of.span(at, at + 1)).collect::<Vec<_>>())
}

/// A text without some of its bytes.
pub(super) fn without(sql: &str, ranges: &[Range<usize>]) -> String {
    let mut kept = String::new();
    let mut at = 0;
    for range in ranges {
        if range.start >= at {
            kept.push_str(sql[at..range.start].trim_end_matches([' ', '\t']));
            at = range.end;
        }
    }
    kept.push_str(&sql[at..]);
    kept
}

fn in_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$' || !character.is_ascii()
}

fn is_number(rest: &str) -> bool {
    let digits = rest.strip_prefix('.').unwrap_or(rest);
    digits.starts_with(|c: char| c.is_ascii_digit())
}

/// Length of a number, its exponent included.
fn number(rest: &str) -> usize {
    let mut last = ' ';
    let goes_on = |c: char, last: char| {
        c.is_ascii_alphanumeric()
            || c == '.'
            || c == '_'
            || (matches!(c, '+' | '-') && matches!(last, 'e' | 'E'))
    };
    for (at, character) in rest.char_indices() {
        if !goes_on(character, last) {
            return at;
        }
        last = character;
    }
    rest.len()
}

/// Length of what stands in quotes, doubled ones inside included.
fn quoted(rest: &str, quote: char) -> usize {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    rest.len()
}

fn unquoted(text: &str) -> String {
    let inner = |text: &str| text.get(1..text.len().saturating_sub(1)).unwrap_or_default().to_owned();
    match text.chars().next() {
        Some('"') => inner(text).replace("\"\"", "\""),
        Some('`') => inner(text).replace("``", "`"),
        Some('[') => inner(text),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "CREATE TABLE t (
        a TEXT CHECK (a IN ('x', 'it''s') OR a IS NULL), -- CHECK (never)
        b INT CONSTRAINT positive CHECK (b > 0 AND b <= 99),
        \"odd, (name\" TEXT REFERENCES other ON DELETE SET NULL NOT DEFERRABLE INITIALLY IMMEDIATE CHECK (a = ')'),
        CHECK (a <> 'y'),
        CONSTRAINT other_key FOREIGN KEY (a, b) REFERENCES [some one](c, d) ON UPDATE CASCADE
    )";

    #[test]
    fn checks_are_found_with_their_names_and_go_without_a_trace() {
        let of = Statement::new(TABLE);
        let checks = of.checks();
        let expressions: Vec<&str> = checks.iter().map(|check| check.expression(&of)).collect();
        assert_eq!(
            expressions,
            ["a IN ('x', 'it''s') OR a IS NULL", "b > 0 AND b <= 99", "a = ')'", "a <> 'y'"]
        );
        assert_eq!(checks[1].name.as_deref(), Some("positive"));
        let left = without(TABLE, &checks.iter().map(|check| check.whole.clone()).collect::<Vec<_>>());
        let database = rusqlite::Connection::open_in_memory().unwrap();
        database.execute_batch(&left).unwrap();
        assert_eq!(Statement::new(&left).checks().len(), 0);
    }

    #[test]
    fn references_are_found_with_all_that_belongs_to_them() {
        let of = Statement::new(TABLE);
        let found = of.references();
        let tables: Vec<&str> = found.iter().map(|(table, _)| table.as_str()).collect();
        assert_eq!(tables, ["other", "some one"]);
        let left = without(TABLE, &found.into_iter().map(|(_, range)| range).collect::<Vec<_>>());
        let database = rusqlite::Connection::open_in_memory().unwrap();
        database.execute_batch(&left).unwrap();
        let keys: i64 = database
            .query_row("SELECT count(*) FROM pragma_foreign_key_list('t')", [], |row| row.get(0))
            .unwrap();
        assert_eq!((keys, left.contains("ON DELETE"), left.contains("INITIALLY")), (0, false, false));
    }

    #[test]
    fn an_index_comes_apart_into_its_items_and_its_condition() {
        let parts = index_parts(
            "CREATE UNIQUE INDEX \"on (x)\" ON t(a, lower(b || ',') COLLATE NOCASE, \"c d\" DESC) WHERE a > 0 AND b IS NOT NULL",
        );
        let (items, condition) = parts.unwrap();
        assert_eq!(items, ["a", "lower(b || ',') COLLATE NOCASE", "\"c d\" DESC"]);
        assert_eq!(condition.as_deref(), Some("a > 0 AND b IS NOT NULL"));
        assert_eq!(lone_name("\"c d\"").as_deref(), Some("c d"));
        assert_eq!(lone_name("a DESC"), None);
    }

    #[test]
    fn collations_can_be_left_out() {
        assert_eq!(without_collations("a TEXT COLLATE odd NOT NULL"), "a TEXT NOT NULL");
    }
}
