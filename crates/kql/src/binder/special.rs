//! Functions the binder replaces or whose arguments are no ordinary expressions.

use model::Type;

use crate::bound::{Column, Expr, ExprKind, Literal};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::signatures;
use crate::syntax::{self, Argument, Name};

use super::Binder;
use super::coerce::{conversion, convert};
use super::expressions::{call, column_ref, literal, text_literal};

impl Binder<'_> {
    /// `Some` when the call is one of those handled here.
    pub(super) fn special_call(
        &mut self,
        name: &Name,
        args: &[Argument],
        span: Span,
        row: &[Column],
    ) -> Option<Option<Expr>> {
        Some(match (name.text.as_str(), args.len()) {
            ("now", 0) => Some(literal(Literal::DateTime(self.now), span)),
            ("now", 1) => self.now_moved("+", &args[0], span, row),
            ("ago", 1) => self.now_moved("-", &args[0], span, row),
            ("toscalar", 1) => self.first_value(&args[0].value, span, row),
            ("materialize", 1) => {
                let message = "`materialize()` yields a table, a value is expected here";
                self.error(codes::NOT_ALLOWED, span, message)
            }
            ("column_ifexists" | "columnifexists", 2) => self.column_if_exists(args, row),
            ("iscolumnexists", 1) => self.is_column_exists(args, row),
            ("column_names_of", 1) => self.column_names_of(args, span),
            ("bag_pack_columns", 1..) => self.bag_pack_columns(args, span, row),
            ("assert", 2) => self.assert(name, args, span, row),
            ("ingestion_time", 0) => self.ingestion_time(span),
            ("estimate_data_size" | "pack_array", 1) if is_star(&args[0].value) => {
                self.of_all(name, span, row)
            }
            ("pack_all", 0 | 1) => self.pack_all(args, span, row),
            ("extract", 4) | ("extractjson" | "extract_json", 3) => {
                self.typed_extract(name, args, span, row)
            }
            ("percentile_tdigest", 2) => self.error(
                codes::NOT_SUPPORTED,
                span,
                "`percentile_tdigest()` without a type is not supported: name it, for example \
                 `typeof(real)`",
            ),
            ("percentile_tdigest", 3) => self.typed_extract(name, args, span, row),
            ("replace", 3) => self.old_replace(args, span, row),
            ("make_datetime", 1) => self.renamed("todatetime", name, args, span, row),
            ("make_timespan", 1) => self.renamed("totimespan", name, args, span, row),
            ("table", _) => self.error(
                codes::NOT_ALLOWED,
                span,
                "`table()` yields a table, a value is expected here",
            ),
            (other, _) if super::sources::is_remote(other) => {
                let message = format!("`{other}()` cannot stand for a value");
                self.error(codes::NOT_ALLOWED, span, message)
            }
            _ => return None,
        })
    }

    fn now_moved(
        &mut self,
        op: &'static str,
        by: &Argument,
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        let by = self.scalar(&by.value, row)?;
        if by.ty != Type::TimeSpan {
            let message = format!("a timespan is expected, not {}", by.ty);
            return self.report(Diagnostic::new(codes::WRONG_TYPE, by.span, message).help(
                match by.ty {
                    Type::String => "for example `1d`, without quotes",
                    _ => "for example `1d`",
                },
            ));
        }
        let now = literal(Literal::DateTime(self.now), span);
        self.folded(call(op, vec![now, by], Type::DateTime, span))
    }

    fn first_value(&mut self, value: &syntax::Expr, span: Span, row: &[Column]) -> Option<Expr> {
        let has = |name: &str| row.iter().any(|c| c.name == name);
        if !self.is_tabular(value, &has) {
            return self.scalar(value, row);
        }
        let relation = self.subquery(value)?;
        let Some(first) = relation.columns.first().cloned() else {
            return self.error(codes::NOT_ALLOWED, span, "the table has no column");
        };
        let expr = column_ref(&first, span);
        let relation = self.projection(relation, vec![(first.name, expr)], span)?;
        let relation = self.shared(relation);
        Some(Expr { kind: ExprKind::ToScalar(Box::new(relation)), ty: first.ty, span })
    }

    fn column_if_exists(&mut self, args: &[Argument], row: &[Column]) -> Option<Expr> {
        let name = self.scalar(&args[0].value, row)?;
        let ExprKind::Literal(Literal::String { value, .. }) = &name.kind else {
            let message = "the name of the column must be a literal string";
            return self.error(codes::CONSTANT_NEEDED, args[0].value.span, message);
        };
        match row.iter().find(|c| c.name == *value) {
            Some(column) if self.poisoned.contains(&column.id) => None,
            Some(column) if self.aggregating.is_none() => Some(column_ref(column, name.span)),
            Some(_) => {
                let message = format!("`{value}` stands outside an aggregate");
                self.error(codes::NOT_ALLOWED, name.span, message)
            }
            None => self.scalar(&args[1].value, row),
        }
    }

    /// `estimate_data_size(*)`, `pack_array(*)`.
    fn of_all(&mut self, name: &Name, span: Span, row: &[Column]) -> Option<Expr> {
        if self.aggregating.is_some() {
            let message = format!("`{}()` stands outside an aggregate", name.text);
            return self.error(codes::NOT_ALLOWED, span, message);
        }
        if row.iter().any(|column| self.poisoned.contains(&column.id)) {
            return None;
        }
        if row.is_empty() {
            let nothing = match name.text.as_str() {
                "pack_array" => Literal::Dynamic("[]".to_owned()),
                _ => Literal::Long(0),
            };
            return Some(literal(nothing, span));
        }
        self.spend(row.len(), span)?;
        let columns = row.iter().map(|column| column_ref(column, span)).collect();
        let signature = signatures::scalar_function(&name.text)?;
        self.resolve(signature, name, columns, span)
    }

    fn pack_all(&mut self, args: &[Argument], span: Span, row: &[Column]) -> Option<Expr> {
        let ignore = match args.first() {
            None => false,
            Some(arg) => match self.scalar(&arg.value, row)?.kind {
                ExprKind::Literal(Literal::Bool(ignore)) => ignore,
                _ => {
                    let message = "`pack_all()` takes a literal bool";
                    return self.error(codes::CONSTANT_NEEDED, arg.value.span, message);
                }
            },
        };
        if self.aggregating.is_some() {
            let message = "`pack_all()` stands outside an aggregate";
            return self.error(codes::NOT_ALLOWED, span, message);
        }
        if row.is_empty() {
            return Some(literal(Literal::Dynamic("{}".to_owned()), span));
        }
        if row.iter().any(|column| self.poisoned.contains(&column.id)) {
            return None;
        }
        self.spend(row.len(), span)?;
        let pair = |c: &Column| [text_literal(&c.name, span), column_ref(c, span)];
        if !ignore {
            let pairs = row.iter().flat_map(pair).collect();
            return Some(call("bag_pack", pairs, Type::Dynamic, span));
        }
        // Nulls and empty texts are left out: bags of one or no property are merged.
        let bags = row.iter().map(|c| {
            let empty = call("isempty", vec![column_ref(c, span)], Type::Bool, span);
            let bag = call("bag_pack", pair(c).into(), Type::Dynamic, span);
            let none = literal(Literal::Dynamic("{}".to_owned()), span);
            call("iff", vec![empty, none, bag], Type::Dynamic, span)
        });
        Some(call("bag_merge", bags.collect(), Type::Dynamic, span))
    }

    /// `extract(…, typeof(t))`, `percentile_tdigest(…, typeof(t))`: the value converted.
    fn typed_extract(
        &mut self,
        name: &Name,
        args: &[Argument],
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        let (last, rest) = args.split_last()?;
        let ty = match &last.value.kind {
            syntax::ExprKind::TypeOf(columns) if columns.len() == 1 => columns[0].ty,
            _ => {
                let message = "a type is expected, for example `typeof(long)`";
                return self.error(codes::WRONG_TYPE, last.value.span, message);
            }
        };
        let signature = signatures::scalar_function(&name.text)?;
        let bound = self.arguments(rest, row)?;
        let value = self.resolve(signature, name, bound, span)?;
        if ty == value.ty {
            return Some(value);
        }
        Some(call(conversion(ty), vec![value], ty, span))
    }

    /// `replace(regex, rewrite, text)` is `replace_regex(text, regex, rewrite)`.
    fn old_replace(&mut self, args: &[Argument], span: Span, row: &[Column]) -> Option<Expr> {
        let mut bound = self.arguments(args, row)?;
        bound.rotate_right(1);
        let name = Name { text: "replace_regex".to_owned(), span, quoted: false };
        let signature = signatures::scalar_function("replace_regex")?;
        self.resolve(signature, &name, bound, span)
    }

    fn renamed(
        &mut self,
        function: &str,
        name: &Name,
        args: &[Argument],
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        let bound = self.arguments(args, row)?;
        let signature = signatures::scalar_function(function)?;
        self.resolve(signature, name, bound, span)
    }

    /// Text for a string operator or a text function: dynamics are converted.
    pub(super) fn as_text(&self, expr: Expr) -> Expr {
        match expr.ty {
            Type::Dynamic => convert(expr, Type::String),
            _ => expr,
        }
    }
}

fn is_star(expr: &syntax::Expr) -> bool {
    matches!(&super::scope::unwrap(expr).kind, syntax::ExprKind::Wildcard(pattern) if pattern == "*")
}
