//! What is computed from one level of both sides, for all operations together and for each.

use super::Options;
use super::judge::{Evidence, Rule, Tests, judge};
use super::metric::{ALL, Metric, SAMPLES_BEYOND, SUCCESS_RATE, THROUGHPUT};
use super::model::*;
use super::select::{Pair, Selection, shared};
use crate::result::{Configuration, Iteration, IterationStatus, OperationIteration, RunResult, Status};
use crate::stats;
use crate::template::mix;

/// A level whose p-values are not yet corrected.
pub(super) struct LevelDraft<'a> {
    pair: Pair<'a>,
    pub(super) metrics: Vec<MetricDraft>,
    /// Where there is no metric: what that comes to, and why.
    without: Option<(Verdict, String)>,
    /// Percentiles of all operations together for which an iteration has too few samples.
    pub(super) left_out: Vec<&'static str>,
}

pub(super) struct MetricDraft {
    operation: Option<String>,
    metric: &'static Metric,
    pub(super) evidence: Evidence,
}

/// An operation's share of all operations that differs by less is one and the same: its throughput is that of all together, said again.
const SAME_SHARE: f64 = 0.005;

impl<'a> LevelDraft<'a> {
    pub(super) fn new(pair: Pair<'a>, candidate: &RunResult, options: &Options) -> LevelDraft<'a> {
        let (base, other) = (pair.base.1, pair.candidate.1);
        if let Some(words) = lost_rows(base, other) {
            // How fast it lost them does not matter.
            let without = Some((Verdict::Regressed, words));
            return LevelDraft { pair, metrics: Vec::new(), without, left_out: Vec::new() };
        }
        let doubt = doubt("base", base).or_else(|| doubt("candidate", other));
        let names = base.operations.keys().filter(|name| other.operations.contains_key(*name));
        let operations = std::iter::once(None).chain(names.map(|name| Some(name.as_str())));
        let (mut metrics, mut left_out) = (Vec::new(), Vec::new());
        for (place, operation) in (0u64..).zip(operations) {
            let sides = (figures(base, operation), figures(other, operation));
            let (Some(a), Some(b)) = sides else { continue };
            // A level's only operation is all of them together.
            let asked = |metric: &str| options.names(operation, metric);
            let alone = operation.is_some() && base.operations.len().max(other.operations.len()) == 1;
            let same = operation.is_some() && same_share(base, &a, other, &b);
            let told = |metric: &&'static Metric| {
                let repeated = alone || (same && metric.name == THROUGHPUT);
                asked(metric.name) || (options.wants(operation, metric.name) && !repeated)
            };
            for metric in ALL.iter().filter(told) {
                let few = operation.is_none() && !(enough(&a, metric) && enough(&b, metric));
                if few && !a.is_empty() && !b.is_empty() {
                    left_out.push(metric.name);
                }
                let (a, b) = (values(&a, metric), values(&b, metric));
                // Where nothing ever fails, there is nothing to compare.
                let perfect = metric.name == SUCCESS_RATE && a.iter().chain(&b).all(|share| *share == 1.0);
                if a.is_empty() || b.is_empty() || perfect {
                    continue;
                }
                let seed =
                    mix(pair.base.0 as u64, &[pair.candidate.0 as u64, place, metric.name.len() as u64]);
                let evidence = Evidence::new(a, b, doubt.clone(), seed);
                metrics.push(MetricDraft { operation: operation.map(str::to_owned), metric, evidence });
            }
        }
        let without = metrics.is_empty().then(|| without_metrics(pair, candidate));
        LevelDraft { pair, metrics, without, left_out }
    }

    /// Why it says nothing; absent where it says something.
    pub(super) fn says_nothing(&self) -> Option<&str> {
        match &self.without {
            Some((Verdict::Regressed, _)) | None => None,
            Some((_, reason)) => Some(reason),
        }
    }

    pub(super) fn finish(
        self,
        selection: &Selection,
        corrected: &mut impl Iterator<Item = f64>,
        tests: Tests,
        options: &Options,
    ) -> CaseComparison {
        let pair = self.pair;
        let judged = |draft: MetricDraft| draft.judged(pair, corrected, tests, options);
        let metrics: Vec<MetricComparison> = self.metrics.into_iter().map(judged).collect();
        let worst = metrics.iter().map(|metric| metric.verdict).max();
        let (without, reason) = self.without.unzip();
        let base = pair.base.1;
        CaseComparison {
            workload: base.workload.clone(),
            variant: base.variant.clone(),
            parameters: shared(base, selection).map(|(key, value)| (key.clone(), value.clone())).collect(),
            concurrency: base.concurrency,
            verdict: worst.or(without).unwrap_or(Verdict::Inconclusive),
            reason,
            metrics,
        }
    }
}

impl MetricDraft {
    /// Whether it is of a single operation.
    pub(super) fn is_single(&self) -> bool {
        self.operation.is_some()
    }

