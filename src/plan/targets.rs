//! `[[targets]]`: which figures they are about, and their limits in the figures' own units.
//!
//! Whether they are kept is left to `result`.

use super::Operation;
use super::operations::instead;
use super::tables::Input;
use super::target::{BASE_VARIANT, METRICS, Metric, Needs, Target, Unit, same_value};
use super::workload::{Load, Workload};
use crate::diagnostic::{Code, Diagnostic, Span, nearest};
use crate::scenario::TargetSection;
use crate::units::{Duration, Rate, Size};

/// Checks every target against what the plan will measure. Faults are added to `faults`.
pub(super) fn resolve(
    input: &Input<'_>,
    operations: &[Operation],
    workloads: &[Workload],
    faults: &mut Vec<Diagnostic>,
) -> Vec<Target> {
    let all = input.scenario.targets.iter().enumerate().map(|(index, section)| {
        let index = index.to_string();
        One { input, operations, workloads, section, index: &index, faults }.target()
    });
    all.collect()
}

struct One<'a, 'b> {
    input: &'a Input<'b>,
    operations: &'a [Operation],
    workloads: &'a [Workload],
    section: &'a TargetSection,
    index: &'a str,
    faults: &'a mut Vec<Diagnostic>,
}

impl<'a> One<'a, '_> {
    fn fault(&mut self, code: Code, key: &str, words: String, help: impl Into<String>) {
        let path = ["targets", self.index, key];
        let own = self.input.at(&path[..if key.is_empty() { 2 } else { 3 }]);
        self.fault_at(code, own, words, help);
    }

    fn fault_at(&mut self, code: Code, own: Option<Span>, words: String, help: impl Into<String>) {
        let at = own.or_else(|| self.input.at(&["targets", self.index]));
        self.faults.push(Diagnostic::error(code, at, words).help(help));
    }

    fn target(mut self) -> Target {
        let section = self.section;
        let metric = Metric::find(&section.metric);
        if metric.is_none() {
            self.unknown_metric();
        }
        let mut matched = self.workload();
        self.operation(&matched, metric);
        self.variant();
        self.vars();
        if let Some(workers) = section.concurrency {
            let known: Vec<u32> = matched.iter().flat_map(|w| w.concurrency.iter().copied()).collect();
            matched.retain(|workload| workload.concurrency.contains(&workers));
            if matched.is_empty() && !known.is_empty() {
                let list: Vec<String> = known.iter().map(u32::to_string).collect();
                let words = format!("no level has {workers} workers");
                let help = match list.as_slice() {
                    [only] => format!("write `concurrency = {only}`, the only level, or leave it out"),
                    _ => format!("the levels are {}", list.join(", ")),
                };
                self.fault(Code::TargetLimit, "concurrency", words, help);
            }
        }
        if let Some(metric) = metric {
            self.needs(metric, &matched);
        }
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
        Target {
            workload: section.workload.clone(),
            operation: section.operation.clone(),
            concurrency: section.concurrency,
            variant: section.variant.clone(),
            vars: section.vars.clone().into_iter().collect(),
            metric: section.metric.clone(),
            max,
            min,
            span: self.input.at(&["targets", self.index, "metric"]),
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
                let plain = METRICS.iter().map(|metric| metric.name).filter(|name| !name.contains(".p"));
                let list: Vec<&str> = plain
                    .filter(|n| {
                        !n.starts_with("service") && !n.starts_with("batch") && !n.starts_with("checkout")
                    })
                    .collect();
                format!(
                    "the metrics are {}, percentiles such as latency.p99, and the same for service, batch and checkout",
                    list.join(", ")
                )
            }
        };
        self.fault(Code::UnknownMetric, "metric", format!("`{name}` is no metric"), help);
    }

    /// The workloads that the selector matches.
    fn workload(&mut self) -> Vec<&'a Workload> {
        let Some(name) = &self.section.workload else { return self.workloads.iter().collect() };
        let found: Vec<&Workload> = self.workloads.iter().filter(|workload| workload.name == *name).collect();
        // One that stands in the file and is wrong has its own faults.
        if found.is_empty() && !self.input.scenario.workloads.contains_key(name) {
            let help =
                instead(name, "workloads", self.workloads.iter().map(|workload| workload.name.as_str()));
            self.fault(Code::UnknownWorkload, "workload", format!("there is no workload `{name}`"), help);
        }
        found
    }

    fn variant(&mut self) {
        let Some(name) = self.section.variant.as_ref().filter(|name| *name != BASE_VARIANT) else { return };
        let help =
            format!("leave out `variant`, or write \"{BASE_VARIANT}\", which is the file as it stands");
        self.fault(Code::TargetLimit, "variant", format!("there is no variant `{name}`"), help);
    }

    fn vars(&mut self) {
        let known = &self.input.scenario.vars;
        for (name, wanted) in &self.section.vars {
            let path = ["targets", self.index, "vars", name];
            let Some(found) = known.get(name) else {
                let help = instead(name, "vars", known.keys().map(String::as_str));
                let at = self.input.spans.key(&path);
                self.fault_at(Code::TargetLimit, at, format!("there is no `vars.{name}`"), help);
                continue;
            };
            if !same_value(found, wanted) {
                let words = format!("`vars.{name}` is {found} here, so that the target is about nothing");
                let help = format!("write `{name} = {found}`, or leave it out");
                self.fault_at(Code::TargetLimit, self.input.at(&path), words, help);
            }
        }
    }

    fn operation(&mut self, matched: &[&Workload], metric: Option<Metric>) {
        let Some(name) = &self.section.operation else { return };
        let comes = |index: usize| matched.iter().any(|w| w.crews.iter().any(|crew| crew.counts[index] > 0));
        let names = self.operations.iter().enumerate().filter(|(index, _)| comes(*index));
        let names: Vec<&str> = names.map(|(_, operation)| operation.name.as_str()).collect();
        if !names.contains(&name.as_str()) && !matched.is_empty() {
            let help = instead(name, "operations", names.iter().copied());
            let of = match &self.section.workload {
                Some(workload) => format!(" in workload `{workload}`"),
                None => String::new(),
            };
            let exists = self.operations.iter().any(|operation| operation.name == *name);
            let words = match exists {
                true => format!("operation `{name}` is never carried out{of}"),
                false => format!("there is no operation `{name}`"),
            };
            self.fault(Code::UnknownOperation, "operation", words, help);
        }
        if let Some(metric) = metric.filter(|metric| !metric.per_operation) {
            let words = format!("single operations have no `{}`", metric.name);
            self.fault(
                Code::TargetLimit,
                "operation",
                words,
                "leave out `operation`: the figure is one of the whole level",
            );
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
                self.input.scenario.database.statement_cache.is_some(),
                "it is a figure of databases with `statement_cache`",
            ),
        };
        if !has && !matched.is_empty() {
            let words = format!("nothing that the target is about has `{}`", metric.name);
            self.fault(Code::TargetLimit, "metric", words, help);
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
