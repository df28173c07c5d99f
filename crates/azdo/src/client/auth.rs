//! How a client says who it is (spec azure-devops.md §1.2).
//!
//! Invariant: a secret is in memory and in the header it is for, never in a text for people.

use std::fmt;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::address::escape;
use super::error::{Error, SignIn};
use super::transport::{Call, Content, Request, Transport};

/// The scope of Azure DevOps in Entra ID.
const SCOPE: &str = "499b84ac-1321-427f-aa17-267ca6975798/.default";
/// A token is replaced so long before it ends, in nanoseconds.
const SPARE_NS: i64 = 300 * 1_000_000_000;
/// Largest answer of the token service.
const TOKEN_BYTES_MAX: u64 = 1 << 20;

/// Gives a secret when it is asked for: tokens are renewed while the program runs.
pub type Secret = Box<dyn Fn() -> Result<String, String> + Send + Sync>;

/// What a client sends to be let in.
pub enum Credentials {
    /// Public projects only.
    Anonymous,
    /// A personal access token.
    Pat(Secret),
    /// A ready token, such as a pipeline's own.
    Bearer(Secret),
    /// A service principal: a token is asked for and kept until shortly before it ends.
    Entra(Entra),
}

impl fmt::Debug for Credentials {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credentials::Anonymous => "Anonymous",
            Credentials::Pat(_) => "Pat",
            Credentials::Bearer(_) => "Bearer",
            Credentials::Entra(_) => "Entra",
        })
    }
}

/// A service principal of Entra ID with a secret.
pub struct Entra {
    /// `https://login.microsoftonline.com`, or another cloud's.
    pub authority: String,
    pub tenant: String,
    pub client_id: String,
    pub secret: Secret,
    token: Mutex<Option<Token>>,
}

#[derive(Debug, Clone)]
struct Token {
    text: String,
    until_ns: i64,
}

/// The token service's answer (RFC 6749 §5.1).
#[derive(Deserialize)]
struct Grant {
    access_token: String,
    #[serde(default)]
    expires_in: i64,
}

impl Entra {
    pub fn new(authority: String, tenant: String, client_id: String, secret: Secret) -> Entra {
        Entra { authority, tenant, client_id, secret, token: Mutex::new(None) }
    }

    fn token(&self, transport: &dyn Transport) -> Result<String, Error> {
        // Held during the request: the other threads wait for the same token.
        let mut kept = self.token.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = transport.now();
        if let Some(token) = kept.as_ref().filter(|token| now < token.until_ns) {
            return Ok(token.text.clone());
        }
        let grant = self.ask(transport)?;
        let life_ns = grant.expires_in.saturating_mul(1_000_000_000);
        let until_ns = now.saturating_add(life_ns).saturating_sub(SPARE_NS.min(life_ns / 2));
        let text = grant.access_token;
        *kept = Some(Token { text: text.clone(), until_ns });
        Ok(text)
    }

    /// The client credentials flow.
    fn ask(&self, transport: &dyn Transport) -> Result<Grant, Error> {
        let secret = (self.secret)().map_err(Error::NoToken)?;
        let mut form = "grant_type=client_credentials".to_owned();
        for (name, value) in
            [("client_id", self.client_id.as_str()), ("client_secret", &secret), ("scope", SCOPE)]
        {
            form.push('&');
            form.push_str(name);
            form.push('=');
            escape(&mut form, value);
        }
        let url = format!("{}/{}/oauth2/v2.0/token", self.authority, self.tenant);
        let failed = |reason: String| Error::AuthFailed {
            url: url.clone(),
            reason: SignIn::NoGrant(reason),
        };
        let request = Request {
            call: Call::Post(Content::Form(form)),
            url: url.clone(),
            headers: vec![("accept", "application/json".to_owned())],
            body_bytes_max: TOKEN_BYTES_MAX,
            cuts: false,
        };
        let answer = transport.send(&request).map_err(|error| Error::Unavailable {
            url: url.clone(),
            tries: 1,
            reason: error.to_string(),
        })?;
        if matches!(answer.status, 408 | 429 | 500..=599) {
            let reason = format!("status {}", answer.status);
            return Err(Error::Unavailable { url, tries: 1, reason });
        }
        if answer.status != 200 {
            // The description names tenant and client; the secret is never in it.
            let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let reason = body["error"].as_str().unwrap_or("no reason given");
            return Err(failed(format!("status {}, {reason}", answer.status)));
        }
        serde_json::from_slice(&answer.body).map_err(|error| failed(format!("no token: {error}")))
    }
}

impl Credentials {
    /// The `Authorization` header, if there is one to send.
    ///
    /// # Errors
    /// When a secret is missing or no token is given for it.
    pub fn header(&self, transport: &dyn Transport) -> Result<Option<String>, Error> {
        match self {
            Credentials::Anonymous => Ok(None),
            Credentials::Pat(secret) => {
                let pat = secret().map_err(Error::NoToken)?;
                Ok(Some(format!("Basic {}", STANDARD.encode(format!(":{pat}")))))
            }
            Credentials::Bearer(secret) => {
                Ok(Some(format!("Bearer {}", secret().map_err(Error::NoToken)?)))
            }
            Credentials::Entra(entra) => Ok(Some(format!("Bearer {}", entra.token(transport)?))),
        }
    }

    /// Forgets a token the service does not take; whether another one can be had.
    pub fn renew(&self) -> bool {
        match self {
            Credentials::Entra(entra) => {
                let mut kept =
                    entra.token.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                kept.take().is_some()
            }
            _ => false,
        }
    }
}
