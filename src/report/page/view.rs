//! One result as the page's tables and sentences have it.

use indexmap::IndexSet;
use serde::Serialize;

use super::heat::{Heat, maps};
use super::status::{Chip, chips};
use super::tables::{Table, Tables};
use super::unlike::unlike;
use super::{Room, Shown};
use crate::report::columns::{Section, TOGETHER, are_repeated, sections};
use crate::report::conclusion::conclusion;
use crate::report::notes::{Mood, notes};
use crate::report::scaling::scaling;
use crate::report::setting::{machine, setting};
use crate::result::{RunResult, Status};

/// What the template shows of a result.
#[derive(Debug, Serialize)]
pub(super) struct View {
    name: String,
    path: String,
    description: String,
    lines: Vec<String>,
    /// How it ended and whether it should be believed, at a glance.
    chips: Vec<Chip>,
    /// What has to be known before any figure.
    caution: Vec<Sentence>,
    /// What it comes to, as the terminal says it.
    conclusion: Vec<String>,
    scaling: Vec<String>,
    scaling_left: String,
    notes: Vec<Sentence>,
    targets: Option<Table>,
    workloads: Vec<Workload>,
    /// What its cases do not share.
    unlike: IndexSet<String>,
    maps: Vec<Heat>,
    maps_left: String,
    errors: Table,
    settings: Vec<(String, String)>,
    /// Of cases that differ from the above: their names with what is different.
    other_settings: Vec<(String, Vec<(String, String)>)>,
    settings_left: String,
    environment: Vec<(String, String)>,
    text: String,
}

#[derive(Debug, Serialize)]
struct Sentence {
    mood: &'static str,
    label: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct Workload {
    name: String,
    /// What latencies of several iterations are; absent where there is one.
    together: Option<&'static str>,
    levels: Table,
    operations: Option<Table>,
}

impl View {
    pub(super) fn new(shown: &Shown<'_>, room: Room) -> View {
        let result = shown.result;
        let all: Vec<Sentence> = notes(result)
            .into_iter()
            .map(|note| Sentence { mood: mood(note.mood), label: note.label, text: note.text })
            .collect();
        let (caution, notes): (Vec<Sentence>, Vec<Sentence>) =
            all.into_iter().partition(|one| one.mood == "bad");
        let of_workload = |section: Section<'_>| unlike(std::slice::from_ref(shown), section.workload);
        let unlike_cases = sections(result).into_iter().flat_map(of_workload).collect();
        let tables = Tables::new(result, room.rows);
        let (maps, maps_left) = room.first(maps(result), "maps");
        let scaling = scaling(result);
        let (scaling, scaling_left) = room.first(scaling, "cases");
        let (other_settings, settings_left) = room.first(other_settings(result), "cases");
        let workloads = tables
            .sections()
            .into_iter()
            .map(|section| Workload {
                name: section.workload.to_owned(),
                together: are_repeated(section.levels.iter().copied()).then_some(TOGETHER),
                levels: tables.levels(&section),
                operations: tables.operations(&section),
            })
            .collect();
        View {
            name: shown.name.clone(),
            path: shown.path.clone(),
            description: result.scenario.description.clone(),
            lines: lines(result),
            chips: chips(result),
            caution,
            conclusion: conclusion(result),
            scaling,
            scaling_left,
            notes,
            targets: tables.targets(),
            workloads,
            unlike: unlike_cases,
            maps,
            maps_left,
            errors: tables.errors(),
            settings: pairs(&result.engine.settings),
            other_settings,
            settings_left,
            environment: pairs(&result.environment.comparability),
            text: result.scenario.text.clone(),
        }
    }
}

fn lines(result: &RunResult) -> Vec<String> {
    let mut lines = vec![result.timestamp.clone(), setting(result), machine(result)];
    if result.quick {
        lines.push("a quick look: totals were divided".to_owned());
    }
    if result.status != Status::Completed {
        lines.push("not completed".to_owned());
    }
    lines
}

fn pairs<'a>(map: impl IntoIterator<Item = (&'a String, &'a String)>) -> Vec<(String, String)> {
    map.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Each case once.
fn other_settings(result: &RunResult) -> Vec<(String, Vec<(String, String)>)> {
    let mut cases: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for level in result.configurations.iter().filter(|level| !level.settings.is_empty()) {
        let name = level.case_or_base();
        if !cases.iter().any(|(other, _)| *other == name) {
            cases.push((name, pairs(&level.settings)));
        }
    }
    cases
}

pub(super) fn mood(mood: Mood) -> &'static str {
    match mood {
        Mood::Good => "good",
        Mood::Neutral => "neutral",
        Mood::Caution => "caution",
        Mood::Bad => "bad",
    }
}
