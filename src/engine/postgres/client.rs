//! A connection that blocks: `tokio-postgres`, polled by hand over a blocking socket, without a runtime or a thread of its own.
//!
//! An exchange takes two system calls, one to send and one to receive. What a session does in the timed region is left to `wire`.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Connection, CopyInSink, Error, Row};

use super::codes;
use super::config::{Config, Target};
use super::stream::{Address, Gate, Stream};
use super::tls::Secured;
use crate::engine::EngineError;
use crate::files::reason;

/// A connection to a server.
pub(super) struct Client {
    driver: tokio_postgres::Client,
    /// Gone once it ended.
    connection: Option<Connection<Stream, Secured>>,
    stream: Stream,
    secured: Option<Secured>,
    woken: Arc<Woken>,
    waker: Waker,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

/// What a session reads and writes on its own, once the connection stands.
#[derive(Clone)]
pub(super) enum Channel {
    Plain(Stream),
    Secured(Secured, Arc<Gate>),
}

/// Whether one half of the driver has something for the other.
#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Client {
    /// Connects to the first host that answers. `stop` ends waiting.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] with the words of each host, [`EngineError::Interrupted`] at a stop.
    pub(super) fn connect(config: &Config, stop: &Arc<AtomicBool>) -> Result<Client, EngineError> {
        Client::connect_within(config, stop, config.timeout())
    }

    /// The same, with so much time for each host.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub(super) fn connect_within(
        config: &Config,
        stop: &Arc<AtomicBool>,
        timeout: Duration,
    ) -> Result<Client, EngineError> {
        let mut faults: Vec<String> = Vec::new();
        for target in config.targets() {
            let addresses = match target.addresses() {
                Ok(addresses) => addresses,
                Err(error) => {
                    faults.push(format!("{}: {error}", target.shown));
                    continue;
                }
            };
            for address in addresses {
                if stop.load(Ordering::Relaxed) {
                    return Err(EngineError::Interrupted);
                }
                match Client::connect_to(config, &target, &address, timeout, stop) {
                    Ok(client) => return Ok(client),
                    Err(words) => faults.push(format!("{}: {words}", target.shown)),
                }
            }
        }
        if stop.load(Ordering::Relaxed) {
            return Err(EngineError::Interrupted);
        }
        // `localhost` is often two addresses with the same fate.
        faults.dedup();
        let words = config.without_secrets(&faults.join("; "));
        Err(EngineError::Unavailable(format!("cannot connect to the PostgreSQL server at {words}")))
    }

    fn connect_to(
        config: &Config,
        target: &Target,
        address: &Address,
        timeout: Duration,
        stop: &Arc<AtomicBool>,
    ) -> Result<Client, String> {
        let stream =
            Stream::open(address, config.keep_alive(), timeout, stop).map_err(|error| reason(&error))?;
        let mut driver = config.driver.clone();
        if target.name.is_none() {
            // As in PostgreSQL's own clients: what stays on this machine is not encrypted.
            driver.ssl_mode(SslMode::Disable);
        }
        let name = target.name.clone().unwrap_or_default();
        let connector = config.tls.connector(&name).map_err(|error| error.to_string())?;
        let made = connector.made();
        let connecting = driver.connect_raw(stream.clone(), connector);
        let (client, connection) = waited(stream.gate(), connecting).map_err(|error| refused(&error))?;
        let secured = made.lock().unwrap_or_else(PoisonError::into_inner).take();
        stream.gate().close();
        let token = client.cancel_token();
        let (again, address, keep_alive) = (config.tls.clone(), address.clone(), config.keep_alive());
        let never = Arc::new(AtomicBool::new(false));
        stream.gate().cancel_by(move || {
            // The wait goes on, with its own end, whether the server could be asked or not.
            let Ok(stream) = Stream::open(&address, keep_alive, timeout.min(CANCEL_TIMEOUT), &never) else {
                return;
            };
            let Ok(connector) = again.connector(&name) else { return };
            let gate = Arc::clone(stream.gate());
            let _ = waited(&gate, token.cancel_query_raw(stream, connector));
        });
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut client =
            Client { driver: client, connection: Some(connection), stream, secured, woken, waker };
        client.check_attributes(config)?;
        Ok(client)
    }

    /// Whether the server takes writes, where the address asks.
    fn check_attributes(&mut self, config: &Config) -> Result<(), String> {
        let Some(wanted) = config.read_only() else { return Ok(()) };
        let rows = self.query("SHOW transaction_read_only", &[]).map_err(|error| refused(&error))?;
        let read_only = rows.first().is_some_and(|row| row.get::<_, &str>(0) == "on");
        if read_only == wanted {
            return Ok(());
        }
        Err(format!("the server is {}", if read_only { "read-only" } else { "not read-only" }))
    }

    /// Carries requests to the driver out, to the end of their responses.
    pub(super) fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&tokio_postgres::Client) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Client { driver, connection, stream, woken, waker, .. } = self;
        let mut future = pin!(work(driver));
        let mut context = Context::from_waker(waker);
        loop {
            if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
                return done;
            }
            woken.0.store(false, Ordering::Relaxed);
            // Writes what there is, and hands over what was read before; only if that is of no use, more is read.
            let mut ended = poll(connection, &mut context, stream.gate(), 0);
            if ended.is_none() && !woken.0.load(Ordering::Relaxed) {
                ended = poll(connection, &mut context, stream.gate(), 1);
            }
            if let Some(ended) = ended {
                return last_words(future.as_mut().poll(&mut context), ended);
            }
        }
    }

    /// Executes statements without parameters, one after the other.
    pub(super) fn simple(&mut self, sql: &str) -> Result<(), Error> {
        self.run(async |client| client.batch_execute(sql).await)
    }

    /// Executes one statement, prepared for the purpose, and reads all of its rows.
    pub(super) fn query(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        self.run(async |client| client.query(sql, values).await)
    }

    /// Copies pieces into the server by a `COPY … FROM STDIN`; returns the rows it took. `None` ends the pieces.
    pub(super) fn copy_in(
        &mut self,
        sql: &str,
        mut piece: impl FnMut() -> Option<Bytes>,
    ) -> Result<u64, Error> {
        self.run(async |client| {
            let sink: CopyInSink<Bytes> = client.copy_in(sql).await?;
            let mut sink = pin!(sink);
            while let Some(piece) = piece() {
                sink.send(piece).await?;
            }
            sink.finish().await
        })
    }

    /// From now on a stop of the run ends no wait, unless the server is silent for long.
    pub(super) fn be_patient(&self) {
        self.stream.gate().be_patient();
    }

    /// Whether the server was silent for too long after a stop.
    pub(super) fn gave_up(&self) -> bool {
        self.stream.gate().gave_up()
    }

    /// Whether the connection is over.
    pub(super) fn is_closed(&self) -> bool {
        self.connection.is_none() || self.driver.is_closed()
    }

    /// Goes on without the driver. Nothing may be outstanding: only [`Client::simple`] and [`Client::query`] were used, which read to the end.
    pub(super) fn into_channel(self) -> Channel {
        self.stream.gate().open();
        match self.secured {
            None => Channel::Plain(self.stream),
            Some(secured) => Channel::Secured(secured, Arc::clone(self.stream.gate())),
        }
    }
}

