//! What `make-series` is made of: the binder calls these, no query can (spec kql.md §9).
//!
//! A *slot* is the number of a bin of the axis, counted from `from`, or from the origin of `bin()`
//! where there is no `from` (the last argument says which).

use model::Type;

use super::short::*;
use super::{Kind, Overload, Param, Signature, over, scalar};

const fn internal(
    name: &'static str,
    overloads: &'static [Overload],
    summary: &'static str,
) -> Signature {
    scalar(name, overloads, summary).of_kind(Kind::Operator)
}

/// Value, `from`, step, whether slots count from `from`.
const SLOT: &[Overload] = &[
    over(&[LONG, LONG, LONG, BOOL], Type::Long),
    over(&[REAL, REAL, REAL, BOOL], Type::Long),
    over(&[DATETIME, DATETIME, TIMESPAN, BOOL], Type::Long),
    over(&[TIMESPAN, TIMESPAN, TIMESPAN, BOOL], Type::Long),
];
/// A slot that has rows, first slot, last slot, `from`, step, whether slots count from `from`.
const AXIS: &[Overload] = &[
    over(&[LONG, LONG, LONG, LONG, LONG, BOOL], Type::Dynamic),
    over(&[LONG, LONG, LONG, REAL, REAL, BOOL], Type::Dynamic),
    over(&[LONG, LONG, LONG, DATETIME, TIMESPAN, BOOL], Type::Dynamic),
    over(&[LONG, LONG, LONG, TIMESPAN, TIMESPAN, BOOL], Type::Dynamic),
];
/// Slots and values by turns, first slot, last slot, default.
const FILL: &[Overload] = &[over(&[DYNAMIC, LONG, LONG, DYNAMIC], Type::Dynamic)];

pub(super) static SIGNATURES: &[Signature] = &[
    internal("make-series slot", SLOT, "the slot a value falls into"),
    internal("make-series end", SLOT, "the last slot that starts before a value"),
    internal("make-series pairs", &[over(&[LONG, Param::Any], Type::Dynamic)], "slots and values")
        .of_kind(Kind::Aggregate),
    internal("make-series fill", FILL, "the array of the values by slot, gaps filled"),
    internal("make-series axis", AXIS, "the array of the values at which slots start"),
];
