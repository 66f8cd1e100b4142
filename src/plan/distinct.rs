//! Primary keys and unique groups: each is bound to values that cannot repeat, or refused.

use super::ddl::TableFacts;
use super::tables::{Input, never_repeats};
use crate::dataset::{Column, Combination, FanOut, Rows, Side, Source};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::template::{Pick, Sharing};

/// Turns references under a constraint into distinct combinations. Returns those of each table.
pub(super) fn bind(
    input: &Input<'_>,
    facts: &[TableFacts],
    rows: &mut [Rows],
    faults: &mut Vec<Diagnostic>,
) -> Vec<Vec<Combination>> {
    let mut all = Vec::new();
    for (table, facts) in facts.iter().enumerate() {
        let mut combinations = Vec::new();
        // Columns that are distinct together are so with any others beside them.
        let mut bound: Vec<&[String]> = Vec::new();
        let mut groups: Vec<&Vec<String>> = facts.distinct_groups.iter().collect();
        groups.sort_by_key(|group| group.len());
        for group in groups {
            let has = |name: &String| group.iter().any(|member| member.eq_ignore_ascii_case(name));
            if bound.iter().any(|smaller| smaller.iter().all(has)) {
                continue;
            }
            let members = Group { input, table, name: &rows[table].name, listed: listed(group) };
            match members.bind(group, &rows[table].columns) {
                Ok(Some(found)) => {
                    found.take(&mut rows[table].columns, combinations.len());
                    combinations.push(found.combination);
                    bound.push(group);
                }
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        all.push(combinations);
    }
    all
}

pub(super) fn is_unique_or_null(column: &Column) -> bool {
    matches!(&column.source, Source::Template(template) if template.facts().unique_or_null())
}

fn listed(group: &[String]) -> String {
    group.iter().map(|g| format!("`{g}`")).collect::<Vec<_>>().join(", ")
}

/// References that are distinct together.
struct Found {
    combination: Combination,
    /// The streams of the references, one for each side.
    streams: Vec<u64>,
}

impl Found {
    /// Binds the columns that are drawn by these streams: also those beside the group that belong to the same foreign key.
    fn take(&self, columns: &mut [Column], combination: usize) {
        for column in columns {
            let Source::Reference { target, stream, present, .. } = column.source else { continue };
            if let Some(side) = self.streams.iter().position(|known| *known == stream) {
                column.source = Source::Combined { combination, side, target, present, stream };
            }
        }
    }
}

/// A reference under the constraint; several columns where they belong to one foreign key.
struct Referring {
    place: usize,
    stream: u64,
    side: Side,
    pick: Pick,
}

/// Columns under one constraint.
struct Group<'a> {
    input: &'a Input<'a>,
    table: usize,
    name: &'a str,
    listed: String,
}

impl Group<'_> {
    fn bind(&self, group: &[String], columns: &[Column]) -> Result<Option<Found>, Diagnostic> {
        let place = |member: &String| columns.iter().position(|c| c.name.eq_ignore_ascii_case(member));
        let places: Vec<usize> = group.iter().filter_map(place).collect();
        // A column that is left out is null or has a default: with null, rows are distinct.
        let apart = |&place: &usize| never_repeats(&columns[place]) || is_unique_or_null(&columns[place]);
        if places.len() < group.len() || places.iter().any(apart) {
            return Ok(None);
        }
        let referring = self.referring(columns, &places);
        let fans: Vec<&Referring> = referring.iter().filter(|one| one.pick.fan_out.is_some()).collect();
        if let [first, rest @ ..] = fans.as_slice() {
            if let [second, ..] = rest {
                let words = format!(
                    "two `ref`s with a `fan_out` cannot be distinct, and {} of `{}` must be",
                    self.listed, self.name
                );
                let help = "leave out `fan_out` in one of them: its rows are then drawn, each once";
                return Err(self.fault(Code::NotDistinct, &columns[second.place], words, help));
            }
            return self.under(first, &referring, columns, &places).map(Some);
        }
        // Several values made from the row's number may well be distinct together, which nobody can tell beforehand.
        if places.len() > 1 && places.iter().any(|&place| uses_row(&columns[place])) {
            return self.check_cycles(columns, &places, !referring.is_empty()).map(|()| None);
        }
        for &place in &places {
            self.check_even(
                &columns[place],
                referring.iter().any(|one| drawn_by(&columns[place], one.stream)),
            )?;
        }
        let sides = referring.iter().map(|one| one.side.clone()).collect();
        let combination = Combination { sides, fan_out: None, kept_apart: None };
        Ok(Some(Found { combination, streams: referring.iter().map(|one| one.stream).collect() }))
    }

    /// References to other tables, each draw once.
    fn referring(&self, columns: &[Column], places: &[usize]) -> Vec<Referring> {
        let mut found: Vec<Referring> = Vec::new();
        for &place in places {
            let Source::Reference { target, stream, pick, .. } = columns[place].source else { continue };
            if target.table != self.table && found.iter().all(|one| one.stream != stream) {
                let side = Side { table: target.table, share: pick.share };
                found.push(Referring { place, stream, side, pick });
            }
        }
        found
    }

    /// Rows that come together under one parent: what else keeps them apart there?
    fn under(
        &self,
        main: &Referring,
        referring: &[Referring],
        columns: &[Column],
        places: &[usize],
    ) -> Result<Found, Diagnostic> {
        let rows = main.pick.fan_out.unwrap_or(1.0);
        let most = rows.ceil() as u64;
        let cycle = |&place: &usize| match sharing(&columns[place]) {
            Some(Sharing::Cycle(count)) => Some((place, count)),
            _ => None,
        };
        let cycles: Vec<(usize, u64)> = places.iter().filter_map(cycle).collect();
        let longest = cycles.iter().map(|(_, count)| *count).max().unwrap_or(1);
        let by_row = |&&place: &&usize| uses_row(&columns[place]) && sharing(&columns[place]).is_none();
        let others: Vec<&Referring> = referring.iter().filter(|one| one.stream != main.stream).collect();
        let combination = |sides: Vec<Side>, kept_apart| Combination {
            sides: std::iter::once(main.side.clone()).chain(sides).collect(),
            fan_out: Some(FanOut(rows)),
            kept_apart,
        };
        if longest >= most {
            return Ok(Found {
                combination: combination(Vec::new(), Some(longest)),
                streams: vec![main.stream],
            });
        }
        if !others.is_empty() {
            for other in &others {
                self.check_even(&columns[other.place], true)?;
            }
            let sides = others.iter().map(|one| one.side.clone()).collect();
            let streams = std::iter::once(main.stream).chain(others.iter().map(|one| one.stream)).collect();
            return Ok(Found { combination: combination(sides, None), streams });
        }
        // Whether these differ, nobody can tell beforehand.
        if places.iter().any(|place| by_row(&place)) {
            return Ok(Found { combination: combination(Vec::new(), None), streams: vec![main.stream] });
        }
        if let Some((place, count)) = cycles.first() {
            let words = format!(
                "{} of `{}` must be distinct, and up to {most} rows come under one parent, of which `cycle` keeps {count} apart",
                self.listed, self.name
            );
            let help = format!(
                "give `cycle` {most} values or more, as in `cycle({most}, row)`, or write a smaller `fan_out`"
            );
            return Err(self.fault(Code::NotDistinct, &columns[*place], words, help));
        }
        let words = format!(
            "up to {most} rows come under one parent, and nothing else keeps {} of `{}` distinct",
            self.listed, self.name
        );
        let help = if places.len() > 1 {
            format!("give another of these columns `cycle({most}, row)`, or a `ref` without `fan_out`")
        } else {
            "leave out `fan_out`, or write `fan_out=1`: each parent is then referred to once".to_owned()
        };
        Err(self.fault(Code::NotDistinct, &columns[main.place], words, help))
    }

    /// Values that come round are distinct beside what comes in runs, not beside what is drawn.
    fn check_cycles(&self, columns: &[Column], places: &[usize], refers: bool) -> Result<(), Diagnostic> {
        let shared: Vec<(usize, Sharing)> =
            places.iter().filter_map(|&place| Some((place, sharing(&columns[place])?))).collect();
        let by_row = places.iter().filter(|&&place| uses_row(&columns[place])).count();
        if let [(_, Sharing::Runs(rows)), (place, Sharing::Cycle(count))]
        | [(place, Sharing::Cycle(count)), (_, Sharing::Runs(rows))] = shared[..]
            && places.len() == 2
            && (count as f64) < rows.ceil()
        {
            let most = rows.ceil();
            let words = format!(
                "{} of `{}` must be distinct, and runs of up to {most} rows meet a `cycle` of only {count}",
                self.listed, self.name
            );
            let help = format!(
                "give `cycle` {most} values or more, as in `cycle({most}, row)`, or write shorter runs"
            );
            return Err(self.fault(Code::NotDistinct, &columns[place], words, help));
        }
        let finite = shared.iter().filter(|(_, sharing)| !matches!(sharing, Sharing::Runs(_)));
        let (Some((place, sharing)), true) = (finite.clone().next(), refers) else { return Ok(()) };
        if finite.count() < by_row {
            return Ok(());
        }
        let words = format!(
            "a `ref` is drawn, so that nothing keeps {} of `{}` distinct, and they must be",
            self.listed, self.name
        );
        let help = match sharing {
            Sharing::Cycle(count) => {
                format!(
                    "give the `ref` a `fan_out` of {count} at most: its rows then come together, as these do"
                )
            }
            _ => "write `cycle` instead, and give the `ref` a `fan_out` of at most as many rows".to_owned(),
        };
        Err(self.fault(Code::NotDistinct, &columns[*place], words, help))
    }

    /// A column that is drawn evenly can be part of a distinct combination; any other cannot.
    fn check_even(&self, column: &Column, refers: bool) -> Result<(), Diagnostic> {
        let skewed = match &column.source {
            Source::Reference { pick, .. } => refers && !pick.is_even(),
            Source::Template(template) => template.facts().plain_reference().is_some(),
            _ => false,
        };
        if skewed {
            let words =
                format!("a skewed `ref` cannot be distinct, and {} of `{}` must be", self.listed, self.name);
            let help =
                "leave out the distribution: combinations of references are then distinct by themselves";
            return Err(self.fault(Code::SkewedReference, column, words, help));
        }
        if refers {
            return Ok(());
        }
        let words = format!(
            "nothing keeps the values of {} in `{}` distinct, and they must be",
            self.listed, self.name
        );
        let help = match column_value(self.input, self.name, &column.name) {
            Some(text) => wrapped(&text),
            None => {
                "give it a value that differs in every row, such as `'{{ row }}'` or one with `unique(...)`"
                    .to_owned()
            }
        };
        Err(self.fault(Code::NotDistinct, column, words, help))
    }

    fn fault(&self, code: Code, column: &Column, words: String, help: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, place_of(self.input, self.name, &column.name), words).help(help.into())
    }
}

