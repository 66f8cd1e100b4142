//! `runner compare`: finds the two sides, compares them, and prints what came of it.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indexmap::IndexMap;

use super::output::put;
use super::{Exit, stdout_color, stdout_width};
use crate::compare::{self, Comparison, Incomparable, METRICS, Options, Source, Verdict};
use crate::diagnostic::nearest;
use crate::report::{self, TableOptions};
use crate::result::{BASELINE_FOLDER, Baselines, read, results_in};

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// What to hold against: a result file, a folder of results, or the name of a baseline.
    #[arg(value_name = "BASE")]
    base: String,
    /// What is held against it: the same kinds.
    #[arg(value_name = "CANDIDATE")]
    candidate: String,
    #[command(flatten)]
    pub(super) rules: Rules,
    /// What to print.
    #[arg(long, value_enum, default_value_t = CompareFormat::Table)]
    format: CompareFormat,
}

/// What decides, for `compare` and for `run --baseline`.
#[derive(Clone, Debug, Args)]
pub(super) struct Rules {
    /// A difference that matters, 5 % where it is not given; or that of a metric: latency.p99=10%. To be repeated.
    #[arg(long, value_name = "[METRIC=]PERCENT", value_parser = threshold)]
    threshold: Vec<(Option<String>, f64)>,
    /// Only this metric: throughput, latency.avg, latency.p50, latency.p90, latency.p95, latency.p99 or success_rate. To be repeated.
    #[arg(long, value_name = "METRIC", value_parser = metric)]
    metric: Vec<String>,
    /// Compare results that should not be compared; every table then says so.
    #[arg(long)]
    anyway: bool,
    /// Folder of the baselines.
    #[arg(long, value_name = "DIR", default_value = BASELINE_FOLDER)]
    pub(super) baselines: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CompareFormat {
    /// For a terminal.
    Table,
    /// The comparison as a document.
    Json,
    /// For a comment on a pull request.
    Markdown,
    /// XML of test results.
    Junit,
    /// Annotations of GitHub's workflows.
    Github,
}

fn metric(text: &str) -> Result<String, String> {
    if METRICS.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(match nearest(text, METRICS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of {}", METRICS.join(", ")),
    })
}

/// `5`, `5%` or `latency.p99=10%`, as shares.
fn threshold(text: &str) -> Result<(Option<String>, f64), String> {
    let (name, share) = match text.split_once('=') {
        Some((name, share)) => (Some(metric(name.trim())?), share),
        None => (None, text),
    };
    let number = share.trim().trim_end_matches('%').trim();
    match number.parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent < 1e6 => Ok((name, percent / 100.0)),
        _ => Err("a share above 0 in per cent, such as 5%, or latency.p99=10%".to_owned()),
    }
}

impl Rules {
    fn options(&self) -> Options {
        let general = self.threshold.iter().rev().find(|(name, _)| name.is_none());
        let single = self.threshold.iter().filter_map(|(name, share)| Some((name.clone()?, *share)));
        Options {
            threshold: general.map_or(Options::default().threshold, |(_, share)| *share),
            thresholds: single.collect::<IndexMap<String, f64>>(),
            metrics: self.metric.clone(),
            anyway: self.anyway,
        }
    }

    /// Compares, and tells why not where that cannot be.
    pub(super) fn compare(&self, base: &[Source], candidate: &[Source]) -> Result<Comparison, Exit> {
        compare::compare(base, candidate, &self.options()).map_err(|error| {
            eprintln!("error: {error}");
            if let Incomparable::Differs { .. } = error {
                eprintln!("help: measure both under the same circumstances, or add `--anyway`");
            }
            Exit::Wrong
        })
    }
}

/// Compares two sides. A regression ends with 1.
pub(super) fn compare(arguments: &CompareArgs) -> Exit {
    let sides = [&arguments.base, &arguments.candidate].map(|name| find(name, &arguments.rules.baselines));
    let [base, candidate] = match sides {
        [Ok(base), Ok(candidate)] => [base, candidate],
        sides => {
            sides.into_iter().filter_map(Result::err).for_each(|words| eprintln!("error: {words}"));
            return Exit::Wrong;
        }
    };
    match arguments.rules.compare(&base, &candidate) {
        Ok(comparison) => print(&comparison, arguments.format),
        Err(exit) => exit,
    }
}

