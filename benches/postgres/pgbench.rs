//! `pgbench`, with the same INSERT into a table of the same kind.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::NamedTempFile;

/// The schema that holds its table.
const SCHEMA: &str = "runner_bench_pgbench";

/// PostgreSQL's own programs, at a server.
pub(crate) struct Pgbench {
    url: String,
    script: NamedTempFile,
}

/// A program of PostgreSQL's, where it is usual.
fn program(name: &str) -> PathBuf {
    let folders = std::env::var_os("RUNNER_TEST_POSTGRES_BIN").map(PathBuf::from);
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = installed.map(|version| version.path().join("bin"));
    let found =
        folders.into_iter().chain(installed).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| PathBuf::from(name))
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {err}");
    out.into_owned()
}

impl Pgbench {
    pub(crate) fn new(url: &str) -> Pgbench {
        let script = NamedTempFile::new().expect("a temporary file");
        // Each client counts for itself: its variables last from one transaction to the next.
        let text = format!(
            "\\set n :n + 1\n\\set id :client_id * 1000000000 + :n\n\
             INSERT INTO {SCHEMA}.items (id, name, amount) VALUES (:id, :name, :amount);\n"
        );
        std::fs::write(script.path(), text).expect("a temporary file");
        Pgbench { url: url.to_owned(), script }
    }

    pub(crate) fn version(&self) -> String {
        output(Command::new(program("pgbench")).arg("--version")).trim().to_owned()
    }

    /// Transactions per second, connecting left out.
    pub(crate) fn per_second(&self, writes: u64, clients: u32, threads: u32) -> f64 {
        let columns = crate::product::COLUMNS.map(|(name, kind)| format!("{name} {kind}")).join(", ");
        self.ask(&format!(
            "SET client_min_messages = error; DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}; \
             CREATE TABLE {SCHEMA}.items ({columns})"
        ));
        let (clients, threads) = (clients.to_string(), threads.to_string());
        let each = (writes / clients.parse::<u64>().expect("a number")).to_string();
        let mut command = Command::new(program("pgbench"));
        command.args(["-M", "prepared", "-n", "-c", &clients, "-j", &threads, "-t", &each]);
        let name = format!("name={}", "x".repeat(crate::product::NAME_BYTES));
        command.args(["-D", "n=0", "-D", &name, "-D", "amount=500000", "-f"]);
        let path: &Path = self.script.path();
        let text = output(command.arg(path).arg(&self.url));
        self.ask(&format!("DROP SCHEMA {SCHEMA} CASCADE"));
        let figure =
            text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        figure.unwrap_or_else(|| panic!("no figure in: {text}"))
    }

    /// Writes out what the last run left, so that the next does not pay for it.
    pub(crate) fn settle(&self) {
        self.ask("CHECKPOINT");
    }

    fn ask(&self, sql: &str) {
        let mut command = Command::new(program("psql"));
        output(
            command
                .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command", sql])
                .arg(&self.url),
        );
    }
}
