//! Tokens of badges: made of one secret of the server, so that none is at rest itself.
//!
//! Invariant: a token tells nothing about any other; a badge's next generation has another one.

use sha2::{Digest, Sha256};
use store::{Store, Write};

use model::text::hex;

/// The document of the secret.
const KEY: &str = "badge-secret";
const BYTES: usize = 32;
/// 128 bits, as 32 digits.
const TOKEN_BYTES: usize = 16;

/// What all tokens are made of.
pub struct Secret([u8; BYTES]);

impl Secret {
    /// The secret of a folder; the first time it is made.
    ///
    /// # Errors
    /// When it cannot be written, or the system has no random bytes.
    pub fn of(store: &Store) -> Result<Secret, store::Error> {
        let known = store.document(KEY).and_then(|bytes| <[u8; BYTES]>::try_from(&*bytes).ok());
        if let Some(known) = known {
            return Ok(Secret(known));
        }
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|error| store::Error::Io {
            doing: "make a secret".into(),
            source: std::io::Error::other(error.to_string()),
        })?;
        let documents = vec![(KEY.to_owned(), Some(bytes.to_vec()))];
        store.append_blocking(Write { rows: Vec::new(), documents })?;
        Ok(Secret(bytes))
    }

    /// The token of an entry in its generation. What is hashed cannot be lengthened, since the
    /// token has not all of the hash.
    pub fn token(&self, id: &str, generation: u32) -> String {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(generation.to_le_bytes());
        hash.update(id);
        hex(&hash.finalize()[..TOKEN_BYTES])
    }
}
