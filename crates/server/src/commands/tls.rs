//! `telltale tls show`: what clients of a server are to trust, from its folder or over the network.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

use super::Failure;
use crate::cli::Place;
use crate::tls::{fingerprint, kept, provider};

/// How long each step of asking a server may take.
const STEP_TIME: Duration = Duration::from_secs(10);

/// Prints the certificate, or writes it to `out`; fingerprint and hosts go to standard error.
///
/// # Errors
/// When there is none, or folder, server or file cannot be used.
pub fn show(place: &Place, out: Option<&Path>) -> Result<(), Failure> {
    let (der, hosts) = match place {
        Place::Data(data) => from_folder(data)?,
        Place::Url { url, .. } => (from_server(url)?, Vec::new()),
    };
    let lines = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    let pem = pem::encode_config(&pem::Pem::new("CERTIFICATE", der.to_vec()), lines);
    match out {
        Some(path) => std::fs::write(path, pem)
            .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))?,
        None => {
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(pem.as_bytes())?;
            stdout.flush()?;
        }
    }
    let mut about = std::io::stderr().lock();
    writeln!(about, "SHA-256 {}", fingerprint(&der))?;
    if !hosts.is_empty() {
        writeln!(about, "hosts {}", hosts.join(", "))?;
    }
    Ok(())
}

fn from_folder(data: &Path) -> Result<(CertificateDer<'static>, Vec<String>), Failure> {
    let store = store::Store::open_read_only(data)?;
    let generated = kept(&store).ok_or_else(|| {
        let data = data.display();
        Failure::new(format!(
            "no certificate was generated in `{data}`; `telltale serve --tls-listen` does"
        ))
    })?;
    let der = CertificateDer::from_pem_slice(generated.authority.as_bytes())
        .map_err(|_| Failure::new("the generated certificate is damaged"))?;
    Ok((der, generated.hosts))
}

/// The last certificate that the server shows.
fn from_server(url: &str) -> Result<CertificateDer<'static>, Failure> {
    let wrong = || Failure::new(format!("`{url}` is not an address such as `https://host:8322`"));
    let uri: axum::http::Uri = url.parse().map_err(|_| wrong())?;
    let host = uri.host().filter(|_| uri.scheme_str() == Some("https")).ok_or_else(wrong)?;
    let port = uri.port_u16().unwrap_or(443);
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
    let seen = Arc::new(Seen::default());
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Seen>::clone(&seen))
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), name.map_err(|_| wrong())?);
    let mut connection = connection.map_err(|error| Failure::new(error.to_string()))?;
    let shaken =
        TcpStream::connect((host.trim_matches(['[', ']']), port)).and_then(|mut stream| {
            stream.set_read_timeout(Some(STEP_TIME))?;
            stream.set_write_timeout(Some(STEP_TIME))?;
            while connection.is_handshaking() {
                connection.complete_io(&mut stream)?;
            }
            Ok(())
        });
    // What the server showed counts, also when the connection came to nothing afterwards.
    let last = seen.0.lock().take();
    match (last, shaken) {
        (Some(der), _) => Ok(der),
        (None, Err(error)) => Err(Failure::new(format!("cannot reach `{url}`: {error}"))),
        (None, Ok(())) => Err(Failure::new(format!("`{url}` showed no certificate"))),
    }
}

/// Notes the last certificate of the chain a server shows, and trusts nothing: no byte is sent to
/// that server but the handshake.
#[derive(Debug, Default)]
struct Seen(Mutex<Option<CertificateDer<'static>>>);

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let last = intermediates.last().unwrap_or(end_entity);
        *self.0.lock() = Some(last.clone().into_owned());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
