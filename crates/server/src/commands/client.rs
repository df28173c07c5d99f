//! Calls of the command line to a running server.
//!
//! Invariant: an answer of any status is an answer; only a failed connection is an error here.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};

use super::Failure;
use crate::app::now;
use crate::cli::Trust;

/// Longest answer read, in bytes.
const ANSWER_BYTES_MAX: u64 = 4 << 30;

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
}

impl Client {
    /// # Errors
    /// When the file of trusted certificates cannot be used.
    pub fn new(url: &str, trust: &Trust, key: Option<&str>) -> Result<Client, Failure> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = trust {
            tls = tls.root_certs(RootCerts::Specific(Arc::new(read_trusted(path)?)));
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
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
        let cannot = |error: ureq::Error| {
            Failure::new(format!(
                "cannot reach `{}`: {error}; is `telltale serve` running there?",
                self.url
            ))
        };
        let mut answer = answer.map_err(cannot)?;
        let retry_after = answer.headers().get("retry-after").and_then(|v| v.to_str().ok());
        let retry_after = retry_after.and_then(wait);
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        let status = answer.status().as_u16();
        Ok(Reply { status, body: body.map_err(cannot)?, retry_after })
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
fn read_trusted(path: &Path) -> Result<Vec<Certificate<'static>>, Failure> {
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
