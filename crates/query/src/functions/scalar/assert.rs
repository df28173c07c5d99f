//! `assert(condition, message)`: true, or the query fails with the message. The binder lets only
//! conditions through that read no column.

use kql::codes;

use super::super::Build;
use super::super::kernel::refused;

pub(super) const FAMILY: &[(&str, Build)] = &[("assert", |c| {
    c.kernel(|args| {
        let (conditions, messages) = (args.bool(0)?, args.text(1)?);
        if conditions.get(0) != Some(true) {
            let message = format!("`assert()` failed: {}", messages.text(0));
            return refused(codes::ASSERTION_FAILED, message);
        }
        args.flags(|_| true)
    })
})];
