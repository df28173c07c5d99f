//! Functions over dynamic arrays and bags (spec kql.md §3, §4).

use model::Type;

use super::short::*;
use super::{Naming, Overload, Param, Signature, over, scalar};

/// Several arrays are sorted along with the first: as a value an array of all of them.
const SORT: &[Overload] = &[
    over(&[DYNAMIC, BOOL], Type::Dynamic).optional(1),
    over(&[DYNAMIC, DYNAMIC], Type::Dynamic).repeat(1, 1),
    over(&[DYNAMIC, DYNAMIC, BOOL], Type::Dynamic).repeat(1, 1),
];
const SETS: &[Overload] = &[over(&[DYNAMIC, DYNAMIC], Type::Dynamic).repeat(1, 1)];
const PAIR: &[Overload] = &[over(&[DYNAMIC, DYNAMIC], Type::Dynamic)];
const MOVED: &[Overload] = &[over(&[DYNAMIC, LONG], Type::Dynamic)];
const SHIFTED: &[Overload] = &[over(&[DYNAMIC, LONG, Param::Any], Type::Dynamic).optional(1)];
const RANGE: &[Overload] = &[
    over(&[LONG, LONG, LONG], Type::Dynamic).optional(1),
    over(&[REAL, REAL, REAL], Type::Dynamic).optional(1),
    over(&[DATETIME, DATETIME, TIMESPAN], Type::Dynamic).optional(1),
    over(&[TIMESPAN, TIMESPAN, TIMESPAN], Type::Dynamic).optional(1),
];

