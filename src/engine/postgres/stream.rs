//! A socket that is read and written by blocking system calls, dressed as one of `tokio`'s streams.
//!
//! `tokio-postgres` reads once more after a whole response, which would never end here: what it may read is metered. Waiting ends soon after
//! the run is being stopped, by way of a request to the server to give up what it is doing.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How long a system call waits before the stop is looked at.
const TICK: Duration = Duration::from_millis(100);
/// Ticks that an operation is still given once the run is being stopped, before the server is asked to give it up.
const TICKS_BEFORE_CANCEL: u32 = 3;
/// Ticks that the server has for its answer from then on.
const TICKS_AFTER_CANCEL: u32 = 30;
/// Ticks without a byte that the runner's own connection bears from then on: what it removes at the end is removed in spite of a stop.
const TICKS_OF_PATIENCE: u32 = 120;
/// Reads are not counted.
const FREE: u32 = u32::MAX;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Over a network.
    Tcp(SocketAddr),
    /// On this machine.
    Unix(PathBuf),
}

/// What keeps a connection alive over a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeepAlive {
    pub(super) idle: Duration,
    pub(super) interval: Option<Duration>,
    pub(super) retries: Option<u32>,
}

/// One end of a connection; its clones are the same end.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    socket: Arc<Socket>,
    gate: Arc<Gate>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// What may be read, and how long it may take.
pub(super) struct Gate {
    reads: AtomicU32,
    stop: Arc<AtomicBool>,
    /// Ticks until waiting is given up; not counted while it is 0.
    ticks: AtomicU32,
    /// Ticks that passed since the stop was seen.
    stopping: AtomicU32,
    /// Whether the server is not asked to give up what it is doing at a stop.
    patient: AtomicBool,
    /// Asks the server to give up what it is doing.
    cancel: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("reads", &self.reads).finish_non_exhaustive()
    }
}

impl Stream {
    /// Connects, within a time.
    pub(super) fn open(
        address: &Address,
        keep_alive: Option<KeepAlive>,
        timeout: Duration,
        stop: &Arc<AtomicBool>,
    ) -> io::Result<Stream> {
        let socket = match address {
            Address::Tcp(address) => {
                let socket = TcpStream::connect_timeout(address, timeout)?;
                socket.set_nodelay(true)?;
                if let Some(keep_alive) = keep_alive {
                    keep_alive.apply(&socket)?;
                }
                socket.set_read_timeout(Some(TICK))?;
                socket.set_write_timeout(Some(TICK))?;
                Socket::Tcp(socket)
            }
            Address::Unix(path) => {
                let socket = UnixStream::connect(path)?;
                socket.set_read_timeout(Some(TICK))?;
                socket.set_write_timeout(Some(TICK))?;
                Socket::Unix(socket)
            }
        };
        let ticks = timeout.as_millis().div_ceil(TICK.as_millis()).max(1);
        let gate = Gate {
            reads: AtomicU32::new(FREE),
            stop: Arc::clone(stop),
            ticks: AtomicU32::new(u32::try_from(ticks).unwrap_or(u32::MAX)),
            stopping: AtomicU32::new(0),
            patient: AtomicBool::new(false),
            cancel: OnceLock::new(),
        };
        Ok(Stream { socket: Arc::new(socket), gate: Arc::new(gate) })
    }

    pub(super) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Waits for bytes, and takes those that are there: none at the end of the connection.
    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.patiently(|socket| match socket {
            Socket::Tcp(socket) => (&*socket).read(buffer),
            Socket::Unix(socket) => (&*socket).read(buffer),
        })
    }

    /// Writes as many bytes as there is room for, at least one.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.patiently(|socket| match socket {
            Socket::Tcp(socket) => (&*socket).write(bytes),
            Socket::Unix(socket) => (&*socket).write(bytes),
        })
    }

    fn patiently(&self, mut call: impl FnMut(&Socket) -> io::Result<usize>) -> io::Result<usize> {
        loop {
            match call(&self.socket) {
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.gate.tick()?,
                    io::ErrorKind::Interrupted => {}
                    _ => return Err(error),
                },
                done => return done,
            }
        }
    }

    fn shut_down(&self) -> io::Result<()> {
        match &*self.socket {
            Socket::Tcp(socket) => socket.shutdown(std::net::Shutdown::Write),
            Socket::Unix(socket) => socket.shutdown(std::net::Shutdown::Write),
        }
    }
}

impl KeepAlive {
    fn apply(self, socket: &TcpStream) -> io::Result<()> {
        use rustix::net::sockopt;
        sockopt::set_socket_keepalive(socket, true)?;
        sockopt::set_tcp_keepidle(socket, self.idle)?;
        if let Some(interval) = self.interval {
            sockopt::set_tcp_keepintvl(socket, interval)?;
        }
        if let Some(retries) = self.retries {
            sockopt::set_tcp_keepcnt(socket, retries)?;
        }
        Ok(())
    }
}

