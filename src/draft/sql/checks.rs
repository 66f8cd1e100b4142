//! What the CHECKs of a table say about single columns: members, and limits of numbers.

use std::ops::Range;

use super::{Kind, Statement, unquoted};

/// The members that the CHECKs of a table allow for a column, as SQL literals; none where they say nothing of the kind.
pub(in crate::draft) fn allowed(of: &Statement<'_>, column: &str) -> Vec<String> {
    let each = of.checks().into_iter().flat_map(|check| split(of, check.inner, "AND"));
    each.filter_map(|part| members(of, part, column)).next().unwrap_or_default()
}

/// The least and greatest number that the CHECKs of a table allow for a column, and whether each may be reached.
pub(in crate::draft) fn bounds(of: &Statement<'_>, column: &str) -> Bounds {
    let mut bounds = Bounds::default();
    for part in of.checks().into_iter().flat_map(|check| split(of, check.inner, "AND")) {
        for part in split(of, part, "OR") {
            bounds.narrow(of, part, column);
        }
    }
    bounds
}

/// Limits of a column's numbers: the number, and whether it may be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::draft) struct Bounds {
    pub(in crate::draft) least: Option<(f64, bool)>,
    pub(in crate::draft) greatest: Option<(f64, bool)>,
}

impl Bounds {
    /// Takes in one comparison with a number, or BETWEEN.
    fn narrow(&mut self, of: &Statement<'_>, part: Range<usize>, column: &str) {
        let part = outermost(of, part);
        let is_column = |at: usize| of.name(at).is_some_and(|name| name.eq_ignore_ascii_case(column));
        if is_column(part.start) && of.is(part.start + 1, "BETWEEN") {
            let low = literal(of, part.start + 2);
            let high = low.as_ref().and_then(|(_, next)| literal(of, next + 1));
            self.least = low.and_then(|(text, _)| text.parse().ok()).map(|number| (number, true));
            self.greatest = high.and_then(|(text, _)| text.parse().ok()).map(|number| (number, true));
            return;
        }
        let (left, operator, right) = if is_column(part.start) {
            let (operator, next) = comparison(of, part.start + 1);
            (true, operator, literal(of, next))
        } else {
            let Some((text, next)) = literal(of, part.start) else { return };
            let (operator, next) = comparison(of, next);
            (false, operator, is_column(next).then_some((text, next + 1)))
        };
        let Some((text, end)) = right else { return };
        let Ok(number) = text.parse::<f64>() else { return };
        if end != part.end {
            return;
        }
        match (operator.as_str(), left) {
            (">" | ">=", true) | ("<" | "<=", false) => self.least = Some((number, operator.len() == 2)),
            ("<" | "<=", true) | (">" | ">=", false) => self.greatest = Some((number, operator.len() == 2)),
            _ => {}
        }
    }
}

/// `<`, `>=` and so on, and where it ends.
fn comparison(of: &Statement<'_>, at: usize) -> (String, usize) {
    let end = (at..at + 2).find(|&i| !["<", ">", "="].contains(&of.text(i))).unwrap_or(at + 2);
    ((at..end).map(|i| of.text(i)).collect(), end)
}

/// The members of `column IN (…)`, or of `column = … OR column = …`, NULL allowed beside them.
fn members(of: &Statement<'_>, part: Range<usize>, column: &str) -> Option<Vec<String>> {
    let is_column = |at: usize| of.name(at).is_some_and(|name| name.eq_ignore_ascii_case(column));
    let mut found = Vec::new();
    for part in split(of, part, "OR") {
        let part = outermost(of, part);
        if !is_column(part.start) {
            return None;
        }
        let second = part.start + 1;
        if of.is(second, "IS") && of.is(second + 1, "NULL") && second + 2 == part.end {
            continue;
        }
        if of.is(second, "IN") && of.is(second + 1, "(") {
            let close = of.closing(second + 1).filter(|close| close + 1 == part.end)?;
            let mut at = second + 2;
            while at < close {
                let (text, next) = literal(of, at)?;
                found.push(text);
                at = next + usize::from(of.is(next, ","));
            }
            continue;
        }
        let value = if of.is(second, "=") && of.is(second + 1, "=") { second + 2 } else { second + 1 };
        let (text, next) = literal(of, value).filter(|(_, next)| of.is(second, "=") && *next == part.end)?;
        debug_assert!(next <= part.end);
        found.push(text);
    }
    (!found.is_empty()).then_some(found)
}

