//! Where in a trace the items of a request belong: what its path says, so that SDKs join the trace
//! of a build with no code of their own.
//!
//! Invariant: an id of the item's own is never lost: parents keep, an operation id becomes a
//! property.

use std::borrow::Cow;

use super::tags::{Tag, Tags};

/// The property that keeps an operation id of the item's own.
pub(crate) const OWN_OPERATION: &str = "operation_Id";

/// A place in a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What becomes `operation_Id`.
    pub operation_id: String,
    /// What becomes `operation_ParentId` of items without a parent.
    pub span_id: String,
}

impl Place {
    /// Moves an item here; its own operation id when it had another one.
    ///
    /// It has no parent when that is empty, all zeros, or its own operation id: SDKs write the
    /// last of a root.
    pub(crate) fn take<'t>(&self, tags: &mut Tags<'t>) -> Option<Cow<'t, str>> {
        let own = tags.replace(Tag::OperationId, self.operation_id.clone());
        let parent = tags.get(Tag::OperationParentId);
        if is_nothing(parent) || parent.eq_ignore_ascii_case(&own) {
            tags.replace(Tag::OperationParentId, self.span_id.clone());
        }
        let is_other = !is_nothing(&own) && !own.eq_ignore_ascii_case(&self.operation_id);
        is_other.then_some(own)
    }
}

/// Python writes zeros, and zeros in the older form `|….….`, where nothing is traced.
fn is_nothing(id: &str) -> bool {
    id.bytes().all(|byte| matches!(byte, b'0' | b'|' | b'.'))
}
