//! What a variant changes against the unchanged file, where the variation between iterations allows to say so.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::super::model::{Configuration, RunResult, Summary};
use super::Finding;
use crate::engine::Durability;
use crate::plan::BASE_VARIANT;
use crate::stats;
use crate::units::{factor, workers};

/// More variants than this are not told one by one.
const TOLD: usize = 6;

/// One variant against the base, at every level where both have an interval.
#[derive(Default)]
struct Comparison<'a> {
    compared: usize,
    /// Levels whose intervals are apart, with the factor between their iterations.
    apart: Vec<(&'a Configuration, f64)>,
    /// What an acknowledged write of the variant survives, and one of the base, where that differs.
    unlike: Option<(Durability, Durability)>,
}

/// One finding for each variant that differs, the greatest difference first, and one for all that do not.
pub(super) fn compared(result: &RunResult) -> Vec<Finding> {
    // The same level of the unchanged file at the same point of the matrix.
    let key = |level: &Configuration| (level.workload.clone(), level.concurrency, level.point());
    let (bases, others): (Vec<&Configuration>, Vec<&Configuration>) =
        result.configurations.iter().partition(|level| level.variant == BASE_VARIANT);
    let bases: HashMap<_, _> = bases.into_iter().map(|base| (key(base), base)).collect();
    let mut variants: IndexMap<&str, Comparison<'_>> = IndexMap::new();
    for level in others {
        let Some(base) = bases.get(&key(level)) else { continue };
        let promises = result.durability_of(level).zip(result.durability_of(base));
        let Some((of_level, of_base)) = figures(level, base) else { continue };
        let Some(apart) = of_level.is_apart_from(&of_base) else { continue };
        let comparison = variants.entry(&level.variant).or_default();
        comparison.unlike = comparison.unlike.or(promises.filter(|(own, base)| own != base));
        comparison.compared += 1;
        if apart && of_base.median > 0.0 {
            let values = |level: &Configuration| -> Vec<f64> {
                level.succeeded_iterations().map(|one| one.throughput).collect()
            };
            let found = stats::factor(&values(base), &values(level));
            comparison.apart.push((level, found.unwrap_or(of_level.median / of_base.median)));
        }
    }
    let (mut apart, alike): (Vec<_>, Vec<_>) =
        variants.into_iter().partition(|(_, comparison)| !comparison.apart.is_empty());
    let greatest = |comparison: &Comparison<'_>| {
        comparison.apart.iter().map(|(_, ratio)| ratio.max(1e-9).ln().abs()).fold(0.0, f64::max)
    };
    apart.sort_by(|(_, a), (_, b)| greatest(b).total_cmp(&greatest(a)));
    let mut findings: Vec<Finding> =
        apart.iter().take(TOLD).map(|(name, comparison)| differs(name, comparison)).collect();
    findings.extend(no_difference(&alike));
    findings
}

/// Throughput of a level and of its base, both valid. In an open loop throughput is what was asked for, and nothing is compared.
fn figures(level: &Configuration, base: &Configuration) -> Option<(Summary, Summary)> {
    let comparable = |level: &Configuration| level.validity.valid && level.arrivals.is_none();
    let throughput = |level: &Configuration| level.statistics.as_ref().map(|found| found.throughput);
    throughput(level).zip(throughput(base)).filter(|_| comparable(level) && comparable(base))
}

fn differs(name: &str, comparison: &Comparison<'_>) -> Finding {
    let ratios = || comparison.apart.iter().map(|(_, ratio)| *ratio);
    let (least, most) = (ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max));
    let how_much = if factor(least) == factor(most) {
        format!("{} × base", factor(least))
    } else {
        format!("{} to {} × base", factor(least), factor(most))
    };
    let place = match (comparison.compared, comparison.apart.as_slice()) {
        (1, _) => String::new(),
        (all, apart) if all == apart.len() => format!(" at all {all} levels"),
        (all, [(level, _)]) => {
            let with = workers(&[level.concurrency]);
            let point = level.point().map_or(String::new(), |point| format!("{point}, "));
            format!(" at one of {all} levels ({point}{}, {with})", level.workload)
        }
        (all, apart) => format!(" at {} of {all} levels", apart.len()),
    };
    let levels: Vec<&Configuration> = comparison.apart.iter().map(|(level, _)| *level).collect();
    let unlike = comparison.unlike.map_or(String::new(), |(own, base)| {
        format!(
            " They do not promise the same: what it acknowledges {}, what base does {}.",
            is(own),
            is(base)
        )
    });
    let sentence =
        format!("Variant {name}: throughput {how_much}{place}; the 95 % intervals do not overlap.{unlike}");
    let suggestion = if unlike.is_empty() {
        "Look at its latencies, memory and durability, too, before you choose."
    } else {
        "Decide first what an acknowledged write has to survive, and compare only what does."
    };
    super::finding("variant-differs", &levels, sentence, suggestion)
}

