//! The command line: arguments, progress, and exit codes. The only room that knows every kind of error, and the only one that prints.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "results go to stdout, everything else to stderr"
)]

mod against;
mod baseline;
mod carry_out;
mod check;
mod compare;
mod completions;
mod conduct;
mod doctor;
mod exit;
mod explain;
mod fakers;
mod history;
mod layout;
mod log;
mod manual;
mod new;
mod outlook;
mod output;
mod pace;
mod prepare;
mod preview;
mod profile;
mod progress;
mod report;
mod rest;
mod signals;
mod values;
mod verdict;
mod version;

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::experiment;
use crate::scenario::Overrides;

pub use exit::Exit;

/// Declarative scenario runner for database workloads.
#[derive(Debug, Parser)]
#[command(name = "runner", version, long_version = version::long(), max_term_width = 100)]
#[command(
    after_help = "Examples:\n  runner run scenarios/base-0.toml --quick\n  runner check scenarios/*.toml\n  \
    runner run scenarios/base-0.toml --set database.pragmas.journal_mode=wal --concurrency 1,8\n\n\
    Exit codes: 0 fine, 1 a verification or a target failed or something regressed, 2 the scenario or\n\
    command line is wrong or results cannot be compared, 3 the database cannot be had, 4 the run ended\n\
    early, 5 the result cannot be written, 130 interrupted."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Carry out scenarios and write their results.
    #[command(
        after_help = "Examples:\n  runner run scenarios/base-0.toml\n  runner run scenarios/base-*.toml --quick\n  \
        runner run mine.toml --total 5000 --concurrency 1,8 --keep-db\n  runner run mine.toml --set 'database.busy_timeout=\"60s\"' --format json | jq ."
    )]
    Run(RunArgs),
    /// Show what is wrong with scenario files, or with all of a folder. Opens no database on disk.
    #[command(
        after_help = "Examples:\n  runner check mine.toml\n  runner check scenarios --deny-warnings\n  runner check mine.toml --format json | jq ."
    )]
    Check(check::CheckArgs),
    /// Show the cases, levels, writes, and an estimate of time, disk and memory, without running anything.
    #[command(after_help = "Example:\n  runner plan scenarios/base-0.toml")]
    Plan {
        /// Scenario files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        overrides: OverrideArgs,
    },
    /// Show a few generated rows of each table, and the SQL of each operation. Opens no database on disk.
    #[command(after_help = "Example:\n  runner preview scenarios/base-0.toml --rows 3")]
    Preview(preview::PreviewArgs),
    /// Show the generators that templates can call, with examples.
    #[command(after_help = "Examples:\n  runner fakers\n  runner fakers mail")]
    Fakers(fakers::FakersArgs),
    /// Write a new scenario file: a starter, or a draft from a database that exists.
    #[command(
        after_help = "Examples:\n  runner new mine\n  runner new mine --template queue\n  runner new mine --from app.db"
    )]
    New(new::NewArgs),
    /// Explain a code of a diagnostic or of a result: what it means and what to do.
    #[command(
        after_help = "Examples:\n  runner explain\n  runner explain unknown-key\n  runner explain mostly-waiting"
    )]
    Explain(explain::ExplainArgs),
    /// Look at this machine: what its disk, clock and processors mean for results.
    ///
    /// Each fact is `ok`, `note` (to keep in mind) or `bad` (results would mislead). It changes nothing, and ends with 0 whatever it finds.
    #[command(after_help = "Examples:\n  runner doctor\n  runner doctor /var/lib/myapp\n  \
        runner doctor --format json | jq -r '.findings[] | select(.status == \"bad\") | .topic'")]
    Doctor(doctor::DoctorArgs),
    /// Hold results against others: per level and metric the change, its interval, a test, and a verdict. A regression ends with 1.
    #[command(
        after_help = "Examples:\n  runner compare before.json results/base-0.json\n  runner compare main results --threshold 3% --threshold latency.p99=10%\n  \
        runner compare results/mine.json --base-variant delete --candidate-variant wal\n  \
        runner compare main results --format markdown > comment.md"
    )]
    Compare(compare::CompareArgs),
    /// Draw stored results as one page for a browser, or as tables again.
    #[command(
        after_help = "Examples:\n  runner report results/base-0.json -o report.html\n  runner report results -o all.html --compare main\n  \
        runner report results/base-0.json --format markdown"
    )]
    Report(report::ReportArgs),
    /// Keep results under a name, to hold later ones against.
    #[command(
        after_help = "Examples:\n  runner baseline save main results/base-0.json\n  runner baseline list\n  runner run scenarios/base-0.toml --baseline main"
    )]
    Baseline(baseline::BaselineArgs),
    /// Show the kept runs of a scenario over time.
    #[command(after_help = "Example:\n  runner history base-0 --last 5")]
    History(history::HistoryArgs),
    /// Print a completion script for a shell, or the manual page.
    #[command(
        after_help = "Examples:\n  runner completions bash > ~/.local/share/bash-completion/completions/runner\n  \
        runner completions zsh > ~/.zfunc/_runner        (with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc)\n  \
        runner completions fish > ~/.config/fish/completions/runner.fish\n  \
        runner completions man | man -l -\n  \
        runner completions man --dir ~/.local/share/man/man1"
    )]
    Completions(completions::CompletionsArgs),
    /// Print a JSON Schema.
    #[command(after_help = "Example:\n  runner schema scenario > scenario.schema.json")]
    Schema {
        /// Which one.
        name: SchemaName,
    },
}