/// An SQL literal, and the piece after it. A name in double quotes that stands for text becomes text.
fn literal(of: &Statement<'_>, at: usize) -> Option<(String, usize)> {
    let token = of.tokens.get(at)?;
    match token.kind {
        Kind::Literal | Kind::Number => Some((of.text(at).to_owned(), at + 1)),
        Kind::Quoted => Some((format!("'{}'", unquoted(of.text(at)).replace('\'', "''")), at + 1)),
        Kind::Symbol if of.is(at, "-") || of.is(at, "+") => {
            let number = of.tokens.get(at + 1).filter(|next| next.kind == Kind::Number)?;
            let sign = if of.is(at, "-") { "-" } else { "" };
            Some((format!("{sign}{}", &of.sql[number.range.clone()]), at + 2))
        }
        _ => None,
    }
}

/// Without the brackets that stand around the whole.
fn outermost(of: &Statement<'_>, mut part: Range<usize>) -> Range<usize> {
    while of.is(part.start, "(") && of.closing(part.start).is_some_and(|close| close + 1 == part.end) {
        part = part.start + 1..part.end - 1;
    }
    part
}

/// The parts of an expression between AND or OR; the AND of BETWEEN belongs to it.
fn split(of: &Statement<'_>, part: Range<usize>, word: &str) -> Vec<Range<usize>> {
    let part = outermost(of, part);
    let Some(depth) = of.tokens.get(part.start).map(|token| token.depth) else { return Vec::new() };
    let other = if word == "AND" { "OR" } else { "AND" };
    let outside = |at: usize, word: &str| of.tokens[at].depth == depth && of.is(at, word);
    // AND binds closer: with an OR beside it, the whole is no conjunction.
    if word == "AND" && part.clone().any(|at| outside(at, other)) {
        return vec![part];
    }
    let mut parts = Vec::new();
    let (mut start, mut between) = (part.start, false);
    for at in part.clone() {
        between |= outside(at, "BETWEEN");
        if !outside(at, word) {
            continue;
        }
        if word == "AND" && between {
            between = false;
            continue;
        }
        parts.push(start..at);
        start = at + 1;
    }
    parts.push(start..part.end);
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members_of(check: &str) -> Vec<String> {
        allowed(&Statement::new(&format!("CREATE TABLE t (a, CHECK ({check}))")), "a")
    }

    fn bounds_of(check: &str) -> Bounds {
        bounds(&Statement::new(&format!("CREATE TABLE t (a, CHECK ({check}))")), "a")
    }

    #[test]
    fn members_are_read_from_lists_and_comparisons() {
        assert_eq!(members_of("a IN ('x', \"y\", -1)"), ["'x'", "'y'", "-1"]);
        assert_eq!(members_of("A IS NULL OR (a in (0,1))"), ["0", "1"]);
        assert_eq!(members_of("a = 'x' OR \"a\" == 'y'"), ["'x'", "'y'"]);
        assert_eq!(members_of("length(b) > 2 AND a IN (1, 2)"), ["1", "2"]);
    }

    #[test]
    fn what_is_no_list_has_no_members() {
        for check in [
            "a NOT IN (1, 2)",
            "a IN (1, b)",
            "a IN (SELECT 1)",
            "b IN (1)",
            "a = 1 OR b = 2",
            "a > 1",
            "a IN ()",
        ] {
            assert!(members_of(check).is_empty(), "{check}");
        }
    }

    #[test]
    fn limits_are_read_from_comparisons() {
        let both = |least, greatest| Bounds { least: Some(least), greatest: Some(greatest) };
        assert_eq!(bounds_of("a > 0 AND a <= 9.5"), both((0.0, false), (9.5, true)));
        assert_eq!(bounds_of("a BETWEEN -1 AND 5 AND b > 7"), both((-1.0, true), (5.0, true)));
        assert_eq!(bounds_of("(0 <= a) AND (10 > a)"), both((0.0, true), (10.0, false)));
        assert_eq!(bounds_of("a IS NULL OR a >= 3").least, Some((3.0, true)));
        assert_eq!(bounds_of("a > b AND length(a) < 7 AND a > 1 + 2"), Bounds::default());
    }
}
