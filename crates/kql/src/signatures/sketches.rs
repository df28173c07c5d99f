//! Scalar functions over what `hll()` and `tdigest()` hand out (spec kql.md §8).

use model::Type;

use super::short::*;
use super::{Naming, Overload, Param, Signature, over, scalar};

const MERGE: &[Overload] = &[over(&[DYNAMIC, DYNAMIC], Type::Dynamic).repeat(1, 1)];
const PERCENTILES: &[Overload] =
    &[over(&[DYNAMIC, REAL], Type::Dynamic).repeat(1, 1), over(&[DYNAMIC, DYNAMIC], Type::Dynamic)];
const RANK: &[Overload] = &[over(&[DYNAMIC, Param::Ordered], Type::Real)];

pub(super) static SIGNATURES: &[Signature] = &[
    scalar(
        "dcount_hll",
        &[over(&[DYNAMIC], Type::Long)],
        "the number of distinct values `hll` counted",
    )
    .takes("count")
    .named(Naming::Prefix("dcount_hll")),
    scalar("hll_merge", MERGE, "one count of several counts of `hll`")
        .takes("count, count")
        .named(Naming::Fixed("hll_merged_result")),
    scalar("hll_isvalid", &[over(&[DYNAMIC], Type::Bool)], "whether a value is a count of `hll`")
        .takes("count")
        .differs("The reference gives no meaning to a second argument: it is refused."),
    scalar(
        "percentile_tdigest",
        &[over(&[DYNAMIC, REAL], Type::Dynamic)],
        "the value at a percentile of a tdigest, as the type named",
    )
    .takes("tdigest, percentile, typeof(type)")
    .differs(
        "The type must be named: whether the untyped form yields a value or an array is not told.",
    )
    .named(Naming::Prefix("percentile_tdigest")),
    scalar(
        "percentiles_array_tdigest",
        PERCENTILES,
        "the array of values at several percentiles of a tdigest",
    )
    .takes("tdigest, percentiles")
    .named(Naming::Prefix("percentile_tdigest")),
    scalar("rank_tdigest", RANK, "how many values of a tdigest are at most this")
        .takes("tdigest, value"),
    scalar("percentrank_tdigest", RANK, "the share of a tdigest's values at most this, in percent")
        .takes("tdigest, value"),
    scalar("tdigest_isvalid", &[over(&[DYNAMIC], Type::Bool)], "whether a value is a tdigest")
        .takes("tdigest")
        .differs("The reference gives no meaning to a second argument: it is refused."),
    scalar("tdigest_merge", MERGE, "one tdigest of all values of several")
        .takes("tdigest, tdigest")
        .also(&["merge_tdigest", "merge_tdigests"])
        .named(Naming::Fixed("tdigests_merge_result")),
];
