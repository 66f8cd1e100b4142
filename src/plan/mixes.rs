//! How often each table's insert and each operation comes in a workload, exactly.
//!
//! Which keys say how much there is in all is left to `loads`, what must be there for them to `needs`, what they take to `crews`.

use super::loads::Settled;
use super::operation::Kind;
use super::operations::{Made, instead};
use super::shares;
use super::tables::{Input, Tables};
use crate::diagnostic::{Code, Diagnostic, Span};

/// What the workers of a mix, or of one role, do in one part.
#[derive(Debug)]
pub(super) struct Share {
    pub(super) role: Option<String>,
    pub(super) workers: Option<u32>,
    /// Inserts by the tables' own shares, by table.
    pub(super) inserts: Vec<u64>,
    /// Occurrences of the scenario's operations, in their order.
    pub(super) operations: Vec<u64>,
}

impl Share {
    /// Rows that are added to a table.
    pub(super) fn rows(&self, table: usize, made: &[Made]) -> u64 {
        let by_operation = made.iter().zip(&self.operations).map(|(made, &count)| {
            if made.operation.inserts() == Some(table) { count - made.hits(count) } else { 0 }
        });
        self.inserts[table] + by_operation.sum::<u64>()
    }

    /// Rows that are removed from a table.
    pub(super) fn deletes(&self, table: usize, made: &[Made]) -> u64 {
        let of = |(made, &count): (&Made, &u64)| match (&made.operation.kind, made.key) {
            (Kind::Delete { table: of }, Some(key)) if *of == table => {
                (count as f64 * key.hit_ratio).floor() as u64
            }
            _ => 0,
        };
        made.iter().zip(&self.operations).map(of).sum()
    }
}

/// What the counts of one workload are made from.
pub(super) struct Mixer<'a, 'b> {
    pub(super) input: &'a Input<'b>,
    pub(super) tables: &'a Tables,
    pub(super) made: &'a [Made],
    pub(super) settled: &'a Settled<'a>,
    pub(super) faults: &'a mut Vec<Diagnostic>,
}

impl Mixer<'_, '_> {
    pub(super) fn fault(&mut self, code: Code, at: Option<Span>, words: String, help: impl Into<String>) {
        self.faults.push(Diagnostic::error(code, at, words).help(help));
    }

    fn key_at(&self, rest: &[&str]) -> Option<Span> {
        match self.settled.section {
            Some(_) => {
                let path = [&["workloads", self.settled.name.as_str()][..], rest].concat();
                self.input.spans.key(&path).or_else(|| self.input.at(&path))
            }
            None => self.input.spans.key(rest).or_else(|| self.input.at(rest)),
        }
    }

    pub(super) fn loaded(&self, table: usize) -> u64 {
        self.input.scenario.tables[table].rows
    }

    /// Tables, then operations.
    fn actor(&mut self, key: &str, name: &str) -> Option<usize> {
        let tables = self.tables.names.tables.len();
        let operation = self.made.iter().position(|made| made.operation.name == name);
        let actor = operation.map(|place| tables + place).or_else(|| self.tables.names.table(name));
        if actor.is_none() {
            let at = self.key_at(&[key, name]);
            let names = self.made.iter().map(|made| made.operation.name.as_str());
            let names = names.chain(self.tables.names.tables.iter().map(|(table, _)| table.as_str()));
            let help = instead(name, "operations and tables", names);
            self.fault(
                Code::UnknownOperation,
                at,
                format!("`{name}` is neither an operation nor a table"),
                help,
            );
        }
        actor
    }

    /// One share of a mix, or one for each role; nothing where that cannot be.
    pub(super) fn shares(&mut self) -> Option<Vec<Share>> {
        let before = self.faults.len();
        let shares = match self.settled.section.and_then(|section| section.workers.as_ref()) {
            Some(workers) => self.roles(workers),
            None => vec![self.mix()?],
        };
        for share in &shares {
            self.check_rows(share);
            self.check_deletes(share);
            self.check_kinds(share);
        }
        (self.faults.len() == before).then_some(shares)
    }

    fn roles(&mut self, workers: &indexmap::IndexMap<String, u32>) -> Vec<Share> {
        let tables = self.tables.names.tables.len();
        let mut shares: Vec<Share> = Vec::new();
        for (name, count) in workers {
            let Some(actor) = self.actor("workers", name) else { continue };
            let mut share = Share {
                role: Some(name.clone()),
                workers: Some(*count),
                inserts: vec![0; tables],
                operations: vec![0; self.made.len()],
            };
            match actor.checked_sub(tables) {
                Some(operation) => share.operations[operation] = self.settled.part_total(),
                None => share.inserts[actor] = self.settled.part_total(),
            }
            let both = (0..tables).find(|&table| {
                share.rows(table, self.made) > 0 && shares.iter().any(|s| s.rows(table, self.made) > 0)
            });
            if let Some(table) = both {
                let at = self.key_at(&["workers", name]);
                let words = format!("two roles insert into `{}`", self.tables.rows[table].name);
                self.fault(Code::Roles, at, words, "give one role all of their workers");
            }
            shares.push(share);
        }
        shares
    }

