//! Tags of what people edit: nobody overwrites what he has not seen.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use model::text::hex;
use sha2::{Digest as _, Sha256};

use crate::error::Refusal;

/// What a call means to replace.
#[derive(Debug)]
pub enum Wanted {
    Nothing,
    /// What has one of these tags.
    Tags(Vec<String>),
}

impl Wanted {
    /// As the headers say; nothing when they do not.
    ///
    /// # Errors
    /// When they contradict each other.
    pub fn of(headers: &HeaderMap) -> Result<Option<Wanted>, Refusal> {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        match (text(header::IF_MATCH), text(header::IF_NONE_MATCH).map(str::trim)) {
            (Some(tags), None) => {
                let tags = tags.split(',').map(|tag| tag.trim().trim_matches('"').to_owned());
                Ok(Some(Wanted::Tags(tags.collect())))
            }
            (None, Some("*")) => Ok(Some(Wanted::Nothing)),
            (None, None) => Ok(None),
            _ => Err(Refusal::bad_request("send `If-Match` or `If-None-Match: *`, not both")),
        }
    }

    /// As the headers say.
    ///
    /// # Errors
    /// 428 when they do not say it.
    pub fn needed(headers: &HeaderMap) -> Result<Wanted, Refusal> {
        Wanted::of(headers)?.ok_or_else(|| {
            let message = "say what is to be replaced: `If-Match` with the `etag` of what you saw, \
                           or `If-None-Match: *` for something new";
            Refusal::new(StatusCode::PRECONDITION_REQUIRED, "precondition_required", message)
        })
    }

    /// Whether what is there is what was meant.
    pub fn is(&self, there: Option<&[u8]>) -> bool {
        match (self, there) {
            (Wanted::Nothing, there) => there.is_none(),
            (Wanted::Tags(tags), Some(there)) => {
                let tag = tag_of(there);
                tags.iter().any(|wanted| wanted == "*" || wanted == tag.trim_matches('"'))
            }
            (Wanted::Tags(_), None) => false,
        }
    }
}

/// The tag of a text as a header has it.
pub fn tag_of(bytes: &[u8]) -> String {
    format!("\"{}\"", hex(&Sha256::digest(bytes)[..12]))
}
