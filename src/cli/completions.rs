//! `runner completions`: what a shell needs to complete the command line, and the manual pages.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory, ValueEnum};
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
    match (shell_script(arguments.what), &arguments.dir) {
        (Some(script), None) => printed(&script),
        (None, None) => printed(&manual::page().expect("memory takes every page")),
        (None, Some(folder)) => written(folder, manual::pages(folder)),
        (Some(_), Some(_)) => {
            eprintln!("error: `--dir` goes with `man` alone; a completion script is printed");
            Exit::Wrong
        }
    }
}

/// What a shell reads; nothing for the manual.
fn shell_script(what: What) -> Option<Vec<u8>> {
    let mut command = Cli::command();
    let shell = match what {
        What::Bash => Shell::Bash,
        What::Zsh => Shell::Zsh,
        What::Fish => Shell::Fish,
        What::Man => return None,
    };
    let mut script = Vec::new();
    generate(shell, &mut command, "runner", &mut script);
    if shell == Shell::Fish {
        script.extend(fish_values(&command).bytes());
    }
    Some(script)
}

/// Values of arguments that stand alone, such as `explain CODE`, which the generator for fish leaves out.
fn fish_values(program: &Command) -> String {
    let mut script = String::new();
    for command in program.get_subcommands() {
        let values = command.get_positionals().flat_map(|argument| argument.get_possible_values());
        let values: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
        if !values.is_empty() {
            let (name, values) = (command.get_name(), values.join(" "));
            script += &format!(
                "complete -c runner -n \"__fish_runner_using_subcommand {name}\" -f -a \"{values}\"\n"
            );
        }
    }
    script
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

    /// The script of a shell, as it is printed.
    fn script(what: What) -> String {
        String::from_utf8(shell_script(what).unwrap()).unwrap()
    }

    #[test]
    fn every_shell_completes_values_that_are_one_of_a_list() {
        for shell in [What::Bash, What::Zsh, What::Fish] {
            let script = script(shell);
            // A starter, a locale, a code, a generator and a shell.
            for value in
                ["event-store", "de_de", "mostly-waiting", "unknown-key", "free_email", "fish", "scenario"]
            {
                assert!(script.contains(value), "{shell:?}: {value}");
            }
        }
        let fish = script(What::Fish);
        assert!(
            fish.contains("__fish_runner_using_subcommand completions\" -f -a \"bash zsh fish man\""),
            "{fish}"
        );
    }

    #[test]
    fn every_shell_completes_every_command() {
        for shell in [What::Bash, What::Zsh, What::Fish] {
            let script = script(shell);
            for name in names() {
                assert!(script.contains(&name), "{shell:?}: {name}");
            }
        }
    }
}
