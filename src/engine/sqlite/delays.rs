//! How long SQLite's own busy handler sleeps between two attempts at a lock.

/// SQLite's own delays between two attempts at a lock.
const DELAYS_MS: [u32; 12] = [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100];

/// How long to sleep before attempt `count + 1` at a lock, or `None` when `timeout_ms` has been slept.
///
/// The same as `sqliteDefaultBusyCallback`: what counts as time is what was asked for, not what the sleeps took.
pub(super) fn delay_ms(count: u32, timeout_ms: u32) -> Option<u32> {
    let last = DELAYS_MS.len() - 1;
    let index = (count as usize).min(last);
    let beyond = count - index as u32;
    let prior = DELAYS_MS[..index].iter().sum::<u32>().saturating_add(DELAYS_MS[last].saturating_mul(beyond));
    match timeout_ms.saturating_sub(prior).min(DELAYS_MS[index]) {
        0 => None,
        delay => Some(delay),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(timeout_ms: u32) -> Vec<u32> {
        (0..).map_while(|count| delay_ms(count, timeout_ms)).collect()
    }

    #[test]
    fn delays_are_those_of_sqlite_and_sum_up_to_the_time_out() {
        assert!(delays(0).is_empty());
        assert_eq!(delays(1), [1]);
        assert_eq!(delays(2), [1, 1]);
        assert_eq!(delays(10), [1, 2, 5, 2]);
        assert_eq!(delays(330), [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100, 2]);
        assert_eq!(delays(428), [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100, 100]);
        assert_eq!(delays(5000).iter().sum::<u32>(), 5000);
        assert_eq!(delay_ms(u32::MAX, u32::MAX), None);
    }
}
