//! The functions of OData expressions, and the KQL each one is.

use super::Kind;

/// One function: what it takes, what it yields, and how it is written in KQL.
pub struct Function {
    pub name: &'static str,
    pub takes: &'static [Kind],
    /// How many of the last parameters may be left out.
    pub optional: usize,
    pub yields: Kind,
    pub kql: fn(&[String]) -> String,
}

const fn function(
    name: &'static str,
    takes: &'static [Kind],
    yields: Kind,
    kql: fn(&[String]) -> String,
) -> Function {
    Function { name, takes, optional: 0, yields, kql }
}

const TEXT: &[Kind] = &[Kind::Text];
const TEXTS: &[Kind] = &[Kind::Text, Kind::Text];
const NUMBER: &[Kind] = &[Kind::Number];
const TIME: &[Kind] = &[Kind::Time];

/// OData compares texts with regard to letter case; so do the operators that end in `_cs`.
pub static FUNCTIONS: [Function; 22] = [
    function("contains", TEXTS, Kind::Bool, |a| format!("({} contains_cs {})", a[0], a[1])),
    function("startswith", TEXTS, Kind::Bool, |a| format!("({} startswith_cs {})", a[0], a[1])),
    function("endswith", TEXTS, Kind::Bool, |a| format!("({} endswith_cs {})", a[0], a[1])),
    function("tolower", TEXT, Kind::Text, |a| format!("tolower({})", a[0])),
    function("toupper", TEXT, Kind::Text, |a| format!("toupper({})", a[0])),
    function("trim", TEXT, Kind::Text, |a| format!("trim(@\"\\s+\", {})", a[0])),
    function("length", TEXT, Kind::Number, |a| format!("strlen({})", a[0])),
    function("indexof", TEXTS, Kind::Number, |a| format!("indexof({}, {})", a[0], a[1])),
    function("concat", TEXTS, Kind::Text, |a| format!("strcat({}, {})", a[0], a[1])),
    Function {
        name: "substring",
        takes: &[Kind::Text, Kind::Number, Kind::Number],
        optional: 1,
        yields: Kind::Text,
        kql: |a| match a {
            [text, start, length] => {
                format!("substring({text}, tolong({start}), tolong({length}))")
            }
            _ => format!("substring({}, tolong({}))", a[0], a[1]),
        },
    },
    function("now", &[], Kind::Time, |_| "now()".to_owned()),
    function("date", TIME, Kind::Time, |a| format!("startofday({})", a[0])),
    function("year", TIME, Kind::Number, |a| part("Year", a)),
    function("month", TIME, Kind::Number, |a| part("Month", a)),
    function("day", TIME, Kind::Number, |a| part("Day", a)),
    function("hour", TIME, Kind::Number, |a| part("Hour", a)),
    function("minute", TIME, Kind::Number, |a| part("Minute", a)),
    function("second", TIME, Kind::Number, |a| part("Second", a)),
    function("round", NUMBER, Kind::Number, |a| format!("round({})", a[0])),
    function("floor", NUMBER, Kind::Number, |a| format!("floor({}, 1)", a[0])),
    function("ceiling", NUMBER, Kind::Number, |a| format!("ceiling({})", a[0])),
    function("totalseconds", &[Kind::Span], Kind::Number, |a| format!("({} / 1s)", a[0])),
];

fn part(name: &str, arguments: &[String]) -> String {
    format!("datetime_part(\"{name}\", {})", arguments[0])
}

/// The function called `name`.
pub fn named(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}
