//! Operators on whole rows: `where`, `take`, `sample`, `count`, `as`, `serialize`, `range`.

use super::super::Parser;
use crate::codes;
use crate::syntax::{ExprKind, Literal, OperatorKind, OperatorParameter};

impl Parser<'_> {
    pub(super) fn where_operator(&mut self) -> OperatorKind {
        self.hints();
        OperatorKind::Where(self.search_predicate())
    }

    pub(super) fn take_operator(&mut self) -> OperatorKind {
        self.hints();
        let count = self.scalar();
        if self.at_symbol(",") && self.depth == 0 {
            let help = "rows cannot be skipped; `row_number()` behind `sort` numbers them";
            self.report_help(
                codes::UNEXPECTED,
                self.span(),
                "unexpected `,` behind the number of rows",
                Some(help.to_owned()),
            );
            self.skip(&[]);
        }
        OperatorKind::Take(count)
    }

    pub(super) fn sample_operator(&mut self) -> OperatorKind {
        OperatorKind::Sample(self.scalar())
    }

    pub(super) fn sample_distinct_operator(&mut self) -> OperatorKind {
        let count = self.scalar();
        let below = self.height;
        self.expect_word("of");
        let of = self.scalar();
        self.height = self.height.max(below);
        OperatorKind::SampleDistinct { count, of }
    }

    pub(super) fn count_operator(&mut self) -> OperatorKind {
        let name = self.eat_word("as").then(|| self.name("a name for the number of rows"));
        OperatorKind::Count(name)
    }

    pub(super) fn as_operator(&mut self) -> OperatorKind {
        let hints = self.operator_parameters(&[]);
        let is_set = |hint: &OperatorParameter| {
            let is_true = matches!(hint.value.kind, ExprKind::Literal(Literal::Bool(true)));
            hint.name.text == "hint.materialized" && is_true
        };
        let materialized = hints.iter().any(is_set);
        OperatorKind::As { name: self.name("a name for the rows"), materialized }
    }

    pub(super) fn serialize_operator(&mut self) -> OperatorKind {
        self.hints();
        if self.starts_expression(0) {
            return OperatorKind::Serialize(self.named_list());
        }
        OperatorKind::Serialize(Vec::new())
    }

    /// `invoke f(x)`.
    pub(super) fn invoke_operator(&mut self) -> OperatorKind {
        let name = self.name("a function's name");
        if !self.at_symbol("(") {
            self.expected_help("`(`", Some("for example `invoke f()`"));
            return OperatorKind::Invoke { name, args: Vec::new() };
        }
        let (args, height) = self.arguments();
        self.height = height;
        OperatorKind::Invoke { name, args }
    }

    /// `range x from a to b step c`.
    pub(super) fn range_operator(&mut self) -> OperatorKind {
        let name = self.name("a column's name");
        let mut below = 0;
        let mut bound = |parser: &mut Self, word: &str| {
            let expr = if parser.expect_word(word) { parser.scalar() } else { parser.missing() };
            below = below.max(parser.height);
            expr
        };
        let from = bound(self, "from");
        let to = bound(self, "to");
        let step = bound(self, "step");
        self.height = below;
        OperatorKind::Range { name, from, to, step }
    }
}
