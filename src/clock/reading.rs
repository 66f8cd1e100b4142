//! What a reading of the clock is worth: how fine it is, and what it costs.

use super::Clock;

/// Readings that are taken to find out.
const READINGS: u32 = 1_000;

impl Clock {
    /// The least difference above zero between readings that follow each other, in nanoseconds.
    pub fn resolution_ns(&self) -> u64 {
        let mut least = u64::MAX;
        for _ in 0..READINGS {
            let start = self.now();
            let nanos = self.nanos_between(start, self.now());
            if nanos > 0 {
                least = least.min(nanos);
            }
        }
        if least == u64::MAX { 1 } else { least }
    }

    /// What one reading costs, in nanoseconds: the least mean of several series, since whoever is interrupted takes longer.
    pub fn reading_cost_ns(&self) -> f64 {
        let series = (0..10).map(|_| {
            let start = self.now();
            for _ in 1..READINGS {
                std::hint::black_box(self.now());
            }
            self.nanos_between(start, self.now()) as f64 / f64::from(READINGS)
        });
        series.fold(f64::INFINITY, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_has_a_step_and_a_price() {
        let clock = Clock::real();
        assert!(clock.resolution_ns() >= 1);
        assert!(clock.reading_cost_ns() > 0.0 && clock.reading_cost_ns() < 1e6);
    }

    #[test]
    fn readings_of_virtual_time_cost_nothing() {
        assert_eq!(Clock::virtual_time().reading_cost_ns(), 0.0);
    }
}
