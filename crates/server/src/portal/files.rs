//! The files of the portal: those inside the executable, or a folder's while one works on them.
//!
//! The table is written by the build script from what `cargo xtask portal` built; text is there in
//! its compressed forms only. Invariant: what is asked for by name never leads out of the folder.

use std::borrow::Cow;
use std::io::Read as _;
use std::path::Path;

use model::text::hex;
use sha2::{Digest as _, Sha256};

use super::kind;
use crate::settings::PortalFiles;

/// A file inside the executable.
#[derive(Debug)]
pub struct File {
    /// Below `dist`, without a slash before it.
    pub path: &'static str,
    pub kind: &'static str,
    /// Hexadecimal digits of a hash of its bytes.
    pub etag: &'static str,
    pub br: Option<&'static [u8]>,
    pub gz: Option<&'static [u8]>,
    /// Where no compressed form is.
    pub raw: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/portal.rs"));

/// What is shown where the portal was not built.
const NOT_BUILT: &str = include_str!("not_built.html");

/// Compressed forms, best first, and what they are called in HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

/// What a client takes.
#[derive(Debug, Clone, Copy)]
pub struct Accepted {
    pub brotli: bool,
    pub gzip: bool,
}

/// A file as it is sent.
#[derive(Debug)]
pub struct Sent {
    pub kind: &'static str,
    pub etag: String,
    pub encoding: Encoding,
    pub bytes: Cow<'static, [u8]>,
}

/// The page all pages begin as, with its places for nonce and address not yet filled.
pub fn index(files: &PortalFiles) -> Cow<'static, str> {
    match files {
        PortalFiles::Folder(folder) => match std::fs::read_to_string(folder.join("index.html")) {
            Ok(text) => Cow::Owned(text),
            Err(_) => Cow::Borrowed(NOT_BUILT),
        },
        PortalFiles::BuiltIn => Cow::Borrowed(INDEX.unwrap_or(NOT_BUILT)),
        PortalFiles::Off => Cow::Borrowed(""),
    }
}

/// The file at `path` (without a slash before it) in a form the client takes.
pub fn find(files: &PortalFiles, path: &str, accepted: Accepted) -> Option<Sent> {
    match files {
        PortalFiles::Off => None,
        PortalFiles::BuiltIn => built_in(path, accepted),
        PortalFiles::Folder(folder) => of_folder(folder, path, accepted),
    }
}

fn built_in(path: &str, accepted: Accepted) -> Option<Sent> {
    let at = FILES.binary_search_by(|file| file.path.cmp(path)).ok()?;
    let file = &FILES[at];
    let sent = |encoding, bytes, suffix| Sent {
        kind: file.kind,
        etag: format!("\"{}{suffix}\"", file.etag),
        encoding,
        bytes,
    };
    if let Some(bytes) = file.br.filter(|_| accepted.brotli) {
        return Some(sent(Encoding::Brotli, Cow::Borrowed(bytes), "-br"));
    }
    if let Some(bytes) = file.gz.filter(|_| accepted.gzip) {
        return Some(sent(Encoding::Gzip, Cow::Borrowed(bytes), "-gz"));
    }
    let bytes = match file.raw {
        Some(bytes) => Cow::Borrowed(bytes),
        // Browsers take one of the others; this is for programs.
        None => Cow::Owned(unpack(file.gz?)?),
    };
    Some(sent(Encoding::Identity, bytes, ""))
}

fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).ok()?;
    Some(out)
}

fn of_folder(folder: &Path, path: &str, accepted: Accepted) -> Option<Sent> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_name =
        |part: &str| !part.is_empty() && !part.starts_with('.') && part.chars().all(is_plain);
    if !path.split('/').all(is_name) {
        return None;
    }
    let bytes = std::fs::read(folder.join(path)).ok()?;
    let hash = hex(&Sha256::digest(&bytes)[..12]);
    let packed = |ending: &str| std::fs::read(folder.join(format!("{path}.{ending}"))).ok();
    let br = if accepted.brotli { packed("br") } else { None };
    let gz = if accepted.gzip && br.is_none() { packed("gz") } else { None };
    let (encoding, suffix, bytes) = match (br, gz) {
        (Some(bytes), _) => (Encoding::Brotli, "-br", bytes),
        (None, Some(bytes)) => (Encoding::Gzip, "-gz", bytes),
        (None, None) => (Encoding::Identity, "", bytes),
    };
    let etag = format!("\"{hash}{suffix}\"");
    Some(Sent { kind: kind::of(path), etag, encoding, bytes: Cow::Owned(bytes) })
}
