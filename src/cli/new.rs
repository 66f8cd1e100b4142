//! `runner new`: a scenario file that was not there before.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::layout::hanging;
use super::values::OneOf;
use super::{Exit, wrap_width};
use crate::diagnostic::nearest;
use crate::draft::{self, Request, starter};
use crate::files::{folder_of, reason};

/// What editors check scenarios with, in the folder of the project.
const SCHEMA: &str = "schemas/scenario.schema.json";

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// Where the file goes: its name, with or without `.toml`. Nothing is ever written over.
    #[arg(value_name = "NAME", required_unless_present = "list")]
    name: Option<PathBuf>,
    /// The kind of work that the starter is about; see `--list`.
    #[arg(long, value_name = "NAME", conflicts_with = "from", value_parser = OneOf(|| starter::NAMES.to_vec()), hide_possible_values = true)]
    template: Option<String>,
    /// A database to make a draft from. It is only read, also while others use it.
    #[arg(long, value_name = "DB")]
    from: Option<PathBuf>,
    /// Write the members of small enumerations as they are in the database, instead of invented ones.
    #[arg(long, requires = "from")]
    with_values: bool,
    /// Name the starters.
    #[arg(long, conflicts_with_all = ["name", "template", "from"])]
    list: bool,
}

/// Writes a new file, or says why not.
pub(super) fn new(arguments: &NewArgs) -> Exit {
    let Some(name) = &arguments.name else {
        for name in starter::NAMES {
            let summary = starter::summary(name).unwrap_or_default();
            print!("{}", hanging(&format!("{name:<15}"), summary, wrap_width()));
        }
        return Exit::Fine;
    };
    match make(arguments, name) {
        Ok(told) => {
            print!("{told}");
            Exit::Fine
        }
        Err(words) => {
            eprintln!("error: {words}");
            Exit::Wrong
        }
    }
}

/// Writes the file. Returns what is to be told.
fn make(arguments: &NewArgs, name: &Path) -> Result<String, String> {
    let path = target(name)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let (text, told) = match &arguments.from {
        Some(database) => {
            let request =
                Request { database, name: &stem, schema: schema(&path), with_values: arguments.with_values };
            let drafted =
                draft::from_database(&request).map_err(|error| format!("{}: {error}", database.display()))?;
            let left_out = match drafted.left_out.len() {
                count @ 6.. => format!("left out: {count} triggers, views and so on; the file names them\n"),
                _ => drafted.left_out.iter().map(|what| format!("left out: {what}\n")).collect(),
            };
            let tables = if drafted.tables == 1 { "table" } else { "tables" };
            let told = format!(
                "{}: {} {tables} like those of {}, which had {} rows\n{left_out}",
                path.display(),
                drafted.tables,
                database.display(),
                crate::units::count(drafted.rows)
            );
            (drafted.text, told)
        }
        None => {
            let template = arguments.template.as_deref().unwrap_or(starter::NAMES[0]);
            (starting(template, &stem)?, format!("{}: a starter of the kind {template}\n", path.display()))
        }
    };
    write(&path, &text)?;
    let shown = shell_word(&path);
    Ok(format!("{told}\nnext:\n  runner check {shown}\n  runner run {shown} --quick\n"))
}

fn starting(template: &str, name: &str) -> Result<String, String> {
    starter::text(template, name).ok_or_else(|| {
        let near = nearest(template, starter::NAMES.iter().copied());
        let help = near.map_or_else(
            || format!("the starters are {}", starter::NAMES.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        format!("there is no starter `{template}`; {help}")
    })
}

/// The file to write: with its ending, a name that a result can have, in a folder that is there.
fn target(name: &Path) -> Result<PathBuf, String> {
    let Some(Component::Normal(last)) = name.components().next_back() else {
        return Err(format!("`{}` names no file", name.display()));
    };
    let last = last.to_str().unwrap_or_default();
    let stem = last.strip_suffix(".toml").unwrap_or(last);
    let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if stem.is_empty() || stem.starts_with('.') || !stem.chars().all(good) {
        return Err(format!(
            "`{}` cannot name a scenario and its result; use letters, digits, dot, underscore and hyphen",
            name.display()
        ));
    }
    let path = name.with_file_name(format!("{stem}.toml"));
    let folder = folder_of(&path);
    if !folder.is_dir() {
        return Err(format!("there is no folder `{}`; make it, or name another", folder.display()));
    }
    if path.symlink_metadata().is_ok() {
        return Err(taken(&path));
    }
    Ok(path)
}

fn taken(path: &Path) -> String {
    format!("{} is there already, and nothing is written over it; give another name", path.display())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let made = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = made.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => taken(path),
        _ => format!("{} cannot be written: {}", path.display(), reason(&error)),
    })?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| {
        // Half a file would only be in the way.
        let _ = std::fs::remove_file(path);
        format!("{} cannot be written: {}", path.display(), reason(&error))
    })
}

/// The schema for editors as seen from the new file, where it or a folder above it has one.
fn schema(path: &Path) -> Option<String> {
    let folder = folder_of(path).canonicalize().ok()?;
    let up = folder.ancestors().position(|above| above.join(SCHEMA).is_file())?;
    Some(format!("{}{SCHEMA}", "../".repeat(up)))
}

/// A path as a shell takes it.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
