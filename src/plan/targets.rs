//! `[[targets]]`: which figures they are about, and their limits in the figures' own units.
//!
//! Whether they are kept is left to `result`.

use super::Operation;
use super::operations::instead;
use super::tables::Input;
use super::target::{METRICS, Metric, Needs, Target, Unit};
use super::workload::{Load, Workload};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::scenario::{Loaded, TargetSection};
use crate::units::{Duration, Rate, Size};

/// What targets may be about in one case.
pub(super) struct About<'a, 'b> {
    pub(super) input: &'a Input<'b>,
    pub(super) loaded: &'a Loaded,
    pub(super) operations: &'a [Operation],
    pub(super) workloads: &'a [Workload],
}

/// What a target is about in one case.
pub(super) struct Aim {
    /// Whether its variant and its variables are the case's.
    pub(super) here: bool,
    /// Why it is about nothing there; empty where it is about something.
    pub(super) missed: Vec<Diagnostic>,
}

impl About<'_, '_> {
    /// Checks every target against what the plan will measure. Faults that hold in any case are added to `faults`, what each target is about to
    /// `aims`.
    pub(super) fn resolve(&self, faults: &mut Vec<Diagnostic>, aims: &mut Vec<Aim>) -> Vec<Target> {
        let all = self.input.scenario.targets.iter().enumerate().map(|(index, section)| {
            let index = index.to_string();
            let one = One { about: self, section, index: &index, faults: Vec::new(), missed: Vec::new() };
            let (target, found, aim) = one.target();
            faults.extend(found);
            aims.push(aim);
            target
        });
        all.collect()
    }
}

struct One<'a, 'b> {
    about: &'a About<'a, 'b>,
    section: &'a TargetSection,
    index: &'a str,
    faults: Vec<Diagnostic>,
    /// Faults of what it is about.
    missed: Vec<Diagnostic>,
}

