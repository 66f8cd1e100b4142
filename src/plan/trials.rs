//! What shows only when values are made: templates are tried on the first and the last row, and on the first and the last occurrence of an
//! operation.

use super::tables::Input;
use crate::dataset::{Action, Column, Culprit, Dataset, Source, Workspace};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::template::RenderError;

/// Makes the values of the first and the last row of each table, and of the first and the last occurrence of each operation.
///
/// # Errors
/// What cannot be made, each template once.
pub(super) fn first_and_last(input: &Input<'_>, dataset: &Dataset) -> Result<(), Vec<Diagnostic>> {
    let mut workspace = Workspace::default();
    let tables =
        (0..dataset.tables().len()).filter_map(|table| row_fault(input, dataset, table, &mut workspace));
    let mut faults: Vec<Diagnostic> = tables.collect();
    // What fails for a table's own rows also fails for those that ask for them.
    if faults.is_empty() {
        let actions = dataset.actions().iter();
        faults.extend(actions.filter_map(|a| occurrence_fault(input, dataset, a, &mut workspace)));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn row_fault(
    input: &Input<'_>,
    dataset: &Dataset,
    table: usize,
    workspace: &mut Workspace,
) -> Option<Diagnostic> {
    let rows = &dataset.tables()[table];
    let last = dataset.rows_in_all(table).checked_sub(1)?;
    [0, last].into_iter().find_map(|row| {
        let mut made = 0;
        let error = dataset.row(table, row, workspace, &mut |_| made += 1).err()?;
        let column = rows.columns.get(made);
        let name = column.map_or("", |column| column.name.as_str());
        let path = ["tables", &rows.name, "columns", name, "value"];
        let at = place(input, &path, column, &error).or_else(|| input.at(&["tables", &rows.name]));
        let words = format!("`{name}` in row {} of `{}` cannot be made: {error}", row + 1, rows.name);
        let help = "a template must give a value for every row; `row` counts them from 1";
        Some(Diagnostic::error(Code::TemplateArgument, at, words).help(help))
    })
}

fn occurrence_fault(
    input: &Input<'_>,
    dataset: &Dataset,
    action: &Action,
    workspace: &mut Workspace,
) -> Option<Diagnostic> {
    let last = (action.count * dataset.parts()).checked_sub(1)?;
    [0, last].into_iter().find_map(|ordinal| {
        let (culprit, error) = dataset.try_occurrence(action.operation, ordinal, workspace).err()?;
        let (at, value) = match culprit {
            Culprit::Own(column) => {
                let path: Vec<&str> =
                    ["operations", action.name.as_str()].into_iter().chain(column.name.split('.')).collect();
                let name = path.last().copied().unwrap_or_default();
                (place(input, &path, Some(column), &error), format!("`{name}`"))
            }
            Culprit::OfTable(target) => {
                let rows = &dataset.tables()[target.table];
                (None, format!("`{}` of `{}`", rows.columns[target.column].name, rows.name))
            }
        };
        let at = at.or_else(|| input.spans.key(&["operations", &action.name]));
        let nth = ordinal + 1;
        let words = format!("{value} in occurrence {nth} of `{}` cannot be made: {error}", action.name);
        let help = "a template must give a value for every occurrence; `row` counts them from 1";
        Some(Diagnostic::error(Code::TemplateArgument, at, words).help(help))
    })
}

/// Inside the template, where it can be told which of its expressions it was.
fn place(input: &Input<'_>, path: &[&str], column: Option<&Column>, error: &RenderError) -> Option<Span> {
    let own = column.is_some_and(|column| matches!(column.source, Source::Template(_)));
    let range = error.range().filter(|_| own);
    range.and_then(|range| input.spans.inside(path, range, input.sources)).or_else(|| input.at(path))
}
