//! Functions over series: arrays of numbers, mostly made by `make-series` (spec kql.md §9).

use model::Type;

use super::short::*;
use super::{Overload, Signature, over, scalar};

const SERIES: &[Overload] = &[over(&[DYNAMIC], Type::Dynamic)];
/// One of the two may be a number that stands for every element.
const PAIR: &[Overload] = &[
    over(&[DYNAMIC, DYNAMIC], Type::Dynamic),
    over(&[DYNAMIC, LONG], Type::Dynamic),
    over(&[DYNAMIC, REAL], Type::Dynamic),
    over(&[LONG, DYNAMIC], Type::Dynamic),
    over(&[REAL, DYNAMIC], Type::Dynamic),
];
const FILL: &[Overload] = &[over(&[DYNAMIC, REAL], Type::Dynamic).optional(1)];
const FILL_CONST: &[Overload] = &[
    over(&[DYNAMIC, LONG, REAL], Type::Dynamic).optional(2),
    over(&[DYNAMIC, REAL, REAL], Type::Dynamic).optional(1),
];
const FILL_LINEAR: &[Overload] = &[over(&[DYNAMIC, REAL, BOOL, REAL], Type::Dynamic).optional(3)];
const STATS: &[Overload] = &[over(&[DYNAMIC, BOOL], Type::Dynamic).optional(1)];
const REDUCE: &[Overload] = &[over(&[DYNAMIC], Type::Real)];
const DOT: &[Overload] = &[
    over(&[DYNAMIC, DYNAMIC], Type::Real),
    over(&[DYNAMIC, REAL], Type::Real),
    over(&[REAL, DYNAMIC], Type::Real),
];
const COMPLEX: &[Overload] = &[over(&[DYNAMIC, DYNAMIC], Type::Dynamic).optional(1)];
const COMPLEX_OUT: &[(&str, Type)] = &[("real", Type::Dynamic), ("imag", Type::Dynamic)];
const PERIODS_OUT: &[(&str, Type)] = &[("periods", Type::Dynamic), ("scores", Type::Dynamic)];
const DECOMPOSE_OUT: &[(&str, Type)] = &[
    ("baseline", Type::Dynamic),
    ("seasonal", Type::Dynamic),
    ("trend", Type::Dynamic),
    ("residual", Type::Dynamic),
];
const STATS_OUT: &[(&str, Type)] = &[
    ("min", Type::Real),
    ("min_idx", Type::Long),
    ("max", Type::Real),
    ("max_idx", Type::Long),
    ("avg", Type::Real),
    ("stdev", Type::Real),
    ("variance", Type::Real),
];
const LINE_OUT: &[(&str, Type)] = &[
    ("rsquare", Type::Real),
    ("slope", Type::Real),
    ("variance", Type::Real),
    ("rvariance", Type::Real),
    ("interception", Type::Real),
    ("line_fit", Type::Dynamic),
];
const TWO_LINES_OUT: &[(&str, Type)] = &[
    ("rsquare", Type::Real),
    ("split_idx", Type::Long),
    ("variance", Type::Real),
    ("rvariance", Type::Real),
    ("line_fit", Type::Dynamic),
    ("right_rsquare", Type::Real),
    ("right_slope", Type::Real),
    ("right_interception", Type::Real),
    ("right_variance", Type::Real),
    ("right_rvariance", Type::Real),
    ("left_rsquare", Type::Real),
    ("left_slope", Type::Real),
    ("left_interception", Type::Real),
    ("left_variance", Type::Real),
    ("left_rvariance", Type::Real),
];
const POLY_OUT: &[(&str, Type)] = &[
    ("rsquare", Type::Real),
    ("coefficients", Type::Dynamic),
    ("variance", Type::Real),
    ("rvariance", Type::Real),
    ("poly_fit", Type::Dynamic),
];

