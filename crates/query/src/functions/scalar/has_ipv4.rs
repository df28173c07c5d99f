//! `has_ipv4`, `has_ipv4_prefix` and their `any` forms: addresses in a text that neither letter
//! nor digit touches.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::Build;
use super::super::kernel::Args;
use super::ipv4::{parse, rest_of_row};

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("has_ipv4", |c| c.kernel(|a| holds(a, whole))),
    ("has_any_ipv4", |c| c.kernel(|a| holds(a, whole))),
    ("has_ipv4_prefix", |c| c.kernel(|a| holds(a, whole_or_start))),
    ("has_any_ipv4_prefix", |c| c.kernel(|a| holds(a, whole_or_start))),
];

/// The leading bits all wanted addresses have, and how many these are.
type Wanted = (u32, u32);

fn whole(text: &str) -> Option<Wanted> {
    if text.contains('/') { None } else { Some((parse(text)?.0, 32)) }
}

/// A whole address, or up to three numbers each with a point behind: `192.168.`.
fn whole_or_start(text: &str) -> Option<Wanted> {
    let Some(start) = text.strip_suffix('.') else { return whole(text) };
    let mut bits = 0;
    let mut count = 0;
    for number in start.split('.') {
        if number.is_empty() || number.len() > 3 || !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        bits = bits << 8 | u32::from(number.parse::<u8>().ok()?);
        count += 8;
    }
    (count < 32).then(|| (bits << (32 - count), count))
}

fn holds(args: &Args, read: fn(&str) -> Option<Wanted>) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    let wanted = |row: usize| -> Result<Vec<Wanted>> {
        Ok(rest_of_row(args, row)?.iter().filter_map(|text| read(text)).collect())
    };
    if args.constant_from(1) {
        let wanted = wanted(0)?;
        return args.flags_of(&texts, |text| has_one(text, &wanted));
    }
    let mut flags = Vec::with_capacity(args.rows);
    for row in 0..args.rows {
        let wanted = wanted(row)?;
        flags.push(has_one(texts.text(row), &wanted));
    }
    args.flags(|row| flags[row])
}

fn has_one(text: &str, wanted: &[Wanted]) -> bool {
    let is =
        |address: u32| wanted.iter().any(|(bits, count)| (address ^ bits) >> (32 - count) == 0);
    !wanted.is_empty() && addresses(text).any(is)
}

fn addresses(text: &str) -> impl Iterator<Item = u32> {
    let bytes = text.as_bytes();
    let starts = memchr::memchr_iter(b'.', bytes).filter_map(move |point| {
        let digits = bytes[..point].iter().rev().take_while(|b| b.is_ascii_digit()).count();
        (digits > 0).then_some(point - digits)
    });
    starts.filter_map(move |start| {
        if text[..start].chars().next_back().is_some_and(char::is_alphanumeric) {
            return None;
        }
        let end = end_of_address(bytes, start)?;
        if text[end..].chars().next().is_some_and(char::is_alphanumeric) {
            return None;
        }
        Some(parse(&text[start..end])?.0)
    })
}

/// Behind the fourth of four numbers with points between.
fn end_of_address(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    for number in 0..4 {
        if number > 0 {
            if bytes.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let digits = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 || digits > 3 {
            return None;
        }
        at += digits;
    }
    Some(at)
}
