//! Which levels and metrics of two sets of results belong together, and what is computed from each pair.

use indexmap::IndexMap;

use super::judge::{ALPHA, Evidence, Rule, judge};
use super::metric::{ALL, Metric, SAMPLES_BEYOND};
use super::model::*;
use crate::result::{Configuration, Iteration, IterationStatus, RunResult};
use crate::stats;
use crate::template::mix;

/// How to compare.
#[derive(Clone, Debug)]
pub struct Options {
    /// A difference that matters, as a share.
    pub threshold: f64,
    /// The same for single metrics.
    pub thresholds: IndexMap<String, f64>,
    /// Only these metrics; all where it is empty.
    pub metrics: Vec<String>,
    /// Compare also what should not be.
    pub anyway: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { threshold: 0.05, thresholds: IndexMap::new(), metrics: Vec::new(), anyway: false }
    }
}

/// A stored result and its file.
#[derive(Clone, Debug)]
pub struct Source {
    /// As it is told.
    pub path: String,
    /// What it holds.
    pub result: RunResult,
}

/// Why two sets of results are not compared.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Incomparable {
    /// No scenario is in both.
    #[error("the two have no scenario in common: base has {base}; candidate has {candidate}")]
    NothingInCommon {
        /// Names of the base's.
        base: String,
        /// Names of the candidate's.
        candidate: String,
    },
    /// They were measured under other circumstances, or do other work.
    #[error("{scenario} cannot be compared: {}", words(differences))]
    Differs {
        /// Name of the scenario.
        scenario: String,
        /// What they do not share.
        differences: Vec<Difference>,
    },
}

fn words(differences: &[Difference]) -> String {
    let each = differences.iter().map(|difference| {
        let side = |value: &Option<String>| value.as_deref().map_or_else(|| "nothing".to_owned(), shortened);
        format!(
            "{} is {} in the base and {} in the candidate",
            difference.name,
            side(&difference.base),
            side(&difference.candidate)
        )
    });
    each.collect::<Vec<_>>().join("; ")
}

/// Digests and long lists, by their beginning.
fn shortened(value: &str) -> String {
    let start: String = value.chars().take(60).collect();
    if start.len() < value.len() { format!("{start}…") } else { start }
}

/// Compares all scenarios that both sides have.
///
/// # Errors
/// When there is none, or when one should not be compared and `options` do not say to go on.
pub fn compare(base: &[Source], candidate: &[Source], options: &Options) -> Result<Comparison, Incomparable> {
    let of = |sources: &[Source], name: &str| sources.iter().position(|s| s.result.configuration_id == name);
    let mut drafts = Vec::new();
    for one in base {
        let Some(other) = of(candidate, &one.result.configuration_id) else { continue };
        drafts.push(Draft::new(one, &candidate[other], options)?);
    }
    let names = |sources: &[Source]| {
        sources.iter().map(|source| source.result.configuration_id.clone()).collect::<Vec<String>>()
    };
    let (base_names, candidate_names) = (names(base), names(candidate));
    if drafts.is_empty() {
        let (base, candidate) = (base_names.join(", "), candidate_names.join(", "));
        return Err(Incomparable::NothingInCommon { base, candidate });
    }
    let all = || drafts.iter().flat_map(|draft| &draft.cases).flat_map(|case| &case.metrics);
    let p: Vec<f64> = all().filter(|(_, e)| e.is_test()).filter_map(|(_, e)| e.p).collect();
    let mut corrected = stats::holm(&p).into_iter();
    let tests = p.len();
    let scenarios: Vec<ScenarioComparison> =
        drafts.into_iter().map(|draft| draft.finish(&mut corrected, tests, options)).collect();
    let verdicts = scenarios.iter().flat_map(|scenario| &scenario.cases).map(|case| case.verdict);
    Ok(Comparison {
        schema_version: COMPARISON_VERSION,
        verdict: verdicts.max().unwrap_or(Verdict::Inconclusive),
        alpha: ALPHA,
        tests: tests as u64,
        scenarios,
        only_base: missing(&base_names, &candidate_names),
        only_candidate: missing(&candidate_names, &base_names),
    })
}