pub(super) static SIGNATURES: &[Signature] = &[
    scalar(
        "array_length",
        &[over(&[DYNAMIC], Type::Long)],
        "the number of elements; null for anything but an array",
    )
    .takes("array")
    .also(&["arraylength"]),
    scalar(
        "array_concat",
        &[over(&[DYNAMIC], Type::Dynamic).repeat(0, 1)],
        "the elements of all arrays in one",
    )
    .takes("array, array"),
    scalar(
        "array_slice",
        &[over(&[DYNAMIC, LONG, LONG], Type::Dynamic)],
        "the elements from a position to a position, both included; negative from the end",
    )
    .takes("array, start, end"),
    scalar(
        "array_index_of",
        &[over(&[DYNAMIC, Param::Any, LONG, LONG, LONG], Type::Long).optional(3)],
        "the position of a value in an array, -1 when absent",
    )
    .takes("array, value, start, length, occurrence"),
    scalar("array_sum", &[over(&[DYNAMIC], Type::Real)], "the sum of an array's numbers")
        .takes("array")
        .also(&["series_sum"]),
    scalar("array_reverse", &[over(&[DYNAMIC], Type::Dynamic)], "the elements backwards")
        .takes("array"),
    scalar("array_sort_asc", SORT, "the elements in ascending order; further arrays likewise")
        .takes("array, more_arrays, nulls_last")
        .named(Naming::Special),
    scalar("array_sort_desc", SORT, "the elements in descending order; further arrays likewise")
        .takes("array, more_arrays, nulls_last")
        .named(Naming::Special),
    scalar("bag_keys", &[over(&[DYNAMIC], Type::Dynamic)], "the array of a bag's property names")
        .takes("bag"),
    scalar(
        "bag_merge",
        &[over(&[DYNAMIC], Type::Dynamic).repeat(0, 1)],
        "one bag of the properties of all; the first value of a name wins",
    )
    .takes("bag, bag"),
    scalar(
        "bag_remove_keys",
        &[over(&[DYNAMIC, DYNAMIC], Type::Dynamic)],
        "the bag without the properties named in an array; `$.a.b` removes within `a`",
    )
    .takes("bag, keys"),
    scalar(
        "bag_has_key",
        &[over(&[DYNAMIC, STRING], Type::Bool)],
        "whether the bag has a property; `$.a.b` looks within `a`",
    )
    .takes("bag, key"),
    scalar(
        "bag_pack",
        &[over(&[STRING, Param::Any], Type::Dynamic).repeat(0, 2)],
        "a bag of names and values",
    )
    .takes("key, value")
    .also(&["pack", "pack_dictionary"]),
    scalar(
        "pack_all",
        &[over(&[Param::Const(Type::Bool)], Type::Dynamic).optional(1)],
        "a bag of all columns",
    )
    .takes("ignore_empty")
    .by_binder(),
    scalar(
        "estimate_data_size",
        &[over(&[Param::Any], Type::Long).repeat(0, 1)],
        "about how many bytes the values take; `*` means all columns",
    )
    .takes("column, …")
    .differs("A dynamic counts as its JSON text."),
    scalar(
        "pack_array",
        &[over(&[Param::Any], Type::Dynamic).repeat(0, 1)],
        "an array of the values; `*` means all columns",
    )
    .takes("value"),
    scalar(
        "repeat",
        &[over(&[Param::Any, LONG], Type::Dynamic)],
        "an array holding the value a number of times",
    )
    .takes("value, count")
    .named(Naming::Prefix("repeat")),
    scalar("range", RANGE, "the array of values from, to (included) by a step")
        .takes("start, end, step"),
    scalar(
        "set_has_element",
        &[over(&[DYNAMIC, Param::Any], Type::Bool)],
        "whether the array holds the value",
    )
    .takes("set, value"),
    scalar("set_union", SETS, "the distinct elements of all arrays").takes("set, set"),
    scalar("set_intersect", SETS, "the distinct elements all arrays hold").takes("set, set"),
    scalar("set_difference", SETS, "the distinct elements of the first array alone")
        .takes("set, set"),
    scalar("zip", SETS, "the array of arrays of elements at the same position")
        .takes("array, array"),
    scalar("set_equals", &[over(&[DYNAMIC, DYNAMIC], Type::Bool)], "whether two sets are equal")
        .takes("left, right"),
    scalar(
        "jaccard_index",
        &[over(&[DYNAMIC, DYNAMIC], Type::Real)],
        "how many of the elements of two sets are in both, as a fraction",
    )
    .takes("left, right"),
    scalar("array_rotate_left", MOVED, "the elements moved to the left, around the end")
        .takes("array, count"),
    scalar("array_rotate_right", MOVED, "the elements moved to the right, around the end")
        .takes("array, count"),
    scalar("array_shift_left", SHIFTED, "the elements moved to the left, filled up with a value")
        .takes("array, count, filler"),
    scalar("array_shift_right", SHIFTED, "the elements moved to the right, filled up with a value")
        .takes("array, count, filler"),
    scalar(
        "array_split",
        &[over(&[DYNAMIC, LONG], Type::Dynamic), over(&[DYNAMIC, DYNAMIC], Type::Dynamic)],
        "the array of the parts between positions",
    )
    .takes("array, positions"),
    scalar(
        "array_iff",
        &[over(&[DYNAMIC, Param::Any, Param::Any], Type::Dynamic)],
        "element by element of conditions: the value when true, or the one when false",
    )
    .also(&["array_iif"])
    .takes("conditions, when_true, when_false"),
    scalar(
        "bag_set_key",
        &[over(&[DYNAMIC, STRING, Param::Any], Type::Dynamic)],
        "the bag with a property set, found by its name or a path such as `$.a.b`",
    )
    .takes("bag, key, value"),
    scalar("bag_zip", PAIR, "the bag of an array of names and one of values").takes("keys, values"),
    scalar(
        "bag_pack_columns",
        &[over(&[Param::Any], Type::Dynamic).repeat(0, 1)],
        "a bag of columns under their names",
    )
    .takes("columns")
    .by_binder(),
    scalar(
        "treepath",
        &[over(&[DYNAMIC], Type::Dynamic)],
        "the array of the paths of all parts of a bag",
    )
    .takes("bag")
    .named(Naming::Prefix("tree")),
    scalar(
        "dynamic_to_json",
        &[over(&[Param::Any], Type::String)],
        "the value as JSON text with sorted property names",
    )
    .takes("value"),
];
