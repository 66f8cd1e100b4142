//! `runner report`: stored results as a page, or as tables again.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::compare::{Cases, Rules, find, held};
use super::output::put;
use super::{Exit, stdout_color, stdout_width};
use crate::compare::{Comparison, Options, Source};
use crate::files::reason;
use crate::report::{self, Shown, TableOptions};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Result files, folders of results, or names of baselines.
    #[arg(required = true, value_name = "RESULT")]
    results: Vec<String>,
    /// Where to write it; a page needs this. In place of what stands there, if that is a page of runner's.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What to make.
    #[arg(long, value_enum, default_value_t = ReportFormat::Html)]
    format: ReportFormat,
    /// Hold the results against this baseline, result or folder, and put the comparison first.
    #[arg(long, value_name = "BASE")]
    compare: Option<String>,
    #[command(flatten)]
    cases: Cases,
    #[command(flatten)]
    rules: Rules,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// One file for a browser, without a network.
    Html,
    Markdown,
    Csv,
    Table,
}

/// How a page of ours begins.
const MARK: &str = "<meta name=\"generator\" content=\"runner ";

/// Makes the report. A comparison in it does not change how the command ends.
pub(super) fn report(arguments: &ReportArgs) -> Exit {
    let baselines = &arguments.rules.baselines;
    let mut sources: Vec<Source> = Vec::new();
    for name in &arguments.results {
        match find(name, baselines) {
            Ok(found) => sources.extend(found),
            Err(words) => return wrong(&words),
        }
    }
    let text = match arguments.format {
        ReportFormat::Html => match page(arguments, &sources) {
            Ok(text) => text,
            Err(exit) => return exit,
        },
        ReportFormat::Markdown => {
            sources.iter().map(|source| report::markdown(&source.result)).collect::<Vec<_>>().join("\n")
        }
        ReportFormat::Csv => {
            let rows = sources.iter().map(|source| report::csv_rows(&source.result));
            std::iter::once(report::csv_header().to_owned()).chain(rows).collect()
        }
        ReportFormat::Table => {
            let options = TableOptions { color: stdout_color(), width: stdout_width(), path: None };
            sources.iter().map(|source| report::table(&source.result, options)).collect::<Vec<_>>().join("\n")
        }
    };
    match (&arguments.output, arguments.format) {
        (Some(path), _) => write(path, &text, arguments.format),
        (None, ReportFormat::Html) => wrong("say where the page goes: `-o report.html`"),
        (None, _) => put(&text),
    }
}

fn wrong(words: &str) -> Exit {
    eprintln!("error: {words}");
    Exit::Wrong
}

fn page(arguments: &ReportArgs, sources: &[Source]) -> Result<String, Exit> {
    let comparison = comparison(arguments, sources)?;
    let name = |source: &Source| {
        let id = &source.result.configuration_id;
        let twins = sources.iter().filter(|other| other.result.configuration_id == *id).count();
        if twins > 1 { source.path.clone() } else { id.clone() }
    };
    let shown: Vec<Shown<'_>> = sources
        .iter()
        .map(|source| Shown { name: name(source), path: source.path.clone(), result: &source.result })
        .collect();
    Ok(report::page(&shown, comparison.as_ref()))
}

/// The results against a base, or two cases of the only result; nothing where neither is asked for.
fn comparison(arguments: &ReportArgs, sources: &[Source]) -> Result<Option<Comparison>, Exit> {
    let options = arguments.cases.options(&arguments.rules).map_err(|words| wrong(&words))?;
    let one = options.base_case != options.candidate_case;
    let (base, single_files) = match (&arguments.compare, arguments.results.as_slice()) {
        (Some(name), results) => {
            let base = find(name, &arguments.rules.baselines).map_err(|words| wrong(&words))?;
            let file = |name: &String| Path::new(name).is_file();
            (base, file(name) && results.len() == 1 && results.iter().all(file))
        }
        (None, [_]) if one => (sources.to_vec(), false),
        (None, _) if one => {
            return Err(wrong("two cases are compared of one result; name one, or a base with `--compare`"));
        }
        (None, _) => return Ok(None),
    };
    held(&base, sources, &Options { single_files, ..options }).map(Some)
}

/// Writes beside the file and puts it in its place, so that an earlier one is never lost by half. What runner did not write stays.
fn write(path: &Path, text: &str, format: ReportFormat) -> Exit {
    let failed = |error: &std::io::Error| {
        eprintln!("error: {} cannot be written: {}", path.display(), reason(error));
        Exit::NoResult
    };
    match std::fs::read(path) {
        Ok(old) if old.is_empty() => {}
        Ok(old) if format == ReportFormat::Html && String::from_utf8_lossy(&old).contains(MARK) => {}
        Ok(_) => {
            eprintln!("error: {} is there, and not a page of runner's; name another file", path.display());
            return Exit::Wrong;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return failed(&error),
    }
    let written = crate::files::replace(path, text.as_bytes());
    match written {
        Ok(()) => Exit::Fine,
        Err(error) => failed(&error),
    }
}
