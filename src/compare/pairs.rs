//! Which results of two sides belong together, and what comes of all of them.

use super::differences::{forbidding, of_settings};
use super::judge::{ALPHA, Tests};
use super::levels::{LevelDraft, MetricDraft};
use super::model::*;
use super::select::{Pair, Pairs, Selection, pairs};
use super::{Incomparable, Options, Source};
use crate::result::{Configuration, RunResult, Status};
use crate::stats;

/// Compares all scenarios that both sides have. Two single files are compared whatever their scenarios are called, where `options` say so.
///
/// # Errors
/// When there is nothing to compare, when a case or an operation that is named is not there, or when results should not be compared and `options`
/// do not say to go on.
pub fn compare(base: &[Source], candidate: &[Source], options: &Options) -> Result<Comparison, Incomparable> {
    check_once("the base", base)?;
    check_once("the candidate", candidate)?;
    options.check_operations(base.iter().chain(candidate))?;
    let mut drafts = match (base, candidate) {
        ([one], [other]) if options.single_files => vec![Draft::new(one, other, options)?],
        _ => {
            let partner = |one: &Source| {
                candidate.iter().find(|other| other.result.configuration_id == one.result.configuration_id)
            };
            let both = base.iter().filter_map(|one| Some((one, partner(one)?)));
            both.map(|(one, other)| Draft::new(one, other, options)).collect::<Result<Vec<_>, _>>()?
        }
    };
    let (base_names, candidate_names) = (names(base), names(candidate));
    if drafts.is_empty() {
        let (base, candidate) = (base_names.join(", "), candidate_names.join(", "));
        return Err(Incomparable::NothingInCommon { base, candidate });
    }
    check_levels(&drafts)?;
    let tests = Tests::of(&drafts);
    let mut corrected = corrected(&drafts, tests).into_iter();
    let few = too_few(&drafts, tests);
    for draft in &mut drafts {
        draft.cautions.splice(0..0, few.clone());
    }
    let unfinished = drafts.iter().any(Draft::is_unfinished);
    let single = drafts.iter().any(|draft| draft.candidate_id().is_some());
    let scenarios: Vec<ScenarioComparison> =
        drafts.into_iter().map(|draft| draft.finish(&mut corrected, tests, options)).collect();
    let verdicts = scenarios.iter().flat_map(|scenario| &scenario.cases).map(|case| case.verdict);
    let verdicts = verdicts.chain(unfinished.then_some(Verdict::Regressed));
    let missing = |from: &[String], others: &[String]| -> Vec<String> {
        from.iter().filter(|name| !single && !others.contains(name)).cloned().collect()
    };
    let only_base = missing(&base_names, &candidate_names);
    // A gate must not be passed by what was not measured.
    let (lost, only_base) =
        if options.expects_all { (only_base, Vec::new()) } else { (Vec::new(), only_base) };
    let verdicts = verdicts.chain((!lost.is_empty()).then_some(Verdict::Regressed));
    Ok(Comparison {
        schema_version: COMPARISON_VERSION,
        verdict: verdicts.max().unwrap_or(Verdict::Inconclusive),
        alpha: ALPHA,
        tests: tests.all() as u64,
        scenarios,
        lost,
        only_base,
        only_candidate: missing(&candidate_names, &base_names),
    })
}

fn names(sources: &[Source]) -> Vec<String> {
    sources.iter().map(|source| source.result.configuration_id.clone()).collect()
}

/// Whether a side, `the base` or `the candidate`, has each scenario once.
///
/// # Errors
/// When it has one twice: which is meant cannot be known.
pub fn check_once(side: &'static str, sources: &[Source]) -> Result<(), Incomparable> {
    let names = names(sources);
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            let same = sources.iter().filter(|source| source.result.configuration_id == *name);
            let paths = same.map(|source| source.path.clone()).collect();
            return Err(Incomparable::Twice { side, scenario: name.clone(), paths });
        }
    }
    Ok(())
}