fn drawn_by(column: &Column, wanted: u64) -> bool {
    matches!(column.source, Source::Reference { stream, .. } if stream == wanted)
}

fn uses_row(column: &Column) -> bool {
    matches!(&column.source, Source::Template(template) if template.facts().uses_row())
}

fn sharing(column: &Column) -> Option<Sharing> {
    match &column.source {
        Source::Template(template) => template.facts().sharing(),
        _ => None,
    }
}

fn place_of(input: &Input<'_>, table: &str, column: &str) -> Option<Span> {
    input
        .at(&["tables", table, "columns", column, "value"])
        .or_else(|| input.at(&["tables", table, "columns", column]))
        .or_else(|| input.at(&["tables", table]))
}

fn column_value(input: &Input<'_>, table: &str, column: &str) -> Option<String> {
    let columns = &input.scenario.tables.get(table)?.columns;
    let (_, section) = columns.iter().find(|(c, _)| c.eq_ignore_ascii_case(column))?;
    section.value.as_ref()?.as_str().map(str::to_owned)
}

fn wrapped(template: &str) -> String {
    let inner = template.trim().strip_prefix("{{").and_then(|t| t.strip_suffix("}}"));
    match inner.filter(|inner| !inner.contains("{{")) {
        Some(inner) => format!("write `'{{{{ unique({}) }}}}'`", inner.trim()),
        None => "put what differs from row to row into `unique(...)`, or use `row`, as in `'user-{{ row }}'`"
            .to_owned(),
    }
}
