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
    over(&[LONG], Type::Real),
    over(&[REAL], Type::Real),
    over(&[DECIMAL], Type::Decimal),
    over(&[TIMESPAN], Type::TimeSpan),
    over(&[DATETIME], Type::DateTime),
];
const AVG_IF: &[Overload] = &[
    over(&[LONG, BOOL], Type::Real),
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
    over(&[DATETIME, REAL], Type::DateTime),
    over(&[TIMESPAN, REAL], Type::TimeSpan),
];
const PERCENTILES: &[Overload] = &[
    over(&[LONG, REAL], Type::Long).repeat(1, 1).returns(Returns::First),
    over(&[REAL, REAL], Type::Real).repeat(1, 1).returns(Returns::First),
    over(&[DATETIME, REAL], Type::DateTime).repeat(1, 1).returns(Returns::First),
    over(&[TIMESPAN, REAL], Type::TimeSpan).repeat(1, 1).returns(Returns::First),
];
const PERCENTILES_ARRAY: &[Overload] = &[
    over(&[LONG, REAL], Type::Dynamic).repeat(1, 1),
    over(&[REAL, REAL], Type::Dynamic).repeat(1, 1),
    over(&[DATETIME, REAL], Type::Dynamic).repeat(1, 1),
    over(&[TIMESPAN, REAL], Type::Dynamic).repeat(1, 1),
];
const PERCENTILES_W: &[Overload] = &[
    over(&[LONG, LONG, REAL], Type::Long).repeat(2, 1).returns(Returns::First),
    over(&[REAL, LONG, REAL], Type::Real).repeat(2, 1).returns(Returns::First),
    over(&[DATETIME, LONG, REAL], Type::DateTime).repeat(2, 1).returns(Returns::First),
    over(&[TIMESPAN, LONG, REAL], Type::TimeSpan).repeat(2, 1).returns(Returns::First),
];
const PERCENTILE_W: &[Overload] = &[
    over(&[LONG, LONG, REAL], Type::Long),
    over(&[REAL, LONG, REAL], Type::Real),
    over(&[DATETIME, LONG, REAL], Type::DateTime),
    over(&[TIMESPAN, LONG, REAL], Type::TimeSpan),
];
const PERCENTILES_W_ARRAY: &[Overload] = &[
    over(&[LONG, LONG, REAL], Type::Dynamic).repeat(2, 1),
    over(&[REAL, LONG, REAL], Type::Dynamic).repeat(2, 1),
    over(&[DATETIME, LONG, REAL], Type::Dynamic).repeat(2, 1),
    over(&[TIMESPAN, LONG, REAL], Type::Dynamic).repeat(2, 1),
];
const TDIGEST: &[Overload] = &[
    over(&[LONG, LONG], Type::Dynamic).optional(1),
    over(&[REAL, LONG], Type::Dynamic).optional(1),
    over(&[DATETIME, LONG], Type::Dynamic).optional(1),
    over(&[TIMESPAN, LONG], Type::Dynamic).optional(1),
];
/// Reals and timespans have no bits of their own to combine.
const BITS: &[Overload] = &[over(&[INT], Type::Int), over(&[LONG], Type::Long)];
const PAIR: &[Overload] = &[over(&[REAL, REAL], Type::Real)];
const PAIR_IF: &[Overload] = &[over(&[REAL, REAL, BOOL], Type::Real)];
/// The key first; further arguments are carried along.
const ARG: &[Overload] = &[
    over(&[Param::Ordered], Type::Dynamic).returns(Returns::Each),
    over(&[Param::Ordered, Param::Any], Type::Dynamic).repeat(1, 1).returns(Returns::Each),
];
const NUMBER: Param = Param::Const(Type::Long);
const LIST: &[Overload] = &[over(&[Param::Any, NUMBER], Type::Dynamic).optional(1)];
const LIST_IF: &[Overload] = &[over(&[Param::Any, BOOL, NUMBER], Type::Dynamic).optional(1)];

