//! Making the values of rows and of occurrences of operations.

use super::view::View;
use super::{ActionValue, Column, Dataset, Source, StepRepeat, Workspace, prefix};
use crate::template::{RenderError, Scratch, Target};
use crate::value::{Value, ValueRef};

/// What a value that cannot be made is a value of.
#[derive(Clone, Copy, Debug)]
pub enum Culprit<'a> {
    /// Of an operation itself.
    Own(&'a Column),
    /// Of a row that an operation asks for, or of the new one under its key.
    OfTable(Target),
}

/// A step comes at most so often: its values stand on the tape.
const MOST_REPETITIONS: i64 = 1_000_000;

impl Dataset {
    /// Makes the row (from 0) of a table, handing each column's value to `each`, and notes the parents in the workspace.
    ///
    /// # Errors
    /// When a template fails on this row.
    pub fn row(
        &self,
        table: usize,
        row: u64,
        workspace: &mut Workspace,
        each: &mut dyn FnMut(ValueRef<'_>),
    ) -> Result<(), RenderError> {
        workspace.parents.clear();
        let Workspace { scratch, parents } = workspace;
        let view = View::row(self, table, row, parents);
        for column in &self.tables[table].columns {
            each(view.column(column, scratch)?);
        }
        Ok(())
    }

    /// The same, as values.
    ///
    /// # Errors
    /// When a template fails on this row.
    pub fn values(
        &self,
        table: usize,
        row: u64,
        workspace: &mut Workspace,
    ) -> Result<Vec<Value>, RenderError> {
        let mut values = Vec::with_capacity(self.tables[table].columns.len());
        self.row(table, row, workspace, &mut |value| values.push(value.to_owned()))?;
        Ok(values)
    }

    /// Values that the steps of an occurrence (from 0) of an operation share, in their order: what an update has written.
    ///
    /// # Errors
    /// When a template fails on this occurrence.
    ///
    /// # Panics
    /// If no action is of this operation.
    pub fn shared_values(
        &self,
        operation: usize,
        ordinal: u64,
        workspace: &mut Workspace,
    ) -> Result<Vec<Value>, RenderError> {
        let action = self.action_of(operation).expect("the operation is an action");
        let mut values = Vec::with_capacity(self.actions[action].values.len());
        workspace.parents.clear();
        let Workspace { scratch, parents } = workspace;
        let target = self.target_of(action, ordinal);
        let mut view = View::occurrence(self, action, ordinal, parents);
        self.shared(action, target, &mut view, scratch, &mut |value| values.push(value.to_owned()))?;
        Ok(values)
    }

    /// Makes an occurrence (from 0) of an action: the values of all its steps, then step by step how often it comes where that is drawn, and each
    /// repetition's values. Returns the row that it is about, the first of the parents in the workspace.
    ///
    /// # Errors
    /// Where a template has no value for it.
    pub fn occurrence(
        &self,
        action: usize,
        ordinal: u64,
        workspace: &mut Workspace,
        each: &mut dyn FnMut(ValueRef<'_>),
    ) -> Result<Option<(usize, u64)>, RenderError> {
        workspace.parents.clear();
        let target = self.target_of(action, ordinal);
        workspace.parents.extend(target);
        let Workspace { scratch, parents } = workspace;
        let mut view = View::occurrence(self, action, ordinal, parents);
        self.shared(action, target, &mut view, scratch, each)?;
        for step in &self.actions[action].steps {
            view.repetition = None;
            let repetitions = match &step.repeat {
                StepRepeat::Fixed(count) => *count,
                StepRepeat::Drawn(column) => {
                    let count = repetitions(view.column(column, scratch)?)?;
                    each(ValueRef::Integer(count));
                    count as u64
                }
            };
            for repetition in 0..repetitions {
                view.repetition = Some(repetition);
                for column in &step.values {
                    each(view.column(column, scratch)?);
                }
            }
        }
        Ok(target)
    }

    /// Makes the values of an occurrence (from 0) of an operation for nothing: of steps that are repeated, the first and the last time.
    ///
    /// # Errors
    /// The first value that cannot be made.
    ///
    /// # Panics
    /// If no action is of this operation.
    pub fn try_occurrence(
        &self,
        operation: usize,
        ordinal: u64,
        workspace: &mut Workspace,
    ) -> Result<(), (Culprit<'_>, RenderError)> {
        let action = self.action_of(operation).expect("the operation is an action");
        let known = &self.actions[action];
        workspace.parents.clear();
        let Workspace { scratch, parents } = workspace;
        let target = self.target_of(action, ordinal);
        let mut view = View::occurrence(self, action, ordinal, parents);
        let mut made = 0;
        self.shared(action, target, &mut view, scratch, &mut |_| made += 1).map_err(|error| {
            let culprit = match (&known.values[made], known.key) {
                (ActionValue::Own(column), _) => Culprit::Own(column),
                (
                    ActionValue::Key { column }
                    | ActionValue::Fresh { column }
                    | ActionValue::Prefix { column, .. },
                    key,
                ) => {
                    let table = key.expect("a value of a row needs a key").table;
                    Culprit::OfTable(Target { table, column: *column })
                }
            };
            (culprit, error)
        })?;
        for step in &known.steps {
            view.repetition = None;
            let count = match &step.repeat {
                StepRepeat::Fixed(count) => *count,
                StepRepeat::Drawn(column) => {
                    let count = view.column(column, scratch).and_then(repetitions);
                    count.map_err(|error| (Culprit::Own(column), error))? as u64
                }
            };
            for repetition in [0, count.saturating_sub(1)].into_iter().filter(|_| count > 0) {
                view.repetition = Some(repetition);
                for column in &step.values {
                    view.column(column, scratch).map_err(|error| (Culprit::Own(column), error))?;
                }
            }
        }
        Ok(())
    }

    fn shared(
        &self,
        action: usize,
        target: Option<(usize, u64)>,
        view: &mut View<'_>,
        scratch: &mut Scratch,
        each: &mut dyn FnMut(ValueRef<'_>),
    ) -> Result<(), RenderError> {
        let ordinal = view.row;
        for kind in &self.actions[action].values {
            let column = match kind {
                ActionValue::Own(own) => {
                    each(view.column(own, scratch)?);
                    continue;
                }
                ActionValue::Key { column }
                | ActionValue::Fresh { column }
                | ActionValue::Prefix { column, .. } => *column,
            };
            let mut give = |value: ValueRef<'_>| match *kind {
                ActionValue::Prefix { chars, after, .. } => {
                    let end = prefix::end(value, chars, after);
                    each(end.as_deref().map_or(ValueRef::Null, ValueRef::Text));
                }
                _ => each(value),
            };
            let keyed = self.keys.actions[action].as_ref().expect("a value of a row needs a key");
            let place = Target { table: keyed.key.table, column };
            let beyond = keyed.beyond + ordinal;
            let Some((_, row)) = target else {
                give(self.missing(place, beyond, ordinal, view, scratch)?);
                continue;
            };
            let source = &self.column(place).source;
            let is_new = matches!(kind, ActionValue::Fresh { .. });
            // A row's distinct combination stays as it is: no other one is known to be free.
            if is_new && !matches!(source, Source::Combined { .. }) {
                view.row = beyond;
                give(view.column(self.column(place), scratch)?);
                view.row = ordinal;
            } else {
                give(self.lend_value(place, row, scratch)?);
            }
        }
        Ok(())
    }

    /// A column's value in a row that never comes; where it refers to another table, so does no row of that.
    fn missing<'s>(
        &'s self,
        place: Target,
        row: u64,
        ordinal: u64,
        view: &mut View<'_>,
        scratch: &'s mut Scratch,
    ) -> Result<ValueRef<'s>, RenderError> {
        match &self.column(place).source {
            Source::Reference { target, .. } | Source::Combined { target, .. } if *target != place => {
                let parent = self.keys.beyond[target.table] + ordinal;
                self.missing(*target, parent, ordinal, view, scratch)
            }
            _ => {
                view.row = row;
                let value = view.column(self.column(place), scratch);
                view.row = ordinal;
                value
            }
        }
    }

