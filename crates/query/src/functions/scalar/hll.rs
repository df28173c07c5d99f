//! `dcount_hll`, `hll_merge`, `hll_isvalid`: stored counts of distinct values read and merged.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::Build;
use super::super::hll::Hll;
use super::super::kernel::Args;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("dcount_hll", |c| {
        c.kernel(|args| {
            let texts = args.text(0)?;
            args.whole(|row| Some(Hll::read(texts.get(row)?)?.distinct.count()))
        })
    }),
    ("hll_isvalid", |c| {
        c.kernel(|args| {
            let texts = args.text(0)?;
            args.flags(|row| texts.get(row).is_some_and(|text| Hll::read(text).is_some()))
        })
    }),
    ("hll_merge", |c| c.kernel(merge)),
];

fn merge(args: &Args) -> Result<ArrayRef> {
    let texts = (0..args.count()).map(|k| args.text(k)).collect::<Result<Vec<_>>>()?;
    args.texts(|row, out| {
        let mut counts = texts.iter().filter_map(|t| Hll::read(t.get(row)?));
        let Some(mut merged) = counts.next() else { return false };
        counts.for_each(|other| merged.merge(&other));
        merged.write(out);
        true
    })
}