/// How long asking a server to give up may take to connect.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

/// Polls the connection once, with so many reads allowed; what it ended with, if it did.
fn poll(
    connection: &mut Option<Connection<Stream, Secured>>,
    context: &mut Context<'_>,
    gate: &Gate,
    reads: u32,
) -> Option<Result<(), Error>> {
    let Some(open) = connection.as_mut() else { return Some(Ok(())) };
    gate.allow(reads);
    let polled = Pin::new(open).poll(context);
    gate.allow(0);
    match polled {
        Poll::Pending => None,
        Poll::Ready(ended) => {
            // With it goes what still waits for a response, which is told so.
            *connection = None;
            Some(ended)
        }
    }
}

/// The result of a request whose connection ended: its own, unless it only says that it did.
fn last_words<T>(polled: Poll<Result<T, Error>>, ended: Result<(), Error>) -> Result<T, Error> {
    match (polled, ended) {
        (Poll::Ready(Err(own)), Err(error)) if own.is_closed() => Err(error),
        (Poll::Ready(result), _) => result,
        (Poll::Pending, Err(error)) => Err(error),
        (Poll::Pending, Ok(())) => unreachable!("a request whose connection is gone is told so"),
    }
}

/// Polls until it is done, with one read each time: TLS reads on when its handshake is over, with nothing to come.
fn waited<T>(gate: &Gate, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        gate.allow(1);
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

/// Why connecting failed, without where.
fn refused(error: &Error) -> String {
    use std::error::Error as _;
    match error.as_db_error() {
        Some(error) => format!("{} ({})", codes::words(error), error.code().code()),
        None => error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}")),
    }
}

impl Channel {
    /// Waits for bytes, and takes those that are there.
    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Channel::Plain(stream) => stream.read(buffer),
            Channel::Secured(secured, gate) => secured.read(gate, buffer),
        }
    }

    /// Writes all of it.
    pub(super) fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        match self {
            Channel::Plain(stream) => {
                while !bytes.is_empty() {
                    let written = stream.write(bytes)?;
                    bytes = &bytes[written..];
                }
                Ok(())
            }
            Channel::Secured(secured, _) => secured.write_all(bytes),
        }
    }

    pub(super) fn gate(&self) -> &Gate {
        match self {
            Channel::Plain(stream) => stream.gate(),
            Channel::Secured(_, gate) => gate,
        }
    }
}