const fn each(name: &'static str, summary: &'static str) -> Signature {
    scalar(name, SERIES, summary).takes("series")
}

const fn pair(name: &'static str, summary: &'static str) -> Signature {
    scalar(name, PAIR, summary).takes("series1, series2")
}

pub(super) static SIGNATURES: &[Signature] = &[
    pair("series_add", "the sums of the elements of two series"),
    pair("series_subtract", "the elements of the first series less those of the second"),
    pair("series_multiply", "the products of the elements of two series"),
    pair("series_divide", "the quotients of the elements of two series, as reals"),
    pair("series_pow", "the elements of the first series raised to those of the second"),
    pair("series_greater", "where an element is greater than that of the second series"),
    pair("series_greater_equals", "where an element is not less than that of the second series"),
    pair("series_less", "where an element is less than that of the second series"),
    pair("series_less_equals", "where an element is not greater than that of the second series"),
    pair("series_equals", "where the elements of two series are equal"),
    pair("series_not_equals", "where the elements of two series differ"),
    each("series_abs", "the elements without their signs"),
    each("series_sign", "-1, 0 or 1 for each element"),
    each("series_floor", "the elements rounded down"),
    each("series_ceiling", "the elements rounded up"),
    each("series_exp", "e raised to each element"),
    each("series_log", "the natural logarithm of each element"),
    each("series_sin", "the sine of each element"),
    each("series_cos", "the cosine of each element"),
    each("series_tan", "the tangent of each element"),
    each("series_asin", "the arc sine of each element"),
    each("series_acos", "the arc cosine of each element"),
    each("series_atan", "the arc tangent of each element"),
    scalar("series_fill_forward", FILL, "missing elements replaced by the last one before")
        .takes("series, placeholder")
        .keeps_name(),
    scalar("series_fill_backward", FILL, "missing elements replaced by the next one")
        .takes("series, placeholder")
        .keeps_name(),
    scalar("series_fill_const", FILL_CONST, "missing elements replaced by a number")
        .takes("series, value, placeholder")
        .keeps_name(),
    scalar(
        "series_fill_linear",
        FILL_LINEAR,
        "missing elements on a line between their neighbours",
    )
    .takes("series, placeholder, edges, value")
    .keeps_name(),
    scalar("series_product", REDUCE, "the product of the elements").takes("series"),
    scalar("series_magnitude", REDUCE, "the length of the series as a vector").takes("series"),
    scalar("series_dot_product", DOT, "the sum of the products of the elements of two series")
        .takes("series1, series2"),
    scalar(
        "series_cosine_similarity",
        &[over(&[DYNAMIC, DYNAMIC, REAL, REAL], Type::Real).optional(2)],
        "the cosine of the angle between two series as vectors",
    )
    .takes("series1, series2, magnitude1, magnitude2"),
    scalar(
        "series_pearson_correlation",
        &[over(&[DYNAMIC, DYNAMIC], Type::Real)],
        "how far two series lie on a line with each other, from -1 to 1",
    )
    .takes("series1, series2"),
    scalar("series_stats", STATS, "smallest, greatest, mean and spread of a series")
        .takes("series, ignore_nonfinite")
        .yields(STATS_OUT),
    scalar("series_stats_dynamic", STATS, "`series_stats` and sum and length as a bag")
        .takes("series, ignore_nonfinite"),
    scalar("series_fit_line", SERIES, "the straight line nearest to a series")
        .takes("series")
        .yields(LINE_OUT),
    each("series_fit_line_dynamic", "`series_fit_line` as a bag"),
    scalar("series_fit_2lines", SERIES, "the two straight lines nearest to a series")
        .takes("series")
        .yields(TWO_LINES_OUT),
    each("series_fit_2lines_dynamic", "`series_fit_2lines` as a bag"),
    scalar(
        "series_fit_poly",
        &[over(&[DYNAMIC, DYNAMIC, LONG], Type::Dynamic).optional(2)],
        "the polynomial nearest to a series; without places of its own at 1, 2, …",
    )
    .takes("series, x_series, degree")
    .yields(POLY_OUT),
    scalar(
        "series_fir",
        &[over(&[DYNAMIC, DYNAMIC, BOOL, BOOL], Type::Dynamic).optional(2)],
        "each element with those before it, weighted by a filter",
    )
    .takes("series, filter, normalize, center")
    .keeps_name(),
    scalar(
        "series_iir",
        &[over(&[DYNAMIC, DYNAMIC, DYNAMIC], Type::Dynamic)],
        "a filter that also weighs its own earlier results",
    )
    .takes("series, numerators, denominators")
    .keeps_name(),
    scalar("series_fft", COMPLEX, "the Fourier transform of a series")
        .takes("real, imaginary")
        .yields(COMPLEX_OUT),
    scalar("series_ifft", COMPLEX, "the inverse of `series_fft`")
        .takes("real, imaginary")
        .yields(COMPLEX_OUT),
    scalar(
        "series_outliers",
        &[over(&[DYNAMIC, STRING, REAL, REAL, REAL, LONG], Type::Dynamic).optional(5)],
        "how far each element lies outside of the bulk, in widths of it; 1.5 is an anomaly",
    )
    .takes("series, kind, ignore, min_percentile, max_percentile, test_points")
    .keeps_name()
    .differs(
        "The scale of the vendor's scores is not published: here 1.5 means the same for any \
         percentiles of normally distributed values, and where the bulk has no width, the standard \
         deviation stands for it.",
    ),
    scalar(
        "series_periods_detect",
        &[over(&[DYNAMIC, REAL, REAL, LONG], Type::Dynamic)],
        "the lengths at which a series repeats itself, best first, and how well it does",
    )
    .takes("series, min_period, max_period, count")
    .yields(PERIODS_OUT)
    .differs(PERIODS_DIFFER),
    scalar(
        "series_periods_validate",
        &[over(&[DYNAMIC, REAL], Type::Dynamic).repeat(1, 1)],
        "how well a series repeats itself at given lengths",
    )
    .takes("series, period, …")
    .yields(PERIODS_OUT)
    .differs(PERIODS_DIFFER),
    scalar(
        "series_seasonal",
        &[over(&[DYNAMIC, LONG, LONG], Type::Dynamic).optional(2)],
        "the part of a series that repeats itself",
    )
    .takes("series, period, test_points")
    .differs(PERIODS_DIFFER),
    scalar(
        "series_decompose",
        &[over(&[DYNAMIC, LONG, STRING, LONG, REAL], Type::Dynamic).optional(4)],
        "a series as its seasons, its trend and the rest",
    )
    .takes("series, period, trend, test_points, threshold")
    .yields(DECOMPOSE_OUT)
    .differs(PERIODS_DIFFER),
    scalar(
        "series_decompose_forecast",
        &[over(&[DYNAMIC, LONG, LONG, STRING, REAL], Type::Dynamic).optional(3)],
        "a series with its last points replaced by what its seasons and trend promise",
    )
    .takes("series, points, period, trend, threshold")
    .yields(DECOMPOSE_OUT)
    .differs(PERIODS_DIFFER),
    scalar(
        "series_decompose_anomalies",
        &[over(&[DYNAMIC, REAL, LONG, STRING, LONG, STRING, REAL], Type::Dynamic).optional(6)],
        "the elements that differ from what seasons and trend promise",
    )
    .takes("series, threshold, period, trend, test_points, method, seasonality_threshold")
    .yields(&[("ad_flag", Type::Dynamic), ("ad_score", Type::Dynamic), ("baseline", Type::Dynamic)])
    .differs(PERIODS_DIFFER),
];

const PERIODS_DIFFER: &str = "Periods and their scores are found by autocorrelation: the digits of \
                              a score are not the vendor's.";
