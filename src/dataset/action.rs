//! What operations take from the dataset beyond the next row of a table: the keys of rows that exist, and values of their own.

use super::Column;
use crate::template::Distribution;

/// An operation other than the insert of a table's next row. Its occurrences are numbered from 0 over all parts.
#[derive(Debug)]
pub struct Action {
    /// As the scenario spells it.
    pub name: String,
    /// Index into the plan's operations; no other action has the same.
    pub operation: usize,
    /// Occurrences per part.
    pub count: u64,
    /// Which row it is about.
    pub key: Option<Key>,
    /// Values that all its steps share.
    pub values: Vec<ActionValue>,
    /// What each of its steps takes.
    pub steps: Vec<ActionStep>,
}

/// Which row an operation is about: one that exists when it comes, or none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// Index of the table.
    pub table: usize,
    /// How it is drawn among the rows that exist.
    pub distribution: Distribution,
    /// Share of occurrences that find a row, 0 to 1; the others get the key of a row that never comes.
    pub hit_ratio: f64,
    /// Whether the row is gone afterwards, so that nothing later is about it.
    pub removes: bool,
}

/// One value that an operation's steps share.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are few, and most are the large one")]
pub enum ActionValue {
    /// A column of the row that the operation is about.
    Key {
        /// Column of the table's dataset row.
        column: usize,
    },
    /// A column of a row that is not in the dataset: new values under an existing key. A column that is part of a distinct combination keeps its
    /// value.
    Fresh {
        /// Column of the table's dataset row.
        column: usize,
    },
    /// Of the texts that begin like a column of the row that the operation is about, one end of their range; NULL where it is no text.
    Prefix {
        /// Column of the table's dataset row.
        column: usize,
        /// Characters that are alike.
        chars: usize,
        /// The end that comes after all of them, and is none of them.
        after: bool,
    },
    /// A value of the operation's own, by its ordinal; never a combination.
    Own(Column),
}

/// What one step takes from the tape for each execution.
#[derive(Debug)]
pub struct ActionStep {
    /// How often it comes, where that is drawn; else as the plan says.
    pub repeat: StepRepeat,
    /// Values of each repetition; `n` counts them from 0.
    pub values: Vec<Column>,
}

/// How often a step comes.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one for each step, made once")]
pub enum StepRepeat {
    /// Always as often.
    Fixed(u64),
    /// By a template, whose value stands on the tape before the repetitions.
    Drawn(Column),
}