impl Gate {
    /// Allows so many reads from now on.
    pub(super) fn allow(&self, reads: u32) {
        self.reads.store(reads, Ordering::Relaxed);
    }

    /// Allows every read, as while connecting; waiting has no end of its own.
    pub(super) fn open(&self) {
        self.reads.store(FREE, Ordering::Relaxed);
        self.ticks.store(0, Ordering::Relaxed);
    }

    /// Meters reads from now on; waiting has no end of its own.
    pub(super) fn close(&self) {
        self.open();
        self.allow(0);
    }

    /// What asks the server to give up what it is doing, once the run is being stopped.
    pub(super) fn cancel_by(&self, cancel: impl Fn() + Send + Sync + 'static) {
        // Only the first counts: a connection is made once.
        let _ = self.cancel.set(Box::new(cancel));
    }

    /// From now on a stop ends no wait, unless the server is silent for long.
    pub(super) fn be_patient(&self) {
        self.patient.store(true, Ordering::Relaxed);
    }

    fn is_patient(&self) -> bool {
        self.patient.load(Ordering::Relaxed)
    }

    pub(super) fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether the server was asked to give up what it was doing, or was silent for too long.
    pub(super) fn gave_up(&self) -> bool {
        let borne = if self.is_patient() { TICKS_OF_PATIENCE } else { TICKS_BEFORE_CANCEL };
        self.stopping.load(Ordering::Relaxed) >= borne
    }

    fn take_read(&self) -> bool {
        match self.reads.load(Ordering::Relaxed) {
            0 => false,
            FREE => true,
            reads => {
                self.reads.store(reads - 1, Ordering::Relaxed);
                true
            }
        }
    }

    /// A system call waited in vain.
    #[cold]
    fn tick(&self) -> io::Result<()> {
        let left = self.ticks.load(Ordering::Relaxed);
        if left == 1 {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer in time"));
        }
        if left > 0 {
            self.ticks.store(left - 1, Ordering::Relaxed);
        }
        if !self.stopping() {
            return Ok(());
        }
        let passed = self.stopping.fetch_add(1, Ordering::Relaxed) + 1;
        if self.is_patient() && left == 0 {
            let silent = "the server did not answer any more, and the run is being stopped";
            return if self.gave_up() {
                Err(io::Error::new(io::ErrorKind::TimedOut, silent))
            } else {
                Ok(())
            };
        }
        if passed == TICKS_BEFORE_CANCEL
            && let Some(cancel) = self.cancel.get()
        {
            cancel();
        }
        // Connecting is given up at once: nothing is lost by it.
        if left > 0 || passed >= TICKS_BEFORE_CANCEL + TICKS_AFTER_CANCEL {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "given up at the stop of the run"));
        }
        Ok(())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.gate.take_read() {
            // Whoever drives the connection polls it again.
            return Poll::Pending;
        }
        let read = self.read(buffer.initialize_unfilled())?;
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.shut_down())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gate of a run that is being stopped.
    fn gate() -> Gate {
        Gate {
            reads: AtomicU32::new(FREE),
            stop: Arc::new(AtomicBool::new(true)),
            ticks: AtomicU32::new(0),
            stopping: AtomicU32::new(0),
            patient: AtomicBool::new(false),
            cancel: OnceLock::new(),
        }
    }

    fn ticks_borne(gate: &Gate) -> usize {
        std::iter::repeat_with(|| gate.tick()).take_while(Result::is_ok).count()
    }

    #[test]
    fn at_a_stop_a_session_asks_the_server_to_give_up_and_then_gives_up_itself() {
        let gate = gate();
        let asked = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&asked);
        gate.cancel_by(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(ticks_borne(&gate), 32);
        assert_eq!((asked.load(Ordering::Relaxed), gate.gave_up()), (1, true));
    }

    #[test]
    fn the_runners_own_connection_asks_nothing_and_bears_a_silent_server_for_twelve_seconds() {
        let gate = gate();
        gate.cancel_by(|| panic!("what is removed at the end is not to be given up"));
        gate.be_patient();
        assert_eq!(ticks_borne(&gate), 119);
        assert!(gate.gave_up());
    }

    #[test]
    fn without_a_stop_waiting_has_no_end_once_connected() {
        let gate = gate();
        gate.stop.store(false, Ordering::Relaxed);
        assert!((0..10_000).all(|_| gate.tick().is_ok()));
        gate.ticks.store(5, Ordering::Relaxed);
        assert_eq!(ticks_borne(&gate), 4);
    }
}
