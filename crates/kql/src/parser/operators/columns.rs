//! Lists of columns: `extend`, `project` and its variants, `distinct`, and named expressions.

use super::super::Parser;
use crate::codes;
use crate::lexer::TokenKind;
use crate::syntax::{Expr, ExprKind, Name, NamedExpr, OperatorKind, ReorderKey};

impl Parser<'_> {
    /// `a = x, (b, c) = y, z`.
    pub(in super::super) fn named_list(&mut self) -> Vec<NamedExpr> {
        self.list(Self::named)
    }

    pub(super) fn named(&mut self) -> NamedExpr {
        let names = self.target_names();
        let value = self.scalar();
        NamedExpr { names, value }
    }

    /// The names before `=`, when one is there.
    pub(super) fn target_names(&mut self) -> Vec<Name> {
        let single = self.name_tokens(0);
        if single > 0 {
            return match self.symbol(single) {
                Some("=") => {
                    let name = self.eat_name();
                    self.bump();
                    name.into_iter().collect()
                }
                _ => Vec::new(),
            };
        }
        let Some(tokens) = self.tuple_tokens() else { return Vec::new() };
        let end = self.at + tokens;
        let mut names = Vec::new();
        // A bracket or comma stands before each name, `) =` behind the last.
        while self.at + 2 < end {
            self.bump();
            names.extend(self.eat_name());
        }
        self.at = end;
        names
    }

    /// How many tokens `(a, b) =` has, when that stands here.
    fn tuple_tokens(&self) -> Option<usize> {
        if self.symbol(0) != Some("(") {
            return None;
        }
        let mut ahead = 1;
        loop {
            let name = self.name_tokens(ahead);
            if name == 0 {
                return None;
            }
            ahead += name;
            match self.symbol(ahead)? {
                "," => ahead += 1,
                ")" if self.symbol(ahead + 1) == Some("=") => return Some(ahead + 2),
                _ => return None,
            }
        }
    }

    /// Names and wildcards.
    pub(super) fn column_list(&mut self) -> Vec<Expr> {
        self.list(Self::column)
    }

    /// A name, or a wildcard such as `a*`, `*a`, `a*b`.
    pub(in super::super) fn column(&mut self) -> Expr {
        if let Some(wildcard) = self.wildcard() {
            return wildcard;
        }
        self.height = 1;
        match self.eat_name() {
            Some(name) => Expr { span: name.span, kind: ExprKind::Name(name) },
            None => {
                self.expected("a column's name");
                self.missing()
            }
        }
    }

    /// A wildcard: names and `*` with nothing between them.
    pub(in super::super) fn wildcard(&mut self) -> Option<Expr> {
        let part = |parser: &Self, ahead: usize| {
            parser.word(ahead).is_some()
                || parser.symbol(ahead) == Some("*")
                || matches!(parser.token(ahead).kind, TokenKind::Literal(_))
        };
        if !part(self, 0) || !(self.word(0).is_some() || self.at_symbol("*")) {
            return None;
        }
        let mut tokens = 1;
        let mut stars = usize::from(self.at_symbol("*"));
        while self.touches(tokens - 1) && part(self, tokens) {
            stars += usize::from(self.symbol(tokens) == Some("*"));
            tokens += 1;
        }
        if stars == 0 {
            return None;
        }
        let start = self.span();
        self.at += tokens;
        self.height = 1;
        let span = self.since(start);
        Some(Expr { kind: ExprKind::Wildcard(self.slice(span).to_owned()), span })
    }

    pub(super) fn rename_operator(&mut self) -> OperatorKind {
        let items = self.named_list();
        for item in &items {
            let plain = matches!(item.value.kind, ExprKind::Name(_) | ExprKind::Missing);
            if item.names.is_empty() || !plain {
                let help = Some("write `project-rename new = old`".to_owned());
                let message = "expected `new = old`";
                self.report_help(codes::EXPECTED, item.value.span, message, help);
            }
        }
        OperatorKind::ProjectRename(items)
    }

    pub(super) fn reorder_operator(&mut self) -> OperatorKind {
        OperatorKind::ProjectReorder(self.list(|parser| {
            let column = parser.column();
            let numbers = parser.at_word("granny") && parser.symbol(1) == Some("-");
            if numbers {
                parser.at += 2;
            }
            let descending = parser.direction();
            if numbers && descending.is_none() {
                parser.expected("`granny-asc` or `granny-desc`");
            }
            ReorderKey { column, descending, numbers }
        }))
    }

    /// Columns and expressions, or `*`; `a*` too when nothing can be multiplied with it.
    pub(super) fn distinct_operator(&mut self) -> OperatorKind {
        self.hints();
        OperatorKind::Distinct(self.list(|parser| {
            let wild = parser.word(0).is_some()
                && parser.symbol(1) == Some("*")
                && parser.touches(0)
                && !parser.starts_expression(2);
            match if wild { parser.wildcard() } else { None } {
                Some(value) => NamedExpr { names: Vec::new(), value },
                None => parser.named(),
            }
        }))
    }
}
