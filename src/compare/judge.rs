//! The verdict on one metric, from its values over the iterations.

use super::model::{Better, Verdict};
use crate::stats;

/// The probability that chance alone makes any difference of a comparison.
pub(super) const ALPHA: f64 = 0.05;
/// The share of the threshold that is left to the machine. Iterations of one run lie close in time and do not see what shifts from one run to the
/// next; so the whole interval of a difference has to lie beyond this much of the threshold, as in a minimum-effect test (Murphy and Myors 1999,
/// "Testing the Hypothesis That Treatments Have Negligible Effects").
pub(super) const ALLOWANCE: f64 = 0.5;

/// Iterations of each side from which "unchanged" can be sure: fewer tell too little of how far iterations scatter.
const LEAST_FOR_UNCHANGED: usize = 6;

/// One metric's values on both sides, in the order in which they were measured, and what was computed from them.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) base: Vec<f64>,
    pub(super) candidate: Vec<f64>,
    pub(super) ratio: Option<stats::Ratio>,
    pub(super) p: Option<f64>,
    /// As |ln(ratio)|.
    pub(super) noise: Option<f64>,
    /// Why the figures of a side should not be believed.
    pub(super) doubt: Option<String>,
}

impl Evidence {
    /// `seed` decides which resamples the interval is made from.
    pub(super) fn new(base: Vec<f64>, candidate: Vec<f64>, doubt: Option<String>, seed: u64) -> Evidence {
        let noise = [&base, &candidate].map(|values| stats::noise(values));
        Evidence {
            ratio: stats::ratio(&base, &candidate, seed),
            p: stats::mann_whitney(&base, &candidate),
            noise: noise.into_iter().flatten().reduce(f64::max),
            base,
            candidate,
            doubt,
        }
    }

    /// Whether it is one of the tests that p-values are corrected for.
    pub(super) fn is_test(&self) -> bool {
        self.doubt.is_none() && self.p.is_some()
    }
}

/// What is said of a metric.
#[derive(Debug, PartialEq)]
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    pub(super) reason: String,
    pub(super) iterations_to_decide: Option<u64>,
}

impl Judgement {
    fn new(verdict: Verdict, reason: impl Into<String>) -> Judgement {
        Judgement { verdict, reason: reason.into(), iterations_to_decide: None }
    }
}

/// How to decide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) better: Better,
    /// A difference that matters, as a share: 0.05.
    pub(super) threshold: f64,
    /// Tests of the whole comparison.
    pub(super) tests: usize,
    /// The level that this one has to itself among them.
    pub(super) alpha: f64,
}

/// How many metrics are tested, of all operations together and of single ones. The latter are many and say less, so that they have a small share
/// of the significance level to themselves: what the whole comes to hardly depends on how many operations there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tests {
    pub(super) whole: usize,
    pub(super) single: usize,
}

/// The share of the level that tests of single operations have, where there are both.
const SINGLE_SHARE: f64 = 0.2;

impl Tests {
    pub(super) fn all(self) -> usize {
        self.whole + self.single
    }

    /// The share of the level that all tests of a kind have.
    pub(super) fn weight(self, single: bool) -> f64 {
        match (self.whole, self.single, single) {
            (0, _, _) | (_, 0, _) => 1.0,
            (_, _, true) => SINGLE_SHARE,
            (_, _, false) => 1.0 - SINGLE_SHARE,
        }
    }

    /// The level that one of a kind has to itself.
    pub(super) fn alpha(self, single: bool) -> f64 {
        let number = if single { self.single } else { self.whole };
        ALPHA * self.weight(single) / number.max(1) as f64
    }
}

