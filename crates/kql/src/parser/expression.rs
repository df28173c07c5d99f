//! Scalar expressions: operator precedence, prefix signs, and what may follow an operand.

use super::Parser;
use super::chain::{Infix, Operand, Strength};
use crate::codes;
use crate::diagnostic::Span;
use crate::syntax::{BinaryOp, Expr, ExprKind, InOp, Name, UnaryOp};

impl Parser<'_> {
    /// An expression without pipes.
    pub(super) fn scalar(&mut self) -> Expr {
        let mut operands = Vec::new();
        let mut waiting: Vec<(BinaryOp, Span)> = Vec::new();
        self.operand(&mut operands);
        loop {
            let Some((infix, tokens)) = self.infix(0).or_else(|| self.meant_infix()) else {
                if self.foreign_test(&mut operands) {
                    continue;
                }
                break;
            };
            let strength = infix.strength();
            let limit = match strength {
                Strength::Or => Strength::And,
                Strength::And => Strength::Equality,
                other => other,
            };
            self.reduce(&mut operands, &mut waiting, limit);
            let op_span = self.span().to(self.token(tokens - 1).span);
            if self.at_symbol("&&") {
                let help = "conditions are joined with `and`";
                self.repair(codes::UNEXPECTED, op_span, "unexpected `&&`", help);
            }
            self.refuse_chained(&operands, strength, op_span);
            self.at += tokens;
            match infix {
                Infix::Binary(op) => {
                    waiting.push((op, op_span));
                    self.operand(&mut operands);
                }
                Infix::In(op) => self.in_list(&mut operands, op),
                Infix::Between { negated } => self.between(&mut operands, negated),
            }
        }
        self.reduce(&mut operands, &mut waiting, Strength::Or);
        let Some(operand) = operands.pop() else { return self.missing() };
        self.height = operand.height;
        operand.expr
    }

    /// An operator as another language spells it, reported.
    fn meant_infix(&mut self) -> Option<(Infix, usize)> {
        let foreign = self.foreign_infix()?;
        let span = self.span().to(self.token(foreign.tokens - 1).span);
        let message = format!("unexpected `{}`", self.slice(span));
        self.repair(codes::UNEXPECTED, span, message, &foreign.help);
        Some((foreign.infix, foreign.tokens))
    }

    fn operand(&mut self, operands: &mut Vec<Operand>) {
        let expr = self.unary();
        operands.push(Operand { expr, height: self.height, strength: Strength::Operand });
    }

    /// `a == b == c` means nothing in KQL.
    fn refuse_chained(&mut self, operands: &[Operand], strength: Strength, op_span: Span) {
        let comparing = matches!(strength, Strength::Equality | Strength::Relation);
        let left = operands.last().map(|operand| operand.strength);
        if comparing && left == Some(strength) {
            let message = format!("`{}` cannot follow another comparison", self.slice(op_span));
            let help = "join comparisons with `and`, or put one in parentheses".to_owned();
            self.report_help(codes::CHAINED_COMPARISON, op_span, message, Some(help));
        }
    }

    /// Wraps the last operand in a comparison that has its own right side.
    fn compared(
        &mut self,
        operands: &mut Vec<Operand>,
        below: usize,
        build: impl FnOnce(Box<Expr>) -> ExprKind,
    ) {
        let Some(left) = operands.pop() else { return };
        let span = self.since(left.expr.span);
        let fits = self.raise(left.height.max(below), span);
        let kind = if fits { build(Box::new(left.expr)) } else { ExprKind::Missing };
        let expr = Expr { kind, span };
        operands.push(Operand { expr, height: self.height, strength: Strength::Equality });
    }

    fn in_list(&mut self, operands: &mut Vec<Operand>, op: InOp) {
        let open = self.span();
        let mut items = Vec::new();
        let mut below = 0;
        if self.eat("(") {
            if !self.at_symbol(")") {
                let read = self.nested(|parser| {
                    let items = parser.list(Self::expression);
                    (items, parser.height)
                });
                (items, below) = read.unwrap_or_default();
            }
            self.close(")", open);
        } else {
            let help = "a list stands in parentheses: `x in (1, 2)`";
            self.expected_help("`(`", Some(help));
            if self.starts_expression(0) {
                items.push(self.unary());
                below = self.height;
            }
        }
        self.compared(operands, below, |value| ExprKind::In { op, value, items });
    }

    fn between(&mut self, operands: &mut Vec<Operand>, negated: bool) {
        let open = self.span();
        if !self.eat("(") {
            let help = "a range stands in parentheses: `x between (1 .. 5)`";
            self.expected_help("`(`", Some(help));
            return;
        }
        let bounds = self.nested(|parser| {
            let low = parser.scalar();
            let below = parser.height;
            let help = "the ends of a range have two dots between them: `(5 .. 10)`";
            let dots = parser.eat("..");
            if !dots {
                parser.expected_help("`..`", Some(help));
            }
            let high = if dots { parser.scalar() } else { parser.missing() };
            (low, high, below.max(parser.height))
        });
        let Some((low, high, below)) = bounds else { return };
        self.close(")", open);
        let (low, high) = (Box::new(low), Box::new(high));
        self.compared(operands, below, |value| ExprKind::Between { negated, value, low, high });
    }

    /// An operand with its sign.
    pub(super) fn unary(&mut self) -> Expr {
        let op = match self.symbol(0) {
            Some("-") => UnaryOp::Minus,
            Some("+") => UnaryOp::Plus,
            _ => return self.postfix(),
        };
        let start = self.bump();
        let Some(operand) = self.nested(Self::unary) else { return self.missing() };
        let span = self.since(start);
        if !self.raise(self.height, span) {
            return operand;
        }
        Expr { kind: ExprKind::Unary { op, operand: Box::new(operand) }, span }
    }

    /// A primary expression and the `.name`, `[index]` behind it.
    fn postfix(&mut self) -> Expr {
        let mut base = self.primary();
        loop {
            let below = self.height;
            if self.at_symbol("[") {
                base = self.index(base, below);
            } else if self.at_symbol(".") {
                base = self.member(base, below);
            } else {
                return base;
            }
        }
    }

    fn index(&mut self, base: Expr, below: usize) -> Expr {
        let open = self.bump();
        let index = self.nested(Self::scalar);
        let Some(index) = index else { return base };
        self.close("]", open);
        let span = self.since(base.span);
        if !self.raise(below.max(self.height), span) {
            return base;
        }
        Expr { kind: ExprKind::Index { base: Box::new(base), index: Box::new(index) }, span }
    }

    fn member(&mut self, base: Expr, below: usize) -> Expr {
        self.bump();
        if self.at_symbol("[") && !self.at_bracket_name(0) {
            // The old spelling `bag.[name]` of `bag[name]`.
            return self.index(base, below);
        }
        if self.at_symbol("*") && matches!(base.kind, ExprKind::Call { .. }) {
            // `app('x').*`: all tables of an application.
            let name = Name { text: "*".to_owned(), span: self.bump(), quoted: false };
            let span = self.since(base.span);
            return Expr { kind: ExprKind::Member { base: Box::new(base), name }, span };
        }
        let Some(name) = self.eat_name() else {
            self.expected_help("a name after `.`", Some("other names are written `.['name']`"));
            self.height = below;
            return base;
        };
        if self.at_symbol("(") && !name.quoted {
            return self.method(base, name.span);
        }
        let span = self.since(base.span);
        if !self.raise(below, span) {
            return base;
        }
        Expr { kind: ExprKind::Member { base: Box::new(base), name }, span }
    }

    /// `cluster('x').database('y')` and the like: read over, refused.
    fn method(&mut self, base: Expr, name: Span) -> Expr {
        let shown = self.slice(name);
        let message = format!("`.{shown}(…)` cannot be called on something else here");
        let help = "tables are named directly; there is one database".to_owned();
        self.report_help(codes::UNSUPPORTED_FORM, name, message, Some(help));
        let open = self.bump();
        self.skip_closed(")", open);
        self.height = 1;
        Expr { kind: ExprKind::Missing, span: self.since(base.span) }
    }

    /// Skips the inside of a bracket and the bracket.
    fn skip_closed(&mut self, close: &str, open: Span) {
        self.skip(&[]);
        while self.at_symbol("|") || self.at_symbol(";") {
            self.bump();
            self.skip(&[]);
        }
        self.close(close, open);
    }
}
