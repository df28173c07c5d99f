//! One file per tabular operator of the bound query.

pub(super) mod join;
pub(super) mod mv_expand;
pub(super) mod project;
pub(super) mod range;
pub(super) mod scan;
pub(super) mod shared;
pub(super) mod sort;
pub(super) mod steps;
pub(super) mod summarize;
pub(super) mod take;
pub(super) mod union;
pub(super) mod values;
pub(super) mod where_;
pub(super) mod window;
