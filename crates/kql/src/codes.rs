//! Every code a diagnostic may carry, with its meaning: the source of the manual's table.
//!
//! Invariant: a code, once released, keeps its meaning.

/// A token stands where no query text can have it.
pub const UNEXPECTED: &str = "SYN0001";
/// Something that must stand here is missing.
pub const EXPECTED: &str = "SYN0002";
/// The word after `|` is no operator.
pub const UNKNOWN_OPERATOR: &str = "SYN0003";
/// A string literal does not end.
pub const UNCLOSED_STRING: &str = "SYN0004";
/// A backslash in a string is followed by something that is no escape.
pub const BAD_ESCAPE: &str = "SYN0005";
/// The text inside `datetime(…)`, `int(…)`, `dynamic(…)`, … is not a value of that type.
pub const BAD_LITERAL: &str = "SYN0006";
/// A number or time does not fit its type.
pub const OUT_OF_RANGE: &str = "SYN0007";
/// The text nests deeper than the limit.
pub const TOO_DEEP: &str = "SYN0008";
/// The text is longer than the limit.
pub const TOO_LONG: &str = "SYN0009";
/// A character that no token has.
pub const BAD_CHARACTER: &str = "SYN0010";
/// A name in a schema or `typeof()` that is no type.
pub const UNKNOWN_TYPE: &str = "SYN0011";
/// An opening bracket without its closing one.
pub const UNCLOSED_BRACKET: &str = "SYN0012";
/// An operator stands where no rows come in.
pub const NO_INPUT: &str = "SYN0013";
/// An unknown kind or a malformed key of `join` or `lookup`.
pub const BAD_JOIN: &str = "SYN0014";
/// Two comparisons in a row, as in `a < b < c`.
pub const CHAINED_COMPARISON: &str = "SYN0015";
/// There is no statement.
pub const EMPTY: &str = "SYN0016";
/// A form of the language that is known and not read here.
pub const UNSUPPORTED_FORM: &str = "SYN0017";

/// A moment KQL has and 64 bits of nanoseconds do not: a limit of this implementation, no mistake.
pub const MOMENT_OUT_OF_RANGE: &str = "LIM0001";

/// Code → meaning of what the parser reports, in order.
pub const SYNTAX: &[(&str, &str)] = &[
    (UNEXPECTED, "a token stands where no query text can have it"),
    (EXPECTED, "something that must stand here is missing"),
    (UNKNOWN_OPERATOR, "the word after `|` is no operator"),
    (UNCLOSED_STRING, "a string literal does not end"),
    (BAD_ESCAPE, "a backslash in a string is followed by something that is no escape"),
    (BAD_LITERAL, "the text inside a typed literal is not a value of that type"),
    (OUT_OF_RANGE, "a number or time does not fit its type"),
    (TOO_DEEP, "the text nests deeper than the limit"),
    (TOO_LONG, "the text is longer than the limit"),
    (BAD_CHARACTER, "a character that no token has"),
    (UNKNOWN_TYPE, "a name in a schema or `typeof()` is no type"),
    (UNCLOSED_BRACKET, "an opening bracket without its closing one"),
    (NO_INPUT, "an operator stands where no rows come in"),
    (BAD_JOIN, "an unknown kind or a malformed key of `join` or `lookup`"),
    (CHAINED_COMPARISON, "two comparisons in a row, as in `a < b < c`"),
    (EMPTY, "there is no statement"),
    (UNSUPPORTED_FORM, "a form of the language that is known and not read here"),
    (MOMENT_OUT_OF_RANGE, "a datetime outside 1677-09-21…2262-04-11 cannot be represented"),
];

/// A table, column, parameter, option or chart nobody defined.
pub const UNKNOWN_NAME: &str = "SEM0100";
/// A function nobody defined.
pub const UNKNOWN_FUNCTION: &str = "SEM0101";
/// A feature of the language that is known and not implemented.
pub const NOT_SUPPORTED: &str = "SEM0102";
/// A value has a type that does not fit where it stands.
pub const WRONG_TYPE: &str = "SEM0103";
/// A function is called with too few or too many arguments.
pub const ARGUMENT_COUNT: &str = "SEM0104";
/// A literal is needed where something computed stands.
pub const CONSTANT_NEEDED: &str = "SEM0105";
/// A name is given twice where it must be unique.
pub const NAMED_TWICE: &str = "SEM0106";
/// Something stands where it has no meaning.
pub const NOT_ALLOWED: &str = "SEM0107";
/// The values of a `datatable` do not fill its rows.
pub const WRONG_TABLE: &str = "SEM0108";
/// No value came with the request for a declared parameter.
pub const PARAMETER_MISSING: &str = "SEM0109";
/// No statement yields a table.
pub const NO_RESULT: &str = "SEM0110";
/// Operators, expressions or function calls nest deeper than the limit.
pub const NESTS_TOO_DEEP: &str = "SEM0111";
/// The query, with all `let` written out, is larger than the limit.
pub const TOO_LARGE: &str = "SEM0112";
/// A table expression has more columns than the limit.
pub const TOO_MANY_COLUMNS: &str = "SEM0113";
/// A `union` has more legs than the limit.
pub const TOO_MANY_LEGS: &str = "SEM0114";
/// A constant is no regular expression. Reported when the query is planned.
pub const BAD_REGEX: &str = "SEM0420";
/// The condition of an `assert()` does not hold. Reported when the query runs.
pub const ASSERTION_FAILED: &str = "SEM0421";

/// Code → meaning of all semantic codes, in order.
pub const SEMANTIC: &[(&str, &str)] = &[
    (UNKNOWN_NAME, "a table, column, parameter, option or chart nobody defined"),
    (UNKNOWN_FUNCTION, "a function nobody defined"),
    (NOT_SUPPORTED, "a feature of the language that is known and not implemented"),
    (WRONG_TYPE, "a value has a type that does not fit where it stands"),
    (ARGUMENT_COUNT, "a function is called with too few or too many arguments"),
    (CONSTANT_NEEDED, "a literal is needed where something computed stands"),
    (NAMED_TWICE, "a name is given twice where it must be unique"),
    (NOT_ALLOWED, "something stands where it has no meaning"),
    (WRONG_TABLE, "the values of a `datatable` do not fill its rows"),
    (PARAMETER_MISSING, "no value came with the request for a declared parameter"),
    (NO_RESULT, "no statement yields a table"),
    (NESTS_TOO_DEEP, "operators, expressions or function calls nest deeper than the limit"),
    (TOO_LARGE, "the query, with all `let` written out, is larger than the limit"),
    (TOO_MANY_COLUMNS, "a table expression has more columns than the limit"),
    (TOO_MANY_LEGS, "a `union` has more legs than the limit"),
    (BAD_REGEX, "a text is no regular expression"),
    (ASSERTION_FAILED, "the condition of an `assert()` does not hold"),
];
