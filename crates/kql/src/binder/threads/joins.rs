//! Joins inside a sub-query over groups: with a table from outside, or of a group with itself.

use super::{Hidden, Threading, reads};
use crate::binder::Binder;
use crate::binder::expressions::literal;
use crate::bound::{Column, ColumnId, JoinKind, Literal, Relation, RelationKind};
use crate::codes;
use crate::diagnostic::Span;

type Keys = Vec<(ColumnId, ColumnId)>;

impl Binder<'_> {
    pub(super) fn thread_join(
        &mut self,
        kind: JoinKind,
        (left, right): (Relation, Relation),
        keys: Keys,
        columns: Vec<Column>,
        span: Span,
        t: &mut Threading,
    ) -> Option<(Relation, Hidden)> {
        let sides = (reads(&left, t.groups.number), reads(&right, t.groups.number));
        self.check_join(kind, sides, span, t)?;
        let unique: Vec<ColumnId> = keys.iter().map(|(left, _)| *left).collect();
        let mut keys = keys;
        let (left, right, hidden) = match sides {
            (true, false) => {
                let (left, hidden) = self.thread(left, t)?;
                (left, right, hidden)
            }
            (false, _) => {
                let (right, hidden) = self.thread(right, t)?;
                (left, right, hidden)
            }
            (true, true) => {
                let (left, hidden) = self.thread(left, t)?;
                let (right, other) = self.thread(right, t)?;
                let pairs = hidden.keys.iter().zip(&other.keys);
                keys.extend(pairs.map(|(left, right)| (left.id, right.id)));
                let of_right = matches!(kind, JoinKind::RightSemi | JoinKind::RightAnti)
                    || kind == JoinKind::RightOuter;
                (left, right, if of_right { other } else { hidden })
            }
        };
        // `innerunique` keeps one left row of each key in every group.
        let (kind, left) = match kind {
            JoinKind::InnerUnique if sides.0 => {
                let per = unique.into_iter().chain(hidden.keys.iter().map(|c| c.id)).collect();
                let columns = left.columns.clone();
                let count = literal(Literal::Long(1), span);
                let first = RelationKind::Take { input: Box::new(left), count, per };
                (JoinKind::Inner, Relation { kind: first, columns, span })
            }
            kind => (kind, left),
        };
        let both = left.columns.iter().chain(&right.columns);
        let columns: Vec<Column> = match kind {
            JoinKind::LeftSemi | JoinKind::LeftAnti => left.columns.clone(),
            JoinKind::RightSemi | JoinKind::RightAnti => right.columns.clone(),
            // Under the names that keep both sides apart.
            _ => both
                .map(|c| columns.iter().find(|named| named.id == c.id).unwrap_or(c).clone())
                .collect(),
        };
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = RelationKind::Join { kind, left, right, keys };
        Some((Relation { kind, columns, span }, hidden))
    }

    /// Refuses what would need every group to see the rows of the other side that match nothing.
    fn check_join(
        &mut self,
        kind: JoinKind,
        sides: (bool, bool),
        span: Span,
        t: &Threading,
    ) -> Option<()> {
        use JoinKind as J;
        let is_kept = match (kind, sides) {
            (J::FullOuter, _) => false,
            (_, (true, true)) => true,
            (J::Inner | J::InnerUnique, _) => true,
            (J::LeftOuter | J::LeftSemi | J::LeftAnti, (left, _)) => left,
            (J::RightOuter | J::RightSemi | J::RightAnti, (_, right)) => right,
        };
        let operator = t.groups.operator;
        if !is_kept {
            let message = format!("this kind of join is not supported inside `{operator}`");
            return self.error(codes::NOT_SUPPORTED, span, message);
        }
        // Rows that are only marked as gone would be lost, and their groups with them.
        if t.marks && !(kind == J::LeftOuter && sides == (true, false)) {
            return self.not_with_summarize("join", span, t);
        }
        Some(())
    }
}
