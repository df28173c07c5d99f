//! `narrow()`: a row for every cell: the number of the row from 0, the column's name, the value as
//! text.

use model::Type;

use crate::binder::coerce::convert;
use crate::binder::expressions::{call, column_ref, literal, text_literal};
use crate::binder::{Binder, LEGS_MAX};
use crate::bound::{Column, Literal, Relation, RelationKind, SortKey, WindowCall};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::Evaluate;

impl Binder<'_> {
    pub(super) fn narrow(
        &mut self,
        input: Relation,
        evaluate: &Evaluate,
        span: Span,
    ) -> Option<Relation> {
        self.expect_arguments(evaluate, 0, 0)?;
        let width = input.columns.len();
        if width > LEGS_MAX {
            let message = format!("`narrow` of more than {LEGS_MAX} columns");
            return self.report(
                Diagnostic::new(codes::TOO_MANY_COLUMNS, span, message)
                    .help("`project` the columns of interest first"),
            );
        }
        let numbered = self.numbered(input, span);
        let rows = self.shared(numbered);
        let mut legs = Vec::with_capacity(width);
        for at in 0..width {
            let rows = match at {
                0 => rows.clone(),
                _ => self.fresh(&rows, span)?,
            };
            let name = rows.columns[at].name.clone();
            let value = convert(column_ref(&rows.columns[at], span), Type::String);
            let one = literal(Literal::Long(1), span);
            let number = column_ref(rows.columns.last()?, span);
            let place = i64::try_from(at).unwrap_or(i64::MAX);
            let items = vec![
                ("Row".to_owned(), call("-", vec![number, one], Type::Long, span)),
                ("Column".to_owned(), text_literal(&name, span)),
                ("Value".to_owned(), value),
                ("~place".to_owned(), literal(Literal::Long(place), span)),
            ];
            let leg = self.projection(rows, items, span)?;
            let columns = leg.columns.iter().map(|c| Some(c.id)).collect();
            legs.push((leg, columns));
        }
        let columns: Vec<Column> = [
            ("Row", Type::Long),
            ("Column", Type::String),
            ("Value", Type::String),
            ("~place", Type::Long),
        ]
        .map(|(name, ty)| self.column(name, ty))
        .to_vec();
        let key = |column: &Column| SortKey {
            value: column_ref(column, span),
            descending: false,
            nulls_first: true,
        };
        let keys = vec![key(&columns[0]), key(&columns[3])];
        let all = Relation { kind: RelationKind::Union { inputs: legs }, columns, span };
        let columns = all.columns.clone();
        let kind = RelationKind::Sort { input: Box::new(all), keys };
        self.pick(Relation { kind, columns, span }, &[0, 1, 2], span)
    }

    /// The relation with the number of each row, from 1, behind its columns.
    fn numbered(&mut self, input: Relation, span: Span) -> Relation {
        let number = self.column("~number", Type::Long);
        let call = WindowCall { function: "row_number", args: Vec::new(), ty: Type::Long };
        let mut columns = input.columns.clone();
        let calls = vec![(number.id, call)];
        columns.push(number);
        let kind = RelationKind::Window { input: Box::new(input), calls, partition: Vec::new() };
        Relation { kind, columns, span }
    }
}
