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
        .takes("value, size")
        .also(&["floor"])
        .keeps_name(),
    scalar("bin_at", BIN_AT, "the value rounded down to a multiple away from a fixed point")
        .takes("value, size, origin")
        .keeps_name(),
    scalar("ceiling", CEILING, "the smallest whole number not below the value")
        .takes("value")
        .keeps_name(),
    scalar("round", ROUND, "the value rounded to a number of digits")
        .takes("value, digits")
        .keeps_name(),
    scalar("abs", ABS, "the value without its sign").takes("value").keeps_name(),
    scalar("sign", REAL_TO_REAL, "-1, 0 or 1").takes("value"),
    scalar("sqrt", REAL_TO_REAL, "the square root").takes("value").keeps_name(),
    scalar("pow", REALS_TO_REAL, "the first raised to the second")
        .takes("base, exponent")
        .keeps_name(),
    scalar("exp", REAL_TO_REAL, "e raised to the value").takes("value").keeps_name(),
    scalar("exp2", REAL_TO_REAL, "2 raised to the value").takes("value").keeps_name(),
    scalar("exp10", REAL_TO_REAL, "10 raised to the value").takes("value").keeps_name(),
    scalar("log", REAL_TO_REAL, "the natural logarithm").takes("value").keeps_name(),
    scalar("log2", REAL_TO_REAL, "the logarithm to base 2").takes("value").keeps_name(),
    scalar("log10", REAL_TO_REAL, "the logarithm to base 10").takes("value").keeps_name(),
    scalar("sin", REAL_TO_REAL, "the sine").takes("angle").keeps_name(),
    scalar("cos", REAL_TO_REAL, "the cosine").takes("angle").keeps_name(),
    scalar("tan", REAL_TO_REAL, "the tangent").takes("angle").keeps_name(),
    scalar("asin", REAL_TO_REAL, "the arc sine").takes("value").keeps_name(),
    scalar("acos", REAL_TO_REAL, "the arc cosine").takes("value").keeps_name(),
    scalar("atan", REAL_TO_REAL, "the arc tangent").takes("value").keeps_name(),
    scalar("atan2", REALS_TO_REAL, "the angle of a point (y, x)").takes("y, x").keeps_name(),
    scalar("degrees", REAL_TO_REAL, "radians in degrees").takes("radians"),
    scalar("radians", REAL_TO_REAL, "degrees in radians").takes("degrees"),
    scalar("pi", &[over(&[], Type::Real)], "the constant pi"),
    scalar(
        "rand",
        &[over(&[LONG], Type::Real).optional(1)],
        "a random real in [0, 1), or a random whole value below the argument",
    )
    .takes("below")
    .keeps_name(),
    scalar("around", AROUND, "whether the value is at most so far away from another")
        .takes("value, center, delta"),
    scalar("isnan", REAL_TO_BOOL, "whether the value is not a number").takes("value"),
    scalar("isinf", REAL_TO_BOOL, "whether the value is infinite").takes("value"),
    scalar("isfinite", REAL_TO_BOOL, "whether the value is neither infinite nor not a number")
        .takes("value"),
    scalar("binary_and", LONGS_TO_LONG, "bitwise and").takes("left, right").keeps_name(),
    scalar("binary_or", LONGS_TO_LONG, "bitwise or").takes("left, right").keeps_name(),
    scalar("binary_xor", LONGS_TO_LONG, "bitwise exclusive or").takes("left, right").keeps_name(),
    scalar("binary_shift_left", LONGS_TO_LONG, "bits moved left")
        .takes("value, count")
        .keeps_name(),
    scalar("binary_shift_right", LONGS_TO_LONG, "bits moved right")
        .takes("value, count")
        .keeps_name(),
    scalar("bitset_count_ones", &[over(&[LONG], Type::Long)], "the number of bits that are set")
        .takes("value")
        .keeps_name(),
    scalar("binary_not", &[over(&[LONG], Type::Long)], "bitwise not").takes("value").keeps_name(),
    scalar(
        "hash",
        &[over(&[Param::Any, LONG], Type::Long).optional(1)],
        "the xxHash64 of the value's text, modulo the second argument",
    )
    .takes("value, below")
    .also(&["hash_xxhash64"]),
    scalar("new_guid", &[over(&[], Type::Guid)], "a random guid"),
];
