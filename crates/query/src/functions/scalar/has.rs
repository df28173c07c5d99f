//! `has`, `hasprefix`, `hassuffix` with `!` and `_cs`, `has_any`, `has_all`: terms (spec kql.md
//! §5).

use std::sync::Arc;

use super::super::Build;
use super::super::json::scan;
use super::super::kernel::{Args, Texts};
use super::super::text_search::{Needle, Place};
use super::contains::matcher;
use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::common::Result;
use model::Type;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("has", |c| c.kernel(|a| matcher(a, Place::Term, false, false))),
    ("!has", |c| c.kernel(|a| matcher(a, Place::Term, false, true))),
    ("has_cs", |c| c.kernel(|a| matcher(a, Place::Term, true, false))),
    ("!has_cs", |c| c.kernel(|a| matcher(a, Place::Term, true, true))),
    ("hasprefix", |c| c.kernel(|a| matcher(a, Place::TermStart, false, false))),
    ("!hasprefix", |c| c.kernel(|a| matcher(a, Place::TermStart, false, true))),
    ("hasprefix_cs", |c| c.kernel(|a| matcher(a, Place::TermStart, true, false))),
    ("!hasprefix_cs", |c| c.kernel(|a| matcher(a, Place::TermStart, true, true))),
    ("hassuffix", |c| c.kernel(|a| matcher(a, Place::TermEnd, false, false))),
    ("!hassuffix", |c| c.kernel(|a| matcher(a, Place::TermEnd, false, true))),
    ("hassuffix_cs", |c| c.kernel(|a| matcher(a, Place::TermEnd, true, false))),
    ("!hassuffix_cs", |c| c.kernel(|a| matcher(a, Place::TermEnd, true, true))),
    ("has_any", |c| c.kernel(|a| of_list(a, false))),
    ("has_any_index", |c| c.kernel(any_index)),
    ("has_all", |c| c.kernel(|a| of_list(a, true))),
];

/// The needles in row `row`: the arguments after the first, dynamic arrays flattened.
fn needles(args: &Args, row: usize) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for k in 1..args.count() {
        let value = args.text(k)?;
        if args.types[k] != Type::Dynamic {
            out.push(value.text(row).to_owned());
            continue;
        }
        let Some(json) = value.get(row) else { continue };
        match scan::elements(json) {
            Some(elements) => out.extend(elements.into_iter().map(scan::text_of)),
            None => out.push(scan::text_of(json)),
        }
    }
    Ok(out)
}

/// The position of the first needle the text holds.
fn any_index(args: &Args) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    let constant = if args.constant_from(1) { Some(needles(args, 0)?) } else { None };
    let mut places = Vec::with_capacity(args.rows);
    for row in 0..args.rows {
        let own;
        let list = match &constant {
            Some(list) => list,
            None => {
                own = needles(args, row)?;
                &own
            }
        };
        let held = |n: &String| Needle::new(n, Place::Term, false).is_in(texts.text(row));
        places.push(list.iter().position(held).map_or(-1, |at| at as i64));
    }
    args.whole(|row| Some(places[row]))
}

/// How many needles are worth a search of the whole column each.
const FEW: usize = 8;

/// The flags of whole columns, put together.
fn flags_of_few(texts: &Texts, needles: &[Needle<'_>], all: bool) -> Option<BooleanBuffer> {
    if texts.scalar || needles.len() > FEW {
        return None;
    }
    let flags = needles.iter().map(|needle| needle.flags(&texts.array));
    let flags = flags.collect::<Option<Vec<_>>>()?;
    flags.into_iter().reduce(|one, other| if all { &one & &other } else { &one | &other })
}

fn of_list(args: &Args, all: bool) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    let test = |text: &str, needles: &[Needle<'_>]| {
        if all {
            needles.iter().all(|n| n.is_in(text))
        } else {
            needles.iter().any(|n| n.is_in(text))
        }
    };
    if args.constant_from(1) {
        let list = needles(args, 0)?;
        let needles: Vec<Needle<'_>> =
            list.iter().map(|n| Needle::new(n, Place::Term, false)).collect();
        if let Some(flags) = flags_of_few(&texts, &needles, all) {
            return Ok(Arc::new(BooleanArray::new(flags, None)));
        }
        return args.flags_of(&texts, |text| test(text, &needles));
    }
    let mut flags = Vec::with_capacity(args.rows);
    for row in 0..args.rows {
        let list = needles(args, row)?;
        let needles: Vec<Needle<'_>> =
            list.iter().map(|n| Needle::new(n, Place::Term, false)).collect();
        flags.push(test(texts.text(row), &needles));
    }
    args.flags(|row| flags[row])
}
