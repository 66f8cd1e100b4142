//! One worker's notes while a level runs. No lock is taken but once a second, and none of it between an operation's two clock readings.

use super::series::{SecondNotes, TimeSeries};
use super::{
    ErrorMeasurement, Latencies, OperationMeasurement, SecondMeasurement, SlowOperation, WorkerMeasurement,
};

const SLOWEST: usize = 10;
const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// One finished operation.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Index into the plan's operations.
    pub operation: usize,
    /// Row of the dataset, from 1.
    pub row: u64,
    /// From its start to its end.
    pub latency_ns: u64,
    /// Its end, since the barrier.
    pub end_ns: u64,
}

/// Operations done before measuring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct WarmUpNotes {
    attempted: u64,
    succeeded: u64,
}

#[derive(Clone, Debug, Default)]
struct OperationNotes {
    succeeded: Latencies,
    failed: Latencies,
    errors: u64,
    unknown: u64,
    payload_bytes: u64,
}

/// One worker's notes.
#[derive(Debug)]
pub struct Recorder<'a> {
    worker: usize,
    operations: Vec<OperationNotes>,
    errors: Vec<ErrorMeasurement>,
    unknown: Vec<ErrorMeasurement>,
    slowest: Vec<SlowOperation>,
    slow_floor_ns: u64,
    longest_ns: u64,
    second: u64,
    second_ends_ns: u64,
    notes: SecondNotes,
    service: Latencies,
    warm_up: WarmUpNotes,
    series: &'a TimeSeries,
}

impl<'a> Recorder<'a> {
    /// Notes of worker `worker` for a plan of so many operations.
    pub fn new(worker: usize, operations: usize, series: &'a TimeSeries) -> Self {
        Recorder {
            worker,
            operations: vec![OperationNotes::default(); operations],
            errors: Vec::new(),
            unknown: Vec::new(),
            slowest: Vec::with_capacity(SLOWEST + 1),
            slow_floor_ns: 0,
            longest_ns: 0,
            second: 0,
            second_ends_ns: NANOS_PER_SECOND,
            notes: SecondNotes::default(),
            service: Latencies::default(),
            warm_up: WarmUpNotes::default(),
            series,
        }
    }

    /// Notes an acknowledged operation.
    #[inline]
    pub fn success(&mut self, sample: Sample) {
        self.move_to(sample.end_ns);
        self.operations[sample.operation].succeeded.record(sample.latency_ns);
        self.notes.count += 1;
        self.notes.latencies.record(sample.latency_ns);
        if sample.latency_ns > self.slow_floor_ns {
            self.note_slow(sample);
        }
    }

    /// Notes `count` acknowledged operations of one kind with a latency in common: those of a batch.
    pub fn success_n(&mut self, sample: Sample, count: u64) {
        self.move_to(sample.end_ns);
        self.operations[sample.operation].succeeded.record_n(sample.latency_ns, count);
        self.notes.count += count;
        self.notes.latencies.record_n(sample.latency_ns, count);
        if sample.latency_ns > self.slow_floor_ns {
            self.note_slow(sample);
        }
    }

    /// Notes bytes of values that acknowledged operations of one kind wrote, or read.
    pub fn payload(&mut self, operation: usize, bytes: u64) {
        self.operations[operation].payload_bytes += bytes;
    }

    /// Notes the service time of an acknowledged operation, beside its latency from the intended start.
    pub fn service(&mut self, service_ns: u64) {
        self.service.record(service_ns);
    }

    /// Counts an operation that was done before measuring; nothing else of it is kept.
    pub fn warm_up(&mut self, succeeded: bool) {
        self.warm_up.attempted += 1;
        self.warm_up.succeeded += u64::from(succeeded);
    }

    /// Notes a failed operation that was sent.
    pub fn failure(&mut self, sample: Sample, code: &'static str, message: &str) {
        self.operations[sample.operation].failed.record(sample.latency_ns);
        if sample.latency_ns > self.slow_floor_ns {
            self.note_slow(sample);
        }
        self.count_error(sample.operation, sample.end_ns, code, message);
    }

    /// Notes an operation that was not sent because what it refers to is not there.
    pub fn not_sent(&mut self, operation: usize, end_ns: u64, code: &'static str, message: &str) {
        self.count_error(operation, end_ns, code, message);
    }

    fn count_error(&mut self, operation: usize, end_ns: u64, code: &'static str, message: &str) {
        self.move_to(end_ns);
        self.operations[operation].errors += 1;
        self.notes.errors += 1;
        count_kind(&mut self.errors, operation, code, message);
    }

