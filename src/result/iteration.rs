//! One repetition of a level by itself, with each of its operations.

use indexmap::IndexMap;

use super::build::{figures, ms, operations_of, overall, workload};
use super::model::*;
use crate::measure::{LevelMeasurement, OperationMeasurement, VerificationStatus};
use crate::plan::Plan;

/// The figures of one repetition. `position` is its place among all of the run, from 1.
///
/// # Panics
/// If the measurement names a workload that the plan does not have.
pub(super) fn iteration(
    plan: &Plan,
    level: &LevelMeasurement,
    verified: VerificationStatus,
    position: u32,
) -> Iteration {
    let (_, overall) = overall(level);
    Iteration {
        iteration: level.iteration,
        position,
        status: match verified {
            _ if !level.complete => IterationStatus::CutShort,
            VerificationStatus::Failed => IterationStatus::VerificationFailed,
            _ => IterationStatus::Succeeded,
        },
        attempted: overall.count + overall.errors + overall.unknown,
        succeeded: overall.count,
        throughput: overall.throughput,
        payload_bytes_per_second: overall.bytes_per_second,
        duration_ms: ms(level.duration_ns),
        avg_ms: overall.latency_ms.map(|l| l.avg),
        p50_ms: overall.latency_ms.map(|l| l.p50),
        p90_ms: overall.latency_ms.map(|l| l.p90),
        p95_ms: overall.latency_ms.map(|l| l.p95),
        p99_ms: overall.latency_ms.map(|l| l.p99),
        p999_ms: overall.latency_ms.map(|l| l.p999),
        peak_memory_bytes: level.resources.peak_memory_bytes,
        operations: operations(plan, level),
    }
}

/// None where there is but one: its figures are those of all.
fn operations(plan: &Plan, level: &LevelMeasurement) -> IndexMap<String, OperationIteration> {
    let all: Vec<&OperationMeasurement> = operations_of(level, workload(plan, level)).collect();
    if all.len() < 2 {
        return IndexMap::new();
    }
    let one = |one: &OperationMeasurement| {
        let found = figures(&one.succeeded, &one.failed, (one.errors, one.unknown), level.duration_ns);
        let of = OperationIteration {
            attempted: found.count + found.errors + found.unknown,
            succeeded: found.count,
            throughput: found.throughput,
            avg_ms: found.latency_ms.map(|l| l.avg),
            p50_ms: found.latency_ms.map(|l| l.p50),
            p90_ms: found.latency_ms.map(|l| l.p90),
            p95_ms: found.latency_ms.map(|l| l.p95),
            p99_ms: found.latency_ms.map(|l| l.p99),
        };
        (one.name.clone(), of)
    };
    all.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn the_operations_of_an_iteration_come_to_the_whole() {
        let found = iteration(
            &plan(),
            &level(2, &[1_000_000, 3_000_000, 2_000_000], 2),
            VerificationStatus::Verified,
            1,
        );
        let names: Vec<&str> = found.operations.keys().map(String::as_str).collect();
        assert_eq!(names, ["users", "posts"]);
        let all = || found.operations.values();
        assert_eq!(all().map(|one| one.attempted).sum::<u64>(), found.attempted);
        assert_eq!(all().map(|one| one.succeeded).sum::<u64>(), found.succeeded);
        assert!((all().map(|one| one.throughput).sum::<f64>() - found.throughput).abs() < 1e-6);
        let (users, posts) = (found.operations["users"], found.operations["posts"]);
        assert_eq!((users.attempted, users.succeeded, users.avg_ms), (4, 2, Some(1.5)));
        assert_eq!((posts.attempted, posts.succeeded, posts.p99_ms), (1, 1, Some(3.0)));
    }

    #[test]
    fn a_level_of_one_operation_does_not_say_it_twice() {
        let mut plan = plan();
        plan.workloads[0].crews[0].counts = vec![2, 0];
        let found = iteration(&plan, &level(1, &[1_000_000], 0), VerificationStatus::Verified, 1);
        assert!(found.operations.is_empty());
        assert!(serde_json::to_value(&found).unwrap().get("operations").is_none());
    }
}