    fn judged(
        self,
        pair: Pair<'_>,
        corrected: &mut impl Iterator<Item = f64>,
        tests: Tests,
        options: &Options,
    ) -> MetricComparison {
        let MetricDraft { operation, metric, evidence } = self;
        let threshold = options.threshold_of(operation.as_deref(), metric.name);
        let p_corrected = if evidence.is_test() { corrected.next() } else { None };
        let (tests, alpha) = (tests.all(), tests.alpha(operation.is_some()));
        let judgement =
            judge(&evidence, p_corrected, Rule { better: metric.better, threshold, tests, alpha });
        let median = |values: &[f64]| stats::summary(values, 0).map_or(0.0, |found| found.median);
        let pointer = |index: usize| format!("/configurations/{index}/iterations");
        let interval = evidence.ratio.and_then(|ratio| ratio.interval);
        MetricComparison {
            operation,
            metric: metric.name.to_owned(),
            unit: metric.unit.to_owned(),
            better: metric.better,
            base: median(&evidence.base),
            candidate: median(&evidence.candidate),
            base_iterations: evidence.base.len() as u64,
            candidate_iterations: evidence.candidate.len() as u64,
            base_pointer: pointer(pair.base.0),
            candidate_pointer: pointer(pair.candidate.0),
            ratio: evidence.ratio.map(|ratio| ratio.ratio),
            low: interval.map(|interval| interval.0),
            high: interval.map(|interval| interval.1),
            p: evidence.p,
            p_corrected,
            noise: evidence.noise.map(f64::exp_m1),
            threshold,
            verdict: judgement.verdict,
            reason: judgement.reason,
            iterations_to_decide: judgement.iterations_to_decide,
        }
    }
}

/// Iterations that succeeded, in the order in which they ran.
fn good(level: &Configuration) -> Vec<&Iteration> {
    let mut good: Vec<&Iteration> = level.succeeded_iterations().collect();
    good.sort_by_key(|one| one.position);
    good
}

/// Figures of each iteration: of all operations, or of one. Absent where an iteration does not have them, as in results of earlier runners.
fn figures(level: &Configuration, operation: Option<&str>) -> Option<Vec<OperationIteration>> {
    let one = |iteration: &Iteration| match operation {
        None => Some(OperationIteration::from(iteration)),
        // A level's only operation does not stand by itself.
        Some(_) if iteration.operations.is_empty() && level.operations.len() == 1 => {
            Some(OperationIteration::from(iteration))
        }
        Some(name) => iteration.operations.get(name).copied(),
    };
    good(level).into_iter().map(one).collect()
}

/// A metric of each iteration; none where one of them does not have it, or too few samples for it.
fn values(figures: &[OperationIteration], metric: &Metric) -> Vec<f64> {
    if !enough(figures, metric) {
        return Vec::new();
    }
    figures.iter().map(metric.of).collect::<Option<Vec<f64>>>().unwrap_or_default()
}

/// Whether every iteration has the samples that a percentile wants.
fn enough(figures: &[OperationIteration], metric: &Metric) -> bool {
    metric.beyond.is_none_or(|share| figures.iter().all(|one| one.succeeded as f64 * share >= SAMPLES_BEYOND))
}

/// Iterations of the candidate whose rows were not what was acknowledged, where the base has none: that is worse, whatever else it is.
fn lost_rows(base: &Configuration, candidate: &Configuration) -> Option<String> {
    let of = |level: &Configuration| {
        level.iterations.iter().filter(|one| one.status == IterationStatus::VerificationFailed).count()
    };
    let (lost, all) = (of(candidate), candidate.iterations.len());
    (lost > 0 && of(base) == 0).then(|| {
        format!("in {lost} of {all} iterations of the candidate the database did not hold what it had acknowledged.")
    })
}

/// Whether an operation has the same share of all that were acknowledged in every iteration of both sides, as in a mix of which nothing fails.
fn same_share(
    base: &Configuration,
    a: &[OperationIteration],
    other: &Configuration,
    b: &[OperationIteration],
) -> bool {
    let shares = |level: &Configuration, of: &[OperationIteration]| -> Vec<f64> {
        let all = good(level);
        all.iter().zip(of).map(|(all, one)| one.succeeded as f64 / all.succeeded as f64).collect()
    };
    let shares = [shares(base, a), shares(other, b)].concat();
    let (least, most) = (shares.iter().copied().reduce(f64::min), shares.iter().copied().reduce(f64::max));
    least.zip(most).is_some_and(|(least, most)| most <= least * (1.0 + SAME_SHARE))
}

const NO_METRIC: &str = "no metric that was asked for has figures on both sides: a percentile wants ten samples of each iteration beyond it, an \
                         operation of several a result that keeps operations by iteration.";

/// What a level without metrics comes to. A candidate that cannot do what the base does is worse, not merely unknown.
fn without_metrics(pair: Pair<'_>, candidate: &RunResult) -> (Verdict, String) {
    let none = |level: &Configuration| good(level).is_empty();
    let (base, other) = (pair.base.1, pair.candidate.1);
    let why = |level: &Configuration| {
        let reason = level.failures.first().map(|failure| format!(": {}", failure.reason));
        reason.unwrap_or_else(|| ".".to_owned())
    };
    if none(base) {
        (Verdict::Inconclusive, format!("no iteration of the base succeeded{}", why(base)))
    } else if none(other) {
        let ended = candidate.status == Status::Completed || other.iterations_failed > 0;
        let stopped = matches!(candidate.status, Status::Interrupted | Status::Running);
        let verdict = if ended && !stopped { Verdict::Regressed } else { Verdict::Inconclusive };
        (verdict, format!("no iteration of the candidate succeeded{}", why(other)))
    } else {
        (Verdict::Inconclusive, NO_METRIC.to_owned())
    }
}

/// Code of the doubt in figures whose operations were delayed on purpose.
const DELAYED_ON_PURPOSE: &str = "test-delay";

/// Why the figures of a level decide nothing.
fn doubt(side: &str, level: &Configuration) -> Option<String> {
    // A delay on purpose makes figures that are no database's; but it is how a gate is shown to be able to fail.
    let mut doubts = level.validity.doubts.iter().filter(|doubt| doubt.code != DELAYED_ON_PURPOSE);
    let why = doubts.find(|doubt| doubt.invalidating)?;
    Some(format!("the {side} decides nothing: {}", why.sentence))
}
