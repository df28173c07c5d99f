//! Choice, null tests and functions the binder resolves (spec kql.md §4).

use model::Type;

use super::operators::COMMON_LIST;
use super::short::*;
use super::{Naming, Overload, Param, Signature, common, over, scalar};

const TEST: &[Overload] = &[over(&[Param::Any], Type::Bool)];

pub(super) static SIGNATURES: &[Signature] = &[
    scalar(
        "iff",
        &[common(&[BOOL, Param::Common, Param::Common])],
        "the second value when the condition is true, else the third",
    )
    .takes("condition, then, else")
    .also(&["iif"]),
    scalar(
        "case",
        &[common(&[BOOL, Param::Common, Param::Common]).repeat(0, 2)],
        "the value after the first condition that is true, else the last value",
    )
    .takes("condition, then, else"),
    scalar(
        "coalesce",
        &[common(&[Param::Common]).repeat(0, 1)],
        "the first value that is neither null nor `''`",
    )
    .takes("value"),
    scalar("min_of", COMMON_LIST, "the smallest of the values; nulls are skipped").takes("value"),
    scalar("max_of", COMMON_LIST, "the greatest of the values; nulls are skipped").takes("value"),
    scalar("not", &[over(&[BOOL], Type::Bool)], "the opposite").takes("value"),
    scalar("isempty", TEST, "whether the value is null or `''`").takes("value"),
    scalar("isnotempty", TEST, "whether the value is neither null nor `''`")
        .takes("value")
        .also(&["notempty"]),
    scalar("isnull", TEST, "whether the value is null; a string never is").takes("value"),
    scalar("isnotnull", TEST, "whether the value is not null").takes("value").also(&["notnull"]),
    scalar(
        "assert",
        &[over(&[BOOL, STRING], Type::Bool)],
        "true, or the query fails with the message; the condition reads no column",
    )
    .takes("condition, message"),
    scalar(
        "iscolumnexists",
        &[over(&[WORD], Type::Bool)],
        "whether there is a column of this name",
    )
    .takes("name")
    .by_binder(),
    scalar(
        "column_names_of",
        &[over(&[Param::Any], Type::Dynamic)],
        "the array of the names of a table's columns",
    )
    .takes("table")
    .by_binder(),
    scalar(
        "column_ifexists",
        &[over(&[WORD, Param::Any], Type::Dynamic)],
        "the column of this name, or the second argument when there is none",
    )
    .takes("column_name, default")
    .also(&["columnifexists"])
    .named(Naming::Special)
    .by_binder(),
];
