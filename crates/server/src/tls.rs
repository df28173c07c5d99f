//! TLS: which certificate the server shows, and how it is replaced while the server runs.
//!
//! Invariant: a certificate is shown only together with the key it belongs to; what cannot be used
//! never replaces what can.

mod about;
mod files;
mod generate;

pub use self::about::About;
pub use self::generate::kept;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use tokio::signal::unix::Signal;

use self::files::Files;
use self::generate::Generated;
use crate::app::{App, now};
use crate::settings::CertificateSource;

/// How often files and the end of the generated certificate are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{path}` cannot be read: {reason}")]
    Read { path: PathBuf, reason: std::io::Error },
    #[error("`{path}` holds no certificate: it must be a PEM file, the server's certificate first")]
    NoCertificate { path: PathBuf },
    #[error("`{path}` holds no private key: it must be a PEM file whose key is not encrypted")]
    NoKey { path: PathBuf },
    #[error("the key in `{key}` cannot be used with the certificate in `{certificate}`: {reason}")]
    Unfit { certificate: PathBuf, key: PathBuf, reason: rustls::Error },
    #[error("a certificate could not be generated: {0}")]
    Generate(#[from] rcgen::Error),
    #[error("the generated certificate cannot be used: {0}")]
    Generated(rustls::Error),
    #[error("the generated certificate could not be kept: {0}")]
    Keep(#[from] store::Error),
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

/// The provider of all cryptography here.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The certificate shown to new connections.
#[derive(Debug)]
pub struct Certificate {
    shown: RwLock<Arc<CertifiedKey>>,
    about: RwLock<Option<Arc<About>>>,
}

impl Certificate {
    fn new(shown: Arc<CertifiedKey>, is_generated: bool) -> Certificate {
        let about = RwLock::new(About::of(&shown.cert, is_generated, now()).map(Arc::new));
        Certificate { shown: RwLock::new(shown), about }
    }

    fn replace(&self, shown: Arc<CertifiedKey>, is_generated: bool) {
        *self.about.write() = About::of(&shown.cert, is_generated, now()).map(Arc::new);
        *self.shown.write() = shown;
    }

    /// What the certificate says of itself, if that can be read.
    pub fn about(&self) -> Option<Arc<About>> {
        self.about.read().clone()
    }
}

/// HTTPS of this process.
#[derive(Debug, Clone)]
pub struct Https {
    /// `https://host:port`.
    pub url: String,
    pub certificate: Arc<Certificate>,
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read()))
    }
}

fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<CertifiedKey>, rustls::Error> {
    CertifiedKey::from_der(chain, key, &provider()).map(Arc::new)
}

/// The certificate of one server, and where it comes from.
pub struct Keeper {
    certificate: Arc<Certificate>,
    source: Source,
}

enum Source {
    Files(Files),
    Generated(Box<Generated>),
}

impl Keeper {
    /// Reads or generates the certificate.
    ///
    /// # Errors
    /// When there is none that can be used.
    pub async fn new(source: &CertificateSource, store: &store::Store) -> Result<Keeper, Error> {
        let (source, shown) = match source {
            CertificateSource::Files { certificate, key } => {
                let mut files = Files::new(certificate, key);
                let shown = files.read()?;
                (Source::Files(files), shown)
            }
            CertificateSource::Generated { hosts } => {
                let generated = generate::load(store, hosts, now()).await?;
                let shown = generated.certified()?;
                (Source::Generated(Box::new(generated)), shown)
            }
        };
        let is_generated = matches!(source, Source::Generated(_));
        let certificate = Arc::new(Certificate::new(shown, is_generated));
        let keeper = Keeper { certificate, source };
        keeper.log_shown();
        Ok(keeper)
    }

    /// The certificate that is shown, also after it was replaced.
    pub fn certificate(&self) -> Arc<Certificate> {
        Arc::clone(&self.certificate)
    }

    /// The settings of all TLS connections: HTTP/2 and HTTP/1.1, TLS 1.2 and 1.3.
    ///
    /// # Errors
    /// When the library refuses, which its defaults do not make it do.
    pub fn config(&self) -> Result<Arc<ServerConfig>, Error> {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(Error::Setup)?;
        let resolver = Arc::<Certificate>::clone(&self.certificate);
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Replaces the certificate when its files change, on SIGHUP, and before it ends. Never
    /// resolves; `hangup` tells of the signal.
    pub async fn keep(mut self, app: Arc<App>, mut hangup: Signal) {
        loop {
            let is_told = tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => false,
                _ = hangup.recv() => true,
            };
            match self.replacement(&app, is_told).await {
                Ok(None) => {}
                Ok(Some(certified)) => {
                    let is_generated = matches!(self.source, Source::Generated(_));
                    self.certificate.replace(certified, is_generated);
                    self.log_shown();
                }
                Err(error) => {
                    tracing::error!(%error, "the certificate is not replaced, the old one stays");
                }
            }
        }
    }

    async fn replacement(
        &mut self,
        app: &App,
        is_told: bool,
    ) -> Result<Option<Arc<CertifiedKey>>, Error> {
        match &mut self.source {
            Source::Files(files) if is_told || files.have_changed() => files.read().map(Some),
            Source::Files(_) => Ok(None),
            Source::Generated(generated) if !generated.is_due(now()) => Ok(None),
            Source::Generated(generated) => {
                let hosts = generated.hosts.clone();
                **generated = generate::load(&app.store, &hosts, now()).await?;
                generated.certified().map(Some)
            }
        }
    }

    fn log_shown(&self) {
        let shown = Arc::clone(&self.certificate.shown.read());
        // The last of the chain is what clients are to trust.
        let trusted = shown.cert.last().map(|der| fingerprint(der)).unwrap_or_default();
        match &self.source {
            Source::Files(_) => tracing::info!(sha256 = trusted, "certificate read"),
            Source::Generated(generated) => tracing::info!(
                sha256 = trusted,
                hosts = generated.hosts.join(","),
                "generated certificate in use; `telltale tls show` prints what clients must trust"
            ),
        }
    }
}

/// The SHA-256 of a certificate as tools print it: pairs of hexadecimal digits between colons.
pub fn fingerprint(der: &[u8]) -> String {
    let pairs: Vec<String> = Sha256::digest(der).iter().map(|b| format!("{b:02X}")).collect();
    pairs.join(":")
}
