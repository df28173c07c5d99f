//! IPv6 addresses, alone or with a prefix; an IPv4 address counts as the IPv6 address that maps
//! it, its prefix as the last 32 bits' (spec kql.md §4).

use std::cmp::Ordering;
use std::net::{Ipv4Addr, Ipv6Addr};

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::Build;
use super::super::kernel::{Args, Longs};
use super::ipv4::any_of_rest;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("parse_ipv6", |c| c.kernel(|a| canonical(a, false))),
    ("parse_ipv6_mask", |c| c.kernel(|a| canonical(a, true))),
    ("ipv6_compare", |c| {
        c.kernel(|args| {
            let order = order(args)?;
            args.whole(|row| order(row).map(|order| order as i64))
        })
    }),
    ("ipv6_is_match", |c| {
        c.kernel(|args| {
            let order = order(args)?;
            args.bools(|row| order(row).map(Ordering::is_eq))
        })
    }),
    ("ipv6_is_in_range", |c| c.kernel(in_any_range)),
    ("ipv6_is_in_any_range", |c| c.kernel(in_any_range)),
];

/// The bits before those of an IPv4 address.
const MAPPED_BITS: u8 = 96;

fn mask(prefix: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0)
}

/// The address and its prefix, 128 when none is written.
fn parse(text: &str) -> Option<(u128, u8)> {
    let text = text.trim();
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
        None => (text, None),
    };
    if !address.contains(':') {
        let mapped = address.parse::<Ipv4Addr>().ok()?.to_ipv6_mapped();
        let prefix = prefix.unwrap_or(32);
        return (prefix <= 32).then(|| (mapped.to_bits(), prefix + MAPPED_BITS));
    }
    let parsed: Ipv6Addr = address.parse().ok()?;
    let prefix = prefix.unwrap_or(128);
    if !address.contains('.') {
        return (prefix <= 128).then_some((parsed.to_bits(), prefix));
    }
    // `::1.2.3.4` is written for the IPv4 address, too.
    let bits = parsed.to_bits();
    let bits = if bits >> 32 == 0 { bits | 0xffff_u128 << 32 } else { bits };
    let prefix = if prefix <= 32 { prefix + MAPPED_BITS } else { prefix };
    (prefix <= 128).then_some((bits, prefix))
}

fn prefix_of(prefixes: &Longs, row: usize) -> Option<u8> {
    u8::try_from(prefixes.get(row)?).ok().filter(|p| *p <= 128)
}

/// Eight groups of four digits, cut to the prefixes.
fn canonical(args: &Args, masked: bool) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    let prefixes = if masked { Some(args.long(1)?) } else { None };
    args.texts(|row, out| {
        let given = match &prefixes {
            Some(prefixes) => prefix_of(prefixes, row),
            None => Some(128),
        };
        let (Some((address, own)), Some(given)) = (parse(texts.text(row)), given) else {
            return false;
        };
        let groups = Ipv6Addr::from_bits(address & mask(own.min(given))).segments();
        let groups: Vec<String> = groups.iter().map(|group| format!("{group:04x}")).collect();
        out.push_str(&groups.join(":"));
        true
    })
}

/// Two addresses under the shortest of their prefixes and the one given.
fn order(args: &Args) -> Result<impl Fn(usize) -> Option<Ordering>> {
    let (a, b) = (args.text(0)?, args.text(1)?);
    let prefixes = if args.has(2) { Some(args.long(2)?) } else { None };
    Ok(move |row| {
        let (left, left_prefix) = parse(a.text(row))?;
        let (right, right_prefix) = parse(b.text(row))?;
        let given = match &prefixes {
            Some(prefixes) => prefix_of(prefixes, row)?,
            None => 128,
        };
        let mask = mask(left_prefix.min(right_prefix).min(given));
        Some((left & mask).cmp(&(right & mask)))
    })
}

fn in_any_range(args: &Args) -> Result<ArrayRef> {
    any_of_rest(args, parse, |text, (range, range_prefix)| {
        let (address, prefix) = parse(text)?;
        let range_mask = mask(*range_prefix);
        Some(address & mask(prefix) & range_mask == range & range_mask)
    })
}
