//! A PostgreSQL server for tests: the one that all share, or one of a test's own, to stop and start.
//!
//! Both come from `scripts/with-postgres.sh`, which says where they are by the environment. Without it a test is left out, and says so on stderr,
//! past what the test harness captures: nothing is skipped silently. This file needs nothing of its neighbours, so that tests within the crate can
//! use it by its path.
#![allow(dead_code, reason = "each test file uses what it needs")]

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Once;

/// Where the shared server is.
const SERVER: &str = "RUNNER_TEST_POSTGRES";

/// A server that a test may use, beside others: it is not to be stopped, and each test has a schema of its own there.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// `postgres://postgres@127.0.0.1:PORT/postgres`.
    pub(crate) url: String,
}

/// The shared server. Nothing where there is none: then the test is to return at once.
pub(crate) fn shared() -> Option<Server> {
    match std::env::var(SERVER) {
        Ok(url) => Some(Server { url }),
        Err(_) => {
            left_out("no PostgreSQL server was named", "scripts/with-postgres.sh cargo test");
            None
        }
    }
}

/// Says once for each binary of tests what is missing. The macros that print would be captured by the test harness.
fn left_out(why: &str, remedy: &str) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let binary = std::env::current_exe().ok();
        let binary =
            binary.as_deref().and_then(|path| path.file_stem()).unwrap_or_default().to_string_lossy();
        let name = binary.rsplit_once('-').map_or(&*binary, |(name, _)| name);
        let words =
            format!("\nleft out: tests of `{name}` on a server, since {why}. To include them: {remedy}\n");
        let _ = std::io::stderr().write_all(words.as_bytes());
    });
}

impl Server {
    /// Its port on the loopback interface.
    pub(crate) fn port(&self) -> u16 {
        let port = self.url.rsplit_once(':').and_then(|(_, rest)| rest.split('/').next()?.parse().ok());
        port.unwrap_or_else(|| panic!("{} names no port", self.url))
    }

    /// The same server for someone else: `with_password:correct%20horse` or `with_tls`, and parameters such as `sslmode=require`.
    pub(crate) fn url_of(&self, user: &str, parameters: &str) -> String {
        let question = if parameters.is_empty() { "" } else { "?" };
        format!("postgres://{user}@localhost:{}/postgres{question}{parameters}", self.port())
    }

    /// The certificate that its own is signed with.
    pub(crate) fn certificate(&self) -> Option<PathBuf> {
        let path = std::env::var_os("RUNNER_TEST_POSTGRES_CERT").map(PathBuf::from);
        if path.is_none() {
            left_out("its certificate is not known", "scripts/with-postgres.sh cargo test");
        }
        path
    }

    /// What psql prints for a statement: rows by lines, columns by `|`. The statement must succeed.
    pub(crate) fn ask(&self, sql: &str) -> String {
        self.try_ask(sql).unwrap_or_else(|words| panic!("{sql}: {words}"))
    }

    /// As [`Server::ask`]; else what psql complains of.
    pub(crate) fn try_ask(&self, sql: &str) -> Result<String, String> {
        let program = match std::env::var_os("RUNNER_TEST_POSTGRES_BIN") {
            Some(folder) => PathBuf::from(folder).join("psql"),
            None => PathBuf::from("psql"),
        };
        let mut command = Command::new(&program);
        command.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"]);
        let output = command.args(["--command", sql, &self.url]).output();
        let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Whether a schema is there.
    pub(crate) fn has_schema(&self, name: &str) -> bool {
        let name = name.replace('\'', "''");
        self.ask(&format!("SELECT count(*) FROM pg_namespace WHERE nspname = '{name}'")) == "1"
    }
}

/// A server of a test's own, which it may stop. It is removed when the test ends, however it ends.
#[derive(Debug)]
pub(crate) struct OwnServer {
    script: PathBuf,
    folder: PathBuf,
    /// How to reach it.
    pub(crate) server: Server,
}

/// Makes and starts one. Nothing where the environment does not say how.
pub(crate) fn own() -> Option<OwnServer> {
    shared()?;
    let Some(script) = std::env::var_os("RUNNER_TEST_POSTGRES_CTL").map(PathBuf::from) else {
        left_out("a server that may be stopped is needed", "scripts/with-postgres.sh cargo test");
        return None;
    };
    // Not inside a folder that only this user can read: the server may belong to another one.
    let place = tempfile::Builder::new().prefix("runner-server-").tempdir().unwrap();
    let folder = place.path().to_owned();
    place.close().unwrap();
    let mut own = OwnServer { script, folder, server: Server { url: String::new() } };
    own.server.url = own.handle("--start", &["--set", "fsync=off"]);
    Some(own)
}

impl OwnServer {
    /// Calls the script, and gives the value of the first variable that it prints.
    fn handle(&self, action: &str, rest: &[&str]) -> String {
        let mut command = Command::new(&self.script);
        let output = command.arg(action).arg(&self.folder).args(rest).output().unwrap();
        assert!(output.status.success(), "{action}: {}", String::from_utf8_lossy(&output.stderr));
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let value = stdout.lines().find_map(|line| line.strip_prefix(SERVER)?.strip_prefix('='));
        value.unwrap_or_default().to_owned()
    }

    /// Stops it as a crash would: no client is told.
    pub(crate) fn crash(&self) {
        self.handle("--stop", &["immediate"]);
    }

    /// Stops it in order: sessions are ended, with their transactions.
    pub(crate) fn stop(&self) {
        self.handle("--stop", &["fast"]);
    }

    /// Starts it again, where it was.
    pub(crate) fn start_again(&self) {
        assert_eq!(self.handle("--start", &[]), self.server.url);
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let _ = Command::new(&self.script).arg("--remove").arg(&self.folder).output();
    }
}
