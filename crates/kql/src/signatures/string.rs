//! Functions over text (spec kql.md §4, §5).

use model::Type;

use super::short::*;
use super::{Naming, Overload, Param, Signature, over, scalar};

const TEXT: &[Overload] = &[over(&[Param::Text], Type::String)];
const STRING_TO_STRING: &[Overload] = &[over(&[STRING], Type::String)];
const TRIM: &[Overload] = &[over(&[STRING, STRING], Type::String)];
const INDEX_OF: &[Overload] =
    &[over(&[Param::Text, Param::Text, LONG, LONG, LONG], Type::Long).optional(3)];

pub(super) static SIGNATURES: &[Signature] = &[
    scalar(
        "strcat",
        &[over(&[Param::Text], Type::String).repeat(0, 1)],
        "the texts of all arguments, joined",
    )
    .takes("value"),
    scalar(
        "strcat_delim",
        &[over(&[Param::Text, Param::Text], Type::String).repeat(1, 1)],
        "the texts of the arguments after the first, joined with the first between them",
    )
    .takes("delimiter, value, value"),
    scalar(
        "strcat_array",
        &[over(&[DYNAMIC, Param::Text], Type::String)],
        "the elements of an array as text, joined with a delimiter",
    )
    .also(&["array_strcat"])
    .takes("array, delimiter"),
    scalar(
        "substring",
        &[over(&[Param::Text, LONG, LONG], Type::String).optional(1)],
        "a part of a text: start from 0 (negative from the end), length",
    )
    .takes("text, start, length"),
    scalar(
        "split",
        &[over(&[Param::Text, STRING, LONG], Type::Dynamic).optional(1)],
        "the array of parts of a text between delimiters; with an index an array of that part",
    )
    .takes("text, delimiter, index")
    .keeps_name(),
    scalar(
        "extract",
        &[over(&[STRING, LONG, STRING], Type::String)],
        "a capture group of a regular expression's first match (regex, group, text)",
    )
    .takes("regex, group, text"),
    scalar(
        "extract_all",
        &[over(&[STRING, STRING], Type::Dynamic), over(&[STRING, DYNAMIC, STRING], Type::Dynamic)],
        "the capture groups of all matches of a regular expression (regex, [groups,] text)",
    )
    .takes("regex, groups, text")
    .also(&["extractall"]),
    scalar(
        "extract_json",
        &[over(&[STRING, STRING], Type::String)],
        "the element of a JSON text at a path, as text (path, json)",
    )
    .takes("path, text")
    .also(&["extractjson"]),
    scalar("tolower", TEXT, "the text in lower case").takes("text"),
    scalar("toupper", TEXT, "the text in upper case").takes("text"),
    scalar("strlen", &[over(&[STRING], Type::Long)], "the number of characters")
        .takes("text")
        .named(Naming::Prefix("strlen")),
    scalar("string_size", &[over(&[STRING], Type::Long)], "the number of UTF-8 bytes")
        .takes("text")
        .named(Naming::Prefix("string_size")),
    scalar(
        "replace_string",
        &[over(&[STRING, STRING, STRING], Type::String)],
        "the text with every occurrence of a text replaced (text, lookup, rewrite)",
    )
    .takes("text, lookup, rewrite"),
    scalar(
        "replace_regex",
        &[over(&[STRING, STRING, STRING], Type::String)],
        "the text with every match of a regular expression replaced (text, regex, rewrite)",
    )
    .takes("text, regex, rewrite"),
    scalar(
        "replace",
        &[over(&[STRING, STRING, STRING], Type::String)],
        "the old form of `replace_regex` (regex, rewrite, text)",
    )
    .takes("regex, rewrite, text")
    .by_binder(),
    scalar(
        "replace_strings",
        &[over(&[STRING, DYNAMIC, DYNAMIC], Type::String)],
        "the text with every occurrence of several texts replaced, earlier ones first",
    )
    .takes("text, lookups, rewrites"),
    scalar("regex_quote", TEXT, "a regular expression that matches exactly the text").takes("text"),
    scalar(
        "format_bytes",
        &[over(&[REAL, LONG, STRING], Type::String).optional(2)],
        "a size in bytes as text: rounded to digits, in a unit or in the largest that fits",
    )
    .takes("size, precision, unit")
    .keeps_name(),
    scalar("trim", TRIM, "the text without one match of a regular expression at each end")
        .takes("regex, text"),
    scalar("trim_start", TRIM, "the text without one match of a regular expression at its start")
        .takes("regex, text"),
    scalar("trim_end", TRIM, "the text without one match of a regular expression at its end")
        .takes("regex, text"),
    scalar("indexof", INDEX_OF, "the position of a text in a text, -1 when absent")
        .takes("text, lookup, start, length, occurrence"),
    scalar("indexof_regex", INDEX_OF, "the position of a regular expression's match, -1 if none")
        .takes("text, regex, start, length, occurrence"),
    scalar(
        "countof",
        &[over(&[STRING, STRING, WORD], Type::Long).optional(1)],
        "how often a text occurs in a text; kind `normal` (overlapping) or `regex`",
    )
    .takes("text, search, kind"),
    scalar("reverse", TEXT, "the text backwards").takes("text"),
    scalar("url_encode", STRING_TO_STRING, "the text percent-encoded, spaces as `+`").takes("text"),
    scalar("url_encode_component", STRING_TO_STRING, "the text percent-encoded").takes("text"),
    scalar("url_decode", STRING_TO_STRING, "the percent-encoded text decoded").takes("text"),
    scalar("parse_url", &[over(&[STRING], Type::Dynamic)], "the bag of a URL's parts")
        .takes("url")
        .also(&["parseurl"]),
    scalar("parse_csv", &[over(&[STRING], Type::Dynamic)], "the array of a CSV record's fields")
        .takes("text")
        .keeps_name(),
    scalar(
        "strcmp",
        &[over(&[Param::Text, Param::Text], Type::Long)],
        "-1, 0 or 1: the order of two texts",
    )
    .takes("left, right"),
    scalar(
        "strrep",
        &[over(&[Param::Text, LONG, Param::Text], Type::String).optional(1)],
        "the text repeated a number of times with a delimiter between",
    )
    .takes("text, count, delimiter"),
    scalar(
        "translate",
        &[over(&[STRING, STRING, STRING], Type::String)],
        "the text with characters of one list replaced by those of another (from, to, text)",
    )
    .takes("from, to, text"),
    scalar(
        "has_any_index",
        &[over(&[STRING, DYNAMIC], Type::Long)],
        "the position in an array of the first term the text holds, -1 when none",
    )
    .takes("text, terms"),
];
