//! Aggregates: nulls are skipped by all but `count()` (spec kql.md §7, §8).

use model::Type;

use super::short::*;
use super::{Kind, Naming, Overload, Param, Returns, Signature, over, scalar};

const fn aggregate(
    name: &'static str,
    overloads: &'static [Overload],
    summary: &'static str,
) -> Signature {
    scalar(name, overloads, summary).of_kind(Kind::Aggregate).named(Naming::Prefix(name))
}

const SUM: &[Overload] = &[
    over(&[LONG], Type::Long),
    over(&[REAL], Type::Real),
    over(&[DECIMAL], Type::Decimal),
    over(&[TIMESPAN], Type::TimeSpan),
];
const SUM_IF: &[Overload] = &[
    over(&[LONG, BOOL], Type::Long),
    over(&[REAL, BOOL], Type::Real),
    over(&[DECIMAL, BOOL], Type::Decimal),
    over(&[TIMESPAN, BOOL], Type::TimeSpan),
];
const AVG: &[Overload] = &[
    over(&[REAL], Type::Real),
    over(&[DECIMAL], Type::Decimal),
    over(&[TIMESPAN], Type::TimeSpan),
    over(&[DATETIME], Type::DateTime),
];
const AVG_IF: &[Overload] = &[
    over(&[REAL, BOOL], Type::Real),
    over(&[DECIMAL, BOOL], Type::Decimal),
    over(&[TIMESPAN, BOOL], Type::TimeSpan),
    over(&[DATETIME, BOOL], Type::DateTime),
];
const EXTREME: &[Overload] = &[over(&[Param::Ordered], Type::Dynamic).returns(Returns::Common)];
const EXTREME_IF: &[Overload] =
    &[over(&[Param::Ordered, BOOL], Type::Dynamic).returns(Returns::Common)];
/// Datetimes and timespans are not accepted: their spread has no useful unit.
const SPREAD: &[Overload] = &[over(&[REAL], Type::Real)];
const SPREAD_IF: &[Overload] = &[over(&[REAL, BOOL], Type::Real)];
const PERCENTILE: &[Overload] = &[
    over(&[LONG, REAL], Type::Long),
    over(&[REAL, REAL], Type::Real),
    over(&[DECIMAL, REAL], Type::Decimal),
    over(&[DATETIME, REAL], Type::DateTime),
    over(&[TIMESPAN, REAL], Type::TimeSpan),
];
const PERCENTILES: &[Overload] = &[
    over(&[LONG, REAL], Type::Long).repeat(1, 1).returns(Returns::First),
    over(&[REAL, REAL], Type::Real).repeat(1, 1).returns(Returns::First),
    over(&[DECIMAL, REAL], Type::Decimal).repeat(1, 1).returns(Returns::First),
    over(&[DATETIME, REAL], Type::DateTime).repeat(1, 1).returns(Returns::First),
    over(&[TIMESPAN, REAL], Type::TimeSpan).repeat(1, 1).returns(Returns::First),
];
const PERCENTILES_ARRAY: &[Overload] = &[
    over(&[LONG, REAL], Type::Dynamic).repeat(1, 1),
    over(&[REAL, REAL], Type::Dynamic).repeat(1, 1),
    over(&[DECIMAL, REAL], Type::Dynamic).repeat(1, 1),
    over(&[DATETIME, REAL], Type::Dynamic).repeat(1, 1),
    over(&[TIMESPAN, REAL], Type::Dynamic).repeat(1, 1),
];
/// The key first; further arguments are carried along.
const ARG: &[Overload] = &[
    over(&[Param::Ordered], Type::Dynamic).returns(Returns::Each),
    over(&[Param::Ordered, Param::Any], Type::Dynamic).repeat(1, 1).returns(Returns::Each),
];
const LIST: &[Overload] = &[over(&[Param::Any, LONG], Type::Dynamic).optional(1)];
const LIST_IF: &[Overload] = &[over(&[Param::Any, BOOL, LONG], Type::Dynamic).optional(1)];

