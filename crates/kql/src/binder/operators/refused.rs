//! Operators that are known and not implemented: what to write instead.

/// What does the same, where something does.
pub(super) fn alternative(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "assert-schema" => "`getschema` shows the columns of a table",
        "consume" => "`count` runs a query and answers one row",
        "execute-and-cache" => "`materialize()` computes a table once",
        "facet" => {
            "write one statement for each column, separated by `;`: `T | summarize \
                    count() by a; T | summarize count() by b`"
        }
        "fork" => {
            "write one statement for each branch, separated by `;`; `let` names what they \
                   share"
        }
        "graph-mark-components"
        | "graph-match"
        | "graph-merge"
        | "graph-shortest-paths"
        | "graph-to-table"
        | "graph-where-edges"
        | "graph-where-nodes"
        | "make-graph" => "`join` follows one step of a relation between rows",
        "macro-expand" => "`union` reads several tables: `union app('a').requests, requests`",
        "project-smart" => "`project-reorder` moves columns to the front",
        "reduce" => {
            "group by a text without its changing parts: `summarize count() by \
                     replace_regex(message, @\"\\d+\", \"#\")`"
        }
        _ => return None,
    })
}
