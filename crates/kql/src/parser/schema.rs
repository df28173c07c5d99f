//! Types and schemas: `long`, `(a: long, b: string)`, `typeof(…)`.

use model::Type;

use super::Parser;
use crate::codes;
use crate::diagnostic::Span;
use crate::syntax::{Expr, ExprKind, Name, SchemaColumn};

impl Parser<'_> {
    /// A type's name; an unknown one is reported and read as `dynamic`.
    pub(super) fn type_name(&mut self) -> Type {
        let Some(word) = self.word(0) else {
            self.expected_help("a type", Some("types are `string`, `long`, `datetime`, …"));
            return Type::Dynamic;
        };
        let span = self.bump();
        Type::from_name(word).unwrap_or_else(|| {
            let help = self
                .did_you_mean(word, Type::ALL.map(Type::name))
                .unwrap_or_else(|| format!("types are {}", type_names()));
            let message = format!("`{word}` is no type");
            self.report_help(codes::UNKNOWN_TYPE, span, message, Some(help));
            Type::Dynamic
        })
    }

    /// `(name: type, …)`, a comma behind the last one allowed.
    pub(super) fn schema(&mut self) -> Vec<SchemaColumn> {
        let open = self.span();
        let mut columns = Vec::new();
        if !self.expect("(") {
            return columns;
        }
        while !self.at_symbol(")") {
            let name = self.name("a column's name");
            self.expect(":");
            columns.push(SchemaColumn { name, ty: self.type_name() });
            if !self.eat(",") {
                break;
            }
        }
        self.close(")", open);
        columns
    }

    /// `typeof(long)` (a column without a name) or `typeof(a: long, …)`.
    pub(super) fn type_of(&mut self) -> Expr {
        let start = self.bump();
        let columns =
            if self.name_tokens(1) > 0 && self.symbol(1 + self.name_tokens(1)) == Some(":") {
                self.schema()
            } else {
                let open = self.span();
                self.expect("(");
                let at = Span::new(self.span().start, self.span().start);
                let name = Name { text: String::new(), span: at, quoted: false };
                let column = SchemaColumn { name, ty: self.type_name() };
                self.close(")", open);
                vec![column]
            };
        self.height = 1;
        Expr { kind: ExprKind::TypeOf(columns), span: self.since(start) }
    }
}

fn type_names() -> String {
    Type::ALL.map(|ty| format!("`{ty}`")).join(", ")
}
