//! The generator of each column, from what its schema says and what it holds.
//!
//! What rows have in common decides first: a reference follows its foreign key, columns of a key are made so that they cannot repeat
//! (`relations`). Then the value itself: members of an enumeration (`members`), numbers (`number`), texts (`text`). Each is tried in the real
//! template engine before it is proposed (`tried`). No value of the database is written but with `with_values`.

mod classes;
mod digits;
mod kinds;
mod literal;
mod members;
mod moment;
mod number;
mod relations;
mod room;
mod text;
mod tried;

use super::{ColumnProfile, Guess, SourceColumn, SourceTable, TableProfile};
use relations::Role;

/// One guess for each column of the table; `all` holds every table that references may lead to.
pub fn guess(
    table: &SourceTable,
    profile: &TableProfile,
    all: &[(SourceTable, TableProfile)],
    with_values: bool,
) -> Vec<Guess> {
    let roles = relations::roles(table, profile, all, with_values);
    let one = |(index, column): (usize, &SourceColumn)| {
        if column.generated {
            return left_out("generated");
        }
        let holds = &profile.columns[index];
        let subject = Subject::new(column, holds, profile, with_values);
        let alias = table.rowid_alias && table.primary_key == [index];
        match &roles[index] {
            _ if alias => key(&subject),
            role if profile.rows == 0 || profile.seen == 0 => unmeasured(&subject, role),
            role => of_role(&subject, role),
        }
    };
    table.columns.iter().enumerate().map(one).collect()
}

/// A column and what it holds, as numbers of the whole table.
struct Subject<'a> {
    column: &'a SourceColumn,
    holds: &'a ColumnProfile,
    rows: u64,
    /// Rows that hold something.
    filled: u64,
    /// Share of NULL.
    nulls: f64,
    /// How often the value differs from the one before it.
    runs: f64,
    with_values: bool,
}

impl<'a> Subject<'a> {
    fn new(
        column: &'a SourceColumn,
        holds: &'a ColumnProfile,
        profile: &TableProfile,
        with_values: bool,
    ) -> Self {
        let nulls = holds.nulls as f64 / profile.seen.max(1) as f64;
        let filled = (profile.rows as f64 * (1.0 - nulls)).round() as u64;
        let runs = holds.runs as f64 * profile.rows as f64 / profile.seen.max(1) as f64;
        Subject { column, holds, rows: profile.rows, filled, nulls, runs, with_values }
    }

    fn distinct(&self) -> u64 {
        self.holds.distinct.clamp(1, self.filled.max(1))
    }

    /// Whether no value, or next to none, comes twice.
    fn is_unique(&self) -> bool {
        self.distinct() as f64 >= self.filled as f64 * 0.97
    }

    /// Whether equal values come one after the other.
    fn comes_in_runs(&self) -> bool {
        let (runs, distinct) = (self.runs, self.distinct() as f64);
        runs <= distinct * 1.2 && distinct * 1.3 < self.filled as f64
    }

    /// What is measured, in a few words.
    fn measured(&self) -> String {
        let holds = self.holds;
        let classes = [
            (holds.integers, "integer"),
            (holds.reals, "real"),
            (holds.texts, "text"),
            (holds.blobs, "blob"),
        ];
        let present: Vec<&str> =
            classes.iter().filter(|(count, _)| *count > 0).map(|(_, name)| *name).collect();
        let mut words = match present.as_slice() {
            [] => return "always NULL".to_owned(),
            [one] => (*one).to_owned(),
            several => format!("{} mixed", several.join(" and ")),
        };
        if holds.texts + holds.blobs > 0 {
            words.push_str(&format!(
                " of {} to {} signs, {:.1} on average",
                holds.length.min, holds.length.max, holds.length.mean
            ));
        }
        words.push_str(&format!(", {} distinct", self.distinct()));
        if self.nulls > 0.0 {
            words.push_str(&format!(", {:.1} % NULL", self.nulls * 100.0));
        }
        words
    }

    /// The expression with its share of NULL.
    fn nullable(&self, expression: String) -> String {
        if self.nulls <= 0.0 {
            return expression;
        }
        format!("maybe({}, {expression}, per={})", share(1.0 - self.nulls, self.rows), self.rows)
    }

