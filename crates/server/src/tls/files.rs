//! Certificate and key from the user's own PEM files, read again when they change.
//!
//! Invariant: the time a file had when it was last looked at is kept also when it could not be
//! used, so that a broken file is complained about once.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::{Error, certified};

/// Largest file read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What tells one state of a file from another: time of change and size.
type Stamp = Option<(SystemTime, u64)>;

/// The two files.
#[derive(Debug)]
pub struct Files {
    certificate: PathBuf,
    key: PathBuf,
    seen: [Stamp; 2],
}

impl Files {
    pub fn new(certificate: &Path, key: &Path) -> Files {
        Files { certificate: certificate.to_owned(), key: key.to_owned(), seen: [None; 2] }
    }

    /// Whether one of them is not as it was when last read.
    pub fn have_changed(&self) -> bool {
        self.stamps() != self.seen
    }

    fn stamps(&self) -> [Stamp; 2] {
        [&self.certificate, &self.key].map(|path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }

    /// Both, when they fit together.
    ///
    /// # Errors
    /// When they cannot be read, hold something else, or do not fit.
    pub fn read(&mut self) -> Result<Arc<CertifiedKey>, Error> {
        // Taken first: a change while reading is seen at the next look.
        self.seen = self.stamps();
        let pem = read(&self.certificate)?;
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
        if chain.is_empty() {
            return Err(Error::NoCertificate { path: self.certificate.clone() });
        }
        let pem = read(&self.key)?;
        let key = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| Error::NoKey { path: self.key.clone() })?;
        certified(chain, key).map_err(|reason| Error::Unfit {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            reason,
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes))
        .map_err(|reason| Error::Read { path: path.to_owned(), reason })?;
    Ok(bytes)
}
