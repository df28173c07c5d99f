//! `invoke f(x)`: calls a `let` function with the table before it as the first argument.

use super::super::Binder;
use super::super::scope::Binding;
use crate::bound::Relation;
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{Argument, Name, ParameterType};

impl Binder<'_> {
    pub(super) fn invoke(
        &mut self,
        input: Relation,
        name: &Name,
        args: &[Argument],
        span: Span,
    ) -> Option<Relation> {
        let function = match self.lookup(&name.text) {
            Some(Binding::Function(function)) => function.clone(),
            Some(Binding::Poisoned) => return None,
            Some(_) => {
                let message = format!("`{}` is no function", name.text);
                return self.error(codes::NOT_ALLOWED, name.span, message);
            }
            None => {
                let lets = self.binding_names(|b| matches!(b, Binding::Function(_)));
                let message = format!("no function `{}` that takes a table", name.text);
                let known = lets.iter().map(String::as_str);
                return self.unknown(
                    codes::UNKNOWN_FUNCTION,
                    name.span,
                    message,
                    &name.text,
                    known,
                );
            }
        };
        let takes_table = function
            .parameters
            .first()
            .is_some_and(|first| !matches!(first.ty, ParameterType::Scalar(_)));
        if !takes_table || !function.tabular {
            let what = if takes_table { "yields no table" } else { "takes no table first" };
            let message = format!("`{}()` {what}", name.text);
            let help = "`invoke` needs `(T: (*), …) { T | … }`";
            return self.report(Diagnostic::new(codes::WRONG_TYPE, name.span, message).help(help));
        }
        self.call_table_function(&function, args, Some(input), span)
    }
}