    fn mix(&mut self) -> Option<Share> {
        let weights = self.weights()?;
        let tables = self.tables.names.tables.len();
        let needed = self.needed(&weights);
        let Some(mut counts) = shares::apportion(self.settled.part_total(), &weights, &needed) else {
            self.too_small(&needed);
            return None;
        };
        let operations = counts.split_off(tables);
        Some(Share { role: None, workers: None, inserts: counts, operations })
    }

    /// Parts of the mix: of tables, then of operations.
    fn weights(&mut self) -> Option<Vec<f64>> {
        let scenario = self.input.scenario;
        let of_operations = scenario.operations.values().map(|o| o.share);
        let mut weights: Vec<f64> = scenario.tables.values().map(|t| t.share).chain(of_operations).collect();
        let mix = self.settled.section.and_then(|section| section.mix.as_ref());
        if let Some(mix) = mix {
            let before = self.faults.len();
            weights.fill(0.0);
            for (name, weight) in mix {
                if let Some(actor) = self.actor("mix", name) {
                    weights[actor] += weight;
                }
            }
            if self.faults.len() > before {
                return None;
            }
        }
        if weights.iter().any(|&weight| weight > 0.0) {
            return Some(weights);
        }
        let (at, words, help) = match (mix, self.settled.section) {
            (Some(_), _) => (
                self.key_at(&["mix"]),
                "no weight of the mix is above 0, so nothing would be done",
                "give at least one operation or table a weight, such as `{ users = 1 }`",
            ),
            (None, Some(_)) => (
                self.key_at(&[]),
                "no table or operation has a share, so nothing would be done",
                "add a `mix` with weights, such as `mix = { users = 1 }`, or `workers`",
            ),
            (None, None) if scenario.operations.is_empty() => (
                self.input.at(&["tables"]),
                "no table has a share, so nothing would be written",
                "give at least one table a `share`, such as `share = 10`",
            ),
            (None, None) => (
                self.input.at(&["operations"]),
                "no table or operation has a share, so nothing would be done",
                "give at least one table or operation a `share`, such as `share = 10`",
            ),
        };
        self.fault(Code::NoWrites, at, words.to_owned(), help);
        None
    }

    /// Parents of tables that are written, and their parents, as far as they would have no rows.
    fn needed(&self, weights: &[f64]) -> Vec<bool> {
        let tables = self.tables.names.tables.len();
        let by_operation = |table: usize| {
            self.made.iter().zip(&weights[tables..]).any(|(made, &weight)| {
                let misses = made.key.is_none_or(|key| key.hit_ratio < 1.0);
                weight > 0.0 && misses && made.operation.inserts() == Some(table)
            })
        };
        let mut needed = vec![false; weights.len()];
        let mut open: Vec<usize> =
            (0..tables).filter(|&table| weights[table] > 0.0 || by_operation(table)).collect();
        while let Some(table) = open.pop() {
            for &parent in &self.tables.parents[table] {
                if !needed[parent] && self.loaded(parent) == 0 && !by_operation(parent) {
                    needed[parent] = true;
                    open.push(parent);
                }
            }
        }
        needed
    }

    fn too_small(&mut self, needed: &[bool]) {
        let names = self.tables.names.tables.iter().zip(needed).filter(|(_, needed)| **needed);
        let names: Vec<String> = names.map(|((name, _), _)| format!("`{name}`")).collect();
        let name = self.settled.name.as_str();
        let own = |key| vec!["workloads", name, key];
        let keys = ["total", "total_writes", "max_operations"];
        let places = keys.map(own).into_iter().chain(keys.map(|key| vec![key]));
        let (at, key) = places
            .filter_map(|path| Some((self.input.at(&path)?, *path.last()?)))
            .next()
            .map_or((self.key_at(&[]), "duration"), |(at, key)| (Some(at), key));
        let words = format!(
            "`{key} = {}` is not enough: other tables refer to {}, so a row is needed {} first",
            self.settled.part_total() - self.settled.warm_up.at_most(),
            names.join(", "),
            if names.len() == 1 { "there" } else { "in each of them" }
        );
        self.fault(Code::Share, at, words, "write at least one row for each table of the mix");
    }
}
