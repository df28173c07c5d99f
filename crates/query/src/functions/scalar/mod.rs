//! Scalar functions and operators by canonical name, one family per file.

mod arithmetic;
mod array;
mod bag;
mod bin;
mod case;
mod casing;
mod coalesce;
mod contains;
mod datetime_add;
mod datetime_part;
mod encode;
mod equality;
mod extract;
mod format_datetime;
mod gettype;
mod has;
mod hash;
mod hll;
mod in_;
mod indexof;
mod is_null;
mod logic;
mod make_datetime;
mod make_series;
mod matches_regex;
mod math;
mod min_of;
mod ordering;
mod parse;
mod parse_json;
mod parse_kv;
mod rand;
mod range;
mod regexes;
mod replace;
mod round;
mod series_decompose;
mod series_fft;
mod series_fill;
mod series_filter;
mod series_fit;
mod series_math;
mod series_outliers;
mod series_periods;
mod series_stats;
mod series_vector;
mod split;
mod startof;
mod strcat;
mod strlen;
mod substring;
mod tdigest;
mod tobool;
mod todatetime;
mod toguid;
mod tolong;
mod toreal;
mod tostring;
mod trim;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Build;

pub(crate) use tdigest::mixed_digests;
pub(crate) use tostring::Cells;

/// Names and builders of one file.
type Family = &'static [(&'static str, Build)];

const FAMILIES: &[Family] = &[
    arithmetic::FAMILY,
    array::FAMILY,
    bag::FAMILY,
    bin::FAMILY,
    case::FAMILY,
    casing::FAMILY,
    coalesce::FAMILY,
    contains::FAMILY,
    datetime_add::FAMILY,
    datetime_part::FAMILY,
    encode::FAMILY,
    equality::FAMILY,
    extract::FAMILY,
    format_datetime::FAMILY,
    gettype::FAMILY,
    has::FAMILY,
    hash::FAMILY,
    hll::FAMILY,
    in_::FAMILY,
    indexof::FAMILY,
    is_null::FAMILY,
    logic::FAMILY,
    make_datetime::FAMILY,
    make_series::FAMILY,
    math::FAMILY,
    matches_regex::FAMILY,
    min_of::FAMILY,
    ordering::FAMILY,
    parse::FAMILY,
    parse_json::FAMILY,
    parse_kv::FAMILY,
    rand::FAMILY,
    range::FAMILY,
    replace::FAMILY,
    round::FAMILY,
    series_decompose::FAMILY,
    series_fft::FAMILY,
    series_fill::FAMILY,
    series_filter::FAMILY,
    series_fit::FAMILY,
    series_math::FAMILY,
    series_outliers::FAMILY,
    series_periods::FAMILY,
    series_stats::FAMILY,
    series_vector::FAMILY,
    split::FAMILY,
    startof::FAMILY,
    strcat::FAMILY,
    strlen::FAMILY,
    substring::FAMILY,
    tdigest::FAMILY,
    tobool::FAMILY,
    todatetime::FAMILY,
    toguid::FAMILY,
    tolong::FAMILY,
    toreal::FAMILY,
    tostring::FAMILY,
    trim::FAMILY,
];

static BY_NAME: LazyLock<HashMap<&'static str, (&'static str, Build)>> =
    LazyLock::new(|| FAMILIES.iter().copied().flatten().map(|&(n, b)| (n, (n, b))).collect());

pub(super) fn find(name: &str) -> Option<(&'static str, Build)> {
    BY_NAME.get(name).copied()
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().copied().flatten().map(|&(name, _)| name)
}
