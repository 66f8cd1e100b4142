//! Encryption of a connection: the modes of `sslmode`, and a stream that its session can go on with.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::stream::{Gate, Stream};

type Connect = <MakeRustlsConnect as MakeTlsConnect<Stream>>::TlsConnect;
type Encrypted = <Connect as TlsConnect<Stream>>::Stream;

/// Which of a server's claims are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verification {
    /// None: others cannot listen, but may answer.
    Nothing,
    /// Its certificate comes from a known authority.
    Authority,
    /// It also is for this host.
    Host,
}

impl Verification {
    /// Of `sslmode` and `sslrootcert`: as in PostgreSQL's own clients, `require` checks the authority where one is named.
    pub(super) fn of(mode: Option<&str>, root: Option<&str>) -> Result<(SslMode, Verification), String> {
        match (mode, root) {
            (Some("disable"), _) => Ok((SslMode::Disable, Verification::Nothing)),
            (None | Some("prefer"), _) => Ok((SslMode::Prefer, Verification::Nothing)),
            (Some("require"), None) => Ok((SslMode::Require, Verification::Nothing)),
            (Some("require" | "verify-ca"), _) => Ok((SslMode::Require, Verification::Authority)),
            (Some("verify-full"), _) => Ok((SslMode::Require, Verification::Host)),
            (Some(_), _) => {
                Err("`sslmode` in `url` is one of disable, prefer, require, verify-ca and verify-full"
                    .to_owned())
            }
        }
    }
}

/// What makes connections encrypted, in one way.
#[derive(Clone, Default)]
pub(super) struct Tls {
    config: Option<Arc<ClientConfig>>,
}

impl Tls {
    /// `root` is a file with certificates of authorities, in PEM; without it, or as `system`, they are those of the system.
    pub(super) fn new(verification: Verification, root: Option<&str>) -> Result<Tls, String> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match verification {
            Verification::Nothing => Arc::new(Lenient { inner: None, provider: Arc::clone(&provider) }),
            _ => {
                let roots = Arc::new(roots(root.filter(|root| *root != "system"))?);
                let inner = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
                    .build()
                    .map_err(|error| format!("the certificates of `sslrootcert` cannot be used: {error}"))?;
                if verification == Verification::Host {
                    inner
                } else {
                    Arc::new(Lenient { inner: Some(inner), provider: Arc::clone(&provider) })
                }
            }
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be used: {error}"))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Tls { config: Some(Arc::new(config)) })
    }

    /// For one connection, to a host of this name.
    pub(super) fn connector(&self, name: &str) -> io::Result<Connector> {
        let connect = match &self.config {
            None => None,
            Some(config) => {
                let mut make = MakeRustlsConnect::new(ClientConfig::clone(config));
                Some(MakeTlsConnect::<Stream>::make_tls_connect(&mut make, name).map_err(io::Error::other)?)
            }
        };
        Ok(Connector { connect, made: Arc::default() })
    }
}

fn roots(file: Option<&str>) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    match file {
        Some(file) => {
            let fault =
                |error: &dyn std::fmt::Display| format!("`sslrootcert`: `{file}` cannot be read: {error}");
            for certificate in CertificateDer::pem_file_iter(file).map_err(|error| fault(&error))? {
                store.add(certificate.map_err(|error| fault(&error))?).map_err(|error| fault(&error))?;
            }
        }
        // Those that are no certificates are the system's own affair.
        None => drop(store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    if store.is_empty() {
        let place = file.map_or_else(|| "the system".to_owned(), |file| format!("`{file}`"));
        return Err(format!("`sslmode` asks for a known authority, and {place} has no certificates of any"));
    }
    Ok(store)
}

/// Checks the authority alone, or nothing.
#[derive(Debug)]
struct Lenient {
    inner: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(inner) = &self.inner else { return Ok(ServerCertVerified::assertion()) };
        match inner.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Encrypts one connection, and keeps hold of the stream.
pub(super) struct Connector {
    connect: Option<Connect>,
    made: Arc<Mutex<Option<Secured>>>,
}

impl Connector {
    /// Where the encrypted stream will be.
    pub(super) fn made(&self) -> Arc<Mutex<Option<Secured>>> {
        Arc::clone(&self.made)
    }
}

impl TlsConnect<Stream> for Connector {
    type Stream = Secured;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Secured>> + Send>>;

    fn connect(self, stream: Stream) -> Self::Future {
        Box::pin(async move {
            let Some(connect) = self.connect else {
                return Err(io::Error::other("this connection was not meant to be encrypted"));
            };
            let secured = Secured { stream: Arc::new(Mutex::new(connect.connect(stream).await?)) };
            *self.made.lock().unwrap_or_else(PoisonError::into_inner) = Some(secured.clone());
            Ok(secured)
        })
    }
}

/// An encrypted stream; its clones are the same.
#[derive(Clone)]
pub(super) struct Secured {
    stream: Arc<Mutex<Encrypted>>,
}

impl Secured {
    fn with<T>(&self, work: impl FnOnce(Pin<&mut Encrypted>) -> T) -> T {
        work(Pin::new(&mut self.stream.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// As [`Stream::read`]. What was received before is taken without a read below, and else one read is made at a time: TLS would read on to
    /// fill the buffer, with nothing to come.
    pub(super) fn read(&self, gate: &Gate, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        let mut reads = 0;
        blocking(|context| {
            gate.allow(std::mem::replace(&mut reads, 1));
            closed(self.with(|stream| stream.poll_read(context, &mut buffer)))
        })?;
        Ok(buffer.filled().len())
    }

    /// Writes all of it.
    pub(super) fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = blocking(|context| self.with(|stream| stream.poll_write(context, bytes)))?;
            bytes = &bytes[written..];
        }
        blocking(|context| self.with(|stream| stream.poll_flush(context)))
    }
}

/// A connection that ends without TLS's farewell ends like any other: the protocol knows where its messages end.
fn closed(polled: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
    match polled {
        Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
        polled => polled,
    }
}

/// Polls what blocks below until it is done.
fn blocking<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>) -> io::Result<T> {
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = poll(&mut context) {
            return done;
        }
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        closed(self.with(|stream| stream.poll_read(context, buffer)))
    }
}

impl AsyncWrite for Secured {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(context))
    }
}

impl TlsStream for Secured {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).channel_binding()
    }
}
