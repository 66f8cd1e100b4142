//! Which variant is the fastest, each at its peak, by what factor over the unchanged file, and how sure that is.

use indexmap::{IndexMap, IndexSet};

use super::setting::short;
use super::speed::Speed;
use crate::result::{BASE_VARIANT, Configuration, RunResult};
use crate::stats::{self, Ratio};
use crate::units::{factor, workers};

/// Of the resamples behind an interval.
const SEED: u64 = 42;

/// One variant against the base.
struct Rival<'a> {
    name: &'a str,
    /// At each point of the matrix: its peak, that of the base, and the ratio of both.
    pairs: Vec<Pair<'a>>,
}

struct Pair<'a> {
    own: &'a Configuration,
    base: &'a Configuration,
    found: Ratio,
    /// Whether the intervals of both are apart; nothing where one has none.
    apart: Option<bool>,
}

impl Rival<'_> {
    /// The geometric mean of its ratios.
    fn ratio(&self) -> f64 {
        let logs: f64 = self.pairs.iter().map(|pair| pair.found.ratio.ln()).sum();
        (logs / self.pairs.len() as f64).exp()
    }
}

/// A clause; absent where levels have no variants, or none that has a base to be held against.
pub(super) fn variants(result: &RunResult, levels: &[&Configuration], speed: Speed) -> Option<String> {
    let rivals = rivals(levels, speed);
    let best = rivals.iter().max_by(|a, b| a.ratio().total_cmp(&b.ratio()))?;
    Some(match best.pairs.as_slice() {
        [only] => against_base(result, rivals.len(), best.name, only, speed),
        several => over_points(result, rivals.len(), best, several),
    })
}

fn rivals<'a>(levels: &[&'a Configuration], speed: Speed) -> Vec<Rival<'a>> {
    let mut peaks: IndexMap<(&str, Option<String>), &Configuration> = IndexMap::new();
    for level in levels {
        let peak = peaks.entry((&level.variant, level.point())).or_insert(level);
        if speed.at(level) > speed.at(peak) {
            *peak = level;
        }
    }
    let names: IndexSet<&str> =
        peaks.keys().map(|(name, _)| *name).filter(|name| *name != BASE_VARIANT).collect();
    let rival = |name| {
        let own = peaks.iter().filter(|((variant, _), _)| *variant == name);
        let pairs = own.filter_map(|((_, point), own)| {
            let base = peaks.get(&(BASE_VARIANT, point.clone()))?;
            let found = ratio(base, own, speed)?;
            let apart = speed.summary(own).zip(speed.summary(base));
            Some(Pair { own, base, found, apart: apart.and_then(|(own, base)| own.is_apart_from(&base)) })
        });
        Rival { name, pairs: pairs.collect() }
    };
    names.into_iter().map(rival).filter(|rival| !rival.pairs.is_empty()).collect()
}

/// Over the iterations, with its interval where there are enough of them; absent where one is nothing.
fn ratio(base: &Configuration, own: &Configuration, speed: Speed) -> Option<Ratio> {
    let (of_base, of_own) = (speed.at(base)?, speed.at(own)?);
    let repeated = speed.summary(base).is_some() && speed.summary(own).is_some();
    let measured = stats::ratio(&speed.values(base), &speed.values(own), SEED).filter(|_| repeated);
    let found = measured.unwrap_or(Ratio { ratio: of_own / of_base, interval: None });
    (of_base > 0.0 && of_own > 0.0).then_some(found)
}

fn against_base(result: &RunResult, rivals: usize, name: &str, pair: &Pair<'_>, speed: Speed) -> String {
    let Pair { own, base, found, apart } = pair;
    // One point of several: the others have no pair to be compared.
    let several = result.configurations.iter().any(|level| level.point() != own.point());
    let one = |level: &Configuration| {
        let point = level.point().filter(|_| several);
        let point = point.map_or(String::new(), |point| format!(" at {point}"));
        let fast = speed.words(speed.at(level).unwrap_or(0.0));
        format!("{fast} with {}{point}", workers(&[level.concurrency]))
    };
    let ratio = found.ratio;
    if *apart == Some(false) {
        let none = if rivals == 1 { format!("variant {name} is not") } else { "no variant is".to_owned() };
        let best = if rivals == 1 { "it" } else { &format!("{name}, the fastest,") };
        return format!(
            "{none} faster than base beyond the variation between iterations: {best} has {} times base's peak of {}",
            factor(ratio),
            one(base)
        );
    }
    let interval = found.interval.filter(|_| *apart == Some(true));
    let sure = match interval {
        Some((low, high)) => format!(" (95 % interval {})", span(low, high)),
        None => " (measured too few times to say how sure that is)".to_owned(),
    };
    let promises = promises(result, own, (base, "base"));
    if ratio < 1.0 {
        let others =
            if rivals == 1 { format!("variant {name}") } else { format!("the fastest variant, {name},") };
        return format!(
            "base is the fastest: its peak is {}; {others} has {} times that{sure}{promises}",
            one(base),
            factor(ratio)
        );
    }
    format!(
        "variant {name} is the fastest: its peak is {}, {} times base's{sure}{promises}",
        one(own),
        factor(ratio)
    )
}

/// `1.82 to 2.44`; both with the digits of the one that needs more.
fn span(low: f64, high: f64) -> String {
    let (first, last) = (factor(low), factor(high));
    let decimals = |text: &str| text.split_once('.').map_or(0, |(_, digits)| digits.len());
    if decimals(&first).max(decimals(&last)) < 3 {
        return format!("{first} to {last}");
    }
    format!("{low:.3} to {high:.3}")
}

/// Over the points of a matrix.
fn over_points(result: &RunResult, rivals: usize, best: &Rival<'_>, pairs: &[Pair<'_>]) -> String {
    let ratios = || pairs.iter().map(|pair| pair.found.ratio);
    let (least, most) = (ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max));
    let surely = pairs.iter().filter(|pair| pair.apart == Some(true) && pair.found.ratio > 1.0).count();
    let judged = pairs.iter().filter(|pair| pair.apart.is_some()).count();
    let points = pairs.len();
    let sure = match (judged, surely) {
        (0, _) => "measured too few times to say how sure that is".to_owned(),
        (_, 0) => "nowhere faster beyond the variation between iterations".to_owned(),
        (_, all) if all == points => "everywhere beyond the variation between iterations".to_owned(),
        (_, some) => format!("faster beyond the variation between iterations at {some} of them"),
    };
    let name = best.name;
    let who = if rivals == 1 {
        format!("variant {name} has")
    } else {
        format!("of {rivals} variants {name} is the fastest:")
    };
    let promises = pairs
        .iter()
        .map(|pair| promises(result, pair.own, (pair.base, "base")))
        .find(|words| !words.is_empty());
    format!(
        "{who} {} times base on average over {points} points of the matrix ({}), {sure}{}",
        factor(best.ratio()),
        span(least, most),
        promises.unwrap_or_default()
    )
}

/// What is faster because it promises less is not called faster without a word; the other one has a name.
pub(super) fn promises(
    result: &RunResult,
    own: &Configuration,
    (other, name): (&Configuration, &str),
) -> String {
    match result.durability_of(own).zip(result.durability_of(other)) {
        Some((own, other)) if own != other => {
            format!("; they do not promise the same ({}, {name} {})", short(own), short(other))
        }
        _ => String::new(),
    }
}
