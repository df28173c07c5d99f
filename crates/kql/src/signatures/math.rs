//! Functions over numbers (spec kql.md §4, §9).

use model::Type;

use super::short::*;
use super::{Overload, Param, Signature, over, scalar};

const BIN: &[Overload] = &[
    over(&[LONG, LONG], Type::Long),
    over(&[REAL, REAL], Type::Real),
    over(&[DECIMAL, DECIMAL], Type::Decimal),
    over(&[TIMESPAN, TIMESPAN], Type::TimeSpan),
    over(&[DATETIME, TIMESPAN], Type::DateTime),
];
const BIN_AT: &[Overload] = &[
    over(&[LONG, LONG, LONG], Type::Long),
    over(&[REAL, REAL, REAL], Type::Real),
    over(&[DECIMAL, DECIMAL, DECIMAL], Type::Decimal),
    over(&[TIMESPAN, TIMESPAN, TIMESPAN], Type::TimeSpan),
    over(&[DATETIME, TIMESPAN, DATETIME], Type::DateTime),
];
const ROUND: &[Overload] = &[
    over(&[INT, LONG], Type::Int).optional(1),
    over(&[REAL, LONG], Type::Real).optional(1),
    over(&[LONG, LONG], Type::Long).optional(1),
    over(&[DECIMAL, LONG], Type::Decimal).optional(1),
];
const CEILING: &[Overload] = &[
    over(&[INT], Type::Int),
    over(&[LONG], Type::Long),
    over(&[REAL], Type::Real),
    over(&[DECIMAL], Type::Decimal),
];
const ABS: &[Overload] = &[
    over(&[LONG], Type::Long),
    over(&[REAL], Type::Real),
    over(&[DECIMAL], Type::Decimal),
    over(&[TIMESPAN], Type::TimeSpan),
];
const REAL_TO_REAL: &[Overload] = &[over(&[REAL], Type::Real)];
const REALS_TO_REAL: &[Overload] = &[over(&[REAL, REAL], Type::Real)];
const REAL_TO_BOOL: &[Overload] = &[over(&[REAL], Type::Bool)];
const LONGS_TO_LONG: &[Overload] = &[over(&[LONG, LONG], Type::Long)];

const AROUND: &[Overload] = &[
    over(&[LONG, LONG, LONG], Type::Bool),
    over(&[REAL, REAL, REAL], Type::Bool),
    over(&[DECIMAL, DECIMAL, DECIMAL], Type::Bool),
    over(&[DATETIME, DATETIME, TIMESPAN], Type::Bool),
    over(&[TIMESPAN, TIMESPAN, TIMESPAN], Type::Bool),
];

pub(super) static SIGNATURES: &[Signature] = &[
    scalar("bin", BIN, "the value rounded down to a multiple; times count from 0001-01-01")
        .also(&["floor"])
        .keeps_name(),
    scalar("bin_at", BIN_AT, "the value rounded down to a multiple away from a fixed point")
        .keeps_name(),
    scalar("ceiling", CEILING, "the smallest whole number not below the value").keeps_name(),
    scalar("round", ROUND, "the value rounded to a number of digits")
        .takes("value, digits")
        .keeps_name(),
    scalar("abs", ABS, "the value without its sign").keeps_name(),
    scalar("sign", REAL_TO_REAL, "-1, 0 or 1"),
    scalar("sqrt", REAL_TO_REAL, "the square root").keeps_name(),
    scalar("pow", REALS_TO_REAL, "the first raised to the second").keeps_name(),
    scalar("exp", REAL_TO_REAL, "e raised to the value").keeps_name(),
    scalar("exp2", REAL_TO_REAL, "2 raised to the value").keeps_name(),
    scalar("exp10", REAL_TO_REAL, "10 raised to the value").keeps_name(),
    scalar("log", REAL_TO_REAL, "the natural logarithm").keeps_name(),
    scalar("log2", REAL_TO_REAL, "the logarithm to base 2").keeps_name(),
    scalar("log10", REAL_TO_REAL, "the logarithm to base 10").keeps_name(),
    scalar("sin", REAL_TO_REAL, "the sine").keeps_name(),
    scalar("cos", REAL_TO_REAL, "the cosine").keeps_name(),
    scalar("tan", REAL_TO_REAL, "the tangent").keeps_name(),
    scalar("asin", REAL_TO_REAL, "the arc sine").keeps_name(),
    scalar("acos", REAL_TO_REAL, "the arc cosine").keeps_name(),
    scalar("atan", REAL_TO_REAL, "the arc tangent").keeps_name(),
    scalar("atan2", REALS_TO_REAL, "the angle of a point (y, x)").keeps_name(),
    scalar("degrees", REAL_TO_REAL, "radians in degrees"),
    scalar("radians", REAL_TO_REAL, "degrees in radians"),
    scalar("pi", &[over(&[], Type::Real)], "the constant pi"),
    scalar(
        "rand",
        &[over(&[LONG], Type::Real).optional(1)],
        "a random real in [0, 1), or a random whole value below the argument",
    )
    .keeps_name(),
    scalar("around", AROUND, "whether the value is at most so far away from another")
        .takes("value, center, delta"),
    scalar("isnan", REAL_TO_BOOL, "whether the value is not a number"),
    scalar("isinf", REAL_TO_BOOL, "whether the value is infinite"),
    scalar("isfinite", REAL_TO_BOOL, "whether the value is neither infinite nor not a number"),
    scalar("binary_and", LONGS_TO_LONG, "bitwise and").keeps_name(),
    scalar("binary_or", LONGS_TO_LONG, "bitwise or").keeps_name(),
    scalar("binary_xor", LONGS_TO_LONG, "bitwise exclusive or").keeps_name(),
    scalar("binary_shift_left", LONGS_TO_LONG, "bits moved left").keeps_name(),
    scalar("binary_shift_right", LONGS_TO_LONG, "bits moved right").keeps_name(),
    scalar("bitset_count_ones", &[over(&[LONG], Type::Long)], "the number of bits that are set")
        .takes("value")
        .keeps_name(),
    scalar("binary_not", &[over(&[LONG], Type::Long)], "bitwise not").keeps_name(),
    scalar(
        "hash",
        &[over(&[Param::Any, LONG], Type::Long).optional(1)],
        "the xxHash64 of the value's text, modulo the second argument",
    )
    .also(&["hash_xxhash64"]),
    scalar("new_guid", &[over(&[], Type::Guid)], "a random guid"),
];
