//! How far apart two profiles are: that of a database and that of what a draft made of it.

use super::{ColumnProfile, TableProfile};

/// What may differ: a tenth.
const TOLERANCE: f64 = 0.1;

/// What differs by more than a tenth between a table and its likeness, one line each: rows, and for each column the type that most values have, the
/// share of NULL, the mean length, and the number of distinct values. A difference of one row or one value is none.
pub fn difference(source: &TableProfile, made: &TableProfile) -> Vec<String> {
    let mut told = Vec::new();
    if apart(source.rows as f64, made.rows as f64, 1.0) {
        told.push(format!("rows: {} and {}", source.rows, made.rows));
    }
    for (index, (source_column, made_column)) in source.columns.iter().zip(&made.columns).enumerate() {
        told.extend(
            column(source_column, made_column, source.seen, made.seen)
                .into_iter()
                .map(|words| format!("column {}: {words}", index + 1)),
        );
    }
    told
}

fn apart(source: f64, made: f64, least: f64) -> bool {
    let gap = (source - made).abs();
    // Shares of rows are not exact.
    gap > least * (1.0 + 1e-9) && gap > source * TOLERANCE
}

/// The storage class that most values have.
fn class(column: &ColumnProfile) -> &'static str {
    let classes = [
        (column.integers, "integer"),
        (column.reals, "real"),
        (column.texts, "text"),
        (column.blobs, "blob"),
    ];
    classes
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .max_by_key(|(count, _)| *count)
        .map_or("null", |(_, name)| name)
}

fn column(source: &ColumnProfile, made: &ColumnProfile, source_rows: u64, made_rows: u64) -> Vec<String> {
    let mut told = Vec::new();
    if class(source) != class(made) {
        told.push(format!("type {} and {}", class(source), class(made)));
    }
    let share = |column: &ColumnProfile, rows: u64| column.nulls as f64 / rows.max(1) as f64;
    let (nulls, made_nulls) = (share(source, source_rows), share(made, made_rows));
    if apart(nulls, made_nulls, 1.0 / source_rows.max(1) as f64) {
        told.push(format!("null share {nulls:.3} and {made_nulls:.3}"));
    }
    let (length, made_length) = (source.length.mean, made.length.mean);
    if apart(length, made_length, 0.0) {
        told.push(format!("mean length {length:.2} and {made_length:.2}"));
    }
    if apart(source.distinct as f64, made.distinct as f64, 1.0) {
        told.push(format!("distinct {} and {}", source.distinct, made.distinct));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Lengths;

    fn profile(texts: u64, nulls: u64, distinct: u64, mean: f64) -> TableProfile {
        let length = Lengths { min: 1, max: 9, mean };
        let column = ColumnProfile { texts, nulls, distinct, length, ..ColumnProfile::default() };
        let rows = texts + nulls;
        TableProfile { rows, seen: rows, columns: vec![column], ..TableProfile::default() }
    }

    #[test]
    fn what_is_within_a_tenth_is_alike() {
        let source = profile(900, 100, 500, 5.0);
        assert_eq!(difference(&source, &profile(891, 109, 540, 5.4)), Vec::<String>::new());
    }

    #[test]
    fn each_thing_that_differs_is_told() {
        let source = profile(900, 100, 500, 5.0);
        let mut other = profile(700, 0, 400, 6.0);
        (other.columns[0].texts, other.columns[0].integers) = (0, 700);
        let told = difference(&source, &other);
        for word in ["rows", "type text and integer", "null share", "mean length", "distinct 500 and 400"] {
            assert!(told.iter().any(|line| line.contains(word)), "{word}: {told:?}");
        }
    }
}
