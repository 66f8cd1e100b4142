//! What several cases of one file come to together.

use super::*;
use crate::plan::prepare;

const FILE: &str = "[database]\npath = ':memory:'\n[tables.users]\nshare = 1\n[tables.users.columns]\n\
    id = { type = 'INTEGER PRIMARY KEY' }\nname = { type = 'TEXT NOT NULL', value = '{{ text(vars.size) }}' }\n";

fn text(more: &str) -> String {
    format!("total = 100\nconcurrency = [1]\nvars.size = 3\n{more}\n{FILE}")
}

fn try_all(more: &str, variants: &[&str]) -> Result<Experiment, Vec<String>> {
    let variants = variants.iter().map(|name| (*name).to_owned()).collect();
    let overrides = Overrides { variants, ..Overrides::default() };
    let words = |rejected: Rejected| rejected.diagnostics.into_iter().map(|fault| fault.message).collect();
    experiment(Path::new("x.toml"), text(more), &overrides).map(|made| made.0).map_err(words)
}

fn all(more: &str) -> Experiment {
    try_all(more, &[]).unwrap_or_else(|faults| panic!("{faults:?}"))
}

const MANY: &str = "[variants.large]\nvars.size = 9\ntotal = 500\n[matrix]\nlimits.memory = ['64MiB', '1GiB']\nseed = [1, 2]\n";

#[test]
fn every_case_has_its_place_its_values_and_its_limits() {
    let experiment = all(MANY);
    assert_eq!(experiment.cases.len(), 8);
    for (index, plan) in experiment.cases.iter().enumerate() {
        assert_eq!(plan.case, index);
        assert_eq!(plan.variant, if index < 4 { "base" } else { "large" });
        assert_eq!(plan.seed, 1 + index as u64 % 2);
        let memory = if index % 4 < 2 { 64 << 20 } else { 1 << 30 };
        assert_eq!((plan.limits.memory_bytes, plan.limits.cpus), (Some(memory), None));
        assert_eq!(plan.parameters.keys().collect::<Vec<_>>(), ["limits.memory", "seed"]);
        assert_eq!(plan.source.effective["limits"]["memory"], plan.parameters["limits.memory"]);
        let total = if index < 4 { 100 } else { 500 };
        assert_eq!(plan.workloads[0].crews[0].counts, [total]);
    }
    assert_eq!(experiment.case_order, crate::plan::CaseOrder::Random);
}

#[test]
fn a_single_case_is_the_one_among_all() {
    let experiment = all(MANY);
    let shown = |plan: &Plan| {
        format!("{:?} {:?}", plan.source, (&plan.variant, &plan.parameters, plan.limits, plan.case))
    };
    for plan in &experiment.cases {
        let one = one_case(Path::new("x.toml"), text(MANY), &Overrides::default(), plan.case);
        let one = one.unwrap_or_else(|rejected| panic!("{:?}", rejected.diagnostics));
        assert_eq!(shown(&one), shown(plan));
        assert_eq!(one.workloads[0].crews[0].counts, plan.workloads[0].crews[0].counts);
    }
    let (first, _) = prepare(Path::new("x.toml"), text(MANY), &Overrides::default()).unwrap();
    assert_eq!(shown(&first), shown(experiment.first()));
}

#[test]
fn a_fault_of_many_cases_is_told_once_and_says_whose_it_is_where_it_stands_elsewhere() {
    let faults = try_all("[matrix]\nseed = [1, 2, 3]\nvars.size = [2, -1]\n", &[]).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].ends_with(" (in seed = 1, vars.size = -1)"), "{faults:?}");
    let everywhere = try_all("[matrix]\nseed = [1, 2, 3]\n[output]\nschema = 5\n", &[]).unwrap_err();
    assert_eq!(everywhere, ["`output.schema` is 5, but takes text"]);
}

#[test]
fn too_little_memory_is_told_although_the_case_is_like_another_one() {
    let faults = try_all("[matrix]\nlimits.memory = ['64MiB', '1MiB']\n", &[]).unwrap_err();
    assert_eq!(faults, ["`limits.memory` is 1.00 MiB, and the process itself needs more"]);
}

const POOL: &str = "[variants.pool]\npool.max = 2\n";

#[test]
fn a_target_may_be_about_what_only_one_variant_has() {
    let target = "[[targets]]\nmetric = 'checkout.avg'\nmax = 5\n";
    let experiment = all(&format!("{POOL}{target}"));
    assert!(experiment.cases.iter().all(|case| case.targets.len() == 1));
    let of_base = format!("{POOL}{target}variant = 'base'\n");
    let faults = try_all(&of_base, &[]).unwrap_err();
    assert_eq!(faults, ["nothing that the target is about has `checkout.avg`"]);
}

#[test]
fn a_target_about_a_variant_that_is_not_chosen_is_not_asked_for() {
    let target = |variant: &str| format!("[[targets]]\nmetric = 'errors'\nmax = 5\nvariant = '{variant}'\n");
    let file = format!("{POOL}{}{}", target("pool"), target("base"));
    let targets = |variants: &[&str]| {
        let experiment = try_all(&file, variants).unwrap();
        let each =
            experiment.cases.iter().map(|case| case.targets.iter().map(|t| t.variant.clone().unwrap()));
        each.map(|names| names.collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(targets(&[]), ["pool base", "pool base"]);
    assert_eq!(targets(&["pool"]), ["pool"]);
    assert_eq!(targets(&["base"]), ["base"]);
}

#[test]
fn what_one_case_uses_is_not_unused() {
    let codes = |more: &str| {
        let warnings = all(more).warnings();
        warnings.iter().map(|warning| warning.code.as_str()).collect::<Vec<_>>()
    };
    let var = "vars.other = 1\n";
    assert_eq!(codes(var), ["unused-var"]);
    let used = "[variants.x]\ntables.users.columns.name.value = '{{ text(vars.other) }}'\n";
    assert_eq!(codes(&format!("{var}{used}")), Vec::<&str>::new());
    let same = "[variants.a]\nseed = 42\n";
    assert_eq!(codes(&format!("seed = 42\n{same}")), ["same-as-base"]);
    assert_eq!(codes(&format!("seed = 42\nallow_warnings = ['same-as-base']\n{same}")), Vec::<&str>::new());
}
