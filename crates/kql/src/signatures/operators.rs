//! Operators between expressions, as functions under their KQL spelling (spec kql.md §3, §5).

use model::Type;

use super::short::*;
use super::{Kind, Overload, Param, Signature, common, over, scalar};

const fn operator(
    name: &'static str,
    overloads: &'static [Overload],
    summary: &'static str,
) -> Signature {
    scalar(name, overloads, summary).of_kind(Kind::Operator)
}

const EQUAL: &[Overload] = &[over(&[Param::Common, Param::Common], Type::Bool)];
const ORDER: &[Overload] = &[over(&[Param::Ordered, Param::Ordered], Type::Bool)];
const LOGIC: &[Overload] = &[over(&[BOOL, BOOL], Type::Bool)];
const TEXT: &[Overload] = &[over(&[STRING, STRING], Type::Bool)];
/// Items follow the value; an item may also be a dynamic array, whose elements count as items.
const IN: &[Overload] = &[
    over(&[Param::Common, Param::Common], Type::Bool).repeat(1, 1),
    over(&[Param::Any, DYNAMIC], Type::Bool).repeat(1, 1),
];
const IN_TEXT: &[Overload] = &[
    over(&[STRING, STRING], Type::Bool).repeat(1, 1),
    over(&[STRING, DYNAMIC], Type::Bool).repeat(1, 1),
];
const BETWEEN: &[Overload] = &[over(&[Param::Ordered, Param::Ordered, Param::Ordered], Type::Bool)];

const ADD: &[Overload] = &[
    over(&[LONG, LONG], Type::Long),
    over(&[REAL, REAL], Type::Real),
    over(&[DECIMAL, DECIMAL], Type::Decimal),
    over(&[DATETIME, TIMESPAN], Type::DateTime),
    over(&[TIMESPAN, DATETIME], Type::DateTime),
    over(&[TIMESPAN, TIMESPAN], Type::TimeSpan),
    over(&[DYNAMIC, DYNAMIC], Type::Dynamic),
];
const SUBTRACT: &[Overload] = &[
    over(&[LONG, LONG], Type::Long),
    over(&[REAL, REAL], Type::Real),
    over(&[DECIMAL, DECIMAL], Type::Decimal),
    over(&[DATETIME, DATETIME], Type::TimeSpan),
    over(&[DATETIME, TIMESPAN], Type::DateTime),
    over(&[TIMESPAN, TIMESPAN], Type::TimeSpan),
    over(&[DYNAMIC, DYNAMIC], Type::Dynamic),
];
const MULTIPLY: &[Overload] = &[
    over(&[LONG, LONG], Type::Long),
    over(&[REAL, REAL], Type::Real),
    over(&[DECIMAL, DECIMAL], Type::Decimal),
    // The first of equal cost is taken: a dynamic factor counts with its fraction.
    over(&[TIMESPAN, REAL], Type::TimeSpan),
    over(&[REAL, TIMESPAN], Type::TimeSpan),
    over(&[TIMESPAN, LONG], Type::TimeSpan),
    over(&[LONG, TIMESPAN], Type::TimeSpan),
    over(&[DYNAMIC, DYNAMIC], Type::Dynamic),
];
const DIVIDE: &[Overload] = &[
    over(&[LONG, LONG], Type::Long),
    over(&[REAL, REAL], Type::Real),
    over(&[DECIMAL, DECIMAL], Type::Decimal),
    over(&[TIMESPAN, TIMESPAN], Type::Real),
    over(&[TIMESPAN, REAL], Type::TimeSpan),
    over(&[TIMESPAN, LONG], Type::TimeSpan),
    over(&[DYNAMIC, DYNAMIC], Type::Dynamic),
];
const MODULO: &[Overload] = &[
    over(&[LONG, LONG], Type::Long),
    over(&[REAL, REAL], Type::Real),
    over(&[DECIMAL, DECIMAL], Type::Decimal),
    over(&[TIMESPAN, TIMESPAN], Type::TimeSpan),
    over(&[DATETIME, TIMESPAN], Type::TimeSpan),
    over(&[DYNAMIC, DYNAMIC], Type::Dynamic),
];
const MINUS: &[Overload] = &[
    over(&[LONG], Type::Long),
    over(&[REAL], Type::Real),
    over(&[DECIMAL], Type::Decimal),
    over(&[TIMESPAN], Type::TimeSpan),
    over(&[DYNAMIC], Type::Dynamic),
];

