//! An operator's own parameters: `kind = inner`, `hint.strategy = shuffle`, `withsource = t`.

use super::super::Parser;
use crate::syntax::{Expr, ExprKind, Name, OperatorParameter};

impl Parser<'_> {
    /// The parameters that stand here: those of `names`, and every `hint.x`.
    ///
    /// Only these names are taken: `summarize kind = count()` makes a column.
    pub(in super::super) fn operator_parameters(
        &mut self,
        names: &[&str],
    ) -> Vec<OperatorParameter> {
        let mut parameters = Vec::new();
        while let Some(name) = self.parameter_name(names) {
            self.eat("=");
            let value = self.parameter_value();
            parameters.push(OperatorParameter { name, value });
        }
        self.height = 1;
        parameters
    }

    /// Reads over hints; an operator without parameters of its own accepts them.
    pub(super) fn hints(&mut self) {
        self.operator_parameters(&[]);
    }

    fn parameter_name(&mut self, names: &[&str]) -> Option<Name> {
        let word = self.word(0)?;
        if word == "hint" && self.symbol(1) == Some(".") && self.symbol(3) == Some("=") {
            let start = self.span();
            self.at += 3;
            let span = self.since(start);
            return Some(Name { text: self.slice(span).to_owned(), span, quoted: false });
        }
        if names.contains(&word) && self.symbol(1) == Some("=") { self.eat_name() } else { None }
    }

    /// A literal or a bare word; nothing behind it belongs to it: `kind = inner (T)`.
    pub(in super::super) fn parameter_value(&mut self) -> Expr {
        let called = self.symbol(1) == Some("(") && self.at_word("dynamic");
        if called || !self.at_name(0) {
            return self.unary();
        }
        let name = self.name("a value");
        Expr { span: name.span, kind: ExprKind::Name(name) }
    }
}
