//! `contains`, `startswith`, `endswith` with `!` and `_cs`: plain substrings (spec kql.md §5).

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::common::Result;

use super::super::Build;
use super::super::kernel::Args;
use super::super::text_search::{Needle, Place};

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("contains", |c| c.kernel(|a| matcher(a, Place::Anywhere, false, false))),
    ("!contains", |c| c.kernel(|a| matcher(a, Place::Anywhere, false, true))),
    ("contains_cs", |c| c.kernel(|a| matcher(a, Place::Anywhere, true, false))),
    ("!contains_cs", |c| c.kernel(|a| matcher(a, Place::Anywhere, true, true))),
    ("startswith", |c| c.kernel(|a| matcher(a, Place::Start, false, false))),
    ("!startswith", |c| c.kernel(|a| matcher(a, Place::Start, false, true))),
    ("startswith_cs", |c| c.kernel(|a| matcher(a, Place::Start, true, false))),
    ("!startswith_cs", |c| c.kernel(|a| matcher(a, Place::Start, true, true))),
    ("endswith", |c| c.kernel(|a| matcher(a, Place::End, false, false))),
    ("!endswith", |c| c.kernel(|a| matcher(a, Place::End, false, true))),
    ("endswith_cs", |c| c.kernel(|a| matcher(a, Place::End, true, false))),
    ("!endswith_cs", |c| c.kernel(|a| matcher(a, Place::End, true, true))),
];

/// Whether argument 0 holds argument 1 at `place`; `negated` turns the answer round.
pub(super) fn matcher(args: &Args, place: Place, exact: bool, negated: bool) -> Result<ArrayRef> {
    let (texts, needles) = (args.text(0)?, args.text(1)?);
    if let Some(needle) = needles.constant() {
        let needle = Needle::new(needle, place, exact);
        if !texts.scalar
            && let Some(flags) = needle.flags(&texts.array)
        {
            let flags = if negated { !&flags } else { flags };
            return Ok(Arc::new(BooleanArray::new(flags, None)));
        }
        return args.flags_of(&texts, |text| needle.is_in(text) != negated);
    }
    args.flags(|row| Needle::new(needles.text(row), place, exact).is_in(texts.text(row)) != negated)
}