/// Completes a sentence about what is acknowledged.
fn is(durability: Durability) -> &'static str {
    match durability {
        Durability::Memory => "is in memory",
        Durability::ProcessCrash => "survives a crash of the process",
        Durability::PowerLoss => "survives a loss of power",
    }
}

fn no_difference(alike: &[(&str, Comparison<'_>)]) -> Option<Finding> {
    let names: Vec<&str> = alike.iter().map(|(name, _)| *name).collect();
    let noun = match names.len() {
        0 => return None,
        1 => "Variant",
        _ => "Variants",
    };
    let sentence = format!(
        "{noun} {}: no difference in throughput from base beyond the variation between iterations.",
        names.join(", ")
    );
    let suggestion = "More iterations would show a smaller difference, if there is one.";
    Some(super::finding("variant-alike", &[], sentence, suggestion))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::*;
    use super::super::find;
    use super::*;

    /// Base and variants, three iterations each that last so many milliseconds.
    fn experiment(cases: &[(&str, u32, [u64; 3])]) -> RunResult {
        let mut result = begun();
        let mut position = 0;
        for (index, (variant, concurrency, durations)) in cases.iter().enumerate() {
            let mut plan = plan();
            plan.case = index;
            plan.variant = (*variant).to_owned();
            plan.workloads[0].iterations = 3;
            for (iteration, ms) in (1..).zip(durations) {
                position += 1;
                let mut measured = level(*concurrency, &[1_000_000, 3_000_000], 0);
                (measured.iteration, measured.duration_ns) = (iteration, ms * 1_000_000);
                result.add_level(&plan, &measured, verified(2), position);
            }
        }
        result.document
    }

    fn sentences(result: &RunResult) -> Vec<String> {
        let about = find(result).into_iter().filter(|finding| finding.code.starts_with("variant-"));
        about.map(|finding| finding.sentence).collect()
    }

    #[test]
    fn a_variant_whose_interval_is_apart_is_told_with_its_ratio() {
        let result = experiment(&[
            ("base", 1, [20, 21, 22]),
            ("wal", 1, [10, 9, 11]),
            ("same", 1, [21, 20, 22]),
            ("slow", 1, [60, 63, 66]),
        ]);
        assert_eq!(
            sentences(&result),
            [
                "Variant slow: throughput 0.33 × base; the 95 % intervals do not overlap.",
                "Variant wal: throughput 2.10 × base; the 95 % intervals do not overlap.",
                "Variant same: no difference in throughput from base beyond the variation between iterations.",
            ]
        );
    }

    #[test]
    fn a_variant_that_promises_less_is_not_told_as_if_it_were_like_the_base() {
        let mut result = experiment(&[("base", 1, [20, 21, 22]), ("buffered", 1, [10, 9, 11])]);
        result.configurations[1].durability = Some(Durability::Memory);
        let found = find(&result);
        let found = found.iter().find(|finding| finding.code == "variant-differs").unwrap();
        assert!(
            found
                .sentence
                .ends_with("what it acknowledges is in memory, what base does survives a loss of power."),
            "{}",
            found.sentence
        );
    }

    #[test]
    fn several_levels_of_a_variant_are_one_sentence() {
        let result = experiment(&[
            ("base", 1, [20, 21, 22]),
            ("base", 2, [20, 21, 22]),
            ("wal", 1, [10, 9, 11]),
            ("wal", 2, [21, 21, 22]),
        ]);
        assert_eq!(
            sentences(&result),
            [
                "Variant wal: throughput 2.10 × base at one of 2 levels (write, 1 worker); the 95 % intervals do not \
              overlap."
            ]
        );
    }

    #[test]
    fn nothing_is_said_without_a_base_or_an_interval() {
        assert!(sentences(&experiment(&[("wal", 1, [10, 9, 11])])).is_empty());
        let mut result = experiment(&[("base", 1, [20, 21, 22]), ("wal", 1, [10, 9, 11])]);
        result.configurations[0].validity.valid = false;
        assert!(sentences(&result).is_empty(), "an invalid base is nothing to compare with");
    }
}
