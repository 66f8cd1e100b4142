//! `runner compare`: finds the two sides, compares them, and prints what came of it.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::output::put;
use super::{Exit, stdout_color, stdout_width};
use crate::compare::{
    self, Choices, Comparison, Incomparable, MetricName, Options, Selection, Source, Verdict,
};
use crate::report::{self, Rows, TableOptions};
use crate::result::{BASELINE_FOLDER, Baselines, last_key, read, results_in};

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// What to hold against: a result file, a folder of results, or the name of a baseline.
    #[arg(value_name = "BASE")]
    base: String,
    /// What is held against it: the same kinds. Left out where two cases of the base are compared; without these, they are listed.
    #[arg(value_name = "CANDIDATE")]
    candidate: Option<String>,
    #[command(flatten)]
    cases: Cases,
    #[command(flatten)]
    pub(super) rules: Rules,
    /// What to print.
    #[arg(long, value_enum, default_value_t = CompareFormat::Table)]
    format: CompareFormat,
    /// Show every row of single operations too, not only those that differ from the whole.
    #[arg(long)]
    all: bool,
}

/// One case of each side, for `compare` and `report`.
#[derive(Clone, Debug, Args)]
pub(super) struct Cases {
    /// Of the base only this variant; `base` is the file as it stands.
    #[arg(long, value_name = "NAME", requires = "candidate_variant")]
    base_variant: Option<String>,
    /// Of the candidate only this variant.
    #[arg(long, value_name = "NAME", requires = "base_variant")]
    candidate_variant: Option<String>,
    /// Of the base only this point of the matrix: journal_mode=delete. Several keys with commas, or repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = parameter, value_delimiter = ',', requires = "candidate_case")]
    base_case: Vec<(String, String)>,
    /// Of the candidate only this point of the matrix.
    #[arg(long, value_name = "KEY=VALUE", value_parser = parameter, value_delimiter = ',', requires = "base_case")]
    candidate_case: Vec<(String, String)>,
}

impl Cases {
    /// The first option that names a case, if any is given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let given =
            [("--base-variant", self.base_variant.is_some()), ("--base-case", !self.base_case.is_empty())];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }

    /// How to compare.
    ///
    /// # Errors
    /// In words, when the two points do not name the same keys: what differs in other ways cannot be paired.
    pub(super) fn options(&self, rules: &Rules) -> Result<Options, String> {
        let of = |variant: &Option<String>, parameters: &[(String, String)]| Selection {
            variant: variant.clone(),
            parameters: parameters.to_vec(),
        };
        let keys = |parameters: &[(String, String)]| {
            let mut keys: Vec<String> = parameters.iter().map(|(key, _)| last_key(key).to_owned()).collect();
            keys.sort();
            keys
        };
        let (base, candidate) = (keys(&self.base_case), keys(&self.candidate_case));
        if base != candidate {
            return Err(format!(
                "--base-case names {} and --candidate-case {}: both have to name the same keys",
                base.join(", "),
                candidate.join(", ")
            ));
        }
        Ok(Options {
            base_case: of(&self.base_variant, &self.base_case),
            candidate_case: of(&self.candidate_variant, &self.candidate_case),
            ..rules.options()
        })
    }
}

