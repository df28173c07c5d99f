//! Undoing `Content-Encoding` of a request body (spec ingestion.md §3).
//!
//! Invariant: never more than the allowed bytes are held, whatever the body claims.

use std::borrow::Cow;
use std::io::Read;

use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use model::Fault;

/// Why a body could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Over the limit, in bytes after decoding (HTTP 413).
    #[error("the body is longer than {max_bytes} bytes")]
    TooLarge {
        /// The limit.
        max_bytes: usize,
    },
    /// An encoding this server does not read (HTTP 415).
    #[error("content encoding `{encoding}` is not known")]
    UnknownEncoding {
        /// As the client named it, cut to 64 characters.
        encoding: String,
    },
    /// The compressed data is damaged (HTTP 400).
    #[error("the {encoding} data of the body is damaged")]
    Broken {
        /// The encoding that failed.
        encoding: &'static str,
    },
}

impl Error {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Error::TooLarge { .. } => Fault::Limit,
            Error::UnknownEncoding { .. } | Error::Broken { .. } => Fault::Caller,
        }
    }
}

/// The body without its encoding: none, `identity`, `gzip` (one or many members) or `deflate`
/// (with or without the zlib frame).
///
/// # Errors
/// See [`Error`]; `max_bytes` bounds the decoded body.
pub fn decode<'a>(
    encoding: Option<&str>,
    body: &'a [u8],
    max_bytes: usize,
) -> Result<Cow<'a, [u8]>, Error> {
    let named = encoding.unwrap_or("");
    let mut parts = named
        .split(',')
        .map(str::trim)
        .filter(|p| !p.is_empty() && !p.eq_ignore_ascii_case("identity"));
    let unknown = || Error::UnknownEncoding { encoding: named.chars().take(64).collect() };
    let one = parts.next();
    if parts.next().is_some() {
        return Err(unknown());
    }
    let Some(one) = one else {
        if body.len() > max_bytes {
            return Err(Error::TooLarge { max_bytes });
        }
        return Ok(Cow::Borrowed(body));
    };
    if one.eq_ignore_ascii_case("gzip") || one.eq_ignore_ascii_case("x-gzip") {
        let hint = gzip_size_hint(body);
        return read_all(MultiGzDecoder::new(body), hint, max_bytes, "gzip").map(Cow::Owned);
    }
    if one.eq_ignore_ascii_case("deflate") {
        let hint = body.len().saturating_mul(4);
        return if has_zlib_frame(body) {
            read_all(ZlibDecoder::new(body), hint, max_bytes, "deflate").map(Cow::Owned)
        } else {
            read_all(DeflateDecoder::new(body), hint, max_bytes, "deflate").map(Cow::Owned)
        };
    }
    Err(unknown())
}

/// The size the last gzip member states, as far as deflate can reach it (1032 : 1).
fn gzip_size_hint(body: &[u8]) -> usize {
    let Some(Ok(tail)) = body.last_chunk::<4>().map(|t| usize::try_from(u32::from_le_bytes(*t)))
    else {
        return 0;
    };
    tail.min(body.len().saturating_mul(1032))
}

fn has_zlib_frame(body: &[u8]) -> bool {
    matches!(body, [first, second, ..]
        if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)).is_multiple_of(31))
}

fn read_all(
    decoder: impl Read,
    size_hint: usize,
    max_bytes: usize,
    encoding: &'static str,
) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(size_hint.min(max_bytes).saturating_add(1));
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(limit).read_to_end(&mut out).map_err(|_| Error::Broken { encoding })?;
    if out.len() > max_bytes { Err(Error::TooLarge { max_bytes }) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_encoding_clients_use_is_undone() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"hello").unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(b"hello").unwrap();
        let members = [gzip(b"hel"), gzip(b"lo")].concat();
        for (encoding, body) in [
            (None, b"hello".to_vec()),
            (Some("identity"), b"hello".to_vec()),
            (Some("GZIP"), gzip(b"hello")),
            (Some(" gzip , identity"), gzip(b"hello")),
            (Some("gzip"), members),
            (Some("deflate"), zlib.finish().unwrap()),
            (Some("deflate"), raw.finish().unwrap()),
        ] {
            let decoded = decode(encoding, &body, 5);
            assert_eq!(decoded.as_deref(), Ok(&b"hello"[..]), "{encoding:?}");
            let error = decode(encoding, &body, 4).unwrap_err();
            assert_eq!(error, Error::TooLarge { max_bytes: 4 }, "{encoding:?}");
            assert_eq!(error.fault(), Fault::Limit);
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = gzip(&vec![0; 10_000_000]);
        assert_eq!(decode(Some("gzip"), &bomb, 1000), Err(Error::TooLarge { max_bytes: 1000 }));
    }

    #[test]
    fn other_encodings_and_damaged_data_are_refused() {
        for encoding in ["br", "zstd", "gzip, gzip", "gzip;q=1"] {
            let error = decode(Some(encoding), b"x", 100).unwrap_err();
            assert_eq!(error, Error::UnknownEncoding { encoding: encoding.to_owned() });
            assert_eq!(error.fault(), Fault::Caller);
        }
        let mut body = gzip(b"hello hello hello");
        body.truncate(body.len() - 9);
        assert_eq!(decode(Some("gzip"), &body, 100), Err(Error::Broken { encoding: "gzip" }));
        assert_eq!(decode(Some("gzip"), b"", 9), Err(Error::Broken { encoding: "gzip" }));
        assert_eq!(decode(Some("deflate"), b"\xff", 9), Err(Error::Broken { encoding: "deflate" }));
    }
}
