//! Names from other languages and from the other vocabulary: what they are called here.

use crate::bound::Column;
use crate::signatures::{Overload, Signature};
use model::{Source, ViewColumn};

use super::Binder;

/// What does in KQL what a function of another language does.
pub(super) fn function(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "if" | "iif_null" | "when" => "`iff(condition, then, else)` chooses",
        "ifnull" | "nvl" | "isnull_or" | "coalesce_null" => {
            "`coalesce(a, b)` takes the first value"
        }
        "isnullorempty" | "isnull_or_empty" | "is_empty" => "`isempty(x)` tests null and `''`",
        "len" | "length" | "char_length" => {
            "`strlen(text)` counts characters, `array_length()` \
                                             elements"
        }
        "concat" | "string_concat" | "concat_ws" => "`strcat(a, b)` joins texts",
        "substr" | "mid" | "left" | "right" => "`substring(text, start, length)` cuts texts",
        "upper" | "ucase" => "did you mean `toupper`?",
        "lower" | "lcase" => "did you mean `tolower`?",
        "date_trunc" | "datetrunc" | "trunc" => "`bin(time, 1d)` and `startofday(time)` cut times",
        "date_add" | "dateadd" => "did you mean `datetime_add`? `time + 1d` works too",
        "date_diff" | "datediff" => "did you mean `datetime_diff`? `a - b` is a timespan",
        "getdate" | "current_timestamp" | "utcnow" | "today" => "did you mean `now`?",
        "median" => "`percentile(x, 50)` is the median",
        "mean" | "average" => "did you mean `avg`?",
        "group_concat" | "string_agg" | "listagg" => "`strcat_array(make_list(x), \",\")` joins",
        "regexp_extract" | "regex_extract" => "did you mean `extract`?",
        "regexp_replace" | "regex_replace" => "did you mean `replace_regex`?",
        "cast" | "convert" | "to_number" => "`tolong(x)`, `toreal(x)`, `tostring(x)` convert",
        "contains" | "startswith" | "endswith" | "has" | "matches" => {
            "this is an operator between two texts: `name contains \"x\"`"
        }
        "count_if" | "countifs" => "did you mean `countif`?",
        "distinct" | "countdistinct" => "`dcount(x)` counts different values",
        "exists" => "`isnotempty(x)` and `isnotnull(x)` test values",
        _ => return None,
    })
}

/// What a name for a missing value means here.
pub(super) fn missing_value(name: &str) -> Option<&'static str> {
    let missing =
        matches!(name.to_ascii_lowercase().as_str(), "null" | "nil" | "none" | "undefined");
    missing.then_some(
        "missing values are tested with `isnull(x)`, empty texts with `isempty(x)`; a null of a \
         type is written `long(null)`",
    )
}

impl Binder<'_> {
    /// The column of `row` that is called `name` in the other vocabulary.
    pub(super) fn twin(&self, name: &str, row: &[Column]) -> Option<String> {
        let stored = |column: &ViewColumn| match column.source {
            Source::Column(stored) | Source::BoolOf(stored) => Some(stored),
            _ => None,
        };
        let names = self.catalog.table_names();
        let views: Vec<_> = names.into_iter().filter_map(|n| self.catalog.table(n)).collect();
        let columns = || views.iter().flat_map(|view| view.columns.iter());
        let source = columns().find(|column| column.name == name).and_then(stored)?;
        let twins =
            columns().filter(|column| column.name != name && stored(column) == Some(source));
        let mut own = twins.filter(|twin| row.iter().any(|column| column.name == twin.name));
        own.next().map(|column| column.name.to_owned())
    }
}

/// `substring(text, start[, length])`, by the names of the parameters; `None` where they are not
/// declared for this overload.
pub(super) fn named_shape(name: &str, signature: &Signature) -> Option<String> {
    let names: Vec<&str> = signature.parameters.split(", ").filter(|n| !n.is_empty()).collect();
    let longest: &Overload = signature.overloads.iter().max_by_key(|o| o.params.len())?;
    let fewest = signature.overloads.iter().map(|o| o.params.len() - o.optional).min()?;
    if names.len() < longest.params.len() || names.is_empty() {
        return None;
    }
    let mut out = format!("`{name}(");
    for (i, parameter) in names.iter().enumerate() {
        let open = if i >= fewest { "[" } else { "" };
        let comma = if i == 0 { "" } else { ", " };
        out.push_str(&format!("{open}{comma}{parameter}"));
    }
    if signature.overloads.iter().any(|o| o.repeat.is_some()) {
        out.push_str(", …");
    }
    out.push_str(&"]".repeat(names.len().saturating_sub(fewest)));
    out.push_str(")`");
    Some(out)
}
