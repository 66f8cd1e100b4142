//! `runner report`: stored results as a page, or as tables again.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Exit;
use super::compare::{Cases, Rules, find, held};
use super::output::{put, table_options};
use crate::compare::{Comparison, Options, Source};
use crate::files::reason;
use crate::report::{self, Shown, TableOptions};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Result files, folders of results, or names of baselines.
    #[arg(required = true, value_name = "RESULT")]
    results: Vec<String>,
    /// Where to write it; a page needs this. In place of what stands there, if that is a report of runner's.
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

/// Which option would be ignored, and why, in a sentence.
fn ignored(arguments: &ReportArgs) -> Option<String> {
    let base = arguments.compare.as_ref().map(|_| "--compare");
    let compared = base.or(arguments.cases.given());
    let rule = arguments.rules.given();
    match (arguments.format, compared, rule) {
        (ReportFormat::Html, None, Some(option)) => {
            Some(format!("`{option}` says how to compare: add `--compare BASE`"))
        }
        (ReportFormat::Html, ..) => None,
        (_, compared, rule) => compared.or(rule).map(|option| {
            format!(
                "`{option}` goes with a page only; `runner compare` prints comparisons as tables and Markdown"
            )
        }),
    }
}

/// Makes the report. A comparison in it does not change how the command ends.
pub(super) fn report(arguments: &ReportArgs) -> Exit {
    if let Some(words) = ignored(arguments) {
        return wrong(&words);
    }
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
            // A file is no terminal, wherever the command is typed.
            let file = arguments.output.as_ref().map(|_| TableOptions::default());
            let options = file.unwrap_or_else(|| table_options(None));
            sources.iter().map(|source| report::table(&source.result, options)).collect::<Vec<_>>().join("\n")
        }
    };
    match (&arguments.output, arguments.format) {
        (Some(path), _) => write(path, &text),
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
    let file = |name: &String| Path::new(name).is_file();
    let expects_all = !arguments.results.iter().all(file);
    let (base, single_files) = match (&arguments.compare, arguments.results.as_slice()) {
        (Some(name), results) => {
            let base = find(name, &arguments.rules.baselines).map_err(|words| wrong(&words))?;
            (base, file(name) && results.len() == 1 && results.iter().all(file))
        }
        (None, [_]) if one => (sources.to_vec(), false),
        (None, _) if one => {
            return Err(wrong("two cases are compared of one result; name one, or a base with `--compare`"));
        }
        (None, _) => return Ok(None),
    };
    held(&base, sources, &Options { single_files, expects_all, ..options }).map(Some)
}

/// Whether a file is a report of ours, of whatever format: told by how such begin.
fn is_ours(text: &str) -> bool {
    let stamp = |words: &str| words.parse::<jiff::Timestamp>().is_ok();
    let first = text.lines().next().unwrap_or_default();
    // A table begins with `NAME · TEST · TIME`.
    let table = || first.split(" · ").nth(2).is_some_and(stamp);
    // Markdown begins with a heading; the first item behind it is the time.
    let item = || text.lines().find_map(|line| line.strip_prefix("- "));
    let markdown = || first.starts_with("# ") && item().is_some_and(stamp) && text.contains("\n## Notes\n");
    let page = || first == "<!doctype html>" && text.contains(MARK);
    page() || text.starts_with(report::CSV_BEGINS) || table() || markdown()
}

/// Writes beside the file and puts it in its place, so that an earlier one is never lost by half. What runner did not write stays.
fn write(path: &Path, text: &str) -> Exit {
    let failed = |error: &std::io::Error| {
        eprintln!("error: {} cannot be written: {}", path.display(), reason(error));
        Exit::NoResult
    };
    match std::fs::read(path) {
        Ok(old) if old.is_empty() || is_ours(&String::from_utf8_lossy(&old)) => {}
        Ok(_) => {
            eprintln!("error: {} is there, and not a report of runner's; name another file", path.display());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{csv_header, markdown, page, table};

    #[test]
    fn reports_are_known_by_how_they_begin_and_other_files_are_not() {
        let result = crate::result::testing::finished();
        let shown = Shown { name: "base-0".to_owned(), path: "base-0.json".to_owned(), result: &result };
        let ours = [
            page(&[shown], None),
            markdown(&result),
            table(&result, TableOptions::default()),
            csv_header().to_owned(),
        ];
        assert!(ours.iter().all(|text| is_ours(text)));
        let others = [
            "# base-0\n\n- some item\n\n## Notes\n\n- mine\n",
            "# base-0\n\n- 2026-11-21T10:00:00Z\n",
            "mine · write · of today\n",
            "configuration_id;mine\n",
            "<!doctype html>\n<html></html>\n",
            &format!("A page has {MARK}0.1.0\">.\n"),
        ];
        others.iter().for_each(|text| assert!(!is_ours(text), "{text}"));
    }
}
