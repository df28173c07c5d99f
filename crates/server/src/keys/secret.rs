//! The text of a key, and what is kept of it.
//!
//! Invariant: the text leaves the server once, when it is made; at rest there is its SHA-256. A
//! plain hash is right here, unlike for passwords: 256 random bits cannot be guessed one by one.

use model::text::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Before every key's text, so that people and scanners recognise one.
const MARK: &str = "tt";
const ID_BYTES: usize = 6;
const SECRET_BYTES: usize = 32;
/// Characters of an id.
pub const ID_CHARS: usize = 2 * ID_BYTES;

/// SHA-256 of a key's text; 64 hexadecimal digits in documents, never printed.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash([u8; 32]);

impl Hash {
    pub fn of(text: &str) -> Hash {
        Hash(Sha256::digest(text.as_bytes()).into())
    }

    /// Whether both are the same, in a time that does not tell where they differ.
    pub fn is(&self, other: &Hash) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> String {
        hex(&hash.0)
    }
}

impl TryFrom<String> for Hash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Hash, &'static str> {
        let byte = |i: usize| u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..text.len().div_ceil(2)).map(byte).collect();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Hash).ok_or("the hash is not of 64 hexadecimal digits")
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hash")
    }
}

/// A new id and the text of its key: `tt_<id>_<secret>`, both of random bytes of the system.
///
/// # Errors
/// When the system has no random bytes.
pub fn make() -> Result<(String, String), getrandom::Error> {
    let mut bytes = [0; ID_BYTES + SECRET_BYTES];
    getrandom::fill(&mut bytes)?;
    let (id, secret) = bytes.split_at(ID_BYTES);
    let id = hex(id);
    let text = format!("{MARK}_{id}_{}", hex(secret));
    Ok((id, text))
}

/// The id a key's text names.
pub fn id_of(text: &str) -> Option<&str> {
    let (id, _) = text.strip_prefix(MARK)?.strip_prefix('_')?.split_once('_')?;
    is_id(id).then_some(id)
}

/// The text with every key in it replaced by `?`, for whoever puts one where it does not belong.
pub fn redact(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        out.push_str(if id_of(word).is_some() { "?" } else { word });
        let between = after.find(is_part).unwrap_or(after.len());
        out.push_str(&after[..between]);
        rest = &after[between..];
    }
    out
}

/// Whether the text reads as the id of a key.
pub fn is_id(text: &str) -> bool {
    text.len() == ID_CHARS && text.bytes().all(|b| b.is_ascii_hexdigit())
}
