//! `runner completions`: what a shell needs to complete the command line, and the manual pages.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};

use super::{Cli, Exit, manual};

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
        (What::Man, Some(folder)) => return written(folder, manual::pages(folder)),
        (What::Man, None) => return printed(&manual::page().expect("memory takes every page")),
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
}