pub(super) static SIGNATURES: &[Signature] = &[
    operator("and", LOGIC, "both are true"),
    operator("or", LOGIC, "at least one is true"),
    operator("==", EQUAL, "the values are equal"),
    operator("!=", EQUAL, "the values differ"),
    operator("<", ORDER, "the left value is smaller"),
    operator("<=", ORDER, "the left value is smaller or equal"),
    operator(">", ORDER, "the left value is greater"),
    operator(">=", ORDER, "the left value is greater or equal"),
    operator("+", ADD, "sum"),
    operator("-", SUBTRACT, "difference"),
    operator("*", MULTIPLY, "product"),
    operator("/", DIVIDE, "quotient; whole numbers truncate toward zero"),
    operator("%", MODULO, "remainder, never negative"),
    operator("unary -", MINUS, "the negative"),
    operator("=~", TEXT, "the texts are equal, ignoring case"),
    operator("!~", TEXT, "the texts differ, ignoring case"),
    operator("has", TEXT, "the text holds the term, ignoring case"),
    operator("!has", TEXT, "the text does not hold the term, ignoring case"),
    operator("has_cs", TEXT, "the text holds the term"),
    operator("!has_cs", TEXT, "the text does not hold the term"),
    operator("hasprefix", TEXT, "a term of the text starts so, ignoring case"),
    operator("!hasprefix", TEXT, "no term of the text starts so, ignoring case"),
    operator("hasprefix_cs", TEXT, "a term of the text starts so"),
    operator("!hasprefix_cs", TEXT, "no term of the text starts so"),
    operator("hassuffix", TEXT, "a term of the text ends so, ignoring case"),
    operator("!hassuffix", TEXT, "no term of the text ends so, ignoring case"),
    operator("hassuffix_cs", TEXT, "a term of the text ends so"),
    operator("!hassuffix_cs", TEXT, "no term of the text ends so"),
    operator("contains", TEXT, "the text holds the other, ignoring case"),
    operator("!contains", TEXT, "the text does not hold the other, ignoring case"),
    operator("contains_cs", TEXT, "the text holds the other"),
    operator("!contains_cs", TEXT, "the text does not hold the other"),
    operator("startswith", TEXT, "the text starts with the other, ignoring case"),
    operator("!startswith", TEXT, "the text does not start with the other, ignoring case"),
    operator("startswith_cs", TEXT, "the text starts with the other"),
    operator("!startswith_cs", TEXT, "the text does not start with the other"),
    operator("endswith", TEXT, "the text ends with the other, ignoring case"),
    operator("!endswith", TEXT, "the text does not end with the other, ignoring case"),
    operator("endswith_cs", TEXT, "the text ends with the other"),
    operator("!endswith_cs", TEXT, "the text does not end with the other"),
    operator("matches regex", TEXT, "the regular expression matches somewhere in the text"),
    operator("between", BETWEEN, "the value lies in the range, ends included"),
    operator("!between", BETWEEN, "the value lies outside the range"),
    operator("in", IN, "the value is one of the items"),
    operator("!in", IN, "the value is none of the items"),
    operator("in~", IN_TEXT, "the text is one of the items, ignoring case"),
    operator("!in~", IN_TEXT, "the text is none of the items, ignoring case"),
    operator("has_any", IN_TEXT, "the text holds at least one of the terms, ignoring case"),
    operator("has_all", IN_TEXT, "the text holds all terms, ignoring case"),
];

/// Kept next to the operators: the same rules serve `min_of`-like functions.
pub(super) const COMMON_LIST: &[Overload] = &[common(&[Param::Ordered]).repeat(0, 1)];