/// A comparison without anything in it must not pass for one that found nothing.
fn check_levels(drafts: &[Draft<'_>]) -> Result<(), Incomparable> {
    if drafts.iter().all(|draft| draft.levels.is_empty()) {
        let base = drafts.iter().flat_map(|draft| draft.only_base.clone()).collect();
        let candidate = drafts.iter().flat_map(|draft| draft.only_candidate.clone()).collect();
        return Err(no_level_in_common(base, candidate));
    }
    let mut reasons = drafts.iter().flat_map(|draft| &draft.levels).map(LevelDraft::says_nothing);
    let first = reasons.next().flatten();
    match first {
        Some(reason) if reasons.all(|one| one.is_some()) => {
            Err(Incomparable::NothingMeasured { reason: reason.trim_end_matches('.').to_owned() })
        }
        _ => Ok(()),
    }
}

fn no_level_in_common(base: Vec<String>, candidate: Vec<String>) -> Incomparable {
    let told = |all: Vec<String>| if all.is_empty() { "none".to_owned() } else { all.join("; ") };
    Incomparable::NoLevelInCommon { base: told(base), candidate: told(candidate) }
}

/// Whether a run that has not measured anything yet may be compared with a base, as far as that is known: `candidate` is a result
/// [foreseen](crate::result::Builder::foreseen), of the cases whose database was looked at.
///
/// # Errors
/// When they should not be compared, and `options` do not say to go on.
pub fn check_alike(base: &RunResult, candidate: &RunResult, options: &Options) -> Result<(), Incomparable> {
    let all = Selection::default();
    let found = pairs((base, &all), (candidate, &all));
    alike(base, candidate, &found.levels, options).map(|_| ())
}

/// Whether a run that is foreseen with all its levels has one that a base has, too.
///
/// # Errors
/// When it has none: there would be nothing to compare.
pub fn check_levels_ahead(base: &RunResult, candidate: &RunResult) -> Result<(), Incomparable> {
    let all = Selection::default();
    let Pairs { levels, only_base, only_candidate } = pairs((base, &all), (candidate, &all));
    if levels.is_empty() { Err(no_level_in_common(only_base, only_candidate)) } else { Ok(()) }
}

/// What the two do not share though a comparison asks for it, where `options` say to go on all the same.
fn alike(
    base: &RunResult,
    candidate: &RunResult,
    levels: &[Pair<'_>],
    options: &Options,
) -> Result<Vec<Difference>, Incomparable> {
    let differences = forbidding(base, candidate, levels);
    if !differences.is_empty() && !options.anyway {
        return Err(Incomparable::Differs { scenario: told(base, candidate), differences });
    }
    Ok(differences)
}

impl Tests {
    fn of(drafts: &[Draft<'_>]) -> Tests {
        let of = |single: bool| tested(drafts).filter(|one| one.is_single() == single).count();
        Tests { whole: of(false), single: of(true) }
    }
}

/// A scenario whose p-values are not yet corrected.
struct Draft<'a> {
    base: &'a Source,
    candidate: &'a Source,
    cases: (Selection, Selection),
    differences: Vec<Difference>,
    settings: Vec<Difference>,
    cautions: Vec<String>,
    levels: Vec<LevelDraft<'a>>,
    only_base: Vec<String>,
    only_candidate: Vec<String>,
}

impl<'a> Draft<'a> {
    fn new(base: &'a Source, candidate: &'a Source, options: &Options) -> Result<Draft<'a>, Incomparable> {
        let cases = (
            options.base_case.resolved(&base.result, &base.path)?,
            options.candidate_case.resolved(&candidate.result, &candidate.path)?,
        );
        let Pairs { levels, only_base, only_candidate } =
            pairs((&base.result, &cases.0), (&candidate.result, &cases.1));
        let differences = alike(&base.result, &candidate.result, &levels, options)?;
        let settings = of_settings(base, candidate, &levels);
        let cautions = cautions(&levels);
        let mut cautions = cautions;
        let level = |pair| LevelDraft::new(pair, &candidate.result, options);
        let levels: Vec<LevelDraft<'a>> = levels.into_iter().map(level).collect();
        cautions.extend(left_out(&levels));
        let draft = Draft {
            base,
            candidate,
            cases,
            differences,
            settings,
            cautions,
            levels,
            only_base,
            only_candidate,
        };
        Ok(draft.with_its_end())
    }

    /// Whether the candidate's run failed before all levels that the base has.
    fn is_unfinished(&self) -> bool {
        self.candidate.result.status == Status::Failed && !self.only_base.is_empty()
    }

    fn with_its_end(mut self) -> Self {
        if self.is_unfinished() {
            let reason = self.candidate.result.reason.as_deref().unwrap_or("the database could not go on");
            let words = format!(
                "The candidate's run failed before {} of the base's levels, which is a regression: {reason}",
                self.only_base.len()
            );
            self.cautions.insert(0, words);
        }
        self
    }

    /// Where it is another.
    fn candidate_id(&self) -> Option<String> {
        let name = &self.candidate.result.configuration_id;
        (*name != self.base.result.configuration_id).then(|| name.clone())
    }

    fn finish(
        self,
        corrected: &mut impl Iterator<Item = f64>,
        tests: Tests,
        options: &Options,
    ) -> ScenarioComparison {
        let selection = &self.cases.0;
        let candidate_id = self.candidate_id();
        let levels = self.levels.into_iter();
        ScenarioComparison {
            configuration_id: self.base.result.configuration_id.clone(),
            candidate_id,
            base: side(self.base, &self.cases.0),
            candidate: side(self.candidate, &self.cases.1),
            differences: self.differences,
            settings: self.settings,
            cautions: self.cautions,
            only_base: self.only_base,
            only_candidate: self.only_candidate,
            cases: levels.map(|level| level.finish(selection, corrected, tests, options)).collect(),
        }
    }
}

/// Metrics that are tested, in their order.
fn tested<'a>(drafts: &'a [Draft<'_>]) -> impl Iterator<Item = &'a MetricDraft> {
    let levels = drafts.iter().flat_map(|draft| &draft.levels);
    levels.flat_map(|level| &level.metrics).filter(|one| one.evidence.is_test())
}

/// Their corrected p-values, in the same order: Holm's within all operations together and within single ones, each with its share of the level.
fn corrected(drafts: &[Draft<'_>], tests: Tests) -> Vec<f64> {
    let mut families = [false, true].map(|single| {
        let family = tested(drafts).filter(|one| one.is_single() == single);
        let p: Vec<f64> = family.filter_map(|one| one.evidence.p).collect();
        let weight = tests.weight(single);
        stats::holm(&p).into_iter().map(move |p| (p / weight).min(1.0))
    });
    let of = |one: &MetricDraft| families[usize::from(one.is_single())].next().expect("each has its own");
    tested(drafts).map(of).collect()
}

/// Why nothing can be told apart, however far apart it is, where iterations are too few for that many tests.
fn too_few(drafts: &[Draft<'_>], tests: Tests) -> Option<String> {
    let most = tested(drafts).map(|one| one.evidence.base.len().min(one.evidence.candidate.len())).max()?;
    let kinds = [(tests.whole, false), (tests.single, true)].into_iter().filter(|(number, _)| *number > 0);
    let wanted = kinds.map(|(_, single)| stats::least_repetitions(tests.alpha(single))).min()?;
    (most < wanted).then(|| {
        let tests = if tests.all() == 1 { "one test".to_owned() } else { format!("{} tests", tests.all()) };
        format!(
            "With {most} iterations of each and {tests} no difference can be called one, however great: {wanted} iterations of each are needed, or \
             fewer tests (`--metric`)."
        )
    })
}

/// A sentence for each percentile that some levels have too few samples for.
fn left_out(levels: &[LevelDraft<'_>]) -> Vec<String> {
    let of = |name: &str| levels.iter().filter(|level| level.left_out.contains(&name)).count();
    let told = |name: &&str| {
        let (number, all) = (of(name), levels.len());
        let words = if all == 1 { "the level".to_owned() } else { format!("{number} of {all} levels") };
        (number > 0)
            .then(|| format!("{name} of {words} is left out: an iteration has too few samples for it."))
    };
    super::METRICS.iter().filter_map(told).collect()
}

/// Code of the doubt in figures of a level that did not have the machine to itself.
const OTHER_LOAD: &str = "other-load";

/// A sentence for each side that was measured beside other work.
fn cautions(levels: &[Pair<'_>]) -> Vec<String> {
    let beside = |level: &Configuration| level.validity.doubts.iter().any(|doubt| doubt.code == OTHER_LOAD);
    let all = levels.len();
    let sides = [
        ("base", levels.iter().filter(|pair| beside(pair.base.1)).count()),
        ("candidate", levels.iter().filter(|pair| beside(pair.candidate.1)).count()),
    ];
    let told = |(side, number): (&str, usize)| {
        let levels = if all == 1 { "level" } else { "levels" };
        format!(
            "Other work wanted a processor while the {side} was measured ({number} of {all} {levels}): a difference may be that."
        )
    };
    sides.into_iter().filter(|(_, number)| *number > 0).map(told).collect()
}

fn told(base: &RunResult, candidate: &RunResult) -> String {
    let (base, candidate) = (&base.configuration_id, &candidate.configuration_id);
    if base == candidate { base.clone() } else { format!("{base} with {candidate}") }
}

fn side(source: &Source, case: &Selection) -> Side {
    Side {
        path: source.path.clone(),
        timestamp: source.result.timestamp.clone(),
        commit: source.result.environment.runner.commit.clone(),
        case: case.words(),
    }
}

#[cfg(test)]
#[path = "pairs_tests.rs"]
mod tests;
