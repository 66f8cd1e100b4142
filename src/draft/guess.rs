//! The generator of each column.

use super::{Guess, SourceTable, TableProfile};

/// One for each column of the table.
pub fn guess(
    table: &SourceTable,
    _: &TableProfile,
    _: &[(SourceTable, TableProfile)],
    _: bool,
) -> Vec<Guess> {
    let of = |(index, column): (usize, &super::SourceColumn)| {
        let keys = table.foreign_keys.iter();
        let reference = keys
            .filter_map(|key| Some((key, key.columns.iter().position(|&c| c == index)?)))
            .map(|(key, place)| {
                format!("{{{{ ref({}) }}}}", super::plain::text(&format!("{}.{}", key.table, key.to[place])))
            })
            .next();
        let left_out = column.generated || table.rowid_alias && table.primary_key == [index];
        let unique = table.unique.iter().any(|group| group.contains(&index));
        let value =
            (!left_out).then(|| reference.unwrap_or_else(|| super::plain::plain(table, column, unique)));
        Guess { value, note: String::new() }
    };
    table.columns.iter().enumerate().map(of).collect()
}
