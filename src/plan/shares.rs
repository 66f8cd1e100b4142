//! How many rows each table gets of a total: by largest remainder, in the file's order.

/// Splits `total` by `shares` (parts of any sum above 0). A table in `needed` gets at least one row, taken from the largest.
///
/// Returns nothing when the total is too small for that.
pub(super) fn apportion(total: u64, shares: &[f64], needed: &[bool]) -> Option<Vec<u64>> {
    let sum: f64 = shares.iter().sum();
    let exact: Vec<f64> = shares.iter().map(|share| total as f64 * share / sum).collect();
    let mut counts: Vec<u64> = exact.iter().map(|x| x.floor() as u64).collect();
    let rest = total.saturating_sub(counts.iter().sum());
    let mut by_remainder: Vec<usize> = (0..shares.len()).filter(|&t| shares[t] > 0.0).collect();
    // Stable, so that equal remainders go by the file's order.
    by_remainder.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()));
    for &table in by_remainder.iter().cycle().take(usize::try_from(rest).ok()?) {
        counts[table] += 1;
    }
    for table in 0..counts.len() {
        if needed[table] && counts[table] == 0 {
            let largest = (0..counts.len()).rev().max_by_key(|&t| counts[t])?;
            if counts[largest] < 2 {
                return None;
            }
            counts[largest] -= 1;
            counts[table] = 1;
        }
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_mix_splits_exactly() {
        let counts = apportion(100_000, &[10.0, 40.0, 10.0, 30.0, 10.0], &[false; 5]);
        assert_eq!(counts, Some(vec![10_000, 40_000, 10_000, 30_000, 10_000]));
    }

    #[test]
    fn remainders_go_to_the_largest_first_and_then_by_order() {
        assert_eq!(apportion(10, &[1.0, 1.0, 1.0], &[false; 3]), Some(vec![4, 3, 3]));
        assert_eq!(apportion(7, &[3.0, 2.0, 2.0], &[false; 3]), Some(vec![3, 2, 2]));
        assert_eq!(apportion(5, &[0.0, 1.0, 1.0], &[false; 3]), Some(vec![0, 3, 2]));
    }

    #[test]
    fn a_table_that_others_refer_to_gets_a_row() {
        assert_eq!(apportion(3, &[0.0, 1.0], &[true, false]), Some(vec![1, 2]));
        assert_eq!(apportion(1, &[0.0, 1.0], &[true, false]), None);
    }
}
