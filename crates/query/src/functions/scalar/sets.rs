//! `set_*`, `jaccard_index`: arrays as sets; numbers are equal by value, everything else by kind
//! and text (spec kql.md §4).

use std::borrow::Cow;
use std::collections::HashSet;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::Build;
use super::super::json::scan::{self, Kind};
use super::super::kernel::Args;
use super::array::{all_texts, as_json, write_array};
use super::tostring::Cells;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("set_has_element", |c| c.kernel(has_element)),
    ("set_union", |c| c.kernel(|a| combine(a, |_, _| true))),
    ("set_intersect", |c| c.kernel(|a| combine(a, |sets, e| sets.iter().all(|s| s.contains(e))))),
    ("set_difference", |c| {
        c.kernel(|a| combine(a, |sets, e| sets.iter().skip(1).all(|s| !s.contains(e))))
    }),
    ("set_equals", |c| {
        c.kernel(|args| {
            let (a, b) = (args.text(0)?, args.text(1)?);
            args.bools(|row| Some(set_of(a.get(row)?)? == set_of(b.get(row)?)?))
        })
    }),
    // |A ∩ B| / |A ∪ B|
    ("jaccard_index", |c| {
        c.kernel(|args| {
            let (a, b) = (args.text(0)?, args.text(1)?);
            args.reals(|row| {
                let (a, b) = (set_of(a.get(row)?)?, set_of(b.get(row)?)?);
                Some(a.intersection(&b).count() as f64 / a.union(&b).count() as f64)
            })
        })
    }),
];

/// One text per value, whichever way it is written: equal values have equal texts.
fn identity(json: &str) -> Cow<'_, str> {
    let json = json.trim();
    match scan::kind(json) {
        Kind::Real => match scan::exact_long(json) {
            Some(whole) => Cow::Owned(whole.to_string()),
            None => scan::number(json).map_or(Cow::Borrowed(json), |v| Cow::Owned(v.to_string())),
        },
        // The quote keeps a text apart from a number.
        Kind::Text if json.contains('\\') => Cow::Owned(format!("\"{}\"", scan::plain(json))),
        _ => Cow::Borrowed(json),
    }
}

type Set<'j> = HashSet<Cow<'j, str>>;

fn set_of(json: &str) -> Option<Set<'_>> {
    Some(scan::each_element(json)?.map(identity).collect())
}

fn has_element(args: &Args) -> Result<ArrayRef> {
    let (arrays, values) = (args.text(0)?, Cells::new(args, 1)?);
    args.bools(|row| {
        let value = as_json(&values, row);
        Some(scan::each_element(arrays.get(row)?)?.any(|e| scan::same(e, &value)))
    })
}

/// The distinct elements of all arrays, in order, that `keep` wants.
fn combine(args: &Args, keep: fn(&[Set<'_>], &str) -> bool) -> Result<ArrayRef> {
    let columns = all_texts(args)?;
    args.texts(|row, out| {
        let sets: Option<Vec<Set<'_>>> =
            columns.iter().map(|c| c.get(row).and_then(set_of)).collect();
        let Some(sets) = sets else { return false };
        let mut kept: Set<'_> = HashSet::new();
        let all = columns.iter().filter_map(|c| c.get(row).and_then(scan::each_element)).flatten();
        write_array(
            out,
            all.filter(|element| {
                let id = identity(element);
                keep(&sets, &id) && kept.insert(id)
            }),
        );
        true
    })
}
