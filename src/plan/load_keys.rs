//! The keys of a workload, with those of the top that hold where it has none, and what can be wrong with them.
//!
//! What they come to is left to `loads` and `extras`.

use super::tables::Input;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::scenario::LoadKeys;

/// Keys of one section, and where they stand.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    pub(super) keys: LoadKeys<'a>,
    /// The workload's name; the top of the file where there is none.
    pub(super) workload: Option<&'a str>,
}

/// The keys of a workload, and those of the top that hold where it has none.
pub(super) struct Keys<'i, 'a> {
    pub(super) input: &'i Input<'a>,
    pub(super) own: Section<'a>,
    pub(super) top: Section<'a>,
    pub(super) faults: &'i mut Vec<Diagnostic>,
}

impl<'a> Section<'a> {
    pub(super) fn at(&self, input: &Input<'_>, key: &[&str]) -> Option<Span> {
        let path: Vec<&str> = match self.workload {
            Some(name) => ["workloads", name].iter().chain(key).copied().collect(),
            None => key.to_vec(),
        };
        match key {
            // What is missing from the file as a whole belongs to its first line.
            [] => input.spans.key(&path).or_else(|| input.at(&path)).or(Some(Span::default())),
            _ => input.at(&path),
        }
    }

    pub(super) fn key_at(&self, input: &Input<'_>, key: &str) -> Option<Span> {
        let path: Vec<&str> = match self.workload {
            Some(name) => vec!["workloads", name, key],
            None => vec![key],
        };
        input.spans.key(&path).or_else(|| input.at(&path))
    }
}

impl<'a> Keys<'_, 'a> {
    /// The section whose keys of a kind hold: the workload's if it has any of them.
    pub(super) fn home(&self, has: impl Fn(&LoadKeys<'a>) -> bool) -> Section<'a> {
        if has(&self.own.keys) { self.own } else { self.top }
    }

    pub(super) fn fault(&mut self, code: Code, at: Option<Span>, words: String, help: &str) {
        self.faults.push(Diagnostic::error(code, at, words).help(help));
    }

    /// Two keys that exclude each other.
    pub(super) fn conflict(&mut self, home: Section<'_>, first: &str, second: &str, help: &str) {
        let at = home.key_at(self.input, second);
        let words = format!("`{first}` and `{second}` exclude each other");
        self.fault(Code::ConflictingKeys, at, words, help);
    }

    /// A key that does nothing as it stands; one that is inherited may do nothing.
    pub(super) fn idle(&mut self, key: &str, given: bool, words: &str, help: &str) {
        if given {
            let at = self.own.key_at(self.input, key);
            self.fault(Code::NoEffect, at, format!("`{key}` has no effect {words}"), help);
        }
    }
}
