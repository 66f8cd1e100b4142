//! Manual pages from the command line's own description: one for the program, one for each of its commands.

use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::Cli;

/// The page of the program.
pub(super) fn page() -> io::Result<Vec<u8>> {
    rendered(&command())
}

/// Writes every page into a folder, which is made where there is none: `runner.1`, `runner-run.1`, …
pub(super) fn pages(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let program = command();
    for command in program.get_subcommands().chain([&program]) {
        let name = command.get_display_name().unwrap_or(command.get_name());
        std::fs::write(folder.join(format!("{name}.1")), rendered(command)?)?;
    }
    Ok(())
}

/// Without the command `help`, which needs no page, and with the short version, since the long one has more lines than the foot of a page.
fn command() -> Command {
    let mut command = Cli::command().disable_help_subcommand(true).long_version(env!("CARGO_PKG_VERSION"));
    command.build();
    command
}

/// The sections of a page. Examples keep their lines, which the usual rendering would run together.
fn rendered(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    page.extend(synopsis(command).bytes());
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    for paragraph in after.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        page.extend(section(paragraph).bytes());
    }
    Ok(page)
}

/// As `--help` has it: which arguments may be repeated, and that options stand between.
fn synopsis(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let lines = usage.trim_start_matches("Usage: ").lines().map(|line| escaped(line.trim()));
    format!(".SH SYNOPSIS\n.nf\n{}\n.fi\n", lines.collect::<Vec<_>>().join("\n"))
}

/// `Examples:` and indented lines, or `Exit codes: 0 fine, …`.
fn section(paragraph: &str) -> String {
    let (title, text) = paragraph.split_once(':').unwrap_or(("Notes", paragraph));
    let mut out = format!(".SH {:?}\n", title.to_uppercase());
    match text.strip_prefix('\n') {
        Some(lines) => {
            out += ".nf\n";
            lines.lines().for_each(|line| out += &format!("{}\n", escaped(line.trim_start())));
            out += ".fi\n";
        }
        None => out += &format!("{}\n", escaped(text.trim_start())),
    }
    out
}

/// What stands in the terminal as it was written, so that it can be copied: signs that the formatter would make pretty are named.
fn escaped(line: &str) -> String {
    let mut out = String::new();
    if line.starts_with('.') {
        out += "\\&";
    }
    for c in line.chars() {
        match c {
            '\\' => out += "\\e",
            '-' => out += "\\-",
            '\'' => out += "\\(aq",
            '`' => out += "\\(ga",
            '~' => out += "\\(ti",
            '^' => out += "\\(ha",
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_keep_their_lines_and_can_be_copied() {
        assert_eq!(
            section("Examples:\n  runner run 'a'\n  .x ~/b-c"),
            ".SH \"EXAMPLES\"\n.nf\nrunner run \\(aqa\\(aq\n\\&.x \\(ti/b\\-c\n.fi\n"
        );
        assert_eq!(section("Exit codes: 0 fine,\n1 not."), ".SH \"EXIT CODES\"\n0 fine,\n1 not.\n");
    }

    #[test]
    fn there_is_a_page_for_the_program_and_each_command() {
        let folder = tempfile::tempdir().unwrap();
        pages(folder.path()).unwrap();
        let files = std::fs::read_dir(folder.path()).unwrap();
        let mut found: Vec<String> =
            files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
        found.sort();
        let program = Cli::command();
        let mut wanted: Vec<String> =
            program.get_subcommands().map(|command| format!("runner-{}.1", command.get_name())).collect();
        wanted.push("runner.1".to_owned());
        wanted.sort();
        assert_eq!(found, wanted);
        for name in found {
            let text = std::fs::read_to_string(folder.path().join(&name)).unwrap();
            for part in [".TH runner", ".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH \"EXAMPLE"] {
                assert!(text.contains(part), "{name} lacks {part}");
            }
        }
    }

    #[test]
    fn the_synopsis_says_what_may_be_repeated() {
        let program = command();
        let run = program.find_subcommand("run").unwrap();
        assert!(synopsis(run).contains("runner run [OPTIONS] <FILE>...\n"), "{}", synopsis(run));
    }

    #[test]
    fn the_folder_of_pages_is_made_but_not_over_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("share/man1");
        pages(&inner).unwrap();
        assert!(inner.join("runner.1").is_file());
        assert!(pages(&inner.join("runner.1")).is_err());
    }
}
