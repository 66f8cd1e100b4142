//! Warnings about totals that are too small for what they are to show: batches and percentiles.
//!
//! Which warnings a file allows is left to `warnings`.

use super::build::is_about;
use super::target::{SAMPLES_BEYOND, Target, per_mille_beyond};
use super::warnings::Finished;
use super::workload::{BatchSize, Extent, Workload};
use crate::diagnostic::{Code, Diagnostic};
use crate::units::count;

/// Levels with more workers than batches.
pub(super) fn short_batches(plan: &Finished<'_, '_>) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for workload in plan.workloads {
        let (Some(batch), Extent::Total(total)) = (workload.batch, workload.extent) else { continue };
        let BatchSize::Fixed(size) = batch.size else { continue };
        let workers = workload.concurrency.iter().copied().max().unwrap_or(1);
        let batches = total.div_ceil(size.max(1));
        if batches >= u64::from(workers) {
            continue;
        }
        let own = ["workloads", workload.name.as_str(), "batch_size"];
        let at = plan.input.at(&own).or_else(|| plan.input.at(&["batch_size"]));
        let words = format!(
            "{} operations make {} of {}, but a level has {workers} workers",
            count(total),
            if batches == 1 { "1 batch".to_owned() } else { format!("{} batches", count(batches)) },
            count(size)
        );
        let help = format!(
            "write a total of at least {}, a smaller batch, or fewer workers",
            size.saturating_mul(u64::from(workers))
        );
        found.push(Diagnostic::warning(Code::ShortBatches, at, words).help(help));
    }
    found
}

/// Targets on percentiles that are of too few operations in every level that they are about.
pub(super) fn few_samples(plan: &Finished<'_, '_>) -> Vec<Diagnostic> {
    let warn = |target: &Target| {
        let (family, statistic) = target.metric.split_once('.')?;
        let per_mille = per_mille_beyond(statistic)?;
        let about = plan.workloads.iter().filter(|workload| is_about(target, workload, plan.operations));
        let samples: Vec<u64> = about.map(|workload| samples(plan, target, family, workload)).collect();
        let most = samples.iter().max().copied()?;
        let needed = SAMPLES_BEYOND * 1_000 / per_mille;
        if most >= needed {
            return None;
        }
        let words = format!(
            "`{}` needs {} samples, so that {SAMPLES_BEYOND} lie beyond it; this has {} at most",
            target.metric,
            count(needed),
            count(most)
        );
        let help = "write a larger total or more `iterations`, or a lower percentile";
        Some(Diagnostic::warning(Code::FewSamples, target.span, words).help(help))
    };
    plan.targets.iter().filter_map(warn).collect()
}

/// Samples of a level; as many as needed where it lasts for a time.
fn samples(plan: &Finished<'_, '_>, target: &Target, family: &str, workload: &Workload) -> u64 {
    let Extent::Total(total) = workload.extent else { return u64::MAX };
    let of_operation = target.operation.as_ref().and_then(|name| {
        let index = plan.operations.iter().position(|operation| operation.name == *name)?;
        Some(workload.crews.iter().map(|crew| crew.counts[index]).sum::<u64>().min(total))
    });
    let each = of_operation.unwrap_or(total);
    let each = match workload.batch.map(|batch| batch.size) {
        Some(BatchSize::Fixed(size)) if family == "batch" => each.div_ceil(size.max(1)),
        _ => each,
    };
    each.saturating_mul(u64::from(workload.iterations))
}
