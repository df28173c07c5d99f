//! Identities of people: dropped, hashed or kept (spec azure-devops.md §4.7).
//!
//! Only ids ever reach this module; names, mail addresses and avatars are not decoded at all.

use std::borrow::Cow;
use std::fmt::Write;

use sha2::{Digest, Sha256};

/// What is stored of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identities<'a> {
    /// Nothing.
    Drop,
    /// The first 16 hex digits of HMAC-SHA-256 of the identity's id, by the key of this
    /// installation: equal people stay equal, nobody outside can tell who it is.
    Hash(&'a [u8]),
    /// The identity's id.
    Keep,
}

impl Identities<'_> {
    /// What to store for the identity `id`; `''` stays `''`.
    pub fn stored<'i>(&self, id: &'i str) -> Cow<'i, str> {
        match self {
            Identities::Drop => Cow::Borrowed(""),
            Identities::Hash(_) if id.is_empty() => Cow::Borrowed(""),
            Identities::Hash(key) => Cow::Owned(hashed(key, id)),
            Identities::Keep => Cow::Borrowed(id),
        }
    }
}

/// Whether a field of `triggerInfo`, of an artifact or of an issue tells who somebody is.
pub(crate) fn names_a_person(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.contains("sender")
        || key.contains("author")
        || key.contains("requestedfor")
        || key.contains("requestedby")
        || key.contains("avatar")
        || key.contains("email")
}

fn hashed(key: &[u8], id: &str) -> String {
    hmac(key, id.to_ascii_lowercase().as_bytes()).iter().take(8).fold(
        String::with_capacity(16),
        |mut out, byte| {
            // Writing to a text cannot fail.
            let _ = write!(out, "{byte:02x}");
            out
        },
    )
}

/// HMAC-SHA-256 (RFC 2104).
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let digest = if key.len() > BLOCK { Some(Sha256::digest(key)) } else { None };
    let key = digest.as_ref().map_or(key, |digest| digest.as_slice());
    let pad = |with: u8| {
        let mut block = [with; BLOCK];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 2 and 6.
    #[test]
    fn hmac_is_that_of_the_rfc() {
        let hex = |bytes: [u8; 32]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        assert_eq!(
            hex(hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let long = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            hex(hmac(&[0xaa; 131], long)),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn equal_people_stay_equal_and_unknown() {
        let id = "4AE9B87D-f80b-4977-8984-b4c67c7cd398";
        let hashed = Identities::Hash(b"key").stored(id).into_owned();
        assert_eq!(hashed.len(), 16);
        assert_eq!(hashed, Identities::Hash(b"key").stored(&id.to_lowercase()));
        assert_ne!(hashed, Identities::Hash(b"another key").stored(id));
        assert_eq!(Identities::Hash(b"key").stored(""), "");
        assert_eq!(Identities::Drop.stored(id), "");
        assert_eq!(Identities::Keep.stored(id), id);
    }
}
