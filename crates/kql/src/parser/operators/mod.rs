//! The operators: which names are known, and one file for how each family is read.
//!
//! Invariant: a name stands in exactly one of the two tables.

mod columns;
mod evaluate;
mod join;
mod make_series;
mod mv_apply;
mod mv_expand;
mod parameters;
mod parse;
mod partition;
mod render;
mod rows;
mod scan;
mod search;
mod sort;
mod summarize;
mod top_nested;
mod union;

pub(super) use join::KINDS as JOIN_KINDS;

use super::Parser;
use crate::syntax::OperatorKind;

/// Reads an operator, its name consumed.
type Read = fn(&mut Parser<'_>) -> OperatorKind;

/// What a word is as an operator.
#[derive(Clone, Copy)]
pub(super) enum Known {
    Read(Read),
    /// KQL has it; nothing implements it.
    Unsupported,
    Unknown,
}

/// Operators that are read, old spellings included.
const READ: &[(&str, Read)] = &[
    ("as", |p| p.as_operator()),
    ("count", |p| p.count_operator()),
    ("distinct", |p| p.distinct_operator()),
    ("evaluate", |p| p.evaluate_operator()),
    ("extend", |p| OperatorKind::Extend(p.named_list())),
    ("filter", |p| p.where_operator()),
    ("find", |p| p.find_operator()),
    ("getschema", |_| OperatorKind::GetSchema),
    ("invoke", |p| p.invoke_operator()),
    ("join", |p| p.join_operator()),
    ("limit", |p| p.take_operator()),
    ("lookup", |p| p.lookup_operator()),
    ("make-series", |p| p.make_series_operator()),
    ("mv-apply", |p| p.mv_apply_operator()),
    ("mv-expand", |p| p.mv_expand_operator(false)),
    ("mvapply", |p| p.mv_apply_operator()),
    ("mvexpand", |p| p.mv_expand_operator(true)),
    ("order", |p| p.sort_operator()),
    ("parse", |p| p.parse_operator(false)),
    ("parse-kv", |p| p.parse_kv_operator()),
    ("parse-where", |p| p.parse_operator(true)),
    ("partition", |p| p.partition_operator()),
    ("print", |p| OperatorKind::Print(p.named_list())),
    ("project", |p| OperatorKind::Project(p.named_list())),
    ("project-away", |p| OperatorKind::ProjectAway(p.column_list())),
    ("project-by-names", |p| OperatorKind::ProjectByNames(p.list(Parser::scalar))),
    ("project-keep", |p| OperatorKind::ProjectKeep(p.column_list())),
    ("project-rename", |p| p.rename_operator()),
    ("project-reorder", |p| p.reorder_operator()),
    ("range", |p| p.range_operator()),
    ("render", |p| p.render_operator()),
    ("sample", |p| p.sample_operator()),
    ("sample-distinct", |p| p.sample_distinct_operator()),
    ("scan", |p| p.scan_operator()),
    ("search", |p| p.search_operator()),
    ("serialize", |p| p.serialize_operator()),
    ("sort", |p| p.sort_operator()),
    ("summarize", |p| p.summarize_operator()),
    ("take", |p| p.take_operator()),
    ("top", |p| p.top_operator()),
    ("top-hitters", |p| p.top_hitters_operator()),
    ("top-nested", |p| p.top_nested_operator()),
    ("union", |p| p.union_operator()),
    ("where", |p| p.where_operator()),
];

/// Operators that are known by name only.
const UNSUPPORTED: &[&str] = &[
    "assert-schema",
    "consume",
    "execute-and-cache",
    "facet",
    "fork",
    "graph-mark-components",
    "graph-match",
    "graph-merge",
    "graph-shortest-paths",
    "graph-to-table",
    "graph-where-edges",
    "graph-where-nodes",
    "macro-expand",
    "make-graph",
    "partition-by",
    "project-smart",
    "reduce",
];

/// Names of the tabular operators: those that are answered, then those refused as not supported.
pub fn operator_names() -> (Vec<&'static str>, Vec<&'static str>) {
    (READ.iter().map(|(name, _)| *name).collect(), UNSUPPORTED.to_vec())
}

/// Operators that may stand at the start of a pipeline.
const SOURCES: &[&str] = &["evaluate", "find", "macro-expand", "print", "range", "search", "union"];

impl Known {
    pub(super) fn of(word: &str) -> Known {
        if let Ok(index) = READ.binary_search_by_key(&word, |(name, _)| name) {
            return Known::Read(READ[index].1);
        }
        match UNSUPPORTED.binary_search(&word) {
            Ok(_) => Known::Unsupported,
            Err(_) => Known::Unknown,
        }
    }

    pub(super) fn is_known(self) -> bool {
        !matches!(self, Known::Unknown)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        READ.iter().map(|(name, _)| *name).chain(UNSUPPORTED.iter().copied())
    }
}

/// Whether the operator needs no rows from before it.
pub(super) fn is_source(word: &str) -> bool {
    SOURCES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_disjoint() {
        assert!(READ.is_sorted_by_key(|(name, _)| *name));
        assert!(UNSUPPORTED.is_sorted());
        for (name, _) in READ {
            assert!(!UNSUPPORTED.contains(name), "{name}");
        }
    }
}