/// What a run is held against, found before anything runs.
#[derive(Debug)]
pub(super) struct Baseline<'a> {
    base: Vec<Source>,
    rules: &'a Rules,
}

impl<'a> Baseline<'a> {
    /// Finds it.
    pub(super) fn find(name: &str, rules: &'a Rules) -> Result<Baseline<'a>, Exit> {
        match find(name, &rules.baselines) {
            Ok(base) => Ok(Baseline { base, rules }),
            Err(words) => {
                eprintln!("error: {words}");
                Err(Exit::Wrong)
            }
        }
    }

    /// Whether it has a scenario of this name.
    pub(super) fn has(&self, scenario: &str) -> bool {
        self.base.iter().any(|source| source.result.configuration_id == scenario)
    }

    /// Holds a stored result against it, and prints what came of it to where the run's own figures do not go.
    pub(super) fn hold(&self, document: &Path) -> Exit {
        let candidate = match read(document) {
            Ok(result) => Source { path: document.display().to_string(), result },
            Err(error) => {
                eprintln!("error: {error}");
                return Exit::NoResult;
            }
        };
        let name = &candidate.result.configuration_id;
        let base: Vec<Source> =
            self.base.iter().filter(|source| source.result.configuration_id == *name).cloned().collect();
        match self.rules.compare(&base, &[candidate]) {
            Ok(comparison) => print(&comparison, CompareFormat::Table),
            Err(exit) => exit,
        }
    }
}

/// Prints a comparison; how it ends is what it came to.
pub(super) fn print(comparison: &Comparison, format: CompareFormat) -> Exit {
    let text = match format {
        CompareFormat::Table => {
            let options =
                TableOptions { color: stdout_color(), width: stdout_width(), ..TableOptions::default() };
            report::comparison_table(comparison, options)
        }
        CompareFormat::Json => {
            let text = serde_json::to_string_pretty(comparison).expect("a comparison can be written as JSON");
            text + "\n"
        }
        CompareFormat::Markdown => report::comparison_markdown(comparison),
        CompareFormat::Junit => report::comparison_junit(comparison),
        CompareFormat::Github => report::comparison_github(comparison),
    };
    let regressed = if comparison.verdict == Verdict::Regressed { Exit::Failed } else { Exit::Fine };
    put(&text).max(regressed)
}

/// The results of a file, a folder or a baseline; else why there are none.
pub(super) fn find(name: &str, baselines: &Path) -> Result<Vec<Source>, String> {
    let path = Path::new(name);
    let files = if path.is_file() {
        vec![path.to_owned()]
    } else if path.is_dir() {
        results_in(path).map_err(|error| format!("{name}: {}", crate::files::reason(&error)))?
    } else {
        let kept = Baselines::at(baselines);
        match kept.files(name) {
            Ok(files) if !files.is_empty() => files,
            Ok(_) => {
                let unknown = kept.unknown(name).unwrap_or_else(|error| error);
                return Err(format!("there is no file or folder {name}, and {unknown}"));
            }
            Err(_) => return Err(format!("there is no file or folder {name}")),
        }
    };
    if files.is_empty() {
        return Err(format!("there are no results in {name}"));
    }
    let source = |path: &PathBuf| {
        read(path)
            .map(|result| Source { path: path.display().to_string(), result })
            .map_err(|error| error.to_string())
    };
    files.iter().map(source).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_a_share_of_all_metrics_or_of_one() {
        assert_eq!(threshold("5%"), Ok((None, 0.05)));
        assert_eq!(threshold("2.5"), Ok((None, 0.025)));
        assert_eq!(threshold("latency.p99 = 10 %"), Ok((Some("latency.p99".to_owned()), 0.1)));
        assert!(threshold("0").unwrap_err().starts_with("a share above 0"));
        assert_eq!(threshold("latency.p9=1").unwrap_err(), "did you mean `latency.p90`?");
    }
}