    /// Counts an operation whose answer was lost. How long it took is not known, so that it is in no latency.
    pub fn unknown(&mut self, operation: usize, end_ns: u64, code: &'static str, message: &str) {
        self.move_to(end_ns);
        self.operations[operation].unknown += 1;
        self.notes.unknown += 1;
        count_kind(&mut self.unknown, operation, code, message);
    }

    #[inline]
    fn move_to(&mut self, end_ns: u64) {
        if end_ns >= self.second_ends_ns {
            self.flush();
            self.second = end_ns / NANOS_PER_SECOND;
            self.second_ends_ns = (self.second + 1) * NANOS_PER_SECOND;
        }
    }

    fn flush(&mut self) {
        if self.notes.count + self.notes.errors + self.notes.unknown > 0 {
            self.series.add(self.second, &self.notes);
            self.notes = SecondNotes::default();
        }
    }

    #[cold]
    fn note_slow(&mut self, sample: Sample) {
        self.longest_ns = self.longest_ns.max(sample.latency_ns);
        self.slowest.push(SlowOperation {
            latency_ns: sample.latency_ns,
            worker: self.worker,
            operation: sample.operation,
            row: sample.row,
            second: sample.end_ns / NANOS_PER_SECOND,
        });
        keep_slowest(&mut self.slowest);
        if self.slowest.len() == SLOWEST {
            self.slow_floor_ns = self.slowest[SLOWEST - 1].latency_ns;
        }
    }
}

/// Counts one more of an operation's kind of failure, or of lost answers; the first one's words are kept.
fn count_kind(kinds: &mut Vec<ErrorMeasurement>, operation: usize, code: &'static str, message: &str) {
    match kinds.iter_mut().find(|kind| kind.operation == operation && kind.code == code) {
        Some(known) => known.count += 1,
        None => {
            let sample = message.to_owned();
            kinds.push(ErrorMeasurement { operation, code: code.into(), count: 1, sample });
        }
    }
}

/// Adds up what the workers counted by kind.
fn merge_kinds(all: &mut Vec<ErrorMeasurement>, own: Vec<ErrorMeasurement>) {
    for kind in own {
        match all.iter_mut().find(|known| known.operation == kind.operation && known.code == kind.code) {
            Some(known) => known.count += kind.count,
            None => all.push(kind),
        }
    }
}

fn keep_slowest(slowest: &mut Vec<SlowOperation>) {
    slowest.sort_by_key(|s| (std::cmp::Reverse(s.latency_ns), s.worker, s.row));
    slowest.truncate(SLOWEST);
}

/// What the recorders of a level come to together.
#[derive(Debug)]
pub struct Merged {
    /// One for each operation of the plan.
    pub operations: Vec<OperationMeasurement>,
    /// One for each second.
    pub time_series: Vec<SecondMeasurement>,
    /// One for each worker.
    pub workers: Vec<WorkerMeasurement>,
    /// Slowest first.
    pub slowest: Vec<SlowOperation>,
    /// By operation and code, in the plan's order, most frequent first.
    pub errors: Vec<ErrorMeasurement>,
    /// Lost answers, in the same order.
    pub unknown: Vec<ErrorMeasurement>,
    /// Service times, where there are intended starts.
    pub service: Latencies,
    /// Operations done before measuring, and how many of them were acknowledged.
    pub warm_up: (u64, u64),
}

/// What each worker brings back, without the reference to the shared series.
#[derive(Debug)]
pub struct Notes {
    operations: Vec<OperationNotes>,
    errors: Vec<ErrorMeasurement>,
    unknown: Vec<ErrorMeasurement>,
    slowest: Vec<SlowOperation>,
    longest_ns: u64,
    service: Latencies,
    warm_up: WarmUpNotes,
}

impl Recorder<'_> {
    /// Ends the notes: the last second joins the series.
    pub fn finish(mut self) -> Notes {
        self.flush();
        Notes {
            operations: self.operations,
            errors: self.errors,
            unknown: self.unknown,
            slowest: self.slowest,
            longest_ns: self.longest_ns,
            service: self.service,
            warm_up: self.warm_up,
        }
    }
}

