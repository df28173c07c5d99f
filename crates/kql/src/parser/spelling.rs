//! How operators and kinds are spelled: the first spelling of each is the one printed.

use super::chain::{BINARY, IN};
use super::operators::JOIN_KINDS;
use crate::syntax::{BinaryOp, InOp, JoinKind};

/// `==`, `has_cs`, `matches regex`, …
pub fn binary(op: BinaryOp) -> &'static str {
    BINARY.iter().find(|(_, other)| *other == op).map_or("", |(name, _)| name)
}

/// `in`, `has_any`, …
pub fn in_list(op: InOp) -> &'static str {
    IN.iter().find(|(_, other)| *other == op).map_or("", |(name, _)| name)
}

/// `innerunique`, `leftouter`, …
pub fn join_kind(kind: JoinKind) -> &'static str {
    JOIN_KINDS.iter().find(|(_, other)| *other == kind).map_or("", |(name, _)| name)
}
