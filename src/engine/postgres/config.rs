//! Where a server is and how to reach it, from the address of a scenario.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use tokio_postgres::config::{Host, LoadBalanceHosts, SslMode, TargetSessionAttrs};

use super::stream::{Address, KeepAlive};
use super::tls::{Tls, Verification};
use super::url;

/// How long connecting to one host may take where the address does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_PORT: u16 = 5432;
/// What is left out of messages.
const HIDDEN: &str = "…";

/// An address, resolved.
#[derive(Clone)]
pub(super) struct Config {
    pub(super) driver: tokio_postgres::Config,
    pub(super) tls: Tls,
}

/// It may hold a password.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("hosts", &self.driver.get_hosts()).finish_non_exhaustive()
    }
}

/// One of the hosts of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// As a message names it.
    pub(super) shown: String,
    /// What its certificate must be for; absent where the connection stays on this machine.
    pub(super) name: Option<String>,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Name(String, u16),
    Address(Address),
}

impl Config {
    /// Reads an address, with variables taken from the environment. Says what is wrong without its secrets.
    pub(super) fn from_environment(url: &str) -> Result<Config, String> {
        // One that is no text is none that could stand in an address.
        Config::parse(&url::resolve(url, |name| std::env::var(name).ok())?)
    }

    /// Reads an address without variables.
    pub(super) fn parse(url: &str) -> Result<Config, String> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err("`url` is not of the form `postgres://user@host:port/database`".to_owned());
        }
        let (url, [mode, root]) = url::take_parameters(url, ["sslmode", "sslrootcert"]);
        let mut driver: tokio_postgres::Config = url.parse().map_err(|error| parse_fault(&error))?;
        if driver.get_load_balance_hosts() != LoadBalanceHosts::Disable {
            return Err("`load_balance_hosts` in `url` is not possible: hosts are tried in turn".to_owned());
        }
        if driver.get_hosts().is_empty() && driver.get_hostaddrs().is_empty() {
            driver.host("localhost");
        }
        if driver.get_application_name().is_none() {
            driver.application_name("runner");
        }
        let (mode, verification) = Verification::of(mode.as_deref(), root.as_deref())?;
        driver.ssl_mode(mode);
        let tls =
            if mode == SslMode::Disable { Tls::default() } else { Tls::new(verification, root.as_deref())? };
        Ok(Config { driver, tls })
    }

    /// How long connecting to one host may take.
    pub(super) fn timeout(&self) -> Duration {
        self.driver.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT)
    }

    /// How connections are kept alive, if at all.
    pub(super) fn keep_alive(&self) -> Option<KeepAlive> {
        self.driver.get_keepalives().then(|| KeepAlive {
            idle: self.driver.get_keepalives_idle(),
            interval: self.driver.get_keepalives_interval(),
            retries: self.driver.get_keepalives_retries(),
        })
    }

    /// Whether only a server that takes writes will do, or only one that does not.
    pub(super) fn read_only(&self) -> Option<bool> {
        match self.driver.get_target_session_attrs() {
            TargetSessionAttrs::ReadWrite => Some(false),
            TargetSessionAttrs::ReadOnly => Some(true),
            _ => None,
        }
    }

    /// All hosts, in their order.
    pub(super) fn targets(&self) -> Vec<Target> {
        let (hosts, addresses) = (self.driver.get_hosts(), self.driver.get_hostaddrs());
        let ports = self.driver.get_ports();
        let target = |index: usize| {
            // One port is that of all hosts.
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(DEFAULT_PORT);
            match (hosts.get(index), addresses.get(index)) {
                (Some(Host::Unix(folder)), _) => {
                    let path = folder.join(format!(".s.PGSQL.{port}"));
                    Target {
                        shown: path.display().to_string(),
                        name: None,
                        place: Place::Address(Address::Unix(path)),
                    }
                }
                (host, address) => {
                    let name = match host {
                        Some(Host::Tcp(name)) => name.clone(),
                        _ => address.map(ToString::to_string).unwrap_or_default(),
                    };
                    let place = match address {
                        Some(address) => Place::Address(Address::Tcp(SocketAddr::new(*address, port))),
                        None => Place::Name(name.clone(), port),
                    };
                    Target { shown: format!("{name}:{port}"), name: Some(name), place }
                }
            }
        };
        (0..hosts.len().max(addresses.len())).map(target).collect()
    }

    /// Words from below, without what must not be seen.
    pub(super) fn without_secrets(&self, words: &str) -> String {
        let password = self.driver.get_password().and_then(|bytes| std::str::from_utf8(bytes).ok());
        match password {
            Some(password) if !password.is_empty() => words.replace(password, HIDDEN),
            _ => words.to_owned(),
        }
    }
}

impl Target {
    /// Where it is reached: a name may stand for several places.
    pub(super) fn addresses(&self) -> std::io::Result<Vec<Address>> {
        match &self.place {
            Place::Address(address) => Ok(vec![address.clone()]),
            Place::Name(name, port) => {
                Ok((name.as_str(), *port).to_socket_addrs()?.map(Address::Tcp).collect())
            }
        }
    }
}

/// Never with a value: it may be one that belongs elsewhere.
fn parse_fault(error: &tokio_postgres::Error) -> String {
    use std::error::Error;
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    // The driver names options, not their values.
    let known = source.starts_with("unknown option") || source.starts_with("invalid value for option");
    if known {
        format!("`url` cannot be read: {source}")
    } else {
        "`url` cannot be read as an address".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_tried_in_turn_each_at_its_port() {
        let config = Config::parse("postgres://me:secret@one:1,two:2/data").unwrap();
        let shown: Vec<String> = config.targets().into_iter().map(|target| target.shown).collect();
        assert_eq!(shown, ["one:1", "two:2"]);
        let config = Config::parse("postgres:///data").unwrap();
        assert_eq!(config.targets()[0].shown, "localhost:5432");
        let config = Config::parse("postgres://me@/data?host=/run/pg&port=5433").unwrap();
        assert_eq!(
            (config.targets()[0].shown.as_str(), &config.targets()[0].name),
            ("/run/pg/.s.PGSQL.5433", &None)
        );
    }

    #[test]
    fn every_mode_of_tls_is_understood() {
        let mode = |query: &str| {
            Config::parse(&format!("postgres://h/d?{query}")).map(|config| config.driver.get_ssl_mode())
        };
        assert_eq!(mode("").unwrap(), SslMode::Prefer);
        assert_eq!(mode("sslmode=disable").unwrap(), SslMode::Disable);
        assert_eq!(mode("sslmode=require").unwrap(), SslMode::Require);
        assert!(
            mode("sslmode=verify-full&sslrootcert=/no/such/file.pem")
                .unwrap_err()
                .contains("/no/such/file.pem")
        );
        assert!(mode("sslmode=perhaps").unwrap_err().contains("verify-full"));
    }

    #[test]
    fn no_message_holds_a_secret() {
        let faults = [
            Config::parse("me:secret@h").unwrap_err(),
            Config::parse("postgres://me:secret@h/d?colour=secret").unwrap_err(),
            Config::parse("postgres://me:secret@h/d?sslnegotiation=secret").unwrap_err(),
            Config::parse("postgres://me:secret@h:port/d").unwrap_err(),
        ];
        for fault in faults {
            assert!(!fault.contains("secret"), "{fault}");
        }
        let config = Config::parse("postgres://me:secret@h/d").unwrap();
        assert_eq!(config.without_secrets("no such host secret@h"), "no such host …@h");
        assert!(!format!("{config:?}").contains("secret"));
    }
}