    fn column(&self, place: Target) -> &Column {
        &self.tables[place.table].columns[place.column]
    }

    /// A column's value in a row (from 0) of the dataset.
    pub(super) fn value_of(
        &self,
        target: Target,
        row: u64,
        scratch: &mut Scratch,
    ) -> Result<Value, RenderError> {
        let column = self.column(target);
        if let Source::Row = column.source {
            return Ok(Value::Integer(row as i64 + 1));
        }
        // What the row itself refers to is its own business.
        let mut ignored = Vec::new();
        let view = View::row(self, target.table, row, &mut ignored);
        view.column(column, scratch).map(ValueRef::to_owned)
    }

    /// The same, kept in the buffers.
    pub(super) fn lend_value<'s>(
        &self,
        target: Target,
        row: u64,
        scratch: &'s mut Scratch,
    ) -> Result<ValueRef<'s>, RenderError> {
        if let Source::Row = self.column(target).source {
            return Ok(ValueRef::Integer(row as i64 + 1));
        }
        let value = self.value_of(target, row, scratch)?;
        Ok(scratch.keep(value))
    }
}

/// How often a step comes, as its template says.
fn repetitions(value: ValueRef<'_>) -> Result<i64, RenderError> {
    match value {
        ValueRef::Integer(count @ 0..=MOST_REPETITIONS) => Ok(count),
        other => Err(RenderError::new(format!(
            "`repeat` must give a whole number from 0 to {MOST_REPETITIONS}, and it gives {other}"
        ))),
    }
}
