//! What can be asked of the machine without running anything. What it means is left to `judge`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::clock::Clock;
use crate::machine::{self, FileSystem, Machine};

/// Syncs that are timed.
const SYNCS: u64 = 50;

/// Figures and names; what the system does not tell is absent.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Facts {
    pub(super) folder: PathBuf,
    /// Processes that wanted a processor beside this one, now.
    pub(super) other_load: Option<f64>,
    /// The same over the last minute, this one included.
    pub(super) load_average: Option<f64>,
    /// Share of the last ten seconds in which something waited for a disk.
    pub(super) disk_pressure: Option<f64>,
    /// Share of processor time that the host of a virtual machine gave to others.
    pub(super) stolen_share: Option<f64>,
    pub(super) frequency_governor: Option<String>,
    pub(super) file_system: Option<FileSystem>,
    pub(super) free_bytes: Option<u64>,
    pub(super) available_memory_bytes: Option<u64>,
    /// A write of 4 KiB with `fdatasync`.
    pub(super) sync_ns: Option<Spread>,
    /// Why none could be timed.
    pub(super) sync_error: Option<String>,
    pub(super) clock_resolution_ns: u64,
    pub(super) clock_reading_ns: f64,
    pub(super) clock_source: Option<String>,
    pub(super) open_files_hard_limit: Option<u64>,
    pub(super) debug_build: bool,
    pub(super) machine: Machine,
}

/// How figures are spread, nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Spread {
    pub(super) count: u64,
    pub(super) min: u64,
    pub(super) p50: u64,
    pub(super) p95: u64,
    pub(super) max: u64,
}

impl Spread {
    /// Of figures in ascending order; absent for none.
    pub(super) fn of(sorted: &[u64]) -> Option<Spread> {
        let at = |per_cent: usize| sorted[(sorted.len() * per_cent / 100).min(sorted.len() - 1)];
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        Some(Spread { count: sorted.len() as u64, min, p50: at(50), p95: at(95), max })
    }
}

impl Facts {
    /// Asks the machine about itself and about a folder that exists.
    pub(super) fn gather(folder: &Path) -> Facts {
        // First what others do, before this process does anything that counts as load.
        let (other_load, load_average) = (machine::other_load(), machine::load_average());
        let disk_pressure = machine::disk_pressure();
        let syncs = machine::sync_times_ns(folder, SYNCS);
        let clock = Clock::real();
        Facts {
            folder: folder.canonicalize().unwrap_or_else(|_| folder.to_owned()),
            other_load,
            load_average,
            disk_pressure,
            stolen_share: machine::stolen_share(),
            frequency_governor: machine::frequency_governor(),
            file_system: machine::file_system(folder),
            free_bytes: machine::free_bytes(folder),
            available_memory_bytes: machine::available_memory_bytes(),
            sync_ns: syncs.as_ref().ok().and_then(|times| Spread::of(times)),
            sync_error: syncs.as_ref().err().map(crate::files::reason),
            clock_resolution_ns: clock.resolution_ns(),
            clock_reading_ns: clock.reading_cost_ns(),
            clock_source: machine::clock_source(),
            open_files_hard_limit: machine::open_files().1,
            debug_build: cfg!(debug_assertions),
            machine: Machine::describe(),
        }
    }

    /// Processors that the process may use at once, a control group's share of time included.
    pub(super) fn processors(&self) -> Option<f64> {
        let available = self.machine.cpus_available.map(f64::from);
        [available, self.machine.cpu_limit].into_iter().flatten().reduce(f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_that_of_its_figures() {
        let figures: Vec<u64> = (1..=100).collect();
        let spread = Spread::of(&figures).unwrap();
        assert_eq!((spread.count, spread.min, spread.p50, spread.p95, spread.max), (100, 1, 51, 96, 100));
        assert_eq!(Spread::of(&[7]).map(|spread| (spread.p50, spread.p95)), Some((7, 7)));
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn the_least_limit_of_processors_counts() {
        let mut facts = Facts::default();
        assert_eq!(facts.processors(), None);
        facts.machine.cpus_available = Some(4);
        facts.machine.cpu_limit = Some(1.5);
        assert_eq!(facts.processors(), Some(1.5));
    }

    #[test]
    fn a_folder_is_measured_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let facts = Facts::gather(folder.path());
        assert!(facts.sync_ns.is_some_and(|spread| spread.count == SYNCS), "{:?}", facts.sync_error);
        assert!(facts.file_system.is_some() && facts.free_bytes.is_some());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
