//! A certificate of the server's own making: a small authority, which clients are told to trust,
//! and the server's certificate, which it signed (docs/decisions/0005-certificates.md).
//!
//! Invariants: the authority can vouch for nothing but the hosts of this server, so that trusting
//! it is no more than trusting this server; both live in one private document of the store.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Days, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, SanType,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use store::{Store, Write};

use super::{Error, certified};

/// The document's key.
const DOCUMENT: &str = "tls/generated";
/// Always among the hosts.
const LOCAL_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const AUTHORITY_DAYS: u64 = 3650;
/// The longest that no client complains about.
const CERTIFICATE_DAYS: u64 = 397;
/// So long before its end a certificate is replaced.
const RENEW_DAYS: i64 = 30;
/// Clocks of clients may be behind.
const BACK_DAYS: u64 = 1;
const DAY_SECONDS: i64 = 86_400;

/// The document: PEM texts, and what is needed to sign again.
#[derive(Clone, Serialize, Deserialize)]
pub struct Generated {
    /// Names and addresses, sorted.
    pub hosts: Vec<String>,
    /// The certificate that clients trust.
    pub authority: String,
    authority_key: String,
    authority_name: String,
    /// Seconds since 1970, as the other end.
    authority_ends: i64,
    certificate: String,
    key: String,
    ends: i64,
}

impl Generated {
    /// Whether certificate or authority near their ends at `now`, nanoseconds since 1970.
    pub fn is_due(&self, now: i64) -> bool {
        is_near(self.ends, now)
    }

    /// The server's certificate, then the authority's, with the key.
    ///
    /// # Errors
    /// When the document holds something else.
    pub fn certified(&self) -> Result<Arc<CertifiedKey>, Error> {
        let unusable = |_| Error::Generated(rustls::Error::General("not in PEM form".into()));
        let chain = [&self.certificate, &self.authority]
            .map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()))
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
            .map_err(unusable)?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(unusable)?;
        certified(chain, key).map_err(Error::Generated)
    }
}

fn is_near(ends: i64, now: i64) -> bool {
    ends - now / 1_000_000_000 < RENEW_DAYS * DAY_SECONDS
}

/// The hosts asked for and those every certificate is for, sorted.
fn all_hosts(hosts: &[String]) -> Vec<String> {
    let local = LOCAL_HOSTS.iter().map(|host| (*host).to_owned());
    let mut all: Vec<String> = hosts.iter().cloned().chain(local).collect();
    all.sort();
    all.dedup();
    all
}

/// What a store keeps, if it keeps one.
pub fn kept(store: &Store) -> Option<Generated> {
    let bytes = store.document(DOCUMENT)?;
    serde_json::from_slice(&bytes)
        .inspect_err(|error| tracing::error!(%error, "the generated certificate is damaged"))
        .ok()
}

/// The kept certificate for these hosts; renewed when its end is near, made anew when there is
/// none, the hosts are others or the authority's end is near.
///
/// # Errors
/// When it cannot be made or kept.
pub async fn load(store: &Store, hosts: &[String], now: i64) -> Result<Generated, Error> {
    let hosts = all_hosts(hosts);
    let kept = kept(store).filter(|kept| kept.hosts == hosts);
    let kept = kept.filter(|kept| !is_near(kept.authority_ends, now));
    let made = match kept {
        Some(kept) if !kept.is_due(now) => return Ok(kept),
        Some(kept) => renew(kept, now)?,
        None => make(hosts, now)?,
    };
    let bytes = serde_json::to_vec(&made).unwrap_or_default();
    let documents = vec![(DOCUMENT.to_owned(), Some(bytes))];
    store.append(Write { rows: Vec::new(), documents }).await?;
    Ok(made)
}

fn make(hosts: Vec<String>, now: i64) -> Result<Generated, Error> {
    // Each authority has a name of its own: clients find issuers by name.
    let id = uuid::Uuid::new_v4().simple().to_string();
    let authority_name = format!("Telltale {}", &id[..8]);
    let key = KeyPair::generate()?;
    let mut params = authority(&hosts, &authority_name);
    let authority_ends = set_time(&mut params, now, AUTHORITY_DAYS);
    let made = Generated {
        authority: params.self_signed(&key)?.pem(),
        authority_key: key.serialize_pem(),
        authority_name,
        authority_ends,
        hosts,
        certificate: String::new(),
        key: String::new(),
        ends: 0,
    };
    renew(made, now)
}

/// A new certificate and key by the same authority, which clients trust already.
fn renew(mut kept: Generated, now: i64) -> Result<Generated, Error> {
    let authority = authority(&kept.hosts, &kept.authority_name);
    let issuer = Issuer::from_params(&authority, KeyPair::from_pem(&kept.authority_key)?);
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Telltale server");
    let alternatives = kept.hosts.iter().map(|host| alternative(host));
    params.subject_alt_names = alternatives.collect::<Result<_, rcgen::Error>>()?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    // Never beyond the authority's own end.
    let left = u64::try_from((kept.authority_ends - now / 1_000_000_000) / DAY_SECONDS);
    kept.ends = set_time(&mut params, now, CERTIFICATE_DAYS.min(left.unwrap_or_default()));
    let key = KeyPair::generate()?;
    kept.certificate = params.signed_by(&key, &issuer)?.pem();
    kept.key = key.serialize_pem();
    Ok(kept)
}

fn authority(hosts: &[String], name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let permitted_subtrees = hosts.iter().map(|host| match host.parse::<IpAddr>() {
        Ok(ip) => {
            let bits = if ip.is_ipv4() { 32 } else { 128 };
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(ip, bits))
        }
        Err(_) => GeneralSubtree::DnsName(host.clone()),
    });
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted_subtrees.collect(),
        excluded_subtrees: Vec::new(),
    });
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

fn alternative(host: &str) -> Result<SanType, rcgen::Error> {
    match host.parse::<IpAddr>() {
        Ok(ip) => Ok(SanType::IpAddress(ip)),
        Err(_) => Ok(SanType::DnsName(host.try_into()?)),
    }
}

/// Whole days from one before `now` on; gives the end in seconds since 1970.
fn set_time(params: &mut CertificateParams, now: i64, days: u64) -> i64 {
    let today = DateTime::<Utc>::from_timestamp_nanos(now).date_naive();
    let from = today.checked_sub_days(Days::new(BACK_DAYS)).unwrap_or(today);
    let to = from.checked_add_days(Days::new(days)).unwrap_or(today);
    let date = |day: chrono::NaiveDate| {
        let [month, of_month] = [day.month(), day.day()].map(|n| u8::try_from(n).unwrap_or(1));
        rcgen::date_time_ymd(day.year(), month, of_month)
    };
    params.not_before = date(from);
    params.not_after = date(to);
    to.and_time(chrono::NaiveTime::MIN).and_utc().timestamp()
}
