//! What a certificate says of itself: who issued it, which names it is for, when it ends (RFC 5280
//! §4.1), and whether those who have only the public authorities take it.
//!
//! Invariant: what is no certificate gives nothing; reading never panics, whatever the bytes.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDateTime;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::provider;

/// Longest name that is told, in characters.
const NAME_CHARS_MAX: usize = 253;

/// Tags of DER.
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
const GENERAL_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
const ADDRESS: u8 = 0x87;
/// The extension of alternative names, and the attribute of common names.
const ALTERNATIVE_NAMES: [u8; 3] = [0x55, 0x1d, 0x11];
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];

/// Who vouches for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// This server: an authority of its own.
    Generated,
    /// Only itself.
    SelfSigned,
    /// An authority that every SDK knows.
    Public,
    /// An authority that not every SDK knows, or what leads to one is not in the file.
    Private,
}

impl Origin {
    /// In the API.
    pub fn word(self) -> &'static str {
        match self {
            Origin::Generated => "generated",
            Origin::SelfSigned => "selfSigned",
            Origin::Public => "public",
            Origin::Private => "private",
        }
    }
}

/// What is known of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub origin: Origin,
    /// The common name of who issued it, or `''`.
    pub issuer: String,
    /// Names and addresses it is for.
    pub names: Vec<String>,
    /// Seconds since 1970.
    pub ends: i64,
}

impl About {
    /// Reads the first certificate of a chain; the others lead to its authority. `now`:
    /// nanoseconds since 1970.
    pub fn of(chain: &[CertificateDer<'_>], is_generated: bool, now: i64) -> Option<About> {
        let (first, between) = chain.split_first()?;
        let read = read(first)?;
        let origin = if is_generated {
            Origin::Generated
        } else if read.is_self_issued {
            Origin::SelfSigned
        } else if is_public(first, between, &read, now / 1_000_000_000) {
            Origin::Public
        } else {
            Origin::Private
        };
        Some(About { origin, issuer: read.issuer, names: read.names, ends: read.ends })
    }

    /// Whether it is for this host: a name, or an address without brackets.
    pub fn covers(&self, host: &str) -> bool {
        let address: Option<IpAddr> = host.parse().ok();
        self.names.iter().any(|name| match address {
            Some(address) => name.parse().is_ok_and(|named: IpAddr| named == address),
            None => is_name_of(name, host),
        })
    }
}

/// Whether a name, which may begin with `*.` for one label, is that of a host (RFC 6125 §6.4.3).
fn is_name_of(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(rest) => {
            let parent = host.split_once('.').filter(|(label, _)| !label.is_empty());
            parent.is_some_and(|(_, parent)| parent.eq_ignore_ascii_case(rest))
        }
        None => name.eq_ignore_ascii_case(host),
    }
}

struct Read {
    is_self_issued: bool,
    issuer: String,
    names: Vec<String>,
    begins: i64,
    ends: i64,
}

