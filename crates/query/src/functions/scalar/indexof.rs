//! `indexof`, `indexof_regex`, `countof`: places and numbers of occurrences, in code points
//! (spec kql.md §4).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;

use super::super::kernel::{Args, Longs};
use super::super::{Build, Call};
use super::regexes;
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] =
    &[("indexof", indexof), ("indexof_regex", indexof_regex), ("countof", countof)];

/// `(text, needle[, start[, length[, occurrence]]])`: −1 when absent, null for an empty needle.
fn indexof(call: Call) -> Result<Expr, Error> {
    call.kernel(|args| {
        let (texts, needles) = (args.text(0)?, args.text(1)?);
        let window = window(args)?;
        args.whole(|row| {
            let (start, length, nth) = window(row)?;
            place(texts.text(row), needles.text(row), start, length, nth)
        })
    })
}

/// `(text, regex[, start[, length[, occurrence]]])`: −1 when nothing matches.
fn indexof_regex(call: Call) -> Result<Expr, Error> {
    regexes::check(&call, 1)?;
    call.kernel(|args| {
        let texts = args.text(0)?;
        let regex = regexes::of_rows(args, 1)?;
        let window = window(args)?;
        args.whole(|row| {
            let (start, length, nth) = window(row)?;
            // Only `indexof` counts from the end (the reference page's own example).
            if start < 0 {
                return None;
            }
            let text = texts.text(row);
            let (low, high) = bounds(text, start, length)?;
            let nth = usize::try_from(nth.checked_sub(1)?).ok()?;
            let regex = regex(row);
            let mut found = regex.find_iter(&text[low..]).filter(|m| low + m.start() < high);
            Some(found.nth(nth).map_or(-1, |m| text[..low + m.start()].chars().count() as i64))
        })
    })
}

/// The optional start, length and occurrence of a row; nothing where one of them cannot be.
fn window(args: &Args) -> Result<impl Fn(usize) -> Option<(i64, i64, i64)>> {
    let optional = |k: usize| if args.has(k) { args.long(k).map(Some) } else { Ok(None) };
    let (starts, lengths, nths) = (optional(2)?, optional(3)?, optional(4)?);
    Ok(move |row: usize| {
        let or = |column: &Option<Longs>, default: i64| match column {
            Some(column) => column.get(row),
            None => Some(default),
        };
        let (start, length, nth) = (or(&starts, 0)?, or(&lengths, -1)?, or(&nths, 1)?);
        (length >= -1 && nth >= 0).then_some((start, length, nth))
    })
}

/// The bytes between which is looked; an empty range at the end when the start lies behind it.
fn bounds(text: &str, start: i64, length: i64) -> Option<(usize, usize)> {
    let count = text.chars().count();
    let back = |n: i64| count.saturating_sub(usize::try_from(n.unsigned_abs()).unwrap_or(count));
    let start = if start < 0 { back(start) } else { usize::try_from(start).ok()? };
    let window = if length < 0 { count } else { usize::try_from(length).ok()? };
    let byte_of = |index: usize| text.char_indices().nth(index).map_or(text.len(), |(at, _)| at);
    Some((byte_of(start), byte_of(start.saturating_add(window))))
}

fn place(text: &str, needle: &str, start: i64, length: i64, nth: i64) -> Option<i64> {
    if needle.is_empty() {
        return None;
    }
    let (low, high) = bounds(text, start, length)?;
    // A match may reach beyond the window; only its start must lie within.
    let mut from = low;
    let mut left = nth.max(1);
    while let Some(at) = text[from..].find(needle).map(|at| from + at).filter(|at| *at < high) {
        left -= 1;
        if left == 0 {
            return Some(text[..at].chars().count() as i64);
        }
        from = at + needle.chars().next().map_or(1, char::len_utf8);
    }
    Some(-1)
}

/// Overlapping occurrences of a text; with kind `regex` matches that do not overlap.
fn countof(call: Call) -> Result<Expr, Error> {
    call.kernel(count_rows)
}

fn count_rows(args: &Args) -> Result<ArrayRef> {
    let (texts, needles) = (args.text(0)?, args.text(1)?);
    if args.has(2) && args.text(2)?.text(0).eq_ignore_ascii_case("regex") {
        let regex = regexes::of_rows(args, 1)?;
        return args.whole(|row| Some(regex(row).find_iter(texts.text(row)).count() as i64));
    }
    args.whole(|row| {
        let needle = needles.text(row);
        let bytes = texts.text(row).as_bytes();
        let finder = memchr::memmem::Finder::new(needle);
        let (mut count, mut from) = (0, 0);
        if needle.is_empty() {
            return Some(0);
        }
        while let Some(at) = bytes.get(from..).and_then(|rest| finder.find(rest)) {
            count += 1;
            from += at + 1;
        }
        Some(count)
    })
}
