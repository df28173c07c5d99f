//! `replace_strings`, `regex_quote`: several texts replaced at once, texts as patterns.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::Build;
use super::super::json::scan::{self, Kind};
use super::super::kernel::Args;
use super::tostring::texts_of;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("replace_strings", |c| c.kernel(replace_strings)),
    ("regex_quote", |c| {
        c.kernel(|args| {
            let texts = texts_of(args, 0)?;
            args.texts(|row, out| {
                out.push_str(&regex::escape(texts.text(row)));
                true
            })
        })
    }),
];

/// `(text, lookups, rewrites)`: a lookup takes the places no earlier one took. A rewrite that is no
/// text leaves its places as they are; a lookup that is none is ignored.
fn replace_strings(args: &Args) -> Result<ArrayRef> {
    let (texts, lookups, rewrites) = (args.text(0)?, args.text(1)?, args.text(2)?);
    args.texts(|row, out| {
        let text = texts.text(row);
        let list = |json: Option<&str>| -> Vec<Option<String>> {
            let elements = json.and_then(scan::each_element).into_iter().flatten();
            elements.map(|e| (scan::kind(e) == Kind::Text).then(|| scan::text_of(e))).collect()
        };
        let (lookups, rewrites) = (list(lookups.get(row)), list(rewrites.get(row)));
        for part in parts(text, &lookups) {
            match part.lookup.map(|k| rewrites.get(k).and_then(Option::as_ref)) {
                Some(Some(rewrite)) => out.push_str(rewrite),
                _ => out.push_str(part.text),
            }
        }
        true
    })
}

/// A part of the text, taken by a lookup or by none.
struct Part<'t> {
    text: &'t str,
    lookup: Option<usize>,
}

fn parts<'t>(text: &'t str, lookups: &[Option<String>]) -> Vec<Part<'t>> {
    let mut parts = vec![Part { text, lookup: None }];
    for (k, needle) in lookups.iter().enumerate() {
        let Some(needle) = needle.as_ref().filter(|needle| !needle.is_empty()) else { continue };
        let mut split = Vec::with_capacity(parts.len());
        for part in parts {
            if part.lookup.is_some() {
                split.push(part);
                continue;
            }
            let mut start = 0;
            for (at, found) in part.text.match_indices(needle.as_str()) {
                split.push(Part { text: &part.text[start..at], lookup: None });
                split.push(Part { text: found, lookup: Some(k) });
                start = at + found.len();
            }
            split.push(Part { text: &part.text[start..], lookup: None });
        }
        parts = split;
    }
    parts
}