/// Decides: a difference is one when the test finds it, when it is greater than what parts of one run differ by, when its interval reaches the
/// threshold, and when all of that lies beyond [`ALLOWANCE`]. It is none when its interval stays within the threshold. Everything else is open.
pub(super) fn judge(evidence: &Evidence, p_corrected: Option<f64>, rule: Rule) -> Judgement {
    if let Some(doubt) = &evidence.doubt {
        return Judgement::new(Verdict::Inconclusive, doubt.clone());
    }
    let Some(p) = p_corrected else { return without_test(evidence) };
    let Some(ratio) = evidence.ratio else { return without_ratio(evidence, p, rule) };
    let bound = (1.0 + rule.threshold).ln();
    let difference = ratio.ratio.ln();
    let (low, high) = ratio.interval.unwrap_or((ratio.ratio, ratio.ratio));
    let inside = low.ln() > -bound && high.ln() < bound;
    let few = evidence.base.len().min(evidence.candidate.len()) < LEAST_FOR_UNCHANGED;
    let noise = evidence.noise.unwrap_or(0.0);
    if p < ALPHA && difference.abs() <= noise {
        let words = format!(
            "parts of one and the same run differ by {}, so this may be the machine",
            percent(noise.exp_m1())
        );
        let verdict = if inside && !few { Verdict::Unchanged } else { Verdict::Inconclusive };
        return Judgement::new(verdict, words);
    }
    if inside && few {
        let words = format!(
            "no difference that matters is seen, but only {LEAST_FOR_UNCHANGED} iterations of each make that sure"
        );
        return Judgement::new(Verdict::Inconclusive, words);
    }
    if inside {
        let words = if p < ALPHA {
            "a difference, but less than the threshold"
        } else {
            "no difference that matters"
        };
        return Judgement::new(Verdict::Unchanged, words);
    }
    let near = if difference > 0.0 { low.ln() } else { -high.ln() };
    let beyond = ratio.interval.is_some() && near > bound * ALLOWANCE;
    let mut words = rule.tested(p);
    if p < ALPHA && beyond {
        if difference.abs() < bound {
            words.push_str("; its interval reaches the threshold");
        }
        return Judgement::new(rule.verdict(difference), words);
    }
    if p < ALPHA {
        words.push_str("; a difference, but its interval reaches to less than half of the threshold");
    }
    let iterations = iterations_to_decide(evidence, difference.abs(), bound, rule.alpha);
    if let Some(iterations) = iterations {
        words.push_str(&format!("; about {iterations} iterations of each would decide"));
    }
    Judgement { verdict: Verdict::Inconclusive, reason: words, iterations_to_decide: iterations }
}

impl Rule {
    /// Of a difference in one direction.
    fn verdict(self, difference: f64) -> Verdict {
        let better = (difference > 0.0) == (self.better == Better::Higher);
        if better { Verdict::Improved } else { Verdict::Regressed }
    }

    fn tested(self, p: f64) -> String {
        format!("p {} after correction for {} tests", p_value(p), self.tests)
    }
}

/// How many iterations would either find a difference and bring its interval beyond the allowance, or bring it within the threshold, whichever is
/// nearer.
fn iterations_to_decide(evidence: &Evidence, difference: f64, bound: f64, alpha: f64) -> Option<u64> {
    let (a, b) = (&evidence.base, &evidence.candidate);
    let tell = |sought: f64, alpha: f64| stats::repetitions_to_tell(a, b, sought, alpha);
    let (beyond, within) = (difference - bound * ALLOWANCE, bound - difference);
    let wanted = if beyond > within {
        tell(difference, alpha)?.max(tell(beyond, ALPHA)?)
    } else {
        tell(within, ALPHA)?
    };
    let enough = a.len().min(b.len()) as u64;
    Some(if wanted > enough { wanted } else { enough * 2 })
}

/// A base that is 0, at least now and then: what came of it has a direction, but no size.
fn without_ratio(evidence: &Evidence, p: f64, rule: Rule) -> Judgement {
    let middle = |values: &[f64]| stats::summary(values, 0).map_or(0.0, |found| found.median);
    let difference = middle(&evidence.candidate) - middle(&evidence.base);
    let small = middle(&evidence.base) > 0.0 && difference.abs() <= middle(&evidence.base) * rule.threshold;
    if evidence.base == evidence.candidate {
        Judgement::new(Verdict::Unchanged, "the same values")
    } else if small {
        Judgement::new(
            Verdict::Inconclusive,
            "less than the threshold, and no interval can be had where a base is 0",
        )
    } else if p < ALPHA && difference != 0.0 {
        let words = format!("{}; there is no ratio to a figure of 0", rule.tested(p));
        Judgement::new(rule.verdict(difference), words)
    } else {
        Judgement::new(Verdict::Inconclusive, "there is no ratio to a figure of 0")
    }
}

