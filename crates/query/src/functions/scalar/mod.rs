//! Scalar functions and operators by canonical name, one family per file.

mod arithmetic;
mod around;
mod array;
mod array_shift;
mod assert;
mod bag;
mod bag_set;
mod base64;
mod bin;
mod case;
mod casing;
mod coalesce;
mod contains;
mod convert;
mod datetime_add;
mod datetime_part;
mod digest;
mod encode;
mod equality;
mod estimate_data_size;
mod extract;
mod format_bytes;
mod format_datetime;
mod geo;
mod geo_line_length;
mod geo_polygon;
mod geo_wkt;
mod geohash;
mod gettype;
mod has;
mod has_ipv4;
mod hash;
mod hll;
mod in_;
mod indexof;
mod ipv4;
mod ipv6;
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
mod parse_path;
mod parse_xml;
mod punycode;
mod rand;
mod range;
mod regexes;
mod replace;
mod replace_strings;
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
mod sets;
mod split;
mod startof;
mod statistics;
mod strcat;
mod strlen;
mod substring;
mod tdigest;
mod timezone;
mod tobool;
mod todatetime;
mod toguid;
mod tolong;
mod toreal;
mod tostring;
mod trim;
mod unicode;
mod units;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Build;

pub(crate) use tdigest::mixed_digests;
pub(crate) use tostring::Cells;

/// Names and builders of one file.
type Family = &'static [(&'static str, Build)];

const FAMILIES: &[Family] = &[
    arithmetic::FAMILY,
    around::FAMILY,
    array::FAMILY,
    array_shift::FAMILY,
    assert::FAMILY,
    bag::FAMILY,
    bag_set::FAMILY,
    base64::FAMILY,
    bin::FAMILY,
    case::FAMILY,
    casing::FAMILY,
    coalesce::FAMILY,
    contains::FAMILY,
    convert::FAMILY,
    datetime_add::FAMILY,
    datetime_part::FAMILY,
    digest::FAMILY,
    encode::FAMILY,
    equality::FAMILY,
    estimate_data_size::FAMILY,
    extract::FAMILY,
    format_bytes::FAMILY,
    format_datetime::FAMILY,
    geo::FAMILY,
    geo_line_length::FAMILY,
    geo_polygon::FAMILY,
    geo_wkt::FAMILY,
    geohash::FAMILY,
    gettype::FAMILY,
    has::FAMILY,
    has_ipv4::FAMILY,
    hash::FAMILY,
    hll::FAMILY,
    in_::FAMILY,
    indexof::FAMILY,
    ipv4::FAMILY,
    ipv6::FAMILY,
    is_null::FAMILY,
    logic::FAMILY,
    make_datetime::FAMILY,
    make_series::FAMILY,
    matches_regex::FAMILY,
    math::FAMILY,
    min_of::FAMILY,
    ordering::FAMILY,
    parse::FAMILY,
    parse_json::FAMILY,
    parse_kv::FAMILY,
    parse_path::FAMILY,
    parse_xml::FAMILY,
    punycode::FAMILY,
    rand::FAMILY,
    range::FAMILY,
    replace::FAMILY,
    replace_strings::FAMILY,
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
    sets::FAMILY,
    split::FAMILY,
    startof::FAMILY,
    statistics::FAMILY,
    strcat::FAMILY,
    strlen::FAMILY,
    substring::FAMILY,
    tdigest::FAMILY,
    timezone::FAMILY,
    tobool::FAMILY,
    todatetime::FAMILY,
    toguid::FAMILY,
    tolong::FAMILY,
    toreal::FAMILY,
    tostring::FAMILY,
    trim::FAMILY,
    unicode::FAMILY,
];

static BY_NAME: LazyLock<HashMap<&'static str, (&'static str, Build)>> =
    LazyLock::new(|| FAMILIES.iter().copied().flatten().map(|&(n, b)| (n, (n, b))).collect());

pub(super) fn find(name: &str) -> Option<(&'static str, Build)> {
    BY_NAME.get(name).copied()
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().copied().flatten().map(|&(name, _)| name)
}
