//! `percentile_tdigest`, `percentiles_array_tdigest`, `rank_tdigest`, `percentrank_tdigest`,
//! `tdigest_merge`, `tdigest_isvalid`: stored quantiles read and merged. Anything that is no digest
//! gives null.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::{DataFusionError, Result};
use kql::codes;
use kql::diagnostic::{Diagnostic, Span};
use model::Type;

use super::super::Build;
use super::super::digest::{self, Digest, Entry};
use super::super::json::scan;
use super::super::kernel::Args;
use crate::Error;
use crate::functions::sketch::{key_of_long, key_of_real};

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("percentile_tdigest", |c| c.kernel(percentile)),
    ("percentiles_array_tdigest", |c| c.kernel(percentiles)),
    ("rank_tdigest", |c| {
        c.kernel(|args| ranks(args, |entries, key| digest::rank(entries, key) as f64))
    }),
    ("percentrank_tdigest", |c| {
        c.kernel(|args| {
            ranks(args, |entries, key| {
                digest::rank(entries, key) as f64 * 100.0 / digest::count(entries) as f64
            })
        })
    }),
    ("tdigest_isvalid", |c| {
        c.kernel(|args| {
            let texts = args.text(0)?;
            args.flags(|row| texts.get(row).is_some_and(|text| digest::read(text).is_some()))
        })
    }),
    ("tdigest_merge", |c| c.kernel(merge)),
];

/// The caller merges quantiles of values that have no common order.
pub(crate) fn mixed_digests(a: Type, b: Type) -> DataFusionError {
    let message = format!("a tdigest of {a} and one of {b} cannot be merged");
    let finding = Diagnostic::new(codes::WRONG_TYPE, Span::default(), message);
    DataFusionError::External(Box::new(Error::Query(vec![finding])))
}

fn percentile(args: &Args) -> Result<ArrayRef> {
    let (texts, percents) = (args.text(0)?, args.real(1)?);
    args.texts(|row, out| {
        let value = texts.get(row).and_then(digest::read).and_then(|(ty, entries)| {
            Some((digest::percentiles(&entries, &[percents.get(row)?])[0]?, ty))
        });
        if let Some((key, ty)) = value {
            digest::write_key(out, key, ty);
        }
        value.is_some()
    })
}

fn percentiles(args: &Args) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    let arrays = if args.types.get(1) == Some(&Type::Dynamic) { Some(args.text(1)?) } else { None };
    let reals = match arrays {
        Some(_) => Vec::new(),
        None => (1..args.count()).map(|k| args.real(k)).collect::<Result<Vec<_>>>()?,
    };
    args.texts(|row, out| {
        let Some((ty, entries)) = texts.get(row).and_then(digest::read) else { return false };
        let percents: Option<Vec<f64>> = match &arrays {
            Some(arrays) => arrays
                .get(row)
                .and_then(scan::each_element)
                .and_then(|elements| elements.map(scan::number).collect()),
            None => reals.iter().map(|real| real.get(row)).collect(),
        };
        let Some(percents) = percents else { return false };
        digest::write_values(out, &digest::percentiles(&entries, &percents), ty);
        true
    })
}

/// The key of a value among the values of a digest of type `ty`; null when they do not compare.
fn key_of(args: &Args, row: usize, ty: Type) -> Result<Option<u64>> {
    let of = args.types.get(1).copied();
    Ok(match (ty, of) {
        (Type::Long, Some(Type::Int | Type::Long)) => args.long(1)?.get(row).map(key_of_long),
        // The whole numbers up to a fraction are those up to its floor.
        (Type::Long, Some(Type::Real | Type::Decimal)) => {
            args.real(1)?.get(row).map(|v| key_of_long(v.floor() as i64))
        }
        (Type::Real, Some(of)) if of.is_numeric() => args.real(1)?.get(row).map(key_of_real),
        (ty, Some(of)) if ty == of => args.long(1)?.get(row).map(key_of_long),
        _ => None,
    })
}

fn ranks(args: &Args, of: fn(&[Entry], u64) -> f64) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    let mut found = Vec::with_capacity(args.rows);
    for row in 0..args.rows {
        let value = match texts.get(row).and_then(digest::read) {
            Some((ty, entries)) => key_of(args, row, ty)?.map(|key| of(&entries, key)),
            None => None,
        };
        found.push(value);
    }
    args.reals(|row| found[row])
}

fn merge(args: &Args) -> Result<ArrayRef> {
    let texts = (0..args.count()).map(|k| args.text(k)).collect::<Result<Vec<_>>>()?;
    let mut mixed = None;
    let merged = args.texts(|row, out| {
        let mut known = None;
        let mut digest = Digest::default();
        for (ty, entries) in texts.iter().filter_map(|t| digest::read(t.get(row)?)) {
            if known.is_some_and(|known| known != ty) {
                mixed = known.map(|known| (known, ty));
            }
            known = Some(ty);
            entries.into_iter().for_each(|(key, weight)| {
                digest.insert(key, weight);
            });
        }
        known.is_some_and(|ty| {
            digest::write(out, &digest.entries(), ty);
            true
        })
    })?;
    mixed.map_or(Ok(merged), |(a, b)| Err(mixed_digests(a, b)))
}
