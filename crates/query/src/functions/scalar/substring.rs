//! `substring(text, start[, length])`: code points, zero-based, negative from the end (spec
//! kql.md §4).

use super::super::Build;

pub(super) const FAMILY: &[(&str, Build)] = &[("substring", |c| {
    c.kernel(|args| {
        let (texts, starts) = (args.text(0)?, args.long(1)?);
        let lengths = if args.has(2) { Some(args.long(2)?) } else { None };
        args.slices(|row| {
            let length = match &lengths {
                Some(lengths) => Some(lengths.get(row)?),
                None => None,
            };
            Some(part(texts.text(row), starts.get(row)?, length))
        })
    })
})];

fn part(text: &str, start: i64, length: Option<i64>) -> &str {
    // Bytes are code points in ASCII texts.
    let ascii = text.is_ascii();
    let count = if ascii { text.len() } else { text.chars().count() };
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let start = if start < 0 { count.saturating_add(start) } else { start };
    let length = length.unwrap_or(count);
    if start < 0 || start >= count || length <= 0 {
        return "";
    }
    let end = start.saturating_add(length).min(count);
    let byte_of = |index: i64| {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        if ascii { index } else { text.char_indices().nth(index).map_or(text.len(), |(at, _)| at) }
    };
    text.get(byte_of(start)..byte_of(end)).unwrap_or("")
}
