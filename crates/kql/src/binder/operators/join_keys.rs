//! Keys of `join` and `lookup`: resolved on both sides and brought to one type.
//!
//! Invariant: key columns made by a conversion stand after all columns of their side.

use model::Type;

use super::super::Binder;
use super::super::coerce::{convert, widest};
use super::super::expressions::column_ref;
use crate::bound::{Column, ColumnId, Relation};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::JoinKey;

/// Both sides with the pairs of key columns.
pub(super) struct Sides {
    pub left: Relation,
    pub right: Relation,
    pub keys: Vec<(ColumnId, ColumnId)>,
}

impl Binder<'_> {
    pub(super) fn join_sides(
        &mut self,
        left: Relation,
        right: Relation,
        keys: &[JoinKey],
        span: Span,
    ) -> Option<Sides> {
        if keys.is_empty() {
            let message = "a key is needed";
            return self.report(
                Diagnostic::new(codes::NOT_ALLOWED, span, message)
                    .help("`on column` or `on $left.a == $right.b`"),
            );
        }
        let mut complete = true;
        let mut pairs: Vec<(Column, Column, Type)> = Vec::with_capacity(keys.len());
        for key in keys {
            match self.key_pair(&left, &right, key) {
                Some(pair) => pairs.push(pair),
                None => complete = false,
            }
        }
        if !complete {
            return None;
        }
        let mut sides = Sides { left, right, keys: Vec::with_capacity(pairs.len()) };
        for (left, right, ty) in pairs {
            let left = self.key_column(&mut sides.left, &left, ty, span)?;
            let right = self.key_column(&mut sides.right, &right, ty, span)?;
            sides.keys.push((left, right));
        }
        Some(sides)
    }

    fn key_pair(
        &mut self,
        left: &Relation,
        right: &Relation,
        key: &JoinKey,
    ) -> Option<(Column, Column, Type)> {
        let left = self.find_column(&left.columns, &key.left);
        let right = self.find_column(&right.columns, &key.right);
        let (left, right) = (left?, right?);
        let pair = (left.ty, right.ty);
        if pair.0 == Type::Dynamic || pair.1 == Type::Dynamic {
            let message = "a dynamic is not allowed as a key of a join";
            return self.report(
                Diagnostic::new(codes::WRONG_TYPE, key.span, message)
                    .help("make a string of it first: `extend key = tostring(…)`"),
            );
        }
        let ty = match pair {
            (a, b) if a == b => Some(a),
            (a, b) => widest(a, b),
        };
        match ty {
            Some(ty) => Some((left, right, ty)),
            None => {
                let message = format!("{} cannot be joined with {}", pair.0, pair.1);
                self.error(codes::WRONG_TYPE, key.span, message)
            }
        }
    }

    /// The key column of one side, converted by a projection when it has another type.
    fn key_column(
        &mut self,
        side: &mut Relation,
        column: &Column,
        ty: Type,
        span: Span,
    ) -> Option<ColumnId> {
        if column.ty == ty {
            return Some(column.id);
        }
        let mut list: Vec<_> =
            side.columns.iter().map(|c| (c.name.clone(), column_ref(c, span))).collect();
        list.push((format!("$key_{}", column.name), convert(column_ref(column, span), ty)));
        let input = side.clone();
        *side = self.projection(input, list, span)?;
        side.columns.last().map(|column| column.id)
    }
}