/// Puts the workers' notes together, and empties the series; `names` are the plan's operations.
pub fn merge(notes: Vec<Notes>, series: &TimeSeries, names: &[String]) -> Merged {
    let mut operations: Vec<_> = names
        .iter()
        .map(|name| OperationMeasurement { name: name.clone(), ..OperationMeasurement::default() })
        .collect();
    let (mut workers, mut slowest) = (Vec::new(), Vec::new());
    let (mut errors, mut unknown) = (Vec::new(), Vec::new());
    let (mut service, mut warm_up) = (Latencies::default(), (0, 0));
    for worker in notes {
        service.merge(&worker.service);
        warm_up = (warm_up.0 + worker.warm_up.attempted, warm_up.1 + worker.warm_up.succeeded);
        let mut total = WorkerMeasurement { longest_ns: worker.longest_ns, ..Default::default() };
        for (all, own) in operations.iter_mut().zip(&worker.operations) {
            all.succeeded.merge(&own.succeeded);
            all.failed.merge(&own.failed);
            all.errors += own.errors;
            all.unknown += own.unknown;
            all.payload_bytes += own.payload_bytes;
            total.succeeded += own.succeeded.count();
            total.attempted += own.succeeded.count() + own.errors + own.unknown;
        }
        workers.push(total);
        slowest.extend(worker.slowest);
        merge_kinds(&mut errors, worker.errors);
        merge_kinds(&mut unknown, worker.unknown);
    }
    keep_slowest(&mut slowest);
    for kinds in [&mut errors, &mut unknown] {
        kinds.sort_by_key(|e| (e.operation, std::cmp::Reverse(e.count)));
    }
    Merged { operations, time_series: series.take(), workers, slowest, errors, unknown, service, warm_up }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(latency_ns: u64, end_ns: u64) -> Sample {
        Sample { operation: 0, row: 1, latency_ns, end_ns }
    }

    #[test]
    fn series_and_workers_sum_to_what_was_attempted() {
        let series = TimeSeries::default();
        let mut notes = Vec::new();
        for worker in 0..3 {
            let mut recorder = Recorder::new(worker, 1, &series);
            for i in 0..100 {
                recorder.success(sample(1_000 + i, i * 50_000_000));
            }
            recorder.failure(sample(9_000_000, 6_000_000_000), "SQLITE_BUSY", "database is locked");
            recorder.not_sent(0, 6_100_000_000, "parent_missing", "users 3 was refused");
            notes.push(recorder.finish());
        }
        let merged = merge(notes, &series, &["t".to_owned()]);
        assert_eq!(merged.workers.iter().map(|w| w.attempted).sum::<u64>(), 306);
        assert_eq!(merged.time_series.iter().map(|s| s.operations + s.errors).sum::<u64>(), 306);
        assert_eq!(merged.time_series.len(), 7);
        assert_eq!(merged.time_series[5].p50_ns, None);
        assert_eq!(merged.errors.iter().map(|e| e.count).sum::<u64>(), 6);
        assert_eq!(merged.operations[0].failed.count(), 3);
    }

    #[test]
    fn a_lost_answer_is_attempted_and_neither_a_success_nor_an_error() {
        let series = TimeSeries::default();
        let mut recorder = Recorder::new(0, 1, &series);
        recorder.success(sample(1_000, 1_000));
        recorder.unknown(0, 2_500_000_000, "08006", "the connection was closed");
        recorder.unknown(0, 2_600_000_000, "08006", "the connection was closed again");
        let merged = merge(vec![recorder.finish()], &series, &["t".to_owned()]);
        assert_eq!((merged.workers[0].attempted, merged.workers[0].succeeded), (3, 1));
        let all = &merged.operations[0];
        assert_eq!((all.unknown, all.errors, all.failed.count(), all.succeeded.count()), (2, 0, 0, 1));
        let seconds: Vec<(u64, u64, u64)> =
            merged.time_series.iter().map(|s| (s.operations, s.errors, s.unknown)).collect();
        assert_eq!(seconds, [(1, 0, 0), (0, 0, 0), (0, 0, 2)]);
        assert_eq!(
            (merged.unknown[0].count, merged.unknown[0].sample.as_str()),
            (2, "the connection was closed")
        );
        assert!(merged.errors.is_empty() && merged.slowest.len() == 1);
    }

    #[test]
    fn the_ten_slowest_are_kept_with_their_place() {
        let series = TimeSeries::default();
        let mut recorder = Recorder::new(7, 1, &series);
        (1..=50).for_each(|i| recorder.success(sample(i * 10, i)));
        let merged = merge(vec![recorder.finish()], &series, &["t".to_owned()]);
        let latencies: Vec<_> = merged.slowest.iter().map(|s| s.latency_ns).collect();
        assert_eq!(latencies, (41..=50).rev().map(|i| i * 10).collect::<Vec<_>>());
        assert_eq!(merged.slowest[0].worker, 7);
        assert_eq!(merged.workers[0].longest_ns, 500);
    }
}
