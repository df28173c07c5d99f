//! What the REST API of Azure DevOps sends, as far as it is kept (spec azure-devops.md §2).
//!
//! Unknown fields are passed over, unknown texts of enumerations are kept, everything the service
//! may leave out is optional: a new version of the service loses no data. Names, mail addresses and
//! avatars of people are never decoded (spec §4.7).
//! Times are nanoseconds since 1970 in whole ticks of 100 ns; a zero date is none.

pub mod build;
mod field;
pub mod log;
pub mod release;
pub mod test;
pub mod timeline;

pub use build::{Build, Definition, Identity, Pool, ProjectRef, Repository, ValidationResult};
pub use log::{BuildLog, LogLine};
pub use release::{Artifact, Deployment, Release};
pub use test::{TestCaseResult, TestRun};
pub use timeline::{Issue, PreviousAttempt, Record, Timeline};

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The wrapper of every list: `{count, value}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct List<T> {
    #[serde(default = "Vec::new", deserialize_with = "field::or_default")]
    pub value: Vec<T>,
}

/// A body that is not the JSON it should be. The fault is the sender's (or a proxy's between).
#[derive(Debug, thiserror::Error)]
#[error("the body is not {expected}: {source}")]
pub struct DecodeError {
    /// What was asked for, in words.
    pub expected: &'static str,
    source: serde_json::Error,
}

/// Reads a body as `T` (`Option<Timeline>` where the service may answer `null`).
///
/// Bytes that are no UTF-8 and halves of surrogate pairs (the service cuts long messages between
/// them) become U+FFFD instead of losing the whole body. `expected` names the body in the error.
pub fn decode<T: DeserializeOwned>(body: &[u8], expected: &'static str) -> Result<T, DecodeError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match serde_json::from_slice(body) {
        Ok(value) => Ok(value),
        Err(source) => {
            let repaired = repair(body);
            match repaired {
                Cow::Owned(repaired) => serde_json::from_str(&repaired),
                Cow::Borrowed(_) => Err(source),
            }
            .map_err(|source| DecodeError { expected, source })
        }
    }
}

/// The body with U+FFFD for what no text can hold; borrowed when nothing was wrong.
fn repair(body: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(body);
    let lone = lone_surrogates(&text);
    if lone.is_empty() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for at in lone {
        out.push_str(&text[from..at]);
        out.push_str("\\ufffd");
        from = at + ESCAPE;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Bytes of an escaped character such as `\u00e9`.
const ESCAPE: usize = 6;

/// Where escapes of surrogates stand that have no partner.
fn lone_surrogates(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let unit = |at: usize| -> Option<u16> {
        let escape = bytes.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(escape).ok()?, 16).ok()
    };
    let high = |unit: u16| (0xd800..0xdc00).contains(&unit);
    let low = |unit: u16| (0xdc00..0xe000).contains(&unit);
    let mut lone = Vec::new();
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|b| b.iter().position(|b| *b == b'\\')) {
        at += found;
        match unit(at) {
            Some(first) if high(first) && unit(at + ESCAPE).is_some_and(low) => at += 2 * ESCAPE,
            Some(first) if high(first) || low(first) => {
                lone.push(at);
                at += ESCAPE;
            }
            Some(_) => at += ESCAPE,
            None => at += 2,
        }
    }
    lone
}

#[cfg(test)]
mod tests;
