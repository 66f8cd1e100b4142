//! What starts from one fresh state, and in which order that of several cases is run.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::plan::{CaseOrder, Experiment, Extent, Plan, Workload};
use crate::scenario::Reset;
use crate::template::mix;

/// The iterations that share one fresh state: by the workload's reset one iteration of a level, all of a level, or all of the workload.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stretch {
    /// Index into the plan's workloads.
    pub workload: usize,
    /// Indexes into the workload's levels.
    pub levels: Range<usize>,
    /// Iterations of each of these levels, from 0.
    pub iterations: Range<u32>,
}

impl Stretch {
    /// Its iterations in the order in which they are run: workers, and which repetition, from 1.
    pub fn iterations_of(&self, plan: &Plan) -> Vec<(u32, u32)> {
        let workload = &plan.workloads[self.workload];
        let of_level =
            |level: usize| self.iterations.clone().map(move |i| (workload.concurrency[level], i + 1));
        self.levels.clone().flat_map(of_level).collect()
    }
}

/// One stretch of one case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Unit {
    /// Index into the experiment's cases.
    pub case: usize,
    /// What of it.
    pub stretch: Stretch,
}

/// All stretches of a plan, in the file's order.
pub fn stretches(plan: &Plan) -> Vec<Stretch> {
    plan.workloads.iter().enumerate().flat_map(|(index, workload)| of_workload(index, workload)).collect()
}

fn of_workload(index: usize, workload: &Workload) -> Vec<Stretch> {
    let levels = 0..workload.concurrency.len();
    let iterations = 0..workload.iterations.max(1);
    let stretch = |levels, iterations| Stretch { workload: index, levels, iterations };
    match (workload.reset, workload.extent) {
        (Reset::Scenario, _) => vec![stretch(levels, iterations)],
        // How far an iteration comes in its time is not known beforehand, so that no other could go on from there.
        (Reset::Level, Extent::Total(_)) => {
            levels.map(|level| stretch(level..level + 1, iterations.clone())).collect()
        }
        (Reset::Level | Reset::Iteration | Reset::Write, _) => {
            let each = |level: usize| iterations.clone().map(move |i| (level..level + 1, i..i + 1));
            levels.flat_map(each).map(|(levels, iterations)| stretch(levels, iterations)).collect()
        }
    }
}

/// Every stretch of every case, in the order in which they are to be run. One case alone keeps the file's order, and so does
/// [`CaseOrder::File`].
///
/// The random order goes in rounds: the first stretch of each level of every case, shuffled, then the second of each, shuffled anew. So a
/// drift of the machine hits all cases alike, and an experiment that is interrupted has about equally many iterations of each. The seed of
/// the scenario decides it.
pub fn order(experiment: &Experiment) -> Vec<Unit> {
    let of_case = |(case, plan): (usize, &Plan)| {
        let units = stretches(plan).into_iter().map(move |stretch| Unit { case, stretch });
        units.collect::<Vec<_>>()
    };
    let mut units: Vec<Unit> = experiment.cases.iter().enumerate().flat_map(of_case).collect();
    let Some(first) = experiment.cases.first() else { return units };
    if experiment.cases.len() == 1 || experiment.case_order == CaseOrder::File {
        return units;
    }
    // Stable, so that each round has the file's order before it is shuffled.
    units.sort_by_key(|unit| unit.stretch.iterations.start);
    for round in units.chunk_by_mut(|a, b| a.stretch.iterations.start == b.stretch.iterations.start) {
        shuffle(round, first.seed);
    }
    units
}

/// Fisher and Yates, drawn from the seed and the round.
fn shuffle(round: &mut [Unit], seed: u64) {
    const PURPOSE: u64 = 0x006f_7264_6572;
    let number = round.first().map_or(0, |unit| u64::from(unit.stretch.iterations.start));
    for last in (1..round.len()).rev() {
        let bits = mix(seed, &[PURPOSE, number, last as u64]);
        let drawn = (u128::from(bits) * (last as u128 + 1)) >> 64;
        round.swap(last, drawn as usize);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::Overrides;

    fn plan(top: &str) -> Plan {
        let text = format!(
            "{top}\ntotal_writes = 10\n[database]\npath = ':memory:'\n[tables.t]\nshare = 1\ncolumns.id = {{ type = 'INTEGER PRIMARY KEY' }}\n"
        );
        crate::plan::prepare(Path::new("mine.toml"), text, &Overrides::default()).unwrap().0
    }

    fn cases(count: usize, top: &str, case_order: CaseOrder) -> Experiment {
        let case = |case| Plan { case, ..plan(top) };
        Experiment { cases: (0..count).map(case).collect(), case_order }
    }

    fn shape(plan: &Plan) -> Vec<(Range<usize>, Range<u32>)> {
        stretches(plan).into_iter().map(|s| (s.levels, s.iterations)).collect()
    }

    #[test]
    fn what_shares_a_fresh_state_is_one_stretch() {
        let with = |reset: &str| plan(&format!("concurrency = [1, 2]\niterations = 3\nreset = '{reset}'"));
        assert_eq!(shape(&with("scenario")), [(0..2, 0..3)]);
        assert_eq!(shape(&with("level")), [(0..1, 0..3), (1..2, 0..3)]);
        let plan = with("level");
        assert_eq!(stretches(&plan)[1].iterations_of(&plan), [(2, 1), (2, 2), (2, 3)]);
        let each = [(0..1, 0..1), (0..1, 1..2), (0..1, 2..3), (1..2, 0..1), (1..2, 1..2), (1..2, 2..3)];
        assert_eq!(shape(&with("iteration")), each);
    }

    #[test]
    fn every_unit_of_every_case_comes_once_in_rounds() {
        let experiment =
            cases(5, "concurrency = [1, 2]\niterations = 4\nreset = 'iteration'", CaseOrder::Random);
        let units = order(&experiment);
        assert_eq!(units.len(), 5 * 2 * 4);
        let mut shuffled = false;
        for (number, round) in units.chunks(10).enumerate() {
            assert!(round.iter().all(|unit| unit.stretch.iterations.start as usize == number));
            let places: Vec<_> = round.iter().map(|u| (u.case, u.stretch.levels.start)).collect();
            let mut sorted = places.clone();
            sorted.sort_unstable();
            shuffled |= sorted != places;
            sorted.dedup();
            assert_eq!(sorted.len(), 10);
        }
        assert!(shuffled);
        assert_eq!(order(&experiment), units, "the seed decides");
        let of_round = |number: usize| units[number * 10..][..10].iter().map(|u| u.case).collect::<Vec<_>>();
        assert_ne!(of_round(0), of_round(1), "each round is shuffled anew");
    }

    #[test]
    fn another_seed_gives_another_order() {
        let with =
            |seed: u64| order(&cases(9, &format!("seed = {seed}\nconcurrency = [1]"), CaseOrder::Random));
        assert_ne!(with(1), with(2));
    }

    #[test]
    fn one_case_alone_and_the_order_of_the_file_are_not_shuffled() {
        let top = "concurrency = [1, 2]\niterations = 3\nreset = 'iteration'";
        for experiment in [cases(1, top, CaseOrder::Random), cases(3, top, CaseOrder::File)] {
            let in_order: Vec<Unit> = experiment
                .cases
                .iter()
                .flat_map(|plan| stretches(plan).into_iter().map(|stretch| Unit { case: plan.case, stretch }))
                .collect();
            assert_eq!(order(&experiment), in_order);
        }
    }
}