impl<'a> One<'a, '_> {
    fn diagnostic(&self, code: Code, key: &str, words: String, help: impl Into<String>) -> Diagnostic {
        let path = ["targets", self.index, key];
        let own = self.about.input.at(&path[..if key.is_empty() { 2 } else { 3 }]);
        let at = own.or_else(|| self.about.input.at(&["targets", self.index]));
        Diagnostic::error(code, at, words).help(help)
    }

    fn fault(&mut self, code: Code, key: &str, words: String, help: impl Into<String>) {
        let fault = self.diagnostic(code, key, words, help);
        self.faults.push(fault);
    }

    fn miss(&mut self, code: Code, key: &str, words: String, help: impl Into<String>) {
        let fault = self.diagnostic(code, key, words, help);
        self.missed.push(fault);
    }

    fn target(mut self) -> (Target, Vec<Diagnostic>, Aim) {
        let section = self.section;
        let metric = Metric::find(&section.metric);
        if metric.is_none() {
            self.unknown_metric();
        }
        if let Some(metric) = metric.filter(|metric| section.operation.is_some() && !metric.per_operation) {
            let words = format!("single operations have no `{}`", metric.name);
            let help = "leave out `operation`: the figure is one of the whole level";
            self.fault(Code::TargetLimit, "operation", words, help);
        }
        self.aim(metric);
        if section.max.is_none() && section.min.is_none() {
            let help = metric
                .map_or("add `max` or `min`".to_owned(), |m| format!("add for instance `{}`", example(m)));
            self.fault(Code::TargetLimit, "", "the target has neither `max` nor `min`".to_owned(), help);
        }
        let max = metric.and_then(|metric| self.limit("max", section.max.as_ref()?, metric));
        let min = metric.and_then(|metric| self.limit("min", section.min.as_ref()?, metric));
        if let (Some(max), Some(min)) = (max, min)
            && min > max
        {
            let words = "`min` is greater than `max`, so that nothing can keep to both".to_owned();
            self.fault(Code::TargetLimit, "min", words, "write a smaller `min`, or a greater `max`");
        }
        let target = Target {
            workload: section.workload.clone(),
            operation: section.operation.clone(),
            concurrency: section.concurrency,
            variant: section.variant.clone(),
            vars: section.vars.clone().into_iter().collect(),
            metric: section.metric.clone(),
            max,
            min,
            span: self.about.input.at(&["targets", self.index, "metric"]),
        };
        let Loaded { scenario, variant, parameters, .. } = self.about.loaded;
        let aim = Aim { here: target.selects(variant, parameters, &scenario.vars), missed: self.missed };
        (target, self.faults, aim)
    }

    /// What it is about in this case.
    fn aim(&mut self, metric: Option<Metric>) {
        let mut matched = self.workload();
        self.operation(&matched);
        if let Some(workers) = self.section.concurrency {
            let known: Vec<u32> = matched.iter().flat_map(|w| w.concurrency.iter().copied()).collect();
            matched.retain(|workload| workload.concurrency.contains(&workers));
            if matched.is_empty() && !known.is_empty() {
                let list: Vec<String> = known.iter().map(u32::to_string).collect();
                let words = format!("no level has {workers} workers");
                let help = match list.as_slice() {
                    [only] => format!("write `concurrency = {only}`, the only level, or leave it out"),
                    _ => format!("the levels are {}", list.join(", ")),
                };
                self.miss(Code::TargetLimit, "concurrency", words, help);
            }
        }
        if let Some(metric) = metric {
            self.needs(metric, &matched);
        }
    }

    fn unknown_metric(&mut self) {
        let name = &self.section.metric;
        let names = METRICS.iter().map(|metric| metric.name);
        // The usual one of a family: `p99` is that of the latency.
        let part =
            METRICS.iter().find(|metric| metric.name.split_once('.').is_some_and(|(_, part)| part == name));
        let rates = [
            "writes_per_second",
            "operations_per_second",
            "ops_per_second",
            "ops",
            "qps",
            "tps",
            "rps",
            "rate",
        ];
        let usual = part.map(|metric| metric.name).or(rates.contains(&name.as_str()).then_some("throughput"));
        let help = match usual.or_else(|| nearest(name, names)) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => {
                let plain = METRICS
                    .iter()
                    .map(|metric| metric.name)
                    .filter(|name| !name.contains(".p") && !name.ends_with(".median"));
                let list: Vec<&str> = plain
                    .filter(|n| {
                        !n.starts_with("service") && !n.starts_with("batch") && !n.starts_with("checkout")
                    })
                    .collect();
                format!(
                    "the metrics are {}, percentiles such as latency.p99, the same for service, batch and checkout, and medians over iterations such as latency.p99.median",
                    list.join(", ")
                )
            }
        };
        self.fault(Code::UnknownMetric, "metric", format!("`{name}` is no metric"), help);
    }

    /// The workloads that the selector matches.
    fn workload(&mut self) -> Vec<&'a Workload> {
        let workloads = self.about.workloads;
        let Some(name) = &self.section.workload else { return workloads.iter().collect() };
        let found: Vec<&Workload> = workloads.iter().filter(|workload| workload.name == *name).collect();
        // One that stands in the file and is wrong has its own faults.
        if found.is_empty() && !self.about.input.scenario.workloads.contains_key(name) {
            let help = instead(name, "workloads", workloads.iter().map(|workload| workload.name.as_str()));
            self.miss(Code::UnknownWorkload, "workload", format!("there is no workload `{name}`"), help);
        }
        found
    }

    fn operation(&mut self, matched: &[&Workload]) {
        let Some(name) = &self.section.operation else { return };
        let comes = |index: usize| matched.iter().any(|w| w.crews.iter().any(|crew| crew.counts[index] > 0));
        let names = self.about.operations.iter().enumerate().filter(|(index, _)| comes(*index));
        let names: Vec<&str> = names.map(|(_, operation)| operation.name.as_str()).collect();
        if !names.contains(&name.as_str()) && !matched.is_empty() {
            let help = instead(name, "operations", names.iter().copied());
            let of = match &self.section.workload {
                Some(workload) => format!(" in workload `{workload}`"),
                None => String::new(),
            };
            let exists = self.about.operations.iter().any(|operation| operation.name == *name);
            let words = match exists {
                true => format!("operation `{name}` is never carried out{of}"),
                false => format!("there is no operation `{name}`"),
            };
            self.miss(Code::UnknownOperation, "operation", words, help);
        }
    }

    fn needs(&mut self, metric: Metric, matched: &[&Workload]) {
        let (has, help) = match metric.needs {
            Needs::Nothing => return,
            Needs::Rate => (
                matched.iter().any(|w| matches!(w.load, Load::Open { .. })),
                "it is a figure of workloads with a `rate`",
            ),
            Needs::Batches => {
                (matched.iter().any(|w| w.batch.is_some()), "it is a figure of workloads with `batch_size`")
            }
            Needs::Pool => {
                (matched.iter().any(|w| w.pool.is_some()), "it is a figure of workloads with a `[pool]`")
            }
            Needs::StatementCache => (
                self.about.input.scenario.database.statement_cache.is_some(),
                "it is a figure of databases with `statement_cache`",
            ),
        };
        if !has && !matched.is_empty() {
            let words = format!("nothing that the target is about has `{}`", metric.name);
            self.miss(Code::TargetLimit, "metric", words, help);
        }
    }

    /// A limit in the figure's unit.
    fn limit(&mut self, key: &str, value: &serde_json::Value, metric: Metric) -> Option<f64> {
        let number = match value {
            serde_json::Value::String(text) => quantity(text, metric.unit),
            other => other.as_f64(),
        };
        let least_and_most = match metric.unit {
            Unit::Share => 0.0..=1.0,
            _ => 0.0..=f64::MAX,
        };
        match number {
            None => {
                let words = format!("`{key}` of `{}` cannot be {value}", metric.name);
                let help = match meant(value, metric.unit) {
                    Some(limit) => format!("write `{key} = {limit}`"),
                    None => format!("write for instance `{}`", line(key, metric)),
                };
                self.fault(Code::TargetLimit, key, words, help);
                None
            }
            Some(number) if !least_and_most.contains(&number) => {
                let range = if metric.unit == Unit::Share { "from 0 to 1" } else { "at least 0" };
                let words = format!("`{key}` of `{}` is {number}, but must be {range}", metric.name);
                self.fault(
                    Code::TargetLimit,
                    key,
                    words,
                    format!("write for instance `{}`", line(key, metric)),
                );
                None
            }
            number => number,
        }
    }
}

