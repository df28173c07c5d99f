//! Window functions: their value depends on the rows before and behind (spec kql.md §9).
//!
//! The binder checks what overloads cannot say: the rows have an order, the first argument of
//! `prev` and `next` is a column, distances are constants.

use model::Type;

use super::short::*;
use super::{Kind, Overload, Param, Signature, over, scalar};

const INT: Param = Param::Of(Type::Int);

const NUMBER: &[Overload] = &[over(&[LONG, BOOL], Type::Long).optional(2)];
/// The result has the type of the first argument, whatever the overload says.
const NEIGHBOUR: &[Overload] = &[over(&[Param::Any, LONG, Param::Any], Type::Dynamic).optional(2)];
const CUMSUM: &[Overload] = &[
    over(&[INT, BOOL], Type::Int).optional(1),
    over(&[LONG, BOOL], Type::Long).optional(1),
    over(&[REAL, BOOL], Type::Real).optional(1),
    over(&[DECIMAL, BOOL], Type::Decimal).optional(1),
];
const RANK: &[Overload] = &[over(&[Param::Any, BOOL], Type::Long).optional(1)];
const SESSION: &[Overload] =
    &[over(&[DATETIME, TIMESPAN, TIMESPAN, BOOL], Type::DateTime).optional(1)];

const fn window(
    name: &'static str,
    overloads: &'static [Overload],
    summary: &'static str,
) -> Signature {
    scalar(name, overloads, summary).of_kind(Kind::Window)
}

pub(super) static SIGNATURES: &[Signature] = &[
    window("row_number", NUMBER, "the number of the row, counted from 1 or a start")
        .takes("start, restart"),
    window("prev", NEIGHBOUR, "the value of a column in an earlier row")
        .takes("column, offset, default"),
    window("next", NEIGHBOUR, "the value of a column in a later row")
        .takes("column, offset, default"),
    window("row_cumsum", CUMSUM, "the sum of the values up to the row").takes("value, restart"),
    window("row_rank_dense", RANK, "how many different values came up to the row")
        .takes("value, restart"),
    window("row_rank_min", RANK, "the number of the first row with the same value")
        .takes("value, restart"),
    window("row_window_session", SESSION, "when the session began that the row belongs to")
        .takes("time, longest, gap, restart"),
];
