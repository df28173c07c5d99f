//! Conversions: they never fail, they yield null (spec kql.md §4).

use model::Type;

use super::short::*;
use super::{Overload, Param, Signature, over, scalar};

const TO_BOOL: &[Overload] = &[over(&[Param::Any], Type::Bool)];
const TO_INT: &[Overload] = &[over(&[Param::Any], Type::Int)];
const TO_LONG: &[Overload] = &[over(&[Param::Any], Type::Long)];
const TO_REAL: &[Overload] = &[over(&[Param::Any], Type::Real)];
const TO_DECIMAL: &[Overload] = &[over(&[Param::Any], Type::Decimal)];
const TO_STRING: &[Overload] = &[over(&[Param::Any], Type::String)];
const TO_DATETIME: &[Overload] = &[over(&[Param::Any], Type::DateTime)];
const TO_TIMESPAN: &[Overload] = &[over(&[Param::Any], Type::TimeSpan)];
const TO_GUID: &[Overload] = &[over(&[Param::Any], Type::Guid)];

pub(super) static SIGNATURES: &[Signature] = &[
    scalar("tobool", TO_BOOL, "the value as bool").takes("value").also(&["toboolean"]).keeps_name(),
    scalar("toint", TO_INT, "the value as int; a long wraps").takes("value").keeps_name(),
    scalar("tolong", TO_LONG, "the value as long").takes("value").keeps_name(),
    scalar("toreal", TO_REAL, "the value as real").takes("value").also(&["todouble"]).keeps_name(),
    scalar("todecimal", TO_DECIMAL, "the value as decimal").takes("value").keeps_name(),
    scalar("tostring", TO_STRING, "the value as text, `''` for null").takes("value").keeps_name(),
    scalar("todatetime", TO_DATETIME, "the value as datetime; a number counts ticks")
        .takes("value")
        .differs("Instants before 1677-09-21 and after 2262-04-11 are null.")
        .keeps_name(),
    scalar("totimespan", TO_TIMESPAN, "the value as timespan; a number counts ticks")
        .takes("value")
        .also(&["totime"])
        .keeps_name(),
    scalar("toguid", TO_GUID, "the value as guid").takes("value").keeps_name(),
    scalar(
        "todynamic",
        &[over(&[Param::Any], Type::Dynamic)],
        "the value as dynamic: a string is read as JSON (text that is no JSON stays a string)",
    )
    .takes("value")
    .also(&["parse_json", "parsejson", "toobject"])
    .keeps_name(),
    scalar("gettype", TO_STRING, "the name of the value's type")
        .takes("value")
        .named(super::Naming::Prefix("type")),
    scalar(
        "tohex",
        &[
            over(&[INT, LONG], Type::String).optional(1),
            over(&[LONG, LONG], Type::String).optional(1),
        ],
        "the whole number in hexadecimal, padded to a length of at most 16",
    )
    .takes("value, length")
    .keeps_name(),
];
