//! `make-series a = count() default = 0, … on t from x to y step z by k`, and the older
//! `on t in range(x, y, z)`.

use super::super::Parser;
use super::super::chain::Infix;
use crate::syntax::{Expr, InOp, MakeSeries, NamedExpr, OperatorKind};

impl Parser<'_> {
    pub(super) fn make_series_operator(&mut self) -> OperatorKind {
        let parameters = self.operator_parameters(&["kind"]);
        let aggregates = self.list(Self::series_aggregate);
        let mut below = self.height;
        let axis = match self.expect_word("on") {
            true => self.series_axis(),
            false => NamedExpr { names: Vec::new(), value: self.missing() },
        };
        below = below.max(self.height);
        let in_range = self.at_range();
        let (from, to, step) = match in_range {
            true => self.range_bounds(),
            false => self.worded_bounds(),
        };
        below = below.max(self.height);
        let keys = if self.eat_word("by") { self.named_list() } else { Vec::new() };
        self.height = self.height.max(below);
        OperatorKind::MakeSeries(Box::new(MakeSeries {
            parameters,
            aggregates,
            axis,
            from,
            to,
            step,
            in_range,
            keys,
        }))
    }

    fn series_aggregate(&mut self) -> (NamedExpr, Option<Expr>) {
        let aggregate = self.named();
        let below = self.height;
        let default = self.eat_word("default").then(|| match self.expect("=") {
            true => self.scalar(),
            false => self.missing(),
        });
        self.height = self.height.max(below);
        (aggregate, default)
    }

    /// The axis ends before `in range(…)`, which is no list of values.
    fn series_axis(&mut self) -> NamedExpr {
        let names = self.target_names();
        let (start, findings) = (self.at, self.diagnostics.len());
        let value = self.unary();
        let is_in = matches!(self.infix(0), Some((Infix::In(InOp::In), _)));
        if self.infix(0).is_none() || (is_in && self.at_range()) {
            return NamedExpr { names, value };
        }
        // An operator follows: the operand just read is the left end of an expression.
        self.at = start;
        self.diagnostics.truncate(findings);
        NamedExpr { names, value: self.scalar() }
    }

    fn at_range(&self) -> bool {
        self.at_word("in") && self.word(1) == Some("range") && self.symbol(2) == Some("(")
    }

    fn range_bounds(&mut self) -> (Option<Expr>, Option<Expr>, Expr) {
        self.at += 2;
        let open = self.bump();
        let mut below = 0;
        let mut bound = |parser: &mut Self, is_first: bool| {
            let is_there = is_first || parser.expect(",");
            let bound = if is_there { parser.scalar() } else { parser.missing() };
            below = below.max(parser.height);
            bound
        };
        let from = bound(self, true);
        let to = bound(self, false);
        let step = bound(self, false);
        self.close(")", open);
        self.height = below;
        (Some(from), Some(to), step)
    }

    fn worded_bounds(&mut self) -> (Option<Expr>, Option<Expr>, Expr) {
        let mut below = 0;
        let mut bound = |parser: &mut Self, word: &str| {
            let bound = parser.eat_word(word).then(|| parser.scalar());
            below = below.max(parser.height);
            bound
        };
        let from = bound(self, "from");
        let to = bound(self, "to");
        let step = if self.expect_word("step") { self.scalar() } else { self.missing() };
        self.height = self.height.max(below);
        (from, to, step)
    }
}