    fn guess(&self, expression: String, guessed: &str) -> Guess {
        Guess {
            value: Some(format!("{{{{ {expression} }}}}")),
            note: format!("{}; {guessed}", self.measured()),
        }
    }
}

fn left_out(note: &str) -> Guess {
    Guess { value: None, note: note.to_owned() }
}

/// A share with as many digits as make a difference of one row.
fn share(share: f64, rows: u64) -> String {
    let digits = rows.max(10).ilog10() as usize + 1;
    let text = format!("{share:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The row's number serves as key where keys begin near 1 and have few gaps; else one as long as those measured.
fn key(subject: &Subject<'_>) -> Guess {
    let quantiles = &subject.holds.quantiles;
    let (Some(least), Some(greatest)) = (quantiles.first(), quantiles.last()) else {
        return left_out("the rowid; numbered from 1");
    };
    let rows = subject.rows.max(1) as f64;
    let numbered = room::mean_digits(1.0, rows);
    if (numbered - subject.holds.length.mean).abs() <= 0.04 * subject.holds.length.mean {
        return left_out("the rowid; numbered from 1");
    }
    match number::sequence(*least, *greatest, subject.rows, subject.holds.length.mean) {
        Some(expression) => subject.guess(expression, "a sequence with gaps"),
        None => left_out("the rowid; numbered from 1"),
    }
}

/// A column of a table without rows: from its type alone.
fn unmeasured(subject: &Subject<'_>, role: &Role) -> Guess {
    let column = subject.column;
    if let Role::Reference { call, .. } = role {
        return Guess { value: Some(format!("{{{{ {call} }}}}")), note: "no rows; a reference".to_owned() };
    }
    let constrained = !matches!(role, Role::Free);
    if !constrained && (!column.not_null || column.has_default) {
        return left_out("no rows to measure");
    }
    let value = match column.affinity {
        super::Affinity::Integer | super::Affinity::Numeric if constrained => "row".to_owned(),
        super::Affinity::Integer | super::Affinity::Numeric => "int(1, 1000)".to_owned(),
        super::Affinity::Real if constrained => "row + 0.5".to_owned(),
        super::Affinity::Real => "float(0, 1000, 2)".to_owned(),
        super::Affinity::Text | super::Affinity::Blob if constrained => "unique(text(8, 24))".to_owned(),
        super::Affinity::Text | super::Affinity::Blob => "text(8, 24)".to_owned(),
    };
    Guess {
        value: Some(format!("{{{{ {value} }}}}")),
        note: "no rows to measure; from the type alone".to_owned(),
    }
}

fn of_role(subject: &Subject<'_>, role: &Role) -> Guess {
    if let Role::Reference { call, with_nulls } = role {
        let expression = if *with_nulls { call.clone() } else { subject.nullable(call.clone()) };
        return subject.guess(expression, "a reference");
    }
    if subject.filled == 0 {
        let column = subject.column;
        // Left out, a part of a key would be taken for one that was forgotten.
        return match (column.has_default, role) {
            (true, _) => subject.guess("none".to_owned(), "NULL in spite of the DEFAULT"),
            (false, Role::Free) => left_out("always NULL"),
            (false, _) => subject.guess("none".to_owned(), "always NULL"),
        };
    }
    let mut words = "";
    let expression = match role {
        Role::Free => return free(subject),
        Role::Unique => {
            words = ", never twice";
            value(subject, subject.rows, Need::EachRow).0
        }
        Role::Runs(rows) => {
            let count = (subject.rows as f64 / rows).ceil() as u64;
            format!("runs({}, {})", decimal(*rows), value(subject, count, Need::EachRow).0)
        }
        Role::Cycle(count) => format!("cycle({count}, {})", value(subject, *count, Need::EachRow).0),
        Role::RunsOfCycle(rows, count) => {
            format!("runs({rows}, cycle({count}, {}))", value(subject, *count, Need::EachRow).0)
        }
        Role::Kinds(expression) => expression.clone(),
        Role::Reference { .. } => unreachable!("seen to above"),
    };
    subject.guess(subject.nullable(expression), &format!("part of a key{words}"))
}

/// An expression for the rows that hold something, and words about it.
type Candidate = (String, String);

/// A column that nothing binds to others.
fn free(subject: &Subject<'_>) -> Guess {
    let words =
        if subject.with_values { "members as they are" } else { "invented members with these weights" };
    if let Some(expression) = members::weighted(subject) {
        return subject.guess(expression, words);
    }
    let mixed = subject.holds.is_mixed();
    // The plainest first; each of the later ones is exact in more respects.
    let ways: [&dyn Fn() -> Option<Candidate>; 5] = [
        &|| number::free(subject).filter(|_| !mixed),
        &|| around_a_common_text(subject).filter(|_| !mixed),
        &|| (!mixed && !number::is_number(subject)).then(|| shared(subject)),
        &|| classes::by_length(subject),
        &|| Some((members::listed(subject)?, words.to_owned())),
    ];
    let mut best: Option<(f64, Candidate)> = None;
    for candidate in ways.into_iter().filter_map(|way| way()) {
        let off = tried::off(subject, &candidate.0);
        if best.as_ref().is_none_or(|(least, _)| off < *least) {
            best = Some((off, candidate));
        }
        if off <= tried::CLOSE {
            break;
        }
    }
    let (expression, words) = best.map_or_else(|| shared(subject), |(_, candidate)| candidate);
    subject.guess(subject.nullable(expression), &words)
}

/// Texts of which one stands in many of the rows.
fn around_a_common_text(subject: &Subject<'_>) -> Option<(String, String)> {
    let (common, count) = subject.holds.common.as_ref()?;
    let share_of_all = *count as f64 / (subject.holds.texts + subject.holds.nulls).max(1) as f64;
    let mut holds = subject.holds.clone();
    let others = (holds.texts - count).max(1);
    holds.length.mean = (holds.length.mean * holds.texts as f64
        - tried::length(common) as f64 * *count as f64)
        / others as f64;
    holds.length.min =
        holds.length.min.max(u64::from(tried::length(common) == 0)).min(holds.length.mean as u64);
    holds.distinct -= 1;
    holds.texts = others;
    holds.common = None;
    let hidden = subject.nulls + share_of_all;
    let filled = ((1.0 - hidden) * subject.rows as f64).round() as u64;
    let rest =
        Subject { holds: &holds, filled, nulls: hidden, runs: subject.runs.min(filled as f64), ..*subject };
    let (expression, words) = shared(&rest);
    let stand_in = literal::value(&members::stand_in(common, subject.with_values))?;
    let share = share(1.0 - hidden, subject.rows);
    let rows = subject.rows;
    Some((
        format!("maybe({share}, {expression}, per={rows}, otherwise={stand_in})"),
        format!("{words}; one text in {:.0} % of the rows", share_of_all * 100.0),
    ))
}

/// Values that several rows have in common, or none.
fn shared(subject: &Subject<'_>) -> (String, String) {
    let (distinct, rows) = (subject.distinct(), subject.filled.max(1));
    if subject.is_unique() {
        let (expression, words) = value(subject, rows, Need::Mostly);
        return (expression, words);
    }
    let (expression, words) = value(subject, distinct, Need::Mostly);
    let expression = if subject.comes_in_runs() {
        format!("runs({}, {expression})", decimal((rows as f64 / distinct as f64).max(1.0)))
    } else {
        format!("among({distinct}, {expression})")
    };
    (expression, words)
}

/// A number of rows with the digits that matter.
fn decimal(number: f64) -> String {
    let digits = if number < 10.0 { 6 } else { 4 };
    let text = format!("{number:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Of few values, chance would miss the mean length.
fn per(count: u64) -> String {
    if count <= 500 { format!(", per={count}") } else { String::new() }
}

/// How strictly values must differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// A chance meeting or two does no harm.
    Mostly,
    /// No two alike.
    EachRow,
}

/// An expression that gives `count` different values, one for each row that it is made for, and words about it.
fn value(subject: &Subject<'_>, count: u64, need: Need) -> (String, String) {
    let holds = subject.holds;
    let most = holds.integers.max(holds.reals).max(holds.texts).max(holds.blobs);
    if most == holds.texts {
        return text::different(subject, count, need);
    }
    if most == holds.blobs {
        let (min, max, mean) = (holds.length.min, holds.length.max, holds.length.mean);
        return (format!("bytes({min}, {max}, {mean:.1}{})", per(count)), "bytes".to_owned());
    }
    number::different(subject, count, need)
}

#[cfg(test)]
mod tests;
