//! May an operation be sent? Not before the rows that it needs are acknowledged, and not at all when one of them was refused, or it is not known
//! whether it is there. A row that was deleted since holds nothing back: what comes of it is the database's answer.

use super::states::{RowStates, State};
use crate::dataset::Entry;
use crate::value::Decoder;

/// The code of an operation that was not sent because a row that it refers to was refused, or may not be there.
pub const PARENT_MISSING: &str = "parent_missing";

/// The answer; values stand at the operation's first.
pub(super) enum Gate<'a> {
    Open(Decoder<'a>),
    /// A row that it needs has no answer yet.
    Waiting,
    /// A row that it needs was refused, or its answer was lost: table and row, from 0.
    Missing(usize, u64),
}

/// Asks for an operation alone.
#[inline]
pub(super) fn look<'a>(states: &RowStates, entry: Entry<'a>) -> Gate<'a> {
    look_with(states, entry, |_, _| false)
}

/// Asks for an operation that is sent after others; `before` says whether a row that has no answer yet is among those.
#[inline(always)]
pub(super) fn look_with<'a>(
    states: &RowStates,
    entry: Entry<'a>,
    mut before: impl FnMut(usize, u64) -> bool,
) -> Gate<'a> {
    let mut waiting = false;
    let mut missing = None;
    let values = entry.parents(|table, row| match states.get(table, row) {
        State::Acknowledged | State::Deleted | State::PerhapsDeleted => {}
        State::Pending => waiting |= !before(table, row),
        State::Refused | State::Unknown => missing = Some((table, row)),
    });
    match missing {
        Some((table, row)) => Gate::Missing(table, row),
        None if waiting => Gate::Waiting,
        None => Gate::Open(values),
    }
}
