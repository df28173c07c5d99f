//! Calls of the command line to a running server.
//!
//! Invariant: an answer of any status is an answer; only a failed connection is an error here.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::CertificateError;
use serde_json::Value;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};

use super::Failure;
use crate::app::now;
use crate::cli::Trust;

/// Longest answer read, in bytes.
const ANSWER_BYTES_MAX: u64 = 4 << 30;
/// So much of an answer that is no JSON is shown, in characters.
const SHOWN_CHARS_MAX: usize = 300;

/// A server to call.
#[derive(Debug)]
pub struct Client {
    agent: ureq::Agent,
    url: String,
    key: Option<String>,
}

/// What a server answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: String,
    /// How long a busy server asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl Reply {
    /// The body as JSON; null when it is not.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// Why there is nothing better than this answer: the reason any of the APIs gives, else the
    /// text of the body, with the status.
    pub fn refusal(&self) -> Failure {
        let body = self.json();
        let error = &body["error"];
        let reasons = [&error["@message"], &error["message"], &body["errors"][0]["message"]];
        let text = match reasons.into_iter().find_map(Value::as_str) {
            Some(reason) => reason.to_owned(),
            None if body.is_null() && !self.body.trim().is_empty() => {
                self.body.trim().chars().take(SHOWN_CHARS_MAX).collect()
            }
            None => "the server refused".to_owned(),
        };
        let help = if self.status == 401 { " (`--key` or `TELLTALE_KEY`)" } else { "" };
        Failure::new(format!("{text}{help} (HTTP {})", self.status))
    }
}

impl Client {
    /// # Errors
    /// When `url` is no address, or the file of trusted certificates cannot be used.
    pub fn new(url: &str, trust: &Trust, key: Option<&str>) -> Result<Client, Failure> {
        Client::with_timeout(url, trust, key, None)
    }

    /// A client whose calls, from looking up the name to the last byte of the answer, take no
    /// longer than `timeout`.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_timeout(
        url: &str,
        trust: &Trust,
        key: Option<&str>,
        timeout: Option<Duration>,
    ) -> Result<Client, Failure> {
        let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("http" | "https")) {
            return Err(Failure::new(format!(
                "`{url}` is no address: begin it with `http://` or `https://`"
            )));
        }
        let mut tls = TlsConfig::builder();
        if let Some(path) = trust {
            tls = tls.root_certs(RootCerts::Specific(Arc::new(read_trusted(path)?)));
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_global(timeout)
            .tls_config(tls.build())
            .build();
        Ok(Client {
            agent: ureq::Agent::new_with_config(config),
            url: url.trim_end_matches('/').to_owned(),
            key: key.map(str::to_owned),
        })
    }

    /// # Errors
    /// When the server cannot be reached.
    pub fn get(&self, path: &str) -> Result<Reply, Failure> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        self.reply(request.call())
    }

    /// # Errors
    /// When the server cannot be reached.
    pub fn post(&self, path: &str, kind: &str, body: &[u8]) -> Result<Reply, Failure> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        request = request.header("content-type", kind);
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        self.reply(request.send(body))
    }

    /// # Errors
    /// When the server cannot be reached.
    pub fn put(&self, path: &str, body: &Value) -> Result<Reply, Failure> {
        let mut request = self.agent.put(format!("{}{path}", self.url));
        request = request.header("content-type", "application/json");
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        self.reply(request.send(body.to_string().as_bytes()))
    }

    /// # Errors
    /// When the server cannot be reached.
    pub fn delete(&self, path: &str) -> Result<Reply, Failure> {
        let mut request = self.agent.delete(format!("{}{path}", self.url));
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        self.reply(request.call())
    }

    fn reply(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Reply, Failure> {
        let cannot = |error: ureq::Error| Failure::new(unreached(&self.url, &error));
        let mut answer = answer.map_err(cannot)?;
        let retry_after = answer.headers().get("retry-after").and_then(|v| v.to_str().ok());
        let retry_after = retry_after.and_then(wait);
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        let status = answer.status().as_u16();
        Ok(Reply { status, body: body.map_err(cannot)?, retry_after })
    }
}

/// Why there was no answer, and what to do about it.
fn unreached(url: &str, error: &ureq::Error) -> String {
    match tls_error(error) {
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => format!(
            "the certificate of `{url}` is not trusted: name it with `--ca FILE`; \
             `telltale tls show --url {url} --out FILE` writes it"
        ),
        Some(rustls::Error::InvalidMessage(_)) => {
            format!("`{url}` speaks plain HTTP: use `http://`")
        }
        Some(error) => format!("cannot reach `{url}`: {error}"),
        None => format!("cannot reach `{url}`: {error}; is `telltale serve` running there?"),
    }
}

/// The fault of TLS behind a failed call.
fn tls_error(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

/// The time a `Retry-After` means: seconds or a date.
fn wait(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = model::time::parse_datetime(text)?;
    Some(Duration::from_nanos(u64::try_from(at - now()).unwrap_or(0)))
}

/// The certificates of a PEM file.
///
/// # Errors
/// When the file cannot be read or holds none.
pub fn read_trusted(path: &Path) -> Result<Vec<Certificate<'static>>, Failure> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display())))?;
    let certificates: Vec<Certificate<'static>> = ureq::tls::parse_pem(&bytes)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        let path = path.display();
        return Err(Failure::new(format!(
            "`{path}` holds no certificate in PEM form; `telltale tls show` prints a server's"
        )));
    }
    Ok(certificates)
}

/// A text as a part of a URL path.
pub fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