/// What replaces keys of the file.
#[derive(Debug, Args)]
struct OverrideArgs {
    /// Divide the total by 100; for trying things out. The result is marked.
    #[arg(long)]
    quick: bool,
    /// Replace a key of the file: a key path and a TOML value, or a bare word.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Levels to run instead of the file's.
    #[arg(long, value_name = "N,N,…", value_delimiter = ',', value_parser = values::one_of_several)]
    concurrency: Option<Vec<u32>>,
    /// Writes per level instead of the file's.
    #[arg(long, value_name = "N", value_parser = values::whole)]
    total: Option<u64>,
    /// How often each level is repeated, instead of what the file says.
    #[arg(long, value_name = "N", value_parser = values::small)]
    iterations: Option<u32>,
    /// Only this workload of the file; to be repeated for several.
    #[arg(long, value_name = "NAME")]
    workload: Vec<String>,
    /// Only this variant of the file, `base` for the file as it stands; to be repeated for several.
    #[arg(long, value_name = "NAME")]
    variant: Vec<String>,
}

impl OverrideArgs {
    fn overrides(&self) -> Overrides {
        Overrides {
            quick: self.quick,
            set: self.set.clone(),
            total: self.total,
            concurrency: self.concurrency.clone(),
            iterations: self.iterations,
            workloads: self.workload.clone(),
            variants: self.variant.clone(),
        }
    }
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Scenario files, run one after the other.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    overrides: OverrideArgs,
    /// Folder for the results.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Leave the database of the last level in its place.
    #[arg(long)]
    keep_db: bool,
    /// Stop at the first scenario that is wrong or fails.
    #[arg(long)]
    fail_fast: bool,
    /// Measure all iterations of an experiment anew, also those that an interrupted run has finished.
    #[arg(long)]
    fresh: bool,
    /// Check everything and say what would run, but run nothing.
    #[arg(long)]
    dry_run: bool,
    /// Hold the results against this baseline: its name, a result file or a folder. A regression ends with 1.
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    #[command(flatten)]
    rules: compare::Rules,
    /// Sample where processor time goes while measuring, and draw it as a flame graph beside the result, which is marked.
    #[arg(long, value_enum, value_name = "WHAT")]
    profile: Option<profile::Profiled>,
    /// No progress and no table; problems are still told.
    #[arg(long)]
    quiet: bool,
    /// What to print at the end of each scenario.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Markdown,
    Csv,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemaName {
    /// Of scenario files.
    Scenario,
    /// Of result documents.
    Result,
    /// Of comparisons, as `compare --format json` prints them.
    Comparison,
}

/// Runs the command line of this process. Returns the process's exit code.
pub fn main() -> u8 {
    // No command for anybody to type, so it has no page and no help.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == experiment::COMMAND) {
        return unit().code();
    }
    let cli = Cli::parse();
    let exit = match cli.command {
        Command::Run(arguments) => carry_out::run(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Plan { files, overrides } => plan(&files, &overrides.overrides()),
        Command::Preview(arguments) => preview::preview(&arguments),
        Command::Fakers(arguments) => fakers::fakers(&arguments),
        Command::New(arguments) => new::new(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Completions(arguments) => completions::completions(&arguments),
        Command::Compare(arguments) => compare::compare(&arguments),
        Command::Report(arguments) => report::report(&arguments),
        Command::History(arguments) => history::history(&arguments),
        Command::Baseline(arguments) => baseline::baseline(&arguments),
        Command::Schema { name } => {
            let schema = match name {
                SchemaName::Scenario => crate::scenario::json_schema(),
                SchemaName::Result => crate::result::json_schema(),
                SchemaName::Comparison => crate::compare::json_schema(),
            };
            println!("{schema:#}");
            Exit::Fine
        }
    };
    exit.code()
}

/// A process for one unit: what becomes of it is told on stdout, to the runner that started it.
fn unit() -> Exit {
    let served = signals::install()
        .and_then(|stop| experiment::serve(std::io::stdin().lock(), std::io::stdout(), &stop));
    match served {
        Ok(()) => Exit::Fine,
        Err(error) => {
            eprintln!("error: {}", crate::files::reason(&error));
            Exit::Unavailable
        }
    }
}

fn plan(files: &[PathBuf], overrides: &Overrides) -> Exit {
    let prepared = prepare::all(files, overrides);
    let mut exit = prepare::worst(&prepared);
    for scenario in prepared.iter() {
        match scenario {
            Ok(ready) => {
                eprint!("{}", ready.warnings(stderr_color()));
                print!("{}", layout::broken_lines(&outlook::describe(&ready.experiment), wrap_width()));
                if outlook::refuse(ready) {
                    exit = exit.max(Exit::Unavailable);
                }
            }
            Err(rejected) => eprint!("{}", rejected.text(stderr_color())),
        }
    }
    exit
}

fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn stderr_color() -> bool {
    std::io::stderr().is_terminal() && !no_color()
}

fn stdout_color() -> bool {
    std::io::stdout().is_terminal() && !no_color()
}

/// Where prose on stdout is broken: nowhere unless a terminal shows it.
fn wrap_width() -> usize {
    if std::io::stdout().is_terminal() { stdout_width() } else { usize::MAX }
}

/// Columns of the terminal that stderr goes to; none where it goes elsewhere.
fn stderr_columns() -> Option<usize> {
    let terminal = std::io::stderr().is_terminal();
    columns(std::io::stderr()).filter(|_| terminal)
}

fn columns(stream: impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Characters in a line of the terminal that stdout goes to, or, behind a pager, stderr; 100 elsewhere.
fn stdout_width() -> usize {
    columns(std::io::stdout()).or_else(|| columns(std::io::stderr())).unwrap_or(100)
}
