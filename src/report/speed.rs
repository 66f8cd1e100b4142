//! Which figure tells how fast the levels of a workload are, and how it is printed.

use super::columns::{payload, rate_header, throughput};
use crate::result::{Configuration, Summary};
use crate::units::rate;

/// How fast, in one unit for all levels of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speed {
    /// Acknowledged operations per second.
    Operations {
        /// All of them write.
        writes: bool,
    },
    /// In an open loop, operations per second that came to an end: it can reach what was asked for and no more.
    Achieved,
    /// Bytes of values per second: operations of different sizes are not alike, their bytes are.
    Payload,
}

impl Speed {
    /// That of these levels.
    pub(super) fn of(levels: &[&Configuration]) -> Speed {
        let measured = || levels.iter().filter(|level| throughput(level).is_some());
        if levels.iter().any(|level| level.arrivals.is_some()) {
            Speed::Achieved
        } else if measured().next().is_some() && measured().all(|level| payload(level).is_some()) {
            Speed::Payload
        } else {
            Speed::Operations { writes: levels.iter().all(|level| level.metrics.is_some()) }
        }
    }

    /// Of a level: the iterations' median where there are several. Absent where none has figures.
    pub(super) fn at(self, level: &Configuration) -> Option<f64> {
        match self {
            Speed::Operations { .. } => throughput(level),
            Speed::Achieved => level.arrivals.as_ref().map(|arrivals| arrivals.achieved_rate),
            Speed::Payload => payload(level),
        }
    }

    /// Over a level's iterations; absent for fewer than two, and in an open loop.
    pub(super) fn summary(self, level: &Configuration) -> Option<Summary> {
        let found = level.statistics.as_ref()?;
        match self {
            Speed::Operations { .. } => Some(found.throughput),
            Speed::Achieved => None,
            Speed::Payload => found.payload_bytes_per_second,
        }
    }

    /// One value for each iteration that succeeded.
    pub(super) fn values(self, level: &Configuration) -> Vec<f64> {
        let succeeded = level.succeeded_iterations();
        match self {
            Speed::Payload => succeeded.filter_map(|one| one.payload_bytes_per_second).collect(),
            _ => succeeded.map(|one| one.throughput).collect(),
        }
    }

    /// The unit: above a column, or behind a number.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Speed::Operations { writes } => rate_header(writes),
            Speed::Achieved => "achieved/s",
            Speed::Payload => "MB/s",
        }
    }

    /// Without its unit.
    pub(super) fn number(self, value: f64) -> String {
        rate(if self == Speed::Payload { value / 1e6 } else { value })
    }

    /// `2,400 writes/s`, `83.1 MB/s`, `499/s`.
    pub(super) fn words(self, value: f64) -> String {
        match self {
            Speed::Achieved => format!("{}/s", self.number(value)),
            _ => format!("{} {}", self.number(value), self.unit()),
        }
    }
}
