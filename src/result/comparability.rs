//! What two results must share to be compared without being asked, and the key that says so at a glance.

use sha2::{Digest, Sha256};

use super::environment::{Engine, Environment};
use crate::plan::{Extent, Load, Plan, WarmUp, Workload};

/// Parts of comparability that only an open database tells.
pub const TOLD_BY_DATABASE: [&str; 4] = ["engine", "compileOptions", "storage", "durability"];

impl Environment {
    /// Fills in what two results must share. Settings of the database are not part of it: they are what is being compared. What only an open
    /// database tells is left out where there is none yet.
    pub(super) fn set_comparability(&mut self, plan: &Plan, engine: Option<&Engine>) {
        let machine = &self.machine;
        let effective = &plan.source.effective;
        let system = self.storage.file_system.as_ref();
        let rows = [&effective["tables"], &effective["vars"], &effective["locale"], &effective["order"]];
        let fields = [
            ("runner", Some(format!("{} {}", self.runner.version, self.runner.build_profile))),
            ("profiler", self.runner.profiler.clone()),
            // Another C library is another allocator, for SQLite too.
            ("target", Some(self.runner.target.clone())),
            ("engine", engine.map(|one| format!("{} {} {}", one.name, one.version, one.source_id))),
            ("compileOptions", engine.map(|one| digest(&one.compile_options.join("\n")))),
            ("storage", engine.map(|one| one.storage.clone())),
            // What is acknowledged sooner is not faster.
            ("durability", engine.and_then(|one| one.durability).map(|class| class.as_str().to_owned())),
            ("fileSystem", system.map(|system| format!("{} on {}", system.kind, system.device))),
            ("kernel", machine.kernel.clone()),
            ("architecture", Some(machine.architecture.clone())),
            ("cpuModel", machine.cpu_model.clone()),
            ("cpusAvailable", machine.cpus_available.map(|count| count.to_string())),
            ("cpuLimit", machine.cpu_limit.map(|limit| limit.to_string())),
            ("memoryBytes", machine.memory_bytes.map(|bytes| bytes.to_string())),
            ("memoryLimitBytes", machine.memory_limit_bytes.map(|bytes| bytes.to_string())),
            ("tables", Some(digest(&rows.map(ToString::to_string).join("\n")))),
            ("operations", Some(digest(&operations(plan)))),
            ("workloads", Some(plan.workloads.iter().map(workload).collect::<Vec<_>>().join("; "))),
            ("seed", Some(plan.seed.to_string())),
        ];
        self.comparability =
            fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let lines: Vec<String> =
            self.comparability.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        self.comparability_key = digest(&lines.concat());
    }

    /// Whether comparability holds what only an open database tells.
    pub fn knows_database(&self) -> bool {
        self.comparability.contains_key(TOLD_BY_DATABASE[0])
    }
}

/// What the workloads do and in which proportions.
fn operations(plan: &Plan) -> String {
    let statements = plan.operations.iter().map(|operation| {
        let steps = operation.steps.iter().map(|step| format!("{} {:?}\n", step.sql, step.repeat));
        format!("{} {:?}\n{}", operation.name, operation.transaction, steps.collect::<String>())
    });
    let counts = plan.workloads.iter().flat_map(|workload| {
        workload.crews.iter().map(|crew| format!("{} {:?} {:?}\n", workload.name, crew.workers, crew.counts))
    });
    let values = plan.source.effective["operations"].to_string();
    statements.chain(counts).chain([values]).collect()
}

/// What and how much a workload does, and how fast it comes, in words. Retries, batches and pools may differ: they are what is compared.
fn workload(workload: &Workload) -> String {
    let extent = match workload.extent {
        Extent::Total(total) => format!("{total} operations"),
        Extent::Time { duration_ns, at_most } => {
            format!("{} of at most {at_most} operations", human(duration_ns))
        }
    };
    let warm_up = match workload.warm_up {
        WarmUp::None => String::new(),
        WarmUp::Operations(count) => format!(", warm-up {count} operations"),
        WarmUp::Time { duration_ns, .. } => format!(", warm-up {}", human(duration_ns)),
    };
    let load = match &workload.load {
        Load::Closed => String::new(),
        Load::Open { arrivals, stages } => {
            let stages = stages.iter().map(|stage| {
                let length = stage.duration_ns.map_or(String::new(), |ns| format!(" for {}", human(ns)));
                format!("{}/s{length}", stage.rate)
            });
            let stages = stages.collect::<Vec<_>>().join(" then ");
            format!(", {} arrivals at {stages}", format!("{arrivals:?}").to_lowercase())
        }
    };
    let reset = format!("{:?}", workload.reset).to_lowercase();
    format!("{}: {extent}{warm_up}{load}, reset {reset}", workload.name)
}

