//! `runner completions`: what a shell needs to complete the command line, and the manual pages.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use super::{Cli, Exit};

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell, or `man` for the manual page.
    #[arg(value_enum)]
    what: What,
    /// Write the manual pages of all commands into this folder, instead of printing the first one.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    Bash,
    Zsh,
    Fish,
    Man,
}

pub(super) fn completions(arguments: &CompletionsArgs) -> Exit {
    let mut command = Cli::command();
    let shell = match (arguments.what, &arguments.dir) {
        (What::Man, Some(folder)) => return written(folder, pages(folder)),
        (What::Man, None) => return printed(&page()),
        (_, Some(_)) => {
            eprintln!("error: `--dir` goes with `man` alone; a completion script is printed");
            return Exit::Wrong;
        }
        (What::Bash, None) => Shell::Bash,
        (What::Zsh, None) => Shell::Zsh,
        (What::Fish, None) => Shell::Fish,
    };
    let mut script = Vec::new();
    generate(shell, &mut command, "runner", &mut script);
    printed(&script)
}

/// Whoever reads may stop before the end: `… | head`.
fn printed(text: &[u8]) -> Exit {
    let _ = std::io::stdout().write_all(text);
    Exit::Fine
}

fn written(folder: &Path, made: std::io::Result<()>) -> Exit {
    match made {
        Ok(()) => Exit::Fine,
        Err(error) => {
            eprintln!("error: {}: {}", folder.display(), crate::files::reason(&error));
            Exit::Wrong
        }
    }
}

/// The manual page of the program.
fn page() -> Vec<u8> {
    let mut page = Vec::new();
    Man::new(command()).render(&mut page).expect("memory takes every page");
    page
}

/// One page for the program and one for each of its commands.
fn pages(folder: &Path) -> std::io::Result<()> {
    clap_mangen::generate_to(command(), folder)
}

/// Without the command `help`, which needs no page. The long version has more lines than the foot of a page.
fn command() -> clap::Command {
    Cli::command().disable_help_subcommand(true).long_version(env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
    }

    #[test]
    fn every_command_has_an_example_in_its_help() {
        for command in Cli::command().get_subcommands() {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let example = format!("runner {}", command.get_name());
            assert!(
                after.starts_with("Example") && after.contains(&example),
                "{}: {after}",
                command.get_name()
            );
        }
    }

    #[test]
    fn every_shell_completes_every_command() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut script = Vec::new();
            generate(shell, &mut Cli::command(), "runner", &mut script);
            let script = String::from_utf8(script).unwrap();
            for name in names() {
                assert!(script.contains(&name), "{shell}: {name}");
            }
        }
    }

    #[test]
    fn there_is_a_page_for_the_program_and_each_command() {
        let folder = tempfile::tempdir().unwrap();
        pages(folder.path()).unwrap();
        let files = std::fs::read_dir(folder.path()).unwrap();
        let mut found: Vec<String> =
            files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
        found.sort();
        let mut wanted: Vec<String> = names().iter().map(|name| format!("runner-{name}.1")).collect();
        wanted.push("runner.1".to_owned());
        wanted.sort();
        assert_eq!(found, wanted);
        assert_eq!(std::fs::read(folder.path().join("runner.1")).unwrap(), page());
    }

    #[test]
    fn pages_go_into_a_folder_that_exists() {
        let folder = tempfile::tempdir().unwrap();
        assert!(pages(&folder.path().join("none")).is_err());
    }
}