fn missing(from: &[String], others: &[String]) -> Vec<String> {
    from.iter().filter(|name| !others.contains(name)).cloned().collect()
}

/// A scenario whose p-values are not yet corrected.
struct Draft<'a> {
    base: &'a Source,
    candidate: &'a Source,
    differences: Vec<Difference>,
    cases: Vec<CaseDraft<'a>>,
}

struct CaseDraft<'a> {
    base: (usize, &'a Configuration),
    candidate: (usize, &'a Configuration),
    metrics: Vec<(&'static Metric, Evidence)>,
}

impl<'a> Draft<'a> {
    fn new(base: &'a Source, candidate: &'a Source, options: &Options) -> Result<Draft<'a>, Incomparable> {
        let comparability = |source: &'a Source| &source.result.environment.comparability;
        let mut differences = differing(comparability(base), comparability(candidate));
        differences.extend(of_cases(&base.result, &candidate.result));
        if !differences.is_empty() && !options.anyway {
            let scenario = base.result.configuration_id.clone();
            return Err(Incomparable::Differs { scenario, differences });
        }
        let levels = &candidate.result.configurations;
        let pair = |(index, level): (usize, &'a Configuration)| {
            let other = levels.iter().position(|other| level.is_same_level(other))?;
            Some(CaseDraft::new((index, level), (other, &levels[other]), options))
        };
        let cases = base.result.configurations.iter().enumerate().filter_map(pair).collect();
        Ok(Draft { base, candidate, differences, cases })
    }

    fn finish(
        self,
        corrected: &mut impl Iterator<Item = f64>,
        tests: usize,
        options: &Options,
    ) -> ScenarioComparison {
        let (base, candidate) = (&self.base.result, &self.candidate.result);
        let lonely = |from: &RunResult, other: &RunResult| -> Vec<String> {
            let levels = from.configurations.iter();
            let alone = levels.filter(|level| !other.configurations.iter().any(|o| level.is_same_level(o)));
            alone.map(|level| format!("{}, {} workers", level.case_or_base(), level.concurrency)).collect()
        };
        ScenarioComparison {
            configuration_id: base.configuration_id.clone(),
            base: side(self.base),
            candidate: side(self.candidate),
            differences: self.differences,
            settings: differing(&base.engine.settings, &candidate.engine.settings),
            only_base: lonely(base, candidate),
            only_candidate: lonely(candidate, base),
            cases: self.cases.into_iter().map(|case| case.finish(corrected, tests, options)).collect(),
        }
    }
}

fn side(source: &Source) -> Side {
    Side {
        path: source.path.clone(),
        timestamp: source.result.timestamp.clone(),
        commit: source.result.environment.runner.commit.clone(),
    }
}

/// Engine and durability of cases that have their own: what the results as a whole share says nothing of them.
fn of_cases(base: &RunResult, candidate: &RunResult) -> Vec<Difference> {
    let engine = |result: &RunResult, level: &Configuration| {
        level.engine.as_ref().map_or_else(|| result.engine.name.clone(), |engine| engine.name.clone())
    };
    let durability = |result: &RunResult, level: &Configuration| {
        level.durability.or(result.engine.durability).map(|class| class.as_str().to_owned())
    };
    let mut found: Vec<Difference> = Vec::new();
    for level in &base.configurations {
        let Some(other) = candidate.configurations.iter().find(|other| level.is_same_level(other)) else {
            continue;
        };
        let pairs = [
            ("engine", Some(engine(base, level)), Some(engine(candidate, other))),
            ("durability", durability(base, level), durability(candidate, other)),
        ];
        for (what, base, candidate) in pairs.into_iter().filter(|(_, base, candidate)| base != candidate) {
            let difference =
                Difference { name: format!("{what} of {}", level.case_or_base()), base, candidate };
            if !found.contains(&difference) {
                found.push(difference);
            }
        }
    }
    found
}

/// By name, what the two do not share.
fn differing(base: &IndexMap<String, String>, candidate: &IndexMap<String, String>) -> Vec<Difference> {
    let mut names: Vec<&String> = base.keys().collect();
    names.extend(candidate.keys().filter(|name| !base.contains_key(*name)));
    let difference = |name: &&String| Difference {
        name: (*name).clone(),
        base: base.get(*name).cloned(),
        candidate: candidate.get(*name).cloned(),
    };
    names.iter().filter(|name| base.get(**name) != candidate.get(**name)).map(difference).collect()
}

impl<'a> CaseDraft<'a> {
    fn new(
        base: (usize, &'a Configuration),
        candidate: (usize, &'a Configuration),
        options: &Options,
    ) -> Self {
        let of = |level: &Configuration, metric: &Metric| -> Vec<f64> {
            let mut good: Vec<&Iteration> =
                level.iterations.iter().filter(|one| one.status == IterationStatus::Succeeded).collect();
            good.sort_by_key(|one| one.position);
            let enough = |one: &&&Iteration| {
                metric.beyond.is_none_or(|share| one.succeeded as f64 * share >= SAMPLES_BEYOND)
            };
            let found: Option<Vec<f64>> =
                good.iter().map(|one| Some(one).filter(enough).and_then(|one| (metric.of)(one))).collect();
            found.unwrap_or_default()
        };
        let wanted = |metric: &&'static Metric| {
            options.metrics.is_empty() || options.metrics.iter().any(|name| name == metric.name)
        };
        let doubt = doubt("base", base.1).or_else(|| doubt("candidate", candidate.1));
        let evidence = |metric: &'static Metric| {
            let (a, b) = (of(base.1, metric), of(candidate.1, metric));
            // Where nothing ever fails, there is nothing to compare.
            let perfect = metric.name == "success_rate" && a.iter().chain(&b).all(|share| *share == 1.0);
            let seed = mix(base.0 as u64, &[candidate.0 as u64, metric.name.len() as u64]);
            (!a.is_empty() && !b.is_empty() && !perfect)
                .then(|| (metric, Evidence::new(a, b, doubt.clone(), seed)))
        };
        let metrics = ALL.iter().filter(wanted).filter_map(evidence).collect();
        CaseDraft { base, candidate, metrics }
    }

    fn finish(
        self,
        corrected: &mut impl Iterator<Item = f64>,
        tests: usize,
        options: &Options,
    ) -> CaseComparison {
        let CaseDraft { base, candidate, metrics } = self;
        let pointer = |index: usize| format!("/configurations/{index}/iterations");
        let metrics: Vec<MetricComparison> = metrics
            .into_iter()
            .map(|(metric, evidence)| {
                let threshold = options.thresholds.get(metric.name).copied().unwrap_or(options.threshold);
                let p_corrected = if evidence.is_test() { corrected.next() } else { None };
                let rule = Rule { better: metric.better, threshold, tests };
                let judgement = judge(&evidence, p_corrected, rule);
                let median = |values: &[f64]| stats::summary(values, 0).map_or(0.0, |found| found.median);
                let interval = evidence.ratio.and_then(|ratio| ratio.interval);
                MetricComparison {
                    metric: metric.name.to_owned(),
                    unit: metric.unit.to_owned(),
                    better: metric.better,
                    base: median(&evidence.base),
                    candidate: median(&evidence.candidate),
                    base_iterations: evidence.base.len() as u64,
                    candidate_iterations: evidence.candidate.len() as u64,
                    base_pointer: pointer(base.0),
                    candidate_pointer: pointer(candidate.0),
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
            })
            .collect();
        CaseComparison {
            workload: base.1.workload.clone(),
            variant: base.1.variant.clone(),
            parameters: base.1.parameters.clone(),
            concurrency: base.1.concurrency,
            verdict: metrics.iter().map(|metric| metric.verdict).max().unwrap_or(Verdict::Inconclusive),
            metrics,
        }
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

#[cfg(test)]
#[path = "pairs_tests.rs"]
mod tests;
