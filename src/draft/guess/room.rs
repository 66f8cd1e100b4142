//! How many different values to expect, and how many to ask for.

/// Different values of `draws` from `size` that are all alike.
pub(super) fn different(size: f64, draws: f64) -> f64 {
    if size <= 0.0 { 0.0 } else { size * -(-draws / size).exp_m1() }
}

/// Parents referred to by `rows` rows that each draw one of those there, while both tables grow in proportion: a parent is there for all that
/// come after it, and the chance that none takes it is its place among the parents to the power of rows per parent.
pub(super) fn referred(parents: f64, rows: f64) -> f64 {
    if parents + rows <= 0.0 { 0.0 } else { parents * rows / (parents + rows) }
}

/// Where between `low` and `high` a growing function comes to `wanted`; an end where it does not.
pub(super) fn solve(low: f64, high: f64, wanted: f64, of: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (low, high.max(low));
    if of(high) <= wanted {
        return high;
    }
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if of(middle) < wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// Mean number of digits of the whole numbers from `least` to `greatest`, 1 or more.
pub(super) fn mean_digits(least: f64, greatest: f64) -> f64 {
    let (least, greatest) = (least.max(1.0), greatest.max(1.0));
    let count = greatest - least + 1.0;
    let mut sum = 0.0;
    let (mut digits, mut from) = (1.0, 1.0f64);
    while from <= greatest {
        let to = from * 10.0 - 1.0;
        let within = to.min(greatest) - from.max(least) + 1.0;
        sum += digits * within.max(0.0);
        (digits, from) = (digits + 1.0, from * 10.0);
    }
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_meet_what_is_known() {
        assert!((different(365.0, 23.0) - 22.3).abs() < 0.1);
        assert!((referred(100.0, 100.0) - 50.0).abs() < 1e-9);
        assert!((mean_digits(1.0, 99.0) - 189.0 / 99.0).abs() < 1e-9);
        assert!((mean_digits(1000.0, 9999.0) - 4.0).abs() < 1e-9);
    }

    #[test]
    fn solutions_are_found_or_the_end_is_taken() {
        assert!((solve(0.0, 100.0, 9.0, |x| x * x) - 3.0).abs() < 1e-6);
        assert_eq!(solve(0.0, 2.0, 9.0, |x| x * x), 2.0);
    }
}