/// `journal_mode=delete`.
fn parameter(text: &str) -> Result<(String, String), String> {
    let (key, value) =
        text.split_once('=').ok_or("a key of the matrix with its value: journal_mode=delete")?;
    let (key, value) = (key.trim(), value.trim().trim_matches(['"', '\'']));
    if key.is_empty() || value.is_empty() {
        return Err("a key of the matrix with its value: journal_mode=delete".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// What decides, for `compare` and for `run --baseline`.
#[derive(Clone, Debug, Args)]
pub(super) struct Rules {
    /// A difference that matters, 5 % where it is not given; or that of a metric: latency.p99=10%, read/latency.p99=10%. To be repeated.
    #[arg(long, value_name = "[METRIC=]PERCENT", value_parser = threshold)]
    threshold: Vec<(Option<MetricName>, f64)>,
    /// Only this metric: throughput, latency.avg, latency.p50, latency.p90, latency.p95, latency.p99 or success_rate; of one operation
    /// read/latency.p99, of each */latency.p99. To be repeated.
    #[arg(long, value_name = "METRIC")]
    metric: Vec<MetricName>,
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

/// `5`, `5%` or `latency.p99=10%`, as shares.
fn threshold(text: &str) -> Result<(Option<MetricName>, f64), String> {
    let (name, share) = match text.split_once('=') {
        Some((name, share)) => (Some(name.trim().parse()?), share),
        None => (None, text),
    };
    let number = share.trim().trim_end_matches('%').trim();
    match number.parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent < 1e6 => Ok((name, percent / 100.0)),
        _ => Err("a share above 0 in per cent, such as 5%, or latency.p99=10%".to_owned()),
    }
}

impl Rules {
    pub(super) fn options(&self) -> Options {
        let general = self.threshold.iter().rev().find(|(name, _)| name.is_none());
        let single = self.threshold.iter().filter_map(|(name, share)| Some((name.clone()?, *share)));
        Options {
            threshold: general.map_or(Options::default().threshold, |(_, share)| *share),
            thresholds: single.collect(),
            metrics: self.metric.clone(),
            anyway: self.anyway,
            ..Options::default()
        }
    }

    /// The first option that says how to compare, if any is given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let given = [
            ("--threshold", !self.threshold.is_empty()),
            ("--metric", !self.metric.is_empty()),
            ("--anyway", self.anyway),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }

    /// Whether an operation is asked for by its name, so that its rows are wanted.
    pub(super) fn name_operations(&self) -> bool {
        self.metric.iter().any(|name| name.to_string().contains('/'))
    }
}

/// Other tables are other work; within one result they are what is compared.
const A_CHANGE_OF_TABLES: &str = "help: to learn what an index or another table costs, make the change a variant of the file, `[variants.NAME]`, \
                                  and compare its result with `--base-variant base --candidate-variant NAME`";

/// Compares, and tells why not where that cannot be.
pub(super) fn held(base: &[Source], candidate: &[Source], options: &Options) -> Result<Comparison, Exit> {
    compare::compare(base, candidate, options).map_err(|error| wrong(&error))
}

/// Tells why two sides are not compared, and what to do.
pub(super) fn wrong(error: &Incomparable) -> Exit {
    eprintln!("error: {error}");
    match error {
        Incomparable::Differs { differences, .. } => {
            eprintln!("help: measure both under the same circumstances, or add `--anyway`");
            if differences.iter().any(|one| one.name == "tables") {
                eprintln!("{A_CHANGE_OF_TABLES}");
            }
        }
        Incomparable::NothingInCommon { .. } => {
            eprintln!(
                "help: two result files that are named themselves are compared whatever their scenarios are called"
            );
        }
        _ => {}
    }
    Exit::Wrong
}

/// Both sides of a comparison with how they are compared; without a candidate, two cases of the base.
///
/// # Errors
/// In words, one for each thing that is wrong.
pub(super) fn sides(
    base: &str,
    candidate: Option<&str>,
    cases: &Cases,
    rules: &Rules,
) -> Result<(Vec<Source>, Vec<Source>, Options), Vec<String>> {
    let options = cases.options(rules).map_err(|words| vec![words])?;
    if candidate.is_none() && options.base_case == options.candidate_case {
        return Err(vec!["base and candidate are one and the same case of one result".to_owned()]);
    }
    let sides = [base, candidate.unwrap_or(base)];
    let [base_file, candidate_file] = sides.map(|side| Path::new(side).is_file());
    let options =
        Options { single_files: base_file && candidate_file, expects_all: !candidate_file, ..options };
    match sides.map(|name| find(name, &rules.baselines)) {
        [Ok(base), Ok(candidate)] => Ok((base, candidate, options)),
        found => {
            let mut words: Vec<String> = found.into_iter().filter_map(Result::err).collect();
            words.dedup();
            Err(words)
        }
    }
}

/// What can be compared where one side is named alone: its cases, by the options that choose them.
fn choices(name: &str, sources: &[Source]) -> String {
    let all: Vec<(&str, Choices)> =
        sources.iter().map(|source| (source.path.as_str(), Choices::of(&source.result))).collect();
    let mut varied = all.iter().filter(|(_, choices)| !choices.is_empty()).peekable();
    let second = format!("`runner compare {name} CANDIDATE`");
    let Some((path, first)) = varied.peek() else {
        let each = if all.len() == 1 {
            "there is one case in it".to_owned()
        } else {
            "there is one case in each of its results".to_owned()
        };
        let kinds = "a result file, a folder of results, or the name of a baseline";
        return format!(
            "{name} alone is nothing to compare: {each}\nhelp: name a second result, {second}: {kinds}"
        );
    };
    let quoted = |text: &str| {
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-=%/:+".contains(c));
        if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
    };
    let points = |(key, values): &(String, Vec<String>)| -> Vec<String> {
        values.iter().map(|value| quoted(&format!("{key}={value}"))).collect()
    };
    let example = match (&first.variants[..], &first.parameters[..]) {
        ([base, candidate, ..], _) => {
            format!("--base-variant {} --candidate-variant {}", quoted(base), quoted(candidate))
        }
        (_, parameters) => {
            let points: Vec<String> = parameters.first().map(points).unwrap_or_default();
            format!("--base-case {} --candidate-case {}", points[0], points[1])
        }
    };
    // Other results of a folder may not have that variant.
    let one = if all.len() > 1 { path } else { name };
    let mut lines = vec![format!("{name} alone: name two of its cases, or a second result")];
    for (path, choices) in varied {
        if all.len() > 1 {
            lines.push(format!("  {path}:"));
        }
        let variants: Vec<String> = choices.variants.iter().map(|name| quoted(name)).collect();
        if !variants.is_empty() {
            lines.push(format!("  --base-variant, --candidate-variant: {}", variants.join(", ")));
        }
        let each = choices.parameters.iter().map(|one| points(one).join(", "));
        lines.extend(each.map(|points| format!("  --base-case, --candidate-case: {points}")));
    }
    lines.push(format!("help: `runner compare {one} {example}`, or {second}"));
    lines.join("\n")
}

/// Compares two sides. A regression ends with 1.
pub(super) fn compare(arguments: &CompareArgs) -> Exit {
    let rules = &arguments.rules;
    if arguments.candidate.is_none() && arguments.cases.given().is_none() {
        let words = find(&arguments.base, &rules.baselines).map(|found| choices(&arguments.base, &found));
        eprintln!("error: {}", words.unwrap_or_else(|reason| reason));
        return Exit::Wrong;
    }
    let (base, candidate, options) =
        match sides(&arguments.base, arguments.candidate.as_deref(), &arguments.cases, rules) {
            Ok(sides) => sides,
            Err(words) => {
                words.iter().for_each(|words| eprintln!("error: {words}"));
                return Exit::Wrong;
            }
        };
    let rows = if arguments.all || rules.name_operations() { Rows::All } else { Rows::Telling };
    match held(&base, &candidate, &options) {
        Ok(comparison) => print(&comparison, arguments.format, rows),
        Err(exit) => exit,
    }
}

/// Prints a comparison; how it ends is what it came to.
pub(super) fn print(comparison: &Comparison, format: CompareFormat, rows: Rows) -> Exit {
    let text = match format {
        CompareFormat::Table => {
            let options =
                TableOptions { color: stdout_color(), width: stdout_width(), ..TableOptions::default() };
            report::comparison_table(comparison, options, rows)
        }
        CompareFormat::Json => {
            let text = serde_json::to_string_pretty(comparison).expect("a comparison can be written as JSON");
            text + "\n"
        }
        CompareFormat::Markdown => report::comparison_markdown(comparison, rows),
        CompareFormat::Junit => report::comparison_junit(comparison),
        CompareFormat::Github => report::comparison_github(comparison, rows),
    };
    put(&text).max(verdict(comparison))
}

pub(super) fn verdict(comparison: &Comparison) -> Exit {
    if comparison.verdict == Verdict::Regressed { Exit::Failed } else { Exit::Fine }
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
    let mut found = Vec::new();
    for file in &files {
        match read(file) {
            Ok(result) => found.push(Source { path: file.display().to_string(), result }),
            Err(error) if path.is_file() => return Err(error.to_string()),
            // One file that is something else must not keep the others of a folder from being compared.
            Err(error) => eprintln!("warning: left out: {error}"),
        }
    }
    if found.is_empty() { Err(format!("there are no results in {name}")) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_a_share_of_all_metrics_or_of_one() {
        assert_eq!(threshold("5%"), Ok((None, 0.05)));
        assert_eq!(threshold("2.5"), Ok((None, 0.025)));
        assert_eq!(threshold("latency.p99 = 10 %"), Ok((Some("latency.p99".parse().unwrap()), 0.1)));
        assert_eq!(threshold("read/throughput=1"), Ok((Some("read/throughput".parse().unwrap()), 0.01)));
        assert!(threshold("0").unwrap_err().starts_with("a share above 0"));
        assert!(threshold("latency.p9=1").unwrap_err().starts_with("did you mean `latency.p90`?"));
    }
}
