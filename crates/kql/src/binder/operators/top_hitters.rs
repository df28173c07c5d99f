//! `top-hitters n of column [by value]`: the most frequent values, or those with the largest sum.
//!
//! The vendor's answer is an estimate; this one is exact, under the same names.

use model::Type;

use super::super::Binder;
use super::super::expressions::column_ref;
use super::sort::sorted;
use crate::bound::{Relation, SortKey};
use crate::diagnostic::Span;
use crate::syntax::{Argument, Expr, ExprKind, Name, NamedExpr};

impl Binder<'_> {
    pub(super) fn top_hitters(
        &mut self,
        input: Relation,
        count: &Expr,
        of: &Expr,
        by: Option<&Expr>,
        span: Span,
    ) -> Option<Relation> {
        let measured = by.unwrap_or(of);
        let own = self.default_name(measured, &input.columns).unwrap_or_default();
        let kind = if by.is_some() { "sum" } else { "count" };
        let name = |text: String| Name { text, span: measured.span, quoted: true };
        let args = by.iter().map(|by| Argument { name: None, value: (*by).clone() }).collect();
        let call = ExprKind::Call { name: Name { quoted: false, ..name(kind.to_owned()) }, args };
        let aggregate = NamedExpr {
            names: vec![name(format!("approximate_{kind}_{own}"))],
            value: Expr { kind: call, span: measured.span },
        };
        let key = NamedExpr { names: Vec::new(), value: of.clone() };
        let summarized = self.summarize(input, &[aggregate], &[key], span)?;
        let Some(value) = summarized.columns.last().filter(|c| c.ty != Type::Dynamic) else {
            return Some(summarized);
        };
        let value = column_ref(value, span);
        let key = SortKey { value, descending: true, nulls_first: false };
        self.take(sorted(summarized, vec![key], span), count, span)
    }
}
