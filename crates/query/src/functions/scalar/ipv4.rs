//! IPv4 addresses, alone or with a prefix (`192.168.1.1/24`); a text that is none is null or `''`.

use std::net::Ipv4Addr;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::{Type, json};

use super::super::Build;
use super::super::json::scan;
use super::super::kernel::{Args, Longs};
use super::tostring::Cells;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("parse_ipv4", |c| c.kernel(|a| parsed(a, false))),
    ("parse_ipv4_mask", |c| c.kernel(|a| parsed(a, true))),
    ("ipv4_netmask_suffix", |c| {
        c.kernel(|args| {
            let texts = args.text(0)?;
            args.whole(|row| Some(i64::from(parse(texts.text(row))?.1)))
        })
    }),
    ("ipv4_is_private", |c| {
        c.kernel(|args| {
            let texts = args.text(0)?;
            args.bools(|row| {
                let (address, prefix) = parse(texts.text(row))?;
                Some(Ipv4Addr::from_bits(address & mask(prefix)).is_private())
            })
        })
    }),
    ("ipv4_compare", |c| {
        c.kernel(|args| {
            let order = order(args)?;
            args.whole(|row| order(row).map(|order| order as i64))
        })
    }),
    ("ipv4_is_match", |c| {
        c.kernel(|args| {
            let order = order(args)?;
            args.bools(|row| order(row).map(std::cmp::Ordering::is_eq))
        })
    }),
    ("ipv4_is_in_range", |c| c.kernel(in_any_range)),
    ("ipv4_is_in_any_range", |c| c.kernel(in_any_range)),
    ("ipv4_range_to_cidr_list", |c| c.kernel(cidr_list)),
    ("format_ipv4", |c| c.kernel(|a| format(a, false))),
    ("format_ipv4_mask", |c| c.kernel(|a| format(a, true))),
];

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0)
}

/// The address and its prefix, 32 when none is written.
pub(super) fn parse(text: &str) -> Option<(u32, u8)> {
    let text = text.trim();
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, prefix.parse().ok().filter(|p| *p <= 32)?),
        None => (text, 32),
    };
    Some((address.parse::<Ipv4Addr>().ok()?.to_bits(), prefix))
}

/// A prefix given as an argument.
fn prefix_of(prefixes: &Longs, row: usize) -> Option<u8> {
    u8::try_from(prefixes.get(row)?).ok().filter(|p| *p <= 32)
}

/// The address as a number, cut to its own prefix and to the one of the second argument.
fn parsed(args: &Args, masked: bool) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    let prefixes = if masked { Some(args.long(1)?) } else { None };
    args.whole(|row| {
        let (address, own) = parse(texts.text(row))?;
        let prefix = match &prefixes {
            Some(prefixes) => prefix_of(prefixes, row)?,
            None => 32,
        };
        Some(i64::from(address & mask(own.min(prefix))))
    })
}

/// Two addresses under the shortest of their prefixes and the one given.
fn order(args: &Args) -> Result<impl Fn(usize) -> Option<std::cmp::Ordering>> {
    let (a, b) = (args.text(0)?, args.text(1)?);
    let prefixes = if args.has(2) { Some(args.long(2)?) } else { None };
    Ok(move |row| {
        let (left, left_prefix) = parse(a.text(row))?;
        let (right, right_prefix) = parse(b.text(row))?;
        let given = match &prefixes {
            Some(prefixes) => prefix_of(prefixes, row)?,
            None => 32,
        };
        let mask = mask(left_prefix.min(right_prefix).min(given));
        Some((left & mask).cmp(&(right & mask)))
    })
}

/// The texts of the arguments from the second on, dynamic arrays flattened.
pub(super) fn rest_of_row(args: &Args, row: usize) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for k in 1..args.count() {
        let value = args.text(k)?;
        match (args.types[k], value.get(row)) {
            (Type::Dynamic, None) => {}
            (Type::Dynamic, Some(json)) => match scan::each_element(json) {
                Some(elements) => out.extend(elements.map(scan::text_of)),
                None => out.push(scan::text_of(json)),
            },
            (_, text) => out.push(text.unwrap_or("").to_owned()),
        }
    }
    Ok(out)
}

/// Whether `test` holds for the text and any of the arguments that follow; when it holds for none,
/// null if one of them could not be read.
pub(super) fn any_of_rest<R>(
    args: &Args,
    read: impl Fn(&str) -> Option<R>,
    test: impl Fn(&str, &R) -> Option<bool>,
) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    let readable = |row: usize| -> Result<Vec<Option<R>>> {
        Ok(rest_of_row(args, row)?.iter().map(|text| read(text)).collect())
    };
    let constant = if args.constant_from(1) { Some(readable(0)?) } else { None };
    let mut answers = Vec::with_capacity(args.rows);
    for row in 0..args.rows {
        let own;
        let list = match &constant {
            Some(list) => list,
            None => {
                own = readable(row)?;
                &own
            }
        };
        let mut answer = Some(false);
        for range in list {
            match range.as_ref().and_then(|range| test(texts.text(row), range)) {
                Some(true) => {
                    answer = Some(true);
                    break;
                }
                Some(false) => {}
                None => answer = None,
            }
        }
        answers.push(answer);
    }
    args.bools(|row| answers[row])
}

fn in_any_range(args: &Args) -> Result<ArrayRef> {
    any_of_rest(args, parse, |text, (range, range_prefix)| {
        let (address, prefix) = parse(text)?;
        let range_mask = mask(*range_prefix);
        Some(address & mask(prefix) & range_mask == range & range_mask)
    })
}

/// `(first, last)`: the fewest ranges that hold all addresses between, both included.
fn cidr_list(args: &Args) -> Result<ArrayRef> {
    let (firsts, lasts) = (args.text(0)?, args.text(1)?);
    args.texts(|row, out| {
        let (Some((first, _)), Some((last, _))) = (parse(firsts.text(row)), parse(lasts.text(row)))
        else {
            return false;
        };
        let (mut at, end) = (u64::from(first), u64::from(last) + 1);
        out.push('[');
        while at < end {
            // As large as the place of the start and what is left allow.
            let by_place = if at == 0 { 32 } else { at.trailing_zeros().min(32) };
            let bits = by_place.min((end - at).ilog2());
            scan::separate(out);
            let address = Ipv4Addr::from_bits(at as u32);
            json::write_string(out, &format!("{address}/{}", 32 - bits));
            at += 1_u64 << bits;
        }
        out.push(']');
        true
    })
}

/// `(address or number[, prefix])` as text; `''` when there is no such address.
fn format(args: &Args, with_prefix: bool) -> Result<ArrayRef> {
    let values = Cells::new(args, 0)?;
    let prefixes = if args.has(1) { Some(args.long(1)?) } else { None };
    let mut text = String::new();
    args.texts(|row, out| {
        text.clear();
        values.write(row, &mut text);
        let number = text.parse::<u32>().ok().map(|address| (address, 32));
        let Some((address, own)) = number.or_else(|| parse(&text)) else { return false };
        let prefix = match &prefixes {
            Some(prefixes) => prefix_of(prefixes, row),
            None => Some(32),
        };
        let Some(prefix) = prefix.map(|prefix| prefix.min(own)) else { return false };
        out.push_str(&Ipv4Addr::from_bits(address & mask(prefix)).to_string());
        if with_prefix {
            out.push_str(&format!("/{prefix}"));
        }
        true
    })
}