/// An element of DER: its tag, its content, what follows it.
fn element(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(first) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(long & 0x7f)?;
            let is_short = (1..=4).contains(&bytes.len());
            let length = bytes.iter().fold(0, |all, byte| (all << 8) | usize::from(*byte));
            (is_short.then_some(length)?, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The content of the next element, which has this tag, and what follows it.
fn tagged(input: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(input)?;
    (tag == wanted).then_some((content, rest))
}

/// All elements of a content.
fn elements(content: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = content;
    std::iter::from_fn(move || {
        let (tag, content, after) = element(rest)?;
        rest = after;
        Some((tag, content))
    })
}

fn read(der: &[u8]) -> Option<Read> {
    let (certificate, _) = tagged(der, SEQUENCE)?;
    let (fields, _) = tagged(certificate, SEQUENCE)?;
    let mut parts = elements(fields).filter(|(tag, _)| *tag != VERSION).skip(2);
    let issuer = parts.next()?.1;
    let validity = parts.next()?.1;
    let subject = parts.next()?.1;
    let mut times = elements(validity).map(|(tag, content)| time(tag, content));
    let extensions = parts.find(|(tag, _)| *tag == EXTENSIONS).map(|(_, content)| content);
    Some(Read {
        is_self_issued: issuer == subject,
        issuer: common_name(issuer).unwrap_or_default(),
        names: extensions.map(names).unwrap_or_default(),
        begins: times.next()??,
        ends: times.next()??,
    })
}

fn time(tag: u8, content: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(content).ok()?;
    let text = match tag {
        UTC_TIME => format!("{}{text}", if text < "50" { "20" } else { "19" }),
        GENERAL_TIME => text.to_owned(),
        _ => return None,
    };
    let time = NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?;
    Some(time.and_utc().timestamp())
}

fn common_name(name: &[u8]) -> Option<String> {
    let sets = elements(name).filter(|(tag, _)| *tag == SET);
    let mut pairs = sets.flat_map(|(_, set)| elements(set));
    pairs.find_map(|(_, pair)| {
        let (oid, rest) = tagged(pair, OID)?;
        let (_, text, _) = element(rest).filter(|_| oid == COMMON_NAME)?;
        Some(told(text))
    })
}

fn told(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(NAME_CHARS_MAX).collect()
}

/// The alternative names among the extensions.
fn names(extensions: &[u8]) -> Vec<String> {
    let list = tagged(extensions, SEQUENCE).map(|(list, _)| list).unwrap_or_default();
    let value = elements(list).find_map(|(_, extension)| {
        let (oid, rest) = tagged(extension, OID)?;
        let octets = elements(rest).find(|(tag, _)| *tag == OCTETS);
        octets.filter(|_| oid == ALTERNATIVE_NAMES).map(|(_, content)| content)
    });
    let all = value.and_then(|value| tagged(value, SEQUENCE)).map(|(all, _)| all);
    let named = elements(all.unwrap_or_default()).filter_map(|(tag, name)| match tag {
        DNS_NAME => Some(told(name)),
        ADDRESS => <[u8; 4]>::try_from(name)
            .map(IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(name).map(IpAddr::from))
            .ok()
            .map(|address| address.to_string()),
        _ => None,
    });
    named.collect()
}

/// Whether a public authority vouches for it, at `now` in seconds or, when it has ended, before.
fn is_public(
    certificate: &CertificateDer<'_>,
    between: &[CertificateDer<'_>],
    read: &Read,
    now: i64,
) -> bool {
    let at = now.clamp(read.begins, (read.ends - 1).max(read.begins));
    let at = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at).unwrap_or(0)));
    let Some(name) = read.names.first().map(|name| name.replace('*', "any")) else { return false };
    let Ok(name) = ServerName::try_from(name) else { return false };
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    let answer = verifier
        .ok()
        .map(|verifier| verifier.verify_server_cert(certificate, between, &name, &[], at).is_ok());
    answer.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, Issuer, KeyPair};

    use super::*;

    const NOW: i64 = 1_795_176_000_000_000_000;

    fn params(names: &[&str], cn: &str) -> CertificateParams {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, cn);
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2027, 3, 4);
        params
    }

    #[test]
    fn a_self_signed_one_is_read() {
        let key = KeyPair::generate().unwrap();
        let made = params(&["ci.example", "*.build.example", "10.1.2.3", "::1"], "ci");
        let der = made.self_signed(&key).unwrap().der().clone();
        let about = About::of(std::slice::from_ref(&der), false, NOW).unwrap();
        assert_eq!(about.origin, Origin::SelfSigned);
        assert_eq!(about.issuer, "ci");
        assert_eq!(about.names, ["ci.example", "*.build.example", "10.1.2.3", "::1"]);
        let ends = chrono::NaiveDate::from_ymd_opt(2027, 3, 4).unwrap();
        assert_eq!(about.ends, ends.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp());
        for (host, is_covered) in [
            ("CI.example", true),
            ("a.build.example", true),
            ("build.example", false),
            ("a.b.build.example", false),
            (".build.example", false),
            ("10.1.2.3", true),
            ("10.1.2.4", false),
            ("::1", true),
            ("0:0::1", true),
            ("localhost", false),
        ] {
            assert_eq!(about.covers(host), is_covered, "{host}");
        }
        assert_eq!(About::of(&[der], true, NOW).unwrap().origin, Origin::Generated);
    }

    #[test]
    fn an_authority_that_nobody_knows_is_private() {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::new(params(&[], "The Company"), key);
        let own = KeyPair::generate().unwrap();
        let signed = params(&["ci.example"], "ci").signed_by(&own, &issuer).unwrap();
        let about = About::of(&[signed.der().clone()], false, NOW).unwrap();
        assert_eq!((about.origin, about.issuer.as_str()), (Origin::Private, "The Company"));
    }

    #[test]
    fn what_is_none_gives_nothing() {
        let key = KeyPair::generate().unwrap();
        let whole = params(&["ci.example"], "ci").self_signed(&key).unwrap().der().to_vec();
        assert_eq!(About::of(&[], false, NOW), None);
        for end in 0..whole.len() {
            let cut = CertificateDer::from(whole[..end].to_vec());
            assert_eq!(About::of(&[cut], false, NOW), None, "{end}");
        }
        // Any byte may be any other.
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            drop(About::of(&[CertificateDer::from(bytes)], false, NOW));
        }
    }
}