pub(super) static SIGNATURES: &[Signature] = &[
    aggregate("count", &[over(&[], Type::Long)], "the number of rows").also(&["cnt"]),
    aggregate("countif", &[over(&[BOOL], Type::Long)], "the number of rows where this is true")
        .takes("predicate"),
    aggregate("sum", SUM, "the sum, 0 for no values").takes("value"),
    aggregate("sumif", SUM_IF, "the sum over rows where the predicate is true")
        .takes("value, predicate"),
    aggregate("avg", AVG, "the mean, NaN for no values").takes("value"),
    aggregate("avgif", AVG_IF, "the mean over rows where the predicate is true")
        .takes("value, predicate"),
    aggregate("min", EXTREME, "the smallest value").takes("value"),
    aggregate("minif", EXTREME_IF, "the smallest value of rows where the predicate is true")
        .takes("value, predicate"),
    aggregate("max", EXTREME, "the greatest value").takes("value"),
    aggregate("maxif", EXTREME_IF, "the greatest value of rows where the predicate is true")
        .takes("value, predicate"),
    aggregate(
        "dcount",
        &[over(&[Param::Any, Param::Const(Type::Long)], Type::Long).optional(1)],
        "an estimate of the number of distinct values; accuracy 0 to 4",
    )
    .takes("value, accuracy"),
    aggregate(
        "dcountif",
        &[over(&[Param::Any, BOOL, Param::Const(Type::Long)], Type::Long).optional(1)],
        "`dcount` over rows where the predicate is true",
    )
    .takes("value, predicate, accuracy"),
    aggregate(
        "count_distinct",
        &[over(&[Param::Any], Type::Long)],
        "the exact number of distinct values",
    )
    .takes("value"),
    aggregate(
        "count_distinctif",
        &[over(&[Param::Any, BOOL], Type::Long)],
        "the exact number of distinct values of rows where the predicate is true",
    )
    .takes("value, predicate"),
    aggregate(
        "hll",
        &[over(&[Param::Any, NUMBER], Type::Dynamic).optional(1)],
        "a count of distinct values that can be stored and merged; accuracy 0 to 4",
    )
    .takes("value, accuracy"),
    aggregate(
        "hll_if",
        &[over(&[Param::Any, BOOL, NUMBER], Type::Dynamic).optional(1)],
        "`hll` over rows where the predicate is true",
    )
    .takes("value, predicate, accuracy"),
    aggregate("hll_merge", &[over(&[DYNAMIC], Type::Dynamic)], "one count of all counts of `hll`")
        .takes("counts"),
    aggregate("percentile", PERCENTILE, "the value at a percentile, one that occurs")
        .takes("value, percentage")
        .named(Naming::Special),
    aggregate("percentiles", PERCENTILES, "the values at several percentiles, one column each")
        .takes("value, percentage")
        .named(Naming::Special),
    aggregate("percentiles_array", PERCENTILES_ARRAY, "the array of values at several percentiles")
        .takes("value, percentages")
        .named(Naming::Special),
    aggregate("percentilew", PERCENTILE_W, "the value at a percentile of weighted values")
        .takes("value, weight, percentile")
        .named(Naming::Special),
    aggregate(
        "percentilesw",
        PERCENTILES_W,
        "the values at several percentiles of weighted values, one column each",
    )
    .takes("value, weight, percentile")
    .named(Naming::Special),
    aggregate(
        "percentilesw_array",
        PERCENTILES_W_ARRAY,
        "the array of values at several percentiles of weighted values",
    )
    .takes("value, weight, percentiles")
    .named(Naming::Special),
    aggregate(
        "tdigest",
        TDIGEST,
        "the quantiles of values, weighted where a weight is given, to be stored and merged",
    )
    .takes("value, weight"),
    aggregate(
        "tdigest_merge",
        &[over(&[DYNAMIC], Type::Dynamic)],
        "one tdigest of all values of tdigests",
    )
    .takes("tdigests")
    .also(&["merge_tdigest", "merge_tdigests"])
    .named(Naming::Prefix("merge_tdigests")),
    aggregate(
        "take_any",
        &[over(&[Param::Any], Type::Dynamic).repeat(0, 1).returns(Returns::Each)],
        "the values of some row",
    )
    .takes("column")
    .also(&["any"])
    .named(Naming::Special),
    aggregate(
        "take_anyif",
        &[over(&[Param::Common, BOOL], Type::Dynamic).returns(Returns::Common)],
        "the value of some row where the predicate is true",
    )
    .takes("value, predicate")
    .also(&["anyif"])
    .named(Naming::Argument),
    aggregate("arg_max", ARG, "the greatest value and other columns of its row")
        .takes("value, column")
        .also(&["argmax"])
        .named(Naming::Special),
    aggregate("arg_min", ARG, "the smallest value and other columns of its row")
        .takes("value, column")
        .also(&["argmin"])
        .named(Naming::Special),
    aggregate("make_list", LIST, "the array of the values, at most a number of them")
        .takes("value, size_max")
        .also(&["makelist"])
        .named(Naming::Prefix("list")),
    aggregate("make_list_if", LIST_IF, "`make_list` over rows where the predicate is true")
        .takes("value, predicate, size_max")
        .named(Naming::Prefix("list")),
    aggregate(
        "make_list_with_nulls",
        &[over(&[Param::Any], Type::Dynamic)],
        "the array of the values, nulls included",
    )
    .takes("value")
    .named(Naming::Prefix("list")),
    aggregate("make_set", LIST, "the array of the distinct values, at most a number of them")
        .takes("value, size_max")
        .also(&["makeset"])
        .named(Naming::Prefix("set")),
    aggregate("make_set_if", LIST_IF, "`make_set` over rows where the predicate is true")
        .takes("value, predicate, size_max")
        .named(Naming::Prefix("set")),
    aggregate(
        "make_bag",
        &[over(&[DYNAMIC, NUMBER], Type::Dynamic).optional(1)],
        "one bag of the properties of all bags; the first value of a name wins",
    )
    .takes("value, size_max")
    .also(&["make_dictionary"])
    .named(Naming::Prefix("bag")),
    aggregate(
        "make_bag_if",
        &[over(&[DYNAMIC, BOOL, NUMBER], Type::Dynamic).optional(1)],
        "`make_bag` over rows where the predicate is true",
    )
    .takes("value, predicate, size_max")
    .named(Naming::Prefix("bag")),
    aggregate("stdev", SPREAD, "the sample standard deviation, 0 for fewer than two values")
        .takes("value"),
    aggregate("stdevif", SPREAD_IF, "`stdev` over rows where the predicate is true")
        .takes("value, predicate"),
    aggregate("stdevp", SPREAD, "the population standard deviation").takes("value"),
    aggregate("stdevpif", SPREAD_IF, "`stdevp` over rows where the predicate is true")
        .takes("value, predicate"),
    aggregate("variance", SPREAD, "the sample variance, 0 for fewer than two values")
        .takes("value"),
    aggregate("varianceif", SPREAD_IF, "`variance` over rows where the predicate is true")
        .takes("value, predicate"),
    aggregate("variancep", SPREAD, "the population variance").takes("value"),
    aggregate("variancepif", SPREAD_IF, "`variancep` over rows where the predicate is true")
        .takes("value, predicate"),
    aggregate("covariance", PAIR, "the sample covariance, 0 for fewer than two pairs")
        .takes("x, y")
        .named(Naming::Special),
    aggregate("covarianceif", PAIR_IF, "`covariance` over rows where the predicate is true")
        .takes("x, y, predicate")
        .named(Naming::Special),
    aggregate("covariancep", PAIR, "the population covariance")
        .takes("x, y")
        .named(Naming::Special),
    aggregate("covariancepif", PAIR_IF, "`covariancep` over rows where the predicate is true")
        .takes("x, y, predicate")
        .named(Naming::Special),
    aggregate("binary_all_and", BITS, "the bits set in all values").takes("value").keeps_name(),
    aggregate("binary_all_or", BITS, "the bits set in some value").takes("value").keeps_name(),
    aggregate("binary_all_xor", BITS, "the bits set in an odd number of values")
        .takes("value")
        .keeps_name(),
    aggregate(
        "buildschema",
        &[over(&[DYNAMIC], Type::Dynamic)],
        "the smallest schema that admits all values",
    )
    .takes("value")
    .named(Naming::Prefix("schema")),
];
