//! `runner doctor`: what this machine means for results. It measures, says, and changes nothing.

mod facts;
mod judge;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::layout::hanging;
use super::{Exit, stdout_color, stdout_width};
use facts::Facts;
use judge::{Finding, Status};

/// Where databases go in the shipped scenarios.
const USUAL_FOLDER: &str = "db";
/// Where the meaning of a finding stands in a line.
const INDENT: usize = 6;

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Folder that the databases will be in: `db` unless given, or the working directory where there is no `db`.
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// What is printed.
    #[arg(long, value_enum, default_value_t = DoctorFormat::Text)]
    format: DoctorFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DoctorFormat {
    Text,
    Json,
}

/// Takes as long as fifty syncs.
pub(super) fn doctor(arguments: &DoctorArgs) -> Exit {
    let folder = arguments.folder.clone().unwrap_or_else(usual_folder);
    if let Err(words) = usable(&folder) {
        eprintln!("error: {words}");
        return Exit::Wrong;
    }
    let facts = Facts::gather(&folder);
    let findings = judge::judge(&facts);
    match arguments.format {
        DoctorFormat::Text => print!("{}", text(&facts, &findings, stdout_width(), stdout_color())),
        DoctorFormat::Json => {
            println!("{:#}", serde_json::json!({ "findings": findings, "facts": facts }));
        }
    }
    Exit::Fine
}

fn usual_folder() -> PathBuf {
    let usual = Path::new(USUAL_FOLDER);
    if usual.is_dir() { usual } else { Path::new(".") }.to_owned()
}

fn usable(folder: &Path) -> Result<(), String> {
    match std::fs::metadata(folder) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => {
            Err(format!("{} is a file: name the folder that the databases will be in", folder.display()))
        }
        Err(error) => Err(format!("{}: {}", folder.display(), crate::files::reason(&error))),
    }
}

fn text(facts: &Facts, findings: &[Finding], width: usize, color: bool) -> String {
    let paint = |code: &str, text: &str| {
        if color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    };
    let mut out = format!("measuring in {}\n\n", facts.folder.display());
    for finding in findings {
        let (mark, code) = match finding.status {
            Status::Ok => ("ok  ", "32"),
            Status::Note => ("note", "33"),
            Status::Bad => ("bad ", "31"),
        };
        let indent = " ".repeat(INDENT);
        let (title, width) = (format!("{}: ", finding.topic), width.max(INDENT + 20));
        let figure = hanging(&format!("{indent}{title}"), &finding.figure, width);
        let figure = figure[INDENT..].strip_prefix(&title).unwrap_or(&figure);
        out += &format!("{}  {}: {figure}", paint(code, mark), paint("1", finding.topic));
        out += &hanging(&indent, &finding.meaning, width);
    }
    out + "\n" + &hanging("", &summary(findings), width)
}

/// What it comes to, in a sentence.
fn summary(findings: &[Finding]) -> String {
    let topics = |status: Status| -> Vec<&str> {
        findings.iter().filter(|finding| finding.status == status).map(|finding| finding.topic).collect()
    };
    let (bad, notes) = (topics(Status::Bad), topics(Status::Note));
    match (bad.is_empty(), notes.is_empty()) {
        (true, true) => "Nothing speaks against measuring here.".to_owned(),
        (true, false) => format!("Results from here can be used; keep in mind: {}.", notes.join(", ")),
        (false, _) => format!("Results from here should not be relied on because of: {}.", bad.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(topic: &'static str, status: Status) -> Finding {
        Finding { topic, status, figure: "a figure".to_owned(), meaning: "It means a lot.".to_owned() }
    }

    #[test]
    fn the_sentence_at_the_end_names_the_worst_alone() {
        let ok = finding("clock", Status::Ok);
        let note = finding("processors", Status::Note);
        let bad = finding("build", Status::Bad);
        assert!(summary(std::slice::from_ref(&ok)).starts_with("Nothing"));
        assert!(summary(&[ok.clone(), note.clone()]).ends_with("keep in mind: processors."));
        assert!(summary(&[ok, note, bad]).ends_with("because of: build."));
    }

    #[test]
    fn a_finding_takes_a_line_and_its_meaning_the_next_ones() {
        let facts = Facts { folder: PathBuf::from("db"), ..Facts::default() };
        let drawn = text(&facts, &[finding("clock", Status::Ok)], 20, false);
        assert!(drawn.contains("ok    clock: a figure\n      It means a lot.\n"), "{drawn}");
        let mut long = finding("clock", Status::Ok);
        long.figure = "one reading takes 25 ns, and steps are of 1 ns".to_owned();
        let drawn = text(&facts, &[long], 41, false);
        let wanted = "ok    clock: one reading takes 25 ns, and\n             steps are of 1 ns\n      It means a lot.\n";
        assert!(drawn.contains(wanted), "{drawn}");
    }

    #[test]
    fn a_file_is_not_a_folder_and_neither_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes");
        assert!(usable(&file).is_err());
        std::fs::write(&file, "").unwrap();
        assert!(usable(&file).is_err_and(|words| words.contains("is a file")));
        assert_eq!(usable(folder.path()), Ok(()));
    }
}
