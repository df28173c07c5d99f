//! `join`: left columns, then all right columns with taken names numbered (spec kql.md §6).

use super::super::Binder;
use super::super::names::right_names;
use super::join_keys::Sides;
use crate::bound::{Column, JoinKind, Relation, RelationKind};
use crate::diagnostic::Span;
use crate::syntax::{Expr, JoinKey};

impl Binder<'_> {
    pub(super) fn join(
        &mut self,
        left: Relation,
        kind: Option<JoinKind>,
        right: &Expr,
        keys: &[JoinKey],
        span: Span,
    ) -> Option<Relation> {
        let right = self.subquery(right)?;
        let (left_count, right_count) = (left.columns.len(), right.columns.len());
        let sides = self.join_sides(left, right, keys, span)?;
        let kind = kind.unwrap_or(JoinKind::InnerUnique);
        let (left_columns, right_columns) = (&sides.left.columns, &sides.right.columns);
        let (columns, visible): (Vec<Column>, Vec<usize>) = match kind {
            JoinKind::LeftSemi | JoinKind::LeftAnti => {
                (left_columns.clone(), (0..left_count).collect())
            }
            JoinKind::RightSemi | JoinKind::RightAnti => {
                (right_columns.clone(), (0..right_count).collect())
            }
            _ => {
                let start = left_columns.len();
                let mut all: Vec<Column> =
                    left_columns.iter().chain(right_columns).cloned().collect();
                name_apart(&mut all, start);
                (all, (0..left_count).chain(start..start + right_count).collect())
            }
        };
        let whole = visible.len() == columns.len();
        let joined = joined(sides, kind, columns, span);
        self.spend(joined.columns.len(), span)?;
        match whole {
            true => self.checked_width(joined, span),
            false => self.pick(joined, &visible, span),
        }
    }

    fn checked_width(&mut self, relation: Relation, span: Span) -> Option<Relation> {
        if relation.columns.len() <= super::super::COLUMNS_MAX {
            return Some(relation);
        }
        let message = format!("the table has more than {} columns", super::super::COLUMNS_MAX);
        self.error(crate::codes::TOO_MANY_COLUMNS, span, message)
    }
}

/// Gives the columns from `right` on names that no column before them has.
pub(super) fn name_apart(columns: &mut [Column], right: usize) {
    let (left, right) = columns.split_at_mut(right.min(columns.len()));
    let taken: Vec<&str> = left.iter().map(|c| c.name.as_str()).collect();
    let own: Vec<&str> = right.iter().map(|c| c.name.as_str()).collect();
    let renamed = right_names(&taken, &own);
    for (column, name) in right.iter_mut().zip(renamed) {
        column.name = name;
    }
}

pub(super) fn joined(sides: Sides, kind: JoinKind, columns: Vec<Column>, span: Span) -> Relation {
    let Sides { left, right, keys } = sides;
    let (left, right) = (Box::new(left), Box::new(right));
    Relation { kind: RelationKind::Join { kind, left, right, keys }, columns, span }
}
