//! `union`: parameters and legs.

use super::super::Parser;
use crate::syntax::{Expr, ExprKind, OperatorKind};

impl Parser<'_> {
    pub(super) fn union_operator(&mut self) -> OperatorKind {
        let parameters =
            self.operator_parameters(&["kind", "withsource", "with_source", "isfuzzy"]);
        let legs = self.list(Self::leg);
        OperatorKind::Union { parameters, legs }
    }

    /// A table, a wildcard over tables, a call, or a pipeline in parentheses.
    pub(super) fn leg(&mut self) -> Expr {
        if let Some(wildcard) = self.wildcard() {
            return wildcard;
        }
        let mut leg = self.unary();
        self.remote_wildcard(&mut leg);
        let tabular = matches!(
            leg.kind,
            ExprKind::Name(_)
                | ExprKind::Call { .. }
                | ExprKind::Member { .. }
                | ExprKind::Index { .. }
                | ExprKind::Parenthesized(_)
                | ExprKind::Datatable { .. }
                | ExprKind::ExternalData { .. }
                | ExprKind::Missing
        );
        if !tabular {
            let message = "expected a table";
            let help = Some("a pipeline as a leg stands in parentheses".to_owned());
            self.report_help(crate::codes::EXPECTED, leg.span, message, help);
        }
        leg
    }

    /// `app('x').req*`: the stars and letters behind the name belong to it.
    fn remote_wildcard(&mut self, leg: &mut Expr) {
        let ExprKind::Member { base, name } = &mut leg.kind else { return };
        if !matches!(base.kind, ExprKind::Call { .. }) || name.quoted {
            return;
        }
        while self.previous_end() == self.span().start
            && (self.at_symbol("*") || self.word(0).is_some())
        {
            let part = self.bump();
            name.text.push_str(self.slice(part));
            name.span = name.span.to(part);
        }
        leg.span = leg.span.to(name.span);
    }
}