pub(super) static SIGNATURES: &[Signature] = &[
    aggregate("count", &[over(&[], Type::Long)], "the number of rows"),
    aggregate("countif", &[over(&[BOOL], Type::Long)], "the number of rows where this is true"),
    aggregate("sum", SUM, "the sum, 0 for no values"),
    aggregate("sumif", SUM_IF, "the sum over rows where the predicate is true"),
    aggregate("avg", AVG, "the mean, NaN for no values"),
    aggregate("avgif", AVG_IF, "the mean over rows where the predicate is true"),
    aggregate("min", EXTREME, "the smallest value"),
    aggregate("minif", EXTREME_IF, "the smallest value of rows where the predicate is true"),
    aggregate("max", EXTREME, "the greatest value"),
    aggregate("maxif", EXTREME_IF, "the greatest value of rows where the predicate is true"),
    aggregate(
        "dcount",
        &[over(&[Param::Any, Param::Const(Type::Long)], Type::Long).optional(1)],
        "an estimate of the number of distinct values; accuracy 0 to 4",
    ),
    aggregate(
        "dcountif",
        &[over(&[Param::Any, BOOL, Param::Const(Type::Long)], Type::Long).optional(1)],
        "`dcount` over rows where the predicate is true",
    ),
    aggregate(
        "count_distinct",
        &[over(&[Param::Any], Type::Long)],
        "the exact number of distinct values",
    ),
    aggregate(
        "count_distinctif",
        &[over(&[Param::Any, BOOL], Type::Long)],
        "the exact number of distinct values of rows where the predicate is true",
    ),
    aggregate("percentile", PERCENTILE, "the value at a percentile, one that occurs")
        .named(Naming::Special),
    aggregate("percentiles", PERCENTILES, "the values at several percentiles, one column each")
        .named(Naming::Special),
    aggregate("percentiles_array", PERCENTILES_ARRAY, "the array of values at several percentiles")
        .named(Naming::Special),
    aggregate(
        "take_any",
        &[over(&[Param::Any], Type::Dynamic).repeat(0, 1).returns(Returns::Each)],
        "the values of some row",
    )
    .also(&["any"])
    .named(Naming::Special),
    aggregate(
        "take_anyif",
        &[over(&[Param::Common, BOOL], Type::Dynamic).returns(Returns::Common)],
        "the value of some row where the predicate is true",
    )
    .also(&["anyif"])
    .named(Naming::Argument),
    aggregate("arg_max", ARG, "the greatest value and other columns of its row")
        .also(&["argmax"])
        .named(Naming::Special),
    aggregate("arg_min", ARG, "the smallest value and other columns of its row")
        .also(&["argmin"])
        .named(Naming::Special),
    aggregate("make_list", LIST, "the array of the values, at most a number of them")
        .also(&["makelist"])
        .named(Naming::Prefix("list")),
    aggregate("make_list_if", LIST_IF, "`make_list` over rows where the predicate is true")
        .named(Naming::Prefix("list")),
    aggregate(
        "make_list_with_nulls",
        &[over(&[Param::Any], Type::Dynamic)],
        "the array of the values, nulls included",
    )
    .named(Naming::Prefix("list")),
    aggregate("make_set", LIST, "the array of the distinct values, at most a number of them")
        .also(&["makeset"])
        .named(Naming::Prefix("set")),
    aggregate("make_set_if", LIST_IF, "`make_set` over rows where the predicate is true")
        .named(Naming::Prefix("set")),
    aggregate(
        "make_bag",
        &[over(&[DYNAMIC, LONG], Type::Dynamic).optional(1)],
        "one bag of the properties of all bags; the first value of a name wins",
    )
    .also(&["make_dictionary"])
    .named(Naming::Prefix("bag")),
    aggregate(
        "make_bag_if",
        &[over(&[DYNAMIC, BOOL, LONG], Type::Dynamic).optional(1)],
        "`make_bag` over rows where the predicate is true",
    )
    .named(Naming::Prefix("bag")),
    aggregate("stdev", SPREAD, "the sample standard deviation, 0 for fewer than two values"),
    aggregate("stdevif", SPREAD_IF, "`stdev` over rows where the predicate is true"),
    aggregate("stdevp", SPREAD, "the population standard deviation"),
    aggregate("variance", SPREAD, "the sample variance, 0 for fewer than two values"),
    aggregate("varianceif", SPREAD_IF, "`variance` over rows where the predicate is true"),
    aggregate("variancep", SPREAD, "the population variance"),
    aggregate("variancepif", SPREAD_IF, "`variancep` over rows where the predicate is true"),
];
