//! `parse-kv`: columns from keys and values in a text (spec kql.md §6).
//!
//! Invariant: the text is read once per row, by the internal function `parse_kv`, which yields the
//! values of the wanted keys as an array. Its second argument is a JSON array of texts, each led by
//! a letter: `p` what is between pairs, `k` what is between key and value, `q` a pair of quotes,
//! `e` an escape character, `g` greedy, `r` a regular expression, `n` a wanted key.

use model::Type;

use super::super::Binder;
use super::super::coerce::convert;
use super::super::expressions::{call, text_literal};
use super::super::scope::unwrap;
use super::parse::text_list;
use crate::bound::{Literal, Relation};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{Expr, ExprKind, Name, OperatorParameter, ParseKv};

impl Binder<'_> {
    pub(super) fn parse_kv(
        &mut self,
        input: Relation,
        parse: &ParseKv,
        span: Span,
    ) -> Option<Relation> {
        let text = self.scalar(&parse.value, &input.columns).map(|v| convert(v, Type::String));
        let columns: Vec<(&Name, Type)> = parse.columns.iter().map(|c| (&c.name, c.ty)).collect();
        let names: Vec<&Name> = columns.iter().map(|(name, _)| *name).collect();
        self.once_each(&names)?;
        let options = self.kv_options(&parse.parameters, span);
        let values = match (text, options) {
            (Some(text), Some(mut options)) => {
                options.extend(names.iter().map(|name| format!("n{}", name.text)));
                let regex = parse.parameters.iter().find(|p| p.name.text == "regex");
                let place = regex.map_or(span, |parameter| parameter.value.span);
                let options = text_literal(&text_list(options.iter().map(String::as_str)), place);
                Some(call("parse_kv", vec![text, options], Type::Dynamic, span))
            }
            _ => None,
        };
        self.captured_columns(input, values, &columns, false, span)
    }

    fn kv_options(&mut self, parameters: &[OperatorParameter], span: Span) -> Option<Vec<String>> {
        let mut options = Vec::with_capacity(parameters.len());
        let mut given = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let name = parameter.name.text.as_str();
            if given.contains(&name) && !matches!(name, "quote" | "escape") {
                let message = format!("`{name}` is given twice");
                return self.error(codes::NAMED_TWICE, parameter.name.span, message);
            }
            given.push(name);
            options.extend(self.kv_option(name, &parameter.value)?);
        }
        let has = |name: &str| given.contains(&name);
        if has("pair_delimiter") != has("kv_delimiter") {
            let message = "`parse-kv` takes `pair_delimiter` and `kv_delimiter` together";
            let help = "without both, everything that is no letter or digit separates";
            return self.report(Diagnostic::new(codes::NOT_ALLOWED, span, message).help(help));
        }
        if has("regex") && given.len() > 1 {
            let message = "`regex` of `parse-kv` stands alone";
            return self.error(codes::NOT_ALLOWED, span, message);
        }
        if options.iter().any(|option| option == "g") && !has("pair_delimiter") {
            let message = "`greedy` of `parse-kv` needs `pair_delimiter` and `kv_delimiter`";
            return self.error(codes::NOT_ALLOWED, span, message);
        }
        Some(options)
    }

    fn kv_option(&mut self, name: &str, value: &Expr) -> Option<Option<String>> {
        let value = unwrap(value);
        if name == "greedy" {
            return match &value.kind {
                ExprKind::Literal(Literal::Bool(true)) => Some(Some("g".to_owned())),
                ExprKind::Literal(Literal::Bool(false)) => Some(None),
                _ => {
                    let message = "`greedy` is `true` or `false`";
                    self.error(codes::CONSTANT_NEEDED, value.span, message)
                }
            };
        }
        let ExprKind::Literal(Literal::String { value: text, .. }) = &value.kind else {
            let message = format!("`{name}` of `parse-kv` must be a literal string");
            return self.error(codes::CONSTANT_NEEDED, value.span, message);
        };
        let length = text.chars().count();
        let (letter, wrong) = match name {
            "pair_delimiter" => ('p', (length == 0).then_some("must not be empty")),
            "kv_delimiter" => ('k', (length == 0).then_some("must not be empty")),
            "quote" => ('q', (!matches!(length, 1 | 2)).then_some("has one or two characters")),
            "escape" => ('e', (length != 1).then_some("is one character")),
            _ => ('r', None),
        };
        if let Some(wrong) = wrong {
            let message = format!("`{name}` of `parse-kv` {wrong}");
            return self.error(codes::NOT_ALLOWED, value.span, message);
        }
        Some(Some(format!("{letter}{text}")))
    }
}