fn human(ns: u64) -> String {
    format!("{} s", ns as f64 / 1e9)
}

/// SHA-256 in hexadecimal.
fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;

    use super::super::testing;
    use super::*;
    use crate::engine::{Durability, Facts};
    use crate::plan::Database;

    fn key(plan: &Plan) -> (IndexMap<String, String>, String) {
        let mut environment = testing::environment();
        environment.set_comparability(plan, Some(&Engine::new(plan, &Facts::default())));
        (environment.comparability, environment.comparability_key)
    }

    #[test]
    fn workloads_that_do_other_or_more_work_are_not_compared() {
        let base = key(&testing::plan());
        assert_eq!(base.0["workloads"], "write: 4 operations, reset level");
        let differs = |change: &dyn Fn(&mut Plan)| {
            let mut plan = testing::plan();
            change(&mut plan);
            key(&plan).1 != base.1
        };
        assert!(!differs(&|_| {}));
        assert!(differs(&|plan| plan.workloads[0].name = "read".to_owned()));
        assert!(differs(&|plan| plan.workloads[0].extent = Extent::Total(5)));
        let lasting = Extent::Time { duration_ns: 4, at_most: 4 };
        assert!(differs(&|plan| plan.workloads[0].extent = lasting));
        assert!(differs(&|plan| plan.workloads[0].warm_up = WarmUp::Operations(1)));
        assert!(differs(&|plan| plan.workloads[0].crews[0].counts = vec![1, 3]));
        assert!(differs(&|plan| plan.operations[0].steps[0].sql.push(' ')));
        let twice = |plan: &mut Plan| plan.workloads.push(plan.workloads[0].clone());
        assert!(differs(&twice));
        // More iterations and other settings are what comparisons are for.
        assert!(!differs(&|plan| plan.workloads[0].iterations = 9));
        assert!(!differs(&|plan| plan.workloads[0].concurrency = vec![64]));
        let mut impatient = testing::plan().database.sqlite().unwrap().clone();
        impatient.busy_timeout_ms = 0;
        assert!(!differs(&|plan| plan.database = Database::Sqlite(impatient.clone())));
    }

    #[test]
    fn what_only_the_database_tells_is_left_out_before_it_is_open_and_nothing_else() {
        let plan = testing::plan();
        let mut before = testing::environment();
        before.set_comparability(&plan, None);
        let mut after = testing::environment();
        after.set_comparability(&plan, Some(&Engine::new(&plan, &Facts::default())));
        assert!(!before.knows_database() && after.knows_database());
        after.comparability.retain(|name, _| !TOLD_BY_DATABASE.contains(&name.as_str()));
        assert_eq!(before.comparability, after.comparability);
    }

    #[test]
    fn what_an_acknowledged_write_survives_is_part_of_what_two_results_must_share() {
        let with = |durability| {
            let mut environment = testing::environment();
            let (plan, facts) = (testing::plan(), Facts { durability, ..Facts::default() });
            environment.set_comparability(&plan, Some(&Engine::new(&plan, &facts)));
            (environment.comparability["durability"].clone(), environment.comparability_key)
        };
        let (words, key) = with(Durability::PowerLoss);
        assert_eq!(words, "power_loss");
        assert_ne!(with(Durability::ProcessCrash).1, key);
    }

    #[test]
    fn the_rate_of_an_open_loop_is_told() {
        let mut plan = testing::plan();
        let workload = &mut plan.workloads[0];
        workload.extent = Extent::Time { duration_ns: 30_000_000_000, at_most: 60_000 };
        let stage = |rate, seconds| crate::plan::Stage { rate, duration_ns: seconds };
        let stages = vec![stage(500.0, Some(5_000_000_000)), stage(2_000.0, None)];
        workload.load = Load::Open { arrivals: crate::plan::Arrivals::Poisson, stages };
        let told = &key(&plan).0["workloads"];
        assert_eq!(
            told,
            "write: 30 s of at most 60000 operations, poisson arrivals at 500/s for 5 s then 2000/s, reset level"
        );
    }
}