/// Nothing to be sure of.
fn without_test(evidence: &Evidence) -> Judgement {
    let words = match (evidence.base.len(), evidence.candidate.len()) {
        (1, 1) => "one iteration of each: no significance can be had; run both with `--iterations 10`",
        (1, _) => "one iteration of the base: no significance can be had; run it with `--iterations 10`",
        _ => "one iteration of the candidate: no significance can be had; run it with `--iterations 10`",
    };
    Judgement::new(Verdict::Inconclusive, words)
}

fn p_value(p: f64) -> String {
    if p < 0.0001 { "below 0.0001".to_owned() } else { format!("{p:.4}") }
}

/// A share as per cent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { better: Better::Lower, threshold: 0.05, tests: 1, alpha: ALPHA };

    /// Ten values around a mean that alternate by so much of it.
    fn around(mean: f64, spread: f64) -> Vec<f64> {
        let shifts = [0.3, -0.9, 0.7, -0.2, 0.1, -0.6, 0.9, -0.4, 0.5, -0.7];
        shifts.iter().map(|shift| mean * (1.0 + shift * spread)).collect()
    }

    fn verdict(base: Vec<f64>, candidate: Vec<f64>, rule: Rule) -> Judgement {
        let evidence = Evidence::new(base, candidate, None, 1);
        let p = evidence.p.map(|p| (p * rule.tests as f64).min(1.0));
        judge(&evidence, p, rule)
    }

    #[test]
    fn tests_of_single_operations_have_a_fifth_of_the_level_however_many_they_are() {
        let alpha = |whole, single| [false, true].map(|kind| Tests { whole, single }.alpha(kind));
        let near = |found: [f64; 2], wanted: [f64; 2]| (0..2).all(|i| (found[i] - wanted[i]).abs() < 1e-12);
        assert!(near(alpha(4, 100), [0.01, 0.000_1]));
        assert!(near(alpha(4, 400), [0.01, 0.000_025]));
        assert!((alpha(5, 0)[0] - 0.01).abs() < 1e-12 && (alpha(0, 5)[1] - 0.01).abs() < 1e-12);
    }

    #[test]
    fn few_iterations_never_make_sure_that_nothing_changed() {
        let of = |n: usize| verdict(around(1.0, 0.001)[..n].to_vec(), around(1.0, 0.001)[..n].to_vec(), RULE);
        assert_eq!(
            [2, 5, 6].map(|n| of(n).verdict),
            [Verdict::Inconclusive, Verdict::Inconclusive, Verdict::Unchanged]
        );
    }

    #[test]
    fn five_percent_more_latency_is_a_regression_and_less_an_improvement() {
        let slower = verdict(around(1.0, 0.01), around(1.055, 0.01), RULE);
        assert_eq!(slower.verdict, Verdict::Regressed, "{slower:?}");
        let faster = verdict(around(1.055, 0.01), around(1.0, 0.01), RULE);
        assert_eq!(faster.verdict, Verdict::Improved, "{faster:?}");
        let rule = Rule { better: Better::Higher, ..RULE };
        assert_eq!(verdict(around(1.0, 0.01), around(0.945, 0.01), rule).verdict, Verdict::Regressed);
    }

    #[test]
    fn a_sure_difference_below_the_threshold_is_none_that_matters() {
        let found = verdict(around(1.0, 0.001), around(1.02, 0.001), RULE);
        assert_eq!(
            (found.verdict, found.reason.as_str()),
            (Verdict::Unchanged, "a difference, but less than the threshold")
        );
    }

    #[test]
    fn equal_runs_are_unchanged() {
        assert_eq!(verdict(around(1.0, 0.02), around(1.002, 0.02), RULE).verdict, Verdict::Unchanged);
        assert_eq!(verdict(vec![0.0; 5], vec![0.0; 5], RULE).verdict, Verdict::Unchanged);
    }

    #[test]
    fn what_is_too_noisy_is_inconclusive_and_says_how_many_iterations_would_decide() {
        let found = verdict(around(1.0, 0.2), around(1.06, 0.2), RULE);
        assert_eq!(found.verdict, Verdict::Inconclusive);
        assert!(found.iterations_to_decide.is_some_and(|n| n > 10), "{found:?}");
    }

    #[test]
    fn a_difference_below_the_noise_within_a_run_is_never_called_one() {
        let spread = |low: usize, values: [f64; 2]| -> Vec<f64> {
            (0..10).map(|i| values[usize::from(i >= low)] + i as f64 * 1e-4).collect()
        };
        let (drifting, later) = (spread(6, [1.0, 1.17]), spread(5, [1.14, 1.18]));
        assert!(stats::mann_whitney(&drifting, &later).is_some_and(|p| p < ALPHA));
        let found = verdict(drifting, later, RULE);
        assert_eq!(found.verdict, Verdict::Inconclusive, "{found:?}");
    }

    #[test]
    fn a_difference_whose_interval_begins_within_half_of_the_threshold_is_not_sure_to_matter() {
        // The interval runs from less than 2.5 % to more than 5 %.
        let found = verdict(around(1.0, 0.03), around(1.04, 0.03), RULE);
        assert_eq!(found.verdict, Verdict::Inconclusive, "{found:?}");
        assert!(
            found.reason.contains("its interval reaches to less than half of the threshold"),
            "{found:?}"
        );
        assert!(found.iterations_to_decide.is_some_and(|n| n > 10), "{found:?}");
    }

    #[test]
    fn what_falls_to_nothing_is_a_regression_and_what_rises_from_nothing_an_improvement() {
        let rule = Rule { better: Better::Higher, ..RULE };
        let lost = verdict(around(1_000.0, 0.01), vec![0.0; 10], rule);
        assert_eq!(lost.verdict, Verdict::Regressed, "{lost:?}");
        let found = verdict(vec![0.0; 10], around(1_000.0, 0.01), rule);
        assert_eq!(found.verdict, Verdict::Improved, "{found:?}");
        assert!(found.reason.ends_with("there is no ratio to a figure of 0"), "{found:?}");
    }

    /// Runs of a machine that is a little faster or slower each time, by half a per cent as a rule, which no iteration of a run sees.
    #[test]
    fn the_same_thing_run_twice_is_seldom_called_a_difference_and_five_percent_nearly_always() {
        let mut draw = crate::template::Draw::new(23);
        let mut run = |mean: f64| -> Vec<f64> {
            let shift = 1.0 + 0.005 * normal(&mut draw);
            (0..10).map(|_| mean * shift * (1.0 + 0.01 * normal(&mut draw))).collect()
        };
        let rule = Rule { tests: 24, ..RULE };
        let trials = 100;
        let (mut alarms, mut found) = (0, 0);
        for _ in 0..trials {
            let (base, same, slower) = (run(1.0), run(1.0), run(1.05));
            let called = |other: Vec<f64>| verdict(base.clone(), other, rule).verdict;
            alarms += u32::from(matches!(called(same), Verdict::Regressed | Verdict::Improved));
            found += u32::from(called(slower) == Verdict::Regressed);
        }
        assert!(alarms <= 1 && found >= 80, "{alarms} false alarms, {found} of {trials} found");
    }

    /// Standard normal, by Box and Muller.
    fn normal(draw: &mut crate::template::Draw) -> f64 {
        let radius = (-2.0 * (1.0 - draw.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * draw.unit()).cos()
    }

    #[test]
    fn one_iteration_has_no_significance() {
        let found = verdict(vec![1.0], vec![2.0], RULE);
        assert_eq!(found.verdict, Verdict::Inconclusive);
        assert!(found.reason.contains("no significance can be had"), "{found:?}");
    }

    #[test]
    fn many_tests_ask_for_more_than_one_does() {
        let (base, candidate) = (vec![1.0, 1.01, 1.02, 1.03], vec![1.2, 1.21, 1.22, 1.23]);
        assert_eq!(verdict(base.clone(), candidate.clone(), RULE).verdict, Verdict::Regressed);
        let many = Rule { tests: 10, ..RULE };
        assert_eq!(verdict(base, candidate, many).verdict, Verdict::Inconclusive);
    }
}