/// A text as a number of the unit.
fn quantity(text: &str, unit: Unit) -> Option<f64> {
    match unit {
        Unit::Milliseconds => Some(text.parse::<Duration>().ok()?.as_nanos() as f64 / 1e6),
        Unit::PerSecond => Some(text.parse::<Rate>().ok()?.per_second()),
        Unit::Bytes => Some(text.parse::<Size>().ok()?.as_bytes() as f64),
        Unit::Count | Unit::Share | Unit::Ratio => None,
    }
}

/// A text without its unit, or with a sign that the figure does not take, as it would be right.
fn meant(value: &serde_json::Value, unit: Unit) -> Option<String> {
    let text = value.as_str()?.trim();
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    if let Some(percent) = text.strip_suffix('%') {
        let share = number(percent)? / 100.0;
        return matches!(unit, Unit::Share | Unit::Ratio).then(|| share.to_string());
    }
    number(text)?;
    Some(match unit {
        Unit::Milliseconds => format!("\"{text}ms\""),
        Unit::PerSecond => format!("\"{text}/s\""),
        Unit::Bytes | Unit::Count | Unit::Share | Unit::Ratio => text.to_owned(),
    })
}

/// A limit that the figure takes, on the usual side.
fn example(metric: Metric) -> String {
    let least = ["throughput", "success_rate", "count", "statement_cache.hit_rate"];
    line(if least.contains(&metric.name) { "min" } else { "max" }, metric)
}

fn line(key: &str, metric: Metric) -> String {
    let value = match metric.unit {
        Unit::Milliseconds => "\"5ms\"",
        Unit::PerSecond => "\"2000/s\"",
        Unit::Bytes => "\"100MB\"",
        Unit::Count => "100",
        Unit::Share if key == "min" => "0.99",
        Unit::Share => "0.01",
        Unit::Ratio => "0.2",
    };
    format!("{key} = {value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_comes_in_the_unit_of_its_figure() {
        assert_eq!(quantity("5ms", Unit::Milliseconds), Some(5.0));
        assert_eq!(quantity("1.5s", Unit::Milliseconds), Some(1_500.0));
        assert_eq!(quantity("2000/s", Unit::PerSecond), Some(2_000.0));
        assert_eq!(quantity("1kB", Unit::Bytes), Some(1_000.0));
        assert_eq!(quantity("5ms", Unit::PerSecond), None);
        assert_eq!(quantity("5%", Unit::Share), None);
    }
}
